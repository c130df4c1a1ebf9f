"""Running cases that come over to other rules, by a map that those rules have. Without one, a case stays on its own."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from communitygov.procedure.acts import Act
from communitygov.procedure.case import Case
from communitygov.procedure.machine import Machine, Place
from communitygov.procedure.pauses import Past
from communitygov.procedure.rules import Migration, Procedure
from communitygov.procedure.state import State
from communitygov.procedure.times import Run
from communitygov.vocabulary.clock import instant_of
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.problem import Problem
from communitygov.vocabulary.text import Title

__all__ = ["MIGRATED", "carried_over", "map_between", "migrate"]

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
        UsageError: If the case has events that are in no store; if those rules have no map for the rules that the case
            is on; or lack something that is underway: its step and branch, a line, a deadline in the same unit, a
            pause; or ask who did a step, or how often, where the rules before did not. All that is lacking is named.
    """
    machine: Machine = procedure.machine
    if case.log is not None:
        raise UsageError.because(
            "unsaved-events",
            zh="此件有未保存的留痕，须先依原规则保存（save）再过渡",
            en="the case has events that are in no store; save it under its own rules before it comes over",
        )
    act = Act(MIGRATED, instant_of(at))
    if act.at < case.state.at:
        raise UsageError.because(
            "back-in-time", zh="时间早于此件已有的留痕", en="the time lies before what was recorded of the case already"
        )
    state = carried_over(case.state, case.machine, machine, act.at)
    log = ((act, case.state.place, state.place, None), case.log)
    return Case(machine, case.id, state, case.seq + 1, log, case.tip)


def map_between(before: Machine, machine: Machine) -> Migration:
    """Return the map by which cases come over from some rules to others.

    Args:
        before: The rules that a case is on.
        machine: The rules to come.

    Raises:
        UsageError: If those have none.
    """
    found = next((one for one in machine.rule.migrations.values() if one.digest == before.digest), None)
    if found is None:
        raise UsageError.because(
            "no-migration",
            zh=f"新规则没有从规则 {before.digest[:12]} 过渡的对应表（migrations）",
            en=f"the rules have no map (migrations) for cases under the rules {before.digest[:12]}",
        )
    return found


def carried_over(state: State, before: Machine, machine: Machine, at: int) -> State:
    """Return a case's state under other rules.

    Args:
        state: How it stands under its own.
        before: Its own rules.
        machine: The rules to come.
        at: When, in microseconds since 1970 in UTC.

    Raises:
        UsageError: As ``migrate``.
    """
    rule, found = machine.rule, map_between(before, machine)
    problems = [*_lacking(state, before, machine, found)]
    if problems:
        raise UsageError(problems)
    lines = {key: _place(machine, there.step, there.way) for key, there in state.lines.items()}
    counts: Counter[str] = Counter()
    for name, count in state.counts.items():
        counts[_step(found, name)] += count
    return state._replace(
        place=_place(machine, _step(found, state.place.step), state.place.way),
        at=at,
        lines=lines,
        counts=dict(counts),
        persons={_step(found, name): person for name, person in state.persons.items()},
        runs=tuple(run for run in state.runs if run.deadline in rule.deadlines),
        pauses=tuple(one for one in state.pauses if one.pause in rule.pauses),
        past=Past.of([link for link in state.past or () if link.one.pause in rule.pauses]),
    )


def _step(found: Migration, step: str) -> str:
    return found.steps.get(step, step)


def _place(machine: Machine, step: str, way: str) -> Place:
    """Return the place on the same way: what was decided stays decided."""
    return machine.start if not step else machine.ways[step].places[way]


def _goes_on(machine: Machine, run: Run) -> bool:
    """Return whether a running deadline is there under other rules, and counts the same unit."""
    deadline = machine.rule.deadlines.get(run.deadline)
    if deadline is None or machine.rule.clock is None:
        return False
    units = {limit.unit for limit in deadline.every.values()}
    return run.limit.unit in units and (run.limit.unit != "working_hours" or bool(machine.rule.clock.hours))


def _lacking(state: State, before: Machine, machine: Machine, found: Migration) -> list[Problem]:
    """Return what is underway and has no place in the rules to come."""
    rule = machine.rule
    step = _step(found, state.place.step)
    lacking = [] if not step or step in rule.main else [("环节", "step", step)]
    if step in rule.main and state.place.way not in machine.ways[step].places:
        lacking.append(("分支", "branch", f"{step}.{state.place.way}"))
    for (line, _), there in state.lines.items():
        known = line in rule.lines and there.step in rule.steps and rule.steps[there.step].line == line
        if not (known and there.way in machine.ways[there.step].places):
            lacking.append(("支线", "line", line))
    gone = [run.deadline for run in state.runs if not _goes_on(machine, run)]
    lacking += [("期限", "deadline", name) for name in gone]
    # What was not kept under the old rules cannot be known under the new: who did a step, and how often.
    was = {_step(found, name) for name in before.watched}
    lacking += [("经办人", "record of who did", name) for name in sorted(machine.watched - was)]
    had = {_step(found, name) for name in before.counted}
    lacking += [("次数", "count of", name) for name in sorted(machine.counted - had)]
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
