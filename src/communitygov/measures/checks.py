"""What can be wrong with the rows that measures and reports are taken of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Any

from attrs import evolve

from communitygov.measures.rows import (
    FLOAT_EXACT,
    PERIODS,
    group_columns,
    holds,
    mark_rows,
    measure_table,
    read_period,
    read_units,
    report_table,
    time_column,
)
from communitygov.measures.rules import LARGEST, Condition, Measure, Quantity, Report
from communitygov.vocabulary.frames import Fault, check_table, column_problems
from communitygov.vocabulary.period import PeriodKind
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import narwhals as nw

__all__ = ["check_measure", "check_report"]

_ROOT = 2**31 - 1
"""The greatest whole number whose square a result may have."""

_KINDS: Mapping[PeriodKind, Title] = {
    "year": Title(zh="年", en="a year"),
    "half": Title(zh="半年", en="a half-year"),
    "quarter": Title(zh="季度", en="a quarter"),
    "month": Title(zh="月", en="a month"),
    "day": Title(zh="日", en="a day"),
}


def check_measure(measure: Measure, frame: Any, by: Sequence[str] = ()) -> None:
    """Check the rows that a measure is taken of, in one aggregate.

    Args:
        measure: The measure.
        frame: A Narwhals frame.
        by: Further columns that it is taken for.

    Raises:
        DataError: With every fault: a column missing or of another type, a row repeated (in the library's own frames,
            which have one row per subject and time), a period of another kind, a value missing where it counts, not
            finite, with too many decimals, or too large to be reckoned with exactly.
    """
    import narwhals as nw

    schema = frame.collect_schema()
    table = measure_table(measure, schema, by)
    faults: list[Fault] = []
    if not any(True for _ in column_problems(table, schema)):
        frame = mark_rows(measure, frame)
        groups = ("_period", *group_columns(measure, by))
        faults += _period_faults(measure.period, time_column(measure.period, schema))
        faults += [fault for _, fault in _unknown(measure.excluded)]
        for mark, quantity, factor in _parts(measure):
            faults += _undecided(quantity.where, schema)
            if quantity.columns:
                rows = nw.col(mark).cast(nw.Int64).sum().over(*groups)
                frame = frame.with_columns(rows.alias(f"_rows{mark}"))
                frame = frame.with_columns(_spread(quantity, mark, schema, groups).alias(f"_spread{mark}"))
                faults += _value_faults(quantity, mark, schema, factor)
    check_table(table, frame, more=faults)


def check_report(report: Report, frame: Any) -> None:
    """Check the rows that a report is made of, in one aggregate.

    Args:
        report: The report.
        frame: A Narwhals frame.

    Raises:
        DataError: As for a measure; a value may be missing.
    """
    import narwhals as nw

    schema = frame.collect_schema()
    table = report_table(report, schema)
    faults: list[Fault] = []
    if not any(True for _ in column_problems(table, schema)):
        time = time_column(report.period, schema)
        faults += _period_faults(report.period, time)
        period = read_period(report.period, time).alias("_period")
        frame = frame.with_columns(period).with_columns(nw.len().over("_period").alias("_rows"))
        for name in report.columns:
            limit = LARGEST // nw.col("_rows").cast(nw.Int64)
            faults.append(_too_large(name, _beyond(name, schema, report.decimals, limit)))
    check_table(table, frame, more=faults)


def _parts(measure: Measure) -> Iterator[tuple[str, Quantity, int]]:
    """Yield numerator and base with the column that marks their rows and what their sums are multiplied by."""
    top, bottom = measure.numerator, measure.base
    yield "_top", top, 1 if bottom is None else 10 ** max(0, bottom.decimals - top.decimals)
    if bottom is not None:
        yield "_bottom", bottom, 10 ** max(0, top.decimals - bottom.decimals)


def _period_faults(kind: PeriodKind, name: str) -> Iterator[Fault]:
    import narwhals as nw

    if name == "period":
        wrong = ~nw.col(name).cast(nw.String).str.contains(PERIODS[kind])
        wanted = _KINDS[kind]
        message = Title(zh=f"不是{wanted.zh}，也不在某一{wanted.zh}之内", en=f"not {wanted.en}, nor within one")
        yield Fault("wrong-period", name, wrong, message, show=True)


def _unknown(conditions: Mapping[str, Condition]) -> Iterator[tuple[str, Fault]]:
    """Yield the fault of each number or flag that a condition asks for and a row that is kept does not have."""
    import narwhals as nw

    missing = Title(zh="缺少数值，无从判断条件", en="the value is missing, and a condition asks for it")
    for name, condition in conditions.items():
        if condition.known is None and (condition.bounded or condition.flag is not None):
            yield name, Fault("missing-value", name, nw.col("_kept") & nw.col(name).is_null(), missing)


def _undecided(where: Mapping[str, Condition], schema: Any) -> Iterator[Fault]:
    """Yield the faults of missing values that decide whether a row counts: no other condition fails."""
    import narwhals as nw

    unknown = dict(_unknown(where))
    for name, fault in unknown.items():
        others = (
            holds(other, condition, schema) | (nw.col(other).is_null() & nw.lit(other in unknown))
            for other, condition in where.items()
            if other != name
        )
        yield evolve(fault, mask=reduce(and_, others, fault.mask))


def _spread(quantity: Quantity, mark: str, schema: Any, groups: Sequence[str]) -> nw.Expr:
    """Return how far apart the values are that a variance squares: of a row among the columns, else in a group."""
    import narwhals as nw

    values = [read_units(name, schema[name], quantity.decimals) for name in quantity.columns]
    if quantity.across is not None:
        return nw.max_horizontal(*values) - nw.min_horizontal(*values)
    least = nw.when(nw.col(mark)).then(values[0]).otherwise(LARGEST // 2).min().over(*groups)
    return nw.when(nw.col(mark)).then(values[0] - least).otherwise(0)


def _value_faults(quantity: Quantity, mark: str, schema: Any, factor: int) -> Iterator[Fault]:
    import narwhals as nw

    counted, rows = nw.col(mark), nw.col(f"_rows{mark}") + 1
    squared = "variance" in (quantity.what, quantity.across)
    for name in quantity.columns:
        missing = Title(zh="缺少数值", en="the value is missing")
        yield Fault("missing-value", name, counted & nw.col(name).is_null(), missing)
        large = _beyond(name, schema, quantity.decimals, LARGEST // (rows * 2 * factor))
        if squared:
            limit = _ROOT // (rows * len(quantity.columns))
            large = large | (nw.col(f"_spread{mark}") > limit) | (limit < 10**quantity.decimals)
        yield _too_large(name, counted & large)


def _beyond(name: str, schema: Any, decimals: int, limit: nw.Expr) -> nw.Expr:
    """Return whether a value in whole units is beyond a limit, or a float is too large to be read as one."""
    import narwhals as nw

    units = read_units(name, schema[name], decimals)
    beyond = (units > limit) | (units < -limit)
    if schema[name].is_float() or schema[name].is_decimal():
        value = nw.col(name).cast(nw.Float64)
        beyond = beyond | (value.is_finite() & (value.abs() * 10**decimals > FLOAT_EXACT))
    return beyond


def _too_large(name: str, mask: nw.Expr) -> Fault:
    message = Title(
        zh="数值过大，无法精确计算；请减少小数位，或分组计算",
        en="too large to be reckoned with exactly; use fewer decimals or smaller groups",
    )
    return Fault("value-too-large", name, mask, message, show=True)
