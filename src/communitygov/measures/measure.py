"""Measures taken of frames, and expectations held against them: at any scale, in whole numbers only."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import combinations
from operator import add, and_
from typing import TYPE_CHECKING, Any

from attrs import frozen

from communitygov.measures.checks import check_measure
from communitygov.measures.compare import with_ratio_sign
from communitygov.measures.rows import group_columns, mark_rows, read_units
from communitygov.measures.rules import LARGEST, Expectation, Measure, Quantity
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.frames import adopt
from communitygov.vocabulary.period import Period, PeriodKind

if TYPE_CHECKING:
    import narwhals as nw

__all__ = ["Judgement", "Values", "measure", "measure_unchecked", "meets"]


@frozen
class Values:
    """A measure's values: one row per period and group.

    ``frame`` has, in order of these columns:

    - the ``by`` columns and the measure's own group, as they came;
    - ``period`` (text), of the measure's kind, such as ``2025`` or ``2023Q3``;
    - ``numerator``, ``base`` (Int64, nullable): the value is exactly their ratio, in the measure's unit; the base is
      positive; both are null where there is no value: fewer rows than the least, or a base of 0;
    - ``rows`` (Int64): how many rows it rests on.

    Args:
        frame: As above, of the kind that was given.
        key: The columns that name a row.
        outcome: The columns that are the result, for a comparison of two rule sets.
        because: The columns that say why.
        measure: The measure.
    """

    frame: Any
    key: tuple[str, ...]
    outcome: tuple[str, ...]
    because: tuple[str, ...]
    measure: Measure


@frozen
class Judgement:
    """Whether an expectation is met: one row per group, and of a standard (or a target without end) per period.

    ``frame`` has, in order of the key:

    - the columns of ``Values``; of a trend, the last period's;
    - of a trend ``first_numerator``, ``first_base``, ``steps`` (from a period with a value to the next with one) and
      ``steps_met`` (those that go its way), all Int64;
    - ``met`` (text): ``true``, ``false``, or ``undetermined`` where there is no value.

    Args:
        frame: As above, of the kind that was given.
        key: The columns that name a row.
        outcome: The columns that are the result, for a comparison of two rule sets.
        because: The columns that say why.
        expectation: The expectation.
    """

    frame: Any
    key: tuple[str, ...]
    outcome: tuple[str, ...]
    because: tuple[str, ...]
    expectation: Expectation


def measure(measure: Measure, frame: Any, *, by: Sequence[str] = ()) -> Values:
    """Take a measure of a frame, for each period and group.

    Args:
        measure: The measure.
        frame: Rows as ``measure_table(measure)`` declares them: when (``year``, whole numbers, for a yearly measure
            whose frame has it; else ``period``, text, of the measure's kind or finer), the columns counted, summed and
            asked for. Whole numbers count units of the last declared place, floats and decimals are taken at their
            value. Polars (eager or lazy), pandas, PyArrow, DuckDB.
        by: Further columns to take it for, one value each, such as a simulation's draw.

    Returns:
        The values, in a frame of the same kind, in order of the key.

    Raises:
        DataError: If the rows are not as declared; it names column and rows.
        UsageError: If a ``by`` column has the name of a column of the result.

    Source:
        The semantics of measures: a numerator over a base, exclusions, a unit, a period and a least count.

    Example:
        >>> import polars as pl
        >>> from communitygov.measures.rules import Condition
        >>> from communitygov.vocabulary.text import Title
        >>> stars = Measure(
        ...     of="certified",
        ...     period="year",
        ...     unit=Title(zh="占全区社区", en="of all communities"),
        ...     numerator=Quantity(what="count", where={"tier": Condition(known=True)}),
        ...     base=Quantity(what="count"),
        ... )
        >>> rows = {"subject": ["a", "b", "c"], "year": [2025] * 3, "tier": ["five_star", "four_star", None]}
        >>> measure(stars, pl.DataFrame(rows)).frame.rows()
        [('2025', 2, 3, 3)]
    """
    check_measure(measure, adopt(frame)[0], by)
    return measure_unchecked(measure, frame, by=by)


def measure_unchecked(measure: Measure, frame: Any, *, by: Sequence[str] = ()) -> Values:
    """Take a measure of a frame that is known to be as declared; a lazy frame is not collected.

    Args:
        measure: The measure.
        frame: As for ``measure``.
        by: Further columns to take it for.

    Raises:
        UsageError: If a ``by`` column has the name of a column of the result.
    """
    import narwhals as nw

    adopted, back = adopt(frame)
    groups = group_columns(measure, by)
    schema = adopted.collect_schema()
    rows = mark_rows(measure, adopted).filter(nw.col("_kept")).with_columns(nw.col("_kept").cast(nw.Int64))
    top = _part(measure.numerator, "_top", schema, (*groups, "_period"))
    bottom = None if measure.base is None else _part(measure.base, "_bottom", schema, (*groups, "_period"))
    parts = [top] if bottom is None else [top, bottom]
    for part in parts:
        rows = rows.with_columns(*part.columns)
        rows = rows.with_columns(*part.shifted) if part.shifted else rows
    summed = rows.group_by(*groups, "_period").agg(
        nw.col("_kept").sum(), *(total for part in parts for total in part.totals)
    )
    totals = adopt(summed.to_native())[0]  # in whole numbers that can be missing, on pandas too
    values = totals.with_columns(_numerator=top.top, _base=top.bottom, _rows=nw.col(_rests_on(measure)))
    if bottom is not None:
        shift = measure.numerator.decimals - (measure.base or measure.numerator).decimals
        sign = nw.when(bottom.top < 0).then(-1).otherwise(1)
        values = totals.with_columns(
            _numerator=top.top * sign * 10 ** max(0, -shift),
            _base=bottom.top * sign * 10 ** max(0, shift),
            _rows=nw.col("_bottom_rows"),
        )
    there = (nw.col("_rows") >= measure.least) & (nw.col("_base") != 0)
    values = values.select(
        *groups,
        nw.col("_period").alias("period"),
        nw.when(there).then(nw.col("_numerator")).cast(nw.Int64).alias("numerator"),
        nw.when(there).then(nw.col("_base")).cast(nw.Int64).alias("base"),
        nw.col("_rows").cast(nw.Int64).alias("rows"),
    ).sort(*groups, "period")
    return Values(back(values), (*groups, "period"), ("numerator", "base"), ("rows",), measure)


def _rests_on(measure: Measure) -> str:
    """Return the total that says how many rows a value rests on."""
    if measure.base is not None:
        return "_bottom_rows"
    return "_kept" if measure.numerator.rests_on_all else "_top_rows"


@frozen
class _Part:
    """How a quantity is computed: columns of the rows, their totals in a group, and a ratio of those.

    Args:
        columns: Columns of the rows.
        shifted: Columns made of those.
        totals: What is summed up in a group.
        top: The numerator of the quantity, from the totals.
        bottom: Its denominator.
    """

    columns: tuple[nw.Expr, ...]
    shifted: tuple[nw.Expr, ...]
    totals: tuple[nw.Expr, ...]
    top: nw.Expr
    bottom: nw.Expr


def _part(quantity: Quantity, mark: str, schema: Any, groups: Sequence[str]) -> _Part:
    import narwhals as nw

    counted, number = nw.col(mark), f"{mark}_rows"
    count, scale = nw.col(number), 10**quantity.decimals
    values = [read_units(name, schema[name], quantity.decimals) for name in quantity.columns]
    names = [f"{mark}_{i}" for i in range(len(values))]
    columns = [counted.cast(nw.Int64).alias(number)]
    columns += [nw.when(counted).then(one).otherwise(0).alias(name) for name, one in zip(names, values, strict=True)]
    totals = [nw.col(name).sum() for name in (number, *names)]
    sums = [nw.col(name) for name in names]
    if quantity.what == "count":
        return _Part(tuple(columns), (), tuple(totals), count, count * 0 + 1)
    if quantity.across == "range":
        spread = nw.max_horizontal(*sums) - nw.min_horizontal(*sums)
        return _Part(tuple(columns), (), tuple(totals), spread, count * scale)
    if quantity.across == "variance":
        apart = [(one - other) * (one - other) for one, other in combinations(sums, 2)]
        side = count * len(sums) * scale
        return _Part(tuple(columns), (), tuple(totals), reduce(add, apart), side * side)
    if quantity.what in ("sum", "mean"):
        bottom = count * scale if quantity.what == "mean" else count * 0 + scale
        return _Part(tuple(columns), (), tuple(totals), sums[0], bottom)
    return _apart(quantity.what, mark, values[0], groups, scale)


def _apart(what: str, mark: str, value: nw.Expr, groups: Sequence[str], scale: int) -> _Part:
    """Return how a range or a variance is computed; the latter from distances to the least, which are small."""
    import narwhals as nw

    counted, count = nw.col(mark), nw.col(f"{mark}_rows")
    far = LARGEST // 2
    columns = (
        counted.cast(nw.Int64).alias(f"{mark}_rows"),
        nw.when(counted).then(value).otherwise(far).alias(f"{mark}_least"),
        nw.when(counted).then(value).otherwise(-far).alias(f"{mark}_greatest"),
    )
    least, greatest = nw.col(f"{mark}_least"), nw.col(f"{mark}_greatest")
    rows = count.sum()
    if what == "range":
        return _Part(columns, (), (rows, least.min(), greatest.max()), greatest - least, count * 0 + scale)
    distance = nw.when(counted).then(least - least.min().over(*groups)).otherwise(0)
    shifted = (distance.alias(f"{mark}_sum"), (distance * distance).alias(f"{mark}_squares"))
    total, squares = nw.col(f"{mark}_sum"), nw.col(f"{mark}_squares")
    totals = (rows, total.sum(), squares.sum())
    return _Part(columns, shifted, totals, count * squares - total * total, count * count * scale * scale)


def meets(expectation: Expectation, values: Values) -> Judgement:
    """Judge an expectation by a measure's values, exactly.

    A target is judged at its end, the period of the measure that ``by`` ends in; without an end, in each period. A
    standard or a condition is judged in each period from its start on. A trend is judged, among the periods from its
    start to its end, by the last value against the first.

    Args:
        expectation: The expectation; it has a bound or a trend.
        values: The values of its measure.

    Returns:
        The judgement, in a frame of the same kind, in order of the key. A group that has no value at the end of a
        target, or of a trend, is ``undetermined``.

    Raises:
        UsageError: If the expectation has nothing to judge by.

    Example:
        >>> import polars as pl
        >>> from communitygov.vocabulary.numbers import exact
        >>> from communitygov.vocabulary.text import Title
        >>> rate = Measure(
        ...     of="visits",
        ...     period="year",
        ...     unit=Title(zh="入户率", en="of households"),
        ...     numerator=Quantity(what="sum", columns=("visited",)),
        ...     base=Quantity(what="sum", columns=("households",)),
        ... )
        >>> visits = pl.DataFrame({"year": [2023, 2024], "visited": [44, 45], "households": [50, 50]})
        >>> standard = Expectation(kind="standard", measure="rate", at_least=exact("90%"))
        >>> meets(standard, measure(rate, visits)).frame.select("period", "met").rows()
        [('2023', 'false'), ('2024', 'true')]
    """
    import narwhals as nw

    if not expectation.bounds and expectation.trend is None:
        raise UsageError.because("no-bound", zh="没有可判断的要求", en="the expectation has no bound to judge by")
    adopted, back = adopt(values.frame)
    groups = ["_all", *(name for name in values.key if name != "period")]
    frame, last = _in_question(adopted.with_columns(_all=nw.lit(1)), expectation, groups, values.measure.period)
    because: tuple[str, ...] = ("numerator", "base", "rows")
    if expectation.trend is not None:
        frame = _trend(frame, groups, 1 if expectation.trend == "rises" else -1, last)
        because = ("first_numerator", "first_base", *because, "steps", "steps_met")
    else:
        frame = _judged(frame, expectation)
    met = nw.when(nw.col("_met").is_null()).then(nw.lit("undetermined"))
    said = nw.when(nw.col("_met") == 1).then(nw.lit("true")).otherwise(nw.lit("false"))
    judged = frame.with_columns(met.otherwise(said).alias("met"))
    judged = judged.select(*values.key, *because, "met").sort(*values.key)
    return Judgement(back(judged), values.key, ("met",), because, expectation)


def _in_question(
    frame: Any, expectation: Expectation, groups: Sequence[str], kind: PeriodKind
) -> tuple[Any, str | None]:
    """Return the values that an expectation is judged by, and the last period that it speaks of."""
    import narwhals as nw

    first = None if expectation.start is None else str(Period.containing(expectation.start.first_day, kind))
    last = None if expectation.by is None else str(Period.containing(expectation.by.last_day, kind))
    if expectation.kind == "target" and last is not None:
        return _only(frame, groups, last), last
    frame = frame if first is None else frame.filter(nw.col("period") >= first)
    return (frame if last is None else frame.filter(nw.col("period") <= last)), last


def _judged(frame: Any, expectation: Expectation) -> Any:
    """Return a frame with ``_met``: 1 where a value keeps every bound, 0 where it breaks one, null without a value."""
    import narwhals as nw

    value = nw.col("numerator"), nw.col("base")
    kept = []
    for name, bound in expectation.bounds.items():
        frame = with_ratio_sign(frame, f"_{name}", value, bound.as_integer_ratio())
        sign = nw.col(f"_{name}")
        kept.append({"at_least": sign >= 0, "more_than": sign > 0, "at_most": sign <= 0}[name])
    return frame.with_columns(_met=nw.when(~value[0].is_null()).then(reduce(and_, kept).cast(nw.Int64)))


def _only(frame: Any, groups: Sequence[str], period: str) -> Any:
    """Return each group's value in one period, null where it has none."""
    import narwhals as nw

    here = nw.col("period") == period
    columns = [nw.when(here).then(nw.col(name)).alias(name) for name in ("numerator", "base")]
    frame = frame.with_columns(*columns, nw.when(here).then(nw.col("rows")).otherwise(0).alias("rows"))
    totals = frame.group_by(*groups).agg(*(nw.col(name).max() for name in ("numerator", "base", "rows")))
    return totals.with_columns(nw.lit(period).alias("period"))


def _trend(frame: Any, groups: Sequence[str], up: int, last: str | None) -> Any:
    """Return each group's first and last value, how they compare, and how many steps between go the same way."""
    import narwhals as nw

    period, top, base = nw.col("period"), nw.col("numerator"), nw.col("base")
    frame = frame.with_columns(
        _first=period.min().over(*groups),
        _last=period.max().over(*groups),
        _order=nw.col("_all").cum_sum().over(*groups, order_by="period"),
    )
    # What pandas makes of a shift in its nullable types is an error, so the row before is joined on.
    before = frame.select(*groups, _order=nw.col("_order") + 1, _top=top, _base=base)
    frame = frame.join(before, on=[*groups, "_order"], how="left")
    frame = with_ratio_sign(frame, "_step", (top, base), (nw.col("_top"), nw.col("_base")))
    at_first, at_last = period == nw.col("_first"), period == nw.col("_last")
    frame = frame.with_columns(
        _step=nw.col("_step") * up,
        first_numerator=nw.when(at_first).then(top),
        first_base=nw.when(at_first).then(base),
        numerator=nw.when(at_last).then(top),
        base=nw.when(at_last).then(base),
        rows=nw.when(at_last).then(nw.col("rows")),
    ).with_columns(
        steps=(~nw.col("_step").is_null()).cast(nw.Int64),
        steps_met=(nw.col("_step") > 0).fill_null(False).cast(nw.Int64),
    )
    kept = ("_first", "period", "first_numerator", "first_base", "numerator", "base", "rows")
    counts = ("steps", "steps_met")
    totals = frame.group_by(*groups).agg(
        *(nw.col(name).max() for name in kept), *(nw.col(name).sum() for name in counts)
    )
    totals = totals.with_columns(nw.col(*counts).cast(nw.Int64))
    totals = with_ratio_sign(totals, "_sign", (top, base), (nw.col("first_numerator"), nw.col("first_base")))
    ended = nw.lit(True) if last is None else nw.col("period") == last
    known = ~top.is_null() & ~nw.col("first_numerator").is_null() & (nw.col("_first") != nw.col("period")) & ended
    return totals.with_columns(_met=nw.when(known).then((nw.col("_sign") * up > 0).cast(nw.Int64)))
