"""Checking who or what is there: posts, bodies and records against the units that should have them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from communitygov.grid.findings import Unchecked, found
from communitygov.grid.rules import Grid, Post, Seat
from communitygov.grid.tree import Tree
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["seat_findings", "seats_unchecked", "with_seat"]


def seats_unchecked(tree: Tree, held: pl.DataFrame | None) -> Iterator[Unchecked]:
    """Yield the seats that cannot be checked: those of a level without units, and all if nobody knows who holds them.

    Args:
        tree: The units.
        held: The holders of the day; None if they are not known.
    """
    there = set(tree.frame["level"].unique())
    for key, seat in tree.grid.seats.items():
        count = tree.frame.filter(with_seat(seat)).height
        if seat.per_unit == "any":
            continue
        if seat.level not in there:
            why = Title(zh=f"数据没有 {seat.level} 层的单元", en=f"the data have no unit of the level {seat.level}")
            yield Unchecked(_rule(tree.grid, key), why, seat.clause or tree.grid.clause, 0)
        elif held is None and count:
            why = Title(zh="没有担任者数据", en="no holders were given")
            yield Unchecked(_rule(tree.grid, key), why, seat.clause or tree.grid.clause, count)


def with_seat(seat: Seat) -> pl.Expr:
    """Return whether a unit has a seat: it is of its level and of one of its kinds.

    Args:
        seat: The post, body or record.
    """
    import polars as pl

    mask = pl.col("level") == seat.level
    return mask & pl.col("kind").is_in(list(seat.kinds)).fill_null(False) if seat.kinds else mask


def seat_findings(tree: Tree, held: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yield what is wrong with who or what is there.

    Args:
        tree: The units.
        held: The holders of the day.
    """
    import polars as pl

    grid = tree.grid
    held = held.select("unit", "seat", "holder", "department")
    units = tree.frame.select("code", "level", "kind").unique("code", keep="first").rename({"code": "unit"})
    strangers = held.join(units, on="unit", how="anti")
    yield found("unknown-unit", strangers, "levels", grid.clause)
    for key, seat in grid.seats.items():
        rule, clause = _rule(grid, key), seat.clause or grid.clause
        mine = held.filter(pl.col("seat") == key)
        with_unit = mine.join(units, on="unit")
        where = seat.level if not seat.kinds else f"{seat.level} ({', '.join(seat.kinds)})"
        yield found("seat-elsewhere", with_unit.filter(~with_seat(seat)), rule, clause, wanted=where)
        has = units.filter(with_seat(seat)).select("unit")
        departments = seat.departments if isinstance(seat, Post) else ()
        if departments:
            none = pl.col("department").is_null() | ~pl.col("department").is_in(list(departments))
            said = {"found": pl.col("department").fill_null("-"), "wanted": ", ".join(departments)}
            said["other"] = pl.col("department")
            yield found("wrong-department", mine.filter(none), rule, clause, **said)
        for department in departments or (None,):
            theirs = mine if department is None else mine.filter(pl.col("department") == department)
            yield from _number_of_holders(key, seat, has, theirs, department, rule, clause)
        if seat.units_each is not None:
            loads = mine.filter(pl.col("unit").is_in(has["unit"].implode())).unique(["holder", "unit"])
            loads = loads.with_columns(found=pl.len().over("holder")).filter(pl.col("found") > seat.units_each)
            yield found("too-many-units", loads, rule, clause, wanted=seat.units_each)


def _number_of_holders(
    key: str,
    seat: Seat,
    has: pl.DataFrame,
    mine: pl.DataFrame,
    department: str | None,
    rule: str,
    clause: tuple[str, ...],
) -> Iterator[pl.DataFrame]:
    import polars as pl

    if seat.per_unit == "any":
        return
    counts = mine.group_by("unit").agg(pl.col("holder").n_unique().alias("found"))
    counts = has.join(counts, on="unit", how="left")
    empty = counts.filter(pl.col("found").is_null())
    yield found("empty-seat", empty, rule, clause, seat=key, other=department)
    if seat.per_unit == "exactly_one":
        twice = counts.filter(pl.col("found") > 1)
        yield found("held-twice", twice, rule, clause, seat=key, other=department)


def _rule(grid: Grid, key: str) -> str:
    return f"{grid.section(key)}.{key}"
