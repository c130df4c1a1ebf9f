"""What a command is about: which profile, on which day, with which reforms and readings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from communitygov.cli.bilingual import option
from communitygov.vocabulary.errors import DocumentError, UsageError
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.problem import did_you_mean
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    from communitygov.profile.profile import Profile, Reform, RuleSet

__all__ = [
    "day_of_option",
    "find_profile",
    "find_reforms",
    "known",
    "one_reading_each",
    "only",
    "profile_argument",
    "readings_of",
    "rules_at",
    "rules_options",
]

_CALLED = {
    "index": Title(zh="评价体系", en="indexes"),
    "certification": Title(zh="认定", en="certifications"),
    "grid": Title(zh="网格", en="grids"),
    "procedure": Title(zh="流程", en="procedures"),
    "deliberation": Title(zh="协商议事", en="deliberations"),
    "disclosure": Title(zh="公开要求", en="disclosures"),
    "points": Title(zh="积分制", en="systems of points"),
    "matching": Title(zh="结对", en="matchings"),
    "budget": Title(zh="预算分配规则", en="rules for sharing a budget"),
}
"""What several of a kind are called; without one, a kind is called by its id in English."""

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

profile_argument = click.argument("profile")
"""The profile: its name, or the folder that its documents are in."""


def rules_options(*, at: bool = True) -> Callable[[F], F]:
    """Return a decorator that adds ``--reform``, ``--reading`` and perhaps ``--at``.

    Args:
        at: Whether there is a day to choose.
    """

    def decorate(function: F) -> F:
        function = option(
            "--reading",
            "readings",
            multiple=True,
            metavar="QUESTION=READING",
            zh="采用某待解问题的某种理解；可多次",
            en="Take a reading of an open question; may be repeated",
        )(function)
        function = option(
            "--reform",
            "reforms",
            multiple=True,
            metavar="FILE|NAME",
            zh="改革方案文件，或随方案附带的改革方案名；可多次",
            en="A reform: a file, or the name of one that ships with the profile; may be repeated",
        )(function)
        if at:
            function = option(
                "--at",
                metavar="PERIOD",
                zh="取该时期首日的规则，如 2023、2023Q3；默认今天",
                en="The rules of that period's first day, such as 2023 or 2023Q3; by default today's",
            )(function)
        return function

    return decorate


def find_profile(name: str) -> Profile:
    """Load a profile by its name, or from a folder.

    Args:
        name: The name of an installed profile; else the path of a folder.

    Raises:
        ProfileNotFound: If there is neither.
        DocumentError: With every problem of its documents.

    Example:
        >>> find_profile("shijingshan").name
        'shijingshan'
    """
    from communitygov.plugins.finding import find_profiles, load_profile

    if Path(name).is_dir():
        found = find_profiles()
        if name not in found.folders and name not in found.problems:
            return load_profile(Path(name))
    return load_profile(name)


def find_reforms(profile: Profile, names: Iterable[str]) -> list[Reform]:
    """Load reforms.

    Args:
        profile: The profile they are for.
        names: Files, or names of reforms that ship with the profile.

    Raises:
        UsageError: If there is no such reform and no such file, or one is given twice.
        DocumentError: With every problem of a file.
    """
    from communitygov.profile.reading import read_reform

    reforms: list[Reform] = []
    for name in names:
        if name in profile.reforms:
            _add(profile.reforms[name], reforms)
            continue
        if not Path(name).exists():
            hint = did_you_mean(name, profile.reforms)
            raise UsageError.because(
                "unknown-reform",
                zh=f"没有文件 `{name}`，{profile.name} 也不附带此改革方案{hint.zh}",
                en=f"there is no file `{name}`, and {profile.name} ships no reform of that name{hint.en}",
            )
        try:
            reform = read_reform(name)
        except DocumentError:  # tried on the rules it is refused again, with all that they have against it
            reform = read_reform(name, over=profile)
        _add(reform, reforms)
    return reforms


def _add(reform: Reform, reforms: list[Reform]) -> None:
    if reform.name in [one.name for one in reforms]:
        raise UsageError.because(
            "repeated-reform",
            zh=f"改革方案 `{reform.name}` 给出了不止一次",
            en=f"the reform `{reform.name}` is given more than once",
        )
    reforms.append(reform)


def readings_of(texts: Iterable[str]) -> dict[str, list[str]]:
    """Return the readings asked for, by question, in the order given and without repeats.

    Args:
        texts: Each ``question=reading``.

    Raises:
        UsageError: If one is not of that form.

    Example:
        >>> readings_of(["reach=original_cut", "reach=moved_cut"])
        {'reach': ['original_cut', 'moved_cut']}
    """
    found: dict[str, list[str]] = {}
    for text in texts:
        question, sign, reading = (part.strip() for part in text.partition("="))
        if not (question and sign and reading):
            raise UsageError.because(
                "bad-reading", zh=f"`{text}` 须写作 问题=理解", en=f"write `{text}` as question=reading"
            )
        if reading not in found.setdefault(question, []):
            found[question].append(reading)
    return found


def one_reading_each(texts: Iterable[str]) -> dict[str, str]:
    """Return the reading to take for each question.

    Args:
        texts: Each ``question=reading``.

    Raises:
        UsageError: If one is not of that form, or a question is answered twice.

    Example:
        >>> one_reading_each(["quota_rounding=up"])
        {'quota_rounding': 'up'}
    """
    found = readings_of(texts)
    for question, readings in found.items():
        if len(readings) > 1:
            raise UsageError.because(
                "two-readings",
                zh=f"待解问题 `{question}` 只能采用一种理解",
                en=f"the question `{question}` can be given one reading",
            )
    return {question: readings[0] for question, readings in found.items()}


def rules_at(profile: Profile, at: str | None, reforms: Iterable[str], readings: Iterable[str]) -> RuleSet:
    """Return the rules of a day.

    Args:
        profile: The profile.
        at: A period, or None for today, or the nearest day on which the profile is in force.
        reforms: Files or names of reforms.
        readings: Each ``question=reading``.

    Raises:
        CommunityGovError: Of every kind that the profile, its reforms and its readings can raise.
    """
    when: str | dt.date = dt.date.today() if at is None else at
    if isinstance(when, dt.date):
        when = max(profile.first_day, when if profile.last_day is None else min(when, profile.last_day))
    return profile.at(when, reforms=find_reforms(profile, reforms), readings=one_reading_each(readings))


def only(what: str, found: Mapping[str, T], name: str | None, *, profile: str, by: str | None = None) -> tuple[str, T]:
    """Return the thing named, or the only one that there is.

    Args:
        what: What it is: ``index``, ``certification`` or ``grid``.
        found: What there is, by id.
        name: The id, or None.
        profile: The profile's name, for the message.
        by: The option that names one; what it is, if None.

    Raises:
        UsageError: If there is nothing of the kind, or none of the name, or a name is needed.

    Example:
        >>> only("index", {"quality": 1}, None, profile="city")
        ('quality', 1)
    """
    if not found:
        called = _CALLED[what]
        zh, en = f"{profile} 当日没有{called.zh}", f"{profile} has no {called.en} on that day"
        raise UsageError.because("none-there", zh=zh, en=en)
    if name is None and len(found) == 1:
        name = next(iter(found))
    if name is None:
        known = ", ".join(f"`{key}`" for key in found) or "-"
        raise UsageError.because(
            "which-one",
            zh=f"{profile} 有 {len(found)} 项{_CALLED[what].zh}；请用 --{by or what} 指明：{known}",
            en=f"{profile} has {len(found)} {_CALLED[what].en}; name one with --{by or what}: {known}",
        )
    if name not in found:
        hint = did_you_mean(name, found)
        raise UsageError.because(
            "unknown-name",
            zh=f"{profile} 没有{_CALLED[what].zh} `{name}`{hint.zh}",
            en=f"{profile} has no {what} `{name}`{hint.en}",
        )
    return name, found[name]


def day_of_option(name: str, text: str) -> dt.date:
    """Return the day that an option says, the first of a longer period.

    Args:
        name: The option, without its dashes.
        text: What it says.

    Raises:
        UsageError: If it is none.
    """
    try:
        return Period.parse(text).first_day
    except ValueError:
        zh, en = f"--{name} 须为日期，却是 `{text}`", f"--{name} must be a day such as 2024-05-06, not `{text}`"
        raise UsageError.because("bad-period", zh=zh, en=en) from None


def known(name: str, there: Iterable[str], what: Title) -> None:
    """Refuse the name of something that there is not.

    Args:
        name: The name.
        there: What there is.
        what: What it is the name of.

    Raises:
        UsageError: If there is nothing of the name.

    Example:
        >>> known("lift", ["lift", "lamp"], Title(zh="议题", en="matter"))
    """
    names = set(there)
    if name not in names:
        hint = did_you_mean(name, sorted(names))
        raise UsageError.because(
            "unknown-name",
            zh=f"没有{what.zh} `{name}`{hint.zh}",
            en=f"there is no {what.en} `{name}`{hint.en}",
        )
