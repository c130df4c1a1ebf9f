"""Indexes from their text, and one frame in every backend."""

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from communitygov.documents.model import build
from communitygov.documents.reading import read_text
from communitygov.index.rules import Index


def _read(text: str, name: str = "index.yaml") -> Index:
    problems: list[Any] = []
    index = build(read_text(text, name=name, layer="toy"), Index, problems)
    assert index is not None
    assert [problem.say("en") for problem in problems] == []
    return index


@pytest.fixture(scope="session")
def read_index() -> Callable[..., Index]:
    """Build an index from a document that has no problems."""
    return _read


TOY = """
subject: community
period: quarter
maximum: 10
decimals: 2
weights: points
clause: TOY-01
scale: {minimum: 0, maximum: 100, decimals: 1}
indicators:
  order:
    title: {zh: 秩序, en: public order}
    weight: 4
    clause: TOY-02
  green:
    title: {zh: 绿化, en: green}
    weight: 6
    indicators:
      parks: {title: {zh: 公园, en: parks}, weight: 4}
      litter: {title: {zh: 垃圾, en: litter}, weight: 2, direction: lower}
"""


@pytest.fixture(scope="session")
def toy() -> Index:
    """Two levels, three leaves, one of them better when less."""
    return _read(TOY)


@pytest.fixture(scope="session")
def toy_text() -> str:
    return TOY


@pytest.fixture
def toy_data() -> pl.DataFrame:
    """Two communities in two quarters, exactly measured."""
    return pl.DataFrame(
        {
            "subject": ["a", "b", "a", "b"],
            "period": ["2023Q1", "2023Q1", "2023Q2", "2023Q2"],
            "order": [85.5, 60.0, 90.0, 0.0],
            "parks": [50.0, 75.5, 33.3, 100.0],
            "litter": [10.0, 20.5, 0.0, 100.0],
        }
    )


def _duckdb(frame: pl.DataFrame) -> Any:
    import duckdb

    connection = duckdb.connect()
    connection.register("given", frame.to_arrow())
    return connection.sql("select * from given")


BACKENDS: dict[str, Callable[[pl.DataFrame], Any]] = {
    "polars": lambda frame: frame,
    "lazy": lambda frame: frame.lazy(),
    "pandas": lambda frame: frame.to_pandas(),
    "pyarrow": lambda frame: frame.to_arrow(),
    "duckdb": _duckdb,
}


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Callable[[pl.DataFrame], Any]:
    """Turn a Polars frame into a frame of one backend after another."""
    return BACKENDS[request.param]


@pytest.fixture(scope="session")
def backends() -> dict[str, Callable[[pl.DataFrame], Any]]:
    return BACKENDS


def _rows(frame: Any, *order: str) -> list[dict[str, Any]]:
    """Return the rows of any frame, with None where nothing is, sorted if told by what."""
    import narwhals as nw

    taken = nw.from_native(frame)
    if isinstance(taken, nw.LazyFrame):
        taken = taken.collect()
    columns = {}
    for name in taken.columns:
        values, missing = taken[name].to_list(), taken[name].is_null().to_list()
        columns[name] = [None if gone else value for value, gone in zip(values, missing, strict=True)]
    found = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return sorted(found, key=lambda row: [str(row[name]) for name in order]) if order else found


@pytest.fixture(scope="session")
def rows() -> Callable[..., list[dict[str, Any]]]:
    return _rows
