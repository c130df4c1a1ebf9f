"""Frames: which columns a verb takes, and what is wrong with the ones it was given.

A table is declared once, beside the rules it belongs to; data errors, documentation, empty templates and test
strategies are all made from that declaration.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import frozen

from communitygov.vocabulary.columns import Column, ColumnKind, column_faults, fits, missing_values
from communitygov.vocabulary.errors import DataError
from communitygov.vocabulary.faults import COPIES, SHOWN, Coverage, Fault, find_problems
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
    "column_problems",
    "find_faults",
    "in_kind_of",
    "nullable",
]


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


def adopt(native: Any, *tables: Table) -> tuple[nw.DataFrame[Any] | nw.LazyFrame[Any], Callable[[Any], Any]]:
    """Take a frame of any kind, and return it with the way back to its kind.

    A PyArrow table goes through Polars without a copy, since it has no grouped windows of its own. Columns of a
    pandas frame that cannot say *missing* get the nullable type of the same width, in which NaN is missing; so whole
    numbers stay whole where some are missing. A column in which nothing stands has no type that says what it is for;
    where a table is named that declares text, flags or whole numbers there, it gets that type.

    Args:
        native: A Polars (eager or lazy), pandas, PyArrow, DuckDB or PySpark frame.
        tables: The tables that it is read as, if that is known here.

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

        return _typed(nw.from_native(pl.from_arrow(native)), tables), lambda done: done.to_native().to_arrow()
    return _typed(nullable(frame), tables), _native


def _typed(frame: Any, tables: Sequence[Table]) -> Any:
    """Give the columns in which nothing stands the type that a table declares: of text, of flags, of whole numbers."""
    import narwhals as nw

    kinds = {
        column.name: _UNTYPED[column.kind] for table in tables for column in table.columns if column.kind in _UNTYPED
    }
    if frame.implementation.is_pandas():
        native = frame.to_native()
        nothing = frame.implementation.to_native_namespace().Series([None] * len(native), native.index, object)
        empty = {
            name: nothing.astype(kind)
            for name, kind in kinds.items()
            if name in native and not native[name].notna().any()
        }
        return nw.from_native(native.assign(**empty)) if empty else frame
    schema = frame.collect_schema()
    untyped = [name for name, kind in kinds.items() if kind == "object" and schema.get(name) == nw.Unknown]
    return frame.with_columns(nw.col(*untyped).cast(nw.String)) if untyped else frame


_UNTYPED = {"text": "object", "period": "object", "flag": "boolean", "whole": "Int64"}
"""What pandas calls the type of a column in which nothing stands."""


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
                hint = did_you_mean(column.name, [str(name) for name in schema if name not in known])
                yield _column_problem(
                    "missing-column",
                    column.name,
                    f"{table.name.zh}缺少列 `{column.name}`（{column.title.zh}）{hint.zh}",
                    f"{table.name.en} has no column `{column.name}` ({column.title}){hint.en}",
                )
        elif not fits(column, schema[column.name]):
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
