"""Two ways to the same result: columns for any number of subjects, and the rule followed row by row."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from communitygov.certification.certify import certify
from communitygov.certification.decide import decide
from communitygov.certification.rules import Certification
from communitygov.testing.strategies_certification import (
    World,
    certifications,
    holders_frame,
    scores_frame,
    seeded_world,
    worlds,
)

COLUMNS = ["world", "subject", "group", "score", "rank", "cut", "effective_rank", "tier", "reason", "distance"]


def by_columns(rule: Certification, many: list[World]) -> list[tuple[object, ...]]:
    result = certify(rule, scores_frame(rule, many), holders_frame(many), year=2024, by=("world",))
    return result.frame.select(COLUMNS).sort("world", "subject").rows()


def by_rows(rule: Certification, many: list[World]) -> list[tuple[object, ...]]:
    return [
        (n, o.row.subject, o.row.group, o.row.score, o.rank, o.cut, o.effective_rank, o.tier, o.reason, o.distance)
        for n, world in enumerate(many)
        for o in decide(rule, world.rows, world.holders, world.year)
    ]


class TestColumnsAndRowsAgree:
    @given(certifications(), st.integers(0, 2**32))
    def test_for_every_subject_of_many_worlds(self, rule: Certification, seed: int) -> None:
        """Rules of every setting, 40 of them with 52 worlds each, in one frame: not one cell differs."""
        many = [seeded_world(rule, seed + n) for n in range(52)]
        assert by_rows(rule, many) == by_columns(rule, many)

    @given(st.data())
    def test_for_every_subject_of_a_world_small_enough_to_read(self, data: st.DataObject) -> None:
        """The same for one world at a time, which shrinks to the least that shows a difference."""
        rule = data.draw(certifications())
        world = data.draw(worlds(rule))
        assert by_rows(rule, [world]) == by_columns(rule, [world])
