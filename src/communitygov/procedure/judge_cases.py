"""What a finished log says of whole cases in bulk: how each stands, what it lacks, the row that rates are taken of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from attrs import frozen

from communitygov.procedure.acts import Act, Fault
from communitygov.procedure.explain import fold, row_of
from communitygov.procedure.judge_log import Log, last_until, verdicts
from communitygov.procedure.judge_order import Places
from communitygov.procedure.state import State
from communitygov.procedure.tables import FACT, case_columns
from communitygov.vocabulary.clock import moment_at

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Cases", "case_schema", "cases_of", "fold_cases"]


@frozen(eq=False)
class Cases:
    """How each case stands at the end of a log.

    Args:
        log: The events.
        places: Where each leads to.
        main: The row of each case's last step of the main line; missing if it has none.
        place: The number of the place where it stands.
        done: For each step and reminder how often it was done in each case.
    """

    log: Log
    places: Places
    main: pl.Series
    place: pl.Series
    done: Mapping[str, pl.Series]

    def verdicts(self) -> Iterator[pl.DataFrame]:
        """Yield what cases lack: steps on every way to where they stand, and what was to be made public."""
        machine, numbers = self.log.machine, self.log.there
        stands = [one.step for one in self.places.every]
        for name in machine.rule.main:
            after = [step for step in machine.rule.main if name in machine.dominators[step]]
            if after:
                lacks = self.places.say([step in after for step in stands], self.place) & (self.done[name] == 0)
                yield verdicts("missing_step", numbers.filter(lacks), None, name)
        for key, shown in machine.rule.disclosures.items():
            if shown.within is None:
                lacks = self.is_closed & (self.done[shown.step] == 0)
                yield verdicts("not_disclosed", numbers.filter(lacks), None, key)

    @property
    def is_closed(self) -> pl.Series:
        """Whether each is closed."""
        return self.places.say([one.is_closed for one in self.places.every], self.place)

    def outcome(self) -> pl.Series:
        """Return what each is closed with."""
        import polars as pl

        closes = pl.Series([one.closes for one in self.places.every], dtype=pl.String).gather(self.place)
        for fact in sorted({one.closes_as for one in self.places.every if one.closes_as is not None}):
            said = self.places.say([one.closes_as == fact for one in self.places.every], self.place)
            closes = self.log.value(fact, self.log.ends).zip_with(said, closes)
        return closes

    def columns(self, settled: Mapping[str, pl.DataFrame]) -> Iterator[pl.Series]:
        """Yield the columns of the cases, as ``case_row`` says them of one, but for ``case`` and ``faults``.

        Args:
            settled: What deadlines say, as ``Timed`` has it.
        """
        import polars as pl

        log, rule = self.log, self.log.machine.rule
        first = log.first.gather(log.ends)
        is_closed = self.is_closed
        closed = log["at"].gather(self.main)
        takes = log.is_one_of([name for name, step in rule.steps.items() if step.takes])
        yield log["at"].gather(first).alias("opened")
        yield pl.select(pl.when(is_closed).then(closed).alias("closed")).to_series()
        yield is_closed.alias("is_closed")
        yield self.outcome().alias("outcome")
        yield log["unit"].gather(last_until(takes, log.first).gather(log.ends)).alias("owner")
        yield (log.ends.cast(pl.Int64) - first.cast(pl.Int64) + 1).alias("events")
        for name, fact in rule.all_facts.items():
            value = log.value(name, log.ends)
            if not fact.personal:
                yield value.alias(FACT + name)
            if fact.worth:
                hundredths = {word: int(worth * 100) for word, worth in fact.worth.items()}
                yield value.replace_strict(hundredths, return_dtype=pl.Int64).alias(f"worth.{name}")
        for name in rule.deadlines:
            yield from self._kept(name, settled[name])
        for name in rule.steps:
            yield self.done[name].alias(f"done.{name}")
        for name in dict.fromkeys(step.counts_as for step in rule.steps.values() if step.counts_as):
            counted = [self.done[key] for key, step in rule.steps.items() if step.counts_as == name]
            yield (
                pl.DataFrame([one.alias(str(i)) for i, one in enumerate(counted)])
                .sum_horizontal()
                .alias(f"count.{name}")
            )

    def _kept(self, name: str, settled: pl.DataFrame) -> Iterator[pl.Series]:
        """Yield whether a deadline was kept, and how often it was settled and kept."""
        import polars as pl

        numbers = pl.DataFrame([self.log.there])
        found = numbers.join(settled, on="number", how="left", maintain_order="left")
        times, kept = found["settled"].fill_null(0), found["kept"].fill_null(0)
        yield pl.select(pl.when(times > 0).then(times == kept).alias(f"kept.{name}")).to_series()
        yield times.alias(f"settled.{name}")
        yield kept.alias(f"kept_count.{name}")
        yield found["provisional"].alias(f"provisional.{name}")


def cases_of(log: Log, places: Places) -> Cases:
    """Return how each case stands at the end of a log.

    Args:
        log: The events.
        places: Where each leads to.
    """
    import polars as pl

    main = last_until(log.is_one_of(log.machine.rule.main), log.first).gather(log.ends)
    place = places.at.gather(main).fill_null(0)
    first, done = log.first.gather(log.ends), {}
    for name in log.machine.rule.steps:
        mask = log["step"] == log.numbers[name]
        so_far = mask.cum_sum().cast(pl.Int64)
        done[name] = so_far.gather(log.ends) - so_far.gather(first) + mask.gather(first).cast(pl.Int64)
    return Cases(log, places, main, place, done)


def fold_cases(log: Log, done: Callable[[], None]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the verdicts and the rows of cases one by one, as the fold has them.

    Args:
        log: The events of these cases.
        done: What is called after each case.
    """
    import polars as pl

    procedure, at = log.machine.rule, moment_at(log.at, "UTC")
    names, told, rows = [*log.numbers], list[tuple[Any, ...]](), []
    facts = [name for name in log.frame.columns if name.startswith(FACT)]
    for part in log.frame.partition_by("number", maintain_order=True):
        number, acts = part["number"][0], [_act(row, names, facts) for row in part.iter_rows(named=True)]
        folded = fold(procedure, acts, at)
        for seq, state, faults in zip(part["seq"], folded.states[:-1], folded.faults, strict=True):
            told += [(number, seq, *_told(state, fault)) for fault in faults]
        told += [(number, None, *_told(folded.states[-1], fault)) for fault in folded.of_case]
        rows.append({"number": number, **row_of(procedure, "", acts, at, folded)})
        done()
    none = verdicts("late", log["number"].clear(), None, "")
    return pl.DataFrame(told, schema=none.schema, orient="row"), pl.DataFrame(rows, schema=case_schema(log))


def case_schema(log: Log) -> dict[str, Any]:
    """Return the columns of cases while they are worked on, with their types: instants are whole numbers.

    Args:
        log: The events.
    """
    import polars as pl

    kinds = {"text": pl.String, "flag": pl.Boolean}
    columns = {column.name: kinds.get(column.kind, pl.Int64) for column in case_columns(log.machine.rule)}
    return {"number": pl.Int64, **columns}


def _act(row: Mapping[str, Any], names: list[str], facts: list[str]) -> Act:
    given = {name.removeprefix(FACT): row[name] for name in facts if row[name] is not None}
    return Act(names[row["step"]], row["at"], row["actor"], row["role"], row["unit"], row["reason"], given)


def _told(state: State, fault: Fault) -> tuple[Any, ...]:
    """Return a verdict as ``verdicts`` lays it out, but for its case and place."""
    by = counted = None
    if fault.by is not None:
        run = next(run for run in state.runs if run.open and (run.deadline, run.unit) == (fault.what, fault.unit))
        by, counted = int(fault.by * run.limit.budget.scale), run.limit.unit
    return fault.kind, fault.what, fault.unit, by, counted, fault.provisional
