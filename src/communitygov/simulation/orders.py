"""Simulating orders: the same orders under several variants of a procedure, judged by each, and what comes of them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from attrs import evolve, field, frozen

from communitygov.procedure.judge import Judged, judge
from communitygov.procedure.rates import rates
from communitygov.procedure.rules import Procedure
from communitygov.profile.profile import Profile
from communitygov.simulation.begin import check_names
from communitygov.simulation.order_draw import draw_log
from communitygov.simulation.order_model import OrderModel, calendar_of, check_model
from communitygov.simulation.results import frame_of, shares, summary
from communitygov.simulation.variants import Variant, as_it_stands
from communitygov.simulation.worlds import numpy_or_refuse
from communitygov.vocabulary.calendar import Calendar
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.period import PeriodKind
from communitygov.vocabulary.problem import did_you_mean

if TYPE_CHECKING:
    import polars as pl

__all__ = ["OrdersSimulation", "simulate_orders"]

_Counts = dict[tuple[str, ...], dict[int, int]]
_Ratios = dict[tuple[str, str, str], list[tuple[int, int]]]


@frozen(eq=False)
class OrdersSimulation:
    """What came of the same orders under each variant, over the draws.

    Args:
        procedure: The procedure's id.
        first: The first day.
        last: The last day; what is not done by its end is not done.
        count_from: The first day whose orders are counted.
        count_to: The last day whose orders are counted.
        draws: How many draws.
        seed: The seed.
        variants: The variants.
        digests: The digest of each variant's procedure.
        rates: One row per variant, rate and period: ``variant``, ``rate``, ``period``, and over the draws in which it
            has a value the ``mean``, ``low`` and ``high`` (5% and 95% of them), and ``draws``, how many those are.
        cases: One row per variant and ``count`` (``opened``, ``closed``, each outcome as ``outcome:...``, each step as
            ``done:...``) of any of them: ``mean``, ``low``, ``high`` of a draw.
        faults: One row per variant, ``verdict`` and ``what`` it is about in any of them: how many of a draw, ``mean``,
            ``low``, ``high``.
    """

    procedure: str
    first: dt.date
    last: dt.date
    count_from: dt.date
    count_to: dt.date
    draws: int
    seed: int
    variants: tuple[Variant, ...]
    digests: Mapping[str, str]
    rates: pl.DataFrame = field(repr=False)
    cases: pl.DataFrame = field(repr=False)
    faults: pl.DataFrame = field(repr=False)


def simulate_orders(
    profile: Profile,
    procedure: str,
    model: OrderModel,
    *,
    first: dt.date,
    last: dt.date,
    variants: Sequence[Variant] = (),
    draws: int = 20,
    seed: int = 1,
    period: PeriodKind = "year",
    count_from: dt.date | None = None,
    count_to: dt.date | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> OrdersSimulation:
    """Carry out a procedure on drawn orders, in several variants that all meet the same ones.

    The same orders come in at the same time, need the same time and are of the same kind in every variant; what differs
    is what the rules make of them. They come in on the days of the world's clock, or else of that of the first variant,
    whatever clock another has. Each log is judged by the rules that it was handled under.

    All are drawn, and only those opened from ``count_from`` to ``count_to`` are counted, in rates, cases and faults.
    The first orders meet desks that are free as yet, and the last have little time until the end: leave days before,
    until the queues are as long as ever, and days after, until what is counted is done.

    Args:
        profile: The profile.
        procedure: The procedure's id.
        model: The world of orders.
        first: The first day; the rules are those of that day.
        last: The last day.
        variants: What is compared; the rules as they stand, if there are none.
        draws: How many worlds are drawn.
        seed: The seed of the random numbers.
        period: The period that rates are taken over, by the day on which a case was opened.
        count_from: The first day whose orders are counted; ``first`` if None.
        count_to: The last day whose orders are counted; ``last`` if None.
        progress: Told how many logs are drawn and judged, and how many there are.

    Raises:
        UsageError: If there is no such procedure in a variant, neither it nor the world has a clock, they do not fit,
            a name of a variant stands twice, or the days, those counted among them, or the draws are none.
        NotInForce: If the profile is not in force on the first day.
    """
    compared = tuple(variants) or (as_it_stands(),)
    start, stop = count_from or first, count_to or last
    _check(compared, first, last, draws)
    _check_counted(first, last, start, stop)
    rules = {one.name: _procedure(profile, procedure, first, one) for one in compared}
    check_model(model, *rules.values())
    # When people come does not hang on the rules: by one and the same calendar, whatever clock a variant has.
    coming = model.clock.days if model.clock is not None else calendar_of(model, next(iter(rules.values())))
    ratios: _Ratios = defaultdict(list)
    counts: _Counts = defaultdict(dict)
    faults: _Counts = defaultdict(dict)
    done = 0
    for draw in range(draws):
        for name, rule in rules.items():
            found = _within(_judged(model, rule, first, last, seed, draw, coming), model, start, stop)
            if rule.rates:
                for key, values in rates(rule, _on_the_clock(found, model), period=period).values.items():
                    for when, top, bottom in values.frame.select("period", "numerator", "base").rows():
                        if top is not None and bottom is not None:
                            ratios[name, key, when].append((top, bottom))
            for (what, *about), count in _counted(found).items():
                (counts if what == "count" else faults)[name, *about][draw] = count
            done += 1
            if progress is not None:
                progress(done, draws * len(rules))
    return OrdersSimulation(
        procedure,
        first,
        last,
        start,
        stop,
        draws,
        seed,
        compared,
        {name: rule.machine.digest for name, rule in rules.items()},
        _rates(ratios),
        _summed(counts, ("variant", "count"), rules, draws),
        _summed(faults, ("variant", "verdict", "what"), rules, draws),
    )


def _check(variants: Sequence[Variant], first: dt.date, last: dt.date, draws: int) -> None:
    check_names(variants)
    if last < first or draws < 1:
        raise UsageError.because(
            "empty-span",
            zh=f"须有至少一天、一次抽取：{first} 至 {last}，{draws} 次",
            en=f"needs a day and a draw at least: {first} to {last}, {draws} draws",
        )


def _check_counted(first: dt.date, last: dt.date, start: dt.date, stop: dt.date) -> None:
    if not first <= start <= stop <= last:
        raise UsageError.because(
            "empty-span",
            zh=f"计入的日子须在 {first} 至 {last} 之内，至少一天：{start} 至 {stop}",
            en=f"the days that are counted lie within {first} to {last}, one at least: {start} to {stop}",
        )


def _procedure(profile: Profile, name: str, day: dt.date, variant: Variant) -> Procedure:
    rules = profile.at(day, reforms=variant.reforms, readings=variant.readings)
    if name not in rules.procedure:
        hint = did_you_mean(name, rules.procedure)
        raise UsageError.because(
            "unknown-name",
            zh=f"{profile.name} 没有流程 `{name}`{hint.zh}（情形 {variant.name}）",
            en=f"{profile.name} has no procedure `{name}`{hint.en} (variant {variant.name})",
        )
    return rules.procedure[name]


def _judged(
    model: OrderModel, rule: Procedure, first: dt.date, last: dt.date, seed: int, draw: int, coming: Calendar
) -> Judged:
    log = draw_log(model, rule, first, last, seed=seed, draw=draw, coming=coming)
    end = dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), ZoneInfo(calendar_of(model, rule).zone))
    return judge(rule, log, end)


def _within(found: Judged, model: OrderModel, start: dt.date, stop: dt.date) -> Judged:
    """Return what was found of the cases that were opened on the days that are counted."""
    import polars as pl

    zone = calendar_of(model, found.procedure).zone
    day = pl.col("opened").dt.convert_time_zone(zone).dt.date()
    cases = found.cases.filter(day.is_between(start, stop))
    return evolve(found, cases=cases, verdicts=found.verdicts.join(cases, on="case", how="semi"))


def _on_the_clock(found: Judged, model: OrderModel) -> Judged:
    """Return cases as rates are taken of them: by days of UTC without a clock, so what the world's shows is that."""
    import polars as pl

    if found.procedure.clock is not None:
        return found
    zone = calendar_of(model, found.procedure).zone
    shown = pl.col("opened").dt.convert_time_zone(zone).dt.replace_time_zone("UTC")
    return evolve(found, cases=found.cases.with_columns(shown))


def _counted(found: Judged) -> dict[tuple[str, ...], int]:
    """Return how many cases of each sort and how many faults of each kind a draw has."""
    import polars as pl

    cases: pl.DataFrame = found.cases
    counts: dict[tuple[str, ...], int] = {("count", "opened"): cases.height}
    counts["count", "closed"] = int(cases["is_closed"].sum())
    for outcome in found.procedure.outcomes:
        counts["count", f"outcome:{outcome}"] = int((cases["outcome"] == outcome).sum())
    for step in found.procedure.steps:
        counts["count", f"done:{step}"] = int(cases[f"done.{step}"].sum())
    grouped = found.verdicts.group_by("verdict", "what").agg(pl.len())
    counts.update({("fault", verdict, what): count for verdict, what, count in grouped.rows()})
    return counts


def _rates(ratios: _Ratios) -> pl.DataFrame:
    import polars as pl

    np = numpy_or_refuse()
    rows = []
    for (variant, rate, period), found in ratios.items():
        tops, bottoms = (np.array(values, dtype=np.int64) for values in zip(*found, strict=True))
        of_draws = {"variant": variant, "rate": rate, "period": period, "draws": len(found)}
        rows.append({**of_draws, **shares(tops, bottoms)})
    schema = {"variant": pl.String(), "rate": pl.String(), "period": pl.String()}
    real = {name: pl.Float64() for name in ("mean", "low", "high")}
    return frame_of(rows, {**schema, **real, "draws": pl.Int64()}).sort("rate", "period", maintain_order=True)


def _summed(counts: _Counts, key: tuple[str, ...], variants: Iterable[str], draws: int) -> pl.DataFrame:
    """Return counts over the draws, of all that any variant has; what a draw or a variant is without is none."""
    import polars as pl

    np = numpy_or_refuse()
    rows = []
    for variant, about in product(variants, dict.fromkeys(tuple(about) for _, *about in counts)):
        by_draw = counts.get((variant, *about), {})
        found: dict[str, Any] = summary(np.array([by_draw.get(draw, 0) for draw in range(draws)], dtype=np.int64))
        found = {name: float(found[name]) for name in ("mean", "low", "high")}
        rows.append({**dict(zip(key, (variant, *about), strict=True)), **found})
    schema = {**{name: pl.String() for name in key}, **{name: pl.Float64() for name in ("mean", "low", "high")}}
    return frame_of(rows, schema).sort(*key[1:], maintain_order=True)
