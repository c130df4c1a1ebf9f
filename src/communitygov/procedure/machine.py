"""A procedure made ready to run: where a case can stand, and what may follow there. Nothing of a case is in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from attrs import field, frozen

from communitygov.documents.model import plain
from communitygov.procedure.rules import Branch, Deadline, Onward, Pause, Procedure, Step
from communitygov.vocabulary.calendar import Calendar
from communitygov.vocabulary.counting import Counting
from communitygov.vocabulary.deadline import Budget, counting_of
from communitygov.vocabulary.errors import UsageError

__all__ = ["BEYOND", "START", "Machine", "Place", "Ways", "digest_of"]

START, BEYOND, UNDECIDED = "", "*beyond", "*undecided"


def digest_of(procedure: Procedure) -> str:
    """Return the digest of what a procedure decides: of all that it says but titles, notes, clauses and reasons given.

    Args:
        procedure: The rule.
    """
    said = json.dumps(_without_words(plain(procedure)), ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()


def _without_words(said: Any) -> Any:
    if not isinstance(said, dict):
        return said
    if said.keys() == {"zh", "en"}:
        return None  # what something is called decides nothing
    words = ("title", "note", "clause", "assumed")
    return {key: _without_words(value) for key, value in said.items() if key not in words}


@frozen
class Place:
    """Where a case, or a line of it, stands: after a step, and on which way from there.

    Args:
        step: The step that was done last; empty before the first.
        way: The branch, or an empty name where there is but one; ``*beyond``, or ``*undecided`` while the facts that
            the branches hang on are not known.
        next: The steps that may follow. Of an undecided place, those of all its branches.
        closes: The outcome, if the case is closed with one.
        closes_as: The fact that says the outcome.
    """

    step: str
    way: str
    next: frozenset[str]
    closes: str | None = None
    closes_as: str | None = None

    @property
    def is_closed(self) -> bool:
        """Whether the case is closed here."""
        return self.closes is not None or self.closes_as is not None


def _place(step: str, way: str, onward: Onward) -> Place:
    return Place(step, way, frozenset(onward.next), onward.closes, onward.closes_as)


@frozen
class Ways:
    """The ways on from a step.

    Args:
        rule: The step.
        only: The place where there is but one; else None.
        branches: The places of its branches, with their guards; the one for all others comes last.
        undecided: The place while the branches cannot be told apart.
        beyond: The place once it has been done as often as it may.
    """

    rule: Step
    only: Place | None
    branches: tuple[tuple[Branch, Place], ...]
    undecided: Place
    beyond: Place | None

    @cached_property
    def places(self) -> Mapping[str, Place]:
        """Every place that the step can leave a case at, by the way."""
        found = [self.undecided, *(place for _, place in self.branches)]
        found += [place for place in (self.only, self.beyond) if place is not None]
        return {place.way: place for place in found}

    def taken(self, facts: Mapping[str, Any]) -> Place:
        """Return the place that a case goes to.

        Args:
            facts: What is known of it.
        """
        if self.only is not None:
            return self.only
        unknown = False
        for branch, place in self.branches:
            if branch.when is None:
                return self.undecided if unknown else place
            held = branch.when.holds(facts)
            if held:
                return place
            unknown = unknown or held is None
        return self.undecided


def _ways(key: str, step: Step) -> Ways:
    ordered = sorted(step.choose.items(), key=lambda item: item[1].otherwise)
    branches = tuple((branch, _place(key, name, branch)) for name, branch in ordered)
    nexts = frozenset().union(*(place.next for _, place in branches))
    return Ways(
        step,
        None if branches else _place(key, "", step),
        branches,
        Place(key, UNDECIDED, nexts),
        None if step.beyond is None else _place(key, BEYOND, step.beyond),
    )


@frozen(eq=False)
class Machine:
    """A procedure made ready to run.

    Args:
        rule: The procedure.
        digest: The digest of the procedure.
    """

    rule: Procedure
    digest: str
    ways: Mapping[str, Ways] = field(init=False, repr=False)

    @ways.default
    def _make_ways(self) -> Mapping[str, Ways]:
        return {key: _ways(key, step) for key, step in self.rule.steps.items()}

    @cached_property
    def start(self) -> Place:
        """Where a case stands before its first step."""
        return Place(START, "", frozenset(key for key, step in self.rule.main.items() if step.starts))

    @cached_property
    def per(self) -> Mapping[str, str]:
        """For each step of a line per unit the fact that names the unit; it is read where the step begins the line."""
        return {
            key: self.rule.lines[step.line].per or ""
            for key, step in self.rule.steps.items()
            if step.line is not None and self.rule.keyed(key)
        }

    @cached_property
    def beside(self) -> Mapping[str, str]:
        """For each step that is not of the main line the line that it belongs to."""
        return {key: step.line for key, step in self.rule.steps.items() if step.line is not None}

    @cached_property
    def anew(self) -> Mapping[str, frozenset[str]]:
        """For each step the facts that it needs with each act, whatever was known before.

        They are what only this step can find, and decides by: a second call-back needs a second answer. And on a line
        per unit all that is needed: what one unit brings, another does not.
        """
        return {key: frozenset(self._anew(key, step)) for key, step in self.rule.steps.items()}

    def _anew(self, key: str, step: Step) -> Iterator[str]:
        others = [one for name, one in self.rule.steps.items() if name != key]
        for name in step.needs:
            decides = any(branch.when is not None and name in branch.when.reads for branch in step.choose.values())
            decides = decides or any(way.closes_as == name for _, way in step.ways)
            if key in self.per or (decides and not any(name in other.facts for other in others)):
                yield name

    @cached_property
    def free(self) -> Mapping[str, frozenset[str]]:
        """For each step the roles of which anybody may do it: they name nobody, and nobody else must have done another.

        Who acts in one of them needs no more to be looked at.
        """
        roles = self.rule.roles
        anybody = frozenset(key for key, one in roles.items() if not (one.named_in or one.unit_in or one.owner))
        return {
            key: frozenset() if step.other_than else anybody.intersection(step.by)
            for key, step in self.rule.steps.items()
        }

    @cached_property
    def watched(self) -> frozenset[str]:
        """The steps of which it must be known who did them last."""
        return frozenset(name for step in self.rule.steps.values() for name in step.other_than)

    @cached_property
    def counted(self) -> frozenset[str]:
        """The steps of which it must be known how often they were done."""
        return frozenset(key for key, step in self.rule.steps.items() if step.at_most is not None)

    @cached_property
    def timed(self) -> Mapping[str, tuple[tuple[str, Deadline], ...]]:
        """The deadlines that each step begins, ends or extends."""
        return {key: tuple(self._timed(key)) for key in self.rule.steps}

    def _timed(self, step: str) -> Iterator[tuple[str, Deadline]]:
        for key, deadline in self.rule.deadlines.items():
            if step in deadline.from_ or step in deadline.to or step in deadline.extended_by:
                yield key, deadline

    @cached_property
    def pausing(self) -> Mapping[str, tuple[tuple[str, Pause], ...]]:
        """The pauses that each step begins or ends."""
        return {
            key: tuple((name, p) for name, p in self.rule.pauses.items() if key in p.from_ or key in p.to)
            for key in self.rule.steps
        }

    @cached_property
    def calendar(self) -> Calendar:
        """The calendar of its deadlines.

        Raises:
            UsageError: If it has none.
        """
        if self.rule.clock is None:
            raise UsageError.because("no-clock", zh="此流程没有时钟", en="this procedure has no clock")
        return self.rule.clock.days

    @cached_property
    def calendar_digest(self) -> str | None:
        """The version of its calendar, for what is recorded; None if it has none."""
        return None if self.rule.clock is None else self.calendar.digest

    @cached_property
    def _countings(self) -> dict[int, tuple[Budget, Counting]]:
        return {}  # by identity: a limit has one budget, and it is looked for at each act that ends a deadline

    def counting(self, budget: Budget) -> Counting:
        """Return how a budget's unit is counted.

        Args:
            budget: The budget.
        """
        found = self._countings.get(id(budget))
        if found is None:
            found = self._countings[id(budget)] = budget, counting_of(budget, self.calendar)
        return found[1]

    @cached_property
    def dominators(self) -> Mapping[str, frozenset[str]]:
        """For each step of the main line the others that lie on every way to it."""
        steps = self.rule.main
        after = {key: {name for _, way in step.ways for name in way.next} for key, step in steps.items()}
        return {
            key: frozenset(one for one in steps if one != key and not self._gets_to(key, one, after)) for key in steps
        }

    def _gets_to(self, goal: str, without: str, after: Mapping[str, set[str]]) -> bool:
        """Return whether a step can be reached without another."""
        open_ = [key for key in self.start.next if key != without]
        seen = set(open_)
        while open_:
            key = open_.pop()
            if key == goal:
                return True
            for name in after[key] - seen:
                if name != without:
                    seen.add(name)
                    open_.append(name)
        return False

    @cached_property
    def disclosed_within(self) -> frozenset[str]:
        """The deadlines by which something is to be made public."""
        return frozenset(one.within for one in self.rule.disclosures.values() if one.within is not None)
