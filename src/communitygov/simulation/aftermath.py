"""What follows from a year's certification in a simulation: money and plaques."""

from __future__ import annotations

from typing import TYPE_CHECKING

from communitygov.certification.awards import awards
from communitygov.certification.register import plaque_events, register_on, watch_events
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
    np = numpy_or_refuse()
    key = ("awards", course.digest(term, "awards", "decimals", "group_by"), certs, before)

    def make() -> Whole:
        import polars as pl

        if term.certification.awards is None:
            return np.zeros(stages.draws, dtype=np.int64)  # type: ignore[no-any-return]
        scored = before is not None and before.frame["score"].null_count() < before.frame.height
        asked = [name for name in (*KEYS, "group", "tier", "score", "rank") if name in certs.frame.columns]
        last = before.frame.select(asked).lazy() if before is not None and scored else None
        money = awards(term.certification, certs.frame.select(asked).lazy(), last, by=BY)
        sums = money.group_by("draw").agg(pl.col("award").sum()).sort("draw").collect()
        return sums["award"].cast(pl.Int64).to_numpy()  # type: ignore[no-any-return]

    return stages.once(key, make)


def struck(
    stages: Stages, course: Course, term: Term, period: Period, watching: Watching | None, hangs: Plaqued
) -> Plaqued:
    """Take down the plaques of those that came onto the watch list, where the rule does so at once.

    Args:
        stages: The stages.
        course: The rules.
        term: The year that the period lies in.
        period: The period.
        watching: The watch list.
        hangs: The plaques that hang.
    """
    rule = term.certification
    if rule.plaques is None or rule.plaques.on_watch != "at_once" or watching is None or hangs.held is None:
        return hangs
    held = hangs.held

    def make() -> Plaqued:
        day = str(period.last_day)
        events = watch_events(rule, watching.changes, held, day=day, by=BY)
        return Plaqued(_register(held, events, day), hangs.struck + stages.per_draw(events), hangs.counts)

    return stages.once(("struck", course.digest(term, "plaques"), watching, hangs), make)


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
    return stages.once(key, lambda: _plaques(stages, term, certs, before, hangs))


def _plaques(stages: Stages, term: Term, certs: Certs, before: Certs | None, hangs: Plaqued | None) -> Plaqued:
    import polars as pl

    rule = term.certification
    nothing = stages.per_draw(certs.frame.head(0))
    if rule.plaques is None:
        return Plaqued(None, nothing, {})
    day = str(term.periods[-1].last_day)
    # Where a plaque always is that of the year's tier, those of last year's results hang, and need not be told.
    plain = rule.plaques.on_change == "replace" and rule.plaques.on_watch == "year_end"
    held = None if hangs is None else hangs.held
    known = [one.frame["tier"].is_not_null() for one in (certs, before) if one is not None]
    touched = known[0] | known[-1]
    rows = [None if one is None else one.frame.filter(touched).select(*KEYS, "tier").lazy() for one in (before, certs)]
    hangs_now = None if held is None else held.lazy()
    found = plaque_events(rule, rows[0], rows[1], hangs_now, day=day, by=BY)
    if plain:
        # Only how many there are is asked for, so that nothing is put in order that nobody sees.
        events = found.select("draw", "event").collect()
        now, hanging = None, certs.frame.filter(pl.col("tier").is_not_null())
    else:
        events = found.collect()
        now = hanging = _register(held, events, day)
    struck = nothing if hangs is None else hangs.struck
    counts = {
        "plaques_hung": stages.per_draw(events.filter(pl.col("event") == "hung")),
        "plaques_taken_down": struck + stages.per_draw(events.filter(pl.col("event") == "taken_down")),
        "plaques_hanging": stages.per_draw(hanging),
    }
    return Plaqued(now, nothing, counts)


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
