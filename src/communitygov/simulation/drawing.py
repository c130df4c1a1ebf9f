"""Drawing: the facts of a world in some periods, from random numbers that depend on nothing but their name.

A drawn world makes up facts, never results: what is drawn are the raw values of an index's leaves, with the decimals
that the index declares, and the library's own verbs do the rest.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from communitygov.index.rules import Index
from communitygov.index.scales import Leaf, ends
from communitygov.simulation.parameters import Parameters
from communitygov.simulation.worlds import World, numpy_or_refuse
from communitygov.vocabulary.errors import DataError, UsageError
from communitygov.vocabulary.period import Period, PeriodKind

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

__all__ = ["MONTHS", "SAMPLED", "draw", "error_of", "flags", "latent_score", "months_of"]

MONTHS: Mapping[PeriodKind, int] = {"year": 12, "half": 6, "quarter": 3, "month": 1}
"""How many months a period of each kind has."""
SAMPLED = frozenset({"questionnaire", "survey"})
"""The methods whose error is that of a sample of answers, by their ids."""
PAPERS = "documents"


def draw(
    world: World,
    index: Index,
    periods: Sequence[Period],
    draws: int = 1,
    *,
    lift: Mapping[Period, Floats] | None = None,
) -> pl.DataFrame:
    """Return the raw values of an index's leaves in some periods.

    The number of a draw, a period or a leaf depends on no other: more draws, more periods or another index change none
    that both have.

    Args:
        world: The world.
        index: The rules, of which leaves, scales, decimals and methods are used.
        periods: Periods of the index's kind.
        draws: How many draws; real data has one.
        lift: What remediation has added in each period, in points of 100, an array of draws times units.

    Returns:
        One row per draw, period and subject: ``draw`` (from 0), ``subject``, ``period`` and a column per leaf, as
        ``score`` takes it: on the leaf's scale, with no more places than it declares. Leaves that share a draw share
        one column in memory.

    Raises:
        UsageError: If a period is before the world begins, or a leaf has no scale to be drawn on.
        DataError: If real data lack a period.

    Source:
        The model stands in ``Parameters``; the random numbers are numpy's SFC64, seeded by name and period.

    Example:
        >>> from communitygov.index.rules import Indicator
        >>> from communitygov.index.scales import Scale
        >>> index = Index(
        ...     subject="community",
        ...     period="year",
        ...     maximum=1,
        ...     decimals=2,
        ...     weights="points",
        ...     scale=Scale(minimum=0, maximum=10, decimals=1),
        ...     indicators={"order": Indicator(weight=1, method="visit")},
        ... )
        >>> world = World.drawn(communities=2, mean=70, spread=0, quality_spread=0, quarter_spread=0, visit_error=0)
        >>> draw(world, index, [Period.parse("2023")], 1).rows()
        [(0, 'c1', '2023', 7.0), (0, 'c2', '2023', 7.0)]
    """
    import polars as pl

    if world.data is not None:
        return _real(world, index, periods)
    np = numpy_or_refuse()
    rows = draws * world.size
    keys = pl.DataFrame(
        {
            "draw": pl.Series(np.repeat(np.arange(draws, dtype=np.int32), world.size)),
            "subject": pl.concat([world.units["subject"]] * draws, rechunk=True),
        }
    )
    frame = pl.concat([keys.with_columns(pl.lit(str(period)).alias("period")) for period in periods], rechunk=True)
    made: dict[object, tuple[Leaf, Any]] = {}
    columns = {}
    for leaf in index.leaves:
        scale = _scale(leaf)
        like = columns[leaf.id] = (_source(world, leaf), leaf.method, scale, leaf.direction)
        if like not in made:
            made[like] = leaf, np.empty(rows * len(periods), dtype=np.int64 if scale[2] == 0 else np.float64)
    # Period by period, since a process that goes on from its last state need not begin from the start; the leaves of
    # one side by side, since each has random numbers of its own, and numpy lets other threads run while it makes them.
    with ThreadPoolExecutor() as threads:
        for i, period in enumerate(periods):
            alike: dict[object, Floats] = {}
            jobs = []
            for leaf, values in made.values():
                value = _alike(world, leaf, period, draws, (lift or {}).get(period), alike)
                job = values[i * rows : (i + 1) * rows], world, leaf, period, draws, value
                jobs.append(threads.submit(_measure, *job))
            for one in jobs:
                one.result()
    series = {like: pl.Series(values) for like, (_, values) in made.items()}
    return frame.with_columns([series[like].alias(name) for name, like in columns.items()])


def latent_score(
    world: World, index: Index, periods: Sequence[Period], draws: int, *, lift: Mapping[Period, Floats] | None = None
) -> Floats | None:
    """Return what the scores would be in the mean of some periods if nothing were measured wrong.

    Args:
        world: The world.
        index: The rules, of which each leaf's quality and share are used.
        periods: The periods.
        draws: How many draws.
        lift: What remediation has added, as in ``draw``.

    Returns:
        Points of 100, an array of draws times units; None of real data, whose truth nobody knows.
    """
    if world.data is not None:
        return None
    shares: dict[str, Fraction] = {}
    for leaf in index.leaves:
        shares[leaf.path[0]] = shares.get(leaf.path[0], Fraction(0)) + leaf.share
    total: Any = 0
    for period in periods:
        for quality, share in shares.items():
            total = total + float(share) * _true(world, quality, period, draws)
        if lift is not None and period in lift:
            total = total + lift[period]
    return total / len(periods)  # type: ignore[no-any-return]


def flags(world: World, columns: Sequence[str], year: int, draws: int) -> pl.DataFrame:
    """Return the true-or-false facts of a year.

    Args:
        world: The world.
        columns: The columns asked for.
        year: The year.
        draws: How many draws.

    Returns:
        One row per draw and subject: ``draw``, ``subject`` and the columns. A drawn fact is true with the parameter
        ``flag_rate``; of real data, what ``facts`` has, and false where it has nothing.

    Example:
        >>> flags(World.drawn(communities=2, flag_rate=1), ["accident"], 2023, 1).rows()
        [(0, 'c1', True), (0, 'c2', True)]
    """
    import polars as pl

    if world.parameters is None:
        frame = world.units.select(pl.lit(0, pl.Int32).alias("draw"), "subject")
        facts = world.facts
        known = [] if facts is None else [name for name in columns if name in facts.columns]
        if facts is not None and known:
            of_year = facts.filter(pl.col("year") == year).select("subject", *known)
            frame = frame.join(of_year, on="subject", how="left")
        lacking = [pl.lit(False).alias(name) for name in columns if name not in known]
        return frame.with_columns(pl.col(known).fill_null(False), *lacking)
    np = numpy_or_refuse()
    keys = {
        "draw": pl.Series(np.repeat(np.arange(draws, dtype=np.int32), world.size)),
        "subject": pl.concat([world.units["subject"]] * draws, rechunk=True),
    }
    drawn = {
        name: pl.Series(
            _stream(world, f"flag {name}", year).random(draws * world.size, dtype=np.float32)
            < np.float32(world.parameters.flag_rate)
        )
        for name in columns
    }
    return pl.DataFrame({**keys, **drawn})


def _real(world: World, index: Index, periods: Sequence[Period]) -> pl.DataFrame:
    import polars as pl

    data: pl.DataFrame = world.data  # type: ignore[assignment]
    wanted = [str(period) for period in periods]
    absent = sorted(set(wanted) - set(data["period"].cast(pl.String).to_list()))
    if absent:
        raise DataError.because(
            "missing-period",
            zh=f"真实数据没有 {'、'.join(absent)}",
            en=f"the real data have no rows of {', '.join(absent)}",
        )
    ids = [leaf.id for leaf in index.leaves if leaf.id in data.columns]
    chosen = data.filter(pl.col("period").cast(pl.String).is_in(wanted)).select("subject", "period", *ids)
    return chosen.select(pl.lit(0, pl.Int32).alias("draw"), pl.all())


def _model(world: World) -> Parameters:
    return world.parameters or Parameters()


def _stream(world: World, name: str, ordinal: int) -> Any:
    """Return the random numbers of one name and time, independent of all others."""
    np = numpy_or_refuse()
    seed = np.random.SeedSequence([world.seed, zlib.crc32(name.encode())], spawn_key=(ordinal,))
    return np.random.Generator(np.random.SFC64(seed))


def _normal(world: World, name: str, ordinal: int, draws: int) -> Floats:
    return _stream(world, name, ordinal).standard_normal(draws * world.size, dtype=numpy_or_refuse().float32)  # type: ignore[no-any-return]


def _lasting(world: World, name: str, ordinal: int, draws: int) -> Floats:
    """Return normal numbers that are new in each draw, or the same in all."""
    if world.latent == "each_draw":
        return _normal(world, name, ordinal, draws)
    return numpy_or_refuse().tile(_normal(world, name, ordinal, 1), draws)  # type: ignore[no-any-return]


def _ordinal(world: World, period: Period) -> int:
    """Return how many periods of its kind a period is after the world's beginning."""
    start, length = _model(world).start, months_of(period.kind)
    months = (period.first_day.year - start) * 12 + period.first_day.month - 1
    if months < 0:
        raise UsageError.because(
            "before-the-world",
            zh=f"{period} 早于情境的起始年 {start}；可设参数 start",
            en=f"{period} is before the world begins in {start}; set the parameter `start`",
        )
    return months // length


def months_of(kind: PeriodKind) -> int:
    """Return how many months a period has.

    Args:
        kind: Its kind.

    Raises:
        UsageError: If it is a day, by which no world is drawn.

    Example:
        >>> months_of("quarter")
        3
    """
    if kind not in MONTHS:
        raise UsageError.because(
            "no-such-world",
            zh="不能逐日抽取；评价周期须为年、半年、季或月",
            en="no world is drawn by the day; take a year, half, quarter or month",
        )
    return MONTHS[kind]


def _process(world: World, name: str, period: Period, draws: int) -> Floats:
    """Return a stationary first-order process with variance 1 and the declared correlation one year apart."""
    np = numpy_or_refuse()
    last = _ordinal(world, period)
    key = (name, period.kind, draws)
    at, state = world._kept.get(key, (-1, None))
    if at > last:
        at, state = -1, None
    keep = np.float32(_model(world).correlation ** (MONTHS[period.kind] / 12))
    new = np.float32(max(0.0, 1 - float(keep) ** 2) ** 0.5)
    for ordinal in range(at + 1, last + 1):
        fresh = _lasting(world, f"{name} {period.kind}", ordinal, draws)
        state = fresh if state is None else keep * state + new * fresh
    world._kept[key] = (last, state)
    return state  # type: ignore[no-any-return]


def _true(world: World, quality: str, period: Period, draws: int) -> Floats:
    """Return a quality's true value, in points of 100, without remediation; the last year's are kept."""
    np = numpy_or_refuse()
    model = _model(world)
    ordinal = _ordinal(world, period)
    key = ("true", quality, period.kind, draws)
    first, recent = world._kept.get(key, (0, {}))
    if ordinal in recent:
        return recent[ordinal]  # type: ignore[no-any-return]
    years = ordinal * MONTHS[period.kind] / 12
    value = np.full(draws * world.size, model.mean + model.improvement * years, dtype=np.float32)
    for spread, name in ((model.spread, "level"), (model.quality_spread, f"quality {quality}")):
        if spread:
            value += np.float32(spread) * _process(world, name, period, draws)
    if model.quarter_spread:
        value += np.float32(model.quarter_spread) * _moment(world, period, draws)
    lasting = 12 // MONTHS[period.kind]
    kept = {at: one for at, one in recent.items() if ordinal - lasting < at < ordinal}
    world._kept[key] = (first, {**kept, ordinal: value})
    return value  # type: ignore[no-any-return]


def _moment(world: World, period: Period, draws: int) -> Floats:
    """Return the ups and downs of a period, which all qualities share."""
    key, ordinal = ("moment", period.kind, draws), _ordinal(world, period)
    if world._kept.get(key, (-1, None))[0] != ordinal:
        world._kept[key] = (ordinal, _lasting(world, f"moment {period.kind}", ordinal, draws))
    return world._kept[key][1]  # type: ignore[no-any-return]


def _source(world: World, leaf: Leaf) -> str:
    return leaf.path[0] if world.per == "cell" else leaf.id


def _alike(
    world: World, leaf: Leaf, period: Period, draws: int, lift: Floats | None, known: dict[object, Floats]
) -> Floats:
    """Return what leaves of one quality and kind of measurement share, in points of 100: all but their own error."""
    np = numpy_or_refuse()
    model, quality = _model(world), leaf.path[0]
    shared = model.answer_spread * (model.halo / model.answers) ** 0.5 if leaf.method in SAMPLED else 0
    if (quality, shared) not in known:
        value = _true(world, quality, period, draws)
        if lift is not None:
            value = value + lift
        if shared:
            if "answers" not in known:
                answers = _normal(world, f"answers {period.kind}", _ordinal(world, period), draws)
                known["answers"] = np.float32(shared) * answers
            value = value + known["answers"]
        known[quality, shared] = value
    return known[quality, shared]


def _measure(into: Any, world: World, leaf: Leaf, period: Period, draws: int, value: Floats) -> None:
    """Write what is measured of a leaf, on its scale, from what it shares with others; another thread may do it."""
    np = numpy_or_refuse()
    own = error_of(_model(world), leaf.method)
    if own:
        name = f"{_source(world, leaf)} {leaf.method} {period.kind}"
        observed = _normal(world, name, _ordinal(world, period), draws)
        observed *= np.float32(own)
        observed += value
    else:
        observed = value.copy()
    into[:] = _on_scale(observed, leaf, _scale(leaf))


def error_of(parameters: Parameters, method: str | None) -> float:
    """Return the deviation of a measurement's own error, in points of 100.

    Args:
        parameters: The parameters.
        method: How it is measured; of a questionnaire, the part that its questions do not share.
    """
    if method in SAMPLED:
        return float(parameters.answer_spread * ((1 - parameters.halo) / parameters.answers) ** 0.5)
    return parameters.document_error if method == PAPERS else parameters.visit_error


def _scale(leaf: Leaf) -> tuple[Fraction, Fraction, int | None]:
    """Return a leaf's least and greatest value and its decimals."""
    given = leaf.scale.minimum, leaf.scale.maximum
    low, high = ends(leaf) if given[0] is None or given[1] is None else (Fraction(given[0]), Fraction(given[1]))
    if low >= high:
        raise UsageError.because(
            "no-scale-to-draw-on",
            zh=f"指标 `{leaf.id}` 没有量表（scale），无从抽取",
            en=f"the indicator `{leaf.id}` has no scale with minimum and maximum, so nothing can be drawn for it",
        )
    return low, high, leaf.scale.decimals


def _on_scale(points: Floats, leaf: Leaf, scale: tuple[Fraction, Fraction, int | None]) -> Any:
    """Return points of 100 as values of a leaf: on its scale, held within it, with its decimals."""
    np = numpy_or_refuse()
    low, high, decimals = scale
    unit = 10 ** (decimals or 0)
    least, most = float(low * unit), float(high * unit)
    values: Any = points if most - least <= 100_000 else points.astype(np.float64)  # what float32 tells apart
    if leaf.direction == "lower":
        values = 100 - values
    values *= (most - least) / 100
    values += least
    if decimals is None:
        return np.clip(values, least, most, out=values)
    whole = np.clip(np.rint(values, out=values), -(-(low * unit) // 1), (high * unit) // 1, out=values)
    # Divided in float64, a whole number of units is the float nearest to its decimals, and is read back exactly.
    return np.divide(whole, unit, dtype=np.float64) if decimals else whole
