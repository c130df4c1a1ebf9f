"""P11: a loop whose next meeting answers for the last cannot close while a decision that it carries is unjudged."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from communitygov.measures.rules import Condition
from communitygov.procedure.case import Actor, open_case
from communitygov.procedure.judge import judge
from communitygov.procedure.refusal import Refused
from communitygov.procedure.rows import events_frame
from communitygov.procedure.rules import Branch, CaseFact, Guard, Line, Procedure, Role, Step
from communitygov.vocabulary.text import Title

CHAIR, RESIDENT = Actor("c1", "chair"), Actor("r1", "resident")
START = dt.datetime(2024, 3, 1, 9, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def word(name: str) -> Title:
    """Return a word as a title."""
    return Title(zh=name, en=name)


def quarterly() -> Procedure:
    """Return a cycle: decisions are carried one by one, residents judge each, then the meeting may be closed."""
    done = Guard(facts={"verdict": Condition(one_of=("done",))})
    found = Procedure(
        roles={"chair": Role(), "resident": Role()},
        facts={
            "decision": CaseFact(kind="text"),
            "verdict": CaseFact(kind="choice", values={name: word(name) for name in ("done", "not_done")}),
        },
        outcomes={"answered": word("answered")},
        lines={"carried": Line(per="decision")},
        steps={
            "meet": Step(by=("chair",), starts=True, next=("close",)),
            "close": Step(by=("chair",), awaits=("carried",), closes="answered"),
            "carry": Step(by=("chair",), line="carried", during=("meet",), needs=("decision",), next=("judge",)),
            "judge": Step(
                by=("resident",),
                line="carried",
                needs=("verdict",),
                may_set=("decision",),
                choose={"done": Branch(when=done), "not_done": Branch(otherwise=True, next=("judge",))},
            ),
        },
    )
    assert not list(found.check())
    return found


RULES = quarterly()
VERDICTS = st.lists(st.sampled_from(["done", "not_done", None]), max_size=6)


class TestLoop:
    @given(VERDICTS)
    def test_it_closes_if_and_only_if_every_carried_decision_is_judged_done(self, verdicts):
        """What was judged not done is carried over, and must be judged again."""
        case = open_case(RULES, "q1", "meet", CHAIR, START)
        for n, _ in enumerate(verdicts):
            case = case.act("carry", CHAIR, START + DAY, decision=f"d{n}")
        for n, verdict in enumerate(verdicts):
            if verdict is not None:
                case = case.act("judge", RESIDENT, START + 2 * DAY, decision=f"d{n}", verdict=verdict)
        left = {f"d{n}" for n, verdict in enumerate(verdicts) if verdict != "done"}
        assert ("close" in [one.step for one in case.may()]) == (not left)
        if not left:
            assert case.act("close", CHAIR, START + 3 * DAY).outcome == "answered"
            return
        with pytest.raises(Refused) as refused:
            case.act("close", CHAIR, START + 3 * DAY)
        assert {(fault.kind, fault.unit) for fault in refused.value.faults} == {("awaiting", one) for one in left}

    @given(VERDICTS)
    def test_a_log_that_closed_it_all_the_same_is_told(self, verdicts):
        """In bulk too: each decision that was left is named."""
        case = open_case(RULES, "q1", "meet", CHAIR, START)
        for n, _ in enumerate(verdicts):
            case = case.act("carry", CHAIR, START + DAY, decision=f"d{n}")
        for n, verdict in enumerate(verdicts):
            if verdict is not None:
                case = case.act("judge", RESIDENT, START + 2 * DAY, decision=f"d{n}", verdict=verdict)
        log = events_frame(RULES, [case])
        row = {"case": "q1", "seq": log.height + 1, "step": "close", "at": START + 3 * DAY, "role": "chair"}
        log = pl.concat([log, pl.DataFrame([row], schema_overrides=log.schema)], how="diagonal")
        verdicts_ = judge(RULES, log, START + 4 * DAY).verdicts
        left = sorted(f"d{n}" for n, verdict in enumerate(verdicts) if verdict != "done")
        assert sorted(verdicts_.select("verdict", "unit").rows()) == [("awaiting", one) for one in left]


def test_an_answer_of_before_is_none_of_now():
    """On a line per decision each verdict is given for that decision, whatever was found of another."""
    case = open_case(RULES, "q1", "meet", CHAIR, START)
    for name in ("d1", "d2"):
        case = case.act("carry", CHAIR, START + DAY, decision=name)
    case = case.act("judge", RESIDENT, START + 2 * DAY, decision="d1", verdict="done")
    with pytest.raises(Refused, match="missing-fact"):
        case.act("judge", RESIDENT, START + 2 * DAY, decision="d2")
