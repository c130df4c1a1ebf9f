"""Meetings: which are in order, what came of their motions, and what became of what they decided."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import field, frozen

from communitygov.deliberation.aftermath import answered_for, is_returned, item_of, verdict
from communitygov.deliberation.casting import decide_motions
from communitygov.deliberation.decide import Decided
from communitygov.deliberation.meeting_rules import Deliberation
from communitygov.deliberation.proceedings import Law, Proceedings, Record, is_changed, read_record
from communitygov.deliberation.proceedings_checks import Row
from communitygov.deliberation.rules import Decision
from communitygov.vocabulary.clock import number_of
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.faults import read_columns
from communitygov.vocabulary.frames import adopt, in_kind_of
from communitygov.vocabulary.text import Title

__all__ = ["FAULTS", "Held", "hold_meetings"]

FAULTS = {
    "meeting_not_in_order": Title(zh="会议不合规", en="its meeting is not in order"),
    "not_posted": Title(zh="未公示", en="it was not posted"),
    "posted_late": Title(zh="公示天数不足", en="it was posted too late"),
    "may_not_propose": Title(zh="提案者无权提案", en="whoever put it may not"),
    "too_few_supporters": Title(zh="附议人数不足", en="too few support it"),
    "proposer_not_known": Title(zh="提案者未知", en="who put it is not known"),
    "support_not_known": Title(zh="附议人数未知", en="how many support it is not known"),
    "rule_changed": Title(zh="首次投票后规则有变", en="its rule changed after the first vote"),
    "no_register": Title(zh="名册为空", en="nobody stands on the register"),
    "not_decided": Title(zh="未表决", en="nothing was decided"),
}
"""Why a motion has no valid outcome, or none that is known."""

Vote = tuple[str | None, str | None]


@frozen
class Held:
    """What came of meetings. The page on data has every column.

    Args:
        meetings: One row per meeting: whether it is in order (``true``, ``false`` or ``undetermined``), and what of the
            items that it owes it did not answer for. Of the kind of frame that the meetings were given in, as all are.
        owed: One row per meeting and item that it owes.
        motions: One row per motion: ``outcome`` (``passed``, ``rejected``, ``undetermined`` or ``invalid``), its
            ``faults``, and what was announced.
        items: One row per motion that passed: how it stands, whether it was carried out, and how it was evaluated.
        ballots: One row per ballot, with the reason why it does not count.
        decided: What the votes came to, for each rule of decisions.
    """

    meetings: Any
    owed: Any
    motions: Any
    items: Any
    ballots: Any
    decided: tuple[Decided, ...] = field(repr=False)


_COLUMNS = {
    "meetings": ["meeting", "body", "on", "in_order", "owes", "lacks"],
    "owed": ["meeting", "motion", "decided_at", "outcome", "answered"],
    "motions": ["motion", "meeting", "outcome", "faults", "announced", "differs"],
    "items": ["motion", "meeting", "owner", "due", "done", "late_days", "stands", "back_to", "evaluated"],
    "ballots": ["motion", "member", "choice", "channel", "proxy", "at", "counts", "why"],
}
_WHOLE, _FLAGS = ("owes", "lacks", "late_days"), ("differs", "counts")


def hold_meetings(
    rule: Deliberation,
    proceedings: Proceedings,
    law: Law | Decision | None = None,
    *,
    at: dt.date | None = None,
) -> Held:
    """Say which meetings are in order, what came of their motions, and what became of what was decided.

    Meetings of a body are taken in the order of their days. With a register and ballots, outcomes are computed by the
    rule of decisions in force on the day of the meeting; without, they are those that were announced. What a meeting
    owes, if the rule asks for it, is what the last one passed (or any before it, until it is reported on), and what was
    to be done again; what an objection returned before its day is owed no more.

    Args:
        rule: The rule of the body.
        proceedings: What was recorded.
        law: Where the rules of decisions stand, such as a profile; or the one of all motions. Needed with ballots.
        at: The day on which one looks: whether the time for objections is over, and what is late. Needed if the rule
            has objections, or something has a day by which it must be carried out.

    Returns:
        Meetings, motions, items and ballots, of the kind of frame that the meetings were given in.

    Raises:
        DataError: As ``read_record``; or if it cannot be said which of a member's ballots counts.
        UsageError: If ``at`` is needed and not given; or as ``read_record``.
        NotInForce: As ``read_record``.

    Source:
        QF-23; Civil Code 278; ``docs/meetings.md``.

    Example:
        >>> import polars as pl
        >>> loop = Deliberation(reports_previous=True)
        >>> held = pl.DataFrame({"meeting": ["1", "2"], "body": "A", "on": ["2024-03-01", "2024-04-01"]})
        >>> motions = pl.DataFrame({"motion": ["lamp", "lift"], "meeting": ["1", "2"], "outcome": ["passed"] * 2})
        >>> hold_meetings(loop, Proceedings(held, motions)).motions.select("motion", "outcome", "faults").rows()
        [('lamp', 'passed', ''), ('lift', 'invalid', 'meeting_not_in_order')]
    """
    record = read_record(rule, proceedings, law)
    _ask_for_day(record, at)
    cast, decided = decide_motions(record) if record.decisions else ({}, ())
    votes = _votes(record, decided)
    rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in _COLUMNS}
    owed: dict[str, dict[str, str]] = {}
    for meeting, row in record.meetings.items():
        mine = owed.get(row["body"], {})
        mine = {name: outcome for name, outcome in mine.items() if not is_returned(record, name, row["_on"])}
        answered = {name: answered_for(record, name, meeting) for name in mine}
        in_order = _in_order(rule, row, mine, answered)
        lacks = sum(found != "true" for found in answered.values())
        rows["meetings"].append((meeting, row["body"], row["on"], in_order, len(mine), lacks))
        rows["owed"] += [
            (meeting, name, record.named[name]["meeting"], outcome, answered[name])
            for name, outcome in sorted(mine.items())
        ]
        next_owed = {name: outcome for name, outcome in mine.items() if _still(record, name, meeting, answered[name])}
        for motion in record.motions[meeting]:
            name, (voted, doubt) = motion["motion"], votes[motion["motion"]]
            outcome, faults = _outcome(rule, motion, row["_on"], in_order, votes[name])
            said = motion["outcome"] if record.decisions and doubt is None else None
            differs = None if said is None else said != voted
            rows["motions"].append((name, meeting, outcome, ",".join(faults), motion["outcome"], differs))
            if outcome == "passed":
                rows["items"].append(item_of(record, motion, row["_on"], at))
            if outcome in ("passed", "undetermined") and voted in ("passed", "undetermined"):
                next_owed[name] = outcome
        owed[row["body"]] = next_owed if rule.reports_previous else {}
    rows["ballots"] = [_ballot(row, why) for one in cast.values() for row, why in one.ballots]
    return _framed(proceedings.meetings, rows, decided)


def _framed(meetings: Any, rows: Mapping[str, list[tuple[Any, ...]]], decided: tuple[Decided, ...]) -> Held:
    import polars as pl

    frame, back = adopt(meetings)

    def kind(name: str) -> Any:
        return pl.Int64 if name in _WHOLE else pl.Boolean if name in _FLAGS else pl.String

    def made(name: str) -> Any:
        schema = {column: kind(column) for column in _COLUMNS[name]}
        return back(in_kind_of(frame, pl.DataFrame(rows[name], schema=schema, orient="row")))

    return Held(**{name: made(name) for name in _COLUMNS}, decided=decided)


def _ask_for_day(record: Record, at: dt.date | None) -> None:
    timed = record.rule.objections is not None or record.rule.carry_out_days is not None
    timed = timed or any(row["due"] is not None for rows in record.motions.values() for row in rows)
    if timed and at is None:
        zh, en = "须给出查看之日（at）", "give the day on which one looks (`at`)"
        raise UsageError.because("no-day-to-look", zh=zh, en=en)
    if at is not None:
        number_of(at)  # refuses what is no day


def _votes(record: Record, decided: Sequence[Decided]) -> dict[str, Vote]:
    """Return what the vote on each motion came to, computed or as it was announced; and why it is not known."""
    if not record.decisions:
        return {name: (row["outcome"], None if row["outcome"] else "not_decided") for name, row in record.named.items()}
    found: dict[str, Vote] = {}
    for one in decided:
        columns = read_columns(adopt(one.frame)[0].select("matter", "outcome"))
        found |= {name: (said, None) for name, said in zip(columns["matter"], columns["outcome"], strict=True)}
    for name, row in record.named.items():
        # A motion without anybody on its register has no row there.
        found.setdefault(name, ("undetermined", "no_register"))
        if is_changed(record.decisions[name], row):
            found[name] = ("undetermined", "rule_changed")
    return found


def _still(record: Record, name: str, meeting: str, answered: str) -> bool:
    """Return whether the meeting after one owes an item that this one owed."""
    again = verdict(record, name, meeting) == "again"
    return again or (answered != "true" and record.rule.owed == "until_reported")


def _in_order(rule: Deliberation, meeting: Row, owed: Mapping[str, str], answered: Mapping[str, str]) -> str:
    wrong = any(outcome == "passed" and answered[name] == "false" for name, outcome in owed.items())
    doubt = any(found != "true" for found in answered.values())
    if rule.convener is not None:
        wrong = wrong or meeting["convened_by"] not in (None, rule.convener)
    return "false" if wrong else "undetermined" if doubt else "true"


def _outcome(rule: Deliberation, motion: Row, day: dt.date, in_order: str, vote: Vote) -> tuple[str, list[str]]:
    """Return the outcome of a motion, and what is wrong with it: what fails for sure goes before what is not known."""
    voted, doubt = vote
    wrong: list[str] = []
    unknown: list[str] = []
    if in_order != "true":
        (wrong if in_order == "false" else unknown).append("meeting_not_in_order")
    if rule.notice_days is not None:
        if motion["_posted"] is None:
            wrong.append("not_posted")
        elif (day - motion["_posted"]).days < rule.notice_days:
            wrong.append("posted_late")
    if rule.proposers:
        if motion["proposer"] is None:
            unknown.append("proposer_not_known")
        elif motion["proposer"] not in rule.proposers:
            wrong.append("may_not_propose")
    if rule.support is not None or rule.support_share is not None:
        supported = _supported(rule, motion)
        if supported is not True:
            (wrong if supported is False else unknown).append(
                "too_few_supporters" if supported is False else "support_not_known"
            )
    if doubt is not None:
        unknown.append(doubt)
    outcome = "invalid" if wrong else "undetermined" if unknown else str(voted)
    return outcome, [*wrong, *unknown]


def _supported(rule: Deliberation, motion: Row) -> bool | None:
    """Return whether enough support a motion; None if that is not known, and no number known is too few."""
    supporters, entitled = motion["supporters"], motion.get("entitled")
    if supporters is None:
        return None
    if rule.support is not None and supporters < rule.support:
        return False
    if rule.support_share is None:
        return True
    return None if entitled is None else supporters >= rule.support_share * entitled


def _ballot(row: Row, why: str | None) -> tuple[Any, ...]:
    names = ("motion", "member", "choice", "channel", "proxy", "at")
    return (*(row[name] for name in names), why is None, why)
