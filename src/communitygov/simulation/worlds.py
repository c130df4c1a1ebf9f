"""Worlds: the facts that rules are applied to, real or drawn from a stated model.

A drawn world makes up facts, never results: what is drawn are the raw values of an index's leaves, in the decimals
that the index declares, and the library's own verbs do the rest.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from attrs import field, frozen

from communitygov.index.rules import Index
from communitygov.index.scales import Leaf, ends
from communitygov.simulation.parameters import Parameters
from communitygov.vocabulary.errors import DataError, MissingExtra, UsageError
from communitygov.vocabulary.period import Period, PeriodKind
from communitygov.vocabulary.problem import Problem, did_you_mean
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    from types import ModuleType

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

__all__ = ["World", "draw", "flags", "latent_score", "read_units"]

_MONTHS: Mapping[PeriodKind, int] = {"year": 12, "half": 6, "quarter": 3, "month": 1}
_SAMPLED = "questionnaire"
_PAPERS = "documents"


def _numpy() -> ModuleType:
    try:
        import numpy
    except ImportError:
        raise MissingExtra.named("simulation", "numpy") from None
    return numpy


@frozen(eq=False)
class World:
    """The facts that rules are applied to: real data, or drawn from the model of ``Parameters``.

    Args:
        units: One row per subject: ``subject`` and any columns that groups are made of, such as ``street``.
        parameters: The model's parameters; None if the data are real.
        seed: What the random numbers are made from; the same seed gives the same numbers.
        per: Draw one value per quality and method, which its leaves share (``cell``), or one per ``leaf``.
        latent: Draw the communities' own quality anew in each draw, or ``once``, so that draws differ only in what
            visits and questionnaires get wrong.
        data: Real raw values: ``subject``, ``period`` and a column per leaf.
        facts: Real true-or-false facts: ``subject``, ``year`` and a column per veto.

    Example:
        >>> world = World.drawn(seed=7, communities=3)
        >>> world.units["subject"].to_list()
        ['c1', 'c2', 'c3']
    """

    units: pl.DataFrame = field(repr=False)
    parameters: Parameters | None
    seed: int = 0
    per: Literal["cell", "leaf"] = "cell"
    latent: Literal["each_draw", "once"] = "each_draw"
    data: pl.DataFrame | None = field(default=None, repr=False)
    facts: pl.DataFrame | None = field(default=None, repr=False)
    _kept: dict[object, tuple[int, Any]] = field(factory=dict, init=False, repr=False)
    """The state of each process at the last period asked for, so that the next one need not begin from the start."""

    @classmethod
    def drawn(
        cls,
        parameters: Parameters | None = None,
        *,
        seed: int = 0,
        units: Any = None,
        per: Literal["cell", "leaf"] = "cell",
        latent: Literal["each_draw", "once"] = "each_draw",
        **values: float,
    ) -> World:
        """Return a world drawn from the model.

        Args:
            parameters: All parameters at once; else the defaults.
            seed: A whole number, 0 or more.
            units: A Polars frame of real units, one row per ``subject``; it sets their number.
            per: Draw per quality and method, or per leaf.
            latent: Draw the communities' own quality in each draw, or once.
            values: Single parameters by name.

        Raises:
            UsageError: If a parameter is unknown or out of range, or units and ``communities`` do not agree.
            DataError: If units have no subjects, or one twice.
            MissingExtra: If numpy is not installed (extra ``simulation``).
        """
        import polars as pl

        _numpy()
        if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
            raise UsageError.because(
                "bad-seed", zh=f"种子须为不小于0的整数，却是 {seed!r}", en=f"a seed is a whole number of 0 or more, not {seed!r}"
            )
        if parameters is not None and values:
            raise UsageError.because(
                "parameters-twice",
                zh="参数或整体给出，或逐个给出，不可兼用",
                en="give all parameters at once or single ones by name, not both",
            )
        if units is not None:
            count = _check_units(units)
            if values.setdefault("communities", count) != count or (parameters or Parameters()).communities not in (
                count,
                Parameters().communities,
            ):
                raise UsageError.because(
                    "communities-differ",
                    zh=f"单元表有 {count} 个社区，与参数 communities 不符",
                    en=f"the units are {count} communities, and the parameter `communities` says otherwise",
                )
        if parameters is None:
            parameters = Parameters.of(**values)
        elif units is not None:
            from attrs import evolve

            parameters = evolve(parameters, communities=int(values["communities"]))
        if units is None:
            width = len(str(parameters.communities))
            names = [f"c{i:0{width}}" for i in range(1, parameters.communities + 1)]
            units = pl.DataFrame({"subject": names}, schema={"subject": pl.String})
        return cls(units, parameters, seed, per, latent)

    @classmethod
    def from_frames(cls, data: Any, *, units: Any = None, facts: Any = None) -> World:
        """Return a world of real data.

        Args:
            data: A Polars frame, one row per ``subject`` and ``period`` with a column of raw values per leaf, as
                ``score`` takes it.
            units: A Polars frame, one row per ``subject``, with the columns of groups; the data's subjects if None.
            facts: A Polars frame, one row per ``subject`` and ``year`` with a true-or-false column per veto; without
                it no veto strikes.

        Raises:
            DataError: If a column is missing, or units have no subjects, or one twice.

        Example:
            >>> import polars as pl
            >>> World.from_frames(pl.DataFrame({"subject": ["a"], "period": ["2023"], "x": [1]})).is_real
            True
        """
        for name, frame, keys in (("data", data, ("subject", "period")), ("facts", facts, ("subject", "year"))):
            for key in keys if frame is not None else ():
                if key not in frame.columns:
                    raise DataError.because(
                        "missing-column",
                        zh=f"{name} 缺少列 `{key}`{did_you_mean(key, frame.columns).zh}",
                        en=f"{name} has no column `{key}`{did_you_mean(key, frame.columns).en}",
                    )
        if units is None:
            units = data.select("subject").unique(maintain_order=True)
        _check_units(units)
        strangers = data.filter(~data["subject"].is_in(units["subject"].implode()))["subject"].unique().sort().to_list()
        if strangers:
            raise DataError.because(
                "unknown-subject",
                zh=f"单元表中没有数据里的 {'、'.join(map(str, strangers[:20]))}（共 {len(strangers)} 个）",
                en=f"the units lack {len(strangers)} subjects of the data: {', '.join(map(str, strangers[:20]))}",
            )
        return cls(units, None, data=data, facts=facts)

    @property
    def is_real(self) -> bool:
        """Whether the data are real, so that every draw would be the same."""
        return self.data is not None

    @property
    def size(self) -> int:
        """The number of subjects."""
        return self.units.height


def read_units(file: str | Path, *, encoding: str = "utf-8") -> pl.DataFrame:
    """Read real units from a CSV file of administrative divisions.

    Args:
        file: The file; its column ``code`` or ``subject`` names the units, all others are kept as they are.
        encoding: ``utf-8`` (with or without a byte-order mark) or another, such as ``gb18030``.

    Returns:
        One row per unit with the column ``subject`` first, as ``World.drawn(units=...)`` takes it.

    Raises:
        DataError: If the file cannot be read, has neither column, or names a unit twice.
    """
    import polars as pl

    try:
        text = Path(file).read_bytes().decode("utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding)
        frame = pl.read_csv(text.encode(), infer_schema=False)
    except (OSError, UnicodeDecodeError, LookupError, pl.exceptions.PolarsError) as error:
        raise DataError.because(
            "unreadable-units", zh=f"无法读取 {file}：{error}", en=f"cannot read {file}: {error}"
        ) from None
    name = next((name for name in ("subject", "code") if name in frame.columns), None)
    if name is None:
        listed = ", ".join(frame.columns)
        raise DataError.because(
            "missing-column",
            zh=f"{file} 须有 code 或 subject 列，现有 {listed}",
            en=f"{file} needs a column code or subject, found {listed}",
        )
    frame = frame.rename({name: "subject"}).select("subject", pl.exclude("subject"))
    _check_units(frame)
    return frame


def _check_units(units: Any) -> int:
    problem = None
    if "subject" not in units.columns:
        hint = did_you_mean("subject", units.columns)
        problem = ("missing-column", f"单元表缺少列 `subject`{hint.zh}", f"the units have no column `subject`{hint.en}")
    elif not units.height or units["subject"].null_count():
        problem = ("no-subjects", "单元表为空，或有空缺的 subject", "the units are empty, or a subject is missing")
    elif units["subject"].n_unique() != units.height:
        twice = units.filter(units["subject"].is_duplicated())["subject"].unique(maintain_order=True).to_list()
        listed = ", ".join(map(str, twice[:20]))
        problem = ("duplicate-row", f"单元重复：{listed}", f"units that stand twice: {listed}")
    if problem is not None:
        code, zh, en = problem
        raise DataError(Problem(code, Title(zh=zh, en=en), path="subject"))
    return int(units.height)


def draw(
    world: World, index: Index, periods: Sequence[Period], draws: int = 1, *, lift: Mapping[Period, Floats] | None = None
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
        One row per draw, period and subject: ``draw`` (from 0), ``subject``, ``period`` and a column per leaf, as ``score``
        takes it: on the leaf's scale, with no more places than it declares. Leaves that share a draw share one column
        in memory.

    Raises:
        UsageError: If a period is before the world begins, or a leaf has no scale to be drawn on.
        DataError: If real data lack a period.

    Source:
        The model stands in ``Parameters``; the random numbers are numpy's SFC64, seeded by name and period.
    """
    import polars as pl

    if world.data is not None:
        return _real(world, index, periods)
    np = _numpy()
    rows = draws * world.size
    keys = pl.DataFrame(
        {
            "draw": pl.Series(np.repeat(np.arange(draws, dtype=np.int32), world.size)),
            "subject": pl.concat([world.units["subject"]] * draws, rechunk=True),
        }
    )
    frame = pl.concat([keys.with_columns(pl.lit(str(period)).alias("period")) for period in periods], rechunk=True)
    made: dict[object, pl.Series] = {}
    common: dict[Period, Floats] = {}
    columns = []
    for leaf in index.leaves:
        scale = _scale(leaf)
        like = (_source(world, leaf), leaf.method, scale, leaf.direction)
        if like not in made:
            values = np.empty(rows * len(periods), dtype=np.int64 if scale[2] == 0 else np.float64)
            for i, period in enumerate(periods):
                points = _observed(world, leaf, period, draws, (lift or {}).get(period), common)
                values[i * rows : (i + 1) * rows] = _on_scale(points, leaf, scale)
            made[like] = pl.Series(values)
        columns.append(made[like].alias(leaf.id))
    return frame.with_columns(columns)


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
    np = _numpy()
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
    np = _numpy()
    seed = np.random.SeedSequence([world.seed, zlib.crc32(name.encode())], spawn_key=(ordinal,))
    return np.random.Generator(np.random.SFC64(seed))


def _normal(world: World, name: str, ordinal: int, draws: int) -> Floats:
    return _stream(world, name, ordinal).standard_normal(draws * world.size, dtype=_numpy().float32)  # type: ignore[no-any-return]


def _lasting(world: World, name: str, ordinal: int, draws: int) -> Floats:
    """Return normal numbers that are new in each draw, or the same in all."""
    if world.latent == "each_draw":
        return _normal(world, name, ordinal, draws)
    return _numpy().tile(_normal(world, name, ordinal, 1), draws)  # type: ignore[no-any-return]


def _ordinal(world: World, period: Period) -> int:
    """Return how many periods of its kind a period is after the world's beginning."""
    start = _model(world).start
    if period.kind not in _MONTHS:
        raise UsageError.because(
            "no-such-world", zh="不能逐日抽取；评价周期须为年、半年、季或月", en="no world is drawn by the day; take a year, half, quarter or month"
        )
    months = (period.first_day.year - start) * 12 + period.first_day.month - 1
    if months < 0:
        raise UsageError.because(
            "before-the-world",
            zh=f"{period} 早于情境的起始年 {start}；可设参数 start",
            en=f"{period} is before the world begins in {start}; set the parameter `start`",
        )
    return months // _MONTHS[period.kind]


def _process(world: World, name: str, period: Period, draws: int) -> Floats:
    """Return a stationary first-order process with variance 1 and the declared correlation one year apart."""
    np = _numpy()
    last = _ordinal(world, period)
    key = (name, period.kind, draws)
    at, state = world._kept.get(key, (-1, None))
    if at > last:
        at, state = -1, None
    keep = np.float32(_model(world).correlation ** (_MONTHS[period.kind] / 12))
    new = np.float32(max(0.0, 1 - float(keep) ** 2) ** 0.5)
    for ordinal in range(at + 1, last + 1):
        fresh = _lasting(world, f"{name} {period.kind}", ordinal, draws)
        state = fresh if state is None else keep * state + new * fresh
    world._kept[key] = (last, state)
    return state  # type: ignore[no-any-return]


def _true(world: World, quality: str, period: Period, draws: int) -> Floats:
    """Return a quality's true value, in points of 100, without remediation; the last year's are kept."""
    np = _numpy()
    model = _model(world)
    ordinal = _ordinal(world, period)
    key = ("true", quality, period.kind, draws)
    first, recent = world._kept.get(key, (0, {}))
    if ordinal in recent:
        return recent[ordinal]  # type: ignore[no-any-return]
    years = ordinal * _MONTHS[period.kind] / 12
    value = np.full(draws * world.size, model.mean + model.improvement * years, dtype=np.float32)
    for spread, numbers in (
        (model.spread, lambda: _process(world, "level", period, draws)),
        (model.quality_spread, lambda: _process(world, f"quality {quality}", period, draws)),
        (model.quarter_spread, lambda: _moment(world, period, draws)),
    ):
        if spread:
            value += np.float32(spread) * numbers()
    lasting = 12 // _MONTHS[period.kind]
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


def _observed(
    world: World, leaf: Leaf, period: Period, draws: int, lift: Floats | None, common: dict[Period, Floats]
) -> Floats:
    """Return what is measured of a leaf, in points of 100, before its scale."""
    np = _numpy()
    model = _model(world)
    value = _true(world, leaf.path[0], period, draws).copy()
    if lift is not None:
        value += lift
    ordinal = _ordinal(world, period)
    own = model.document_error if leaf.method == _PAPERS else model.visit_error
    if leaf.method == _SAMPLED:
        error = model.answer_spread / model.answers**0.5
        own = error * (1 - model.halo) ** 0.5
        if error and model.halo:
            if period not in common:
                common[period] = _normal(world, f"answers {period.kind}", ordinal, draws)
            value += np.float32(error * model.halo**0.5) * common[period]
    if own:
        value += np.float32(own) * _normal(world, f"{_source(world, leaf)} {leaf.method} {period.kind}", ordinal, draws)
    return value  # type: ignore[no-any-return]


def _scale(leaf: Leaf) -> tuple[Fraction, Fraction, int | None]:
    """Return a leaf's least and greatest value and its decimals."""
    low, high = leaf.scale.minimum, leaf.scale.maximum
    if low is None or high is None:
        low, high = ends(leaf)
    if low >= high:
        raise UsageError.because(
            "no-scale-to-draw-on",
            zh=f"指标 `{leaf.id}` 没有量表（scale），无从抽取",
            en=f"the indicator `{leaf.id}` has no scale with minimum and maximum, so nothing can be drawn for it",
        )
    return Fraction(low), Fraction(high), leaf.scale.decimals


def _on_scale(points: Floats, leaf: Leaf, scale: tuple[Fraction, Fraction, int | None]) -> Any:
    """Return points of 100 as values of a leaf: on its scale, held within it, with its decimals."""
    np = _numpy()
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
    return whole.astype(np.float64) / unit if decimals else whole
