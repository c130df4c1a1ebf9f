"""What an explanation says: every number, why, by which clause, and from which line of which document."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import polars as pl
import pytest
from attrs import evolve

from communitygov.documents.layers import apply
from communitygov.documents.model import build
from communitygov.documents.reading import read_text
from communitygov.index.explain import explain, explain_each
from communitygov.index.rules import Index
from communitygov.index.score import score
from communitygov.vocabulary.dated import Dated
from communitygov.vocabulary.errors import DataError, NotInForce, UsageError
from communitygov.vocabulary.period import Period

ONE = """
subject: community
period: quarter
maximum: 10
decimals: 1
weights: points
scale: {minimum: 0, maximum: 10, decimals: 1}
missing: POLICY
indicators:
  a: {weight: 10, direction: DIR, scale: {minimum: 0, maximum: 10, decimals: 1}, normalisation: {RULE}}
"""


def one(read_index, rule, direction="higher", policy="zero"):
    return read_index(ONE.replace("RULE", rule).replace("DIR", direction).replace("POLICY", policy))


def said(index, values, subject="s0"):
    """Return what is said of the leaf of one subject, in both languages."""
    count = len(values)
    frame = pl.DataFrame({"subject": [f"s{i}" for i in range(count)], "period": ["2023Q1"] * count, "a": values})
    text = explain(index, frame, subject, "2023Q1").find("a").text
    return text.en, text.zh


class TestTheTree:
    """One step a node, with value, weight, clause and product."""

    def test_every_node_has_its_step(self, toy, toy_data):
        """The tree of the explanation is the tree of the index."""
        steps = explain(toy, toy_data, "a", "2023Q1")
        assert [step.key for step in steps.walk()] == ["score", "order", "green", "parks", "litter"]
        assert [step.value for step in steps.walk()] == [Fraction(text) for text in ("7.22", "3.42", "3.8", "2", "1.8")]

    def test_facts_suffice_to_compute_it_again(self, toy, toy_data):
        """Raw value, share, weight and points are exact."""
        facts = explain(toy, toy_data, "a", "2023Q1").find("order").facts
        assert facts == {
            "weight": 4,
            "full": 4,
            "raw": Fraction("85.5"),
            "low": 0,
            "high": 100,
            "share": Fraction("0.855"),
            "points": Fraction("3.42"),
        }

    def test_the_root_says_whose_and_when(self, toy, toy_data):
        """Subject, period, full marks, decimals and what was missing stand at the root."""
        facts = explain(toy, toy_data, "b", Period.parse("2023Q2")).facts
        wanted = {"subject": "b", "period": "2023Q2", "full": 10, "decimals": 2, "missing": ""}
        assert wanted == {key: facts[key] for key in wanted}

    def test_a_clause_speaks_for_all_below(self, toy, toy_data):
        """A node without a clause of its own rests on that of the node above."""
        steps = explain(toy, toy_data, "a", "2023Q1")
        cited = {step.key: step.clause for step in steps.walk()}
        assert cited == {
            "score": ("TOY-01",),
            "order": ("TOY-02",),
            "green": ("TOY-01",),
            "parks": ("TOY-01",),
            "litter": ("TOY-01",),
        }

    def test_the_line_that_gives_the_weight(self, toy, toy_data):
        """Every step says which document its weight stands in."""
        steps = explain(toy, toy_data, "a", "2023Q1")
        assert steps.find("order").source.en == "4, from toy, index.yaml:12"
        assert steps.source.zh == "10，出自toy，index.yaml:4"

    def test_what_a_weight_was_before(self, toy_text, toy_data):
        """A weight that a reform changed says so, and what it was."""
        change = "indicators: {order: {weight: 5}, green: {weight: 5, indicators: {parks: {weight: 3}}}}"
        document = read_text(toy_text, name="index.yaml", layer="toy")
        laid = apply(document, read_text(change, name="reform.yaml", layer="reform greener"), [])
        index = build(laid, Index, [])
        step = explain(index, toy_data, "a", "2023Q1").find("parks")
        assert step.source.en == "3, from reform greener, reform.yaml:1, was 4, index.yaml:18"

    def test_it_needs_no_document(self, toy, toy_data):
        """An index made in Python is explained without lines."""
        bare = evolve(toy, node=None, indicators={k: evolve(v, node=None) for k, v in toy.indicators.items()})
        assert explain(bare, toy_data, "a", "2023Q1").find("order").source is None

    @pytest.mark.parametrize("kind", ["polars", "lazy", "pandas", "pyarrow", "duckdb"])
    def test_any_frame(self, toy, toy_data, backends, kind):
        """The same frame as for the verb, from any library."""
        expected = explain(toy, toy_data, "a", "2023Q2")
        assert expected == explain(toy, backends[kind](toy_data), "a", "2023Q2")

    def test_the_version_in_force(self, toy, toy_data):
        """The rules are those of the period's first day."""
        index = Dated(((dt.date(2023, 1, 1), toy), (dt.date(2023, 4, 1), evolve(toy, decimals=0, node=None))))
        assert [explain(index, toy_data, "a", q).value for q in ("2023Q1", "2023Q2")] == [Fraction("7.22"), 7]


class TestSentences:
    """Each step says why, in English and in Chinese."""

    @pytest.mark.parametrize(
        ("rule", "en", "zh"),
        [
            (
                "kind: none",
                "8.5 on the scale from 0 to 10 is a share of 0.85; times the weight of 10 it gives 8.5 points",
                "8.5 在量表 0 至 10 上占 0.85；乘以权重 10，得 8.5 分",
            ),
            (
                "kind: goalposts, low: 5, high: 7.5, outside: clamp",
                "8.5 (held at 7.5) between the goalposts 5 and 7.5 is a share of 1; "
                "times the weight of 10 it gives 10 points",
                "8.5 （按 7.5 计）在 5 至 7.5 之间占 1；乘以权重 10，得 10 分",
            ),
            (
                "kind: goalposts, low: 1, high: 100, transform: log",
                "8.5 between the goalposts 1 and 100, in logarithms, is a share of ≈0.464709; "
                "times the weight of 10 it gives ≈4.647095 points, published as 4.6",
                "8.5 在 1 至 100 之间（取对数）占 ≈0.464709；乘以权重 10，得 ≈4.647095 分，公布为 4.6",
            ),
            (
                "kind: min_max, places: 3",
                "8.5 between the worst, 1, and the best, 10, of 4 subjects is a share of 0.833; "
                "times the weight of 10 it gives 8.33 points, published as 8.3",
                "8.5 在 4 个对象的最差值 1 与最好值 10 之间占 0.833；乘以权重 10，得 8.33 分，公布为 8.3",
            ),
            (
                "kind: rank, places: 2",
                "2 of the 3 other subjects are worse than 8.5, a share of 0.67; "
                "times the weight of 10 it gives 6.7 points",
                "8.5 优于其余 3 个对象中的 2 个，占 0.67；乘以权重 10，得 6.7 分",
            ),
            (
                "kind: percentile, places: 2",
                "3 of 4 subjects are no better than 8.5, a share of 0.75; times the weight of 10 it gives 7.5 points",
                "4 个对象中有 3 个不优于 8.5，占 0.75；乘以权重 10，得 7.5 分",
            ),
            (
                "kind: z_score, centre: 1/2, spread: 1/10, places: 2",
                "8.5 is 0.770529 deviations better than the mean of 4 subjects, 5.625: a share of 0.58; "
                "times the weight of 10 it gives 5.8 points",
                "8.5 比 4 个对象的均值 5.625 好 0.770529 个标准差，占 0.58；乘以权重 10，得 5.8 分",
            ),
        ],
    )
    def test_each_way_of_measuring(self, read_index, rule, en, zh):
        """Value, what it is held against, share, weight, points."""
        assert said(one(read_index, rule), [8.5, 10.0, 1.0, 3.0]) == (en, zh)

    @pytest.mark.parametrize(
        ("rule", "en"),
        [
            ("kind: none", "2 on the scale from 0 to 10, less being better, is a share of 0.8"),
            (
                "kind: goalposts, low: 1, high: 5",
                "2 between the goalposts 1 and 5, less being better, is a share of 0.75",
            ),
            ("kind: min_max", "2 between the worst, 10, and the best, 0, of 3 subjects is a share of 0.8"),
            ("kind: rank", "1 of the 2 other subjects are worse than 2, a share of 0.5"),
            ("kind: percentile", "2 of 3 subjects are no better than 2, a share of 0.666667"),
        ],
    )
    def test_less_being_better(self, read_index, rule, en):
        """What is worse and what is better is turned round, and said to be."""
        assert said(one(read_index, rule, "lower"), [2.0, 10.0, 0.0] if "low:" not in rule else [2.0])[0].startswith(en)

    @pytest.mark.parametrize(
        ("policy", "en", "zh"),
        [
            ("zero", "there is no value; it counts as nothing: 0 of 10 points", "没有数值，按 0 计：10 分中得 0 分"),
            ("not_scored", "there is no value, so there is no score this period", "没有数值，本期不评分"),
            (
                "reweigh",
                "there is no value; its 10 points are spread over the values present, in proportion",
                "没有数值，其权重 10 分按比例分给有数值的指标",
            ),
        ],
    )
    def test_a_missing_value(self, read_index, policy, en, zh):
        """What stands for a missing value, and what becomes of its weight."""
        assert said(one(read_index, "kind: none", policy=policy), [None, 1.0]) == (en, zh)

    def test_a_float_is_shown_as_it_was_given(self, read_index):
        """A value without declared decimals is not spelled out to fifty places."""
        index = read_index(
            ONE.replace(", scale: {minimum: 0, maximum: 10, decimals: 1}", ", scale: {minimum: 0, maximum: 10}")
            .replace("RULE", "kind: z_score, centre: 1/2, spread: 1/10")
            .replace("DIR", "higher")
            .replace("POLICY", "zero")
        )
        assert said(index, [0.1, 0.1])[0].startswith("0.1 is 0.000000 deviations better")

    def test_sums_and_what_is_published(self, toy, toy_data):
        """A branch says what was added up."""
        steps = explain(toy, toy_data, "b", "2023Q1")
        assert steps.text.en == "2.4 + 4.61 = 7.01 points"
        assert steps.find("green").text.zh == "3.02 + 1.59 = 4.61 分"

    TREE = """
subject: community
period: quarter
maximum: 9
decimals: 1
weights: points
scale: {minimum: 0, maximum: 10, decimals: 1}
missing: POLICY
indicators:
  a: {weight: 3}
  b: {weight: 6, aggregation: WAY, indicators: {c: {weight: 3}, d: {weight: 3}}}
"""

    def tree(self, read_index, policy="reweigh", way="arithmetic"):
        return read_index(self.TREE.replace("POLICY", policy).replace("WAY", way))

    def row(self, **values):
        columns = {name: pl.Series([value], dtype=pl.Float64) for name, value in values.items()}
        return pl.DataFrame({"subject": ["x"], "period": ["2023Q1"], **columns})

    def test_what_is_present_in_proportion(self, read_index):
        """With a weight spread over the others a branch says out of how much."""
        steps = explain(self.tree(read_index), self.row(a=5.0, c=8.0, d=None), "x", "2023Q1")
        assert steps.find("b").text.en == "2.4 of the 3 points whose values are present; in proportion, 4.8 of 6"
        assert steps.text.zh == "有数值的 6 分中得 1.5 + 2.4 = 3.9 分，按比例为 9 分中的 5.85 分，公布为 5.9"
        assert steps.find("b").facts["present"] == 3

    def test_nothing_below(self, read_index):
        """A branch without any value says so, and leaves its weight to the others."""
        steps = explain(self.tree(read_index), self.row(a=5.0, c=None, d=None), "x", "2023Q1")
        assert (steps.find("b").value, steps.find("b").text.zh) == (None, "下级没有任何数值")
        assert steps.value == Fraction("4.5")

    def test_no_score(self, read_index):
        """A value that nothing may stand for leaves everything above without a score."""
        steps = explain(self.tree(read_index, "not_scored"), self.row(a=5.0, c=None, d=8.0), "x", "2023Q1")
        assert steps.text.en == "a value below it is missing, so there is no score this period"
        assert [steps.find(key).value for key in ("a", "b", "c", "d")] == [Fraction("1.5"), None, None, Fraction("2.4")]

    def test_means(self, read_index):
        """A mean names its parts and their weights."""
        row = self.row(a=5.0, c=2.0, d=8.0)
        geometric = explain(self.tree(read_index, way="geometric"), row, "x", "2023Q1").find("b")
        assert (
            geometric.text.en == "the geometric mean of 0.2, 0.8 (weights 0.5, 0.5) is 0.4; times 6 it gives 2.4 points"
        )
        harmonic = explain(self.tree(read_index, way="harmonic"), row, "x", "2023Q1").find("b")
        assert harmonic.text.zh == "0.2, 0.8 的调和平均（权重 0.5, 0.5）为 0.32；乘以 6，得 1.92 分，公布为 1.9"

    def test_one_point(self, read_index):
        """One point is one point."""
        row = self.row(a=0.0, c=0.0, d=3.4)
        assert (
            explain(self.tree(read_index), row, "x", "2023Q1")
            .find("d")
            .text.en.endswith("1.02 points, published as 1.0")
        )
        exact = read_index(
            self.TREE.replace("POLICY", "zero")
            .replace("WAY", "arithmetic")
            .replace("9", "3")
            .replace("weight: 3", "weight: 1")
            .replace("weight: 6", "weight: 2")
        )
        assert explain(exact, self.row(a=10.0, c=0.0, d=0.0), "x", "2023Q1").text.en == "1 + 0 = 1 point"


class TestEachRow:
    """All rows of a frame, one after another."""

    def test_keys_come_with_the_steps(self, toy, toy_data):
        """In the order of the rows, further keys included."""
        drawn = toy_data.with_columns(draw=pl.lit(7))
        found = [(keys, steps.value) for keys, steps in explain_each(toy, drawn, by=["draw"])]
        assert found[0] == ({"subject": "a", "period": "2023Q1", "draw": 7}, Fraction("7.22"))
        assert [value for _, value in found] == [Fraction(text) for text in ("7.22", "7.01", "6.93", "4")]


class TestRefusals:
    """What cannot be explained is refused, by name."""

    def test_a_subject_without_a_row(self, toy, toy_data):
        """The nearest name is offered."""
        with pytest.raises(DataError) as error:
            explain(toy, toy_data.with_columns(subject=pl.Series(["anna", "bert"] * 2)), "ana", "2023Q1")
        assert str(error.value) == "no-such-row: `ana` has no row in 2023Q1; did you mean `anna`?"

    def test_a_draw_without_rows(self, toy, toy_data):
        """Further keys are part of what is looked for."""
        drawn = toy_data.with_columns(draw=pl.lit(7))
        assert explain(toy, drawn, "a", "2023Q1", by={"draw": 7}).value == Fraction("7.22")
        with pytest.raises(DataError, match=r"`a` has no row in 2023Q1 8$"):
            explain(toy, drawn, "a", "2023Q1", by={"draw": 8})
        with pytest.raises(UsageError, match="no column `drew`"):
            explain(toy, drawn, "a", "2023Q1", by={"drew": 7})

    def test_faulty_data(self, toy, toy_data):
        """The rows of the period are checked; those of other periods are not read."""
        broken = toy_data.with_columns(order=pl.Series([85.5, 101.0, None, 0.0]))
        with pytest.raises(DataError, match="above-scale: column `order`: above 100; 1 row: b 2023Q1"):
            explain(toy, broken, "a", "2023Q1")
        with pytest.raises(DataError, match="missing-value: column `order`"):
            explain(toy, broken, "b", "2023Q2")

    @pytest.mark.parametrize("period", [2023, dt.date(2023, 1, 1)])
    def test_periods_that_are_no_text(self, toy, toy_data, period, backend):
        """Whole numbers and dates are refused by kind, as when scored, on every kind of frame."""
        frame = backend(toy_data.with_columns(period=pl.lit(period)))
        with pytest.raises(DataError) as refused:
            score(toy, frame)
        with pytest.raises(DataError) as unexplained:
            explain(toy, frame, "a", "2023Q1")
        assert [str(error.value).startswith("wrong-column-type") for error in (refused, unexplained)] == [True, True]
        assert str(refused.value) == str(unexplained.value)

    def test_a_year_may_be_a_number(self, read_index):
        """As an argument; what is not of the index's kind is told so."""
        index = read_index(
            "{subject: x, period: year, maximum: 1, decimals: 1, weights: points, "
            "scale: {minimum: 0, maximum: 1, decimals: 1}, indicators: {a: {weight: 1}}}"
        )
        frame = pl.DataFrame({"subject": ["x"], "period": ["2023"], "a": [0.5]})
        assert explain(index, frame, "x", 2023) == explain(index, frame, "x", "2023")
        with pytest.raises(UsageError, match="`3` is not a period"):
            explain(index, frame, "x", 3)

    def test_a_period_that_is_none(self, toy, toy_data):
        """Text that is no period, or one of another kind."""
        with pytest.raises(UsageError, match="`2023Q5` is not a period"):
            explain(toy, toy_data, "a", "2023Q5")
        with pytest.raises(UsageError, match="`2023H1` is a half, and the index is scored by the quarter"):
            explain(toy, toy_data, "a", "2023H1")

    def test_before_the_first_version(self, toy, toy_data):
        """Rules not in force explain nothing."""
        with pytest.raises(NotInForce, match="not in force on 2023-01-01"):
            explain(Dated(((dt.date(2024, 1, 1), toy),)), toy_data, "a", "2023Q1")
