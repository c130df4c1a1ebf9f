"""Explanations as text, Rich tree, JSON and HTML."""

import json
import math
from fractions import Fraction
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from rich.console import Console

from communitygov.report.steps_html import Explanation, steps_html
from communitygov.report.steps_json import SCHEMA, steps_from_json, steps_json, steps_schema
from communitygov.report.steps_text import steps_text, steps_tree
from communitygov.vocabulary.errors import MissingExtra, UsageError
from communitygov.vocabulary.steps import Steps
from communitygov.vocabulary.text import Title

words = st.text(st.characters(codec="utf-8"), max_size=12)
titles = st.builds(Title, zh=words, en=words)
values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.fractions(max_denominator=10**9), words
)
trees = st.recursive(
    st.builds(
        Steps,
        key=words,
        title=titles,
        value=values,
        text=st.none() | titles,
        clause=st.lists(words, max_size=2).map(tuple),
        source=st.none() | titles,
        facts=st.dictionaries(words, values, max_size=3),
    ),
    lambda below: st.builds(
        Steps, key=words, title=titles, value=values, children=st.lists(below, max_size=3).map(tuple)
    ),
    max_leaves=8,
)

QUOTA = Steps(
    "quota",
    Title(zh="名额", en="places"),
    Fraction(143, 10),
    Title(zh="143 的 10%，去尾", en="10% of 143, rounded down"),
    ("SJS-17",),
    Title(zh="10%，certification.yaml:12", en="10%, certification.yaml:12"),
    facts={"base": 143, "share": Fraction(1, 3)},
)
RANK = Steps("rank", Title(zh="名次", en="rank"), 17, children=(QUOTA, QUOTA))


class TestJson:
    @given(trees)
    def test_nothing_is_lost_on_the_way_through_json(self, tree):
        """An explanation that was written as JSON and read again is the same, to the last fraction."""
        text = json.dumps(steps_json(tree), ensure_ascii=False, allow_nan=False)
        again = steps_from_json(json.loads(text))
        assert again == tree
        assert [type(step.value) for step in again.walk()] == [type(step.value) for step in tree.walk()]

    def test_what_is_not_finite_comes_through(self):
        """A float that JSON has no word for keeps its value."""
        for value in (math.inf, -math.inf):
            assert steps_from_json(steps_json(Steps("x", Title(zh="", en=""), value))).value == value
        assert math.isnan(steps_from_json(steps_json(Steps("x", Title(zh="", en=""), math.nan))).value)

    @given(trees)
    def test_it_follows_its_schema(self, tree):
        """Every explanation as JSON is what the JSON Schema says."""
        Draft202012Validator(steps_schema()).validate(json.loads(json.dumps(steps_json(tree))))

    def test_both_languages_and_the_version_are_in_it(self):
        """JSON needs no language: it names its version and has every title twice."""
        data = steps_json(RANK)
        assert data["schema"] == SCHEMA == "communitygov.steps/1"
        assert data["step"]["title"] == {"zh": "名次", "en": "rank"}
        assert data["step"]["children"][0]["value"] == {"fraction": "143/10"}

    @pytest.mark.parametrize(
        ("data", "code"),
        [
            ({"schema": "communitygov.steps/2", "step": {}}, "other-schema"),
            ([], "other-schema"),
            ({"schema": SCHEMA}, "bad-steps"),
            ({"schema": SCHEMA, "step": {"key": "x"}}, "bad-steps"),
            ({"schema": SCHEMA, "step": {"key": "x", "title": {"zh": "", "en": ""}, "value": []}}, "bad-steps"),
            ({"schema": SCHEMA, "step": {"key": "x", "title": {"zh": "", "en": ""}, "value": {}}}, "bad-steps"),
            ({"schema": SCHEMA, "step": 3}, "bad-steps"),
        ],
    )
    def test_what_is_no_explanation_is_refused(self, data, code):
        """JSON of another version, or with something missing, is a named error."""
        with pytest.raises(UsageError) as error:
            steps_from_json(data)
        assert error.value.problems[0].code == code


class TestText:
    def test_each_step_has_its_value_clause_reason_and_source(self):
        """Text says for every step what came out, by which clause, why, and where the number stands."""
        assert steps_text(RANK, "en").splitlines()[:4] == [
            "rank: 17",
            "- places: 14.3 [SJS-17]",
            "    10% of 143, rounded down",
            "    10%, certification.yaml:12",
        ]

    def test_it_speaks_chinese(self):
        """In Chinese, titles, sentences and punctuation are Chinese."""
        assert steps_text(QUOTA, "zh").splitlines() == [
            "名额：14.3 [SJS-17]",
            "  143 的 10%，去尾",
            "  10%，certification.yaml:12",
        ]

    @given(trees, st.sampled_from(["zh", "en"]))
    def test_every_step_stands_on_a_line_of_its_own(self, tree, lang):
        """Whatever its words are, an explanation is one line a step and one for each of its sentences."""
        said = sum(1 + (step.text is not None) + (step.source is not None) for step in tree.walk())
        lines = steps_text(tree, lang).splitlines() or [""]
        assert len(lines) == said


class TestTree:
    def test_the_rich_tree_says_what_the_text_says(self):
        """Rich shows the same values, clauses, sentences and sources."""
        console = Console(width=100, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
        console.print(steps_tree(RANK, "en"))
        shown = console.export_text()
        for part in ("rank: 17", "places: 14.3 [SJS-17]", "10% of 143, rounded down", "certification.yaml:12"):
            assert part in shown

    def test_markup_in_words_is_not_obeyed(self):
        """Square brackets in a title are shown, not taken for a style."""
        tree = steps_tree(Steps("x", Title(zh="[red]红", en="[red]red")), "zh")
        assert str(tree.label) == "[red]红"

    def test_without_rich_the_extra_is_named(self, monkeypatch):
        """Where Rich is not installed, the error says what to install."""
        monkeypatch.setitem(__import__("sys").modules, "rich.tree", None)
        with pytest.raises(MissingExtra, match=r"communitygov\[cli\]"):
            steps_tree(RANK, "en")


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.text, self.seen = [], [], []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


class TestHtml:
    @given(trees, st.sampled_from(["zh", "en"]))
    def test_it_is_well_formed_and_says_every_title(self, tree, lang):
        """Whatever the words are, every tag is closed and no word becomes a tag."""
        page = _Tags()
        page.feed(steps_html(tree, lang))
        assert page.open == []
        assert {tag for tag, _ in page.seen} <= {"div", "style", "details", "summary", "b", "span"}

    def test_it_needs_nothing_from_outside(self):
        """The fragment has no script, no picture and no address."""
        page = steps_html(RANK, "en")
        assert not any(word in page for word in ("http", "src=", "<script", "@import", "url("))

    def test_values_reasons_and_facts_are_in_it(self):
        """It says value, clause, sentence, source, and the facts to compute the step again."""
        page = steps_html(RANK, "zh")
        for part in ("名额", "14.3", "SJS-17", "去尾", "certification.yaml:12", "base = 143", 'lang="zh-CN"'):
            assert part in page

    def test_an_explanation_shows_itself(self):
        """In a notebook it is HTML, for Rich a tree, printed it is text."""
        shown = Explanation(RANK, "en")
        assert shown._repr_html_() == steps_html(RANK, "en")
        assert str(shown) == steps_text(RANK, "en")
        assert str(shown.__rich__().label) == "rank: 17"
