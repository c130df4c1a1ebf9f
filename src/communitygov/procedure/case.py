"""A live case: each act gives the next case, or is refused with what is wrong and who may do what now.

Nothing here knows what time it is; every instant is passed in, with its time zone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from attrs import field, frozen

from communitygov.procedure.acts import Act, Fault
from communitygov.procedure.case_records import Actor, Event, Fire, Moved, Running, moved
from communitygov.procedure.given import check_facts, is_blank, is_text
from communitygov.procedure.machine import Machine, Place
from communitygov.procedure.refusal import May, Refused
from communitygov.procedure.rules import Procedure
from communitygov.procedure.state import State, faults_of, followed, key_of, opened, without_past
from communitygov.procedure.times import Run, overdue, rung_instant
from communitygov.vocabulary.clock import instant_of, moment_at
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.problem import did_you_mean

if TYPE_CHECKING:
    from communitygov.procedure.public import Published
    from communitygov.vocabulary.steps import Steps

__all__ = [
    "Actor",
    "Case",
    "Event",
    "Fire",
    "May",
    "Refused",
    "Running",
    "Status",
    "open_case",
    "replay",
]

Status = Literal["open", "waiting", "handed_over", "closed", "undecided"]
"""How a case stands: ``waiting`` while a pause lasts, ``handed_over`` while a unit that was called in is not done,
``undecided`` while facts that its way hangs on are not known."""


Log = tuple[tuple[Act, Place, Place, Moved | None], Any] | None
"""The last act with where the case stood before and after it and where it left its line, and nested, those before."""
_NO_LOG: Log = None
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@frozen(eq=False)
class Case:
    """One matter going through a procedure. It is never changed; an act gives another.

    Args:
        machine: The rules it was opened under; it stays on them.
        id: Its id.
        state: How it stands.
        seq: How many events it has.
        log: Its last act and, nested, those before; None of those that are in a store.
        tip: The hash of the last entry that is in a store; empty if there is none.
    """

    machine: Machine = field(repr=False)
    id: str
    state: State = field(repr=False)
    seq: int = 0
    log: Log = field(default=None, repr=False)
    tip: str = field(default="", repr=False)

    @property
    def procedure(self) -> Procedure:
        """The rule."""
        return self.machine.rule

    @property
    def digest(self) -> str:
        """The digest of the rules it was opened under."""
        return self.machine.digest

    @property
    def opened(self) -> dt.datetime | None:
        """When its first event was; it stays on the rules of that day. None before its first event."""
        if self.state.opened is None:
            return None
        zone = "UTC" if self.procedure.clock is None else self.procedure.clock.zone
        return moment_at(self.state.opened, zone)

    @property
    def step(self) -> str:
        """The step of the main line that was done last."""
        return self.state.place.step

    @property
    def owner(self) -> str | None:
        """The unit that has it."""
        return self.state.owner

    @property
    def outcome(self) -> str | None:
        """What it is closed with; None while it is open."""
        return self.state.outcome

    @property
    def facts(self) -> Mapping[str, Any]:
        """What is known of it."""
        return MappingProxyType(self.state.facts)

    @property
    def unsaved(self) -> tuple[Event, ...]:
        """Its events that are in no store yet, oldest first."""
        events: list[Event] = []
        log, digest = self.log, self.machine.digest
        while log is not None:
            (act, here, there, line), log = log
            before, after = (here.step, here.way), (there.step, there.way)
            events.append(Event(self.seq - len(events), act, before, after, digest, line))
        return tuple(reversed(events))

    @property
    def history(self) -> tuple[Event, ...]:
        """Its events, oldest first.

        Raises:
            UsageError: If some are in a store; read them there.
        """
        events = self.unsaved
        if len(events) != self.seq:
            raise UsageError.because(
                "history-in-store",
                zh=f"此件的前 {self.seq - len(events)} 条留痕在存储中，请从那里读取（acts_of、explain_stored）",
                en=f"the first {self.seq - len(events)} events of this case are in the store; read them there "
                "(acts_of, explain_stored)",
            )
        return events

    def status(self, at: dt.datetime) -> Status:
        """Return how it stands at an instant.

        Args:
            at: The instant, with its time zone.
        """
        state, instant = self.state, instant_of(at)
        if state.place.is_closed:
            return "closed"
        if state.place.way == "*undecided":
            return "undecided"
        if any(one.open_at(instant) for one in state.pauses):
            return "waiting"
        return "handed_over" if any(key[1] and place.next for key, place in state.lines.items()) else "open"

    def may(self, actor: Actor | None = None, at: dt.datetime | None = None) -> tuple[May, ...]:
        """Return what may be done now.

        Args:
            actor: By whom; anybody if None.
            at: When; if given, what is no longer in time is left out.
        """
        return self.may_at(self.state.at if at is None else instant_of(at), actor)

    def may_at(self, at: int, actor: Actor | None = None) -> tuple[May, ...]:
        """Return what may be done at an instant.

        Args:
            at: In microseconds since 1970 in UTC.
            actor: By whom; anybody if None.
        """
        return tuple(self._may(actor, at))

    def _may(self, actor: Actor | None, at: int) -> Iterator[May]:
        ignored = {"missing_fact", "unexplained", "no_outcome", "late", "overdue", "no_show", "unknown_person"}
        ignored |= set() if actor is not None else {"wrong_role", "not_named", "same_person", "no_owner"}
        for key, step in self.procedure.steps.items():
            found = [
                act
                for act in self._tried(key, actor, at)
                if all(fault.kind in ignored for fault in faults_of(self.machine, self.state, act))
            ]
            if found:
                anew, known = self.machine.anew[key], self.state.facts
                needs = tuple(name for name in step.needs if name in anew or known.get(name) is None)
                units = () if step.during else dict.fromkeys(filter(None, (key_of(self.machine, act) for act in found)))
                yield May(key, step.by, needs, tuple(step.reasons), step.needs_reason, tuple(units))

    def _tried(self, step: str, actor: Actor | None, at: int) -> Iterator[Act]:
        """Yield the acts that a step could be, one for each unit of its line."""
        who = actor or Actor(None, "")
        per, rule = self.machine.per.get(step), self.procedure.steps[step]
        units = [unit for name, unit in self.state.lines if name == rule.line]
        if per is not None and (rule.during or per in rule.facts):
            for unit in (*units, *([who.unit] if who.unit else []), ""):  # one more may always be called in
                yield Act(step, at, who.id, who.role, who.unit, None, {per: unit})
        elif per is not None and actor is None:
            for unit in units:
                yield Act(step, at, None, "", unit)
        else:
            yield Act(step, at, who.id, who.role, who.unit)

    def act(self, step: str, by: Actor, at: dt.datetime, reason: str | None = None, /, **facts: Any) -> Case:
        """Return the case after an act.

        Args:
            step: The step.
            by: Who does it.
            at: When, with its time zone.
            reason: Why, where the step needs a reason.
            facts: What becomes known with it, by fact: a value of a choice, true or false, a whole number, text, or an
                instant with its time zone.

        Raises:
            Refused: If the rules do not allow it; it names all that is wrong, and who may do what now.
            UsageError: If there is no such step or fact, or a value is of another kind.
        """
        rule = self.procedure
        if step not in rule.steps:
            hint = did_you_mean(step, rule.steps)
            raise UsageError.because(
                "unknown-step", zh=f"没有环节 `{step}`{hint.zh}", en=f"there is no step `{step}`{hint.en}"
            )
        if facts:
            check_facts(rule, facts)
        if reason is not None and not is_text(reason):
            zh, en = f"理由须为文字，却是 {reason!r}", f"a reason must be text, found {reason!r}"
            raise UsageError.because("bad-value", zh=zh, en=en)
        known = MappingProxyType(facts) if facts else _NOTHING
        act = Act(step, instant_of(at), by.id, by.role, by.unit, reason, known)
        return self._after(act)

    def _after(self, act: Act) -> Case:
        machine, state = self.machine, self.state
        found, new = followed(machine, state, act)
        if found:
            faults = tuple(fault for fault in found if fault.kind not in _TOLD)
            if faults:
                raise Refused.act(self, act, faults)
        line = moved(machine, act, state, new) if act.step in machine.beside else None
        if new.past is not None:
            new = without_past(machine, new, new.at)  # what comes later is not earlier, or it is refused
        # The event itself is made when somebody reads it.
        return Case(machine, self.id, new, self.seq + 1, ((act, state.place, new.place, line), self.log), self.tip)

    def fire(self, rung: str, at: dt.datetime, unit: str | None = None) -> Case:
        """Return the case after a reminder has been fired; it is an event like others.

        Args:
            rung: The reminder.
            at: When, with its time zone.
            unit: Of which unit's deadline, on a line per unit.

        Raises:
            Refused: If it is not to fire then, or has fired already.
            UsageError: If there is no such reminder.
        """
        if rung not in self.procedure.reminders:
            hint = did_you_mean(rung, self.procedure.reminders)
            raise UsageError.because(
                "unknown-reminder", zh=f"没有催办 `{rung}`{hint.zh}", en=f"there is no reminder `{rung}`{hint.en}"
            )
        return self._after(Act(rung, instant_of(at), unit=unit))

    @property
    def due(self) -> tuple[Running, ...]:
        """Its running deadlines, each with the instant at which it falls due."""
        return tuple(self._running(run) for run in self.state.runs)

    def _running(self, run: Run) -> Running:
        from communitygov.vocabulary.deadline import due_instant

        machine, zone = self.machine, self.machine.calendar.zone
        pauses = self.state.stopped(machine, run)
        budget = run.limit.budget
        at, left, provisional = due_instant(run.start, run.units, machine.counting(budget), pauses)
        return Running(
            run.deadline,
            run.unit,
            moment_at(run.start, zone),
            None if at is None else moment_at(at, zone),
            Fraction(left, budget.scale) if at is None else None,
            provisional,
        )

    def late(self, at: dt.datetime) -> tuple[Fault, ...]:
        """Return the running deadlines that are past due at an instant, each with how late, in its own unit.

        Args:
            at: The instant, with its time zone.
        """
        return tuple(overdue(self.machine, self.state, instant_of(at)))

    def to_fire(self, at: dt.datetime) -> tuple[Fire, ...]:
        """Return the reminders that are to be fired by an instant, in the order of their instants.

        Args:
            at: The instant, with its time zone.
        """
        instant, found = instant_of(at), []
        for run in self.state.runs:
            pauses = self.state.stopped(self.machine, run)
            for key, rung in self.procedure.reminders.items():
                if rung.deadline != run.deadline or key in run.fired:
                    continue
                told = rung_instant(self.machine, run, rung, pauses)
                if told is not None and told[0] <= instant:
                    since = moment_at(told[0], self.machine.calendar.zone)
                    found.append((told[0], Fire(key, run.deadline, run.unit, since, told[1])))
        return tuple(fire for _, fire in sorted(found, key=lambda one: one[0]))

    def explain(self, at: dt.datetime | None = None) -> Steps:
        """Return how it came to stand where it stands, as a tree of steps.

        Args:
            at: The instant up to which deadlines are looked at, with its time zone; that of its last event if None.

        Raises:
            UsageError: If some of its events are in a store, as they are of one that came over to other rules:
                ``explain_stored`` reads them there.
        """
        from communitygov.procedure.explain import explain_case

        until = moment_at(self.state.at, "UTC") if at is None else at
        return explain_case(self.procedure, self.id, [event.act for event in self.history], until)

    def public(self, at: dt.datetime) -> tuple[Published, ...]:
        """Return what is public of it at an instant: ``public_of``, where all is said.

        Args:
            at: The instant, with its time zone.
        """
        from communitygov.procedure.public import public_of

        return public_of(self.procedure, [event.act for event in self.history], at)


_TOLD = frozenset({"late", "overdue", "no_show"})
"""What is noted of an act and does not make it refused: what is late must still be done."""


def open_case(
    procedure: Procedure, case: str, step: str, by: Actor, at: dt.datetime, reason: str | None = None, /, **facts: Any
) -> Case:
    """Return a new case, opened by its first step.

    Args:
        procedure: The rule; the case stays on it.
        case: The case's id.
        step: A step that starts a case.
        by: Who does it.
        at: When, with its time zone.
        reason: Why, where the step needs a reason.
        facts: What is known from the start, by fact.

    Raises:
        Refused: If the rules do not allow it.
        UsageError: If there is no such step or fact, or a value is of another kind.
    """
    if not is_text(case) or is_blank(case):
        zh, en = (
            f"件的标识须为文字（不为空），却是 {case!r}",
            f"a case's id must be text that is not empty, found {case!r}",
        )
        raise UsageError.because("bad-value", zh=zh, en=en)
    machine: Machine = procedure.machine
    return Case(machine, case, opened(machine)).act(step, by, at, reason, **facts)


def replay(procedure: Procedure, case: str, acts: list[Act]) -> Case:
    """Return a case as its recorded acts left it. Nothing is refused, and no clock is asked.

    Args:
        procedure: The rule that it was opened under.
        case: Its id.
        acts: Its acts in order.

    Raises:
        UsageError: If there is no such step or reminder; of a case that came over from other rules, ``load`` knows the
            acts before.
    """
    machine: Machine = procedure.machine
    state, log = opened(machine), _NO_LOG
    for seq, act in enumerate(acts, 1):
        if act.step not in procedure.steps and act.step not in procedure.reminders:
            raise UsageError.because(
                "unknown-step",
                zh=f"第 {seq} 条：没有环节 `{act.step}`；由其他规则转来的件，请从存储读取（load）",
                en=f"event {seq}: there is no step `{act.step}`; read a case that came over from other rules from its "
                "store (load)",
            )
        _, new = followed(machine, state, act)
        new = without_past(machine, new, new.at)
        log = ((act, state.place, new.place, moved(machine, act, state, new)), log)
        state = new
    return Case(machine, case, state, len(acts), log)
