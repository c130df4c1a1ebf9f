"""Checking outlines: units that cover others neither overlap, nor leave a gap, nor lie outside what they stand on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from communitygov.grid.findings import Unchecked, found
from communitygov.grid.rules import Level
from communitygov.grid.tree import Tree
from communitygov.vocabulary.errors import DataError, MissingExtra
from communitygov.vocabulary.problem import Problem
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["SLIVER", "bad_outlines", "outline_findings", "outlines_unchecked"]

SLIVER = 1e-6
"""The part of the smaller outline, or of the one looked at, that is taken for the noise of drawing."""


def outline_findings(tree: Tree, landless: pl.Expr) -> Iterator[pl.DataFrame]:
    """Yield overlaps, gaps and what lies outside, of the levels that cover what they stand on.

    Units overlap if they are of one level, whatever they stand on. A gap is looked for where all that stands on a unit
    is drawn, units of levels between with it. Areas are compared in the units of the outlines (degrees squared,
    mostly); only their ratios count. Units without land, and those whose code stands twice, are left out.

    Args:
        tree: The units.
        landless: Whether a unit has no land.

    Raises:
        MissingExtra: If there are outlines to compare and shapely is not installed.
        DataError: If an outline that is compared is no sound area; it names the units.
    """
    import polars as pl

    levels = {key: level for key, level in tree.grid.levels.items() if level.covers}
    if "geometry" not in tree.frame.columns or not levels:
        return
    plots = _plots(tree, landless)
    compared = {key: (_own(plots, key, level), _divided(plots, key, level)) for key, level in levels.items()}
    rows = [
        column
        for own, divided in compared.values()
        for column in (own["row"], own["above"], divided["above"], divided["rows"].explode())
    ]
    shapes = _shapes(tree.frame, pl.concat([column.alias("row") for column in rows]).drop_nulls().unique().sort())
    codes = tree.frame["code"]
    for key, level in levels.items():
        own, divided = compared[key]
        rule, clause = f"levels.{key}.covers", level.clause or tree.grid.clause
        pairs = _overlaps(own["row"].to_list(), shapes)
        yield found("overlap", _named(codes, pairs), rule, clause)
        yield found("outside", _named(codes, _outside(own, shapes)), rule, clause)
        yield found("gap", _named(codes, _gaps(divided, shapes)), rule, clause, wanted=key)


def outlines_unchecked(tree: Tree, key: str, landless: pl.Expr) -> Iterator[Unchecked]:
    """Yield what the outlines of a level that covers others leave unknown.

    Args:
        tree: The units.
        key: The level; the data have units of it.
        landless: Whether a unit has no land.
    """
    import polars as pl

    level = tree.grid.levels[key]
    rule, clause = f"levels.{key}.covers", level.clause or tree.grid.clause
    plots = _plots(tree, landless)
    mine = plots.filter((pl.col("level") == key) & pl.col("land"))
    bare = mine.filter(~pl.col("drawn")).height
    if bare == mine.height:
        if bare:
            why = Title(zh="数据没有边界，只查了有无划分", en="without outlines; only looked for what is not divided")
            yield Unchecked(rule, why, clause, bare)
        return
    if bare:
        why = Title(zh="自身没有边界，未查重叠", en="without an outline of their own; not looked for overlaps")
        yield Unchecked(rule, why, clause, bare)
    unknown = _parts(plots, key, level).height - _divided(plots, key, level).height
    if unknown:
        zh, en = "自身或其下有单元没有边界，未查缺口", "they or a unit below without an outline; not looked for gaps"
        yield Unchecked(rule, Title(zh=zh, en=en), clause, unknown)


def _plots(tree: Tree, landless: pl.Expr) -> pl.DataFrame:
    """Return each unit's row, the row it stands on, and whether it has land and an outline of its own to compare."""
    import polars as pl

    outline = pl.col("geometry").is_not_null() if "geometry" in tree.frame.columns else pl.lit(False)
    # Of two units with one code nobody knows which is meant.
    drawn = outline & ~landless & pl.col("code").is_unique()
    frame = tree.frame.select("level", "kind", land=~landless, drawn=drawn)
    return frame.with_row_index("row").with_columns(above=tree.stands_on)


def _own(plots: pl.DataFrame, key: str, level: Level) -> pl.DataFrame:
    """Return the rows of a level's outlines, each with that of the outline in which it should lie, if there is one."""
    import polars as pl

    outer = plots.filter(pl.col("drawn") & pl.col("level").is_in(list(level.on)))["row"]
    inside = pl.when(pl.col("above").is_in(outer.implode())).then(pl.col("above"))
    return plots.filter(pl.col("drawn") & (pl.col("level") == key)).select("row", inside.alias("above"))


def _parts(plots: pl.DataFrame, key: str, level: Level) -> pl.DataFrame:
    """Return the units that a level should cover, each with the units that divide it: of the level, or one between."""
    import polars as pl

    between = pl.col("level").is_in(list(level.on))
    asked = between & pl.col("land")
    if level.covers_kinds:
        asked = asked & pl.col("kind").is_in(list(level.covers_kinds)).fill_null(False)
    whole = plots.filter(asked).select("drawn", above="row")
    # What stands on a unit between that has no land is not known to have any: its part counts as not drawn.
    parts = plots.filter(((pl.col("level") == key) & pl.col("land")) | between)
    parts = parts.group_by("above", maintain_order=True).agg(rows="row", parts_drawn=pl.col("drawn").all())
    return whole.join(parts, on="above", maintain_order="left")


def _divided(plots: pl.DataFrame, key: str, level: Level) -> pl.DataFrame:
    """Return the row of each outline that a level should cover, with the rows of what stands on it, if all is drawn."""
    return _parts(plots, key, level).filter("drawn", "parts_drawn").select("above", "rows")


def _shapes(frame: pl.DataFrame, rows: pl.Series) -> dict[int, Any]:
    """Return the outlines of some rows.

    Raises:
        DataError: If one is no sound area.
    """
    import polars as pl

    if rows.is_empty():
        return {}
    try:
        import shapely
    except ModuleNotFoundError:
        raise MissingExtra.named("geo", "shapely") from None
    drawn = frame[rows]
    is_text = drawn["geometry"].dtype in (pl.String, pl.Categorical, pl.Enum)
    texts = drawn["geometry"].cast(pl.String).to_list() if is_text else [None] * len(rows)
    shapes = dict(zip(rows, shapely.from_geojson(texts, on_invalid="ignore"), strict=True))
    bad = [code for code, shape in zip(drawn["code"], shapes.values(), strict=True) if not _is_area(shape)]
    if bad:
        raise bad_outlines(bad, "不是合规的面", "are no sound areas")
    return shapes


def bad_outlines(codes: Sequence[str], zh: str, en: str) -> DataError:
    """Return the error that some outlines are not what they should be.

    Args:
        codes: Their units.
        zh: What they are not, in Chinese.
        en: The same in English.
    """
    said = ", ".join(codes[:20]) + (" ..." if len(codes) > 20 else "")
    title = Title(zh=f"{len(codes)} 个单元的边界{zh}：{said}", en=f"{len(codes)} outlines {en}: {said}")
    return DataError(Problem("bad-outline", title, path="geometry"))


def _is_area(shape: Any) -> bool:
    import shapely

    kinds = ("Polygon", "MultiPolygon")
    return shape is not None and shape.geom_type in kinds and bool(shapely.is_valid(shape)) and not shape.is_empty


_Told = Iterator[tuple[int, int | None, str | None]]


def _named(codes: pl.Series, told: _Told) -> pl.DataFrame:
    """Return findings from the row of a unit, that of the other unit, and what was found."""
    import polars as pl

    schema = {"unit": pl.UInt32(), "other": pl.UInt32(), "found": pl.String()}
    frame = pl.DataFrame(list(told), schema=schema, orient="row")
    return frame.with_columns(codes.gather(frame[name]).alias(name) for name in ("unit", "other"))


def _overlaps(rows: list[int], shapes: dict[int, Any]) -> _Told:
    import shapely

    own = [shapes[row] for row in rows]
    if not own:
        return
    pairs = shapely.STRtree(own).query(own, predicate="intersects").T.tolist()
    for i, j in ((i, j) for i, j in pairs if i < j):
        if own[i].intersection(own[j]).area > SLIVER * min(own[i].area, own[j].area):
            yield rows[i], rows[j], None
            yield rows[j], rows[i], None


def _outside(own: pl.DataFrame, shapes: dict[int, Any]) -> _Told:
    for row, above in own.drop_nulls("above").iter_rows():
        part = shapes[row].difference(shapes[above]).area / shapes[row].area
        if part > SLIVER:
            yield row, above, _percent(part)


def _gaps(divided: pl.DataFrame, shapes: dict[int, Any]) -> _Told:
    import shapely

    for above, rows in divided.iter_rows():
        union = shapely.union_all([shapes[row] for row in rows])
        part = shapes[above].difference(union).area / shapes[above].area
        if part > SLIVER:
            yield above, None, _percent(part)


def _percent(part: float) -> str:
    return f"{part:.2%}" if part >= 0.0001 else "<0.01%"
