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
from communitygov.measures.standards import check_standards
from communitygov.procedure.case import Actor, Refused, open_case
from communitygov.profile.coverage import coverage, try_everything
from communitygov.profile.profile import Profile
from communitygov.profile.reading import read_profile
from communitygov.vocabulary.errors import NotInForce, UsageError

FOLDER = Path(__file__).resolve().parents[2] / "profiles" / "cn_law" / "src" / "communitygov_cn_law"
TEXT = (FOLDER / "decisions.yaml").read_text(encoding="utf-8")
CARRIED = {
    name: ids.split() for ids, name in re.findall(r"^  # ((?:L\d+ ?)+)\n  (\w+):$", TEXT, flags=re.MULTILINE)
} | {f"residents_meeting_of_{who}": ["L19"] for who in ("adults", "households", "delegates")}
CALLS = {"L15": ["villagers", "representatives"], "L20": ["adults", "households", "groups"]}
"""Rows that say who may call a meeting: their shares stand among the notes."""
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
        wanted = {key for key, row in rows.items() if row["quorum"] or row["approval"]} | CALLS.keys()
        assert {key for ids in CARRIED.values() for key in ids} == wanted
        assert set(CARRIED) == set(every(law))

    def test_every_other_row_is_named_as_no_decision(self, rows: dict[str, dict[str, str]]) -> None:
        """What is elsewhere, or not carried, is said by name at the head of the file."""
        head = TEXT.partition("decisions:\n")[0]
        other = {key for key, row in rows.items() if not (row["quorum"] or row["approval"])} - CALLS.keys()
        assert set(re.findall(r"L\d\d", head)) == other

    def test_who_may_call_a_meeting_is_that_of_the_table(self, law: Profile, rows: dict[str, dict[str, str]]) -> None:
        """Each share of the notes, once, as a share of all; a tenth of the villagers is enough, without deputies."""
        for key, who in CALLS.items():
            rules = [every(law)[name] for name, ids in CARRIED.items() if ids == [key]]
            leaves = [leaf for rule in rules for _, leaf in rule.passes.leaves("")]
            assert {("at_least", leaf.share) for leaf in leaves} == bounds(rows[key]["notes"])
            assert (len(leaves), {leaf.of for leaf in leaves}) == (len(who), {"all"})
        call = {"heads.all": [100], "heads.yes": [10], "heads.no": [0], "heads.abstain": [0]}
        call |= {"heads.representatives.all": [9], "heads.representatives.yes": [0]}
        call |= {f"heads.representatives.{name}": [0] for name in ("no", "abstain", "taking_part", "present")}
        call |= {"heads.taking_part": [10], "heads.present": [10]}
        frame = pl.DataFrame({"matter": ["assembly"], **call})
        assert decide_all(every(law)["village_assembly_call"], frame).frame["outcome"].to_list() == ["passed"]

    def test_numbers_bases_and_days_are_those_of_the_table(self, law: Profile, rows: dict[str, dict[str, str]]) -> None:
        """Quorum and approval, what they are a share of, the measures, and the days in force agree row by row."""
        for name, ids in CARRIED.items():
            if ids[0] in CALLS:
                continue
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


class TestBesideDecisions:
    """What the other rows of the table say: how meetings are held, what is posted, and how one is consulted."""

    def test_notice_is_that_of_the_table(self, law: Profile, rows: dict[str, dict[str, str]]) -> None:
        """Ten, five and fifteen days; the old law on village committees ends with 2025."""
        for name, key, day in (
            ("village_assembly", "L15", "2025"),
            ("shandong_village_representatives", "L24", "2025"),
            ("beijing_owners_assembly", "L26", "2026"),
        ):
            days = re.search(r"(\d+) days(?:'|\b)", rows[key]["notes"])
            assert days is not None
            assert law.at(day).deliberation[name].notice_days == int(days[1])
        assert "village_assembly" not in law.at("2026").deliberation

    def test_an_election_waits_twenty_days_and_for_every_answer(self, law: Profile) -> None:
        """L16: objections in five days, answers in three; too early on the twentieth, in time on the twenty-first."""
        rule = law.at("2024").procedure["voters_list"]
        committee, villager = Actor("c", "committee"), Actor("v", "villager")
        begun = dt.datetime(2024, 3, 1, 9, tzinfo=dt.UTC)
        case = open_case(rule, "1", "post_list", committee, begun)
        with pytest.raises(Refused, match="out-of-time"):
            case.act("object", villager, begun + dt.timedelta(days=6))
        case = case.act("object", villager, begun + dt.timedelta(days=5))
        with pytest.raises(Refused, match="awaiting"):
            case.act("election_day", committee, begun + dt.timedelta(days=30))
        case = case.act("answer", committee, begun + dt.timedelta(days=8))
        with pytest.raises(Refused, match="too-early"):
            case.act("election_day", committee, begun + dt.timedelta(days=20))
        assert case.act("election_day", committee, begun + dt.timedelta(days=21)).outcome == "held"

    def test_what_is_disputed_goes_to_the_assembly(self, law: Profile) -> None:
        """L32; there is no rule of decisions in it, and none before the opinions came."""
        rule, committee = law.at("2016").procedure["consultation"], Actor("c", "committee")
        at = dt.datetime(2016, 3, 1, 9, tzinfo=dt.UTC)
        case = open_case(rule, "1", "set_agenda", committee, at)
        for step in ("choose_participants", "give_notice"):
            case = case.act(step, committee, at)
        assert case.act("discuss", committee, at, result="disputed").outcome == "to_assembly"
        assert case.act("discuss", committee, at, result="agreed").step == "discuss"
        assert "consultation" not in law.at("2015-07-21").procedure

    def test_village_affairs_are_posted_every_quarter(self, law: Profile) -> None:
        """L17: decisions and how they were carried out; half of it is no posting."""
        rules = law.at("2024").rules
        rows = {
            "village": ["a", "b"],
            "period": ["2024Q1"] * 2,
            "decisions": [True] * 2,
            "implementation": [True, False],
        }
        found = check_standards(rules.measures, rules.expectations, {"village_postings": pl.DataFrame(rows)})
        assert found.frame.select("subject", "met").rows() == [("a", "true"), ("b", "false")]
        assert "village_postings" not in law.at("2026").rules.measures
