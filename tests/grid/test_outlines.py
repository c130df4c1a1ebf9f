"""Units of one level neither overlap nor leave a gap, and lie in what they stand on: QF-29, as outlines show it."""

import json
from random import Random

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from communitygov.grid.check import check_grid
from communitygov.grid.geojson import feature_collection
from communitygov.grid.rules import Grid, Kind, Level
from communitygov.grid.units import load_units
from communitygov.vocabulary.errors import DataError

shapely = pytest.importorskip("shapely")

DAY = "2024"
SEEDS = st.integers(0, 2**32)
OUTLINES = ("overlap", "outside", "gap")
COLUMNS = ["code", "name", "level", "kind", "parent", "geometry"]

tried = settings(max_examples=settings().max_examples // 3, suppress_health_check=[HealthCheck.too_slow])


def rule(covers_kinds=()):
    """A city of streets, some of them offices without land; below, buildings on a street or on a compound of it."""
    return Grid(
        levels={
            "city": Level(order=1),
            "street": Level(
                order=2, on=("city",), covers=True, kinds={"street": Kind(), "office": Kind(territorial=False)}
            ),
            "compound": Level(order=3, on=("street",), kinds={"closed": Kind(), "open": Kind()}),
            "building": Level(order=4, on=("street", "compound"), covers=True, covers_kinds=covers_kinds),
        }
    )


RULES = st.sampled_from([rule(), rule(("street",)), rule(("closed",)), rule(("street", "closed"))])


def unit(code, level, parent, cells, kind=None):
    return {"code": code, "name": code, "level": level, "kind": kind, "parent": parent, "cells": cells}


def divided(random, cells, most):
    """Cells dealt out at random: areas of many pieces, with holes, that leave no gap and do not overlap."""
    parts = [set() for _ in range(random.randint(1, most))]
    for cell in sorted(cells):
        random.choice(parts).add(cell)
    return [part for part in parts if part]


def drawn_city(random):
    """Units as sets of cells, each level a division of the one above."""
    cells = {(x, y) for x in range(5) for y in range(4)}
    rows = [unit("c", "city", None, cells)]
    if random.random() < 0.3:
        rows.append(unit("o", "street", "c", {(random.randrange(5), random.randrange(4))}, "office"))
    for i, street in enumerate(divided(random, cells, 3)):
        rows.append(unit(f"s{i}", "street", "c", street, "street"))
        for j, part in enumerate(divided(random, street, 3)):
            if random.random() < 0.5:
                rows.append(unit(f"s{i}b{j}", "building", f"s{i}", part))
                continue
            rows.append(unit(f"s{i}k{j}", "compound", f"s{i}", part, random.choice(["closed", "open"])))
            for n, house in enumerate(divided(random, part, 2)):
                rows.append(unit(f"s{i}k{j}b{n}", "building", f"s{i}k{j}", house))
    return rows


def spoilt(random, rows):
    """The same with cells too many or too few, no outline, a twin, another kind, another unit stood on, units lost."""
    for _ in range(random.randint(1, 4)):
        row = random.choice(rows)
        above = [one["code"] for one in rows if one["level"] in rule().levels[row["level"]].on]
        match random.randrange(7):
            case 0 if row["cells"]:
                row["cells"] = row["cells"] | {(random.randrange(7), random.randrange(5))}
            case 1 if row["cells"] and len(row["cells"]) > 1:
                row["cells"] = row["cells"] - {random.choice(sorted(row["cells"]))}
            case 2:
                row["cells"] = None
            case 3:
                rows.append({**row, "cells": {(random.randrange(5), random.randrange(4))}})
            case 4 if rule().levels[row["level"]].kinds:
                row["kind"] = random.choice([*rule().levels[row["level"]].kinds, None])
            case 5 if above:
                row["parent"] = random.choice(above)
            case 6 if len(rows) > 1:
                rows.remove(row)
    return rows


def outline(cells):
    if cells is None:
        return None
    return shapely.to_geojson(shapely.union_all([shapely.box(x, y, x + 1, y + 1) for x, y in sorted(cells)]))


def checked(grid, rows):
    told = [{**row, "geometry": outline(row["cells"])} for row in rows]
    frame = pl.DataFrame(told, schema=dict.fromkeys(COLUMNS, pl.String))
    return check_grid(grid, load_units(grid, frame), on=DAY)


def found_in(one):
    """What was found about outlines."""
    mine = one.frame.filter(pl.col("finding").is_in(OUTLINES))
    return sorted(mine.select("finding", "unit", "other", "found", "rule").rows(), key=str)


class Slow:
    """The same told from cells, which are counted, one unit at a time."""

    def __init__(self, grid, rows):
        self.grid, self.rows = grid, rows
        self.codes = [row["code"] for row in rows]

    def land(self, row):
        return row["kind"] != "office"

    def drawn(self, row):
        return row["cells"] is not None and self.land(row) and self.codes.count(row["code"]) == 1

    def first(self, code):
        return next((row for row in self.rows if row["code"] == code), None)

    def parts(self, row, key):
        """What divides a unit, whether drawn or not."""
        mine = [one for one in self.rows if one["parent"] == row["code"]]
        on = self.grid.levels[key].on
        return [one for one in mine if (one["level"] == key and self.land(one)) or one["level"] in on]

    def asked(self, key):
        """The units that a level should cover and that something stands on."""
        level = self.grid.levels[key]
        return [
            row
            for row in self.rows
            if row["level"] in level.on
            and self.land(row)
            and (not level.covers_kinds or row["kind"] in level.covers_kinds)
            and self.parts(row, key)
            # Of units with one code one only is stood on.
            and self.codes.index(row["code"]) == next(i for i, one in enumerate(self.rows) if one is row)
        ]

    def whole(self, row, key):
        return self.drawn(row) and all(self.drawn(one) for one in self.parts(row, key))

    def findings(self):
        for key, level in self.grid.levels.items():
            if not level.covers:
                continue
            path = f"levels.{key}.covers"
            mine = [row for row in self.rows if row["level"] == key and self.drawn(row)]
            for row in mine:
                for other in mine:
                    if row is not other and row["cells"] & other["cells"]:
                        yield "overlap", row["code"], other["code"], None, path
                above = self.first(row["parent"])
                if above is None or above["level"] not in level.on or not self.drawn(above):
                    continue
                if beyond := row["cells"] - above["cells"]:
                    yield "outside", row["code"], above["code"], f"{len(beyond) / len(row['cells']):.2%}", path
            for row in self.asked(key):
                if self.whole(row, key):
                    left = row["cells"] - set().union(*(one["cells"] for one in self.parts(row, key)))
                    if left:
                        yield "gap", row["code"], None, f"{len(left) / len(row['cells']):.2%}", path

    def unchecked(self):
        """For each level that covers, how many units have no outline and of how many a gap is not looked for."""
        for key, level in self.grid.levels.items():
            mine = [row for row in self.rows if row["level"] == key and self.land(row)]
            bare = sum(not self.drawn(row) for row in mine)
            if level.covers and mine:
                unknown = [row for row in self.asked(key) if not self.whole(row, key)]
                yield from [bare] if bare == len(mine) else filter(None, [bare, len(unknown)])


class TestOutlines:
    @tried
    @given(grid=RULES, seed=SEEDS)
    def test_a_division_without_fault_has_no_finding(self, grid, seed):
        """However many pieces and holes the areas have, on whatever level a building stands."""
        one = checked(grid, drawn_city(Random(seed)))
        assert found_in(one) == []
        assert one.unchecked == ()

    @tried
    @given(grid=RULES, seed=SEEDS)
    def test_what_is_found_is_what_the_cells_show(self, grid, seed):
        """Overlaps across streets, gaps, parts that lie outside, and nothing where an outline is not known."""
        random = Random(seed)
        rows = spoilt(random, drawn_city(random))
        slow, one = Slow(grid, rows), checked(grid, rows)
        assert found_in(one) == sorted(slow.findings(), key=str)
        mine = [row.count for row in one.unchecked if "have no unit" not in row.why.en]
        assert mine == list(slow.unchecked())

    @tried
    @given(grid=RULES, seed=SEEDS)
    def test_the_order_of_rows_changes_nothing(self, grid, seed):
        """G5: not even where one code stands twice, with two outlines."""
        random = Random(seed)
        rows = spoilt(random, drawn_city(random))
        first = checked(grid, rows)
        random.shuffle(rows)
        second = checked(grid, rows)
        assert first.frame.rows() == second.frame.rows()
        assert first.unchecked == second.unchecked

    @tried
    @given(grid=RULES, seed=SEEDS)
    def test_each_finding_has_a_key_of_its_own(self, grid, seed):
        """The key of the result names a row, but for units with one code."""
        random = Random(seed)
        rows = spoilt(random, drawn_city(random))
        one = checked(grid, rows)
        once = [row["code"] for row in rows if sum(other["code"] == row["code"] for other in rows) == 1]
        assert not one.frame.filter(pl.col("unit").is_in(once)).select(one.key).is_duplicated().any()


TWO = Grid(levels={"street": Level(order=1), "community": Level(order=2, on=("street",), covers=True)})


def boxes(street, *communities):
    """Findings and their parts in a street and its communities, all rectangles."""
    rows = [("s", "s", "street", None, street)]
    rows += [(f"c{i}", f"c{i}", "community", "s", one) for i, one in enumerate(communities)]
    shaped = [(*row, shapely.to_geojson(shapely.box(*box))) for *row, box in rows]
    units = load_units(TWO, pl.DataFrame(shaped, schema=["code", "name", "level", "parent", "geometry"], orient="row"))
    return [row[:2] for row in check_grid(TWO, units, on=DAY).frame.select("finding", "found").rows()]


class TestSlivers:
    @pytest.mark.parametrize("width", [1e-5, 3e-6])
    def test_a_thin_strip_is_found(self, width):
        """Above a millionth of the area it is an overlap, a part outside or a gap, never said to be 0."""
        assert boxes((0, 0, 1, 1), (0, 0, 0.5 + width, 1), (0.5, 0, 1, 1)) == [("overlap", None)] * 2
        assert boxes((0, 0, 1, 1), (0, 0, 1, 1 + width)) == [("outside", "<0.01%")]
        assert boxes((0, 0, 1, 1), (0, 0, 1, 1 - width)) == [("gap", "<0.01%")]

    @pytest.mark.parametrize("width", [1e-7, 1e-9])
    def test_a_thinner_one_is_the_noise_of_drawing(self, width):
        """Below a millionth of the area nothing is found."""
        assert boxes((0, 0, 1, 1), (0, 0, 0.5 + width / 2, 1), (0.5, 0, 1, 1)) == []
        assert boxes((0, 0, 1, 1), (0, 0, 1, 1 + width)) == []
        assert boxes((0, 0, 1, 1), (0, 0, 1, 1 - width)) == []

    def test_a_community_many_times_its_street_sticks_out(self):
        """It covers the street, and the rest is no gap of anybody's."""
        assert boxes((0, 0, 1, 1), (0, 0, 5, 5)) == [("outside", "96.00%")]


SQUARE = shapely.to_geojson(shapely.box(0, 0, 1, 1))


def units_with(street, community, **more):
    rows = {"code": ["s", "c"], "name": ["S", "C"], "level": ["street", "community"], "parent": [None, "s"]}
    return load_units(TWO, pl.DataFrame({**rows, "geometry": pl.Series([street, community], **more)}))


BAD = {
    "no JSON": "junk",
    "no geometry": "3",
    "a point": '{"type":"Point","coordinates":[0,0]}',
    "crosses itself": '{"type":"Polygon","coordinates":[[[0,0],[1,1],[1,0],[0,1],[0,0]]]}',
    "empty": '{"type":"Polygon","coordinates":[]}',
    "empty, of many": '{"type":"MultiPolygon","coordinates":[]}',
}


class TestBadOutlines:
    @pytest.mark.parametrize("text", BAD.values(), ids=BAD)
    @pytest.mark.parametrize("where", ["s", "c"])
    def test_an_outline_that_is_compared_must_be_an_area(self, text, where):
        """Of a unit and of the one it stands on; the error names the unit."""
        units = units_with(*(text if where == code else SQUARE for code in ("s", "c")))
        with pytest.raises(DataError, match=f"bad-outline: 1 outlines are no sound areas: {where}"):
            check_grid(TWO, units, on=DAY)

    @pytest.mark.parametrize("values", [(1, 2), (b"a", b"b"), (["a"], ["b"])], ids=["whole", "bytes", "list"])
    def test_outlines_that_are_no_text_are_refused(self, values):
        """A column of that name may hold anything."""
        with pytest.raises(DataError, match="bad-outline: 2 outlines are no sound areas: s, c"):
            check_grid(TWO, units_with(*values), on=DAY)

    @pytest.mark.parametrize("text", BAD.values(), ids=BAD)
    def test_an_outline_that_is_not_compared_is_not_looked_at(self, text):
        """A point for a street is no fault where no community has an outline."""
        assert check_grid(TWO, units_with(text, None, dtype=pl.String), on=DAY).frame.rows() == []

    @pytest.mark.parametrize("text", ["junk", "3", '"Polygon"', "[1]"])
    def test_what_is_no_geometry_is_not_written_as_one(self, text):
        """The units whose outline is no GeoJSON are named."""
        with pytest.raises(DataError, match="bad-outline: 1 outlines are no GeoJSON: c"):
            feature_collection(units_with(SQUARE, text).frame)

    def test_numbers_are_not_written_as_geometries(self):
        """Nor are they taken for JSON."""
        with pytest.raises(DataError, match="bad-outline: 2 outlines are no GeoJSON: s, c"):
            feature_collection(units_with(1, 2).frame)


def test_each_overlap_names_the_other_unit_in_both_languages():
    """The other unit stands in a column of its own, and in the words."""
    first, second, street = shapely.box(0, 0, 2, 1), shapely.box(1, 0, 3, 1), shapely.box(0, 0, 3, 1)
    rows = {"code": ["s", "a", "b"], "name": ["S", "A", "B"], "level": ["street", "community", "community"]}
    frame = pl.DataFrame(rows).with_columns(
        parent=pl.Series([None, "s", "s"]),
        geometry=pl.Series([json.dumps(shapely.geometry.mapping(shape)) for shape in (street, first, second)]),
    )
    problems = check_grid(TWO, load_units(TWO, frame), on=DAY).problems()
    assert [(one.code, one.context["other"]) for one in problems] == [("overlap", "b"), ("overlap", "a")]
    assert [one.message.en.split(";")[0] for one in problems] == [
        "a A: its outline overlaps that of `b`",
        "b B: its outline overlaps that of `a`",
    ]
    assert problems[0].message.zh.startswith("a A：与 `b` 的范围重叠")
