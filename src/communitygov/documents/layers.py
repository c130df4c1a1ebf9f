"""Layers: patches laid over a tree, composed with each other, and held against each other.

A patch is a JSON Merge Patch (RFC 7396) that remembers where it was written. Beyond the RFC, a patch may not remove
what is absent nor turn a leaf into a mapping or back: both are mistakes of the person who wrote it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from itertools import combinations

from attrs import evolve, frozen

from communitygov.documents.node import LAYERS, Node, Path
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.problem import Problem, did_you_mean
from communitygov.vocabulary.text import Title

__all__ = ["Layer", "apply", "by_day", "compose", "conflicts", "lay", "named", "touched"]


@frozen
class Layer:
    """Something that changes rules.

    Args:
        kind: What it is: a document, a reading, an amendment or a reform.
        name: Its name.
        patch: What it changes.
        start: The period it begins with; None if it always holds.
        until: The last period it holds in; None while there is no end.
        file: The whole file that it was read from, if it has one of its own.
    """

    kind: str
    name: str
    patch: Node
    start: Period | None = None
    until: Period | None = None
    file: Node | None = None

    @property
    def title(self) -> Title:
        """What to call it."""
        return Title(zh=f"{LAYERS[self.kind]} {self.name}", en=f"{self.kind} {self.name}")

    def in_force(self, day: dt.date) -> bool:
        """Return whether it holds on a day.

        Args:
            day: The day.
        """
        return (self.start is None or self.start.first_day <= day) and (
            self.until is None or day <= self.until.last_day
        )


def apply(base: Node, patch: Node, problems: list[Problem], path: Path = ()) -> Node:
    """Lay a patch over a tree.

    Args:
        base: The tree; it is not changed.
        patch: The patch.
        problems: Collects what the patch may not do.
        path: The path of ``base``, for messages.

    Returns:
        A tree that shares every untouched node with ``base``; ``base`` itself if nothing is touched.
    """
    if patch.children is None:
        return evolve(patch, was=base)
    if base.children is None:
        raise TypeError("a mapping is laid over a mapping")
    # The copy is made by C code, whatever the size; all else is done for what the patch names.
    children = base.children | {}
    for key, change in patch.children.items():
        old, where = base.children.get(key), (*path, key)
        if change.is_removal:
            if old is None:
                problems.append(_absent(change, where, base))
            else:
                del children[key]
        elif old is None or change.sealed:
            if not (change.collection and not change.children):  # by id, and without any: it says nothing
                children[key] = _new(change, problems, where)
        elif (written := _of_another_kind(old, change)) is not None:
            if not old.faulty:
                problems.append(_kind_changed(old, written, where))
        elif not change.is_lost:  # else what it was meant to be is not known; the rest is checked with what was there
            children[key] = apply(old, change, problems, where)
    changed = tuple(key for key in patch.children if children.get(key) is not base.children.get(key))
    return base.patched(children, changed, faulty=patch.faulty) if changed else base


def _new(node: Node, problems: list[Problem], path: Path) -> Node:
    """Return a node that a patch adds; there is nothing in it to remove."""
    if node.sealed:
        return node
    children = {}
    for key, child in (node.children or {}).items():
        if child.is_removal:
            problems.append(_absent(child, (*path, key), None))
        else:
            children[key] = _new(child, problems, (*path, key))
    if all(children.get(key) is child for key, child in (node.children or {}).items()):
        return node
    return evolve(node, children=children, faulty=True)


def _absent(change: Node, path: Path, base: Node | None) -> Problem:
    hint = did_you_mean(path[-1], base.children or () if base is not None else ())
    return Problem(
        "removes-absent",
        Title(
            zh=f"要删除的 `{path[-1]}` 并不存在{hint.zh}",
            en=f"removes `{path[-1]}`, which is not there{hint.en}",
        ),
        change.place,
        path=".".join(path),
    )


def _of_another_kind(old: Node, change: Node) -> Node | None:
    """Return what a patch writes, right or wrong, if only one of it and what it is laid over is a mapping."""
    written = change.was if change.is_lost else change
    if written is None or written.is_removal or (old.kind == "mapping") == (written.kind == "mapping"):
        return None
    return written


def _kind_changed(old: Node, change: Node, path: Path) -> Problem:
    dotted, was, now, hint = ".".join(path), _KIND[old.kind], _KIND[change.kind], _INSTEAD[old.kind]
    return Problem(
        "kind-changed",
        Title(
            zh=f"`{dotted}` 原为{was.zh}，不能改为{now.zh}；{hint.zh}；原值在",
            en=f"`{dotted}` is {was.en} and cannot become {now.en}; {hint.en}; it stands at",
        ),
        change.place,
        also=(old.place,),
        path=".".join(path),
    )


_KIND = {
    "mapping": Title(zh="映射", en="a mapping"),
    "list": Title(zh="列表", en="a list"),
    "leaf": Title(zh="单个值", en="a single value"),
}
_INSTEAD = {
    "mapping": Title(zh="请修改其中各项", en="change what is in it"),
    "list": Title(zh="请写列表", en="write a list"),
    "leaf": Title(zh="请写单个值", en="write a single value"),
}


def named(patch: Node, layer: str) -> Node:
    """Return a patch whose values say which layer sets them.

    Args:
        patch: The patch.
        layer: The layer's name.
    """
    key = ("named", layer)
    if key not in patch.memo:
        children = None
        if patch.children is not None:
            children = {name: named(node, layer) for name, node in patch.children.items()}
        patch.memo[key] = evolve(patch, layer=layer, children=children)
    found = patch.memo[key]
    assert isinstance(found, Node)
    return found


def touched(patch: Node) -> Iterator[tuple[Path, Node]]:
    """Yield the leaves that a patch sets or removes.

    Args:
        patch: The patch.
    """
    yield from ((path, leaf) for path, leaf in patch.leaves() if path)


def compose(first: Node, second: Node) -> Node:
    """Return one patch that does what two compatible patches do, removals kept.

    Args:
        first: One patch.
        second: Another that does not conflict with it.
    """
    if first.children is None or second.children is None or second.sealed:
        return second
    children = dict(first.children)
    for key, change in second.children.items():
        children[key] = compose(children[key], change) if key in children else change
    return evolve(second, children=children, faulty=first.faulty or second.faulty)


def lay(base: Node, layers: Iterable[Layer], problems: list[Problem]) -> Node:
    """Lay layers of one rank over a tree, all at once: none comes before another.

    Args:
        base: The tree; it is not changed.
        layers: The layers. One that conflicts with an earlier one is left out.
        problems: Collects conflicts, and what the layers may not do.
    """
    laid: list[Layer] = []
    for layer in layers:
        clashes = [problem for other in laid for problem in conflicts((other, layer))]
        problems.extend(clashes)
        laid += [] if clashes else [layer]
    return apply(base, reduce(compose, (layer.patch for layer in laid)), problems) if laid else base


def conflicts(layers: Sequence[Layer]) -> Iterator[Problem]:
    """Yield each place where two layers of one rank say different things.

    They do where one touches a leaf at or under what the other sets or removes, unless both say the same. Two that
    set different leaves of one mapping do not.

    Args:
        layers: Layers that hold at the same time and have no order among them.

    Source:
        The semantics of layers, rule 4.
    """
    for one, other in combinations(layers, 2):
        for path, mine, theirs in _parted(one.patch, other.patch, ()):
            yield _conflict(one, mine, other, theirs, path)


def _parted(one: Node, other: Node, path: Path) -> Iterator[tuple[Path, Node, Node]]:
    """Yield each path at which two patches part, and what they say there."""
    if one.children is not None and other.children is not None and not one.sealed:
        for key, mine in one.children.items():
            if key in other.children:
                yield from _parted(mine, other.children[key], (*path, key))
    elif one.digest != other.digest and not (one.faulty or other.faulty):
        yield path, one, other


def _conflict(one: Layer, leaf: Node, other: Layer, rival: Node, path: Path) -> Problem:
    dotted = ".".join(path)
    return Problem(
        "conflict",
        Title(
            zh=f"{other.title.zh} 与 {one.title.zh} 在 `{dotted}` 上冲突："
            f"{rival.text()} 与 {leaf.text()}；只留其一；另一处在",
            en=f"{other.title.en} and {one.title.en} conflict on `{dotted}`: "
            f"{rival.text()} against {leaf.text()}; keep one of them; the other stands at",
        ),
        rival.place,
        also=(leaf.place,),
        path=dotted,
    )


def by_day(layers: Iterable[Layer]) -> list[list[Layer]]:
    """Return layers in order of the day they begin on, those of one day together.

    Args:
        layers: Dated layers.
    """
    days: dict[dt.date, list[Layer]] = {}
    for layer in layers:
        days.setdefault(layer.start.first_day if layer.start else dt.date.min, []).append(layer)
    return [days[day] for day in sorted(days)]
