"""Ratios of 64-bit whole numbers compared exactly, on every backend: in halves, as one multiplies on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import narwhals as nw

__all__ = ["ratio_sign"]

_BITS = 2**31


def ratio_sign(top: nw.Expr, bottom: nw.Expr, over: nw.Expr | int, under: nw.Expr | int) -> nw.Expr:
    """Return the sign of ``top / bottom - over / under``: 1, 0 or -1; null where one of them is.

    Args:
        top: Whole numbers between -2**62 and 2**62, both left out.
        bottom: Positive ones, below 2**62.
        over: As ``top``, a column or a number.
        under: As ``bottom``, a column or a number.
    """
    import narwhals as nw

    right = over if isinstance(over, nw.Expr) else nw.lit(over).cast(nw.Int64)
    below = under if isinstance(under, nw.Expr) else nw.lit(under).cast(nw.Int64)
    high, low = _product(top.abs(), below)
    other_high, other_low = _product(right.abs(), bottom)
    farther = _sign(high - other_high)
    size = nw.when(farther != 0).then(farther).otherwise(_sign(low - other_low))
    sign, other_sign = _sign(top), _sign(right)
    return nw.when(sign == other_sign).then(sign * size).otherwise(_sign(sign - other_sign))


def _product(one: nw.Expr, other: nw.Expr) -> tuple[nw.Expr, nw.Expr]:
    """Return the product of two numbers from 0 to 2**62 as multiples of 2**62 and a rest below."""
    a, b, c, d = one // _BITS, one % _BITS, other // _BITS, other % _BITS
    low = b * d
    middle = a * d + b * c + low // _BITS
    return a * c + middle // _BITS, middle % _BITS * _BITS + low % _BITS


def _sign(value: nw.Expr) -> nw.Expr:
    import narwhals as nw

    return (value > 0).cast(nw.Int64) - (value < 0).cast(nw.Int64)
