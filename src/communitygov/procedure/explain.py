"""What became of a finished case, event by event: the rule followed slowly. It is the oracle of the bulk judge.

A faulty event is noted, and the case goes on from where its own step leads to.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import accumulate
from typing import Any

from attrs import evolve, frozen

from communitygov.procedure.acts import Act, Fault
from communitygov.procedure.case import overdue
from communitygov.procedure.given import check_texts
from communitygov.procedure.machine import Machine
from communitygov.procedure.rules import Procedure
from communitygov.procedure.state import State, followed, key_of, opened, without_past
from communitygov.procedure.tables import FACT
from communitygov.procedure.times import Pauses, Run, Stretch, due_of, late_at, rests_on_unpublished
from communitygov.procedure.wording import FAULTS, UNITS, say_fault, title_of
from communitygov.vocabulary.clock import instant_of, moment_at
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.numbers import decimal_text
from communitygov.vocabulary.steps import Steps
from communitygov.vocabulary.text import Title

__all__ = ["Folded", "case_faults", "case_row", "explain_case", "fold", "row_of"]

_SHOWN = "%Y-%m-%d %H:%M:%S"
"""How an instant is told to people; what is counted with stands beside it to the microsecond."""


@frozen
class Folded:
    """A case as its events left it, and what was wrong.

    Args:
        states: How it stood before the first event and after each.
        faults: What is wrong with each event.
        of_case: What is wrong with the case as a whole.
        runs: Every time that a deadline began, by when it did.
        pauses: All pauses.
    """

    states: tuple[State, ...]
    faults: tuple[tuple[Fault, ...], ...]
    of_case: tuple[Fault, ...]
    runs: tuple[Run, ...]
    pauses: Pauses


def fold(procedure: Procedure, acts: Sequence[Act], at: dt.datetime) -> Folded:
    """Return what became of a case, and everything that was wrong.

    Args:
        procedure: The rule that it was opened under.
        acts: Its events in order.
        at: The instant that the log goes up to, with its time zone.

    Raises:
        UsageError: If an event lies after that, its step is none of the procedure's, or a text of it is empty.
    """
    machine: Machine = procedure.machine
    instant = instant_of(at)
    for seq, act in enumerate(acts, 1):
        if act.at > instant:
            raise UsageError.because(
                "after-the-log",
                zh=f"第 {seq} 条在 {at} 之后；请给出留痕截止的时间",
                en=f"event {seq} lies after {at}; give the instant that the log goes up to",
            )
        if act.step not in procedure.steps and act.step not in procedure.reminders:
            raise UsageError.because("unknown-step", zh=f"没有环节 `{act.step}`", en=f"there is no step `{act.step}`")
        check_texts(seq, act)
    state, states, faults = opened(machine), [opened(machine)], []
    runs, pauses = list[Run](), list[Stretch]()
    for act, since in zip(acts, _not_before(acts), strict=True):
        found, state = followed(machine, state, act, runs)
        state, over = without_past(machine, state, since)
        pauses += over
        faults.append(tuple(found))
        states.append(state)
    begun = tuple(sorted((*runs, *state.runs), key=lambda run: run.start))
    paused = tuple(sorted((*pauses, *state.pauses), key=lambda one: one.start))
    of_case = tuple(case_faults(machine, state, acts, instant))
    return Folded(tuple(states), tuple(faults), of_case, begun, Pauses(machine, paused))


def _not_before(acts: Sequence[Act]) -> list[int]:
    """Return for each act an instant before which none of those after it lies; some may lie before itself."""
    later = [*accumulate((act.at for act in reversed(acts)), min)]
    return [*reversed(later[:-1]), max(act.at for act in acts)] if acts else []


def case_faults(machine: Machine, state: State, acts: Sequence[Act], at: int) -> Iterator[Fault]:
    """Yield what is wrong with a case as a whole.

    A step is missing if it lies on every way to the step of the main line that was done last, and was never done. What
    is overdue counts at the instant that the log goes up to.

    Args:
        machine: The procedure.
        state: The case after its last event.
        acts: Its events.
        at: The instant that the log goes up to, in microseconds since 1970 in UTC.
    """
    done = {act.step for act in acts}
    for name in machine.rule.main:
        if name in machine.dominators.get(state.place.step, frozenset()) and name not in done:
            yield Fault("missing_step", name)
    for fault in overdue(machine, state, at):
        yield evolve(fault, kind="not_disclosed") if fault.what in machine.disclosed_within else fault
    for key, shown in machine.rule.disclosures.items():
        if shown.within is None and state.place.is_closed and shown.step not in done:
            yield Fault("not_disclosed", key)


def case_row(procedure: Procedure, case: str, acts: Sequence[Act], at: dt.datetime) -> dict[str, Any]:
    """Return what a finished log says of one case, by column: the oracle of the bulk judge's cases.

    A deadline is *settled* each time it ended, or is past due at the instant that the log goes up to, or had run out
    when it began anew; it was *kept* if it was not past due then, or, where it is a bound at the earliest, was.

    Args:
        procedure: The rule that it was opened under.
        case: Its id.
        acts: Its events in order, at least one.
        at: The instant that the log goes up to, with its time zone.

    Returns:
        The values of ``case_columns``; instants in microseconds since 1970 in UTC, a worth in hundredths.
    """
    return row_of(procedure, case, acts, at, fold(procedure, acts, at))


def row_of(procedure: Procedure, case: str, acts: Sequence[Act], at: dt.datetime, folded: Folded) -> dict[str, Any]:
    """Return the same, of a case that is folded already.

    Args:
        procedure: The rule that it was opened under.
        case: Its id.
        acts: Its events in order, at least one.
        at: The instant that the log goes up to, with its time zone.
        folded: What became of it.
    """
    machine, state = procedure.machine, folded.states[-1]
    main = [act.at for act in acts if act.step in procedure.main]
    row: dict[str, Any] = {
        "case": case,
        "opened": acts[0].at,
        "closed": main[-1] if state.place.is_closed else None,
        "is_closed": state.place.is_closed,
        "outcome": state.outcome,
        "owner": state.owner,
        "events": len(acts),
        "faults": sum(map(len, folded.faults)) + len(folded.of_case),
    }
    for name, fact in procedure.all_facts.items():
        value = state.facts.get(name)
        if not fact.personal:
            row[FACT + name] = value
        if fact.worth:
            row[f"worth.{name}"] = None if value is None else int(fact.worth[value] * 100)
    for name in procedure.deadlines:
        told = [
            one for run in folded.runs if run.deadline == name for one in _kept(machine, folded, run, instant_of(at))
        ]
        row[f"kept.{name}"] = all(kept for kept, _ in told) if told else None
        row[f"settled.{name}"], row[f"kept_count.{name}"] = len(told), sum(kept for kept, _ in told)
        row[f"provisional.{name}"] = any(mark for _, mark in told) if told else None
    done = Counter(act.step for act in acts)
    counted = Counter(procedure.steps[act.step].counts_as for act in acts if act.step in procedure.steps)
    row |= {f"done.{name}": done[name] for name in procedure.steps}
    return row | {
        f"count.{step.counts_as}": counted[step.counts_as] for step in procedure.steps.values() if step.counts_as
    }


def _kept(machine: Machine, folded: Folded, run: Run, at: int) -> Iterator[tuple[bool, bool]]:
    """Yield whether a deadline that began was kept, and whether that is provisional, if it is settled."""
    pauses = folded.pauses.met(run)
    until = at if run.ended is None else run.ended
    mark = rests_on_unpublished(machine, run, pauses, until)
    if machine.rule.deadlines[run.deadline].bound == "at_earliest":
        found = due_of(machine, run, pauses)
        if run.ended is not None and not run.restarted:
            yield found is not None and run.ended >= found[0], mark
        return
    late = late_at(machine, run, pauses, until) is not None
    if late or (run.ended is not None and not run.restarted):
        yield not late, mark


def explain_case(procedure: Procedure, case: str, acts: Sequence[Act], at: dt.datetime) -> Steps:
    """Return what became of a case, as a tree: its events in order with what was wrong, then its deadlines.

    Args:
        procedure: The rule that it was opened under.
        case: Its id.
        acts: Its events in order.
        at: The instant that the log goes up to, with its time zone.

    Returns:
        A step ``case`` with the number of faults, a step ``event`` for each event, with that of its own if any, and a
        step ``deadline`` for each deadline that began, each with the facts to check it by hand.

    Raises:
        UsageError: If an event lies after that instant, or its step is none of the procedure's.
    """
    folded, machine = fold(procedure, acts, at), procedure.machine
    state = folded.states[-1]
    zone = procedure.clock.zone if procedure.clock is not None else "UTC"
    children = [
        _event(procedure, seq, act, folded.states[seq - 1], folded.faults[seq - 1], zone)
        for seq, act in enumerate(acts, 1)
    ]
    children += [
        evolve(_fault(procedure, fault, say_fault(procedure, fault)), clause=procedure.clause)
        for fault in folded.of_case
    ]
    children += [_deadline(machine, run, folded.pauses.met(run), zone) for run in folded.runs]
    count = sum(map(len, folded.faults)) + len(folded.of_case)
    place = procedure.steps[state.place.step].name(state.place.step) if state.place.step else Title(zh="无", en="none")
    ended = Title(zh="已办结", en="closed") if state.place.is_closed else Title(zh="未办结", en="not closed")
    outcome = state.outcome
    named = procedure.outcomes.get(outcome or "", Title(zh="", en=""))
    return Steps(
        "case",
        Title(zh=f"件 {case}", en=f"case {case}"),
        count,
        Title(
            zh=f"{ended.zh}{'：' + named.zh if outcome else ''}；最后环节：{place.zh}；差错 {count} 处",
            en=f"{ended.en}{': ' + named.en if outcome else ''}; last step: {place.en}; faults: {count}",
        ),
        clause=procedure.clause,
        children=children,
        facts={"events": len(acts), "outcome": outcome, "owner": state.owner},
    )


def _fault(procedure: Procedure, fault: Fault, text: Title) -> Steps:
    facts: dict[str, Fraction | int | float | str | bool | None] = {
        "by": fault.by,
        "unit": fault.unit,
        "counted": fault.counted,
        "provisional": fault.provisional,
    }
    words = title_of(procedure, fault.what, fault.kind)
    return Steps("fault", FAULTS[fault.kind], fault.what, text, facts=facts, words=words)


def _event(procedure: Procedure, seq: int, act: Act, before: State, faults: tuple[Fault, ...], zone: str) -> Steps:
    rule = procedure.steps.get(act.step)
    title = rule.name(act.step) if rule is not None else procedure.reminders[act.step].name(act.step)
    role = Title(zh="—", en="-")
    if act.role is not None and act.role in procedure.roles:
        role = procedure.roles[act.role].name(act.role)
    at = moment_at(act.at, zone)
    when = f"{at:{_SHOWN}}"
    unit = key_of(procedure.machine, act) or act.unit
    whose = f"（{unit}）" if unit else "", f" ({unit})" if unit else ""
    told = [say_fault(procedure, fault, act.step) for fault in faults]
    return Steps(
        "event",
        Title(zh=f"{seq}. {title.zh}", en=f"{seq}. {title.en}"),
        len(faults) or None,
        Title(
            zh="；".join([f"{when}，{role.zh}{whose[0]}", *(one.zh for one in told)]),
            en="; ".join([f"{when}, {role.en}{whose[1]}", *(one.en for one in told)]),
        ),
        clause=() if rule is None else rule.clause or procedure.clause,
        children=[_fault(procedure, fault, text) for fault, text in zip(faults, told, strict=True)],
        facts={
            "step": act.step,
            "at": at.isoformat(),
            "after": before.place.step,
            "role": act.role,
            "unit": unit,
            "reason": act.reason,
        },
    )


def _deadline(machine: Machine, run: Run, pauses: list[tuple[int, int | None]], zone: str) -> Steps:
    """Return a deadline that began: its parts, its pauses, when it fell due, and how late it ended."""
    rule, limit = machine.rule.deadlines[run.deadline], run.limit
    found = due_of(machine, run, pauses)
    late = None if run.ended is None else late_at(machine, run, pauses, run.ended)
    due = None if found is None else moment_at(found[0], zone)
    unit, amount = UNITS[limit.unit], Fraction(limit.amount) + run.more
    mark = ("（暂定）", " (provisional)") if found is not None and found[1] else ("", "")
    start = moment_at(run.start, zone)
    whose = ("", "") if run.unit is None else (f"{run.unit}：", f"{run.unit}: ")
    zh = f"{whose[0]}自 {start:{_SHOWN}} 起 {decimal_text(amount)} {unit.zh}，"
    en = f"{whose[1]}{decimal_text(amount)} {unit.en} from {start:{_SHOWN}}, "
    return Steps(
        "deadline",
        rule.name(run.deadline),
        None if due is None else due.isoformat(),
        Title(
            zh=zh + ("中止中" if due is None else f"{due:{_SHOWN}} 到期{mark[0]}"),
            en=en + ("paused" if due is None else f"due {due:{_SHOWN}}{mark[1]}"),
        ),
        clause=rule.clause or machine.rule.clause,
        source=rule.story("limit", "amount") if rule.limit is not None else None,
        children=[_pause(start, end, zone) for start, end in pauses],
        facts={
            "whose": run.unit,
            "start": start.isoformat(),
            "amount": amount,
            "unit": limit.unit,
            "begins": limit.begins,
            "until": limit.until,
            "provisional": None if found is None else found[1],
            "ended": None if run.ended is None else moment_at(run.ended, zone).isoformat(),
            "late": None if late is None else late[0],
        },
    )


def _pause(start: int, end: int | None, zone: str) -> Steps:
    """Return a stretch in which a deadline did not run."""
    begun, ended = moment_at(start, zone), None if end is None else moment_at(end, zone)
    return Steps(
        "pause",
        Title(zh="中止", en="pause"),
        None if ended is None else ended.isoformat(),
        Title(
            zh=f"自 {begun:{_SHOWN}} " + ("起，未结束" if ended is None else f"至 {ended:{_SHOWN}}"),
            en=f"from {begun:{_SHOWN}}" + (", not ended" if ended is None else f" to {ended:{_SHOWN}}"),
        ),
        facts={"start": begun.isoformat(), "end": None if ended is None else ended.isoformat()},
    )
