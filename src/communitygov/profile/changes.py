"""What one set of rules says otherwise than another."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from communitygov.documents.node import LAYERS, Node, Path
from communitygov.profile.readings import chosen_layers
from communitygov.profile.ruleset import RuleSet
from communitygov.vocabulary.problem import Place
from communitygov.vocabulary.text import Language, Title

__all__ = ["Change", "changes"]

_ABOUT = ("title", "note", "clause", "assumed")
_NOTHING = Title(zh="无", en="nothing")
_REMOVED = Title(zh="删除", en="removed")


@frozen
class Change:
    """One value that differs.

    Args:
        path: Where, as a dotted path.
        old: What stood there; None if nothing did.
        new: What stands there; None if nothing does.
        place: Where the new rules say so.
        was_place: Where the old rules said otherwise, if they did.
        layer: The layer that makes the difference.
        clause: The clauses that speak for it.
    """

    path: str
    old: Node | None
    new: Node | None
    place: Place
    was_place: Place | None
    layer: str
    clause: tuple[str, ...]

    def say(self, lang: Language) -> str:
        """Return the change on one line: what it is and was, who set it and where, and the clauses.

        Args:
            lang: The language.

        Example:
            >>> import communitygov
            >>> profile = communitygov.load_profile("shijingshan")
            >>> moved = profile.at(2024, readings={"renewal_reach": "moved_cut"})
            >>> changes(profile.at(2024), moved)[0].say("en")
            'certification.quality_star.renewal.within: moved_cut, reading renewal_reach: moved_cut
            ...interpretations.yaml:..., was original_cut (...interpretations.yaml:...) [SJS-19]'
        """
        new = _REMOVED.say(lang) if self.new is None else _brief(self.new)
        old = _NOTHING.say(lang) if self.old is None else _brief(self.old)
        kind, _, name = self.layer.partition(" ")
        by = f"{LAYERS.get(kind, kind)} {name}".strip() if lang == "zh" else self.layer
        was = "" if self.was_place is None else f" ({_line(self.was_place)})"
        clause = f" [{', '.join(self.clause)}]" if self.clause else ""
        if lang == "zh":
            return f"{self.path}：{new}，{by} {_line(self.place)}，原为 {old}{was}{clause}"
        return f"{self.path}: {new}, {by} {_line(self.place)}, was {old}{was}{clause}"


def changes(old: RuleSet, new: RuleSet) -> tuple[Change, ...]:
    """Return what a set of rules says otherwise than another, value by value.

    Branches of equal digest are not entered. Which reading of a question is chosen is left out; what it changes is in.

    Args:
        old: The rules before.
        new: The rules after.

    Example:
        >>> import communitygov
        >>> profile = communitygov.load_profile("shijingshan")
        >>> moved = profile.at("2023", readings={"renewal_reach": "moved_cut"})
        >>> [(change.path, change.old.text(), change.new.text()) for change in changes(profile.at("2023"), moved)]
        [('certification.quality_star.renewal.within', 'original_cut', 'moved_cut')]
    """
    return tuple(_change(path, one, other, old, new) for path, one, other in _differences(old.root, new.root, ()))


def _differences(old: Node, new: Node, path: Path) -> Iterator[tuple[Path, Node | None, Node | None]]:
    if old.digest == new.digest:
        return
    if old.children is None or new.children is None:
        yield path, old, new
        return
    for key in dict.fromkeys((*old.children, *new.children)):
        below = (*path, key)
        if below == ("interpretations",):
            continue
        one, other = old.get(key), new.get(key)
        if one is None or other is None:
            yield below, one, other
        else:
            yield from _differences(one, other, below)


def _change(path: Path, one: Node | None, other: Node | None, old: RuleSet, new: RuleSet) -> Change:
    dotted = ".".join(path)
    place, layer = _setter(path, other if other is not None else one, new)
    return Change(
        path=dotted,
        old=one,
        new=other,
        place=place,
        was_place=None if one is None else _first(one).place,
        layer=layer,
        clause=(old if other is None else new).clause(dotted),
    )


def _setter(path: Path, node: Node | None, new: RuleSet) -> tuple[Place, str]:
    """Return where a difference is written and by which layer; a removal stands only in the layer's patch."""
    asked = new.root.get("interpretations")
    chosen = {key: question["chosen"] for key, question in (asked.children or {}).items()} if asked is not None else {}
    for layer in (*reversed(new.layers), *chosen_layers(new.root, chosen)):
        patch = layer.patch.get(*path)
        if patch is not None:
            return _first(patch).place, layer.title.en
    assert node is not None, "a difference is in one of the two"
    return _first(node).place, _first(node).layer


def _first(node: Node) -> Node:
    return next((leaf for _, leaf in node.leaves()), node)


def _line(place: Place) -> str:
    return str(Place(place.file, place.line))


def _brief(node: Node) -> str:
    if node.children is None:
        return node.text()
    return "{" + ", ".join(f"{key}: {_brief(child)}" for key, child in node.children.items() if key not in _ABOUT) + "}"
