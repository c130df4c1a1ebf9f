"""Whose mistake it is: the place in the patch that broke a rule which held before."""

from __future__ import annotations

from collections.abc import Sequence

from communitygov.documents.node import Node, Path
from communitygov.vocabulary.problem import Place

__all__ = ["culprit"]


def culprit(blame: Sequence[Node], root: Node, paths: Sequence[Path]) -> Place | None:
    """Return where one of several patches first says something that comes nearest to what is at fault.

    What says only what stood there before is innocent, and so is what has none of the paths at or below it, as long as
    anything else can be found.

    Args:
        blame: The patches that were laid over rules that held.
        root: The tree with the patches laid over it.
        paths: The paths at fault, the chief one first, and those of all that takes part.

    Returns:
        None without patches. Of places as near, that of the first patch and of the first path.
    """
    nearest: tuple[tuple[bool, bool, int, int], Place] | None = None
    for patch in blame:
        for stop, touches in dict.fromkeys(_along(patch, path) for path in paths):
            reached = patch.get(*stop)
            for path, leaf in reached.leaves() if reached is not None else ():
                far, deep = -len(path), len(stop)
                near = (_changes(leaf, root.get(*stop, *path)), touches, *((far, deep) if touches else (deep, far)))
                if nearest is None or near > nearest[0]:
                    nearest = near, leaf.place
    return None if nearest is None else nearest[1]


def _along(patch: Node, path: Path) -> tuple[Path, bool]:
    """Return how far a patch goes along a path, and whether it sets or removes what is there, itself or a part."""
    for depth, key in enumerate(path):
        if patch.children is None or key not in patch.children:
            return path[:depth], patch.children is None
        patch = patch.children[key]
    return path, True


def _changes(leaf: Node, after: Node | None) -> bool:
    """Return whether a leaf of a patch says something else than what stood where it was laid."""
    if after is None:
        return True  # removed
    laid: Node | None = after
    while laid is not None and laid.place != leaf.place:
        laid = laid.was
    if laid is None:
        # Another patch says the same and was laid last, or the leaf is a mapping without anything in it.
        laid = after
        if leaf.kind == "mapping":
            return False
    return laid.was is None or laid.was.digest != laid.digest
