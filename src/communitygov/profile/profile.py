"""Profiles, and the rules of one that are in force on a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from attrs import evolve, field, frozen

from communitygov.certification.rules import Certification
from communitygov.documents.check import clause_at
from communitygov.documents.layers import Layer, apply, by_day, conflicts, named, touched
from communitygov.documents.model import build
from communitygov.documents.node import Node, Path as NodePath
from communitygov.index.rules import Index, Indicator
from communitygov.profile.rules import ReformFile, Rules
from communitygov.vocabulary.dated import Dated
from communitygov.vocabulary.errors import DocumentError, NotInForce, UsageError
from communitygov.vocabulary.period import Period, PeriodKind
from communitygov.vocabulary.problem import Place, Problem, did_you_mean
from communitygov.vocabulary.text import Title

__all__ = ["Profile", "Reform", "RuleSet"]


def _frozen(reforms: Mapping[str, Reform]) -> Mapping[str, Reform]:
    return MappingProxyType(dict(reforms))


@frozen
class Reform:
    """A change that somebody proposes.

    Args:
        head: What its file says.
        layer: The same as a layer.
    """

    head: ReformFile
    layer: Layer

    @property
    def name(self) -> str:
        """Its name."""
        return self.head.reform

    @property
    def title(self) -> Title:
        """Its title."""
        return self.head.name(self.head.reform)


@frozen(eq=False)
class RuleSet:
    """The rules of one place in force on a day, after every layer.

    Args:
        profile: The profile's name.
        day: The day.
        root: The rules as located data.
        rules: The rules as a model.
        layers: The layers that lie over the profile's own documents, in order.
    """

    profile: str
    day: dt.date
    root: Node = field(repr=False)
    rules: Rules = field(repr=False)
    layers: tuple[Layer, ...] = field(default=(), repr=False)

    @property
    def digest(self) -> str:
        """The SHA-256 of what the rules say, wherever it was written."""
        return self.root.digest

    @property
    def index(self) -> Mapping[str, Index]:
        """The indexes by id."""
        return self.rules.index

    @property
    def certification(self) -> Mapping[str, Certification]:
        """The certifications by id."""
        return self.rules.certification

    def find(self, path: str) -> Node:
        """Return the located value at a dotted path.

        Args:
            path: Such as ``certification.quality_star.tiers.five_star.share``.

        Raises:
            UsageError: If nothing stands there; it names the nearest key that does.
        """
        node = self.root
        for key in path.split("."):
            below = node.get(key)
            if below is None:
                hint = did_you_mean(key, node.children or ())
                raise UsageError.because(
                    "unknown-path",
                    zh=f"`{path}` 中没有 `{key}`{hint.zh}",
                    en=f"there is no `{key}` on the way to `{path}`{hint.en}",
                )
            node = below
        return node

    def clause(self, path: str) -> tuple[str, ...]:
        """Return the clauses that speak for a dotted path.

        Args:
            path: The path.
        """
        return clause_at(self.root, path.split("."))


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
    parent: Profile | None = None
    amendments: tuple[Layer, ...] = ()
    reforms: Mapping[str, Reform] = field(factory=dict, converter=_frozen)
    _kept: dict[object, Node] = field(factory=dict, init=False, repr=False)

    @property
    def version(self) -> str:
        """Its version."""
        return self.own["profile"]["version"].text()

    @property
    def first_day(self) -> dt.date:
        """The first day its rules hold on."""
        return Period.parse(self.own["profile"]["in_force"].text()).first_day

    @property
    def last_day(self) -> dt.date | None:
        """The last day its rules are known to hold on, if it says so."""
        until = self.own.get("profile", "holds_until")
        return None if until is None else Period.parse(until.text()).last_day

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
            DocumentError: If a reform breaks a rule, conflicts with another, or does not begin on a boundary; each
                problem is shown where it stands in the reform.

        Example:
            >>> import communitygov
            >>> rules = communitygov.load_profile("shijingshan").at("2023Q3")
            >>> rules.find("certification.quality_star.tiers.five_star.share").text()
            '10%'
        """
        day = when if isinstance(when, dt.date) else _period(when).first_day
        self._check_in_force(day)
        chosen = self._chosen(day, reforms, readings or {})
        base = self._resolve(day, chosen)
        problems: list[Problem] = []
        active = [reform.layer for reform in reforms if reform.layer.in_force(day)]
        for reform in reforms:
            problems.extend(_misaligned(reform.layer, base, self.first_day))
        problems.extend(conflicts(active))
        root = base
        if not problems:
            for layer in active:
                root = apply(root, layer.patch, problems)
        root = _settle(root, chosen)
        rules = build(root, Rules, problems) if not problems else None
        if rules is None or problems:
            raise DocumentError(problems)
        amendments = [layer for layer in self._all_amendments() if layer.in_force(day)]
        return RuleSet(self.name, day, root, rules, (*amendments, *active))

    def history(
        self,
        section: str,
        name: str,
        *,
        reforms: Sequence[Reform] = (),
        readings: Mapping[str, str] | None = None,
    ) -> Dated[Any]:
        """Return one index or certification in its versions.

        Args:
            section: ``index`` or ``certification``.
            name: Its id.
            reforms: Reforms to lay over every version.
            readings: Readings to take in place of those chosen.

        Raises:
            UsageError: If the profile has no such thing.
        """
        layers = [*self._all_amendments(), *(reform.layer for reform in reforms)]
        days = {self.first_day}
        for layer in layers:
            if layer.start is not None:
                days.add(layer.start.first_day)
            if layer.until is not None:
                days.add(layer.until.last_day + dt.timedelta(days=1))
        versions: list[tuple[dt.date, Any]] = []
        for day in sorted(day for day in days if day >= self.first_day):
            if self.last_day is not None and day > self.last_day:
                break
            found = getattr(self.at(day, reforms=reforms, readings=readings).rules, section)
            if name not in found:
                hint = did_you_mean(name, found)
                raise UsageError.because(
                    "unknown-name",
                    zh=f"{self.name} 的 {section} 中没有 `{name}`{hint.zh}",
                    en=f"{self.name} has no {section} `{name}`{hint.en}",
                )
            if not versions or versions[-1][1] is not found[name]:
                versions.append((day, found[name]))
        return Dated(tuple(versions), self.last_day)

    def verify(self) -> None:
        """Check the rules of the first day, and that every amendment can be laid over them in its turn.

        Raises:
            DocumentError: With every problem found.
        """
        problems: list[Problem] = []
        starts = {layer.start.first_day for layer in self.amendments if layer.start}
        for day in sorted({self.first_day, *(start for start in starts if start > self.first_day)}):
            try:
                in_force = self.at(day)
            except DocumentError as error:
                problems.extend(error.problems)
                continue
            if day == self.first_day:
                for layer in self.amendments:
                    problems.extend(_misaligned(layer, in_force.root, self.first_day))
                    problems.extend(_fixed(layer, in_force.rules))
        if problems:
            raise DocumentError(problems)

    def _check_in_force(self, day: dt.date) -> None:
        if day < self.first_day or (self.last_day is not None and day > self.last_day):
            raise NotInForce(
                Problem(
                    "not-in-force",
                    Title(
                        zh=f"{self.name} 在 {day} 未生效；生效期为 {self.first_day} 至 {self.last_day or '今'}",
                        en=f"{self.name} is not in force on {day}; it is from {self.first_day} "
                        f"until {self.last_day or 'further notice'}",
                    ),
                    self.own["profile"]["in_force"].place,
                )
            )

    def _all_amendments(self) -> Iterator[Layer]:
        if self.parent is not None:
            yield from self.parent._all_amendments()
        yield from self.amendments

    def _questions(self) -> Iterator[tuple[str, Node]]:
        """Yield every question with readings, the parent's first."""
        if self.parent is not None:
            yield from self.parent._questions()
        own = self.own.get("interpretations")
        for key, node in (own.children or {}).items() if own is not None else ():
            if node.get("readings") is not None:
                yield key, node

    def _chosen(self, day: dt.date, reforms: Iterable[Reform], readings: Mapping[str, str]) -> dict[str, Node]:
        """Settle which reading of each question is taken: documents, amendments, reforms, the caller, in that order."""
        questions = dict(self._questions())
        chosen: dict[str, Node] = {}
        profiles: list[Profile] = []
        profile: Profile | None = self
        while profile is not None:
            profiles.append(profile)
            profile = profile.parent
        layers = [layer for layer in self._all_amendments() if layer.in_force(day)]
        layers += [reform.layer for reform in reforms if reform.layer.in_force(day)]
        for node in [*(one.own for one in reversed(profiles)), *(layer.patch for layer in layers)]:
            found = node.get("interpretations")
            for key, question in (found.children or {}).items() if found is not None else ():
                choice = question.get("chosen")
                if choice is not None:
                    chosen[key] = choice
        for key, reading in readings.items():
            if key not in questions:
                hint = did_you_mean(key, questions)
                raise UsageError.because(
                    "unknown-interpretation",
                    zh=f"{self.name} 没有解释口径 `{key}`{hint.zh}",
                    en=f"{self.name} has no interpretation `{key}`{hint.en}",
                )
            chosen[key] = Node(Place("<caller>"), "caller", reading, was=chosen.get(key))
        return chosen

    def _resolve(self, day: dt.date, chosen: Mapping[str, Node]) -> Node:
        """Return everything but reforms, resolved for a day; kept, since many ask for it."""
        amendments = [layer for layer in self.amendments if layer.in_force(day)]
        key = (
            tuple(layer.name for layer in self._all_amendments() if layer.in_force(day)),
            tuple(sorted((name, node.text()) for name, node in chosen.items())),
        )
        if key in self._kept:
            return self._kept[key]
        problems: list[Problem] = []
        root = self.parent._resolve(day, chosen) if self.parent is not None else evolve(self.own, children={})
        root = apply(root, self.own, problems)
        readings = list(self._readings(chosen, problems))
        problems.extend(conflicts(readings))
        for layer in readings:
            root = apply(root, layer.patch, problems)
        for same_day in by_day(amendments):
            problems.extend(conflicts(same_day))
            for layer in same_day:
                root = apply(root, layer.patch, problems)
        if problems:
            raise DocumentError(problems)
        self._kept[key] = root
        return root

    def _readings(self, chosen: Mapping[str, Node], problems: list[Problem]) -> Iterator[Layer]:
        own = self.own.get("interpretations")
        for key, node in (own.children or {}).items() if own is not None else ():
            readings, choice = node.get("readings"), chosen.get(key)
            if readings is None or readings.children is None or choice is None:
                continue
            patch = readings.get(choice.text())
            if patch is None:
                hint = did_you_mean(choice.text(), readings.children)
                problems.append(
                    Problem(
                        "unknown-reading",
                        Title(
                            zh=f"解释口径 `{key}` 没有理解 `{choice.text()}`{hint.zh}",
                            en=f"the interpretation `{key}` has no reading `{choice.text()}`{hint.en}",
                        ),
                        choice.place,
                    )
                )
            else:
                yield Layer("reading", f"{key}: {choice.text()}", named(patch, f"reading {key}: {choice.text()}"))


def _settle(root: Node, chosen: Mapping[str, Node]) -> Node:
    """Return a tree whose interpretations name the readings taken."""
    asked = root.get("interpretations")
    for key, choice in chosen.items():
        if asked is None or asked.get(key) is None or asked[key].get("chosen") is choice:
            continue
        question = evolve(asked[key], children={**(asked[key].children or {}), "chosen": choice})
        asked = evolve(asked, children={**(asked.children or {}), key: question})
    if asked is None or asked is root.get("interpretations"):
        return root
    return evolve(root, children={**(root.children or {}), "interpretations": asked})


def _period(when: str | int | Period) -> Period:
    if isinstance(when, Period):
        return when
    try:
        return Period.parse(str(when))
    except ValueError:
        raise UsageError.because(
            "bad-period",
            zh=f"`{when}` 不是时期，如 2023、2023Q3、2023-08",
            en=f"`{when}` is no period, such as 2023, 2023Q3 or 2023-08",
        ) from None


def _misaligned(layer: Layer, root: Node, first_day: dt.date) -> Iterator[Problem]:
    """Yield a problem for each thing that a dated layer changes in the middle of one of its periods or years."""
    days = []
    if layer.start is not None and layer.start.first_day != first_day:
        days.append(layer.start.first_day)
    if layer.until is not None:
        days.append(layer.until.last_day + dt.timedelta(days=1))
    if not days:
        return
    seen = set()
    for path, leaf in touched(layer.patch):
        if len(path) < 2 or path[:2] in seen:
            continue
        seen.add(path[:2])
        for day in days:
            boundary = _boundary(root, path, day)
            if boundary is not None and boundary != day:
                yield _off_boundary(layer, path, leaf, day, boundary)


def _boundary(root: Node, path: NodePath, day: dt.date) -> dt.date | None:
    """Return the first day on or after a day on which something may change; None if any day will do."""
    if path[0] == "index":
        kind = root.get("index", path[1], "period")
        if kind is None:
            return None
        period_kind: PeriodKind = kind.value  # type: ignore[assignment]
        period = Period.containing(day, period_kind)
        return day if period.first_day == day else period.next().first_day
    if path[0] == "certification":
        starts = root.get("certification", path[1], "year", "starts")
        if starts is None or not isinstance(starts.value, int):
            return None
        first = dt.date(day.year, starts.value, 1)
        return first if first >= day else dt.date(day.year + 1, starts.value, 1)
    return None


def _off_boundary(layer: Layer, path: NodePath, leaf: Node, day: dt.date, boundary: dt.date) -> Problem:
    what = Title(zh="周期", en="period") if path[0] == "index" else Title(zh="年度", en="year")
    return Problem(
        "not-on-boundary",
        Title(
            zh=f"{layer} 于 {day} 改变 `{path[0]}.{path[1]}`，不在其{what.zh}起点；下一个起点是 {boundary}",
            en=f"{layer} changes `{path[0]}.{path[1]}` on {day}, which begins none of its {what.en}s; "
            f"the next that does is {boundary}",
        ),
        leaf.place,
        path=".".join(path),
    )


def _fixed(layer: Layer, rules: Rules) -> Iterator[Problem]:
    """Yield a problem where an amendment adds or removes an indicator of a level that is not dynamic."""
    for key, index in rules.index.items():
        change = layer.patch.get("index", key, "indicators")
        if change is not None:
            yield from _fixed_below(layer, change, index, index.indicators, ("index", key, "indicators"), 1)


def _fixed_below(
    layer: Layer, change: Node, index: Index, known: Mapping[str, Indicator], path: NodePath, depth: int
) -> Iterator[Problem]:
    level = index.levels.get(str(depth))
    for name, node in (change.children or {}).items():
        if level is not None and not level.dynamic and (node.is_removal or name not in known):
            yield Problem(
                "fixed-level",
                Title(
                    zh=f"第 {depth} 级指标不实行动态管理，{layer} 不得增删 `{name}`",
                    en=f"level {depth} is not dynamic; {layer} may neither add nor remove `{name}`",
                ),
                node.key or node.place,
                clause=level.clause,
                path=".".join((*path, name)),
            )
        below = node.get("indicators")
        if below is not None and name in known:
            yield from _fixed_below(layer, below, index, known[name].indicators, (*path, name, "indicators"), depth + 1)
