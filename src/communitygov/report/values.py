"""Single values, written for people."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from communitygov.vocabulary.numbers import decimal_text
from communitygov.vocabulary.text import Language, Title

__all__ = ["chance_text", "facts_text", "value_text"]

_PLACES = 6
"""Places up to which an ending decimal is shown in full."""

_TRUTH = {True: Title(zh="是", en="yes"), False: Title(zh="否", en="no")}
_NONE = Title(zh="无", en="none")


def value_text(value: Any, lang: Language) -> str:
    """Write one value for people.

    A fraction is exact: a decimal if it soon ends, else a ratio with its rounded decimal behind it.

    Args:
        value: A number, a text, a truth value, a title or None.
        lang: The language of the words.

    Returns:
        The value on one line.

    Example:
        >>> value_text(Fraction(143, 10), "en"), value_text(Fraction(1, 3), "en"), value_text(None, "zh")
        ('14.3', '1/3 (≈ 0.3333)', '无')
    """
    if value is None:
        return _NONE.say(lang)
    if isinstance(value, bool):
        return _TRUTH[value].say(lang)
    if isinstance(value, Title):
        return value.say(lang)
    if isinstance(value, Fraction):
        text = decimal_text(value)
        if "/" in text or len(text.partition(".")[2]) > _PLACES:
            return f"{value} (≈ {decimal_text(value, 4)})"
        return text
    if isinstance(value, float):
        return f"{value:.12g}"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return " ".join(str(value).split())


def facts_text(facts: Mapping[str, Any], lang: Language) -> str:
    """Write named values on one line.

    Args:
        facts: Values by name.
        lang: The language of the words.

    Example:
        >>> facts_text({"rank": 17, "quota": 14}, "en")
        'rank = 17, quota = 14'
    """
    between = "，" if lang == "zh" else ", "
    return between.join(f"{name} = {value_text(value, lang)}" for name, value in facts.items())


def chance_text(chance: float | None) -> str:
    """Write a probability so that what is nearly certain is not said to be certain.

    Args:
        chance: A probability, or None if nothing decides it.

    Example:
        >>> chance_text(0.999), chance_text(1.0), chance_text(0.42), chance_text(None)
        ('>99%', '100%', '42%', '?')
    """
    if chance is None:
        return "?"
    if 0 < chance < 0.01:
        return "<1%"
    return ">99%" if 0.99 < chance < 1 else f"{chance:.0%}"
