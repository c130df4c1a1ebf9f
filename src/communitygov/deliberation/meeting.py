"""Meetings: which are in order, and what came of their motions, for any number of bodies."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import frozen

from communitygov.deliberation.meeting_rules import Deliberation
from communitygov.documents.rule import hold_to_itself
from communitygov.vocabulary.errors import DataError
from communitygov.vocabulary.faults import read_columns
from communitygov.vocabulary.frames import Column, Table, adopt, check_table, in_kind_of
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.problem import Problem, did_you_mean
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    pass

__all__ = ["FAULTS", "MEETINGS", "REPORTS", "Held", "Record", "hold_meetings", "motions_table", "read_record"]

FAULTS = {
    "meeting_not_in_order": Title(zh="会议不合规", en="its meeting is not in order"),
    "not_posted": Title(zh="未公示", en="it was not posted"),
    "posted_late": Title(zh="公示天数不足", en="it was posted too late"),
    "too_few_supporters": Title(zh="附议人数不足", en="too few support it"),
    "support_not_known": Title(zh="附议人数未知", en="how many support it is not known"),
    "not_decided": Title(zh="未表决", en="nothing was decided"),
}
"""Why a motion has no valid outcome, or none that is known."""

Row = Mapping[str, Any]


def _text(name: str, zh: str, en: str, *, nullable: bool = False) -> Column:
    return Column(name, "text", Title(zh=zh, en=en), nullable=nullable)


MEETINGS = Table(
    Title(zh="会议", en="meetings"),
    (_text("meeting", "会议", "meeting"), _text("body", "议事主体", "body"), _text("on", "日期", "day")),
    ("meeting",),
    open=True,
)
REPORTS = Table(
    Title(zh="通报", en="reports"),
    (_text("motion", "议题", "motion"), _text("meeting", "会议", "meeting")),
    ("motion", "meeting"),
    open=True,
)


def motions_table(rule: Deliberation) -> Table:
    """Return the columns of motions: one row for each.

    Args:
        rule: The rule; columns are asked for only where it needs them.
    """
    columns = [
        _text("motion", "议题", "motion"),
        _text("meeting", "会议", "meeting"),
        _text("outcome", "表决结果", "outcome of the vote", nullable=True),
    ]
    if rule.notice_days is not None:
        columns.append(_text("posted", "公示日期", "day on which it was posted", nullable=True))
    if rule.support is not None:
        columns.append(Column("supporters", "whole", Title(zh="附议人数", en="supporters"), nullable=True))
    return Table(Title(zh="议题", en="motions"), tuple(columns), ("motion",), open=True)


@frozen
class Record:
    """Meetings, motions and reports that were read and checked.

    Args:
        meetings: The meetings by id, in the order of days within each body.
        motions: The motions of each meeting.
        reports: Which motions were reported on at which meeting.
    """

    meetings: Mapping[str, Row]
    motions: Mapping[str, Sequence[Row]]
    reports: frozenset[tuple[str, str]]

    def before(self, meeting: str) -> str | None:
        """Return the meeting of the same body before one.

        Args:
            meeting: The meeting.
        """
        body = self.meetings[meeting]["body"]
        same = [key for key, row in self.meetings.items() if row["body"] == body]
        at = same.index(meeting)
        return same[at - 1] if at else None


@frozen
class Held:
    """What came of meetings.

    ``meetings`` has one row per meeting: ``meeting``, ``body``, ``on``; ``in_order`` (``true``, ``false`` or
    ``undetermined``); ``unreported`` (text): the items of the last meeting of the body that it did not report on, by
    comma. ``motions`` has one row per motion: ``motion``, ``meeting``; ``outcome`` (``passed``, ``rejected``,
    ``undetermined`` or ``invalid``); ``faults`` (text): of ``FAULTS``, by comma.

    Args:
        meetings: As above, of the kind that was given.
        motions: As above.
    """

    meetings: Any
    motions: Any


def read_record(rule: Deliberation, meetings: Any, motions: Any, reports: Any = None) -> Record:
    """Read and check meetings, motions and reports.

    Args:
        rule: The rule.
        meetings: One row per meeting: ``meeting``, ``body`` and ``on``, its day.
        motions: One row per motion, as ``motions_table(rule)`` declares it; ``outcome`` is what the vote came to, null
            if there was none, and ``posted`` null if it was not.
        reports: One row per motion that a meeting reported on: ``motion``, ``meeting``; none if absent.

    Raises:
        DocumentError: If a rule that was made in Python breaks one of its own promises.
        DataError: If a frame does not fit, a day is no day, two meetings of a body are on one day, a motion or a report
            is of a meeting that there is not, or an outcome is none.
    """
    hold_to_itself(rule)
    held, put = _rows(MEETINGS, meetings), _rows(motions_table(rule), motions)
    told = [] if reports is None else _rows(REPORTS, reports)
    problems: list[Problem] = []
    for row in held:
        row["_day"] = _day(row["on"], f"meeting {row['meeting']}", problems)
    for row in put:
        posted = row.get("posted")
        row["_posted"] = None if posted is None else _day(posted, f"motion {row['motion']}", problems)
        if row["outcome"] not in (None, "passed", "rejected", "undetermined"):
            zh, en = (
                f"议题 `{row['motion']}`：没有结果 `{row['outcome']}`",
                f"motion `{row['motion']}`: `{row['outcome']}` is no outcome",
            )
            problems.append(Problem("unknown-outcome", Title(zh=zh, en=en), path="outcome"))
    ids, names = {row["meeting"] for row in held}, {row["motion"] for row in put}
    for name, there, rows in (("meeting", ids, put), ("meeting", ids, told), ("motion", names, told)):
        for row in rows:
            if row[name] not in there:
                hint = did_you_mean(row[name], sorted(there))
                zh, en = f"没有 `{row[name]}`{hint.zh}", f"there is no {name} `{row[name]}`{hint.en}"
                problems.append(Problem("unknown-meeting", Title(zh=zh, en=en), path=name))
    days = {(row["body"], row["_day"]): row["meeting"] for row in held}
    if len(days) < len(held) and not problems:
        zh, en = (
            "同一主体一天有两次会议，先后不明",
            "two meetings of one body are on one day; which came first is not known",
        )
        problems.append(Problem("two-meetings-a-day", Title(zh=zh, en=en), path="on"))
    if problems:
        raise DataError(problems)
    ordered = sorted(held, key=lambda row: (row["body"], row["_day"]))
    by_meeting: dict[str, list[Row]] = {row["meeting"]: [] for row in ordered}
    for row in sorted(put, key=lambda row: row["motion"]):
        by_meeting[row["meeting"]].append(row)
    reported = frozenset((row["motion"], row["meeting"]) for row in told)
    return Record({row["meeting"]: row for row in ordered}, by_meeting, reported)


def _rows(table: Table, native: Any) -> list[dict[str, Any]]:
    frame, _ = adopt(native)
    check_table(table, frame)
    columns = read_columns(frame.select(*(column.name for column in table.columns)))
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _day(text: str, what: str, problems: list[Problem]) -> dt.date:
    try:
        period = Period.parse(text)
    except ValueError:
        period = None
    if period is None or period.kind != "day":
        title = Title(zh=f"{what}：`{text}` 不是日期", en=f"{what}: `{text}` is no day")
        problems.append(Problem("not-a-day", title, path="on"))
        return dt.date.min
    return period.first_day


def hold_meetings(rule: Deliberation, meetings: Any, motions: Any, reports: Any = None) -> Held:
    """Say which meetings are in order, and what came of their motions.

    Meetings of a body are taken in the order of their days. If the rule asks for it, a meeting is in order if it
    reported on every item that the last one passed; an item that has no valid outcome asks for no report.

    Args:
        rule: The rule.
        meetings: As for ``read_record``.
        motions: Likewise.
        reports: Likewise.

    Returns:
        The meetings and the motions, of the kind of ``meetings``.

    Raises:
        DataError: As ``read_record``.

    Source:
        QF-23; ``docs/meetings.md``.

    Example:
        >>> import polars as pl
        >>> loop = Deliberation(reports_previous=True)
        >>> held = pl.DataFrame({"meeting": ["1", "2"], "body": "A", "on": ["2024-03-01", "2024-04-01"]})
        >>> motions = pl.DataFrame({"motion": ["lamp", "lift"], "meeting": ["1", "2"], "outcome": ["passed"] * 2})
        >>> hold_meetings(loop, held, motions).motions.select("motion", "outcome", "faults").rows()
        [('lamp', 'passed', ''), ('lift', 'invalid', 'meeting_not_in_order')]
    """
    import polars as pl

    record = read_record(rule, meetings, motions, reports)
    last: dict[str, list[tuple[str, str]]] = {}
    held_rows, motion_rows = [], []
    for meeting, row in record.meetings.items():
        items = last.get(row["body"], []) if rule.reports_previous else []
        unreported = [(name, outcome) for name, outcome in items if (name, meeting) not in record.reports]
        sure = any(outcome == "passed" for _, outcome in unreported)
        in_order = "false" if sure else "undetermined" if unreported else "true"
        held_rows.append((meeting, row["body"], row["on"], in_order, ",".join(name for name, _ in unreported)))
        decided = []
        for motion in record.motions[meeting]:
            outcome, faults = _outcome(rule, motion, row["_day"], in_order)
            motion_rows.append((motion["motion"], meeting, outcome, ",".join(faults)))
            if outcome in ("passed", "undetermined") and motion["outcome"] in ("passed", "undetermined"):
                decided.append((motion["motion"], outcome))
        last[row["body"]] = decided
    frame, back = adopt(meetings)
    columns = ["meeting", "body", "on", "in_order", "unreported"], ["motion", "meeting", "outcome", "faults"]
    kinds = [dict.fromkeys(names, pl.String) for names in columns]
    first = pl.DataFrame(held_rows, schema=kinds[0], orient="row")
    second = pl.DataFrame(motion_rows, schema=kinds[1], orient="row")
    return Held(back(in_kind_of(frame, first)), back(in_kind_of(frame, second)))


def _outcome(rule: Deliberation, motion: Row, day: dt.date, in_order: str) -> tuple[str, list[str]]:
    """Return the outcome of a motion, and what is wrong with it: what fails for sure goes before what is not known."""
    wrong: list[str] = []
    unknown: list[str] = []
    if in_order != "true":
        (wrong if in_order == "false" else unknown).append("meeting_not_in_order")
    if rule.notice_days is not None:
        if motion["_posted"] is None:
            wrong.append("not_posted")
        elif (day - motion["_posted"]).days < rule.notice_days:
            wrong.append("posted_late")
    if rule.support is not None:
        if motion["supporters"] is None:
            unknown.append("support_not_known")
        elif motion["supporters"] < rule.support:
            wrong.append("too_few_supporters")
    if motion["outcome"] is None:
        unknown.append("not_decided")
    outcome = "invalid" if wrong else "undetermined" if unknown else str(motion["outcome"])
    return outcome, [*wrong, *unknown]
