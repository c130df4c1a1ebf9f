"""Calibration: what real scores say about the parameters of the model."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, get_args

from attrs import evolve, frozen

from communitygov.certification.year import wrong_period
from communitygov.index.rules import Index
from communitygov.simulation.drawing import SAMPLED, error_of, months_of
from communitygov.simulation.given import as_polars, check_one_of
from communitygov.simulation.parameters import Parameters
from communitygov.simulation.worlds import Per, numpy_or_refuse
from communitygov.vocabulary.errors import DataError
from communitygov.vocabulary.frames import Column, Table, check_table
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.problem import Problem
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

__all__ = ["Calibration", "calibrate", "measurement_variance"]

_SCORES = Table(
    Title(zh="得分表", en="the scores"),
    (
        Column("subject", "text", Title(zh="评价对象", en="subject")),
        Column("period", "period", Title(zh="时期", en="period")),
        Column("score", "number", Title(zh="得分", en="score"), nullable=True),
    ),
    ("subject", "period"),
    open=True,
)


@frozen
class Calibration:
    """Parameters estimated from real scores.

    Args:
        parameters: All parameters; those not estimated are as they were.
        estimated: The names of those that were estimated.
        observed: What the scores showed, by name, in points of 100 or as a correlation.
        notes: What could not be told from these scores.
    """

    parameters: Parameters
    estimated: tuple[str, ...]
    observed: Mapping[str, float]
    notes: tuple[Title, ...] = ()


def calibrate(index: Index, scores: Any, *, start: Parameters | None = None, per: Per = "cell") -> Calibration:
    """Estimate the model's parameters from real scores, by their mean and their covariances in time.

    What the scores of a community have in common in two periods is its own quality; how fast that fades is the
    correlation; what a period has beyond it is error and ups and downs. Scores alone do not tell errors of
    questionnaires, visits and documents apart: these are taken as in ``start``, and all made smaller by one factor
    where the scores vary less than they would.

    Args:
        index: The rules the scores were made by, for full marks, decimals and the shares of the methods.
        scores: One row per ``subject`` and ``period`` with the ``score``: whole numbers of units of the last published
            place, as ``score`` gives them, or floats or decimals taken at their value. Missing scores are left out.
        start: Parameters for all that scores do not tell; the defaults if None.
        per: As in the world that the parameters are for.

    Returns:
        The parameters, which of them were estimated, and what could not be told.

    Raises:
        UsageError: If ``per`` is neither, or the index is of days, by which no world is drawn.
        DataError: If the scores do not fit (a column is missing or of another kind, a row stands twice, a period is
            none of the index's), or there are fewer than three subjects with a score in one period.

    Source:
        Method of moments of a stationary first-order process observed with error; the model stands in ``Parameters``.

    Example:
        >>> import polars as pl
        >>> from communitygov.index.rules import Index, Indicator, Scale
        >>> index = Index(
        ...     subject="community",
        ...     period="year",
        ...     maximum=100,
        ...     decimals=0,
        ...     weights="points",
        ...     scale=Scale(minimum=0, maximum=100, decimals=0),
        ...     indicators={"order": Indicator(weight=100, method="visit")},
        ... )
        >>> years = {"period": ["2022"] * 3, "subject": ["a", "b", "c"], "score": [70, 80, 90]}
        >>> calibrate(index, pl.DataFrame(years)).parameters.mean
        80.0
    """
    np = numpy_or_refuse()
    check_one_of("per", per, get_args(Per))
    start = start or Parameters()
    step = months_of(index.period) / 12
    periods, matrix = _matrix(index, scores)
    years = np.array([_months(period) / 12 for period in periods])
    values: dict[str, float] = {}
    notes: list[Title] = []
    means = np.nanmean(matrix, axis=0)
    slope = 0.0
    if years[-1] - years[0] >= 1:
        slope = float(np.polyfit(years, means, 1)[0])
        values["improvement"] = slope
    else:
        notes.append(_note("不足一年，无从估计逐年提升", "less than a year: no improvement can be told"))
    since = Period.parse(str(start.start)).first_day.year
    centre = float(np.nanmean(means - slope * (years - since))) if slope else float(np.nanmean(means))
    values["mean"] = min(max(centre, 0.0), 100.0)
    lags = _covariances(matrix - means, periods, round(12 * step))
    correlation = _correlation(lags, step)
    if correlation is None:
        correlation = start.correlation
        notes.append(_note("时期太少，无从估计年际相关", "too few periods to tell the correlation"))
    else:
        values["correlation"] = correlation
    values |= _spreads(index, start, per, lags, correlation**step, notes)
    parameters = evolve(start, **values)  # type: ignore[arg-type]
    observed = {"mean": centre, "variance": lags[0], "improvement": slope, "correlation": correlation}
    return Calibration(parameters, tuple(sorted(values)), observed, tuple(notes))


def measurement_variance(parameters: Parameters, index: Index, per: Per = "cell") -> float:
    """Return the variance that errors of measurement give a score, in points of 100 squared.

    Args:
        parameters: The parameters.
        index: The rules, of which each leaf's method and share are used.
        per: Whether the leaves of a quality and method share their error.

    Example:
        >>> import communitygov
        >>> index = communitygov.load_profile("shijingshan").at(2023).index["quality_community"]
        >>> round(measurement_variance(Parameters(), index), 2)
        1.91
    """
    cells: dict[tuple[str, str | None], Fraction] = {}
    for leaf in index.leaves:
        key = (leaf.path[0] if per == "cell" else leaf.id, leaf.method)
        cells[key] = cells.get(key, Fraction(0)) + leaf.share
    sampled = sum((share for (_, method), share in cells.items() if method in SAMPLED), Fraction(0))
    common = parameters.answer_spread**2 / parameters.answers * parameters.halo * float(sampled) ** 2
    return common + sum(float(share) ** 2 * error_of(parameters, method) ** 2 for (_, method), share in cells.items())


def _spreads(
    index: Index,
    start: Parameters,
    per: Per,
    lags: Mapping[int, float],
    fade: float,
    notes: list[Title],
) -> dict[str, float]:
    """Split the variance into what lasts, what a period brings, and errors."""
    error = measurement_variance(start, index, per)
    if 1 in lags:
        lasting = min(max(lags[1] / fade if fade else 0.0, 0.0), lags[0])
    else:
        notes.append(_note("只有一个时期，误差取既定参数", "one period only: errors are taken as given"))
        lasting = max(lags[0] - error, 0.0)
    passing = lags[0] - lasting
    found: dict[str, float] = {}
    if passing >= error or 1 not in lags:
        found["quarter_spread"] = max(passing - error, 0.0) ** 0.5 if 1 in lags else start.quarter_spread
    else:
        less = (passing / error) ** 0.5
        found["quarter_spread"] = 0.0
        found |= {name: getattr(start, name) * less for name in ("answer_spread", "visit_error", "document_error")}
        notes.append(
            _note(
                "得分的短期起伏小于既定误差，误差按比例调低",
                "scores vary less from period to period than the errors given; these were made smaller",
            )
        )
    qualities: dict[str, Fraction] = {}
    for leaf in index.leaves:
        qualities[leaf.path[0]] = qualities.get(leaf.path[0], Fraction(0)) + leaf.share
    parts = sum(float(share) ** 2 for share in qualities.values())
    own = start.quality_spread**2 * parts
    if own > lasting:
        found["quality_spread"] = (lasting / parts) ** 0.5
        own = lasting
    found["spread"] = (lasting - own) ** 0.5
    if 1 not in lags:
        del found["quarter_spread"]
    return found


def _correlation(lags: Mapping[int, float], step: float) -> float | None:
    """Return the correlation one year apart, from two lags of which neither holds any error of measurement."""
    year = round(1 / step)
    far = max(year, 2)
    if far not in lags or lags[1] <= 0:
        return None
    ratio = min(max(lags[far] / lags[1], 0.0), 1.0)
    return float(ratio ** (1 / ((far - 1) * step)))


def _covariances(deviations: Matrix, periods: list[Period], months: int) -> dict[int, float]:
    """Return the mean product of deviations, by how many periods they are apart."""
    np = numpy_or_refuse()
    at = [_months(period) // months for period in periods]
    sums: dict[int, tuple[float, int]] = {}
    for i, first in enumerate(at):
        for j in range(i, len(at)):
            product = deviations[:, i] * deviations[:, j]
            here = ~np.isnan(product)
            total, count = sums.get(at[j] - first, (0.0, 0))
            # One degree of freedom went into the mean of each period.
            freedom = max(int(here.sum()) - 1, 0)
            sums[at[j] - first] = (total + float(product[here].sum()), count + freedom)
    return {lag: total / count for lag, (total, count) in sums.items() if count}


def _months(period: Period) -> int:
    return period.first_day.year * 12 + period.first_day.month - 1


def _matrix(index: Index, scores: Any) -> tuple[list[Period], Matrix]:
    """Return the periods in order and the scores in points of 100, a row per subject."""
    import narwhals as nw

    np = numpy_or_refuse()
    frame = nw.from_native(as_polars(scores))
    check_table(_SCORES, frame.head(0))
    check_table(_SCORES, frame, more=[wrong_period("period", index.period)])
    units = 10**index.decimals if frame["score"].dtype.is_integer() else 1
    full = float(index.maximum) * units
    frame = frame.filter(~nw.col("score").is_null())
    subjects = {name: i for i, name in enumerate(frame["subject"].unique(maintain_order=True).to_list())}
    texts = sorted(set(map(str, frame["period"].to_list())))
    periods = [Period.parse(text) for text in texts]
    at = {text: i for i, text in enumerate(texts)}
    matrix = np.full((len(subjects), len(texts)), np.nan)
    rows = zip(frame["subject"].to_list(), frame["period"].to_list(), frame["score"].to_list(), strict=True)
    for subject, period, score in rows:
        matrix[subjects[subject], at[str(period)]] = 100 * float(score) / full
    enough = (~np.isnan(matrix)).sum(axis=0) >= 3
    if not enough.any():
        raise DataError(
            Problem(
                "too-few-scores",
                Title(
                    zh="没有任何时期有三个以上评价对象的得分，无从估计",
                    en="no period has scores of three subjects or more, so nothing can be estimated",
                ),
            )
        )
    return [period for period, keep in zip(periods, enough, strict=True) if keep], matrix[:, enough]


def _note(zh: str, en: str) -> Title:
    return Title(zh=zh, en=en)
