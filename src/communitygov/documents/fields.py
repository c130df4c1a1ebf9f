"""What the fields of a rule's class are, read once: for schemas, for models, for references."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any

import attrs
from attrs import frozen

from communitygov.documents.rule import Rule, declared
from communitygov.vocabulary.text import Title

__all__ = ["Term", "is_mapping", "is_rule", "terms", "without_none"]


@frozen
class Term:
    """One field of a rule's class.

    Args:
        name: The key in a document.
        attribute: Its name in the class: the key, with an underscore behind it where Python needs one (``from_``).
        type: Its type, with ``None`` taken off.
        title: Its title in both languages.
        about: What it means.
        required: Whether a document must give it.
        default: Its value where a document does not.
        refers: The section whose ids it names.
        at_least: The least number allowed.
        at_most: The greatest number allowed.
    """

    name: str
    attribute: str
    type: Any
    title: Title
    about: str
    required: bool
    default: Any
    refers: str
    at_least: int | None
    at_most: int | None


def without_none(hint: Any) -> Any:
    """Return a type without its ``None``.

    Args:
        hint: A type such as ``str | None``.
    """
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        rest = [arg for arg in typing.get_args(hint) if arg is not type(None)]
        if len(rest) == 1:
            return rest[0]
    return hint


def is_rule(hint: Any) -> bool:
    """Return whether a type is that of a rule.

    Args:
        hint: A type.
    """
    return isinstance(hint, type) and issubclass(hint, Rule)


def is_mapping(hint: Any) -> bool:
    """Return whether a type is a mapping, such as of rules by id.

    Args:
        hint: A type such as ``Mapping[str, Tier]``.
    """
    origin = typing.get_origin(hint)
    return isinstance(origin, type) and issubclass(origin, Mapping)


def terms(cls: type[Rule]) -> Mapping[str, Term]:
    """Return the fields that a document can give a rule of this class, by key.

    Args:
        cls: The rule's class.
    """
    known: Any = cls
    return _terms(known)


@cache
def _terms(cls: Any) -> Mapping[str, Term]:
    hints = typing.get_type_hints(cls)
    found = {}
    for field in declared(cls):
        meta = field.metadata
        key = field.name.rstrip("_")
        found[key] = Term(
            name=key,
            attribute=field.name,
            type=without_none(hints[field.name]),
            title=meta["title"],
            about=meta["about"],
            required=field.default is attrs.NOTHING,
            default=field.default,
            refers=meta["refers"],
            at_least=meta["at_least"],
            at_most=meta["at_most"],
        )
    return found
