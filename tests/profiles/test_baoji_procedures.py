"""How matters are handled in Baoji: five orders, seven steps with four disclosures, requests, reporting in."""

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

DAY = 2020
NOON = dt.datetime(2020, 3, 2, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
FIVE = {
    "place": "resident",
    "issue": "community_party",
    "accept": "social_organisation",
    "supervise": "supervision_committee",
    "verify": "street_committee",
}
"""The five orders as the clause names them, each with the one that it names."""
SEVEN = ("survey", "mobilise", "discuss", "form_group", "act", "sustain", "publicise")
ITEMS = {"content": "a garden", "organisation": "neighbours", "funding": "the street", "responsible_member": "m-1"}

SILENT = {
    "BAO-01": [
        "procedure.micro_governance.assumed.roles",
        "procedure.micro_governance.assumed.deadlines",
        "procedure.micro_governance.assumed.steps",
    ],
    "BAO-03": ["procedure.micro_governance.steps.disclose.assumed.during"],
    "BAO-04": ["procedure.five_orders.assumed.deadlines", "interpretations.declined_order.question"],
    "BAO-33": ["procedure.entrusting.steps.find.assumed.by"],
    "BAO-42": ["procedure.service_request.assumed.origins"] * 2,
    "BAO-49": ["procedure.organisation_disclosure.assumed.roles"],
}
"""Where each question that a clause on handling leaves open is answered, or stands as an open question."""


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile("baoji")


@pytest.fixture(scope="module")
def orders(profile: Profile) -> Procedure:
    return profile.at(DAY).procedure["five_orders"]


@pytest.fixture(scope="module")
def project(profile: Profile) -> Procedure:
    return profile.at(DAY).procedure["micro_governance"]


@pytest.fixture(scope="module")
def source(shared_data: Path) -> dict[str, Any]:
    """What the source says, clause by clause, as it was read by hand."""
    file = shared_data.parent / "clauses" / "baoji.yaml"
    if not file.is_file():
        pytest.skip(f"no clause file at {file} (COMMUNITYGOV_DATA)")
    found: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return found


def who(role: str) -> Actor:
    return Actor(f"p-{role}", role, role)


def through(rule: Procedure, *steps: str) -> Case:
    """Return an order that has gone through the first of the five orders, whoever they are for."""
    case = open_case(rule, "1", steps[0], who(FIVE[steps[0]]), NOON)
    for step in steps[1:]:
        case = case.act(step, who(FIVE[step]), NOON)
    return case


def project_at(rule: Procedure, step: str) -> Case:
    """Return a project that has come to one of the seven steps."""
    case = open_case(rule, "1", SEVEN[0], who("organiser"), NOON)
    for one in SEVEN[1 : SEVEN.index(step) + 1]:
        case = case.act(one, who(*rule.steps[one].by), NOON)
    return case


def refused(case: Case, step: str, by: Actor, /, **facts: Any) -> list[str]:
    """Return the kinds of faults that an act is refused for."""
    with pytest.raises(Refused) as error:
        case.act(step, by, NOON, None, **facts)
    return [fault.kind for fault in error.value.faults]


def read(profile: Profile, **readings: str) -> Procedure:
    """Return the five orders as questions are read."""
    return profile.at(DAY, readings=readings).procedure["five_orders"]


def test_who_serves_is_assumed(profile: Profile) -> None:
    """BAO-14, BAO-32, BAO-42 say that residents ask and are served, and not by whom."""
    assert "roles" in profile.at(DAY).procedure["service_request"].assumed


def test_reporting_in_online_is_of_one_community(profile: Profile) -> None:
    """BAO-44 tells it of Huoju Road community; that it is no practice of all the city's is said."""
    note = profile.at(DAY).procedure["report_in_online"].note
    assert note is not None
    assert "火炬路社区" in note.zh
    assert "Huoju Road" in note.en


class TestFiveOrders:
    def test_one_goes_from_the_resident_to_the_street(self, orders: Procedure) -> None:
        """BAO-04: placed, issued, accepted, supervised, verified; the organisation that accepted it has it."""
        case = through(orders, *FIVE)
        assert (case.status(NOON), case.outcome, case.owner) == ("closed", "done", "social_organisation")
        assert len(case.history) == 5
        assert fold(orders, [event.act for event in case.history], NOON).of_case == ()

    @pytest.mark.parametrize("step", FIVE)
    @pytest.mark.parametrize("role", FIVE.values())
    def test_each_is_for_the_one_that_the_clause_names(self, orders: Procedure, step: str, role: str) -> None:
        """BAO-04: of the five parties one may do a step, and the other four are refused."""
        before = list(FIVE)[: list(FIVE).index(step)]
        if role == FIVE[step]:
            assert through(orders, *before, step).step == step
        elif before:
            assert refused(through(orders, *before), step, who(role)) == ["wrong_role"]
        else:
            with pytest.raises(Refused):
                open_case(orders, "1", step, who(role), NOON)

    @pytest.mark.parametrize("done", range(1, 6))
    @pytest.mark.parametrize("step", FIVE)
    def test_none_is_skipped_and_none_is_done_twice(self, orders: Procedure, done: int, step: str) -> None:
        """BAO-04: after each of the five the next may follow, and none of the others does."""
        case = through(orders, *list(FIVE)[:done])
        if list(FIVE).index(step) == done:
            assert case.act(step, who(FIVE[step]), NOON).step == step
        else:
            assert refused(case, step, who(FIVE[step])) == ["wrong_order"]

    def test_there_is_no_deadline(self, orders: Procedure) -> None:
        """BAO-04 gives none, so an order is never late."""
        assert orders.clock is None
        assert through(orders, "place").late(NOON + dt.timedelta(days=999)) == ()

    @given(times=st.integers(0, 8))
    def test_however_often_it_is_declined_it_is_issued_again(self, orders: Procedure, times: int) -> None:
        """As chosen: a declined order goes back to the community party organisation, and is closed as any other."""
        case = through(orders, "place", "issue")
        for _ in range(times):
            case = case.act("decline", who("social_organisation"), NOON)
            assert (case.outcome, case.owner) == (None, None)
            case = case.act("issue", who("community_party"), NOON)
        for step in ("accept", "supervise", "verify"):
            case = case.act(step, who(FIVE[step]), NOON)
        assert case.outcome == "done"

    def test_a_declined_order_is_issued_again_or_ends(self, profile: Profile) -> None:
        """BAO-04 does not say which: under one reading the order is open, under the other it is closed."""
        found = {
            name: through(read(profile, declined_order=name), "place", "issue").act(
                "decline", who("social_organisation"), NOON
            )
            for name in profile.at(DAY).rules.interpretations["declined_order"].readings
        }
        assert {name: case.outcome for name, case in found.items()} == {"issued_again": None, "closed": "declined"}
        assert [may.step for may in found["issued_again"].may()] == ["issue"]
        assert found["closed"].may() == ()

    def test_a_failed_order_is_done_again_issued_again_or_ends(self, profile: Profile) -> None:
        """BAO-04 does not say which of three: where the order goes, and whether it is open."""
        found = {
            name: through(read(profile, failed_verification=name), "place", "issue", "accept", "supervise").act(
                "fail", who("street_committee"), NOON
            )
            for name in profile.at(DAY).rules.interpretations["failed_verification"].readings
        }
        assert {name: (case.outcome, [may.step for may in case.may()]) for name, case in found.items()} == {
            "done_again": (None, ["supervise"]),
            "issued_again": (None, ["issue"]),
            "closed": ("failed", []),
        }

    def test_what_failed_is_not_verified_before_it_is_supervised_again(self, orders: Procedure) -> None:
        """As chosen: verifying alone does not mend what failed."""
        case = through(orders, "place", "issue", "accept", "supervise").act("fail", who("street_committee"), NOON)
        assert refused(case, "verify", who("street_committee")) == ["wrong_order"]
        case = case.act("supervise", who("supervision_committee"), NOON).act("verify", who("street_committee"), NOON)
        assert case.outcome == "done"

    def test_refusals_and_redone_orders_are_counted(self, orders: Procedure) -> None:
        """A declined order is a refusal, a failed one is to be done again."""
        assert {key: step.counts_as for key, step in orders.steps.items() if step.counts_as} == {
            "decline": "refusal",
            "fail": "redo",
        }


class TestMicroGovernance:
    def test_it_has_seven_steps_in_the_order_of_the_clause(self, project: Procedure, profile: Profile) -> None:
        """BAO-01: the titles of the main line are the words of the clause, one after the other."""
        quote = profile.at(DAY).rules.clauses["BAO-01"].quote
        assert "、".join(project.main[step].name().zh for step in SEVEN) in quote
        case = project_at(project, "sustain")
        assert case.act("publicise", who("organiser"), NOON).outcome == "completed"

    @pytest.mark.parametrize("done", SEVEN[:-1])
    @pytest.mark.parametrize("step", SEVEN)
    def test_no_step_is_skipped(self, project: Procedure, done: str, step: str) -> None:
        """BAO-01: after each step just the next of the seven follows."""
        case, by = project_at(project, done), who(*project.steps[step].by)
        if SEVEN.index(step) == SEVEN.index(done) + 1:
            assert case.act(step, by, NOON).step == step
        else:
            assert refused(case, step, by) == ["wrong_order"]

    def test_residents_act_themselves(self, project: Procedure) -> None:
        """BAO-01: the fifth step is residents' own."""
        assert refused(project_at(project, "form_group"), "act", who("organiser")) == ["wrong_role"]

    @pytest.mark.parametrize("lacking", ITEMS)
    def test_a_disclosure_has_all_four_items(self, project: Procedure, lacking: str) -> None:
        """BAO-03: content, organisation, money and responsible member; without one it is refused."""
        given_ = {name: value for name, value in ITEMS.items() if name != lacking}
        assert refused(project_at(project, "discuss"), "disclose", who("organiser"), **given_) == ["missing_fact"]

    @pytest.mark.parametrize("step", [None, *SEVEN[:-1]])
    def test_a_project_that_was_not_made_public_is_not_in_order(self, project: Procedure, step: str | None) -> None:
        """BAO-03: at whichever step the four items became public, the project is in order; if at none, it is not."""
        case = open_case(project, "1", SEVEN[0], who("organiser"), NOON)
        for following in SEVEN[1:]:
            if case.step == step:
                case = case.act("disclose", who("organiser"), NOON, None, **ITEMS)
            case = case.act(following, who(*project.steps[following].by), NOON)
        assert case.outcome == "completed"
        found = fold(project, [event.act for event in case.history], NOON).of_case
        assert [(fault.kind, fault.what) for fault in found] == ([("not_disclosed", "four_items")] if not step else [])

    def test_all_four_items_are_shown(self, project: Procedure) -> None:
        """BAO-03: what is needed is what is shown."""
        shown = project.disclosures["four_items"]
        assert set(shown.show) == set(project.steps[shown.step].needs) == set(ITEMS)


class TestRequests:
    @pytest.mark.parametrize("origin", ["hall", "portal", "hotline", "cloud_platform"])
    def test_what_is_asked_from_any_origin_is_served_offline(self, profile: Profile, origin: str) -> None:
        """BAO-14, BAO-32, BAO-42: hall, portal, hotline and platform; served at a locker among others."""
        rule = profile.at(DAY).procedure["service_request"]
        case = open_case(rule, "1", "request", who("resident"), NOON, None, origin=origin, service="hardship_aid")
        assert refused(case, "serve", who("resident")) == ["wrong_role"]
        case = case.act("serve", who("community"), NOON, None, place="locker")
        assert (case.outcome, case.owner, case.facts["origin"]) == ("served", "community", origin)

    def test_each_says_where_it_comes_from(self, profile: Profile) -> None:
        """A request without an origin is refused."""
        rule = profile.at(DAY).procedure["service_request"]
        with pytest.raises(Refused) as error:
            open_case(rule, "1", "request", who("resident"), NOON, None, service="appointment")
        assert [(fault.kind, fault.what) for fault in error.value.faults] == [("missing_fact", "origin")]

    @pytest.mark.parametrize("role", ["unit_party", "member"])
    def test_units_and_members_report_in(self, profile: Profile, role: str) -> None:
        """BAO-44: both do, and residents do not."""
        rule = profile.at(DAY).procedure["report_in_online"]
        assert open_case(rule, "1", "report_in", who(role), NOON).outcome == "reported"
        with pytest.raises(Refused):
            open_case(rule, "1", "report_in", who("resident"), NOON)


class TestReforms:
    @pytest.mark.parametrize(
        ("reform", "procedure", "clauses"),
        [
            ("single-window", "single_window", {"BAO-28", "BAO-34"}),
            ("to-social-organisations", "entrusting", {"BAO-33"}),
            ("organisation-disclosure", "organisation_disclosure", {"BAO-49"}),
        ],
    )
    def test_what_is_proposed_is_no_rule(
        self, profile: Profile, reform: str, procedure: str, clauses: set[str]
    ) -> None:
        """What the third part recommends is there under its reform alone."""
        now, then = profile.at(DAY), profile.at(DAY, reforms=[profile.reforms[reform]])
        assert set(then.procedure) - set(now.procedure) == {procedure}
        assert set(then.procedure[procedure].clause) == clauses
        assert {profile.at(DAY).rules.clauses[clause].status for clause in clauses} == {"proposed"}

    @given(matter=st.text(min_size=1).filter(str.strip))
    def test_one_window_receives_any_matter(self, profile: Profile, matter: str) -> None:
        """BAO-28: whatever it is, it is received, and can but be handled then."""
        rule = profile.at(DAY, reforms=[profile.reforms["single-window"]]).procedure["single_window"]
        case = open_case(rule, "1", "receive", who("window"), NOON, None, matter=matter)
        assert [may.step for may in case.may()] == ["handle"]
        assert case.act("handle", who("window"), NOON).outcome == "handled"

    @pytest.mark.parametrize("reason", ["cannot", "not_well", None])
    def test_what_a_department_cannot_do_is_taken_over(self, profile: Profile, reason: str | None) -> None:
        """BAO-33: for one of the two reasons of the clause, and for none other."""
        rule = profile.at(DAY, reforms=[profile.reforms["to-social-organisations"]]).procedure["entrusting"]
        if reason is None:
            with pytest.raises(Refused) as error:
                open_case(rule, "1", "find", who("department"), NOON)
            assert [fault.kind for fault in error.value.faults] == ["unexplained"]
            return
        case = open_case(rule, "1", "find", who("department"), NOON, reason)
        case = case.act("take_over", who("social_organisation"), NOON)
        assert (case.outcome, case.owner) == ("entrusted", "social_organisation")

    def test_organisations_are_evaluated_on_what_they_published(self, profile: Profile) -> None:
        """BAO-49: without information there is nothing to evaluate."""
        reform = profile.reforms["organisation-disclosure"]
        rule = profile.at(DAY, reforms=[reform]).procedure["organisation_disclosure"]
        with pytest.raises(Refused):
            open_case(rule, "1", "publish", who("social_organisation"), NOON)
        case = open_case(rule, "1", "publish", who("social_organisation"), NOON, None, information="report.pdf")
        assert case.act("evaluate", who("evaluator"), NOON).outcome == "evaluated"


class TestSource:
    def test_every_clause_on_handling_is_carried(self, profile: Profile, source: dict[str, Any]) -> None:
        """Procedures and disclosures: none waits for anything, and each is cited by a procedure."""
        mine = {one["id"] for one in source["clauses"] if one["primitive"] in ("procedure", "disclosure")}
        rules = profile.at(DAY, reforms=list(profile.reforms.values()))
        assert {key for key in mine if rules.rules.clauses[key].not_modelled is not None} == set()
        found = {clause for rule in rules.procedure.values() for clause in rule.clause}
        assert mine <= found
        assert len(mine) == 10

    @pytest.mark.parametrize(("clause", "path"), [(clause, path) for clause, paths in SILENT.items() for path in paths])
    def test_each_question_has_its_place(self, profile: Profile, clause: str, path: str) -> None:
        """What a clause leaves open is said in both languages, where that clause is cited."""
        node, cited = profile.at(DAY, reforms=list(profile.reforms.values())).root, set[str]()
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
