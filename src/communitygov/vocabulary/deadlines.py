"""Deadlines of a whole column: the same rule as one deadline's, by an index and a search instead of a walk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from communitygov.vocabulary.calendar import Calendar
from communitygov.vocabulary.clock import wall_clock
from communitygov.vocabulary.counting import Days, OpenHours
from communitygov.vocabulary.deadline import Budget, counting_of
from communitygov.vocabulary.errors import DataError
from communitygov.vocabulary.frames import adopt
from communitygov.vocabulary.problem import Problem, did_you_mean
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["due_instants"]

RESULT = ("due", "provisional")


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
    found = _found(_instants(times), budget, calendar)
    result = pl.DataFrame(
        [
            found["due"].cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(calendar.zone),
            found["provisional"],
        ]
    )
    if lazy:
        other = _in_kind_of(adopted, result.with_columns(times.alias("_start")))
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


def _found(asked: pl.Series, budget: Budget, calendar: Calendar) -> pl.DataFrame:
    """Return the due instants of starts, in microseconds, and whether they are provisional."""
    import polars as pl

    counting = counting_of(budget, calendar)
    given = asked.drop_nulls()
    if given.is_empty():
        return pl.DataFrame({"due": asked, "provisional": pl.Series([None] * len(asked), dtype=pl.Boolean)})
    first, last = int(given.min()), int(given.max())  # type: ignore[arg-type]  # whole numbers
    starts = asked.fill_null(first)  # where none is, what is found is left out in the end
    clock, units = wall_clock(calendar.zone), budget.units
    # A later start is never due earlier: if the first and the last can be counted, all between can.
    ends = counting.reach(counting.count(counting.begin(last)) + units)
    days = range(clock.day(first), clock.day(ends) + 1)
    if isinstance(counting, Days):
        due, provisional = _by_days(starts, units, counting, first, last)
    elif isinstance(counting, OpenHours):
        due, provisional = _by_hours(starts, units, counting, days)
    else:
        due, provisional = starts + units, pl.repeat(False, len(starts), eager=True)
    there = pl.when(asked.is_not_null())
    return pl.select(due=there.then(due), provisional=there.then(provisional))


def _by_days(starts: pl.Series, units: int, counting: Days, first: int, last: int) -> tuple[pl.Series, pl.Series]:
    """Return when starts fall due: alike all between which no day ends, or begins where the day after is first."""
    import polars as pl

    clock, after = counting.clock, counting.begins == "day_after"
    number = clock.day if after else counting.ended
    steps = range(number(first), number(last) + 1)
    edges = [clock.midnight(n) if after else counting.end(n - 1) for n in steps]
    dues = [counting.last(counting.before[n + after] + units) for n in steps]
    marks = [counting.unsettled(n + after, due + 1) for n, due in zip(steps, dues, strict=True)]
    at = pl.Series(edges).search_sorted(starts, side="right") - 1
    return pl.Series([counting.end(n) for n in dues]).gather(at), pl.Series(marks).gather(at)


def _by_hours(starts: pl.Series, units: int, counting: OpenHours, days: range) -> tuple[pl.Series, pl.Series]:
    """Return when starts fall due: how much was open before each, the amount more, and the hours that reach it."""
    import polars as pl

    calendar = counting.calendar
    every = calendar.open_on == "every_day"
    hours = pl.DataFrame(
        [
            (start, end, every or calendar.worked[n] == 1, not every and calendar.unsettled[n] == 1)
            for n in days
            for start, end in calendar.pieces(n)
        ],
        schema=["opens", "closes", "open", "unsettled"],
        orient="row",
    )
    through = hours.select((pl.col("open", "unsettled") * (pl.col("closes") - pl.col("opens"))).cum_sum())
    before = through.select(pl.col("open", "unsettled").shift(1, fill_value=0))

    def counted(what: str, at: pl.Series, instant: pl.Series) -> pl.Series:
        since = (instant - hours["opens"].gather(at)).clip(0)
        return before[what].gather(at) + hours[what].cast(pl.Int64).gather(at) * since

    here = hours["closes"].search_sorted(starts, side="right")
    target = counted("open", here, starts) + units
    there = through["open"].search_sorted(target, side="left")
    due = hours["opens"].gather(there) + target - before["open"].gather(there)
    return due, counted("unsettled", there, due) > counted("unsettled", here, starts)


def _in_kind_of(frame: Any, table: pl.DataFrame) -> Any:
    """Return a table as a lazy frame of the kind of another, so that the two can be joined."""
    import narwhals as nw

    if frame.implementation.is_polars():
        return nw.from_native(table.lazy())
    arrow = table.to_arrow()  # noqa: F841 - found by its name in the query
    return nw.from_native(frame.to_native().query("frame", "select * from arrow"))
