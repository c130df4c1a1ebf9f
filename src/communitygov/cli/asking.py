"""What the commands of one verb share: which rules are asked for, and in which form the result is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import evolve, frozen

from communitygov.cli.choice import find_profile, only, rules_at, rules_options
from communitygov.cli.columns import encoding_option, output_option
from communitygov.cli.explain import html_option, print_steps
from communitygov.cli.output import emit_frame
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.files import read_frame

if TYPE_CHECKING:
    from communitygov.profile.profile import Profile
    from communitygov.profile.ruleset import RuleSet
    from communitygov.vocabulary.columns import Column
    from communitygov.vocabulary.steps import Steps

__all__ = ["Asked", "Form", "asking"]

T = TypeVar("T")


@frozen(slots=False)
class Asked:
    """Which rules a call asks for.

    Args:
        name: The profile: its name or folder; None where a command takes a rule from elsewhere.
        at: The period whose first day's rules are asked for; today's if None.
        reforms: Reforms: files or names.
        readings: Readings, written ``question=reading``.
    """

    name: str | None
    at: str | None
    reforms: tuple[str, ...]
    readings: tuple[str, ...]

    @cached_property
    def profile(self) -> Profile:
        """The profile itself."""
        return find_profile(self.name or "")

    @cached_property
    def rules(self) -> RuleSet:
        """Its rules, with what is asked for."""
        return rules_at(self.profile, self.at, self.reforms, self.readings)

    @cached_property
    def before(self) -> RuleSet | None:
        """Its rules as they stand; None if nothing is asked for beside them."""
        return rules_at(self.profile, self.at, (), ()) if self.reforms or self.readings else None

    def only(self, what: str, found: Mapping[str, T], name: str | None, *, by: str | None = None) -> tuple[str, T]:
        """Return the rule named, with its id, or the only one that there is.

        Args:
            what: What it is: ``points``, ``matching`` and the like.
            found: What there is, by id.
            name: The id, or None.
            by: The option that names one; what it is, if None.
        """
        return only(what, found, name, profile=self.profile.name, by=by)


@frozen
class Form:
    """In which form a call wants its result.

    Args:
        html: The file to write an explanation to as well, or None.
        output: The file to write the result to; ``-`` is CSV on stdout.
        encoding: The encoding of CSV.
        as_json: Whether to print JSON.
    """

    html: Path | None
    output: str | None
    encoding: str
    as_json: bool

    @property
    def for_people(self) -> bool:
        """Whether stdout is free for words."""
        return not self.as_json and self.output != "-"

    def read(self, file: str, table: Any) -> Any:
        """Read a file.

        Args:
            file: The file.
            table: Its columns, or what gives them for its heads.
        """
        return read_frame(file, table, encoding=self.encoding)

    def steps(self, steps: Steps) -> None:
        """Print an explanation, and write it as HTML if that is asked for.

        Args:
            steps: The explanation.

        Raises:
            UsageError: If a file was wanted that a table could be written to.
        """
        if self.output is not None:
            zh, en = (
                "-o 写的是表；说明请用 --html 或 --json",
                "-o writes the table; an explanation goes to --html or --json",
            )
            raise UsageError.because("wrong-call", zh=zh, en=en)
        print_steps(steps, self.html, as_json=self.as_json)

    def frame(self, frame: Any, schema: str, more: Mapping[str, Any] | None = None) -> None:
        """Print a frame as JSON or write it to a file, if either is asked for.

        Args:
            frame: A Polars frame.
            schema: The name and version of the JSON form.
            more: Further entries of the JSON form.

        Raises:
            UsageError: If a page of an explanation was wanted, and nothing was named that is to be explained.
        """
        if self.html is not None:
            zh, en = "--html 写的是说明；请指明说明什么", "--html writes an explanation; name what is to be explained"
            raise UsageError.because("wrong-call", zh=zh, en=en)
        if self.as_json or self.output is not None:
            emit_frame(
                frame, schema=schema, as_json=self.as_json, output=self.output, encoding=self.encoding, more=more
            )

    def template(self, empty: Any, columns: Iterable[Column], more: Mapping[str, Any] | None = None) -> None:
        """Print an empty table, or write it to a file.

        Args:
            empty: The table, without a row.
            columns: What stands in its columns.
            more: Further entries of the JSON form.
        """
        titles = [
            {"name": column.name, "kind": column.kind, "title": {"zh": column.title.zh, "en": column.title.en}}
            for column in columns
        ]
        printed = self if self.output is not None or self.as_json else evolve(self, output="-")
        printed.frame(empty, "communitygov.template/1", {**(more or {}), "columns": titles})


def asking(*, html: bool = True) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that adds the options of rules and of forms, and hands both over as ``Asked`` and ``Form``.

    Args:
        html: Whether an explanation can be written as HTML.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def call(
            *args: Any,
            profile: str | None,
            at: str | None,
            reforms: tuple[str, ...],
            readings: tuple[str, ...],
            output: str | None,
            encoding: str,
            as_json: bool,
            html: Path | None = None,
            **more: Any,
        ) -> Any:
            asked, form = Asked(profile, at, reforms, readings), Form(html, output, encoding, as_json)
            return function(*args, asked, form, **more)

        made = rules_options()(output_option(encoding_option(call)))
        return html_option(made) if html else made

    return decorate
