"""Ambiguities: which of the questions that a source leaves open change anybody's result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

from attrs import frozen

from communitygov.profile.profile import Profile
from communitygov.profile.rules import Interpretation
from communitygov.simulation.results import QUANTITIES, Simulation, frame_of
from communitygov.simulation.run import attempt
from communitygov.simulation.variants import Variant, as_it_stands
from communitygov.simulation.worlds import World, numpy_or_refuse
from communitygov.vocabulary.errors import CommunityGovError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Ambiguities", "ambiguities"]

_BATCH = 40
"""How many variants are simulated side by side, so that what is carried over fits into memory."""


@frozen(eq=False)
class Ambiguities:
    """What other readings of open questions would change.

    ``frame`` has one row per reading that was not chosen, or per pair of such, those that change most first:

    - ``question``, ``reading``, and for a pair ``other_question``, ``other_reading``;
    - ``subjects`` (float): how many subjects are at another tier in at least one year, in the mean over draws;
    - ``a_year`` (float): how many are in a year, in the mean over draws and years;
    - ``expectations`` (list of text): those whose verdict differs in some draw;
    - ``verdicts`` (float): in what share of draws the verdict differs of that which differs most often;
    - ``quantities`` (list of text): what else differs in number, of ``QUANTITIES``;
    - ``error``, ``error_zh`` (text): why the reading could not be tried; then all before is null.

    Args:
        frame: As above.
        draws: How many draws.
        first: The first year compared.
        last: The last.
        seed: What the random numbers are made from; None of real data.
        subjects: How many subjects there are.
    """

    frame: pl.DataFrame
    draws: int
    first: int
    last: int
    seed: int | None
    subjects: int


def ambiguities(
    profile: Profile,
    world: World,
    *,
    pairs: bool = False,
    questions: Sequence[str] = (),
    first: int | None = None,
    last: int | None = None,
    draws: int | None = None,
    certification: str | None = None,
    holders: Any = None,
    progress: Callable[[int, int], None] | None = None,
) -> Ambiguities:
    """Try every reading of every open question, one at a time, and see what it changes.

    Each is compared with the rules as they stand, with the readings chosen, on the same facts.

    Args:
        profile: The profile.
        world: The facts: drawn, or real.
        pairs: Whether to try also every two readings of different questions together.
        questions: Only these questions; all if there are none.
        first: The first year compared; as for ``simulate``.
        last: The last.
        draws: How many draws.
        certification: The certification's id, if the profile has several.
        holders: Those who held a tier before the first year, as for ``simulate``.
        progress: Told how much is done, and how much there is.

    Returns:
        What each reading changes. A reading that changes nothing is there with 0, one that cannot be tried with its
        error.

    Raises:
        UsageError: If a question is unknown, or what ``simulate`` raises for the rules as they stand.

    Example:
        >>> import communitygov
        >>> from communitygov.simulation.worlds import World
        >>> rules = communitygov.load_profile("shijingshan")
        >>> found = ambiguities(rules, World.drawn(seed=1), questions=["target_date"], last=2023, draws=2)
        >>> found.frame.select("question", "reading", "subjects").rows()
        [('target_date', 'beginning', 0.0)]
    """
    asked = profile.at(profile.first_day).rules.interpretations
    for question in questions:
        # Says so if there is no such question.
        Variant.of_reading(profile, question, asked[question].chosen if question in asked else "")
    chosen = {key: one for key, one in asked.items() if not questions or key in questions}
    tried = list(_tried(profile, chosen, pairs))
    base = as_it_stands()
    settings = {"first": first, "last": last, "draws": draws, "certification": certification, "holders": holders}
    batches = [tried[i : i + _BATCH] for i in range(0, len(tried), _BATCH)] or [[]]
    rows: list[dict[str, Any]] = []
    simulation: Simulation | None = None
    for done, batch in enumerate(batches):

        def told(part: int, whole: int, done: int = done) -> None:
            if progress is not None:
                progress(done * whole + part, len(batches) * whole)

        simulation, errors = attempt(
            profile, world, [base, *(variant for _, variant in batch)], undated=True, progress=told, **settings
        )
        for names, variant in batch:
            rows.append({**names, **_difference(simulation, errors, base.name, variant.name)})
    assert simulation is not None
    return Ambiguities(
        _sorted(rows), simulation.draws, simulation.first, simulation.last, simulation.seed, simulation.subjects
    )


def _tried(
    profile: Profile, asked: Mapping[str, Interpretation], pairs: bool
) -> Iterator[tuple[dict[str, str | None], Variant]]:
    """Yield every reading that is not chosen, and every pair of such, with its names."""
    others = [(key, reading) for key, one in asked.items() for reading in one.readings if reading != one.chosen]
    singles = {pair: Variant.of_reading(profile, *pair) for pair in others}
    for (question, reading), variant in singles.items():
        yield _names(question, reading), variant
    for one, other in combinations(others, 2) if pairs else ():
        if one[0] != other[0]:
            both = Variant(
                f"{singles[one].name} {singles[other].name}", singles[one].title, readings=dict([one, other])
            )
            yield _names(*one, *other), both


def _names(
    question: str, reading: str, other_question: str | None = None, other_reading: str | None = None
) -> dict[str, str | None]:
    return {
        "question": question,
        "reading": reading,
        "other_question": other_question,
        "other_reading": other_reading,
    }


def _difference(
    simulation: Simulation, errors: Mapping[str, CommunityGovError], base: str, variant: str
) -> dict[str, Any]:
    """Return what a variant changes against another."""
    if variant in errors:
        nothing = dict.fromkeys(("subjects", "a_year", "expectations", "verdicts", "quantities"))
        return {**nothing, "error": errors[variant].say("en"), "error_zh": errors[variant].say("zh")}
    ever, a_year = _moved(simulation, base, variant)
    verdicts = _verdicts(simulation, base, variant)
    return {
        "subjects": ever,
        "a_year": a_year,
        "expectations": sorted(verdicts),
        "verdicts": max(verdicts.values(), default=0.0),
        "quantities": _quantities(simulation, base, variant),
        "error": None,
        "error_zh": None,
    }


def _moved(simulation: Simulation, base: str, variant: str) -> tuple[float, float]:
    """Return how many subjects are at another tier in any year, and how many are in a year, in the mean."""
    np = numpy_or_refuse()
    codes = simulation.codes
    shown = range(simulation.first, simulation.last + 1)
    years = [year for year in shown if (base, year) in codes and (variant, year) in codes]
    ever = np.zeros(simulation.draws * simulation.subjects, dtype=bool)
    moved = 0
    for year in years:
        apart = codes[base, year] != codes[variant, year]
        ever |= apart
        moved += int(apart.sum())
    return int(ever.sum()) / simulation.draws, moved / (simulation.draws * max(len(years), 1))


def _verdicts(simulation: Simulation, base: str, variant: str) -> dict[str, float]:
    """Return each expectation whose verdict differs, with the share of draws in which it does."""
    found = {}
    for name in dict.fromkeys(name for _, name in simulation.verdicts):
        one, other = simulation.verdicts.get((base, name)), simulation.verdicts.get((variant, name))
        if one is None or other is None:
            share = float(one is not other)
        else:
            share = int((one["met"] != other["met"]).sum()) / simulation.draws
        if share:
            found[name] = share
    return found


def _quantities(simulation: Simulation, base: str, variant: str) -> list[str]:
    shown = range(simulation.first, simulation.last + 1)
    found = []
    for name in QUANTITIES:
        for year in shown:
            one, other = simulation.counts.get((base, year, name)), simulation.counts.get((variant, year, name))
            if one is not other and (one is None or other is None or (one != other).any()):
                found.append(name)
                break
    return found


def _sorted(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Return the rows as a frame: what changes most first, what could not be tried last."""
    import polars as pl

    texts = dict.fromkeys(("question", "reading", "other_question", "other_reading"), pl.String)
    kinds = {
        **texts,
        "subjects": pl.Float64,
        "a_year": pl.Float64,
        "expectations": pl.List(pl.String),
        "verdicts": pl.Float64,
        "quantities": pl.List(pl.String),
        "error": pl.String,
        "error_zh": pl.String,
    }
    rows.sort(
        key=lambda row: (
            row["error"] is not None,
            -(row["subjects"] or 0),
            -(row["verdicts"] or 0),
            -len(row["quantities"] or ()),
        )
    )
    return frame_of(rows, kinds)
