"""Values that change over time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import pairwise
from typing import Generic, TypeVar

from attrs import field, frozen

from communitygov.vocabulary.errors import NotInForce, UsageError
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.problem import Problem
from communitygov.vocabulary.text import Title

__all__ = ["Dated", "day_of"]

T = TypeVar("T")


def day_of(when: str | int | Period | dt.date) -> dt.date:
    """Return the day that rules are asked for: the first of a period, or a day itself.

    Args:
        when: A period, its text, a year or a day.

    Raises:
        UsageError: If it is none of them.

    Example:
        >>> day_of("2023Q3"), day_of(2024)
        (datetime.date(2023, 7, 1), datetime.date(2024, 1, 1))
    """
    if isinstance(when, dt.date):
        return when.date() if isinstance(when, dt.datetime) else when
    if isinstance(when, Period):
        return when.first_day
    try:
        return Period.parse(str(when)).first_day
    except ValueError:
        raise UsageError.because(
            "bad-period",
            zh=f"`{when}` 不是时期，如 2023、2023Q3、2023-08",
            en=f"`{when}` is no period, such as 2023, 2023Q3 or 2023-08",
        ) from None


@frozen
class Dated(Generic[T]):
    """A value in its versions, each in force from a day on.

    Args:
        versions: Pairs of first day and value, by day; the first day of all is where it comes into force. A version
            without a value (None) is a gap: from its day until the next version nothing is in force.
        until: The last day in force, or None while there is no end.

    Example:
        >>> import datetime as dt
        >>> law = Dated(((dt.date(2021, 7, 1), "old"), (dt.date(2023, 1, 1), "new")))
        >>> law.at("2022Q4"), law.at("2023Q1")
        ('old', 'new')
    """

    versions: tuple[tuple[dt.date, T | None], ...] = field(converter=tuple)
    until: dt.date | None = None

    @versions.validator
    def _ordered(self, _: object, versions: tuple[tuple[dt.date, T | None], ...]) -> None:
        days = [day for day, _value in versions]
        if not days or any(a >= b for a, b in pairwise(days)):
            raise ValueError("versions need at least one day, and their days must rise")
        if versions[0][1] is None or versions[-1][1] is None:
            raise ValueError("a gap lies between two versions; before the first and after the last nothing is said")

    def at(self, when: str | int | Period | dt.date) -> T:
        """Return the value in force on a period's first day.

        Args:
            when: A day, a period, its text or a year.

        Raises:
            NotInForce: If the day is before the first version, in a gap or after the last day.
            UsageError: If it is no day and no period.
        """
        day = day_of(when)
        for first, last, value in self.spans():
            if first <= day and (last is None or day <= last):
                return value
        stretches = self._stretches()
        zh = "，".join(f"{first} 至 {last or '今'}" for first, last in stretches)
        en = ", ".join(f"from {first} until {last or 'further notice'}" for first, last in stretches)
        title = Title(zh=f"{day} 尚未生效或已失效；生效期为 {zh}", en=f"not in force on {day}; in force {en}")
        raise NotInForce(Problem("not-in-force", title))

    def spans(self) -> Iterator[tuple[dt.date, dt.date | None, T]]:
        """Yield each version that has a value, with its first day and its last: None while there is no end."""
        ends = [day - dt.timedelta(days=1) for day, _ in self.versions[1:]]
        for (first, value), last in zip(self.versions, [*ends, self.until], strict=True):
            if value is not None:
                yield first, last, value

    def _stretches(self) -> list[tuple[dt.date, dt.date | None]]:
        """Return the first and the last day of each stretch without a gap."""
        found: list[tuple[dt.date, dt.date | None]] = []
        for first, last, _ in self.spans():
            joins = found and found[-1][1] == first - dt.timedelta(days=1)
            found.append((found.pop()[0] if joins else first, last))
        return found

    def __iter__(self) -> Iterator[T]:
        return (value for _, _, value in self.spans())
