"""Reports: every value counted once at every level, the same on every backend."""

from fractions import Fraction

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from communitygov.measures.measure import measure
from communitygov.measures.report import report, report_unchecked
from communitygov.measures.rules import Measure, Quantity, Report, ReportLevel
from communitygov.vocabulary.errors import DataError
from communitygov.vocabulary.faults import read_columns
from communitygov.vocabulary.frames import adopt
from communitygov.vocabulary.text import Title

FEWER = settings(max_examples=settings().max_examples // 4)
RARE = settings(max_examples=settings().max_examples // 12)
QUARTERLY = Report(
    of="scored",
    period="quarter",
    columns=("score", "safety"),
    decimals=2,
    levels={"district": ReportLevel(), "street": ReportLevel(by="street"), "community": ReportLevel(by="subject")},
)

rows = st.fixed_dictionaries(
    {
        "subject": st.integers(0, 9).map(str),
        "period": st.sampled_from(["2023Q1", "2023Q2"]),
        "street": st.sampled_from(["古城", "八宝山"]),
        "score": st.none() | st.integers(0, 10000),
        "safety": st.none() | st.integers(0, 2000).map(lambda units: units / 100),
    }
)
SCHEMA = {
    "subject": pl.String,
    "period": pl.String,
    "street": pl.String,
    "score": pl.Int64,
    "safety": pl.Float64,
}
frames = st.lists(rows, min_size=1, max_size=20, unique_by=lambda row: (row["subject"], row["period"])).map(
    lambda found: pl.DataFrame(found, schema=SCHEMA)
)


def lines(frame, rule=QUARTERLY):
    """The lines of a report by level, unit, period and column."""
    reported = report(rule, frame)
    assert type(reported.frame) is type(frame)
    columns = read_columns(adopt(reported.frame)[0])
    assert list(columns) == [*reported.key, "count", "missing", "total", "least", "greatest"]
    assert {*reported.key, *reported.outcome, *reported.because} == set(columns)
    return {row[:4]: row[4:] for row in zip(*columns.values(), strict=True)}


class TestReport:
    @FEWER
    @given(frames)
    def test_each_line_is_what_one_would_count_by_hand(self, frame):
        """Number, missing, sum, least and greatest are those of the unit's rows in the period."""
        expected = {}
        for row in frame.to_dicts():
            units = {"district": "all", "street": row["street"], "community": row["subject"]}
            for level, unit in units.items():
                for name in QUARTERLY.columns:
                    scale = 100 if name == "safety" else 1
                    value = None if row[name] is None else round(row[name] * scale)
                    expected.setdefault((level, unit, row["period"], name), []).append(value)
        there = {key: [value for value in values if value is not None] for key, values in expected.items()}
        assert lines(frame) == {
            key: (
                len(there[key]),
                len(values) - len(there[key]),
                sum(there[key]),
                min(there[key], default=None),
                max(there[key], default=None),
            )
            for key, values in expected.items()
        }

    @FEWER
    @given(frames)
    def test_its_mean_is_the_measure_of_the_mean(self, frame):
        """total / count is what the measure of the same column says."""
        frame = frame.filter(pl.col("score").is_not_null())
        rule = Measure(
            of="scored",
            unit=Title(zh="分", en="points"),
            period="quarter",
            by="street",
            numerator=Quantity(what="mean", columns=("score",)),
        )
        values = {
            (street, period): Fraction(top, base) for street, period, top, base, _ in measure(rule, frame).frame.rows()
        }
        found = {
            key[1:3]: Fraction(line[2], line[0])
            for key, line in (lines(frame).items() if frame.height else ())
            if (key[0], key[3]) == ("street", "score")
        }
        assert found == values

    @RARE
    @given(frames)
    def test_every_backend_reports_alike(self, frame):
        """Polars (eager and lazy), pandas, PyArrow and DuckDB agree, and get back what they gave."""
        expected = lines(frame)
        # A whole number of units must stay whole beside a missing one; as a float it would be taken at its value.
        pandas = frame.to_pandas().astype({"score": "Int64"})
        for native in (frame.lazy(), pandas, frame.to_arrow(), duckdb.from_arrow(frame.to_arrow())):
            assert lines(native) == expected

    def test_a_lazy_frame_stays_lazy_where_nothing_is_checked(self):
        """The unchecked verb reads no row of a lazy frame."""
        read = []
        lazy = pl.LazyFrame({"year": [2024], "x": [3]}).map_batches(lambda rows: read.append(1) or rows)
        yearly = Report(of="visits", period="year", columns=("x",), levels={"district": ReportLevel()})
        reported = report_unchecked(yearly, lazy)
        assert read == []
        assert reported.frame.collect().rows() == [("district", "all", "2024", "x", 1, 0, 3, 3, 3)]


class TestDataErrors:
    FRAME = pl.DataFrame({"subject": ["a"], "period": ["2023Q1"], "street": ["古城"], "score": [90], "safety": [20]})

    def fault(self, frame):
        with pytest.raises(DataError) as caught:
            report(QUARTERLY, frame)
        return [(problem.code, problem.path) for problem in caught.value.problems]

    @pytest.mark.parametrize("name", ["subject", "period", "street", "score", "safety"])
    def test_a_missing_column_is_named(self, name):
        """Whatever the report shows or divides by must be there."""
        assert self.fault(self.FRAME.drop(name)) == [("missing-column", name)]

    @pytest.mark.parametrize(
        ("name", "value", "code"),
        [
            ("score", "90", "wrong-column-type"),
            ("score", 0.125, "too-many-decimals"),
            ("score", 2**62, "value-too-large"),
            ("score", 1e300, "value-too-large"),
            ("score", float("nan"), "not-finite"),
            ("period", "2023", "wrong-period"),
            ("street", None, "missing-value"),
        ],
    )
    def test_a_value_that_cannot_be_reported_is_named(self, name, value, code):
        """Text, too many decimals, what is beyond 62 bits, a year in a quarterly report, a unit without a name."""
        assert self.fault(self.FRAME.with_columns(pl.lit(value).alias(name))) == [(code, name)]

    def test_a_row_repeated_is_named(self):
        """A subject has one row a period."""
        assert self.fault(pl.concat([self.FRAME, self.FRAME])) == [("duplicate-row", "period")]
