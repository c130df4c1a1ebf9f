"""From cells of text to a frame with the kinds that a table declares; a bad cell is an error with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from attrs import frozen

from communitygov.vocabulary.errors import DataError
from communitygov.vocabulary.frames import SHOWN, Column, Table, column_problems
from communitygov.vocabulary.numbers import exact
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.problem import Place, Problem
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Cells", "check_columns", "typed"]

_EXACT = re.compile(r"[-+]?\d{1,15}(\.\d{1,15})?")
_REAL = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d{1,3})?")
_WHOLE = re.compile(r"[-+]?\d{1,18}")
_BAD = object()
_TRUE, _FALSE = frozenset({"true", "1", "yes", "是"}), frozenset({"false", "0", "no", "否"})


@frozen
class Cells:
    """A table as it stands in a file, all text.

    Args:
        file: The file, as the user gave it.
        frame: Its cells: a column of text for each of its columns, an empty text for an empty cell.
        lines: The line, or the row of the sheet, that each row stands in.
    """

    file: str
    frame: pl.DataFrame
    lines: Sequence[int]


def check_columns(table: Table, frame: pl.DataFrame) -> None:
    """Check that a frame has the columns that a table declares, of their kinds, whatever its rows are.

    Args:
        table: The declared columns.
        frame: The frame.

    Raises:
        DataError: If columns are missing, have no place, or are of another kind.
    """
    import narwhals as nw

    problems = list(column_problems(table, nw.from_native(frame).schema))
    if problems:
        raise DataError(problems)


def typed(cells: Cells, table: Table) -> pl.DataFrame:
    """Return a frame whose columns have the kinds that a table declares; other columns stay text.

    An empty cell is a missing value. A score is read at its value, whatever its places, and becomes whole units of
    the last published place. Nothing is rounded.

    Args:
        cells: The cells.
        table: The declared columns.

    Raises:
        DataError: If columns are missing or have no place; or if a cell is not of its column's kind: each is named
            with file, row and column, the first 20 and how many more there are.
    """
    import polars as pl

    kinds = {"whole": pl.Int64(), "score": pl.Int64(), "number": pl.Float64(), "flag": pl.Boolean()}
    declared = {column.name: column for column in table.columns}
    names = cells.frame.columns
    schema = {name: kinds.get(declared[name].kind, pl.String()) if name in declared else pl.String() for name in names}
    # Another file than the one that was meant has faults in every cell; it is enough to name its columns.
    check_columns(table, pl.DataFrame(schema=schema))
    problems: list[Problem] = []
    columns: list[pl.Series] = []
    for i, (name, kind) in enumerate(schema.items()):
        texts = cells.frame[name]
        column = declared.get(name)
        if column is None or column.kind in ("text", "any"):
            columns.append(texts.replace("", None))
            continue
        if texts.is_empty():  # nothing to tell the kind from
            columns.append(texts.cast(kind))
            continue
        read = {text: _read(column, text.strip()) for text in texts.unique()}  # most values come many times
        bad = [text for text, value in read.items() if value is _BAD]
        for row in texts.is_in(bad).arg_true() if bad else ():
            problems.append(_bad_cell(column, texts[row], Place(cells.file, cells.lines[row], i + 1)))
        values = [None if value is _BAD else value for value in read.values()]
        columns.append(texts.replace_strict(list(read), pl.Series(values, dtype=kind)))
    if problems:
        raise DataError(_first(problems))
    return pl.DataFrame(columns)


def _read(column: Column, text: str) -> object:
    try:
        return _value(column, text)
    except ValueError:
        return _BAD


def _value(column: Column, text: str) -> int | float | bool | str | None:
    if text == "":
        return None
    if column.kind == "period":
        return str(Period.parse(text))
    if column.kind == "flag":
        return _flag(text)
    if column.kind == "whole":
        return int(_matching(_WHOLE, text))
    if column.decimals is None:
        return float(_matching(_REAL, text))
    number = exact(_matching(_EXACT, text))
    units = number * 10**column.decimals
    if units.denominator != 1:
        raise ValueError("too many decimals")
    return int(units) if column.kind == "score" else _nearest(number)


def _nearest(number: Fraction) -> float:
    return number.numerator / number.denominator


def _flag(text: str) -> bool:
    if text.lower() not in _TRUE | _FALSE:
        raise ValueError(text)
    return text.lower() in _TRUE


def _matching(pattern: re.Pattern[str], text: str) -> str:
    if pattern.fullmatch(text) is None:
        raise ValueError(text)
    return text


def _bad_cell(column: Column, text: str, place: Place) -> Problem:
    wanted = {
        "whole": Title(zh="整数", en="a whole number"),
        "number": Title(zh="数", en="a number"),
        "score": Title(zh="分数", en="a score"),
        "flag": Title(zh="true 或 false（1 或 0，是 或 否）", en="true or false (1 or 0, yes or no)"),
        "period": Title(zh="时期，如 2023、2023Q3、2023-08", en="a period, such as 2023, 2023Q3 or 2023-08"),
    }[column.kind]
    places = Title(zh="", en="")
    if column.decimals is not None:
        places = Title(zh=f"，至多 {column.decimals} 位小数", en=f" with at most {column.decimals} decimals")
    shown = text if len(text) <= 40 else f"{text[:40]}..."
    return Problem(
        "bad-cell",
        Title(
            zh=f"列 `{column.name}` 须为{wanted.zh}{places.zh}，却是 `{shown}`",
            en=f"column `{column.name}` must hold {wanted.en}{places.en}, found `{shown}`",
        ),
        place,
        path=column.name,
    )


def _first(problems: Sequence[Problem]) -> Iterator[Problem]:
    ordered = sorted(problems, key=lambda problem: problem.place or Place(""))
    yield from ordered[:SHOWN]
    rest = ordered[SHOWN:]
    if rest:
        yield Problem(
            "more-bad-cells",
            Title(zh=f"此后还有 {len(rest)} 个这样的单元格", en=f"{len(rest)} more cells like these from here on"),
            rest[0].place,
        )
