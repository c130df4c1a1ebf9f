"""The Zhanlanlu profile: one street's practice, which extends the city's rules and which no district inherits."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml

from communitygov.grid.rules import Grid
from communitygov.plugins.finding import find_profiles, load_profile
from communitygov.profile.profile import Profile
from communitygov.vocabulary.numbers import exact
from communitygov.vocabulary.period import Period

STREET = "110102009000"

SILENT = {
    "BJ-03": [
        "grid.territory.posts.liaison.note",
        "interpretations.liaisons_of_an_office.question",
        "interpretations.liaisons_of_stations.question",
    ],
    "BJ-20": ["interpretations.station_head.question", "interpretations.station_head.because"],
}
"""Where each question that a clause on the grid leaves open is answered."""


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile("zhanlanlu")


@pytest.fixture(scope="module")
def grid(profile: Profile) -> Grid:
    return profile.at(2019).grid["territory"]


@pytest.fixture(scope="module")
def source(shared_data: Path) -> dict[str, Any]:
    """What the report says, clause by clause, as it was read by hand."""
    file = shared_data.parent / "clauses" / "beijing.yaml"
    if not file.is_file():
        pytest.skip(f"no clause file at {file} (COMMUNITYGOV_DATA)")
    found: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return found


def read(profile: Profile, question: str, reading: str) -> Grid:
    return profile.at(2019, readings={question: reading}).grid["territory"]


class TestInForce:
    def test_it_begins_when_its_stations_did(self, profile: Profile, source: dict[str, Any]) -> None:
        """BJ-19: the stations stand since January 2018, and so do the rules on them."""
        assert profile.first_day == dt.date(2018, 1, 1)
        assert Period.parse(source["facts"]["stations_since"]).first_day == profile.first_day
        assert "station" in profile.at("2018-01").grid["territory"].bodies

    def test_its_platform_is_of_the_year_after(self, profile: Profile) -> None:
        """BJ-16: the secretary owns the community's group only once there is a platform, in 2019."""
        duties = [profile.at(year).grid["territory"].posts["secretary"].duties for year in (2018, 2019)]
        assert set(duties[1]) - set(duties[0]) == {"own_group"}
        assert [layer.name for layer in profile.at(2019).layers] == ["residents-platform"]

    def test_no_district_inherits_it(self) -> None:
        """One street's practice is not its city's rule: none of its clauses, bodies, posts or matters is elsewhere."""
        mine = load_profile("zhanlanlu")
        clauses = set(mine.own["clauses"].children or {})
        names = {*mine.at(2019).grid["territory"].seats, *mine.at(2019).grid["territory"].matters}
        for name in set(find_profiles().folders) - {"zhanlanlu"}:
            other = load_profile(name)
            assert mine not in other.lineage
            rules = other.at(other.first_day)
            assert not clauses & set(rules.rules.clauses), name
            if other.parent is not None:
                there = {*rules.grid["territory"].seats, *rules.grid["territory"].matters}
                assert not names & there, name


class TestTerritory:
    def test_blocks_and_buildings_come_below_the_community(self, grid: Grid) -> None:
        """BJ-16: a building stands in a block or on its community; how they lie to each other is assumed."""
        assert list(grid.ordered) == ["city", "district", "street", "community", "block", "building"]
        assert grid.levels["block"].on == ("community",)
        assert grid.levels["building"].on == ("block", "community")
        assert all("on" in grid.levels[level].assumed for level in ("block", "building"))

    def test_each_community_has_one_station_with_one_head(self, grid: Grid) -> None:
        """BJ-19, BJ-20: one in each community, and none in a village."""
        station, head = grid.bodies["station"], grid.posts["station_head"]
        for seat in (station, head):
            assert (seat.level, seat.kinds, seat.per_unit) == ("community", ("community",), "exactly_one")
        assert "per_unit" not in station.assumed
        assert "per_unit" in head.assumed

    @pytest.mark.parametrize(("post", "level"), [("building_worker", "building"), ("block_worker", "block")])
    def test_somebody_is_in_charge_of_each_building_and_block(self, grid: Grid, post: str, level: str) -> None:
        """BJ-16: at least one worker for each, who may have several."""
        found = grid.posts[post]
        assert (found.level, found.per_unit, found.units_each) == (level, "at_least_one", None)
        assert grid.matters["service_to_residents"].duty in found.duties


class TestLiaisons:
    def test_six_offices_are_named(self, grid: Grid, source: dict[str, Any]) -> None:
        """BJ-03: the liaisons are those of the six offices of the clause, in its words and its order."""
        (clause,) = [clause for clause in source["clauses"] if clause["id"] == "BJ-03"]
        liaison = grid.posts["liaison"]
        assert len(liaison.departments) == 6
        assert set(liaison.departments) == set(grid.departments)
        assert "、".join(grid.departments[name].zh for name in liaison.departments) in clause["quote"]

    def test_a_problem_of_each_office_goes_to_its_liaison(self, grid: Grid) -> None:
        """BJ-04: for every office there is a kind of matter that its liaison takes."""
        of = {matter.department for key, matter in grid.matters.items() if key.startswith("of_")}
        assert of == set(grid.posts["liaison"].departments)

    @pytest.mark.parametrize(
        ("matter", "office"), [("balcony_building", "urban_management"), ("expired_food", "food_and_drugs")]
    )
    def test_whose_the_two_kinds_told_of_are_is_assumed(self, grid: Grid, matter: str, office: str) -> None:
        """BJ-06, BJ-07 name a problem and a time, and no office."""
        assert grid.matters[matter].department == office
        assert "department" in grid.matters[matter].assumed

    def test_their_deadlines_are_of_the_whistle(self, profile: Profile) -> None:
        """Within 48 hours and on the same day are procedure, for the kinds of problem that the grid has too."""
        rules = profile.at(2019)
        deadline = rules.procedure["whistle"].deadlines["solve"]
        assert deadline.clause == ("BJ-06", "BJ-07")
        assert set(deadline.limits) == {"balcony_building", "expired_food"} <= set(rules.grid["territory"].matters)
        assert not any(rules.rules.clauses[key].not_modelled for key in deadline.clause)


class TestOpenQuestions:
    @pytest.mark.parametrize(("reading", "other"), [("secretary", "director"), ("director", "secretary")])
    def test_one_of_two_heads_the_station(self, profile: Profile, reading: str, other: str) -> None:
        """BJ-20: the secretary or the director, never both."""
        posts = read(profile, "station_head", reading).posts
        assert "head_station" in posts[reading].duties
        assert "head_station" not in posts[other].duties

    def test_an_office_has_one_liaison_or_more(self, profile: Profile) -> None:
        """BJ-03: ten people of six named offices fit only the one."""
        found = {
            one: read(profile, "liaisons_of_an_office", one).posts["liaison"] for one in ("one_or_more", "exactly_one")
        }
        assert {one: post.per_unit for one, post in found.items()} == {
            "one_or_more": "at_least_one",
            "exactly_one": "exactly_one",
        }
        assert profile.at(2019).rules.facts["station_liaisons"].value > len(found["exactly_one"].departments)

    def test_liaisons_serve_all_stations_or_one(self, profile: Profile) -> None:
        """BJ-03: 22 stations a person, as many as there are, or one."""
        found = [read(profile, "liaisons_of_stations", one).posts["liaison"].units_each for one in ("shared", "own")]
        assert found == [profile.at(2019).rules.facts["zhanlanlu_stations"].value, 1]

    def test_every_question_is_answered_somewhere(self, profile: Profile, source: dict[str, Any]) -> None:
        """Each question of a clause that the grid takes up has its answer, one for one."""
        taken = {"BJ-03", "BJ-04", "BJ-16", "BJ-19", "BJ-20"}
        asked = {clause["id"]: clause["silent"].split("; ") for clause in source["clauses"] if "silent" in clause}
        assert {key: len(asked[key]) for key in taken & set(asked)} == {
            key: len(paths) for key, paths in SILENT.items()
        }
        root = profile.at(2019).root
        for paths in SILENT.values():
            for path in paths:
                answer = root.get(*path.split("."))
                assert answer is not None, path
                assert set(answer.children or {}) == {"zh", "en"}


class TestFigures:
    def test_each_is_that_of_the_report(self, profile: Profile, source: dict[str, Any]) -> None:
        """All of the report's figures are here or the city's; only the month the stations began in is a date."""
        facts = profile.at(2019).rules.facts
        wanted = {key: exact(str(value)) for key, value in source["facts"].items() if key != "stations_since"}
        assert {key: (facts.get(key) or facts[f"city_{key}"]).value for key in wanted} == wanted

    def test_each_stands_in_its_clause(self, profile: Profile) -> None:
        """Every figure is a number of its quote; a fall is written as a percentage there and signed here."""
        rules = profile.at(2019).rules
        for key in profile.own["facts"].children or {}:
            fact = rules.facts[key]
            text = profile.own["facts"][key]["value"].text()
            assert text.lstrip("-") in "".join(rules.clauses[clause].quote for clause in fact.clause), key

    def test_what_is_counted_is_below_the_street(self, grid: Grid) -> None:
        """22 communities and 22 stations are of the street; ten liaisons are of one station of it."""
        below = {key: count.below or "" for key, count in grid.counts.items() if not key.startswith("city_")}
        assert below.pop("station_liaisons").startswith(STREET[:9])
        assert below == {"zhanlanlu_communities": STREET, "zhanlanlu_stations": STREET}
