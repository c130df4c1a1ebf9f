"""Profiles: the rules of one place through time, and how those in force on a day come about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from attrs import evolve, field, frozen

from communitygov.documents.layers import Layer, apply, by_day, lay
from communitygov.documents.model import build
from communitygov.documents.node import Node
from communitygov.profile.dates import fixed_levels, misaligned
from communitygov.profile.heads import handed_down, outlasting
from communitygov.profile.patches import explain_new, forbidden, not_yet_in_force, unknown_clauses
from communitygov.profile.readings import (
    Readings,
    choices,
    chosen_layers,
    closed_questions,
    known_readings,
    rewritten,
    settle,
    sound_choices,
    wrong_choices,
)
from communitygov.profile.rules import SECTIONS, Rules
from communitygov.profile.ruleset import Reform, RuleSet
from communitygov.vocabulary.dated import Dated, day_of
from communitygov.vocabulary.errors import DocumentError, NotInForce, UsageError
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.problem import Place, Problem, did_you_mean
from communitygov.vocabulary.text import Title

__all__ = ["Profile", "Reform", "RuleSet"]


def _frozen(reforms: Mapping[str, Reform]) -> Mapping[str, Reform]:
    return MappingProxyType(dict(reforms))


@frozen(eq=False)
class Profile:
    """The rules of one place, from its published sources, through time.

    Never changed. What has been resolved once is kept and shared.

    Args:
        name: Its name.
        folder: Where its documents are.
        own: Its own documents, laid together.
        parent: The profile it extends.
        amendments: Its dated changes.
        reforms: The reforms that ship with it, by name.
    """

    name: str
    folder: Path
    own: Node = field(repr=False)
    parent: Profile | None = field(default=None, repr=False)
    amendments: tuple[Layer, ...] = field(default=(), repr=False)
    reforms: Mapping[str, Reform] = field(factory=dict, converter=_frozen, repr=False)
    _kept: dict[object, Node] = field(factory=dict, init=False, repr=False)

    @property
    def version(self) -> str:
        """Its version."""
        return self.own["profile"]["version"].text()

    @cached_property
    def lineage(self) -> tuple[Profile, ...]:
        """The profiles that it is made of: those it extends, the farthest first, and itself."""
        return (*(self.parent.lineage if self.parent is not None else ()), self)

    @cached_property
    def first_day(self) -> dt.date:
        """The first day its rules hold on: its own, or a parent's if that is later."""
        return _first_day(self._start)

    @cached_property
    def last_day(self) -> dt.date | None:
        """The last day its rules are known to hold on, if it or a parent says so."""
        return None if self._end is None else _last_day(self._end)

    @cached_property
    def _start(self) -> Node:
        """The head's word, its own or a parent's, before which nothing is in force."""
        return max((one.own["profile"]["in_force"] for one in reversed(self.lineage)), key=_first_day)

    @cached_property
    def _end(self) -> Node | None:
        """The head's word, its own or a parent's, after which nothing is known to be in force."""
        ends = (one.own.get("profile", "holds_until") for one in reversed(self.lineage))
        return min((end for end in ends if end is not None), key=_last_day, default=None)

    def at(
        self,
        when: str | int | Period | dt.date,
        *,
        reforms: Sequence[Reform] = (),
        readings: Mapping[str, str] | None = None,
    ) -> RuleSet:
        """Return the rules in force on the first day of a period.

        Args:
            when: A period, its text, or a day.
            reforms: Reforms to lay over them; those not in force that day are left out.
            readings: The reading to take for each question named, in place of the one chosen.

        Raises:
            NotInForce: Before the first day in force or after the last.
            UsageError: If there is no such question or reading.
            DocumentError: If a reform breaks a rule, conflicts with another, or does not begin on a boundary; each
                problem is shown where it stands in the reform.

        Example:
            >>> import communitygov
            >>> rules = communitygov.load_profile("shijingshan").at("2023Q3")
            >>> rules.find("certification.quality_star.tiers.five_star.share").text()
            '10%'
        """
        day = day_of(when)
        self._check_in_force(day)
        active = [reform.layer for reform in reforms if reform.layer.in_force(day)]
        chosen = dict(pair for layer in active for pair in choices(layer.patch)) | self._called(readings or {})
        problems: list[Problem] = []
        base = self._base(day, chosen, problems)
        problems.extend(problem for reform in reforms for problem in self._faults(reform.layer, base))
        root = settle(lay(base, active, problems), sound_choices(chosen, self._readings))
        rules = build(root, Rules, problems, blame=self._newest(day, active, readings or {}))
        if rules is None or problems:
            raise DocumentError(explain_new(problems, base, root))
        return RuleSet(self.name, day, root, rules, (*self._amendments(day), *active))

    def history(
        self,
        section: str,
        name: str,
        *,
        reforms: Sequence[Reform] = (),
        readings: Mapping[str, str] | None = None,
    ) -> Dated[Any]:
        """Return one rule in its versions: from the day on which it first stands until it is removed for good.

        Args:
            section: Such as ``index`` or ``certification``.
            name: Its id.
            reforms: Reforms to lay over every version.
            readings: Readings to take in place of those chosen.

        Raises:
            UsageError: If the profile has no such thing.

        Example:
            >>> import communitygov
            >>> profile = communitygov.load_profile("shijingshan")
            >>> profile.history("index", "quality_community").at("2023Q3").subject
            'community'
        """
        if section not in SECTIONS:
            raise _unknown(section, SECTIONS, self.name)
        versions: list[tuple[dt.date, Any]] = []
        digest, names = "", set[str]()
        for day in self._turns(reform.layer for reform in reforms):
            rules = self.at(day, reforms=reforms, readings=readings)
            found, node = getattr(rules.rules, section), rules.root.get(section, name)
            names.update(found)
            if versions and node is None and digest:
                versions.append((day, None))
            elif node is not None and node.digest != digest:
                versions.append((day, found[name]))
            digest = "" if node is None else node.digest
        if not versions:
            raise _unknown(name, names, f"{self.name} {section}")
        lapsed = versions.pop() if versions[-1][1] is None else None
        return Dated(tuple(versions), self.last_day if lapsed is None else lapsed[0] - dt.timedelta(days=1))

    def verify(self) -> None:
        """Check the rules of every day on which they change, and that amendments and reforms may change what they do.

        Raises:
            DocumentError: With every problem found.
        """
        problems: list[Problem] = []
        if self.parent is not None:
            problems += rewritten(self.own, self.parent._readings)
            problems += outlasting(self.own, self.parent.last_day, self.parent._end)
        in_force: dict[dt.date, RuleSet] = {}
        for day in self._turns():
            try:
                in_force[day] = self.at(day)
            except DocumentError as error:
                standing = set(_places(self._base(day, {}, [])))
                carried = {(one.code, one.path) for one in problems if one.place is None or one.place in standing}
                problems += [one for one in error.problems if (one.code, one.path) not in carried]
            else:
                problems += not_yet_in_force(in_force[day].root)
        for layer in self.amendments:
            problems += self._amendment_problems(layer, in_force)
        problems = list(dict.fromkeys(problems))
        for reform in self.reforms.values() if not problems else ():
            problems += self.problems_of(reform)
        if problems:
            raise DocumentError(problems)

    def _amendment_problems(self, layer: Layer, in_force: Mapping[dt.date, RuleSet]) -> Iterator[Problem]:
        """Yield what is wrong with an amendment.

        Args:
            layer: The amendment.
            in_force: The rules of each day on which they change, but for those that cannot be built.
        """
        start = self.first_day if layer.start is None else layer.start.first_day
        before = [rules for day, rules in in_force.items() if day < start]
        first = in_force.get(self.first_day)
        root = before[-1].root if before else first.root if first else self.own
        yield from self._faults(layer, root)
        yield from not_yet_in_force(root, layer.file)
        if before:
            yield from fixed_levels(layer, before[-1].index, self._base(start, {}, []), self._readings)

    def problems_of(self, reform: Reform) -> tuple[Problem, ...]:
        """Return what is wrong with a reform on every day in force on which it holds and the rules change.

        Args:
            reform: The reform.

        Example:
            >>> import communitygov
            >>> profile = communitygov.load_profile("shijingshan")
            >>> [problem for reform in profile.reforms.values() for problem in profile.problems_of(reform)]
            []
        """
        found: dict[object, Problem] = {}
        for day in self._turns([reform.layer]):
            if reform.layer.in_force(day):
                try:
                    self.at(day, reforms=[reform])
                except DocumentError as error:
                    for one in error.problems:  # what is wrong on one day is as a rule wrong on all
                        found.setdefault((one.code, one.path, one.place), one)
        return tuple(found.values())

    def turns(self, reforms: Iterable[Reform] = ()) -> tuple[dt.date, ...]:
        """Return the days on which the rules change, the first day in force among them.

        Args:
            reforms: Reforms that lie over the rules; the days on which they begin and end are among them.

        Example:
            >>> import communitygov
            >>> [str(day) for day in communitygov.load_profile("shijingshan").turns()]
            ['2021-07-01']
        """
        return tuple(self._turns(reform.layer for reform in reforms))

    def _check_in_force(self, day: dt.date) -> None:
        late = self._end if self._end is not None and day > _last_day(self._end) else None
        if day < self.first_day or late is not None:
            raise NotInForce(
                Problem(
                    "not-in-force",
                    Title(
                        zh=f"{self.name} 在 {day} 未生效；生效期为 {self.first_day} 至 {self.last_day or '今'}",
                        en=f"{self.name} is not in force on {day}; it is from {self.first_day} "
                        f"until {self.last_day or 'further notice'}",
                    ),
                    (late or self._start).place,
                )
            )

    def _amendments(self, day: dt.date | None = None) -> Iterator[Layer]:
        """Yield amendments, or those in force on a day; the parent's first, then by the day they begin on."""
        for profile in self.lineage:
            for same_day in by_day(profile.amendments):
                yield from (layer for layer in same_day if day is None or layer.in_force(day))

    def _turns(self, more: Iterable[Layer] = ()) -> list[dt.date]:
        """Return the days on which rules change, the first day in force among them."""
        days = {self.first_day}
        for layer in (*self._amendments(), *more):
            if layer.start is not None:
                days.add(layer.start.first_day)
            if layer.until is not None:
                days.add(layer.until.last_day + dt.timedelta(days=1))
        return sorted(day for day in days if day >= self.first_day and (self.last_day is None or day <= self.last_day))

    @cached_property
    def _readings(self) -> Readings:
        return known_readings(one.own for one in self.lineage)

    @cached_property
    def _open(self) -> Readings:
        """The readings that may still be taken: those of questions that no child has closed by removing them."""
        closed = closed_questions(one.own for one in self.lineage)
        return {key: readings for key, readings in self._readings.items() if key not in closed}

    def _standing(self, day: dt.date) -> dict[str, Node]:
        """Return which reading of each question is taken on a day: a parent's choice, then its child's."""
        chosen: dict[str, Node] = {}
        for profile in self.lineage:
            chosen.update(choices(profile.own))
            for same_day in by_day(layer for layer in profile.amendments if layer.in_force(day)):
                chosen.update(pair for layer in same_day for pair in choices(layer.patch))
        return chosen

    def _called(self, readings: Mapping[str, str]) -> dict[str, Node]:
        """Return the readings that the caller takes."""
        called = {key: Node(Place("<caller>"), "caller", reading) for key, reading in readings.items()}
        wrong = list(wrong_choices(called, self._open))
        if wrong:
            raise UsageError(evolve(problem, place=None) for problem in wrong)
        return called

    def _base(self, day: dt.date, chosen: Mapping[str, Node], problems: list[Problem]) -> Node:
        """Return everything but reforms, resolved for a day; kept, since many ask for it.

        Args:
            day: The day.
            chosen: The readings that reforms and the caller take; they go before those that stand.
            problems: Collects what does not fit together.
        """
        amendments = tuple((layer.start, layer.name, layer.patch.digest) for layer in self._amendments(day))
        key = (amendments, tuple(sorted((question, choice.text()) for question, choice in chosen.items())))
        if key not in self._kept:
            standing = self._standing(day)
            wanted = {**standing, **chosen}
            found = list(wrong_choices(wanted, self._readings))
            found += [one for one in wrong_choices(chosen, self._open) if one not in found]
            root = self._resolve(day, sound_choices(wanted, self._readings), found)
            root = settle(root, sound_choices(standing, self._readings))
            problems.extend(found)
            if found:
                return root
            self._kept[key] = root
        return self._kept[key]

    def _resolve(self, day: dt.date, chosen: Mapping[str, Node], problems: list[Problem]) -> Node:
        """Lay own documents over the parent, then the readings taken, then amendments."""
        empty = evolve(self.own, children={})
        root = empty if self.parent is None else handed_down(self.parent._resolve(day, chosen, problems), self.own)
        root = apply(root, self.own, problems)
        root = lay(root, chosen_layers(self.own, chosen), problems)
        for same_day in by_day(layer for layer in self.amendments if layer.in_force(day)):
            root = lay(root, same_day, problems)
        return root

    def _newest(self, day: dt.date, reforms: Sequence[Layer], readings: Mapping[str, str]) -> list[Node]:
        """Return the patches to blame for a broken promise: the last that were laid over rules that kept theirs."""
        newest = [layer.patch for layer in reforms]
        newest += [self._readings[key][reading] for key, reading in readings.items()]
        if newest:
            return newest
        begun = [layer for layer in self.amendments if layer.in_force(day)]
        turns = by_day(layer for layer in begun if layer.start and layer.start.first_day > self.first_day)
        if turns:
            return [layer.patch for layer in turns[-1]]
        return [self.own] if self.parent is not None else []

    def _faults(self, layer: Layer, root: Node) -> Iterator[Problem]:
        """Yield what is wrong with a dated layer before it is laid down."""
        yield from forbidden(layer)
        yield from unknown_clauses(layer, root)
        yield from misaligned(layer, root, self.first_day, self._readings)


def _places(node: Node) -> Iterator[Place | None]:
    """Yield every place at or below a node where a problem may have been shown."""
    yield from (node.place, node.key)
    for child in (*(node.children or {}).values(), *(node.items or ())):
        yield from _places(child)


def _unknown(name: str, known: Iterable[str], where: str) -> UsageError:
    hint = did_you_mean(name, known)
    return UsageError.because(
        "unknown-name", zh=f"{where} 中没有 `{name}`{hint.zh}", en=f"{where} has no `{name}`{hint.en}"
    )


def _first_day(node: Node) -> dt.date:
    return Period.parse(node.text()).first_day


def _last_day(node: Node) -> dt.date:
    return Period.parse(node.text()).last_day
