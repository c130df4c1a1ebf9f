"""Counting time in whole columns: the same functions as of one instant, by arithmetic and look-up instead of a walk.

Columns are Polars series of Int64: instants in microseconds since 1970 in UTC, and what has been counted by them. Each
look-up table spans the days that its columns touch, no more.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Protocol

from attrs import frozen

from communitygov.vocabulary.clock import DAY, WallClock
from communitygov.vocabulary.counting import Counting, Days, Elapsed, OpenHours

if TYPE_CHECKING:
    import polars as pl

__all__ = ["ColumnCounting", "DaysColumn", "ElapsedColumn", "OpenHoursColumn", "first_shown", "in_columns"]

_MINUTE = 60_000_000
_FAR = 2**62
"""An instant after all others."""


class ColumnCounting(Protocol):
    """What ``Counting`` says of one instant, of each of a column; a column in which one is refused is refused."""

    def begin(self, start: pl.Series) -> pl.Series:
        """Return the instants from which on there is something to count."""

    def count(self, at: pl.Series) -> pl.Series:
        """Return what has been counted."""

    def reach(self, count: pl.Series) -> pl.Series:
        """Return the first instants at which so much, at least 1, has been counted."""

    def through(self, at: pl.Series) -> pl.Series:
        """Return the instants up to which lateness is counted."""

    def provisional(self, start: pl.Series, end: pl.Series) -> pl.Series:
        """Return whether what is counted between two instants rests on a day that is not settled."""


def in_columns(counting: Counting) -> ColumnCounting:
    """Return how whole columns are counted as one instant is.

    Args:
        counting: How one instant is: ``Elapsed``, ``OpenHours`` or ``Days``.

    Example:
        >>> import polars as pl
        >>> from communitygov.vocabulary.calendar import Calendar
        >>> from communitygov.vocabulary.deadline import Budget, counting_of
        >>> days = counting_of(Budget(5, "working_days", begins="day_of"), Calendar("Asia/Shanghai"))
        >>> starts = pl.Series([1_727_595_000_000_000, 1_727_681_400_000_000])
        >>> in_columns(days).count(starts).to_list() == [days.count(start) for start in starts]
        True
    """
    if isinstance(counting, Days):
        return DaysColumn(counting)
    if isinstance(counting, OpenHours):
        return OpenHoursColumn(counting)
    assert isinstance(counting, Elapsed), "there are three ways to count"
    return ElapsedColumn()


def first_shown(clock: WallClock, shown: pl.Series) -> pl.Series:
    """Return the first instants at which a clock shows times, or, where it leaps over one, a later one.

    Args:
        clock: The clock.
        shown: Days and times on the wall, in microseconds since 1970.

    Example:
        >>> import polars as pl
        >>> from communitygov.vocabulary.clock import wall_clock
        >>> first_shown(wall_clock("Asia/Shanghai"), pl.Series([DAY])).to_list()
        [57600000000]
    """
    import polars as pl

    # Times go up from one change of the clock to the next, which lies days away: whatever is shown at it is passed.
    turns = (at + before for at, before in zip(clock.since[1:], clock.offsets, strict=False))
    i = pl.Series(turns, dtype=pl.Int64).search_sorted(shown, side="right")
    offsets, since = (pl.Series(known, dtype=pl.Int64).gather(i) for known in (clock.offsets, clock.since))
    return pl.select(pl.max_horizontal(since, shown - offsets)).to_series()


def _span(clock: WallClock, *columns: pl.Series) -> range:
    """Return the days that instants touch; refuses what lies beyond the days that can be counted."""
    given = [column for column in columns if not column.is_empty()]
    if not given:
        return range(1)
    return range(clock.day(min(map(_least, given))), clock.day(max(map(_greatest, given))) + 1)


def _least(column: pl.Series) -> int:
    return int(column.min())  # type: ignore[arg-type]  # whole numbers, and there are some


def _greatest(column: pl.Series) -> int:
    return int(column.max())  # type: ignore[arg-type]  # likewise


def _times(clock: WallClock, days: range, time: int) -> pl.Series:
    """Return the instants at which the clock shows a time on each of some days."""
    import polars as pl

    return first_shown(clock, pl.int_range(days.start, days.stop, eager=True) * DAY + time)


def _days(clock: WallClock, at: pl.Series, span: range) -> pl.Series:
    """Return the days that instants lie in, of a span that holds them all: the last that has begun."""
    import polars as pl

    if at.is_empty():
        return at
    first, last = (bisect_right(clock.since, instant) - 1 for instant in (_least(at), _greatest(at)))
    if first == last:
        n = (at + clock.offsets[first]) // DAY
    else:
        i = pl.Series(clock.since[first + 1 : last + 1]).search_sorted(at, side="right")
        n = (at + pl.Series(clock.offsets[first : last + 1]).gather(i)) // DAY
    midnights = _times(clock, range(span.start, span.stop + 1), 0)
    # Where the clock was put back over midnight, a day that has begun has begun.
    return n + (midnights.gather(n + (1 - span.start)) <= at).cast(pl.Int64)


def _never(column: pl.Series) -> pl.Series:
    import polars as pl

    return pl.repeat(False, len(column), eager=True)


@frozen
class ElapsedColumn:
    """Time that passes, as ``Elapsed``."""

    def begin(self, start: pl.Series) -> pl.Series:
        """At once."""
        return start

    def count(self, at: pl.Series) -> pl.Series:
        """The instants themselves."""
        return at

    def reach(self, count: pl.Series) -> pl.Series:
        """The counts themselves."""
        return count

    def through(self, at: pl.Series) -> pl.Series:
        """The instants themselves."""
        return at

    def provisional(self, start: pl.Series, end: pl.Series) -> pl.Series:
        """Never: no calendar is asked."""
        return _never(end)


@frozen
class OpenHoursColumn:
    """Time inside the hours of a calendar, as ``OpenHours``.

    Args:
        one: How one instant is counted.
    """

    one: OpenHours

    def begin(self, start: pl.Series) -> pl.Series:
        """At once; the hours see to the rest."""
        return start

    def count(self, at: pl.Series) -> pl.Series:
        """The open time before the days, and that part of theirs."""
        span = _span(self.one.clock, at)
        return _passed(self._stretches(span, self._open), at) + self.one.calendar.open_before[span.start]

    def reach(self, count: pl.Series) -> pl.Series:
        """A search in what is counted by the end of each stretch of hours."""
        if count.is_empty():
            return count
        # What is reached may be the end of a day; the moment before lies on the day that is looked for.
        ends = (self.one.clock.day(self.one.reach(extreme(count)) - 1) for extreme in (_least, _greatest))
        first, last = ends
        hours = self._stretches(range(first, last + 1), self._open)
        left = count - self.one.calendar.open_before[first]
        at = (hours["before"] + hours["closes"] - hours["opens"]).search_sorted(left, side="left")
        return hours["opens"].gather(at) + left - hours["before"].gather(at)

    def through(self, at: pl.Series) -> pl.Series:
        """The instants themselves."""
        return at

    def provisional(self, start: pl.Series, end: pl.Series) -> pl.Series:
        """Whether hours of an unsettled day lie between, be it held to be open or not."""
        calendar = self.one.calendar
        span = _span(self.one.clock, start, end)
        before = calendar.unsettled_before
        if calendar.open_on == "every_day" or before[span.start] == before[span.stop]:
            return _never(end)
        hours = self._stretches(span, calendar.unsettled)
        return _passed(hours, end) > _passed(hours, start)

    @property
    def _open(self) -> bytes:
        calendar = self.one.calendar
        return calendar.worked if calendar.open_on == "working_days" else b"\1" * len(calendar.worked)

    def _stretches(self, span: range, wanted: bytes) -> pl.DataFrame:
        """Return the hours of the days that are wanted: when they open and close, and what lies before; one after all.

        Args:
            span: The days that are looked at.
            wanted: For each day since 1970 a 1 if its hours are wanted, else a 0.
        """
        import polars as pl

        clock, calendar = self.one.clock, self.one.calendar
        days = [n for n in span if wanted[n]]
        usual = pl.Series([n for n in days if n not in clock.odd_days], dtype=pl.Int64)
        midnight = first_shown(clock, usual * DAY)
        of_usual = [
            pl.DataFrame(
                [(midnight + hours.opens * _MINUTE).alias("opens"), (midnight + hours.closes * _MINUTE).alias("closes")]
            )
            for hours in calendar.hours
        ]
        odd = [piece for n in days if n in clock.odd_days for piece in calendar.pieces(n)]
        schema = {"opens": pl.Int64, "closes": pl.Int64}
        found = pl.concat([*of_usual, pl.DataFrame(odd, schema=schema, orient="row")]).sort("opens")
        found = pl.concat([found, pl.DataFrame([(_FAR, _FAR)], schema=schema, orient="row")])
        length = pl.col("closes") - pl.col("opens")
        return found.with_columns(before=length.cum_sum() - length)


def _passed(stretches: pl.DataFrame, at: pl.Series) -> pl.Series:
    """Return how much of stretches of time has passed by instants."""
    i = stretches["closes"].search_sorted(at, side="right")
    return stretches["before"].gather(i) + (at - stretches["opens"].gather(i)).clip(0)


@frozen
class DaysColumn:
    """Days that have ended, as ``Days``.

    Args:
        one: How one instant is counted.
    """

    one: Days

    def begin(self, start: pl.Series) -> pl.Series:
        """At once, or at the end of the days of the starts."""
        import polars as pl

        if self.one.begins == "day_of":
            return start
        span = _span(self.one.clock, start)
        ends = self._ends(span).gather(_days(self.one.clock, start, span) - span.start)
        return pl.select(pl.max_horizontal(start, ends)).to_series()

    def count(self, at: pl.Series) -> pl.Series:
        """The days that have ended."""
        span = _span(self.one.clock, at)
        return self._counted(span).gather(self._ended(at, span))

    def reach(self, count: pl.Series) -> pl.Series:
        """The end of the day that counts as so manieth."""
        if count.is_empty():
            return count
        first, last = self.one.last(_least(count)), self.one.last(_greatest(count))
        span = range(first, last + 1)
        counts = self._counted(span).diff().slice(1) > 0  # of each day, whether it does
        return self._ends(span).filter(counts).gather(count - (self.one.before[first] + 1))

    def through(self, at: pl.Series) -> pl.Series:
        """The end of the day: one that has begun counts as late."""
        import polars as pl

        span = _span(self.one.clock, at)
        ends = self._ends(range(span.start - 1, span.stop + 1))
        n = _days(self.one.clock, at, span) - span.start
        near = [ends.gather(n + beside) for beside in (0, 1, 2)]
        return pl.select(
            pl.when(near[0] >= at).then(near[0]).when(near[1] >= at).then(near[1]).otherwise(near[2])
        ).to_series()

    def provisional(self, start: pl.Series, end: pl.Series) -> pl.Series:
        """Whether a day ends between that may turn out free, or worked."""
        import polars as pl

        span = _span(self.one.clock, start, end)
        before = self.one.calendar.unsettled_before
        if not self.one.working or before[span.start] == before[span.stop]:
            return _never(end)
        unsettled = pl.Series(before[span.start : span.stop + 1])
        return unsettled.gather(self._ended(end, span)) > unsettled.gather(self._ended(start, span))

    def _ended(self, at: pl.Series, span: range) -> pl.Series:
        """Return how many days of a span have ended by instants that lie in it."""
        import polars as pl

        n = _days(self.one.clock, at, span) - span.start
        if self.one.until is None:  # a day ends as the next begins
            return n
        return n + (self._ends(span).gather(n) <= at).cast(pl.Int64)

    def _ends(self, span: range) -> pl.Series:
        return _times(self.one.clock, span, self.one.closes)

    def _counted(self, span: range) -> pl.Series:
        """Return how many days count before each of a span, and before the one after it."""
        import polars as pl

        return pl.Series(self.one.before[span.start : span.stop + 1], dtype=pl.Int64)
