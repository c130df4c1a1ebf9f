"""The cuts of a certification in columns: an effective rank is one window, on any backend.

Among all scored subjects of a group, ``_position`` is the rank. Among those that take a place (the takers), the rank
of the position is 1 and the takers strictly ahead: the effective rank. Among all others, the position less that rank
is the number of takers ahead, since whoever is ahead either is a taker or is not. So one window per cut, over the
group and whether a subject takes a place, gives everybody's effective rank.
"""

from __future__ import annotations

from math import ceil, lcm
from typing import Any

from attrs import evolve

from communitygov.certification.columns import count, shared, units, whole, with_nothing
from communitygov.certification.rules import Certification
from communitygov.certification.work import Cut, Work, any_of

__all__ = ["at_or_ahead", "effective", "judge", "nominal", "vetoed"]


def judge(certification: Certification, scores: Any, holders: Any, year: int, by: tuple[str, ...]) -> Work:
    """Judge every subject at every cut.

    Args:
        certification: The rule.
        scores: A Narwhals frame of scores.
        holders: A Narwhals frame of holders, or None.
        year: The year certified.
        by: Further key columns.

    Returns:
        The work, with these columns for each cut: ``places``, ``candidate``, ``barred``, ``renewed``, ``nominal``,
        ``effective``, ``at`` (takers at or ahead), ``within``, ``reached``, ``line``.
    """
    renewing = holders is not None and certification.renewal is not None
    work = Work(
        certification=certification,
        frame=_facts(certification, scores, by),
        by=by,
        year=year,
        renewing=renewing,
        holding=holders is not None and certification.hold_until_change,
        cuts=_cuts(certification, renewing),
    )
    if work.renewing or work.holding:
        work = _with_holders(work, holders)
    return _lines(_within(_ranks(_takers(_places(_positions(work))))))


def _cuts(certification: Certification, renewing: bool) -> tuple[Cut, ...]:
    found = []
    for number, (name, tier) in enumerate(certification.ladder, 1):
        vetoes = [
            veto
            for veto in certification.barriers.values()
            if veto.bars is None or tier.order <= certification.tiers[veto.bars].order
        ]
        before = tuple(dict.fromkeys(veto.column for veto in vetoes if veto.when == "before"))
        takers = f"_{number}" if renewing else "_".join(["", *before])
        bars = tuple(dict.fromkeys(veto.column for veto in vetoes))
        found.append(Cut(number, name, tier, before, bars, takers))
    return tuple(found)


def _facts(certification: Certification, scores: Any, by: tuple[str, ...]) -> Any:
    """Return only the columns that the rule asks for, scores in units, the group under the name of ``group``."""
    import narwhals as nw

    group = nw.lit("") if certification.group_by is None else nw.col(certification.group_by)
    names = ["score", *certification.tie_break, *(["previous_score"] if certification.hold_until_change else [])]
    flags = dict.fromkeys(veto.column for veto in certification.barriers.values())
    facts = scores.select(
        "subject",
        *by,
        group.alias("group"),
        *(units(scores, name, certification.decimals).alias(name) for name in names),
        *flags,
    )
    return with_nothing(facts)


def _with_holders(work: Work, holders: Any) -> Work:
    """Add the number of last year's tier, and of the best and worst of as many years as a renewal asks for."""
    import narwhals as nw

    renewal = work.certification.renewal
    years = renewal.years if work.renewing and renewal is not None else 1
    # A tier that the rule no longer has is none that could be kept, and is held as one below all that it has.
    kept: Any = nw.lit(0, dtype=nw.Int64)
    for cut in work.cuts:
        kept = nw.when(nw.col("tier") == cut.id).then(nw.lit(cut.number, dtype=nw.Int64)).otherwise(kept)
    below = nw.lit(len(work.cuts) + 1, dtype=nw.Int64)
    order = nw.when(nw.col("_last") > 0).then(nw.col("_last")).otherwise(below)
    keys = ["subject", *shared(holders, work.by)]
    year, last = nw.col("year"), work.year - 1
    held = holders.filter((year >= work.year - years) & (year <= last)).select(*keys, "year", _last=kept)
    names = ["_last"]
    if work.renewing:
        names = ["_last", "_years", "_best", "_worst"]
        one = nw.lit(1, dtype=nw.Int64)
        held = held.with_columns(_years=one, _best=order, _worst=order)
    if years > 1:
        before = nw.when(year == last).then(nw.col("_last")).otherwise(nw.lit(0, dtype=nw.Int64))
        columns = [nw.col("_last").max(), nw.col("_years").sum(), nw.col("_best").min(), nw.col("_worst").max()]
        held = held.with_columns(_last=before).group_by(*keys).agg(*columns)
    frame = work.frame.join(held.select(*keys, *names), on=keys, how="left")
    # Nothing held is 0, which is no tier's number.
    return evolve(work, frame=frame.with_columns(**{name: whole(nw.col(name).fill_null(0)) for name in names}))


def _positions(work: Work) -> Work:
    """Add the rank among the scored, by score and then by each link of the tie-break chain, and the base."""
    import narwhals as nw

    certification, group = work.certification, work.group
    base = nw.len().over(*group)
    if certification.base == "scored":
        base = count(work.scored).over(*group)
    elif certification.base == "eligible":
        struck = any_of([nw.col(name) for name in work.cuts[-1].before])
        base = count(work.scored & ~struck).over(*group)
    rank = nw.col("score").rank("min", descending=True).over(*group)
    work = work.adding({"_position": whole(rank), "_base": whole(base)})
    for name in certification.tie_break:
        behind = nw.when(work.scored).then(nw.col(name)).rank("min", descending=True).over(*group, "_position")
        work = work.adding({"_position": nw.col("_position") + whole(behind) - 1})
    return work


def _places(work: Work) -> Work:
    """Add the places down to each cut: whole numbers over the shares' common denominator, rounded as declared."""
    import narwhals as nw

    certification, base = work.certification, nw.col("_base")
    whole_share = lcm(*(cut.tier.share.denominator for cut in work.cuts if cut.tier.share is not None))
    columns: dict[str, Any] = {}
    above = reach = nw.lit(0, dtype=nw.Int64)
    for cut in work.cuts:
        share, number = cut.tier.share, cut.tier.number
        if number is not None:
            exact = nw.lit(number * whole_share, dtype=nw.Int64)
            places = nw.lit(number, dtype=nw.Int64)
        elif share is not None:
            exact = base * (share.numerator * (whole_share // share.denominator))
            places = _rounded(exact, whole_share, certification.rounding)
            if certification.rounded == "each":
                own = nw.max_horizontal(exact - reach, nw.lit(0, dtype=nw.Int64))
                places = above + _rounded(own, whole_share, certification.rounding)
            if cut.tier.at_least is not None:
                places = nw.max_horizontal(places, nw.lit(cut.tier.at_least, dtype=nw.Int64))
            if cut.tier.at_most is not None:
                places = nw.min_horizontal(places, nw.lit(cut.tier.at_most, dtype=nw.Int64))
        else:
            continue
        above, reach = nw.max_horizontal(above, places), nw.max_horizontal(reach, exact)
        columns[cut.named("places")] = whole(above)
    return work.adding(columns)


def _rounded(exact: Any, bottom: int, rounding: str) -> Any:
    if rounding == "half_up":
        return (exact * 2 + bottom) // (2 * bottom)
    return (exact + (bottom - 1 if rounding == "ceiling" else 0)) // bottom


def _takers(work: Work) -> Work:
    """Add who is a candidate, who is barred, who is renewed and who takes a place."""
    import narwhals as nw

    columns: dict[str, Any] = {}
    for cut in work.cuts:
        columns[cut.named("candidate")] = work.scored & ~any_of([nw.col(name) for name in cut.before])
        columns[cut.named("barred")] = any_of([nw.col(name) for name in cut.bars])
    work = work.adding(columns)
    position = nw.col("_position")
    within_candidates = {
        cut.named("nominal"): whole(position.rank("min").over(*work.group, cut.named("candidate")))
        for cut in work.cuts
        if cut.before and work.renewing
    }
    work = work.adding(within_candidates)
    return work.adding({cut.named("renewed"): _renewed(work, cut) for cut in work.cuts if work.renewing})


def nominal(cut: Cut) -> Any:
    """Return the rank among a cut's candidates.

    Args:
        cut: The cut.
    """
    import narwhals as nw

    return cut.col("nominal") if cut.before else nw.col("_position")


def _renewed(work: Work, cut: Cut) -> Any:
    import narwhals as nw

    renewal = work.certification.renewal
    assert renewal is not None
    best, worst = nw.col("_best"), nw.col("_worst")
    held = nw.col("_years") == renewal.years
    if renewal.hold == "same":
        held = held & (best == cut.number) & (worst == cut.number)
    elif renewal.hold == "this_or_higher":
        held = held & (worst <= cut.number)
    free = cut.col("candidate") & held & ~vetoed(work)
    if renewal.within == "original_cut" and cut.has_places:
        free = free & (nominal(cut) <= cut.col("places")).fill_null(False)
    return free


def vetoed(work: Work) -> Any:
    """Return whether any veto strikes a subject.

    Args:
        work: The work.
    """
    import narwhals as nw

    return any_of([nw.col(veto.column) for veto in work.certification.barriers.values()])


def _ranks(work: Work) -> Work:
    """Add the effective rank, and the takers at or ahead of each taker."""
    import narwhals as nw

    position = nw.col("_position")
    classes = {cut.takers: cut for cut in work.cuts}
    takers = {}
    for name, cut in classes.items():
        takers[f"_takes{name}"] = cut.col("candidate") & ~cut.col("renewed") if work.renewing else cut.col("candidate")
    work = work.adding(takers)
    windows = {}
    for name in classes:
        # Where everybody scored takes a place, the position is the rank, and one window is saved.
        over = [*work.group, f"_takes{name}"] if name else work.group
        windows[f"_at{name}"] = whole(position.rank("max").over(*over))
        if name:
            windows[f"_among{name}"] = whole(position.rank("min").over(*over))
    work = work.adding(windows)
    effective = {}
    for name in classes:
        if name:
            among = nw.col(f"_among{name}")
            effective[f"_effective{name}"] = (
                nw.when(nw.col(f"_takes{name}")).then(among).otherwise(position - among + 1)
            )
        else:
            effective["_effective"] = position
    return work.adding(effective)


def effective(cut: Cut) -> Any:
    """Return the effective rank at a cut.

    Args:
        cut: The cut.
    """
    import narwhals as nw

    return nw.col(f"_effective{cut.takers}")


def at_or_ahead(cut: Cut) -> Any:
    """Return the takers at or ahead of a taker.

    Args:
        cut: The cut.
    """
    import narwhals as nw

    return nw.col(f"_at{cut.takers}")


def _within(work: Work) -> Work:
    """Add whether the rank is within the places, ties as declared, and whether the score reaches the threshold."""
    import narwhals as nw

    columns: dict[str, Any] = {}
    for cut in work.cuts:
        threshold = cut.tier.threshold
        if threshold is not None:
            least = ceil(threshold * 10**work.certification.decimals)
            columns[cut.named("reached")] = (nw.col("score") >= least).fill_null(False)
        if not cut.has_places:
            columns[cut.named("within")] = cut.col("candidate")
            continue
        ahead = effective(cut)
        if work.certification.ties == "out":
            ahead = nw.when(nw.col(f"_takes{cut.takers}")).then(at_or_ahead(cut)).otherwise(ahead)
        columns[cut.named("within")] = cut.col("candidate") & (ahead <= cut.col("places")).fill_null(False)
    return work.adding(columns)


def _lines(work: Work) -> Work:
    """Add the score that each cut reaches down to."""
    import narwhals as nw

    columns: dict[str, Any] = {}
    for cut in work.cuts:
        least: Any = None
        if cut.tier.threshold is not None:
            least = nw.lit(ceil(cut.tier.threshold * 10**work.certification.decimals), dtype=nw.Int64)
        if cut.has_places:
            last = nw.when(cut.col("within")).then(nw.col("score")).min().over(*work.group)
            # A greatest of two would pass over a missing one.
            line = last if least is None else nw.when((last < least).fill_null(False)).then(least).otherwise(last)
        else:
            line = least
        columns[cut.named("line")] = line
    return work.adding(columns)
