"""Units and holders: taken in from files and frames, indexed, and seen as a tree on a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen

from communitygov.grid.dated import day_of, in_force, with_days
from communitygov.grid.derived import with_kinds, with_parents, with_whole_codes, with_whole_units
from communitygov.grid.rules import Grid
from communitygov.grid.tables import HOLDERS, units_table
from communitygov.grid.tree import Tree, tree_of
from communitygov.vocabulary.errors import DataError, UsageError
from communitygov.vocabulary.faults import Fault
from communitygov.vocabulary.files import read_frame
from communitygov.vocabulary.frames import Column, Table, adopt, check_table
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.problem import did_you_mean
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Holders", "Units", "load_holders", "load_units", "taken"]


@frozen(eq=False)
class Units:
    """Units of a grid through time: columnar, checked for shape, not yet for sense (that is ``check_grid``'s part).

    Args:
        grid: The rule.
        frame: One row per unit and time: ``code``, ``name``, ``level``, ``kind`` (null if none shows), ``parent`` (the
            code of the unit it stands on; null at the top), ``stated_kind`` and ``stated_parent`` (as the data gave
            them, null if they did not), ``since`` and ``until`` (Date, null without end), the columns of sizes, and
            whatever else the data had. Where a level may be skipped, a ``parent`` that the data did not give is the
            nearest that there ever is; in the tree of a day, the nearest of that day.
    """

    grid: Grid
    frame: pl.DataFrame = field(repr=False)
    _trees: dict[dt.date, Tree] = field(factory=dict, init=False, repr=False)

    def on(self, day: str | Period | dt.date) -> Tree:
        """Return the tree of the units that there are on a day.

        Args:
            day: The day; a period stands for its first.
        """
        day = day_of(day)
        if day not in self._trees:
            self._trees.clear()  # one is kept: the largest are some hundred megabytes
            self._trees[day] = tree_of(self.grid, in_force(self.frame, day), day)
        return self._trees[day]

    def _with(self, frame: pl.DataFrame) -> Units:
        return evolve(self, frame=frame)


@frozen(eq=False)
class Holders:
    """Who or what is there through time: people in posts, bodies of units, records kept.

    Args:
        grid: The rule.
        frame: One row per unit, seat, holder and time: ``unit``, ``seat``, ``holder``, ``department`` (null if none),
            ``since`` and ``until`` (Date), and whatever else the data had.
    """

    grid: Grid
    frame: pl.DataFrame = field(repr=False)

    def on(self, day: str | Period | dt.date) -> pl.DataFrame:
        """Return the rows that hold on a day.

        Args:
            day: The day; a period stands for its first.
        """
        return in_force(self.frame, day_of(day))


def load_units(
    grid: Grid,
    data: Any,
    *,
    level: str | None = None,
    above: Mapping[str, tuple[str, str]] | None = None,
    encoding: str = "utf-8",
) -> Units:
    """Take in units.

    What their rule lets one tell is filled in: the unit that a code's prefix names, the kind that a code or the ending
    of a name shows, the zeros at the end of a code (or of a parent's) that is given without them.

    Args:
        grid: The rule.
        data: A frame of any kind, or a ``.csv``, ``.parquet``, ``.xlsx`` or ``.geojson`` file. One row per unit and
            time: ``code``, ``name``, ``level``; if known ``kind``, ``parent`` (a code), ``since`` and ``until``
            (periods), ``exempt`` (a reason) and the sizes; further columns are kept.
        level: The level of all rows, where the data have no column that says it.
        above: For levels above that stand as columns beside each row, the columns of their code and name, by level:
            ``{"street": ("street_code", "street")}``. Each that occurs becomes a unit.
        encoding: The encoding of CSV.

    Raises:
        DataError: If columns are missing or of another kind, a code, name or level is missing, a level is none of the
            rule's or not the one that is said of all rows, or a date is none. Nothing is half loaded.
        UsageError: If ``level`` or ``above`` names no level, or the file cannot be read.

    Example:
        >>> import polars as pl
        >>> from communitygov.grid.rules import CodeForm, Level
        >>> grid = Grid(
        ...     levels={
        ...         "street": Level(order=1, code=CodeForm(digits=12, significant=9)),
        ...         "community": Level(order=2, on=("street",), code=CodeForm(digits=12, prefix=True)),
        ...     }
        ... )
        >>> rows = pl.DataFrame(
        ...     {
        ...         "code": ["110107001001"],
        ...         "name": ["电科院社区"],
        ...         "street_code": ["110107001"],
        ...         "street": ["八宝山街道"],
        ...     }
        ... )
        >>> units = load_units(grid, rows, level="community", above={"street": ("street_code", "street")})
        >>> units.frame.select("code", "level", "parent").rows()
        [('110107001000', 'street', None), ('110107001001', 'community', '110107001000')]
    """
    import narwhals as nw
    import polars as pl

    for name in (*([] if level is None else [level]), *(above or {})):
        if name not in grid.levels:
            hint = did_you_mean(name, grid.levels)
            raise UsageError.because(
                "unknown-level", zh=f"没有层级 `{name}`{hint.zh}", en=f"no level `{name}`{hint.en}"
            )
    table = units_table(grid, level=level is None)
    frame = taken(data, table, encoding).with_columns(pl.col("code", "name").cast(pl.String))
    if level is not None:
        frame = _of_level(frame, table, level)
    frame = _with_above(frame, above or {})
    unknown = Title(zh=f"没有这个层级{_known(grid).zh}", en=f"no such level{_known(grid).en}")
    known = nw.col("level").is_in(list(grid.levels))
    check_table(
        units_table(grid), nw.from_native(frame), more=[Fault("unknown-level", "level", ~known, unknown, show=True)]
    )
    for name in ("kind", "parent", "exempt"):
        values = frame[name] if name in frame.columns else pl.Series(name, [None]).new_from_index(0, frame.height)
        frame = frame.with_columns(values.cast(pl.String).alias(name))
    # A column in which there is nothing may be of no type at all.
    whole = [one.name for one in table.columns if one.kind == "whole" and one.name in frame.columns]
    frame = frame.with_columns(pl.col("code", "name", "level").cast(pl.String), pl.col(whole).cast(pl.Int64))
    frame = with_whole_codes(with_days(frame, ("code",)), grid)
    frame = frame.with_columns(stated_kind=pl.col("kind"), stated_parent=pl.col("parent"))
    frame = with_parents(with_kinds(frame, grid), grid)
    first = ["code", "name", "level", "kind", "parent"]
    return Units(grid, frame.select(*first, pl.exclude(first)))


def load_holders(grid: Grid, data: Any, *, encoding: str = "utf-8") -> Holders:
    """Take in who or what is there: people in posts, bodies of units, records kept.

    Args:
        grid: The rule.
        data: A frame of any kind, or a ``.csv``, ``.parquet`` or ``.xlsx`` file. One row per unit, seat, holder and
            time: ``unit`` (code, which may lack the zeros that it ends in), ``seat`` (id of a post, body or record),
            ``holder`` (an id, not a name); if known ``department``, ``since`` and ``until`` (periods); further columns
            are kept.
        encoding: The encoding of CSV.

    Raises:
        DataError: If columns are missing or of another kind, a value is missing, a seat or department is none of the
            rule's, or a date is none.
        UsageError: If the file cannot be read.

    Example:
        >>> import polars as pl
        >>> from communitygov.grid.rules import Level, Post
        >>> grid = Grid(
        ...     levels={"community": Level(order=1)},
        ...     posts={"head": Post(level="community", per_unit="exactly_one")},
        ... )
        >>> rows = pl.DataFrame({"unit": ["c1"], "seat": ["head"], "holder": ["p7"], "since": ["2023-08"]})
        >>> load_holders(grid, rows).on("2023Q3").height, load_holders(grid, rows).on("2023Q4").height
        (0, 1)
    """
    import narwhals as nw
    import polars as pl

    frame = taken(data, HOLDERS, encoding)
    faults = []
    for code, column, known, zh, en in (
        ("unknown-seat", "seat", grid.seats, "没有这个岗位、组织或台账", "no such post, body or record"),
        ("unknown-department", "department", grid.departments, "没有这个部门", "no such department"),
    ):
        if column in frame.columns:
            hint = did_you_mean("", known)
            value = nw.col(column)
            wrong = ~value.is_null() & ~value.is_in(list(known))
            title = Title(zh=f"{zh}{hint.zh}", en=f"{en}{hint.en}")
            faults.append(Fault(code, column, wrong, title, show=True))
    check_table(HOLDERS, nw.from_native(frame), more=faults)
    if "department" not in frame.columns:
        frame = frame.with_columns(department=pl.lit(None, dtype=pl.String))
    frame = frame.with_columns(pl.col("unit", "seat", "holder", "department").cast(pl.String))
    frame = with_whole_units(frame, grid)
    first = ["unit", "seat", "holder", "department"]
    return Holders(grid, with_days(frame, HOLDERS.key).select(*first, pl.exclude(first)))


def _of_level(frame: pl.DataFrame, table: Table, level: str) -> pl.DataFrame:
    """Return a frame whose rows are all of one level; it is an error if one says that it is of another."""
    import narwhals as nw
    import polars as pl

    stated = frame["level"] if "level" in frame.columns else pl.Series("level", [None]).new_from_index(0, frame.height)
    frame = frame.with_columns(stated.cast(pl.String))
    said = Title(zh=f"与所指定的层级 `{level}` 不同", en=f"another level than `{level}`, which is said of all rows")
    other = ~nw.col("level").is_null() & (nw.col("level") != level)
    check_table(table, nw.from_native(frame), more=[Fault("other-level", "level", other, said, show=True)])
    return frame.with_columns(level=pl.lit(level))


def _known(grid: Grid) -> Title:
    return did_you_mean("", grid.levels)


def taken(data: Any, table: Table, encoding: str) -> pl.DataFrame:
    """Return what was handed over as a Polars frame that fits its table, with dates as text.

    Args:
        data: A frame of any kind, or a file.
        table: The declared columns.
        encoding: The encoding of CSV.

    Raises:
        DataError: If it does not fit, or has no rows.
        UsageError: If the file cannot be read.
    """
    import narwhals as nw
    import polars as pl

    frame: pl.DataFrame
    if isinstance(data, str | Path):
        if Path(data).suffix.lower() in (".geojson", ".json"):
            from communitygov.grid.geojson import read_geojson

            frame = read_geojson(data)
        elif Path(data).suffix.lower() == ".parquet":
            # Parquet may have days as days; they become text below, and are looked at then.
            others = tuple(column for column in table.columns if column.kind != "period")
            frame = read_frame(data, evolve(table, columns=others))
        else:
            frame = read_frame(data, table, encoding=encoding)
    else:
        adopted, _ = adopt(data, table)
        eager = adopted.collect() if isinstance(adopted, nw.LazyFrame) else adopted
        frame = eager.to_polars()
    days = [
        name for name in ("since", "until") if name in frame.columns and frame[name].dtype in (pl.Date, pl.Datetime)
    ]
    frame = frame.with_columns(pl.col(name).dt.strftime("%Y-%m-%d") for name in days)
    if not frame.height:
        raise DataError.because("empty-table", zh=f"{table.name.zh}没有行", en=f"{table.name.en}: there are no rows")
    check_table(table, nw.from_native(frame))
    return frame


def _with_above(frame: pl.DataFrame, above: Mapping[str, tuple[str, str]]) -> pl.DataFrame:
    """Return a frame with a row for each unit that stands as columns beside others."""
    import narwhals as nw
    import polars as pl

    columns = [
        Column(column, "text", Title(zh=f"层级 `{level}` 的{zh}", en=f"{en} of the level `{level}`"))
        for level, pair in above.items()
        for column, zh, en in zip(pair, ("代码", "名称"), ("code", "name"), strict=True)
    ]
    beside_table = Table(Title(zh="单元表", en="units"), tuple(columns), ("code",), open=True, unique=False)
    check_table(beside_table, nw.from_native(frame))
    parts = []
    for level, (code, name) in above.items():
        units = frame.select(code=pl.col(code).cast(pl.String), name=pl.col(name).cast(pl.String))
        parts.append(units.unique(maintain_order=True).with_columns(level=pl.lit(level)))
    beside = [column for pair in above.values() for column in pair if column not in ("code", "name")]
    parts.append(frame.drop(beside))
    return pl.concat(parts, how="diagonal")
