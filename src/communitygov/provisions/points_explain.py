"""Why an account has the points that it has: the same rule followed entry by entry. The oracle of ``award``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import define, field

from communitygov.provisions.points import REASONS, award
from communitygov.provisions.points_rules import Activity, Points
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.faults import read_rows
from communitygov.vocabulary.frames import adopt
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.problem import did_you_mean
from communitygov.vocabulary.steps import Steps
from communitygov.vocabulary.text import Title

__all__ = ["explain_points"]

Row = Mapping[str, Any]


@define
class _Account:
    """What was earned so far: under each cap in each period, and whether some of it is not known.

    Args:
        used: Points by cap and period; the cap of all activities has no name.
        unsure: The caps and periods in which some points are not known.
        balance: What it has; None if that is not known.
    """

    used: dict[tuple[str, str], int] = field(factory=dict)
    unsure: set[tuple[str, str]] = field(factory=set)
    balance: int | None = 0


def explain_points(rule: Points, entries: Any, account: str) -> Steps:
    """Explain one account's points: its statement.

    Args:
        rule: The rule.
        entries: As for ``award``.
        account: The account.

    Returns:
        A tree: its root has the key ``points`` and the balance as its value, None if that is not known; below it a step
        for each entry, its key the number, its value the points, and ``reason`` and ``balance`` among its facts.

    Raises:
        DocumentError: As ``award``.
        DataError: As there.
        UsageError: If there is no such account.

    Example:
        >>> import polars as pl
        >>> rule = Points(holders={"person": Title(zh="个人", en="person")}, activities={"visit": Activity(points=5)})
        >>> rows = {"entry": [1], "account": "Ma", "holder": "person", "on": "2024-05-06", "what": "visit"}
        >>> print(explain_points(rule, pl.DataFrame(rows), "Ma").children[0].text.en)
        2024-05-06 visit: 5 (earned), balance 5
    """
    award(rule, entries)  # refuses what does not fit
    rows = read_rows(adopt(entries)[0])
    mine = sorted((row for row in rows if row["account"] == account), key=lambda row: row["entry"])
    if not mine:
        hint = did_you_mean(account, sorted({row["account"] for row in rows}))
        zh, en = f"表中没有账户 `{account}`{hint.zh}", f"there is no account `{account}`{hint.en}"
        raise UsageError.because("unknown-name", zh=zh, en=en)
    kept = _Account()
    steps = tuple(_steps(rule, kept, mine))
    return Steps(
        "points",
        Title(zh=f"{account} 的积分", en=f"points of {account}"),
        kept.balance,
        clause=rule.clause,
        children=steps,
    )


def _steps(rule: Points, kept: _Account, rows: Sequence[Row]) -> Iterator[Steps]:
    for row in rows:
        what = row["what"]
        named: Activity | Any = rule.activities.get(what) or rule.rewards[what]
        points, reason = _redeem(rule, kept, what) if what in rule.rewards else _earn(rule, kept, row)
        kept.balance = None if kept.balance is None or points is None else kept.balance + points
        said, left = ("?" if number is None else str(number) for number in (points, kept.balance))
        why, name = REASONS[reason], named.name(what)
        yield Steps(
            key=str(row["entry"]),
            title=name,
            value=points,
            text=Title(
                zh=f"{row['on']} {name.zh}：{said}（{why.zh}），余额 {left}",
                en=f"{row['on']} {name.en}: {said} ({why.en}), balance {left}",
            ),
            clause=named.clause or rule.clause,
            source=named.story(),
            facts={"reason": reason, "balance": kept.balance},
        )


def _redeem(rule: Points, kept: _Account, what: str) -> tuple[int, str]:
    if kept.balance is None:
        return 0, "balance_not_known"
    costs = rule.rewards[what].costs
    return (-costs, "redeemed") if kept.balance >= costs else (0, "too_few")


def _earn(rule: Points, kept: _Account, row: Row) -> tuple[int | None, str]:
    one = rule.activities[row["what"]]
    if one.holders and row["holder"] not in one.holders:
        return 0, "not_for_such"
    if rule.real_name and not row["registered"]:
        return 0, "not_registered"
    day = Period.parse(row["on"]).first_day
    points = one.points
    for name, most, per in ((row["what"], one.most, one.per), ("", rule.most, rule.per)):
        if most is None or per is None:
            continue
        cap = (name, str(Period.containing(day, per)))
        left = max(0, most - kept.used.get(cap, 0))
        cut = 0 if left == 0 else None if points is None or (cap in kept.unsure and points > 0) else min(points, left)
        # What is used up is what would have counted, so that what is cut here is not earned twice.
        if points is None:
            kept.unsure.add(cap)
        else:
            kept.used[cap] = kept.used.get(cap, 0) + points
        points = cut
    if points is None:
        return None, "not_known"
    return points, "earned" if points == one.points else "capped"
