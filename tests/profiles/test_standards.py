"""What the sources leave open about standards: each question is answered, or stands as an open question."""

from pathlib import Path

import polars as pl
import pytest
from tests.silence import clauses_of, places_of

from communitygov.measures.measure import measure
from communitygov.measures.standards import check_standards
from communitygov.plugins.finding import load_profile

SILENT: dict[str, dict[str, list[str]]] = {
    "qufu": {
        "QF-09": ["measures.powers_of_a_street.note"],
        "QF-10": ["measures.company_rules.note"],
        "QF-27": ["measures.workers_trained.note"],
        "QF-28": ["interpretations.riders_minutes.question", "measures.riders_homes_in_reach.assumed.numerator"],
        "QF-31": ["measures.companies_with_branch.note"],
        "QF-39": ["measures.unserved_old_compounds.assumed.numerator", "measures.unserved_old_compounds.note"],
        "QF-44": ["measures.new_places_with_rooms.assumed.numerator"] * 2,
    },
    "chaoyang": {
        "CY-08": ["measures.site_combinations.assumed.numerator"],
        "CY-10": ["measures.office_area.note", "interpretations.room_of_each.question"],
        "CY-14": ["measures.tasks_off_the_lists.assumed.numerator", *["measures.tasks_off_the_lists.note"] * 2],
        "CY-18": ["measures.doorway_goals.note"],
        "CY-23": ["measures.kinds_of_service.note"] * 2,
        "CY-26": ["interpretations.first_batch_counts.question"],
        "CY-30": ["measures.panoramas_with_goods.assumed.numerator"],
        "CY-35": ["measures.places_in_a_circle.note"] * 2,
        "CY-42": ["expectations.several_services.assumed.at_least"],
    },
    "baoji": {"BAO-35": ["interpretations.how_many_lacks.question"]},
    "shijingshan": {"SJS-58": ["interpretations.festival_of_whom.question"]},
}
"""Where each question that a clause on standards leaves open has its place; those only announced are in reforms."""


@pytest.mark.parametrize("name", SILENT)
class TestSilence:
    def test_each_question_has_its_place(self, name: str) -> None:
        """It is said in both languages, where the clause is cited."""
        assert all(set(place.children or ()) == {"zh", "en"} for place in places_of(name, SILENT[name]))

    def test_none_is_left_out(self, name: str, shared_data: Path) -> None:
        """Each question of a ``silent:`` line has its place, one for one."""
        clauses = clauses_of(name, shared_data)
        known = load_profile(name).at(2022).rules.clauses
        asked = {
            one["id"]: one["silent"].count(";") + 1
            for one in clauses
            if one["primitive"] == "standard" and "silent" in one and known[one["id"]].status == "in_force"
        }
        assert {key: len(paths) for key, paths in SILENT[name].items()} == asked


class TestWhatIsSaidOfAnIndex:
    """Where a text gives no items to score by, what it does say can still be held against data."""

    def test_a_company_is_evaluated_every_quarter(self):
        """QF-12: once is enough; an evaluation without owners is none."""
        rules = load_profile("qufu").at(2022).rules
        rows = {"company": ["a", "a", "b"], "period": ["2022Q1", "2022Q2", "2022Q1"], "by_owners": [True, True, False]}
        found = check_standards(rules.measures, rules.expectations, {"company_evaluations": pl.DataFrame(rows)}).frame
        found = found.filter(expectation="evaluated_every_quarter").select("subject", "period", "met")
        assert found.rows() == [("a", "2022Q1", "true"), ("a", "2022Q2", "true"), ("b", "2022Q1", "false")]

    def test_loads_are_measured_and_not_judged(self):
        """BAO-48: five kinds are added up; nothing expects anything of them."""
        rules = load_profile("baoji").at(2020).rules
        kinds = ["ledger", "survey", "meeting", "certificate", "inspection", "visit"]
        rows = pl.DataFrame({"year": 2020, "community": "a", "kind": kinds, "times": [1, 2, 3, 4, 5, 60]})
        assert measure(rules.measures["committee_loads"], rows).frame["numerator"].to_list() == [15]
        assert "committee_loads" not in {one.measure for one in rules.expectations.values()}
