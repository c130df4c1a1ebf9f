"""What is true of every budget that is shared: the verb agrees with the explanation, and the promises of section D."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import permutations
from random import Random

import polars as pl
from attrs import evolve
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from communitygov.deliberation.budget import SharedBudget, share_budget
from communitygov.deliberation.budget_explain import explain_budget
from communitygov.deliberation.budget_rules import BudgetRule, EqualShares, TieBreak
from communitygov.testing.strategies_budget import PROJECTS, Election, budget_rules, elections
from communitygov.vocabulary.errors import DataError

MANY = max(500, settings().max_examples)


def told(election: Election) -> dict[str, tuple[object, ...]] | str:
    """What the explanation says of each project; the code if it refuses a tie."""
    try:
        steps = explain_budget(election.rule, election.projects, election.ballots)
    except DataError as refused:
        return refused.problems[0].code
    facts = ("votes", "amount", "source", "reason")
    return {step.key: (step.value, *(step.facts[name] for name in facts)) for step in steps.children}


def done(election: Election) -> SharedBudget | str:
    try:
        return share_budget(election.rule, election.projects, election.ballots)
    except DataError as refused:
        return refused.problems[0].code


def funded(shared: SharedBudget) -> set[str]:
    return set(shared.frame.filter("funded")["project"])


def shared_of(election: Election) -> SharedBudget:
    shared = done(election)
    assume(not isinstance(shared, str))
    assert isinstance(shared, SharedBudget)
    return shared


class TestTheExplanation:
    @settings(max_examples=MANY)
    @given(elections())
    def test_the_verb_agrees_with_the_explanation(self, election):
        """Sharing in bulk and sharing slowly fund the same projects with the same money for the same reasons."""
        shared = done(election)
        if isinstance(shared, SharedBudget):
            rows = shared.frame.select("project", "funded", "votes", "amount", "source", "reason").rows()
            shared = {project: row for project, *row in rows}
            shared = {project: tuple(row) for project, row in shared.items()}
        assert shared == told(election)

    @given(elections(budget_rules(method="equal_shares")))
    def test_the_verb_agrees_with_the_explanation_of_equal_shares(self, election):
        """Groups of ballots and whole numbers come to the same as every voter's own purse in fractions."""
        shared = done(election)
        steps = None if isinstance(shared, str) else explain_budget(election.rule, election.projects, election.ballots)
        if steps is None:
            assert shared == told(election)
        else:
            assert (shared.spent, shared.raised) == (steps.value, steps.facts["raised"])
            assert funded(shared) == {step.key for step in steps.children if step.value}

    @given(elections(budget_rules(method="greedy", projects=4), projects=4))
    def test_a_tie_is_refused_exactly_if_its_order_matters(self, election):
        """Where a tie is refused, two orders of the projects by lot fund different ones; where none is, none does."""
        rule = evolve(election.rule, tie_break={}, ties="refuse", other_sources={})
        refused = isinstance(done(evolve(election, rule=rule)), str)
        outcomes = set()
        by_lot = evolve(rule, tie_break={"lot": TieBreak(order=1, wins="lower")})
        for order in permutations(range(election.projects.height)):
            drawn = election.projects.with_columns(pl.Series("lot", order, pl.Int64))
            one = share_budget(by_lot, drawn, election.ballots).frame.filter("funded")
            outcomes.add(tuple(one.select("project", "amount").rows()))
            if len(outcomes) > 1 and refused:
                break
        assert refused == (len(outcomes) > 1)


class TestThePromises:
    @given(elections())
    def test_the_budget_is_never_overspent(self, election):
        """D11: what each source pays is at most its money, and the rest is what is not paid."""
        shared, rule = shared_of(election), election.rule
        paid = dict(shared.frame.filter("funded").group_by("source").agg(pl.col("amount").sum()).rows())
        assert shared.spent == paid.get("budget", 0)
        assert shared.spent + shared.rest == rule.units(rule.budget)
        assert shared.rest >= 0
        for name, source in rule.other_sources.items():
            assert paid.get(name, 0) <= rule.units(source.amount)

    @given(elections(budget_rules(method="greedy", not_fitting="skip")))
    def test_greedy_is_exhaustive(self, election):
        """D12: greedy that skips leaves nothing that fits, but for ties that fund none."""
        shared = shared_of(election)
        tied = set(shared.frame.filter(pl.col("reason") == "tie")["project"])
        assert set(shared.still_fits) <= tied

    @given(elections())
    def test_what_still_fits_is_flagged(self, election):
        """D12: a project is flagged exactly if it could be paid out of the rest as the next one."""
        shared, rule = shared_of(election), election.rule
        rows = {row["project"]: row for row in shared.frame.iter_rows(named=True)}
        kinds = dict(election.projects.select("project", "category").rows())
        ours, used = funded(shared), {}
        for name in ours:
            for kind in (kinds[name] or "").split(", "):
                used[kind] = used.get(kind, 0) + rows[name]["amount"]
        expected = set()
        for name, row in rows.items():
            rivals = {other for one in rule.conflicts.values() if name in one.projects for other in one.projects}
            ceilings = [
                (kind, rule.ceilings[kind]) for kind in (kinds[name] or "").split(", ") if kind in rule.ceilings
            ]
            over = any(used.get(kind, 0) + row["cost"] > rule.units(one.amount) for kind, one in ceilings)
            enough = row["votes"] >= rule.least_votes and row["cost"] <= shared.rest
            if name not in ours and enough and not over and not rivals & ours:
                expected.add(name)
        assert set(shared.still_fits) == expected

    @given(elections(), st.randoms(use_true_random=False))
    def test_the_order_of_rows_changes_nothing(self, election, random):
        """D2: ballots and projects in another order give the same result."""
        first = done(election)
        projects, ballots = (
            frame[random.sample(range(frame.height), frame.height)] for frame in (election.projects, election.ballots)
        )
        again = done(evolve(election, projects=projects, ballots=ballots))
        if isinstance(first, str) or isinstance(again, str):
            assert first == again
        else:
            assert first.frame.sort("project").equals(again.frame.sort("project"))
            assert (first.spent, first.raised) == (again.spent, again.raised)

    @given(elections(), st.permutations(PROJECTS))
    def test_names_change_nothing(self, election, names):
        """D3: renaming the projects renames the result."""
        new = dict(zip(PROJECTS, names, strict=True))
        conflicts = {
            key: evolve(one, projects=tuple(new[name] for name in one.projects))
            for key, one in election.rule.conflicts.items()
        }
        renamed = Election(
            evolve(election.rule, conflicts=conflicts),
            election.projects.with_columns(pl.col("project").replace_strict(new)),
            election.ballots.with_columns(pl.col("project").replace_strict(new, default=None)),
        )
        first, again = done(election), done(renamed)
        if isinstance(first, str) or isinstance(again, str):
            assert first == again
        else:
            assert first.frame.with_columns(pl.col("project").replace_strict(new)).equals(again.frame)

    @given(elections(), st.permutations(range(8)))
    def test_voters_are_alike(self, election, places):
        """D3: voters who exchange their ballots change nothing."""
        new = {f"v{n}": f"v{place}" for n, place in enumerate(places)}
        swapped = evolve(election, ballots=election.ballots.with_columns(pl.col("voter").replace_strict(new)))
        first, again = done(election), done(swapped)
        assert first == again if isinstance(first, str) else first.frame.equals(again.frame)


def with_a_vote_more(election: Election) -> Iterator[tuple[str, Election]]:
    """Every election in which one voter approves of one project more, with the project."""
    ballots = election.ballots
    named = set(ballots.drop_nulls("project").select("voter", "project").rows())
    for voter in ballots["voter"].unique(maintain_order=True):
        for project in election.projects["project"]:
            if (voter, project) not in named:
                row = pl.DataFrame([(voter, project, 1)], schema=ballots.schema, orient="row")
                own = ballots.filter((pl.col("voter") != voter) | pl.col("project").is_not_null())
                yield project, evolve(election, ballots=pl.concat([own, row]))


LOT = {"lot": TieBreak(order=1, wins="lower")}


def by_lot(election: Election) -> Election:
    """The same, with a lot that leaves no two projects tied."""
    lots = list(range(election.projects.height))
    Random(len(election.ballots)).shuffle(lots)
    return evolve(
        election,
        rule=evolve(election.rule, tie_break=LOT),
        projects=election.projects.with_columns(pl.Series("lot", lots, pl.Int64)),
    )


class TestVotesHelp:
    @given(elections(budget_rules(bare=True, completions=("none",))), st.data())
    def test_a_vote_more_for_a_winner_keeps_it(self, election, data):
        """D13: greedy, with skipping or stopping, and plain equal shares never drop a winner for a vote more."""
        election = by_lot(election)
        winners = funded(shared_of(election))
        more = [pair for pair in with_a_vote_more(election) if pair[0] in winners]
        assume(more)
        project, changed = data.draw(st.sampled_from(more))
        assert project in funded(shared_of(changed))

    def test_add_one_can_drop_a_winner_for_a_vote_more(self):
        """D13: cost a3 b6 c3, budget 6: the ballots c, b, bc, a, bc fund b; with ab for the fourth they fund c."""
        rule = BudgetRule(
            budget=Fraction(6),
            decimals=0,
            method="equal_shares",
            counted="ballots",
            least_votes=0,
            ties="refuse",
            tie_break={"cost": TieBreak(order=1, wins="higher")},
            equal_shares=EqualShares(utility="cost", completion="add_one", step=Fraction(1), stop="overspent"),
        )
        projects = pl.DataFrame({"project": ["a", "b", "c"], "cost": [3, 6, 3]})

        def winners(*named: str) -> set[str]:
            rows = [(f"v{n}", project) for n, ballot in enumerate(named) for project in ballot]
            ballots = pl.DataFrame(rows, schema=["voter", "project"], orient="row")
            return funded(share_budget(rule, projects, ballots))

        before, after = winners("c", "b", "bc", "a", "bc"), winners("c", "b", "bc", "ab", "bc")
        assert (before, after) == ({"b"}, {"c"})
