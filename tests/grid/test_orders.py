"""Orders of every kind of column: what can be read is routed, what cannot is named."""

import duckdb
import polars as pl
import pytest

from communitygov.grid.routing import router
from communitygov.grid.rules import Body, Grid, Level, Matter, Post
from communitygov.grid.units import load_holders, load_units
from communitygov.vocabulary.errors import DataError
from communitygov.vocabulary.text import Title

REPAIR = {"repair": Title(zh="维修", en="repairs")}


KINDS = {
    "eager": lambda frame: frame,
    "lazy": lambda frame: frame.lazy(),
    "pandas": lambda frame: frame.to_pandas(),
    "arrow": lambda frame: frame.to_arrow(),
    "duckdb": lambda frame: duckdb.from_arrow(frame.to_arrow()),
}


@pytest.fixture
def routes():
    """One community, `007`, whose head takes lamps."""
    grid = Grid(
        levels={"community": Level(order=1)},
        posts={"head": Post(level="community", per_unit="any", duties=REPAIR)},
        matters={"lamp": Matter(duty="repair")},
    )
    units = load_units(grid, pl.DataFrame({"code": ["007"], "name": ["A"], "level": ["community"]}))
    holders = load_holders(grid, pl.DataFrame({"unit": ["007"], "seat": ["head"], "holder": ["p"]}))
    return router(grid, units, holders, on="2024")


@pytest.fixture
def empty_routes():
    """Two communities without a head."""
    grid = Grid(
        levels={"community": Level(order=1)},
        posts={"head": Post(level="community", per_unit="any", duties=REPAIR)},
        bodies={"committee": Body(level="community", per_unit="any")},
        matters={"lamp": Matter(duty="repair")},
    )
    units = load_units(grid, pl.DataFrame({"code": ["007", "008"], "name": ["A", "B"], "level": "community"}))
    holders = load_holders(grid, pl.DataFrame({"unit": ["007"], "seat": ["committee"], "holder": ["k"]}))
    return router(grid, units, holders, on="2024")


class TestOrders:
    def test_codes_that_were_read_as_numbers_are_refused_by_name(self, routes):
        """A column of numbers has lost its zeros; the error says which column, not how a join failed."""
        with pytest.raises(DataError, match="column `unit` must hold text"):
            routes.route(pl.DataFrame({"unit": [7], "matter": ["lamp"]}))

    def test_a_column_that_is_missing_is_named_and_no_inner_one_is(self, routes):
        """What is known is what was handed over."""
        with pytest.raises(DataError) as raised:
            routes.route(pl.DataFrame({"unit": ["007"], "matters": ["lamp"]}))
        assert "did you mean `matters`" in str(raised.value)

    @pytest.mark.parametrize("kind", [pl.String, pl.Categorical, pl.Enum(["007", "lamp"])])
    @pytest.mark.parametrize("lazy", [False, True])
    def test_categories_are_texts(self, routes, kind, lazy):
        """Whether codes are texts, categories or of an enumeration, the same holder takes the order, time and again."""
        orders = pl.DataFrame({"unit": ["007"], "matter": ["lamp"]}, schema={"unit": kind, "matter": kind})
        for _ in range(2):
            taken = routes.route(orders.lazy() if lazy else orders).frame.lazy().collect()
            assert taken["holder"].to_list() == ["p"]

    @pytest.mark.parametrize("column", ["taken_by", "level", "post", "holder", "holders", "how", "up", "passed"])
    @pytest.mark.parametrize("kind", KINDS)
    def test_a_column_of_the_result_is_refused(self, routes, column, kind):
        """No order's own column is overwritten, nor put beside one that is called nearly so."""
        orders = pl.DataFrame({"unit": ["007"], "matter": ["lamp"], column: ["mine"]})
        with pytest.raises(DataError, match=f"`{column}`"):
            routes.route(KINDS[kind](orders))

    @pytest.mark.parametrize("kind", ["eager", "lazy", "arrow", "duckdb"])
    def test_columns_of_no_type_are_told(self, routes, kind):
        """A frame without rows whose columns have no type is told by its columns, not by how a join failed."""
        with pytest.raises(DataError, match="column `unit` must hold text"):
            routes.route(KINDS[kind](pl.DataFrame({"unit": [], "matter": []})))

    def test_no_orders_of_pandas_are_routed_to_nobody(self, routes):
        """An empty column of pandas may hold text; what comes back is as empty, with the columns of the result."""
        taken = routes.route(pl.DataFrame({"unit": [], "matter": []}).to_pandas().astype(object)).frame
        assert len(taken) == 0
        assert "taken_by" in taken.columns


class TestPassed:
    @pytest.mark.parametrize("kind", KINDS)
    def test_each_order_counts_in_every_kind_of_frame(self, empty_routes, kind):
        """Five orders of one kind pass one empty post: it is passed five times, whoever holds the frame."""
        orders = pl.DataFrame({"unit": ["007"] * 5 + ["008"], "matter": "lamp"})
        passed = empty_routes.route(KINDS[kind](orders)).passed
        assert passed.rows() == [("007", "head", None, 5), ("008", "head", None, 1)]

    def test_a_lazy_frame_is_asked_once(self, empty_routes):
        """What stands behind it is read once before the result is collected."""
        asked = []
        orders = pl.LazyFrame({"unit": ["007"] * 3, "matter": "lamp"}).map_batches(lambda one: asked.append(1) or one)
        empty_routes.route(orders)
        assert asked == [1]


class TestPandas:
    def test_rows_keep_their_names(self, routes):
        """A frame whose rows are called 5 and 7 comes back with rows called 5 and 7."""
        orders = pl.DataFrame({"unit": ["007"] * 2, "matter": "lamp"}).to_pandas().set_index([[5, 7]])
        assert routes.route(orders).frame.index.to_list() == [5, 7]
