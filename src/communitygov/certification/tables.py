"""The columns that certification takes: declared once, for data errors, docs, templates and test strategies."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from communitygov.vocabulary.frames import Column, Table
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    from communitygov.certification.rules import Certification

__all__ = [
    "CHANGES",
    "EVENTS",
    "HELD",
    "HOLDERS",
    "LISTED",
    "RESERVED",
    "RESULTS",
    "demands_table",
    "periods_table",
    "results_table",
    "scores_table",
    "watch_table",
]

SUBJECT = Column("subject", "text", Title(zh="评价对象", en="subject"))
_YEAR = Column("year", "whole", Title(zh="年度", en="year"))
_TIER = Column("tier", "text", Title(zh="星级", en="tier"))
_NO_TIER = Column("tier", "text", Title(zh="星级", en="tier"), nullable=True)
_PERIOD = Column("period", "period", Title(zh="时期", en="period"))

RESERVED = frozenset(
    {
        "subject", "year", "period", "group", "score", "previous_score", "maximum", "rank", "cut", "effective_rank",
        "tier", "reason", "distance", "base", "places", "line", "since", "listed", "change", "day", "event", "demands",
    }
)  # fmt: skip
"""Names of columns with a meaning of their own; no veto, group, tie-break or ``by`` column may take one."""

HOLDERS = Table(Title(zh="此前的认定", en="holders"), (SUBJECT, _YEAR, _TIER), ("subject", "year"), open=True)
"""Earlier certifications: one row per subject and year in which it held a tier."""

LISTED = Table(
    Title(zh="治理类名单", en="watch list"),
    (SUBJECT, Column("since", "period", Title(zh="列入时期", en="listed since"))),
    ("subject",),
    open=True,
)
"""A watch list as it stands: one row per subject on it."""

HELD = Table(Title(zh="在挂牌匾", en="plaques"), (SUBJECT, _TIER), ("subject",), open=True)
"""Plaques that hang: one row per subject that has one."""

CHANGES = Table(
    Title(zh="治理类名单的变动", en="changes of the watch list"),
    (SUBJECT, Column("change", "text", Title(zh="变动", en="change"))),
    ("subject",),
    open=True,
)
"""What a watch list did with each subject."""

RESULTS = Table(Title(zh="认定结果", en="results"), (SUBJECT, _NO_TIER), ("subject",), open=True)
"""What plaques are hung by: one row per subject, with its tier if it has one."""

EVENTS = Table(
    Title(zh="挂牌摘牌记录", en="plaque events"),
    (
        SUBJECT,
        Column("day", "period", Title(zh="日期", en="day")),
        Column("event", "text", Title(zh="事件", en="event")),
        _TIER,
        Column("reason", "text", Title(zh="原因", en="reason")),
    ),
    ("subject", "day", "event"),
    open=True,
)
"""Plaques hung and taken down: one row per event."""


def _score(name: str, zh: str, en: str, certification: Certification, *, nullable: bool = True) -> Column:
    return Column(name, "score", Title(zh=zh, en=en), nullable=nullable, decimals=certification.decimals)


def scores_table(certification: Certification) -> Table:
    """Return the columns of the yearly scores that are certified: one row per subject.

    Args:
        certification: The rule.
    """
    columns = [SUBJECT, _score("score", "年度得分", "yearly score", certification)]
    for name in certification.tie_break:
        columns.append(_score(name, f"并列次序 {name}", f"tie-break {name}", certification, nullable=False))
    for key, veto in certification.barriers.items():
        columns.append(Column(veto.column, "flag", veto.name(key), clause=veto.clause))
    if certification.group_by is not None:
        columns.append(Column(certification.group_by, "text", Title(zh="分组", en="group")))
    if certification.hold_until_change:
        columns.append(_score("previous_score", "上年得分", "last year's score", certification))
    unique = {column.name: column for column in columns}
    return Table(Title(zh="年度得分", en="yearly scores"), tuple(unique.values()), ("subject",), open=True)


def periods_table(certification: Certification) -> Table:
    """Return the columns of the periods' scores that make a year: one row per subject and period.

    Args:
        certification: The rule.
    """
    maximum = Column("maximum", "number", Title(zh="满分", en="full marks"), minimum=Fraction(0))
    columns = (SUBJECT, _PERIOD, _score("score", "得分", "score", certification), maximum)
    return Table(Title(zh="各期得分", en="scores of periods"), columns, ("subject", "period"), open=True)


def watch_table(certification: Certification) -> Table:
    """Return the columns of the periods' scores that a watch list is made from: one row per subject and period.

    Args:
        certification: The rule.
    """
    columns = (SUBJECT, _PERIOD, _score("score", "得分", "score", certification))
    return Table(Title(zh="各期得分", en="scores of periods"), columns, ("subject", "period"), open=True)


def demands_table(certification: Certification) -> Table:
    """Return the columns that a renovation list is made from: one row per subject and year.

    Args:
        certification: The rule.
    """
    demands = Column("demands", "whole", Title(zh="诉求数", en="demands"), minimum=Fraction(0))
    columns = (
        SUBJECT,
        _YEAR,
        demands,
        _score("score", "年度得分", "yearly score", certification),
        _score("previous_score", "上年得分", "last year's score", certification),
    )
    return Table(Title(zh="诉求数据", en="demands"), columns, ("subject", "year"), open=True)


def results_table(certification: Certification) -> Table:
    """Return the columns of a certification's result that awards are made from: one row per subject.

    Args:
        certification: The rule.
    """
    columns = [SUBJECT, _NO_TIER]
    progress = certification.awards.progress if certification.awards else None
    if progress is not None:
        columns.append(_score("score", "年度得分", "yearly score", certification))
        columns.append(Column("rank", "whole", Title(zh="名次", en="rank"), nullable=True))
        if certification.group_by is not None:
            columns.append(Column("group", "text", Title(zh="分组", en="group")))
    return Table(Title(zh="认定结果", en="results"), tuple(columns), ("subject",), open=True)
