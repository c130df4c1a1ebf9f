"""Certify: who is certified at which tier, for any number of subjects at once, on any kind of frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from attrs import field, frozen

from communitygov.certification import results
from communitygov.certification.columns import adopt_beside, check, misspelt_tier
from communitygov.certification.cuts import judge
from communitygov.certification.rules import Certification
from communitygov.certification.tables import RESERVED
from communitygov.certification.work import Work
from communitygov.vocabulary.frames import adopt

__all__ = ["Certified", "certify", "certify_unchecked"]


@frozen
class Certified:
    """A year's certification: one row per subject, and the cuts that made it.

    ``frame`` has, in this order and in no promised order of rows:

    - ``subject`` (text), ``year`` (Int64), and the ``by`` columns, as they came;
    - ``group`` (text): the group it is ranked in; empty if there are no groups;
    - ``score`` (Int64, nullable): the yearly score in units of the last published place;
    - ``rank`` (Int64, nullable): 1 and the scored subjects of its group strictly ahead, by score and tie-break chain,
      whether vetoed or not; null if it is not ranked;
    - ``cut`` (text, nullable): the tier whose cut the rest of the row speaks of: that of its tier (before the cap), or
      the lowest; null if it is not ranked;
    - ``effective_rank`` (Int64, nullable): 1 and the candidates of that cut that take a place and are strictly ahead;
      null if it is not ranked, or no candidate of that cut (vetoed before it);
    - ``tier`` (text, nullable): its tier; null without one;
    - ``reason`` (text): the first of these that holds. ``not_scored``: no score. ``not_ranked``: its group's base is
      below the least. ``capped``: certified but for the cap. ``held``: keeps last year's tier, its own score being
      unchanged. ``veto``: a veto bars it from a better cut whose places its effective rank is within. For the
      certified: ``renewed``: takes no place, as a holder; ``tie``: in only because all of a tie are; ``moved_up``: its
      rank among the cut's candidates is beyond the places, it is in because holders take none; ``in_quota``. For the
      others: ``tie``: out at the lowest cut only because all of a tie are; ``below``;
    - ``distance`` (Int64, nullable): its score less the cut's line, in units; null where the cut has no line.

    Args:
        frame: As above, of the kind that was given.
        key: The columns that name a row.
        outcome: The columns that are the result, for a comparison of two rule sets.
        because: The columns that say why.
        year: The year certified.
    """

    frame: Any
    key: tuple[str, ...]
    outcome: tuple[str, ...]
    because: tuple[str, ...]
    year: int
    _work: Work = field(repr=False, eq=False)
    _held: Any = field(repr=False, eq=False)
    _back: Callable[[Any], Any] = field(repr=False, eq=False)

    @cached_property
    def cuts(self) -> Any:
        """The cuts: one row per ``by``, group and tier, highest tier first; computed when first asked for.

        Columns: the ``by`` columns, ``group``, ``tier``, and as Int64 ``base`` (what the quota is a share of),
        ``places`` (down to the cut; null without a quota), ``line`` (the score the cut reaches down to, in units: the
        least score of the candidates within its places, or the threshold if that is higher; for a cut without a quota
        the threshold; null where it reaches nobody), ``candidates``, ``renewed`` (in the cut and taking no place),
        ``certified`` (with this tier or a higher one, in the end), ``in_tier`` (with this tier), the declared share as
        ``nominal_numerator`` over ``nominal_denominator`` (null without one), and what was reached as
        ``achieved_numerator`` over ``achieved_denominator`` (certified over base). Groups that are not ranked are left
        out.
        """
        return self._back(results.summary(self._work))

    @cached_property
    def holders(self) -> Any:
        """This year's holders, as the next year's certification takes them: ``subject``, ``year``, ``tier``, ``by``."""
        return self._back(results.holders(self._work))

    @cached_property
    def former(self) -> Any:
        """Those of the holders given whose tier the rule no longer has: it counts as held, and as no tier of the rule.

        None if no holders were given.
        """
        import narwhals as nw

        if self._held is None:
            return None
        return self._back(self._held.filter(~nw.col("tier").is_in(list(self._work.certification.tiers))))


def certify(
    certification: Certification, scores: Any, holders: Any = None, *, year: int, by: Sequence[str] = ()
) -> Certified:
    """Certify the subjects of a year.

    Args:
        certification: The rule.
        scores: One row per subject (and per combination of ``by``); columns ``certification.scores_table``:
            ``subject``, ``score`` (Int64 in units of the last published place, or a float or decimal taken at its
            value; null where a subject has none), the tie-break scores, the veto flags, the group, and, if the rule
            holds a tier until the score changes, ``previous_score``. Other columns are let through and left out.
        holders: One row per subject and year in which it held a tier: ``subject``, ``year``, ``tier``, as far back as
            the rule needs, of the kind of ``scores``; ``by`` columns if the holders differ between combinations. None
            if nobody held any. A tier that the rule no longer has is held (``any``), but is neither the ``same`` as
            another nor ``this_or_higher``, and is not kept; ``former`` names who held one.
        year: The year that is certified.
        by: Further key columns, such as the draw of a simulation; each combination is certified on its own.

    Returns:
        The result, its frame of the kind given.

    Raises:
        DataError: If a frame does not fit the rule; every fault names column and rows.
        UsageError: If a ``by`` column has a name with another meaning.

    Source:
        SJS-16 to SJS-20: rank shares of the yearly score, holders outside the quota, the next in rank moves up.

    Example:
        >>> from fractions import Fraction
        >>> import polars as pl
        >>> from communitygov.certification.rules import Renewal, Tier, Year
        >>> rule = Certification(
        ...     of="quality",
        ...     year=Year(starts=1, periods=4),
        ...     decimals=2,
        ...     tiers={"star": Tier(order=1, share=Fraction(1, 2))},
        ...     base="all",
        ...     rounding="floor",
        ...     rounded="cumulative",
        ...     ties="in",
        ...     renewal=Renewal(hold="any", years=1, within="original_cut"),
        ... )
        >>> scores = pl.DataFrame({"subject": ["a", "b", "c", "d"], "score": [92.5, 90.25, 88.0, 70.0]})
        >>> holders = pl.DataFrame({"subject": ["b"], "year": [2023], "tier": ["star"]})
        >>> certify(rule, scores, holders, year=2024).frame.select("subject", "rank", "reason").rows()
        [('a', 1, 'in_quota'), ('b', 2, 'renewed'), ('c', 3, 'moved_up'), ('d', 4, 'below')]
    """
    frame, back = adopt(scores)
    held = None if holders is None else adopt_beside(frame, holders, "holders")
    check(certification.scores_table, frame, by=by, reserved=RESERVED)
    if held is not None:
        check_holders(certification, held, by)
    return _certified(certification, frame, held, year, tuple(by), back)


def certify_unchecked(
    certification: Certification, scores: Any, holders: Any = None, *, year: int, by: Sequence[str] = ()
) -> Certified:
    """Certify like ``certify``, without checking the frames first; what comes of faulty ones is not defined.

    Args:
        certification: The rule.
        scores: As for ``certify``.
        holders: As for ``certify``.
        year: The year that is certified.
        by: Further key columns.
    """
    frame, back = adopt(scores)
    held = None if holders is None else adopt_beside(frame, holders, "holders")
    return _certified(certification, frame, held, year, tuple(by), back)


def _certified(
    certification: Certification,
    frame: Any,
    held: Any,
    year: int,
    by: tuple[str, ...],
    back: Callable[[Any], Any],
) -> Certified:
    work = results.conclude(judge(certification, frame, held, year, by))
    return Certified(
        frame=back(results.result(work)),
        key=("subject", "year", *by),
        outcome=("tier",),
        because=("reason",),
        year=year,
        work=work,
        held=held,
        back=back,
    )


def check_holders(certification: Certification, holders: Any, by: Sequence[str]) -> None:
    """Check the holders' frame.

    Args:
        certification: The rule.
        holders: A Narwhals frame.
        by: Further key columns; those that it lacks are the same for all.

    Raises:
        DataError: If it does not fit, or misspells a tier. One that the rule does not have is one of earlier rules.
    """
    present = [name for name in by if name in holders.collect_schema().names()]
    check(certification.holders_table, holders, by=present, reserved=RESERVED, more=[misspelt_tier(certification)])
