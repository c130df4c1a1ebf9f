"""Small phrases in both languages that explanations of certification are made of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from communitygov.certification.decide import Standing
from communitygov.certification.rules import Certification
from communitygov.documents.rule import Rule
from communitygov.vocabulary.numbers import decimal_text, share_text
from communitygov.vocabulary.text import Title

__all__ = [
    "BASES", "CHOICES", "REASONS", "capped", "cite", "clauses_of", "down_to", "joined", "no_tier", "of_reason",
    "points", "quota_words", "tied", "tier_name",
]  # fmt: skip

_ROUNDING = {
    "floor": Title(zh="向下取整", en="rounded down"),
    "half_up": Title(zh="四舍五入", en="rounded half up"),
    "ceiling": Title(zh="向上取整", en="rounded up"),
}

BASES = {
    "all": Title(zh="全部对象", en="all subjects"),
    "scored": Title(zh="有得分的对象", en="those with a score"),
    "eligible": Title(zh="有得分且未被全部否决的对象", en="those with a score and not vetoed before every tier"),
}
"""What each kind of base counts, for people."""

CHOICES: dict[str, dict[str, Title]] = {
    "rounding": _ROUNDING,
    "rounded": {
        "cumulative": Title(zh="各名次线的累计份额", en="each cut's cumulative share"),
        "each": Title(zh="各级自身的份额", en="each tier's own part"),
    },
    "ties": {
        "in": Title(zh="同分者全部列入", en="all of a tie are in"),
        "out": Title(zh="同分者全部容得下才列入", en="a tie is in only if all of it fit"),
    },
    "hold": {
        "same": Title(zh="同一星级", en="the same tier"),
        "this_or_higher": Title(zh="本级或更高星级", en="this tier or a higher one"),
        "any": Title(zh="任一星级", en="any tier"),
    },
    "within": {
        "original_cut": Title(zh="原名额线内", en="within the original cut"),
        "moved_cut": Title(zh="顺延后的名额线内", en="within the cut as moved down"),
    },
    "when": {
        "before": Title(zh="评定前否决，名额顺延", en="before the cut, the place passes down"),
        "after": Title(zh="评定后否决，名额空缺", en="after the cut, the place stays empty"),
    },
    "rank_of": {
        "period": Title(zh="本期", en="the period alone"),
        "year_to_date": Title(zh="本年度累计", en="the year to date"),
    },
}
"""What each choice of a setting means, for people."""

REASONS: dict[str, Title] = {
    "in_quota": Title(zh="名额内", en="in quota"),
    "renewed": Title(zh="连年获评，不占名额", en="renewed, takes no place"),
    "moved_up": Title(zh="顺延递补", en="moved up"),
    "tie": Title(zh="并列", en="tie"),
    "held": Title(zh="得分未变，保留", en="held, its own score is unchanged"),
    "veto": Title(zh="一票否决", en="veto"),
    "capped": Title(zh="超出总数上限", en="over the cap"),
    "below": Title(zh="线外", en="below the cut"),
    "not_scored": Title(zh="无得分", en="not scored"),
    "not_ranked": Title(zh="组过小，不排名", en="not ranked, its group is too small"),
}
"""Every reason that a result gives, for people."""


def clauses_of(certification: Certification, rule: Rule) -> tuple[str, ...]:
    """Return the clauses that speak for a part of a certification: its own, or those of the whole.

    Args:
        certification: The whole.
        rule: The part.
    """
    return rule.clause or certification.clause


def cite(clauses: Sequence[str]) -> Title:
    """Return clauses in brackets, or nothing.

    Args:
        clauses: Their ids.
    """
    listed = ", ".join(clauses)
    return Title(zh=f"（{listed}）", en=f" ({listed})") if listed else Title(zh="", en="")


def joined(parts: Sequence[Title]) -> Title:
    """Return phrases as one.

    Args:
        parts: The phrases.
    """
    return Title(zh="；".join(part.zh for part in parts), en="; ".join(part.en for part in parts))


def tier_name(certification: Certification, tier: str) -> Title:
    """Return a tier's title, or its id; of a tier of earlier rules, that it is one.

    Args:
        certification: The rule.
        tier: The tier's id.
    """
    if tier not in certification.tiers:
        return Title(zh=f"{tier}（现行规则已无此星级）", en=f"{tier} (a tier that the rule no longer has)")
    return certification.tiers[tier].name(tier)


def no_tier() -> Title:
    """Return the words for no tier."""
    return Title(zh="无星级", en="no tier")


def of_reason(reason: str, *, certified: bool) -> Title:
    """Return a reason in words.

    Args:
        reason: The reason's code.
        certified: Whether it is the reason of a tier, or of none.
    """
    if reason == "tie" and not certified:
        return Title(zh="并列者容不下", en="tied, and not all of the tie fit")
    if reason == "veto" and certified:
        return Title(zh="更高星级被否决", en="a veto bars a higher one")
    return REASONS[reason]


def tied(certification: Certification, standing: Standing) -> Title | None:
    """Return how many that take a place are equal to a subject, and what becomes of them; None if it is alone.

    Args:
        certification: The rule.
        standing: Its standing at a cut.
    """
    equal = standing.at_or_ahead - standing.effective + 1
    if not standing.candidate or standing.renewed or equal < 2:
        return None
    en = "all are in" if certification.ties == "in" else "all are in only if all fit"
    zh = "全部列入" if certification.ties == "in" else "须全部容得下才列入"
    return Title(zh=f"{equal}个占名额者同分，{zh}", en=f"{equal} that take a place are equal, {en}")


def capped(certification: Certification, ahead: int) -> Title:
    """Return how many are certified at or ahead of a subject, beside the cap.

    Args:
        certification: The rule.
        ahead: How many.
    """
    cap = certification.cap
    return Title(
        zh=f"同分及以上者中获评的有{ahead}个，上限{cap}", en=f"{ahead} certified at or ahead of it, the cap is {cap}"
    )


def points(units: int, decimals: int) -> str:
    """Return units as points.

    Args:
        units: How many.
        decimals: Published places.
    """
    return decimal_text(Fraction(units, 10**decimals), decimals)


def down_to(certification: Certification, standing: Standing) -> Title:
    """Return the places of a cut: *14 five-star places*, *42 places down to four stars*.

    Args:
        certification: The rule.
        standing: A standing at the cut.
    """
    name, n = tier_name(certification, standing.tier), standing.places
    places = "place" if n == 1 else "places"
    if standing.tier == certification.ladder[0][0]:
        adjective = re.sub(r" stars?$", "-star", name.en)
        return Title(zh=f"{n}个{name.zh}名额", en=f"{n} {adjective} {places}")
    return Title(zh=f"{n}个{name.zh}及以上名额", en=f"{n} {places} down to {name.en}")


def quota_words(certification: Certification, standing: Standing, base: int) -> Title:
    """Return how the places came about, in brackets: *(10% of 143, rounded down, SJS-17)*.

    Args:
        certification: The rule.
        standing: A standing at the cut.
        base: What a share is a share of.
    """
    tier = certification.tiers[standing.tier]
    cited = ", ".join(clauses_of(certification, tier))
    if tier.share is None:
        zh, en = ["定额"], ["a fixed number"]
    else:
        rounding, share = _ROUNDING[certification.rounding], share_text(tier.share)
        zh, en = [f"{base}的{share}", rounding.zh], [f"{share} of {base}", rounding.en]
        if certification.rounded == "each" and standing.tier != certification.ladder[0][0]:
            zh, en = [zh[0], f"本级部分{zh[1]}"], [en[0], f"its own part {en[1]}"]
        zh += [] if tier.at_least is None else [f"至少{tier.at_least}个"]
        en += [] if tier.at_least is None else [f"at least {tier.at_least}"]
        zh += [] if tier.at_most is None else [f"至多{tier.at_most}个"]
        en += [] if tier.at_most is None else [f"at most {tier.at_most}"]
    zh += [cited] if cited else []
    en += [cited] if cited else []
    return Title(zh=f"（{'，'.join(zh)}）", en=f" ({', '.join(en)})")
