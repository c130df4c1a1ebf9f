"""What a dated layer may not say, and what to tell those who misspelt the name of what they meant to change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from attrs import evolve

from communitygov.documents.layers import Layer
from communitygov.documents.node import Node, Path
from communitygov.profile.rules import TEXTS
from communitygov.vocabulary.problem import Problem, did_you_mean, nearest
from communitygov.vocabulary.text import Title

__all__ = ["explain_new", "forbidden", "never_in_force", "not_yet_in_force", "unknown_clauses"]

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
    if asked is not None and asked.is_removal:
        zh = f"{name.zh} 不能删除 `interpretations`；请用 `chosen` 另选理解，或直接写出修改"
        en = f"{name.en} cannot remove `interpretations`; take other readings with `chosen`, or write the change"
        yield Problem("not-for-patches", Title(zh=zh, en=en), asked.place, path="interpretations")
    for key, question in (asked.children or {}).items() if asked is not None else ():
        node = question if question.is_removal else question.get("readings")
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


def not_yet_in_force(root: Node, file: Node | None = None) -> Iterator[Problem]:
    """Yield a problem for each clause that a rule in force cites and the source only announces or recommends.

    What such clauses say is carried by the reforms that ship with a profile. The sections that quote the source and
    leave it open may cite any clause.

    Args:
        root: The rules in force on a day.
        file: The file of an amendment; if given, only the clauses that it cites are looked at.

    Source:
        The semantics of layers, rule 8.
    """
    if file is not None:
        cited = _cited(evolve(file, children={"clause": file["clause"]}), ()) if file.get("clause") else ()
    else:
        cited = (one for key, part in (root.children or {}).items() if key not in TEXTS for one in _cited(part, (key,)))
    for path, leaf in cited:
        status = root.get("clauses", leaf.text(), "status")
        if status is not None and not status.faulty and status.text() != "in_force":
            said = _STATUS.get(status.text(), Title(zh=status.text(), en=status.text()))
            yield Problem(
                "clause-not-in-force",
                Title(
                    zh=f"来源只是{said.zh}条款 `{leaf.text()}`，现行规则不能以它为据；请把该规则写成 reforms/ 中的方案",
                    en=f"the source only {said.en} the clause `{leaf.text()}`, so no rule in force can rest on it; "
                    "make the rule a reform in reforms/",
                ),
                leaf.place,
                also=(status.place,),
                clause=(leaf.text(),),
                path=".".join(path),
            )


_STATUS = {"announced": Title(zh="预告", en="announces"), "proposed": Title(zh="建议", en="recommends")}


def _cited(node: Node, path: Path) -> Iterator[tuple[Path, Node]]:
    """Yield every leaf at or below a node that cites a clause, with its path."""
    cited = node.get("clause")
    if cited is not None and cited.kind != "mapping":
        leaves = (cited,) if cited.items is None else cited.items
        yield from (((*path, "clause"), leaf) for leaf in leaves if not leaf.faulty)
    for key, child in (node.children or {}).items():
        yield from _cited(child, (*path, key))


def never_in_force(layer: Layer, first_day: dt.date, last_day: dt.date | None) -> Iterator[Problem]:
    """Yield a problem if a layer ends before the profile's first day or begins after its last: it never holds.

    Args:
        layer: The reform or the amendment.
        first_day: The first day of the profile.
        last_day: Its last, if there is one.
    """
    late = layer.start is not None and last_day is not None and layer.start.first_day > last_day
    early = layer.until is not None and layer.until.last_day < first_day
    if late or early:
        key, day = ("from", last_day) if late else ("until", first_day)
        node = None if layer.file is None else layer.file.get(key)
        zh = f"{layer.title.zh} 从不生效：" + (f"方案只到 {day} 为止" if late else f"方案自 {day} 起才生效")
        en = f"{layer.title.en} never holds: the profile " + (f"ends on {day}" if late else f"begins on {day}")
        place = layer.patch.begins if node is None else node.place
        yield Problem("never-in-force", Title(zh=zh, en=en), place, path=key)


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
