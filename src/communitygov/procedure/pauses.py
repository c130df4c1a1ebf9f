"""Pauses of a case: those that last, those that are over, and when a deadline does not run because of them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from math import inf
from typing import TYPE_CHECKING

from attrs import field, frozen

from communitygov.vocabulary.deadline import due_instant

if TYPE_CHECKING:
    from communitygov.procedure.machine import Machine
    from communitygov.procedure.rules import Pause
    from communitygov.procedure.times import Run

__all__ = ["Past", "Pauses", "Stretch", "paused", "still_met", "stretches"]


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


@frozen(eq=False)
class Past:
    """Pauses that are over, as a chain: one more costs the same, however many there are.

    Args:
        one: The pause that was over last.
        end: When it ended.
        before: The others.
        latest: The latest end of them all.
        size: How many there are.
        swept: How many there were when those that touch nothing any more were last left out.
    """

    one: Stretch
    end: int
    before: Past | None = field(repr=False)
    latest: int
    size: int
    swept: int

    @classmethod
    def over(cls, one: Stretch, end: int, before: Past | None) -> Past | None:
        """Return the chain with one pause more; one that ended as it began takes no time, and is not kept.

        Args:
            one: The pause.
            end: When it ended.
            before: The others.
        """
        if end <= one.start:
            return before
        one = one if one.end == end else Stretch(one.pause, one.start, end)
        if before is None:
            return cls(one, end, None, end, 1, 0)
        return cls(one, end, before, max(end, before.latest), before.size + 1, before.swept)

    @classmethod
    def of(cls, links: Sequence[Past]) -> Past | None:
        """Return a chain of some links of another, the last first, swept as it is.

        Args:
            links: The links that are kept.
        """
        found: Past | None = None
        for size, link in enumerate(reversed(links), 1):
            latest = link.end if found is None else max(link.end, found.latest)
            found = cls(link.one, link.end, found, latest, size, len(links))
        return found

    def __iter__(self) -> Iterator[Past]:
        """Yield the links, from the last back."""
        link: Past | None = self
        while link is not None:
            yield link
            link = link.before

    def __eq__(self, other: object) -> bool:
        """Return whether they are the same pauses."""
        if not isinstance(other, Past) or self.size != other.size:
            return False
        return all(here.one == there.one for here, there in zip(self, other, strict=True))

    def __hash__(self) -> int:
        """Return what goes with equality."""
        return hash((self.one, self.size))

    def since(self, start: int) -> Iterator[Stretch]:
        """Yield those that were not over by an instant, from the last back.

        Args:
            start: The instant.
        """
        for link in self:
            if link.latest <= start:
                return
            if link.end > start:
                yield link.one


_FEW = 8
"""So many pauses that are over are looked through at each act; more, when they have become twice as many."""


def paused(
    machine: Machine, lasting: tuple[Stretch, ...], past: Past | None, step: str, at: int
) -> tuple[tuple[Stretch, ...], Past | None]:
    """Return the pauses that last and those that are over, after a step that begins or ends some.

    Of each pause one lasts at most. What would begin it once more changes nothing until it is over.

    Args:
        machine: The procedure.
        lasting: The pauses that last; one may have ended by itself.
        past: Those that are over.
        step: The step.
        at: When.
    """
    there = {one.pause: one for one in lasting}
    for name, pause in machine.pausing[step]:
        one = there.get(name)
        if one is not None and not one.open_at(at):
            past = Past.over(one, at if one.end is None else one.end, past)
            del there[name]
            one = None
        if step in pause.to and one is not None:
            # An answer whose time lies before the question ends the pause where it began, not before.
            past = Past.over(one, max(at, one.start), past)
            del there[name]
            one = None
        if step in pause.from_ and one is None:
            there[name] = Stretch.begun(machine, name, pause, at)
    return tuple(there.values()), past


def still_met(machine: Machine, past: Past | None, runs: Iterable[Run], since: int) -> Past | None:
    """Return the pauses that are over and may still touch a deadline: long cases would else be heavy.

    A pause that was over by then cannot touch a deadline that begins later; so only those that run may have met it.

    Args:
        machine: The procedure.
        past: The pauses that are over.
        runs: The deadlines that are running.
        since: An instant before which no act to come lies.
    """
    if past is None:
        return None
    starts = [(run.deadline, run.start) for run in runs]
    if past.latest <= since and all(past.latest <= start for _, start in starts):
        return None
    if past.size > _FEW and past.size < 2 * past.swept:
        return past
    rules = machine.rule.pauses
    kept = [
        link
        for link in past
        if link.end > since or any(link.end > start and name in rules[link.one.pause].stops for name, start in starts)
    ]
    return past if len(kept) == past.size <= _FEW else Past.of(kept)


def stretches(machine: Machine, pauses: Iterable[Stretch], deadline: str) -> list[tuple[int, int | None]]:
    """Return when a deadline does not run, in order and apart from each other.

    Args:
        machine: The procedure.
        pauses: Pauses of the case.
        deadline: Which deadline.
    """
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
