"""Frames: which columns a verb takes, and what is wrong with the ones it was given.

A table is declared once, beside the rules it belongs to; data errors, documentation, empty templates and test
strategies are all made from that declaration.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from attrs import frozen

from communitygov.vocabulary.errors import DataError
from communitygov.vocabulary.numbers import decimal_text
from communitygov.vocabulary.problem import Problem, did_you_mean
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import narwhals as nw

__all__ = [
    "SHOWN",
    "Column",
    "ColumnKind",
    "Fault",
    "Table",
    "adopt",
    "check_table",
    "find_faults",
    "missing_values",
]

ColumnKind = Literal["text", "period", "whole", "number", "score", "flag"]

SHOWN = 20
"""How many rows a data error names; it always gives the count of all."""


@frozen
class Column:
    """One column of a table.

    Args:
        name: Its name.
        kind: ``text``; ``period`` (text such as ``2023Q3``); ``whole`` (whole numbers); ``number`` (any finite
            number, taken at its value); ``score`` (whole numbers of units of the last published place, or a float or
            decimal taken at its value); ``flag`` (true or false).
        title: Its title in both languages.
        required: Whether the frame must have it.
        nullable: Whether a value may be missing.
        minimum: The least value allowed.
        maximum: The greatest value allowed.
        decimals: Places that values may have; None for any.
        unit: What it counts.
        clause: The clauses it comes from.
    """

    name: str
    kind: ColumnKind
    title: Title
    required: bool = True
    nullable: bool = False
    minimum: Fraction | None = None
    maximum: Fraction | None = None
    decimals: int | None = None
    unit: Title | None = None
    clause: tuple[str, ...] = ()


@frozen
class Table:
    """The columns that a verb takes.

    Args:
        name: What the table is, for messages and file names.
        columns: Its columns.
        key: The columns that no two rows may agree on.
        open: Whether other columns are let through; if not they are refused by name.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    open: bool = False

    def column(self, name: str) -> Column:
        """Return a column by name.

        Args:
            name: Its name.
        """
        return next(column for column in self.columns if column.name == name)


@frozen
class Fault:
    """Something that may be wrong with a row.

    Args:
        code: The problem's stable name.
        column: The column at fault.
        mask: True where it is wrong.
        message: What is wrong.
        show: Whether to show the value beside the row.
    """

    code: str
    column: str
    mask: nw.Expr
    message: Title
    show: bool = False


def adopt(native: Any) -> tuple[nw.DataFrame[Any] | nw.LazyFrame[Any], Callable[[Any], Any]]:
    """Take a frame of any kind, and return it with the way back to its kind.

    A PyArrow table goes through Polars without a copy, since it has no grouped windows of its own.

    Args:
        native: A Polars (eager or lazy), pandas, PyArrow, DuckDB or PySpark frame.

    Returns:
        A Narwhals frame, and a function from a Narwhals frame to a frame of the kind given.

    Raises:
        DataError: If it is no frame.
    """
    import narwhals as nw

    try:
        frame = nw.from_native(native)
    except TypeError:
        raise DataError(
            Problem(
                "not-a-frame",
                Title(
                    zh=f"{type(native).__name__} 不是数据表；可用 Polars、pandas、PyArrow、DuckDB",
                    en=f"{type(native).__name__} is no frame; use Polars, pandas, PyArrow or DuckDB",
                ),
            )
        ) from None
    if frame.implementation.is_pyarrow():
        import polars as pl

        return nw.from_native(pl.from_arrow(native)), lambda done: done.to_native().to_arrow()  # type: ignore[type-var]
    return frame, lambda done: done.to_native()


def check_table(table: Table, frame: Any, *, extra: Iterable[str] = (), more: Iterable[Fault] = ()) -> None:
    """Check a frame against its table, in one aggregate.

    A second query, for the names of rows, is made only where something is wrong.

    Args:
        table: The declared columns.
        frame: A Narwhals frame.
        extra: Names of further columns that are let through and, if present, belong to the key.
        more: Further faults to look for.

    Raises:
        DataError: With every fault, each naming column and rows: the first 20 and the count.
    """
    import narwhals as nw

    schema = frame.collect_schema()
    extra = tuple(extra)
    problems = list(_columns(table, schema, extra))
    present = [column for column in table.columns if column.name in schema]
    faults = (
        [] if problems else [fault for column in present for fault in _faults(column, schema[column.name])]
    )
    if not problems:
        keys = [*table.key, *(name for name in extra if name in schema)]
        frame = frame.with_columns(nw.len().over(*keys).alias("_copies"))
        faults.append(
            Fault(
                "duplicate-row",
                keys[0],
                nw.col("_copies") > 1,
                Title(zh="同一行出现多次", en="the row is repeated"),
            )
        )
        problems = find_faults(frame, [*faults, *more], keys)
    if problems:
        raise DataError(problems)


def missing_values(column: Column) -> Fault:
    """Return the fault of a column whose values are missing.

    Args:
        column: The column.
    """
    import narwhals as nw

    return Fault(
        "missing-value",
        column.name,
        nw.col(column.name).is_null(),
        Title(zh="缺少数值", en="the value is missing"),
    )


def find_faults(frame: Any, faults: Sequence[Fault], keys: Sequence[str]) -> list[Problem]:
    """Return a problem for each fault that some row has.

    Args:
        frame: A Narwhals frame.
        faults: What to look for.
        keys: The columns that name a row.
    """
    import narwhals as nw

    if not faults:
        return []
    masks = [
        fault.mask.fill_null(False).cast(nw.Int64).sum().alias(f"_{i}") for i, fault in enumerate(faults)
    ]
    counts = _collect(frame.select(*masks))
    problems = []
    for i, fault in enumerate(faults):
        count = int(counts[f"_{i}"][0] or 0)
        if count:
            columns = list(dict.fromkeys([*keys, *([fault.column] if fault.show else [])]))
            rows = _collect(frame.filter(fault.mask.fill_null(False)).select(*columns).head(SHOWN))
            problems.append(_named(fault, count, rows, keys))
    return problems


def _collect(frame: Any) -> dict[str, list[Any]]:
    import narwhals as nw

    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    return {name: frame[name].to_list() for name in frame.columns}


def _named(fault: Fault, count: int, rows: dict[str, list[Any]], keys: Sequence[str]) -> Problem:
    named = []
    for i in range(len(rows[keys[0]])):
        name = " ".join(str(rows[key][i]) for key in keys)
        named.append(f"{name} ({rows[fault.column][i]})" if fault.show else name)
    listed = ", ".join(dict.fromkeys(named)) + (" ..." if count > len(named) else "")
    return Problem(
        fault.code,
        Title(
            zh=f"列 `{fault.column}`：{fault.message.zh}，共 {count} 行：{listed}",
            en=f"column `{fault.column}`: {fault.message.en}; {count} row{'s' * (count > 1)}: {listed}",
        ),
        path=fault.column,
        context={"count": count, "rows": named},
    )


def _columns(table: Table, schema: Any, extra: tuple[str, ...]) -> Iterable[Problem]:
    known = {column.name for column in table.columns}
    for column in table.columns:
        if column.name not in schema:
            if column.required:
                hint = did_you_mean(column.name, [name for name in schema if name not in known])
                yield _column_problem(
                    "missing-column",
                    column.name,
                    f"{table.name} 缺少列 `{column.name}`（{column.title}）{hint.zh}",
                    f"{table.name} has no column `{column.name}` ({column.title}){hint.en}",
                )
        elif not _fits(column, schema[column.name]):
            yield _column_problem(
                "wrong-column-type",
                column.name,
                f"列 `{column.name}` 须为{_WANTED[column.kind].zh}，却是 {schema[column.name]}",
                f"column `{column.name}` must hold {_WANTED[column.kind].en}, found {schema[column.name]}",
            )
    if not table.open:
        for name in schema:
            if name not in known and name not in extra:
                hint = did_you_mean(name, known)
                yield _column_problem(
                    "unknown-column",
                    name,
                    f"{table.name} 没有列 `{name}`{hint.zh}",
                    f"{table.name} has no place for column `{name}`{hint.en}",
                )


def _column_problem(code: str, column: str, zh: str, en: str) -> Problem:
    return Problem(code, Title(zh=zh, en=en), path=column)


_WANTED = {
    "text": Title(zh="文字", en="text"),
    "period": Title(zh="时期文字（如 2023Q3）", en="periods as text (such as 2023Q3)"),
    "whole": Title(zh="整数", en="whole numbers"),
    "number": Title(zh="数", en="numbers"),
    "score": Title(zh="分数", en="scores"),
    "flag": Title(zh="true 或 false", en="true or false"),
}


def _fits(column: Column, dtype: Any) -> bool:
    import narwhals as nw

    if column.kind in ("text", "period"):
        return dtype in (nw.String, nw.Categorical, nw.Enum, nw.Object)
    if column.nullable and dtype == nw.Unknown:
        return True
    if column.kind == "flag":
        return bool(dtype == nw.Boolean)
    if column.kind == "whole":
        return bool(dtype.is_integer())
    return bool(dtype.is_numeric())


def _faults(column: Column, dtype: Any) -> Iterable[Fault]:
    import narwhals as nw

    value = nw.col(column.name)
    name = column.name
    if not column.nullable:
        yield missing_values(column)
    if dtype.is_float():
        finite = Title(zh="不是有限的数", en="not a finite number")
        yield Fault("not-finite", name, value.is_nan() | ~value.is_finite(), finite, show=True)
    if dtype.is_numeric() and column.kind != "score":
        if column.minimum is not None:
            low = decimal_text(column.minimum)
            yield Fault(
                "below-scale",
                name,
                value < _literal(column.minimum),
                Title(zh=f"低于 {low}", en=f"below {low}"),
                show=True,
            )
        if column.maximum is not None:
            high = decimal_text(column.maximum)
            yield Fault(
                "above-scale",
                name,
                value > _literal(column.maximum),
                Title(zh=f"高于 {high}", en=f"above {high}"),
                show=True,
            )
    if column.decimals is not None and (dtype.is_float() or dtype.is_decimal()):
        scaled = value.cast(nw.Float64) * 10**column.decimals
        off = (scaled - scaled.round(0)).abs() > 1e-6
        yield Fault(
            "too-many-decimals",
            name,
            off,
            Title(zh=f"小数多于 {column.decimals} 位", en=f"more than {column.decimals} decimals"),
            show=True,
        )


def _literal(value: Fraction) -> int | float:
    return int(value) if value.denominator == 1 else float(value)
