"""Measures: exact, blind to order and to what is left out, the same on every backend and as the explanation."""

import contextlib
from fractions import Fraction

import duckdb
import pandas as pd
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from communitygov.measures.explain import explain
from communitygov.measures.measure import measure, measure_unchecked
from communitygov.measures.rows import measure_table
from communitygov.measures.rules import LARGEST, Condition, Measure, Quantity
from communitygov.vocabulary.errors import DataError, UsageError
from communitygov.vocabulary.faults import read_columns
from communitygov.vocabulary.frames import adopt
from communitygov.vocabulary.text import Title

FEWER = settings(max_examples=settings().max_examples // 3)
RARE = settings(max_examples=settings().max_examples // 12)
UNIT = Title(zh="个", en="of them")
SCHEMA = {
    "period": pl.String,
    "draw": pl.Int64,
    "street": pl.String,
    "x": pl.Int64,
    "y": pl.Int64,
    "points": pl.Float64,
    "tier": pl.String,
    "visited": pl.Boolean,
    "closed": pl.Boolean,
    "demands": pl.Int64,
}

rows = st.fixed_dictionaries(
    {
        "period": st.sampled_from(["2023Q1", "2023Q2", "2023Q4", "2024Q1"]),
        "draw": st.integers(0, 1),
        "street": st.sampled_from(["古城", "八宝山"]),
        "x": st.integers(-40, 40),
        "y": st.integers(-40, 40),
        "points": st.integers(-999, 999).map(lambda n: n / 100),
        "tier": st.sampled_from(["five_star", "four_star", None]),
        "visited": st.booleans(),
        "closed": st.booleans(),
        "demands": st.one_of(st.none(), st.integers(0, 9)),
    }
)
frames = st.lists(rows, min_size=1, max_size=40).map(lambda found: pl.DataFrame(found, schema=SCHEMA))

conditions = st.fixed_dictionaries(
    {},
    optional={
        "tier": st.sampled_from(
            [Condition(known=True), Condition(known=False), Condition(one_of=("five_star", "none_such"))]
        ),
        "visited": st.booleans().map(lambda flag: Condition(flag=flag)),
        "points": st.builds(Condition, at_least=st.fractions(-9, 0), at_most=st.fractions(0, 9), decimals=st.just(2)),
        "demands": st.sampled_from([Condition(known=True, at_least=Fraction(3)), Condition(known=False)]),
    },
)
whole = st.sampled_from([("x",), ("y",)])
sums = st.one_of(
    st.builds(Quantity, what=st.just("count"), where=conditions),
    st.builds(Quantity, what=st.just("sum"), columns=whole, decimals=st.integers(0, 2), where=conditions),
    st.builds(Quantity, what=st.just("sum"), columns=st.just(("points",)), decimals=st.just(2), where=conditions),
)
statistics = st.one_of(
    st.builds(
        Quantity,
        what=st.sampled_from(["mean", "range", "variance"]),
        columns=whole,
        decimals=st.integers(0, 1),
        where=conditions,
    ),
    st.builds(
        Quantity,
        what=st.just("mean"),
        columns=st.just(("x", "y", "points")),
        decimals=st.just(2),
        across=st.sampled_from(["range", "variance"]),
        where=conditions,
    ),
)
shared = {
    "of": st.just("visits"),
    "unit": st.just(UNIT),
    "period": st.sampled_from(["year", "half", "quarter"]),
    "by": st.sampled_from([None, "street"]),
    "least": st.integers(1, 4),
    "excluded": st.sampled_from([{}, {"closed": Condition(flag=True)}]),
}
measures = st.one_of(
    st.builds(Measure, numerator=sums, base=st.none() | sums, **shared),
    st.builds(Measure, numerator=statistics, **shared),
)


def sum_up(what, values):
    """A statistic by its definition."""
    mean = sum(values) / len(values)
    return {
        "sum": sum(values),
        "mean": mean,
        "range": max(values) - min(values),
        "variance": sum((value - mean) ** 2 for value in values) / len(values),
    }[what]


def taken(rule, frame, by=()):
    """The values as exact fractions by key, with the rows that each rests on."""
    values = measure(rule, frame, by=by)
    assert type(values.frame) is type(frame)
    columns = read_columns(adopt(values.frame)[0])
    assert list(columns) == [*values.key, *values.outcome, *values.because]
    found = {}
    for i, rows in enumerate(columns["rows"]):
        numerator, base = columns["numerator"][i], columns["base"][i]
        assert (numerator is None) == (base is None)
        value = None if base is None else Fraction(numerator, base)
        found[tuple(columns[name][i] for name in values.key)] = (value, rows)
    return found


class TestExactness:
    @FEWER
    @given(measures, frames, st.randoms(use_true_random=False))
    def test_the_verb_and_the_explanation_agree_on_every_value(self, rule, frame, choose):
        """A value taken of a million rows at once is the one that an explanation reckons up row by row."""
        found = taken(rule, frame, by=("draw",))
        for key in choose.sample(sorted(found), min(3, len(found))):
            draw, *street, period = key
            group = {"draw": draw, **({"street": street[0]} if street else {})}
            steps = explain(rule, frame, period, by=group)
            assert (steps.value, steps.facts["rows"]) == found[key]

    @FEWER
    @given(st.lists(st.integers(0, 10**9), min_size=1, max_size=12), st.integers(0, 9))
    def test_a_mean_and_a_variance_are_ratios_and_not_floats(self, values, decimals):
        """Mean and variance are the fractions that arithmetic gives, at any declared place."""
        assume(max(values) - min(values) < 2**31 // (len(values) + 1) and 10**decimals < 2**31 // (len(values) + 1))
        exact = [Fraction(value, 10**decimals) for value in values]
        frame = pl.DataFrame({"period": ["2023Q1"] * len(values), "x": values})
        for what in ("mean", "range", "variance"):
            rule = Measure(
                of="visits",
                unit=UNIT,
                period="quarter",
                numerator=Quantity(what=what, columns=("x",), decimals=decimals),
            )
            assert taken(rule, frame) == {("2023Q1",): (sum_up(what, exact), len(values))}

    @FEWER
    @given(st.lists(st.integers(-99999, 99999), min_size=1, max_size=9))
    def test_a_float_is_read_as_the_decimal_that_was_meant(self, units):
        """Floats and decimals taken at their value give what whole numbers of units give."""
        rule = Measure(
            of="visits", unit=UNIT, period="year", numerator=Quantity(what="sum", columns=("x",), decimals=3)
        )
        years = {"year": [2024] * len(units)}
        expected = {("2024",): (Fraction(sum(units), 1000), len(units))}
        assert taken(rule, pl.DataFrame({**years, "x": units})) == expected
        assert taken(rule, pl.DataFrame({**years, "x": [unit / 1000 for unit in units]})) == expected
        decimals = pl.DataFrame({**years, "x": units}).with_columns(
            (pl.col("x").cast(pl.Decimal(20, 3)) / 1000).cast(pl.Decimal(20, 3))
        )
        assert taken(rule, decimals) == expected


class TestInvariance:
    @FEWER
    @given(measures, frames, st.randoms(use_true_random=False))
    def test_the_order_of_rows_is_irrelevant(self, rule, frame, shuffle):
        """The same rows in another order give the same values, in the same order."""
        order = list(range(frame.height))
        shuffle.shuffle(order)
        assert list(taken(rule, frame).items()) == list(taken(rule, frame[order]).items())

    @FEWER
    @given(measures, frames, frames)
    def test_excluded_rows_change_nothing(self, rule, frame, more):
        """Rows that a measure leaves out change no value of it, wherever they stand and whatever they hold."""
        rule = Measure(
            of=rule.of,
            unit=UNIT,
            period=rule.period,
            by=rule.by,
            least=rule.least,
            numerator=rule.numerator,
            base=rule.base,
            excluded={"closed": Condition(flag=True)},
        )
        left_out = more.with_columns(pl.lit(True).alias("closed"), pl.lit(None, pl.Int64).alias("x"))
        assert taken(rule, pl.concat([left_out, frame])) == taken(rule, frame)

    @FEWER
    @given(frames, st.integers(2, 9), sums)
    def test_every_row_taken_k_times_makes_k_times_the_count_or_sum_and_the_same_share(self, frame, times, quantity):
        """Counts and sums grow with the rows; shares, means, ranges and variances do not."""
        many = pl.concat([frame] * times)
        shared = {"of": "visits", "unit": UNIT, "period": "year"}
        plain = taken(Measure(numerator=quantity, **shared), frame)
        assert taken(Measure(numerator=quantity, **shared), many) == {
            key: (value * times, rows * times) for key, (value, rows) in plain.items()
        }
        for rule in (
            Measure(numerator=quantity, base=Quantity(what="count"), **shared),
            Measure(numerator=Quantity(what="variance", columns=("x",)), **shared),
        ):
            once = taken(rule, frame)
            assert taken(rule, many) == {key: (value, rows * times) for key, (value, rows) in once.items()}

    @FEWER
    @given(frames, st.integers(-9, 9), st.integers(0, 99))
    def test_an_affine_change_of_the_values_changes_the_mean_alike_and_the_variance_by_the_square(
        self, frame, factor, shift
    ):
        """The mean follows a change of unit; range and variance know nothing of a shift."""
        shared = {"of": "visits", "unit": UNIT, "period": "year"}
        changed = frame.with_columns(pl.col("x") * factor + shift)
        expected = {
            "mean": lambda value: value * factor + shift,
            "range": lambda value: value * abs(factor),
            "variance": lambda value: value * factor**2,
        }
        for what, rescale in expected.items():
            rule = Measure(numerator=Quantity(what=what, columns=("x",)), **shared)
            before, after = taken(rule, frame), taken(rule, changed)
            assert after == {key: (rescale(value), rows) for key, (value, rows) in before.items()}

    @FEWER
    @given(measures, frames)
    def test_groups_do_not_touch_each_other(self, rule, frame):
        """The value of one draw is the same alone as among others."""
        together = taken(rule, frame, by=("draw",))
        for draw in (0, 1):
            alone = taken(rule, frame.filter(pl.col("draw") == draw), by=("draw",))
            assert alone == {key: found for key, found in together.items() if key[0] == draw}


class TestBackends:
    @RARE
    @given(measures, frames)
    def test_every_backend_gives_the_same_digits_and_its_own_kind(self, rule, frame):
        """Polars (eager and lazy), pandas, PyArrow and DuckDB agree, and get back what they gave."""
        expected = taken(rule, frame, by=("draw",))
        for native in (frame.lazy(), frame.to_pandas(), frame.to_arrow(), duckdb.from_arrow(frame.to_arrow())):
            assert taken(rule, native, by=("draw",)) == expected

    def test_a_lazy_frame_stays_lazy_where_nothing_is_checked(self):
        """The unchecked verb reads no row of a lazy frame."""
        rule = Measure(of="visits", unit=UNIT, period="year", numerator=Quantity(what="count"))
        read = []
        lazy = pl.LazyFrame({"year": [2024]}).map_batches(lambda rows: read.append(1) or rows)
        values = measure_unchecked(rule, lazy)
        assert read == []
        assert values.frame.collect().rows() == [("2024", 1, 1, 1)]

    def test_a_column_of_pandas_without_any_value_is_one_of_missing_values(self):
        """An empty column of a pandas frame counts nobody; it is no error."""
        rule = Measure(
            of="visits",
            unit=UNIT,
            period="year",
            numerator=Quantity(what="count", where={"tier": Condition(known=True)}),
            base=Quantity(what="count"),
        )
        assert taken(rule, pd.DataFrame({"year": [2024, 2024], "tier": [None, None]})) == {("2024",): (Fraction(0), 2)}


class TestPeriods:
    @pytest.mark.parametrize(
        ("kind", "texts", "period"),
        [
            ("year", ["2023", "2023H2", "2023Q1", "2023-08", "2023-12-31"], "2023"),
            ("half", ["2023H2", "2023Q3", "2023Q4", "2023-07", "2023-12-31"], "2023H2"),
            ("half", ["2023H1", "2023Q1", "2023Q2", "2023-06", "2023-01-01"], "2023H1"),
            ("quarter", ["2023Q3", "2023-07", "2023-09", "2023-08-31"], "2023Q3"),
            ("month", ["2023-08", "2023-08-01"], "2023-08"),
            ("day", ["2023-08-01"], "2023-08-01"),
        ],
    )
    def test_a_row_counts_in_the_period_that_it_lies_in(self, kind, texts, period):
        """Rows of finer periods are taken together in the measure's own."""
        rule = Measure(of="visits", unit=UNIT, period=kind, numerator=Quantity(what="count"))
        frame = pl.DataFrame({"period": texts})
        assert taken(rule, frame) == {(period,): (Fraction(len(texts)), len(texts))}
        assert explain(rule, frame, period).value == len(texts)

    @pytest.mark.parametrize(
        ("kind", "text"),
        [
            ("year", "二〇二三"),
            ("half", "2023"),
            ("quarter", "2023H1"),
            ("quarter", "2023Q5"),
            ("month", "2023-13"),
            ("day", "2023-08"),
        ],
    )
    def test_a_coarser_period_or_none_at_all_is_refused_by_name(self, kind, text):
        """A yearly row has no place in a quarterly measure."""
        rule = Measure(of="visits", unit=UNIT, period=kind, numerator=Quantity(what="count"))
        with pytest.raises(DataError) as caught:
            measure(rule, pl.DataFrame({"period": [text]}))
        assert [(problem.code, text in problem.message.en) for problem in caught.value.problems] == [
            ("wrong-period", True)
        ]

    def test_years_are_read_where_both_years_and_periods_stand(self):
        """A yearly measure reads the column of years: a certification year is none of the calendar."""
        rule = Measure(of="visits", unit=UNIT, period="year", numerator=Quantity(what="count"))
        assert list(taken(rule, pl.DataFrame({"year": [2024], "period": ["2023Q4"]}))) == [("2024",)]


class TestNoValue:
    @pytest.mark.parametrize(("least", "value"), [(2, Fraction(1, 2)), (3, None)])
    def test_below_the_least_count_of_rows_there_is_no_value(self, least, value):
        """As many rows as the least are enough, one fewer are not."""
        rule = Measure(
            of="visits",
            unit=UNIT,
            period="year",
            least=least,
            numerator=Quantity(what="count", where={"visited": Condition(flag=True)}),
            base=Quantity(what="count"),
        )
        frame = pl.DataFrame({"year": [2024, 2024], "visited": [True, False]})
        assert taken(rule, frame) == {("2024",): (value, 2)}

    def test_a_base_of_nothing_gives_no_value(self):
        """A share of nothing is no number, and no error either."""
        rule = Measure(
            of="visits",
            unit=UNIT,
            period="year",
            numerator=Quantity(what="sum", columns=("x",)),
            base=Quantity(what="sum", columns=("y",)),
        )
        frame = pl.DataFrame({"year": [2024], "x": [3], "y": [0]})
        assert taken(rule, frame) == {("2024",): (None, 1)}
        assert "no value" in explain(rule, frame, "2024").text.en

    def test_a_count_of_nobody_is_0_and_a_mean_of_nobody_is_none(self):
        """That nobody has a star is a figure; their mean score is not."""
        nobody = {"tier": Condition(known=True)}
        frame = pl.DataFrame({"year": [2024], "tier": pl.Series([None], dtype=pl.String), "x": [3]})
        counted = Measure(of="visits", unit=UNIT, period="year", numerator=Quantity(what="count", where=nobody))
        assert taken(counted, frame) == {("2024",): (Fraction(0), 1)}
        for what in ("mean", "range", "variance"):
            rule = Measure(
                of="visits", unit=UNIT, period="year", numerator=Quantity(what=what, columns=("x",), where=nobody)
            )
            assert taken(rule, frame) == {("2024",): (None, 0)}

    def test_a_negative_base_turns_the_sign_of_the_numerator(self):
        """The base of a result is positive, so that ratios can be compared."""
        rule = Measure(
            of="visits",
            unit=UNIT,
            period="year",
            numerator=Quantity(what="count"),
            base=Quantity(what="sum", columns=("y",)),
        )
        values = measure(rule, pl.DataFrame({"year": [2024], "y": [-2]}))
        assert values.frame.rows() == [("2024", -1, 2, 1)]


def fault(rule, frame, by=()):
    with pytest.raises(DataError) as caught:
        measure(rule, frame, by=by)
    return [(problem.code, problem.path) for problem in caught.value.problems]


ROW = {
    "year": 2024,
    "street": "古城",
    "x": 3,
    "visited": True,
    "demands": 2,
    "tier": "five_star",
    "closed": False,
}


class TestDataErrors:
    RATE = Measure(
        of="visits",
        unit=UNIT,
        period="year",
        numerator=Quantity(what="sum", columns=("x",), where={"visited": Condition(flag=True)}),
        base=Quantity(what="count", where={"demands": Condition(at_least=Fraction(1)), "tier": Condition(known=True)}),
        excluded={"closed": Condition(flag=True)},
        by="street",
    )

    def frame(self, **change):
        return pl.DataFrame([{**ROW, **change}], schema_overrides={"x": pl.Int64, "demands": pl.Int64})

    @pytest.mark.parametrize("name", ["year", "street", "x", "visited", "demands", "tier", "closed"])
    def test_a_missing_column_is_named(self, name):
        """Whatever the rule asks for must be there."""
        expected = "period" if name == "year" else name
        frame = self.frame().drop(name)
        if name == "year":
            frame = frame.with_columns(quarter=pl.lit("2024Q1"))
            expected = "year"
        assert fault(self.RATE, frame) == [("missing-column", expected)]

    def test_a_missing_column_of_the_caller_is_named(self):
        """So must what the caller asks to group by."""
        assert fault(self.RATE, self.frame(), by=("draw",)) == [("missing-column", "draw")]

    @pytest.mark.parametrize(
        ("name", "value"), [("year", "2024"), ("x", "3"), ("visited", 1), ("demands", "2"), ("closed", "no")]
    )
    def test_a_column_of_another_type_is_named(self, name, value):
        """Text is no number, and 1 is not true."""
        frame = self.frame().with_columns(pl.lit(value).alias(name))
        assert fault(self.RATE, frame) == [("wrong-column-type", name)]

    def test_all_that_is_wrong_is_said_at_once(self):
        """Two missing columns make two problems."""
        frame = self.frame().drop("x", "tier")
        assert fault(self.RATE, frame) == [("missing-column", "tier"), ("missing-column", "x")]

    @pytest.mark.parametrize("name", ["year", "street", "x", "visited", "demands", "closed"])
    def test_a_value_missing_where_it_counts_is_named(self, name):
        """Silence is no zero: a missing number, flag or group is refused."""
        frame = self.frame().with_columns(pl.lit(None, self.frame().schema[name]).alias(name))
        assert fault(self.RATE, frame) == [("missing-value", name)]

    @pytest.mark.parametrize(
        ("change", "rows"),
        [
            ({"closed": True, "x": None, "visited": None, "demands": None}, 1),
            ({"visited": False, "x": None}, 2),
            ({"tier": None, "demands": None}, 1),
        ],
    )
    def test_a_value_missing_where_it_does_not_count_is_none_of_our_business(self, change, rows):
        """A row that is left out, or fails another condition, may lack what is not asked of it."""
        frame = pl.DataFrame([{**ROW, **change}, ROW], infer_schema_length=None)
        assert [found for _, found in taken(self.RATE, frame).values()] == [rows]

    def test_two_missing_values_that_decide_together_are_both_named(self):
        """Where either could decide, both are asked for."""
        where = {"visited": Condition(flag=True), "demands": Condition(at_most=Fraction(1))}
        rule = Measure(of="visits", unit=UNIT, period="year", numerator=Quantity(what="count", where=where))
        frame = pl.DataFrame({"year": [2024], "visited": [None], "demands": [None]}).cast(
            {"visited": pl.Boolean, "demands": pl.Int64}
        )
        assert fault(rule, frame) == [("missing-value", "demands"), ("missing-value", "visited")]

    @pytest.mark.parametrize(
        ("value", "code"),
        [
            (float("nan"), "not-finite"),
            (float("inf"), "not-finite"),
            (0.5, "too-many-decimals"),
            (1e300, "value-too-large"),
        ],
    )
    def test_a_float_that_is_no_number_of_the_declared_places_is_named(self, value, code):
        """A half is none where whole numbers are declared."""
        assert fault(self.RATE, self.frame().with_columns(pl.lit(value).alias("x"))) == [(code, "x")]

    @pytest.mark.parametrize("of", ["certified", "scored"])
    def test_a_row_repeated_in_a_frame_of_our_own_is_named(self, of):
        """Two variants of a world pooled by mistake are found out."""
        rule = Measure(of=of, unit=UNIT, period="year", numerator=Quantity(what="count"))
        frame = pl.DataFrame({"subject": ["a", "a"], "year": [2024, 2024], "variant": ["old", "new"]})
        assert fault(rule, frame) == [("duplicate-row", "year")]
        assert len(taken(rule, frame, by=("variant",))) == 2

    def test_a_group_cannot_have_the_name_of_a_column_of_the_result(self):
        """Such a result could not be read."""
        with pytest.raises(UsageError, match="`numerator` cannot be grouped by"):
            measure(self.RATE, self.frame(), by=("numerator",))


class TestTooLarge:
    @pytest.mark.parametrize(
        ("quantity", "values"),
        [
            (Quantity(what="sum", columns=("x",)), [LARGEST // 2, 1]),
            (Quantity(what="mean", columns=("x",)), [-LARGEST, 0]),
            (Quantity(what="mean", columns=("x",)), [-(2**63), 0]),
            (Quantity(what="range", columns=("x",)), [LARGEST, -LARGEST]),
            (Quantity(what="variance", columns=("x",)), [2**31, 0]),
            (Quantity(what="variance", columns=("x",), decimals=9), [1, 1, 1]),
            (Quantity(what="mean", columns=("x", "y"), across="variance"), [2**30, 0]),
        ],
    )
    def test_what_could_not_be_reckoned_exactly_is_refused_and_never_wraps_round(self, quantity, values):
        """Beyond 62 bits there is an error, not another number."""
        rule = Measure(of="visits", unit=UNIT, period="year", numerator=quantity)
        zeros = [0] * len(values)
        frame = pl.DataFrame({"year": [2024] * len(values), "x": values, "y": zeros}, schema_overrides={"x": pl.Int64})
        assert ("value-too-large", "x") in fault(rule, frame)

    @given(
        st.sampled_from(["sum", "mean", "range", "variance"]),
        st.lists(st.integers(-(2**61), 2**61), min_size=1, max_size=5),
        st.integers(0, 9),
    )
    def test_what_is_not_refused_is_exact(self, what, values, decimals):
        """Near the bounds, too, there is an error or the exact value, and nothing between."""
        rule = Measure(
            of="visits", unit=UNIT, period="year", numerator=Quantity(what=what, columns=("x",), decimals=decimals)
        )
        frame = pl.DataFrame({"year": [2024] * len(values), "x": values})
        with contextlib.suppress(DataError):
            assert taken(rule, frame)["2024",][0] == sum_up(what, [Fraction(one, 10**decimals) for one in values])

    def test_a_large_constant_value_has_a_variance_of_0(self):
        """Squares are taken of distances, so that the size of the values is no matter."""
        rule = Measure(of="visits", unit=UNIT, period="year", numerator=Quantity(what="variance", columns=("x",)))
        frame = pl.DataFrame({"year": [2024] * 3, "x": [10**15] * 3})
        assert taken(rule, frame) == {("2024",): (Fraction(0), 3)}


class TestTable:
    def test_the_table_names_every_column_that_the_rule_reads(self):
        """Templates, docs and errors come from one declaration."""
        table = measure_table(TestDataErrors.RATE, by=("draw",))
        assert [(column.name, column.kind) for column in table.columns] == [
            ("year", "whole"),
            ("draw", "any"),
            ("street", "any"),
            ("x", "score"),
            ("closed", "flag"),
            ("visited", "flag"),
            ("demands", "score"),
            ("tier", "any"),
        ]
        assert not table.unique
        assert measure_table(TestDataErrors.RATE, ["period"]).columns[0].kind == "period"
