"""What a profile can say about points: which activity earns how many, for whom, up to what, and what they buy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from communitygov.documents.rule import Finding, Rule, rule, term
from communitygov.vocabulary.period import PeriodKind
from communitygov.vocabulary.problem import did_you_mean
from communitygov.vocabulary.text import Title

__all__ = ["LARGEST", "Activity", "Points", "Reward"]

LARGEST = 10**9
"""The most points that one entry may be of."""


@rule
class Activity(Rule):
    """Something that earns points.

    Args:
        points: How many, each time; the text does not say if absent, and then nobody knows what it earned.
        holders: The kinds of account that can earn by it; all of them if none is named.
        most: The most that an account earns by it in a period.
        per: The period.
    """

    points: int | None = term("积分", "Points", default=None, at_least=0, at_most=LARGEST)
    holders: tuple[str, ...] = term("账户类别", "Holders", default=())
    most: int | None = term("至多", "Most", default=None, at_least=0, at_most=LARGEST)
    per: PeriodKind | None = term("周期", "Per", default=None)

    def check(self) -> Iterator[Finding]:
        """Yield a finding if it has a cap without a period, or the other way round."""
        yield from super().check()
        yield from _both(self.most, self.per)


@rule
class Reward(Rule):
    """Something that points are redeemed for.

    Args:
        costs: How many points.
    """

    costs: int = term("所需积分", "Costs", at_least=1, at_most=LARGEST)


@rule
class Points(Rule):
    """A system of points: accounts, what earns, what is redeemed.

    Args:
        holders: The kinds of account, such as people and units.
        real_name: Whether an account earns only once it is registered by real name.
        activities: What earns points.
        most: The most that an account earns in a period, by whatever.
        per: The period.
        rewards: What points are redeemed for; nothing if the text does not say.
    """

    holders: Mapping[str, Title] = term("账户类别", "Holders")
    real_name: bool = term("实名", "Real name", default=False)
    activities: Mapping[str, Activity] = term("活动", "Activities")
    most: int | None = term("至多", "Most", default=None, at_least=0, at_most=LARGEST)
    per: PeriodKind | None = term("周期", "Per", default=None)
    rewards: Mapping[str, Reward] = term("兑换", "Rewards", default={})

    def check(self) -> Iterator[Finding]:
        """Yield a finding for nothing to earn by, kinds of account that there are not, and a cap without a period."""
        yield from super().check()
        yield from _both(self.most, self.per)
        for name, there in (("holders", self.holders), ("activities", self.activities)):
            if not there:
                yield Finding((name,), "missing-setting", "不能为空", "must not be empty")
        for key, activity in self.activities.items():
            for at, holder in enumerate(activity.holders):
                if holder not in self.holders:
                    hint = did_you_mean(holder, self.holders)
                    zh, en = f"没有账户类别 `{holder}`{hint.zh}", f"there is no kind of account `{holder}`{hint.en}"
                    yield Finding(("activities", key, "holders", str(at)), "unknown-reference", zh, en)


def _both(most: int | None, per: PeriodKind | None) -> Iterator[Finding]:
    if (most is None) != (per is None):
        name = "per" if per is None else "most"
        yield Finding((name,), "missing-setting", "most 与 per 须同时给出", "needs `most` and `per` together")
