"""What an index may say, and what it is told when it says something that cannot hold."""

from __future__ import annotations

from fractions import Fraction

import pytest

from communitygov.documents.model import build
from communitygov.documents.reading import read_text
from communitygov.index.rules import Index
from communitygov.index.score import score_unchecked
from communitygov.vocabulary.frames import Table

HEAD = "{subject: x, period: year, maximum: 10, decimals: 0, weights: points, SCALE MORE indicators: {TREE}}"
SCALE = "scale: {minimum: 0, maximum: 5, decimals: 0},"


def told(tree="a: {weight: 10}", *, scale=SCALE, more="", head=HEAD):
    """Return what a document is told, each finding with its place in the rules."""
    text = head.replace("SCALE", scale).replace("MORE", more).replace("TREE", tree)
    problems = []
    build(read_text(text), Index, problems)
    return [f"{problem.path}: {problem.say('en').split(': ', 1)[1]}" for problem in problems]


class TestFindings:
    """Every promise that does not hold is named, with its place and what is wrong."""

    def test_a_sound_index_is_told_nothing(self):
        """Nothing is found where nothing is wrong."""
        assert told() == []

    @pytest.mark.parametrize(
        ("tree", "finding"),
        [
            (
                "a: {weight: 9.5}",
                "indicators: weights-do-not-add-up: the weights add up to 9.5, not 10: 0.5 too little",
            ),
            (
                "a: {weight: 10, indicators: {b: {weight: 4}, c: {weight: 7}}}",
                "indicators.a.indicators: weights-do-not-add-up: the weights add up to 11, not 10: 1 too much",
            ),
            ("a: {weight: 11}, b: {weight: -1}", "indicators.b.weight: negative-weight: a weight cannot be negative"),
            (
                "a: {weight: 10, missing: zero, indicators: {b: {weight: 10}}}",
                "indicators.a.missing: leaf-only: `missing` belongs to indicators without others below",
            ),
            (
                "a: {weight: 10, aggregation: geometric}",
                "indicators.a.aggregation: branch-only: there is nothing below to put together",
            ),
            ("score: {weight: 10}", "indicators.score: reserved-id: `score` is a reserved name"),
            (
                "a: {weight: 10, method: visit}",
                "indicators.a.method: unknown-reference: there is no method `visit`",
            ),
            (
                "a: {weight: 10, scale: {minimum: 5, maximum: 5, decimals: 0}}",
                "indicators.a.scale: empty-scale: the minimum must be below the maximum",
            ),
            (
                "a: {weight: 10, scale: {decimals: 0}}",
                "indicators.a: scale-missing: needs a scale with minimum and maximum, or a normalisation",
            ),
            (
                "a: {weight: 10, scale: {minimum: 0, maximum: 5}}",
                "indicators.a: decimals-missing: needs scale.decimals, so that its values are exact",
            ),
            (
                "a: {weight: 10, normalisation: {kind: goalposts, low: 5, high: 5}}",
                "indicators.a.normalisation: bad-goalposts: goalposts need low and high, low below high",
            ),
            (
                "a: {weight: 10, normalisation: {kind: goalposts, low: 0, high: 5, transform: log}}",
                "indicators.a.normalisation.low: bad-goalposts: a logarithm needs a positive low",
            ),
            (
                "a: {weight: 10, normalisation: {kind: rank, low: 0}}",
                "indicators.a.normalisation: unused-setting: low, high and transform belong to goalposts",
            ),
            (
                "a: {weight: 10, normalisation: {kind: z_score, centre: 1/2}}",
                "indicators.a.normalisation: missing-setting: a z-score needs centre and spread",
            ),
        ],
    )
    def test_each_is_named(self, tree, finding):
        """Where, what, and by how much."""
        assert told(tree) == [finding]

    def test_shares_add_up_to_one(self):
        """In shares every node's children weigh 1."""
        head = HEAD.replace("points", "shares")
        assert told("a: {weight: 1/3}, b: {weight: 2/3}", head=head) == []
        assert told("a: {weight: 1/3}, b: {weight: 1/2}", head=head) == [
            "indicators: weights-do-not-add-up: the weights add up to 5/6, not 1: 1/6 too little"
        ]

    def test_a_name_stands_once(self):
        """Two indicators cannot share a column, wherever they are in the tree."""
        found = told("a: {weight: 5}, b: {weight: 5, indicators: {a: {weight: 5}}}")
        assert found == [
            "indicators.b.indicators.a: repeated-id: the indicator `a` stands twice; columns need one name each "
            "(<text>:1:131)"
        ]

    def test_full_marks_that_cannot_be_published(self):
        """Full marks have no more decimals than scores."""
        assert told("a: {weight: 2.5}", head=HEAD.replace("maximum: 10", "maximum: 2.5")) == [
            "maximum: maximum-not-publishable: full marks of 2.5 have more than the 0 published decimals"
        ]

    def test_counts(self):
        """Each level has as many indicators as the source says; a level that is not there has none."""
        tree = "a: {weight: 5, indicators: {c: {weight: 5}}}, b: {weight: 5, indicators: {d: {weight: 5}}}"
        assert told(tree, more="counts: {1: 2, 2: 2},") == []
        assert told(tree, more="counts: {2: 3, 3: 1},") == [
            "counts.2: counts-differ: level 2 must have 3 indicators and has 2; change `counts` too if this is meant",
            "counts.3: counts-differ: level 3 must have 1 indicators and has 0; change `counts` too if this is meant",
        ]

    def test_a_method_must_make_up_its_share(self):
        """A constraint speaks of the weight or of the number of indicators, and of a method that there is."""
        tree = "a: {weight: 4, method: asked}, b: {weight: 6}"
        more = "methods: {asked: {}}, constraints: {half: {method: METHOD, at_least: 1/2, of: OF}},"
        assert told(tree, more=more.replace("METHOD", "asked").replace("OF", "count")) == []
        assert told(tree, more=more.replace("METHOD", "asked").replace("OF", "weight")) == [
            "constraints.half: method-share-too-small: `asked` makes up 40% of the weight, at least 50% is required"
        ]
        assert told(tree, more=more.replace("METHOD", "aksed").replace("OF", "weight")) == [
            "constraints.half.method: unknown-reference: there is no method `aksed`; did you mean `asked`?"
        ]

    def test_a_field_that_is_assumed_must_be_one(self):
        """What is assumed is a field of the rule."""
        found = told("a: {weight: 10, assumed: {wieght: {zh: 无, en: none}}}")
        assert found == ["indicators.a.assumed.wieght: unknown-assumed: `wieght` is no field here"]


class TestBounds:
    """What could leave 63 bits is refused on load."""

    @pytest.mark.parametrize(
        "tree",
        [
            "a: {weight: 1/3037000493}, b: {weight: 30370004929/3037000493, "
            "scale: {minimum: 0, maximum: 7, decimals: 9}}",
            "a: {weight: 10, scale: {minimum: 0, maximum: 999999999999, decimals: 9}}",
            "a: {weight: 10, scale: {minimum: -999999999999, maximum: 0, decimals: 4}, normalisation: {kind: min_max}}",
            "a: {weight: 10, aggregation: geometric, indicators: {b: {weight: 10, "
            "scale: {minimum: 0, maximum: 999999999999, decimals: 9}}}}",
            "a: {weight: 1/30370493, missing: reweigh}, b: {weight: 303704929/30370493, "
            "scale: {minimum: 0, maximum: 7, decimals: 9}}",
        ],
    )
    def test_too_many_bits(self, tree):
        """Weights, scales, ranges, and weights that move, each on its own."""
        found = told(tree)
        assert len(found) == 1
        assert "index-too-large: its weights and decimals need" in found[0]

    def test_floats_have_a_bound_too(self):
        """Full marks that floats are snapped to must fit."""
        head = HEAD.replace("maximum: 10", "maximum: 100000000000000000000")
        found = told(
            "a: {weight: 100000000000000000000, aggregation: geometric, indicators: {b: {weight: "
            "100000000000000000000}}}",
            head=head,
        )
        assert len(found) == 1
        assert "index-too-large" in found[0]


class TestInheritance:
    """What an indicator does not say, its level says, or the index."""

    def test_leaves_carry_what_holds_for_them(self, read_index):
        """Scale, measuring, missing values and clauses come from above unless said otherwise."""
        index = read_index(
            HEAD.replace("SCALE", SCALE)
            .replace("MORE", "clause: A, missing: zero, normalisation: {kind: rank},")
            .replace(
                "TREE",
                "a: {weight: 4}, b: {weight: 6, clause: B, indicators: {c: {weight: 3, missing: refuse}, "
                "d: {weight: 3, clause: D, normalisation: {kind: none}, "
                "scale: {minimum: 1, maximum: 2, decimals: 1}}}}",
            )
        )
        a, c, d = index.leaves
        assert [leaf.missing for leaf in (a, c, d)] == ["zero", "refuse", "zero"]
        assert [leaf.normalisation.kind for leaf in (a, c, d)] == ["rank", "rank", "none"]
        assert [leaf.scale.maximum for leaf in (a, c, d)] == [5, 5, 2]
        assert [leaf.clause for leaf in (a, c, d)] == [("A",), ("B",), ("D",)]
        assert [leaf.path for leaf in (a, c, d)] == [("a",), ("b", "c"), ("b", "d")]
        assert [leaf.share for leaf in (a, c, d)] == [Fraction(2, 5), Fraction(3, 10), Fraction(3, 10)]

    def test_a_level_or_a_node_may_aggregate_its_own_way(self, read_index):
        """A node before its level, a level before the index."""
        tree = "a: {weight: 5, indicators: {c: {weight: 5}}}, "
        tree += "b: {weight: 5, aggregation: harmonic, indicators: {d: {weight: 5}}}"
        text = (
            HEAD.replace("SCALE", SCALE).replace("MORE", "levels: {1: {aggregation: geometric}},").replace("TREE", tree)
        )
        index = read_index(text)
        assert index.aggregation_of(None, 0) == "arithmetic"
        assert index.aggregation_of(index.indicators["a"], 1) == "geometric"
        assert index.aggregation_of(index.indicators["b"], 1) == "harmonic"
        assert not index.exact

    def test_the_table_says_what_data_must_be(self, toy):
        """Every column is declared once: name, title, scale, decimals, clause."""
        assert isinstance(toy.table, Table)
        assert toy.table.key == ("subject", "period")
        column = toy.table.column("litter")
        assert (column.title.en, column.minimum, column.maximum, column.decimals) == ("litter", 0, 100, 1)
        assert (column.nullable, column.required, column.clause) == (False, True, ("TOY-01",))


def test_nothing_weighs_anything(read_index):
    """An index of no points gives none."""
    import polars as pl

    index = read_index(
        HEAD.replace("maximum: 10", "maximum: 0")
        .replace("SCALE", SCALE)
        .replace("MORE", "")
        .replace("TREE", "a: {weight: 0}")
    )
    frame = pl.DataFrame({"subject": ["s"], "period": ["2023"], "a": [5]})
    assert score_unchecked(index, frame)["score"].to_list() == [0]
