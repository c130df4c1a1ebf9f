"""Exact numbers: read from text, rounded half up, written back.

No float takes part. A number of a document is an ``int`` or a ``Fraction``.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NewType

__all__ = [
    "Number",
    "Share",
    "decimal_text",
    "exact",
    "half_up",
    "share_text",
    "to_units",
]

Share = NewType("Share", Fraction)
"""A part of a whole, 0 to 1; written ``10%``, ``1/10`` or ``0.1``."""

Number = NewType("Number", Fraction)
"""Any exact number; written ``14``, ``14.3``, ``143/10`` or ``1430%``."""

_TEXT = re.compile(
    r"(?P<sign>[-+]?)"
    r"(?:(?P<whole>\d{1,30})(?:\.(?P<places>\d{1,30}))?(?P<percent>%)?|(?P<top>\d{1,30})/(?P<bottom>\d{1,30}))",
    re.ASCII,
)


def exact(text: str) -> Fraction:
    """Read a number exactly from its text.

    Args:
        text: ``"10%"``, ``"1/3"``, ``"0.3"`` or ``"14"``; at most 30 digits on either side of the point.

    Returns:
        The number as a fraction in lowest terms.

    Raises:
        ValueError: If the text is no such number.

    Example:
        >>> exact("10%"), exact("0.3"), exact("1/3")
        (Fraction(1, 10), Fraction(3, 10), Fraction(1, 3))
    """
    match = _TEXT.fullmatch(text.strip())
    if match is None or (match["bottom"] is not None and int(match["bottom"]) == 0):
        raise ValueError(f"not a number: {text!r}")
    if match["bottom"] is not None:
        value = Fraction(int(match["top"]), int(match["bottom"]))
    else:
        places = match["places"] or ""
        value = Fraction(int(match["whole"] + places), 10 ** len(places))
        if match["percent"]:
            value /= 100
    return -value if match["sign"] == "-" else value


def half_up(value: Fraction) -> int:
    """Round to the nearest whole number, a half going up.

    Args:
        value: Any fraction; scores are never negative, and a negative half still goes up.

    Example:
        >>> half_up(Fraction(5, 2)), half_up(Fraction(143, 10))
        (3, 14)
    """
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def to_units(value: Fraction, decimals: int) -> int:
    """Round a number half up and count it in units of its last published place.

    Args:
        value: The number.
        decimals: Published places, 0 or more.

    Example:
        >>> to_units(Fraction(86305, 1000), 2)
        8631
    """
    return half_up(value * 10**decimals)


def decimal_text(value: Fraction, decimals: int | None = None) -> str:
    """Write a number for people: exactly where it ends, as a ratio where it does not.

    Args:
        value: The number.
        decimals: Places to show (rounded half up), or None for all.

    Example:
        >>> decimal_text(Fraction(143, 10)), decimal_text(Fraction(1, 3)), decimal_text(Fraction(1, 3), 2)
        ('14.3', '1/3', '0.33')
    """
    if decimals is None:
        bottom, decimals = value.denominator, 0
        twos = fives = 0
        while bottom % 2 == 0:
            bottom, twos = bottom // 2, twos + 1
        while bottom % 5 == 0:
            bottom, fives = bottom // 5, fives + 1
        if bottom != 1:
            return f"{value.numerator}/{value.denominator}"
        decimals = max(twos, fives)
    units = half_up(value * 10**decimals)
    sign = "-" if units < 0 else ""
    digits = str(abs(units)).rjust(decimals + 1, "0")
    return sign + (digits if decimals == 0 else f"{digits[:-decimals]}.{digits[-decimals:]}")


def share_text(value: Fraction, decimals: int | None = None) -> str:
    """Write a share as a percentage, or as a ratio where the percentage does not end.

    Example:
        >>> share_text(Fraction(1, 10)), share_text(Fraction(1, 3)), share_text(Fraction(1, 3), 1)
        ('10%', '1/3', '33.3%')
    """
    text = decimal_text(value * 100, decimals)
    return f"{value.numerator}/{value.denominator}" if "/" in text else f"{text}%"
