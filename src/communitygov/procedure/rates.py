"""Rates of a procedure: measures over its judged cases, each with its counts beside it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

from attrs import evolve, field, frozen

from communitygov.measures.measure import Values, measure, measure_unchecked
from communitygov.measures.rows import group_columns, measure_table
from communitygov.measures.rules import Condition, Measure, Quantity
from communitygov.procedure.judge import Judged
from communitygov.procedure.judge_events import zone_problems
from communitygov.procedure.tables import case_columns
from communitygov.vocabulary.errors import DataError, UsageError
from communitygov.vocabulary.frames import Table, adopt, check_table, in_kind_of
from communitygov.vocabulary.period import PeriodKind
from communitygov.vocabulary.problem import Problem, did_you_mean
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

    from communitygov.procedure.rules import Procedure

__all__ = ["Rates", "rates"]


@frozen(eq=False)
class Rates:
    """The values of a procedure's rates: one row per rate, group and period.

    ``frame`` has, in order:

    - ``rate``, the id of the rate;
    - the ``by`` columns, and the groups of the rates' own, missing where a rate has none, or of cases of no group, such
      as those that nobody has yet;
    - ``period`` (text);
    - ``numerator``, ``base`` (Int64): the value is exactly their ratio; missing where it rests on too few rows, or the
      base is 0;
    - ``rows`` (Int64): how many cases it rests on;
    - ``excluded`` (Int64): how many cases of the period and group are left out of it;
    - ``provisional`` (Int64): of how many of those that it rests on a deadline that it asks about rests on a year that
      is not published.

    Args:
        frame: As above, of the kind that was given.
        values: The values of each rate, as ``measure`` gives them, of Polars.
        key: The columns that name a row.
        outcome: The columns that are the result, for a comparison of two rule sets.
        because: The columns that say why.
    """

    frame: Any = field(repr=False)
    values: Mapping[str, Values] = field(repr=False)
    key: tuple[str, ...]
    outcome: tuple[str, ...] = ("numerator", "base")
    because: tuple[str, ...] = ("rows", "excluded", "provisional")


def rates(
    procedure: Procedure,
    cases: Judged | Any,
    by: Sequence[str] = (),
    period: PeriodKind | None = None,
    dated: Literal["opened", "closed"] = "opened",
) -> Rates:
    """Take the rates of a procedure of its judged cases.

    The cases are collected. One is of the day, in the zone of the clock, on which it was opened or closed; of those
    that are not closed the latter says nothing, and they are left out.

    Args:
        procedure: The rule.
        cases: What ``judge`` found, or a frame of cases as it gives them; further columns may be there.
        by: Columns to take each rate for, one value each, beside the rate's own.
        period: The period that they are taken over, in place of each rate's own.
        dated: Which day a case is of.

    Returns:
        The values of all rates, each with its counts.

    Raises:
        DataError: If a column is missing, or a value where one is needed; it names column and rows.
        UsageError: If the procedure has no rates, a ``by`` column has the name of one of the result, or ``by``,
            ``period`` or ``dated`` is none.

    Source:
        Semantics of measures (6); property P8.

    Example:
        >>> import datetime as dt
        >>> import polars as pl
        >>> from communitygov.measures.rules import Condition
        >>> from communitygov.procedure.rules import Procedure
        >>> closed = Quantity(what="count", where={"is_closed": Condition(flag=True)})
        >>> share = Measure(
        ...     of="cases",
        ...     numerator=closed,
        ...     base=Quantity(what="count"),
        ...     unit=Title(zh="占全部", en="of all"),
        ...     period="month",
        ... )
        >>> visit = Procedure(roles={}, steps={}, rates={"closed": share})
        >>> opened = [dt.datetime(2024, 5, 31, hour, tzinfo=dt.timezone.utc) for hour in (9, 23)]
        >>> cases = pl.DataFrame({"case": ["a", "b"], "opened": opened, "is_closed": [True, False]})
        >>> rates(visit, cases).frame.rows()
        [('closed', '2024-05', 1, 2, 2, 0, 0)]
    """
    import polars as pl

    if not procedure.rates:
        raise UsageError.because("no-rates", zh="此流程没有比率", en="this procedure has no rates")
    _check_call(by, period, dated)
    adopted, back = adopt(cases.cases if isinstance(cases, Judged) else cases)
    frame = _dated(procedure, adopted, dated)
    asked = {key: _over(rate, period or rate.period) for key, rate in procedure.rates.items()}
    frame = _with_nobody(frame, {name for rate in asked.values() for name in group_columns(rate, by)})
    values = {key: measure(rate, frame, by=by) for key, rate in asked.items()}
    groups = tuple(dict.fromkeys(name for rate in asked.values() for name in group_columns(rate, by)))
    counted = [_with_counts(key, frame, found, by, _marks(procedure, asked[key])) for key, found in values.items()]
    table = _together(counted, groups)
    table = table.with_columns(pl.col(name).replace("", None) for name in groups if table[name].dtype == pl.String)
    return Rates(back(in_kind_of(adopted, table)), values, ("rate", *groups, "period"))


def _check_call(by: Sequence[str], period: str | None, dated: str) -> None:
    """Refuse what is no period, no day of a case, and one column that is not in a list."""
    problems = []
    if isinstance(by, str):
        zh, en = f"by 须为一列列名，如 [{by!r}]", f"`by` takes a list of columns, such as [{by!r}]"
        problems.append(Problem("bad-value", Title(zh=zh, en=en), path="by"))
    for name, value, known in (("period", period, get_args(PeriodKind)), ("dated", dated, ("opened", "closed"))):
        if value is not None and value not in known:
            hint = did_you_mean(str(value), known)
            listed = ", ".join(known)
            zh, en = f"{name} 须为 {listed} 之一{hint.zh}", f"`{name}` must be one of {listed}{hint.en}"
            problems.append(Problem("bad-value", Title(zh=zh, en=en), path=name))
    if problems:
        raise UsageError(problems)


def _with_nobody(frame: pl.DataFrame, groups: Collection[str]) -> pl.DataFrame:
    """Return cases with an empty text where a group's is missing, which no case has: they are a group of their own."""
    import polars as pl

    texts = [name for name in groups if frame.schema.get(name) == pl.String]
    return frame.with_columns(pl.col(texts).fill_null("")) if texts else frame


def _over(rate: Measure, period: PeriodKind) -> Measure:
    """Return a rate, taken over a period."""
    changed: Measure = evolve(rate, period=period)  # type: ignore[misc]  # rules are attrs classes
    return changed


def _dated(procedure: Procedure, adopted: Any, dated: str) -> pl.DataFrame:
    """Return the cases with the day that each is of, those left out that are of none."""
    import narwhals as nw
    import polars as pl

    eager = adopted.collect() if isinstance(adopted, nw.LazyFrame) else adopted
    frame: pl.DataFrame = eager.to_polars()
    table = Table(Title(zh="件表", en="cases"), tuple(case_columns(procedure)), ("case",), open=True)
    marks = dict.fromkeys(mark for rate in procedure.rates.values() for mark in _marks(procedure, rate))
    asked = evolve(table, columns=tuple(map(table.column, ("case", dated, *marks))))
    check_table(asked, nw.from_native(frame))
    problems = [*zone_problems(nw.from_native(frame).schema, [dated])]
    if problems:
        raise DataError(problems)
    zone = procedure.clock.zone if procedure.clock is not None else "UTC"
    day = pl.col(dated).dt.convert_time_zone(zone).dt.strftime("%Y-%m-%d")
    return frame.filter(pl.col(dated).is_not_null()).with_columns(period=day)


def _marks(procedure: Procedure, rate: Measure) -> list[str]:
    """Return the columns that say of the deadlines that a rate asks about whether they are provisional."""
    read = {column.name for column in measure_table(rate).columns}
    about = ("kept", "settled", "kept_count")
    return [f"provisional.{name}" for name in procedure.deadlines if any(f"{one}.{name}" in read for one in about)]


def _with_counts(
    key: str, frame: pl.DataFrame, values: Values, by: Sequence[str], marks: Sequence[str]
) -> pl.DataFrame:
    """Return the values of a rate with how many cases are left out of each, and how many are provisional.

    Where all are left out there is nothing else.
    """
    import polars as pl

    names = [*values.key]
    found = _counted(values.measure, frame, by, {}).rename({"rows": "all"})
    kept = _counted(values.measure, frame, by, values.measure.excluded).rename({"rows": "kept"})
    marked = frame.filter(pl.any_horizontal(pl.col(name).fill_null(False) for name in marks) if marks else False)
    mark = _counted(values.measure, marked, by, values.measure.excluded).rename({"rows": "provisional"})
    for table in (kept, mark, values.frame):
        found = found.join(table, on=names, how="left")
    left = (pl.col("all") - pl.col("kept").fill_null(0)).alias("excluded")
    counts = (pl.col("numerator"), pl.col("base"), pl.col("rows").fill_null(0), left)
    return found.select(pl.lit(key).alias("rate"), *names, *counts, pl.col("provisional").fill_null(0)).sort(*names)


def _counted(rate: Measure, frame: pl.DataFrame, by: Sequence[str], excluded: Mapping[str, Condition]) -> pl.DataFrame:
    """Return how many cases there are in each period and group, but for those that are excluded."""
    count = Quantity(what="count")
    every = Measure(of=rate.of, numerator=count, unit=rate.unit, period=rate.period, by=rate.by, excluded=excluded)
    found: pl.DataFrame = measure_unchecked(every, frame, by=by).frame
    return found.drop("numerator", "base")


def _together(tables: Sequence[pl.DataFrame], groups: Sequence[str]) -> pl.DataFrame:
    import polars as pl

    counts = ("numerator", "base", "rows", "excluded", "provisional")
    return pl.concat(tables, how="diagonal").select("rate", *groups, "period", *counts)
