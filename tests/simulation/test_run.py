"""Simulations: what they carry over, what they depend on, and what they refuse."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import polars as pl
import pytest

from communitygov.certification.explain import explain
from communitygov.profile.profile import Profile, Reform
from communitygov.profile.reading import read_reform
from communitygov.simulation.drawing import draw
from communitygov.simulation.results import QUANTITIES, Simulation
from communitygov.simulation.run import attempt, simulate
from communitygov.simulation.variants import Variant, as_it_stands
from communitygov.simulation.worlds import World
from communitygov.vocabulary.errors import CommunityGovError, DataError, DocumentError, NotInForce, UsageError
from communitygov.vocabulary.period import Period

from .by_hand import Year, by_hand

FRAMES = ("stars", "tiers", "quantities", "truly_top", "expectations", "moves")
SMALL = {"communities": 20, "seed": 4}
ROUGH = {**SMALL, "visit_error": 20, "answer_spread": 40, "document_error": 10, "correlation": 0.3}

Tried = tuple[dict[str, Variant], Simulation]
"""Variants by what they change, and one simulation of them all."""


def same(one: Simulation, other: Simulation) -> bool:
    return all(getattr(one, name).equals(getattr(other, name)) for name in FRAMES)


def tiers_of(simulation: Simulation, variant: str, year: int, which: int) -> dict[str, str | None]:
    rows = simulation.certified(variant, year).filter(pl.col("draw") == which)
    return dict(zip(rows["subject"], rows["tier"], strict=True))


def agrees(simulation: Simulation, variant: str, years: dict[int, Year], which: int) -> None:
    for year, hand in years.items():
        assert tiers_of(simulation, variant, year, which) == hand.tiers, year
        for name, count in hand.counts.items():
            assert simulation.counts[variant, year, name][which] == count, (year, name)


def reformed(folder: Path, changes: Mapping[str, str], start: str = "") -> dict[str, Variant]:
    """A variant for each of some changes of the certification, by what it is called in the tests."""
    dated = f"from: {start}\n" if start else ""
    found = {}
    for number, (said, patch) in enumerate(changes.items()):
        file = folder / f"tried_{number}.yaml"
        text = f"reform: tried_{number}\n{dated}changes: {{certification: {{star: {patch}}}}}\n"
        file.write_text(text, encoding="utf-8")
        found[said] = Variant.of_reform(read_reform(file))
    return found


@pytest.mark.unmeasured
class TestAgainstTheVerbs:
    """U8: simulating never changes a star. What it gives is what the verbs give, one draw and one year at a time."""

    CHANGES: ClassVar[dict[str, str]] = {
        "as it stands": "{}",
        "no renewal, awards, plaques, watch list": "{renewal: ~, awards: ~, plaques: ~, watch: ~}",
        "the listed are barred": "{watch: {starred: barred}}",
        "ties at the last places are out": "{watch: {ties: out, last: 5, leaving: {after: 2}}}",
        "last places of the year to date": "{watch: {rank_of: year_to_date}}",
        "plaques fall at once": "{plaques: {on_watch: at_once}}",
        "plaques are kept": "{plaques: {on_change: keep}}",
        "both": "{plaques: {on_change: keep, on_watch: at_once}, watch: {leaving: {after: 2}, starred: barred}}",
        "two years of holding": "{renewal: {years: 2, hold: this_or_higher, within: moved_cut}}",
        "a veto": "{vetoes: {fire: {column: fire, when: before}, flood: {column: flood, when: after, bars: gold}}}",
        "streets": "{group_by: street, rounding: ceiling}",
        "held until the score changes": "{hold_until_change: true}",
        "quotas of the scored": "{base: scored, ties: out}",
    }

    @pytest.fixture(scope="class")
    @staticmethod
    def world() -> World:
        names = [f"c{i:02}" for i in range(1, 21)]
        units = pl.DataFrame({"subject": names, "street": ["east", "west"] * 10})
        values = {name: value for name, value in ROUGH.items() if name not in ("communities", "seed")}
        return World.drawn(units=units, seed=4, flag_rate=0.2, **values)

    @pytest.fixture(scope="class")
    @staticmethod
    def changed(town: Profile, world: World, tmp_path_factory: pytest.TempPathFactory) -> Tried:
        """All at once, so that what one variant may take over from another is tried for every two of them."""
        variants = reformed(tmp_path_factory.mktemp("changed"), TestAgainstTheVerbs.CHANGES)
        every = [as_it_stands(), *variants.values()]
        return variants, simulate(town, world, first=2021, last=2024, draws=2, variants=every)

    @pytest.mark.parametrize("said", CHANGES)
    def test_every_year_is_what_the_verbs_give(self, town: Profile, world: World, changed: Tried, said: str) -> None:
        """Tiers, watch list, plaques and money are those of the same draw carried through by hand."""
        variants, done = changed
        hand = by_hand(town, world, variants[said], "star", {year: [str(year)] for year in range(2021, 2025)}, 1)
        agrees(done, variants[said].name, hand, 1)
        if said == "as it stands":
            agrees(done, "as_it_stands", hand, 1)

    LATER: ClassVar[dict[str, str]] = {
        "the upper tier goes": "{tiers: {gold: ~}, awards: {tiers: {gold: ~}}}",
        "the lower tier goes": "{tiers: {silver: ~}, awards: {tiers: {silver: ~}}, renewal: {hold: this_or_higher}}",
        "the upper tier goes, and only the same is held": (
            "{tiers: {gold: ~}, awards: {tiers: {gold: ~}}, renewal: {hold: same, within: moved_cut}}"
        ),
        "the upper tier goes, and plaques are kept": (
            "{tiers: {gold: ~}, awards: ~, plaques: {on_change: keep, on_watch: at_once}}"
        ),
        "a tier is new": "{tiers: {bronze: {order: 3, share: 70%}}, awards: {tiers: {bronze: {amount: 20}}}}",
        "plaques fall at once": "{plaques: {on_watch: at_once}}",
        "plaques are kept": "{plaques: {on_change: keep}}",
        "no more plaques": "{plaques: ~}",
        "two years of holding": "{renewal: {years: 2, hold: this_or_higher}}",
        "the listed are barred": "{watch: {starred: barred}}",
        "streets": "{group_by: street, least_group: 5}",
        "streets, and progress in rank": "{group_by: street, awards: {progress: {by: rank, at_least: 1}}}",
        "held until the score changes": "{hold_until_change: true}",
    }

    @pytest.fixture(scope="class")
    @staticmethod
    def later(town: Profile, world: World, tmp_path_factory: pytest.TempPathFactory) -> Tried:
        variants = reformed(tmp_path_factory.mktemp("later"), TestAgainstTheVerbs.LATER, start="2023")
        every = [as_it_stands(), *variants.values()]
        return variants, simulate(town, world, first=2021, last=2025, draws=2, variants=every)

    @pytest.mark.parametrize("said", LATER)
    def test_rules_that_change_on_the_way_are_carried_out_as_the_verbs_would(
        self, town: Profile, world: World, later: Tried, said: str
    ) -> None:
        """A reform that begins in 2023 meets the holders, list, plaques and results that earlier rules have left."""
        variants, done = later
        hand = by_hand(town, world, variants[said], "star", {year: [str(year)] for year in range(2021, 2026)}, 1)
        agrees(done, variants[said].name, hand, 1)

    def test_a_longer_wait_looks_back_on_years_before_it(self, town: Profile, reform: Callable[..., Reform]) -> None:
        """A watch list that asks for five years in a row from 2025 on takes the four years before into account."""
        world = World.drawn(**SMALL, correlation=0.99)
        later = Variant.of_reform(reform("{certification: {star: {watch: {periods: 5, last: 9}}}}", start="2025"))
        done = simulate(town, world, first=2021, last=2026, draws=2, variants=[later])
        agrees(done, later.name, by_hand(town, world, later, "star", {y: [str(y)] for y in range(2021, 2027)}, 1), 1)
        assert done.counts[later.name, 2025, "came_onto_watch"].sum() > 0

    def test_who_is_certified_hangs_on_nothing_that_is_only_counted(
        self, town: Profile, world: World, reform: Callable[..., Reform]
    ) -> None:
        """Where the listed are barred from 2023 on, those listed before are, whether plaques and money count or not."""
        barred = Variant.of_reform(reform("{certification: {star: {watch: {starred: barred}}}}", start="2023"))
        run = {"first": 2021, "last": 2024, "draws": 4}
        counted, only = (attempt(town, world, [barred], aftermath=aftermath, **run)[0] for aftermath in (True, False))
        assert all(counted.certified(barred.name, y).equals(only.certified(barred.name, y)) for y in range(2021, 2025))

    GIVEN: ClassVar[dict[str, str]] = {
        "as it stands": "{}",
        "plaques fall at once": "{plaques: {on_watch: at_once}, watch: {periods: 1}}",
        "plaques are kept": "{plaques: {on_change: keep}}",
        "both": "{plaques: {on_change: keep, on_watch: at_once}, watch: {periods: 1}}",
        "two years of holding": "{renewal: {years: 2, hold: same}}",
        "streets": "{group_by: street, least_group: 5}",
    }

    @pytest.mark.parametrize("changes", GIVEN.values(), ids=GIVEN)
    def test_what_holders_handed_over_have_is_where_the_verbs_begin(
        self, town: Profile, world: World, reform: Callable[..., Reform], changes: str
    ) -> None:
        """The plaques of holders handed over hang from the first day on, that of a tier which is no more as well."""
        held = [*[(f"c{i:02}", 2022, "gold") for i in range(1, 9)], *[(f"c{i:02}", 2022, "silver") for i in (9, 10)]]
        held += [("c11", 2022, "platinum"), *[(f"c{i:02}", 2021, "gold") for i in range(5, 20)]]
        given = pl.DataFrame(held, schema=["subject", "year", "tier"], orient="row")
        variant = (
            as_it_stands() if changes == "{}" else Variant.of_reform(reform(f"{{certification: {{star: {changes}}}}}"))
        )
        done = simulate(town, world, first=2023, last=2025, draws=2, variants=[variant], holders=given)
        hand = by_hand(town, world, variant, "star", {year: [str(year)] for year in range(2023, 2026)}, 1, given)
        agrees(done, variant.name, hand, 1)

    def test_plaques_that_are_new_hang_on_nobody_before(self, town: Profile, world: World, tmp_path: Path) -> None:
        """Where plaques begin in 2023, all who are certified then get one, holders of 2022 too."""
        file = tmp_path / "none.yaml"
        file.write_text("reform: none\nuntil: 2022\nchanges: {certification: {star: {plaques: ~}}}\n", encoding="utf-8")
        variant = Variant.of_reform(read_reform(file))
        done = simulate(town, world, first=2021, last=2024, draws=2, variants=[variant])
        agrees(done, "none", by_hand(town, world, variant, "star", {y: [str(y)] for y in range(2021, 2025)}, 1), 1)
        assert (done.counts["none", 2023, "plaques_hung"] == done.counts["none", 2023, "plaques_hanging"]).all()

    def test_quarters_make_years_and_explanations_say_how(self, shijingshan: Profile) -> None:
        """In Shijingshan too, with quarters and a first year that is not wholly in force, the verbs agree; and the
        explanation of a subject of a draw, from that draw's facts, ends at the tier that it was given."""
        world = World.drawn(**SMALL)
        done = simulate(shijingshan, world, last=2023, draws=2)
        years = {2021: ["2021Q3", "2021Q4"], **{year: [f"{year}Q{n}" for n in (1, 2, 3, 4)] for year in (2022, 2023)}}
        hand = by_hand(shijingshan, world, as_it_stands(), "quality_star", years, 1)
        agrees(done, "as_it_stands", hand, 1)
        rule = shijingshan.at(2023).certification["quality_star"]
        for subject, tier in list(tiers_of(done, "as_it_stands", 2023, 1).items())[::4]:
            said = explain(rule, hand[2023].scores, hand[2023].holders, year=2023, subject=subject)
            assert said.value == tier

    def test_years_that_begin_in_july_and_an_index_that_changes_within_one(
        self, shijingshan: Profile, reform: Callable[..., Reform]
    ) -> None:
        """A year from July to June, ranks of the year to date, and weights that change in January within it."""
        later = reform(
            "{index: {quality_community: {indicators: {service: {weight: 1/10}, safety: {weight: 3/10}}}}}",
            start="2022",
        )
        july = {"certification_year": "third_to_second", "watch_rank": "year_to_date"}
        variant = Variant("july", later.title, (later,), july)
        world = World.drawn(**SMALL)
        done = simulate(shijingshan, world, first=2022, last=2022, draws=2, variants=[variant])
        years = {2022: ["2021Q3", "2021Q4", "2022Q1", "2022Q2"]}
        agrees(done, "july", by_hand(shijingshan, world, variant, "quality_star", years, 1), 1)

    def test_full_marks_that_change_within_a_year_are_refused_or_rescaled(
        self, shijingshan: Profile, reform: Callable[..., Reform]
    ) -> None:
        """A year of 100 and of 200 points is an error, unless the reading taken rescales it."""
        later = reform("{index: {quality_community: {maximum: 200}}}", start="2022Q3")
        strict = Variant("strict", later.title, (later,))
        rescaled = Variant("rescaled", later.title, (later,), {"amended_year": "rescaled"})
        done, errors = attempt(
            shijingshan, World.drawn(**SMALL), [as_it_stands(), strict, rescaled], first=2022, last=2022, draws=1
        )
        assert list(errors) == ["strict"]
        assert "different-maxima" in str(errors["strict"])
        assert done.moves.is_empty()


class TestSeeds:
    def test_the_same_seed_gives_the_same_results(self, town: Profile) -> None:
        """U1: every frame of two runs of one seed is the same, and another seed's are not."""
        one, again, other = (simulate(town, World.drawn(communities=20, seed=s), draws=6, last=2023) for s in (4, 4, 5))
        assert same(one, again)
        assert not same(one, other)

    def test_more_draws_and_years_change_nothing_earlier(self, town: Profile) -> None:
        """U1: who is certified in a draw and a year does not depend on how many follow."""
        short = simulate(town, World.drawn(**ROUGH), draws=3, last=2022)
        long = simulate(town, World.drawn(**ROUGH), draws=5, last=2024)
        for year in (2021, 2022):
            few = short.certified("as_it_stands", year)
            assert long.certified("as_it_stands", year).head(few.height).equals(few)

    def test_how_many_periods_are_scored_at_once_changes_nothing(
        self, shijingshan: Profile, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A year scored at once and a year scored quarter by quarter give the same."""
        at_once = simulate(shijingshan, World.drawn(**SMALL), draws=2, last=2022)
        monkeypatch.setattr("communitygov.simulation.stages._ROWS", 1)
        assert same(at_once, simulate(shijingshan, World.drawn(**SMALL), draws=2, last=2022))

    def test_without_any_error_every_interval_is_a_point(self, town: Profile) -> None:
        """U2: where communities are drawn once and nothing is measured wrong, 5%, mean and 95% are one."""
        still = {"answer_spread": 0, "visit_error": 0, "document_error": 0}
        done = simulate(town, World.drawn(latent="once", **SMALL, **still), draws=5, last=2024)
        for name in ("stars", "tiers", "quantities", "truly_top"):
            frame = getattr(done, name)
            assert frame["low"].equals(frame["high"].alias("low"))
            assert (frame["mean"] - frame["low"]).abs().max() < 1e-12
        assert set(done.expectations["probability"]) <= {0.0, 1.0}

    def test_more_answers_find_the_true_best_no_less_often(self, shijingshan: Profile) -> None:
        """U3: four times the answers leave fewer of the top tier there by luck."""
        few, many = (
            simulate(shijingshan, World.drawn(seed=4, answers=answers), draws=12, last=2022) for answers in (10, 160)
        )
        assert many.truly_top["mean"].mean() > few.truly_top["mean"].mean()

    def test_the_number_of_threads_changes_nothing(self) -> None:
        """One thread or several, the results are the same to the last digit."""
        code = (
            "import sys; from communitygov.profile.reading import read_profile\n"
            "from communitygov.simulation.run import simulate; from communitygov.simulation.worlds import World\n"
            "done = simulate(read_profile(sys.argv[1]), World.drawn(seed=4), draws=40, last=2022)\n"
            f"print([getattr(done, name).write_json() for name in {FRAMES}])"
        )
        folder = os.path.join(os.path.dirname(__file__), "town")
        outputs = set()
        for threads in ("1", "2"):
            environment = {**os.environ, "POLARS_MAX_THREADS": threads}
            run = [sys.executable, "-c", code, folder]
            done = subprocess.run(run, env=environment, capture_output=True, text=True, check=True)
            outputs.add(done.stdout)
        assert len(outputs) == 1


class TestVariants:
    def test_an_empty_reform_changes_nothing(self, town: Profile, reform: Callable[..., Reform]) -> None:
        """L1: a reform without changes has the same digests and moves nobody."""
        variants = [as_it_stands(), Variant.of_reform(reform("{}"))]
        done = simulate(town, World.drawn(**ROUGH), draws=4, last=2023, variants=variants)
        assert done.moves.is_empty()
        assert done.digests["tried"] == done.digests["as_it_stands"]
        halves = [done.stars.filter(pl.col("variant") == name).drop("variant") for name in done.digests]
        assert halves[0].equals(halves[1])

    def test_a_reform_from_a_year_on_changes_nothing_before(self, town: Profile, reform: Callable[..., Reform]) -> None:
        """A dated reform moves people from its first year on, and its digest differs from then on."""
        later = Variant.of_reform(reform("{certification: {star: {tiers: {silver: {share: 30%}}}}}", start="2023"))
        done = simulate(town, World.drawn(**ROUGH), draws=4, last=2024, variants=[as_it_stands(), later])
        assert sorted(set(done.moves["year"])) == [2023, 2024]
        differs = [
            year for year in range(2021, 2025) if done.digests["tried"][year] != done.digests["as_it_stands"][year]
        ]
        assert differs == [2023, 2024]

    def test_a_tier_that_is_dropped_later_is_given_to_nobody_and_its_plaques_come_down(
        self, town: Profile, reform: Callable[..., Reform]
    ) -> None:
        """Where a reform drops gold from 2023 on, there is silver only, and whoever had gold has its plaque changed."""
        dropped = "{tiers: {gold: ~}, awards: {tiers: {gold: ~}}, renewal: {hold: this_or_higher}}"
        variant = Variant.of_reform(reform(f"{{certification: {{star: {dropped}}}}}", start="2023"))
        done = simulate(town, World.drawn(**SMALL), draws=2, last=2023, variants=[variant])
        was, now = (done.certified("tried", year).sort("draw", "subject") for year in (2022, 2023))
        assert set(now["tier"].drop_nulls()) == {"silver"}
        assert done.tiers.filter(pl.col("year") == 2023)["tier"].to_list() == ["silver"]
        gold = (was["tier"] == "gold").fill_null(False)
        silver = (was["tier"] == "silver").fill_null(False)
        assert done.counts["tried", 2023, "plaques_hanging"].sum() == now["tier"].count()
        came_down = gold | (silver & now["tier"].is_null())
        assert done.counts["tried", 2023, "plaques_taken_down"].sum() == came_down.sum()

    def test_a_new_tier_has_its_place_in_the_tables(self, town: Profile, reform: Callable[..., Reform]) -> None:
        """A reform may add a tier; who falls into it from none gains."""
        bronze = Variant.of_reform(reform("{certification: {star: {tiers: {bronze: {order: 3, share: 70%}}}}}"))
        done = simulate(town, World.drawn(**SMALL), draws=2, last=2021, variants=[as_it_stands(), bronze])
        assert done.moves.select("before", "after", "change").rows() == [(None, "bronze", "gains")]
        assert done.moves["total"].item() >= 2 * (14 - 10)
        assert done.tiers.filter(pl.col("tier") == "bronze")["variant"].to_list() == ["tried"]

    def test_weights_change_scores_but_not_the_facts(self, town: Profile, reform: Callable[..., Reform]) -> None:
        """Where only weights differ, both variants meet the same raw values."""
        changes = "{index: {town: {indicators: {care: {weight: 40, indicators: {satisfaction: {weight: 20}}}, "
        changes += "order: {weight: 60, indicators: {files: {weight: 60}}}}}}}"
        variant = Variant.of_reform(reform(changes))
        world = World.drawn(**ROUGH)
        done = simulate(town, world, draws=3, last=2023, variants=[as_it_stands(), variant])
        agrees(
            done,
            "tried",
            by_hand(town, world, variant, "star", {year: [str(year)] for year in (2021, 2022, 2023)}, 1),
            1,
        )
        assert not done.moves.is_empty()

    def test_remediation_helps_those_on_the_list(self, town: Profile, reform: Callable[..., Reform]) -> None:
        """With an effect of remediation, worlds differ between variants whose watch lists do."""
        nobody = Variant.of_reform(reform("{certification: {star: {watch: ~}}}"))
        variants = [as_it_stands(), nobody]
        helped = simulate(town, World.drawn(**SMALL, remediation=30), draws=8, last=2025, variants=variants)
        idle = simulate(town, World.drawn(**SMALL), draws=8, last=2025, variants=variants)
        assert idle.moves.is_empty()
        assert not helped.moves.is_empty()
        watched = pl.col("quantity") == "watched", pl.col("variant") == "as_it_stands", pl.col("year") == 2025
        assert helped.quantities.filter(*watched)["total"].sum() != idle.quantities.filter(*watched)["total"].sum()

    def test_variants_need_names_of_their_own(self, town: Profile) -> None:
        """Two variants of one name could not be told apart in the tables."""
        with pytest.raises(UsageError, match="variants that share a name: as_it_stands"):
            simulate(town, World.drawn(**SMALL), variants=[as_it_stands(), as_it_stands()])

    @pytest.mark.parametrize(
        ("question", "reading", "said"),
        [("roundin", "up", "did you mean `rounding`"), ("rounding", "upp", "did you mean `up`")],
    )
    def test_a_reading_that_is_not_there_is_named(self, town: Profile, question: str, reading: str, said: str) -> None:
        """A misspelt question or reading gets a hint."""
        with pytest.raises(UsageError, match=said):
            Variant.of_reading(town, question, reading)

    def test_a_reading_is_called_by_its_own_words(self, town: Profile) -> None:
        """A variant's title is the question with the reading's name, or its id where it has none."""
        assert Variant.of_reading(town, "rounding", "down").title.en == "How is a quota rounded? down"
        assert Variant.of_reading(town, "rounding", "up").title.en == "How is a quota rounded? up"


class TestYears:
    def test_before_the_first_full_year_nobody_is_certified(self, shijingshan: Profile) -> None:
        """2021 has two quarters only, so there are no stars, no money, and the first stars are those of 2022."""
        done = simulate(shijingshan, World.drawn(**SMALL), first=2021, last=2022, draws=2)
        assert done.stars["certified"].to_list()[0] == 0
        assert done.stars["certified"].to_list()[1] > 0
        money = done.quantities.filter(pl.col("quantity") == "award_money")["total"].to_list()
        assert money[0] == 0
        assert money[1] > 0
        assert simulate(shijingshan, World.drawn(**SMALL), last=2022, draws=1).first == 2022

    def test_before_the_first_full_year_groups_are_not_asked_for(
        self, shijingshan: Profile, reform: Callable[..., Reform]
    ) -> None:
        """With groups too, the year of two quarters rewards nobody, and later ones reward as the verbs do."""
        apart = Variant.of_reform(reform("{certification: {quality_star: {group_by: street}}}"))
        names = [f"c{i:02}" for i in range(1, 41)]
        world = World.drawn(units=pl.DataFrame({"subject": names, "street": ["east", "west"] * 20}), seed=4)
        done = simulate(shijingshan, world, last=2023, draws=2, variants=[apart])
        years = {2021: ["2021Q3", "2021Q4"], **{year: [f"{year}Q{n}" for n in (1, 2, 3, 4)] for year in (2022, 2023)}}
        agrees(done, "tried", by_hand(shijingshan, world, apart, "quality_star", years, 1), 1)
        assert done.counts["tried", 2021, "award_money"].tolist() == [0, 0]

    def test_years_before_the_first_shown_are_lived_through(self, town: Profile) -> None:
        """A simulation shown from 2024 has the holders that 2021 to 2023 left it."""
        whole = simulate(town, World.drawn(**ROUGH), last=2025, draws=3)
        late = simulate(town, World.drawn(**ROUGH), first=2024, last=2025, draws=3)
        assert late.stars.equals(whole.stars.filter(pl.col("year") >= 2024))

    def test_holders_that_are_handed_over_are_where_it_begins(self, town: Profile) -> None:
        """With the real holders of earlier years, the first year's renewals and moves up follow from them."""
        names = [f"c{i:02}" for i in range(1, 21)]
        world = World.drawn(**ROUGH)
        everybody = pl.DataFrame({"subject": names, "year": [2023] * 20, "tier": ["silver"] * 20})
        plain = simulate(town, world, first=2024, last=2024, draws=3, holders=everybody.head(0))
        full = simulate(town, world, first=2024, last=2024, draws=3, holders=everybody)
        assert plain.stars["certified"].item() == 30
        assert full.stars["certified"].item() > 30
        assert full.digests["as_it_stands"].keys() == {2024}

    @pytest.mark.parametrize(
        ("years", "error", "said"),
        [
            ({"first": 2020}, NotInForce, "not in 2020; the first year is 2021"),
            ({"first": 2024, "last": 2023}, UsageError, "the last year 2023 is before the first, 2024"),
        ],
    )
    def test_years_that_do_not_fit_are_refused(
        self, town: Profile, years: dict[str, int], error: type[CommunityGovError], said: str
    ) -> None:
        """Before the rules are in force there is nothing to simulate."""
        with pytest.raises(error, match=said):
            simulate(town, World.drawn(**SMALL), draws=1, **years)

    def test_a_variant_whose_years_begin_later_is_refused_before_them(self, shijingshan: Profile) -> None:
        """By years from July, none has ended by 2021: there is nothing of it to show."""
        july = Variant.of_reading(shijingshan, "certification_year", "third_to_second")
        with pytest.raises(NotInForce, match="after the year 2021 ends"):
            simulate(shijingshan, World.drawn(**SMALL), first=2021, last=2021, variants=[as_it_stands(), july])

    def test_a_certification_that_a_reform_ends_is_simulated_until_then(
        self, town: Profile, reform: Callable[..., Reform]
    ) -> None:
        """Where a reform removes the certification from 2023 on, there are results up to 2022 and none later."""
        gone = Variant.of_reform(reform("{certification: ~}", start="2023"))
        assert simulate(town, World.drawn(**SMALL), draws=1, last=2022, variants=[gone]).stars.height == 2
        with pytest.raises(NotInForce, match="no certification `star` from 2023-01-01 on"):
            simulate(town, World.drawn(**SMALL), draws=1, last=2023, variants=[gone])

    def test_those_on_a_watch_list_are_not_barred_without_one(
        self, town: Profile, reform: Callable[..., Reform]
    ) -> None:
        """A veto of those on the watch list in a year that has no list cannot be carried out, and that is said."""
        veto = "{certification: {star: {watch: ~, vetoes: {listed: {column: on_watch, when: before}}}}}"
        with pytest.raises(DataError, match="the rules of 2022 bar by `on_watch` and have no watch list"):
            simulate(
                town, World.drawn(**SMALL), draws=1, last=2022, variants=[Variant.of_reform(reform(veto, start="2022"))]
            )

    @pytest.mark.parametrize("draws", [0, -3, 2.5, True])
    def test_draws_are_counted(self, town: Profile, draws: Any) -> None:
        """A number of draws that is none is refused."""
        with pytest.raises(UsageError, match="draws must be a whole number of 1 or more"):
            simulate(town, World.drawn(**SMALL), draws=draws)

    @pytest.mark.parametrize(
        ("rows", "said"),
        [
            ([("zz", 2023, "gold")], "the units lack 1 subjects of the holders: zz"),
            ([("c01", 2023, "gold"), ("c01", 2023, "silver")], "the row is repeated; 2 rows: c01 2023"),
            ([("c01", None, "gold")], "column `year`: the value is missing; 1 row: c01"),
            ([("c01", 2023, None)], "column `tier`: the value is missing; 1 row: c01 2023"),
            ([("c01", 2024, "gold")], "not before the first year simulated, 2024; 1 row: c01 2024"),
            ([("c01", 2023, "Gold")], r"no such tier; known here: `gold`, `silver`; 1 row: c01 2023 \(Gold\)"),
        ],
    )
    def test_holders_that_do_not_fit_are_named(self, town: Profile, rows: list[Any], said: str) -> None:
        """Nobody holds two tiers in a year, a tier without a name or year, one of a year to come, or is no unit."""
        held = pl.DataFrame(rows, schema={"subject": pl.String, "year": pl.Int64, "tier": pl.String}, orient="row")
        with pytest.raises(DataError, match=said):
            simulate(town, World.drawn(**SMALL), first=2024, last=2024, draws=1, holders=held)

    def test_holders_without_a_year_or_frame_are_refused(self, town: Profile) -> None:
        """A frame that lacks the year, and what is no frame, are said to be so."""
        world, run = World.drawn(**SMALL), {"first": 2024, "last": 2024, "draws": 1}
        with pytest.raises(DataError, match="holders has no column `year`"):
            simulate(town, world, holders=pl.DataFrame({"subject": ["c01"], "tier": ["gold"]}), **run)
        with pytest.raises(DataError, match="list is no frame"):
            simulate(town, world, holders=["c01"], **run)

    @pytest.mark.parametrize("kind", ["to_pandas", "to_arrow", "lazy"])
    def test_holders_of_any_kind_of_frame_are_the_same(self, town: Profile, kind: str) -> None:
        """What holders say does not hang on who made the frame."""
        held = pl.DataFrame({"subject": ["c01", "c02"], "year": [2023, 2022], "tier": ["gold", "silver"]})
        one, other = (
            simulate(town, World.drawn(**SMALL), first=2024, last=2025, draws=2, holders=holders)
            for holders in (held, getattr(held, kind)())
        )
        assert same(one, other)

    @pytest.mark.parametrize(
        ("streets", "said"),
        [
            ({}, "units has no column `street`"),
            ({"street": ["east", None] * 10}, "column `street`: the value is missing; 10 rows: c02, c04"),
            ({"street": [1, 2] * 10}, "column `street` must hold text"),
        ],
    )
    def test_a_rule_that_groups_needs_the_groups(
        self, town: Profile, reform: Callable[..., Reform], streets: dict[str, list[Any]], said: str
    ) -> None:
        """Nobody is ranked in a group that is missing, also where the rule groups only from a later year on."""
        units = pl.DataFrame({"subject": [f"c{i:02}" for i in range(1, 21)], **streets})
        later = Variant.of_reform(reform("{certification: {star: {group_by: street}}}", start="2023"))
        with pytest.raises(DataError, match=said):
            simulate(town, World.drawn(units=units, seed=4), draws=1, last=2023, variants=[later])
        done, errors = attempt(town, World.drawn(units=units, seed=4), [as_it_stands(), later], draws=1, last=2023)
        assert (list(errors), done.stars.height) == ([later.name], 3)

    def test_a_year_not_wholly_in_force_has_the_groups_too(
        self, shijingshan: Profile, reform: Callable[..., Reform]
    ) -> None:
        """Progress within streets is rewarded in years after one that certified nobody."""
        grouped = "{certification: {quality_star: {group_by: street, least_group: 5}}}"
        units = pl.DataFrame({"subject": [f"c{i:02}" for i in range(1, 21)], "street": ["east", "west"] * 10})
        variant = Variant.of_reform(reform(grouped))
        world = World.drawn(units=units, seed=4)
        done = simulate(shijingshan, world, last=2023, draws=2, variants=[variant])
        years = {2021: ["2021Q3", "2021Q4"], **{year: [f"{year}Q{n}" for n in (1, 2, 3, 4)] for year in (2022, 2023)}}
        agrees(done, variant.name, by_hand(shijingshan, world, variant, "quality_star", years, 1), 1)

    def test_a_world_too_small_for_a_watch_list_is_counted_right(self, shijingshan: Profile) -> None:
        """Of 19 communities there are no ten last, and the message says how many there are."""
        with pytest.raises(DataError, match="has 19 ranked subjects, fewer than twice the last 10"):
            simulate(shijingshan, World.drawn(communities=19), draws=2, last=2022)

    def test_progress_is_told(self, town: Profile) -> None:
        """After each period the caller hears how many are done."""
        heard: list[tuple[int, int]] = []
        simulate(town, World.drawn(**SMALL), draws=1, last=2023, progress=lambda *told: heard.append(told))
        assert heard == [(1, 3), (2, 3), (3, 3)]


class TestCertifications:
    def test_one_of_several_must_be_named(self, town: Profile, reform: Callable[..., Reform], tmp_path: Any) -> None:
        """A profile with two certifications needs to be told which; a wrong name gets a hint."""
        from communitygov.profile.reading import read_profile

        two = tmp_path / "two"
        two.mkdir()
        text = (
            (town.folder / "profile.yaml")
            .read_text(encoding="utf-8")
            .replace("certification:\n", "certification:\n" + _OTHER, 1)
        )
        (two / "profile.yaml").write_text(text, encoding="utf-8")
        profile = read_profile(two)
        with pytest.raises(UsageError, match="name one with certification=: other, star"):
            simulate(profile, World.drawn(**SMALL))
        with pytest.raises(UsageError, match="did you mean `star`"):
            simulate(profile, World.drawn(**SMALL), certification="stars")
        assert simulate(profile, World.drawn(**SMALL), certification="other", last=2021, draws=1).tiers[
            "tier"
        ].to_list() == ["best"]

    def test_without_any_there_is_nothing_to_simulate(self, town: Profile, tmp_path: Any) -> None:
        """A profile without a certification is refused."""
        from communitygov.profile.reading import read_profile

        none = tmp_path / "none"
        none.mkdir()
        text = (town.folder / "profile.yaml").read_text(encoding="utf-8")
        head, rest = text.split("certification:\n", 1)
        (none / "profile.yaml").write_text(head + rest[rest.index("measures:\n") :], encoding="utf-8")
        with pytest.raises(UsageError, match="town has no certification to simulate"):
            simulate(read_profile(none), World.drawn(**SMALL))


_OTHER = """  other:
    of: town
    decimals: 1
    year: {starts: 1, periods: 1, incomplete: refuse}
    base: all
    rounding: floor
    rounded: cumulative
    ties: in
    tiers:
      best: {order: 1, share: 10%}
"""


class TestRealData:
    def frame(self, town: Profile, years: range) -> pl.DataFrame:
        index = town.at(2022).index["town"]
        return draw(World.drawn(**SMALL), index, [Period.parse(str(year)) for year in years], 1).drop("draw")

    def test_real_data_is_simulated_once(self, town: Profile) -> None:
        """Real data give one draw, the years that they cover, and no truth."""
        data = self.frame(town, range(2022, 2025))
        done = simulate(town, World.from_frames(data))
        assert (done.first, done.last, done.draws, done.seed) == (2022, 2024, 1, None)
        assert done.truly_top.is_empty()
        assert done.parameters == ()
        drawn = simulate(town, World.drawn(**SMALL), first=2022, last=2024, draws=1, holders=_NOBODY)
        assert done.stars.equals(drawn.stars)

    VETO = "{certification: {star: {vetoes: {fire: {column: fire, when: before}}}}}"

    @pytest.mark.parametrize("kind", ["clone", "to_pandas", "to_arrow", "lazy"])
    def test_facts_bar_in_the_years_they_are_of(self, town: Profile, reform: Callable[..., Reform], kind: str) -> None:
        """Whoever had a fire in 2022 has no star that year, and may have one in the next."""
        data = self.frame(town, range(2021, 2024)).cast({"subject": pl.String})
        best = tiers_of(simulate(town, World.from_frames(data)), "as_it_stands", 2022, 0)
        gold = sorted(subject for subject, tier in best.items() if tier == "gold")
        facts = pl.DataFrame({"subject": gold, "year": [2022] * len(gold), "fire": [True] * len(gold)})
        world = World.from_frames(getattr(data, kind)(), facts=getattr(facts, kind)())
        done = simulate(town, world, variants=[Variant.of_reform(reform(self.VETO))])
        tiers = {year: tiers_of(done, "tried", year, 0) for year in (2021, 2022, 2023)}
        assert [tiers[2022][one] for one in gold] == [None] * len(gold)
        assert "gold" in tiers[2022].values()
        assert tiers[2021] == tiers_of(simulate(town, World.from_frames(data)), "as_it_stands", 2021, 0)

    @pytest.mark.parametrize(
        ("facts", "said"),
        [
            ({"subject": ["c01"], "year": [2022], "fier": [True]}, "facts has no column `fire`.*did you mean `fier`"),
            ({"subject": ["c01"], "year": [2022], "fire": ["yes"]}, "column `fire` must hold true or false"),
        ],
    )
    def test_facts_that_lack_what_a_rule_asks_for_are_refused(
        self, town: Profile, reform: Callable[..., Reform], facts: dict[str, list[Any]], said: str
    ) -> None:
        """A veto never goes by a column that is misspelt or of another kind."""
        world = World.from_frames(self.frame(town, range(2021, 2023)), facts=pl.DataFrame(facts))
        with pytest.raises(DataError, match=said):
            simulate(town, world, variants=[Variant.of_reform(reform(self.VETO))])
        assert simulate(town, world).stars.height == 2

    def test_a_year_that_the_data_begin_in_certifies_nobody(self, shijingshan: Profile) -> None:
        """Data that begin in the third quarter of 2022 have their first stars in 2023."""
        index = shijingshan.at(2022).index["quality_community"]
        quarters = [Period.parse("2022Q3").next(n) for n in range(6)]
        world = World.from_frames(draw(World.drawn(**SMALL), index, quarters, 1).drop("draw"))
        assert simulate(shijingshan, world).first == 2023
        both = simulate(shijingshan, world, first=2022, last=2023).stars
        assert both["certified"].to_list()[0] == 0

    def test_a_hole_in_the_data_is_named(self, town: Profile) -> None:
        """A year that the data lack is refused, by name."""
        data = self.frame(town, range(2021, 2025)).filter(pl.col("period") != "2022")
        with pytest.raises(DataError, match="no rows of 2022"):
            simulate(town, World.from_frames(data), first=2021, last=2024)

    def test_a_faulty_value_is_named(self, town: Profile) -> None:
        """Real data are checked as `score` checks them."""
        data = self.frame(town, range(2021, 2023)).with_columns(pl.col("complaints") + 500)
        with pytest.raises(DataError, match="above 200"):
            simulate(town, World.from_frames(data))

    def test_real_data_are_not_drawn_again(self, town: Profile) -> None:
        """There is only one of them."""
        with pytest.raises(UsageError, match="real data are one draw, not 7"):
            simulate(town, World.from_frames(self.frame(town, range(2021, 2023))), draws=7)

    def test_who_has_no_score_stays_in_the_base(self, town: Profile, reform: Callable[..., Reform]) -> None:
        """A community without a score is not certified, and still one of those that quotas are a share of."""
        skip = "{index: {town: {missing: not_scored}}, certification: {star: {year: {incomplete: skip}}}}"
        data = self.frame(town, range(2021, 2022)).with_columns(
            pl.when(pl.col("subject") == "c01").then(None).otherwise(pl.col("files")).alias("files")
        )
        done = simulate(town, World.from_frames(data), variants=[Variant.of_reform(reform(skip))])
        assert done.certified("tried", 2021)["tier"].null_count() == 10
        assert tiers_of(done, "tried", 2021, 0)["c01"] is None


_NOBODY = pl.DataFrame(schema={"subject": pl.String, "year": pl.Int64, "tier": pl.String})


class TestErrors:
    def test_a_reform_that_breaks_a_rule_is_refused(self, town: Profile, reform: Callable[..., Reform]) -> None:
        """A variant whose cuts are not nested is an error, shown where it stands in the reform."""
        bad = Variant.of_reform(reform("{certification: {star: {tiers: {silver: {share: 10%}}}}}"))
        with pytest.raises(DocumentError, match=r"tried\.yaml"):
            simulate(town, World.drawn(**SMALL), variants=[as_it_stands(), bad])

    def test_where_asked_the_others_are_carried_out(self, town: Profile, reform: Callable[..., Reform]) -> None:
        """`attempt` gives the results of those that hold, and the errors of the others by name."""
        bad = Variant.of_reform(reform("{certification: {star: {tiers: {silver: {share: 10%}}}}}"))
        done, errors = attempt(town, World.drawn(**SMALL), [as_it_stands(), bad], last=2021, draws=1)
        assert list(errors) == ["tried"]
        assert [one.name for one in done.variants] == ["as_it_stands"]
        with pytest.raises(DocumentError):
            attempt(town, World.drawn(**SMALL), [bad, as_it_stands()], last=2021, draws=1)

    def test_an_error_on_the_way_stops_its_variant_only(self, town: Profile, reform: Callable[..., Reform]) -> None:
        """A list of more last places than half of the subjects is refused when it is first made."""
        bad = Variant.of_reform(reform("{certification: {star: {watch: {last: 11}}}}"))
        done, errors = attempt(town, World.drawn(**SMALL), [as_it_stands(), bad], last=2022, draws=1)
        assert list(errors) == ["tried"]
        assert done.stars.height == 2
        with pytest.raises(DataError):
            attempt(town, World.drawn(**SMALL), [bad], last=2022, draws=1)


class TestResults:
    @pytest.fixture(scope="class")
    @staticmethod
    def done(town: Profile) -> Simulation:
        names = [f"c{i:02}" for i in range(1, 21)]
        units = pl.DataFrame({"subject": names, "street": ["east", "west"] * 10})
        return simulate(town, World.drawn(units=units, seed=4), draws=4, last=2024, undated=True)

    def test_tiers_add_up_to_stars(self, done: Simulation) -> None:
        """The certified are those of all tiers together, in every year."""
        sums = done.tiers.group_by("variant", "year").agg(pl.col("total").sum()).sort("year")
        assert sums["total"].to_list() == done.stars["certified"].to_list()

    def test_the_low_is_no_more_than_the_mean_and_the_mean_no_more_than_the_high(self, done: Simulation) -> None:
        """Of few draws the 5% is the least and the 95% the greatest, so the mean lies between."""
        for name in ("stars", "tiers", "quantities", "truly_top"):
            frame = getattr(done, name)
            assert (frame["low"] <= frame["mean"] + 1e-12).all()
            assert (frame["mean"] <= frame["high"] + 1e-12).all()

    def test_expectations_are_judged_by_kind(self, done: Simulation) -> None:
        """A target at its date or in the last year, a standard in all years, a trend over the run, groups all."""
        judged = {row["expectation"]: row for row in done.expectations.to_dicts()}
        assert judged.keys() == {"half_are_stars", "someone_is", "order_rises", "never_all", "each_street"}
        assert judged["half_are_stars"]["by"] == "2024"
        assert judged["half_are_stars"]["probability"] == 1
        assert judged["someone_is"]["probability"] == 1
        assert judged["never_all"]["kind"] == "standard"
        assert judged["each_street"]["met"] + judged["each_street"]["broken"] == 4
        worst = {draw for draw in range(4) if any(
            None not in tiers_of(done, "as_it_stands", year, draw).values() for year in range(2021, 2025)
        )}  # fmt: skip
        assert judged["never_all"]["broken"] == len(worst)

    def test_what_cannot_be_judged_is_listed_with_the_reason(self, done: Simulation) -> None:
        """An expectation without a measure, or of rows that a simulation has not, is never silently left out."""
        assert set(done.unmeasured) == {"visited", "in_front"}
        assert done.unmeasured["visited"].en == "the simulation has no visits"

    def test_expectations_without_a_date_wait_to_be_asked_for(self, town: Profile) -> None:
        """By default only those with a date are judged; the others are listed."""
        short = simulate(town, World.drawn(**SMALL), draws=1, last=2022)
        assert short.expectations["expectation"].to_list() == ["half_are_stars"]
        assert {"someone_is", "order_rises", "never_all"} <= set(short.unmeasured)

    def test_a_date_beyond_the_years_simulated_is_undecided(self, town: Profile) -> None:
        """A target for 2024 is neither met nor missed by a simulation that ends in 2022."""
        short = simulate(town, World.drawn(**SMALL), draws=2, last=2022)
        assert short.expectations.select("met", "broken", "undetermined").row(0) == (0, 0, 2)
        assert short.probability("as_it_stands", "half_are_stars") is None

    def test_assumptions_and_open_questions_come_along(self, shijingshan: Profile, three_ways: Simulation) -> None:
        """Whatever the source does not say is listed beside the results: assumed values, questions, parameters."""
        assert {one.id for one in three_ways.questions} == set(shijingshan.at(2022).rules.interpretations)
        assert "index.quality_community.scale" in {one.path for one in three_ways.assumptions}
        assert all(one.because.zh and one.because.en for one in three_ways.assumptions)
        assert three_ways.seed == 11
        assert three_ways.software.startswith("numpy ")
        assert {one.name for one in three_ways.parameters} >= {"spread", "correlation", "answers"}

    def test_where_nobody_is_certified_nobody_is_truly_top(self, town: Profile, reform: Callable[..., Reform]) -> None:
        """Of a tier that nobody reaches there is no share of the truly best."""
        high = Variant.of_reform(reform("{certification: {star: {tiers: {gold: {threshold: 99}}}}}"))
        done = simulate(town, World.drawn(**SMALL), last=2021, draws=2, variants=[high])
        assert done.truly_top.filter(pl.col("tier") == "gold").select("certified", "mean").row(0) == (0, None)

    def test_every_quantity_is_counted_every_year(self, done: Simulation) -> None:
        """Watch list, plaques and money have a row each, every year."""
        assert done.quantities.height == 4 * len(QUANTITIES)

    @pytest.mark.parametrize(
        ("variant", "year", "said"),
        [("as_it_stand", 2021, "did you mean `as_it_stands`"), ("as_it_stands", 2030, "2021 to 2024 are")],
    )
    def test_results_that_are_not_there_are_named(self, done: Simulation, variant: str, year: int, said: str) -> None:
        """Asking for another variant or year says what there is."""
        with pytest.raises(UsageError, match=said):
            done.certified(variant, year)

    def test_an_expectation_that_is_not_there_is_named(self, done: Simulation) -> None:
        """Asking for the probability of an unknown expectation gets a hint."""
        with pytest.raises(UsageError, match="did you mean `half_are_stars`"):
            done.probability("as_it_stands", "half_are_star")
