"""What a file of OCEL 2.0 in JSON is made of, and what of it must fit together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from communitygov.procedure.json_files import read_json
from communitygov.vocabulary.errors import DataError
from communitygov.vocabulary.frames import SHOWN
from communitygov.vocabulary.problem import Place, Problem, did_you_mean
from communitygov.vocabulary.text import Title

__all__ = ["OCEL_SCHEMA", "read_structure"]

_NAME: Mapping[str, Any] = {"type": "string", "minLength": 1}
_VALUE: Mapping[str, Any] = {"type": ["string", "number", "boolean", "null"]}


def _list(required: Mapping[str, Any], more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    item = {"type": "object", "properties": {**required, **(more or {})}, "required": list(required)}
    return {"type": "array", "items": item}


_KIND: Mapping[str, Any] = {"type": "string", "enum": ["string", "time", "integer", "float", "boolean"]}
_TYPES = _list({"name": _NAME, "attributes": _list({"name": _NAME, "type": _KIND})})
_RELATED = _list({"objectId": _NAME, "qualifier": {"type": "string"}})

OCEL_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "objectTypes": _TYPES,
        "eventTypes": _TYPES,
        "objects": _list(
            {"id": _NAME, "type": _NAME},
            {
                "attributes": _list({"name": _NAME, "time": {"type": "string"}, "value": _VALUE}),
                "relationships": _RELATED,
            },
        ),
        "events": _list(
            {"id": _NAME, "type": _NAME, "time": {"type": "string"}},
            {"attributes": _list({"name": _NAME, "value": _VALUE}), "relationships": _RELATED},
        ),
    },
    "required": ["objectTypes", "eventTypes", "objects", "events"],
}
"""The structure of OCEL 2.0 in JSON, section 7 of the standard; a schema of our own."""


def read_structure(file: Path) -> dict[str, Any]:
    """Read a file of OCEL 2.0 in JSON, and check that what it names is there.

    Args:
        file: The file.

    Raises:
        UsageError: If the file cannot be read.
        DataError: If it is not JSON, not of the structure of the standard, or names a type or an object that is not
            there, or a type, an object, an event, or an attribute of a type or an event twice.
    """
    whole: dict[str, Any] = read_json(file, OCEL_SCHEMA, Title(zh=" OCEL 2.0", en="OCEL 2.0"), "bad-ocel")
    found = list(_loose_ends(whole))
    if found:
        problems = [Problem("bad-ocel", title, Place(str(file))) for title in found[:SHOWN]]
        if len(found) > SHOWN:
            rest = len(found) - SHOWN
            title = Title(zh=f"此外还有 {rest} 处", en=f"{rest} more faults like these")
            problems.append(Problem("more-bad-cells", title, Place(str(file))))
        raise DataError(problems)
    return whole


def _loose_ends(whole: Mapping[str, Any]) -> Iterator[Title]:
    yield from _said_twice(whole)
    objects = {one["id"] for one in whole["objects"]}
    for section, types, zh, en in (
        ("objects", "objectTypes", "对象", "object"),
        ("events", "eventTypes", "事件", "event"),
    ):
        known = {one["name"] for one in whole[types]}
        seen: set[str] = set()
        for one in whole[section]:
            name = one["id"]
            if name in seen:
                yield Title(zh=f"{zh} `{name}` 重复", en=f"the {en} `{name}` stands twice")
            seen.add(name)
            if one["type"] not in known:
                hint = did_you_mean(one["type"], known)
                yield Title(
                    zh=f"{zh} `{name}` 的类型 `{one['type']}` 不在 `{types}` 中{hint.zh}",
                    en=f"the {en} `{name}` is of type `{one['type']}`, which `{types}` does not have{hint.en}",
                )
            for link in one.get("relationships", ()):
                if link["objectId"] not in objects:
                    yield Title(
                        zh=f"{zh} `{name}` 所关联的对象 `{link['objectId']}` 不存在",
                        en=f"the {en} `{name}` is related to `{link['objectId']}`, and there is no such object",
                    )


def _said_twice(whole: Mapping[str, Any]) -> Iterator[Title]:
    """Yield types that are declared twice, and attributes that a type or an event has twice: one would be lost."""
    for types, zh, en in (("objectTypes", "对象类型", "type of object"), ("eventTypes", "事件类型", "type of event")):
        for name in _repeated(whole[types]):
            yield Title(zh=f"{zh} `{name}` 声明了两次", en=f"the {en} `{name}` is declared twice")
        for one in whole[types]:
            for name in _repeated(one["attributes"]):
                yield Title(
                    zh=f"{zh} `{one['name']}` 的属性 `{name}` 声明了两次",
                    en=f"the {en} `{one['name']}` declares its attribute `{name}` twice",
                )
    for event in whole["events"]:
        for name in _repeated(event.get("attributes", ())):
            yield Title(
                zh=f"事件 `{event['id']}` 的属性 `{name}` 有两个",
                en=f"the event `{event['id']}` has its attribute `{name}` twice",
            )


def _repeated(said: Sequence[Mapping[str, Any]]) -> list[str]:
    return [name for name, times in Counter(one["name"] for one in said).items() if times > 1]
