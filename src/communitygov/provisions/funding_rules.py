"""What a profile can say about funding: formulas by which units get money, and what is paid out of what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Literal

from communitygov.documents.rule import Finding, Rule, rule, term
from communitygov.vocabulary.numbers import Number
from communitygov.vocabulary.period import PeriodKind
from communitygov.vocabulary.problem import did_you_mean
from communitygov.vocabulary.text import Title

__all__ = ["LARGEST", "WEIGHT", "Funding", "Point", "check_fundings", "in_units"]

LARGEST = 10**12
"""The most that a unit or a pool may get, in units of the last place: sums of millions of them are whole numbers of 63
bits."""

WEIGHT = 10**6
"""The greatest count, weight or score of one unit, in units of its last place: so are products of the two."""


@rule
class Point(Rule):
    """A point of a scale of straight lines.

    Args:
        at: The score.
        pays: What it pays.
    """

    at: Number = term("分数", "At")
    pays: Number = term("金额", "Pays")


@rule
class Funding(Rule):
    """Money that one kind of unit gets by one formula: ``each``, a shared ``pool``, ``points`` of a score, or ``ways``.

    Args:
        payer: Who pays.
        to: The kind of unit that gets it, such as ``community``.
        unit: The money.
        decimals: Places of its amounts; whole numbers count units of the last of them.
        period: How often it is paid; the text does not say if absent.
        each: What each unit gets.
        times: The column of whole numbers that ``each`` is paid for, such as households; once if absent.
        pool: The sum that is shared out among the units, or that grants must stay within.
        by: The column of whole numbers that the pool is shared by; equally if absent. What does not divide goes, one
            unit of the last place each, to those whose share was cut most, among equals by the order of the units' ids.
        score: The column of the score that ``points`` are read at.
        score_decimals: Places of the score; whole numbers count units of the last of them.
        points: A scale of straight lines between points, held at its ends: the least score that is named is a floor,
            the greatest a cap.
        rounding: What becomes of less than a unit of the last place, where a score pays.
        ways: The ways in which money is granted; amounts stand in the data.
        only: The column of flags that says which units it is for; all of the kind if absent.
        inside: The funding that it is paid out of, of the unit that a unit is part of; on top of all others if absent.
    """

    payer: Title | None = term("拨付方", "Payer", default=None)
    to: str = term("对象", "To")
    unit: Title = term("货币单位", "Unit")
    decimals: int = term("小数位", "Decimals", default=0, at_least=0, at_most=2)
    period: PeriodKind | None = term("周期", "Period", default=None)
    each: Number | None = term("每个", "Each", default=None)
    times: str | None = term("乘以", "Times", default=None)
    pool: Number | None = term("总额", "Pool", default=None)
    by: str | None = term("按", "By", default=None)
    score: str | None = term("得分列", "Score", default=None)
    score_decimals: int = term("得分小数位", "Score decimals", default=0, at_least=0, at_most=3)
    points: Mapping[str, Point] = term("折点", "Points", default={})
    rounding: Literal["half_up", "down"] | None = term("舍入", "Rounding", default=None)
    ways: Mapping[str, Title] = term("方式", "Ways", default={})
    only: str | None = term("仅限", "Only", default=None)
    inside: str | None = term("列支自", "Inside", default=None)

    @property
    def scale(self) -> tuple[tuple[int, int], ...]:
        """The points in order, as whole numbers of units of the last places."""
        found = [
            (in_units(one.at, self.score_decimals), in_units(one.pays, self.decimals)) for one in self.points.values()
        ]
        return tuple(sorted(found))

    @property
    def formulas(self) -> tuple[str, ...]:
        """The formulas that it has, of which a rule without faults has one; a pool may also limit ``ways``."""
        given = {"each": self.each is not None, "points": bool(self.points), "ways": bool(self.ways)}
        return tuple(name for name, there in given.items() if there) or (("pool",) if self.pool is not None else ())

    def check(self) -> Iterator[Finding]:
        """Yield a finding unless it has one formula, whole units, and a scale that is one."""
        yield from super().check()
        if len(self.formulas) != 1:
            zh, en = "each、pool、points、ways 须取且只取一种算法", "needs one formula: each, pool, points or ways"
            yield Finding((), "not-one-formula", zh, en)
            return
        (formula,) = self.formulas
        belongs = {"times": "each", "by": "pool", "score": "points", "rounding": "points"}
        for name, owner in belongs.items():
            if getattr(self, name) is not None and owner != formula:
                yield Finding((name,), "unused-setting", f"{name} 只用于 {owner}", f"`{name}` belongs to `{owner}`")
        if self.pool is not None and formula in ("each", "points"):
            zh, en = "pool 只用于分配总额或限定 ways", "`pool` is shared out, or limits `ways`"
            yield Finding(("pool",), "unused-setting", zh, en)
        for name in ("each", "pool"):
            yield from _whole((name,), getattr(self, name), self.decimals)
        for key, point in self.points.items():
            yield from _whole(("points", key, "pays"), point.pays, self.decimals)
            yield from _whole(("points", key, "at"), point.at, self.score_decimals, WEIGHT)
        if self.points:
            yield from self._check_points()

    def _check_points(self) -> Iterator[Finding]:
        for name in ("score", "rounding"):
            if getattr(self, name) is None:
                yield Finding((name,), "missing-setting", f"按得分计须写明 {name}", f"points need `{name}`")
        if len(self.points) < 2:
            yield Finding(("points",), "one-point", "至少须有两个折点", "a line needs two points")
        seen: dict[Fraction, str] = {}
        for key, point in self.points.items():
            if point.at in seen:
                zh, en, other = "两个折点的分数相同", "two points have one score", ("points", seen[point.at], "at")
                yield Finding(("points", key, "at"), "repeated-point", zh, en, also=(other,))
            seen[point.at] = key


def _whole(path: tuple[str, ...], value: Fraction | None, decimals: int, most: int = LARGEST) -> Iterator[Finding]:
    if value is None:
        return
    units = value * 10**decimals
    if units < 0 or units > most:
        zh, en = f"须在 0 与 {most} 个最小单位之间", f"must be from 0 to {most} units of the last place"
        yield Finding(path, "out-of-range", zh, en)
    elif units.denominator != 1:
        yield Finding(path, "too-many-decimals", f"小数位超过 {decimals}", f"has more than {decimals} decimals")


def in_units(value: Fraction, decimals: int) -> int:
    """Return an amount or a score that was checked as a whole number of units of its last place.

    Args:
        value: The number.
        decimals: Its places.
    """
    return int(value * 10**decimals)


def check_fundings(fundings: Mapping[str, Funding]) -> Iterator[Finding]:
    """Yield a finding for money that is paid out of what is not there, of its own kind of unit, or of another money.

    And for grants to one kind of unit by two rules: the data say once what was granted.

    Args:
        fundings: The fundings of a profile by id.
    """
    granted: dict[str, str] = {}
    for key, one in fundings.items():
        if one.ways and one.to in granted:
            zh, en = "同类单位只能有一项按方式拨付的经费", "grants to this kind of unit have a rule already"
            yield Finding(("funding", key, "ways"), "granted-twice", zh, en, also=(("funding", granted[one.to]),))
        if one.ways:
            granted.setdefault(one.to, key)
        if one.inside is None:
            continue
        path, other = ("funding", key, "inside"), fundings.get(one.inside)
        if other is None:
            hint = did_you_mean(one.inside, fundings)
            zh, en = f"没有经费 `{one.inside}`{hint.zh}", f"there is no funding `{one.inside}`{hint.en}"
            yield Finding(path, "unknown-reference", zh, en)
        elif (other.decimals, other.unit) != (one.decimals, one.unit):
            zh, en = f"与 `{one.inside}` 的货币单位不同", f"is counted in another unit than `{one.inside}`"
            yield Finding(path, "other-unit", zh, en, also=(("funding", one.inside),))
        elif other.to == one.to:
            zh = f"与 `{one.inside}` 同属 `{one.to}`，不能从中列支"
            en = f"is for the same kind of unit as `{one.inside}`, `{one.to}`; it is paid out of a unit above"
            yield Finding(path, "same-kind", zh, en, also=(("funding", one.inside, "to"),))
