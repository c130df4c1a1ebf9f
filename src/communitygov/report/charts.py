"""The charts of a report: shares by year, who gains and who loses, and an index as a tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from attrs import frozen

from communitygov.index.rules import Index, Indicator
from communitygov.report.drawing import COLOURS, altair, styled
from communitygov.report.tables import width
from communitygov.vocabulary.numbers import decimal_text, share_text
from communitygov.vocabulary.text import Language, Title

__all__ = ["Line", "Move", "Point", "Target", "end_labels", "index_chart", "moves_chart", "share_chart"]

_WIDTH = 640
_ROW = 24
"""The height of a leaf of an index, enough for one line of text."""

_LINE = 16
"""The height of a line of text."""

_COLUMN = (130, 170, 240, 360)
"""The widths of an index's levels, the root first; the last is that of all further ones."""

_INK = "#22313a"
_GAINS = ("#7fc4b8", "#1d7a6b", "#b9dfd8", "#0d4f45")
_LOSSES = ("#f0b08a", "#c8541c", "#f7d6c2", "#7d2f08")
_NO_METHOD = Title(zh="未说明", en="not said")


@frozen
class Point:
    """One year of a line.

    Args:
        year: The year.
        mean: The mean over draws, 0 to 1.
        low: What 5% of draws are at or below.
        high: What 5% of draws are at or above.
    """

    year: int
    mean: float
    low: float
    high: float


@frozen
class Line:
    """The share of one variant, year by year.

    Args:
        title: What the variant is called.
        points: The years, in order.
    """

    title: Title
    points: tuple[Point, ...]


@frozen
class Target:
    """A share to be reached.

    Args:
        title: What it is called.
        share: The share, 0 to 1.
        year: The year at whose end it must be reached.
        clause: The clauses that set it.
    """

    title: Title
    share: Fraction
    year: int | None = None
    clause: tuple[str, ...] = ()


@frozen
class Move:
    """How many move from one tier to another in a year, between two variants.

    Args:
        variant: The variant that is compared.
        year: The year.
        before: The tier under the first variant.
        after: The tier under this one.
        gains: Whether it is a higher one.
        mean: How many, in the mean over draws.
    """

    variant: Title
    year: int
    before: Title
    after: Title
    gains: bool
    mean: float


def share_chart(lines: Sequence[Line], lang: Language, *, target: Target | None = None, measured: Title) -> Any:
    """Return a chart of shares by year, one line for each variant with the band that 90% of draws are in.

    Args:
        lines: The variants.
        lang: The language of the words.
        target: The share to be reached, drawn as a line across.
        measured: What is a share of what, for the axis.

    Raises:
        MissingExtra: If Altair or vl-convert is not installed.

    Example:
        >>> said = Title(zh="占比", en="share")
        >>> points = (Point(2022, 0.3, 0.3, 0.3), Point(2023, 0.5, 0.4, 0.6))
        >>> chart = share_chart([Line(said, points)], "en", measured=said)
        >>> chart.to_dict()["width"]
        640
    """
    alt = altair()
    years = sorted({point.year for line in lines for point in line.points})
    x = (
        alt.X("year:Q")
        .scale(domain=[years[0], years[-1]], nice=False)
        .axis(format="d", values=years, grid=False, title=None, labelPadding=6)
    )
    y = alt.Y("mean:Q").stack(None).scale(domain=[0, 1]).axis(
        format="%", values=[0, 0.25, 0.5, 0.75, 1], title=measured.say(lang), titleAngle=0, titleAlign="left",
        titleAnchor="start", titleY=-14, titleX=-34, domain=False, ticks=False,
    )  # fmt: skip
    names = [line.title.say(lang) for line in lines]
    colour = alt.Color("variant:N").scale(domain=names, range=list(COLOURS[: len(names)])).legend(None)
    rows = [
        {"variant": name, "year": point.year, "mean": point.mean, "low": point.low, "high": point.high}
        for name, line in zip(names, lines, strict=True)
        for point in line.points
    ]
    data = alt.Data(values=rows)
    base = alt.Chart(data)
    layers = [
        base.mark_area(opacity=0.16).encode(x=x, y="low:Q", y2="high:Q", color=colour),
        *_target_layers(alt, target, lines, years, lang),
        base.mark_line(strokeWidth=3, strokeJoin="round").encode(x=x, y=y, color=colour),
        base.mark_point(filled=True, size=42, opacity=1).encode(x=x, y=y, color=colour),
        alt.Chart(alt.Data(values=end_labels(lines, names)))
        .mark_text(align="left", baseline="middle", dx=12, fontSize=14, fontWeight=600)
        .encode(x="year:Q", y="place:Q", text="label:N", color=colour),
    ]
    return styled(alt.layer(*layers).properties(width=_WIDTH, height=340), lang)


def _target_layers(
    alt: Any, target: Target | None, lines: Sequence[Line], years: Sequence[int], lang: Language
) -> list[Any]:
    if target is None:
        return []
    share = float(target.share)
    cited = f" [{', '.join(target.clause)}]" if target.clause else ""
    align, side = _clear_place(share, lines, years)
    label = {
        "year": years[0] if align == "left" else years[-1],
        "mean": share,
        "label": f"{target.title.say(lang)}{cited}",
    }
    rule = alt.Chart(alt.Data(values=[{"mean": share}])).mark_rule(strokeDash=[6, 4], strokeWidth=1.5, color=_INK)
    words = alt.Chart(alt.Data(values=[label])).mark_text(
        align=align, dx=8 if align == "left" else -8, dy=-11 * side, baseline="middle", fontSize=13, color=_INK
    )
    layers = [rule.encode(y="mean:Q"), words.encode(x="year:Q", y="mean:Q", text="label:N")]
    if target.year in years:
        mark = alt.Chart(alt.Data(values=[{"year": target.year, "mean": share}])).mark_point(
            shape="diamond", size=130, filled=True, color=_INK, opacity=1
        )
        layers.append(mark.encode(x="year:Q", y="mean:Q"))
    return layers


def _clear_place(share: float, lines: Sequence[Line], years: Sequence[int]) -> tuple[str, int]:
    """Return where along a rule its words meet the fewest lines: at which end, and above it (1) or below (-1)."""

    def room(align: str, side: int) -> float:
        span = years[: len(years) // 2 + 1] if align == "left" else years[-(len(years) // 2 + 1) :]
        at = share + side * 0.035
        gaps = [
            max(point.low - at, at - point.high, 0) for line in lines for point in line.points if point.year in span
        ]
        return min(gaps, default=1.0)

    places = [(align, side) for side in (1, -1) for align in ("left", "right")]
    return max(places, key=lambda place: room(*place))


def end_labels(lines: Sequence[Line], names: Sequence[str]) -> list[dict[str, Any]]:
    """Return what is written at the ends of lines, moved apart where lines end close together.

    Args:
        lines: The lines.
        names: What each is called.

    Returns:
        For each line with points: ``year``, ``place`` (a share, where the words stand), ``variant``, ``label``.

    Example:
        >>> a, b = (Line(Title(zh=n, en=n), (Point(2022, 0.5, 0.5, 0.5),)) for n in "ab")
        >>> [(label["label"], label["place"]) for label in end_labels([a, b], ["a", "b"])]
        [('a 50%', 0.5), ('b 50%', 0.565)]
    """
    ends = sorted(
        ((line.points[-1], name) for line, name in zip(lines, names, strict=True) if line.points),
        key=lambda pair: pair[0].mean,
    )
    gap, below = 0.065, -1.0
    found = []
    for point, name in ends:
        below = max(point.mean, below + gap)
        found.append((point, name, below))
    over = max(0.0, found[-1][2] - 1.0) if found else 0.0
    return [
        {"year": point.year, "place": place - over, "variant": name, "label": f"{name} {point.mean:.0%}"}
        for point, name, place in found
    ]


def moves_chart(moves: Sequence[Move], titles: Sequence[Title], lang: Language) -> Any:
    """Return a chart of those who gain and lose between variants: gains above the line, losses below it.

    Args:
        moves: The moves of all compared variants.
        titles: The titles of all variants, the one that others are compared with first.
        lang: The language of the words.

    Raises:
        MissingExtra: If Altair or vl-convert is not installed.

    Example:
        >>> old, new, none = (Title(zh=word, en=word) for word in ("old", "new", "none"))
        >>> chart = moves_chart([Move(new, 2023, none, Title(zh="星", en="star"), True, 3.5)], [old, new], "en")
        >>> len(chart.to_dict()["concat"])
        1
    """
    alt = altair()
    kinds = list(dict.fromkeys((move.gains, f"{move.before.say(lang)} → {move.after.say(lang)}") for move in moves))
    kinds.sort(key=lambda kind: not kind[0])
    shades = {True: iter(_GAINS), False: iter(_LOSSES)}
    colours = [next(shades[gains], _GAINS[0] if gains else _LOSSES[0]) for gains, _ in kinds]
    colour = alt.Color("move:N").scale(domain=[name for _, name in kinds], range=colours)
    legend = alt.Legend(orient="top", title=None, symbolType="square", symbolSize=180, offset=14, columns=4)
    years = sorted({move.year for move in moves})
    up, down = _stacked(moves, gains=True), _stacked(moves, gains=False)
    x = alt.X("year:O").axis(title=None, labelAngle=0, grid=False, ticks=False, domain=False, labelPadding=8)
    y = alt.Y("number:Q").scale(domain=[-down, up or (0 if down else 1)], nice=True)
    signed = "datum.value == 0 ? '0' : format(datum.value, '+d')"
    y = y.axis(title=None, tickCount=6, domain=False, ticks=False, labelExpr=signed)
    compared = [title for title in titles[1:] if any(move.variant == title for move in moves)]
    panels = []
    for title in compared:
        rows = [
            {
                "year": move.year,
                "number": move.mean if move.gains else -move.mean,
                "move": f"{move.before.say(lang)} → {move.after.say(lang)}",
            }
            for move in moves
            if move.variant == title
        ]
        head = alt.TitleParams(
            title.say(lang), color=COLOURS[titles.index(title) % len(COLOURS)], fontSize=14, anchor="start", offset=8
        )
        bars = alt.Chart(alt.Data(values=rows), title=head).mark_bar(size=22)
        zero = alt.Chart(alt.Data(values=[{"number": 0}])).mark_rule(color=_INK, strokeWidth=1).encode(y="number:Q")
        encoded = bars.encode(x=x.scale(domain=years), y=y, color=colour.legend(legend))
        panels.append(alt.layer(encoded, zero).properties(width=400, height=230))
    return styled(alt.concat(*panels, columns=2, spacing=50), lang)


def _stacked(moves: Sequence[Move], *, gains: bool) -> float:
    """Return the height of the highest column of gains, or of losses."""
    sums: dict[tuple[Title, int], float] = {}
    for move in moves:
        if move.gains == gains:
            key = (move.variant, move.year)
            sums[key] = sums.get(key, 0.0) + move.mean
    return max(sums.values(), default=0.0)


def index_chart(index: Index, title: Title, lang: Language) -> Any:
    """Return a chart of an index as a tree: a column for each level, heights by weight, leaves by method.

    Args:
        index: The index.
        title: What it is called.
        lang: The language of the words.

    Raises:
        MissingExtra: If Altair or vl-convert is not installed.

    Example:
        >>> import communitygov
        >>> index = communitygov.load_profile("shijingshan").at("2023").index["quality_community"]
        >>> index_chart(index, index.name(), "en").to_dict()["height"]
        720
    """
    alt = altair()
    height = max(_ROW * len(index.leaves), 120)
    boxes = _boxes(index, title, lang, height)
    methods = [method.name(key).say(lang) for key, method in index.methods.items()]
    used = [name for name in (*methods, _NO_METHOD.say(lang)) if any(box["method"] == name for box in boxes)]
    colours = ("#cfe6ef", "#f8ddc6", "#d9ead9", "#e9dcee", "#ece5c4", "#e3e8eb")
    right = max(box["right"] for box in boxes)
    x = alt.X("left:Q").scale(domain=[0, right], nice=False, zero=False).axis(None)
    y = alt.Y("top:Q").scale(domain=[0, 1], reverse=True, nice=False).axis(None)
    base = alt.Chart(alt.Data(values=boxes))
    fill = alt.Color("method:N").scale(domain=["", *used], range=["#f1f4f6", *colours[: len(used)]])
    legend = alt.Legend(orient="top", title=None, values=used, symbolType="square", symbolSize=180, offset=10)
    rects = base.mark_rect(stroke="white", strokeWidth=2).encode(
        x=x, x2="right:Q", y=y, y2="bottom:Q", color=fill.legend(legend) if used else fill.legend(None)
    )
    words = base.mark_text(align="left", baseline="middle", dx=8, fontSize=12.5, color=_INK, lineHeight=_LINE)
    shares = base.mark_text(align="right", baseline="middle", dx=-8, fontSize=12, color="#66757f")
    layers = [
        rects,
        words.encode(x=x, y="first:Q", text="label:N"),
        shares.encode(x="right:Q", y="middle:Q", text="share:N"),
    ]
    return styled(alt.layer(*layers).properties(width=right, height=height), lang)


def _boxes(index: Index, title: Title, lang: Language, height: int) -> list[dict[str, Any]]:
    methods = {key: method.name(key).say(lang) for key, method in index.methods.items()}
    found: list[dict[str, Any]] = []

    def lay(name: str, top: Fraction, share: Fraction, depth: int, method: str, shown: str) -> None:
        left = sum(_COLUMN[min(i, len(_COLUMN) - 1)] for i in range(depth))
        wide = _COLUMN[min(depth, len(_COLUMN) - 1)]
        lines = _wrapped(name, wide - 58, max(1, int(share * height / _LINE)))
        middle = top + share / 2
        found.append(
            {
                "left": left,
                "right": left + wide,
                "top": float(top),
                "bottom": float(top + share),
                "middle": float(middle),
                "first": float(middle) - (len(lines) - 1) * _LINE / 2 / height,
                "label": lines,
                "share": shown,
                "method": method,
            }
        )

    def visit(nodes: Mapping[str, Indicator], top: Fraction, share: Fraction, depth: int) -> None:
        whole = sum((node.weight for node in nodes.values()), Fraction(0)) or Fraction(1)
        for key, node in nodes.items():
            part = share * node.weight / whole
            leaf = not node.indicators
            method = methods.get(node.method or "", _NO_METHOD.say(lang)) if leaf else ""
            lay(node.name(key).say(lang), top, part, depth, method, share_text(part, None if _ends(part) else 1))
            visit(node.indicators, top, part, depth + 1)
            top += part

    lay(title.say(lang), Fraction(0), Fraction(1), 0, "", decimal_text(index.maximum))
    visit(index.indicators, Fraction(0), Fraction(1), 1)
    return found


def _ends(share: Fraction) -> bool:
    return "/" not in share_text(share) and len(share_text(share)) <= 5


def _wrapped(name: str, room: int, most: int) -> list[str]:
    """Return a name in at most so many lines that fit a width in pixels, roughly; what is too much is cut off."""
    lines: list[str] = []
    line = ""
    between = " " if " " in name else ""
    for piece in name.split(" ") if between else list(name):
        longer = f"{line}{between}{piece}" if line else piece
        if line and len(lines) < most - 1 and _pixels(longer) > room:
            lines.append(line)
            line = piece
        else:
            line = longer
    if _pixels(line) > room:
        while _pixels(line) > room - 8:
            line = line[:-1]
        line = f"{line.rstrip()}…"
    return [*lines, line]


def _pixels(text: str) -> float:
    return width(text) * 6.2
