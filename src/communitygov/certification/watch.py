"""The watch list: who stays among the last, period after period, and who has left them behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from attrs import field, frozen

from communitygov.certification.columns import adopt_beside, check, in_units, whole
from communitygov.certification.rules import Certification, Watch, Year
from communitygov.certification.tables import LISTED, RESERVED, watch_table
from communitygov.certification.year import periods_of, wrong_period
from communitygov.vocabulary.errors import DataError, UsageError
from communitygov.vocabulary.faults import read_rows
from communitygov.vocabulary.frames import adopt
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.problem import Problem
from communitygov.vocabulary.text import Title

__all__ = ["Watched", "check_columns", "check_watch", "period_asked", "watch", "watch_of", "watch_unchecked"]


@frozen
class Watched:
    """A watch list after a period: one row per subject that has a row in the period or was on the list.

    ``frame`` has, in no promised order of rows:

    - ``subject``, ``period`` (text) and the ``by`` columns;
    - ``score`` (Int64, nullable): the score that is ranked, in units: the period's, or the sum of the year to date;
    - ``from_bottom`` (Int64, nullable): 1 and the ranked subjects that are strictly lower; null without a rank;
    - ``listed`` (Boolean): whether it is on the list now;
    - ``since`` (text, nullable): the period in which it came onto the list; null if it is not on it;
    - ``change`` (text): ``enters``, ``stays``, ``leaves`` or ``none``;
    - ``reason`` (text): why; of those off the list and staying off: ``no_rank`` this period, ``not_last`` this period,
      ``year_end`` (the year's end breaks the row), ``no_earlier_rank``, ``not_in_a_row``; of those that enter
      ``in_a_row``; of those that stay ``no_rank``, ``still_last``, ``not_long_enough`` (outside the last, but not for
      as long as the rule asks); of those that leave ``outside_in_a_row``.

    Args:
        frame: As above, of the kind that was given.
        key: The columns that name a row.
        outcome: The columns that are the result.
        because: The columns that say why.
    """

    frame: Any
    key: tuple[str, ...]
    outcome: tuple[str, ...]
    because: tuple[str, ...]
    _list: Any = field(repr=False, eq=False)
    _back: Callable[[Any], Any] = field(repr=False, eq=False)

    @property
    def listed(self) -> Any:
        """The list as it stands now, as the next period takes it: ``subject``, ``since`` and the ``by`` columns."""
        return self._back(self._list)


def watch(
    certification: Certification, scores: Any, listed: Any = None, *, period: str, by: Sequence[str] = ()
) -> Watched:
    """Bring the watch list up to a period.

    A subject enters that is among the last places in as many periods in a row as the rule asks, this one the latest,
    with a rank in each; it leaves after as many periods in a row outside them, all later than the one it came in.

    Args:
        certification: The rule, with a watch list.
        scores: One row per subject and period (and combination of ``by``): ``subject``, ``period``, ``score``; at least
            the periods that the rule looks back on, others are passed over.
        listed: The list as it stood: ``subject``, ``since`` (period), and the ``by`` columns; None if it was empty.
        period: The period, such as ``2023Q3``.
        by: Further key columns.

    Returns:
        The list after the period, its frame of the kind given.

    Raises:
        DataError: If a frame does not fit, the period has no row, or a period has fewer ranked subjects than twice the
            last places.
        UsageError: If the certification has no watch list, or the period is not of its kind.

    Source:
        SJS-23: among the last 10 in two consecutive quarters; semantics 3.9.

    Example:
        >>> import polars as pl
        >>> from communitygov.certification.rules import Leaving, Tier
        >>> rule = Certification(
        ...     of="quality",
        ...     year=Year(starts=1, periods=4),
        ...     decimals=0,
        ...     tiers={"star": Tier(order=1, number=1)},
        ...     base="all",
        ...     rounding="floor",
        ...     rounded="cumulative",
        ...     ties="in",
        ...     watch=Watch(
        ...         last=1,
        ...         periods=2,
        ...         ties="in",
        ...         rank_of="period",
        ...         across_years=True,
        ...         leaving=Leaving(after=1),
        ...         starred="allowed",
        ...     ),
        ... )
        >>> scores = pl.DataFrame(
        ...     {
        ...         "subject": ["a", "b", "a", "b"],
        ...         "period": ["2022Q4", "2022Q4", "2023Q1", "2023Q1"],
        ...         "score": [80, 90, 81, 92],
        ...     }
        ... )
        >>> watch(rule, scores, period="2023Q1").frame.sort("subject").select("subject", "listed", "reason").rows()
        [('a', True, 'in_a_row'), ('b', False, 'not_last')]
    """
    frame, back = adopt(scores)
    on = None if listed is None else adopt_beside(frame, listed, "listed")
    when = period_asked(certification, period)
    check_watch(certification, frame, on, when, by)
    return _watched(certification, frame, on, when, tuple(by), back)


def watch_unchecked(
    certification: Certification, scores: Any, listed: Any = None, *, period: str, by: Sequence[str] = ()
) -> Watched:
    """Bring the watch list up to a period like ``watch``, without checking the frames first.

    Args:
        certification: The rule, with a watch list.
        scores: As for ``watch``.
        listed: As for ``watch``.
        period: The period.
        by: Further key columns.
    """
    frame, back = adopt(scores)
    on = None if listed is None else adopt_beside(frame, listed, "listed")
    return _watched(certification, frame, on, period_asked(certification, period), tuple(by), back)


@frozen
class _Look:
    """The periods that the rule looks at, latest first, and the rows in a row that it asks for.

    Args:
        periods: All that count.
        to_date: For each, the periods whose scores are ranked in it.
        entering: Those of an entry; empty where a year's end breaks the row.
        leaving: Those of a leaving, likewise.
    """

    periods: tuple[str, ...]
    to_date: dict[str, tuple[str, ...]]
    entering: tuple[str, ...]
    leaving: tuple[str, ...]


def _look(rule: Watch, year: Year, latest: Period) -> _Look:
    def this_year(each: Period) -> list[str]:
        day = each.first_day
        return periods_of(year, day.year + (year.starts > 1 and day.month >= year.starts))

    def row(length: int) -> tuple[str, ...]:
        back = [latest.next(-n) for n in range(length)]
        unbroken = rule.across_years or all(this_year(each) == this_year(latest) for each in back)
        return tuple(str(each) for each in back) if unbroken else ()

    entering, leaving = row(rule.periods), row(rule.leaving.after)
    periods = tuple(dict.fromkeys([str(latest), *entering, *leaving]))
    to_date = {}
    for name in periods:
        year_so_far = tuple(each for each in this_year(Period.parse(name)) if each <= name)
        to_date[name] = year_so_far if rule.rank_of == "year_to_date" else (name,)
    return _Look(periods, to_date, entering, leaving)


def watch_of(certification: Certification) -> Watch:
    """Return the watch list's rule.

    Args:
        certification: The rule.

    Raises:
        UsageError: If there is none.
    """
    if certification.watch is None:
        raise UsageError.because("no-watch-list", zh="此认定没有治理类名单", en="this certification has no watch list")
    return certification.watch


def period_asked(certification: Certification, period: str | Period) -> Period:
    """Return the period that a watch list is wanted of.

    Args:
        certification: The rule.
        period: The period, or its text.

    Raises:
        UsageError: If it is none, or not one of those that make up a year of the rule.
    """
    kind = certification.year.kind
    try:
        when = Period.parse(str(period))
    except ValueError:
        when = None
    if when is None or when.kind != kind:
        raise UsageError.because(
            "wrong-period", zh=f"`{period}` 不是所要的时期（{kind}）", en=f"`{period}` is no {kind}"
        )
    return when


def check_columns(certification: Certification, frame: Any, on: Any, by: Sequence[str]) -> None:
    """Check the columns of what a watch list is made from; no row is read.

    Args:
        certification: The rule.
        frame: A Narwhals frame of scores.
        on: The list as it stood, likewise, or None.
        by: Further key columns.

    Raises:
        DataError: If a column is missing or of another type.
        UsageError: If a ``by`` column has a name with another meaning.
    """
    check(watch_table(certification), frame.head(0), by=by, reserved=RESERVED)
    if on is not None:
        check(LISTED, on.head(0), by=by, reserved=RESERVED)


def check_watch(certification: Certification, frame: Any, on: Any, period: Period, by: Sequence[str]) -> None:
    """Check what a watch list is made from.

    Args:
        certification: The rule.
        frame: A Narwhals frame of scores.
        on: The list as it stood, likewise, or None.
        period: The period.
        by: Further key columns.

    Raises:
        DataError: If a frame does not fit, the period has no row, or a period has too few ranked subjects.
        UsageError: If the certification has no watch list, or a ``by`` column has a name with another meaning.
    """
    rule, kind = watch_of(certification), certification.year.kind
    check(watch_table(certification), frame, by=by, reserved=RESERVED, more=[wrong_period("period", kind)])
    if on is not None:
        check(LISTED, on, by=by, reserved=RESERVED, more=[wrong_period("since", kind)])
    look = _look(rule, certification.year, period)
    _check_enough(rule, look, _wide(certification, frame, None, look, by), by)


def _check_enough(rule: Watch, look: _Look, wide: Any, by: Sequence[str]) -> None:
    """Refuse a period with fewer ranked subjects than twice the last places; only the latest must be there."""
    import narwhals as nw

    over = by or ["_all"]
    counts = wide.with_columns(
        **{f"_c{i}": whole(nw.col(f"_v{i}").count()).over(*over) for i in range(len(look.periods))}
    )
    least = [nw.col("_c0").min()]
    for i in range(1, len(look.periods)):
        least.append(nw.when(nw.col(f"_c{i}") > 0).then(nw.col(f"_c{i}")).min().alias(f"_c{i}"))
    found = read_rows(counts.select(*least))[0]
    problems = []
    for i, name in enumerate(look.periods):
        ranked = found[f"_c{i}"]
        ranked = 0 if ranked is None and i == 0 else ranked
        if ranked is not None and ranked < 2 * rule.last:
            problems.append(
                Problem(
                    "too-few-subjects",
                    Title(
                        zh=f"{name} 只有 {int(ranked)} 个有名次，少于末位数的两倍（{2 * rule.last}）",
                        en=f"{name} has {int(ranked)} ranked subjects, fewer than twice the last {rule.last} places",
                    ),
                    path="period",
                )
            )
    if problems:
        raise DataError(problems)


def _wide(certification: Certification, frame: Any, on: Any, look: _Look, by: Sequence[str]) -> Any:
    """Return one row per subject: the score ranked in each period, whether it is here, since when it is listed."""
    import narwhals as nw

    score, when = nw.col("score"), nw.col("period").cast(nw.String)
    needed = sorted({each for periods in look.to_date.values() for each in periods})
    rows = in_units(frame, ["score"], certification.decimals).filter(when.is_in(needed))
    columns: dict[str, Any] = {"_here": whole(when == look.periods[0]), "_since": nw.lit("")}
    for i, name in enumerate(look.periods):
        counts = when.is_in(list(look.to_date[name]))
        columns[f"_v{i}"] = nw.when(counts).then(score)
        columns[f"_n{i}"] = whole(counts & ~score.is_null())
    keys = [*by, "subject"]
    rows = rows.select(*keys, **columns)
    if on is not None:
        schema = rows.collect_schema()
        # Somebody on the list counts in no period by that alone: nothing is added to any sum.
        nothing = dict.fromkeys(columns, nw.lit(0, dtype=nw.Int64))
        entered = nothing | {"_since": nw.col("since").cast(nw.String)}
        on = on.select(*(nw.col(name).cast(schema[name]) for name in keys), **entered)
        rows = nw.concat([rows, on])
    wide = rows.group_by(*keys).agg(
        nw.col("_here").max(),
        nw.col("_since").max(),
        *(nw.col(name).sum() for name in columns if name not in ("_here", "_since")),
    )
    values = {}
    for i, name in enumerate(look.periods):
        full = nw.col(f"_n{i}") == len(look.to_date[name])
        values[f"_v{i}"] = nw.when(full).then(whole(nw.col(f"_v{i}")))
    since = nw.col("_since")
    return wide.with_columns(**values, _since=nw.when(since != "").then(since), _all=nw.lit(0))


def _watched(
    certification: Certification, frame: Any, on: Any, when: Period, by: tuple[str, ...], back: Callable[[Any], Any]
) -> Watched:
    import narwhals as nw

    period = str(when)

    rule = watch_of(certification)
    look = _look(rule, certification.year, when)
    wide = _wide(certification, frame, on, look, by)
    over = by or ("_all",)
    ranks = {"_rank": whole(nw.col("_v0").rank("min").over(*over))}
    for i in range(len(look.periods)):
        method: Literal["min", "max"] = "min" if rule.ties == "in" else "max"
        ranks[f"_among{i}"] = nw.col(f"_v{i}").rank(method).over(*over) <= rule.last
    wide = wide.with_columns(**ranks)
    wide = wide.filter((nw.col("_here") > 0) | ~nw.col("_since").is_null())
    wide = wide.with_columns(**_changes(look)).with_columns(
        _listed=nw.col("_change").is_in(["enters", "stays"]),
        _now=nw.when(nw.col("_change") == "enters").then(nw.lit(period)).otherwise(nw.col("_since")),
    )
    listed = nw.col("_listed")
    done = wide.select(
        "subject",
        nw.lit(period).alias("period"),
        *by,
        nw.col("_v0").alias("score"),
        nw.col("_rank").alias("from_bottom"),
        listed.alias("listed"),
        nw.when(listed).then(nw.col("_now")).alias("since"),
        nw.col("_change").alias("change"),
        nw.col("_reason").alias("reason"),
    )
    return Watched(
        frame=back(done),
        key=("subject", "period", *by),
        outcome=("listed",),
        because=("change", "reason"),
        list=done.filter(nw.col("listed")).select("subject", "since", *by),
        back=back,
    )


def _changes(look: _Look) -> dict[str, Any]:
    """Return what happens to a subject, and why: the first that holds, so the last is laid down first."""
    import narwhals as nw

    def among(names: Sequence[str], wanted: bool) -> Any:
        mask = nw.lit(bool(names))
        for name in names:
            among_last = nw.col(f"_among{look.periods.index(name)}")
            mask = mask & (among_last if wanted else ~among_last).fill_null(False)
        return mask

    on, now = ~nw.col("_since").is_null(), nw.col("_among0")
    gone = among(look.leaving, False)
    if look.leaving:
        gone = gone & (nw.col("_since") < min(look.leaving)).fill_null(False)
    unranked = nw.lit(False)
    for name in look.entering:
        unranked = unranked | nw.col(f"_v{look.periods.index(name)}").is_null()
    enters = among(look.entering, True)
    reasons = [
        (on & gone, "outside_in_a_row"),
        (nw.col("_v0").is_null(), "no_rank"),
        (on & now.fill_null(False), "still_last"),
        (on, "not_long_enough"),
        (~now.fill_null(False), "not_last"),
        (nw.lit(not look.entering), "year_end"),
        (unranked, "no_earlier_rank"),
        (enters, "in_a_row"),
    ]
    change: Any = nw.when(on).then(nw.lit("stays")).otherwise(nw.lit("none"))
    change = nw.when(~on & enters).then(nw.lit("enters")).otherwise(change)
    reason: Any = nw.lit("not_in_a_row")
    for mask, code in reversed(reasons):
        reason = nw.when(mask).then(nw.lit(code)).otherwise(reason)
    return {"_change": nw.when(on & gone).then(nw.lit("leaves")).otherwise(change), "_reason": reason}
