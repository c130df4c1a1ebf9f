"""How Shijingshan visits and improves, handles problems, orders and whistles, and when its offices are open."""

import datetime as dt
from fractions import Fraction
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from communitygov.measures.measure import measure
from communitygov.plugins.finding import load_profile
from communitygov.procedure.case import Actor, Case, Refused, open_case
from communitygov.procedure.rules import Procedure
from communitygov.profile.profile import Profile

Did = tuple[str, Actor, dict[str, Any]]
"""An act: the step, who does it and what becomes known with it."""

NOON = dt.datetime(2023, 3, 1, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
DAY = "2023"
OTHERS = {
    "quality_cycle": {"SJS-11", "SJS-12", "SJS-14"},
    "fed_back_problem": {"SJS-14", "SJS-15", "SJS-32", "SJS-33", "SJS-55"},
    "key_field_feedback": {"SJS-32"},
    "quarterly_review": {"SJS-21"},
    "volunteer_order": {"SJS-29", "SJS-45"},
    "whistle": {"BJ-02", "SJS-42"},
    "double_dispatch": {"SJS-33", "SJS-43"},
    "secretary_review": {"SJS-53"},
    "single_window": {"SJS-39", "SJS-57", "SJS-67", "SJS-68"},
}
"""Each procedure, and the clauses that it carries."""


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile("shijingshan")


def who(role: str, unit: str | None = None, person: str | None = None) -> Actor:
    return Actor(person or role, role, unit)


def rule_of(name: str, reform: str | None = None, **readings: str) -> Procedure:
    profile = load_profile("shijingshan")
    reforms = [] if reform is None else [profile.reforms[reform]]
    return profile.at(DAY, reforms=reforms, readings=readings).procedure[name]


def go(rule: Procedure, *acts: Did) -> Case:
    """Return a case after its acts."""
    (step, by, facts), *rest = acts
    case = open_case(rule, "1", step, by, NOON, None, **facts)
    for step, by, facts in rest:
        case = case.act(step, by, NOON, None, **facts)
    return case


def refused(case: Case, step: str, by: Actor, /, **facts: Any) -> set[str]:
    """Return the kinds of faults that an act is refused for."""
    with pytest.raises(Refused) as error:
        case.act(step, by, NOON, None, **facts)
    return {fault.kind for fault in error.value.faults}


class TestAll:
    def test_each_clause_has_its_procedure(self, profile: Profile) -> None:
        """Nine procedures, and between them all clauses on procedures and hours that are in force."""
        rules = profile.at(DAY)
        found = {}
        for key in rules.procedure:
            nodes = [rules.root["procedure"][key]]
            found[key] = set(nodes[0].clause())
            while nodes:
                node = nodes.pop()
                found[key] |= set(node.clause())
                nodes += (node.children or {}).values()
        assert found == OTHERS
        own = {key: one for key, one in rules.rules.clauses.items() if key.startswith("SJS")}
        kinds = {key for key, one in own.items() if one.primitive in ("procedure", "calendar")}
        assert kinds - set().union(*found.values()) == {"SJS-40", "SJS-64"}
        assert {own[key].status for key in ("SJS-40", "SJS-64")} == {"announced"}
        assert not [key for key in kinds if own[key].not_modelled]

    def test_no_time_is_invented(self, profile: Profile) -> None:
        """The text gives no time for any of them, so nothing is ever due."""
        assert not any(rule.deadlines or rule.reminders for rule in profile.at(DAY).procedure.values())


class TestCycle:
    ROUND: tuple[Did, ...] = (
        ("visit", who("visitor"), {}),
        ("feed_back", who("visitor"), {"problem_list": "f1", "suggestions": "f2"}),
        ("improve", who("community"), {}),
    )

    @pytest.mark.parametrize("rounds", [1, 2, 3, 4])
    def test_a_year_has_four_quarters(self, rounds: int) -> None:
        """SJS-11, SJS-12: nobody is certified before the fourth round, and there is no fifth."""
        case = go(rule_of("quality_cycle"), *self.ROUND * rounds)
        if rounds < 4:
            assert "wrong_order" in refused(case, "certify", who("certifier"), star="five_star")
            case.act("visit", who("visitor"), NOON)
        else:
            assert "wrong_order" in refused(case, "visit", who("visitor"))
            assert case.act("certify", who("certifier"), NOON, star="no_star").outcome == "no_star"

    def test_its_four_steps_are_those_of_the_scheme(self, profile: Profile) -> None:
        """SJS-11, SJS-48: visit, feed back, improve, certify, in the words of the clause and as many as 5143 counts."""
        steps = rule_of("quality_cycle").steps
        quote = profile.at(DAY).rules.clauses["SJS-11"].quote
        assert "—".join(step.name().zh.removesuffix("（书面）") for step in steps.values()) in quote
        part = profile.at(DAY).rules.schemes["5143"].parts["steps"]
        assert (part.count, part.counted) == (len(steps), "procedure.quality_cycle.steps")

    def test_feedback_is_in_writing(self) -> None:
        """SJS-14: neither without the list of problems nor without suggestions."""
        case = go(rule_of("quality_cycle"), self.ROUND[0])
        assert refused(case, "feed_back", who("visitor"), problem_list="f1") == {"missing_fact"}
        assert refused(case, "feed_back", who("visitor"), suggestions="f2") == {"missing_fact"}
        assert refused(case, "feed_back", who("street"), problem_list="f1", suggestions="f2") == {"wrong_role"}


class TestFedBackProblem:
    def routed(self, rule: Procedure, *, general: bool, professional: bool, community_duty: bool) -> Case:
        facts = {"general": general, "professional": professional, "community_duty": community_duty}
        found: Did = ("list", who("visitor"), {"origin": "visit"})
        return go(rule, found, ("feed_back", who("visitor"), {}), ("route", who("street", "s"), facts))

    @pytest.mark.parametrize(("general", "professional", "duty"), list(product([True, False], repeat=3)))
    @pytest.mark.parametrize("reading", ["both", "either"])
    def test_it_is_routed_by_three_questions(
        self, reading: str, *, general: bool, professional: bool, duty: bool
    ) -> None:
        """SJS-15: what is the community's own duty never goes to a department; else it takes both, or one of two."""
        rule = rule_of("fed_back_problem", general_or_professional=reading)
        case = self.routed(rule, general=general, professional=professional, community_duty=duty)
        enough = (general and professional) if reading == "both" else (general or professional)
        wanted = "hand_over" if enough and not duty else "solve"
        steps = {may.step for may in case.may() if rule.steps[may.step].line is None}
        assert steps == {wanted}

    def test_street_and_community_solve_it(self) -> None:
        """SJS-15: and it is closed with an answer and with what came of it, which SJS-32 asks for."""
        case = self.routed(rule_of("fed_back_problem"), general=False, professional=False, community_duty=True)
        assert "missing_fact" in refused(case, "solve", who("community"), result="solved")
        assert refused(case, "solve", who("visitor", "v"), answer="done", result="solved") == {"wrong_role"}
        closed = case.act("solve", who("community", "c"), NOON, answer="done", result="unsolved")
        assert (closed.outcome, closed.owner) == ("unsolved", "c")

    @pytest.mark.parametrize(("reading", "owner"), [("department", "water"), ("street", "s")])
    def test_a_department_handles_what_is_handed_to_it(self, reading: str, owner: str) -> None:
        """SJS-15, SJS-55: the one it was handed to, and no other; who leads is the owner, one or the other."""
        rule = rule_of("fed_back_problem", joint_lead=reading)
        case = self.routed(rule, general=True, professional=True, community_duty=False)
        case = case.act("hand_over", who("street", "s"), NOON, department="water")
        done = {"answer": "done", "result": "solved"}
        assert refused(case, "department_solves", who("department", "power"), **done) == {"not_named"}
        assert "wrong_order" in refused(case, "solve", who("street", "s"), **done)
        closed = case.act("department_solves", who("department", "water"), NOON, None, **done)
        assert (closed.outcome, closed.owner) == ("solved", owner)

    def test_departments_join_where_needed(self) -> None:
        """SJS-55: several may be asked, each brings its trade once, and the street's problem stays the street's."""
        case = self.routed(rule_of("fed_back_problem"), general=False, professional=False, community_duty=False)
        for name in ("water", "power"):
            case = case.act("ask", who("street", "s"), NOON, joining_department=name)
        case = case.act("contribute", who("joining_department", "power"), NOON)
        assert "wrong_order" in refused(case, "contribute", who("joining_department", "gas"))
        assert case.act("solve", who("street", "s"), NOON, answer="a", result="solved").owner == "s"

    def test_nobody_complained_of_it(self) -> None:
        """SJS-33: it is found on a visit or among open comments; a complaint is no origin of it, and one is said."""
        rule = rule_of("fed_back_problem")
        assert set(rule.origins) == {"visit", "survey"}
        with pytest.raises(Refused) as error:
            open_case(rule, "1", "list", who("visitor"), NOON)
        assert [fault.what for fault in error.value.faults] == ["origin"]


class TestKeyFields:
    @given(st.integers(0, 5))
    def test_each_must_have_an_answer_and_be_settled(self, again: int) -> None:
        """SJS-32: supervision ends when it is settled, however often the department has to answer."""
        water = who("department", "water")
        case = go(
            rule_of("key_field_feedback"),
            ("gather", who("organiser"), {"field": "parking"}),
            ("feed_back", who("organiser"), {"department": "water"}),
            ("supervise", who("supervisor"), {}),
        )
        assert "wrong_order" in refused(case, "examine", who("supervisor"), settled=True)
        for _ in range(again):
            case = case.act("answer", water, NOON, answer="soon").act("examine", who("supervisor"), NOON, settled=False)
            assert case.outcome is None
        assert refused(case, "answer", who("department", "power"), answer="done") == {"not_named"}
        assert refused(case, "examine", water, settled=True) >= {"wrong_role"}
        case = case.act("answer", water, NOON, answer="done")
        assert case.act("examine", who("supervisor"), NOON, settled=True).outcome == "settled"

    def test_three_fields_are_named(self, profile: Profile) -> None:
        """SJS-32: in the words of the clause; the others are one value."""
        *named, other = rule_of("key_field_feedback").facts["field"].values.values()
        assert "、".join(title.zh for title in named) in profile.at(DAY).rules.clauses["SJS-32"].quote
        assert other.zh.startswith("其他")


class TestReview:
    def test_the_secretary_comments_on_the_quarters_analysis(self) -> None:
        """SJS-21: on an analysis that is there, and nobody comments in the secretary's place."""
        rule = rule_of("quarterly_review")
        with pytest.raises(Refused):
            open_case(rule, "1", "analyse", who("analyst"), NOON)
        case = go(rule, ("analyse", who("analyst"), {"report": "r1"}))
        assert refused(case, "review", who("analyst")) == {"wrong_role"}
        assert case.act("review", who("district_secretary"), NOON).outcome == "reviewed"


class TestVolunteerOrder:
    def ordered(self, **readings: str) -> Case:
        rule = rule_of("volunteer_order", **readings)
        offer = {"service": "haircuts at home", "origin": "home_visit"}
        return go(rule, ("offer", who("government"), offer), ("order", who("resident"), {}))

    def test_it_is_offered_ordered_accepted_and_rated(self, profile: Profile) -> None:
        """SJS-29: four steps by three kinds of people, in this order; the volunteer who accepts has it."""
        case = self.ordered()
        assert "wrong_order" in refused(case, "rate", who("resident"), rating="good")
        case = case.act("accept", who("volunteer", "scissors"), NOON)
        assert case.owner == "scissors"
        assert refused(case, "rate", who("volunteer", "scissors"), rating="good") == {"wrong_role"}
        assert refused(case, "rate", who("resident")) == {"missing_fact"}
        closed = case.act("rate", who("resident"), NOON, rating="good")
        assert closed.outcome == "rated"
        quote = profile.at(DAY).rules.clauses["SJS-29"].quote
        steps = [case.procedure.steps[event.act.step].name().zh for event in closed.history]
        assert [step[-2:] for step in steps] == ["晒单", "点单", "接单", "评单"]
        assert all(step in quote for step in (steps[0], steps[1], steps[3]))

    def test_a_home_visit_is_where_it_comes_from(self) -> None:
        """SJS-45: an offer says whether it rests on needs heard on a home visit."""
        assert self.ordered().facts["origin"] == "home_visit"
        with pytest.raises(Refused) as error:
            open_case(rule_of("volunteer_order"), "1", "offer", who("government"), NOON, service="haircuts")
        assert [fault.what for fault in error.value.faults] == ["origin"]

    def test_nobody_dispatches_or_the_community_does(self) -> None:
        """SJS-29: in one reading whoever likes accepts; in the other only the one it was dispatched to."""
        free = self.ordered(volunteer_dispatch="nobody")
        sent = self.ordered(volunteer_dispatch="community")
        assert free.act("accept", who("volunteer", "b"), NOON).owner == "b"
        assert "wrong_order" in refused(sent, "accept", who("volunteer", "b"))
        sent = sent.act("dispatch", who("community"), NOON, volunteer="a")
        assert refused(sent, "accept", who("volunteer", "b")) == {"not_named"}
        assert sent.act("accept", who("volunteer", "a"), NOON).owner == "a"

    @pytest.mark.parametrize("dispatch", ["nobody", "community"])
    def test_what_nobody_accepts_is_closed_or_ordered_again(self, dispatch: str) -> None:
        """SJS-29: closed as what it is, which is not served; or the resident orders once more."""
        for reading, outcome in (("closed", "not_accepted"), ("ordered_again", None)):
            case = self.ordered(unaccepted_order=reading, volunteer_dispatch=dispatch)
            if dispatch == "community":
                case = case.act("dispatch", who("community"), NOON, volunteer="a")
            case = case.act("lapse", who("community"), NOON)
            assert case.outcome == outcome
            if outcome is None:
                assert case.act("order", who("resident"), NOON).step == "order"


class TestWhistle:
    @pytest.mark.parametrize(("reading", "may"), [("street_and_community", True), ("street_only", False)])
    def test_communities_whistle_or_do_not(self, reading: str, *, may: bool) -> None:
        """SJS-42, BJ-02: the city's whistle, blown by a community in one reading alone and by a street in both."""
        rule = rule_of("whistle", who_whistles=reading)
        for role, wanted in (("street", True), ("community", may)):
            if not wanted:
                with pytest.raises(Refused) as error:
                    open_case(rule, "1", "whistle", who(role, "w"), NOON)
                assert [fault.kind for fault in error.value.faults] == ["wrong_role"]
                continue
            case = go(
                rule,
                ("whistle", who(role, "x"), {}),
                ("call", who(role, "x"), {"department": "fire"}),
                ("report_in", who("department", "fire"), {}),
                ("end", who(role, "x"), {"result": "solved"}),
            )
            assert (case.outcome, case.owner) == ("solved", "x")

    def test_it_says_no_more_than_the_city(self, profile: Profile) -> None:
        """SJS-42 gives the names of its rules alone: the steps are those of the city."""
        there = load_profile("beijing").at(DAY).procedure["whistle"]
        assert set(rule_of("whistle").steps) == set(there.steps)


class TestDoubleDispatch:
    SENT: Did = ("dispatch", who("dispatcher"), {"origin": "found", "street": "s", "department": "water"})

    @pytest.mark.parametrize(("street", "department"), list(product(["solved", "unsolved"], repeat=2)))
    @pytest.mark.parametrize("first", ["street", "department"])
    def test_both_handle_it_at_once(self, first: str, street: str, department: str) -> None:
        """SJS-43: in either order; it is solved if both have, and cannot be closed before both are done."""
        acts = {
            "street": ("street_handles", who("street", "s"), {"street_result": street}),
            "department": ("department_handles", who("department", "water"), {"department_result": department}),
        }
        one = acts.pop(first)
        case = go(rule_of("double_dispatch"), self.SENT, one)
        assert refused(case, "close", who("dispatcher")) == {"missing_fact"}
        step, by, facts = acts.popitem()[1]
        case = case.act(step, by, NOON, None, **facts).act("close", who("dispatcher"), NOON)
        assert case.outcome == ("solved" if street == department == "solved" else "unsolved")

    def test_an_order_goes_to_two_and_to_no_others(self) -> None:
        """SJS-43: not to a street alone, and another department has no part in it."""
        rule = rule_of("double_dispatch")
        with pytest.raises(Refused) as error:
            open_case(rule, "1", "dispatch", who("dispatcher"), NOON, origin="complaint", street="s")
        assert [fault.what for fault in error.value.faults] == ["department"]
        case = go(rule, self.SENT)
        assert refused(case, "department_handles", who("department", "gas"), department_result="solved") == {
            "not_named"
        }

    def test_both_are_assessed(self) -> None:
        """SJS-43: street and department each by its own share, over closed orders, and not combined."""
        rows = pl.DataFrame(
            {
                "period": "2023-03",
                "fact.street": "s",
                "fact.department": ["water", "water", "gas", "gas"],
                "is_closed": [True, True, True, False],
                "fact.street_result": ["solved", "unsolved", "solved", "solved"],
                "fact.department_result": ["unsolved", "unsolved", "solved", None],
            }
        )
        rates = rule_of("double_dispatch").rates
        found = {
            key: {row[rate.by]: Fraction(row["numerator"], row["base"]) for row in measure(rate, rows).frame.to_dicts()}
            for key, rate in rates.items()
        }
        assert found == {
            "street_assessed": {"s": Fraction(2, 3)},
            "department_assessed": {"water": Fraction(0), "gas": Fraction(1)},
        }

    def test_that_it_is_so_is_assumed(self) -> None:
        """SJS-43 is a name: the steps, who the two are and what is assessed are all said to be assumed."""
        assert set(rule_of("double_dispatch").assumed) == {"steps", "roles", "rates"}

    def test_over_which_period_is_assumed(self) -> None:
        """SJS-43 says no more of when it is assessed than of what: each share says that its month is taken."""
        assert all("period" in rate.assumed for rate in rule_of("double_dispatch").rates.values())


class TestSecretaries:
    def evaluated(self, reading: str) -> Case:
        rule = rule_of("secretary_review", secretary_measures=reading)
        return go(rule, ("report", who("secretary"), {}), ("evaluate", who("superior"), {}))

    def test_an_interview_takes_a_reminder_first_or_not(self) -> None:
        """SJS-53: on a ladder nobody is interviewed without a reminder; apart, a reminder is the end of it."""
        superior = who("superior")
        assert self.evaluated("apart").act("interview", superior, NOON).act("end", superior, NOON).outcome == "ended"
        assert "wrong_order" in refused(self.evaluated("apart").act("remind", superior, NOON), "interview", superior)
        assert "wrong_order" in refused(self.evaluated("ladder"), "interview", superior)
        reminded = self.evaluated("ladder").act("remind", superior, NOON)
        assert reminded.act("interview", superior, NOON).act("end", superior, NOON).outcome == "ended"

    @pytest.mark.parametrize("reading", ["apart", "ladder"])
    def test_a_commendation_needs_a_report_only(self, reading: str) -> None:
        """SJS-53: it follows the evaluation, by the superior alone."""
        case = self.evaluated(reading)
        assert refused(case, "commend", who("secretary")) == {"wrong_role"}
        assert case.act("commend", who("superior"), NOON).act("end", who("superior"), NOON).outcome == "ended"

    def test_nobody_is_evaluated_before_the_report(self) -> None:
        """SJS-53: the secretary reports first."""
        with pytest.raises(Refused):
            open_case(rule_of("secretary_review"), "1", "evaluate", who("superior"), NOON)


class TestWindow:
    @pytest.mark.parametrize("worker", ["a", "b"])
    def test_any_worker_handles_any_matter(self, worker: str) -> None:
        """SJS-57: the worker who received it, or another."""
        case = go(rule_of("single_window"), ("receive", who("worker", "c", "a"), {"matter": "a pension"}))
        assert case.act("handle", who("worker", "c", worker), NOON).outcome == "handled"

    def test_it_is_open_from_nine_to_eight(self) -> None:
        """SJS-39, SJS-68: 09:00 to 20:00 where the flexible hours hold; no hours are made up where they do not."""
        hours = {}
        for reading in ("district", "street"):
            clock = rule_of("single_window", flexible_hours_area=reading).clock
            assert clock is not None
            hours[reading] = clock.hours
            # Of Babaoshan alone the hours are reported: either reading takes a step beyond, and says which.
            assert "八宝山" in clock.assumed["hours"].zh
        assert hours == {"district": ("09:00-20:00",), "street": ()}

    def test_its_stages_are_dated(self, profile: Profile) -> None:
        """SJS-67: a first pilot in 2009 and pilots chosen in all of the district in 2017, both before this profile."""
        facts = profile.at(DAY).rules.facts
        stages = [facts[f"flexible_hours_{stage}_pilot"].value for stage in ("first", "district")]
        assert stages == [2009, 2017]
        assert all(year < profile.first_day.year for year in stages)


class TestAnnounced:
    @given(st.integers(0, 7 * 24 * 60))
    def test_appointments_would_be_taken_round_the_clock(self, minutes: int) -> None:
        """SJS-40: at any minute of the week a resident makes an appointment, which a worker serves."""
        rule = rule_of("single_window", "by-appointment")
        at = NOON + dt.timedelta(minutes=minutes)
        assert rule.clock is not None
        assert rule.clock.open_on == "every_day"
        (hours,) = rule.clock.days.hours or ()
        assert hours.opens <= at.hour * 60 + at.minute < hours.closes
        case = open_case(rule, "1", "appoint", who("resident"), at)
        assert case.act("handle", who("worker"), at).outcome == "handled"

    def test_no_appointment_is_made_yet(self) -> None:
        """SJS-40 is announced: there is no such step in force."""
        assert "appoint" not in rule_of("single_window").steps

    @pytest.mark.parametrize("lead", ["party_committee", "residents_committee", "service_station"])
    def test_three_would_lead_a_drive(self, lead: str) -> None:
        """SJS-64: any of the two committees and the station leads, others take part and do not lead."""
        rule = rule_of("environment_drive", "environment-drive")
        case = go(
            rule,
            ("begin", who(lead, "c"), {"kind": "bins"}),
            ("invite", who(lead, "c"), {"participant": "property company"}),
        )
        assert "wrong_role" in refused(case, "end", who("participant", "property company"))
        assert "wrong_order" in refused(case, "take_part", who("participant", "another"))
        case = case.act("take_part", who("participant", "property company"), NOON)
        assert case.act("end", who(lead, "c"), NOON).outcome == "carried_out"
        with pytest.raises(Refused):
            open_case(rule, "1", "begin", who("participant"), NOON, kind="bins")

    def test_two_kinds_of_problem_are_named(self, profile: Profile) -> None:
        """SJS-64: in the words of the clause; the others are one value. It is no rule in force."""
        *named, other = rule_of("environment_drive", "environment-drive").facts["kind"].values.values()
        assert "、".join(title.zh for title in named) in profile.at(DAY).rules.clauses["SJS-64"].quote
        assert other.zh.startswith("其他")
        assert "environment_drive" not in profile.at(DAY).procedure

    @pytest.mark.parametrize("reform", ["by-appointment", "environment-drive"])
    def test_neither_has_a_day(self, profile: Profile, reform: str) -> None:
        """From when it is to hold is not announced."""
        assert profile.reforms[reform].layer.start is None
