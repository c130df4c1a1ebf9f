"""A procedure that tests share: five orders with grades, a refusal, a pause, a ladder, and units that are called."""

import datetime as dt
from fractions import Fraction
from zoneinfo import ZoneInfo

from communitygov.measures.rules import Condition
from communitygov.procedure.case import Actor, Case, open_case
from communitygov.procedure.rules import (
    Branch,
    CaseFact,
    Clock,
    Deadline,
    Guard,
    Limit,
    Line,
    Migration,
    Onward,
    Pause,
    Procedure,
    Role,
    Rung,
    Step,
)
from communitygov.vocabulary.numbers import Number
from communitygov.vocabulary.text import Title

ZONE = ZoneInfo("Asia/Shanghai")
START = dt.datetime(2024, 9, 29, 15, 30, tzinfo=ZONE)
HOUR = dt.timedelta(hours=1)

RESIDENT = Actor("r1", "resident", "c1")
PARTY = Actor("p1", "party_org", "c1")
SOCIAL = Actor("s1", "social_org", "o1")
SUPERVISOR = Actor("v1", "supervisor", "c1")
STREET = Actor("x1", "street", "street")


def named(word: str) -> Title:
    """Return a word as a title in both languages."""
    return Title(zh=f"「{word}」", en=word)


def limit(amount: int, unit: str, begins: str | None = None) -> Limit:
    """Return a limit."""
    return Limit(amount=Number(Fraction(amount)), unit=unit, begins=begins)


def department(name: str) -> Actor:
    """Return somebody of a department."""
    return Actor(f"{name}-1", "department", name)


def five_orders(**changes) -> Procedure:
    """Return the procedure, with other sections in place of its own."""
    roles = ("resident", "party_org", "social_org", "supervisor", "street", "department")
    sections = {
        "clock": Clock(zone="Asia/Shanghai", calendar="cn_statutory", hours=("09:00-12:00", "14:00-18:00")),
        "roles": {role: Role(title=named(role)) for role in roles},
        "facts": {
            "grade": CaseFact(kind="choice", values={"urgent": named("urgent"), "ordinary": named("ordinary")}),
            "phone": CaseFact(kind="text", personal=True),
            "department": CaseFact(kind="text"),
            "evidence": CaseFact(kind="file"),
            "satisfied": CaseFact(kind="flag"),
            "called_back": CaseFact(kind="time"),
        },
        "origins": {"complaint": named("complaint"), "visit": named("visit")},
        "outcomes": {"solved": named("solved"), "given_up": named("given up")},
        "steps": {
            "order": Step(by=("resident",), starts=True, needs=("origin",), may_set=("phone",), next=("dispatch",)),
            "dispatch": Step(by=("party_org",), takes=True, needs=("grade",), next=("accept", "refuse")),
            "refuse": Step(
                by=("social_org",),
                reasons={"no_means": named("no means")},
                at_most=1,
                beyond=Onward(closes="given_up"),
                counts_as="refusal",
                next=("dispatch",),
            ),
            "accept": Step(by=("social_org",), next=("handle",)),
            "handle": Step(by=("social_org",), needs=("evidence",), awaits=("help",), next=("verify",)),
            "verify": Step(
                by=("supervisor", "social_org"),
                needs=("satisfied",),
                may_set=("called_back",),
                other_than=("handle",),
                choose={
                    "yes": Branch(when=Guard(facts={"satisfied": Condition(flag=True)}), closes="solved"),
                    "no": Branch(otherwise=True, next=("handle",)),
                },
            ),
            "ask": Step(by=("social_org",), line="waiting", during=("accept",), needs_reason=True, next=("answer",)),
            "answer": Step(by=("resident",), line="waiting"),
            "call": Step(
                by=("social_org",), line="help", during=("accept",), needs=("department",), next=("come", "let_go")
            ),
            "come": Step(by=("department",), line="help"),
            "let_go": Step(by=("social_org",), line="help", may_set=("department",), counts_as="no_show"),
        },
        "lines": {"waiting": Line(), "help": Line(per="department")},
        "deadlines": {
            "handling": Deadline(
                from_=("dispatch",),
                to=("handle",),
                again="restart",
                by="grade",
                limits={"urgent": limit(48, "elapsed_hours"), "ordinary": limit(5, "working_days", "day_after")},
            ),
            "coming": Deadline(
                from_=("call",), to=("come", "let_go"), again="restart", limit=limit(4, "working_hours"), no_show=True
            ),
        },
        "pauses": {"waiting": Pause(from_=("ask",), to=("answer",), stops=("handling",))},
        "reminders": {
            "remind": Rung(deadline="handling", counted_from="due", act="remind", to="social_org"),
            "escalate": Rung(
                deadline="handling",
                counted_from="due",
                after=limit(1, "working_days", "day_after"),
                act="escalate",
                to="street",
            ),
            "hurry": Rung(
                deadline="coming", counted_from="start", after=limit(2, "elapsed_hours"), act="remind", to="department"
            ),
        },
    }
    found = Procedure(**{**sections, **changes})
    assert not list(found.check())
    return found


def opened(procedure: Procedure | None = None, case: str = "A1", **facts) -> Case:
    """Return a new case."""
    return open_case(procedure or five_orders(), case, "order", RESIDENT, START, None, origin="complaint", **facts)


def accepted(procedure: Procedure | None = None, case: str = "A1", grade: str = "urgent", **facts) -> Case:
    """Return a case that was dispatched an hour after it was opened, and accepted an hour later."""
    dispatched = opened(procedure, case, **facts).act("dispatch", PARTY, START + HOUR, grade=grade)
    return dispatched.act("accept", SOCIAL, START + 2 * HOUR)


def over(old: Procedure, steps: dict[str, str]) -> dict[str, Migration]:
    """Return the map by which cases of other rules come over."""
    return {"over": Migration(digest=old.machine.digest, steps=steps)}
