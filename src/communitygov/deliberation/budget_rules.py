"""What a profile can say about sharing a budget among projects by the residents' votes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cached_property
from typing import Literal

from communitygov.documents.rule import Finding, Rule, rule, term
from communitygov.vocabulary.frames import Column, Table
from communitygov.vocabulary.numbers import Number, Share, decimal_text
from communitygov.vocabulary.text import Title

__all__ = ["BudgetRule", "Ceiling", "Conflict", "EqualShares", "Method", "OtherSource", "TieBreak"]

Method = Literal["greedy", "equal_shares"]
"""By what the money goes to projects."""

_RESERVED = frozenset({"project", "category", "votes", "order", "funded", "amount", "source", "reason"})
"""Names of columns with a meaning of their own; none of them breaks a tie."""


@rule
class TieBreak(Rule):
    """A column of the projects that orders those with equal votes.

    Args:
        order: Its place in the chain, 1 the first that is asked.
        wins: Whether the ``lower`` or the ``higher`` value goes first.
    """

    order: int = term("次序", "Order", at_least=1)
    wins: Literal["lower", "higher"] = term("取胜", "Wins")


@rule
class Conflict(Rule):
    """Projects of which at most one is funded.

    Args:
        projects: Their ids, two or more.
    """

    projects: tuple[str, ...] = term("互斥项目", "Projects")

    def check(self) -> Iterator[Finding]:
        """Yield a finding if there are no two different projects."""
        yield from super().check()
        if len(set(self.projects)) < 2 or len(set(self.projects)) < len(self.projects):
            yield Finding(
                ("projects",),
                "bad-conflict",
                "互斥须列出两个以上不同的项目",
                "a conflict names two or more projects, each once",
            )


@rule
class Ceiling(Rule):
    """The most money that projects of one category get together, from whatever source.

    Args:
        amount: The money, in the currency's unit.
    """

    amount: Number = term("金额", "Amount", at_least=0)


@rule
class OtherSource(Rule):
    """Money beside the budget, for projects that the budget left out, next in the order of votes.

    It funds whole projects only, and each project is funded by one source.

    Args:
        order: Its place among the sources, 1 the first.
        amount: The money, in the currency's unit.
    """

    order: int = term("次序", "Order", at_least=1)
    amount: Number = term("金额", "Amount", at_least=0)


@rule
class EqualShares(Rule):
    """How the Method of Equal Shares is carried out, and what is done with money that its voters leave over.

    Args:
        utility: What a voter has from a project: its ``cost``, or 1 (``count``).
        completion: ``none``; ``add_one``: everybody's share is raised step by step; ``greedy``: the rest goes to
            projects in the order of votes, those that do not fit being skipped.
        step: By how much ``add_one`` raises each voter's share, in the currency's unit.
        stop: When ``add_one`` stops raising. ``overspent``: before the first step that would cost more than the
            budget, or when all that have votes are funded. ``exhaustive``: also at the first step after which no
            project with votes fits into the rest.
    """

    utility: Literal["cost", "count"] = term("效用", "Utility")
    completion: Literal["none", "add_one", "greedy"] = term("补足", "Completion")
    step: Number | None = term("步长", "Step", default=None)
    stop: Literal["overspent", "exhaustive"] | None = term("停止", "Stop", default=None)

    def check(self) -> Iterator[Finding]:
        """Yield a finding if the settings do not go with the completion."""
        yield from super().check()
        for name, value in (("step", self.step), ("stop", self.stop)):
            yield from asked_for((name,), value is not None, self.completion == "add_one", "completion: add_one")
        if self.step is not None and self.step <= 0:
            yield Finding(("step",), "no-budget", "步长须大于 0", "a step is above 0")


@rule
class BudgetRule(Rule):
    """Which projects a budget pays for.

    Args:
        budget: The money, in the currency's unit.
        decimals: Places of money: all amounts are whole numbers of units of the last place.
        method: ``greedy``: projects in the order of their votes, while the money lasts. ``equal_shares``: every voter
            has the same part of the budget, and a project is funded by its voters.
        counted: What makes a project's votes: the number of ``ballots`` that name it, or the sum of their ``points``.
        least_votes: The least votes with which a project can be funded.
        not_fitting: What ``greedy`` does at a project that costs more than is left: ``skip`` it, or ``stop``.
        part_at_least: The least share of its cost with which such a project is funded in part, with all that is left;
            never if absent. What reaches less is skipped or stops.
        conflicts: Projects that exclude each other. One that is excluded is passed over.
        ceilings: The most that a category gets, by category. A project over it is passed over.
        tie_break: Columns of the projects that order those with equal votes. Never identifiers.
        ties: What becomes of projects that are still tied where their order would decide: an error (``refuse``), or
            none of them is funded, since not all can be (``all_or_none``).
        other_sources: Money beside the budget.
        equal_shares: How equal shares are carried out.
    """

    budget: Number = term("预算", "Budget")
    decimals: int = term("金额小数位", "Decimals", at_least=0, at_most=4)
    method: Method = term("方法", "Method")
    counted: Literal["ballots", "points"] = term("计票", "Counted")
    least_votes: int = term("最低票数", "Least votes", at_least=0)
    not_fitting: Literal["skip", "stop"] | None = term("钱不够时", "Not fitting", default=None)
    part_at_least: Share | None = term("部分资助的最低份额", "Part at least", default=None)
    conflicts: Mapping[str, Conflict] = term("互斥", "Conflicts", default={})
    ceilings: Mapping[str, Ceiling] = term("类别上限", "Ceilings", default={})
    tie_break: Mapping[str, TieBreak] = term("同票次序", "Tie-break", default={})
    ties: Literal["refuse", "all_or_none"] = term("同票", "Ties")
    other_sources: Mapping[str, OtherSource] = term("其他资金", "Other sources", default={})
    equal_shares: EqualShares | None = term("等额分配法", "Equal shares", default=None)

    @cached_property
    def chain(self) -> tuple[tuple[str, bool], ...]:
        """The columns that break ties, first asked first, each with whether its higher value wins."""
        return chain_of(self.tie_break)

    @cached_property
    def sources(self) -> tuple[tuple[str, int], ...]:
        """The other sources in their order, each with its money in units of the last place."""
        ordered = sorted(self.other_sources.items(), key=lambda pair: pair[1].order)
        return tuple((name, self.units(one.amount)) for name, one in ordered)

    @cached_property
    def projects_table(self) -> Table:
        """The columns of the projects: one row per project."""
        columns = [
            Column("project", "text", Title(zh="项目", en="project")),
            Column("cost", "score", Title(zh="费用", en="cost"), decimals=self.decimals),
        ]
        if self.ceilings:
            columns.append(Column("category", "text", Title(zh="类别", en="category"), nullable=True))
        columns += [Column(name, "number", one.name(name)) for name, one in self.tie_break.items() if name != "cost"]
        return Table(Title(zh="项目", en="projects"), tuple(columns), ("project",), open=True)

    @cached_property
    def ballots_table(self) -> Table:
        """The columns of the ballots: one row per voter and project named; without a project, a blank ballot."""
        columns = [
            Column("voter", "text", Title(zh="投票人", en="voter")),
            Column("project", "text", Title(zh="项目", en="project"), nullable=True),
        ]
        if self.counted == "points":
            points = Title(zh="分值", en="points")
            most = Fraction(10**9)  # so that no sum is beyond 63 bits
            columns.append(Column("points", "whole", points, nullable=True, minimum=Fraction(0), maximum=most))
        return Table(Title(zh="选票", en="ballots"), tuple(columns), ("voter", "project"), open=True)

    def units(self, money: Fraction) -> int:
        """Return money in units of the last place; the rule's own amounts are whole, which ``check`` holds.

        Args:
            money: An amount in the currency's unit.
        """
        return int(money * 10**self.decimals)

    def money(self, units: int) -> str:
        """Return an amount for people.

        Args:
            units: Money in units of the last place.
        """
        return decimal_text(Fraction(units, 10**self.decimals))

    def check(self) -> Iterator[Finding]:
        """Yield every promise of the rule that does not hold."""
        yield from super().check()
        if self.budget <= 0:
            yield Finding(("budget",), "no-budget", "预算须大于 0", "a budget is above 0")
        yield from self._check_settings()
        yield from self._check_money()
        yield from check_orders("tie_break", self.tie_break)
        yield from check_orders("other_sources", self.other_sources)
        for name in self.tie_break:
            if name in _RESERVED:
                yield Finding(
                    ("tie_break", name),
                    "tie-break-by-name",
                    f"不得按 `{name}` 排定同票次序",
                    f"`{name}` never breaks a tie",
                )

    def _check_settings(self) -> Iterator[Finding]:
        greedy = self.method == "greedy"
        yield from asked_for(("not_fitting",), self.not_fitting is not None, greedy, "method: greedy")
        yield from asked_for(("equal_shares",), self.equal_shares is not None, not greedy, "method: equal_shares")
        if greedy:
            return
        only_greedy = (
            ("part_at_least", self.part_at_least is not None),
            ("conflicts", bool(self.conflicts)),
            ("ceilings", bool(self.ceilings)),
        )
        for name, given in only_greedy:
            if given:
                yield from asked_for((name,), True, False, "method: greedy")
        if self.counted == "points":
            yield Finding(
                ("counted",),
                "unused-setting",
                "等额分配法只按选票计，不按分值",
                "equal shares counts ballots, not points",
            )

    def _check_money(self) -> Iterator[Finding]:
        amounts: list[tuple[tuple[str, ...], Fraction | None]] = [(("budget",), self.budget)]
        amounts += [(("ceilings", name, "amount"), one.amount) for name, one in self.ceilings.items()]
        amounts += [(("other_sources", name, "amount"), one.amount) for name, one in self.other_sources.items()]
        if self.equal_shares is not None:
            amounts.append((("equal_shares", "step"), self.equal_shares.step))
        for path, amount in amounts:
            if amount is not None and (amount * 10**self.decimals).denominator != 1:
                yield Finding(
                    path,
                    "too-many-decimals",
                    f"金额的小数多于 {self.decimals} 位",
                    f"an amount with more than {self.decimals} decimals",
                )


def chain_of(tie_break: Mapping[str, TieBreak]) -> tuple[tuple[str, bool], ...]:
    """Return the columns that break ties, first asked first, each with whether its higher value wins.

    Args:
        tie_break: The columns, as a rule names them.
    """
    ordered = sorted(tie_break.items(), key=lambda pair: pair[1].order)
    return tuple((name, one.wins == "higher") for name, one in ordered)


def check_orders(section: str, ordered: Mapping[str, TieBreak] | Mapping[str, OtherSource]) -> Iterator[Finding]:
    """Yield a finding for each that has the order of one before it.

    Args:
        section: Where they stand in the rule.
        ordered: What has an order.
    """
    taken: dict[int, str] = {}
    for key, one in ordered.items():
        if one.order in taken:
            yield Finding(
                (section, key, "order"),
                "repeated-order",
                f"与 `{taken[one.order]}` 次序相同",
                f"has the same order as `{taken[one.order]}`",
                also=((section, taken[one.order], "order"),),
            )
        taken.setdefault(one.order, key)


def asked_for(path: tuple[str, ...], given: bool, wanted: bool, by: str) -> Iterator[Finding]:
    """Yield a finding if a setting is absent where it is needed, or there where it says nothing.

    Args:
        path: Where it stands in the rule.
        given: Whether it is there.
        wanted: Whether it is needed.
        by: The setting that it belongs to, as it is written.
    """
    name = path[-1]
    if wanted and not given:
        yield Finding(path, "missing-setting", f"`{by}` 须有 `{name}`", f"`{by}` needs `{name}`")
    if given and not wanted:
        yield Finding(path, "unused-setting", f"`{name}` 只用于 `{by}`", f"`{name}` belongs to `{by}`")
