"""A post that stands in takes what nobody in its unit or below it takes."""

import polars as pl

from communitygov import load_profile
from communitygov.grid.routing import router
from communitygov.grid.rules import Grid, Level, Matter, Post
from communitygov.grid.units import load_holders, load_units
from communitygov.vocabulary.text import Title

DUTY = {"repair": Title(zh="维修", en="repairs")}
LEVELS = {"street": Level(order=1), "community": Level(order=2, on=("street",))}
UNITS = pl.DataFrame({"code": ["s", "c"], "name": ["S", "C"], "level": ["street", "community"], "parent": [None, "s"]})


def grid_of(**posts):
    return Grid(levels=LEVELS, posts=posts, matters={"lamp": Matter(duty="repair"), "any": Matter()})


WORKER = Post(level="community", per_unit="exactly_one", duties=DUTY)
CHIEF = Post(level="street", per_unit="exactly_one", stands_in=True)


class TestStandingIn:
    def taken(self, matter, seats):
        grid = grid_of(worker=WORKER, chief=CHIEF)
        assert list(grid.check()) == []
        held = pl.DataFrame(
            {"unit": ["c" if one == "worker" else "s" for one in seats], "seat": seats, "holder": seats}
        )
        return router(grid, load_units(grid, UNITS), load_holders(grid, held), on="2024").take("c", matter)

    def test_the_duty_comes_first(self):
        """Whoever stands in takes nothing from those whose duty it is."""
        assert self.taken("lamp", ["worker", "chief"]).how == "duty"

    def test_an_empty_post_is_stood_in_for_by_the_level_above(self):
        """And is told."""
        taken = self.taken("lamp", ["chief"])
        assert (taken.how, taken.post, taken.up) == ("stand_in", "chief", 1)
        assert [one.post for one in taken.passed] == ["worker"]

    def test_a_matter_of_nobody_is_taken_by_who_stands_in(self):
        """However many posts there are below."""
        assert self.taken("any", ["worker", "chief"]).how == "stand_in"

    def test_two_of_one_level_are_refused(self):
        """Who answers would not be clear."""
        codes = [finding.code for finding in grid_of(worker=WORKER, chief=CHIEF, other=CHIEF).check()]
        assert codes == ["two-answer"]

    def test_a_matter_of_nobody_needs_one_who_stands_in(self):
        """Else nobody could ever take it."""
        codes = [finding.code for finding in grid_of(worker=WORKER).check()]
        assert codes == ["missing-setting"]


class TestProfiles:
    def test_in_baoji_the_nearest_of_five_posts_answers(self):
        """BAO-09, BAO-11: from the building leader up to the instructor, whichever has a holder."""
        grid = load_profile("baoji").at("2020").grid["territory"]
        rows = {
            "code": ["610300000000", "610302000000", "610302001000", "610302001001", "g1", "b1"],
            "name": ["宝鸡市", "渭滨区", "金陵街道", "金陵新村社区", "一网格", "1号楼"],
            "level": ["city", "county", "street", "community", "grid", "building"],
            "parent": [None, None, None, None, "610302001001", "g1"],
        }
        units = load_units(grid, pl.DataFrame(rows))
        for seat, unit in (
            ("building_leader", "b1"),
            ("worker", "g1"),
            ("head", "610302001001"),
            ("instructor", "610302001000"),
        ):
            holders = load_holders(grid, pl.DataFrame({"unit": [unit], "seat": [seat], "holder": ["p"]}))
            taken = router(grid, units, holders, on="2020").take("b1", "request")
            assert (taken.how, taken.post, taken.unit) == ("stand_in", seat, unit)

    def test_in_qufu_the_grid_worker_stands_in_for_the_micro_grid_worker(self):
        """QF-08: the duty is the micro-grid worker's; who acts in their absence is assumed."""
        post = load_profile("qufu").at("2022").grid["territory"].posts["grid_worker"]
        assert post.stands_in
        assert "stands_in" in post.assumed
