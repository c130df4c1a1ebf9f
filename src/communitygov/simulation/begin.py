"""Where a simulation begins: what is refused before anything is computed, and the first period with facts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from attrs import evolve

from communitygov.certification.certify import check_holders
from communitygov.profile.profile import Profile
from communitygov.simulation.given import FACTS, UNITS, check_known
from communitygov.simulation.variants import Course, Term, Variant
from communitygov.simulation.worlds import World, whole_number
from communitygov.vocabulary.errors import DataError, NotInForce, UsageError
from communitygov.vocabulary.frames import Column, Fault, Table, check_table, find_faults
from communitygov.vocabulary.problem import Problem
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["DRAWS", "begun", "check_asked", "check_held", "check_names", "check_years", "draws_of", "years_of"]

DRAWS = 200
"""How many draws there are unless somebody says otherwise."""


def check_names(variants: Sequence[Variant]) -> None:
    """Refuse two variants of one name.

    Args:
        variants: The variants.

    Raises:
        UsageError: If two share a name.
    """
    names = [variant.name for variant in variants]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError.because(
            "repeated-variant",
            zh=f"方案重名：{'、'.join(twice)}；请另取名",
            en=f"variants that share a name: {', '.join(twice)}; give each its own",
        )


def check_years(profile: Profile, first: int, last: int, earliest: int) -> None:
    """Refuse years that there is nothing to simulate in.

    Args:
        profile: The profile.
        first: The first year asked for.
        last: The last.
        earliest: The first year that there are rules for.

    Raises:
        UsageError: If the last is before the first.
        NotInForce: If the first is before the rules are in force.
    """
    if last < first:
        raise UsageError.because(
            "empty-range", zh=f"末年 {last} 早于首年 {first}", en=f"the last year {last} is before the first, {first}"
        )
    if first < earliest:
        raise NotInForce(
            Problem(
                "not-in-force",
                Title(
                    zh=f"{profile.name} 自 {profile.first_day} 起生效，{first} 年尚未生效；最早为 {earliest} 年",
                    en=f"{profile.name} is in force from {profile.first_day}, not in {first}; "
                    f"the first year is {earliest}",
                ),
            )
        )


def draws_of(world: World, draws: int | None) -> int:
    """Return how many draws there are.

    Args:
        world: The world; real data is one draw.
        draws: How many are asked for, if anybody does.

    Raises:
        UsageError: If that is no such number, or not one of real data.
    """
    if world.is_real:
        if draws not in (None, 1):
            raise UsageError.because(
                "real-data-once",
                zh=f"真实数据只有一次，不能抽取 {draws} 次",
                en=f"real data are one draw, not {draws}",
            )
        return 1
    if draws is None:
        return DRAWS
    if not whole_number(draws, 1):
        raise UsageError.because(
            "bad-draws",
            zh=f"抽取次数须为正整数，却是 {draws!r}",
            en=f"draws must be a whole number of 1 or more, not {draws!r}",
        )
    return draws


def years_of(world: World, course: Course) -> list[int]:
    """Return the years that real data cover wholly; none of a drawn world.

    Args:
        world: The world.
        course: The rules, which say what a year is.
    """
    if world.data is None:
        return []
    known = set(map(str, world.data["period"].to_list()))
    return [term.year for term in course.terms if term.full and known.issuperset(map(str, term.periods))]


def begun(course: Course, world: World, first: int | None) -> Course:
    """Return a course from where its simulation begins: a year, the first period of real data, or the profile's.

    Args:
        course: The course.
        world: The world.
        first: The first year, if it begins with one.
    """
    terms = [term for term in course.terms if first is None or term.year >= first]
    if world.data is not None:
        start = min(map(str, world.data["period"].to_list()))
        cut = [(term, tuple(one for one in term.periods if str(one) >= start)) for term in terms]
        terms = [evolve(term, periods=kept, full=term.full and kept == term.periods) for term, kept in cut if kept]
    return evolve(course, terms=tuple(terms))


def check_held(course: Course, world: World, holders: pl.DataFrame, first: int) -> None:
    """Refuse holders that do not fit the rules, the units or the years of a simulation.

    Args:
        course: The rules, from the first year on.
        world: The world.
        holders: Those who held a tier before the first year: ``subject``, ``year``, ``tier``.
        first: The first year.

    Raises:
        DataError: If a column is missing or of another kind, a value is missing, somebody held two tiers in a year, a
            tier is misspelt, a subject is no unit, or a year is not before the first.
    """
    import narwhals as nw

    frame = nw.from_native(holders)
    check_holders(course.terms[0].certification, frame, ())
    late = Title(zh=f"不早于首年 {first}", en=f"not before the first year simulated, {first}")
    problems = find_faults(
        frame, [Fault("not-before-first", "year", nw.col("year") >= first, late, show=True)], ["subject", "year"]
    )
    if problems:
        raise DataError(problems)
    check_known(world.units, holders, Title(zh="此前的认定", en="holders"))


def check_asked(course: Course, world: World) -> None:
    """Refuse a world that lacks what the rules ask for of its units: groups, and of real facts, those that bar.

    Args:
        course: The rules.
        world: The world.

    Raises:
        DataError: If a column is missing or of another kind, a unit has no group, or those on the watch list are barred
            in a year without one.
    """
    import narwhals as nw

    for term in course.terms:
        barring = {veto.column for veto in term.certification.barriers.values()}
        if "on_watch" in barring and term.certification.watch is None:
            raise DataError.because(
                "missing-column",
                zh=f"{term.year} 年的规则以 `on_watch` 一票否决，却没有治理类名单，模拟无从得知谁在其上",
                en=f"the rules of {term.year} bar by `on_watch` and have no watch list, so nobody is known to be on it",
            )
    subject = Column("subject", "text", Title(zh="评价对象", en="subject"))
    groups = {term.certification.group_by: Title(zh="分组", en="group") for term in course.terms}
    columns = [Column(name, "text", title) for name, title in groups.items() if name is not None]
    if columns:
        check_table(Table(UNITS, (subject, *columns), ("subject",), open=True), nw.from_native(world.units))
    flags = [Column(name, "flag", title, nullable=True) for name, title in _bars(course.terms).items()]
    if flags and world.facts is not None:
        year = Column("year", "whole", Title(zh="年度", en="year"))
        table = Table(FACTS, (subject, year, *flags), ("subject", "year"), open=True)
        check_table(table, nw.from_native(world.facts))


def _bars(terms: Sequence[Term]) -> dict[str, Title]:
    """Return the columns of facts that bar in any of some years, with what they are called."""
    vetoes = {key: veto for term in terms for key, veto in term.certification.barriers.items()}
    return {veto.column: veto.name(key) for key, veto in vetoes.items() if veto.column != "on_watch"}
