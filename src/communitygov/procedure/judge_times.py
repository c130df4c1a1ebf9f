"""What deadlines say of a log in bulk: what was late or too early, what is overdue, which reminders misfired."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from attrs import field, frozen

from communitygov.procedure.judge_log import Log, in_places, last_before, verdicts
from communitygov.procedure.judge_pauses import limit_dues, stretches_of
from communitygov.procedure.judge_runs import Runs, runs_of

if TYPE_CHECKING:
    import polars as pl

    from communitygov.procedure.acts import CaseFault, EventFault

__all__ = ["Timed", "judge_times"]


@frozen(eq=False)
class Timed:
    """What deadlines say of a log.

    Args:
        verdicts: What is wrong.
        settled: For each deadline how often it was settled in a case, and kept: ``number``, ``settled`` and ``kept``;
            a case of which it was not is absent.
    """

    verdicts: tuple[pl.DataFrame, ...] = field(repr=False)
    settled: dict[str, pl.DataFrame] = field(repr=False)


def judge_times(log: Log, done: Callable[[], None]) -> Timed:
    """Return what deadlines say of a log.

    When a deadline fell due is worked out once, in the light of all pauses of its case, and held against each event:
    a pause that begins, or ends, at or after an event has no weight in whether the deadline was past due by then.

    Args:
        log: The events; no case of theirs that is paused goes back in time.
        done: What is called after each deadline.
    """
    rule, found, settled = log.machine.rule, [], {}
    pauses = {key: stretches_of(log, pause) for key, pause in rule.pauses.items()}
    for name in rule.deadlines:
        runs = runs_of(log, name, [pauses[key] for key, pause in rule.pauses.items() if name in pause.stops])
        found += [*_untimely(runs), *_out_of_time(runs), *_misfired(runs)]
        late = runs.late(runs.each["start"], runs.each["more"], runs.each["at"])
        found += _overdue(runs, late)
        settled[name] = _settled(runs, late)
        done()
    return Timed(tuple(found), settled)


def _untimely(runs: Runs) -> Iterator[pl.DataFrame]:
    """Yield the events that end a deadline, or begin it anew, too late or too early."""
    rule, log = runs.rule, runs.log
    asked = runs.is_to | runs.begins if rule.again == "restart" else runs.is_to
    where = (asked & runs.running.is_not_null()).arg_true()
    ends, rows, at = runs.is_to.gather(where), runs.part["row"].gather(where), runs.part["at"].gather(where)
    unit = log.key.gather(rows)
    start, more = runs.running.gather(where), runs.more_before.gather(where)
    if rule.bound == "at_earliest":
        early = ends & ~(at >= runs.due(start, more)).fill_null(False)
        marks = runs.unsettled(start.filter(early), at.filter(early))
        yield log.told("too_early", rows.filter(early), runs.name, unit.filter(early), _only_marked(marks))
        return
    late = runs.late(start, more, at)
    anew: EventFault = "no_show" if rule.no_show else "overdue"
    kinds: tuple[tuple[EventFault, pl.Series], ...] = (("late", ends), (anew, ~ends))
    for kind, which in kinds:
        these = which & late["past_due"]
        yield log.told(kind, rows.filter(these), runs.name, unit.filter(these), late.filter(these))


def _out_of_time(runs: Runs) -> Iterator[pl.DataFrame]:
    """Yield the events that are to lie within a deadline and do not."""
    import polars as pl

    log = runs.log
    steps = [name for name, step in log.machine.rule.steps.items() if runs.name in step.within]
    if not steps:
        return
    where = runs.positions(steps)
    start, more = runs.running.gather(where), runs.more_before.gather(where)
    inside = start.is_not_null()
    late = runs.late(start.filter(inside), more.filter(inside), runs.part["at"].gather(where).filter(inside))
    marks = in_places(late["provisional"] & late["past_due"], inside).fill_null(False)
    inside &= ~in_places(late["past_due"], inside).fill_null(False)
    rows, marks = runs.part["row"].gather(where).filter(~inside), marks.filter(~inside)
    if runs.rule.from_[0] not in log.machine.per:  # what is of a unit is not within a deadline that is of none
        others = (log.is_one_of(steps) & log.key.is_not_null()).arg_true()
        rows = pl.concat([rows, others])
        marks = pl.concat([marks, pl.repeat(False, len(others), eager=True)])
    yield log.told("out_of_time", rows, runs.name, log.key.gather(rows), _only_marked(marks))


def _misfired(runs: Runs) -> Iterator[pl.DataFrame]:
    """Yield the reminders that fired while their deadline did not run, for a second time, or before their time."""
    log, first = runs.log, runs.part["first"]
    for key, rung in log.machine.rule.reminders.items():
        if rung.deadline != runs.name:
            continue
        where = runs.positions([key])
        start = runs.running.gather(where)
        is_rung = runs.part["step"] == log.numbers[key]
        fires = start.is_not_null() & ~(last_before(is_rung, first).gather(where) > start).fill_null(False)
        there, start = where.filter(fires), start.filter(fires)
        if rung.counted_from == "start" and rung.after is not None:
            instant = runs.reached(start, rung.after)
        else:
            due = runs.due(start, runs.more_before.gather(there))
            instant = due if rung.after is None else limit_dues(log, due, rung.after)
        at = runs.part["at"].gather(there)
        in_time = (at >= instant).fill_null(False)
        others = () if rung.after is None else (rung.after,)
        marks = in_places(runs.unsettled(start, at, *others), fires).fill_null(False)
        fires &= in_places(in_time, fires).fill_null(False)
        rows = runs.part["row"].gather(where).filter(~fires)
        yield log.told("misfired", rows, key, log.key.gather(rows), _only_marked(marks.filter(~fires)))


def _only_marked(marks: pl.Series) -> pl.DataFrame:
    """Return what stands beside verdicts that are not about how late something is: whether they are provisional."""
    import polars as pl

    return pl.DataFrame([marks.alias("provisional")]).with_columns(
        by=pl.lit(None, dtype=pl.Int64), counted=pl.lit(None, dtype=pl.String)
    )


def _overdue(runs: Runs, late: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yield the deadlines that run when the log ends, and are past due."""
    if runs.rule.bound == "at_earliest":
        return
    these = runs.each["end"].is_null() & late["past_due"]
    rows = runs.part["row"].gather(runs.each["start"].filter(these))
    kind: CaseFault = "no_show" if runs.rule.no_show else "overdue"
    kind = "not_disclosed" if runs.name in runs.log.machine.disclosed_within else kind
    number = runs.log["number"].gather(rows)
    yield verdicts(kind, number, None, runs.name, runs.log.key.gather(rows), late.filter(these))


def _settled(runs: Runs, late: pl.DataFrame) -> pl.DataFrame:
    """Return how often the deadline was settled in each case, and kept, and whether any of that is provisional."""
    import polars as pl

    each, past_due = runs.each, late["past_due"]
    if runs.rule.bound == "at_earliest":
        settled = each["met"]
        kept = (each["at"] >= runs.due(each["start"], each["more"])).fill_null(False)
    else:
        settled, kept = past_due | each["met"], ~past_due
    number = runs.part["number"].gather(each["start"])
    columns = [number.alias("number"), kept.cast(pl.Int64).alias("kept"), late["provisional"]]
    told = pl.DataFrame(columns).filter(settled).group_by("number")
    return told.agg(settled=pl.len().cast(pl.Int64), kept=pl.col("kept").sum(), provisional=pl.col("provisional").any())
