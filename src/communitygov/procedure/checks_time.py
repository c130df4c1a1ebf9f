"""What is wrong with the deadlines, pauses, reminders and rates of a procedure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from communitygov.documents.rule import Finding
from communitygov.measures.rows import measure_table
from communitygov.procedure.tables import case_columns

if TYPE_CHECKING:
    from communitygov.procedure.rules import Deadline, Procedure

__all__ = ["time_problems"]

Path = tuple[str, ...]


def time_problems(procedure: Procedure) -> Iterator[Finding]:
    """Yield what is wrong with deadlines, pauses, reminders, disclosures and rates.

    Args:
        procedure: The rule.
    """
    for key, deadline in procedure.deadlines.items():
        yield from _deadline(procedure, key, deadline)
    yield from _pauses(procedure)
    yield from _reminders(procedure)
    for key, shown in procedure.disclosures.items():
        for field in ("within", "lasts"):
            name = getattr(shown, field)
            if name is None:
                continue
            if name not in procedure.deadlines:
                yield _unknown(("disclosures", key, field), "期限", "deadline", name, procedure.deadlines)
                continue
            deadline, wanted = procedure.deadlines[name], "at_latest" if field == "within" else "at_earliest"
            if deadline.bound != wanted:
                zh, en = f"此处须为 {wanted} 的期限", f"a deadline {wanted} is wanted here"
                yield Finding(("disclosures", key, field), "other-bound", zh, en, also=(("deadlines", name),))
            if field == "within" and shown.step not in deadline.to:
                zh, en = f"`{shown.step}` 不结束此期限", f"`{shown.step}` does not end that deadline"
                yield Finding(("disclosures", key, field), "other-bound", zh, en, also=(("deadlines", name, "to"),))
    yield from _rates(procedure)
    yield from _clock(procedure)


def _unknown(path: Path, zh: str, en: str, name: str, known: object) -> Finding:
    from communitygov.procedure.checks import unknown

    return unknown(path, zh, en, name, list(known))  # type: ignore[call-overload]


def _steps(procedure: Procedure, path: Path, names: tuple[str, ...]) -> Iterator[Finding]:
    for i, name in enumerate(names):
        if name not in procedure.steps:
            yield _unknown((*path, str(i)), "环节", "step", name, procedure.steps)


def _deadline(procedure: Procedure, key: str, deadline: Deadline) -> Iterator[Finding]:
    path = ("deadlines", key)
    yield from _steps(procedure, (*path, "from"), deadline.from_)
    yield from _steps(procedure, (*path, "to"), deadline.to)
    for name in deadline.extended_by:
        if name not in procedure.steps:
            yield _unknown((*path, "extended_by", name), "环节", "step", name, procedure.steps)
        elif key not in procedure.steps[name].within:
            zh = f"延期须在到期之前：环节 `{name}` 的 within 须有 `{key}`"
            en = f"more time is given before the time is up: the step `{name}` must be within `{key}`"
            yield Finding((*path, "extended_by", name), "not-within", zh, en, also=(("steps", name),))
    named = [name for name in (*deadline.from_, *deadline.to, *deadline.extended_by) if name in procedure.steps]
    scopes = {procedure.steps[name].line if _keyed(procedure, name) else None for name in named}
    if len(scopes) > 1:
        zh, en = "期限的环节须都在同一条按单位的支线上，或都不在", "its steps are all on one line per unit, or none is"
        yield Finding(path, "other-line", zh, en)
    if deadline.no_show and scopes == {None}:
        zh, en = "no_show 只用于按单位的支线", "no_show belongs to a line per unit"
        yield Finding((*path, "no_show"), "unused-setting", zh, en)
    if deadline.by is not None:
        yield from _by(procedure, path, deadline, deadline.by)
    if not _is_measured(procedure, key):
        zh = "没有催办、公开、比率或环节看这个期限；没有人看的期限形同虚设"
        en = "no reminder, disclosure, rate or step looks at it; a deadline nobody measures is worse than none"
        yield Finding(path, "unmeasured-deadline", zh, en)


def _keyed(procedure: Procedure, step: str) -> bool:
    line = procedure.steps[step].line
    return line is not None and line in procedure.lines and procedure.lines[line].per is not None


def _by(procedure: Procedure, path: Path, deadline: Deadline, by: str) -> Iterator[Finding]:
    """Yield what is wrong with limits that hang on a fact."""
    fact = procedure.all_facts.get(by)
    if fact is None or fact.kind != "choice":
        known = [name for name, one in procedure.all_facts.items() if one.kind == "choice"]
        yield _unknown((*path, "by"), "选项事实", "fact of choice", by, known)
        return
    for value in deadline.limits:
        if value not in fact.values:
            yield _unknown((*path, "limits", value), "取值", "value", value, fact.values)
    for i, value in enumerate(deadline.unlimited):
        if value not in fact.values:
            yield _unknown((*path, "unlimited", str(i)), "取值", "value", value, fact.values)
    missing = [value for value in fact.values if value not in deadline.limits and value not in deadline.unlimited]
    if missing:
        zh = f"`{by}` 的取值 {', '.join(missing)} 既无时限，也未写不限时（unlimited）"
        en = f"{', '.join(missing)} of `{by}` has no limit and is not said to be unlimited"
        yield Finding((*path, "limits"), "missing-choice", zh, en, also=(("facts", by, "values"),))
    for i, name in enumerate(deadline.from_):
        if name in procedure.steps and by not in procedure.steps[name].needs:
            zh, en = f"环节 `{name}` 须知 `{by}`（needs）", f"the step `{name}` must need `{by}`"
            yield Finding((*path, "from", str(i)), "not-needed", zh, en, also=(("steps", name),))


def _is_measured(procedure: Procedure, key: str) -> bool:
    columns = {f"kept.{key}", f"settled.{key}", f"kept_count.{key}"}
    return (
        procedure.deadlines[key].bound == "at_earliest"
        or any(rung.deadline == key for rung in procedure.reminders.values())
        or any(key in (shown.within, shown.lasts) for shown in procedure.disclosures.values())
        or any(key in step.within for step in procedure.steps.values())
        or any(columns & {column.name for column in measure_table(rate).columns} for rate in procedure.rates.values())
    )


def _pauses(procedure: Procedure) -> Iterator[Finding]:
    for key, pause in procedure.pauses.items():
        path = ("pauses", key)
        for field, names in (("from", pause.from_), ("to", pause.to)):
            yield from _steps(procedure, (*path, field), names)
            for i, name in enumerate(names):
                if name in procedure.steps and _keyed(procedure, name):
                    zh, en = "中止属于整件，不属于单个单位", "a pause is of the whole case, not of one unit"
                    yield Finding((*path, field, str(i)), "other-line", zh, en)
        if not pause.from_ or not pause.stops:
            yield Finding(path, "missing-setting", "须指明环节与期限", "needs a step and a deadline")
        for i, name in enumerate(pause.stops):
            if name not in procedure.deadlines:
                yield _unknown((*path, "stops", str(i)), "期限", "deadline", name, procedure.deadlines)
        if not pause.to and pause.at_most is None:
            zh, en = "须有结束的环节或最长时间", "needs a step that ends it, or a longest time"
            yield Finding(path, "missing-setting", zh, en)


def _reminders(procedure: Procedure) -> Iterator[Finding]:
    for key, rung in procedure.reminders.items():
        path = ("reminders", key)
        if rung.deadline not in procedure.deadlines:
            yield _unknown((*path, "deadline"), "期限", "deadline", rung.deadline, procedure.deadlines)
        if rung.to not in procedure.roles:
            yield _unknown((*path, "to"), "角色", "role", rung.to, procedure.roles)
        if key in procedure.steps:
            zh, en = f"`{key}` 已是环节", f"`{key}` is a step already"
            yield Finding(path, "same-id", zh, en, also=(("steps", key),))


def _rates(procedure: Procedure) -> Iterator[Finding]:
    known = {column.name for column in case_columns(procedure)}
    for key, rate in procedure.rates.items():
        if rate.of != "cases":
            yield _unknown(("rates", key, "of"), "数据", "frame", rate.of, ["cases"])
            continue  # what another frame has for columns is not ours to say
        for column in measure_table(rate).columns:
            if column.name not in known and column.name not in ("period", "year"):
                yield _unknown(("rates", key), "计数", "counter", column.name, known)


def _clock(procedure: Procedure) -> Iterator[Finding]:
    limits = [limit for deadline in procedure.deadlines.values() for limit in deadline.every.values()]
    limits += [pause.at_most for pause in procedure.pauses.values() if pause.at_most is not None]
    limits += [rung.after for rung in procedure.reminders.values() if rung.after is not None]
    if limits and procedure.clock is None:
        yield Finding((), "missing-setting", "有期限须有 clock", "deadlines need a clock")
    working = any(limit.unit == "working_hours" for limit in limits)
    if working and procedure.clock is not None and not procedure.clock.hours:
        zh, en = "以工作小时计须写明时段（hours）", "working hours need the clock's hours"
        yield Finding(("clock",), "no-hours", zh, en)
