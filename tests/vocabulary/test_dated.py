"""Values that change over time: the version of the day, and none before the first."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from communitygov.vocabulary.dated import Dated
from communitygov.vocabulary.errors import NotInForce
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

    @pytest.mark.parametrize("days", [[], [2, 1], [1, 1]])
    def test_versions_come_in_order_of_their_days(self, days):
        """No two on one day, and at least one."""
        with pytest.raises(ValueError, match="their days must rise"):
            Dated(tuple((dt.date(2021, 1, day), day) for day in days))
