"""An explanation as JSON, and back: nothing is lost on the way, fractions stay exact, both languages are in it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, TypeAlias

from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.steps import Steps
from communitygov.vocabulary.text import Title

__all__ = ["SCHEMA", "steps_from_json", "steps_json", "steps_schema"]

SCHEMA = "communitygov.steps/1"
"""The name and version of the form; a change that old readers cannot read gets a new number."""

_Value: TypeAlias = Fraction | int | float | str | bool | None


def steps_json(steps: Steps) -> dict[str, Any]:
    """Return an explanation as plain data for JSON.

    Args:
        steps: The explanation.

    Returns:
        ``{"schema": "communitygov.steps/1", "step": {...}}``. A step has ``key`` and ``title``, and where it has
        them ``value``, ``text``, ``clause``, ``source``, ``facts`` and ``children``. A fraction is
        ``{"fraction": "1/3"}``, a float that is not finite ``{"float": "inf"}``; other values are JSON's own.

    Example:
        >>> steps_json(Steps("share", Title(zh="份额", en="share"), Fraction(1, 3)))["step"]["value"]
        {'fraction': '1/3'}
    """
    return {"schema": SCHEMA, "step": _step(steps)}


def steps_from_json(data: Mapping[str, Any]) -> Steps:
    """Return the explanation that JSON was made from.

    Args:
        data: What `steps_json` returned, perhaps written to a file and read again.

    Raises:
        UsageError: If it is no explanation of this version.

    Example:
        >>> tree = Steps("share", Title(zh="份额", en="share"), Fraction(1, 3))
        >>> steps_from_json(steps_json(tree)) == tree
        True
    """
    found = data.get("schema") if hasattr(data, "get") else None
    if found != SCHEMA:
        raise UsageError.because(
            "other-schema", zh=f"须为 `{SCHEMA}`，却是 `{found}`", en=f"expected `{SCHEMA}`, found `{found}`"
        )
    try:
        return _steps(data["step"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        said = f"{type(error).__name__}: {error}"
        raise UsageError.because(
            "bad-steps", zh=f"不是完整的推导过程：{said}", en=f"not a complete explanation: {said}"
        ) from None


def steps_schema() -> dict[str, Any]:
    """Return the JSON Schema of explanations as JSON.

    Example:
        >>> steps_schema()["properties"]["schema"]
        {'const': 'communitygov.steps/1'}
    """
    title = {
        "type": "object",
        "properties": {"zh": {"type": "string"}, "en": {"type": "string"}},
        "required": ["zh", "en"],
        "additionalProperties": False,
    }
    exact = {"type": "string", "pattern": r"^-?\d+(/\d+)?$"}
    value = {
        "anyOf": [
            {"type": ["string", "number", "boolean", "null"]},
            {"type": "object", "properties": {"fraction": exact}, "required": ["fraction"], "maxProperties": 1},
            {
                "type": "object",
                "properties": {"float": {"enum": ["inf", "-inf", "nan"]}},
                "required": ["float"],
                "maxProperties": 1,
            },
        ]
    }
    step = {
        "type": "object",
        "properties": {
            "key": {"type": "string"},
            "title": {"$ref": "#/$defs/title"},
            "value": {"$ref": "#/$defs/value"},
            "text": {"$ref": "#/$defs/title"},
            "clause": {"type": "array", "items": {"type": "string"}},
            "source": {"$ref": "#/$defs/title"},
            "facts": {"type": "object", "additionalProperties": {"$ref": "#/$defs/value"}},
            "children": {"type": "array", "items": {"$ref": "#/$defs/step"}},
        },
        "required": ["key", "title"],
        "additionalProperties": False,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "steps.schema.json",
        "title": str(Title(zh="推导过程", en="Steps")),
        "type": "object",
        "properties": {"schema": {"const": SCHEMA}, "step": {"$ref": "#/$defs/step"}},
        "required": ["schema", "step"],
        "additionalProperties": False,
        "$defs": {"step": step, "title": title, "value": value},
    }


def _step(steps: Steps) -> dict[str, Any]:
    data: dict[str, Any] = {"key": steps.key, "title": _title(steps.title)}
    if steps.value is not None:
        data["value"] = _plain(steps.value)
    if steps.text is not None:
        data["text"] = _title(steps.text)
    if steps.clause:
        data["clause"] = list(steps.clause)
    if steps.source is not None:
        data["source"] = _title(steps.source)
    if steps.facts:
        data["facts"] = {name: _plain(value) for name, value in steps.facts.items()}
    if steps.children:
        data["children"] = [_step(child) for child in steps.children]
    return data


def _title(title: Title) -> dict[str, str]:
    return {"zh": title.zh, "en": title.en}


def _plain(value: _Value) -> Any:
    if isinstance(value, Fraction):
        return {"fraction": str(value)}
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(value)}
    return value


def _steps(data: Mapping[str, Any]) -> Steps:
    text, source = data.get("text"), data.get("source")
    return Steps(
        str(data["key"]),
        Title(**data["title"]),
        _value(data.get("value")),
        None if text is None else Title(**text),
        tuple(data.get("clause", ())),
        None if source is None else Title(**source),
        tuple(_steps(child) for child in data.get("children", ())),
        {name: _value(value) for name, value in data.get("facts", {}).items()},
    )


def _value(value: Any) -> _Value:
    if isinstance(value, Mapping):
        return Fraction(value["fraction"]) if "fraction" in value else float(value["float"])
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    raise TypeError(f"{value!r} is no value")
