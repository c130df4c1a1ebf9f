"""What measures promise of themselves: what cannot be carried out, or can never hold, is refused."""

from fractions import Fraction

import pytest

from communitygov.measures.rules import (
    Condition,
    Expectation,
    Measure,
    Quantity,
    Report,
    ReportLevel,
    SchemePart,
)
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.text import Title

UNIT = Title(zh="个", en="of them")
ONE = Fraction(1)


def codes(rule):
    return [finding.code for finding in rule.check()]


class TestCondition:
    @pytest.mark.parametrize(
        "condition",
        [
            Condition(known=True),
            Condition(known=False),
            Condition(one_of=("a",)),
            Condition(flag=False, known=True),
            Condition(at_least=ONE, at_most=ONE, decimals=2),
            Condition(at_least=Fraction(0)),
        ],
    )
    def test_one_kind_of_question_is_asked(self, condition):
        """Texts, truth, numbers, or whether there is a value."""
        assert codes(condition) == []

    @pytest.mark.parametrize(
        ("condition", "code"),
        [
            (Condition(), "empty-condition"),
            (Condition(one_of=("a",), flag=True), "mixed-condition"),
            (Condition(flag=True, at_least=ONE), "mixed-condition"),
            (Condition(known=False, at_most=ONE), "mixed-condition"),
            (Condition(at_least=ONE, at_most=Fraction(0)), "empty-range"),
            (Condition(known=True, decimals=1), "unused-setting"),
        ],
    )
    def test_what_asks_nothing_or_never_holds_is_refused(self, condition, code):
        """A condition that no row satisfies is a mistake of its author."""
        assert codes(condition) == [code]


class TestQuantity:
    @pytest.mark.parametrize(
        ("quantity", "expected"),
        [
            (Quantity(what="count"), []),
            (Quantity(what="count", columns=("x",)), ["unused-setting"]),
            (Quantity(what="count", decimals=1), ["unused-setting"]),
            (Quantity(what="count", across="range"), ["unused-setting"]),
            (Quantity(what="sum", columns=("x",)), []),
            (Quantity(what="sum"), ["missing-setting"]),
            (Quantity(what="mean", columns=("x", "y")), ["missing-setting"]),
            (Quantity(what="mean", columns=("x",), across="range"), ["missing-setting"]),
            (Quantity(what="mean", columns=("x", "y"), across="range"), []),
            (Quantity(what="sum", columns=("x", "y"), across="range"), ["mean-across"]),
        ],
    )
    def test_columns_and_statistic_fit_each_other(self, quantity, expected):
        """A count has no columns, the others have one, or several whose means are set against each other."""
        assert codes(quantity) == expected


class TestMeasure:
    @pytest.mark.parametrize(
        ("top", "base", "expected"),
        [
            ("sum", "count", []),
            ("sum", "sum", []),
            ("mean", None, []),
            ("mean", "count", ["bad-base"]),
            ("sum", "variance", ["bad-base"]),
        ],
    )
    def test_a_share_is_a_count_or_a_sum_over_another(self, top, base, expected):
        """A mean has its base in itself."""
        quantities = {
            what: Quantity(what=what, columns=() if what == "count" else ("x",))
            for what in ("count", "sum", "mean", "variance")
        }
        rule = Measure(of="visits", unit=UNIT, period="year", numerator=quantities[top], base=base and quantities[base])
        assert codes(rule) == expected


class TestExpectation:
    @pytest.mark.parametrize(
        ("expectation", "expected"),
        [
            (Expectation(kind="target"), []),
            (Expectation(kind="target", measure="m", at_least=ONE), []),
            (Expectation(kind="trend", measure="m", trend="rises"), []),
            (Expectation(kind="target", at_least=ONE), ["bound-without-measure"]),
            (Expectation(kind="standard", measure="m"), ["measure-without-bound"]),
            (Expectation(kind="trend", measure="m", at_least=ONE), ["unlike-bound"]),
            (Expectation(kind="target", measure="m", trend="falls"), ["unlike-bound"]),
            (Expectation(kind="condition", measure="m", at_most=ONE), []),
            (Expectation(kind="condition", measure="m", trend="falls"), ["unlike-bound"]),
            (Expectation(kind="trend", measure="m", trend="falls", at_most=ONE), ["unlike-bound"]),
            (
                Expectation(kind="target", start=Period.parse("2025"), by=Period.parse("2024Q4")),
                ["empty-range"],
            ),
            (Expectation(kind="target", start=Period.parse("2025Q4"), by=Period.parse("2025")), []),
            (Expectation(kind="target", measure="m", at_most=Fraction(1, 2**62)), ["too-fine"]),
        ],
    )
    def test_measure_bound_kind_and_dates_fit_each_other(self, expectation, expected):
        """A target has a bound, a trend a direction, and neither ends before it begins."""
        assert codes(expectation) == expected


class TestSchemePart:
    @pytest.mark.parametrize(
        ("part", "expected"),
        [
            (SchemePart(count=1, members={"a": UNIT}), []),
            (SchemePart(count=2, members={"a": UNIT}), ["counts-differ"]),
            (SchemePart(count=1), ["missing-setting"]),
            (SchemePart(count=1, members={"a": UNIT}, counted="index"), ["missing-setting"]),
            (SchemePart(count=1, counted="index"), []),
        ],
    )
    def test_a_part_names_its_members_or_where_they_are_counted(self, part, expected):
        """One of both, and as many as the scheme's name says."""
        assert codes(part) == expected


class TestReport:
    @pytest.mark.parametrize(
        ("columns", "levels", "expected"),
        [
            (("x",), {"all": ReportLevel()}, []),
            ((), {"all": ReportLevel()}, ["missing-setting"]),
            (("x",), {}, ["missing-setting"]),
        ],
    )
    def test_a_report_shows_something_to_somebody(self, columns, levels, expected):
        """Without columns or levels there is nothing to make."""
        assert codes(Report(of="scored", period="quarter", columns=columns, levels=levels)) == expected
