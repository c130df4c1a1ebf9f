"""How much of its sources a profile models, and whether everything that it offers can be taken."""

from pathlib import Path

from communitygov.documents.node import Node
from communitygov.profile.coverage import coverage, try_everything
from communitygov.profile.reading import read_profile

HERE = Path(__file__).parent
CHILD = """
profile:
  id: child
  api: 1
  version: 0.1.0
  extends: {profile: toy, version: ">=0.2"}
  in_force: 2023
  last_verified: 2024-01-01
  sources: {plan: {title: {zh: 示例办法, en: The plan}}}
"""


def clauses_of(node: Node) -> set[str]:
    found = set(node.clause())
    for child in (node.children or {}).values():
        found |= clauses_of(child)
    return found


class TestCoverage:
    def test_each_clause_is_counted_once(self, shijingshan):
        """The clauses of a source fall into groups that do not overlap and leave none out."""
        found = coverage(shijingshan)
        rules = shijingshan.at(shijingshan.first_day).rules
        for source in found.sources:
            groups = [
                source.modelled,
                source.proposed,
                source.open,
                source.not_modelled,
                source.context,
                source.uncited,
            ]
            listed = [clause for group in groups for clause in group]
            assert sorted(listed) == sorted(key for key, one in rules.clauses.items() if one.source == source.source)
            assert source.clauses == len(listed) == len(set(listed))

    def test_what_a_rule_cites_is_modelled(self, shijingshan):
        """A clause is modelled if and only if a rule in force cites it, whatever else is said of it."""
        rules = shijingshan.at(shijingshan.first_day)
        cited = set()
        for key, section in rules.root.children.items():
            if key not in ("clauses", "interpretations", "contradictions"):
                cited |= clauses_of(section)
        modelled = {clause for source in coverage(shijingshan).sources for clause in source.modelled}
        assert modelled == {clause for clause in cited if rules.rules.clauses[clause].primitive != "none"}

    def test_what_only_an_amendment_or_a_reform_cites_is_proposed(self, toy):
        """A clause that begins to count later, or perhaps, is not counted as modelled."""
        (source,) = coverage(toy).sources
        assert set(source.proposed) >= {"T-05", "T-07"}

    def test_what_only_a_question_cites_is_open(self, toy_with):
        """A clause that only an open question speaks of is open, not modelled."""
        text = """
clauses: {T-20: {quote: 并列者如何？, source: plan, primitive: certification}}
interpretations:
  ties:
    clause: T-20
    question: {zh: 并列者都入吗？, en: Are ties all in?}
    readings: {in: {certification: {star: {ties: in}}}, out: {certification: {star: {ties: out}}}}
    chosen: in
    because: {zh: 同分同名次。, en: Equal scores are equal ranks.}
"""
        rules = (HERE / "toy" / "rules.yaml").read_text("utf-8").replace("    ties: in\n", "")
        (source,) = coverage(toy_with({"ties.yaml": text, "rules.yaml": rules})).sources
        assert source.open == ("T-20",)

    def test_every_assumed_value_has_its_reason_and_place(self, shijingshan):
        """Each assumption stands at a path that the rules have, with a reason in both languages, a file and a line."""
        rules = shijingshan.at(shijingshan.first_day)
        found = coverage(shijingshan).assumptions
        assert found
        for one in found:
            assert one.because.zh
            assert one.because.en
            assert one.place.line > 0
            path, _, name = one.path.rpartition(".")
            assert name in rules.find(f"{path}.assumed").children

    def test_an_uncited_clause_is_its_own_profiles_problem(self, toy_with, tmp_path):
        """A clause that nothing cites or explains is a problem of the profile that has it, not of its children."""
        clause = "clauses: {T-30: {quote: 无人引用, source: plan, primitive: grid}}\n"
        parent = toy_with({"more.yaml": clause})
        assert [(problem.code, problem.path) for problem in coverage(parent).problems] == [
            ("uncited-clause", "clauses.T-30")
        ]
        (tmp_path / "child").mkdir()
        (tmp_path / "child" / "profile.yaml").write_text(CHILD, encoding="utf-8")
        child = read_profile(tmp_path / "child", find=lambda name: parent)
        assert coverage(child).sources[0].uncited == ("T-30",)
        assert coverage(child).problems == ()
        explained = clause.replace("grid}", "grid, not_modelled: {zh: 以后, en: Later.}}")
        assert coverage(toy_with({"more.yaml": explained})).problems == ()


class TestTryEverything:
    def test_a_good_profile_offers_nothing_that_cannot_be_taken(self, shijingshan, toy):
        """Every reading and every reform of these profiles can be taken, and no two readings are the same."""
        assert try_everything(shijingshan) == ()
        assert try_everything(toy) == ()

    def test_readings_of_one_question_differ(self, toy_with):
        """Two readings that give the same rules are named, with the places of both."""
        questions = (HERE / "toy" / "questions.yaml").read_text("utf-8").replace("rounding: ceiling", "rounding: floor")
        (problem,) = try_everything(toy_with({"questions.yaml": questions}))
        assert problem.code == "readings-do-not-differ"
        assert problem.place.line == problem.also[0].line + 1

    def test_every_reading_is_tried(self, toy_with):
        """A reading that breaks a rule is a problem, though another is chosen."""
        questions = (HERE / "toy" / "questions.yaml").read_text("utf-8")
        worse = questions.replace("{rounding: ceiling}", "{rounding: ceiling, tiers: {gold: {share: 50%}}}")
        assert {problem.code for problem in try_everything(toy_with({"questions.yaml": worse}))} == {"cuts-not-nested"}
