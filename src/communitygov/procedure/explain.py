"""What became of a finished case, told: the row that rates are taken of, and the tree of all that was done and due."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from attrs import evolve

from communitygov.procedure.acts import Act, Fault
from communitygov.procedure.fold import Folded, case_faults, fold
from communitygov.procedure.machine import Machine
from communitygov.procedure.migrate import MIGRATED
from communitygov.procedure.rules import Procedure
from communitygov.procedure.state import State, key_of
from communitygov.procedure.tables import FACT
from communitygov.procedure.times import Run, due_of, late_at, rests_on_unpublished
from communitygov.procedure.wording import FAULTS, UNITS, say_fault, title_of
from communitygov.vocabulary.clock import instant_of, moment_at
from communitygov.vocabulary.numbers import decimal_text
from communitygov.vocabulary.steps import Steps
from communitygov.vocabulary.text import Title

__all__ = ["Folded", "case_faults", "case_row", "explain_case", "fold", "row_of"]

_SHOWN = "%Y-%m-%d %H:%M:%S"
"""How an instant is told to people; what is counted with stands beside it to the microsecond."""


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


def explain_case(
    procedure: Procedure, case: str, acts: Sequence[Act], at: dt.datetime, before: Sequence[Procedure] = ()
) -> Steps:
    """Return what became of a case, as a tree: its events in order with what was wrong, then its deadlines.

    Args:
        procedure: The rule that it is on.
        case: Its id.
        acts: Its events in order.
        at: The instant that the log goes up to, with its time zone.
        before: The rules that it was on before it came over to others, oldest first; none if it never did.

    Returns:
        A step ``case`` with the number of faults, a step ``event`` for each event, with that of its own if any, and a
        step ``deadline`` for each deadline that began, each with the facts to check it by hand.

    Raises:
        UsageError: As ``fold``.
    """
    folded = fold(procedure, acts, at, before)
    state = folded.states[-1]
    zone = procedure.clock.zone if procedure.clock is not None else "UTC"
    under = [stage.machine for stage in folded.stages for _ in range(stage.events)]
    children = [
        _event(machine, seq, act, folded.states[seq - 1], folded.faults[seq - 1], zone)
        for seq, (machine, act) in enumerate(zip(under, acts, strict=True), 1)
    ]
    children += [
        evolve(_fault(procedure, fault, say_fault(procedure, fault)), clause=procedure.clause)
        for fault in folded.of_case
    ]
    children += [
        _deadline(stage.machine, run, stage.pauses.met(run), zone) for stage in folded.stages for run in stage.runs
    ]
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


def _event(machine: Machine, seq: int, act: Act, before: State, faults: tuple[Fault, ...], zone: str) -> Steps:
    procedure: Procedure = machine.rule
    rule = procedure.steps.get(act.step)
    if act.step == MIGRATED:
        title = Title(zh=f"转到规则 {machine.digest[:12]}", en=f"come over to the rules {machine.digest[:12]}")
    else:
        title = (rule or procedure.reminders[act.step]).name(act.step)
    role = Title(zh="—", en="-")
    if act.role is not None and act.role in procedure.roles:
        role = procedure.roles[act.role].name(act.role)
    at = moment_at(act.at, zone)
    when = f"{at:{_SHOWN}}"
    unit = key_of(machine, act) or act.unit
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
