"""All rows of a simulation, one per draw and unit in that order, and where the rows of a frame stand among them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from communitygov.simulation.carried import KEYS
from communitygov.simulation.worlds import World, numpy_or_refuse

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    Whole = NDArray[np.int64]

__all__ = ["Rows", "ordered"]


@frozen(eq=False)
class Rows:
    """All rows.

    Args:
        draws: How many draws.
        size: How many units.
        frame: ``draw``, ``subject``.
    """

    draws: int
    size: int
    frame: pl.DataFrame = field(repr=False)

    @classmethod
    def of(cls, world: World, draws: int) -> Rows:
        """Return all rows of a world.

        Args:
            world: The world; its subjects are an enumeration, in the order of the units.
            draws: How many draws.
        """
        import polars as pl

        every = pl.select(pl.int_range(draws, dtype=pl.Int32).alias("draw"))
        return cls(draws, world.size, every.join(world.units.select("subject"), how="cross").sort(KEYS))

    def places(self, frame: pl.DataFrame) -> Any:
        """Return where the rows of a frame stand among all rows.

        Args:
            frame: The frame, with ``draw`` and ``subject``.
        """
        return frame["draw"].to_numpy().astype("int64") * self.size + frame["subject"].to_physical().to_numpy()

    def in_order(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return a frame of all rows in their order; no verb promises an order of rows.

        Args:
            frame: The frame.
        """
        return ordered(frame, self.places(frame))

    def marks(self, frame: pl.DataFrame) -> Any:
        """Return for each of all rows whether it is in a frame.

        Args:
            frame: The frame.
        """
        np = numpy_or_refuse()
        marks = np.zeros(self.frame.height, dtype=bool)
        marks[self.places(frame)] = True
        return marks

    def counts(self, numbers: Any, size: int) -> Any:
        """Return how often each number stands in each draw, an array of draws times numbers.

        Args:
            numbers: A number for each of all rows, from 0.
            size: How many numbers there are.
        """
        np = numpy_or_refuse()
        draws = np.arange(self.draws, dtype=np.int64).repeat(self.size) * size
        return np.bincount(draws + numbers, minlength=self.draws * size).reshape(self.draws, size)

    def per_draw(self, frame: pl.DataFrame) -> Whole:
        """Return how many rows of a frame each draw has.

        Args:
            frame: The frame.
        """
        np = numpy_or_refuse()
        return np.bincount(frame["draw"].to_numpy(), minlength=self.draws).astype(np.int64)  # type: ignore[no-any-return]


def ordered(frame: pl.DataFrame, places: Any) -> pl.DataFrame:
    """Return a frame of all rows in the order of their places.

    Args:
        frame: The frame.
        places: Where each of its rows belongs.
    """
    np = numpy_or_refuse()
    if (places[1:] > places[:-1]).all():
        return frame
    order = np.empty(frame.height, dtype=np.int64)
    order[places] = np.arange(frame.height)
    return frame[order]  # type: ignore[no-any-return]
