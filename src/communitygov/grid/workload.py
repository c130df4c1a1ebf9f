"""Workload: how much each holder of a post has to do, how far apart they are, and where one more would help most."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from communitygov.grid.check_seats import with_seat
from communitygov.grid.rules import Grid
from communitygov.grid.tree import Tree
from communitygov.grid.units import Holders, Units
from communitygov.vocabulary.errors import DataError, UsageError
from communitygov.vocabulary.faults import Fault
from communitygov.vocabulary.frames import Column, Table, adopt, check_table
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.problem import did_you_mean
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Spread", "Workload", "asked_post", "workload"]


@frozen
class Spread:
    """How far apart the loads of holders are.

    Args:
        holders: How many there are.
        least: The least load.
        median: The one in the middle; of two in the middle the mean.
        greatest: The greatest.
    """

    holders: int
    least: Fraction
    median: Fraction
    greatest: Fraction


@frozen(eq=False)
class Workload:
    """What the holders of a post have to do on a day.

    A unit that several hold counts for each of them as the same part. So that loads stay whole numbers, they are
    counted in parts of one to ``of``: with ``of`` 2, 5 stands for two and a half. It is 1 where no unit has two
    holders.

    Args:
        frame: One row per holder, most loaded first: ``holder``, ``units``, the number that was asked for and, if
            orders were given, ``orders``; all Int64, in parts of one to ``of``.
        of: How many parts make one.
        spread: The spread of each of these numbers, exact; empty where nobody holds the post.
        relief: One row per unit that units with the post stand on (null where they stand on none): ``unit`` (code),
            ``name``, ``units`` (with the post), ``load`` (the number asked for, of all these units, held or not),
            ``holders`` (people; one with units below several counts in each) and ``most``: whether the mean load per
            holder falls most there by one holder more. All that fall alike are marked. Where nobody is, one helps more
            than anywhere else.
        fall: By how much the mean falls there; None where nobody is, or nothing is to do.
        elsewhere: How many orders are of units that neither have the post nor lie below one that has.
        key: The columns that name a row.
        outcome: The columns that are the result.
    """

    frame: pl.DataFrame = field(repr=False)
    of: int
    spread: Mapping[str, Spread]
    relief: pl.DataFrame = field(repr=False)
    fall: Fraction | None
    elsewhere: int
    key: tuple[str, ...] = ("holder",)
    outcome: tuple[str, ...] = ("units",)

    def load(self, holder: str, number: str = "units") -> Fraction:
        """Return the exact load of a holder.

        Args:
            holder: The holder's id.
            number: The column of ``frame``.

        Raises:
            UsageError: If there is no such holder or number.
        """
        holders = self.frame["holder"].to_list()
        if holder not in holders or number not in self.frame.columns[1:]:
            hint = did_you_mean(holder, holders[:1000]) if holder not in holders else did_you_mean(number, self.spread)
            raise UsageError.because(
                "no-load", zh=f"没有 `{holder}` 的 {number}{hint.zh}", en=f"no `{number}` of `{holder}`{hint.en}"
            )
        return Fraction(self.frame[number][holders.index(holder)], self.of)


def workload(
    grid: Grid,
    units: Units,
    holders: Holders,
    orders: Any = None,
    *,
    on: str | Period | dt.date,
    post: str,
    by: str = "households",
) -> Workload:
    """Count what each holder of a post has to do, and find where one more would help most.

    The load of a unit is its households (or another number), and its orders are those of itself and of all below it.
    It is shared equally among those who hold the post there. A unit where nobody does adds to no holder's load, but to
    what there is to do below the unit that it stands on.

    Args:
        grid: The rule.
        units: The units.
        holders: Who is there.
        orders: A frame of any kind, one row per order: ``unit`` (code). A lazy frame is asked once, for its counts.
        on: The day; a period stands for its first.
        post: The post's id.
        by: What loads are compared by: a column of the units with whole numbers, ``units``, or ``orders``.

    Raises:
        UsageError: If there is no such post, or loads are to be compared by orders and there are none.
        DataError: If the units have no such number, or one of those with the post lacks it; if orders do not fit.

    Example:
        >>> import polars as pl
        >>> from communitygov.grid.rules import Level, Post
        >>> from communitygov.grid.units import load_holders, load_units
        >>> grid = Grid(
        ...     levels={"street": Level(order=1), "community": Level(order=2, on=("street",))},
        ...     posts={"worker": Post(level="community", per_unit="at_least_one")},
        ... )
        >>> rows = [
        ...     ("s", "S", "street", None, None),
        ...     ("a", "A", "community", "s", 900),
        ...     ("b", "B", "community", "s", 301),
        ... ]
        >>> columns = ["code", "name", "level", "parent", "households"]
        >>> units = load_units(grid, pl.DataFrame(rows, schema=columns, orient="row"))
        >>> held = {"unit": ["a", "b", "b"], "seat": ["worker"] * 3, "holder": ["p", "p", "q"]}
        >>> found = workload(grid, units, load_holders(grid, pl.DataFrame(held)), on="2024", post="worker")
        >>> found.of, found.frame.rows()
        (2, [('p', 3, 2101), ('q', 1, 301)])
        >>> found.load("p", "households"), found.spread["households"].median, found.fall
        (Fraction(2101, 2), Fraction(1201, 2), Fraction(1201, 6))
    """
    import polars as pl

    asked_post(grid, post, by, orders is not None)
    tree = units.on(on)
    there = tree.frame.with_row_index("_row").unique("code", keep="first").filter(with_seat(grid.posts[post]))
    columns = {"units": pl.lit(1, dtype=pl.Int64)}
    if by not in ("units", "orders"):
        columns[by] = _number(there, by)
    there = there.sort("_row").select("code", "_row", **columns)
    elsewhere = 0
    if orders is not None:
        counts, elsewhere = _orders(tree, there["_row"], orders)
        there = there.join(counts, on="_row", how="left").with_columns(pl.col("orders").fill_null(0))
    held = holders.on(on).filter(pl.col("seat") == post).select("unit", "holder").unique()
    held = held.join(there, left_on="unit", right_on="code").with_columns(_among=pl.len().over("unit").cast(pl.Int64))
    of = lcm(*held["_among"].unique().to_list())
    numbers = there.columns[2:]
    _check_exact(held, numbers, of)
    parts = (pl.col(name) * (of // pl.col("_among")) for name in numbers)
    loads = held.with_columns(*parts).group_by("holder").agg(pl.col(numbers).sum())
    loads = loads.sort(by, "holder", descending=[True, False])
    spread = {name: _spread(loads[name], of) for name in numbers if loads.height}
    relief, fall = _relief(tree, there, held, by)
    return Workload(loads, of, spread, relief, fall, elsewhere, outcome=tuple(numbers))


def asked_post(grid: Grid, post: str, by: str, orders: bool) -> None:
    """Refuse a post that there is not, and loads by orders where there are none.

    Args:
        grid: The rule.
        post: The post's id.
        by: What loads are compared by.
        orders: Whether there are orders.

    Raises:
        UsageError: If so.
    """
    if post not in grid.posts:
        hint = did_you_mean(post, grid.posts)
        raise UsageError.because("unknown-post", zh=f"没有岗位 `{post}`{hint.zh}", en=f"no post `{post}`{hint.en}")
    if by == "orders" and not orders:
        raise UsageError.because(
            "no-load", zh="没有给出工单，无法按工单比较", en="there are no orders to compare loads by"
        )


def _number(there: pl.DataFrame, by: str) -> pl.Expr:
    """Return a number of units, which each of them must have."""
    import narwhals as nw
    import polars as pl

    number = Column(by, "whole", Title(zh=by, en=by), minimum=Fraction(0))
    code = Column("code", "text", Title(zh="代码", en="code"))
    check_table(Table(Title(zh="单元表", en="units"), (code, number), ("code",), open=True), nw.from_native(there))
    return pl.col(by).cast(pl.Int64)


def _orders(tree: Tree, having: pl.Series, orders: Any) -> tuple[pl.DataFrame, int]:
    """Return the orders of each unit with the post and of all below it by row, and how many are of no such unit."""
    import narwhals as nw
    import polars as pl

    frame, _ = adopt(orders)
    table = Table(
        Title(zh="工单表", en="orders"),
        (Column("unit", "text", Title(zh="单元代码", en="unit's code")),),
        ("unit",),
        open=True,
        unique=False,
    )
    check_table(table, frame)
    counted = frame.group_by("unit").agg(nw.len().alias("orders"))
    eager = counted.collect() if isinstance(counted, nw.LazyFrame) else counted
    counts = eager.to_polars().with_columns(pl.col("unit").cast(pl.String), pl.col("orders").cast(pl.Int64))
    rows = tree.frame.select(unit="code").with_row_index("_row").unique("unit", keep="first")
    counts = counts.join(rows, on="unit", how="left")
    gone = Title(zh=f"{tree.day} 没有这个单元", en=f"there is no such unit on {tree.day}")
    unknown = Fault("unknown-unit", "unit", nw.col("_row").is_null(), gone)
    check_table(table, nw.from_native(counts), more=[unknown])
    going = counts.select("_row", "orders")
    found = []
    while not going.is_empty():
        here = pl.col("_row").is_in(having.implode())
        found.append(going.filter(here))
        going = going.filter(~here)
        going = going.with_columns(tree.above.gather(going["_row"]).alias("_row")).drop_nulls("_row")
    if not found:
        return going, 0
    mine = pl.concat(found).group_by("_row").agg(pl.col("orders").sum())
    return mine, int(counts["orders"].sum()) - int(mine["orders"].sum())


def _check_exact(held: pl.DataFrame, numbers: list[str], of: int) -> None:
    """Refuse loads that would leave 63 bits when counted in parts."""
    import polars as pl

    sums = held.select(pl.col(numbers).cast(pl.Float64).sum()).row(0) if held.height else ()
    if any(of * one >= 2**62 for one in sums):
        raise DataError.because(
            "too-large", zh="数目过大，无法精确分配", en="the numbers are too large to be shared exactly"
        )


def _spread(loads: pl.Series, of: int) -> Spread:
    ordered = loads.sort()
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return Spread(
        len(ordered), Fraction(ordered[0], of), Fraction(low + high, 2 * of), Fraction(ordered[len(ordered) - 1], of)
    )


def _relief(tree: Tree, there: pl.DataFrame, held: pl.DataFrame, by: str) -> tuple[pl.DataFrame, Fraction | None]:
    """Return where one holder more would help most, and by how much the mean falls there.

    Of ``n`` holders with a load ``L`` the mean falls by ``L / n - L / (n + 1)``, which is ``L / (n * (n + 1))``.
    """
    import polars as pl

    upper = pl.Series("_upper", tree.above.gather(there["_row"]), dtype=pl.UInt32)
    groups = there.select("_row", pl.lit(1, dtype=pl.Int64).alias("units"), pl.col(by).alias("load"), upper)
    people = held.select("_row", "holder").join(groups, on="_row").group_by("_upper").agg(pl.col("holder").n_unique())
    sums = groups.group_by("_upper").agg(pl.col("units", "load").sum())
    sums = sums.join(people, on="_upper", how="left", nulls_equal=True)
    sums = sums.with_columns(holders=pl.col("holder").fill_null(0).cast(pl.Int64))
    # By exact fractions, of which there are as many as there are numbers of holders.
    greatest = sums.group_by("holders").agg(pl.col("load").max()).filter(pl.col("load") > 0)
    falls = {holders: Fraction(load, holders * (holders + 1)) for holders, load in greatest.iter_rows() if holders}
    fall = max(falls.values(), default=None)
    most = pl.lit(False)
    if 0 in greatest["holders"]:
        fall, most = None, (pl.col("holders") == 0) & (pl.col("load") > 0)
    elif fall is not None:
        best = [(holders, int(fall * holders * (holders + 1))) for holders, each in falls.items() if each == fall]
        for holders, load in best:
            most = most | ((pl.col("holders") == holders) & (pl.col("load") == load))
    named = tree.frame.select("code", "name").with_row_index("_upper")
    relief = sums.with_columns(most=most).sort("_upper", nulls_last=True).join(named, on="_upper", how="left")
    return relief.select("units", "load", "holders", "most", "name", unit="code").select(
        "unit", "name", "units", "load", "holders", "most"
    ), fall
