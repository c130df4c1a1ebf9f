"""Values that change over time: the version of the day, and none before the first."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from communitygov.vocabulary.dated import Dated
from communitygov.vocabulary.errors import NotInForce, UsageError
from communitygov.vocabulary.period import Period

days = st.dates(dt.date(2000, 1, 1), dt.date(2040, 12, 31))
versions = st.lists(days, min_size=1, max_size=5, unique=True).map(
    lambda found: tuple((day, i) for i, day in enumerate(sorted(found)))
)


class TestDated:
    @given(versions, days)
    def test_a_day_has_the_last_version_that_began_by_then(self, versions, day):
        """Before the first there is none, and no default either."""
        law = Dated(versions)
        begun = [value for start, value in versions if start <= day]
        if begun:
            assert law.at(day) == begun[-1]
            return
        with pytest.raises(NotInForce, match=f"in force from {versions[0][0]}"):
            law.at(day)

    @given(versions, days, st.integers(1, 9))
    def test_a_later_version_changes_nothing_before_it(self, versions, day, later):
        """What was in force stays what it was, whatever is added afterwards."""
        more = (*versions, (max(day, versions[-1][0]) + dt.timedelta(days=later), "new"))
        if day >= versions[0][0]:
            assert Dated(more).at(day) == Dated(versions).at(day)

    def test_after_the_last_day_there_is_none(self):
        """Repealed rules are not carried on."""
        law = Dated([(dt.date(2021, 7, 1), "old")], until=dt.date(2022, 12, 31))
        assert law.at("2022Q4") == "old"
        with pytest.raises(NotInForce, match="until 2022-12-31"):
            law.at("2023")

    def test_a_period_has_the_version_of_its_first_day(self):
        """A version that begins within a period begins to count with the next."""
        law = Dated([(dt.date(2021, 7, 1), "old"), (dt.date(2021, 7, 2), "new")])
        assert law.at(Period.parse("2021Q3")) == law.at("2021Q3") == "old"
        assert list(law) == ["old", "new"]

    def test_in_a_gap_there_is_none(self):
        """What lapses and resumes is in force before and after, and on no day between."""
        law = Dated([(dt.date(2021, 1, 1), "old"), (dt.date(2022, 1, 1), None), (dt.date(2023, 1, 1), "again")])
        assert (law.at(2021), law.at(2023)) == ("old", "again")
        with pytest.raises(NotInForce, match="from 2021-01-01 until 2021-12-31, from 2023-01-01 until further notice"):
            law.at(2022)
        assert list(law) == ["old", "again"]
        assert list(law.spans()) == [
            (dt.date(2021, 1, 1), dt.date(2021, 12, 31), "old"),
            (dt.date(2023, 1, 1), None, "again"),
        ]

    @pytest.mark.parametrize("values", [(None, "new"), ("old", None)])
    def test_a_gap_lies_between_two_versions(self, values):
        """Before the first version and after the last there is nothing to say."""
        with pytest.raises(ValueError, match="a gap lies between"):
            Dated(tuple((dt.date(2021 + year, 1, 1), value) for year, value in enumerate(values)))

    @pytest.mark.parametrize("when", [2023, "2023", "2023Q1", dt.date(2023, 1, 1), dt.datetime(2023, 1, 1, 9)])
    def test_a_day_is_told_as_anywhere(self, when):
        """A year, a period, its text, a day or an instant of it: all that a profile takes."""
        assert Dated([(dt.date(2022, 1, 1), "old"), (dt.date(2023, 1, 1), "new")]).at(when) == "new"

    @pytest.mark.parametrize("when", ["foo", "2023-02-30", 7, None])
    def test_what_is_no_day_is_refused(self, when):
        """In one sentence, as by a profile."""
        with pytest.raises(UsageError, match="is no period, such as 2023"):
            Dated([(dt.date(2022, 1, 1), "old")]).at(when)

    @pytest.mark.parametrize("days", [[], [2, 1], [1, 1]])
    def test_versions_come_in_order_of_their_days(self, days):
        """No two on one day, and at least one."""
        with pytest.raises(ValueError, match="their days must rise"):
            Dated(tuple((dt.date(2021, 1, day), day) for day in days))
