"""Deadlines of a case as they run: when they fall due, by how much they are late. Derived each time, never stored."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from attrs import field, frozen

from communitygov.procedure.acts import Fault
from communitygov.vocabulary.deadline import due_instant, late_count

if TYPE_CHECKING:
    from communitygov.procedure.machine import Machine
    from communitygov.procedure.rules import Limit, Rung
    from communitygov.procedure.state import State

__all__ = [
    "Run",
    "counted_on_unpublished",
    "due_of",
    "late_at",
    "overdue",
    "rests_on_unpublished",
    "rung_instant",
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

    Counted from the start it is counted as its deadline is, outside pauses; what is due is past them.

    Args:
        machine: The procedure.
        run: Its deadline.
        rung: The reminder.
        pauses: When the deadline does not run.
    """
    base, mark = run.start, False
    if rung.counted_from == "due":
        found = due_of(machine, run, pauses)
        if found is None:
            return None
        (base, mark), pauses = found, []
    if rung.after is None:
        return base, mark
    budget = rung.after.budget
    at, _, provisional = due_instant(base, budget.units, machine.counting(budget), pauses)
    return None if at is None else (at, mark or provisional)


def overdue(machine: Machine, state: State, at: int) -> Iterator[Fault]:
    """Yield the running deadlines that are past due, by how much.

    Args:
        machine: The procedure.
        state: The case.
        at: The instant.
    """
    for run in state.runs:
        deadline = machine.rule.deadlines[run.deadline]
        if deadline.bound == "at_latest":
            late = late_at(machine, run, state.stopped(machine, run), at)
            if late is not None:
                kind: Literal["no_show", "overdue"] = "no_show" if deadline.no_show else "overdue"
                yield Fault(kind, run.deadline, run.unit, *late, run.limit.unit)
