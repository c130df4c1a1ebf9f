"""The rows that measures are taken of: which columns they have, and how they are read.

Whatever a column's type, what is read from it are whole numbers, in units of its last declared place.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from math import ceil, floor
from operator import and_, or_
from typing import TYPE_CHECKING, Any

from communitygov.measures.rules import LARGEST, Condition, Measure, Report
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.frames import Column, ColumnKind, Table
from communitygov.vocabulary.period import DAY, YEAR, PeriodKind
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import narwhals as nw

__all__ = [
    "FLOAT_EXACT",
    "PERIODS",
    "group_columns",
    "holds",
    "mark_rows",
    "measure_table",
    "read_period",
    "read_units",
    "report_table",
    "time_column",
]

FLOAT_EXACT = 2**53
"""The greatest whole number up to which a float tells all of them apart."""

_MONTH = "-(?:0[1-9]|1[0-2])"
PERIODS: Mapping[PeriodKind, str] = {
    "year": f"^(?:{YEAR}(?:H[12]|Q[1-4]|{_MONTH})?|{DAY})$",
    "half": f"^(?:{YEAR}(?:H[12]|Q[1-4]|{_MONTH})|{DAY})$",
    "quarter": f"^(?:{YEAR}(?:Q[1-4]|{_MONTH})|{DAY})$",
    "month": f"^(?:{YEAR}{_MONTH}|{DAY})$",
    "day": f"^{DAY}$",
}
"""For each kind of period, the texts of those that are one or lie in one."""

_YEARS = (1000, 2999)
"""The least and the greatest year; a period's text has no other."""

_KEYED = frozenset({"awarded", "certified", "demands", "listed", "scored", "watched"})
"""The library's own frames, which have one row per subject and time."""

_RESULT = frozenset({"period", "numerator", "base", "rows", "met"})


def time_column(kind: PeriodKind, names: Collection[str]) -> str:
    """Return the column that says when: ``year`` where years are asked for and there is one, else ``period``.

    Args:
        kind: The kind of period asked for.
        names: The frame's columns; none if there is no frame yet.
    """
    return "year" if kind == "year" and ("year" in names or "period" not in names) else "period"


def group_columns(measure: Measure, by: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the columns that a measure is taken for, one value each: the caller's, then the measure's own.

    Args:
        measure: The measure.
        by: The caller's.

    Raises:
        UsageError: If one has the name of a column of the result, or of those that are reckoned with.
    """
    names = tuple(dict.fromkeys([*by, *([measure.by] if measure.by is not None else [])]))
    for name in names:
        if name in _RESULT or name.startswith("_"):
            zh = "它是结果的列名" if name in _RESULT else "以 `_` 开头的列名留给计算之用"
            en = "it is a column of the result" if name in _RESULT else "names with `_` in front are for reckoning"
            raise UsageError.because(
                "reserved-name", zh=f"不能按 `{name}` 分组，{zh}", en=f"`{name}` cannot be grouped by; {en}"
            )
    return names


def measure_table(measure: Measure, names: Collection[str] = (), by: Sequence[str] = ()) -> Table:
    """Return the columns that a measure is taken of.

    Args:
        measure: The measure.
        names: The columns of the frame at hand, if any; they decide between ``year`` and ``period``.
        by: Further columns to take it for, one value each.

    Example:
        >>> from communitygov.measures.rules import Quantity
        >>> stars = Measure(
        ...     of="certified",
        ...     period="year",
        ...     unit=Title(zh="个", en="communities"),
        ...     numerator=Quantity(what="count", where={"tier": Condition(known=True)}),
        ... )
        >>> [column.name for column in measure_table(stars).columns]
        ['year', 'subject', 'tier']
    """
    quantities = [measure.numerator, *([measure.base] if measure.base is not None else [])]
    conditions = [measure.excluded, *(quantity.where for quantity in quantities)]
    columns = [_values(name, quantity.decimals) for quantity in quantities for name in quantity.columns]
    columns += [_conditioned(name, one) for where in conditions for name, one in where.items()]
    return _table(measure.of, time_column(measure.period, names), group_columns(measure, by), columns)


def report_table(report: Report, names: Collection[str] = ()) -> Table:
    """Return the columns that a report is made of.

    Args:
        report: The report.
        names: The columns of the frame at hand, if any; they decide between ``year`` and ``period``.
    """
    units = [level.by for level in report.levels.values() if level.by is not None]
    columns = [_values(name, report.decimals) for name in report.columns]
    return _table(report.of, time_column(report.period, names), units, columns)


def _table(of: str, time: str, groups: Sequence[str], columns: Sequence[Column]) -> Table:
    title = Title(zh="年度", en="year") if time == "year" else Title(zh="时期", en="period")
    when = Column(time, "period", title)
    if time == "year":
        when = Column(time, "whole", title, minimum=Fraction(_YEARS[0]), maximum=Fraction(_YEARS[1]))
    named = {time: when}
    if of in _KEYED:
        named["subject"] = Column("subject", "text", Title(zh="评价对象", en="subject"))
    for name in groups:
        named.setdefault(name, Column(name, "any", Title(zh=f"分组 {name}", en=f"group {name}")))
    unique = dict.fromkeys([*named.values(), *columns])
    return Table(Title(zh=f"表 `{of}` ", en=of), tuple(unique), tuple(named), open=True, unique=of in _KEYED)


def _values(name: str, decimals: int) -> Column:
    # A measure knows the bound of its values itself, from its rows.
    title = Title(zh=f"数值 {name}", en=f"value {name}")
    return Column(name, "score", title, nullable=True, decimals=decimals, summed=False)


def _conditioned(name: str, condition: Condition) -> Column:
    if condition.bounded:
        return _values(name, condition.decimals)
    kind: ColumnKind = "text" if condition.one_of else "any" if condition.flag is None else "flag"
    return Column(name, kind, Title(zh=f"条件 {name}", en=f"condition {name}"), nullable=True)


def read_period(kind: PeriodKind, name: str) -> nw.Expr:
    """Return the period that a row lies in, as text, from a period of that or of a finer kind.

    Args:
        kind: The kind wanted.
        name: The column, ``year`` (whole numbers) or ``period`` (text).
    """
    import narwhals as nw

    text = nw.col(name).cast(nw.String)
    if name == "year" or kind == "day":
        return text
    if kind in ("year", "month"):
        return text.str.slice(0, 4 if kind == "year" else 7)
    mark, fits = text.str.slice(4, 1), text.str.contains(PERIODS[kind])
    number = nw.when(fits).then(text.str.slice(5, 2)).otherwise(nw.lit("1")).cast(nw.Int64)
    month = nw.when(mark == "H").then(number * 6).otherwise(nw.when(mark == "Q").then(number * 3).otherwise(number))
    letter, months = ("H", 6) if kind == "half" else ("Q", 3)
    return nw.concat_str([text.str.slice(0, 4), nw.lit(letter), ((month + (months - 1)) // months).cast(nw.String)])


def read_units(name: str, dtype: Any, decimals: int) -> nw.Expr:
    """Return a column's values in whole units of the last declared place; 0 where there is none.

    Args:
        name: The column.
        dtype: Its Narwhals type.
        decimals: Its declared places. Whole numbers count units already, others are taken at their value.
    """
    import narwhals as nw

    if dtype in (nw.UInt64, nw.UInt128, nw.Int128):  # no cast may fail, or wrap; the check refuses what is too large
        beyond, value = nw.lit(LARGEST + 1, dtype=dtype), nw.col(name)
        value = nw.when(value > LARGEST).then(beyond).otherwise(value)
        if dtype == nw.Int128:
            value = nw.when(value < -LARGEST).then(-beyond).otherwise(value)
        return value.cast(nw.Int64).fill_null(0)
    if not (dtype.is_float() or dtype.is_decimal()):
        return nw.col(name).cast(nw.Int64).fill_null(0)
    scaled = nw.col(name).cast(nw.Float64) * 10**decimals
    return nw.when(scaled.abs() <= FLOAT_EXACT).then(scaled.round(0)).otherwise(0.0).cast(nw.Int64)


def mark_rows(measure: Measure, frame: Any) -> Any:
    """Return a frame with what a measure makes of each row, in columns of its own.

    Args:
        measure: The measure.
        frame: A Narwhals frame.

    Returns:
        The frame with ``_period`` (text), ``_kept`` (not excluded), and ``_top`` and ``_bottom`` (kept, and counted
        in the numerator and in the base).
    """
    import narwhals as nw

    schema = frame.collect_schema()
    excluded = [holds(name, condition, schema) for name, condition in measure.excluded.items()]
    frame = frame.with_columns(
        read_period(measure.period, time_column(measure.period, schema)).alias("_period"),
        (~reduce(or_, excluded, nw.lit(False))).alias("_kept"),
    )
    parts = {"_top": measure.numerator, **({} if measure.base is None else {"_bottom": measure.base})}
    for name, quantity in parts.items():
        where = [holds(column, condition, schema) for column, condition in quantity.where.items()]
        frame = frame.with_columns(reduce(and_, where, nw.col("_kept")).alias(name))
    return frame


def holds(name: str, condition: Condition, schema: Any) -> nw.Expr:
    """Return whether a condition holds; where there is no value, only ``known: false`` does.

    Args:
        name: The column.
        condition: What its value must be.
        schema: The frame's schema.
    """
    import narwhals as nw

    value = nw.col(name)
    asked = [value.is_null() if condition.known is False else ~value.is_null()]
    if condition.one_of:
        asked.append(value.cast(nw.String).is_in(list(condition.one_of)).fill_null(False))
    if condition.flag is not None:
        asked.append((value.cast(nw.Boolean) == nw.lit(condition.flag)).fill_null(False))
    units, scale = read_units(name, schema[name], condition.decimals), 10**condition.decimals
    if condition.at_least is not None:
        asked.append(units >= _within(ceil(condition.at_least * scale)))
    if condition.at_most is not None:
        asked.append(units <= _within(floor(condition.at_most * scale)))
    return reduce(and_, asked)


def _within(value: int) -> int:
    return max(-LARGEST, min(LARGEST, value))
