"""A foreign log read through its mapping is the frame of events that its file says, and nothing of it gets lost."""

import csv
import datetime as dt
import io
import itertools
import zoneinfo
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from attrs import evolve
from hypothesis import example, given
from hypothesis import strategies as st

from communitygov.procedure.log_times import instants
from communitygov.procedure.logs import EVENT_COLUMNS, LogEvent, LogFact, LogMapping, events_of, read_log, read_mapping
from communitygov.vocabulary.calendar import cn_statutory
from communitygov.vocabulary.cells import Cells
from communitygov.vocabulary.deadline import Budget
from communitygov.vocabulary.deadlines import due_instants
from communitygov.vocabulary.errors import DataError, DocumentError

MAPPINGS = Path(__file__).parent / "logs"
PLAIN = LogMapping(case="id", time="at", activity="what", steps={"A": "ask", "B": "reply", "C": "close"})
WIDE = LogMapping(case="id", events={"a": LogEvent(at="x", step="ask"), "b": LogEvent(at="y", step="reply")})


def cells(rows: list[dict[str, str]], columns: list[str]) -> Cells:
    frame = pl.DataFrame(
        [[row[name] for name in columns] for row in rows], dict.fromkeys(columns, pl.String), orient="row"
    )
    return Cells("log.csv", frame, range(2, len(rows) + 2))


def refused(mapping: LogMapping, rows: list[dict[str, str]], columns: list[str]) -> list[str]:
    with pytest.raises(DataError) as error:
        events_of(cells(rows, columns), mapping)
    return error.value.say("en").splitlines()


def wide(events: pl.DataFrame, first: str, second: str) -> pl.DataFrame:
    """Return a row per case with the times of two steps, and what is known of the case when it began."""
    at = pl.col("at")
    return events.group_by("case").agg(
        at.filter(pl.col("step") == first).first().alias(first),
        at.filter(pl.col("step") == second).first().alias(second),
        *(pl.col(name).first() for name in events.columns if name.startswith("fact.")),
    )


class TestRealLogs:
    def test_the_receipt_phase_has_116_variants(self, shared_data: Path) -> None:
        """8,577 events of 1,434 cases go 116 different ways."""
        events = read_log(
            shared_data / "real/orders/receipt_events.csv", read_mapping(MAPPINGS / "receipt_events.yaml")
        )
        assert events.columns == list(EVENT_COLUMNS)
        assert (events.height, events["case"].n_unique()) == (8577, 1434)
        ways = events.group_by("case", maintain_order=True).agg(pl.col("step").str.join(">"))
        assert ways["step"].n_unique() == 116

    def test_one_person_checks_and_determines_in_1042_of_1303_cases(self, shared_data: Path) -> None:
        """The last check and the last determination are by one person in 1,042 of the 1,303 cases that have both."""
        events = read_log(
            shared_data / "real/orders/receipt_events.csv", read_mapping(MAPPINGS / "receipt_events.yaml")
        )
        by = events.group_by("case").agg(
            *(pl.col("actor").filter(pl.col("step") == step).last().alias(step) for step in ("T02", "T04"))
        )
        both = by.drop_nulls()
        assert (both.height, both.filter(pl.col("T02") == pl.col("T04")).height) == (1303, 1042)

    def test_the_order_of_three_steps_is_broken_once(self, shared_data: Path) -> None:
        """A check came before each first determination, and one of those before each first dispatch, but in one."""
        events = read_log(
            shared_data / "real/orders/receipt_events.csv", read_mapping(MAPPINGS / "receipt_events.yaml")
        )
        first = events.group_by("case").agg(
            *(pl.col("seq").filter(pl.col("step") == step).min().alias(step) for step in ("T02", "T04", "T05"))
        )

        def out_of_order(earlier: str, later: str) -> pl.Expr:
            late = pl.col(earlier).is_null() | (pl.col(earlier) > pl.col(later))
            return pl.col(later).is_not_null() & late

        assert first.filter(out_of_order("T02", "T04") | out_of_order("T04", "T05")).height == 1

    def test_954_receipts_ended_in_time_and_375_late(self, shared_data: Path) -> None:
        """Of 1,434 cases 1,329 ended, 954 by their deadline."""
        events = read_log(shared_data / "real/orders/receipt_cases.csv", read_mapping(MAPPINGS / "receipt_cases.yaml"))
        ended = events.filter(pl.col("step") == "end")
        assert events["case"].n_unique() == 1434
        assert Counter(ended.select(pl.col("at") <= pl.col("fact.deadline")).to_series()) == {True: 954, False: 375}

    @pytest.mark.parametrize(("days", "counted", "by_due"), [(5, 1078, 1076), (10, 1737, 1736), (15, 2103, 2103)])
    def test_messages_are_answered_within_statutory_working_days(
        self, shared_data: Path, days: int, counted: int, by_due: int
    ) -> None:
        """Strictly after the day of asking; a reply on a free day after the last one is past due, and late by 0."""
        events = read_log(shared_data / "real/orders/cn_messages_2816.csv", read_mapping(MAPPINGS / "cn_messages.yaml"))
        cases = wide(events.with_columns(pl.col("at").dt.convert_time_zone("Asia/Shanghai")), "ask", "reply")

        def replied_before(days: int, earlier: dt.timedelta) -> int:
            budget = Budget(days, "working_days", begins="day_after")
            found = due_instants(cases, budget, cn_statutory("Asia/Shanghai"), start="ask")
            return found.filter(pl.col("reply") < pl.col("due") - earlier).height

        assert cases.height == 2816
        assert replied_before(days, dt.timedelta(0)) == by_due
        # The count exceeds the budget when the working day after the last begins.
        assert replied_before(days + 1, dt.timedelta(days=1)) == counted

    def test_boston_says_itself_what_was_in_time(self, shared_data: Path) -> None:
        """Closed by the target is what the city's own flag says, in 77 of the 77 rows that have both times."""
        events = read_log(shared_data / "real/orders/boston311_100.csv", read_mapping(MAPPINGS / "boston311.yaml"))
        closed = events.filter(pl.col("step") == "close", pl.col("fact.target").is_not_null())
        agree = (closed["at"] <= closed["fact.target"]) == closed["fact.on_time"]
        assert (closed.height, agree.sum()) == (77, 77)
        flagged = events.filter(pl.col("seq") == 1, pl.col("fact.target").is_null())
        assert (flagged.height, flagged["fact.on_time"].sum()) == (11, 11)

    def test_the_base_is_a_part_of_new_yorks_rate(self, shared_data: Path) -> None:
        """Within 48 hours 68.9 % of all rows are closed, and 80.6 % of those that are."""
        events = read_log(shared_data / "real/orders/nyc311_2025_235.csv", read_mapping(MAPPINGS / "nyc311.yaml"))
        cases = wide(events, "open", "close")
        within = cases.filter(pl.col("close") - pl.col("open") <= dt.timedelta(hours=48)).height
        closed = cases["close"].count()
        assert (cases.height, closed, within) == (235, 201, 162)
        assert (round(1000 * within / 235), round(1000 * within / closed)) == (689, 806)

    def test_parquet_says_the_same(self, shared_data: Path, tmp_path: Path) -> None:
        """A log in Parquet, its times as times and its lengths as numbers, gives the events of the CSV."""
        mapping = read_mapping(MAPPINGS / "cn_messages.yaml")
        file = shared_data / "real/orders/cn_messages_2816.csv"
        kept = tmp_path / "log.parquet"
        pl.read_csv(file, try_parse_dates=True).write_parquet(kept)
        assert pl.read_parquet(kept)["asked"].dtype == pl.Datetime("us")
        expected = read_log(file, mapping)
        assert expected.equals(read_log(kept, mapping))
        aware = pl.read_parquet(kept).with_columns(pl.col("asked", "replied").dt.replace_time_zone("Asia/Shanghai"))
        aware.write_parquet(kept)
        assert expected.equals(read_log(kept, evolve(mapping, zone=None)))


MOMENTS = st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2099, 1, 1))
ZONES = st.sampled_from(["Asia/Shanghai", "America/New_York", "Europe/Amsterdam", "Australia/Lord_Howe"])


class TestTimes:
    @given(MOMENTS, st.integers(-14 * 60, 14 * 60), st.sampled_from("T "), st.booleans())
    def test_a_time_with_an_offset_is_the_instant_it_names(
        self, moment: dt.datetime, minutes: int, between: str, colon: bool
    ) -> None:
        """Whatever the offset, to the microsecond, as Python reads it."""
        aware = moment.replace(tzinfo=dt.timezone(dt.timedelta(minutes=minutes)))
        text = aware.isoformat(between)
        found, unread = instants(pl.Series([text if colon else text[:-3] + text[-2:]]), None, None)
        assert ([aware.astimezone(dt.UTC)], []) == (found.to_list(), unread)

    @given(MOMENTS, ZONES, st.sampled_from(["first", "second"]))
    @example(dt.datetime(2024, 11, 3, 1, 30), "America/New_York", "second")
    @example(dt.datetime(2024, 3, 10, 2, 30), "America/New_York", "first")
    def test_a_time_without_one_is_what_the_clock_of_the_zone_showed(
        self, moment: dt.datetime, zone: str, twice: str
    ) -> None:
        """A time shown twice is the one declared and refused if none is; a time never shown is refused."""
        local = moment.replace(tzinfo=zoneinfo.ZoneInfo(zone), fold=int(twice == "second"))
        instant = local.astimezone(dt.UTC)
        shown = instant.astimezone(local.tzinfo).replace(tzinfo=None) == moment
        texts = pl.Series([moment.isoformat()])
        found, unread = instants(texts, zone, twice)
        assert [instant if shown else None] == found.to_list()
        assert ([] if shown else ["no-such-time"]) == [one.code for one in unread]
        ambiguous = shown and local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset()
        assert (["shown-twice"] if ambiguous else [one.code for one in unread]) == [
            one.code for one in instants(texts, zone, None)[1]
        ]

    @given(st.text("0123456789-:T Z+.年", max_size=30))
    def test_what_is_no_time_is_never_read_as_one(self, text: str) -> None:
        """What Python does not read as day and time is refused; an empty text is no time, and no fault."""
        found, unread = instants(pl.Series([text]), None, None)
        try:
            dt.datetime.fromisoformat(text.strip().replace("  ", "x"))
        except ValueError:
            assert not text.strip() or unread
        if not text.strip():
            assert (found.to_list(), unread) == ([None], [])

    @pytest.mark.parametrize(
        "text", ["2024-10-08", "20241008", "2024/10/8", "08.10.2024", "10/08/2024", "2024年10月8日"]
    )
    def test_a_day_alone_is_no_instant_and_told_so(self, text: str) -> None:
        """However it is written; no `time_form` is asked for, which would need the hours that are not there."""
        found, (unread,) = instants(pl.Series([text]), "Asia/Shanghai", None)
        assert (found.to_list(), unread.code) == ([None], "bad-cell")
        assert "is a day alone and no instant" in unread.message.en
        assert "time_form" not in unread.message.zh + unread.message.en

    @given(MOMENTS, st.permutations(["YYYY", "MM", "DD"]), st.booleans(), st.sampled_from(["/", ".", "-", " ", "年"]))
    def test_a_time_of_a_declared_form_is_the_one_it_writes(
        self, moment: dt.datetime, days: list[str], twelve: bool, between: str
    ) -> None:
        """In any order, with a clock of twelve hours or of twenty-four, with one digit or two."""
        moment = moment.replace(microsecond=0)
        form = f"{between.join(days)} hh:mm:ss{' AM' * twelve}"
        part = {"YYYY": f"{moment:%Y}", "MM": str(moment.month), "DD": f"{moment:%d}"}
        clock = f"{moment:%I:%M:%S %p}" if twelve else f"{moment.hour}:{moment:%M:%S}"
        text = f"{between.join(part[one] for one in days)} {clock}"
        found, unread = instants(pl.Series([text, ""]), "Asia/Shanghai", "first", form)
        assert found[0] == instants(pl.Series([moment.isoformat()]), "Asia/Shanghai", "first")[0][0]
        assert (found[1], [one.code for one in unread]) == (None, [] if found[0] else ["no-such-time"])

    @pytest.mark.parametrize("text", ["2024-10-08T09:00Z", "10/08/2024", "13/08/2024 09:00 AM", "10/08/2024 13:00 PM"])
    def test_a_time_of_another_form_is_refused(self, text: str) -> None:
        """Even of the form of ISO 8601, and of an hour that the clock does not have."""
        form = "MM/DD/YYYY hh:mm AM"
        found, (unread,) = instants(pl.Series([text]), "Asia/Shanghai", None, form)
        assert (found.to_list(), unread.code, unread.message.en) == (
            [None],
            "bad-cell",
            "must be a time of the form `MM/DD/YYYY hh:mm AM`",
        )


ROWS = st.lists(
    st.tuples(st.sampled_from("pqr"), st.integers(0, 5), st.sampled_from("ABC")).map(
        lambda row: {"id": row[0], "at": f"2024-10-0{row[1] + 1}T00:00Z", "what": row[2]}
    ),
    min_size=1,
    max_size=12,
)


class TestRows:
    @given(ROWS)
    def test_each_row_is_one_event_in_the_order_of_acts(self, rows: list[dict[str, str]]) -> None:
        """By time, and at one time in the order of the file; the numbers of a case run from 1."""
        events = events_of(cells(rows, ["id", "at", "what"]), evolve(PLAIN, ties="file_order"))
        expected = []
        for case, mine in itertools.groupby(sorted(rows, key=lambda row: (row["id"], row["at"])), lambda r: r["id"]):
            expected += [(case, i, PLAIN.steps[row["what"]], row["at"][:10]) for i, row in enumerate(mine, 1)]
        assert expected == events.select("case", "seq", "step", pl.col("at").dt.to_string("%F")).rows()

    @given(ROWS)
    def test_two_events_at_one_time_are_refused_unless_the_file_has_them_in_order(
        self, rows: list[dict[str, str]]
    ) -> None:
        """Each such time is named once, with the lines of all its events."""
        lines: dict[tuple[str, str], list[int]] = {}
        for line, row in enumerate(rows, 2):
            lines.setdefault((row["id"], row["at"]), []).append(line)
        ties = sorted(found for found in lines.values() if len(found) > 1)
        if not ties:
            assert events_of(cells(rows, ["id", "at", "what"]), PLAIN).height == len(rows)
            return
        with pytest.raises(DataError) as error:
            events_of(cells(rows, ["id", "at", "what"]), PLAIN)
        places = [(one.place, *one.also) for one in error.value.problems if one.code == "same-time"]
        assert ties == sorted([place.line for place in found if place is not None] for found in places)

    @given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=8))
    def test_a_row_with_several_times_is_as_many_events(self, happened: list[tuple[bool, bool]]) -> None:
        """An empty time means that the event did not happen; a row without any is refused, and not dropped."""
        rows = [
            {"id": str(i), "x": "2024-10-02T00:00Z" * x, "y": "2024-10-01T00:00Z" * y}
            for i, (x, y) in enumerate(happened)
        ]
        without = [i for i, both in enumerate(happened) if not any(both)]
        if without:
            said = refused(WIDE, rows, ["id", "x", "y"])
            assert [f"log.csv:{i + 2}:1: no-event" for i in without] == [line.partition(": case")[0] for line in said]
            return
        events = events_of(cells(rows, ["id", "x", "y"]), WIDE)
        expected = [(str(i), step) for i, (x, y) in enumerate(happened) for step in ["reply"] * y + ["ask"] * x]
        assert expected == events.select("case", "step").rows()

    def test_a_column_that_the_mapping_does_not_name_is_refused(self) -> None:
        """No column is silently dropped: it has a place, or stands in `unused`."""
        rows = [{"id": "1", "at": "2024-10-08T00:00Z", "what": "A", "note": "x"}]
        (line,) = refused(PLAIN, rows, ["id", "at", "what", "note"])
        assert line.startswith("log.csv: unknown-column: the mapping does not say what column `note` is")
        assert events_of(cells(rows, ["id", "at", "what", "note"]), evolve(PLAIN, unused=("note",))).height == 1

    def test_the_first_20_faults_are_named_and_the_rest_counted(self) -> None:
        """Each with line and column; all kinds of faults at once."""
        rows = [{"id": str(i), "at": "soon", "what": "D"} for i in range(23)]
        said = refused(PLAIN, rows, ["id", "at", "what"])
        assert Counter(line.split(": ")[1] for line in said) == {
            "bad-cell": 20,
            "unknown-activity": 20,
            "more-bad-cells": 2,
        }
        assert "log.csv:22:2: more-bad-cells: 3 more like this in column `at`" in said

    def test_activities_that_are_ignored_and_rows_that_are_not_kept_are_left_out(self) -> None:
        """Nothing of theirs is read; a word to be kept that never occurs is refused with the nearest."""
        rows = [
            {"id": "1", "at": "2024-10-08T00:00Z", "what": "A", "state": "complete"},
            {"id": "1", "at": "never", "what": "X", "state": "complete"},
            {"id": "1", "at": "never", "what": "Y", "state": "start"},
        ]
        columns = ["id", "at", "what", "state"]
        mapping = evolve(PLAIN, ignored=("X",), keep={"state": ("complete",)})
        assert events_of(cells(rows, columns), mapping).height == 1
        said = refused(evolve(mapping, keep={"state": ("complet",)}), rows, columns)
        assert [line.split(": ")[1] for line in said] == ["empty-table", "unknown-reference"]
        assert said[1].endswith("did you mean `complete`?")

    def test_facts_are_of_their_kinds_and_exact(self) -> None:
        """Text, whole numbers, flags and times; another word for a value is what the mapping says it is."""
        facts = {
            "n": LogFact(fact="count", kind="whole"),
            "f": LogFact(fact="solved", kind="flag", values={"Y": "true", "N": "false"}),
            "t": LogFact(fact="due", kind="time"),
            "w": LogFact(fact="word", kind="text"),
        }
        row = {"id": "1", "at": "2024-10-08T00:00Z", "what": "A"}
        full = row | {"n": "123456789012345678", "f": "N", "t": "2024-10-09T08:00+08:00", "w": "007"}
        bare = row | {"at": "2024-10-08T00:01Z", "n": "", "f": "", "t": "", "w": ""}
        events = events_of(cells([full, bare], [*full]), evolve(PLAIN, facts=facts))
        due = dt.datetime(2024, 10, 9, tzinfo=dt.UTC)
        assert events.select(pl.col("^fact.*$")).rows() == [(123456789012345678, False, due, "007"), (None,) * 4]
        said = refused(evolve(PLAIN, facts=facts), [full | {"n": "1.5", "f": "?", "t": "9"}], [*full])
        assert [line.split(": ")[1] for line in said] == ["bad-cell", "unknown-value", "bad-cell"]

    def test_a_column_of_numbers_can_say_what_came_first(self) -> None:
        """Then the times may tell another story, for the judge to see; a number that stands twice is refused."""
        rows = [
            {"id": "1", "at": "2024-10-08T00:00Z", "what": "A", "n": "20"},
            {"id": "1", "at": "2024-10-09T00:00Z", "what": "B", "n": "3"},
        ]
        mapping = evolve(PLAIN, seq="n")
        assert events_of(cells(rows, [*rows[0]]), mapping).select("seq", "step").rows() == [(1, "reply"), (2, "ask")]
        (line,) = refused(mapping, [rows[0], rows[1] | {"n": "20"}], [*rows[0]])
        assert line == ("log.csv:2:4: duplicate-row: case `1` has 2 events of one number in column `n` (log.csv:3:4)")

    def test_lines_are_those_of_the_file(self, tmp_path: Path) -> None:
        """A cell over two lines does not shift the places of what follows."""
        held = io.StringIO()
        csv.writer(held).writerows([["id", "at", "what"], ["1\n2", "2024-10-08T00:00Z", "A"], ["3", "later", "A"]])
        file = tmp_path / "log.csv"
        file.write_text(held.getvalue(), encoding="utf-8")
        with pytest.raises(DataError) as error:
            read_log(file, PLAIN)
        assert [one.place.line for one in error.value.problems if one.place] == [4]


class TestOddities:
    def test_times_of_a_row_that_are_equal_come_in_the_order_of_the_columns(self) -> None:
        """Not in that of the mapping, whose keys have none."""
        row = {"id": "1", "x": "2024-10-08T00:00Z", "y": "2024-10-08T00:00Z"}
        turned = evolve(WIDE, ties="file_order", events=dict(reversed(WIDE.events.items())))
        assert events_of(cells([row], ["id", "x", "y"]), turned)["step"].to_list() == ["ask", "reply"]
        assert events_of(cells([row], ["id", "y", "x"]), turned)["step"].to_list() == ["reply", "ask"]

    def test_more_than_20_ties_are_counted(self) -> None:
        """The first 20 are named."""
        rows = [{"id": str(i // 2), "at": "2024-10-08T00:00Z", "what": "A"} for i in range(44)]
        said = refused(PLAIN, rows, ["id", "at", "what"])
        assert Counter(line.split(": ")[1] for line in said) == {"same-time": 20, "more-bad-cells": 1}
        assert "log.csv: more-bad-cells: 2 more where it is not clear which came first" in said

    def test_a_number_that_says_what_came_first_is_whole(self) -> None:
        """Anything else is refused."""
        rows = [{"id": "1", "at": "2024-10-08T00:00Z", "what": "A", "n": "1.5"}]
        (line,) = refused(evolve(PLAIN, seq="n"), rows, [*rows[0]])
        assert line == "log.csv:2:4: bad-cell: column `n` must hold a whole number, found `1.5`"

    def test_a_role_that_is_not_named_is_refused(self) -> None:
        """Roles decide who may act; an empty one is nobody's."""
        rows = [
            {"id": str(i), "at": "2024-10-08T00:00Z", "what": "A", "post": post} for i, post in enumerate(["x", ""])
        ]
        mapping = evolve(PLAIN, role="post", roles={"x": "clerk"})
        assert events_of(cells(rows, [*rows[0]]), mapping)["role"].to_list() == ["clerk", None]
        (line,) = refused(evolve(mapping, roles={"y": "clerk"}), rows, [*rows[0]])
        assert line.startswith("log.csv:2:4: unknown-role: `x` in column `post` does not stand in `roles`")

    def test_the_type_of_an_object_is_for_logs_with_objects(self) -> None:
        """What has no effect is refused."""
        rows = [{"id": "1", "at": "2024-10-08T00:00Z", "what": "A"}]
        (line,) = refused(evolve(PLAIN, object_type="order"), rows, [*rows[0]])
        assert line == "log.csv: unused-setting: `object_type` is for OCEL logs alone; remove it"

    def test_kinds_of_parquet_that_are_no_single_value_are_refused(self, tmp_path: Path) -> None:
        """Unless the column is not used; parts of a microsecond are no instant."""
        file = tmp_path / "log.parquet"
        at = pl.Series([dt.datetime(2024, 10, 8)], dtype=pl.Datetime("ns", "UTC"))
        frame = pl.DataFrame({"id": [7], "at": at, "what": ["A"], "who": [["x", "y"]]})
        frame.write_parquet(file)
        assert read_log(file, evolve(PLAIN, unused=("who",)))["case"].to_list() == ["7"]
        with pytest.raises(DataError, match=r"log.parquet: wrong-column-type: column `who` cannot hold List"):
            read_log(file, evolve(PLAIN, actor="who"))
        frame.with_columns(pl.col("at") + pl.duration(nanoseconds=1)).write_parquet(file)
        with pytest.raises(DataError, match=r"log.parquet:1:2: too-many-decimals: "):
            read_log(file, evolve(PLAIN, unused=("who",)))


class TestMapping:
    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("case: id, time: at, activity: what", "missing-setting"),
            ("case: id, time: at, events: {a: {at: x, step: s}}", "unused-setting"),
            ("case: id, events: {a: {at: x, step: s}, b: {at: x, step: t}}", "column-of-two-kinds"),
            ("case: id, events: {a: {at: x, step: s, role: r}}", "missing-setting"),
            ("case: id, events: {a: {at: x, step: s, role: r, as_role: r}}, roles: {r: r}", "unused-setting"),
            ("case: id, events: {a: {at: x, step: s}}, roles: {r: r}", "unused-setting"),
            ("case: id, events: {a: {at: x, step: s}}, unused: [x]", "unused-setting"),
            ("case: id, events: {a: {at: x, step: s}}, zone: Asia/Shangai", "unknown-zone"),
            ("case: id, events: {a: {at: x, step: s}}, twice: first", "unused-setting"),
            ("case: id, events: {a: {at: x, step: s}}, facts: {n: {fact: m, kind: text, events: [c]}}", "unknown-refe"),
            ("case: id, events: {a: {at: x, step: s}}, facts: {n: {fact: m.n, kind: text}}", "bad-name"),
            ("case: id, events: {a: {at: x, step: s}}, facts: {n: {fact: m, kind: time, values: {a: b}}}", "unused-"),
            (
                "case: id, events: {a: {at: x, step: s}}, facts: {n: {fact: m, kind: text}, o: {fact: m, kind: text}}",
                "repeated-id",
            ),
            ("case: id, time: at, activity: what, steps: {A: a}, ignored: [A]", "unused-setting"),
            ("case: id, time: at, activity: what, steps: {A: a}, seq: n, ties: file_order", "unused-setting"),
            ("case: id, events: {a: {at: x, step: s}}, time_form: YYYY-MM-DD", "bad-time-form"),
            ("case: id, time: at, activty: what, steps: {A: a}", "unknown-field"),
        ],
    )
    def test_a_mapping_that_contradicts_itself_is_refused_where_it_does(
        self, tmp_path: Path, text: str, code: str
    ) -> None:
        """Each with its place in the document; what has no effect is never let through."""
        file = tmp_path / "log.yaml"
        file.write_text(f"log: {{{text}}}", encoding="utf-8")
        with pytest.raises(DocumentError) as error:
            read_mapping(file)
        (problem, *_) = error.value.problems
        assert problem.code.startswith(code)
        assert problem.place is not None
        assert problem.place.line == 1
