"""What a unit stands on is settled for the day: a unit that is not there yet, or no more, has nothing on it."""

from random import Random

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from communitygov.grid.adjust import adjust
from communitygov.grid.changes import Move
from communitygov.grid.check import check_grid
from communitygov.grid.explain import findings_of
from communitygov.grid.rules import CodeForm, Grid, Level
from communitygov.grid.units import load_units
from communitygov.testing.strategies_grid import faulty_town, frame_of, grids

DAY = "2024"
GRID = Grid(
    levels={
        "community": Level(order=1, code=CodeForm(digits=6, significant=2)),
        "compound": Level(order=2, on=("community",), code=CodeForm(digits=6, significant=4, prefix=True)),
        "building": Level(order=3, on=("compound", "community"), code=CodeForm(digits=6, prefix=True)),
    }
)
"""A building stands in a compound or, where there is none, right in the community."""


def town(since=None):
    """A building of a community, and a compound around it since some day."""
    rows = {"code": ["110000", "110100", "110101"], "name": ["a", "b", "c"], "since": [None, since, None]}
    return load_units(GRID, pl.DataFrame(rows | {"level": ["community", "compound", "building"]}))


class TestParents:
    @settings(max_examples=settings().max_examples // 2, suppress_health_check=list(HealthCheck))
    @given(
        grid=grids(coded=True).filter(lambda grid: any(len(level.on) > 1 for level in grid.levels.values())),
        seed=st.integers(0, 2**32),
    )
    def test_the_tree_of_a_day_is_as_if_there_were_no_other(self, grid, seed):
        """Rows of other days do not bear on it, in sound towns and faulty ones, with parents stated and not."""
        random = Random(seed)
        for _ in range(3):
            rows = faulty_town(random, grid)
            there = []
            for row in rows:
                row["since"] = random.choice([None, None, "2016", "2025"])
                if random.random() < 0.8:
                    row["parent"] = None
                there += [row] if row["since"] != "2025" else []
            if not there:
                continue
            units, alone = load_units(grid, frame_of(rows)), load_units(grid, frame_of(there))
            columns = ["code", "name", "level", "kind", "parent", "stated_parent"]
            assert_frame_equal(units.on(DAY).frame.select(columns), alone.on(DAY).frame.select(columns))
            checked = check_grid(grid, units, on=DAY)
            assert frozenset(checked.frame.select(checked.key).iter_rows()) == findings_of(grid, alone, on=DAY)

    def test_a_compound_of_a_later_year(self):
        """Until it is there the building stands on the community, from then on in the compound."""
        units = town("2025")
        assert units.on("2024").chain("110101") == ("110101", "110000")
        assert units.on("2025").chain("110101") == ("110101", "110100", "110000")
        assert check_grid(GRID, units, on="2024").frame.is_empty()

    def test_what_a_change_says_is_not_undone_by_a_code(self):
        """A building that is moved out of its compound stands right on the community, though its code is as it was."""
        moved = adjust(GRID, town(), [Move("110101", "110000")], on="2024")
        assert moved.units.on("2023-12-31").chain("110101") == ("110101", "110100", "110000")
        assert moved.units.on("2024").chain("110101") == ("110101", "110000")
