"""Money for stars and progress, and the renovation list."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import attrs
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from communitygov.certification.awards import awards, listing
from communitygov.certification.explain_listing import explain_listing
from communitygov.certification.rules import Award, Awards, Certification, Listing, Progress
from communitygov.measures.explain import explain_expectation
from communitygov.measures.measure import measure, meets
from communitygov.measures.rules import Condition, Expectation, Measure, Quantity
from communitygov.vocabulary.errors import DataError, UsageError
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.text import Title

TIERS = {"five_star": Award(amount=Fraction(200_000)), "four_star": Award(amount=Fraction(1_000_005, 10))}


def results(**rows: tuple[str | None, int | None, int | None]) -> pl.DataFrame:
    schema = {"subject": pl.String, "tier": pl.String, "score": pl.Int64, "rank": pl.Int64}
    return pl.DataFrame([(name, *row) for name, row in rows.items()], schema=schema, orient="row")


@pytest.fixture
def rule(shijingshan: Callable[..., Certification]) -> Callable[..., Certification]:
    """Shijingshan's rule with awards, and progress rewarded as a test says."""

    def with_progress(**progress: Any) -> Certification:
        drawn = Progress(amount=Fraction(50_000), **progress) if progress else None
        return shijingshan(awards=Awards(tiers=TIERS, progress=drawn))

    return with_progress


BEFORE = results(a=("five_star", 9000, 1), b=(None, 8000, 3), c=(None, 8500, 2), d=(None, None, None))
AFTER = results(
    a=("five_star", 9100, 2), b=("four_star", 9200, 1), c=(None, 8400, 4), d=(None, 8700, 3), e=(None, 1, 5)
)


def money(rule: Certification, after: Any = AFTER, before: Any = BEFORE) -> dict[str, tuple[int | None, int, int]]:
    frame = awards(rule, after, before)
    return {row[0]: (row[2], row[3], row[4]) for row in frame.rows()}


class TestAwards:
    def test_a_tier_has_its_amount_in_fen(self, rule: Any, kind: Any) -> None:
        """On every kind of frame; no star, no money."""
        found = awards(rule(), kind.make(AFTER))
        expected = [("a", 20_000_000), ("b", 10_000_050), ("c", 0), ("d", 0), ("e", 0)]
        assert expected == kind.read(found).select("subject", "award").sort("subject").rows()

    def test_progress_is_a_gain_of_score_large_enough(self, rule: Any, kind: Any) -> None:
        """b gained 12.00 and a 1.00 where 1.00 is the least; c lost, d and e have no score of last year."""
        progress = rule(by="score", at_least=Fraction(1))
        found = kind.read(awards(progress, kind.make(AFTER), kind.make(BEFORE))).sort("subject")
        assert found["gain"].to_list() == [100, 1200, -100, None, None]
        assert found["progress_award"].to_list() == [5_000_000, 5_000_000, 0, 0, 0]
        assert found["award"].to_list() == [25_000_000, 15_000_050, 0, 0, 0]

    def test_or_a_gain_of_rank(self, rule: Any) -> None:
        """From third to first is two ranks; from first to second is a loss."""
        found = money(rule(by="rank", at_least=Fraction(1)))
        assert {name: gain for name, (gain, _, _) in found.items()} == {"a": -1, "b": 2, "c": -2, "d": None, "e": None}
        assert [name for name, (_, _, award) in found.items() if award] == ["b"]

    def test_only_the_largest_gains_and_all_of_a_tie(self, rule: Any) -> None:
        """The first one; two that are tied for it are both in."""
        first = rule(by="score", at_least=Fraction(1, 100), first=1)
        assert [name for name, (_, _, award) in money(first).items() if award] == ["b"]
        tied = results(a=(None, 9500, 1), b=(None, 8500, 2), c=(None, 8600, 2))
        assert sorted(name for name, (_, _, award) in money(first, tied).items() if award) == ["a", "b"]

    def test_gains_are_compared_within_groups(self, rule: Any) -> None:
        """Where the certification ranks within groups, each group has its own largest gain."""
        grouped = attrs.evolve(rule(by="score", at_least=Fraction(1, 100), first=1), group_by="street")
        after = AFTER.with_columns(group=pl.Series(["east", "west", "east", "west", "west"]))
        before = BEFORE.with_columns(group=pl.Series(["east", "west", "east", "west"]))
        assert [name for name, (_, _, award) in money(grouped, after, before).items() if award] == ["a", "b"]
        with pytest.raises(DataError, match="results has no column `group`"):
            awards(grouped, AFTER, BEFORE)

    def test_errors(self, rule: Any) -> None:
        """A tier that is none, a rule without awards, frames of two kinds."""
        with pytest.raises(DataError, match=r"unknown-tier: .*known here: `five_star`, `four_star`; 1 row: z \(six\)"):
            awards(rule(), results(z=("six", 1, 1)))
        with pytest.raises(UsageError, match="no awards"):
            awards(attrs.evolve(rule(), awards=None), AFTER)
        with pytest.raises(DataError, match=r"before is another kind of frame than the first \(pandas, polars\)"):
            awards(rule(), AFTER, BEFORE.to_pandas())


def measured(column: str, **quantity: Any) -> Measure:
    numerator = Quantity(what="mean", columns=(column,), where={column: Condition(known=True)}, **quantity)
    return Measure(of="demands", period="year", by="subject", unit=Title(zh="件", en="each"), numerator=numerator)


MEASURES = {"demands": measured("demands"), "gain": measured("improvement", decimals=2), "beds": measured("beds")}
EXPECTATIONS = {
    "many": Expectation(kind="condition", measure="demands", at_least=Fraction(100)),
    "little": Expectation(kind="condition", measure="gain", at_most=Fraction(1, 200)),
    "later": Expectation(kind="standard", measure="demands", at_least=Fraction(100), start=Period.parse("2024")),
    "old": Expectation(kind="condition", measure="beds", more_than=Fraction(1, 3)),
    "target": Expectation(kind="target", measure="demands", at_least=Fraction(1)),
    "falls": Expectation(kind="trend", measure="demands", trend="falls"),
    "overall": Expectation(kind="condition", measure="all", at_least=Fraction(1)),
    "drawn": Expectation(kind="target"),
}
ASKED: dict[str, Any] = {"measures": MEASURES, "expectations": EXPECTATIONS}
LISTED_SCHEMA = {
    "subject": pl.String,
    "year": pl.Int64,
    "demands": pl.Int64,
    "score": pl.Int64,
    "previous_score": pl.Int64,
    "beds": pl.Int64,
}
few = st.integers(98, 102)
known = st.one_of(st.none(), st.integers(7998, 8002))
a_year = st.tuples(few, known, known, st.one_of(st.none(), st.integers(0, 1)))
named = st.lists(st.sampled_from(["many", "little", "later", "old"]), min_size=1, max_size=4, unique=True)


def by_hand(name: str, year: int, row: tuple[int, int | None, int | None, int | None]) -> bool | None:
    """Return what an expectation above comes to; None where it cannot be judged."""
    demands, score, before, beds = row
    if name in ("many", "later"):
        return None if name == "later" and year < 2024 else demands >= 100
    if name == "old":
        return None if beds is None else beds > 0
    return None if score is None or before is None else score - before <= 0


class TestListing:
    def test_many_demands_and_little_improvement_are_both_needed(self, shijingshan: Any, kind: Any) -> None:
        """The bounds themselves are in; whoever is off is told by which expectation, on every kind of frame."""
        rule = shijingshan(listing=Listing(expectations=("many", "little")))
        frame = pl.DataFrame(
            {
                "subject": ["few", "in", "level", "new", "up"],
                "year": [2023] * 5,
                "demands": [99, 100, 500, 100, 100],
                "score": [8000, 8000, 8000, 8000, 8001],
                "previous_score": [8000, 8500, 8000, None, 8000],
            }
        )
        found = kind.read(listing(rule, kind.make(frame), **ASKED)).sort("subject")
        assert found["improvement"].to_list() == [0, -500, 0, None, 1]
        assert found["listed"].to_list() == [False, True, True, False, False]
        assert found["reason"].to_list() == ["not_met", "all_met", "all_met", "undetermined", "not_met"]
        assert found["expectation"].to_list() == ["many", None, None, "little", "little"]

    @settings(max_examples=settings().max_examples // 4, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(years=st.dictionaries(st.tuples(st.sampled_from("abc"), st.sampled_from([2023, 2024])), a_year), names=named)
    def test_listed_are_those_of_whom_every_expectation_holds(
        self,
        shijingshan: Any,
        years: dict[tuple[str, int], tuple[int, int | None, int | None, int | None]],
        names: list[str],
    ) -> None:
        """Verb and explanation agree with the sentence, row by row: one not met goes before one without a verdict."""
        rule = shijingshan(listing=Listing(expectations=tuple(names)))
        rows = [(*key, *values) for key, values in years.items()]
        frame = pl.DataFrame(rows, schema=LISTED_SCHEMA, orient="row")
        found = listing(rule, frame, **ASKED)
        assert found.height == len(years)
        for row in found.iter_rows(named=True):
            verdicts = {name: by_hand(name, row["year"], years[row["subject"], row["year"]]) for name in names}
            off = [name for name in names if verdicts[name] is False]
            off += [name for name in names if verdicts[name] is None]
            assert (row["listed"], row["expectation"]) == (not off, off[0] if off else None)
            why = explain_listing(rule, frame, row["subject"], year=row["year"], **ASKED)
            assert why.value == row["listed"]
            assert dict(why.facts) == {"reason": row["reason"], "expectation": row["expectation"]}
            assert [{True: True, False: False}.get(step.value) for step in why.children] == list(verdicts.values())

    def test_scores_are_taken_at_their_value(self, shijingshan: Any) -> None:
        """Floats with the declared decimals give the gain that their units give: 80.01 is one unit above 80.00."""
        rule = shijingshan(listing=Listing(expectations=("little",)))
        row = {"subject": ["a"], "year": [2023], "demands": [1], "score": [80.01], "previous_score": [80.0]}
        assert listing(rule, pl.DataFrame(row), **ASKED)["improvement"].to_list() == [1]
        why = explain_listing(rule, pl.DataFrame(row), "a", year=2023, **ASKED)
        assert why.children[0].children[0].facts["value"] == Fraction(1, 100)

    def test_each_draw_has_its_list(self, shijingshan: Any, kind: Any) -> None:
        """Further key columns keep rows apart, in the list and in its explanation."""
        rule = shijingshan(listing=Listing(expectations=("many",)))
        rows = [("a", draw, 2023, demands, None, None) for draw, demands in ((0, 99), (1, 100))]
        schema = {"subject": pl.String, "draw": pl.Int64, **dict.fromkeys(list(LISTED_SCHEMA)[1:5], pl.Int64)}
        frame = pl.DataFrame(rows, schema=schema, orient="row")
        found = kind.read(listing(rule, kind.make(frame), by=["draw"], **ASKED)).sort("draw")
        assert found.select("draw", "listed").rows() == [(0, False), (1, True)]
        for draw, listed in found.select("draw", "listed").rows():
            why = explain_listing(rule, kind.make(frame), "a", year=2023, by={"draw": draw}, **ASKED)
            assert why.value is listed

    def test_an_explanation_says_why_in_both_languages(self, shijingshan: Any) -> None:
        """Whom, when, whether, and by which expectation."""
        rule = shijingshan(listing=Listing(expectations=("many",)))
        row = {"subject": ["a"], "year": [2023], "demands": [100], "score": [1], "previous_score": [1]}
        why = explain_listing(rule, pl.DataFrame(row), "a", year=2023, **ASKED)
        assert why.text is not None
        assert (why.text.zh, why.text.en) == (
            "a，2023 年：列入；各项要求均达到，列入",
            "a, 2023: listed; every expectation is met, it is listed",
        )
        with pytest.raises(DataError, match="there is no row of `b`"):
            explain_listing(rule, pl.DataFrame(row), "b", year=2023, **ASKED)

    def test_errors(self, shijingshan: Any) -> None:
        """Demands below nothing, a subject twice in a year, a rule without the list."""
        rule = shijingshan(listing=Listing(expectations=("many",)))
        frame = pl.DataFrame({"subject": ["a"], "year": [2023], "demands": [-1], "score": [1], "previous_score": [1]})
        with pytest.raises(DataError, match=r"below-scale: column `demands`: below 0; 1 row: a 2023 \(-1\)"):
            listing(rule, frame, **ASKED)
        with pytest.raises(DataError, match="duplicate-row"):
            listing(rule, pl.concat([frame, frame]).with_columns(demands=1), **ASKED)
        with pytest.raises(UsageError, match="no renovation list"):
            listing(shijingshan(), frame, **ASKED)
        assert [finding.code for finding in Listing(expectations=()).check()] == ["missing-setting"]

    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("target", "a condition or a standard"),
            ("falls", "a condition or a standard"),
            ("drawn", "a condition or a standard"),
            ("overall", "a condition or a standard"),
            ("littel", "did you mean `little`"),
        ],
    )
    def test_only_yearly_bounds_on_subjects_make_a_list(self, shijingshan: Any, name: str, said: str) -> None:
        """A target, a trend, a measure of all together, or an expectation that is none is refused by name."""
        rule = shijingshan(listing=Listing(expectations=(name,)))
        asked = {**ASKED, "measures": {**MEASURES, "all": attrs.evolve(MEASURES["demands"], by=None)}}
        with pytest.raises(UsageError, match=f"(?s)`{name}`.*{said}"):
            listing(rule, pl.DataFrame(schema=LISTED_SCHEMA), **asked)


class TestMeasured:
    """Lengths and money are measures of what the verbs give."""

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(tiers=st.lists(st.sampled_from(["five_star", "four_star", None]), min_size=1, max_size=9))
    def test_the_money_of_a_year_is_a_measure_of_the_awards(self, shijingshan: Any, tiers: list[str | None]) -> None:
        """It is the sum of what each has, in yuan, exactly; `meets` and its explanation agree on a ceiling."""
        rule = shijingshan(awards=Awards(tiers=TIERS))
        names = [f"c{i}" for i in range(len(tiers))]
        results = pl.DataFrame({"subject": names, "year": [2023] * len(tiers), "tier": tiers}, schema_overrides=TIER)
        awarded = awards(rule, results)
        values = measure(MONEY, awarded)
        total = sum((TIERS[tier].amount for tier in tiers if tier is not None), Fraction(0))
        (top, base) = values.frame.select("numerator", "base").row(0)
        assert Fraction(top, base) == total
        for most, met in ((total, True), (total - Fraction(1, 100), False)):
            budget = Expectation(kind="standard", measure="money", at_most=most)
            assert meets(budget, values).frame["met"].to_list() == [str(met).lower()]
            assert explain_expectation(budget, MONEY, awarded).value is met

    def test_a_row_that_stands_twice_is_not_counted_twice(self, shijingshan: Any) -> None:
        """The verbs' frames have one row per subject and year, and a measure holds them to it."""
        results = pl.DataFrame({"subject": ["a"], "year": [2023], "tier": ["five_star"]})
        awarded = awards(shijingshan(awards=Awards(tiers=TIERS)), results)
        with pytest.raises(DataError, match="duplicate-row"):
            measure(MONEY, pl.concat([awarded, awarded]))


TIER = {"tier": pl.String}
MONEY = Measure(
    of="awarded",
    period="year",
    unit=Title(zh="元", en="yuan"),
    numerator=Quantity(what="sum", columns=("award",), decimals=2),
)
