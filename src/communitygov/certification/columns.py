"""What the verbs of certification share: frames taken in, columns required, scores in units."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from communitygov.certification.rules import Certification
from communitygov.vocabulary.columns import decimal_units
from communitygov.vocabulary.errors import DataError, UsageError
from communitygov.vocabulary.frames import Fault, Table, adopt, check_table
from communitygov.vocabulary.problem import Problem, did_you_mean
from communitygov.vocabulary.text import Title

__all__ = [
    "adopt_beside", "check", "count", "in_units", "misspelt_tier", "shared", "units", "unknown_tier", "whole",
    "with_nothing",
]  # fmt: skip


def adopt_beside(frame: Any, native: Any, name: str) -> Any:
    """Take a second frame, of the kind of the first.

    Args:
        frame: The first, as ``adopt`` gives it.
        native: The second.
        name: What it is, for the message.

    Raises:
        DataError: If the two are of different kinds.
    """
    import narwhals as nw

    other, _ = adopt(native)
    if isinstance(frame, nw.LazyFrame) and isinstance(other, nw.DataFrame) and other.implementation.is_polars():
        other = other.lazy()
    if frame.implementation != other.implementation or type(frame) is not type(other):
        raise DataError(
            Problem(
                "frames-of-two-kinds",
                Title(
                    zh=f"{name} 与第一张表种类不同（{_kind(other)}，{_kind(frame)}）；请用同一种",
                    en=f"{name} is another kind of frame than the first ({_kind(other)}, {_kind(frame)}); use one kind",
                ),
            )
        )
    return other


def _kind(frame: Any) -> str:
    import narwhals as nw

    return f"{frame.implementation.value}{' lazy' if isinstance(frame, nw.LazyFrame) else ''}"


def check(
    table: Table, frame: Any, *, by: Sequence[str], reserved: Iterable[str] = (), more: Iterable[Fault] = ()
) -> None:
    """Check a frame against its table and the further key columns.

    Args:
        table: The declared columns.
        frame: A Narwhals frame.
        by: Further key columns, which must be there and without gaps.
        reserved: Names that no ``by`` column may have.
        more: Further faults to look for.

    Raises:
        UsageError: If a ``by`` column has a name of another meaning.
        DataError: If the frame does not fit.
    """
    import narwhals as nw

    taken = sorted(set(by) & (set(reserved) | {column.name for column in table.columns}))
    if taken:
        raise UsageError.because(
            "reserved-column",
            zh=f"`by` 不能用列名 {'、'.join(taken)}，它另有含义",
            en=f"`by` cannot name {', '.join(taken)}, which means something else",
        )
    missing = [name for name in by if name not in frame.collect_schema().names()]
    if missing:
        names = frame.collect_schema().names()
        raise DataError(
            Problem(
                "missing-column",
                Title(
                    zh=f"{table.name.zh}缺少列 `{name}`（`by` 所列）{did_you_mean(name, names).zh}",
                    en=f"{table.name.en} has no column `{name}`, named in `by`{did_you_mean(name, names).en}",
                ),
                path=name,
            )
            for name in missing
        )
    gaps = [
        Fault("missing-value", name, nw.col(name).is_null(), Title(zh="缺少数值", en="the value is missing"))
        for name in by
    ]
    check_table(table, frame, extra=by, more=[*gaps, *more])


def unknown_tier(certification: Certification) -> Fault:
    """Return the fault of a tier that is none of the rule's.

    Args:
        certification: The rule.
    """
    import narwhals as nw

    tier = nw.col("tier")
    return _no_such_tier(certification, ~tier.is_null() & ~tier.is_in(list(certification.tiers)))


def misspelt_tier(certification: Certification) -> Fault:
    """Return the fault of an earlier year's tier that is one of the rule's in another spelling, or by its title.

    A tier that the rule does not have at all may be one of earlier rules.

    Args:
        certification: The rule.
    """
    import narwhals as nw

    tier, known = nw.col("tier").cast(nw.String), certification.tiers
    names = [name for key, one in known.items() for name in (key, one.name(key).zh, one.name(key).en)]
    alike = tier.str.to_lowercase().str.replace_all(r"[\s_-]+", "")
    meant = alike.is_in(sorted({re.sub(r"[\s_-]+", "", name.lower()) for name in names}))
    return _no_such_tier(certification, meant & ~tier.is_in(list(known)))


def _no_such_tier(certification: Certification, mask: Any) -> Fault:
    hint = did_you_mean("", list(certification.tiers))
    wrong = Title(zh=f"没有这个星级{hint.zh}", en=f"no such tier{hint.en}")
    return Fault("unknown-tier", "tier", mask, wrong, show=True)


def units(frame: Any, name: str, decimals: int) -> Any:
    """Return a column of scores as whole numbers of units of the last published place.

    Args:
        frame: The frame, for the column's kind.
        name: The column.
        decimals: Published places.
    """
    import narwhals as nw

    dtype = frame.collect_schema()[name]
    value = nw.col(name)
    if dtype.is_decimal():
        return decimal_units(value, decimals)
    if dtype.is_float():
        value = (value.cast(nw.Float64) * 10**decimals).round(0)
    return value.cast(nw.Int64)


def in_units(frame: Any, names: Sequence[str], decimals: int) -> Any:
    """Return a frame with columns of scores in units.

    Args:
        frame: The frame.
        names: The columns; those that it lacks are passed over.
        decimals: Published places.
    """
    present = frame.collect_schema().names()
    return frame.with_columns(**{name: units(frame, name, decimals) for name in names if name in present})


def whole(value: Any) -> Any:
    """Return an expression as whole numbers.

    Args:
        value: The expression.
    """
    import narwhals as nw

    return value.cast(nw.Int64)


def count(mask: Any) -> Any:
    """Return how often an expression is true, in a group or a window.

    Args:
        mask: The expression.
    """
    import narwhals as nw

    return mask.cast(nw.Int64).sum().cast(nw.Int64)


def shared(frame: Any, names: Iterable[str]) -> list[str]:
    """Return those names that a frame has.

    Args:
        frame: The frame.
        names: The names.
    """
    present = set(frame.collect_schema().names())
    return [name for name in names if name in present]


def with_nothing(frame: Any) -> Any:
    """Return a frame with a column ``_nothing`` of missing whole numbers, which not every kind can write down.

    Args:
        frame: A Narwhals frame, as ``adopt`` gives it.
    """
    import narwhals as nw

    if frame.implementation.is_pandas():
        empty = frame.implementation.to_native_namespace().NA
        return nw.from_native(frame.to_native().assign(_nothing=empty).astype({"_nothing": "Int64"}))
    return frame.with_columns(_nothing=nw.lit(None, dtype=nw.Int64))
