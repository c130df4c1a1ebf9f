"""Points: caps, periods, real names and redemption, entry by entry; nothing is changed afterwards."""

import random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kinds import KINDS

from communitygov.provisions.points import award, check_appended
from communitygov.provisions.points_explain import explain_points
from communitygov.provisions.points_rules import Activity, Points, Reward
from communitygov.testing.strategies_points import entries_frame, points_rules
from communitygov.vocabulary.errors import DataError, DocumentError, UsageError
from communitygov.vocabulary.text import Title

PEOPLE = {"person": Title(zh="个人", en="person")}
RULE = Points(
    holders=PEOPLE,
    activities={"visit": Activity(points=5, most=8, per="month"), "idea": Activity()},
    rewards={"soap": Reward(costs=6)},
)


def entries(what: list[str], **columns: object) -> pl.DataFrame:
    rows = {"entry": range(1, len(what) + 1), "account": "Ma", "holder": "person", "on": "2024-05-06", "what": what}
    return pl.DataFrame({**rows, **columns})


@st.composite
def cases(draw: st.DrawFn) -> tuple[Points, pl.DataFrame]:
    rule = draw(points_rules())
    return rule, draw(entries_frame(rule))


class TestAgreement:
    @given(cases())
    def test_every_statement_says_what_the_ledger_has(self, case) -> None:
        """Points, reason and balance of every entry, whatever the caps and whatever is not known."""
        rule, frame = case
        ledger = award(rule, frame)
        seen = {row["entry"]: (row["points"], row["reason"], row["balance"]) for row in ledger.frame.rows(named=True)}
        told = {}
        for account in set(frame["account"]):
            statement = explain_points(rule, frame, account)
            assert statement.value == ledger.balances[account]
            for step in statement.children:
                told[int(step.key)] = (step.value, step.facts["reason"], step.facts["balance"])
        assert seen == told

    @given(cases(), st.integers(0, 2**32))
    def test_the_order_of_rows_changes_nothing(self, case, seed) -> None:
        """Entries are taken in the order of their numbers, wherever they stand."""
        rule, frame = case
        mixed = frame[random.Random(seed).sample(range(frame.height), frame.height)]
        assert award(rule, frame).frame.rows() == award(rule, mixed).frame.rows()

    @given(cases())
    def test_what_comes_later_changes_nothing_before(self, case) -> None:
        """A ledger only appends: that of the first entries is the beginning of that of all."""
        rule, frame = case
        half = frame.height // 2
        assert award(rule, frame).frame.head(half).rows() == (
            award(rule, frame.head(half)).frame.rows() if half else []
        )

    @given(cases())
    def test_balances_are_sums_and_never_below_nothing(self, case) -> None:
        """Where all is known, a balance is the sum of the account's points; redeeming never overdraws it."""
        ledger = award(*case)
        for account, balance in ledger.balances.items():
            points = ledger.frame.filter(pl.col("account") == account)["points"].to_list()
            assert balance == (None if None in points else sum(points))
            assert balance is None or balance >= 0

    @pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
    def test_every_kind_of_frame_gives_the_same(self, kind) -> None:
        """Polars, lazy or not, pandas, PyArrow and DuckDB."""
        found = kind.read(award(RULE, kind.make(entries(["visit", "visit", "soap", "soap"]))).frame)
        assert found.sort("entry").select("points", "reason", "balance").rows() == [
            (5, "earned", 5),
            (3, "capped", 8),
            (-6, "redeemed", 2),
            (0, "too_few", 2),
        ]


class TestWhatIsNotKnown:
    def test_points_that_the_text_does_not_give_are_not_guessed(self) -> None:
        """The balance is not known from then on, and nothing is redeemed out of it."""
        rows = award(RULE, entries(["visit", "idea", "soap"])).frame.select("points", "reason", "balance").rows()
        assert rows == [(5, "earned", 5), (None, "not_known", None), (0, "balance_not_known", None)]


class TestAppending:
    OLD = entries(["visit", "visit"])

    def test_what_is_added_at_the_end_is_in_order(self) -> None:
        """More entries with higher numbers."""
        check_appended(self.OLD, entries(["visit", "visit", "soap"]))

    @pytest.mark.parametrize(
        ("new", "code"),
        [
            (OLD.head(1), "entry-gone"),
            (entries(["visit", "soap"]), "entry-changed"),
            (entries(["visit"] * 3, entry=[1, 2, 0]), "entry-goes-back"),
        ],
    )
    def test_a_changed_past_is_found(self, new, code) -> None:
        """An entry that is gone, says something else, or was put in before others, by its number."""
        with pytest.raises(DataError) as error:
            check_appended(self.OLD, new)
        assert code in {one.code for one in error.value.problems}


class TestBadInput:
    @pytest.mark.parametrize(
        ("columns", "code"),
        [
            ({"what": ["visit", "vist"]}, "unknown-entry"),
            ({"holder": "people"}, "unknown-entry"),
            ({"entry": [1, 1]}, "duplicate-row"),
            ({"entry": [-1, 1]}, "entry-below-zero"),
            ({"on": "2024-05"}, "entry-without-day"),
            ({"on": ["2024-05-06", "2024-05-05"]}, "entry-goes-back"),
        ],
    )
    def test_it_is_named(self, columns, code) -> None:
        """A misspelt activity or kind, a number twice or below nothing, no day, and days that go back."""
        wrong = entries(**{"what": ["visit", "visit"], **columns})
        for ask in (award, lambda *given: explain_points(*given, wrong["account"][0])):
            with pytest.raises(DataError) as error:
                ask(RULE, wrong)
            assert code in {one.code for one in error.value.problems}

    def test_entries_without_their_numbers(self) -> None:
        """Of such nothing can be said to be appended, or explained."""
        bare = entries(["visit"]).drop("entry")
        for ask in (check_appended, lambda *_: explain_points(RULE, bare, "Ma")):
            with pytest.raises(DataError, match="has no column `entry`"):
                ask(bare, bare)

    def test_an_account_that_there_is_not(self) -> None:
        """The nearest is offered."""
        with pytest.raises(UsageError, match="no account `Mo`"):
            explain_points(RULE, entries(["visit"]), "Mo")

    @pytest.mark.parametrize(
        ("rule", "code"),
        [
            (Points(holders={}, activities={"a": Activity()}), "missing-setting"),
            (Points(holders=PEOPLE, activities={}), "missing-setting"),
            (Points(holders=PEOPLE, activities={"a": Activity(holders=("persn",))}), "unknown-reference"),
            (Points(holders=PEOPLE, activities={"a": Activity()}, most=5), "missing-setting"),
        ],
    )
    def test_a_rule_that_is_none_is_refused(self, rule, code) -> None:
        """Before any entry is read."""
        with pytest.raises(DocumentError) as error:
            award(rule, entries(["a"]))
        assert [one.code for one in error.value.problems] == [code]

    def test_a_cap_of_an_activity_has_a_period(self) -> None:
        """And a period has a cap."""
        assert [one.path for one in Activity(points=1, most=2).check()] == [("per",)]
        assert [one.path for one in Activity(points=1, per="month").check()] == [("most",)]
