"""Disclosure: a record of postings held against what must be public, item by item, on any kind of frame."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from attrs import frozen

from communitygov.provisions.disclosure_record import read_record
from communitygov.provisions.disclosure_rules import DisclosureDuty
from communitygov.vocabulary.clock import DAY, number_of
from communitygov.vocabulary.deadline import counting_of
from communitygov.vocabulary.deadlines import dues, lateness
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["STATES", "WANTING", "Disclosed", "check_disclosures"]

STATES = {
    "met": Title(zh="已依规公开", en="public as it must be"),
    "late": Title(zh="公开迟了", en="made public too late"),
    "too_short": Title(zh="公开时间不足", en="taken down too early"),
    "missing": Title(zh="未公开", en="not public"),
    "not_yet": Title(zh="时限未满", en="its time is not up"),
    "undetermined": Title(zh="起算日未知，无法判定", en="the day from which time counts is not known"),
}
"""How an item of a subject can stand."""

WANTING = ("late", "too_short", "missing")
"""The states of which one is enough for a subject not to be in order."""

_NOON = DAY // 2
_LAST = 10**6
"""A day after all others, counted from 1970."""


@frozen
class Disclosed:
    """What is public of each subject.

    ``frame`` has one row per subject and item, and per place if it must be at every place, in the order of ids:

    - ``subject``, ``item`` (text), ``place`` (text, null where any place will do);
    - ``since``, ``due``, ``posted`` (text, nullable): the day from which time counts, the last day that is in time, and
      the first day on which it was up after the event;
    - ``days`` (Int64): how many days in a row it was up, at the longest, by the day of the record, in the unit of
      ``lasts_unit``;
    - ``state`` (text): one of ``STATES``;
    - ``late`` (Int64, nullable): how many days too late, in the unit of the rule, of what is late or missing;
    - ``provisional`` (Boolean): whether that rests on working days of a year that is not published.

    ``subjects`` has one row per subject, in the order of ids: ``subject``, ``in_order`` (text: ``false`` if anything is
    wanting, ``true`` if all is met, ``undetermined`` while that cannot be said), and how many items are ``met``,
    ``wanting`` and ``open`` (Int64).

    Args:
        frame: As above, of the kind of the record that was given.
        subjects: As above.
        rule: The rule.
    """

    frame: Any
    subjects: Any
    rule: DisclosureDuty


def check_disclosures(rule: DisclosureDuty, subjects: Any, postings: Any, at: dt.date) -> Disclosed:
    """Hold a record of postings against what must be public.

    Postings that overlap or follow each other day by day are one. What was up before the event counts from the event
    on. An item is met if it was put up in time and stayed for as long as it must, without a gap.

    Args:
        rule: What must be public.
        subjects: Whose: the columns of ``subjects_table(rule)``. ``since`` is the day of the event; missing where that
            is not known.
        postings: What was put up: the columns of ``postings_table(rule)``; ``last`` is missing while it is up.
        at: The day that the record goes up to.

    Returns:
        Each item of each subject, and each subject, of the kind of ``postings``.

    Raises:
        DocumentError: If a rule that was made in Python breaks one of its own promises.
        DataError: If a frame does not fit, a subject, item or place is none of those there are, a day is none, cannot
            be counted or lies after ``at``, a posting ends before it begins, or the rule is not in force on the day of
            an event; all of a frame at once.
        UsageError: If ``at`` is no day, a rule without an event is not in force on it, or the days that can be counted
            do not suffice.

    Source:
        BAO-03, QF-13, QF-22; see ``docs/disclosure.md``.

    Example:
        >>> import polars as pl
        >>> rule = DisclosureDuty(
        ...     subject=Title(zh="项目", en="project"),
        ...     items={"money": Title(zh="经费", en="money")},
        ...     lasts=7,
        ...     lasts_unit="natural_days",
        ... )
        >>> projects = pl.DataFrame({"subject": ["garden", "lift"]})
        >>> record = pl.DataFrame(
        ...     {"subject": ["lift"], "item": ["money"], "first": ["2024-05-01"], "last": ["2024-05-03"]}
        ... )
        >>> check_disclosures(rule, projects, record, dt.date(2024, 5, 31)).frame.select(
        ...     "subject", "state", "days"
        ... ).rows()
        [('garden', 'missing', 0), ('lift', 'too_short', 3)]
    """
    owed, record, back = read_record(rule, subjects, postings, at)
    rows = _stated(rule, owed.join(_stretches(rule, owed, record, at), on=_key(rule), how="left"), at)
    names = ["subject", "item", "place", "since", "due", "posted", "days", "state", "late", "provisional"]
    return Disclosed(back(rows.select(names)), back(_subjects(rows)), rule)


def _key(rule: DisclosureDuty) -> list[str]:
    return ["subject", "item", *(["place"] if rule.everywhere else [])]


def _stretches(rule: DisclosureDuty, owed: pl.DataFrame, record: pl.DataFrame, at: dt.date) -> pl.DataFrame:
    """Return for what is owed all stretches of days in which it was public since the event, in order."""
    import polars as pl

    key, today = _key(rule), number_of(at)
    up = record.join(owed.select(*key, "_since"), on=key, how="inner")
    up = up.with_columns(
        pl.max_horizontal("first", "_since").alias("first"),
        pl.col("last").fill_null(today).alias("last"),
        (pl.col("last").is_null() | (pl.col("last") == today)).alias("up"),
    ).filter(pl.col("first") <= pl.col("last"))
    up = up.sort(*key, "first").with_columns(pl.col("last").cum_max().shift(1).over(key).alias("before"))
    apart = (pl.col("before").is_null() | (pl.col("first") > pl.col("before") + 1)).cum_sum().over(key)
    whole = up.with_columns(apart.alias("nth")).group_by(*key, "nth")
    joined = whole.agg(pl.col("first").min(), pl.col("last").max(), pl.col("up").any()).sort(*key, "nth")
    joined = joined.with_columns(_lengths(rule, joined["first"], joined["last"]))
    return joined.group_by(key, maintain_order=True).agg("first", "last", "up", "length", "unsure")


def _lengths(rule: DisclosureDuty, first: pl.Series, last: pl.Series) -> pl.DataFrame:
    """Return how many days stretches have that count, and whether that rests on a year that is not published."""
    import polars as pl

    if rule.lasts_unit != "working_days":
        return pl.DataFrame(
            [(last - first + 1).alias("length"), pl.repeat(False, len(first), eager=True).alias("unsure")]
        )
    worked, unsettled = (
        pl.Series(before, dtype=pl.Int64) for before in (rule.calendar.worked_before, rule.calendar.unsettled_before)
    )
    counted = (before.gather(last + 1) - before.gather(first) for before in (worked, unsettled))
    return pl.DataFrame([next(counted).alias("length"), (next(counted) > 0).alias("unsure")])


def _stated(rule: DisclosureDuty, rows: pl.DataFrame, at: dt.date) -> pl.DataFrame:
    """Add how each item stands."""
    import polars as pl

    today = number_of(at)
    rows = rows.with_columns(_due(rule, rows["_since"]))
    due = pl.col("_due").fill_null(_LAST)
    stretches = (
        rows.with_row_index("row")
        .explode("first", "last", "up", "length", "unsure")
        .with_columns(timely=pl.col("first") <= due)
    )
    enough = (pl.col("length") >= (rule.lasts or 1)).fill_null(value=False)
    each = stretches.group_by("row", maintain_order=True).agg(
        posted=pl.col("first").min(),
        days=pl.col("length").max().fill_null(0),
        done=(pl.col("timely") & enough).any(),
        timely=pl.col("timely").any(),
        up=(pl.col("timely") & pl.col("up")).any(),
        unsure=pl.col("unsure").any(),
    )
    rows = rows.drop("first", "last", "up", "length", "unsure").hstack(each.drop("row"))
    rows = rows.with_columns(pl.col("_mark") | pl.col("unsure"))
    unknown = pl.lit(value=rule.after is not None) & pl.col("_since").is_null()
    past = (pl.col("_due") < today).fill_null(rule.within is None)
    state = (
        pl.when(unknown).then(pl.lit("undetermined"))
        .when(pl.col("done")).then(pl.lit("met"))
        .when(pl.col("timely") & (pl.col("up") | ~past)).then(pl.lit("not_yet"))
        .when(pl.col("timely")).then(pl.lit("too_short"))
        .when(pl.col("posted").is_not_null()).then(pl.lit("late"))
        .when(past).then(pl.lit("missing"))
        .otherwise(pl.lit("not_yet"))
    )  # fmt: skip
    rows = rows.with_columns(state.alias("state"))
    rows = rows.with_columns(_late(rule, rows, today))
    days = [
        pl.from_epoch(pl.col(f"{name}"), "d").cast(pl.String).alias(name.lstrip("_")) for name in ("_due", "posted")
    ]
    return rows.with_columns(days)


def _due(rule: DisclosureDuty, since: pl.Series) -> pl.DataFrame:
    """Return the last day that is in time, and whether that is provisional."""
    import polars as pl

    if rule.budget is None:
        empty = pl.repeat(None, len(since), dtype=pl.Int64, eager=True)
        return pl.DataFrame([empty.alias("_due"), pl.repeat(False, len(since), eager=True).alias("_mark")])
    found = dues(since * DAY, rule.budget.units, counting_of(rule.budget, rule.calendar), rule.calendar)
    return found.select(
        ((pl.col("due") - 1) // DAY).alias("_due"), pl.col("provisional").fill_null(value=False).alias("_mark")
    )


def _late(rule: DisclosureDuty, rows: pl.DataFrame, today: int) -> pl.DataFrame:
    """Return by how many days what is late or missing is late, and whether anything said of time is provisional."""
    import polars as pl

    if rule.budget is None:
        return rows.select(late=pl.lit(None, dtype=pl.Int64), provisional=pl.col("_mark"))
    when = pl.when(pl.col("state") == "late").then("posted").when(pl.col("state") == "missing").then(today)
    derived = rows.select(due=(pl.col("_due") + 1) * DAY, provisional="_mark")
    at = rows.select((when * DAY + _NOON).alias("at"))["at"]
    found = lateness(derived, at, counting_of(rule.budget, rule.calendar))
    return pl.DataFrame(
        [
            pl.select(pl.when(at.is_not_null()).then(found["by"])).to_series().alias("late"),
            (rows["_mark"] | found["provisional"].fill_null(value=False)).alias("provisional"),
        ]
    )


def _subjects(rows: pl.DataFrame) -> pl.DataFrame:
    """Return whether each subject is in order."""
    import polars as pl

    met, wanting = pl.col("state") == "met", pl.col("state").is_in(WANTING)
    counts = rows.group_by("subject", maintain_order=True).agg(
        met=met.sum().cast(pl.Int64), wanting=wanting.sum().cast(pl.Int64), open=(~met & ~wanting).sum().cast(pl.Int64)
    )
    in_order = (
        pl.when(pl.col("wanting") > 0).then(pl.lit("false"))
        .when(pl.col("open") == 0).then(pl.lit("true"))
        .otherwise(pl.lit("undetermined"))
    )  # fmt: skip
    return counts.select("subject", in_order.alias("in_order"), "met", "wanting", "open")
