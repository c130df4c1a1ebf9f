"""What is wrong with a procedure: names that are none, and promises between its parts that do not hold."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from communitygov.documents.rule import Finding
from communitygov.vocabulary.problem import did_you_mean
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    from communitygov.procedure.guards import Guard
    from communitygov.procedure.rules import Onward, Procedure, Step

__all__ = ["problems_of"]

Path = tuple[str, ...]


def problems_of(procedure: Procedure) -> Iterator[Finding]:
    """Yield every promise between the parts of a procedure that does not hold.

    What hangs on names is looked at only where all names are known.

    Args:
        procedure: The rule.
    """
    from communitygov.procedure.checks_order import order_problems
    from communitygov.procedure.checks_reach import reach_problems
    from communitygov.procedure.checks_time import time_problems

    found = [*_names(procedure)]
    yield from found
    yield from time_problems(procedure)
    if not found:
        yield from _lines(procedure)
        yield from _persons(procedure)
        yield from _never(procedure)
        yield from order_problems(procedure)
        yield from reach_problems(procedure)


def unknown(path: Path, zh: str, en: str, name: str, known: Collection[str]) -> Finding:
    """Return the finding of a name that is none.

    Args:
        path: Where it is named.
        zh: What it should be, in Chinese.
        en: What it should be, in English.
        name: The name.
        known: The names that there are.
    """
    hint = did_you_mean(name, known)
    return Finding(path, "unknown-reference", f"没有{zh} `{name}`{hint.zh}", f"there is no {en} `{name}`{hint.en}")


def _each(path: Path, names: Collection[str], known: Collection[str], zh: str, en: str) -> Iterator[Finding]:
    for i, name in enumerate(names):
        if name not in known:
            yield unknown((*path, str(i)), zh, en, name, known)


def _names(procedure: Procedure) -> Iterator[Finding]:
    """Yield every name that stands for nothing."""
    from communitygov.procedure.rules import ORIGIN

    facts = procedure.all_facts
    if procedure.origins and ORIGIN in procedure.facts:
        zh, en = "事实 `origin` 由 origins 给出，不另写", "the fact `origin` is given by origins; leave it out"
        yield Finding(("facts", ORIGIN), "same-id", zh, en, also=(("origins",),))
    for key, role in procedure.roles.items():
        for field in ("named_in", "unit_in"):
            name = getattr(role, field)
            if name is not None and (name not in facts or facts[name].kind != "text"):
                known = [one for one, fact in facts.items() if fact.kind == "text"]
                yield unknown(("roles", key, field), "文字事实", "fact of text", name, known)
    for key, line in procedure.lines.items():
        if line.per is not None and line.per in facts and facts[line.per].personal:
            zh, en = (
                "单位不是个人信息；它写在每处差错与期限旁",
                "a unit is no person's: it stands beside faults and deadlines",
            )
            yield Finding(("lines", key, "per"), "personal-shown", zh, en)
        if line.per is not None and (line.per not in facts or facts[line.per].kind != "text"):
            known = [one for one, fact in facts.items() if fact.kind == "text"]
            yield unknown(("lines", key, "per"), "文字事实", "fact of text", line.per, known)
    for key, step in procedure.steps.items():
        yield from _step_names(procedure, ("steps", key), step)
    for key, shown in procedure.disclosures.items():
        if shown.step not in procedure.steps:
            yield unknown(("disclosures", key, "step"), "环节", "step", shown.step, procedure.steps)
        for field in ("show", "hide"):
            yield from _each(("disclosures", key, field), getattr(shown, field), facts, "事实", "fact")
        for i, name in enumerate(shown.hide):
            if name in shown.show:
                zh, en = f"`{name}` 既公开又隐去", f"`{name}` is shown and hidden"
                yield Finding(("disclosures", key, "hide", str(i)), "two-answer", zh, en)
        for i, name in enumerate(shown.show):
            if name in facts and facts[name].personal:
                zh, en = f"`{name}` 是个人信息，不能公开", f"`{name}` is about a person and cannot be shown"
                yield Finding(("disclosures", key, "show", str(i)), "personal-shown", zh, en)
    seen: dict[str, str] = {}
    for key, moved in procedure.migrations.items():
        if seen.setdefault(moved.digest, key) != key:
            zh, en = f"与 `{seen[moved.digest]}` 是同一规则", f"is for the same rules as `{seen[moved.digest]}`"
            yield Finding(
                ("migrations", key, "digest"), "two-answer", zh, en, also=(("migrations", seen[moved.digest]),)
            )
        for old, name in moved.steps.items():
            if name not in procedure.main:
                yield unknown(
                    ("migrations", key, "steps", old), "主线环节", "step of the main line", name, procedure.main
                )


def _step_names(procedure: Procedure, path: Path, step: Step) -> Iterator[Finding]:
    facts = procedure.all_facts
    yield from _each((*path, "by"), step.by, procedure.roles, "角色", "role")
    if not step.by:
        yield Finding(path, "missing-setting", "须写明由谁办理（by）", "needs a role that acts (by)")
    if step.line is not None and step.line not in procedure.lines:
        yield unknown((*path, "line"), "支线", "line", step.line, procedure.lines)
    yield from _each((*path, "during"), step.during, procedure.main, "主线环节", "step of the main line")
    for field in ("needs", "may_set"):
        yield from _each((*path, field), getattr(step, field), facts, "事实", "fact")
    yield from _each((*path, "other_than"), step.other_than, procedure.steps, "环节", "step")
    yield from _each((*path, "awaits"), step.awaits, procedure.lines, "支线", "line")
    yield from _each((*path, "within"), step.within, procedure.deadlines, "期限", "deadline")
    for below, way in step.ways:
        yield from _way_names(procedure, (*path, *below), step, way)
    for key, branch in step.choose.items():
        if branch.when is not None:
            yield from _guard_names(procedure, (*path, "choose", key, "when"), branch.when)


_ASKED = {
    "choice": ("one_of", Title(zh="选项，只能问 one_of 或 known", en="a choice; ask one_of or known")),
    "flag": ("flag", Title(zh="真假，只能问 flag 或 known", en="true or false; ask flag or known")),
    "whole": (
        "bounded",
        Title(zh="整数，只能问 at_least、at_most 或 known", en="a number; ask at_least, at_most or known"),
    ),
    "text": ("one_of", Title(zh="文字，只能问 one_of 或 known", en="text; ask one_of or known")),
    "time": ("", Title(zh="时间，只能问 known", en="a time; ask known")),
    "file": ("", Title(zh="附件，只能问 known", en="a file; ask known")),
}
"""What a guard may ask of a fact of each kind, beside whether it is known."""


def _guard_names(procedure: Procedure, path: Path, guard: Guard) -> Iterator[Finding]:
    """Yield what a guard asks of facts that are none, or that they cannot answer."""
    facts = procedure.all_facts
    for name, condition in guard.facts.items():
        here = (*path, "facts", name)
        if name not in facts:
            yield unknown(here, "事实", "fact", name, facts)
            continue
        may, told = _ASKED[facts[name].kind]
        asked = {"one_of": bool(condition.one_of), "flag": condition.flag is not None, "bounded": condition.bounded}
        if any(asked[one] for one in asked if one != may):
            zh, en = f"`{name}` 是{told.zh}", f"`{name}` is {told.en}"
            yield Finding(here, "other-kind", zh, en, also=(("facts", name),))
        elif facts[name].values:
            yield from _each((*here, "one_of"), condition.one_of, facts[name].values, "取值", "value")
    for part, below in guard.parts:
        for key, one in below.items():
            yield from _guard_names(procedure, (*path, part, key), one)


def _way_names(procedure: Procedure, path: Path, step: Step, way: Onward) -> Iterator[Finding]:
    for i, name in enumerate(way.next):
        if name not in procedure.steps:
            yield unknown((*path, "next", str(i)), "环节", "step", name, procedure.steps)
        elif procedure.steps[name].line != step.line:
            zh, en = f"`{name}` 不在同一条线上", f"`{name}` is not on the same line"
            yield Finding((*path, "next", str(i)), "other-line", zh, en, also=(("steps", name),))
    if way.closes is not None and way.closes not in procedure.outcomes:
        yield unknown((*path, "closes"), "结果", "outcome", way.closes, procedure.outcomes)
    if way.closes_as is not None:
        yield from _outcome_names(procedure, path, step, way.closes_as)


def _outcome_names(procedure: Procedure, path: Path, step: Step, name: str) -> Iterator[Finding]:
    """Yield what is wrong with the fact that says the outcome."""
    fact = procedure.all_facts.get(name)
    if fact is None or fact.kind != "choice":
        known = [one for one, other in procedure.all_facts.items() if other.kind == "choice"]
        yield unknown((*path, "closes_as"), "选项事实", "fact of choice", name, known)
        return
    for value in fact.values:
        if value not in procedure.outcomes:
            yield unknown(("facts", name, "values", value), "结果", "outcome", value, procedure.outcomes)
    if name not in step.needs:
        zh, en = f"办结结果 `{name}` 须列入 needs", f"the outcome `{name}` must be among its needs"
        yield Finding((*path, "closes_as"), "not-needed", zh, en)


def _lines(procedure: Procedure) -> Iterator[Finding]:
    """Yield what is wrong with lines beside the main one."""
    for key, line in procedure.lines.items():
        steps: Mapping[str, Step] = {name: step for name, step in procedure.steps.items() if step.line == key}
        if not any(step.during for step in steps.values()):
            zh, en = "此支线没有可开始的环节（during）", "no step begins this line (during)"
            yield Finding(("lines", key), "no-start", zh, en)
        for name, step in steps.items():
            if step.during and line.per is not None and line.per not in step.needs:
                zh = f"开始支线 `{key}` 须知单位 `{line.per}`"
                en = f"what begins the line `{key}` needs its unit, `{line.per}`"
                yield Finding(("steps", name), "not-needed", zh, en, also=(("lines", key, "per"),))


def _persons(procedure: Procedure) -> Iterator[Finding]:
    """Yield rules of different persons that cannot be met: one and the same person is named for both steps."""
    for key, step in procedure.steps.items():
        mine = _named(procedure, step)
        for i, name in enumerate(step.other_than):
            if mine is not None and name != key and mine == _named(procedure, procedure.steps[name]):
                zh = f"`{key}` 与 `{name}` 都只能由 `{mine}` 所指的人办理，不可能是不同的人"
                en = f"`{key}` and `{name}` are both for the person named in `{mine}` alone, who cannot be two"
                yield Finding(
                    ("steps", key, "other_than", str(i)), "same-person-always", zh, en, also=(("steps", name),)
                )


def _never(procedure: Procedure) -> Iterator[Finding]:
    """Yield what bars a step for good, or lets anybody do it: who it is cannot be known, or says so himself."""
    from communitygov.procedure.rules import ORIGIN

    settable = frozenset().union(*(step.facts for step in procedure.steps.values()))
    for key, role in procedure.roles.items():
        for field in ("named_in", "unit_in"):
            name = getattr(role, field)
            if name is not None and name not in settable:
                zh, en = (
                    f"没有环节填写 `{name}`，无人能任此角色",
                    f"no step sets `{name}`, so that nobody can have this role",
                )
                yield Finding(("roles", key, field), "not-set", zh, en, also=(("facts", name),))
    used = {role for step in procedure.steps.values() for role in step.by}
    if not any(step.takes for step in procedure.steps.values()):
        for key, role in procedure.roles.items():
            if role.owner and key in used:
                zh, en = (
                    "没有环节承办（takes），无人能任此角色",
                    "no step takes the case, so that nobody can have this role",
                )
                yield Finding(("roles", key, "owner"), "not-set", zh, en)
    for key, step in procedure.steps.items():
        yield from _named_by_themselves(procedure, key, step)
        if step.starts and procedure.origins and ORIGIN not in step.needs:
            zh, en = (
                "每件须说明来源：needs 中须有 `origin`",
                "each case says where it comes from: it must need `origin`",
            )
            yield Finding(("steps", key), "not-needed", zh, en, also=(("origins",),))
        mine = step.line if procedure.keyed(key) else None
        for i, name in enumerate(step.within):
            of = {
                procedure.steps[one].line if procedure.keyed(one) else None for one in _deadline_steps(procedure, name)
            }
            if of and of != {mine}:
                zh, en = f"期限 `{name}` 不在同一条线上运行", f"the deadline `{name}` does not run on the same line"
                yield Finding(("steps", key, "within", str(i)), "other-line", zh, en, also=(("deadlines", name),))
        for i, name in enumerate(step.other_than):
            if mine is not None or procedure.keyed(name):
                zh = "按单位的支线上，谁做过没有按单位记录"
                en = "on a line per unit it is not kept for each unit who did a step"
                yield Finding(("steps", key, "other_than", str(i)), "other-line", zh, en, also=(("steps", name),))
        if step.line is not None and step.line in step.awaits:
            zh, en = "环节不能等待自己所在的支线", "a step cannot wait for its own line"
            path = ("steps", key, "awaits", str(step.awaits.index(step.line)))
            yield Finding(path, "bad-line", zh, en, also=(("lines", step.line),))


def _named_by_themselves(procedure: Procedure, key: str, step: Step) -> Iterator[Finding]:
    """Yield the roles of a step in which who does it could name themselves; who opens a case may."""
    for name in () if step.starts else step.by:
        for field in ("named_in", "unit_in"):
            fact = getattr(procedure.roles[name], field)
            if fact is not None and fact in step.facts:
                zh = f"`{name}` 由 `{fact}` 指定，此环节又能填写 `{fact}`，等于自己指定自己"
                en = f"`{name}` is named in `{fact}`, which this step may set: who does it could name themselves"
                yield Finding(("steps", key), "names-itself", zh, en, also=(("roles", name, field),))


def _deadline_steps(procedure: Procedure, deadline: str) -> Iterator[str]:
    return (one for one in procedure.deadlines[deadline].from_ if one in procedure.steps)


def _named(procedure: Procedure, step: Step) -> str | None:
    """Return the fact that names the only person who may do a step, if there is one."""
    found = {procedure.roles[role].named_in for role in step.by}
    return found.pop() if len(found) == 1 else None
