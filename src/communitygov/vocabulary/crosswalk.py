"""Crosswalks: what is known of units under their old codes, carried to their new ones by a declared policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from attrs import frozen

from communitygov.vocabulary.errors import DataError, UsageError
from communitygov.vocabulary.faults import Fault, find_problems
from communitygov.vocabulary.frames import Column, ColumnKind, Table, adopt, check_table, in_kind_of
from communitygov.vocabulary.problem import Problem, did_you_mean
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import narwhals as nw
    import polars as pl

__all__ = ["POLICIES", "Divided", "Policy", "carry", "codes_table"]


@frozen
class Divided:
    """The policy of numbers that a split unit leaves to its successors in proportion to a column of the map.

    Args:
        by: The column of the map, whole numbers such as the households that go along with each pair. Of a unit that is
            not split it says nothing.
    """

    by: str


Policy = Literal["key", "copy", "sum", "least", "greatest", "drop"] | Divided
POLICIES: tuple[str, ...] = ("key", "copy", "sum", "least", "greatest", "drop")
"""The policies that are words."""

_MOST = 2**62
"""What numbers are held to, so that no sum leaves 63 bits."""


def codes_table(by: Sequence[str] = ()) -> Table:
    """Return the columns of a map of codes: one row per pair.

    Args:
        by: Further columns of whole numbers that it must have.
    """
    return Table(
        Title(zh="代码对照表", en="map of codes"),
        (
            Column("old", "text", Title(zh="原代码", en="code before")),
            Column("new", "text", Title(zh="新代码", en="code after")),
            Column("change", "text", Title(zh="变动", en="change"), required=False, nullable=True),
            *(Column(name, "whole", Title(zh=name, en=name), minimum=Fraction(0)) for name in by),
        ),
        ("old", "new"),
        open=True,
    )


def carry(frame: Any, codes: Any, policy: Mapping[str, Policy], *, unit: str = "unit") -> Any:
    """Carry a frame from units' old codes to their new ones.

    Rows whose unit becomes one unit, and which agree on the columns of the policy ``key``, become one row. Every other
    column says by its policy what that row has:

    - ``copy``: the value that all of them have; it is an error if they differ.
    - ``sum``: their sum, of whole numbers. It is an error if a unit was split: what of its number is whose is not
      known.
    - ``Divided("households")``: their sum, where a split unit's number is divided in proportion to that column of the
      map. It is an error if that does not come out whole; nothing is rounded.
    - ``least``, ``greatest``: the least or greatest of them, of numbers.
    - ``drop``: missing, if the unit changed: if its code is another, if it was split or merged, or if the map has a
      column ``change`` and that is not ``same``. Else its value.

    A value that is missing in one of several rows is missing in their sum, least and greatest. A row that is not there
    adds nothing: the map cannot know that there should be one.

    Args:
        frame: A frame of any kind: one row per unit and combination of the columns of policy ``key``.
        codes: The map, a frame of any kind: ``old`` and ``new``, one row per pair, every unit of ``frame`` among the
            old; as ``adjust`` gives it.
        policy: The policy of each column but the unit's. There is no default.
        unit: The column of units' codes.

    Returns:
        A frame of the kind given, with the same columns in the same order, and ``unit`` the new codes. Sums are Int64.
        An eager frame keeps the order of its rows.

    Raises:
        UsageError: If a column has no policy, a policy is none, or speaks of a column that there is not.
        DataError: If a row is repeated, a unit is not in the map, values cannot be carried as their policy says (lists
            and structs cannot be at all), or a column's name begins with ``_``.

    Source:
        Property G4.

    Example:
        >>> import polars as pl
        >>> codes = pl.DataFrame({"old": ["a", "b", "c"], "new": ["m", "m", "c"]})
        >>> scores = pl.DataFrame(
        ...     {"unit": ["a", "b", "c"], "year": 2023, "orders": [3, 4, 5], "star": ["x", "x", None]}
        ... )
        >>> carry(scores, codes, {"year": "key", "orders": "sum", "star": "copy"}).rows()
        [('m', 2023, 7, 'x'), ('c', 2023, 5, None)]
    """
    import narwhals as nw

    adopted, back = adopt(frame)
    names = adopted.collect_schema().names()
    _check_policy(names, policy, unit)
    keys = [name for name in names if policy.get(name) == "key"]
    _check_types(adopted, policy)
    check_table(_frame_table(names, policy, unit), adopted)
    adopted, back = _with_order(adopted, back, policy)
    ordered = isinstance(adopted, nw.DataFrame)
    if isinstance(adopted, nw.DataFrame):
        adopted = adopted.with_row_index("_row")
    pairs = _pairs(codes, policy)
    adopted = adopted.with_columns(nw.col(unit).cast(nw.String))
    joined = adopted.join(in_kind_of(adopted, pairs), left_on=unit, right_on="_old", how="left")
    _refuse(joined, list(_row_faults(policy, unit)), [unit, *keys])
    joined = joined.with_columns(*(_own_part(name, how) for name, how in policy.items() if how != "key"))
    groups = joined.drop(unit).rename({"_new": unit}).group_by(unit, *keys)
    carried = groups.agg(*_aggregates(policy), *([nw.col("_row").min()] if ordered else []))
    _refuse(carried, list(_group_faults(policy)), [unit, *keys])
    if ordered:
        carried = carried.sort("_row", unit)
    return back(carried.select(*(_result(name, policy.get(name, "key")) for name in names)))


def _check_policy(names: Sequence[str], policy: Mapping[str, Policy], unit: str) -> None:
    """Refuse columns without a policy, and policies of no column or of no kind."""
    problems = []
    if unit not in names:
        hint = did_you_mean(unit, names)
        zh, en = f"没有单元代码列 `{unit}`{hint.zh}", f"there is no column `{unit}` of units' codes{hint.en}"
        problems.append(Problem("missing-column", Title(zh=zh, en=en), path=unit))
    for name in names:
        if name != unit and name not in policy:
            known = ", ".join(POLICIES)
            zh = f"列 `{name}` 没有写明如何结转；可用 {known}、Divided"
            en = f"it is not said how the column `{name}` is carried; there are {known} and Divided"
            problems.append(Problem("no-policy", Title(zh=zh, en=en), path=name))
    for name, how in policy.items():
        if name not in names or name == unit:
            hint = did_you_mean(name, [one for one in names if one != unit])
            zh, en = f"没有要结转的列 `{name}`{hint.zh}", f"there is no column `{name}` to carry{hint.en}"
            problems.append(Problem("missing-column", Title(zh=zh, en=en), path=name))
        if not isinstance(how, Divided) and how not in POLICIES:
            hint = did_you_mean(str(how), POLICIES)
            zh = f"列 `{name}` 的结转办法 `{how}` 不存在{hint.zh}"
            en = f"`{how}`, of the column `{name}`, is no way to carry it{hint.en}"
            problems.append(Problem("unknown-choice", Title(zh=zh, en=en), path=name))
    if problems:
        raise UsageError(problems)


def _check_types(frame: Any, policy: Mapping[str, Policy]) -> None:
    """Refuse columns that are called as one that is reckoned with, and values of which none is the least."""
    problems = []
    for name, dtype in frame.collect_schema().items():
        if str(name).startswith("_"):
            zh, en = f"列 `{name}` 以 `_` 开头，请改名", f"the column `{name}` begins with `_`; rename it"
            problems.append(Problem("reserved-name", Title(zh=zh, en=en), path=str(name)))
        elif policy.get(name) in ("key", "copy", "drop") and (dtype.is_nested() or _mixed(frame, name)):
            zh = f"列 `{name}` 是 {dtype}，其值无法比较，不能结转；请先拆成单值的列"
            en = f"column `{name}` holds {dtype}, whose values cannot be compared, so it cannot be carried"
            problems.append(Problem("wrong-column-type", Title(zh=zh, en=en), path=name))
    if problems:
        raise DataError(problems)


def _mixed(frame: Any, name: str) -> bool:
    """Return whether a column of pandas has objects of several types, or lists."""
    if not frame.implementation.is_pandas() or str(frame.to_native()[name].dtype) != "object":
        return False
    types = frame.implementation.to_native_namespace().api.types
    return str(types.infer_dtype(frame.to_native()[name], skipna=True)).startswith("mixed")


def _with_order(
    frame: Any, back: Callable[[Any], Any], policy: Mapping[str, Policy]
) -> tuple[Any, Callable[[Any], Any]]:
    """Return a frame of pandas with the numbers of its categories, which have no order, and the way back to them."""
    if not frame.implementation.is_pandas():
        return frame, back
    import narwhals as nw

    pandas, native = frame.implementation.to_native_namespace(), frame.to_native()
    names = [name for name, how in policy.items() if how in ("copy", "drop")]
    kinds = {name: native[name].dtype for name in names if isinstance(native[name].dtype, pandas.CategoricalDtype)}
    numbers = {name: native[name].cat.codes.astype("Int64").replace(-1, pandas.NA) for name in kinds}

    def categories(done: Any) -> Any:
        result = back(done)
        found = {
            name: pandas.Categorical.from_codes(result[name].fillna(-1).astype(int), dtype=kind)
            for name, kind in kinds.items()
        }
        return result.assign(**found)

    return nw.from_native(native.assign(**numbers)), categories


def _frame_table(names: Sequence[str], policy: Mapping[str, Policy], unit: str) -> Table:
    """Return what the columns must hold for their policies: numbers that are added up are whole."""
    kinds: dict[object, ColumnKind] = {"sum": "whole", "least": "number", "greatest": "number"}
    columns = [Column(unit, "text", Title(zh="单元代码", en="unit's code"))]
    for name in (one for one in names if one != unit):
        how = policy[name]
        kind = "whole" if isinstance(how, Divided) else kinds.get(how, "any")
        columns.append(Column(name, kind, Title(zh=name, en=name), nullable=how != "key"))
    keys = (name for name in names if policy.get(name) == "key")
    return Table(Title(zh="结转的表", en="the frame to carry"), tuple(columns), (unit, *keys))


def _pairs(codes: Any, policy: Mapping[str, Policy]) -> pl.DataFrame:
    """Return the map with what the policies need of it."""
    import narwhals as nw
    import polars as pl

    by = list(dict.fromkeys(how.by for how in policy.values() if isinstance(how, Divided)))
    adopted, _ = adopt(codes, codes_table(by))
    eager = adopted.collect() if isinstance(adopted, nw.LazyFrame) else adopted
    pairs = eager.to_polars()
    check_table(codes_table(by), nw.from_native(pairs))
    old, new = pl.col("old").cast(pl.String), pl.col("new").cast(pl.String)
    changed = old != new
    if "change" in pairs.columns:
        changed = changed | (pl.col("change") != "same").fill_null(False)
    parts, of = pl.len().over("old").cast(pl.Int64), pl.len().over("new").cast(pl.Int64)
    pairs = pairs.select(
        old.alias("_old"),
        new.alias("_new"),
        parts.alias("_parts"),
        (_MOST // of).alias("_most"),
        (changed | (parts > 1) | (of > 1)).alias("_changed"),
        *(pl.col(name).cast(pl.Int64).alias(f"_share_{name}") for name in by),
        *(pl.col(name).cast(pl.Int64).sum().over("old").alias(f"_total_{name}") for name in by),
    )
    for name in by:
        _check_shares(pairs.filter((pl.col("_parts") > 1) & (pl.col(f"_total_{name}") == 0)), name)
    whole = (pl.when(pl.col("_parts") > 1).then(f"_total_{name}").otherwise(1).alias(f"_total_{name}") for name in by)
    return pairs.with_columns(*whole)


def _check_shares(empty: pl.DataFrame, name: str) -> None:
    if empty.is_empty():
        return
    units = ", ".join(empty["_old"].unique().sort().head(20))
    raise DataError.because(
        "no-share",
        zh=f"拆分的单元在 `{name}` 中合计为零，无从分配：{units}",
        en=f"`{name}` adds up to nothing for units that were split, so that nothing can be divided by it: {units}",
    )


def _row_faults(policy: Mapping[str, Policy], unit: str) -> Iterator[Fault]:
    """Yield what can be wrong with a row beside the map."""
    import narwhals as nw

    split = nw.col("_parts") > 1
    unknown = Title(zh="对照表中没有这个单元", en="the map of codes has no such unit")
    yield Fault("unknown-unit", unit, nw.col("_new").is_null(), unknown)
    for name, how in policy.items():
        value = nw.col(name)
        large = Title(zh="数值过大，合计可能不精确", en="too large to be added up exactly")
        if how == "sum":
            known = Title(
                zh="单元已拆分，合计如何分配没有写明；可用 Divided",
                en="the unit was split, and it is not said what of its number is whose; use Divided",
            )
            yield Fault("split-sum", name, split & ~value.is_null(), known, show=True)
            yield Fault("too-large", name, value.cast(nw.Int64).abs() > nw.col("_most"), large, show=True)
        elif isinstance(how, Divided):
            value = value.cast(nw.Int64)
            share, total = nw.col(f"_share_{how.by}"), nw.col(f"_total_{how.by}")
            small = value.abs() <= nw.when(split).then(nw.col("_most") // total).otherwise(nw.col("_most"))
            yield Fault("too-large", name, ~small, large, show=True)
            parts = nw.when(small).then(value) * share
            rest = Title(zh=f"按 {how.by} 分不成整数", en=f"cannot be divided by {how.by} into whole numbers")
            yield Fault("not-divisible", name, nw.when(split).then(parts // total * total != parts), rest, show=True)


def _own_part(name: str, how: Policy) -> nw.Expr:
    """Return what of a value goes to one successor."""
    import narwhals as nw

    value = nw.col(name)
    if how == "sum":
        return value.cast(nw.Int64)
    if how == "drop":
        return nw.when(~nw.col("_changed")).then(value).alias(name)
    if isinstance(how, Divided):
        value = value.cast(nw.Int64)
        part = value * nw.col(f"_share_{how.by}") // nw.col(f"_total_{how.by}")
        return nw.when(nw.col("_parts") > 1).then(part).otherwise(value).alias(name)
    return value


def _aggregates(policy: Mapping[str, Policy]) -> Iterator[nw.Expr]:
    import narwhals as nw

    yield nw.len().alias("_rows")
    for name, how in policy.items():
        if how == "key":
            continue
        value = nw.col(name)
        yield value.count().alias(f"_known_{name}")
        if how == "copy":
            yield value.min().alias(f"_least_{name}")
        added = how == "sum" or isinstance(how, Divided)
        yield (
            value.sum().alias(name) if added else value.min().alias(name) if how == "least" else value.max().alias(name)
        )


def _group_faults(policy: Mapping[str, Policy]) -> Iterator[Fault]:
    """Yield what can be wrong with what several rows become: a value that is to be copied and is not one."""
    import narwhals as nw

    differ = Title(
        zh="并入的各单元此列不同，无法照抄", en="the units that it comes of differ, so there is no one to copy"
    )
    for name in (one for one, how in policy.items() if how == "copy"):
        known = nw.col(f"_known_{name}")
        # Of nothing known there is no least, and in pandas that differs from itself.
        mixed = (known < nw.col("_rows")) | (nw.col(f"_least_{name}") != nw.col(name))
        yield Fault("predecessors-differ", name, (known > 0) & mixed, differ)


def _refuse(frame: Any, faults: Sequence[Fault], keys: Sequence[str]) -> None:
    problems = find_problems(frame, faults, keys)
    if problems:
        raise DataError(problems)


def _result(name: str, how: Policy) -> nw.Expr:
    """Return a column as it is handed back: what is missing in one of several rows is missing in what they come to."""
    import narwhals as nw

    value = nw.col(name)
    if how in ("key", "copy", "drop"):
        return value
    if how not in ("least", "greatest"):
        value = value.cast(nw.Int64)
    return nw.when(nw.col(f"_known_{name}") == nw.col("_rows")).then(value).alias(name)
