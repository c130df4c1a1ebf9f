"""Counting in columns: every row is counted as the instant alone is, and refused where that is."""

import datetime as dt
from zoneinfo import ZoneInfo, available_timezones

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from communitygov.vocabulary.calendar import Calendar, Hours
from communitygov.vocabulary.clock import DAY, FIRST, LAST, instant_of, wall_clock
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
ENDS = [instant_of(dt.datetime.combine(day, dt.time(0), dt.UTC)) for day in (FIRST, LAST)]


@st.composite
def ways(draw):
    """Draw a way of counting, and the instant around which something happens: the clock is changed, where it is."""
    zone, day = draw(st.sampled_from(ANCHORS))
    anchor = dt.datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone))
    near = st.frozensets(st.integers(-3, 12).map(lambda n: anchor.date() + dt.timedelta(days=n)), max_size=6)
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
    until = draw(st.sampled_from([None, dt.time(17, 30), dt.time(0, 15), dt.time(23, 59, 59, 999_999)]))
    days = Days(calendar, clock, draw(st.booleans()), draw(st.sampled_from(["day_of", "day_after"])), until)
    around = instant_of(anchor)
    turn = next((at for at in clock.since if around <= at < around + 4 * DAY), around)
    return draw(st.sampled_from([Elapsed(), OpenHours(calendar, clock), days, days])), turn


def around(draw, anchor: int, least: int = 0) -> list[int]:
    """Draw instants near another: on the minute, just beside it, or anywhere."""
    minute = 60_000_000
    on_it = st.integers(-3 * 96, 12 * 96).map(lambda n: anchor + 15 * n * minute)
    near = st.integers(-8, 8).map(lambda n: anchor + 15 * n * minute)
    beside = st.builds(lambda instant, by: instant + by, on_it | near, st.integers(-1, 1))
    anywhere = st.integers(anchor - 3 * DAY, anchor + 12 * DAY)
    return draw(st.lists(st.one_of(on_it, near, beside, anywhere), min_size=least, max_size=12))


def whole(values: list[int]) -> pl.Series:
    return pl.Series(values, dtype=pl.Int64)


def or_refused(told):
    try:
        return told()
    except UsageError as error:
        return error.problems[0].code


class TestAgainstOneInstant:
    @given(ways(), st.sampled_from(["begin", "count", "through"]), st.data())
    def test_instants_are_counted_as_alone(self, drawn, verb, data):
        """Where counting begins, how much has been counted, and up to where lateness is: the same for every row."""
        counting, anchor = drawn
        at = around(data.draw, anchor)
        found = getattr(in_columns(counting), verb)(whole(at))
        assert found.to_list() == [getattr(counting, verb)(instant) for instant in at]
        assert found.dtype == pl.Int64

    @given(ways(), st.data())
    def test_counts_are_reached_as_alone(self, drawn, data):
        """The instant at which so much has been counted is the same for every row."""
        counting, anchor = drawn
        base, scale = counting.count(anchor), 1 if isinstance(counting, Days) else 3_600_000_000
        some = st.integers(1, 20 * scale) | st.integers(1, 20).map(lambda n: n * scale)
        counts = [base + more for more in data.draw(st.lists(some, max_size=12))]
        found = in_columns(counting).reach(whole(counts))
        assert found.to_list() == [counting.reach(count) for count in counts]
        assert found.dtype == pl.Int64

    @given(ways(), st.data())
    def test_what_lies_between_is_as_provisional_as_alone(self, drawn, data):
        """Whether it rests on a day that is not settled is the same for every row."""
        counting, anchor = drawn
        pairs = [sorted(data.draw(st.tuples(*[st.sampled_from(around(data.draw, anchor, 2))] * 2))) for _ in range(4)]
        starts, ends = (list(column) for column in zip(*pairs, strict=True))
        found = in_columns(counting).provisional(whole(starts), whole(ends))
        assert found.to_list() == [counting.provisional(start, end) for start, end in pairs]

    @given(ways(), st.sampled_from(["begin", "count", "through"]), st.sampled_from(ENDS), st.data())
    def test_a_column_is_refused_exactly_if_one_of_its_rows_is(self, drawn, verb, edge, data):
        """At the first and the last of the days that can be counted, in every zone."""
        counting, anchor = drawn
        at = [*around(data.draw, edge), anchor]
        alone = [or_refused(lambda instant=instant: getattr(counting, verb)(instant)) for instant in at]
        found = or_refused(lambda: getattr(in_columns(counting), verb)(whole(at)).to_list())
        assert found == ("outside-calendar" if "outside-calendar" in alone else alone)

    @given(ways(), st.integers(-2, 2))
    def test_what_is_never_reached_is_refused(self, drawn, more):
        """A count is reached in a column exactly if it is alone: the last, and no more."""
        counting, anchor = drawn
        most = {Elapsed: lambda: ENDS[1], OpenHours: lambda: counting.calendar.open_before[-1]}
        count = most.get(type(counting), lambda: counting.before[-1])() + more
        alone = or_refused(lambda: counting.reach(count))
        counts = whole([count, counting.count(anchor) + 1])
        found = or_refused(lambda: in_columns(counting).reach(counts)[0])
        assert found == alone


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
        shown = [*beside, seed * 4_096_000, -DAY, ENDS[1] + 2 * DAY]
        assert first_shown(clock, whole(shown)).to_list() == [clock.at(time) for time in shown]


def test_only_the_ways_that_are_known_are_counted():
    """A way of counting of one's own is not silently taken for another."""
    with pytest.raises(AssertionError, match="three ways"):
        in_columns(object())
