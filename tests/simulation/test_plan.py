"""What a change of rules changes: in the rules, and in what comes of them on the same facts."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import narwhals as nw
import polars as pl
import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st
from tests.kinds import KINDS as FRAMES

from communitygov.certification.certify import Certified, certify
from communitygov.documents.layers import Layer
from communitygov.documents.reading import read_text
from communitygov.procedure.judge import judge
from communitygov.procedure.logs import read_own_log
from communitygov.procedure.rates import rates
from communitygov.profile.profile import Profile, Reform, RuleSet
from communitygov.profile.reading import read_profile, read_reform
from communitygov.profile.rules import ReformFile
from communitygov.simulation.plan import Flow, plan
from communitygov.vocabulary.errors import DataError, UsageError

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
TOY = Path(__file__).parent.parent / "profile" / "toy"
SCORES = pl.DataFrame(
    {
        "subject": [f"c{i:02}" for i in range(20)],
        "score": [4000 - 10 * i for i in range(20)],
        "street": ["north" if i % 2 else "south" for i in range(20)],
    }
)
KINDS: dict[str, Callable[[pl.DataFrame], Any]] = {
    "polars": lambda frame: frame,
    "lazy": lambda frame: frame.lazy(),
    "pandas": lambda frame: frame.to_pandas(),
    "pyarrow": lambda frame: frame.to_arrow(),
    "duckdb": lambda frame: duckdb.sql("select * from frame"),
}


@pytest.fixture(scope="module")
def toy() -> Profile:
    return read_profile(TOY)


@pytest.fixture
def reform(tmp_path: Path) -> Callable[..., Reform]:
    """Read a reform from what it changes and when."""

    def read(changes: str, dates: str = "", name: str = "tried") -> Reform:
        file = tmp_path / f"{name}.yaml"
        file.write_text(f"reform: {name}\n{dates}changes: {changes}\n", encoding="utf-8")
        return read_reform(file)

    return read


def certified(rules: RuleSet, frame: Any = SCORES) -> Certified:
    return certify(rules.certification["star"], frame, year=2024)


def rows(frame: Any) -> list[dict[str, Any]]:
    """Return a frame of any kind as rows."""
    taken = nw.from_native(frame)
    eager = taken.collect() if isinstance(taken, nw.LazyFrame) else taken
    found = [dict(zip(eager.columns, row, strict=True)) for row in eager.rows()]
    return [{key: None if value != value else value for key, value in row.items()} for row in found]


class TestRules:
    def test_each_change_says_what_who_where_and_by_which_clause(
        self, toy: Profile, reform: Callable[..., Reform]
    ) -> None:
        """A change names the value and the one before, the layer, file and line of both, and the clause."""
        gold = reform("{certification: {star: {tiers: {gold: {share: 20%}}}}}")
        compared = plan(toy.at(2024), toy.at(2024, reforms=[gold]))
        (change,) = compared.changes
        assert (change.path, change.old.text(), change.new.text()) == (
            "certification.star.tiers.gold.share",
            "10%",
            "20%",
        )
        assert (change.place.line, str(change.was_place), change.layer) == (2, "toy/rules.yaml:51:58", "reform tried")
        assert change.clause == ("T-04",)
        en, zh = compared.say("en").splitlines()[1], compared.say("zh").splitlines()[1]
        file = gold.layer.patch.place.file
        assert en == (
            f"  certification.star.tiers.gold.share: 20%, reform tried {file}:2, was 10% (toy/rules.yaml:51) [T-04]"
        )
        assert zh == (
            f"  certification.star.tiers.gold.share：20%，改革方案 tried {file}:2，原为 10% (toy/rules.yaml:51) [T-04]"
        )

    def test_rules_can_be_compared_alone(self, toy: Profile, reform: Callable[..., Reform]) -> None:
        """Without results the verdict speaks of the rules, and there are no frames."""
        one = reform("{certification: {star: {cap: 3}}}")
        two = reform("{certification: {star: {cap: 3, ties: out}}}")
        compared = plan(toy.at(2024), toy.at(2024, reforms=[one]))
        assert compared.verdict.en == "2024: the rules differ in 1 value"
        assert plan(toy.at(2024), toy.at(2024, reforms=[two])).verdict.en == "2024: the rules differ in 2 values"
        assert compared.verdict.zh == "2024 年：规则有 1 处不同"
        assert (compared.moved, compared.counts, compared.groups, compared.outcomes) == (None, None, None, None)
        assert (compared.flows, compared.movers) == ((), 0)


class TestNothing:
    def test_the_same_rules(self, toy: Profile) -> None:
        """Where the rules do not differ, that is said."""
        rules = toy.at(2024)
        compared = plan(rules, rules, certified(rules), certified(rules))
        assert compared.say("en") == "this changes nothing in 2024: the two sets of rules are the same then"
        assert compared.say("zh") == "此改动在 2024 年不改变任何事：两套规则当时完全相同"

    def test_a_reform_that_says_what_the_rules_say(self, toy: Profile, reform: Callable[..., Reform]) -> None:
        """A reform that sets every value to what it is changes nothing."""
        same = reform("{certification: {star: {tiers: {gold: {share: 10%}}}}}")
        compared = plan(toy.at(2024), toy.at(2024, reforms=[same]), reforms=[same])
        assert compared.verdict.en == "this reform changes nothing in 2024: the two sets of rules are the same then"

    @pytest.mark.parametrize(
        ("dates", "en", "zh"),
        [
            ("from: 2026\n", "is in force from 2026 on", "自 2026 起生效"),
            ("until: 2023\n", "is in force until 2023", "至 2023 止生效"),
            ("from: 2026\nuntil: 2027\n", "is in force from 2026 on until 2027", "自 2026 起至 2027 止生效"),
        ],
    )
    def test_a_reform_that_is_not_in_force_then(
        self, toy: Profile, reform: Callable[..., Reform], dates: str, en: str, zh: str
    ) -> None:
        """A reform of another time is named, with its time."""
        late = reform("{certification: {star: {cap: 3}}}", dates)
        new = toy.at(2024, reforms=[late])
        compared = plan(toy.at(2024), new, certified(toy.at(2024)), certified(new), reforms=[late])
        assert compared.say("en") == f"this reform changes nothing in 2024: tried {en}"
        assert compared.say("zh") == f"此改革方案在 2024 年不改变任何事：tried {zh}"

    def test_rules_that_differ_and_touch_nobody(self, toy: Profile, reform: Callable[..., Reform]) -> None:
        """Where the rules differ and nobody's result does, both are said, and the frames say who stays where."""
        cap = reform("{certification: {star: {cap: 6}}}")
        new = toy.at(2024, reforms=[cap])
        compared = plan(toy.at(2024), new, certified(toy.at(2024)), certified(new), reforms=[cap])
        assert compared.verdict.en == (
            "this reform changes nothing in 2024: the rules differ in 1 value, nobody's result does"
        )
        assert compared.verdict.zh == "此改革方案在 2024 年不改变任何事：规则有 1 处不同，但无人结果不同"
        assert rows(compared.moved) == []
        assert {(flow.old, flow.new): flow.subjects for flow in compared.flows} == {
            ("gold", "gold"): 2,
            ("silver", "silver"): 4,
            (None, None): 14,
        }


class TestMoves:
    @pytest.mark.parametrize("kind", KINDS)
    def test_who_moved_from_where_to_where_and_why(
        self, toy: Profile, reform: Callable[..., Reform], kind: str
    ) -> None:
        """Each mover with both outcomes and both reasons, the migration matrix and the outcomes, on every backend."""
        wider = reform("{certification: {star: {tiers: {gold: {share: 20%}, silver: {share: 25%}}}}}")
        old, new = toy.at(2024), toy.at(2024, reforms=[wider])
        frame = KINDS[kind](SCORES)
        compared = plan(old, new, certified(old, frame), certified(new, frame))
        assert type(compared.moved) is type(certified(old, frame).frame)
        assert sorted(rows(compared.moved), key=lambda row: row["subject"]) == [
            {"subject": subject, "year": 2024, "old": "silver", "new": now, "old_reason": "in_quota", "new_reason": why}
            for subject, now, why in (("c02", "gold", "in_quota"), ("c03", "gold", "in_quota"), ("c05", None, "below"))
        ]
        flows = [("gold", "gold", 2), ("silver", "gold", 2), ("silver", "silver", 1), ("silver", None, 1)]
        flows.append((None, None, 14))
        assert {(row["old"], row["new"], row["subjects"]) for row in rows(compared.counts)} == set(flows)
        assert set(compared.flows) == {Flow(*flow) for flow in flows}
        assert sorted(rows(compared.outcomes), key=str) == sorted(
            [
                {"outcome": None, "before": 14, "after": 15},
                {"outcome": "gold", "before": 2, "after": 4},
                {"outcome": "silver", "before": 4, "after": 1},
            ],
            key=str,
        )
        assert compared.movers == 3
        assert compared.verdict.en == "2024: the rules differ in 2 values, the results of 3 subjects do"

    def test_one_mover_is_one(self, toy: Profile, reform: Callable[..., Reform]) -> None:
        """The verdict counts in words that fit the number; flows follow it, from and to."""
        new = toy.at(2024, reforms=[reform("{certification: {star: {tiers: {gold: {share: 15%}}}}}")])
        compared = plan(toy.at(2024), new, certified(toy.at(2024)), certified(new))
        assert compared.verdict.en == "2024: the rules differ in 1 value, the results of 1 subject do"
        assert compared.verdict.zh == "2024 年：规则有 1 处不同，1 个对象结果不同"
        assert compared.say("en").splitlines()[-1] == "  silver → gold: 1"
        assert compared.say("zh").splitlines()[-1] == "  silver → gold：1"
        back = plan(new, toy.at(2024, readings={"rounding": "up"}), certified(new), certified(toy.at(2024)))
        assert back.say("en").splitlines()[-1] == "  gold → silver: 1"

    def test_who_loses_everything_goes_to_none(self, toy: Profile, reform: Callable[..., Reform]) -> None:
        """No outcome is an outcome: it has a name in both languages, and a row of its own."""
        new = toy.at(2024, reforms=[reform("{certification: {star: {cap: 0}}}")])
        compared = plan(toy.at(2024), new, certified(toy.at(2024)), certified(new))
        assert compared.say("en").splitlines()[-2:] == ["  gold → none: 2", "  silver → none: 4"]
        assert compared.say("zh").splitlines()[-2:] == ["  gold → 无：2", "  silver → 无：4"]

    def test_groups_are_counted_apart(self, toy: Profile, reform: Callable[..., Reform]) -> None:
        """The matrix of each group adds up to the whole."""
        grouped = reform("{certification: {star: {group_by: street}}}", name="streets")
        more = reform("{certification: {star: {tiers: {gold: {share: 20%}}}}}", name="more")
        old, new = toy.at(2024, reforms=[grouped]), toy.at(2024, reforms=[grouped, more])
        compared = plan(old, new, certified(old), certified(new), group="group")
        found = rows(compared.groups)
        assert {row["group"] for row in found} == {"north", "south"}
        moved = {row["group"]: row["subjects"] for row in found if row["old"] != row["new"]}
        assert moved == {"north": 1, "south": 1}
        for flow in compared.flows:
            same = [row["subjects"] for row in found if (row["old"], row["new"]) == (flow.old, flow.new)]
            assert sum(same) == flow.subjects

    @pytest.mark.parametrize("kind", KINDS)
    def test_any_column_of_the_facts_can_be_counted_by(
        self, toy: Profile, reform: Callable[..., Reform], kind: str
    ) -> None:
        """Who gains and who loses, street by street, on every backend; the facts may have more rows."""
        wider = reform("{certification: {star: {tiers: {gold: {share: 20%}, silver: {share: 25%}}}}}")
        old, new = toy.at(2024), toy.at(2024, reforms=[wider])
        scores = SCORES.drop("street")
        others = pl.DataFrame({"subject": ["c00", "z99"], "street": ["south", "west"]})
        facts = pl.concat([SCORES.select("subject", "street"), others])
        sides = [certified(rules, KINDS[kind](scores)) for rules in (old, new)]
        compared = plan(old, new, *sides, group="street", facts=KINDS[kind](facts))
        assert type(compared.group_outcomes) is type(compared.outcomes)
        found = {(row["group"], row["outcome"]): row for row in rows(compared.group_outcomes)}
        expected = {
            ("north", "gold"): (1, 2),
            ("north", "silver"): (2, 0),
            ("north", None): (7, 8),
            ("south", "gold"): (1, 2),
            ("south", "silver"): (2, 1),
            ("south", None): (7, 7),
        }
        assert {key: (row["before"], row["after"]) for key, row in found.items()} == expected
        assert all(row["difference"] == row["after"] - row["before"] for row in found.values())

    @given(streets=st.lists(st.sampled_from("甲乙丙"), min_size=20, max_size=20), gold=st.integers(0, 30))
    def test_groups_add_up_to_the_whole(self, toy: Profile, streets: list[str], gold: int) -> None:
        """For any streets and any cut: counts by street are those of the results with the street joined on."""
        patch = read_text(f"certification: {{star: {{tiers: {{gold: {{share: {gold}%}}}}}}}}")
        new = toy.at(2024, reforms=[Reform(ReformFile(reform="cut", changes=patch), Layer("reform", "cut", patch))])
        facts = SCORES.with_columns(street=pl.Series(streets, dtype=pl.String))
        before, after = certified(toy.at(2024)), certified(new)
        compared = plan(toy.at(2024), new, before, after, group="street", facts=facts)
        counted = {}
        for side, result in (("before", before), ("after", after)):
            by_street = result.frame.join(facts.select("subject", "street"), on="subject").group_by("street", "tier")
            for street, tier, count in by_street.len().rows():
                counted[street, tier, side] = count
        for row in rows(compared.group_outcomes):
            for side in ("before", "after"):
                assert row[side] == counted.pop((row["group"], row["outcome"], side), 0)
        assert counted == {}
        assert compared.group_outcomes["difference"].sum() == 0
        assert sum(row["subjects"] for row in rows(compared.groups)) == len(SCORES)

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_subject_is_counted_in_one_group(self, toy: Profile, kind: str) -> None:
        """Two values for a subject, none, or no row of it are errors of the data that name it."""
        rules = toy.at(2024)
        side = certified(rules, KINDS[kind](SCORES))

        def counted(facts: pl.DataFrame, group: str = "street") -> None:
            plan(rules, rules, side, side, group=group, facts=KINDS[kind](facts))

        moved = pl.DataFrame({"subject": ["c03"], "score": [1], "street": ["south"]})
        with pytest.raises(DataError, match=r"two-groups: column `street`: .*; 2 rows: c03 \(north\), c03 \(south\)"):
            counted(pl.concat([SCORES, moved]))
        empty = SCORES.with_columns(street=pl.when(pl.col("subject") != "c04").then("street"))
        with pytest.raises(DataError, match="missing-value: column `street`: the value is missing; 1 row: c04"):
            counted(empty)
        with pytest.raises(DataError, match=r"no-group: .*the facts do not say its street; 1 row: c19"):
            counted(SCORES.head(19))
        with pytest.raises(DataError, match=r"facts has no column `stret` .*did you mean `street`"):
            counted(SCORES, "stret")

    def test_a_street_is_that_of_the_year(self, toy: Profile) -> None:
        """Facts with a year are those of the year: who was elsewhere in another year has one street, not two."""
        rules = toy.at(2024)
        side = certified(rules)
        facts = pl.concat(
            [
                SCORES.with_columns(year=2024),
                SCORES.with_columns(year=2023, street=pl.lit("elsewhere")),
            ]
        )
        compared = plan(rules, rules, side, side, group="street", facts=facts)
        assert {row["group"] for row in rows(compared.groups)} == {"north", "south"}

    @given(shares=st.tuples(st.integers(1, 30), st.integers(30, 100), st.integers(1, 30), st.integers(30, 100)))
    def test_nobody_is_lost_or_counted_twice(self, toy: Profile, shares: tuple[int, int, int, int]) -> None:
        """For any two cuts: the matrix counts every subject once, its margins are the tiers, its rest the movers."""
        sides = []
        for gold, silver in (shares[:2], shares[2:]):
            patch = read_text(
                f"certification: {{star: {{tiers: {{gold: {{share: {gold}%}}, silver: {{share: {silver}%}}}}}}}}"
            )
            reform = Reform(ReformFile(reform="cuts", changes=patch), Layer("reform", "cuts", patch))
            sides.append(toy.at(2024, reforms=[reform]))
        before, after = (certified(rules) for rules in sides)
        compared = plan(*sides, before, after)
        assert sum(flow.subjects for flow in compared.flows) == len(SCORES)
        assert compared.movers == len(compared.moved)
        for side, result in (("before", before), ("after", after)):
            tiers = dict(result.frame.group_by("tier").len().rows())
            found = {row["outcome"]: row[side] for row in rows(compared.outcomes) if row[side]}
            assert found == tiers


@frozen
class Result:
    """What some other verb returns."""

    frame: Any
    key: tuple[str, ...] = ("name",)
    outcome: tuple[str, ...] = ("top", "bottom")
    because: tuple[str, ...] = ("rows",)


class TestAnyVerb:
    def test_results_of_several_columns_are_compared_as_one(self, toy: Profile) -> None:
        """A ratio is an outcome like a tier; a result without a year is of the year of the rules."""
        before = Result(
            pl.DataFrame({"name": ["a", "b", "c"], "top": [1, 2, None], "bottom": [3, 3, 3], "rows": [3, 3, 1]})
        )
        after = Result(
            pl.DataFrame({"name": ["c", "b", "a"], "top": [None, 2, 2], "bottom": [3, 3, 3], "rows": [1, 3, 4]})
        )
        compared = plan(toy.at(2023), toy.at(2024), before, after)
        assert rows(compared.moved) == [{"name": "a", "old": "1/3", "new": "2/3", "old_reason": "3", "new_reason": "4"}]
        assert compared.period == "2024"

    def test_unlike_results_are_not_compared(self, toy: Profile) -> None:
        """Results of two verbs, or of two years, are refused in a sentence."""
        rules = toy.at(2024)
        other = certify(rules.certification["star"], SCORES, year=2025)
        for unlike in (other, Result(SCORES)):
            with pytest.raises(UsageError, match="unlike-results: the two results are of different verbs or years"):
                plan(rules, rules, certified(rules), unlike)

    def test_results_of_other_subjects_are_not_compared(self, toy: Profile) -> None:
        """Facts that are not the same would show as nobody moved: they are refused, with the counts."""
        rules = toy.at(2024)
        with pytest.raises(UsageError, match="20 rows before, 19 after, 19 in common"):
            plan(rules, rules, certified(rules), certified(rules, SCORES.head(19)))


class TestOrders:
    """Orders, judged by two sets of rules, are compared as stars are."""

    def test_a_shorter_limit_makes_some_late_and_nobody_is_lost(self) -> None:
        """Who moved is who is judged otherwise; flows add up to all cases; the rate falls."""
        lamps, shorter = read_profile(EXAMPLES / "lamps"), read_reform(EXAMPLES / "lamps-24-hours.yaml")
        old, new = lamps.at("2024-03-01"), lamps.at("2024-03-01", reforms=[shorter])
        before, after = (rules.procedure["repair"] for rules in (old, new))
        log = read_own_log(EXAMPLES / "lamps-events.csv", before)
        at = dt.datetime(2024, 3, 8, tzinfo=ZoneInfo("Asia/Shanghai"))
        judged = [judge(rule, log, at) for rule in (before, after)]
        compared = plan(old, new, *judged)
        cases = [one.cases.sort("case").select("case", *one.outcome).rows() for one in judged]
        differ = {one[0] for one, other in zip(*cases, strict=True) if one != other}
        assert differ
        assert set(compared.moved["case"]) == differ
        assert sum(flow.subjects for flow in compared.flows) == len(cases[0])
        taken = [rates(rule, one) for rule, one in zip((before, after), judged, strict=True)]
        (row,) = plan(old, new, *taken).moved.rows(named=True)
        assert (row["rate"], row["old"] != row["new"]) == ("in_time", True)
        assert plan(old, old, judged[0], judged[0]).moved.is_empty()

    @pytest.mark.parametrize("kind", FRAMES, ids=lambda kind: kind.name)
    def test_a_result_of_which_a_part_is_missing_is_compared_by_the_others(self, toy: Profile, kind: Any) -> None:
        """A case that is open, and late under one of the rules, has moved: it is not taken for one without a result."""
        old = pl.DataFrame({"case": ["a", "b", "c"], "outcome": [None, None, "done"], "faults": [0, None, 1]})
        old = old.with_columns(pl.col("outcome").cast(pl.String))
        new = old.with_columns(faults=pl.Series([1, None, 1]))
        names = {"key": ("case",), "outcome": ("outcome", "faults"), "because": ("faults",)}
        before, after = (Result(kind.make(one), **names) for one in (old, new))
        compared = plan(toy.at(2024), toy.at(2024), before, after)
        assert [(row["case"], row["old"], row["new"]) for row in rows(compared.moved)] == [("a", "/0", "/1")]
        assert sorted(map(str, (flow.old for flow in compared.flows))) == ["/0", "None", "done/1"]
