"""References: the ids that one part of a profile names and another part must have."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from communitygov.documents.blame import culprit
from communitygov.documents.check import clause_at
from communitygov.documents.fields import is_mapping, is_rule, terms, without_none
from communitygov.documents.node import Node, Path
from communitygov.documents.rule import Rule
from communitygov.vocabulary.problem import Problem, did_you_mean
from communitygov.vocabulary.text import Title

__all__ = ["dangling"]

_SECTIONS: dict[str, Path] = {
    "clause": ("clauses",),
    "index": ("index",),
    "certification": ("certification",),
    "measure": ("measures",),
    "expectation": ("expectations",),
    "fact": ("facts",),
    "source": ("profile", "sources"),
}
"""Where the ids stand that a reference of each kind must be one of."""

_NAMES = {
    "clause": Title(zh="条款", en="clause"),
    "index": Title(zh="评价体系", en="index"),
    "certification": Title(zh="认定", en="certification"),
    "measure": Title(zh="指标口径", en="measure"),
    "expectation": Title(zh="要求", en="expectation"),
    "fact": Title(zh="事实", en="fact"),
    "source": Title(zh="来源", en="source"),
}

_Named = frozenset[str]
"""References without their places: the kind, a colon, the id. Texts, since the collector does not trace them."""

_Sections = Mapping[str, Node | None]
"""The section of each kind of reference, if there is one."""


def dangling(root: Node, cls: type[Rule], blame: Sequence[Node] = ()) -> Iterator[Problem]:
    """Yield a problem for each reference to an id that is not there.

    What a part of a tree was held against is kept on its node, so that after a patch only what it touches is looked at
    again, and what names an id that it took away.

    Args:
        root: The whole tree.
        cls: The class of its root.
        blame: The patches that were laid over a tree without any; one that took the id away is shown.
    """
    # A part on its own, such as a reform, refers to what it is laid over.
    kinds = {kind: path for kind, path in _SECTIONS.items() if path[0] in terms(cls)}
    sections = {kind: root.get(*path) for kind, path in kinds.items()}
    if _hold(root, cls, sections):
        return
    for path, kind, leaf in _references(root, cls, ()):
        section = sections.get(kind)
        lost = root.faulty if section is None else section.faulty
        if not (_holds(kind, leaf, sections) or lost):
            what, hint = _NAMES[kind], did_you_mean(leaf.text(), (section.children or ()) if section else ())
            zh, en = f"没有{what.zh} `{leaf.text()}`{hint.zh}", f"there is no {what.en} `{leaf.text()}`{hint.en}"
            clause = () if kind == "clause" else clause_at(root, path)
            said = any(patch.get(*path) is not None for patch in blame)
            gone = None if said else culprit(blame, root, [(*kinds[kind], leaf.text())])
            place, also = (leaf.place, ()) if gone is None else (gone, (leaf.place,))
            yield Problem("unknown-reference", Title(zh=zh, en=en), place, also, clause, ".".join(path))


def _hold(node: Node, hint: Any, sections: _Sections) -> bool:
    """Return whether all that is named at or below a node is there; the sections it was found in are kept on it."""
    if node.children is None or not (is_rule(hint) or is_mapping(hint)):
        return True
    key = ("held", hint)
    before = typing.cast("_Sections | None", node.memo.get(key))
    if before is not None and _still_hold(node, hint, before, sections):
        return True
    below: Iterable[tuple[str, Node, Any]] = _below(node, hint)
    if is_mapping(hint) and node.made_of is not None and _hold(node.made_of[0], hint, sections):
        below = _below(node, hint, node.made_of[1])
    if not all(_holds(kind, leaf, sections) for _, kind, leaf in _own(node, hint)):
        return False
    if not all(_hold(child, inner, sections) for _, child, inner in below):
        return False
    node.memo[key] = sections
    return True


def _holds(kind: str, leaf: Node, sections: _Sections) -> bool:
    section = sections.get(kind)
    return kind not in sections or (section is not None and leaf.text() in (section.children or ()))


def _still_hold(node: Node, hint: Any, before: _Sections, now: _Sections) -> bool:
    """Return whether nothing that a node names was taken away since it was last looked at."""
    if before is now or before.keys() != now.keys():  # those of a part on its own were not looked for
        return before is now
    gone = [f"{kind}:{name}" for kind, section in now.items() for name in _gone(before.get(kind), section)]
    return not gone or _named(node, hint).isdisjoint(gone)


def _gone(before: Node | None, now: Node | None) -> Iterable[str]:
    """Return the ids that a section no longer has; kept on it, since all that stood before asks for the same."""
    if before is now or before is None or before.children is None:
        return ()
    if now is None:
        return before.children
    left: Mapping[str, Node] = now.children or {}
    key = ("gone", before)
    if key not in now.memo:
        if now.made_of is None:
            suspects: Iterable[str] = before.children.keys() - left.keys()
        else:
            suspects = dict.fromkeys((*now.made_of[1], *_gone(before, now.made_of[0])))
        now.memo[key] = tuple(name for name in suspects if name in before.children and name not in left)
    return typing.cast("tuple[str, ...]", now.memo[key])


def _named(node: Node, hint: Any) -> _Named:
    """Return what is referred to at or below a node; kept on the node."""
    key = ("named", hint)
    if key not in node.memo:
        own = [f"{refers}:{leaf.text()}" for _, refers, leaf in _own(node, hint)]
        node.memo[key] = frozenset(own).union(*(_named(child, below) for _, child, below in _below(node, hint)))
    return typing.cast("_Named", node.memo[key])


def _references(node: Node, hint: Any, path: Path) -> Iterator[tuple[Path, str, Node]]:
    """Yield every reference at or below a node: its path, its kind and the leaf."""
    yield from (((*path, name), refers, leaf) for name, refers, leaf in _own(node, hint))
    for name, child, below in _below(node, hint):
        yield from _references(child, below, (*path, name))


def _own(node: Node, hint: Any) -> Iterator[tuple[str, str, Node]]:
    """Yield the references that a rule makes itself."""
    if is_rule(hint):
        for name, child in (node.children or {}).items():
            refers = terms(hint)[name].refers
            if refers:
                leaves = child.items if child.items is not None else (child,)
                yield from ((name, refers, leaf) for leaf in leaves if not leaf.faulty)


def _below(node: Node, hint: Any, keys: Path | None = None) -> Iterator[tuple[str, Node, Any]]:
    """Yield what stands below a node, or under some of its keys, that may refer to something, with its type."""
    children: Mapping[str, Node] = node.children or {}
    if is_mapping(hint):
        inner = without_none(typing.get_args(hint)[1])
        yield from ((key, children[key], inner) for key in (children if keys is None else keys) if key in children)
    elif is_rule(hint):
        fields = terms(hint)
        yield from ((name, child, fields[name].type) for name, child in children.items() if not fields[name].refers)
