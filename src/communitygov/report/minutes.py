"""Minutes: the record of a meeting, as a frame, and for people to read as Markdown or HTML, in either language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from attrs import frozen

from communitygov.report.decisions import share_title
from communitygov.vocabulary.numbers import share_text
from communitygov.vocabulary.steps import Steps
from communitygov.vocabulary.text import Language, Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["minutes_frame", "minutes_html", "minutes_markdown"]

_WORDS = {
    "minutes": Title(zh="会议记录", en="Minutes"),
    "owed": Title(zh="须通报的事项", en="Items to answer for"),
    "item": Title(zh="事项", en="item"),
    "answered": Title(zh="通报与评议", en="report and evaluation"),
    "motion": Title(zh="议题", en="Motion"),
    "votes": Title(zh="表决", en="votes"),
    "share": Title(zh="门槛", en="share"),
    "count": Title(zh="数", en="count"),
    "base": Title(zh="基数", en="base"),
    "bound": Title(zh="须", en="needed"),
    "least": Title(zh="至少", en="at least"),
    "reached": Title(zh="结果", en="reached"),
    "left_out": Title(zh="不计的票", en="Ballots that do not count"),
    "nothing": Title(zh="无议题", en="No motion was put."),
    "signed": Title(zh="主持：　　　　记录：", en="In the chair: ____________  Minutes by: ____________"),
}
_COUNTS = {
    "register": Title(zh="在册", en="on the register"),
    "yes": Title(zh="同意", en="yes"),
    "no": Title(zh="反对", en="no"),
    "abstain": Title(zh="弃权", en="abstained"),
    "unknown": Title(zh="意见不明", en="not known"),
    "present": Title(zh="到会未投", en="present without a vote"),
}
_REACHED = {
    "true": Title(zh="达到", en="yes"),
    "false": Title(zh="未达到", en="no"),
    "undetermined": Title(zh="未知", en="not known"),
}


@frozen
class _Block:
    """A heading (with its level), a paragraph, a list or a table (its first row has the heads)."""

    text: str = ""
    level: int = 0
    rows: tuple[tuple[str, ...], ...] = ()
    items: tuple[str, ...] = ()


def minutes_frame(record: Steps) -> pl.DataFrame:
    """Return the record of a meeting as a frame: one row for each step of it.

    Args:
        record: What ``explain_meeting`` gives.

    Returns:
        Columns ``at`` (the place in the record, such as ``motion.lift/decision/passes``), ``value`` (text, null if it
        has none), ``title_zh``, ``title_en``, ``text_zh``, ``text_en`` and ``clauses`` (by comma), in reading order.

    Example:
        >>> minutes_frame(Steps("meeting", Title(zh="会议", en="meeting"), "true"))["at"].to_list()
        ['meeting']
    """
    import polars as pl

    names = ("at", "value", "title_zh", "title_en", "text_zh", "text_en", "clauses")
    return pl.DataFrame(list(_rows(record, "")), schema=dict.fromkeys(names, pl.String), orient="row")


def _rows(step: Steps, above: str) -> Iterator[tuple[str | None, ...]]:
    at = f"{above}/{step.key}" if above else step.key
    text = (None, None) if step.text is None else (step.text.zh, step.text.en)
    value = None if step.value is None else str(step.value)
    yield (at, value, step.title.zh, step.title.en, *text, ",".join(step.clause))
    for child in step.children:
        yield from _rows(child, at if above or step.key != "meeting" else "meeting")


def minutes_markdown(record: Steps, lang: Language) -> str:
    """Write the record of a meeting as Markdown.

    Args:
        record: What ``explain_meeting`` gives.
        lang: The language.

    Example:
        >>> print(minutes_markdown(Steps("meeting", Title(zh="会议 1", en="meeting 1"), "true"), "en").splitlines()[0])
        # Minutes: meeting 1
    """
    parts = []
    for block in _blocks(record, lang):
        if block.level:
            parts.append(f"{'#' * block.level} {_marked(block.text)}")
        elif block.rows:
            heads, *rows = block.rows
            lines = [heads, tuple("---" for _ in heads), *rows]
            parts.append("\n".join(f"| {' | '.join(map(_marked, line))} |" for line in lines))
        elif block.items:
            parts.append("\n".join(f"- {_marked(item)}" for item in block.items))
        else:
            parts.append(_marked(block.text))
    return "\n\n".join(parts) + "\n"


def _marked(text: str) -> str:
    """Return a text in which nothing is read as Markdown or HTML."""
    return "".join(f"\\{char}" if char in r"\`*_[]<>|#" else char for char in text.replace("\n", " "))


_STYLE = """
.cg-minutes{max-width:48em;margin:2em auto;font:16px/1.6 system-ui,"Noto Sans CJK SC","PingFang SC",sans-serif}
.cg-minutes table{border-collapse:collapse;margin:.6em 0}
.cg-minutes th,.cg-minutes td{border:1px solid #8888;padding:.2em .7em;text-align:left}
.cg-minutes h2{margin-top:1.6em;border-bottom:1px solid #8886}
@media print{.cg-minutes{margin:0;max-width:none}.cg-minutes h2{break-after:avoid}}
""".strip()


def minutes_html(record: Steps, lang: Language) -> str:
    """Write the record of a meeting as an HTML fragment that needs nothing around it, and prints well.

    Args:
        record: What ``explain_meeting`` gives.
        lang: The language.
    """
    parts = []
    for block in _blocks(record, lang):
        if block.level:
            parts.append(f"<h{block.level}>{escape(block.text)}</h{block.level}>")
        elif block.rows:
            heads, *rows = block.rows
            lines = [_line(heads, "th"), *(_line(row, "td") for row in rows)]
            parts.append(f"<table>{''.join(lines)}</table>")
        elif block.items:
            parts.append(f"<ul>{''.join(f'<li>{escape(item)}</li>' for item in block.items)}</ul>")
        else:
            parts.append(f"<p>{escape(block.text)}</p>")
    tag = "zh-CN" if lang == "zh" else "en"
    return f'<div class="cg-minutes" lang="{tag}"><style>{_STYLE}</style>\n' + "\n".join(parts) + "\n</div>"


def _line(cells: Sequence[str], kind: str) -> str:
    return f"<tr>{''.join(f'<{kind}>{escape(cell)}</{kind}>' for cell in cells)}</tr>"


def _blocks(record: Steps, lang: Language) -> Iterator[_Block]:
    def word(name: str) -> str:
        return _WORDS[name].say(lang)

    colon = "：" if lang == "zh" else ": "
    yield _Block(word("minutes") + colon + record.title.say(lang), level=1)
    if record.text is not None:
        cited = f" [{', '.join(record.clause)}]" if record.clause else ""
        yield _Block(record.text.say(lang) + cited)
    owed = [step for step in record.children if step.key.startswith("item.")]
    if owed:
        yield _Block(word("owed"), level=2)
        rows = [(step.key.removeprefix("item."), _said(step, lang)) for step in owed]
        yield _Block(rows=((word("item"), word("answered")), *rows))
    motions = [step for step in record.children if step.key.startswith("motion.")]
    if not motions:
        yield _Block(word("nothing"))
    for step in motions:
        name = step.key.removeprefix("motion.")
        yield _Block(f"{word('motion')} {name}{colon}{step.words.say(lang) if step.words else step.value}", level=2)
        yield from _motion(step, lang, colon)
    yield _Block(word("signed"))


def _motion(step: Steps, lang: Language, colon: str) -> Iterator[_Block]:
    if step.facts.get("faults"):
        yield _Block(_said(step, lang))
    if "register" in step.facts:
        counts = [f"{title.say(lang)} {step.facts[name]}" for name, title in _COUNTS.items() if step.facts[name]]
        yield _Block(_WORDS["votes"].say(lang) + colon + ("，" if lang == "zh" else ", ").join(counts))
    for below in step.children:
        if below.key == "decision":
            heads = tuple(_WORDS[name].say(lang) for name in ("share", "count", "base", "bound", "least", "reached"))
            yield _Block(rows=(heads, *_shares(below, lang)))
            yield _Block(_said(below, lang))
    gone = [
        f"{below.title.say(lang)}{colon}{_said(below, lang)}" for below in step.children if below.key[:7] == "ballot."
    ]
    if gone:
        yield _Block(_WORDS["left_out"].say(lang), level=3)
        yield _Block(items=tuple(gone))
    for below in step.children:
        if below.key == "stands":
            yield _Block(f"{below.title.say(lang)}{colon}{_said(below, lang)}")


def _shares(decision: Steps, lang: Language) -> Iterator[tuple[str, ...]]:
    """Yield one row for each share: what was counted, and what was needed."""
    for leaf in decision.walk():
        facts: dict[str, Any] = leaf.facts
        if "bound" not in facts:
            continue
        more = facts["bound"] == "more_than"
        share = share_text(facts["share"])
        needed = Title(zh=f"{'超过' if more else '达到'} {share}", en=f"{'more than' if more else 'at least'} {share}")
        numbers = tuple("?" if facts[name] is None else str(facts[name]) for name in ("count", "base"))
        least = "?" if facts["least"] is None else str(facts["least"])
        reached = _REACHED[str(leaf.value)].say(lang)
        who = None if facts["stratum"] is None else Title(zh=facts["stratum"], en=facts["stratum"])
        title = share_title(facts["path"], facts["measure"], facts["of"], who)
        yield (title.say(lang), *numbers, needed.say(lang), least, reached)


def _said(step: Steps, lang: Language) -> str:
    return "" if step.text is None else step.text.say(lang)
