"""Who came when called: units on lines of their own, with what was late and who did not show up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from communitygov.procedure.judge import Judged
from communitygov.procedure.judge_events import take_events
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.frames import adopt, in_kind_of

if TYPE_CHECKING:
    import datetime as dt

    import polars as pl

    from communitygov.procedure.rules import Procedure, Step

__all__ = ["attendance"]


def attendance(events: Any, judged: Judged, at: dt.datetime) -> Any:
    """Return how often each unit was called in a case, came, came late, and did not come.

    It can be measured like every frame, such as the no-shows of a department over its calls of a quarter, and so feed
    an index whose subjects are departments.

    Args:
        events: The log that was judged, as ``judge`` took it.
        judged: What ``judge`` found.
        at: The instant that the log goes up to, as ``judge`` was told.

    Returns:
        A frame of the kind that was given, one row per ``line``, ``case`` and ``unit``: ``period`` (the day of the
        first call, in the zone of the clock), ``called`` (how often its line was begun), ``came`` (how often it was
        brought to its end), ``late`` and ``no_show`` (Int64): deadlines of the line that were passed, by coming late or
        by not coming. Steps that are counted as a no-show count as one, and not as coming.

    Raises:
        DataError: If the rows are not as declared.
        UsageError: If the procedure has no line per unit, or ``at`` has no time zone.

    Source:
        BJ-08 (departments are assessed by those who call them); semantics of procedures, 4.2.
    """
    import polars as pl

    procedure = judged.procedure
    lines = [key for key, line in procedure.lines.items() if line.per is not None]
    if not lines:
        raise UsageError.because(
            "no-line", zh="此流程没有按单位的支线", en="this procedure has no line for each unit that is called"
        )
    adopted, back = adopt(events)
    log = take_events(procedure, adopted, at)
    steps = {name: step for name, step in procedure.steps.items() if step.line in lines}
    step = pl.Series([*log.numbers], dtype=pl.String).gather(log["step"]).alias("step")
    rows = pl.DataFrame([log.cases.gather(log["number"]).alias("case"), step, log["at"], log.key.alias("unit")])
    counted = _counted(rows.filter(log.is_one_of(steps)), procedure, steps)
    key = ["line", "case", "unit"]
    found = counted.join(_passed(judged, steps), on=key, how="left", nulls_equal=True)
    missed = pl.col("no_show").fill_null(0) + pl.col("recorded")
    found = found.select(*key, "period", "called", "came", pl.col("late").fill_null(0), missed.alias("no_show"))
    return back(in_kind_of(adopted, found.sort(key)))


def _counted(rows: pl.DataFrame, procedure: Procedure, steps: Mapping[str, Step]) -> pl.DataFrame:
    """Return how often each line was begun and ended, and how often it was recorded that a unit did not come."""
    import polars as pl

    begins = [name for name, step in steps.items() if step.during]
    shows = [name for name, step in steps.items() if step.counts_as == "no_show"]
    ends = [name for name, step in steps.items() if name not in shows and all(not way.next for _, way in step.ways)]
    zone = procedure.clock.zone if procedure.clock is not None else "UTC"
    line = pl.col("step").replace_strict({name: step.line for name, step in steps.items()}, return_dtype=pl.String)
    called = pl.col("at").filter(pl.col("step").is_in(begins)).min().cast(pl.Datetime("us", "UTC"))
    counts = (("called", begins), ("came", ends), ("recorded", shows))
    return rows.group_by(line.alias("line"), "case", "unit").agg(
        called.dt.convert_time_zone(zone).dt.strftime("%Y-%m-%d").alias("period"),
        *(pl.col("step").is_in(wanted).sum().cast(pl.Int64).alias(name) for name, wanted in counts),
    )


def _passed(judged: Judged, steps: Mapping[str, Step]) -> pl.DataFrame:
    """Return how many deadlines of each line were passed, by coming late or by not coming."""
    import polars as pl

    lines = {
        name: steps[deadline.from_[0]].line
        for name, deadline in judged.procedure.deadlines.items()
        if deadline.from_[0] in steps and deadline.bound == "at_latest"
    }
    verdicts: pl.DataFrame = adopt(judged.verdicts)[0].lazy().collect("polars").to_native()
    mine = verdicts.filter(pl.col("what").is_in([*lines]), pl.col("verdict").is_in(["late", "no_show", "overdue"]))
    line = pl.col("what").replace_strict(lines, return_dtype=pl.String, default=None).alias("line")
    late = (pl.col("verdict") == "late").sum().cast(pl.Int64)
    return mine.group_by(line, "case", "unit").agg(late=late, no_show=pl.len().cast(pl.Int64) - late)
