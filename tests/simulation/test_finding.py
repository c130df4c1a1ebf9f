"""What the simulation of Shijingshan must show, in the mean over draws."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest

from communitygov.index.score import score
from communitygov.profile.profile import Profile, Reform
from communitygov.simulation.drawing import draw
from communitygov.simulation.results import Simulation
from communitygov.simulation.run import simulate
from communitygov.simulation.seek import seek
from communitygov.simulation.variants import Variant
from communitygov.simulation.worlds import World, read_units
from communitygov.vocabulary.period import Period

FOUR_STAR = "certification.quality_star.tiers.four_star.share"


def mean_shares(simulation: Simulation, variant: str) -> dict[int, float]:
    rows = simulation.stars.filter(pl.col("variant") == variant)
    return dict(zip(rows["year"], rows["mean"], strict=True))


class TestTheThreeVariants:
    def test_scores_hang_together_from_year_to_year(self, shijingshan: Profile) -> None:
        """The drawn world is one of those that the finding speaks of: yearly scores correlate by 0.5 and more."""
        index = shijingshan.at("2023Q1").index["quality_community"]
        quarters = [Period.parse("2023Q1").next(n) for n in range(8)]
        scores = score(index, draw(World.drawn(seed=11), index, quarters, 8), levels="root", by=("draw",))
        years = scores.group_by("draw", "subject", pl.col("period").str.head(4).alias("year")).agg(
            pl.col("score").sum()
        )
        wide = years.pivot(on="year", index=["draw", "subject"], values="score")
        assert wide.select(pl.corr("2023", "2024")).item() > 0.5

    def test_within_the_original_cut_the_share_of_stars_settles_above_one_half(self, three_ways: Simulation) -> None:
        """With holders bound to the original cut the share of stars settles between 50% and 60%."""
        shares = mean_shares(three_ways, "as_it_stands")
        assert all(0.5 < shares[year] < 0.6 for year in range(2025, 2031))

    def test_within_the_moved_cut_nearly_everybody_has_a_star_in_five_years(self, three_ways: Simulation) -> None:
        """Read literally, every holder makes room for another one, and within five years nearly all have a star."""
        shares = mean_shares(three_ways, "renewal_reach=moved_cut")
        assert shares[2026] > 0.97
        assert shares[2030] > 0.97

    def test_without_renewal_the_share_stays_at_three_in_ten(self, three_ways: Simulation) -> None:
        """Where everybody takes a place, the share of stars stays at 42 of 143, but for ties."""
        shares = mean_shares(three_ways, "no-renewal")
        assert all(42 / 143 <= share < 0.3 for share in shares.values())

    def test_the_target_is_met_with_renewal_and_missed_without(self, three_ways: Simulation) -> None:
        """Half of all communities are stars by 2025 under either reading of SJS-19, and never without renewal."""
        assert three_ways.probability("as_it_stands", "half_are_stars") == 1
        assert three_ways.probability("renewal_reach=moved_cut", "half_are_stars") == 1
        assert three_ways.probability("no-renewal", "half_are_stars") == 0

    def test_nobody_loses_by_the_moved_cut_and_nobody_gains_without_renewal(self, three_ways: Simulation) -> None:
        """The moved cut only raises tiers, the end of renewal only lowers them."""
        changes = {name: set(rows["change"]) for (name,), rows in three_ways.moves.group_by("variant")}
        assert changes == {"renewal_reach=moved_cut": {"gains"}, "no-renewal": {"loses"}}

    def test_moves_account_for_the_difference_in_stars(self, three_ways: Simulation) -> None:
        """Those who gain a first star, less those who lose their last, are what one variant has over the other."""
        moves = three_ways.moves.filter(pl.col("variant") == "no-renewal", pl.col("year") == 2027)
        gained = moves.filter(pl.col("before").is_null())["total"].sum()
        lost = moves.filter(pl.col("after").is_null())["total"].sum()
        stars = three_ways.stars.filter(pl.col("year") == 2027)
        totals = dict(zip(stars["variant"], stars["certified"], strict=True))
        assert totals["no-renewal"] - totals["as_it_stands"] == gained - lost

    def test_the_true_best_are_mostly_found(self, three_ways: Simulation) -> None:
        """With about 40 answers a community, most of the top tier are truly top, but not all."""
        top = three_ways.truly_top.filter(pl.col("tier") == "five_star", pl.col("variant") == "as_it_stands")
        assert 0.7 < top["truly"].sum() / top["certified"].sum() < 1


class TestGoalSeek:
    def test_without_renewal_half_are_stars_from_a_share_of_51_percent(
        self, shijingshan: Profile, no_renewal: Reform
    ) -> None:
        """72 of 143 are 50.3%, and rounded down no whole percentage below 51% gives 72 places."""
        found = seek(
            shijingshan,
            World.drawn(seed=3),
            leaf=FOUR_STAR,
            expectation="half_are_stars",
            low="47%",
            high="54%",
            step="1%",
            variant=Variant.of_reform(no_renewal),
            draws=2,
            last=2025,
        )
        assert found.value == Fraction(51, 100)
        assert found.monotone

    def test_the_published_share_is_enough_and_ten_points_less_is_not(self, shijingshan: Profile) -> None:
        """On a grid of tens the published 30% is the least share that meets the published target."""
        found = seek(
            shijingshan,
            World.drawn(seed=3),
            leaf=FOUR_STAR,
            expectation="half_are_stars",
            low="10%",
            high="40%",
            step="10%",
            draws=8,
            last=2025,
        )
        assert found.value == Fraction(3, 10)
        assert found.tried["value"].to_list() == ["10%", "20%", "30%", "40%"]


class TestRealUnits:
    @pytest.fixture
    def units(self, shared_data: Path) -> pl.DataFrame:
        return read_units(shared_data / "divisions" / "shijingshan_110107.csv")

    def test_the_district_had_149_communities_in_2016(self, units: pl.DataFrame) -> None:
        """The division data of 2016 name 149 communities, each with its street."""
        assert units.height == 149
        assert units["street"].null_count() == 0

    def test_the_first_batch_of_15_and_30_follows_from_149_rounded_half_up(
        self, shijingshan: Profile, units: pl.DataFrame
    ) -> None:
        """With the real units and quotas rounded half up, the first certification is of 15 and 30, as reported."""
        half_up = Variant.of_reading(shijingshan, "quota_rounding", "half_up")
        done = simulate(shijingshan, World.drawn(units=units, seed=1), variants=[half_up], last=2022, draws=9)
        assert done.subjects == 149
        assert dict(zip(done.tiers["tier"], done.tiers["low"], strict=True)) == {"five_star": 15, "four_star": 30}
