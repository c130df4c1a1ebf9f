"""One street's practice: whistles to a named person, times by kind of problem, the platform, and who scores whom."""

import datetime as dt
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from communitygov.documents.node import Node
from communitygov.index.score import score
from communitygov.measures.measure import measure
from communitygov.plugins.finding import load_profile
from communitygov.procedure.case import Actor, Case, Refused, open_case
from communitygov.procedure.rules import Procedure
from communitygov.profile.profile import Profile
from communitygov.profile.reading import read_reform

ZONE = ZoneInfo("Asia/Shanghai")
NOON = dt.datetime(2019, 3, 1, 12, tzinfo=ZONE)
HOUR = dt.timedelta(hours=1)
COMMUNITY = Actor("c", "community", "wanmingyuan")
STREET = Actor("s", "street", "zhanlanlu")
RESIDENT = Actor("r", "resident")
LI, WANG = Actor("li", "liaison", "food_and_drugs"), Actor("wang", "liaison", "food_and_drugs")
MINUTES = st.integers(0, 2 * 365 * 24 * 60)

AMENDED = "amendments.residents-platform.procedure"
SILENT = {
    "BJ-03": [
        "procedure.whistle.roles.liaison.note",
        "interpretations.liaisons_of_an_office.question",
        "interpretations.liaisons_of_stations.question",
    ],
    "BJ-06": [
        "procedure.whistle.deadlines.solve.assumed.limits",
        "interpretations.balcony_hours.question",
        "interpretations.other_illegal_building.question",
    ],
    "BJ-07": [
        "procedure.whistle.deadlines.solve.assumed.limits",
        "interpretations.expired_food_day.question",
        "interpretations.expired_food_day.question",
    ],
    "BJ-08": [
        "index.upward_departments.note",
        "interpretations.secretaries_part.question",
        "measures.secretaries_score_of_departments.assumed.numerator",
    ],
    "BJ-11": [
        f"{AMENDED}.platform_admission.steps.verify.assumed.choose",
        f"{AMENDED}.platform_admission.steps.verify.assumed.by",
    ],
    "BJ-13": [f"{AMENDED}.residents_whistle.assumed.steps", f"{AMENDED}.residents_whistle.assumed.deadlines"],
    "BJ-15": [f"{AMENDED}.residents_whistle.assumed.deadlines"],
}
"""Where each question that a clause on procedures, hours or upward assessment leaves open is answered."""


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile("zhanlanlu")


def rule_of(name: str = "whistle", year: int = 2019, **readings: str) -> Procedure:
    return load_profile("zhanlanlu").at(year, readings=readings).procedure[name]


def found(rule: Procedure, kind: str, at: dt.datetime = NOON) -> Case:
    """Return a case that begins with a community's discovery."""
    return open_case(rule, "1", "discover", COMMUNITY, at, kind=kind)


def due(case: Case) -> dt.datetime | None:
    """Return when a case's one deadline falls due; None if it has none."""
    return case.due[0].due if case.due else None


def refused(case: Case, step: str, by: Actor, /, **facts: Any) -> set[str]:
    """Return the kinds of faults that an act is refused for."""
    with pytest.raises(Refused) as error:
        case.act(step, by, NOON + 100 * HOUR, None, **facts)
    return {fault.kind for fault in error.value.faults}


class TestWhistle:
    @pytest.mark.parametrize("who", [COMMUNITY, STREET])
    def test_it_goes_from_a_discovery_to_its_solution(self, who: Actor) -> None:
        """BJ-03 to BJ-05: a community whistles as well as the street, the offices called come, the liaison solves."""
        case = open_case(rule_of(), "1", "discover", who, NOON, kind="other")
        case = case.act("whistle", who, NOON, liaison="li")
        for office in ("urban_management", "commerce"):
            case = case.act("call", who, NOON, department=office)
            assert refused(case, "end", LI, result="solved") == {"awaiting"}
            case = case.act("report_in", Actor("x", "department", office), NOON)
        assert case.act("end", LI, NOON, result="solved").outcome == "solved"
        assert [event.act.step for event in case.history].count("report_in") == 2

    def test_a_whistle_names_a_person(self) -> None:
        """BJ-03: no whistle goes out to an office without a liaison."""
        assert refused(found(rule_of(), "other"), "whistle", COMMUNITY) == {"missing_fact"}

    def test_only_the_liaison_named_answers_for_it(self) -> None:
        """BJ-04: another of the same office does not end it, nor does the community that whistled."""
        case = found(rule_of(), "other").act("whistle", COMMUNITY, NOON, liaison="li")
        assert refused(case, "end", WANG, result="solved") == {"not_named"}
        assert refused(case, "end", COMMUNITY, result="solved") == {"wrong_role"}
        assert case.act("end", LI, NOON, result="unsolved").outcome == "unsolved"

    def test_nothing_is_solved_before_the_whistle(self) -> None:
        """The order is discovery, whistle, solution; a resident complains and does not whistle."""
        case = open_case(rule_of(), "1", "complain", RESIDENT, NOON, kind="expired_food")
        assert "wrong_order" in refused(case, "end", LI, result="solved")
        assert refused(case, "whistle", Actor("r", "resident", "home"), liaison="li") == {"wrong_role"}

    def test_the_city_has_none_of_it(self) -> None:
        """One street's practice: neither the city's whistle nor a district's goes to a named person, or has times."""
        for name in ("beijing", "shijingshan"):
            other = load_profile(name)
            rule = other.at(other.first_day).procedure["whistle"]
            assert "liaison" not in rule.roles
            assert not rule.deadlines


class TestTimes:
    @given(MINUTES)
    def test_a_balcony_has_forty_eight_hours(self, minutes: int) -> None:
        """BJ-06: 48 hours from the discovery, whatever the day or the hour of the whistle."""
        start = NOON + dt.timedelta(minutes=minutes)
        case = found(rule_of(), "balcony_building", start)
        assert due(case) == start + 48 * HOUR
        assert due(case.act("whistle", COMMUNITY, start + HOUR, liaison="li")) == start + 48 * HOUR
        assert case.late(start + 48 * HOUR) == ()
        (fault,) = case.late(start + 49 * HOUR)
        assert fault.what == "solve"
        assert fault.by == Fraction(1)

    @given(MINUTES)
    def test_expired_food_has_the_same_day(self, minutes: int) -> None:
        """BJ-07: until the midnight after the complaint."""
        start = NOON + dt.timedelta(minutes=minutes)
        case = open_case(rule_of(), "1", "complain", RESIDENT, start, kind="expired_food")
        midnight = dt.datetime.combine(start.date() + dt.timedelta(days=1), dt.time(), ZONE)
        assert due(case) == midnight

    @pytest.mark.parametrize("kind", ["other", "other_illegal_building"])
    def test_no_other_kind_has_a_time(self, kind: str) -> None:
        """The text gives times of two kinds of problem, and none is made up for the others."""
        assert due(found(rule_of(), kind)) is None

    def test_what_is_late_is_still_solved(self) -> None:
        """A problem that is solved too late is solved, and late."""
        case = found(rule_of(), "balcony_building").act("whistle", COMMUNITY, NOON, liaison="li")
        assert case.act("end", LI, NOON + 60 * HOUR, result="solved").outcome == "solved"
        assert case.late(NOON + 60 * HOUR)[0].by == 12

    def test_that_they_bind_is_assumed(self) -> None:
        """BJ-06, BJ-07 report how long it takes; that these are deadlines is said to be assumed."""
        assert "limits" in rule_of().deadlines["solve"].assumed

    def test_from_when_they_count_is_told_for_each_kind(self) -> None:
        """BJ-06 has a discovery and BJ-07 a complaint: that either starts both kinds is assumed, by their clauses."""
        solve = rule_of().deadlines["solve"]
        assert solve.from_ == ("discover", "complain")
        reason = solve.assumed["from"]
        assert all(clause in text for clause in ("BJ-06", "BJ-07") for text in (reason.zh, reason.en))
        assert {key: rule_of().steps[key].clause[-1] for key in solve.from_} == {
            "discover": "BJ-06",
            "complain": "BJ-07",
        }


class TestOpenQuestions:
    def test_hours_pass_or_are_worked(self) -> None:
        """BJ-06: from a Friday noon, two days, or the six working days of eight hours."""
        assert due(found(rule_of(balcony_hours="elapsed"), "balcony_building")) == NOON + 48 * HOUR
        # Friday 12-17 and Monday 4th to Friday 8th: 5 + 40 hours; three more on Monday the 11th.
        worked = due(found(rule_of(balcony_hours="working"), "balcony_building"))
        assert worked == dt.datetime(2019, 3, 11, 12, tzinfo=ZONE)

    def test_other_illegal_building_has_the_time_or_none(self) -> None:
        """BJ-06: what is not on a balcony has 48 hours in one reading alone, and other problems in neither."""
        for reading, wanted in (("balcony_only", None), ("all", NOON + 48 * HOUR)):
            rule = rule_of(other_illegal_building=reading)
            assert due(found(rule, "other_illegal_building")) == wanted
            assert due(found(rule, "balcony_building")) == NOON + 48 * HOUR
            assert due(found(rule, "other")) is None

    def test_the_day_ends_at_midnight_or_at_closing(self) -> None:
        """BJ-07: a complaint at noon, and one at night, fall due at other hours in the two readings."""
        night = NOON + 10 * HOUR
        wanted = {
            "midnight": (NOON + 12 * HOUR, NOON + 12 * HOUR),
            "closing": (NOON + 5 * HOUR, NOON + 29 * HOUR),
        }
        for reading, instants in wanted.items():
            rule = rule_of(expired_food_day=reading)
            assert tuple(due(found(rule, "expired_food", at)) for at in (NOON, night)) == instants

    def test_the_midnight_meant_is_that_of_the_days_end(self, profile: Profile) -> None:
        """BJ-07: 零点 alone is the day's beginning; name and question say 24时, the next day's 零点."""
        asked = profile.at(2019).rules.interpretations["expired_food_day"]
        for text in (asked.question.zh, asked.names["midnight"].zh):
            assert "到当日24时（次日零点）" in text

    def test_why_balconies_alone_is_what_the_text_says(self, profile: Profile) -> None:
        """BJ-06: what the demolished buildings measured says nothing of where they stood, and is no reason."""
        because = profile.at(2019).rules.interpretations["other_illegal_building"].because
        assert "387" not in because.zh + because.en

    def test_the_citys_question_is_asked_here_too(self) -> None:
        """BJ-02: where a whistle need not wait, the liaison ends it while an office has not come."""
        case = found(rule_of(whistle_waits="may_end"), "other").act("whistle", COMMUNITY, NOON, liaison="li")
        case = case.act("call", COMMUNITY, NOON, department="commerce")
        assert case.act("end", LI, NOON, result="solved").outcome == "solved"

    def test_every_question_is_answered_somewhere(self, profile: Profile, shared_data: Path) -> None:
        """Each question of a clause on procedures, hours or upward assessment has its answer, one for one."""
        file = shared_data.parent / "clauses" / "beijing.yaml"
        if not file.is_file():
            pytest.skip(f"no clause file at {file} (COMMUNITYGOV_DATA)")
        mine = set(profile.own["clauses"].children or {})
        asked = {
            clause["id"]: clause["silent"].split("; ")
            for clause in yaml.safe_load(file.read_text(encoding="utf-8"))["clauses"]
            if clause["primitive"] in ("procedure", "calendar", "index") and "silent" in clause and clause["id"] in mine
        }
        assert {key: len(parts) for key, parts in asked.items()} == {key: len(paths) for key, paths in SILENT.items()}

    @pytest.mark.parametrize(("clause", "path"), [(clause, path) for clause, paths in SILENT.items() for path in paths])
    def test_each_answer_speaks_of_its_clause(self, profile: Profile, clause: str, path: str) -> None:
        """The answer is there, in both languages, and rests on the clause whose question it answers."""
        root, rest = profile.at(2019).root, path.split(".")
        if rest[0] == "amendments":
            root, rest = profile.amendments[0].patch, rest[2:]
        nodes: list[Node | None] = [root.get(*rest[:length]) for length in range(len(rest) + 1)]
        assert nodes[-1] is not None
        assert set(nodes[-1].children or {}) == {"zh", "en"}
        assert clause in {one for node in nodes if node is not None for one in node.clause()}


class TestPlatform:
    def test_it_is_of_the_year_after(self, profile: Profile) -> None:
        """BJ-11, BJ-13, BJ-15: no resident whistles on a platform that is not there yet."""
        new = {"platform_admission", "residents_whistle"}
        assert set(profile.at(2018).procedure) == {"whistle"}
        assert set(profile.at(2019).procedure) == {"whistle", *new}

    @pytest.mark.parametrize(
        ("lives_in", "outcome"), [("compound", "admitted"), ("community", "refused"), ("elsewhere", "refused")]
    )
    def test_only_residents_of_the_compound_enter(self, lives_in: str, outcome: str) -> None:
        """BJ-11: after verification, and nobody else."""
        case = open_case(rule_of("platform_admission"), "1", "submit", Actor("a", "applicant"), NOON, information="x")
        assert refused(case, "verify", Actor("a", "applicant"), lives_in=lives_in) == {"wrong_role"}
        assert refused(case, "verify", Actor("v", "verifier")) == {"missing_fact"}
        assert case.act("verify", Actor("v", "verifier"), NOON, lives_in=lives_in).outcome == outcome

    def test_its_rival_meaning_is_told_beside_it(self, profile: Profile, tmp_path: Path) -> None:
        """BJ-11: what an amendment brings cannot be an interpretation; a note says so, and a reform tries the other."""
        verify = rule_of("platform_admission").steps["verify"]
        assert {"choose", "by"} == set(verify.assumed)
        file = tmp_path / "community.yaml"
        file.write_text(
            "reform: community\ntitle: {zh: 社区, en: Community}\nfrom: 2019\n"
            "changes: {procedure: {platform_admission: {steps: {verify: {choose: {resident: "
            "{when: {facts: {lives_in: {one_of: [compound, community]}}}}}}}}}}\n",
            encoding="utf-8",
        )
        other = profile.at(2019, reforms=[read_reform(file, over=profile)]).procedure["platform_admission"]
        case = open_case(other, "1", "submit", Actor("a", "applicant"), NOON, information="x")
        assert case.act("verify", Actor("v", "verifier"), NOON, lives_in="community").outcome == "admitted"
        assert verify.note is not None
        assert "Readings lie under amendments" in verify.note.en
        assert "解释口径在修订之下生效" in verify.note.zh

    def test_a_problem_is_raised_and_solved_in_three_steps(self) -> None:
        """BJ-13: raise, report in, solve; every step leaves its trace, and the worker has the matter."""
        rule, worker = rule_of("residents_whistle"), Actor("w", "worker", "wanmingyuan")
        case = open_case(rule, "1", "raise", RESIDENT, NOON, admission="a1", problem="a lamp is out")
        assert "wrong_order" in refused(case, "solve", worker)
        case = case.act("report_in", worker, NOON + HOUR)
        assert case.owner == "wanmingyuan"
        assert refused(case, "solve", RESIDENT) == {"wrong_role"}
        closed = case.act("solve", worker, NOON + 2 * HOUR)
        assert closed.outcome == "solved"
        assert [event.act.step for event in closed.history] == ["raise", "report_in", "solve"]
        assert case.act("pass_up", worker, NOON + HOUR).outcome == "passed_up"

    def test_who_was_not_admitted_raises_nothing(self) -> None:
        """BJ-11: a problem says by which admission its resident is there."""
        with pytest.raises(Refused) as error:
            open_case(rule_of("residents_whistle"), "1", "raise", RESIDENT, NOON, problem="a lamp is out")
        assert [fault.what for fault in error.value.faults] == ["admission"]

    @given(MINUTES)
    def test_it_is_open_at_every_hour(self, minutes: int) -> None:
        """BJ-15: each minute of each day is one of service."""
        rule = rule_of("residents_whistle")
        assert rule.clock is not None
        assert rule.clock.open_on == "every_day"
        (hours,) = rule.clock.days.hours or ()
        at = NOON + dt.timedelta(minutes=minutes)
        assert hours.opens <= at.hour * 60 + at.minute < hours.closes
        case = open_case(rule, "1", "raise", RESIDENT, at, admission="a1", problem="a lamp is out")
        assert case.history[0].act.step == "raise"

    def test_its_share_is_over_what_is_closed(self) -> None:
        """BJ-14: problems solved in the community, of all that were closed; what is open counts for neither."""
        rate = rule_of("residents_whistle").rates["solved_in_community"]
        outcomes = ["solved"] * 3 + ["passed_up", None]
        rows = pl.DataFrame(
            {"period": "2019-03", "outcome": outcomes, "is_closed": [one is not None for one in outcomes]}
        )
        (row,) = measure(rate, rows).frame.to_dicts()
        assert Fraction(row["numerator"], row["base"]) == Fraction(3, 4)


class TestRates:
    def test_no_period_is_taken_in_silence(self) -> None:
        """BJ-06, BJ-07, BJ-09, BJ-14 give no period that a rate is taken over: each says why the one it has."""
        rates = {key: one for name in ("whistle", "residents_whistle") for key, one in rule_of(name).rates.items()}
        assert set(rates) == {"in_reported_time", "reports_per_whistle", "solved_in_community"}
        assert [key for key, one in rates.items() if "period" not in one.assumed] == []

    def test_reports_are_counted_per_whistle(self, profile: Profile) -> None:
        """BJ-09: 2,607 report-ins on 426 whistles are 6.1 a whistle."""
        facts = profile.at(2019).rules.facts
        whistles, reports = int(facts["whistles"].value), int(facts["reports"].value)
        each = [reports // whistles + (i < reports % whistles) for i in range(whistles)]
        rows = pl.DataFrame({"year": 2019, "done.report_in": each, "count.whistle": 1})
        (row,) = measure(rule_of().rates["reports_per_whistle"], rows).frame.to_dicts()
        assert Fraction(row["numerator"], row["base"]) == Fraction(2607, 426)
        assert round(row["numerator"] / row["base"], 1) == 6.1

    def test_what_has_no_time_is_in_no_share(self) -> None:
        """BJ-06, BJ-07: of three with a time two kept it; the one without counts for neither."""
        rows = pl.DataFrame({"year": 2019, "kept.solve": [True, True, False, None]})
        (row,) = measure(rule_of().rates["in_reported_time"], rows).frame.to_dicts()
        assert Fraction(row["numerator"], row["base"]) == Fraction(2, 3)


class TestBefore:
    def test_it_had_three_hand_overs(self, profile: Profile) -> None:
        """BJ-21: committee to street, street to department, department to its people; there was no liaison."""
        rule = profile.at(2019, reforms=[profile.reforms["before-stations"]]).procedure["whistle"]
        department = Actor("d", "department", "commerce")
        case = found(rule, "expired_food")
        assert "wrong_order" in refused(case, "send", department)
        case = case.act("report_up", COMMUNITY, NOON)
        assert refused(case, "contact", COMMUNITY, department="commerce") == {"wrong_role"}
        case = case.act("contact", STREET, NOON, department="commerce")
        assert refused(case, "send", Actor("d", "department", "fire")) == {"not_named"}
        case = case.act("send", department, NOON)
        assert (case.owner, case.due) == ("commerce", ())
        assert case.act("end", department, NOON, result="unsolved").outcome == "unsolved"
        assert not {"liaison"} & {*rule.roles, *rule.facts}

    def test_it_takes_two_steps_more(self, profile: Profile) -> None:
        """BJ-21 against BJ-04: the shortest way from discovery to solution has three steps, and had five."""
        old = profile.at(2019, reforms=[profile.reforms["before-stations"]]).procedure["whistle"]
        steps = {
            rule.title: len(rule.machine.dominators["end"] - {"discover", "complain"}) for rule in (rule_of(), old)
        }
        assert list(steps.values()) == [1, 3]

    def test_nobody_proposes_it(self, profile: Profile) -> None:
        """It is no rule of any day of the profile, and says that it is there to be compared with."""
        assert all("report_up" not in profile.at(day).procedure["whistle"].steps for day in profile.turns())
        because = profile.reforms["before-stations"].layer.file
        assert because is not None
        assert "compared" in because["because"]["en"].text()


class TestUpward:
    def test_secretaries_scores_are_averaged(self, profile: Profile) -> None:
        """BJ-08: an office's score is the mean of the secretaries', as far as enough of them gave one."""
        rules = profile.at(2019)
        rule = rules.rules.measures["secretaries_score_of_departments"]
        ratings = pl.DataFrame(
            {
                "year": 2019,
                "department": ["commerce"] * rule.least + ["fire"] * (rule.least - 1),
                "score": [60.0] * (rule.least - 1) + [90.0] + [100.0] * (rule.least - 1),
            }
        )
        values = measure(rule, ratings).frame.sort("department").to_dicts()
        assert [one["base"] is None for one in values] == [False, True]
        mean = values[0]["numerator"] / values[0]["base"]
        assert mean == 66.0
        rows = pl.DataFrame({"subject": ["commerce"], "period": ["2019"], "secretaries": [mean]})
        assert score(rules.index["upward_departments"], rows)["score"].to_list() == [6600]

    @pytest.mark.parametrize("name", ["upward_departments", "upward_liaisons"])
    def test_the_score_is_all_of_the_review_or_a_part(self, profile: Profile, name: str) -> None:
        """BJ-08: office or person, whoever they like and came to half the calls fares worse in one reading."""
        rows = {"subject": ["a"], "period": ["2019"], "secretaries": [90.0]}
        found = {}
        for reading, more in (("all", {}), ("part", {"attendance": [50.0]})):
            index = profile.at(2019, readings={"secretaries_part": reading}).index[name]
            found[reading] = score(index, pl.DataFrame({**rows, **more}))["score"].to_list()
        assert found == {"all": [9000], "part": [7000]}

    def test_persons_are_scored_as_well(self, profile: Profile) -> None:
        """BJ-08: departments for the yearly review, and persons for promotion; both by secretaries alone."""
        indexes = profile.at(2019).index
        assert {key: index.subject for key, index in indexes.items()} == {
            "upward_departments": "department",
            "upward_liaisons": "liaison",
        }
        assert all([leaf.method for leaf in index.leaves] == ["secretary"] for index in indexes.values())
