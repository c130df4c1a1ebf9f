"""What the profiles say of points: as far as their texts go, and no further."""

import pytest

from communitygov.plugins.finding import load_profile


class TestProfiles:
    @pytest.mark.parametrize(("name", "clause"), [("qufu", "QF-18"), ("shijingshan", "SJS-44")])
    def test_no_number_is_made_up(self, name: str, clause: str) -> None:
        """QF-18 and SJS-44 give no points, so none are given here, and that this is assumed is said."""
        (system,) = load_profile(name).at(2022).points.values()
        assert system.clause == (clause,)
        assert {one.points for one in system.activities.values()} == {None}
        assert "activities" in system.assumed

    def test_volunteers_of_shijingshan_register_by_real_name(self) -> None:
        """SJS-44."""
        assert load_profile("shijingshan").at(2022).points["volunteers"].real_name

    def test_baoji_s_are_a_reform(self) -> None:
        """BAO-24 is only recommended."""
        baoji = load_profile("baoji")
        assert not baoji.at(2020).points
        assert list(baoji.at(2020, reforms=[baoji.reforms["volunteer-points"]]).points) == ["volunteers"]
