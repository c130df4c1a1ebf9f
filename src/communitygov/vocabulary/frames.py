"""Frames: which columns a verb takes, and what is wrong with the ones it was given.

A table is declared once, beside the rules it belongs to; data errors, documentation, empty templates and test
strategies are all made from that declaration.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from attrs import evolve, frozen

from communitygov.vocabulary.errors import DataError
from communitygov.vocabulary.faults import COPIES, SHOWN, Coverage, Fault, find_problems
from communitygov.vocabulary.numbers import decimal_text
from communitygov.vocabulary.problem import Problem, did_you_mean
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import narwhals as nw
    import polars as pl

__all__ = [
    "SHOWN",
    "Column",
    "ColumnKind",
    "Coverage",
    "Fault",
    "Table",
    "adopt",
    "check_table",
    "column_faults",
    "column_problems",
    "decimal_units",
    "find_faults",
    "in_kind_of",
    "literal",
    "missing_values",
    "nullable",
]

ColumnKind = Literal["text", "period", "whole", "number", "score", "flag", "any"]


@frozen
class Column:
    """One column of a table.

    Args:
        name: Its name.
        kind: ``text``; ``period`` (text such as ``2023Q3``); ``whole`` (whole numbers); ``number`` (any finite
            number, taken at its value); ``score`` (whole numbers of units of the last published place, or a float or
            decimal taken at its value); ``flag`` (true or false); ``any``.
        title: Its title in both languages.
        required: Whether the frame must have it.
        nullable: Whether a value may be missing.
        minimum: The least value allowed.
        maximum: The greatest value allowed.
        decimals: Places that values may have; None for any.
        unit: What it counts.
        clause: The clauses it comes from.
        summed: Whether scores are added up over a year, so that they are held to what such sums can be.
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
    summed: bool = True


@frozen
class Table:
    """The columns that a verb takes.

    Args:
        name: What the table is, for messages.
        columns: Its columns.
        key: The columns that no two rows may agree on.
        open: Whether other columns are let through; if not they are refused by name.
        unique: Whether the key is one; if not, its columns only name rows.
    """

    name: Title
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    open: bool = False
    unique: bool = True

    def column(self, name: str) -> Column:
        """Return a column by name.

        Args:
            name: Its name.
        """
        return next(column for column in self.columns if column.name == name)


def adopt(native: Any) -> tuple[nw.DataFrame[Any] | nw.LazyFrame[Any], Callable[[Any], Any]]:
    """Take a frame of any kind, and return it with the way back to its kind.

    A PyArrow table goes through Polars without a copy, since it has no grouped windows of its own. Columns of a
    pandas frame that cannot say *missing* get the nullable type of the same width, in which NaN is missing; so whole
    numbers stay whole where some are missing.

    Args:
        native: A Polars (eager or lazy), pandas, PyArrow, DuckDB or PySpark frame.

    Returns:
        A Narwhals frame, and a function from a Narwhals frame to a frame of the kind given.

    Raises:
        DataError: If it is no frame, or two of its columns have one name.
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
    except nw.exceptions.DuplicateError:
        raise _twins(native.column_names if hasattr(native, "column_names") else native.columns) from None
    if frame.implementation.is_pyarrow():
        import polars as pl

        return nw.from_native(pl.from_arrow(native)), lambda done: done.to_native().to_arrow()
    return nullable(frame), _native


def _native(done: Any) -> Any:
    """Return a frame of its own kind; where frames of pandas were put together, their rows are numbered anew."""
    native = done.to_native()
    repeated = done.implementation.is_pandas() and not native.index.is_unique
    return native.reset_index(drop=True) if repeated else native


def _twins(names: Iterable[Any]) -> DataError:
    return DataError(
        _column_problem(
            "duplicate-column",
            name,
            f"列 `{name}` 出现多次；列名须唯一",
            f"the column `{name}` stands more than once; columns need one name each",
        )
        for name, count in Counter(map(str, names)).items()
        if count > 1
    )


_NULLABLE = {
    "bool": "boolean",
    "boolean": "boolean",  # objects that are true, false or missing
    "empty": "Float64",  # objects of which all are missing
    **{f"int{bits}": f"Int{bits}" for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": f"UInt{bits}" for bits in (8, 16, 32, 64)},
    **{f"float{bits}": f"Float{max(bits, 32)}" for bits in (16, 32, 64)},
}


def nullable(frame: Any) -> Any:
    """Return a frame whose columns can all say *missing*; only those of pandas may be unable to.

    Args:
        frame: A Narwhals frame.
    """
    import narwhals as nw

    if not frame.implementation.is_pandas():
        return frame
    native, kind_of = frame.to_native(), frame.implementation.to_native_namespace().api.types.infer_dtype
    wanted = {
        name: _NULLABLE.get(str(dtype) if str(dtype) != "object" else kind_of(native[name], skipna=True))
        for name, dtype in native.dtypes.items()
        if len(native) or str(dtype) != "object"
    }
    return nw.from_native(native.astype({name: dtype for name, dtype in wanted.items() if dtype is not None}))


def in_kind_of(frame: Any, table: pl.DataFrame) -> Any:
    """Return a small table as a frame of the kind of another, so that the two can be joined.

    Args:
        frame: A Narwhals frame, as ``adopt`` gives it.
        table: The table.
    """
    import narwhals as nw

    kind = frame.implementation
    if kind.is_polars():
        return nw.from_native(table.lazy() if isinstance(frame, nw.LazyFrame) else table)
    if kind.is_pandas():
        return nullable(nw.from_native(table.to_pandas()))
    arrow = table.to_arrow()  # noqa: F841 - found by its name in the query
    return nw.from_native(frame.to_native().query("frame", "select * from arrow"))


def check_table(
    table: Table,
    frame: Any,
    *,
    extra: Iterable[str] = (),
    more: Iterable[Fault] = (),
    coverage: Coverage | None = None,
    given: Mapping[str, nw.Expr] | None = None,
) -> None:
    """Check a frame against its table, in one aggregate.

    A second query, for the names of rows, is made only where something is wrong (and one more where rows are absent).

    Args:
        table: The declared columns.
        frame: A Narwhals frame.
        extra: Names of further columns that are let through and, if present, belong to the key.
        more: Further faults to look for.
        coverage: Which rows must not be absent, if any.
        given: Columns that many of ``more`` read, each worked out once: what it is, from the columns of the key.

    Raises:
        DataError: With every fault, each naming column and rows: the first 20 and the count.
    """
    import narwhals as nw

    schema = frame.collect_schema()
    extra = tuple(name for name in extra if name in schema)
    keys = [*table.key, *extra]
    problems = list(column_problems(table, schema, extra))
    unreadable = {problem.path for problem in problems}
    if unreadable.intersection(keys):
        raise DataError(problems)
    readable = [c for c in table.columns if c.name in schema and c.name not in unreadable]
    faults = [fault for column in readable for fault in column_faults(column, schema[column.name])]
    faults += [missing_values(Column(name, "text", Title(zh=name, en=name))) for name in extra]
    faults += [fault for fault in more if not unreadable or _can_be_read(fault, unreadable)]
    if table.unique:
        repeated = Title(zh="同一行出现多次", en="the row is repeated")
        faults.append(Fault("duplicate-row", keys[0], nw.col(COPIES) > 1, repeated))
    columns = [column.alias(name) for name, column in (given or {}).items()]
    if table.unique or coverage is not None:
        columns.append(nw.len().over(*keys).alias(COPIES))
    if columns:
        frame = frame.with_columns(*columns)
    problems += find_problems(frame, faults, keys, coverage, table.name)
    if problems:
        raise DataError(problems)


def _can_be_read(fault: Fault, unreadable: Collection[str]) -> bool:
    return bool(fault.reads) and not set(fault.reads).intersection(unreadable)


def missing_values(column: Column) -> Fault:
    """Return the fault of a column whose values are missing.

    Args:
        column: The column.
    """
    import narwhals as nw

    missing = Title(zh="缺少数值", en="the value is missing")
    return Fault("missing-value", column.name, nw.col(column.name).is_null(), missing, reads=(column.name,))


def find_faults(frame: Any, faults: Sequence[Fault], keys: Sequence[str]) -> list[Problem]:
    """Return a problem for each fault that some row has.

    Args:
        frame: A Narwhals frame.
        faults: What to look for.
        keys: The columns that name a row.
    """
    return find_problems(frame, faults, keys)


def column_problems(table: Table, schema: Any, extra: Collection[str] = ()) -> Iterator[Problem]:
    """Yield what is wrong with a frame's columns: missing, unknown, of another type. No row is read.

    Args:
        table: The declared columns.
        schema: The frame's schema.
        extra: Names of further columns that are let through.
    """
    known = {column.name for column in table.columns}
    for column in table.columns:
        if column.name not in schema:
            if column.required:
                hint = did_you_mean(column.name, [name for name in schema if name not in known])
                yield _column_problem(
                    "missing-column",
                    column.name,
                    f"{table.name.zh}缺少列 `{column.name}`（{column.title.zh}）{hint.zh}",
                    f"{table.name.en} has no column `{column.name}` ({column.title}){hint.en}",
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
                hint = did_you_mean(str(name), known)
                yield _column_problem(
                    "unknown-column",
                    name,
                    f"{table.name.zh}没有列 `{name}`{hint.zh}",
                    f"{table.name.en} has no place for column `{name}`{hint.en}",
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

    if dtype == nw.Unknown:  # a column without any value; where one is needed, that is told row by row
        return column.nullable or column.kind not in ("text", "period")
    if column.kind in ("text", "period"):
        return dtype in (nw.String, nw.Categorical, nw.Enum)
    if column.kind == "any":
        return True
    if column.kind == "flag":
        return bool(dtype == nw.Boolean)
    if column.kind == "whole":
        return bool(dtype.is_integer())
    return bool(dtype.is_numeric())


def column_faults(column: Column, dtype: Any, where: nw.Expr | None = None) -> Iterator[Fault]:
    """Yield what can be wrong with the values of a column.

    Args:
        column: The column.
        dtype: Its Narwhals type in the frame.
        where: The rows that are looked at; all if None.
    """
    import narwhals as nw

    name = column.name
    value = nw.col(name)

    def fault(code: str, mask: nw.Expr, zh: str, en: str) -> Fault:
        mask = mask if where is None else where & mask
        return Fault(code, name, mask, Title(zh=zh, en=en), show=True, reads=(name,))

    if not column.nullable:
        absent = missing_values(column)
        yield absent if where is None else evolve(absent, mask=where & absent.mask)
    if not dtype.is_numeric():
        return
    finite = nw.lit(True)
    if dtype.is_float():
        finite = value.is_finite()
        yield fault("not-finite", ~finite, "不是有限的数", "not a finite number")
    if column.kind != "score" and column.minimum is not None:
        low, mask = decimal_text(column.minimum), value < literal(column.minimum, dtype)
        yield fault("below-scale", finite & mask, f"低于 {low}", f"below {low}")
    if column.kind != "score" and column.maximum is not None:
        high, mask = decimal_text(column.maximum), value > literal(column.maximum, dtype)
        yield fault("above-scale", finite & mask, f"高于 {high}", f"above {high}")
    largest = _largest(column, dtype)
    if largest is not None:
        far = value.cast(nw.Float64) if dtype.is_decimal() else value
        zh, en = f"超过 {largest}，无法精确计算", f"beyond {largest}, too large to be reckoned exactly"
        yield fault("too-large", finite & ((far > largest) | (far < -largest)), zh, en)
    if column.decimals is not None and not dtype.is_integer():
        places, mask = column.decimals, _off_grid(value, dtype, column.decimals)
        yield fault("too-many-decimals", finite & mask, f"小数多于 {places} 位", f"more than {places} decimals")


def _off_grid(value: nw.Expr, dtype: Any, decimals: int) -> nw.Expr:
    """Return whether a value has more decimals than allowed, beyond the noise of its own type."""
    import narwhals as nw

    if dtype.is_decimal():
        return ~value.cast(nw.String).str.contains(rf"^-?[0-9]*(?:[.][0-9]{{0,{decimals}}}0*)?$")
    scaled = value.cast(nw.Float64) * 10**decimals
    noise = 1e-6 if dtype == nw.Float32 else 1e-15
    off: nw.Expr = (scaled - scaled.round(0)).abs() > scaled.abs() * noise + 1e-6
    return off


def decimal_units(value: nw.Expr, decimals: int) -> nw.Expr:
    """Return decimals as whole numbers of units, exactly: through their text, since a float has too few digits.

    Args:
        value: Decimals of no more places than that.
        decimals: How many places a unit has.
    """
    import narwhals as nw

    text = value.cast(nw.String)
    whole = text.str.replace_all(r"[.].*$", "")
    if not decimals:
        return whole.cast(nw.Int64)
    places = nw.concat_str([text.str.replace_all(r"^[^.]*[.]?", ""), nw.lit("0" * decimals)]).str.slice(0, decimals)
    return nw.concat_str([whole, places]).cast(nw.Int64)


def _largest(column: Column, dtype: Any) -> int | None:
    """Return the largest value that can be counted, added up over a year and compared in 63 bits; None if all can."""
    import narwhals as nw

    if column.kind == "score" and column.summed:
        # Beyond 53 bits neighbouring units are one float.
        units = 2**53 if dtype.is_float() else _MOST_UNITS
        return units if dtype.is_integer() else int(units // 10 ** (column.decimals or 0))
    return 2**63 - 1 if column.kind == "whole" and dtype in (nw.UInt64, nw.Int128, nw.UInt128) else None


_MOST_UNITS = 10**17


def literal(value: Fraction, dtype: Any) -> int | float | Decimal:
    """Return a number that values of a column can be held against: exactly, where the column's type is exact.

    Args:
        value: The number.
        dtype: The column's Narwhals type.
    """
    if value.denominator == 1:
        return int(value)
    text = decimal_text(value)
    return Decimal(text) if dtype.is_decimal() and "/" not in text else float(value)
