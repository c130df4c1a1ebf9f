"""Commands and options that speak Chinese and English, and turn every mistake of a user into lines on stderr."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar

import click

from communitygov.vocabulary.errors import CommunityGovError, MissingExtra, NotInForce, ProfileNotFound, UsageError
from communitygov.vocabulary.text import Language, Title

__all__ = ["Command", "Group", "Option", "command", "default_language", "fail", "language", "option", "set_language"]

_LANG, _JSON = "communitygov.lang", "communitygov.json"
_CALLED_WRONGLY = (UsageError, ProfileNotFound, MissingExtra, NotInForce)
_EXAMPLE = Title(zh="示例：", en="Example:")

F = TypeVar("F", bound=Callable[..., Any])


def default_language(environ: Mapping[str, str] | None = None) -> Language:
    """Return the language of the locale: Chinese if it is a Chinese one, else English.

    Args:
        environ: The environment; the process's own, if None.

    Example:
        >>> default_language({"LANG": "zh_CN.UTF-8"}), default_language({"LC_ALL": "C", "LANG": "zh_CN.UTF-8"})
        ('zh', 'en')
    """
    environ = os.environ if environ is None else environ
    found = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), "")
    return "zh" if found.lower().startswith("zh") else "en"


def language(ctx: click.Context | None = None) -> Language:
    """Return the language of a call: what ``--lang`` says, or the locale's.

    Args:
        ctx: The call; the current one, if None; where there is none, the locale decides.
    """
    ctx = ctx or click.get_current_context(silent=True)
    found = None if ctx is None else ctx.meta.get(_LANG)
    return found if found in ("zh", "en") else default_language()


def set_language(ctx: click.Context, _: click.Parameter, value: str | None) -> str | None:
    """Remember what ``--lang`` says.

    Args:
        ctx: The call.
        value: The language, or None if it was not given.
    """
    if value is not None:
        ctx.meta[_LANG] = value
    return value


def _set_json(ctx: click.Context, _: click.Parameter, value: bool) -> bool:
    ctx.meta[_JSON] = value
    return value


def fail(ctx: click.Context, error: CommunityGovError) -> NoReturn:
    """Say what is wrong on stderr, and end: with 2 if the command was called wrongly, else with 1.

    Args:
        ctx: The call.
        error: What was raised.
    """
    if ctx.meta.get(_JSON):
        import json

        from communitygov.report.problems import problems_json

        click.echo(json.dumps(problems_json(error.problems), ensure_ascii=False), err=True)
    else:
        click.echo(error.say(language(ctx)), err=True)
    ctx.exit(2 if isinstance(error, _CALLED_WRONGLY) else 1)


class _Speaking(click.Command):
    """What commands and groups share: a text and an example in both languages."""

    def __init__(
        self, *args: Any, about: Title, example: str, more: Callable[[Language], str] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.about = about
        self.example = example
        self.more = more

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_paragraph()
        with formatter.indentation():
            for paragraph in self.about.say(language(ctx)).split("\n\n"):
                formatter.write_text(paragraph)
                formatter.write_paragraph()
            formatter.write_text(_EXAMPLE.say(language(ctx)))
            for line in self.example.splitlines():
                formatter.write(f"{' ' * formatter.current_indent}  {line}\n")

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.more is not None:
            formatter.write(f"\n{self.more(language(ctx))}\n")


class Command(_Speaking):
    """One command. A mistake of the user's ends it with lines on stderr, never with a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command.

        Args:
            ctx: The call.
        """
        try:
            return super().invoke(ctx)
        except CommunityGovError as error:
            fail(ctx, error)
        except OSError as error:
            if error.errno in (errno.EPIPE, None):
                raise
            reason = error.strerror
            name = "" if error.filename is None else f"{error.filename}: "
            fail(
                ctx,
                UsageError.because(
                    "unreadable-file", zh=f"{name}无法读写：{reason}", en=f"{name}cannot be read or written: {reason}"
                ),
            )


class Group(_Speaking, click.Group):
    """A command with commands below it."""


class Option(click.Option):
    """An option with a text in both languages.

    Args:
        about: What it is.
    """

    def __init__(self, *args: Any, about: Title, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.about = about

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return the option's line of the help text.

        Args:
            ctx: The call.
        """
        record = super().get_help_record(ctx)
        return None if record is None else (record[0], f"{self.about.say(language(ctx))} {record[1]}".rstrip())


def option(*names: str, zh: str, en: str, **settings: Any) -> Callable[[F], F]:
    """Return a decorator that gives a command an option.

    Args:
        names: How it is written.
        zh: What it is, in Chinese.
        en: The same in English.
        settings: Whatever click takes.
    """
    return click.option(*names, cls=Option, about=Title(zh=zh, en=en), **settings)


def command(
    *, zh: str, en: str, example: str, json: bool = True, more: Callable[[Language], str] | None = None
) -> Callable[[Callable[..., Any]], Command]:
    """Return a decorator that makes a command, with ``--lang`` and ``--json``.

    Args:
        zh: What it does, in Chinese.
        en: The same in English.
        example: A call that a reader can try, or several, one a line.
        json: Whether it has ``--json``.
        more: What stands at the end of its help text.
    """

    def decorate(function: Callable[..., Any]) -> Command:
        function = option(
            "--lang",
            zh="语言；默认按系统区域",
            en="The language; by default the locale's",
            type=click.Choice(["zh", "en"]),
            is_eager=True,
            expose_value=False,
            callback=set_language,
        )(function)
        if json:
            function = option(
                "--json",
                "as_json",
                zh="输出 JSON",
                en="Print JSON",
                is_flag=True,
                is_eager=True,
                callback=_set_json,
            )(function)
        return click.command(
            cls=Command,
            about=Title(zh=zh, en=en),
            example=example,
            more=more,
            context_settings={"help_option_names": ["-h", "--help"]},
        )(function)

    return decorate
