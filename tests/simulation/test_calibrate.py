"""Calibration: drawn scores give back the parameters they were drawn with."""

from __future__ import annotations

import polars as pl
import pytest
from attrs import evolve

from communitygov.index.rules import Index
from communitygov.index.score import score_unchecked
from communitygov.profile.profile import Profile
from communitygov.simulation.calibrate import calibrate, measurement_variance
from communitygov.simulation.drawing import draw
from communitygov.simulation.parameters import Parameters
from communitygov.simulation.worlds import World
from communitygov.vocabulary.errors import DataError, UsageError
from communitygov.vocabulary.period import Period


@pytest.fixture(scope="module")
def index(shijingshan: Profile) -> Index:
    return shijingshan.at("2023Q1").index["quality_community"]


def scores(index: Index, count: int, **values: float) -> pl.DataFrame:
    world = World.drawn(seed=1, communities=1500, **values)
    quarters = [Period.parse("2022Q1").next(n) for n in range(count)]
    return score_unchecked(index, draw(world, index, quarters), levels="root")


class TestCalibrate:
    def test_what_was_put_in_comes_out(self, index: Index) -> None:
        """From four years of scores, mean, spread, correlation and ups and downs are found again."""
        true = {"mean": 70, "improvement": 1, "spread": 8, "correlation": 0.6, "quarter_spread": 3}
        found = calibrate(index, scores(index, 16, **true))
        assert set(found.estimated) == set(true)
        for name, value in true.items():
            assert getattr(found.parameters, name) == pytest.approx(value, rel=0.1), name
        assert found.notes == ()
        assert found.observed["correlation"] == found.parameters.correlation

    def test_scores_steadier_than_the_errors_make_these_smaller(self, index: Index) -> None:
        """Where scores vary less from quarter to quarter than errors would have them, errors are scaled down."""
        steady = scores(index, 8, answer_spread=4, visit_error=1, document_error=1, quarter_spread=0)
        found = calibrate(index, steady)
        assert found.parameters.quarter_spread == 0
        assert found.parameters.answer_spread < Parameters().answer_spread / 3
        assert "made smaller" in found.notes[0].en

    def test_alike_communities_have_no_more_spread_in_a_quality_than_in_all(self, index: Index) -> None:
        """If what lasts is less than the qualities' own spread would make it, that is made smaller too."""
        found = calibrate(index, scores(index, 8, spread=0, quality_spread=0.5))
        assert found.parameters.quality_spread < 1
        assert found.parameters.spread < 0.5

    def test_one_quarter_tells_level_and_spread_only(self, index: Index) -> None:
        """What one quarter cannot tell stays as it was, and is named."""
        found = calibrate(index, scores(index, 1))
        assert found.estimated == ("mean", "spread")
        assert found.parameters.spread == pytest.approx(5, rel=0.1)
        assert len(found.notes) == 3

    def test_scores_without_memory_have_no_correlation(self, index: Index) -> None:
        """Quality drawn anew each year is found to be so."""
        found = calibrate(index, scores(index, 12, correlation=0, spread=6, quality_spread=0))
        assert found.parameters.correlation < 0.05

    def test_units_and_values_are_read_alike(self, index: Index) -> None:
        """Whole numbers count the last published place; decimals are taken at their value; gaps are left out."""
        units = scores(index, 6)
        values = units.with_columns(pl.col("score") / 100)
        gaps = values.with_columns(pl.when(pl.int_range(pl.len()) % 50 > 0).then(pl.col("score")).alias("score"))
        one, other, holes = (calibrate(index, frame).parameters for frame in (units, values, gaps))
        assert one.spread == pytest.approx(other.spread)
        assert holes.spread == pytest.approx(one.spread, rel=0.05)
        assert calibrate(index, units.lazy()).parameters == one

    def test_too_few_scores_are_refused(self, index: Index) -> None:
        """Two communities have no spread to speak of, and a missing column is named."""
        with pytest.raises(DataError, match="scores of three subjects or more"):
            calibrate(index, scores(index, 2).head(2))
        with pytest.raises(DataError, match="no column `score`"):
            calibrate(index, scores(index, 2).rename({"score": "points"}))

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"period": pl.lit("x")}, "not a quarter, such as 2023Q3"),
            ({"period": pl.lit("2022")}, "not a quarter, such as 2023Q3"),
            ({"period": pl.lit("2022Q1")}, "the row is repeated"),
            ({"score": pl.lit("good")}, "column `score` must hold numbers"),
            ({"score": pl.lit(float("inf"))}, "not a finite number"),
            ({"subject": pl.lit(None, pl.String)}, "column `subject`: the value is missing"),
        ],
    )
    def test_scores_that_do_not_fit_are_named(self, index: Index, changes: dict[str, pl.Expr], said: str) -> None:
        """A period of another kind, a row that stands twice and a score that is no number are never estimated from."""
        with pytest.raises(DataError, match=said):
            calibrate(index, scores(index, 2).with_columns(**changes))

    def test_what_no_world_is_drawn_by_is_refused(self, index: Index) -> None:
        """There is no world of days, and values are drawn per cell or per leaf."""
        with pytest.raises(UsageError, match="no world is drawn by the day"):
            calibrate(evolve(index, period="day"), scores(index, 2))
        with pytest.raises(UsageError, match="`per` cannot be 'leaves'; did you mean `leaf`"):
            calibrate(index, scores(index, 2), per="leaves")  # type: ignore[arg-type]

    def test_scores_of_pandas_are_read_alike(self, index: Index) -> None:
        """The kind of frame changes nothing, though pandas has whole numbers with gaps as floats."""
        few = scores(index, 4)
        assert (
            calibrate(index, few.cast({"subject": pl.String}).to_pandas()).parameters
            == calibrate(index, few).parameters
        )

    def test_the_error_that_is_implied_is_the_one_that_is_drawn(self, index: Index) -> None:
        """The variance that measuring gives a score, as computed, is what drawn scores have of it."""
        errors = scores(index, 1, spread=0, quality_spread=0, quarter_spread=0)["score"] / 100
        assert errors.var() == pytest.approx(measurement_variance(Parameters(), index), rel=0.1)
        assert measurement_variance(Parameters(), index, "leaf") < measurement_variance(Parameters(), index)
