"""Located data: what a document says, and for every word of it who said it, where, and what stood there before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cached_property
from types import MappingProxyType
from typing import Literal, cast

from attrs import evolve, field, frozen

from communitygov.vocabulary.numbers import decimal_text
from communitygov.vocabulary.problem import Place
from communitygov.vocabulary.text import Title

__all__ = ["LAYERS", "Kind", "Node", "Path", "Scalar"]

Scalar = str | bool | int | Fraction | None
"""A leaf of a document. ``None`` is written ``~`` and means *remove*; no rule has it as a value."""

Path = tuple[str, ...]
Kind = Literal["mapping", "list", "leaf"]

LAYERS = {"document": "文档", "reform": "改革方案", "amendment": "修订", "reading": "解释口径", "caller": "调用者"}
"""What the kinds of layers are called in Chinese."""


_PATCHED = "patched"


def _freeze(children: Mapping[str, Node] | None) -> MappingProxyType[str, Node] | None:
    if children is None or isinstance(children, MappingProxyType):  # that of another node, which nobody can change
        return children
    return MappingProxyType(dict(children))


@frozen(eq=False)
class Node:
    """One value of a document: a leaf, a list of leaves, or a mapping of nodes.

    Never changed: laying a patch over a node makes new nodes along the touched path and shares all others, with
    what was computed from them.

    Args:
        place: File, line and column of the value.
        layer: The name of the layer that set it, such as ``reform stricter-five-star``.
        value: The leaf, as it was written.
        meant: What the leaf stands for, where its field can be written in several ways: ``5%`` stands for 1/20.
        items: The items, if it is a list.
        children: The nodes below, by key, if it is a mapping.
        collection: Whether it is a mapping by id, which says nothing while it is empty.
        was: The node that this one replaced; where something faulty stood, what was written there, if it could be read.
        key: Where its key stands, if it is a value of a mapping.
        sealed: Whether it is a patch that the tree keeps as it is, removals and all, to be laid down elsewhere.
        faulty: Whether it stands for something faulty, or lacks some of what was written; the fault is reported, and
            what follows from it alone is not.
    """

    place: Place
    layer: str = ""
    value: Scalar = None
    meant: Scalar = None
    items: tuple[Node, ...] | None = None
    children: MappingProxyType[str, Node] | None = field(default=None, converter=_freeze)
    collection: bool = False
    was: Node | None = None
    key: Place | None = None
    sealed: bool = False
    faulty: bool = False
    memo: dict[object, object] = field(factory=dict, init=False, repr=False)
    """What has been computed from this very node (its model, its problems); it lives and dies with the node."""

    @property
    def kind(self) -> Kind:
        """Which of the three it is."""
        if self.children is not None:
            return "mapping"
        return "leaf" if self.items is None else "list"

    @property
    def begins(self) -> Place:
        """Where a reader looks for it: a mapping at its key, all else at its value."""
        return self.key if self.key is not None and self.kind == "mapping" else self.place

    @property
    def is_lost(self) -> bool:
        """Whether it only stands where something faulty was."""
        return self.faulty and self.kind != "mapping"

    @property
    def is_removal(self) -> bool:
        """Whether it is ``~``."""
        return self.kind == "leaf" and self.value is None

    @cached_property
    def plain(self) -> object:
        """The value as dicts, lists and scalars, without places."""
        if self.children is not None:
            return {key: child.plain for key, child in self.children.items()}
        if self.items is not None:
            return [item.plain for item in self.items]
        return self.value

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of what the node says, in whatever order a mapping's keys and however a number is written."""
        value = self.value if self.meant is None else self.meant
        if self.children is not None:
            parts = [f"{json.dumps(key)}:{child.digest}" for key, child in sorted(self.children.items())]
            text = "{" + ",".join(parts) + "}"
        elif self.items is not None:
            text = "[" + ",".join(item.digest for item in self.items) + "]"
        elif isinstance(value, int | Fraction) and not isinstance(value, bool):
            text = f"number {value}"
        else:
            text = json.dumps(value, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def __getitem__(self, key: str) -> Node:
        if self.children is None:
            raise KeyError(key)
        return self.children[key]

    def patched(self, children: Mapping[str, Node], changed: Path, *, faulty: bool = False) -> Node:
        """Return this mapping as a patch leaves it; it knows what it was made from.

        Args:
            children: The nodes below; nobody else may hold this mapping, which is not copied again.
            changed: The keys that were set, added or removed, in that order.
            faulty: Whether the patch lacks some of what was written in it.
        """
        node = evolve(self, children=MappingProxyType(children), faulty=self.faulty or faulty)
        node.memo[_PATCHED] = (self, changed)
        return node

    @property
    def made_of(self) -> tuple[Node, Path] | None:
        """The mapping that a patch made this one from, and the keys that it changed, so that the rest can be shared."""
        return cast("tuple[Node, Path] | None", self.memo.get(_PATCHED))

    def get(self, *path: str) -> Node | None:
        """Return the node at a path below, or None.

        Args:
            path: Keys, outermost first.
        """
        node: Node | None = self
        for key in path:
            node = None if node is None or node.children is None else node.children.get(key)
        return node

    def leaves(self, path: Path = ()) -> Iterator[tuple[Path, Node]]:
        """Yield every leaf, list and empty mapping below, with its path.

        Args:
            path: The path of this node.
        """
        if self.children:
            for key, child in self.children.items():
                yield from child.leaves((*path, key))
        else:
            yield path, self

    def clause(self) -> tuple[str, ...]:
        """Return the clauses that this node itself cites; ``clause:`` speaks for all below it."""
        cited = self.get("clause")
        if cited is None or cited.kind == "mapping":
            return ()
        return tuple(item.text() for item in (cited.items if cited.items is not None else (cited,)))

    def text(self) -> str:
        """Return the value as a document would write it."""
        if self.kind == "mapping":
            return "{...}"
        if self.items is not None:
            return "[" + ", ".join(item.text() for item in self.items) + "]"
        if self.value is None:
            return "~"
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        return decimal_text(self.value) if isinstance(self.value, Fraction) else str(self.value)

    def story(self) -> Title:
        """Return who set this value, and what it was before.

        Example:
            >>> old = Node(Place("certification.yaml", 12, 9), "shijingshan", "10%")
            >>> Node(Place("stricter.yaml", 4, 50), "reform stricter", "5%", was=old).story().en
            '5%, from reform stricter, stricter.yaml:4, was 10%, certification.yaml:12'
        """
        here = Place(self.place.file, self.place.line)
        word, _, name = self.layer.partition(" ")
        value = self.text() if self.children is None else None  # what a mapping holds is told where it stands
        zh = f"{'' if value is None else value + '，'}出自{LAYERS.get(word, word)}{name and ' ' + name}，{here}"
        en = f"{'' if value is None else value + ', '}from {self.layer}, {here}"
        if self.was is not None:
            before = f"{self.was.text()}, {Place(self.was.place.file, self.was.place.line)}"
            zh, en = f"{zh}，原为 {before}", f"{en}, was {before}"
        return Title(zh=zh, en=en)
