"""A grid's units as a tree on a web page: it unfolds by click or key, and shows each finding at its unit."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from communitygov.grid.rules import Grid
from communitygov.report.grid import Branch, Trunk
from communitygov.report.grid_steps import (
    EMPTY,
    counts_of,
    finding_steps,
    found_of,
    hides,
    holders_of,
    more_of,
    seats_of,
)
from communitygov.report.whole import whole_page
from communitygov.vocabulary.text import Language, Title

__all__ = ["trunk_html", "trunk_page"]

_OPEN = 2
"""Levels that are unfolded when the page is opened; what leads to a finding is unfolded too."""

_STYLE = """
.cg-grid{max-width:70em;line-height:1.6;color:#22313a}
.cg-grid details,.cg-grid .cg-leaf{margin:.1em 0 .1em .5em;padding-left:.9em;border-left:1px solid #dfe5e8}
.cg-grid>details,.cg-grid>.cg-leaf{margin-left:0;border-left:0;padding-left:0}
.cg-grid .cg-leaf{padding-left:1.9em}
.cg-grid summary{cursor:pointer}
.cg-grid b{font-weight:600}
.cg-grid code,.cg-grid .cg-quiet{color:#66757f;font-size:.88em}
.cg-grid .cg-seats,.cg-grid .cg-more{margin-left:1.9em;color:#66757f;font-size:.88em}
.cg-grid .cg-seats span{display:inline-block;margin-right:1.2em}
.cg-grid .cg-empty{color:#b3261e}
.cg-grid .cg-finding{margin:.15em 0 .15em 1.9em;padding:.1em .7em;border-left:3px solid #c8541c;background:#fdf1ea}
.cg-grid .cg-clause{font-size:.8em;border:1px solid #8886;border-radius:.8em;padding:0 .5em;margin-left:.4em}
.cg-grid .cg-below{color:#c8541c;font-size:.88em}
""".strip()


def trunk_page(trunk: Trunk, lang: Language) -> str:
    """Write a tree as a web page that needs nothing outside itself: no script, no font, no address.

    Args:
        trunk: The tree.
        lang: The language.
    """
    title = f"{trunk.grid.name('grid').say(lang)} {trunk.day}"
    return whole_page(f"<h1>{escape(title)}</h1>\n{trunk_html(trunk, lang)}", title, lang)


def trunk_html(trunk: Trunk, lang: Language) -> str:
    """Write a tree as an HTML fragment that needs nothing around it.

    Args:
        trunk: The tree.
        lang: The language.

    Returns:
        One ``div`` with its own style.

    Example:
        >>> import polars as pl
        >>> from communitygov.grid.rules import Level
        >>> from communitygov.grid.units import load_units
        >>> from communitygov.report.grid import branches_of
        >>> grid = Grid(levels={"street": Level(order=1)})
        >>> units = load_units(grid, pl.DataFrame({"code": ["s"], "name": ["A<B"], "level": ["street"]}))
        >>> "<b>A&lt;B</b>" in trunk_html(branches_of(units.on("2024")), "en")
        True
    """
    tag = "zh-CN" if lang == "zh" else "en"
    parts = [counts_of(trunk.grid, trunk.units)] + ([] if trunk.found is None else [found_of(trunk.found)])
    head = f'<p class="cg-quiet">{escape(_joined(parts, lang))}</p>'
    body = "".join(_branch(trunk.grid, branch, lang, 0) for branch in trunk.branches)
    more = _more(trunk.more, lang) if trunk.more else ""
    elsewhere = "".join(_finding(trunk.grid, row, lang) for row in trunk.elsewhere)
    return f'<div class="cg-grid" lang="{tag}"><style>{_STYLE}</style>{head}{body}{more}{elsewhere}</div>'


def _branch(grid: Grid, branch: Branch, lang: Language, depth: int) -> str:
    between = "（{}）" if lang == "zh" else " ({})"
    head = f"<b>{escape(branch.name)}</b>{escape(between.format(branch.called.say(lang)))} "
    head += f"<code>{escape(branch.code)}</code>"
    if branch.below:
        head += f' <span class="cg-quiet">{escape(counts_of(grid, branch.below).say(lang))}</span>'
    if branch.found_below:
        head += f' <span class="cg-below">{escape(found_of(branch.found_below, below=True).say(lang))}</span>'
    body = "".join(_finding(grid, row, lang) for row in branch.findings) + _seats(grid, branch, lang)
    below = "".join(_branch(grid, one, lang, depth + 1) for one in branch.branches)
    if hides(branch):
        below += _more(branch.more, lang)
    if not below:
        return f'<div class="cg-leaf">{head}{body}</div>'
    unfolded = " open" if depth < _OPEN or branch.found_below else ""
    return f"<details{unfolded}><summary>{head}</summary>{body}{below}</details>"


def _finding(grid: Grid, row: Mapping[str, Any], lang: Language) -> str:
    found = finding_steps(grid, row)
    said = _joined([one for one in (found.title, found.text) if one is not None], lang)
    cited = "".join(f'<span class="cg-clause">{escape(clause)}</span>' for clause in found.clause)
    return f'<div class="cg-finding" title="{escape(found.key)}">{escape(said)}{cited}</div>'


def _seats(grid: Grid, branch: Branch, lang: Language) -> str:
    colon, said = "：" if lang == "zh" else ": ", ""
    for key, holders in seats_of(branch):
        mark = "" if holders else ' class="cg-empty"'
        held = escape(holders_of(holders) or EMPTY.say(lang))
        said += f"<span{mark}>{escape(grid.seats[key].name(key).say(lang))}{colon}{held}</span>"
    return f'<div class="cg-seats">{said}</div>' if said else ""


def _more(number: int, lang: Language) -> str:
    return f'<div class="cg-more">{escape(more_of(number).say(lang))}</div>'


def _joined(parts: list[Title], lang: Language) -> str:
    return ("；" if lang == "zh" else "; ").join(part.say(lang) for part in parts)
