"""What a disclosure is checked against, read once for verb and explanation: whose it is, and the record of postings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from communitygov.documents.rule import hold_to_itself
from communitygov.provisions.disclosure_rules import DisclosureDuty
from communitygov.vocabulary.clock import FIRST, beyond, number_of
from communitygov.vocabulary.errors import DataError, UsageError
from communitygov.vocabulary.frames import Column, Fault, Table, adopt, check_table, in_kind_of
from communitygov.vocabulary.period import is_period
from communitygov.vocabulary.problem import Problem, did_you_mean
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import narwhals as nw
    import polars as pl

__all__ = ["postings_table", "read_record", "subjects_table"]


def subjects_table(rule: DisclosureDuty) -> Table:
    """Return the columns of the subjects: one row for each that something must be public of.

    Args:
        rule: The rule.
    """
    columns = [Column("subject", "text", rule.subject)]
    if rule.after is not None:
        columns.append(Column("since", "text", rule.after, nullable=True))
    return Table(Title(zh="公开对象表", en="subjects of a disclosure"), tuple(columns), ("subject",), open=True)


def postings_table(rule: DisclosureDuty) -> Table:
    """Return the columns of the record of postings: one row for each time that an item was put up.

    Args:
        rule: The rule.
    """
    columns = [
        Column("subject", "text", rule.subject),
        Column("item", "text", Title(zh="公开事项", en="item")),
        *([Column("place", "text", Title(zh="公开地点", en="place"))] if rule.places else []),
        Column("first", "text", Title(zh="公开首日", en="first day on which it was up")),
        Column("last", "text", Title(zh="公开末日", en="last day on which it was up"), nullable=True),
    ]
    key = tuple(column.name for column in columns if column.name != "last")
    return Table(Title(zh="公开记录", en="record of postings"), tuple(columns), key, open=True, unique=False)


def read_record(
    rule: DisclosureDuty, subjects: Any, postings: Any, at: dt.date
) -> tuple[pl.DataFrame, pl.DataFrame, Callable[[pl.DataFrame], Any]]:
    """Read whose disclosures are checked and what was put up, as ``check_disclosures`` takes them.

    Args:
        rule: What must be public.
        subjects: Whose.
        postings: The record.
        at: The day that it goes up to.

    Returns:
        What is owed, a row for each subject, item and place in the order of ids (``subject``, ``item``, ``place``,
        ``since``, and ``_since``, the number of that day since 1970); the record, its days as such numbers; and the
        way from a Polars frame to one of the kind of ``postings``.

    Raises:
        DocumentError: As ``check_disclosures``.
        DataError: As there.
        UsageError: If ``at`` is no day that can be counted, or a rule without an event is not in force on it.
    """
    import polars as pl

    hold_to_itself(rule)
    number_of(at)
    if rule.after is None and not rule.in_force(at):
        said = _not_in_force(rule)
        raise UsageError.because("not-in-force", zh=f"{at}：{said.zh}", en=f"{at}: {said.en}")
    tables = subjects_table(rule), postings_table(rule)
    (whose, _), (put_up, back) = adopt(subjects, tables[0]), adopt(postings, tables[1])
    check_table(tables[0], whose, more=[*_subject_faults(rule, at)])
    listed = _collected(whose, tables[0])
    _check_postings(rule, put_up, set(listed["subject"]), at)
    record = _collected(put_up, tables[1])
    since = pl.col("since") if rule.after is not None else pl.lit(None, dtype=pl.String)
    owed = listed.select("subject", since=since).join(pl.DataFrame({"item": [*rule.items]}), how="cross")
    if rule.everywhere:
        owed = owed.join(pl.DataFrame({"place": [*rule.places]}), how="cross")
    else:
        owed = owed.with_columns(place=pl.lit(None, dtype=pl.String))
    owed = owed.sort("subject", "item", "place").with_columns(_number("since").alias("_since"))
    return owed, record.with_columns(_number("first"), _number("last")), lambda done: back(in_kind_of(put_up, done))


def _collected(frame: Any, table: Table) -> pl.DataFrame:
    import polars as pl

    names = [column.name for column in table.columns]
    found: pl.DataFrame = frame.select(*names).lazy().collect("polars").to_native()
    return found.cast(pl.String)


def _number(name: str) -> pl.Expr:
    """Return days as they are numbered since 1970."""
    import polars as pl

    return pl.col(name).str.to_date("%Y-%m-%d").cast(pl.Int32).cast(pl.Int64)


def _subject_faults(rule: DisclosureDuty, at: dt.date) -> Iterator[Fault]:
    """Yield what can be wrong with the day of the event, where there is one."""
    import narwhals as nw

    if rule.after is None:
        return
    yield from _bad_days("since", ("subject",), at)
    day = nw.col("since").cast(nw.String)
    outside = nw.lit(False)
    if rule.since is not None:
        outside = outside | (day < rule.since.first_day.isoformat())
    if rule.until is not None:
        outside = outside | (day > rule.until.last_day.isoformat())
    yield Fault("not-in-force", "since", _a_day("since") & outside, _not_in_force(rule), True, ("subject", "since"))


def _not_in_force(rule: DisclosureDuty) -> Title:
    since, until = rule.since or "…", rule.until or "…"
    return Title(
        zh=f"该要求当日不生效（{since} 至 {until}）", en=f"the duty is not in force then (from {since} to {until})"
    )


def _check_postings(rule: DisclosureDuty, put_up: Any, there: set[str], at: dt.date) -> None:
    """Refuse a record that does not fit, or names subjects that there are not: all of it at once."""
    problems: list[Problem] = []
    try:
        check_table(postings_table(rule), put_up, more=[*_posting_faults(rule, at)])
    except DataError as error:
        problems += error.problems
    if "subject" in put_up.collect_schema():
        named = put_up.select("subject").lazy().collect("polars").to_native()["subject"]
        problems += _strangers(there, {one for one in named if isinstance(one, str)})
    if problems:
        raise DataError(problems)


def _posting_faults(rule: DisclosureDuty, at: dt.date) -> Iterator[Fault]:
    import narwhals as nw

    key = postings_table(rule).key
    known = {"item": rule.items, **({"place": rule.places} if rule.places else {})}
    for name, there in known.items():
        said = Title(zh=f"规则中没有；有 {'、'.join(there)}", en=f"none of the rule's; there is {', '.join(there)}")
        yield Fault("unknown-posting", name, ~nw.col(name).is_in([*there]), said, True, (name,))
    for name in ("first", "last"):
        yield from _bad_days(name, key, at)
    early = Title(zh="末日早于首日", en="is before the first day")
    before = nw.col("last").cast(nw.String) < nw.col("first").cast(nw.String)
    yield Fault("posting-ends-early", "last", _a_day("last") & _a_day("first") & before, early, True, (*key, "last"))


def _a_day(name: str) -> nw.Expr:
    """Return whether a day is given that is one."""
    import narwhals as nw

    return ~nw.col(name).is_null() & is_period(nw.col(name).cast(nw.String), "day")


def _bad_days(name: str, key: tuple[str, ...], at: dt.date) -> Iterator[Fault]:
    """Yield what can be wrong with a day: it is none, cannot be counted, or is yet to come."""
    import narwhals as nw

    day, reads = nw.col(name).cast(nw.String), (*key, name)
    none = Title(zh="不是日期，应如 2024-05-06", en="is no day, such as 2024-05-06")
    yield Fault("posting-without-day", name, ~nw.col(name).is_null() & ~is_period(day, "day"), none, True, reads)
    far = beyond().problems[0].message
    yield Fault("outside-calendar", name, _a_day(name) & (day < FIRST.isoformat()), far, True, reads)
    after = Title(zh=f"在记录截止日 {at} 之后", en=f"lies after {at}, up to which the record goes")
    yield Fault("posting-to-come", name, _a_day(name) & (day > at.isoformat()), after, True, reads)


def _strangers(there: set[str], named: set[str]) -> Iterator[Problem]:
    """Yield a problem for each posting of a subject that there is not."""
    for subject in sorted(named - there):
        hint = did_you_mean(subject, sorted(there))
        zh, en = f"对象表中没有 `{subject}`{hint.zh}", f"`{subject}` is no subject on the list{hint.en}"
        yield Problem("unknown-posting", Title(zh=zh, en=en), path="subject")
