"""The chart of a shared budget: each project's votes and its cost, funded or not and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import frozen

from communitygov.report.drawing import COLOURS, altair, styled
from communitygov.vocabulary.text import Language, Title

__all__ = ["MOST", "ProjectBar", "budget_chart"]

MOST = 40
"""So many projects are drawn, those first in order; the title says of how many."""

_INK = "#22313a"
_FUNDED, _NOT = COLOURS[3], "#c3ccd1"
_WIDTH = 230


@frozen
class ProjectBar:
    """A project, as it is drawn.

    Args:
        name: What it is called.
        votes: What was counted.
        cost: Its cost, in the currency's unit.
        amount: What it gets; 0 if it is not funded.
        why: Why it is funded, or not.
    """

    name: str
    votes: int
    cost: float
    amount: float
    why: Title


def budget_chart(bars: Sequence[ProjectBar], lang: Language) -> Any:
    """Return a chart with two bars for each project, its votes and its cost; what is paid of a cost is coloured.

    Args:
        bars: The projects, in the order of their turn.
        lang: The language of the words.

    Raises:
        MissingExtra: If Altair or vl-convert is not installed.

    Example:
        >>> lamp = ProjectBar("Lamps", 12, 40.0, 40.0, Title(zh="获资助", en="funded"))
        >>> chart = budget_chart([lamp], "en").to_dict()
        >>> chart["data"]["values"][0]["said"]
        'funded'
    """
    alt = altair()
    shown = bars[:MOST]
    rows = [
        {
            "place": number,
            "project": f"{number}. {bar.name}",
            "votes": bar.votes,
            "cost": bar.cost,
            "amount": bar.amount,
            "said": bar.why.say(lang),
            "colour": _FUNDED if bar.amount else _NOT,
        }
        for number, bar in enumerate(shown, 1)
    ]
    order = [row["project"] for row in rows]
    votes, cost = Title(zh="票数", en="votes"), Title(zh="费用（绿色为获得的金额）", en="cost, in green what is paid")
    if len(bars) > len(shown):
        votes = Title(zh=f"票数（{len(bars)} 个项目中的前 {MOST} 个）", en=f"votes, the first {MOST} of {len(bars)}")
    base = alt.Chart(alt.Data(values=rows))
    y = alt.Y("project:N").sort(order).axis(title=None, domain=False, ticks=False, labelPadding=8, labelLimit=300)
    bare = alt.Y("project:N").sort(order).axis(None)
    colour = alt.Color("colour:N").scale(None).legend(None)

    def x(column: str, title: Title) -> Any:
        return alt.X(f"{column}:Q").axis(
            title=title.say(lang), titleAnchor="start", format="~s", tickCount=4, domain=False, ticks=False
        )

    left = base.mark_bar(height=14).encode(x=x("votes", votes), y=y, color=colour).properties(width=_WIDTH)
    costs = base.mark_bar(height=14, color=_NOT).encode(x=x("cost", cost), y=bare)
    paid = base.mark_bar(height=14, color=_FUNDED).encode(x=alt.X("amount:Q"), y=bare)
    why = base.mark_text(align="left", dx=8, fontSize=13, color=_INK).encode(x=alt.value(_WIDTH), y=bare, text="said:N")
    right = alt.layer(costs, paid, why).properties(width=_WIDTH)
    return styled(alt.hconcat(left, right, spacing=14).properties(), lang)
