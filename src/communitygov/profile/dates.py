"""When rules may change: an index on the first day of a period, a certification on the first day of a year."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from communitygov.documents.layers import Layer, touched
from communitygov.documents.node import Node, Path
from communitygov.index.rules import Index, Level
from communitygov.profile.readings import Readings, choices
from communitygov.vocabulary.period import Period, PeriodKind
from communitygov.vocabulary.problem import Problem
from communitygov.vocabulary.text import Title

__all__ = ["fixed_levels", "misaligned"]


def misaligned(layer: Layer, root: Node, first_day: dt.date, known: Readings) -> Iterator[Problem]:
    """Yield a problem for each thing that a dated layer changes in the middle of one of its periods or years.

    Args:
        layer: The layer.
        root: The rules that it lies over.
        first_day: The first day of the profile; what begins with it begins nothing in the middle.
        known: The readings, since to choose one is to change what it changes.
    """
    days = []
    if layer.start is not None and layer.start.first_day != first_day:
        days.append(("from", layer.start.first_day))
    if layer.until is not None:
        days.append(("until", layer.until.last_day + dt.timedelta(days=1)))
    seen = set()
    for path, leaf in _changes(layer.patch, known, root) if days else ():
        if len(path) < 2 or path[:2] in seen:
            continue
        seen.add(path[:2])
        for key, day in days:
            boundary = _boundary(path, day, root, layer.patch)
            if boundary not in (None, day):
                yield _off_boundary(layer, path, leaf, key, day, boundary)


def _changes(patch: Node, known: Readings, root: Node) -> Iterator[tuple[Path, Node]]:
    """Yield what a patch touches, itself or by choosing a reading; who removes a section touches all that is in it."""
    yield from _touched(patch, root)
    for key, choice in choices(patch):
        for reading in known.get(key, {}).values():
            yield from ((path, choice) for path, _ in _touched(reading, root))


def _touched(patch: Node, root: Node) -> Iterator[tuple[Path, Node]]:
    for path, leaf in touched(patch):
        section = root.get(*path) if len(path) == 1 and leaf.is_removal else None
        names: list[Path] = [()] if section is None else [(key,) for key in section.children or ()]
        yield from (((*path, *name), leaf) for name in names)


def _boundary(path: Path, day: dt.date, *trees: Node) -> dt.date | None:
    """Return the first day on or after a day on which something may change; None if any day will do."""
    if path[0] == "index":
        kind = _first(trees, "index", path[1], "period")
        if kind is None:
            return None
        period_kind: PeriodKind = kind.value  # type: ignore[assignment]
        period = Period.containing(day, period_kind)
        return day if period.first_day == day else period.next().first_day
    if path[0] == "certification":
        starts = _first(trees, "certification", path[1], "year", "starts")
        if starts is None or not isinstance(starts.value, int):
            return None
        first = dt.date(day.year, starts.value, 1)
        return first if first >= day else dt.date(day.year + 1, starts.value, 1)
    return None


def _first(trees: tuple[Node, ...], *path: str) -> Node | None:
    found = (tree.get(*path) for tree in trees)
    return next((node for node in found if node is not None and not node.is_lost and not node.is_removal), None)


def _off_boundary(layer: Layer, path: Path, leaf: Node, key: str, day: dt.date, boundary: dt.date | None) -> Problem:
    what = Title(zh="周期", en="period") if path[0] == "index" else Title(zh="年度", en="year")
    date = layer.file.get(key) if layer.file is not None else None
    place, also = (leaf.place, ()) if date is None else (date.place, (leaf.place,))
    return Problem(
        "not-on-boundary",
        Title(
            zh=f"{layer.title.zh} 于 {day} 改变 `{path[0]}.{path[1]}`，不在其{what.zh}起点；下一个起点是 {boundary}",
            en=f"{layer.title.en} changes `{path[0]}.{path[1]}` on {day}, which begins none of its {what.en}s; "
            f"the next that does is {boundary}",
        ),
        place,
        also=also,
        path=".".join(path),
    )


def fixed_levels(layer: Layer, indexes: Mapping[str, Index], after: Node, known: Readings) -> Iterator[Problem]:
    """Yield a problem where an amendment adds or removes an indicator of a level that is not dynamic.

    Args:
        layer: The amendment.
        indexes: The indexes in force before it, by id.
        after: The rules of the day on which it begins.
        known: The readings, since to choose one is to change what it changes.

    Source:
        SJS-08: second- and third-level indicators change over time; the first level is not among them.
    """
    seen: set[Path] = set()
    for path, leaf in _changes(layer.patch, known, after):
        if path[0] != "index" or len(path) < 2 or path[1] not in indexes or after.get(*path[:2]) is None:
            continue
        index = indexes[path[1]]
        for depth, name in enumerate(_indicators(path), start=1):
            level = index.levels.get(str(depth))
            stood = index.node is not None and index.node.get(*name[2:]) is not None
            if stood == (after.get(*name) is not None):
                continue
            if level is not None and not level.dynamic and name not in seen:
                seen.add(name)
                yield _not_dynamic(layer, level, depth, name, layer.patch.get(*name) or leaf)
            break


def _indicators(path: Path) -> Iterator[Path]:
    """Yield the paths of the indicators on the way along a path, the first level's first."""
    for end in range(4, len(path) + 1, 2):
        if path[end - 2] != "indicators":
            return
        yield path[:end]


def _not_dynamic(layer: Layer, level: Level, depth: int, path: Path, node: Node) -> Problem:
    return Problem(
        "fixed-level",
        Title(
            zh=f"第 {depth} 级指标不实行动态管理，{layer.title.zh} 不得增删 `{path[-1]}`",
            en=f"level {depth} is not dynamic; {layer.title.en} may neither add nor remove `{path[-1]}`",
        ),
        node.key or node.place,
        clause=level.clause,
        path=".".join(path),
    )
