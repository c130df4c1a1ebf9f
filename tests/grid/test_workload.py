"""What holders of a post have to do: counted at once and unit by unit, shared exactly, eased where it helps most."""

from collections import Counter
from fractions import Fraction
from random import Random
from statistics import median

import duckdb
import polars as pl
import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from communitygov.grid.explain import has_seat
from communitygov.grid.explain_workload import explain_workload
from communitygov.grid.rules import Grid, Level, Post
from communitygov.grid.units import load_holders, load_units
from communitygov.grid.workload import workload
from communitygov.testing.strategies_grid import faulty_town, frame_of, grids, holders_of
from communitygov.vocabulary.errors import DataError, UsageError

DAY = "2024"
SEEDS = st.integers(0, 2**32)

tried = settings(
    max_examples=settings().max_examples // 4, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def drawn(seed, grid):
    """A town with faults, whose units have households, with holders of posts and orders of residents."""
    random = Random(seed)
    rows = faulty_town(random, grid)
    units = load_units(grid, frame_of(rows).with_columns(households=pl.lit(0, dtype=pl.Int64)))
    numbers = pl.Series([random.randint(0, 40) for _ in rows])
    units = evolve(units, frame=units.frame.with_columns(homes=numbers))
    held = [
        *holders_of(random, grid, rows),
        {"unit": rows[0]["code"], "seat": "head", "holder": "p0", "department": None},
    ]
    codes = units.frame["code"].to_list()  # as they were read: one without its zeros has them now
    orders = [random.choice(codes) for _ in range(random.randint(0, 20))]
    return units, load_holders(grid, frame_of(held)), orders


def order_frame(orders):
    return pl.DataFrame({"unit": orders}, schema={"unit": pl.String})


class TestLoads:
    @tried
    @given(grid=grids(), seed=SEEDS)
    def test_at_once_and_unit_by_unit(self, grid, seed):
        """Every holder of every post has the load that an explanation adds up in fractions, and nobody else has any."""
        units, holders, orders = drawn(seed, grid)
        for post in grid.posts:
            found = workload(grid, units, holders, order_frame(orders), on=DAY, post=post, by="homes")
            for holder in found.frame["holder"]:
                for by in ("units", "homes", "orders"):
                    steps = explain_workload(grid, units, holders, orders, on=DAY, post=post, holder=holder, by=by)
                    assert steps.value == found.load(holder, by)
                    assert steps.value == sum(step.value for step in steps.children)
            others = set(holders.frame["holder"]) - set(found.frame["holder"])
            for holder in others:
                with pytest.raises(UsageError, match="does not hold"):
                    explain_workload(grid, units, holders, on=DAY, post=post, holder=holder, by="units")

    @tried
    @given(grid=grids(), seed=SEEDS)
    def test_loads_add_up(self, grid, seed):
        """All loads together are those of the units that are held; every order is somebody's, nobody's or elsewhere."""
        units, holders, orders = drawn(seed, grid)
        for post, rule in grid.posts.items():
            found = workload(grid, units, holders, order_frame(orders), on=DAY, post=post, by="homes")
            rows = units.on(DAY).frame.unique("code", keep="first").rows(named=True)
            there = {row["code"]: row for row in rows if has_seat(rule, row)}
            held = set(holders.frame.filter(pl.col("seat") == post)["unit"]) & set(there)
            assert sum(found.load(one, "units") for one in found.frame["holder"]) == len(held)
            assert sum(found.load(one, "homes") for one in found.frame["holder"]) == sum(
                there[one]["homes"] for one in held
            )
            assert (found.relief["units"].sum(), found.relief["load"].sum()) == (
                len(there),
                sum(row["homes"] for row in there.values()),
            )
            by_orders = workload(grid, units, holders, order_frame(orders), on=DAY, post=post, by="orders")
            assert by_orders.relief["load"].sum() + by_orders.elsewhere == len(orders)

    @tried
    @given(grid=grids(), seed=SEEDS)
    def test_the_spread(self, grid, seed):
        """Least, median and greatest are those of the exact loads."""
        units, holders, _ = drawn(seed, grid)
        for post in grid.posts:
            found = workload(grid, units, holders, on=DAY, post=post, by="homes")
            for name, spread in found.spread.items():
                loads = [found.load(one, name) for one in found.frame["holder"]]
                assert (spread.least, spread.median, spread.greatest) == (min(loads), median(loads), max(loads))
                assert isinstance(spread.median, Fraction)
                assert spread.holders == len(loads)

    @tried
    @given(grid=grids(), seed=SEEDS)
    def test_the_order_of_rows_is_irrelevant(self, grid, seed):
        """Holders and orders in another order have the same loads."""
        units, holders, orders = drawn(seed, grid)
        mixed = evolve(holders, frame=holders.frame[::-1])
        for post in grid.posts:
            one = workload(grid, units, holders, order_frame(orders), on=DAY, post=post, by="homes")
            other = workload(grid, units, mixed, order_frame(orders[::-1]), on=DAY, post=post, by="homes")
            assert one.frame.equals(other.frame)
            assert one.relief.equals(other.relief)
            assert (one.spread, one.fall, one.elsewhere) == (other.spread, other.fall, other.elsewhere)


class TestRelief:
    @tried
    @given(grid=grids(), seed=SEEDS)
    def test_one_more_helps_nowhere_more(self, grid, seed):
        """Trying one holder more at each place in turn, the mean falls most where it is said to, and only there."""
        units, holders, _ = drawn(seed, grid)
        for post in grid.posts:
            found = workload(grid, units, holders, on=DAY, post=post, by="homes")
            falls = {}
            for row in found.relief.iter_rows(named=True):
                load, people = row["load"], row["holders"]
                # Where nobody is, the mean falls from beyond any number.
                falls[row["unit"]] = (
                    (load > 0, 0) if not people else (False, Fraction(load, people) - Fraction(load, people + 1))
                )
            best = max(falls.values(), default=(False, 0))
            expected = {unit for unit, fall in falls.items() if fall == best and best > (False, 0)}
            assert set(found.relief.filter("most")["unit"]) == expected
            assert found.fall == (best[1] if expected and not best[0] else None)

    def test_ties_are_all_named(self):
        """Two streets where the mean falls alike are both named, though their loads and holders differ."""
        grid, units, _ = street()
        held = {"unit": ["a", "b", "c"], "seat": "worker", "holder": ["p", "q", "r"]}
        found = workload(grid, units, load_holders(grid, pl.DataFrame(held)), on=DAY, post="worker")
        assert found.relief.rows() == [("s", "东街", 2, 600, 2, True), ("t", "西街", 1, 200, 1, True)]
        assert found.fall == 100

    def test_the_whole_where_there_is_nothing_above(self):
        """A post of the top level is eased in the whole."""
        grid = Grid(levels={"city": Level(order=1)}, posts={"mayor": Post(level="city", per_unit="at_least_one")})
        units = load_units(grid, pl.DataFrame({"code": ["x"], "name": ["市"], "level": ["city"]}))
        holders = load_holders(grid, pl.DataFrame({"unit": ["x"], "seat": ["mayor"], "holder": ["p"]}))
        found = workload(grid, units, holders, on=DAY, post="mayor", by="units")
        assert found.relief.rows() == [(None, None, 1, 1, 1, True)]
        assert found.fall == Fraction(1, 2)


def street():
    """Two streets with two communities and one, and a building."""
    grid = Grid(
        levels={
            "city": Level(order=1),
            "street": Level(order=2, on=("city",)),
            "community": Level(order=3, on=("street",)),
            "building": Level(order=4, on=("community",)),
        },
        posts={"worker": Post(level="community", per_unit="any"), "guard": Post(level="building", per_unit="any")},
    )
    rows = [
        ("x", "市", "city", None, None),
        ("s", "东街", "street", "x", None),
        ("t", "西街", "street", "x", None),
        ("a", "甲", "community", "s", 400),
        ("b", "乙", "community", "s", 200),
        ("c", "丙", "community", "t", 200),
        ("d", "一号楼", "building", "a", None),
    ]
    frame = pl.DataFrame(rows, schema=["code", "name", "level", "parent", "households"], orient="row")
    held = {"unit": ["a", "a", "b"], "seat": "worker", "holder": ["p", "q", "p"]}
    return grid, load_units(grid, frame), load_holders(grid, pl.DataFrame(held))


class TestExamples:
    def test_a_unit_held_by_two_is_shared(self):
        """Of 400 households that two hold, each has 200; the frame counts halves, and the load says one."""
        grid, units, holders = street()
        found = workload(grid, units, holders, order_frame(["a", "d", "d", "b", "s"]), on=DAY, post="worker")
        assert found.of == 2
        assert found.frame.rows() == [("p", 3, 800, 5), ("q", 1, 400, 3)]
        assert (found.load("p"), found.load("q", "orders")) == (Fraction(3, 2), Fraction(3, 2))
        assert found.elsewhere == 1
        assert found.relief.filter("most")["unit"].to_list() == ["t"]
        assert found.fall is None
        steps = explain_workload(grid, units, holders, on=DAY, post="worker", holder="p")
        assert [step.text.en for step in steps.children] == [
            "400, shared by 2, counts 200",
            "200, shared by 1, counts 200",
        ]

    @pytest.mark.parametrize(
        "kind",
        [
            lambda frame: frame,
            lambda frame: frame.lazy(),
            lambda frame: frame.to_pandas(),
            lambda frame: frame.to_arrow(),
            lambda frame: duckdb.sql("select * from frame"),
        ],
    )
    def test_orders_of_every_kind_of_frame(self, kind):
        """Orders may come in any kind of frame; they are counted alike."""
        grid, units, holders = street()
        orders = order_frame(["a", "d", "d", "b", "s"])
        found = workload(grid, units, holders, kind(orders), on=DAY, post="worker", by="orders")
        assert found.frame.columns == ["holder", "units", "orders"]
        assert Counter(dict(found.frame.select("holder", "orders").iter_rows())) == {"p": 5, "q": 3}

    def test_nobody_and_nothing(self):
        """Where nobody holds a post there is no spread; no orders are none elsewhere."""
        grid, units, holders = street()
        found = workload(grid, units, holders, order_frame([]), on=DAY, post="guard", by="units")
        assert (found.frame.rows(), found.spread, found.of, found.elsewhere) == ([], {}, 1, 0)
        assert found.relief.rows() == [("a", "甲", 1, 1, 0, True)]

    def test_what_does_not_fit(self):
        """A post, number, unit or holder that there is not is named; a number that is missing is not taken for none."""
        grid, units, holders = street()

        def refused(*orders, **asked):
            with pytest.raises((DataError, UsageError)) as caught:
                workload(grid, units, holders, *orders, on=DAY, **asked)
            assert all(one.message.zh != one.message.en for one in caught.value.problems)
            return [one.code for one in caught.value.problems]

        assert refused(post="worked") == ["unknown-post"]
        assert refused(post="worker", by="orders") == ["no-load"]
        assert refused(post="worker", by="household") == ["missing-column"]
        assert refused(post="guard") == ["missing-value"]
        assert refused(order_frame(["a", "nowhere"]), post="worker") == ["unknown-unit"]
        assert refused(pl.DataFrame({"at": ["a"]}), post="worker") == ["missing-column"]
        large = evolve(units, frame=units.frame.with_columns(households=pl.lit(2**61)))
        with pytest.raises(DataError, match="too large"):
            workload(grid, large, holders, on=DAY, post="worker")
        found = workload(grid, units, holders, on=DAY, post="worker")
        for holder, number in (("z", "units"), ("p", "orders")):
            with pytest.raises(UsageError, match="no-load"):
                found.load(holder, number)
