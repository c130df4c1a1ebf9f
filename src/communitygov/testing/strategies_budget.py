"""Hypothesis strategies for sharing a budget: any rule, few projects and ballots, and ties in plenty.

For the library's own properties, and for authors of profiles who want to try their rule on elections that nobody
would write by hand: ``elections(rule)`` draws what the rule's own columns allow.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from attrs import frozen
from hypothesis import strategies as st

from communitygov.deliberation.budget_rules import (
    BudgetRule,
    Ceiling,
    Conflict,
    EqualShares,
    OtherSource,
    TieBreak,
)
from communitygov.vocabulary.numbers import Number, Share

if TYPE_CHECKING:
    import polars as pl

__all__ = ["PROJECTS", "Election", "budget_rules", "elections"]

PROJECTS = ("p1", "p2", "p3", "p4", "p5", "p6")
"""The ids of the projects drawn, as many as an election has."""

_CATEGORIES = ("green", "roads", "green, roads", None)
_METHODS: tuple[Literal["greedy", "equal_shares"], ...] = ("greedy", "equal_shares")
_TIES: tuple[Literal["refuse", "all_or_none"], ...] = ("refuse", "all_or_none")


@frozen
class Election:
    """A rule with projects and ballots that it can be applied to.

    Args:
        rule: The rule.
        projects: The projects.
        ballots: The ballots.
    """

    rule: BudgetRule
    projects: pl.DataFrame
    ballots: pl.DataFrame


def _number(value: int) -> Number:
    return Number(Fraction(value))


@st.composite
def budget_rules(
    draw: st.DrawFn,
    *,
    method: Literal["greedy", "equal_shares"] | None = None,
    completions: tuple[Literal["none", "add_one", "greedy"], ...] = ("none", "add_one", "greedy"),
    ties: Literal["refuse", "all_or_none"] | None = None,
    not_fitting: Literal["skip", "stop"] | None = None,
    bare: bool = False,
    projects: int = len(PROJECTS),
) -> BudgetRule:
    """Draw a rule that keeps its own promises, for the projects of ``elections``.

    Args:
        draw: Given by Hypothesis.
        method: The method; any if None.
        completions: The completions of equal shares to draw from.
        ties: What becomes of ties; either if None.
        not_fitting: What greedy does where the money is short; either if None.
        bare: Without conflicts, ceilings, part funding, least votes and other sources.
        projects: How many projects there may be.
    """
    chosen = draw(st.sampled_from(_METHODS)) if method is None else method
    tied = draw(st.sampled_from(_TIES)) if ties is None else ties
    greedy = chosen == "greedy"
    rich = greedy and not bare
    pairs = st.lists(st.sampled_from(PROJECTS[:projects]), min_size=2, max_size=3, unique=True)
    sources = [] if bare else draw(st.lists(st.integers(0, 12), max_size=2))
    return BudgetRule(
        budget=_number(draw(st.integers(1, 30))),
        decimals=draw(st.integers(0, 1)),
        method=chosen,
        counted=draw(st.sampled_from(("ballots", "points"))) if greedy else "ballots",
        least_votes=0 if bare else draw(st.integers(0, 2)),
        not_fitting=(not_fitting or draw(st.sampled_from(("skip", "stop")))) if greedy else None,
        part_at_least=draw(st.sampled_from((None, Share(Fraction(4, 5)), Share(Fraction(1, 3))))) if rich else None,
        conflicts={f"c{n}": Conflict(projects=tuple(pair)) for n, pair in enumerate(draw(st.lists(pairs, max_size=2)))}
        if rich
        else {},
        ceilings={"green": Ceiling(amount=_number(draw(st.integers(0, 15))))} if rich and draw(st.booleans()) else {},
        tie_break=draw(_chains()),
        ties=tied,
        other_sources={f"s{n}": OtherSource(order=n + 1, amount=_number(one)) for n, one in enumerate(sources)},
        equal_shares=None
        if greedy
        else EqualShares(
            utility=draw(st.sampled_from(("cost", "count"))),
            completion=(completion := draw(st.sampled_from(completions))),
            step=_number(1) if completion == "add_one" else None,
            stop=draw(st.sampled_from(("overspent", "exhaustive"))) if completion == "add_one" else None,
        ),
    )


def _chains() -> st.SearchStrategy[dict[str, TieBreak]]:
    lower = TieBreak(order=1, wins="lower")
    return st.sampled_from(
        (
            {},
            {"cost": lower},
            {"lot": lower},
            {"cost": TieBreak(order=2, wins="higher"), "lot": lower},
        )
    )


@st.composite
def elections(
    draw: st.DrawFn,
    rules: BudgetRule | st.SearchStrategy[BudgetRule] | None = None,
    *,
    projects: int = len(PROJECTS),
) -> Election:
    """Draw an election: up to six projects, eight voters, costs and votes that are often equal.

    Args:
        draw: Given by Hypothesis.
        rules: The rule, or rules to draw from; any if None. A rule that names projects names ``p1`` and so on.
        projects: How many projects there may be.
    """
    import polars as pl

    rule = draw(budget_rules() if rules is None else st.just(rules) if isinstance(rules, BudgetRule) else rules)
    named = {int(name[1:]) for one in rule.conflicts.values() for name in one.projects}
    many = draw(st.integers(max(named, default=1), projects))
    costs = draw(st.lists(st.sampled_from((1, 2, 3, 3, 4, 6, 9)), min_size=many, max_size=many))
    lots = draw(st.lists(st.integers(0, 3), min_size=many, max_size=many))
    kinds = draw(st.lists(st.sampled_from(_CATEGORIES), min_size=many, max_size=many))
    columns: dict[str, list[Any]] = {
        "project": list(PROJECTS[:many]),
        "cost": [cost * 10**rule.decimals for cost in costs],
        "category": kinds,
        "lot": lots,
    }
    ballots = draw(st.lists(st.sets(st.integers(0, many - 1), max_size=4), max_size=8))
    rows: list[tuple[str, str | None, int | None]] = []
    for voter, ballot in enumerate(ballots):
        rows += [(f"v{voter}", PROJECTS[one], 1 + (voter + one) % 3) for one in sorted(ballot)]
        rows += [] if ballot else [(f"v{voter}", None, None)]
    kinds_of = {"project": pl.String, "cost": pl.Int64, "category": pl.String, "lot": pl.Int64}
    named_rows = {"voter": pl.String, "project": pl.String, "points": pl.Int64}
    return Election(rule, pl.DataFrame(columns, schema=kinds_of), pl.DataFrame(rows, schema=named_rows, orient="row"))
