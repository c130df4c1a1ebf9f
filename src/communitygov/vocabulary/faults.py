"""Faults of rows: counted in one aggregate, then named by one query more, and only where there are any."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import frozen

from communitygov.vocabulary.problem import Problem
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import narwhals as nw

__all__ = ["COPIES", "SHOWN", "Coverage", "Fault", "find_problems", "read_columns", "read_rows"]

SHOWN = 20
"""How many rows a data error names; it always gives the count of all."""

COPIES = "_copies"
"""The column that says how many rows agree with this one on the key."""


_NAMELESS = Title(zh="", en="")


@frozen
class Fault:
    """Something that may be wrong with a row.

    Args:
        code: The problem's stable name.
        column: The column at fault.
        mask: True where it is wrong.
        message: What is wrong.
        show: Whether to show the value beside the row.
        reads: The columns that the mask reads; a fault that names them is looked for even where other columns cannot
            be read.
    """

    code: str
    column: str
    mask: nw.Expr
    message: Title
    show: bool = False
    reads: tuple[str, ...] = ()


@frozen
class Coverage:
    """The promise that each unit has a row at each time of the frame.

    Args:
        units: The columns that together name a unit.
        time: The column of times.
        where: The rows that it holds for.
    """

    units: tuple[str, ...]
    time: str
    where: nw.Expr


def find_problems(
    frame: Any,
    faults: Sequence[Fault],
    keys: Sequence[str],
    coverage: Coverage | None = None,
    name: Title = _NAMELESS,
) -> list[Problem]:
    """Return a problem for each fault that some row has, and for the rows that are absent.

    Args:
        frame: A Narwhals frame; with coverage it has the column ``COPIES``.
        faults: What to look for.
        keys: The columns that name a row.
        coverage: What must be covered, if anything.
        name: What to call the table in the message about absent rows.
    """
    import narwhals as nw

    tallies = [fault.mask.cast(nw.Int64).sum().alias(f"_{i}") for i, fault in enumerate(faults)]
    if coverage is not None:
        tallies += _extent(coverage)
    if not tallies:
        return []
    counts = {tally: values[0] or 0 for tally, values in read_columns(frame.select(*tallies)).items()}
    found = [(fault, int(counts[f"_{i}"])) for i, fault in enumerate(faults) if counts[f"_{i}"]]
    problems = _named_rows(frame, found, keys) if found else []
    unnamed = any(fault.code == "missing-value" and fault.column in keys for fault, _ in found)
    if coverage is not None and not unnamed:
        absent = int(counts["_units"]) * int(counts["_times"]) - round(counts["_rows"])
        problems += _absent_rows(frame, coverage, absent, name) if absent else []
    return problems


def read_columns(frame: Any) -> dict[str, list[Any]]:
    """Return a frame's columns as lists, with None where a value is missing, whatever the backend has for that.

    Args:
        frame: A Narwhals frame; a lazy one is collected.
    """
    import narwhals as nw

    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    columns: dict[str, list[Any]] = frame.to_dict(as_series=False)
    # Only pandas has other signs of a missing value than None, and asking column by column takes longer than a check.
    if frame.implementation.is_pandas_like():
        for name, values in columns.items():
            missing = frame[name].is_null().to_list()
            columns[name] = [None if absent else value for value, absent in zip(values, missing, strict=True)]
    return columns


def read_rows(frame: Any) -> list[dict[str, Any]]:
    """Return a frame's rows, each by column, with None where a value is missing, whatever the backend has for that.

    Args:
        frame: A Narwhals frame; a lazy one is collected.
    """
    columns = read_columns(frame)
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _named_rows(frame: Any, found: Sequence[tuple[Fault, int]], keys: Sequence[str]) -> list[Problem]:
    """Return the problems of faults that were found, with their rows, by one query over all of them."""
    import narwhals as nw

    schema = frame.collect_schema()
    parts = []
    for i, (fault, _) in enumerate(found):
        # A whole number and a decimal may have more digits than a float could show.
        numeric = fault.show and schema[fault.column].is_float()
        worded = fault.show and not numeric
        shown = nw.col(fault.column)
        rows = frame.filter(fault.mask.fill_null(False)).select(
            *(nw.col(key).alias(f"_key{j}") for j, key in enumerate(keys)),
            nw.lit(i).cast(nw.Int64).alias("_fault"),
            (shown.cast(nw.Float64) if numeric else nw.lit(None, dtype=nw.Float64)).alias("_number"),
            (shown.cast(nw.String) if worded else nw.lit(None, dtype=nw.String)).alias("_word"),
        )
        parts.append(rows.sort(*(f"_key{j}" for j in range(len(keys))), nulls_last=True).head(SHOWN))
    rows = read_columns(nw.concat(parts))
    problems = []
    for i, (fault, count) in enumerate(found):
        mine = [row for row, of in enumerate(rows["_fault"]) if of == i]
        named = [
            (" ".join(str(rows[f"_key{j}"][row]) for j in range(len(keys))), _value(rows, row) if fault.show else "")
            for row in mine
        ]
        problems.append(_problem(fault, count, [name + value for name, value in sorted(named)]))
    return problems


def _value(rows: Mapping[str, list[Any]], row: int) -> str:
    number = rows["_number"][row]
    if number is None:
        return f" ({rows['_word'][row]})"
    return f" ({int(number) if float(number).is_integer() else number})"


def _problem(fault: Fault, count: int, named: Sequence[str]) -> Problem:
    listed = ", ".join(dict.fromkeys(named)) + (" ..." if count > len(named) else "")
    return Problem(
        fault.code,
        Title(
            zh=f"列 `{fault.column}`：{fault.message.zh}，共 {count} 行：{listed}",
            en=f"column `{fault.column}`: {fault.message.en}; {count} row{'s' * (count > 1)}: {listed}",
        ),
        path=fault.column,
        context={"count": count, "rows": list(named)},
    )


def _extent(coverage: Coverage) -> Iterator[nw.Expr]:
    """Yield how many units, times and distinct rows there are where coverage is promised."""
    import narwhals as nw

    unit = nw.concat_str([nw.col(key).cast(nw.String) for key in coverage.units], separator="\x1f")
    for name, value in (("_units", unit), ("_times", nw.col(coverage.time))):
        inside = nw.when(coverage.where).then(value)
        yield (inside.n_unique() - inside.is_null().cast(nw.Int64).max()).alias(name)
    # A row that stands twice counts for a half each time.
    yield nw.when(coverage.where).then(1 / nw.col(COPIES)).sum().alias("_rows")


def _absent_rows(frame: Any, coverage: Coverage, count: int, name: Title) -> list[Problem]:
    keys = [*coverage.units, coverage.time]
    here = frame.filter(coverage.where).select(*keys)
    grid = here.select(*coverage.units).unique().join(here.select(coverage.time).unique(), how="cross")
    absent = read_columns(grid.join(here, on=keys, how="anti").sort(*keys).head(SHOWN))
    named = [" ".join(map(str, row)) for row in zip(*(absent[key] for key in keys), strict=True)]
    listed = ", ".join(named) + (" ..." if count > len(named) else "")
    title = Title(
        zh=f"{name.zh}缺少 {count} 行：{listed}", en=f"{name.en} lacks {count} row{'s' * (count > 1)}: {listed}"
    )
    return [Problem("missing-row", title, path=coverage.time, context={"count": count, "rows": named})]
