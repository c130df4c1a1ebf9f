"""Calendars: which days are worked, at which hours, in which time zone. None of them knows what day it is today."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from array import array
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Literal

from attrs import evolve, field, frozen

from communitygov.vocabulary.clock import DAY, FIRST, LAST, day_of, number_of, wall_clock
from communitygov.vocabulary.errors import MissingExtra, UsageError

__all__ = ["ROUND_THE_CLOCK", "Calendar", "Hours", "Overlay", "cn_statutory"]

_MINUTE = 60_000_000
_COUNT = (LAST - FIRST).days + 1
_HOURS = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)", re.ASCII)


@frozen(order=True)
class Hours:
    """A stretch of the day at which work is done, on the clock on the wall.

    Args:
        opens: When it begins, in minutes since midnight.
        closes: When it ends, in minutes since midnight; 1440 is the end of the day. It does not reach over midnight.

    Example:
        >>> Hours.parse("09:00-20:00")
        Hours(opens=540, closes=1200)
    """

    opens: int
    closes: int

    def __attrs_post_init__(self) -> None:
        if not 0 <= self.opens < self.closes <= 1440:
            raise UsageError.because(
                "bad-hours",
                zh=f"`{self}` 不是一天之内的时段，如 09:00-20:00；跨过午夜的请写成两段，全天为 00:00-24:00",
                en=f"`{self}` is no stretch of one day, such as 09:00-20:00; write one over midnight as two, "
                "and the whole day as 00:00-24:00",
            )

    @classmethod
    def parse(cls, text: str) -> Hours:
        """Read hours from their text.

        Args:
            text: Such as ``09:00-20:00``.

        Raises:
            UsageError: If it is no stretch of a day.
        """
        match = _HOURS.fullmatch(text)
        if match is None or int(match[2]) > 59 or int(match[4]) > 59:
            raise UsageError.because(
                "bad-hours", zh=f"`{text}` 不是时段，如 09:00-20:00", en=f"`{text}` is no hours, such as 09:00-20:00"
            )
        return cls(int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4]))

    def __str__(self) -> str:
        return f"{self.opens // 60:02}:{self.opens % 60:02}-{self.closes // 60:02}:{self.closes % 60:02}"


def _disjoint(hours: Iterable[Hours]) -> tuple[Hours, ...]:
    ordered = tuple(sorted(hours))
    for one, other in pairwise(ordered):
        if other.opens < one.closes:
            raise UsageError.because(
                "bad-hours", zh=f"时段 {one} 与 {other} 重叠", en=f"the hours {one} and {other} overlap"
            )
    return ordered


def _days(days: Iterable[dt.date]) -> frozenset[dt.date]:
    return frozenset(days)


def _years(years: Iterable[int]) -> frozenset[int]:
    return frozenset(years)


OpenOn = Literal["working_days", "every_day"]


@frozen
class Overlay:
    """What a city or a street has otherwise than the calendar below; what it does not say stays as it is.

    Args:
        on: Days that are worked.
        off: Days that are not.
        hours: The hours of service, in place of those below.
        open_on: The days on which these hours hold.
    """

    on: frozenset[dt.date] = field(default=frozenset(), converter=_days)
    off: frozenset[dt.date] = field(default=frozenset(), converter=_days)
    hours: tuple[Hours, ...] | None = None
    open_on: OpenOn | None = None

    def __attrs_post_init__(self) -> None:
        both = sorted(self.on & self.off)
        if both:
            raise UsageError.because(
                "day-on-and-off",
                zh=f"{both[0]} 既列为上班又列为放假，请只留其一",
                en=f"{both[0]} is listed both as worked and as free; keep one of them",
            )


ROUND_THE_CLOCK = Overlay(hours=(Hours(0, 1440),), open_on="every_day")
"""Intake that never closes, as a hotline's; working days stay what they are."""


@frozen
class Calendar:
    """Working days and open hours of a place: Monday to Friday, but for the days that are listed.

    A day of a year that is not published, and that no overlay settles, counts by the weekday; whatever rests on it is
    *provisional*. A calendar of which no year is published is provisional throughout.

    Args:
        zone: The time zone that its days and hours are of, such as ``Asia/Shanghai``. There is no default.
        published: The years whose free days and make-up days are known.
        on: Days that are worked beside Monday to Friday, such as make-up Saturdays.
        off: Days of Monday to Friday that are free.
        settled: Days of years that are not published of which it is known all the same.
        hours: The hours of work or service; none if nothing is counted in working hours.
        open_on: Whether these hours hold on working days, or on every day of the year.

    Raises:
        UsageError: If there is no such zone, hours overlap, or a day is both on and off.

    Example:
        >>> import datetime as dt
        >>> calendar = cn_statutory("Asia/Shanghai")
        >>> calendar.is_working(dt.date(2024, 10, 1)), calendar.is_working(dt.date(2024, 10, 12))
        (False, True)
        >>> calendar.working_days(dt.date(2024, 10, 1), dt.date(2024, 10, 31))
        19
    """

    zone: str
    published: frozenset[int] = field(default=frozenset(), converter=_years)
    on: frozenset[dt.date] = field(default=frozenset(), converter=_days)
    off: frozenset[dt.date] = field(default=frozenset(), converter=_days)
    settled: frozenset[dt.date] = field(default=frozenset(), converter=_days)
    hours: tuple[Hours, ...] = field(default=(), converter=_disjoint)
    open_on: OpenOn = "working_days"

    def __attrs_post_init__(self) -> None:
        Overlay(self.on, self.off)  # refuses a day that is both
        wall_clock(self.zone)

    def overlaid(self, overlay: Overlay) -> Calendar:
        """Return this calendar with what a city or a street has otherwise.

        Args:
            overlay: What is laid over; several are laid one after the other, the last one wins.

        Example:
            >>> import datetime as dt
            >>> street = Overlay(off={dt.date(2024, 10, 9)}, hours=(Hours.parse("09:00-20:00"),))
            >>> cn_statutory("Asia/Shanghai").overlaid(street).is_working(dt.date(2024, 10, 9))
            False
        """
        return evolve(
            self,
            on=(self.on - overlay.off) | overlay.on,
            off=(self.off - overlay.on) | overlay.off,
            settled=self.settled | overlay.on | overlay.off,
            hours=self.hours if overlay.hours is None else overlay.hours,
            open_on=overlay.open_on or self.open_on,
        )

    def is_working(self, day: dt.date) -> bool:
        """Return whether a day is worked.

        Args:
            day: The day.

        Raises:
            UsageError: If it lies beyond what can be counted.
        """
        return bool(self.worked[number_of(day)])

    def is_settled(self, day: dt.date) -> bool:
        """Return whether that is known: the year is published, or an overlay says it.

        What rests on a day that is not settled is provisional.

        Args:
            day: The day.
        """
        return day.year in self.published or day in self.settled

    def working_days(self, first: dt.date, last: dt.date) -> int:
        """Return how many days are worked from one day to another, both counted.

        Args:
            first: The first day.
            last: The last day.
        """
        return self.worked_before[number_of(last) + 1] - self.worked_before[number_of(first)]

    def changed_days(self, other: Calendar) -> tuple[dt.date, ...]:
        """Return the days that another calendar has otherwise: worked or free, settled or not.

        Only a deadline between whose start and due instant such a day lies can fall due at another time under the
        other calendar, or lose or get its mark; all others need not be looked at again.

        Args:
            other: A calendar of the same zone and hours.

        Raises:
            UsageError: If zone or hours differ, so that any deadline may.

        Example:
            >>> import datetime as dt
            >>> calendar = cn_statutory("Asia/Shanghai")
            >>> calendar.changed_days(calendar.overlaid(Overlay(off={dt.date(2024, 10, 9)})))
            (datetime.date(2024, 10, 9),)
        """
        if (self.zone, self.hours, self.open_on) != (other.zone, other.hours, other.open_on):
            raise UsageError.because(
                "other-hours",
                zh="两份日历的时区或服务时段不同，所有期限都可能改变",
                en="the two calendars differ in zone or hours, so that any deadline may change",
            )
        mine, theirs = (zip(one.worked, one.unsettled, strict=True) for one in (self, other))
        return tuple(day_of(n) for n, (a, b) in enumerate(zip(mine, theirs, strict=True)) if a != b)

    @cached_property
    def digest(self) -> str:
        """The calendar's version: equal where zone, hours and every single day are."""
        said = f"{self.zone} {' '.join(map(str, self.hours))} {self.open_on} ".encode()
        return hashlib.sha256(said + self.worked + self.unsettled).hexdigest()

    @cached_property
    def worked(self) -> bytes:
        """For each day since 1970 a 1 if it is worked, else a 0."""
        week = bytes([1, 1, 1, 1, 1, 0, 0])
        since = FIRST.weekday()
        days = bytearray((week * (_COUNT // 7 + 2))[since : since + _COUNT])
        for listed, value in ((self.on, 1), (self.off, 0)):
            for day in listed:
                days[number_of(day)] = value
        return self._without_left_out(days)

    @cached_property
    def worked_before(self) -> array[int]:
        """The cumulative index: how many days are worked before each day since 1970."""
        return array("q", accumulate(self.worked, initial=0))

    @cached_property
    def unsettled(self) -> bytes:
        """For each day since 1970 a 1 if what rests on it is provisional, else a 0."""
        years = range(FIRST.year, LAST.year + 1)
        days = bytearray(
            b"".join(
                bytes([year not in self.published]) * (dt.date(year, 12, 31) - dt.date(year - 1, 12, 31)).days
                for year in years
            )
        )
        for day in self.settled:
            days[number_of(day)] = 0
        return self._without_left_out(days)

    def _without_left_out(self, days: bytearray) -> bytes:
        for n in wall_clock(self.zone).left_out:
            days[n] = 0
        return bytes(days)

    @cached_property
    def unsettled_before(self) -> array[int]:
        """How many days are not settled before each day since 1970."""
        return array("q", accumulate(self.unsettled, initial=0))

    @cached_property
    def open_before(self) -> array[int]:
        """How many microseconds are open before each day since 1970."""
        clock = wall_clock(self.zone)
        usual = sum(one.closes - one.opens for one in self.hours) * _MINUTE
        length = [usual] * _COUNT
        for n in clock.odd_days:
            length[n] = sum(end - start for start, end in self.pieces(n))
        is_open = self.worked if self.open_on == "working_days" else b"\1" * _COUNT
        return array("q", accumulate((a * b for a, b in zip(is_open, length, strict=True)), initial=0))

    def pieces(self, n: int) -> Iterator[tuple[int, int]]:
        """Yield the instants from when to when the hours of a day last, were it a day on which they hold.

        Args:
            n: The day, counted from 1970.
        """
        clock = wall_clock(self.zone)
        if n not in clock.odd_days:
            midnight = clock.midnight(n)
            for one in self.hours:
                yield midnight + one.opens * _MINUTE, midnight + one.closes * _MINUTE
            return
        # The clock is put on or back: each stretch of one offset shows its own part of the hours.
        for start, end, offset in clock.stretches(clock.midnight(n), clock.midnight(n + 1)):
            for shown in range((start + offset) // DAY, (end + offset - 1) // DAY + 1):
                for one in self.hours:
                    opens, closes = (shown * DAY - offset + minute * _MINUTE for minute in (one.opens, one.closes))
                    if max(opens, start) < min(closes, end):
                        yield max(opens, start), min(closes, end)


def cn_statutory(zone: str) -> Calendar:
    """Return the working days of China: statutory free days and make-up days as the State Council published them.

    The years that are published are those that the installed ``chinesecalendar`` knows; a newer one knows more.

    Args:
        zone: The time zone, such as ``Asia/Shanghai``.

    Raises:
        MissingExtra: If ``chinesecalendar`` is not installed (extra ``calendar``).
        UsageError: If there is no such zone.

    Source:
        国务院办公厅关于节假日安排的通知, yearly, as collected by https://github.com/LKI/chinese-calendar (MIT).
    """
    try:
        import chinese_calendar
    except ImportError:
        raise MissingExtra.named("calendar", "chinese_calendar") from None

    def known(year: int) -> bool:
        try:
            chinese_calendar.is_workday(dt.date(year, 1, 1))
        except NotImplementedError:  # its way to say that a year is not published
            return False
        return True

    years = frozenset(year for year in range(FIRST.year, LAST.year + 1) if known(year))
    on = {day for day in chinese_calendar.workdays if day.year in years and day.weekday() >= 5}
    off = {day for day in chinese_calendar.holidays if day.year in years and day.weekday() < 5} - on
    return Calendar(zone=zone, published=years, on=frozenset(on), off=frozenset(off))
