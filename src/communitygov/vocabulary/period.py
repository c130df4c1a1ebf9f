"""Periods: years, halves, quarters, months and days, as documents write them."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from attrs import frozen

if TYPE_CHECKING:
    import narwhals as nw

__all__ = ["DAY", "YEAR", "Period", "PeriodKind", "is_period", "within_days"]

PeriodKind = Literal["year", "half", "quarter", "month", "day"]

YEAR = "[12][0-9]{3}"
"""The years that there are, as a pattern for a column of texts."""

_LEAP = "(?:[12][0-9](?:0[48]|[2468][048]|[13579][26])|(?:12|16|20|24|28)00)"
DAY = (
    f"(?:{YEAR}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    f"|02-(?:0[1-9]|1[0-9]|2[0-8]))|{_LEAP}-02-29)"
)
"""The days that there are, as a pattern for a column of texts: 2023-02-30 is none."""

_MONTHS: dict[str, int] = {"year": 12, "half": 6, "quarter": 3, "month": 1}
_TEXT = re.compile(
    r"(?P<year>[12]\d{3})(?:H(?P<half>[12])|Q(?P<quarter>[1-4])|-(?P<month>\d{2})(?:-(?P<day>\d{2}))?)?",
    re.ASCII,
)
_WRITTEN: dict[PeriodKind, tuple[str, int]] = {
    "year": (f"^{YEAR}$", 4),
    "half": (f"^{YEAR}H[12]$", 6),
    "quarter": (f"^{YEAR}Q[1-4]$", 6),
    "month": (f"^{YEAR}-(?:0[1-9]|1[0-2])$", 7),
    "day": (f"^{DAY}$", 10),
}
"""How periods of a kind are written: a pattern, and the length, since ``$`` lets a line end pass."""


@frozen(order=True)
class Period:
    """A stretch of the calendar with a name: ``2023``, ``2023H1``, ``2023Q3``, ``2023-08`` or ``2023-08-01``.

    Not a pair of arbitrary dates. Periods of one kind sort by time, and so do their texts.

    Args:
        first_day: The day it begins on, which must be the first of its kind.
        kind: Its length.

    Example:
        >>> Period.parse("2023Q3").next()
        Period(2023Q4)
        >>> Period.parse("2023Q3").first_day
        datetime.date(2023, 7, 1)
    """

    first_day: dt.date
    kind: PeriodKind

    @classmethod
    def parse(cls, text: str) -> Period:
        """Read a period from its text.

        Args:
            text: One of the five forms above.

        Raises:
            ValueError: If the text is none of them or names no day of the calendar.
        """
        return _parse(str(text))

    @classmethod
    def containing(cls, day: dt.date, kind: PeriodKind) -> Period:
        """Return the period of a kind that a day lies in.

        Args:
            day: The day.
            kind: The kind of period wanted.
        """
        if kind == "day":
            return cls(day, kind)
        months = _MONTHS[kind]
        return cls(dt.date(day.year, (day.month - 1) // months * months + 1, 1), kind)

    @property
    def last_day(self) -> dt.date:
        """The last day of the period."""
        return self.next().first_day - dt.timedelta(days=1)

    def next(self, steps: int = 1) -> Period:
        """Return the period a number of steps later (or earlier, if negative).

        Args:
            steps: How many periods of the same kind.
        """
        if self.kind == "day":
            return Period(self.first_day + dt.timedelta(days=steps), self.kind)
        month = self.first_day.year * 12 + self.first_day.month - 1 + steps * _MONTHS[self.kind]
        return Period(dt.date(month // 12, month % 12 + 1, 1), self.kind)

    def __str__(self) -> str:
        day = self.first_day
        return {
            "year": f"{day.year}",
            "half": f"{day.year}H{(day.month + 5) // 6}",
            "quarter": f"{day.year}Q{(day.month + 2) // 3}",
            "month": f"{day.year}-{day.month:02}",
            "day": day.isoformat(),
        }[self.kind]

    def __repr__(self) -> str:
        return f"Period({self})"


@lru_cache(maxsize=4096)
def _parse(text: str) -> Period:
    match = _TEXT.fullmatch(text)
    if match is None:
        raise ValueError(f"not a period: {text!r}")
    year = int(match["year"])
    if match["half"]:
        return Period(dt.date(year, int(match["half"]) * 6 - 5, 1), "half")
    if match["quarter"]:
        return Period(dt.date(year, int(match["quarter"]) * 3 - 2, 1), "quarter")
    if match["day"]:
        return Period(dt.date(year, int(match["month"]), int(match["day"])), "day")
    if match["month"]:
        return Period(dt.date(year, int(match["month"]), 1), "month")
    return Period(dt.date(year, 1, 1), "year")


def within_days(day: dt.date, since: Period | None, until: Period | None) -> bool:
    """Return whether a day lies in a span of periods, both ends among it.

    Args:
        day: The day.
        since: The first period; there is no beginning if None.
        until: The last; there is no end if None.

    Example:
        >>> within_days(dt.date(2025, 12, 31), Period.parse("2010"), Period.parse("2025"))
        True
    """
    return (since is None or since.first_day <= day) and (until is None or day <= until.last_day)


def is_period(text: nw.Expr, kind: PeriodKind) -> nw.Expr:
    """Return whether texts of a frame are periods of a kind.

    Args:
        text: The texts.
        kind: The kind.
    """
    pattern, length = _WRITTEN[kind]
    return text.str.contains(pattern) & (text.str.len_chars() == length)
