"""The figures of a source against what there is: two numbers, two dates, and what cannot be said."""

import datetime as dt
from fractions import Fraction
from random import Random

import polars as pl
import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from communitygov.grid.counts import against
from communitygov.grid.explain import has_seat
from communitygov.grid.explain_units import Town
from communitygov.grid.rules import Body, Count, Grid, Kind, Level, Post
from communitygov.grid.units import load_holders, load_units
from communitygov.measures.rules import Fact
from communitygov.testing.strategies_grid import faulty_town, frame_of, grids, holders_of
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.text import Title

DAY = "2016-07-31"
UNIT = Title(zh="个", en="things")
COMMUNITY = {
    "community": Kind(endings=("社区",)),
    "village": Kind(endings=("村",)),
    "online": Kind(endings=("网",), territorial=False),
}
GRID = Grid(
    levels={
        "street": Level(order=1),
        "community": Level(order=2, on=("street",), kinds=COMMUNITY),
        "building": Level(order=3, on=("community",)),
    },
    posts={"worker": Post(level="community", per_unit="any")},
    bodies={"committee": Body(level="community", kinds=("community",), per_unit="any")},
)
ROWS = pl.DataFrame(
    [
        ("s", "S", "street", None),
        ("a", "东社区", "community", "s"),
        ("b", "西村", "community", "s"),
        ("c", "云网", "community", "s"),
    ],
    schema=["code", "name", "level", "parent"],
    orient="row",
)


def stated(value="2", **more):
    return Fact(value=Fraction(value), unit=UNIT, **more)


def held_against(count, fact, *, grid=GRID, rows=ROWS, holders=None):
    """The answer for one figure."""
    grid = evolve(grid, counts={"asked": count})
    there = None if holders is None else load_holders(grid, holders)
    return against(grid, {"figure": fact}, load_units(grid, rows), there, on=DAY)


def only(result):
    (row,) = result.frame.iter_rows(named=True)
    return row


@st.composite
def asked(draw, grid, codes):
    """Any count that a grid allows, below a unit that may not be there."""
    below = draw(st.sampled_from([None, *codes, "nowhere"]))
    if draw(st.booleans()):
        return Count(
            fact="figure",
            held=tuple(draw(st.lists(st.sampled_from(list(grid.seats)), min_size=1, max_size=2, unique=True))),
            below=below,
        )
    level = draw(st.sampled_from(list(grid.levels)))
    kinds = tuple(kind for kind in grid.levels[level].kinds if draw(st.booleans()))
    return Count(fact="figure", level=level, kinds=kinds, below=below)


def counted(count, town, held):
    """The same count, unit by unit; None where it cannot be said."""
    below = town.first(count.below)
    if count.below is not None and below is None:
        return None
    inside = [unit for unit in town.rows if below is None or any(one is below for one in town.chain(unit))]
    if count.held:
        number = 0
        for key in count.held:
            if not any(unit["level"] == town.grid.seats[key].level for unit in town.rows):
                return None
            codes = {unit["code"] for unit in inside if has_seat(town.grid.seats[key], unit)}
            number += len({one["holder"] for one in held if one["seat"] == key and one["unit"] in codes})
        return number
    ours = [unit for unit in inside if unit["level"] == count.level]
    mine = [unit for i, unit in enumerate(ours) if unit["code"] not in {other["code"] for other in ours[:i]}]
    if not any(unit["level"] == count.level for unit in town.rows):
        return None
    if count.kinds:
        unclear = mine and all(unit["kind"] is None for unit in mine)
        return None if unclear else sum(unit["kind"] in count.kinds for unit in mine)
    return sum(town.has_land(unit) for unit in mine)


class TestCounting:
    @settings(
        max_examples=settings().max_examples // 3,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )
    @given(grid=grids(), seed=st.integers(0, 2**32), data=st.data())
    def test_it_is_what_one_counts_by_hand(self, grid, seed, data):
        """Units by level and kind, holders once each, at or below a unit: in any town, sound or not."""
        random = Random(seed)
        rows = faulty_town(random, grid)
        held = holders_of(random, grid, rows)
        count = data.draw(asked(grid, [row["code"] for row in rows]))
        units = load_units(grid, frame_of(rows))
        town = Town(grid, tuple(units.on(DAY).frame.iter_rows(named=True)))
        grid = evolve(grid, counts={"asked": count})
        holders = load_holders(grid, frame_of(held)) if held else None
        if count.held and holders is None:
            return
        row = only(against(grid, {"figure": stated()}, units, holders, on=DAY))
        # A code without its zeros has them once it is read.
        expected = counted(count, town, holders.frame.rows(named=True) if holders else [])
        assert row["found"] == expected
        assert row["same"] == (None if expected is None else expected == 2)
        assert expected is not None or row["why_zh"]

    def test_units_without_land_count_only_where_their_kind_is_named(self):
        """An online community is none of the communities of a street, unless it is asked for."""
        assert only(held_against(Count(fact="figure", level="community"), stated()))["found"] == 2
        online = Count(fact="figure", level="community", kinds=("online",))
        assert only(held_against(online, stated()))["found"] == 1

    def test_a_holder_of_several_units_counts_once(self):
        """A figure of people is of people, not of their units; and one who is elsewhere is not counted."""
        holders = pl.DataFrame({"unit": ["a", "b", "a", "s", "gone"], "seat": "worker", "holder": [*"ppqrt"]})
        assert only(held_against(Count(fact="figure", held=("worker",)), stated(), holders=holders))["found"] == 2

    def test_a_unit_is_counted_below_itself(self):
        """Who is in a community is found by the community's own code."""
        holders = pl.DataFrame({"unit": ["a", "b"], "seat": "worker", "holder": ["p", "q"]})
        below = Count(fact="figure", held=("worker",), below="a")
        assert only(held_against(below, stated(), holders=holders))["found"] == 1


class TestWhatIsSaid:
    def test_a_difference_is_no_error_and_both_dates_are_told(self):
        """Both numbers, what each is as of, and how far apart they are, in both languages."""
        fact = stated("5", as_of=Period.parse("2020-12-24"), inexact="近")
        result = held_against(Count(fact="figure", level="community"), fact)
        row = only(result)
        assert (row["stated"], row["stated_as_of"], row["inexact"]) == (5, "2020-12-24", "近")
        assert (row["found"], row["found_on"], row["same"]) == (2, dt.date(2016, 7, 31), False)
        assert result.say("en") == (
            "asked: the source states 5 things (the word is 近, 2020-12-24), the data have 2 (2016-07-31), 3 fewer"
        )
        assert result.say("zh") == "asked：原文 5 个（原文用“近”，2020-12-24），数据 2（2016-07-31），少 3"

    @pytest.mark.parametrize(("value", "en", "zh"), [("2", "the same", "相同"), ("1", "1 more", "多 1")])
    def test_the_same_and_more_are_told(self, value, en, zh):
        """A figure without a date says that it has none."""
        result = held_against(Count(fact="figure", level="community"), stated(value))
        assert result.say("en").endswith(f"(no date), the data have 2 (2016-07-31), {en}")
        assert result.say("zh").endswith(f"（未注日期），数据 2（2016-07-31），{zh}")

    @pytest.mark.parametrize(
        ("count", "why_zh", "why_en"),
        [
            (Count(fact="figure", level="community", below="t"), "数据没有单元 `t`", "the data have no unit `t`"),
            (
                Count(fact="figure", level="building"),
                "数据没有 building 层的单元",
                "the data have no unit of the level building",
            ),
            (Count(fact="figure", held=("worker",)), "没有担任者数据", "no holders were given"),
        ],
    )
    def test_nothing_is_found_where_the_data_are_silent(self, count, why_zh, why_en):
        """Not a zero that would pass for a number: null, with the reason."""
        result = held_against(count, stated())
        row = only(result)
        assert (row["found"], row["same"], row["why_zh"], row["why_en"]) == (None, None, why_zh, why_en)
        assert result.say("en") == f"asked: the source states 2 things (no date); {why_en}"
        assert result.say("zh") == f"asked：原文 2 个（未注日期）；{why_zh}"

    def test_holders_of_a_level_that_the_data_lack(self):
        """Where the data end above the level of a post, none of its people can have been found: null and no zero."""
        holders = pl.DataFrame({"unit": ["s"], "seat": ["worker"], "holder": ["p"]})
        row = only(held_against(Count(fact="figure", held=("worker",)), stated(), rows=ROWS[:1], holders=holders))
        assert (row["found"], row["why_en"]) == (None, "the data have no unit of the level community")

    def test_a_code_that_stands_twice_is_one_unit(self):
        """A row that was entered twice is a finding of the check, and no second community."""
        count = Count(fact="figure", level="community")
        assert only(held_against(count, stated(), rows=pl.concat([ROWS, ROWS[1:2]])))["found"] == 2

    def test_units_of_no_known_kind_are_told(self):
        """A count of kinds says how many it could not place, and nothing where it could place none."""
        nameless = pl.concat([ROWS, ROWS[1:2].with_columns(code=pl.lit("d"), name=pl.lit("南"))])
        count = Count(fact="figure", level="community", kinds=("village",))
        row = only(held_against(count, stated(), rows=nameless))
        assert (row["found"], row["why_en"]) == (1, "1 more of no known kind")
        row = only(held_against(count, stated(), rows=ROWS[:2].with_columns(name=pl.lit("南"))))
        assert (row["found"], row["why_en"]) == (None, "no unit of the level community is of a known kind")

    def test_a_figure_is_called_what_it_is_called(self):
        """The count's own title, else the fact's, else its id; and it is cited."""
        mine, theirs = Title(zh="甲", en="mine"), Title(zh="乙", en="theirs")
        count = Count(fact="figure", level="community", clause=("X-01",))
        row = only(held_against(count, stated(title=theirs)))
        assert (row["zh"], row["en"], row["clause"]) == ("乙", "theirs", "X-01")
        assert only(held_against(evolve(count, title=mine), stated(title=theirs)))["en"] == "mine"

    def test_no_figures_make_an_empty_table(self):
        """A grid without counts has nothing to be held against, and the columns are there all the same."""
        result = against(GRID, {}, load_units(GRID, ROWS), on=DAY)
        assert (result.frame.height, result.say("en")) == (0, "")
        assert set(result.key + result.outcome + result.because) <= set(result.frame.columns)


class TestRefused:
    @pytest.mark.parametrize("value", ["5/2", "-1"])
    def test_a_figure_that_is_no_number_of_units(self, value):
        """Half a unit cannot be found; which figure it is, is told."""
        with pytest.raises(UsageError) as caught:
            held_against(Count(fact="figure", level="community"), stated(value))
        (problem,) = caught.value.problems
        assert problem.code == "not-a-count"
        for lang in ("zh", "en"):
            assert "counts.asked" in problem.say(lang)
            assert "figure" in problem.say(lang)

    def test_a_figure_that_is_not_there(self):
        """The nearest name is told."""
        with pytest.raises(UsageError, match="no fact `figrue`; did you mean `figure`") as caught:
            held_against(Count(fact="figrue", level="community"), stated())
        assert "没有事实" in caught.value.say("zh")
