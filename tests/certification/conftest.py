"""Rules close to Shijingshan's; each kind of frame in turn."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import attrs
import polars as pl
import pytest
from tests.kinds import Kind, kind

from communitygov.certification.rules import Certification, Leaving, Renewal, Tier, Watch, Year
from communitygov.documents.rule import Clauses
from communitygov.vocabulary.text import Title

__all__ = ["Kind", "kind"]


def _shijingshan() -> Certification:
    return Certification(
        of="quality_community",
        clause=Clauses(("SJS-16", "SJS-20")),
        year=Year(starts=1, periods=4),
        decimals=2,
        tiers={
            "five_star": Tier(
                order=1,
                share=Fraction(1, 10),
                title=Title(zh="五星级", en="five stars"),
                clause=Clauses(("SJS-17",)),
            ),
            "four_star": Tier(
                order=2,
                share=Fraction(3, 10),
                title=Title(zh="四星级", en="four stars"),
                clause=Clauses(("SJS-18",)),
            ),
        },
        base="all",
        rounding="floor",
        rounded="cumulative",
        ties="in",
        renewal=Renewal(hold="this_or_higher", years=1, within="original_cut", clause=Clauses(("SJS-19",))),
        watch=Watch(
            last=10,
            periods=2,
            ties="in",
            rank_of="period",
            across_years=True,
            leaving=Leaving(after=2),
            starred="allowed",
            clause=Clauses(("SJS-23",)),
        ),
    )


@pytest.fixture
def shijingshan() -> Callable[..., Certification]:
    """Shijingshan's certification, with whatever a test changes in it."""

    def with_changes(**changes: Any) -> Certification:
        rule = attrs.evolve(_shijingshan(), **changes)
        assert [finding.code for finding in rule.check()] == []
        return rule

    return with_changes


@pytest.fixture
def best_first() -> Callable[..., pl.DataFrame]:
    """A frame of subjects c001, c002 ... with falling scores, and further columns."""

    def frame(count: int, **columns: Any) -> pl.DataFrame:
        names = [f"c{n:03}" for n in range(1, count + 1)]
        return pl.DataFrame({"subject": names, "score": [40_000 - 100 * n for n in range(count)], **columns})

    return frame
