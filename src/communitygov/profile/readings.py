"""Which reading of each open question is taken, and what it then says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from attrs import evolve

from communitygov.documents.layers import Layer, named
from communitygov.documents.node import Node, Path
from communitygov.vocabulary.problem import Problem, did_you_mean
from communitygov.vocabulary.text import Title

__all__ = [
    "Readings",
    "choices",
    "chosen_layers",
    "closed_questions",
    "known_readings",
    "rewritten",
    "sealed",
    "settle",
    "sound_choices",
    "wrong_choices",
]

Readings = Mapping[str, Mapping[str, Node]]
"""The patch of each reading, by question and by reading."""


def known_readings(documents: Iterable[Node]) -> Readings:
    """Return every reading of every question.

    Args:
        documents: The documents of a profile and those it extends. A child may add readings to its parent's question.
    """
    known: dict[str, dict[str, Node]] = {}
    for document in documents:
        for key, question in _questions(document):
            readings = question.get("readings")
            if readings is not None and readings.children is not None:
                known.setdefault(key, {}).update(readings.children)
    return known


def closed_questions(documents: Iterable[Node]) -> frozenset[str]:
    """Return the questions that a child removes: what its parent chose stands, and nothing else can be chosen.

    Args:
        documents: The documents of the profiles that are laid over each other, the farthest first.
    """
    asked: set[str] = set()
    closed: set[str] = set()
    for document in documents:
        section = document.get("interpretations")
        if section is not None and section.is_removal:
            closed |= asked
        for key, question in _questions(document):
            (closed.add if question.is_removal else closed.discard)(key)
            asked.add(key)
    return frozenset(closed)


def rewritten(own: Node, known: Readings) -> Iterator[Problem]:
    """Yield a problem for each reading of its parent that a child changes or removes.

    The parent's own reading would be laid down all the same, below the child's documents.

    Args:
        own: The child's own documents.
        known: The parent's readings.
    """
    for key, question in _questions(own):
        readings = question.get("readings")
        if readings is None or key not in known:
            continue
        if readings.is_removal:
            changed = [(readings, next(iter(known[key].values())), f"interpretations.{key}.readings")]
        else:
            mine = (readings.children or {}).items()
            changed = [
                (node, known[key][name], f"interpretations.{key}.readings.{name}")
                for name, node in mine
                if name in known[key]
            ]
        for node, theirs, path in changed:
            zh = f"上级方案 `{key}` 的理解不能在此修改或删除；请另起名称增加一种，并以 `chosen` 采用；上级的在"
            en = (
                f"a reading of `{key}` that belongs to the profile this one extends cannot be changed or removed here; "
                "add one of another name and take it with `chosen`; theirs stands at"
            )
            yield Problem("parents-reading", Title(zh=zh, en=en), node.key or node.place, (theirs.begins,), path=path)


def sealed(document: Node) -> Node:
    """Return a document whose readings are kept as they are: what they remove, they remove once they are laid down.

    Args:
        document: The document.
    """
    kept = document
    for key, question in _questions(document):
        readings = question.get("readings")
        if readings is not None and readings.children is not None:
            patches = {name: evolve(patch, sealed=True) for name, patch in readings.children.items()}
            kept = _with(kept, ("interpretations", key, "readings"), evolve(readings, children=patches))
    return kept


def choices(patch: Node) -> Iterator[tuple[str, Node]]:
    """Yield what a document or a patch chooses: a question and the reading's name as it stands there.

    Args:
        patch: The document or the patch.
    """
    for key, question in _questions(patch):
        choice = question.get("chosen")
        # Where the choice is taken away, the rule itself says what it lacks.
        if choice is not None and not choice.faulty and not choice.is_removal:
            yield key, choice


def wrong_choices(chosen: Mapping[str, Node], known: Readings) -> Iterator[Problem]:
    """Yield a problem for each choice that is none.

    Args:
        chosen: The reading's name for each question.
        known: The readings there are.
    """
    for key, choice in chosen.items():
        if key not in known:
            hint = did_you_mean(key, known)
            yield Problem(
                "unknown-interpretation",
                Title(zh=f"没有解释口径 `{key}`{hint.zh}", en=f"there is no interpretation `{key}`{hint.en}"),
                choice.place,
                path=f"interpretations.{key}",
            )
        elif choice.text() not in known[key]:
            hint = did_you_mean(choice.text(), known[key])
            yield Problem(
                "unknown-reading",
                Title(
                    zh=f"解释口径 `{key}` 没有理解 `{choice.text()}`{hint.zh}",
                    en=f"the interpretation `{key}` has no reading `{choice.text()}`{hint.en}",
                ),
                choice.place,
                path=f"interpretations.{key}.chosen",
            )


def sound_choices(chosen: Mapping[str, Node], known: Readings) -> dict[str, Node]:
    """Return choices of which each is one: the first reading in place of a wrong name, so that the rest can be checked.

    Args:
        chosen: The reading's name for each question.
        known: The readings there are.
    """
    return {
        key: choice if choice.text() in known[key] else evolve(choice, value=next(iter(known[key])))
        for key, choice in chosen.items()
        if known.get(key)
    }


def chosen_layers(document: Node, chosen: Mapping[str, Node]) -> list[Layer]:
    """Return the readings of a document's own that are taken, as layers.

    Args:
        document: The document.
        chosen: The reading's name for each question.
    """
    layers = []
    for key, readings in known_readings([document]).items():
        patch = readings.get(chosen[key].text()) if key in chosen else None
        if patch is not None and not patch.is_lost:
            name = f"{key}: {chosen[key].text()}"
            layers.append(Layer("reading", name, named(evolve(patch, sealed=False), f"reading {name}")))
    return layers


def settle(root: Node, chosen: Mapping[str, Node]) -> Node:
    """Return a tree whose interpretations name the readings taken.

    Args:
        root: The tree.
        chosen: The reading's name for each question.
    """
    for key, choice in chosen.items():
        path = ("interpretations", key, "chosen")
        old = root.get(*path)
        if old is not None and old.text() != choice.text():
            root = _with(root, path, evolve(choice, was=old))
    return root


def _with(node: Node, path: Path, value: Node) -> Node:
    """Return a tree with another value at a path that it has."""
    if not path:
        return value
    key, *below = path
    return evolve(node, children={**(node.children or {}), key: _with(node[key], tuple(below), value)})


def _questions(document: Node) -> Iterator[tuple[str, Node]]:
    asked = document.get("interpretations")
    if asked is not None and asked.children is not None:
        yield from asked.children.items()
