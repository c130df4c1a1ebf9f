"""Audit: what was announced is what the votes come to, or the difference is listed."""

from typing import Any

import polars as pl
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from tests.kinds import KINDS

from communitygov.deliberation.audit import audit
from communitygov.deliberation.count import count_votes
from communitygov.deliberation.decide import decide_all
from communitygov.plugins.finding import load_profile
from communitygov.testing.strategies_deliberation import ballots_frame, decisions, matters, register_frame
from communitygov.vocabulary.errors import DataError, UsageError

MANY = st.lists(matters(), min_size=2, max_size=4)
COUNTS = {
    "matter": ["lift"],
    **{f"heads.{name}": [n] for name, n in {"all": 90, "present": 59, "taking_part": 59, "yes": 59}.items()},
    **{f"area.{name}": [n * 100] for name, n in {"all": 90, "present": 70, "taking_part": 70, "yes": 70}.items()},
    **{f"{measure}.{name}": [0] for measure in ("heads", "area") for name in ("no", "abstain")},
}


class TestAudit:
    @given(rule=decisions(), many=MANY, data=st.data())
    def test_exactly_what_was_changed_is_found(self, rule: Any, many: Any, data: st.DataObject) -> None:
        """D: outcomes recomputed from register, ballots and rule; any that was announced otherwise is listed."""
        register, ballots = register_frame([units for units, _ in many]), ballots_frame([cast for _, cast in many])
        decided = decide_all(rule, count_votes(rule, register, ballots))
        told = decided.frame.select("matter", "outcome").rows()
        assert audit(decided, pl.DataFrame(told, schema=["matter", "outcome"], orient="row")).is_empty()
        changed = [(matter, data.draw(st.sampled_from(["passed", "rejected", "undetermined"]))) for matter, _ in told]
        found = audit(decided, pl.DataFrame(changed, schema=["matter", "outcome"], orient="row"))
        wanted = [
            (m, new, old, "other_outcome") for (m, old), (_, new) in zip(told, changed, strict=True) if old != new
        ]
        assert found.rows() == sorted(wanted)

    @pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
    def test_what_stands_on_one_side_only_is_listed(self, kind) -> None:
        """A matter that was voted on and not announced, and one that was announced without votes."""
        rule = load_profile("cn_law").at(2024).decisions["owners_ordinary"]
        said = pl.DataFrame({"matter": ["paint"], "outcome": ["passed"]})
        found = kind.read(audit(decide_all(rule, pl.DataFrame(COUNTS)), kind.make(said)))
        assert found.rows() == [("lift", None, "rejected", "not_announced"), ("paint", "passed", None, "no_votes")]

    def test_a_rule_that_changed_after_the_first_vote_is_found(self) -> None:
        """By the digest under which people began to vote."""
        rule = load_profile("cn_law").at(2024).decisions["owners_ordinary"]
        decided = decide_all(rule, pl.DataFrame(COUNTS))
        assert rule.node is not None
        said = {"matter": ["lift"], "outcome": ["rejected"], "digest": [rule.node.digest]}
        assert audit(decided, pl.DataFrame(said)).is_empty()
        said["digest"] = ["0" * 64]
        assert audit(decided, pl.DataFrame(said)).rows() == [("lift", "rejected", "rejected", "other_rule")]
        with pytest.raises(UsageError, match="made in Python"):
            audit(decide_all(evolve(rule, node=None), pl.DataFrame(COUNTS)), pl.DataFrame(said))

    def test_an_outcome_that_is_none_is_refused(self) -> None:
        """By its row."""
        rule = load_profile("cn_law").at(2024).decisions["owners_ordinary"]
        said = pl.DataFrame({"matter": ["lift"], "outcome": ["yes"]})
        with pytest.raises(DataError, match="is no outcome"):
            audit(decide_all(rule, pl.DataFrame(COUNTS)), said)
