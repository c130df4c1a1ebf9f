"""What a mapping says about a foreign log: which column is what, and what its words are called here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Literal

from communitygov.documents.check import Checker
from communitygov.documents.model import build
from communitygov.documents.reading import try_document
from communitygov.documents.rule import Finding, Rule, rule, term
from communitygov.documents.schema import document_schema
from communitygov.procedure.log_times import fits_form
from communitygov.vocabulary.clock import wall_clock
from communitygov.vocabulary.errors import DocumentError, UsageError
from communitygov.vocabulary.problem import Problem, did_you_mean
from communitygov.vocabulary.text import Title

__all__ = ["PARTS", "LogEvent", "LogFact", "LogFile", "LogMapping", "read_mapping"]

_FACT = re.compile(r"[^\W\d_]\w*")
PARTS = ("actor", "role", "unit", "reason")
"""What an event says besides its step and its time, each in a column of its own."""


@rule
class LogEvent(Rule):
    """One event of a row that has several times, one for each of its events. Without the time it did not happen.

    Args:
        at: The column of its time.
        step: The step that it is.
        actor: The column of who acted; that of the whole log if absent.
        role: The column of the role acted in; likewise.
        as_role: The role acted in, where no column says it.
        unit: The column of the unit; that of the whole log if absent.
        reason: The column of the reason; likewise.
    """

    at: str = term("时间列", "At")
    step: str = term("环节", "Step")
    actor: str | None = term("经办人列", "Actor", default=None)
    role: str | None = term("角色列", "Role", default=None)
    as_role: str | None = term("角色", "As role", default=None)
    unit: str | None = term("单元列", "Unit", default=None)
    reason: str | None = term("理由列", "Reason", default=None)

    def check(self) -> Iterator[Finding]:
        """Yield a finding if the role is given twice."""
        yield from super().check()
        if self.role is not None and self.as_role is not None:
            yield _unused("as_role", "`role` 已指明角色列", "`role` names the column of roles")


@rule
class LogFact(Rule):
    """What a column says of a case, as a fact.

    Args:
        fact: The fact's name.
        kind: ``text``, ``whole`` (whole numbers), ``flag`` (true or false) or ``time``.
        values: What values of the column are called here, if not as they are; all must be named.
        events: The events of the row that carry it, where a row has several; every one if none are named.
    """

    fact: str = term("事实", "Fact")
    kind: Literal["text", "whole", "flag", "time"] = term("种类", "Kind")
    values: Mapping[str, str] = term("取值", "Values", default={})
    events: tuple[str, ...] = term("所在事件", "Events", default=())

    def check(self) -> Iterator[Finding]:
        """Yield a finding if its name could be no column's, or times are given other names."""
        yield from super().check()
        if not _FACT.fullmatch(self.fact):
            yield Finding(
                ("fact",),
                "bad-name",
                f"`{self.fact}` 不能作事实的名称；名称以字母开头，只含字母、数字和下划线",
                f"`{self.fact}` is no name of a fact; it begins with a letter and has letters, digits and `_`",
            )
        if self.kind == "time" and self.values:
            yield _unused("values", "时间没有取值表", "times have no other names")


@rule
class LogMapping(Rule):
    """Which column of a foreign log is what, and what its words are called here.

    A log has one row per event (``time``, ``activity`` and ``steps``), or one per case with several times (``events``).

    Args:
        zone: The time zone of times that are written without one; only then.
        twice: Which of two a time without a zone is that the clock showed twice, when it was put back.
        time_form: How times are written, if not as ISO 8601 has them: such as ``DD.MM.YYYY hh:mm``.
        case: The column that says which case it is.
        object_type: In an object-centric log, the type of object that is the case.
        time: The column of times.
        seq: The column of whole numbers that says which event of a case came first; by time if absent.
        ties: Events of a case at one time are refused (``refuse``), or come in the order of the file (``file_order``):
            that of the rows, or of the columns where a row has several times.
        activity: The column of what was done.
        steps: The step that each activity is.
        ignored: Activities that are left out.
        actor: The column of who acted.
        role: The column of the role acted in.
        roles: The role that each value of that column is.
        unit: The column of the unit that acted.
        reason: The column of the reason given.
        facts: The columns that are facts.
        keep: Columns of which only rows of some values are kept, such as finished events.
        events: The events of a row, where it has several times.
        unused: The columns that are not used; any other must have a place.
    """

    zone: str | None = term("时区", "Zone", default=None)
    twice: Literal["first", "second"] | None = term("重复的时刻", "Twice", default=None)
    time_form: str | None = term("时间写法", "Time form", default=None)
    case: str = term("件列", "Case")
    object_type: str | None = term("对象类型", "Object type", default=None)
    time: str | None = term("时间列", "Time", default=None)
    seq: str | None = term("次序列", "Sequence", default=None)
    ties: Literal["refuse", "file_order"] = term("同时", "Ties", default="refuse")
    activity: str | None = term("活动列", "Activity", default=None)
    steps: Mapping[str, str] = term("环节", "Steps", default={})
    ignored: tuple[str, ...] = term("不计的活动", "Ignored", default=())
    actor: str | None = term("经办人列", "Actor", default=None)
    role: str | None = term("角色列", "Role", default=None)
    roles: Mapping[str, str] = term("角色", "Roles", default={})
    unit: str | None = term("单元列", "Unit", default=None)
    reason: str | None = term("理由列", "Reason", default=None)
    facts: Mapping[str, LogFact] = term("事实", "Facts", default={})
    keep: Mapping[str, tuple[str, ...]] = term("保留", "Keep", default={})
    events: Mapping[str, LogEvent] = term("事件", "Events", default={})
    unused: tuple[str, ...] = term("不用的列", "Unused", default=())

    @cached_property
    def columns(self) -> Mapping[str, str]:
        """The columns that are used, each with the first place in the mapping that names it."""
        found: dict[str, str] = {}
        for name in ("case", "time", "seq", "activity", *PARTS):
            column = getattr(self, name)
            if column is not None:
                found.setdefault(column, name)
        for key, event in self.events.items():
            for name in ("at", *PARTS):
                column = getattr(event, name)
                if column is not None:
                    found.setdefault(column, f"events.{key}.{name}")
        for name in ("facts", "keep"):
            for column in getattr(self, name):
                found.setdefault(column, name)
        return found

    def check(self) -> Iterator[Finding]:
        """Yield every promise between the parts of the mapping that does not hold."""
        yield from super().check()
        yield from self._check_times()
        yield from self._check_form()
        yield from self._check_roles()
        yield from self._check_facts()
        for i, column in enumerate(self.unused):
            if column in self.columns:
                where = self.columns[column]
                yield _unused(f"unused.{i}", f"列 `{column}` 用于 `{where}`", f"`{column}` is used, in `{where}`")

    def _check_times(self) -> Iterator[Finding]:
        if self.zone is None:
            if self.twice is not None:
                yield _unused("twice", "没有 `zone`", "there is no `zone`")
        else:
            try:
                wall_clock(self.zone)
            except UsageError as error:
                (problem,) = error.problems
                yield Finding(("zone",), problem.code, problem.message.zh, problem.message.en)
        if self.time_form is not None and not fits_form(self.time_form):
            zh = f"`{self.time_form}` 须各有一个 YYYY、MM、DD、hh、mm，可另有 ss、AM"
            en = f"`{self.time_form}` needs YYYY, MM, DD, hh and mm once each, and may have ss and AM"
            yield Finding(("time_form",), "bad-time-form", zh, en)
        if self.seq is not None and self.ties == "file_order":
            yield _unused("ties", "次序由 `seq` 决定", "`seq` says what came first")

    def _check_form(self) -> Iterator[Finding]:
        """Yield what is missing of one form, or stands beside it and belongs to the other."""
        if self.events:
            for name in ("time", "seq", "activity", "steps", "ignored"):
                if getattr(self, name):
                    yield _unused(name, "每行有几个时间（`events`）", "a row has several times (`events`)")
            by_column: dict[str, str] = {}
            for key, event in self.events.items():
                other = by_column.setdefault(event.at, key)
                if other != key:
                    yield Finding(
                        ("events", key, "at"),
                        "column-of-two-kinds",
                        f"列 `{event.at}` 已是 `{other}` 的时间，无法确定先后",
                        f"column `{event.at}` is the time of `{other}` already; which came first is not clear",
                        also=(("events", other, "at"),),
                    )
            return
        misread = self.node is not None and self.node.faulty  # what is missing may be what was misspelt
        for name in () if misread else ("time", "activity", "steps"):
            if not getattr(self, name):
                yield Finding(
                    (),
                    "missing-setting",
                    f"缺少 `{name}`；每行一个事件须有 time、activity、steps，每行几个时间则用 events",
                    f"`{name}` is missing: a row that is one event needs `time`, `activity` and `steps`; "
                    "one with several times needs `events`",
                )
        for i, activity in enumerate(self.ignored):
            if activity in self.steps:
                yield _unused(f"ignored.{i}", f"`{activity}` 在 `steps` 中", f"`{activity}` stands in `steps`")

    def _check_roles(self) -> Iterator[Finding]:
        named = self.role is not None or any(event.role is not None for event in self.events.values())
        if named and not self.roles:
            zh, en = "有角色列，须以 `roles` 写明其取值", "there is a column of roles: `roles` must say which they are"
            yield Finding((), "missing-setting", zh, en)
        if self.roles and not named:
            yield _unused("roles", "没有角色列 `role`", "there is no column of roles, `role`")

    def _check_facts(self) -> Iterator[Finding]:
        names: dict[str, str] = {}
        for column, fact in self.facts.items():
            other = names.setdefault(fact.fact, column)
            if other != column:
                yield Finding(
                    ("facts", column, "fact"),
                    "repeated-id",
                    f"事实 `{fact.fact}` 已出自列 `{other}`",
                    f"the fact `{fact.fact}` is that of column `{other}` already",
                    also=(("facts", other, "fact"),),
                )
            for i, event in enumerate(fact.events):
                if event not in self.events:
                    hint = did_you_mean(event, self.events)
                    yield Finding(
                        ("facts", column, "events", str(i)),
                        "unknown-reference",
                        f"没有事件 `{event}`{hint.zh}",
                        f"there is no event `{event}`{hint.en}",
                    )


@rule
class LogFile(Rule):
    """A file that holds the mapping of one log.

    Args:
        log: The mapping.
    """

    log: LogMapping = term("日志", "Log")


def _unused(path: str, zh: str, en: str) -> Finding:
    return Finding(tuple(path.split(".")), "unused-setting", f"不起作用：{zh}", f"has no effect: {en}")


@cache
def _checker() -> Checker:
    title = Title(zh="日志对应", en="Mapping of a log")
    return Checker(document_schema(LogFile, identifier="log.schema.json", title=title))


def read_mapping(file: str | Path) -> LogMapping:
    r"""Read the mapping of a log from its file.

    Args:
        file: A YAML document whose one section is ``log``.

    Raises:
        DocumentError: With every problem of the file.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp()) / "orders.yaml"
        >>> _ = file.write_text("log: {case: id, time: at, activity: what, steps: {Opened: open}}")
        >>> read_mapping(file).columns["at"]
        'time'
    """
    problems: list[Problem] = []
    node = try_document(file, problems, layer="document")
    found = None
    if node is not None:
        sound, faults = _checker().sift(node)
        problems.extend(faults)
        found = build(sound, LogFile, problems)
    if found is None or problems:
        raise DocumentError(problems)
    return found.log
