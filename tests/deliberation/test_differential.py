"""The verb, in whole numbers and in bulk, and the explanation, in fractions and from rows, are one rule."""

from fractions import Fraction
from typing import Any

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.kinds import KINDS

from communitygov.deliberation.count import count_votes, decide
from communitygov.deliberation.decide import decide_all
from communitygov.deliberation.explain import explain, explain_counts, explain_tally
from communitygov.deliberation.rules import Decision, Threshold
from communitygov.deliberation.tally import tally_of, voters_of
from communitygov.testing.strategies_deliberation import ballots_frame, decisions, matters, register_frame
from communitygov.vocabulary.errors import DataError, UsageError
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.text import Title

SINCE = Period.parse("2021")
MANY = st.lists(matters(), min_size=26, max_size=30)


class TestDecide:
    @settings(max_examples=settings().max_examples)
    @given(rule=decisions(), many=MANY)
    def test_agrees_with_the_explanation_on_over_a_thousand_matters(self, rule: Any, many: Any) -> None:
        """Outcome, quorum, flags, margins and every share of every matter of a frame are what one by one they are."""
        register, ballots = register_frame([units for units, _ in many]), ballots_frame([cast for _, cast in many])
        counts = count_votes(rule, register, ballots)
        decided = decide_all(rule, counts)
        rows = {row["matter"]: row for row in decided.frame.rows(named=True)}
        parts = {(row["matter"], row["part"]): row for row in decided.parts.rows(named=True)}
        assert len(rows) == len(many)
        told = explain(rule, register, ballots, matter=next(iter(rows)))
        assert told == explain_counts(rule, counts, matter=next(iter(rows)))
        for matter, row in rows.items():
            units, cast = (frame.filter(matter=matter).rows(named=True) for frame in (register, ballots))
            tree = explain_tally(tally_of(rule, *voters_of(rule, units, cast)))
            assert tree.value == row["outcome"]
            assert tree.find("passes").value == row["passes"]
            for name, value in row.items():
                if name.startswith(("margin.", "quorum_margin.")) or name in ("no_show", "abstentions_decide"):
                    assert tree.facts[name] == value, name
            assert {name for name in tree.facts if "margin." in name} == {name for name in row if "margin." in name}
            leaves = [step for step in tree.walk() if "share" in step.facts]
            for leaf in leaves:
                found = parts[matter, leaf.facts["path"]]
                wanted = {name: leaf.facts[name] for name in ("count", "base", "least", "margin", "of", "measure")}
                assert {**wanted, "reached": leaf.value} == {name: found[name] for name in [*wanted, "reached"]}

    @settings(max_examples=settings().max_examples // 2)
    @given(rule=decisions(), matter=matters())
    def test_who_decides_alone_is_who_by_turning_would_turn_it(self, rule: Any, matter: Any) -> None:
        """Each decider's ballot, turned and explained anew, turns the outcome, and nobody else's does."""
        units, ballots = matter
        register = register_frame([units])
        one = decide(rule, register, ballots_frame([ballots]))
        found = []
        before = explain(rule, register, ballots_frame([ballots])).value
        for ballot in ballots if before != "undetermined" else ():
            if ballot["choice"] in ("yes", "no", "abstain"):
                other = {**ballot, "choice": "no" if ballot["choice"] == "yes" else "yes"}
                turned = [other if each is ballot else each for each in ballots]
                after = explain(rule, register, ballots_frame([turned])).value
                if (after != "passed") if before == "passed" else (after == "passed"):
                    found.append(ballot["member"])
        assert list(one.deciders) == found
        assert one.outcome == before


class TestBadInput:
    """What the verb refuses, the explanation refuses with the same codes."""

    RULE = Decision(passes=Threshold(measure="area", more_than=Fraction(1, 2), of="all"), article="1", since=SINCE)
    REGISTER = pl.DataFrame({"member": ["a", "b"], "area": [1, 2]})
    BALLOTS = pl.DataFrame({"member": ["a"], "choice": ["yes"]})

    @pytest.mark.parametrize(
        ("register", "ballots"),
        [
            (REGISTER.drop("area"), BALLOTS),
            (REGISTER.with_columns(area=-pl.col("area")), BALLOTS),
            (REGISTER, pl.concat([BALLOTS, BALLOTS])),
            (REGISTER, BALLOTS.with_columns(choice=pl.lit("aye"))),
            (REGISTER, BALLOTS.with_columns(member=pl.lit("z"))),
        ],
        ids=["no area", "negative area", "a vote twice", "a choice that is none", "a stranger"],
    )
    def test_votes(self, register: pl.DataFrame, ballots: pl.DataFrame) -> None:
        """A missing or negative area, a vote twice, a choice that is none, a member of no register."""
        codes = []
        for ask in (decide, explain):
            with pytest.raises(DataError) as error:
                ask(self.RULE, register, ballots)
            codes.append([one.code for one in error.value.problems])
        assert codes[0] == codes[1]

    def test_counts(self) -> None:
        """More who take part than there are."""
        counts = count_votes(
            self.RULE, *(frame.with_columns(matter=pl.lit("m")) for frame in (self.REGISTER, self.BALLOTS))
        )
        wrong = counts.with_columns(pl.lit(9).alias("area.taking_part"))
        for ask in (decide_all, explain_counts):
            with pytest.raises(DataError, match="more take part than there are"):
                ask(self.RULE, wrong)

    @pytest.mark.parametrize(
        ("counts", "said"),
        [
            ({"taking_part": None, "yes": 12, "no": 3}, "more votes than there are"),
            ({"taking_part": 6, "yes": 8, "no": 1, "abstain": None}, "more votes than there are taking part"),
            ({"women.all": 20}, "more than of everybody"),
        ],
    )
    def test_counts_that_cannot_be(self, counts: dict[str, int | None], said: str) -> None:
        """Though some are missing: more ballots than there are people, and a part that is more than the whole."""
        half = Threshold(measure="heads", more_than=Fraction(1, 2), of="all")
        third = Threshold(measure="heads", at_least=Fraction(1, 3), of="all", stratum="women")
        strata = {"women": Title(zh="妇女", en="women")}
        rule = Decision(passes=half, quorum=third, article="1", since=SINCE, strata=strata)
        sound = {"all": 9, "present": 6, "taking_part": 6, "yes": 5, "no": 1, "abstain": 0}
        row = {f"heads.{name}": value for name, value in sound.items()}
        row |= {f"heads.women.{name}": min(value, 2) for name, value in sound.items()}
        row |= {"heads.women.yes": 2, "heads.women.no": 0}
        decide_all(rule, pl.DataFrame({"matter": ["m"], **{name: [value] for name, value in row.items()}}))
        row |= {f"heads.{name}": value for name, value in counts.items()}
        wrong = pl.DataFrame(
            {"matter": ["m"], **{name: pl.Series([value], dtype=pl.Int64) for name, value in row.items()}}
        )
        with pytest.raises(DataError, match=said):
            decide_all(rule, wrong)

    def test_a_matter_that_there_is_not(self) -> None:
        """The nearest is offered; of several one must be named."""
        two = [
            pl.concat([frame.with_columns(matter=pl.lit(name)) for name in ("lift", "road")])
            for frame in (self.REGISTER, self.BALLOTS)
        ]
        with pytest.raises(UsageError, match="did you mean `lift`"):
            explain(self.RULE, *two, matter="lfit")
        for ask in (explain, decide):
            with pytest.raises(UsageError, match="there are 2 matters"):
                ask(self.RULE, *two)
        assert explain(self.RULE, *two, matter="road").value == "rejected"

    @pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
    def test_every_kind_of_frame_is_explained(self, kind: Any) -> None:
        """Register, ballots and counts alike."""
        frames = [frame.with_columns(matter=pl.lit("m")) for frame in (self.REGISTER, self.BALLOTS)]
        told = explain(self.RULE, *map(kind.make, frames))
        assert told == explain(self.RULE, *frames)
        assert explain_counts(self.RULE, kind.make(count_votes(self.RULE, *frames))) == told
        assert decide(self.RULE, *map(kind.make, frames)).outcome == told.value == "rejected"

    def test_a_register_of_nobody(self) -> None:
        """There is nothing to decide, and nothing is made up."""
        with pytest.raises(DataError, match="the register: there are no rows"):
            decide(self.RULE, self.REGISTER.clear(), self.BALLOTS.clear())

    def test_columns_that_have_numbers_for_names(self) -> None:
        """As a pandas frame without names has; what is missing is named all the same."""
        with pytest.raises(DataError, match="has no column `matter`"):
            decide_all(self.RULE, pd.DataFrame([[1, 2]]))
