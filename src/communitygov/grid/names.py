"""Matching names: the administrative and the statistical spelling of one unit, by the endings that a rule declares."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from attrs import evolve

from communitygov.grid.derived import kind_shown, stem
from communitygov.grid.rules import Grid
from communitygov.grid.tree import Tree
from communitygov.grid.units import Units, taken
from communitygov.vocabulary.errors import DataError
from communitygov.vocabulary.faults import Fault
from communitygov.vocabulary.frames import Column, Table, check_table
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.problem import did_you_mean
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["match_names", "names_table"]


def names_table(grid: Grid) -> Table:
    """Return the columns of names that are to be matched with units: one row per name.

    Args:
        grid: The rule; each of its levels has a column ``above_...`` for the name or code of the unit above.
    """
    above = (
        Column(
            f"above_{key}",
            "text",
            Title(
                zh=f"所属{level.name(key).zh}的名称或代码", en=f"name or code of the unit above: {level.name(key).en}"
            ),
            required=False,
            nullable=True,
        )
        for key, level in grid.ordered.items()
    )
    return Table(
        Title(zh="名称表", en="names"),
        (
            Column("name", "text", Title(zh="名称", en="name")),
            Column("level", "text", Title(zh="层级", en="level")),
            Column("kind", "text", Title(zh="类型", en="kind"), required=False, nullable=True),
            *above,
        ),
        ("name",),
        open=True,
        unique=False,
    )


def match_names(
    grid: Grid, units: Units, names: Any, *, on: str | Period | dt.date, encoding: str = "utf-8"
) -> pl.DataFrame:
    """Find the unit that each name is a spelling of: of the same level, kind and stem, below the same units.

    The stem is the name without the longest ending that its level declares, so that 街道办事处 and 街道, or 社区居委会
    and 社区, are one. A name that is not quite the same is none: nothing is guessed.

    Args:
        grid: The rule; the ``endings`` of its kinds say what spellings are of one thing.
        units: The units.
        names: A frame of any kind, or a file. One row per name: ``name``, ``level``; if known ``kind`` (else the ending
            shows it), and for each level above ``above_...``, the name or code of the unit there. A unit above is
            the one of that stem, of whatever kind, since a town may have become a street; if there are several, those
            of the kind that the name shows.
        on: The day of the units; a period stands for its first.
        encoding: The encoding of CSV.

    Returns:
        The rows as given (in Polars) with ``code`` (null unless exactly one unit fits), ``match`` (``one``, ``none`` or
        ``several``) and ``candidates`` (how many fit). A name that shows none of its level's kinds matches nothing.

    Raises:
        DataError: If the frame does not fit, names a level or kind that there is not, or has one of these columns.
        UsageError: If the file cannot be read.

    Source:
        The names of 2023 and the units of 2016 in four areas, by the profiles' endings: 2,129 of the 2,132 that the
        data's own column joins come out, and 肖村, which it leaves. 牌坊村村民委员会 is not 牌坊村委会 (its stem is
        牌坊村); 村民委委会 is an error of the data and no ending; a community by name that is none by its code
        (400-599) is of another kind.

    Example:
        >>> import polars as pl
        >>> from communitygov.grid.rules import Kind, Level
        >>> from communitygov.grid.units import load_units
        >>> street = {"street": Kind(endings=("街道", "街道办事处"))}
        >>> community = {"community": Kind(endings=("社区居委会", "社区")), "village": Kind(endings=("村",))}
        >>> grid = Grid(
        ...     levels={
        ...         "street": Level(order=1, kinds=street),
        ...         "community": Level(order=2, on=("street",), kinds=community),
        ...     }
        ... )
        >>> rows = {"code": ["s", "c"], "name": ["老山街道办事处", "何家坟社区居委会"]}
        >>> rows |= {"level": ["street", "community"], "parent": [None, "s"]}
        >>> names = {"name": ["何家坟社区", "何家坟村"], "level": "community", "above_street": "老山街道"}
        >>> match_names(grid, load_units(grid, pl.DataFrame(rows)), pl.DataFrame(names), on="2016").select(
        ...     "name", "code", "match"
        ... ).rows()
        [('何家坟社区', 'c', 'one'), ('何家坟村', None, 'none')]
    """
    import polars as pl

    frame = _checked(grid, names, encoding)
    tree = units.on(on)
    above = [f"above_{key}" for key in grid.ordered if f"above_{key}" in frame.columns]
    columns = ["name", "level", *(["kind"] if "kind" in frame.columns else []), *above]
    asked = frame.select(pl.col(columns).cast(pl.String)).unique().with_row_index("_id")
    kind = _named_kind(grid)
    shown = _keyed(asked, grid, pl.coalesce("kind", kind) if "kind" in columns else kind)
    known = _keyed(tree.frame.select("code", "name", "level", "kind").with_row_index("_row"), grid, pl.col("kind"))
    below = _below(tree, shown, known, [name.removeprefix("above_") for name in above])
    none = pl.DataFrame(schema={"_id": shown.schema["_id"], "_row": known.schema["_row"]})
    found = pl.concat([none, *(_candidates(tree, shown, known, *part) for part in below)])
    counted = found.group_by("_id").agg(pl.len().cast(pl.Int64).alias("candidates"), pl.col("_row").first())
    codes = tree.frame["code"]
    result = asked.join(counted, on="_id", how="left").with_columns(pl.col("candidates").fill_null(0))
    one = pl.col("candidates") == 1
    result = result.with_columns(codes.gather(result["_row"]).alias("code")).select(
        *columns,
        pl.when(one).then("code").alias("code"),
        pl.when(one)
        .then(pl.lit("one"))
        .otherwise(pl.when(pl.col("candidates") == 0).then(pl.lit("none")).otherwise(pl.lit("several")))
        .alias("match"),
        "candidates",
    )
    return frame.join(result, on=columns, how="left", nulls_equal=True, maintain_order="left")


def _checked(grid: Grid, names: Any, encoding: str) -> pl.DataFrame:
    """Return the names as a frame that fits."""
    import narwhals as nw
    import polars as pl

    table = names_table(grid)
    frame = taken(names, table, encoding)
    for name in ("code", "match", "candidates"):
        if name in frame.columns:
            raise DataError.because(
                "bad-key",
                zh=f"列 `{name}` 与结果的列同名，请改名",
                en=f"the column `{name}` has the name of one of the result; rename it",
            )
    faults = [_unknown("unknown-level", "level", grid.levels, Title(zh="没有这个层级", en="no such level"))]
    if "kind" in frame.columns:
        kinds = {kind: None for level in grid.levels.values() for kind in level.kinds}
        faults.append(_unknown("unknown-kind", "kind", kinds, Title(zh="没有这个类型", en="no such kind")))
    frame = frame.with_columns(pl.col(column.name).cast(pl.String) for column in table.columns if column.name in frame)
    check_table(table, nw.from_native(frame), more=faults)
    return frame


def _unknown(code: str, column: str, known: Any, said: Title) -> Fault:
    import narwhals as nw

    hint = did_you_mean("", known)
    wrong = ~nw.col(column).is_null() & ~nw.col(column).is_in(list(known))
    return Fault(code, column, wrong, Title(zh=said.zh + hint.zh, en=said.en + hint.en), show=True)


def _named_kind(grid: Grid) -> pl.Expr:
    """Return the kind that the ending of a name shows: a name is but a spelling, and has no code to show it."""
    import polars as pl

    kind: pl.Expr = pl.lit(None, dtype=pl.String)
    for key, level in grid.levels.items():
        shown = kind_shown(evolve(level, code=None))  # type: ignore[misc]  # rules are attrs classes
        if shown is not None:
            kind = pl.when(pl.col("level") == key).then(shown).otherwise(kind)
    return kind


def _keyed(frame: pl.DataFrame, grid: Grid, kind: pl.Expr) -> pl.DataFrame:
    """Return names with ``_stem`` and ``_kind``, by which they are matched.

    Where a level has no kinds, all are of one; where it has some, a name of which none is known is like nothing.
    """
    import polars as pl

    of_one = pl.col("level").is_in([key for key, level in grid.levels.items() if not level.kinds])
    return frame.with_columns(
        stem(grid).alias("_stem"), pl.when(of_one).then(pl.lit("")).otherwise(kind).alias("_kind")
    )


def _above_at(tree: Tree, level: str) -> pl.Series:
    """Return for each row the row of the unit of a level that it stands on, however far up; null if there is none."""
    import polars as pl

    here = tree.frame["level"] == level
    rows = pl.DataFrame({"row": pl.Series(range(tree.frame.height), dtype=pl.UInt32), "at": tree.above})
    found = pl.Series([None], dtype=pl.UInt32).new_from_index(0, tree.frame.height)
    while rows.height:
        rows = rows.filter(pl.col("at").is_not_null())
        there = rows.filter(here.gather(rows["at"]))
        found = found.scatter(there["row"], there["at"])
        rows = rows.filter(~here.gather(rows["at"]))
        rows = rows.with_columns(tree.above.gather(rows["at"]).alias("at"))
    return found


def _below(
    tree: Tree, asked: pl.DataFrame, known: pl.DataFrame, levels: list[str]
) -> Iterator[tuple[pl.DataFrame, str | None]]:
    """Yield names with the rows of the units that they must be below, by the lowest level at which one is named.

    Args:
        tree: The units.
        asked: The names, with ``_id``.
        known: The units, with their stems and kinds.
        levels: The levels at which a unit above may be named, highest first.
    """
    import polars as pl

    scopes = asked.select("_id", pl.lit(None, dtype=pl.UInt32).alias("_scope"), pl.lit("").alias("_at"))
    for level in levels:
        named = asked.select("_id", pl.col(f"above_{level}").alias("name"), level=pl.lit(level)).drop_nulls("name")
        fits = _named(tree, named, known.filter(pl.col("level") == level), level)
        before = scopes.join(named.select("_id"), on="_id", how="semi")
        within = [fits.join(before.filter(pl.col("_at") == ""), on="_id", how="semi")]
        for higher in before["_at"].unique():
            if higher:
                over = fits.with_columns(_above_at(tree, higher).gather(fits["_row"]).alias("_scope"))
                within.append(over.join(before.filter(pl.col("_at") == higher), on=["_id", "_scope"], how="semi"))
        fits = pl.concat([part.select("_id", "_row", "_same") for part in within])
        fits = fits.filter(pl.col("_same") | ~pl.col("_same").any().over("_id"))
        mine = fits.select("_id", pl.col("_row").alias("_scope"), pl.lit(level).alias("_at"))
        scopes = pl.concat([scopes.join(named.select("_id"), on="_id", how="anti"), mine])
    for (at,), part in scopes.group_by("_at"):
        yield part.select("_id", "_scope"), str(at) or None


def _named(tree: Tree, named: pl.DataFrame, known: pl.DataFrame, level: str) -> pl.DataFrame:
    """Return the units of a level that a name or code may mean, and whether they are of the kind that it shows."""
    import polars as pl

    form = tree.grid.levels[level].code
    named = _keyed(named, tree.grid, _named_kind(tree.grid))
    by_name = named.join(known, on="_stem", suffix="_there").select(
        "_id", "_row", _same=(pl.col("_kind") == pl.col("_kind_there")).fill_null(False)
    )
    codes = [known.select("_row", name="code")]
    if form is not None and form.own < form.digits:
        codes.append(known.select("_row", name=pl.col("code").str.head(form.own)))
    by_code = named.join(pl.concat(codes).unique(), on="name").select("_id", "_row", _same=pl.lit(True))
    return pl.concat([by_name, by_code]).group_by("_id", "_row").agg(pl.col("_same").any())


def _candidates(
    tree: Tree, asked: pl.DataFrame, known: pl.DataFrame, scope: pl.DataFrame, level: str | None
) -> pl.DataFrame:
    """Return the units that fit each name: of its level, stem and kind, and below what it must be below."""
    mine = asked.select("_id", "level", "_stem", "_kind").join(scope, on="_id")
    keys = ["level", "_stem", "_kind"]
    if level is not None:
        known = known.with_columns(_above_at(tree, level).gather(known["_row"]).alias("_scope"))
        keys.append("_scope")
    return mine.join(known.select("_row", *keys), on=keys).select("_id", "_row")
