"""Frames of any kind, and what is found in them: the parts that no index alone shows."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import narwhals as nw
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from communitygov.vocabulary.columns import column_faults, missing_values
from communitygov.vocabulary.errors import DataError
from communitygov.vocabulary.frames import (
    Column,
    Fault,
    Table,
    adopt,
    check_table,
    find_faults,
    nullable,
)
from communitygov.vocabulary.text import Title

NAME = Title(zh="名", en="name")
TABLE = Table(
    Title(zh="物", en="things"),
    (
        Column("who", "text", NAME),
        Column("when", "period", NAME),
        Column("score", "score", NAME, nullable=True, minimum=Fraction(0), maximum=Fraction(1), decimals=1),
        Column("count", "whole", NAME, minimum=Fraction(0)),
        Column("share", "number", NAME, nullable=True, minimum=Fraction(1, 4), maximum=Fraction(3, 4)),
        Column("held", "flag", NAME, required=False),
    ),
    ("who",),
)
GOOD = pl.DataFrame(
    {"who": ["a", "b"], "when": ["2023", "2024"], "score": [12, None], "count": [1, 2], "share": [0.25, None]}
)


def found(frame, **more):
    with pytest.raises(DataError) as error:
        check_table(TABLE, adopt(frame)[0], **more)
    return str(error.value).splitlines()


@pytest.fixture(params=[pl.DataFrame, pd.DataFrame, pa.table], ids=["polars", "pandas", "pyarrow"])
def untyped(request):
    """Frames made of lists, each in turn."""
    return request.param


class TestKinds:
    """Each kind of column takes its own kind of value, and says which."""

    def test_good_data_passes(self, backend):
        """A score has units and no scale; a column that is not required may be absent."""
        check_table(TABLE, adopt(backend(GOOD))[0])

    @pytest.mark.parametrize(
        ("column", "value", "wanted"),
        [
            ("who", 1, "text, found Int64"),
            ("when", 2023, "periods as text (such as 2023Q3), found Int64"),
            ("score", "x", "scores, found String"),
            ("count", 0.5, "whole numbers, found Float64"),
            ("share", True, "numbers, found Boolean"),
            ("held", 1, "true or false, found Int64"),
        ],
    )
    def test_another_type_is_named(self, column, value, wanted):
        """The error says what the column must hold and what it holds."""
        frame = GOOD.with_columns(pl.lit(value, dtype=pl.Int64 if value.__class__ is int else None).alias(column))
        assert f"wrong-column-type: column `{column}` must hold {wanted}" in found(frame)

    def test_a_column_in_which_nothing_stands_is_text_where_text_is_wanted(self, untyped):
        """A frame from lists has no type for it. Where numbers are wanted it is left as it is."""
        nothing = untyped({"who": [], "when": [], "score": [], "count": [], "share": []})
        check_table(TABLE, adopt(nothing, TABLE)[0])
        lacking = untyped({"who": ["a"], "when": [None], "score": [None], "count": [1], "share": [None]})
        with pytest.raises(DataError) as error:
            check_table(TABLE, adopt(lacking, TABLE)[0])
        assert [(one.code, one.path) for one in error.value.problems] == [("missing-value", "when")]
        given = untyped({"who": ["a"], "when": ["2023"], "score": [None], "count": [1], "share": [None]})
        assert list(adopt(given, TABLE)[0]["who"]) == ["a"]

    def test_a_bound_may_be_any_fraction(self, backend):
        """Exactly a quarter is not below a quarter."""
        low = GOOD.with_columns(share=pl.Series([0.25, 0.24]))
        assert found(backend(low)) == ["below-scale: column `share`: below 0.25; 1 row: b (0.24)"]

    def test_decimals_are_held_against_bounds(self):
        """Decimals, too, have a least and a greatest value."""
        high = GOOD.with_columns(share=pl.Series([0.25, 0.76]).cast(pl.Decimal(4, 2)))
        assert found(high) == ["above-scale: column `share`: above 0.75; 1 row: b (0.76)"]

    def test_decimals_are_held_against_their_places_and_bounds_to_the_last_digit(self):
        """A float could tell none of these apart; they are shown as they are."""
        tiny = Decimal("0.75000000000000000000000001")
        frame = GOOD.with_columns(
            score=pl.Series([Decimal("0.5"), tiny], dtype=pl.Decimal(38, 26)),
            share=pl.Series([Decimal("0.75"), tiny], dtype=pl.Decimal(38, 26)),
        )
        assert found(frame) == [
            "above-scale: column `share`: above 0.75; 1 row: b (0.75000000000000000000000001)",
            "too-many-decimals: column `score`: more than 1 decimals; 1 row: b (0.75000000000000000000000001)",
        ]

    @pytest.mark.parametrize("dtype", [pl.UInt64, pl.Int128])
    def test_a_whole_number_of_more_than_63_bits(self, dtype):
        """It is named, to the last digit, before anything is made of it."""
        frame = GOOD.with_columns(count=pl.Series([2**63, 2**63 - 1], dtype=dtype))
        assert found(frame) == [
            "too-large: column `count`: beyond 9223372036854775807, too large to be reckoned exactly; 1 row: "
            "a (9223372036854775808)"
        ]

    def test_a_score_may_have_only_its_decimals(self):
        """A score as a float is taken at its value, however large."""
        assert found(GOOD.with_columns(score=pl.Series([12.34, 56.7]))) == [
            "too-many-decimals: column `score`: more than 1 decimals; 1 row: a (12.34)"
        ]

    def test_objects_are_no_text(self):
        """A pandas column of mixed objects is not text."""
        import pandas as pd

        frame = GOOD.to_pandas()
        frame["who"] = pd.Series([1, "b"], dtype=object)
        assert found(frame) == ["wrong-column-type: column `who` must hold text, found Object"]


class TestFaults:
    """Faults of one's own, beside those of the table."""

    def test_words_are_shown_too(self, backend):
        """The value beside the row may be text."""
        frame = adopt(backend(GOOD))[0]
        odd = Fault("odd", "when", nw.col("when") == "2024", Title(zh="怪", en="odd"), show=True)
        (problem,) = find_faults(frame, [odd], ["who"])
        assert problem.say("en") == "odd: column `when`: odd; 1 row: b (2024)"
        assert problem.context == {"count": 1, "rows": ["b (2024)"]}

    def test_no_faults_no_query(self):
        """Where nothing is looked for nothing is found, nor read."""
        assert find_faults(None, [], ["who"]) == []

    def test_only_where(self):
        """A column may be looked at in some rows only."""
        column = Column("score", "number", NAME, maximum=Fraction(5))
        frame = nw.from_native(GOOD)
        dtype = frame.schema["score"]
        everywhere = find_faults(frame, list(column_faults(column, dtype)), ["who"])
        assert [problem.code for problem in everywhere] == ["missing-value", "above-scale"]
        for who, code in (("a", "above-scale"), ("b", "missing-value")):
            (problem,) = find_faults(frame, list(column_faults(column, dtype, nw.col("who") == who)), ["who"])
            assert problem.code == code

    def test_more_faults_wait_for_columns_that_they_read(self):
        """A fault that does not say what it reads is left out while some column cannot be read."""
        frame = GOOD.with_columns(count=pl.lit("x"))
        told = Title(zh="早", en="early")
        early = Fault("early", "when", nw.col("when") < "2024", told, reads=("when",))
        vague = Fault("vague", "when", nw.col("when") < "2024", told)
        wrong = "wrong-column-type: column `count` must hold whole numbers, found String"
        assert found(frame, more=[early, vague]) == ["early: column `when`: early; 1 row: a", wrong]
        assert [line.split(":")[0] for line in found(GOOD, more=[early, vague])] == ["early", "vague"]

    def test_further_keys(self):
        """Columns that are let through belong to the key where they are."""
        frame = pl.concat([GOOD, GOOD]).with_columns(draw=pl.Series([1, 1, 2, 2]))
        check_table(TABLE, nw.from_native(frame), extra=["draw", "absent"])
        assert found(frame) == [
            "duplicate-row: column `who`: the row is repeated; 4 rows: a, b",
            "unknown-column: things has no place for column `draw`; known here: `count`, `held`, `score`, `share`, "
            "`when`, `who`",
        ]

    def test_missing_values_alone(self):
        """The fault of missing values can be asked for alone."""
        (problem,) = find_faults(nw.from_native(GOOD), [missing_values(TABLE.column("score"))], ["who"])
        assert problem.say("zh") == "missing-value: 列 `score`：缺少数值，共 1 行：b"

    def test_an_open_table_lets_other_columns_be(self):
        """Unknown columns are refused only where they have no place."""
        table = Table(TABLE.name, (Column("who", "text", NAME),), ("who",), open=True)
        check_table(table, nw.from_native(GOOD))


class TestPandas:
    """pandas has types that cannot say *missing*; they are exchanged on the way in."""

    def test_whole_numbers_stay_whole(self):
        """Numbers, flags and columns without any value get types that can miss a value; text stays."""
        import numpy as np
        import pandas as pd

        frame = pd.DataFrame(
            {
                "i": np.array([1, 2], dtype="int32"),
                "u": np.array([1, 2], dtype="uint8"),
                "f": np.array([1.5, np.nan], dtype="float16"),
                "b": [True, False],
                "n": [None, None],
                "t": ["x", None],
                "already": pd.array([1, None], dtype="Int64"),
            }
        )
        taken, back = adopt(frame)
        native = back(taken)
        assert [str(dtype) for dtype in native.dtypes[:5]] == ["Int32", "UInt8", "Float32", "boolean", "Float64"]
        assert native["t"].dtype == frame["t"].dtype
        assert str(native["already"].dtype) == "Int64"
        assert taken["f"].is_null().to_list() == [False, True]

    def test_the_frame_given_is_not_changed(self):
        """What the caller has stays as it was."""
        frame = GOOD.to_pandas()
        before = frame.dtypes.copy()
        adopt(frame)
        assert (frame.dtypes == before).all()

    def test_an_empty_frame_keeps_its_types(self):
        """Without rows there is nothing to tell text from numbers by."""
        import pandas as pd

        taken, _ = adopt(pd.DataFrame({"who": pd.Series([], dtype=object)}))
        assert taken.schema["who"] == nw.String

    def test_other_libraries_need_nothing(self):
        """Elsewhere a frame goes through as it is."""
        frame = nw.from_native(GOOD)
        assert nullable(frame) is frame
