"""Checking a grid: are units, codes, sizes and holders as the rules say they are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from communitygov.grid.check_seats import seat_findings, seats_unchecked
from communitygov.grid.derived import has_form, kind_shown
from communitygov.grid.findings import Checked, Unchecked, found, listed
from communitygov.grid.outlines import outline_findings, outlines_unchecked
from communitygov.grid.rules import Bound, Grid, Level
from communitygov.grid.tree import Tree
from communitygov.grid.units import Holders, Units
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["check_grid", "cited", "counted_below", "landless"]


def check_grid(grid: Grid, units: Units, holders: Holders | None = None, *, on: str | Period | dt.date) -> Checked:
    """Find whatever in the units and holders of a day is not as the grid's rules say.

    The top of the data is the highest level that they have; one unit stands there, and need not name what it stands
    on. What a rule asks and the data do not say (sizes without a column, posts without holders) is listed as unchecked.

    Args:
        grid: The rule.
        units: The units.
        holders: Who or what is there; None if it is not known.
        on: The day; a period stands for its first.

    Returns:
        The findings, each with its unit, rule, clause and what would mend it, and what could not be checked.

    Raises:
        MissingExtra: If the data have outlines, a level must be covered by them, and the extra ``geo`` is absent.
        DataError: If an outline that is compared is no sound area; it names the units.

    Source:
        Properties G1, G2 and G5; the clauses are those of the rules.

    Example:
        >>> import polars as pl
        >>> from communitygov.grid.rules import CodeForm, Level
        >>> from communitygov.grid.units import load_units
        >>> grid = Grid(
        ...     levels={
        ...         "street": Level(order=1, code=CodeForm(digits=4, significant=2)),
        ...         "community": Level(order=2, on=("street",), code=CodeForm(digits=4, prefix=True)),
        ...     }
        ... )
        >>> rows = pl.DataFrame({"code": ["1100", "1101", "1201"], "name": ["a", "b", "c"]})
        >>> rows = rows.with_columns(level=pl.Series(["street", "community", "community"]))
        >>> check_grid(grid, load_units(grid, rows), on="2024").frame.select("finding", "unit", "found").rows()
        [('orphan', '1201', '1200')]
    """
    tree = units.on(on)
    parts = [*_standing(tree), *_codes(tree), *_kinds(tree), *_names(tree)]
    parts += [*_sizes(tree), *_covered(tree), *_tallies(tree), *outline_findings(tree, landless(tree))]
    held = None if holders is None else holders.on(on)
    if held is not None:
        parts += seat_findings(tree, held)
    unchecked = [*_unchecked(tree), *seats_unchecked(tree, held)]
    frame = listed(iter(parts), tree.frame)
    return Checked(frame, tuple(unchecked), tuple(tree.frame["code"].gather(tree.tops)))


def cited(*rules: Grid | Level | None, clause: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the clauses that speak for a rule: its own, else those of the nearest that it stands in.

    Args:
        rules: What it stands in, nearest first.
        clause: Its own.
    """
    return clause or next((rule.clause for rule in rules if rule is not None and rule.clause), ())


def _pairs(tree: Tree) -> pl.DataFrame:
    """Return each unit beside the one that it stands on."""
    import polars as pl

    codes, levels = tree.frame["code"], tree.frame["level"]
    return tree.frame.select("code", "level", "parent", unit="code").with_columns(
        pl.Series("row", range(tree.frame.height), dtype=pl.UInt32),
        codes.gather(tree.stands_on).alias("above_code"),
        levels.gather(tree.stands_on).alias("above_level"),
        on_cycle=tree.on_cycle,
    )


def _of(tree: Tree, which: pl.Expr, *columns: str, **named: Any) -> pl.DataFrame:
    """Return some units, with no column but those asked for: the data may call one of theirs as findings do."""
    import polars as pl

    return tree.frame.filter(which).select("name", "level", *columns, unit=pl.col("code"), **named)


def _standing(tree: Tree) -> Iterator[pl.DataFrame]:
    """Yield what is wrong with how units stand on each other: codes that stand twice, tops, orphans, levels, cycles."""
    import polars as pl

    grid, pairs, tops = tree.grid, _pairs(tree), tree.tops
    repeated = tree.frame.group_by(unit="code").len("found").filter(pl.col("found") > 1)
    yield found("duplicate-code", repeated, "levels", grid.clause)
    if len(tops) > 1:
        yield found("two-tops", pairs[tops].select("unit"), "levels", grid.clause, found=len(tops))
    below = pairs.filter(~pl.col("row").is_in(tops.implode()))
    yield found("orphan", below.filter(pl.col("above_code").is_null()), "levels", grid.clause, found=pl.col("parent"))
    for key, level in grid.levels.items():
        mine = below.filter((pl.col("level") == key) & pl.col("above_level").is_not_null())
        wrong = mine.filter(~pl.col("above_level").is_in(list(level.on)))
        said = {"found": pl.col("above_level"), "wanted": ", ".join(level.on)}
        yield found("wrong-level", wrong, f"levels.{key}.on", cited(level, grid), **said)
        if level.code is not None and level.code.prefix:
            for name in level.on:
                yield _not_under(mine.filter(pl.col("above_level") == name), key, level, grid.levels[name], grid)
    # The unit at the top of the data may name one that is not in them, but none that is.
    wrong = pairs[tops].filter(pl.col("above_level").is_not_null())
    top = next(iter(grid.ordered))
    yield found("wrong-level", wrong, f"levels.{top}.on", grid.clause, found=pl.col("above_level"), wanted="-")
    yield found("cycle", pairs.filter("on_cycle"), "levels", grid.clause, found=pl.col("above_code"))


def _not_under(mine: pl.DataFrame, key: str, level: Level, above: Level, grid: Grid) -> pl.DataFrame:
    import polars as pl

    assert above.code is not None, "a prefix needs codes above; the rule checks it"
    own = above.code.own
    wrong = mine.filter(pl.col("code").str.head(own) != pl.col("above_code").str.head(own))
    return found("not-under-parent", wrong, f"levels.{key}.code", cited(level, grid), found=pl.col("above_code"))


def _codes(tree: Tree) -> Iterator[pl.DataFrame]:
    import polars as pl

    for key, level in tree.grid.levels.items():
        if level.code is None:
            continue
        form = level.code
        wrong = tree.frame.filter((pl.col("level") == key) & ~has_form(form))
        wanted = "9" * form.own + "0" * (form.digits - form.own)
        yield found(
            "bad-code",
            wrong.select(unit="code"),
            f"levels.{key}.code",
            cited(level, tree.grid, clause=form.clause),
            wanted=wanted,
            found=pl.col("unit"),
        )


def _kinds(tree: Tree) -> Iterator[pl.DataFrame]:
    import polars as pl

    for key, level in tree.grid.levels.items():
        if not level.kinds:
            continue
        known = list(level.kinds)
        # A code that has not its form shows no kind; that it has not is found already.
        coded = any(kind.codes for kind in level.kinds.values())
        tells = has_form(level.code) if coded and level.code is not None else pl.lit(True)
        shown = {"_shown": kind_shown(level), "_tells": tells}
        mine = _of(tree, pl.col("level") == key, "kind", "stated_kind", **shown)
        unknown = mine.filter((pl.col("kind").is_null() & pl.col("_tells")) | ~pl.col("kind").is_in(known))
        said = {"found": pl.col("kind").fill_null("-"), "wanted": ", ".join(known)}
        rule = f"levels.{key}.kinds"
        yield found("unknown-kind", unknown, rule, cited(level, tree.grid), **said)
        other = mine.filter(pl.col("stated_kind") != pl.col("_shown"))
        said = {"found": pl.col("stated_kind"), "wanted": pl.col("_shown")}
        yield found("other-kind", other, rule, cited(level, tree.grid), **said)


def _names(tree: Tree) -> Iterator[pl.DataFrame]:
    import polars as pl

    for key, level in tree.grid.levels.items():
        if level.unique_names:
            mine = _of(tree, (pl.col("level") == key) & pl.col("parent").is_not_null(), "parent")
            mine = mine.with_columns(found=pl.len().over("parent", "name")).filter(pl.col("found") > 1)
            yield found("same-name", mine, f"levels.{key}.unique_names", cited(level, tree.grid))


def _bound_by(key: str, bound: Bound) -> pl.Expr:
    """Return whether a bound is asked of a unit: of its level, and of one of its kinds if it names any."""
    import polars as pl

    mask = pl.col("level") == key
    return mask & pl.col("kind").is_in(list(bound.kinds)).fill_null(False) if bound.kinds else mask


def _sizes(tree: Tree) -> Iterator[pl.DataFrame]:
    import polars as pl

    for key, level in tree.grid.levels.items():
        # A reason is unknown if no bound of the level knows it; it exempts from those that do.
        known = list(dict.fromkeys(reason for bound in level.sizes.values() for reason in bound.exempt))
        reason = pl.col("exempt")
        unknown = _of(tree, (pl.col("level") == key) & reason.is_not_null() & ~reason.is_in(known), found=reason)
        clause = cited(level, tree.grid)
        yield found("unknown-exemption", unknown, f"levels.{key}.sizes", clause, wanted=", ".join(known) or "-")
        for column, bound in level.sizes.items():
            if column not in tree.frame.columns:
                continue
            rule, clause = f"levels.{key}.sizes.{column}", cited(level, tree.grid, clause=bound.clause)
            not_exempt = _of(tree, _bound_by(key, bound), "exempt", _size=column)
            not_exempt = not_exempt.filter(~pl.col("exempt").is_in(list(bound.exempt)).fill_null(False))
            size = pl.col("_size")
            if bound.at_least is not None:
                few = not_exempt.filter(size < bound.at_least)
                yield found("too-small", few, rule, clause, found=size, wanted=bound.at_least)
            if bound.most is not None:
                many = not_exempt.filter(size > bound.most)
                yield found("too-large", many, rule, clause, found=size, wanted=bound.most)


def landless(tree: Tree) -> pl.Expr:
    """Return whether a unit is of a kind without land.

    Args:
        tree: The units.
    """
    import polars as pl

    mask: pl.Expr = pl.lit(False)
    for key, level in tree.grid.levels.items():
        kinds = [name for name, kind in level.kinds.items() if not kind.territorial]
        if kinds:
            mask = mask | ((pl.col("level") == key) & pl.col("kind").is_in(kinds)).fill_null(False)
    return mask


def _covered(tree: Tree) -> Iterator[pl.DataFrame]:
    """Yield the units that a level should cover and has nothing below: nor a unit of a level that stands between."""
    import polars as pl

    for key, level in tree.grid.levels.items():
        counts = pl.col("level") == key
        if not level.covers or tree.frame.filter(counts).is_empty():
            continue
        between = pl.col("level").is_in(list(level.on))
        divided = tree.frame.filter((counts & ~landless(tree)) | between)["parent"].drop_nulls()
        asked = between & ~landless(tree)
        if level.covers_kinds:
            asked = asked & pl.col("kind").is_in(list(level.covers_kinds)).fill_null(False)
        bare = _of(tree, asked & ~pl.col("code").is_in(divided.implode()))
        yield found("not-covered", bare, f"levels.{key}.covers", cited(level, tree.grid), wanted=key)


def counted_below(tree: Tree, level: str, kinds: tuple[str, ...], above: str) -> pl.DataFrame:
    """Return how many units of one level there are below each unit of another, those without land left out.

    Args:
        tree: The units.
        level: The level that is counted.
        kinds: The kinds that are counted; all that have land if empty.
        above: The level whose units they are counted for.

    Returns:
        ``unit`` (code) and ``count``, one row per unit of the level above.
    """
    import polars as pl

    wanted = (pl.col("level") == level) & (pl.col("kind").is_in(list(kinds)) if kinds else ~landless(tree))
    mine = tree.frame.select("level", "kind").with_row_index("row").filter(wanted)["row"]
    levels = tree.frame["level"]
    tally = [pl.Series(dtype=pl.UInt32)]
    row = tree.above.gather(mine)
    while not row.is_empty():
        row = row.drop_nulls()
        here = levels.gather(row) == above
        tally.append(row.filter(here))
        row = tree.above.gather(row.filter(~here))
    counts = pl.concat(tally).rename("row").value_counts().rename({"row": "_row"})
    units = tree.frame.select("level", unit="code").with_row_index("_row").filter(pl.col("level") == above)
    return units.join(counts, on="_row", how="left", maintain_order="left").select("unit", pl.col("count").fill_null(0))


def _tallies(tree: Tree) -> Iterator[pl.DataFrame]:
    import polars as pl

    units = tree.frame.unique("code", keep="first", maintain_order=True)
    for key, level in tree.grid.levels.items():
        for column, tally in level.tallies.items():
            if column in units.columns:
                counts = counted_below(tree, tally.level, tally.kinds, key)
                counts = counts.unique("unit", keep="first", maintain_order=True).rename({"count": "wanted"})
                said = units.filter(pl.col("level") == key).select(unit="code", found=column)
                wrong = said.join(counts, on="unit").filter(pl.col("found") != pl.col("wanted"))
                clause = cited(level, tree.grid, clause=tally.clause)
                yield found("tally-differs", wrong, f"levels.{key}.tallies.{column}", clause)


def _unchecked(tree: Tree) -> Iterator[Unchecked]:
    import polars as pl

    for key, level in tree.grid.levels.items():
        mine = tree.frame.filter(pl.col("level") == key)
        for part, columns in (("sizes", level.sizes), ("tallies", level.tallies)):
            for column, asked in columns.items():
                theirs = mine.filter(_bound_by(key, asked)) if isinstance(asked, Bound) else mine
                silent = theirs.height if column not in theirs.columns else theirs[column].null_count()
                if silent:
                    why = Title(zh=f"数据没有 {column}", en=f"the data do not say {column}")
                    clause = cited(level, tree.grid, clause=asked.clause)
                    yield Unchecked(f"levels.{key}.{part}.{column}", why, clause, silent)
        if level.covers:
            yield from _covers_unchecked(tree, key, level, mine)


def _covers_unchecked(tree: Tree, key: str, level: Level, mine: pl.DataFrame) -> Iterator[Unchecked]:
    import polars as pl

    rule, clause = f"levels.{key}.covers", cited(level, tree.grid)
    if mine.is_empty():
        why = Title(zh=f"数据没有 {key} 层的单元", en=f"the data have no unit of the level {key}")
        above = tree.frame.filter(pl.col("level").is_in(list(level.on))).height
        if above:
            yield Unchecked(rule, why, clause, above)
    else:
        yield from outlines_unchecked(tree, key, landless(tree))
