"""YAML text to located data.

The C parser's events are read, nothing else: no tag is resolved, no object is built, no alias is followed. Plain
scalars are resolved here by the core rules of YAML 1.2, and numbers exactly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from attrs import evolve

from communitygov.documents.node import Node, Scalar
from communitygov.vocabulary.errors import DocumentError
from communitygov.vocabulary.problem import Place, Problem
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    from yaml.error import MarkedYAMLError
    from yaml.events import Event

__all__ = ["DIGITS", "MAX_BYTES", "MAX_DEPTH", "read_document", "read_text", "try_document"]

MAX_BYTES = 2 * 1024 * 1024
MAX_DEPTH = 64
DIGITS = 30
"""Digits that a number may have on either side of its point; so many can be written back."""

_LONGEST = 100

_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_TAB = re.compile(r"^ *\t", re.MULTILINE)


def read_document(file: str | FilePath, *, layer: str = "", name: str | None = None) -> Node:
    """Read one YAML file.

    Args:
        file: Its path.
        layer: The name of the layer that the file belongs to.
        name: The path to show in places; the path as given, if None.

    Returns:
        The document as located data.

    Raises:
        DocumentError: With every problem that the text has; nothing is half loaded.
    """
    problems: list[Problem] = []
    node = try_document(file, problems, layer=layer, name=name)
    if node is None or problems:
        raise DocumentError(problems)
    return node


def try_document(
    file: str | FilePath, problems: list[Problem], *, layer: str = "", name: str | None = None
) -> Node | None:
    """Read one YAML file as far as it can be read, for those who look for every problem of it.

    Args:
        file: Its path.
        problems: Collects every problem that the text has.
        layer: The name of the layer that the file belongs to.
        name: The path to show in places; the path as given, if None.

    Returns:
        The document, its faulty values marked; None where the text is no document at all.
    """
    shown = name or str(file)
    try:
        data = FilePath(file).read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        problems.append(
            _problem("unreadable-file", Place(shown), zh=f"无法读取：{reason}", en=f"cannot be read: {reason}")
        )
        return None
    return _try_text(data, problems, name=shown, layer=layer)


def read_text(data: bytes | str, *, name: str = "<text>", layer: str = "") -> Node:
    r"""Read a document from its bytes or its text.

    Args:
        data: UTF-8 without a byte-order mark, at most 2 MiB.
        name: What to call it in places.
        layer: The name of the layer that it belongs to.

    Raises:
        DocumentError: With every problem that the text has.

    Example:
        >>> read_text("share: 5%\nopen: no").plain
        {'share': '5%', 'open': 'no'}
    """
    problems: list[Problem] = []
    raw = data.encode(errors="surrogatepass") if isinstance(data, str) else data
    node = _try_text(raw, problems, name=name, layer=layer)
    if node is None or problems:
        raise DocumentError(problems)
    return node


def _try_text(data: bytes, problems: list[Problem], *, name: str, layer: str) -> Node | None:
    try:
        text = _decode(data, name)
    except DocumentError as error:
        problems.extend(error.problems)
        return None
    reader = _Reader(name, layer)
    node = reader.read(text)
    problems.extend(reader.problems)
    return None if node is None or node.children is None else node


def _problem(code: str, place: Place, *, zh: str, en: str, also: tuple[Place, ...] = ()) -> Problem:
    return Problem(code, Title(zh=zh, en=en), place, also=also)


def _decode(data: bytes, name: str) -> str:
    if len(data) > MAX_BYTES:
        raise DocumentError(
            _problem(
                "file-too-large",
                Place(name),
                zh=f"文件有 {len(data)} 字节，上限为 {MAX_BYTES}（2 MiB），请拆分",
                en=f"the file has {len(data)} bytes, at most {MAX_BYTES} (2 MiB) are read; split it",
            )
        )
    if data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise DocumentError(
            _problem(
                "byte-order-mark",
                Place(name, 1, 1),
                zh="文件以字节顺序标记（BOM）开头，请另存为不带 BOM 的 UTF-8",
                en="the file begins with a byte-order mark; save it as UTF-8 without one",
            )
        )
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = len(before.rsplit(b"\n", 1)[-1].decode(errors="replace")) + 1
        raise DocumentError(
            _problem(
                "not-utf8",
                Place(name, line, column),
                zh=f"不是 UTF-8：字节 0x{data[error.start]:02x}；请将文件转存为 UTF-8",
                en=f"not UTF-8: byte 0x{data[error.start]:02x}; save the file as UTF-8",
            )
        ) from None
    tabs = [
        _problem(
            "tab",
            Place(name, text.count("\n", 0, match.start()) + 1, match.end() - match.start()),
            zh="缩进中有制表符，请改用空格",
            en="a tab in the indentation; use spaces",
        )
        for match in _TAB.finditer(text)
    ]
    if tabs:
        raise DocumentError(tabs)
    return text


def _step(event: Event) -> int:
    """Return how much deeper it is behind an event."""
    kind = type(event).__name__
    return int(kind.endswith("StartEvent")) - int(kind.endswith("EndEvent"))


def _first_too_deep(text: str, error: MarkedYAMLError) -> Event | None:
    """Return the first event that goes too deep, if it is the depth that libyaml gave up at.

    Newer versions do so at a depth of their own, and look so far ahead that they name no event before it. The parser
    in Python has no such limit; it is slow, and reads no further than to that event.
    """
    import yaml

    if error.problem_mark is None or "nesting depth" not in str(error.problem):
        return None
    depth = -2  # the stream and the document are levels too, to the parser
    try:
        for event in yaml.parse(text[: error.problem_mark.index], Loader=yaml.SafeLoader):
            depth += _step(event)
            if depth > MAX_DEPTH:
                found: Event = event
                return found
    except yaml.YAMLError:  # what was cut off behind it
        pass
    return None


class _Reader:
    """Builds nodes from parser events and collects what is wrong on the way."""

    def __init__(self, name: str, layer: str) -> None:
        self.name = name
        self.layer = layer
        self.problems: list[Problem] = []

    def read(self, text: str) -> Node | None:
        import yaml

        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            events = iter(list(yaml.parse(text, Loader=loader)))
        except yaml.MarkedYAMLError as error:
            deep = _first_too_deep(text, error)
            if deep is not None:
                self._refuse_depth(self._place(deep))
                return None
            mark = error.problem_mark or error.context_mark
            place = Place(self.name, mark.line + 1, mark.column + 1) if mark else Place(self.name)
            said = " ".join(part for part in (error.context, error.problem) if part)
            began = error.context_mark
            also = (Place(self.name, began.line + 1, began.column + 1),) if began else ()
            zh, en = f"YAML 语法错误：{said}", f"YAML syntax: {said}"
            self.problems.append(_problem("yaml-syntax", place, zh=zh, en=en, also=also))
            return None
        except yaml.YAMLError as error:
            said = str(error).splitlines()[0]
            before = text[: getattr(error, "position", 0)]
            place = Place(self.name, before.count("\n") + 1, len(before) - before.rfind("\n"))
            self.problems.append(_problem("yaml-syntax", place, zh=f"YAML 语法错误：{said}", en=f"YAML syntax: {said}"))
            return None
        next(events)
        event = next(events)
        if type(event).__name__ != "DocumentStartEvent":
            self.problems.append(_problem("empty-file", Place(self.name), zh="文件是空的", en="the file is empty"))
            return None
        node = self._node(next(events), events, 1)
        next(events)
        more = next(events)
        if type(more).__name__ == "DocumentStartEvent":
            self.problems.append(
                _problem(
                    "several-documents",
                    self._place(more),
                    zh="一个文件只能有一份文档；请拆成两个文件",
                    en="a second document; a file holds one, split it",
                )
            )
        elif node.children is None and not self.problems:
            self.problems.append(
                _problem(
                    "wrong-type",
                    node.place,
                    zh="文档须是键值映射（键: 值）",
                    en="a document is a mapping (key: value)",
                )
            )
        return node

    def _place(self, event: Any) -> Place:
        return Place(self.name, event.start_mark.line + 1, event.start_mark.column + 1)

    def _node(self, event: Event, events: Iterator[Event], depth: int) -> Node:
        kind = type(event).__name__
        place = self._place(event)
        known = len(self.problems)
        self._refuse_tricks(event, place)
        tagged = getattr(event, "tag", None) is not None
        if kind in ("MappingStartEvent", "SequenceStartEvent"):
            if depth > MAX_DEPTH:
                return self._too_deep(events, place)
            mapping = kind == "MappingStartEvent"
            node = self._mapping(events, depth, place) if mapping else self._list(events, depth, place)
            return Node(place, self.layer, "", faulty=True) if tagged else node
        value = self._scalar(event, place) if kind == "ScalarEvent" else ""
        return Node(place, self.layer, value, faulty=len(self.problems) > known)

    def _refuse_tricks(self, event: Event, place: Place) -> None:
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        if anchor is not None:
            self.problems.append(
                _problem(
                    "alias",
                    place,
                    zh=f"不支持锚点和别名（{anchor}），请写出内容",
                    en=f"anchors and aliases are refused ({anchor}); write the content out",
                )
            )
        if tag is not None:
            shown = str(tag).replace("tag:yaml.org,2002:", "!!")
            self.problems.append(
                _problem(
                    "tag",
                    place,
                    zh=f"不支持标签 `{shown}`，请去掉；未执行任何内容",
                    en=f"the tag `{shown}` is refused, take it off; nothing was executed",
                )
            )

    def _refuse_depth(self, place: Place) -> None:
        self.problems.append(
            _problem(
                "too-deep",
                place,
                zh=f"嵌套超过 {MAX_DEPTH} 层，请少套几层",
                en=f"nested deeper than {MAX_DEPTH} levels; nest less deeply",
            )
        )

    def _too_deep(self, events: Iterator[Event], place: Place) -> Node:
        self._refuse_depth(place)
        level = 1
        while level:
            level += _step(next(events))
        return Node(place, self.layer, "", faulty=True)

    def _mapping(self, events: Iterator[Event], depth: int, place: Place) -> Node:
        children: dict[str, Node] = {}
        faulty = False
        places: dict[str, Place] = {}
        while type(event := next(events)).__name__ != "MappingEndEvent":
            at = self._place(event)
            if type(event).__name__ != "ScalarEvent":
                self._node(event, events, depth + 1)
                self.problems.append(_problem("bad-key", at, zh="键须是文字", en="a key must be a word"))
                key = ""
            else:
                self._refuse_tricks(event, at)
                key = getattr(event, "value", "")
                if not key:
                    self.problems.append(_problem("bad-key", at, zh="键是空的", en="the key is empty"))
            node = evolve(self._node(next(events), events, depth + 1), key=at)
            faulty = faulty or not key or key in children
            if key in children:
                self.problems.append(
                    _problem(
                        "duplicate-key",
                        at,
                        zh=f"键 `{key}` 重复，只留其一；先前在",
                        en=f"the key `{key}` is repeated, keep one; it stands already at",
                        also=(places[key],),
                    )
                )
            elif key:
                children[key], places[key] = node, at
        return Node(place, self.layer, children=children, faulty=faulty)

    def _list(self, events: Iterator[Event], depth: int, place: Place) -> Node:
        items: list[Node] = []
        while type(event := next(events)).__name__ != "SequenceEndEvent":
            items.append(self._node(event, events, depth + 1))
        return Node(place, self.layer, items=tuple(items))

    def _scalar(self, event: Any, place: Place) -> Scalar:
        text = str(event.value)
        if event.style:
            return text
        if text == "":
            self.problems.append(
                _problem(
                    "empty-value",
                    place,
                    zh="没有值；若要删除请写 `~`，若要空文字请写引号",
                    en='no value; write `~` to remove something, or "" for an empty text',
                )
            )
            return ""
        if text in ("~", "null", "Null", "NULL"):
            return None
        if text in ("true", "True", "TRUE", "false", "False", "FALSE"):
            return text[0] in "tT"
        return self._number(text, place)

    def _number(self, text: str, place: Place) -> Scalar:
        if _BASED.fullmatch(text):
            value = Fraction(int(text, 0)) if len(text) <= _LONGEST else None
        elif _FLOAT.fullmatch(text):
            value = _exactly(text)
        elif _NOT_FINITE.fullmatch(text):
            value = None
        else:
            return text
        if value is None or abs(value) >= 10**DIGITS or 10**DIGITS % value.denominator:
            self.problems.append(
                _problem(
                    "bad-number",
                    place,
                    zh=f"`{text[:20]}` 不能作为数：须有限，小数点前后各不超过 {DIGITS} 位",
                    en=f"`{text[:20]}` is no number here: it must be finite, with at most {DIGITS} digits on "
                    "either side of the point",
                )
            )
            return 0
        return value.numerator if value.denominator == 1 else value


def _exactly(text: str) -> Fraction | None:
    """Return a number by its text, or None where reading it out would cost more than it can be worth."""
    exponent = text.lower().partition("e")[2]
    if len(text) > _LONGEST or len(exponent.lstrip("+-0")) > 2:
        return None
    return Fraction(text)
