"""Running cases that come over to other rules, by a map that those rules have. Without one, a case stays on its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from attrs import evolve

from communitygov.procedure.case import Case, Event
from communitygov.procedure.machine import Machine, Place
from communitygov.procedure.rules import Migration, Procedure
from communitygov.procedure.state import Act, State
from communitygov.vocabulary.clock import instant_of
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.problem import Problem
from communitygov.vocabulary.text import Title

__all__ = ["MIGRATED", "carried_over", "migrate"]

MIGRATED = "*migrated"
"""What the event is called by which a case comes over; no step has such a name."""


def migrate(case: Case, procedure: Procedure, at: dt.datetime) -> Case:
    """Return a case under other rules. That it came over is an event of its own.

    Its step is the one that the map names for it, or the one of the same name; facts, pauses and running deadlines go
    on as they are.

    Args:
        case: The case.
        procedure: The rules to come.
        at: When, with its time zone.

    Raises:
        UsageError: If those rules have no map for the rules that the case is on, or lack something that is underway:
            its step, a line, a deadline, a pause. All that is lacking is named.
    """
    machine: Machine = procedure.machine
    act = Act(MIGRATED, instant_of(at))
    if act.at < case.state.at:
        raise UsageError.because(
            "back-in-time", zh="时间早于此件已有的留痕", en="the time lies before what was recorded of the case already"
        )
    state = carried_over(case.state, case.digest, machine, act.at)
    here, there = case.state.place, state.place
    event = Event(case.seq + 1, act, (here.step, here.way), (there.step, there.way), machine.digest)
    return Case(machine, case.id, state, case.seq + 1, (event, case.log), case.tip)


def carried_over(state: State, digest: str, machine: Machine, at: int) -> State:
    """Return a case's state under other rules.

    Args:
        state: How it stands under its own.
        digest: The digest of its own rules.
        machine: The rules to come.
        at: When, in microseconds since 1970 in UTC.

    Raises:
        UsageError: As ``migrate``.
    """
    rule = machine.rule
    found = next((one for one in rule.migrations.values() if one.digest == digest), None)
    if found is None:
        raise UsageError.because(
            "no-migration",
            zh=f"新规则没有从规则 {digest[:12]} 过渡的对应表（migrations）",
            en=f"the rules have no map (migrations) for cases under the rules {digest[:12]}",
        )
    problems = [*_lacking(state, machine, found)]
    if problems:
        raise UsageError(problems)
    lines = {key: _place(machine, there.step, state) for key, there in state.lines.items() if key[0] in rule.lines}
    steps: Mapping[str, str] = {name: found.steps.get(name, name) for name in (*state.counts, *state.persons)}
    return evolve(
        state,
        place=_place(machine, _step(found, state.place.step), state),
        at=at,
        lines=lines,
        counts={steps[name]: count for name, count in state.counts.items()},
        persons={steps[name]: person for name, person in state.persons.items()},
        runs=tuple(run for run in state.runs if run.deadline in rule.deadlines),
        pauses=tuple(one for one in state.pauses if one.pause in rule.pauses),
    )


def _step(found: Migration, step: str) -> str:
    return found.steps.get(step, step)


def _place(machine: Machine, step: str, state: State) -> Place:
    if not step:
        return machine.start
    ways = machine.ways[step]
    return ways.only or ways.taken(state.facts)


def _lacking(state: State, machine: Machine, found: Migration) -> list[Problem]:
    """Return what is underway and has no place in the rules to come."""
    rule = machine.rule
    step = _step(found, state.place.step)
    lacking = [] if not step or step in rule.main else [("环节", "step", step)]
    for (line, _), there in state.lines.items():
        known = line in rule.lines and there.step in rule.steps and rule.steps[there.step].line == line
        if there.next and not known:
            lacking.append(("支线", "line", line))
    lacking += [
        ("期限", "deadline", run.deadline) for run in state.runs if run.open and run.deadline not in rule.deadlines
    ]
    lacking += [
        ("中止", "pause", one.pause) for one in state.pauses if one.end is None and one.pause not in rule.pauses
    ]
    return [
        Problem(
            "not-carried-over",
            Title(
                zh=f"新规则没有{zh} `{name}`，此件正在其中", en=f"the rules have no {en} `{name}`, which is underway"
            ),
            path=name,
        )
        for zh, en, name in dict.fromkeys(lacking)
    ]
