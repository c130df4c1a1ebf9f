"""What follows a decision: objections, carrying out, and evaluation."""

from __future__ import annotations

import datetime as dt
from typing import Any

from communitygov.deliberation.proceedings import Record
from communitygov.deliberation.proceedings_checks import Row
from communitygov.vocabulary.text import Title

__all__ = ["STATES", "answered_for", "is_returned", "item_of", "verdict"]

STATES = {
    "final": Title(zh="生效", en="final"),
    "open": Title(zh="异议期内或待答复", en="open to objections, or to an answer"),
    "returned": Title(zh="异议成立，退回", en="returned: an objection was sustained"),
    "not_announced": Title(zh="未公布", en="not announced"),
}
"""How a decision stands."""


def item_of(record: Record, motion: Row, day: dt.date, at: dt.date | None) -> tuple[Any, ...]:
    """Return what became of a motion that passed: a row of ``Held.items``.

    Args:
        record: The record.
        motion: The motion.
        day: The day of its meeting.
        at: The day on which one looks.
    """
    rule, name = record.rule, motion["motion"]
    due = motion["_due"]
    if due is None and rule.carry_out_days is not None:
        due = day + dt.timedelta(days=rule.carry_out_days)
    reports = sorted((record.meetings[meeting]["_on"], meeting) for (of, meeting) in record.reports if of == name)
    days = [record.reports[name, meeting]["_done"] for _, meeting in reports]
    done = min((found for found in days if found is not None), default=None)
    end = done or at
    late = None if due is None or end is None else max(0, (end - due).days)
    stands = _stands(record, motion, at)
    back = rule.objections.back_to if rule.objections is not None and stands == "returned" else None
    verdicts = [verdict(record, name, meeting) for _, meeting in reports]
    evaluated = next((found for found in reversed(verdicts) if found is not None), None)
    said = [None if moment is None else moment.isoformat() for moment in (due, done)]
    return (name, motion["meeting"], motion["owner"], *said, late, stands, back, evaluated)


def _stands(record: Record, motion: Row, at: dt.date | None) -> str:
    rule, announced = record.rule.objections, motion.get("_announced")
    if rule is None:
        return "final"
    if announced is None or at is None or announced > at:
        return "not_announced"
    if is_returned(record, motion["motion"], at):
        return "returned"
    waiting = any(
        row["_on"] <= at and (row["_answered"] is None or row["_answered"] > at)
        for row in in_time(record, motion["motion"])
    )
    return "open" if waiting or (at - announced).days <= rule.days else "final"


def is_returned(record: Record, name: str, day: dt.date) -> bool:
    """Return whether an objection to a motion, made in time, was sustained by a day.

    Args:
        record: The record.
        name: The motion.
        day: The day.
    """
    found = (row for row in in_time(record, name) if row["sustained"] and row["_answered"] is not None)
    return any(row["_answered"] <= day for row in found)


def in_time(record: Record, name: str) -> list[Row]:
    """Return the objections to a motion that were made while they could be: none is lost for having come early.

    Args:
        record: The record.
        name: The motion.
    """
    rule, announced = record.rule.objections, record.named[name].get("_announced")
    if rule is None or announced is None:
        return []
    last = announced + dt.timedelta(days=rule.days)
    return [row for row in record.objections.get(name, ()) if row["_on"] <= last]


def answered_for(record: Record, name: str, meeting: str) -> str:
    """Return whether a meeting answered for an item: reported on it, and evaluated it if it must.

    Args:
        record: The record.
        name: The motion.
        meeting: The meeting.

    Returns:
        ``true``, ``false`` or ``undetermined``.
    """
    report = record.reports.get((name, meeting))
    if report is None:
        return "false"
    if not record.rule.evaluates_previous:
        return "true"
    if record.rule.evaluation is not None:
        return "false" if verdict(record, name, meeting) is None else "true"
    return {True: "true", False: "false", None: "undetermined"}[report["evaluated"]]


def verdict(record: Record, name: str, meeting: str) -> str | None:
    """Return how an item was evaluated at a meeting: ``accepted`` or ``again``; None if too few did.

    Args:
        record: The record.
        name: The motion.
        meeting: The meeting.
    """
    rule, answers = record.rule.evaluation, record.answers.get((name, meeting), ())
    if rule is None or len(answers) < rule.least:
        return None
    failing = sum(answer in rule.failing for answer in answers)
    return "again" if rule.again(failing, len(answers)) else "accepted"
