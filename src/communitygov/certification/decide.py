"""Who is certified, decided slowly: row by row in whole numbers and fractions, as the rule reads.

Nothing here is shared with the columns of ``certify``; each is the check of the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from math import ceil, floor

from attrs import evolve, frozen

from communitygov.certification.rules import Certification, Tier
from communitygov.vocabulary.numbers import half_up

__all__ = ["Holder", "Outcome", "Row", "Standing", "decide", "places_of"]


@frozen
class Row:
    """One subject's facts of the year.

    Args:
        subject: Its name.
        score: Its yearly score in units of the last published place; None if it has none.
        group: The group it is ranked in.
        breaks: Its scores of the tie-break chain, in order.
        flags: The veto columns that are true of it.
        previous: Last year's score, if there was one.
    """

    subject: str
    score: int | None
    group: str = ""
    breaks: tuple[int, ...] = ()
    flags: frozenset[str] = frozenset()
    previous: int | None = None

    @property
    def key(self) -> tuple[int, ...]:
        """What orders it among the scored; greater is better."""
        return (self.score or 0, *self.breaks)


@frozen
class Holder:
    """A tier that a subject held in a year.

    Args:
        subject: Its name.
        year: The year.
        tier: The tier's id.
    """

    subject: str
    year: int
    tier: str


@frozen
class Standing:
    """How a subject stands at one cut.

    Args:
        tier: The cut's tier.
        places: Places down to the cut; None without a quota.
        nominal: Its rank among the candidates of the cut.
        struck_ahead: Scored subjects ahead that a veto keeps from being candidates.
        renewed: Whether it takes no place, as a holder.
        renewed_ahead: Candidates ahead that take no place.
        effective: 1 and the candidates ahead that take a place.
        at_or_ahead: Candidates at or ahead that take a place.
        within: Whether its rank is within the places, ties as declared.
        threshold: The least score, in units; None if there is none.
        barred: The vetoes that bar it.
        candidate: Whether it is a candidate: scored and not vetoed before the cut.
        line: The score that the cut reaches down to, in units; None where it reaches nobody.
    """

    tier: str
    places: int | None
    nominal: int
    struck_ahead: int
    renewed: bool
    renewed_ahead: int
    effective: int
    at_or_ahead: int
    within: bool
    threshold: int | None
    barred: tuple[str, ...]
    candidate: bool
    line: int | None = None

    def reached(self, score: int) -> bool:
        """Say whether a score is no less than the threshold.

        Args:
            score: The score, in units.
        """
        return self.threshold is None or score >= self.threshold


@frozen
class Outcome:
    """What the rule makes of one subject; the columns of ``certify`` and what they rest on.

    Args:
        row: Its facts.
        base: The base of its group.
        scored: The scored subjects of its group.
        standings: How it stands at each cut, highest first; none if it is not ranked.
        rank: 1 and the scored subjects of its group that are ahead.
        cut: The tier whose cut decides: that of its tier, else the lowest.
        effective_rank: Its effective rank at that cut; None if it is no candidate of it.
        tier: Its tier; None without one.
        reason: Why.
        distance: Its score less that cut's line, in units.
        by_rank: The tier that its rank alone gives it, before a kept tier and the cap.
        kept: The tier that it keeps since its score is unchanged, before the cap; None if it keeps none.
        held: The tiers it held, by year, of the years the rule asks for.
        certified_ahead: Subjects certified before the cap that are at or ahead of it, itself included.
    """

    row: Row
    base: int
    scored: int
    standings: tuple[Standing, ...] = ()
    rank: int | None = None
    cut: str | None = None
    effective_rank: int | None = None
    tier: str | None = None
    reason: str = "not_scored"
    distance: int | None = None
    by_rank: str | None = None
    kept: str | None = None
    held: tuple[tuple[int, str], ...] = ()
    certified_ahead: int = 0


def decide(certification: Certification, rows: Iterable[Row], holders: Iterable[Holder], year: int) -> list[Outcome]:
    """Decide every subject, in the order of the rows.

    Args:
        certification: The rule.
        rows: The subjects of all groups.
        holders: Tiers held in earlier years.
        year: The year that is certified.

    Example:
        >>> from communitygov.certification.rules import Tier, Year
        >>> rule = Certification(
        ...     of="quality",
        ...     year=Year(starts=1, periods=4),
        ...     decimals=0,
        ...     tiers={"star": Tier(order=1, share=Fraction(1, 3))},
        ...     base="all",
        ...     rounding="floor",
        ...     rounded="cumulative",
        ...     ties="in",
        ... )
        >>> [(o.row.subject, o.reason) for o in decide(rule, [Row("a", 9), Row("b", 8), Row("c", 7)], [], 2024)]
        [('a', 'in_quota'), ('b', 'below'), ('c', 'below')]
    """
    rows = list(rows)
    tiers_held: dict[str, dict[int, str]] = {}
    for holder in holders:
        tiers_held.setdefault(holder.subject, {})[holder.year] = holder.tier
    found: dict[str, Outcome] = {}
    for group in {row.group: None for row in rows}:
        members = [row for row in rows if row.group == group]
        for outcome in _decide_group(certification, members, tiers_held, year):
            found[outcome.row.subject] = outcome
    return [found[row.subject] for row in rows]


def places_of(certification: Certification, base: int) -> list[int | None]:
    """Return the places down to each cut, highest tier first; None for a tier without a quota.

    Args:
        certification: The rule.
        base: The number of subjects that quotas are a share of.
    """
    ways: dict[str, Callable[[Fraction], int]] = {"floor": floor, "half_up": half_up, "ceiling": ceil}
    rounded = ways[certification.rounding]
    found: list[int | None] = []
    above, reach = 0, Fraction(0)
    for _, tier in certification.ladder:
        if tier.number is not None:
            count, exact = tier.number, Fraction(tier.number)
        elif tier.share is not None:
            exact = tier.share * base
            each = certification.rounded == "each"
            count = above + rounded(max(exact - reach, Fraction(0))) if each else rounded(exact)
            count = max(count, tier.at_least or 0)
            count = count if tier.at_most is None else min(count, tier.at_most)
        else:
            found.append(None)
            continue
        above, reach = max(above, count), max(reach, exact)
        found.append(above)
    return found


def _decide_group(
    certification: Certification, members: Sequence[Row], tiers_held: dict[str, dict[int, str]], year: int
) -> list[Outcome]:
    scored = [row for row in members if row.score is not None]
    lowest = certification.ladder[-1][0]
    eligible = [row for row in scored if not _barred(certification, row, lowest, when="before")]
    base = len({"all": members, "scored": scored, "eligible": eligible}[certification.base])
    quotas = places_of(certification, base)
    held = {row.subject: tiers_held.get(row.subject, {}) for row in members}
    cuts = [
        _judge_cut(certification, name, places, scored, held, year)
        for (name, _), places in zip(certification.ladder, quotas, strict=True)
    ]
    outcomes = []
    for row in members:
        if row.score is None:
            outcomes.append(Outcome(row, base, len(scored)))
        elif base < certification.least_group:
            outcomes.append(Outcome(row, base, len(scored), reason="not_ranked"))
        else:
            rank = 1 + sum(other.key > row.key for other in scored)
            standings = tuple(cut[row.subject] for cut in cuts)
            outcomes.append(_judge(certification, row, base, len(scored), rank, standings, held[row.subject], year))
    return _cap(certification, outcomes)


def _barred(certification: Certification, row: Row, tier: str, when: str | None = None) -> tuple[str, ...]:
    """Return the vetoes that bar a subject from a tier."""
    order = certification.tiers[tier].order
    found = []
    for name, veto in certification.barriers.items():
        reaches = veto.bars is None or order <= certification.tiers[veto.bars].order
        if veto.column in row.flags and reaches and when in (None, veto.when):
            found.append(name)
    return tuple(found)


def _is_holder(certification: Certification, row: Row, tier: Tier, held: dict[int, str], year: int) -> bool:
    renewal = certification.renewal
    if renewal is None or any(veto.column in row.flags for veto in certification.barriers.values()):
        return False
    for earlier in range(year - renewal.years, year):
        if earlier not in held:
            return False
        if renewal.hold == "any":
            continue
        # Of a tier that the rule no longer has it is not known where it would stand.
        order = certification.tiers[held[earlier]].order if held[earlier] in certification.tiers else None
        if order is None or (order != tier.order if renewal.hold == "same" else order > tier.order):
            return False
    return True


def _judge_cut(
    certification: Certification,
    name: str,
    places: int | None,
    scored: Sequence[Row],
    held: dict[str, dict[int, str]],
    year: int,
) -> dict[str, Standing]:
    tier = certification.tiers[name]
    candidates = [row for row in scored if not _barred(certification, row, name, when="before")]
    nominal = {row.subject: 1 + sum(other.key > row.key for other in candidates) for row in scored}
    literal = certification.renewal is not None and certification.renewal.within == "original_cut"
    renewed = {
        row.subject
        for row in candidates
        if _is_holder(certification, row, tier, held[row.subject], year)
        and not (literal and places is not None and nominal[row.subject] > places)
    }
    takers = [row for row in candidates if row.subject not in renewed]
    standing_for = {row.subject for row in candidates}
    struck = [row for row in scored if row.subject not in standing_for]
    threshold = None if tier.threshold is None else ceil(tier.threshold * 10**certification.decimals)
    standings = {}
    for row in scored:
        effective = 1 + sum(other.key > row.key for other in takers)
        at_or_ahead = sum(other.key >= row.key for other in takers)
        free = row.subject in renewed
        if places is None or (free and literal):
            within = True
        elif free or certification.ties == "in":
            within = effective <= places
        else:
            within = at_or_ahead <= places
        standings[row.subject] = Standing(
            tier=name,
            places=places,
            nominal=nominal[row.subject],
            struck_ahead=sum(other.key > row.key for other in struck),
            renewed=free,
            renewed_ahead=sum(other.key > row.key for other in candidates if other.subject in renewed),
            effective=effective,
            at_or_ahead=at_or_ahead,
            within=within,
            threshold=threshold,
            barred=_barred(certification, row, name),
            candidate=row.subject in standing_for,
        )
    return _with_line(standings, candidates, places, threshold)


def _with_line(
    standings: dict[str, Standing], candidates: Sequence[Row], places: int | None, threshold: int | None
) -> dict[str, Standing]:
    reached = [row.score for row in candidates if standings[row.subject].within and row.score is not None]
    if places is None:
        line = threshold
    elif not reached:
        line = None
    else:
        line = min(reached) if threshold is None else max(min(reached), threshold)
    return {subject: evolve(standing, line=line) for subject, standing in standings.items()}


def _judge(
    certification: Certification,
    row: Row,
    base: int,
    scored: int,
    rank: int,
    standings: tuple[Standing, ...],
    held: dict[int, str],
    year: int,
) -> Outcome:
    score = row.score or 0
    passed = [s for s in standings if s.within and s.candidate and not s.barred and s.reached(score)]
    by_rank = passed[0].tier if passed else None
    vetoed = any(veto.column in row.flags for veto in certification.barriers.values())
    could = held.get(year - 1) in certification.tiers
    keeps = certification.hold_until_change and row.previous == row.score and could and not vetoed
    tier = held[year - 1] if keeps else by_rank
    cut = next(s for s in standings if s.tier == (tier or standings[-1].tier))
    better = standings if by_rank is None else standings[: standings.index(passed[0])]
    lost = any(s.barred and s.reached(score) and (s.places is None or s.effective <= s.places) for s in better)
    if keeps:
        reason = "held"
    elif lost:
        reason = "veto"
    elif by_rank is None:
        tied = cut.candidate and not cut.within and cut.places is not None and cut.effective <= cut.places
        reason = "tie" if tied and cut.reached(score) else "below"
    else:
        reason = _why_in(cut)
    asked = max(certification.renewal.years if certification.renewal else 1, 1)
    return Outcome(
        row=row,
        base=base,
        scored=scored,
        standings=standings,
        rank=rank,
        cut=cut.tier,
        effective_rank=cut.effective if cut.candidate else None,
        tier=tier,
        reason=reason,
        distance=None if cut.line is None else score - cut.line,
        by_rank=by_rank,
        kept=tier if keeps else None,
        held=tuple((earlier, held[earlier]) for earlier in range(year - asked, year) if earlier in held),
    )


def _why_in(cut: Standing) -> str:
    if cut.renewed:
        return "renewed"
    if cut.places is None:
        return "in_quota"
    if cut.at_or_ahead > cut.places:
        return "tie"
    return "moved_up" if cut.nominal > cut.places else "in_quota"


def _cap(certification: Certification, outcomes: list[Outcome]) -> list[Outcome]:
    certified = [outcome.row.key for outcome in outcomes if outcome.tier is not None]
    return [_capped(certification, outcome, certified) for outcome in outcomes]


def _capped(certification: Certification, outcome: Outcome, certified: Sequence[tuple[int, ...]]) -> Outcome:
    ahead = sum(key >= outcome.row.key for key in certified)
    outcome = evolve(outcome, certified_ahead=ahead)
    if outcome.tier is not None and certification.cap is not None and ahead > certification.cap:
        return evolve(outcome, tier=None, reason="capped")
    return outcome
