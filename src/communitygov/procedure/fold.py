"""The fold of a finished case: how it stood after each event, and what was wrong. It is the oracle of the bulk judge.

A faulty event is noted, and the case goes on from where its own step leads to.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import accumulate

from attrs import evolve, frozen

from communitygov.procedure.acts import Act, Fault
from communitygov.procedure.given import check_texts
from communitygov.procedure.machine import Machine
from communitygov.procedure.migrate import MIGRATED, carried_over, map_between
from communitygov.procedure.pauses import Past, Pauses, Stretch
from communitygov.procedure.rules import Procedure
from communitygov.procedure.state import State, followed, opened, without_past
from communitygov.procedure.times import Run, overdue
from communitygov.vocabulary.clock import instant_of
from communitygov.vocabulary.errors import UsageError

__all__ = ["Folded", "Stage", "case_faults", "fold"]


@frozen
class Stage:
    """What was done in a case under one set of rules; it has one, unless it came over to others.

    Args:
        machine: The rules.
        events: How many of its events are of this stage; that by which it came over to these rules is the first.
        runs: Every time that a deadline began, of those that ended here or go on at the end of the log, by when it did.
        pauses: All pauses that those can have met.
    """

    machine: Machine
    events: int
    runs: tuple[Run, ...]
    pauses: Pauses

    @classmethod
    def of(cls, machine: Machine, events: int, runs: Iterable[Run], pauses: Iterable[Stretch]) -> Stage:
        """Return a stage, with all in order.

        Args:
            machine: The rules.
            events: How many events.
            runs: The deadlines that began.
            pauses: The pauses.
        """
        paused = tuple(sorted(pauses, key=lambda one: one.start))
        return cls(machine, events, tuple(sorted(runs, key=lambda run: run.start)), Pauses(machine, paused))


@frozen
class Folded:
    """A case as its events left it, and what was wrong.

    Args:
        states: How it stood before the first event and after each.
        faults: What is wrong with each event.
        of_case: What is wrong with the case as a whole.
        stages: What was done under each set of rules that it was on.
    """

    states: tuple[State, ...]
    faults: tuple[tuple[Fault, ...], ...]
    of_case: tuple[Fault, ...]
    stages: tuple[Stage, ...]

    @property
    def runs(self) -> tuple[Run, ...]:
        """Every time that a deadline began, by when it did; without those that ended under other rules before."""
        return self.stages[-1].runs

    @property
    def pauses(self) -> Pauses:
        """All pauses that those can have met."""
        return self.stages[-1].pauses


def fold(procedure: Procedure, acts: Sequence[Act], at: dt.datetime, before: Sequence[Procedure] = ()) -> Folded:
    """Return what became of a case, and everything that was wrong.

    Args:
        procedure: The rule that it is on.
        acts: Its events in order.
        at: The instant that the log goes up to, with its time zone.
        before: The rules that it was on before it came over to others, oldest first; none if it never did.

    Raises:
        UsageError: If an event lies after that, its step is none of the procedure's, or a text of it is empty; if the
            rules before are more or fewer than the times that it came over, or have no map from one to the next.
    """
    machines: list[Machine] = [one.machine for one in (*before, procedure)]
    instant = instant_of(at)
    _check_acts(machines, acts, at)
    machine, rest = machines[0], machines[1:]
    state, states, faults = opened(machine), [opened(machine)], []
    stages, done, events = list[Stage](), set[str](), 0
    runs, pauses = list[Run](), list[Stretch]()
    for act, since in zip(acts, _not_before(acts), strict=True):
        if act.step == MIGRATED:
            stages.append(Stage.of(machine, events, runs, (*pauses, *state.pauses)))
            found = [Fault("back_in_time", MIGRATED)] if act.at < state.at else []
            there = rest.pop(0)
            state = carried_over(state, machine, there, max(act.at, state.at))
            renamed = map_between(machine, there).steps
            done = {renamed.get(name, name) for name in done}
            machine, events, runs, pauses = there, 0, [], [link.one for link in state.past or ()]
        else:
            known = state.past
            found, state = followed(machine, state, act, runs)
            pauses += _over_since(state.past, known)
            done.add(act.step)
        events += 1
        state = without_past(machine, state, since)
        faults.append(tuple(found))
        states.append(state)
    stages.append(Stage.of(machine, events, (*runs, *state.runs), (*pauses, *state.pauses)))
    of_case = tuple(case_faults(machine, state, done, instant))
    return Folded(tuple(states), tuple(faults), of_case, tuple(stages))


def _over_since(past: Past | None, known: Past | None) -> Iterator[Stretch]:
    """Yield the pauses that have come to be over since."""
    for link in past or ():
        if link is known:
            return
        yield link.one


def _check_acts(machines: Sequence[Machine], acts: Sequence[Act], at: dt.datetime) -> None:
    """Refuse what cannot be followed."""
    instant, moves = instant_of(at), sum(act.step == MIGRATED for act in acts)
    if moves != len(machines) - 1:
        raise UsageError.because(
            "other-rules",
            zh=f"此件 {moves} 次转到其他规则，却给出了此前的 {len(machines) - 1} 个；请依次全部给出（before）",
            en=f"the case came over from other rules {moves} times, and {len(machines) - 1} rules before these are "
            "given; give each, oldest first (before)",
        )
    stages = iter(machines)
    rule = next(stages).rule
    for seq, act in enumerate(acts, 1):
        if act.at > instant:
            raise UsageError.because(
                "after-the-log",
                zh=f"第 {seq} 条在 {at} 之后；请给出留痕截止的时间",
                en=f"event {seq} lies after {at}; give the instant that the log goes up to",
            )
        if act.step == MIGRATED:
            rule = next(stages).rule
        elif act.step not in rule.steps and act.step not in rule.reminders:
            raise UsageError.because("unknown-step", zh=f"没有环节 `{act.step}`", en=f"there is no step `{act.step}`")
        check_texts(seq, act)


def _not_before(acts: Sequence[Act]) -> list[int]:
    """Return for each act an instant before which none of those after it lies; some may lie before itself."""
    later = [*accumulate((act.at for act in reversed(acts)), min)]
    return [*reversed(later[:-1]), max(act.at for act in acts)] if acts else []


def case_faults(machine: Machine, state: State, done: Collection[str], at: int) -> Iterator[Fault]:
    """Yield what is wrong with a case as a whole.

    A step is missing if it lies on every way to the step of the main line that was done last, and was never done. What
    is overdue counts at the instant that the log goes up to.

    Args:
        machine: The procedure.
        state: The case after its last event.
        done: The steps that were done.
        at: The instant that the log goes up to, in microseconds since 1970 in UTC.
    """
    for name in machine.rule.main:
        if name in machine.dominators.get(state.place.step, frozenset()) and name not in done:
            yield Fault("missing_step", name)
    for fault in overdue(machine, state, at):
        yield evolve(fault, kind="not_disclosed") if fault.what in machine.disclosed_within else fault
    for key, shown in machine.rule.disclosures.items():
        if shown.within is None and state.place.is_closed and shown.step not in done:
            yield Fault("not_disclosed", key)
