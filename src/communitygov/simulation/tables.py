"""From what a simulation has counted to the frames that it gives back."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from math import inf
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from communitygov.simulation.results import QUANTITIES, Simulation, assumptions, frame_of, questions, shares, summary
from communitygov.simulation.variants import Term
from communitygov.simulation.worlds import numpy_or_refuse

if TYPE_CHECKING:
    import polars as pl

    from communitygov.simulation.run import Run

__all__ = ["tabulate"]


def tabulate(run: Run, without: Collection[str] = ()) -> Simulation:
    """Return the results of a simulation that has been carried out.

    Args:
        run: The simulation.
        without: Variants that could not be carried out.
    """
    np = numpy_or_refuse()
    variants = tuple(one for one in run.variants if one.name not in without)
    names = [one.name for one in variants]
    known: dict[object, pl.DataFrame] = {}
    verdicts = {
        (one.name, name): frame
        for one in variants
        for name, frame in run.states[one.name].expected.judged(run.draws, known).items()
    }
    base = run.states[variants[0].name]
    rules = base.course.terms[-1].rules
    of = rules.certification[run.certification].of
    unmeasured = {key: why for one in variants for key, why in run.states[one.name].expected.unmeasured.items()}
    parameters = run.world.parameters
    sections = ("profile", f"index.{of}", f"certification.{run.certification}", "measures", "expectations")
    present = [section for section in sections if rules.root.get(*section.split(".")) is not None]
    return Simulation(
        profile=run.profile.name,
        certification=run.certification,
        first=run.first,
        last=run.last,
        draws=run.draws,
        seed=None if parameters is None else run.world.seed,
        subjects=run.world.size,
        variants=variants,
        digests=MappingProxyType({one.name: run.states[one.name].course.digests() for one in variants}),
        stars=_stars(run, names),
        tiers=_tiers(run, names),
        quantities=_quantities(run, names),
        truly_top=_truly_top(run, names),
        expectations=_expectations(run, verdicts),
        moves=_moves(run, names),
        parameters=() if parameters is None else parameters.declared(),
        assumptions=assumptions(rules, present),
        questions=questions(rules),
        unmeasured=MappingProxyType(unmeasured),
        software=f"numpy {np.__version__}",
        ladder=run.ladder,
        codes=MappingProxyType(run.codes),
        counts=MappingProxyType(run.counts),
        verdicts=MappingProxyType(verdicts),
        units=run.world.units["subject"],
    )


def _terms(run: Run, names: Sequence[str]) -> Iterator[tuple[str, Term]]:
    """Yield the years of some variants that are shown."""
    for name in names:
        for term in run.states[name].course.terms:
            if term.year >= run.first:
                yield name, term


def _per_draw(run: Run, name: str, year: int, codes: Collection[int]) -> Any:
    np = numpy_or_refuse()
    counted = np.zeros(len(run.ladder) + 1, dtype=bool)
    counted[list(codes)] = True
    marks = counted[run.codes[name, year]]
    return marks.reshape(run.draws, run.world.size).sum(axis=1).astype(np.int64)


def _stars(run: Run, names: Sequence[str]) -> pl.DataFrame:
    import polars as pl

    np = numpy_or_refuse()
    rows = []
    everyone = range(1, len(run.ladder) + 1)
    base = np.full(run.draws, run.world.size, dtype=np.int64)
    for name, term in _terms(run, names):
        numbers = _per_draw(run, name, term.year, everyone)
        said = {"certified": int(numbers.sum()), "base": int(base.sum())}
        rows.append({"variant": name, "year": term.year, **said, **shares(numbers, base)})
    kinds = {"variant": pl.String, "year": pl.Int64, "certified": pl.Int64, "base": pl.Int64}
    return frame_of(rows, {**kinds, "mean": pl.Float64, "low": pl.Float64, "high": pl.Float64})


def _tiers(run: Run, names: Sequence[str]) -> pl.DataFrame:
    import polars as pl

    rows = []
    for name, term in _terms(run, names):
        for tier, _ in term.certification.ladder:
            said = summary(_per_draw(run, name, term.year, [run.ladder.index(tier) + 1]))
            share = said["total"] / (run.draws * run.world.size)
            rows.append({"variant": name, "year": term.year, "tier": tier, **said, "share": share})
    kinds = {"variant": pl.String, "year": pl.Int64, "tier": pl.String, **_numbers(pl)}
    return frame_of(rows, {**kinds, "share": pl.Float64})


def _quantities(run: Run, names: Sequence[str]) -> pl.DataFrame:
    import polars as pl

    rows = []
    for name, term in _terms(run, names):
        for quantity in QUANTITIES if run.aftermath else ():
            said = summary(run.counts[name, term.year, quantity])
            rows.append({"variant": name, "year": term.year, "quantity": quantity, **said})
    return frame_of(rows, {"variant": pl.String, "year": pl.Int64, "quantity": pl.String, **_numbers(pl)})


def _truly_top(run: Run, names: Sequence[str]) -> pl.DataFrame:
    import polars as pl

    rows = []
    for name, term in _terms(run, names):
        for tier, _ in term.certification.ladder:
            if (name, term.year, tier) in run.truly:
                truly, certified = run.truly[name, term.year, tier]
                said = {"truly": int(truly.sum()), "certified": int(certified.sum())}
                rows.append({"variant": name, "year": term.year, "tier": tier, **said, **shares(truly, certified)})
    kinds = {"variant": pl.String, "year": pl.Int64, "tier": pl.String, "truly": pl.Int64, "certified": pl.Int64}
    return frame_of(rows, {**kinds, "mean": pl.Float64, "low": pl.Float64, "high": pl.Float64})


def _expectations(run: Run, verdicts: dict[tuple[str, str], pl.DataFrame]) -> pl.DataFrame:
    import polars as pl

    rows = []
    for (variant, name), frame in verdicts.items():
        expectation = run.states[variant].expected.wanted[name]
        counts = {said: frame.filter(pl.col("met") == said).height for said in ("true", "false", "undetermined")}
        decided = counts["true"] + counts["false"]
        rows.append(
            {
                "variant": variant,
                "expectation": name,
                "measure": expectation.measure,
                "kind": expectation.kind,
                "by": None if expectation.by is None else str(expectation.by),
                "met": counts["true"],
                "broken": counts["false"],
                "undetermined": counts["undetermined"],
                "probability": counts["true"] / run.draws if decided else None,
            }
        )
    texts = dict.fromkeys(("variant", "expectation", "measure", "kind", "by"), pl.String)
    numbers = dict.fromkeys(("met", "broken", "undetermined"), pl.Int64)
    return frame_of(rows, {**texts, **numbers, "probability": pl.Float64})


def _moves(run: Run, names: Sequence[str]) -> pl.DataFrame:
    """Compare each variant with the first: who is at another tier in the same year and draw."""
    import polars as pl

    np = numpy_or_refuse()
    rows = []
    size = len(run.ladder) + 1
    standing = {name: {term.year: _standing(run, term) for term in run.states[name].course.terms} for name in names}
    for name in names[1:]:
        for _, term in _terms(run, [name]):
            before, after = run.codes.get((names[0], term.year)), run.codes[name, term.year]
            if before is None or before is after:
                continue
            pairs = np.bincount(before.astype(np.int64) * size + after, minlength=size * size)
            for pair in np.flatnonzero(pairs).tolist():
                was, now = divmod(pair, size)
                if was == now:
                    continue
                was_at = standing[names[0]].get(term.year, {}).get(was, inf)
                change = "gains" if standing[name][term.year].get(now, inf) < was_at else "loses"
                total = int(pairs[pair])
                tiers = {"before": _tier(run, was), "after": _tier(run, now), "change": change}
                rows.append({"variant": name, "year": term.year, **tiers, "total": total, "mean": total / run.draws})
    texts = dict.fromkeys(("before", "after", "change"), pl.String)
    kinds = {"variant": pl.String, "year": pl.Int64, **texts}
    return frame_of(rows, {**kinds, "total": pl.Int64, "mean": pl.Float64})


def _standing(run: Run, term: Term) -> dict[int, float]:
    """Return the order of each tier of a year's certification, by its place in the ladder of all variants."""
    return {run.ladder.index(name) + 1: tier.order for name, tier in term.certification.ladder}


def _tier(run: Run, code: int) -> str | None:
    return run.ladder[code - 1] if code else None


def _numbers(pl: Any) -> dict[str, Any]:
    return {"total": pl.Int64, "mean": pl.Float64, "low": pl.Int64, "high": pl.Int64}
