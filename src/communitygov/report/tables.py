"""Tables as text, in columns that line up in Chinese as well."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from communitygov.report.values import value_text
from communitygov.vocabulary.text import Language, Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["frame_rows", "frame_text", "in_points", "is_number", "table_text", "width"]


def width(text: str) -> int:
    """Return how many columns of a terminal a text takes; a Chinese character takes two.

    Args:
        text: One line.

    Example:
        >>> width("five"), width("五星级")
        (4, 6)
    """
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    marks = sum(unicodedata.combining(char) != 0 for char in text)
    return len(text) + wide - marks


def in_points(frame: pl.DataFrame, names: Iterable[str], decimals: int) -> pl.DataFrame:
    """Return a frame whose units of the last published place are decimals, for people.

    Args:
        frame: A Polars frame.
        names: The columns in units; those that it lacks are passed over.
        decimals: Published places.

    Example:
        >>> import polars as pl
        >>> in_points(pl.DataFrame({"score": [34120]}), ["score"], 2).item()
        Decimal('341.20')
    """
    import polars as pl

    def decimal(name: str) -> pl.Expr:
        value, scale = pl.col(name), 10**decimals
        sign = pl.when(value < 0).then(pl.lit("-")).otherwise(pl.lit(""))
        places = (value.abs() % scale).cast(pl.String).str.zfill(decimals)
        text = pl.concat_str(sign, (value.abs() // scale).cast(pl.String), pl.lit("."), places)
        return text.cast(pl.Decimal(38, decimals)).alias(name)

    return frame.with_columns(decimal(name) for name in names if decimals and name in frame.columns)


def table_text(heads: Sequence[str], rows: Sequence[Sequence[Any]], lang: Language) -> str:
    """Write a table as text: numbers to the right, all else to the left.

    Args:
        heads: The columns' titles.
        rows: The rows, each with a value for every column.
        lang: The language of values such as true and false.

    Returns:
        A head line, a rule, and one line for each row.

    Example:
        >>> print(table_text(["tier", "places"], [["five stars", 14], ["four stars", 28]], "en"))
        tier        places
        ----------  ------
        five stars      14
        four stars      28
    """
    cells = [["" if value is None else value_text(value, lang) for value in row] for row in rows]
    right = [
        bool(rows)
        and all(row[i] is None or is_number(row[i]) for row in rows)
        and any(row[i] is not None for row in rows)
        for i in range(len(heads))
    ]
    widths = [max(width(head), *(width(row[i]) for row in cells), 1) for i, head in enumerate(heads)]
    lines = [list(heads), ["-" * size for size in widths], *cells]
    return "\n".join(
        "  ".join(_pad(cell, widths[i], right[i]) for i, cell in enumerate(line)).rstrip() for line in lines
    )


def frame_rows(frame: Any) -> list[dict[str, Any]]:
    """Return a frame's rows as plain data for JSON; exact numbers are text.

    Args:
        frame: A frame of any kind that Narwhals knows.

    Example:
        >>> import polars as pl
        >>> frame_rows(pl.DataFrame({"subject": ["a"], "rank": [1]}))
        [{'subject': 'a', 'rank': 1}]
    """
    columns = _columns(frame)
    rows = zip(*columns.values(), strict=True)
    return [dict(zip(columns, (_jsonable(value) for value in row), strict=True)) for row in rows]


def frame_text(
    frame: Any, lang: Language, *, titles: Mapping[str, Title] | None = None, most: int | None = None
) -> str:
    """Write a frame as text.

    Args:
        frame: A frame of any kind that Narwhals knows.
        lang: The language of titles and values.
        titles: Titles for its columns; a column without one is headed by its name.
        most: How many rows to show; a last line says how many there are in all. All, if None.

    Example:
        >>> import polars as pl
        >>> print(frame_text(pl.DataFrame({"rank": [1, 2, 3]}), "en", most=2))
        rank
        ----
           1
           2
        ... 3 rows in all
    """
    columns = _columns(frame)
    titles = titles or {}
    heads = [titles[name].say(lang) if name in titles else name for name in columns]
    rows = list(zip(*columns.values(), strict=True))
    text = table_text(heads, rows if most is None else rows[:most], lang)
    if most is not None and len(rows) > most:
        more = Title(zh=f"…… 共 {len(rows)} 行", en=f"... {len(rows)} rows in all")
        text = f"{text}\n{more.say(lang)}"
    return text


def _columns(frame: Any) -> dict[str, list[Any]]:
    import narwhals as nw

    taken = nw.from_native(frame)
    if isinstance(taken, nw.LazyFrame):
        taken = taken.collect()
    return {name: taken[name].to_list() for name in taken.columns}


def is_number(value: Any) -> bool:
    """Return whether a value is a number; truth is none.

    Args:
        value: Any value.
    """
    return isinstance(value, (int, float, Fraction, Decimal)) and not isinstance(value, bool)


def _jsonable(value: Any) -> Any:
    if isinstance(value, float) and value != value:
        return None
    if isinstance(value, list):
        return [_jsonable(one) for one in value]
    return value if value is None or isinstance(value, (str, bool, int, float)) else value_text(value, "en")


def _pad(cell: str, size: int, right: bool) -> str:
    blank = " " * (size - width(cell))
    return blank + cell if right else cell + blank
