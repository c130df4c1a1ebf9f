"""Why a project is funded, or not: a budget shared slowly, vote by vote and voter by voter, in fractions.

It shares no code with the verb: ties are found to matter by trying each of the tied first, and every voter of equal
shares has a purse of his or her own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import groupby
from typing import Any

from attrs import define, evolve, field, frozen

from communitygov.deliberation.budget import check_votes
from communitygov.deliberation.budget_rules import BudgetRule
from communitygov.vocabulary.errors import DataError
from communitygov.vocabulary.faults import read_rows
from communitygov.vocabulary.frames import adopt
from communitygov.vocabulary.numbers import half_up
from communitygov.vocabulary.problem import Problem
from communitygov.vocabulary.steps import Steps
from communitygov.vocabulary.text import Title

__all__ = ["BUDGET_REASONS", "explain_budget"]

BUDGET_REASONS: dict[str, Title] = {
    "funded": Title(zh="获资助", en="funded"),
    "part_funded": Title(zh="以余款部分资助", en="funded in part, with all that was left"),
    "too_few_votes": Title(zh="票数不足", en="too few votes"),
    "conflict": Title(zh="与之互斥的项目已获资助", en="a project that excludes it is funded"),
    "ceiling": Title(zh="超出其类别的上限", en="over the ceiling of its category"),
    "does_not_fit": Title(zh="余款不足", en="costs more than was left"),
    "stopped": Title(zh="分配已在它之前停止", en="sharing had stopped before it"),
    "tie": Title(zh="同票且不能都获资助", en="tied with others, and not all could be funded"),
    "supporters_cannot_pay": Title(zh="支持者的份额不够支付", en="its supporters' shares do not pay for it"),
}
"""Every reason that sharing gives, for people."""


@frozen
class _Project:
    name: str
    cost: Fraction
    key: tuple[Fraction, ...]
    categories: frozenset[str]


@define
class _Fate:
    """What became of a project, and what stood when its turn came."""

    reason: str
    amount: Fraction = Fraction(0)
    source: str | None = None
    left: Fraction | None = None
    price: Fraction | None = None


@define
class _Story:
    """The sharing so far."""

    rule: BudgetRule
    projects: dict[str, _Project]
    votes: dict[str, int]
    fates: dict[str, _Fate] = field(factory=dict)

    def paid(self) -> dict[str, Fraction]:
        return {name: fate.amount for name, fate in self.fates.items() if fate.amount}

    def spent(self, source: str) -> Fraction:
        return sum((fate.amount for fate in self.fates.values() if fate.source == source), Fraction(0))

    def waiting(self) -> list[_Project]:
        enough = (one for one in self.projects.values() if self.votes[one.name] >= self.rule.least_votes)
        return [one for one in enough if one.name not in self.paid()]


def explain_budget(rule: BudgetRule, projects: Any, ballots: Any) -> Steps:
    """Return why each project is funded, or not.

    Args:
        rule: The rule.
        projects: The rows that ``share_budget`` takes.
        ballots: The rows that ``share_budget`` takes.

    Returns:
        Steps whose value is the money spent out of the budget, in units of the last place, and below it one step per
        project, its key the project and its value whether it is funded. Its facts are ``votes``, ``amount``,
        ``source`` and ``reason`` as ``share_budget`` gives them; ``left`` (what was left when its turn came) under
        ``greedy``, and ``price`` (the most that one supporter pays) under ``equal_shares``, in units.

    Raises:
        DataError: If a frame does not fit the rule, or a tie decides and the rule refuses ties.

    Source:
        As ``share_budget``.

    Example:
        >>> from fractions import Fraction
        >>> import polars as pl
        >>> rule = BudgetRule(
        ...     budget=Fraction(100),
        ...     decimals=0,
        ...     method="greedy",
        ...     counted="ballots",
        ...     least_votes=1,
        ...     not_fitting="skip",
        ...     ties="refuse",
        ... )
        >>> projects = pl.DataFrame({"project": ["lamp", "lift"], "cost": [60, 70]})
        >>> ballots = pl.DataFrame({"voter": ["a", "a", "b"], "project": ["lamp", "lift", "lamp"]})
        >>> explain_budget(rule, projects, ballots).find("lift").text.en
        'lift: 1 votes, costs 70, 40 left when its turn came: costs more than was left'
    """
    story, purses = _read(rule, projects, ballots)
    for one in story.projects.values():
        if story.votes[one.name] < rule.least_votes:
            story.fates[one.name] = _Fate("too_few_votes")
    budget, raised = rule.budget * 10**rule.decimals, Fraction(0)
    if rule.method == "equal_shares":
        raised = _equal_shares(story, purses, budget)
    if rule.equal_shares is None or rule.equal_shares.completion == "greedy":
        _by_votes(story, budget - story.spent("budget"), "budget")
    for name, other in sorted(rule.other_sources.items(), key=lambda pair: pair[1].order):
        _by_votes(story, other.amount * 10**rule.decimals, name)
    spent = story.spent("budget")
    more_zh, more_en = "", ""
    if raised:
        more_zh, more_en = f"，每人份额提高 {rule.money(int(raised))}", f", shares raised by {rule.money(int(raised))}"
    return Steps(
        "budget",
        Title(zh="预算分配", en="sharing of the budget"),
        int(spent),
        text=Title(
            zh=f"预算 {rule.money(int(budget))}，支出 {rule.money(int(spent))}{more_zh}",
            en=f"budget {rule.money(int(budget))}, spent {rule.money(int(spent))}{more_en}",
        ),
        clause=rule.clause,
        children=[_step(story, one) for one in story.projects.values()],
        facts={"budget": int(budget), "spent": int(spent), "raised": int(raised)},
    )


def _step(story: _Story, one: _Project) -> Steps:
    fate, votes, money = story.fates[one.name], story.votes[one.name], story.rule.money
    why, zh, en = BUDGET_REASONS[fate.reason], "", ""
    if fate.left is not None:
        zh, en = f"，轮到时余 {money(int(fate.left))}", f", {money(int(fate.left))} left when its turn came"
    elif fate.price is not None:
        zh, en = f"，每位支持者至多付 {fate.price}", f", a supporter pays at most {fate.price}"
    return Steps(
        one.name,
        Title(zh=one.name, en=one.name),
        fate.amount > 0,
        text=Title(
            zh=f"{one.name}：{votes} 票，费用 {money(int(one.cost))}{zh}：{why.zh}",
            en=f"{one.name}: {votes} votes, costs {money(int(one.cost))}{en}: {why.en}",
        ),
        clause=story.rule.clause,
        facts={
            "votes": votes,
            "amount": int(fate.amount),
            "source": fate.source,
            "reason": fate.reason,
            "left": None if fate.left is None else int(fate.left),
            "price": fate.price,
        },
        words=why,
    )


def _read(rule: BudgetRule, projects: Any, ballots: Any) -> tuple[_Story, dict[str, set[str]]]:
    """Return the projects with their votes, and what each voter named."""
    check_votes(rule, projects, ballots)
    frames = [read_rows(adopt(one)[0]) for one in (projects, ballots)]
    found = {}
    for row in frames[0]:
        cost = row["cost"] if isinstance(row["cost"], int) else half_up(Fraction(row["cost"]) * 10**rule.decimals)
        key = [
            Fraction(cost if name == "cost" else row[name]) * (-1 if one.wins == "higher" else 1)
            for name, one in sorted(rule.tie_break.items(), key=lambda pair: pair[1].order)
        ]
        categories = (part.strip() for part in (row.get("category") or "").split(",")) if rule.ceilings else ()
        found[row["project"]] = _Project(row["project"], Fraction(cost), tuple(key), frozenset(categories))
    votes, purses = dict.fromkeys(found, 0), dict[str, set[str]]()
    for row in frames[1]:
        purses.setdefault(row["voter"], set())
        if row["project"] is not None:
            purses[row["voter"]].add(row["project"])
            votes[row["project"]] += 1 if rule.counted == "ballots" else row["points"]
    return _Story(rule, found, votes), purses


def _refuse(rule: BudgetRule, tied: Iterable[_Project]) -> None:
    if rule.ties == "refuse":
        names = ", ".join(f"`{one.name}`" for one in tied)
        said = Title(zh=f"{names} 同票，其先后会影响谁获资助", en=f"{names} are tied, and their order can decide")
        raise DataError(Problem("tied-projects", said))


def _by_votes(story: _Story, purse: Fraction, source: str) -> None:
    """Let the projects that wait have their turn by votes; those of one rank have it at once."""
    rule, stopped = story.rule, False
    ordered = sorted(story.waiting(), key=lambda one: (-story.votes[one.name], one.key))
    for _, group in groupby(ordered, key=lambda one: (story.votes[one.name], one.key)):
        tied = list(group)
        if stopped:
            _note(story, {one.name: _Fate("stopped") for one in tied}, source)
            continue
        alone = {one.name: evolve(_turns(story, [one], purse, source)[0][one.name], left=purse) for one in tied}
        tries = [_turns(story, [one, *(two for two in tied if two is not one)], purse, source) for one in tied]
        paid = [({name: fate.amount for name, fate in fates.items()}, stop) for fates, stop in tries]
        if all(outcome == paid[0] for outcome in paid):
            fates = {name: fate if fate.amount else alone[name] for name, fate in tries[0][0].items()}
            story.fates.update({name: evolve(fate, left=purse) for name, fate in fates.items() if fate.amount})
            _note(story, {name: fate for name, fate in fates.items() if not fate.amount}, source)
            purse -= sum((fate.amount for fate in fates.values()), Fraction(0))
            stopped = tries[0][1]
        else:
            _refuse(rule, tied)
            fates = {name: _Fate("tie", left=purse) if fate.amount else fate for name, fate in alone.items()}
            _note(story, fates, source)
            stopped = rule.not_fitting == "stop"


def _note(story: _Story, fates: Mapping[str, _Fate], source: str) -> None:
    """Note who is not funded; what the budget left out for a reason keeps that reason before other sources."""
    if source == "budget":
        story.fates.update(fates)


def _turns(story: _Story, order: Sequence[_Project], purse: Fraction, source: str) -> tuple[dict[str, _Fate], bool]:
    """Let projects have their turn one after another, on trial; return their fates, and whether sharing stops."""
    rule, paid, fates, stopped = story.rule, story.paid(), dict[str, _Fate](), False
    for one in order:
        rivals = {
            name for conflict in rule.conflicts.values() if one.name in conflict.projects for name in conflict.projects
        }
        if stopped:
            fates[one.name] = _Fate("stopped")
        elif rivals & set(paid):
            fates[one.name] = _Fate("conflict")
        elif any(_above(story, paid, one, category) for category in one.categories):
            fates[one.name] = _Fate("ceiling")
        elif one.cost <= purse:
            fates[one.name] = _Fate("funded", one.cost, source)
        elif source == "budget" and rule.part_at_least is not None and 0 < purse >= rule.part_at_least * one.cost:
            fates[one.name] = _Fate("part_funded", purse, source)
        else:
            fates[one.name], stopped = _Fate("does_not_fit"), rule.not_fitting == "stop"
        if fates[one.name].amount:
            paid[one.name] = fates[one.name].amount
            purse -= paid[one.name]
    return fates, stopped


def _above(story: _Story, paid: Mapping[str, Fraction], one: _Project, category: str) -> bool:
    if category not in story.rule.ceilings:
        return False
    used = sum((amount for name, amount in paid.items() if category in story.projects[name].categories), Fraction(0))
    ceiling: Fraction = story.rule.ceilings[category].amount * 10**story.rule.decimals
    return used + one.cost > ceiling


def _equal_shares(story: _Story, ballots: Mapping[str, set[str]], budget: Fraction) -> Fraction:
    """Fund by equal shares, and return by how much the shares were raised."""
    terms = story.rule.equal_shares
    assert terms is not None
    supported = [one for one in story.waiting() if any(one.name in named for named in ballots.values())]
    for one in story.waiting():
        story.fates[one.name] = _Fate("supporters_cannot_pay")
    if not supported:
        return Fraction(0)
    share, raised = budget / len(ballots), Fraction(0)
    best = _one_run(story.rule, supported, ballots, share)
    while terms.completion == "add_one" and terms.step is not None:
        left = budget - sum((fate.amount for fate in best.values()), Fraction(0))
        out = [one for one in supported if not best[one.name].amount]
        if not out or (terms.stop == "exhaustive" and all(one.cost > left for one in out)):
            break
        more = raised + terms.step * 10**story.rule.decimals
        tried = _one_run(story.rule, supported, ballots, share + more)
        if sum(fate.amount for fate in tried.values()) > budget:
            break
        best, raised = tried, more
    story.fates.update(best)
    return raised


def _one_run(
    rule: BudgetRule, supported: Sequence[_Project], ballots: Mapping[str, set[str]], share: Fraction
) -> dict[str, _Fate]:
    terms = rule.equal_shares
    assert terms is not None
    purses = dict.fromkeys(ballots, share)
    fates = {one.name: _Fate("supporters_cannot_pay") for one in supported}
    waiting = list(supported)
    while True:
        prices = [(one, _price(one, ballots, purses)) for one in waiting]
        rates = {
            one.name: price / (one.cost if terms.utility == "cost" else 1) for one, price in prices if price is not None
        }
        if not rates:
            return fates
        level = [one for one in waiting if rates.get(one.name) == min(rates.values())]
        tied = [one for one in level if one.key == min(other.key for other in level)]
        price_of = {one.name: price for one, price in prices}
        trial = _pay_in_turn(tied, ballots, purses, [price_of[one.name] for one in tied])
        waiting = [one for one in waiting if one not in tied]
        if trial is None:
            _refuse(rule, tied)
            fates.update({one.name: _Fate("tie") for one in tied})
            continue
        purses = trial
        fates.update({one.name: _Fate("funded", one.cost, "budget", price=price_of[one.name]) for one in tied})


def _pay_in_turn(
    tied: Sequence[_Project],
    ballots: Mapping[str, set[str]],
    purses: Mapping[str, Fraction],
    prices: Sequence[Fraction | None],
) -> dict[str, Fraction] | None:
    """Return the purses after all of the tied are paid one after another; None if one then has another price."""
    after = dict(purses)
    for one, price in zip(tied, prices, strict=True):
        if price is None or _price(one, ballots, after) != price:
            return None
        for voter, named in ballots.items():
            if one.name in named:
                after[voter] -= min(after[voter], price)
    return after


def _price(one: _Project, ballots: Mapping[str, set[str]], purses: Mapping[str, Fraction]) -> Fraction | None:
    """Return the least sum that pays for a project if every supporter gives it, or all that he or she has."""
    money = sorted(purses[voter] for voter, named in ballots.items() if one.name in named)
    for high in money:
        given = sum(min(mine, high) for mine in money)
        if given >= one.cost:
            return high - (given - one.cost) / sum(mine >= high for mine in money)
    return None
