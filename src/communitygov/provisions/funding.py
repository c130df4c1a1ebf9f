"""Funding: who gets how much by the formulas, on any kind of frame, in whole numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from communitygov.documents.rule import hold_to_itself
from communitygov.provisions.funding_rules import LARGEST, WEIGHT, Funding, in_units
from communitygov.vocabulary.errors import DataError
from communitygov.vocabulary.faults import read_columns
from communitygov.vocabulary.frames import Column, Fault, Table, adopt, check_table
from communitygov.vocabulary.problem import Problem, did_you_mean
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import narwhals as nw

__all__ = ["Funded", "differences", "fund", "units_table"]


def units_table(fundings: Mapping[str, Funding]) -> Table:
    """Return the columns that ``fund`` takes: one row per unit.

    Args:
        fundings: The fundings by id.

    Example:
        >>> from communitygov.vocabulary.numbers import Number
        >>> rule = Funding(to="branch", unit=Title(zh="元", en="yuan"), each=Number(Fraction(3000)))
        >>> [column.name for column in units_table({"branch": rule}).columns]
        ['unit', 'kind']
    """
    columns = {
        "unit": Column("unit", "text", Title(zh="单位", en="unit")),
        "kind": Column("kind", "text", Title(zh="单位类别", en="kind of unit")),
    }
    if any(one.inside is not None for one in fundings.values()):
        title = Title(zh="所属单位", en="unit that it is part of")
        columns["part_of"] = Column("part_of", "text", title, nullable=True)
    for one in fundings.values():
        for name in (one.times, one.by, one.score):
            if name is not None:
                columns[name] = _counted(name, WEIGHT)
        if one.ways:
            columns["way"] = Column("way", "text", Title(zh="方式", en="way"), nullable=True)
            columns["amount"] = _counted("amount", LARGEST, Title(zh="金额", en="amount"))
        if one.only is not None:
            columns[one.only] = Column(one.only, "flag", Title(zh=one.only, en=one.only), nullable=True)
    return Table(Title(zh="经费单位表", en="units to be funded"), tuple(columns.values()), ("unit",), open=True)


def _counted(name: str, most: int, title: Title | None = None) -> Column:
    low, high = Fraction(0), Fraction(most)
    return Column(name, "whole", title or Title(zh=name, en=name), nullable=True, minimum=low, maximum=high)


@frozen
class Funded:
    """What units get.

    ``frame`` has one row per unit and funding for its kind, in no promised order:

    - ``unit``, ``kind``, ``funding`` (text), and ``part_of`` where it was given;
    - ``amount`` (Int64, nullable): in units of the last place of that funding; null where what it hangs on is missing;
    - ``in_order`` (flag, nullable): false where money was granted to a unit that it is not for; null where that is not
      known.

    Args:
        frame: As above, of the kind that was given.
        fundings: The rules.
    """

    frame: Any
    fundings: Mapping[str, Funding]
    _rows: Any = field(repr=False, eq=False)
    _back: Callable[[Any], Any] = field(repr=False, eq=False)

    @cached_property
    def totals(self) -> list[dict[str, Any]]:
        """Each funding's sum: ``funding``, ``units``, ``amount`` (None if one is missing), ``missing``, ``left``.

        That ``left`` is what remains of a pool out of which grants are made, below 0 if they exceed it; None without.
        """
        import narwhals as nw

        rows = self._rows.with_columns(nw.col("amount").is_null().cast(nw.Int64).alias("_missing"))
        grouped = rows.group_by("funding").agg(
            nw.len().alias("units"), nw.col("amount").sum(), nw.col("_missing").sum().alias("missing")
        )
        columns = read_columns(grouped)
        found = {name: i for i, name in enumerate(columns["funding"])}
        totals = []
        for key, one in self.fundings.items():
            at = found.get(key)
            units, missing = (0, 0) if at is None else (int(columns["units"][at]), int(columns["missing"][at]))
            amount = None if missing else 0 if at is None else int(columns["amount"][at] or 0)
            pool = None if one.pool is None or not one.ways else in_units(one.pool, one.decimals)
            left = None if pool is None or amount is None else pool - amount
            totals.append({"funding": key, "units": units, "amount": amount, "missing": missing, "left": left})
        return totals

    @cached_property
    def left(self) -> Any:
        """What is left of each unit's money after what is paid out of it to the units that are part of it.

        One row per unit and funding that something is paid out of: ``unit``, ``funding``, ``got``, ``paid``, ``left``
        (Int64, nullable; below 0 where more is paid out than was got). None if nothing is paid out of anything.
        """
        import narwhals as nw

        rows, parts = self._rows, []
        for key in sorted({one.inside for one in self.fundings.values() if one.inside is not None}):
            inner = [name for name, one in self.fundings.items() if one.inside == key]
            paid = rows.filter(nw.col("funding").is_in(inner)).with_columns(
                nw.col("amount").is_null().cast(nw.Int64).alias("_missing")
            )
            paid = paid.group_by("part_of").agg(nw.col("amount").sum().alias("_paid"), nw.col("_missing").sum())
            got = rows.filter(nw.col("funding") == key).select("unit", "funding", nw.col("amount").alias("got"))
            joined = got.join(paid, left_on="unit", right_on="part_of", how="left")
            known = nw.when(nw.col("_missing") == 0).then(nw.col("_paid"))
            out = nw.when(nw.col("_missing").is_null()).then(nw.lit(0)).otherwise(known).cast(nw.Int64)
            joined = joined.with_columns(out.alias("paid"))
            parts.append(
                joined.select("unit", "funding", "got", "paid", (nw.col("got") - nw.col("paid")).alias("left"))
            )
        return self._back(nw.concat(parts)) if parts else None

    @property
    def on_top(self) -> dict[Title, Fraction | None]:
        """What it takes in all, by money: what is paid out of other funding is not counted again."""
        found: dict[Title, Fraction | None] = {}
        for total in self.totals:
            one, amount = self.fundings[total["funding"]], total["amount"]
            before = found.get(one.unit, Fraction(0))
            if one.inside is None and before is not None:
                found[one.unit] = None if amount is None else before + Fraction(amount, 10**one.decimals)
        return found


def fund(fundings: Mapping[str, Funding], units: Any) -> Funded:
    """Give each unit what the formulas for its kind come to.

    Args:
        fundings: The fundings by id.
        units: One row per unit: ``unit``, ``kind``, and the columns that the formulas name, as whole numbers; a score
            in units of its last place. What is not known is null, and what hangs on it is not known then.

    Returns:
        The amounts, of the kind of frame given.

    Raises:
        DocumentError: If a rule that was made in Python breaks one of its own promises.
        DataError: If the frame does not fit, a kind of unit gets nothing by any formula, or a way is none of the
            rule's.

    Source:
        QF-25, BAO-13, SJS-60; see ``docs/funding.md``.

    Example:
        >>> import polars as pl
        >>> from communitygov.vocabulary.numbers import Number
        >>> yuan = Title(zh="元", en="yuan")
        >>> rules = {"service": Funding(to="community", unit=yuan, each=Number(Fraction(300000)))}
        >>> units = pl.DataFrame({"unit": ["A", "B"], "kind": ["community", "community"]})
        >>> fund(rules, units).totals[0]["amount"]
        600000
    """
    import narwhals as nw

    hold_to_itself(*fundings.values())
    frame, back = adopt(units, units_table(fundings))
    used = _for_kinds_of(fundings, frame)
    check_table(units_table(used), frame, more=list(_faults(fundings, used, frame.collect_schema().names())))
    if any(one.inside in used for one in used.values()):
        _check_parts(read_columns(frame.select("unit", "part_of")))
    rows = nw.concat([_funded(key, one, frame) for key, one in used.items()])
    return Funded(back(rows), used, rows, back)


def _check_parts(columns: Mapping[str, list[Any]]) -> None:
    """Refuse units that are part of none on the list: what they get would be paid out of nothing."""
    there = set(columns["unit"])
    strangers = sorted({name for name in columns["part_of"] if name is not None and name not in there})
    problems = []
    for name in strangers:
        hint = did_you_mean(name, there)
        zh, en = (
            f"列 `part_of`：表中没有单位 `{name}`{hint.zh}",
            f"column `part_of`: there is no unit `{name}`{hint.en}",
        )
        problems.append(Problem("unknown-unit", Title(zh=zh, en=en), path="part_of"))
    if problems:
        raise DataError(problems)


def _for_kinds_of(fundings: Mapping[str, Funding], frame: Any) -> Mapping[str, Funding]:
    """Return the fundings for the kinds of unit that there are: columns of the others are not asked for."""
    import narwhals as nw

    if not fundings or frame.collect_schema().get("kind") != nw.String:
        return fundings
    kinds = set(read_columns(frame.select("kind").unique())["kind"])
    return {key: one for key, one in fundings.items() if one.to in kinds} or fundings


def differences(before: Funded, after: Funded) -> Any:
    """Return who gets more or less under other rules, on the same units.

    Args:
        before: What ``fund`` gives under the rules as they stand.
        after: Likewise under the others.

    Returns:
        One row per unit and funding whose amount differs: ``unit``, ``kind``, ``funding``, ``before``, ``after``
        (Int64, null where there is no such funding or it is not known) and ``difference`` (null where an amount is not
        known; no funding counts as nothing).
    """
    import narwhals as nw

    keys = ["unit", "kind", "funding"]
    sides = [
        one._rows.select(*keys, nw.col("amount").alias(name), nw.lit(1).alias(f"_{name}"))
        for name, one in (("before", before), ("after", after))
    ]
    everyone = nw.concat([side.select(*keys) for side in sides]).unique(keys)
    rows = everyone.join(sides[0], on=keys, how="left").join(sides[1], on=keys, how="left")

    def known(name: str) -> nw.Expr:
        return nw.when(nw.col(f"_{name}").is_null()).then(nw.lit(0).cast(nw.Int64)).otherwise(nw.col(name))

    rows = rows.with_columns((known("after") - known("before")).alias("difference"))
    lacks = nw.col("before").is_null() != nw.col("after").is_null()
    changed = rows.filter((nw.col("difference").is_null() & lacks) | ~(nw.col("difference").fill_null(0) == 0))
    return before._back(changed.select(*keys, "before", "after", "difference"))


def _faults(fundings: Mapping[str, Funding], used: Mapping[str, Funding], columns: list[str]) -> Iterator[Fault]:
    import narwhals as nw

    kinds = sorted({one.to for one in fundings.values()})
    zh, en = (
        f"没有给此类单位的经费；有 {'、'.join(kinds)}",
        f"no funding is for such a unit; there is {', '.join(kinds)}",
    )
    yield Fault("unfunded-kind", "kind", ~nw.col("kind").is_in(kinds), Title(zh=zh, en=en), True, ("kind",))
    for one in used.values():
        mine = nw.col("kind") == one.to
        if one.ways and {"way", "amount"} <= set(columns):
            granted, way = mine & (nw.col("amount") > 0), nw.col("way")
            known = Title(zh=f"没有此方式；有 {'、'.join(one.ways)}", en=f"no such way; there is {', '.join(one.ways)}")
            unsaid = Title(zh="有金额而无方式", en="an amount without a way")
            yield Fault(
                "unknown-way", "way", granted & ~way.is_in(list(one.ways)), known, True, ("kind", "way", "amount")
            )
            yield Fault("missing-value", "way", granted & way.is_null(), unsaid, False, ("kind", "way", "amount"))
        if one.each and one.times in columns:
            most = LARGEST // in_units(one.each, one.decimals)
            title = Title(zh=f"超过 {most}，金额过大", en=f"beyond {most}, too large an amount")
            yield Fault("too-large", str(one.times), mine & (nw.col(str(one.times)) > most), title, True, ("kind",))


def _funded(key: str, one: Funding, frame: Any) -> Any:
    """Return the rows of one funding."""
    import narwhals as nw

    rows = frame.filter(nw.col("kind") == one.to)
    meant = nw.lit(True) if one.only is None else nw.col(one.only)
    rows = rows.with_columns(meant.alias("_meant"), nw.lit(1).cast(nw.Int64).alias("_one"))
    in_order = nw.lit(True)
    if one.ways:
        amount = nw.col("amount").cast(nw.Int64)
        in_order = nw.when(amount == 0).then(nw.lit(True)).otherwise(nw.col("_meant"))
    else:
        if one.each is None and not one.points:
            rows = _shared(one, rows)
        paid = _each(one) if one.each is not None else _by_score(one) if one.points else nw.col("_share")
        amount = nw.when(nw.col("_meant")).then(paid).otherwise(nw.when(~nw.col("_meant")).then(nw.lit(0)))
    kept = ["unit", "kind", *(["part_of"] if "part_of" in rows.collect_schema().names() else [])]
    return rows.select(
        *kept, nw.lit(key).alias("funding"), amount.cast(nw.Int64).alias("amount"), in_order.alias("in_order")
    )


def _each(one: Funding) -> nw.Expr:
    import narwhals as nw

    assert one.each is not None, "the caller asked for it"
    return nw.col(one.times or "_one").cast(nw.Int64) * in_units(one.each, one.decimals)


def _by_score(one: Funding) -> nw.Expr:
    """Return what a score pays: whole numbers only, because no line leaves the money of its two ends."""
    import narwhals as nw

    score, scale = nw.col(str(one.score)).cast(nw.Int64), one.scale
    # Where the score is not known no condition is true, and the result is missing.
    paid: nw.Expr = nw.when(score >= scale[-1][0]).then(nw.lit(scale[-1][1]).cast(nw.Int64))
    for (low, least), (high, most) in zip(reversed(scale[:-1]), reversed(scale[1:]), strict=True):
        run = high - low
        over = (score - low) * (most - least) + least * run
        between = over // run if one.rounding == "down" else (over * 2 + run) // (2 * run)
        paid = nw.when((score >= low) & (score < high)).then(between).otherwise(paid)
    return nw.when(score < scale[0][0]).then(nw.lit(scale[0][1]).cast(nw.Int64)).otherwise(paid)


def _shared(one: Funding, rows: Any) -> Any:
    """Add each unit's share of a pool: cut to whole units, the rest by largest remainder, then by id."""
    import narwhals as nw

    assert one.pool is not None, "the caller asked for it"
    pool, weight = in_units(one.pool, one.decimals), nw.col(one.by or "_one").cast(nw.Int64)
    nothing = nw.when(~nw.col("_meant")).then(nw.lit(0))
    rows = rows.with_columns(nw.when(nw.col("_meant")).then(weight).otherwise(nothing).alias("_w"))
    sums = rows.select(
        nw.col("_w").cast(nw.Int64).sum().alias("all"), nw.col("_w").is_null().cast(nw.Int64).sum().alias("unknown")
    )
    found = {name: int(values[0] or 0) for name, values in read_columns(sums).items()}
    if found["unknown"] or not found["all"]:
        return rows.with_columns(nw.lit(None).cast(nw.Int64).alias("_share"))
    # A pool times a weight may be more than 63 bits hold: what a weight of one comes to is taken out before.
    whole, rest = divmod(pool, found["all"])
    rows = rows.with_columns((nw.col("_w") * rest).alias("_over"))
    rows = rows.with_columns(
        (nw.col("_w") * whole + nw.col("_over") // found["all"]).alias("_cut"),
        (-(nw.col("_over") % found["all"])).alias("_least"),
    )
    handed = int(read_columns(rows.select(nw.col("_cut").sum()))["_cut"][0])
    rows = rows.with_row_index("_rank", order_by=["_least", "unit"])
    more = nw.when(nw.col("_rank") < pool - handed).then(nw.lit(1)).otherwise(nw.lit(0))
    return rows.with_columns((nw.col("_cut") + more).alias("_share"))
