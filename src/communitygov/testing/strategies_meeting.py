"""Hypothesis strategies for meetings: rules of every setting, and what was recorded of a few bodies that meet.

Needs the extra ``[test]``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from attrs import frozen
from hypothesis import strategies as st

from communitygov.deliberation.meeting_rules import Deliberation, Evaluation, Objections, Participant, Voting
from communitygov.deliberation.proceedings import Proceedings
from communitygov.deliberation.rules import Decision
from communitygov.testing.strategies_deliberation import STRATUM, decisions
from communitygov.vocabulary.numbers import Share
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Met", "deliberations", "meetings_of_bodies"]

_PARTS = {"residents": Participant(part="votes"), "company": Participant(part="voice")}
_START = dt.date(2024, 1, 1)
_NAMES = [f"m{n}" for n in range(5)]
_WORD = Title(zh="词", en="word")

Rows = list[dict[str, Any]]


@frozen
class Met:
    """What was drawn.

    Args:
        rule: The rule of the bodies.
        proceedings: What was recorded of them.
        decision: The rule of decisions of all motions; None if there are no ballots.
        at: The day on which one looks.
    """

    rule: Deliberation
    proceedings: Proceedings
    decision: Decision | None
    at: dt.date


@st.composite
def deliberations(draw: st.DrawFn) -> Deliberation:
    """Draw a rule of deliberation without faults, which leaves nothing unsaid that a record could ask of it.

    Args:
        draw: Hypothesis's.
    """
    loop = draw(st.booleans())
    evaluation = Evaluation(
        answers={"good": _WORD, "bad": _WORD},
        failing=("bad",),
        more_than=Share(draw(st.sampled_from([Fraction(1, 3), Fraction(1, 2)]))),
        least=draw(st.integers(1, 2)),
    )
    settings: dict[str, Any] = {
        "participants": _PARTS,
        "convener": draw(st.sampled_from([None, "residents"])),
        "proposers": draw(st.sampled_from([(), ("residents",)])),
        "support": draw(st.none() | st.integers(1, 3)),
        "support_share": draw(st.none() | st.sampled_from([Share(Fraction(1, 3)), Share(Fraction(1, 2))])),
        "notice_days": draw(st.none() | st.integers(0, 5)),
        "record_days": draw(st.integers(0, 10)),
        "voting": Voting(
            twice=draw(st.sampled_from(["first", "last"])),
            own_first=draw(st.booleans()),
            recused=draw(st.sampled_from(["stays", "left_out"])),
            forms=draw(st.sampled_from([{}, {"written": _WORD}])),
            same_household=draw(st.booleans()),
        ),
        "objections": draw(st.none() | st.just(Objections(days=5))),
        "carry_out_days": draw(st.none() | st.integers(1, 30)),
        "reports_previous": loop,
        "evaluates_previous": loop and draw(st.booleans()),
        "owed": draw(st.sampled_from(["last_meeting", "until_reported"])) if loop else "last_meeting",
        "evaluation": draw(st.none() | st.just(evaluation)),
    }
    rule = Deliberation(**settings)
    assert not list(rule.check())
    return rule


@st.composite
def meetings_of_bodies(draw: st.DrawFn, *, voted: bool | None = None) -> Met:
    """Draw a rule and what was recorded of one or two bodies by it.

    Args:
        draw: Hypothesis's.
        voted: Whether ballots are given; drawn if absent.
    """
    rule = draw(deliberations())
    decision = draw(decisions()) if (draw(st.booleans()) if voted is None else voted) else None
    meetings: Rows = []
    motions: Rows = []
    day = _START
    for body in draw(st.sampled_from(["A", "AB"])):
        for n in range(draw(st.integers(1, 4))):
            day += dt.timedelta(days=draw(st.integers(1, 12)))
            name = f"{body}{n}"
            by = draw(st.sampled_from(["residents", "residents", "company", None]))
            meetings.append({"meeting": name, "body": body, "on": day.isoformat(), "convened_by": by})
            motions += [draw(_motions(f"{name}.{m}", name, day)) for m in range(draw(st.integers(0, 2)))]
    pairs = [(motion, after) for motion in motions for after in _later(motion, meetings)]
    reported = draw(st.lists(st.sampled_from(pairs), unique_by=_ids)) if pairs else []
    reports = [
        {
            "motion": motion["motion"],
            "meeting": after["meeting"],
            "done": after["on"] if draw(st.booleans()) else None,
            "evaluated": draw(st.sampled_from([True, False, None])),
        }
        for motion, after in reported
    ]
    answers = [
        {"motion": motion["motion"], "meeting": after["meeting"], "member": who, "answer": draw(_ANSWERS)}
        for motion, after in reported
        for who in _NAMES[: draw(st.integers(0, 3))]
        if rule.evaluation is not None
    ]
    frames: dict[str, Any] = {
        "meetings": _frame(meetings, "meeting", "body", "on", "convened_by"),
        "motions": _frame(motions, *_OF_MOTIONS, supporters=True, entitled=True),
        "reports": _frame(reports, "motion", "meeting", "done", evaluated=False),
        "evaluations": _frame(answers, "motion", "meeting", "member", "answer"),
        "objections": _frame(
            draw(_objections(motions)) if rule.objections else [],
            "objection",
            "motion",
            "on",
            "answered",
            sustained=False,
        ),
    }
    if decision is not None:
        frames |= draw(_votes(motions))
    at = day + dt.timedelta(days=draw(st.integers(0, 20)))
    return Met(rule, Proceedings(**frames), decision, at)


_ANSWERS = st.sampled_from(["good", "bad"])
_OF_MOTIONS = ("motion", "meeting", "outcome", "posted", "proposer", "announced", "due", "closes")


def _ids(pair: tuple[dict[str, Any], dict[str, Any]]) -> tuple[str, str]:
    return pair[0]["motion"], pair[1]["meeting"]


def _later(motion: Mapping[str, Any], meetings: Rows) -> Rows:
    put = next(row for row in meetings if row["meeting"] == motion["meeting"])
    return [row for row in meetings if row["body"] == put["body"] and row["on"] > put["on"]]


@st.composite
def _motions(draw: st.DrawFn, name: str, meeting: str, day: dt.date) -> dict[str, Any]:
    posted, announced = draw(st.none() | st.integers(0, 8)), draw(st.none() | st.integers(0, 4))
    return {
        "motion": name,
        "meeting": meeting,
        "outcome": draw(st.sampled_from([None, "passed", "passed", "passed", "rejected", "undetermined"])),
        "posted": None if posted is None else (day - dt.timedelta(days=posted)).isoformat(),
        "proposer": draw(st.sampled_from(["residents", "residents", "company", None])),
        "supporters": draw(st.sampled_from([None, 0, 2, 3, 3])),
        "entitled": draw(st.sampled_from([None, 4, 6, 9])),
        "announced": None if announced is None else (day + dt.timedelta(days=announced)).isoformat(),
        "due": draw(st.sampled_from([None, None, day.isoformat()])),
        "closes": f"{day.isoformat()}T19:00:00+08:00",
    }


@st.composite
def _objections(draw: st.DrawFn, motions: Rows) -> Rows:
    found = []
    for motion in motions:
        for n in range(draw(st.integers(0, 1))):
            on = _START + dt.timedelta(days=draw(st.integers(0, 50)))
            if motion["announced"] is not None and draw(st.booleans()):
                on = dt.date.fromisoformat(motion["announced"]) + dt.timedelta(days=draw(st.integers(0, 6)))
            waited = draw(st.none() | st.integers(0, 5))
            answered = None if waited is None else (on + dt.timedelta(days=waited)).isoformat()
            sustained = None if answered is None else draw(st.booleans())
            row = {"objection": f"{motion['motion']}.{n}", "motion": motion["motion"], "on": on.isoformat()}
            found.append({**row, "answered": answered, "sustained": sustained})
    return found


@st.composite
def _votes(draw: st.DrawFn, motions: Rows) -> dict[str, Any]:
    """Draw a register of both bodies, ballots with their times, mandates and recusals."""
    register: Rows = []
    for body in "AB":
        for who in _NAMES[: draw(st.integers(1, 5))]:
            home = draw(st.sampled_from(["h0", "h1"]))
            part = draw(st.sampled_from(["residents", "residents", "company", None]))
            since = draw(st.sampled_from([None, None, "2024-01-20"]))
            for _ in range(draw(st.integers(1, 2))):
                row = {"body": body, "member": who, "household": home, "participant": part, "since": since}
                until = draw(st.sampled_from([None, None, "2024-02-10"]))
                weight = {"area": draw(st.none() | st.integers(1, 9)), "votes": draw(st.integers(1, 3))}
                register.append({**row, "until": until, **weight, f"in.{STRATUM}": draw(st.booleans())})
    ballots: Rows = []
    mandates: Rows = []
    for motion in motions:
        there = sorted({row["member"] for row in register if row["body"] == motion["meeting"][0]})
        day = motion["closes"][:10]
        for who in draw(st.lists(st.sampled_from(there), max_size=6)):
            proxy = draw(st.sampled_from([None, None, *(name for name in _NAMES if name != who)]))
            at = f"{day}T{draw(st.integers(17, 19)):02}:{len(ballots) % 60:02}:00+08:00"
            choice = draw(st.sampled_from(["yes", "yes", "yes", "no", "abstain", "unknown", "present"]))
            ballots.append({"motion": motion["motion"], "member": who, "choice": choice, "proxy": proxy, "at": at})
            if proxy is not None and draw(st.booleans()):
                revoked = draw(st.sampled_from([None, None, f"{day}T18:30:00+08:00", f"{day}T20:00:00+08:00"]))
                mandates.append(
                    {
                        "member": who,
                        "holder": proxy,
                        "motion": draw(st.sampled_from([None, motion["motion"]])),
                        "form": draw(st.sampled_from(["written", "oral", None])),
                        "given": draw(st.sampled_from([None, f"{day}T09:00:00+08:00", f"{day}T18:00:00+08:00"])),
                        "revoked": revoked,
                    }
                )
    pairs = [{"motion": motion["motion"], "member": who} for motion in motions for who in _NAMES]
    some = st.lists(st.sampled_from(pairs), max_size=3, unique_by=lambda row: tuple(row.values()))
    recused = draw(some) if pairs else []
    of_register = ("body", "member", "household", "participant", "since", "until")
    return {
        "register": _frame(register, *of_register, area=True, votes=True, **{f"in.{STRATUM}": False}),
        "ballots": _frame(ballots, "motion", "member", "choice", "proxy", "at"),
        "mandates": _frame(mandates, *_OF_MANDATES),
        "recusals": _frame(recused, "motion", "member"),
    }


_OF_MANDATES = ("member", "holder", "motion", "form", "given", "revoked")


def _frame(rows: Sequence[Mapping[str, Any]], *texts: str, **others: bool) -> pl.DataFrame:
    """Return rows as a frame: of text, and of whole numbers (true) and flags (false)."""
    import polars as pl

    kinds: dict[str, Any] = dict.fromkeys(texts, pl.String)
    kinds |= {name: pl.Int64 if whole else pl.Boolean for name, whole in others.items()}
    cells: Iterable[tuple[Any, ...]] = [tuple(row[name] for name in kinds) for row in rows]
    return pl.DataFrame(list(cells), schema=kinds, orient="row")
