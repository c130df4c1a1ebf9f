"""The columns that the grid takes: declared once, for data errors, docs, templates and test strategies."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from communitygov.vocabulary.frames import Column, Table
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    from communitygov.grid.rules import Grid

__all__ = ["HOLDERS", "ORDERS", "units_table"]

_SINCE = Column("since", "period", Title(zh="自", en="since"), required=False, nullable=True)
_UNTIL = Column("until", "period", Title(zh="至", en="until"), required=False, nullable=True)

HOLDERS = Table(
    Title(zh="担任者表", en="holders"),
    (
        Column("unit", "text", Title(zh="单元代码", en="unit's code")),
        Column("seat", "text", Title(zh="岗位、组织或台账", en="post, body or record")),
        Column("holder", "text", Title(zh="担任者", en="holder")),
        Column("department", "text", Title(zh="所属部门", en="department"), required=False, nullable=True),
        _SINCE,
        _UNTIL,
    ),
    ("unit", "seat", "holder"),
    open=True,
    unique=False,
)
"""Who or what is there: one row per unit, post (or body, or record) and holder. A holder is an id, never a name."""

ORDERS = Table(
    Title(zh="工单表", en="orders"),
    (
        Column("unit", "text", Title(zh="单元代码", en="unit's code")),
        Column("matter", "text", Title(zh="事项", en="matter")),
    ),
    ("unit", "matter"),
    open=True,
    unique=False,
)
"""What is to be routed: one row per order, with the unit of its address and the kind of its matter."""


def units_table(grid: Grid, *, level: bool = True) -> Table:
    """Return the columns of the units of a grid: one row per unit and time.

    Args:
        grid: The rule.
        level: Whether each row names its level; if not, all are of one.
    """
    columns = [
        Column("code", "text", Title(zh="代码", en="code")),
        Column("name", "text", Title(zh="名称", en="name")),
        Column("level", "text", Title(zh="层级", en="level"), required=level, nullable=not level),
        Column("kind", "text", Title(zh="类型", en="kind"), required=False, nullable=True),
        Column(
            "parent", "text", Title(zh="上级代码", en="code of the unit it stands on"), required=False, nullable=True
        ),
        _SINCE,
        _UNTIL,
        Column("exempt", "text", Title(zh="除外原因", en="reason of exemption"), required=False, nullable=True),
    ]
    for one in grid.levels.values():
        for name, bound in one.sizes.items():
            columns.append(_number(name, bound.name(name), bound.clause))
        for name, tally in one.tallies.items():
            columns.append(_number(name, tally.name(name), tally.clause))
    unique = {column.name: column for column in columns}
    return Table(Title(zh="单元表", en="units"), tuple(unique.values()), ("code",), open=True, unique=False)


def _number(name: str, title: Title, clause: tuple[str, ...]) -> Column:
    return Column(name, "whole", title, required=False, nullable=True, minimum=Fraction(0), clause=clause)
