"""Who is in charge: every unit from an address upward, what is there, who holds it and what part it has."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from communitygov.grid.check_seats import with_seat
from communitygov.grid.rules import Grid
from communitygov.grid.units import Holders, Units
from communitygov.vocabulary.period import Period

if TYPE_CHECKING:
    import polars as pl

__all__ = ["in_charge"]


def in_charge(grid: Grid, units: Units, holders: Holders, *, on: str | Period | dt.date, at: str) -> pl.DataFrame:
    """Return the chain of those in charge of an address: its unit and all that it stands on, with posts and bodies.

    Args:
        grid: The rule.
        units: The units.
        holders: Who is there.
        on: The day; a period stands for its first.
        at: The code of the unit of the address.

    Returns:
        Polars, one row per unit, post or body, and holder, from the address upward and in the order of the rule: ``up``
        (units above the address), ``unit``, ``name``, ``level``, ``seat``, ``part`` (its part in the joint
        responsibility, such as ``guide``; several with a comma; null if it has none), ``department`` and ``holder``
        (null where nobody is there). A unit without posts or bodies has one row without a ``seat``.

    Raises:
        UsageError: If there is no such unit on the day.

    Source:
        QF-30 and the like: responsibilities that attach to the hierarchy.

    Example:
        >>> import polars as pl
        >>> from communitygov.grid.rules import Body, Level, Responsibility
        >>> from communitygov.grid.units import load_holders, load_units
        >>> grid = Grid(
        ...     levels={"street": Level(order=1), "community": Level(order=2, on=("street",))},
        ...     bodies={
        ...         "working_committee": Body(level="street", per_unit="exactly_one"),
        ...         "committee": Body(level="community", per_unit="exactly_one"),
        ...     },
        ...     responsibilities={
        ...         "street": Responsibility(part="coordinate", by="working_committee"),
        ...         "community": Responsibility(part="guide", by="committee"),
        ...     },
        ... )
        >>> rows = {"code": ["s", "c"], "name": ["S", "C"], "level": ["street", "community"], "parent": [None, "s"]}
        >>> units = load_units(grid, pl.DataFrame(rows))
        >>> holders = load_holders(grid, pl.DataFrame({"unit": ["s"], "seat": ["working_committee"], "holder": ["b1"]}))
        >>> in_charge(grid, units, holders, on="2024", at="c").select("unit", "seat", "part", "holder").rows()
        [('c', 'committee', 'guide', None), ('s', 'working_committee', 'coordinate', 'b1')]
    """
    import polars as pl

    tree = units.on(on)
    chain = pl.DataFrame({"unit": tree.chain(at)}).with_row_index("up").with_columns(pl.col("up").cast(pl.Int64))
    here = tree.frame.select("name", "level", "kind", unit="code").unique("unit", keep="first", maintain_order=True)
    chain = chain.join(here, on="unit", how="left", maintain_order="left")
    held = holders.on(on).join(chain, on="unit", how="semi").select("unit", "seat", "department", "holder").unique()
    nothing = {"seat": pl.lit(None, pl.String), "part": pl.lit(None, pl.String), "_order": pl.lit(None, pl.Int64)}
    parts = [chain.clear().with_columns(**nothing)]
    for order, (key, seat) in enumerate({**grid.posts, **grid.bodies}.items()):
        part = ", ".join(one.part for one in grid.responsibilities.values() if one.by == key) or None
        said = {"seat": pl.lit(key), "part": pl.lit(part, pl.String), "_order": pl.lit(order, pl.Int64)}
        parts.append(chain.filter(with_seat(seat)).with_columns(**said))
    seats = pl.concat(parts)
    bare = chain.join(seats, on="unit", how="anti").with_columns(**nothing)
    rows = pl.concat([seats, bare]).join(held, on=["unit", "seat"], how="left")
    rows = rows.sort("up", "_order", "department", "holder", nulls_last=True)
    return rows.select("up", "unit", "name", "level", "seat", "part", "department", "holder")
