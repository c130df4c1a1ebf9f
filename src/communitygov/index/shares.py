"""How the values of an indicator become shares of full marks, column by column.

Where values have declared decimals everything is counted in whole numbers (``counted``): a value's numerator over the
leaf's ``full_value``. Elsewhere, and where a logarithm or a deviation takes part, it is a float (``real_share``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING, Any

from attrs import frozen

from communitygov.index.rules import SIGNIFICANT
from communitygov.index.scales import Leaf, ends, full_value
from communitygov.vocabulary.columns import decimal_units

if TYPE_CHECKING:
    import narwhals as nw

__all__ = ["Source", "counted", "prepared", "real_share", "rounded", "snap"]


@frozen
class Source:
    """Where the values of a leaf stand in the frame that is worked on.

    Args:
        leaf: The leaf.
        column: Its column.
        dtype: The column's Narwhals type.
        group: The columns within which subjects are compared.
    """

    leaf: Leaf
    column: str
    dtype: Any
    group: tuple[str, ...]

    def name(self, part: str) -> str:
        """Return the name of a column that is worked out from this one."""
        return f"{self.column}{part}"


def snap(value: nw.Expr, full: Fraction) -> nw.Expr:
    """Return floats in whole units, half up, once they are snapped to 12 significant digits of full marks.

    Args:
        value: Scores, in units of the last published place.
        full: Full marks, in the same units.
    """
    import narwhals as nw

    finer = int(10 ** max(0, SIGNIFICANT - len(str(int(full)))))
    return rounded((value * finer + 0.5).floor().cast(nw.Int64), 1, finer)


def rounded(value: nw.Expr, top: int | nw.Expr, bottom: int | nw.Expr) -> nw.Expr:
    """Return value * top / bottom in whole numbers, half up; none of the three is negative.

    Args:
        value: Whole numbers.
        top: What they are multiplied by.
        bottom: What they are divided by.
    """
    return value * top if isinstance(bottom, int) and bottom == 1 else (value * (top * 2) + bottom) // (bottom * 2)


def prepared(frame: Any, sources: Sequence[Source]) -> Any:
    """Return a frame with what the shares of relative leaves are worked out from, in two rounds of windows.

    Args:
        frame: A Narwhals frame.
        sources: All leaves.
    """
    import narwhals as nw

    whole = {s.name("x"): _units(s) for s in sources if s.leaf.scale.decimals is not None}
    frame = frame.with_columns(**whole) if whole else frame
    first: dict[str, nw.Expr] = {}
    second: dict[str, nw.Expr] = {}
    third: dict[str, nw.Expr] = {}
    for source in sources:
        if source.leaf.normalisation.relative:
            value, kind = _value(source), source.leaf.normalisation.kind
            worst, best, count = source.name("w"), source.name("b"), source.name("n")
            if kind in ("min_max", "z_score"):
                first |= {worst: value.min().over(*source.group), best: value.max().over(*source.group)}
            if kind != "min_max":
                first[count] = value.count().over(*source.group).cast(nw.Int64)
            if kind in ("rank", "percentile"):
                first[source.name("r")] = _rank(source, value)
            if kind == "z_score":
                # As a part of the range, so that nothing is lost where values are large and alike, or all but nothing.
                ahead = (value - nw.col(worst)).cast(nw.Float64) / _width(source)
                second[source.name("m")] = ahead.sum().over(*source.group) / nw.col(count)
                second[source.name("d")] = ahead
                off = nw.col(source.name("d")) - nw.col(source.name("m"))
                third[source.name("d")] = off
                third[source.name("v")] = (off * off).sum().over(*source.group) / nw.col(count)
    for columns in (first, second, third):
        frame = frame.with_columns(**columns) if columns else frame
    return frame


def _units(source: Source) -> nw.Expr:
    """Return values counted in their last declared decimal. A whole number is taken at its value."""
    import narwhals as nw

    whole, decimals = source.dtype.is_integer(), source.leaf.scale.decimals or 0
    value: nw.Expr = nw.col(source.column).cast(nw.Int64 if whole else nw.Float64)
    near, posts = nw.lit(True), source.leaf.normalisation
    if posts.kind == "goalposts" and posts.outside == "clamp":
        # Beyond the posts a value may be too large to be counted; how far beyond does not matter.
        low, high = (int(end) for end in (math.floor(ends(source.leaf)[0]) - 1, math.ceil(ends(source.leaf)[1]) + 1))
        near = value.is_between(low, high)
        value = value.clip(low, high)
    scaled: nw.Expr = value * int(10**decimals)
    counted = scaled if whole else (scaled + 0.5).floor().cast(nw.Int64)
    if not source.dtype.is_decimal():
        return counted
    return nw.when(near).then(decimal_units(nw.when(near).then(nw.col(source.column)), decimals)).otherwise(counted)


def _value(source: Source) -> nw.Expr:
    """Return values that can be compared and subtracted: whole units if decimals are declared."""
    import narwhals as nw

    if source.leaf.scale.decimals is not None:
        return nw.col(source.name("x"))
    return nw.col(source.column).cast(nw.Float64)


def _width(source: Source) -> nw.Expr:
    """Return how far the best is from the worst, or 1 where all are alike."""
    import narwhals as nw

    worst, best = nw.col(source.name("w")), nw.col(source.name("b"))
    return nw.when(best > worst).then((best - worst).cast(nw.Float64)).otherwise(1.0)


def _rank(source: Source, value: nw.Expr) -> nw.Expr:
    """Return how many are strictly worse (rank) or no better (percentile)."""
    import narwhals as nw

    lower = source.leaf.direction == "lower"
    if source.leaf.normalisation.kind == "rank":
        return value.rank("min", descending=lower).over(*source.group).cast(nw.Int64) - 1
    return value.rank("max", descending=lower).over(*source.group).cast(nw.Int64)


def counted(source: Source) -> nw.Expr | None:
    """Return shares as whole numbers, out of the leaf's ``full_value``; None if they cannot be counted.

    Args:
        source: The leaf, in a frame that went through ``prepared``.
    """
    import narwhals as nw

    leaf, rule = source.leaf, source.leaf.normalisation
    if rule.transform == "log" or (leaf.scale.decimals is None and rule.kind not in ("rank", "percentile", "z_score")):
        return None
    lower, full = leaf.direction == "lower", full_value(leaf)
    if rule.kind == "z_score":
        return _deviation(source)
    if rule.kind == "rank":
        others = nw.col(source.name("n")) - 1
        return _ratio(nw.col(source.name("r")), others, full)
    if rule.kind == "percentile":
        return _ratio(nw.col(source.name("r")), nw.col(source.name("n")), full)
    value = nw.col(source.name("x"))
    if rule.kind == "min_max":
        least, greatest = nw.col(source.name("w")), nw.col(source.name("b"))
        return _ratio(greatest - value if lower else value - least, greatest - least, full)
    low, high = (end * 10 ** (leaf.scale.decimals or 0) for end in ends(leaf))
    finer = lcm(low.denominator, high.denominator)
    share = int(high * finer) - value * finer if lower else value * finer - int(low * finer)
    return share.clip(0, full) if rule.kind == "goalposts" else share


def _ratio(top: nw.Expr, bottom: nw.Expr, full: int) -> nw.Expr:
    """Return top / bottom out of a full value, rounded half up; 0 of 0 is 0."""
    return rounded(top, full, bottom.clip(1, None))


def _deviation(source: Source) -> nw.Expr:
    import narwhals as nw

    rule, full = source.leaf.normalisation, full_value(source.leaf)
    spread = float(rule.spread or 0) * (-1 if source.leaf.direction == "lower" else 1)
    apart = nw.col(source.name("b")) > nw.col(source.name("w"))
    deviation = nw.when(apart).then(nw.col(source.name("v"))).otherwise(1.0).sqrt()
    off = nw.when(apart).then(nw.col(source.name("d"))).otherwise(0.0)
    share = (off / deviation * spread + float(rule.centre or 0)).clip(0.0, 1.0)
    share = nw.when(~nw.col(source.column).is_null()).then(share)
    return snap(share * full, Fraction(full))


def real_share(source: Source) -> nw.Expr:
    """Return shares as floats.

    Args:
        source: The leaf, in a frame that went through ``prepared``.
    """
    import narwhals as nw

    share = counted(source)
    leaf, rule = source.leaf, source.leaf.normalisation
    if share is not None:
        return share.cast(nw.Float64) / full_value(leaf)
    if rule.kind == "min_max":
        least, greatest = nw.col(source.name("w")), nw.col(source.name("b"))
        value = _value(source)
        full = full_value(leaf)
        top = greatest - value if leaf.direction == "lower" else value - least
        return snap(top / _width(source) * full, Fraction(full)).cast(nw.Float64) / full
    return _fixed(source)


def _fixed(source: Source) -> nw.Expr:
    """Return the float shares of a leaf between fixed ends, in logarithms if its goalposts say so."""
    import narwhals as nw

    leaf, rule = source.leaf, source.leaf.normalisation
    value = _value(source).cast(nw.Float64)
    if leaf.scale.decimals:
        value = value / 10**leaf.scale.decimals
    low, high = map(float, ends(leaf))
    if rule.kind == "goalposts" and rule.outside == "clamp":
        value = value.clip(low, high)
    if rule.transform == "log":
        # There is none of what is not positive: such a value is missing, an error, or was held at the post.
        value = nw.when(value > 0).then(value).otherwise(1.0).log() + value * 0.0
        low, high = math.log(low), math.log(high)
    return (high - value) / (high - low) if leaf.direction == "lower" else (value - low) / (high - low)
