"""The grid of the Shijingshan profile: five levels of Party bodies over the city's hierarchy, and what is announced."""

import datetime as dt

import pytest

from communitygov.grid.rules import Grid
from communitygov.plugins.finding import load_profile
from communitygov.profile.profile import Profile

DAY = "2022"
FIVE = {
    "district_party_committee": ("district", "区委"),
    "street_working_committee": ("street", "街道党工委"),
    "community_party_committee": ("community", "社区党委"),
    "building_branch": ("building", "楼栋党支部"),
    "doorway_group": ("doorway", "楼门党小组"),
}


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile("shijingshan")


@pytest.fixture(scope="module")
def grid(profile: Profile) -> Grid:
    return profile.at(DAY).grid["territory"]


def reformed(profile: Profile, *names: str) -> Grid:
    return profile.at(DAY, reforms=[profile.reforms[name] for name in names]).grid["territory"]


class TestExtends:
    def test_it_extends_the_city_within_a_range(self, profile: Profile) -> None:
        """The city's rules are taken in a version that is known to fit."""
        assert [one.name for one in profile.lineage] == ["beijing", "shijingshan"]
        extends = profile.at(DAY).rules.profile.extends
        assert extends is not None
        assert extends.version == ">=0.1,<0.2"

    def test_it_is_in_force_from_when_it_was(self, profile: Profile) -> None:
        """SJS-47: the third quarter of 2021, whatever it extends."""
        assert profile.first_day == dt.date(2021, 7, 1)

    def test_its_index_and_certification_are_its_own(self, profile: Profile) -> None:
        """What it extends has nothing to score or to certify, so no result of it can come from there."""
        root = profile.at(DAY).root
        for section in ("index", "certification", "measures", "expectations"):
            assert load_profile("beijing").at(DAY).root.get(section) is None
            assert root[section].children


class TestFiveLevels:
    def test_buildings_and_doorways_come_below_the_community(self, grid: Grid) -> None:
        """SJS-28: from the district to the doorway there are five levels; the city stands above them."""
        assert list(grid.ordered) == ["city", "district", "street", "community", "building", "doorway"]
        assert [grid.levels[level].on for level in ("building", "doorway")] == [("community",), ("building",)]

    def test_each_has_its_party_body(self, profile: Profile, grid: Grid) -> None:
        """SJS-28: in the words of the clause and in its order, one at each of the five levels."""
        assert {key: (body.level, body.name().zh) for key, body in grid.bodies.items()} == FIVE
        quote = profile.at(DAY).rules.clauses["SJS-28"].quote
        assert "—".join(name for _, name in FIVE.values()) in quote
        order = [grid.levels[body.level].order for body in grid.bodies.values()]
        assert order == sorted(set(order))

    def test_how_many_each_has_is_assumed(self, grid: Grid) -> None:
        """The clause names levels and no numbers; a branch or a group may have several buildings or doorways."""
        assert all(body.per_unit == "exactly_one" and "per_unit" in body.assumed for body in grid.bodies.values())
        assert all(body.units_each is None for body in grid.bodies.values())


class TestOneCommunitysRecords:
    def test_three_records_are_told_of(self, grid: Grid) -> None:
        """SJS-61: passes by class and colour, a map of progress, a plan for every household."""
        assert set(grid.records) == {"pass_register", "progress_map", "household_plans"}
        assert {record.clause for record in grid.records.values()} == {("SJS-61",)}

    def test_no_other_community_is_asked_for_them(self, grid: Grid) -> None:
        """SJS-61 tells of Nanludong; one community's practice is not the district's rule."""
        assert {record.per_unit for record in grid.records.values()} == {"any"}
        assert all("per_unit" in record.assumed for record in grid.records.values())

    def test_its_classes_are_an_open_question(self, grid: Grid) -> None:
        """SJS-61: which classes and colours there are is not said, and none is invented."""
        note = grid.records["pass_register"].note
        assert note is not None
        assert note.en.startswith("Open")


class TestAnnounced:
    def test_it_is_no_rule_in_force(self, grid: Grid) -> None:
        """SJS-62, SJS-65: nobody is in charge of a building, and there is no mass defence, until a reform says so."""
        assert not grid.posts
        assert "mass_defence" not in grid.bodies

    def test_every_building_would_have_a_worker_who_visits(self, profile: Profile) -> None:
        """SJS-62: at least one for each building; how many is assumed."""
        post = reformed(profile, "building-workers").posts["building_worker"]
        assert (post.level, post.per_unit, set(post.duties)) == ("building", "at_least_one", {"visit"})
        assert post.clause == ("SJS-62",)
        assert "per_unit" in post.assumed

    def test_mass_defence_would_have_three_duties(self, profile: Profile) -> None:
        """SJS-65: watch, patrol and hazards, in the words of the clause."""
        body = reformed(profile, "mass-defence").bodies["mass_defence"]
        assert set(body.duties) == {"watch", "patrol", "hazards"}
        assert "、".join(duty.zh for duty in body.duties.values()) in profile.at(DAY).rules.clauses["SJS-65"].quote

    def test_both_can_be_taken_together(self, profile: Profile) -> None:
        """The two reforms touch nothing that the other does."""
        both = reformed(profile, "building-workers", "mass-defence")
        assert set(both.posts) == {"building_worker"}
        assert set(both.bodies) == {*FIVE, "mass_defence"}

    @pytest.mark.parametrize("reform", ["building-workers", "mass-defence"])
    def test_neither_has_a_day(self, profile: Profile, reform: str) -> None:
        """From when it is to hold is not announced."""
        assert profile.reforms[reform].layer.start is None


class TestCounts:
    def test_the_communities_visited_are_counted(self, profile: Profile, grid: Grid) -> None:
        """SJS-69: all 143 communities of the district, villages being none; to be held against division data."""
        count = grid.counts["communities"]
        assert (count.level, count.kinds, count.below) == ("community", ("community",), "110107000000")
        assert profile.at(DAY).rules.facts[count.fact].value == 143
