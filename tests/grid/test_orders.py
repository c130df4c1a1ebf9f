"""Orders of every kind of column: what can be read is routed, what cannot is named."""

import polars as pl
import pytest

from communitygov.grid.routing import router
from communitygov.grid.rules import Grid, Level, Matter, Post
from communitygov.grid.units import load_holders, load_units
from communitygov.vocabulary.errors import DataError
from communitygov.vocabulary.text import Title

REPAIR = {"repair": Title(zh="维修", en="repairs")}


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
