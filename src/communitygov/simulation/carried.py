"""What is carried from stage to stage of a simulation, for all variants that share it: frames in one order of rows.

Each stands for itself: two are the same only if they are one object, which is what stages are remembered by.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from communitygov.vocabulary.period import Period

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Whole = NDArray[np.int64]
    Codes = NDArray[np.int8]

__all__ = ["BY", "KEYS", "Best", "Certs", "Lift", "Plaqued", "Scored", "Watching", "Yearly"]

BY = ("draw",)
"""The further key of every frame."""

KEYS = ["draw", "subject"]
"""The order of rows of every frame."""


@frozen(eq=False)
class Scored:
    """The scores of one period: one row per draw and subject, in that order.

    Args:
        period: The period.
        frame: ``draw``, ``subject``, ``period``, ``score``, ``maximum`` and the points of the nodes asked for.
    """

    period: Period
    frame: pl.DataFrame = field(repr=False)

    def slim(self, *names: str) -> pl.DataFrame:
        """Return only what sums and ranks are made of.

        Args:
            names: Further columns.
        """
        return self.frame.select(*KEYS, "period", "score", "maximum", *names)


@frozen(eq=False)
class Watching:
    """The watch list after a period.

    Args:
        listed: Who is on it: ``draw``, ``subject``, ``since``.
        changes: Who came onto it or left it: ``draw``, ``subject``, ``change``.
        counts: Per draw: how many are on it, came, left.
    """

    listed: pl.DataFrame = field(repr=False)
    changes: pl.DataFrame = field(repr=False)
    counts: Mapping[str, Whole] = field(repr=False)


@frozen(eq=False)
class Lift:
    """What remediation has added by the beginning of a period, in points of 100, a row per draw and unit."""

    points: Floats = field(repr=False)


@frozen(eq=False)
class Yearly:
    """The scores of a year: one row per draw and subject, in that order.

    Args:
        frame: ``draw``, ``subject``, ``score`` (null without one) and the sums of the tie-break columns.
    """

    frame: pl.DataFrame = field(repr=False)


@frozen(eq=False)
class Certs:
    """A year's certification.

    Args:
        frame: One row per draw and subject, in that order, as ``certify`` gives it, and ``ever``: whether the subject
            holds a tier or has ever held one.
        holders: The holders of this year and of as many before it as the rule looks back on: ``subject`` (its row's
            place among all, which tells the draw too), ``year``, ``tier``.
        ever: As in the frame.
        scores: The scores that it was made from; None where nobody was scored.
        codes: The tier of each row as its place in the ladder of all variants, from 1; 0 without one.
    """

    frame: pl.DataFrame = field(repr=False)
    holders: pl.DataFrame = field(repr=False)
    ever: Any = field(repr=False)
    scores: Yearly | None = field(repr=False)
    codes: Codes = field(repr=False)


@frozen(eq=False)
class Plaqued:
    """The plaques that hang, and what was done since the last year's results.

    Args:
        held: Those that hang: ``draw``, ``subject``, ``tier``; None while they are those of the certified.
        struck: Per draw: how many have been taken down since the last results, for the watch list.
        counts: Per draw: how many were hung and taken down in the year, and hang at its end.
    """

    held: pl.DataFrame | None = field(repr=False)
    struck: Whole = field(repr=False)
    counts: Mapping[str, Whole] = field(repr=False)


@frozen(eq=False)
class Best:
    """How communities truly stood in a year, by their latent quality.

    Args:
        places: For each draw and unit, how many are better.
    """

    places: Any = field(repr=False)
