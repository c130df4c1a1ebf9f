"""What is read from the edge of a column's type, and what is nobody's value at all."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from communitygov.measures.measure import measure
from communitygov.measures.rows import PERIODS
from communitygov.measures.rules import Condition, Expectation, Measure, Quantity
from communitygov.vocabulary.errors import DataError, UsageError
from communitygov.vocabulary.text import Title

UNIT = Title(zh="个", en="of them")


def counted(period: str = "year", **where: Condition) -> Measure:
    """Return a count of rows."""
    return Measure(of="rows", period=period, unit=UNIT, numerator=Quantity(what="count", where=where))


TOTAL = Measure(of="rows", period="year", unit=UNIT, numerator=Quantity(what="sum", columns=("v",)))


class TestWholeNumbers:
    @pytest.mark.parametrize(
        ("value", "kind"),
        [(2**64 - 1, pl.UInt64), (2**63, pl.UInt64), (2**100, pl.Int128), (-(2**100), pl.Int128), (2**62, pl.Int64)],
    )
    @pytest.mark.parametrize("native", [pl.DataFrame, pl.DataFrame.lazy])
    def test_what_64_bits_cannot_hold_is_refused_by_name(
        self, value: int, kind: Any, native: Callable[[pl.DataFrame], Any]
    ) -> None:
        """No whole number wraps, and none brings the cast down: it is too large, and its row is named."""
        frame = pl.DataFrame({"year": [2023], "v": pl.Series([value], dtype=kind)})
        with pytest.raises(DataError, match="value-too-large: column `v`"):
            measure(TOTAL, native(frame) if native is pl.DataFrame.lazy else frame)

    def test_pandas_wraps_none_either(self) -> None:
        """The greatest whole number of 64 bits without a sign is not -1."""
        with pytest.raises(DataError, match="value-too-large"):
            measure(TOTAL, pd.DataFrame({"year": [2023], "v": pd.Series([2**64 - 1], dtype="uint64")}))

    @pytest.mark.parametrize("kind", [pl.UInt64, pl.Int128, pl.UInt8])
    def test_a_small_number_is_itself_in_any_type(self, kind: Any) -> None:
        """The type of a column says nothing of the numbers in it."""
        frame = pl.DataFrame({"year": [2023, 2023], "v": pl.Series([7, 9], dtype=kind)})
        assert measure(TOTAL, frame).frame["numerator"].to_list() == [16]

    @pytest.mark.parametrize("kind", [pl.UInt64, pl.Int128])
    def test_a_bound_is_held_against_it_all_the_same(self, kind: Any) -> None:
        """A condition reads the column as a sum does."""
        frame = pl.DataFrame({"year": [2023] * 3, "v": pl.Series([1, None, 2**55], dtype=kind)})
        condition = Condition(at_least=2, known=True)
        assert measure(counted(v=condition), frame).frame["numerator"].to_list() == [1]


class TestColumns:
    @pytest.mark.parametrize("native", [pl.DataFrame, pa.table])
    def test_a_text_that_nobody_has_is_missing_everywhere(self, native: Callable[[Any], Any]) -> None:
        """A column in which all is missing has no type of its own, and is no reason to refuse it."""
        frame = native({"year": [2023, 2023], "tier": [None, None]})
        for condition, found in ((Condition(one_of=("gold",)), 0), (Condition(known=False), 2)):
            assert list(measure(counted(tier=condition), frame).frame["numerator"].to_numpy()) == [found]

    def test_flags_with_a_gap_are_flags(self) -> None:
        """pandas keeps them as objects; true, false and missing are told apart all the same."""
        frame = pd.DataFrame({"year": [2023] * 3, "f": [True, None, False]})
        assert measure(counted(f=Condition(flag=True, known=True)), frame).frame["numerator"].to_list() == [1]

    @pytest.mark.parametrize("name", ["_kept", "_order", "_period", "_top"])
    def test_the_librarys_own_columns_are_not_grouped_by(self, name: str) -> None:
        """Names with a line in front are kept for reckoning."""
        with pytest.raises(UsageError, match=f"reserved-name: `{name}` cannot be grouped by"):
            measure(TOTAL, pl.DataFrame({"year": [2023], "v": [1], name: ["a"]}), by=[name])


class TestTimes:
    @pytest.mark.parametrize("year", [25, 0, -1, 3000])
    def test_a_year_is_one_of_the_calendar(self, year: int) -> None:
        """A year of two digits is a slip, not the first century."""
        with pytest.raises(DataError, match=r"column `year`: (below 1000|above 2999)"):
            measure(TOTAL, pl.DataFrame({"year": [year], "v": [1]}))

    @pytest.mark.parametrize("kind", list(PERIODS))
    def test_a_day_that_no_calendar_has_is_in_no_period(self, kind: str) -> None:
        """30 February is refused wherever days are taken; 29 February is a day of leap years."""
        with pytest.raises(DataError, match="wrong-period"):
            measure(counted(kind), pl.DataFrame({"period": ["2023-02-30"]}))
        with pytest.raises(DataError, match="wrong-period"):
            measure(counted(kind), pl.DataFrame({"period": ["2023-02-29"]}))
        assert measure(counted(kind), pl.DataFrame({"period": ["2024-02-29"]})).frame["numerator"].to_list() == [1]


class TestBounds:
    @pytest.mark.parametrize(
        ("bounds", "empty"),
        [
            ({"at_least": 2, "at_most": 1}, True),
            ({"more_than": 2, "at_most": 1}, True),
            ({"more_than": 1, "at_most": 1}, True),
            ({"at_least": 1, "at_most": 1}, False),
            ({"more_than": 1, "at_most": 2}, False),
            ({"at_least": 5, "more_than": 6}, False),
        ],
    )
    def test_an_expectation_can_be_met(self, bounds: dict[str, int], empty: bool) -> None:
        """Bounds that no number satisfies are a slip of the pen, shown at the upper and the lower one."""
        found = list(Expectation(measure="m", kind="target", **bounds).check())
        assert [(one.code, one.path) for one in found] == ([("empty-range", ("at_most",))] if empty else [])
