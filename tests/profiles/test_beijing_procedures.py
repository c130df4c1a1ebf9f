"""The city's whistle: a street or township whistles, the departments that it calls report in."""

import datetime as dt
from itertools import permutations
from zoneinfo import ZoneInfo

import pytest

from communitygov.plugins.finding import load_profile
from communitygov.procedure.case import Actor, Case, Refused, open_case
from communitygov.procedure.rules import Procedure
from communitygov.profile.profile import Profile

NOON = dt.datetime(2019, 3, 1, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
STREET = Actor("s", "street", "street")
COMMUNITY = Actor("c", "community", "community")
DEPARTMENTS = ("police", "market", "fire")


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile("beijing")


@pytest.fixture(scope="module")
def whistle(profile: Profile) -> Procedure:
    return profile.at(2019).procedure["whistle"]


def of(department: str) -> Actor:
    return Actor("d", "department", department)


def called(rule: Procedure, *departments: str) -> Case:
    """Return a whistle with the departments called."""
    case = open_case(rule, "1", "whistle", STREET, NOON, matter="a fire lane is blocked")
    for department in departments:
        case = case.act("call", STREET, NOON, department=department)
    return case


def refused(case: Case, step: str, by: Actor, /, **facts: str) -> set[str]:
    """Return the kinds of faults that an act is refused for."""
    with pytest.raises(Refused) as error:
        case.act(step, by, NOON, None, **facts)
    return {fault.kind for fault in error.value.faults}


class TestWhistle:
    @pytest.mark.parametrize("order", list(permutations(DEPARTMENTS)))
    def test_departments_report_in_each_on_its_own(self, whistle: Procedure, order: tuple[str, ...]) -> None:
        """BJ-02: in whatever order those called come, the whistle ends once all have, and the street keeps it."""
        case = called(whistle, *DEPARTMENTS)
        for department in order:
            assert case.status(NOON) == "handed_over"
            assert refused(case, "end", STREET, result="solved") == {"awaiting"}
            case = case.act("report_in", of(department), NOON)
            assert case.owner == "street"
        assert case.act("end", STREET, NOON, result="solved").outcome == "solved"

    def test_what_is_not_solved_is_not_said_to_be(self, whistle: Procedure) -> None:
        """A whistle that ends is closed with what came of it, which has to be said."""
        case = called(whistle)
        assert refused(case, "end", STREET) == {"missing_fact", "no_outcome"}
        assert case.act("end", STREET, NOON, result="unsolved").outcome == "unsolved"

    def test_only_who_was_called_reports_in(self, whistle: Procedure) -> None:
        """A department that was not called has nothing to report in to, and one that came does not come twice."""
        case = called(whistle, "police")
        assert "wrong_order" in refused(case, "report_in", of("market"))
        assert "wrong_order" in refused(case.act("report_in", of("police"), NOON), "report_in", of("police"))

    def test_only_the_street_whistles(self, whistle: Procedure) -> None:
        """BJ-02: neither a department nor, as yet, a community whistles."""
        for actor in (COMMUNITY, of("police")):
            with pytest.raises(Refused) as error:
                open_case(whistle, "1", "whistle", actor, NOON)
            assert [fault.kind for fault in error.value.faults] == ["wrong_role"]
        assert refused(called(whistle, "police"), "call", of("police"), department="fire") == {"wrong_role"}

    def test_no_time_is_invented(self, whistle: Procedure) -> None:
        """The time to report in is not said: nothing is due, years later, and no no-show is counted."""
        assert not whistle.deadlines
        assert whistle.clock is None
        assert called(whistle, "police").late(NOON + dt.timedelta(days=3650)) == ()
        assert not any(step.counts_as == "no_show" for step in whistle.steps.values())


class TestOpenQuestion:
    @pytest.mark.parametrize(("reading", "ends"), [("all_come", False), ("may_end", True)])
    def test_a_whistle_waits_for_all_or_not(self, profile: Profile, reading: str, *, ends: bool) -> None:
        """BJ-02: with one of two departments still to come, the whistle can be ended in one reading alone."""
        rule = profile.at(2019, readings={"whistle_waits": reading}).procedure["whistle"]
        case = called(rule, "police", "market").act("report_in", of("police"), NOON)
        if ends:
            assert case.act("end", STREET, NOON, result="solved").outcome == "solved"
        else:
            assert refused(case, "end", STREET, result="solved") == {"awaiting"}


class TestAnnounced:
    def test_communities_would_whistle_too(self, profile: Profile) -> None:
        """BJ-02: under the reform a community whistles, calls and ends, and a street still may."""
        rule = profile.at(2019, reforms=[profile.reforms["communities-whistle"]]).procedure["whistle"]
        case = open_case(rule, "1", "whistle", COMMUNITY, NOON)
        case = case.act("call", COMMUNITY, NOON, department="police").act("report_in", of("police"), NOON)
        assert case.act("end", COMMUNITY, NOON, result="solved").outcome == "solved"
        assert called(rule, "police").owner == "street"

    def test_it_has_no_day(self, profile: Profile) -> None:
        """From which day it is to hold is not said."""
        assert profile.reforms["communities-whistle"].layer.start is None


@pytest.mark.parametrize("child", ["chaoyang", "shijingshan"])
def test_a_district_inherits_the_whistle(child: str) -> None:
    """Each district's streets whistle, and its departments report in, by the city's steps."""
    there = load_profile(child)
    rule = there.at(there.first_day).procedure["whistle"]
    assert "BJ-02" in rule.clause
    case = called(rule, "police").act("report_in", of("police"), NOON)
    assert case.act("end", STREET, NOON, result="solved").outcome == "solved"
