"""Bringing a foreign log: a table of events, read through a mapping document, becomes the frame of events."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from communitygov.procedure.log_events import EVENT_COLUMNS, events_of
from communitygov.procedure.log_mapping import PARTS, LogEvent, LogFact, LogMapping, read_mapping
from communitygov.procedure.tables import FACT
from communitygov.vocabulary.cells import Cells
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
    """Read a log whose columns are those of ``events_table(procedure)``. Its times have their zone.

    Args:
        file: A ``.csv``, ``.parquet`` or ``.xlsx`` file, with one row per event.
        procedure: The rule.
        encoding: The encoding of CSV.

    Raises:
        UsageError: If the file cannot be read, or its suffix or the encoding is unknown.
        DataError: If columns are missing or have no place, or cells are not of their kind, as for ``read_log``.
    """
    found = read_cells(file, encoding=encoding)
    names = found.frame.columns if isinstance(found, Cells) else found.columns
    there: dict[str, Any] = {name: name for name in ("seq", *PARTS) if name in names}
    kinds = {name: fact.kind for name, fact in procedure.all_facts.items() if FACT + name in names}
    facts = {
        FACT + name: LogFact(fact=name, kind=kind if kind in ("whole", "flag", "time") else "text")
        for name, kind in kinds.items()
    }
    steps = {name: name for name in (*procedure.steps, *procedure.reminders)}
    roles = {name: name for name in procedure.roles} if "role" in there else {}
    mapping = LogMapping(case="case", time="at", activity="step", steps=steps, roles=roles, facts=facts, **there)
    return events_of(found if isinstance(found, Cells) else _as_cells(found, str(file), mapping), mapping)


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
