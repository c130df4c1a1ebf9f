"""What one set of rules says otherwise than another."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from communitygov.documents.node import Node, Path
from communitygov.profile.ruleset import RuleSet
from communitygov.vocabulary.problem import Place

__all__ = ["Change", "changes"]


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
        was_place=None if one is None else one.place,
        layer=layer,
        clause=(old if other is None else new).clause(dotted),
    )


def _setter(path: Path, node: Node | None, new: RuleSet) -> tuple[Place, str]:
    """Return where a difference is written and by which layer; a removal stands only in the layer's patch."""
    for layer in reversed(new.layers):
        patch = layer.patch.get(*path)
        if patch is not None:
            return patch.place, f"{layer.kind} {layer.name}"
    assert node is not None, "a difference is in one of the two"
    first = next((leaf for _, leaf in node.leaves()), node)
    return first.place, first.layer
