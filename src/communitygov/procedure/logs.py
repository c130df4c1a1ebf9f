"""Bringing a foreign log: a table of events, read through a mapping document, becomes the frame of events."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from communitygov.procedure.log_cells import LogCells, Refusal
from communitygov.procedure.log_events import EVENT_COLUMNS, events_of
from communitygov.procedure.log_mapping import LogEvent, LogFact, LogMapping, read_mapping
from communitygov.procedure.log_times import instants
from communitygov.procedure.tables import events_table
from communitygov.vocabulary.cells import Cells, check_columns, typed
from communitygov.vocabulary.errors import DataError
from communitygov.vocabulary.files import read_cells
from communitygov.vocabulary.problem import Place, Problem
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

    from communitygov.procedure.rules import Procedure

__all__ = [
    "EVENT_COLUMNS",
    "LogEvent",
    "LogFact",
    "LogMapping",
    "events_of",
    "read_log",
    "read_mapping",
    "read_own_log",
]


def read_log(file: str | Path, mapping: LogMapping, *, encoding: str = "utf-8") -> pl.DataFrame:
    r"""Read a log from a table in a file.

    Args:
        file: A ``.csv``, ``.parquet`` or ``.xlsx`` file, with one row per event, or one per case with several times.
        mapping: What its columns are.
        encoding: The encoding of CSV; ``utf-8`` takes a byte-order mark as well.

    Returns:
        The frame of events, by case and in the order of acts; see ``events_of``.

    Raises:
        UsageError: If the file cannot be read, or its suffix or the encoding is unknown.
        DataError: If it is not the table that its suffix says, or not the log that the mapping says: with every fault,
            each with file, line (in Parquet the row) and column, the first 20 of a kind and how many more there are.
        MissingExtra: If XLSX is to be read without the extra ``excel``.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp()) / "letters.csv"
        >>> _ = file.write_text("id,asked,replied\n7,2024-09-29 15:30,2024-10-12 09:00\n8,2024-09-30 09:00,\n")
        >>> mapping = LogMapping(
        ...     zone="Asia/Shanghai",
        ...     case="id",
        ...     events={"asked": LogEvent(at="asked", step="ask"), "replied": LogEvent(at="replied", step="reply")},
        ... )
        >>> read_log(file, mapping).select("case", "seq", "step").rows()
        [('7', 1, 'ask'), ('7', 2, 'reply'), ('8', 1, 'ask')]
    """
    found = read_cells(file, encoding=encoding)
    return events_of(found if isinstance(found, Cells) else _as_cells(found, str(file), mapping), mapping)


def read_own_log(file: str | Path, procedure: Procedure, *, encoding: str = "utf-8") -> pl.DataFrame:
    r"""Read a log whose columns are those of ``events_table(procedure)``, and whose steps are those of the procedure.

    Nothing is renamed, put in order or numbered anew: ``judge`` takes the rows as they stand, and names what it finds
    by their ``case`` and ``seq``.

    Args:
        file: A ``.csv``, ``.parquet`` or ``.xlsx`` file, with one row per event. Times have their zone; in CSV and XLSX
            they are written as ISO 8601 has them.
        procedure: The rule.
        encoding: The encoding of CSV; ``utf-8`` takes a byte-order mark as well.

    Returns:
        The frame of events, as ``judge`` takes it; it refuses what is wrong between rows.

    Raises:
        UsageError: If the file cannot be read, or its suffix or the encoding is unknown.
        DataError: If columns are missing or have no place, cells are not of their kind, a time has no zone, or there is
            no row: with every fault, each with file, line and column, the first 20 of a kind and how many more.
        MissingExtra: If XLSX is to be read without the extra ``excel``.

    Example:
        >>> import tempfile
        >>> from communitygov.procedure.rules import Procedure, Role, Step
        >>> rule = Procedure(roles={"a": Role()}, steps={"ask": Step(by=("a",), starts=True)})
        >>> file = Path(tempfile.mkdtemp()) / "events.csv"
        >>> _ = file.write_text("case,seq,step,at\n007,1,ask,2024-09-29T15:30+08:00\n")
        >>> log = read_own_log(file, rule)
        >>> print(*log.row(0))
        007 1 ask 2024-09-29 07:30:00+00:00
    """
    found, table = read_cells(file, encoding=encoding), events_table(procedure)
    if isinstance(found, Cells):
        times = [one.name for one in table.columns if one.kind == "any" and one.name in found.frame.columns]
        frame = _with_times(typed(found, table), found, times)
    else:
        check_columns(table, found)
        frame = found
    if frame.is_empty():
        raise DataError(Problem("empty-table", Title(zh="日志没有任何行", en="the log has no rows"), Place(str(file))))
    return frame


_OWN_TIMES = {
    "bad-cell": Title(
        zh="须为时间，如 2024-10-08T09:00:00+08:00（ISO 8601）；若写法不同，请给出对应文件",
        en="must be a time such as 2024-10-08T09:00:00+08:00 (ISO 8601); if written otherwise, bring a mapping",
    ),
    "naive-time": Title(
        zh="时间没有时区，应如 2024-10-08T09:00:00+08:00；或给出写有 `zone` 的对应文件",
        en="has no time zone; write 2024-10-08T09:00:00+08:00, or bring a mapping that names the `zone`",
    ),
}
"""What is said of times where there is no mapping that could say how they are written."""


def _with_times(frame: pl.DataFrame, cells: Cells, columns: list[str]) -> pl.DataFrame:
    """Return a log with its columns of times read as instants."""
    log, read = LogCells(cells, LogMapping(case="case")), []
    for column in columns:
        times, unread = instants(cells.frame[column], None, None)
        read.append(times.alias(column))
        for one in unread:
            message = _OWN_TIMES.get(one.code, one.message)

            def say(text: str, column: str = column, message: Title = message) -> Title:
                return Title(
                    zh=f"列 `{column}` 的 `{text}`：{message.zh}", en=f"column `{column}`: `{text}` {message.en}"
                )

            log.refuse(column, one.where, Refusal(one.code, say, one.once))
    log.ask(iter(()))
    return frame.with_columns(read)


def _as_cells(frame: pl.DataFrame, file: str, mapping: LogMapping) -> Cells:
    """Return a frame that has kinds of its own as cells of text; a row is named by its number."""
    import polars as pl

    problems, columns = [], []
    for name, dtype in frame.schema.items():
        if name not in mapping.columns:
            columns.append(pl.repeat("", frame.height, dtype=pl.String(), eager=True).alias(name))
        elif dtype.is_nested() or dtype in (pl.Binary, pl.Object, pl.Time, pl.Duration):
            zh, en = f"列 `{name}` 不能是 {dtype}", f"column `{name}` cannot hold {dtype}"
            title = Title(
                zh=f"{zh}；须为单个的文字、数、真假或时间", en=f"{en}, but one text, number, flag or time a row"
            )
            problems.append(Problem("wrong-column-type", title, Place(file), path=name))
        else:
            columns.append(_as_text(frame[name]).fill_null(""))
    if problems:
        raise DataError(problems)
    return Cells(file, pl.DataFrame(columns), range(1, frame.height + 1))


def _as_text(values: pl.Series) -> pl.Series:
    import polars as pl

    if not isinstance(values.dtype, pl.Datetime):
        return values.cast(pl.String())
    # In UTC, so that no hour of an autumn night is written twice alike.
    aware = values.dtype.time_zone is not None
    shown = values.dt.convert_time_zone("UTC") if aware else values
    return shown.dt.to_string("%Y-%m-%dT%H:%M:%S%.9f") + ("Z" if aware else "")
