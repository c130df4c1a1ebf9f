"""How one value of an indicator becomes a share of full marks, slowly and in words; for explanations only."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from attrs import field, frozen

from communitygov.index.rules import SIGNIFICANT
from communitygov.index.scales import Leaf, ends
from communitygov.vocabulary.numbers import decimal_text, half_up
from communitygov.vocabulary.text import Title

__all__ = ["Measured", "figure", "measured", "snapped"]


@frozen
class Measured:
    """A share of full marks and how it came about.

    Args:
        share: The share.
        how: The sentence that says why.
        facts: Named values that it was computed from.
        real: Whether a logarithm, a root or a deviation took part, so that it is not exact.
    """

    share: Fraction
    how: Title
    facts: dict[str, Any] = field(factory=dict)
    real: bool = False


def measured(leaf: Leaf, value: Fraction, peers: Sequence[Fraction]) -> Measured:
    """Return the share of full marks that a value earns.

    Args:
        leaf: The leaf.
        value: Its value.
        peers: The values of all subjects of the period, this one's included; for relative normalisations only.
    """
    return _WAYS[leaf.normalisation.kind](leaf, value, peers)


def snapped(value: float, full: Fraction) -> int:
    """Return a float in whole units, half up, once it is snapped to 12 significant digits of full marks.

    Args:
        value: The score, in units of the last published place.
        full: Full marks, in the same units.

    Example:
        >>> snapped(0.1 + 0.2 + 0.2 - 1e-15, Fraction(1000))
        1
    """
    finer = 10 ** max(0, SIGNIFICANT - len(str(int(full))))
    return half_up(Fraction(math.floor(value * finer + 0.5), finer))


def figure(value: Fraction) -> str:
    """Write a number for a sentence: exactly if that is short, else about.

    Args:
        value: The number.

    Example:
        >>> figure(Fraction(1, 3)), figure(Fraction(2, 3) ** 30)
        ('1/3', '≈0.000005')
    """
    text = decimal_text(value)
    if value.denominator >= 10**SIGNIFICANT:  # a float's exact value, or a fraction that nobody would read
        text = decimal_text(value, SIGNIFICANT).rstrip("0").rstrip(".")
    return text if len(text) <= SIGNIFICANT else f"≈{decimal_text(value, 6)}"


def _raw(leaf: Leaf, value: Fraction) -> str:
    """Write a raw value: a float as short as it is told apart, a decimal exactly."""
    return repr(float(value)) if leaf.scale.decimals is None else figure(value)


def _less(leaf: Leaf) -> tuple[str, str]:
    return ("（越低越好）", ", less being better,") if leaf.direction == "lower" else ("", "")


def _on_scale(leaf: Leaf, value: Fraction, _: Sequence[Fraction]) -> Measured:
    low, high = ends(leaf)
    share = (value - low) / (high - low)
    share = 1 - share if leaf.direction == "lower" else share
    zh, en = _less(leaf)
    how = Title(
        zh=f"{_raw(leaf, value)} 在量表 {figure(low)} 至 {figure(high)} 上{zh}占 {figure(share)}",
        en=f"{_raw(leaf, value)} on the scale from {figure(low)} to {figure(high)}{en} is a share of {figure(share)}",
    )
    return Measured(share, how, {"low": low, "high": high})


def _between_posts(leaf: Leaf, value: Fraction, _: Sequence[Fraction]) -> Measured:
    low, high = ends(leaf)
    held = min(max(value, low), high)
    real = leaf.normalisation.transform == "log"
    if real:
        share = Fraction((math.log(held) - math.log(low)) / (math.log(high) - math.log(low)))
    else:
        share = (held - low) / (high - low)
    share = 1 - share if leaf.direction == "lower" else share
    zh, en = _less(leaf)
    at_zh, at_en = ("", "") if held == value else (f"（按 {figure(held)} 计）", f" (held at {figure(held)})")
    log_zh, log_en = ("（取对数）", ", in logarithms,") if real else ("", "")
    how = Title(
        zh=f"{_raw(leaf, value)} {at_zh}在 {figure(low)} 至 {figure(high)} 之间{log_zh}{zh}占 {figure(share)}",
        en=f"{_raw(leaf, value)}{at_en} between the goalposts {figure(low)} and {figure(high)}"
        f"{log_en}{en} is a share of {figure(share)}",
    )
    return Measured(share, how, {"low": low, "high": high, "held": held}, real)


def _turned(leaf: Leaf, value: Fraction, peers: Sequence[Fraction]) -> tuple[Fraction, list[Fraction]]:
    """Return value and peers so that more is better."""
    sign = -1 if leaf.direction == "lower" else 1
    return sign * value, [sign * peer for peer in peers]


def _within_range(leaf: Leaf, value: Fraction, peers: Sequence[Fraction]) -> Measured:
    mine, others = _turned(leaf, value, peers)
    worst, best = min(others), max(others)
    ratio = (mine - worst) / (best - worst) if best > worst else Fraction(0)
    scale = 10**leaf.normalisation.places
    # Where values are floats the ratio is noise beyond 12 digits, and is snapped before it is rounded.
    exact = leaf.scale.decimals is not None
    units = half_up(ratio * scale) if exact else snapped(float(ratio * scale), Fraction(scale))
    share = Fraction(units, scale)
    worst, best = _turned(leaf, worst, [])[0], _turned(leaf, best, [])[0]
    how = Title(
        zh=f"{_raw(leaf, value)} 在 {len(peers)} 个对象的最差值 {_raw(leaf, worst)} 与最好值 {_raw(leaf, best)} 之间"
        f"占 {figure(share)}",
        en=f"{_raw(leaf, value)} between the worst, {_raw(leaf, worst)}, and the best, {_raw(leaf, best)}, "
        f"of {len(peers)} subjects is a share of {figure(share)}",
    )
    return Measured(share, how, {"worst": worst, "best": best, "subjects": len(peers)})


def _by_rank(leaf: Leaf, value: Fraction, peers: Sequence[Fraction]) -> Measured:
    mine, others = _turned(leaf, value, peers)
    worse, scale = sum(other < mine for other in others), 10**leaf.normalisation.places
    share = Fraction(half_up(Fraction(worse * scale, max(len(peers) - 1, 1))), scale)
    how = Title(
        zh=f"{_raw(leaf, value)} 优于其余 {len(peers) - 1} 个对象中的 {worse} 个，占 {figure(share)}",
        en=f"{worse} of the {len(peers) - 1} other subjects are worse than {_raw(leaf, value)}, "
        f"a share of {figure(share)}",
    )
    return Measured(share, how, {"worse": worse, "subjects": len(peers)})


def _by_percentile(leaf: Leaf, value: Fraction, peers: Sequence[Fraction]) -> Measured:
    mine, others = _turned(leaf, value, peers)
    covered, scale = sum(other <= mine for other in others), 10**leaf.normalisation.places
    share = Fraction(half_up(Fraction(covered * scale, len(peers))), scale)
    how = Title(
        zh=f"{len(peers)} 个对象中有 {covered} 个不优于 {_raw(leaf, value)}，占 {figure(share)}",
        en=f"{covered} of {len(peers)} subjects are no better than {_raw(leaf, value)}, a share of {figure(share)}",
    )
    return Measured(share, how, {"covered": covered, "subjects": len(peers)})


def _by_deviation(leaf: Leaf, value: Fraction, peers: Sequence[Fraction]) -> Measured:
    rule = leaf.normalisation
    mine, others = _turned(leaf, value, peers)
    mean = sum(others, Fraction(0)) / len(others)
    # As a part of the range: a float could hold neither the square of a very small deviation nor of a very large one.
    width = max(others) - min(others) or Fraction(1)
    deviation = math.sqrt(sum((((other - mean) / width) ** 2 for other in others), Fraction(0)) / len(others))
    ahead = float((mine - mean) / width) / deviation if deviation else 0.0
    share = min(max(float(rule.centre or 0) + float(rule.spread or 0) * ahead, 0.0), 1.0)
    scale = 10**rule.places
    rounded = Fraction(snapped(share * scale, Fraction(scale)), scale)
    middle, _ = _turned(leaf, mean, [])
    how = Title(
        zh=f"{_raw(leaf, value)} 比 {len(peers)} 个对象的均值 {figure(middle)} 好 {ahead:.6f} 个标准差，"
        f"占 {figure(rounded)}",
        en=f"{_raw(leaf, value)} is {ahead:.6f} deviations better than the mean of {len(peers)} subjects, "
        f"{figure(middle)}: a share of {figure(rounded)}",
    )
    return Measured(
        rounded, how, {"mean": middle, "deviation": deviation * float(width), "subjects": len(peers)}, real=True
    )


_WAYS: dict[str, Callable[[Leaf, Fraction, Sequence[Fraction]], Measured]] = {
    "none": _on_scale,
    "goalposts": _between_posts,
    "min_max": _within_range,
    "rank": _by_rank,
    "percentile": _by_percentile,
    "z_score": _by_deviation,
}
