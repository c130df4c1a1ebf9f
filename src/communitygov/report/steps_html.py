"""An explanation as HTML: a fragment that needs nothing around it, and a wrapper that notebooks show by themselves."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from attrs import frozen

from communitygov.report.steps_text import steps_text, steps_tree
from communitygov.report.values import facts_text, value_text
from communitygov.vocabulary.steps import Steps
from communitygov.vocabulary.text import Language

if TYPE_CHECKING:
    from rich.tree import Tree

__all__ = ["Explanation", "steps_html"]

_OPEN = 2
"""Levels that are unfolded when the page is opened."""

_STYLE = """
.cg-steps{max-width:60em;font:15px/1.6 system-ui,"Noto Sans CJK SC","Noto Sans SC","PingFang SC",sans-serif}
.cg-steps details,.cg-steps .cg-leaf{margin:.15em 0 .15em 1.1em}
.cg-steps>details,.cg-steps>.cg-leaf{margin-left:0}
.cg-steps details details,.cg-steps details .cg-leaf{border-left:1px solid #8884;padding-left:.7em}
.cg-steps summary{cursor:pointer}
.cg-steps b{font-weight:600}
.cg-steps .cg-value{color:#0b6e99;font-variant-numeric:tabular-nums}
.cg-steps .cg-clause{font-size:.8em;border:1px solid #8886;border-radius:.8em;padding:0 .5em;margin-left:.4em}
.cg-steps .cg-text,.cg-steps .cg-source,.cg-steps .cg-facts{margin:.1em 0 .1em 1.1em}
.cg-steps .cg-source,.cg-steps .cg-facts{font-size:.85em;opacity:.7}
""".strip()


def steps_html(steps: Steps, lang: Language) -> str:
    """Write an explanation as an HTML fragment that needs nothing around it: no script, no font, no address.

    Args:
        steps: The explanation.
        lang: The language of titles and sentences.

    Returns:
        One ``div`` with its own style; steps unfold by click or key.

    Example:
        >>> from communitygov.vocabulary.text import Title
        >>> "<b>rank</b>" in steps_html(Steps("rank", Title(zh="名次", en="rank"), 17), "en")
        True
    """
    tag = "zh-CN" if lang == "zh" else "en"
    return f'<div class="cg-steps" lang="{tag}"><style>{_STYLE}</style>{_step(steps, lang, 0)}</div>'


@frozen
class Explanation:
    """An explanation that shows itself: as HTML in a notebook, as a tree by Rich, as text when printed.

    Args:
        steps: The explanation.
        lang: The language it is shown in.

    Example:
        >>> from communitygov.vocabulary.text import Title
        >>> print(Explanation(Steps("rank", Title(zh="名次", en="rank"), 17), "zh"))
        名次：17
    """

    steps: Steps
    lang: Language = "en"

    def _repr_html_(self) -> str:
        return steps_html(self.steps, self.lang)

    def __rich__(self) -> Tree:
        return steps_tree(self.steps, self.lang)

    def __str__(self) -> str:
        return steps_text(self.steps, self.lang)


def _step(steps: Steps, lang: Language, depth: int) -> str:
    head, body = _head(steps, lang), _body(steps, lang)
    if not steps.children:
        return f'<div class="cg-leaf">{head}{body}</div>'
    below = "".join(_step(child, lang, depth + 1) for child in steps.children)
    unfolded = " open" if depth < _OPEN else ""
    return f"<details{unfolded}><summary>{head}</summary>{body}{below}</details>"


def _head(steps: Steps, lang: Language) -> str:
    head = f"<b>{escape(steps.title.say(lang))}</b>"
    if steps.value is not None:
        head += f' <span class="cg-value">{escape(value_text(steps.words or steps.value, lang))}</span>'
    return head + "".join(f'<span class="cg-clause">{escape(clause)}</span>' for clause in steps.clause)


def _body(steps: Steps, lang: Language) -> str:
    lines = [
        ("text", steps.text.say(lang) if steps.text is not None else ""),
        ("source", steps.source.say(lang) if steps.source is not None else ""),
        ("facts", facts_text(steps.facts, lang)),
    ]
    return "".join(f'<div class="cg-{name}">{escape(line)}</div>' for name, line in lines if line)
