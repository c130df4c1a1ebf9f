"""Where cases wait: how long it takes from each step to the next one, and how many stand where."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from communitygov.procedure.judge_events import take_events
from communitygov.procedure.judge_order import places_of
from communitygov.vocabulary.frames import adopt, in_kind_of

if TYPE_CHECKING:
    import polars as pl

    from communitygov.procedure.judge_log import Log
    from communitygov.procedure.rules import Procedure

__all__ = ["waits"]


def waits(procedure: Procedure, events: Any, at: dt.datetime) -> Any:
    """Return how long cases wait after each step of the main line, and how many stand there now.

    A case waits from a step of the main line to the next one that is recorded of it, whatever is done on lines beside
    it meanwhile; after the last it waits up to ``at``. A closed case does not wait, so that the time to a reopening
    counts nowhere. The facts of the log decide whether a case is closed; if they are not there, it is not known to be.

    Args:
        procedure: The rule.
        events: One row for each event, in any order, with the columns of ``events_table(procedure)``; Polars (eager or
            lazy), pandas, PyArrow, DuckDB. It is put in order in memory.
        at: The instant that the log goes up to, with its time zone.

    Returns:
        A frame of the kind that was given, a row for each pair of steps that follow each other, in the order of the
        procedure:

        - ``step``: the step; ``next``: the one after it, missing for cases that stand there at ``at``;
        - ``times`` (Int64): how often it went so, or how many cases stand there;
        - ``median``, ``percentile_90`` (Int64, microseconds): the shortest time that so many of these, half or nine
          tenths, took at most;
        - ``back_in_time`` (Int64): how often the next step is recorded as earlier, which counts in nothing else.

    Raises:
        DataError: If the rows are not as declared; it names column and rows, all at once.
        UsageError: If ``at`` has no time zone.

    Example:
        >>> import polars as pl
        >>> from communitygov.procedure.rules import Procedure, Role, Step
        >>> steps = {"ask": Step(by=("a",), starts=True, next=("answer",)), "answer": Step(by=("a",), next=("ask",))}
        >>> noon = dt.datetime(2024, 5, 6, 12, tzinfo=dt.timezone.utc)
        >>> log = {"case": ["x", "x"], "seq": [1, 2], "step": ["ask", "answer"], "at": [noon, noon.replace(hour=13)]}
        >>> rule = Procedure(roles={"a": Role()}, steps=steps)
        >>> waits(rule, pl.DataFrame(log), noon.replace(hour=15)).select("step", "next", "times", "median").rows()
        [('ask', 'answer', 1, 3600000000), ('answer', None, 1, 7200000000)]
    """
    adopted, back = adopt(events)
    return back(in_kind_of(adopted, _waits(take_events(procedure, adopted, at))))


def _waits(log: Log) -> pl.DataFrame:
    import polars as pl

    places, rows = places_of(log), log.is_one_of(log.machine.rule.main).arg_true()
    closed = places.say([one.is_closed for one in places.every], places.at.gather(rows))
    main = pl.DataFrame([*(log[name].gather(rows) for name in ("number", "step", "at")), closed.alias("closed")])
    goes_on = pl.col("number") == pl.col("number").shift(-1)
    main = main.with_columns(
        next=pl.when(goes_on).then(pl.col("step").shift(-1)),
        wait=pl.when(goes_on).then(pl.col("at").shift(-1)).otherwise(log.at) - pl.col("at"),
    )
    wait, forward = pl.col("wait").filter(pl.col("wait") >= 0).sort(), pl.col("wait") >= 0
    number = forward.sum().cast(pl.Int64)
    found = (
        main.filter(~pl.col("closed"))
        .group_by("step", "next")
        .agg(
            times=number,
            median=wait.slice((number - 1) // 2, 1).first(),
            percentile_90=wait.slice((9 * number + 9) // 10 - 1, 1).first(),
            back_in_time=(~forward).sum().cast(pl.Int64),
        )
        .sort("step", "next", nulls_last=True)
    )
    names = pl.Series([*log.numbers], dtype=pl.String)
    return found.with_columns(names.gather(found[column]).alias(column) for column in ("step", "next"))
