"""How certification and truth agree in a drawn world: who is certified, and who is truly best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from communitygov.index.rules import Index
from communitygov.simulation.carried import Best, Certs, Lift
from communitygov.simulation.drawing import latent_score
from communitygov.simulation.stages import Stages
from communitygov.simulation.variants import Course, Term
from communitygov.simulation.worlds import numpy_or_refuse
from communitygov.vocabulary.period import Period

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Whole = NDArray[np.int64]

__all__ = ["best", "truly"]


def best(stages: Stages, course: Course, term: Term, lifts: Mapping[Period, Lift]) -> Best | None:
    """Return how the communities truly stood in a year; None of real data, whose truth nobody knows.

    Args:
        stages: The stages.
        course: The rules, which weigh the qualities.
        term: The year.
        lifts: What remediation had added in each period.
    """
    given = {period: lifts[period] for period in term.periods if period in lifts}
    digests = tuple(course.index_digest(period) for period in term.periods)
    key = ("best", term.periods, digests, *given.values())
    points = {period: lift.points for period, lift in given.items()}
    return stages.once(key, lambda: _best(stages, course.index(term.periods[-1]), term.periods, points))


def _best(stages: Stages, index: Index, periods: Sequence[Period], points: Mapping[Period, Floats]) -> Best | None:
    np = numpy_or_refuse()
    latent = latent_score(stages.world, index, periods, stages.draws, lift=points)
    if latent is None:
        return None
    order = np.argsort(-latent.reshape(stages.draws, stages.world.size), axis=1, kind="stable")
    places = np.empty_like(order)
    np.put_along_axis(places, order, np.arange(stages.world.size)[None, :], axis=1)
    return Best(places)


def truly(stages: Stages, certs: Certs, best: Best, cut: tuple[int, ...]) -> tuple[Whole, Whole]:
    """Return, for each draw, how many of the certified are among as many truly best, and how many are certified.

    Args:
        stages: The stages.
        certs: The certification.
        best: How the communities truly stood.
        cut: The numbers of the tiers that count.
    """
    np = numpy_or_refuse()

    def make() -> tuple[Whole, Whole]:
        inside = np.isin(certs.codes, cut).reshape(stages.draws, stages.world.size)
        count = inside.sum(axis=1)
        return (inside & (best.places < count[:, None])).sum(axis=1), count

    return stages.once(("truly", certs, best, cut), make)
