"""What the profiles say of disclosure: as far as their texts go; what only a reading or a reform adds, only with it."""

import datetime as dt
import re
from pathlib import Path

import polars as pl
import pytest
from tests.profiles.test_cn_law import rows

from communitygov.plugins.finding import load_profile
from communitygov.provisions.disclosure import check_disclosures

__all__ = ["rows"]

FOLDER = Path(__file__).resolve().parents[2] / "profiles" / "cn_law" / "src" / "communitygov_cn_law"
CARRIED = re.findall(r"^  # (L\d+)\n  (\w+):$", (FOLDER / "disclosures.yaml").read_text("utf-8"), flags=re.MULTILINE)


def postings(*posted):
    """Return a record of postings: subject, item and first day, each up since then."""
    frame = pl.DataFrame(posted, schema=dict.fromkeys(["subject", "item", "first"], pl.String), orient="row")
    return frame.with_columns(last=pl.lit(None, dtype=pl.String))


class TestBaoji:
    def test_a_project_that_lacks_one_of_four_is_not_in_order(self):
        """BAO-03."""
        rule = load_profile("baoji").at(2020).disclosures["four_disclosures"]
        items = ["content", "organisation", "funding", "responsible_member"]
        assert [*rule.items] == items
        record = postings(*(("garden", item, "2020-05-06") for item in items), ("lift", "content", "2020-05-06"))
        found = check_disclosures(rule, pl.DataFrame({"subject": ["garden", "lift"]}), record, dt.date(2020, 6, 1))
        assert found.subjects.rows() == [("garden", "true", 4, 0, 0), ("lift", "false", 1, 3, 0)]

    def test_social_organisations_are_a_reform(self):
        """BAO-49 is only recommended."""
        baoji = load_profile("baoji")
        assert "organisation_information" not in baoji.at(2020).disclosures
        reformed = baoji.at(2020, reforms=[baoji.reforms["organisation-disclosure"]])
        assert reformed.disclosures["organisation_information"].clause == ("BAO-49",)

    def test_good_neighbours_are_a_reform(self):
        """BAO-25: what they are commended for at every place that is named; how many, and by whom, is not made up."""
        baoji = load_profile("baoji")
        reformed = baoji.at(2020, reforms=[baoji.reforms["good-neighbours"]])
        rule = reformed.disclosures["good_neighbours"]
        assert (rule.everywhere, len(rule.places), rule.within) == (True, 4, None)
        assert reformed.rules.certification == baoji.at(2020).rules.certification == {}

    def test_benefits_are_named_and_nobody_is_certified(self):
        """BAO-55 names four."""
        baoji = load_profile("baoji")
        benefits = baoji.at(2020, reforms=[baoji.reforms["outstanding-workers"]]).rules.schemes["benefits"]
        assert [*benefits.parts["kinds"].members] == ["promotion", "commendation", "recruitment", "insurance"]
        assert "benefits" not in baoji.at(2020).rules.schemes


class TestQufu:
    def test_whether_the_evaluation_is_public_is_an_open_question(self):
        """QF-13 lists three items; QF-33 can be read to add the evaluation."""
        qufu = load_profile("qufu")
        assert len(qufu.at(2022).disclosures["property"].items) == 3
        read = qufu.at(2022, readings={"evaluation_published": "published"})
        assert "evaluation" in read.disclosures["property"].items

    def test_a_result_is_owed_once_a_demand_is_handled(self):
        """QF-22: of what is not handled, nothing is said."""
        rule = load_profile("qufu").at(2022).disclosures["results"]
        demands = pl.DataFrame({"subject": ["a", "b", "c"], "since": ["2022-05-06", "2022-05-06", None]})
        found = check_disclosures(rule, demands, postings(("a", "result", "2022-05-09")), dt.date(2022, 6, 1))
        assert found.frame["state"].to_list() == ["met", "missing", "undetermined"]


class TestStatutes:
    @pytest.mark.parametrize(("row", "name"), CARRIED)
    def test_numbers_and_days_are_those_of_the_table(self, rows, row, name):
        """How soon, for how long, and since when."""
        rule, line = load_profile("cn_law").at(2025).disclosures[name], rows[row]
        said = line["notes"]
        assert rule.since is not None
        assert rule.since.first_day == dt.date.fromisoformat(line["in_force_from"])
        within = re.search(r"posted within (\d+) days", said)
        assert rule.within == (int(within[1]) if within else None)
        lasts = re.search(r"(?:up at least|for) (\d+) (working )?days", said)
        expected = (None, None) if lasts is None else (int(lasts[1]), "working_days" if lasts[2] else "natural_days")
        assert (rule.lasts, rule.lasts_unit) == expected

    def test_it_is_the_law_of_the_day(self):
        """Beijing's regulation holds from May 2020 on."""
        law = load_profile("cn_law")
        assert "beijing_owners_decision" not in law.at("2020-04-30").disclosures
        assert "beijing_owners_decision" in law.at("2020-05-01").disclosures
