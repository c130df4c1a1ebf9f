"""The tables of a simulation's report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from communitygov.profile.profile import RuleSet
from communitygov.report.contents import Block
from communitygov.report.values import chance_text
from communitygov.simulation.results import QUANTILES, QUANTITIES, Simulation
from communitygov.simulation.variants import Variant
from communitygov.vocabulary.text import Title

__all__ = ["blocks", "chances", "head_blocks", "model_block", "quantity_title"]

_YEAR = Title(zh="年度", en="year")
_TIER = Title(zh="星级", en="tier")

_QUANTITIES: Mapping[str, Title] = {
    "watched": Title(zh="年末治理类社区", en="on the watch list at the year's end"),
    "came_onto_watch": Title(zh="年内列入治理类", en="came onto the watch list"),
    "left_watch": Title(zh="年内退出治理类", en="left the watch list"),
    "plaques_hanging": Title(zh="年末在挂牌匾", en="plaques hanging at the year's end"),
    "plaques_hung": Title(zh="年内挂牌", en="plaques hung"),
    "plaques_taken_down": Title(zh="年内摘牌", en="plaques taken down"),
    "award_money": Title(zh="奖励资金（万元）", en="award money (10,000 yuan)"),
}
_TRULY = Title(
    zh="模型中社区有真实品质，得分带有误差；此为获评者中真实品质也排在同样名次之内的份额。",
    en="In the model a community has a true quality, and scores carry errors: the share of the certified whose true "
    "quality is among as many best.",
)
_FIRST = ("watched", "award_money")
"""Quantities that are shown at once."""

_FEN = 1_000_000
"""Fen in the unit that money is shown in."""


def blocks(simulation: Simulation, rules: RuleSet) -> Iterator[Block]:
    """Yield the tables of a report.

    Args:
        simulation: The simulation.
        rules: The rules as they stand, for titles.
    """
    heads = tuple(variant.title for variant in simulation.variants)
    yield from head_blocks(simulation, rules)
    yield from _unmeasured(simulation, rules)
    tiers = rules.certification[simulation.certification].tiers
    for key in dict.fromkeys(simulation.tiers["tier"]):
        named = tiers[key].name(key) if key in tiers else Title(zh=key, en=key)
        yield Block(
            Title(zh=f"{named.zh}社区数", en=f"Communities with {named.en}"),
            (_YEAR, *heads),
            _by_year(simulation, _of(simulation.tiers, "tier", key), _number),
        )
    quantities = list(_quantities(simulation, heads))
    yield from (block for block in quantities if not block.folded)
    yield from _truly(simulation, rules, heads)
    yield from (block for block in quantities if block.folded)


def head_blocks(simulation: Simulation, rules: RuleSet) -> tuple[Block, Block]:
    """Return the two tables that say most: the share certified by year, and how likely targets are met.

    Args:
        simulation: The simulation.
        rules: The rules as they stand, for titles.
    """
    shares = Block(
        Title(zh="星级占比", en="Share certified"),
        (_YEAR, *(variant.title for variant in simulation.variants)),
        _by_year(simulation, simulation.stars, _share),
        QUANTILES,
        wide=True,
    )
    return shares, _expectations(simulation, rules)


def chances(simulation: Simulation, rules: RuleSet, variant: Variant) -> Iterator[tuple[Title, float | None]]:
    """Yield the probability that a variant meets each target of the source.

    Args:
        simulation: The simulation.
        rules: The rules as they stand, for titles.
        variant: The variant.
    """
    for row in simulation.expectations.iter_rows(named=True):
        if row["variant"] == variant.name and row["kind"] == "target":
            yield _named(rules, row["expectation"]), row["probability"]


def quantity_title(name: str) -> Title:
    """Return what a quantity of a simulation is called.

    Args:
        name: Its name, one of ``QUANTITIES``.

    Example:
        >>> quantity_title("watched").en
        "on the watch list at the year's end"
    """
    return _QUANTITIES.get(name, QUANTITIES[name])


def model_block(simulation: Simulation) -> Block | None:
    """Return the parameters of the drawn world, each with where it comes from; None if the data are real.

    Args:
        simulation: The simulation.
    """
    if not simulation.parameters:
        return None
    heads = (
        Title(zh="参数", en="parameter"),
        Title(zh="取值", en="value"),
        Title(zh="单位", en="unit"),
        Title(zh="出处", en="where from"),
        Title(zh="理由", en="why"),
    )
    published, assumed = Title(zh="来源所载", en="published"), Title(zh="假定", en="assumed")
    rows = []
    for one in simulation.parameters:
        origin = published if one.published else assumed
        cited = f" [{', '.join(one.clause)}]" if one.clause else ""
        where = Title(zh=f"{origin.zh}{cited}", en=f"{origin.en}{cited}")
        rows.append((one.title, one.value, one.unit, where, one.because))
    return Block(Title(zh="模拟所用的模型", en="The model that the scores are drawn from"), heads, tuple(rows))


def _by_year(
    simulation: Simulation, frame: Any, shown: Callable[[Mapping[str, Any]], str]
) -> tuple[tuple[Any, ...], ...]:
    """Return a row for each year, with a cell for each variant."""
    found = {(row["variant"], row["year"]): row for row in frame.iter_rows(named=True)}
    return tuple(
        (
            str(year),
            *(
                shown(found[variant.name, year]) if (variant.name, year) in found else None
                for variant in simulation.variants
            ),
        )
        for year in range(simulation.first, simulation.last + 1)
    )


def _of(frame: Any, column: str, value: str) -> Any:
    import polars as pl

    return frame.filter(pl.col(column) == value)


def _share(row: Mapping[str, Any]) -> str:
    if row["mean"] is None:
        return "-"
    return _banded(f"{row['mean']:.1%}", f"{row['low']:.0%}", f"{row['high']:.0%}")


def _number(row: Mapping[str, Any]) -> str:
    return _banded(f"{row['mean']:.1f}", str(row["low"]), str(row["high"]))


def _money(row: Mapping[str, Any]) -> str:
    return _banded(f"{row['mean'] / _FEN:,.0f}", f"{row['low'] / _FEN:,.0f}", f"{row['high'] / _FEN:,.0f}")


def _banded(mean: str, low: str, high: str) -> str:
    """Return a mean with the band that 90% of draws are in, if it has any width that can be shown."""
    return mean if low == high else f"{mean} ({low}–{high})"


def _expectations(simulation: Simulation, rules: RuleSet) -> Block:
    heads = (
        Title(zh="来源的要求", en="what the source asks for"),
        Title(zh="条款", en="clause"),
        Title(zh="期限", en="by"),
        *(variant.title for variant in simulation.variants),
    )
    found = {(row["variant"], row["expectation"]): row for row in simulation.expectations.iter_rows(named=True)}
    rows: list[tuple[Any, ...]] = []
    for key in dict.fromkeys(simulation.expectations["expectation"]):
        cells = [found.get((variant.name, key)) for variant in simulation.variants]
        first = next(cell for cell in cells if cell is not None)
        chances = [None if cell is None else chance_text(cell["probability"]) for cell in cells]
        rows.append((_named(rules, key), _cited(rules, key), first["by"], *chances))
    return Block(
        Title(zh="达到要求的可能性", en="How likely what the source asks for is met"),
        heads,
        tuple(rows),
        Title(zh="达到的抽取次数占全部抽取。", en="Draws that meet it, as a share of all draws."),
        wide=True,
    )


def _quantities(simulation: Simulation, heads: tuple[Title, ...]) -> Iterator[Block]:
    for key, title in _QUANTITIES.items():
        rows = _of(simulation.quantities, "quantity", key)
        if rows["total"].sum():  # a scheme without a watch list, plaques or awards has nothing to show of them
            shown = _money if key == "award_money" else _number
            yield Block(title, (_YEAR, *heads), _by_year(simulation, rows, shown), folded=key not in _FIRST)


def _unmeasured(simulation: Simulation, rules: RuleSet) -> Iterator[Block]:
    if simulation.unmeasured:
        yield Block(
            Title(zh="未评判的要求", en="What the source asks for that is not judged here"),
            (
                Title(zh="来源的要求", en="what the source asks for"),
                Title(zh="条款", en="clause"),
                Title(zh="原因", en="why"),
            ),
            tuple((_named(rules, key), _cited(rules, key), why) for key, why in simulation.unmeasured.items()),
            wide=True,
        )


def _truly(simulation: Simulation, rules: RuleSet, heads: tuple[Title, ...]) -> Iterator[Block]:
    tiers = rules.certification[simulation.certification].tiers
    for key in dict.fromkeys(simulation.truly_top["tier"]):
        named = tiers[key].name(key) if key in tiers else Title(zh=key, en=key)
        yield Block(
            Title(zh=f"{named.zh}及以上中名副其实者", en=f"Truly among the best, of those with {named.en} or more"),
            (_YEAR, *heads),
            _by_year(simulation, _of(simulation.truly_top, "tier", key), _share),
            _TRULY,
        )


def _named(rules: RuleSet, key: str) -> Title:
    expectation = rules.rules.expectations.get(key)
    return Title(zh=key, en=key) if expectation is None else expectation.name(key)


def _cited(rules: RuleSet, key: str) -> str:
    expectation = rules.rules.expectations.get(key)
    return "" if expectation is None else ", ".join(expectation.clause)
