"""The columns of what is recorded of meetings: declared once, for data errors, docs and templates."""

from __future__ import annotations

from collections.abc import Sequence

from communitygov.deliberation.meeting_rules import Deliberation
from communitygov.deliberation.rules import Decision
from communitygov.deliberation.tables import register_table
from communitygov.vocabulary.frames import Column, ColumnKind, Table
from communitygov.vocabulary.text import Title

__all__ = [
    "BALLOTS",
    "MANDATES",
    "MEETINGS",
    "OBJECTIONS",
    "RECUSALS",
    "evaluations_table",
    "members_named",
    "members_table",
    "motions_table",
    "reports_table",
]


def _column(name: str, zh: str, en: str, *, kind: ColumnKind = "text", given: bool = True) -> Column:
    return Column(name, kind, Title(zh=zh, en=en), nullable=not given)


def _perhaps(name: str, zh: str, en: str, *, kind: ColumnKind = "text") -> Column:
    """Return a column that a frame may leave out, and a row may leave empty."""
    return Column(name, kind, Title(zh=zh, en=en), required=False, nullable=True)


def _table(zh: str, en: str, columns: list[Column], *key: str, unique: bool = True) -> Table:
    return Table(Title(zh=zh, en=en), tuple(columns), key, open=True, unique=unique)


_MOTION = _column("motion", "议题", "motion")
_MEETING = _column("meeting", "会议", "meeting")
_MEMBER = _column("member", "成员", "member")

MEETINGS = _table(
    "会议",
    "meetings",
    [
        _MEETING,
        _column("body", "议事主体", "body"),
        _column("on", "日期", "day"),
        _perhaps("convened_by", "召集者", "participant who convened it"),
    ],
    "meeting",
)
OBJECTIONS = _table(
    "异议",
    "objections",
    [
        _column("objection", "异议", "objection"),
        _MOTION,
        _column("on", "日期", "day on which it was made"),
        _column("answered", "答复日期", "day on which it was answered", given=False),
        _column("sustained", "成立", "whether it was sustained", kind="flag", given=False),
    ],
    "objection",
)
BALLOTS = _table(
    "表决票",
    "ballots of a meeting",
    [
        _MOTION,
        _MEMBER,
        _column("choice", "意见", "choice"),
        _perhaps("channel", "渠道", "way in which it was given"),
        _perhaps("proxy", "受托人", "proxy who gave it"),
        _perhaps("at", "时间", "instant at which it was given"),
    ],
    "motion",
    "member",
    unique=False,
)
MANDATES = _table(
    "委托",
    "mandates",
    [
        _MEMBER,
        _column("holder", "受托人", "holder"),
        _perhaps("motion", "议题", "motion; empty for all of them"),
        _perhaps("form", "形式", "form"),
        _perhaps("given", "委托时间", "instant at which it was given"),
        _perhaps("revoked", "撤回时间", "instant at which it was revoked"),
    ],
    "member",
    "holder",
    unique=False,
)
RECUSALS = _table("回避", "recusals", [_MOTION, _MEMBER, _perhaps("ground", "理由", "ground")], "motion", "member")


def motions_table(rule: Deliberation, *, voted: bool = False) -> Table:
    """Return the columns of motions: one row for each.

    Args:
        rule: The rule; columns are asked for only where it needs them.
        voted: Whether ballots are given, so that outcomes need not be.
    """
    outcome = ("outcome", "结果", "outcome of the vote, as it was announced")
    columns = [_MOTION, _MEETING, _perhaps(*outcome) if voted else _column(*outcome, given=False)]
    if rule.notice_days is not None:
        columns.append(_column("posted", "公示日期", "day on which it was posted", given=False))
    if rule.proposers:
        columns.append(_column("proposer", "提案者", "participant who put it", given=False))
    if rule.support is not None or rule.support_share is not None:
        columns.append(_column("supporters", "附议人数", "supporters", kind="whole", given=False))
    if rule.support_share is not None:
        columns.append(_column("entitled", "有权附议人数", "how many could support it", kind="whole", given=False))
    if rule.objections is not None:
        columns.append(_column("announced", "公布日期", "day on which its outcome was announced", given=False))
    columns += [
        _perhaps("owner", "责任者", "who carries it out"),
        _perhaps("due", "期限", "day by which it must be carried out"),
        _perhaps("rule", "表决规则", "rule of decisions"),
        _perhaps("digest", "规则摘要", "digest of the rule at the first vote"),
        _perhaps("closes", "截止时间", "instant at which voting closes"),
    ]
    return _table("议题", "motions", columns, "motion")


def reports_table(rule: Deliberation) -> Table:
    """Return the columns of reports: one row per motion that a meeting reported on.

    Args:
        rule: The rule.
    """
    columns = [_MOTION, _MEETING, _perhaps("done", "落实日期", "day on which it was carried out")]
    if rule.evaluates_previous and rule.evaluation is None:
        columns.append(_column("evaluated", "已评议", "whether it was evaluated", kind="flag", given=False))
    return _table("通报", "reports", columns, "motion", "meeting")


def evaluations_table(rule: Deliberation) -> Table:
    """Return the columns of evaluations: one row per person who evaluated what became of a motion.

    Args:
        rule: The rule.
    """
    columns = [_MOTION, _MEETING, _MEMBER, _column("answer", "意见", "answer")]
    if rule.evaluation is not None and rule.evaluation.by:
        columns.append(_column("participant", "参加者", "kind of participant"))
    return _table("评议", "evaluations", columns, "motion", "meeting", "member")


def members_table(rule: Deliberation, decision: Decision) -> Table:
    """Return the columns of the register of bodies: one row per unit of a member.

    Args:
        rule: The rule; it asks for households if a proxy must be of the same.
        decision: The rule of decisions; columns are asked for only where it counts them.
    """
    counted = register_table(decision).columns[1:]
    homes = rule.voting is not None and rule.voting.same_household
    more = homes and all(column.name != "household" for column in counted)
    columns = [
        _column("body", "议事主体", "body"),
        *counted,
        *([_column("household", "户", "household")] if more else []),
        _perhaps("participant", "参加者", "kind of participant"),
        _perhaps("since", "起", "first day on the register"),
        _perhaps("until", "止", "last day on the register"),
    ]
    return _table("名册", "register of bodies", columns, "body", "member", unique=False)


def members_named(names: Sequence[str]) -> Table:
    """Return the columns of a register in a file, whatever it counts, by their names.

    Args:
        names: The names of its columns.

    Example:
        >>> [column.kind for column in members_named(["body", "member", "area", "in.women"]).columns]
        ['text', 'text', 'whole', 'flag']
    """
    kinds: dict[str, ColumnKind] = {"area": "whole", "votes": "whole"}
    columns = [
        Column(
            name, "flag" if name.startswith("in.") else kinds.get(name, "text"), Title(zh=name, en=name), nullable=True
        )
        for name in names
    ]
    return _table("名册", "register of bodies", columns, "body", "member", unique=False)
