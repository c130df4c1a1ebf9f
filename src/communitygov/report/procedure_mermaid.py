"""A procedure as a Mermaid diagram: steps with roles, branches, loops, lines beside the main one, and deadlines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from communitygov.report.grid_mermaid import plain
from communitygov.report.procedure_graph import Edge, Graph, Node, graph_of
from communitygov.vocabulary.text import Language, Title

if TYPE_CHECKING:
    from communitygov.procedure.rules import Procedure

__all__ = ["mermaid"]

_SHAPES: Mapping[str, tuple[str, str]] = {
    "start": ("([", "])"),
    "step": ("[", "]"),
    "back": ("[", "]"),
    "close": ("([", "])"),
    "over": ("([", "])"),
    "deadline": ("{{", "}}"),
    "ladder": ("[[", "]]"),
}
_ARROWS: Mapping[str, str] = {"on": "-->", "back": "-.->", "beyond": "==>", "begins": "-.->", "clock": "-.->"}

_LOOKS: Mapping[str, str] = {
    "start": "fill:#22313a,stroke:#22313a,color:#ffffff",
    "step": "fill:#ffffff,stroke:#0b6e99,color:#22313a",
    "back": "fill:#fdf1ea,stroke:#c8541c,color:#22313a,stroke-dasharray:5 3",
    "close": "fill:#e3f1ea,stroke:#3b8f5a,color:#22313a",
    "over": "fill:#f2f4f5,stroke:#66757f,color:#22313a",
    "deadline": "fill:#f3effa,stroke:#6a5acd,color:#22313a",
    "ladder": "fill:#f3effa,stroke:#6a5acd,color:#22313a",
}
"""What boxes look like; words keep their colour where a page is dark."""

_FRAME = "fill:#f6fafc,stroke:#0b6e99,color:#22313a"

_STROKES: Mapping[str, str] = {
    "back": "stroke:#c8541c,color:#c8541c",
    "beyond": "stroke:#c8541c,color:#c8541c",
    "begins": "stroke:#0b6e99",
    "clock": "stroke:#6a5acd,stroke-width:1px",
}
"""What arrows look like that are not the usual ones."""


def mermaid(procedure: Procedure, lang: Language) -> str:
    """Write a procedure as a Mermaid flowchart.

    A step is a box with who may do it; a step or an arrow that leads back is dotted, and what is done once a step was
    done as often as it may is thick. An end is rounded and says the outcome; from an end a dotted arrow reopens. A line
    beside the main one has a frame, with a dotted arrow from each step during which it may begin. A deadline is a
    hexagon between the steps that begin and end it, with its time by kind; its reminders hang at it.

    Args:
        procedure: The rule.
        lang: The language.

    Returns:
        The diagram, without a line end at its end; the same for the same rule.

    Source:
        Mermaid's flowchart syntax, https://mermaid.js.org/syntax/flowchart.html

    Example:
        >>> from communitygov.procedure.rules import Procedure, Role, Step
        >>> steps = {"ask": Step(by=("clerk",), starts=True, closes="answered")}
        >>> outcomes = {"answered": Title(zh="已答复", en="answered")}
        >>> print(mermaid(Procedure(roles={"clerk": Role()}, outcomes=outcomes, steps=steps), "en"))
        flowchart TB
            start(["Start"])
            step1["ask<br/>by clerk"]
            close1(["Closed#58; answered"])
            start --> step1
            step1 --> close1
            classDef start fill:#22313a,stroke:#22313a,color:#ffffff
            classDef step fill:#ffffff,stroke:#0b6e99,color:#22313a
            classDef close fill:#e3f1ea,stroke:#3b8f5a,color:#22313a
            class start start
            class step1 step
            class close1 close
    """
    graph = graph_of(procedure)
    lines = [*_boxes(graph, lang), *(_arrow(edge, lang) for edge in graph.edges), *_looks(graph)]
    return "\n".join(["flowchart TB", *(f"    {line}" for line in lines)])


def _boxes(graph: Graph, lang: Language) -> Iterator[str]:
    yield from (_box(node, lang) for node in graph.nodes if node.line is None)
    for number, (key, title) in enumerate(graph.lines.items(), 1):
        yield f'subgraph line{number} ["{plain(title.say(lang))}"]'
        yield from (f"    {_box(node, lang)}" for node in graph.nodes if node.line == key)
        yield "end"


def _box(node: Node, lang: Language) -> str:
    begin, end = _SHAPES[node.kind]
    return f'{node.id}{begin}"{_label(node.words, lang)}"{end}'


def _label(words: Iterable[Title], lang: Language) -> str:
    return "<br/>".join(plain(line.say(lang)) for line in words)


def _arrow(edge: Edge, lang: Language) -> str:
    label = "" if edge.label is None else f'|"{_label([edge.label], lang)}"|'
    return f"{edge.tail} {_ARROWS[edge.kind]}{label} {edge.head}"


def _looks(graph: Graph) -> Iterator[str]:
    kinds = [kind for kind in _LOOKS if any(node.kind == kind for node in graph.nodes)]
    yield from (f"classDef {kind} {_LOOKS[kind]}" for kind in kinds)
    for kind in kinds:
        yield f"class {','.join(node.id for node in graph.nodes if node.kind == kind)} {kind}"
    yield from (f"style line{number} {_FRAME}" for number in range(1, len(graph.lines) + 1))
    for kind, stroke in _STROKES.items():
        numbers = [str(i) for i, edge in enumerate(graph.edges) if edge.kind == kind]
        if numbers:
            yield f"linkStyle {','.join(numbers)} {stroke}"
