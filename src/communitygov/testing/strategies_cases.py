"""Hypothesis strategies for logs: cases that go through a procedure as it asks, or with faults put in.

The cases go far: each act is one that may be done where the case stands, and the main line is preferred to go on.
Needs the extra ``[test]``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from random import Random
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen
from hypothesis import strategies as st

from communitygov.procedure.acts import Act
from communitygov.procedure.machine import Machine
from communitygov.procedure.rules import Procedure
from communitygov.procedure.state import State, followed, opened
from communitygov.procedure.tables import FACT
from communitygov.procedure.times import due_of, rung_instant
from communitygov.vocabulary.clock import instant_of, moment_at

if TYPE_CHECKING:
    import polars as pl

__all__ = ["PEOPLE", "TOLD", "Log", "drawn_act", "faulted", "frame_of", "logs", "possible", "walked"]

PEOPLE, UNITS = ("p1", "p2", "p3"), ("u1", "u2", "u3")

TOLD = frozenset({"late", "overdue", "no_show"})
"""What a case may be guilty of without being refused."""

_MINUTE = 60_000_000
_HOUR, _DAY = 60 * _MINUTE, 1440 * _MINUTE
_STEPS = (0, 1, _MINUTE, 90 * _MINUTE, 5 * _HOUR, _DAY, 3 * _DAY, 10 * _DAY)
_STARTS = tuple(
    instant_of(dt.datetime(*day, tzinfo=dt.UTC))
    for day in [
        (2024, 9, 27, 1, 30),
        (2024, 9, 29, 12, 0),
        (2024, 12, 31, 16, 0),
        (2026, 12, 29, 3, 0),
        (2024, 3, 9, 0, 0),
    ]
)
"""Before a holiday with make-up days, at the end of a year, at the end of what is published, before summer time."""


@frozen
class Log:
    """A log of several cases.

    Args:
        cases: The acts of each case in their order.
        at: The instant that the log goes up to.
    """

    cases: Mapping[str, list[Act]]
    at: dt.datetime


@st.composite
def logs(draw: st.DrawFn, procedure: Procedure, *, faulty: bool = False, most: int = 4, events: int = 14) -> Log:
    """Draw a log of a few cases.

    Args:
        draw: Hypothesis's.
        procedure: The rule.
        faulty: Whether faults are put into some of the cases.
        most: How many cases there are at most.
        events: How many events a case has at most, before faults are put in.
    """
    random = draw(st.randoms(use_true_random=False))
    cases = {f"c{i}": walked(random, procedure, events) for i in range(1, random.randint(1, most) + 1)}
    if faulty:
        cases = {
            case: faulted(random, procedure, acts) if random.randrange(4) else acts for case, acts in cases.items()
        }
    last = max(act.at for acts in cases.values() for act in acts)
    return Log(cases, moment_at(last + random.choice(_STEPS), "UTC"))


def frame_of(procedure: Procedure, log: Log) -> pl.DataFrame:
    """Return a log as a frame: one row per event, cases and events in their order, with all columns of such a log.

    Args:
        procedure: The rule.
        log: The log.
    """
    import polars as pl

    kinds = {"flag": pl.Boolean(), "whole": pl.Int64(), "time": pl.Datetime("us", "UTC")}
    schema: dict[str, Any] = {"case": pl.String(), "seq": pl.Int64(), "step": pl.String()}
    schema |= {"at": pl.Datetime("us", "UTC")} | dict.fromkeys(("actor", "role", "unit", "reason"), pl.String())
    schema |= {FACT + name: kinds.get(fact.kind, pl.String()) for name, fact in procedure.all_facts.items()}
    rows = [
        {
            "case": case,
            "seq": seq,
            "step": act.step,
            "at": moment_at(act.at, "UTC"),
            "actor": act.actor,
            "role": act.role,
            "unit": act.unit,
            "reason": act.reason,
            **{FACT + name: act.facts.get(name) for name in procedure.all_facts},
        }
        for case, acts in log.cases.items()
        for seq, act in enumerate(acts, 1)
    ]
    return pl.DataFrame(rows, schema=schema)


def walked(random: Random, procedure: Procedure, events: int = 14) -> list[Act]:
    """Return the acts of a case that goes as the procedure asks; at least the first step, and late at times.

    Args:
        random: Where chance comes from.
        procedure: The rule.
        events: How many acts there are at most.
    """
    machine: Machine = procedure.machine
    state, acts = opened(machine), list[Act]()
    clock = random.choice(_STARTS)
    while len(acts) < events:
        act = _next(random, machine, state, max(clock, state.at))
        if act is None:
            break
        for one in (*_fires(random, machine, state, act), act):
            _, state = followed(machine, state, one)
            acts.append(one)
        if state.place.is_closed and random.randrange(3) == 0:
            break
    return acts


def _next(random: Random, machine: Machine, state: State, at: int) -> Act | None:
    """Return an act that may be done, or none if nothing can be found."""
    places = [*possible(machine, state)]
    turn = random.randrange(len(places)) if places else 0
    places = places[turn:] + places[:turn]
    # The further on the main line, the sooner: else loops and lines beside it would take all the events there are.
    order = list(machine.rule.steps)
    if random.randrange(3):
        places.sort(key=lambda one: -order.index(one[0]) if machine.rule.steps[one[0]].line is None else 0)
    for step, unit in places:
        for _ in range(3):
            act = drawn_act(random, machine, state, step, unit, at + random.choice(_STEPS))
            for one in chain((act, evolve(act, at=at)), _when_due(machine, state, act)):
                if all(fault.kind in TOLD for fault in followed(machine, state, one)[0]):
                    return one
    return None


def _when_due(machine: Machine, state: State, act: Act) -> Iterator[Act]:
    """Yield an act at the instants at which the deadlines that it ends fall due: for those at the earliest."""
    for run in state.runs:
        found = due_of(machine, run, state.stopped(machine, run)) if run.open else None
        if found is not None and found[0] >= state.at:
            yield evolve(act, at=found[0])


def _fires(random: Random, machine: Machine, state: State, act: Act) -> Iterator[Act]:
    """Yield reminders that are to be fired before an act."""
    for run in state.runs:
        for key, rung in machine.rule.reminders.items():
            if run.open and rung.deadline == run.deadline and key not in run.fired and random.randrange(2):
                since = rung_instant(machine, run, rung, state.stopped(machine, run))
                if since is not None and since[0] <= act.at and state.at <= act.at:
                    yield Act(key, act.at, unit=run.unit)


def possible(machine: Machine, state: State) -> Iterator[tuple[str, str | None]]:
    """Yield the steps that follow where a case stands, with the unit on a line per unit.

    Args:
        machine: The procedure.
        state: The case.
    """
    for key, step in machine.rule.steps.items():
        if step.line is None:
            if key in state.place.next:
                yield key, None
            continue
        for unit in UNITS if key in machine.per else (None,):
            place = state.lines.get((step.line, unit))
            if place is not None and place.next:
                if key in place.next:
                    yield key, unit
            elif state.place.step in step.during:
                yield key, unit


def drawn_act(random: Random, machine: Machine, state: State, step: str, unit: str | None, at: int) -> Act:
    """Return an act of a step, with a person, unit, facts and a reason that fit it if any do.

    Args:
        random: Where chance comes from.
        machine: The procedure.
        state: The case.
        step: The step.
        unit: The unit, on a line per unit.
        at: When.
    """
    rule = machine.rule.steps[step]
    facts = {}
    for name in (*rule.needs, *rule.may_set):
        known = state.facts.get(name) is not None
        asked = name in rule.needs and (not known or name in machine.anew[step])
        if random.randrange(3) == 0 or asked:
            facts[name] = _value(random, machine.rule, name)
    begins = step in machine.per and bool(rule.during)
    if begins:
        facts[machine.per[step]] = unit
    after = {**state.facts, **facts}
    role = random.choice(rule.by)
    others = {state.persons.get(name) for name in rule.other_than}
    free = [person for person in PEOPLE if person not in others] or PEOPLE
    named, assigned = machine.rule.roles[role].named_in, machine.rule.roles[role].unit_in
    actor = random.choice(free) if named is None else after.get(named)
    mine = random.choice(UNITS) if assigned is None else after.get(assigned)
    if machine.rule.roles[role].owner:
        mine = state.owner
    if step in machine.per and not begins:
        mine = unit
    reason = random.choice(list(rule.reasons)) if rule.reasons else "因故" if rule.needs_reason else None
    return Act(step, at, actor, role, mine, reason, facts)


def _value(random: Random, procedure: Procedure, name: str) -> Any:
    fact = procedure.all_facts[name]
    match fact.kind:
        case "choice":
            return random.choice(list(fact.values))
        case "flag":
            return random.choice([True, False])
        case "whole":
            return random.randint(0, 6)
        case "time":
            return dt.datetime(2024, 9, random.randint(1, 30), 8, tzinfo=dt.UTC)
        case "file":
            return "photo.jpg"
        case _:
            return random.choice(UNITS if name in ("unit", "invited") else PEOPLE)


def faulted(random: Random, procedure: Procedure, acts: Sequence[Act]) -> list[Act]:
    """Return the acts of a case with some faults put in, of any kind; at least one act is left.

    Args:
        random: Where chance comes from.
        procedure: The rule.
        acts: The acts.
    """
    found = list(acts)
    for _ in range(random.randint(1, 3)):
        i = random.randrange(len(found))
        act = found[i]
        match random.randrange(12):
            case 0 if i:
                found[i - 1], found[i] = evolve(act, at=found[i - 1].at), evolve(found[i - 1], at=act.at)
            case 1 if len(found) > 1:
                del found[i]
            case 2:
                found.insert(i, act)
            case 3:
                found[i] = evolve(act, role=random.choice([None, "clerk", "chief", "liaison", "department", "nobody"]))
            case 4:
                found[i] = evolve(act, actor=random.choice([None, *PEOPLE]))
            case 5:
                found[i] = evolve(act, unit=random.choice([None, *UNITS, "nowhere"]))
            case 6:
                late = random.choice([1, _HOUR, _DAY, 30 * _DAY])
                found[i:] = [evolve(one, at=one.at + late) for one in found[i:]]
            case 7:
                found[i] = evolve(act, at=act.at - random.choice([1, _HOUR, 20 * _DAY]))
            case 8 if act.facts:
                name = random.choice(list(act.facts))
                kept = {key: value for key, value in act.facts.items() if key != name}
                found[i] = evolve(act, facts={**kept, name: None} if random.randrange(2) else kept)
            case 9 if act.step in procedure.steps:
                name = random.choice(list(procedure.all_facts))
                found[i] = evolve(act, facts={**act.facts, name: _value(random, procedure, name)})
            case 10:
                found[i] = evolve(act, reason=random.choice([None, "", "elsewhere", "no reason"]))
            case _:
                step = random.choice([*procedure.steps, *procedure.reminders])
                found.insert(i, evolve(act, step=step, facts={} if step in procedure.reminders else act.facts))
    return found
