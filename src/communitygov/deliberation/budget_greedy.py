"""Funding projects in the order of their votes, while the money lasts; ties are settled as declared, or refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import groupby
from typing import Literal

from attrs import define, field, frozen

from communitygov.deliberation.budget_rules import BudgetRule
from communitygov.vocabulary.errors import DataError
from communitygov.vocabulary.problem import Problem
from communitygov.vocabulary.text import Title

__all__ = ["Allotment", "Candidates", "Tie", "barred", "fund_in_order", "settle"]

Settled = Literal["tie_break", "no_matter", "none_funded"]


@frozen
class Candidates:
    """The projects with their votes: one entry each in every field, in the order of the frame.

    Args:
        names: Their ids.
        costs: In units of the last place.
        votes: What was counted.
        keys: What orders those with equal votes, lower first, one value per column of the chain.
        categories: The categories each counts in.
    """

    names: tuple[str, ...]
    costs: tuple[int, ...]
    votes: tuple[int, ...]
    keys: tuple[tuple[Fraction, ...], ...]
    categories: tuple[tuple[str, ...], ...]


@frozen
class Tie:
    """Projects that were level when their turn came.

    Args:
        source: Whose money was shared.
        projects: Their places among the candidates.
        settled: For each, how: by the chain of columns (``tie_break``); their order changes nothing (``no_matter``);
            it does, and none of them is funded (``none_funded``).
    """

    source: str
    projects: tuple[int, ...]
    settled: tuple[Settled, ...]


@define
class Allotment:
    """Who has what so far, as the money is shared; changed only by the functions of sharing.

    Args:
        reasons: Why each project is where it is; absent while its turn has not come.
        amounts: The money of each funded project, in units.
        sources: Whose money that is.
        ties: Ties met, in order.
        room: What is left under each ceiling, in units.
        taken: The conflicts of which a project is funded.
    """

    reasons: dict[int, str] = field(factory=dict)
    amounts: dict[int, int] = field(factory=dict)
    sources: dict[int, str] = field(factory=dict)
    ties: list[Tie] = field(factory=list)
    room: dict[str, int] = field(factory=dict)
    taken: set[str] = field(factory=set)

    def fund(self, rule: BudgetRule, all_: Candidates, one: int, amount: int, source: str) -> None:
        """Give a project its money."""
        self.amounts[one], self.sources[one] = amount, source
        self.reasons[one] = "funded" if amount == all_.costs[one] else "part_funded"
        for category in all_.categories[one]:
            if category in self.room:
                self.room[category] -= amount
        self.taken.update(conflicts_of(rule, all_.names[one]))


def conflicts_of(rule: BudgetRule, name: str) -> Iterator[str]:
    """Yield the ids of the conflicts that a project takes part in."""
    return (key for key, one in rule.conflicts.items() if name in one.projects)


def settle(rule: BudgetRule, all_: Candidates, tied: Sequence[int]) -> None:
    """Refuse a tie that would decide, if the rule does.

    Args:
        rule: The rule.
        all_: The candidates.
        tied: Those that are tied.

    Raises:
        DataError: If the rule refuses ties.
    """
    if rule.ties == "all_or_none":
        return
    names = "、".join(f"`{all_.names[one]}`" for one in tied), ", ".join(f"`{all_.names[one]}`" for one in tied)
    raise DataError(
        Problem(
            "tied-projects",
            Title(
                zh=f"{names[0]} 同票（{all_.votes[tied[0]]} 票），其先后会影响谁获资助；"
                "请以 tie_break 声明次序（抽签结果可作一列），或 ties: all_or_none",
                en=f"{names[1]} are tied at {all_.votes[tied[0]]} votes, and their order can decide who is funded; "
                "declare it with tie_break (a lot is a column too), or ties: all_or_none",
            ),
        )
    )


def fund_in_order(
    rule: BudgetRule, all_: Candidates, eligible: Sequence[int], state: Allotment, purse: int, source: str
) -> int:
    """Fund projects in the order of their votes, and return what is left.

    Args:
        rule: The rule; without ``not_fitting``, what does not fit is skipped.
        all_: The candidates.
        eligible: Those whose turn may come.
        state: Who has what; it is changed.
        purse: The money, in units.
        source: Whose money it is.

    Raises:
        DataError: If a tie decides and the rule refuses ties.
    """
    stopped = False
    ordered = sorted(eligible, key=lambda one: (-all_.votes[one], all_.keys[one]))
    for _, level in groupby(ordered, key=lambda one: all_.votes[one]):
        settled: dict[int, Settled] = {}
        for _, group in groupby(list(level), key=lambda one: all_.keys[one]):
            tied = list(group)
            how: Settled = "tie_break" if len(tied) == 1 else "no_matter"
            if stopped:
                for one in tied:
                    _because(state, one, "stopped", source)
            else:
                purse, stopped, decided = _take(rule, all_, tied, state, purse, source)
                how = how if decided else "none_funded"
            settled.update(dict.fromkeys(tied, how))
        if len(settled) > 1:
            state.ties.append(Tie(source, tuple(settled), tuple(settled.values())))
    return purse


def _take(
    rule: BudgetRule, all_: Candidates, tied: Sequence[int], state: Allotment, purse: int, source: str
) -> tuple[int, bool, bool]:
    """Let those of one rank have their turn; return the money left, whether sharing stops, and whether it is decided.

    The order of the tied changes nothing exactly if all that can be funded in full can be together, none of them
    stands beside one that would stop the sharing or take all that is left, and at most one would take that.
    """
    stops, open_ = rule.not_fitting == "stop", []
    for one in tied:
        bar = barred(rule, all_, one, state)
        if bar is None:
            open_.append(one)
        else:
            _because(state, one, bar, source)
    whole = [one for one in open_ if all_.costs[one] <= purse]
    part = [one for one in open_ if one not in whole and _in_part(rule, all_.costs[one], purse, source)]
    halts = stops and len(whole) + len(part) < len(open_)
    for one in open_:
        if one not in whole and one not in part:
            _because(state, one, "does_not_fit", source)
    alone = (bool(whole) + len(part) + halts) <= 1
    if not (alone and _fit_together(rule, all_, whole, state, purse)):
        settle(rule, all_, tied)
        for one in (*whole, *part):
            _because(state, one, "tie", source)
        return purse, stops, False
    for one in whole:
        state.fund(rule, all_, one, all_.costs[one], source)
        purse -= all_.costs[one]
    for one in part:
        state.fund(rule, all_, one, purse, source)
        purse = 0
    return purse, halts, True


def _because(state: Allotment, one: int, reason: str, source: str) -> None:
    """Note why a project is not funded by the budget; what other sources pass over keeps the budget's reason."""
    if source == "budget":
        state.reasons[one] = reason


def barred(rule: BudgetRule, all_: Candidates, one: int, state: Allotment) -> str | None:
    """Return what bars a project whatever the money, if anything: once barred, it stays so.

    Args:
        rule: The rule.
        all_: The candidates.
        one: The project.
        state: Who has what.
    """
    if not state.taken.isdisjoint(conflicts_of(rule, all_.names[one])):
        return "conflict"
    over = any(state.room.get(category, all_.costs[one]) < all_.costs[one] for category in all_.categories[one])
    return "ceiling" if over else None


def _in_part(rule: BudgetRule, cost: int, purse: int, source: str) -> bool:
    if rule.part_at_least is None or source != "budget" or purse <= 0:
        return False
    return rule.part_at_least.numerator * cost <= purse * rule.part_at_least.denominator


def _fit_together(rule: BudgetRule, all_: Candidates, some: Sequence[int], state: Allotment, purse: int) -> bool:
    """Return whether projects, each of which can be funded, can all be."""
    if sum(all_.costs[one] for one in some) > purse:
        return False
    needed: dict[str, int] = {}
    for one in some:
        for category in all_.categories[one]:
            needed[category] = needed.get(category, 0) + all_.costs[one]
    held = [key for one in some for key in conflicts_of(rule, all_.names[one])]
    under = all(total <= state.room.get(category, total) for category, total in needed.items())
    return under and len(held) == len(set(held))
