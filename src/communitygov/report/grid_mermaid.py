"""A grid as a Mermaid diagram: levels, what their units have, and how many of each there are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from communitygov.grid.check import landless
from communitygov.grid.check_seats import with_seat
from communitygov.grid.rules import Grid, Level
from communitygov.grid.tree import Tree
from communitygov.report.grid_steps import PARTS, PER_UNIT
from communitygov.vocabulary.text import Language, Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["mermaid", "plain"]

_SHAPES = {"posts": ("([", "])"), "bodies": ("[[", "]]"), "records": ("[(", ")]")}
"""How posts, bodies and records are drawn, apart from levels, which are boxes."""

_SPECIAL = re.compile(r"[^\w ,/'-]|^-|-(?= )|_|(?<=direction) (?=TB|TD|BT|LR|RL)", re.ASCII)
"""What Mermaid or Markdown could take for its own; Mermaid takes `direction TB` for an order even in quotes."""


def mermaid(grid: Grid, lang: Language, tree: Tree | None = None, held: pl.DataFrame | None = None) -> str:
    """Write a grid as a Mermaid flowchart.

    A level is a box below those that it stands on. What its units have hangs at it: posts are rounded, bodies are
    boxes with double sides, records are drums.

    Args:
        grid: The rule.
        lang: The language.
        tree: The units of a day, to be counted; None if there are none.
        held: Who or what is there on the day, as ``Holders.on`` gives it, to be counted; None if it is not known.

    Source:
        Mermaid's flowchart syntax, https://mermaid.js.org/syntax/flowchart.html

    Example:
        >>> from communitygov.grid.rules import Post
        >>> grid = Grid(
        ...     levels={"street": Level(order=1), "community": Level(order=2, on=("street",))},
        ...     posts={"head": Post(level="community", per_unit="exactly_one")},
        ... )
        >>> print(mermaid(grid, "en"))
        flowchart TB
            level1["street"]
            level2["community"]
            seat1(["head<br/>exactly one a unit"])
            level1 --> level2
            level2 -.- seat1
    """
    ids = {key: f"level{number}" for number, key in enumerate(grid.ordered, 1)}
    seats = {key: f"seat{number}" for number, key in enumerate(grid.seats, 1)}
    lines = [f'{ids[key]}["{_label(_level(key, level, tree, lang), lang)}"]' for key, level in grid.ordered.items()]
    for key, name in seats.items():
        begin, end = _SHAPES[grid.section(key)]
        lines.append(f'{name}{begin}"{_label(_seat(grid, key, tree, held), lang)}"{end}')
    for key, level in grid.ordered.items():
        lines += [f"{ids[above]} --> {ids[key]}" for above in level.on]
    lines += [f"{ids[grid.seats[key].level]} -.- {name}" for key, name in seats.items()]
    return "\n".join(["flowchart TB", *(f"    {line}" for line in lines)])


def _level(key: str, level: Level, tree: Tree | None, lang: Language) -> Iterator[Title]:
    """Yield the lines of a level's box: its title, how many units, how many of each kind."""
    yield level.name(key)
    if tree is None:
        return
    import polars as pl

    mine = tree.frame.filter((pl.col("level") == key) & ~landless(tree))
    yield Title(zh=f"{mine.height:,} 个", en=f"{mine.height:,} unit{'' if mine.height == 1 else 's'}")
    counts = dict(mine["kind"].drop_nulls().value_counts().iter_rows())
    kinds = [(kind.name(name), counts[name]) for name, kind in level.kinds.items() if name in counts]
    if kinds:
        said = ", ".join(f"{title.say(lang)} {number:,}" for title, number in kinds)
        yield Title(zh=said, en=said)


def _seat(grid: Grid, key: str, tree: Tree | None, held: pl.DataFrame | None) -> Iterator[Title]:
    """Yield the lines of what units have: its title, how many a unit has, its part, how many hold it in how many."""
    seat = grid.seats[key]
    yield seat.name(key)
    level = grid.levels[seat.level]
    if seat.kinds:
        kinds = [level.kinds[kind].name(kind) for kind in seat.kinds]
        yield Title(zh="、".join(one.zh for one in kinds), en=", ".join(one.en for one in kinds))
    yield PER_UNIT[seat.per_unit]
    for part in grid.responsibilities.values():
        if part.by == key:
            yield PARTS[part.part]
    if tree is None or held is None:
        return
    import polars as pl

    units = tree.frame.filter(with_seat(seat)).select(unit="code").unique()
    mine = held.filter(pl.col("seat") == key).join(units, on="unit", how="semi")
    holders, there = mine["holder"].n_unique(), mine["unit"].n_unique()
    yield Title(
        zh=f"担任者 {holders:,}，在 {there:,} / {units.height:,} 个单元",
        en=f"{holders:,} holder{'' if holders == 1 else 's'} in {there:,} of {units.height:,} units",
    )


def _label(lines: Iterator[Title], lang: Language) -> str:
    """Return lines as a label in quotes: whatever Mermaid or Markdown could take for its own is written as a number."""
    return "<br/>".join(plain(line.say(lang)) for line in lines)


def plain(text: str) -> str:
    """Return a text as it is written in a label in quotes, on one line.

    Args:
        text: The text; white space counts as one space.

    Example:
        >>> plain('a "b"')
        'a #34;b#34;'
    """
    return _SPECIAL.sub(lambda found: f"#{ord(found[0])};" if found[0].isascii() else found[0], " ".join(text.split()))
