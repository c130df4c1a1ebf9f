"""`communitygov budget`: who is funded, why the others are not, and what a vote or a rule must say first."""

from pathlib import Path

import pytest

VOTE = """\
META
key;value
num_projects;4
num_votes;4
budget;100
vote_type;approval
PROJECTS
project_id;cost;name;lot
lift;70;A lift;4
lamp;40;Lamps;2
tree;30;Trees;3
path;25;A path;1
VOTES
voter_id;vote
ann;lift,lamp
bob;lift,lamp,tree
cyd;lift,tree
dan;lift,path
"""
RULE = """\
method: greedy
counted: ballots
least_votes: 1
not_fitting: skip
ties: refuse
"""
BY_COST = ("--set", "tie_break={cost: {order: 1, wins: lower}}")
CITY = """\
profile:
  id: fund
  title: {zh: 基金, en: The fund}
  api: 1
  version: 0.1.0
  in_force: 2024
  last_verified: 2026-11-21
  sources:
    plan: {title: {zh: 办法, en: The plan}}
clauses:
  F-1: {quote: 一, source: plan, primitive: none, not_modelled: {zh: 背景, en: Context.}}
budgets:
  yearly:
    budget: 110
    decimals: 0
    method: greedy
    counted: ballots
    least_votes: 1
    not_fitting: skip
    tie_break: {cost: {order: 1, wins: lower}}
    ties: refuse
    assumed: {budget: {zh: 示例, en: An example.}}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The vote as a .pb file and as tables, a rule, and a profile with another."""
    monkeypatch.chdir(tmp_path)
    Path("vote.pb").write_text(VOTE, encoding="utf-8")
    Path("rule.yaml").write_text(RULE, encoding="utf-8")
    Path("projects.csv").write_text("project,cost\nlift,70\nlamp,40\ntree,30\npath,25\n", encoding="utf-8")
    named = ["ann,lift", "ann,lamp", "bob,lift", "bob,lamp", "bob,tree", "cyd,lift", "cyd,tree", "dan,lift", "dan,path"]
    Path("ballots.csv").write_text("\n".join(["voter,project", *named, ""]), encoding="utf-8")
    Path("fund").mkdir()
    Path("fund/profile.yaml").write_text(CITY, encoding="utf-8")
    reform = "reform: dear\nchanges: {budgets: {yearly: {tie_break: {cost: {wins: higher}}}}}\n"
    Path("dear.yaml").write_text(reform, encoding="utf-8")
    return tmp_path


def rows(out: str) -> dict[str, list[str]]:
    """The rows of the first table of an output, by project."""
    table = out.split("\n\n")[1].splitlines()[2:]
    return {line.split()[0]: line.split("  ") for line in table}


@pytest.mark.usefixtures("here")
class TestBudget:
    def test_a_vote_is_shared_with_a_reason_for_every_project(self, call):
        """The tie is settled by cost; what is left, and how the tie was settled, is said."""
        done = call("budget", "vote.pb", "--rule", "rule.yaml", *BY_COST)
        assert (done.code, done.out.splitlines()[0]) == (0, "budget 100, spent 100, left 0; 2 of 4 projects funded")
        assert {name: row[-1].strip() for name, row in rows(done.out).items()} == {
            "lift": "funded",
            "tree": "funded",
            "lamp": "costs more than was left",
            "path": "costs more than was left",
        }
        assert done.out.count("the declared order") == 2
        assert "余款不足" in call("budget", "vote.pb", "--rule", "rule.yaml", *BY_COST, lang="zh_CN.UTF-8").out

    def test_a_tie_that_decides_is_refused(self, call):
        """No declared order, no winner: exit code 1, and the two are named. With 100 only one fits, and it does not."""
        assert call("budget", "vote.pb", "--rule", "rule.yaml").code == 0
        done = call("budget", "vote.pb", "--rule", "rule.yaml", "--set", "budget=110")
        assert (done.code, done.out) == (1, "")
        assert "`lamp`, `tree` are tied at 2 votes" in done.err

    def test_a_column_of_the_file_can_be_the_order(self, call):
        """A lot that was drawn is text in a .pb file, and is read as the number that it is, or refused."""
        lot = ("budget", "vote.pb", "--rule", "rule.yaml", "--set", "tie_break={lot: {order: 1, wins: lower}}")
        lot = (*lot, "--set", "budget=110")
        assert rows(call(*lot).out)["lamp"][-1].strip() == "funded"
        Path("vote.pb").write_text(VOTE.replace("Lamps;2", "Lamps;two"), encoding="utf-8")
        assert "vote.pb" in call(*lot).err

    def test_tables_and_a_method_by_name_give_the_same(self, call):
        """Projects and ballots as CSV, the rule from the command line alone."""
        fields = [f"--set={line.replace(': ', '=')}" for line in RULE.splitlines()[1:]]
        method = ("budget", "--rule", "greedy", *fields, "--set", "budget=100", "--set", "decimals=0", *BY_COST)
        tables = call(*method, "projects.csv", "--ballots", "ballots.csv", "--json").json
        file = call("budget", "vote.pb", "--rule", "rule.yaml", *BY_COST, "--json").json
        assert tables == file
        assert (file["spent"], file["rest"], file["decimals"], file["still_fits"]) == (100, 0, 0, [])

    def test_one_project_is_explained(self, call):
        """With its votes, its cost and what was left at its turn; the picture and the file are written as asked."""
        ask = ("budget", "vote.pb", "--rule", "rule.yaml", *BY_COST)
        out = call(*ask, "--project", "lamp").out
        assert "lamp: 2 votes, costs 40, 0 left when its turn came: costs more than was left" in out
        done = call(*ask, "--picture", "budget.svg", "-o", "shared.csv")
        assert done.code == 0
        assert "Lamps" in Path("budget.svg").read_text(encoding="utf-8")
        assert Path("shared.csv").read_text(encoding="utf-8").splitlines()[1] == "lift,70,4,1,true,70,budget,funded"

    def test_a_budget_of_the_rule_goes_before_that_of_the_file(self, call):
        """What if there were 125: said, together with what is left and would still pay for something."""
        more = ("--set", "budget=125", "--set", "not_fitting=stop")
        out = call("budget", "vote.pb", "--rule", "rule.yaml", *BY_COST, *more).out
        assert "the file's budget is 100; the rule's is shared" in out
        assert "what is left would still pay for: path" in out

    def test_shares_and_sources_are_told(self, call):
        """By how much equal shares were raised, and which source pays whom."""
        Path("shares.yaml").write_text(
            "method: equal_shares\ncounted: ballots\nleast_votes: 1\nties: refuse\n"
            "tie_break: {cost: {order: 1, wins: lower}}\n"
            "equal_shares: {utility: cost, completion: add_one, step: 1, stop: overspent}\n"
            "other_sources: {reserve: {order: 1, amount: 70}}\n",
            encoding="utf-8",
        )
        out = call("budget", "vote.pb", "--rule", "shares.yaml").out
        assert "each voter's share was raised by " in out
        assert "reserve" in out

    def test_ranked_ballots_count_by_places(self, call):
        """Points of places are said, never implied."""
        Path("vote.pb").write_text(VOTE.replace("approval", "ordinal"), encoding="utf-8")
        points = ("budget", "vote.pb", "--rule", "rule.yaml", "--set", "counted=points")
        assert "say with --first-place" in call(*points).err
        assert rows(call(*points, "--first-place", "3").out)["lift"][-1].strip() == "funded"
        assert {row["votes"] for row in call(*points, "--first-place", "3", "--json").json["rows"]} == {12, 4, 3, 2}

    def test_a_reform_of_a_profile_shows_who_gets_more_or_less(self, call):
        """The dearer of the tied first: the lamps in place of the trees; a reform that moves nothing says so."""
        ask = ("budget", "vote.pb", "--profile", "fund", "--at", "2024")
        assert rows(call(*ask).out)["tree"][-1].strip() == "funded"
        out = call(*ask, "--reform", "dear.yaml").out
        assert [line.split() for line in out.splitlines()[-2:]] == [["lamp", "0", "40"], ["tree", "30", "0"]]
        assert len(call(*ask, "--reform", "dear.yaml", "--json").json["turned"]) == 2
        Path("dear.yaml").write_text("reform: less\nchanges: {budgets: {yearly: {least_votes: 0}}}\n", "utf-8")
        assert "no project gets more or less" in call(*ask, "--reform", "dear.yaml").out

    def test_a_file_that_was_cut_off_is_refused(self, call):
        """It has fewer rows than it says."""
        Path("vote.pb").write_text(VOTE[: VOTE.index("cyd")], encoding="utf-8")
        done = call("budget", "vote.pb", "--rule", "rule.yaml")
        assert (done.code, "num_votes is 4, but VOTES has 2 rows; the file may be cut off" in done.err) == (1, True)

    @pytest.mark.parametrize(
        ("args", "said"),
        [
            (["vote.pb"], "give --rule"),
            (["vote.pb", "--rule", "greedi"], "did you mean `greedy`"),
            (["vote.pb", "--rule", "rule.yaml", "--set", "ties"], "write `ties` as name=value"),
            (["vote.pb", "--rule", "rule.yaml", "--set", "ties=refus"], "did you mean `refuse`"),
            (["vote.pb", "--rule", "rule.yaml", "--project", "lamb"], "did you mean `lamp`"),
            (["vote.pb", "--rule", "rule.yaml", "--at", "2024"], "go with --profile"),
            (["vote.pb", "--rule", "rule.yaml", "--picture", "b.gif"], ".svg or .png"),
            (["vote.pb", "--rule", "rule.yaml", "--ballots", "ballots.csv"], "leave out --ballots"),
            (["projects.csv", "--rule", "rule.yaml"], "give --ballots as well"),
            (["vote.pb", "--profile", "fund", "--set", "ties=refuse"], "changed by --reform"),
            (["vote.pb", "--profile", "fund", "--at", "2024", "--rule", "yearli"], "did you mean `yearly`"),
            (["vote.pb", "--profile", "beijing"], "has no rules for sharing a budget on that day"),
        ],
    )
    def test_wrong_calls_are_answered(self, call, args, said):
        """Each with what to do."""
        done = call("budget", *args)
        assert (done.out, said in done.err) == ("", True), done.err

    def test_places_go_with_a_pb_file(self, call):
        """A table of ballots has a column of points."""
        whole = ("--set", "budget=9", "--set", "decimals=0", "--first-place", "2")
        assert (
            "goes with a .pb file"
            in call("budget", "projects.csv", "--ballots", "ballots.csv", "--rule", "rule.yaml", *whole).err
        )
