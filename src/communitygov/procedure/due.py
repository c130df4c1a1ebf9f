"""What is due, late and to be fired: of many live cases at once, at an instant that is passed in."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from attrs import frozen

from communitygov.procedure.case import Case
from communitygov.procedure.times import Run
from communitygov.vocabulary.clock import instant_of
from communitygov.vocabulary.deadlines import dues, lateness

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Agenda", "due"]


def _columns() -> tuple[dict[str, pl.DataType], dict[str, pl.DataType]]:
    """Return the columns of running deadlines and of reminders to be fired."""
    import polars as pl

    text, whole, flag, instant = pl.String(), pl.Int64(), pl.Boolean(), pl.Datetime("us", "UTC")
    running = {"case": text, "deadline": text, "unit": text, "start": instant, "rests_from": instant}
    running |= {
        "due": instant,
        "remainder": whole,
        "late": whole,
        "past_due": flag,
        "counted_in": text,
        "provisional": flag,
    }
    return running, {
        "case": text,
        "rung": text,
        "deadline": text,
        "unit": text,
        "since": instant,
        "provisional": flag,
    }


@frozen(eq=False)
class Agenda:
    """What is due, late and to be fired at an instant.

    Args:
        running: One row per running deadline: ``case``, ``deadline``, ``unit`` (on a line per unit), ``start``,
            ``rests_from`` (the same, or when the first pause of the case began that may end by itself, if pauses stop
            the deadline), ``due`` (missing while a pause is open), ``remainder`` (what is left then), ``late`` (0 if it
            is not), ``past_due``, ``counted_in`` (the unit that remainder and late are counted in: microseconds of
            hours, or days) and ``provisional``. Of those that fall due first, first.
        fire: One row per reminder that is to be fired: ``case``, ``rung``, ``deadline``, ``unit``, ``since`` and
            ``provisional``, in order of their instants. ``case.fire`` fires one; then it is here no more.
    """

    running: pl.DataFrame
    fire: pl.DataFrame

    def crossing(self, days: Iterable[dt.date], zone: str) -> pl.DataFrame:
        """Return the running deadlines that a moved holiday can touch: between whose start and due such a day lies.

        All others fall due when they did. What is paused can be touched by any later day. A pause that ends by itself
        may last longer, into a deadline that began when it was over, or take in a question that began another; so what
        such pauses stop can be touched by any day since the first of them began.

        Args:
            days: The days that have changed, as ``Calendar.changed_days`` says.
            zone: The time zone that they are days of.
        """
        import polars as pl

        start, end = (pl.col(name).dt.convert_time_zone(zone).dt.date() for name in ("rests_from", "due"))
        found = pl.lit(False)
        for day in days:
            found = found | ((start <= day) & (end.is_null() | (end >= day)))
        return self.running.filter(found)


def due(cases: Iterable[Case], at: dt.datetime) -> Agenda:
    """Return what of many cases is due, late and to be fired at an instant.

    Args:
        cases: Live cases, each on its own rules.
        at: The instant, with its time zone.

    Returns:
        The running deadlines and the reminders to be fired, instants in UTC.

    Raises:
        UsageError: If the instant has no time zone, or the days that can be counted do not suffice.

    Source:
        Semantics of procedures, 4.4 and 4.6.
    """
    import polars as pl

    instant = instant_of(at)
    groups: dict[tuple[int, int], list[tuple[Case, Run]]] = defaultdict(list)
    for case in cases:
        for run in case.state.runs:
            groups[id(case.machine), id(run.limit)].append((case, run))
    columns = _columns()
    running, fire = ([pl.DataFrame(schema=schema)] for schema in columns)
    for found in groups.values():
        pauses = _pauses(found)
        table, marks = _running(found, pauses, instant)
        running.append(table)
        fire.extend(_to_fire(found, pauses, table.with_columns(provisional=marks), instant))
    return Agenda(
        pl.concat(running).sort("due", "case", "deadline", "unit", nulls_last=True),
        pl.concat(fire).sort("since", "case", "rung", "unit", nulls_last=True),
    )


def _pauses(found: list[tuple[Case, Run]]) -> pl.DataFrame:
    """Return when deadlines do not run: ``row``, ``start`` and ``end``."""
    import polars as pl

    return pl.DataFrame(
        [
            (row, start, end)
            for row, (case, run) in enumerate(found)
            for start, end in case.state.stopped(case.machine, run)
        ],
        schema={"row": pl.Int64, "start": pl.Int64, "end": pl.Int64},
        orient="row",
    )


def _running(found: list[tuple[Case, Run]], pauses: pl.DataFrame, instant: int) -> tuple[pl.DataFrame, pl.Series]:
    """Return deadlines of one limit, when they fall due and by how much they are late; and if the former is settled."""
    import polars as pl

    machine, limit = found[0][0].machine, found[0][1].limit
    counting = machine.counting(limit.budget)
    starts = pl.Series([run.start for _, run in found], dtype=pl.Int64)
    units = pl.Series([run.units for _, run in found], dtype=pl.Int64)
    derived = dues(starts, units, counting, machine.calendar, pauses)
    late = lateness(derived, pl.repeat(instant, len(starts), dtype=pl.Int64, eager=True), counting)
    stops = {name for pause in machine.rule.pauses.values() for name in pause.stops}
    rests_from = [
        run.start
        if case.state.rests_from is None or run.deadline not in stops
        else min(run.start, case.state.rests_from)
        for case, run in found
    ]
    bound = [machine.rule.deadlines[run.deadline].bound == "at_latest" for _, run in found]
    table = pl.DataFrame(
        {
            "case": [case.id for case, _ in found],
            "deadline": [run.deadline for _, run in found],
            "unit": pl.Series([run.unit for _, run in found], dtype=pl.String),
            "start": _instants(starts),
            "rests_from": _instants(pl.Series(rests_from, dtype=pl.Int64)),
            "due": _instants(derived["due"]),
            "remainder": derived["remainder"],
            "late": late["by"],
            "past_due": late["past_due"] & pl.Series(bound, dtype=pl.Boolean),
            "counted_in": [limit.unit] * len(found),
            "provisional": derived["provisional"] | late["provisional"],
        }
    )
    return table, derived["provisional"]


def _to_fire(
    found: list[tuple[Case, Run]], pauses: pl.DataFrame, table: pl.DataFrame, instant: int
) -> Iterator[pl.DataFrame]:
    """Yield, for each reminder, the deadlines for which it is to be fired; of each the table says if its due is."""
    import polars as pl

    machine = found[0][0].machine
    for key, rung in machine.rule.reminders.items():
        rows = [i for i, (_, run) in enumerate(found) if run.deadline == rung.deadline and key not in run.fired]
        if not rows:
            continue
        from_start = rung.counted_from == "start"
        since = table["start" if from_start else "due"].dt.epoch("us")
        marks = pl.repeat(False, len(since), eager=True) if from_start else table["provisional"]
        if rung.after is not None:
            budget = rung.after.budget
            stopped = pauses if from_start else pauses.clear()
            after = dues(since, budget.units, machine.counting(budget), machine.calendar, stopped)
            since, marks = after["due"], marks | after["provisional"]
        told = table.select("case", pl.lit(key).alias("rung"), "deadline", "unit", since=_instants(since))
        told = told.with_columns(provisional=marks)[rows]
        yield told.filter(since[rows] <= instant)  # nothing fires while a pause is open


def _instants(column: pl.Series) -> pl.Series:
    import polars as pl

    return column.cast(pl.Datetime("us", "UTC"))
