"""JSON Schemas, made from the classes of the rules."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import Any

from communitygov.documents.fields import Term, terms, without_none
from communitygov.documents.rule import Clauses, Patch, Rule
from communitygov.vocabulary.numbers import Number, Share
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.text import Title

__all__ = ["DIALECT", "PATCH", "document_schema", "patch_schema"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
PATCH = "patch.schema.json"

# Not \d, which takes digits of every script. The quotient's divisor is no row of zeros.
_DECIMAL = r"[0-9]{1,30}(\.[0-9]{1,30})?%?"
_RATIO = r"[0-9]{1,30}/(?=0*[1-9])[0-9]{1,30}"
_END = r"$(?!\n)"  # Python's $ stands before a last line break too
_LEAVES: dict[Any, dict[str, Any]] = {
    str: {"type": ["string"]},
    bool: {"type": ["boolean"]},
    int: {"type": ["integer"]},
    Share: {
        "type": ["string", "number"],
        "kind": "share",
        "pattern": rf"^({_DECIMAL}|{_RATIO}){_END}",
        "minimum": 0,
        "maximum": 1,
    },
    Number: {
        "type": ["string", "number"],
        "kind": "number",
        "pattern": rf"^[-+]?({_DECIMAL}|{_RATIO}){_END}",
    },
    Period: {
        "type": ["string", "integer"],
        "kind": "period",
        "pattern": rf"^[12][0-9]{{3}}(H[12]|Q[1-4]|-(0[1-9]|1[0-2])(-[0-9]{{2}})?)?{_END}",
        "minimum": 1000,
        "maximum": 2999,
    },
    Clauses: {"type": ["string", "array"], "items": {"type": ["string"]}, "kind": "clauses"},
    Title: {
        "type": ["object"],
        "kind": "title",
        "properties": {"zh": {"type": ["string"]}, "en": {"type": ["string"]}},
        "required": ["zh", "en"],
        "additionalProperties": False,
    },
}


def document_schema(cls: type[Rule], *, identifier: str, title: Title, parts: bool = False) -> dict[str, Any]:
    """Return the schema of documents that make one rule.

    Args:
        cls: The rule's class.
        identifier: The schema's ``$id``, a file name.
        title: What the documents are.
        parts: Whether a document may hold a part of the rule only, so that nothing is required of it.
    """
    return _Writer(patch=False, parts=parts).write(cls, identifier, title)


def patch_schema(cls: type[Rule], *, identifier: str, title: Title) -> dict[str, Any]:
    """Return the schema of patches over such a document: nothing is required, anything may be removed.

    Args:
        cls: The rule's class.
        identifier: The schema's ``$id``, a file name.
        title: What the patches are.
    """
    return _Writer(patch=True, parts=True).write(cls, identifier, title)


class _Writer:
    def __init__(self, *, patch: bool, parts: bool) -> None:
        self.patch = patch
        self.parts = parts
        self.defs: dict[str, Any] = {}
        self.named: dict[str, type[Rule]] = {}

    def write(self, cls: type[Rule], identifier: str, title: Title) -> dict[str, Any]:
        root = self._rule(cls)
        return {
            "$schema": DIALECT,
            "$id": identifier,
            "title": str(title),
            **root,
            "type": ["object"],  # the whole is never removed
            "$defs": dict(sorted(self.defs.items())),
        }

    def _rule(self, cls: type[Rule]) -> dict[str, Any]:
        fields = terms(cls)
        schema: dict[str, Any] = {
            "type": ["object"],
            "description": (cls.__doc__ or "").strip().split("\n", 1)[0],
            "properties": {name: self._term(term) for name, term in fields.items()},
            "additionalProperties": False,
        }
        required = [name for name, term in fields.items() if term.required]
        if required and not self.parts:
            schema["required"] = required
        return self._removable(schema)

    def _name(self, cls: type[Rule]) -> str:
        """Return what a class is called among the definitions: its name, with its room before it if that is taken."""
        if self.named.setdefault(cls.__name__, cls) is cls:
            return cls.__name__
        name = f"{cls.__module__.split('.')[-2].title()}{cls.__name__}"
        if self.named.setdefault(name, cls) is not cls:
            raise TypeError(f"two rules are called {name}")
        return name

    def _removable(self, schema: dict[str, Any]) -> dict[str, Any]:
        if self.patch and "type" in schema:
            schema = {**schema, "type": [*schema["type"], "null"]}
        if self.patch and "enum" in schema:
            schema = {**schema, "enum": [*schema["enum"], None]}
        return schema

    def _term(self, term: Term) -> dict[str, Any]:
        schema = {"title": str(term.title)}
        if term.about:
            schema["description"] = term.about
        schema |= self._type(term.type)
        if term.at_least is not None:
            schema["minimum"] = term.at_least  # type: ignore[assignment]
        if term.at_most is not None:
            schema["maximum"] = term.at_most  # type: ignore[assignment]
        return schema

    def _type(self, hint: Any) -> dict[str, Any]:
        hint = without_none(hint)
        if hint in _LEAVES:
            leaf = _LEAVES[hint]
            if hint is Title and self.patch:
                leaf = {k: v for k, v in leaf.items() if k != "required"}
            return self._removable(dict(leaf))
        if hint is Patch:
            return {"$ref": PATCH} if not self.patch else {"$ref": "#"}
        origin, args = typing.get_origin(hint), typing.get_args(hint)
        if origin is typing.Literal:
            return self._removable({"type": ["string"], "enum": list(args)})
        if origin is tuple:
            items = self._type(args[0])
            if "type" not in items:
                raise TypeError(f"no schema for {hint!r}: rules are keyed by id, never listed")
            return self._removable({"type": ["array"], "items": _plain(items)})
        if origin is not None and issubclass(origin, Mapping):
            return self._removable({"type": ["object"], "additionalProperties": self._type(args[1])})
        if isinstance(hint, type) and issubclass(hint, Rule):
            name = self._name(hint)
            if name not in self.defs:
                self.defs[name] = {}
                self.defs[name] = self._rule(hint)
            return {"$ref": f"#/$defs/{name}"}
        raise TypeError(f"no schema for {hint!r}")


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema that does not allow removal; items of a list are replaced with the whole list."""
    schema = {**schema, "type": [kind for kind in schema["type"] if kind != "null"]}
    if "enum" in schema:
        schema = {**schema, "enum": [value for value in schema["enum"] if value is not None]}
    return schema
