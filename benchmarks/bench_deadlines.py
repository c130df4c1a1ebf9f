"""How long a million deadlines take, in each unit, with pauses and without, and one alone.

Run it with ``python benchmarks/bench_deadlines.py``. Starts are drawn over three years, in Shanghai. It prints wall and
processor time beside the bound, what the first calendar of a process takes, and the machine's load. Nothing is
asserted: a machine that is busy is no fault of the code; processor time says more then.
"""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import polars as pl

from communitygov.vocabulary.calendar import Hours, Overlay, cn_statutory
from communitygov.vocabulary.clock import DAY
from communitygov.vocabulary.deadline import Budget, Pause, counting_of, due
from communitygov.vocabulary.deadlines import due_instants, dues, lateness

ZONE = "Asia/Shanghai"
DEADLINES = 1_000_000
PAUSED = 200_000
"""Of which so many have a pause or two; of twenty pauses one is open."""
ALONE = 5_000
BOUND = 1.0
"""Seconds for a million of ``+5 working days``, and for a million with pauses in each unit."""


@contextmanager
def clocked(what: str, each: int = 1) -> Iterator[None]:
    """Print the wall and the processor time of what is done, of all of it or of each."""
    wall, own = time.perf_counter(), time.process_time()
    yield
    wall, own = (time.perf_counter() - wall) / each, (time.process_time() - own) / each
    said = f"{wall * 1e6:,.1f} us wall, {own * 1e6:,.1f} us" if each > 1 else f"{wall:.3f} s wall, {own:.3f} s"
    print(f"  {what}: {said} of processors")


def drawn_pauses(starts: pl.Series, random: Random) -> pl.DataFrame:
    """Draw pauses that begin within six days of the start, and last up to five."""
    rows = []
    for n, row in enumerate(random.sample(range(len(starts)), PAUSED)):
        for _ in range(1 + n % 2):
            begins = starts[row] + random.randrange(6 * DAY)
            rows.append((row, begins, begins + random.randrange(5 * DAY) if random.randrange(20) else None))
    return pl.DataFrame(rows, schema={"row": pl.Int64, "start": pl.Int64, "end": pl.Int64}, orient="row")


def main() -> None:
    print(f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    budgets = {
        "+5 working days": Budget(5, "working_days", begins="day_after"),
        "+5 working days until 17:30": Budget(5, "working_days", begins="day_of", until=dt.time(17, 30)),
        "+15 natural days": Budget(15, "natural_days", begins="day_after"),
        "+40 working hours": Budget(40, "working_hours"),
        "+48 elapsed hours": Budget(48, "elapsed_hours"),
    }
    with clocked("the first calendar"):
        calendar = cn_statutory(ZONE).overlaid(Overlay(hours=(Hours.parse("08:30-12:00"), Hours.parse("14:00-17:30"))))
    with clocked("its indexes"):
        _ = calendar.worked_before, calendar.unsettled_before, calendar.open_before
    random, first = Random(1), dt.datetime(2023, 11, 15, tzinfo=dt.UTC)
    seconds = [random.randrange(3 * 365 * 86_400) for _ in range(DEADLINES)]
    orders = pl.DataFrame({"start": pl.Series(seconds).cast(pl.Int64)})
    orders = orders.select(start=first + pl.duration(seconds="start"))
    print(f"{DEADLINES:,} deadlines (bound {BOUND:.0f} s for +5 working days)")
    for name, budget in budgets.items():
        with clocked(name):
            due_instants(orders, budget, calendar, start="start")
    for name, native in {"lazy": orders.lazy(), "pandas": orders.to_pandas()}.items():
        with clocked(f"+5 working days, {name}"):
            found = due_instants(native, budgets["+5 working days"], calendar, start="start")
            if isinstance(found, pl.LazyFrame):
                found.collect()
    instants = orders["start"].dt.epoch("us")
    pauses = drawn_pauses(instants, random)
    print(f"{DEADLINES:,} deadlines, {PAUSED:,} of them paused (bound {BOUND:.0f} s), and how late they are")
    for name, budget in budgets.items():
        counting = counting_of(budget, calendar)
        with clocked(name):
            found = dues(instants, budget.units, counting, calendar, pauses)
        with clocked(f"{name}, late by"):
            lateness(found, instants + 10 * DAY, counting)
    print(f"one deadline alone, of {ALONE:,}")
    starts = orders["start"].head(ALONE).to_list()
    for name, budget in budgets.items():
        with clocked(name, each=ALONE):
            for start in starts:
                due(start, budget, calendar)
    with clocked("+5 working days with a pause", each=ALONE):
        for start in starts:
            due(start, budgets["+5 working days"], calendar, [Pause(start, start + dt.timedelta(days=2))])


if __name__ == "__main__":
    main()
