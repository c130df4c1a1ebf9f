"""The clock on the wall of a time zone, and instants and days as whole numbers. It does not know what time it is now.

An instant is a whole number of microseconds since 1970 in UTC, a day the number of days since then: exact, and fast.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attrs import frozen

from communitygov.vocabulary.errors import UsageError

__all__ = [
    "DAY",
    "FIRST",
    "LAST",
    "WallClock",
    "beyond",
    "day_of",
    "instant_of",
    "moment_at",
    "number_of",
    "wall_clock",
]

DAY = 86_400_000_000
"""Microseconds of a day of 24 hours."""

FIRST, LAST = dt.date(1970, 1, 1), dt.date(2099, 12, 31)
"""The days that can be counted; what lies beyond is refused by name."""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_SECOND = 1_000_000
_DAYS = (LAST - FIRST).days + 1


def number_of(day: dt.date) -> int:
    """Return the number of a day, counted from 1970.

    Args:
        day: The day.

    Raises:
        UsageError: If it is no day, or lies beyond what can be counted.
    """
    if type(day) is not dt.date:  # a datetime is a date, too, of an unsaid zone
        raise UsageError.because(
            "not-a-day",
            zh=f"须为日期（datetime.date），却是 {day!r}",
            en=f"must be a day (datetime.date), found {day!r}",
        )
    if not FIRST <= day <= LAST:
        raise beyond()
    return day.toordinal() - FIRST.toordinal()


def day_of(n: int) -> dt.date:
    """Return the day of a number, counted from 1970.

    Args:
        n: The number.
    """
    return FIRST + dt.timedelta(days=n)


def beyond() -> UsageError:
    """Return the error for what lies outside the days that can be counted."""
    return UsageError.because(
        "outside-calendar",
        zh=f"日历只能计算 {FIRST} 至 {LAST}",
        en=f"days can be counted from {FIRST} to {LAST}; this lies beyond",
    )


def instant_of(moment: dt.datetime) -> int:
    """Return a moment in microseconds since 1970 in UTC.

    Args:
        moment: A date and time with its time zone.

    Raises:
        UsageError: If it has no time zone.
    """
    try:
        since = moment - _EPOCH
    except TypeError:  # without a zone there is no difference; to ask for it first takes longer
        raise UsageError.because(
            "naive-time",
            zh=f"时间 {moment} 没有时区；请写明，如 tzinfo=ZoneInfo('Asia/Shanghai')",
            en=f"the time {moment} has no time zone; give it one, such as tzinfo=ZoneInfo('Asia/Shanghai')",
        ) from None
    return (since.days * 86_400 + since.seconds) * _SECOND + since.microseconds


def moment_at(instant: int, zone: str) -> dt.datetime:
    """Return an instant as a date and time.

    Args:
        instant: In microseconds since 1970 in UTC.
        zone: The time zone to show it in.
    """
    return (_EPOCH + dt.timedelta(microseconds=instant)).astimezone(ZoneInfo(zone))


@frozen
class WallClock:
    """How far the clocks of a zone are from UTC, and when they are put on or back.

    Args:
        since: The instants from which on an offset holds; the first lies before all that is counted.
        offsets: What the clocks show beyond UTC from then on, in microseconds.
        odd_days: The days on which the clock may be changed; all others last 24 hours.
    """

    since: tuple[int, ...]
    offsets: tuple[int, ...]
    odd_days: frozenset[int]

    @cached_property
    def left_out(self) -> frozenset[int]:
        """The days that the clock leaps over, as where a zone crosses the date line; they never were."""
        return frozenset(n for n in self.odd_days if self.midnight(n) == self.midnight(n + 1))

    def at(self, shown: int) -> int:
        """Return the first instant at which the clock shows a time, or, if it leaps over it, a later one.

        Args:
            shown: Day and time on the wall, in microseconds since 1970.
        """
        # No offset is beyond 26 hours, so that what comes before has passed the time already.
        i = max(bisect_right(self.since, shown - 26 * 3600 * _SECOND) - 1, 0)
        while i + 1 < len(self.since) and self.since[i + 1] + self.offsets[i] <= shown:
            i += 1
        return max(self.since[i], shown - self.offsets[i])

    def midnight(self, n: int) -> int:
        """Return the instant at which a day begins, and the one before it ends.

        Args:
            n: The day, counted from 1970.
        """
        return self.at(n * DAY)

    def day(self, instant: int) -> int:
        """Return the day that an instant lies in: the last that has begun.

        Args:
            instant: In microseconds since 1970 in UTC.

        Raises:
            UsageError: If it lies beyond what can be counted.
        """
        n = (instant + self.offsets[bisect_right(self.since, instant) - 1]) // DAY
        if self.midnight(n + 1) <= instant:  # the clock was put back over midnight; a day that has begun has begun
            n += 1
        if not 0 <= n < _DAYS:
            raise beyond()
        return n

    def stretches(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Yield the stretches of one offset between two instants: from when, to when, and the offset.

        Args:
            start: In microseconds since 1970 in UTC.
            end: Likewise.
        """
        for i in range(bisect_right(self.since, start) - 1, len(self.since)):
            one = max(start, self.since[i])
            other = end if i + 1 == len(self.since) else min(end, self.since[i + 1])
            if one < other:
                yield one, other, self.offsets[i]


@lru_cache(maxsize=64)
def wall_clock(zone: str) -> WallClock:
    """Return the clock of a time zone.

    Args:
        zone: Its name, such as ``Asia/Shanghai``.

    Raises:
        UsageError: If there is no such zone.
    """
    try:
        info = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a name that is no zone, no name or a folder
        raise UsageError.because(
            "unknown-zone",
            zh=f"没有时区 `{zone}`；请写如 Asia/Shanghai",
            en=f"there is no time zone `{zone}`; write one such as Asia/Shanghai",
        ) from None

    def offset(second: int) -> int:
        shown = (_EPOCH + dt.timedelta(seconds=second)).astimezone(info).utcoffset()
        assert shown is not None
        return shown // dt.timedelta(microseconds=1)

    # In no zone since 1970 do less than seven days lie between two changes, so that looks three days apart find all.
    looks = range(-3 * 86400, (_DAYS + 3) * 86400, 3 * 86400)
    seen = [offset(look) for look in looks]
    since, offsets = [looks[0] * _SECOND], seen[:1]
    for look, before, after in zip(looks, seen, seen[1:], strict=False):
        if before != after:
            turn = bisect_left(range(look, look + looks.step), True, key=lambda second: offset(second) != offsets[-1])
            since.append((look + turn) * _SECOND)
            offsets.append(after)
    turns = zip(since[1:], offsets, offsets[1:], strict=False)
    odd = {(at + beside) // DAY for at, *both in turns for beside in both}
    return WallClock(tuple(since), tuple(offsets), frozenset(n + near for n in odd for near in (-1, 0, 1)))
