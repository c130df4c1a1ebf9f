"""What a year's results bring: money for stars and for progress, and the list of those to renovate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from communitygov.certification.columns import (
    adopt_beside,
    check,
    in_units,
    misspelt_tier,
    shared,
    unknown_tier,
    whole,
    with_nothing,
)
from communitygov.certification.explain_listing import conditions_of
from communitygov.certification.rules import Award, Awards, Certification, Progress
from communitygov.certification.tables import RESERVED, demands_table, results_table
from communitygov.measures.measure import measure, meets
from communitygov.measures.rules import Expectation, Measure
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.frames import adopt

__all__ = ["awards", "listing"]

_OWN = RESERVED - {"year", "group"}


def listing(
    certification: Certification,
    demands: Any,
    *,
    measures: Mapping[str, Measure],
    expectations: Mapping[str, Expectation],
    by: Sequence[str] = (),
) -> Any:
    """List the subjects that meet every expectation that the list is made by.

    It measures and judges as ``measure`` and ``meets`` do, and adds nothing but that all must hold: one that is not met
    keeps a subject off the list, and so does one that cannot be judged.

    Args:
        certification: The rule, with a renovation list.
        demands: One row per subject and year (and combination of ``by``): ``subject``, ``year``, ``demands`` (whole
            number, of the year), ``score`` and ``previous_score`` (yearly scores, units or values; null where there is
            none), and what else the measures take. Measures of ``improvement`` are taken of the score less last year's,
            in units, null without both.
        measures: The measures of the rule set, by id.
        expectations: Its expectations, by id.
        by: Further key columns, such as a simulation's draw.

    Returns:
        A frame of the kind given: ``subject``, ``year``, the ``by`` columns, ``demands``, ``improvement`` (Int64
        units), ``listed`` (Boolean), ``reason`` (``all_met`` for the listed, else ``not_met`` or ``undetermined``) and
        ``expectation`` (text, null for the listed): the first that is not met; if there is none, the first that cannot
        be judged.

    Raises:
        DataError: If the frame does not fit.
        UsageError: If the certification has no renovation list, or an expectation is none for a list.

    Source:
        SJS-34: communities with concentrated demands and limited improvement.

    Example:
        >>> import polars as pl
        >>> import communitygov
        >>> rules = communitygov.load_profile("shijingshan").at(2024)
        >>> year = pl.DataFrame(
        ...     {
        ...         "subject": ["a", "b"],
        ...         "year": [2024, 2024],
        ...         "demands": [120, 120],
        ...         "score": [36000, 36500],
        ...         "previous_score": [36000, 36000],
        ...     }
        ... )
        >>> stars, rest = rules.certification["quality_star"], rules.rules
        >>> found = listing(stars, year, measures=rest.measures, expectations=rest.expectations)
        >>> found.select("subject", "listed", "reason", "expectation").rows()
        [('a', True, 'all_met', None), ('b', False, 'not_met', 'improvement_limited')]
    """
    import narwhals as nw

    named = conditions_of(certification, measures, expectations)
    frame, back = adopt(demands)
    check(demands_table(certification), frame, by=by, reserved={*_OWN, "improvement", "expectation"})
    frame = in_units(frame, ["score", "previous_score"], certification.decimals)
    frame = frame.with_columns(improvement=nw.col("score") - nw.col("previous_score"))
    rows = back(frame)
    frame = frame.with_columns(_when=nw.col("year").cast(nw.String))
    for name, (expectation, of) in named.items():
        judged = adopt_beside(frame, meets(expectation, measure(of, rows, by=by)).frame, "judged")
        met = judged.select("subject", *by, nw.col("period").alias("_when"), nw.col("met").alias(f"_met_{name}"))
        frame = frame.join(met, on=["subject", *by, "_when"], how="left")
    frame = frame.with_columns(nw.col(*(f"_met_{name}" for name in named)).fill_null("undetermined"))
    first = reason = None
    for verdict, said in (("undetermined", "undetermined"), ("false", "not_met")):
        for name in reversed(named):
            mask = nw.col(f"_met_{name}") == verdict
            first, reason = _or_else(mask, name, first), _or_else(mask, said, reason)
    frame = frame.with_columns(_reason=reason, expectation=first)
    return back(
        frame.select(
            "subject",
            whole(nw.col("year")).alias("year"),
            *by,
            whole(nw.col("demands")).alias("demands"),
            "improvement",
            nw.col("_reason").is_null().alias("listed"),
            nw.col("_reason").fill_null("all_met").alias("reason"),
            "expectation",
        )
    )


def _or_else(mask: Any, text: str, otherwise: Any) -> Any:
    """Return a text where a mask is true, and another expression elsewhere, if there is one."""
    import narwhals as nw

    chosen = nw.when(mask).then(nw.lit(text))
    return chosen if otherwise is None else chosen.otherwise(otherwise)


def awards(certification: Certification, results: Any, before: Any = None, *, by: Sequence[str] = ()) -> Any:
    """Work out the money that goes with a year's results.

    Args:
        certification: The rule, with awards.
        results: One row per subject (and combination of ``by``), as ``certify`` gives it: ``subject``, ``tier`` and, if
            progress is rewarded, ``score`` and ``rank``, and ``group`` where gains are compared in groups; ``year`` as
            well, if the awards are to be measured.
        before: The results of the year before, of the same kind of frame; None if there are none. Its tiers may be
            those of earlier rules.
        by: Further key columns, the same in both.

    Returns:
        A frame of the kind given: ``subject``, ``year`` if the results have it, the ``by`` columns, ``tier``, and as
        Int64 ``gain`` (units of score or ranks gained on the year before; null if not known), ``tier_award``,
        ``progress_award`` and ``award`` (both), in fen, hundredths of a yuan.

    Raises:
        DataError: If a frame does not fit.
        UsageError: If the certification has no awards.

    Source:
        SJS-24: money for certified communities and for those of large yearly progress.

    Example:
        >>> from fractions import Fraction
        >>> import polars as pl
        >>> from communitygov.certification.rules import Tier, Year
        >>> rule = Certification(
        ...     of="quality",
        ...     year=Year(starts=1, periods=4),
        ...     decimals=0,
        ...     tiers={"star": Tier(order=1, number=1)},
        ...     base="all",
        ...     rounding="floor",
        ...     rounded="cumulative",
        ...     ties="in",
        ...     awards=Awards(tiers={"star": Award(amount=Fraction(20000))}),
        ... )
        >>> results = pl.DataFrame({"subject": ["a", "b"], "tier": ["star", None]})
        >>> awards(rule, results).select("subject", "award").rows()
        [('a', 2000000), ('b', 0)]
    """
    import narwhals as nw

    rule = certification.awards
    if rule is None:
        raise UsageError.because("no-awards", zh="此认定没有资金奖励", en="this certification has no awards")
    frame, back = adopt(results)
    earlier = None if before is None else adopt_beside(frame, before, "before")
    table = results_table(certification)
    for one, wrong in ((frame, unknown_tier), (earlier, misspelt_tier)):
        if one is not None:
            check(table, one, by=by, reserved=_OWN, more=[wrong(certification)])
    frame = _with_gains(certification, rule.progress, frame, earlier, by)
    frame = frame.with_columns(tier_award=_of_tiers(rule), progress_award=_of_progress(rule))
    both = nw.col("tier_award") + nw.col("progress_award")
    year = [name for name in shared(frame, ["year"]) if name not in by]
    money = ("gain", "tier_award", "progress_award")
    return back(frame.select("subject", *year, *by, "tier", *money, both.alias("award")))


def _fen(award: Award) -> Any:
    import narwhals as nw

    return nw.lit(int(award.amount * 100), dtype=nw.Int64)


def _of_tiers(rule: Awards) -> Any:
    import narwhals as nw

    money: Any = nw.lit(0, dtype=nw.Int64)
    for name, award in rule.tiers.items():
        money = nw.when((nw.col("tier") == name).fill_null(False)).then(_fen(award)).otherwise(money)
    return money


def _with_gains(
    certification: Certification, progress: Progress | None, frame: Any, earlier: Any, by: Sequence[str]
) -> Any:
    """Add what each subject gained on the year before, and its rank among the gains that are large enough."""
    import narwhals as nw

    frame = with_nothing(frame).with_columns(_all=nw.lit(0))
    if progress is None or earlier is None:
        return frame.with_columns(gain=nw.col("_nothing"), _gained=nw.col("_nothing"))
    least = ceil(progress.at_least * (10**certification.decimals if progress.by == "score" else 1))
    frame = in_units(frame, ["score"], certification.decimals)
    earlier = in_units(earlier, ["score"], certification.decimals)
    was = earlier.select("subject", *by, whole(nw.col(progress.by)).alias("_was"))
    frame = frame.join(was, on=["subject", *by], how="left")
    now = whole(nw.col(progress.by))
    gain = now - nw.col("_was") if progress.by == "score" else nw.col("_was") - now
    frame = frame.with_columns(gain=gain)
    large = nw.when((nw.col("gain") >= least).fill_null(False)).then(nw.col("gain"))
    over = [*by, "group" if certification.group_by else "_all"]
    return frame.with_columns(_large=large).with_columns(
        _gained=whole(nw.col("_large").rank("min", descending=True).over(*over))
    )


def _of_progress(rule: Awards) -> Any:
    import narwhals as nw

    none = nw.lit(0, dtype=nw.Int64)
    if rule.progress is None:
        return none
    gained = ~nw.col("_gained").is_null()
    if rule.progress.first is not None:
        gained = gained & (nw.col("_gained") <= rule.progress.first).fill_null(False)
    return nw.when(gained).then(_fen(rule.progress)).otherwise(none)
