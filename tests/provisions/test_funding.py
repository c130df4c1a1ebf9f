"""Funding: each formula in exact amounts, nothing lost and nothing guessed, and the explanation says the same."""

import random
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kinds import KINDS

from communitygov.provisions.funding import Funded, differences, fund
from communitygov.provisions.funding_explain import explain_funding
from communitygov.provisions.funding_rules import Funding, Point, check_fundings
from communitygov.testing.strategies_funding import YUAN, fundings, units_frame
from communitygov.vocabulary.errors import DataError, DocumentError, UsageError
from communitygov.vocabulary.text import Title

UNITS = pl.DataFrame({"unit": ["A", "B", "C"], "kind": ["community"] * 3, "homes": [1, 1, 1], "mark": [60, 75, 90]})
SCALE = {"floor": Point(at=Fraction(60), pays=Fraction(0)), "cap": Point(at=Fraction(90), pays=Fraction(100))}


def amounts(funded: Funded) -> dict[tuple[str, str], int | None]:
    return {(row["unit"], row["funding"]): row["amount"] for row in funded.frame.rows(named=True)}


def rule(**settings: object) -> Funding:
    return Funding(**{"to": "community", "unit": YUAN, **settings})  # type: ignore[arg-type]


@st.composite
def cases(draw: st.DrawFn) -> tuple[dict[str, Funding], pl.DataFrame]:
    rules = draw(fundings())
    return rules, draw(units_frame(rules))


class TestAgreement:
    @given(cases())
    def test_the_explanation_of_each_unit_comes_to_what_the_verb_gives(self, case) -> None:
        """Formulas of every kind, missing values, grants outside their purpose: every amount is explained."""
        rules, units = case
        found = fund(rules, units).frame.rows(named=True)
        told = {}
        for unit in units["unit"]:
            for step in explain_funding(rules, units, unit).children:
                told[unit, step.key] = (step.value, step.facts["in_order"])
        places = {key: 10**one.decimals for key, one in rules.items()}
        seen = {
            (row["unit"], row["funding"]): (
                None if row["amount"] is None else Fraction(row["amount"], places[row["funding"]]),
                row["in_order"],
            )
            for row in found
        }
        assert seen == told

    @given(cases(), st.integers(0, 2**32))
    def test_the_order_of_rows_changes_nothing(self, case, seed) -> None:
        """What a unit gets does not hang on where it stands."""
        rules, units = case
        mixed = units[random.Random(seed).sample(range(units.height), units.height)]
        assert amounts(fund(rules, units)) == amounts(fund(rules, mixed))

    @pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
    def test_every_kind_of_frame_gives_the_same(self, kind) -> None:
        """Polars, lazy or not, pandas, PyArrow and DuckDB; what is left of money as well."""
        rules = {
            "service": rule(pool=Fraction(100), by="homes"),
            "pay": rule(points=SCALE, score="mark", rounding="down"),
            "branch": rule(to="branch", each=Fraction(3), inside="service"),
        }
        branches = pl.DataFrame({"unit": ["a1", "a2"], "kind": ["branch"] * 2, "part_of": ["A", "A"]})
        units = pl.concat([UNITS, branches], how="diagonal")
        funded = fund(rules, kind.make(units))
        frame = kind.read(funded.frame)
        assert sorted(frame.select("unit", "funding", "amount").rows()) == sorted(
            [
                *(("A", "service", 34), ("B", "service", 33), ("C", "service", 33)),
                *(("A", "pay", 0), ("B", "pay", 50), ("C", "pay", 100)),
                *(("a1", "branch", 3), ("a2", "branch", 3)),
            ]
        )
        left = kind.read(funded.left)
        assert left.sort("unit").select("unit", "got", "paid", "left").rows() == [
            ("A", 34, 6, 28),
            ("B", 33, 0, 33),
            ("C", 33, 0, 33),
        ]
        assert [total["amount"] for total in funded.totals] == [100, 150, 6]
        assert funded.on_top == {YUAN: Fraction(250)}


class TestPool:
    @given(st.integers(0, 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=8))
    def test_not_a_cent_is_lost(self, pool, weights) -> None:
        """Shares add up to the pool, and none is a whole unit off its exact part; without any weight nobody knows."""
        units = pl.DataFrame({"unit": [f"u{n}" for n in range(len(weights))], "kind": "community", "homes": weights})
        found = amounts(fund({"p": rule(pool=Fraction(pool), by="homes")}, units))
        if not any(weights):
            assert set(found.values()) == {None}
            return
        assert sum(value or 0 for value in found.values()) == pool
        for n, weight in enumerate(weights):
            assert abs(Fraction(found[f"u{n}", "p"] or 0) - Fraction(pool * weight, sum(weights))) < 1

    def test_what_one_weight_lacks_all_shares_lack(self) -> None:
        """A pool is not shared while one weight is missing: each part would change."""
        units = UNITS.with_columns(pl.Series("homes", [1, None, 1], dtype=pl.Int64))
        funded = fund({"p": rule(pool=Fraction(90), by="homes")}, units)
        assert set(amounts(funded).values()) == {None}
        assert funded.totals == [{"funding": "p", "units": 3, "amount": None, "missing": 3, "left": None}]
        assert funded.on_top == {YUAN: None}


class TestScore:
    @given(st.integers(0, 1000), st.integers(0, 1000))
    def test_a_better_score_never_pays_less_on_a_rising_scale(self, one, other) -> None:
        """Monotone where the scale is, and held at its ends: a floor and a cap."""
        rules = {"pay": rule(points=SCALE, score="mark", score_decimals=1, rounding="half_up", decimals=2)}
        low, high = sorted((one, other))
        units = pl.DataFrame({"unit": ["low", "high"], "kind": "community", "mark": [low, high]})
        found = amounts(fund(rules, units))
        assert 0 <= found["low", "pay"] <= found["high", "pay"] <= 10000

    @pytest.mark.parametrize(("mark", "paid"), [(0, 0), (600, 0), (601, 33), (899, 9966), (900, 10000), (1000, 10000)])
    def test_it_is_exact_at_the_points(self, mark, paid) -> None:
        """60 pays nothing, 90 pays all; a tenth of a point above or below pays its part, cut to a cent."""
        rules = {"pay": rule(points=SCALE, score="mark", score_decimals=1, rounding="down", decimals=2)}
        units = pl.DataFrame({"unit": ["A"], "kind": "community", "mark": [mark]})
        assert amounts(fund(rules, units)) == {("A", "pay"): paid}


AWARDS = {"award": Title(zh="奖励", en="award")}
GRANTS = {"projects": rule(to="project", ways=AWARDS, pool=Fraction(50), only="fit")}


class TestWays:
    def units(self, **columns: object) -> pl.DataFrame:
        said = {"unit": ["p", "q"], "kind": "project", "way": ["award", None], "amount": [60, 0], "fit": [False, False]}
        return pl.DataFrame({**said, **columns})

    def test_grants_beyond_the_pool_or_its_purpose_are_told(self) -> None:
        """The pool is short by 10, and the grant went to whom it is not for; nothing is granted without fault."""
        funded = fund(GRANTS, self.units())
        assert funded.totals[0]["left"] == -10
        assert dict(funded.frame.select("unit", "in_order").rows()) == {"p": False, "q": True}
        assert explain_funding(GRANTS, self.units(), "p").find("projects").text.en == "60 yuan by way of award"

    def test_a_way_that_there_is_not_is_an_error(self) -> None:
        """It is shown with the ways that there are; an amount without a way lacks one."""
        with pytest.raises(DataError, match="there is award") as error:
            fund(GRANTS, self.units(way=["awrd", "award"]))
        assert [one.code for one in error.value.problems] == ["unknown-way"]
        with pytest.raises(DataError, match="without a way"):
            fund(GRANTS, self.units(way=[None, None], amount=[5, None]))

    def test_nothing_is_inside_anything(self) -> None:
        """Where nothing is paid out of other money, nothing is left of any."""
        assert fund(GRANTS, self.units()).left is None


class TestBadInput:
    @pytest.mark.parametrize(
        "units",
        [
            pl.concat([UNITS, UNITS[:1]]),
            UNITS.drop("homes"),
            UNITS.with_columns(homes=-pl.col("homes")),
            UNITS.with_columns(homes=pl.lit("many")),
            UNITS.with_columns(unit=pl.lit(None, dtype=pl.String)),
        ],
        ids=["twice", "no weight", "below nothing", "no number", "no name"],
    )
    def test_the_explanation_refuses_what_the_verb_refuses(self, units) -> None:
        """A unit twice, a weight that is absent, negative or no number, and a unit without a name."""
        rules, codes = {"a": rule(pool=Fraction(15), by="homes")}, []
        for ask in (fund, lambda *given: explain_funding(*given, "A")):
            with pytest.raises(DataError) as error:
                ask(rules, units)
            codes.append([one.code for one in error.value.problems])
        assert codes[0] == codes[1]

    def test_a_unit_that_is_part_of_none_is_named(self) -> None:
        """What it gets would be paid out of nothing, and be missing in every total."""
        rules = {"a": rule(each=Fraction(5)), "b": rule(to="branch", each=Fraction(1), inside="a")}
        units = pl.DataFrame({"unit": ["C1", "b"], "kind": ["community", "branch"], "part_of": [None, "C2"]})
        for ask in (fund, lambda *given: explain_funding(*given, "b")):
            with pytest.raises(DataError, match="no unit `C2`"):
                ask(rules, units)

    def test_a_kind_that_nothing_is_for_is_named(self) -> None:
        """A misspelt kind would get nothing without a word."""
        with pytest.raises(DataError, match="there is community"):
            fund({"a": rule(each=Fraction(1))}, pl.DataFrame({"unit": ["A"], "kind": ["comunity"]}))

    def test_an_amount_too_large_to_add_up_is_refused(self) -> None:
        """A million million times two is no amount."""
        units = pl.DataFrame({"unit": ["A"], "kind": ["community"], "homes": [2]})
        with pytest.raises(DataError, match="too large an amount"):
            fund({"a": rule(each=Fraction(10**12), times="homes")}, units)

    def test_a_unit_that_there_is_not(self) -> None:
        """The nearest name is offered."""
        with pytest.raises(UsageError, match="did you mean `Old Town`"):
            explain_funding(
                {"a": rule(each=Fraction(1))}, UNITS.with_columns(unit=pl.Series(["Old Town", "B", "C"])), "OldTown"
            )

    @pytest.mark.parametrize(
        ("settings", "code"),
        [
            ({}, "not-one-formula"),
            ({"each": Fraction(1), "ways": {"a": YUAN}}, "not-one-formula"),
            ({"each": Fraction(1), "by": "homes"}, "unused-setting"),
            ({"each": Fraction(1), "pool": Fraction(1)}, "unused-setting"),
            ({"each": Fraction(-1)}, "out-of-range"),
            ({"each": Fraction(1, 2)}, "too-many-decimals"),
            ({"points": SCALE, "score": "mark"}, "missing-setting"),
            ({"points": {"a": SCALE["cap"]}, "score": "mark", "rounding": "down"}, "one-point"),
            ({"points": {**SCALE, "b": SCALE["cap"]}, "score": "mark", "rounding": "down"}, "repeated-point"),
        ],
    )
    def test_a_rule_that_is_none_is_refused(self, settings, code) -> None:
        """Before any data is read, and by name."""
        with pytest.raises(DocumentError) as error:
            fund({"a": rule(**settings)}, UNITS)
        assert [one.code for one in error.value.problems] == [code]

    @pytest.mark.parametrize(
        ("more", "code"),
        [
            ({"to": "branch", "each": Fraction(1), "inside": "servise"}, "unknown-reference"),
            ({"to": "branch", "each": Fraction(1), "inside": "service", "decimals": 2}, "other-unit"),
            ({"each": Fraction(1), "inside": "service"}, "same-kind"),
            ({"ways": {"a": YUAN}}, "granted-twice"),
        ],
    )
    def test_fundings_fit_each_other(self, more, code) -> None:
        """What is paid out of what is there, of the unit above, in the same money; grants have one rule a kind."""
        rules = {"service": rule(each=Fraction(1)), "grants": rule(ways={"a": YUAN}), "more": rule(**more)}
        assert [one.code for one in check_fundings(rules)] == [code]


class TestDifferences:
    def test_who_gets_more_or_less_is_listed_and_nobody_else(self) -> None:
        """A higher rate, a funding that is new and one that goes; whoever gets the same is left out."""
        old = {"a": rule(each=Fraction(5)), "gone": rule(each=Fraction(1)), "same": rule(each=Fraction(7))}
        new = {"a": rule(pool=Fraction(15), by="homes"), "new": rule(each=Fraction(2)), "same": rule(each=Fraction(7))}
        units = UNITS.with_columns(homes=pl.Series([1, 1, 3]))
        rows = differences(fund(old, units), fund(new, units))
        assert sorted(rows.select("unit", "funding", "before", "after", "difference").rows()) == [
            ("A", "a", 5, 3, -2),
            ("A", "gone", 1, None, -1),
            ("A", "new", None, 2, 2),
            ("B", "a", 5, 3, -2),
            ("B", "gone", 1, None, -1),
            ("B", "new", None, 2, 2),
            ("C", "a", 5, 9, 4),
            ("C", "gone", 1, None, -1),
            ("C", "new", None, 2, 2),
        ]

    def test_what_is_not_known_differs_from_what_is(self) -> None:
        """An amount that is known under one rule only has no difference, and is not passed over."""
        units = UNITS.with_columns(homes=pl.Series([None, 1, 1], dtype=pl.Int64))
        before = fund({"a": rule(each=Fraction(1))}, units)
        after = fund({"a": rule(each=Fraction(1), times="homes")}, units)
        assert differences(before, after).rows() == [("A", "community", "a", 1, None, None)]

    @given(cases())
    def test_the_same_rules_make_no_difference(self, case) -> None:
        """Whatever the formulas, and whatever is missing."""
        rules, units = case
        assert differences(fund(rules, units), fund(rules, units)).is_empty()
