"""What a dated layer may not say, and what to tell those who misspelt the name of what they meant to change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import evolve

from communitygov.documents.layers import Layer
from communitygov.documents.node import Node
from communitygov.vocabulary.problem import Problem, did_you_mean, nearest
from communitygov.vocabulary.text import Title

__all__ = ["explain_new", "forbidden", "unknown_clauses"]

_HEAD = ("id", "api", "version", "extends", "in_force", "holds_until")


def forbidden(layer: Layer) -> Iterator[Problem]:
    """Yield a problem for each thing that only a profile's own documents can say: it would have no effect here.

    Args:
        layer: The reform or the amendment.
    """
    name = layer.title
    for key in _HEAD:
        node = layer.patch.get("profile", key)
        if node is not None:
            zh = f"{name.zh} 不能修改 `profile.{key}`；它只由方案自己的文档决定"
            en = f"{name.en} cannot change `profile.{key}`, which the profile's own documents settle"
            yield Problem("not-for-patches", Title(zh=zh, en=en), node.begins, path=f"profile.{key}")
    asked = layer.patch.get("interpretations")
    for key, question in (asked.children or {}).items() if asked is not None else ():
        node = question.get("readings")
        if node is not None:
            zh = f"{name.zh} 不能修改 `{key}` 的各种理解；请用 `chosen` 另选一种，或直接写出修改"
            en = f"{name.en} cannot change the readings of `{key}`; take another with `chosen`, or write the change"
            yield Problem("not-for-patches", Title(zh=zh, en=en), node.begins, path=f"interpretations.{key}.readings")


def unknown_clauses(layer: Layer, root: Node) -> Iterator[Problem]:
    """Yield a problem for each clause that a layer's file cites and the profile does not have.

    Args:
        layer: The reform or the amendment.
        root: The rules it is laid over.
    """
    cited = layer.file.get("clause") if layer.file is not None else None
    if cited is None:
        return
    for leaf in cited.items if cited.items is not None else (cited,):
        if not leaf.faulty and all(tree.get("clauses", leaf.text()) is None for tree in (root, layer.patch)):
            hint = did_you_mean(leaf.text(), _keys(root.get("clauses")))
            zh, en = f"没有条款 `{leaf.text()}`{hint.zh}", f"there is no clause `{leaf.text()}`{hint.en}"
            yield Problem("unknown-reference", Title(zh=zh, en=en), leaf.place, path="clause")


def explain_new(problems: Iterable[Problem], base: Node, root: Node) -> list[Problem]:
    """Return problems in which something new that lacks fields is shown as what it may be: a misspelt name.

    Args:
        problems: The problems of the rules after a patch.
        base: The rules before it.
        root: The rules after it.
    """
    told: dict[str, Problem] = {}
    kept = []
    problems = tuple(problems)
    misspelt = {problem.path for problem in problems if problem.code == "unknown-interpretation"}
    for problem in problems:
        if problem.code == "missing-field" and problem.path in misspelt:
            continue
        path = tuple(problem.path.split("."))
        node, siblings = root.get(*path), _keys(base.get(*path[:-1]))
        meant = nearest(path[-1], siblings) if path[-1] not in siblings else None
        if problem.code != "missing-field" or node is None or meant is None:
            kept.append(problem)
            continue
        zh = f"新增的 `{path[-1]}` {problem.message.zh}；是否想写 `{meant}`？"
        en = f"`{path[-1]}` is new here, and {problem.message.en}; did you mean `{meant}`?"
        told.setdefault(problem.path, evolve(problem, message=Title(zh=zh, en=en), place=node.begins, also=()))
    return [*kept, *told.values()]


def _keys(node: Node | None) -> tuple[str, ...]:
    return tuple(node.children or ()) if node is not None else ()
