"""Money for stars and progress, and the renovation list."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import attrs
import polars as pl
import pytest

from communitygov.certification.awards import awards, listing
from communitygov.certification.rules import Award, Awards, Certification, Listing, Progress
from communitygov.vocabulary.errors import DataError, UsageError

TIERS = {"five_star": Award(amount=Fraction(200_000)), "four_star": Award(amount=Fraction(1_000_005, 10))}


def results(**rows: tuple[str | None, int | None, int | None]) -> pl.DataFrame:
    schema = {"subject": pl.String, "tier": pl.String, "score": pl.Int64, "rank": pl.Int64}
    return pl.DataFrame([(name, *row) for name, row in rows.items()], schema=schema, orient="row")


@pytest.fixture
def rule(shijingshan: Callable[..., Certification]) -> Callable[..., Certification]:
    """Shijingshan's rule with awards, and progress rewarded as a test says."""

    def with_progress(**progress: Any) -> Certification:
        drawn = Progress(amount=Fraction(50_000), **progress) if progress else None
        return shijingshan(awards=Awards(tiers=TIERS, progress=drawn))

    return with_progress


BEFORE = results(a=("five_star", 9000, 1), b=(None, 8000, 3), c=(None, 8500, 2), d=(None, None, None))
AFTER = results(
    a=("five_star", 9100, 2), b=("four_star", 9200, 1), c=(None, 8400, 4), d=(None, 8700, 3), e=(None, 1, 5)
)


def money(rule: Certification, after: Any = AFTER, before: Any = BEFORE) -> dict[str, tuple[int | None, int, int]]:
    frame = awards(rule, after, before)
    return {row[0]: (row[2], row[3], row[4]) for row in frame.rows()}


class TestAwards:
    def test_a_tier_has_its_amount_in_fen(self, rule: Any, kind: Any) -> None:
        """On every kind of frame; no star, no money."""
        found = awards(rule(), kind.make(AFTER))
        expected = [("a", 20_000_000), ("b", 10_000_050), ("c", 0), ("d", 0), ("e", 0)]
        assert expected == kind.read(found).select("subject", "award").sort("subject").rows()

    def test_progress_is_a_gain_of_score_large_enough(self, rule: Any, kind: Any) -> None:
        """b gained 12.00 and a 1.00 where 1.00 is the least; c lost, d and e have no score of last year."""
        progress = rule(by="score", at_least=Fraction(1))
        found = kind.read(awards(progress, kind.make(AFTER), kind.make(BEFORE))).sort("subject")
        assert found["gain"].to_list() == [100, 1200, -100, None, None]
        assert found["progress_award"].to_list() == [5_000_000, 5_000_000, 0, 0, 0]
        assert found["award"].to_list() == [25_000_000, 15_000_050, 0, 0, 0]

    def test_or_a_gain_of_rank(self, rule: Any) -> None:
        """From third to first is two ranks; from first to second is a loss."""
        found = money(rule(by="rank", at_least=Fraction(1)))
        assert {name: gain for name, (gain, _, _) in found.items()} == {"a": -1, "b": 2, "c": -2, "d": None, "e": None}
        assert [name for name, (_, _, award) in found.items() if award] == ["b"]

    def test_only_the_largest_gains_and_all_of_a_tie(self, rule: Any) -> None:
        """The first one; two that are tied for it are both in."""
        first = rule(by="score", at_least=Fraction(1, 100), first=1)
        assert [name for name, (_, _, award) in money(first).items() if award] == ["b"]
        tied = results(a=(None, 9500, 1), b=(None, 8500, 2), c=(None, 8600, 2))
        assert sorted(name for name, (_, _, award) in money(first, tied).items() if award) == ["a", "b"]

    def test_gains_are_compared_within_groups(self, rule: Any) -> None:
        """Where the certification ranks within groups, each group has its own largest gain."""
        grouped = attrs.evolve(rule(by="score", at_least=Fraction(1, 100), first=1), group_by="street")
        after = AFTER.with_columns(group=pl.Series(["east", "west", "east", "west", "west"]))
        before = BEFORE.with_columns(group=pl.Series(["east", "west", "east", "west"]))
        assert [name for name, (_, _, award) in money(grouped, after, before).items() if award] == ["a", "b"]
        with pytest.raises(DataError, match="results has no column `group`"):
            awards(grouped, AFTER, BEFORE)

    def test_errors(self, rule: Any) -> None:
        """A tier that is none, a rule without awards, frames of two kinds."""
        with pytest.raises(DataError, match=r"unknown-tier: .*known here: `five_star`, `four_star`; 1 row: z \(six\)"):
            awards(rule(), results(z=("six", 1, 1)))
        with pytest.raises(UsageError, match="no awards"):
            awards(attrs.evolve(rule(), awards=None), AFTER)
        with pytest.raises(DataError, match=r"before is another kind of frame than the first \(pandas, polars\)"):
            awards(rule(), AFTER, BEFORE.to_pandas())


class TestListing:
    def test_many_demands_and_little_improvement_are_both_needed(self, shijingshan: Any, kind: Any) -> None:
        """The bounds themselves are in; each reason for staying off is its own."""
        rule = shijingshan(listing=Listing(demands_at_least=100, improvement_at_most=Fraction(1, 200)))
        frame = pl.DataFrame(
            {
                "subject": ["few", "in", "level", "new", "up"],
                "demands": [99, 100, 500, 100, 100],
                "score": [8000, 8000, 8000, 8000, 8001],
                "previous_score": [8000, 8500, 8000, None, 8000],
            }
        )
        found = kind.read(listing(rule, kind.make(frame))).sort("subject")
        assert found["improvement"].to_list() == [0, -500, 0, None, 1]
        assert found["listed"].to_list() == [False, True, True, False, False]
        assert found["reason"].to_list() == ["few_demands", "both", "both", "no_improvement_known", "improved"]

    def test_errors(self, shijingshan: Any) -> None:
        """Demands below nothing, a rule without the list."""
        rule = shijingshan(listing=Listing(demands_at_least=100, improvement_at_most=Fraction(0)))
        frame = pl.DataFrame({"subject": ["a"], "demands": [-1], "score": [1], "previous_score": [1]})
        with pytest.raises(DataError, match=r"below-scale: column `demands`: below 0; 1 row: a \(-1\)"):
            listing(rule, frame)
        with pytest.raises(UsageError, match="no renovation list"):
            listing(shijingshan(), frame)
