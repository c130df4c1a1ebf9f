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
    @given(elections(budget_rules(bare=True, completions=("none", "greedy"))), st.data())
    def test_a_vote_more_for_a_winner_keeps_it(self, election, data):
        """D13: greedy, skipping or stopping, and shares that are not raised never drop a winner for a vote more."""
        election = by_lot(election)
        winners = funded(shared_of(election))
        more = [pair for pair in with_a_vote_more(election) if pair[0] in winners]
        assume(more)
        project, changed = data.draw(st.sampled_from(more))
        assert project in funded(shared_of(changed))

    def test_add_one_can_drop_a_winner_for_a_vote_more(self):
        """D13: cost a3 b6 c3, budget 6: the ballots c, b, bc, a, bc fund b; with ab for the fourth they fund c."""
        before, after = (winners_of(RAISED, 6, A3_B6_C3, *ballots) for ballots in (FIVE, ("c", "b", "bc", "ab", "bc")))
        assert (before, after) == ({"b"}, {"c"})


def winners_of(rule: BudgetRule, budget: int, costs: dict[str, int], *ballots: str) -> set[str]:
    """Who is funded where every project has one letter, the lots are in the order given, and a ballot is a word."""
    projects = pl.DataFrame({"project": list(costs), "cost": list(costs.values()), "lot": list(range(len(costs)))})
    rows = [(f"v{n}", project) for n, ballot in enumerate(ballots) for project in ballot]
    named = pl.DataFrame(rows, schema=["voter", "project"], orient="row")
    return funded(share_budget(evolve(rule, budget=Fraction(budget)), projects, named))


DEARER = {"cost": TieBreak(order=1, wins="higher")}
CHEAPER = {"cost": TieBreak(order=1, wins="lower"), "lot": TieBreak(order=2, wins="lower")}
GREEDY = BudgetRule(
    budget=Fraction(1),
    decimals=0,
    method="greedy",
    counted="ballots",
    least_votes=0,
    not_fitting="skip",
    ties="refuse",
    tie_break=LOT,
)
PLAIN = evolve(
    GREEDY,
    method="equal_shares",
    not_fitting=None,
    tie_break=DEARER,
    equal_shares=EqualShares(utility="cost", completion="none"),
)
COMPLETED = evolve(PLAIN, equal_shares=EqualShares(utility="cost", completion="greedy"))
RAISED = evolve(
    PLAIN,
    equal_shares=EqualShares(utility="cost", completion="add_one", step=Fraction(1), stop="overspent"),
)
A3_B6_C3 = {"a": 3, "b": 6, "c": 3}
FIVE = ("c", "b", "bc", "a", "bc")


class TestCheaperHelps:
    @given(elections(budget_rules(completions=("none", "greedy"))), st.sampled_from((LOT, CHEAPER)), st.data())
    def test_a_winner_that_becomes_cheaper_stays_one(self, election, chain, data):
        """D14: greedy, whatever its settings, and shares that are not raised never drop a winner for a lower cost."""
        election = by_lot(election)
        election = evolve(election, rule=evolve(election.rule, tie_break=chain))
        costs = dict(election.projects.select("project", "cost").rows())
        winners = [name for name in sorted(funded(shared_of(election))) if costs[name] > 1]
        assume(winners)
        winner = data.draw(st.sampled_from(winners))
        costs[winner] = data.draw(st.integers(1, costs[winner] - 1))
        cheaper = election.projects.with_columns(pl.Series("cost", list(costs.values())))
        assert winner in funded(shared_of(evolve(election, projects=cheaper)))

    def test_add_one_can_drop_a_winner_for_a_lower_cost(self):
        """D14: cost a3 b6 c3, budget 6: the ballots c, b, bc, a, bc fund b; once b costs 5, they fund c alone."""
        before, after = (winners_of(RAISED, 6, costs, *FIVE) for costs in (A3_B6_C3, {**A3_B6_C3, "b": 5}))
        assert (before, after) == ({"b"}, {"c"})

    def test_where_the_dearer_goes_first_the_cheaper_loses_its_place(self):
        """D14: a4 b3, budget 4, a vote each, dearer first: a is funded; once a costs 2, b is, and a no longer fits."""
        rule = evolve(GREEDY, tie_break=DEARER)
        before, after = (winners_of(rule, 4, {"a": cost, "b": 3}, "ab") for cost in (4, 2))
        assert (before, after) == ({"a"}, {"b"})


class TestMoreMoney:
    @given(elections(budget_rules(method="greedy", not_fitting="stop", bare=True)), st.integers(1, 9))
    def test_where_sharing_stops_more_money_drops_nobody(self, election, more):
        """D15: greedy that stops drops nobody for more money, where nothing but the money bars a project."""
        election = by_lot(election)
        richer = evolve(election, rule=evolve(election.rule, budget=election.rule.budget + more))
        assert funded(shared_of(election)) <= funded(shared_of(richer))

    def test_where_what_does_not_fit_is_skipped_more_money_can_drop_a_project(self):
        """D15: a5 b4, votes 2 and 1: with 4, b is funded; with 5, a is, and b is dropped."""
        before, after = (winners_of(GREEDY, budget, {"a": 5, "b": 4}, "ab", "a") for budget in (4, 5))
        assert (before, after) == ({"b"}, {"a"})

    def test_under_equal_shares_more_money_can_drop_a_project(self):
        """D15: a1 b4, dearer first, ballots b and ab: with 3, a is funded; with 4, b is, and nothing is left for a."""
        before, after = (winners_of(PLAIN, budget, {"a": 1, "b": 4}, "b", "ab") for budget in (3, 4))
        assert (before, after) == ({"a"}, {"b"})


class TestStayingAway:
    """D16. What a voter has of a result is what is paid for projects that she named."""

    @staticmethod
    def with_and_without(election: Election, data: st.DataObject) -> tuple[dict[str, int], dict[str, int]]:
        """What is paid for each project that one voter named, with her ballot and without it."""
        least = data.draw(st.integers(0, 2))
        election = by_lot(evolve(election, rule=evolve(election.rule, counted="ballots", least_votes=least)))
        assume(election.ballots.height)
        voter = data.draw(st.sampled_from(sorted(set(election.ballots["voter"]))))
        mine = election.ballots.filter(pl.col("voter") == voter)["project"].drop_nulls().to_list()
        away = evolve(election, ballots=election.ballots.filter(pl.col("voter") != voter))
        paid = (shared_of(one).frame.filter("funded", pl.col("project").is_in(mine)) for one in (election, away))
        with_her, without = (dict(frame.select("project", "amount").rows()) for frame in paid)
        return with_her, without

    @given(elections(budget_rules(method="greedy", not_fitting="skip", bare=True)), st.data())
    def test_greedy_that_skips_pays_no_more_without_her(self, election, data):
        """D16: where ballots are counted, greedy never pays more for what a voter named if she stays away."""
        with_her, without = self.with_and_without(election, data)
        assert sum(with_her.values()) >= sum(without.values())

    @given(elections(budget_rules(method="greedy", not_fitting="stop", bare=True)), st.data())
    def test_greedy_that_stops_funds_all_of_hers_with_her(self, election, data):
        """D16: where sharing stops, what is funded of hers without her ballot is funded with it."""
        with_her, without = self.with_and_without(election, data)
        assert set(with_her) >= set(without)

    def away(self, rule: BudgetRule, budget: int, costs: dict[str, int], *ballots: str, voter: int) -> tuple[str, str]:
        rest = ballots[:voter] + ballots[voter + 1 :]
        both = (winners_of(rule, budget, costs, *cast) for cast in (ballots, rest))
        before, after = ("".join(sorted(won & set(ballots[voter]))) for won in both)
        return before, after

    def test_greedy_can_fund_more_projects_though_not_more_money_without_her(self):
        """D16: d1 a10 b4 c4 by lot, budget 10, ballots abc, ad, bc fund a; without the first b and c: two, for 8."""
        costs = {"d": 1, "a": 10, "b": 4, "c": 4}
        assert self.away(GREEDY, 10, costs, "abc", "ad", "bc", voter=0) == ("a", "bc")

    def test_equal_shares_can_fund_more_without_her(self):
        """D16: a6 b5, budget 12, cheaper first, ballots a, b, ab fund b; without the third each has 6: a and b."""
        rule = evolve(PLAIN, tie_break=CHEAPER)
        assert self.away(rule, 12, {"a": 6, "b": 5}, "a", "b", "ab", voter=2) == ("b", "ab")

    def test_completed_by_greedy_they_can_pay_more_without_her(self):
        """D16: a3 b5, budget 5, ballots ab, b, ab, b, a fund a; without the first, b."""
        assert self.away(COMPLETED, 5, {"a": 3, "b": 5}, "ab", "b", "ab", "b", "a", voter=0) == ("a", "b")

    def test_raised_by_add_one_they_can_fund_more_without_her(self):
        """D16: a3 b4, budget 3, ballots a, ab, a, b, b fund nothing; without the second, a."""
        assert self.away(RAISED, 3, {"a": 3, "b": 4}, "a", "ab", "a", "b", "b", voter=1) == ("", "a")
