"""What a profile can say: the class that every rule of every room is made from, and its fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Literal, NewType, TypeVar, cast, dataclass_transform

import attrs
from attrs import evolve, frozen

from communitygov.documents.node import Node, Path
from communitygov.vocabulary.errors import DocumentError
from communitygov.vocabulary.problem import Problem
from communitygov.vocabulary.text import Title

__all__ = ["Clauses", "Finding", "Patch", "Rule", "hold_to_itself", "rule", "term"]

Clauses = NewType("Clauses", tuple[str, ...])
"""Clause ids; a document may write one alone or a list."""

Patch = NewType("Patch", Node)
"""A merge patch shaped like the profile itself, kept as located data."""

T = TypeVar("T")
_EMPTY: Mapping[str, Any] = MappingProxyType({})


def term(
    zh: str,
    en: str,
    *,
    default: Any = attrs.NOTHING,
    about: str = "",
    refers: Literal["", "index", "certification", "clause", "measure", "expectation", "fact", "source"] = "",
    at_least: int | None = None,
    at_most: int | None = None,
) -> Any:
    """Return one field of a rule.

    Args:
        zh: Its Chinese title.
        en: Its English title.
        default: The value where a document has none; without one the field is required.
        about: What it means, for schemas and docs.
        refers: The section of the profile whose ids it must be one of.
        at_least: The least number allowed.
        at_most: The greatest number allowed.
    """
    if isinstance(default, dict):
        if default:
            raise ValueError("a default mapping is empty")
        default = _EMPTY
    metadata = {
        "title": Title(zh=zh, en=en),
        "about": about,
        "refers": refers,
        "at_least": at_least,
        "at_most": at_most,
    }
    return attrs.field(default=default, metadata=metadata, kw_only=True)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(term, attrs.field))
def rule(cls: type[T]) -> type[T]:
    """Make a class a rule: frozen attrs, keywords only.

    Args:
        cls: A class below ``Rule``, its fields made with ``term``.
    """
    return frozen(kw_only=True)(cls)


@frozen
class Finding:
    """One broken promise of a rule, found by the rule itself.

    Args:
        path: Where, seen from the rule.
        code: The problem's stable name.
        zh: What is wrong, in Chinese.
        en: What is wrong, in English.
        also: Other paths, from the rule, that take part, to be shown.
        rests_on: Paths, from the rule, of all that it follows from: a patch that changes any of it may have broken the
            promise. Too many to be shown.
    """

    path: Path
    code: str
    zh: str
    en: str
    also: tuple[Path, ...] = ()
    rests_on: tuple[Path, ...] = ()

    def under(self, key: str) -> Finding:
        """Return the finding as seen from one level above.

        Args:
            key: The key under which the rule stands there.
        """
        also, rests_on = (tuple((key, *path) for path in paths) for paths in (self.also, self.rests_on))
        return evolve(self, path=(key, *self.path), also=also, rests_on=rests_on)


@rule
class Rule:
    """What every rule may carry: a title, its clauses, what is assumed in it, a remark.

    Args:
        title: Its name in both languages.
        clause: The clauses it comes from; they speak for all below it.
        assumed: Values that the source does not give, each with the reason for the one chosen.
        note: A remark for readers.
        node: The located data that it was made from; None if it was made in Python.
    """

    title: Title | None = term("名称", "Title", default=None)
    clause: Clauses = term("条款", "Clause", default=Clauses(()), refers="clause")
    assumed: Mapping[str, Title] = term("假定", "Assumed", default={})
    note: Title | None = term("备注", "Note", default=None)
    node: Node | None = attrs.field(default=None, eq=False, repr=False, kw_only=True, metadata={"hidden": True})

    def check(self) -> Iterator[Finding]:
        """Yield every promise of this rule that does not hold; parts below check themselves."""
        for name in self.assumed:
            if name not in assumable(type(self)):
                yield Finding(
                    ("assumed", name),
                    "unknown-assumed",
                    f"`{name}` 不是此处的字段",
                    f"`{name}` is no field here",
                )

    def name(self, fallback: str = "") -> Title:
        """Return the title, or a word in its place.

        Args:
            fallback: What to show without a title, such as the id.
        """
        return self.title or Title(zh=fallback, en=fallback)

    def story(self, *path: str) -> Title | None:
        """Return where a value of this rule comes from and what it was before, if it came from a document.

        Args:
            path: The value's path, seen from the rule.
        """
        node = self.node.get(*path) if self.node is not None else None
        return None if node is None else node.story()


def assumable(cls: type[Rule]) -> frozenset[str]:
    """Return the names that `assumed:` may speak of: the fields of a rule.

    Args:
        cls: The rule's class.
    """
    return frozenset(field.name.rstrip("_") for field in declared(cls))


def declared(cls: type[Rule]) -> tuple[attrs.Attribute[Any], ...]:
    """Return the fields that a document can give a rule of this class.

    Args:
        cls: The rule's class.
    """
    fields: tuple[attrs.Attribute[Any], ...] = attrs.fields(cast("type[attrs.AttrsInstance]", cls))
    return tuple(field for field in fields if not field.metadata.get("hidden"))


def hold_to_itself(*rules: Rule) -> None:
    """Refuse rules that break their own promises; one that was built from a document has been checked.

    Args:
        rules: The rules.

    Raises:
        DocumentError: With all that is wrong with those that were made in Python.
    """
    problems = [
        Problem(finding.code, Title(zh=finding.zh, en=finding.en), path=".".join(finding.path))
        for one in rules
        if one.node is None
        for finding in one.check()
    ]
    if problems:
        raise DocumentError(problems)
