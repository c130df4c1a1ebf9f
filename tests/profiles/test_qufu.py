"""The Qufu profile: communities, cooperatives and grids; party organisations; what its text leaves open."""

from itertools import combinations, product
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
from communitygov.vocabulary.text import Title

ROOT = Path(__file__).resolve().parents[2]
DAY = 2022
FOLDER = ROOT / "profiles" / "qufu" / "src" / "communitygov_qufu"

SILENT = {
    "QF-01": ["grid.territory.note", "interpretations.grids_of_a_community.question"],
    "QF-02": ["schemes.1+1+1.parts.grid.note", "grid.territory.note"],
    "QF-05": ["grid.party.levels.compound.note", "contradictions.branches_of_grids.says"],
    "QF-06": ["grid.territory.levels.micro_grid.note"],
    "QF-08": ["grid.territory.posts.micro_grid_worker.note", "interpretations.micro_grids_of_a_person.question"],
    "QF-47": ["grid.territory.records.grid_information.note", "grid.territory.records.grid_information.note"],
    "QF-49": ["grid.sectors.note"],
}
"""Where each question that a clause on the grid leaves open is answered, or stands as an open question."""


@pytest.fixture(scope="module")
def profile() -> Profile:
    return read_profile(FOLDER)


@pytest.fixture(scope="module")
def territory(profile: Profile) -> Grid:
    return profile.at(DAY).grid["territory"]


@pytest.fixture(scope="module")
def party(profile: Profile) -> Grid:
    return profile.at(DAY).grid["party"]


@pytest.fixture(scope="module")
def source(shared_data: Path) -> dict[str, Any]:
    """What the source says, clause by clause, as it was read by hand."""
    file = shared_data.parent / "clauses" / "qufu.yaml"
    if not file.is_file():
        pytest.skip(f"no clause file at {file} (COMMUNITYGOV_DATA)")
    found: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return found


def read(profile: Profile, question: str) -> dict[str, Grid]:
    """Return the territory under each reading of a question."""
    readings = profile.at(DAY).rules.interpretations[question].readings
    return {reading: profile.at(DAY, readings={question: reading}).grid["territory"] for reading in readings}


class TestTerritory:
    def test_it_goes_from_city_to_micro_grid(self, territory: Grid) -> None:
        """QF-01, QF-06: city, street, community, grid, micro-grid, each on the one above."""
        levels = ["city", "street", "community", "grid", "micro_grid"]
        assert list(territory.ordered) == levels
        assert [level.on for level in territory.ordered.values()] == [(), *((name,) for name in levels[:-1])]

    @pytest.mark.parametrize("body", ["residents_committee", "cooperative"])
    def test_a_community_has_one_and_shares_it_with_none(self, territory: Grid, body: str) -> None:
        """QF-01, QF-02: one committee and one cooperative a community, each of one community."""
        seat = territory.bodies[body]
        assert (seat.level, seat.kinds) == ("community", ("community",))
        assert (seat.per_unit, seat.units_each) == ("exactly_one", 1)

    def test_no_gap_and_no_overlap(self, territory: Grid) -> None:
        """QF-02, QF-29: communities, grids and micro-grids cover what they stand on."""
        assert {name for name, level in territory.levels.items() if level.covers} == {"community", "grid", "micro_grid"}

    def test_micro_grids_are_of_two_kinds(self, territory: Grid) -> None:
        """QF-06: residents and shops, and a grid can say how many it has of each."""
        assert set(territory.levels["micro_grid"].kinds) == {"residential", "shop"}
        tallies = territory.levels["grid"].tallies
        assert {tallies[kind].kinds for kind in ("residential", "shop")} == {("residential",), ("shop",)}
        assert tallies["micro_grids"].kinds == ()

    def test_a_micro_grid_worker_has_eight_duties_of_which_three_are_named(self, territory: Grid) -> None:
        """QF-08: the other five are counted and not invented."""
        post = territory.posts["micro_grid_worker"]
        assert set(post.duties) == {"basic_information", "opinions", "special_groups"}
        assert post.duties_in_all == 8
        assert post.level == "micro_grid"
        assert post.kinds == ()

    @given(more=st.integers(0, 12))
    def test_no_more_than_eight_can_be_named(self, territory: Grid, more: int) -> None:
        """QF-08: naming duties is in order up to the eight that there are."""
        post = territory.posts["micro_grid_worker"]
        added = {f"duty_{i}": Title(zh="职责", en="Duty") for i in range(more)}
        codes = {finding.code for finding in evolve(post, duties={**post.duties, **added}).check()}
        assert codes == ({"count-differs"} if 3 + more > 8 else set())

    def test_each_matter_is_a_duty_of_the_worker_on_the_spot(self, territory: Grid) -> None:
        """QF-08: what the three named duties are about can be routed, and nothing else."""
        duties = territory.posts["micro_grid_worker"].duties
        assert [matter.duty for matter in territory.matters.values()] == list(duties)

    def test_cooperative_and_party_organisation_share_no_duty(self, territory: Grid) -> None:
        """QF-42: investment, projects and income here; members, residents, joint building and governance there."""
        one, other = (territory.bodies[body] for body in ("cooperative", "community_party"))
        assert set(one.duties) == {"investment", "projects", "income"}
        assert set(other.duties) == {"members", "residents", "joint_building", "governance"}
        assert one.level == other.level
        assert one.role != other.role

    def test_the_information_of_each_grid_is_gathered(self, territory: Grid) -> None:
        """QF-47: a record of every grid, and somebody there whose duty it is."""
        record, post = territory.records["grid_information"], territory.posts["grid_worker"]
        assert (record.level, record.per_unit) == ("grid", "exactly_one")
        assert (post.level, post.per_unit) == ("grid", "at_least_one")
        assert "per_unit" in post.assumed

    @pytest.mark.parametrize("level", ["city", "street", "community"])
    def test_national_codes_are_assumed(self, territory: Grid, level: str) -> None:
        """The text quotes no code: the form is that of the national statistics, and says so."""
        code = territory.levels[level].code
        assert code is not None
        assert (code.digits, code.own) == (12, {"city": 6, "street": 9, "community": 12}[level])
        assert "code" in territory.levels[level].assumed


class TestCounts:
    @pytest.mark.parametrize(
        ("grid", "count", "figure"),
        [
            ("territory", "communities", 26),
            ("territory", "committees", 26),
            ("territory", "cooperatives", 26),
            ("territory", "grids", 182),
            ("territory", "microgrids_residential", 848),
            ("territory", "microgrids_shop", 197),
            ("territory", "microgrids", 1045),
            ("territory", "micro_grid_people", 1090),
            ("party", "compound_branches", 99),
            ("sectors", "market_centres", 2),
        ],
    )
    def test_each_is_held_against_a_figure_of_the_text(
        self, profile: Profile, grid: str, count: str, figure: int
    ) -> None:
        """QF-01, QF-05 to QF-07, QF-49: what units and holders can be counted against."""
        rules = profile.at(DAY).rules
        assert rules.facts[rules.grid[grid].counts[count].fact].value == figure

    def test_the_26_communities_are_those_of_one_street(self, territory: Grid) -> None:
        """QF-01 speaks of the main urban area: the street it is taken for is assumed, and villages are not counted."""
        count = territory.counts["communities"]
        assert count.below == "370881001000"
        assert "below" in count.assumed
        assert count.kinds == ("community",)

    def test_the_state_before_is_no_rule(self, profile: Profile) -> None:
        """QF-38: 26 villages and 8 communities are figures of the past; no unit is counted against them."""
        rules = profile.at(DAY).rules
        assert (rules.facts["urban_villages_before"].value, rules.facts["communities_before"].value) == (26, 8)
        used = {count.fact for grid in rules.grid.values() for count in grid.counts.values()}
        assert not {fact for fact in used if fact.endswith("_before")}
        assert all("QF-38" not in grid.clause for grid in rules.grid.values())


class TestParty:
    def test_five_levels_stand_below_the_city(self, party: Grid) -> None:
        """QF-04: street, community, compound, building, member household."""
        assert list(party.ordered) == ["city", "street", "community", "compound", "building", "household"]

    def test_each_of_the_five_has_its_organisation(self, party: Grid) -> None:
        """QF-04: working committee, committee, branch, group, member household; that each has one is assumed."""
        bodies = {
            "street": "street_working_committee",
            "community": "community_committee",
            "compound": "compound_branch",
            "building": "building_group",
            "household": "member_household",
        }
        for level, body in bodies.items():
            assert (party.bodies[body].level, party.bodies[body].per_unit) == (level, "exactly_one")
            assert "per_unit" in party.bodies[body].assumed

    def test_five_parts_of_responsibility_are_attached(self, party: Grid) -> None:
        """QF-30: leaders sponsor, departments liaise, street coordinates, community guides, branch carries out."""
        assert {part.part: part.by for part in party.responsibilities.values()} == {
            "sponsor": "county_leader",
            "liaison": "liaison_department",
            "coordinate": "street_working_committee",
            "guide": "community_committee",
            "carry_out": "compound_branch",
        }


class TestSectors:
    def test_four_kinds_of_units_run_across_the_territory(self, profile: Profile) -> None:
        """QF-49: by area of firms, shopping district, chain and trade; the last two have no land."""
        kinds = profile.at(DAY).grid["sectors"].levels["sector"].kinds
        assert {name: kind.territorial for name, kind in kinds.items()} == {
            "firm_area": True,
            "shopping_district": True,
            "chain": False,
            "trade_line": False,
        }


class TestOpenQuestions:
    def test_a_community_has_seven_grids_or_any(self, profile: Profile) -> None:
        """QF-01: seven on average, or in each."""
        sizes = {
            name: one.levels["community"].sizes["grids"] for name, one in read(profile, "grids_of_a_community").items()
        }
        bounds = {name: (size.at_least, size.most) for name, size in sizes.items()}
        assert bounds == {"on_average": (1, None), "seven_each": (7, 7)}
        facts = profile.at(DAY).rules.facts
        assert facts["grids"].value == 7 * facts["communities"].value

    def test_a_grid_has_both_kinds_or_those_it_needs(self, profile: Profile) -> None:
        """QF-06: the columns that must not be nought."""
        sizes = {name: set(one.levels["grid"].sizes) for name, one in read(profile, "kinds_in_a_grid").items()}
        assert sizes == {"as_needed": {"micro_grids"}, "both_in_each": {"residential", "shop"}}

    def test_a_micro_grid_has_one_person_or_more(self, profile: Profile) -> None:
        """QF-07, QF-08: there are more people than micro-grids, so more than one is allowed unless read otherwise."""
        posts = {name: one.posts["micro_grid_worker"] for name, one in read(profile, "people_at_a_micro_grid").items()}
        assert {name: post.per_unit for name, post in posts.items()} == {name: name for name in posts}
        facts = profile.at(DAY).rules.facts
        assert facts["micro_grid_people"].value > facts["microgrids"].value

    def test_a_person_has_one_micro_grid_or_several(self, profile: Profile) -> None:
        """QF-08: one each, or without a limit."""
        posts = {name: one.posts["micro_grid_worker"] for name, one in read(profile, "micro_grids_of_a_person").items()}
        assert {name: post.units_each for name, post in posts.items()} == {"one": 1, "several": None}

    def test_a_leader_sponsors_a_community_or_a_street(self, profile: Profile) -> None:
        """QF-30: the text does not say of what."""
        for level in profile.at(DAY).rules.interpretations["sponsored_unit"].readings:
            party = profile.at(DAY, readings={"sponsored_unit": level}).grid["party"]
            assert party.posts["county_leader"].level == level

    def test_readings_go_together(self, profile: Profile) -> None:
        """Whatever is read for one question, every reading of another can be taken with it, and all differ."""
        questions = profile.at(DAY).rules.interpretations
        for pair in combinations(questions, 2):
            taken = [
                profile.at(DAY, readings=dict(zip(pair, chosen, strict=True))).digest
                for chosen in product(*(questions[name].readings for name in pair))
            ]
            assert len(set(taken)) == len(taken)

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


class TestFacts:
    def test_each_figure_is_that_of_the_source(self, profile: Profile, source: dict[str, Any]) -> None:
        """Every figure that was read is there, with the source's own word where it is a bound, and no date."""
        facts = profile.at(DAY).rules.facts
        assert {key: facts[key].value for key in source["facts"]} == {
            key: exact(str(value)) for key, value in source["facts"].items()
        }
        assert {key: facts[key].inexact for key in source["facts"] if facts[key].inexact} == source["inexact"]
        assert source["as_of"] is None
        assert {fact.as_of for fact in facts.values()} == {None}

    @given(shops=st.integers(0, 2000))
    def test_the_two_kinds_make_the_whole(self, profile: Profile, shops: int) -> None:
        """QF-06, QF-07: 848 and 197 are 1,045, and no other number of shops would do."""
        facts = profile.at(DAY).rules.facts
        other = {**facts, "microgrids_shop": evolve(facts["microgrids_shop"], value=exact(str(shops)))}
        found = [finding.path for finding in check_facts(other)]
        assert found == ([] if shops == 197 else [("facts", "microgrids", "value")])

    def test_old_and_new_residents_are_all(self, profile: Profile) -> None:
        """QF-38: 32,000 and 148,000 are about 180,000."""
        facts = profile.at(DAY).rules.facts
        parts = facts["population"].sum_of
        assert sum(facts[part].value for part in parts) == facts["population"].value
        assert facts["population"].inexact == "约"

    def test_branches_of_grids_are_recorded_and_not_corrected(self, profile: Profile) -> None:
        """QF-52: taken as one, though the two figures differ."""
        rules = profile.at(DAY).rules
        assert [rules.facts[fact].value for fact in rules.contradictions["branches_of_grids"].facts] == [99, 182]

    def test_schemes_count_what_their_names_say(self, profile: Profile) -> None:
        """QF-02, QF-37: one and one and one; four mechanisms."""
        schemes = profile.at(DAY).rules.schemes
        assert "+".join(str(part.count) for part in schemes["1+1+1"].parts.values()) == "1+1+1"
        assert [len(part.members) for part in schemes["four_mechanisms"].parts.values()] == [4]


class TestDates:
    def test_the_text_has_none_and_the_profile_says_so(self, profile: Profile) -> None:
        """The first day in force is assumed, with the reason, and what is not known is said."""
        about = profile.at(DAY).rules.profile
        assert about.sources["case"].published is None
        assert "in_force" in about.assumed
        assert about.note is not None
