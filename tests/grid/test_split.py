"""A proposed split is one that can be carried out: nothing left over, even, in one piece, and always the same."""

import sys
from random import Random

import pandas as pd
import polars as pl
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from communitygov.grid.adjust import adjust
from communitygov.grid.rules import Bound, Grid, Kind, Level
from communitygov.grid.split import propose_split
from communitygov.grid.units import load_units
from communitygov.testing.strategies_grid import frame_of
from communitygov.vocabulary.errors import DataError, MissingExtra, UsageError
from communitygov.vocabulary.text import Title

DAY, NEXT = "2024-01-01", "2025-01-01"
INTO = {"c1": "一", "c2": "二", "c3": "三"}

tried = settings(max_examples=settings().max_examples // 4)
seeds = st.integers(0, 2**32)


def community(numbers, bound=None):
    """A community with buildings of so many households."""
    sizes = {} if bound is None else {"households": bound}
    grid = Grid(
        levels={
            "street": Level(order=1),
            "community": Level(order=2, on=("street",), sizes=sizes),
            "building": Level(order=3, on=("community",)),
        }
    )
    assert not list(grid.check())
    rows = [("s", "街", "street", None, None), ("c", "社区", "community", "s", sum(numbers))]
    rows += [(f"b{i:03}", f"{i}号楼", "building", "c", number) for i, number in enumerate(numbers)]
    columns = ["code", "name", "level", "parent", "households"]
    return grid, load_units(grid, frame_of([dict(zip(columns, row, strict=True)) for row in rows]))


def town(seed):
    """Buildings that hang together in some way, and the pairs of those that lie beside each other."""
    random = Random(seed)
    numbers = [random.choice([0, *range(1, 60)]) for _ in range(random.randint(3, 14))]
    pairs = [(random.randrange(i), i) for i in range(1, len(numbers))]
    pairs += [tuple(random.sample(range(len(numbers)), 2)) for _ in range(random.randint(0, len(numbers)))]
    beside = pl.DataFrame(
        [(f"b{one:03}", f"b{other:03}") for one, other in pairs], schema=["one", "other"], orient="row"
    )
    return *community(numbers), beside, dict(list(INTO.items())[: random.randint(2, 3)])


def loads(split, units):
    sizes = dict(units.frame.select("code", "households").iter_rows())
    return [sum(sizes[code] for code in part.children) for part in split.into.values()]


def in_one_piece(part, beside):
    """Whether one can walk from any building of a part to any other without leaving it."""
    reached, going = set(), {min(part)}
    while going:
        reached |= going
        pairs = [*beside.iter_rows(), *((other, one) for one, other in beside.iter_rows())]
        going = {other for one, other in pairs if one in going and other in part} - reached
    return reached == set(part)


class TestProperties:
    @tried
    @given(seeds, st.booleans())
    def test_it_can_be_carried_out(self, seed, beside_known):
        """Every building goes to exactly one part, none is empty, and adjust takes the proposal as it is."""
        grid, units, beside, into = town(seed)
        split = propose_split(grid, units, "c", into, on=DAY, adjacency=beside if beside_known else None)
        assert [part.name for part in split.into.values()] == list(into.values())
        assert all(part.children for part in split.into.values())
        after = adjust(grid, units, [split], on=NEXT)
        assert set(after.codes.filter(pl.col("old") == "c")["new"]) == set(into)
        there = after.units.on(NEXT).frame
        assert there.filter(pl.col("level") == "building").height == units.frame.height - 2
        assert set(there.filter(pl.col("level") == "building")["parent"]) == set(into)

    @tried
    @given(seeds)
    def test_each_part_is_in_one_piece(self, seed):
        """With adjacency one can walk through a part without leaving it."""
        grid, units, beside, into = town(seed)
        split = propose_split(grid, units, "c", into, on=DAY, adjacency=beside)
        assert all(in_one_piece(part.children, beside) for part in split.into.values())

    @tried
    @given(seeds)
    def test_scattered_parts_are_even_to_one_building(self, seed):
        """Without adjacency no two parts differ by more than the largest building."""
        grid, units, _, into = town(seed)
        found = loads(propose_split(grid, units, "c", into, on=DAY), units)
        assert max(found) - min(found) <= units.frame.filter(pl.col("level") == "building")["households"].max()

    @tried
    @given(seeds, st.booleans())
    def test_no_single_building_makes_it_more_even(self, seed, beside_known):
        """Whichever building goes to another part: the sum of squares does not fall, or a part falls to pieces."""
        grid, units, beside, into = town(seed)
        split = propose_split(grid, units, "c", into, on=DAY, adjacency=beside if beside_known else None)
        sizes = dict(units.frame.select("code", "households").iter_rows())
        parts = [set(part.children) for part in split.into.values()]

        def squares(parts):
            return sum(sum(sizes[code] for code in part) ** 2 for part in parts)

        for old in parts:
            for code in old:
                for new in (part for part in parts if part is not old):
                    others = [part for part in parts if part is not old and part is not new]
                    moved = [old - {code}, new | {code}]
                    whole = all(moved) and (not beside_known or all(in_one_piece(part, beside) for part in moved))
                    assert not whole or squares([*others, *moved]) >= squares(parts)

    @tried
    @given(seeds)
    def test_it_is_always_the_same(self, seed):
        """The order of rows, the way round of pairs, and pairs of others change nothing."""
        grid, units, beside, into = town(seed)
        once = propose_split(grid, units, "c", into, on=DAY, adjacency=beside)
        turned = beside.select(one="other", other="one")[::-1]
        more = pl.concat([turned, beside, pl.DataFrame({"one": ["b000"], "other": ["elsewhere"]})]).to_pandas()
        mixed = evolve(units, frame=units.frame[::-1])
        assert propose_split(grid, mixed, "c", into, on=DAY, adjacency=more) == once
        assert isinstance(more, pd.DataFrame)
        assert propose_split(grid, units, "c", into, on=DAY, adjacency=beside.lazy()) == once

    @tried
    @given(seeds)
    def test_a_row_of_houses_is_cut_as_well_as_can_be(self, seed):
        """Houses in a row are divided in two at the best of all places."""
        random = Random(seed)
        numbers = [random.randint(1, 50) for _ in range(random.randint(2, 20))]
        grid, units = community(numbers)
        row = [(f"b{i - 1:03}", f"b{i:03}") for i in range(1, len(numbers))]
        row = pl.DataFrame(row, schema={"one": pl.String, "other": pl.String}, orient="row")
        found = loads(propose_split(grid, units, "c", {"c1": "一", "c2": "二"}, on=DAY, adjacency=row), units)
        best = min(max(sum(numbers[:i]), sum(numbers[i:])) for i in range(1, len(numbers)))
        assert max(found) == best


class TestBounds:
    def test_a_community_over_its_bound(self):
        """5,200 households where 3,000 are allowed come to two parts within it, with their sizes."""
        grid, units = community([1900, 1600, 900, 800], Bound(at_most=3000))
        split = propose_split(grid, units, "c", {"c": "旧", "d": "新"}, on=DAY)
        assert [part.sizes for part in split.into.values()] == [{"households": 2700}, {"households": 2500}]
        adjust(grid, units, [split], on=NEXT)

    def test_pieces_that_do_not_touch(self):
        """Each piece has parts of its own, the larger more; more pieces than parts cannot be."""
        grid, units = community([30, 30, 10])
        beside = pl.DataFrame({"one": ["b000"], "other": ["b001"]})
        split = propose_split(grid, units, "c", INTO, on=DAY, adjacency=beside)
        assert [part.children for part in split.into.values()] == [("b000",), ("b001",), ("b002",)]
        grid, units = community([1, 1, 1])
        with pytest.raises(DataError, match=r"no-division.*3 pieces"):
            propose_split(grid, units, "c", {"c": "旧", "d": "新"}, on=DAY, adjacency=beside.clear())

    def test_what_is_exempt_stays_so(self):
        """What may be of any size for a reason is split into parts that may be, for the same reason."""
        bound = Bound(at_most=10, exempt={"demolition": Title(zh="拆迁", en="demolition")})
        grid, units = community([30, 20], bound)
        exempt = pl.when(pl.col("code") == "c").then(pl.lit("demolition"))
        units = evolve(units, frame=units.frame.with_columns(exempt=exempt))
        split = propose_split(grid, units, "c", {"c": "旧", "d": "新"}, on=DAY)
        assert {part.exempt for part in split.into.values()} == {"demolition"}
        adjust(grid, units, [split], on=NEXT)

    @pytest.mark.parametrize("kind", ["c", "v"])
    def test_a_kind_that_is_stated_stays_so(self, kind):
        """A community is held to its kind's bound and a village to none; each is split into units of its kind."""
        grid, units = community([20, 20, 20, 40])
        bound = Bound(below=61, kinds=("c",))
        level = evolve(grid.levels["community"], kinds={"c": Kind(), "v": Kind()}, sizes={"households": bound})
        grid = evolve(grid, levels={**grid.levels, "community": level})
        rows = units.frame.with_columns(kind=pl.when(pl.col("code") == "c").then(pl.lit(kind)))
        units = load_units(grid, rows.drop("stated_kind", "stated_parent"))
        split = propose_split(grid, units, "c", {"c": "旧", "d": "新"}, on=DAY)
        assert {part.kind for part in split.into.values()} == {kind}
        adjust(grid, units, [split], on=NEXT)
        tight = evolve(level, sizes={"households": evolve(bound, below=50)})
        grid = evolve(grid, levels={**grid.levels, "community": tight})
        if kind == "c":
            with pytest.raises(DataError, match="no-division"):
                propose_split(grid, units, "c", {"c": "旧", "d": "新"}, on=DAY)
        else:
            assert propose_split(grid, units, "c", {"c": "旧", "d": "新"}, on=DAY) == split

    def test_what_cannot_be_divided(self, monkeypatch):
        """Too few parts, too many, bounds that no division keeps, numbers that do not add up: each is said."""

        def refused(numbers, into, bound=None, **changed):
            grid, units = community(numbers, bound)
            units = evolve(units, frame=units.frame.with_columns(**changed))
            with pytest.raises((DataError, UsageError)) as caught:
                propose_split(grid, units, "c", into, on=DAY)
            assert all(one.message.zh != one.message.en for one in caught.value.problems)
            return str(caught.value)

        two = {"c": "旧", "d": "新"}
        assert "changes-nothing" in refused([1, 2], {"c": "旧"})
        assert "70 need at least 3 parts" in refused([30, 40], two, Bound(at_most=30))
        assert "20 need at least ? parts" in refused([10, 10], two, Bound(at_most=0))
        assert "only 2 units stand on it" in refused([30, 40], INTO)
        assert "comes to 30, 40, out of bounds" in refused([30, 40], two, Bound(at_most=35))
        assert "comes to 30, 40, out of bounds" in refused([30, 40], two, Bound(at_least=35))
        assert "sizes-differ" in refused([30, 40], two, households=pl.lit(5))
        assert "missing-value" in refused([30, 40], two, households=pl.lit(None, dtype=pl.Int64))
        grid, units = community([1, 2])
        pair = pl.DataFrame({"one": ["b000"], "other": ["b000"]})
        with pytest.raises(DataError, match="bad-pair"):
            propose_split(grid, units, "c", two, on=DAY, adjacency=pair)
        monkeypatch.setitem(sys.modules, "networkx", None)
        with pytest.raises(MissingExtra, match="graph"):
            propose_split(grid, units, "c", two, on=DAY, adjacency=pair)
