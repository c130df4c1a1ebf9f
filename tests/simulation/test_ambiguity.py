"""Ambiguities: every reading of every open question is tried, and none is dropped."""

from __future__ import annotations

import polars as pl
import pytest

from communitygov.profile.profile import Profile
from communitygov.simulation.ambiguity import Ambiguities, ambiguities
from communitygov.simulation.worlds import World
from communitygov.vocabulary.errors import UsageError


@pytest.mark.unmeasured
class TestShijingshan:
    @pytest.fixture(scope="class")
    @staticmethod
    def found(shijingshan: Profile) -> Ambiguities:
        return ambiguities(shijingshan, World.drawn(seed=2), draws=3, last=2025)

    def test_every_reading_that_was_not_chosen_is_there_once(self, shijingshan: Profile, found: Ambiguities) -> None:
        """Each question of the profile is covered by all of its other readings."""
        asked = shijingshan.at(2022).rules.interpretations
        wanted = {(key, reading) for key, one in asked.items() for reading in one.readings if reading != one.chosen}
        rows = found.frame.select("question", "reading").rows()
        assert set(rows) == wanted
        assert len(rows) == len(wanted)

    def test_the_reading_of_sjs_19_matters_most(self, found: Ambiguities) -> None:
        """Which cut a holder must be within changes more communities' tiers than any other question."""
        assert found.frame.row(0)[:2] == ("renewal_reach", "moved_cut")
        assert found.frame["subjects"][0] > 0.5 * found.subjects

    def test_readings_come_in_order_of_how_many_they_move(self, found: Ambiguities) -> None:
        """One sees first which silence matters."""
        moved = found.frame["subjects"].to_list()
        assert moved == sorted(moved, reverse=True)
        assert (found.frame["a_year"] <= found.frame["subjects"] + 1e-12).all()

    def test_a_reading_without_effect_is_listed_with_nothing(self, found: Ambiguities) -> None:
        """What a commendation hangs on changes nobody's star, and is there with 0."""
        row = found.frame.row(by_predicate=pl.col("question") == "commendation_effect", named=True)
        assert (row["subjects"], row["verdicts"], row["expectations"], row["quantities"]) == (0, 0, [], [])
        assert row["error"] is None

    def test_a_reading_may_change_no_star_and_still_matter(self, found: Ambiguities) -> None:
        """When a plaque is changed moves plaques; how a spread is measured moves a trend's verdict."""
        rows = {(row["question"], row["reading"]): row for row in found.frame.to_dicts()}
        assert rows["plaque_change", "kept"]["subjects"] == 0
        assert "plaques_taken_down" in rows["plaque_change", "kept"]["quantities"]
        assert rows["watch_ties", "out"]["expectations"] == []
        assert rows["renewal_tier", "same"]["expectations"] == ["half_are_stars"]
        assert rows["renewal_tier", "same"]["verdicts"] > 0


class TestTown:
    def test_a_reading_that_breaks_a_rule_is_reported_last(self, town: Profile) -> None:
        """A reading that cannot be carried out is there with its error in both languages, never dropped."""
        found = ambiguities(town, World.drawn(communities=20, seed=1), draws=2, last=2022).frame
        last = found.row(-1, named=True)
        assert (last["question"], last["reading"], last["subjects"]) == ("silver", "almost", None)
        assert "cuts-not-nested" in last["error"]
        assert "名次线" in last["error_zh"]
        assert found["error"].to_list()[:-1] == [None, None, None]

    def test_pairs_are_tried_on_request(self, town: Profile) -> None:
        """Every two readings of different questions are tried together, beside each on its own."""
        found = ambiguities(town, World.drawn(communities=20, seed=1), draws=2, last=2022, pairs=True).frame
        pairs = found.filter(pl.col("other_question").is_not_null())
        assert (found.height, pairs.height) == (9, 5)
        assert pairs.filter(pl.col("question") == pl.col("other_question")).is_empty()
        errors = pairs.filter(pl.col("error").is_not_null())
        assert set(errors["question"]) | set(errors["other_question"]) == {"rounding", "silver", "plaque"}

    def test_only_some_questions(self, town: Profile) -> None:
        """Questions can be named; a misspelt one gets a hint."""
        found = ambiguities(
            town, World.drawn(communities=20, seed=1), draws=2, last=2022, questions=["plaque", "rounding"]
        ).frame
        assert set(found["question"]) == {"plaque", "rounding"}
        with pytest.raises(UsageError, match="did you mean `plaque`"):
            ambiguities(town, World.drawn(communities=20), questions=["plaques"])

    def test_progress_goes_on_through_all_rounds(self, town: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
        """However many rounds there are, the caller hears one rising count up to the whole."""
        monkeypatch.setattr("communitygov.simulation.ambiguity._BATCH", 2)
        heard: list[tuple[int, int]] = []
        ambiguities(town, World.drawn(communities=20), draws=1, last=2022, progress=lambda *told: heard.append(told))
        assert heard == [(1, 4), (2, 4), (3, 4), (4, 4)]

    def test_a_verdict_that_only_one_side_has_counts_as_changed(self, town: Profile) -> None:
        """With nothing to compare with, a verdict has changed."""
        from communitygov.simulation.ambiguity import _verdicts
        from communitygov.simulation.run import simulate

        done = simulate(town, World.drawn(communities=20), draws=1, last=2021)
        assert _verdicts(done, "as_it_stands", "nothing of the sort") == {"half_are_stars": 1.0}
