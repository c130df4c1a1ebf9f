"""Goal seek: the least value of a number of the rules that reaches a target."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from communitygov.profile.profile import Profile, Reform
from communitygov.profile.reading import read_profile
from communitygov.simulation.run import simulate
from communitygov.simulation.seek import seek
from communitygov.simulation.variants import Variant
from communitygov.simulation.varied import with_value
from communitygov.simulation.worlds import World
from communitygov.vocabulary.errors import UsageError

SILVER = "certification.star.tiers.silver.share"


class TestSeek:
    def found(self, town: Profile, **changes: Any) -> Any:
        arguments = {
            "leaf": SILVER,
            "expectation": "half_are_stars",
            "low": "20%",
            "high": "60%",
            "step": "5%",
            "draws": 3,
            "last": 2024,
        }
        return seek(town, World.drawn(communities=20, seed=1), **{**arguments, **changes})

    def test_the_value_found_is_enough_and_the_one_before_is_not(self, town: Profile) -> None:
        """Of a grid, the first value that reaches the target often enough is the answer."""
        found = self.found(town)
        rows = found.tried.to_dicts()
        first = next(i for i, row in enumerate(rows) if row["enough"])
        assert rows[first]["value"] == f"{int(found.value * 100)}%"
        assert first > 0
        assert not rows[first - 1]["enough"]
        assert found.monotone
        assert "from 20% to 60% by 5%, 9 values of which 9 were tried" in found.statement.en
        assert "共 9 个值" in found.statement.zh

    def test_a_fine_grid_is_narrowed_and_gives_the_same_answer(self, town: Profile) -> None:
        """Rounds that narrow the range find what trying every value finds, with fewer tries."""
        fine = self.found(town, low="16%", high="36%", step="1%", draws=2)
        assert 9 < fine.tried.height < 21
        below = [self.found(town, low=f"{low}%", high=f"{low + 8}%", step="1%", draws=2).value for low in (16, 25)]
        assert fine.value == (below[0] or below[1])

    def test_none_is_said_plainly(self, town: Profile) -> None:
        """Where no value reaches the target, the answer is that none does."""
        found = self.found(town, high="25%")
        assert found.value is None
        assert found.statement.en.startswith(f"No value of {SILVER} from 20% to 25% by 5% was found")

    def test_the_lower_end_is_said_to_be_one(self, town: Profile) -> None:
        """If already the least value is enough, less may be too, and that is said."""
        found = self.found(town, low="50%")
        assert found.value == Fraction(1, 2)
        assert "This is the grid's lower end" in found.statement.en

    def test_what_does_not_rise_is_said(self, town: Profile) -> None:
        """A higher share can make an upper bound be kept less often: the answer comes with a warning."""
        found = self.found(town, expectation="never_all", probability="1/2", low="20%", high="100%", step="20%")
        assert not found.monotone
        assert "Beware" in found.statement.en
        assert "并非越大越易达到" in found.statement.zh

    def test_a_value_that_breaks_a_rule_is_reported_and_is_not_enough(self, town: Profile) -> None:
        """Silver below gold is no nesting of cuts: such values stand in the table with their error."""
        found = self.found(town, low="10%", high="30%", step="10%")
        assert [row["error"] is None for row in found.tried.to_dicts()] == [False, True, True]

    def test_whole_numbers_and_other_variants(self, town: Profile, reform: Callable[..., Reform]) -> None:
        """A leaf that holds a whole number takes whole numbers, also where a reform has made it."""
        two = reform("{certification: {star: {tiers: {silver: {share: ~, number: 2}}}}}")
        found = self.found(
            town,
            leaf="certification.star.tiers.silver.number",
            variant=Variant.of_reform(two),
            probability=0.5,
            low="4",
            high="12",
            step="4",
        )
        assert found.tried["value"].to_list() == ["4", "8", "12"]
        assert found.tried["error"].null_count() == 3
        assert found.probability == Fraction(1, 2)
        with pytest.raises(UsageError, match="is a whole number and cannot be"):
            with_value(town, "certification.star.watch.last", Fraction(5, 2))

    def test_what_a_dated_reform_makes_can_be_varied(self, town: Profile, reform: Callable[..., Reform]) -> None:
        """A number that stands only from 2023 on is varied from 2023 on, and each value does what the reform with that
        value does."""
        made = "{{certification: {{star: {{tiers: {{silver: {{share: ~, number: {}}}}}}}}}}}"
        four, eight = (reform(made.format(n), name=f"make_{n}", start="2023") for n in (4, 8))
        leaf = "certification.star.tiers.silver.number"
        found = self.found(town, leaf=leaf, variant=Variant.of_reform(four), low="4", high="12", step="4")
        met = found.tried["met"].to_list()
        for n, one in ((4, four), (8, eight)):
            done = simulate(
                town, World.drawn(communities=20, seed=1), variants=[Variant.of_reform(one)], draws=3, last=2024
            )
            assert met[n // 4 - 1] == done.probability(one.name, "half_are_stars") * 3
        assert met == sorted(met)

    def test_what_an_amendment_or_reading_makes_can_be_varied(self, town: Profile, tmp_path: Path) -> None:
        """A leaf that an amendment brings in a later year is set from that year on; one of a reading, where it is
        taken."""
        text = (town.folder / "profile.yaml").read_text(encoding="utf-8")
        many = "      many: {certification: {star: {tiers: {silver: {share: ~, number: 9}}}}}\n"
        (tmp_path / "profile.yaml").write_text(text.replace("      half: ", f"{many}      half: "), encoding="utf-8")
        (tmp_path / "amendments").mkdir()
        amended = "amendment: cap\nfrom: 2023\nchanges: {certification: {star: {cap: 9}}}\n"
        (tmp_path / "amendments" / "cap.yaml").write_text(amended, encoding="utf-8")
        place = read_profile(tmp_path)
        capped = with_value(place, "certification.star.cap", Fraction(5))
        caps = [place.at(year, reforms=[capped]).certification["star"].cap for year in (2022, 2023)]
        assert caps == [None, 5]
        number = "certification.star.tiers.silver.number"
        read = Variant("many", capped.title, readings={"silver": "many"})
        found = self.found(place, leaf=number, variant=read, low="8", high="12", step="4")
        assert found.tried["error"].null_count() == 2

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"leaf": "certification.star.tiers.silver.shaer"}, "did you mean `share`"),
            ({"leaf": "certification.star.ties"}, "`certification.star.ties` holds no number but in"),
            ({"expectation": "half_are_star"}, "did you mean `half_are_stars`"),
            ({"last": 2022}, "the years simulated do not decide an expectation `half_are_stars`$"),
            ({"low": "lots"}, "low must be an exact number"),
            ({"low": "70%"}, "the grid is empty"),
            ({"step": "0"}, "the grid is empty"),
            ({"probability": "120%"}, "a probability lies between 0 and 1"),
        ],
    )
    def test_what_makes_no_sense_is_named(self, town: Profile, changes: dict[str, Any], said: str) -> None:
        """A leaf, an expectation, a grid or a probability that does not fit is a clear error."""
        with pytest.raises(UsageError, match=said):
            self.found(town, **changes)
