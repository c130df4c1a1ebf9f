"""What follows from a year's certification in a simulation: money and plaques."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from communitygov.certification.awards import awards
from communitygov.certification.register import plaque_events, register_on, watch_events
from communitygov.certification.rules import Certification
from communitygov.simulation.carried import BY, KEYS, Certs, Plaqued, Watching
from communitygov.simulation.stages import Stages
from communitygov.simulation.variants import Course, Term
from communitygov.simulation.worlds import numpy_or_refuse
from communitygov.vocabulary.period import Period

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    Whole = NDArray[np.int64]

__all__ = ["money", "plaques", "struck"]


def money(stages: Stages, course: Course, term: Term, certs: Certs, before: Certs | None) -> Whole:
    """Return the money that goes with a year's results, in fen, for each draw.

    Args:
        stages: The stages.
        course: The rules.
        term: The year.
        certs: The year's certification.
        before: That of the year before.
    """
    of_tiers = ("awards", course.digest(term, "awards"), certs)
    found = stages.once(of_tiers, lambda: _of_tiers(stages, course, term, certs))
    rule = term.certification.awards
    if rule is None or rule.progress is None or before is None or before.scores is None or certs.scores is None:
        return found
    # Gains of score are the same whoever was certified; ranks are where rules of the certification rank alike.
    by_score = rule.progress.by == "score"
    made_from = (certs.scores, before.scores) if by_score else (certs, before)
    of_progress = ("progress", course.digest(term, "awards", "decimals", "group_by"), *made_from)
    return found + stages.once(of_progress, lambda: _of_progress(stages, term.certification, certs, before))


def _of_tiers(stages: Stages, course: Course, term: Term, certs: Certs) -> Whole:
    """Return the money that goes with tiers: what one of each is given, times how many there are."""
    rule = term.certification

    def given() -> Whole:
        found = numpy_or_refuse().zeros(len(stages.ladder) + 1, dtype="int64")
        if rule.awards is not None:
            for tier, each in awards(rule, _one_each(list(rule.tiers))).select("tier", "tier_award").rows():
                found[_code(stages, tier)] = each
        return found  # type: ignore[no-any-return]

    each = stages.always(("awards", course.digest(term, "awards", "group_by"), tuple(rule.tiers)), given)
    return stages.rows.counts(certs.codes, len(each)) @ each  # type: ignore[no-any-return]


def _of_progress(stages: Stages, certification: Certification, certs: Certs, before: Certs) -> Whole:
    """Return the money that goes with progress, of whatever tier."""
    import polars as pl

    # A subject's group is that of this year's rules, also where last year's made none.
    group = [certs.frame["group"]] if certification.group_by is not None else []
    asked: list[Any] = [*KEYS, "score", "rank", *group, pl.lit(None, pl.String).alias("tier")]
    found = awards(certification, *(one.frame.lazy().select(*asked) for one in (certs, before)), by=BY)
    money = found.group_by("draw").agg(pl.col("progress_award").sum()).sort("draw").collect()
    return money["progress_award"].cast(pl.Int64).to_numpy()  # type: ignore[no-any-return]


def _one_each(tiers: Sequence[str | None]) -> pl.DataFrame:
    """Return results of a subject for each of some tiers, who stands for all that have it."""
    import polars as pl

    of_tiers = pl.DataFrame({"subject": [str(i) for i in range(len(tiers))], "tier": pl.Series(tiers, dtype=pl.String)})
    nothing = [pl.lit(None, pl.Int64).alias(name) for name in ("score", "rank")]
    return of_tiers.with_columns(pl.lit("").alias("group"), *nothing)


def _code(stages: Stages, tier: str | None) -> int:
    return 0 if tier is None else stages.ladder.index(tier) + 1


def struck(
    stages: Stages,
    course: Course,
    term: Term,
    period: Period,
    watching: Watching | None,
    certs: Certs | None,
    hangs: Plaqued | None,
) -> Plaqued | None:
    """Take down the plaques of those that came onto the watch list, where the rule does so at once.

    Args:
        stages: The stages.
        course: The rules.
        term: The year that the period lies in.
        period: The period.
        watching: The watch list.
        certs: The last certification, or the holders that were handed over.
        hangs: The plaques that hang.
    """
    rule = term.certification
    if rule.plaques is None or rule.plaques.on_watch != "at_once" or watching is None:
        return hangs
    held = _hanging(certs, hangs)
    if held is None:
        return hangs

    def make() -> Plaqued:
        day = str(period.last_day)
        events = watch_events(rule, watching.changes, held, day=day, by=BY)
        down, hanging = stages.rows.per_draw(events), _register(held, events, day)
        return Plaqued(hanging, down, {}) if hangs is None else Plaqued(hanging, hangs.struck + down, hangs.counts)

    return stages.once(("struck", course.digest(term, "plaques"), watching, certs, hangs), make)


def _hanging(certs: Certs | None, hangs: Plaqued | None) -> pl.DataFrame | None:
    """Return the plaques that hang: where nothing else is known, those of the last certification."""
    if hangs is not None and hangs.held is not None:
        return hangs.held
    return None if certs is None else certs.frame.filter(certs.frame["tier"].is_not_null()).select(*KEYS, "tier")


def plaques(
    stages: Stages, course: Course, term: Term, certs: Certs, before: Certs | None, hangs: Plaqued | None
) -> Plaqued:
    """Hang and take down plaques when a year's results come out.

    Args:
        stages: The stages.
        course: The rules.
        term: The year.
        certs: The year's certification.
        before: That of the year before.
        hangs: The plaques that hang.
    """
    key = ("plaques", course.digest(term, "plaques"), certs, before, hangs)
    return stages.once(key, lambda: _plaques(stages, course, term, certs, before, hangs))


def _plaques(
    stages: Stages, course: Course, term: Term, certs: Certs, before: Certs | None, hangs: Plaqued | None
) -> Plaqued:
    import polars as pl

    rule = term.certification
    nothing = stages.rows.per_draw(certs.frame.head(0))
    if rule.plaques is None:
        return Plaqued(certs.frame.head(0).select(*KEYS, "tier"), nothing, {})
    day = str(term.periods[-1].last_day)
    # Where a plaque always is that of the year's tier, those of last year's results hang, and need not be told.
    plain = rule.plaques.on_change == "replace" and rule.plaques.on_watch == "year_end"
    held = None if hangs is None else hangs.held
    if plain and held is None and all(_known(stages, rule, one) for one in (certs, before) if one is not None):
        return _replaced(stages, course, term, certs, before, hangs)
    known = [one.frame["tier"].is_not_null() for one in (certs, before) if one is not None]
    touched = known[0] | known[-1]
    rows = [None if one is None else one.frame.filter(touched).select(*KEYS, "tier").lazy() for one in (before, certs)]
    held = _hanging(before, hangs)
    events = plaque_events(rule, rows[0], rows[1], None if held is None else held.lazy(), day=day, by=BY).collect()
    hanging = certs.frame.filter(pl.col("tier").is_not_null()) if plain else _register(held, events, day)
    struck = nothing if hangs is None else hangs.struck
    counts = {
        "plaques_hung": stages.rows.per_draw(events.filter(pl.col("event") == "hung")),
        "plaques_taken_down": struck + stages.rows.per_draw(events.filter(pl.col("event") == "taken_down")),
        "plaques_hanging": stages.rows.per_draw(hanging),
    }
    return Plaqued(None if plain else hanging, nothing, counts)


def _known(stages: Stages, rule: Certification, certs: Certs) -> bool:
    """Return whether all tiers of a certification are tiers of a rule; those of another year may have been others."""
    there = numpy_or_refuse().bincount(certs.codes, minlength=len(stages.ladder) + 1)
    others = [there[_code(stages, tier)] for tier in stages.ladder if tier not in rule.tiers]
    return not any(others) and int(there[0]) == certs.frame["tier"].null_count()


def _replaced(
    stages: Stages, course: Course, term: Term, certs: Certs, before: Certs | None, hangs: Plaqued | None
) -> Plaqued:
    """Count the plaques where each is that of the year's tier, by what one subject of each pair of tiers meets."""
    rule, size = term.certification, len(stages.ladder) + 1

    def events() -> tuple[Whole, Whole]:
        met = numpy_or_refuse().zeros((2, size * size), dtype="int64")
        tiers = [None, *rule.tiers]
        pairs = [(was, now) for was in tiers for now in tiers]
        results = [_one_each(side) for side in zip(*pairs, strict=True)]
        found = plaque_events(rule, *results, day=str(term.periods[-1].last_day))
        for subject, event in found.select("subject", "event").rows():
            was, now = pairs[int(subject)]
            met[0 if event == "hung" else 1, size * _code(stages, was) + _code(stages, now)] = 1
        return met[0], met[1]

    hung, taken_down = stages.always(("plaques", course.digest(term, "plaques"), tuple(rule.tiers)), events)
    pairs = certs.codes.astype("int64") + (0 if before is None else size * before.codes.astype("int64"))
    how_many = stages.rows.counts(pairs, size * size)
    nothing = stages.rows.per_draw(certs.frame.head(0))
    counts = {
        "plaques_hung": how_many @ hung,
        "plaques_taken_down": (nothing if hangs is None else hangs.struck) + how_many @ taken_down,
        "plaques_hanging": stages.rows.counts(certs.codes, size)[:, 1:].sum(axis=1),
    }
    return Plaqued(None, nothing, counts)


def _register(held: pl.DataFrame | None, events: pl.DataFrame, day: str) -> pl.DataFrame:
    """Return the plaques that hang after a day's events."""
    import polars as pl

    columns = ["subject", *BY, "day", "event", "tier", "reason"]
    parts = [events.select(columns)]
    if held is not None:
        said = [pl.lit("hung").alias("event"), pl.lit("certified").alias("reason")]
        parts.insert(0, held.with_columns(pl.lit("1000-01-01").alias("day"), *said).select(columns))
    register = register_on(pl.concat(parts), day, by=BY)
    return register.select("subject", *BY, "tier")  # type: ignore[no-any-return]
