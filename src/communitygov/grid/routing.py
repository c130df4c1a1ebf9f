"""Routing: who takes a matter, from the unit of its address upward."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from communitygov.grid.check_seats import with_seat
from communitygov.grid.routed import How, Passed, Routed, Taken, beside, none_passed, none_taken, untaken
from communitygov.grid.rules import Grid, Matter, Post
from communitygov.grid.tables import ORDERS
from communitygov.grid.tree import Tree
from communitygov.grid.units import Holders, Units
from communitygov.vocabulary.errors import DataError, UsageError
from communitygov.vocabulary.faults import Fault
from communitygov.vocabulary.frames import adopt, check_table, column_problems
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.problem import Problem, did_you_mean
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Router", "route", "router"]


@frozen(eq=False)
class Router:
    """A grid made ready for routing on a day: one matter at a time, or a million.

    Args:
        tree: The units of the day.
        held: The holders of the day, those of units and seats that there are.
    """

    tree: Tree
    held: pl.DataFrame = field(repr=False)
    _held: dict[tuple[str, str | None], pl.DataFrame] = field(factory=dict, init=False, repr=False)

    @property
    def grid(self) -> Grid:
        """The rule."""
        return self.tree.grid

    def take(self, at: str, matter: str) -> Taken:
        """Return who takes one matter.

        The units are gone through from the address upward. In each, the post that has the matter's duty comes first,
        then the person of the matter's department who is named for the unit, then a post that stands in for others. An
        empty post is passed, and told.

        Args:
            at: The code of the unit of the address.
            matter: The kind of matter.

        Raises:
            UsageError: If there is no such unit or kind of matter.
        """
        rule = self._matter(matter)
        passed: list[Passed] = []
        row: int | None = self.tree.row(at)
        last = up = 0
        while row is not None:
            code = self.tree.frame["code"][row]
            for how, post, department in self._answering(rule, row):
                holders = self._holders.get((code, post, department), ())
                if holders:
                    return Taken(at, matter, how, code, post, holders, up, tuple(passed))
                passed.append(Passed(code, post, department))
            last, row, up = row, self.tree.above[row], up + 1
        how_not: How = "nobody" if last in self._tops else "broken_chain"
        return Taken(at, matter, how_not, None, None, (), None, tuple(passed))

    def route(self, orders: Any) -> Routed:
        """Return who takes each order, by the same rule as ``take``.

        Args:
            orders: One row per order: ``unit`` (code of the address), ``matter``; further columns are kept. A lazy
                frame is asked once, for its distinct pairs and how many there are of each.

        Raises:
            DataError: If the frame does not fit, names a unit or a kind of matter that there is not, or has a column
                of the result.
        """
        import narwhals as nw
        import polars as pl

        frame, back = adopt(orders)
        _check_columns(frame.collect_schema())
        pairs = frame.select(nw.col("unit", "matter").cast(nw.String))
        if isinstance(pairs, nw.LazyFrame):
            pairs = pairs.group_by("unit", "matter").agg(orders=nw.len()).collect()
        else:
            pairs = pairs.with_columns(orders=nw.lit(1))
        known = self._known(pairs.to_polars()).group_by("_row", "matter")
        counted = known.agg(pl.col("unit").first(), pl.col("orders").cast(pl.Int64).sum())
        taken, passed = self._of_pairs(counted)
        result = beside(frame, taken)
        return Routed(back(result), passed)

    def _known(self, orders: pl.DataFrame) -> pl.DataFrame:
        """Return orders with the row of their unit, ``_row``; it is an error if there is none."""
        import narwhals as nw

        orders = orders.join(self._rows, on="unit", how="left", maintain_order="left")
        gone = Title(zh=f"{self.tree.day} 没有这个单元", en=f"there is no such unit on {self.tree.day}")
        hint = did_you_mean("", self.grid.matters)
        unknown = Title(zh=f"没有这种事项{hint.zh}", en=f"no such kind of matter{hint.en}")
        no_unit = ~nw.col("unit").is_null() & nw.col("_row").is_null()
        no_matter = ~nw.col("matter").is_null() & ~nw.col("matter").is_in(list(self.grid.matters))
        more = [
            Fault("unknown-unit", "unit", no_unit, gone, show=True),
            Fault("unknown-matter", "matter", no_matter, unknown, show=True),
        ]
        check_table(ORDERS, nw.from_native(orders), more=more)
        return orders

    def _matter(self, name: str) -> Matter:
        if name not in self.grid.matters:
            hint = did_you_mean(name, self.grid.matters)
            raise UsageError.because(
                "unknown-matter", zh=f"没有事项 `{name}`{hint.zh}", en=f"no kind of matter `{name}`{hint.en}"
            )
        return self.grid.matters[name]

    def _answering(self, matter: Matter, row: int) -> Iterator[tuple[How, str, str | None]]:
        """Yield the posts of a unit that answer for a matter, in order; the rule allows one of each way at most."""
        level, kind = self.tree.frame["level"][row], self.tree.frame["kind"][row]
        for how, key, department in _ways(self.grid, matter):
            post = self.grid.posts[key]
            if post.level == level and (not post.kinds or kind in post.kinds):
                yield how, key, department

    @cached_property
    def _tops(self) -> frozenset[int]:
        return frozenset(self.tree.tops)

    @cached_property
    def _holders(self) -> Mapping[tuple[str, str, str | None], tuple[str, ...]]:
        """All holders by unit and post, and again by department, each in the order of their ids."""
        found: dict[tuple[str, str, str | None], set[str]] = {}
        for unit, seat, holder, department in self.held.select("unit", "seat", "holder", "department").iter_rows():
            found.setdefault((unit, seat, None), set()).add(holder)
            if department is not None:
                found.setdefault((unit, seat, department), set()).add(holder)
        return {key: tuple(sorted(holders)) for key, holders in found.items()}

    def _of_pairs(self, pairs: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return who takes each pair of unit and matter, and the empty posts passed."""
        import polars as pl

        taken, passed = [none_taken()], [none_passed()]
        for name in pairs["matter"].unique(maintain_order=True):
            mine = pairs.filter(pl.col("matter") == name)
            one, empty = self._of_matter(self.grid.matters[name], mine)
            taken.append(one)
            passed.append(empty)
        gone = pl.concat(passed).group_by("unit", "post", "department").agg(pl.col("orders").sum())
        return pl.concat(taken), gone.sort("unit", "post", "department")

    def _of_matter(self, matter: Matter, pairs: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        import polars as pl

        ways = [(way, self._holding(*way[1:])) for way in _ways(self.grid, matter)]
        tops = pl.Series(sorted(self._tops), dtype=pl.UInt32)
        codes, levels = self.tree.frame["code"], self.tree.frame["level"]
        going = pairs.select("unit", "matter", "orders", here="_row").with_columns(passed=pl.lit(0, dtype=pl.Int64))
        taken, passed = [none_taken()], [none_passed()]
        up = -1
        while not going.is_empty():
            up += 1
            for (how, post, department), holding in ways:
                # Null where the unit has no such post, 0 where nobody holds it.
                going = going.with_columns(holding["n"].gather(going["here"]).alias("_count"))
                empty = going.filter(pl.col("_count") == 0)
                passed.append(
                    empty.select(
                        codes.gather(empty["here"]).alias("unit"),
                        pl.lit(post).alias("post"),
                        pl.lit(department, dtype=pl.String).alias("department"),
                        pl.col("orders").cast(pl.Int64),
                    )
                )
                there = going.filter(pl.col("_count") > 0)
                taken.append(
                    there.select(
                        "unit",
                        "matter",
                        codes.gather(there["here"]).alias("taken_by"),
                        levels.gather(there["here"]).alias("level"),
                        pl.lit(post).alias("post"),
                        holding["only"].gather(there["here"]).alias("holder"),
                        pl.col("_count").alias("holders"),
                        pl.lit(how).alias("how"),
                        pl.lit(up, dtype=pl.Int64).alias("up"),
                        "passed",
                    )
                )
                going = going.filter(pl.col("_count").is_null() | (pl.col("_count") == 0))
                going = going.with_columns(passed=pl.col("passed") + (pl.col("_count") == 0).fill_null(False))
            above = self.tree.above.gather(going["here"])
            ended = going.filter(above.is_null())
            at_top = ended["here"].is_in(tops.implode())
            how_not = pl.when(at_top).then(pl.lit("nobody")).otherwise(pl.lit("broken_chain"))
            taken.append(untaken(ended, how_not))
            going = going.with_columns(above.alias("here")).filter(above.is_not_null())
        return pl.concat(taken), pl.concat(passed)

    @cached_property
    def _rows(self) -> pl.DataFrame:
        """The row of each code, as a frame; the first, if a code stands twice."""
        codes = self.tree.frame.select(unit="code")
        return codes.with_row_index("_row").unique("unit", keep="first")

    def _holding(self, post: str, department: str | None) -> pl.DataFrame:
        """Return for each row of the tree how many hold a post there, and who, where it is one.

        ``n`` is null where there is no such post. A whole country takes a second, so that it is kept.
        """
        import polars as pl

        if (post, department) not in self._held:
            held = self._mine(post, department).select("unit", "holder").unique()
            held = held.group_by("unit").agg(n=pl.len().cast(pl.Int64), only=pl.col("holder").first())
            there = self.tree.frame.select("level", "kind", unit="code")
            rule: Post = self.grid.posts[post]
            self._held[post, department] = there.join(held, on="unit", how="left", maintain_order="left").select(
                pl.when(with_seat(rule)).then(pl.col("n").fill_null(0)), pl.when(pl.col("n") == 1).then("only")
            )
        return self._held[post, department]

    def _mine(self, post: str, department: str | None) -> pl.DataFrame:
        import polars as pl

        mine = self.held.filter(pl.col("seat") == post)
        return mine if department is None else mine.filter(pl.col("department") == department)


def _ways(grid: Grid, matter: Matter) -> Iterator[tuple[How, str, str | None]]:
    """Yield each way in which a post may answer for a matter, in the order in which they are tried in a unit."""
    for key, post in grid.posts.items():
        if matter.duty is not None and matter.duty in post.duties:
            yield "duty", key, None
    for key, post in grid.posts.items():
        if matter.department is not None and matter.department in post.departments:
            yield "liaison", key, matter.department
    for key, post in grid.posts.items():
        if post.stands_in and (matter.duty is None or matter.duty not in post.duties):
            yield "stand_in", key, None


def _check_columns(schema: Any) -> None:
    """Refuse orders whose columns are missing, of another kind, or called as one of the result."""
    problems = list(column_problems(ORDERS, schema))
    for name in ("taken_by", "level", "post", "holder", "holders", "how", "up", "passed"):
        if name in schema:
            zh = f"列 `{name}` 与结果的列同名，请改名"
            en = f"the column `{name}` has the name of one of the result; rename it"
            problems.append(Problem("bad-key", Title(zh=zh, en=en), path=name))
    if problems:
        raise DataError(problems)


def router(grid: Grid, units: Units, holders: Holders, *, on: str | Period | dt.date) -> Router:
    """Make a grid ready for routing on a day.

    Args:
        grid: The rule.
        units: The units.
        holders: Who is there.
        on: The day; a period stands for its first.

    Returns:
        What takes one matter in some microseconds (``take``), or a frame of them (``route``).

    Example:
        >>> import polars as pl
        >>> from communitygov.grid.rules import Level
        >>> from communitygov.grid.units import load_holders, load_units
        >>> grid = Grid(
        ...     levels={"street": Level(order=1), "community": Level(order=2, on=("street",))},
        ...     posts={
        ...         "worker": Post(
        ...             level="community", per_unit="any", duties={"repair": Title(zh="维修", en="repairs")}
        ...         ),
        ...         "chief": Post(
        ...             level="street", per_unit="exactly_one", duties={"repair": Title(zh="维修", en="repairs")}
        ...         ),
        ...     },
        ...     matters={"lamp": Matter(duty="repair")},
        ... )
        >>> units = load_units(
        ...     grid,
        ...     pl.DataFrame(
        ...         {
        ...             "code": ["s", "c"],
        ...             "name": ["S", "C"],
        ...             "level": ["street", "community"],
        ...             "parent": [None, "s"],
        ...         }
        ...     ),
        ... )
        >>> holders = load_holders(grid, pl.DataFrame({"unit": ["s"], "seat": ["chief"], "holder": ["p1"]}))
        >>> taken = router(grid, units, holders, on="2024").take("c", "lamp")
        >>> taken.unit, taken.holders, taken.up, [one.post for one in taken.passed]
        ('s', ('p1',), 1, ['worker'])
    """
    return Router(units.on(on), holders.on(on))


def route(grid: Grid, units: Units, holders: Holders, orders: Any, *, on: str | Period | dt.date) -> Routed:
    """Find who takes each of many orders: ``router(...).route(orders)``.

    Args:
        grid: The rule.
        units: The units.
        holders: Who is there.
        orders: One row per order: ``unit`` (code of the address), ``matter``; further columns are kept.
        on: The day; a period stands for its first.

    Raises:
        DataError: If the frame does not fit, or names a unit or a kind of matter that there is not.
    """
    return router(grid, units, holders, on=on).route(orders)
