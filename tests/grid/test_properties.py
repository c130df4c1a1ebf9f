"""What holds of any grid (G1, G2, G3 and G5), of files and of frames, in sound towns and in faulty ones.

That splits and merges lose nothing (G4) stands with the tests of ``adjust``.
"""

import json
from itertools import permutations
from random import Random

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from communitygov.grid.check import check_grid
from communitygov.grid.geojson import feature_collection
from communitygov.grid.routing import route
from communitygov.grid.rules import Grid, Level
from communitygov.grid.tables import units_table
from communitygov.grid.units import load_holders, load_units
from communitygov.testing.strategies_grid import faulty_town, frame_of, grids, holders_of, sound_town
from communitygov.vocabulary.files import write_frame

DAY = "2024"
SEEDS = st.integers(0, 2**32)
STANDING = {"duplicate-code", "two-tops", "orphan", "wrong-level", "cycle", "not-under-parent", "bad-code"}

tried = settings(
    max_examples=settings().max_examples // 2,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)
# Each example writes files or goes through five kinds of frames.
tried_on_files = settings(tried, max_examples=settings().max_examples // 4)


def findings(checked, *codes):
    """The units of some kinds of findings."""
    return set(checked.frame.filter(pl.col("finding").is_in(codes))["unit"])


def above_of(tree):
    """Each unit with the one that it stands on, as rows of the tree; None where there is none."""
    rows = tree.frame.rows(named=True)
    return [(row, None if up is None else rows[up]) for row, up in zip(rows, tree.stands_on, strict=True)]


def held_in(random, grid, rows):
    """Who or what is there; a town without anybody still has a table of them."""
    return load_holders(grid, frame_of(held)) if (held := holders_of(random, grid, rows)) else None


class TestG1Standing:
    @tried
    @given(grid=grids(), seed=SEEDS)
    def test_in_a_sound_town_every_unit_has_one_unit_above_on_an_allowed_level(self, grid, seed):
        """All but the one at the top; and nothing is found wrong with how they stand."""
        units = load_units(grid, frame_of(sound_town(Random(seed), grid)))
        tree = units.on(DAY)
        for row, up in above_of(tree):
            assert (up is None) == (row["level"] == next(iter(grid.ordered)))
            assert up is None or up["level"] in grid.levels[row["level"]].on
        assert findings(check_grid(grid, units, on=DAY), *STANDING) == set()

    @tried
    @given(grid=grids(), seed=SEEDS)
    def test_in_any_town_who_has_none_is_named(self, grid, seed):
        """A unit stands on one of an allowed level, or it is at the top, or a finding says that it does not."""
        units = load_units(grid, frame_of(faulty_town(Random(seed), grid)))
        tree, checked = units.on(DAY), check_grid(grid, units, on=DAY)
        lost, wrong = findings(checked, "orphan"), findings(checked, "wrong-level")
        for row, up in above_of(tree):
            if row["code"] not in checked.tops:
                assert up is not None or row["code"] in lost
                assert up is None or up["level"] in grid.levels[row["level"]].on or row["code"] in wrong


class TestG2Coverage:
    @tried
    @given(grid=grids(), seed=SEEDS)
    def test_in_a_sound_town_a_unit_is_under_each_level_once(self, grid, seed):
        """Going upward the levels rise, each at most once, and exactly once where none can be skipped."""
        tree = load_units(grid, frame_of(sound_town(Random(seed), grid))).on(DAY)
        levels = dict(tree.frame.select("code", "level").rows())
        straight = all(len(level.on) <= 1 for level in grid.levels.values())
        for code in tree.frame["code"]:
            orders = [grid.levels[levels[one]].order for one in tree.chain(code)]
            assert orders == sorted(set(orders), reverse=True)
            assert not straight or orders == list(range(len(orders), 0, -1))

    @tried
    @given(grid=grids(), seed=SEEDS)
    def test_what_is_not_covered_is_named(self, grid, seed):
        """A unit with land that a level must cover has something below it, or a finding says that it has nothing."""
        units = load_units(grid, frame_of(sound_town(Random(seed), grid)))
        tree, checked = units.on(DAY), check_grid(grid, units, on=DAY)
        below = {up["code"] for row, up in above_of(tree) if up is not None}
        for key, level in grid.levels.items():
            bare = findings(checked, "not-covered")
            if level.covers and (tree.frame["level"] == key).any():
                for row in tree.frame.filter(pl.col("level").is_in(level.on)).iter_rows(named=True):
                    kind = grid.levels[row["level"]].kinds.get(row["kind"])
                    asked = not level.covers_kinds or row["kind"] in level.covers_kinds
                    if asked and (kind is None or kind.territorial) and row["code"] not in below:
                        assert row["code"] in bare

    @tried
    @given(grid=grids(), seed=SEEDS)
    def test_a_post_is_held_at_every_unit_of_its_level(self, grid, seed):
        """Or it may be empty, or a finding names the unit where it is."""
        random = Random(seed)
        rows = sound_town(random, grid)
        units, holders = load_units(grid, frame_of(rows)), held_in(random, grid, rows)
        if holders is None:
            return
        empty = check_grid(grid, units, holders, on=DAY).frame.filter(pl.col("finding") == "empty-seat")
        named = set(empty.select("unit", "seat").rows())
        held = set(holders.frame.select("unit", "seat").rows())
        for key, seat in grid.seats.items():
            for code, level, kind in units.frame.select("code", "level", "kind").rows():
                has = level == seat.level and (not seat.kinds or kind in seat.kinds)
                if has and seat.per_unit != "any" and (code, key) not in held:
                    assert (code, key) in named
                if not has or seat.per_unit == "any":
                    assert (code, key) not in named


class TestG3Chain:
    @tried
    @given(grid=grids(), seed=SEEDS)
    def test_a_chain_never_loops_and_ends_at_the_top(self, grid, seed):
        """From any unit of any town; if it ends before, a finding names the unit at which it does."""
        units = load_units(grid, frame_of(faulty_town(Random(seed), grid)))
        tree, checked = units.on(DAY), check_grid(grid, units, on=DAY)
        broken = findings(checked, "orphan", "cycle")
        for code in tree.frame["code"]:
            chain = tree.chain(code)
            assert len(chain) == len(set(chain))
            assert chain[-1] in checked.tops or chain[-1] in broken

    @tried
    @given(grid=grids(), seed=SEEDS)
    def test_in_a_sound_town_all_chains_end_at_one_unit(self, grid, seed):
        """Whoever goes upward comes to the same place."""
        tree = load_units(grid, frame_of(sound_town(Random(seed), grid))).on(DAY)
        assert {tree.chain(code)[-1] for code in tree.frame["code"]} == set(tree.frame["code"].gather(tree.tops))
        assert len(tree.tops) == 1


class TestG5Order:
    @tried
    @given(grid=grids(), seed=SEEDS)
    def test_permuting_rows_changes_no_finding(self, grid, seed):
        """Of units and of holders, in towns with repeated codes too."""
        random = Random(seed)
        rows = faulty_town(random, grid)
        held = holders_of(random, grid, rows)
        first = check_grid(grid, load_units(grid, frame_of(rows)), held_frame(grid, held), on=DAY)
        random.shuffle(rows)
        random.shuffle(held)
        second = check_grid(grid, load_units(grid, frame_of(rows)), held_frame(grid, held), on=DAY)
        assert_frame_equal(first.frame, second.frame)
        assert sorted(first.tops) == sorted(second.tops)
        assert first.unchecked == second.unchecked

    def test_which_of_two_units_with_one_code_is_stood_on_does_not_hang_on_rows(self):
        """A street and a community have one code: what stands on it stands on the same of them in any order."""
        grid = Grid(
            levels={
                "city": Level(order=1),
                "street": Level(order=2, on=("city",)),
                "community": Level(order=3, on=("street",)),
            }
        )
        rows = [("t", "city", None), ("x", "street", "t"), ("x", "community", "t"), ("y", "community", "x")]
        found = set()
        for order in permutations(rows):
            frame = pl.DataFrame(order, schema=["code", "level", "parent"], orient="row").with_columns(name="code")
            found.add(tuple(check_grid(grid, load_units(grid, frame), on=DAY).frame.rows()))
        assert len(found) == 1


def held_frame(grid, held):
    return load_holders(grid, frame_of(held)) if held else None


def dated(random, rows):
    """The rows, some of them for a time only."""
    for row in rows:
        row["since"] = random.choice([None, "2016", "2019-03", "2020-02-29"])
        row["until"] = random.choice([None, None, "2024H1", "2030"])
    return rows


def stated(units):
    """What the data said of units, without what the rule filled in: ready to be written."""
    frame = units.frame.with_columns(kind="stated_kind", parent="stated_parent")
    return frame.drop("stated_kind", "stated_parent")


def write_geojson(frame, file):
    file.write_text(json.dumps(feature_collection(frame), ensure_ascii=False), encoding="utf-8")


class TestFiles:
    @tried_on_files
    @pytest.mark.parametrize(
        ("suffix", "write"), [("csv", write_frame), ("parquet", write_frame), ("geojson", write_geojson)]
    )
    @given(grid=grids(), seed=SEEDS, sound=st.booleans())
    def test_writing_and_loading_again_is_the_identity(self, tmp_path, suffix, write, grid, seed, sound):
        """CSV, Parquet and GeoJSON keep codes, names, dates, sizes and gaps, of sound and of faulty towns."""
        random = Random(seed)
        rows = dated(random, (sound_town if sound else faulty_town)(random, grid))
        units = load_units(grid, frame_of(rows))
        file = tmp_path / f"units.{suffix}"
        write(stated(units), file)
        again = load_units(grid, file)
        # What the rule does not declare is only kept: CSV has it as text.
        declared = {column.name for column in units_table(grid).columns} | {"stated_kind", "stated_parent"}
        columns = [name for name in units.frame.columns if name in declared]
        assert_frame_equal(again.frame.select(columns), units.frame.select(columns))
        assert_frame_equal(check_grid(grid, again, on=DAY).frame, check_grid(grid, units, on=DAY).frame)

    @tried_on_files
    @given(grid=grids(), seed=SEEDS)
    def test_outlines_come_back_as_they_were(self, tmp_path, grid, seed):
        """The text of a geometry is kept, and a unit without one has none."""
        random = Random(seed)
        frame = frame_of(sound_town(random, grid))
        point = '{"type":"Point","coordinates":[116.2,39.9]}'
        frame = frame.with_columns(geometry=pl.Series([random.choice([None, point]) for _ in range(frame.height)]))
        frame = frame.with_columns(pl.col("geometry").cast(pl.String))
        units = load_units(grid, frame)
        write_geojson(stated(units), tmp_path / "units.geojson")
        again = load_units(grid, tmp_path / "units.geojson")
        assert again.frame["geometry"].to_list() == frame["geometry"].to_list()

    @tried
    @given(grid=grids(), seed=SEEDS)
    def test_loading_what_was_loaded_changes_nothing(self, grid, seed):
        """What the rule fills in, it would fill in again: units may be handed on as a frame."""
        units = load_units(grid, frame_of(sound_town(Random(seed), grid)))
        again = load_units(grid, units.frame.drop("stated_kind", "stated_parent"))
        columns = ["code", "name", "level", "kind", "parent"]
        assert_frame_equal(again.frame.select(columns), units.frame.select(columns))
        assert_frame_equal(check_grid(grid, again, on=DAY).frame, check_grid(grid, units, on=DAY).frame)


def to_pandas(frame):
    """pandas has whole numbers with gaps only in its nullable kind."""
    whole = {name: "Int64" for name, dtype in frame.schema.items() if dtype == pl.Int64}
    return frame.to_pandas().astype(whole)


FRAMES = {
    "lazy": pl.DataFrame.lazy,
    "pandas": to_pandas,
    "pyarrow": pl.DataFrame.to_arrow,
    "duckdb": lambda frame: duckdb.from_arrow(frame.to_arrow()),
}
"""The kinds of frames beside an eager one of Polars, by how they are made from it."""

BACK = {
    "lazy": pl.LazyFrame.collect,
    "pandas": pl.from_pandas,
    "pyarrow": pl.from_arrow,
    "duckdb": lambda relation: relation.pl(),
}


class TestFrames:
    @tried_on_files
    @pytest.mark.parametrize("kind", FRAMES)
    @given(grid=grids().filter(lambda grid: grid.matters), seed=SEEDS)
    def test_all_kinds_of_frames_are_one(self, kind, grid, seed):
        """The same units, findings and routes; and orders come back in the kind of frame in which they came."""
        random = Random(seed)
        rows = faulty_town(random, grid)
        units, held = frame_of(rows), holders_of(random, grid, rows)
        if not held:
            return
        one = load_units(grid, units)
        codes = one.on(DAY).frame["code"].unique(maintain_order=True).to_list()
        asked = [(code, random.choice(list(grid.matters)), number) for number, code in enumerate(codes)]
        orders = pl.DataFrame(asked, schema=["unit", "matter", "order"], orient="row")
        make = FRAMES[kind]
        other = load_units(grid, make(units))
        holders, theirs = load_holders(grid, frame_of(held)), load_holders(grid, make(frame_of(held)))
        assert_frame_equal(one.frame, other.frame)
        assert_frame_equal(check_grid(grid, one, holders, on=DAY).frame, check_grid(grid, other, theirs, on=DAY).frame)
        expected = route(grid, one, holders, orders, on=DAY)
        given_orders = make(orders)
        result = route(grid, other, theirs, given_orders, on=DAY)
        assert type(result.frame) is type(given_orders)
        routed = BACK[kind](result.frame)
        assert_frame_equal(routed, expected.frame, check_row_order=False, check_dtypes=False)
        assert_frame_equal(result.passed, expected.passed)
