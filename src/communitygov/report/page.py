"""A report as one HTML page that needs nothing outside itself: no script, no font, no address."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from importlib.resources import files
from itertools import groupby
from typing import Any

from communitygov.profile.coverage import Assumption
from communitygov.profile.rules import Interpretation
from communitygov.report.contents import Block, Change, Contents, Side
from communitygov.report.drawing import COLOURS, FONTS
from communitygov.report.tables import is_number
from communitygov.report.values import chance_text, value_text
from communitygov.vocabulary.problem import Place
from communitygov.vocabulary.text import Language, Title

__all__ = ["page"]

_WORDS = {
    "rules": Title(zh="改了哪些规则", en="The rules changed"),
    "chances": Title(zh="达到目标的可能性", en="Chance of meeting the target"),
    "before": Title(zh="原在", en="before, at"),
    "more": Title(
        zh="更多数字：列入与退出治理类、挂牌与摘牌", en="More figures: the watch list and plaques, in and out"
    ),
    "removed": Title(zh="删除", en="removed"),
    "added": Title(zh="新增", en="added"),
    "tables": Title(zh="数字", en="The figures"),
    "assumed": Title(zh="假定", en="What is assumed"),
    "assumed_about": Title(
        zh="来源没有给出这些值。每个值旁是取值的理由，以及写在哪个文件哪一行。",
        en="No source gives these values. Beside each is why it was chosen, and the file and line it is written in.",
    ),
    "questions": Title(zh="待解问题", en="Open questions"),
    "questions_about": Title(
        zh="原文可作几种理解。粗体是方案采用的；带标记的是本报告比较的。",
        en="The text can be read in more than one way. The reading in bold is the profile's; those with a mark are "
        "compared in this report.",
    ),
    "compared": Title(zh="本报告比较", en="compared here"),
    "contradictions": Title(zh="来源自相矛盾之处", en="Where the source contradicts itself"),
    "values": Title(zh="项", en="values"),
    "provenance": Title(zh="来历", en="Where this comes from"),
    "model_note": Title(
        zh="数字出自模型，规则出自来源；两者分开说明。同一种子得同样的数字。",
        en="Figures are of the model, rules are of the source. The same seed gives the same figures.",
    ),
}


def page(contents: Contents, drawn: Mapping[str, str], lang: Language, *, other: tuple[str, str] | None = None) -> str:
    """Return a report as one HTML page.

    Args:
        contents: What it says.
        drawn: Each picture as SVG, by its name.
        lang: The language.
        other: The file of the same report in the other language, and what to call it.

    Returns:
        The page. It names no address but that file.
    """
    tag = "zh-CN" if lang == "zh" else "en"
    title = escape(contents.title.say(lang))
    body = "\n".join(
        [
            _header(contents, lang, other),
            f'<div class="sides">{"".join(_sides(contents.sides, lang))}</div>',
            *_figures(contents, drawn, lang),
            _section("tables", lang, *_tables(contents.blocks, lang)),
            _section("rules", lang, *(_changes(side, i, lang) for i, side in enumerate(contents.sides))),
            _section("questions", lang, _about("questions_about", lang), *_questions(contents, lang)),
            _section("assumed", lang, _about("assumed_about", lang), *_assumptions(contents.assumptions, lang)),
            *_rest(contents, lang),
            _footer(contents, lang),
        ]
    )
    return (
        f'<!doctype html>\n<html lang="{tag}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{title}</title>\n'
        f"<style>\n:root {{ --font: {FONTS[lang]} }}\n{_css()}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _header(contents: Contents, lang: Language, other: tuple[str, str] | None) -> str:
    link = f'<a class="other" href="{escape(other[0])}">{escape(other[1])}</a>' if other else ""
    names = [(picture.name, picture.title) for picture in contents.pictures]
    names += [(name, _WORDS[name]) for name in ("tables", "rules", "questions", "assumed")]
    nav = "".join(f'<a href="#{name}">{escape(title.say(lang))}</a>' for name, title in names)
    return (
        f"<header>{link}<h1>{escape(contents.title.say(lang))}</h1>"
        f'<p class="quiet">{escape(contents.subtitle.say(lang))}</p><nav>{nav}</nav></header>'
    )


def _sides(sides: Sequence[Side], lang: Language) -> Iterator[str]:
    for i, side in enumerate(sides):
        first, last = side.line.points[0], side.line.points[-1]
        when = Title(
            zh=f"{last.year} 年；{first.year} 年为 {first.mean:.0%}",
            en=f"in {last.year}; {first.mean:.0%} in {first.year}",
        )
        facts = "".join(
            f"<dt>{escape(title.say(lang))}</dt><dd>{chance_text(chance)}</dd>" for title, chance in side.chances
        )
        if facts:
            facts = f"<h4>{escape(_WORDS['chances'].say(lang))}</h4><dl>{facts}</dl>"
        yield (
            f'<section class="side" style="--c:{_colour(i)}"><h3>{escape(side.line.title.say(lang))}</h3>'
            f'<div class="big">{last.mean:.0%}<small>{escape(when.say(lang))}</small></div>'
            f"<p>{escape(side.about.say(lang))}</p>{facts}</section>"
        )


def _figures(contents: Contents, drawn: Mapping[str, str], lang: Language) -> Iterator[str]:
    for picture in contents.pictures:
        yield (
            f'<h2 id="{picture.name}">{escape(picture.title.say(lang))}</h2>'
            f"<figure>{drawn[picture.name]}<figcaption>{escape(picture.about.say(lang))}</figcaption></figure>"
        )


def _section(name: str, lang: Language, *parts: str) -> str:
    return f'<h2 id="{name}">{escape(_WORDS[name].say(lang))}</h2>' + "\n".join(parts)


def _about(name: str, lang: Language) -> str:
    return f'<p class="about">{escape(_WORDS[name].say(lang))}</p>'


def _tables(blocks: Sequence[Block], lang: Language) -> Iterator[str]:
    shown = "".join(_block(block, lang) for block in blocks if not block.folded)
    yield f'<div class="tables">{shown}</div>'
    folded = "".join(_block(block, lang) for block in blocks if block.folded)
    if folded:
        more = escape(_WORDS["more"].say(lang))
        yield f'<details><summary>{more}</summary><div class="tables">{folded}</div></details>'


def _block(block: Block, lang: Language) -> str:
    about = "" if block.about is None else f'<p class="about">{escape(block.about.say(lang))}</p>'
    wide = ' class="wide"' if block.wide else ""
    return f"<section{wide}><h3>{escape(block.title.say(lang))}</h3>{about}{_table(block, lang)}</section>"


def _table(block: Block, lang: Language) -> str:
    numbers = [
        (
            any(is_number(row[i]) for row in block.rows)
            and all(is_number(row[i]) or row[i] is None for row in block.rows)
        )
        or (bool(block.rows) and all(_is_figure(row[i]) for row in block.rows))
        for i in range(len(block.heads))
    ]
    kinds = [' class="n"' if number else "" for number in numbers]
    heads = "".join(f"<th{kind}>{escape(head.say(lang))}</th>" for kind, head in zip(kinds, block.heads, strict=True))
    rows = "".join(
        "<tr>" + "".join(f"<td{kind}>{_cell(cell, lang)}</td>" for kind, cell in zip(kinds, row, strict=True)) + "</tr>"
        for row in block.rows
    )
    return f'<div class="scroll"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'


def _is_figure(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and cell[:1].isdigit())


def _cell(cell: Any, lang: Language) -> str:
    return "" if cell is None else escape(value_text(cell, lang))


def _changes(side: Side, i: int, lang: Language) -> str:
    head = f'<h3><span class="dot" style="--c:{_colour(i)}"></span>{escape(side.line.title.say(lang))}</h3>'
    if not side.changes:
        year = side.line.points[-1].year
        same = Title(
            zh=f"与现行规则（{year} 年）没有不同。", en=f"No different from the rules as they stand in {year}."
        )
        return f'{head}<p class="about">{escape(same.say(lang))}</p>'
    return head + "".join(_change(change, lang) for change in side.changes)


def _change(change: Change, lang: Language) -> str:
    was, now = escape(change.was), escape(change.value)
    said = f"<del>{was}</del> → <ins>{now}</ins>"
    if not change.value:
        said = f"<del>{was}</del> → <ins>{escape(_WORDS['removed'].say(lang))}</ins>"
    elif not change.was:
        said = f"<ins>{now}</ins> <span class='quiet'>({escape(_WORDS['added'].say(lang))})</span>"
    where = f"<code>{escape(_where(change.place))}</code>"
    if change.was_place is not None:
        where += f"; {escape(_WORDS['before'].say(lang))} <code>{escape(_where(change.was_place))}</code>"
    quotes = "".join(
        f'<blockquote lang="zh-CN"><span class="clause">{escape(clause)}</span> {escape(quote)}</blockquote>'
        for clause, quote in change.quotes.items()
    )
    head = f"<p><code>{escape(change.path)}</code>: {said}<br>"
    return f'{head}<span class="quiet">{escape(change.by.say(lang))}, {where}</span></p>{quotes}'


def _questions(contents: Contents, lang: Language) -> Iterator[str]:
    tried = contents.tried
    for key, question in sorted(contents.questions.items(), key=lambda pair: pair[0] not in tried):
        opened = " open" if key in tried else ""
        clauses = "".join(f' <span class="clause">{escape(clause)}</span>' for clause in question.clause)
        readings = "".join(_reading(question, one, tried.get(key, ()), lang) for one in question.readings)
        yield (
            f"<details{opened}><summary>{escape(question.question.say(lang))}{clauses} "
            f'<span class="count"><code>{escape(key)}</code></span></summary><ul>{readings}</ul></details>'
        )


def _reading(question: Interpretation, reading: str, tried: Iterable[str], lang: Language) -> str:
    name = question.names.get(reading, Title(zh=reading, en=reading)).say(lang)
    mark = f'<span class="tag">{escape(_WORDS["compared"].say(lang))}</span>' if reading in tried else ""
    if reading != question.chosen:
        return f"<li>{escape(name)}{mark}</li>"
    return f'<li class="chosen">{escape(name)}{mark}<p class="about">{escape(question.because.say(lang))}</p></li>'


def _assumptions(assumptions: Sequence[Assumption], lang: Language) -> Iterator[str]:
    """Yield assumed values, those of one reason together, the few before the many."""

    def reason(one: Assumption) -> tuple[str, str]:
        return one.because.zh, one.because.en

    groups = [list(group) for _, group in groupby(sorted(assumptions, key=reason), key=reason)]
    for group in sorted(groups, key=lambda group: (len(group), group[0].place)):
        said = escape(group[0].because.say(lang))
        rows = "".join(
            f"<li><code>{escape(one.path)}</code>{escape(f' = {one.value}' if one.value else '')} "
            f'<span class="quiet"><code>{escape(_where(one.place))}</code></span></li>'
            for one in group
        )
        if len(group) == 1:
            yield f'<div class="one">{said}<ul>{rows}</ul></div>'
            continue
        paths = f"{len(group)} {escape(_WORDS['values'].say(lang))}"
        head = f'<summary>{said} <span class="count"><code>{paths}</code></span></summary>'
        yield f"<details>{head}<ul>{rows}</ul></details>"


def _rest(contents: Contents, lang: Language) -> Iterator[str]:
    if contents.contradictions:
        said = "".join(f"<li>{escape(one.say(lang))}</li>" for one in contents.contradictions)
        yield f'<h2 id="contradictions">{escape(_WORDS["contradictions"].say(lang))}</h2><ul>{said}</ul>'
    if contents.model is not None:
        title = escape(contents.model.title.say(lang))
        yield f'<h2 id="model">{title}</h2>{_about("model_note", lang)}{_table(contents.model, lang)}'


def _footer(contents: Contents, lang: Language) -> str:
    rows = "".join(
        f"<dt>{escape(name.say(lang))}</dt><dd><code>{escape(value)}</code></dd>" for name, value in contents.provenance
    )
    return f"<footer><h2>{escape(_WORDS['provenance'].say(lang))}</h2><dl>{rows}</dl></footer>"


def _where(place: Place) -> str:
    return str(Place(place.file, place.line))


def _css() -> str:
    return files("communitygov.report").joinpath("page.css").read_text("utf-8")


def _colour(i: int) -> str:
    return COLOURS[i % len(COLOURS)]
