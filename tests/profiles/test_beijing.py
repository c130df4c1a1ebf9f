"""The Beijing profile: the city's few rules, which its districts extend."""

import datetime as dt

import pytest

from communitygov.grid.rules import Grid
from communitygov.plugins.finding import load_profile
from communitygov.profile.coverage import coverage
from communitygov.profile.profile import Profile
from communitygov.vocabulary.numbers import Number
from communitygov.vocabulary.period import Period

CHILDREN = ("chaoyang", "shijingshan", "zhanlanlu")


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile("beijing")


@pytest.fixture(scope="module")
def grid(profile: Profile) -> Grid:
    return profile.at(2019).grid["territory"]


class TestScope:
    def test_only_four_clauses_are_the_citys(self, profile: Profile) -> None:
        """The rest of the report is one street's practice, and stands in another profile."""
        assert set(profile.at(2019).rules.clauses) == {"BJ-01", "BJ-02", "BJ-17", "BJ-18"}

    def test_the_problems_that_the_opinions_answer_are_context(self, profile: Profile) -> None:
        """BJ-17 is no rule; the other three are modelled."""
        (source,) = coverage(profile).sources
        assert (source.modelled, source.not_modelled) == (("BJ-01", "BJ-02", "BJ-18"), ())
        assert source.context == ("BJ-17",)

    @pytest.mark.parametrize("child", CHILDREN)
    def test_a_child_inherits_all_of_it(self, profile: Profile, child: str) -> None:
        """Every clause, figure, question, level and count of the city stands in each of its children as it is."""
        mine, theirs = (one.at(load_profile(child).first_day).root for one in (profile, load_profile(child)))
        for path in (("clauses",), ("facts",), ("interpretations",), ("grid", "territory", "counts")):
            for key, node in (mine[path[0]].get(*path[1:]) or mine).children.items():  # type: ignore[union-attr]
                there = theirs.get(*path, key)
                assert there is not None, (path, key)
                assert there.digest == node.digest, (path, key)
        for key, level in profile.at(2021).grid["territory"].levels.items():
            there = theirs.get("grid", "territory", "levels", key)
            assert there is not None
            assert there["order"].text() == str(level.order)

    def test_no_child_is_in_force_before_it(self, profile: Profile) -> None:
        """It begins when the first of its children does: January 2018, when Zhanlanlu's stations began."""
        assert profile.first_day == min(load_profile(child).first_day for child in CHILDREN) == dt.date(2018, 1, 1)
        assert "in_force" in profile.at(2018).rules.profile.assumed


class TestTerritory:
    def test_it_goes_from_the_city_to_communities(self, grid: Grid) -> None:
        """BJ-01: city, district, street or township, community or village, each on the one above."""
        assert list(grid.ordered) == ["city", "district", "street", "community"]
        assert [level.on for level in grid.ordered.values()] == [(), ("city",), ("district",), ("street",)]

    def test_national_codes_are_assumed(self, grid: Grid) -> None:
        """12 digits, of which 2, 6, 9 and 12 say which unit it is; the text has none of them."""
        forms = [level.code for level in grid.ordered.values()]
        assert [(form.digits, form.own) for form in forms if form] == [(12, 2), (12, 6), (12, 9), (12, 12)]
        assert [form.prefix for form in forms if form] == [False, True, True, True]
        assert all("code" in level.assumed for level in grid.levels.values())

    def test_a_community_is_told_from_a_village_by_its_code(self, grid: Grid) -> None:
        """001-199, 200-399, and what is like them from 400 up."""
        kinds = grid.levels["community"].kinds
        assert {key: kind.codes for key, kind in kinds.items()} == {
            "community": ("001-199",),
            "village": ("200-399",),
            "similar": ("400-599",),
        }

    def test_a_street_is_told_from_a_township_by_its_name(self, grid: Grid) -> None:
        """Area offices have codes of streets, so no kind of street has codes; both spellings of each are known."""
        kinds = grid.levels["street"].kinds
        assert not any(kind.codes for kind in kinds.values())
        assert kinds["street"].endings == ("街道办事处", "街道")
        assert {"地区办事处", "地区", "镇", "乡"} == set(kinds["township"].endings)
        assert all("endings" in kind.assumed for kind in kinds.values())

    def test_it_has_no_posts(self, grid: Grid) -> None:
        """The report gives posts, bodies and matters of one street alone, none of the city."""
        assert not grid.seats
        assert not grid.matters
        assert not grid.departments


class TestFigures:
    def test_streets_and_townships_add_up(self, profile: Profile) -> None:
        """BJ-01: 152 + 181 = 333."""
        facts = profile.at(2019).rules.facts
        assert facts["city_streets_and_townships"].sum_of == ("city_streets", "city_townships")
        assert facts["city_streets_and_townships"].value == 333 == Number(facts["city_streets"].value + 181)
        assert facts["city_area_offices"].value == 61

    def test_each_figure_stands_in_its_clause(self, profile: Profile) -> None:
        """Every figure is a number of its quote; the day of the count is assumed where the text leaves it open."""
        rules = profile.at(2019).rules
        for key, fact in rules.facts.items():
            assert str(fact.value) in "".join(rules.clauses[clause].quote for clause in fact.clause), key
            assert key.startswith("city_")
            assert fact.as_of == Period.parse("2019")
        assumed = {key for key, fact in rules.facts.items() if "as_of" in fact.assumed}
        assert assumed == {key for key, fact in rules.facts.items() if fact.clause == ("BJ-01",)}

    def test_each_is_held_against_the_whole_city(self, grid: Grid) -> None:
        """333, 152 and 181 are of the whole city, so that the data of a district alone are not held against them."""
        assert {count.below for count in grid.counts.values()} == {"110000000000"}
        assert {key: count.kinds for key, count in grid.counts.items()} == {
            "city_streets_and_townships": ("street", "township"),
            "city_streets": ("street",),
            "city_townships": ("township",),
        }


class TestOpenQuestions:
    def test_area_offices_are_townships_or_streets(self, profile: Profile) -> None:
        """BJ-01: the two readings put the names of area offices on either side, and on one only."""
        for reading, mine, other in (("townships", "township", "street"), ("streets", "street", "township")):
            kinds = profile.at(2019, readings={"area_offices": reading}).grid["territory"].levels["street"].kinds
            assert {"地区办事处", "地区"} <= set(kinds[mine].endings)
            assert not {"地区办事处", "地区"} & set(kinds[other].endings)
        assert profile.at(2019).rules.interpretations["area_offices"].chosen == "townships"
