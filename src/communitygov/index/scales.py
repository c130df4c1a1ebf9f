"""How raw values of an indicator are read, and become a share of full marks."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import lcm
from typing import Literal

from attrs import frozen

from communitygov.documents.rule import Finding, Rule, rule, term
from communitygov.vocabulary.numbers import Number, Share
from communitygov.vocabulary.text import Title

__all__ = ["Leaf", "Missing", "Normalisation", "Scale", "ends", "full_value", "largest_value", "reach"]

Missing = Literal["refuse", "not_scored", "zero", "reweigh"]


@rule
class Scale(Rule):
    """What raw values of an indicator can be.

    Args:
        minimum: The least value; what a community gets nothing for.
        maximum: The greatest value; what earns full marks.
        decimals: Places a raw value may have; it is then exact. Left out, values are real numbers (floats).
    """

    minimum: Number | None = term("最低值", "Minimum", default=None)
    maximum: Number | None = term("最高值", "Maximum", default=None)
    decimals: int | None = term("小数位", "Decimals", default=None, at_least=0, at_most=9)

    def check(self) -> Iterator[Finding]:
        """Yield a finding if the ends are the wrong way round."""
        yield from super().check()
        if self.minimum is not None and self.maximum is not None and self.minimum >= self.maximum:
            yield Finding((), "empty-scale", "最低值须小于最高值", "the minimum must be below the maximum")


@rule
class Normalisation(Rule):
    """How a raw value becomes a share of full marks, 0 to 1.

    ``none`` and ``goalposts`` are fixed by the rules alone. ``min_max``, ``rank``, ``percentile`` and ``z_score``
    are *relative*: a subject's score then depends on the others of the same period.

    Args:
        kind: ``none``: (x - minimum) / (maximum - minimum) of the scale. ``goalposts``: (x - low) / (high - low),
            held between 0 and 1. ``min_max``: (x - least) / (greatest - least) of the period; 0 where all are equal.
            ``rank``: subjects strictly worse / (subjects - 1). ``percentile``: subjects at or below / subjects.
            ``z_score``: centre + spread * (x - mean) / deviation, held between 0 and 1; centre where all are equal.
        low: The lower goalpost.
        high: The upper goalpost.
        transform: ``log`` takes natural logarithms of value and goalposts first.
        outside: What a value beyond the goalposts is: held at the post (``clamp``) or an error (``refuse``).
        places: Decimals that a relative share is rounded to, half up, before it is weighed.
        centre: The share that a z-score of 0 gets.
        spread: The share that one standard deviation is worth.
    """

    kind: Literal["none", "goalposts", "min_max", "rank", "percentile", "z_score"] = term("方法", "Kind")
    low: Number | None = term("下限", "Low", default=None)
    high: Number | None = term("上限", "High", default=None)
    transform: Literal["none", "log"] = term("变换", "Transform", default="none")
    outside: Literal["clamp", "refuse"] = term("越界", "Outside", default="refuse")
    places: int = term("小数位", "Places", default=6, at_least=1, at_most=9)
    centre: Share | None = term("中心", "Centre", default=None)
    spread: Share | None = term("离差", "Spread", default=None)

    @property
    def relative(self) -> bool:
        """Whether a subject's share depends on other subjects."""
        return self.kind in ("min_max", "rank", "percentile", "z_score")

    @property
    def real(self) -> bool:
        """Whether it takes floats: logarithms and deviations do."""
        return self.transform == "log" or self.kind == "z_score"

    def check(self) -> Iterator[Finding]:
        """Yield a finding for each setting that the kind needs and lacks."""
        yield from super().check()
        if self.kind == "goalposts":
            if self.low is None or self.high is None or self.low >= self.high:
                yield Finding((), "bad-goalposts", "须有 low < high", "goalposts need low and high, low below high")
            elif self.transform == "log" and self.low <= 0:
                yield Finding(("low",), "bad-goalposts", "取对数时下限须为正", "a logarithm needs a positive low")
        elif self.low is not None or self.high is not None or self.transform != "none":
            yield Finding(
                (),
                "unused-setting",
                "low、high、transform 只用于 goalposts",
                "low, high and transform belong to goalposts",
            )
        if self.kind == "z_score" and (self.centre is None or not self.spread):
            yield Finding((), "missing-setting", "z_score 须有 centre 和 spread", "a z-score needs centre and spread")


@frozen
class Leaf:
    """A leaf of the tree with everything that holds for it, inherited settings included.

    Args:
        id: Its id, which is its column.
        path: Ids from the first level down to it.
        share: Its share of the whole index, exactly.
        title: Its title.
        method: How it is measured.
        scale: What its raw values can be.
        normalisation: How its value becomes a share.
        direction: Whether more is better.
        missing: What a missing value counts as.
        clause: The clauses it rests on.
    """

    id: str
    path: tuple[str, ...]
    share: Fraction
    title: Title
    method: str | None
    scale: Scale
    normalisation: Normalisation
    direction: Literal["higher", "lower"]
    missing: Missing
    clause: tuple[str, ...]


def ends(leaf: Leaf) -> tuple[Fraction, Fraction]:
    """Return the values of a leaf that earn nothing and full marks, before its direction.

    Args:
        leaf: A leaf whose normalisation is ``none`` or ``goalposts``.
    """
    if leaf.normalisation.kind == "goalposts":
        low, high = leaf.normalisation.low, leaf.normalisation.high
    else:
        low, high = leaf.scale.minimum, leaf.scale.maximum
    return Fraction(low or 0), Fraction(high or 0)


def full_value(leaf: Leaf) -> int:
    """Return what a leaf's value is counted to where it earns full marks: every value up to it is a whole number.

    Args:
        leaf: A leaf that is measured in whole numbers.
    """
    if leaf.normalisation.relative:
        return int(10**leaf.normalisation.places)
    low, high = (end * 10 ** (leaf.scale.decimals or 0) for end in ends(leaf))
    return max(1, int((high - low) * lcm(low.denominator, high.denominator)))


def reach(leaf: Leaf) -> int | None:
    """Return the value up to which a leaf can be measured in whole numbers, or None if its rules prove that all can.

    Args:
        leaf: Any leaf.
    """
    scale, decimals = leaf.scale, leaf.scale.decimals
    proved = scale.minimum is not None and scale.maximum is not None
    if decimals is None or proved or not leaf.normalisation.relative:
        return None
    spare = 4 * (10**leaf.normalisation.places + 1) if leaf.normalisation.kind == "min_max" else 1
    return (1 << 62) // (spare * int(10**decimals))


def largest_value(leaf: Leaf) -> int:
    """Return a bound on the whole numbers that a leaf's own value passes through, as far as its rules tell.

    Args:
        leaf: Any leaf.
    """
    if leaf.scale.decimals is None:
        return 0
    unit = 10**leaf.scale.decimals
    if leaf.normalisation.relative:
        low, high = leaf.scale.minimum or Fraction(0), leaf.scale.maximum or Fraction(0)
        spare = 4 * (10**leaf.normalisation.places + 1)
    else:
        low, high = ends(leaf)
        spare = 2 * lcm((low * unit).denominator, (high * unit).denominator)
    return int(max(abs(low), abs(high)) * unit + 1) * int(spare)
