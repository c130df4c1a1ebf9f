"""Stars as Shijingshan gives them, and every other way a rule can say it: one sentence each."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import attrs
import duckdb
import narwhals as nw
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from communitygov.certification.certify import certify, certify_unchecked
from communitygov.certification.decide import places_of
from communitygov.certification.explain import explain
from communitygov.certification.phrases import REASONS
from communitygov.certification.rules import Certification, Renewal, Tier, Veto, Watch

Rule = Callable[..., Certification]


def by_name(rule: Certification, scores: Any, holders: Any = None) -> dict[str, tuple[str | None, str]]:
    """Tier and reason of each subject."""
    frame = certify(rule, scores, holders, year=2024).frame
    return {row["subject"]: (row["tier"], row["reason"]) for row in frame.iter_rows(named=True)}


def held(**tiers: str) -> pl.DataFrame:
    """Last year's holders."""
    schema = {"subject": pl.String, "year": pl.Int64, "tier": pl.String}
    return pl.DataFrame([(name, 2023, tier) for name, tier in tiers.items()], schema=schema, orient="row")


def points(**scores: int | None) -> pl.DataFrame:
    return pl.DataFrame(list(scores.items()), schema={"subject": pl.String, "score": pl.Int64}, orient="row")


def one_star(shijingshan: Rule, places: int, **changes: Any) -> Certification:
    """Shijingshan's rule with one tier of so many places."""
    return shijingshan(**({"tiers": {"star": Tier(order=1, number=places)}, "renewal": None} | changes))


def _decimals(values: list[Decimal]) -> pl.DataFrame:
    names = [str(i) for i in range(len(values))]
    return pl.DataFrame({"subject": names, "score": pl.Series(values, dtype=pl.Decimal(38, 6))})


EXACT: dict[str, Callable[[list[Decimal]], Any]] = {
    "polars": _decimals,
    "pandas": lambda values: _decimals(values).to_pandas(use_pyarrow_extension_array=True),
    "duckdb": lambda values: duckdb.from_arrow(_decimals(values).to_arrow()),
    "pyarrow": lambda values: _decimals(values).to_arrow(),
}
"""Frames of decimals, which hold every digit."""


class TestShijingshan:
    def test_of_143_communities_14_have_five_stars_and_28_have_four(self, shijingshan: Rule, best_first: Any) -> None:
        """10% and 30% of 143, cumulative, rounded down, are 14 and 42 places (SJS-17, SJS-18)."""
        result = certify(shijingshan(), best_first(143), year=2022)
        assert result.cuts["places"].to_list() == [14, 42]
        assert result.cuts["in_tier"].to_list() == [14, 28]
        assert result.frame.filter(pl.col("rank").is_in([14, 42])).select("subject", "tier").rows() == [
            ("c014", "five_star"),
            ("c042", "four_star"),
        ]

    @pytest.mark.parametrize(
        ("rounding", "rounded", "expected"),
        [
            ("floor", "cumulative", (14, 42)),
            ("half_up", "cumulative", (14, 43)),
            ("ceiling", "cumulative", (15, 43)),
            ("floor", "each", (14, 42)),
            ("half_up", "each", (14, 43)),
            ("ceiling", "each", (15, 44)),
        ],
    )
    def test_each_rounding_gives_143_its_places(
        self, shijingshan: Rule, best_first: Any, rounding: str, rounded: str, expected: tuple[int, int]
    ) -> None:
        """The shares of 143 are 14.3 and 42.9; each tier on its own, 14.3 and 28.6."""
        cuts = certify(shijingshan(rounding=rounding, rounded=rounded), best_first(143), year=2022).cuts
        assert expected == tuple(cuts["places"].to_list())

    @pytest.mark.parametrize(
        ("rounding", "rounded", "bases"),
        [
            ("floor", "cumulative", range(150, 154)),
            ("half_up", "cumulative", range(149, 152)),
            ("ceiling", "cumulative", range(147, 151)),
            ("floor", "each", range(150, 155)),
            ("half_up", "each", range(148, 153)),
            ("ceiling", "each", range(146, 151)),
        ],
    )
    def test_the_bases_that_give_the_published_first_batch(
        self, shijingshan: Rule, rounding: Any, rounded: Any, bases: range
    ) -> None:
        """15 and 30 were certified in 2022: no rounding gives them for 143; these bases do, and no others."""
        rule = shijingshan(rounding=rounding, rounded=rounded)
        assert list(bases) == [base for base in range(300) if places_of(rule, base) == [15, 45]]

    def test_holders_within_the_original_cut_take_no_place(self, shijingshan: Rule, best_first: Any) -> None:
        """The best five hold five stars: they are renewed, and the next five in rank move up (SJS-19)."""
        result = certify(
            shijingshan(), best_first(143), held(**{f"c00{n}": "five_star" for n in range(1, 6)}), year=2024
        )
        five = result.frame.filter(pl.col("tier") == "five_star")
        assert [f"c{n:03}" for n in range(1, 20)] == five["subject"].to_list()
        assert five["reason"].to_list() == ["renewed"] * 5 + ["in_quota"] * 9 + ["moved_up"] * 5
        assert [five["effective_rank"].max(), result.frame["tier"].count()] == [14, 47]

    def test_the_published_communities_by_name(self, shijingshan: Rule, shared_data: Path) -> None:
        """The 149 communities of the divisions of 2016: 14 and 44 places by the cumulative floor."""
        names = pl.read_csv(shared_data / "divisions" / "shijingshan_110107.csv", infer_schema=False)
        column = next(name for name in names.columns if names[name].n_unique() == names.height)
        scores = (
            names.select(subject=pl.col(column)).with_row_index("score").with_columns(pl.col("score").cast(pl.Int64))
        )
        assert (names.height, certify(shijingshan(), scores, year=2022).cuts["places"].to_list()) == (149, [14, 44])


class TestBase:
    scores = points(a=9, b=8, c=7, d=None)

    @pytest.mark.parametrize(("base", "expected"), [("all", 4), ("scored", 3), ("eligible", 2)])
    def test_is_all_the_scored_or_the_eligible(self, shijingshan: Rule, base: str, expected: int) -> None:
        """The vetoed stay in the base unless only the eligible are counted, who have a score as well."""
        rule = shijingshan(base=base, vetoes={"fire": Veto(column="fire", when="before")})
        cuts = certify(rule, self.scores.with_columns(fire=pl.col("subject") == "a"), year=2024).cuts
        assert [expected] * 2 == cuts["base"].to_list()

    def test_a_group_below_the_least_size_is_not_ranked(self, shijingshan: Rule) -> None:
        """By name, and its cuts are left out; a subject without a score says so first."""
        rule = one_star(shijingshan, 1, group_by="street", least_group=2)
        scores = points(a=9, b=8, c=7).with_columns(street=pl.Series(["x", "x", "y"]))
        result = certify(rule, scores, year=2024)
        assert result.frame.select("subject", "reason").rows() == [
            ("a", "in_quota"),
            ("b", "below"),
            ("c", "not_ranked"),
        ]
        assert result.cuts["group"].to_list() == ["x"]
        assert result.frame.select("rank", "cut", "effective_rank", "distance").row(2) == (None, None, None, None)


class TestPlaces:
    @pytest.mark.parametrize(
        ("tier", "places"),
        [
            ({"share": Fraction(1, 50), "at_least": 2}, 2),
            ({"share": Fraction(1, 2), "at_most": 3}, 3),
            ({"number": 4}, 4),
            ({"share": Fraction(0)}, 0),
        ],
    )
    def test_may_be_a_share_with_bounds_or_a_number(
        self, shijingshan: Rule, best_first: Any, tier: dict[str, Any], places: int
    ) -> None:
        """2%, or the first 2; half, but 3 at most; 4; none."""
        result = certify(shijingshan(tiers={"star": Tier(order=1, **tier)}), best_first(20), year=2024)
        assert (places, places) == (result.cuts["places"].item(), result.cuts["certified"].item())

    def test_a_lower_cut_never_has_fewer_than_the_higher(self, shijingshan: Rule, best_first: Any) -> None:
        """A number above, a share below that is less: the lower cut takes in the higher all the same."""
        tiers = {"gold": Tier(order=1, number=5), "silver": Tier(order=2, share=Fraction(1, 10))}
        assert certify(shijingshan(tiers=tiers), best_first(20), year=2024).cuts["places"].to_list() == [5, 5]

    def test_a_place_that_nobody_reaches_the_threshold_for_stays_empty(self, shijingshan: Rule) -> None:
        """Two places, one score of 85.00 or more."""
        rule = shijingshan(tiers={"star": Tier(order=1, number=2, threshold=Fraction(85))}, renewal=None)
        result = certify(rule, points(a=8500, b=8499), year=2024)
        assert result.frame.select("tier", "reason", "distance").rows() == [
            ("star", "in_quota", 0),
            (None, "below", -1),
        ]
        assert result.cuts.select("line", "places", "certified").row(0) == (8500, 2, 1)

    def test_a_threshold_alone_has_no_quota(self, shijingshan: Rule) -> None:
        """All that reach it are in; there are no places to count, the line is the threshold."""
        rule = shijingshan(tiers={"star": Tier(order=1, threshold=Fraction(801, 10))})
        result = certify(rule, points(a=8011, b=8010, c=8009), held(c="star"), year=2024)
        assert result.frame.select("tier", "distance").rows() == [("star", 1), ("star", 0), (None, -1)]
        assert result.cuts.select("places", "line", "nominal_numerator").row(0) == (None, 8010, None)


class TestTies:
    def test_are_all_in_or_all_out(self, shijingshan: Rule) -> None:
        """Two tied for one place, with the reason; the line is their score, or nothing where nobody is in."""
        scores = points(a=5, b=5, c=1)
        inside, outside = one_star(shijingshan, 1), one_star(shijingshan, 1, ties="out")
        assert by_name(inside, scores) == {"a": ("star", "tie"), "b": ("star", "tie"), "c": (None, "below")}
        assert by_name(outside, scores) == {"a": (None, "tie"), "b": (None, "tie"), "c": (None, "below")}
        assert None is certify(outside, scores, year=2024).cuts["line"].item()

    def test_are_broken_by_named_scores_only(self, shijingshan: Rule) -> None:
        """The questionnaire decides, then the visit; equal in all they are a tie still."""
        rule = one_star(shijingshan, 1, tie_break=("survey", "visit"))
        scores = points(a=5, b=5, c=5, d=1).with_columns(survey=pl.Series([3, 4, 4, 9]), visit=pl.Series([9, 1, 1, 9]))
        result = certify(rule, scores, year=2024)
        assert result.frame["rank"].to_list() == [3, 1, 1, 4]
        assert result.frame["tier"].to_list() == [None, "star", "star", None]

    def test_a_renewed_holder_is_in_though_the_tie_is_out(self, shijingshan: Rule) -> None:
        """It keeps the strictly-ahead test: it takes no place that could be wanting."""
        rule = one_star(shijingshan, 1, ties="out", renewal=Renewal(hold="any", years=1, within="original_cut"))
        found = by_name(rule, points(a=5, b=5, c=5), held(a="star"))
        assert found == {"a": ("star", "renewed"), "b": (None, "tie"), "c": (None, "tie")}


class TestVetoes:
    scores = points(a=9, b=8, c=7)

    def vetoed(self, shijingshan: Rule, when: str, bars: str | None, holders: Any = None) -> Any:
        tiers = {"gold": Tier(order=1, number=1), "silver": Tier(order=2, number=2)}
        rule = shijingshan(tiers=tiers, vetoes={"fire": Veto(column="fire", when=when, bars=bars)})
        return certify(rule, self.scores.with_columns(fire=pl.col("subject") == "a"), holders, year=2024).frame

    def test_before_the_cut_passes_the_place_down(self, shijingshan: Rule) -> None:
        """The vetoed is no candidate: it has a rank, but no effective rank."""
        frame = self.vetoed(shijingshan, "before", None)
        assert frame.select("tier", "reason").rows() == [(None, "veto"), ("gold", "in_quota"), ("silver", "in_quota")]
        assert frame.select("rank", "effective_rank").rows() == [(1, None), (2, 1), (3, 2)]

    def test_after_the_cut_leaves_the_place_empty(self, shijingshan: Rule) -> None:
        """The vetoed takes its place, and nobody else has it."""
        frame = self.vetoed(shijingshan, "after", None)
        assert frame.select("tier", "reason").rows() == [(None, "veto"), ("silver", "in_quota"), (None, "below")]

    @pytest.mark.parametrize("when", ["before", "after"])
    def test_of_a_tier_falls_to_the_next(self, shijingshan: Rule, when: str) -> None:
        """Barred from gold it is silver, with the reason; barred from silver it is nothing, gold lying above."""
        assert self.vetoed(shijingshan, when, "gold").select("tier", "reason").row(0) == ("silver", "veto")
        assert self.vetoed(shijingshan, when, "silver").select("tier", "reason").row(0) == (None, "veto")

    def test_the_vetoed_are_never_renewed(self, shijingshan: Rule) -> None:
        """A holder barred from gold only takes a place in silver like anybody."""
        frame = self.vetoed(shijingshan, "before", "gold", held(a="gold"))
        assert frame.select("tier", "reason").rows() == [("silver", "veto"), ("gold", "in_quota"), (None, "below")]

    def test_a_veto_that_costs_nothing_is_not_the_reason(self, shijingshan: Rule) -> None:
        """Too low in rank anyhow: below the cut."""
        rule = one_star(shijingshan, 1, vetoes={"fire": Veto(column="fire", when="after")})
        scores = self.scores.with_columns(fire=pl.col("subject") == "c")
        assert by_name(rule, scores)["c"] == (None, "below")

    def test_a_watch_list_may_bar(self, shijingshan: Rule) -> None:
        """Whether a subject can be starred and watched at once is declared; if not, the column says who is listed."""
        watch = shijingshan().watch
        assert isinstance(watch, Watch)
        rule = one_star(shijingshan, 1, watch=attrs.evolve(watch, starred="barred"))
        scores = self.scores.with_columns(on_watch=pl.col("subject") == "a")
        assert by_name(rule, scores) == {"a": (None, "veto"), "b": ("star", "in_quota"), "c": (None, "below")}


class TestRenewal:
    scores = points(a=9, b=8, c=7, d=6)
    tiers = {"gold": Tier(order=1, number=1), "silver": Tier(order=2, number=2)}  # noqa: RUF012

    def renewed(self, rule: Certification, holders: pl.DataFrame) -> dict[str, tuple[str | None, str]]:
        return by_name(attrs.evolve(rule, tiers=self.tiers), self.scores, holders)

    def test_what_must_have_been_held(self, shijingshan: Rule) -> None:
        """A silver holder ranks first: renewed at gold only if any will do; a gold one at silver unless the same."""
        kinds = {}
        for hold in ("same", "this_or_higher", "any"):
            rule = shijingshan(renewal=Renewal(hold=hold, years=1, within="original_cut"))
            kinds[hold] = (self.renewed(rule, held(a="silver"))["a"][1], self.renewed(rule, held(b="gold"))["b"][1])
        expected = {"same": ("in_quota", "in_quota"), "this_or_higher": ("in_quota", "renewed")}
        assert expected | {"any": ("renewed", "renewed")} == kinds

    def test_in_how_many_years_running(self, shijingshan: Rule) -> None:
        """Two years asked for: one, or two with a gap, are not enough."""
        rule = shijingshan(tiers=self.tiers, renewal=Renewal(hold="any", years=2, within="original_cut"))
        schema = {"subject": pl.String, "year": pl.Int64, "tier": pl.String}
        rows = [("a", 2023, "gold"), ("a", 2022, "silver"), ("b", 2023, "gold"), ("b", 2021, "gold")]
        holders = pl.DataFrame(rows, schema=schema, orient="row")
        found = by_name(rule, self.scores, holders)
        assert list(found.values()) == [
            ("gold", "renewed"),
            ("gold", "moved_up"),
            ("silver", "moved_up"),
            (None, "below"),
        ]

    def test_within_the_original_cut_or_as_moved(self, shijingshan: Rule) -> None:
        """A holder ranking third with two places competes under the original cut, and is free under the moved one."""
        result = {}
        for within in ("original_cut", "moved_cut"):
            rule = one_star(shijingshan, 2, renewal=Renewal(hold="any", years=1, within=within))
            result[within] = by_name(rule, self.scores, held(a="star", c="star"))
        assert result["original_cut"]["c"] == ("star", "moved_up")
        assert result["original_cut"]["d"] == (None, "below")
        assert result["moved_cut"]["c"] == ("star", "renewed")
        assert result["moved_cut"]["d"] == ("star", "moved_up")

    def test_later_years_and_strangers_count_for_nothing(self, shijingshan: Rule) -> None:
        """Holders of this year or of no subject here change nothing."""
        strange = held(a="gold", zz="gold").with_columns(year=pl.Series([2024, 2023]))
        rule = shijingshan(tiers=self.tiers)
        assert by_name(rule, self.scores) == by_name(rule, self.scores, strange)

    def test_holders_may_be_the_same_for_all_draws_or_each_draws_own(self, shijingshan: Rule) -> None:
        """Without the ``by`` column they hold in every draw."""
        rule = one_star(shijingshan, 1, renewal=Renewal(hold="any", years=1, within="original_cut"))
        scores = pl.concat([self.scores.with_columns(draw=pl.lit(n)) for n in (0, 1)])
        everywhere = certify(rule, scores, held(a="star"), year=2024, by=("draw",))
        own = certify(rule, scores, held(a="star").with_columns(draw=pl.lit(1)), year=2024, by=("draw",))
        assert everywhere.frame.filter(subject="a")["reason"].to_list() == ["renewed"] * 2
        assert own.frame.filter(subject="a").sort("draw")["reason"].to_list() == ["in_quota", "renewed"]
        assert own.cuts["certified"].to_list() == [1, 2]


class TestFormerTiers:
    """A tier that the rule no longer has: held, but of no known place among the tiers."""

    @pytest.mark.parametrize(
        ("hold", "reason"), [("same", "in_quota"), ("this_or_higher", "in_quota"), ("any", "renewed")]
    )
    def test_satisfy_any_and_nothing_else(self, shijingshan: Rule, kind: Any, hold: Any, reason: str) -> None:
        """Neither `same` nor `this_or_higher`; checked, unchecked and explained alike, on every kind of frame."""
        rule = one_star(shijingshan, 2, renewal=Renewal(hold=hold, years=1, within="original_cut"))
        scores, holders = kind.make(points(a=3, b=2, c=1)), kind.make(held(a="four_star"))
        for verb in (certify, certify_unchecked):
            frame = kind.read(verb(rule, scores, holders, year=2024).frame).sort("subject")
            assert frame["reason"][0] == reason
        tree = explain(rule, scores, holders, year=2024, subject="a")
        assert tree.facts["reason"] == reason
        assert tree.find("history").text.zh == "2023年：four_star（现行规则已无此星级）"

    def test_break_a_row_of_years_unless_any_will_do(self, shijingshan: Rule) -> None:
        """Two years running: one of them at a tier that is gone."""
        earlier = held(a="four_star").with_columns(pl.lit(2022, pl.Int64).alias("year"))
        holders = pl.concat([earlier, held(a="star")])
        for hold, reason in (("same", "in_quota"), ("this_or_higher", "in_quota"), ("any", "renewed")):
            rule = one_star(shijingshan, 2, renewal=Renewal(hold=hold, years=2, within="original_cut"))
            assert by_name(rule, points(a=3, b=2), holders)["a"] == ("star", reason)

    def test_are_not_kept(self, shijingshan: Rule) -> None:
        """An unchanged score keeps a tier that there is; what is gone cannot be certified again."""
        rule = one_star(shijingshan, 1, hold_until_change=True)
        scores = points(a=3, b=2).with_columns(previous_score=pl.col("score"))
        assert by_name(rule, scores, held(b="four_star")) == {"a": ("star", "in_quota"), "b": (None, "below")}
        assert explain(rule, scores, held(b="four_star"), year=2024, subject="b").find("held").value is False

    def test_are_named_beside_the_result(self, shijingshan: Rule, kind: Any) -> None:
        """Who held one, and when; nobody without holders."""
        rule, scores = one_star(shijingshan, 1), kind.make(points(a=3, b=2))
        result = certify(rule, scores, kind.make(held(a="star", b="four_star")), year=2024)
        assert kind.rows(result.former) == [("b", 2023, "four_star")]
        assert certify(rule, scores, year=2024).former is None


class TestCapAndHold:
    scores = points(a=9, b=8, c=8, d=6)

    def test_the_cap_drops_the_lowest_and_all_of_a_tie(self, shijingshan: Rule) -> None:
        """Three places, at most two certified: the tie for second falls out."""
        rule = one_star(shijingshan, 3, cap=2)
        found = by_name(rule, self.scores)
        assert found == {"a": ("star", "in_quota"), "b": (None, "capped"), "c": (None, "capped"), "d": (None, "below")}

    def test_an_unchanged_score_keeps_its_tier(self, shijingshan: Rule) -> None:
        """d keeps its star below the cut; b, unchanged as well, held none and keeps none; the vetoed keep nothing."""
        rule = one_star(shijingshan, 1, hold_until_change=True, vetoes={"fire": Veto(column="fire", when="after")})
        scores = self.scores.with_columns(previous_score=pl.Series([7, 8, None, 6]), fire=pl.lit(False))
        holders = held(a="star", d="star")
        expected = {"a": ("star", "in_quota"), "b": (None, "below"), "c": (None, "below"), "d": ("star", "held")}
        assert expected == by_name(rule, scores, holders)
        vetoed = scores.with_columns(fire=pl.lit(True))
        assert by_name(rule, vetoed, holders)["d"] == (None, "below")

    def test_a_kept_tier_is_not_raised_either(self, shijingshan: Rule) -> None:
        """Unchanged and first in rank, a silver community stays silver."""
        tiers = {"gold": Tier(order=1, number=1), "silver": Tier(order=2, number=2)}
        rule = shijingshan(tiers=tiers, hold_until_change=True)
        scores = self.scores.with_columns(previous_score=pl.col("score"))
        assert by_name(rule, scores, held(a="silver"))["a"] == ("silver", "held")

    def test_the_cap_binds_the_kept_too(self, shijingshan: Rule) -> None:
        """And the row still speaks of the cut of the tier it would have."""
        rule = one_star(shijingshan, 1, hold_until_change=True, cap=1)
        scores = self.scores.with_columns(previous_score=pl.col("score"))
        row = certify(rule, scores, held(d="star"), year=2024).frame.row(3, named=True)
        assert tuple(row[name] for name in ("tier", "reason", "cut", "effective_rank", "distance")) == (
            None,
            "capped",
            "star",
            4,
            -3,
        )


class TestResult:
    def test_declares_its_key_and_outcome(self, shijingshan: Rule, best_first: Any) -> None:
        """So that two results can be compared without knowing what made them."""
        result = certify(shijingshan(), best_first(10).with_columns(draw=pl.lit(0)), year=2024, by=("draw",))
        assert (result.key, result.outcome, result.because) == (("subject", "year", "draw"), ("tier",), ("reason",))
        assert result.frame.select(result.key).is_unique().all()
        assert set(result.frame["reason"].to_list()) <= set(REASONS)
        expected = [
            "subject",
            "year",
            "draw",
            "group",
            "score",
            "rank",
            "cut",
            "effective_rank",
            "tier",
            "reason",
            "distance",
        ]
        assert expected == result.frame.columns

    def test_the_cuts_say_what_was_declared_and_what_was_reached(self, shijingshan: Rule, best_first: Any) -> None:
        """Exact pairs of whole numbers: 1/10 of 20 was declared, with a tie of three 4/20 was reached."""
        scores = best_first(20).with_columns(score=pl.Series([9, 8, 8, 8, *range(7, -9, -1)]))
        cuts = certify(shijingshan(), scores, year=2024).cuts
        expected = {
            "group": "", "tier": "five_star", "base": 20, "places": 2, "line": 8, "candidates": 20, "renewed": 0,
            "certified": 4, "in_tier": 4, "nominal_numerator": 1, "nominal_denominator": 10,
            "achieved_numerator": 4, "achieved_denominator": 20,
        }  # fmt: skip
        assert expected == cuts.row(0, named=True)

    def test_the_holders_are_those_certified(self, shijingshan: Rule, best_first: Any) -> None:
        """As the next year takes them."""
        result = certify(shijingshan(), best_first(10), year=2024)
        assert (result.holders.rows()) == [
            ("c001", 2024, "five_star"),
            ("c002", 2024, "four_star"),
            ("c003", 2024, "four_star"),
        ]
        again = certify(shijingshan(), best_first(10), result.holders, year=2025)
        assert {"renewed", "moved_up", "below"} == set(again.frame["reason"].to_list())

    @settings(max_examples=settings().max_examples // 10, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.integers(-(10**17), 10**17), min_size=2, max_size=4), st.integers(0, 3))
    def test_a_decimal_is_taken_at_its_value_to_the_last_digit(
        self, shijingshan: Rule, units: list[int], decimals: int
    ) -> None:
        """Also where a float has too few digits; verb and explanation count the same units, on every kind of frame."""
        rule = one_star(shijingshan, 1, decimals=decimals)
        for name, make in EXACT.items():
            scores = make([Decimal(value).scaleb(-decimals) for value in units])
            result = pl.DataFrame(nw.from_native(certify(rule, scores, year=2024).frame).lazy().collect("polars"))
            found = dict(result.select("subject", "score").rows())
            assert (name, units) == (name, [found[str(i)] for i in range(len(units))])
            last = explain(rule, scores, year=2024, subject="0")
            assert [last.facts["score"], last.facts["rank"]] == [units[0], 1 + sum(one > units[0] for one in units)]

    def test_a_float_is_taken_at_its_value(self, shijingshan: Rule, kind: Any) -> None:
        """90.25 and 9025 units are the same score, on every kind of frame; a gap is no score."""
        floats = pl.DataFrame({"subject": ["a", "b", "c"], "score": [90.25, 80.1, None]})
        whole = certify(shijingshan(), points(a=9025, b=8010, c=None), year=2024).frame.rows()
        assert whole == kind.rows(certify(shijingshan(), kind.make(floats), year=2024).frame, "subject")

    def test_unchecked_is_the_same_without_the_check(self, shijingshan: Rule, best_first: Any) -> None:
        """On a frame without faults."""
        scores, holders = best_first(30), held(c001="five_star")
        checked = certify(shijingshan(), scores, holders, year=2024).frame
        assert checked.equals(certify_unchecked(shijingshan(), scores, holders, year=2024).frame)

    def test_a_lazy_frame_is_not_collected(self, shijingshan: Rule, best_first: Any) -> None:
        """Its result is lazy, and eager holders may stand beside it."""
        found = certify_unchecked(shijingshan(), best_first(30).lazy(), held(c001="five_star"), year=2024)
        assert isinstance(found.frame, pl.LazyFrame)
        assert isinstance(found.cuts, pl.LazyFrame)
