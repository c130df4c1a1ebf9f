"""The Method of Equal Shares, exactly: whole numbers only, and ballots taken together where they are alike.

Voters with the same ballot are one group, and groups that have paid for the same projects have the same money left.
Money is counted in parts of a unit that grow finer with every purchase, so that each share stays a whole number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import gcd

from attrs import frozen

from communitygov.deliberation.budget_greedy import Allotment, Candidates, Settled, Tie, settle
from communitygov.deliberation.budget_rules import BudgetRule, EqualShares

__all__ = ["Electorate", "equal_shares"]


@frozen
class Electorate:
    """The voters, alike ones together.

    Args:
        voters: How many there are, those with blank ballots included.
        sizes: How many voters each group has.
        supporters: The groups that name each project, by its place among the candidates.
    """

    voters: int
    sizes: tuple[int, ...]
    supporters: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, voters: int, ballots: Iterable[tuple[int, ...]], candidates: int) -> Electorate:
        """Return the electorate of some ballots, each a sorted row of places of projects.

        Args:
            voters: How many voters there are.
            ballots: The ballots that name a project.
            candidates: How many projects there are.
        """
        sizes: dict[tuple[int, ...], int] = {}
        for ballot in ballots:
            sizes[ballot] = sizes.get(ballot, 0) + 1
        supporters: list[list[int]] = [[] for _ in range(candidates)]
        for group, ballot in enumerate(sizes):
            for one in ballot:
                supporters[one].append(group)
        return cls(voters, tuple(sizes.values()), tuple(map(tuple, supporters)))


def equal_shares(
    rule: BudgetRule, all_: Candidates, eligible: Sequence[int], electorate: Electorate, budget: int
) -> tuple[Allotment, int]:
    """Return who is funded by equal shares, and by how many units each voter's share was raised.

    Args:
        rule: The rule.
        all_: The candidates.
        eligible: Those that can be funded.
        electorate: The voters.
        budget: The money, in units.

    Raises:
        DataError: If a tie decides and the rule refuses ties; with ``add_one``, in whatever step.

    Source:
        D. Peters, G. Pierczynski, P. Skowron: Proportional participatory budgeting with additive utilities, 2021;
        the completion as in the Polish and Dutch elections of pabulib.org.
    """
    terms = rule.equal_shares
    assert terms is not None
    supported = [one for one in eligible if electorate.supporters[one]]
    if not electorate.voters:
        return Allotment(), 0
    best, raised = _once(rule, terms, all_, supported, electorate, budget), 0
    if terms.completion != "add_one":
        return best, 0
    assert terms.step is not None
    step = rule.units(terms.step)
    # It ends: once a share is as large as all costs together, everything with votes is funded.
    while len(best.amounts) < len(supported):
        if terms.stop == "exhaustive" and _full(all_, supported, best, budget):
            break
        more = budget + (raised + step) * electorate.voters
        tried = _once(rule, terms, all_, supported, electorate, more)
        if sum(tried.amounts.values()) > budget:
            break
        best, raised = tried, raised + step
    return best, raised


def _full(all_: Candidates, supported: Sequence[int], state: Allotment, budget: int) -> bool:
    """Return whether no further project fits into what is left."""
    left = budget - sum(state.amounts.values())
    return all(one in state.amounts or all_.costs[one] > left for one in supported)


def _once(
    rule: BudgetRule,
    terms: EqualShares,
    all_: Candidates,
    supported: Sequence[int],
    electorate: Electorate,
    budget: int,
) -> Allotment:
    """Carry out one run with a given sum of shares."""
    state, run = Allotment(), _Run(all_.costs, terms.utility == "cost", electorate, budget)
    waiting = list(supported)
    while tied := run.cheapest(waiting):
        settled: dict[int, Settled] = {}
        first = min(all_.keys[one] for one in tied)
        still = [one for one in tied if all_.keys[one] == first]
        how: Settled = "no_matter"
        if len(still) == 1:
            how = "tie_break"
        elif not run.all_can_pay(still):
            settle(rule, all_, still)
            how = "none_funded"
        for one in still:
            settled[one] = how
            waiting.remove(one)
            if how == "none_funded":
                state.reasons[one] = "tie"
            else:
                run.buy(one)
                state.fund(rule, all_, one, all_.costs[one], "budget")
        if len(tied) > 1:
            rest: dict[int, Settled] = {one: "tie_break" for one in tied if one not in settled}
            state.ties.append(Tie("budget", (*settled, *rest), (*settled.values(), *rest.values())))
    for one in waiting:
        state.reasons[one] = "supporters_cannot_pay"
    return state


class _Run:
    """What every group of voters has left, in units over ``scale``."""

    def __init__(self, costs: Sequence[int], by_cost: bool, electorate: Electorate, budget: int) -> None:
        self.costs, self.by_cost, self.electorate = costs, by_cost, electorate
        self.scale = electorate.voters
        self.money = [budget]
        self.purse_of = [0] * len(electorate.sizes)
        self.known: dict[int, tuple[int, int]] = {}
        self.beyond: set[int] = set()

    def most(self, one: int) -> tuple[int, int] | None:
        """Return the most that a supporter pays for a project, as parts of a unit over a divisor; None if too little.

        All pay the same, but who has less pays all; so those with the least pay first.
        """
        heads: dict[int, int] = {}
        purse_of, sizes = self.purse_of, self.electorate.sizes
        for group in self.electorate.supporters[one]:
            purse = purse_of[group]
            heads[purse] = heads.get(purse, 0) + sizes[group]
        due, payers = self.costs[one] * self.scale, sum(heads.values())
        for money, count in sorted((self.money[purse], count) for purse, count in heads.items()):
            if money * payers >= due:
                return due, payers
            due, payers = due - money * count, payers - count
        return None

    def cheapest(self, waiting: Sequence[int]) -> list[int]:
        """Return the projects whose supporters pay least for what they get; none if no project can be paid.

        A price only rises as money is spent, so a project whose last known price is above the best is not asked again.
        """
        best: tuple[int, int] | None = None
        found: list[int] = []
        for one in sorted(set(waiting) - self.beyond, key=self.guess):
            old = self.known.get(one)
            if best is not None and old is not None and old[0] * best[1] > best[0] * old[1]:
                continue
            most = self.most(one)
            if most is None:
                self.beyond.add(one)
                continue
            worth = self.costs[one] if self.by_cost else 1
            price = most[0], most[1] * self.scale * worth
            self.known[one] = price
            higher = 0 if best is None else price[0] * best[1] - best[0] * price[1]
            if best is None or higher < 0:
                best, found = price, [one]
            elif higher == 0:
                found.append(one)
        return sorted(found)

    def guess(self, one: int) -> int:
        """Return the last known price, rounded down: which project is asked first changes only the time it takes."""
        parts, divisor = self.known.get(one, (0, 1))
        return (parts << 64) // divisor

    def all_can_pay(self, tied: Sequence[int]) -> bool:
        """Return whether nobody who supports several of the tied runs out by paying for all of them."""
        due: dict[int, list[tuple[int, int]]] = {}
        for one in tied:
            most = self.most(one)
            assert most is not None
            for group in self.electorate.supporters[one]:
                due.setdefault(group, []).append(most)
        for group, several in due.items():
            money, divisor, total = self.money[self.purse_of[group]], 1, 0
            for _, payers in several:
                divisor *= payers
            for parts, payers in several:
                total += min(money * divisor, parts * divisor // payers)
            if len(several) > 1 and total > money * divisor:
                return False
        return True

    def buy(self, one: int) -> None:
        """Let the supporters of a project pay for it."""
        most = self.most(one)
        assert most is not None
        parts, payers = most
        divide = payers // gcd(parts, payers)
        parts = parts * divide // payers
        self.scale *= divide
        paying = set(self.electorate.supporters[one])
        places: dict[tuple[int, bool], int] = {}
        money: list[int] = []
        for group, purse in enumerate(self.purse_of):
            pays = group in paying
            if (purse, pays) not in places:
                places[purse, pays] = len(money)
                money.append(max(0, self.money[purse] * divide - (parts if pays else 0)))
            self.purse_of[group] = places[purse, pays]
        self.money = money
