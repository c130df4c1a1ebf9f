"""A year's score: the sum of its periods' published scores, or an error that names what is missing (I7)."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import attrs
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from communitygov.certification.rules import Certification, Year
from communitygov.certification.year import periods_of, yearly, yearly_unchecked
from communitygov.vocabulary.errors import DataError, UsageError
from communitygov.vocabulary.numbers import half_up

ROWS = [(f"2022Q{quarter}", 8000 + quarter, 100) for quarter in (1, 2, 3, 4)]


def periods(*rows: tuple[Any, ...], subject: str = "a") -> pl.DataFrame:
    schema = {"period": pl.String, "score": pl.Int64, "maximum": pl.Int64}
    return pl.DataFrame(list(rows), schema=schema, orient="row").with_columns(subject=pl.lit(subject))


@pytest.fixture
def rule(shijingshan: Callable[..., Certification]) -> Callable[..., Certification]:
    """Shijingshan's rule with another year."""

    def with_year(**changes: Any) -> Certification:
        return shijingshan(year=attrs.evolve(Year(starts=1, periods=4), **changes))

    return with_year


class TestSum:
    def test_is_of_the_published_scores(self, rule: Any, kind: Any) -> None:
        """Four quarters of one calendar year, on every kind of frame; nothing is rounded again."""
        found = yearly(rule(), kind.make(periods(*ROWS)))
        assert kind.rows(found) == [("a", 2022, 32010)]

    def test_a_year_is_named_after_the_calendar_year_in_which_it_ends(self, rule: Any, kind: Any) -> None:
        """2021Q3 to 2022Q2 is 2022 where the year begins in July."""
        rows = [("2021Q3", 1, 1), ("2021Q4", 2, 1), ("2022Q1", 4, 1), ("2022Q2", 8, 1)]
        assert kind.rows(yearly(rule(starts=7), kind.make(periods(*rows)))) == [("a", 2022, 15)]
        assert periods_of(Year(starts=7, periods=4), 2022) == ["2021Q3", "2021Q4", "2022Q1", "2022Q2"]

    @pytest.mark.parametrize(
        ("year", "texts"),
        [
            ({"periods": 1}, ["2022"]),
            ({"periods": 2, "starts": 7}, ["2021H2", "2022H1"]),
            ({"periods": 12, "starts": 4}, [f"2021-{n:02}" for n in range(4, 13)] + ["2022-01", "2022-02", "2022-03"]),
        ],
    )
    def test_periods_may_be_years_halves_or_months(self, rule: Any, year: dict[str, int], texts: list[str]) -> None:
        """Each kind by its own texts."""
        found = yearly(rule(**year), periods(*[(text, 1, 1) for text in texts]))
        assert [("a", 2022, len(texts))] == found.rows()

    def test_values_are_scaled_to_the_declared_decimals(self, rule: Any) -> None:
        """A float is taken at its value, in units of the second place."""
        frame = periods(*ROWS).with_columns(score=pl.Series([80.25, 90.5, 70.0, 60.01]))
        assert yearly(rule(), frame).rows() == [("a", 2022, 30076)]

    def test_each_combination_has_its_own_years(self, rule: Any) -> None:
        """With draws of a simulation, one year per subject and draw."""
        frame = pl.concat([periods(*ROWS).with_columns(draw=pl.lit(n), score=pl.col("score") + n) for n in (0, 1)])
        found = yearly(rule(), frame, by=("draw",))
        assert {("a", 2022, 0, 32010), ("a", 2022, 1, 32014)} == set(found.rows())


class TestIncompleteYear:
    def test_is_refused_with_its_missing_periods_named(self, rule: Any) -> None:
        """A period without a row and one without a score are both missing."""
        frame = pl.concat(
            [periods(*ROWS), periods(ROWS[0], ("2022Q2", None, 100), subject="b"), periods(*ROWS[1:], subject="c")]
        )
        with pytest.raises(DataError) as caught:
            yearly(rule(), frame)
        assert caught.value.say("en") == (
            "incomplete-year: column `period`: the year is incomplete; 2 years, missing: "
            "b 2022 (2022Q2, 2022Q3, 2022Q4), c 2022 (2022Q1)"
        )
        assert "年度不完整，共 2 个，缺：b 2022 (2022Q2" in caught.value.say("zh")

    def test_the_first_twenty_are_named(self, rule: Any) -> None:
        """And the count of all."""
        frame = pl.concat([periods(ROWS[0], subject=f"c{n:02}") for n in range(21)])
        with pytest.raises(DataError, match=r"21 years, missing: c00 .*, c19 2022 \(2022Q2, 2022Q3, 2022Q4\) \.\.\.$"):
            yearly(rule(), frame)

    def test_or_is_left_out(self, rule: Any) -> None:
        """Where the rule skips it; complete years stay."""
        frame = pl.concat([periods(*ROWS), periods(ROWS[0], subject="b")])
        assert yearly(rule(incomplete="skip"), frame).rows() == [("a", 2022, 32010)]
        assert yearly_unchecked(rule(), frame).rows() == [("a", 2022, 32010)]


class TestDifferentMaxima:
    rows = (("2022Q1", 9000, 100), ("2022Q2", 9000, 100), ("2022Q3", 9001, 120), ("2022Q4", 9000, 120))

    def test_are_refused(self, rule: Any) -> None:
        """Full marks that differ within a year are an error that names the rows."""
        with pytest.raises(DataError, match=r"different-maxima: .*4 rows: a 2022Q1 \(100\)"):
            yearly(rule(), periods(*self.rows))

    def test_or_rescaled_to_the_greatest_and_rounded_once(self, rule: Any, kind: Any) -> None:
        """90.00 and 90.00 of 100 are 108.00 of 120 each; 90.01 and 90.00 of 120 stay."""
        rescaled = rule(different_maxima="rescale")
        assert kind.rows(yearly(rescaled, kind.make(periods(*self.rows)))) == [("a", 2022, 10800 + 10800 + 9001 + 9000)]

    @given(st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from([90, 100, 120, 125, 7])), min_size=4, max_size=4))
    def test_rescaling_is_exact(self, drawn: list[tuple[int, int]]) -> None:
        """The sum of fractions, rounded half up once, whatever the full marks."""
        from communitygov.certification.rules import Tier

        rescaled = Certification(
            of="quality",
            year=Year(starts=1, periods=4, different_maxima="rescale"),
            decimals=2,
            tiers={"star": Tier(order=1, number=1)},
            base="all",
            rounding="floor",
            rounded="cumulative",
            ties="in",
        )
        rows = [(f"2022Q{n + 1}", score, top) for n, (score, top) in enumerate(drawn)]
        greatest = max(top for _, top in drawn)
        expected = half_up(sum((Fraction(score * greatest, top) for score, top in drawn), Fraction(0)))
        assert [("a", 2022, expected)] == yearly(rescaled, periods(*rows)).rows()

    def test_full_marks_with_decimals(self, rule: Any) -> None:
        """7.5 and 15 are one to two."""
        frame = periods(*self.rows).with_columns(maximum=pl.Series([7.5, 7.5, 15.0, 15.0]))
        assert yearly(rule(different_maxima="rescale"), frame).rows() == [("a", 2022, 4 * 9000 + 18001)]

    def test_too_fine_to_be_exact(self, rule: Any) -> None:
        """Full marks without a manageable common multiple are refused rather than rounded twice."""
        frame = periods(*self.rows).with_columns(maximum=pl.Series([10**9 + 7, 10**9 + 9, 10**9 + 21, 10**9 + 33]))
        with pytest.raises(DataError, match="maxima-too-fine"):
            yearly(rule(different_maxima="rescale"), frame)


class TestDataErrors:
    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (
                {"period": "2022"},
                r"wrong-period: column `period`: not a quarter, such as 2023Q3; 4 rows: a 2022 \(2022\)",
            ),
            ({"maximum": 0}, r"no-maximum: column `maximum`: full marks must be above 0; 4 rows: a 2022Q1 \(0\)"),
            (
                {"score": 80.125},
                r"too-many-decimals: column `score`: more than 2 decimals; 4 rows: a 2022Q1 \(80.125\)",
            ),
            ({"score": math.nan}, r"not-finite: column `score`: not a finite number; 4 rows: a 2022Q1 \(nan\)"),
            ({"score": -math.inf}, r"not-finite: column `score`: not a finite number; 4 rows: a 2022Q1 \(-inf\)"),
            ({"score": 1e30}, r"too-large: column `score`: beyond 90071992547409, too large to be reckoned exactly"),
            (
                {"score": pl.lit(2**63, pl.UInt64)},
                r"too-large: column `score`: beyond 100000000000000000, .* a 2022Q1 \(9223372036854775808\)",
            ),
            ({"subject": None}, r"missing-value: column `subject`"),
            ({"period": 2022}, r"wrong-column-type: column `period` must hold periods as text"),
        ],
    )
    def test_each_names_column_and_rows(self, rule: Any, change: dict[str, Any], message: str) -> None:
        """What is wrong, where, and how many."""
        frame = periods(*ROWS).with_columns(
            **{name: value if isinstance(value, pl.Expr) else pl.lit(value) for name, value in change.items()}
        )
        frame = frame.with_columns(pl.col("subject").cast(pl.String))
        with pytest.raises(DataError, match=message):
            yearly(rule(), frame)

    @pytest.mark.parametrize("text", ["2022Q4\n", "2022Q4 ", "2022q4", "2022Q5"])
    def test_a_line_end_is_no_part_of_a_period(self, rule: Any, kind: Any, text: str) -> None:
        """Nor is anything else behind it, on any kind of frame: pandas' `$` would let a line end pass."""
        frame = periods(*ROWS[:3], (text, 8004, 100))
        with pytest.raises(
            DataError, match=r"wrong-period: column `period`: not a quarter, such as 2023Q3; 1 row"
        ) as told:
            yearly(rule(), kind.make(frame))
        assert "1 year, missing: a 2022 (2022Q4)" in told.value.say("en")

    def test_on_pandas_as_well_a_year_with_a_gap_is_named(self, rule: Any, kind: Any) -> None:
        """A score that is missing is one whose period is, whatever the frame has for what is missing."""
        frame = periods(*ROWS).with_columns(score=pl.when(pl.col("period") != "2022Q3").then(pl.lit(80.5)))
        with pytest.raises(DataError, match=r"incomplete-year: .* missing: a 2022 \(2022Q3\)"):
            yearly(rule(), kind.make(frame))

    def test_a_column_named_in_by_must_be_there(self, rule: Any) -> None:
        """And a reserved name is a usage error."""
        with pytest.raises(DataError, match="has no column `draw`, named in `by`"):
            yearly(rule(), periods(*ROWS), by=("draw",))
        with pytest.raises(UsageError, match="`by` cannot name score"):
            yearly(rule(), periods(*ROWS), by=("score",))
