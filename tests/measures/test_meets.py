"""Expectations: judged exactly, at the right period, the same on every backend and as the explanation."""

from fractions import Fraction
from itertools import pairwise

import duckdb
import narwhals as nw
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from communitygov.measures.compare import with_ratio_sign
from communitygov.measures.explain import explain, explain_expectation
from communitygov.measures.measure import measure, meets
from communitygov.measures.rules import Condition, Expectation, Measure, Quantity
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.faults import read_columns
from communitygov.vocabulary.frames import adopt
from communitygov.vocabulary.numbers import exact
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.text import Title

FEWER = settings(max_examples=settings().max_examples // 3)
RARE = settings(max_examples=settings().max_examples // 12)
RATE = Measure(
    title=Title(zh="入户率", en="Visit rate"),
    of="visits",
    unit=Title(zh="户", en="of households"),
    period="quarter",
    by="street",
    least=2,
    numerator=Quantity(what="sum", columns=("visited",)),
    base=Quantity(what="sum", columns=("households",)),
    excluded={"closed": Condition(flag=True)},
)
STREETS = ("八宝山", "古城")

rows = st.fixed_dictionaries(
    {
        "period": st.sampled_from(["2023Q4", "2024Q1", "2024Q2", "2024Q4"]),
        "draw": st.integers(0, 1),
        "street": st.sampled_from(STREETS),
        "visited": st.integers(0, 10),
        "households": st.integers(-1, 10),
        "closed": st.booleans(),
    }
)
frames = st.lists(rows, min_size=1, max_size=30).map(pl.DataFrame)
periods = st.sampled_from(["2023", "2023Q4", "2024H1", "2024-05", "2024-11-03", "2025"]).map(Period.parse)
ordered = st.tuples(st.none() | periods, st.none() | periods).filter(
    lambda pair: None in pair or pair[0].first_day <= pair[1].last_day
)
bounds = st.fractions(0, 2, max_denominator=12)
bounded = st.builds(
    lambda kind, limits, dates: Expectation(measure="rate", kind=kind, **limits, start=dates[0], by=dates[1]),
    st.sampled_from(["target", "standard", "condition"]),
    st.one_of(
        st.fixed_dictionaries({"at_least": bounds}),
        st.fixed_dictionaries({"more_than": bounds, "at_most": bounds.map(lambda bound: bound + 1)}),
    ),
    ordered,
)
trends = st.builds(
    lambda trend, dates: Expectation(measure="rate", kind="trend", trend=trend, start=dates[0], by=dates[1]),
    st.sampled_from(["rises", "falls"]),
    ordered,
)


def judged(expectation, rule, frame, by=()):
    """What is said of each group: the rows of the judgement as dicts, by groups and period."""
    judgement = meets(expectation, measure(rule, frame, by=by))
    assert type(judgement.frame) is type(frame)
    assert judgement.outcome == ("met",)
    columns = read_columns(adopt(judgement.frame)[0])
    assert list(columns) == [*judgement.key, *judgement.because, *judgement.outcome]
    found = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return {tuple(row[name] for name in judgement.key): row for row in found}


def word(value):
    return value if value == "undetermined" else str(value).lower()


class TestOracle:
    @FEWER
    @given(bounded, frames)
    def test_each_judgement_is_that_of_the_explanation(self, expectation, frame):
        """What is judged for all groups at once is what an explanation says of each, period by period."""
        found = judged(expectation, RATE, frame, by=("draw",))
        groups = {key[:2] for key in taken(frame)}
        assert {key[:2] for key in found} <= groups
        for draw, street in sorted(groups):
            steps = explain_expectation(expectation, RATE, frame, by={"draw": draw, "street": street})
            expected = {
                (draw, street, child.children[0].facts["period"]): word(child.value) for child in steps.children
            }
            assert {key: row["met"] for key, row in found.items() if key[:2] == (draw, street)} == expected

    @FEWER
    @given(trends, frames)
    def test_a_trend_is_that_of_the_explanation(self, expectation, frame):
        """First and last value, steps and verdict are the same, reckoned in columns or in fractions."""
        found = {key[:1]: row for key, row in judged(expectation, RATE, frame).items()}
        streets = {key[1] for key in taken(frame)}
        assert {key[0] for key in found} <= streets
        for street in sorted(streets):
            steps = explain_expectation(expectation, RATE, frame, by={"street": street})
            if (street,) not in found:
                assert (steps.value, steps.children) == ("undetermined", ())
                continue
            row = found[street,]
            assert (row["met"], row["steps"], row["steps_met"]) == (
                word(steps.value),
                steps.facts["steps"],
                steps.facts["steps_met"],
            )
            assert row["period"] == steps.children[-1].facts["period"]
            if steps.value != "undetermined":
                assert Fraction(row["first_numerator"], row["first_base"]) == steps.facts["first"]
                assert Fraction(row["numerator"], row["base"]) == steps.facts["last"]

    @RARE
    @given(st.one_of(bounded, trends), frames)
    def test_every_backend_judges_alike(self, expectation, frame):
        """Polars (eager and lazy), pandas, PyArrow and DuckDB agree, and get back what they gave."""
        expected = judged(expectation, RATE, frame, by=("draw",))
        for native in (frame.lazy(), frame.to_pandas(), frame.to_arrow(), duckdb.from_arrow(frame.to_arrow())):
            assert judged(expectation, RATE, native, by=("draw",)) == expected


def taken(frame):
    """The groups and periods that have rows which are not closed."""
    return set(frame.filter(~pl.col("closed")).select("draw", "street", "period").rows())


SHARE = Measure(
    of="certified",
    unit=Title(zh="占全区社区", en="of all communities"),
    period="year",
    numerator=Quantity(what="count", where={"star": Condition(flag=True)}),
    base=Quantity(what="count"),
)
HALF = exact("50%")


def district(**stars):
    """One row per community and year; so many of ten have a star."""
    return pl.DataFrame(
        [
            {"subject": str(i), "year": int(year[1:]), "star": i < number}
            for year, number in stars.items()
            for i in range(10)
        ]
    )


def verdicts(expectation, frame):
    return {key[-1]: row["met"] for key, row in judged(expectation, SHARE, frame).items()}


class TestBounds:
    @pytest.mark.parametrize(("bound", "met"), [("at_least", "true"), ("more_than", "false"), ("at_most", "true")])
    def test_exactly_the_bound_is_at_least_and_at_most_but_not_more(self, bound, met):
        """Five of ten are 50%: 50%以上 in legal usage, and not 过半数."""
        target = Expectation(measure="share", kind="target", by=Period.parse("2025"), **{bound: HALF})
        assert verdicts(target, district(y2025=5)) == {"2025": met}

    def test_a_third_is_a_third(self):
        """3 of 9 reach a third; no float decides it."""
        frame = district(y2025=3).filter(pl.col("subject") != "9")
        target = Expectation(measure="share", kind="target", at_least=exact("1/3"), by=Period.parse("2025"))
        assert verdicts(target, frame) == {"2025": "true"}

    @FEWER
    @given(st.integers(0, 2**61), st.integers(1, 2**61), st.integers(-1, 1))
    def test_one_unit_in_the_last_place_decides(self, numerator, base, more):
        """A bound one unit of 61 bits beside the value is told apart from it, on every backend."""
        value = pl.DataFrame({"a": [numerator + more], "b": [base], "c": [numerator], "d": [base]})
        for native in (value, value.to_pandas(), duckdb.from_arrow(value.to_arrow())):
            frame, _ = adopt(native)
            assert signs(frame) == [more]

    @given(
        st.lists(
            st.tuples(
                st.integers(1 - 2**62, 2**62 - 1),
                st.integers(1, 2**62 - 1),
                st.integers(1 - 2**62, 2**62 - 1),
                st.integers(1, 2**62 - 1),
            ),
            min_size=1,
        )
    )
    def test_ratios_of_62_bits_compare_as_fractions_do(self, ratios):
        """The sign of a difference of ratios is that of the fractions, whatever their size and sign."""
        frame, _ = adopt(pl.DataFrame(ratios, schema=list("abcd"), orient="row"))
        gaps = [Fraction(a, b) - Fraction(c, d) for a, b, c, d in ratios]
        assert signs(frame) == [(gap > 0) - (gap < 0) for gap in gaps]


def signs(frame):
    """The signs of a/b - c/d."""
    a, b, c, d = map(nw.col, "abcd")
    return read_columns(with_ratio_sign(frame, "sign", (a, b), (c, d)).select("sign"))["sign"]


class TestTarget:
    TARGET = Expectation(measure="share", kind="target", at_least=HALF, by=Period.parse("2025"))

    @pytest.mark.parametrize(("stars", "met"), [(5, "true"), (4, "false")])
    def test_a_target_is_judged_at_its_end_alone(self, stars, met):
        """What was reached before, and after, is no matter."""
        assert verdicts(self.TARGET, district(y2024=9, y2025=stars, y2026=9)) == {"2025": met}

    def test_a_target_without_a_value_at_its_end_is_undetermined(self):
        """Before its year has come, nothing is said."""
        assert verdicts(self.TARGET, district(y2024=9)) == {"2025": "undetermined"}

    def test_a_target_without_end_is_judged_in_each_period(self):
        """A first batch may come in any year from the start."""
        batch = Expectation(measure="share", kind="target", more_than=Fraction(0), start=Period.parse("2022"))
        frame = district(y2021=1, y2022=0, y2023=1)
        assert verdicts(batch, frame) == {"2022": "false", "2023": "true"}
        assert explain_expectation(batch, SHARE, frame).value is True
        assert explain_expectation(batch, SHARE, district(y2022=0)).value is False
        assert explain_expectation(batch, SHARE, district(y2021=1)).value == "undetermined"

    @pytest.mark.parametrize("by", ["2025", "2025H2", "2025-12-31"])
    def test_the_end_may_be_written_as_any_period(self, by):
        """A yearly target by a day is judged by the year that the day lies in."""
        target = Expectation(measure="share", kind="target", at_least=HALF, by=Period.parse(by))
        assert verdicts(target, district(y2025=5)) == {"2025": "true"}


class TestStandard:
    STANDARD = Expectation(measure="share", kind="standard", at_least=HALF, start=Period.parse("2024Q2"))

    def test_a_standard_is_judged_in_every_period_from_its_start(self):
        """Years before it do not count, one that fails is shown."""
        frame = district(y2023=0, y2024=5, y2025=4)
        assert verdicts(self.STANDARD, frame) == {"2024": "true", "2025": "false"}
        steps = explain_expectation(self.STANDARD, SHARE, frame)
        assert (steps.value, [child.value for child in steps.children]) == (False, [True, False])

    def test_a_standard_that_holds_throughout_is_met(self):
        """All periods, and at least one."""
        assert explain_expectation(self.STANDARD, SHARE, district(y2024=5, y2025=6)).value is True
        assert explain_expectation(self.STANDARD, SHARE, district(y2023=5)).value == "undetermined"
        assert verdicts(self.STANDARD, district(y2023=5)) == {}


class TestTrend:
    RISES = Expectation(measure="share", kind="trend", trend="rises")
    FALLS = Expectation(measure="share", kind="trend", trend="falls")

    @FEWER
    @given(st.lists(st.integers(0, 10), min_size=2, max_size=5))
    def test_a_trend_is_the_last_value_against_the_first(self, numbers):
        """What rises in the mean of its steps ends higher than it began, and what rises does not fall."""
        frame = district(**{f"y{2020 + i}": number for i, number in enumerate(numbers)})
        steps = list(pairwise(numbers))
        for trend, up in ((self.RISES, 1), (self.FALLS, -1)):
            (row,) = judged(trend, SHARE, frame).values()
            assert (row["met"], row["steps"], row["steps_met"]) == (
                word(up * (numbers[-1] - numbers[0]) > 0),
                len(steps),
                sum(up * (after - before) > 0 for before, after in steps),
            )

    def test_one_period_makes_no_trend(self):
        """There is nothing to compare with."""
        assert verdicts(self.RISES, district(y2024=5)) == {"2024": "undetermined"}

    def test_a_trend_to_a_date_needs_a_value_there(self):
        """A rise to 2025 is not seen in 2024."""
        trend = Expectation(measure="share", kind="trend", trend="rises", by=Period.parse("2025"))
        frame = district(y2023=1, y2024=5)
        assert verdicts(trend, frame) == {"2024": "undetermined"}
        assert explain_expectation(trend, SHARE, frame).value == "undetermined"


class TestUsage:
    DRAWN = Expectation(kind="target", by=Period.parse("2035"))

    def test_what_is_only_drawn_cannot_be_judged(self):
        """Being in front has no measure, and no bound."""
        with pytest.raises(UsageError, match="no bound"):
            meets(self.DRAWN, measure(SHARE, district(y2025=5)))
        with pytest.raises(UsageError, match="no bound"):
            explain_expectation(self.DRAWN, SHARE, district(y2025=5))

    def test_an_explanation_of_a_grouped_measure_says_for_which_group(self):
        """A value without its street has no meaning."""
        frame = pl.DataFrame(
            {"period": ["2024Q1"], "street": ["古城"], "visited": [1], "households": [1], "closed": [False]}
        )
        with pytest.raises(UsageError, match="say for which"):
            explain(RATE, frame, "2024Q1")

    def test_an_explanation_is_of_a_period_of_the_measure(self):
        """A quarterly measure has no value of a year."""
        with pytest.raises(UsageError, match="taken each year"):
            explain(SHARE, district(y2025=5), "2025Q1")


class TestWords:
    def test_a_value_is_said_with_its_numerator_and_base(self):
        """The sentence has all that is needed to compute the share again, in both languages."""
        steps = explain(SHARE, district(y2025=5), Period.parse("2025"))
        assert steps.text == Title(
            zh="certified，2025：5 / 10 = 50% 占全区社区", en="certified, 2025: 5 / 10 = 50% of all communities"
        )
        assert [(step.key, step.text.en) for step in steps.children] == [
            ("numerator", "the count over 5 rows"),
            ("base", "the count over 10 rows"),
        ]

    def test_rows_left_out_are_counted_by_reason(self):
        """Exclusions are shown, with how many each would leave out."""
        frame = pl.DataFrame(
            {
                "period": ["2024Q1"] * 3,
                "street": ["古城"] * 3,
                "visited": [1, 2, 3],
                "households": [3, 3, 3],
                "closed": [False, True, True],
            }
        )
        steps = explain(RATE, frame, "2024Q1", by={"street": "古城"})
        assert steps.find("excluded").text.en == "2 of 3 rows are left out (closed 2)"
        assert steps.text.en == "Visit rate, 2024Q1: 1 rows, fewer than 2: no value"

    @pytest.mark.parametrize(
        ("what", "said"), [("mean", "3.3333"), ("variance", "2.8889"), ("sum", "10"), ("range", "4")]
    )
    def test_a_value_that_does_not_end_is_rounded_for_people(self, what, said):
        """People get four places; the fraction is in the value."""
        rule = Measure(
            of="visits",
            unit=Title(zh="分", en="points"),
            period="year",
            numerator=Quantity(what=what, columns=("x",)),
        )
        steps = explain(rule, pl.DataFrame({"year": [2024] * 3, "x": [1, 4, 5]}), "2024")
        assert steps.text.en == f"visits, 2024: {said} points"
        assert steps.children[0].text == Title(
            zh=f"3 行的{ {'mean': '均值', 'variance': '方差', 'sum': '合计', 'range': '极差'}[what] }（x）",
            en=f"the {what} of x over 3 rows",
        )

    def test_a_judgement_says_value_bound_and_verdict(self):
        """Whoever reads it sees what was asked and what was found."""
        target = Expectation(
            title=Title(zh="半数", en="Half"),
            measure="share",
            kind="target",
            more_than=Fraction(1, 3),
            at_most=HALF,
            by=Period.parse("2025"),
        )
        steps = explain_expectation(target, SHARE, district(y2025=3))
        assert steps.text == Title(zh="半数：未达到", en="Half: not met")
        assert steps.children[0].text == Title(
            zh="certified，2025：3 / 10 = 30% 占全区社区；要求高于 33.3%、不高于 50%：未达到",
            en="certified, 2025: 3 / 10 = 30% of all communities; more than 33.3% and at most 50% is asked for: "
            "not met",
        )

    def test_a_trend_says_how_many_steps_go_its_way(self):
        """A rise with a fall in it is shown as such."""
        steps = explain_expectation(TestTrend.RISES, SHARE, district(y2021=1, y2022=0, y2023=2))
        assert steps.text == Title(zh="certified：达到；2 步中有 1 步", en="certified: met; 1 of 2 steps go that way")
