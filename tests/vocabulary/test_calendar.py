"""Calendars: the days and hours that are worked, as published, as overlaid, and as far as they are known."""

import datetime as dt
import sys
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from communitygov.vocabulary.calendar import ROUND_THE_CLOCK, Calendar, Hours, Overlay, cn_statutory
from communitygov.vocabulary.clock import DAY, FIRST, LAST, day_of, instant_of, moment_at, number_of, wall_clock
from communitygov.vocabulary.errors import MissingExtra, UsageError

SHANGHAI = "Asia/Shanghai"
CN = cn_statutory(SHANGHAI)
ZONES = (SHANGHAI, "UTC", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia", "Asia/Gaza")

days = st.dates(FIRST, LAST)
some_days = st.frozensets(st.dates(dt.date(2023, 12, 1), dt.date(2027, 2, 1)), max_size=8)
zones = st.sampled_from(ZONES)
instants = st.datetimes(dt.datetime(1970, 1, 3), dt.datetime(2099, 12, 28), timezones=st.just(dt.UTC))


def refused(code):
    return pytest.raises(UsageError, match=f"^{code}: ")


class TestPublishedDays:
    def test_every_day_of_a_published_year_is_as_the_library_says(self):
        """On each day of each published year the calendar and chinesecalendar agree."""
        for year in CN.published:
            day = dt.date(year, 1, 1)
            while day.year == year:
                # Its own rule, without its look at the bounds, which takes most of its time.
                free = day in chinese_calendar.holidays or day.weekday() >= 5
                assert CN.is_working(day) == (day in chinese_calendar.workdays or not free)
                assert CN.is_settled(day)
                day += dt.timedelta(days=1)

    @given(days)
    def test_what_is_published_is_asked_of_the_library(self, day):
        """A day is settled if the library answers for it; if it does not, Monday to Friday are worked."""
        try:
            worked, settled = chinese_calendar.is_workday(day), True
        except NotImplementedError:
            worked, settled = day.weekday() < 5, False
        assert (CN.is_working(day), CN.is_settled(day)) == (worked, settled)

    @pytest.mark.parametrize(
        ("month", "free", "made_up"),
        [
            ("2024-02", range(10, 18), [4, 18]),  # Spring Festival; the 17th is a Saturday
            ("2024-10", range(1, 8), [12]),  # National Day; the other make-up day is in September
            ("2024-09", range(15, 18), [14, 29]),  # Mid-Autumn
            ("2025-02", range(1, 5), [8]),
            ("2025-10", range(1, 9), [11]),  # National Day and Mid-Autumn together
        ],
    )
    def test_the_notices_of_2024_and_2025(self, month, free, made_up):
        """Days listed as free are free, days to be made up are worked, though they are Saturdays and Sundays."""
        for day in free:
            assert not CN.is_working(dt.date.fromisoformat(f"{month}-{day:02}"))
        for day in made_up:
            made = dt.date.fromisoformat(f"{month}-{day:02}")
            assert made.weekday() >= 5
            assert CN.is_working(made)

    def test_a_year_has_as_many_working_days_as_were_published(self):
        """2024 had 251 working days, 2025 had 248."""
        counts = [CN.working_days(dt.date(year, 1, 1), dt.date(year, 12, 31)) for year in (2024, 2025)]
        assert counts == [251, 248]

    def test_without_the_library_it_is_said_how_to_get_it(self, monkeypatch):
        """The published days need the extra `calendar`; other calendars do not."""
        monkeypatch.setitem(sys.modules, "chinese_calendar", None)
        with pytest.raises(MissingExtra, match=r"communitygov\[calendar\]"):
            cn_statutory(SHANGHAI)
        assert Calendar(SHANGHAI).is_working(dt.date(2024, 10, 1))


class TestIndex:
    @given(some_days, some_days, st.frozensets(st.integers(2023, 2027)), st.data())
    def test_the_index_counts_what_the_days_say(self, on, off, published, data):
        """Between any two days lie as many working days as there are days that are worked."""
        calendar = Calendar("UTC", published=published, on=on - off, off=off)
        first = data.draw(st.dates(dt.date(2023, 11, 1), dt.date(2027, 3, 1)))
        last = first + dt.timedelta(days=data.draw(st.integers(0, 60)))
        between = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
        assert calendar.working_days(first, last) == sum(map(calendar.is_working, between))
        for day in between:
            assert calendar.is_working(day) == (day in on - off or (day.weekday() < 5 and day not in off))

    @pytest.mark.parametrize("day", [FIRST - dt.timedelta(days=1), LAST + dt.timedelta(days=1)])
    def test_days_beyond_the_index_are_refused(self, day):
        """Neither a wrong answer nor a crash: the bounds are named."""
        with refused("outside-calendar"):
            CN.is_working(day)


class TestOverlays:
    @given(some_days, some_days, days)
    def test_an_overlay_settles_the_days_it_names_and_no_others(self, on, off, day):
        """A day that is named is as the overlay says, and settled; every other stays as it was."""
        laid = CN.overlaid(Overlay(on=on - off, off=off))
        if day in on | off:
            assert (laid.is_working(day), laid.is_settled(day)) == (day not in off, True)
        else:
            assert (laid.is_working(day), laid.is_settled(day)) == (CN.is_working(day), CN.is_settled(day))
        for named in on | off:
            assert laid.is_working(named) == (named not in off)

    @given(some_days, some_days)
    def test_the_last_overlay_wins(self, one, other):
        """What a street says of a day holds over what the city says."""
        laid = CN.overlaid(Overlay(off=one)).overlaid(Overlay(on=other))
        assert all(laid.is_working(day) for day in other)
        assert not any(laid.is_working(day) for day in one - other)

    def test_hours_stay_unless_they_are_said(self):
        """An overlay of days keeps the hours below; one of hours keeps the days."""
        hours = (Hours.parse("09:00-20:00"),)
        city = CN.overlaid(Overlay(hours=hours))
        assert city.overlaid(Overlay(off={dt.date(2024, 10, 9)})).hours == hours
        assert (city.worked, city.open_on) == (CN.worked, "working_days")
        assert city.overlaid(ROUND_THE_CLOCK).open_on == "every_day"
        assert city.overlaid(ROUND_THE_CLOCK).worked == CN.worked

    @given(some_days, some_days)
    def test_changed_days_are_exactly_those_that_differ(self, one, other):
        """A day is listed if, and only if, it is worked here and free there, or settled here and not there."""
        laid = CN.overlaid(Overlay(off=one)).overlaid(Overlay(on=other))
        changed = CN.changed_days(laid)
        kept = {day for day in one | other if (CN.is_working(day), CN.is_settled(day)) == (laid.is_working(day), True)}
        assert set(changed) == (one | other) - kept
        assert list(changed) == sorted(changed)

    def test_calendars_of_other_hours_are_not_compared_by_days(self):
        """Where the hours differ any deadline may change, so that no list of days is given."""
        with refused("other-hours"):
            CN.changed_days(CN.overlaid(ROUND_THE_CLOCK))

    @given(some_days)
    def test_the_version_changes_with_any_day_and_with_nothing_else(self, off):
        """The digest tells two calendars apart if, and only if, some day or its mark differs."""
        laid = CN.overlaid(Overlay(off=off))
        assert (laid.digest == CN.digest) == (not CN.changed_days(laid))
        assert CN.overlaid(ROUND_THE_CLOCK).digest != CN.digest
        assert cn_statutory("UTC").digest != CN.digest


class TestRefusals:
    @pytest.mark.parametrize(
        "text", ["", "9-17", "9:00-17:00", "09:00-24:01", "09:60-10:00", "10:00-09:00", "22:00-06:00", "08:00-08:00"]
    )
    def test_hours_that_are_no_stretch_of_a_day(self, text):
        """Neither what cannot be read nor what reaches over midnight."""
        with refused("bad-hours"):
            Hours.parse(text)

    @given(st.integers(0, 1439), st.integers(1, 1440))
    def test_hours_are_read_back(self, opens, closes):
        """Writing hours and reading them again is the identity."""
        if opens < closes:
            assert Hours.parse(str(Hours(opens, closes))) == Hours(opens, closes)

    def test_hours_that_overlap(self):
        """The same minute cannot be counted twice."""
        with refused("bad-hours"):
            Calendar("UTC", hours=(Hours.parse("09:00-12:00"), Hours.parse("11:00-17:00")))

    @pytest.mark.parametrize("zone", ["", "Beijing", "Asia/shanghai time", "../etc/passwd", "Asia", "UTC+8"])
    def test_a_zone_that_there_is_not(self, zone):
        """A calendar without a known time zone is none."""
        with refused("unknown-zone"):
            Calendar(zone)

    def test_a_day_that_is_on_and_off(self):
        """One of the two is a mistake."""
        day = {dt.date(2024, 5, 1)}
        for wrong in (lambda: Overlay(on=day, off=day), lambda: Calendar("UTC", on=day, off=day)):
            with refused("day-on-and-off"):
                wrong()


class TestClock:
    @given(instants, zones)
    def test_it_shows_what_the_zone_shows(self, moment, zone):
        """At any instant the wall clock's offset is the zone's, and the instant is read back."""
        clock, instant = wall_clock(zone), instant_of(moment)
        ((_, _, offset),) = clock.stretches(instant, instant + 1)
        assert dt.timedelta(microseconds=offset) == moment.astimezone(ZoneInfo(zone)).utcoffset()
        assert moment_at(instant, zone) == moment

    @given(instants, zones)
    def test_every_instant_lies_in_one_day(self, moment, zone):
        """The day of an instant has begun and has not ended; the clock shows that date."""
        clock, instant = wall_clock(zone), instant_of(moment)
        n = clock.day(instant)
        assert clock.midnight(n) <= instant < clock.midnight(n + 1)
        assert day_of(n) == moment.astimezone(ZoneInfo(zone)).date()

    @given(zones, days)
    def test_a_day_begins_when_the_clock_first_shows_it(self, zone, day):
        """At midnight the clock shows that day, or a later one if it leapt over it; just before, an earlier one."""
        if FIRST < day < LAST:
            begins = wall_clock(zone).midnight(number_of(day))
            assert moment_at(begins, zone).date() >= day
            assert moment_at(begins - 1, zone).date() < day

    @pytest.mark.parametrize("zone", ZONES)
    def test_every_change_of_the_clock_is_found(self, zone):
        """Day by day no offset differs from the zone's: nothing is missed between two looks."""
        clock, info = wall_clock(zone), ZoneInfo(zone)
        for second in range(0, 40 * 365 * 86400, 86400 * 2 // 3):
            ((_, _, offset),) = clock.stretches(second * 1_000_000, second * 1_000_000 + 1)
            assert offset == dt.datetime.fromtimestamp(second, info).utcoffset() // dt.timedelta(microseconds=1)

    def test_a_day_that_a_zone_left_out_has_no_length(self):
        """Samoa had no 30 December 2011."""
        clock, n = wall_clock("Pacific/Apia"), number_of(dt.date(2011, 12, 30))
        assert clock.midnight(n) == clock.midnight(n + 1)

    def test_a_day_that_has_begun_has_begun(self):
        """In St. John's the clock was put back at 00:01: it showed the 28th once more, and the 28th was over."""
        moment = dt.datetime(2000, 10, 29, 2, 45, tzinfo=dt.UTC)
        assert moment.astimezone(ZoneInfo("America/St_Johns")).date() == dt.date(2000, 10, 28)
        assert day_of(wall_clock("America/St_Johns").day(instant_of(moment))) == dt.date(2000, 10, 29)

    @pytest.mark.parametrize(("day", "hours"), [("2024-03-10", 23), ("2024-11-03", 25), ("2024-06-01", 24)])
    def test_a_day_on_which_clocks_change_is_shorter_or_longer(self, day, hours):
        """New York has days of 23 and of 25 hours; open round the clock, they have as many open hours."""
        n = number_of(dt.date.fromisoformat(day))
        calendar = Calendar("America/New_York").overlaid(ROUND_THE_CLOCK)
        clock = wall_clock(calendar.zone)
        assert clock.midnight(n + 1) - clock.midnight(n) == hours * DAY // 24
        assert calendar.open_before[n + 1] - calendar.open_before[n] == hours * DAY // 24

    def test_a_time_without_a_zone_is_refused(self):
        """No zone is ever assumed."""
        with refused("naive-time"):
            instant_of(dt.datetime(2024, 1, 1))
