"""Rows of words beside an axis of time, drawn as SVG: marks where something was done, bars where something ran."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from html import escape
from typing import Literal
from zoneinfo import ZoneInfo

from attrs import field, frozen

from communitygov.report.drawing import FONTS
from communitygov.report.procedure_words import on_one_line, svg_head, wrapped
from communitygov.report.tables import width
from communitygov.vocabulary.clock import DAY, instant_of, moment_at
from communitygov.vocabulary.text import Language, Title

__all__ = ["Axis", "Mark", "Row", "Span", "draw_rows"]

Mark = Literal["main", "line", "reminder", "end", "late"]
"""A step of the main line, one of a line beside it, a reminder; the end of a deadline, in time or late."""

_WIDTH, _LEFT, _RIGHT = 1180, 540, 1160
_TIME, _WORDS = 16, 140
"""Where the times and the words of a row begin."""

_COLUMNS, _HEAD = 58, 120
"""How wide a row's words and the title may be before they go on in the next line, in columns of a terminal."""

_LINE, _GAP = 18, 10
_INK, _QUIET, _GRID, _BLUE, _RED, _CLOCK = "#22313a", "#66757f", "#e3e8eb", "#0b6e99", "#b3261e", "#6a5acd"

_HOUR = DAY // 24
_MINUTE = _HOUR // 60
_STEPS = (
    *(n * _MINUTE for n in (1, 5, 10, 15, 30)),
    *(n * _HOUR for n in (1, 2, 3, 6, 12)),
    *(n * DAY for n in (1, 2, 4, 7, 14, 28)),
)
"""What may lie between two ticks of an axis; beyond, twice and twice again as many days."""

_MOST_TICKS = 8


_BARS = {
    "ran": f'fill="{_CLOCK}"',
    "left": f'fill="#f3effa" stroke="{_CLOCK}"',
    "late": f'fill="{_RED}"',
    "paused": f'fill="url(#cgt-hatch)" stroke="{_CLOCK}"',
}

_LEGEND = {
    "main": Title(zh="主线环节", en="main line"),
    "line": Title(zh="支线环节", en="line beside it"),
    "reminder": Title(zh="催办", en="reminder"),
    "ran": Title(zh="期限运行", en="time used"),
    "left": Title(zh="所余", en="time left"),
    "paused": Title(zh="中止", en="paused"),
    "due": Title(zh="到期", en="due"),
    "late": Title(zh="逾期", en="late"),
}
"""What marks and bars mean."""


@frozen
class Span:
    """A stretch of a row's bar.

    Args:
        start: Its first instant, in microseconds since 1970 in UTC.
        end: Its last.
        kind: What ran, what was left, what is late, when it stood still.
    """

    start: int
    end: int
    kind: Literal["ran", "left", "late", "paused"]


@frozen
class Row:
    """A row.

    Args:
        title: What stands in bold, or as the head of the rows below.
        time: What stands in the column of times.
        words: What follows the title.
        faults: What is wrong, each from a new line, in red.
        mark: An instant and how it is marked; in red where there are faults.
        spans: The stretches of its bar.
        due: The instant at which it falls due.
        is_head: Whether it is a head.
    """

    title: str = ""
    time: str = ""
    words: str = ""
    faults: tuple[str, ...] = ()
    mark: tuple[int, Mark] | None = None
    spans: tuple[Span, ...] = ()
    due: int | None = None
    is_head: bool = False


@frozen
class Axis:
    """An axis of time.

    Args:
        first: Its first instant, in microseconds since 1970 in UTC.
        last: Its last, later than that.
        zone: The time zone of its days.
    """

    first: int
    last: int
    zone: str

    def x(self, instant: int) -> float:
        """Return where an instant lies; what lies beyond the axis lies at its edge.

        Args:
            instant: In microseconds since 1970 in UTC.
        """
        inside = min(max(instant, self.first), self.last) - self.first
        return round(_LEFT + (_RIGHT - _LEFT) * inside / (self.last - self.first), 1)

    @property
    def ticks(self) -> Iterator[tuple[int, str]]:
        """The instants that are named on it, and their names: full hours, or days at midnight."""
        step = next((one for one in _STEPS if (self.last - self.first) // one < _MOST_TICKS), 0)
        while not step or (self.last - self.first) // step >= _MOST_TICKS:
            step = max(step, _STEPS[-1]) * 2
        zone = ZoneInfo(self.zone)
        day = moment_at(self.first, self.zone).date()
        begin = instant_of(dt.datetime.combine(day, dt.time(), zone))
        for number in range(2 * _MOST_TICKS + DAY // min(step, DAY)):
            instant = begin + number * step
            if step >= DAY:
                there = day + dt.timedelta(days=number * (step // DAY))
                instant = instant_of(dt.datetime.combine(there, dt.time(), zone))
            if self.first <= instant <= self.last:
                yield instant, f"{moment_at(instant, self.zone):{'%Y-%m-%d' if step >= DAY else '%m-%d %H:%M'}}"


def draw_rows(rows: Iterable[Row], axis: Axis, title: str, subtitle: str, lang: Language) -> str:
    """Draw rows as SVG, without a script.

    Args:
        rows: The rows.
        axis: The axis of time beside them.
        title: What stands above them, and what the picture says to those who cannot see it.
        subtitle: What stands below the title.
        lang: The language, whose fonts come first.

    Returns:
        One ``svg`` element, which names nothing outside itself.

    Example:
        >>> drawn = draw_rows([Row("Asked", mark=(0, "main"))], Axis(0, 3_600_000_000, "UTC"), "A case", "open", "en")
        >>> "Asked" in drawn and "<script" not in drawn
        True
    """
    page = _Page(axis)
    for kind, text in (("t", title), ("q", subtitle)):
        for line in wrapped(text, _HEAD):
            page.write(_TIME, kind, line)
    page.name_ticks()
    for row in rows:
        page.add(row)
    page.explain(lang)
    body = "\n".join([*page.grid(), *page.parts])
    head = svg_head(f"0 0 {_WIDTH} {page.y + 16}", width=_WIDTH, about=f"{title}; {subtitle}")
    return f'{head}\n{_style(lang)}\n<g class="cgt">\n{body}\n</g>\n</svg>'


def _style(lang: Language) -> str:
    """Return the look of words, and the hatching of pauses; its name is one that a page will not have twice."""
    looks = {
        "text": f"font-family:{FONTS[lang]};font-size:13px;fill:{_INK}",
        ".t": "font-size:17px;font-weight:600",
        ".b": "font-weight:600",
        ".q": f"fill:{_QUIET}",
        ".r": f"fill:{_RED}",
        ".h": f"fill:{_QUIET};font-weight:600",
        ".k": f"fill:{_QUIET};font-size:11px;text-anchor:middle",
    }
    return (
        f"<style>{''.join(f'.cgt {name}{{{look}}}' for name, look in looks.items())}</style>\n"
        '<defs><pattern id="cgt-hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)"><rect width="6" height="6" fill="white"/><path d="M0 0V6" stroke="{_CLOCK}" '
        'stroke-width="3"/></pattern></defs>\n'
        '<rect width="100%" height="100%" fill="white"/>'
    )


def _triangle(x: float, y: float, colour: str) -> str:
    return f'<path d="M{x} {y - 6}l5 10h-10z" fill="white" stroke="{colour}" stroke-width="1.5"/>'


@frozen
class _Page:
    """Rows as they are drawn one below the other.

    Args:
        axis: The axis of time.
        parts: What is drawn.
        lines: Where lines of words stand.
        top: Where the rows begin, once that is known.
        bottom: Where the rows end, likewise.
        main: The marks of the main line.
    """

    axis: Axis
    parts: list[str] = field(init=False, factory=list)
    lines: list[int] = field(init=False, factory=lambda: [14])
    top: list[int] = field(init=False, factory=list)
    bottom: list[int] = field(init=False, factory=list)
    main: list[tuple[float, float]] = field(init=False, factory=list)

    @property
    def y(self) -> int:
        """Where the last line stands."""
        return self.lines[-1]

    def write(self, x: int, look: str, text: str, after: str = "") -> None:
        """Write a line below the last, and quieter words after it."""
        self.lines.append(self.y + _LINE)
        quiet = f'<tspan dx="8" class="q" style="font-weight:400">{escape(on_one_line(after))}</tspan>' if after else ""
        self.parts.append(f'<text x="{x}" y="{self.y}" class="{look}">{escape(on_one_line(text))}{quiet}</text>')

    def name_ticks(self) -> None:
        """Write the names of ticks; the rows begin below."""
        self.lines.append(self.y + _LINE + _GAP)
        for instant, name in self.axis.ticks:
            x = min(self.axis.x(instant), _RIGHT - 10)  # the last name stays in the picture
            self.parts.append(f'<text x="{x}" y="{self.y}" class="k">{name}</text>')
        self.top.append(self.y + 6)

    def add(self, row: Row) -> None:
        """Draw a row."""
        self.lines.append(self.y + _GAP)
        if row.is_head:
            self.lines.append(self.y + 6)
            self.write(_TIME, "h", row.title)
            return
        middle = self.y + _LINE - 5
        if row.time:
            self.parts.append(f'<text x="{_TIME}" y="{self.y + _LINE}" class="q">{escape(row.time)}</text>')
        if row.title:
            *lines, last = wrapped(row.title, _COLUMNS)
            beside = width(last) + width(on_one_line(row.words)) + 2 <= _COLUMNS
            for line in lines:
                self.write(_WORDS, "b", line)
            self.write(_WORDS, "b", last, row.words if beside else "")
            for line in [] if beside else wrapped(row.words, _COLUMNS):
                self.write(_WORDS, "q", line)
        for fault in row.faults:
            for line in wrapped(f"! {fault}", _COLUMNS):
                self.write(_WORDS, "r", line)
        self.parts.extend(self._bar(row, middle))

    def _bar(self, row: Row, y: int) -> Iterator[str]:
        """Yield what is drawn of a row beside its words."""
        for span in row.spans:
            low, high = self.axis.x(span.start), self.axis.x(span.end)
            long = max(round(high - low, 1), 1)
            yield f'<rect x="{low}" y="{y - 5}" width="{long}" height="10" {_BARS[span.kind]}/>'
            if span.end > self.axis.last:
                yield f'<path d="M{_RIGHT + 2} {y - 5}l8 5l-8 5z" fill="{_CLOCK}"/>'
        if row.due is not None and row.due <= self.axis.last:
            yield f'<path d="M{self.axis.x(row.due)} {y - 9}v18" stroke="{_INK}" stroke-width="2"/>'
        if row.mark is not None:
            yield from self._mark(*row.mark, y, red=bool(row.faults))

    def _mark(self, instant: int, kind: Mark, y: int, *, red: bool) -> Iterator[str]:
        x, colour = self.axis.x(instant), _RED if red or kind == "late" else _BLUE
        if kind in ("main", "line", "reminder"):
            yield f'<path d="M{_LEFT} {y}H{x}" stroke="{_GRID}" stroke-dasharray="2 3"/>'
        if kind == "reminder":
            yield _triangle(x, y, colour)
            return
        if kind == "main":
            self.main.append((x, y))
        fill, edge = colour if kind == "main" else "white", _CLOCK if kind == "end" else colour
        yield f'<circle cx="{x}" cy="{y}" r="5" fill="{fill}" stroke="{edge}" stroke-width="1.5"/>'

    def explain(self, lang: Language) -> None:
        """Say below the rows what marks and bars mean."""
        self.bottom.append(self.y + 6)
        self.lines.append(self.y + 2 * _LINE + _GAP)
        x = _TIME
        for kind, title in _LEGEND.items():
            said, y = title.say(lang), self.y - 4
            if kind in ("main", "line", "reminder"):
                look = {"main": f'r="5" fill="{_BLUE}"', "line": f'r="5" fill="white" stroke="{_BLUE}"'}.get(kind, "")
                shape = f'<circle cx="{x + 8}" cy="{y}" {look}/>' if look else _triangle(x + 8, y, _BLUE)
            elif kind == "due":
                shape = f'<path d="M{x + 8} {y - 9}v18" stroke="{_INK}" stroke-width="2"/>'
            else:
                shape = f'<rect x="{x}" y="{y - 5}" width="18" height="10" {_BARS[kind]}/>'
            self.parts.append(f'{shape}<text x="{x + 24}" y="{self.y}" class="q">{said}</text>')
            x += 46 + 13 * width(said) // 2

    def grid(self) -> Iterator[str]:
        """Yield what lies below the rows: the lines of ticks, and the way of the main line."""
        for instant, _ in self.axis.ticks:
            yield f'<path d="M{self.axis.x(instant)} {self.top[0]}V{self.bottom[0]}" stroke="{_GRID}"/>'
        if len(self.main) > 1:
            points = " ".join(f"{x},{y}" for x, y in self.main)
            yield f'<polyline points="{points}" fill="none" stroke="{_BLUE}" stroke-opacity=".35"/>'
