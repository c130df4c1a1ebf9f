"""Where cases wait, as a chart: the time from step to step, and how many stand where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from communitygov.report.drawing import COLOURS, altair, styled
from communitygov.vocabulary.clock import DAY
from communitygov.vocabulary.frames import adopt
from communitygov.vocabulary.text import Language, Title

if TYPE_CHECKING:
    from communitygov.procedure.rules import Procedure

__all__ = ["waits_chart"]

_WIDTH, _ROW = 520, 26
_HOUR = DAY // 24
_PASSED = Title(
    zh="从一环节到下一环节：小时（中位数；细线至九成之内）", en="From step to step: hours (median; line to 90%)"
)
_STANDING = Title(zh="现停留在此的件数", en="Cases that stand there now")
_NOBODY = Title(zh="没有件停留", en="no case stands anywhere")


def waits_chart(procedure: Procedure, frame: Any, lang: Language) -> Any:
    """Return a chart of where cases wait.

    Above, a bar for each pair of steps: the median of the hours between them, a thin line to the 90th percentile, and
    how often it went so. Below, how many cases stand after each step now, and for how long in the median.

    Args:
        procedure: The rule, for titles.
        frame: What ``waits`` gives, of any kind.
        lang: The language of the words.

    Returns:
        An Altair chart, to be written by ``draw_svg`` or ``write_picture``.

    Raises:
        MissingExtra: If Altair or vl-convert is not installed.

    Example:
        >>> import polars as pl
        >>> from communitygov.procedure.rules import Procedure, Role, Step
        >>> rule = Procedure(roles={"a": Role()}, steps={"ask": Step(by=("a",), starts=True)})
        >>> row = {"step": "ask", "next": None, "times": 2, "median": 0, "percentile_90": 0, "back_in_time": 0}
        >>> chart = waits_chart(rule, pl.DataFrame([row]), "en")
        >>> [one["name"] for one in chart.to_dict()["vconcat"]]
        ['standing']
    """
    alt = altair()
    rows = _rows(frame)
    passed = [_passed(procedure, row, lang) for row in rows if row["next"] is not None and row["times"]]
    standing = [_standing(procedure, row, lang) for row in rows if row["next"] is None]
    panels = [_panel(alt, "passed", passed, _PASSED.say(lang), COLOURS[0], 0)] if passed else []
    panels.append(_panel(alt, "standing", standing, (_STANDING if standing else _NOBODY).say(lang), COLOURS[1], 1))
    return styled(alt.vconcat(*panels, spacing=28).resolve_scale(x="independent"), lang)


def _rows(frame: Any) -> Sequence[Mapping[str, Any]]:
    import narwhals as nw

    adopted, _ = adopt(frame)
    found = adopted.collect() if isinstance(adopted, nw.LazyFrame) else adopted
    rows: Sequence[Mapping[str, Any]] = found.to_polars().to_dicts()
    return rows


def _passed(procedure: Procedure, row: Mapping[str, Any], lang: Language) -> dict[str, Any]:
    times, late = row["times"], row["percentile_90"]
    said = f"{_hours(row['median'])} / {_hours(late)}"
    said += f"（{times:,} 次）" if lang == "zh" else f" ({times:,} time{'' if times == 1 else 's'})"
    place = " → ".join(_called(procedure, row[name], lang) for name in ("step", "next"))
    return {"place": place, "value": row["median"] / _HOUR, "far": late / _HOUR, "label": said}


def _standing(procedure: Procedure, row: Mapping[str, Any], lang: Language) -> dict[str, Any]:
    count, hours = row["times"], _hours(row["median"])
    said = f"{count:,}（中位 {hours} 小时）" if lang == "zh" else f"{count:,} (median {hours} hours)"
    return {"place": _called(procedure, row["step"], lang), "value": count, "far": count, "label": said}


def _called(procedure: Procedure, key: str, lang: Language) -> str:
    """Return the title of a step, with its id where another has the same title: each has a row of its own."""
    title = procedure.steps[key].name(key).say(lang)
    same = [name for name, step in procedure.steps.items() if step.name(name).say(lang) == title]
    return title if len(same) == 1 else f"{title} [{key}]"


def _hours(microseconds: int) -> str:
    """Return hours as people read them: the fewer, the finer."""
    hours = microseconds / _HOUR
    return f"{hours:,.0f}" if hours >= 100 else f"{hours:.1f}" if hours >= 1 else f"{hours:.2f}"


def _panel(alt: Any, name: str, rows: list[dict[str, Any]], title: str, colour: str, least: int) -> Any:
    """Return one panel: a row for each place, in the order given; ticks lie at least so far apart."""
    places = list(dict.fromkeys(row["place"] for row in rows))
    base = alt.Chart(alt.Data(values=rows))
    y = alt.Y("place:N").sort(places).axis(title=None, labelLimit=0, domain=False, ticks=False, labelPadding=8)
    x = alt.X("value:Q").axis(title=None, tickCount=5, tickMinStep=least, domain=False, ticks=False)
    layers = [
        base.mark_bar(color=colour, height=12).encode(x=x, y=y),
        base.mark_rule(color=colour, strokeWidth=1.5).encode(x=x, x2="far:Q", y=y),
        base.mark_text(align="left", baseline="middle", dx=8, fontSize=12).encode(x="far:Q", y=y, text="label:N"),
    ]
    return alt.layer(*layers).properties(
        name=name, width=_WIDTH, height=max(len(places), 1) * _ROW,
        title=alt.Title(title, anchor="start", frame="group", fontSize=14, offset=10),
    )  # fmt: skip
