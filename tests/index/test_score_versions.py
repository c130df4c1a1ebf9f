"""What `score` gives back over versions of the rules, unchecked, and for people to read."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import polars as pl
import pytest
from attrs import evolve

from communitygov.index.rules import Index, Indicator, Scale
from communitygov.index.score import present, score, score_unchecked, template
from communitygov.vocabulary.dated import Dated
from communitygov.vocabulary.errors import DataError, DocumentError, NotInForce

POINTS = """
subject: community
period: quarter
maximum: 10
decimals: 1
weights: points
scale: {minimum: 0, maximum: 10, decimals: 1}
indicators:
"""


def frame(**columns):
    """One row per value, all of one quarter."""
    count = len(next(iter(columns.values())))
    return pl.DataFrame(
        {"subject": [f"s{i}" for i in range(count)], "period": ["2023Q1"] * count, **columns}, strict=False
    )


class TestVersions:
    """Rows of many periods are split by the version in force."""

    @pytest.fixture
    def dated(self, read_index):
        first = read_index(POINTS + "  a: {weight: 4}\n  b: {weight: 6}")
        second = read_index(POINTS + "  a: {weight: 5}\n  c: {weight: 5, indicators: {d: {weight: 2}, e: {weight: 3}}}")
        return Dated(((dt.date(2022, 1, 1), first), (dt.date(2023, 1, 1), second)), until=dt.date(2023, 12, 31))

    def test_each_row_by_its_own(self, dated, backend, rows):
        """Nodes of both versions are columns; those that a row's version lacks are empty in it."""
        values = pl.DataFrame(
            {
                "subject": ["x", "x"],
                "period": ["2022Q4", "2023Q1"],
                "a": [10.0, 10.0],
                "b": [5.0, None],
                "d": [None, 10.0],
                "e": [None, 0.0],
            }
        )
        old, new = rows(score(dated, backend(values)), "period")
        assert (old["a"], old["b"], old["c"], old["d"], old["e"], old["score"]) == (40, 30, None, None, None, 70)
        assert (new["a"], new["b"], new["c"], new["d"], new["e"], new["score"]) == (50, None, 20, 20, 0, 70)

    def test_columns_of_versions_that_no_row_falls_under_may_be_absent(self, dated, backend, rows):
        """Data of one year need not know next year's indicators, whose nodes stay empty."""
        values = frame(a=[10.0], b=[5.0]).with_columns(period=pl.lit("2022Q4"))
        keys = {"subject": "s0", "period": "2022Q4"}
        points = {"a": 40, "b": 30, "c": None, "d": None, "e": None, "score": 70, "maximum": 100, "missing": ""}
        assert rows(score(dated, backend(values))) == [{**keys, **points}]

    def test_unchecked_a_row_without_a_version_has_no_score(self, dated, backend, rows):
        """Before the first version and after the last there is nothing to score by."""
        values = frame(a=[1.0] * 3, b=[1.0] * 3).with_columns(period=pl.Series(["2021Q4", "2022Q1", "2024Q1"]))
        done = rows(score_unchecked(dated, backend(values)), "subject")
        assert [row["score"] for row in done] == [None, 10, None]
        assert [row["maximum"] for row in done] == [None, 100, None]

    def test_a_version_that_no_period_begins_in_speaks_for_none(self, toy, toy_data):
        """Two amendments within one quarter leave the later one."""
        days = [dt.date(2022, 1, 1), dt.date(2023, 1, 15), dt.date(2023, 2, 15)]
        index = Dated(tuple(zip(days, [toy, evolve(toy, decimals=3), evolve(toy, decimals=1)], strict=True)))
        assert score(index, toy_data)["maximum"].to_list() == [1000, 1000, 100, 100]

    def test_rules_too_short_for_any_period(self, toy, toy_data):
        """An index that ends before a period begins scores nobody."""
        index = Dated(((dt.date(2023, 1, 2), toy),), until=dt.date(2023, 3, 31))
        with pytest.raises(NotInForce, match="no period begins while the index is in force"):
            score(index, toy_data)

    def test_versions_of_other_periods(self, toy):
        """An index may pass from quarters to halves: each row is read by its own version."""
        halves = evolve(toy, period="half", node=None)
        index = Dated(((dt.date(2022, 1, 1), toy), (dt.date(2023, 1, 1), halves)))
        values = frame(order=[50.0] * 2, parks=[50.0] * 2, litter=[50.0] * 2)
        given = values.with_columns(period=pl.Series(["2022Q4", "2023H1"]))
        assert score(index, given)["score"].to_list() == [500, 500]
        with pytest.raises(DataError, match="not-in-force"):
            score(index, given.with_columns(period=pl.Series(["2023Q1", "2023H1"])))


class TestMadeInPython:
    """An index need not come from a document, but it must keep its own rules."""

    def test_it_is_checked_when_used(self):
        """Weights that do not add up score nobody."""
        index = Index(
            subject="x",
            period="year",
            maximum=Fraction(10),
            decimals=0,
            weights="points",
            indicators={"a": Indicator(weight=Fraction(9), scale=Scale(minimum=0, maximum=1, decimals=0))},
        )
        with pytest.raises(DocumentError, match="the weights add up to 9, not 10: 1 too little"):
            score(index, pl.DataFrame())


class TestUnchecked:
    """Without a check nothing is asked of the data first."""

    def test_it_makes_no_query(self, toy, toy_data):
        """A lazy frame stays lazy: not one row is read."""

        def fail(_):
            raise AssertionError("a row was read")

        lazy = toy_data.lazy().map_batches(fail, schema=toy_data.schema)
        assert isinstance(score_unchecked(toy, lazy), pl.LazyFrame)

    def test_a_check_makes_one(self, toy, toy_data):
        """With nothing wrong a lazy frame is read once."""
        reads = []

        def count(part):
            reads.append(part.height)
            return part

        score(toy, toy_data.lazy().map_batches(count, schema=toy_data.schema))
        assert reads == [4]

    def test_a_gap_gives_no_score(self, toy, toy_data):
        """A value that may not be missing makes no zero, and is listed."""
        done = score_unchecked(toy, toy_data.drop("parks"))
        assert done["score"].to_list() == [None] * 4
        assert done["missing"].to_list() == ["parks"] * 4


class TestForPeople:
    """Whole units become decimals, exactly."""

    def test_text_with_all_published_decimals(self, toy, toy_data, backend, rows):
        """7.22 of 10.00, in every backend, and no float on the way."""
        shown = rows(present(score(toy, backend(toy_data)), toy), "subject", "period")
        assert [row["score"] for row in shown] == ["7.22", "6.93", "7.01", "4.00"]
        assert {row["maximum"] for row in shown} == {"10.00"}

    def test_no_decimals(self, toy, toy_data):
        """Whole points have no point."""
        index = evolve(toy, decimals=0, node=None)
        assert present(score(index, toy_data), index)["score"].to_list() == ["7", "7", "7", "4"]

    def test_decimals_of_each_version(self, toy, toy_data):
        """Each row has the decimals of its own version."""
        versions = [(dt.date(2022, 1, 1), toy), (dt.date(2023, 4, 1), evolve(toy, decimals=1, node=None))]
        index = Dated(tuple(versions))
        assert present(score(index, toy_data), index)["score"].to_list() == ["7.22", "7.01", "6.9", "4.0"]

    def test_nothing_to_present(self, toy):
        """A frame without points stays as it is."""
        given = pl.DataFrame({"subject": ["a"]})
        assert present(given, toy).equals(given)

    def test_an_empty_template(self, toy, toy_data):
        """The template has the columns that data must have, and scores nobody."""
        empty = template(toy)
        assert empty.schema == {
            **dict.fromkeys(["subject", "period"], pl.String),
            **dict.fromkeys(["order", "parks", "litter"], pl.Float64),
        }
        assert score(toy, empty).is_empty()

    def test_a_template_of_whole_numbers(self, toy):
        """Where a scale has no decimals in any version the column is for whole numbers."""
        whole = evolve(toy, scale=Scale(minimum=0, maximum=5, decimals=0), node=None)
        index = Dated(((dt.date(2022, 1, 1), whole),))
        assert template(index).schema["parks"] == pl.Int64
        assert template(Dated((*index.versions, (dt.date(2023, 1, 1), toy)))).schema["parks"] == pl.Float64
