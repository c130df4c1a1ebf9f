"""What holds of every decision, whatever the rule: the promises D1 to D10, D19 and D21."""

import random
import re
from fractions import Fraction
from itertools import product
from typing import Any

import polars as pl
import pytest
from attrs import evolve
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from communitygov.deliberation.count import count_votes, decide
from communitygov.deliberation.decide import decide_all
from communitygov.deliberation.explain import explain
from communitygov.deliberation.rules import Decision, Threshold
from communitygov.testing.strategies_deliberation import (
    STRATUM,
    ballots_frame,
    decisions,
    matters,
    register_frame,
)
from communitygov.vocabulary.errors import DataError
from communitygov.vocabulary.period import Period

THIRDS = Fraction(2, 3)
FEW = settings().max_examples // 4
"""Where each example puts together several large expressions."""


def share(measure: str, bound: str, of: str, value: Fraction) -> Threshold:
    said: dict[str, Any] = {"measure": measure, "of": of, bound: value}
    return Threshold(**said)


def both(bound: str, of: str, value: Fraction) -> Threshold:
    return Threshold(all_of={name: share(name, bound, of, value) for name in ("area", "heads")})


def article(passes: Threshold, quorum: Threshold | None = None, **more: Any) -> Decision:
    return Decision(passes=passes, quorum=quorum, article="1", since=Period.parse("2021"), **more)


OWNERS = article(both("more_than", "taking_part", Fraction(1, 2)), both("at_least", "all", THIRDS))
COLLECTIVE = article(share("heads", "at_least", "all", THIRDS), share("heads", "at_least", "all", THIRDS))
HEADS = article(share("heads", "more_than", "taking_part", Fraction(1, 2)), share("heads", "at_least", "all", THIRDS))
STATUTES = [
    OWNERS,
    COLLECTIVE,
    HEADS,
    article(both("at_least", "taking_part", Fraction(3, 4)), both("at_least", "all", THIRDS)),
    article(both("more_than", "all", Fraction(1, 2)), both("more_than", "all", Fraction(1, 2))),
    article(
        share("heads", "more_than", "present", Fraction(1, 2)),
        Threshold(
            any_of={
                "adults": share("heads", "more_than", "all", Fraction(1, 2)),
                "households": share("households", "at_least", "all", THIRDS),
            }
        ),
        quorum_by="present",
    ),
    article(share("heads", "more_than", "cast", Fraction(1, 2)), share("heads", "more_than", "all", Fraction(1, 2))),
]
STATUTORY = st.sampled_from(STATUTES)


def counts(all_: int, yes: int, no: int, abstain: int = 0) -> pl.DataFrame:
    part = yes + no + abstain
    said = {"all": all_, "present": part, "taking_part": part, "yes": yes, "no": no, "abstain": abstain}
    return pl.DataFrame({"matter": ["m"], **{f"{m}.{k}": [v] for m in ("heads", "area") for k, v in said.items()}})


def outcome(rule: Decision, units: Any, ballots: Any) -> str:
    register, cast = register_frame([units]), ballots_frame([ballots])
    return str(decide_all(rule, count_votes(rule, register, cast)).frame["outcome"][0])


class TestExactness:
    """D1."""

    @pytest.mark.parametrize(("came", "expected"), [(59, "rejected"), (60, "passed")])
    def test_two_thirds_of_90_are_60(self, came: int, expected: str) -> None:
        """At least two thirds of 90 is reached by 60 and not by 59."""
        assert decide_all(HEADS, counts(90, came, 0)).frame["outcome"].to_list() == [expected]

    @pytest.mark.parametrize(("yes", "expected"), [(30, "rejected"), (31, "passed")])
    def test_half_is_no_majority(self, yes: int, expected: str) -> None:
        """30 of 60 is not more than half; 31 is."""
        assert decide_all(HEADS, counts(60, yes, 60 - yes)).frame["outcome"].to_list() == [expected]

    @given(st.integers(1, 10**12), st.integers(1, 10**6), st.integers(1, 10**6), st.data())
    def test_no_share_is_off_by_one(self, base: int, top: int, bottom: int, data: st.DataObject) -> None:
        """However large the counts and fine the share, the least count is the first that reaches it as a fraction."""
        value = Fraction(min(top, bottom), max(top, bottom))
        bound = data.draw(st.sampled_from(["at_least", "more_than"])) if value < 1 else "at_least"
        rule = article(share("area", bound, "all", value))
        frame = counts(base, 0, 0)
        least = decide_all(rule, frame).parts["least"][0]
        assert (Fraction(least, base) >= value) if bound == "at_least" else (Fraction(least, base) > value)
        assert (Fraction(least - 1, base) < value) if bound == "at_least" else (Fraction(least - 1, base) <= value)
        both = pl.concat([counts(base, least, 0), counts(base, least - 1, 0).with_columns(matter=pl.lit("less"))])
        assert decide_all(rule, both).frame["outcome"].to_list() == ["passed", "rejected"]

    @settings(max_examples=FEW)
    @given(rule=decisions(), matter=matters())
    def test_no_number_is_a_float(self, rule: Any, matter: Any) -> None:
        """Counts, bases, bounds and margins are whole numbers, and shares fractions, in bulk and in the explanation."""
        units, ballots = matter
        register, cast = register_frame([units]), ballots_frame([ballots])
        counted = count_votes(rule, register, cast)
        decided = decide_all(rule, counted)
        for frame in (counted, decided.frame, decided.parts):
            assert not [name for name, kind in frame.schema.items() if kind.is_float()]
        for step in explain(rule, register, cast).walk():
            assert not [name for name, value in step.facts.items() if isinstance(value, float)]
            assert isinstance(step.facts.get("share", Fraction(0)), Fraction)


class TestOrderAndNames:
    """D2 and D3."""

    @settings(max_examples=FEW)
    @given(rule=decisions(), matter=matters(), seed=st.integers(0, 2**32))
    def test_the_order_of_rows_changes_nothing(self, rule: Any, matter: Any, seed: int) -> None:
        """D2: any order of register and ballots gives the same row."""
        units, ballots = matter
        order = random.Random(seed)
        mixed = order.sample(units, len(units)), order.sample(ballots, len(ballots))
        first = count_votes(rule, register_frame([units]), ballots_frame([ballots]))
        second = count_votes(rule, register_frame([mixed[0]]), ballots_frame([mixed[1]]))
        assert decide_all(rule, first).frame.rows() == decide_all(rule, second).frame.rows()

    @settings(max_examples=FEW)
    @given(rule=decisions(), matter=matters(), seed=st.integers(0, 2**32))
    def test_names_of_members_change_nothing(self, rule: Any, matter: Any, seed: int) -> None:
        """D3: exchanging the names of members, on the register and the ballots, changes no outcome."""
        units, ballots = matter
        names = sorted({unit["member"] for unit in units})
        other = dict(zip(names, random.Random(seed).sample(names, len(names)), strict=True))
        renamed = [[{**row, "member": other[row["member"]]} for row in rows] for rows in (units, ballots)]
        assert outcome(rule, units, ballots) == outcome(rule, *renamed)

    @given(matter=matters(unknown=False, least=2), data=st.data())
    def test_equals_may_exchange_their_ballots(self, matter: Any, data: st.DataObject) -> None:
        """D3: two heads who say each other's word leave a rule of heads where it was."""
        units, ballots = matter
        assume(len(ballots) >= 2)
        one, two = data.draw(st.permutations(range(len(ballots))))[:2]
        swapped = [dict(ballot) for ballot in ballots]
        swapped[one]["choice"], swapped[two]["choice"] = ballots[two]["choice"], ballots[one]["choice"]
        assert outcome(HEADS, units, ballots) == outcome(HEADS, units, swapped)


class TestMonotony:
    """D4 to D6."""

    @given(rule=STATUTORY, matter=matters(unknown=False), data=st.data())
    def test_a_yes_never_hurts(self, rule: Decision, matter: Any, data: st.DataObject) -> None:
        """D4: under every statute, turning no, abstain or absent into yes never turns passed into rejected."""
        units, ballots = matter
        member = data.draw(st.sampled_from(sorted({unit["member"] for unit in units})))
        kept = [ballot for ballot in ballots if ballot["member"] != member]
        after = [*kept, {"member": member, "choice": "yes", "proxy": None}]
        if outcome(rule, units, ballots) == "passed":
            assert outcome(rule, units, after) == "passed"

    @settings(max_examples=FEW)
    @given(rule=decisions(), matter=matters(unknown=False), data=st.data())
    def test_one_more_never_undoes_a_quorum(self, rule: Any, matter: Any, data: st.DataObject) -> None:
        """D5: whoever comes, with whatever opinion, a quorum that was reached stays so."""
        rule = evolve(rule, abstention="taking_part", proxy="vote")
        units, ballots = matter
        absent = sorted({unit["member"] for unit in units} - {ballot["member"] for ballot in ballots})
        assume(absent)
        choice = data.draw(st.sampled_from(["yes", "no", "abstain", "present"]))
        more = [*ballots, {"member": absent[0], "choice": choice, "proxy": None}]
        found = [
            decide_all(rule, count_votes(rule, register_frame([units]), ballots_frame([cast]))).frame["quorum"][0]
            for cast in (ballots, more)
        ]
        assert found[0] != "true" or found[1] == "true"

    def test_by_article_278_one_more_no_can_make_it_pass(self) -> None:
        """D6: 59 of 90 took part, all for it: no quorum; one more no, and it passes. The first says so."""
        before = decide_all(OWNERS, counts(90, 59, 0)).frame.row(0, named=True)
        after = decide_all(OWNERS, counts(90, 59, 1)).frame.row(0, named=True)
        assert (before["outcome"], before["no_show"], before["quorum_margin.heads"]) == ("rejected", True, 1)
        assert (after["outcome"], after["no_show"]) == ("passed", False)

    @given(top=st.integers(1, 5), bottom=st.integers(6, 9), all_=st.integers(2, 40), data=st.data())
    def test_whoever_would_do_so_is_told(self, top: int, bottom: int, all_: int, data: st.DataObject) -> None:
        """D6: one more no turns a matter without a quorum from rejected into passed just where the flag is up."""
        bound = data.draw(st.sampled_from(["more_than", "at_least"]))
        of = data.draw(st.sampled_from(["taking_part", "present", "cast", "all"]))
        rule = article(share("heads", bound, of, Fraction(top, bottom)), share("heads", "at_least", "all", THIRDS))
        yes = data.draw(st.integers(0, all_ - 1))
        no = data.draw(st.integers(0, all_ - 1 - yes))
        before = decide_all(rule, counts(all_, yes, no)).frame.row(0, named=True)
        after = decide_all(rule, counts(all_, yes, no + 1)).frame.row(0, named=True)
        assert before["no_show"] is (before["outcome"] == "rejected" and after["outcome"] == "passed")

    @given(matter=matters(unknown=False))
    def test_a_share_of_all_has_no_such_flag(self, matter: Any) -> None:
        """D6: under the law on collectives, whose base is all members, staying away never helps."""
        units, ballots = matter
        register = register_frame([units])
        assert not decide(COLLECTIVE, register, ballots_frame([ballots])).row["no_show"]


class TestAbstentions:
    """D7. That the base is named is held by `TestThreshold`: without it there is no rule."""

    @pytest.mark.parametrize(
        ("of", "abstention", "expected"),
        [
            ("taking_part", "taking_part", "rejected"),
            ("cast", "taking_part", "passed"),
            ("cast", "no", "rejected"),
            ("taking_part", "absent", "passed"),
        ],
    )
    def test_the_base_decides(self, of: str, abstention: str, expected: str) -> None:
        """30 yes and 30 abstentions: rejected of those taking part, passed of votes cast; and it is flagged."""
        rule = article(share("heads", "more_than", of, Fraction(1, 2)), abstention=abstention)
        row = decide_all(rule, counts(90, 30, 0, 30)).frame.row(0, named=True)
        assert row["outcome"] == expected
        assert row["abstentions_decide"] is True

    @pytest.mark.parametrize("of", ["taking_part", "cast"])
    def test_an_abstention_is_a_no_of_those_taking_part_and_nothing_of_votes_cast(self, of: str) -> None:
        """Of those taking part, yes must outnumber no and abstentions together; of votes cast, no alone."""
        votes = list(product(range(9), repeat=3))
        rule = article(share("heads", "more_than", of, Fraction(1, 2)))
        frame = pl.concat([counts(90, *cast).with_columns(matter=pl.lit(str(cast))) for cast in votes])
        found = dict(decide_all(rule, frame).frame.select("matter", "outcome").rows())
        for yes, no, abstain in votes:
            passes = yes > (no + abstain if of == "taking_part" else no)
            assert found[str((yes, no, abstain))] == ("passed" if passes else "rejected")

    @settings(max_examples=2 * FEW)
    @given(rule=decisions(), matter=matters(unknown=False))
    def test_they_are_flagged_exactly_where_they_decide(self, rule: Any, matter: Any) -> None:
        """The flag is up if and only if it would pass with a yes, and be rejected with a no, of all who abstained."""
        units, ballots = matter
        assume("households" not in [measure for measure, _ in rule.counted])  # one voice of several members
        turned = [
            [{**cast, "choice": into if cast["choice"] == "abstain" else cast["choice"]} for cast in ballots]
            for into in ("yes", "no")
        ]
        counted = count_votes(rule, register_frame([units] * 3), ballots_frame([ballots, *turned])).sort("matter")
        found = decide_all(rule, counted).frame
        assert found["abstentions_decide"][0] is (found["outcome"].to_list()[1:] == ["passed", "rejected"])

    @settings(max_examples=FEW)
    @given(rule=decisions(), matter=matters(unknown=False))
    def test_no_flag_without_an_abstention(self, rule: Any, matter: Any) -> None:
        """Where nobody abstained, abstentions do not decide."""
        units, ballots = matter
        cast = [ballot for ballot in ballots if ballot["choice"] != "abstain"]
        assert not decide(rule, register_frame([units]), ballots_frame([cast])).row["abstentions_decide"]


class TestOwners:
    """D8 and D10."""

    @settings(max_examples=FEW)
    @given(matter=matters(unknown=False, least=3))
    def test_no_owner_passes_a_motion_by_area_alone(self, matter: Any) -> None:
        """D8: with all of the area, one owner of three is no two thirds of the heads."""
        units, _ = matter
        rich = [{**unit, "area": 10**6 if unit["member"] == "m0" else 0} for unit in units]
        assert outcome(OWNERS, rich, [{"member": "m0", "choice": "yes", "proxy": None}]) == "rejected"

    @settings(max_examples=FEW)
    @given(rule=decisions(), matter=matters(), factor=st.integers(2, 10**4))
    def test_the_unit_of_area_does_not_matter(self, rule: Any, matter: Any, factor: int) -> None:
        """D10: all areas times a constant change no outcome."""
        units, ballots = matter
        scaled = [{**unit, "area": unit["area"] and unit["area"] * factor} for unit in units]
        assert outcome(rule, units, ballots) == outcome(rule, scaled, ballots)

    @settings(max_examples=FEW)
    @given(rule=decisions(), matter=matters(unknown=False))
    def test_two_units_of_one_owner_are_one_of_their_sum(self, rule: Any, matter: Any) -> None:
        """D10, D8: splitting a title among units of one owner makes no heads and changes no count."""
        units, ballots = matter
        sums: dict[str, Any] = {}
        for unit in units:
            one = sums.setdefault(unit["member"], {**unit, "area": 0, "votes": 0})
            one["area"], one["votes"] = one["area"] + unit["area"], one["votes"] + unit["votes"]
        found = [
            count_votes(rule, register_frame([rows]), ballots_frame([ballots])).rows()
            for rows in (units, list(sums.values()))
        ]
        assert found[0] == found[1]


class TestUnknown:
    """D9."""

    @settings(max_examples=FEW)
    @given(rule=decisions(), matter=matters(), seed=st.integers(0, 2**32))
    def test_what_is_decided_stays_decided_whatever_the_unknown_is(self, rule: Any, matter: Any, seed: int) -> None:
        """No outcome rests on a guess: filling in the unknown in any way leaves what was decided."""
        units, ballots = matter
        before = outcome(rule, units, ballots)
        draw = random.Random(seed)
        for _ in range(2):
            areas = [{**u, "area": draw.choice([0, 1, 5, 500]) if u["area"] is None else u["area"]} for u in units]
            said = [
                {**b, "choice": draw.choice(["yes", "no", "abstain"]) if b["choice"] == "unknown" else b["choice"]}
                for b in ballots
            ]
            assert before in ("undetermined", outcome(rule, areas, said)) or empty(rule, areas)

    @settings(max_examples=FEW // 2)
    @given(rule=decisions(), matter=matters(unknown=False), data=st.data())
    def test_a_count_that_is_missing_is_never_guessed(self, rule: Any, matter: Any, data: st.DataObject) -> None:
        """Whichever counts are struck out, presence or areas or votes, what is still decided is what it was."""
        units, ballots = matter
        whole = count_votes(rule, register_frame([units]), ballots_frame([ballots]))
        frames = [whole]
        for n in range(6):
            struck = data.draw(st.sets(st.sampled_from(whole.columns[1:]), min_size=1))
            gaps = [pl.lit(None, pl.Int64).alias(name) for name in struck]
            frames.append(whole.with_columns(*gaps, matter=pl.lit(f"struck {n}")))
        before, *left = decide_all(rule, pl.concat(frames)).frame.iter_rows(named=True)
        for after in left:
            assert after["outcome"] in ("undetermined", before["outcome"])
            assert after["missing"] != "" or after["outcome"] != "undetermined"

    @settings(max_examples=FEW)
    @given(rule=decisions(), matter=matters())
    def test_it_is_left_open_exactly_if_the_unknown_shares_decide(self, rule: Any, matter: Any) -> None:
        """Undetermined if and only if it passes were all unknown shares reached, and does not were none of them."""
        units, ballots = matter
        decided = decide_all(rule, count_votes(rule, register_frame([units]), ballots_frame([ballots])))
        reached = dict(decided.parts.select("part", "reached").rows())

        def holds(path: str, tree: Threshold, unknown: bool) -> bool:
            if tree.is_leaf:
                return {"true": True, "false": False, "undetermined": unknown}[reached[path]]
            return (all if tree.all_of else any)(holds(f"{path}.{key}", part, unknown) for key, part in tree.parts)

        best, worst = (all(holds(name, tree, unknown) for name, tree in rule.trees) for unknown in (True, False))
        expected = "undetermined" if best != worst else "passed" if best else "rejected"
        assert decided.frame["outcome"].to_list() == [expected]

    def test_an_unknown_area_leaves_it_open_unless_heads_decide(self) -> None:
        """Heads that fail decide, since both are needed; heads that hold do not."""
        frame = counts(90, 60, 0).with_columns(pl.lit(None, pl.Int64).alias("area.all"))
        row = decide_all(OWNERS, frame).frame.row(0, named=True)
        assert (row["outcome"], row["missing"]) == ("undetermined", "quorum.area")
        frame = counts(90, 59, 0).with_columns(pl.lit(None, pl.Int64).alias("area.all"))
        assert decide_all(OWNERS, frame).frame["outcome"].to_list() == ["rejected"]

    def test_an_empty_register_decides_nothing(self) -> None:
        """Two thirds of nobody is neither reached nor missed."""
        assert decide_all(COLLECTIVE, counts(0, 0, 0)).frame["outcome"].to_list() == ["undetermined"]

    def test_without_a_vote_nothing_passes(self) -> None:
        """Of votes cast there are none, and none is no majority."""
        rule = article(share("heads", "at_least", "cast", Fraction(1, 2)))
        assert decide_all(rule, counts(9, 0, 0)).frame["outcome"].to_list() == ["rejected"]


def empty(rule: Decision, units: Any) -> bool:
    """Return whether a register, filled in, has nothing of something that is counted: then it leaves open."""
    return any(measure in ("area", "votes") and not sum(unit[measure] for unit in units) for measure, _ in rule.counted)


class TestOneVoteEach:
    """D19, as far as a register and ballots can say it."""

    REGISTER = pl.DataFrame({"member": ["a", "b", "c", "d"]})

    def refused(self, rule: Decision, **ballots: Any) -> set[str]:
        with pytest.raises(DataError) as caught:
            decide(rule, self.REGISTER, pl.DataFrame(ballots))
        return {problem.code for problem in caught.value.problems}

    def test_nobody_votes_twice(self) -> None:
        """A member's ballot and that of a proxy are two ballots of one member."""
        ballots = {"member": ["a", "a"], "choice": ["yes", "yes"], "proxy": [None, "b"]}
        assert self.refused(HEADS, **ballots) == {"duplicate-row"}

    def test_nobody_votes_who_is_not_on_the_register(self) -> None:
        """A stranger's ballot is named, not left out."""
        assert self.refused(HEADS, member=["x"], choice=["yes"]) == {"not-on-register"}

    def test_a_choice_is_one_of_the_known(self) -> None:
        """What is neither yes nor no nor one of the others is named."""
        assert self.refused(HEADS, member=["a"], choice=["Yes"]) == {"unknown-vote"}

    def test_nobody_holds_more_proxies_than_allowed(self) -> None:
        """Three mandates in one hand are over a cap of two, and two are not."""
        rule = evolve(HEADS, proxies_each=2)
        many = {"member": ["b", "c", "d"], "choice": ["yes"] * 3, "proxy": ["a"] * 3}
        assert self.refused(rule, **many) == {"proxy-over-cap"}
        few = pl.DataFrame({**many, "proxy": ["a", "a", None]})
        assert decide(rule, self.REGISTER, few).outcome == "passed"

    def test_where_no_proxy_is_allowed_its_ballot_is_none(self) -> None:
        """Under a committee's rule, who sends somebody stays away."""
        rule = evolve(HEADS, proxy="refused")
        ballots = pl.DataFrame({"member": ["a", "b", "c"], "choice": ["yes"] * 3, "proxy": [None, None, "a"]})
        assert decide(HEADS, self.REGISTER, ballots).outcome == "passed"
        assert decide(rule, self.REGISTER, ballots).row["quorum"] == "false"

    def test_no_member_stands_in_two_households(self) -> None:
        """Who did would make two households come."""
        register = pl.DataFrame({"member": ["a", "a"], "household": ["x", "y"]})
        with pytest.raises(DataError, match="two-households"):
            decide(STATUTES[5], register, pl.DataFrame({"member": ["a"], "choice": ["yes"]}))

    @given(rule=decisions(), matter=matters(unknown=False))
    def test_no_more_is_voted_than_there_is(self, rule: Any, matter: Any) -> None:
        """The sum of weights voted never exceeds the register."""
        units, ballots = matter
        row = count_votes(rule, register_frame([units]), ballots_frame([ballots])).row(0, named=True)
        for measure, stratum in rule.counted:
            if measure == "households":  # whose voices may be apart, and then are not known
                continue
            name = ".".join(filter(None, (measure, stratum)))
            assert row[f"{name}.yes"] + row[f"{name}.no"] + row[f"{name}.abstain"] <= row[f"{name}.taking_part"]
            assert row[f"{name}.taking_part"] <= row[f"{name}.present"] <= row[f"{name}.all"]

    @pytest.mark.parametrize("count", ["heads.taking_part", "heads.present", "heads.yes"])
    def test_counts_that_cannot_all_be_true_are_refused(self, count: str) -> None:
        """More who come than there are, or more votes than voters, are an error of the data."""
        with pytest.raises(DataError, match="counts-disagree"):
            decide_all(HEADS, counts(60, 30, 20).with_columns(pl.lit(61).alias(count)))

    def test_two_kinds_of_frame_are_refused(self) -> None:
        """Register and ballots are of one kind."""
        ballots = pl.DataFrame({"matter": ["m"], "member": ["a"], "choice": ["yes"]})
        with pytest.raises(DataError, match="frames-of-two-kinds"):
            count_votes(HEADS, self.REGISTER.with_columns(matter=pl.lit("m")), ballots.lazy())


SENTENCES = (
    re.compile(
        r"(?P<count>\d+|\?)，(?P<of>\D+?) (?P<base>\d+|\?)，须(?P<more>超过|达) (?P<share>[\d./%]+)"
        r"(，即至少 (?P<least>\d+))?"
    ),
    re.compile(
        r"(?P<count>\d+|\?) of (?P<base>\d+|\?) (?P<of>.+?), (?P<more>more than )?(?P<share>[\d./%]+) needed"
        r"(: (?P<least>\d+))?"
    ),
)
"""How a share is told, in Chinese and in English."""


def retold(step: Any, language: int) -> bool | None:
    """Whether what a step speaks of holds, by its printed words and those below it; None if they do not say."""
    text = (step.text.zh, step.text.en)[language]
    if step.children:
        found = [retold(child, language) for child in step.children]
        decisive = text.startswith(("任一", "one of")[language])
        return decisive if decisive in found else None if None in found else not decisive
    told = SENTENCES[language].search(text)
    assert told is not None, text
    if "?" in (told["count"], told["base"]):
        return None
    count, base = int(told["count"]), int(told["base"])
    if base == 0:
        return None if told["of"].endswith(("全体", "in all")[language]) else False
    share = Fraction(told["share"].rstrip("%")) / (100 if told["share"].endswith("%") else 1)
    more = told["more"] in ("超过", "more than ")
    reached = [
        n > share * base if more else n >= share * base for n in (count, int(told["least"]), int(told["least"]) - 1)
    ]
    assert reached[1:] == [True, False]
    return reached[0]


class TestExplanation:
    """D21."""

    @given(rule=decisions(), matter=matters())
    def test_the_printed_numbers_are_enough(self, rule: Any, matter: Any) -> None:
        """From the count, base, share and bound of each part, and how they are joined, the outcome follows by hand."""
        units, ballots = matter
        tree = explain(rule, register_frame([units]), ballots_frame([ballots]))

        def by_hand(step: Any) -> bool | None:
            facts = step.facts
            if "join" in facts:
                found = [by_hand(child) for child in step.children]
                if facts["join"] == "all_of":
                    return False if False in found else None if None in found else True
                return True if True in found else None if None in found else False
            if facts["count"] is None or facts["base"] is None or (facts["base"] == 0 and facts["of"] == "all"):
                return None
            if facts["base"] == 0:
                return False
            asked = facts["share"].numerator * facts["base"]
            reached = facts["count"] * facts["share"].denominator
            return bool(reached > asked if facts["bound"] == "more_than" else reached >= asked)

        found = [by_hand(child) for child in tree.children]
        expected = "rejected" if False in found else "undetermined" if None in found else "passed"
        assert tree.value == expected

    @given(rule=decisions(), matter=matters())
    def test_the_printed_words_are_enough(self, rule: Any, matter: Any) -> None:
        """From the sentences alone, in either language, follows the outcome at their end; the article is named."""
        units, ballots = matter
        tree = explain(rule, register_frame([units]), ballots_frame([ballots]))
        assert tree.words is not None
        ends = {"passed": ("通过", "passed"), "rejected": ("未通过", "rejected")}
        for n, said in enumerate(ends.get(tree.value, ("无法判定", "undetermined"))):
            words = [str((step.text.zh, step.text.en)[n]) for step in (tree, *tree.children) if step.text]
            assert words[0].endswith((f"：{said}（第1条）", f": {said} (article 1)")[n])
            found = [retold(step, n) for step in tree.children]
            assert tree.value == ("rejected" if False in found else "undetermined" if None in found else "passed")
            assert all(part in words[0] for part in words[1:])

    def test_the_paradox_is_told_in_words(self) -> None:
        """59 of 90 owners took part: the explanation says that one more no would make it pass."""
        register = pl.DataFrame({"member": [f"m{n}" for n in range(90)], "area": [100] * 90})
        ballots = pl.DataFrame({"member": [f"m{n}" for n in range(59)], "choice": ["yes"] * 59})
        tree = explain(OWNERS, register, ballots)
        assert tree.text is not None
        assert "59 of 90 heads in all" in tree.text.en
        assert "one more who comes and votes no would make it pass: rejected" in tree.text.en
        assert "反而会通过" in tree.text.zh


class TestBackends:
    @settings(max_examples=settings().max_examples // 10, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(rule=decisions(), many=st.lists(matters(), min_size=3, max_size=5))
    def test_every_kind_of_frame_gives_the_same(self, kind: Any, rule: Any, many: Any) -> None:
        """Polars eager is the measure; every other kind agrees in every cell and gives its own kind back."""
        register, ballots = register_frame([units for units, _ in many]), ballots_frame([cast for _, cast in many])
        expected = count_votes(rule, register, ballots)
        given_register = kind.make(register)
        counted = count_votes(rule, given_register, kind.make(ballots))
        assert type(counted) is type(given_register)
        assert kind.rows(counted, "matter") == expected.sort("matter").rows()
        decided, wanted = decide_all(rule, kind.make(expected)), decide_all(rule, expected)
        assert kind.rows(decided.frame, "matter") == wanted.frame.sort("matter").rows()
        assert kind.rows(decided.parts, "matter", "part") == wanted.parts.sort("matter", "part").rows()


def test_the_stratum_of_the_strategies_is_used() -> None:
    """The frames that are drawn have the column of the stratum that is drawn."""
    assert f"in.{STRATUM}" in register_frame([]).columns
