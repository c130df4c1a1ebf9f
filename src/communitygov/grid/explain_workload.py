"""Why a holder's load is what it is: unit by unit, in fractions. ``workload`` is tested against it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from communitygov.grid.explain import has_seat
from communitygov.grid.rules import Grid
from communitygov.grid.units import Holders, Units
from communitygov.grid.workload import asked_post
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.numbers import decimal_text
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.problem import did_you_mean
from communitygov.vocabulary.steps import Steps
from communitygov.vocabulary.text import Title

__all__ = ["explain_workload"]


def explain_workload(
    grid: Grid,
    units: Units,
    holders: Holders,
    orders: Sequence[str] | None = None,
    *,
    on: str | Period | dt.date,
    post: str,
    holder: str,
    by: str = "households",
) -> Steps:
    """Explain the load of one holder of a post.

    Args:
        grid: The rule.
        units: The units.
        holders: Who is there.
        orders: The unit of each order, by its code; None if orders are not counted.
        on: The day; a period stands for its first.
        post: The post's id.
        holder: The holder's id.
        by: What the load is: a column of the units with whole numbers, ``units``, or ``orders``.

    Returns:
        The load as a fraction, and below it each of the holder's units: its number, among how many it is shared, and
        the part that comes to this one.

    Raises:
        UsageError: If there is no such post, or nobody of that id holds it.

    Example:
        >>> import polars as pl
        >>> from communitygov.grid.rules import Level, Post
        >>> from communitygov.grid.units import load_holders, load_units
        >>> grid = Grid(
        ...     levels={"community": Level(order=1)}, posts={"head": Post(level="community", per_unit="at_least_one")}
        ... )
        >>> units = load_units(grid, pl.DataFrame({"code": ["a"], "name": ["A"], "level": ["community"]}))
        >>> held = pl.DataFrame({"unit": ["a", "a"], "seat": ["head", "head"], "holder": ["p", "q"]})
        >>> explain_workload(
        ...     grid, units, load_holders(grid, held), on="2024", post="head", holder="p", by="units"
        ... ).value
        Fraction(1, 2)
    """
    asked_post(grid, post, by, orders is not None)
    tree = units.on(on)
    first: dict[str, Mapping[str, Any]] = {}
    for row in tree.frame.iter_rows(named=True):
        first.setdefault(row["code"], row)
    there = {code: row for code, row in first.items() if has_seat(grid.posts[post], row)}
    held = {
        (one["unit"], one["holder"])
        for one in holders.on(on).iter_rows(named=True)
        if one["seat"] == post and one["unit"] in there
    }
    mine = sorted(unit for unit, who in held if who == holder)
    if not mine:
        hint = did_you_mean(holder, {who for _, who in held})
        raise UsageError.because(
            "no-load", zh=f"`{holder}` 不任 `{post}`{hint.zh}", en=f"`{holder}` does not hold `{post}`{hint.en}"
        )
    taken = [next((unit for unit in tree.chain(code) if unit in there), None) for code in orders or ()]
    steps = []
    for code in mine:
        number = 1 if by == "units" else taken.count(code) if by == "orders" else there[code][by]
        among = len({who for unit, who in held if unit == code})
        part = Fraction(number, among)
        name = there[code]["name"]
        text = Title(
            zh=f"{number}，由 {among} 人平均分担，计 {decimal_text(part)}",
            en=f"{number}, shared by {among}, counts {decimal_text(part)}",
        )
        facts: dict[str, Fraction | int | float | str | bool | None] = {"number": number, "among": among}
        steps.append(Steps("unit", Title(zh=f"{code} {name}", en=f"{code} {name}"), part, text, facts=facts))
    load = sum((step.value for step in steps if isinstance(step.value, Fraction)), Fraction(0))
    said = Title(
        zh=f"{len(mine)} 个单元，合计 {decimal_text(load)}", en=f"{len(mine)} units, {decimal_text(load)} in all"
    )
    title = Title(zh=f"{holder} 的 {by}", en=f"{by} of {holder}")
    return Steps("workload", title, load, said, clause=grid.posts[post].clause or grid.clause, children=steps)
