"""What one set of rules says otherwise than another, ready to be shown: places, clauses and their words."""

from __future__ import annotations

from communitygov.documents.node import Node
from communitygov.profile.changes import changes
from communitygov.profile.ruleset import RuleSet
from communitygov.report.contents import Change
from communitygov.vocabulary.problem import Place
from communitygov.vocabulary.text import Language, Title

__all__ = ["changes_text", "shown_changes"]

_LAYERS = {"reform": "改革方案", "amendment": "修订", "reading": "解释口径"}
_SAID = ("title", "note", "clause", "assumed")
_WAS = Title(zh="原为", en="was")
_NOTHING = Title(zh="无", en="nothing")
_REMOVED = Title(zh="删除", en="removed")


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


def changes_text(changed: tuple[Change, ...], lang: Language) -> str:
    """Write changes, one a line: what, by which file and line, what it was and where, and the clauses.

    Args:
        changed: The changes.
        lang: The language.
    """
    between = "，" if lang == "zh" else ", "
    lines = []
    for one in changed:
        said = [f"{one.value or _REMOVED.say(lang)}", f"{one.by.say(lang)} {_where(one.place)}"]
        was = f"{_WAS.say(lang)} {one.was or _NOTHING.say(lang)}"
        said.append(was if one.was_place is None else f"{was} ({_where(one.was_place)})")
        clause = f" [{', '.join(one.quotes)}]" if one.quotes else ""
        lines.append(f"{one.path}: {between.join(said)}{clause}")
    return "\n".join(lines)


def _where(place: Place) -> str:
    return str(Place(place.file, place.line))


def _by(layer: str) -> Title:
    kind, _, name = layer.partition(" ")
    return Title(zh=f"{_LAYERS.get(kind, kind)} {name}".strip(), en=layer)


def _brief(node: Node) -> str:
    if node.children is None:
        return node.text()
    return "{" + ", ".join(f"{key}: {_brief(child)}" for key, child in node.children.items() if key not in _SAID) + "}"
