"""What a profile can say about certification: tiers, renewal, vetoes, watch lists, awards and plaques."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from math import lcm
from typing import Literal, cast

from communitygov.certification import tables
from communitygov.certification.consequences import (
    Award,
    Awards,
    Consequence,
    Leaving,
    Listing,
    Plaques,
    Progress,
    Watch,
)
from communitygov.documents.rule import Finding, Rule, rule, term
from communitygov.vocabulary.frames import Table
from communitygov.vocabulary.numbers import Number, Share
from communitygov.vocabulary.period import PeriodKind
from communitygov.vocabulary.problem import did_you_mean

__all__ = [
    "Award",
    "Awards",
    "Certification",
    "Consequence",
    "Leaving",
    "Listing",
    "Plaques",
    "Progress",
    "Renewal",
    "Tier",
    "Veto",
    "Watch",
    "Year",
]

_KINDS = {1: "year", 2: "half", 4: "quarter", 12: "month"}
FINEST = 10**9
"""The largest denominator of a share: with it, quotas of any country stay whole numbers of 63 bits."""


@rule
class Tier(Rule):
    """A level of certification: the best of the base down to a cut.

    Cuts are nested: the cut of a lower tier takes in those of all higher tiers. A subject's tier is the highest cut
    it is in.

    Args:
        order: Its place among the tiers, 1 the highest.
        share: The share of the base that its cut reaches down to, higher tiers included.
        number: The number of places down to its cut, higher tiers included, where the source gives a number.
        at_least: The least number of places that the share gives.
        at_most: The greatest number of places that the share gives.
        threshold: The least score; a place that nobody reaches it for stays empty.
    """

    order: int = term("次序", "Order", at_least=1)
    share: Share | None = term("份额", "Share", default=None)
    number: int | None = term("名额", "Number", default=None, at_least=0)
    at_least: int | None = term("至少名额", "At least", default=None, at_least=0)
    at_most: int | None = term("至多名额", "At most", default=None, at_least=0)
    threshold: Number | None = term("分数线", "Threshold", default=None)

    def check(self) -> Iterator[Finding]:
        """Yield a finding if the tier has no cut, or two."""
        yield from super().check()
        if self.share is None and self.number is None and self.threshold is None:
            yield Finding(
                (),
                "tier-without-cut",
                "须有 share、number 或 threshold",
                "needs a share, a number or a threshold",
            )
        if self.share is not None and self.number is not None:
            yield Finding((), "tier-with-two-cuts", "share 与 number 只能取一", "a share and a number at once")
        if self.share is None and (self.at_least is not None or self.at_most is not None):
            yield Finding(
                (),
                "unused-setting",
                "at_least、at_most 只用于 share",
                "at_least and at_most belong to a share",
            )
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            yield Finding((), "empty-range", "at_least 大于 at_most", "at_least is above at_most")


@rule
class Renewal(Rule):
    """Holders of earlier years who take no place this year.

    Args:
        hold: Which tier they must have held: the ``same``, ``this_or_higher``, or ``any``.
        years: In how many years running, before this one.
        within: ``original_cut``: a holder is renewed if its nominal rank among the candidates is within the quota; it
            then keeps the tier and takes no place. ``moved_cut``: every such holder takes no place, and like everybody
            is in if its effective rank is within the quota.
    """

    hold: Literal["same", "this_or_higher", "any"] = term("须持有", "Hold")
    years: int = term("连续年数", "Years", at_least=1)
    within: Literal["original_cut", "moved_cut"] = term("名次范围", "Within")


@rule
class Veto(Rule):
    """A fact that bars a subject, whatever its score.

    Args:
        column: The true-or-false column of the data that says whom it strikes.
        when: ``before``: no candidate, the place passes down. ``after``: takes its place, which stays empty.
        bars: The lowest tier barred, with all above it; every tier if absent.
    """

    column: str = term("数据列", "Column")
    when: Literal["before", "after"] = term("先后", "When")
    bars: str | None = term("所禁星级", "Bars", default=None)


@rule
class Year(Rule):
    """How the scores of periods make the score of a year.

    Args:
        starts: The month the year begins with; it is named after the calendar year in which it ends.
        periods: How many periods a year has: 1, 2, 4 or 12.
        by: ``sum``: the sum of the published scores.
        incomplete: What a year with fewer periods is: an error (``refuse``), or no year (``skip``).
        different_maxima: What a year is whose periods have different full marks: an error (``refuse``), or each
            period is rescaled to the greatest (``rescale``).
    """

    starts: int = term("起始月", "Starts", at_least=1, at_most=12)
    periods: int = term("周期数", "Periods", at_least=1, at_most=12)
    by: Literal["sum"] = term("合成", "By", default="sum")
    incomplete: Literal["refuse", "skip"] = term("不足一年", "Incomplete", default="refuse")
    different_maxima: Literal["refuse", "rescale"] = term("满分不一", "Different maxima", default="refuse")

    @property
    def kind(self) -> PeriodKind:
        """The kind of its periods."""
        return cast("PeriodKind", _KINDS[self.periods])

    def check(self) -> Iterator[Finding]:
        """Yield a finding if no kind of period fits, or the year begins inside one."""
        yield from super().check()
        if self.periods not in _KINDS:
            yield Finding(
                ("periods",),
                "no-such-period",
                "一年的周期数须为 1、2、4 或 12",
                "a year has 1, 2, 4 or 12 periods",
            )
        elif (self.starts - 1) % (12 // self.periods):
            yield Finding(
                ("starts",),
                "year-inside-period",
                "起始月须为某一周期的首月",
                "a year begins with the first month of a period",
            )


@rule
class Certification(Rule):
    """Who is certified, at which tier, by a year's rank.

    Args:
        of: The index whose yearly scores are ranked.
        year: How a year's score is made.
        decimals: Places of the scores.
        tiers: The tiers.
        base: The subjects that quotas are a share of: ``all``, those ``scored``, or those ``eligible`` (scored, and
            not vetoed before every tier).
        rounding: How a share of the base becomes a number of places.
        rounded: What is rounded: each cut's ``cumulative`` share, or ``each`` tier's own part of it, which is then
            added to the places of the tier above.
        ties: Whether those tied across a cut are all in or all out.
        tie_break: Columns of scores that order equal subjects, before ``ties``; higher is better. Never identifiers.
        vetoes: Facts that bar.
        renewal: Holders who take no place; none if absent.
        group_by: The column of groups that are ranked apart; one group if absent.
        least_group: The least base of a group that is ranked.
        cap: The greatest number certified in a group, in all tiers together; those tied across it all fall out.
        hold_until_change: Whether a subject whose own score is that of last year keeps its tier, neither losing nor
            raising it. The vetoed keep nothing; the cap binds the kept too.
        watch: The watch list.
        listing: The renovation list.
        awards: Money.
        plaques: Plaques.
        consequences: What the result bears on elsewhere.
    """

    of: str = term("所用评价体系", "Of", refers="index")
    year: Year = term("年度", "Year")
    decimals: int = term("分数小数位", "Decimals", at_least=0, at_most=6)
    tiers: Mapping[str, Tier] = term("星级", "Tiers")
    base: Literal["all", "scored", "eligible"] = term("基数", "Base")
    rounding: Literal["floor", "half_up", "ceiling"] = term("取整", "Rounding")
    rounded: Literal["cumulative", "each"] = term("取整对象", "Rounded")
    ties: Literal["in", "out"] = term("并列", "Ties")
    tie_break: tuple[str, ...] = term("并列次序", "Tie-break", default=())
    vetoes: Mapping[str, Veto] = term("一票否决", "Vetoes", default={})
    renewal: Renewal | None = term("连年", "Renewal", default=None)
    group_by: str | None = term("分组列", "Group by", default=None)
    least_group: int = term("最小组", "Least group", default=1, at_least=1)
    cap: int | None = term("总数上限", "Cap", default=None, at_least=0)
    hold_until_change: bool = term("无变化则保留", "Hold until change", default=False)
    watch: Watch | None = term("治理类社区", "Watch list", default=None)
    listing: Listing | None = term("重点名录", "Renovation list", default=None)
    awards: Awards | None = term("奖励", "Awards", default=None)
    plaques: Plaques | None = term("挂牌摘牌", "Plaques", default=None)
    consequences: Mapping[str, Consequence] = term("结果运用", "Consequences", default={})

    @cached_property
    def ladder(self) -> tuple[tuple[str, Tier], ...]:
        """The tiers with their ids, highest first."""
        return tuple(sorted(self.tiers.items(), key=lambda pair: pair[1].order))

    @cached_property
    def barriers(self) -> Mapping[str, Veto]:
        """The vetoes, with the one that a watch list makes which bars its subjects from every tier."""
        if self.watch is None or self.watch.starred == "allowed":
            return self.vetoes
        title = self.watch.name("watch")
        barred = Veto(title=title, clause=self.watch.clause, column="on_watch", when="before", node=self.watch.node)
        return {**self.vetoes, "watch": barred}

    @cached_property
    def scores_table(self) -> Table:
        """The columns of the yearly scores that are certified: one row per subject."""
        return tables.scores_table(self)

    @cached_property
    def holders_table(self) -> Table:
        """The columns of earlier certifications: one row per subject and year in which it held a tier."""
        return tables.HOLDERS

    def most(self, places: int) -> int | None:
        """Return the most that a group can have certified, where nobody is tied across a cut.

        Holders who take no place come on top of the places. Within the original cut they are at most as many again;
        within the moved cut nothing bounds them, and neither are those bounded who keep a tier.

        Args:
            places: The places down to the lowest cut.

        Returns:
            The number; None if the rule sets no bound.
        """
        lowest = self.ladder[-1][1]
        moved = self.renewal is not None and self.renewal.within == "moved_cut"
        if moved or self.hold_until_change or (lowest.share is None and lowest.number is None):
            return self.cap
        bound = places if self.renewal is None else 2 * places
        return bound if self.cap is None else min(bound, self.cap)

    def check(self) -> Iterator[Finding]:
        """Yield every promise of the certification that does not hold."""
        yield from super().check()
        if not self.tiers:
            yield Finding(("tiers",), "no-tiers", "没有星级", "there are no tiers")
        orders: dict[int, str] = {}
        for key, tier in self.tiers.items():
            if tier.order in orders:
                yield Finding(
                    ("tiers", key, "order"),
                    "repeated-order",
                    f"与 `{orders[tier.order]}` 次序相同",
                    f"has the same order as `{orders[tier.order]}`",
                    also=(("tiers", orders[tier.order], "order"),),
                )
            orders.setdefault(tier.order, key)
        yield from self._check_nested()
        yield from self._check_shares()
        yield from self._check_names()
        yield from self._check_columns()
        yield from self._check_watch()

    def _check_names(self) -> Iterator[Finding]:
        named = [(("vetoes", key, "bars"), veto.bars) for key, veto in self.vetoes.items()]
        named += [(("awards", "tiers", key), key) for key in (self.awards.tiers if self.awards else ())]
        for path, name in named:
            if name is not None and name not in self.tiers:
                hint = did_you_mean(name, self.tiers)
                yield Finding(
                    path,
                    "unknown-reference",
                    f"没有星级 `{name}`{hint.zh}",
                    f"there is no tier `{name}`{hint.en}",
                )

    def _check_columns(self) -> Iterator[Finding]:
        if {"subject", self.group_by} & set(self.tie_break):
            yield Finding(
                ("tie_break",),
                "tie-break-by-name",
                "不得按名称或代码排序",
                "an identifier never breaks a tie",
            )
        places: list[tuple[tuple[str, ...], str]] = [(("tie_break",), name) for name in self.tie_break]
        places += [(("vetoes", key, "column"), veto.column) for key, veto in self.vetoes.items()]
        places += [] if self.group_by is None else [(("group_by",), self.group_by)]
        kinds: dict[str, set[str]] = {}
        for path, name in places:
            kinds.setdefault(name, set()).add(path[0])
            if name in tables.RESERVED or name.startswith("_"):
                yield Finding(path, "reserved-column", f"`{name}` 是保留列名", f"`{name}` is a reserved column name")
            if len(kinds[name]) > 1:
                yield Finding(
                    path,
                    "column-of-two-kinds",
                    f"列 `{name}` 不能有两种含义",
                    f"the column `{name}` cannot mean two things",
                )

    def _check_shares(self) -> Iterator[Finding]:
        shares = [tier.share for tier in self.tiers.values() if tier.share is not None]
        if lcm(*(share.denominator for share in shares)) > FINEST:
            yield Finding(
                ("tiers",),
                "share-too-fine",
                "份额的公分母不得超过 10 亿，否则名额无法精确计算",
                "the shares' common denominator is over a thousand million, too fine for exact quotas",
            )

    def _check_watch(self) -> Iterator[Finding]:
        if self.watch is None or self.watch.across_years:
            return
        waits = [
            (("watch", "periods"), self.watch.periods),
            (("watch", "leaving", "after"), self.watch.leaving.after),
        ]
        for path, wait in waits:
            if wait > self.year.periods:
                yield Finding(
                    path,
                    "longer-than-year",
                    f"跨年不连续，而一年只有 {self.year.periods} 个周期，永远达不到",
                    f"never reached: a year has {self.year.periods} periods and its end breaks the row",
                    also=(("watch", "across_years"),),
                )

    def _check_nested(self) -> Iterator[Finding]:
        for (upper_id, upper), (lower_id, lower) in zip(self.ladder, self.ladder[1:], strict=False):
            for name in ("share", "number"):
                above, below = getattr(upper, name), getattr(lower, name)
                if above is not None and below is not None and above > below:
                    yield Finding(
                        ("tiers", lower_id),
                        "cuts-not-nested",
                        f"`{lower_id}` 的 {name} 小于更高的 `{upper_id}`；名次线须逐级包含",
                        f"the {name} of `{lower_id}` is below that of `{upper_id}`; "
                        "a lower tier's cut takes in the higher",
                        also=(("tiers", upper_id),),
                    )
            if upper.threshold is not None and lower.threshold is not None and upper.threshold < lower.threshold:
                yield Finding(
                    ("tiers", lower_id),
                    "cuts-not-nested",
                    f"`{lower_id}` 的分数线高于更高的 `{upper_id}`",
                    f"its threshold is above that of `{upper_id}`",
                    also=(("tiers", upper_id),),
                )
