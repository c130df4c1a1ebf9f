"""Requests of Open311 (GeoReport v2), in JSON or XML: each was opened, and may have been closed."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from communitygov.procedure.json_files import as_text, read_json
from communitygov.procedure.log_events import events_of
from communitygov.procedure.log_mapping import LogEvent, LogFact, LogMapping
from communitygov.procedure.markup import walk_xml
from communitygov.vocabulary.cells import Cells
from communitygov.vocabulary.errors import DataError, UsageError
from communitygov.vocabulary.frames import SHOWN
from communitygov.vocabulary.problem import Place, Problem, did_you_mean
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["PERSONAL", "open311_mapping", "read_open311"]

PERSONAL = ("address", "address_id", "zipcode", "lat", "long", "description", "media_url")
"""Fields that can tell who asked, or where they live. None is taken unless it is asked for by name."""

_FIELDS = (
    "service_request_id",
    "status",
    "status_notes",
    "service_name",
    "service_code",
    "agency_responsible",
    "service_notice",
    "requested_datetime",
    "updated_datetime",
    "expected_datetime",
    *PERSONAL,
)
_CLOSED, _APPROXIMATE = "closed_datetime", "closed_is_approximate"
_SCHEMA: Mapping[str, Any] = {"type": "array", "items": {"type": "object"}}
_WHAT = Title(zh=" Open311 的请求列表", en="a list of Open311 requests")


def open311_mapping(
    *, zone: str | None = None, personal: Collection[str] = (), unused: Collection[str] = ()
) -> LogMapping:
    """Return the mapping of requests: steps ``opened`` and ``closed``, and the facts that the standard gives.

    The facts are ``service_code``, ``service``, ``agency``, ``expected`` (instant) and, of the event ``closed``,
    ``closed_is_approximate``. The standard has no time of closing: it is taken to be that of the last update, which may
    be a later remark, and so the fact is true wherever there is such an event.

    Args:
        zone: The time zone of times that are written without one; only then.
        personal: The personal fields to take as facts of the same names; none otherwise.
        unused: Fields beyond the standard that a city adds, and that are not used.

    Raises:
        UsageError: If a field is not among the personal ones.

    Source:
        Open311 GeoReport v2, GET service requests.

    Example:
        >>> open311_mapping(personal=["address"]).facts["address"].fact
        'address'
    """
    for name in personal:
        if name not in PERSONAL:
            hint = did_you_mean(name, PERSONAL)
            raise UsageError.because(
                "unknown-field", zh=f"没有个人字段 `{name}`{hint.zh}", en=f"`{name}` is no personal field{hint.en}"
            )
    facts = {
        "service_code": LogFact(fact="service_code", kind="text"),
        "service_name": LogFact(fact="service", kind="text"),
        "agency_responsible": LogFact(fact="agency", kind="text"),
        "expected_datetime": LogFact(fact="expected", kind="time"),
        _APPROXIMATE: LogFact(fact=_APPROXIMATE, kind="flag", events=("closed",)),
        **{name: LogFact(fact=name, kind="text") for name in personal},
    }
    rest = [name for name in ("status", "updated_datetime", "service_notice", *PERSONAL) if name not in facts]
    return LogMapping(
        zone=zone,
        case="service_request_id",
        ties="file_order",  # what is opened and closed at one instant was opened first
        unit="agency_responsible",
        events={
            "opened": LogEvent(at="requested_datetime", step="opened"),
            "closed": LogEvent(at=_CLOSED, step="closed", reason="status_notes"),
        },
        facts=facts,
        unused=(*rest, *unused),
    )


def read_open311(file: str | Path, mapping: LogMapping | None = None) -> pl.DataFrame:
    """Read requests as a server of Open311 gives them.

    Args:
        file: What ``GET requests.json`` or ``requests.xml`` answered, in a file that ends so.
        mapping: What the fields are, with two more: ``closed_datetime`` (that of the last update, where the request is
            closed) and ``closed_is_approximate``; ``open311_mapping()`` if None.

    Returns:
        The frame of events, by case and in the order of acts; see ``events_of``.

    Raises:
        UsageError: If the file cannot be read, or ends otherwise.
        DataError: If it is no list of requests, or not the one that the mapping says: with every fault, a request named
            by its number in JSON and by its line in XML.

    Source:
        Open311 GeoReport v2, GET service requests.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp()) / "requests.json"
        >>> _ = file.write_text(
        ...     '[{"service_request_id": 7, "status": "closed", "service_code": "006", "address": "1 Main Street",'
        ...     ' "requested_datetime": "2024-10-08T09:00:00Z", "updated_datetime": "2024-10-09T09:00:00Z"}]'
        ... )
        >>> read_open311(file).select("case", "step", "fact.service_code", "fact.closed_is_approximate").rows()
        [('7', 'opened', '006', None), ('7', 'closed', '006', True)]
    """
    file = Path(file)
    if file.suffix.lower() == ".json":
        requests = [
            {name: _text(value) for name, value in one.items()}
            for one in read_json(file, _SCHEMA, _WHAT, "bad-open311")
        ]
        lines = list(range(1, len(requests) + 1))
    elif file.suffix.lower() == ".xml":
        requests, lines = _of_xml(file)
    else:
        raise UsageError.because(
            "unknown-suffix",
            zh=f"{file}：文件须以 .json 或 .xml 结尾",
            en=f"{file}: the file must end in .json or .xml",
        )
    named = open311_mapping() if mapping is None else mapping
    return events_of(_cells(str(file), requests, lines, named), named, is_table=False)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else as_text(value)


def _of_xml(file: Path) -> tuple[list[dict[str, str]], list[int]]:
    requests: list[dict[str, str]] = []
    lines: list[int] = []
    around: list[str] = []
    form = ("service_requests", "request")

    def begin(name: str, _: Mapping[str, str], line: int) -> None:
        if len(around) < len(form) and name != form[len(around)]:
            wanted = form[len(around)]
            zh, en = f"此处须为 <{wanted}>，却是 <{name}>", f"needs <{wanted}> here, found <{name}>"
            title = Title(zh=f"不是{_WHAT.zh}：{zh}", en=f"not {_WHAT.en}: {en}")
            raise DataError(Problem("bad-open311", title, Place(str(file), line)))
        if len(around) == 1:
            requests.append({})
            lines.append(line)
        around.append(name)

    def end(name: str, text: str) -> None:
        if len(around) > len(form):  # fields, and what a city nests in one
            requests[-1]["/".join(around[len(form) :])] = text.strip()
        around.pop()

    walk_xml(file, begin, end)
    return requests, lines


def _cells(file: str, requests: list[dict[str, str]], lines: list[int], mapping: LogMapping) -> Cells:
    """Return requests as a table of text: their fields, those of the standard that are asked for, and when closed."""
    import polars as pl

    problems = []
    for line, request in zip(lines, requests, strict=True):
        name, status = request.get("service_request_id", ""), request.get("status", "").strip().lower()
        request[_CLOSED], request[_APPROXIMATE] = "", ""
        if status not in ("open", "closed"):
            zh = f"请求 `{name}` 的 status 须为 open 或 closed，却是 `{request.get('status', '')}`"
            en = f"the status of request `{name}` must be open or closed, found `{request.get('status', '')}`"
            problems.append(Problem("unknown-status", Title(zh=zh, en=en), Place(file, line), path="status"))
        elif status == "closed":
            request[_CLOSED], request[_APPROXIMATE] = request.get("updated_datetime", ""), "true"
            if not request[_CLOSED].strip():
                zh = f"请求 `{name}` 已办结，却没有 updated_datetime，不知何时办结"
                en = f"request `{name}` is closed and has no updated_datetime, so that it is not known when"
                title = Title(zh=zh, en=en)
                problems.append(Problem("missing-value", title, Place(file, line), path="updated_datetime"))
    if problems:
        rest = problems[SHOWN:]
        if rest:
            title = Title(
                zh=f"此后还有 {len(rest)} 个这样的请求", en=f"{len(rest)} more requests like these from here on"
            )
            problems = [*problems[:SHOWN], Problem("more-bad-cells", title, rest[0].place)]
        raise DataError(problems)
    asked = [name for name in _FIELDS if name in mapping.columns]  # every field may be left out, and is empty then
    names = dict.fromkeys([*asked, *(name for one in requests for name in one), _CLOSED, _APPROXIMATE])
    columns = [pl.Series(name, [one.get(name, "") for one in requests], pl.String()) for name in names]
    return Cells(file, pl.DataFrame(columns), lines)
