"""How matters are handled in Chaoyang: the single window, residents' demands, the renewal of a compound."""

import datetime as dt
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from communitygov.plugins.finding import load_profile
from communitygov.procedure.case import Actor, Case, Refused, open_case
from communitygov.procedure.explain import fold
from communitygov.procedure.rules import Procedure
from communitygov.profile.profile import Profile

DAY = 2021
NOON = dt.datetime(2021, 3, 1, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
DEPARTMENTS = ("health", "disability", "employment", "social_security", "ageing", "medical_insurance", "other")
WAYS = ("window", "home", "mobile", "online")
SIX = ("diagnose", "design", "decide", "implement", "manage", "evaluate")
RESIDENT = Actor("r", "resident")
WORKER = Actor("w", "all_post_worker", "Anzhen")
ELSEWHERE = Actor("x", "all_post_worker", "Wangjing")
HANDLER = Actor("h", "handler", "unit")
ORGANISER = Actor("o", "organiser", "compound")

SILENT = {
    "CY-17": ["procedure.single_window.clock.assumed.hours"],
    "CY-24": [
        "procedure.single_window.assumed.facts",
        "procedure.single_window.facts.department.assumed.values",
    ],
    "CY-28": [
        "procedure.renewal.assumed.roles",
        "procedure.renewal.assumed.deadlines",
        "interpretations.what_decides_renewal.question",
    ],
}
"""Where each question that a clause on handling leaves open is answered, or stands as an open question."""


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile("chaoyang")


@pytest.fixture(scope="module")
def window(profile: Profile) -> Procedure:
    return profile.at(DAY).procedure["single_window"]


@pytest.fixture(scope="module")
def demand(profile: Profile) -> Procedure:
    return profile.at(DAY).procedure["demand"]


@pytest.fixture(scope="module")
def renewal(profile: Profile) -> Procedure:
    return profile.at(DAY).procedure["renewal"]


@pytest.fixture(scope="module")
def source(shared_data: Path) -> dict[str, Any]:
    """What the report says, clause by clause, as it was read by hand."""
    file = shared_data.parent / "clauses" / "chaoyang.yaml"
    if not file.is_file():
        pytest.skip(f"no clause file at {file} (COMMUNITYGOV_DATA)")
    found: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return found


def refused(case: Case, step: str, by: Actor, /, **facts: Any) -> list[str]:
    """Return the kinds of faults that an act is refused for."""
    with pytest.raises(Refused) as error:
        case.act(step, by, NOON, None, **facts)
    return [fault.kind for fault in error.value.faults]


def renewed(rule: Procedure, step: str, *, agreed: bool = True) -> Case:
    """Return a renewal that has come to one of the six steps."""
    case = open_case(rule, "1", SIX[0], ORGANISER, NOON)
    for one in SIX[1 : SIX.index(step) + 1]:
        case = case.act(one, ORGANISER, NOON, None, **({"agreed": agreed} if one == "decide" else {}))
    return case


class TestSingleWindow:
    @pytest.mark.parametrize("department", DEPARTMENTS)
    @pytest.mark.parametrize("origin", WAYS)
    def test_no_request_is_at_the_wrong_window(self, window: Procedure, department: str, origin: str) -> None:
        """CY-16, CY-24: a matter of any department, however it comes, is received and handled by one worker."""
        facts = {"community": "Anzhen", "department": department, "origin": origin}
        case = open_case(window, "1", "receive", WORKER, NOON, None, **facts)
        assert [may.step for may in case.may()] == ["handle"]
        case = case.act("handle", WORKER, NOON)
        assert (case.outcome, case.owner) == ("handled", "Anzhen")

    def test_all_that_is_received_is_handled(self, window: Procedure) -> None:
        """CY-16: no step sends a request away, and being handled is the only outcome."""
        assert set(window.steps) == {"book", "receive", "handle"}
        assert set(window.outcomes) == {"handled"}
        assert all(step.counts_as not in ("refusal", "return") for step in window.steps.values())

    def test_an_appointment_comes_before_the_window_or_not_at_all(self, window: Procedure) -> None:
        """CY-17: a resident may book; what is booked is received like everything else."""
        case = open_case(window, "1", "book", RESIDENT, NOON, None, community="Anzhen", origin="window")
        assert refused(case, "handle", WORKER) == ["wrong_order"]
        assert refused(case, "receive", WORKER) == ["missing_fact"]
        case = case.act("receive", WORKER, NOON, None, department="ageing", origin="home")
        assert refused(case, "book", RESIDENT) == ["wrong_order"]
        assert case.act("handle", WORKER, NOON).outcome == "handled"

    def test_residents_do_not_receive_themselves(self, window: Procedure) -> None:
        """CY-16: an all-post worker does."""
        with pytest.raises(Refused) as error:
            open_case(window, "1", "receive", RESIDENT, NOON, None, community="a", department="other", origin="online")
        assert [fault.kind for fault in error.value.faults] == ["wrong_role"]

    def test_service_hours_are_not_invented(self, window: Procedure) -> None:
        """CY-17: hours are to be made clear and none are given; the clock has none, and says why."""
        assert window.clock is not None
        assert window.clock.clause == ("CY-17",)
        assert window.clock.hours == ()
        assert set(window.clock.assumed) == {"zone", "calendar", "hours"}
        assert set(window.origins) == set(WAYS)

    def test_six_departments_are_named_and_others_are_not(self, window: Procedure, profile: Profile) -> None:
        """CY-24: the six stand in the clause, in its order, and the rest is one value."""
        values = window.facts["department"].values
        quote = profile.at(DAY).rules.clauses["CY-24"].quote
        assert tuple(values) == DEPARTMENTS
        assert "、".join(values[name].zh for name in DEPARTMENTS[:-1]) + "等" in quote


class TestAnyWindow:
    def test_a_matter_belongs_to_its_community_until_the_reform(self, profile: Profile, window: Procedure) -> None:
        """CY-37: received at another community's window only once it is done throughout the district."""
        facts = {"community": "Anzhen", "department": "other", "origin": "window"}
        with pytest.raises(Refused) as error:
            open_case(window, "1", "receive", ELSEWHERE, NOON, None, **facts)
        assert [fault.kind for fault in error.value.faults] == ["not_named"]
        then = profile.at(DAY, reforms=[profile.reforms["any-window"]]).procedure["single_window"]
        case = open_case(then, "1", "receive", ELSEWHERE, NOON, None, **facts).act("handle", ELSEWHERE, NOON)
        assert (case.outcome, case.owner) == ("handled", "Wangjing")

    def test_what_is_announced_is_no_rule(self, profile: Profile) -> None:
        """CY-37: no rule in force cites it, and the reform does."""
        rules, reform = profile.at(DAY), profile.reforms["any-window"]
        assert rules.rules.clauses["CY-37"].status == "announced"
        assert "CY-37" not in {clause for rule in rules.procedure.values() for clause in rule.clause}
        assert reform.layer.file is not None
        assert "CY-37" in reform.layer.file.clause()


class TestDemands:
    @given(times=st.integers(0, 12), origin=st.sampled_from(["complaint", "found"]))
    def test_it_is_closed_only_when_it_is_done(self, demand: Procedure, times: int, origin: str) -> None:
        """CY-25: raised or found, and however often it was handled in vain, it is open until it is done."""
        case = open_case(demand, "1", "open", HANDLER, NOON, None, origin=origin)
        for _ in range(times):
            case = case.act("handle", HANDLER, NOON, None, done=False)
            assert case.outcome is None
            assert [may.step for may in case.may()] == ["handle"]
        case = case.act("handle", HANDLER, NOON, None, done=True)
        assert (case.outcome, case.may()) == ("done", ())
        assert fold(demand, [event.act for event in case.history], NOON).of_case == ()

    def test_done_is_the_only_outcome(self, demand: Procedure) -> None:
        """CY-25: handled to the end, so nothing is closed otherwise, and none without saying whether it is done."""
        assert set(demand.outcomes) == {"done"}
        case = open_case(demand, "1", "open", HANDLER, NOON, None, origin="found")
        assert refused(case, "handle", HANDLER) == ["missing_fact"]
        assert refused(case, "handle", Actor("r", "resident", "home"), done=True) == ["wrong_role"]


class TestRenewal:
    def test_it_has_six_steps_in_the_order_of_the_clause(self, renewal: Procedure, profile: Profile) -> None:
        """CY-28: their titles are the words of the clause, one after the other, and the last ends it."""
        quote = profile.at(DAY).rules.clauses["CY-28"].quote
        assert "、".join(renewal.steps[step].name().zh for step in SIX) in quote
        case = renewed(renewal, "evaluate")
        assert (case.outcome, len(case.history)) == ("evaluated", 6)

    @pytest.mark.parametrize("done", SIX[:-1])
    @pytest.mark.parametrize("step", SIX)
    def test_no_step_is_skipped(self, renewal: Procedure, done: str, step: str) -> None:
        """CY-28: after each step the next of the six follows; only carrying out, bit by bit, follows itself."""
        case = renewed(renewal, done)
        facts = {"agreed": True} if step == "decide" else {}
        if SIX.index(step) == SIX.index(done) + 1 or (done, step) == ("implement", "implement"):
            assert case.act(step, ORGANISER, NOON, None, **facts).step == step
        else:
            assert refused(case, step, ORGANISER, **facts) == ["wrong_order"]

    def test_it_needs_a_consultation(self, renewal: Procedure) -> None:
        """CY-28: a decision without saying whether those consulted agree is refused."""
        assert refused(renewed(renewal, "design"), "decide", ORGANISER) == ["missing_fact"]

    def test_without_agreement_it_is_designed_anew_or_goes_on(self, profile: Profile) -> None:
        """CY-28 does not say what decides: where those consulted do not agree, the two readings part."""
        found = {
            agreed: {
                reading: [
                    may.step
                    for may in renewed(
                        profile.at(DAY, readings={"what_decides_renewal": reading}).procedure["renewal"],
                        "decide",
                        agreed=agreed,
                    ).may()
                ]
                for reading in profile.at(DAY).rules.interpretations["what_decides_renewal"].readings
            }
            for agreed in (True, False)
        }
        assert found == {
            True: {"agreement": ["implement"], "consultation": ["implement"]},
            False: {"agreement": ["design"], "consultation": ["implement"]},
        }


class TestSource:
    def test_every_clause_on_handling_is_carried(self, profile: Profile, source: dict[str, Any]) -> None:
        """Procedures and the calendar: none waits for anything, and each is cited by a rule or by the reform."""
        mine = {one["id"] for one in source["clauses"] if one["primitive"] in ("procedure", "calendar", "disclosure")}
        rules = profile.at(DAY)
        assert {key for key in mine if rules.rules.clauses[key].not_modelled is not None} == set()
        found = {clause for rule in rules.procedure.values() for clause in rule.clause}
        found |= {clause for rule in rules.procedure.values() if rule.clock for clause in rule.clock.clause}
        assert mine - found == {"CY-37"}
        assert len(mine) == 7

    def test_the_city_s_whistle_is_the_district_s_too(self, profile: Profile) -> None:
        """What the district does not say otherwise is its city's."""
        whistle = load_profile("beijing").at(DAY).procedure["whistle"]
        assert profile.at(DAY).procedure["whistle"] == whistle

    def test_there_is_no_deadline(self, profile: Profile) -> None:
        """The report gives no time for anything, and none is invented."""
        own = ("single_window", "demand", "renewal")
        assert [dict(profile.at(DAY).procedure[key].deadlines) for key in own] == [{}, {}, {}]

    @pytest.mark.parametrize(("clause", "path"), [(clause, path) for clause, paths in SILENT.items() for path in paths])
    def test_each_question_has_its_place(self, profile: Profile, clause: str, path: str) -> None:
        """What a clause leaves open is said in both languages, where that clause is cited."""
        node, cited = profile.at(DAY).root, set[str]()
        for step in path.split("."):
            node = node[step]
            cited |= set(node.clause())
        assert set(node.children or {}) == {"zh", "en"}
        assert clause in cited

    def test_none_is_left_out(self, profile: Profile, source: dict[str, Any]) -> None:
        """Each question of a ``silent:`` line on handling has its place; those of CY-37 stand in its reform."""
        asked = {
            one["id"]: one["silent"].count(";") + 1
            for one in source["clauses"]
            if one["primitive"] in ("procedure", "calendar", "disclosure") and "silent" in one
        }
        assert asked.pop("CY-37") == 2
        assert asked == {key: len(paths) for key, paths in SILENT.items()}
        file = profile.reforms["any-window"].layer.file
        assert file is not None
        assert "何时起、哪些事项均未给" in file["because"]["zh"].text()
