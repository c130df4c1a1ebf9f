"""A grid's units as a tree to be looked at: so many of them as a reader can take in, and how many more there are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import frozen

from communitygov.grid.check import landless
from communitygov.grid.explain import has_seat
from communitygov.grid.rules import Grid
from communitygov.grid.tree import Tree
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Branch", "Limits", "Trunk", "branches_of"]


@frozen
class Limits:
    """How much of a tree is drawn.

    Args:
        depth: How many levels of units.
        width: How many units right below one unit.
        units: How many units in all.
    """

    depth: int = 3
    width: int = 12
    units: int = 200


@frozen
class Branch:
    """A unit as it is drawn.

    Args:
        code: Its code.
        name: Its name.
        called: What it is: its kind, or its level if that shows no kind.
        below: How many units there are below it, by level, highest first; those without land are not counted.
        seats: Who or what holds each of its posts, bodies and records, by id; empty if it is not known.
        findings: What was found at it, as ``Checked.frame`` has it.
        found_below: How many findings there are at units below it.
        branches: The units right below it that are drawn.
        more: How many more there are right below it.
    """

    code: str
    name: str
    called: Title
    below: Mapping[str, int]
    seats: Mapping[str, tuple[str, ...]]
    findings: tuple[Mapping[str, Any], ...]
    found_below: int
    branches: tuple[Branch, ...]
    more: int


@frozen
class Trunk:
    """The units of a day as they are drawn.

    Args:
        grid: The rule.
        day: The day.
        units: How many units there are, by level, highest first.
        found: How many findings there are; None if nothing was checked.
        branches: The units that stand on no other: that at the top, and those whose own upper unit is not there.
        more: How many more of these there are.
        elsewhere: Findings at units that are not there, the first of them.
    """

    grid: Grid
    day: dt.date
    units: Mapping[str, int]
    found: int | None
    branches: tuple[Branch, ...]
    more: int
    elsewhere: tuple[Mapping[str, Any], ...] = ()


def branches_of(
    tree: Tree,
    held: pl.DataFrame | None = None,
    findings: pl.DataFrame | None = None,
    *,
    top: str | None = None,
    limits: Limits | None = None,
) -> Trunk:
    """Choose what of a tree is drawn.

    Of the units right below one, those at or below which something was found come before the others, so that a finding
    is not left out for a unit in order; what is chosen is drawn in the order of the data.

    Args:
        tree: The units of the day.
        held: Who or what is there on the day, as ``Holders.on`` gives it; None if it is not known.
        findings: What was found, as ``Checked.frame`` has it; None if nothing was checked.
        top: The code of the unit to begin with; None for all.
        limits: How much is drawn.

    Raises:
        UsageError: If there is no unit of the code.

    Example:
        >>> import polars as pl
        >>> from communitygov.grid.rules import Level
        >>> from communitygov.grid.units import load_units
        >>> grid = Grid(levels={"street": Level(order=1), "community": Level(order=2, on=("street",))})
        >>> rows = pl.DataFrame({"code": ["s", "c1", "c2"], "name": ["S", "C", "D"], "parent": [None, "s", "s"]})
        >>> rows = rows.with_columns(level=pl.Series(["street", "community", "community"]))
        >>> trunk = branches_of(load_units(grid, rows).on("2024"), limits=Limits(width=1))
        >>> street = trunk.branches[0]
        >>> street.below, [one.code for one in street.branches], street.more
        ({'community': 2}, ['c1'], 1)
    """
    limits = limits or Limits()
    found = _found(tree, findings)
    roots = tree.above.is_null().arg_true().to_list() if top is None else [tree.row(top)]
    chosen, more = _choice(tree, found, roots, limits)
    counted = _counted(tree)
    facts = _facts(tree, chosen, counted, held, findings, found)
    whole = dict(tree.frame.filter(~landless(tree))["level"].value_counts().iter_rows())
    return Trunk(
        tree.grid,
        tree.day,
        {key: whole[key] for key in tree.grid.ordered if key in whole},
        None if findings is None else findings.height,
        tuple(_branch(tree, row, facts, chosen, more) for row in chosen[None]),
        len(roots) - len(chosen[None]),
        () if findings is None or top is not None else tuple(_elsewhere(tree, findings).head(limits.width).to_dicts()),
    )


def _elsewhere(tree: Tree, findings: pl.DataFrame) -> pl.DataFrame:
    return findings.join(tree.frame.select(unit="code"), on="unit", how="anti", maintain_order="left")


def _passed_up(tree: Tree, origin: pl.DataFrame) -> pl.DataFrame:
    """Return the sums of ``n`` of all units below each, by whatever other columns there are."""
    import polars as pl

    keys = [name for name in origin.columns if name != "n"]
    parts = [origin.clear()]
    while not origin.is_empty():
        above = origin.with_columns(here=tree.above.gather(origin["here"])).drop_nulls("here")
        origin = above.group_by(keys).agg(pl.col("n").sum())
        parts.append(origin)
    return pl.concat(parts).group_by(keys).agg(pl.col("n").sum())


def _numbered(tree: Tree) -> pl.Series:
    import polars as pl

    return pl.Series("here", range(tree.frame.height), dtype=pl.UInt32)


def _counted(tree: Tree) -> pl.DataFrame:
    """Return how many units of each level there are below each unit: ``here``, ``level``, ``n``."""
    import polars as pl

    rows = tree.frame.select("level", land=~landless(tree)).with_columns(_numbered(tree))
    origin = rows.filter("land").select("here", "level", n=pl.lit(1, dtype=pl.Int64))
    return _passed_up(tree, origin)


def _found(tree: Tree, findings: pl.DataFrame | None) -> pl.DataFrame:
    """Return how many findings there are: ``here``, ``n`` at or below a unit, ``below`` it."""
    import polars as pl

    if findings is None:
        return pl.DataFrame(schema={"here": pl.UInt32(), "n": pl.Int64(), "below": pl.Int64()})
    rows = tree.frame.select(unit="code").with_columns(_numbered(tree)).unique("unit", keep="first")
    own = findings.select("unit").join(rows, on="unit").group_by("here").agg(n=pl.len().cast(pl.Int64))
    below = _passed_up(tree, own).rename({"n": "below"})
    both = own.join(below, on="here", how="full", coalesce=True).fill_null(0)
    return both.select("here", pl.col("n") + pl.col("below"), "below")


def _choice(
    tree: Tree, found: pl.DataFrame, roots: Sequence[int], limits: Limits
) -> tuple[dict[int | None, list[int]], dict[int, int]]:
    """Return the rows drawn right below each row (None: at the top), and how many more there are below each."""
    import polars as pl

    every = pl.DataFrame({"above": tree.above}).with_columns(_numbered(tree))
    at_top = pl.DataFrame({"here": roots}, schema={"here": pl.UInt32()})
    going = at_top.with_columns(above=pl.lit(None, dtype=pl.UInt32))
    chosen: dict[int | None, list[int]] = {None: []}
    more: dict[int, int] = {}
    left = limits.units
    depth = -1
    while not going.is_empty():
        depth += 1
        going = going.join(found, on="here", how="left").with_columns(sound=pl.col("n").is_null())
        going = going.sort("sound", "here").with_columns(place=pl.int_range(pl.len()).over("above"))
        # Breadth first: where not all can be drawn, every unit gets its first before any gets its second.
        narrow = going.filter(pl.col("place") < limits.width).sort("sound", "place", "here")
        drawn = narrow.head(left if depth < limits.depth else 0)
        left -= drawn.height
        for above, here in drawn.sort("here").select("above", "here").iter_rows():
            chosen.setdefault(above, []).append(here)
        for above, number in going.drop_nulls("above").group_by("above").len().iter_rows():
            more[above] = number - len(chosen.get(above, ()))
        going = every.filter(pl.col("above").is_in(drawn["here"].implode()))
    return chosen, more


def _facts(
    tree: Tree,
    chosen: Mapping[int | None, Sequence[int]],
    counted: pl.DataFrame,
    held: pl.DataFrame | None,
    findings: pl.DataFrame | None,
    found: pl.DataFrame,
) -> dict[int, dict[str, Any]]:
    """Return what is said of each row drawn."""
    import polars as pl

    rows = sorted(row for group in chosen.values() for row in group)
    units = tree.frame[rows].select("code", "name", "level", "kind").to_dicts()
    facts = {
        row: {**unit, "below": {}, "seats": {}, "findings": [], "found_below": 0}
        for row, unit in zip(rows, units, strict=True)
    }
    mine = pl.Series(rows, dtype=pl.UInt32).implode()
    for here, level, number in counted.filter(pl.col("here").is_in(mine)).select("here", "level", "n").iter_rows():
        facts[here]["below"][level] = number
    for here, number in found.filter(pl.col("here").is_in(mine)).select("here", "below").iter_rows():
        facts[here]["found_below"] = number
    first = {unit["code"]: row for row, unit in reversed(list(zip(rows, units, strict=True)))}
    codes = pl.Series(list(first), dtype=pl.String).implode()
    if findings is not None:
        for finding in findings.filter(pl.col("unit").is_in(codes)).iter_rows(named=True):
            facts[first[finding["unit"]]]["findings"].append(finding)
    if held is not None:
        theirs: dict[tuple[str, str], set[str]] = {}
        for unit, seat, holder in held.filter(pl.col("unit").is_in(codes)).select("unit", "seat", "holder").iter_rows():
            theirs.setdefault((unit, seat), set()).add(holder)
        for fact in facts.values():
            fact["seats"] = {
                key: tuple(sorted(theirs.get((fact["code"], key), ())))
                for key, seat in tree.grid.seats.items()
                if has_seat(seat, fact)
            }
    return facts


def _branch(
    tree: Tree,
    row: int,
    facts: Mapping[int, Mapping[str, Any]],
    chosen: Mapping[int | None, Sequence[int]],
    more: Mapping[int, int],
) -> Branch:
    fact = facts[row]
    level = tree.grid.levels[fact["level"]]
    kind = level.kinds.get(fact["kind"])
    return Branch(
        fact["code"],
        fact["name"],
        level.name(fact["level"]) if kind is None else kind.name(fact["kind"]),
        {key: fact["below"][key] for key in tree.grid.ordered if key in fact["below"]},
        fact["seats"],
        tuple(fact["findings"]),
        fact["found_below"],
        tuple(_branch(tree, below, facts, chosen, more) for below in chosen.get(row, ())),
        more.get(row, 0),
    )
