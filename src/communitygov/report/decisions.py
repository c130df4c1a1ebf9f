"""The chart of a decision: each share that was needed as a bar, with the cut and the margin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import frozen

from communitygov.deliberation.rules import MeasureName
from communitygov.deliberation.tables import MEASURE_NAMES
from communitygov.report.drawing import COLOURS, altair, styled
from communitygov.vocabulary.text import Language, Title

__all__ = ["Share", "decision_chart", "share_title"]

_INK = "#22313a"
_OF = {
    "all": Title(zh="全体", en="of all"),
    "taking_part": Title(zh="参加者", en="of those taking part"),
    "present": Title(zh="到会者", en="of those present"),
    "cast": Title(zh="有效表态", en="of votes cast"),
}
_PARTS = {"quorum": Title(zh="参加", en="came"), "passes": Title(zh="同意", en="yes")}
_REACHED, _SHORT = COLOURS[3], COLOURS[1]


@frozen
class Share:
    """One share of a decision.

    Args:
        title: What is counted, and of whom.
        count: The count; None if it is not known.
        base: Its base; None if it is not known.
        least: The least count that is enough; None if that is not known.
    """

    title: Title
    count: int | None
    base: int | None
    least: int | None

    @property
    def said(self) -> Title:
        """The numbers in words, with the margin."""
        if self.count is None or self.base is None or self.least is None:
            return Title(zh="未知", en="not known")
        margin = self.count - self.least
        zh = f"{self.count}/{self.base}，须 {self.least}：" + (f"多 {margin}" if margin >= 0 else f"差 {-margin}")
        end = f"{margin} to spare" if margin >= 0 else f"{-margin} short"
        return Title(zh=zh, en=f"{self.count} of {self.base}, {self.least} needed: {end}")


def share_title(path: str, measure: MeasureName, of: str, who: Title | None = None) -> Title:
    """Return what a share counts, and of whom.

    Args:
        path: Its dotted path, such as ``quorum.heads``.
        measure: What is counted.
        of: The base.
        who: The stratum, if it is one's.

    Example:
        >>> share_title("quorum.heads", "heads", "all").en
        'came, heads of all'
    """
    part, name, base = _PARTS[path.partition(".")[0]], MEASURE_NAMES[measure], _OF[of]
    zh, en = ("", "") if who is None else (f"（{who.zh}）", f" ({who.en})")
    return Title(zh=f"{part.zh}{name.zh}{zh}，占{base.zh}", en=f"{part.en}, {name.en}{en} {base.en}")


def decision_chart(shares: Sequence[Share], lang: Language) -> Any:
    """Return a chart with a bar for each share, its cut as a line across, and the numbers beside it.

    Args:
        shares: The shares, in the order of the rule.
        lang: The language of the words.

    Raises:
        MissingExtra: If Altair or vl-convert is not installed.

    Example:
        >>> share = Share(Title(zh="人数", en="heads"), 59, 90, 60)
        >>> share.said.en
        '59 of 90, 60 needed: 1 short'
        >>> decision_chart([share], "en").to_dict()["layer"][0]["mark"]["type"]
        'bar'
    """
    alt = altair()
    rows = []
    for number, one in enumerate(shares):
        known = one.count is not None and one.least is not None and bool(one.base)
        part = one.count / one.base if known and one.count is not None and one.base else 0.0
        cut = one.least / one.base if known and one.least is not None and one.base else None
        reached = one.count is not None and one.least is not None and one.count >= one.least
        rows.append(
            {
                "share": f"{number + 1}. {one.title.say(lang)}",
                "part": part,
                "cut": cut,
                "said": one.said.say(lang),
                "colour": _REACHED if reached else _SHORT,
            }
        )
    order = [row["share"] for row in rows]
    base = alt.Chart(alt.Data(values=rows))
    y = alt.Y("share:N").sort(order).axis(title=None, domain=False, ticks=False, labelPadding=8, labelLimit=320)
    x = alt.X("part:Q").scale(domain=[0, 1.05]).axis(format="%", values=[0, 0.25, 0.5, 0.75, 1], title=None)
    bars = base.mark_bar(height=16).encode(x=x, y=y, color=alt.Color("colour:N").scale(None).legend(None))
    cuts = base.mark_tick(thickness=3, size=26, color=_INK).encode(x="cut:Q", y=y)
    words = base.mark_text(align="left", dx=6, fontSize=13, color=_INK).encode(x=alt.value(528), y=y, text="said:N")
    return styled(alt.layer(bars, cuts, words).properties(width=520, height=alt.Step(34)), lang)
