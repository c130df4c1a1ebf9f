"""What `communitygov orders` is about: a procedure, and a log of another system or of our own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import click
from attrs import fields, frozen

from communitygov.cli.bilingual import language, option
from communitygov.cli.choice import find_profile, only, rules_at
from communitygov.cli.columns import encoding_option
from communitygov.vocabulary.errors import UsageError

if TYPE_CHECKING:
    import polars as pl

    from communitygov.procedure.log_mapping import LogMapping
    from communitygov.procedure.rules import Procedure

__all__ = [
    "Brought",
    "Wanted",
    "check_there",
    "log_argument",
    "log_options",
    "procedure_of",
    "procedure_option",
    "step_titles",
    "wanting",
]

F = TypeVar("F", bound=Callable[..., Any])

log_argument = click.argument("log", type=click.Path())
procedure_option = option(
    "--procedure", metavar="ID", zh="流程；只有一个时可省", en="The procedure; not needed if there is only one"
)
_OPTIONS = (
    option(
        "--mapping",
        metavar="FILE",
        zh="对应文件：哪一列是什么；不给则列名须与 `orders template` 相同",
        en="The mapping: which column is what; without one the columns are those of `orders template`",
    ),
    option(
        "--as",
        "form",
        type=click.Choice(["table", "xes", "ocel", "open311"]),
        zh="日志的格式；默认按文件名：.xes、.xes.gz 为 xes，.json、.jsonocel 为 ocel，.xml 为 open311，其余为表格",
        en="The form of the log; by default told from its name: .xes and .xes.gz are xes, .json and .jsonocel are "
        "ocel, .xml is open311, all else a table",
    ),
    option(
        "--until",
        metavar="TIME",
        required=True,
        zh="日志截止的时间：日期（该日结束），或带时区的时间，如 2024-06-01T12:00+08:00",
        en="When the log ends: a day (its end), or an instant with its zone, such as 2024-06-01T12:00+08:00",
    ),
    encoding_option,
)


def log_options(function: F) -> F:
    """Add the options that say how a log is read and when it ends.

    Args:
        function: The command.
    """
    for add in reversed(_OPTIONS):
        function = add(function)
    return function


@frozen
class Brought:
    """A log and the procedure that it is judged by.

    Args:
        name: The procedure's id.
        procedure: The procedure.
        events: The log. Polars.
        until: The instant that it goes up to.
    """

    name: str
    procedure: Procedure
    events: pl.DataFrame
    until: dt.datetime


def procedure_of(
    profile: str, name: str | None, at: str | None, reforms: tuple[str, ...], readings: tuple[str, ...]
) -> tuple[str, Procedure]:
    """Return a procedure of a profile, with its id.

    Args:
        profile: The profile's name or folder.
        name: The procedure's id; None if there is only one.
        at: The period whose rules are taken.
        reforms: Files or names of reforms.
        readings: Each ``question=reading``.
    """
    found = find_profile(profile)
    return only("procedure", rules_at(found, at, reforms, readings).procedure, name, profile=found.name)


@frozen
class Wanted:
    """A log that a call wants read, and the procedure that it is for, as the call says them.

    Args:
        profile: The profile's name or folder.
        procedure: The procedure's id; None if there is only one.
        log: The file.
        mapping: The file of its mapping.
        form: Its form; None to tell it from its name.
        until: When it ends.
        encoding: The encoding of CSV.
        at: The period whose rules are taken.
        reforms: Files or names of reforms.
        readings: Each ``question=reading``.
    """

    profile: str
    procedure: str | None
    log: str
    mapping: str | None
    form: str | None
    until: str
    encoding: str
    at: str | None
    reforms: tuple[str, ...]
    readings: tuple[str, ...]

    def brought(self) -> Brought:
        """Read it.

        Raises:
            CommunityGovError: If a file cannot be read or does not fit, or the instant is none.
        """
        from communitygov.procedure.log_mapping import read_mapping
        from communitygov.procedure.logs import read_log, read_own_log
        from communitygov.procedure.ocel import ocel_mapping, read_ocel
        from communitygov.procedure.open311 import read_open311
        from communitygov.procedure.xes import read_xes

        name, procedure = procedure_of(self.profile, self.procedure, self.at, self.reforms, self.readings)
        log, mapping, encoding = self.log, self.mapping, self.encoding
        end = _instant(self.until, procedure)
        kind = self.form or _form(log)
        if mapping is not None:
            check_there(mapping)
        said: LogMapping | None = None if mapping is None else read_mapping(mapping)
        if kind == "xes":
            events = read_xes(log, _needed(said, kind))
        elif kind == "ocel":
            events = read_ocel(log, said or ocel_mapping(log, object_type="case"))
        elif kind == "open311":
            events = read_open311(log, said)
        else:
            events = (
                read_own_log(log, procedure, encoding=encoding)
                if said is None
                else read_log(log, said, encoding=encoding)
            )
        return Brought(name, procedure, events, end)


_WANTED = tuple(one.name for one in fields(Wanted))


def wanting(function: Callable[..., Any]) -> Callable[..., Any]:
    """Hand a command all that says which log is to be read, as one ``Wanted``.

    Args:
        function: The command, before its options.
    """

    @wraps(function)
    def call(*args: Any, **given: Any) -> Any:
        wanted = Wanted(**{name: given.pop(name) for name in _WANTED})
        return function(*args, wanted, **given)

    return call


def check_there(file: str) -> None:
    """Refuse a call that names a document which is not there; what is wrong within one is the document's problem.

    Args:
        file: The file.

    Raises:
        UsageError: If there is no such file.
    """
    if not Path(file).exists():
        raise UsageError.because("unreadable-file", zh=f"没有文件 {file}", en=f"there is no file {file}")


def step_titles(procedure: Procedure, frame: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """Return a frame with the names of steps in the language of the call, in place of their ids.

    Args:
        procedure: The procedure.
        frame: The frame.
        columns: The columns of steps.
    """
    import polars as pl

    from communitygov.procedure.wording import title_of

    def named(column: str) -> pl.Series:
        titles = [None if key is None else title_of(procedure, key).say(language()) for key in frame[column]]
        return pl.Series(column, titles, dtype=pl.String)

    return frame.with_columns(named(column) for column in columns)


def _form(log: str) -> str:
    suffixes = [suffix.lower() for suffix in Path(log).suffixes]
    if ".xes" in suffixes:
        return "xes"
    return {".jsonocel": "ocel", ".json": "ocel", ".xml": "open311"}.get(suffixes[-1] if suffixes else "", "table")


def _needed(mapping: LogMapping | None, form: str) -> LogMapping:
    if mapping is None:
        raise UsageError.because(
            "needs-mapping",
            zh=f"{form} 日志须用 --mapping 说明各属性是什么",
            en=f"a log in {form} needs --mapping, which says what its attributes are",
        )
    return mapping


def _instant(text: str, procedure: Procedure) -> dt.datetime:
    zone = procedure.clock.zone if procedure.clock is not None else "UTC"
    try:
        if len(text) == len("2024-06-01"):
            day = dt.date.fromisoformat(text) + dt.timedelta(days=1)
            return dt.datetime.combine(day, dt.time(), ZoneInfo(zone))
        found = dt.datetime.fromisoformat(text)
    except (ValueError, OverflowError):  # there is no day after the last that Python knows
        found = None
    if found is None or found.utcoffset() is None:
        raise UsageError.because(
            "bad-until",
            zh=f"`{text}` 须为日期，或带时区的时间，如 2024-06-01T12:00+08:00",
            en=f"`{text}` must be a day, or an instant with its zone, such as 2024-06-01T12:00+08:00",
        )
    return found
