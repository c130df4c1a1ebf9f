"""How much of its sources a profile models, and whether everything that it offers can be taken."""

from communitygov.documents.node import Node
from communitygov.profile.coverage import coverage, try_everything


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
            groups = [source.modelled, source.proposed, source.open, source.not_modelled, source.context, source.uncited]
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
        question = """
clauses: {T-20: {quote: 待解, source: plan, primitive: certification}}
interpretations:
  more:
    clause: T-20
    question: {zh: 问, en: What?}
    readings:
      a: {certification: {star: {rounding: floor}}}
      b: {certification: {star: {rounding: half_up}}}
    chosen: a
    because: {zh: 无, en: None.}
"""
        toy = toy_with({"questions.yaml": question.replace("T-20", "T-20"), "rules.yaml": _rules(toy_with)})
        assert "T-20" in coverage(toy).sources[0].open

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

    def test_an_uncited_clause_is_its_own_profiles_problem(self, toy_with, toy):
        """A clause of one's own that nothing cites or explains is a problem; one of the parent's is the parent's."""
        clause = "clauses: {T-30: {quote: 无人引用, source: plan, primitive: grid}}\n"
        found = coverage(toy_with({"more.yaml": clause}))
        assert [(problem.code, problem.path) for problem in found.problems] == [("uncited-clause", "clauses.T-30")]
        explained = clause.replace("grid}", "grid, not_modelled: {zh: 以后, en: Later.}}")
        assert coverage(toy_with({"more.yaml": explained})).problems == ()


class TestTryEverything:
    def test_a_good_profile_offers_nothing_that_cannot_be_taken(self, shijingshan, toy):
        """Every reading and every reform of these profiles can be taken, and no two readings are the same."""
        assert try_everything(shijingshan) == ()
        assert try_everything(toy) == ()
