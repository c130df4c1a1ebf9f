"""Simulate: carry the rules out quarter by quarter and year by year on a world, for several variants at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import define, field

from communitygov.profile.profile import Profile
from communitygov.simulation.aftermath import money, plaques, struck
from communitygov.simulation.begin import (
    begun,
    check_asked,
    check_held,
    check_names,
    check_years,
    draws_of,
    years_of,
)
from communitygov.simulation.carried import Certs, Lift, Plaqued, Scored, Watching, Yearly
from communitygov.simulation.expectations import Expected, expected_of
from communitygov.simulation.given import as_polars
from communitygov.simulation.results import QUANTITIES, Simulation
from communitygov.simulation.stages import Stages
from communitygov.simulation.tables import tabulate
from communitygov.simulation.truth import best, truly
from communitygov.simulation.variants import Course, Term, Variant, as_it_stands, certification_of, course_of
from communitygov.simulation.worlds import World, enumerated
from communitygov.vocabulary.errors import CommunityGovError
from communitygov.vocabulary.period import Period

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Whole = NDArray[np.int64]

__all__ = ["Run", "attempt", "simulate"]


def simulate(
    profile: Profile,
    world: World,
    *,
    first: int | None = None,
    last: int | None = None,
    draws: int | None = None,
    variants: Sequence[Variant] = (),
    certification: str | None = None,
    holders: Any = None,
    undated: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Simulation:
    """Simulate what the rules do, period by period and year by year, under several variants of them.

    Every variant meets the same facts: the same random numbers, or the same real data. The simulation begins with the
    profile's first day (real data: with the first period there is; ``holders``: with the first year), and holders,
    watch list and plaques are carried over from year to year. A year that is not wholly in force certifies nobody.

    Args:
        profile: The profile.
        world: The facts: drawn, or real.
        first: The first year shown; the first that is wholly in force if None.
        last: The last year; eight years after the first if None, or the last year of real data.
        draws: How many draws; 200 if None. Real data has one.
        variants: The variants; the rules as they stand if there are none. Others are compared with the first.
        certification: The certification's id, if the profile has several.
        holders: A frame of those who held a tier before the first year: ``subject``, ``year``, ``tier``. The plaques
            of those of the year before it hang when it begins.
        undated: Whether expectations without a date (trends, standards) are judged too. In a drawn world a trend
            tells more of the model than of the rules.
        progress: Told after each period how many are done, and how many there are.

    Returns:
        The results, as frames, with everything they rest on.

    Raises:
        UsageError: If there is no such certification, years or draws do not fit, or two variants share a name.
        NotInForce: If the rules are not in force in the years asked for.
        DocumentError: If a variant breaks a rule.
        DataError: If real data, units or holders do not fit the rules.
        MissingExtra: If numpy is not installed (extra ``simulation``).

    Source:
        SJS-12 (quarters and years), SJS-16 to SJS-19 (certification), SJS-22 to SJS-24 (plaques, watch list, awards).

    Example:
        >>> import communitygov
        >>> from communitygov.simulation.worlds import World, enumerated
        >>> rules = communitygov.load_profile("shijingshan")
        >>> result = simulate(rules, World.drawn(seed=1), last=2023, draws=4)
        >>> result.stars.select("year", "certified", "base").rows()[0]
        (2022, 168, 572)
    """
    chosen = tuple(variants) or (as_it_stands(),)
    run = Run.of(
        profile,
        world,
        chosen,
        first=first,
        last=last,
        draws=draws,
        certification=certification,
        holders=holders,
        undated=undated,
    )
    for error in (run.errors or run.carry_out(progress)).values():
        raise error
    return tabulate(run)


def attempt(
    profile: Profile,
    world: World,
    variants: Sequence[Variant],
    *,
    progress: Callable[[int, int], None] | None = None,
    **settings: Any,
) -> tuple[Simulation, Mapping[str, CommunityGovError]]:
    """Simulate variants of which some may break a rule, or meet facts that they cannot be applied to.

    Args:
        profile: The profile.
        world: The facts.
        variants: The variants; the first must hold.
        progress: As for ``simulate``.
        settings: The other arguments of ``simulate``.

    Returns:
        The results of those that could be carried out to the end, and the error of each of the others, by name.

    Raises:
        CommunityGovError: What ``simulate`` raises, for the first variant.
    """
    run = Run.of(profile, world, tuple(variants), **settings)
    first = variants[0].name
    errors = run.errors if first in run.errors else run.carry_out(progress)
    if first in errors:
        raise errors[first]
    return tabulate(run, without=errors), errors


@define(eq=False)
class State:
    """Where one variant stands.

    Args:
        course: Its rules.
        expected: What its expectations ask for.
        recent: The scores of the latest periods.
        terms: Its years, by number.
    """

    course: Course
    expected: Expected
    recent: list[Scored] = field(factory=list)
    watching: Watching | None = None
    lift: Lift | None = None
    lifts: dict[Period, Lift] = field(factory=dict)
    scores: Yearly | None = None
    certs: Certs | None = None
    plaqued: Plaqued | None = None
    changes: dict[str, Any] = field(factory=dict)
    """The watch list's changes since the year began, per draw."""

    @property
    def kept(self) -> int:
        """How many periods' scores are kept: as many as the rules of any year look back on, since these may change."""
        rules = [term.certification for term in self.course.terms]
        waits = [max(rule.watch.periods, rule.watch.leaving.after) for rule in rules if rule.watch is not None]
        return max(rule.year.periods for rule in rules) + max(waits, default=0)


@define(eq=False)
class Run:
    """A simulation while it runs.

    Args:
        profile: The profile.
        world: The world, its subjects enumerated.
        variants: The variants.
        certification: The certification's id.
        first: The first year shown.
        last: The last year.
        draws: How many draws.
        states: Where each variant stands, by name.
        ladder: The tiers of all variants, highest first.
        holders: Those who held a tier before the first year.
        errors: What kept a variant from being carried out, by name.
        aftermath: Whether to count plaques, money and the truly best.
        codes: Per variant and year, the tier of each row: its place in the ladder, from 1; 0 without one.
        counts: Per variant, year and quantity, a number for each draw.
        truly: Per variant, year and cut, for each draw how many of the certified are among as many best by latent
            quality, and how many are certified; nothing of real data.
    """

    profile: Profile
    world: World
    variants: tuple[Variant, ...]
    certification: str
    first: int
    last: int
    draws: int
    states: dict[str, State]
    ladder: tuple[str, ...]
    holders: Any = None
    errors: dict[str, CommunityGovError] = field(factory=dict)
    aftermath: bool = True
    codes: dict[tuple[str, int], Any] = field(factory=dict)
    counts: dict[tuple[str, int, str], Whole] = field(factory=dict)
    truly: dict[tuple[str, int, str], tuple[Whole, Whole]] = field(factory=dict)

    @classmethod
    def of(
        cls,
        profile: Profile,
        world: World,
        variants: tuple[Variant, ...],
        *,
        first: int | None = None,
        last: int | None = None,
        draws: int | None = None,
        certification: str | None = None,
        holders: Any = None,
        undated: bool = False,
        aftermath: bool = True,
    ) -> Run:
        """Return a simulation that is ready to run; the arguments are those of ``simulate``.

        Args:
            profile: The profile.
            world: The facts.
            variants: The variants.
            first: The first year shown.
            last: The last year.
            draws: How many draws.
            certification: The certification's id.
            holders: Those who held a tier before the first year.
            undated: Whether expectations without a date are judged too.
            aftermath: Whether to count plaques, money and the truly best.
        """
        check_names(variants)
        name = certification_of(profile, certification)
        until = profile.first_day.year + 1
        if world.data is not None:
            until = max(until, *(int(str(period)[:4]) for period in world.data["period"].unique()))
        earliest = course_of(profile, variants[0], name, until)
        whole = next((term.year for term in earliest.terms if term.full), earliest.terms[-1].year + 1)
        known = years_of(world, earliest)
        first = first if first is not None else max(whole, known[0] if known else whole)
        last = last if last is not None else (known[-1] if known else first + 8)
        check_years(profile, first, last, earliest.terms[0].year)
        world = enumerated(world)
        begin = first if holders is not None else None
        held = None if holders is None else as_polars(holders)
        states: dict[str, State] = {}
        errors: dict[str, CommunityGovError] = {}
        for variant in variants:
            try:
                course = begun(course_of(profile, variant, name, last), world, begin)
                check_asked(course, world)
                if held is not None:
                    check_held(course, world, held, first)
                states[variant.name] = State(course, expected_of(course, world, undated=undated))
            except CommunityGovError as error:
                errors[variant.name] = error
        ladder: dict[str, None] = {}
        for state in states.values():
            for term in state.course.terms:
                ladder.update(dict.fromkeys(tier for tier, _ in term.certification.ladder))
        count = draws_of(world, draws)
        return cls(profile, world, variants, name, first, last, count, states, tuple(ladder), held, errors, aftermath)

    def carry_out(self, progress: Callable[[int, int], None] | None = None) -> Mapping[str, CommunityGovError]:
        """Run through all periods.

        Args:
            progress: Told after each period how many are done, and how many there are.

        Returns:
            The error of each variant that could not be carried out to the end, by its name.
        """
        nodes = frozenset(name for state in self.states.values() for name in state.expected.nodes)
        told = frozenset(name for state in self.states.values() for name in state.expected.told)
        ties = {name for s in self.states.values() for t in s.course.terms for name in t.certification.tie_break}
        looked_back = [term.certification.renewal for s in self.states.values() for term in s.course.terms]
        years = max((renewal.years for renewal in looked_back if renewal is not None), default=1)
        stages = Stages(self.world, self.draws, nodes | ties, told, self.ladder, years)
        steps = [self._steps(state) for state in self.states.values()]
        periods = sorted({period for step in steps for period in step})
        errors = dict(self.errors)
        given = None if self.holders is None else stages.given(self.holders, self.first)
        for state in self.states.values():
            state.certs = given
        for done, period in enumerate(periods, 1):
            stages.turn(period)
            for (name, state), step in zip(self.states.items(), steps, strict=True):
                if period in step and name not in errors:
                    try:
                        self._step(stages, name, state, step[period], period)
                    except CommunityGovError as error:
                        errors[name] = error
            if progress is not None:
                progress(done, len(periods))
        return errors

    @staticmethod
    def _steps(state: State) -> dict[Period, Term]:
        return {period: term for term in state.course.terms for period in term.periods}

    def _step(self, stages: Stages, name: str, state: State, term: Term, period: Period) -> None:
        """Carry one variant through one period, and through the year if it ends with it."""
        course = state.course
        if state.lift is not None:
            state.lifts[period] = state.lift
        ahead = [one for one in term.periods if one >= period]
        scored = stages.scored(course, period, ahead, state.lift)
        state.recent = [*state.recent, scored][-state.kept :]
        if self.aftermath or stages.listens(course):
            state.watching = stages.watched(course, term, state.recent, state.watching)
        state.lift = stages.lifted(period, state.lift, state.watching)
        if state.watching is not None:
            for what in ("came_onto_watch", "left_watch"):
                state.changes[what] = state.changes.get(what, 0) + state.watching.counts[what]
            if self.aftermath:
                state.plaqued = struck(stages, course, term, period, state.watching, state.certs, state.plaqued)
        if period == term.periods[-1]:
            self._close(stages, name, state, term)

    def _close(self, stages: Stages, name: str, state: State, term: Term) -> None:
        """Certify the year that has ended, and count what came of it."""
        course, before = state.course, state.certs
        if term.full:
            scores = stages.year(course, term, state.recent[-len(term.periods) :])
            state.certs = stages.certified(course, term, scores, state.scores, before, state.watching)
            state.scores = scores
        else:
            state.certs, state.scores = stages.nobody(course, term, before), None
        state.expected.take(stages, state.recent[-len(term.periods) :], state.certs)
        self.codes[name, term.year] = state.certs.codes
        if self.aftermath:
            self._count(stages, name, state, term, state.certs, before)
            self._compare(stages, name, state, term, state.certs)
        state.changes = {}
        state.lifts = {period: lift for period, lift in state.lifts.items() if period not in term.periods}

    def _count(self, stages: Stages, name: str, state: State, term: Term, certs: Certs, before: Certs | None) -> None:
        """Count the watch list, plaques and money of a year."""
        state.plaqued = plaques(stages, state.course, term, certs, before, state.plaqued)
        counts = {
            **dict.fromkeys(QUANTITIES, stages.rows.per_draw(certs.frame.head(0))),
            "award_money": money(stages, state.course, term, certs, before),
            **state.plaqued.counts,
            **state.changes,
        }
        if state.watching is not None:
            counts["watched"] = state.watching.counts["watched"]
        for what, count in counts.items():
            self.counts[name, term.year, what] = count

    def _compare(self, stages: Stages, name: str, state: State, term: Term, certs: Certs) -> None:
        """Count how many of the certified of a year are truly best."""
        truth = best(stages, state.course, term, state.lifts) if term.full and term.year >= self.first else None
        if truth is None:
            return
        cut: list[int] = []
        for tier, _ in term.certification.ladder:
            cut.append(self.ladder.index(tier) + 1)
            self.truly[name, term.year, tier] = truly(stages, certs, truth, tuple(cut))
