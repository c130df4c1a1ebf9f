"""Scoring at any scale: the points of every node of the tree, for every subject and period of a frame."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any, Literal

from communitygov.index.checks import check_frame
from communitygov.index.combine import points
from communitygov.index.rules import Index
from communitygov.index.shares import Source
from communitygov.index.versions import Version, check_keys, leaf_ids, node_ids, text_periods, versions_of
from communitygov.vocabulary.dated import Dated
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.frames import adopt, nullable
from communitygov.vocabulary.problem import Problem, did_you_mean
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import narwhals as nw
    import polars as pl

__all__ = ["present", "score", "score_unchecked", "template"]

Levels = Literal["all", "root"]


def score(index: Index | Dated[Index], frame: Any, *, levels: Levels = "all", by: Sequence[str] = ()) -> Any:
    """Score subjects by an index.

    Args:
        index: The rules, or their dated versions; each row is scored by the version in force on the first day of its
            period.
        frame: One row per ``subject`` and ``period`` (and further key), one column per leaf of the tree. A whole
            number is taken at its value; a float or a decimal may have the places that the leaf's scale declares. A
            column that is no leaf of a row's version must be empty there. Polars (eager or lazy), pandas, PyArrow or
            DuckDB.
        levels: ``all`` gives the points of every node of the tree, ``root`` the score alone.
        by: Names of further key columns, such as simulated draws. Relative normalisations compare subjects of one
            period and one value of these.

    Returns:
        A frame of the same kind, its rows in the same order where the kind has one: ``subject``, ``period``, the
        further keys, one whole-number column per node (its points, in units of the last published place; empty where
        the row's version lacks the node), ``score``, ``maximum`` (full marks, in the same units) and ``missing`` (the
        ids of leaves that had no value, by comma). Each node is computed from the leaves, not from rounded children.

    Raises:
        DataError: With every fault of the data, each naming column, subject and period.
        UsageError: If a name in ``by`` is taken or is no column.

    Source:
        Weighted sums of normalised indicators: OECD and JRC, Handbook on Constructing Composite Indicators, 2008.

    Example:
        >>> import polars as pl
        >>> from communitygov.index.rules import Index, Indicator, Scale
        >>> index = Index(
        ...     subject="community",
        ...     period="quarter",
        ...     maximum=10,
        ...     decimals=1,
        ...     weights="points",
        ...     scale=Scale(minimum=0, maximum=100, decimals=0),
        ...     indicators={"parks": Indicator(weight=4), "lifts": Indicator(weight=6)},
        ... )
        >>> data = pl.DataFrame({"subject": ["a"], "period": ["2023Q3"], "parks": [85], "lifts": [71]})
        >>> score(index, data).row(0, named=True)
        {'subject': 'a', 'period': '2023Q3', 'parks': 34, 'lifts': 43, 'score': 77, 'maximum': 100, 'missing': ''}
    """
    return _scored(index, frame, levels, by, checked=True)


def score_unchecked(index: Index | Dated[Index], frame: Any, *, levels: Levels = "all", by: Sequence[str] = ()) -> Any:
    """Score subjects by an index without looking at the data first, so that no query is made.

    For data that has been checked, or was made by a program. What ``score`` would refuse gives a score that means
    nothing, or none: a row without a version in force has none, nor has one with a value missing that may not be.

    Args:
        index: As in ``score``.
        frame: As in ``score``; a leaf without a column is missing everywhere.
        levels: As in ``score``.
        by: As in ``score``.

    Returns:
        What ``score`` returns.

    Raises:
        UsageError: If a name in ``by`` is taken or is no column.

    Example:
        >>> import polars as pl
        >>> from communitygov.index.rules import Index, Indicator, Scale
        >>> parks = Indicator(weight=4, scale=Scale(minimum=0, maximum=100, decimals=0))
        >>> yearly = {"subject": "community", "period": "year", "maximum": 4, "decimals": 2}
        >>> index = Index(**yearly, weights="points", indicators={"parks": parks})
        >>> lazy = pl.LazyFrame({"subject": ["a", "b"], "period": ["2023", "2023"], "parks": [77, None]})
        >>> score_unchecked(index, lazy, levels="root").collect().select("subject", "score", "missing").rows()
        [('a', 308, ''), ('b', None, 'parks')]
    """
    return _scored(index, frame, levels, by, checked=False)


def _scored(index: Index | Dated[Index], native: Any, levels: Levels, by: Sequence[str], *, checked: bool) -> Any:
    if levels not in ("all", "root"):
        hint = did_you_mean(str(levels), ["all", "root"])
        title = Title(zh=f"levels 不能是 `{levels}`{hint.zh}", en=f"levels cannot be `{levels}`{hint.en}")
        raise UsageError(Problem("bad-levels", title))
    versions = versions_of(index)
    adopted, back = adopt(native)
    frame = text_periods(adopted)
    if checked:
        check_frame(versions, frame, by)
    else:
        check_keys(versions, by, list(frame.collect_schema()))
    results = [*(node_ids(versions) if levels == "all" else ()), "score", "maximum", "missing"]
    return back(_laid_out(frame, versions, results, by, dated=isinstance(index, Dated), checked=checked))


def _laid_out(
    frame: Any, versions: Sequence[Version], results: Sequence[str], by: Sequence[str], *, dated: bool, checked: bool
) -> Any:
    """Return the results of all versions, each row's from the one that speaks for it."""
    import narwhals as nw

    keys = {"subject": "subject", "period": "period", **{name: f"key{i}" for i, name in enumerate(by)}}
    columns = {name: f"leaf{i}" for i, name in enumerate(leaf_ids(versions))}
    places = {name: f"result{i}" for i, name in enumerate(results)}
    schema = frame.collect_schema()
    leaves = [nw.col(name) if name in schema else nw.lit(None, dtype=nw.Float64).alias(name) for name in columns]
    frame = frame.select(
        *(nw.col(name).alias(new) for name, new in keys.items()),
        *(leaf.alias(new) for leaf, new in zip(leaves, columns.values(), strict=True)),
    )
    gaps = _gaps(frame, versions, columns, checked=checked)
    group = tuple(new for name, new in keys.items() if name != "subject")
    begun: set[str] = set()
    for version in versions:
        dtypes = frame.collect_schema()
        sources = [Source(leaf, columns[leaf.id], dtypes[columns[leaf.id]], group) for leaf in version.index.leaves]
        frame, found = points(frame, version.index, sources, all_levels=len(results) > len(_ROOT))
        found["score"] = found.pop("")
        full = int(version.index.maximum * 10**version.index.decimals)
        frame = nullable(frame.with_columns(maximum=nw.lit(full, dtype=nw.Int64)))
        found["maximum"] = nw.col("maximum")
        found["missing"] = _missing(version.index, columns, gaps)
        if dated:
            mine = version.speaks_for()
            for name, value in found.items():
                chosen = nw.when(mine).then(value)
                found[name] = chosen.otherwise(nw.col(places[name])) if name in begun else chosen
        begun.update(found)
        frame = frame.with_columns(**{places[name]: value for name, value in found.items()})
    return frame.select(
        *(nw.col(new).alias(name) for name, new in keys.items()),
        *(nw.col(new).alias(name) for name, new in places.items()),
    )


_ROOT = ("score", "maximum", "missing")


def _gaps(frame: Any, versions: Sequence[Version], columns: Mapping[str, str], *, checked: bool) -> frozenset[str]:
    """Return the leaves that may lack a value: a frame in memory tells, of another only the rules do."""
    import narwhals as nw

    if isinstance(frame, nw.DataFrame):
        return frozenset(name for name, column in columns.items() if frame[column].null_count())
    if not checked:
        return frozenset(columns)
    return frozenset(leaf.id for v in versions for leaf in v.index.leaves if leaf.missing != "refuse")


def _missing(index: Index, columns: Mapping[str, str], gaps: Collection[str]) -> nw.Expr:
    """Return the ids of the leaves without a value, by comma."""
    import narwhals as nw

    named = [
        nw.when(nw.col(columns[leaf.id]).is_null()).then(nw.lit(f"{leaf.id},")).otherwise(nw.lit(""))
        for leaf in index.leaves
        if leaf.id in gaps
    ]
    return nw.concat_str(named).str.strip_chars(",") if named else nw.lit("")


def present(frame: Any, index: Index | Dated[Index]) -> Any:
    """Turn whole units into decimals for people.

    Args:
        frame: What ``score`` gave back, or some of its columns with ``period`` among them if the index is dated.
        index: The index that it was scored by.

    Returns:
        A frame of the same kind; its points are text with as many decimals as are published, such as ``86.31``.

    Example:
        >>> import polars as pl
        >>> from communitygov.index.rules import Index, Indicator, Scale
        >>> parks = Indicator(weight=4, scale=Scale(minimum=0, maximum=100, decimals=0))
        >>> yearly = {"subject": "community", "period": "year", "maximum": 4, "decimals": 2}
        >>> index = Index(**yearly, weights="points", indicators={"parks": parks})
        >>> present(pl.DataFrame({"subject": ["a"], "score": [308]}), index).row(0)
        ('a', '3.08')
    """
    import narwhals as nw

    versions = versions_of(index)
    adopted, back = adopt(frame)
    done = text_periods(adopted)
    names = [name for name in done.collect_schema() if name in {*node_ids(versions), "score", "maximum"}]
    places = sorted({version.index.decimals for version in versions})
    columns = {}
    for name in names:
        column = _decimal(nw.col(name), places[0])
        for decimals in places[1:]:
            mine = reduce(or_, (v.speaks_for() for v in versions if v.index.decimals == decimals))
            column = nw.when(mine).then(_decimal(nw.col(name), decimals)).otherwise(column)
        columns[name] = column
    return back(done.with_columns(**columns) if columns else done)


def _decimal(units: nw.Expr, decimals: int) -> nw.Expr:
    """Return units as text with their decimals. None is negative."""
    import narwhals as nw

    if not decimals:
        return units.cast(nw.String)
    whole, part = units // 10**decimals, units % 10**decimals
    return nw.concat_str([whole.cast(nw.String), part.cast(nw.String).str.zfill(decimals)], separator=".")


def template(index: Index | Dated[Index]) -> pl.DataFrame:
    """Return an empty frame with the columns that data of an index has.

    Args:
        index: The rules, or their dated versions.

    Returns:
        A Polars frame without rows: whole numbers where a leaf's scale has no decimals, floats elsewhere.

    Example:
        >>> from communitygov.index.rules import Index, Indicator, Scale
        >>> parks = Indicator(weight=4, scale=Scale(minimum=0, maximum=100, decimals=0))
        >>> yearly = {"subject": "community", "period": "year", "maximum": 4, "decimals": 2}
        >>> index = Index(**yearly, weights="points", indicators={"parks": parks})
        >>> template(index).columns
        ['subject', 'period', 'parks']
    """
    import polars as pl

    versions = versions_of(index)
    whole = {
        leaf.id: all(other.scale.decimals == 0 for v in versions for other in v.index.leaves if other.id == leaf.id)
        for version in versions
        for leaf in version.index.leaves
    }
    columns = {name: pl.Int64 if whole[name] else pl.Float64 for name in leaf_ids(versions)}
    return pl.DataFrame(schema={"subject": pl.String, "period": pl.String, **columns})
