"""Who came when called: counts of units, from a judged log."""

import polars as pl
import pytest
from attrs import evolve
from tests.procedure.samples import HOUR, SOCIAL, START, accepted, department, five_orders, named

from communitygov.measures.measure import measure
from communitygov.measures.rules import Measure, Quantity
from communitygov.procedure.attendance import attendance
from communitygov.procedure.judge import judge
from communitygov.procedure.rows import events_frame
from communitygov.vocabulary.errors import UsageError

RULES = five_orders()
END = START + 400 * HOUR


def log() -> pl.DataFrame:
    """Return a log of three cases: police come, come late and do not come; water comes, and is let go."""
    first, second, third = (accepted(RULES, name) for name in ("A1", "A2", "A3"))
    for name in ("police", "water"):
        first = first.act("call", SOCIAL, START + 3 * HOUR, department=name)
    first = first.act("come", department("police"), START + 16 * HOUR)
    first = first.act("come", department("water"), START + 17 * HOUR)
    second = second.act("call", SOCIAL, START + 3 * HOUR, department="police")
    second = second.act("come", department("police"), START + 300 * HOUR)
    third = third.act("call", SOCIAL, START + 3 * HOUR, department="police")
    third = third.act("call", SOCIAL, START + 3 * HOUR, department="water")
    third = third.act("let_go", SOCIAL, START + 4 * HOUR, department="water")
    return events_frame(RULES, [first, second, third])


class TestAttendance:
    def test_each_unit_is_counted_in_each_case(self):
        """Called, came, late, not come; a no-show that was recorded is one, and one that the log shows as well."""
        events = log()
        found = attendance(events, judge(RULES, events, END), END)
        assert found.select("case", "unit", "called", "came", "late", "no_show").rows() == [
            ("A1", "police", 1, 1, 0, 0),
            ("A1", "water", 1, 1, 0, 0),
            ("A2", "police", 1, 1, 1, 0),
            ("A3", "police", 1, 0, 0, 1),
            ("A3", "water", 1, 0, 0, 1),
        ]
        assert set(found["period"]) == {"2024-09-29"}

    def test_it_is_measured_like_every_frame(self):
        """The share of calls that a department did not come to, over a quarter: what a review of departments takes."""
        events = log()
        found = attendance(events, judge(RULES, events, END), END)
        share = Measure(
            of="attendance",
            numerator=Quantity(what="sum", columns=("no_show",)),
            base=Quantity(what="sum", columns=("called",)),
            unit=named("of calls"),
            period="quarter",
            by="unit",
        )
        values = measure(share, found).frame
        assert values.select("unit", "period", "numerator", "base").rows() == [
            ("police", "2024Q3", 1, 3),
            ("water", "2024Q3", 1, 2),
        ]

    @pytest.mark.parametrize("kind", ["pandas", "arrow", "lazy"])
    def test_every_kind_of_frame_is_counted_alike(self, kind):
        """The frame comes back in the kind that was given."""
        events = log()
        expected = attendance(events, judge(RULES, events, END), END)
        other = {"pandas": events.to_pandas, "arrow": events.to_arrow, "lazy": events.lazy}[kind]()
        found = attendance(other, judge(RULES, other, END), END)
        plain = {"pandas": pl.from_pandas, "arrow": pl.from_arrow, "lazy": lambda one: one.collect()}[kind](found)
        assert plain.equals(expected)

    def test_without_lines_per_unit_there_is_nobody_to_count(self):
        """It says so."""
        steps = {key: step for key, step in RULES.steps.items() if step.line is None}
        steps["handle"] = evolve(RULES.steps["handle"], awaits=())
        rule = five_orders(
            steps=steps,
            lines={},
            pauses={},
            deadlines={"handling": RULES.deadlines["handling"]},
            reminders={"remind": RULES.reminders["remind"]},
        )
        events = events_frame(rule, [accepted(rule)])
        with pytest.raises(UsageError, match="no-line"):
            attendance(events, judge(rule, events, END), END)
