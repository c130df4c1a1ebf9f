"""What can never come about in a procedure: a way on from a used-up limit, a deadline's end, one who may act."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from attrs import frozen

from communitygov.documents.rule import Finding
from communitygov.procedure.checks_order import closure
from communitygov.procedure.guards import MOST_CASES

if TYPE_CHECKING:
    from communitygov.procedure.rules import Procedure, Step

__all__ = ["reach_problems"]


def reach_problems(procedure: Procedure) -> Iterator[Finding]:
    """Yield what can never come about. All names of steps, facts and lines are known.

    Args:
        procedure: The rule.
    """
    order = _Order(procedure)
    yield from _stuck(procedure.main, [key for key, step in procedure.main.items() if step.starts])
    for line in procedure.lines:
        steps = {key: step for key, step in procedure.steps.items() if step.line == line}
        yield from _stuck(steps, [key for key, step in steps.items() if step.during])
    for section, rules in (("deadlines", procedure.deadlines), ("pauses", procedure.pauses)):
        for key, rule in rules.items():
            if {*rule.from_, *rule.to} <= procedure.steps.keys():
                yield from _never_ends(order, (section, key), rule.from_, rule.to)
    yield from _known_later(procedure, order)
    yield from _mutual_waits(procedure)


@frozen
class _Order:
    """Which step can come after which in a case, as far as that can be told without its facts."""

    procedure: Procedure

    @cached_property
    def _after(self) -> Mapping[str, set[str]]:
        """For each step of the main line all that can come after it."""
        steps = self.procedure.main
        direct = {key: {name for _, way in step.ways for name in way.next} for key, step in steps.items()}
        return {key: closure(direct[key], direct) for key in steps}

    def _begins(self, step: str) -> tuple[bool, frozenset[str]]:
        """Return whether a step of a line can only begin it, and the steps of the main line that lines begin after."""
        mine = {key: one for key, one in self.procedure.steps.items() if one.line == self.procedure.steps[step].line}
        follows = any(step in way.next for one in mine.values() for _, way in one.ways)
        starts = [self.procedure.steps[step]] if not follows else mine.values()
        return not follows, frozenset(name for one in starts for name in one.during)

    def can_follow(self, step: str, before: str) -> bool:
        """Return whether a step can come after another.

        Two steps beside the main line can always; a step that is underway there can come whenever.

        Args:
            step: The step.
            before: The other.
        """
        steps = self.procedure.steps
        if steps[step].line is None and steps[before].line is None:
            return step in self._after[before]
        if steps[step].line is None:
            return any(step in self._after[name] for name in self._begins(before)[1])
        if steps[before].line is None:
            only, during = self._begins(step)
            return not only or any(name == before or name in self._after[before] for name in during)
        return True


def _never_ends(order: _Order, path: tuple[str, str], from_: Collection[str], to: Collection[str]) -> Iterator[Finding]:
    """Yield the steps of ``to`` that never come after one of ``from``; all of them at once, if none does."""
    never = [i for i, name in enumerate(to) if not any(order.can_follow(name, before) for before in from_)]
    if never and len(never) == len(to) and path[0] == "deadlines":
        zh, en = (
            "没有环节能结束此期限：`to` 都不会在 `from` 之后",
            "no step can end it: none of `to` comes after `from`",
        )
        yield Finding((*path, "to"), "endless-deadline", zh, en, also=((*path, "from"),))
        return
    for i in never:
        name = list(to)[i]
        zh, en = f"环节 `{name}` 不会在 `from` 之后", f"the step `{name}` can never come after `from`"
        yield Finding((*path, "to", str(i)), "never-after", zh, en, also=((*path, "from"),))


def _known_later(procedure: Procedure, order: _Order) -> Iterator[Finding]:
    """Yield each role of a step that a fact gives to somebody, where the fact is known only after the step."""
    setters: dict[str, list[str]] = {}
    for key, step in procedure.steps.items():
        for fact in step.facts:
            setters.setdefault(fact, []).append(key)
    for key, step in procedure.steps.items():
        for i, name in enumerate(step.by):
            for field in ("named_in", "unit_in"):
                fact = getattr(procedure.roles[name], field)
                known = setters.get(fact, []) if fact is not None else []
                if known and key not in known and not any(order.can_follow(key, one) for one in known):
                    zh = f"`{name}` 由 `{fact}` 指定，而到此环节时 `{fact}` 还无从得知"
                    en = f"`{name}` is named in `{fact}`, which no case knows yet when it gets to this step"
                    yield Finding(("steps", key, "by", str(i)), "known-later", zh, en, also=(("roles", name, field),))


def _stuck(steps: Mapping[str, Step], starts: Collection[str]) -> Iterator[Finding]:
    """Yield each step after which nothing may be done, once all that follows was done as often as it may be.

    Every way is gone, with how often what is limited was done; where there are too many, nothing is said.
    """
    limited = sorted(key for key, step in steps.items() if step.at_most is not None)
    open_ = [(start, tuple(int(start == name) for name in limited)) for start in starts]
    seen, told = set(open_), dict[tuple[str, tuple[str, ...]], str]()
    if not limited:
        return
    while open_ and len(seen) <= MOST_CASES:
        key, counts = open_.pop()
        done = dict(zip(limited, counts, strict=True))
        step = steps[key]
        for below, way in step.ways:
            if step.beyond is not None and (below == ("beyond",)) != (done[key] > (step.at_most or 0)):
                continue
            onward = [name for name in way.next if _may(steps[name], done.get(name, 0))]
            if way.next and not onward and not way.is_closing:
                told.setdefault((key, below), way.next[0])
            for name in onward or (starts if not way.next and not way.is_closing else ()):
                if _may(steps[name], done.get(name, 0)):
                    top = {**done, name: min(done[name], steps[name].at_most or 0) + 1} if name in done else done
                    new = name, tuple(top.values())
                    if new not in seen:
                        seen.add(new)
                        open_.append(new)
    if len(seen) > MOST_CASES:
        return
    for (key, below), name in told.items():
        zh = "其后的环节都有 at_most 而无 beyond；次数用尽后无路可走"
        en = "all that follows has at_most without beyond: once they are used up, nothing may be done"
        yield Finding(("steps", key, *below), "stuck-case", zh, en, also=(("steps", name, "at_most"),))


def _may(step: Step, times: int) -> bool:
    return step.at_most is None or step.beyond is not None or times < step.at_most


def _mutual_waits(procedure: Procedure) -> Iterator[Finding]:
    """Yield each line that cannot end before another that cannot end before it."""
    waits: dict[str, dict[str, str]] = {line: {} for line in procedure.lines}
    for line, found in waits.items():
        steps = {key: step for key, step in procedure.steps.items() if step.line == line}
        for other in procedure.lines:
            waiting = {key for key, step in steps.items() if other in step.awaits and not step.during}
            if other != line and waiting and not _ends_without(steps, waiting):
                found[other] = min(waiting)
    for line, found in waits.items():
        for other, key in found.items():
            if line in closure({other}, {name: {*more} for name, more in waits.items()}):
                path = ("steps", key, "awaits", str(procedure.steps[key].awaits.index(other)))
                zh = f"支线 `{line}` 等 `{other}` 完成，`{other}` 又等 `{line}`，都不能完成"
                en = f"the line `{line}` waits for `{other}`, which waits for `{line}`: neither can be done"
                yield Finding(path, "mutual-wait", zh, en, also=(("lines", other),))


def _ends_without(steps: Mapping[str, Step], without: Collection[str]) -> bool:
    """Return whether a line can come to an end without some of its steps."""
    after = {
        key: {name for _, way in step.ways for name in way.next if name not in without} for key, step in steps.items()
    }
    reached = closure({key for key, step in steps.items() if step.during}, after)
    return any(not way.next for key in reached for _, way in steps[key].ways)
