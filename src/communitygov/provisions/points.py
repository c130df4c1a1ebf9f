"""Points: a ledger that only appends, with what each entry earned or cost and why, on any kind of frame."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from communitygov.documents.rule import hold_to_itself
from communitygov.provisions.points_rules import Points
from communitygov.vocabulary.errors import DataError
from communitygov.vocabulary.faults import read_rows
from communitygov.vocabulary.frames import Column, Fault, Table, adopt, check_table, in_kind_of
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.problem import Problem
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["REASONS", "Ledger", "award", "check_appended", "entries_table"]

REASONS = {
    "earned": Title(zh="计入", en="earned"),
    "capped": Title(zh="超过上限，部分或全部不计", en="more than the cap, so not all of it counts"),
    "not_registered": Title(zh="未实名注册，不计", en="not registered by real name, so nothing"),
    "not_for_such": Title(zh="不适用于此类账户，不计", en="not for this kind of account, so nothing"),
    "not_known": Title(zh="分值未知", en="how much it earns is not known"),
    "redeemed": Title(zh="兑换", en="redeemed"),
    "too_few": Title(zh="积分不足，不兑换", en="too few points, so nothing is redeemed"),
    "balance_not_known": Title(zh="余额未知，不兑换", en="the balance is not known, so nothing is redeemed"),
}
"""What can become of an entry."""


def entries_table(rule: Points) -> Table:
    """Return the columns of what happened: one row per entry.

    Args:
        rule: The rule.
    """
    columns = [
        Column("entry", "whole", Title(zh="序号", en="number of the entry")),
        Column("account", "text", Title(zh="账户", en="account")),
        Column("holder", "text", Title(zh="账户类别", en="kind of account")),
        Column("on", "text", Title(zh="日期", en="day, such as 2024-05-06")),
        Column("what", "text", Title(zh="活动或兑换", en="activity or reward")),
    ]
    if rule.real_name:
        columns.append(Column("registered", "flag", Title(zh="已实名注册", en="registered by real name")))
    return Table(Title(zh="积分记录", en="entries of points"), tuple(columns), ("entry",), open=True)


@frozen
class Ledger:
    """What each entry came to.

    ``frame`` has one row per entry, in their order:

    - ``entry`` (Int64), ``account``, ``holder``, ``on``, ``what`` (text), as they were given;
    - ``points`` (Int64, nullable): what was earned, below 0 what was redeemed; null where it is not known;
    - ``reason`` (text): one of ``REASONS``;
    - ``balance`` (Int64, nullable): of the account after it; null once points of it are not known.

    Args:
        frame: As above, of the kind that was given.
        rule: The rule.
    """

    frame: Any
    rule: Points
    _rows: pl.DataFrame = field(repr=False, eq=False)

    @cached_property
    def balances(self) -> dict[str, int | None]:
        """Each account's points after all entries; None where that is not known."""
        return {row["account"]: row["balance"] for row in self._rows.sort("entry").rows(named=True)}


def award(rule: Points, entries: Any) -> Ledger:
    """Carry out what happened, entry by entry in the order of their numbers.

    Caps count in that order: what an account earns by an activity, and by all of them together, in a period of the cap.
    What is redeemed never takes an account below nothing.

    Args:
        rule: The rule.
        entries: What happened, as ``entries_table(rule)`` declares it. A later entry has a higher number; what was
            entered is never changed.

    Returns:
        The ledger, of the kind of frame given.

    Raises:
        DocumentError: If a rule that was made in Python breaks one of its own promises.
        DataError: If the frame does not fit, a number stands twice, an activity, reward or kind of account is none of
            the rule's, or a day is no day or is before that of an earlier entry.

    Source:
        QF-18, SJS-44, BAO-24; see ``docs/points.md``.

    Example:
        >>> import polars as pl
        >>> from communitygov.provisions.points_rules import Activity, Reward
        >>> people = {"person": Title(zh="个人", en="person")}
        >>> visit = {"visit": Activity(points=5, most=8, per="month")}
        >>> rule = Points(holders=people, activities=visit, rewards={"soap": Reward(costs=6)})
        >>> what = ["visit", "visit", "soap", "soap"]
        >>> rows = {"entry": [1, 2, 3, 4], "account": "Ma", "holder": "person", "on": "2024-05-06", "what": what}
        >>> award(rule, pl.DataFrame(rows)).frame.select("points", "reason", "balance").rows()
        [(5, 'earned', 5), (3, 'capped', 8), (-6, 'redeemed', 2), (0, 'too_few', 2)]
    """
    import polars as pl

    hold_to_itself(rule)
    frame, back = adopt(entries, entries_table(rule))
    check_table(entries_table(rule), frame, more=list(_faults(rule)))
    rows: pl.DataFrame = frame.lazy().collect("polars").to_native().sort("entry")
    days = _days(rows)
    earned = _earned(rule, rows.with_columns(pl.Series("_day", days, dtype=pl.Date)))
    done = _redeemed(rule, earned)
    return Ledger(back(in_kind_of(frame, done)), rule, done)


def _faults(rule: Points) -> Iterator[Fault]:
    import narwhals as nw

    known = {"what": [*rule.activities, *rule.rewards], "holder": [*rule.holders]}
    for name, there in known.items():
        said = Title(zh=f"规则中没有；有 {'、'.join(there)}", en=f"none of the rule's; there is {', '.join(there)}")
        yield Fault("unknown-entry", name, ~nw.col(name).is_in(there), said, True, (name,))
    low = Title(zh="须不小于 0", en="must be 0 or more")
    yield Fault("entry-below-zero", "entry", nw.col("entry") < 0, low, True, ("entry",))


def _days(rows: pl.DataFrame) -> list[Any]:
    """Return the days of entries; refuse what is no day, and days that go back."""
    found: list[Any] = []
    problems = []
    for number, text in rows.select("entry", "on").rows():
        try:
            period = Period.parse(text)
            day = period.first_day if period.kind == "day" else None
        except ValueError:
            day = None
        if day is None:
            title = Title(zh=f"第 {number} 条：`{text}` 不是日期", en=f"entry {number}: `{text}` is no day")
            problems.append(Problem("entry-without-day", title, path="on"))
        elif found and found[-1] is not None and day < found[-1]:
            title = Title(
                zh=f"第 {number} 条早于前一条", en=f"entry {number} is before the one with the number before it"
            )
            problems.append(Problem("entry-goes-back", title, path="on"))
        found.append(day if day is not None else (found[-1] if found else None))
    if problems:
        raise DataError(problems)
    return found


def _earned(rule: Points, rows: pl.DataFrame) -> pl.DataFrame:
    """Add what each entry earns by the caps, column by column; of a reward, nothing yet."""
    import polars as pl

    worth = {name: one.points for name, one in rule.activities.items()}
    meant = [
        (pl.col("what") == name) & pl.col("holder").is_in(list(one.holders or rule.holders))
        for name, one in rule.activities.items()
    ]
    rows = rows.with_columns(
        pl.col("what").is_in(list(rule.activities)).alias("_earns"),
        pl.any_horizontal(*meant).alias("_meant"),
        pl.col("what").replace_strict(worth, default=None, return_dtype=pl.Int64).alias("_worth"),
        (pl.col("registered") if rule.real_name else pl.lit(value=True)).alias("_registered"),
    )
    counts = pl.col("_earns") & pl.col("_meant") & pl.col("_registered")
    rows = rows.with_columns(pl.when(counts).then(pl.col("_worth")).otherwise(pl.lit(0)).alias("_points"))
    for name, one in rule.activities.items():
        if one.most is not None:
            rows = _cut(rows, pl.col("what") == name, one.most, str(one.per))
    if rule.most is not None:
        rows = _cut(rows, pl.col("_earns"), rule.most, str(rule.per))
    reason = (
        pl.when(~pl.col("_earns")).then(pl.lit("redeemed"))
        .when(~pl.col("_meant")).then(pl.lit("not_for_such"))
        .when(~pl.col("_registered")).then(pl.lit("not_registered"))
        .when(pl.col("_points").is_null()).then(pl.lit("not_known"))
        .when(pl.col("_worth").is_null() | (pl.col("_points") < pl.col("_worth"))).then(pl.lit("capped"))
        .otherwise(pl.lit("earned"))
    )  # fmt: skip
    return rows.with_columns(reason.alias("reason"), pl.col("_points").alias("points"))


_CUT = {"day": "1d", "month": "1mo", "quarter": "1q", "half": "6mo", "year": "1y"}


def _cut(rows: pl.DataFrame, mine: pl.Expr, most: int, per: str) -> pl.DataFrame:
    """Cut what is earned beyond a cap, in the order of entries; after what is not known, nothing is known."""
    import polars as pl

    begins = pl.col("_day").dt.truncate(_CUT[per])
    keys = ["account", begins]
    part = pl.when(mine).then(pl.col("_points")).otherwise(0)
    after = part.fill_null(0).cum_sum().over(keys)
    unknown = (part.is_null().cast(pl.Int64).cum_sum().over(keys)) > 0
    left = (most - (after - part.fill_null(0))).clip(0)
    kept = pl.min_horizontal(pl.col("_points"), left)
    # What is left after something unknown is not known, unless nothing is left in any case.
    known = pl.when(left == 0).then(0).when(unknown & (pl.col("_points").is_null() | (kept > 0))).then(None)
    return rows.with_columns(pl.when(mine).then(known.otherwise(kept)).otherwise(pl.col("_points")).alias("_points"))


def _redeemed(rule: Points, rows: pl.DataFrame) -> pl.DataFrame:
    """Add what is redeemed and the balances: entry by entry, because each hangs on the one before."""
    import polars as pl

    balances: dict[str, int | None] = {}
    points: list[int | None] = []
    reasons, after = [], []
    for account, what, earned, reason in rows.select("account", "what", "points", "reason").rows():
        balance, change, why = balances.get(account, 0), earned, reason
        if what in rule.rewards:
            costs = rule.rewards[what].costs
            change = -costs if balance is not None and balance >= costs else 0
            why = "redeemed" if change else "too_few" if balance is not None else "balance_not_known"
        balance = None if balance is None or change is None else balance + change
        balances[account] = balance
        points.append(change)
        reasons.append(why)
        after.append(balance)
    kept = rows.select("entry", "account", "holder", "on", "what")
    columns = [pl.Series("points", points, dtype=pl.Int64), pl.Series("reason", reasons, dtype=pl.String)]
    return kept.with_columns(*columns, pl.Series("balance", after, dtype=pl.Int64))


_NUMBERED = Table(
    Title(zh="积分记录", en="entries of points"),
    (Column("entry", "whole", Title(zh="序号", en="number of the entry")),),
    ("entry",),
    open=True,
)


def check_appended(before: Any, after: Any) -> None:
    """Refuse a ledger or entries that were not only appended to.

    Args:
        before: The entries as they were, with a column ``entry``.
        after: The entries as they are, with the same columns.

    Raises:
        DataError: If the entries are not numbered, each once; naming every entry that is gone or says something else,
            and new ones with a number that is not higher than all before.
    """
    kept, now = (_by_entry(frame) for frame in (before, after))
    problems = []
    for number, row in kept.items():
        if number not in now:
            title = Title(zh=f"第 {number} 条不见了", en=f"entry {number} is gone")
            problems.append(Problem("entry-gone", title, path="entry"))
        elif now[number] != row:
            title = Title(
                zh=f"第 {number} 条被改动；更正须另立一条",
                en=f"entry {number} was changed; a correction is an entry of its own",
            )
            problems.append(Problem("entry-changed", title, path="entry"))
    last = max(kept, default=None)
    for number in now:
        if last is not None and number not in kept and number < last:
            title = Title(
                zh=f"第 {number} 条插在已有记录之前", en=f"entry {number} was put before entries that were there"
            )
            problems.append(Problem("entry-goes-back", title, path="entry"))
    if problems:
        raise DataError(problems)


def _by_entry(frame: Any) -> dict[int, dict[str, Any]]:
    adopted, _ = adopt(frame, _NUMBERED)
    check_table(_NUMBERED, adopted)
    return {row["entry"]: {name: value for name, value in row.items() if name != "entry"} for row in read_rows(adopted)}
