"""The pauses of many cases: when each began and ended, and which of them each deadline that ran may have met."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from communitygov.procedure.judge_log import Log, in_places, last_before, last_until, next_of
from communitygov.vocabulary.deadline import due_instant
from communitygov.vocabulary.deadlines import dues

if TYPE_CHECKING:
    import polars as pl

    from communitygov.procedure.timing import Limit, Pause
    from communitygov.vocabulary.calendar import Calendar
    from communitygov.vocabulary.counting import Counting

__all__ = ["Stretches", "limit_dues", "paused_dues", "stretches_of"]


@frozen(eq=False)
class Stretches:
    """The pauses of one kind of all cases, those of a case one after another.

    Args:
        log: The events.
        frame: ``row`` (of the event that began it), ``start`` and ``end`` (missing while nothing ends it).
    """

    log: Log
    frame: pl.DataFrame = field(repr=False)

    def met(self, rows: pl.Series, until: pl.Series, over: pl.Series) -> pl.DataFrame:
        """Return the pauses that deadlines may have met, as ``dues`` takes them.

        What began with or after the event that ended a deadline changes nothing of it, nor does what was over when it
        began; since those of a case lie apart, only the last that began before it may not have been.

        Args:
            rows: For each deadline the row that it began with.
            until: The row that it ended with, or the one after its case.
            over: The instant at which it ended, missing while it runs: what began at that instant, though with an
                earlier event, changes nothing of it either.
        """
        import polars as pl

        began = self.frame["row"]
        low = began.search_sorted(rows, side="right").cast(pl.Int64)
        last = began.gather(pl.select(pl.when(low > 0).then(low - 1)).to_series())
        low -= (last >= self.log.first.gather(rows)).fill_null(False).cast(pl.Int64)
        spans = pl.DataFrame([low.alias("low"), began.search_sorted(until, side="left").cast(pl.Int64).alias("high")])
        spans = spans.with_row_index("row").filter(pl.col("high") > pl.col("low"))
        spans = spans.select(pl.col("row").cast(pl.Int64), pl.int_ranges("low", "high").alias("nth")).explode("nth")
        found = pl.DataFrame([spans["row"], *(self.frame[name].gather(spans["nth"]) for name in ("start", "end"))])
        ends = over.gather(found["row"])
        return found.filter(ends.is_null() | (found["start"] < ends))


def stretches_of(log: Log, pause: Pause) -> Stretches:
    """Return all pauses of one kind.

    Args:
        log: The events.
        pause: Its rule.
    """
    import polars as pl

    part = log.part(log.is_one_of([*pause.from_, *pause.to]), keyed=False)
    names = [*log.numbers]
    begins, ends = (
        pl.Series([name in steps for name in names]).gather(part["step"]) for steps in (pause.from_, pause.to)
    )
    row, at, first = part["row"], part["at"], part["first"]
    ended = at.gather(next_of(ends, first))
    if pause.at_most is None:
        last_end, last_begin = last_before(ends, first), last_before(begins, first)
        starts = begins & (ends | last_begin.is_null() | (last_begin < last_end).fill_null(False))
    else:
        over = in_places(limit_dues(log, at.filter(begins), pause.at_most), begins)
        starts = _starts_that_count(begins, ends, at, over, first)
        ended = pl.select(pl.min_horizontal(ended, over)).to_series()
    kept = [row.cast(pl.UInt32).alias("row"), at.alias("start"), ended.alias("end")]
    return Stretches(log, pl.DataFrame(kept).filter(starts))


def limit_dues(log: Log, starts: pl.Series, limit: Limit) -> pl.Series:
    """Return when a limit is reached, without pauses.

    Args:
        log: The events.
        starts: When it begins each time.
        limit: The limit.
    """
    machine, budget = log.machine, limit.budget
    return dues(starts, budget.units, machine.counting(budget), machine.calendar)["due"]


def paused_dues(
    starts: pl.Series, units: pl.Series, counting: Counting, calendar: Calendar, pauses: pl.DataFrame
) -> pl.DataFrame:
    """Return when deadlines fall due, as ``dues`` does: ``due`` and ``provisional``.

    In columns, all deadlines are taken past their first pause, then past their second, and so on. The few that have
    very many are better followed each on its own.

    Args:
        starts: When each starts.
        units: How much time there is for each.
        counting: How it is counted.
        calendar: The working days and hours.
        pauses: When they do not run: ``row``, ``start`` and ``end``.
    """
    import polars as pl

    many = pauses["row"].value_counts().filter(pl.col("count") > MANY)["row"].sort()
    alone = pauses["row"].is_in(many.implode())
    found = dues(starts, units, counting, calendar, pauses.filter(~alone)).select("due", "provisional")
    for part in pauses.filter(alone).sort("row", "start").partition_by("row", maintain_order=True):
        row, stretches = part["row"][0], part.select("start", "end").iter_rows()
        due, _, provisional = due_instant(starts[row], units[row], counting, stretches)
        found = found.with_columns(
            found["due"].scatter(row, due),
            found["provisional"].scatter(row, provisional),
        )
    return found


MANY = 16
"""How many pauses a deadline has at most for it to be followed with all others."""


def _starts_that_count(
    begins: pl.Series, ends: pl.Series, at: pl.Series, over: pl.Series, first: pl.Series
) -> pl.Series:
    """Return which events begin a pause that ends by itself: not those that fall into one that was begun before.

    From each that does, a search leads to the next that can: as many rounds as one case has pauses that nothing else
    ends in between.

    Args:
        begins: Which events can.
        ends: Which end one.
        at: When they are.
        over: When a pause that they begin ends by itself.
        first: The first position of each one's case.
    """
    import polars as pl

    ended = last_until(ends, first)  # an event that ends one and begins one has ended it
    span = pl.select(pl.coalesce(ended, first)).to_series().cast(pl.Int64)
    where = begins.arg_true()
    # Spans and instants go up together from event to event: one number for both can be searched.
    span, count = span.gather(where), len(where)
    instants = pl.concat([at.gather(where), over.gather(where)]).rank("dense").cast(pl.Int64)
    base = span * (2 * count + 2)
    after = (base + instants.head(count)).search_sorted(base + instants.tail(count), side="left").cast(pl.Int64)
    after = pl.select(pl.when(after < count).then(after)).to_series()
    after = pl.select(pl.when(span.gather(after) == span).then(after)).to_series()
    front = (span != span.shift(1)).fill_null(True).arg_true().cast(pl.Int64)
    counts = pl.repeat(False, len(begins), eager=True)
    while not front.is_empty():
        counts = counts.scatter(where.gather(front), True)
        front = after.gather(front).drop_nulls()
    return counts
