"""Deadlines: the fast rule is the slow one, walked through in plain Python; and what holds of both."""

import datetime as dt
import itertools
from collections.abc import Iterator
from fractions import Fraction
from zoneinfo import ZoneInfo

import duckdb
import narwhals as nw
import polars as pl
import pytest
from attrs import evolve
from hypothesis import assume, example, given
from hypothesis import strategies as st

from communitygov.vocabulary.calendar import ROUND_THE_CLOCK, Calendar, Hours, Overlay, cn_statutory
from communitygov.vocabulary.deadline import Budget, Due, Late, Pause, due, late_by
from communitygov.vocabulary.deadlines import due_instants
from communitygov.vocabulary.errors import DataError, UsageError

SHANGHAI = "Asia/Shanghai"
CN = cn_statutory(SHANGHAI)
OFFICE = CN.overlaid(Overlay(hours=(Hours.parse("08:30-12:00"), Hours.parse("14:00-17:30"))))
TICK = dt.timedelta(minutes=15)
"""All that is drawn lies on it, so that a walk in such steps is exact."""
LEFT_OUT = {("Pacific/Apia", dt.date(2011, 12, 30))}
"""Days that a zone never had, since it crossed the date line."""


def at(text: str, zone: str = SHANGHAI) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def refused(code: str, error: type[Exception] = UsageError):
    return pytest.raises(error, match=f"^{code}: ")


def both(start: dt.datetime, budget: Budget, calendar: Calendar) -> Due:
    """Return when a deadline falls due, alone and as the row of a column."""
    alone = due(start, budget, calendar)
    row = due_instants(pl.DataFrame({"at": [start]}), budget, calendar, start="at").row(0)
    assert row[1:] == (alone.at, alone.provisional)
    return alone


class Walk:
    """The rule, semantics.md 4.4 and 4.5, in its own words; it knows a calendar's lists, and none of its indexes."""

    def __init__(self, budget: Budget, calendar: Calendar, pauses: tuple[Pause, ...] = ()) -> None:
        self.budget, self.calendar, self.pauses = budget, calendar, pauses
        self.zone = ZoneInfo(calendar.zone)
        self.provisional = False

    def worked(self, day: dt.date) -> bool:
        # A year without a published calendar: Monday to Friday, and the result is marked provisional.
        self.provisional |= day.year not in self.calendar.published and day not in self.calendar.settled
        return day in self.calendar.on or (day.weekday() < 5 and day not in self.calendar.off)

    def is_open(self, moment: dt.datetime) -> bool:
        shown = moment.astimezone(self.zone)
        minute = shown.hour * 60 + shown.minute
        if not any(one.opens <= minute < one.closes for one in self.calendar.hours):
            return False
        return self.calendar.open_on == "every_day" or self.worked(shown.date())

    def paused(self, moment: dt.datetime) -> bool:
        return any(one.start <= moment and (one.end is None or moment < one.end) for one in self.pauses)

    def paused_at_end(self, end: dt.datetime) -> bool:
        # The end of a day is its last moment, just before the next begins.
        return any(one.start < end and (one.end is None or end <= one.end) for one in self.pauses)

    def end(self, day: dt.date) -> dt.datetime:
        # To the end of the day: the first moment at which the clock shows midnight, or the hour that is said.
        until = self.budget.until
        shown = (
            dt.datetime.combine(day, until) if until else dt.datetime.combine(day, dt.time(0)) + dt.timedelta(days=1)
        )
        moment = shown.replace(tzinfo=dt.UTC) - dt.timedelta(hours=15)
        while moment.astimezone(self.zone).replace(tzinfo=None) < shown:
            moment += TICK
        return moment

    def days(self, start: dt.datetime) -> Iterator[tuple[dt.date, dt.datetime]]:
        # From the day of, or the day after, the start as declared.
        day = start.astimezone(self.zone).date()
        if self.budget.begins == "day_after":
            day += dt.timedelta(days=1)
        while True:
            end = self.end(day)
            if end > start and (self.calendar.zone, day) not in LEFT_OUT:
                yield day, end
            day += dt.timedelta(days=1)

    def running(self, moment: dt.datetime) -> bool:
        return self.budget.unit == "elapsed_hours" or self.is_open(moment)

    def counts(self, day: dt.date) -> bool:
        return self.budget.unit != "working_days" or self.worked(day)

    def stopped(self, moment: dt.datetime) -> bool:
        return any(one.end is None and one.start <= moment for one in self.pauses)

    def due(self, start: dt.datetime) -> Due:
        hours = self.budget.unit.endswith("_hours")
        left = self.budget.amount / Fraction(1, 4) if hours else self.budget.amount
        if hours:
            moment = start
            while left:
                if self.stopped(moment):  # while a pause is open there is no due instant, only a remainder
                    return Due(None, left / 4, self.provisional)
                # Outside pauses, inside open hours where it counts working time.
                left -= not self.paused(moment) and self.running(moment)
                moment += TICK
            return Due(moment, None, self.provisional)  # at the instant the count reaches the budget
        for day, end in self.days(start):
            if self.stopped(end - TICK):
                return Due(None, left, self.provisional)
            # A day is skipped if the case is paused at its end.
            left -= not self.paused_at_end(end) and self.counts(day)
            if not left:
                return Due(end, None, self.provisional)
        raise AssertionError("days do not end")

    def late(self, start: dt.datetime, done: dt.datetime) -> Late:
        reached = self.due(start).at
        if reached is None or done <= reached:
            return Late(Fraction(0), False, self.provisional)
        if self.budget.unit.endswith("_hours"):  # the count beyond the budget; a pause after due changes nothing
            ticks = itertools.takewhile(lambda moment: moment < done, (reached + TICK * n for n in itertools.count()))
            return Late(Fraction(sum(map(self.running, ticks)), 4), True, self.provisional)
        by, began = 0, reached
        day = reached.astimezone(self.zone).date() - dt.timedelta(days=2)
        while began < done:  # a day that has begun counts
            day += dt.timedelta(days=1)
            end = self.end(day)
            if end > reached and (self.calendar.zone, day) not in LEFT_OUT:
                by += self.counts(day)
                began = end
        return Late(Fraction(by), True, self.provisional)


# Days on which something happens: holidays and make-up days, ends of years, the leap day, and clocks put on and back.
ANCHORS = [
    *((SHANGHAI, day) for day in ("2024-02-05", "2024-09-27", "2025-01-22", "2025-09-25", "2024-02-27", "2024-12-28")),
    ("America/New_York", "2024-03-07"),
    ("America/New_York", "2024-10-31"),
    ("Australia/Lord_Howe", "2024-04-04"),
    ("America/Sao_Paulo", "2018-11-01"),  # its clocks leap over midnight
    ("Pacific/Apia", "2011-12-27"),  # it had no 30 December
]


def ticks(least: int, most: int) -> st.SearchStrategy[dt.timedelta]:
    return st.integers(least, most).map(lambda n: TICK * n)


@st.composite
def cases(draw, units=("elapsed_hours", "working_hours", "working_days", "natural_days", "same_day")):
    """Draw a calendar, a budget and a start, near a day on which something happens."""
    zone, day = draw(st.sampled_from(ANCHORS))
    anchor = at(day, zone).astimezone(dt.UTC)
    near = st.frozensets(st.integers(-2, 20).map(lambda n: anchor.date() + dt.timedelta(days=n)), max_size=5)
    off = draw(near)
    published = draw(st.frozensets(st.sampled_from([anchor.year, anchor.year + 1])))
    hours = draw(st.sampled_from([("08:30-12:00", "14:00-17:30"), ("09:00-20:00",), ("00:00-02:30", "22:00-24:00")]))
    calendar = Calendar(
        zone,
        published=published,
        on=draw(near) - off,
        off=off,
        settled=draw(near),
        hours=map(Hours.parse, hours),
        open_on=draw(st.sampled_from(["working_days", "every_day"])),
    )
    unit = draw(st.sampled_from(units))
    until = draw(st.sampled_from([None, dt.time(17, 30), dt.time(0, 15)])) if not unit.endswith("_hours") else None
    begins = (
        draw(st.sampled_from(["day_of", "day_after"])) if unit.endswith("ing_days") or unit == "natural_days" else None
    )
    most = 1 if unit == "same_day" else 7 if begins else 60
    amount = Fraction(draw(st.integers(1, most)), 4 if unit.endswith("_hours") else 1)
    return calendar, Budget(amount, unit, begins=begins, until=until), anchor + draw(ticks(0, 6 * 96))


@st.composite
def pauses(draw, start: dt.datetime):
    """Draw up to three pauses, which may overlap, be empty, lie before the start, or be open."""
    found = []
    for _ in range(draw(st.integers(0, 3))):
        begins = start + draw(ticks(-96, 5 * 96))
        ends = begins + draw(ticks(0, 3 * 96)) if draw(st.integers(0, 5)) else None
        found.append(Pause(begins, ends))
    return tuple(found)


class TestAgainstTheWalk:
    @given(cases(), st.data())
    def test_what_is_found_by_index_is_what_a_walk_finds(self, case, data):
        """Instant, remainder and mark are those of walking day by day, or quarter of an hour by quarter."""
        calendar, budget, start = case
        stopped = data.draw(pauses(start))
        assert due(start, budget, calendar, stopped) == Walk(budget, calendar, stopped).due(start)

    @given(cases(), st.data())
    def test_lateness_is_what_a_walk_counts(self, case, data):
        """How late something is, and on what that rests, is what walking on from the due instant counts."""
        calendar, budget, start = case
        stopped = data.draw(pauses(start))
        done = start + data.draw(ticks(0, 25 * 96))
        assert late_by(start, budget, calendar, done, stopped) == Walk(budget, calendar, stopped).late(start, done)

    @given(cases(), st.lists(ticks(0, 9 * 96), min_size=12, max_size=24), st.booleans())
    def test_a_column_falls_due_as_each_of_its_rows(self, case, offsets, missing):
        """In bulk every row has the due instant and the mark that it has alone; where the start is missing, none."""
        calendar, budget, start = case
        starts = [start + offset for offset in offsets] + [None] * missing
        found = due_instants(pl.DataFrame({"at": starts}), budget, calendar, start="at")
        alone = [due(one, budget, calendar) if one else Due(None, None, None) for one in starts]
        assert found["due"].to_list() == [one.at for one in alone]
        assert found["provisional"].to_list() == [one.provisional for one in alone]


class TestPauses:
    @given(cases(), st.data())
    def test_p4_a_pause_before_due_moves_it_by_exactly_itself(self, case, data):
        """What was counted in the pause is what the new due instant lies beyond the old, in the deadline's own unit."""
        calendar, budget, start = case
        before = due(start, budget, calendar).at
        begins = start + data.draw(ticks(0, 8 * 96))
        assume(begins < before)
        stopped = Pause(begins, begins + data.draw(ticks(0, 4 * 96)))
        walk = Walk(budget, calendar)
        if budget.unit.endswith("_hours"):
            moments = range((stopped.end - stopped.start) // TICK)
            itself = Fraction(sum(walk.running(stopped.start + TICK * n) for n in moments), 4)
        else:
            counted = itertools.takewhile(lambda one: one[1] <= stopped.end, walk.days(start))
            itself = Fraction(sum(walk.counts(day) for day, end in counted if end > stopped.start))
        after = due(start, budget, calendar, [stopped]).at
        assert late_by(start, budget, calendar, after).by == itself

    @given(cases(), st.data())
    def test_a_pause_after_due_changes_nothing(self, case, data):
        """Neither the due instant nor how late anything is, though the pause stays open."""
        calendar, budget, start = case
        plain = due(start, budget, calendar)
        begins = plain.at.astimezone(dt.UTC) + data.draw(ticks(0, 96))
        stopped = [Pause(begins, data.draw(st.sampled_from([None, begins + TICK * 50])))]
        assert due(start, budget, calendar, stopped) == plain
        done = begins + data.draw(ticks(0, 500))
        assert late_by(start, budget, calendar, done, stopped) == late_by(start, budget, calendar, done)

    @given(cases(), st.data())
    def test_the_order_of_pauses_and_where_they_are_cut_is_nothing(self, case, data):
        """Pauses in another order, or one cut into two that touch or overlap, leave the same deadline."""
        calendar, budget, start = case
        stopped = data.draw(pauses(start))
        pieces = []
        for one in stopped:
            cut = one.start + TICK * data.draw(st.integers(0, 20))
            whole = one.end is not None and cut > one.end
            pieces += [one] if whole else [Pause(one.start, cut), Pause(cut - min(TICK, cut - one.start), one.end)]
        shuffled = data.draw(st.permutations(pieces))
        assert due(start, budget, calendar, shuffled) == due(start, budget, calendar, stopped)

    @given(cases(), st.data())
    def test_the_remainder_is_what_is_left_when_the_pause_ends(self, case, data):
        """Ended at any instant, the case has exactly the remainder of before still to go."""
        calendar, budget, start = case
        begins = start + data.draw(ticks(0, 4 * 96))
        held = due(start, budget, calendar, [Pause(begins)])
        ends = begins + data.draw(ticks(0, 4 * 96))
        assume(held.at is None)
        assert 0 < held.remainder <= budget.amount
        again = due(start, budget, calendar, [Pause(begins, ends)]).at
        if budget.unit.endswith("_hours"):
            assert due(max(start, ends), Budget(held.remainder, budget.unit), calendar).at == again


class TestMovedHolidays:
    @given(cases(), st.data())
    def test_p5_a_moved_holiday_changes_only_deadlines_that_cross_it(self, case, data):
        """Where no changed day lies between start and due instant, instant, mark and version of the rest stay."""
        calendar, budget, start = case
        day = start.date()
        moved = st.frozensets(st.integers(-3, 20).map(lambda n: day + dt.timedelta(days=n)), max_size=2)
        on = data.draw(moved)
        laid = calendar.overlaid(Overlay(on=on, off=data.draw(moved) - on))
        before = due(start, budget, calendar)
        zone = ZoneInfo(calendar.zone)
        last = before.at.astimezone(zone).date()
        crossed = [one for one in calendar.changed_days(laid) if start.astimezone(zone).date() <= one <= last]
        if not crossed:
            assert due(start, budget, laid) == before

    def test_a_day_off_moves_what_crosses_it_and_no_other(self):
        """With 9 October 2024 free in one city, five working days from 29 September end a day later."""
        city = CN.overlaid(Overlay(off={dt.date(2024, 10, 9)}))
        five = Budget(5, "working_days", begins="day_after")
        assert due(at("2024-09-29T15:30"), five, city).at == at("2024-10-13T00:00")
        for start in ("2024-09-20T15:30", "2024-10-09T15:30"):
            assert due(at(start), five, city) == due(at(start), five, CN)


class TestProvisional:
    @given(cases(units=("working_hours", "working_days")))
    def test_the_mark_stands_exactly_where_publishing_the_year_could_matter(self, case):
        """Without the mark the deadline is the same whatever is published later; settled throughout, none has it."""
        calendar, budget, start = case
        found = due(start, budget, calendar)
        days = [start.date() + dt.timedelta(days=n) for n in range(-2, 40)]
        open_days = frozenset(day for day in days if not calendar.is_settled(day))
        for turned in (Overlay(off=open_days), Overlay(on=open_days)):
            # In a week of the calendar's own days there is no end of free ones: budgets end all the same.
            later = due(start, budget, calendar.overlaid(turned))
            assert not later.provisional or later.at > start + dt.timedelta(days=36)
            if not found.provisional:
                assert later.at == found.at

    @pytest.mark.parametrize(
        ("start", "amount", "provisional"),
        [
            ("2026-12-30T09:00", 1, False),  # the 31st, a Thursday
            ("2026-12-30T09:00", 2, True),  # 1 January 2027, of which nothing is published
            ("2027-03-01T09:00", 1, True),
            ("2003-12-30T09:00", 1, True),  # before the first year that is known
        ],
    )
    def test_the_first_unpublished_day_that_is_counted_brings_the_mark(self, start, amount, provisional):
        """Up to the last published day there is none, from the next on there is; nothing breaks in November."""
        calendar = Calendar(SHANGHAI, published=range(2004, 2027), on=CN.on, off=CN.off)
        assert both(at(start), Budget(amount, "working_days", begins="day_after"), calendar).provisional == provisional

    @pytest.mark.parametrize(
        ("start", "provisional"),
        [
            ("2027-03-05T17:30", False),
            ("2027-03-05T18:00", False),
            ("2027-03-05T17:00", True),
            ("2027-03-05T12:00", True),
            ("2027-03-08T08:00", False),
        ],
    )
    def test_hours_rest_only_on_days_whose_hours_are_counted(self, start, provisional):
        """After the office has closed it does not matter whether the day was worked; before, it does."""
        rest = [dt.date(2027, 3, day) for day in range(6, 20)]
        known = OFFICE.overlaid(Overlay(on=[day for day in rest if day.weekday() < 5], off=rest[:2] + rest[7:9]))
        calendar = evolve(known, published=range(2004, 2027))
        assert both(at(start), Budget(2, "working_hours"), calendar).provisional == provisional

    @pytest.mark.parametrize("unit", ["elapsed_hours", "natural_days", "same_day"])
    def test_what_asks_no_calendar_is_never_provisional(self, unit):
        """Time that passes, and days of any kind, are known for ever."""
        budget = Budget(1, unit, begins="day_of" if unit == "natural_days" else None)
        assert not both(at("2050-01-01T09:00"), budget, Calendar(SHANGHAI)).provisional

    def test_round_the_clock_rests_on_no_year(self):
        """A hotline that never closes counts the same hours whatever is published."""
        budget, start = Budget(5, "working_hours"), at("2050-01-01T23:00")
        assert both(start, budget, CN.overlaid(ROUND_THE_CLOCK)) == Due(at("2050-01-02T04:00"), None, False)


class TestPublishedYears:
    @pytest.mark.parametrize(
        ("start", "amount", "last_day"),
        [
            ("2024-09-29T15:30", 5, "2024-10-11"),  # a make-up Sunday; National Day; 8 to 11 October
            ("2024-10-11T09:00", 1, "2024-10-12"),  # a make-up Saturday
            ("2024-02-08T09:00", 3, "2024-02-19"),  # 9 February, Spring Festival, a make-up Sunday, Monday
            ("2025-01-24T17:00", 5, "2025-02-07"),  # a make-up Sunday, Monday, then Spring Festival
            ("2025-02-07T09:00", 1, "2025-02-08"),  # a make-up Saturday
            ("2025-09-27T09:00", 4, "2025-10-09"),  # a make-up Sunday; National Day and Mid-Autumn
            ("2024-12-31T23:59", 1, "2025-01-02"),  # New Year's Day
            ("2024-02-28T09:00", 1, "2024-02-29"),  # a leap day
        ],
    )
    def test_working_days_end_at_midnight_of_the_last(self, start, amount, last_day):
        """Counted by hand on the notices of 2024 and 2025, from the day after."""
        found = both(at(start), Budget(amount, "working_days", begins="day_after"), CN)
        assert found == Due(at(last_day) + dt.timedelta(days=1), None, False)

    @pytest.mark.parametrize(
        ("start", "budget", "expected"),
        [
            ("2024-09-30T16:00", Budget(3, "working_hours"), "2024-10-08T10:00"),  # 1.5 h, then after National Day
            ("2024-09-30T10:00", Budget(2, "working_hours"), "2024-09-30T12:00"),  # as the office closes, not later
            ("2024-10-05T10:00", Budget("0.5", "working_hours"), "2024-10-08T09:00"),
            ("2024-10-01T10:00", Budget(48, "elapsed_hours"), "2024-10-03T10:00"),  # illegal construction: 48 hours
            ("2024-10-01T10:00", Budget(1, "same_day"), "2024-10-02T00:00"),  # expired food: the same day
            ("2024-10-01T10:00", Budget(1, "same_day", until=dt.time(18)), "2024-10-01T18:00"),
            ("2024-10-01T18:00", Budget(1, "same_day", until=dt.time(18)), "2024-10-02T18:00"),  # it had ended
            ("2024-02-28T10:00", Budget(2, "natural_days", begins="day_after"), "2024-03-02T00:00"),
            ("2024-02-28T10:00", Budget(2, "natural_days", begins="day_of"), "2024-03-01T00:00"),
            ("2024-09-30T10:00", Budget(2, "working_days", begins="day_of", until=dt.time(17, 30)), "2024-10-08T17:30"),
        ],
    )
    def test_each_unit_by_hand(self, start, budget, expected):
        """Every unit, with an office open from 08:30 to 12:00 and from 14:00 to 17:30."""
        assert both(at(start), budget, OFFICE) == Due(at(expected), None, False)

    @pytest.mark.parametrize(
        ("done", "by", "past_due"),
        [
            ("2024-10-12T00:00", 0, False),
            ("2024-10-12T00:01", 1, True),  # the make-up Saturday has begun
            ("2024-10-13T12:00", 1, True),
            ("2024-10-14T08:00", 2, True),
        ],
    )
    def test_late_is_the_count_beyond_the_budget(self, done, by, past_due):
        """A day counts as it begins; a free Sunday is past due, and adds nothing."""
        five = Budget(5, "working_days", begins="day_after")
        assert late_by(at("2024-09-29T15:30"), five, CN, at(done)) == Late(Fraction(by), past_due, False)

    def test_replies_to_messages_of_residents(self, shared_data):
        """Of 2,816 real messages 1,078, 1,737 and 2,103 were replied to within 5, 10 and 15 working days."""
        rows = pl.read_csv(shared_data / "real" / "orders" / "cn_messages_2816.csv", try_parse_dates=True)
        asked = rows.select(pl.col("asked", "replied").dt.replace_time_zone(SHANGHAI)).rows()
        for days, within in {5: 1078, 10: 1737, 15: 2103}.items():
            budget = Budget(days, "working_days", begins="day_after")
            assert sum(not late_by(start, budget, CN, done).by for start, done in asked) == within


class TestClocks:
    @pytest.mark.parametrize(
        ("start", "zone", "expected"),
        [
            ("2024-03-09T12:00", "America/New_York", "2024-03-10T13:00"),  # an hour was left out
            ("2024-11-02T12:00", "America/New_York", "2024-11-03T11:00"),  # an hour came twice
            ("2024-03-09T12:00", SHANGHAI, "2024-03-10T12:00"),
        ],
    )
    def test_hours_that_pass_are_hours_of_time(self, start, zone, expected):
        """24 hours are 24 hours, whatever the clock on the wall was made to show."""
        found = due(at(start, zone), Budget(24, "elapsed_hours"), Calendar(zone)).at
        assert found == at(expected, zone).astimezone(dt.UTC)

    @pytest.mark.parametrize("unit", ["natural_days", "working_days"])
    @pytest.mark.parametrize(("start", "amount"), [("2011-12-28T09:00", 2), ("2011-12-29T09:00", 1)])
    def test_a_day_that_never_was_is_not_counted(self, unit, start, amount):
        """In Samoa the day after 29 December 2011 was the 31st, here made up for."""
        calendar = Calendar("Pacific/Apia", on={dt.date(2011, 12, 31)})
        found = both(at(start, calendar.zone), Budget(amount, unit, begins="day_after"), calendar)
        assert found.at == at("2012-01-01T00:00", calendar.zone)

    @example("2024-11-03T01:30")
    @given(st.datetimes(dt.datetime(2024, 1, 1), dt.datetime(2024, 12, 1)).map(str))
    def test_a_deadline_is_of_an_instant_not_of_a_zone_it_is_written_in(self, text):
        """The same instant, given in another zone, falls due at the same instant."""
        start, five = at(text, "America/New_York"), Budget(5, "working_days", begins="day_after")
        assert due(start, five, CN) == due(start.astimezone(dt.UTC), five, CN)


def of_kind(kind: str, frame: pl.DataFrame):
    if kind == "duckdb":
        con = duckdb.connect()
        con.execute("set timezone = 'UTC'")
        return con.from_arrow(frame.to_arrow())
    return {"polars": frame, "lazy": frame.lazy(), "pandas": frame.to_pandas(), "pyarrow": frame.to_arrow()}[kind]


KINDS = ("polars", "lazy", "pandas", "pyarrow", "duckdb")


class TestFrames:
    STARTS = ("2026-12-31T09:00", "2024-09-29T15:30", None, "2024-02-08T09:00", "2024-09-29T15:30")

    @pytest.fixture
    def orders(self) -> pl.DataFrame:
        starts = [one and at(one).astimezone(dt.UTC) for one in self.STARTS]
        return pl.DataFrame({"order": ["a", "b", "c", "d", "e"], "at": starts})

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize(
        "budget",
        [Budget(5, "working_days", begins="day_after"), Budget("7.5", "working_hours"), Budget(48, "elapsed_hours")],
        ids=lambda budget: budget.unit,
    )
    def test_any_kind_of_frame_gives_the_same(self, orders, kind, budget):
        """Frames go in and come back as their own kind, with all rows, their columns, and the same due instants."""
        given_frame = of_kind(kind, orders)
        found = due_instants(given_frame, budget, OFFICE, start="at")
        assert type(found) is type(given_frame)
        table = nw.from_native(found).lazy().collect("polars").to_native().sort("order")
        alone = [due(at(one), budget, OFFICE) if one else Due(None, None, None) for one in self.STARTS]
        assert table.columns == ["order", "at", "due", "provisional"]
        assert table["order"].to_list() == ["a", "b", "c", "d", "e"]
        assert table["due"].to_list() == [one.at for one in alone]
        assert table["provisional"].to_list() == [one.provisional for one in alone]

    @pytest.mark.parametrize("kind", ["polars", "pandas", "pyarrow"])
    def test_rows_stay_in_their_places(self, orders, kind):
        """Of eager frames neither the order of rows nor an index of their own is changed."""
        given_frame = of_kind(kind, orders)
        if kind == "pandas":
            given_frame.index = [7, 3, 2, 1, 0]
        found = due_instants(given_frame, Budget(1, "same_day"), CN, start="at")
        assert list(nw.from_native(found, eager_only=True)["order"]) == ["a", "b", "c", "d", "e"]
        if kind == "pandas":
            assert list(found.index) == [7, 3, 2, 1, 0]

    @pytest.mark.parametrize("rows", [0, 2])
    def test_where_no_start_is_there_is_nothing_due(self, rows):
        """A frame without rows, or only with missing starts, has two columns more and no due instant."""
        empty = pl.DataFrame({"at": [None] * rows}, schema={"at": pl.Datetime("us", SHANGHAI)})
        found = due_instants(empty, Budget(1, "same_day"), CN, start="at")
        assert found.schema == {
            "at": pl.Datetime("us", SHANGHAI),
            "due": pl.Datetime("us", SHANGHAI),
            "provisional": pl.Boolean,
        }
        assert found["due"].null_count() == found["provisional"].null_count() == rows

    @pytest.mark.parametrize("kind", KINDS)
    def test_times_without_a_zone_are_refused_by_name(self, orders, kind):
        """No zone is ever assumed, of a column neither."""
        naive = of_kind(kind, orders.with_columns(pl.col("at").dt.replace_time_zone(None)))
        with refused("naive-time", DataError):
            due_instants(naive, Budget(1, "same_day"), CN, start="at")

    @pytest.mark.parametrize(
        ("code", "change"),
        [
            ("missing-column", lambda frame: frame.rename({"at": "atx"})),
            ("wrong-column-type", lambda frame: frame.with_columns(at=pl.lit("2024-01-01"))),
            ("bad-key", lambda frame: frame.with_columns(due=pl.lit(1))),
            (
                "too-many-decimals",
                lambda frame: frame.with_columns(pl.col("at").dt.cast_time_unit("ns").dt.offset_by("1ns")),
            ),
        ],
    )
    def test_what_does_not_fit_is_refused(self, orders, code, change):
        """A column that is not there, of another kind, of a name of the result, or too fine to be exact."""
        with refused(code, DataError):
            due_instants(change(orders), Budget(1, "same_day"), CN, start="at")

    def test_units_of_time_are_all_taken(self, orders):
        """Milliseconds, microseconds and whole microseconds in nanoseconds give the same."""
        five = Budget(5, "working_days", begins="day_of")
        found = [
            due_instants(orders.with_columns(pl.col("at").dt.cast_time_unit(unit)), five, CN, start="at")[
                "due"
            ].to_list()
            for unit in ("ms", "us", "ns")
        ]
        assert found[0] == found[1] == found[2]


class TestRefusals:
    @pytest.mark.parametrize(
        "wrong",
        [
            lambda: Budget(0, "elapsed_hours"),
            lambda: Budget(-1, "same_day"),
            lambda: Budget(1.5, "elapsed_hours"),
            lambda: Budget("1/7", "elapsed_hours"),
            lambda: Budget("1.5", "working_days", begins="day_of"),
            lambda: Budget(5, "working_days"),
            lambda: Budget(5, "elapsed_hours", begins="day_of"),
            lambda: Budget(2, "same_day"),
            lambda: Budget(2, "elapsed_hours", until=dt.time(18)),
            lambda: Budget(1, "same_day", until=dt.time(0)),
            lambda: Budget(1, "same_day", until=dt.time(18, tzinfo=dt.UTC)),
        ],
    )
    def test_budgets_whose_parts_do_not_fit(self, wrong):
        """Nothing to count, what is not exact, and what is not said or said for nothing."""
        with refused("bad-budget"):
            wrong()

    @pytest.mark.parametrize(
        "wrong",
        [
            lambda naive: due(naive, Budget(1, "same_day"), CN),
            lambda naive: late_by(at("2024-01-01"), Budget(1, "same_day"), CN, naive),
            Pause,
            lambda naive: Pause(at("2024-01-01"), naive),
        ],
    )
    def test_times_without_a_zone(self, wrong):
        """A naive time is refused by name, wherever it stands."""
        with refused("naive-time"):
            wrong(dt.datetime(2024, 5, 1))

    def test_a_pause_that_ends_before_it_begins(self):
        """It would give time instead of taking none."""
        with refused("bad-pause"):
            Pause(at("2024-05-02"), at("2024-05-01"))

    def test_working_hours_without_hours(self):
        """A calendar that does not say when it is open cannot count open time."""
        with refused("no-hours"):
            due(at("2024-05-02"), Budget(1, "working_hours"), CN)

    @pytest.mark.parametrize(
        "budget",
        [
            Budget(30_000, "working_days", begins="day_of"),
            Budget(30_000, "natural_days", begins="day_of"),
            Budget(700_000, "elapsed_hours"),
            Budget(700_000, "working_hours"),
        ],
        ids=lambda budget: budget.unit,
    )
    def test_what_cannot_be_counted_to_its_end(self, budget):
        """A budget that reaches beyond the index is refused, alone and in bulk."""
        start = at("2024-05-02")
        with refused("outside-calendar"):
            due(start, budget, OFFICE)
        with refused("outside-calendar"):
            due_instants(pl.DataFrame({"at": [start]}), budget, OFFICE, start="at")
