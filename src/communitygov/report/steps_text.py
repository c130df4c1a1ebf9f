"""An explanation as plain text and as a Rich tree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from communitygov.report.values import value_text
from communitygov.vocabulary.errors import MissingExtra
from communitygov.vocabulary.steps import Steps
from communitygov.vocabulary.text import Language

if TYPE_CHECKING:
    from rich.text import Text
    from rich.tree import Tree

__all__ = ["steps_text", "steps_tree"]


def steps_text(steps: Steps, lang: Language) -> str:
    """Write an explanation as an indented tree, for any terminal and any file.

    Args:
        steps: The explanation.
        lang: The language of titles and sentences.

    Returns:
        One line for each step with its value and clauses; below it the sentence that says why and where the numbers
        stand; below those, deeper by two spaces, the steps it rests on.

    Example:
        >>> from communitygov.vocabulary.text import Title
        >>> cut = Steps("quota", Title(zh="名额", en="places"), 14, Title(zh="去尾", en="Rounded down."), ("SJS-17",))
        >>> print(steps_text(Steps("rank", Title(zh="名次", en="rank"), 17, children=(cut,)), "en"))
        rank: 17
        - places: 14 [SJS-17]
            Rounded down.
    """
    return "\n".join(_lines(steps, lang, 0))


def steps_tree(steps: Steps, lang: Language) -> Tree:
    """Return an explanation as a Rich tree.

    Args:
        steps: The explanation.
        lang: The language of titles and sentences.

    Raises:
        MissingExtra: If Rich is not installed.

    Example:
        >>> from communitygov.vocabulary.text import Title
        >>> tree = steps_tree(Steps("rank", Title(zh="名次", en="rank"), 17), "en")
        >>> str(tree.label)
        'rank: 17'
    """
    try:
        from rich.tree import Tree
    except ModuleNotFoundError:
        raise MissingExtra.named("cli", "rich") from None
    tree = Tree(_label(steps, lang), guide_style="dim")
    for child in steps.children:
        tree.children.append(steps_tree(child, lang))
    return tree


def _lines(steps: Steps, lang: Language, depth: int) -> Iterator[str]:
    mark = "  " * (depth - 1) + "- " if depth else ""
    below = " " * len(mark) + "  "
    yield mark + _head(steps, lang)
    for line in _why(steps, lang):
        yield below + line
    for child in steps.children:
        yield from _lines(child, lang, depth + 1)


def _head(steps: Steps, lang: Language) -> str:
    value = "" if steps.value is None else f"{_colon(lang)}{value_text(steps.words or steps.value, lang)}"
    clause = f" [{', '.join(steps.clause)}]" if steps.clause else ""
    return _line(f"{steps.title.say(lang)}{value}{clause}")


def _why(steps: Steps, lang: Language) -> Iterator[str]:
    for said in (steps.text, steps.source):
        if said is not None:
            yield _line(said.say(lang))


def _line(text: str) -> str:
    return " ".join(text.split())


def _colon(lang: Language) -> str:
    return "：" if lang == "zh" else ": "


def _label(steps: Steps, lang: Language) -> Text:
    from rich.text import Text

    label = Text(steps.title.say(lang), style="bold")
    if steps.value is not None:
        label.append(_colon(lang), style="not bold")
        label.append(value_text(steps.words or steps.value, lang), style="not bold cyan")
    if steps.clause:
        label.append(f" [{', '.join(steps.clause)}]", style="not bold green")
    styles = {"text": "not bold", "source": "not bold dim"}
    for name, style in styles.items():
        said = getattr(steps, name)
        if said is not None:
            label.append("\n" + _line(said.say(lang)), style=style)
    return label
