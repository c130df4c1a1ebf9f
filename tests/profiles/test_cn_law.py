"""The pack of Chinese statutes: every row of the table of legal numbers, on the days on which it is the law."""

import csv
import datetime as dt
import re
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest

from communitygov.deliberation.decide import decide_all
from communitygov.deliberation.rules import Decision, Threshold
from communitygov.profile.coverage import coverage, try_everything
from communitygov.profile.profile import Profile
from communitygov.profile.reading import read_profile
from communitygov.vocabulary.errors import NotInForce, UsageError

FOLDER = Path(__file__).resolve().parents[2] / "profiles" / "cn_law" / "src" / "communitygov_cn_law"
TEXT = (FOLDER / "decisions.yaml").read_text(encoding="utf-8")
CARRIED = {
    name: ids.split() for ids, name in re.findall(r"^  # ((?:L\d+ ?)+)\n  (\w+):$", TEXT, flags=re.MULTILINE)
} | {f"residents_meeting_of_{who}": ["L19"] for who in ("adults", "households", "delegates")}
REVISED = {name for name in CARRIED if name.startswith(("village_", "residents_"))}
BASES = {
    "L09": "present", "L10": "present", "L11": "present", "L12": "present", "L19": "present", "L24": "present",
    "L13": "cast", "L14": "cast", "L01": "taking_part", "L02": "taking_part",
}  # fmt: skip
"""What the table's words for the base of an approval are here; of all where it is not named."""


@pytest.fixture(scope="module")
def law() -> Profile:
    return read_profile(FOLDER)


@pytest.fixture(scope="module")
def rows(shared_data: Path) -> dict[str, dict[str, str]]:
    file = shared_data / "legal_rules.csv"
    if not file.is_file():
        pytest.skip(f"no legal rules at {file} (COMMUNITYGOV_DATA)")
    with file.open(encoding="utf-8", newline="") as lines:
        return {row["id"]: row for row in csv.DictReader(lines)}


def bounds(text: str) -> set[tuple[str, Fraction]]:
    """Return the shares that a cell of the table names."""
    found = re.findall(r"(>=|>|=)\s*(\d+(?:/\d+)?)", text)
    return {("more_than" if sign == ">" else "at_least", Fraction(number)) for sign, number in found}


def said(tree: Threshold | None) -> set[tuple[str, Fraction]]:
    leaves = [] if tree is None else [leaf for _, leaf in tree.leaves("")]
    return {("more_than" if leaf.more_than is not None else "at_least", leaf.share) for leaf in leaves}


def every(law: Profile) -> dict[str, Decision]:
    return dict(law.at("2025-06-01").rules.decisions)


class TestThePack:
    def test_its_check_is_clean(self, law: Profile) -> None:
        """Its rules hold together, and say what they assume."""
        law.verify()
        assert coverage(law).problems == ()
        assert try_everything(law) == ()

    def test_each_rule_has_source_article_days_and_when_it_was_seen(self, law: Profile) -> None:
        """No rule of law is without them."""
        for name, rule in every(law).items():
            assert rule.source, name
            assert rule.article, name
            assert rule.last_verified, name

    def test_every_row_with_a_share_is_carried(self, law: Profile, rows: dict[str, dict[str, str]]) -> None:
        """Each row that names a quorum or an approval is a rule, and every rule is a row."""
        wanted = {key for key, row in rows.items() if row["quorum"] or row["approval"]}
        assert {key for ids in CARRIED.values() for key in ids} == wanted
        assert set(CARRIED) == set(every(law))

    def test_every_other_row_is_named_as_no_decision(self, rows: dict[str, dict[str, str]]) -> None:
        """What is not carried is said by name at the head of the file."""
        head = TEXT.partition("decisions:\n")[0]
        other = {key for key, row in rows.items() if not (row["quorum"] or row["approval"])}
        assert set(re.findall(r"L\d\d", head)) == other

    def test_numbers_bases_and_days_are_those_of_the_table(self, law: Profile, rows: dict[str, dict[str, str]]) -> None:
        """Quorum and approval, what they are a share of, the measures, and the days in force agree row by row."""
        for name, ids in CARRIED.items():
            rule, lines = every(law)[name], [rows[key] for key in ids]
            assert said(rule.quorum) == set().union(*(bounds(row["quorum"]) for row in lines)), name
            assert said(rule.passes) == set().union(*(bounds(row["approval"]) for row in lines)), name
            assert {leaf.of for _, leaf in rule.passes.leaves("")} == {BASES.get(ids[0], "all")}, name
            assert rule.since.first_day == dt.date.fromisoformat(lines[0]["in_force_from"]), name
            until = lines[0]["in_force_until"]
            assert (rule.until and rule.until.last_day) == (dt.date.fromisoformat(until) if until else None), name
            measures = {measure for measure, _ in rule.counted}
            assert ("area" in measures) == any("area" in row["measures"] for row in lines), name
            assert bool(rule.strata) == any("stratum" in row["measures"] for row in lines), name


class TestTheDay:
    """D18."""

    def test_a_decision_of_2020_is_judged_by_the_rule_of_2020(self, law: Profile) -> None:
        """45 of 60 for it, of 100: no majority of all in 2020; in 2021 no quorum by two thirds."""
        count = {"all": 100, "present": 60, "taking_part": 60, "yes": 45, "no": 15, "abstain": 0}
        votes = {f"{measure}.{name}": [n] for measure in ("heads", "area") for name, n in count.items()}
        frame = pl.DataFrame({"matter": ["m"], **votes})
        old = decide_all(law.at("2020-12-31").decision("owners_ordinary_before_2021"), frame).frame
        new = decide_all(law.at("2021-01-01").decision("owners_ordinary"), frame).frame
        assert (old["quorum"][0], old["failed"][0]) == ("true", "passes.area,passes.heads")
        assert (new["quorum"][0], new["failed"][0]) == ("false", "quorum.area,quorum.heads")

    def test_old_law_and_new_law_never_hold_together(self, law: Profile) -> None:
        """On the last day of 2020 only the regulation holds, on the day after only the code."""
        owners = [
            {name for name in law.at(day).decisions if name.startswith("owners_")}
            for day in ("2020-12-31", "2021-01-01")
        ]
        assert owners[0] == {"owners_ordinary_before_2021", "owners_special_before_2021"}
        assert owners[1] == {"owners_ordinary", "owners_special"}

    def test_nothing_is_claimed_of_the_committee_laws_as_revised(self, law: Profile) -> None:
        """From 2026 on none of their rules holds, and each that is asked for says that the new text was not seen."""
        assert REVISED
        assert set(law.at("2025-12-31").decisions) >= REVISED
        rules = law.at("2026-01-01")
        assert not REVISED & set(rules.decisions)
        for name in REVISED:
            with pytest.raises(NotInForce, match="decision-revised") as caught:
                rules.decision(name)
            assert name in str(caught.value)

    def test_a_rule_that_is_not_in_force_is_refused_by_name(self, law: Profile) -> None:
        """The Civil Code judges nothing of 2020; and a name that is none gets the nearest."""
        with pytest.raises(NotInForce, match="decision-not-in-force"):
            law.at("2020").decision("owners_ordinary")
        with pytest.raises(UsageError, match="owners_ordinary"):
            law.at("2021").decision("owners_ordinry")
