"""What a profile promises about itself as a whole."""

from collections.abc import Callable

import pytest

from communitygov.documents.node import Node
from communitygov.profile.profile import Profile
from communitygov.profile.rules import Interpretation
from communitygov.vocabulary.errors import DocumentError
from communitygov.vocabulary.problem import Place
from communitygov.vocabulary.text import Title

QUESTION = """\
interpretations:
  size:
    clause: T-04
    question: {zh: 多大？, en: How large?}
    readings: READINGS
    names: {small: {zh: 小, en: small}}
    chosen: small
    because: {zh: 示例。, en: An example.}
"""
SMALL = "small: {certification: {star: {cap: 3}}}"
LARGE = "large: {certification: {star: {cap: 9}}}"


def told(toy_with: Callable[..., Profile], text: str) -> list[str]:
    """Return what is said of the toy profile with one document more."""
    with pytest.raises(DocumentError) as refused:
        toy_with({"more.yaml": text})
    return [problem.say("en") for problem in refused.value.problems]


class TestInterpretations:
    def test_a_question_has_two_readings_at_least(self, toy_with: Callable[..., Profile]) -> None:
        """A question that can be read in one way is none."""
        text = QUESTION.replace("READINGS", f"{{{SMALL}}}")
        assert told(toy_with, text) == ["toy/more.yaml:5:5: one-reading: needs at least two readings [T-04]"]

    def test_every_name_is_that_of_a_reading(self, toy_with: Callable[..., Profile]) -> None:
        """A name for a reading that there is not is a slip of the pen."""
        text = QUESTION.replace("READINGS", f"{{{SMALL}, {LARGE}}}").replace("names: {small:", "names: {smal:")
        assert told(toy_with, text) == [
            "toy/more.yaml:6:13: unknown-reference: there is no reading `smal`; did you mean `small`? [T-04]"
        ]

    def test_the_reading_taken_is_one_of_them(self) -> None:
        """An interpretation made in Python is held to the same."""
        words = Title(zh="示例", en="An example")
        readings = {key: Node(Place("<python>"), children={}) for key in ("small", "large")}
        question = Interpretation(question=words, readings=readings, chosen="smaller", because=words)
        assert [(one.code, one.en) for one in question.check()] == [
            ("unknown-reference", "there is no reading `smaller`; did you mean `small`?")
        ]


class TestWhole:
    def test_an_index_and_its_certification_publish_the_same_decimals(self, toy_with: Callable[..., Profile]) -> None:
        """Scores are exchanged in units of the last place, so both must mean the same place."""
        profile = toy_with({})
        text = (
            (profile.folder / "rules.yaml")
            .read_text(encoding="utf-8")
            .replace("decimals: 1\n    year", "decimals: 2\n    year")
        )
        with pytest.raises(DocumentError) as refused:
            toy_with({"rules.yaml": text})
        assert [problem.say("en") for problem in refused.value.problems] == [
            "toy/rules.yaml:45:15: decimals-differ: its scores have 1 decimals in the index `care` "
            "(toy/rules.yaml:9:15) [T-04]"
        ]

    def test_a_clause_names_a_source_of_the_profile(self, toy_with: Callable[..., Profile]) -> None:
        """A passage stands in a text that the profile lists."""
        text = "clauses: {T-20: {quote: x, source: paln, primitive: none}}"
        assert told(toy_with, text) == [
            "toy/more.yaml:1:36: unknown-reference: there is no source `paln`; did you mean `plan`?"
        ]

    @pytest.mark.parametrize("counted", ["index.care.indicators", "index.care.levels"])
    def test_a_scheme_counts_what_a_profile_says(self, toy_with: Callable[..., Profile], counted: str) -> None:
        """Any mapping of the rules can be counted."""
        text = f"schemes: {{two: {{parts: {{all: {{count: 2, counted: {counted}}}}}}}}}"
        assert toy_with({"more.yaml": text}).at(2024).rules.schemes["two"].parts["all"].count == 2

    @pytest.mark.parametrize("counted", ["index.care.node.children", "index.care.node.memo", "index.care.period"])
    def test_and_nothing_that_it_is_made_of(self, toy_with: Callable[..., Profile], counted: str) -> None:
        """What the library keeps beside the rules is no rule, and has no place in a path."""
        text = f"schemes: {{two: {{parts: {{all: {{count: 2, counted: {counted}}}}}}}}}"
        (line,) = told(toy_with, text)
        assert f"there is nothing to count at `{counted}`" in line
