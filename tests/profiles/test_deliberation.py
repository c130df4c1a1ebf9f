"""What the profiles say of deliberation: loops and councils, rates by field, and where what is silent is said."""

from pathlib import Path

import polars as pl
import pytest
from tests.silence import clauses_of, places_of

from communitygov.measures.measure import measure
from communitygov.plugins.finding import load_profile

COUNCIL, MEETING = "deliberation.council.note", "deliberation.joint_meeting.note"
SILENT: dict[str, dict[str, list[str]]] = {
    "qufu": {
        "QF-20": [COUNCIL] * 3,
        "QF-21": [COUNCIL] * 2,
        "QF-23": [COUNCIL, "deliberation.council.assumed.reports_previous"],
        "QF-32": ["measures.unanswered_matters.note"],
        "QF-40": [MEETING] * 3,
        "QF-43": ["deliberation.council.participants.liaison_officials.note"],
    },
    "baoji": {
        "BAO-06": ["deliberation.covenant.note"],
        "BAO-07": ["deliberation.four_together.note"],
        "BAO-17": ["deliberation.five_people.note"],
        "BAO-36": [MEETING] * 3,
        "BAO-45": ["deliberation.five_people.note"] * 2,
    },
    "chaoyang": {
        "CY-04": [COUNCIL] * 3,
        "CY-05": [COUNCIL] * 3,
        "CY-06": [COUNCIL],
        "CY-07": ["facts.projects", "measures.passed_by_field.note"],
        "CY-39": ["facts.guidance_full"] * 2,
    },
    "shijingshan": {
        "SJS-46": ["deliberation.old_neighbours.note"] * 2,
        "SJS-51": ["deliberation.old_neighbours.note"],
        "SJS-52": ["deliberation.building_committee.note"],
    },
}
"""Where each question that a clause on deliberation leaves open has its place."""


@pytest.mark.parametrize("name", SILENT)
class TestSilence:
    def test_each_question_has_its_place(self, name: str) -> None:
        """It is said where the clause is cited."""
        assert places_of(name, SILENT[name])

    def test_every_clause_that_leaves_something_open_is_there(self, name: str, shared_data: Path) -> None:
        """Each clause with a ``silent:`` line."""
        clauses = clauses_of(name, shared_data)
        known = load_profile(name).at(2022).rules.clauses
        mine = [one for one in clauses if one["primitive"] == "deliberation" and known[one["id"]].status == "in_force"]
        assert {one["id"] for one in mine if "silent" in one} == set(SILENT[name])


class TestChaoyang:
    def test_rates_by_field_of_all_projects(self) -> None:
        """CY-07: 11,299 matters of five fields, with numerator and base of each; what is undetermined is in neither."""
        fields = ["travel", "parking", "elder_care", "environment", "other"]
        outcomes = ["passed", "passed", "rejected", "undetermined"]
        number = int(load_profile("chaoyang").at(2021).rules.facts["projects"].value)
        frame = pl.DataFrame(
            {
                "year": [2020] * number,
                "field": [fields[n % 5] for n in range(number)],
                "outcome": [outcomes[n % 4] for n in range(number)],
            }
        )
        rule = load_profile("chaoyang").at(2021).rules.measures["passed_by_field"]
        rows = measure(rule, frame).frame.rows(named=True)
        assert {row["field"] for row in rows} == set(fields)
        for row in rows:
            mine = frame.filter(pl.col("field") == row["field"])["outcome"].to_list()
            assert (row["numerator"], row["base"]) == (
                mine.count("passed"),
                mine.count("passed") + mine.count("rejected"),
            )


class TestQufu:
    def test_the_council_answers_for_the_last_meeting(self) -> None:
        """QF-23; it is the procedure `talk`, and the party organisation convenes it (QF-20)."""
        council = load_profile("qufu").at(2022).deliberation["council"]
        assert council.reports_previous
        assert (council.procedure, council.convener) == ("talk", "party_organisation")
        assert council.decides_by is None
