"""Located data to rules, and rules back to plain data. Strict: exact types, no coercion, no extra keys.

It runs on what the schema has passed, so a value that it cannot take is a fault of this library, not of a document.
What a node was made into is kept on the node; a patched tree makes anew only the nodes that were touched.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import cache
from types import MappingProxyType
from typing import Any, TypeVar

import cattrs
from attrs import evolve

from communitygov.documents.check import clause_at, place_of
from communitygov.documents.fields import terms, without_none
from communitygov.documents.node import Node
from communitygov.documents.rule import Clauses, Finding, Patch, Rule
from communitygov.vocabulary.numbers import Number, Share, decimal_text, exact
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.problem import Problem, did_you_mean
from communitygov.vocabulary.text import Title

__all__ = ["build", "plain"]

R = TypeVar("R", bound=Rule)
_BROKEN = object()
_FINDINGS = "findings"


def build(node: Node, cls: type[R], problems: list[Problem]) -> R | None:
    """Make a rule from located data and have it check itself.

    Args:
        node: The whole tree.
        cls: The class of its root.
        problems: Collects every promise that does not hold.

    Returns:
        The rule, or None if something that it needs is missing.
    """
    model = _converter().structure(node, cls)
    for finding in _findings(node):
        problems.append(_located(finding, node))
    problems.extend(_dangling(node, cls))
    return None if model is _BROKEN else typing.cast("R", model)


def plain(rule: Rule) -> dict[str, Any]:
    """Return a rule as plain data that a document could hold; defaults are left out.

    Args:
        rule: The rule.
    """
    return typing.cast("dict[str, Any]", _converter().unstructure(rule))


def _findings(node: Node) -> tuple[Finding, ...]:
    return typing.cast("tuple[Finding, ...]", node.memo.get(_FINDINGS, ()))


def _located(finding: Finding, root: Node) -> Problem:
    """Return the problem where its author can mend it: in the patch that broke the promise, if one did."""
    node, culprit = root, root.changed
    for key in finding.path:
        below = node.get(key)
        if below is None:
            break
        node, culprit = below, below.changed or culprit
    place = place_of(root, finding.path).place
    also = tuple(place_of(root, path).place for path in finding.also)
    if culprit is not None and culprit.file != place.file:
        place, also = culprit, (place, *also)
    return Problem(
        finding.code,
        Title(zh=finding.zh, en=finding.en),
        place,
        also=also,
        clause=clause_at(root, finding.path),
        path=".".join(finding.path),
    )


def _under(key: str, node: Node) -> Iterator[Finding]:
    for finding in _findings(node):
        yield evolve(finding, path=(key, *finding.path), also=tuple((key, *path) for path in finding.also))


def _structure_rule(cls: type[Rule]) -> Callable[[Any, Any], Any]:
    fields = terms(cls)

    def structure(node: Node, _: Any) -> Any:
        if cls in node.memo:
            return node.memo[cls]
        assert node.children is not None, "the schema passed a leaf for a rule"
        found: list[Finding] = []
        values: dict[str, Any] = {"node": node}
        broken = False
        for name, term in fields.items():
            child = node.children.get(name)
            if child is None:
                if term.required:
                    broken = True
                    found.append(
                        Finding(
                            (),
                            "missing-field",
                            f"缺少字段 `{name}`（{term.title}）",
                            f"the field `{name}` is missing ({term.title})",
                        )
                    )
                continue
            values[term.attribute] = _converter().structure(child, term.type)
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
        if hint in node.memo:
            return node.memo[hint]
        assert node.children is not None, "the schema passed a leaf for a mapping"
        values = {key: _converter().structure(child, inner) for key, child in node.children.items()}
        found = [finding for key, child in node.children.items() for finding in _under(key, child)]
        broken = any(value is _BROKEN for value in values.values())
        node.memo[hint] = _BROKEN if broken else MappingProxyType(values)
        node.memo[_FINDINGS] = tuple(found)
        return node.memo[hint]

    return structure


def _structure_list(hint: Any) -> Callable[[Any, Any], Any]:
    inner = typing.get_args(hint)[0]

    def structure(node: Node, _: Any) -> Any:
        assert node.items is not None, "the schema passed a single value for a list"
        return tuple(_converter().structure(item, inner) for item in node.items)

    return structure


def _exactly(cls: type) -> Callable[[Node, Any], Any]:
    def structure(node: Node, _: Any) -> Any:
        assert type(node.value) is cls, f"the schema passed {node.text()} for {cls.__name__}"
        return node.value

    return structure


def _number(node: Node, _: Any) -> Fraction:
    value = node.value
    assert not isinstance(value, bool) and value is not None, "the schema passed no number"
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
            Finding(
                (), "bad-period", f"日历上没有 `{node.text()}`", f"`{node.text()}` is not in the calendar"
            ),
        )
        return _BROKEN


def _title(node: Node, _: Any) -> Any:
    texts = {key: child.value for key, child in (node.children or {}).items()}
    missing = [key for key in ("zh", "en") if not isinstance(texts.get(key), str)]
    if missing:
        node.memo[_FINDINGS] = tuple(
            Finding((), "missing-field", f"缺少字段 `{key}`", f"the field `{key}` is missing")
            for key in missing
        )
        return _BROKEN
    return Title(zh=str(texts["zh"]), en=str(texts["en"]))


def _clauses(node: Node, _: Any) -> Clauses:
    return Clauses(tuple(str(item.value) for item in (node.items if node.items is not None else (node,))))


@cache
def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(
        forbid_extra_keys=True, detailed_validation=False, unstruct_collection_overrides={}
    )
    is_rule = lambda hint: isinstance(hint, type) and issubclass(hint, Rule)  # noqa: E731
    converter.register_structure_hook_factory(is_rule, lambda cls: _structure_rule(cls))
    converter.register_structure_hook_factory(
        lambda hint: typing.get_origin(hint) is not None and _origin_is(hint, Mapping), _structure_mapping
    )
    converter.register_structure_hook_factory(lambda hint: _origin_is(hint, tuple), _structure_list)
    converter.register_structure_hook_func(
        lambda hint: typing.get_origin(hint) is typing.Literal, lambda node, _: node.value
    )
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
        converter.register_structure_hook_func(lambda hint, kind=kind: hint is kind, hook)
    converter.register_unstructure_hook_func(lambda hint: is_rule(hint), _unstructure_rule)
    return converter


def _origin_is(hint: Any, wanted: type) -> bool:
    origin = typing.get_origin(hint)
    return isinstance(origin, type) and issubclass(origin, wanted)


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
        return value.plain
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


def _dangling(root: Node, cls: type[Rule]) -> Iterator[Problem]:
    for path, section, leaf in _references(root, cls):
        known = _known(root, section)
        if str(leaf.value) not in known:
            hint = did_you_mean(str(leaf.value), known)
            yield Problem(
                "unknown-reference",
                Title(
                    zh=f"`{section}` 中没有 `{leaf.text()}`{hint.zh}",
                    en=f"there is no `{leaf.text()}` in `{section}`{hint.en}",
                ),
                leaf.place,
                clause=() if section == "clause" else clause_at(root, path),
                path=".".join(path),
            )


_SECTIONS = {
    "clause": "clauses",
    "index": "index",
    "certification": "certification",
    "measure": "measures",
    "fact": "facts",
}


def _known(root: Node, section: str) -> Mapping[str, Node]:
    node = root.get(_SECTIONS[section])
    return node.children if node is not None and node.children is not None else {}


def _references(node: Node, hint: Any) -> tuple[tuple[tuple[str, ...], str, Node], ...]:
    """Return every reference at or below a node: its path, the section it names, the leaf; kept on the node."""
    key = ("references", hint)
    if key not in node.memo:
        node.memo[key] = tuple(_collect(node, without_none(hint)))
    return typing.cast("tuple[tuple[tuple[str, ...], str, Node], ...]", node.memo[key])


def _collect(node: Node, hint: Any) -> Iterator[tuple[tuple[str, ...], str, Node]]:
    if node.children is None:
        return
    if isinstance(hint, type) and issubclass(hint, Rule):
        for name, term in terms(hint).items():
            child = node.children.get(name)
            if child is None:
                continue
            if term.refers:
                for leaf in child.items if child.items is not None else (child,):
                    yield (name,), term.refers, leaf
            else:
                yield from (((name, *path), *rest) for path, *rest in _references(child, term.type))  # type: ignore[misc]
    elif _origin_is(hint, Mapping):
        inner = typing.get_args(hint)[1]
        for name, child in node.children.items():
            yield from (((name, *path), *rest) for path, *rest in _references(child, inner))  # type: ignore[misc]
