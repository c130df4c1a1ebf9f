"""Spellings of one unit: what an ending changes and what it does not, and that nothing is guessed."""

from random import Random

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from communitygov.grid.explain_units import Town
from communitygov.grid.names import match_names, names_table
from communitygov.grid.rules import CodeForm, Grid, Kind, Level
from communitygov.grid.units import load_units
from communitygov.plugins.finding import load_profile
from communitygov.testing.strategies_grid import frame_of, grids, sound_town
from communitygov.vocabulary.errors import DataError

DAY = "2016-07-31"
STREET = {"street": Kind(endings=("街道", "街道办事处")), "town": Kind(endings=("镇",))}
COMMUNITY = {
    "community": Kind(endings=("社区居民委员会", "社区居委会", "社区")),
    "village": Kind(endings=("村民委员会", "村委会", "村")),
}
GRID = Grid(
    levels={
        "district": Level(order=1, code=CodeForm(digits=12, significant=6)),
        "street": Level(order=2, on=("district",), kinds=STREET, code=CodeForm(digits=12, significant=9, prefix=True)),
        "community": Level(order=3, on=("street",), kinds=COMMUNITY, code=CodeForm(digits=12, prefix=True)),
    },
)
ROWS = [
    ("110107000000", "石景山区", "district"),
    ("110107001000", "老山街道办事处", "street"),
    ("110107001001", "何家坟社区居委会", "community"),
    ("110107001002", "东里社区", "community"),
    ("110107001003", "东里社区居委会", "community"),
    ("110107002000", "城关镇", "street"),
    ("110107002001", "何家坟社区居委会", "community"),
    ("110107003000", "城关街道", "street"),
    ("110107003001", "西里社区居委会", "community"),
]


@pytest.fixture(scope="module")
def units():
    return load_units(GRID, pl.DataFrame(ROWS, schema=["code", "name", "level"], orient="row"))


def matched(units, name, level="community", **more):
    (row,) = match_names(GRID, units, pl.DataFrame({"name": name, "level": level, **more}), on=DAY).iter_rows(
        named=True
    )
    return row


def code_of(units, name, level="community", **more):
    return matched(units, name, level, **more)["code"]


def shown(grid, level, name):
    """The stem and the kind of a name, by the longest ending of its level."""
    rule = grid.levels[level]
    endings = [(len(one), one, key) for key, kind in rule.kinds.items() for one in kind.endings if name.endswith(one)]
    length, _, kind = max(endings, default=(0, "", None))
    return name[:-length] if 0 < length < len(name) else name, kind


def fits(town, asked):
    """The codes of all units that fit a name, looked for one by one."""
    grid, scope = town.grid, None
    for key, level in grid.ordered.items():
        name = asked.get(f"above_{key}")
        if name is None:
            continue
        stem, kind = shown(grid, key, name)
        there = []
        for unit in town.rows:
            own = level.code and unit["code"][: level.code.own]
            known = name in (unit["code"], own)
            if unit["level"] == key and (known or shown(grid, key, unit["name"])[0] == stem):
                under = scope is None or any(one in scope for one in town.chain(unit)[1:])
                same = known or not level.kinds or (kind is not None and unit["kind"] == kind)
                there += [(unit, same)] if under else []
        scope = [unit for unit, same in there if same or not any(same for _, same in there)]
    level = asked["level"]
    stem, kind = shown(grid, level, asked["name"])
    kind = asked["kind"] or kind
    return [
        unit["code"]
        for unit in town.rows
        if unit["level"] == level
        and shown(grid, level, unit["name"])[0] == stem
        and (not grid.levels[level].kinds or (kind is not None and unit["kind"] == kind))
        and (scope is None or any(one in scope for one in town.chain(unit)[1:]))
    ]


def respelt(random, grid, unit):
    """A unit's name in some spelling, now and then of another kind, or its code where its place is asked."""
    kinds = [kind for kind in grid.levels[unit["level"]].kinds.values() if kind.endings]
    stem = shown(grid, unit["level"], unit["name"])[0]
    return stem + (random.choice(random.choice(kinds).endings) if kinds and random.random() < 0.9 else "")


class TestMatching:
    @settings(
        max_examples=settings().max_examples // 3,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(grid=grids(), seed=st.integers(0, 2**32))
    def test_it_is_what_one_finds_by_looking_at_each_unit(self, grid, seed):
        """The same level, stem and kind below the same units: found by columns as one finds it by hand."""
        random = Random(seed)
        units = load_units(grid, frame_of(sound_town(random, grid)))
        town = Town(grid, tuple(units.on(DAY).frame.iter_rows(named=True)))
        asked = []
        for unit in town.rows:
            row = {"name": respelt(random, grid, unit), "level": unit["level"], "kind": None}
            if random.random() < 0.3:
                row["kind"] = random.choice([None, *grid.levels[unit["level"]].kinds])
            over = {one["level"]: one for one in town.chain(unit)[1:]}
            for key in grid.levels:
                said = [None, over[key]["code"], *[respelt(random, grid, over[key])] * 2] if key in over else [None]
                row[f"above_{key}"] = random.choice(said)
            asked.append(row)
        frame = pl.DataFrame(asked, schema=dict.fromkeys(asked[0], pl.String()))
        result = match_names(grid, units, frame, on=DAY)
        assert result.select(frame.columns).equals(frame)
        for row in result.iter_rows(named=True):
            codes = fits(town, row)
            assert row["candidates"] == len(codes)
            assert row["code"] == (codes[0] if len(codes) == 1 else None)
            assert row["match"] == ("none", "one", "several")[min(len(codes), 2)]

    @pytest.mark.parametrize("name", ["何家坟社区", "何家坟社区居委会", "何家坟社区居民委员会"])
    @pytest.mark.parametrize("street", ["老山街道", "老山街道办事处", "110107001", "110107001000"])
    def test_administrative_and_statistical_spellings_are_one(self, units, name, street):
        """社区 and 社区居委会, 街道 and 街道办事处, a code of nine digits and of twelve."""
        assert code_of(units, name, above_street=street) == "110107001001"

    @pytest.mark.parametrize("name", ["何家坟村", "何家坟", "何家坟社", "河家坟社区", "何家坟社区村"])
    def test_nothing_is_guessed(self, units, name):
        """Another kind, no kind, a typing error or a word more: each is another name."""
        row = matched(units, name, above_street="老山街道")
        assert (row["code"], row["match"], row["candidates"]) == (None, "none", 0)

    def test_a_name_that_is_nothing_but_an_ending_is_no_other(self, units):
        """What is left of a longer ending when a shorter one is taken off is no name: the whole stays."""
        kinds = {"community": Kind(endings=("居委会", "社区居委会", "社区"))}
        grid = Grid(levels={"community": Level(order=1, kinds=kinds)})
        named = ["社区居委会", "社区", "东社区居委会"]
        rows = pl.DataFrame({"code": ["a", "b", "c"], "name": named, "level": "community"})
        asked = pl.DataFrame({"name": ["社区居委会", "社区", "东社区", "东居委会"], "level": "community"})
        found = match_names(grid, load_units(grid, rows), asked, on=DAY)
        assert found["code"].to_list() == ["a", "b", "c", "c"]

    def test_several_are_told_and_none_is_taken(self, units):
        """Two units of one stem below one street leave the code empty, and their number is said."""
        row = matched(units, "东里社区", above_street="老山街道")
        assert (row["code"], row["match"], row["candidates"]) == (None, "several", 2)
        assert matched(units, "何家坟社区")["candidates"] == 2

    def test_a_unit_above_may_have_become_another_kind(self, units):
        """A town that became a street is the same place; where there are both, the kind tells which is meant."""
        assert code_of(units, "何家坟社区", above_street="老山镇") == "110107001001"
        assert code_of(units, "何家坟社区", above_street="城关镇") == "110107002001"
        assert code_of(units, "西里社区", above_street="城关镇") is None
        assert code_of(units, "西里社区", above_street="城关街道办事处") == "110107003001"

    def test_every_unit_named_above_must_be_above(self, units):
        """A street of that name in another district is another street."""
        assert code_of(units, "西里社区", above_street="城关街道", above_district="石景山区") == "110107003001"
        assert code_of(units, "西里社区", above_street="城关街道", above_district="朝阳区") is None

    def test_streets_are_matched_too(self, units):
        """Whatever level a name is of, the endings are those of its level."""
        assert code_of(units, "老山街道", "street", above_district="石景山区") == "110107001000"

    def test_a_kind_may_be_said(self, units):
        """A name without an ending is matched where its kind is given."""
        assert code_of(units, "西里", kind="community") == "110107003001"


class TestWhatItTakes:
    def test_every_row_comes_back_as_it_was(self, units):
        """In their order, with their repeats and all their columns."""
        names = pl.DataFrame({"n": [1, 2, 3], "name": ["西里社区", "x", "西里社区"], "level": "community"})
        result = match_names(GRID, units, names, on=DAY)
        assert result.select(names.columns).equals(names)
        assert result["code"].to_list() == ["110107003001", None, "110107003001"]

    @pytest.mark.parametrize(
        ("column", "code"), [("level", "unknown-level"), ("kind", "unknown-kind"), ("code", "bad-key")]
    )
    def test_what_does_not_fit_is_refused(self, units, column, code):
        """A level or kind that there is not, and a column of the result's name: told in both languages."""
        names = pl.DataFrame({"name": ["西里社区"], "level": "community"}).with_columns(**{column: pl.lit("door")})
        with pytest.raises(DataError) as caught:
            match_names(GRID, units, names, on=DAY)
        (problem,) = caught.value.problems
        assert problem.code == code
        assert f"`{column}`" in problem.say("zh")
        assert f"`{column}`" in problem.say("en")

    def test_the_columns_are_those_of_the_levels(self):
        """A place for each level above, by its name or code, declared and titled in both languages."""
        names = [column.name for column in names_table(GRID).columns]
        assert names == ["name", "level", "kind", "above_district", "above_street", "above_community"]


AREAS = {
    "shijingshan": ("shijingshan_110107", "district", 137),
    "chaoyang": ("chaoyang_110105", "district", 566),
    "zhanlanlu": ("xicheng_110102", "district", 238),
    "baoji": ("baoji_6103", "county", 1_189),
}
"""Profile, file, level of the area, and how many names of 2023 are those of one unit of 2016."""

APART = {
    # 牌坊村委会 of 2016 ends in 村委会, which leaves 牌坊; 牌坊村村民委员会 leaves 牌坊村. Who made the column took off
    # one 村 more, though not from a name of two characters, so that 肖村 is not the same there. Here it is.
    "chaoyang": {"牌坊村村民委员会": ("110105027201", None), "肖村村民委员会": (None, "110105027203")},
    # An error of both years, left as published: 村民委委会 is no ending, so that the name is of no known kind. The
    # other is by its code (498) no community but a unit like one.
    "baoji": {"高家堎村村民委委会": ("610304001204", None), "太白山旅游区虚拟社区": ("610326400498", None)},
}
"""Names for which the column `code_2016` of the data says another thing: that code, and ours."""


@pytest.fixture
def divisions(shared_data):
    folder = shared_data / "divisions"
    if not folder.is_dir():
        pytest.skip(f"no division data at {folder} (COMMUNITYGOV_DATA)")
    return folder


def area_of(divisions, profile):
    """The units of 2016 of a profile's area."""
    file, area, _ = AREAS[profile]
    found = load_profile(profile)
    above = {area: ("area_code", "area"), "street": ("street_code", "street")}
    grid = found.at(found.first_day).grid["territory"]
    return load_units(grid, divisions / f"{file}.csv", level="community", above=above)


def asked_of(divisions, profile, suffix, code):
    """The names of a file, with the code beside each, ready to be matched."""
    file, area, _ = AREAS[profile]
    names = pl.read_csv(divisions / f"{file}{suffix}.csv", infer_schema=False)
    above = {f"above_{area}": "area", "above_street": "street"}
    return names.select("name", **above, level=pl.lit("community"), given=code)


class TestRealNames:
    @pytest.mark.parametrize("profile", AREAS)
    def test_names_of_2023_find_the_units_of_2016(self, divisions, profile):
        """The endings that the profiles declare say what the data's own join says, but for four names with a reason."""
        units = area_of(divisions, profile)
        result = match_names(units.grid, units, asked_of(divisions, profile, "_2023_names", "code_2016"), on=DAY)
        assert result["code"].count() == AREAS[profile][2]
        apart = result.filter(~pl.col("code").eq_missing(pl.col("given")))
        apart = {name: (theirs, ours) for theirs, name, ours in apart.select("given", "name", "code").rows()}
        assert apart == APART.get(profile, {})

    @pytest.mark.parametrize("profile", AREAS)
    def test_a_units_own_name_finds_no_other_unit(self, divisions, profile):
        """Nearly all find themselves; who does not finds nobody."""
        units = area_of(divisions, profile)
        result = match_names(units.grid, units, asked_of(divisions, profile, "", "code"), on=DAY)
        matched = result.filter(pl.col("code").is_not_null())
        assert matched["code"].equals(matched["given"])
        assert matched.height > 0.95 * result.height
