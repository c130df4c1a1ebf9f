"""Facts that add up, and schemes that count what they say."""

import json
from collections.abc import Mapping
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from communitygov.documents.layers import apply
from communitygov.documents.model import build
from communitygov.documents.reading import read_text
from communitygov.documents.rule import Rule, rule, term
from communitygov.measures.facts import check_facts, check_schemes
from communitygov.measures.rules import Fact, Scheme, SchemePart
from communitygov.vocabulary.text import Title

UNIT = Title(zh="份", en="questionnaires")
numbers = st.fractions(0, 5000, max_denominator=100)


def facts(value, parts, **change):
    found = {f"part{i}": Fact(value=part, unit=UNIT) for i, part in enumerate(parts)}
    return {"all": Fact(value=value, unit=UNIT, sum_of=tuple(found), **change), **found}


def codes(findings):
    return [(finding.path, finding.code) for finding in findings]


class TestSums:
    @given(st.lists(numbers, min_size=1, max_size=5), numbers)
    def test_a_sum_holds_or_is_a_finding_that_names_the_difference(self, parts, gap):
        """Exactly the sum is right; anything else is named with how much is missing or too much."""
        assert codes(check_facts(facts(sum(parts), parts))) == []
        for change in {gap, -gap} - {0}:
            (finding,) = check_facts(facts(sum(parts) + change, parts))
            assert (finding.path, finding.code) == (("facts", "all", "value"), "sum-differs")
            assert finding.also == tuple(("facts", f"part{i}", "value") for i in range(len(parts)))
            assert ("less than" in finding.en, "少" in finding.zh) == (change > 0, change > 0)

    def test_what_the_source_calls_inexact_cannot_be_added_up(self):
        """近1000 is a bound, not a figure; so is a sum with a 百余 in it."""
        parts = [Fraction(1), Fraction(2)]
        assert codes(check_facts(facts(Fraction(9), parts, inexact="近"))) == []
        found = facts(Fraction(9), parts)
        found["part1"] = Fact(value=Fraction(2), unit=UNIT, inexact="百余")
        assert codes(check_facts(found)) == []

    def test_a_part_that_is_no_fact_is_left_to_the_check_of_references(self):
        """A misspelt part is reported once, where it is written."""
        found = facts(Fraction(9), [Fraction(1), Fraction(2)])
        del found["part1"]
        assert codes(check_facts(found)) == []

    def test_a_fact_is_no_part_of_itself(self):
        """It would be right whatever it said."""
        one = Fact(value=Fraction(9), unit=UNIT, sum_of=("all",))
        assert codes(check_facts({"all": one})) == [(("facts", "all", "sum_of"), "sum-of-itself")]

    def test_a_fact_without_parts_promises_nothing(self):
        """Most figures stand alone."""
        assert codes(check_facts({"all": Fact(value=Fraction(9), unit=UNIT)})) == []


@rule
class Book(Rule):
    """Facts and nothing else."""

    facts: Mapping[str, Fact] = term("事实", "Facts", default={})


NAMES = [f"f{i}" for i in range(6)]
entries = st.fixed_dictionaries(
    {"value": st.integers(0, 3), "unit": st.just({"zh": "个", "en": "each"})},
    optional={"sum_of": st.lists(st.sampled_from(NAMES), max_size=3, unique=True), "inexact": st.just("近")},
)


class TestAfterPatches:
    @given(st.dictionaries(st.sampled_from(NAMES), entries), st.lists(st.dictionaries(st.sampled_from(NAMES), entries)))
    def test_what_is_kept_and_added_up_again_is_what_all_would_be(self, first, patches):
        """A sum is found wrong or right by what its parts are now, whichever patch changed them; removals too."""
        root = read_text(json.dumps({"facts": first}))
        for patch in [{}, *patches, dict.fromkeys(first)]:
            here = {key: value for key, value in patch.items() if value or key in root["facts"].children}
            root = apply(root, read_text(json.dumps({"facts": here})), [])
            facts = build(root, Book, []).facts
            expected = sorted(check_facts(facts), key=lambda one: one.path)
            assert sorted(check_facts(facts, root), key=lambda one: one.path) == expected


class TestSchemes:
    @given(st.integers(1, 9), st.none() | st.integers(0, 9))
    def test_a_part_has_as_many_members_as_its_name_counts(self, count, found):
        """五大品质 are five entries of the index, or the scheme is wrong."""
        part = SchemePart(count=count, counted="index.quality.indicators")
        findings = codes(check_schemes({"5143": Scheme(parts={"five": part})}, {"index.quality.indicators": found}.get))
        path = ("schemes", "5143", "parts", "five")
        if found is None:
            assert findings == [((*path, "counted"), "unknown-reference")]
        else:
            assert findings == ([] if found == count else [((*path, "count"), "counts-differ")])

    def test_a_part_with_members_of_its_own_checks_itself(self):
        """Nothing in the rest of the profile is asked."""
        part = SchemePart(count=1, members={"visit": Title(zh="走访", en="visit")})
        assert codes(check_schemes({"5143": Scheme(parts={"four": part})}, {}.get)) == []
        assert codes(part.check()) == []
