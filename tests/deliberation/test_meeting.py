"""Meetings: posted in time, supported, and answering for what the last one decided."""

import datetime as dt
import random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kinds import KINDS

from communitygov.deliberation.meeting import hold_meetings
from communitygov.deliberation.meeting_explain import explain_meeting
from communitygov.deliberation.meeting_rules import Deliberation, Participant, check_deliberations
from communitygov.vocabulary.errors import DataError, DocumentError, UsageError

LOOP = Deliberation(reports_previous=True)
TEXT = pl.String


def meetings(*days: str, body: str = "A") -> pl.DataFrame:
    return pl.DataFrame({"meeting": [str(n + 1) for n in range(len(days))], "body": body, "on": list(days)})


def motions(rows: list[tuple[str, str, str | None]], **columns: list[object]) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema={"motion": TEXT, "meeting": TEXT, "outcome": TEXT}, orient="row")
    return frame.with_columns(pl.Series(name, values) for name, values in columns.items())


def reports(*rows: tuple[str, str]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema={"motion": TEXT, "meeting": TEXT}, orient="row")


@st.composite
def records(draw: st.DrawFn):
    rule = Deliberation(
        reports_previous=draw(st.booleans()),
        notice_days=draw(st.none() | st.integers(0, 10)),
        support=draw(st.none() | st.integers(1, 5)),
    )
    start, held, put = dt.date(2024, 1, 1), [], []
    for body in ("A", "B"):
        for n, gap in enumerate(draw(st.lists(st.integers(1, 40), max_size=4))):
            start += dt.timedelta(days=gap)
            name = f"{body}{n}"
            held.append({"meeting": name, "body": body, "on": start.isoformat()})
            for m in range(draw(st.integers(0, 2))):
                posted = draw(st.none() | st.integers(0, 15))
                put.append(
                    {
                        "motion": f"{name}.{m}",
                        "meeting": name,
                        "outcome": draw(st.sampled_from([None, "passed", "passed", "rejected", "undetermined"])),
                        "posted": None if posted is None else (start - dt.timedelta(days=posted)).isoformat(),
                        "supporters": draw(st.none() | st.integers(0, 6)),
                    }
                )
    pairs = [(one["motion"], row["meeting"]) for one in put for row in held]
    told = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    kinds = {"motion": TEXT, "meeting": TEXT, "outcome": TEXT, "posted": TEXT, "supporters": pl.Int64}
    frames = (
        pl.DataFrame(held, schema={"meeting": TEXT, "body": TEXT, "on": TEXT}),
        pl.DataFrame(put, schema=kinds),
        reports(*told),
    )
    return rule, frames


class TestAgreement:
    @given(records())
    def test_every_record_says_what_the_verb_gives(self, record) -> None:
        """Order, items and motions of every meeting, followed back one by one as in one go."""
        rule, frames = record
        held = hold_meetings(rule, *frames)
        outcomes = {row["motion"]: (row["outcome"], row["faults"]) for row in held.motions.rows(named=True)}
        told = {}
        for row in held.meetings.rows(named=True):
            step = explain_meeting(rule, *frames, meeting=row["meeting"])
            assert step.value == row["in_order"]
            items = [one for one in step.children if one.key.startswith("item.")]
            assert row["unreported"] == ",".join(one.key.removeprefix("item.") for one in items if not one.value)
            for one in step.children:
                if one.key.startswith("motion."):
                    told[one.key.removeprefix("motion.")] = (one.value, one.facts["faults"])
        assert told == outcomes

    @given(records(), st.integers(0, 2**32))
    def test_the_order_of_rows_changes_nothing(self, record, seed) -> None:
        """Days make the order of meetings."""
        rule, frames = record
        mixed = [frame[random.Random(seed).sample(range(frame.height), frame.height)] for frame in frames]
        first, second = hold_meetings(rule, *frames), hold_meetings(rule, *mixed)
        assert first.meetings.rows() == second.meetings.rows()
        assert first.motions.rows() == second.motions.rows()

    @pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
    def test_every_kind_of_frame_gives_the_same(self, kind) -> None:
        """Polars, lazy or not, pandas, PyArrow and DuckDB."""
        put = motions([("lamp", "1", "passed"), ("lift", "2", "passed")])
        held = hold_meetings(LOOP, kind.make(meetings("2024-03-01", "2024-04-01")), kind.make(put))
        assert kind.read(held.meetings).sort("meeting").select("in_order", "unreported").rows() == [
            ("true", ""),
            ("false", "lamp"),
        ]


class TestTheLoop:
    """QF-23: the next meeting answers for the last."""

    PUT = motions([("lamp", "1", "passed"), ("path", "1", "rejected"), ("lift", "2", "passed")])
    HELD = meetings("2024-03-01", "2024-04-01")

    def test_a_report_puts_the_next_meeting_in_order(self) -> None:
        """On each item that passed; what was rejected asks for none."""
        held = hold_meetings(LOOP, self.HELD, self.PUT, reports(("lamp", "2")))
        assert held.motions["outcome"].to_list() == ["passed", "rejected", "passed"]

    def test_a_meeting_that_is_not_in_order_decides_nothing(self) -> None:
        """And so the one after it has nothing of it to report on."""
        held = hold_meetings(LOOP, meetings("2024-03-01", "2024-04-01", "2024-05-01"), self.PUT)
        assert held.meetings["in_order"].to_list() == ["true", "false", "true"]
        assert held.motions.row(2) == ("lift", "2", "invalid", "meeting_not_in_order")

    def test_an_item_that_perhaps_passed_leaves_it_open(self) -> None:
        """Where the vote could not be decided, neither can whether it had to be reported on."""
        put = motions([("lamp", "1", "undetermined"), ("lift", "2", "passed")])
        held = hold_meetings(LOOP, self.HELD, put)
        assert held.meetings["in_order"].to_list() == ["true", "undetermined"]
        assert held.motions["outcome"].to_list() == ["undetermined", "undetermined"]

    def test_without_the_rule_nothing_is_asked(self) -> None:
        """Other bodies have no such loop."""
        assert hold_meetings(Deliberation(), self.HELD, self.PUT).meetings["in_order"].to_list() == ["true", "true"]


class TestNoticeAndSupport:
    def test_a_motion_not_posted_in_time_has_no_valid_outcome(self) -> None:
        """Ten days before are enough and nine are not; nor is not at all."""
        rows = [("a", "1", "passed"), ("b", "1", "passed"), ("c", "1", "passed")]
        put = motions(rows, posted=["2024-03-01", "2024-03-02", None])
        held = hold_meetings(Deliberation(notice_days=10), meetings("2024-03-11"), put)
        assert held.motions.select("outcome", "faults").rows() == [
            ("passed", ""),
            ("invalid", "posted_late"),
            ("invalid", "not_posted"),
        ]

    def test_support_that_is_not_known_leaves_it_open(self) -> None:
        """Three are asked for."""
        rows = [("a", "1", "passed"), ("b", "1", "passed"), ("c", "1", "passed"), ("d", "1", None)]
        held = hold_meetings(Deliberation(support=3), meetings("2024-03-11"), motions(rows, supporters=[3, 2, None, 3]))
        assert held.motions.select("outcome", "faults").rows() == [
            ("passed", ""),
            ("invalid", "too_few_supporters"),
            ("undetermined", "support_not_known"),
            ("undetermined", "not_decided"),
        ]


class TestBadInput:
    @pytest.mark.parametrize(
        ("held", "put", "told", "code"),
        [
            (meetings("2024-03"), motions([]), None, "not-a-day"),
            (meetings("soon"), motions([]), None, "not-a-day"),
            (meetings("2024-03-01", "2024-03-01"), motions([]), None, "two-meetings-a-day"),
            (meetings("2024-03-01"), motions([("a", "2", "passed")]), None, "unknown-meeting"),
            (meetings("2024-03-01"), motions([("a", "1", "yes")]), None, "unknown-outcome"),
            (meetings("2024-03-01"), motions([("a", "1", None)]), reports(("b", "1")), "unknown-meeting"),
        ],
    )
    def test_it_is_named(self, held, put, told, code) -> None:
        """No day, two meetings of a body on one, and what is of a meeting or motion that there is not."""
        with pytest.raises(DataError) as error:
            hold_meetings(LOOP, held, put, told)
        assert [one.code for one in error.value.problems] == [code]

    def test_a_meeting_that_there_is_not(self) -> None:
        """Its name is asked for again."""
        with pytest.raises(UsageError, match="no meeting `9`"):
            explain_meeting(LOOP, meetings("2024-03-01"), motions([]), meeting="9")

    def test_a_rule_fits_its_profile(self) -> None:
        """A convener takes part; procedures and rules of decisions are there."""
        chair = Deliberation(participants={"party": Participant()}, convener="pary")
        with pytest.raises(DocumentError, match="did you mean `party`"):
            hold_meetings(chair, meetings("2024-03-01"), motions([]))
        found = {"talk": Deliberation(procedure="talks", decides_by="half")}
        paths = [one.path for one in check_deliberations(found, {"talk": 1}, {})]
        assert paths == [("deliberation", "talk", "procedure"), ("deliberation", "talk", "decides_by")]
