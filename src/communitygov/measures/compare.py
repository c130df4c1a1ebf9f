"""Ratios of 64-bit whole numbers compared exactly, on every backend: in halves, as one multiplies on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import narwhals as nw

__all__ = ["with_ratio_sign"]

_HALF = 2**31


def with_ratio_sign(frame: Any, name: str, ratio: tuple[nw.Expr, nw.Expr], other: tuple[Any, Any]) -> Any:
    """Return a frame with the sign of the difference of two ratios: 1, 0 or -1; null where one of them is.

    Args:
        frame: A Narwhals frame.
        name: The column to make.
        ratio: Columns: a numerator between -2**62 and 2**62, both left out, and a positive denominator below 2**62.
        other: The same, as columns or as numbers.
    """
    import narwhals as nw

    top, bottom = ratio
    over, under = (one if isinstance(one, nw.Expr) else nw.lit(one).cast(nw.Int64) for one in other)
    frame = _with_product(frame, "_ours", top.abs(), under)
    frame = _with_product(frame, "_theirs", over.abs(), bottom)
    frame = frame.with_columns(
        _high=_sign(nw.col("_ours_high") - nw.col("_theirs_high")),
        _low=_sign(nw.col("_ours_low") - nw.col("_theirs_low")),
        _side=_sign(top),
        _across=_sign(_sign(top) - _sign(over)),
    )
    size = nw.when(nw.col("_high") != 0).then(nw.col("_high")).otherwise(nw.col("_low"))
    sign = nw.when(nw.col("_across") != 0).then(nw.col("_across")).otherwise(nw.col("_side") * size)
    return frame.with_columns(sign.alias(name))


def _with_product(frame: Any, name: str, one: nw.Expr, other: nw.Expr) -> Any:
    """Return a frame with a product of two numbers from 0 to 2**62, as multiples of 2**62 and a rest below.

    Each stage is a column of its own, so that none is worked out twice.
    """
    import narwhals as nw

    a, b, c, d = (nw.col(f"{name}_{letter}") for letter in "abcd")
    low, middle = nw.col(f"{name}_b_d"), nw.col(f"{name}_middle")
    stages = (
        {"_a": one // _HALF, "_b": one % _HALF, "_c": other // _HALF, "_d": other % _HALF},
        {"_b_d": b * d},
        {"_middle": a * d + b * c + low // _HALF},
        {"_high": a * c + middle // _HALF, "_low": middle % _HALF * _HALF + low % _HALF},
    )
    for stage in stages:
        frame = frame.with_columns(**{name + key: column for key, column in stage.items()})
    return frame


def _sign(value: nw.Expr) -> nw.Expr:
    import narwhals as nw

    return (value > 0).cast(nw.Int64) - (value < 0).cast(nw.Int64)
