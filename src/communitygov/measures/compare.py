"""Ratios of 64-bit whole numbers compared exactly, on every backend: in halves, as one multiplies on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import narwhals as nw

__all__ = ["with_ratio_sign"]

_BITS = 2**31


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
    col = nw.col
    # a/b against c/d: the signs decide, or the sizes of a*d and c*b. Each stage is a column, so that none is
    # worked out twice.
    frame = frame.with_columns(_a=top.abs(), _b=bottom, _c=over.abs(), _d=under, _s=_sign(top), _t=_sign(over))
    frame = frame.with_columns(
        **{f"_{one}1": col(f"_{one}") // _BITS for one in "abcd"},
        **{f"_{one}0": col(f"_{one}") % _BITS for one in "abcd"},
    )
    frame = frame.with_columns(_low=col("_a0") * col("_d0"), _other_low=col("_c0") * col("_b0"))
    frame = frame.with_columns(
        _middle=col("_a1") * col("_d0") + col("_a0") * col("_d1") + col("_low") // _BITS,
        _other_middle=col("_c1") * col("_b0") + col("_c0") * col("_b1") + col("_other_low") // _BITS,
    )
    frame = frame.with_columns(
        _high=col("_a1") * col("_d1")
        + col("_middle") // _BITS
        - col("_c1") * col("_b1")
        - col("_other_middle") // _BITS,
        _rest=(col("_middle") % _BITS - col("_other_middle") % _BITS) * _BITS
        + (col("_low") % _BITS - col("_other_low") % _BITS),
    )
    size = nw.when(col("_high") != 0).then(_sign(col("_high"))).otherwise(_sign(col("_rest")))
    apart = _sign(col("_s") - col("_t"))
    return frame.with_columns(nw.when(apart == 0).then(col("_s") * size).otherwise(apart).alias(name))


def _sign(value: nw.Expr) -> nw.Expr:
    import narwhals as nw

    return (value > 0).cast(nw.Int64) - (value < 0).cast(nw.Int64)
