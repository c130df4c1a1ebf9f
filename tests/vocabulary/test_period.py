"""Periods: named stretches of the calendar that do not overlap, leave no day out, and sort by time."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from communitygov.vocabulary.period import Period

KINDS = ("year", "half", "quarter", "month", "day")
kinds = st.sampled_from(KINDS)
days = st.dates(dt.date(1000, 1, 1), dt.date(2998, 12, 31))
periods = st.builds(Period.containing, days, kinds)


class TestText:
    @given(periods)
    def test_what_is_written_is_read_back(self, period):
        """Writing a period and reading it again is the identity."""
        assert Period.parse(str(period)) == period
        assert repr(period) == f"Period({period})"

    @pytest.mark.parametrize(
        ("text", "first", "last", "kind"),
        [
            ("2023", (2023, 1, 1), (2023, 12, 31), "year"),
            ("2023H2", (2023, 7, 1), (2023, 12, 31), "half"),
            ("2023Q1", (2023, 1, 1), (2023, 3, 31), "quarter"),
            ("2024-02", (2024, 2, 1), (2024, 2, 29), "month"),
            ("2023-08-01", (2023, 8, 1), (2023, 8, 1), "day"),
        ],
    )
    def test_each_form_names_its_days(self, text, first, last, kind):
        """From the first day to the last, leap years included."""
        period = Period.parse(text)
        assert (period.first_day, period.last_day, period.kind) == (dt.date(*first), dt.date(*last), kind)

    @pytest.mark.parametrize(
        "text",
        [
            *("", "23", "2023Q5", "2023H3", "2023-13", "2023-02-30", "2023-8", "2023/08", "202308", "3000", "0999"),
            *("２０２３", "2023Q1 ", "2023q1"),
        ],
    )
    def test_what_is_no_period_of_the_calendar_is_refused(self, text):
        """Neither a month 13 nor a 30th of February, nor digits of another script."""
        with pytest.raises(ValueError, match=r"not a period|month|day"):
            Period.parse(text)


class TestCalendar:
    @given(days, kinds)
    def test_every_day_lies_in_exactly_one_period_of_each_kind(self, day, kind):
        """The period of a day holds it; the one before ends, and the one after begins, elsewhere."""
        period = Period.containing(day, kind)
        assert period.first_day <= day <= period.last_day
        assert period.next(-1).last_day + dt.timedelta(days=1) == period.first_day
        assert period.next().first_day == period.last_day + dt.timedelta(days=1)

    @given(periods, st.integers(-2000, 2000))
    def test_so_many_steps_on_and_back_lead_home(self, period, steps):
        """Steps forward and backward undo each other."""
        if not 1010 <= period.first_day.year <= 2900 or abs(steps) * {"year": 12, "half": 6}.get(period.kind, 3) > 100:
            steps = steps % 5
        there = period.next(steps)
        assert there.next(-steps) == period
        assert there.kind == period.kind

    @given(days, kinds, kinds)
    def test_a_finer_period_lies_within_a_coarser(self, day, one, other):
        """Quarters lie in halves, halves in years; nothing straddles."""
        coarse, fine = sorted((one, other), key=KINDS.index)
        outer, inner = Period.containing(day, coarse), Period.containing(day, fine)
        assert outer.first_day <= inner.first_day <= inner.last_day <= outer.last_day

    @given(periods, days)
    def test_periods_of_a_kind_sort_by_time_and_so_do_their_texts(self, period, day):
        """Sorting the texts of a column sorts it by time."""
        other = Period.containing(day, period.kind)
        assert (period < other) == (period.first_day < other.first_day) == (str(period) < str(other))
