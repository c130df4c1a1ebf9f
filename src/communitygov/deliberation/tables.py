"""The columns that decisions take and give: declared once, for data errors, docs and templates."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from communitygov.deliberation.rules import Decision, MeasureName
from communitygov.vocabulary.frames import Column, Table
from communitygov.vocabulary.text import Title

__all__ = ["BALLOTS", "CHOICES", "COUNTS", "MEASURE_NAMES", "MOST", "column_of", "counts_table", "register_table"]

MOST = 10**12
"""The largest count: with a share as fine as a millionth, no product is beyond 63 bits."""

COUNTS = {
    "all": Title(zh="全体", en="in all"),
    "present": Title(zh="到会", en="present"),
    "taking_part": Title(zh="参加表决", en="taking part"),
    "yes": Title(zh="同意", en="yes"),
    "no": Title(zh="反对", en="no"),
    "abstain": Title(zh="弃权", en="abstain"),
}
"""What is counted of each measure."""

CHOICES = ("yes", "no", "abstain", "unknown", "present")
"""What a ballot says; ``unknown``: given, but not known; ``present``: was there and gave none."""

MEASURE_NAMES: dict[MeasureName, Title] = {
    "heads": Title(zh="人数", en="heads"),
    "households": Title(zh="户数", en="households"),
    "area": Title(zh="面积", en="area"),
    "votes": Title(zh="票数", en="votes"),
}


def column_of(measure: str, stratum: str | None, count: str) -> str:
    """Return the column of a count, such as ``heads.yes`` or ``heads.women.yes``.

    Args:
        measure: The measure.
        stratum: The stratum, or None for everybody.
        count: One of ``COUNTS``.
    """
    return ".".join(part for part in (measure, stratum, count) if part is not None)


def counts_table(decision: Decision) -> Table:
    """Return the columns of the counts of votes: one row per matter. A count that is not known is missing.

    Args:
        decision: The rule.

    Example:
        >>> from communitygov.deliberation.rules import Threshold
        >>> from communitygov.vocabulary.period import Period
        >>> third = Threshold(measure="heads", at_least=Fraction(2, 3), of="all")
        >>> rule = Decision(passes=third, article="28", since=Period.parse("2025-05-01"))
        >>> [column.name for column in counts_table(rule).columns][:3]
        ['matter', 'heads.all', 'heads.present']
    """
    return Table(Title(zh="表决计数表", en="counts of votes"), tuple(_counts(decision)), ("matter",), open=True)


def _counts(decision: Decision) -> Iterator[Column]:
    yield Column("matter", "text", Title(zh="议题", en="matter"))
    for measure, stratum in decision.counted:
        name = MEASURE_NAMES[measure]
        of = Title(zh="", en="") if stratum is None else decision.strata.get(stratum, Title(zh=stratum, en=stratum))
        for count, what in COUNTS.items():
            title = Title(zh=f"{of.zh}{name.zh}：{what.zh}", en=f"{name.en} {what.en}{of.en and f' of {of.en}'}")
            low, high = Fraction(0), Fraction(MOST)
            column = column_of(measure, stratum, count)
            yield Column(column, "whole", title, nullable=True, minimum=low, maximum=high)


def register_table(decision: Decision) -> Table:
    """Return the columns of the register: one row per unit of a member, for each matter, as of its record date.

    Args:
        decision: The rule; columns are asked for only where it counts them.
    """
    counted = {measure for measure, _ in decision.counted}
    columns = [Column("matter", "text", Title(zh="议题", en="matter")), Column("member", "text", _MEMBER)]
    if "households" in counted:
        columns.append(Column("household", "text", Title(zh="户", en="household")))
    for measure in ("area", "votes"):
        if measure in counted:
            title, high = MEASURE_NAMES[measure], Fraction(MOST)
            columns.append(Column(measure, "whole", title, nullable=True, minimum=Fraction(0), maximum=high))
    for stratum, title in decision.strata.items():
        columns.append(Column(f"in.{stratum}", "flag", title))
    name = Title(zh="名册", en="register")
    return Table(name, tuple(columns), ("matter", "member"), open=True, unique=False)


_MEMBER = Title(zh="成员", en="member")

BALLOTS = Table(
    Title(zh="表决票", en="ballots"),
    (
        Column("matter", "text", Title(zh="议题", en="matter")),
        Column("member", "text", _MEMBER),
        Column("choice", "text", Title(zh="意见", en="choice")),
        Column("proxy", "text", Title(zh="受托人", en="proxy"), required=False, nullable=True),
    ),
    ("matter", "member"),
    open=True,
)
