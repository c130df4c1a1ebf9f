"""Reports: for every level, unit, period and column, how many values there are and how they lie."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from communitygov.measures.checks import check_report
from communitygov.measures.rows import read_period, read_units, time_column
from communitygov.measures.rules import Report
from communitygov.vocabulary.frames import adopt

__all__ = ["Reported", "report", "report_unchecked"]

WHOLE = "all"
"""The unit of a level that is not divided."""


@frozen
class Reported:
    """A report: one row per level, unit, period and column.

    ``frame`` has, in order of the key:

    - ``level`` (text), the level's id; ``unit`` (text), the unit, ``all`` for a level that is not divided;
      ``period`` (text); ``column`` (text), the column reported on;
    - ``count`` and ``missing`` (Int64): rows with a value and rows without;
    - ``total`` (Int64): the sum, in units of the last declared place; the mean is exactly ``total / count``;
    - ``least`` and ``greatest`` (Int64, nullable), in the same units; null where there is no value.

    Args:
        frame: As above, of the kind that was given.
        key: The columns that name a row.
        outcome: The columns that are the result, for a comparison of two rule sets.
        because: The columns that say why.
        report: The report.
    """

    frame: Any
    key: tuple[str, ...]
    outcome: tuple[str, ...]
    because: tuple[str, ...]
    report: Report


def report(report: Report, frame: Any) -> Reported:
    """Make a report from a frame.

    Args:
        report: The report.
        frame: Rows as ``report_table(report)`` declares them: when, the columns of the units, and the columns reported
            on (numbers, in units of the last declared place or taken at their value; some may be missing). Polars
            (eager or lazy), pandas, PyArrow, DuckDB.

    Returns:
        The report, in a frame of the same kind.

    Raises:
        DataError: If the rows are not as declared; it names column and rows.

    Source:
        SJS-30: assessment reports at three levels, district, street, community.

    Example:
        >>> import polars as pl
        >>> from communitygov.measures.rules import ReportLevel
        >>> quarterly = Report(of="scored", period="quarter", columns=("score",), levels={"district": ReportLevel()})
        >>> rows = {"subject": ["a", "b"], "period": ["2023Q3"] * 2, "score": [80, 91]}
        >>> report(quarterly, pl.DataFrame(rows)).frame.rows()
        [('district', 'all', '2023Q3', 'score', 2, 0, 171, 80, 91)]
    """
    check_report(report, adopt(frame)[0])
    return report_unchecked(report, frame)


def report_unchecked(report: Report, frame: Any) -> Reported:
    """Make a report from a frame that is known to be as declared; a lazy frame is not collected.

    Args:
        report: The report.
        frame: As for ``report``.
    """
    import narwhals as nw

    rows, back = adopt(frame)
    schema = rows.collect_schema()
    period = read_period(report.period, time_column(report.period, schema))
    parts: list[Any] = []
    for level, rule in report.levels.items():
        unit = nw.lit(WHOLE) if rule.by is None else nw.col(rule.by).cast(nw.String)
        for column in report.columns:
            there = ~nw.col(column).is_null()
            value = nw.when(there).then(read_units(column, schema[column], report.decimals))
            read = rows.select(
                nw.lit(level).alias("level"),
                unit.alias("unit"),
                period.alias("period"),
                nw.lit(column).alias("column"),
                there.cast(nw.Int64).alias("count"),
                (~there).cast(nw.Int64).alias("missing"),
                *(value.alias(name) for name in ("total", "least", "greatest")),
            )
            parts.append(
                read.group_by("level", "unit", "period", "column").agg(
                    *(nw.col(name).sum() for name in ("count", "missing", "total")),
                    nw.col("least").min(),
                    nw.col("greatest").max(),
                )
            )
    key = ("level", "unit", "period", "column")
    outcome = ("count", "total", "least", "greatest")
    whole: Any = nw.concat(parts)
    whole = whole.with_columns(nw.col("count", "missing", "total").cast(nw.Int64))
    return Reported(back(whole.sort(*key)), key, outcome, ("missing",), report)
