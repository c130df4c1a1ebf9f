"""Logs in XES (IEEE 1849): an attribute is a column, that of a trace begins with ``case:``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import define, field

from communitygov.procedure.log_events import events_of
from communitygov.procedure.log_mapping import LogMapping
from communitygov.procedure.markup import walk_xml
from communitygov.vocabulary.cells import Cells
from communitygov.vocabulary.errors import DataError
from communitygov.vocabulary.frames import SHOWN
from communitygov.vocabulary.problem import Place, Problem
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["read_xes", "xes_cells"]

_OF_TRACE = "case:"
_VALUES = frozenset({"string", "date", "int", "float", "boolean", "id"})
_NESTS = frozenset({"list", "container"})
_DECLARED = frozenset({"extension", "classifier", "values"})
_HOLDS = {"log": ("trace", "event", "global"), "trace": ("event",), "event": (), "global": ()}
"""What may stand in what, besides attributes; the standard also has events outside traces."""


def read_xes(file: str | Path, mapping: LogMapping) -> pl.DataFrame:
    """Read a log in XES.

    The columns that the mapping names are the keys of attributes: ``time:timestamp``, ``org:resource`` and so on of an
    event, and with ``case:`` before them those of its trace, such as ``case:concept:name``. A value that an event or a
    trace does not give is that of the log's globals. An attribute in another is a column too, its key behind that of
    the other and a stroke: ``address/street``; those of one key in a list are one text, one a line. Which events are
    kept (such as ``complete`` ones of ``lifecycle:transition``) is for the mapping's ``keep`` to say. Each trace is a
    case of its own: two that say the same of what the mapping has as the case are refused.

    Args:
        file: An ``.xes`` file, or one packed with gzip (``.xes.gz``).
        mapping: What its columns are.

    Returns:
        The frame of events, by case and in the order of acts; see ``events_of``.

    Raises:
        UsageError: If the file cannot be read.
        DataError: If it is not XES, has a document type, or is not the log that the mapping says: with every fault, an
            event named by the line that it begins in.

    Source:
        IEEE 1849-2016, Standard for eXtensible Event Stream (XES).

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp()) / "log.xes"
        >>> name, at = '<string key="concept:name" value="{}"/>', '<date key="time:timestamp" value="{}"/>'
        >>> event = f"<event>{name.format('A')}{at.format('2024-10-08T09:00:00+08:00')}</event>"
        >>> _ = file.write_text(f"<log><trace>{name.format('7')}{event}</trace></log>")
        >>> mapping = LogMapping(
        ...     case="case:concept:name", time="time:timestamp", activity="concept:name", steps={"A": "ask"}
        ... )
        >>> read_xes(file, mapping).select("case", "seq", "step").rows()
        [('7', 1, 'ask')]
    """
    reader = _read(file)
    cells = reader.cells()
    problems = list(_merged(reader, cells, mapping.case))
    if problems:
        raise DataError(problems)
    return events_of(cells, mapping, is_table=False)


def xes_cells(file: str | Path) -> Cells:
    """Return the events of a log in XES as a table of text, one row each; see ``read_xes``.

    Args:
        file: The file.

    Raises:
        UsageError: If the file cannot be read.
        DataError: If it is not XES.
    """
    return _read(file).cells()


def _read(file: str | Path) -> _Reader:
    reader = _Reader(str(file))
    walk_xml(Path(file), reader.begin, reader.end)
    if not reader.rows:
        raise DataError(
            Problem("empty-table", Title(zh="日志没有任何事件", en="the log has no events"), Place(str(file)))
        )
    return reader


def _merged(reader: _Reader, cells: Cells, case: str) -> Iterator[Problem]:
    """Yield a problem for each trace that an earlier one is called as: they would become one case."""
    if not case.startswith(_OF_TRACE) or case not in cells.frame.columns:
        return
    named = cells.frame[case]
    begun: dict[str, int] = {}
    again: list[tuple[str, int]] = []
    for first, line in reader.traces:
        name = named[first]
        if name in begun:
            again.append((name, line))
        elif name:
            begun[name] = line
    for name, line in again[:SHOWN]:
        zh = f"有两个 <trace> 的 `{case}` 都是 `{name}`，会并成一件；是一件请合并，是两件请改名"
        en = f"two traces have `{name}` as their `{case}` and would become one case; join them, or name them apart"
        others = (Place(reader.file, begun[name]),)
        yield Problem("duplicate-row", Title(zh=zh, en=en), Place(reader.file, line), also=others, path=case)
    if len(again) > SHOWN:
        rest = len(again) - SHOWN
        title = Title(zh=f"此外还有 {rest} 个这样的 <trace>", en=f"{rest} more traces like these")
        yield Problem("more-bad-cells", title, Place(reader.file, again[SHOWN][1]))


@define
class _Reader:
    """Builds rows from elements as they come.

    Args:
        file: The file.
        rows: The attributes of each event, with those of its trace.
        lines: The line that each begins in.
        traces: The first event of each trace, by its number in ``rows``, and the line that the trace begins in.
        globals: What an attribute is where an event or a trace does not give it.
    """

    file: str
    rows: list[dict[str, str]] = field(factory=list)
    lines: list[int] = field(factory=list)
    traces: list[tuple[int, int]] = field(factory=list)
    globals: dict[str, str] = field(factory=dict)
    open: list[str] = field(factory=list)
    keys: list[str | None] = field(factory=list)
    trace: dict[str, str] = field(factory=dict)
    first: int = 0
    began: int = 0
    here: dict[str, str] = field(factory=dict)
    scope: str = ""

    def begin(self, name: str, attributes: Mapping[str, str], line: int) -> None:
        """Take an element that begins."""
        around = next((one for one in reversed(self.open) if one in _HOLDS), "")
        if not self.open and name != "log":
            raise self._bad(line, f"最外层须为 <log>，却是 <{name}>", f"the root must be <log>, found <{name}>")
        key: str | None = None
        if name in _HOLDS and (not self.open or name in _HOLDS[self.open[-1] if self.open[-1] in _HOLDS else "event"]):
            self._open(name, attributes, line, around)
        elif name in _VALUES or name in _NESTS:
            key = self._attribute(name, attributes, line, around)
        elif name not in _DECLARED:
            raise self._bad(line, f"<{name}> 不能在此处", f"<{name}> cannot stand here")
        self.open.append(name)
        self.keys.append(key)

    def _open(self, name: str, attributes: Mapping[str, str], line: int, around: str) -> None:
        if name == "event" and around != "trace":
            zh, en = "有事件不在 <trace> 之中，不知属于哪一件", "an event outside a <trace> is of no case"
            raise self._bad(line, zh, en)
        if name == "trace":
            self.trace, self.first, self.began = {}, len(self.rows), line
        elif name == "event":
            self.here = {}
            self.lines.append(line)
        elif name == "global":
            self.scope = attributes.get("scope", "")
            if self.scope not in ("trace", "event"):
                zh, en = '<global> 须有 scope="trace" 或 "event"', '<global> needs scope="trace" or "event"'
                raise self._bad(line, zh, en)

    def _attribute(self, name: str, attributes: Mapping[str, str], line: int, around: str) -> str:
        """Take an attribute; return its key, those around it before it."""
        key = attributes.get("key")
        if not key:
            raise self._bad(line, f"<{name}> 没有 key", f"<{name}> has no key")
        above = [one for one in self.keys if one is not None]
        whole = f"{above[-1]}/{key}" if above else key
        if name in _NESTS:
            return whole
        value = attributes.get("value")
        if value is None:
            raise self._bad(line, f"属性 `{whole}` 没有 value", f"the attribute `{whole}` has no value")
        of_trace = around == "trace" or (around == "global" and self.scope == "trace")
        target = {"trace": self.trace, "event": self.here, "global": self.globals}.get(around)
        column = f"{_OF_TRACE}{whole}" if of_trace else whole
        if column == whole and whole.startswith(_OF_TRACE):
            zh = f"事件的属性 `{whole}` 会冒充 <trace> 的属性；请改名，或移到 <trace>"
            en = f"the attribute `{whole}` of an event would pass for one of its trace; rename or move it"
            raise self._bad(line, zh, en)
        if target is None:  # what is said of the whole log is the same for all cases
            return whole
        if column in target and "list" not in self.open:
            raise self._bad(line, f"属性 `{whole}` 重复", f"the attribute `{whole}` stands twice")
        target[column] = f"{target[column]}\n{value}" if column in target else value
        return whole

    def end(self, name: str, _: str) -> None:
        """Take an element that ends."""
        self.open.pop()
        self.keys.pop()
        if name == "event":
            self.rows.append(self.here)
        elif name == "trace":
            if self.first == len(self.rows):
                zh, en = "<trace> 没有事件；请删去", "a <trace> without events; remove it"
                raise self._bad(self.began, zh, en)
            self.traces.append((self.first, self.began))
            for i in range(self.first, len(self.rows)):  # a trace may say of itself behind its events, too
                self.rows[i] = self.trace | self.rows[i]

    def cells(self) -> Cells:
        """Return what was read as a table."""
        import polars as pl

        names = dict.fromkeys([*self.globals, *(name for row in self.rows for name in row)])
        columns = [
            pl.Series(name, [row.get(name, self.globals.get(name, "")) for row in self.rows], pl.String())
            for name in names
        ]
        return Cells(self.file, pl.DataFrame(columns), self.lines)

    def _bad(self, line: int, zh: str, en: str) -> DataError:
        return DataError(Problem("bad-xes", Title(zh=f"不是 XES：{zh}", en=f"not XES: {en}"), Place(self.file, line)))
