"""A case's history as a timeline: who did what and when, the deadlines that ran, pauses, and what was wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from attrs import frozen

from communitygov.procedure.explain import Folded, fold
from communitygov.procedure.times import Run, due_of, late_at
from communitygov.procedure.wording import say_fault
from communitygov.report.procedure_rows import Axis, Mark, Row, Span, draw_rows
from communitygov.report.procedure_words import say_limit
from communitygov.vocabulary.clock import instant_of, moment_at
from communitygov.vocabulary.numbers import decimal_text
from communitygov.vocabulary.text import Language, Title

if TYPE_CHECKING:
    from communitygov.procedure.acts import Act, Fault
    from communitygov.procedure.rules import Procedure

__all__ = ["timeline"]

_LEAST = 600_000_000
"""The shortest axis: ten minutes, in microseconds."""


def timeline(procedure: Procedure, acts: Sequence[Act], at: dt.datetime, lang: Language, *, case: str = "") -> str:
    """Draw the history of a case as SVG, without a script.

    Each event has a row: when, what, in which role and for which unit, with a mark on the axis of time, and below it
    in red what was wrong. Each deadline that began has a bar from its start, with a stroke where it fell due: what it
    ran is filled, what was left is pale, what it is late is red, and what it stood still is hatched. The axis goes as
    far as events and, while the case is open, the instant that its log goes up to; a deadline that falls due much
    later goes to the edge.

    Args:
        procedure: The rule that it was opened under.
        acts: Its events in order, as ``Case.history`` has them.
        at: The instant that the log goes up to, with its time zone.
        lang: The language.
        case: The case's id, for the title.

    Returns:
        One ``svg`` element, which scales with its surroundings and names nothing outside itself; the same for the same
        history.

    Raises:
        UsageError: If an event lies after that instant, or its step is none of the procedure's.

    Example:
        >>> from communitygov.procedure.rules import Procedure, Role, Step
        >>> from communitygov.procedure.state import Act
        >>> steps = {"ask": Step(by=("clerk",), starts=True, closes="answered")}
        >>> outcomes = {"answered": Title(zh="已答复", en="answered")}
        >>> rule = Procedure(roles={"clerk": Role()}, outcomes=outcomes, steps=steps)
        >>> drawn = timeline(rule, [Act("ask", 0, role="clerk")], dt.datetime(2024, 1, 1, tzinfo=dt.UTC), "en")
        >>> "closed: answered" in drawn
        True
    """
    history = _History(procedure, tuple(acts), instant_of(at), fold(procedure, acts, at), lang)
    return draw_rows(history.rows(), Axis(*history.span, history.zone), history.title(case), history.subtitle(), lang)


@frozen
class _History:
    """What became of a case, to be drawn."""

    rule: Procedure
    acts: tuple[Act, ...]
    at: int
    folded: Folded
    lang: Language

    @property
    def zone(self) -> str:
        """The time zone that instants are shown in."""
        return "UTC" if self.rule.clock is None else self.rule.clock.zone

    @property
    def span(self) -> tuple[int, int]:
        """The first and the last instant of the axis."""
        state, times = self.folded.states[-1], [act.at for act in self.acts] or [self.at]
        last = max(times) if state.place.is_closed else self.at
        first = min(times)
        length = max(last - first, _LEAST)
        dues = [found[0] for run in self.folded.runs if (found := due_of(self.rule.machine, run, self._stops(run)))]
        last = max([last, *(due for due in dues if due <= last + length // 2)])
        room = max(last - first, _LEAST) // 40
        return first - room, max(last, first + _LEAST) + room

    def _stops(self, run: Run) -> list[tuple[int, int | None]]:
        return self.folded.pauses.met(run)

    def say(self, zh: str, en: str) -> str:
        """Return one of two words."""
        return zh if self.lang == "zh" else en

    def when(self, instant: int) -> str:
        """Return an instant as people read it."""
        return f"{moment_at(instant, self.zone):%Y-%m-%d %H:%M}"

    def title(self, case: str) -> str:
        """Return the title: the procedure and the case."""
        named = self.rule.name("procedure").say(self.lang)
        return self.say(f"{named}：{case}", f"{named}: {case}") if case else named

    def subtitle(self) -> str:
        """Return how the case ended, and how much was wrong."""
        state = self.folded.states[-1]
        ended = self.say("已办结", "closed") if state.place.is_closed else self.say("未办结", "not closed")
        if state.outcome is not None:
            outcome = self.rule.outcomes.get(state.outcome, Title(zh=state.outcome, en=state.outcome)).say(self.lang)
            ended = self.say(f"{ended}：{outcome}", f"{ended}: {outcome}")
        count = sum(map(len, self.folded.faults)) + len(self.folded.of_case)
        until, zone = self.when(self.at), self.zone
        return self.say(
            f"{ended}；留痕 {len(self.acts)} 条，差错 {count} 处；截至 {until}（{zone}）",
            f"{ended}; {len(self.acts)} events, {count} fault{'' if count == 1 else 's'}; up to {until} ({zone})",
        )

    def rows(self) -> Iterator[Row]:
        """Yield all rows."""
        for seq, act in enumerate(self.acts, 1):
            yield self._event(seq, act, self.folded.faults[seq - 1])
        if self.folded.of_case:
            yield Row(self.say("整件", "The case as a whole"), is_head=True)
            for fault in self.folded.of_case:
                yield Row(faults=(self._said(fault, None),))
        if self.folded.runs:
            yield Row(self.say("期限", "Deadlines"), is_head=True)
            yield from (self._deadline(run) for run in self.folded.runs)
        if self.folded.pauses.every:
            yield Row(self.say("中止", "Pauses"), is_head=True)
            for one in self.folded.pauses.every:
                end = self.at if one.end is None else one.end
                until = "" if one.end is None else self.when(one.end)
                words = self.say(f"至 {until}", f"to {until}") if until else self.say("未结束", "not ended")
                span = Span(one.start, end, "paused")
                named = self.rule.pauses[one.pause].name(one.pause).say(self.lang)
                yield Row(named, self.when(one.start), words, spans=(span,))

    def _said(self, fault: Fault, step: str | None) -> str:
        return say_fault(self.rule, fault, step).say(self.lang)

    def _event(self, seq: int, act: Act, faults: Sequence[Fault]) -> Row:
        step = self.rule.steps.get(act.step)
        words = [] if act.role is None else [self._role(act.role)]
        words += [] if act.unit is None else [act.unit]
        kind: Mark = "reminder"
        if step is None:
            named = self.rule.reminders[act.step].name(act.step)
        else:
            named, kind = step.name(act.step), "main" if step.line is None else "line"
            if act.reason is not None and act.reason in step.reasons:
                words.append(step.reasons[act.reason].say(self.lang))
        told = tuple(self._said(fault, act.step) for fault in faults)
        title = f"{seq}. {named.say(self.lang)}"
        return Row(title, self.when(act.at), self.say("，", ", ").join(words), told, mark=(act.at, kind))

    def _role(self, role: str) -> str:
        return self.rule.roles[role].name(role).say(self.lang) if role in self.rule.roles else role

    def _deadline(self, run: Run) -> Row:
        """Return the row of a deadline: how long, when due, how late, and its bar."""
        machine, rule, pauses = self.rule.machine, self.rule.deadlines[run.deadline], self._stops(run)
        found = due_of(machine, run, pauses)
        title = rule.name(run.deadline).say(self.lang)
        if run.unit is not None:
            title = self.say(f"{title}（{run.unit}）", f"{title} ({run.unit})")
        limit = say_limit(run.limit).say(self.lang)
        if run.more:
            limit = f"{limit} + {decimal_text(Fraction(run.more))}"
        if rule.bound == "at_earliest":
            limit = self.say(f"不早于 {limit}", f"not before {limit}")
        words = [limit]
        if found is None:
            words.append(self.say("中止中", "paused"))
        else:
            mark = self.say("（暂定）", " (provisional)") if found[1] else ""
            words.append(self.say(f"{self.when(found[0])} 到期{mark}", f"due {self.when(found[0])}{mark}"))
        end = self.at if run.ended is None else run.ended
        if run.restarted:
            words.append(self.say(f"{self.when(end)} 重新起算", f"began anew {self.when(end)}"))
        elif run.ended is not None:
            words.append(self.say(f"{self.when(end)} 结束", f"ended {self.when(end)}"))
        late = rule.bound == "at_latest" and late_at(machine, run, pauses, end) is not None
        due = None if found is None else found[0]
        return Row(
            title,
            self.when(run.start),
            self.say("，", ", ").join(words),
            mark=None if run.ended is None else (end, "late" if late else "end"),
            spans=tuple(_spans(run.start, end, due, pauses, late=late)),
            due=due,
        )


def _spans(
    start: int, end: int, due: int | None, pauses: Sequence[tuple[int, int | None]], *, late: bool
) -> Iterator[Span]:
    """Yield the stretches of a deadline's bar: what was left, what it ran, what it is late, when it stood still."""
    if due is not None and due > end:
        yield Span(end, due, "left")
    if late and due is not None:
        yield Span(start, due, "ran")
        yield Span(due, end, "late")
    else:
        yield Span(start, end, "ran")
    last = end if due is None else max(due, start) if late else end
    for begin, stop in pauses:
        low, high = max(start, begin), min(last, last if stop is None else stop)
        if low < high:
            yield Span(low, high, "paused")
