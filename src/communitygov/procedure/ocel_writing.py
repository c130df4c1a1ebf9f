"""Writing a frame of events as an object-centric log, OCEL 2.0 in JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from communitygov.procedure.log_events import EVENT_COLUMNS
from communitygov.procedure.log_mapping import PARTS
from communitygov.procedure.tables import FACT
from communitygov.vocabulary.errors import DataError, UsageError
from communitygov.vocabulary.frames import Column, ColumnKind, Fault, Table, check_table
from communitygov.vocabulary.problem import Problem
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["write_ocel"]

_MOST = 10**18


def write_ocel(events: pl.DataFrame, file: str | Path, *, object_type: str) -> Path:
    """Write a frame of events as a log in OCEL 2.0: each case is an object, each event one that is related to it.

    What ``read_ocel`` reads back with ``ocel_mapping`` is the frame, by case and in the order of acts.

    Args:
        events: One row per event: ``case``, ``seq`` (1 and up in each case), ``step``, ``at`` (instant, UTC),
            ``actor``, ``role``, ``unit``, ``reason``, and ``fact.<name>`` (text, Int64, Boolean or instants).
        file: The file; its folder must exist.
        object_type: What a case is called.

    Returns:
        The file.

    Raises:
        UsageError: If there is no such folder.
        DataError: If it is no frame of events, has no rows, or says what a file could not say back: an empty text,
            a whole number of more than 18 digits.

    Source:
        OCEL (Object-Centric Event Log) 2.0 Specification, 2023.

    Example:
        >>> import tempfile
        >>> import polars as pl
        >>> from communitygov.procedure.log_events import events_of
        >>> from communitygov.procedure.log_mapping import LogMapping
        >>> from communitygov.procedure.ocel import ocel_mapping, read_ocel
        >>> from communitygov.vocabulary.cells import Cells
        >>> log = pl.DataFrame({"id": ["7"], "on": ["2024-10-08T09:00Z"], "what": ["A"]})
        >>> plain = LogMapping(case="id", time="on", activity="what", steps={"A": "ask"})
        >>> events = events_of(Cells("log.csv", log, [2]), plain)
        >>> file = write_ocel(events, Path(tempfile.mkdtemp()) / "log.json", object_type="order")
        >>> read_ocel(file, ocel_mapping(file, object_type="order")).equals(events)
        True
    """
    file = Path(file)
    if not file.parent.is_dir():
        folder = file.parent
        raise UsageError.because("no-folder", zh=f"没有文件夹 {folder}", en=f"there is no folder {folder}")
    _check(events)
    rows = events.sort("case", "seq")
    facts = [name for name in events.columns if name.startswith(FACT)]
    attributes = ["seq", *PARTS, *facts]
    kinds = [{"name": name, "type": _ocel_kind(events.schema[name])} for name in attributes]
    texts = rows.with_columns(_instant_text(name) for name, dtype in rows.schema.items() if dtype.is_temporal())
    whole = {
        "objectTypes": [{"name": object_type, "attributes": []}],
        "eventTypes": [{"name": step, "attributes": kinds} for step in rows["step"].unique(maintain_order=True)],
        "objects": [{"id": case, "type": object_type} for case in rows["case"].unique(maintain_order=True)],
        "events": [
            {
                "id": f"{row['case']}#{row['seq']}",
                "type": row["step"],
                "time": row["at"],
                "attributes": [{"name": name, "value": row[name]} for name in attributes if row[name] is not None],
                "relationships": [{"objectId": row["case"], "qualifier": object_type}],
            }
            for row in texts.iter_rows(named=True)
        ],
    }
    file.write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return file


def _instant_text(name: str) -> pl.Expr:
    import polars as pl

    return pl.col(name).dt.convert_time_zone("UTC").dt.to_string("%Y-%m-%dT%H:%M:%S%.6fZ")


def _ocel_kind(dtype: pl.DataType) -> str:
    import polars as pl

    named = {pl.String: "string", pl.Int64: "integer", pl.Boolean: "boolean", pl.Datetime: "time"}
    return named[dtype.base_type()]


def _check(events: pl.DataFrame) -> None:
    """Refuse what is no frame of events, or says what could not be read back."""
    import narwhals as nw
    import polars as pl

    problems = []
    instant = pl.Datetime("us", "UTC")
    for name, dtype in events.schema.items():
        if (name == "at" and dtype != instant) or (
            name.startswith(FACT) and dtype not in (pl.String, pl.Int64, pl.Boolean, instant)
        ):
            wanted = instant if name == "at" else f"String, Int64, Boolean / {instant}"
            zh, en = f"列 `{name}` 须为 {wanted}，却是 {dtype}", f"column `{name}` must hold {wanted}, found {dtype}"
            problems.append(Problem("wrong-column-type", Title(zh=zh, en=en), path=name))
    if problems:
        raise DataError(problems)
    if events.is_empty():
        raise DataError.because("empty-table", zh="没有事件可写", en="there are no events to write")
    facts = [name for name in events.columns if name.startswith(FACT)]
    kinds: dict[str, ColumnKind] = dict.fromkeys(["at", *facts], "any")
    kinds["seq"] = "whole"
    columns = tuple(
        Column(
            name,
            kinds.get(name, "text"),
            Title(zh=name, en=name),
            nullable=name in PARTS or name in facts,
        )
        for name in (*EVENT_COLUMNS, *facts)
    )
    empty, digits = (
        Title(zh="不能是空文字", en="must not be an empty text"),
        Title(zh="超过 18 位", en="over 18 digits"),
    )
    more = [
        Fault("bad-cell", name, nw.col(name) == "", empty)
        for name, dtype in events.schema.items()
        if dtype == pl.String and (name in EVENT_COLUMNS or name in facts)
    ]
    for name in facts:
        if events.schema[name] == pl.Int64:
            too_large = (nw.col(name) >= _MOST) | (nw.col(name) <= -_MOST)
            more.append(Fault("too-large", name, too_large, digits, show=True))
    numbered = Title(zh="各件的次序须为 1、2、3……", en="the numbers of a case must be 1, 2, 3 and so on")
    more.append(Fault("bad-cell", "seq", (nw.col("seq") < 1) | (nw.col("seq") > nw.len().over("case")), numbered))
    check_table(
        Table(Title(zh="事件表", en="the frame of events"), columns, ("case", "seq")), nw.from_native(events), more=more
    )
