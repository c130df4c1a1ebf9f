"""Holding located data against a schema: every fault at once, each where it stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from communitygov.documents.node import Node, Scalar
from communitygov.vocabulary.numbers import exact
from communitygov.vocabulary.problem import Place, Problem, did_you_mean, nearest
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator

__all__ = ["Checker", "clause_at", "kinds_told_once", "place_of"]

_KINDS = {
    "object": Title(zh="映射", en="a mapping"),
    "array": Title(zh="列表", en="a list"),
    "string": Title(zh="文字", en="text"),
    "number": Title(zh="数", en="a number"),
    "integer": Title(zh="整数", en="a whole number"),
    "boolean": Title(zh="true 或 false", en="true or false"),
    "null": Title(zh="~（删除）", en="~ (removal)"),
}
_UNQUOTED = re.compile(r"true|false|[-+]?[0-9.]+")
_EXPECTED = {
    "share": Title(zh=" 0 到 1 之间的份额，如 10%、1/3、0.3", en="a share from 0 to 1, such as 10%, 1/3 or 0.3"),
    "number": Title(zh="数，如 14、14.3、143/10", en="a number, such as 14, 14.3 or 143/10"),
    "period": Title(
        zh="时期，如 2023、2023H1、2023Q3、2023-08、2023-08-01",
        en="a period, such as 2023, 2023H1, 2023Q3, 2023-08 or 2023-08-01",
    ),
}


_MEANINGS: dict[str, Callable[[Node], Scalar]] = {
    "share": lambda node: exact(node.text()),
    "number": lambda node: exact(node.text()),
    "period": Node.text,
}
"""What a value stands for, by the kind of its field: the same for every way to write it."""


@cache
def _validator_class() -> type[Validator]:
    from jsonschema import Draft202012Validator, validators

    def is_number(_: object, value: object) -> bool:
        return isinstance(value, (int, Fraction)) and not isinstance(value, bool)

    checker = Draft202012Validator.TYPE_CHECKER.redefine("number", is_number)
    extended: type[Validator] = validators.extend(  # type: ignore[no-untyped-call]
        Draft202012Validator, type_checker=checker
    )
    return extended


class Checker:
    """Holds nodes against one schema.

    Args:
        schema: The schema.
        others: Schemas that it refers to, by file name.
    """

    def __init__(self, schema: Mapping[str, Any], others: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        from referencing import Registry
        from referencing.jsonschema import DRAFT202012

        self._schema, self._known = schema, {**(others or {}), schema["$id"]: schema}
        pairs = [(name, DRAFT202012.create_resource(one)) for name, one in self._known.items()]
        registry: Any = Registry().with_resources(pairs)
        self._validator = _validator_class()(dict(schema), registry=registry)

    def problems(self, node: Node, *, root: Node | None = None, prefix: Sequence[str] = ()) -> list[Problem]:
        """Return every fault of a node.

        Args:
            node: The located data.
            root: The tree it stands in, if another, for the clauses above it.
            prefix: Its path in that tree.
        """
        return self.sift(node, root=root, prefix=prefix)[1]

    def sift(self, node: Node, *, root: Node | None = None, prefix: Sequence[str] = ()) -> tuple[Node, list[Problem]]:
        """Return a node without what is faulty in it, so that the rest can still be checked, and every fault.

        What the schema knows of a value stays with it: the number that a text stands for, whether a mapping is by id.

        Args:
            node: The located data.
            root: The tree it stands in, if another, for the clauses above it.
            prefix: Its path in that tree.
        """
        found: list[Problem] = []
        sound = node
        plain: Any = node.plain
        for error in self._validator.iter_errors(plain):
            path = tuple(error.absolute_path)
            here = place_of(node, path)
            if not (here.is_lost or (here.faulty and error.validator == "required")):
                found.extend(_translate(error, node, path, root or node, (*prefix, *map(str, path))))
                sound = _without(sound, path, error)
        return self._understood(sound, self._schema, self._schema), found

    def _understood(self, node: Node, schema: Mapping[str, Any], whole: Mapping[str, Any]) -> Node:
        """Return a node whose values say what they stand for.

        Args:
            node: The node, without its faults.
            schema: What the schema says of it.
            whole: The schema that this is a part of, for what it refers to.
        """
        if "$ref" in schema:
            file, _, pointer = schema["$ref"].partition("#")
            schema = whole = self._known[file] if file else whole
            for key in pointer.split("/")[1:]:
                schema = schema[key]
        if node.children is not None:
            fields, others = schema.get("properties", {}), schema.get("additionalProperties") or {}
            below = {key: self._understood(one, fields.get(key, others), whole) for key, one in node.children.items()}
            return evolve(node, children=below, collection=not fields and bool(others))
        if node.items is not None:
            items = tuple(self._understood(item, schema.get("items", {}), whole) for item in node.items)
            return evolve(node, items=items)
        meaning = _MEANINGS.get(schema.get("kind", ""))
        return node if meaning is None or node.faulty or node.is_removal else evolve(node, meant=meaning(node))


def kinds_told_once(problems: Iterable[Problem]) -> list[Problem]:
    """Return problems in which a patch that changes a node's kind is told of that alone.

    What the schema would have taken in its place is beside the point: the rules that the patch is laid over show it.

    Args:
        problems: What the schema found in patches, and what was found when they were laid down.
    """
    problems = list(problems)
    changed = {problem.place for problem in problems if problem.code == "kind-changed"}
    of_schema = {"wrong-type", *(f"bad-{kind}" for kind in _EXPECTED)}
    double = [one for one in problems if one.code in of_schema and one.place in changed]
    cited = {one.place: one.clause for one in double}
    return [
        evolve(one, clause=cited.get(one.place, one.clause)) if one.code == "kind-changed" else one
        for one in problems
        if one not in double
    ]


def place_of(node: Node, path: Sequence[str | int]) -> Node:
    """Return the node at a path, or the nearest one above that exists.

    Args:
        node: Where the path begins.
        path: Keys and list positions.
    """
    for key in path:
        if node.children is not None and str(key) in node.children:
            node = node.children[str(key)]
        elif node.items is not None and isinstance(key, int) and key < len(node.items):
            node = node.items[key]
        elif node.items is not None and isinstance(key, str) and key.isdigit() and int(key) < len(node.items):
            node = node.items[int(key)]
        else:
            break
    return node


def clause_at(root: Node, path: Sequence[str]) -> tuple[str, ...]:
    """Return the clauses that speak for a path: those of the nearest node at or above it that cites any.

    Args:
        root: The whole tree.
        path: Keys, outermost first.
    """
    cited: tuple[str, ...] = root.clause()
    node: Node | None = root
    for key in path:
        node = node.get(key) if node is not None else None
        if node is None:
            break
        cited = node.clause() or cited
    return cited


def _without(node: Node, path: Sequence[str | int], error: ValidationError) -> Node:
    """Return a tree without what an error is about: unknown fields are left out, faulty values marked."""
    if node.is_lost:
        return node
    if path and node.children is not None:
        child = _without(node.children[str(path[0])], path[1:], error)
        return evolve(node, children={**node.children, str(path[0]): child})
    if error.validator == "required":
        return node
    if error.validator == "additionalProperties" and node.children is not None and isinstance(error.schema, Mapping):
        known = error.schema.get("properties", {})
        return evolve(node, children={key: node[key] for key in node.children if key in known}, faulty=True)
    return Node(node.place, node.layer, "", was=node, key=node.key, faulty=True)


@frozen
class _Fault:
    """One error of the schema: what it asked for, what it found instead, and where."""

    error: ValidationError
    here: Node
    clause: tuple[str, ...]
    shown: tuple[str, ...]

    @property
    def schema(self) -> Mapping[str, Any]:
        return self.error.schema if isinstance(self.error.schema, Mapping) else {}

    def problem(self, code: str, zh: str, en: str, place: Place | None = None, more: str = "") -> Problem:
        dotted = ".".join((*self.shown, more) if more else self.shown)
        return Problem(code, Title(zh=zh, en=en), place or self.here.place, clause=self.clause, path=dotted)


def _translate(
    error: ValidationError, node: Node, path: tuple[str | int, ...], root: Node, shown: tuple[str, ...]
) -> Iterator[Problem]:
    fault = _Fault(error, place_of(node, path), clause_at(root, shown), shown)
    kind = fault.schema.get("kind")
    if kind in _EXPECTED and (kind, error.validator) not in _BOUNDED:
        return _not_of_its_kind(fault)
    return _SAID.get(str(error.validator), _bad_value)(fault)


def _unknown_field(fault: _Fault) -> Iterator[Problem]:
    known = fault.schema.get("properties", {})
    instance: Any = fault.error.instance
    for key in sorted(set(instance) - set(known)):
        hint = did_you_mean(key, known)
        child = fault.here[key]
        zh, en = f"没有字段 `{key}`{hint.zh}", f"unknown field `{key}`{hint.en}"
        yield fault.problem("unknown-field", zh, en, child.key or child.place, key)


def _missing_field(fault: _Fault) -> Iterator[Problem]:
    properties = fault.schema["properties"]
    instance: Any = fault.error.instance
    asked: Any = fault.error.validator_value
    misspelt = set(instance) - set(properties)
    for key in sorted(set(asked) - set(instance)):
        if f"'{key}' is a required" in fault.error.message and nearest(key, misspelt) is None:
            title = properties[key].get("title")
            zh = f"缺少字段 `{key}`" + (f"（{title}）" if title else "")
            en = f"the field `{key}` is missing" + (f" ({title})" if title else "")
            yield fault.problem("missing-field", zh, en, fault.here.begins)


def _unknown_choice(fault: _Fault) -> Iterator[Problem]:
    asked: Any = fault.error.validator_value
    if isinstance(fault.error.instance, str):  # all else is of the wrong type, which is said already
        hint = did_you_mean(fault.error.instance, [value for value in asked if value is not None], len(asked))
        found = fault.here.text()
        yield fault.problem("unknown-choice", f"不能取 `{found}`{hint.zh}", f"`{found}` is no choice here{hint.en}")


def _out_of_range(fault: _Fault) -> Iterator[Problem]:
    bound = _BOUNDS[str(fault.error.validator)]
    found, asked = fault.here.text(), fault.error.validator_value
    yield fault.problem("out-of-range", f"`{found}` 须{bound.zh} {asked}", f"`{found}` must be {bound.en} {asked}")


def _not_of_its_kind(fault: _Fault) -> Iterator[Problem]:
    kind, found = fault.schema["kind"], fault.here.text()
    wanted = _EXPECTED[kind]
    yield fault.problem(f"bad-{kind}", f"`{found}` 不是{wanted.zh}", f"`{found}` is not {wanted.en}")


def _wrong_type(fault: _Fault) -> Iterator[Problem]:
    instance: Any = fault.error.instance
    asked: Any = fault.error.validator_value
    wanted = [_KINDS[kind] for kind in asked if kind != "null"]
    zh, en = "或".join(kind.zh for kind in wanted), " or ".join(kind.en for kind in wanted)
    found, hint = fault.here.text(), Title(zh="", en="")
    if isinstance(instance, str) and _UNQUOTED.fullmatch(instance):
        found, hint = f'"{instance}"', Title(zh="；请去掉引号", en="; take the quotes off")
    elif "string" in asked and isinstance(instance, int | Fraction):
        hint = Title(zh="；请加引号", en="; put it in quotes")
    elif "object" in asked and isinstance(instance, str) and 0 < len(fault.schema.get("properties", ())) < 4:
        shape = ", ".join(f"{key}: ..." for key in fault.schema["properties"])
        hint = Title(zh=f"；应如 {{{shape}}}", en=f"; such as {{{shape}}}")
    elif "array" in asked and isinstance(instance, str):
        hint = Title(zh=f"；请写作 [{instance}]", en=f"; write [{instance}]")
    yield fault.problem("wrong-type", f"须为{zh}，却是 `{found}`{hint.zh}", f"expected {en}, found `{found}`{hint.en}")


def _bad_value(fault: _Fault) -> Iterator[Problem]:
    found, said = fault.here.text(), fault.error.message
    yield fault.problem("bad-value", f"`{found}` 不合规定：{said}", f"`{found}`: {said}")


_BOUNDS = {"minimum": Title(zh="不小于", en="at least"), "maximum": Title(zh="不大于", en="at most")}
# The bounds of a share and of a period are part of what they are; those of a number are the rule's own.
_BOUNDED = {("number", bound) for bound in _BOUNDS}
_SAID: dict[str, Callable[[_Fault], Iterator[Problem]]] = {
    "additionalProperties": _unknown_field,
    "required": _missing_field,
    "enum": _unknown_choice,
    "type": _wrong_type,
    **dict.fromkeys(_BOUNDS, _out_of_range),
}
"""What is said of an error, by the word of the schema that it breaks."""
