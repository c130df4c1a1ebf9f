"""A log in order, for judging in bulk: what was last before an event, and what was known with it, of all at once.

The rows are sorted by case and by the order in the case. A *row* is the place of an event in that order, a *position*
a place in a part of it, such as the events of one line. What concerns one case, or one line of it, lies together; so
*the last before* is a running fill, cut off where the case begins.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from communitygov.procedure.acts import CaseFault, EventFault
from communitygov.procedure.machine import Machine
from communitygov.procedure.tables import FACT

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Log", "first_of", "in_places", "last_before", "last_until", "next_of", "verdicts"]


@frozen(eq=False)
class Log:
    """The events of many cases, in order.

    Args:
        machine: The procedure.
        at: The instant that the log goes up to, in microseconds since 1970 in UTC.
        cases: The ids of the cases, in order.
        frame: The events: ``number`` (of the case), ``seq``, ``step`` (its number among steps and reminders), ``at``,
            ``actor``, ``role``, ``unit``, ``reason`` and a column for each fact; instants as whole numbers.
    """

    machine: Machine
    at: int
    cases: pl.Series = field(repr=False)
    frame: pl.DataFrame = field(repr=False)
    _known: dict[str, pl.Series] = field(init=False, factory=dict, repr=False)
    _rows: dict[str, pl.Series] = field(init=False, factory=dict, repr=False)

    def __getitem__(self, name: str) -> pl.Series:
        """Return a column of the events."""
        return self.frame[name]

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each step and reminder."""
        return {name: i for i, name in enumerate((*self.machine.rule.steps, *self.machine.rule.reminders))}

    @cached_property
    def first(self) -> pl.Series:
        """For each row the first of its case."""
        return first_of(self["number"])

    @cached_property
    def ends(self) -> pl.Series:
        """The last row of each case that has any."""
        number = self["number"]
        return (number != number.shift(-1)).fill_null(True).arg_true()

    @cached_property
    def there(self) -> pl.Series:
        """The numbers of the cases that have rows."""
        return self["number"].gather(self.ends)

    @cached_property
    def end(self) -> pl.Series:
        """For each row the last of its case."""
        import polars as pl

        number = self["number"]
        position = pl.int_range(len(number), dtype=pl.UInt32, eager=True)
        ends = (number != number.shift(-1)).fill_null(True)
        return pl.select(pl.when(ends).then(position).backward_fill()).to_series()

    @cached_property
    def goes_back(self) -> pl.Series:
        """Whether each event lies before the one that it follows in its case."""
        number, at = self["number"], self["at"]
        return ((at < at.shift(1)) & (number == number.shift(1))).fill_null(False)

    def of_such(self, mask: pl.Series) -> pl.Series:
        """Return whether each event is of a case in which any is marked.

        Args:
            mask: Which are marked.
        """
        import polars as pl

        if not mask.any():
            return pl.Series([False]).new_from_index(0, len(mask))
        return self["number"].is_in(self["number"].filter(mask).unique().implode())

    def is_one_of(self, steps: Iterable[str]) -> pl.Series:
        """Return whether each event is of one of some steps.

        Args:
            steps: Their names.
        """
        return self.by_step(dict.fromkeys(steps, True), False)

    def by_step(self, values: dict[str, Any], otherwise: Any) -> pl.Series:
        """Return for each event a value that goes by its step.

        Args:
            values: The value, by step.
            otherwise: The value of all other steps.
        """
        import polars as pl

        return pl.Series([values.get(name, otherwise) for name in self.numbers]).gather(self["step"])

    def rows(self, step: str) -> pl.Series:
        """Return the rows of a step.

        Args:
            step: Its name.
        """
        if step not in self._rows:
            self._rows[step] = (self["step"] == self.numbers[step]).arg_true()
        return self._rows[step]

    @cached_property
    def is_step(self) -> pl.Series:
        """Whether each event is a step, not a reminder."""
        return self["step"] < len(self.machine.rule.steps)

    def known(self, fact: str) -> pl.Series:
        """Return for each event the row that last said a fact, it included; a reminder says none.

        Args:
            fact: The fact.
        """
        if fact not in self._known:
            given = self[FACT + fact].is_not_null()
            self._known[fact] = last_until(given & self.is_step if self.machine.rule.reminders else given, self.first)
        return self._known[fact]

    def value(self, fact: str, rows: pl.Series) -> pl.Series:
        """Return what is known of a fact with each of some events.

        Args:
            fact: The fact.
            rows: Their rows.
        """
        return self[FACT + fact].gather(self.known(fact).gather(rows))

    @cached_property
    def main_before(self) -> pl.Series:
        """For each event the row of the step of the main line that was last before it."""
        return last_before(self.is_one_of(self.machine.rule.main), self.first)

    @cached_property
    def taken_before(self) -> pl.Series:
        """For each event the row that made a unit the owner of the case, last before it."""
        takes = [name for name, step in self.machine.rule.steps.items() if step.takes]
        return last_before(self.is_one_of(takes), self.first)

    @cached_property
    def key(self) -> pl.Series:
        """For each event the unit whose line it belongs to; missing where there is no line per unit."""
        import polars as pl

        rule, per = self.machine.rule, self.machine.per
        keyed = [name for name in per if not rule.steps[name].during]
        keyed += [name for name, one in rule.reminders.items() if rule.deadlines[one.deadline].from_[0] in per]
        empty = pl.Series([None], dtype=pl.String).new_from_index(0, self.frame.height)
        found = self["unit"].zip_with(self.is_one_of(keyed), empty) if keyed else empty
        for name, fact in per.items():
            mine, named = self["step"] == self.numbers[name], self[FACT + fact]
            found = named.zip_with(mine if rule.steps[name].during else mine & named.is_not_null(), found)
        return found

    def nth(self, step: str) -> pl.Series:
        """Return for each event of a step how often it was done before in its case.

        Args:
            step: Its name.
        """
        import polars as pl

        number = self["number"].gather(self.rows(step))
        return pl.int_range(len(number), dtype=pl.Int64, eager=True) - first_of(number).cast(pl.Int64)

    def part(self, wanted: pl.Series, *, keyed: bool) -> pl.DataFrame:
        """Return a part of the events: ``row``, ``step``, ``at``, ``number`` and the ``first`` position of each group.

        A group is a case; or, where the part is of lines per unit, a unit of a case, and the part is in their order.

        Args:
            wanted: Which events.
            keyed: Whether there is a group for each unit.
        """
        import polars as pl

        row = wanted.arg_true()
        found = pl.DataFrame([row.alias("row"), *(self[name].gather(row) for name in ("number", "step", "at"))])
        if not keyed:
            return found.with_columns(first_of(found["number"]).alias("first"))
        key = self.key.gather(row)
        unit = key.rank("dense").fill_null(0).cast(pl.Int64)
        group = found["number"] * (len(row) + 1) + unit
        found = found.with_columns(group.alias("group")).sort("group", "row")
        return found.with_columns(first_of(found["group"]).alias("first")).drop("group")

    def told(
        self,
        verdict: EventFault,
        rows: pl.Series,
        what: str | pl.Series,
        unit: pl.Series | None = None,
        by: pl.DataFrame | None = None,
    ) -> pl.DataFrame:
        """Return verdicts on events.

        Args:
            verdict: What is wrong with each.
            rows: Their rows.
            what: What it is about, of all or of each.
            unit: The unit whose line it is, of each.
            by: How late, as ``Runs.late`` says: ``by``, ``counted`` and ``provisional``.
        """
        return verdicts(verdict, self["number"].gather(rows), self["seq"].gather(rows), what, unit, by)


def verdicts(
    verdict: EventFault | CaseFault,
    number: pl.Series,
    seq: pl.Series | None,
    what: str | pl.Series,
    unit: pl.Series | None = None,
    by: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Return verdicts on events, or on cases as wholes.

    Args:
        verdict: What is wrong with each.
        number: The numbers of their cases.
        seq: The places of the events in their cases; None for cases as wholes.
        what: What it is about, of all or of each.
        unit: The unit whose line it is, of each.
        by: How late, as ``Runs.late`` says: ``by``, ``counted`` and ``provisional``.
    """
    import polars as pl

    late: Any = {"by": None, "counted": None, "provisional": False} if by is None else by
    values = {
        "number": (number, pl.Int64),
        "seq": (seq, pl.Int64),
        "verdict": (verdict, pl.String),
        "what": (what, pl.String),
        "unit": (unit, pl.String),
        "by": (late["by"], pl.Int64),
        "counted": (late["counted"], pl.String),
        "provisional": (late["provisional"], pl.Boolean),
    }
    if number.is_empty():  # as it is of most that can be wrong
        return pl.DataFrame(schema={name: kind for name, (_, kind) in values.items()})
    columns = []
    for name, (value, kind) in values.items():
        given = isinstance(value, pl.Series)
        each = value.cast(kind) if given else pl.Series([value], dtype=kind).new_from_index(0, len(number))
        columns.append(each.alias(name))
    return pl.DataFrame(columns)


def first_of(group: pl.Series) -> pl.Series:
    """Return for each position the first of its group; groups lie together.

    Args:
        group: What tells groups apart.
    """
    import polars as pl

    position = pl.int_range(len(group), dtype=pl.UInt32, eager=True)
    begins = (group != group.shift(1)).fill_null(True)
    return pl.select(pl.when(begins).then(position).forward_fill()).to_series()


def last_until(mask: pl.Series, first: pl.Series) -> pl.Series:
    """Return for each position the last one of its group up to it, itself included, that is marked; missing if none is.

    Args:
        mask: Which are marked.
        first: The first position of each one's group.
    """
    import polars as pl

    position = pl.int_range(len(mask), dtype=pl.UInt32, eager=True)
    found = pl.select(pl.when(mask).then(position).forward_fill()).to_series()
    return pl.select(pl.when(found >= first).then(found)).to_series()


def last_before(mask: pl.Series, first: pl.Series) -> pl.Series:
    """Return for each position the last one of its group before it that is marked; missing if none is.

    Args:
        mask: Which are marked.
        first: The first position of each one's group.
    """
    import polars as pl

    position = pl.int_range(len(mask), dtype=pl.UInt32, eager=True)
    found = pl.select(pl.when(mask).then(position).forward_fill().shift(1)).to_series()
    return pl.select(pl.when(found >= first).then(found)).to_series()


def next_of(mask: pl.Series, first: pl.Series) -> pl.Series:
    """Return for each position the next one of its group after it that is marked; missing if none is.

    Args:
        mask: Which are marked.
        first: The first position of each one's group.
    """
    import polars as pl

    position = pl.int_range(len(mask), dtype=pl.UInt32, eager=True)
    found = pl.select(pl.when(mask).then(position).backward_fill().shift(-1)).to_series()
    return pl.select(pl.when(first.gather(found) == first).then(found)).to_series()


def in_places(found: pl.Series, kept: pl.Series) -> pl.Series:
    """Return what was found for the positions that were kept, in their places; in all others it is missing.

    Args:
        found: What was found, one for each that was kept.
        kept: Which positions were.
    """
    import polars as pl

    return found.gather(pl.select(pl.when(kept).then(kept.cum_sum().cast(pl.Int64) - 1)).to_series())
