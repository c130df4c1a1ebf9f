"""From the cells of a foreign log to the frame of events: one row per event, in the order of acts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from communitygov.procedure.log_cells import LogCells, Refusal, Words, check_log_columns
from communitygov.procedure.log_mapping import PARTS, LogEvent, LogMapping
from communitygov.procedure.tables import FACT
from communitygov.vocabulary.cells import Cells
from communitygov.vocabulary.frames import SHOWN
from communitygov.vocabulary.problem import Place, Problem
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["EVENT_COLUMNS", "events_of"]

EVENT_COLUMNS = ("case", "seq", "step", "at", *PARTS)
"""The columns that every frame of events has; those of facts, ``fact.<name>``, follow."""

_ROW, _COLUMN, _ORDER = "_row", "_column", "_order"


def events_of(cells: Cells, mapping: LogMapping, *, is_table: bool = True) -> pl.DataFrame:
    """Return the events of a log as a frame.

    Args:
        cells: The log: a column of text for each of its columns, an empty text where nothing is.
        mapping: What its columns are.
        is_table: Whether a column is a place in the file, as in a table; else problems name the row alone.

    Returns:
        One row per event, by case and in the order of acts: ``case`` (text), ``seq`` (1 and up in each case), ``step``,
        ``at`` (instant, UTC), ``actor``, ``role``, ``unit``, ``reason`` (text or null), and ``fact.<name>`` for each
        fact, of its kind.

    Raises:
        DataError: If a column is missing or has no place; else with every cell that cannot be read, and every two
            events of which it is not clear which came first.

    Source:
        Semantics of procedures, 4.2.

    Example:
        >>> import polars as pl
        >>> log = pl.DataFrame({"id": ["7", "7"], "on": ["2024-10-09T09:00Z", "2024-10-08T09:00Z"], "what": ["B", "A"]})
        >>> mapping = LogMapping(case="id", time="on", activity="what", steps={"A": "ask", "B": "reply"})
        >>> events_of(Cells("log.csv", log, range(2, 4)), mapping).select("case", "seq", "step").rows()
        [('7', 1, 'ask'), ('7', 2, 'reply')]
    """
    import polars as pl

    check_log_columns(cells, mapping)
    log = LogCells(cells, mapping, is_table).kept()
    log.ask(_nothing(log))
    events = _of_rows(log) if mapping.events else _one_a_row(log)
    order = ["case", _ORDER] if mapping.seq is not None else ["case", "at", _ORDER, _ROW]
    log.ask(_unordered(log, events))
    events = events.sort(order, maintain_order=True)
    seq = pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("case").alias("seq")
    facts = [FACT + fact.fact for fact in mapping.facts.values()]
    return events.with_columns(seq).select(*EVENT_COLUMNS, *facts)


def _nothing(log: LogCells) -> Iterator[Problem]:
    """Yield a problem if no row is kept, or if the mapping is that of another kind of log."""
    if log.cells.frame.is_empty():
        title = Title(zh="`keep` 与 `ignored` 没有留下任何行", en="`keep` and `ignored` leave no row")
        yield Problem("empty-table", title, Place(log.cells.file))
    if log.mapping.object_type is not None:
        zh, en = "`object_type` 只用于 OCEL 日志，请删去", "`object_type` is for OCEL logs alone; remove it"
        yield Problem("unused-setting", Title(zh=zh, en=en), Place(log.cells.file), path="object_type")


def _one_a_row(log: LogCells) -> pl.DataFrame:
    """Return the events of a log in which each row is one."""
    import polars as pl

    mapping, height = log.mapping, log.cells.frame.height
    assert mapping.time is not None, "the mapping was checked"
    assert mapping.activity is not None, "the mapping was checked"
    column = log.cells.frame.columns.index(mapping.time)
    step = log.named(mapping.activity, Words("unknown-activity", mapping.steps, "steps"), needed=True)
    common = [
        log.text(mapping.case, needed=True).alias("case"),
        step.alias("step"),
        log.time(mapping.time, needed=True).alias("at"),
        *_parts(log, None),
        *(log.facts[name].alias(FACT + fact.fact) for name, fact in mapping.facts.items()),
        pl.int_range(height, eager=True).alias(_ROW),
        pl.repeat(column, height, dtype=pl.Int64, eager=True).alias(_COLUMN),
    ]
    order = pl.repeat(0, height, dtype=pl.Int64, eager=True) if mapping.seq is None else _sequence(log, mapping.seq)
    return pl.DataFrame([*common, order.alias(_ORDER)])


def _of_rows(log: LogCells) -> pl.DataFrame:
    """Return the events of a log in which each row is a case, and has a time for each event that happened."""
    import polars as pl

    mapping, height = log.mapping, log.cells.frame.height
    case = log.text(mapping.case, needed=True).alias("case")
    columns = log.cells.frame.columns
    parts = []
    happened = pl.repeat(False, height, eager=True)
    for key, event in mapping.events.items():
        texts = log.cells.frame[event.at].str.strip_chars() != ""
        happened |= texts
        column = columns.index(event.at)
        facts = {
            FACT + fact.fact: log.facts[name]
            if not fact.events or key in fact.events
            else pl.repeat(None, height, dtype=log.facts[name].dtype, eager=True)
            for name, fact in mapping.facts.items()
        }
        whole = [
            case,
            pl.repeat(event.step, height, dtype=pl.String(), eager=True).alias("step"),
            log.time(event.at).alias("at"),
            *_parts(log, event),
            *(values.alias(name) for name, values in facts.items()),
            pl.int_range(height, eager=True).alias(_ROW),
            *(pl.repeat(column, height, dtype=pl.Int64, eager=True).alias(name) for name in (_COLUMN, _ORDER)),
        ]
        parts.append(pl.DataFrame(whole).filter(texts))

    def say(text: str) -> Title:
        zh = f"件 `{text}` 没有任何时间，便没有事件；请补上时间，或以 `keep` 略去"
        en = f"case `{text}` has no time at all, and so no event; fill one in, or leave it out with `keep`"
        return Title(zh=zh, en=en)

    log.refuse(mapping.case, ~happened & case.is_not_null(), Refusal("no-event", say))
    again = case.is_not_null() & ~case.is_first_distinct()

    def say_again(text: str) -> Title:
        zh = f"件 `{text}` 已在前面的行中；有几个时间的行，一件一行"
        en = f"case `{text}` stands in an earlier row; where a row has several times, a case has one row"
        return Title(zh=zh, en=en)

    log.refuse(mapping.case, again, Refusal("duplicate-row", say_again))
    return pl.concat(parts)


def _parts(log: LogCells, event: LogEvent | None) -> Iterator[pl.Series]:
    """Yield who acted, in what role, with what unit and for what reason."""
    import polars as pl

    nobody = pl.repeat(None, log.cells.frame.height, dtype=pl.String(), eager=True)
    for name in PARTS:
        column = getattr(event, name, None) or getattr(log.mapping, name)
        said = event.as_role if event is not None and name == "role" else None
        if said is not None:
            found = pl.repeat(said, log.cells.frame.height, dtype=pl.String(), eager=True)
        elif column is None:
            found = nobody
        elif name == "role":
            found = log.named(column, Words("unknown-role", log.mapping.roles, "roles"))
        else:
            found = log.text(column)
        yield found.alias(name)


def _sequence(log: LogCells, column: str) -> pl.Series:
    """Return the column that says which event came first."""
    import polars as pl

    texts = log.text(column, needed=True).str.strip_chars()
    whole = texts.str.contains(r"^[-+]?[0-9]{1,18}$")
    zh, en = f"列 `{column}` 须为整数，却是", f"column `{column}` must hold a whole number, found"

    def say(text: str) -> Title:
        return Title(zh=f"{zh} `{text}`", en=f"{en} `{text}`")

    log.refuse(column, ~whole.fill_null(True), Refusal("bad-cell", say))
    return pl.select(pl.when(whole).then(texts)).to_series().cast(pl.Int64())


def _unordered(log: LogCells, events: pl.DataFrame) -> Iterator[Problem]:
    """Yield a problem for each two events of a case of which it is not clear which came first."""
    import polars as pl

    seq = log.mapping.seq
    if seq is None and log.mapping.ties == "file_order":
        return
    by = ["case", "at"] if seq is None else ["case", _ORDER]
    known = events.filter(pl.all_horizontal(pl.col(by).is_not_null()))
    groups = (
        known.sort(_ROW, _COLUMN)
        .group_by(by, maintain_order=True)
        .agg(_ROW, _COLUMN, pl.col("at").first().alias("_at"))
        .filter(pl.col(_ROW).list.len() > 1)
    )
    columns = log.cells.frame.columns
    for case, at, rows, where in groups.head(SHOWN).select("case", "_at", _ROW, _COLUMN).iter_rows():
        places = [
            log.place(row, seq or columns[column]) for row, column in zip(rows[:SHOWN], where[:SHOWN], strict=True)
        ]
        if seq is None:
            zh = f"件 `{case}` 有 {len(rows)} 个事件时间相同（{at:%FT%TZ}），无法确定先后；" + _MEND.zh
            en = f"case `{case}` has {len(rows)} events at one time ({at:%FT%TZ}), and which came first is not clear; "
            yield Problem("same-time", Title(zh=zh, en=en + _MEND.en), places[0], also=tuple(places[1:]), path="time")
        else:
            zh = f"件 `{case}` 有 {len(rows)} 个事件次序相同（列 `{seq}`）"
            en = f"case `{case}` has {len(rows)} events of one number in column `{seq}`"
            yield Problem("duplicate-row", Title(zh=zh, en=en), places[0], also=tuple(places[1:]), path=seq)
    if groups.height > SHOWN:
        rest = groups.height - SHOWN
        zh, en = f"此外还有 {rest} 处先后不明", f"{rest} more where it is not clear which came first"
        yield Problem("more-bad-cells", Title(zh=zh, en=en), Place(log.cells.file))


_MEND = Title(
    zh="若以文件中的顺序为准请写 `ties: file_order`，若有次序列请写 `seq`",
    en="if the file has them in order, declare `ties: file_order`; if a column says so, name it as `seq`",
)
