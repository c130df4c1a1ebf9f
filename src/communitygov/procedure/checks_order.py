"""What is wrong with the order of a procedure's steps: choices that miss a value, steps that lead nowhere."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from math import prod
from typing import TYPE_CHECKING, Any

from communitygov.documents.rule import Finding
from communitygov.procedure.guards import MOST_CASES, Guard, combinations_of

if TYPE_CHECKING:
    from communitygov.procedure.rules import Procedure, Step

__all__ = ["closure", "order_problems"]


def order_problems(procedure: Procedure) -> Iterator[Finding]:
    """Yield what is wrong with the order of steps. All names are known.

    Args:
        procedure: The rule.
    """
    for key, step in procedure.steps.items():
        if step.choose:
            yield from _choice(procedure, key, step)
    yield from _main_line(procedure)
    yield from _never_in_time(procedure)
    for key in procedure.lines:
        yield from _side_line(procedure, key)


def _choice(procedure: Procedure, key: str, step: Step) -> Iterator[Finding]:
    """Yield a finding unless exactly one branch is taken, whatever the facts are."""
    path = ("steps", key, "choose")
    others = [name for name, branch in step.choose.items() if branch.otherwise]
    for name in others[1:]:
        zh, en = f"`{others[0]}` 已是其余", f"`{others[0]}` is for all others already"
        yield Finding((*path, name, "otherwise"), "two-answer", zh, en, also=((*path, others[0]),))
    guards = {name: branch.when for name, branch in step.choose.items() if branch.when is not None}
    reads = sorted(frozenset().union(*(guard.reads for guard in guards.values())))
    for name in reads:
        if procedure.all_facts[name].personal and not all(_asks_whether_known(one, name) for one in guards.values()):
            zh = f"分支依据个人信息 `{name}` 的内容，抹去后便不知当初为何如此"
            en = f"its branches hang on what `{name}` says, which is about a person: erased, nobody knows why any more"
            yield Finding(path, "personal-guard", zh, en)
        if name not in step.needs and not all(_asks_whether_known(guard, name) for guard in guards.values()):
            zh, en = f"分支依据 `{name}`，须列入 needs", f"its branches hang on `{name}`, which must be among its needs"
            yield Finding(path, "not-needed", zh, en)
            return
    values = {name: _values(procedure, guards.values(), name, name not in step.needs) for name in reads}
    if prod(map(len, values.values())) > MOST_CASES:
        zh, en = f"取值组合超过 {MOST_CASES:,}，无法逐一检查", f"more than {MOST_CASES:,} combinations to go through"
        yield Finding(path, "too-many-choices", zh, en)
        return
    missed, twice, never = None, None, {*guards, *others}
    for facts in combinations_of(values):
        taken = [name for name, guard in guards.items() if guard.holds(facts)]
        never -= {*taken} if taken else {*others}
        if len(taken) > 1 and twice is None:
            twice = taken, facts
        if not taken and not others and missed is None:
            missed = facts
    for name in sorted(never):
        zh, en = "没有取值会走此分支", "whatever the facts are, this branch is not taken"
        yield Finding((*path, name), "unreachable-step", zh, en)
    if missed is not None:
        zh, en = f"没有分支用于 {_said(missed)}", f"no branch is taken where {_said(missed)}"
        yield Finding(path, "missing-choice", zh, en)
    if twice is not None:
        (one, other, *_), facts = twice
        zh = f"{_said(facts)} 时 `{one}` 与 `{other}` 同时成立，无法决定"
        en = f"where {_said(facts)}, `{one}` and `{other}` both hold"
        yield Finding((*path, other, "when"), "two-answer", zh, en, also=((*path, one, "when"),))


def _asks_whether_known(guard: Guard, fact: str) -> bool:
    """Return whether all that a guard asks of a fact can be answered where it is not known."""
    here = fact not in guard.facts or guard.facts[fact].known is not None
    return here and all(_asks_whether_known(one, fact) for _, part in guard.parts for one in part.values())


def _values(procedure: Procedure, guards: Collection[Guard], fact: str, absent: bool) -> list[Any]:
    """Return the values of a fact that guards can tell apart."""
    rule = procedure.all_facts[fact]
    found: list[Any] = [None] if absent else []
    if rule.kind == "choice":
        return [*found, *rule.values]
    if rule.kind == "flag":
        return [*found, True, False]
    if rule.kind == "whole":
        bounds = {bound for guard in guards for bound in guard.bounds(fact)}
        return [*found, *sorted({near for bound in bounds for near in (bound - 1, bound, bound + 1)} or {0})]
    return [*found, *sorted({text for guard in guards for text in _texts(guard, fact)}), "\0"]


def _texts(guard: Guard, fact: str) -> Iterator[str]:
    if fact in guard.facts:
        yield from guard.facts[fact].one_of
    for _, part in guard.parts:
        for one in part.values():
            yield from _texts(one, fact)


def _said(facts: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {'...' if value == chr(0) else value}" for name, value in facts.items())


def _main_line(procedure: Procedure) -> Iterator[Finding]:
    steps = procedure.main
    starts = [key for key, step in steps.items() if step.starts]
    if not starts:
        yield Finding(("steps",), "no-start", "没有可起始的环节（starts）", "no step starts a case (starts)")
        return
    yield from _graph(steps, starts, {key for key, step in steps.items() if any(w.is_closing for _, w in step.ways)})
    for key, step in steps.items():
        for below, way in step.ways:
            if not way.next and not way.is_closing:
                zh, en = "此后没有环节，也不办结", "nothing follows, and the case is not closed"
                yield Finding(("steps", key, *below), "dead-end", zh, en)


def _never_in_time(procedure: Procedure) -> Iterator[Finding]:
    """Yield each step that is to be done within a deadline that begins only after it."""
    steps = procedure.main
    after = {key: {name for _, way in step.ways for name in way.next} for key, step in steps.items()}
    for key, step in steps.items():
        for i, name in enumerate(step.within):
            begins = procedure.deadlines[name].from_
            if begins and all(one in steps and key not in closure(after[one], after) for one in begins):
                zh, en = (
                    f"到此环节时期限 `{name}` 从未开始",
                    f"no case gets to this step once the deadline `{name}` has begun",
                )
                path = ("steps", key, "within", str(i))
                yield Finding(path, "unreachable-step", zh, en, also=(("deadlines", name, "from"),))


def _side_line(procedure: Procedure, line: str) -> Iterator[Finding]:
    steps = {key: step for key, step in procedure.steps.items() if step.line == line}
    starts = [key for key, step in steps.items() if step.during]
    if starts:
        yield from _graph(steps, starts, {key for key, step in steps.items() if any(not w.next for _, w in step.ways)})


def _graph(steps: Mapping[str, Step], starts: list[str], ends: set[str]) -> Iterator[Finding]:
    """Yield each step that no case gets to, or that no case gets on from to an end."""
    after = {key: {name for _, way in step.ways for name in way.next} for key, step in steps.items()}
    before: dict[str, set[str]] = {key: set() for key in steps}
    for key, names in after.items():
        for name in names:
            before[name].add(key)
    reached, ending = closure(starts, after), closure(ends, before)
    for key in steps:
        if key not in reached:
            zh, en = "没有一件能到此环节", "no case gets to this step"
            yield Finding(("steps", key), "unreachable-step", zh, en)
        if key not in ending:
            zh, en = "从此环节到不了结束", "from this step no case gets to an end"
            yield Finding(("steps", key), "endless-step", zh, en)


def closure(starts: Collection[str], after: Mapping[str, set[str]]) -> set[str]:
    """Return all that some steps lead to, and they themselves.

    Args:
        starts: The steps.
        after: What each leads to at once.
    """
    found, open_ = set(starts), list(starts)
    while open_:
        for name in after[open_.pop()] - found:
            found.add(name)
            open_.append(name)
    return found
