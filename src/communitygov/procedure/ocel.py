"""Object-centric logs, OCEL 2.0 in JSON: in, by the type of object that is the case, and out."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve

from communitygov.procedure.json_files import as_text
from communitygov.procedure.log_events import events_of
from communitygov.procedure.log_mapping import PARTS, LogFact, LogMapping
from communitygov.procedure.log_times import instants
from communitygov.procedure.ocel_structure import read_structure
from communitygov.procedure.ocel_writing import write_ocel
from communitygov.procedure.tables import FACT
from communitygov.vocabulary.cells import Cells
from communitygov.vocabulary.errors import DataError
from communitygov.vocabulary.problem import Place, Problem, did_you_mean
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["ocel_mapping", "read_ocel", "write_ocel"]

_FACT_KINDS = {"string": "text", "float": "text", "integer": "whole", "boolean": "flag", "time": "time"}


def read_ocel(file: str | Path, mapping: LogMapping) -> pl.DataFrame:
    """Read a log in OCEL 2.0, with each object of one type as a case.

    The columns that a mapping can name are ``case`` (the object), ``event``, ``activity`` (the type of the event),
    ``time``, ``shared`` (whether the event is related to several such objects, and so stands in several cases),
    ``event.<attribute>``, ``case.<attribute>`` (of the object, as it was at that time) and ``object.<type>`` (other
    objects of the event, one a line). Events that are related to no such object are of no case, and left out.

    Args:
        file: A file of OCEL 2.0 in JSON.
        mapping: What its columns are; ``object_type`` says what is the case.

    Returns:
        The frame of events, by case and in the order of acts; see ``events_of``.

    Raises:
        UsageError: If the file cannot be read.
        DataError: If it is not OCEL 2.0, or not the log that the mapping says: with every fault, an event named by its
            number.

    Source:
        OCEL (Object-Centric Event Log) 2.0 Specification, 2023.
    """
    whole = read_structure(Path(file))
    kind = mapping.object_type
    known = [one["name"] for one in whole["objectTypes"]]
    if kind is None or kind not in known:
        hint = did_you_mean(kind or "", known)
        zh, en = f"没有对象类型 `{kind}`{hint.zh}", f"there is no type of object `{kind}`{hint.en}"
        if kind is None:
            zh, en = (
                f"请以 `object_type` 写明哪类对象是件{hint.zh}",
                f"say with `object_type` what is the case{hint.en}",
            )
        raise DataError(Problem("unknown-object-type", Title(zh=zh, en=en), Place(str(file)), path="object_type"))
    plain = evolve(mapping, object_type=None)  # type: ignore[misc]  # rules are attrs classes
    return events_of(_cells(whole, str(file), mapping, kind), plain, is_table=False)


def _cells(whole: Mapping[str, Any], file: str, mapping: LogMapping, kind: str) -> Cells:
    """Return the events of the cases as a table of text, a row for each case that an event is of."""
    import polars as pl

    types = {one["id"]: one["type"] for one in whole["objects"]}
    times = instants(
        pl.Series([one["time"] for one in whole["events"]], dtype=pl.String()), mapping.zone, mapping.twice
    )
    history = _history(whole, file, mapping, kind)
    names = dict.fromkeys(["case", "event", "activity", "time", "shared"])
    names |= dict.fromkeys(f"event.{attribute}" for attribute, _ in _declared(whole["eventTypes"]))
    cases = [one for one in whole["objectTypes"] if one["name"] == kind]
    names |= dict.fromkeys(f"case.{attribute}" for attribute, _ in _declared(cases))
    names |= dict.fromkeys(f"object.{one['name']}" for one in whole["objectTypes"] if one["name"] != kind)
    rows, lines = [], []
    for number, (event, at) in enumerate(zip(whole["events"], times[0].dt.epoch("us"), strict=True), 1):
        related = list(dict.fromkeys(link["objectId"] for link in event.get("relationships", ())))
        mine = [one for one in related if types[one] == kind]
        row = {"event": event["id"], "activity": event["type"], "time": event["time"]}
        row["shared"] = as_text(len(mine) > 1)
        row |= {f"event.{one['name']}": as_text(one["value"]) for one in event.get("attributes", ())}
        for other in related:
            if types[other] != kind:
                name = f"object.{types[other]}"
                row[name] = f"{row[name]}\n{other}" if name in row else other
        for case in mine:
            known = {} if at is None else _known_at(history.get(case, {}), at)
            rows.append({**row, **known, "case": case})
            lines.append(number)
    names |= dict.fromkeys(name for row in rows for name in row)
    columns = [pl.Series(name, [row.get(name, "") for row in rows], pl.String()) for name in names]
    return Cells(file, pl.DataFrame(columns), lines)


_History = dict[str, tuple[list[int], list[str]]]
"""For each attribute when it was set, in order, and to what."""


def _history(whole: Mapping[str, Any], file: str, mapping: LogMapping, kind: str) -> dict[str, _History]:
    """Return for each case the values of its attributes with the times from which on they hold."""
    import polars as pl

    said = [
        (number, one["id"], attribute)
        for number, one in enumerate(whole["objects"], 1)
        if one["type"] == kind
        for attribute in one.get("attributes", ())
    ]
    texts = pl.Series([attribute["time"] for _, _, attribute in said], dtype=pl.String())
    since, unread = instants(texts, mapping.zone, mapping.twice)
    missing = texts.str.strip_chars() == ""
    if unread or missing.any():
        row = min([*(one.where.arg_true()[0] for one in unread), *missing.arg_true().head(1)])
        number, case, attribute = said[row]
        zh = f"第 {number} 个对象 `{case}` 的 `{attribute['name']}` 的时间 `{attribute['time']}` 不可用"
        en = f"object {number}, `{case}`: the time `{attribute['time']}` of its `{attribute['name']}` is no good"
        why = next((one for one in unread if one.where[row]), None)
        title = (
            Title(zh=zh, en=en) if why is None else Title(zh=f"{zh}：{why.message.zh}", en=f"{en}: {why.message.en}")
        )
        raise DataError(Problem("bad-ocel", title, Place(file)))
    found: dict[str, _History] = {}
    for at, (_, case, attribute) in sorted(zip(since.dt.epoch("us"), said, strict=True), key=lambda pair: pair[0]):
        when, what = found.setdefault(case, {}).setdefault(f"case.{attribute['name']}", ([], []))
        when.append(at)
        what.append(as_text(attribute["value"]))
    return found


def _known_at(history: _History, at: int) -> dict[str, str]:
    """Return what the attributes of an object were at an instant; one that was set only later is not known yet."""
    places = {name: bisect_right(when, at) for name, (when, _) in history.items()}
    return {name: history[name][1][place - 1] for name, place in places.items() if place}


def _declared(types: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield the attributes of types with their kinds; one of several kinds is text."""
    kinds: dict[str, str] = {}
    for one in types:
        for attribute in one["attributes"]:
            kind = attribute["type"]
            kinds[attribute["name"]] = kind if kinds.get(attribute["name"], kind) == kind else "string"
    yield from kinds.items()


def ocel_mapping(file: str | Path, *, object_type: str) -> LogMapping:
    """Return the mapping that takes a log in OCEL 2.0 as it calls itself.

    Each type of event is a step of its own name; attributes of events that are called ``seq``, ``actor``, ``role``,
    ``unit`` and ``reason`` are what they are called, all others, and those of the case, are facts of their kinds. One
    of the case that has the name of one of events is the fact ``case_<name>``. It is exact for what ``write_ocel``
    wrote, and a beginning for any other log.

    Args:
        file: A file of OCEL 2.0 in JSON.
        object_type: The type of object that is the case.

    Raises:
        UsageError: If the file cannot be read.
        DataError: If it is not OCEL 2.0, or two attributes would be one fact, for names of facts have letters, digits
            and ``_`` alone.
    """
    whole = read_structure(Path(file))
    steps = {one["name"]: one["name"] for one in whole["eventTypes"]}
    declared = {f"event.{name}": kind for name, kind in _declared(whole["eventTypes"])}
    cases = [one for one in whole["objectTypes"] if one["name"] == object_type]
    declared |= {f"case.{name}": kind for name, kind in _declared(cases)}
    said = [one for event in whole["events"] for one in event.get("attributes", ()) if one["name"] == "role"]
    roles = {text: text for one in said if (text := as_text(one["value"]))}
    parts = {name: f"event.{name}" for name in ("seq", *PARTS) if f"event.{name}" in declared}
    if not roles:  # nobody's role is said
        parts.pop("role", None)
    said_by = {column: kind for column, kind in declared.items() if column not in {*parts.values(), "event.role"}}
    facts = {
        column: LogFact(fact=name, kind=_FACT_KINDS[said_by[column]])  # type: ignore[arg-type]
        for column, name in _fact_names(said_by, str(file)).items()
    }
    others = [f"object.{one['name']}" for one in whole["objectTypes"] if one["name"] != object_type]
    used = {*parts.values(), *facts}
    return LogMapping(
        object_type=object_type,
        case="case",
        time="time",
        activity="activity",
        steps=steps,
        seq=parts.get("seq"),
        actor=parts.get("actor"),
        role=parts.get("role"),
        roles=roles,
        unit=parts.get("unit"),
        reason=parts.get("reason"),
        facts=facts,
        unused=tuple(name for name in ("event", "shared", *declared, *others) if name not in used),
    )


def _fact_names(columns: Collection[str], file: str) -> dict[str, str]:
    """Return what the fact of each attribute is called; refuse two of one name, of which one would be lost."""
    found: dict[str, str] = {}
    by_name: dict[str, str] = {}
    for column in columns:  # those of events come first
        of, _, attribute = column.partition(".")
        name = re.sub(r"\W", "_", attribute.removeprefix(FACT))
        if of == "case" and name in by_name:
            name = f"case_{name}"
        other = by_name.setdefault(name, column)
        if other != column:
            zh = f"属性 `{other}` 与 `{column}` 都会成为事实 `{name}`；请自写对应文件，分别命名"
            en = f"`{other}` and `{column}` would both be the fact `{name}`; write a mapping that names them apart"
            raise DataError(Problem("duplicate-column", Title(zh=zh, en=en), Place(file), path=column))
        found[column] = name
    return found
