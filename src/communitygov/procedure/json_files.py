"""JSON files, exactly: no number through a float, no key twice, and held against a schema before anything is read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from communitygov.vocabulary.errors import DataError, UsageError
from communitygov.vocabulary.files import reason_of
from communitygov.vocabulary.frames import SHOWN
from communitygov.vocabulary.problem import Place, Problem
from communitygov.vocabulary.text import Title

__all__ = ["as_text", "read_json"]

_KINDS = {
    "object": Title(zh="对象", en="an object"),
    "array": Title(zh="数组", en="a list"),
    "string": Title(zh="文字", en="text"),
    "number": Title(zh="数", en="a number"),
    "boolean": Title(zh="true 或 false", en="true or false"),
    "null": Title(zh="null", en="null"),
}


class _Number(str):
    """A number that is not whole, as it was written."""


def as_text(value: Any) -> str:
    """Return a single value of JSON as text, a number as it was written; an empty text for null.

    Args:
        value: The value.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def read_json(file: Path, schema: Mapping[str, Any], what: Title, code: str) -> Any:
    """Read a file of JSON that has the form of a schema.

    Args:
        file: The file, in UTF-8.
        schema: What it must be like.
        what: What such a file is called.
        code: The code of the problem that it is not.

    Raises:
        UsageError: If the file cannot be read.
        DataError: If it is not JSON, or not of that form: the first 20 faults, and how many more there are.
    """
    place = Place(str(file))
    try:
        whole = json.loads(
            file.read_bytes().decode("utf-8-sig"),
            parse_float=_Number,
            parse_constant=_no_number,
            object_pairs_hook=_once,
        )
    except OSError as error:
        reason = reason_of(error)
        raise UsageError.because(
            "unreadable-file", zh=f"{file}：无法读取：{reason.zh}", en=f"{file}: cannot be read: {reason.en}"
        ) from None
    except json.JSONDecodeError as error:
        here = Place(str(file), error.lineno, error.colno)
        raise DataError(Problem("bad-json", Title(zh="不是合规的 JSON", en=f"not JSON: {error.msg}"), here)) from None
    except UnicodeDecodeError:
        raise DataError(Problem("bad-json", Title(zh="不是 UTF-8 编码", en="not in UTF-8"), place)) from None
    except RecursionError:
        raise DataError(Problem("bad-json", Title(zh="嵌套过深", en="nested too deeply"), place)) from None
    except _NotAllowed as error:
        raise DataError(Problem("bad-json", error.message, place)) from None
    faults = list(dict.fromkeys(_faults(whole, schema, what)))
    if faults:
        problems = [Problem(code, title, place) for title in faults[:SHOWN]]
        if len(faults) > SHOWN:
            rest = len(faults) - SHOWN
            title = Title(zh=f"此外还有 {rest} 处", en=f"{rest} more faults like these")
            problems.append(Problem("more-bad-cells", title, place))
        raise DataError(problems)
    return whole


class _NotAllowed(ValueError):
    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.message = Title(zh=zh, en=en)


def _no_number(text: str) -> Any:
    raise _NotAllowed(f"{text} 不是数", f"{text} is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        key = next(key for i, key in enumerate(keys) if key in keys[:i])
        raise _NotAllowed(f"键 `{key}` 重复", f"the key `{key}` stands twice in one object")
    return found


def _faults(whole: Any, schema: Mapping[str, Any], what: Title) -> Iterator[Title]:
    from jsonschema import Draft202012Validator, validators

    def is_string(_: object, value: object) -> bool:
        return isinstance(value, str) and not isinstance(value, _Number)

    def is_number(_: object, value: object) -> bool:
        return isinstance(value, int | _Number) and not isinstance(value, bool)

    kinds = Draft202012Validator.TYPE_CHECKER.redefine("string", is_string).redefine("number", is_number)
    exact: Any = validators.extend(Draft202012Validator, type_checker=kinds)  # type: ignore[no-untyped-call]
    for error in exact(schema).iter_errors(whole):
        path = "/".join(str(part + 1) if isinstance(part, int) else part for part in error.absolute_path)
        zh, en = (f"`{path}` ", f"`{path}` ") if path else ("文件", "the file ")
        if error.validator == "required":
            for key in error.validator_value:
                if key not in error.instance:
                    yield Title(zh=f"不是{what.zh}：{zh}没有 `{key}`", en=f"not {what.en}: {en}has no `{key}`")
        elif error.validator == "type":
            wanted = [error.validator_value] if isinstance(error.validator_value, str) else error.validator_value
            said = Title(zh="、".join(_KINDS[one].zh for one in wanted), en=", ".join(_KINDS[one].en for one in wanted))
            yield Title(zh=f"不是{what.zh}：{zh}须为{said.zh}", en=f"not {what.en}: {en}must be {said.en}")
        elif error.validator == "enum":
            listed = ", ".join(error.validator_value)
            yield Title(zh=f"不是{what.zh}：{zh}须为 {listed} 之一", en=f"not {what.en}: {en}must be one of {listed}")
        else:
            yield Title(zh=f"不是{what.zh}：{zh}不能为空", en=f"not {what.en}: {en}must not be empty")
