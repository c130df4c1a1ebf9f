"""Hypothesis strategies for procedures: built sound, of every setting, with nothing thrown away.

The main line is a row of steps, each of which leads to the next one, so that all are reached and all reach the end;
loops, refusals, second starts, reopening, lines beside it and deadlines are then laid on it. Logs of their cases are
drawn by ``strategies_cases``. Needs the extra ``[test]``.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any, Literal

from attrs import define, field
from hypothesis import strategies as st

from communitygov.measures.rules import Condition, Measure, Quantity
from communitygov.procedure.guards import combinations_of
from communitygov.procedure.rules import (
    ORIGIN,
    Branch,
    Deadline,
    Disclosure,
    Guard,
    Limit,
    Line,
    Onward,
    Pause,
    Procedure,
    Role,
    Rung,
    Step,
)
from communitygov.testing.strategies_procedure_parts import (
    CLOCKS,
    FACTS,
    OUTCOMES,
    all_findings,
    chance,
    guards,
    limits,
    made_guard,
    made_limit,
    number,
)
from communitygov.vocabulary.numbers import Number
from communitygov.vocabulary.text import Title

__all__ = ["CLOCKS", "all_findings", "guards", "limits", "made_procedure", "procedures"]


_AGAIN: tuple[Literal["restart", "run_on"], ...] = ("restart", "run_on")
_REASONS = {"elsewhere": Title(zh="不归此处", en="not ours"), "unclear": Title(zh="事项不明", en="not clear")}

_ROLES = {
    "clerk": Role(),
    "chief": Role(),
    "liaison": Role(named_in="person"),
    "department": Role(unit_in="unit"),
    "owner": Role(owner=True),
}


def _some(random: Random, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in names if chance(random))


@st.composite
def procedures(draw: st.DrawFn) -> Procedure:
    """Draw a procedure that nothing is wrong with.

    Args:
        draw: Hypothesis's.
    """
    found = made_procedure(draw(st.randoms(use_true_random=False)))
    assert not all_findings(found)
    return found


@define
class _Draft:
    """A procedure that is being made."""

    random: Random
    main: list[str]
    steps: dict[str, dict[str, Any]] = field(factory=dict)
    lines: dict[str, Line] = field(factory=dict)
    deadlines: dict[str, Deadline] = field(factory=dict)
    pauses: dict[str, Pause] = field(factory=dict)
    reminders: dict[str, Rung] = field(factory=dict)
    disclosures: dict[str, Disclosure] = field(factory=dict)
    rates: dict[str, Measure] = field(factory=dict)
    origins: dict[str, Title] = field(factory=dict)

    def chance(self, of: int = 2) -> bool:
        """Return true once in so many times."""
        return chance(self.random, of)

    def add(self, key: str, field: str, *names: str) -> None:
        """Add names to a list of a step."""
        step = self.steps[key]
        step[field] = tuple(dict.fromkeys((*step.get(field, ()), *names)))

    def measure(self, key: str) -> None:
        """Have somebody look at a deadline: a ladder of reminders, or a rate."""
        if self.chance():
            counted = Quantity(what="count", where={f"kept.{key}": Condition(known=True, flag=True)})
            base = Quantity(what="count", where={f"settled.{key}": Condition(at_least=number(1))})
            unit = Title(zh="件", en="cases")
            self.rates[f"on_time_{key}"] = Measure(of="cases", numerator=counted, base=base, unit=unit, period="month")
            return
        random = self.random
        for i in range(random.randint(1, 2)):
            start = self.chance()
            self.reminders[f"remind_{key}_{i}"] = Rung(
                deadline=key,
                counted_from="start" if start else "due",
                after=made_limit(random) if start or self.chance() else None,
                act=random.choice(["remind", "notify", "escalate", "criticise"]),
                to=random.choice(list(_ROLES)),
                publish=self.chance(),
            )


def made_procedure(random: Random) -> Procedure:
    """Return a procedure that nothing is wrong with.

    Args:
        random: Where chance comes from.
    """
    draft = _Draft(random, [f"m{i}" for i in range(1, random.randint(2, 6) + 1)])
    _lay_main_line(draft)
    _lay_end(draft)
    if draft.chance(3):
        _lay_reopening(draft)
    if draft.chance():
        _lay_deadlines(draft)
    if draft.chance():
        _lay_hand_over(draft)
    if draft.chance():
        _lay_question(draft)
    if draft.chance(3):
        _lay_posting(draft)
    if draft.chance():
        _lay_persons(draft)
    _lay_awaits(draft)
    return Procedure(
        clock=random.choice(CLOCKS),
        roles=_ROLES,
        facts=FACTS,
        origins=draft.origins,
        outcomes=OUTCOMES,
        steps={key: Step(**step) for key, step in draft.steps.items()},
        lines=draft.lines,
        deadlines=draft.deadlines,
        pauses=draft.pauses,
        reminders=draft.reminders,
        disclosures=draft.disclosures,
        rates=draft.rates,
    )


def _ways(draft: _Draft, here: str, onward: str, others: Sequence[str]) -> dict[str, Any]:
    """Return how a step goes on: to the one that follows, and perhaps elsewhere, by will or by what is known."""
    random, elsewhere = draft.random, _some(draft.random, others)
    choose: dict[str, Branch]
    if not elsewhere or draft.chance():
        return {"next": tuple(dict.fromkeys((onward, *elsewhere)))}
    away = Onward(next=elsewhere) if draft.chance(3) is False else Onward(closes="refused")
    way = {"next": away.next, "closes": away.closes}
    match random.randrange(4):
        case 0:
            names: tuple[str, ...] = ("urgent",)
            on, off = Guard(facts={"urgent": Condition(flag=False)}), Guard(facts={"urgent": Condition(flag=True)})
            choose = {"go": Branch(when=on, next=(onward,)), "away": Branch(when=off, **way)}  # type: ignore[arg-type]
        case 1:
            names = ("kind",)
            choose = {"go": Branch(when=Guard(facts={"kind": Condition(one_of=("a",))}), next=(onward,))}
            choose["away"] = Branch(when=Guard(facts={"kind": Condition(one_of=("b",))}), **way)  # type: ignore[arg-type]
            choose["other"] = Branch(when=Guard(facts={"kind": Condition(one_of=("c",))}), next=(onward,))
        case 2:  # whether something is known at all: it need not be
            names = ()
            asked = Guard(facts={"rooms": Condition(known=True)})
            choose = {"away": Branch(when=asked, **way), "go": Branch(otherwise=True, next=(onward,))}  # type: ignore[arg-type]
            draft.add(here, "may_set", "rooms")
        case _:
            names = tuple(dict.fromkeys(random.choice(["kind", "urgent", "rooms"]) for _ in range(2)))
            asked = made_guard(random, names, 2)
            if not _tells_apart(asked):
                names, asked = ("urgent",), Guard(facts={"urgent": Condition(flag=True)})
            rest = Branch(otherwise=True) if draft.chance() else Branch(when=Guard(none_of={"asked": asked}))
            nexts = tuple(dict.fromkeys((onward, *elsewhere)))
            choose = {
                "yes": Branch(when=asked, next=nexts),
                "no": Branch(when=rest.when, otherwise=rest.otherwise, next=(onward,)),
            }
    draft.add(here, "needs", *names)
    return {"choose": choose}


def _lay_main_line(draft: _Draft) -> None:
    """Lay a row of steps with loops and branches, refusals and returns with a reason, and perhaps a second start."""
    random, main = draft.random, draft.main
    for key in main:
        draft.steps[key] = {"by": _some(random, ["clerk", "chief"]) or ("clerk",), "takes": draft.chance(2)}
        if draft.chance(3):
            draft.steps[key]["counts_as"] = random.choice(["return", "call_back", "inspection", "whistle", "redo"])
        if draft.chance(3):
            draft.add(key, "may_set", random.choice(["kind", "urgent", "seen", "photo"]))
    first = draft.steps[main[0]]
    first["starts"] = True
    draft.add(main[0], "needs", "unit", "person")
    if draft.chance(3):
        draft.origins = {"call": Title(zh="来电", en="a call"), "visit": Title(zh="走访", en="a visit")}
        draft.add(main[0], "needs", ORIGIN)
    for i, key in enumerate(main[:-1]):
        if i:
            draft.steps[key] |= _ways(draft, key, main[i + 1], [*main[:i], *main[i + 2 :]])
        else:
            first["next"] = (main[1],)
    if draft.chance(3):
        needs = ("unit", "person", *((ORIGIN,) if draft.origins else ()))
        draft.steps["found"] = {"by": ("clerk",), "starts": True, "needs": needs, "next": (main[1],)}
    for i in range(1, len(main) - 1):
        if draft.chance(3) and draft.steps[main[i]].get("next"):
            _lay_return(draft, f"back_{i}", main[i], main[: i + 1], main[i + 1])


def _lay_return(draft: _Draft, key: str, after: str, before: Sequence[str], onward: str) -> None:
    """Lay a return or a refusal: for a reason, perhaps not more often than so many times, and then another way."""
    random = draft.random
    step: dict[str, Any] = {"by": ("chief",), "next": (random.choice(before),)}
    step["counts_as"] = random.choice(["return", "refusal"])
    step |= {"reasons": _REASONS} if draft.chance() else {"needs_reason": draft.chance()}
    if draft.chance():
        step["at_most"] = random.randint(1, 2)
        if draft.chance():
            step["beyond"] = Onward(closes="refused") if draft.chance() else Onward(next=(onward,))
    draft.steps[key] = step
    draft.add(after, "next", key)


def _lay_end(draft: _Draft) -> None:
    """Close by an outcome, by a fact that says it, or by what is known."""
    last, back = draft.main[-1], draft.random.choice(draft.main[:-1])
    match draft.random.randrange(3):
        case 0:
            draft.steps[last]["closes"] = "solved"
        case 1:
            draft.steps[last]["closes_as"] = "result"
            draft.add(last, "needs", "result")
        case _:
            done = Guard(facts={"result": Condition(one_of=("solved",))})
            draft.steps[last]["choose"] = {
                "done": Branch(when=done, closes="solved"),
                "again": Branch(otherwise=True, next=(back,)),
            }
            draft.add(last, "needs", "result")


def _lay_reopening(draft: _Draft) -> None:
    """Let a closed case be reopened for some days."""
    last = draft.main[-1]
    step = draft.steps[last]
    if "choose" in step:
        done = step["choose"]["done"]
        step["choose"]["done"] = Branch(when=done.when, closes=done.closes, next=("reopen",))
    else:
        step["next"] = ("reopen",)
    draft.steps["reopen"] = {
        "by": ("clerk",),
        "next": (draft.random.choice(draft.main),),
        "within": ("reopening",),
        "counts_as": "reopening",
        "needs_reason": draft.chance(),
    }
    limit = made_limit(draft.random, draft.random.choice(["natural_days", "working_days", "elapsed_hours"]))
    again = draft.random.choice(_AGAIN)
    draft.deadlines["reopening"] = Deadline(from_=(last,), to=("reopen",), again=again, limit=limit)


def _lay_deadlines(draft: _Draft) -> None:
    """Lay deadlines of every kind on the main line, with more time to be had for some."""
    random, main = draft.random, draft.main
    for nth in range(random.randint(1, 2)):
        key, i = f"d{nth}", random.randrange(len(main) - 1)
        ends = tuple(dict.fromkeys((random.choice(main[i + 1 :]), random.choice(main[i + 1 :]))))
        again = random.choice(_AGAIN)
        if draft.chance(4):
            soon = Limit(amount=number(random.randint(1, 30)), unit="elapsed_hours")
            draft.deadlines[key] = Deadline(from_=(main[i],), to=ends[:1], again=again, limit=soon, bound="at_earliest")
            continue
        if draft.chance(3):
            draft.add(main[i], "needs", "kind")
            unlimited = ("c",) if draft.chance() else ()
            every = {value: made_limit(random) for value in "abc" if value not in unlimited}
            draft.deadlines[key] = Deadline(
                from_=(main[i],), to=ends, again=again, by="kind", limits=every, unlimited=unlimited
            )
        else:
            limit = made_limit(random)
            more: dict[str, Number] = {}
            if limit.unit != "same_day" and "extend" not in draft.steps and draft.chance():
                more = {"extend": number(random.randint(1, 3))}
                _lay_extension(draft, main[i], key)
            begins = tuple(dict.fromkeys((main[i], random.choice(main[:-1]))))
            draft.deadlines[key] = Deadline(from_=begins, to=ends, again=again, limit=limit, extended_by=more)
        draft.measure(key)


def _tells_apart(guard: Guard) -> bool:
    """Return whether a guard holds of some facts and not of others."""
    every = combinations_of({"kind": ["a", "b", "c"], "urgent": [True, False], "rooms": [*range(-3, 15)]})
    return len({guard.holds(facts) for facts in every}) == 2


def _lay_extension(draft: _Draft, during: str, deadline: str) -> None:
    draft.lines["extending"] = Line()
    draft.steps["extend"] = {
        "by": ("chief",),
        "line": "extending",
        "during": (during,),
        "within": (deadline,),
        "needs_reason": True,
        "at_most": draft.random.choice([None, 1, 2]),
        "counts_as": "extension",
    }


def _lay_hand_over(draft: _Draft) -> None:
    """Call units in, each on a line of its own, with a time to come in."""
    random = draft.random
    draft.lines["handover"] = Line(per="invited")
    during = _some(random, draft.main[:-1]) or (draft.main[0],)
    draft.steps["call"] = {
        "by": ("clerk", "department"),
        "line": "handover",
        "during": during,
        "needs": ("invited",),
        "next": ("sign_in",),
        "counts_as": "whistle",
    }
    draft.steps["sign_in"] = {"by": ("clerk", "chief"), "line": "handover", "next": ("arrive",)}
    draft.steps["arrive"] = {"by": ("clerk",), "line": "handover", "may_set": ("photo", "invited")}
    if draft.chance():
        draft.steps["decline"] = {"by": ("chief",), "line": "handover", "reasons": _REASONS}
        draft.add("sign_in", "next", "decline")
    if draft.chance():
        limit, again = made_limit(random), random.choice(_AGAIN)
        draft.deadlines["coming"] = Deadline(
            from_=("call",), to=("arrive",), again=again, limit=limit, no_show=draft.chance()
        )
        draft.measure("coming")


def _lay_question(draft: _Draft) -> None:
    """Ask for something that is missing; what the deadlines count stands still until it is answered, or so long."""
    random = draft.random
    draft.lines["asking"] = Line()
    draft.steps["ask"] = {"by": ("clerk",), "line": "asking", "during": _some(random, draft.main) or draft.main[:1]}
    draft.steps["ask"]["during"] = tuple(draft.steps["ask"]["during"])
    draft.steps["ask"] |= {"reasons": _REASONS} if draft.chance() else {"needs_reason": draft.chance()}
    answered = draft.chance(3) is False
    if answered:
        draft.add("ask", "next", "answer")
        draft.steps["answer"] = {"by": ("clerk", "chief"), "line": "asking", "may_set": ("kind", "rooms")}
    stops = _some(random, list(draft.deadlines)) or tuple(draft.deadlines)[:1]
    if stops:
        most = made_limit(random) if not answered or draft.chance() else None
        to = ("answer",) if answered else ()
        draft.pauses["waiting"] = Pause(from_=("ask",), to=to, stops=stops, at_most=most)


def _lay_posting(draft: _Draft) -> None:
    """Make something public, in time or at all, and perhaps for so long."""
    random, during = draft.random, draft.random.choice(draft.main)
    draft.lines["posting"] = Line()
    draft.steps["post"] = {"by": ("clerk",), "line": "posting", "during": (during,), "counts_as": "posting"}
    within, lasts = None, None
    if draft.chance():
        within = "posted"
        draft.deadlines[within] = Deadline(
            from_=(during,), to=("post",), again=random.choice(_AGAIN), limit=made_limit(random)
        )
    if draft.chance():
        lasts = "standing"
        draft.add("post", "next", "take_down")
        draft.steps["take_down"] = {"by": ("clerk",), "line": "posting"}
        draft.deadlines[lasts] = Deadline(
            from_=("post",), to=("take_down",), again="restart", limit=made_limit(random), bound="at_earliest"
        )
    draft.disclosures["notice"] = Disclosure(
        step="post", within=within, lasts=lasts, show=("kind", "unit"), hide=("person",)
    )


def _lay_persons(draft: _Draft) -> None:
    """Say who may do what: the one named, the unit named, or anybody but who did another step."""
    choices: list[tuple[str, ...]] = [("liaison",), ("department",), ("chief", "department")]
    if all(step.get("takes") for step in draft.steps.values() if step.get("starts")):
        choices.append(("owner",))
    for key in draft.main[1:]:
        if draft.chance(3):
            draft.steps[key]["by"] = draft.random.choice(choices)
    for i, key in enumerate(draft.main):
        others = [one for one in draft.main[: i + 1] if draft.steps[one]["by"] != ("liaison",)]
        if others and draft.chance(3):
            draft.add(key, "other_than", draft.random.choice(others))


def _lay_awaits(draft: _Draft) -> None:
    for line in draft.lines:
        if draft.chance(3):
            draft.add(draft.random.choice(draft.main[1:]), "awaits", line)
