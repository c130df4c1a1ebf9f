"""Whose mistake it is: the place in the patch that broke a rule which held before."""

from __future__ import annotations

from collections.abc import Sequence

from communitygov.documents.node import Node, Path
from communitygov.vocabulary.problem import Place

__all__ = ["culprit"]


def culprit(blame: Sequence[Node], paths: Sequence[Path]) -> Place | None:
    """Return where one of several patches first says something that comes nearest to what is at fault.

    Args:
        blame: The patches that were laid over rules that held.
        paths: The paths at fault, the chief one first.

    Returns:
        None without patches. Of places as near, that of the first patch and of the first path.
    """
    nearest = max((_along(patch, path) for patch in blame for path in paths), key=lambda pair: pair[0], default=None)
    return None if nearest is None else nearest[1]


def _along(patch: Node, path: Path) -> tuple[int, Place]:
    """Return how far a patch goes along a path, and where the least deep leaf of it there stands."""
    depth = 0
    for key in path:
        below = patch.get(key)
        if below is None:
            break
        patch, depth = below, depth + 1
    _, first = min(patch.leaves(), key=lambda pair: len(pair[0]))
    return depth, first.place
