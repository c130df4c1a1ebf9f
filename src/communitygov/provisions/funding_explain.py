"""Why a unit gets what it gets: the same formulas followed slowly, in fractions. The oracle of ``fund``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from math import floor
from typing import Any

from communitygov.provisions.funding import fund
from communitygov.provisions.funding_rules import Funding
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.faults import read_rows
from communitygov.vocabulary.frames import adopt
from communitygov.vocabulary.numbers import decimal_text, half_up
from communitygov.vocabulary.problem import did_you_mean
from communitygov.vocabulary.steps import Steps
from communitygov.vocabulary.text import Title

__all__ = ["explain_funding"]

Row = Mapping[str, Any]
Told = tuple[Fraction | None, Title]
"""What a formula comes to, None if that is not known, and the sentence that says how."""


def explain_funding(fundings: Mapping[str, Funding], units: Any, unit: str) -> Steps:
    """Explain what one unit gets.

    Args:
        fundings: The fundings by id.
        units: As for ``fund``; all units that a pool is shared among.
        unit: The unit.

    Returns:
        A tree: its root has the key ``funding``; below it, a step for each funding of the unit's kind, named by its id,
        with the amount as its value (None if something is missing) and in its facts what suffices to compute it again.

    Raises:
        DocumentError: As ``fund``.
        DataError: As there.
        UsageError: If there is no such unit.

    Example:
        >>> import polars as pl
        >>> from communitygov.vocabulary.numbers import Number
        >>> yuan = Title(zh="元", en="yuan")
        >>> rules = {"branch": Funding(to="branch", unit=yuan, each=Number(Fraction(3000)))}
        >>> frame = pl.DataFrame({"unit": ["b1"], "kind": ["branch"]})
        >>> print(explain_funding(rules, frame, "b1").find("branch").text.en)
        3000 yuan for each: 3000
    """
    fund(fundings, units)  # refuses what does not fit
    rows = read_rows(adopt(units)[0])
    mine = next((row for row in rows if row["unit"] == unit), None)
    if mine is None:
        hint = did_you_mean(unit, [row["unit"] for row in rows])
        raise UsageError.because(
            "unknown-name", zh=f"表中没有单位 `{unit}`{hint.zh}", en=f"there is no unit `{unit}` in the frame{hint.en}"
        )
    steps = [_step(key, one, mine, rows) for key, one in fundings.items() if one.to == mine["kind"]]
    return Steps("funding", Title(zh=f"{unit} 的经费", en=f"what {unit} gets"), children=tuple(steps))


def _step(key: str, one: Funding, mine: Row, rows: Sequence[Row]) -> Steps:
    amount, text = _amount(one, mine, rows)
    if one.inside is not None:
        out = Title(zh=f"，自 {one.inside} 列支", en=f", paid out of {one.inside}")
        text = Title(zh=text.zh + out.zh, en=text.en + out.en)
    return Steps(
        key=key,
        title=one.name(key),
        value=amount,
        text=text,
        clause=one.clause,
        source=one.story(*one.formulas),
        facts={
            "unit": mine["unit"],
            "inside": one.inside,
            "in_order": True if not one.ways or mine["amount"] == 0 or one.only is None else mine[one.only],
            **{name: mine[name] for name in (one.times, one.by, one.score, one.only) if name is not None},
        },
    )


def _amount(one: Funding, mine: Row, rows: Sequence[Row]) -> Told:
    if one.ways:
        return _granted(one, mine)
    meant = True if one.only is None else mine[one.only]
    if meant is None:
        return None, Title(zh=f"不知 {one.only}，无法计算", en=f"`{one.only}` is not known, and so the amount is not")
    if not meant:
        return Fraction(0), Title(zh=f"不属 {one.only}，不拨付", en=f"not `{one.only}`, which it is for: nothing")
    if one.each is not None:
        return _each(one, one.each, mine)
    return _by_score(one, mine) if one.points else _share(one, one.pool or Fraction(0), mine, rows)


def _said(one: Funding, amount: Fraction) -> str:
    return decimal_text(amount, None if amount.denominator == 1 else one.decimals)


def _granted(one: Funding, mine: Row) -> Told:
    if mine["amount"] is None:
        return None, Title(zh="金额未知", en="the amount is not known")
    if mine["amount"] == 0:
        return Fraction(0), Title(zh="未拨付", en="nothing was granted")
    way, amount = one.ways[mine["way"]], Fraction(mine["amount"], 10**one.decimals)
    said = _said(one, amount)
    return amount, Title(zh=f"以{way.zh}方式拨付 {said} {one.unit.zh}", en=f"{said} {one.unit.en} by way of {way.en}")


def _each(one: Funding, each: Fraction, mine: Row) -> Told:
    said = _said(one, each)
    if one.times is None:
        return each, Title(zh=f"每个 {said} {one.unit.zh}：{said}", en=f"{said} {one.unit.en} for each: {said}")
    count = mine[one.times]
    if count is None:
        return None, Title(zh=f"不知 {one.times}，无法计算", en=f"`{one.times}` is not known, and so the amount is not")
    amount = each * count
    told = f"{said} × {count} = {_said(one, amount)}"
    return amount, Title(zh=f"{one.times}：{told} {one.unit.zh}", en=f"{told} {one.unit.en} by `{one.times}`")


def _by_score(one: Funding, mine: Row) -> Told:
    """The score lies on a line between two points, or beyond the ends, where the scale is held."""
    found = mine[str(one.score)]
    if found is None:
        return None, Title(zh=f"不知 {one.score}，无法计算", en=f"`{one.score}` is not known, and so the amount is not")
    score = Fraction(found, 10**one.score_decimals)
    points = sorted(one.points.values(), key=lambda point: point.at)
    for end, beyond in ((points[0], score <= points[0].at), (points[-1], score >= points[-1].at)):
        if beyond:
            said = f"{decimal_text(score)} → {_said(one, end.pays)}"
            return end.pays, Title(
                zh=f"得分 {said} {one.unit.zh}（端点）", en=f"score {said} {one.unit.en}, an end of the scale"
            )
    low, high = next((a, b) for a, b in pairwise(points) if a.at <= score < b.at)
    exact = low.pays + (high.pays - low.pays) * (score - low.at) / (high.at - low.at)
    units = exact * 10**one.decimals
    amount = Fraction(half_up(units) if one.rounding == "half_up" else floor(units), 10**one.decimals)
    between = f"{decimal_text(low.at)} → {_said(one, low.pays)}", f"{decimal_text(high.at)} → {_said(one, high.pays)}"
    return amount, Title(
        zh=f"得分 {decimal_text(score)} 在 {between[0]} 与 {between[1]} 之间：{_said(one, amount)} {one.unit.zh}",
        en=f"score {decimal_text(score)}, between {between[0]} and {between[1]}: {_said(one, amount)} {one.unit.en}",
    )


def _share(one: Funding, pool: Fraction, mine: Row, rows: Sequence[Row]) -> Told:
    """Each gets its share cut to whole units of the last place; what is left goes to the largest remainders."""
    weights: dict[str, int | None] = {}
    for row in rows:
        if row["kind"] == one.to:
            meant = True if one.only is None else row[one.only]
            weight = 1 if one.by is None else row[one.by]
            weights[row["unit"]] = None if meant is None else weight if meant else 0
    unknown = [unit for unit, weight in weights.items() if weight is None]
    if unknown or not any(weights.values()):
        who = ", ".join(unknown[:3]) or "0"
        return None, Title(
            zh=f"分配依据未知或为零（{who}）", en=f"what it is shared by is not known, or nought ({who})"
        )
    known = {unit: weight or 0 for unit, weight in weights.items()}
    total = sum(known.values())
    units = {unit: pool * 10**one.decimals * weight / total for unit, weight in known.items()}
    got = {unit: floor(exact) for unit, exact in units.items()}
    left = int(pool * 10**one.decimals) - sum(got.values())
    for unit in sorted(units, key=lambda unit: (got[unit] - units[unit], unit))[:left]:
        got[unit] += 1
    amount = Fraction(got[mine["unit"]], 10**one.decimals)
    told = f"{_said(one, pool)} × {known[mine['unit']]}/{total} → {_said(one, amount)}"
    return amount, Title(
        zh=f"总额按 {one.by or '个数'} 分配：{told} {one.unit.zh}",
        en=f"{told} {one.unit.en} of the pool, shared by {one.by or 'number'}",
    )
