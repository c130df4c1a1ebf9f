"""The real divisions: a whole country with its one dirty row, and each profile's own grid over its own place."""

import re
from pathlib import Path

import polars as pl
import pytest

from communitygov.grid.check import check_grid
from communitygov.grid.counts import against
from communitygov.grid.rules import CodeForm, Grid, Kind, Level
from communitygov.grid.units import Units, load_units
from communitygov.plugins.finding import load_profile

DAY = "2016-07-31"


def form(own: int, *, prefix: bool = True) -> CodeForm:
    return CodeForm(digits=12, significant=own, prefix=prefix)


NATIONAL = Grid(
    levels={
        "country": Level(order=1, code=form(1, prefix=False)),
        "province": Level(order=2, on=("country",), code=form(2, prefix=False)),
        "city": Level(order=3, on=("province",), code=form(4)),
        "county": Level(order=4, on=("city",), code=form(6)),
        "street": Level(
            order=5,
            on=("county",),
            code=form(9),
            kinds={
                "street": Kind(codes=("001-099",)),
                "town": Kind(codes=("100-199",)),
                "township": Kind(codes=("200-399",)),
                "similar": Kind(codes=("400-599",)),
            },
        ),
        "community": Level(
            order=6,
            on=("street",),
            code=form(12),
            unique_names=True,
            kinds={
                "community": Kind(codes=("001-199",)),
                "village": Kind(codes=("200-399",)),
                "similar": Kind(codes=("400-599",)),
            },
        ),
    }
)
"""The national statistical codes, as the data's README has them."""


@pytest.fixture(scope="module")
def divisions(shared_data: Path) -> Path:
    folder = shared_data / "divisions"
    if not folder.is_dir():
        pytest.skip(f"no division data at {folder} (COMMUNITYGOV_DATA)")
    return folder


@pytest.fixture(scope="module")
def nodes(divisions: Path) -> pl.DataFrame:
    """All five levels; provinces name no unit above, and the country stands over them."""
    names = {"1": "province", "2": "city", "3": "county", "4": "street"}
    upper = pl.read_csv(divisions / "national_upper_2016.csv.gz", infer_schema=False)
    upper = upper.with_columns(level=pl.col("level").replace(names))
    lower = pl.read_csv(divisions / "national_villages_2016.csv.gz", infer_schema=False)
    return pl.concat([upper, lower.with_columns(level=pl.lit("community"))], how="diagonal")


@pytest.fixture(scope="module")
def country(nodes: pl.DataFrame) -> Units:
    top = pl.DataFrame({"code": ["100000000000"], "name": ["中国"], "level": ["country"]})
    provinces = pl.col("level") == "province"
    rows = nodes.with_columns(parent=pl.when(provinces).then(pl.lit("100000000000")).otherwise("parent"))
    return load_units(NATIONAL, pl.concat([top, rows], how="diagonal"))


class TestTheCountry:
    def test_every_node_is_there(self, nodes: pl.DataFrame, country: Units) -> None:
        """713,034 of them, and the country."""
        assert (nodes.height, country.frame.height) == (713_034, 713_035)

    def test_the_one_dirty_row_is_found_and_nothing_else(self, country: Units) -> None:
        """三岔口镇 should end in 000; so one unit has a code of the wrong form, and one has no parent."""
        checked = check_grid(NATIONAL, country, on=DAY)
        found = checked.frame.select("finding", "unit", "name", "level", "found").rows()
        assert found == [
            ("bad-code", "653130103001", "三岔口镇", "street", "653130103001"),
            ("orphan", "653130103498", "振兴路虚拟社区", "community", "653130103000"),
        ]
        assert checked.unchecked == ()
        assert checked.tops == ("100000000000",)

    def test_levels_and_kinds_are_as_many_as_published(self, country: Units) -> None:
        """34 + 344 + 3,133 + 42,868 + 666,655, the last of three kinds by their codes."""
        counts = dict(country.frame["level"].value_counts().rows())
        levels = {"country": 1, "province": 34, "city": 344, "county": 3_133, "street": 42_868, "community": 666_655}
        assert counts == levels
        kinds = country.frame.filter(pl.col("level") == "community")["kind"].value_counts()
        assert dict(kinds.rows()) == {"community": 102_195, "village": 553_298, "similar": 11_162}

    def test_all_but_the_orphan_come_to_the_top(self, country: Units) -> None:
        """G3: whoever is followed upward ends at the country, in at most five steps."""
        tree = country.on(DAY)
        row = pl.Series(range(tree.frame.height), dtype=pl.UInt32)
        for _ in range(5):
            above = tree.above.gather(row)
            row = above.zip_with(above.is_not_null(), row)
        assert dict(tree.frame["code"].gather(row).value_counts().rows()) == {
            "100000000000": 713_034,
            "653130103498": 1,
        }


def first_grid(profile: str) -> Grid:
    """The grid of the land in an installed profile, as of its first day."""
    found = load_profile(profile)
    return found.at(found.first_day).grid["territory"]


def area(divisions: Path, grid: Grid, file: str, top: str) -> Units:
    """The units of one area's file: a row for each community, with its street and area beside it."""
    above = {top: ("area_code", "area"), "street": ("street_code", "street")}
    return load_units(grid, divisions / file, level="community", above=above)


AREAS = {
    "zhanlanlu": ("xicheng_110102.csv", "district"),
    "chaoyang": ("chaoyang_110105.csv", "district"),
    "shijingshan": ("shijingshan_110107.csv", "district"),
    "qufu": ("qufu_370881.csv", "city"),
    "baoji": ("baoji_6103.csv", "county"),
}
"""The file of each profile's place, and the level of its areas."""


def units_of(divisions: Path, profile: str) -> Units:
    """The units of a profile's place; Baoji's 12 counties stand on a city that its file only names."""
    grid = first_grid(profile)
    if profile != "baoji":
        return area(divisions, grid, *AREAS[profile])
    rows = pl.read_csv(divisions / "baoji_6103.csv", infer_schema=False).with_columns(city_code=pl.lit("6103"))
    above = {"city": ("city_code", "city"), "county": ("area_code", "area"), "street": ("street_code", "street")}
    return load_units(grid, rows, level="community", above=above)


def beijing(nodes: pl.DataFrame) -> Units:
    """The city, its districts, streets and communities; 市辖区, which stands between in the file, is none of them."""
    levels = {"province": "city", "county": "district"}
    mine = nodes.filter(pl.col("code").str.starts_with("11") & (pl.col("level") != "city"))
    mine = mine.drop("parent").with_columns(level=pl.col("level").replace(levels))
    return load_units(first_grid("beijing"), mine)


FOUND = {
    "zhanlanlu": {"zhanlanlu_communities": (22, 22)},
    "chaoyang": {"streets": (24, 24), "townships": (19, 19), "communities": (540, 444), "villages": (144, 153)},
    "shijingshan": {"communities": (143, 149)},
    "qufu": {"communities": (26, 26)},
    "baoji": {"communities": (188, 173)},
    "beijing": {
        "city_streets_and_townships": (333, 331),
        "city_streets": (152, 148),
        "city_townships": (181, 183),
    },
}
"""What each source states and what the division data of 2016 have, by figure."""


class TestProfiles:
    @pytest.mark.parametrize("profile", FOUND)
    def test_its_place_stands_as_its_grid_says(self, divisions: Path, nodes: pl.DataFrame, profile: str) -> None:
        """Nothing is wrong with the units of the place, by the profile's own rules."""
        units = beijing(nodes) if profile == "beijing" else units_of(divisions, profile)
        assert check_grid(units.grid, units, on=DAY).frame.rows() == []

    @pytest.mark.parametrize("profile", FOUND)
    def test_both_numbers_and_both_dates_are_said(self, divisions: Path, nodes: pl.DataFrame, profile: str) -> None:
        """Where a figure and the data differ, they are of different years, and no error is made of it."""
        units = beijing(nodes) if profile == "beijing" else units_of(divisions, profile)
        found = load_profile(profile)
        facts = found.at(found.first_day).rules.facts
        result = against(units.grid, facts, units, on=DAY)
        there = result.frame.filter(pl.col("found").is_not_null())
        numbers = {row["count"]: (row["stated"], row["found"]) for row in there.iter_rows(named=True)}
        assert numbers == FOUND[profile]
        silent = result.frame.filter(pl.col("found").is_null())
        assert silent["why_zh"].null_count() == silent["why_en"].null_count() == 0
        for lang in ("zh", "en"):
            for row, line in zip(result.frame.iter_rows(named=True), result.say(lang).splitlines(), strict=True):
                if row["found"] is not None:
                    assert {row["stated"], row["found"]} <= set(map(int, re.findall(r"\d+", line)))
                    assert DAY in line
                    assert row["stated_as_of"] is None or row["stated_as_of"] in line

    def test_the_communities_of_qufu_are_all_named_alike(self, divisions: Path) -> None:
        """All 26 in 鲁城街道 are 社区居民委员会, and there is no village."""
        units = units_of(divisions, "qufu").frame
        mine = units.filter(pl.col("parent") == "370881001000")
        assert units.filter(pl.col("code") == "370881001000")["name"].to_list() == ["鲁城街道办事处"]
        assert mine["kind"].to_list() == ["community"] * 26
        assert mine["name"].str.ends_with("社区居民委员会").all()

    def test_a_real_figure_that_differs_is_told_in_words(self, divisions: Path) -> None:
        """Chaoyang's 540 communities of 2020 and the 444 of 2016, 96 apart."""
        found = load_profile("chaoyang")
        units = units_of(divisions, "chaoyang")
        said = against(units.grid, found.at(found.first_day).rules.facts, units, on=DAY)
        (zh,) = (line for line in said.say("zh").splitlines() if " 540 " in line)
        (en,) = (line for line in said.say("en").splitlines() if " 540 " in line)
        assert zh.endswith("：原文 540 个（2020-12-24），数据 444（2016-07-31），少 96")
        assert en.endswith(": the source states 540 communities (2020-12-24), the data have 444 (2016-07-31), 96 fewer")

    def test_a_place_in_pieces_is_told(self, divisions: Path) -> None:
        """Baoji's file without its city is 12 counties at the top, and each of them is named."""
        units = area(divisions, first_grid("baoji"), *AREAS["baoji"])
        checked = check_grid(units.grid, units, on=DAY)
        assert checked.frame["finding"].to_list() == ["two-tops"] * 12
