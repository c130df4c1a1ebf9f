"""Two ways to the same findings and the same routes: columns for a whole country, and rows followed slowly."""

from random import Random

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from communitygov.grid.check import check_grid
from communitygov.grid.explain import explain_route, findings_of
from communitygov.grid.routing import router
from communitygov.grid.units import load_holders, load_units
from communitygov.testing.strategies_grid import faulty_town, frame_of, grids, holders_of

DAY = "2024"
TOWNS = 2

tried = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def drawn(seed, grid):
    """Units and holders of a town with faults."""
    random = Random(seed)
    rows = faulty_town(random, grid)
    return load_units(grid, frame_of(rows)), holders_of(random, grid, rows)


def found_in(checked):
    """Findings as the slow way gives them."""
    return frozenset(checked.frame.select(checked.key).iter_rows())


class TestFindings:
    """120 towns in a run: 60 drawn rules with 2 towns each."""

    @tried
    @given(grid=grids(), seed=st.integers(0, 2**32))
    def test_columns_and_rows_find_the_same(self, grid, seed):
        """Whatever is wrong with codes, standing, kinds, names, sizes, coverage, tallies and holders."""
        for town in range(TOWNS):
            units, held = drawn(seed + town, grid)
            holders = load_holders(grid, frame_of(held)) if held else None
            assert found_in(check_grid(grid, units, holders, on=DAY)) == findings_of(grid, units, holders, on=DAY)


class TestRoutes:
    """Every unit and every kind of matter of every town, both ways and one at a time."""

    @tried
    @given(grid=grids().filter(lambda grid: grid.matters), seed=st.integers(0, 2**32))
    def test_a_million_at_once_one_at_a_time_and_step_by_step(self, grid, seed):
        """The unit, the post, who holds it, why, how far up and how many empty posts on the way."""
        for town in range(TOWNS):
            units, held = drawn(seed + town, grid)
            if not held:
                continue
            holders = load_holders(grid, frame_of(held))
            routes = router(grid, units, holders, on=DAY)
            codes = units.on(DAY).frame["code"].unique(maintain_order=True).to_list()
            asked = [(code, matter) for code in codes for matter in grid.matters]
            orders = pl.DataFrame(asked, schema=["unit", "matter"], orient="row")
            routed = routes.route(orders)
            passed = 0
            for row in routed.frame.iter_rows(named=True):
                one = routes.take(row["unit"], row["matter"])
                only = one.holders[0] if len(one.holders) == 1 else None
                assert (one.unit, one.post, len(one.holders), one.how, one.up, len(one.passed), only) == (
                    *(row[key] for key in ("taken_by", "post", "holders", "how", "up", "passed", "holder")),
                )
                passed += len(one.passed)
            assert passed == routed.passed["orders"].sum()
            code, matter = asked[seed % len(asked)]
            one = routes.take(code, matter)
            steps = explain_route(grid, units, holders, on=DAY, at=code, matter=matter)
            expected = {
                "how": one.how,
                "unit": one.unit,
                "post": one.post,
                "holders": ", ".join(one.holders),
                "up": one.up,
                "passed": len(one.passed),
            }
            assert expected == steps.facts
