"""Expectations in a simulation: what their measures ask for, period by period, and whether they are met in a draw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from attrs import define, field

from communitygov.measures.measure import Values, measure_unchecked, meets
from communitygov.measures.rows import measure_table
from communitygov.measures.rules import Expectation, Measure
from communitygov.profile.profile import RuleSet
from communitygov.simulation.carried import BY, Certs, Scored
from communitygov.simulation.stages import Stages
from communitygov.simulation.variants import Course
from communitygov.simulation.worlds import World
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Expected", "expected_of"]

_KEPT = {
    "scored": frozenset({"subject", "period", "score", "maximum"}),
    "certified": frozenset({"subject", "year", "group", "score", "rank", "tier", "reason", "ever"}),
}
"""The columns of the two frames that a simulation has, beside the points of an index's nodes and the units' own."""


@define(eq=False)
class Expected:
    """The expectations of one variant that a simulation can judge, and the values of their measures so far.

    Args:
        rules: The rules that they stand in: those of the last year.
        wanted: The expectations, by id.
        unmeasured: Those that cannot be judged, with the reason.
        nodes: The nodes of the index whose points their measures ask for.
        told: The columns of a certification that they ask for.
        values: For each measure, its values of each period or year.
    """

    rules: RuleSet
    wanted: Mapping[str, Expectation]
    unmeasured: Mapping[str, Title]
    nodes: frozenset[str]
    told: frozenset[str]
    values: dict[str, list[pl.DataFrame]] = field(factory=dict)

    def take(self, stages: Stages, scored: Sequence[Scored], certs: Certs) -> None:
        """Take the measures of a year.

        Args:
            stages: The stages, for the world and for what has been measured already.
            scored: The scores of its periods.
            certs: Its certification.
        """
        for name in dict.fromkeys(str(expectation.measure) for expectation in self.wanted.values()):
            measure = self.rules.rules.measures[name]
            if not self._asks_of(name, measure, certs.frame["year"][0]):
                continue
            sources: tuple[Scored | Certs, ...] = (certs,) if measure.of == "certified" else tuple(scored)
            digest = self.rules.find(f"measures.{name}").digest
            values = stages.once(("measure", digest, *sources), partial(_values, measure, sources, stages.world))
            self.values.setdefault(name, []).append(values)

    def _asks_of(self, name: str, measure: Measure, year: int) -> bool:
        """Return whether a year's value of a measure is looked at: of a target with a date only the one at its end."""
        if measure.of != "certified" or measure.period != "year" or measure.by is not None:
            return True
        asked = [one for one in self.wanted.values() if str(one.measure) == name]
        ends = {None if one.by is None or one.kind != "target" else one.by.last_day.year for one in asked}
        return None in ends or year in ends

    def judged(self, draws: int, known: dict[object, pl.DataFrame]) -> dict[str, pl.DataFrame]:
        """Return for each expectation whether it is met in each draw.

        A target without a date is judged in the last period that has a value, a standard in all of them; where an
        expectation speaks of groups, all of them must meet it.

        Args:
            draws: How many draws.
            known: What has been judged of other variants; what they share is not judged again.

        Returns:
            By expectation: ``draw`` and ``met`` (``true``, ``false`` or ``undetermined``), in order of the draw.
        """
        found = {}
        for name, expectation in self.wanted.items():
            taken = tuple(self.values.get(str(expectation.measure), ()))
            key = (self.rules.find(f"expectations.{name}").digest, *map(id, taken))
            if key not in known:
                known[key] = _judged(expectation, self.rules.rules.measures[str(expectation.measure)], taken, draws)
            found[name] = known[key]
        return found


def expected_of(course: Course, world: World, *, undated: bool) -> Expected:
    """Return what a variant's expectations ask of a simulation.

    Args:
        course: The variant's rules.
        world: The world, whose units have the columns of groups.
        undated: Whether expectations without a date are judged too.
    """
    rules = course.terms[-1].rules
    index = course.index(course.terms[-1].periods[-1])
    points = frozenset(path[-1] for path, _ in index.nodes)
    own = frozenset(world.units.columns)
    wanted: dict[str, Expectation] = {}
    unmeasured: dict[str, Title] = {}
    nodes: set[str] = set()
    told: set[str] = set()
    for name, expectation in rules.rules.expectations.items():
        if expectation.kind == "condition":
            continue  # nobody is to meet it; it says who comes onto a list
        if expectation.measure is None:
            unmeasured[name] = Title(
                zh="原文未给指标，只能绘出", en="the source names no measure; it can only be drawn"
            )
            continue
        if expectation.by is None and not undated:
            unmeasured[name] = Title(
                zh="没有期限，此次未评判", en="it has no date, and such are not judged in this run"
            )
            continue
        measure = rules.rules.measures[expectation.measure]
        asked = _asked(measure)
        known = _KEPT.get(measure.of, frozenset()) | own | (points if measure.of == "scored" else frozenset())
        lacking = sorted(asked - known) if measure.of in _KEPT else [measure.of]
        if lacking:
            listed = ", ".join(lacking)
            unmeasured[name] = Title(zh=f"模拟中没有 {listed}", en=f"the simulation has no {listed}")
            continue
        wanted[name] = expectation
        nodes |= asked & points if measure.of == "scored" else set()
        told |= asked if measure.of == "certified" else set()
    return Expected(rules, wanted, unmeasured, frozenset(nodes), frozenset(told))


def _asked(measure: Measure) -> frozenset[str]:
    columns: Iterable[Any] = measure_table(measure).columns
    return frozenset(column.name for column in columns) - {"year", "period"}


def _values(measure: Measure, sources: Sequence[Scored | Certs], world: World) -> pl.DataFrame:
    import polars as pl

    asked = _asked(measure)
    time = "year" if measure.of == "certified" else "period"
    present = [name for name in sources[0].frame.columns if name in asked or name in (time, "subject", *BY)]
    frame = pl.concat([source.frame.select(present) for source in sources])
    lacking = [name for name in asked if name not in present]
    if lacking:
        frame = frame.join(world.units.select("subject", *lacking), on="subject", how="left")
    return measure_unchecked(measure, frame.lazy(), by=BY).frame.collect()  # type: ignore[no-any-return]


def _judged(expectation: Expectation, measure: Measure, taken: Sequence[pl.DataFrame], draws: int) -> pl.DataFrame:
    """Return ``draw`` and ``met``, from a measure's values."""
    import polars as pl

    everybody = pl.select(pl.int_range(draws, dtype=pl.Int32).alias("draw"))
    if not taken:
        return everybody.with_columns(met=pl.lit("undetermined"))
    names = taken[0].columns
    key = tuple(names[: names.index("numerator")])
    values = Values(pl.concat(taken), key, ("numerator", "base"), ("rows",), measure)
    judged = meets(expectation, values).frame
    if expectation.kind == "target" and expectation.by is None:
        judged = judged.filter(pl.col("period") == judged["period"].max())
    worst = pl.col("met").replace_strict({"false": 0, "undetermined": 1, "true": 2}, return_dtype=pl.Int8).min()
    words = {0: "false", 1: "undetermined", 2: "true"}
    said = judged.group_by("draw").agg(worst.replace_strict(words, return_dtype=pl.String))
    return (
        everybody.join(said, on="draw", how="left").sort("draw").with_columns(pl.col("met").fill_null("undetermined"))
    )
