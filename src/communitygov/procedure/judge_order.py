"""The order of events in bulk: where each case and each line of it stands, and what does not follow there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from communitygov.measures.rules import Condition
from communitygov.procedure.guards import Guard
from communitygov.procedure.judge_log import Log, last_before, next_of
from communitygov.procedure.machine import Place, Ways
from communitygov.procedure.tables import FACT

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Places", "order_verdicts", "places_of"]


@frozen(eq=False)
class Places:
    """Where each event leads to.

    Args:
        every: All places of the procedure; the first is that before the first step.
        at: For each event the number of its place among them; that of a reminder says nothing.
    """

    every: tuple[Place, ...] = field(repr=False)
    at: pl.Series = field(repr=False)

    def say(self, values: list[Any], at: pl.Series) -> pl.Series:
        """Return what is said of places.

        Args:
            values: What is said of each place, in the order of ``every``.
            at: The numbers of the places.
        """
        import polars as pl

        return pl.Series(values).gather(at)


def places_of(log: Log) -> Places:
    """Return where each event leads to.

    Args:
        log: The events.
    """
    machine, every, only = log.machine, [log.machine.start], {}
    several: dict[str, dict[str, int]] = {}
    for name, ways in machine.ways.items():
        listed = [place for place in (ways.only, *(place for _, place in ways.branches)) if place is not None]
        listed += [ways.undecided] if ways.only is None else []
        listed += [ways.beyond] if ways.beyond is not None else []
        several[name] = {place.way: len(every) + i for i, place in enumerate(listed)}
        only[name] = len(every)
        every += listed
    at = log.by_step(only, 0)
    for name, ways in machine.ways.items():
        if len(several[name]) > 1:
            at = at.scatter(log.rows(name), _taken(log, name, ways, several[name]))
    return Places(tuple(every), at)


def _taken(log: Log, name: str, ways: Ways, numbers: Mapping[str, int]) -> pl.Series:
    """Return the places that the events of a step lead to, as ``Ways.taken`` does of one."""
    import polars as pl

    rows = log.rows(name)
    reads = sorted(frozenset().union(*(branch.when.reads for branch, _ in ways.branches if branch.when is not None)))
    columns = [log.value(fact, rows).alias(fact) for fact in reads]
    frame = pl.DataFrame([*columns, log.nth(name).alias("*nth")])
    place = pl.lit(numbers[ways.undecided.way] if ways.only is None else numbers[ways.only.way], dtype=pl.Int64)
    unknown = pl.lit(False)
    for branch, _ in ways.branches:
        unknown = unknown if branch.when is None else unknown | _holds(log, branch.when).is_null()
    for branch, there in reversed(ways.branches):
        number = pl.lit(numbers[there.way], dtype=pl.Int64)
        if branch.when is None:  # it comes last, and is taken where it is known that no other is
            place = pl.when(unknown).then(place).otherwise(number)
        else:
            place = pl.when(_holds(log, branch.when)).then(number).otherwise(place)
    if ways.beyond is not None:
        past = pl.col("*nth") >= ways.rule.at_most
        place = pl.when(past).then(pl.lit(numbers[ways.beyond.way], dtype=pl.Int64)).otherwise(place)
    return frame.select(place.alias("place"))["place"]


def _holds(log: Log, guard: Guard) -> pl.Expr:
    """Return whether a guard holds, missing where that hangs on a fact that is not known: ``Guard.holds`` in a column.

    What Polars makes of *and* and *or* with a missing value is what the guard does.
    """
    import polars as pl

    parts = [_meets(condition, name, log.frame.schema[FACT + name]) for name, condition in guard.facts.items()]
    parts += [_holds(log, one) for one in guard.all_of.values()]
    if guard.any_of:
        parts.append(_any([_holds(log, one) for one in guard.any_of.values()]))
    if guard.none_of:
        parts.append(~_any([_holds(log, one) for one in guard.none_of.values()]))
    whole = pl.lit(True)
    for part in parts:
        whole = whole & part
    return whole


def _any(parts: list[pl.Expr]) -> pl.Expr:
    found = parts[0]
    for part in parts[1:]:
        found = found | part
    return found


def _meets(condition: Condition, name: str, dtype: Any) -> pl.Expr:
    """Return whether a fact is what a condition asks for; missing where it is not known and that matters."""
    import polars as pl

    value = pl.col(name)
    if condition.known is False:
        return value.is_null()
    if condition.one_of:
        met = value.is_in(list(condition.one_of)) if dtype == pl.String else pl.lit(False)
    elif condition.flag is not None:
        met = value == condition.flag if dtype == pl.Boolean else pl.lit(False)
    else:
        met = pl.lit(True)
        if condition.at_least is not None:
            met = met & (value >= _within(-(-condition.at_least.numerator // condition.at_least.denominator)))
        if condition.at_most is not None:
            met = met & (value <= _within(condition.at_most.numerator // condition.at_most.denominator))
    unknown = None if condition.known is None else False
    return pl.when(value.is_null()).then(pl.lit(unknown, dtype=pl.Boolean)).otherwise(met)


def _within(bound: int) -> int:
    """Return a bound that whole numbers of 63 bits can be held against."""
    return max(-(2**63), min(2**63 - 1, bound))


def order_verdicts(log: Log, places: Places) -> Iterator[pl.DataFrame]:
    """Yield the events that do not follow where their case or line stands, and lines that should have ended.

    Args:
        log: The events.
        places: Where each leads to.
    """
    rule = log.machine.rule
    yield _back_in_time(log)
    follows = _Follows.of(log, places)
    main = log.is_one_of(rule.main)
    before = places.at.gather(log.main_before).fill_null(0)
    yield log.told("wrong_order", *_rows_and_steps(log, (main & ~follows(before, log["step"])).arg_true()))
    lines = {key: _line(log, places, key) for key in rule.lines}
    for key, line in lines.items():
        yield _line_order(log, key, line, follows)
    for name, step in rule.steps.items():
        for key in step.awaits:
            yield _awaiting(log, name, key, lines[key])


def _back_in_time(log: Log) -> pl.DataFrame:
    """Return the events that lie before any that they follow in their case."""
    import polars as pl

    rows = log.of_such(log.goes_back).arg_true()
    number, rank = log["number"].gather(rows), log["at"].gather(rows).rank("dense").cast(pl.Int64)
    # One running maximum does for all cases: its values go up from case to case, and in a case with time.
    size = len(rows) + 1
    before = (number.rle_id().cast(pl.Int64) * size + rank).cum_max() % size
    return log.told("back_in_time", *_rows_and_steps(log, rows.filter(rank < before)))


def _rows_and_steps(log: Log, rows: pl.Series) -> tuple[pl.Series, pl.Series]:
    import polars as pl

    return rows, pl.Series([*log.numbers], dtype=pl.String).gather(log["step"].gather(rows))


@frozen(eq=False)
class _Follows:
    """Whether a step may follow a place.

    Args:
        pairs: The answer for each place and each step, one after the other.
        steps: How many steps there are.
    """

    pairs: pl.Series
    steps: int

    @classmethod
    def of(cls, log: Log, places: Places) -> _Follows:
        import polars as pl

        pairs = [name in one.next for one in places.every for name in log.numbers]
        return cls(pl.Series(pairs, dtype=pl.Boolean), len(log.numbers))

    def __call__(self, place: pl.Series, step: pl.Series) -> pl.Series:
        return self.pairs.gather(place * self.steps + step)


def _line(log: Log, places: Places, key: str) -> pl.DataFrame:
    """Return the events of a line, in the order of its units.

    Beside what a part has, ``underway`` after each, and ``next``: the row of the one after it, or the last of its case.
    """
    rule = log.machine.rule
    steps = [name for name, step in rule.steps.items() if step.line == key]
    part = log.part(log.is_one_of(steps), keyed=rule.lines[key].per is not None)
    place = places.at.gather(part["row"])
    underway = places.say([bool(one.next) for one in places.every], place)
    after = part["row"].gather(next_of(part["row"].is_not_null(), part["first"]))
    end = log.end.gather(part["row"])
    return part.with_columns(place.alias("place"), underway.alias("underway"), after.fill_null(end).alias("next"))


def _line_order(log: Log, key: str, line: pl.DataFrame, follows: _Follows) -> pl.DataFrame:
    """Return the events of a line that neither follow in it nor begin it anew where they may."""
    import polars as pl

    before = last_before(line["row"].is_not_null(), line["first"])
    place, underway = line["place"].gather(before), line["underway"].gather(before).fill_null(False)
    in_line = follows(place, line["step"]).fill_null(False)
    steps, pairs = log.machine.rule.steps, len(log.numbers)
    during = [one in step.during for step in steps.values() for one in log.numbers]
    asked = line["step"] * pairs + log["step"].gather(log.main_before.gather(line["row"]))
    begins = ~underway & pl.Series(during, dtype=pl.Boolean).gather(asked).fill_null(False)
    rows, steps_ = _rows_and_steps(log, line["row"].filter(~in_line & ~begins))
    return log.told("wrong_order", rows, steps_, log.key.gather(rows))


def _awaiting(log: Log, name: str, key: str, line: pl.DataFrame) -> pl.DataFrame:
    """Return a verdict for each unit whose line is underway when a step is done that awaits it."""
    import polars as pl

    rows = log.rows(name)
    spans = line.filter("underway")
    low, high = (rows.search_sorted(spans[column], side="right") for column in ("row", "next"))
    met = pl.DataFrame([spans["row"], low.alias("low"), high.alias("high")]).filter(pl.col("high") > pl.col("low"))
    met = met.select("row", pl.int_ranges("low", "high").alias("nth")).explode("nth")
    return log.told("awaiting", rows.gather(met["nth"]), key, log.key.gather(met["row"]))
