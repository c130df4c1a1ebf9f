"""Columns: what a verb takes in each, which types can hold it, and what can be wrong with values."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from attrs import evolve, frozen

from communitygov.vocabulary.faults import Fault
from communitygov.vocabulary.numbers import decimal_text
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import narwhals as nw

__all__ = ["Column", "ColumnKind", "column_faults", "decimal_units", "fits", "literal", "missing_values"]

ColumnKind = Literal["text", "period", "whole", "number", "score", "flag", "any"]


@frozen
class Column:
    """One column of a table.

    Args:
        name: Its name.
        kind: ``text``; ``period`` (text such as ``2023Q3``); ``whole`` (whole numbers); ``number`` (any finite
            number, taken at its value); ``score`` (whole numbers of units of the last published place, or a float or
            decimal taken at its value); ``flag`` (true or false); ``any``.
        title: Its title in both languages.
        required: Whether the frame must have it.
        nullable: Whether a value may be missing.
        minimum: The least value allowed.
        maximum: The greatest value allowed.
        decimals: Places that values may have; None for any.
        unit: What it counts.
        clause: The clauses it comes from.
        summed: Whether scores are added up over a year, so that they are held to what such sums can be.
    """

    name: str
    kind: ColumnKind
    title: Title
    required: bool = True
    nullable: bool = False
    minimum: Fraction | None = None
    maximum: Fraction | None = None
    decimals: int | None = None
    unit: Title | None = None
    clause: tuple[str, ...] = ()
    summed: bool = True


def missing_values(column: Column) -> Fault:
    """Return the fault of a column whose values are missing.

    Args:
        column: The column.
    """
    import narwhals as nw

    missing = Title(zh="缺少数值", en="the value is missing")
    return Fault("missing-value", column.name, nw.col(column.name).is_null(), missing, reads=(column.name,))


def fits(column: Column, dtype: Any) -> bool:
    """Return whether a column's type can hold what it is to hold.

    Args:
        column: The column.
        dtype: Its Narwhals type in the frame.
    """
    import narwhals as nw

    if dtype == nw.Unknown:  # a column without any value; where one is needed, that is told row by row
        return column.nullable or column.kind not in ("text", "period")
    if column.kind in ("text", "period"):
        return dtype in (nw.String, nw.Categorical, nw.Enum)
    if column.kind == "any":
        return True
    if column.kind == "flag":
        return bool(dtype == nw.Boolean)
    if column.kind == "whole":
        return bool(dtype.is_integer())
    return bool(dtype.is_numeric())


def column_faults(column: Column, dtype: Any, where: nw.Expr | None = None) -> Iterator[Fault]:
    """Yield what can be wrong with the values of a column.

    Args:
        column: The column.
        dtype: Its Narwhals type in the frame.
        where: The rows that are looked at; all if None.
    """
    import narwhals as nw

    name = column.name
    value = nw.col(name)

    def fault(code: str, mask: nw.Expr, zh: str, en: str) -> Fault:
        mask = mask if where is None else where & mask
        return Fault(code, name, mask, Title(zh=zh, en=en), show=True, reads=(name,))

    if not column.nullable:
        absent = missing_values(column)
        yield absent if where is None else evolve(absent, mask=where & absent.mask)
    if not dtype.is_numeric():
        return
    finite = nw.lit(True)
    if dtype.is_float():
        finite = value.is_finite()
        yield fault("not-finite", ~finite, "不是有限的数", "not a finite number")
    if column.kind != "score" and column.minimum is not None:
        low, mask = decimal_text(column.minimum), value < literal(column.minimum, dtype)
        yield fault("below-scale", finite & mask, f"低于 {low}", f"below {low}")
    if column.kind != "score" and column.maximum is not None:
        high, mask = decimal_text(column.maximum), value > literal(column.maximum, dtype)
        yield fault("above-scale", finite & mask, f"高于 {high}", f"above {high}")
    largest = _largest(column, dtype)
    if largest is not None:
        far = value.cast(nw.Float64) if dtype.is_decimal() else value
        zh, en = f"超过 {largest}，无法精确计算", f"beyond {largest}, too large to be reckoned exactly"
        yield fault("too-large", finite & ((far > largest) | (far < -largest)), zh, en)
    if column.decimals is not None and not dtype.is_integer():
        places, mask = column.decimals, _off_grid(value, dtype, column.decimals)
        yield fault("too-many-decimals", finite & mask, f"小数多于 {places} 位", f"more than {places} decimals")


def _off_grid(value: nw.Expr, dtype: Any, decimals: int) -> nw.Expr:
    """Return whether a value has more decimals than allowed, beyond the noise of its own type."""
    import narwhals as nw

    if dtype.is_decimal():
        return ~value.cast(nw.String).str.contains(rf"^-?[0-9]*(?:[.][0-9]{{0,{decimals}}}0*)?$")
    scaled = value.cast(nw.Float64) * 10**decimals
    noise = 1e-6 if dtype == nw.Float32 else 1e-15
    off: nw.Expr = (scaled - scaled.round(0)).abs() > scaled.abs() * noise + 1e-6
    return off


def decimal_units(value: nw.Expr, decimals: int) -> nw.Expr:
    """Return decimals as whole numbers of units, exactly: through their text, since a float has too few digits.

    Args:
        value: Decimals of no more places than that.
        decimals: How many places a unit has.
    """
    import narwhals as nw

    text = value.cast(nw.String)
    whole = text.str.replace_all(r"[.].*$", "")
    if not decimals:
        return whole.cast(nw.Int64)
    places = nw.concat_str([text.str.replace_all(r"^[^.]*[.]?", ""), nw.lit("0" * decimals)]).str.slice(0, decimals)
    return nw.concat_str([whole, places]).cast(nw.Int64)


def _largest(column: Column, dtype: Any) -> int | None:
    """Return the largest value that can be counted, added up over a year and compared in 63 bits; None if all can."""
    import narwhals as nw

    if column.kind == "score" and column.summed:
        # Beyond 53 bits neighbouring units are one float.
        units = 2**53 if dtype.is_float() else _MOST_UNITS
        return units if dtype.is_integer() else int(units // 10 ** (column.decimals or 0))
    return 2**63 - 1 if column.kind == "whole" and dtype in (nw.UInt64, nw.Int128, nw.UInt128) else None


_MOST_UNITS = 10**17


def literal(value: Fraction, dtype: Any) -> int | float | Decimal:
    """Return a number that values of a column can be held against: exactly, where the column's type is exact.

    Args:
        value: The number.
        dtype: The column's Narwhals type.
    """
    if value.denominator == 1:
        return int(value)
    text = decimal_text(value)
    return Decimal(text) if dtype.is_decimal() and "/" not in text else float(value)
