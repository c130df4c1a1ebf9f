"""From judged cuts to a result: tiers, reasons and distances, and the summary of each cut."""

from __future__ import annotations

from typing import Any

from communitygov.certification.columns import whole
from communitygov.certification.cuts import at_or_ahead, effective, nominal, vetoed
from communitygov.certification.work import Cut, Work, any_of

__all__ = ["conclude", "holders", "result", "summary"]


def conclude(work: Work) -> Work:
    """Add the tier that each subject ends with, as the number of its cut; 0 for none.

    Args:
        work: Judged work.
    """
    import narwhals as nw

    none = nw.lit(0, dtype=nw.Int64)
    ranked = (nw.col("_base") >= work.certification.least_group) & work.scored
    by_rank = none
    for cut in reversed(work.cuts):
        number = nw.lit(cut.number, dtype=nw.Int64)
        by_rank = nw.when(_passes(work, cut)).then(number).otherwise(by_rank)
    work = work.adding({"_ranked": ranked})
    work = work.adding({"_by_rank": nw.when(nw.col("_ranked")).then(by_rank).otherwise(none)})
    tier = nw.col("_by_rank")
    if work.holding:
        same = (nw.col("score") == nw.col("previous_score")).fill_null(False)
        keeps = nw.col("_ranked") & same & (nw.col("_last") > 0) & ~vetoed(work)
        work = work.adding({"_keeps": keeps})
        tier = nw.when(nw.col("_keeps")).then(nw.col("_last")).otherwise(tier)
    work = work.adding({"_before_cap": tier})
    if work.certification.cap is None:
        return work.adding({"_tier": nw.col("_before_cap")})
    work = work.adding({"_certified": nw.col("_before_cap") > 0})
    ahead = whole(nw.col("_position").rank("max").over(*work.group, "_certified"))
    work = work.adding({"_ahead": ahead})
    capped = nw.col("_certified") & (nw.col("_ahead") > work.certification.cap).fill_null(False)
    work = work.adding({"_capped": capped})
    return work.adding({"_tier": nw.when(nw.col("_capped")).then(none).otherwise(nw.col("_before_cap"))})


def _passes(work: Work, cut: Cut) -> Any:
    mask = cut.col("within")
    mask = mask & ~cut.col("barred") if cut.bars else mask
    return mask & cut.col("reached") if cut.tier.threshold is not None else mask


def result(work: Work) -> Any:
    """Return the result's frame.

    Args:
        work: Concluded work.
    """
    import narwhals as nw

    ranked, lowest = nw.col("_ranked"), nw.lit(len(work.cuts), dtype=nw.Int64)
    certified = nw.col("_before_cap") > 0
    work = work.adding({"_cut": nw.when(certified).then(nw.col("_before_cap")).otherwise(lowest)})
    rank = {cut.number: nw.when(cut.col("candidate")).then(effective(cut)) for cut in work.cuts}
    line = {cut.number: cut.col("line") for cut in work.cuts}
    names = {cut.number: nw.lit(cut.id) for cut in work.cuts}
    return work.frame.select(
        "subject",
        nw.lit(work.year, dtype=nw.Int64).alias("year"),
        *work.by,
        "group",
        "score",
        nw.when(ranked).then(nw.col("_position")).alias("rank"),
        nw.when(ranked).then(_chosen("_cut", names)).alias("cut"),
        nw.when(ranked).then(_chosen("_cut", rank)).alias("effective_rank"),
        _chosen("_tier", names).alias("tier"),
        _reason(work).alias("reason"),
        nw.when(ranked).then(nw.col("score") - _chosen("_cut", line)).alias("distance"),
    )


def _chosen(number: str, values: dict[int, Any]) -> Any:
    """Return the value that belongs to the number of a cut; null for a number without one."""
    import narwhals as nw

    chosen: Any = None
    for key, value in values.items():
        mask = nw.col(number) == key
        chosen = nw.when(mask).then(value) if chosen is None else nw.when(mask).then(value).otherwise(chosen)
    return chosen


def _reason(work: Work) -> Any:
    """Return the reason: the first that holds, so the last is laid down first."""
    import narwhals as nw

    reason: Any = nw.lit("below")
    lowest = work.cuts[-1]
    if work.certification.ties == "out" and lowest.has_places:
        tied = lowest.col("candidate") & (effective(lowest) <= lowest.col("places")).fill_null(False)
        tied = tied & lowest.col("reached") if lowest.tier.threshold is not None else tied
        reason = nw.when(tied).then(nw.lit("tie")).otherwise(reason)
    for cut in work.cuts:
        reason = nw.when(nw.col("_by_rank") == cut.number).then(_why_in(work, cut)).otherwise(reason)
    if any(cut.bars for cut in work.cuts):
        reason = nw.when(any_of([_lost(cut) for cut in work.cuts if cut.bars])).then(nw.lit("veto")).otherwise(reason)
    if work.holding:
        reason = nw.when(nw.col("_keeps")).then(nw.lit("held")).otherwise(reason)
    if work.certification.cap is not None:
        reason = nw.when(nw.col("_capped")).then(nw.lit("capped")).otherwise(reason)
    reason = nw.when(nw.col("_ranked")).then(reason).otherwise(nw.lit("not_ranked"))
    return nw.when(work.scored).then(reason).otherwise(nw.lit("not_scored"))


def _why_in(work: Work, cut: Cut) -> Any:
    import narwhals as nw

    why: Any = nw.lit("in_quota")
    if cut.has_places:
        if work.renewing:
            beyond = (nominal(cut) > cut.col("places")).fill_null(False)
            why = nw.when(beyond).then(nw.lit("moved_up")).otherwise(why)
        if work.certification.ties == "in":
            tied = (at_or_ahead(cut) > cut.col("places")).fill_null(False)
            why = nw.when(tied).then(nw.lit("tie")).otherwise(why)
    return nw.when(cut.col("renewed")).then(nw.lit("renewed")).otherwise(why) if work.renewing else why


def _lost(cut: Cut) -> Any:
    """Return whether a veto alone keeps a subject out of a cut better than the one it is in."""
    import narwhals as nw

    better = (nw.col("_by_rank") == 0) | (nw.col("_by_rank") > cut.number)
    lost = cut.col("barred") & better
    if cut.has_places:
        lost = lost & (effective(cut) <= cut.col("places")).fill_null(False)
    return lost & cut.col("reached") if cut.tier.threshold is not None else lost


def holders(work: Work) -> Any:
    """Return those certified, as holders.

    Args:
        work: Concluded work.
    """
    import narwhals as nw

    names = {cut.number: nw.lit(cut.id) for cut in work.cuts}
    return work.frame.filter(nw.col("_tier") > 0).select(
        "subject", nw.lit(work.year, dtype=nw.Int64).alias("year"), *work.by, _chosen("_tier", names).alias("tier")
    )


def summary(work: Work) -> Any:
    """Return the cuts: one row per group and tier.

    Args:
        work: Concluded work.
    """
    import narwhals as nw

    masks: dict[str, Any] = {}
    for cut in work.cuts:
        masks[cut.named("candidates")] = cut.col("candidate")
        masks[cut.named("free")] = _passes(work, cut) & cut.col("renewed") if work.renewing else nw.lit(False)
        masks[cut.named("certified")] = (nw.col("_tier") > 0) & (nw.col("_tier") <= cut.number)
        masks[cut.named("in_tier")] = nw.col("_tier") == cut.number
        if not cut.has_places:
            masks[cut.named("places")] = nw.col("_nothing")
    ranked = work.frame.filter(nw.col("_base") >= work.certification.least_group)
    ranked = ranked.with_columns(**{name: whole(mask) for name, mask in masks.items()})
    summed = [nw.col(name).sum() for name in masks if "_places_" not in name]
    same = [nw.col(cut.named(what)).max() for cut in work.cuts for what in ("places", "line")]
    keys = [*work.by, "group"]
    groups = ranked.group_by(*keys).agg(nw.col("_base").max(), nw.col("_nothing").max(), *summed, *same)
    return nw.concat([_one_cut(groups, cut, keys) for cut in work.cuts]).sort(*keys, "_number").drop("_number")


def _one_cut(groups: Any, cut: Cut, keys: list[str]) -> Any:
    import narwhals as nw

    share = cut.tier.share
    return groups.select(
        *keys,
        nw.lit(cut.id).alias("tier"),
        whole(nw.col("_base")).alias("base"),
        *(whole(cut.col(what)).alias(what) for what in ("places", "line", "candidates")),
        whole(cut.col("free")).alias("renewed"),
        *(whole(cut.col(what)).alias(what) for what in ("certified", "in_tier")),
        _of_share(None if share is None else share.numerator).alias("nominal_numerator"),
        _of_share(None if share is None else share.denominator).alias("nominal_denominator"),
        whole(cut.col("certified")).alias("achieved_numerator"),
        whole(nw.col("_base")).alias("achieved_denominator"),
        nw.lit(cut.number, dtype=nw.Int64).alias("_number"),
    )


def _of_share(part: int | None) -> Any:
    import narwhals as nw

    return nw.col("_nothing") if part is None else nw.lit(part, dtype=nw.Int64)
