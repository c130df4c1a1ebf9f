"""A procedure drawn by Graphviz: the text that it takes, and the picture that it makes of it where it is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import TYPE_CHECKING

from communitygov.report.drawing import FONTS
from communitygov.report.procedure_graph import Edge, Graph, Node, graph_of
from communitygov.report.procedure_words import svg_head, wrapped
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.text import Language, Title

if TYPE_CHECKING:
    from communitygov.procedure.rules import Procedure

__all__ = ["graphviz", "svg"]

_BOX, _ARROW = 36, 24
"""How wide words in boxes and at arrows may be before they go on in the next line, in columns of a terminal."""

_NODES: Mapping[str, str] = {
    "start": 'shape=box style="rounded,filled" fillcolor="#22313a" color="#22313a" fontcolor="white"',
    "step": 'shape=box style="filled" fillcolor="white" color="#0b6e99"',
    "back": 'shape=box style="filled,dashed" fillcolor="#fdf1ea" color="#c8541c"',
    "close": 'shape=box style="rounded,filled" fillcolor="#e3f1ea" color="#3b8f5a"',
    "over": 'shape=box style="rounded,filled" fillcolor="#f2f4f5" color="#66757f"',
    "deadline": 'shape=note style="filled" fillcolor="#f3effa" color="#6a5acd" fontsize=11',
    "ladder": 'shape=box peripheries=2 style="filled" fillcolor="#f3effa" color="#6a5acd" fontsize=11',
}
_EDGES: Mapping[str, str] = {
    "on": "",
    "back": 'style=dashed color="#c8541c" fontcolor="#c8541c"',
    "beyond": 'penwidth=2.2 color="#c8541c" fontcolor="#c8541c"',
    "begins": 'style=dashed color="#0b6e99"',
    "clock": 'style=dotted color="#6a5acd" arrowsize=0.6 weight=0',
}


def graphviz(procedure: Procedure, lang: Language) -> str:
    r"""Write a procedure in the language of Graphviz: the same boxes and arrows as the Mermaid diagram has.

    Args:
        procedure: The rule.
        lang: The language.

    Returns:
        A directed graph, the same for the same rule.

    Source:
        The DOT language, https://graphviz.org/doc/info/lang.html

    Example:
        >>> from communitygov.procedure.rules import Procedure, Role, Step
        >>> steps = {"ask": Step(by=("clerk",), starts=True, closes="answered")}
        >>> outcomes = {"answered": Title(zh="已答复", en="answered")}
        >>> text = graphviz(Procedure(roles={"clerk": Role()}, outcomes=outcomes, steps=steps), "en")
        >>> [line.strip() for line in text.split("\n") if " -> " in line]
        ['start -> step1 []', 'step1 -> close1 []']
    """
    graph = graph_of(procedure)
    font = FONTS[lang].replace("'", "")
    lines = [
        'graph [rankdir=TB nodesep=0.35 ranksep=0.45 charset="UTF-8" bgcolor="white"]',
        f'graph [fontname="{font}" fontsize=12 fontcolor="#66757f"]',
        f'node [fontname="{font}" fontsize=12 fontcolor="#22313a" margin="0.14,0.08"]',
        f'edge [fontname="{font}" fontsize=11 fontcolor="#66757f" color="#66757f" arrowsize=0.8]',
        *_boxes(graph, lang),
        *(_arrow(edge, lang) for edge in graph.edges),
    ]
    return "\n".join(["digraph procedure {", *(f"    {line}" for line in lines), "}"])


def _boxes(graph: Graph, lang: Language) -> Iterator[str]:
    yield from (_box(node, lang) for node in graph.nodes if node.line is None)
    for number, (key, title) in enumerate(graph.lines.items(), 1):
        yield f"subgraph cluster_line{number} {{"
        yield f'    label="{_label([title], lang, _BOX)}" style="rounded" color="#0b6e99" labeljust=l labelloc=b'
        yield from (f"    {_box(node, lang)}" for node in graph.nodes if node.line == key)
        yield "}"


def _box(node: Node, lang: Language) -> str:
    after = "\\l" if node.kind in ("deadline", "ladder") else "\\n"  # a list is read from the left
    return f'{node.id} [label="{_label(node.words, lang, _BOX, after=after)}" {_NODES[node.kind]}]'


def _arrow(edge: Edge, lang: Language) -> str:
    said = [] if edge.label is None else [f'label="{_label([edge.label], lang, _ARROW, before="  ")}"']
    looks = [_EDGES[edge.kind]] if _EDGES[edge.kind] else []
    tail, head = edge.tail, edge.head
    if edge.up and edge.kind == "clock":
        looks.append("constraint=false")
    elif edge.up:  # written the other way round, so that what is below stays below
        tail, head = head, tail
        looks.append("dir=back")
    return f"{tail} -> {head} [{' '.join([*said, *looks])}]"


def _label(words: Iterable[Title], lang: Language, most: int, *, before: str = "", after: str = "\\n") -> str:
    lines = [before + _plain(line) for title in words for line in wrapped(title.say(lang), most)]
    return after.join(lines) + ("" if after == "\\n" else after)


def _plain(text: str) -> str:
    """Return a text as it stands in quotes; Graphviz reads entities of HTML first, then what a backslash begins."""
    return escape(text, quote=False).replace("\\", "\\\\").replace('"', "&quot;")


def svg(procedure: Procedure, lang: Language, *, seconds: float = 60) -> str:
    """Draw a procedure as SVG by the program ``dot`` of Graphviz, whose text is text.

    Where lines run depends on Graphviz's version and on the fonts that it finds; the words do not.

    Args:
        procedure: The rule.
        lang: The language.
        seconds: How long ``dot`` may take; fifty steps take it about one.

    Returns:
        One ``svg`` element, which scales with its surroundings and names nothing outside itself.

    Raises:
        UsageError: If ``dot`` is not installed, fails or takes too long.
    """
    program = shutil.which("dot")
    if program is None:
        raise UsageError.because(
            "no-graphviz",
            zh="没有找到 Graphviz 的 dot，请安装（如 apt install graphviz、brew install graphviz，"
            "Windows 见 https://graphviz.org/download/）；Mermaid 图无需安装任何程序",
            en="dot of Graphviz was not found; install it (apt install graphviz, brew install graphviz, or for Windows "
            "https://graphviz.org/download/), or use the Mermaid diagram, which needs nothing installed",
        )
    return _framed(_run(program, graphviz(procedure, lang), seconds), procedure.name("procedure").say(lang))


def _run(program: str, text: str, seconds: float) -> str:
    """Return what ``dot`` makes of a text."""
    try:
        done = subprocess.run([program, "-Tsvg"], input=text.encode(), capture_output=True, check=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise UsageError.because(
            "graphviz-failed",
            zh=f"dot 在 {seconds} 秒内未画完；可改用 Mermaid 图",
            en=f"dot was not done after {seconds} seconds; the Mermaid diagram can be used instead",
        ) from None
    except (subprocess.CalledProcessError, OSError) as error:
        told = error.stderr.decode(errors="replace") if isinstance(error, subprocess.CalledProcessError) else error
        said = " ".join(str(told).split())
        raise UsageError.because("graphviz-failed", zh=f"dot 出错：{said}", en=f"dot failed: {said}") from None
    return done.stdout.decode()


def _framed(drawn: str, about: str) -> str:
    """Return the picture alone: without what names its document type, its size in points and ids shown as hints."""
    box = re.search(r'viewBox="([^"]*)"', drawn)
    assert box is not None, "dot gives every picture its box"
    body = drawn[drawn.index(">", drawn.index("<svg")) + 1 :].strip()
    body = re.sub(r"<!--.*?-->\n?|<title>.*?</title>\n?", "", body, flags=re.DOTALL)
    head = svg_head(box[1], width=float(box[1].split()[2]) * 4 / 3, about=about)
    return f"{head}\n{body}"
