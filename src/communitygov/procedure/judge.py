"""Judging finished logs in bulk: everything that is wrong with each event and each case, and a row for each case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from communitygov.procedure.acts import CASE_FAULTS, EVENT_FAULTS
from communitygov.procedure.judge_acts import act_verdicts
from communitygov.procedure.judge_cases import cases_of, fold_cases
from communitygov.procedure.judge_events import take_events
from communitygov.procedure.judge_log import Log
from communitygov.procedure.judge_order import order_verdicts, places_of
from communitygov.procedure.judge_times import judge_times
from communitygov.procedure.tables import case_columns
from communitygov.vocabulary.frames import adopt, in_kind_of

if TYPE_CHECKING:
    import polars as pl

    from communitygov.procedure.rules import Procedure

__all__ = ["Judged", "judge"]


@frozen(eq=False)
class Judged:
    """What a procedure says of a finished log.

    ``verdicts`` has one row for each thing that is wrong, by case and order:

    - ``case``, ``seq``: the event; ``seq`` is missing where it is wrong with the case as a whole;
    - ``verdict``: what is wrong, one of ``EVENT_FAULTS`` or ``CASE_FAULTS``;
    - ``what``: the step, fact, role, line, deadline or reminder that it is about;
    - ``unit``: the unit whose line it is, on a line per unit;
    - ``by`` (Int64): how late: days, or microseconds of hours; missing where nothing is late;
    - ``counted``: what that counts, as the limit does: ``working_days``, ``elapsed_hours`` or another ``Unit``;
    - ``provisional``: whether that rests on a year that is not published.

    ``cases`` has one row for each case, in order, with the columns of ``case_columns``: instants in the zone of the
    procedure's clock (UTC without one), a worth in whole hundredths.

    Args:
        verdicts: As above, of the kind that was given.
        cases: As above, of the kind that was given.
        procedure: The rule.
        key: The columns that name a row of the cases.
        outcome: The columns of the cases that are the result, for a comparison of two rule sets.
        because: The columns that say why.
    """

    verdicts: Any = field(repr=False)
    cases: Any = field(repr=False)
    procedure: Procedure = field(repr=False)
    key: tuple[str, ...]
    outcome: tuple[str, ...]
    because: tuple[str, ...]

    @property
    def frame(self) -> Any:
        """The cases: what a comparison of two results goes by."""
        return self.cases


def judge(
    procedure: Procedure, events: Any, at: dt.datetime, *, tell: Callable[[int, int], None] | None = None
) -> Judged:
    """Judge a finished log: what is wrong with each event and each case, as the fold of each case has it.

    The whole log is put in order in memory, with Polars: a lazy frame is collected, a frame of another kind is copied,
    and the results are handed back in the kind that was given. Only a case that is paused and whose time goes back from
    one event to the next is judged by the fold, one event after the other.

    Args:
        procedure: The rule that the cases were opened under.
        events: One row for each event, in any order, with the columns of ``events_table(procedure)``; Polars (eager or
            lazy), pandas, PyArrow, DuckDB.
        at: The instant that the log goes up to, with its time zone: what is overdue by then is overdue.
        tell: What is told how many steps of the work are done, and how many there are.

    Returns:
        The verdicts and the cases.

    Raises:
        DataError: If the rows are not as declared (columns, missing values, an event twice, times without a zone or
            finer than microseconds or after ``at``, a step or the value of a choice that is none); it names column and
            rows, all at once.
        UsageError: If ``at`` has no time zone, or the days that can be counted do not suffice.

    Source:
        Semantics of procedures, 4.2 to 4.5; properties P2, P3 and P10.

    Example:
        >>> import polars as pl
        >>> from communitygov.procedure.rules import Procedure, Role, Step
        >>> from communitygov.vocabulary.text import Title
        >>> visit = Procedure(
        ...     roles={"worker": Role()},
        ...     outcomes={"done": Title(zh="办结", en="done")},
        ...     steps={
        ...         "ask": Step(by=("worker",), starts=True, next=("answer",)),
        ...         "answer": Step(by=("worker",), closes="done"),
        ...     },
        ... )
        >>> noon = dt.datetime(2024, 5, 6, 12, tzinfo=dt.timezone.utc)
        >>> log = {"case": ["a", "a", "b"], "seq": [1, 2, 1], "step": ["ask", "answer", "answer"], "at": [noon] * 3}
        >>> judged = judge(visit, pl.DataFrame(log).with_columns(role=pl.lit("worker")), noon)
        >>> judged.verdicts.select("case", "seq", "verdict", "what").rows()
        [('b', 1, 'wrong_order', 'answer'), ('b', None, 'missing_step', 'ask')]
        >>> judged.cases.select("case", "outcome", "faults").rows()
        [('a', 'done', 0), ('b', 'done', 2)]
    """
    adopted, back = adopt(events)
    log = take_events(procedure, adopted, at)
    told, rows = _judged(log, tell)
    verdicts, cases = (back(in_kind_of(adopted, table)) for table in (_named(log, told), _shown(log, told, rows)))
    names = [column.name for column in case_columns(procedure)]
    kept = (name for name in names if name.startswith("kept."))
    because = (name for name in names if name.startswith(("settled.", "kept_count.")))
    return Judged(verdicts, cases, procedure, ("case",), ("outcome", "faults", *kept), (*because,))


def _named(log: Log, told: pl.DataFrame) -> pl.DataFrame:
    """Return verdicts with the names of their cases, in order."""
    import polars as pl

    kinds = list(dict.fromkeys((*EVENT_FAULTS, *CASE_FAULTS)))
    told = told.with_columns(pl.col("verdict").cast(pl.Enum(kinds)))
    told = told.sort("number", "seq", "verdict", "what", "unit", nulls_last=True)
    told = told.with_columns(log.cases.gather(told["number"]), pl.col("verdict").cast(pl.String))
    return told.select("case", pl.exclude("case", "number"))


def _shown(log: Log, told: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of cases with their names, the number of their faults, and instants that show the local time."""
    import polars as pl

    rule = log.machine.rule
    zone = rule.clock.zone if rule.clock is not None else "UTC"
    faults = told.group_by("number").agg(faults=pl.len().cast(pl.Int64))
    rows = rows.join(faults, on="number", how="left", maintain_order="left").with_columns(
        log.cases.gather(rows["number"]), pl.col("faults").fill_null(0)
    )
    instants = [column.name for column in case_columns(rule) if column.kind == "any"]
    shown = pl.col(instants).cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(zone)
    return rows.select(column.name for column in case_columns(rule)).with_columns(shown)


def _judged(log: Log, tell: Callable[[int, int], None] | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return all verdicts, and the rows of the cases but for their names and faults."""
    import polars as pl

    begins = log.is_one_of([name for pause in log.machine.rule.pauses.values() for name in pause.from_])
    tangled = log.of_such(log.goes_back) & log.of_such(begins)
    alone = log["number"].filter(tangled).n_unique()
    done = _counted(tell, len(log.machine.rule.deadlines) + 4 + alone)
    done()
    if not alone:
        return _in_bulk(log, done)
    parts = [_in_bulk(_only(log, ~tangled), done), fold_cases(_only(log, tangled), done)]
    told, rows = (pl.concat([one.select(both[0].columns) for one in both]) for both in zip(*parts, strict=True))
    return told, rows.sort("number")


def _only(log: Log, kept: pl.Series) -> Log:
    return Log(log.machine, log.at, log.cases, log.frame.filter(kept))


def _counted(tell: Callable[[int, int], None] | None, total: int) -> Callable[[], None]:
    """Return what is called as each step of the work is done."""
    steps = iter(range(1, total + 1))

    def done() -> None:
        if tell is not None:
            tell(next(steps), total)

    return done


def _in_bulk(log: Log, done: Callable[[], None]) -> tuple[pl.DataFrame, pl.DataFrame]:
    import polars as pl

    places = places_of(log)
    order = [*order_verdicts(log, places)]
    done()
    acts = [*act_verdicts(log, places)]
    done()
    cases, timed = cases_of(log, places), judge_times(log, done)
    told = [*order, *acts, *timed.verdicts, *cases.verdicts()]
    done()
    rows = pl.DataFrame([log.there.alias("number"), *cases.columns(timed.settled)])
    return pl.concat(told), rows
