"""The Baoji profile: five posts on 188 communities, a service network, and what its text leaves open."""

from fractions import Fraction
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import pytest
import yaml
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from communitygov.grid.rules import Grid
from communitygov.measures.facts import check_facts
from communitygov.profile.profile import Profile
from communitygov.profile.reading import read_profile
from communitygov.vocabulary.numbers import exact

ROOT = Path(__file__).resolve().parents[2]
DAY = 2020
FOLDER = ROOT / "profiles" / "baoji" / "src" / "communitygov_baoji"
FIVE = ("instructor", "head", "worker", "group_leader", "building_leader")

SILENT = {
    "BAO-08": [
        "grid.territory.posts.part_time_member.assumed.per_unit",
        "grid.territory.posts.part_time_member.note",
        "grid.territory.posts.part_time_member.note",
    ],
    "BAO-09": ["interpretations.levels_of_the_posts.question", "grid.territory.note"],
    "BAO-38": ["interpretations.group_defence_each.question"],
}
"""Where each question that a clause on the grid leaves open is answered, or stands as an open question."""


@pytest.fixture(scope="module")
def profile() -> Profile:
    return read_profile(FOLDER)


@pytest.fixture(scope="module")
def territory(profile: Profile) -> Grid:
    return profile.at(DAY).grid["territory"]


@pytest.fixture(scope="module")
def source(shared_data: Path) -> dict[str, Any]:
    """What the source says, clause by clause, as it was read by hand."""
    file = shared_data.parent / "clauses" / "baoji.yaml"
    if not file.is_file():
        pytest.skip(f"no clause file at {file} (COMMUNITYGOV_DATA)")
    found: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return found


def read(profile: Profile, question: str) -> dict[str, Grid]:
    """Return the territory under each reading of a question."""
    readings = profile.at(DAY).rules.interpretations[question].readings
    return {reading: profile.at(DAY, readings={question: reading}).grid["territory"] for reading in readings}


class TestPosts:
    def test_each_of_the_five_has_a_level_of_its_own(self, territory: Grid) -> None:
        """BAO-09: five posts at five levels, as the chosen reading has it."""
        levels = [territory.posts[post].level for post in FIVE]
        assert levels == ["street", "community", "grid", "residents_group", "building"]

    def test_whatever_is_read_they_go_down_the_hierarchy(self, profile: Profile) -> None:
        """BAO-09: under every reading of every question on the grid, no post stands above the one named before it."""
        asked = profile.at(DAY).rules.interpretations.items()
        questions = {key: one for key, one in asked if any(patch.get("grid") for patch in one.readings.values())}
        digests = []
        for chosen in product(*(question.readings for question in questions.values())):
            rules = profile.at(DAY, readings=dict(zip(questions, chosen, strict=True)))
            grid = rules.grid["territory"]
            orders = [grid.levels[grid.posts[post].level].order for post in FIVE]
            assert all(above <= below for above, below in pairwise(orders))
            digests.append(rules.digest)
        assert len(set(digests)) == len(digests) == 3 * 2 * 2

    def test_the_instructor_is_at_street_or_at_community(self, profile: Profile) -> None:
        """BAO-09: which unit a post belongs to is not said; three readings differ in it."""
        found = {
            name: tuple(grid.posts[post].level for post in FIVE[:3])
            for name, grid in read(profile, "levels_of_the_posts").items()
        }
        assert found == {
            "one_at_each_level": ("street", "community", "grid"),
            "instructor_at_community": ("community", "grid", "grid"),
            "instructor_at_street": ("street", "grid", "grid"),
        }

    @pytest.mark.parametrize("question", ["levels_of_the_posts", "group_and_courtyard", "group_defence_each"])
    def test_how_many_hold_each_of_the_five_is_assumed(self, profile: Profile, question: str) -> None:
        """BAO-09 gives no number of holders, under any reading."""
        for grid in read(profile, question).values():
            assert all("per_unit" in grid.posts[post].assumed for post in FIVE)

    def test_four_posts_are_in_every_community(self, territory: Grid) -> None:
        """BAO-15: police officer, judge, prosecutor and lawyer; villages are not asked for them."""
        for post in ("police_officer", "judge", "prosecutor", "lawyer"):
            seat = territory.posts[post]
            assert (seat.level, seat.kinds, seat.per_unit) == ("community", ("community",), "at_least_one")
            assert "units_each" in seat.assumed

    def test_members_from_resident_units_serve_part_of_their_time(self, territory: Grid) -> None:
        """BAO-08: part-time, any number, since none is given."""
        post = territory.posts["part_time_member"]
        assert (post.time, post.per_unit) == ("part", "any")

    def test_no_duty_is_invented(self, territory: Grid) -> None:
        """The text names posts and no duties."""
        assert {post: dict(said.duties) for post, said in territory.posts.items() if said.duties} == {}


class TestLevels:
    def test_they_go_from_city_to_household(self, territory: Grid) -> None:
        """BAO-09, BAO-10, BAO-14: administrative levels, then the grid's own."""
        assert list(territory.ordered)[:5] == ["city", "county", "street", "community", "grid"]
        assert list(territory.ordered)[-2:] == ["building", "household"]

    def test_group_and_courtyard_are_in_either_order(self, profile: Profile) -> None:
        """BAO-09, BAO-10: the text does not say which is part of which."""
        found = {name: list(grid.ordered)[5:7] for name, grid in read(profile, "group_and_courtyard").items()}
        assert found == {
            "courtyard_in_group": ["residents_group", "courtyard"],
            "group_in_courtyard": ["courtyard", "residents_group"],
        }

    def test_each_courtyard_building_and_household_has_its_record(self, territory: Grid) -> None:
        """BAO-10: one map, one register, one file."""
        found = {name: (record.level, record.per_unit) for name, record in territory.records.items()}
        assert found == {
            "courtyard_map": ("courtyard", "exactly_one"),
            "building_register": ("building", "exactly_one"),
            "household_file": ("household", "exactly_one"),
        }

    def test_grids_cover_communities(self, territory: Grid) -> None:
        """BAO-11: full coverage is the grid's."""
        assert {name for name, level in territory.levels.items() if level.covers} == {"grid"}
        assert "BAO-11" in territory.levels["grid"].clause

    @pytest.mark.parametrize(("level", "digits"), [("city", 4), ("county", 6), ("street", 9), ("community", 12)])
    def test_national_codes_are_assumed(self, territory: Grid, level: str, digits: int) -> None:
        """The text quotes no code: the form is that of the national statistics, and says so."""
        code = territory.levels[level].code
        assert code is not None
        assert (code.digits, code.own) == (12, digits)
        assert "code" in territory.levels[level].assumed

    def test_the_service_network_has_four(self, profile: Profile) -> None:
        """BAO-14: city, county, town or street, community; portal and hotline on top, the hall at the bottom."""
        network = profile.at(DAY).grid["service_network"]
        assert list(network.ordered) == ["city", "county", "street", "community"]
        assert {body.level for body in network.bodies.values()} == set(network.levels)
        assert [network.bodies[body].level for body in ("portal", "hotline", "hall")] == ["city", "city", "community"]


class TestGroupDefence:
    def test_there_are_just_twice_as_many_as_communities(self, profile: Profile) -> None:
        """BAO-38: 376 and 188."""
        facts = profile.at(DAY).rules.facts
        assert facts["group_defence_organisations"].value == 2 * facts["communities"].value

    def test_two_in_each_is_one_reading(self, profile: Profile) -> None:
        """BAO-38: the other asks nothing of a single community."""
        found = read(profile, "group_defence_each")
        sizes = {name: grid.levels["community"].sizes for name, grid in found.items()}
        assert not sizes["not_said"]
        assert found["not_said"].bodies["group_defence"].per_unit == "any"
        assert (
            sizes["two_each"]["group_defence_organisations"].at_least,
            found["two_each"].bodies["group_defence"].per_unit,
        ) == (
            2,
            "at_least_one",
        )
        assert sizes["two_each"]["group_defence_organisations"].most == 2

    def test_both_figures_can_be_held_against_units(self, profile: Profile) -> None:
        """BAO-09, BAO-38: communities by level, organisations by holders; villages are no communities."""
        rules = profile.at(DAY).rules
        counts = rules.grid["territory"].counts
        assert {count: rules.facts[said.fact].value for count, said in counts.items()} == {
            "communities": 188,
            "group_defence_organisations": 376,
        }
        assert counts["communities"].kinds == ("community",)


class TestReform:
    def test_what_is_proposed_is_no_rule(self, profile: Profile) -> None:
        """BAO-54: posts, duties and targets are there under the reform alone."""
        reform = profile.reforms["posts-and-targets"]
        now, then = profile.at(DAY).grid["territory"], profile.at(DAY, reforms=[reform]).grid["territory"]
        assert set(then.posts) - set(now.posts) == {"organisation_member"}
        assert set(then.records) - set(now.records) == {"duties_and_targets"}
        assert reform.layer.file is not None
        assert "BAO-54" in reform.layer.file.clause()

    def test_each_recommendation_is_marked(self, profile: Profile, source: dict[str, Any]) -> None:
        """What the third part recommends is proposed, and nothing else is."""
        wanted = {one["id"] for one in source["clauses"] if one["means"].startswith("proposed")}
        marked = {key for key, one in profile.at(DAY).rules.clauses.items() if one.status == "proposed"}
        assert wanted == marked
        assert len(wanted) > 10


class TestFacts:
    def test_each_figure_is_that_of_the_source(self, profile: Profile, source: dict[str, Any]) -> None:
        """Every figure that was read is there, with its day and the source's own word where it is a bound."""
        facts = profile.at(DAY).rules.facts
        assert {key: facts[key].value for key in source["facts"]} == {
            key: exact(str(value)) for key, value in source["facts"].items()
        }
        assert {key: fact.inexact for key, fact in facts.items() if fact.inexact} == source["inexact"]
        assert {str(fact.as_of) for fact in facts.values()} == {source["as_of"]}

    @given(outside=st.integers(0, 1200))
    def test_organisations_within_and_outside_are_all_that_filed(self, profile: Profile, outside: int) -> None:
        """BAO-40: with 16 from outside 1,093 are from within, and no other number adds up to 1,109."""
        facts = profile.at(DAY).rules.facts
        key = "social_organisations_outside"
        other = {**facts, key: evolve(facts[key], value=exact(str(outside)))}
        found = [finding.path for finding in check_facts(other)]
        assert found == ([] if outside == 16 else [("facts", "social_organisations_filed", "value")])

    def test_the_loss_of_workers_is_recorded_and_not_corrected(self, profile: Profile) -> None:
        """BAO-21: 170 of 1,135 are 15.0%, and the text says 20%."""
        rules = profile.at(DAY).rules
        recruited, on_post, stated = (rules.facts[fact].value for fact in rules.contradictions["loss_of_workers"].facts)
        loss = Fraction(recruited - on_post, recruited)
        assert round(loss, 3) == Fraction(15, 100)
        assert stated == Fraction(20, 100)

    def test_other_contradictions_are_recorded(self, profile: Profile) -> None:
        """BAO-39 has one community in two districts; BAO-37 five kinds and then six."""
        rules = profile.at(DAY).rules
        assert rules.contradictions["district_of_jinling"].clause == ("BAO-39",)
        assert rules.contradictions["kinds_of_community_plus"].clause == ("BAO-37",)
        assert rules.schemes["community_plus"].parts["kinds"].count == 5

    def test_the_scheme_counts_what_its_name_says(self, profile: Profile) -> None:
        """BAO-02 to BAO-04: one, two, three, four, five."""
        parts = profile.at(DAY).rules.schemes["12345"].parts
        assert "".join(str(len(part.members)) for part in parts.values()) == "12345"


class TestOpenQuestions:
    @pytest.mark.parametrize(("clause", "path"), [(clause, path) for clause, paths in SILENT.items() for path in paths])
    def test_each_question_has_its_place(self, profile: Profile, clause: str, path: str) -> None:
        """What a clause leaves open is said in both languages, where that clause is cited."""
        root, steps = profile.at(DAY).root, path.split(".")
        above = [root.get(*steps[:length]) for length in range(1, len(steps) + 1)]
        assert set(above[-1].children) == {"zh", "en"}
        assert clause in {one for node in above for one in node.clause()}

    def test_none_is_left_out(self, source: dict[str, Any]) -> None:
        """Each question of a ``silent:`` line on the grid has its place, one for one."""
        asked = {
            one["id"]: one["silent"].count(";") + 1
            for one in source["clauses"]
            if one["primitive"] == "grid" and "silent" in one
        }
        assert asked == {key: len(paths) for key, paths in SILENT.items()}


class TestDates:
    def test_it_holds_from_the_day_of_the_text(self, profile: Profile) -> None:
        """No practice has a date; that of publication is taken, and said to be."""
        about = profile.at(DAY).rules.profile
        assert about.in_force == about.sources["article"].published
        assert "in_force" in about.assumed
