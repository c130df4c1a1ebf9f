"""Checking outlines: units that cover another neither overlap nor leave a gap."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from communitygov.grid.findings import found
from communitygov.grid.rules import Grid, Level
from communitygov.grid.tree import Tree
from communitygov.vocabulary.errors import DataError, MissingExtra
from communitygov.vocabulary.problem import Problem
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["SLIVER", "outline_findings"]

SLIVER = 1e-6
"""The part of the smaller outline, or of the one to be covered, that is taken for the noise of drawing."""


def outline_findings(tree: Tree) -> Iterator[pl.DataFrame]:
    """Yield overlaps and gaps of the levels that cover what they stand on, where both have outlines.

    Areas are compared in the units of the outlines (degrees squared, mostly); only their ratios count.

    Args:
        tree: The units.

    Raises:
        MissingExtra: If there are outlines to compare and shapely is not installed.
        DataError: If an outline is none; it names the units.
    """
    import polars as pl

    levels = {key: level for key, level in tree.grid.levels.items() if level.covers}
    if "geometry" not in tree.frame.columns or not levels:
        return
    drawn = tree.frame.filter(pl.col("geometry").is_not_null())
    shapes = _shapes(drawn)
    for key, level in levels.items():
        groups = drawn.filter(pl.col("level") == key).group_by("parent", maintain_order=True).agg("code")
        for parent, codes in groups.iter_rows():
            yield from _of_one(tree.grid, key, level, parent, codes, shapes)


def _shapes(drawn: pl.DataFrame) -> dict[str, Any]:
    try:
        import shapely
    except ModuleNotFoundError:
        raise MissingExtra.named("geo", "shapely") from None
    shapes = shapely.from_geojson(drawn["geometry"].to_list(), on_invalid="ignore")
    bad = [
        code
        for code, shape in zip(drawn["code"], shapes, strict=True)
        if shape is None or not shapely.is_valid(shape) or shape.geom_type not in ("Polygon", "MultiPolygon")
    ]
    if bad:
        said = ", ".join(bad[:20]) + (" ..." if len(bad) > 20 else "")
        zh, en = f"{len(bad)} 个单元的边界不是合规的面：{said}", f"{len(bad)} outlines are no sound areas: {said}"
        raise DataError(Problem("bad-outline", Title(zh=zh, en=en), path="geometry"))
    return dict(zip(drawn["code"], shapes, strict=True))


def _of_one(
    grid: Grid, key: str, level: Level, parent: str | None, codes: list[str], shapes: dict[str, Any]
) -> Iterator[pl.DataFrame]:
    import polars as pl
    import shapely

    rule, clause = f"levels.{key}.covers", level.clause or grid.clause
    own = [shapes[code] for code in codes]
    pairs = shapely.STRtree(own).query(own, predicate="intersects").T.tolist()
    for i, j in pairs:
        common = own[i].intersection(own[j]).area if i != j else 0.0
        if common > SLIVER * min(own[i].area, own[j].area):
            yield found("overlap", pl.DataFrame({"unit": [codes[i]]}), rule, clause, found=codes[j])
    if parent in shapes:
        left = shapes[parent].difference(shapely.union_all(own)).area / shapes[parent].area
        if left > SLIVER:
            yield found("gap", pl.DataFrame({"unit": [parent]}), rule, clause, found=f"{left:.2%}", wanted=key)
