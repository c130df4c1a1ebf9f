"""Adjusting a grid: units split, merge, move and change codes on a day, and a map says what became of each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen

from communitygov.grid.adjust_problems import later_problems, made_problems, new_findings, numbers_of
from communitygov.grid.adjust_told import Told, told
from communitygov.grid.changes import CHANGES, Change, Move, Recode, Split
from communitygov.grid.dated import day_of, in_force
from communitygov.grid.derived import skipping, with_kinds
from communitygov.grid.rules import Grid
from communitygov.grid.tree import Tree
from communitygov.grid.units import Units
from communitygov.vocabulary.errors import DataError, UsageError
from communitygov.vocabulary.period import Period

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Adjusted", "adjust"]


@frozen(eq=False)
class Adjusted:
    """Units after changes, and what became of each.

    Args:
        units: The units through time: what ended has its last day, what began its first.
        codes: One row per pair of a unit of the day before and a unit that it became, in whole or in part: ``old``,
            ``new`` (codes) and ``change`` (``split``, ``merge``, ``move``, ``recode``, or ``same``).
    """

    units: Units
    codes: pl.DataFrame = field(repr=False)


def adjust(grid: Grid, units: Units, changes: Sequence[Change], *, on: str | Period | dt.date) -> Adjusted:
    """Carry out changes of units on a day.

    What a change ends was there until the day before, what it begins is there from the day on; nothing is overwritten,
    so ``units.on`` the day before is what it was. All changes of a day belong in one list. A code that a change names
    as a unit's, or as that of a part's child, is the code before; ``to``, ``parent`` and all new codes are those after.
    Codes may be given without the zeros that their form ends in.

    With ``below``, a code below a changed unit that begins with its significant digits (with its whole code, where
    codes have no form) begins with the new ones from then on. A unit below that has a change of its own is left to
    that one, with all below it.

    Numbers of merged units are added up, and are unknown where one of them is. A split gives numbers for all of its
    parts or for none. Outlines of what is split or merged are unknown; what else the data had stays with units that are
    moved or have another code.

    Args:
        grid: The rule.
        units: The units.
        changes: The changes, in any order; no unit is changed by two of them.
        on: The day they hold from; a period stands for its first.

    Returns:
        The units, and the map from old codes to new. The map speaks of every unit of the day before.

    Raises:
        DataError: If a change does not fit the units or the others. If all fit: if a code would stand twice or a unit
            be lost, or ``check_grid`` would find on the day what it does not find without the changes (a bad code, a
            size out of bounds ...), but for numbers that the data state of units below (``tallies``), which are to be
            counted again. Every problem names the change by its number, or its row if it was read from a table.
        UsageError: If the day is none, or the first that there is.

    Source:
        Property G4.

    Example:
        >>> import polars as pl
        >>> from communitygov.grid.rules import CodeForm, Level
        >>> from communitygov.grid.units import load_units
        >>> grid = Grid(
        ...     levels={
        ...         "county": Level(order=1, code=CodeForm(digits=6)),
        ...         "street": Level(order=2, on=("county",), code=CodeForm(digits=9, prefix=True)),
        ...     }
        ... )
        >>> rows = {"code": ["610322", "610322100"], "name": ["凤翔县", "城关镇"], "level": ["county", "street"]}
        >>> units = load_units(grid, pl.DataFrame(rows))
        >>> after = adjust(grid, units, [Recode("610322", "610305", name="凤翔区", below=True)], on="2021-01-30")
        >>> after.codes.rows()
        [('610322', '610305', 'recode'), ('610322100', '610305100', 'recode')]
        >>> after.units.on("2021-01-29").frame["code"].to_list(), after.units.on("2021-01-30").frame["code"].to_list()
        (['610322', '610322100'], ['610305', '610305100'])
    """
    day = day_of(on)
    if day == dt.date.min:
        raise UsageError.because("bad-period", zh=f"{day} 之前没有日期", en=f"there is no day before {day}")
    before = day - dt.timedelta(days=1)
    tree = units.on(before)
    said, problems = told(tree, changes)
    if problems:
        raise DataError(problems)
    made = _make(tree, said, day)
    adjusted = Adjusted(_laid(units, made, before), _codes(tree, made))
    found = numbers_of(tree, made.rows)
    problems = [
        *made_problems(tree, said, made.rows, adjusted.units, day),
        *later_problems(units, adjusted.codes, before, set(tree.frame["code"].gather(made.direct))),
        *new_findings(units, adjusted.units, adjusted.codes, said, found, day),
    ]
    if problems:
        raise DataError(problems)
    return adjusted


@frozen
class _Stem:
    """A changed unit, or a part of one that is split, as what lies below it sees it.

    Args:
        told: The change.
        row: The row of the unit.
        old: Its code.
        new: Its new code.
        own: How many characters of its code the codes below it begin with.
    """

    told: Told
    row: int
    old: str
    new: str
    own: int


@frozen(eq=False)
class _Made:
    """What changes come to.

    Args:
        rows: The rows that begin, as ``Units`` has them, with the ``_number`` of the change and ``_was``, the row of
            the unit (one of them) that it was.
        direct: The rows of the tree that changes name.
        carried: What lies below: ``row``, ``code`` and ``parent`` of each that has another code or upper unit.
        stems: The changed units.
    """

    rows: pl.DataFrame
    direct: list[int]
    carried: pl.DataFrame
    stems: Sequence[_Stem]


def _make(tree: Tree, said: Sequence[Told], day: dt.date) -> _Made:
    import polars as pl

    stems = [stem for one in said for stem in _stems(tree, one)]
    direct = sorted({stem.row for stem in stems})
    parts = {row: code for one in said for row, code in one.parts.items()}
    carried = _carried(tree, stems, direct, parts)
    codes = {**dict(carried.select("row", "code").iter_rows()), **{stem.row: stem.new for stem in stems}}
    after = _After(tree, codes, parts)
    below = _copied(tree, carried["row"], carried.drop("row", "number"), carried["number"])
    rows = pl.concat([*(_begun(tree, one, after) for one in said), below], how="diagonal_relaxed")
    # Where a level may be skipped, what an adjustment says is stated: it would be derived anew for every day.
    states = pl.col("stated_parent").is_not_null() | pl.col("level").is_in(list(skipping(tree.grid)))
    stated = pl.when(states).then(pl.col("parent"))
    rows = rows.with_columns(since=pl.lit(day), kind=pl.col("stated_kind"), stated_parent=stated)
    return _Made(with_kinds(rows, tree.grid), direct, carried, stems)


def _stems(tree: Tree, told: Told) -> Iterator[_Stem]:
    level = tree.frame["level"][told.rows[0]]
    form = tree.grid.levels[level].code
    for row in told.rows:
        old = tree.frame["code"][row]
        for new in told.codes:
            yield _Stem(told, row, old, new, len(old) if form is None else form.own)


def _carried(tree: Tree, stems: Sequence[_Stem], direct: Sequence[int], parts: Mapping[int, str]) -> pl.DataFrame:
    """Return what lies below changed units and has another code or upper unit.

    Its columns are ``row``, ``code``, ``parent`` and ``number``. A unit that has a change of its own is none of them,
    nor what lies below it.
    """
    import polars as pl

    frame = tree.frame.select("code", "parent", "until").with_row_index("row").with_columns(above=tree.above)
    last = pl.lit(tree.day)  # one that ends then in any case is not carried
    kids = frame.filter(
        pl.col("above").is_not_null()
        & ~pl.col("row").is_in(pl.Series(direct, dtype=pl.UInt32).implode())
        & (pl.col("until").is_null() | (pl.col("until") > last))
    )
    heads = pl.DataFrame(
        [
            (
                i,
                one.row,
                one.new,
                one.old[: one.own],
                one.new[: one.own],
                one.own,
                one.told.change.below,
                one.told.number,
            )
            for i, one in enumerate(stems)
        ],
        schema=["stem", "above", "new", "prefix", "becomes", "own", "below", "number"],
        orient="row",
        schema_overrides={"above": pl.UInt32},
    )
    part = pl.DataFrame(list(parts.items()), schema={"row": pl.UInt32, "part": pl.String}, orient="row")
    here = kids.join(heads, on="above").join(part, on="row", how="left")
    here = here.filter(pl.col("part").is_null() | (pl.col("part") == pl.col("new"))).select("row", "stem")
    found = [here]
    deep = heads.filter("below").select("stem")
    while not here.is_empty():
        here = kids.join(here.join(deep, on="stem"), left_on="above", right_on="row").select("row", "stem")
        found.append(here)
    changed = pl.concat(found).join(heads.drop("above"), on="stem").join(kids, on="row")
    fits = pl.col("below") & pl.col("code").str.starts_with(pl.col("prefix"))
    recoded = pl.concat_str("becomes", pl.col("code").str.slice(pl.col("own")))
    changed = changed.with_columns(_code=pl.when(fits).then(recoded).otherwise("code"))
    uppers = changed.select(above="row", _upper="_code")
    changed = changed.join(uppers, on="above", how="left").with_columns(_parent=pl.coalesce("_upper", "new"))
    changed = changed.filter((pl.col("_code") != pl.col("code")) | pl.col("_parent").ne_missing(pl.col("parent")))
    return changed.select("row", pl.col("_code").alias("code"), pl.col("_parent").alias("parent"), "number").sort("row")


@frozen
class _After:
    """Where a changed unit's upper unit is to be found after the changes.

    Args:
        tree: The units of the day before.
        codes: The new code, by row, of each unit that has one; of a split unit any.
        parts: The part that each unit below a split one goes to, by row.
    """

    tree: Tree
    codes: Mapping[int, str]
    parts: Mapping[int, str]

    def upper(self, row: int) -> str | None:
        """Return the code, after the changes, of the unit that a unit stood on.

        Args:
            row: The row of the unit.
        """
        if row in self.parts:
            return self.parts[row]
        parent: str | None = self.tree.frame["parent"][row]
        return self.codes.get(self.tree.above[row], parent)


def _begun(tree: Tree, told: Told, after: _After) -> pl.DataFrame:
    """Return the rows that a change itself begins."""
    import polars as pl

    change, row = told.change, told.rows[0]
    if isinstance(change, Move | Recode):
        said: dict[str, Any] = {
            "code": told.codes[0],
            "parent": told.parent if isinstance(change, Move) else after.upper(row),
        }
        if isinstance(change, Recode):
            said |= {key: value for key, value in (("name", change.name), ("stated_kind", change.kind)) if value}
        numbers = pl.Series([told.number])
        return _copied(tree, pl.Series([row], dtype=pl.UInt32), pl.DataFrame([said], infer_schema_length=None), numbers)
    level = tree.frame["level"][row]
    sizes = told.numbers(tree)
    schema = {
        **dict.fromkeys(["code", "name", "level", "stated_kind", "parent", "stated_parent", "exempt"], pl.String()),
        "until": pl.Date(),
        "_number": pl.Int64(),
        "_was": pl.UInt32(),
        **dict.fromkeys(sizes, pl.Int64()),
    }
    old = tree.frame[list(told.rows)].rows(named=True)
    shared = {
        "level": level,
        "stated_parent": next((one["stated_parent"] for one in old if one["stated_parent"]), None),
        "until": old[0]["until"],
        "_number": told.number,
        "_was": row,
    }
    if isinstance(change, Split):
        parts = [
            {"code": code, "name": part.name, "stated_kind": part.kind, "exempt": part.exempt, **part.sizes}
            for code, part in zip(told.codes, change.into.values(), strict=True)
        ]
        begun = [{**shared, **part, "parent": after.upper(row)} for part in parts]
    else:
        reasons = {one["exempt"] for one in old}
        merged = {"code": told.codes[0], "name": change.name, "stated_kind": change.kind}
        uppers = {after.upper(each) for each in told.rows}  # if they are several, one must have been named
        merged["parent"] = told.parent or (uppers.pop() if len(uppers) == 1 else None)
        merged["exempt"] = reasons.pop() if len(reasons) == 1 else None
        begun = [{**shared, **merged, **_sums(old, sizes)}]
    return pl.DataFrame(begun, schema=schema)


def _sums(old: Sequence[Mapping[str, Any]], sizes: Sequence[str]) -> dict[str, int | None]:
    """Return the sum of each number, null where one of the units does not say it."""
    found: dict[str, int | None] = {}
    for name in sizes:
        known = [one[name] for one in old if one.get(name) is not None]
        found[name] = sum(known) if len(known) == len(old) else None
    return found


def _copied(tree: Tree, rows: pl.Series, said: pl.DataFrame, numbers: pl.Series) -> pl.DataFrame:
    """Return rows of units with what is now said of them."""
    return tree.frame[rows].with_columns(*said.iter_columns(), _number=numbers, _was=rows)


def _laid(units: Units, made: _Made, before: dt.date) -> Units:
    """Return the units with what ended and what began."""
    import polars as pl

    numbered = units.frame.with_row_index("_i")
    places = in_force(numbered, before)["_i"]
    ended = pl.concat([places.gather(made.direct), places.gather(made.carried["row"])])
    until = pl.when(pl.col("_i").is_in(ended.implode())).then(pl.lit(before)).otherwise("until")
    old = numbered.with_columns(until=until).drop("_i")
    begun = made.rows.drop("_number", "_was")
    return evolve(units, frame=pl.concat([old, begun], how="diagonal_relaxed"))


def _codes(tree: Tree, made: _Made) -> pl.DataFrame:
    """Return the map: what each unit of the day before became."""
    import polars as pl

    words = {kind: word for word, kind in CHANGES.items()}
    schema = {"row": pl.UInt32(), "new": pl.String(), "change": pl.String()}
    named = [(stem.row, stem.new, words[type(stem.told.change)]) for stem in made.stems]
    below = made.carried.select("row", pl.col("code").alias("new"), pl.lit("recode").alias("change"))
    pairs = pl.concat([pl.DataFrame(named, schema=schema, orient="row"), below])
    codes = tree.frame.select(old="code").with_row_index("row").join(pairs, on="row", how="left", maintain_order="left")
    new = pl.coalesce("new", "old")
    direct = pl.col("row").is_in(pl.Series(made.direct, dtype=pl.UInt32).implode())
    same = pl.col("change").is_null() | ((pl.col("old") == new) & ~direct)
    codes = codes.with_columns(new=new, change=pl.when(same).then(pl.lit("same")).otherwise("change"))
    return codes.select("old", "new", "change").unique(maintain_order=True)
