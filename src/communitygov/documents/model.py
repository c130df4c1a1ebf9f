"""Located data to rules, and rules back to plain data. Strict: exact types, no coercion, no extra keys.

It runs on what the schema has passed, so a value that it cannot take is a fault of this library, not of a document.
What a node was made into is kept on the node; a patched tree makes anew only the nodes that were touched.
"""

from __future__ import annotations

import operator
import typing
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cache, partial
from types import MappingProxyType
from typing import Any, TypeVar

import cattrs

from communitygov.documents.blame import culprit
from communitygov.documents.check import clause_at, place_of
from communitygov.documents.fields import is_mapping, is_rule, terms
from communitygov.documents.node import Node, Path
from communitygov.documents.references import dangling
from communitygov.documents.rule import Clauses, Finding, Patch, Rule
from communitygov.vocabulary.numbers import Number, Share, decimal_text, exact
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.problem import Problem
from communitygov.vocabulary.text import Title

__all__ = ["build", "plain"]

R = TypeVar("R", bound=Rule)
_BROKEN = object()
_FINDINGS = "findings"


def build(node: Node, cls: type[R], problems: list[Problem], *, blame: Sequence[Node] = ()) -> R | None:
    """Make a rule from located data and have it check itself.

    Args:
        node: The whole tree.
        cls: The class of its root.
        problems: Collects every promise that does not hold.
        blame: The patches that were laid over a tree that kept its promises; a broken one is shown in the patch that
            comes nearest to it, the first of them if several do.

    Returns:
        The rule, or None if something that it needs is missing.
    """
    model = _made(node, cls)
    for finding in _findings(node):
        problems.append(_located(finding, node, blame))
    problems.extend(dangling(node, cls, blame))
    return None if model is _BROKEN else model


def plain(rule: Rule) -> dict[str, Any]:
    """Return a rule as plain data that a document can hold, a number that is not whole as text; defaults are left out.

    Args:
        rule: The rule.
    """
    return typing.cast("dict[str, Any]", _converter().unstructure(rule))


def _made(node: Node, hint: Any) -> Any:
    if hint in node.memo:
        return node.memo[hint]
    return _BROKEN if node.is_lost else _converter().structure(node, hint)


def _findings(node: Node) -> tuple[Finding, ...]:
    return typing.cast("tuple[Finding, ...]", node.memo.get(_FINDINGS, ()))


def _located(finding: Finding, root: Node, blame: Sequence[Node]) -> Problem:
    """Return the problem where its author can mend it: in the patch that broke the promise, if one did."""
    place = place_of(root, finding.path).begins
    also = tuple(place_of(root, path).begins for path in finding.also)
    at_fault = culprit(blame, root, (finding.path, *finding.also, *finding.rests_on))
    if at_fault is not None:
        also = tuple(one for one in (place, *also) if one != at_fault)
        place = at_fault
    return Problem(
        finding.code,
        Title(zh=finding.zh, en=finding.en),
        place,
        also=also,
        clause=clause_at(root, finding.path),
        path=".".join(finding.path),
    )


def _under(key: str, node: Node) -> list[Finding]:
    return [finding.under(key) for finding in _findings(node)]


def _structure_rule(cls: type[Rule]) -> Callable[[Any, Any], Any]:
    fields = terms(cls)

    def structure(node: Node, _: Any) -> Any:
        assert node.children is not None, "the schema passed a leaf for a rule"
        assert node.children.keys() <= fields.keys(), "the schema passed an unknown field"
        found: list[Finding] = []
        values: dict[str, Any] = {"node": node}
        broken = False
        for name, term in fields.items():
            child = node.children.get(name)
            if child is None:
                broken = broken or term.required
                if term.required and not node.faulty:
                    found.append(
                        Finding(
                            (),
                            "missing-field",
                            f"缺少字段 `{name}`（{term.title}）",
                            f"the field `{name}` is missing ({term.title})",
                        )
                    )
                continue
            values[term.attribute] = _made(child, term.type)
            broken = broken or values[term.attribute] is _BROKEN
            found.extend(_under(name, child))
        result: Any = _BROKEN
        if not broken:
            result = cls(**values)
            found.extend(result.check())
        node.memo[cls] = result
        node.memo[_FINDINGS] = tuple(found)
        return result

    return structure


def _structure_mapping(hint: Any) -> Callable[[Any, Any], Any]:
    inner = typing.get_args(hint)[1]

    def structure(node: Node, _: Any) -> Any:
        assert node.children is not None, "the schema passed a leaf for a mapping"
        values, found, keys = _unchanged(node, hint) or ({}, [], tuple(node.children))
        broken = node.faulty
        for key in keys:
            child = node.children.get(key)
            if child is None:
                del values[key]
                continue
            values[key] = _made(child, inner)
            broken = broken or values[key] is _BROKEN
            found.extend(_under(key, child))
        node.memo[hint] = _BROKEN if broken else MappingProxyType(values)
        node.memo[_FINDINGS] = tuple(found)
        return node.memo[hint]

    return structure


def _unchanged(node: Node, hint: Any) -> tuple[dict[str, Any], list[Finding], Path] | None:
    """Return what a patch leaves of the mapping it was laid over: the values, the findings, and the keys to look at."""
    if node.made_of is None:
        return None
    before, changed = node.made_of
    values = _made(before, hint)
    if values is _BROKEN:
        return None
    kept = [finding for finding in _findings(before) if finding.path[0] not in changed]
    return values | {}, kept, changed


def _structure_list(hint: Any) -> Callable[[Any, Any], Any]:
    inner = typing.get_args(hint)[0]

    def structure(node: Node, _: Any) -> Any:
        assert node.items is not None, "the schema passed a single value for a list"
        values = tuple(_made(item, inner) for item in node.items)
        node.memo[_FINDINGS] = tuple(found for i, item in enumerate(node.items) for found in _under(str(i), item))
        return _BROKEN if any(value is _BROKEN for value in values) else values

    return structure


def _exactly(cls: type) -> Callable[[Node, Any], Any]:
    def structure(node: Node, _: Any) -> Any:
        assert type(node.value) is cls, f"the schema passed {node.text()} for {cls.__name__}"
        return node.value

    return structure


def _number(node: Node, _: Any) -> Fraction:
    value = node.value
    assert isinstance(value, str | int | Fraction), "the schema passed no number"
    return exact(value) if isinstance(value, str) else Fraction(value)


def _share(node: Node, _: Any) -> Any:
    value = _number(node, _)
    if not 0 <= value <= 1:
        node.memo[_FINDINGS] = (
            Finding(
                (),
                "bad-share",
                f"`{node.text()}` 不是 0 到 1 之间的份额",
                f"`{node.text()}` is not a share from 0 to 1",
            ),
        )
        return _BROKEN
    return value


def _period(node: Node, _: Any) -> Any:
    try:
        return Period.parse(node.text())
    except ValueError:
        node.memo[_FINDINGS] = (
            Finding((), "bad-period", f"日历上没有 `{node.text()}`", f"`{node.text()}` is not in the calendar"),
        )
        return _BROKEN


def _title(node: Node, _: Any) -> Any:
    texts = {key: child.value for key, child in (node.children or {}).items() if not child.faulty}
    missing = [key for key in ("zh", "en") if not isinstance(texts.get(key), str)]
    if missing:
        node.memo[_FINDINGS] = tuple(
            Finding((), "missing-field", f"缺少字段 `{key}`", f"the field `{key}` is missing")
            for key in missing
            if not node.faulty and node.get(key) is None
        )
        return _BROKEN
    return Title(zh=str(texts["zh"]), en=str(texts["en"]))


def _clauses(node: Node, _: Any) -> Clauses:
    return Clauses(tuple(str(item.value) for item in (node.items if node.items is not None else (node,))))


@cache
def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True, detailed_validation=False, unstruct_collection_overrides={})
    converter.register_structure_hook_factory(is_rule, _structure_rule)
    converter.register_structure_hook_factory(is_mapping, _structure_mapping)
    converter.register_structure_hook_factory(_is_list, _structure_list)
    converter.register_structure_hook_func(_is_choice, lambda node, _: node.value)
    for leaf in (str, bool, int):
        converter.register_structure_hook(leaf, _exactly(leaf))
    named: dict[Any, Callable[[Node, Any], Any]] = {
        Number: _number,
        Share: _share,
        Period: _period,
        Title: _title,
        Clauses: _clauses,
        Patch: lambda node, _: node,
    }
    for kind, hook in named.items():
        converter.register_structure_hook_func(partial(operator.is_, kind), hook)
    converter.register_unstructure_hook_func(is_rule, _unstructure_rule)
    return converter


def _is_list(hint: Any) -> bool:
    return typing.get_origin(hint) is tuple


def _is_choice(hint: Any) -> bool:
    return typing.get_origin(hint) is typing.Literal


def _unstructure_rule(rule: Rule) -> dict[str, Any]:
    values = {}
    for name, term in terms(type(rule)).items():
        value = getattr(rule, term.attribute)
        if term.required or value != term.default:
            values[name] = _unstructure(value)
    return values


def _unstructure(value: Any) -> Any:
    if isinstance(value, Rule):
        return _unstructure_rule(value)
    if isinstance(value, Node):
        if value.children is not None:
            return _unstructure(value.children)
        return _unstructure(value.value if value.items is None else value.items)
    if isinstance(value, Title):
        return {"zh": value.zh, "en": value.en}
    if isinstance(value, Mapping):
        return {key: _unstructure(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_unstructure(item) for item in value]
    if isinstance(value, Period):
        return str(value)
    if isinstance(value, Fraction):
        return decimal_text(value) if value.denominator != 1 else int(value)
    return value
