"""What the profiles say of funding: the sources' own figures come out, and what they leave open is said."""

from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest
from tests.silence import clauses_of, places_of

from communitygov.plugins.finding import load_profile
from communitygov.profile.profile import Profile
from communitygov.provisions.funding import fund
from communitygov.provisions.funding_explain import explain_funding

BRANCHES = "interpretations.branch_money.question"

SILENT = {
    "qufu": {
        "QF-25": [
            "funding.service.assumed.period",
            "funding.branch.note",
            *["interpretations.branch_money.question"] * 2,
        ],
        "QF-45": ["funding.public_property.note"] * 2,
    },
    "baoji": {"BAO-13": ["funding.service_projects.note", "funding.service_projects.assumed.ways"]},
    "shijingshan": {"SJS-60": ["funding.worn_out_facilities.assumed.ways", "funding.worn_out_facilities.note"]},
}
"""Where each question that a clause on funding leaves open is answered, or stands as an open question."""

PROPOSED = {"baoji": {"BAO-50": 1, "BAO-53": 1}}
"""Clauses that are only recommended; a reform says what they leave open."""


@pytest.fixture(scope="module")
def qufu() -> Profile:
    return load_profile("qufu")


def units(branches: int = 99) -> pl.DataFrame:
    """Return Qufu's 26 communities, and its branches dealt out among them."""
    return pl.DataFrame(
        {
            "unit": [f"c{n}" for n in range(26)] + [f"b{n}" for n in range(branches)],
            "kind": ["community"] * 26 + ["branch"] * branches,
            "part_of": [None] * 26 + [f"c{n % 26}" for n in range(branches)],
        }
    )


class TestQufu:
    def test_the_sums_of_the_text_come_out(self, qufu: Profile) -> None:
        """QF-25: 26 communities get 9,360,000 yuan and 99 branches 297,000, as the facts have it."""
        rules = qufu.at(2022)
        funded = fund(rules.funding, units())
        totals = {total["funding"]: total["amount"] for total in funded.totals}
        assert totals == {"service": 7_800_000, "work": 1_560_000, "branch": 297_000}
        assert totals["service"] + totals["work"] == 9_360_000
        stated = rules.rules.facts
        assert rules.funding["service"].each == stated["fund_service_yuan"].value
        assert rules.funding["work"].each == stated["fund_work_yuan"].value
        assert rules.funding["branch"].each == stated["fund_branch_yuan"].value

    @pytest.mark.parametrize(
        ("reading", "in_all", "left"),
        [
            ("service_fund", 9_360_000, {"service": 288_000}),
            ("work_fund", 9_360_000, {"work": 48_000}),
            ("third_fund", 9_657_000, {}),
        ],
    )
    def test_where_the_branches_money_comes_from_matters(self, qufu: Profile, reading, in_all, left) -> None:
        """Inside, it costs the city nothing more and a community with four branches keeps less; on top, it adds up."""
        rules = qufu.at(2022, readings={"branch_money": reading}).funding
        funded = fund(rules, units())
        assert list(funded.on_top.values()) == [Fraction(in_all)]
        rows = [] if funded.left is None else funded.left.filter(pl.col("unit") == "c0").rows(named=True)
        assert {row["funding"]: row["left"] for row in rows} == left

    def test_a_branch_is_told_in_the_words_of_the_clause(self, qufu: Profile) -> None:
        """How much, and out of what."""
        step = explain_funding(qufu.at(2022).funding, units(), "b0").find("branch")
        assert (step.value, step.clause) == (3000, ("QF-25",))
        assert step.text is not None
        assert step.text.en == "3000 yuan for each: 3000, paid out of service"


class TestOthers:
    def test_baoji_has_three_ways_within_a_year_s_sum(self) -> None:
        """BAO-13: 500 projects of 32,000 yuan, by whichever way, come to the sum of 16,000,000 exactly."""
        rule = load_profile("baoji").at(2020).funding["service_projects"]
        assert list(rule.ways) == ["purchase", "subsidy", "award"]
        ways = [list(rule.ways)[n % 3] for n in range(500)]
        frame = pl.DataFrame({"unit": [f"p{n}" for n in range(500)], "kind": "project", "way": ways, "amount": 32_000})
        (total,) = fund({"service_projects": rule}, frame).totals
        assert (total["amount"], total["left"]) == (16_000_000, 0)

    def test_shijingshan_binds_two_sources_to_the_list(self) -> None:
        """SJS-60: money for a community that is not on the list went where it was not meant to."""
        rules = {"facilities": load_profile("shijingshan").at(2022).funding["worn_out_facilities"]}
        said = {"unit": ["A", "B"], "kind": ["community"] * 2, "way": ["home_building"] * 2, "amount": [5, 5]}
        frame = fund(rules, pl.DataFrame({**said, "on_renovation_list": [True, False]})).frame
        assert dict(frame.select("unit", "in_order").rows()) == {"A": True, "B": False}

    def test_what_is_recommended_is_a_reform(self) -> None:
        """BAO-50 and BAO-53 are funding only with the reform that ships with the profile."""
        baoji = load_profile("baoji")
        reform = baoji.reforms["support-of-organisations"]
        more = baoji.at(2020, reforms=[reform]).funding.keys() - baoji.at(2020).funding.keys()
        assert more == {"organisation_support", "incubation"}


class TestSilence:
    @pytest.mark.parametrize("name", SILENT)
    def test_each_question_has_its_place(self, name: str, shared_data: Path) -> None:
        """Each question of a ``silent:`` line on funding is answered where that clause is cited, one for one."""
        clauses = clauses_of(name, shared_data)
        mine = {one["id"]: one.get("silent", "").count(";") + 1 for one in clauses if one["primitive"] == "funding"}
        kept = {key: number for key, number in mine.items() if key not in PROPOSED.get(name, {})}
        assert {key: len(paths) for key, paths in SILENT[name].items()} == kept
        assert places_of(name, SILENT[name])
