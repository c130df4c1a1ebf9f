"""What is wrong with what changes of units would make: with units as they are, then and later."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from attrs import evolve

from communitygov.grid.adjust_told import Told, nothing
from communitygov.grid.changes import Merge, Move, Recode
from communitygov.grid.check import check_grid
from communitygov.grid.dated import in_force
from communitygov.grid.findings import Checked
from communitygov.grid.tree import Tree
from communitygov.grid.units import Units
from communitygov.vocabulary.faults import SHOWN
from communitygov.vocabulary.problem import Problem, did_you_mean
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["later_problems", "made_problems", "new_findings", "numbers_of"]


def made_problems(
    tree: Tree, said: Sequence[Told], begun: pl.DataFrame, units: Units, day: dt.date
) -> Iterator[Problem]:
    """Yield what is wrong with the units that changes make: upper units not there, codes that stand twice, no change.

    Args:
        tree: The units of the day before.
        said: The changes.
        begun: The rows that they begin.
        units: All units after them.
        day: The day they hold from.
    """
    import polars as pl

    after = units.on(day)
    for one in said:
        if one.parent is not None and one.parent not in after.rows:
            hint = did_you_mean(
                one.parent, after.frame.filter(pl.col("code").str.starts_with(one.parent[:2]))["code"][:50]
            )
            zh, en = f"{day} 没有单元 `{one.parent}`{hint.zh}", f"there is no unit `{one.parent}` on {day}{hint.en}"
            yield one.problem("unknown-unit", zh, en)
        olds = tree.frame[list(one.rows)]
        mine = begun.filter((pl.col("_number") == one.number) & pl.col("code").is_in(list(one.codes)))
        if isinstance(one.change, Merge) and mine["parent"].has_nulls() and olds["parent"].null_count() < olds.height:
            zh, en = "各单元的上级不同，请写明 parent", "its units stand on several; say on which with `parent`"
            yield one.problem("which-parent", zh, en)
        same = ["code", "name", "kind", "parent"]
        if isinstance(one.change, Move | Recode) and mine.select(same).row(0) == olds.select(same).row(0):
            yield nothing(one.number, one.change)
    yield from _taken_codes(said, begun, units, day)


def _taken_codes(said: Sequence[Told], begun: pl.DataFrame, units: Units, day: dt.date) -> Iterator[Problem]:
    """Yield the new codes that stand twice at some time from the day on."""
    import polars as pl

    there = units.frame.filter(pl.col("until").is_null() | (pl.col("until") >= day))
    there = there.filter(pl.col("code").is_in(begun["code"].implode())).sort("code", "since", nulls_last=False)
    last = pl.col("until").shift(1).over("code")
    again = (pl.int_range(pl.len()).over("code") > 0) & (
        last.is_null() | (pl.col("since").is_null() | (pl.col("since") <= last))
    )
    taken = there.filter(again)["code"].unique()
    mine = begun.filter(pl.col("code").is_in(taken.implode())).group_by("_number").agg(pl.col("code").unique().sort())
    for number, codes in mine.iter_rows():
        shown = ", ".join(codes[:SHOWN]) + (" ..." if len(codes) > SHOWN else "")
        zh, en = f"新代码已有单元使用：{shown}", f"new codes are those of other units too: {shown}"
        yield said[number - 1].problem("code-taken", zh, en)


def later_problems(units: Units, codes: pl.DataFrame, before: dt.date, direct: set[str]) -> Iterator[Problem]:
    """Yield the rows of the data that speak, after the day before, of units that are gone by then.

    Args:
        units: The units without the changes.
        codes: What became of each unit.
        before: The last day of what ended.
        direct: The codes that changes name.
    """
    import polars as pl

    gone = pl.Series([*codes.filter(pl.col("old") != pl.col("new"))["old"], *direct], dtype=pl.String).implode()
    later = units.frame.filter(pl.col("since") > before)
    later = later.filter(pl.col("code").is_in(gone) | pl.col("parent").is_in(gone))
    if later.height:
        shown = ", ".join(later["code"].head(SHOWN)) + (" ..." if later.height > SHOWN else "")
        message = Title(
            zh=f"数据中 {later.height} 行写的是 {before} 之后有变动的单元：{shown}；请先改正这些行，或改用更晚的日期",
            en=f"{later.height} rows speak of changed units after {before}: {shown}; mend them, or take a later day",
        )
        yield Problem("changed-later", message)
    lasting = in_force(units.frame, before + dt.timedelta(days=1))["code"]
    lost = codes.filter((pl.col("change") == "same") & ~pl.col("old").is_in(lasting.implode()))["old"]
    if len(lost):
        shown = ", ".join(lost.head(SHOWN)) + (" ..." if len(lost) > SHOWN else "")
        message = Title(
            zh=f"{len(lost)} 个单元在 {before} 终止而没有去向：{shown}；同一天的变动请写在一起",
            en=f"{len(lost)} units end on {before} and go nowhere: {shown}; put all changes of a day in one list",
        )
        yield Problem("already-ends", message)


def numbers_of(tree: Tree, begun: pl.DataFrame) -> pl.DataFrame:
    """Return the number of the change that each unit has to do with: its own, else that of one that came or left.

    Args:
        tree: The units of the day before.
        begun: The rows that changes begin.

    Returns:
        ``unit`` (code) and ``number``.
    """
    import polars as pl

    was = tree.frame["parent"].gather(begun["_was"]).alias("unit")
    parts = [begun.select(unit="code", number="_number"), begun.select(unit="parent", number="_number")]
    left = pl.DataFrame([was, begun["_number"].alias("number")])
    return pl.concat([*parts, left]).drop_nulls().unique("unit", keep="first", maintain_order=True)


_ABOUT_CODES = ("bad-code", "not-under-parent", "wrong-level")
_FOUND_ELSE = ("duplicate-code", "tally-differs")


def new_findings(
    units: Units, adjusted: Units, codes: pl.DataFrame, said: Sequence[Told], numbers: pl.DataFrame, day: dt.date
) -> Iterator[Problem]:
    """Yield what ``check_grid`` finds on the day, and does not find without the changes.

    What is found of a unit was there before if it was found of the unit that this one was, but for what merged units
    come to, and for the code and the place of a unit that a change names.

    Args:
        units: The units without the changes.
        adjusted: The units with them.
        codes: What became of each unit.
        said: The changes.
        numbers: ``unit`` and ``number``, as ``numbers_of`` gives them.
        day: The day they hold from.
    """
    import polars as pl

    key = ["finding", "unit", "rule"]
    was = _checked(units, day).frame.select(key)
    kept = codes.filter(pl.col("change") != "merge").select("old", "new")
    named = pl.Series([code for one in said for code in one.codes], dtype=pl.String).implode()
    excused = was.join(kept, left_on="unit", right_on="old").select("finding", "rule", unit="new")
    excused = excused.filter(~(pl.col("finding").is_in(list(_ABOUT_CODES)) & pl.col("unit").is_in(named)))
    # What is found of a unit that only began on the day has nothing to do with the changes.
    others = was.join(codes, left_on="unit", right_on="old", how="anti")
    now = _checked(adjusted, day)
    new = now.frame.filter(~pl.col("finding").is_in(list(_FOUND_ELSE)))
    new = new.join(excused, on=key, how="anti").join(others.select(key), on=key, how="anti")
    new = new.join(numbers, on="unit", how="left", maintain_order="left")
    for (number,), rows in new.group_by("number", maintain_order=True):
        problems = Checked(rows.drop("number"), (), ()).problems(most=SHOWN)
        more = rows.height - len(problems)
        messages = [(f"{one.code}: {one.message.zh}", f"{one.code}: {one.message.en}") for one in problems]
        if more:
            messages.append((f"此外还有 {more} 项", f"{more} more like these"))
        for zh, en in messages:
            if number is None:
                yield Problem("new-finding", Title(zh=zh, en=en))
                continue
            one = said[number - 1]
            hint = _below(one, rows)
            yield one.problem("new-finding", f"{zh}{hint.zh}", f"{en}{hint.en}")


def _below(told: Told, rows: pl.DataFrame) -> Title:
    """Return what to do about codes below that no longer begin as they should."""
    if told.change.below or "not-under-parent" not in rows["finding"]:
        return Title(zh="", en="")
    return Title(zh="；可用 below 一并更改下级代码", en="; with `below` the codes below change too")


def _checked(units: Units, day: dt.date) -> Checked:
    """Return what is found in units, their outlines left out: those of what is split or merged are not known."""
    bare = units
    if "geometry" in units.frame.columns:
        bare = evolve(units, frame=units.frame.drop("geometry"))
    return check_grid(units.grid, bare, on=day)
