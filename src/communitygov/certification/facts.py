"""Rows read from frames, for explanations: one subject's group, exactly, with one query each for rows and holders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from communitygov.certification.certify import check_holders
from communitygov.certification.columns import adopt_beside, check
from communitygov.certification.decide import Holder, Row
from communitygov.certification.rules import Certification
from communitygov.certification.tables import RESERVED
from communitygov.vocabulary.errors import DataError
from communitygov.vocabulary.faults import read_columns, read_rows
from communitygov.vocabulary.frames import adopt
from communitygov.vocabulary.numbers import to_units
from communitygov.vocabulary.problem import Problem, did_you_mean
from communitygov.vocabulary.text import Title

__all__ = ["exact_units", "group_of", "narrowed", "unknown_subject"]


def group_of(
    certification: Certification, scores: Any, holders: Any, subject: str, by: Mapping[str, object], year: int
) -> tuple[list[Row], list[Holder]]:
    """Read the rows of a subject's group, and the tiers that its members held.

    Args:
        certification: The rule.
        scores: The frame of yearly scores.
        holders: The frame of holders, or None.
        subject: The subject.
        by: The value of each further key column.
        year: The year certified.

    Raises:
        DataError: If ``certify`` would refuse the rows that ``by`` points out, or the subject has none among them, or
            more than one.
        UsageError: If a ``by`` column has a name with another meaning.
    """
    import narwhals as nw

    frame, _ = adopt(scores)
    held = None if holders is None else adopt_beside(frame, holders, "holders")
    # Kinds of columns first, of no rows: which rows are meant is told from them.
    check(certification.scores_table, frame.head(0), by=tuple(by), reserved=RESERVED)
    frame = narrowed(frame, by)
    count = len(read_columns(frame.filter(nw.col("subject") == subject).select("subject"))["subject"])
    if count > 1:
        raise DataError(
            Problem(
                "repeated-subject",
                Title(
                    zh=f"`{subject}` 有 {count} 行；请用 by 指明是哪一组，如 by={{'draw': 0}}",
                    en=f"`{subject}` has {count} rows; say which with by, such as by={{'draw': 0}}",
                ),
                path="subject",
            )
        )
    check(certification.scores_table, frame, by=tuple(by), reserved=RESERVED)
    if held is not None:
        own = {name: value for name, value in by.items() if name in held.collect_schema().names()}
        check_holders(certification, held.head(0), tuple(own))
        held = narrowed(held, own)
        check_holders(certification, held, tuple(own))
    if count == 0:
        raise unknown_subject(subject, read_columns(frame.select("subject"))["subject"])
    if certification.group_by is not None:
        mine = frame.filter(nw.col("subject") == subject).select(certification.group_by).unique()
        frame = frame.join(mine, on=certification.group_by, how="inner")
    read = read_rows(frame.select(*_columns(certification)))
    rows = [_row(certification, cells) for cells in read]
    if held is None:
        return rows, []
    members = [row.subject for row in rows]
    earlier = held.filter(nw.col("subject").is_in(members) & (nw.col("year") < year))
    return rows, [
        Holder(str(cells["subject"]), int(cells["year"]), str(cells["tier"]))
        for cells in read_rows(earlier.select("subject", "year", "tier"))
    ]


def narrowed(frame: Any, by: Mapping[str, object]) -> Any:
    """Return the rows of a frame whose key columns have the values wanted.

    Args:
        frame: A Narwhals frame.
        by: The values.
    """
    import narwhals as nw

    for name, value in by.items():
        frame = frame.filter(nw.col(name) == value)
    return frame


def exact_units(value: Any, decimals: int) -> int | None:
    """Return a score in units: a whole number as it is, another number at its value.

    Args:
        value: The score.
        decimals: Published places.
    """
    if value is None:
        return None
    return value if isinstance(value, int) else to_units(Fraction(value), decimals)


def unknown_subject(subject: str, known: Sequence[str]) -> DataError:
    """Return the error for a subject without a row.

    Args:
        subject: The subject.
        known: Subjects that have one.
    """
    hint = did_you_mean(subject, known)
    return DataError(
        Problem(
            "unknown-subject",
            Title(zh=f"没有 `{subject}` 的数据{hint.zh}", en=f"there is no row of `{subject}`{hint.en}"),
            path="subject",
        )
    )


def _columns(certification: Certification) -> list[str]:
    return [column.name for column in certification.scores_table.columns]


def _row(certification: Certification, cells: Mapping[str, Any]) -> Row:
    decimals = certification.decimals
    return Row(
        subject=str(cells["subject"]),
        score=exact_units(cells["score"], decimals),
        group="" if certification.group_by is None else str(cells[certification.group_by]),
        breaks=tuple(exact_units(cells[name], decimals) or 0 for name in certification.tie_break),
        flags=frozenset(veto.column for veto in certification.barriers.values() if cells[veto.column]),
        previous=exact_units(cells.get("previous_score"), decimals),
    )
