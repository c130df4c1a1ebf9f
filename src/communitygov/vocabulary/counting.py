"""Counting time: how many hours or days have passed by an instant, and when so many have."""

from __future__ import annotations

import datetime as dt
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate
from typing import Literal, Protocol

from attrs import frozen

from communitygov.vocabulary.calendar import Calendar
from communitygov.vocabulary.clock import DAY, FIRST, LAST, WallClock, beyond

__all__ = ["Counting", "Days", "Elapsed", "OpenHours", "StartRule"]

StartRule = Literal["day_of", "day_after"]
"""Whether the first day that can count is the day of the start or the day after."""


class Counting(Protocol):
    """How much of a unit has been counted by an instant; only differences mean anything."""

    def begin(self, start: int) -> int:
        """Return the instant from which on there is something to count."""

    def count(self, at: int) -> int:
        """Return what has been counted."""

    def reach(self, count: int) -> int:
        """Return the first instant at which so much has been counted."""

    def through(self, at: int) -> int:
        """Return the instant up to which lateness is counted."""

    def provisional(self, start: int, end: int) -> bool:
        """Return whether what is counted between two instants rests on a day that is not settled."""


@frozen
class Elapsed:
    """Time that passes."""

    def begin(self, start: int) -> int:
        """At once."""
        return start

    def count(self, at: int) -> int:
        """The instant itself."""
        return at

    def reach(self, count: int) -> int:
        """The count itself."""
        return count

    def through(self, at: int) -> int:
        """The instant itself."""
        return at

    def provisional(self, start: int, end: int) -> bool:
        """Never: no calendar is asked."""
        return False


@frozen
class OpenHours:
    """Time inside the hours of a calendar.

    Args:
        calendar: The days and hours.
        clock: The clock of its zone.
    """

    calendar: Calendar
    clock: WallClock

    def begin(self, start: int) -> int:
        """At once; the hours see to the rest."""
        return start

    def count(self, at: int) -> int:
        """The open time before the day, and that part of the day's."""
        n = self.clock.day(at)
        before = self.calendar.open_before
        if before[n] == before[n + 1]:
            return before[n]
        return before[n] + sum(max(0, min(end, at) - start) for start, end in self.calendar.pieces(n))

    def reach(self, count: int) -> int:
        """A search in the index for the day, then within its hours."""
        before = self.calendar.open_before
        n = bisect_left(before, count) - 1
        if n + 1 == len(before):
            raise beyond()
        left = count - before[n]
        for start, end in self.calendar.pieces(n):
            if left <= end - start:
                return start + left
            left -= end - start
        raise AssertionError("the day holds what is counted on it")  # pragma: no cover - the index is made of it

    def through(self, at: int) -> int:
        """The instant itself."""
        return at

    def provisional(self, start: int, end: int) -> bool:
        """Whether hours of an unsettled day lie between, be it held to be open or not."""
        if self.calendar.open_on == "every_day":
            return False
        first, last, before = self.clock.day(start), self.clock.day(end), self.calendar.unsettled_before
        if before[first] == before[last + 1]:
            return False
        return any(
            self.calendar.unsettled[n] and max(start, opens) < min(end, closes)
            for n in range(first, last + 1)
            for opens, closes in self.calendar.pieces(n)
        )


@frozen
class Days:
    """Days that have ended.

    Args:
        calendar: The days.
        clock: The clock of its zone.
        working: Whether only days that are worked count.
        begins: Whether the day of the start can be the first.
        until: The hour at which a day ends; midnight if None.
    """

    calendar: Calendar
    clock: WallClock
    working: bool
    begins: StartRule
    until: dt.time | None

    @cached_property
    def closes(self) -> int:
        """What the clock shows when a day ends, in microseconds since its midnight."""
        until = self.until
        if until is None:
            return DAY
        return ((until.hour * 60 + until.minute) * 60 + until.second) * 1_000_000 + until.microsecond

    @cached_property
    def before(self) -> Sequence[int]:
        """How many days count before each day since 1970."""
        if self.working:
            return self.calendar.worked_before
        every, left_out = range((LAST - FIRST).days + 2), self.clock.left_out
        return every if not left_out else array("q", accumulate((n not in left_out for n in every[:-1]), initial=0))

    def end(self, n: int) -> int:
        """Return the instant at which a day ends.

        Args:
            n: The day, counted from 1970.
        """
        return self.clock.at(n * DAY + self.closes)

    def ended(self, at: int) -> int:
        """Return how many days since 1970 have ended by an instant.

        Args:
            at: The instant.
        """
        n = self.clock.day(at)
        return n + (self.end(n) <= at)

    def last(self, count: int) -> int:
        """Return the day at whose end so many days have been counted.

        Args:
            count: How many, since 1970.

        Raises:
            UsageError: If it lies beyond what can be counted.
        """
        n = bisect_left(self.before, count) - 1
        if n + 1 == len(self.before):
            raise beyond()
        return n

    def unsettled(self, first: int, after: int) -> bool:
        """Return whether it is not settled of a day whether it counts.

        Args:
            first: The first day that is looked at.
            after: The day after the last.
        """
        before = self.calendar.unsettled_before
        return self.working and before[after] > before[first]

    def begin(self, start: int) -> int:
        """At once, or at the end of the day of the start."""
        return max(start, self.end(self.clock.day(start))) if self.begins == "day_after" else start

    def count(self, at: int) -> int:
        """The days that have ended."""
        return self.before[self.ended(at)]

    def reach(self, count: int) -> int:
        """A search in the index for the day, then its end."""
        return self.end(self.last(count))

    def through(self, at: int) -> int:
        """The end of the day: one that has begun counts as late."""
        n = self.clock.day(at)
        return next(end for end in map(self.end, (n - 1, n, n + 1)) if end >= at)

    def provisional(self, start: int, end: int) -> bool:
        """Whether a day ends between that may turn out free, or worked."""
        return self.unsettled(self.ended(start), self.ended(end))
