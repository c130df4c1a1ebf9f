"""What a certification refuses to say: each broken promise has a code, a place and words in both languages."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import attrs
import pytest

from communitygov.certification.rules import (
    Award,
    Awards,
    Certification,
    Leaving,
    Progress,
    Tier,
    Veto,
    Watch,
    Year,
)
from communitygov.documents.rule import Rule
from communitygov.vocabulary.text import Title


def codes(rule: Rule) -> list[tuple[str, tuple[str, ...]]]:
    found = list(rule.check())
    assert all(finding.zh and finding.en for finding in found)
    return [(finding.code, finding.path) for finding in found]


class TestTier:
    @pytest.mark.parametrize(
        ("tier", "expected"),
        [
            ({}, ["tier-without-cut"]),
            ({"share": Fraction(1, 10), "number": 3}, ["tier-with-two-cuts"]),
            ({"number": 3, "at_least": 1}, ["unused-setting"]),
            ({"share": Fraction(1, 10), "at_least": 3, "at_most": 2}, ["empty-range"]),
            ({"share": Fraction(1, 10), "at_least": 2, "at_most": 2}, []),
            ({"number": 0}, []),
        ],
    )
    def test_has_exactly_one_cut(self, tier: dict[str, Any], expected: list[str]) -> None:
        """A share, a number or a threshold; bounds belong to a share."""
        assert expected == [code for code, _ in codes(Tier(order=1, **tier))]


class TestYear:
    @pytest.mark.parametrize(
        ("year", "expected"),
        [((1, 4), []), ((7, 4), []), ((8, 12), []), ((1, 5), ["no-such-period"]), ((8, 4), ["year-inside-period"])],
    )
    def test_is_made_of_whole_periods(self, year: tuple[int, int], expected: list[str]) -> None:
        """1, 2, 4 or 12 of them, beginning with the first month of one."""
        assert expected == [code for code, _ in codes(Year(starts=year[0], periods=year[1]))]

    def test_knows_the_kind_of_its_periods(self) -> None:
        """Four periods are quarters."""
        kinds = [Year(starts=1, periods=periods).kind for periods in (1, 2, 4, 12)]
        assert kinds == ["year", "half", "quarter", "month"]


class TestMoney:
    def test_is_no_less_than_nothing_and_in_whole_fen(self) -> None:
        """0.01 yuan is money, a third of a fen is not."""
        assert codes(Award(amount=Fraction(1, 100))) == []
        assert codes(Award(amount=Fraction(1, 300))) == [("no-amount", ("amount",))]
        assert codes(Award(amount=Fraction(-1))) == [("no-amount", ("amount",))]

    def test_is_never_for_a_loss(self) -> None:
        """Progress is above nothing."""
        assert codes(Progress(amount=Fraction(1), by="score", at_least=Fraction(1, 100))) == []
        progress = Progress(amount=Fraction(1), by="score", at_least=Fraction(0))
        assert codes(progress) == [("no-progress", ("at_least",))]


class TestCertification:
    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            ({"tiers": {}}, [("no-tiers", ("tiers",))]),
            (
                {"tiers": {"a": Tier(order=1, number=1), "b": Tier(order=1, number=2)}},
                [("repeated-order", ("tiers", "b", "order"))],
            ),
            (
                {"tiers": {"a": Tier(order=1, number=3), "b": Tier(order=2, number=2)}},
                [("cuts-not-nested", ("tiers", "b"))],
            ),
            (
                {
                    "tiers": {
                        "a": Tier(order=1, threshold=Fraction(80)),
                        "b": Tier(order=2, threshold=Fraction(90)),
                    }
                },
                [("cuts-not-nested", ("tiers", "b"))],
            ),
            (
                {"tiers": {"a": Tier(order=1, share=Fraction(1, 10**9 + 7))}},
                [("share-too-fine", ("tiers",))],
            ),
            (
                {"vetoes": {"fire": Veto(column="fire", when="before", bars="five_stars")}},
                [("unknown-reference", ("vetoes", "fire", "bars"))],
            ),
            (
                {"awards": Awards(tiers={"six_star": Award(amount=Fraction(1))})},
                [("unknown-reference", ("awards", "tiers", "six_star"))],
            ),
            (
                {"tie_break": ("street",), "group_by": "street"},
                [("tie-break-by-name", ("tie_break",)), ("column-of-two-kinds", ("group_by",))],
            ),
            ({"group_by": "rank"}, [("reserved-column", ("group_by",))]),
            ({"tie_break": ("_visit",)}, [("reserved-column", ("tie_break",))]),
            ({"assumed": {"shares": Title(zh="", en="")}}, [("unknown-assumed", ("assumed", "shares"))]),
        ],
    )
    def test_is_refused_with_the_place(
        self, shijingshan: Callable[..., Certification], change: dict[str, Any], expected: Any
    ) -> None:
        """Every finding, and no other."""
        assert expected == codes(attrs.evolve(shijingshan(), **change))

    def test_two_vetoes_may_read_one_column(self, shijingshan: Callable[..., Certification]) -> None:
        """Before the highest tier, after the others."""
        vetoes = {
            "first": Veto(column="fire", when="before", bars="five_star"),
            "second": Veto(column="fire", when="after"),
        }
        rule = shijingshan(vetoes=vetoes)
        assert [column.name for column in rule.scores_table.columns] == ["subject", "score", "fire"]

    def test_a_row_longer_than_the_year_that_breaks_it_is_never_reached(self, shijingshan: Any) -> None:
        """Five quarters in a row do not fit into a year whose end breaks them; across years they do."""
        watch = Watch(
            last=10,
            periods=5,
            ties="in",
            rank_of="period",
            across_years=False,
            leaving=Leaving(after=6),
            starred="allowed",
        )
        rule = attrs.evolve(shijingshan(), watch=watch)
        expected = [("longer-than-year", ("watch", "periods")), ("longer-than-year", ("watch", "leaving", "after"))]
        assert expected == codes(rule)
        assert codes(attrs.evolve(rule, watch=attrs.evolve(watch, across_years=True))) == []

    def test_says_the_most_that_can_be_certified(self, shijingshan: Callable[..., Certification]) -> None:
        """Places, twice the places with holders of the original cut, the cap, or no bound at all."""
        rule = shijingshan()
        assert (rule.most(42), attrs.evolve(rule, renewal=None).most(42)) == (84, 42)
        assert (attrs.evolve(rule, cap=50).most(42), attrs.evolve(rule, cap=50, renewal=None).most(42)) == (50, 42)
        assert None is attrs.evolve(rule, hold_until_change=True).most(42)
        threshold = {"star": Tier(order=1, threshold=Fraction(80))}
        assert (
            attrs.evolve(rule, tiers=threshold).most(0),
            attrs.evolve(rule, tiers=threshold, cap=9).most(0),
        ) == (None, 9)
