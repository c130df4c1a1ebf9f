"""Cases and their entries in a store: sealed as they are saved, verified as they are read.

What a store holds of an event is enough to replay it; nothing is asked of a clock then, and nothing is refused.
"""

from __future__ import annotations

import datetime as dt
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from attrs import evolve, frozen

from communitygov.procedure.acts import Act
from communitygov.procedure.case import Case, Event
from communitygov.procedure.case_records import Moved, moved
from communitygov.procedure.chain import Entry, Personal, canonical, digest_of, sealed, text_of, verify
from communitygov.procedure.explain import explain_case
from communitygov.procedure.machine import Machine
from communitygov.procedure.migrate import MIGRATED, carried_over
from communitygov.procedure.rules import Procedure
from communitygov.procedure.state import State, followed, opened, without_past
from communitygov.procedure.store import Store
from communitygov.vocabulary.clock import instant_of, moment_at
from communitygov.vocabulary.errors import DataError, UsageError
from communitygov.vocabulary.steps import Steps

__all__ = ["ERASED", "REASON", "Erased", "acts_of", "explain_stored", "load", "save", "seal"]


@frozen
class Erased:
    """What stands in a case for a personal value that was erased: it was known once."""

    def __repr__(self) -> str:
        return "erased"


ERASED: Final = Erased()

REASON = "reason"
"""The name under which a reason in free words can be erased, as a personal fact is under its own."""


def _salt() -> str:
    return secrets.token_hex(16)


def seal(case: Case, salt: Callable[[], str] = _salt) -> tuple[Entry, ...]:
    """Return the entries of a case's events that are in no store yet, each with the hash of the one before.

    Args:
        case: The case.
        salt: What gives a new salt, 32 hexadecimal digits, for each personal value.
    """
    entries, previous = [], case.tip
    for event in case.unsaved:
        entry = _sealed(case, event, previous, salt)
        entries.append(entry)
        previous = entry.hash
    return tuple(entries)


def _sealed(case: Case, event: Event, previous: str, salt: Callable[[], str]) -> Entry:
    act, machine, reason = event.act, case.machine, event.act.reason
    personal: dict[str, Personal | None] = {}
    if reason:
        step = machine.rule.steps.get(act.step)
        if step is None or reason not in step.reasons:
            # Free words may name somebody.
            personal[REASON] = one = Personal(salt(), reason)
            reason = digest_of(one.salt, one.value)
    facts: dict[str, object] = {}
    for name, value in act.facts.items():
        fact = machine.rule.all_facts[name]
        plain = instant_of(value) if isinstance(value, dt.datetime) else value
        if fact.personal and isinstance(plain, str):
            one = Personal(salt(), plain)
            personal[name], plain = one, digest_of(one.salt, one.value)
        facts[name] = plain
    return sealed(case.id, event.seq, _body(event, machine.calendar_digest, reason, facts), previous, personal or None)


def _body(event: Event, calendar: str | None, reason: str | None, facts: Mapping[str, object]) -> str:
    """Return the canonical text of an event, put together as it is sorted: sorting it anew would take half the time."""
    act, (before, way), (after, onward) = event.act, event.before, event.after
    told = f'"facts":{canonical(facts)},' if facts else ""
    beside = "" if event.line is None else f'"line":{canonical(_plain(event.line))},'
    return (
        f'{{"actor":{text_of(act.actor)},"after":[{text_of(after)},{text_of(onward)}],"at":{act.at},'
        f'"before":[{text_of(before)},{text_of(way)}],"calendar":{text_of(calendar)},{told}{beside}'
        f'"reason":{text_of(reason)},"role":{text_of(act.role)},"rules":{text_of(event.rules)},'
        f'"step":{text_of(act.step)},"unit":{text_of(act.unit)}}}'
    )


def _plain(line: Moved) -> dict[str, object]:
    """Return how a line moved as it stands in a body."""
    before, after = (None if one is None else [*one] for one in (line.before, line.after))
    return {"after": after, "before": before, "name": line.line, "unit": line.unit}


def save(store: Store, case: Case, salt: Callable[[], str] = _salt) -> Case:
    """Append a case's new events to a store, and return the case without them.

    Args:
        store: The store.
        case: The case.
        salt: What gives a new salt for each personal value.

    Raises:
        Conflict: If another writer appended to it first. Nothing was written: load the case and decide again.
    """
    entries = seal(case, salt)
    if not entries:
        return case
    store.append(entries, case.seq - len(entries))
    return evolve(case, log=None, tip=entries[-1].hash)


def load(store: Store, procedure: Procedure, case: str, *before: Procedure) -> Case:
    """Return a case as a store has it.

    Args:
        store: The store.
        procedure: The rules that it is on.
        case: Its id.
        before: The rules that it was on before it came over to these, if it did, in any order.

    Returns:
        The case; its history stays in the store.

    Raises:
        UsageError: If there is no such case, or it is on other rules.
        DataError: If its chain does not verify; every place is named.
    """
    entries = _read_whole(store, case)
    state, machine = None, None
    for entry, there in zip(entries, _under(entries, procedure, before), strict=True):
        act = _read(there.rule, entry)
        if machine is None or state is None:
            machine = there
            state = opened(machine)
        was = state
        if act.step == MIGRATED:
            state = carried_over(state, machine, there, act.at)
            machine = there
        elif there is not machine:
            raise _other_rules(entry, there.digest)
        else:
            _, state = followed(machine, state, act)
        body, line = json.loads(entry.body), moved(machine, act, was, state)
        as_told = line is None or body.get("line", _plain(line)) == _plain(line)
        if body["after"] != [state.place.step, state.place.way] or not as_told:
            raise _replayed_otherwise(entry, state)
        state = without_past(machine, state, state.at)
    if machine is not procedure.machine or state is None:
        raise _other_rules(entries[-1], "" if machine is None else machine.digest)
    return Case(machine, case, state, len(entries), None, entries[-1].hash)


def _replayed_otherwise(entry: Entry, state: State) -> DataError:
    return DataError.because(
        "replayed-otherwise",
        zh=f"件 `{entry.case}` 第 {entry.seq} 条重演后到 `{state.place.step}`，与所记不同",
        en=f"replayed, event {entry.seq} of `{entry.case}` leads to `{state.place.step}`, and not to what was recorded",
    )


def _other_rules(entry: Entry, digest: str) -> UsageError:
    return UsageError.because(
        "other-rules",
        zh=f"件 `{entry.case}` 第 {entry.seq} 条依规则 {digest[:12]} 作出，给出的规则中没有它",
        en=f"event {entry.seq} of `{entry.case}` was done under the rules {digest[:12]}, which are not those given",
    )


def _under(entries: Sequence[Entry], procedure: Procedure, before: Sequence[Procedure]) -> list[Machine]:
    """Return for each entry the rules that it was done under."""
    known: dict[str, Machine] = {rules.machine.digest: rules.machine for rules in (*before, procedure)}
    found = []
    for entry in entries:
        digest = json.loads(entry.body)["rules"]
        if digest not in known:
            raise _other_rules(entry, digest)
        found.append(known[digest])
    return found


def acts_of(procedure: Procedure, entries: Sequence[Entry], *before: Procedure) -> list[Act]:
    """Return the acts that entries hold.

    Args:
        procedure: The rules that the case is on.
        entries: The entries of one case in order.
        before: The rules that it was on before it came over to these, if it did, in any order.

    Raises:
        UsageError: If something was done under rules that are not given.
    """
    under = _under(entries, procedure, before)
    return [_read(there.rule, entry) for entry, there in zip(entries, under, strict=True)]


def explain_stored(store: Store, procedure: Procedure, case: str, at: dt.datetime, *before: Procedure) -> Steps:
    """Return what became of a case that is in a store, as ``explain_case``: of one that came over to other rules too.

    Args:
        store: The store.
        procedure: The rules that it is on.
        case: Its id.
        at: The instant up to which deadlines are looked at, with its time zone.
        before: The rules that it was on before it came over to these, if it did, in any order.

    Raises:
        UsageError: If there is no such case, it was on rules that are not given, or an event lies after the instant.
        DataError: If its chain does not verify; every place is named.
    """
    entries = _read_whole(store, case)
    acts, under = acts_of(procedure, entries, *before), _under(entries, procedure, before)
    was = [under[i - 1].rule for i, act in enumerate(acts) if act.step == MIGRATED]
    return explain_case(under[-1].rule, case, acts, at, was)


def _read_whole(store: Store, case: str) -> Sequence[Entry]:
    """Return the entries of a case, of which there are some and whose chain verifies."""
    entries = store.read(case)
    if not entries:
        raise UsageError.because("unknown-case", zh=f"存储中没有件 `{case}`", en=f"the store has no case `{case}`")
    findings = verify(entries)
    if findings:
        raise DataError([finding.problem() for finding in findings])
    return entries


def _read(procedure: Procedure, entry: Entry) -> Act:
    body: Mapping[str, Any] = json.loads(entry.body)
    facts = {name: _fact(procedure, entry, name, value) for name, value in body.get("facts", {}).items()}
    reason = body[REASON]
    if REASON in entry.personal:
        kept = entry.personal[REASON]
        reason = str(ERASED) if kept is None else kept.value
    return Act(body["step"], body["at"], body["actor"], body["role"], body["unit"], reason, facts)


def _fact(procedure: Procedure, entry: Entry, name: str, value: Any) -> Any:
    fact = procedure.all_facts.get(name)
    if fact is None or value is None:
        return value
    if fact.personal:
        one = entry.personal.get(name)
        return ERASED if one is None else one.value
    return moment_at(value, "UTC") if fact.kind == "time" else value
