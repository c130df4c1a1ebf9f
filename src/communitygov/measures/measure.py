"""Measures taken of frames, and expectations held against them: at any scale, in whole numbers only."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import combinations
from operator import add, and_
from typing import TYPE_CHECKING, Any

from attrs import frozen

from communitygov.measures.checks import check_measure
from communitygov.measures.compare import ratio_sign
from communitygov.measures.rows import group_columns, mark_rows, read_units
from communitygov.measures.rules import LARGEST, Expectation, Measure, Quantity
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.frames import adopt
from communitygov.vocabulary.period import Period

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

    rows, back = adopt(frame)
    key = (*group_columns(measure, by), "period")
    schema = rows.collect_schema()
    groups = [name for name in key if name != "period"]
    marked = mark_rows(measure, rows).filter(nw.col("_kept"))
    top = _part(measure.numerator, "_top", schema, ("_period", *groups))
    base = None if measure.base is None else _part(measure.base, "_bottom", schema, ("_period", *groups))
    parts = [top] if base is None else [top, base]
    for stage in ("first", "then"):
        marked = marked.with_columns(*(column for part in parts for column in getattr(part, stage)))
    marked = marked.select(*groups, nw.col("_period").alias("period"), *dict.fromkeys(...))
    raise NotImplementedError
