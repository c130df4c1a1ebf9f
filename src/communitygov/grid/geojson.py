"""Units from and to GeoJSON (RFC 7946): properties are columns, an outline is kept as it was written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from communitygov.grid.findings import Checked
from communitygov.grid.outlines import bad_outlines
from communitygov.grid.tree import Tree
from communitygov.vocabulary.errors import DataError, UsageError
from communitygov.vocabulary.problem import Place, Problem
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["feature_collection", "read_geojson", "with_findings"]


def read_geojson(file: str | Path) -> pl.DataFrame:
    """Read units with their outlines.

    Args:
        file: A feature collection in UTF-8. Each feature is a unit: its properties are columns; an ``id`` stands in for
            a property ``code``; its geometry becomes the column ``geometry``, GeoJSON text, null if it has none.

    Raises:
        UsageError: If the file cannot be read.
        DataError: If it is no feature collection, a feature is none, its geometry is no mapping, its properties are
            none, or a property is a list or a mapping or is called ``geometry``.
    """
    import polars as pl

    file = Path(file)
    try:
        text = file.read_bytes().decode("utf-8-sig")
        whole = json.loads(text)
    except OSError as error:
        said = str(error.strerror)
        raise UsageError.because(
            "unreadable-file", zh=f"{file}：无法读取：{said}", en=f"{file}: cannot be read: {said}"
        ) from None
    except UnicodeDecodeError:
        raise _bad(file, "不是 UTF-8 编码", "is not UTF-8") from None
    except (json.JSONDecodeError, RecursionError) as error:
        line, column = getattr(error, "lineno", 0), getattr(error, "colno", 0)
        raise _bad(file, "不是 JSON", "is not JSON", line, column) from None
    features = whole.get("features") if isinstance(whole, dict) else None
    if not isinstance(features, list) or whole.get("type") != "FeatureCollection":
        raise _bad(file, "不是 FeatureCollection", "is no FeatureCollection")
    rows = [_row(file, i, feature) for i, feature in enumerate(features)]
    names = list(dict.fromkeys(name for row in rows for name in row))
    return pl.DataFrame([_column(file, name, [row.get(name) for row in rows]) for name in names])


def _row(file: Path, i: int, feature: Any) -> dict[str, Any]:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        raise _bad(file, f"第 {i + 1} 个要素不是 Feature", f"feature {i + 1} is no Feature")
    properties, geometry = feature.get("properties"), feature.get("geometry")
    for name, value in (("properties", properties), ("geometry", geometry)):
        if value is not None and not isinstance(value, dict):
            raise _bad(file, f"第 {i + 1} 个要素的 `{name}` 不是对象", f"`{name}` of feature {i + 1} is no mapping")
    row = dict(properties or {})
    if "geometry" in row:
        raise _bad(
            file,
            f"第 {i + 1} 个要素的属性不可名为 `geometry`：此列是边界",
            f"feature {i + 1} has a property called `geometry`, which is the column of the outlines",
        )
    if "code" not in row and feature.get("id") is not None:
        row["code"] = str(feature["id"])
    for name, value in row.items():
        if isinstance(value, list | dict):
            raise _bad(
                file,
                f"第 {i + 1} 个要素的属性 `{name}` 不是单个值",
                f"the property `{name}` of feature {i + 1} is no single value",
            )
    row["geometry"] = None if geometry is None else json.dumps(geometry, separators=(",", ":"))
    return row


def _column(file: Path, name: str, values: list[Any]) -> pl.Series:
    import polars as pl

    kinds = {type(value) for value in values if value is not None}
    if len(kinds) > 1 and kinds != {int, float}:
        said = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise _bad(
            file, f"属性 `{name}` 的值种类不一：{said}", f"the property `{name}` has values of several kinds: {said}"
        )
    if kinds:
        return pl.Series(name, values, strict=False)
    # Nothing says of what type a property is that no feature has; a geometry is text.
    return pl.Series(name, values, dtype=pl.String() if name == "geometry" else pl.Null())


def _bad(file: Path, zh: str, en: str, line: int = 0, column: int = 0) -> DataError:
    return DataError(Problem("bad-geojson", Title(zh=f"文件{zh}", en=f"the file {en}"), Place(str(file), line, column)))


def feature_collection(frame: pl.DataFrame) -> dict[str, Any]:
    """Return units as a feature collection, ready for ``json.dump``.

    Args:
        frame: One row per unit; a column ``geometry`` of GeoJSON text becomes the geometry, ``code`` the id, any other
            column a property. Days are written as text.

    Raises:
        DataError: If an outline is not the text of a GeoJSON geometry; it names the units.
    """
    import polars as pl
    import polars.selectors as cs

    has = "geometry" in frame.columns
    outlines = _geometries(frame) if has else [None] * frame.height
    rows = frame.drop("geometry", strict=False).with_columns(cs.temporal().cast(pl.String)).to_dicts()
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": row["code"],
                "geometry": outline,
                "properties": row,
            }
            for row, outline in zip(rows, outlines, strict=True)
        ],
    }


def _geometries(frame: pl.DataFrame) -> list[Any]:
    outlines: list[Any] = []
    bad = []
    for code, text in frame.select("code", "geometry").iter_rows():
        try:
            outline = None if text is None else json.loads(text)
        except (ValueError, TypeError, RecursionError):
            outline = text
        if outline is not None and not isinstance(outline, dict):
            bad.append(code)
        outlines.append(outline)
    if bad:
        raise bad_outlines(bad, "不是 GeoJSON", "are no GeoJSON")
    return outlines


def with_findings(tree: Tree, checked: Checked) -> pl.DataFrame:
    """Return the units of a day with what was found at each, ready for ``feature_collection``.

    Args:
        tree: The units of the day.
        checked: What was found in them.

    Returns:
        The units, without ``stated_kind`` and ``stated_parent``, and with ``findings`` (how many), ``finding`` (their
        kinds, by comma), ``finding_zh`` and ``finding_en`` (their words, one a line); null at a unit without any. All
        units of one code have its findings. Columns of these names, from an earlier time, give way. What is found of a
        unit that is not there (``unknown-unit``) has no place here: it is in ``checked`` only.
    """
    import polars as pl

    words = [problem.message for problem in checked.problems()]
    said = checked.frame.select("unit", "finding").with_columns(
        finding_zh=pl.Series([one.zh for one in words], dtype=pl.String),
        finding_en=pl.Series([one.en for one in words], dtype=pl.String),
    )
    by_unit = said.group_by("unit", maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("findings"),
        pl.col("finding").unique(maintain_order=True).str.join(", "),
        pl.col("finding_zh", "finding_en").str.join("\n"),
    )
    units = tree.frame.drop("stated_kind", "stated_parent", *by_unit.columns[1:], strict=False)
    joined = units.join(by_unit, left_on="code", right_on="unit", how="left", maintain_order="left")
    return joined.with_columns(pl.col("findings").fill_null(0))
