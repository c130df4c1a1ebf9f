"""Rates of a procedure: measures over its cases, each with the counts that it rests on beside it."""

import datetime as dt
from fractions import Fraction
from random import Random
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.procedure.samples import HOUR, START, five_orders, limit, named

from communitygov.measures.measure import measure
from communitygov.measures.rules import Condition, Measure, Quantity
from communitygov.procedure.case import Actor, open_case
from communitygov.procedure.judge import judge
from communitygov.procedure.rates import rates
from communitygov.procedure.rows import events_frame
from communitygov.procedure.rules import CaseFact, Clock, Deadline, Line, Procedure, Role, Step
from communitygov.testing.strategies_cases import Log, faulted, frame_of, walked
from communitygov.testing.strategies_procedure import made_procedure
from communitygov.vocabulary.clock import moment_at
from communitygov.vocabulary.errors import DataError, UsageError

tried = settings(max_examples=settings().max_examples // 3, suppress_health_check=[HealthCheck.too_slow])
CLOSED = {"is_closed": Condition(flag=True)}
GIVEN_UP = Condition(one_of=("given_up",))


def count(**where):
    return Quantity(what="count", where=where)


def rate(numerator, base=None, **more):
    return Measure(
        **{"of": "cases", "numerator": numerator, "base": base, "unit": named("of cases"), "period": "month", **more}
    )


ON, KNOWN = Condition(known=True, flag=True), Condition(known=True)
RATES = {
    "closed": rate(count(**CLOSED), count()),
    "solved": rate(count(outcome=Condition(one_of=("solved",))), count(**CLOSED), excluded={"outcome": GIVEN_UP}),
    "refusals": rate(Quantity(what="sum", columns=("count.refusal",)), count(), period="year", least=3),
}
RULES = five_orders(rates=RATES)


def cases(*rows):
    """Return cases of (case, day opened, day closed, outcome), at noon in Shanghai, without faults."""
    zone = ZoneInfo("Asia/Shanghai")

    def noon(day):
        return None if day is None else dt.datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=zone)

    frame = [
        {
            "case": case,
            "opened": noon(opened),
            "closed": noon(closed),
            "is_closed": closed is not None,
            "outcome": outcome,
        }
        for case, opened, closed, outcome in rows
    ]
    schema = {name: pl.Datetime("us", "Asia/Shanghai") for name in ("opened", "closed")}
    return pl.DataFrame(frame, schema_overrides={**schema, "outcome": pl.String}).with_columns(
        **{"count.refusal": pl.int_range(pl.len(), dtype=pl.Int64)}, street=pl.lit("s1")
    )


SOME = cases(
    ("a", "2024-01-30", "2024-02-02", "solved"),
    ("b", "2024-01-31", None, None),
    ("c", "2024-02-01", "2024-02-02", "given_up"),
    ("d", "2024-02-02", "2024-02-29", "solved"),
)


@st.composite
def judged(draw):
    """Draw a procedure that counts outcomes, and what became of a faulty log of it."""
    random = Random(draw(st.integers(0, 2**32)))
    procedure = made_procedure(random)
    outcomes = {name: rate(count(outcome=Condition(one_of=(name,)), **CLOSED)) for name in procedure.outcomes}
    unknown = {"unknown": rate(count(outcome=Condition(known=False), **CLOSED)), "all": rate(count(**CLOSED))}
    procedure = evolve(procedure, rates={**outcomes, **unknown})
    log = {f"c{i}": walked(random, procedure, 30) for i in range(12)}
    log = {case: faulted(random, procedure, acts) if random.randrange(2) else acts for case, acts in log.items()}
    last = max(act.at for acts in log.values() for act in acts)
    return procedure, judge(procedure, frame_of(procedure, Log(log, moment_at(last, "UTC"))), moment_at(last, "UTC"))


class TestProperties:
    @tried
    @given(judged())
    def test_outcomes_sum_to_the_closed_cases(self, found):
        """P7: the counts of each outcome, and of closed cases without one, add up to the closed cases of a period."""
        procedure, result = found
        values = rates(procedure, result, dated="closed").frame
        total = values.group_by("period").agg(
            every=pl.col("numerator").filter(pl.col("rate") == "all").sum(),
            parts=pl.col("numerator").filter(pl.col("rate") != "all").sum(),
        )
        assert total["every"].to_list() == total["parts"].to_list()
        assert total["every"].sum() == result.cases["is_closed"].sum()

    @tried
    @given(st.lists(st.tuples(st.integers(0, 60), st.booleans(), st.sampled_from(["solved", "given_up"])), max_size=12))
    def test_an_excluded_case_changes_its_own_counter_only(self, drawn):
        """P8: a case that is excluded from a rate adds one to what is left out, and changes no value of any."""
        rows = [
            (
                f"c{i}",
                f"2024-{1 + day // 30:02}-{1 + day % 28:02}",
                "2024-04-01" if done else None,
                outcome if done else None,
            )
            for i, (day, done, outcome) in enumerate(drawn)
        ]
        one = ("x", "2024-01-15", "2024-02-01", "given_up")
        only = evolve(RULES, rates={"solved": RATES["solved"]})
        before, after = (
            rates(only, cases(("y", "2024-01-01", "2024-01-02", "solved"), *every)).frame
            for every in (rows, [*rows, one])
        )
        changed = pl.col("period") == "2024-01"
        assert after.equals(before.with_columns(excluded=pl.col("excluded") + changed.cast(pl.Int64)))

    @tried
    @given(st.permutations(range(4)))
    def test_the_order_of_cases_is_of_no_weight(self, order):
        """Cases in any order give the same values."""
        assert rates(RULES, SOME[order]).frame.equals(rates(RULES, SOME).frame)


class TestRates:
    def test_each_value_has_its_counts_beside_it(self):
        """Numerator, base, the cases it rests on and those left out are all there, of each rate in its own period."""
        assert rates(RULES, SOME).frame.rows() == [
            ("closed", "2024-01", 1, 2, 2, 0, 0),
            ("closed", "2024-02", 2, 2, 2, 0, 0),
            ("solved", "2024-01", 1, 1, 1, 0, 0),
            ("solved", "2024-02", 1, 1, 1, 1, 0),
            ("refusals", "2024", 6, 4, 4, 0, 0),
        ]

    def test_a_period_of_which_all_is_excluded_is_told(self):
        """Where nothing is left there is no value, and the number of those left out says why."""
        found = rates(RULES, SOME.filter(case="c")).frame.filter(rate="solved")
        assert found.rows() == [("solved", "2024-02", None, None, 0, 1, 0)]

    def test_fewer_cases_than_the_least_have_no_value(self):
        """What rests on too few cases is left open, with their number."""
        found = rates(RULES, SOME.head(2)).frame.filter(rate="refusals")
        assert found.rows() == [("refusals", "2024", None, None, 2, 0, 0)]

    def test_they_may_be_taken_of_when_cases_were_closed(self):
        """Then a case counts in the period in which it was closed, and one that is open in none."""
        found = rates(RULES, SOME, dated="closed").frame
        assert found.filter(rate="closed").rows() == [("closed", "2024-02", 3, 3, 3, 0, 0)]

    def test_they_may_be_taken_over_another_period_and_by_columns(self):
        """Every rate over the same period, for each value of the columns, in the order of these."""
        found = rates(
            RULES, SOME.with_columns(street=pl.col("case").replace({"a": "s2"})), by=["street"], period="quarter"
        )
        assert found.key == ("rate", "street", "period")
        assert found.frame.filter(rate="closed").select("street", "period", "numerator", "base").rows() == [
            ("b", "2024Q1", 0, 1),
            ("c", "2024Q1", 1, 1),
            ("d", "2024Q1", 1, 1),
            ("s2", "2024Q1", 1, 1),
        ]

    def test_cases_whose_deadline_rests_on_a_year_that_is_not_published_are_counted(self):
        """Of those that the rate rests on: what is left out of it, or what it does not ask about, marks nothing."""
        kept = rate(count(**{"kept.handling": Condition(flag=True)}), count(), excluded={"outcome": GIVEN_UP})
        marked = SOME.with_columns(
            **{"kept.handling": pl.lit(True), "provisional.handling": pl.Series([None, False, True, True])}
        )
        rules = evolve(RULES, rates={"kept": kept, "closed": RATES["closed"]})
        found = rates(rules, marked).frame
        assert found.select("rate", "period", "provisional").rows() == [
            ("kept", "2024-01", 0),
            ("kept", "2024-02", 1),
            ("closed", "2024-01", 0),
            ("closed", "2024-02", 0),
        ]
        with pytest.raises(DataError, match=r"no column `provisional\.handling`"):
            rates(rules, marked.drop("provisional.handling"))

    def test_a_rate_may_have_groups_of_its_own(self):
        """Its groups stand in a column that is empty for rates without."""
        by_street = evolve(RULES, rates={"closed": RATES["closed"], "each": rate(count(), by="street", period="year")})
        found = rates(by_street, SOME).frame
        assert found.columns == ["rate", "street", "period", "numerator", "base", "rows", "excluded", "provisional"]
        assert found.rows()[-1] == ("each", "s1", "2024", 4, 1, 4, 0, 0)
        assert found["street"].null_count() == 2

    def test_a_case_is_of_the_day_on_the_wall(self):
        """The last evening of January in UTC is the first of February in Shanghai."""
        late = SOME.head(1).with_columns(opened=pl.lit(dt.datetime(2024, 1, 31, 20, tzinfo=dt.UTC)))
        assert rates(RULES, late).frame.filter(rate="closed")["period"].to_list() == ["2024-02"]

    def test_values_can_be_held_against_what_is_expected(self):
        """What each rate came to is a measure's values, as anywhere else."""
        found = rates(RULES, SOME).values["closed"]
        again = measure(RATES["closed"], SOME.with_columns(period=pl.col("opened").dt.strftime("%Y-%m-%d")))
        assert found.frame.equals(again.frame)
        assert [Fraction(top, base) for top, base in found.frame.select("numerator", "base").rows()] == [
            Fraction(1, 2),
            1,
        ]


HOTLINE = Procedure(
    clock=Clock(zone="Asia/Shanghai", calendar="cn_statutory"),
    roles={"desk": Role(), "office": Role()},
    facts={"solved": CaseFact(kind="flag"), "satisfied": CaseFact(kind="flag"), "office": CaseFact(kind="text")},
    outcomes={"closed": named("closed")},
    steps={
        "receive": Step(by=("desk",), starts=True, next=("answer",)),
        "answer": Step(by=("desk",), next=("handle", "pass_up")),
        "pass_up": Step(by=("desk",), next=("handle",)),
        "handle": Step(by=("desk",), needs=("solved",), next=("call_back",)),
        "call_back": Step(by=("desk",), may_set=("satisfied",), awaits=("reporting",), closes="closed"),
        "whistle": Step(
            by=("desk",), line="reporting", during=("answer",), needs=("office",), counts_as="whistle",
            next=("report_in",),
        ),
        "report_in": Step(by=("office",), line="reporting"),
    },
    lines={"reporting": Line(per="office")},
    deadlines={
        "response": Deadline(from_=("receive",), to=("answer",), again="run_on", limit=limit(2, "elapsed_hours")),
        "handling": Deadline(
            from_=("receive",), to=("handle",), again="run_on", limit=limit(5, "working_days", "day_after")
        ),
    },
    rates={
        "response": rate(count(**{"kept.response": ON}), count(**{"kept.response": KNOWN})),
        "on_time": rate(count(**{"kept.handling": ON}), count(**{"kept.handling": KNOWN})),
        "completion": rate(count(**CLOSED), count()),
        "solved": rate(count(**{"fact.solved": ON}, **CLOSED), count(**CLOSED)),
        "satisfied": rate(count(**{"fact.satisfied": ON}, **CLOSED), count(**{"fact.satisfied": KNOWN}, **CLOSED)),
        "satisfied_of_all": rate(count(**{"fact.satisfied": ON}, **CLOSED), count(**CLOSED)),
        "not_passed_up": rate(
            count(**{"fact.solved": ON, "done.pass_up": Condition(at_most=Fraction(0))}, **CLOSED), count(**CLOSED)
        ),
        "reports_per_whistle": rate(
            Quantity(what="sum", columns=("done.report_in",)), Quantity(what="sum", columns=("count.whistle",))
        ),
    },
)  # fmt: skip
"""A hotline by whose log every rate that cities publish is taken."""


class TestPublishedRates:
    def test_each_is_a_measure_with_its_counts(self):
        """Two in time of three, one satisfied of one asked or of two in all, and two reports in by three whistles."""
        assert not [*HOTLINE.check()]
        desk = Actor("d", "desk")
        quick = open_case(HOTLINE, "quick", "receive", desk, START).act("answer", desk, START + HOUR)
        for office in ("water", "power"):
            quick = quick.act("whistle", desk, START + 2 * HOUR, office=office)
            quick = quick.act("report_in", Actor("o", "office", office), START + 2 * HOUR)
        quick = quick.act("handle", desk, START + 3 * HOUR, solved=True)
        quick = quick.act("call_back", desk, START + 4 * HOUR, satisfied=True)
        slow = open_case(HOTLINE, "slow", "receive", desk, START).act("answer", desk, START + 3 * HOUR)
        slow = slow.act("pass_up", desk, START + 4 * HOUR).act("handle", desk, START + 20 * 24 * HOUR, solved=True)
        slow = slow.act("call_back", desk, START + 21 * 24 * HOUR)
        underway = open_case(HOTLINE, "underway", "receive", desk, START + 24 * HOUR)
        underway = underway.act("answer", desk, START + 25 * HOUR).act("whistle", desk, START + 26 * HOUR, office="gas")
        log = events_frame(HOTLINE, [quick, slow, underway])
        found = rates(HOTLINE, judge(HOTLINE, log, START + 25 * HOUR + 20 * 24 * HOUR), period="year").frame
        told = {row["rate"]: (row["numerator"], row["base"]) for row in found.rows(named=True)}
        assert told == {
            "response": (2, 3),
            "on_time": (1, 3),
            "completion": (2, 3),
            "solved": (2, 2),
            "satisfied": (1, 1),
            "satisfied_of_all": (1, 2),
            "not_passed_up": (1, 2),
            "reports_per_whistle": (2, 3),
        }


class TestNobody:
    def test_cases_that_nobody_has_yet_are_a_group_of_their_own(self):
        """By owner, of whom one is missing: two groups, and nothing is left out."""
        frame = SOME.with_columns(owner=pl.Series([None, "s1", "s1", "s1"]))
        found = rates(RULES, frame, by=["owner"], period="year").frame.filter(rate="closed")
        assert found.select("owner", "numerator", "base").sort("owner").rows() == [(None, 1, 1), ("s1", 2, 3)]


class TestWrongCalls:
    @pytest.mark.parametrize(
        ("call", "said"),
        [
            ({"by": "owner"}, r"a list of columns, such as \['owner'\]"),
            ({"period": "moth"}, "did you mean `month`"),
            ({"dated": "open"}, "did you mean `opened`"),
        ],
    )
    def test_a_call_that_is_none_is_answered(self, call, said):
        """One column by itself, no period, and no day of a case."""
        with pytest.raises(UsageError, match=said):
            rates(RULES, SOME, **call)

    def test_a_procedure_without_rates_is_refused(self):
        """There is nothing to take."""
        with pytest.raises(UsageError, match="no rates"):
            rates(five_orders(), SOME)

    @pytest.mark.parametrize(
        ("frame", "said"),
        [
            (SOME.drop("opened"), "no column `opened`"),
            (SOME.with_columns(pl.col("opened").dt.replace_time_zone(None)), "have no time zone"),
            (SOME.with_columns(opened=pl.lit("2024-01-01")), "must hold times with a zone"),
            (pl.concat([SOME, SOME.head(1)]), "the row is repeated"),
            (SOME.drop("is_closed"), "no column `is_closed`"),
            (SOME.with_columns(opened=pl.lit(None, dtype=SOME.schema["opened"])), "the value is missing"),
        ],
    )
    def test_what_are_no_cases_is_refused(self, frame, said):
        """The column is named, and the rows."""
        with pytest.raises(DataError, match=said):
            rates(RULES, frame)
