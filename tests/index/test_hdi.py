"""A real index: the Human Development Index, published values of 191 countries and 32 years."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest

from communitygov.documents.model import build
from communitygov.documents.reading import read_document
from communitygov.index.explain import explain_each
from communitygov.index.rules import Index
from communitygov.index.score import present, score

DOCUMENT = Path(__file__).parents[2] / "examples" / "hdi" / "index.yaml"


@pytest.fixture(scope="module")
def hdi():
    problems = []
    index = build(read_document(DOCUMENT), Index, problems)
    assert problems == []
    return index


@pytest.fixture(scope="module")
def published(shared_data):
    file = shared_data / "real" / "hdi" / "hdi_1990_2021.csv"
    return pl.read_csv(file, schema_overrides={"year": pl.String, "hdi": pl.String})


@pytest.fixture(scope="module")
def data(published):
    return published.select("le", "eys", "mys", "gnipc", subject="iso3", period="year")


def thousandths(text):
    return int(Fraction(text) * 1000)


class TestHumanDevelopmentIndex:
    """The engine reproduces a published index to the last digit."""

    def test_every_published_value_comes_out(self, hdi, published, data):
        """5,571 of 5,571 values to three decimals."""
        expected = [thousandths(text) for text in published["hdi"]]
        assert len(expected) == 5571
        assert expected == score(hdi, data)["score"].to_list()

    def test_the_explanation_comes_to_the_same(self, hdi, published, data):
        """Every 50th value, by the slow way."""
        expected = [Fraction(text) for text in published["hdi"][::50]]
        assert expected == [steps.value for _, steps in explain_each(hdi, data[::50])]

    def test_every_backend_gives_the_same(self, hdi, published, data, backend, rows):
        """Whoever takes the logarithm."""
        expected = dict(zip(published.select("iso3", "year").iter_rows(), published["hdi"], strict=True))
        found = rows(present(score(hdi, backend(data[::20]), levels="root"), hdi))
        assert len(found) == 279
        for row in found:
            assert thousandths(expected[row["subject"], row["period"]]) == thousandths(row["score"])

    def test_a_country_beyond_the_post_is_held_there(self, hdi):
        """An income above 75,000 counts as 75,000."""
        rich = {
            "subject": ["a", "b"],
            "period": ["2021", "2021"],
            "le": [85.0] * 2,
            "eys": [18.0] * 2,
            "mys": [15.0] * 2,
        }
        frame = pl.DataFrame({**rich, "gnipc": [75_000.0, 146_830.0]})
        assert score(hdi, frame)["score"].to_list() == [1000, 1000]
