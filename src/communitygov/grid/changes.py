"""What can be done to the units of a grid on a day: split one, merge several, move one, give one another code.

A change is a value, written in Python or read from a table. What a list of them comes to is ``adjust``'s part.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from numbers import Integral
from types import MappingProxyType
from typing import Any

from attrs import field, frozen

from communitygov.grid.rules import Grid
from communitygov.grid.tables import units_table
from communitygov.grid.units import taken
from communitygov.vocabulary.errors import DataError
from communitygov.vocabulary.frames import Column, Table
from communitygov.vocabulary.problem import Problem, did_you_mean
from communitygov.vocabulary.text import Title

__all__ = [
    "CHANGES",
    "Change",
    "Merge",
    "Move",
    "Part",
    "Recode",
    "Split",
    "changes_table",
    "load_changes",
    "malformed",
]

_EMPTY: Mapping[str, Any] = MappingProxyType({})

_row = partial(field, default=None, kw_only=True, eq=False)  # where it stands in a table; says nothing of what it does


def _texts(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(texts)


@frozen
class Part:
    """A unit that a split makes.

    Args:
        name: Its name.
        children: The codes, before the change, of the units that stand on it from now on.
        sizes: Its numbers by column, such as ``households``; unknown where absent.
        kind: Its kind, where neither code nor name shows it.
        exempt: The reason for which it may be of any size, if there is one.
    """

    name: str
    children: tuple[str, ...] = field(default=(), converter=_texts)
    sizes: Mapping[str, int] = _EMPTY
    kind: str | None = None
    exempt: str | None = None


@frozen
class Split:
    """One unit becomes several, each of which takes some of the units that stood on it.

    Args:
        unit: The code of the unit.
        into: The new units, by their codes; one of them may keep the old.
        below: Whether codes below that begin with its own begin with the new one's from now on.
        row: Its first row in the table that it was read from.
    """

    unit: str
    into: Mapping[str, Part]
    below: bool = False
    row: int | None = _row()


@frozen
class Merge:
    """Several units of one level become one, which takes all that stood on them. Its numbers are their sums.

    Args:
        units: The codes of the units.
        into: The code of the new unit, which may be that of one of them.
        name: Its name.
        kind: Its kind, where neither code nor name shows it.
        parent: The code of the unit that it stands on, after the change; needed where they stood on several.
        below: Whether codes below that begin with the old unit's begin with the new one's from now on.
        row: Its first row in the table that it was read from.
    """

    units: tuple[str, ...] = field(converter=_texts)
    into: str
    name: str
    kind: str | None = None
    parent: str | None = None
    below: bool = False
    row: int | None = _row()


@frozen
class Move:
    """A unit stands on another from now on.

    Args:
        unit: The code of the unit.
        to: The code, after the change, of the unit that it then stands on.
        code: Its new code; the same if absent.
        below: Whether codes below that begin with its own begin with the new one from now on.
        row: Its row in the table that it was read from.
    """

    unit: str
    to: str
    code: str | None = None
    below: bool = False
    row: int | None = _row()


@frozen
class Recode:
    """A unit has another code, and perhaps another name.

    Args:
        unit: The code of the unit.
        code: Its new code.
        name: Its new name; the same if absent.
        kind: Its new kind, where neither code nor name shows it.
        below: Whether codes below that begin with its own begin with the new one from now on.
        row: Its row in the table that it was read from.
    """

    unit: str
    code: str
    name: str | None = None
    kind: str | None = None
    below: bool = False
    row: int | None = _row()


Change = Split | Merge | Move | Recode
CHANGES: Mapping[str, type[Change]] = {"split": Split, "merge": Merge, "move": Move, "recode": Recode}
"""Each kind of change by the word that tables and code maps have for it."""


def malformed(change: object) -> Iterator[Title]:
    """Yield what is wrong with a change whatever the units are: texts that are none, numbers that count nothing.

    Args:
        change: The change, or what stands for one.
    """
    if not isinstance(change, Change):
        said = type(change).__name__
        yield Title(zh=f"{said} 不是 Split、Merge、Move、Recode", en=f"{said} is no Split, Merge, Move or Recode")
        return
    for name, value in _said(change):
        if not (isinstance(value, str) and value):
            yield Title(zh=f"{name} 须为非空文字，却是 {value!r}", en=f"`{name}` must be a text, found {value!r}")
    for code, part in change.into.items() if isinstance(change, Split) else ():
        for name, size in part.sizes.items():
            if not _counts(size):
                yield Title(
                    zh=f"`{code}` 的 {name} 须为非负整数，却是 {size!r}",
                    en=f"`{name}` of `{code}` must be a whole number from 0, found {size!r}",
                )


def _counts(size: object) -> bool:
    """Return whether a number counts something; true and false are numbers in Python, and count nothing."""
    if isinstance(size, bool):
        return False
    return isinstance(size, Integral) and 0 <= int(size) < 2**63


def _said(change: Change) -> Iterator[tuple[str, object]]:
    """Yield each code and word that a change says, by its name; those that it may leave out only if it does not."""
    for name in ("unit", "to", "name", "code", "kind", "parent"):
        value = getattr(change, name, None)
        if value is not None or name in _MUST[type(change)]:
            yield name, value
    if isinstance(change, Merge):
        yield "into", change.into
        yield from (("units", code) for code in change.units)
    if isinstance(change, Split):
        for code, part in change.into.items():
            yield "into", code
            yield "name", part.name
            yield from (("children", child) for child in part.children)
            yield from (
                (name, value) for name, value in (("kind", part.kind), ("exempt", part.exempt)) if value is not None
            )


_MUST: Mapping[type[Change], tuple[str, ...]] = {
    Split: ("unit",),
    Merge: ("name",),
    Move: ("unit", "to"),
    Recode: ("unit", "code"),
}


def changes_table(grid: Grid) -> Table:
    """Return the columns of a table of changes: one row per pair of an old and a new unit.

    The rows of a split have one ``unit``, those of a merge one ``code``.

    Args:
        grid: The rule.
    """
    columns = [
        Column("change", "text", Title(zh="变动（split、merge、move、recode）", en="split, merge, move or recode")),
        Column("unit", "text", Title(zh="原代码", en="code before")),
        _optional("code", "新代码", "code after"),
        _optional("name", "新名称", "name after"),
        _optional("parent", "新上级代码", "code of the unit it stands on after"),
        _optional("children", "划入的下级代码（空格分隔）", "codes of those that go along, with spaces between"),
        _optional("kind", "类型", "kind"),
        _optional("exempt", "除外原因", "reason of exemption"),
        Column("below", "flag", Title(zh="下级代码随改", en="codes below too"), required=False, nullable=True),
        *(column for column in units_table(grid).columns if column.kind == "whole"),
    ]
    return Table(Title(zh="变动表", en="changes"), tuple(columns), ("change", "unit"), unique=False)


def _optional(name: str, zh: str, en: str) -> Column:
    return Column(name, "text", Title(zh=zh, en=en), required=False, nullable=True)


def load_changes(grid: Grid, data: Any, *, encoding: str = "utf-8") -> tuple[Change, ...]:
    """Read changes from a table.

    Args:
        grid: The rule.
        data: A frame of any kind, or a ``.csv``, ``.parquet`` or ``.xlsx`` file with the columns of ``changes_table``:
            ``change``, ``unit`` and, as the change asks, ``code``, ``name``, ``parent``, ``children``, ``kind``,
            ``exempt``, ``below`` and the sizes.
        encoding: The encoding of CSV.

    Returns:
        The changes in the order of their first rows, each with that row's number, from 1.

    Raises:
        DataError: If the table does not fit, a change is none of the four, or lacks what it needs; it names the rows.
        UsageError: If the file cannot be read.

    Example:
        >>> import polars as pl
        >>> from communitygov.grid.rules import Level
        >>> rows = pl.DataFrame(
        ...     {"change": ["merge", "merge"], "unit": ["a", "b"], "code": ["c", "c"], "name": ["C"] * 2}
        ... )
        >>> load_changes(Grid(levels={"community": Level(order=1)}), rows)
        (Merge(units=('a', 'b'), into='c', name='C', kind=None, parent=None, below=False, row=1),)
    """
    table = changes_table(grid)
    frame = taken(data, table, encoding)
    rows = [_Row(i, row) for i, row in enumerate(frame.iter_rows(named=True), start=1)]
    sizes = [column.name for column in table.columns if column.kind == "whole"]
    problems = [problem for row in rows for problem in row.problems(sizes)]
    if problems:
        raise DataError(problems)
    groups = [list(group) for _, group in groupby(sorted(rows, key=_together), key=_together)]
    problems = [problem for group in groups for problem in _contradictions(group)]
    if problems:
        raise DataError(problems)
    return tuple(_made(group, sizes) for group in sorted(groups, key=lambda group: group[0].number))


_NEEDS = {"split": ("code", "name"), "merge": ("code", "name"), "move": ("parent",), "recode": ("code",)}
_TAKES = {
    "split": ("code", "name", "children", "kind", "exempt"),  # and sizes: those of the others are known or their sums
    "merge": ("code", "name", "parent", "kind"),
    "move": ("code", "parent"),
    "recode": ("code", "name", "kind"),
}


@frozen
class _Row:
    """A row of a table of changes.

    Args:
        number: Its number, from 1.
        cells: Its cells by column.
    """

    number: int
    cells: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.cells.get(name)

    def problems(self, sizes: Sequence[str]) -> Iterator[Problem]:
        """Yield what the row lacks, and what it says that its change has no place for.

        Args:
            sizes: The columns of numbers.
        """
        change = self["change"]
        if change not in CHANGES:
            hint = did_you_mean(change, CHANGES)
            yield self._problem("unknown-choice", f"没有变动 `{change}`{hint.zh}", f"no change `{change}`{hint.en}")
            return
        for name in _NEEDS[change]:
            if self[name] is None:
                yield self._problem("missing-setting", f"{change} 须有 {name}", f"a {change} needs `{name}`")
        takes = (*_TAKES[change], *(sizes if change == "split" else ()))
        for name in ("code", "name", "parent", "children", "kind", "exempt", *sizes):
            if self[name] is not None and name not in takes:
                yield self._problem("unused-setting", f"{change} 不用 {name}", f"a {change} has no use for `{name}`")

    def _problem(self, code: str, zh: str, en: str) -> Problem:
        return Problem(code, Title(zh=f"第 {self.number} 行：{zh}", en=f"row {self.number}: {en}"), path="change")


def _together(row: _Row) -> tuple[str, str, int]:
    """Return what rows of one change have in common: a split its unit, a merge its new code."""
    change = row["change"]
    if change == "split":
        return change, row["unit"], 0
    return (change, row["code"], 0) if change == "merge" else (change, row["unit"], row.number)


def _contradictions(group: list[_Row]) -> Iterator[Problem]:
    """Yield what the rows of one change say in several ways, and codes that a split names twice."""
    first = group[0]
    alike = {"split": ("below",), "merge": ("name", "kind", "parent", "below")}.get(first["change"], ())
    numbers = ", ".join(str(row.number) for row in group)
    for name in alike:
        if len({row[name] for row in group}) > 1:
            yield Problem(
                "rows-differ",
                Title(
                    zh=f"第 {numbers} 行是同一变动，{name} 却不同",
                    en=f"rows {numbers} are one change and differ in `{name}`",
                ),
                path=name,
            )
    column = "code" if first["change"] == "split" else "unit"
    if len({row[column] for row in group}) < len(group):
        yield Problem(
            "duplicate-row",
            Title(zh=f"第 {numbers} 行的 {column} 重复", en=f"rows {numbers} repeat a `{column}`"),
            path=column,
        )


def _made(group: list[_Row], sizes: list[str]) -> Change:
    first = group[0]
    below = bool(first["below"])
    if first["change"] == "split":
        into = {
            row["code"]: Part(
                row["name"],
                (row["children"] or "").split(),
                {name: row[name] for name in sizes if row[name] is not None},
                row["kind"],
                row["exempt"],
            )
            for row in group
        }
        return Split(first["unit"], into, below, row=first.number)
    if first["change"] == "merge":
        units = [row["unit"] for row in group]
        return Merge(units, first["code"], first["name"], first["kind"], first["parent"], below, row=first.number)
    if first["change"] == "move":
        return Move(first["unit"], first["parent"], first["code"], below, row=first.number)
    return Recode(first["unit"], first["code"], first["name"], first["kind"], below, row=first.number)
