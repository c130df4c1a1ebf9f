"""What one set of rules says otherwise than another: each value with its places, its clauses and their words."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from communitygov.documents.node import Node, Path
from communitygov.profile.profile import RuleSet
from communitygov.report.contents import Change
from communitygov.vocabulary.problem import Place
from communitygov.vocabulary.text import Title

__all__ = ["changes"]

_LAYERS = {"reform": "改革方案", "amendment": "修订", "reading": "解释口径"}
_SAID = ("title", "note", "clause", "assumed")


@frozen
class _Difference:
    path: Path
    old: Node | None
    new: Node | None


def changes(old: RuleSet, new: RuleSet) -> tuple[Change, ...]:
    """Return what a set of rules says otherwise than another.

    Which readings are chosen is left out: what they change is in.

    Args:
        old: The rules before.
        new: The rules after.

    Example:
        >>> import communitygov
        >>> profile = communitygov.load_profile("shijingshan")
        >>> changed = changes(profile.at("2023"), profile.at("2023", readings={"renewal_reach": "moved_cut"}))
        >>> [(change.path, change.was, change.value) for change in changed]
        [('certification.quality_star.renewal.within', 'original_cut', 'moved_cut')]
    """
    found = []
    for one in _differences(old.root, new.root, ()):
        dotted = ".".join(one.path)
        clauses = (old if one.new is None else new).clause(dotted)
        texts = {**old.rules.clauses, **new.rules.clauses}
        place, layer = _setter(one, new)
        found.append(
            Change(
                path=dotted,
                value="" if one.new is None else _brief(one.new),
                was="" if one.old is None else _brief(one.old),
                place=place,
                was_place=None if one.old is None else one.old.place,
                by=_by(layer),
                quotes={clause: texts[clause].quote for clause in clauses if clause in texts},
            )
        )
    return tuple(found)


def _differences(old: Node, new: Node, path: Path) -> Iterator[_Difference]:
    if old.digest == new.digest:
        return
    if old.children is None or new.children is None:
        yield _Difference(path, old, new)
        return
    for key in dict.fromkeys((*old.children, *new.children)):
        below = (*path, key)
        if below == ("interpretations",):
            continue
        one, other = old.get(key), new.get(key)
        if one is None or other is None:
            yield _Difference(below, one, other)
        else:
            yield from _differences(one, other, below)


def _setter(one: _Difference, new: RuleSet) -> tuple[Place, str]:
    """Return where a difference is written, and by which layer."""
    for layer in reversed(new.layers):
        node = layer.patch.get(*one.path)
        if node is not None:
            return node.place, f"{layer.kind} {layer.name}"
    node = one.new or one.old
    assert node is not None, "a difference is in one of the two"
    first = next((leaf for _, leaf in node.leaves()), node)
    return first.place, first.layer


def _by(layer: str) -> Title:
    kind, _, name = layer.partition(" ")
    return Title(zh=f"{_LAYERS.get(kind, kind)} {name}".strip(), en=layer)


def _brief(node: Node) -> str:
    if node.children is None:
        return node.text()
    return "{" + ", ".join(f"{key}: {_brief(child)}" for key, child in node.children.items() if key not in _SAID) + "}"
