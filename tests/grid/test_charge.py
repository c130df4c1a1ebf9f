"""Who is in charge of a place: each unit upward, what is there, who holds it and what part it has."""

from random import Random

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from communitygov import load_profile
from communitygov.grid.charge import in_charge
from communitygov.grid.explain import has_seat
from communitygov.grid.explain_units import Town
from communitygov.grid.units import load_holders, load_units
from communitygov.testing.strategies_grid import faulty_town, frame_of, grids, holders_of
from communitygov.vocabulary.errors import UsageError

DAY = "2024"


class TestInCharge:
    @settings(max_examples=settings().max_examples // 3, suppress_health_check=[HealthCheck.too_slow])
    @given(grid=grids(), seed=st.integers(0, 2**32))
    def test_it_is_what_one_finds_unit_by_unit(self, grid, seed):
        """Every post and body of every unit on the way up, each with all who are there, or nobody."""
        random = Random(seed)
        rows = faulty_town(random, grid)
        held = holders_of(random, grid, rows)
        if not held:
            return
        units, holders = load_units(grid, frame_of(rows)), load_holders(grid, frame_of(held))
        town = Town(grid, tuple(units.on(DAY).frame.iter_rows(named=True)))
        at = random.choice(town.rows)["code"]
        expected = set()
        for up, unit in enumerate(town.chain(town.first(at))):
            seats = [key for key, seat in {**grid.posts, **grid.bodies}.items() if has_seat(seat, unit)]
            for key in seats:
                # A code without its zeros has them once it is read.
                there = {
                    (one["department"], one["holder"])
                    for one in holders.frame.rows(named=True)
                    if (one["unit"], one["seat"]) == (unit["code"], key)
                }
                expected |= {(up, unit["code"], key, *one) for one in there or {(None, None)}}
            if not seats:
                expected.add((up, unit["code"], None, None, None))
        found = in_charge(grid, units, holders, on=DAY, at=at)
        assert expected == set(found.select("up", "unit", "seat", "department", "holder").iter_rows())
        assert found["up"].is_sorted()

    def test_a_place_that_is_not_there_is_named(self):
        """With the nearest that is."""
        grid = load_profile("qufu").at(DAY).grid["party"]
        units = load_units(grid, pl.DataFrame({"code": ["370881001"], "name": ["鲁城街道"], "level": ["street"]}))
        holders = load_holders(
            grid, pl.DataFrame({"unit": ["370881001"], "seat": ["street_working_committee"], "holder": ["b"]})
        )
        with pytest.raises(UsageError, match=r"there is no unit `370881002`.*did you mean `370881001`"):
            in_charge(grid, units, holders, on=DAY, at="370881002")


class TestQufu:
    def test_five_parts_attach_to_the_hierarchy(self):
        """QF-30: leaders sponsor, departments are liaison, street coordinates, community guides, branch carries out."""
        grid = load_profile("qufu").at(DAY).grid["party"]
        names = {
            "city": "曲阜市",
            "street": "鲁城街道",
            "community": "通相圃社区",
            "compound": "甲小区",
            "building": "1号楼",
        }
        levels = [level for level in grid.ordered if level in names]
        rows = pl.DataFrame(
            {
                "code": levels,
                "name": [names[level] for level in levels],
                "level": levels,
                "parent": [None, *levels[:-1]],
            }
        )
        units = load_units(grid, rows)
        seats = {part.by: grid.seats[part.by].level for part in grid.responsibilities.values()}
        held = pl.DataFrame(
            {"unit": list(seats.values()), "seat": list(seats), "holder": [f"h{i}" for i in range(len(seats))]}
        )
        found = in_charge(grid, units, load_holders(grid, held), on=DAY, at="building")
        assert set(found["part"].drop_nulls()) == {"sponsor", "liaison", "coordinate", "guide", "carry_out"}
        assert found.filter(pl.col("part").is_not_null())["holder"].null_count() == 0
        assert found["unit"].unique(maintain_order=True).to_list() == levels[::-1]
