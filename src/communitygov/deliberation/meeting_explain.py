"""Why a meeting was in order or not, and what came of its motions: its record, followed back to the first."""

from __future__ import annotations

from typing import Any

from communitygov.deliberation.meeting import FAULTS, Record, Row, read_record
from communitygov.deliberation.meeting_rules import Deliberation
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.problem import did_you_mean
from communitygov.vocabulary.steps import Steps
from communitygov.vocabulary.text import Title

__all__ = ["explain_meeting"]

OUTCOMES = {
    "passed": Title(zh="通过", en="passed"),
    "rejected": Title(zh="未通过", en="rejected"),
    "undetermined": Title(zh="无法判定", en="undetermined"),
    "invalid": Title(zh="无效", en="no valid outcome"),
}
_ORDER = {
    "true": Title(zh="合规", en="in order"),
    "false": Title(zh="不合规", en="not in order"),
    "undetermined": Title(zh="是否合规无法判定", en="whether it is in order is not known"),
}


def explain_meeting(rule: Deliberation, meetings: Any, motions: Any, reports: Any = None, *, meeting: str) -> Steps:
    """Explain one meeting: its record.

    Args:
        rule: The rule.
        meetings: As for ``hold_meetings``.
        motions: Likewise.
        reports: Likewise.
        meeting: The meeting.

    Returns:
        A tree: its root has the key ``meeting`` and says whether it is in order (``true``, ``false``,
        ``undetermined``); below it a step for each item of the last meeting (key ``item.<motion>``, whether it was
        reported on), and for each motion (key ``motion.<motion>``, the outcome), whose facts have ``faults``.

    Raises:
        UsageError: If there is no such meeting.
        DataError: As ``hold_meetings``.
    """
    record = read_record(rule, meetings, motions, reports)
    if meeting not in record.meetings:
        hint = did_you_mean(meeting, record.meetings)
        zh, en = f"没有会议 `{meeting}`{hint.zh}", f"there is no meeting `{meeting}`{hint.en}"
        raise UsageError.because("unknown-name", zh=zh, en=en)
    row, in_order = record.meetings[meeting], _in_order(rule, record, meeting)
    children = [_item(record, meeting, name, outcome) for name, outcome in _items(rule, record, meeting)]
    children += [_motion(rule, record, motion, in_order) for motion in record.motions[meeting]]
    words = _ORDER[in_order]
    return Steps(
        "meeting",
        Title(zh=f"{row['body']} {row['on']} 会议 {meeting}", en=f"meeting {meeting} of {row['body']}, {row['on']}"),
        in_order,
        words,
        rule.clause,
        children=tuple(children),
        words=words,
    )


def _items(rule: Deliberation, record: Record, meeting: str) -> list[tuple[str, str]]:
    """Return what the last meeting of the body decided, with the outcome: passed, or perhaps so."""
    before = record.before(meeting) if rule.reports_previous else None
    if before is None:
        return []
    in_order = _in_order(rule, record, before)
    found = [(row["motion"], row["outcome"], _judged(rule, record, row, in_order)[0]) for row in record.motions[before]]
    return [(name, valid) for name, voted, valid in found if {voted, valid} <= {"passed", "undetermined"}]


def _in_order(rule: Deliberation, record: Record, meeting: str) -> str:
    lacking = [valid for name, valid in _items(rule, record, meeting) if (name, meeting) not in record.reports]
    return "false" if "passed" in lacking else "undetermined" if lacking else "true"


def _judged(rule: Deliberation, record: Record, motion: Row, in_order: str) -> tuple[str, list[str]]:
    """Return the outcome of a motion and its faults: those that fail for sure, then those of what is not known."""
    day, posted = record.meetings[motion["meeting"]]["_day"], motion["_posted"]
    supporters = motion.get("supporters")
    late = posted is not None and rule.notice_days is not None and (day - posted).days < rule.notice_days
    few = rule.support is not None and supporters is not None and supporters < rule.support
    sure = {
        "meeting_not_in_order": in_order == "false",
        "not_posted": rule.notice_days is not None and posted is None,
        "posted_late": late,
        "too_few_supporters": few,
    }
    perhaps = {
        "meeting_not_in_order": in_order == "undetermined",
        "support_not_known": rule.support is not None and supporters is None,
        "not_decided": motion["outcome"] is None,
    }
    wrong, unknown = ([name for name, there in some.items() if there] for some in (sure, perhaps))
    return "invalid" if wrong else "undetermined" if unknown else motion["outcome"], [*wrong, *unknown]


def _item(record: Record, meeting: str, name: str, outcome: str) -> Steps:
    done = (name, meeting) in record.reports
    text = Title(zh="已通报", en="reported on") if done else Title(zh="未通报", en="not reported on")
    title = Title(
        zh=f"上次事项 {name}（{OUTCOMES[outcome].zh}）", en=f"item of the last meeting, {name} ({OUTCOMES[outcome].en})"
    )
    return Steps(f"item.{name}", title, done, text)


def _motion(rule: Deliberation, record: Record, motion: Row, in_order: str) -> Steps:
    outcome, faults = _judged(rule, record, motion, in_order)
    words = OUTCOMES[outcome]
    said = [FAULTS[name] for name in faults]
    text = Title(
        zh="；".join([words.zh, *(one.zh for one in said)]), en="; ".join([words.en, *(one.en for one in said)])
    )
    title = Title(zh=f"议题 {motion['motion']}", en=f"motion {motion['motion']}")
    return Steps(
        f"motion.{motion['motion']}", title, outcome, text, rule.clause, facts={"faults": ",".join(faults)}, words=words
    )
