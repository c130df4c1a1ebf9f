"""Deadlines: when something falls due, and by how much it is late. Derived each time anew; nothing is stored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from fractions import Fraction
from functools import cached_property
from typing import Literal

from attrs import field, frozen

from communitygov.vocabulary.calendar import Calendar
from communitygov.vocabulary.clock import instant_of, moment_at, wall_clock
from communitygov.vocabulary.counting import Counting, Days, Elapsed, OpenHours, StartRule
from communitygov.vocabulary.errors import UsageError

__all__ = ["Budget", "Due", "Late", "Pause", "Unit", "counting_of", "due", "due_instant", "late_by", "late_count"]

Unit = Literal["elapsed_hours", "working_hours", "working_days", "natural_days", "same_day"]
"""What a deadline counts: time that passes, open hours, days that are worked, all days, or until the same day ends."""

_HOUR = 3600 * 1_000_000


def _exact(value: Fraction | int | str) -> Fraction:
    if isinstance(value, float):
        raise _bad_budget(f"{value} 不是精确的数，请用整数、分数或文字", f"{value} is not exact; write 3/2 or '1.5'")
    return Fraction(value)


def _bad_budget(zh: str, en: str) -> UsageError:
    return UsageError.because("bad-budget", zh=zh, en=en)


@frozen
class Budget:
    """How much time there is, in the unit that it is counted in.

    Args:
        amount: How many hours or days: more than 0; days are whole, hours may be a fraction; 1 for ``same_day``.
        unit: What is counted.
        begins: For working and natural days, whether the day of the start counts (if it has not ended yet) or the day
            after is the first. Not said for hours, which begin at once, nor for the same day.
        until: For days, the hour at which a day ends; midnight if it is None.

    Raises:
        UsageError: If the parts do not fit each other.

    Example:
        >>> Budget(5, "working_days", begins="day_after").amount
        Fraction(5, 1)
    """

    amount: Fraction = field(converter=_exact)
    unit: Unit
    begins: StartRule | None = None
    until: dt.time | None = None

    def __attrs_post_init__(self) -> None:
        hours = self.unit in ("elapsed_hours", "working_hours")
        if self.amount <= 0 or (self.amount * (_HOUR if hours else 1)).denominator != 1:
            raise _bad_budget(
                f"期限数量 {self.amount} 须大于零，天数为整数，小时精确到微秒",
                f"the amount {self.amount} must be more than 0; days are whole, hours have whole microseconds",
            )
        if (self.unit in ("working_days", "natural_days")) != (self.begins is not None):
            raise _bad_budget(
                "以工作日、自然日计的期限须写明从当日还是次日起算（`begins`），其他单位不写",
                "working and natural days need `begins`, the day of the start or the day after; other units have none",
            )
        if self.unit == "same_day" and self.amount != 1:
            raise _bad_budget("当日办结的数量为 1", "the same day is one day; its amount is 1")
        if self.until is not None and (hours or self.until.tzinfo is not None or self.until == dt.time(0)):
            raise _bad_budget(
                "`until` 是以天计的期限中一天截止的钟点（不带时区；午夜不写）",
                "`until` is the hour, without a zone, at which a day ends, for days only; leave it out for midnight",
            )

    @cached_property
    def units(self) -> int:
        """The amount as a whole number: microseconds of hours, or days."""
        return int(self.amount * self.scale)

    @property
    def scale(self) -> int:
        """How many such units are one hour, or one day."""
        return _HOUR if self.unit in ("elapsed_hours", "working_hours") else 1


def _zoned(moment: dt.datetime | None) -> int | None:
    return None if moment is None else instant_of(moment)


@frozen
class Pause:
    """A stretch of time in which a deadline does not run.

    Args:
        start: When it begins, with its time zone.
        end: When it ends; None while it is open.

    Raises:
        UsageError: If a time has no zone, or it ends before it begins.
    """

    start: dt.datetime
    end: dt.datetime | None = None

    def __attrs_post_init__(self) -> None:
        start, end = instant_of(self.start), _zoned(self.end)
        if end is not None and end < start:
            raise UsageError.because(
                "bad-pause",
                zh=f"中止在开始（{self.start}）之前就已结束（{self.end}）",
                en=f"the pause ends ({self.end}) before it begins ({self.start})",
            )


@frozen
class Due:
    """When a deadline falls due.

    Args:
        at: The instant, in the calendar's zone; None while a pause is open that began before it.
        remainder: What is left of the budget, in its unit, while a pause is open; None otherwise.
        provisional: Whether it rests on a day of a year that is not published.
    """

    at: dt.datetime | None
    remainder: Fraction | None
    provisional: bool


@frozen
class Late:
    """By how much something is late: the count beyond the budget, in its unit.

    Args:
        by: What has been counted since the due instant; 0 if nothing. A day counts as soon as it has begun.
        past_due: Whether the due instant has passed. What is done on the Saturday after the last working day, or at
            night after the last working hour, is past due and late by 0: which of the two makes it late, a rule says.
        provisional: Whether the due instant, or what is counted beyond it, rests on a year that is not published.
    """

    by: Fraction
    past_due: bool
    provisional: bool


def counting_of(budget: Budget, calendar: Calendar) -> Counting:
    """Return how a budget's unit is counted on a calendar.

    Args:
        budget: The budget.
        calendar: The working days and hours.

    Raises:
        UsageError: If hours are needed and the calendar has none.
    """
    clock = wall_clock(calendar.zone)
    if budget.unit == "elapsed_hours":
        return Elapsed()
    if budget.unit == "working_hours":
        if not calendar.hours:
            raise UsageError.because(
                "no-hours",
                zh="以工作小时计的期限需要日历写明服务时段，如 09:00-17:30",
                en="a deadline in working hours needs a calendar with hours, such as 09:00-17:30",
            )
        return OpenHours(calendar, clock)
    return Days(calendar, clock, budget.unit == "working_days", budget.begins or "day_of", budget.until)


def _joined(pauses: Iterable[Pause]) -> list[tuple[int, int | None]]:
    """Return the stretches that any pause covers, in order, apart from each other; None for the end of an open one."""
    found: list[tuple[int, int | None]] = []
    for start, end in sorted(((instant_of(one.start), _zoned(one.end)) for one in pauses), key=lambda one: one[0]):
        if not found or (found[-1][1] is not None and found[-1][1] < start):
            found.append((start, end))
        elif found[-1][1] is not None:
            found[-1] = (found[-1][0], None if end is None else max(found[-1][1], end))
    return found


def due_instant(
    start: int, units: int, counting: Counting, pauses: Iterable[tuple[int, int | None]] = ()
) -> tuple[int | None, int, bool]:
    """Return when a deadline falls due, all in whole numbers: the core of ``due``.

    Args:
        start: When it starts, in microseconds since 1970 in UTC.
        units: The budget in whole units: microseconds of hours, or days.
        counting: How the unit is counted.
        pauses: Stretches in which it does not run, in order and apart from each other; None for the end of an open one.

    Returns:
        The instant and 0; or, while a pause is open that began before it, none and the units that are left. And whether
        that is provisional.
    """
    position, left, provisional = counting.begin(start), units, False
    for begins, ends in pauses:
        if ends is not None and ends <= position:
            continue
        stop = max(position, begins)
        counted = counting.count(stop) - counting.count(position)
        if counted >= left:  # it fell due before: a pause after that changes nothing
            break
        provisional = provisional or counting.provisional(position, stop)
        left -= counted
        if ends is None:
            return None, left, provisional
        position = ends
    at = counting.reach(counting.count(position) + left)
    return at, 0, provisional or counting.provisional(position, at)


def late_count(due: int, counting: Counting, at: int) -> tuple[int, bool]:
    """Return by how many whole units something is late after it fell due, and whether that is provisional.

    Args:
        due: When it fell due, in microseconds since 1970 in UTC.
        counting: How the unit is counted.
        at: The instant.
    """
    through = counting.through(at)
    return counting.count(through) - counting.count(due), counting.provisional(due, through)


def due(start: dt.datetime, budget: Budget, calendar: Calendar, pauses: Iterable[Pause] = ()) -> Due:
    """Return when a deadline falls due.

    It counts in its own unit, outside pauses, and inside open hours where it counts working time. Hours are due at the
    instant at which the count reaches the budget; days at the end of the last day. A day that ends in a pause, or has
    ended when the deadline starts, is not counted. Pauses may overlap; one that begins after the due instant, or at it,
    changes nothing.

    Args:
        start: When it starts, with its time zone.
        budget: How much time there is.
        calendar: The working days and hours.
        pauses: When it does not run, in any order.

    Raises:
        UsageError: If a time has no zone, hours are needed and the calendar has none, or the days that can be counted
            do not suffice.

    Source:
        Semantics of procedures, 4.4 and 4.5.

    Example:
        >>> import datetime as dt
        >>> from zoneinfo import ZoneInfo
        >>> from communitygov.vocabulary.calendar import cn_statutory
        >>> start = dt.datetime(2024, 9, 29, 15, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
        >>> str(due(start, Budget(5, "working_days", begins="day_after"), cn_statutory("Asia/Shanghai")).at)
        '2024-10-12 00:00:00+08:00'
    """
    counting = counting_of(budget, calendar)
    at, left, provisional = due_instant(instant_of(start), budget.units, counting, _joined(pauses))
    if at is None:
        return Due(None, Fraction(left, budget.scale), provisional)
    wall_clock(calendar.zone).day(at)  # refuses what lies beyond the days that can be counted
    return Due(moment_at(at, calendar.zone), None, provisional)


def late_by(
    start: dt.datetime, budget: Budget, calendar: Calendar, at: dt.datetime, pauses: Iterable[Pause] = ()
) -> Late:
    """Return by how much something is late at an instant: the count beyond the budget, in its unit.

    Args:
        start: When the deadline starts, with its time zone.
        budget: How much time there is.
        calendar: The working days and hours.
        at: When it was done, or the instant that is asked about.
        pauses: When it does not run. While one is open that began before it fell due, nothing is late.

    Raises:
        UsageError: As ``due``.

    Example:
        >>> import datetime as dt
        >>> start = dt.datetime(2024, 5, 1, 9, 0, tzinfo=dt.timezone.utc)
        >>> budget = Budget(48, "elapsed_hours")
        >>> late_by(start, budget, Calendar("UTC"), start + dt.timedelta(hours=50, minutes=30)).by
        Fraction(5, 2)
    """
    counting, instant = counting_of(budget, calendar), instant_of(at)
    reached, _, provisional = due_instant(instant_of(start), budget.units, counting, _joined(pauses))
    if reached is None or instant <= reached:
        return Late(Fraction(0), False, provisional)
    by, unsettled = late_count(reached, counting, instant)
    return Late(Fraction(by, budget.scale), True, provisional or unsettled)
