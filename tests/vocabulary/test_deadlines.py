"""Deadlines of a whole column: every row, with its own budget and pauses, is the deadline that it is alone."""

import datetime as dt
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from communitygov.vocabulary.calendar import Calendar, cn_statutory
from communitygov.vocabulary.clock import instant_of
from communitygov.vocabulary.deadline import Budget, Due, Pause, counting_of, due, late_by
from communitygov.vocabulary.deadlines import dues, lateness
from communitygov.vocabulary.errors import UsageError

from .test_deadline import ANCHORS, OFFICE, SHANGHAI, at, cases, pauses, refused, ticks

CN = cn_statutory(SHANGHAI)
FIVE = Budget(5, "working_days", begins="day_after")
PAUSES = {"row": pl.Int64, "start": pl.Int64, "end": pl.Int64}
A_LITTLE = st.integers(-2, 2).map(lambda n: dt.timedelta(microseconds=n))
"""Beside what happens, to the microsecond: whether it had happened then is the question."""


def instants(moments) -> pl.Series:
    return pl.Series([moment and instant_of(moment) for moment in moments], dtype=pl.Int64)


def frame_of(stopped: list[tuple[int, Pause]]) -> pl.DataFrame:
    rows = [(row, instant_of(one.start), one.end and instant_of(one.end)) for row, one in stopped]
    return pl.DataFrame(rows, schema=PAUSES, orient="row")


def with_units(budget: Budget, units: int) -> Budget:
    return Budget(Fraction(units, budget.scale), budget.unit, begins=budget.begins, until=budget.until)


@st.composite
def columns(draw):
    """Draw a calendar, a budget, and rows: a start that may be missing, units of its own, and pauses."""
    calendar, budget, anchor = draw(cases())
    hours = budget.unit.endswith("_hours")
    rows = []
    for _ in range(draw(st.integers(0, 6))):
        start = anchor + draw(ticks(0, 8 * 96)) + draw(A_LITTLE)
        units = budget.units
        if draw(st.booleans()) and budget.unit != "same_day":
            units += draw(st.integers(0, 3 * 3600 * 10**6 if hours else 3))
        stopped = [Pause(one.start + draw(A_LITTLE), one.end) for one in draw(pauses(start)) if one.end != one.start]
        rows.append((draw(st.sampled_from([start, start, start, None])), units, stopped))
    return calendar, budget, rows


def found_of(calendar, budget, rows, draw) -> pl.DataFrame:
    stopped = draw(st.permutations([(row, one) for row, (_, _, found) in enumerate(rows) for one in found]))
    units = pl.Series([units for _, units, _ in rows], dtype=pl.Int64)
    starts = instants(start for start, _, _ in rows)
    return dues(starts, units, counting_of(budget, calendar), calendar, frame_of(stopped))


def in_units(budget: Budget, alone: Due) -> tuple[int | None, int | None, bool]:
    left = alone.remainder
    return alone.at and instant_of(alone.at), left if left is None else int(left * budget.scale), alone.provisional


class TestAgainstEachRowAlone:
    @given(columns(), st.data())
    def test_every_row_falls_due_as_it_does_alone(self, drawn, data):
        """Due instant, remainder and mark are those of the one deadline; where the start is missing, none is there."""
        calendar, budget, rows = drawn
        alone = [
            in_units(budget, due(start, with_units(budget, units), calendar, stopped)) if start else (None, None, None)
            for start, units, stopped in rows
        ]
        assert found_of(calendar, budget, rows, data.draw).rows() == alone

    @given(columns(), st.data())
    def test_every_row_is_as_late_as_it_is_alone(self, drawn, data):
        """The count beyond the budget, whether it is past due, and on what that rests; none where none is asked."""
        calendar, budget, rows = drawn
        found = found_of(calendar, budget, rows, data.draw)
        near = [start + data.draw(ticks(0, 25 * 96)) if start else at("2024-05-01") for start, _, _ in rows]
        fell = [dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(microseconds=n or 0) for n in found["due"]]
        done = [data.draw(st.sampled_from([one, other, None])) for one, other in zip(near, fell, strict=True)]
        done = [moment and moment + data.draw(A_LITTLE) for moment in done]
        alone = []
        for (start, units, stopped), moment in zip(rows, done, strict=True):
            if start is None or moment is None:
                alone.append((None, None, None))
            else:
                late = late_by(start, with_units(budget, units), calendar, moment, stopped)
                alone.append((int(late.by * budget.scale), late.past_due, late.provisional))
        assert lateness(found, instants(done), counting_of(budget, calendar)).rows() == alone

    @given(columns(), st.data())
    def test_one_budget_for_all_is_that_of_each(self, drawn, data):
        """A number of units is the same as a column in which it stands in every row."""
        calendar, budget, rows = drawn
        same = [(start, budget.units, stopped) for start, _, stopped in rows]
        starts, counting = instants(start for start, _, _ in rows), counting_of(budget, calendar)
        stopped = frame_of([(row, one) for row, (_, _, found) in enumerate(rows) for one in found])
        one = dues(starts, budget.units, counting, calendar, stopped)
        assert one.equals(found_of(calendar, budget, same, data.draw))

    @given(st.sampled_from(["elapsed_hours", "working_hours", "working_days", "natural_days"]), st.data())
    def test_a_column_is_refused_exactly_if_one_of_its_rows_is(self, unit, data):
        """What the days that can be counted do not suffice for, be it a start, a pause or a due instant, is refused."""
        budget = Budget(1, unit, begins="day_of" if unit.endswith("_days") else None)
        edges = [dt.datetime(1970, 1, 1, tzinfo=dt.UTC), dt.datetime(2099, 12, 31, 12, tzinfo=dt.UTC)]
        moments = st.builds(lambda edge, by: edge + by, st.sampled_from([*edges, at("2024-05-01")]), ticks(-300, 300))
        rows = []
        for _ in range(data.draw(st.integers(1, 3))):
            start, units = data.draw(moments), data.draw(st.sampled_from([1, 2, 5])) * budget.scale
            turns = sorted(data.draw(st.lists(moments, max_size=4)))
            stopped = [Pause(*turns[n : n + 2]) for n in range(0, len(turns), 2)]  # of an odd number the last is open
            rows.append((start, units, stopped))
        alone, beyond = [], False
        for start, units, stopped in rows:
            try:
                alone.append(in_units(budget, due(start, with_units(budget, units), OFFICE, stopped)))
            except UsageError:
                beyond = True
        if beyond:
            with refused("outside-calendar"):
                found_of(OFFICE, budget, rows, data.draw)
        else:
            assert found_of(OFFICE, budget, rows, data.draw).rows() == alone

    @given(st.sampled_from(ANCHORS), st.data())
    def test_a_row_may_pause_many_times(self, anchor, data):
        """Dozens of pauses of one row, one in another and apart from each other, count as they do alone."""
        zone, day = anchor
        start, calendar = at(day, zone).astimezone(dt.UTC), Calendar(zone, hours=OFFICE.hours)
        budget = data.draw(st.sampled_from([FIVE, Budget(20, "working_hours"), Budget(30, "elapsed_hours")]))
        begins = data.draw(st.lists(ticks(0, 12 * 96), min_size=10, max_size=40))
        stopped = [Pause(start + one, start + one + data.draw(ticks(0, 30))) for one in begins]
        rows = [(start, budget.units, stopped), (start, budget.units, stopped[:5])]
        alone = [in_units(budget, due(one, budget, calendar, some)) for one, _, some in rows]
        assert found_of(calendar, budget, rows, data.draw).rows() == alone


class TestByHand:
    STARTS = ("2024-09-29T15:30", "2024-09-29T15:30", None, "2024-09-29T15:30")

    def found(self) -> pl.DataFrame:
        asked = Pause(at("2024-10-08T09:00"), at("2024-10-10T09:00"))
        stopped = frame_of([(3, Pause(at("2024-10-08T09:00"))), (1, asked), (2, asked)])
        starts = instants(one and at(one) for one in self.STARTS)
        return dues(starts, FIVE.units, counting_of(FIVE, CN), CN, stopped)

    def test_a_pause_moves_its_own_row_only(self):
        """Over National Day to 11 October; two days more where they were paused; four left where it still is."""
        ends = [instant_of(at(day)) for day in ("2024-10-12", "2024-10-15")]
        assert self.found().rows() == [(ends[0], None, False), (ends[1], None, False), (None,) * 3, (None, 4, False)]

    def test_each_is_late_beyond_its_own_due_instant(self):
        """On the Monday two days and none; nothing is late while it is held."""
        done = instants([at("2024-10-14T08:00")] * 4)
        late = lateness(self.found(), done, counting_of(FIVE, CN))
        assert late.rows() == [(2, True, False), (0, False, False), (None,) * 3, (0, False, False)]
        assert late.schema == {"by": pl.Int64, "past_due": pl.Boolean, "provisional": pl.Boolean}

    @pytest.mark.parametrize(
        ("published", "due_marks", "late_marks"),
        [
            ({2026, 2027}, [False, False], [False, False]),
            ({2026}, [True, False], [True, True]),  # 4 January is not settled, nor what lies beyond
            ({2027}, [True, True], [True, True]),  # 29 and 30 December are not, all that lies beyond is
        ],
    )
    def test_a_mark_once_got_stays(self, published, due_marks, late_marks):
        """What is counted before a pause, after it or beyond the due instant: each can bring the mark."""
        calendar = Calendar(SHANGHAI, published=published)
        budget = Budget(1, "working_days", begins="day_of")
        days = counting_of(budget, calendar)
        starts = instants([at("2026-12-30T09:00"), at("2026-12-29T09:00")])
        stopped = frame_of([(0, Pause(at("2026-12-31T09:00"), at("2027-01-04T09:00")))])
        found = dues(starts, pl.Series([2, 1]), days, calendar, stopped)
        assert found["due"].to_list() == [instant_of(at(day)) for day in ("2027-01-05", "2026-12-30")]
        assert found["provisional"].to_list() == due_marks
        late = lateness(found, instants([at("2027-01-06T09:00")] * 2), days)
        assert late["by"].to_list() == [2, 6]
        assert late["provisional"].to_list() == late_marks

    def test_a_pause_after_due_is_not_looked_at(self):
        """However far off it is, once an earlier one came too late."""
        far = Pause(dt.datetime(2150, 1, 1, tzinfo=dt.UTC))
        stopped = frame_of([(0, far), (0, Pause(at("2024-11-01"), at("2024-11-02")))])
        found = dues(instants([at("2024-09-29T15:30")]), 5, counting_of(FIVE, CN), CN, stopped)
        assert found.rows() == [(instant_of(at("2024-10-12")), None, False)]

    @pytest.mark.parametrize("stopped", [None, pl.DataFrame(schema=PAUSES)])
    @pytest.mark.parametrize("starts", [[], [None, None]])
    def test_of_nothing_nothing_is_due(self, starts, stopped):
        """Columns without rows, or without a start, have the columns of the result and nothing in them."""
        column, counting = pl.Series(starts, dtype=pl.Int64), counting_of(FIVE, CN)
        found = dues(column, 5, counting, CN, stopped)
        assert found.rows() == [(None,) * 3] * len(starts)
        assert found.schema == {"due": pl.Int64, "remainder": pl.Int64, "provisional": pl.Boolean}
        assert lateness(found, column, counting).rows() == found.rows()

    def test_what_is_said_of_a_row_without_start_does_not_matter(self):
        """Neither its budget nor a pause, however far off, is looked at."""
        stopped = pl.DataFrame({"row": [0], "start": [-(2**50)], "end": [2**60]})
        starts, units = pl.Series([None, instant_of(at("2024-09-29T15:30"))]), pl.Series([None, 5])
        found = dues(starts, units, counting_of(FIVE, CN), CN, stopped)
        assert found.rows() == [(None,) * 3, (instant_of(at("2024-10-12")), None, False)]

    def test_what_is_given_stays_as_it_was(self):
        """Neither the starts nor the units nor the pauses are changed by asking."""
        starts, units, stopped = (
            instants([at("2024-05-02")] * 2),
            pl.Series([5, 5]),
            frame_of([(0, Pause(at("2024-05-03")))]),
        )
        before = [one.clone() for one in (starts, units, stopped)]
        dues(starts, units * 3_600_000_000, counting_of(Budget(1, "elapsed_hours"), CN), CN, stopped)
        dues(starts, units, counting_of(FIVE, CN), CN, stopped)
        assert all(one.equals(was) for one, was in zip((starts, units, stopped), before, strict=True))


class TestRefusals:
    START, DAYS = pl.Series([instant_of(at("2024-05-02"))]), counting_of(FIVE, CN)

    def refuses(self, code: str, units=5, starts=START, counting=DAYS, **pause):
        stopped = pl.DataFrame({"row": [0], "start": self.START, "end": self.START}).with_columns(
            pl.lit(value, pl.Int64).alias(name) for name, value in pause.items()
        )
        with refused(code):
            dues(starts, units, counting, CN, stopped)

    @pytest.mark.parametrize("units", [0, -1, pl.Series([0]), pl.Series([None], dtype=pl.Int64)])
    def test_a_budget_of_nothing(self, units):
        """As a budget alone: more than 0, and not missing where there is a start."""
        self.refuses("bad-budget", units)

    @pytest.mark.parametrize("pause", [{"end": 0}, {"row": 1}, {"row": -1}, {"row": None}, {"start": None}], ids=str)
    def test_a_pause_that_is_none(self, pause):
        """One that ends before it begins, of a row that is not there or not said, or that never begins."""
        self.refuses("bad-pause", **pause)

    @pytest.mark.parametrize("units", [10**12, 2**62, 2**80])
    @pytest.mark.parametrize("budget", [FIVE, Budget(1, "elapsed_hours")], ids=lambda budget: budget.unit)
    def test_more_than_whole_numbers_hold(self, budget, units):
        """A budget too large for any calendar is refused as such; no sum turns over into another sign."""
        self.refuses("outside-calendar", units * budget.scale, counting=counting_of(budget, CN))

    @pytest.mark.parametrize("instant", [2**63 - 1, -(2**63), 2**62])
    def test_instants_that_no_calendar_reaches(self, instant):
        """A start, a pause or an instant asked about that is far beyond all that is counted."""
        elapsed = counting_of(Budget(1, "elapsed_hours"), CN)
        self.refuses("outside-calendar", starts=pl.Series([instant]), counting=elapsed)
        if instant > 0:
            self.refuses("outside-calendar", start=instant, end=2**63 - 1, counting=elapsed)
        found = dues(self.START, 5, elapsed, CN)
        with refused("outside-calendar"):
            lateness(found, pl.Series([instant]), elapsed)
