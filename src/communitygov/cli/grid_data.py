"""What `communitygov grid` is about: which grid, on which day, with which units and holders."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import click
from attrs import frozen

from communitygov.cli.bilingual import option
from communitygov.cli.choice import find_reforms, one_reading_each, only
from communitygov.cli.columns import encoding_option
from communitygov.cli.progress import progress
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

    from communitygov.grid.findings import Checked
    from communitygov.grid.rules import Grid
    from communitygov.grid.tree import Tree
    from communitygov.grid.units import Holders, Units
    from communitygov.profile.profile import Profile
    from communitygov.profile.ruleset import RuleSet

__all__ = [
    "MOST",
    "Given",
    "Ground",
    "above_of",
    "checked_of",
    "given_of",
    "grid_option",
    "ground_of",
    "holders_option",
    "on_option",
    "rules_of_day",
    "units_argument",
    "units_options",
]

F = TypeVar("F", bound=Callable[..., Any])

MOST = 50
"""So many rows of a table are printed; files and JSON have all."""

units_argument = click.argument("units")

grid_option = option(
    "--grid", "grid", metavar="ID", zh="网格；只有一个时可省", en="The grid; not needed if there is one"
)

on_option = option(
    "--on",
    metavar="DAY",
    zh="哪一天的单元，如 2023-08-01；时期取其首日；默认今天。规则取当日的，当日尚未或不再生效则取最近一日的",
    en="The day whose units are looked at, such as 2023-08-01; of a period its first; by default today. The rules are "
    "those of the day, or of the nearest on which they are in force",
)

holders_option = option(
    "--holders",
    metavar="FILE",
    zh="担任者：人员、组织、台账各在哪个单元",
    en="Who or what is there: people in posts, bodies of units, records kept",
)


def units_options(function: F) -> F:
    """Add the options that say how the file of units is to be read.

    Args:
        function: The command.
    """
    function = encoding_option(function)
    function = option(
        "--above",
        multiple=True,
        metavar="LEVEL=CODE,NAME",
        zh="上级写在各行的列里时，它的代码列与名称列，如 street=street_code,street；可多次",
        en="Columns beside each row that have the code and name of a unit above, such as street=street_code,street; "
        "may be repeated",
    )(function)
    return option(
        "--level", metavar="LEVEL", zh="没有 level 列时，各行的层级", en="The level of all rows, without a column level"
    )(function)


@frozen
class Ground:
    """A grid on a day.

    Args:
        name: Its id.
        grid: The rule.
        rules: All rules of the place.
        day: The day whose units are looked at.
        asked: Whether the day was asked for; if not, it is today.
    """

    name: str
    grid: Grid
    rules: RuleSet
    day: dt.date
    asked: bool

    @property
    def about(self) -> Title:
        """The grid and the day, in words."""
        title = self.grid.name(self.name)
        day = Title(zh=f"{self.day} 的单元", en=f"units of {self.day}")
        if not self.asked:
            day = Title(zh=f"{day.zh}（今天；可用 --on 指明）", en=f"{day.en} (today; --on takes another day)")
        return Title(
            zh=f"{title.zh}（{self.rules.profile}.{self.name}）：{day.zh}，{self.rules.day} 的规则",
            en=f"{title.en} ({self.rules.profile}.{self.name}): {day.en}, rules of {self.rules.day}",
        )

    @property
    def as_json(self) -> dict[str, Any]:
        """The same as plain data."""
        return {
            "profile": self.rules.profile,
            "grid": self.name,
            "day": str(self.day),
            "rules_of": str(self.rules.day),
        }


@frozen(eq=False)
class Given:
    """The units and holders that a call is about.

    Args:
        units: The units.
        holders: Who or what is there; None if no file was given.
        tree: The units of the day.
        held: Who or what is there on the day; None if no file was given.
    """

    units: Units
    holders: Holders | None
    tree: Tree
    held: pl.DataFrame | None


def ground_of(
    profile: Profile, name: str | None, on: str | None, reforms: Iterable[str], readings: Iterable[str]
) -> Ground:
    """Return the grid of a day.

    Args:
        profile: The profile.
        name: The grid's id, or None if there is only one.
        on: A day or period, or None for today.
        reforms: Files or names of reforms.
        readings: Each ``question=reading``.

    Raises:
        CommunityGovError: Of every kind that the profile, its reforms and its readings can raise.
    """
    rules, day = rules_of_day(profile, on, reforms, readings)
    name, grid = only("grid", rules.grid, name, profile=profile.name)
    return Ground(name, grid, rules, day, on is not None)


def rules_of_day(
    profile: Profile, on: str | None, reforms: Iterable[str], readings: Iterable[str]
) -> tuple[RuleSet, dt.date]:
    """Return the rules of a day, or of the nearest on which the profile is in force, and the day.

    Units may be older or younger than the rules that they are held against, as census data often are.

    Args:
        profile: The profile.
        on: A day or period, or None for today.
        reforms: Files or names of reforms.
        readings: Each ``question=reading``.
    """
    from communitygov.grid.dated import day_of

    day = dt.date.today() if on is None else day_of(on)
    nearest = max(profile.first_day, day if profile.last_day is None else min(day, profile.last_day))
    rules = profile.at(nearest, reforms=find_reforms(profile, reforms), readings=one_reading_each(readings))
    return rules, day


def above_of(texts: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return the columns of the units above, by level.

    Args:
        texts: Each ``level=code_column,name_column``.

    Raises:
        UsageError: If one is not of that form, or a level is named twice.

    Example:
        >>> above_of(["street=street_code,street"])
        {'street': ('street_code', 'street')}
    """
    found: dict[str, tuple[str, str]] = {}
    for text in texts:
        level, _, columns = (part.strip() for part in text.partition("="))
        code, _, name = (part.strip() for part in columns.partition(","))
        if not (level and code and name) or "," in name or level in found:
            raise UsageError.because(
                "bad-above",
                zh=f"`{text}` 须写作 层级=代码列,名称列，每个层级一次",
                en=f"write `{text}` as level=code_column,name_column, each level once",
            )
        found[level] = (code, name)
    return found


def given_of(
    ground: Ground,
    units: str,
    holders: str | None,
    *,
    level: str | None,
    above: Iterable[str],
    encoding: str,
) -> Given:
    """Read the units and holders that a call names.

    Args:
        ground: The grid on a day.
        units: The file of units.
        holders: The file of holders, or None.
        level: The level of all rows, or None.
        above: Each ``level=code_column,name_column``.
        encoding: The encoding of CSV.

    Raises:
        CommunityGovError: Of every kind that the files can raise.
    """
    from communitygov.grid.units import load_holders, load_units

    beside = above_of(above)
    with progress(Title(zh="读入单元", en="reading units")) as tell:
        loaded = load_units(ground.grid, units, level=level, above=beside, encoding=encoding)
        tell(1, 2)
        held = None if holders is None else load_holders(ground.grid, holders, encoding=encoding)
        tree = loaded.on(ground.day)
        tell(2, 2)
    return Given(loaded, held, tree, None if held is None else held.on(ground.day))


def checked_of(ground: Ground, given: Given) -> Checked:
    """Check the units and holders of the day.

    Args:
        ground: The grid on a day.
        given: The units and holders.
    """
    from communitygov.grid.check import check_grid

    return check_grid(ground.grid, given.units, given.holders, on=ground.day)
