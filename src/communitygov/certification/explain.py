"""Why a subject has its tier, or none: the rule followed slowly and said in words, with the numbers to check it."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from communitygov.certification.decide import Outcome, Standing, decide
from communitygov.certification.explain_watch import explain_watch
from communitygov.certification.facts import group_of
from communitygov.certification.phrases import (
    BASES,
    CHOICES,
    capped,
    cite,
    clauses_of,
    down_to,
    joined,
    no_tier,
    of_reason,
    points,
    quota_words,
    tied,
    tier_name,
)
from communitygov.certification.rules import Certification
from communitygov.vocabulary.steps import Steps
from communitygov.vocabulary.text import Title

__all__ = ["explain", "explain_watch"]


def explain(
    certification: Certification,
    scores: Any,
    holders: Any = None,
    *,
    year: int,
    subject: str,
    by: Mapping[str, object] | None = None,
) -> Steps:
    """Explain one subject's certification in words, in exact arithmetic.

    In a large frame only the rows of the subject's group are read, once.

    Args:
        certification: The rule.
        scores: The frame that ``certify`` takes.
        holders: The holders that ``certify`` takes.
        year: The year certified.
        subject: The subject.
        by: The value of each ``by`` column, such as ``{"draw": 3}``.

    Returns:
        A tree. Its root has the key ``certification``, the tier (or None) as its value, and the columns of ``certify``
        as its facts. Below are ``score``, ``base``, one ``cut`` per tier, highest first, and, where the rule has them,
        ``history``, ``held`` and ``cap``. The facts of a cut suffice to decide it again.

    Raises:
        DataError: If the subject has no row, or several for want of ``by``.

    Source:
        SJS-16 to SJS-20.

    Example:
        >>> import polars as pl
        >>> from communitygov.certification.rules import Tier, Year
        >>> rule = Certification(
        ...     of="quality",
        ...     year=Year(starts=1, periods=4),
        ...     decimals=2,
        ...     tiers={"star": Tier(order=1, share=Fraction(1, 2))},
        ...     base="all",
        ...     rounding="floor",
        ...     rounded="cumulative",
        ...     ties="in",
        ... )
        >>> scores = pl.DataFrame({"subject": ["a", "b", "c"], "score": [92.5, 90.25, 88.0]})
        >>> print(explain(rule, scores, year=2024, subject="b").text.en)
        rank 2 of 3; effective rank 2, beyond 1 star place (50% of 3, rounded down): no tier, below the cut
    """
    rows, held = group_of(certification, scores, holders, subject, by or {}, year)
    outcome = next(o for o in decide(certification, rows, held, year) if o.row.subject == subject)
    return _tree(certification, outcome, year)


def _tree(certification: Certification, outcome: Outcome, year: int) -> Steps:
    children = [_score(certification, outcome), _base(certification, outcome)]
    children += [_cut(certification, outcome, standing) for standing in outcome.standings]
    if outcome.standings and (certification.renewal is not None or certification.hold_until_change):
        children.append(_history(certification, outcome, year))
    if outcome.standings and certification.hold_until_change:
        children.append(_held(certification, outcome, year))
    if outcome.standings and certification.cap is not None:
        children.append(_cap(certification, outcome))
    row = outcome.row
    return Steps(
        key="certification",
        title=certification.name("certification"),
        value=outcome.tier,
        words=None if outcome.tier is None else tier_name(certification, outcome.tier),
        text=_sentence(certification, outcome, year),
        clause=certification.clause,
        children=tuple(children),
        facts={
            "subject": row.subject,
            "year": year,
            "group": row.group,
            "score": row.score,
            "decimals": certification.decimals,
            "scored": outcome.scored,
            "base": outcome.base,
            "rank": outcome.rank,
            "cut": outcome.cut,
            "effective_rank": outcome.effective_rank,
            "tier": outcome.tier,
            "reason": outcome.reason,
            "distance": outcome.distance,
        },
    )


def _sentence(certification: Certification, outcome: Outcome, year: int) -> Title:
    """Say the whole in one sentence: rank, who is passed over, effective rank, places, tier and reason."""
    if outcome.row.score is None:
        return Title(zh="没有年度得分：不评", en="it has no score this year: not scored")
    if not outcome.standings:
        return _too_small(certification, outcome)
    standing = next(s for s in outcome.standings if s.tier == outcome.cut)
    parts = [
        Title(zh=f"{outcome.scored}个中排第{outcome.rank}", en=f"rank {outcome.rank} of {outcome.scored}"),
        *_passed_over(certification, standing),
        _placed(certification, outcome, standing),
        *_barred(certification, outcome),
        *_tied(certification, outcome, standing),
        *_over(certification, outcome, year),
    ]
    tier = no_tier() if outcome.tier is None else tier_name(certification, outcome.tier)
    reason = of_reason(outcome.reason, certified=outcome.tier is not None)
    end = Title(zh=f"{tier.zh}，{reason.zh}", en=f"{tier.en}, {reason.en}")
    said = joined(parts)
    return Title(zh=f"{said.zh}：{end.zh}", en=f"{said.en}: {end.en}")


def _passed_over(certification: Certification, standing: Standing) -> list[Title]:
    parts = []
    if standing.struck_ahead:
        n = standing.struck_ahead
        parts.append(Title(zh=f"其前有{n}个被一票否决", en=f"{n} ahead of it {'is' if n == 1 else 'are'} vetoed"))
    if standing.renewed_ahead and certification.renewal is not None:
        n, cited = standing.renewed_ahead, cite(clauses_of(certification, certification.renewal))
        holders = "holder ahead of it takes" if n == 1 else "holders ahead of it take"
        parts.append(Title(zh=f"其前有{n}个连年获评者不占名额{cited.zh}", en=f"{n} {holders} no place{cited.en}"))
    return parts


def _placed(certification: Certification, outcome: Outcome, standing: Standing) -> Title:
    """Say the effective rank, and where it lies among the places."""
    name = tier_name(certification, standing.tier)
    score = outcome.row.score or 0
    threshold = None
    if standing.threshold is not None:
        least = points(standing.threshold, certification.decimals)
        reached = standing.reached(score)
        threshold = Title(
            zh=f"得分{'达到' if reached else '未达到'}{name.zh}分数线 {least}",
            en=f"its score {'reaches' if reached else 'is below'} the least for {name.en}, {least}",
        )
    if standing.places is None:
        return threshold or Title(zh="", en="")
    quota = quota_words(certification, standing, outcome.base)
    places = down_to(certification, standing)
    rank = Title(zh=f"顺延后名次{standing.effective}", en=f"effective rank {standing.effective}")
    if not standing.candidate:
        rank = Title(zh="不参加排名", en="no candidate")
        where = Title(zh=f"不占{places.zh}", en=f"takes none of {places.en}")
    elif standing.effective > standing.places:
        where = Title(zh=f"在{places.zh}之外", en=f"beyond {places.en}")
    elif standing.effective == standing.places and not standing.renewed:
        where = Title(zh=f"为{places.zh}的末位", en=f"the last of {places.en}")
    else:
        where = Title(zh=f"在{places.zh}之内", en=f"within {places.en}")
    placed = Title(zh=f"{rank.zh}，{where.zh}{quota.zh}", en=f"{rank.en}, {where.en}{quota.en}")
    return placed if threshold is None else joined([placed, threshold])


def _barred(certification: Certification, outcome: Outcome) -> list[Title]:
    """Name the vetoes that cost it a tier."""
    if outcome.reason != "veto":
        return []
    found = dict.fromkeys(name for standing in outcome.standings for name in standing.barred)
    parts = []
    for key in found:
        veto = certification.barriers[key]
        name, cited = veto.name(key), cite(clauses_of(certification, veto))
        parts.append(Title(zh=f"被“{name.zh}”否决{cited.zh}", en=f"barred by {name.en}{cited.en}"))
    return parts


def _too_small(certification: Certification, outcome: Outcome) -> Title:
    """Say what the base is and counts, and that it is too small to be ranked."""
    who, least = BASES[certification.base], certification.least_group
    zh, en = ("组内", " of its group") if certification.group_by else ("", "")
    return Title(
        zh=f"{zh}基数（{who.zh}）为 {outcome.base}，少于 {least}：不排名",
        en=f"the base{en}, {who.en}, counts {outcome.base}, fewer than {least}: not ranked",
    )


def _tied(certification: Certification, outcome: Outcome, standing: Standing) -> list[Title]:
    """Say how many are tied, where that decides."""
    words = tied(certification, standing) if outcome.reason == "tie" else None
    return [] if words is None else [words]


def _over(certification: Certification, outcome: Outcome, year: int) -> list[Title]:
    """Say what it would have but for the cap, and why it has not."""
    if outcome.reason != "capped":
        return []
    parts = [capped(certification, outcome.certified_ahead)]
    if outcome.kept is not None:
        name = tier_name(certification, outcome.kept)
        zh = f"得分与上年相同，本可保留{year - 1}年的{name.zh}"
        parts.insert(0, Title(zh=zh, en=f"its score is that of last year, so that it would keep {name.en}"))
    return parts


def _score(certification: Certification, outcome: Outcome) -> Steps:
    score = outcome.row.score
    return Steps(
        key="score",
        title=Title(zh="年度得分", en="yearly score"),
        value=None if score is None else Fraction(score, 10**certification.decimals),
        clause=clauses_of(certification, certification.year),
        facts={
            "units": score,
            **{f"tie_break_{n}": value for n, value in enumerate(outcome.row.breaks, 1)},
        },
    )


def _base(certification: Certification, outcome: Outcome) -> Steps:
    return Steps(
        key="base",
        title=Title(zh="基数", en="base"),
        value=outcome.base,
        text=BASES[certification.base],
        clause=certification.clause,
        source=certification.story("base"),
        facts={"scored": outcome.scored, "least_group": certification.least_group},
    )


def _cut(certification: Certification, outcome: Outcome, standing: Standing) -> Steps:
    tier = certification.tiers[standing.tier]
    inside = standing.within and not standing.barred and standing.reached(outcome.row.score or 0)
    parts = [*_passed_over(certification, standing), _placed(certification, outcome, standing)]
    if standing.renewed:
        parts.append(Title(zh="本身是连年获评者，不占名额", en="it is a holder and takes no place itself"))
    equal = tied(certification, standing)
    parts += [] if equal is None else [equal]
    return Steps(
        key="cut",
        title=tier_name(certification, standing.tier),
        value=inside,
        text=joined([part for part in parts if part.en]),
        clause=clauses_of(certification, tier),
        source=tier.story("share") or tier.story("number") or tier.story("threshold"),
        children=_settings(certification, standing),
        facts={
            "tier": standing.tier,
            "order": tier.order,
            "share": tier.share,
            "base": outcome.base,
            "places": standing.places,
            "threshold": standing.threshold,
            "candidate": standing.candidate,
            "barred": ", ".join(standing.barred) or None,
            "nominal_rank": standing.nominal,
            "renewed": standing.renewed,
            "renewed_ahead": standing.renewed_ahead,
            "vetoed_ahead": standing.struck_ahead,
            "effective_rank": standing.effective,
            "at_or_ahead": standing.at_or_ahead,
            "ties": certification.ties,
            "line": standing.line,
        },
    )


def _settings(certification: Certification, standing: Standing) -> tuple[Steps, ...]:
    """Show each number and choice that the cut rests on, with the layer, file and line that set it."""
    tier, renewal = certification.tiers[standing.tier], certification.renewal
    found = []
    for name in ("share", "number", "at_least", "at_most", "threshold"):
        value = getattr(tier, name)
        if value is not None:
            cited = clauses_of(certification, tier)
            found.append(Steps(name, _SETTINGS[name], value, clause=cited, source=tier.story(name)))
    for name in ("rounding", "rounded", "ties") if standing.places is not None else ():
        value = getattr(certification, name)
        story = certification.story(name)
        words = CHOICES[name][value]
        found.append(Steps(name, _SETTINGS[name], value, clause=certification.clause, source=story, words=words))
    if renewal is not None:
        cited = clauses_of(certification, renewal)
        for name in ("hold", "years", "within"):
            value, story = getattr(renewal, name), renewal.story(name)
            said = CHOICES.get(name, {}).get(value)
            found.append(Steps(name, _SETTINGS[name], value, clause=cited, source=story, words=said))
    for key in standing.barred:
        veto = certification.barriers[key]
        cited = clauses_of(certification, veto)
        words, story = CHOICES["when"][veto.when], veto.story("when")
        found.append(Steps("veto", veto.name(key), veto.when, clause=cited, source=story, words=words))
    return tuple(found)


_SETTINGS = {
    "share": Title(zh="份额", en="share"),
    "number": Title(zh="名额", en="number"),
    "at_least": Title(zh="至少名额", en="at least"),
    "at_most": Title(zh="至多名额", en="at most"),
    "threshold": Title(zh="分数线", en="threshold"),
    "rounding": Title(zh="取整", en="rounding"),
    "rounded": Title(zh="取整对象", en="what is rounded"),
    "ties": Title(zh="并列", en="ties"),
    "hold": Title(zh="须持有", en="hold"),
    "years": Title(zh="连续年数", en="years"),
    "within": Title(zh="名次范围", en="within"),
}


def _history(certification: Certification, outcome: Outcome, year: int) -> Steps:
    """Say what it held: two subjects of one score and two tiers differ here, or in a veto."""
    renewal = certification.renewal
    years = range(year - (renewal.years if renewal is not None else 1), year)
    held = dict(outcome.held)
    parts = []
    for earlier in years:
        name = tier_name(certification, held[earlier]) if earlier in held else Title(zh="无", en="nothing")
        parts.append(Title(zh=f"{earlier}年：{name.zh}", en=f"{earlier}: {name.en}"))
    return Steps(
        key="history",
        title=Title(zh="历年星级", en="tiers held before"),
        text=joined(parts),
        clause=clauses_of(certification, renewal) if renewal is not None else certification.clause,
        facts={str(earlier): held.get(earlier) for earlier in years},
    )


def _held(certification: Certification, outcome: Outcome, year: int) -> Steps:
    previous, same = outcome.row.previous, outcome.row.previous == outcome.row.score
    text = Title(
        zh="得分与上年相同" if same else "得分与上年不同，或上年无得分",
        en="its score is that of last year" if same else "its score is not that of last year, or there was none",
    )
    return Steps(
        key="held",
        title=Title(zh="无变化则保留", en="hold until change"),
        value=outcome.kept is not None,
        text=text,
        clause=certification.clause,
        source=certification.story("hold_until_change"),
        facts={
            "previous_score": previous,
            "held": dict(outcome.held).get(year - 1),
            "of_the_rule": dict(outcome.held).get(year - 1) in certification.tiers,
            "vetoed": any(veto.column in outcome.row.flags for veto in certification.barriers.values()),
        },
    )


def _cap(certification: Certification, outcome: Outcome) -> Steps:
    n, cap = outcome.certified_ahead, certification.cap
    return Steps(
        key="cap",
        title=Title(zh="总数上限", en="cap"),
        value=cap,
        text=capped(certification, n),
        clause=certification.clause,
        source=certification.story("cap"),
        facts={"certified_at_or_ahead": n, "cap": cap},
    )
