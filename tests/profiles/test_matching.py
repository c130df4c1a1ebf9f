"""What the profiles say of matching, and where each question that they leave open has its place."""

from pathlib import Path

import pytest
from tests.silence import clauses_of, places_of

from communitygov.plugins.finding import load_profile

SILENT: dict[str, dict[str, list[str]]] = {
    "baoji": {
        "BAO-12": ["interpretations.every_community_paired.question", "matching.departments.note"],
        "BAO-40": ["facts.social_organisations_registered_serving.note"],
    },
    "chaoyang": {
        "CY-33": ["measures.kinds_in_a_team.note", "interpretations.every_kind_in_a_team.question"],
        "CY-40": ["matching.open_facilities.note"],
    },
    "qufu": {"QF-16": ["matching.three_lists.note"] * 2},
    "shijingshan": {"SJS-54": ["matching.resident_units.note"]},
}
"""Where each question that a clause on matching leaves open is answered, or stands as an open question."""


@pytest.mark.parametrize("name", SILENT)
class TestSilence:
    def test_each_question_has_its_place(self, name: str) -> None:
        """It is said where the clause is cited."""
        assert places_of(name, SILENT[name])

    def test_none_is_left_out(self, name: str, shared_data: Path) -> None:
        """Each question of a ``silent:`` line has its place."""
        clauses = clauses_of(name, shared_data)
        known = load_profile(name).at(2022).rules.clauses
        mine = [one for one in clauses if one["primitive"] == "matching" and known[one["id"]].status == "in_force"]
        asked = {one["id"]: one["silent"].count(";") + 1 for one in mine if "silent" in one}
        assert {key: len(paths) for key, paths in SILENT[name].items()} == asked


class TestProfiles:
    def test_what_is_recommended_is_a_reform(self) -> None:
        """BAO-56."""
        baoji = load_profile("baoji")
        now, then = baoji.at(2020), baoji.at(2020, reforms=[baoji.reforms["open-facilities"]])
        assert then.matching.keys() - now.matching.keys() == {"open_facilities"}

    @pytest.mark.parametrize(("reading", "least"), [("every_one", 1), ("some", 0)])
    def test_whether_every_community_is_paired_is_open(self, reading: str, least: int) -> None:
        """BAO-12."""
        rules = load_profile("baoji").at(2020, readings={"every_community_paired": reading})
        assert rules.matching["departments"].right_least == least
