"""Two ways to the same score: columns for any number of subjects, and the rule followed slowly in fractions."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from communitygov.index.explain import explain, explain_each
from communitygov.index.score import score, score_unchecked
from communitygov.testing.strategies_index import data, dated_indexes, drawn_data, indexes

WORLDS = 51


def tried(percent=100):
    """Try a property on as many examples as the profile says, or on a part of them where each is slow."""
    return settings(
        max_examples=settings.default.max_examples * percent // 100,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )


def assert_agree(index, frame, by=()):
    """Every node of every row has the same digits, or no score, both ways."""
    rows = score(index, frame, by=by).to_dicts()
    explained = list(explain_each(index, frame, by=by))
    assert [list(keys.values()) for keys, _ in explained] == [
        [row[key] for key in ("subject", "period", *by)] for row in rows
    ]
    for row, (_, steps) in zip(rows, explained, strict=True):
        unit = 10 ** steps.facts["decimals"]
        expected = {step.key: None if step.value is None else step.value * unit for step in steps.walk()}
        assert expected == {key: row[key] for key in expected}
        assert (steps.facts["missing"], steps.facts["full"] * unit) == (row["missing"], row["maximum"])
        lacking = row.keys() - expected.keys() - {"subject", "period", *by, "maximum", "missing"}
        assert {row[key] for key in lacking} <= {None}


class TestVerbAndExplanationAgree:
    """2,040 worlds in a run: 40 drawn indexes with 51 worlds each, every node of the tree to the last digit."""

    @tried()
    @given(index=indexes(), seed=st.integers(0, 2**32))
    def test_in_whole_numbers(self, index, seed):
        """Ties, missing values, ranks, ranges and reweighing give the same digits counted as in fractions."""
        frame = drawn_data(Random(seed), index, subjects=3, worlds=WORLDS)
        assert_agree(index, frame, by=("world",))

    @tried(50)
    @given(index=indexes(real=True), seed=st.integers(0, 2**32))
    def test_in_floats(self, index, seed):
        """Logarithms, deviations, geometric and harmonic means give the same digits once snapped."""
        frame = drawn_data(Random(seed), index, subjects=3, worlds=WORLDS)
        assert_agree(index, frame, by=("world",))

    @tried(30)
    @given(index=dated_indexes(real=True), seed=st.integers(0, 2**32))
    def test_over_versions(self, index, seed):
        """Each row is scored, and explained, by the version in force on its period's first day."""
        frame = drawn_data(Random(seed), index, subjects=3, periods=["2022Q4", "2023Q1"])
        assert_agree(index, frame)

    @tried(10)
    @given(index=dated_indexes(real=True), seed=st.integers(0, 2**32))
    def test_one_explanation_reads_only_what_it_needs(self, index, seed):
        """The explanation of one row is the one that it has among all."""
        frame = drawn_data(Random(seed), index, subjects=3, periods=["2022Q4", "2023Q1"], worlds=2)
        for keys, steps in explain_each(index, frame, by=["world"]):
            alone = explain(index, frame, keys["subject"], keys["period"], by={"world": keys["world"]})
            assert alone == steps


class TestDecimals:
    @tried(20)
    @given(units=st.lists(st.integers(0, 10**9), min_size=2, max_size=5), held=st.booleans())
    def test_are_taken_at_their_value_to_the_last_digit(self, read_index, backends, rows, units, held):
        """Seventeen digits, more than a float has; held at the posts, however far beyond."""
        start = 5 * 10**7
        scale = f"decimals: 9, minimum: {start}, maximum: {start + 1}"
        posts = "none}"
        if held:
            scale, posts = "decimals: 9", f"goalposts, low: {start}.1, high: {start}.9, outside: clamp}}"
        index = read_index(
            "{subject: x, period: year, maximum: 1, decimals: 9, weights: points, scale: {" + scale + "}, "
            "normalisation: {kind: " + posts + ", indicators: {a: {weight: 1}}}"
        )
        values = [Decimal(unit).scaleb(-9) + start for unit in units]
        values += [Decimal(10**25), Decimal(-(10**25))] if held else []
        keys = {"subject": [f"s{i}" for i in range(len(values))], "period": ["2023"] * len(values)}
        frame = pl.DataFrame({**keys, "a": pl.Series(values, dtype=pl.Decimal(38, 9))})
        assert_agree(index, frame)
        expected = rows(score(index, frame), "subject")
        for name in ("lazy", "pyarrow", "duckdb"):
            assert (name, expected) == (name, rows(score(index, backends[name](frame)), "subject"))


class TestNearTheBound:
    """An index that needs nearly all of 63 bits is still counted without a wrong digit, in every backend."""

    @pytest.mark.parametrize(("policy", "bottom", "decimals"), [("zero", 1_000_003, 6), ("reweigh", 7, 8)])
    def test_at_the_ends(self, read_index, backends, rows, policy, bottom, decimals):
        """The greatest numbers met are those of full marks; half a unit below and above is rounded there as well."""
        index = read_index(
            "{subject: x, period: year, maximum: 97, decimals: 3, weights: points, "
            f"scale: {{minimum: 0, maximum: 9973, decimals: {decimals}}}, missing: {policy}, "
            f"indicators: {{a: {{weight: 1/{bottom}}}, b: {{weight: {97 * bottom - 1}/{bottom}}}}}}}"
        )
        assert 60 <= index.largest.bit_length() <= 62
        values = [9973.0, 9972.99, 4986.5, 0.01, 0.0, None]
        keys = {"subject": [f"s{i}" for i in range(36)], "period": ["2023"] * 36}
        frame = pl.DataFrame({**keys, "a": values * 6, "b": [v for v in values for _ in range(6)]}, strict=False)
        assert_agree(index, frame)
        expected = rows(score(index, frame), "subject")
        for convert in backends.values():
            assert expected == rows(score(index, convert(frame)), "subject")


class TestBackendsAgree:
    """One frame, five backends: each gives back its own kind, with the same digits."""

    @tried(10)
    @given(index=dated_indexes(real=True), drawn=st.data())
    def test_with_floats(self, backends, rows, index, drawn):
        """Digits do not hang on whose logarithm, root or sum it was."""
        frame = drawn.draw(data(index, periods=["2022Q1", "2022Q2", "2023Q1"], worlds=2))
        expected = rows(score(index, frame, by=["world"]), "subject", "period", "world")
        for name, convert in backends.items():
            done = score(index, convert(frame), by=["world"])
            assert (name, expected) == (name, rows(done, "subject", "period", "world"))

    @tried(15)
    @given(index=indexes(), drawn=st.data())
    def test_in_whole_numbers(self, backends, rows, index, drawn):
        """Whole numbers are whole numbers everywhere, and integer division rounds the same way."""
        frame = drawn.draw(data(index, periods=["2022Q1", "2022Q2"]))
        expected = rows(score(index, frame), "subject", "period")
        for name, convert in backends.items():
            assert (name, expected) == (name, rows(score_unchecked(index, convert(frame)), "subject", "period"))

    @pytest.mark.parametrize("levels", ["all", "root"])
    def test_each_gives_back_its_own_kind(self, backend, toy, toy_data, rows, levels):
        """What goes in as a frame of one library comes out as a frame of it, points in whole numbers."""
        import narwhals as nw

        given = backend(toy_data)
        done = score(toy, given, levels=levels)
        assert type(given) is type(done)
        schema = nw.from_native(done).collect_schema()
        points = [name for name in schema if name not in ("subject", "period", "missing")]
        assert dict.fromkeys(points, nw.Int64) == {name: schema[name] for name in points}
        assert [row["score"] for row in rows(done, "period", "subject")] == [722, 701, 693, 400]

    def test_rows_stay_where_they_were(self, toy, toy_data):
        """Frames with an order keep it."""
        shuffled = toy_data.sample(fraction=1.0, shuffle=True, seed=5)
        keys = shuffled.select("subject", "period")
        for frame in (shuffled, shuffled.lazy().collect(), shuffled.to_pandas()):
            done = pl.DataFrame(score(toy, frame))
            assert keys.equals(done.select("subject", "period"))
        assert keys.equals(score(toy, shuffled.lazy()).collect().select("subject", "period"))
