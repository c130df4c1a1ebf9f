"""The Chaoyang profile: compounds, courtyards and buildings, their bodies, and how large a community may be."""

import datetime as dt
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from communitygov.grid.rules import Grid
from communitygov.plugins.finding import load_profile
from communitygov.profile.profile import Profile
from communitygov.vocabulary.numbers import exact

HOUSING = ("commercial", "affordable", "reformed", "resettlement", "mixed", "other")

SILENT = {
    "CY-02": ["grid.territory.levels.compound.note", "grid.territory.levels.compound.note"],
    "CY-12": [
        "grid.territory.levels.community.sizes.households.note",
        "grid.territory.levels.community.sizes.households.assumed.at_least",
        "grid.territory.levels.community.sizes.households.note",
    ],
    "CY-44": [
        "grid.territory.levels.community.kinds.online.note",
        "interpretations.online_community_bodies.question",
    ],
}
"""Where each question that a clause on the grid leaves open is answered, or stands as an open question."""


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile("chaoyang")


@pytest.fixture(scope="module")
def grid(profile: Profile) -> Grid:
    return profile.at(2021).grid["territory"]


@pytest.fixture(scope="module")
def source(shared_data: Path) -> dict[str, Any]:
    """What the report says, clause by clause, as it was read by hand."""
    file = shared_data.parent / "clauses" / "chaoyang.yaml"
    if not file.is_file():
        pytest.skip(f"no clause file at {file} (COMMUNITYGOV_DATA)")
    found: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return found


class TestTerritory:
    def test_it_goes_from_the_city_to_buildings(self, grid: Grid) -> None:
        """CY-01, CY-02, CY-43: the city's levels, and compound, courtyard and building below them."""
        chain = ["city", "district", "street", "community", "compound", "courtyard", "building"]
        assert [level for level in grid.ordered if level != "residents_group"] == chain
        for upper, lower in pairwise(chain):
            assert upper in grid.levels[lower].on

    def test_a_building_needs_neither_courtyard_nor_compound(self, grid: Grid) -> None:
        """CY-43: both basic units may stand on what is above; that they may is assumed."""
        assert set(grid.levels["building"].on) == {"courtyard", "compound", "community"}
        assert set(grid.levels["courtyard"].on) == {"compound", "community"}
        assert all("on" in grid.levels[level].assumed for level in ("building", "courtyard"))

    def test_compounds_are_of_six_kinds_of_housing(self, grid: Grid) -> None:
        """CY-02: in the order of the clause."""
        assert tuple(grid.levels["compound"].kinds) == HOUSING

    def test_nothing_stands_on_a_residents_group(self, grid: Grid) -> None:
        """CY-21: a group is a part of a community by place, acquaintance and make-up, beside its compounds."""
        assert grid.levels["residents_group"].on == ("community",)
        assert not any("residents_group" in level.on for level in grid.levels.values())

    def test_the_online_community_has_no_land(self, grid: Grid) -> None:
        """CY-44: a kind of its own, which is not among the communities counted."""
        kinds = grid.levels["community"].kinds
        assert [key for key, kind in kinds.items() if not kind.territorial] == ["online"]
        assert grid.counts["communities"].kinds == ("community",)


class TestSize:
    @given(households=st.integers(0, 20_000))
    def test_5000_households_are_too_many(self, grid: Grid, households: int) -> None:
        """CY-12: 5,000 or more are to be adjusted; there is no least size."""
        bound = grid.levels["community"].sizes["households"]
        assert bound.most is not None
        assert (households > bound.most) == (households >= 5_000)
        assert bound.at_least is None

    def test_two_reasons_exempt(self, grid: Grid) -> None:
        """CY-12: demolition areas and areas under development."""
        assert set(grid.levels["community"].sizes["households"].exempt) == {"demolition", "development"}


class TestBodies:
    def test_a_community_has_three_with_their_roles(self, grid: Grid, source: dict[str, Any]) -> None:
        """CY-15: leading core, main actor, service base, in the words of the clause."""
        (clause,) = [clause for clause in source["clauses"] if clause["id"] == "CY-15"]
        bodies = {key: body for key, body in grid.bodies.items() if body.clause == ("CY-15",)}
        assert set(bodies) == {"party_committee", "residents_committee", "service_station"}
        for body in bodies.values():
            assert body.per_unit == "exactly_one"
            assert body.role is not None
            assert body.role.zh in clause["quote"]

    @pytest.mark.parametrize(
        ("body", "level", "kinds"),
        [
            ("building_committee", "building", ("residential",)),
            ("courtyard_committee", "courtyard", ()),
            ("compound_council", "compound", ()),
            ("tower_council", "building", ("office_tower",)),
            ("compound_management", "compound", ()),
        ],
    )
    def test_each_kind_of_unit_governs_itself(
        self, grid: Grid, source: dict[str, Any], body: str, level: str, kinds: tuple[str, ...]
    ) -> None:
        """CY-20: five bodies by kind of unit, named in the clause; that every unit has one is not said."""
        (clause,) = [clause for clause in source["clauses"] if clause["id"] == "CY-20"]
        found = grid.bodies[body]
        assert (found.level, found.kinds, found.per_unit) == (level, kinds, "any")
        assert found.name().zh in clause["quote"]
        assert "per_unit" in found.assumed

    def test_councils_at_three_levels_are_counted_together(self, grid: Grid, profile: Profile) -> None:
        """CY-04: community, compound and courtyard have councils, 1,922 in all; how many at each is not said."""
        councils = {key: body for key, body in grid.bodies.items() if "CY-04" in body.clause}
        assert [body.level for body in councils.values()] == ["community", "compound", "courtyard"]
        assert grid.counts["councils"].held == tuple(councils)
        assert profile.at(2021).rules.facts["councils"].value == 1922
        assert all("per_unit" in body.assumed for body in councils.values())

    def test_the_online_community_has_bodies_or_not(self, profile: Profile) -> None:
        """CY-44: whether it has them is open; chosen is that it has none."""
        question = "online_community_bodies"
        for reading, wanted in (("without", {("community",)}), ("with_them", {("community", "online")})):
            bodies = profile.at(2021, readings={question: reading}).grid["territory"].bodies.values()
            assert {body.kinds for body in bodies if body.level == "community"} == wanted
        assert profile.at(2021).rules.interpretations[question].chosen == "without"


class TestFigures:
    def test_each_is_that_of_the_report(self, profile: Profile, source: dict[str, Any]) -> None:
        """All of the report's figures are here, and a bound is marked with the report's own word."""
        facts = profile.at(2021).rules.facts
        wanted = {key: exact(str(value)) for key, value in source["facts"].items()}
        assert {key: facts[key].value for key in wanted} == wanted
        assert {key: facts[key].inexact for key in wanted if facts[key].inexact} == source["inexact"]

    def test_each_stands_in_its_clause(self, profile: Profile) -> None:
        """Every figure is a number of its quote, written out or in ten thousands, or counted from what is named."""
        rules = profile.at(2021).rules
        for key in profile.own["facts"].children or {}:
            fact, text = rules.facts[key], profile.own["facts"][key]["value"].text()
            if key.startswith("service_kinds"):
                assert fact.note is not None
                continue
            quote = "".join(rules.clauses[clause].quote for clause in fact.clause)
            myriads = fact.value / 10_000
            short = f"{float(myriads):g}万" if (myriads * 10).denominator == 1 else f"{int(myriads)}万"
            assert text in quote or short in quote or f"{int(myriads)}余万" in quote, key

    def test_six_kinds_of_compounds_add_up(self, profile: Profile) -> None:
        """CY-02: 836 + 158 + 155 + 82 + 60 + 213 = 1,504, of the urban part."""
        facts = profile.at(2021).rules.facts
        assert facts["compounds"].sum_of == tuple(f"compounds_{kind}" for kind in HOUSING)
        assert sum((facts[name].value for name in facts["compounds"].sum_of), Fraction(0)) == 1504

    def test_each_count_is_of_the_district(self, grid: Grid) -> None:
        """24, 19, 540, 144, 1,504 and its six kinds, 12,000, 29,000 and 1,922 are counted below Chaoyang alone."""
        own = {key: count for key, count in grid.counts.items() if not key.startswith("city_")}
        assert {count.below for count in own.values()} == {"110105000000"}
        assert len(own) == 4 + 1 + 6 + 2 + 1
        assert all(key == count.fact for key, count in own.items())
        assert [own[f"compounds_{kind}"].kinds for kind in HOUSING] == [(kind,) for kind in HOUSING]

    def test_report_and_comment_part_three_times(self, profile: Profile) -> None:
        """CY-01 and 46, CY-27 and 47, CY-23 and 36: recorded, none corrected."""
        found = profile.at(2021).rules.contradictions
        assert [one.clause for one in found.values()] == [("CY-01", "CY-46"), ("CY-27", "CY-47"), ("CY-23", "CY-36")]
        assert all(len(one.facts) == 2 for one in found.values())


class TestSource:
    def test_it_is_in_force_in_the_year_it_tells_of(self, profile: Profile) -> None:
        """The report is of December 2020; from when its rules hold is assumed."""
        assert profile.first_day == dt.date(2020, 1, 1)
        assert "in_force" in profile.at(2021).rules.profile.assumed

    def test_every_clause_on_the_grid_makes_a_rule(self, profile: Profile, source: dict[str, Any]) -> None:
        """None of them waits for anything."""
        clauses = profile.at(2021).rules.clauses
        mine = {clause["id"] for clause in source["clauses"] if clause["primitive"] == "grid"}
        assert len(mine) == 9
        assert [key for key in mine if clauses[key].not_modelled is not None] == []

    def test_every_question_is_answered_somewhere(self, profile: Profile, source: dict[str, Any]) -> None:
        """Each question of a clause on the grid has its answer, one for one, or stands as an open question."""
        asked = {
            clause["id"]: clause["silent"].split("; ")
            for clause in source["clauses"]
            if clause["primitive"] == "grid" and "silent" in clause
        }
        assert {key: len(parts) for key, parts in asked.items()} == {key: len(paths) for key, paths in SILENT.items()}
        root = profile.at(2021).root
        for paths in SILENT.values():
            for path in paths:
                answer = root.get(*path.split("."))
                assert answer is not None, path
                assert set(answer.children or {}) == {"zh", "en"}
