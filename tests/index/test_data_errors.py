"""Every fault of the data is an error that names column, subject and period: never a silent zero."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal

import polars as pl
import pytest
from attrs import evolve

from communitygov.index.rules import Scale
from communitygov.index.score import score
from communitygov.vocabulary.dated import Dated
from communitygov.vocabulary.errors import DataError


def faults(index, frame, lang="en", by=()):
    """Return what is wrong with the data, line by line."""
    with pytest.raises(DataError) as error:
        score(index, frame, by=by)
    return error.value.say(lang).splitlines()


def put(frame, column, *values):
    """Return the frame with other values at the top of a column."""
    kept = frame[column].to_list()[len(values) :]
    return frame.with_columns(pl.Series(column, [*values, *kept], strict=False))


class TestColumns:
    """What the frame is made of."""

    def test_no_frame(self, toy):
        """Something that is no frame is named by its type."""
        assert faults(toy, {"subject": ["a"]}) == [
            "not-a-frame: dict is no frame; use Polars, pandas, PyArrow or DuckDB"
        ]
        assert faults(toy, 3, "zh") == ["not-a-frame: int 不是数据表；可用 Polars、pandas、PyArrow、DuckDB"]

    def test_a_missing_column(self, toy, toy_data):
        """The nearest column that is there is offered."""
        assert faults(toy, toy_data.rename({"parks": "park"})) == [
            "missing-column: index data has no column `parks` (公园 / parks); did you mean `park`?",
            "unknown-column: index data has no place for column `park`; did you mean `parks`?",
        ]

    def test_no_subject(self, toy, toy_data):
        """Without keys no row has a name, and nothing else is looked at."""
        assert faults(toy, put(toy_data, "order", 101.0).drop("subject")) == [
            "missing-column: index data has no column `subject` (评价对象 / subject)"
        ]

    def test_a_column_that_is_no_number(self, toy, toy_data, backend):
        """Text in place of numbers is named with its type; faults of other columns are found all the same."""
        frame = put(toy_data, "order", 101.0).with_columns(pl.col("parks").cast(pl.String))
        assert faults(toy, backend(frame)) == [
            "above-scale: column `order`: above 100; 1 row: a 2023Q1 (101)",
            "wrong-column-type: column `parks` must hold numbers, found String",
        ]

    def test_flags_are_no_numbers(self, toy, toy_data, backend):
        """True is not 1."""
        frame = toy_data.with_columns(parks=pl.col("parks") > 0)
        assert faults(toy, backend(frame)) == ["wrong-column-type: column `parks` must hold numbers, found Boolean"]

    def test_a_column_twice(self, toy, toy_data):
        """Two columns of one name are refused where a library lets them be."""
        pandas, arrow = toy_data.to_pandas(), toy_data.to_arrow()
        twice = ["duplicate-column: the column `order` stands more than once; columns need one name each"]
        assert faults(toy, pandas.rename(columns={"parks": "order"})) == twice
        assert faults(toy, arrow.rename_columns(["subject", "period", "order", "order", "litter"])) == twice

    def test_names_that_are_no_text(self, toy, toy_data):
        """pandas may name a column by a number."""
        frame = toy_data.to_pandas()
        frame[7] = 1.0
        assert faults(toy, frame)[0].startswith("unknown-column: index data has no place for column `7`")


class TestValues:
    """What stands in the rows; the same in every backend."""

    def test_not_finite(self, toy, toy_data, backend):
        """Infinity is no score."""
        frame = put(toy_data, "order", math.inf, -math.inf)
        assert faults(toy, backend(frame)) == [
            "not-finite: column `order`: not a finite number; 2 rows: a 2023Q1 (inf), b 2023Q1 (-inf)"
        ]

    def test_nan(self, toy, toy_data, backends):
        """NaN is not finite; in pandas it is what a missing value is."""
        frame = put(toy_data, "order", math.nan)
        for name, convert in backends.items():
            missing = "missing-value: column `order`: the value is missing; 1 row: a 2023Q1"
            nan = "not-finite: column `order`: not a finite number; 1 row: a 2023Q1 (nan)"
            assert [missing if name == "pandas" else nan] == faults(toy, convert(frame))

    def test_missing(self, toy, toy_data, backend):
        """A gap is named."""
        assert faults(toy, backend(put(toy_data, "order", 1.0, None)), "zh") == [
            "missing-value: 列 `order`：缺少数值，共 1 行：b 2023Q1"
        ]

    def test_a_column_without_any_value(self, toy, toy_data, backend):
        """A column that is all gaps has them named, whatever type it then has."""
        assert faults(toy, backend(toy_data.with_columns(order=pl.lit(None)))) == [
            "missing-value: column `order`: the value is missing; 4 rows: a 2023Q1, a 2023Q2, b 2023Q1, b 2023Q2"
        ]

    def test_out_of_scale(self, toy, toy_data, backend):
        """A value beyond the scale is shown."""
        frame = put(put(toy_data, "order", -0.1), "parks", 100.1, 250.0)
        assert faults(toy, backend(frame)) == [
            "above-scale: column `parks`: above 100; 2 rows: a 2023Q1 (100.1), b 2023Q1 (250)",
            "below-scale: column `order`: below 0; 1 row: a 2023Q1 (-0.1)",
        ]

    def test_too_many_decimals(self, toy, toy_data, backend):
        """A value with more places than the scale is refused, not rounded."""
        assert faults(toy, backend(put(toy_data, "order", 85.55))) == [
            "too-many-decimals: column `order`: more than 1 decimals; 1 row: a 2023Q1 (85.55)"
        ]

    def test_too_many_decimals_in_other_types(self, toy, toy_data):
        """The same for decimals and for floats of 32 bits."""
        frame = put(toy_data, "order", 85.55)
        for dtype in (pl.Decimal(6, 2), pl.Float32):
            assert faults(toy, frame.with_columns(pl.col("order").cast(dtype)))[0].startswith(
                "too-many-decimals: column `order`: more than 1 decimals; 1 row: a 2023Q1 (85.55"
            )

    def test_large_values_have_no_more_decimals_than_small_ones(self, read_index):
        """What a float cannot hold is no decimal too many."""
        index = read_index(
            "{subject: x, period: year, maximum: 1, decimals: 0, weights: points, indicators: {a: {weight: 1, "
            "scale: {minimum: 0, maximum: 100000000000, decimals: 2}}}}"
        )
        frame = pl.DataFrame({"subject": ["a"], "period": ["2023"], "a": [12345678901.23]})
        assert score(index, frame)["score"].to_list() == [0]

    def test_repeated_rows(self, toy, toy_data, backend):
        """One row per subject and period."""
        assert faults(toy, backend(pl.concat([toy_data, toy_data[:1]]))) == [
            "duplicate-row: column `subject`: the row is repeated; 2 rows: a 2023Q1"
        ]

    def test_further_keys_tell_rows_apart(self, toy, toy_data, backend, rows):
        """One row per subject, period and draw; a draw must be told."""
        frame = pl.concat([toy_data.with_columns(draw=pl.lit(i)) for i in (1, 2)])
        assert len(rows(score(toy, backend(frame), by=["draw"]))) == 8
        gap = put(frame, "draw", None)
        assert faults(toy, gap, by=["draw"]) == [
            "missing-value: column `draw`: the value is missing; 1 row: a 2023Q1 None"
        ]
        assert faults(toy, frame) == [
            "duplicate-row: column `subject`: the row is repeated; 8 rows: a 2023Q1, a 2023Q2, b 2023Q1, b 2023Q2",
            "unknown-column: index data has no place for column `draw`; known here: `litter`, `order`, `parks`, "
            "`period`, `subject`",
        ]

    def test_goalposts_that_refuse(self, read_index, backend):
        """A value beyond such posts is an error; at them it is not."""
        index = read_index(
            "{subject: x, period: year, maximum: 1, decimals: 1, weights: points, indicators: {a: {weight: 1, "
            "scale: {decimals: 1}, normalisation: {kind: goalposts, low: 1/4, high: 5}}}}"
        )
        frame = pl.DataFrame({"subject": list("abcd"), "period": ["2023"] * 4, "a": [0.2, 0.3, 5.0, 5.1]})
        assert faults(index, backend(frame)) == [
            "outside-goalposts: column `a`: outside 0.25 to 5; 2 rows: a 2023 (0.2), d 2023 (5.1)"
        ]

    @pytest.mark.parametrize(
        ("posts", "decimals", "inside", "outside"),
        [
            (
                "low: 9007199254740993, high: 9007199254740995", 0,
                [9007199254740993, 9007199254740995], [9007199254740992, 9007199254740996],
            ),
            (
                "low: 50000000.1, high: 150000001/3", 9,
                [Decimal("50000000.100000000"), Decimal("50000000.333333333")],
                [Decimal("50000000.099999999"), Decimal("50000000.333333334")],
            ),
        ],
    )  # fmt: skip
    def test_posts_are_held_to_the_last_digit(self, read_index, posts, decimals, inside, outside):
        """Neighbours that a float cannot tell apart are told apart, beyond each post by one digit."""
        index = read_index(
            "{subject: x, period: year, maximum: 1, decimals: 1, weights: points, indicators: {a: {weight: 1, "
            f"scale: {{decimals: {decimals}}}, normalisation: {{kind: goalposts, {posts}}}}}}}}}"
        )
        keys = {"subject": list("ab"), "period": ["2023"] * 2}
        assert score(index, pl.DataFrame({**keys, "a": inside}))["score"].to_list() == [0, 10]
        assert "2 rows: a 2023" in faults(index, pl.DataFrame({**keys, "a": outside}))[0]

    @pytest.mark.parametrize(("kind", "limit"), [("min_max", 1151769734), ("rank", 4611686018427)])
    def test_too_large_to_be_counted(self, read_index, kind, limit):
        """Without a scale nothing bounds a value but what whole numbers can hold."""
        index = read_index(
            "{subject: x, period: year, maximum: 1, decimals: 1, weights: points, indicators: {a: {weight: 1, "
            f"scale: {{decimals: 6}}, normalisation: {{kind: {kind}, places: 3}}}}}}}}"
        )
        keys = {"subject": list("ab"), "period": ["2023"] * 2}
        assert score(index, pl.DataFrame({**keys, "a": [limit, -limit]}))["score"].to_list() == [10, 0]
        assert faults(index, pl.DataFrame({**keys, "a": [limit + 1, 0]})) == [
            f"too-large: column `a`: beyond {limit}, too large to be measured exactly; 1 row: a 2023 ({limit + 1})"
        ]

    def test_the_first_twenty_and_the_count(self, toy):
        """Of many rows twenty are named, and all are counted."""
        count = 1000
        frame = pl.DataFrame(
            {
                "subject": [f"s{i:04}" for i in range(count)],
                "period": ["2023Q1"] * count,
                **{name: [200.0] * count for name in ("order", "parks", "litter")},
            }
        )
        lines = faults(toy, frame)
        assert len(lines) == 3
        named = ", ".join(f"s{i:04} 2023Q1 (200)" for i in range(20))
        assert lines[0] == f"above-scale: column `litter`: above 100; 1000 rows: {named} ..."

    def test_all_at_once(self, toy, toy_data, backend):
        """Every fault of every column and row in one error, in one language or the other."""
        frame = put(put(put(toy_data, "order", None), "parks", 100.5, 99.99), "period", "2023Q7")
        assert faults(toy, backend(frame), "zh") == [
            "above-scale: 列 `parks`：高于 100，共 1 行：a 2023Q7 (100.5)",
            "bad-period: 列 `period`：不是时期，应为季度（如 2023Q3），共 1 行：a 2023Q7",
            "missing-value: 列 `order`：缺少数值，共 1 行：a 2023Q7",
            "too-many-decimals: 列 `parks`：小数多于 1 位，共 1 行：b 2023Q1 (99.99)",
        ]

    def test_a_fault_costs_one_query_more(self, toy, toy_data):
        """A lazy frame is read once to count and once to name, however many the faults."""
        reads = []

        def count(part):
            reads.append(1)
            return part

        frame = put(put(toy_data, "order", None, 101.0), "parks", 100.5, 99.99)
        assert len(faults(toy, frame.lazy().map_batches(count, schema=frame.schema))) == 4
        assert len(reads) <= 1 + 4


class TestPeriods:
    """Whether a row's period is one at all, of the right kind, and in force."""

    @pytest.mark.parametrize(
        "text", ["2023Q5", "Q1", "2023Q1\n", " 2023Q1", "2023-13", "2023-02-29", "2023-04-31", "3023", "二〇二三", ""]
    )
    def test_no_period(self, toy, toy_data, text):
        """Nothing that only looks like a period passes."""
        with pytest.raises(DataError) as error:
            score(toy, put(toy_data, "period", text))
        wanted = "column `period`: not a period; quarters (such as 2023Q3) are wanted; 1 row: a "
        assert [(p.code, p.message.en) for p in error.value.problems] == [("bad-period", wanted + text)]

    @pytest.mark.parametrize("text", ["2023", "2023H1", "2023-08", "2024-02-29", "2000-02-29", "2023-12-31"])
    def test_another_kind_of_period(self, toy, toy_data, text, backend):
        """A half or a year is no quarter."""
        assert faults(toy, backend(put(toy_data, "period", text))) == [
            "wrong-period: column `period`: another kind of period; quarters (such as 2023Q3) are wanted; "
            f"1 row: a {text}"
        ]

    def test_the_calendar(self, toy):
        """Of all days that can be written exactly those of the calendar are days."""
        index = evolve(toy, period="day", node=None)
        written = [f"{y}-{m:02}-{d:02}" for y in (1900, 2000, 2023, 2024) for m in range(14) for d in range(33)]

        def exists(text):
            try:
                return bool(dt.date.fromisoformat(text))
            except ValueError:
                return False

        columns = {name: [0.0] * len(written) for name in ("order", "parks", "litter")}
        frame = pl.DataFrame({"subject": ["a"] * len(written), "period": written, **columns})
        wrong = [text for text in written if not exists(text)]
        assert f"{len(wrong)} rows" in faults(index, frame)[0]
        assert score(index, frame.filter(~pl.col("period").is_in(wrong))).height == 4 * 365 + 2

    def test_no_period_at_all(self, toy, toy_data, backend):
        """A row without a period is missing one, and nothing else."""
        assert faults(toy, backend(put(toy_data, "period", None))) == [
            "missing-value: column `period`: the value is missing; 1 row: a None"
        ]

    def test_numbers_are_no_periods(self, toy, toy_data):
        """Years as numbers are asked for as text."""
        frame = toy_data.with_columns(period=pl.Series([2021, 2021, 2022, 2022]))
        assert faults(toy, frame) == [
            "wrong-column-type: column `period` must hold periods as text (such as 2023Q3), found Int64"
        ]

    def test_not_in_force(self, toy, toy_data, backend):
        """Before the first version and after the last there are no rules to score by."""
        index = Dated(((dt.date(2023, 3, 1), toy),))
        assert faults(index, backend(toy_data)) == [
            "not-in-force: column `period`: the index is not in force (from 2023Q2); 2 rows: a 2023Q1, b 2023Q1"
        ]
        ended = Dated(((dt.date(2023, 1, 1), toy),), until=dt.date(2023, 3, 31))
        assert faults(ended, backend(toy_data), "zh") == [
            "not-in-force: 列 `period`：评价体系未生效（自 2023Q1 起，2023Q2 前生效），共 2 行：a 2023Q2, b 2023Q2"
        ]


class TestVersions:
    """What each version asks of its own rows."""

    @pytest.fixture
    def dated(self, read_index):
        text = "{subject: x, period: quarter, maximum: 10, decimals: 0, weights: points, "
        text += "scale: {minimum: 0, maximum: 10, decimals: 0}, indicators: {a: {weight: 4}, b: {weight: 6}}}"
        later = text.replace("b: {", "c: {").replace("maximum: 10, decimals: 0}", "maximum: 5, decimals: 0}")
        first, second = read_index(text), read_index(later)
        return Dated(((dt.date(2022, 1, 1), first), (dt.date(2023, 1, 1), second)))

    def data(self, **columns):
        return pl.DataFrame({"subject": ["x", "x"], "period": ["2022Q4", "2023Q1"], **columns})

    def test_a_value_for_no_indicator(self, dated, backend):
        """What is no indicator of a row's version must be empty there."""
        frame = self.data(a=[1, 1], b=[1, 2], c=[None, 1])
        assert faults(dated, backend(frame)) == [
            "not-an-indicator: column `b`: no indicator of the index in force then; must be empty; 1 row: x 2023Q1 (2)"
        ]

    def test_a_column_that_some_rows_need(self, dated, backend):
        """A column may be absent only where no row's version has it."""
        frame = self.data(a=[1, 1], b=[1, None])
        assert faults(dated, backend(frame)) == [
            "missing-column: column `c`: there is no such column (c), and the index in force then has this indicator; "
            "1 row: x 2023Q1"
        ]

    def test_each_version_has_its_own_scale(self, dated, backend):
        """A value in scale last year may be out of it this year."""
        frame = self.data(a=[10, 10], b=[10, None], c=[None, 5])
        assert faults(dated, backend(frame)) == ["above-scale: column `a`: above 5; 1 row: x 2023Q1 (10)"]

    def test_a_gap_in_one_version(self, dated, backend):
        """A value is missing only in rows whose version has the indicator."""
        frame = self.data(a=[1, 1], b=[None, None], c=[None, 1])
        assert faults(dated, backend(frame)) == ["missing-value: column `b`: the value is missing; 1 row: x 2022Q4"]

    def test_what_cannot_be_read_hides_nothing_else(self, dated):
        """Faults that need a column of the wrong type are left out; all others are found."""
        frame = self.data(a=["1", "1"], b=[11, None], c=[None, 1])
        assert faults(dated, frame) == [
            "above-scale: column `b`: above 10; 1 row: x 2022Q4 (11)",
            "wrong-column-type: column `a` must hold numbers, found String",
        ]


class TestCoverage:
    """Where every subject is scored every period, one that is not is named."""

    @pytest.fixture
    def full(self, toy):
        return evolve(toy, coverage="full", node=None)

    def test_a_subject_without_a_row(self, full, toy_data, backend, rows):
        """Subject and period are named; a frame without gaps passes."""
        assert len(rows(score(full, backend(toy_data)))) == 4
        assert faults(full, backend(toy_data[:3])) == ["missing-row: index data lacks 1 row: b 2023Q2"]
        assert faults(full, toy_data[:3], "zh") == ["missing-row: 评价数据缺少 1 行：b 2023Q2"]

    def test_within_each_draw(self, full, toy_data, backend):
        """A subject of one draw is not covered by its row in another."""
        frame = pl.concat([toy_data.with_columns(draw=pl.lit("1")), toy_data[:3].with_columns(draw=pl.lit("2"))])
        assert faults(full, backend(frame), by=["draw"]) == ["missing-row: index data lacks 1 row: b 2 2023Q2"]

    def test_repeated_rows_do_not_make_up_for_absent_ones(self, full, toy_data):
        """One row too many and one too few are two faults."""
        frame = pl.concat([toy_data[:3], toy_data[:1]])
        assert faults(full, frame) == [
            "duplicate-row: column `subject`: the row is repeated; 2 rows: a 2023Q1",
            "missing-row: index data lacks 1 row: b 2023Q2",
        ]

    def test_rows_without_a_name_come_first(self, full, toy_data):
        """Where a subject is missing its own rows cannot be looked for."""
        assert faults(full, put(toy_data, "subject", None)) == [
            "missing-value: column `subject`: the value is missing; 1 row: None 2023Q1"
        ]

    def test_only_periods_of_versions_that_ask_for_it(self, full, toy, toy_data):
        """A version that asks for coverage does so for its own periods."""
        versions = [(dt.date(2022, 1, 1), toy), (dt.date(2023, 4, 1), full)]
        index = Dated(tuple(versions))
        gap = toy_data[[0, 2, 3]]
        assert score(index, gap).height == 3
        assert faults(
            index, pl.concat([toy_data[:3], toy_data[2:3].with_columns(subject=pl.lit("b"), period=pl.lit("2023Q3"))])
        )[-1] == ("missing-row: index data lacks 2 rows: a 2023Q3, b 2023Q2")


def test_scales_may_be_open(read_index):
    """Without a greatest value nothing is above it."""
    index = read_index(
        "{subject: x, period: year, maximum: 1, decimals: 1, weights: points, indicators: {a: {weight: 1, "
        "scale: {minimum: 1, decimals: 0}, normalisation: {kind: rank}}}}"
    )
    assert index.leaves[0].scale == Scale(minimum=1, decimals=0)
    frame = pl.DataFrame({"subject": ["a", "b"], "period": ["2023"] * 2, "a": [10**6, 0]})
    assert faults(index, frame) == ["below-scale: column `a`: below 1; 1 row: b 2023 (0)"]
