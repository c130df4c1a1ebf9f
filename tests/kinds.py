"""The kinds of frame that everything must work on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest


class Kind:
    """A kind of frame: how to make one from a Polars frame, and how to read its rows back."""

    def __init__(self, name: str, make: Callable[[pl.DataFrame], Any], read: Callable[[Any], pl.DataFrame]) -> None:
        self.name, self.make, self.read = name, make, read

    def rows(self, native: Any, *sort: str) -> list[tuple[Any, ...]]:
        frame = self.read(native)
        return frame.sort(*sort).rows() if sort else frame.rows()


def _from_pandas(frame: Any) -> pl.DataFrame:
    clean = frame.astype(object).where(frame.notna(), None)
    return pl.DataFrame({name: list(clean[name]) for name in clean.columns}, strict=True)


def _to_pandas(frame: pl.DataFrame) -> Any:
    # Whole numbers with gaps stay whole only in pandas' nullable kind.
    whole = {name: "Int64" for name, dtype in frame.schema.items() if dtype == pl.Int64 and frame[name].null_count()}
    return frame.to_pandas().astype(whole)


def _duck(frame: pl.DataFrame) -> Any:
    import duckdb

    return duckdb.from_arrow(frame.to_arrow())


KINDS = [
    Kind("polars", lambda frame: frame, lambda frame: frame),
    Kind("lazy", lambda frame: frame.lazy(), lambda frame: frame.collect()),
    Kind("pandas", _to_pandas, _from_pandas),
    Kind("pyarrow", lambda frame: frame.to_arrow(), lambda table: pl.DataFrame(pl.from_arrow(table))),
    Kind("duckdb", _duck, lambda relation: relation.pl()),
]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each kind of frame in turn."""
    chosen: Kind = request.param
    return chosen
