"""How matters are handled in Qufu: conversion, property hotline and disclosure, demands, visits, whistle, report-in."""

import datetime as dt
from itertools import accumulate, permutations
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from communitygov.measures.measure import measure
from communitygov.plugins.finding import load_profile
from communitygov.procedure.case import Actor, Case, Refused, open_case
from communitygov.procedure.explain import case_row, fold
from communitygov.procedure.rules import Procedure
from communitygov.profile.profile import Profile

DAY = 2022
ZONE = ZoneInfo("Asia/Shanghai")
NOON = dt.datetime(2022, 3, 1, 12, tzinfo=ZONE)
PROPERTY = {"charge_items": "items.pdf", "charge_rates": "rates.pdf", "accounts": "accounts.pdf"}
HOTLINE = ("receive", "dispatch", "follow_up")
VISITORS = ("committee_member", "community_worker")

SILENT = {
    "QF-03": ["procedure.conversion.facts.approval.assumed.kind", "procedure.conversion.assumed.deadlines"],
    "QF-13": [
        "procedure.property_disclosure.steps.publish.assumed.by",
        "procedure.property_disclosure.assumed.deadlines",
        "procedure.property_disclosure.assumed.facts",
    ],
    "QF-14": ["procedure.property_110.assumed.deadlines", "interpretations.dissatisfied_call_back.question"],
    "QF-17": [
        "procedure.whistle.assumed.facts",
        "procedure.whistle.assumed.deadlines",
        "procedure.report_in_to_community.assumed.facts",
    ],
    "QF-22": ["procedure.talk.assumed.deadlines"],
    "QF-33": ["interpretations.evaluation_published.question"],
    "QF-36": ["interpretations.who_visits_daily.question"],
}
"""Where each question that a clause on handling leaves open is answered, or stands as an open question."""


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile("qufu")


@pytest.fixture(scope="module")
def source(shared_data: Path) -> dict[str, Any]:
    """What the source says, clause by clause, as it was read by hand."""
    file = shared_data.parent / "clauses" / "qufu.yaml"
    if not file.is_file():
        pytest.skip(f"no clause file at {file} (COMMUNITYGOV_DATA)")
    found: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return found


def who(role: str, unit: str | None = None, person: str = "p") -> Actor:
    return Actor(person, role, unit)


def rule_of(profile: Profile, procedure: str, **readings: str) -> Procedure:
    """Return a procedure as questions are read."""
    return profile.at(DAY, readings=readings).procedure[procedure]


def readings_of(profile: Profile, question: str) -> list[str]:
    return list(profile.at(DAY).rules.interpretations[question].readings)


def refused(case: Case, step: str, by: Actor, /, **facts: Any) -> list[str]:
    """Return the kinds of faults that an act is refused for."""
    with pytest.raises(Refused) as error:
        case.act(step, by, NOON, None, **facts)
    return [fault.kind for fault in error.value.faults]


def not_opened(rule: Procedure, step: str, by: Actor, /, **facts: Any) -> list[str]:
    """Return the kinds of faults that opening a case is refused for."""
    with pytest.raises(Refused) as error:
        open_case(rule, "1", step, by, NOON, None, **facts)
    return [fault.kind for fault in error.value.faults]


class TestConversion:
    @pytest.mark.parametrize("order", list(permutations(("restructure_assets", "resize", "operate"))))
    def test_three_steps_in_one_order(self, profile: Profile, order: tuple[str, str, str]) -> None:
        """QF-03: assets, size, operation; each of the other five orders is refused."""
        rule, by = rule_of(profile, "conversion"), who("unit_in_charge")
        faults: set[str] = set()
        case = None
        for step in order:
            facts = {"approval": "ballot.pdf"} if step == "restructure_assets" else {}
            try:
                case = (
                    open_case(rule, "1", step, by, NOON, None, **facts)
                    if case is None
                    else case.act(step, by, NOON, None, **facts)
                )
            except Refused as error:
                faults |= {fault.kind for fault in error.faults}
        if order == ("restructure_assets", "resize", "operate"):
            assert case is not None
            assert (faults, case.outcome) == (set(), "converted")
        else:
            assert faults == {"wrong_order"}

    def test_nothing_is_changed_without_residents_approval(self, profile: Profile) -> None:
        """QF-03: residents approve, which is taken to be shown before the first step."""
        rule = rule_of(profile, "conversion")
        assert not_opened(rule, "restructure_assets", who("unit_in_charge")) == ["missing_fact"]
        assert "needs" in rule.steps["restructure_assets"].assumed


class TestHotline:
    def test_from_receiving_to_calling_back(self, profile: Profile) -> None:
        """QF-14: received, dispatched, followed up, called back, all by customer service."""
        rule, by = rule_of(profile, "property_110"), who("customer_service")
        case = open_case(rule, "1", "receive", by, NOON)
        for step in HOTLINE[1:]:
            assert refused(case, "call_back", by, verdict="satisfied") == ["wrong_order"]
            case = case.act(step, by, NOON)
        assert refused(case, "call_back", by) == ["missing_fact"]
        assert refused(case, "call_back", who("repairer"), verdict="satisfied") == ["wrong_role"]
        assert case.act("call_back", by, NOON, None, verdict="satisfied").outcome == "satisfied"
        assert {step.by for step in rule.steps.values()} == {("customer_service",)}

    @given(times=st.integers(0, 8))
    def test_an_order_is_open_until_the_caller_is_satisfied(self, profile: Profile, times: int) -> None:
        """As chosen: however often the caller is not satisfied, it is followed up and called back again."""
        rule, by = rule_of(profile, "property_110"), who("customer_service")
        case = open_case(rule, "1", "receive", by, NOON).act("dispatch", by, NOON)
        for _ in range(times):
            case = case.act("follow_up", by, NOON).act("call_back", by, NOON, None, verdict="dissatisfied")
            assert case.outcome is None
        case = case.act("follow_up", by, NOON).act("call_back", by, NOON, None, verdict="satisfied")
        assert case.outcome == "satisfied"
        row = case_row(rule, "1", [event.act for event in case.history], NOON)
        assert (row["count.call_back"], row["faults"]) == (times + 1, 0)

    def test_a_dissatisfied_caller_is_followed_up_or_let_go(self, profile: Profile) -> None:
        """QF-14 does not say: under one reading the order is open, under the other it is closed as dissatisfied."""
        found = {}
        for reading in readings_of(profile, "dissatisfied_call_back"):
            rule = rule_of(profile, "property_110", dissatisfied_call_back=reading)
            case = open_case(rule, "1", "receive", who("customer_service"), NOON)
            for step in HOTLINE[1:]:
                case = case.act(step, who("customer_service"), NOON)
            case = case.act("call_back", who("customer_service"), NOON, None, verdict="dissatisfied")
            found[reading] = (case.outcome, [may.step for may in case.may()])
        assert found == {"followed_up_again": (None, ["follow_up"]), "closed": ("dissatisfied", [])}


class TestPropertyDisclosure:
    @pytest.mark.parametrize("lacking", PROPERTY)
    def test_a_company_publishes_all_three(self, profile: Profile, lacking: str) -> None:
        """QF-13: items, rates, accounts; with one lacking it is refused."""
        rule, company = rule_of(profile, "property_disclosure"), who("property_company")
        given_ = {name: value for name, value in PROPERTY.items() if name != lacking}
        assert not_opened(rule, "publish", company, **given_) == ["missing_fact"]
        assert open_case(rule, "1", "publish", company, NOON, None, **PROPERTY).outcome == "published"
        assert set(rule.disclosures["property"].show) == set(PROPERTY)

    def test_the_company_does_not_evaluate_itself(self, profile: Profile) -> None:
        """QF-33, QF-12: the branch has owners' representatives evaluate it."""
        rule = rule_of(profile, "property_disclosure")
        assert not_opened(rule, "evaluate", who("property_company"), evaluation="q1.pdf") == ["wrong_role"]
        case = open_case(rule, "1", "evaluate", who("compound_branch"), NOON, None, evaluation="q1.pdf")
        assert refused(case, "publish", who("compound_branch"), **PROPERTY) == ["wrong_role"]
        assert case.act("publish", who("property_company"), NOON, None, **PROPERTY).outcome == "published"

    def test_the_evaluation_is_published_or_kept(self, profile: Profile) -> None:
        """QF-33 does not say: what is shown, and whether publishing must wait for it, differ."""
        kept, shown = (
            rule_of(profile, "property_disclosure", evaluation_published=reading)
            for reading in ("not_published", "published")
        )
        company = who("property_company")
        assert kept.disclosures["property"].hide == ("evaluation",)
        assert "evaluation" in shown.disclosures["property"].show
        assert open_case(kept, "1", "publish", company, NOON, None, **PROPERTY).outcome == "published"
        assert not_opened(shown, "publish", company, **PROPERTY) == ["wrong_order", "missing_fact"]
        case = open_case(shown, "1", "evaluate", who("compound_branch"), NOON, None, evaluation="q1.pdf")
        assert case.act("publish", company, NOON, None, **PROPERTY).outcome == "published"


class TestDemands:
    @pytest.mark.parametrize("handler", ["community_cadre", "liaison_official", "liaison_unit"])
    def test_what_is_talked_over_ends_with_its_result_in_public(self, profile: Profile, handler: str) -> None:
        """QF-22: whoever handled it, it is open until the result is posted."""
        rule = rule_of(profile, "talk")
        case = open_case(rule, "1", "collect", who("liaison_official"), NOON)
        assert refused(case, "post_result", who("community_cadre")) == ["wrong_order"]
        assert refused(case, "handle", who(handler)) == ["no_owner", "missing_fact"]
        case = case.act("handle", who(handler, handler), NOON, None, result="the lamp burns again")
        assert (case.outcome, case.owner) == (None, handler)
        case = case.act("post_result", who("community_cadre"), NOON)
        assert (case.outcome, rule.disclosures["result"].show) == ("answered", ("result",))

    def test_a_result_that_was_not_posted_is_found(self, profile: Profile) -> None:
        """QF-22: in a finished log, a matter that was left after handling is not answered."""
        rule = rule_of(profile, "talk")
        case = open_case(rule, "1", "collect", who("liaison_official"), NOON)
        case = case.act("handle", who("liaison_unit", "street"), NOON, None, result="done")
        row = case_row(rule, "1", [event.act for event in case.history], NOON)
        assert (row["is_closed"], row["count.posting"]) == (False, 0)

    @pytest.mark.parametrize("origin", ["visit", "at_once", "online_inquiry", "chat_group", "other_platform"])
    @pytest.mark.parametrize("matter", ["service", "problem"])
    def test_visits_platforms_and_chat_groups_are_origins(self, profile: Profile, origin: str, matter: str) -> None:
        """QF-36, QF-41: each demand says where it comes from, and is handled."""
        rule, worker = rule_of(profile, "demand"), who("micro_grid_worker", "grid-1")
        assert not_opened(rule, "record", worker, matter=matter) == ["missing_fact"]
        case = open_case(rule, "1", "record", worker, NOON, None, origin=origin, matter=matter)
        assert refused(case, "handle", who("resident", "grid-1")) == ["wrong_role"]
        case = case.act("handle", worker, NOON)
        assert (case.outcome, case.owner, case.facts["origin"]) == ("done", "grid-1", origin)

    def test_results_of_a_visit_are_posted_or_not(self, profile: Profile) -> None:
        """QF-22 can be read of talking alone or of every demand: only then has a visit's demand to be posted."""
        talk, every = (rule_of(profile, "demand", results_posted=reading) for reading in ("of_talk", "of_all"))
        by = who("committee_member", "committee")
        one = open_case(talk, "1", "record", by, NOON, None, origin="visit").act("handle", by, NOON)
        assert one.outcome == "done"
        case = open_case(every, "1", "record", by, NOON, None, origin="visit")
        assert refused(case, "handle", by) == ["missing_fact"]
        case = case.act("handle", by, NOON, None, result="done")
        assert case.outcome is None
        assert case.act("post_result", by, NOON).outcome == "done"


class TestDailyVisits:
    @given(gaps=st.lists(st.integers(1, 80), max_size=6), hour=st.integers(0, 23))
    def test_a_visit_is_kept_up_to_the_end_of_the_next_day(self, profile: Profile, gaps: list[int], hour: int) -> None:
        """QF-36: of visits so many hours apart, those up to the midnight that ends the next day are kept."""
        rule, by = rule_of(profile, "daily_visit"), who("community_worker")
        times = [NOON.replace(hour=hour) + dt.timedelta(hours=hours) for hours in accumulate(gaps, initial=0)]
        case = open_case(rule, "1", "first_visit", by, times[0], None, visitor="p")
        for at in times[1:]:
            case = case.act("visit", by, at)
        row = case_row(rule, "1", [event.act for event in case.history], times[-1])
        midnight = dt.time(tzinfo=ZONE)
        ends = [dt.datetime.combine(at.date() + dt.timedelta(days=2), midnight) for at in times]
        kept = [later <= end for end, later in zip(ends, times[1:], strict=False)]
        assert (row["settled.next_visit"], row["kept_count.next_visit"]) == (len(kept), sum(kept))

    @pytest.mark.parametrize(("hours", "kept"), [(36, True), (37, False)])
    def test_the_midnight_itself_is_in_time(self, profile: Profile, hours: int, kept: bool) -> None:
        """QF-36: from noon it is 36 hours to the end of the next day."""
        rule, by = rule_of(profile, "daily_visit"), who("community_worker")
        case = open_case(rule, "1", "first_visit", by, NOON, None, visitor="p")
        at = NOON + dt.timedelta(hours=hours)
        acts = [event.act for event in case.act("visit", by, at).history]
        assert case_row(rule, "1", acts, at)["kept.next_visit"] is kept

    def test_the_next_visit_is_late_on_the_third_day(self, profile: Profile) -> None:
        """QF-36: due at the end of the day after; a minute later it is late, and then recorded all the same."""
        rule, by = rule_of(profile, "daily_visit"), who("community_worker")
        case = open_case(rule, "1", "first_visit", by, NOON, None, visitor="p")
        (running,) = case.due
        assert (running.due, running.provisional) == (dt.datetime(2022, 3, 3, tzinfo=ZONE), False)
        assert case.late(dt.datetime(2022, 3, 2, 23, 59, tzinfo=ZONE)) == ()
        third = dt.datetime(2022, 3, 3, 0, 1, tzinfo=ZONE)
        assert [fault.what for fault in case.late(third)] == ["next_visit"]
        case = case.act("visit", by, third)
        faults = fold(rule, [event.act for event in case.history], third).faults
        assert [[fault.kind for fault in one] for one in faults] == [[], ["late"]]

    def test_the_rate_is_of_the_visits_that_were_due(self, profile: Profile) -> None:
        """QF-36: a visit in time, one late, and the round ended in time: two of three."""
        rule, by = rule_of(profile, "daily_visit"), who("committee_member")
        case = open_case(rule, "1", "first_visit", by, NOON, None, visitor="p")
        for days in (1, 4):
            case = case.act("visit", by, NOON + dt.timedelta(days=days))
        case = case.act("end", by, NOON + dt.timedelta(days=5))
        row = case_row(rule, "1", [event.act for event in case.history], NOON + dt.timedelta(days=5))
        names = ("kept_count.next_visit", "settled.next_visit")
        frame = pl.DataFrame({"period": ["2022-03"]} | {name: [row[name]] for name in names})
        assert case.outcome == "ended"
        assert measure(rule.rates["visited_daily"], frame).frame.rows() == [("2022-03", 2, 3, 1)]

    @pytest.mark.parametrize("role", VISITORS)
    def test_each_visits_or_somebody_does(self, profile: Profile, role: str) -> None:
        """QF-36 can be read of each person or of the community: another's visit keeps it only under the latter."""
        each, somebody = (rule_of(profile, "daily_visit", who_visits_daily=one) for one in ("each", "somebody"))
        other, later = who(role, person="q"), NOON + dt.timedelta(days=1)
        case = open_case(each, "1", "first_visit", who(role), NOON, None, visitor="p")
        with pytest.raises(Refused) as error:
            case.act("visit", other, later)
        assert [fault.kind for fault in error.value.faults] == ["not_named"]
        assert case.act("visit", who(role), later).step == "visit"
        case = open_case(somebody, "1", "first_visit", who(role), NOON).act("visit", other, later)
        assert case_row(somebody, "1", [event.act for event in case.history], later)["kept.next_visit"] is True

    def test_a_visit_can_not_be_named_away(self, profile: Profile) -> None:
        """Read of each person: whose visits a case holds is set once, by that person."""
        rule = rule_of(profile, "daily_visit", who_visits_daily="each")
        assert not_opened(rule, "first_visit", who("community_worker"), visitor="q") == ["not_named"]
        case = open_case(rule, "1", "first_visit", who("community_worker"), NOON, None, visitor="p")
        assert refused(case, "visit", who("community_worker", person="q"), visitor="q") == ["stray_fact"]


class TestWhistle:
    @pytest.mark.parametrize("order", list(permutations(("police", "housing", "transport"))))
    def test_it_ends_once_all_that_were_called_are_there(self, profile: Profile, order: tuple[str, ...]) -> None:
        """QF-17: in whatever order departments report in, the community closes after the last."""
        case = open_case(rule_of(profile, "whistle"), "1", "whistle", who("community", "c"), NOON)
        for department in order:
            case = case.act("call_in", who("community", "c"), NOON, None, called=department)
        for department in reversed(order):
            assert case.status(NOON) == "handed_over"
            assert refused(case, "close", who("community", "c"))[0] == "awaiting"
            case = case.act("report_in", who("department", department), NOON)
            assert case.owner == "c"
        assert case.act("close", who("community", "c"), NOON).outcome == "answered"

    def test_who_was_not_called_does_not_report_in(self, profile: Profile) -> None:
        """QF-17: departments are called by the community, and it is they who report in."""
        case = open_case(rule_of(profile, "whistle"), "1", "whistle", who("community", "c"), NOON)
        assert refused(case, "close", who("community", "c")) == ["missing_fact"]
        assert refused(case, "call_in", who("department", "police"), called="police") == ["wrong_role"]
        case = case.act("call_in", who("community", "c"), NOON, None, called="police")
        assert refused(case, "report_in", who("department", "housing")) == ["wrong_order"]
        assert refused(case, "report_in", who("community", "police")) == ["wrong_role"]

    @pytest.mark.parametrize("role", ["unit_party", "member"])
    def test_units_and_members_report_in_to_a_community(self, profile: Profile, role: str) -> None:
        """QF-17: both do, and each says to which community."""
        rule = rule_of(profile, "report_in_to_community")
        assert not_opened(rule, "report_in", who(role)) == ["missing_fact"]
        assert not_opened(rule, "report_in", who("resident"), community="c") == ["wrong_role"]
        assert open_case(rule, "1", "report_in", who(role), NOON, None, community="c").outcome == "reported"


class TestSource:
    def test_every_clause_on_handling_is_carried(self, profile: Profile, source: dict[str, Any]) -> None:
        """Procedures and disclosures: none waits for anything, and each is cited by a procedure."""
        mine = {one["id"] for one in source["clauses"] if one["primitive"] in ("procedure", "disclosure")}
        rules = profile.at(DAY)
        assert {key for key in mine if rules.rules.clauses[key].not_modelled is not None} == set()
        assert mine <= {clause for rule in rules.procedure.values() for clause in rule.clause}
        assert len(mine) == 8

    def test_every_day_is_the_only_deadline(self, profile: Profile) -> None:
        """The text gives no other time, and none is invented."""
        deadlines = {(key, name) for key, rule in profile.at(DAY).procedure.items() for name in rule.deadlines}
        assert deadlines == {("daily_visit", "next_visit")}

    @pytest.mark.parametrize(("clause", "path"), [(clause, path) for clause, paths in SILENT.items() for path in paths])
    def test_each_question_has_its_place(self, profile: Profile, clause: str, path: str) -> None:
        """What a clause leaves open is said in both languages, where that clause is cited."""
        node, cited = profile.at(DAY).root, set[str]()
        for step in path.split("."):
            node = node[step]
            cited |= set(node.clause())
        assert set(node.children or {}) == {"zh", "en"}
        assert clause in cited

    def test_none_is_left_out(self, source: dict[str, Any]) -> None:
        """Each question of a ``silent:`` line on handling has its place, one for one."""
        asked = {
            one["id"]: one["silent"].count(";") + 1
            for one in source["clauses"]
            if one["primitive"] in ("procedure", "disclosure") and "silent" in one
        }
        assert asked == {key: len(paths) for key, paths in SILENT.items()}
