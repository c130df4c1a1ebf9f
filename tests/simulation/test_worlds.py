"""Worlds: what is drawn, and what it depends on."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from communitygov.index.rules import Index, Indicator
from communitygov.index.scales import Normalisation, Scale
from communitygov.profile.profile import Profile, Reform
from communitygov.simulation.drawing import draw, flags, latent_score
from communitygov.simulation.parameters import Parameters
from communitygov.simulation.worlds import World, read_units
from communitygov.vocabulary.errors import DataError, MissingExtra, UsageError
from communitygov.vocabulary.period import Period

Q1 = Period.parse("2023Q1")
QUARTERS = [Q1.next(n) for n in range(4)]
STILL = {"answer_spread": 0, "visit_error": 0, "document_error": 0, "quarter_spread": 0}


@pytest.fixture(scope="module")
def index(shijingshan: Profile) -> Index:
    return shijingshan.at("2023Q1").index["quality_community"]


def town_index(town: Profile) -> Index:
    return town.at(2022).index["town"]


class TestSeeds:
    def test_the_same_seed_gives_the_same_numbers(self, index: Index) -> None:
        """U1: two worlds of one seed are the same, value by value; another seed gives others."""
        first, again, other = (draw(World.drawn(seed=seed), index, QUARTERS, 2) for seed in (5, 5, 6))
        assert first.equals(again)
        assert not first.equals(other)

    def test_more_draws_change_none_of_the_earlier(self, index: Index) -> None:
        """U1: the first draws of many are the draws of few."""
        world = World.drawn(seed=5)
        few, many = draw(world, index, [Q1], 2), draw(world, index, [Q1], 5)
        assert many.head(few.height).equals(few)

    def test_more_years_change_none_of_the_earlier(self, index: Index) -> None:
        """U1: a quarter is the same whether later ones are drawn or not, and in whatever order they are asked for."""
        alone = draw(World.drawn(seed=5), index, [Q1], 2)
        world = World.drawn(seed=5)
        later = draw(world, index, [Q1.next(8)], 2)
        assert draw(world, index, [Q1], 2).equals(alone)
        assert draw(world, index, [Q1, Q1.next(8)], 2).tail(later.height).equals(later)

    def test_an_indicator_more_changes_none_of_the_others(self, town: Profile, reform: Callable[..., Reform]) -> None:
        """Variants whose trees differ meet the same numbers where both have an indicator."""
        new = "{weight: 10, method: visit, scale: {minimum: 0, maximum: 10, decimals: 0}}"
        files = "{files: {weight: 30}}"
        more = reform(
            f"{{index: {{town: {{indicators: {{order: {{weight: 30, indicators: {files}}}, new: {new}}}}}}}}}"
        )
        world, years = World.drawn(seed=5, communities=9), [Period.parse("2022")]
        before = draw(world, town_index(town), years, 2)
        after = draw(world, town.at(2022, reforms=[more]).index["town"], years, 2)
        assert after.select(before.columns).equals(before)
        assert "new" in after.columns


class TestModel:
    def test_values_are_on_the_scale_with_its_decimals(self, town: Profile) -> None:
        """Every value is within its leaf's scale and has no more places than it declares."""
        world = World.drawn(seed=1, communities=500, spread=40, mean=60)
        frame = draw(world, town_index(town), [Period.parse("2022")], 1)
        for name, low, high, places in (("satisfaction", 0, 10, 1), ("complaints", 0, 200, 0), ("files", -5, 5, 2)):
            values = frame[name]
            assert (values.min(), values.max()) == (low, high)
            assert (values * 10**places - (values * 10**places).round()).abs().max() < 1e-9

    def test_where_less_is_better_the_good_have_less(self, town: Profile) -> None:
        """A leaf whose direction is lower falls where quality rises."""
        world = World.drawn(seed=1, communities=50, **STILL, quality_spread=0)
        frame = draw(world, town_index(town), [Period.parse("2022")], 1)
        assert frame.select(pl.corr("satisfaction", "complaints")).item() < -0.99

    def test_leaves_of_a_quality_and_method_share_a_draw_unless_leaves_are_asked_for(self, index: Index) -> None:
        """Per cell, two questionnaires of one quality have one value; per leaf, they have two."""
        pair = ("party_building_satisfaction", "self_government_satisfaction")
        cells = draw(World.drawn(seed=1), index, [Q1], 1)
        leaves = draw(World.drawn(seed=1, per="leaf"), index, [Q1], 1)
        assert cells[pair[0]].equals(cells[pair[1]])
        assert not leaves[pair[0]].equals(leaves[pair[1]])

    def test_more_answers_bring_the_questionnaire_closer_to_the_truth(self, index: Index) -> None:
        """U3: the sampling error shrinks with the root of the number of answers."""

        def error(answers: float) -> float:
            world = World.drawn(seed=1, answers=answers, quality_spread=0, quarter_spread=0)
            values = draw(world, index, [Q1], 20)["party_building_satisfaction"].to_numpy()
            truth = latent_score(world, index, [Q1], 20)
            assert truth is not None
            return float((values - truth).std())

        assert error(160) == pytest.approx(error(40) / 2, rel=0.1)

    def test_quality_lasts_as_the_correlation_says(self, index: Index) -> None:
        """The latent quality of a quarter and that of a year later correlate as declared."""
        world = World.drawn(seed=1, correlation=0.6, quality_spread=0, quarter_spread=0)
        first, later = (latent_score(world, index, [quarter], 60) for quarter in (Q1, Q1.next(4)))
        assert first is not None
        assert later is not None
        assert np.corrcoef(first, later)[0, 1] == pytest.approx(0.6, abs=0.03)

    def test_quality_rises_by_what_is_declared(self, index: Index) -> None:
        """With an improvement of 2 points a year, the mean is 2 points higher a year later."""
        world = World.drawn(seed=1, improvement=2, spread=0, quality_spread=0, quarter_spread=0)
        first, later = (latent_score(world, index, [quarter], 1) for quarter in (Q1, Q1.next(4)))
        assert first is not None
        assert later is not None
        assert later.mean() - first.mean() == pytest.approx(2, abs=1e-3)

    def test_once_drawn_quality_is_the_same_in_all_draws(self, index: Index) -> None:
        """With latent quality drawn once and no error, all draws are one."""
        frame = draw(World.drawn(seed=1, latent="once", **STILL), index, [Q1], 3).sort("draw")
        size = frame.height // 3
        assert frame.drop("draw").head(size).equals(frame.drop("draw").tail(size))

    def test_remediation_lifts_what_is_measured(self, index: Index) -> None:
        """A lift of 5 points raises the mean of what is measured by about 5."""
        world = World.drawn(seed=1, mean=50)
        lift = {Q1: np.full(world.size, 5, dtype=np.float32)}
        plain, lifted = draw(world, index, [Q1], 1), draw(world, index, [Q1], 1, lift=lift)
        gain = (lifted["security_visit"] - plain["security_visit"]).mean()
        truth = [latent_score(world, index, [Q1], 1, lift=one) for one in (None, lift)]
        assert gain == pytest.approx(5, abs=0.1)
        assert truth[1].mean() - truth[0].mean() == pytest.approx(5, abs=1e-3)

    def test_barring_facts_strike_as_often_as_declared(self) -> None:
        """A drawn fact is true with the declared rate, and never by default."""
        often, never = World.drawn(seed=1, flag_rate=0.25), World.drawn(seed=1)
        assert flags(often, ["accident"], 2023, 40)["accident"].mean() == pytest.approx(0.25, abs=0.03)
        assert not flags(never, ["accident"], 2023, 2)["accident"].any()


class TestScales:
    def one(self, **leaf: object) -> Index:
        return Index(
            subject="community",
            period="month",
            maximum=1,
            decimals=2,
            weights="points",
            indicators={"x": Indicator(weight=1, **leaf)},
        )

    def test_goalposts_do_for_a_scale(self) -> None:
        """A leaf without a scale is drawn between its goalposts; without decimals its values are floats."""
        posts = Normalisation(kind="goalposts", low=100, high=1000, transform="log")
        frame = draw(World.drawn(seed=1), self.one(normalisation=posts), [Period.parse("2023-02")], 2)
        assert frame["x"].is_between(100, 1000).all()
        assert frame["x"].n_unique() > 200

    def test_a_fine_scale_keeps_its_places(self) -> None:
        """Where float32 tells too few values apart, float64 is taken."""
        fine = self.one(scale=Scale(minimum=0, maximum=1000, decimals=4))
        values = draw(World.drawn(seed=1), fine, [Period.parse("2023-02")], 40)["x"]
        assert (values * 10**4 % 10).n_unique() > 5

    def test_without_any_scale_nothing_can_be_drawn(self) -> None:
        """A leaf ranked among its peers says nothing of its values, so it cannot be drawn."""
        relative = self.one(normalisation=Normalisation(kind="rank"))
        with pytest.raises(UsageError, match="`x` has no scale"):
            draw(World.drawn(), relative, [Period.parse("2023-02")], 1)

    def test_a_day_is_no_period_of_a_world(self, index: Index) -> None:
        """Nothing is drawn by the day."""
        with pytest.raises(UsageError, match="no world is drawn by the day"):
            draw(World.drawn(), index, [Period.parse("2023-02-01")], 1)

    def test_before_its_first_year_there_is_no_world(self, index: Index) -> None:
        """A quarter before the world begins is refused, with what to do."""
        with pytest.raises(UsageError, match="before the world begins in 2021; set the parameter `start`"):
            draw(World.drawn(), index, [Period.parse("2020Q4")], 1)
        assert draw(World.drawn(start=2020), index, [Period.parse("2020Q4")], 1).height == 143


class TestMaking:
    def test_the_default_is_the_published_number_of_communities(self) -> None:
        """A world has 143 communities unless somebody says otherwise."""
        assert World.drawn().size == 143
        assert World.drawn(Parameters.of(communities=7)).size == 7

    def test_real_units_set_the_number(self) -> None:
        """With units, there are as many communities as units."""
        units = pl.DataFrame({"subject": ["a", "b"]})
        assert World.drawn(units=units).size == 2
        assert World.drawn(Parameters.of(spread=1), units=units).parameters == Parameters.of(spread=1, communities=2)

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            ({"seed": -1}, "a seed is a whole number of 0 or more, not -1"),
            ({"seed": True}, "not True"),
            ({"corelation": 0.5}, "did you mean `correlation`"),
            ({"correlation": 1.5}, "`correlation` must be a number from 0 to 1, not 1.5"),
            ({"communities": 2.5}, "`communities` must be a whole number from 1 to any size, not 2.5"),
            ({"answers": float("nan")}, "not nan"),
            ({"parameters": Parameters(), "mean": 3}, "not both"),
            ({"per": "lief"}, "`per` cannot be 'lief'; did you mean `leaf`"),
            ({"latent": 1}, "`latent` cannot be 1; known here: `each_draw`, `once`"),
            ({"units": pl.DataFrame({"subject": ["a"]}), "communities": 3}, "says otherwise"),
            ({"units": pl.DataFrame({"subject": ["a"]}), "parameters": Parameters(communities=3)}, "says otherwise"),
        ],
    )
    def test_what_does_not_fit_is_named(self, arguments: dict[str, object], said: str) -> None:
        """A parameter that is unknown, out of range or given twice is a clear error."""
        with pytest.raises(UsageError, match=said):
            World.drawn(**arguments)

    @pytest.mark.parametrize(
        ("units", "said"),
        [
            ({"subjekt": ["a"]}, "did you mean"),
            ({"subject": []}, "empty"),
            ({"subject": ["a", None]}, "a subject is missing"),
            ({"subject": ["a", "b", "a"]}, "stand twice: a"),
            ({"subject": [1, 2]}, "must hold text, found Int64"),
        ],
    )
    def test_faulty_units_are_named(self, units: dict[str, list[str | None]], said: str) -> None:
        """Units without a name, or with one name for two, are refused."""
        with pytest.raises(DataError, match=said):
            World.drawn(units=pl.DataFrame(units))

    @pytest.mark.parametrize("kind", ["to_pandas", "to_arrow", "lazy"])
    def test_units_may_be_any_kind_of_frame(self, kind: str) -> None:
        """Units of pandas, PyArrow or a lazy frame are those of Polars."""
        units = pl.DataFrame({"subject": ["a", "b"], "street": ["east", None]})
        assert World.drawn(units=getattr(units, kind)()).units.equals(units)

    def test_without_numpy_nothing_is_drawn(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The extra that is missing is named."""
        monkeypatch.setitem(sys.modules, "numpy", None)
        with pytest.raises(MissingExtra, match=r"communitygov\[simulation\]"):
            World.drawn()


FIRE = pl.DataFrame({"subject": ["a"], "year": [2022], "fire": [True]})


class TestRealData:
    data = pl.DataFrame({"subject": ["a", "b"], "period": ["2022", "2022"], "x": [1, 2], "y": [3, 4]})

    def test_real_data_is_one_draw_of_itself(self) -> None:
        """Of real data a period's rows come back, with the columns that the index has."""
        index = TestScales().one(scale=Scale(minimum=0, maximum=10, decimals=0))
        frame = draw(World.from_frames(self.data), index, [Period.parse("2022")])
        assert frame.rows() == [(0, "a", "2022", 1), (0, "b", "2022", 2)]

    def test_a_period_that_is_not_there_is_named(self) -> None:
        """A simulation beyond the data is refused, by period."""
        index = TestScales().one(scale=Scale(minimum=0, maximum=10, decimals=0))
        with pytest.raises(DataError, match="no rows of 2023"):
            draw(World.from_frames(self.data), index, [Period.parse("2023")])

    def test_nobody_knows_the_truth_of_real_data(self) -> None:
        """There is no latent score of real data."""
        index = TestScales().one(scale=Scale(minimum=0, maximum=10, decimals=0))
        assert latent_score(World.from_frames(self.data), index, [Period.parse("2022")], 1) is None

    def test_facts_hold_where_they_are_known_and_nowhere_else(self) -> None:
        """A real fact is true only of whom and when the data say so."""
        facts = pl.DataFrame({"subject": ["b", "a"], "year": [2022, 2023], "accident": [True, True]})
        world = World.from_frames(self.data, facts=facts)
        assert flags(world, ["accident", "fire"], 2022, 1).rows() == [(0, "a", False, False), (0, "b", True, False)]
        assert not flags(World.from_frames(self.data), ["accident"], 2022, 1)["accident"].any()

    @pytest.mark.parametrize(
        ("frames", "said"),
        [
            ({"data": data.rename({"period": "quarter"})}, "data has no column `period`"),
            ({"data": data, "facts": pl.DataFrame({"subject": ["a"]})}, "facts has no column `year`"),
            ({"data": data, "units": pl.DataFrame({"subject": ["a"]})}, "the units lack 1 subjects of the data: b"),
            ({"data": data.with_columns(period=pl.lit("2022-13"))}, r"no period, such as 2023Q3; 2 rows: a 2022-13"),
            ({"data": data.with_columns(period=pl.lit(2022))}, "column `period` must hold periods as text"),
            ({"data": pl.concat([data, data])}, "the row is repeated; 4 rows: a 2022, b 2022"),
            ({"data": data, "facts": FIRE.with_columns(subject=pl.lit("z"))}, "lack 1 subjects of the facts: z"),
            ({"data": data, "facts": pl.concat([FIRE, FIRE])}, "the row is repeated; 2 rows: a 2022"),
            ({"data": [1]}, "list is no frame"),
        ],
    )
    def test_frames_that_do_not_fit_are_refused(self, frames: dict[str, pl.DataFrame], said: str) -> None:
        """A missing column and a subject without a unit are named."""
        with pytest.raises(DataError, match=said):
            World.from_frames(**frames)


class TestUnitsFromFiles:
    def test_codes_become_subjects_and_all_else_is_kept(self, tmp_path: Path) -> None:
        """A file of divisions gives one subject per code, as text, with its street."""
        file = tmp_path / "units.csv"
        file.write_text("code,name,street\n007,甲,东街\n008,乙,西街\n", encoding="utf-8-sig")
        assert read_units(file).rows() == [("007", "甲", "东街"), ("008", "乙", "西街")]

    def test_chinese_encodings_are_read_when_told(self, tmp_path: Path) -> None:
        """GB18030 is read as such, and refused as UTF-8 with the file's name."""
        file = tmp_path / "units.csv"
        file.write_text("subject,street\na,东街\n", encoding="gb18030")
        assert read_units(file, encoding="gb18030")["street"].to_list() == ["东街"]
        with pytest.raises(DataError, match=r"cannot read .*units\.csv"):
            read_units(file)

    def test_a_file_without_names_is_refused(self, tmp_path: Path) -> None:
        """The columns found are shown."""
        file = tmp_path / "units.csv"
        file.write_text("id,street\na,b\n", encoding="utf-8")
        with pytest.raises(DataError, match="needs a column code or subject, found id, street"):
            read_units(file)


class TestParameters:
    def test_every_parameter_says_where_it_comes_from(self) -> None:
        """Each has a unit, both titles, and either a clause or a reason why it was assumed."""
        for one in Parameters().declared():
            assert one.title.zh
            assert one.title.en
            assert one.unit.zh
            assert one.because.zh
            assert one.because.en
            assert one.published == bool(one.clause)

    def test_a_changed_figure_is_published_no_more(self) -> None:
        """A published figure that somebody changed is theirs."""
        named = {one.name: one for one in Parameters.of(communities=7).declared()}
        assert not named["communities"].published
        assert named["answers"].published
        assert named["answers"].value == pytest.approx(40.37, abs=0.01)

    def test_the_clauses_named_are_those_of_the_profile(self, shijingshan: Profile) -> None:
        """What is said to be published stands in the profile's clauses, and its facts give the same figures."""
        rules = shijingshan.at(2022).rules
        for one in Parameters().declared():
            assert all(clause.removeprefix("shijingshan ") in rules.clauses for clause in one.clause)
        facts = {name: fact.value for name, fact in rules.facts.items()}
        assert Parameters().communities == facts["communities"]
        assert Parameters().answers == float(facts["residents_sampled"] / facts["rounds"] / facts["communities"])
