"""The units of a day as a tree: which stands on which."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from attrs import field, frozen

from communitygov.grid.derived import with_parents_of_day
from communitygov.grid.rules import Grid
from communitygov.grid.tables import units_table
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.problem import did_you_mean

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Tree", "tree_of"]


@frozen(eq=False)
class Tree:
    """The units that there are on a day, and which stands on which.

    Args:
        grid: The rule.
        day: The day.
        frame: One row per unit: the columns of ``Units.frame``, and as ``parent`` the one of the day.
        stands_on: For each row of ``frame``, the row of the unit that it stands on; null at the top, and where that one
            is not there. Of units with one code the first is stood on, in the order of what is known of them and not
            of rows.
        on_cycle: For each row, whether following ``stands_on`` comes back to it.
    """

    grid: Grid
    day: dt.date
    frame: pl.DataFrame = field(repr=False)
    stands_on: pl.Series = field(repr=False)
    on_cycle: pl.Series = field(repr=False)

    @cached_property
    def above(self) -> pl.Series:
        """The same as ``stands_on``, to be followed without end: null for a unit that comes back to itself."""
        import polars as pl

        rows = pl.DataFrame({"above": self.stands_on, "on_cycle": self.on_cycle})
        return rows.select(pl.when(~pl.col("on_cycle")).then(pl.col("above")))["above"]

    @cached_property
    def tops(self) -> pl.Series:
        """The rows of the units at the top of the data: those of the highest level that they have."""
        import polars as pl

        there = set(self.frame["level"].unique())
        highest = [key for key in self.grid.ordered if key in there][:1]  # none on a day without any unit
        return self.frame["level"].is_in(pl.Series(highest, dtype=pl.String).implode()).arg_true()

    @cached_property
    def rows(self) -> Mapping[str, int]:
        """The row of each code; the first, if a code stands twice."""
        codes = self.frame["code"].to_list()
        return dict(zip(reversed(codes), reversed(range(len(codes))), strict=True))

    def row(self, code: str) -> int:
        """Return the row of a unit.

        Args:
            code: Its code.

        Raises:
            UsageError: If there is no such unit on the day; it names a code that is like it.
        """
        if code not in self.rows:
            raise self.without(code)
        return self.rows[code]

    def without(self, code: str) -> UsageError:
        """Return the error that there is no such unit on the day; it names a code that is like it.

        Args:
            code: The code that was asked for.
        """
        near = did_you_mean(code, self._like(code))
        return UsageError.because(
            "unknown-unit",
            zh=f"{self.day} 没有代码为 `{code}` 的单元{near.zh}",
            en=f"there is no unit `{code}` on {self.day}{near.en}",
        )

    def _like(self, code: str) -> list[str]:
        """Return codes that begin as a code does, so that the nearest is not looked for among all of a country."""
        for length in range(len(code), 0, -1):
            found = self.frame["code"].filter(self.frame["code"].str.starts_with(code[:length])).head(50)
            if len(found):
                return found.to_list()
        return []

    def chain(self, code: str) -> tuple[str, ...]:
        """Return the codes from a unit upward, itself first.

        Args:
            code: The unit's code.

        Raises:
            UsageError: If there is no such unit.
        """
        row: int | None = self.row(code)
        found = []
        while row is not None:
            found.append(self.frame["code"][row])
            row = self.above[row]
        return tuple(found)


def tree_of(grid: Grid, frame: pl.DataFrame, day: dt.date) -> Tree:
    """Return the tree of the units of a day.

    Args:
        grid: The rule.
        frame: The units of the day, as ``Units`` has them; which one stands on is settled for the day.
        day: The day.
    """
    import polars as pl

    frame = with_parents_of_day(frame, grid)
    if frame["code"].is_duplicated().any():
        known = [column.name for column in units_table(grid).columns if column.name in frame.columns]
        frame = frame.sort(known)
    rows = frame.select("code").with_row_index("row").unique("code", keep="first")
    stands_on = frame.select("parent").join(rows, left_on="parent", right_on="code", how="left", maintain_order="left")
    above = stands_on["row"].cast(pl.UInt32)
    return Tree(grid, day, frame, above, _on_cycle(grid, frame, above))


def _on_cycle(grid: Grid, frame: pl.DataFrame, above: pl.Series) -> pl.Series:
    """Return which units come back to themselves.

    A cycle has a unit that stands on none of a higher level; only from those is it looked for.
    """
    import polars as pl

    orders = pl.Series([level.order for level in grid.ordered.values()], dtype=pl.Int32)
    ranks = frame["level"].replace_strict(list(grid.ordered), orders)
    found: list[int] = []
    seen: set[int] = set()
    for start in (ranks.gather(above) >= ranks).fill_null(False).arg_true():
        row: int | None = start
        path: list[int] = []
        while row is not None and row not in seen:
            seen.add(row)
            path.append(row)
            row = above[row]
        if row is not None and row in path:
            found += path[path.index(row) :]
    numbers = pl.Series(range(frame.height), dtype=pl.UInt32)
    return numbers.is_in(pl.Series(found, dtype=pl.UInt32).implode())
