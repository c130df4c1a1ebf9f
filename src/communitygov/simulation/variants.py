"""Variants of the rules, and the course that each takes through the years of a simulation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from attrs import field, frozen

from communitygov.certification.rules import Certification
from communitygov.documents.node import Node
from communitygov.index.rules import Index
from communitygov.profile.profile import Profile, Reform, RuleSet
from communitygov.vocabulary.errors import NotInForce, UsageError
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.problem import Problem, did_you_mean
from communitygov.vocabulary.text import Title

__all__ = ["Course", "Term", "Variant", "as_it_stands", "certification_of", "course_of"]

_NONE: Mapping[str, str] = MappingProxyType({})


def _readings(value: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType(dict(value))


def _reforms(value: Iterable[Reform]) -> tuple[Reform, ...]:
    return tuple(value)


@frozen(eq=False)
class Variant:
    """One way the rules could be: as they stand, or with reforms and other readings.

    Args:
        name: Its name, in tables.
        title: Its title in both languages.
        reforms: Reforms laid over the rules.
        readings: The reading to take for each question named, in place of the one chosen.
    """

    name: str
    title: Title
    reforms: tuple[Reform, ...] = field(default=(), converter=_reforms)
    readings: Mapping[str, str] = field(default=_NONE, converter=_readings)

    @classmethod
    def of_reform(cls, reform: Reform) -> Variant:
        """Return the variant that a reform makes.

        Args:
            reform: The reform.
        """
        return cls(reform.name, reform.title, (reform,))

    @classmethod
    def of_reading(cls, profile: Profile, question: str, reading: str) -> Variant:
        """Return the variant that another reading of a question makes.

        Args:
            profile: The profile that asks the question.
            question: The question's id.
            reading: The reading's id.

        Raises:
            UsageError: If there is no such question or reading.

        Example:
            >>> import communitygov
            >>> rules = communitygov.load_profile("shijingshan")
            >>> Variant.of_reading(rules, "renewal_reach", "moved_cut").name
            'renewal_reach=moved_cut'
        """
        asked = profile.at(profile.first_day).rules.interpretations
        if question not in asked:
            hint = did_you_mean(question, asked)
            raise UsageError.because(
                "unknown-interpretation",
                zh=f"{profile.name} 没有解释口径 `{question}`{hint.zh}",
                en=f"{profile.name} has no interpretation `{question}`{hint.en}",
            )
        if reading not in asked[question].readings:
            hint = did_you_mean(reading, asked[question].readings)
            raise UsageError.because(
                "unknown-reading",
                zh=f"解释口径 `{question}` 没有理解 `{reading}`{hint.zh}",
                en=f"the interpretation `{question}` has no reading `{reading}`{hint.en}",
            )
        said = asked[question].names.get(reading) or Title(zh=reading, en=reading)
        asks = asked[question].question
        return cls(
            f"{question}={reading}",
            Title(zh=f"{asks.zh}{said.zh}", en=f"{asks.en} {said.en}"),
            readings={question: reading},
        )


def as_it_stands() -> Variant:
    """Return the variant that changes nothing."""
    return Variant("as_it_stands", Title(zh="现行规则", en="as it stands"))


@frozen(eq=False)
class Term:
    """One year of a certification under one variant.

    Args:
        year: The calendar year in which it ends.
        periods: Its periods that are in force, in order.
        full: Whether all of its periods are in force, so that it can be certified.
        rules: The rules in force on the first of them.
        certification: The certification among them.
    """

    year: int
    periods: tuple[Period, ...]
    full: bool
    rules: RuleSet
    certification: Certification


@frozen(eq=False)
class Course:
    """The rules that one variant meets, period by period and year by year.

    Args:
        variant: The variant.
        certification: The certification's id.
        terms: Its years, from the profile's first on.
        rules: The rules in force in each period.
    """

    variant: Variant
    certification: str
    terms: tuple[Term, ...]
    rules: Mapping[Period, RuleSet]

    def index(self, period: Period) -> Index:
        """Return the index in force in a period.

        Args:
            period: The period.
        """
        rules = self.rules[period]
        return rules.index[rules.certification[self.certification].of]

    def index_digest(self, period: Period) -> str:
        """Return the digest of the index in force in a period.

        Args:
            period: The period.
        """
        rules = self.rules[period]
        return rules.find(f"index.{rules.certification[self.certification].of}").digest

    def digest(
        self, term: Term, *names: str, at: Sequence[str] = (), without: Sequence[str] = ()
    ) -> tuple[tuple[str, str], ...]:
        """Return what a year's certification says, as digests of its parts.

        Args:
            term: The year.
            names: The parts wanted; all if none is named.
            at: The keys on the way to the part that these are parts of, if it is not the whole.
            without: Parts left out.
        """
        node = term.rules.root.get("certification", self.certification, *at)
        parts: Mapping[str, Node] = (None if node is None else node.children) or {}
        wanted = names or tuple(parts)
        return tuple(sorted((name, parts[name].digest) for name in wanted if name in parts and name not in without))

    def digests(self) -> Mapping[int, str]:
        """Return the digest of the whole rules in force at the beginning of each year."""
        return MappingProxyType({term.year: term.rules.digest for term in self.terms})


def certification_of(profile: Profile, name: str | None) -> str:
    """Return the certification to simulate.

    Args:
        profile: The profile.
        name: Its id; None if the profile has only one.

    Raises:
        UsageError: If there is no such certification, none at all, or several and none is named.
    """
    known = list(profile.at(profile.first_day).certification)
    if name is not None and name in known:
        return name
    if name is None and len(known) == 1:
        return known[0]
    if not known:
        zh, en = f"{profile.name} 没有认定规则，无可模拟", f"{profile.name} has no certification to simulate"
    elif name is None:
        listed = ", ".join(known)
        zh = f"{profile.name} 有多项认定，请用 certification= 指明其一：{listed}"
        en = f"{profile.name} has several certifications; name one with certification=: {listed}"
    else:
        hint = did_you_mean(name, known)
        zh, en = f"{profile.name} 没有认定 `{name}`{hint.zh}", f"{profile.name} has no certification `{name}`{hint.en}"
    raise UsageError(Problem("unknown-certification", Title(zh=zh, en=en)))


def course_of(profile: Profile, variant: Variant, certification: str, last: int) -> Course:
    """Return the rules that a variant meets from the profile's first day to the end of a year.

    Args:
        profile: The profile.
        variant: The variant.
        certification: The certification's id.
        last: The last year.

    Raises:
        NotInForce: If the rules end before that year does, or begin after it, or the variant removes the certification.
        DocumentError: If a reform or a reading breaks a rule.
    """

    def at(day: dt.date) -> RuleSet:
        rules = profile.at(day, reforms=variant.reforms, readings=variant.readings)
        if certification not in rules.certification:
            raise NotInForce(
                Problem(
                    "not-in-force",
                    Title(
                        zh=f"方案“{variant.name}”中，认定 `{certification}` 自 {day} 起不再有效；请模拟至此前的年份",
                        en=f"under `{variant.name}` there is no certification `{certification}` from {day} on; "
                        "let the last year be one before",
                    ),
                )
            )
        return rules

    rules = at(profile.first_day)
    kind = _index(rules, certification).period
    period = Period.containing(profile.first_day, kind)
    period = period if period.first_day == profile.first_day else period.next()
    in_force: dict[Period, RuleSet] = {}
    years: dict[int, list[Period]] = {}
    while True:
        rules = at(period.first_day) if _year(rules, certification, period) <= last else rules
        year = _year(rules, certification, period)
        if year > last:
            break
        in_force[period] = rules
        years.setdefault(year, []).append(period)
        period = period.next()
    if not years:
        raise NotInForce(
            Problem(
                "not-in-force",
                Title(
                    zh=f"{profile.name} 自 {profile.first_day} 起生效，{last} 年尚无可认定的年度",
                    en=f"{profile.name} is in force from {profile.first_day}, after the year {last} ends",
                ),
            )
        )
    terms = []
    for year, periods in years.items():
        first = in_force[periods[0]]
        rule = first.certification[certification]
        terms.append(Term(year, tuple(periods), len(periods) == rule.year.periods, first, rule))
    return Course(variant, certification, tuple(terms), MappingProxyType(in_force))


def _index(rules: RuleSet, certification: str) -> Index:
    return rules.index[rules.certification[certification].of]


def _year(rules: RuleSet, certification: str, period: Period) -> int:
    """Return the year that a period belongs to: the calendar year in which it ends."""
    starts = rules.certification[certification].year.starts
    day = period.first_day
    return day.year if starts == 1 or day.month < starts else day.year + 1
