"""Real logs, judged by procedures that say what their sources do, give the figures that are known of them."""

import datetime as dt
from collections import Counter
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest

from communitygov.measures.rules import Condition, Measure, Quantity
from communitygov.procedure.judge import judge
from communitygov.procedure.logs import read_log, read_mapping
from communitygov.procedure.rates import rates
from communitygov.procedure.rules import CaseFact, Clock, Deadline, Limit, Line, Procedure, Role, Step
from communitygov.vocabulary.numbers import Number
from communitygov.vocabulary.text import Title

MAPPINGS = Path(__file__).parent / "logs"
OUTCOME = {"done": Title(zh="办结", en="done")}
CASES = Title(zh="件", en="cases")


def events_of(shared_data, file, mapping):
    """Read a log; nobody's role is told in any of them."""
    events = read_log(shared_data / "real" / "orders" / file, read_mapping(MAPPINGS / mapping))
    return events.with_columns(role=pl.lit("office")), events["at"].max()


def two_steps(zone, first, last, limit, facts=None, rates=None, **deadline):
    """Return the procedure of a case that is opened and closed, with the time from the one to the other."""
    facts = facts or {}
    return Procedure(
        clock=Clock(zone=zone, calendar="cn_statutory" if zone == "Asia/Shanghai" else "monday_to_friday"),
        roles={"office": Role()},
        facts=facts,
        outcomes=OUTCOME,
        steps={
            first: Step(by=("office",), starts=True, may_set=(*facts,), next=(last,)),
            last: Step(by=("office",), may_set=(*facts,), closes="done"),
        },
        deadlines={
            "closing": Deadline(from_=(first,), to=(last,), again="run_on", limit=limit, **deadline),
        },
        rates=rates or {},
    )


def by_the_row(events, first, target):
    """Return the events with the time that each case was given as one of the values of a choice, and its limits.

    Args:
        events: The log.
        first: The step that begins.
        target: The column of when it should have ended.
    """
    given = (pl.col(target) - pl.col("at")).dt.total_microseconds()
    limit = pl.when(pl.col("step") == first).then(given.cast(pl.String).fill_null("none")).alias("fact.limit")
    events = events.with_columns(limit)
    values = events["fact.limit"].drop_nulls().unique().sort().to_list()
    hours = {one: Fraction(int(one), 3_600_000_000) for one in values if one != "none"}
    limits = {one: Limit(amount=Number(amount), unit="elapsed_hours") for one, amount in hours.items()}
    fact = CaseFact(kind="choice", values={one: Title(zh=one, en=one) for one in values})
    return events, fact, {"by": "limit", "limits": limits, "unlimited": ("none",) if "none" in values else ()}


def counted(**where):
    return Quantity(what="count", where=where)


KEPT, CLOSED = {"kept.closing": Condition(flag=True, known=True)}, {"is_closed": Condition(flag=True)}


ON_TIME = Measure(of="cases", numerator=counted(**KEPT, **CLOSED), base=counted(**CLOSED), unit=CASES, period="year")


class TestNewYork:
    def test_the_base_is_a_part_of_the_rate(self, shared_data):
        """Within 48 hours 68.9 % of all requests are closed, and 80.6 % of those that are: two rates, one procedure."""
        events, _ = events_of(shared_data, "nyc311_2025_235.csv", "nyc311.yaml")
        of_all = Measure(of="cases", numerator=counted(**KEPT, **CLOSED), base=counted(), unit=CASES, period="year")
        text = CaseFact(kind="text")
        procedure = two_steps(
            "America/New_York",
            "open",
            "close",
            Limit(amount=Number(48), unit="elapsed_hours"),
            {"service": text, "status": text},
            {"of_all": of_all, "of_closed": ON_TIME},
        )
        judged = judge(procedure, events, dt.datetime(2025, 12, 31, tzinfo=dt.UTC))
        found = rates(procedure, judged).frame
        assert found.rows() == [
            ("of_all", "2025", 162, 235, 235, 0, 0),
            ("of_closed", "2025", 162, 201, 201, 0, 0),
        ]
        assert [round(1000 * top / base) for _, _, top, base, *_ in found.rows()] == [689, 806]


class TestBoston:
    def test_the_citys_own_flag_is_recomputed(self, shared_data):
        """Closed by its target, 77 of 77 requests are as the city flags them; 11 have no target and no verdict."""
        events, last = events_of(shared_data, "boston311_100.csv", "boston311.yaml")
        events, fact, limits = by_the_row(events, "open", "fact.target")
        facts = {
            "limit": fact,
            "target": CaseFact(kind="time"),
            "on_time": CaseFact(kind="flag"),
            "service": CaseFact(kind="text"),
        }
        procedure = two_steps("America/New_York", "open", "close", None, facts, **limits)
        cases = judge(procedure, events, last).cases
        both = cases.filter(pl.col("is_closed") & pl.col("fact.target").is_not_null())
        assert (both.height, (both["kept.closing"] == both["fact.on_time"]).sum()) == (77, 77)
        assert {*both["kept.closing"]} == {True, False}
        none = cases.filter(pl.col("fact.target").is_null())
        assert (none.height, none["kept.closing"].null_count(), none["fact.on_time"].sum()) == (11, 11, 11)


MAIN = ("T01", "T02", "T03", "T04", "T05")


def receipt(steps):
    """Return the receipt phase: confirmed, checked, adjusted as often as needed, determined, sent; the rest beside."""
    aside = tuple(name for name in steps if name not in MAIN)
    office = {"by": ("office",)}
    main = {
        "T01": Step(**office, starts=True, next=("T02",)),
        "T02": Step(**office, next=("T03", "T04"), other_than=("T04",)),
        "T03": Step(**office, next=("T02",)),
        "T04": Step(**office, next=("T03", "T05"), other_than=("T02",)),
        "T05": Step(**office, closes="done"),
    }
    beside = {name: Step(**office, line="aside", during=MAIN, next=aside) for name in aside}
    lines = {"aside": Line()}
    return Procedure(roles={"office": Role()}, outcomes=OUTCOME, steps={**main, **beside}, lines=lines)


class TestReceipt:
    @pytest.fixture
    def log(self, shared_data):
        return events_of(shared_data, "receipt_events.csv", "receipt_events.yaml")

    def test_one_of_116_variants_is_out_of_order(self, log):
        """1,434 cases go 116 ways, and in one case alone a step does not follow: sent, but never determined."""
        events, last = log
        judged = judge(receipt(events["step"].unique().sort()), events, last)
        assert (judged.cases.height, judged.cases["events"].sum()) == (1434, 8577)
        wrong = judged.verdicts.filter(pl.col("verdict") == "wrong_order")
        assert (wrong["case"].n_unique(), wrong["what"].to_list()) == (1, ["T05"])
        missing = judged.verdicts.filter(pl.col("verdict") == "missing_step")
        assert missing.select("case", "what").rows() == [(wrong["case"][0], "T04")]
        ways = events.sort("case", "seq").group_by("case", maintain_order=True).agg(pl.col("step").str.join(">"))
        out = ways.filter(pl.col("case").is_in(wrong["case"].implode()))
        assert (ways["step"].n_unique(), out["step"].n_unique()) == (116, 1)

    def test_one_person_checks_and_determines_in_1042_of_1303_cases(self, log):
        """Where both were done last, the rule of two persons fails in 1,042 of 1,303 cases: in one by a check after."""
        events, last = log
        judged = judge(receipt(events["step"].unique().sort()), events, last)
        last_of_both = events.filter(pl.col("step").is_in(["T02", "T04"])).group_by("case").agg(pl.col("seq").max())
        both = judged.cases.filter((pl.col("done.T02") > 0) & (pl.col("done.T04") > 0))
        same = judged.verdicts.filter(pl.col("verdict") == "same_person").join(last_of_both, on=["case", "seq"])
        assert (both.height, same["case"].n_unique()) == (1303, 1042)
        assert Counter(same["what"]) == {"T02": 1041, "T04": 1}

    def test_954_end_in_time_and_375_late(self, shared_data):
        """Of 1,434 cases 1,329 ended, 954 by the deadline that each was given, and 375 late; two before they began."""
        events, last = events_of(shared_data, "receipt_cases.csv", "receipt_cases.yaml")
        events = events.with_columns(seq=pl.when(pl.col("step") == "begin").then(1).otherwise(2))
        events, fact, limits = by_the_row(events, "begin", "fact.deadline")
        facts = {"limit": fact, "channel": CaseFact(kind="text"), "deadline": CaseFact(kind="time")}
        procedure = two_steps("Europe/Amsterdam", "begin", "end", None, facts, {"on_time": ON_TIME}, **limits)
        judged = judge(procedure, events, last)
        ended = judged.cases.filter("is_closed")
        assert (judged.cases.height, Counter(ended["kept.closing"])) == (1434, {True: 954, False: 375})
        told = judged.verdicts["verdict"]
        assert ((told == "late").sum(), (told == "back_in_time").sum(), (told == "wrong_order").sum()) == (375, 2, 0)
        found = rates(procedure, judged, dated="closed").frame
        assert (found["numerator"].sum(), found["base"].sum()) == (954, 1329)


class TestMessages:
    @pytest.mark.parametrize(("days", "in_days", "by_due"), [(5, 1078, 1076), (10, 1737, 1736), (15, 2103, 2103)])
    def test_messages_are_answered_within_statutory_working_days(self, shared_data, days, in_days, by_due):
        """Late by no working day is within so many; two answers came on a free day after the last, past due."""
        events, last = events_of(shared_data, "cn_messages_2816.csv", "cn_messages.yaml")
        facts = {"asked_length": CaseFact(kind="whole"), "reply_length": CaseFact(kind="whole")}
        limit = Limit(amount=Number(days), unit="working_days", begins="day_after")
        judged = judge(two_steps("Asia/Shanghai", "ask", "reply", limit, facts), events, last)
        late = judged.verdicts.filter(pl.col("verdict") == "late")
        assert (judged.cases.height, late.height) == (2816, 2816 - by_due)
        assert 2816 - (late["by"] > 0).sum() == in_days
        assert {*late["counted"]} == {"working_days"}
        assert not late["provisional"].any()
