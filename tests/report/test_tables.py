"""Values, tables and problems as text and as JSON."""

from decimal import Decimal
from fractions import Fraction

import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from communitygov.report.problems import problems_github, problems_json, problems_text
from communitygov.report.tables import frame_rows, frame_text, in_points, table_text, width
from communitygov.report.values import facts_text, value_text
from communitygov.vocabulary.problem import Place, Problem
from communitygov.vocabulary.text import Title

cells = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.fractions(), st.text("五星a b级\t1", max_size=8)
)


class TestValues:
    @pytest.mark.parametrize(
        ("value", "zh", "en"),
        [
            (None, "无", "none"),
            (True, "是", "yes"),
            (17, "17", "17"),
            (Fraction(143, 10), "14.3", "14.3"),
            (Fraction(1, 3), "1/3 (≈ 0.3333)", "1/3 (≈ 0.3333)"),
            (Fraction(1, 2**20), "1/1048576 (≈ 0.0000)", "1/1048576 (≈ 0.0000)"),
            (0.1, "0.1", "0.1"),
            (Decimal("341.20"), "341.20", "341.20"),
            (Title(zh="五星级", en="five stars"), "五星级", "five stars"),
            ("two\n  lines", "two lines", "two lines"),
        ],
    )
    def test_a_value_is_said_on_one_line(self, value, zh, en):
        """Exact numbers are shown exactly, truth and titles in the language asked for."""
        assert value_text(value, "zh") == zh
        assert value_text(value, "en") == en

    def test_facts_are_named(self):
        """Facts are listed with their names, with the comma of the language."""
        assert facts_text({"a": 1, "b": None}, "zh") == "a = 1，b = 无"


class TestTableText:
    @given(st.lists(st.tuples(cells, cells, cells), max_size=6), st.sampled_from(["zh", "en"]))
    def test_columns_line_up_in_chinese_too(self, rows, lang):
        """Every line of a table is as wide as its rule, a Chinese character counting two, blanks at its end apart."""
        lines = table_text(["级别", "n", "列"], rows, lang).split("\n")
        assert len(lines) == len(rows) + 2
        assert all(width(line) <= width(lines[1]) for line in lines)
        starts = [i for i in range(len(lines[1])) if lines[1][i] == "-" and (i == 0 or lines[1][i - 1] == " ")]
        for line in lines:
            spread = "".join(char + " " * (width(char) - 1) for char in line).ljust(width(lines[1]))
            assert all(spread[start - 2 : start] == "  " for start in starts[1:])

    def test_numbers_stand_to_the_right(self):
        """A column of numbers is aligned by its last digit, gaps and all; any other by its first letter."""
        assert table_text(["a", "b"], [[1, "x"], [None, "xx"], [100, "y"]], "en").splitlines() == [
            "  a  b",
            "---  --",
            "  1  x",
            "     xx",
            "100  y",
        ]


class TestFrames:
    def test_any_frame_is_shown(self):
        """Polars, lazy or not, and pandas give the same text."""
        frame = pl.DataFrame({"subject": ["a"], "rank": [1]})
        texts = {
            frame_text(kind, "en") for kind in (frame, frame.lazy(), pd.DataFrame({"subject": ["a"], "rank": [1]}))
        }
        assert texts == {"subject  rank\n-------  ----\na           1"}

    def test_columns_have_titles_and_long_tables_end(self):
        """Titles are in the language asked for; where rows are left out, their number is said."""
        frame = pl.DataFrame({"rank": [1, 2]})
        text = frame_text(frame, "zh", titles={"rank": Title(zh="名次", en="rank")}, most=1)
        assert text.splitlines() == ["名次", "----", "   1", "…… 共 2 行"]

    def test_json_has_no_number_that_it_cannot_say(self):
        """Exact decimals are text, NaN is nothing."""
        frame = pl.DataFrame({"score": [Decimal("3.10")], "x": [float("nan")], "flag": [True]})
        assert frame_rows(frame) == [{"score": "3.10", "x": None, "flag": True}]

    @given(st.lists(st.integers(-(10**12), 10**12), min_size=1), st.integers(0, 6))
    def test_units_become_points_exactly(self, units, decimals):
        """A number of units of the last published place is that decimal, whatever its sign."""
        shown = in_points(pl.DataFrame({"score": units}), ["score", "absent"], decimals)["score"]
        assert [Fraction(str(value)) for value in shown] == [Fraction(unit, 10**decimals) for unit in units]


class TestProblems:
    PROBLEM = Problem("bad-share", Title(zh="不是份额", en="not a share"), Place("x.yaml", 3, 9), clause=("SJS-17",))

    def test_a_problem_is_a_line_an_object_and_an_annotation(self):
        """The same problem is told to people, to programs and to GitHub."""
        assert problems_text([self.PROBLEM], "zh") == "x.yaml:3:9: bad-share: 不是份额 [SJS-17]"
        assert problems_github([self.PROBLEM], "en").startswith("::error file=x.yaml,line=3,col=9,title=bad-share::")
        (found,) = problems_json([self.PROBLEM])["problems"]
        assert found["message"] == {"zh": "不是份额", "en": "not a share"}
