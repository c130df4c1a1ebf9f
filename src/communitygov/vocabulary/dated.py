"""Values that change over time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import pairwise
from typing import Generic, TypeVar

from attrs import field, frozen

from communitygov.vocabulary.errors import NotInForce
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.problem import Problem
from communitygov.vocabulary.text import Title

__all__ = ["Dated"]

T = TypeVar("T")


@frozen
class Dated(Generic[T]):
    """A value in its versions, each in force from a day on.

    Args:
        versions: Pairs of first day and value, by day; the first day of all is where it comes into force.
        until: The last day in force, or None while there is no end.

    Example:
        >>> import datetime as dt
        >>> law = Dated(((dt.date(2021, 7, 1), "old"), (dt.date(2023, 1, 1), "new")))
        >>> law.at("2022Q4"), law.at("2023Q1")
        ('old', 'new')
    """

    versions: tuple[tuple[dt.date, T], ...] = field(converter=tuple)
    until: dt.date | None = None

    @versions.validator
    def _ordered(self, _: object, versions: tuple[tuple[dt.date, T], ...]) -> None:
        days = [day for day, _value in versions]
        if not days or any(a >= b for a, b in pairwise(days)):
            raise ValueError("versions need at least one day, and their days must rise")

    def at(self, when: str | Period | dt.date) -> T:
        """Return the value in force on a period's first day.

        Args:
            when: A day, a period or a period's text.

        Raises:
            NotInForce: If the day is before the first version or after the last day.
        """
        day = when if isinstance(when, dt.date) else (Period.parse(when) if isinstance(when, str) else when).first_day
        if day < self.versions[0][0] or (self.until is not None and day > self.until):
            first = self.versions[0][0]
            raise NotInForce(
                Problem(
                    "not-in-force",
                    Title(
                        zh=f"{day} 尚未生效或已失效；生效期为 {first} 至 {self.until or '今'}",
                        en=f"not in force on {day}; in force from {first} until {self.until or 'further notice'}",
                    ),
                )
            )
        return next(value for start, value in reversed(self.versions) if start <= day)

    def __iter__(self) -> Iterator[T]:
        return (value for _, value in self.versions)
