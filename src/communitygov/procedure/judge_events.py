"""The events of a log as the bulk judge takes them: checked, in order of their cases, as columns of whole numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from attrs import evolve

from communitygov.procedure.given import EMPTY, SPACES
from communitygov.procedure.judge_log import Log
from communitygov.procedure.migrate import MIGRATED
from communitygov.procedure.tables import FACT, events_table
from communitygov.vocabulary.clock import FIRST, LAST, beyond, instant_of
from communitygov.vocabulary.errors import DataError
from communitygov.vocabulary.faults import SHOWN, Fault
from communitygov.vocabulary.frames import Column, Table, check_table, column_problems
from communitygov.vocabulary.problem import Problem, did_you_mean
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

    from communitygov.procedure.rules import Procedure

__all__ = ["take_events", "zone_problems"]


def take_events(procedure: Procedure, adopted: Any, at: dt.datetime) -> Log:
    """Return the events of a frame, in order; it is collected.

    Args:
        procedure: The rule.
        adopted: The frame, as ``judge`` takes it and ``adopt`` gives it.
        at: The instant that the log goes up to, with its time zone.

    Raises:
        DataError: With all that is wrong with the frame.
        UsageError: If that instant has no time zone.
    """
    import narwhals as nw

    instant, table = instant_of(at), events_table(procedure)
    adopted = _without_empty(adopted, table)
    schema = adopted.collect_schema()
    problems = [*column_problems(table, schema), *zone_problems(schema, _times(procedure))]
    unreadable = {problem.path for problem in problems}
    if unreadable.intersection(table.key):
        raise DataError(problems)
    columns = tuple(column for column in table.columns if column.name in schema and column.name not in unreadable)
    asked = adopted.select(*(column.name for column in columns))
    frame = (asked.collect() if isinstance(asked, nw.LazyFrame) else asked).to_polars()
    frame = frame.with_columns(frame[column.name].cast(_dtype(column)) for column in columns if column.kind == "text")
    nameless = bool(frame["case"].null_count() or frame["seq"].null_count())
    codes, order, repeated = (None, None, True) if nameless else _ordered(frame)
    checked = evolve(table, columns=columns, unique=repeated)
    try:
        check_table(checked, nw.from_native(frame), more=[*_faults(procedure, frame, at, instant)])
    except DataError as error:
        raise DataError([*problems, *error.problems]) from None
    if problems:
        raise DataError(problems)
    assert codes is not None, "every event was found to have a case"
    return _log(procedure, instant, frame, codes, order)


def _without_empty(adopted: Any, table: Table) -> Any:
    """Return a frame without the columns of pandas in which nothing is: it has no type for them that says so."""
    if not adopted.implementation.is_pandas():
        return adopted
    may_lack = [column.name for column in table.columns if column.nullable and column.name in adopted.columns]
    return adopted.drop(*(name for name in may_lack if adopted[name].is_null().all()))


def _times(procedure: Procedure) -> list[str]:
    return ["at", *(FACT + name for name, fact in procedure.all_facts.items() if fact.kind == "time")]


def zone_problems(schema: Any, names: Iterable[str]) -> Iterator[Problem]:
    """Yield each column of instants that holds none, or none with a zone; one without any value may be of any kind.

    Args:
        schema: The schema of a Narwhals frame.
        names: The columns, which need not be there.
    """
    import narwhals as nw

    for name in names:
        kind = schema.get(name)
        if kind is None or kind == nw.Unknown:
            continue
        if not isinstance(kind, nw.Datetime):
            zh = f"列 `{name}` 须为带时区的时间，却是 {kind}"
            en = f"column `{name}` must hold times with a zone, found {kind}"
            yield Problem("wrong-column-type", Title(zh=zh, en=en), path=name)
        elif kind.time_zone is None:
            zh = f"列 `{name}` 的时间没有时区；请写明"
            en = f"the times of column `{name}` have no time zone; give them theirs"
            yield Problem("naive-time", Title(zh=zh, en=en), path=name)


def _dtype(column: Column) -> pl.DataType:
    import polars as pl

    return {"text": pl.String(), "flag": pl.Boolean(), "whole": pl.Int64(), "any": pl.Int64()}[column.kind]


def _ordered(frame: pl.DataFrame) -> tuple[tuple[pl.Series, pl.Series], pl.Series | None, bool]:
    """Return the cases with the number of each row's, the order of the rows (None if they are in it), any row twice.

    Whole numbers are sorted many times as fast as text: a case's number is the rank of its name.
    """
    import polars as pl

    cases = frame["case"].unique().sort()
    number, seq = frame["case"].cast(pl.Enum(cases)).to_physical().cast(pl.Int64), frame["seq"]
    least, greatest = (0, 0) if seq.is_empty() else (int(seq.min()), int(seq.max()))  # type: ignore[arg-type]
    span = greatest - least + 1
    if max(abs(least), abs(greatest), span * (len(cases) + 1)) >= 2**63:
        seq, span = seq.rank("dense").cast(pl.Int64), frame.height + 1
        least = 0
    key = number * span + (seq.cast(pl.Int64) - least)
    if (key.diff().slice(1) > 0).all():
        return (cases, number), None, False
    order = key.arg_sort()
    key = key.gather(order)
    return (cases, number), order, bool((key == key.shift(1)).any())


def _faults(procedure: Procedure, frame: pl.DataFrame, at: dt.datetime, instant: int) -> Iterator[Fault]:
    """Yield what can be wrong with the values of a log, of the columns that can be read."""
    import narwhals as nw
    import polars as pl

    for name in _times(procedure):
        kind = frame.schema.get(name)
        if isinstance(kind, pl.Datetime) and kind.time_unit == "ns":
            fine = nw.col(name).dt.timestamp("ns") % 1000 != 0
            title = Title(zh="时间细于微秒，请先取舍", en="parts of a microsecond; round it")
            yield Fault("too-many-decimals", name, fine, title, show=True, reads=(name,))
    if "at" in frame.columns:
        zh, en = f"在 {at} 之后；请给出留痕截止的时间", f"after {at}; give the instant that the log goes up to"
        later = nw.col("at").dt.timestamp("us") > instant
        yield Fault("after-the-log", "at", later, Title(zh=zh, en=en), show=True, reads=("at",))
        if procedure.deadlines:
            told = beyond().problems[0].message
            zone = ZoneInfo(procedure.machine.calendar.zone)
            first, after = (dt.datetime.combine(day, dt.time(), zone) for day in (FIRST, LAST + dt.timedelta(days=1)))
            stamp = nw.col("at").dt.timestamp("us")
            away = (stamp < instant_of(first)) | (stamp >= instant_of(after))
            yield Fault("outside-calendar", "at", away, told, show=True, reads=("at",))
    if "step" in frame.columns:
        known = [*procedure.steps, *procedure.reminders, MIGRATED]
        yield from _unknown("unknown-step", frame, "step", known, Title(zh="没有环节", en="there is no step"))
        zh = "此件由其他规则转来，不能成批评判；请以 explain_stored 逐件说明，或以 fold 逐件评判"
        en = "came over from other rules and is not judged in bulk: explain_stored or fold tell of one such case"
        yield Fault("other-rules", "step", nw.col("step") == MIGRATED, Title(zh=zh, en=en), reads=("step",))
    for name, fact in procedure.all_facts.items():
        if fact.kind == "choice" and FACT + name in frame.columns:
            told = Title(zh="没有取值", en="there is no value")
            yield from _unknown("unknown-value", frame, FACT + name, list(fact.values), told)
    said = [FACT + name for name, fact in procedure.all_facts.items() if fact.kind in ("text", "file")]
    for name in ("actor", "unit", *said):
        if name in frame.columns:
            yield Fault(
                "bad-value", name, nw.col(name).cast(nw.String).str.strip_chars(SPACES) == "", EMPTY, reads=(name,)
            )


def _unknown(code: str, frame: pl.DataFrame, column: str, known: list[str], told: Title) -> Iterator[Fault]:
    """Yield a fault for each word that is none of those known, with the nearest of them; those most often found."""
    import narwhals as nw

    words = frame[column].drop_nulls()
    strange = words.filter(~words.is_in(known)).value_counts(sort=True)[column].to_list()
    for word in strange[:SHOWN]:
        hint = did_you_mean(word, known)
        title = Title(zh=f"{told.zh} `{word}`{hint.zh}", en=f"{told.en} `{word}`{hint.en}")
        yield Fault(code, column, nw.col(column) == word, title, reads=(column,))
    if len(strange) > SHOWN:
        title = Title(zh=f"{told.zh}（其他写法）", en=f"{told.en} such as these")
        yield Fault(code, column, nw.col(column).is_in(strange[SHOWN:]), title, show=True, reads=(column,))


def _log(
    procedure: Procedure,
    instant: int,
    frame: pl.DataFrame,
    codes: tuple[pl.Series, pl.Series],
    order: pl.Series | None,
) -> Log:
    """Return the log: its columns in order, those that the frame lacks empty."""
    import polars as pl

    def sorted_(column: pl.Series) -> pl.Series:
        return column if order is None else column.gather(order)

    steps = pl.Enum([*procedure.steps, *procedure.reminders])
    columns = [
        sorted_(codes[1]).alias("number"),
        sorted_(frame["seq"].cast(pl.Int64)),
        sorted_(frame["step"].cast(steps).to_physical().cast(pl.Int64)),
        sorted_(_instants(frame["at"])),
    ]
    for column in _given(procedure, frame):
        if column.name not in frame.columns:
            columns.append(pl.repeat(None, frame.height, dtype=_dtype(column), eager=True).alias(column.name))
        elif column.kind == "any":
            columns.append(sorted_(_instants(frame[column.name])))
        else:
            columns.append(sorted_(frame[column.name].cast(_dtype(column))))
    return Log(procedure.machine, instant, codes[0], pl.DataFrame(columns))


def _given(procedure: Procedure, frame: pl.DataFrame) -> Iterable[Column]:
    return (column for column in events_table(procedure).columns if column.name not in ("case", "seq", "step", "at"))


def _instants(times: pl.Series) -> pl.Series:
    import polars as pl

    # A column without a value may be of no kind at all.
    return times.dt.epoch("us") if isinstance(times.dtype, pl.Datetime) else times.cast(pl.Int64)
