"""XML, element by element, with the line of each; a document type or an entity is refused before it is read."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO
from xml.parsers import expat

from communitygov.vocabulary.errors import DataError, UsageError
from communitygov.vocabulary.files import reason_of
from communitygov.vocabulary.problem import Place, Problem
from communitygov.vocabulary.text import Title

__all__ = ["walk_xml"]

Begin = Callable[[str, Mapping[str, str], int], None]
End = Callable[[str, str], None]

_GZIP = b"\x1f\x8b"


def walk_xml(file: Path, begin: Begin, end: End) -> None:
    """Read a file of XML from its beginning to its end, and tell of each element as it comes.

    Args:
        file: The file; one that is packed with gzip is unpacked on the way.
        begin: Is told of an element that begins: its name without prefix, its attributes, its line.
        end: Is told of an element that ends: its name, and the text that stands right in it behind its last element.

    Raises:
        UsageError: If the file cannot be read.
        DataError: If it is not XML, or has a document type: through one a small file can stand for a very large one,
            or for other files.

    Source:
        Extensible Markup Language (XML) 1.0, fifth edition, 2.8 and 4.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    text: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        text.clear()
        begin(name.rpartition(":")[2], attributes, parser.CurrentLineNumber)

    def stop(name: str) -> None:
        end(name.rpartition(":")[2], "".join(text))
        text.clear()

    def refuse(*_: object) -> None:
        zh = "含有 DOCTYPE，不予读取：它可使小文件展开成大文件，或引入别的文件；请删去这一声明"
        en = "has a DOCTYPE, which is not read: it can make a small file a large one, or bring in others; remove it"
        raise DataError(Problem("doctype", Title(zh=zh, en=en), Place(str(file), parser.CurrentLineNumber)))

    parser.StartElementHandler, parser.EndElementHandler = start, stop
    parser.CharacterDataHandler = text.append
    parser.StartDoctypeDeclHandler = refuse
    try:
        with file.open("rb") as opened:
            packed = opened.read(2) == _GZIP
            opened.seek(0)
            if packed:
                with gzip.open(opened) as unpacked:
                    _feed(parser, unpacked)
            else:
                _feed(parser, opened)
    except expat.ExpatError as error:
        said = expat.errors.messages[error.code]
        title = Title(zh=f"不是合规的 XML（{said}）", en=f"not well-formed XML: {said}")
        raise DataError(Problem("bad-xml", title, Place(str(file), error.lineno, error.offset + 1))) from None
    except (gzip.BadGzipFile, EOFError, zlib.error):
        title = Title(zh="gzip 压缩包已损坏或不完整", en="the gzip file is broken or cut off")
        raise DataError(Problem("bad-xml", title, Place(str(file)))) from None
    except OSError as error:
        reason = reason_of(error)
        raise UsageError.because(
            "unreadable-file", zh=f"{file}：无法读取：{reason.zh}", en=f"{file}: cannot be read: {reason.en}"
        ) from None


def _feed(parser: expat.XMLParserType, opened: BinaryIO | gzip.GzipFile) -> None:
    while chunk := opened.read(1 << 16):
        parser.Parse(chunk, False)
    parser.Parse(b"", True)
