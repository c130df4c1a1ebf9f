"""What the rule of a level lets one tell from codes and names: the whole code, the kind, the unit stood on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from communitygov.grid.rules import CodeForm, Grid, Level

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "has_form",
    "kind_shown",
    "skipping",
    "stem",
    "with_kinds",
    "with_parents",
    "with_parents_of_day",
    "with_whole_codes",
    "with_whole_units",
]


def with_whole_codes(frame: pl.DataFrame, grid: Grid) -> pl.DataFrame:
    """Return a frame in which a code that is given without the zeros that its form ends in has them.

    So has the code of a parent, by the form of a level that the unit's may stand on, unless a unit has it as it is.

    Args:
        frame: The units.
        grid: The rule.
    """
    import polars as pl

    whole: pl.Expr = pl.col("code")
    above: pl.Expr = pl.col("parent")
    for key, level in grid.levels.items():
        whole = _whole(pl.col("code"), level, pl.col("level") == key, whole)
        for upper in level.on:
            above = _whole(pl.col("parent"), grid.levels[upper], pl.col("level") == key, above)
    frame = frame.with_columns(whole.alias("code"))
    if frame["parent"].null_count() == frame.height:
        return frame
    known = pl.col("parent").is_in(frame["code"].implode())
    return frame.with_columns(parent=pl.when(known).then("parent").otherwise(above))


def with_whole_units(frame: pl.DataFrame, grid: Grid) -> pl.DataFrame:
    """Return holders whose unit's code, if it is given without the zeros that the form of its level ends in, has them.

    The level is that of the post, body or record.

    Args:
        frame: The holders.
        grid: The rule.
    """
    import polars as pl

    whole: pl.Expr = pl.col("unit")
    for key, seat in grid.seats.items():
        whole = _whole(pl.col("unit"), grid.levels[seat.level], pl.col("seat") == key, whole)
    return frame.with_columns(whole.alias("unit"))


def _whole(code: pl.Expr, level: Level, where: pl.Expr, otherwise: pl.Expr) -> pl.Expr:
    """Return a code with the zeros that its level's form ends in, where it is just its significant digits."""
    import polars as pl

    form = level.code
    if form is None or form.own == form.digits:
        return otherwise
    short = where & (code.str.len_chars() == form.own)
    return pl.when(short).then(code.str.pad_end(form.digits, "0")).otherwise(otherwise)


def has_form(form: CodeForm) -> pl.Expr:
    """Return whether a code has its form: so long, all digits, zeros behind the significant ones.

    Args:
        form: The form.
    """
    import polars as pl

    return pl.col("code").str.contains(f"^[0-9]{{{form.own}}}0{{{form.digits - form.own}}}$")


def kind_shown(level: Level) -> pl.Expr | None:
    """Return the kind that a unit's code shows, or where kinds have no codes, its name; None if nothing shows it.

    Of several endings that fit, the longest counts. A code that has not its form shows nothing.

    Args:
        level: The rule of the level.
    """
    import polars as pl

    if level.code is not None and any(kind.codes for kind in level.kinds.values()):
        shown: pl.Expr = pl.lit(None, dtype=pl.String)
        for key, kind in level.kinds.items():
            for low, high in kind.ranges:
                number = pl.col("code").str.slice(level.code.own - len(low), len(low))
                shown = pl.when(number.is_between(pl.lit(low), pl.lit(high))).then(pl.lit(key)).otherwise(shown)
        return pl.when(has_form(level.code)).then(shown)
    endings = sorted((len(ending), ending, key) for key, kind in level.kinds.items() for ending in kind.endings)
    if not endings:
        return None
    shown = pl.lit(None, dtype=pl.String)
    for _, ending, key in endings:
        shown = pl.when(pl.col("name").str.ends_with(ending)).then(pl.lit(key)).otherwise(shown)
    return shown


def with_kinds(frame: pl.DataFrame, grid: Grid) -> pl.DataFrame:
    """Return a frame in which each unit whose data name no kind has the one that it shows.

    Args:
        frame: The units.
        grid: The rule.
    """
    import polars as pl

    kind: pl.Expr = pl.col("kind")
    for key, level in grid.levels.items():
        shown = kind_shown(level)
        if shown is not None:
            kind = pl.when((pl.col("level") == key) & pl.col("kind").is_null()).then(shown).otherwise(kind)
    return frame.with_columns(kind.alias("kind"))


def with_parents(frame: pl.DataFrame, grid: Grid) -> pl.DataFrame:
    """Return a frame in which each unit whose data name no parent has the one that its code's prefix names.

    Where a level may be skipped, it is the nearest unit that there is; if there is none, the one of the nearest level,
    which then is missing. So it depends on the day: see ``with_parents_of_day``.

    Args:
        frame: The units.
        grid: The rule.
    """
    import polars as pl

    codes = frame["code"].unique()
    parent: pl.Expr = pl.col("parent")
    for key, level in grid.levels.items():
        if level.code is None or not level.code.prefix:
            continue
        nearest: pl.Expr = pl.lit(None, dtype=pl.String)
        there: pl.Expr = pl.lit(None, dtype=pl.String)
        for above in sorted((grid.levels[name] for name in level.on), key=lambda one: one.order):
            assert above.code is not None, "a prefix needs codes above; the rule checks it"
            nearest = pl.col("code").str.slice(0, above.code.own).str.pad_end(above.code.digits, "0")
            # The nearest comes last and so wins, where it is there.
            there = (
                pl.when(nearest.is_in(codes.implode())).then(nearest).otherwise(there) if len(level.on) > 1 else nearest
            )
        named = pl.coalesce(there, nearest)
        parent = pl.when((pl.col("level") == key) & pl.col("parent").is_null()).then(named).otherwise(parent)
    return frame.with_columns(parent.alias("parent"))


def skipping(grid: Grid) -> tuple[str, ...]:
    """Return the levels whose units stand on one of several by their code, so that it depends on which there are.

    Args:
        grid: The rule.
    """
    return tuple(
        key for key, level in grid.levels.items() if level.code is not None and level.code.prefix and len(level.on) > 1
    )


def with_parents_of_day(frame: pl.DataFrame, grid: Grid) -> pl.DataFrame:
    """Return the units of a day on the nearest that there are on it, where a level may be skipped.

    Args:
        frame: The units of the day, with the parents of all time.
        grid: The rule.
    """
    import polars as pl

    keys = skipping(grid)
    if not keys:
        return frame
    # The nearest that there ever is is the nearest of the day too, if it is there.
    unstated = pl.col("level").is_in(list(keys)) & pl.col("stated_parent").is_null()
    lost = frame.select(lost=unstated & ~pl.col("parent").is_in(frame["code"].implode()))["lost"].fill_null(False)
    return with_parents(frame.with_columns(parent=pl.when(~lost).then("parent")), grid) if lost.any() else frame


def stem(grid: Grid) -> pl.Expr:
    """Return the name of a unit without the ending of its level's kinds: what its spellings have in common.

    Of several endings that fit the longest is taken off; a name that is nothing but an ending stays whole.

    Args:
        grid: The rule.
    """
    import polars as pl

    name = pl.col("name")
    found: pl.Expr = name
    for key, level in grid.levels.items():
        endings = sorted(
            {ending for kind in level.kinds.values() for ending in kind.endings}, key=lambda one: (len(one), one)
        )
        for ending in endings:
            fits = (pl.col("level") == key) & name.str.ends_with(ending)
            found = pl.when(fits).then(name.str.head(-len(ending))).otherwise(found)
        found = pl.when((pl.col("level") == key) & name.is_in(endings)).then(name).otherwise(found)
    return found
