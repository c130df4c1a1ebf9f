"""Which reading of each open question is taken, and what it then says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from attrs import evolve

from communitygov.documents.layers import Layer, named
from communitygov.documents.node import Node
from communitygov.vocabulary.problem import Problem, did_you_mean
from communitygov.vocabulary.text import Title

__all__ = ["Readings", "choices", "chosen_layers", "known_readings", "settle", "sound_choices", "wrong_choices"]

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


def choices(patch: Node) -> Iterator[tuple[str, Node]]:
    """Yield what a document or a patch chooses: a question and the reading's name as it stands there.

    Args:
        patch: The document or the patch.
    """
    for key, question in _questions(patch):
        choice = question.get("chosen")
        if choice is not None and not choice.faulty:
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
            layers.append(Layer("reading", name, named(patch, f"reading {name}")))
    return layers


def settle(root: Node, chosen: Mapping[str, Node]) -> Node:
    """Return a tree whose interpretations name the readings taken.

    Args:
        root: The tree.
        chosen: The reading's name for each question.
    """
    asked = root.get("interpretations")
    settled: dict[str, Node] = {}
    for key, choice in chosen.items():
        question, old = root.get("interpretations", key), root.get("interpretations", key, "chosen")
        if question is not None and old is not None and old.text() != choice.text():
            settled[key] = evolve(question, children={**(question.children or {}), "chosen": evolve(choice, was=old)})
    if asked is None or not settled:
        return root
    asked = evolve(asked, children={**(asked.children or {}), **settled})
    return evolve(root, children={**(root.children or {}), "interpretations": asked})


def _questions(document: Node) -> Iterator[tuple[str, Node]]:
    asked = document.get("interpretations")
    if asked is not None and asked.children is not None:
        yield from asked.children.items()
