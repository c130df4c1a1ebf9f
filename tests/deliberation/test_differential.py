"""The verb, in whole numbers and in bulk, and the explanation, in fractions and from rows, are one rule."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from communitygov.deliberation.count import count_votes, decide
from communitygov.deliberation.decide import decide_all
from communitygov.deliberation.explain import explain
from communitygov.testing.strategies_deliberation import ballots_frame, decisions, matters, register_frame

MANY = st.lists(matters(), min_size=26, max_size=30)


class TestDecide:
    @settings(max_examples=settings().max_examples)
    @given(rule=decisions(), many=MANY)
    def test_agrees_with_the_explanation_on_over_a_thousand_matters(self, rule: Any, many: Any) -> None:
        """Outcome, quorum, flags, margins and every share of every matter of a frame are what one by one they are."""
        register, ballots = register_frame([units for units, _ in many]), ballots_frame([cast for _, cast in many])
        decided = decide_all(rule, count_votes(rule, register, ballots))
        rows = {row["matter"]: row for row in decided.frame.rows(named=True)}
        parts = {(row["matter"], row["part"]): row for row in decided.parts.rows(named=True)}
        assert len(rows) == len(many)
        for matter, row in rows.items():
            tree = explain(rule, register, ballots, matter=matter)
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
