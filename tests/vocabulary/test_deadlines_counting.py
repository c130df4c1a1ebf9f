"""Counting in columns: every row is counted as the instant alone is, and refused where that is."""

import datetime as dt
from zoneinfo import available_timezones

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from communitygov.vocabulary.calendar import Calendar, Hours
from communitygov.vocabulary.clock import DAY, LAST, instant_of, number_of, wall_clock
from communitygov.vocabulary.counting import Days, Elapsed, OpenHours
from communitygov.vocabulary.counting_columns import first_shown, in_columns
from communitygov.vocabulary.errors import UsageError

ZONES = sorted(zone for zone in available_timezones() if not zone.startswith(("posix/", "right/")))
ANCHORS = [
    ("Asia/Shanghai", "2024-09-27"),
    ("Asia/Shanghai", "1988-04-15"),  # it had summer time
    ("Europe/Amsterdam", "2024-03-29"),
    ("Europe/Amsterdam", "2024-10-25"),
    ("Pacific/Apia", "2011-12-28"),  # it had no 30 December
    ("Pacific/Kwajalein", "1993-08-19"),  # nor this one its 21 August
    ("America/Sao_Paulo", "2018-11-02"),  # its clocks leap over midnight
    ("America/Sao_Paulo", "2018-02-16"),  # and back over it
    ("America/St_Johns", "2006-10-27"),  # back from 00:01
    ("Australia/Lord_Howe", "2024-04-05"),
    ("UTC", "2024-12-30"),
]


KINDS = pytest.mark.parametrize("kind", ["elapsed", "open_hours", "working_days", "natural_days"])


@st.composite
def ways(draw, kind):
    """Draw a way of counting, and a day in its zone near which something happens."""
    zone, day = draw(st.sampled_from(ANCHORS))
    anchor = dt.date.fromisoformat(day)
    near = st.frozensets(st.integers(-3, 12).map(lambda n: anchor + dt.timedelta(days=n)), max_size=6)
    off = draw(near)
    hours = draw(st.sampled_from([("08:30-12:00", "14:00-17:30"), ("00:00-00:30", "01:30-02:30", "23:00-24:00")]))
    calendar = Calendar(
        zone,
        published=draw(st.frozensets(st.sampled_from([anchor.year, anchor.year + 1]))),
        on=draw(near) - off,
        off=off,
        settled=draw(near),
        hours=map(Hours.parse, hours),
        open_on=draw(st.sampled_from(["working_days", "every_day"])),
    )
    clock = wall_clock(zone)
    if kind == "elapsed":
        return Elapsed(), calendar, number_of(anchor)
    if kind == "open_hours":
        return OpenHours(calendar, clock), calendar, number_of(anchor)
    until = draw(st.sampled_from([None, dt.time(17, 30), dt.time(0, 15), dt.time(23, 59, 59, 999_999)]))
    begins = draw(st.sampled_from(["day_of", "day_after"]))
    return Days(calendar, clock, kind == "working_days", begins, until), calendar, number_of(anchor)


def turns(draw, counting, calendar: Calendar, days: range) -> list[int]:
    """Return, in order, all instants of some days at which anything changes, those beside them, and some more."""
    clock = wall_clock(calendar.zone)
    found = [clock.midnight(n) for n in days]
    found += [instant for n in days for piece in calendar.pieces(n) for instant in piece]
    found += [turn + minutes * 60_000_000 for turn in clock.since for minutes in range(-90, 91, 30)]
    if isinstance(counting, Days):
        found += [counting.end(n) for n in days]
    first, last = clock.midnight(days[0]), clock.midnight(days[-1])
    beside = {instant + by for instant in found for by in (-1, 0, 1) if first <= instant <= last}
    return sorted(beside.union(draw(st.lists(st.integers(first, last), max_size=5))))


def whole(values: list[int]) -> pl.Series:
    return pl.Series(values, dtype=pl.Int64)


def or_refused(told):
    try:
        return told()
    except UsageError as error:
        return error.problems[0].code


VERBS = pytest.mark.parametrize("verb", ["begin", "count", "through"])


@KINDS
class TestAgainstOneInstant:
    @VERBS
    @given(data=st.data())
    def test_instants_are_counted_as_alone(self, kind, verb, data):
        """Where counting begins, how much has been counted, and up to where lateness is: the same for every row."""
        counting, calendar, day = data.draw(ways(kind))
        at = data.draw(st.permutations(turns(data.draw, counting, calendar, range(day - 1, day + 6))))
        found = getattr(in_columns(counting), verb)(whole(at))
        assert found.to_list() == [getattr(counting, verb)(instant) for instant in at]
        assert found.dtype == pl.Int64

    @given(data=st.data())
    def test_counts_are_reached_as_alone(self, kind, data):
        """The instant at which so much has been counted is the same for every row, from wherever the rows begin."""
        counting, calendar, day = data.draw(ways(kind))
        at = turns(data.draw, counting, calendar, range(day - 1, day + 6))
        counts = sorted({counting.count(instant) for instant in at})[data.draw(st.integers(0, 3)) :]
        found = in_columns(counting).reach(whole(counts))
        assert found.to_list() == [counting.reach(count) for count in counts]
        assert found.dtype == pl.Int64

    @given(data=st.data())
    def test_what_lies_between_is_as_provisional_as_alone(self, kind, data):
        """Whether it rests on a day that is not settled is the same for every row."""
        counting, calendar, day = data.draw(ways(kind))
        at = turns(data.draw, counting, calendar, range(day - 1, day + 6))
        apart = data.draw(st.integers(0, 40))
        starts, ends = at[: len(at) - apart], at[apart:]
        found = in_columns(counting).provisional(whole(starts), whole(ends))
        assert found.to_list() == [counting.provisional(*both) for both in zip(starts, ends, strict=True)]

    @VERBS
    @given(data=st.data())
    def test_a_column_is_refused_exactly_if_one_of_its_rows_is(self, kind, verb, data):
        """At the first and the last of the days that can be counted, in every zone."""
        counting, calendar, day = data.draw(ways(kind))
        clock = wall_clock(calendar.zone)
        edge = clock.midnight(data.draw(st.sampled_from([0, number_of(LAST) + 1])))
        near = st.integers(-200, 200).map(lambda n: edge + n * 900_000_000)
        at = [clock.midnight(day), *data.draw(st.lists(near | st.integers(edge - 2, edge + 2), max_size=3))]
        alone = [or_refused(lambda instant=instant: getattr(counting, verb)(instant)) for instant in at]
        found = or_refused(lambda: getattr(in_columns(counting), verb)(whole(at)).to_list())
        assert found == ("outside-calendar" if "outside-calendar" in alone else alone)

    @given(data=st.data())
    def test_what_is_never_reached_is_refused(self, kind, data):
        """A count is reached in a column exactly if it is alone: the last, and no more."""
        counting, calendar, day = data.draw(ways(kind))
        last = {"elapsed": instant_of(dt.datetime(2099, 12, 31, tzinfo=dt.UTC)), "open_hours": calendar.open_before[-1]}
        count = (last[kind] if kind in last else counting.before[-1]) + data.draw(st.integers(-2, 2))
        counts = whole([count, counting.count(wall_clock(calendar.zone).midnight(day)) + 1])
        alone = or_refused(lambda: counting.reach(count))
        assert or_refused(lambda: in_columns(counting).reach(counts)[0]) == alone


class TestClock:
    @example("America/Sao_Paulo", 0)
    @given(st.sampled_from(ZONES), st.integers(0, 10**9))
    def test_a_time_is_first_shown_as_alone(self, zone, seed):
        """Around every change of every clock, and anywhere else, to the microsecond."""
        clock = wall_clock(zone)
        turns = [
            at + offset
            for at, *both in zip(clock.since[1:], clock.offsets, clock.offsets[1:], strict=False)
            for offset in both
        ]
        beside = [turn + by for turn in turns for by in (-3_600_000_000, -1, 0, 1, 1_800_000_000)]
        shown = [*beside, seed * 4_096_000, -DAY, (number_of(LAST) + 3) * DAY]
        assert first_shown(clock, whole(shown)).to_list() == [clock.at(time) for time in shown]

    def test_a_day_that_has_begun_has_begun(self):
        """In St. John's a minute after midnight the clock was put back to 23:01: the day before did not begin again."""
        calendar = Calendar("America/St_Johns")
        clock, n = wall_clock(calendar.zone), number_of(dt.date(2006, 10, 29))
        days = in_columns(Days(calendar, clock, working=False, begins="day_of", until=None))
        minutes = [clock.midnight(n) + minute * 60_000_000 for minute in range(-60, 180)]
        assert days.count(whole(minutes)).to_list() == [n - 1] * 60 + [n] * 180


def test_only_the_ways_that_are_known_are_counted():
    """A way of counting of one's own is not silently taken for another."""
    with pytest.raises(AssertionError, match="three ways"):
        in_columns(object())
