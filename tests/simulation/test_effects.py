"""Effects: what each leaf of a reform does."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from communitygov.profile.profile import Profile, Reform
from communitygov.simulation.effects import Effects, effects
from communitygov.simulation.variants import Variant
from communitygov.simulation.worlds import World
from communitygov.vocabulary.errors import DocumentError, UsageError


class TestEffects:
    @pytest.fixture
    def of(self, town: Profile, reform: Callable[..., Reform]) -> Callable[..., Effects]:
        def take_apart(changes: str, **settings: Any) -> Effects:
            world = World.drawn(communities=20, seed=1)
            return effects(town, world, reform(changes), **{"draws": 3, "last": 2023, **settings})

        return take_apart

    def test_what_the_leaves_add_makes_up_the_whole(self, of: Callable[..., Effects]) -> None:
        """Averaged over all orders, the parts add up to what the reform does; alone they need not."""
        found = of("{certification: {star: {renewal: ~, rounding: ceiling, tiers: {silver: {share: 33%}}}}}")
        assert found.frame["averaged"].sum() == pytest.approx(float(found.after - found.before))
        assert found.frame["share"].sum() == pytest.approx(1)
        assert (found.orders, found.exact) == (6, True)
        assert found.frame["leaf"].to_list() == [
            "certification.star.renewal",
            "certification.star.rounding",
            "certification.star.tiers.silver.share",
        ]
        assert found.frame["before"].to_list() == ["{...}", "floor", "50%"]
        assert found.frame["after"].to_list() == [None, "ceiling", "33%"]

    def test_a_single_leaf_does_it_all(self, of: Callable[..., Effects]) -> None:
        """With one leaf, alone, averaged and whole are one."""
        found = of("{certification: {star: {tiers: {silver: {share: 80%}}}}}", last=2021)
        row = found.frame.row(0, named=True)
        assert row["alone"] == row["averaged"] == pytest.approx(0.3)
        assert row["share"] == 1
        assert (found.before, found.after) == (Fraction(1, 2), Fraction(4, 5))

    def test_a_leaf_without_effect_has_none(self, of: Callable[..., Effects]) -> None:
        """What touches no star does nothing, and where nothing does anything there is no share of it."""
        found = of("{certification: {star: {plaques: {on_change: keep}}}}")
        assert found.frame.select("alone", "averaged", "share").row(0) == (0, 0, None)

    def test_a_new_part_is_one_leaf(self, of: Callable[..., Effects]) -> None:
        """A tier that a reform adds cannot be taken apart."""
        found = of("{certification: {star: {tiers: {bronze: {order: 3, share: 70%}}, ties: out}}}")
        assert found.frame["leaf"].to_list() == ["certification.star.tiers.bronze", "certification.star.ties"]
        assert found.frame["before"].to_list() == [None, "in"]

    def test_a_dated_reform_is_taken_apart_as_of_its_first_day(
        self, town: Profile, reform: Callable[..., Reform]
    ) -> None:
        """What stood before is what stands on the day that the reform begins, another reform's new tier as well."""
        bronze = "{tiers: {bronze: {order: 3, share: 70%}}}"
        base = Variant.of_reform(reform(f"{{certification: {{star: {bronze}}}}}", name="bronze", start="2022"))
        more = reform("{certification: {star: {ties: out, tiers: {bronze: {at_most: 12}}}}}", start="2023")
        found = effects(town, World.drawn(communities=20, seed=1), more, variant=base, draws=2, last=2023)
        leaves = ["certification.star.ties", "certification.star.tiers.bronze.at_most"]
        assert found.frame.select("leaf", "before", "after").rows() == [
            (leaves[0], "in", "out"),
            (leaves[1], None, "12"),
        ]

    def test_leaves_that_need_each_other_are_not_torn_apart(self, of: Callable[..., Effects]) -> None:
        """Weights must add up, so neither can be changed alone: that is said, and nothing is shared out."""
        weights = "{care: {weight: 40, indicators: {satisfaction: {weight: 20}}}, order: {weight: 60, indicators: "
        weights += "{files: {weight: 60}}}}"
        found = of(f"{{index: {{town: {{indicators: {weights}}}}}}}", last=2022)
        assert found.frame["averaged"].null_count() == found.frame.height == 4
        assert all("weights-do-not-add-up" in error for error in found.frame["error"])
        assert "break a rule without the others" in found.statement.en

    def test_many_leaves_are_sampled_and_it_is_said(self, of: Callable[..., Effects]) -> None:
        """Of more than eight leaves, orders are drawn from a seed; the parts still add up to the whole."""
        changes = "{certification: {star: {base: scored, rounding: ceiling, ties: out, cap: 9, rounded: each, "
        changes += "renewal: {hold: same, years: 2, within: moved_cut}, tiers: {silver: {share: 45%}}}}}"
        found, again = (of(changes, orders=2, draws=1, last=2022) for _ in range(2))
        assert (found.orders, found.exact) == (2, False)
        assert found.frame["averaged"].sum() == pytest.approx(float(found.after - found.before))
        assert found.frame.equals(again.frame)
        assert "averaged over 2 sampled orders" in found.statement.en

    def test_sampled_leaves_that_need_each_other_are_not_torn_apart(self, of: Callable[..., Effects]) -> None:
        """If a sampled order passes through what breaks a rule, that leaf's part is left open."""
        weights = "{care: {weight: 40, indicators: {satisfaction: {weight: 20}}}, order: {weight: 60, indicators: "
        weights += "{files: {weight: 60}}}}"
        changes = f"{{index: {{town: {{indicators: {weights}}}}}, certification: {{star: {{base: scored, ties: out, "
        changes += "rounded: each, rounding: ceiling, cap: 9}}}"
        found = of(changes, orders=1, draws=1, last=2021)
        assert not found.exact
        assert found.frame["averaged"].null_count() > 0

    def test_the_effect_on_a_target(self, of: Callable[..., Effects]) -> None:
        """Instead of the share of stars, the probability of an expectation can be taken apart."""
        found = of("{certification: {star: {tiers: {silver: {share: 20%}}}}}", of="half_are_stars", last=2024)
        assert (found.of, found.before, found.after) == ("half_are_stars", 1, 0)
        with pytest.raises(UsageError, match="do not decide an expectation"):
            of("{certification: {star: {ties: out}}}", of="nothing")

    def test_a_reform_that_breaks_a_rule_is_refused(self, of: Callable[..., Effects]) -> None:
        """If the whole cannot stand, there is nothing to take apart."""
        with pytest.raises(DocumentError, match="cuts-not-nested"):
            of("{certification: {star: {tiers: {silver: {share: 10%}}}}}")

    def test_many_subsets_are_taken_in_rounds(
        self, of: Callable[..., Effects], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """How many are simulated side by side changes nothing."""
        changes = "{certification: {star: {rounding: ceiling, ties: out}}}"
        whole = of(changes, last=2022).frame
        monkeypatch.setattr("communitygov.simulation.effects._BATCH", 2)
        assert of(changes, last=2022).frame.equals(whole)
