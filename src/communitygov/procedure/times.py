"""Deadlines of a case as they run: when they fall due, by how much they are late. Derived each time, never stored."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from itertools import accumulate
from math import inf
from typing import TYPE_CHECKING

from attrs import field, frozen

from communitygov.vocabulary.deadline import due_instant, late_count

if TYPE_CHECKING:
    from communitygov.procedure.machine import Machine
    from communitygov.procedure.rules import Limit, Pause, Rung

__all__ = [
    "Pauses",
    "Run",
    "Stretch",
    "counted_on_unpublished",
    "due_of",
    "late_at",
    "rests_on_unpublished",
    "rung_instant",
    "stretches",
]


_NO_MORE = Fraction(0)


@frozen
class Run:
    """A deadline that has begun.

    Args:
        deadline: Which.
        unit: Of which unit, on a line per unit.
        start: When it began.
        limit: How much time there was then.
        more: How much was added, in its own unit.
        ended: When a step ended it; None while it runs.
        restarted: Whether what ended it was that it began anew.
        fired: The reminders that have fired.
    """

    deadline: str
    unit: str | None
    start: int
    limit: Limit
    more: Fraction = _NO_MORE
    ended: int | None = None
    restarted: bool = False
    fired: frozenset[str] = field(default=frozenset())

    @property
    def open(self) -> bool:
        """Whether it is running."""
        return self.ended is None

    @property
    def units(self) -> int:
        """All the time there is, in whole units: microseconds of hours, or days."""
        budget = self.limit.budget
        return budget.units + int(self.more * budget.scale) if self.more else budget.units

    def over(self, at: int, *, restarted: bool = False) -> Run:
        """Return the deadline after it has ended.

        Args:
            at: When.
            restarted: Whether what ended it was that it began anew.
        """
        return Run(self.deadline, self.unit, self.start, self.limit, self.more, at, restarted, self.fired)


@frozen
class Stretch:
    """A pause that has begun.

    Args:
        pause: Which.
        start: When it began.
        end: When it ended, or will end by itself; None while nothing ends it.
    """

    pause: str
    start: int
    end: int | None

    @classmethod
    def begun(cls, machine: Machine, name: str, pause: Pause, at: int) -> Stretch:
        """Return a pause that begins now.

        Args:
            machine: The procedure.
            name: Which pause.
            pause: Its rule.
            at: When.
        """
        if pause.at_most is None:
            return cls(name, at, None)
        budget = pause.at_most.budget
        return cls(name, at, due_instant(at, budget.units, machine.counting(budget))[0])

    def open_at(self, at: int) -> bool:
        """Return whether it still lasts.

        Args:
            at: The instant.
        """
        return self.end is None or at < self.end


def stretches(machine: Machine, pauses: Sequence[Stretch], deadline: str) -> list[tuple[int, int | None]]:
    """Return when a deadline does not run, in order and apart from each other.

    Args:
        machine: The procedure.
        pauses: The pauses of the case.
        deadline: Which deadline.
    """
    if not pauses:
        return []
    rules = machine.rule.pauses
    found: list[tuple[int, int | None]] = []
    for one in sorted((one for one in pauses if deadline in rules[one.pause].stops), key=lambda one: one.start):
        last = found[-1][1] if found else None
        if not found or (last is not None and last < one.start):
            found.append((one.start, one.end))
        elif last is not None:
            found[-1] = (found[-1][0], None if one.end is None else max(last, one.end))
    return found


@frozen
class Pauses:
    """All pauses of a case, so that of each deadline those are found that it may have met.

    Args:
        machine: The procedure.
        every: The pauses, by when they began.
    """

    machine: Machine
    every: tuple[Stretch, ...]

    @cached_property
    def _starts(self) -> list[int]:
        return [one.start for one in self.every]

    @cached_property
    def _ends(self) -> list[float]:
        """Up to each, when the last of them ended."""
        return list(accumulate((inf if one.end is None else one.end for one in self.every), max))

    def met(self, run: Run) -> list[tuple[int, int | None]]:
        """Return when a deadline did not run, in order and apart from each other, as ``stretches``.

        What was over when it began, or began when it had ended, is left out.

        Args:
            run: The deadline.
        """
        first = bisect_right(self._ends, run.start)
        last = len(self.every) if run.ended is None else bisect_left(self._starts, run.ended)
        return stretches(self.machine, self.every[first:last], run.deadline)


def due_of(machine: Machine, run: Run, pauses: list[tuple[int, int | None]]) -> tuple[int, bool] | None:
    """Return when a deadline falls due, and whether that is provisional; None while a pause is open.

    Args:
        machine: The procedure.
        run: The deadline.
        pauses: When it does not run.
    """
    at, _, provisional = due_instant(run.start, run.units, machine.counting(run.limit.budget), pauses)
    return None if at is None else (at, provisional)


def late_at(machine: Machine, run: Run, pauses: list[tuple[int, int | None]], at: int) -> tuple[Fraction, bool] | None:
    """Return by how much a deadline is late, and whether that is provisional; None if it is not past due.

    Args:
        machine: The procedure.
        run: The deadline.
        pauses: When it does not run.
        at: The instant.
    """
    found = due_of(machine, run, pauses)
    if found is None or at <= found[0]:
        return None
    budget = run.limit.budget
    count, unsettled = late_count(found[0], machine.counting(budget), at)
    return Fraction(count, budget.scale), found[1] or unsettled


def rests_on_unpublished(machine: Machine, run: Run, pauses: list[tuple[int, int | None]], at: int) -> bool:
    """Return whether it rests on a year that is not published whether, and by how much, a deadline is late.

    Args:
        machine: The procedure.
        run: The deadline.
        pauses: When it does not run.
        at: The instant.
    """
    counting = machine.counting(run.limit.budget)
    due, _, provisional = due_instant(run.start, run.units, counting, pauses)
    return provisional or (due is not None and at > due and late_count(due, counting, at)[1])


def counted_on_unpublished(machine: Machine, run: Run, at: int, *limits: Limit) -> bool:
    """Return whether what was counted by an instant, since a deadline began, rests on a year that is not published.

    What lies after the instant has no weight in whether the time was up by then, nor have pauses that end later.

    Args:
        machine: The procedure.
        run: The deadline.
        at: The instant.
        limits: What else was counted, such as the time of a reminder.
    """
    for limit in (run.limit, *limits):
        counting = machine.counting(limit.budget)
        begun = counting.begin(run.start)
        if counting.provisional(begun, max(begun, at)):
            return True
    return False


def rung_instant(
    machine: Machine, run: Run, rung: Rung, pauses: list[tuple[int, int | None]]
) -> tuple[int, bool] | None:
    """Return when a reminder is to fire, and whether that is provisional; None while a pause is open.

    Args:
        machine: The procedure.
        run: Its deadline.
        rung: The reminder.
        pauses: When the deadline does not run.
    """
    found = due_of(machine, run, pauses)
    if found is None:
        return None
    base, mark = (run.start, False) if rung.counted_from == "start" else found
    if rung.after is None:
        return base, mark
    budget = rung.after.budget
    at, _, provisional = due_instant(base, budget.units, machine.counting(budget))
    return None if at is None else (at, mark or provisional)
