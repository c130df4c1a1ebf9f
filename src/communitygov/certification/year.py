"""A year's score: the sum of its periods' published scores."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm
from typing import Any

from communitygov.certification.columns import check, count, units, whole
from communitygov.certification.rules import Certification, Year
from communitygov.certification.tables import RESERVED, periods_table
from communitygov.vocabulary.errors import DataError
from communitygov.vocabulary.faults import read_rows
from communitygov.vocabulary.frames import SHOWN, Fault, adopt
from communitygov.vocabulary.period import Period, PeriodKind, is_period
from communitygov.vocabulary.problem import Problem
from communitygov.vocabulary.text import Title

__all__ = ["wrong_period", "yearly", "yearly_unchecked"]


def yearly(certification: Certification, scores: Any, *, by: Sequence[str] = ()) -> Any:
    """Add up the periods' scores of each year.

    A period whose score is missing counts as one that is not there.

    Args:
        certification: The rule, whose ``year`` says what a year is.
        scores: One row per subject and period (and combination of ``by``); columns ``subject``, ``period`` (text such
            as ``2023Q3``), ``score`` (units, or a float or decimal at its value), ``maximum`` (full marks of the
            period, in any one unit).
        by: Further key columns.

    Returns:
        A frame of the kind given: ``subject``, ``year`` (Int64, the calendar year in which the year ends), the ``by``
        columns, ``score`` (Int64, units).

    Raises:
        DataError: If the frame does not fit, a year lacks periods and the rule refuses that, or a year's full marks
            differ and the rule refuses that; subjects, years and missing periods are named.

    Source:
        SJS-16: the quarterly scores are added up; semantics 2.7 and 3.11.

    Example:
        >>> import polars as pl
        >>> from communitygov.certification.rules import Tier
        >>> rule = Certification(
        ...     of="quality",
        ...     year=Year(starts=7, periods=2),
        ...     decimals=1,
        ...     tiers={"star": Tier(order=1, number=1)},
        ...     base="all",
        ...     rounding="floor",
        ...     rounded="cumulative",
        ...     ties="in",
        ... )
        >>> halves = pl.DataFrame(
        ...     {"subject": ["a", "a"], "period": ["2021H2", "2022H1"], "score": [80.5, 91.0], "maximum": [100, 100]}
        ... )
        >>> yearly(rule, halves).rows()
        [('a', 2022, 1715)]
    """
    frame, back = adopt(scores)
    table, wrong = periods_table(certification), [wrong_period("period", certification.year.kind), _no_maximum()]
    # Kinds of columns first, of no rows: the years are told from texts.
    check(table, frame.head(0), by=by, reserved=RESERVED)
    named = _with_year(certification, frame)
    years = _over_years(named, by)
    try:
        check(table, years, by=by, reserved=RESERVED, more=[*wrong, *_year_faults(certification.year)])
    except DataError as error:
        raise DataError(_with_periods(certification, years, by, problem) for problem in error.problems) from None
    return back(_added_up(certification, named, by))


def yearly_unchecked(certification: Certification, scores: Any, *, by: Sequence[str] = ()) -> Any:
    """Add up like ``yearly``, without checking the frame first; incomplete years are left out.

    Where the rule rescales, the full marks that occur are still read, in one aggregate.

    Args:
        certification: The rule.
        scores: As for ``yearly``.
        by: Further key columns.
    """
    frame, back = adopt(scores)
    return back(_added_up(certification, _with_year(certification, frame), by))


def wrong_period(column: str, kind: PeriodKind) -> Fault:
    """Return the fault of a column whose texts are not periods of a kind.

    Args:
        column: The column.
        kind: The kind of period.
    """
    import narwhals as nw

    return Fault(
        "wrong-period",
        column,
        ~is_period(nw.col(column).cast(nw.String), kind),
        Title(zh=f"不是所要的时期（{_KINDS[kind].zh}）", en=f"not a {_KINDS[kind].en}"),
        show=True,
    )


_KINDS = {
    "year": Title(zh="年，如 2023", en="year, such as 2023"),
    "half": Title(zh="半年，如 2023H1", en="half, such as 2023H1"),
    "quarter": Title(zh="季度，如 2023Q3", en="quarter, such as 2023Q3"),
    "month": Title(zh="月，如 2023-08", en="month, such as 2023-08"),
    "day": Title(zh="日，如 2023-08-01", en="day, such as 2023-08-01"),
}


def _no_maximum() -> Fault:
    import narwhals as nw

    wrong = Title(zh="满分须大于 0", en="full marks must be above 0")
    return Fault("no-maximum", "maximum", nw.col("maximum") <= 0, wrong, show=True)


def _with_year(certification: Certification, frame: Any) -> Any:
    """Add the year of each row."""
    import narwhals as nw

    year, text = certification.year, nw.col("period").cast(nw.String)
    # A text that is no period is named by the check; here it only must not stop the reading.
    text = nw.when(is_period(text, year.kind)).then(text).otherwise(nw.lit("1000Q1-01"))
    named = text.str.slice(0, 4).cast(nw.Int64)
    if year.starts > 1:
        start, width = {"half": (5, 1), "quarter": (5, 1), "month": (5, 2)}[year.kind]
        later = text.str.slice(start, width).cast(nw.Int64) > (year.starts - 1) * year.periods // 12
        named = named + later.cast(nw.Int64)
    return frame.with_columns(_year=whole(named))


def _over_years(named: Any, by: Sequence[str]) -> Any:
    """Add how many periods of its year have a score, and the year's least and greatest full marks, to each row."""
    import narwhals as nw

    one_year = ["subject", *by, "_year"]
    return named.with_columns(
        _scored=count(~nw.col("score").is_null()).over(*one_year),
        _least=nw.col("maximum").min().over(*one_year),
        _greatest=nw.col("maximum").max().over(*one_year),
    )


def _year_faults(year: Year) -> list[Fault]:
    import narwhals as nw

    faults = []
    if year.incomplete == "refuse":
        message = Title(zh="年度不完整", en="the year is incomplete")
        faults.append(Fault("incomplete-year", "period", _incomplete(year), message))
    if year.different_maxima == "refuse":
        message = Title(zh="同一年度内满分不一", en="full marks differ within the year")
        faults.append(Fault("different-maxima", "maximum", nw.col("_least") != nw.col("_greatest"), message, show=True))
    return faults


def _incomplete(year: Year) -> Any:
    """Return whether a row's year lacks periods; of a text that is no period no year is known."""
    import narwhals as nw

    return is_period(nw.col("period").cast(nw.String), year.kind) & (nw.col("_scored") < year.periods)


def _with_periods(certification: Certification, years: Any, by: Sequence[str], problem: Problem) -> Problem:
    """Return a problem, one about incomplete years with the years and their missing periods named."""
    if problem.code != "incomplete-year":
        return problem
    few = years.filter(_incomplete(certification.year))
    names = ["subject", *by, "_year"]
    present: dict[tuple[Any, ...], set[str]] = {}
    for row in read_rows(few.select(*names, "period", "score").sort(*names, "period")):
        scored = present.setdefault(tuple(row[name] for name in names), set())
        scored |= {str(row["period"])} if row["score"] is not None else set()
    listed = []
    for key, scored in list(present.items())[:SHOWN]:
        gone = [each for each in periods_of(certification.year, key[-1]) if each not in scored]
        listed.append(f"{' '.join(str(part) for part in key)} ({', '.join(gone)})")
    more = " ..." if len(present) > SHOWN else ""
    years_en = f"{len(present)} year{'s' * (len(present) > 1)}"
    return Problem(
        problem.code,
        Title(
            zh=f"列 `period`：年度不完整，共 {len(present)} 个，缺：{', '.join(listed)}{more}",
            en=f"column `period`: the year is incomplete; {years_en}, missing: {', '.join(listed)}{more}",
        ),
        path=problem.path,
        context={"count": len(present), "rows": listed},
    )


def periods_of(year: Year, named: int) -> list[str]:
    """Return the periods of a year.

    Args:
        year: What a year is.
        named: The year.
    """
    first = Period.parse(f"{named - (year.starts > 1)}-{year.starts:02}").first_day
    start = Period.containing(first, year.kind)
    return [str(start.next(n)) for n in range(year.periods)]


def _added_up(certification: Certification, named: Any, by: Sequence[str]) -> Any:
    import narwhals as nw

    year, bottom, value = certification.year, 1, nw.col("_units")
    if year.different_maxima == "rescale":
        named = _over_years(named, by)
    # Not before the check: what is no number, or too large a one, cannot be made whole.
    years = named.with_columns(_units=units(named, "score", certification.decimals))
    if year.different_maxima == "rescale":
        scale, bottom = _common(years, year)
        greatest, maximum = _times(nw.col("_greatest"), scale), _times(nw.col("maximum"), scale)
        value = value * ((greatest * bottom) // maximum)
    # Counted group by group: a window would count for every row anew.
    rows = years.with_columns(_value=value, _full=whole(~nw.col("score").is_null()))
    added = rows.group_by("subject", *by, "_year").agg(nw.col("_value").sum(), nw.col("_full").sum())
    total = nw.col("_value")
    score = total if bottom == 1 else (total * 2 + bottom) // (2 * bottom)
    complete = added.filter(nw.col("_full") == year.periods)
    return complete.select("subject", nw.col("_year").alias("year"), *by, whole(score).alias("score"))


def _times(value: Any, scale: int) -> Any:
    import narwhals as nw

    return whole((value.cast(nw.Float64) * scale).round(0)) if scale > 1 else whole(value)


def _common(years: Any, year: Year) -> tuple[int, int]:
    """Return what makes all full marks whole, and a denominator for the ratio of any two of them.

    Raises:
        DataError: If exact sums would not fit into 63 bits.
    """
    import narwhals as nw

    rows = read_rows(years.group_by("maximum").agg(nw.col("_units").max()))
    values = [Fraction(str(row["maximum"])) for row in rows if row["maximum"] is not None]
    scale = lcm(*(value.denominator for value in values))
    maxima = [int(value * scale) for value in values]
    bottom = lcm(*(Fraction(upper, lower).denominator for upper in maxima for lower in maxima if upper > lower))
    top = max((row["_units"] or 0 for row in rows), default=0)
    ratio = Fraction(max(maxima, default=1), min(maxima, default=1))
    if bottom * max(maxima, default=1) >= 2**62 or 4 * year.periods * top * bottom * ratio >= 2**62:
        raise DataError(
            Problem(
                "maxima-too-fine",
                Title(
                    zh="各周期满分的公倍数过大，无法精确换算；请取整满分",
                    en="full marks have too large a common multiple to rescale exactly; use rounder ones",
                ),
                path="maximum",
            )
        )
    return scale, bottom
