"""What no schema sees: ids that no dotted path can name, and reasons that give none."""

from __future__ import annotations

from collections.abc import Iterator

from communitygov.documents.node import Node, Path
from communitygov.vocabulary.problem import Problem
from communitygov.vocabulary.text import Title

__all__ = ["badly_worded"]

_REASONS = ("assumed", "because", "not_modelled")
_BY_COLUMN = ("where", "excluded")
"""Keyed by the columns of data, whose names are not the author's to choose."""


def badly_worded(node: Node, path: Path = ()) -> Iterator[Problem]:
    """Yield a problem for each id with a dot in it and each reason without a word.

    Args:
        node: A document, or a part of one.
        path: Its path.

    Example:
        >>> from communitygov.documents.reading import read_text
        >>> [problem.code for problem in badly_worded(read_text("facts: {a.b: {because: {zh: '', en: ''}}}"))]
        ['bad-key', 'empty-reason', 'empty-reason']
    """
    for key, child in (node.children or {}).items():
        here = (*path, key)
        if "." in key and path[-1:] not in [(name,) for name in _BY_COLUMN]:
            zh = f"标识 `{key}` 不能含 `.`，它在路径中分隔各级；请改用 `-` 或 `_`"
            en = f"the id `{key}` cannot have a `.` in it, which parts the keys of a path; use `-` or `_`"
            yield Problem("bad-key", Title(zh=zh, en=en), child.key or child.place, path=".".join(here))
        if isinstance(child.value, str) and not child.value.strip() and not child.faulty and _gives_reason(here):
            zh, en = "理由为空；请写明原因", "gives no reason; say why"
            yield Problem("empty-reason", Title(zh=zh, en=en), child.place, path=".".join(here))
        yield from badly_worded(child, here)


def _gives_reason(path: Path) -> bool:
    return path[-1] in ("zh", "en") and any(name in _REASONS for name in path[-3:-1])
