"""Each time that a deadline began in any case of a log: what ended it, when it fell due, how late it was."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from attrs import field, frozen

from communitygov.procedure.judge_log import Log, in_places, last_before, next_of
from communitygov.procedure.judge_pauses import Stretches, paused_dues
from communitygov.procedure.timing import Deadline, Limit
from communitygov.vocabulary.counting_columns import in_columns
from communitygov.vocabulary.deadline import Budget
from communitygov.vocabulary.deadlines import dues, lateness

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Runs", "runs_of"]


@frozen(eq=False)
class Runs:
    """Each time that a deadline began.

    A *position* is one of ``part``. A deadline that runs is named by the position that it began at.

    Args:
        log: The events.
        name: The deadline.
        rule: Its rule.
        pauses: The pauses that stop it.
        part: The events that have to do with it, by case and unit.
        is_to: Whether each of them ends it.
        begins: Whether each is of a step that begins it.
        starts: Whether it begins with each.
        bounds: Whether after each it runs from there, or does not run.
        running: What runs before each; missing if nothing does.
        limit: The number of the limit that begins with each, among those of the rule.
    """

    log: Log
    name: str
    rule: Deadline
    pauses: Sequence[Stretches]
    part: pl.DataFrame = field(repr=False)
    is_to: pl.Series = field(repr=False)
    begins: pl.Series = field(repr=False)
    starts: pl.Series = field(repr=False)
    bounds: pl.Series = field(repr=False)
    running: pl.Series = field(repr=False)
    limit: pl.Series = field(repr=False)

    def positions(self, steps: Collection[str]) -> pl.Series:
        """Return the positions of some steps.

        Args:
            steps: Their names.
        """
        return _are_of(self.log, self.part, steps).arg_true()

    @cached_property
    def added(self) -> pl.Series:
        """How much time has been added to all that ran, up to each position, in whole units."""
        import polars as pl

        scale = next((one.budget.scale for one in self.rule.every.values()), 1)
        amounts = [int(self.rule.extended_by.get(name, 0) * scale) for name in self.log.numbers]
        amount = pl.Series(amounts, dtype=pl.Int64).gather(self.part["step"])
        return pl.select(pl.when(self.running.is_not_null()).then(amount).otherwise(0)).to_series().cum_sum()

    @cached_property
    def more_before(self) -> pl.Series:
        """How much time had been added, before each position, to what runs then."""
        return self.added.shift(1, fill_value=0) - self.added.gather(self.running)

    @cached_property
    def each(self) -> pl.DataFrame:
        """What became of each: one row for each time.

        ``start`` and ``end`` are positions, the end missing while it runs; ``more`` is all that was added; ``at`` is
        when it ended, or when the log does; ``met`` says whether a step ended it that is to end it.
        """
        import polars as pl

        start, first = self.starts.arg_true(), self.part["first"]
        end = next_of(self.bounds, first).gather(start)
        last = next_of((first != first.shift(-1)).fill_null(True), first).gather(start)
        until = pl.select(pl.coalesce(end, last, start)).to_series()
        return pl.DataFrame(
            [
                start.alias("start"),
                end.alias("end"),
                (self.added.gather(until) - self.added.gather(start)).alias("more"),
                self.part["at"].gather(end).fill_null(self.log.at).alias("at"),
                self.is_to.gather(end).fill_null(False).alias("met"),
            ]
        )

    @cached_property
    def _versions(self) -> pl.DataFrame:
        """Each that began, as often as it had another amount of time: ``start`` and ``more``."""
        import polars as pl

        whole = self.each.select("start", "more")
        if not self.rule.extended_by:
            return whole
        seen = pl.DataFrame([self.running.alias("start"), self.more_before.alias("more")]).drop_nulls()
        return pl.concat([whole, seen]).unique(maintain_order=True)

    def _version(self, start: pl.Series, more: pl.Series) -> pl.Series:
        """Return which of the versions is asked about."""
        import polars as pl

        if not self.rule.extended_by:
            return (self.starts.cum_sum().cast(pl.Int64) - 1).gather(start)
        versions = self._versions.with_row_index("version")
        asked = pl.DataFrame([start.alias("start"), more.alias("more")])
        return asked.join(versions, on=["start", "more"], how="left", maintain_order="left")["version"]

    @cached_property
    def _dues(self) -> pl.DataFrame:
        """When each version falls due: ``due`` and ``provisional``; and its ``limit``."""
        import polars as pl

        start, more = self._versions
        limits = self.rule.every.values()
        limit = self.limit.gather(start)
        units = pl.Series([one.budget.units for one in limits], dtype=pl.Int64).gather(limit) + more

        def found(where: pl.Series, budget_of: int) -> pl.DataFrame:
            return self._reached(start.gather(where), units.gather(where), list(limits)[budget_of].budget)

        return self._by_counting(limit, found).with_columns(limit.alias("limit"))

    @cached_property
    def _until(self) -> tuple[pl.Series, pl.Series]:
        """For each position at which one began, the row that it ended with, or the one after its case; and when."""
        import polars as pl

        row = self.part["row"]
        ended, last = row.gather(self.each["end"]), self.log.end.gather(row.gather(self.each["start"]))
        until = in_places(pl.select(pl.coalesce(ended, last + 1)).to_series(), self.starts)
        return until, in_places(self.part["at"].gather(self.each["end"]), self.starts)

    def _reached(self, start: pl.Series, units: pl.Series, budget: Budget) -> pl.DataFrame:
        """Return when so much time has run outside pauses since deadlines began: ``due`` and ``provisional``."""
        import polars as pl

        machine = self.log.machine
        counting, when = machine.counting(budget), self.part["at"].gather(start)
        rows, (until, over) = self.part["row"].gather(start), self._until
        met = [one.met(rows, until.gather(start), over.gather(start)) for one in self.pauses]
        if any(one.height for one in met):
            return paused_dues(when, units, counting, machine.calendar, pl.concat(met))
        return dues(when, units, counting, machine.calendar).select("due", "provisional")

    def reached(self, start: pl.Series, limit: Limit) -> pl.Series:
        """Return when another limit is reached, counted from the start of deadlines; missing while a pause is open.

        Args:
            start: The deadlines.
            limit: The limit.
        """
        import polars as pl

        units = pl.repeat(limit.budget.units, len(start), dtype=pl.Int64, eager=True)
        return self._reached(start, units, limit.budget)["due"]

    def due(self, start: pl.Series, more: pl.Series) -> pl.Series:
        """Return when deadlines fall due; missing while a pause is open.

        Args:
            start: The deadlines.
            more: How much time had been added.
        """
        return self._dues["due"].gather(self._version(start, more))

    def late(self, start: pl.Series, more: pl.Series, at: pl.Series) -> pl.DataFrame:
        """Return by how much deadlines are late, as ``lateness`` does, and the unit that this is ``counted`` in.

        Args:
            start: The deadlines.
            more: How much time had been added.
            at: The instants that are asked about.
        """
        import polars as pl

        asked = self._dues[self._version(start, more).cast(pl.Int64)]
        limits, machine = list(self.rule.every.values()), self.log.machine

        def found(where: pl.Series, budget_of: int) -> pl.DataFrame:
            return lateness(asked[where], at.gather(where), machine.counting(limits[budget_of].budget))

        units = pl.Series([one.unit for one in limits], dtype=pl.String)
        return self._by_counting(asked["limit"], found).with_columns(units.gather(asked["limit"]).alias("counted"))

    def unsettled(self, start: pl.Series, at: pl.Series, *limits: Limit) -> pl.Series:
        """Return whether what was counted by an instant rests on a year that is not published, as of one deadline.

        Args:
            start: The deadlines.
            at: The instants.
            limits: What else was counted.
        """
        import polars as pl

        every, machine = list(self.rule.every.values()), self.log.machine

        def marks(begun: pl.Series, until: pl.Series, budget: Budget) -> pl.Series:
            columns = in_columns(machine.counting(budget))
            begun = columns.begin(begun)
            return columns.provisional(begun, pl.select(pl.max_horizontal(begun, until)).to_series())

        def found(where: pl.Series, budget_of: int) -> pl.DataFrame:
            begun, until = self.part["at"].gather(start.gather(where)), at.gather(where)
            told = [marks(begun, until, one.budget) for one in (every[budget_of], *limits)]
            return pl.DataFrame([one.alias(str(i)) for i, one in enumerate(told)]).select(
                provisional=pl.any_horizontal(pl.all())
            )

        return self._by_counting(self.limit.gather(start), found)["provisional"]

    def _by_counting(self, limit: pl.Series, found: Callable[[pl.Series, int], pl.DataFrame]) -> pl.DataFrame:
        """Return what is found of all, each by the way in which its limit is counted.

        Args:
            limit: The number of each one's limit.
            found: What is found of some, by their places, with the number of a limit that is counted as theirs is.
        """
        import polars as pl

        ways = [(one.unit, one.begins, one.until) for one in self.rule.every.values()]
        first = pl.Series([ways.index(way) for way in ways], dtype=pl.Int64)
        way = first.gather(limit)
        used = sorted(way.unique())
        if len(used) < 2:
            return found(pl.int_range(len(limit), eager=True), used[0]) if used else _nothing()
        where = [(way == number).arg_true() for number in used]
        parts = [found(places, number) for places, number in zip(where, used, strict=True)]
        order = pl.concat([places.cast(pl.Int64) for places in where]).arg_sort()
        found_all: pl.DataFrame = pl.concat(parts)[order]
        return found_all


def _nothing() -> pl.DataFrame:
    """Return what is found where nothing is asked."""
    import polars as pl

    kinds = {"due": pl.Int64, "by": pl.Int64, "past_due": pl.Boolean, "provisional": pl.Boolean}
    return pl.DataFrame(schema=kinds)


def runs_of(log: Log, name: str, pauses: Sequence[Stretches]) -> Runs:
    """Return each time that a deadline began.

    Args:
        log: The events; no case of theirs that is paused goes back in time.
        name: The deadline.
        pauses: The pauses that stop it.
    """
    import polars as pl

    machine, rule = log.machine, log.machine.rule.deadlines[name]
    names = {*rule.from_, *rule.to, *rule.extended_by}
    names |= {key for key, step in machine.rule.steps.items() if name in step.within}
    names |= {key for key, rung in machine.rule.reminders.items() if rung.deadline == name}
    wanted, keyed = log.is_one_of(names), rule.from_[0] in machine.per
    if not keyed and machine.per:
        wanted &= log.key.is_null()  # what is of a unit asks for that unit's deadline, and there is none
    part = log.part(wanted, keyed=keyed)
    first, begins, is_to = part["first"], _are_of(log, part, rule.from_), _are_of(log, part, rule.to)
    limit = in_places(_limits(log, rule, part["row"].filter(begins)), begins)
    starts, bounds = limit.is_not_null(), begins | is_to
    if rule.again == "run_on":
        # It begins unless it ran already: since it was last ended, if it was, no step has begun it.
        last_to, last = last_before(is_to, first), last_before(starts, first)
        starts &= is_to | last.is_null() | (last < last_to).fill_null(False)
        bounds = starts | is_to
    last = last_before(bounds, first)
    running = pl.select(pl.when(starts.gather(last)).then(last)).to_series()
    return Runs(log, name, rule, pauses, part, is_to, begins, starts, bounds, running, limit)


def _are_of(log: Log, part: pl.DataFrame, steps: Collection[str]) -> pl.Series:
    import polars as pl

    return pl.Series([name in steps for name in log.numbers], dtype=pl.Boolean).gather(part["step"])


def _limits(log: Log, rule: Deadline, rows: pl.Series) -> pl.Series:
    """Return the numbers of the limits that begin with events; missing where there is none."""
    import polars as pl

    if rule.by is None:
        return pl.repeat(0, len(rows), dtype=pl.Int64, eager=True)
    # A value without a limit is none of the words, and becomes missing.
    words = pl.Enum([*rule.limits])
    return log.value(rule.by, rows).cast(words, strict=False).to_physical().cast(pl.Int64)
