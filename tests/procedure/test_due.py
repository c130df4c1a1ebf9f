"""What is due, late and to be fired, of many cases at once."""

import datetime as dt

import polars as pl
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from tests.procedure.samples import HOUR, PARTY, RESIDENT, SOCIAL, START, accepted, department, five_orders, opened

from communitygov.procedure.case import open_case
from communitygov.procedure.due import due
from communitygov.vocabulary.calendar import Overlay
from communitygov.vocabulary.period import Period

RULES = five_orders()


@st.composite
def cases(draw):
    """Draw cases that stand anywhere, paused, called in, reminded."""
    found = []
    for i in range(draw(st.integers(0, 8))):
        case = accepted(RULES, f"A{i}", draw(st.sampled_from(["urgent", "ordinary"])))
        at = START + draw(st.integers(2, 60)) * HOUR
        if draw(st.booleans()):
            case = case.act("call", SOCIAL, at, department=draw(st.sampled_from(["police", "water"])))
        if draw(st.booleans()):
            case = case.act("ask", SOCIAL, at, "which door")
            if draw(st.booleans()):
                at += draw(st.integers(0, 90)) * HOUR
                case = case.act("answer", RESIDENT, at)
        for fire in case.to_fire(at)[: draw(st.integers(0, 2))]:
            case = case.fire(fire.rung, at, fire.unit)
        found.append(case)
    return found


class TestAgenda:
    @given(cases(), st.integers(160, 500))
    def test_at_once_is_one_by_one(self, found, hours):
        """Deadlines, lateness and reminders of many cases are those of each."""
        at = START + hours * HOUR
        agenda = due(found, at)
        running = {(row["case"], row["deadline"], row["unit"]): row for row in agenda.running.iter_rows(named=True)}
        assert len(running) == agenda.running.height == sum(len(case.due) for case in found)
        for case in found:
            late = {(fault.what, fault.unit): fault for fault in case.late(at)}
            for one in case.due:
                row = running[case.id, one.deadline, one.unit]
                assert (row["start"], row["due"]) == (one.start, one.due)
                assert row["past_due"] == ((one.deadline, one.unit) in late)
                scale = 1 if row["counted_in"].endswith("days") else 3_600_000_000
                if row["past_due"]:
                    assert row["late"] == late[one.deadline, one.unit].by * scale
                if one.remainder is not None:
                    assert row["remainder"] == one.remainder * scale
        fire = [(case.id, one.rung, one.unit, one.since, one.provisional) for case in found for one in case.to_fire(at)]
        columns = ("case", "rung", "unit", "since", "provisional")
        assert sorted(fire, key=str) == sorted(agenda.fire.select(columns).rows(), key=str)

    @given(cases(), st.integers(160, 500))
    def test_a_fired_reminder_is_there_no_more(self, found, hours):
        """Each rung fires once."""
        at = START + hours * HOUR
        for case in found:
            done = case
            for one in case.to_fire(at):
                done = done.fire(one.rung, at, one.unit)
            assert done.to_fire(at) == ()

    @given(cases(), st.integers(1, 30))
    def test_p5_moving_a_holiday_touches_only_what_crosses_it(self, found, after):
        """Where no moved day lies between start and due, the deadline falls due when it did."""
        day = (START + dt.timedelta(days=after)).date()
        calendar = RULES.machine.calendar
        off = calendar.is_working(day)
        moved = calendar.overlaid(Overlay(off={day}) if off else Overlay(on={day}))
        agenda = due(found, START + 60 * HOUR)
        touched = agenda.crossing(calendar.changed_days(moved), calendar.zone)
        clock = RULES.clock
        listed = {"off" if off else "on": (Period.parse(day.isoformat()),)}
        others = five_orders(clock=evolve(clock, **listed))
        again = due([evolve(case, machine=others.machine) for case in found], START + 60 * HOUR)
        key = ["case", "deadline", "unit"]
        both = agenda.running.join(again.running, on=key, how="inner", nulls_equal=True)
        changed = both.filter(pl.col("due").ne_missing(pl.col("due_right"))).select(key)
        assert set(changed.rows()) <= set(touched.select(key).rows())

    def test_nothing_is_due_of_nothing(self):
        """No cases give empty frames with their columns."""
        agenda = due([], START)
        assert (agenda.running.height, agenda.fire.height) == (0, 0)
        assert "past_due" in agenda.running.columns

    def test_a_case_that_waits_is_listed_without_a_due_instant(self):
        """What is left is told in its place."""
        case = accepted(RULES).act("ask", SOCIAL, START + 11 * HOUR, "which door")
        row = due([case, opened(RULES, "A2")], START + 100 * HOUR).running.row(0, named=True)
        assert (row["due"], row["remainder"], row["past_due"]) == (None, 38 * 3_600_000_000, False)

    def test_a_reminder_that_rests_on_a_year_that_is_not_published_says_so(self):
        """Due on the last working day of 2026 is settled; a working day after that is not: live and in bulk."""
        at = dt.datetime(2026, 12, 24, 10, tzinfo=START.tzinfo)
        case = open_case(RULES, "A1", "order", RESIDENT, at, None, origin="complaint")
        case = case.act("dispatch", PARTY, at, grade="ordinary")
        marks = {"remind": False, "escalate": True}
        later = at + dt.timedelta(days=20)
        assert {one.rung: one.provisional for one in case.to_fire(later)} == marks
        assert dict(due([case], later).fire.select("rung", "provisional").rows()) == marks

    def test_units_have_deadlines_of_their_own(self):
        """Two departments that were called are two rows."""
        case = accepted(RULES)
        for hours, name in ((3, "police"), (4, "water")):
            case = case.act("call", SOCIAL, START + hours * HOUR, department=name)
        case = case.act("come", department("water"), START + 5 * HOUR)
        found = due([case], START + 100 * HOUR).running.filter(pl.col("deadline") == "coming")
        assert found["unit"].to_list() == ["police"]

    def test_who_called_a_unit_may_say_that_it_did_not_come(self):
        """With the fact that names it: its line ends, and so does its deadline."""
        case = accepted(RULES)
        for name in ("police", "water"):
            case = case.act("call", SOCIAL, START + 3 * HOUR, department=name)
        case = case.act("let_go", SOCIAL, START + 4 * HOUR, department="police")
        assert [one.unit for one in case.due if one.deadline == "coming"] == ["water"]
