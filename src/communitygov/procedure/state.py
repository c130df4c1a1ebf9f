"""A case as it stands, what is wrong with an act, and how the case stands after it. All instants are whole numbers.

A case is the fold of its events. The live case refuses an act that has a fault; the explanation of a finished log notes
the fault and goes on from where the act itself leads to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from attrs import evolve

from communitygov.procedure.acts import CASE_FAULTS, EVENT_FAULTS, Act, CaseFault, EventFault, Fault
from communitygov.procedure.given import SPACES
from communitygov.procedure.machine import Machine, Place
from communitygov.procedure.pauses import Past, Stretch, paused, still_met, stretches
from communitygov.procedure.rules import Deadline, Limit, Rung, Step
from communitygov.procedure.times import Run, counted_on_unpublished, due_of, late_at, rung_instant

__all__ = [
    "CASE_FAULTS",
    "EVENT_FAULTS",
    "Act",
    "CaseFault",
    "EventFault",
    "Fault",
    "State",
    "faults_of",
    "followed",
    "key_of",
    "opened",
    "without_past",
]


class State(NamedTuple):
    """A case as it stands: a tuple, since one is made at every act.

    Args:
        place: Where its main line stands.
        at: The latest instant of its events.
        lines: Where each line beside it that is underway stands, by line and unit.
        facts: What is known.
        owner: The unit that has it.
        counts: How often the steps that are counted were done.
        persons: Who last did the steps of which that must be known.
        runs: The deadlines that are running.
        pauses: The pauses that last, one of each at most; one may have ended by itself.
        past: The pauses that are over; those that can touch nothing any more are left out by ``without_past``.
        opened: The instant of its first event; None before that.
        rests_from: When the first of its pauses began that may end by itself, so that the calendar has weight in it;
            None if there was none. Deadlines that began later may rest on it, though it is over and left out.
    """

    place: Place
    at: int
    lines: Mapping[tuple[str, str | None], Place]
    facts: Mapping[str, Any]
    owner: str | None
    counts: Mapping[str, int]
    persons: Mapping[str, str | None]
    runs: tuple[Run, ...]
    pauses: tuple[Stretch, ...]
    past: Past | None = None
    opened: int | None = None
    rests_from: int | None = None

    @property
    def outcome(self) -> str | None:
        """What it is closed with; None while it is open, or if that is not known."""
        return self.facts.get(self.place.closes_as) if self.place.closes_as is not None else self.place.closes

    def stopped(self, machine: Machine, run: Run) -> list[tuple[int, int | None]]:
        """Return when a deadline does not run, in order and apart from each other.

        Args:
            machine: The procedure.
            run: The deadline.
        """
        if self.past is None:
            return stretches(machine, self.pauses, run.deadline) if self.pauses else []
        return stretches(machine, (*self.pauses, *self.past.since(run.start)), run.deadline)


_NONE: Mapping[Any, Any] = {}
_BEGINNING = -(2**63)


def opened(machine: Machine) -> State:
    """Return a case before its first step.

    Args:
        machine: The procedure.
    """
    return State(machine.start, _BEGINNING, _NONE, _NONE, None, _NONE, _NONE, (), ())


def key_of(machine: Machine, act: Act) -> str | None:
    """Return the unit whose line an act belongs to; None where there is no line per unit.

    Args:
        machine: The procedure.
        act: The act.
    """
    per = machine.per.get(act.step)
    if per is None:
        rung = machine.rule.reminders.get(act.step)
        keyed = rung is not None and machine.rule.deadlines[rung.deadline].from_[0] in machine.per
        return act.unit if keyed else None
    named = act.facts.get(per)
    return named if named is not None or machine.rule.steps[act.step].during else act.unit


def followed(machine: Machine, state: State, act: Act, ended: list[Run] | None = None) -> tuple[list[Fault], State]:
    """Return everything that is wrong with an act, and how the case stands after it.

    Args:
        machine: The procedure.
        state: The case before it.
        act: The act; its step is one of the procedure's, or a reminder.
        ended: What takes the deadlines that it ends, where somebody wants to know them.
    """
    rung = machine.rule.reminders.get(act.step)
    if rung is not None:
        return _rung_faults(machine, state, act, rung), _fired(machine, state, act, rung)
    name = act.step
    ways = machine.ways[name]
    step, unit = ways.rule, key_of(machine, act) if name in machine.per else None
    facts = _known(state.facts, act.facts) if act.facts else state.facts
    place = ways.only if ways.only is not None and ways.beyond is None else _way(machine, state, name, facts)
    found = _step_faults(machine, state, act, step, unit, facts, place)
    return found, _after(machine, state, act, step, unit, facts, place, ended)


def without_past(machine: Machine, state: State, since: int) -> State:
    """Return a case without the pauses that can touch nothing any more: ``still_met``.

    Args:
        machine: The procedure.
        state: The case.
        since: An instant before which no act to come lies.
    """
    past = still_met(machine, state.past, state.runs, since)
    return state if past is state.past else state._replace(past=past)


def faults_of(machine: Machine, state: State, act: Act) -> list[Fault]:
    """Return everything that is wrong with an act of a step, and do nothing.

    Args:
        machine: The procedure.
        state: The case before it.
        act: The act.
    """
    step, facts = machine.rule.steps[act.step], _known(state.facts, act.facts)
    place = _way(machine, state, act.step, facts)
    return _step_faults(machine, state, act, step, key_of(machine, act), facts, place)


def _rung_faults(machine: Machine, state: State, act: Act, rung: Rung) -> list[Fault]:
    found = [Fault("back_in_time", act.step)] if act.at < state.at else []
    return [*found, *_misfired(machine, state, act, rung)]


def _step_faults(
    machine: Machine,
    state: State,
    act: Act,
    step: Step,
    unit: str | None,
    facts: Mapping[str, Any],
    place: Place,
) -> list[Fault]:
    name = act.step
    found = [Fault("back_in_time", name)] if act.at < state.at else []
    if name not in state.place.next if step.line is None else not _in_order(state, name, step, unit):
        found.append(Fault("wrong_order", name, unit))
    if act.role not in machine.free[name]:
        found.extend(_wrong_person(machine, state, act, step, facts))
    if step.takes and act.unit is None:
        found.append(Fault("no_owner", name))
    for fact in step.needs:
        known = act.facts if fact in machine.anew[name] else facts
        if known.get(fact) is None:
            found.append(Fault("missing_fact", fact))
    if act.facts:
        for fact, value in act.facts.items():
            if value is not None and fact not in step.facts:
                found.append(Fault("stray_fact", fact))
    if (step.reasons and act.reason not in step.reasons) or (
        step.needs_reason and (act.reason is None or not act.reason.strip(SPACES))
    ):
        found.append(Fault("unexplained", name))
    if step.at_most is not None and step.beyond is None and state.counts.get(name, 0) >= step.at_most:
        found.append(Fault("too_many", name))
    if step.awaits:
        found.extend(
            Fault("awaiting", line, other)
            for (line, other), there in state.lines.items()
            if line in step.awaits and there.next
        )
    if place.closes_as is not None and facts.get(place.closes_as) is None:
        found.append(Fault("no_outcome", place.closes_as))
    if machine.timed[name] or step.within:
        found.extend(_untimely(machine, state, act, step, unit))
    return found


def _known(before: Mapping[str, Any], given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what is known with an act; a value that is missing takes nothing away."""
    if not given:
        return before
    known = {**before, **given}
    if None in given.values():
        for name, value in given.items():
            if value is None:
                del known[name]
                if name in before:
                    known[name] = before[name]
    return known


def _in_order(state: State, name: str, step: Step, unit: str | None) -> bool:
    """Return whether a step of a line may follow."""
    place = state.lines.get((step.line or "", unit))
    underway = place is not None and bool(place.next)
    if place is not None and name in place.next:
        return True
    return not underway and state.place.step in step.during


def _wrong_person(machine: Machine, state: State, act: Act, step: Step, facts: Mapping[str, Any]) -> Iterator[Fault]:
    if act.role not in step.by:
        yield Fault("wrong_role", act.role or "")
    elif act.role is not None:
        role = machine.rule.roles[act.role]
        named = role.named_in is None or (act.actor is not None and act.actor == facts.get(role.named_in))
        assigned = role.unit_in is None or (act.unit is not None and act.unit == facts.get(role.unit_in))
        owns = not role.owner or (act.unit is not None and act.unit == state.owner)
        if not (named and assigned and owns):
            yield Fault("not_named", act.role)
    for name in step.other_than:
        if name in state.persons:
            before = state.persons[name]
            if before is None or act.actor is None:
                yield Fault("unknown_person", name)
            elif before == act.actor:
                yield Fault("same_person", name)


def _untimely(machine: Machine, state: State, act: Act, step: Step, unit: str | None) -> Iterator[Fault]:
    """Yield what is late, too early, or no longer in time."""
    for name in step.within:
        run = _running(state, name, unit)
        passed = None if run is None else late_at(machine, run, state.stopped(machine, run), act.at)
        if run is None or passed is not None:
            yield Fault("out_of_time", name, unit, None, passed is not None and passed[1])
    for name, deadline in machine.timed[act.step]:
        run = _running(state, name, unit)
        if run is None:
            continue
        ends = act.step in deadline.to
        if not ends and not (act.step in deadline.from_ and deadline.again == "restart"):
            continue
        pauses = state.stopped(machine, run)
        if deadline.bound == "at_latest":
            late = late_at(machine, run, pauses, act.at)
            if late is not None:
                kind: EventFault = "late" if ends else "no_show" if deadline.no_show else "overdue"
                yield Fault(kind, name, unit, *late, run.limit.unit)
        elif ends:
            due = due_of(machine, run, pauses)
            if due is None or act.at < due[0]:
                yield Fault("too_early", name, unit, None, counted_on_unpublished(machine, run, act.at))


def _running(state: State, deadline: str, unit: str | None) -> Run | None:
    for run in state.runs:
        if run.deadline == deadline and run.unit == unit:
            return run
    return None


def _misfired(machine: Machine, state: State, act: Act, rung: Rung) -> Iterator[Fault]:
    unit = key_of(machine, act)
    run = _running(state, rung.deadline, unit)
    if run is None or act.step in run.fired:
        yield Fault("misfired", act.step, unit)
        return
    instant = rung_instant(machine, run, rung, state.stopped(machine, run))
    if instant is None or act.at < instant[0]:
        others = () if rung.after is None else (rung.after,)
        yield Fault("misfired", act.step, unit, None, counted_on_unpublished(machine, run, act.at, *others))


def _way(machine: Machine, state: State, name: str, facts: Mapping[str, Any]) -> Place:
    ways = machine.ways[name]
    most = ways.rule.at_most
    if most is not None and ways.beyond is not None and state.counts.get(name, 0) >= most:
        return ways.beyond
    return ways.only or ways.taken(facts)


def _after(
    machine: Machine,
    state: State,
    act: Act,
    step: Step,
    unit: str | None,
    facts: Mapping[str, Any],
    place: Place,
    ended: list[Run] | None,
) -> State:
    """Return how a case stands after an act of a step, whether or not it is at fault."""
    name, lines = act.step, state.lines
    if step.line is not None:
        here = (step.line, unit)
        if place.next:
            lines = {**lines, here: place}
        elif here in lines:
            lines = {key: there for key, there in lines.items() if key != here}
        place = state.place
    counts, persons = state.counts, state.persons
    if name in machine.counted:
        counts = {**counts, name: counts.get(name, 0) + 1}
    if name in machine.watched:
        persons = {**persons, name: act.actor}
    pauses, past, rests_from = state.pauses, state.past, state.rests_from
    if machine.pausing[name]:
        pauses, past = paused(machine, pauses, past, name, act.at)
        if rests_from is None:
            rests_from = min((one.start for one in pauses if one.end is not None), default=None)
    return State(
        place,
        act.at if act.at > state.at else state.at,
        lines,
        facts,
        act.unit if step.takes else state.owner,
        counts,
        persons,
        _timed(machine, state, act, unit, facts, ended) if machine.timed[name] else state.runs,
        pauses,
        past,
        act.at if state.opened is None else state.opened,
        rests_from,
    )


def _timed(
    machine: Machine,
    state: State,
    act: Act,
    unit: str | None,
    facts: Mapping[str, Any],
    ended: list[Run] | None,
) -> tuple[Run, ...]:
    """Return the deadlines that are running, those that the act extends and begins among them."""
    runs = list(state.runs)
    for name, deadline in machine.timed[act.step]:
        i = next((i for i, run in enumerate(runs) if run.deadline == name and run.unit == unit), None)
        if i is not None and act.step in deadline.extended_by:
            runs[i] = evolve(runs[i], more=runs[i].more + deadline.extended_by[act.step])
        if i is not None and act.step in deadline.to:
            _end(runs, i, act.at, ended, restarted=False)
            i = None
        if act.step in deadline.from_ and (i is None or deadline.again == "restart"):
            if i is not None:
                _end(runs, i, act.at, ended, restarted=True)
            limit = _limit(deadline, facts)
            if limit is not None:
                runs.append(Run(name, unit, act.at, limit))
    return tuple(runs)


def _end(runs: list[Run], i: int, at: int, ended: list[Run] | None, *, restarted: bool) -> None:
    """Take a deadline that has ended out of those that run."""
    run = runs.pop(i)
    if ended is not None:
        ended.append(run.over(at, restarted=restarted))


def _limit(deadline: Deadline, facts: Mapping[str, Any]) -> Limit | None:
    return deadline.limit_for(facts.get(deadline.by) if deadline.by is not None else None)


def _fired(machine: Machine, state: State, act: Act, rung: Rung) -> State:
    """Return how a case stands after a reminder has fired."""
    unit = key_of(machine, act)
    runs = tuple(
        evolve(run, fired=run.fired | {act.step}) if run.deadline == rung.deadline and run.unit == unit else run
        for run in state.runs
    )
    opened = act.at if state.opened is None else state.opened
    return state._replace(at=max(state.at, act.at), runs=runs, opened=opened)
