"""Holding the figures of a source against the units and holders of a day: two numbers, two dates, and no blame."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from communitygov.grid.check import cited, landless
from communitygov.grid.check_seats import with_seat
from communitygov.grid.rules import Count, Grid
from communitygov.grid.tree import Tree
from communitygov.grid.units import Holders, Units
from communitygov.measures.rules import Fact
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.numbers import decimal_text
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.problem import did_you_mean
from communitygov.vocabulary.text import Language, Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Against", "against"]

_NOTHING = Title(zh="", en="")


@frozen(eq=False)
class Against:
    """The figures of a source beside what there is on a day.

    Args:
        frame: One row per figure: ``count`` (id), ``zh`` and ``en`` (what is counted), ``stated`` (Int64),
            ``stated_as_of`` (the text of a period, null if the source gives none), ``inexact`` (the source's word for a
            figure that is a bound, null if it is exact), ``found`` (Int64, null if it cannot be said), ``found_on``
            (Date), ``same`` (Boolean, null if nothing was found), ``why_zh`` and ``why_en`` (why nothing was found, or
            what was left out; null if all is said) and ``clause``.
        key: The columns that name a row.
        outcome: The columns that are the result.
        because: The columns that say why.
    """

    frame: pl.DataFrame
    key: tuple[str, ...] = ("count",)
    outcome: tuple[str, ...] = ("found", "same")
    because: tuple[str, ...] = ("why_zh", "why_en")
    _units: Mapping[str, Title] = field(factory=dict, repr=False, kw_only=True)

    def say(self, lang: Language) -> str:
        """Return a line for each figure: what was stated as of when, and what was found on which day.

        Args:
            lang: The language.
        """
        return "\n".join(
            _sentence(row, self._units[row["count"]]).say(lang) for row in self.frame.iter_rows(named=True)
        )


def against(
    grid: Grid,
    facts: Mapping[str, Fact],
    units: Units,
    holders: Holders | None = None,
    *,
    on: str | Period | dt.date,
) -> Against:
    """Hold the figures of a source against the units and holders of a day.

    A figure and what is found may be of different days, so that a difference is told and is no error. Units are
    counted at or below the one that a figure names, those of a kind without land only where the figure names the kind;
    holders are counted once however many units they have, in units that have the post, body or record. A code that
    stands twice is one unit.

    Args:
        grid: The rule; its ``counts`` say what each figure counts.
        facts: The figures, by id.
        units: The units.
        holders: Who or what is there; None if it is not known.
        on: The day; a period stands for its first.

    Returns:
        One row per figure, in the order of the rule. Nothing is found, and why is said, where the data lack the unit,
        every unit of the level (of a post's, body's or record's too), the kinds of all of them, or the holders.

    Raises:
        UsageError: If a figure is not there, or is no whole number from 0.

    Example:
        >>> from fractions import Fraction
        >>> import polars as pl
        >>> from communitygov.grid.rules import Level
        >>> from communitygov.grid.units import load_units
        >>> grid = Grid(
        ...     levels={"street": Level(order=1), "community": Level(order=2, on=("street",))},
        ...     counts={"communities": Count(fact="communities", level="community")},
        ... )
        >>> communities = Title(zh="个社区", en="communities")
        >>> facts = {"communities": Fact(value=Fraction(3), unit=communities, as_of=Period.parse("2019-06"))}
        >>> rows = pl.DataFrame({"code": ["s", "c"], "name": ["S", "C"], "level": ["street", "community"]})
        >>> rows = rows.with_columns(parent=pl.Series([None, "s"]))
        >>> print(against(grid, facts, load_units(grid, rows), on="2016-07-31").say("en"))
        communities: the source states 3 communities (2019-06), the data have 1 (2016-07-31), 2 fewer
    """
    import polars as pl

    tree = units.on(on)
    held = None if holders is None else holders.on(on)
    inside: dict[str | None, pl.Series | None] = {}
    rows = []
    for key, count in grid.counts.items():
        fact, stated = _stated(key, count, facts)
        if count.below not in inside:
            inside[count.below] = _at_or_below(tree, count.below)
        found, why = _found(tree, count, inside[count.below], held)
        title = count.title or fact.name(key)
        rows.append(
            {
                "count": key,
                "zh": title.zh,
                "en": title.en,
                "stated": stated,
                "stated_as_of": None if fact.as_of is None else str(fact.as_of),
                "inexact": fact.inexact,
                "found": found,
                "found_on": tree.day,
                "same": None if found is None else found == stated,
                "why_zh": why.zh or None,
                "why_en": why.en or None,
                "clause": ", ".join(cited(grid, clause=count.clause)),
            }
        )
    kinds: dict[str, Any] = dict.fromkeys(("count", "zh", "en"), pl.String())
    kinds |= {"stated": pl.Int64(), "stated_as_of": pl.String(), "inexact": pl.String(), "found": pl.Int64()}
    kinds |= {"found_on": pl.Date(), "same": pl.Boolean()} | dict.fromkeys(("why_zh", "why_en", "clause"), pl.String())
    return Against(
        pl.DataFrame(rows, schema=kinds), units={key: facts[count.fact].unit for key, count in grid.counts.items()}
    )


def _stated(key: str, count: Count, facts: Mapping[str, Fact]) -> tuple[Fact, int]:
    """Return the figure that a count is of, and its value."""
    if count.fact not in facts:
        hint = did_you_mean(count.fact, facts)
        raise UsageError.because(
            "unknown-fact",
            zh=f"`counts.{key}`：没有事实 `{count.fact}`{hint.zh}",
            en=f"`counts.{key}`: there is no fact `{count.fact}`{hint.en}",
        )
    fact = facts[count.fact]
    if fact.value.denominator != 1 or fact.value < 0:
        said = decimal_text(fact.value)
        raise UsageError.because(
            "not-a-count",
            zh=f"`counts.{key}`：事实 `{count.fact}` 是 {said}，不是可与单元数对照的整数",
            en=f"`counts.{key}`: the fact `{count.fact}` is {said}, no whole number that units can be held against",
        )
    return fact, fact.value.numerator


def _at_or_below(tree: Tree, code: str | None) -> pl.Series | None:
    """Return whether each row is a unit or stands on it, however far down; None if there is no such unit."""
    import polars as pl

    if code is None:
        return pl.Series([True]).new_from_index(0, tree.frame.height)
    if code not in tree.rows:
        return None
    # Of units with one code the first is stood on.
    inside = pl.Series(range(tree.frame.height), dtype=pl.UInt32) == tree.rows[code]
    while True:
        more = inside | inside.gather(tree.above).fill_null(False)
        if more.equals(inside):
            return inside
        inside = more


def _found(tree: Tree, count: Count, inside: pl.Series | None, held: pl.DataFrame | None) -> tuple[int | None, Title]:
    """Return how many there are, None if that cannot be said, and why, or what was left out."""
    if inside is None:
        return None, Title(zh=f"数据没有单元 `{count.below}`", en=f"the data have no unit `{count.below}`")
    if count.held:
        found = [_holders_found(tree, seat, inside, held) for seat in count.held]
        known = [number for number, _ in found if number is not None]
        why = next((why for number, why in found if number is None), _NOTHING)
        return (sum(known) if len(known) == len(found) else None), why
    assert count.level is not None, "a count is of a level or a seat; the rule checks it"
    return _units_found(tree, count.level, count.kinds, inside)


def _units_found(tree: Tree, level: str, kinds: tuple[str, ...], inside: pl.Series) -> tuple[int | None, Title]:
    import polars as pl

    if not (tree.frame["level"] == level).any():
        return None, _no_unit(level)
    mine = tree.frame.filter(inside & (tree.frame["level"] == level)).unique("code", keep="first", maintain_order=True)
    if not kinds:
        return mine.filter(~landless(tree)).height, _NOTHING
    unknown = mine["kind"].null_count()
    if unknown and unknown == mine.height:
        return None, Title(zh=f"{level} 层的单元都看不出类型", en=f"no unit of the level {level} is of a known kind")
    why = _NOTHING
    if unknown:
        why = Title(zh=f"另有 {unknown} 个看不出类型", en=f"{unknown} more of no known kind")
    return mine.filter(pl.col("kind").is_in(list(kinds))).height, why


def _holders_found(tree: Tree, seat: str, inside: pl.Series, held: pl.DataFrame | None) -> tuple[int | None, Title]:
    import polars as pl

    if held is None:
        return None, Title(zh="没有担任者数据", en="no holders were given")
    level = tree.grid.seats[seat].level
    if not (tree.frame["level"] == level).any():
        return None, _no_unit(level)
    units = tree.frame.filter(inside).filter(with_seat(tree.grid.seats[seat])).select("code")
    mine = held.filter(pl.col("seat") == seat).join(units, left_on="unit", right_on="code", how="semi")
    return mine["holder"].n_unique(), _NOTHING


def _no_unit(level: str) -> Title:
    return Title(zh=f"数据没有 {level} 层的单元", en=f"the data have no unit of the level {level}")


def _sentence(row: Mapping[str, Any], unit: Title) -> Title:
    """Return what is said of one figure."""
    word, as_of = row["inexact"], row["stated_as_of"]
    zh = "，".join([*(["原文用“" + word + "”"] if word else []), as_of or "未注日期"])
    en = ", ".join([*([f"the word is {word}"] if word else []), as_of or "no date"])
    return Title(
        zh=f"{row['zh']}：原文 {row['stated']} {unit.zh}（{zh}）" + "".join(_said(row, "zh")),
        en=f"{row['en']}: the source states {row['stated']} {unit.en} ({en})" + "".join(_said(row, "en")),
    )


def _said(row: Mapping[str, Any], lang: Language) -> Iterator[str]:
    """Yield what was found, how far it is from what is stated, and what is to be said of it."""
    found, why = row["found"], row[f"why_{lang}"]
    comma, semicolon = ("，", "；") if lang == "zh" else (", ", "; ")
    if found is not None:
        day, gap = row["found_on"], found - row["stated"]
        if lang == "zh":
            yield f"{comma}数据 {found}（{day}）{comma}"
            yield "相同" if not gap else f"{'多' if gap > 0 else '少'} {abs(gap)}"
        else:
            yield f"{comma}the data have {found} ({day}){comma}"
            yield "the same" if not gap else f"{abs(gap)} {'more' if gap > 0 else 'fewer'}"
    if why is not None:
        yield f"{semicolon}{why}"
