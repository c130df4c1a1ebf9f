"""What can be wrong with the data of an index: every fault at once, named by column, subject and period."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING, Any

from attrs import evolve

from communitygov.index.scales import Leaf, reach
from communitygov.index.versions import Version, check_keys, leaf_ids
from communitygov.vocabulary.columns import column_faults, literal
from communitygov.vocabulary.errors import DataError
from communitygov.vocabulary.frames import (
    Column,
    Coverage,
    Fault,
    Table,
    check_table,
    column_problems,
)
from communitygov.vocabulary.numbers import decimal_text
from communitygov.vocabulary.period import PeriodKind, is_period
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import narwhals as nw

__all__ = ["check_columns", "check_frame", "merged_table"]

_KINDS: dict[PeriodKind, Title] = {
    "year": Title(zh="年（如 2023）", en="years (such as 2023)"),
    "half": Title(zh="半年（如 2023H1）", en="halves (such as 2023H1)"),
    "quarter": Title(zh="季度（如 2023Q3）", en="quarters (such as 2023Q3)"),
    "month": Title(zh="月（如 2023-08）", en="months (such as 2023-08)"),
    "day": Title(zh="日（如 2023-08-01）", en="days (such as 2023-08-01)"),
}


def check_frame(versions: Sequence[Version], frame: Any, by: Sequence[str] = ()) -> None:
    """Check the data of an index against the versions that its rows fall under.

    Args:
        versions: The versions of the index.
        frame: A Narwhals frame: one row per subject, period and further key; one column per leaf.
        by: Names of further key columns, such as simulated draws.

    Raises:
        UsageError: If a name in ``by`` is taken or is no column.
        DataError: With every fault, each naming column, subject and period: the first 20 rows and the count.
    """
    schema = frame.collect_schema()
    check_keys(versions, by, list(schema))
    more = [*_period_faults(versions), *_leaf_faults(versions, schema)]
    table, given = merged_table(versions), dict(_of_periods(versions))
    check_table(table, frame, extra=by, more=more, coverage=_coverage(versions, by), given=given)


def check_columns(versions: Sequence[Version], frame: Any, by: Sequence[str] = ()) -> None:
    """Check which columns the data of an index has, and of which kinds; no row is read.

    Args:
        versions: The versions of the index.
        frame: A Narwhals frame.
        by: Names of further key columns.

    Raises:
        UsageError: If a name in ``by`` is taken or is no column.
        DataError: If a column is missing, unknown or of another type.
    """
    schema = frame.collect_schema()
    check_keys(versions, by, list(schema))
    problems = list(column_problems(merged_table(versions), schema, by))
    if problems:
        raise DataError(problems)


def merged_table(versions: Sequence[Version]) -> Table:
    """Return the columns that data of several versions has; what only some versions ask is left to the rows.

    Args:
        versions: The versions of the index.
    """
    tables = [version.index.table for version in versions]
    if len(tables) == 1:
        return tables[0]
    columns: dict[str, list[Column]] = {}
    for table in tables:
        for column in table.columns:
            columns.setdefault(column.name, []).append(column)
    merged = []
    for same in columns.values():
        first, everywhere = same[0], len(same) == len(tables)
        if any(evolve(column, title=first.title, clause=first.clause) != first for column in same) or not everywhere:
            first = evolve(first, required=everywhere, nullable=True, minimum=None, maximum=None, decimals=None)
        merged.append(first)
    return evolve(tables[0], columns=tuple(merged))


_VALID, _WANTED = "_is_a_period", "_is_of_a_kind_wanted"


def _speaks(number: int) -> str:
    """Return the column that says whether a row falls under a version."""
    return f"_falls_under_{number}"


def _of_periods(versions: Sequence[Version]) -> Iterator[tuple[str, nw.Expr]]:
    """Yield what every fault asks of a row's period, by column: worked out once, because each leaf asks again."""
    import narwhals as nw

    period = nw.col("period")
    yield _VALID, _any_of([is_period(period, kind) for kind in _KINDS])
    yield _WANTED, _any_of([is_period(period, kind) for kind in _kinds_of(versions)])
    for number, version in enumerate(versions):
        yield _speaks(number), version.speaks_for()


def _kinds_of(versions: Sequence[Version]) -> list[PeriodKind]:
    return list(dict.fromkeys(version.index.period for version in versions))


def _period_faults(versions: Sequence[Version]) -> Iterator[Fault]:
    import narwhals as nw

    kinds = _kinds_of(versions)
    valid, wanted = nw.col(_VALID), nw.col(_WANTED)
    told = nw.col("period").is_null()

    def fault(code: str, mask: nw.Expr, zh: str, en: str) -> Fault:
        return Fault(code, "period", mask & ~told, Title(zh=zh, en=en), reads=("period",))

    zh = "、".join(_KINDS[kind].zh for kind in kinds)
    en = " or ".join(_KINDS[kind].en for kind in kinds)
    yield fault("bad-period", ~valid, f"不是时期，应为{zh}", f"not a period; {en} are wanted")
    yield fault("wrong-period", valid & ~wanted, f"时期种类不符，应为{zh}", f"another kind of period; {en} are wanted")
    spoken = _any_of([nw.col(_speaks(number)) for number in range(len(versions))])
    first, beyond = versions[0].first, versions[-1].beyond
    if first is not None:
        zh = f"评价体系未生效（自 {first} 起" + (f"，{beyond} 前" if beyond else "") + "生效）"
        en = f"the index is not in force (from {first}" + (f", before {beyond})" if beyond else ")")
        yield fault("not-in-force", wanted & ~spoken, zh, en)


def _any_of(masks: Sequence[nw.Expr]) -> nw.Expr:
    found = masks[0]
    for mask in masks[1:]:
        found = found | mask
    return found


def _leaf_faults(versions: Sequence[Version], schema: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield what can be wrong with the values of leaves, version by version."""
    import narwhals as nw

    merged = {column.name: column for column in merged_table(versions).columns}
    for number, version in enumerate(versions):
        where = nw.col(_speaks(number))
        leaves = {leaf.id: leaf for leaf in version.index.leaves}
        for name in leaf_ids(versions):
            if name not in leaves:
                if name in schema:
                    yield _foreign(name, where)
            elif name not in schema:
                if not merged[name].required:
                    yield _lacking(leaves[name], where)
            else:
                column = version.index.table.column(name)
                if column != merged[name]:
                    yield from _only(version, column_faults(column, schema[name], where))
                yield from _only(version, _range_faults(leaves[name], schema[name], where))


def _only(version: Version, faults: Iterator[Fault]) -> Iterator[Fault]:
    """Yield faults with the period among what they read."""
    for fault in faults:
        yield evolve(fault, reads=(*fault.reads, "period"))


def _foreign(name: str, where: nw.Expr) -> Fault:
    import narwhals as nw

    return Fault(
        "not-an-indicator",
        name,
        where & ~nw.col(name).is_null(),
        Title(zh="该时期的评价体系没有此指标，须为空", en="no indicator of the index in force then; must be empty"),
        show=True,
        reads=(name, "period"),
    )


def _lacking(leaf: Leaf, where: nw.Expr) -> Fault:
    title = Title(
        zh=f"缺少该列（{leaf.title.zh}），而该时期的评价体系有此指标",
        en=f"there is no such column ({leaf.title.en}), and the index in force then has this indicator",
    )
    # The column is not there to be shown or read: the fault is the row's, named by its period.
    return Fault("missing-column", leaf.id, where, title, reads=("period",))


def _range_faults(leaf: Leaf, dtype: Any, where: nw.Expr) -> Iterator[Fault]:
    """Yield values beyond goalposts that refuse them, and values that whole numbers of 63 bits cannot hold."""
    import narwhals as nw

    value, posts = nw.col(leaf.id), leaf.normalisation

    def fault(code: str, mask: nw.Expr, zh: str, en: str) -> Fault:
        return Fault(code, leaf.id, where & mask, Title(zh=zh, en=en), show=True, reads=(leaf.id,))

    if posts.kind == "goalposts" and posts.outside == "refuse":
        low, high = Fraction(posts.low or 0), Fraction(posts.high or 0)
        zh, en = (f"{decimal_text(low)}{word}{decimal_text(high)}" for word in (" 至 ", " to "))
        if leaf.scale.decimals is not None and not dtype.is_float():
            # The first and the last value of so many decimals that lie between the posts can be written exactly.
            unit = 10**leaf.scale.decimals
            low, high = Fraction(ceil(low * unit), unit), Fraction(floor(high * unit), unit)
        beyond = (value < literal(low, dtype)) | (value > literal(high, dtype))
        yield fault("outside-goalposts", beyond, f"超出 {zh}", f"outside {en}")
    limit = reach(leaf)
    if limit is not None:
        zh, en = f"超过 {limit}，无法精确计算", f"beyond {limit}, too large to be measured exactly"
        yield fault("too-large", (value < -limit) | (value > limit), zh, en)


def _coverage(versions: Sequence[Version], by: Sequence[str]) -> Coverage | None:
    import narwhals as nw

    full = [nw.col(_speaks(number)) for number, version in enumerate(versions) if version.index.coverage == "full"]
    return Coverage(("subject", *by), "period", _any_of(full)) if full else None
