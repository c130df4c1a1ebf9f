"""What a profile can say about what follows from scores and stars: watch list, renovation list, money, plaques."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from communitygov.documents.rule import Finding, Rule, rule, term
from communitygov.vocabulary.numbers import Number
from communitygov.vocabulary.text import Title

__all__ = ["Award", "Awards", "Consequence", "Leaving", "Listing", "Plaques", "Progress", "Watch"]


@rule
class Leaving(Rule):
    """When a subject leaves a watch list.

    Args:
        after: Periods in a row outside the last places, all later than the one it came onto the list in; at the last
            of them it leaves. A period without a rank is not outside.
    """

    after: int = term("连续周期数", "After", at_least=1)


@rule
class Watch(Rule):
    """A list of those that stay behind: among the last places, period after period.

    Args:
        last: How many places from the bottom.
        periods: In how many periods running; none may be missing.
        ties: Whether those tied across the last place are all among it (``in``) or none is (``out``).
        rank_of: The rank that counts: of the ``period`` alone, or of the ``year_to_date``, the sum of the year's
            periods so far; a subject that misses one of them has no such rank.
        across_years: Whether the last period of a year and the first of the next are consecutive, for coming onto the
            list and for leaving it.
        leaving: When a subject leaves.
        starred: Whether a subject on the list may be certified: ``allowed``, or ``barred``, a veto before the cut on
            every tier, given in the data as the column ``on_watch``.
    """

    last: int = term("末位数", "Last", at_least=1)
    periods: int = term("连续周期数", "Periods", at_least=1)
    ties: Literal["in", "out"] = term("并列", "Ties")
    rank_of: Literal["period", "year_to_date"] = term("名次口径", "Rank of")
    across_years: bool = term("跨年连续", "Across years")
    leaving: Leaving = term("退出", "Leaving")
    starred: Literal["allowed", "barred"] = term("可否评星", "Starred")


@rule
class Listing(Rule):
    """A list of those subjects that meet every expectation named, such as concentrated demands, limited improvement.

    Args:
        expectations: Conditions or standards on yearly measures of ``demands`` that are taken by ``subject``.
    """

    expectations: tuple[str, ...] = term("所依要求", "Expectations", refers="expectation")

    def check(self) -> Iterator[Finding]:
        """Yield a finding if it asks nothing, and so would list everybody."""
        yield from super().check()
        if not self.expectations:
            yield Finding(("expectations",), "missing-setting", "须指明要求", "needs expectations")


@rule
class Award(Rule):
    """Money for a tier or for progress.

    Args:
        amount: Yuan for each subject, in whole fen.
    """

    amount: Number = term("金额（元）", "Amount (yuan)")

    def check(self) -> Iterator[Finding]:
        """Yield a finding if the amount is no sum of money."""
        yield from super().check()
        if self.amount < 0 or (self.amount * 100).denominator != 1:
            yield Finding(
                ("amount",),
                "no-amount",
                "金额须不小于 0，且精确到分",
                "an amount is 0 or more, in whole fen",
            )


@rule
class Progress(Award):
    """Money for those that gained most over the year before, in their group if there are groups.

    Args:
        by: What is compared: the ``score`` or the ``rank`` of the year.
        first: How many of the largest gains; those tied with the last are all in.
        at_least: The least gain, in points or in ranks.
    """

    by: Literal["score", "rank"] = term("口径", "By")
    first: int | None = term("前几名", "First", default=None, at_least=1)
    at_least: Number = term("至少", "At least")

    def check(self) -> Iterator[Finding]:
        """Yield a finding if a loss could be rewarded."""
        yield from super().check()
        if self.at_least <= 0:
            yield Finding(("at_least",), "no-progress", "进步须大于 0", "progress must be above 0")


@rule
class Awards(Rule):
    """Money that goes with certification.

    Args:
        tiers: For each tier.
        progress: For large progress.
    """

    tiers: Mapping[str, Award] = term("星级奖励", "Tiers", default={})
    progress: Progress | None = term("进步奖励", "Progress", default=None)


@rule
class Plaques(Rule):
    """When the plaque of a tier is hung and taken down.

    Args:
        on_change: What a change of tier does: ``replace`` the plaque, or ``keep`` the old one for the year in which
            the tier changes; if the tier then stays, the plaque follows it a year later.
        on_watch: Whether a certified subject that comes onto the watch list loses its plaque ``at_once`` or keeps it
            until the ``year_end``, when the next certification decides.
    """

    on_change: Literal["replace", "keep"] = term("星级变化", "On change")
    on_watch: Literal["at_once", "year_end"] = term("列入治理类", "On watch")


@rule
class Consequence(Rule):
    """What a result bears on outside this scheme, such as an appraisal. Recorded, and shown; nothing is computed.

    Args:
        subject: Whom it touches.
        effect: How: the result ``enters`` the other assessment, is a ``condition`` of it, or counts ``in_favour``.
    """

    subject: Title = term("对象", "Subject")
    effect: Literal["enters", "condition", "in_favour"] = term("作用", "Effect")
