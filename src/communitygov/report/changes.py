"""What one set of rules says otherwise than another, ready to be shown: places, clauses and their words."""

from __future__ import annotations

from communitygov.documents.node import LAYERS, Node
from communitygov.profile.changes import changes
from communitygov.profile.ruleset import RuleSet
from communitygov.report.contents import Change
from communitygov.vocabulary.text import Title

__all__ = ["shown_changes"]

_SAID = ("title", "note", "clause", "assumed")


def shown_changes(old: RuleSet, new: RuleSet) -> tuple[Change, ...]:
    """Return what a set of rules says otherwise than another, with the words of the clauses.

    Args:
        old: The rules before.
        new: The rules after.

    Example:
        >>> import communitygov
        >>> profile = communitygov.load_profile("shijingshan")
        >>> changed = shown_changes(profile.at("2023"), profile.at("2023", readings={"renewal_reach": "moved_cut"}))
        >>> [(change.path, change.was, change.value) for change in changed]
        [('certification.quality_star.renewal.within', 'original_cut', 'moved_cut')]
    """
    texts = {**old.rules.clauses, **new.rules.clauses}
    return tuple(
        Change(
            path=one.path,
            value="" if one.new is None else _brief(one.new),
            was="" if one.old is None else _brief(one.old),
            place=one.place,
            was_place=one.was_place,
            by=_by(one.layer),
            quotes={clause: texts[clause].quote for clause in one.clause if clause in texts},
        )
        for one in changes(old, new)
    )


def _by(layer: str) -> Title:
    kind, _, name = layer.partition(" ")
    return Title(zh=f"{LAYERS.get(kind, kind)} {name}".strip(), en=layer)


def _brief(node: Node) -> str:
    if node.children is None:
        return node.text()
    return "{" + ", ".join(f"{key}: {_brief(child)}" for key, child in node.children.items() if key not in _SAID) + "}"
