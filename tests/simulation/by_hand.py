"""The same simulation, carried out by hand: one draw, one variant, the checked verbs, no keeping and no sharing."""

from __future__ import annotations

from typing import Any

import polars as pl
from attrs import frozen

from communitygov.certification.awards import awards
from communitygov.certification.certify import certify
from communitygov.certification.register import plaque_events, register_on, watch_events
from communitygov.certification.watch import watch, watch_unchecked
from communitygov.certification.year import yearly
from communitygov.index.score import score
from communitygov.profile.profile import Profile
from communitygov.simulation.drawing import draw, flags
from communitygov.simulation.variants import Variant
from communitygov.simulation.worlds import World
from communitygov.vocabulary.period import Period


@frozen(eq=False)
class Year:
    """What came of a year.

    Args:
        tiers: The tier of each subject.
        counts: The numbers that a simulation counts.
        scores: The scores that were certified.
        holders: The holders that were handed over.
    """

    tiers: dict[str, str | None]
    counts: dict[str, int]
    scores: pl.DataFrame
    holders: pl.DataFrame | None


def one_draw(frame: pl.DataFrame, which: int) -> pl.DataFrame:
    return frame.filter(pl.col("draw") == which).drop("draw")


def by_hand(
    profile: Profile,
    world: World,
    variant: Variant,
    certification: str,
    years: dict[int, list[str]],
    which: int,
    given: pl.DataFrame | None = None,
) -> dict[int, Year]:
    """Carry one draw of one variant through some years, each with its periods; the first ones may be incomplete."""
    listed = events = results = held = rewarded = None
    holders: list[pl.DataFrame] = []
    if given is not None:
        before = min(years) - 1
        results, holders = given.filter(pl.col("year") == before), [given]
        said = {"day": pl.lit(f"{before}-12-31"), "event": pl.lit("hung"), "reason": pl.lit("certified")}
        events = results.select("subject", "tier", **said).select("subject", "day", "event", "tier", "reason")
        held = register_on(events, f"{before}-12-31")
    scored: list[pl.DataFrame] = []
    last: pl.DataFrame | None = None
    found = {}
    for year, periods in years.items():
        counts = dict.fromkeys(("came_onto_watch", "left_watch", "plaques_taken_down", "award_money"), 0)
        rule: Any = None
        for text in periods:
            rules = profile.at(text, reforms=variant.reforms, readings=variant.readings)
            rule = rules.certification[certification]
            data = one_draw(draw(world, rules.index[rule.of], [Period.parse(text)], which + 1), which)
            scored.append(score(rules.index[rule.of], data))
            if rule.watch is None:
                continue
            # A year that is not wholly in force may rank nobody, which the check refuses.
            verb = watch if len(periods) == rule.year.periods else watch_unchecked
            seen = verb(rule, pl.concat(scored).select("subject", "period", "score"), listed, period=text)
            listed = seen.listed
            counts["watched"] = listed.height
            counts["came_onto_watch"] += seen.frame.filter(pl.col("change") == "enters").height
            counts["left_watch"] += seen.frame.filter(pl.col("change") == "leaves").height
            if held is not None and rule.plaques is not None:
                day = str(Period.parse(text).last_day)
                struck = watch_events(rule, seen.frame, held, day=day)
                counts["plaques_taken_down"] += struck.height
                events = struck if events is None else pl.concat([events, struck])
                held = register_on(events, day)
        if len(periods) < rule.year.periods:
            continue
        scores = yearly(rule, pl.concat(scored[-len(periods) :]))
        scores = with_facts(rule, world, year, scores, last, listed, which)
        given = pl.concat(holders) if holders else None
        certified = certify(rule, scores, given, year=year)
        if rule.awards is not None:
            counts["award_money"] = awards(rule, certified.frame, rewarded)["award"].sum()
        if rule.plaques is not None:
            day = str(Period.parse(periods[-1]).last_day)
            new = plaque_events(rule, results, certified.frame, held, day=day)
            events = new if events is None else pl.concat([events, new])
            held = register_on(events, day)
            counts["plaques_hung"] = new.filter(pl.col("event") == "hung").height
            counts["plaques_taken_down"] += new.filter(pl.col("event") == "taken_down").height
            counts["plaques_hanging"] = held.height
        else:
            events, held = None, certified.frame.select("subject", "tier").head(0)
        tiers = dict(zip(certified.frame["subject"], certified.frame["tier"], strict=True))
        found[year] = Year(tiers, counts, scores, given)
        holders.append(certified.holders)
        results = rewarded = certified.frame
        last = scores
    return found


def with_facts(
    rule: Any,
    world: World,
    year: int,
    scores: pl.DataFrame,
    last: pl.DataFrame | None,
    listed: pl.DataFrame | None,
    which: int,
) -> pl.DataFrame:
    columns = {veto.column for veto in rule.barriers.values()} - {"on_watch"}
    if "on_watch" in {veto.column for veto in rule.barriers.values()}:
        on = [] if listed is None else listed["subject"].to_list()
        scores = scores.with_columns(pl.col("subject").is_in(on).alias("on_watch"))
    if columns:
        scores = scores.join(one_draw(flags(world, sorted(columns), year, which + 1), which), on="subject")
    if rule.group_by is not None:
        scores = scores.join(world.units.select("subject", rule.group_by), on="subject")
    if rule.hold_until_change:
        before = scores.select("subject", pl.lit(None, pl.Int64).alias("previous_score"))
        if last is not None:
            before = last.select("subject", pl.col("score").alias("previous_score"))
        scores = scores.join(before, on="subject")
    return scores
