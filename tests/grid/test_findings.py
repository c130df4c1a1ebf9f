"""What a finding says, what names it, and what an explanation reads."""

import tracemalloc
from random import Random

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from communitygov.grid.check import check_grid
from communitygov.grid.explain import explain_route, explain_unit, findings_of
from communitygov.grid.geojson import with_findings
from communitygov.grid.rules import Body, Bound, Grid, Kind, Level, Matter, Post
from communitygov.grid.units import load_holders, load_units
from communitygov.testing.strategies_grid import faulty_town, frame_of, grids, holders_of
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.text import Title

DAY = "2024"
SEEDS = st.integers(0, 2**32)
REASONS = {"demolition": Title(zh="拆迁", en="demolition")}
REPAIR = {"repair": Title(zh="维修", en="repairs")}

# Drawing a rule takes longer than what is tried on it.
tried = settings(
    max_examples=settings().max_examples // 4, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def checked(grid, rows, held=None, *, on=DAY):
    holders = None if held is None else load_holders(grid, pl.DataFrame(held))
    return check_grid(grid, load_units(grid, pl.DataFrame(rows)), holders, on=on)


class TestKey:
    @tried
    @given(grid=grids(), seed=SEEDS)
    def test_each_finding_has_a_key_of_its_own(self, grid, seed):
        """Units with one code share theirs, all others have one each; and the slow way finds the same keys."""
        random = Random(seed)
        rows = faulty_town(random, grid)
        held = holders_of(random, grid, rows)
        units, holders = load_units(grid, frame_of(rows)), load_holders(grid, frame_of(held)) if held else None
        one = check_grid(grid, units, holders, on=DAY)
        codes = units.on(DAY).frame["code"]
        mine = one.frame.filter(~pl.col("unit").is_in(codes.filter(codes.is_duplicated()).implode()))
        assert not mine.select(one.key).is_duplicated().any()
        assert set(one.frame.select(one.key).rows()) == findings_of(grid, units, holders, on=DAY)

    def test_the_empty_seats_of_two_departments_are_two(self):
        """Each names its department, in a column and in the words of both languages."""
        departments = {"police": Title(zh="公安", en="police"), "law": Title(zh="司法", en="justice")}
        post = Post(level="street", per_unit="exactly_one", departments=("police", "law"))
        grid = Grid(levels={"street": Level(order=1)}, posts={"guard": post}, departments=departments)
        street = {"code": ["s"], "name": ["S"], "level": ["street"]}
        held = {"unit": ["s", "s"], "seat": ["guard"] * 2, "holder": ["p", "q"], "department": ["law", "law"]}
        one = checked(grid, street, held)
        assert one.frame.select("finding", "other", "found").rows() == [
            ("empty-seat", "police", None),
            ("held-twice", "law", "2"),
        ]
        empty, twice = one.problems()
        assert (empty.message.en.split(";")[0], twice.message.en.split(";")[0]) == (
            "s S: `guard` (police) is empty",
            "s S: `guard` (law) is held by 2, where there is one",
        )
        assert (empty.message.zh.split("；")[0], twice.message.zh.split("；")[0]) == (
            "s S：`guard` 空缺（police）",
            "s S：`guard` 有 2 个（law），应为一个",
        )

    def test_a_holder_of_a_unit_that_is_not_there_is_named(self):
        """In both languages; and as there is no such unit, the units with their findings do not have it."""
        body = Body(level="street", per_unit="any")
        grid = Grid(levels={"street": Level(order=1)}, bodies={"committee": body})
        rows = pl.DataFrame({"code": ["s"], "name": ["S"], "level": ["street"], "finding": ["of last year"]})
        units = load_units(grid, rows)
        holders = load_holders(grid, pl.DataFrame({"unit": ["zz"], "seat": ["committee"], "holder": ["p7"]}))
        one = check_grid(grid, units, holders, on=DAY)
        (problem,) = one.problems()
        assert problem.code == "unknown-unit"
        assert "`p7`" in problem.message.zh
        assert "`p7`" in problem.message.en
        assert with_findings(units.on(DAY), one).select("code", "findings", "finding").rows() == [("s", 0, None)]

    @tried
    @given(grid=grids(), seed=SEEDS)
    def test_a_column_of_the_data_is_none_of_the_findings(self, grid, seed):
        """Whatever it is called: what is found is the same, and nothing of it comes in."""
        random = Random(seed)
        rows = faulty_town(random, grid)
        held = holders_of(random, grid, rows)
        units = frame_of(rows)
        names = ("unit", "finding", "seat", "holder", "other", "found", "wanted", "rule", "clause", "_shown", "row")
        more = units.with_columns(pl.lit("ours").alias(name) for name in names)
        first = second = None
        if held:
            first = load_holders(grid, frame_of(held))
            theirs = ("name", "level", "kind", "other", "found", "wanted", "rule", "code")
            second = load_holders(grid, frame_of(held).with_columns(pl.lit("ours").alias(name) for name in theirs))
        expected = check_grid(grid, load_units(grid, units), first, on=DAY)
        assert check_grid(grid, load_units(grid, more), second, on=DAY).frame.rows() == expected.frame.rows()


class TestExemptions:
    LEVEL = Level(
        order=1,
        kinds={"old": Kind(), "new": Kind()},
        sizes={
            "households": Bound(at_most=5, exempt=REASONS),
            "people": Bound(at_most=9, kinds=("old",), exempt={"flood": Title(zh="水患", en="flood")}),
        },
    )

    @pytest.mark.parametrize(
        ("level", "reason", "expected"),
        [
            (LEVEL, "demolition", [("too-large", "levels.street.sizes.people")]),
            (LEVEL, "flood", [("too-large", "levels.street.sizes.households")]),
            (
                LEVEL,
                "whim",
                [
                    ("too-large", "levels.street.sizes.households"),
                    ("too-large", "levels.street.sizes.people"),
                    ("unknown-exemption", "levels.street.sizes"),
                ],
            ),
            (Level(order=1), "whim", [("unknown-exemption", "levels.street.sizes")]),
            (Level(order=1), None, []),
        ],
    )
    def test_a_reason_is_unknown_if_no_bound_of_the_level_knows_it(self, level, reason, expected):
        """It exempts from the bounds that know it; at a level without bounds no reason is known."""
        grid = Grid(levels={"street": level})
        kind = "old" if level.kinds else None
        row = {"code": ["s"], "name": ["S"], "level": ["street"], "kind": [kind], "exempt": [reason]}
        rows = pl.DataFrame({**row, "households": [6], "people": [10]}, schema_overrides={"exempt": pl.String})
        units = load_units(grid, rows)
        one = check_grid(grid, units, on=DAY)
        assert sorted(one.frame.select("finding", "rule").rows()) == expected
        assert {row[0] for row in findings_of(grid, units, on=DAY)} == {row[0] for row in expected}


TOWN = Grid(
    levels={"street": Level(order=1), "community": Level(order=2, on=("street",))},
    posts={
        "chief": Post(level="street", per_unit="exactly_one", duties=REPAIR),
        "worker": Post(level="community", per_unit="at_least_one", duties=REPAIR),
        "helper": Post(level="community", per_unit="any"),
    },
    matters={"lamp": Matter(duty="repair")},
)


class TestUnchecked:
    @pytest.mark.parametrize("held", [None, {"unit": ["s"], "seat": ["chief"], "holder": ["p"]}])
    def test_a_seat_of_a_level_without_units_is_listed(self, held):
        """Whether holders are given or not; a seat that need not be held is not."""
        one = checked(TOWN, {"code": ["s"], "name": ["S"], "level": ["street"]}, held)
        said = {row.rule: (row.why.en, row.count) for row in one.unchecked}
        assert said["posts.worker"] == ("the data have no unit of the level community", 0)
        assert said.keys() == {"posts.worker"} | ({"posts.chief"} if held is None else set())

    def test_a_day_without_any_unit_has_no_top(self):
        """Nothing is found, and every seat that must be held is said not to have been looked at."""
        one = checked(TOWN, {"code": ["s"], "name": ["S"], "level": ["street"], "since": ["2024"]}, on="2020")
        assert (one.frame.rows(), one.tops) == ([], ())
        assert [row.rule for row in one.unchecked] == ["posts.chief", "posts.worker"]


UNITS = 50_000


@pytest.fixture(scope="module")
def country():
    """One street with very many communities; each has a worker but the first."""
    codes = [f"c{i}" for i in range(UNITS)]
    rows = pl.DataFrame({"code": ["s", *codes], "name": ["S", *codes]})
    rows = rows.with_columns(
        level=pl.Series(["street"] + ["community"] * UNITS), parent=pl.Series([None] + ["s"] * UNITS)
    )
    held = pl.DataFrame({"unit": ["s", *codes[1:]], "holder": ["p"] * UNITS})
    held = held.with_columns(seat=pl.when(pl.col("unit") == "s").then(pl.lit("chief")).otherwise(pl.lit("worker")))
    return load_units(TOWN, rows), load_holders(TOWN, held)


class TestWhatAnExplanationReads:
    def test_it_reads_the_way_up_and_not_the_country(self, country):
        """What Python keeps of 50,000 units while one is explained is not a hundredth of a row each."""
        units, holders = country
        ways = {
            "s": lambda: explain_route(TOWN, units, holders, on=DAY, at="c0", matter="lamp").facts["unit"],
            "c7": lambda: explain_route(TOWN, units, holders, on=DAY, at="c7", matter="lamp").facts["unit"],
            1: lambda: explain_unit(TOWN, units, holders, on=DAY, unit="c0").children[2].value,
            0: lambda: explain_unit(TOWN, units, holders, on=DAY, unit="c7").children[2].value,
        }
        units.on(DAY)
        for expected, way in ways.items():
            way()
            tracemalloc.start()
            assert way() == expected
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert peak < 10 * UNITS

    def test_a_unit_that_is_not_there_is_refused(self, country):
        """With a code that is like it."""
        units, holders = country
        for explain in (
            lambda: explain_unit(TOWN, units, holders, on=DAY, unit="c00"),
            lambda: explain_route(TOWN, units, holders, on=DAY, at="c00", matter="lamp"),
        ):
            with pytest.raises(UsageError, match="unknown-unit: there is no unit `c00` on 2024-01-01; did you mean"):
                explain()
