"""The chart of funding: what each unit gets, or gets more or less."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import frozen

from communitygov.report.drawing import COLOURS, altair, styled
from communitygov.vocabulary.text import Language, Title

__all__ = ["MOST", "Bar", "funding_chart"]

MOST = 40
"""So many units have a bar; of more, those with the longest are drawn, and the title says so."""


@frozen
class Bar:
    """A part of a unit's bar.

    Args:
        unit: The unit.
        funding: What the money is called.
        amount: How much, below 0 if it gets less.
    """

    unit: str
    funding: Title
    amount: float


def funding_chart(bars: Sequence[Bar], money: Title, lang: Language) -> Any:
    """Return a chart with a bar for each unit, longest first, a colour for each funding.

    Args:
        bars: The parts.
        money: The money they are counted in.
        lang: The language of the words.

    Raises:
        MissingExtra: If Altair or vl-convert is not installed.

    Example:
        >>> yuan = Title(zh="元", en="yuan")
        >>> chart = funding_chart([Bar("A", Title(zh="经费", en="fund"), 3000.0)], yuan, "en")
        >>> chart.to_dict()["data"]["values"][0]["unit"]
        'A'
    """
    alt = altair()
    lengths: dict[str, float] = {}
    for bar in bars:
        lengths[bar.unit] = lengths.get(bar.unit, 0.0) + abs(bar.amount)
    units = sorted(lengths, key=lambda unit: (-lengths[unit], unit))
    shown = units[:MOST]
    names = list(dict.fromkeys(bar.funding.say(lang) for bar in bars))
    rows = [
        {"unit": bar.unit, "funding": bar.funding.say(lang), "amount": bar.amount} for bar in bars if bar.unit in shown
    ]
    said = money
    if len(units) > len(shown):
        said = Title(
            zh=f"{money.zh}（{len(units)} 个单位中金额最大的 {len(shown)} 个）",
            en=f"{money.en}, the {len(shown)} largest of {len(units)} units",
        )
    x = alt.X("sum(amount):Q").axis(
        title=said.say(lang), titleAnchor="start", format="~s", tickCount=6, domain=False, ticks=False
    )
    y = alt.Y("unit:N").sort(shown).axis(title=None, domain=False, ticks=False, labelPadding=6, labelLimit=240)
    colour = alt.Color("funding:N").scale(domain=names, range=[COLOURS[n % len(COLOURS)] for n in range(len(names))])
    legend = alt.Legend(orient="top", title=None, symbolType="square", columns=2)
    chart = alt.Chart(alt.Data(values=rows)).mark_bar(height=14).encode(x=x, y=y, color=colour.legend(legend))
    return styled(chart.properties(width=520, height=alt.Step(22)), lang)
