"""Deadlines of a whole column: the same rule as one deadline's, by an index and a search instead of a walk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from communitygov.vocabulary.calendar import Calendar
from communitygov.vocabulary.clock import beyond, wall_clock
from communitygov.vocabulary.counting import Counting
from communitygov.vocabulary.counting_columns import ColumnCounting, in_columns
from communitygov.vocabulary.deadline import Budget, counting_of
from communitygov.vocabulary.errors import DataError, UsageError
from communitygov.vocabulary.frames import adopt, in_kind_of
from communitygov.vocabulary.problem import Problem, did_you_mean
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["due_instants", "dues", "lateness"]

RESULT = ("due", "provisional")

_MOST = 2**61
"""What instants and budgets are held to, so that no sum of theirs leaves 63 bits; no calendar goes so far."""

_OPEN = 2**62
"""The end of a pause that has none yet, after all others."""


def due_instants(frame: Any, budget: Budget, calendar: Calendar, *, start: str) -> Any:
    """Return a frame with when each of its deadlines falls due: ``due`` of one deadline, for a column of starts.

    Args:
        frame: One row per deadline, of any kind of frame. A lazy frame is asked once, for its distinct starts.
        budget: How much time there is.
        calendar: The working days and hours.
        start: The column of starts: dates and times with a time zone, to the microsecond.

    Returns:
        The frame, of its own kind, with two columns more: ``due`` (date and time, in the calendar's zone where the
        kind of frame has zones) and ``provisional`` (whether it rests on a year that is not published). Where the
        start is missing, both are.

    Raises:
        DataError: If the column is not there, holds no times, no time zone or parts of a microsecond, or the frame has
            a column of the result.
        UsageError: If hours are needed and the calendar has none, or the days that can be counted do not suffice.

    Source:
        Semantics of procedures, 4.4 and 4.5.

    Example:
        >>> import polars as pl
        >>> from communitygov.vocabulary.calendar import cn_statutory
        >>> at = pl.Series(["2024-09-29T15:30+0800", "2026-12-30T09:00+0800"]).str.to_datetime("%FT%R%z")
        >>> five = Budget(5, "working_days", begins="day_after")
        >>> orders = due_instants(pl.DataFrame({"at": at}), five, cn_statutory("Asia/Shanghai"), start="at")
        >>> orders.select(pl.col("due").dt.to_string("%F %R"), "provisional").rows()
        [('2024-10-12 00:00', False), ('2027-01-07 00:00', True)]
    """
    import narwhals as nw
    import polars as pl

    adopted, back = adopt(frame)
    _check(adopted.collect_schema(), start)
    asked = adopted.select(start)
    lazy = isinstance(asked, nw.LazyFrame)
    if isinstance(asked, nw.LazyFrame):
        asked = asked.unique().collect()
    times = asked.to_polars()[start]
    found = dues(_instants(times), budget.units, counting_of(budget, calendar), calendar)
    shown = pl.col("due").cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(calendar.zone)
    result = found.select(shown, "provisional")
    if lazy:
        other = in_kind_of(adopted, result.with_columns(times.alias("_start")))
        return back(adopted.join(other, left_on=start, right_on="_start", how="left"))
    if adopted.implementation.is_polars():
        return back(adopted.with_columns(*nw.from_native(result).iter_columns()))
    beside = nw.from_native(result.to_pandas().set_axis(adopted.to_native().index, axis=0))
    return back(adopted.with_columns(*beside.iter_columns()))


def _check(schema: Any, start: str) -> None:
    """Refuse a frame without the column, with one that holds no times with a zone, or with one of the result."""
    import narwhals as nw

    if start not in schema:
        hint = did_you_mean(start, schema)
        raise DataError(
            Problem(
                "missing-column",
                Title(zh=f"数据没有列 `{start}`{hint.zh}", en=f"the data have no column `{start}`{hint.en}"),
                path=start,
            )
        )
    kind, problems = schema[start], []
    if not isinstance(kind, nw.Datetime):
        zh, en = (
            f"列 `{start}` 须为带时区的时间，却是 {kind}",
            f"column `{start}` must hold times with a zone, found {kind}",
        )
        problems.append(Problem("wrong-column-type", Title(zh=zh, en=en), path=start))
    elif kind.time_zone is None:
        zh, en = (
            f"列 `{start}` 的时间没有时区；请写明",
            f"the times of column `{start}` have no time zone; give them theirs",
        )
        problems.append(Problem("naive-time", Title(zh=zh, en=en), path=start))
    for name in RESULT:
        if name in schema:
            zh = f"列 `{name}` 与结果的列同名，请改名"
            en = f"the column `{name}` has the name of one of the result; rename it"
            problems.append(Problem("bad-key", Title(zh=zh, en=en), path=name))
    if problems:
        raise DataError(problems)


def _instants(times: pl.Series) -> pl.Series:
    """Return times as microseconds since 1970 in UTC, exactly."""
    import polars as pl

    if getattr(times.dtype, "time_unit", None) == "ns" and (times.cast(pl.Int64) % 1000 != 0).any():
        name = times.name
        zh, en = f"列 `{name}` 的时间细于微秒，请先取舍", f"column `{name}` has parts of a microsecond; round it"
        raise DataError(Problem("too-many-decimals", Title(zh=zh, en=en), path=name))
    return times.dt.epoch("us")


def dues(
    starts: pl.Series,
    units: pl.Series | int,
    counting: Counting,
    calendar: Calendar,
    pauses: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Return when each of a column of deadlines falls due, with pauses: ``due`` of one deadline, for all of them.

    Args:
        starts: When each starts, in microseconds since 1970 in UTC (Int64); where it is missing, so is all that is
            found.
        units: How much time there is: microseconds of hours, or days, as ``Budget.units``; for all of them, or for
            each.
        counting: How they are counted, as ``counting_of`` says.
        calendar: The working days and hours.
        pauses: When deadlines do not run, in any order, overlapping or not: ``row`` (which of the starts, from 0),
            ``start`` and ``end`` (Int64, as the starts; the end is missing while the pause is open).

    Returns:
        One row per start: ``due`` (Int64, as the starts; missing while a pause is open that began before it),
        ``remainder`` (Int64, in units, of such a deadline; missing otherwise) and ``provisional`` (whether it rests on
        a year that is not published).

    Raises:
        UsageError: If a budget is not more than 0, a pause ends before it begins or is of no row, or the days that can
            be counted do not suffice.

    Source:
        Semantics of procedures, 4.4 and 4.5.

    Example:
        >>> import polars as pl
        >>> from communitygov.vocabulary.calendar import cn_statutory
        >>> calendar = cn_statutory("Asia/Shanghai")
        >>> five = Budget(5, "working_days", begins="day_after")
        >>> at = pl.Series([1_727_595_000_000_000] * 2)  # 2024-09-29T15:30+08:00
        >>> pauses = pl.DataFrame({"row": [1], "start": [1_728_349_200_000_000], "end": [None]})
        >>> dues(at, five.units, counting_of(five, calendar), calendar, pauses).rows()
        [(1728662400000000, None, False), (None, 4, False)]
    """
    import polars as pl

    there, columns = starts.is_not_null(), in_columns(counting)
    if not isinstance(units, pl.Series):
        units = pl.repeat(min(units, _MOST + 1), len(starts), dtype=pl.Int64, eager=True)
    given, left = starts.filter(there), units.filter(there)
    _check_units(left)
    _check_bounds(given, left)
    run = pl.DataFrame([columns.begin(given).alias("position"), left.alias("left")])
    run = run.with_columns(provisional=False, held=False)
    if pauses is not None:
        run = _after_pauses(run, columns, _apart(pauses, there))
    runs = run.filter(~pl.col("held"))
    due = columns.reach(columns.count(runs["position"]) + runs["left"])
    if not due.is_empty():
        for extreme in (due.min(), due.max()):
            wall_clock(calendar.zone).day(int(extreme))  # type: ignore[arg-type]  # refuses what cannot be counted
    marks = runs["provisional"] | columns.provisional(runs["position"], due)
    found = _spread(pl.DataFrame([due.alias("due"), marks.alias("marks")]), ~run["held"])
    found = run.select(
        found["due"],
        remainder=pl.when("held").then("left"),
        provisional=pl.when("held").then("provisional").otherwise(found["marks"]),
    )
    return _spread(found, there)


def lateness(dues: pl.DataFrame, at: pl.Series, counting: Counting) -> pl.DataFrame:
    """Return by how much each is late: the count beyond the budget, ``late_by`` of one deadline, for all of them.

    Args:
        dues: When they fall due, as ``dues`` found it.
        at: When each was done, or the instants that are asked about (Int64, as the starts).
        counting: How they are counted, as ``dues`` was told.

    Returns:
        One row per deadline: ``by`` (Int64, in units), ``past_due`` and ``provisional``. Where the start or the
        instant is missing, all are.

    Raises:
        UsageError: If the days that can be counted do not suffice.

    Example:
        >>> import polars as pl
        >>> from communitygov.vocabulary.calendar import Calendar
        >>> two = counting_of(Budget(2, "elapsed_hours"), Calendar("UTC"))
        >>> found = dues(pl.Series([0, None]), 7_200_000_000, two, Calendar("UTC"))
        >>> lateness(found, pl.Series([9_000_000_000, 0]), two).rows()
        [(1800000000, True, False), (None, None, None)]
    """
    import polars as pl

    _check_bounds(at)
    columns = in_columns(counting)
    past = (at > dues["due"]).fill_null(False)
    late = dues.filter(past)
    through = columns.through(at.filter(past))
    by = columns.count(through) - columns.count(late["due"])
    marks = late["provisional"] | columns.provisional(late["due"], through)
    found = _spread(pl.DataFrame([by.alias("by"), marks.alias("marks")]), past)
    there = pl.when(at.is_not_null() & dues["provisional"].is_not_null())
    return pl.select(
        by=there.then(found["by"].fill_null(0)),
        past_due=there.then(past),
        provisional=there.then(pl.coalesce(found["marks"], dues["provisional"])),
    )


def _check_units(units: pl.Series) -> None:
    if not (units > 0).fill_null(False).all():
        raise UsageError.because("bad-budget", zh="每个期限的数量须大于零", en="the amount of each must be more than 0")


def _check_bounds(*columns: pl.Series) -> None:
    """Refuse what no calendar reaches, before a sum of it could leave 63 bits."""
    if not all(column.is_between(-_MOST, _MOST).all() for column in columns):
        raise beyond()


def _spread(found: pl.DataFrame, kept: pl.Series) -> pl.DataFrame:
    """Return what was found for the rows that were kept, in their places; in all others it is missing."""
    import polars as pl

    if len(found) == len(kept):
        return found
    place = pl.select(pl.when(kept).then(kept.cum_sum() - 1)).to_series()
    return found.select(pl.all().gather(place))


def _apart(pauses: pl.DataFrame, there: pl.Series) -> Iterator[pl.DataFrame]:
    """Yield the first stretch of each row that any pause covers, then the second of each that has one, and so on.

    Args:
        pauses: The pauses.
        there: The rows that have a start; only these are numbered.
    """
    import polars as pl

    given = pauses.select(pl.col("row", "start", "end").cast(pl.Int64)).with_columns(pl.col("end").fill_null(_OPEN))
    row, start, end = given
    if not (row.is_between(0, len(there) - 1) & (start <= end)).fill_null(False).all():
        zh, en = (
            "每个中止须属于某一行，并且不在开始之前结束",
            "each pause must be of a row, and end no earlier than it begins",
        )
        raise UsageError.because("bad-pause", zh=zh, en=en)
    _check_bounds(start, end.filter(end != _OPEN))
    if not there.all():
        given = given.filter(there.gather(row))
        given = given.with_columns((there.cum_sum() - 1).gather(given["row"]).alias("row"))
    row, start, end = given.sort("row", "start")
    first, until = (row != row.shift(1)).fill_null(True), _latest_by_now(row, end)
    # Where one pause begins later than all of the same row before it ended, a new stretch does.
    begins = first | (start > until.shift(1)).fill_null(True)
    last = begins.shift(-1, fill_value=True)
    stretches = pl.DataFrame([row.filter(begins), start.filter(begins), until.filter(last).alias("end")])
    n = pl.int_range(pl.len())
    nth = n - pl.when(first.filter(begins)).then(n).otherwise(0).cum_max()
    stretches = stretches.with_columns(nth=nth).sort("nth", maintain_order=True)
    for size in stretches["nth"].rle().struct.field("len"):
        yield stretches.head(size).drop("nth")
        stretches = stretches.slice(size)


def _latest_by_now(row: pl.Series, end: pl.Series) -> pl.Series:
    """Return the latest end so far of the pauses of each row, of which the rows are in order.

    One running maximum does for all of them, where a window for each would take many times as long: its values go up
    from row to row, and in a row with the rank of the end among all ends.
    """
    size = len(end) + 1
    rank = (row.rle_id().cast(row.dtype) * size + end.rank("ordinal").cast(row.dtype) - 1).cum_max() % size
    return end.sort().gather(rank)


def _after_pauses(run: pl.DataFrame, columns: ColumnCounting, rounds: Iterator[pl.DataFrame]) -> pl.DataFrame:
    """Return where each deadline stands when its pauses are over, or in the one that holds it.

    Args:
        run: From when on each counts (``position``), what is ``left``, and whether it is ``provisional`` or ``held``.
        columns: How they are counted.
        rounds: Stretches of pauses, as ``_apart`` yields them.
    """
    import polars as pl

    position, left, provisional, held = run
    due = held.clone()  # of which it is known that no further pause changes anything
    for stretches in rounds:
        rows = stretches["row"]
        asked = stretches.with_columns(position.gather(rows), left.gather(rows), due.gather(rows).alias("due"))
        asked = asked.filter(~pl.col("due") & (pl.col("end") > pl.col("position")))
        asked = asked.with_columns(stop=pl.max_horizontal("position", "start"))
        counted = columns.count(asked["stop"]) - columns.count(asked["position"])
        before = counted >= asked["left"]  # it fell due before: a pause after that changes nothing
        due = due.scatter(asked["row"].filter(before), True)
        asked = asked.with_columns(left=pl.col("left") - counted).filter(~before)
        rows, is_open = asked["row"], asked["end"] == _OPEN
        marks = columns.provisional(asked["position"], asked["stop"])
        left = left.scatter(rows, asked["left"])
        provisional = provisional.scatter(rows.filter(marks), True)
        held = held.scatter(rows.filter(is_open), True)
        position = position.scatter(rows.filter(~is_open), asked["end"].filter(~is_open))
    return pl.DataFrame([position, left, provisional, held])
