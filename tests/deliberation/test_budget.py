"""Sharing a budget: what a rule may say, what each of its settings does, and what is refused."""

from decimal import Decimal
from fractions import Fraction

import pandas as pd
import polars as pl
import pytest

from communitygov.deliberation.budget import share_budget
from communitygov.deliberation.budget_explain import BUDGET_REASONS, explain_budget
from communitygov.deliberation.budget_rules import BudgetRule, Ceiling, Conflict, EqualShares, OtherSource, TieBreak
from communitygov.documents.model import build
from communitygov.documents.reading import read_text
from communitygov.vocabulary.errors import DataError

PROJECTS = pl.DataFrame(
    {
        "project": ["lift", "lamp", "tree", "path"],
        "cost": [70, 40, 30, 20],
        "category": ["house", "house, street", "green", None],
        "lot": [4, 3, 2, 1],
    }
)
"""In the order of their votes: 4, 3, 2 and 1."""

BALLOTS = pl.DataFrame(
    [(f"v{n}", name) for place, name in enumerate(PROJECTS["project"]) for n in range(4 - place)],
    schema=["voter", "project"],
    orient="row",
)


def greedy(budget: int, **settings: object) -> BudgetRule:
    given = {"decimals": 0, "counted": "ballots", "least_votes": 0, "not_fitting": "skip", "ties": "refuse", **settings}
    return BudgetRule(budget=Fraction(budget), method="greedy", **given)


def shares(budget: int, **terms: object) -> BudgetRule:
    return BudgetRule(
        budget=Fraction(budget),
        decimals=0,
        method="equal_shares",
        counted="ballots",
        least_votes=0,
        ties="refuse",
        equal_shares=EqualShares(utility="cost", **terms),
    )


def said(rule: BudgetRule, projects: pl.DataFrame = PROJECTS, ballots: pl.DataFrame = BALLOTS) -> dict[str, str]:
    """What each project gets and why, from the verb; the explanation says the same."""
    frame = share_budget(rule, projects, ballots).frame
    steps = explain_budget(rule, projects, ballots)
    assert frame["reason"].to_list() == [step.facts["reason"] for step in steps.children]
    assert frame["amount"].to_list() == [step.facts["amount"] for step in steps.children]
    return dict(frame.select("project", "reason").rows())


class TestGreedy:
    def test_what_does_not_fit_is_skipped(self):
        """With 100: the lift, not the lamp, then the tree; nothing is left for the path."""
        assert list(said(greedy(100)).values()) == ["funded", "does_not_fit", "funded", "does_not_fit"]

    def test_what_does_not_fit_stops_the_sharing(self):
        """With 100 and `stop`, nothing after the lamp has a turn, though the tree would fit."""
        rule = greedy(100, not_fitting="stop")
        assert list(said(rule).values()) == ["funded", "does_not_fit", "stopped", "stopped"]
        assert share_budget(rule, PROJECTS, BALLOTS).still_fits == ("tree", "path")

    @pytest.mark.parametrize(("budget", "reason"), [(102, "part_funded"), (101, "does_not_fit")])
    def test_eighty_per_cent_is_enough_and_less_is_not(self, budget, reason):
        """The lamp costs 40: it takes the 32 that are left, which is 80%, and does not take 31."""
        rule = greedy(budget, part_at_least=Fraction(4, 5))
        assert said(rule)["lamp"] == reason
        row = share_budget(rule, PROJECTS, BALLOTS).frame.row(1, named=True)
        assert row["amount"] == (32 if reason == "part_funded" else 0)

    def test_few_votes_are_too_few(self):
        """Two votes are enough where two are asked for, and one is not, whatever the money."""
        assert list(said(greedy(1000, least_votes=2)).values()) == ["funded", "funded", "funded", "too_few_votes"]

    def test_of_a_conflict_only_the_first_is_funded(self):
        """Lamp and lift exclude each other: the lift has more votes, and stopping does not begin at the lamp."""
        rule = greedy(1000, not_fitting="stop", conflicts={"light": Conflict(projects=("lamp", "lift"))})
        assert list(said(rule).values()) == ["funded", "conflict", "funded", "funded"]

    def test_a_project_counts_in_each_of_its_categories(self):
        """The house has 100 and the lift takes 70 of it, so that the lamp of 40, of house and street, is over."""
        rule = greedy(1000, ceilings={"house": Ceiling(amount=Fraction(100))})
        assert list(said(rule).values()) == ["funded", "ceiling", "funded", "funded"]

    def test_other_money_funds_what_is_next(self):
        """A reserve of 45 pays for the lamp, is named for it, and is no part of what the budget spends."""
        rule = greedy(100, other_sources={"reserve": OtherSource(order=1, amount=Fraction(45))})
        shared = share_budget(rule, PROJECTS, BALLOTS)
        assert said(rule)["lamp"] == "funded"
        assert shared.frame["source"].to_list() == ["budget", "reserve", "budget", None]
        assert (shared.spent, shared.rest) == (100, 0)

    def test_more_money_can_drop_a_project(self):
        """D15 is no promise: 60 pay for the lamp and the path, 70 for the lift alone."""
        assert list(said(greedy(60)).values()) == ["does_not_fit", "funded", "does_not_fit", "funded"]
        assert list(said(greedy(70)).values()) == ["funded", *["does_not_fit"] * 3]

    def test_points_are_added_up(self):
        """One ballot of five points counts more than two of two."""
        ballots = pl.DataFrame({"voter": ["a", "b", "c"], "project": ["lamp", "lift", "lift"], "points": [5, 2, 2]})
        shared = share_budget(greedy(70, counted="points", least_votes=1), PROJECTS, ballots)
        assert shared.frame["votes"].to_list() == [4, 5, 0, 0]
        assert shared.frame["funded"].to_list() == [False, True, False, False]


class TestTies:
    LEVEL = BALLOTS.filter(pl.col("voter") == "v0")
    """One voter for everything: all four are tied."""

    def test_a_tie_that_decides_is_refused_by_name(self):
        """Nobody is preferred without a word: the error names those tied and how many votes they have."""
        with pytest.raises(DataError, match="`lift`, `lamp`, `tree`, `path` are tied at 1 votes") as refused:
            share_budget(greedy(100), PROJECTS, self.LEVEL)
        assert refused.value.problems[0].code == "tied-projects"
        assert "抽签" in refused.value.say("zh")

    def test_a_tie_that_decides_nothing_is_only_listed(self):
        """Where all of the tied are paid, their order is idle, and the list of ties says so."""
        shared = share_budget(greedy(160), PROJECTS, self.LEVEL)
        assert shared.frame["funded"].all()
        assert shared.ties["settled"].to_list() == ["no_matter"] * 4

    @pytest.mark.parametrize(
        ("chain", "winners"),
        [
            ({"cost": TieBreak(order=1, wins="lower")}, ["lamp", "tree", "path"]),
            ({"cost": TieBreak(order=1, wins="higher")}, ["lift", "tree"]),
            ({"lot": TieBreak(order=1, wins="lower")}, ["lamp", "tree", "path"]),
        ],
    )
    def test_a_declared_order_settles_it(self, chain, winners):
        """The chain of columns says who goes first, and the list of ties that it did."""
        shared = share_budget(greedy(100, tie_break=chain), PROJECTS, self.LEVEL)
        assert shared.frame.filter("funded")["project"].to_list() == winners
        assert set(shared.ties["settled"]) == {"tie_break"}

    def test_all_or_none_funds_none(self):
        """Where not all of the tied can be paid, none is, and the money is left and flagged."""
        rule = greedy(100, ties="all_or_none")
        shared = share_budget(rule, PROJECTS, self.LEVEL)
        assert set(said(rule, ballots=self.LEVEL).values()) == {"tie"}
        assert (shared.spent, shared.rest, len(shared.still_fits)) == (0, 100, 4)


class TestEqualShares:
    def test_a_group_decides_over_its_share(self):
        """Three of four want dear things; the fourth's 25 pay for the path all the same, which greedy does not fund."""
        ballots = pl.DataFrame(
            [(v, p) for v in "abc" for p in ("lift", "tree")] + [("d", "path")],
            schema=["voter", "project"],
            orient="row",
        )
        assert share_budget(greedy(100), PROJECTS, ballots).frame["funded"].to_list() == [True, False, True, False]
        rule = BudgetRule(
            budget=Fraction(100),
            decimals=0,
            method="equal_shares",
            counted="ballots",
            least_votes=0,
            ties="refuse",
            tie_break={"cost": TieBreak(order=1, wins="higher")},
            equal_shares=EqualShares(utility="cost", completion="none"),
        )
        assert list(said(rule, ballots=ballots).values())[3] == "funded"

    def test_a_blank_ballot_has_its_share(self):
        """Who names no project keeps a share that then pays for nothing: 30 for each of two do not pay for the lamp."""
        one = pl.DataFrame({"voter": ["a"], "project": ["lamp"]})
        blank = pl.concat([one, pl.DataFrame({"voter": ["b"], "project": [None]}, schema=one.schema)])
        rule = shares(60, completion="none")
        assert said(rule, ballots=one)["lamp"] == "funded"
        assert said(rule, ballots=blank)["lamp"] == "supporters_cannot_pay"

    def test_the_rest_can_go_by_votes(self):
        """With the completion `greedy`, what no group can pay for itself is paid from the rest, most votes first."""
        assert list(said(shares(100, completion="none")).values()) == ["funded"] + ["supporters_cannot_pay"] * 3
        assert list(said(shares(100, completion="greedy")).values()) == [
            "funded", "does_not_fit", "funded", "does_not_fit",
        ]  # fmt: skip

    @pytest.mark.parametrize(("stop", "raised"), [("exhaustive", 0), ("overspent", 2)])
    def test_a_stop_is_where_it_says(self, stop, raised):
        """Two of 6 share 10: after one nothing fits, where `exhaustive` stops; the third step would overspend."""
        projects = pl.DataFrame({"project": ["a", "b"], "cost": [6, 6]})
        ballots = pl.DataFrame({"voter": ["x", "y", "z"], "project": ["a", "a", "b"]})
        rule = shares(10, completion="add_one", step=Fraction(1), stop=stop)
        shared = share_budget(rule, projects, ballots)
        assert (shared.raised, shared.rest) == (raised, 4)
        assert explain_budget(rule, projects, ballots).facts["raised"] == raised

    def test_nobody_voted(self):
        """Without a ballot nobody has a share, and nothing is funded."""
        assert set(said(shares(100, completion="none"), ballots=BALLOTS.clear()).values()) == {"supporters_cannot_pay"}


class TestMoney:
    @pytest.mark.parametrize("cost", [[0.1, 0.2], [Decimal("0.1"), Decimal("0.2")], [1, 2]])
    def test_costs_are_exact(self, cost):
        """0.1 and 0.2 fit into 0.3, as floats, as decimals, and as whole numbers of the last place."""
        projects = pl.DataFrame({"project": ["a", "b"], "cost": cost})
        rule = BudgetRule(
            budget=Fraction(3, 10),
            decimals=1,
            method="greedy",
            counted="ballots",
            least_votes=0,
            not_fitting="skip",
            ties="refuse",
        )
        shared = share_budget(rule, projects, BALLOTS.clear())
        assert shared.frame["amount"].to_list() == [1, 2]
        assert shared.rest == 0

    def test_every_kind_of_frame_gives_its_own(self):
        """A result is a frame of the projects' kind, and says the same in each."""
        expected = share_budget(greedy(100), PROJECTS, BALLOTS).frame
        pandas = share_budget(greedy(100), PROJECTS.to_pandas(), BALLOTS.to_pandas()).frame
        arrow = share_budget(greedy(100), PROJECTS.to_arrow(), BALLOTS.to_arrow()).frame
        lazy = share_budget(greedy(100), PROJECTS.lazy(), BALLOTS.lazy()).frame
        assert isinstance(pandas, pd.DataFrame)
        assert isinstance(lazy, pl.LazyFrame)
        assert pandas["reason"].tolist() == expected["reason"].to_list()
        assert pl.DataFrame(arrow).equals(expected)
        assert lazy.collect().equals(expected)


class TestBadInput:
    def refused(self, rule: BudgetRule, projects: pl.DataFrame = PROJECTS, ballots: pl.DataFrame = BALLOTS) -> set[str]:
        codes = []
        for ask in (share_budget, explain_budget):
            with pytest.raises(DataError) as error:
                ask(rule, projects, ballots)
            codes.append({problem.code for problem in error.value.problems})
        assert codes[0] == codes[1]
        return codes[0]

    @pytest.mark.parametrize("cost", [0, -5])
    def test_a_cost_is_above_nothing(self, cost):
        """A project that costs nothing or less is refused, with its name."""
        bad = PROJECTS.with_columns(pl.when(pl.col("project") == "tree").then(cost).otherwise("cost").alias("cost"))
        for ask in (share_budget, explain_budget):
            with pytest.raises(DataError, match="tree"):
                ask(greedy(100), bad, BALLOTS)

    def test_a_vote_twice_is_refused(self):
        """A voter who names a project twice has not two votes."""
        assert self.refused(greedy(100), ballots=pl.concat([BALLOTS, BALLOTS[:1]])) == {"duplicate-row"}

    def test_unknown_projects_are_refused(self):
        """A ballot or a conflict for a project that is not there is named, with the nearest that is."""
        stray = pl.concat([BALLOTS, pl.DataFrame({"voter": ["x"], "project": ["lamb"]})])
        assert self.refused(greedy(100), ballots=stray) == {"unknown-project"}
        with pytest.raises(DataError, match="a ballot names `lamb`, no project; did you mean `lamp`"):
            share_budget(greedy(100), PROJECTS, stray)
        rule = greedy(100, conflicts={"c": Conflict(projects=("lamp", "lfit"))})
        assert self.refused(rule) == {"unknown-project"}

    def test_points_must_be_there(self):
        """Where points are counted, a project named without any is refused."""
        ballots = BALLOTS.with_columns(pl.lit(None, pl.Int64).alias("points"))
        assert self.refused(greedy(100, counted="points"), ballots=ballots) == {"missing-value"}


RULE = """
budget: 120000
decimals: 2
method: greedy
counted: ballots
least_votes: 30
not_fitting: skip
part_at_least: 80%
conflicts: {lights: {projects: [p3, p7]}}
ceilings: {green: {amount: 40000}}
tie_break: {paper_votes: {order: 1, wins: higher}, cost: {order: 2, wins: lower}}
ties: refuse
other_sources: {street_reserve: {order: 1, amount: 5000.50}}
"""


class TestTheRule:
    def test_a_document_says_it_all(self):
        """A rule is read from a document, exactly, its chain in the declared order."""
        problems = []
        rule = build(read_text(RULE, name="budget.yaml", layer="toy"), BudgetRule, problems)
        assert problems == []
        assert list(rule.check()) == []
        assert rule.part_at_least == Fraction(4, 5)
        assert rule.chain == (("paper_votes", True), ("cost", False))
        assert rule.sources == (("street_reserve", 500050),)

    @pytest.mark.parametrize(
        ("settings", "code"),
        [
            ({"budget": Fraction(0)}, "no-budget"),
            ({"budget": Fraction(1, 3)}, "too-many-decimals"),
            ({"not_fitting": None}, "missing-setting"),
            ({"equal_shares": EqualShares(utility="cost", completion="none")}, "unused-setting"),
            ({"tie_break": {"project": TieBreak(order=1, wins="lower")}}, "tie-break-by-name"),
            (
                {"tie_break": {"a": TieBreak(order=1, wins="lower"), "b": TieBreak(order=1, wins="lower")}},
                "repeated-order",
            ),
        ],
    )
    def test_a_rule_that_cannot_be_meant_is_found(self, settings, code):
        """Each broken promise of a rule has its finding."""
        rule = BudgetRule(**{
            "budget": Fraction(1), "decimals": 0, "method": "greedy", "counted": "ballots", "least_votes": 0,
            "not_fitting": "skip", "ties": "refuse", **settings,
        })  # fmt: skip
        assert [finding.code for finding in rule.check()] == [code]

    def test_equal_shares_takes_no_settings_of_greedy(self):
        """What equal shares does not carry out is refused, not passed over."""
        rule = BudgetRule(
            budget=Fraction(1),
            decimals=0,
            method="equal_shares",
            counted="points",
            least_votes=0,
            not_fitting="skip",
            part_at_least=Fraction(1, 2),
            conflicts={"c": Conflict(projects=("a", "b"))},
            ceilings={"green": Ceiling(amount=Fraction(1))},
            ties="refuse",
        )
        found = {(finding.path[0], finding.code) for finding in rule.check()}
        unused = {"not_fitting", "part_at_least", "conflicts", "ceilings", "counted"}
        assert found == {("equal_shares", "missing-setting"), *((name, "unused-setting") for name in unused)}

    @pytest.mark.parametrize(
        ("terms", "code"),
        [
            ({"completion": "add_one", "step": Fraction(1)}, "missing-setting"),
            ({"completion": "add_one", "step": Fraction(0), "stop": "overspent"}, "no-budget"),
            ({"completion": "none", "stop": "overspent"}, "unused-setting"),
        ],
    )
    def test_a_completion_has_its_own_settings(self, terms, code):
        """Raising shares needs a step and a stop, and nothing else does."""
        assert [finding.code for finding in EqualShares(utility="cost", **terms).check()] == [code]

    def test_a_conflict_is_between_two(self):
        """A project alone, or named twice, is in conflict with nobody."""
        assert [one.code for one in Conflict(projects=("a",)).check()] == ["bad-conflict"]
        assert [one.code for one in Conflict(projects=("a", "b", "a")).check()] == ["bad-conflict"]

    def test_every_reason_has_words(self):
        """Each reason that occurs in these tests and in the docstring is explained in both languages."""
        assert all(title.zh and title.en for title in BUDGET_REASONS.values())
        reasons = {*said(greedy(100)).values(), *said(greedy(100, not_fitting="stop")).values()}
        assert reasons <= set(BUDGET_REASONS)
