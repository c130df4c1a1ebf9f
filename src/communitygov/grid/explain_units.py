"""What may be wrong with a unit, rule by rule, followed slowly from rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import frozen

from communitygov.grid.rules import CodeForm, Grid, Level

__all__ = ["Row", "Town", "unit_findings"]

Row = Mapping[str, Any]
Found = tuple[str, str, str]


@frozen(eq=False)
class Town:
    """The units of a day as rows.

    Args:
        grid: The rule.
        rows: The units.
    """

    grid: Grid
    rows: tuple[Row, ...]

    def first(self, code: str | None) -> Row | None:
        """Return the unit of a code; of several with one code the first.

        Args:
            code: The code.
        """
        return next((row for row in self.rows if row["code"] == code), None)

    def distinct(self) -> Iterator[Row]:
        """Yield each unit once."""
        return (row for row in self.rows if self.first(row["code"]) is row)

    def above(self, unit: Row) -> Row | None:
        """Return the unit that a unit stands on: the one its data name, or the nearest that its code's prefix names.

        Args:
            unit: The unit.
        """
        return self.first(unit["parent"])

    def is_top(self, unit: Row) -> bool:
        """Return whether a unit is of the highest level that there is any unit of.

        Args:
            unit: The unit.
        """
        here = {row["level"] for row in self.rows}
        return bool(unit["level"] == next(key for key in self.grid.ordered if key in here))

    def comes_back(self, unit: Row) -> bool:
        """Return whether one comes back to a unit by following what it stands on.

        Args:
            unit: The unit.
        """
        here = self.above(unit)
        for _ in self.rows:
            if here is None or here is unit:
                break
            here = self.above(here)
        return here is unit

    def chain(self, unit: Row) -> tuple[Row, ...]:
        """Return the units from one upward, itself first, to the top or to one that comes back to itself.

        Args:
            unit: The unit.
        """
        above = None if self.comes_back(unit) else self.above(unit)
        return (unit,) if above is None else (unit, *self.chain(above))

    def below(self, unit: Row) -> Iterator[Row]:
        """Yield the units that stand right on one.

        Args:
            unit: The unit.
        """
        return (row for row in self.rows if self.above(row) is unit)

    def has_land(self, unit: Row) -> bool:
        """Return whether a unit has land: it is not of a kind that has none.

        Args:
            unit: The unit.
        """
        kind = self.grid.levels[unit["level"]].kinds.get(unit["kind"])
        return kind is None or kind.territorial


def unit_findings(town: Town) -> Iterator[Found]:
    """Yield what is wrong with units: finding, unit and rule.

    Args:
        town: The units of a day.
    """
    for unit in town.rows:
        for part in (_standing, _code, _kind, _name, _size, _divided, _stated):
            yield from part(town, unit, unit["level"], town.grid.levels[unit["level"]])


def _standing(town: Town, unit: Row, key: str, level: Level) -> Iterator[Found]:
    """No two units have one code; one stands at the top; every other stands on one of a level its own may stand on."""
    code, above = unit["code"], town.above(unit)
    if sum(row["code"] == code for row in town.rows) > 1:
        yield "duplicate-code", code, "levels"
    top = next(iter(town.grid.ordered))
    if town.is_top(unit):
        if sum(town.is_top(row) for row in town.rows) > 1:
            yield "two-tops", code, "levels"
        if above is not None:
            yield "wrong-level", code, f"levels.{top}.on"
    elif above is None:
        yield "orphan", code, "levels"
    else:
        if above["level"] not in level.on:
            yield "wrong-level", code, f"levels.{key}.on"
        elif level.code is not None and level.code.prefix:
            # Its code begins with the significant digits of the unit that it stands on.
            form = town.grid.levels[above["level"]].code
            if form is not None and code[: form.own] != above["code"][: form.own]:
                yield "not-under-parent", code, f"levels.{key}.code"
    # Nobody comes back to where it began.
    if town.comes_back(unit):
        yield "cycle", code, "levels"


def _code(town: Town, unit: Row, key: str, level: Level) -> Iterator[Found]:
    """A code is as long as its form says, all digits, and zeros behind the significant ones."""
    if level.code is not None and not has_form(unit, level.code):
        yield "bad-code", unit["code"], f"levels.{key}.code"


def has_form(unit: Row, form: CodeForm) -> bool:
    """Return whether a unit's code has its form: so long, all digits, zeros behind the significant ones.

    Args:
        unit: The unit.
        form: The form.
    """
    code = unit["code"]
    digits = all(digit in "0123456789" for digit in code)
    return len(code) == form.digits and digits and not set(code[form.own :]) - {"0"}


def _kind(town: Town, unit: Row, key: str, level: Level) -> Iterator[Found]:
    """A unit is of a kind of its level; what the data say and what code or name show is the same.

    Where codes tell the kinds, one that has not its form tells none; that it has not is found by its own rule.
    """
    if not level.kinds:
        return
    shown, shows = kind_of(unit, level)
    kind = unit["stated_kind"] if unit["stated_kind"] is not None else shown
    coded = any(one.codes for one in level.kinds.values())
    silent = coded and level.code is not None and not has_form(unit, level.code)
    if kind not in level.kinds and not (kind is None and silent):
        yield "unknown-kind", unit["code"], f"levels.{key}.kinds"
    if shows and shown is not None and unit["stated_kind"] not in (None, shown):
        yield "other-kind", unit["code"], f"levels.{key}.kinds"


def kind_of(unit: Row, level: Level) -> tuple[str | None, bool]:
    """Return the kind that a unit shows, and whether its level's kinds show at all.

    Where any kind has codes, the number that the level adds to a code of its form tells; else the longest ending of the
    name.

    Args:
        unit: The unit.
        level: The rule of its level.
    """
    if level.code is not None and any(kind.codes for kind in level.kinds.values()):
        if not has_form(unit, level.code):
            return None, True
        for key, kind in level.kinds.items():
            for low, high in kind.ranges:
                number = unit["code"][level.code.own - len(low) : level.code.own]
                if low <= number <= high:
                    return key, True
        return None, True
    endings = [
        (len(one), key) for key, kind in level.kinds.items() for one in kind.endings if unit["name"].endswith(one)
    ]
    shows = any(kind.endings for kind in level.kinds.values())
    return (max(endings)[1] if endings else None), shows


def _name(town: Town, unit: Row, key: str, level: Level) -> Iterator[Found]:
    """No two units of a level below one unit have the same name, where the rule asks so."""
    if level.unique_names and unit["parent"] is not None:
        same = [
            row
            for row in town.rows
            if (row["level"], row["parent"], row["name"]) == (key, unit["parent"], unit["name"])
        ]
        if len(same) > 1:
            yield "same-name", unit["code"], f"levels.{key}.unique_names"


def _size(town: Town, unit: Row, key: str, level: Level) -> Iterator[Found]:
    """A unit is as large as the rule asks of its kind, unless a reason exempts it; its level knows the reason."""
    if unit["exempt"] is not None and not any(unit["exempt"] in bound.exempt for bound in level.sizes.values()):
        yield "unknown-exemption", unit["code"], f"levels.{key}.sizes"
    for column, bound in level.sizes.items():
        rule, reason, size = f"levels.{key}.sizes.{column}", unit["exempt"], unit.get(column)
        if bound.kinds and unit["kind"] not in bound.kinds:
            continue
        if size is None or reason in bound.exempt:
            continue
        if bound.at_least is not None and size < bound.at_least:
            yield "too-small", unit["code"], rule
        if (bound.at_most is not None and size > bound.at_most) or (bound.below is not None and size >= bound.below):
            yield "too-large", unit["code"], rule


def _divided(town: Town, unit: Row, key: str, level: Level) -> Iterator[Found]:
    """Where the data have a level that covers a unit with land, one of it stands below, or one that is between."""
    for name, lower in town.grid.levels.items():
        known = any(row["level"] == name for row in town.rows)
        asked = not lower.covers_kinds or unit["kind"] in lower.covers_kinds
        if lower.covers and known and asked and key in lower.on and town.has_land(unit):
            below = [row for row in town.rows if row["parent"] == unit["code"]]
            if not any((row["level"] == name and town.has_land(row)) or row["level"] in lower.on for row in below):
                yield "not-covered", unit["code"], f"levels.{name}.covers"


def _stated(town: Town, unit: Row, key: str, level: Level) -> Iterator[Found]:
    """The number of units below that a unit is said to have is the number that there are; the landless do not count."""
    for column, tally in level.tallies.items():
        stated = unit.get(column)
        if stated is not None and town.first(unit["code"]) is unit:
            below = sum(
                row["level"] == tally.level
                and (row["kind"] in tally.kinds if tally.kinds else town.has_land(row))
                and _next_of(town, row, key) is unit
                for row in town.rows
            )
            if below != stated:
                yield "tally-differs", unit["code"], f"levels.{key}.tallies.{column}"


def _next_of(town: Town, unit: Row, level: str) -> Row | None:
    """Return the nearest unit of a level that one stands on, however far up."""
    return next((row for row in town.chain(unit)[1:] if row["level"] == level), None)
