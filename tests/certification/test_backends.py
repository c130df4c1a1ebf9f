"""The same digits on every kind of frame, and the same kind given back."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from communitygov.certification.certify import certify
from communitygov.testing.strategies_certification import certifications, holders_frame, scores_frame, seeded_world

FRAME = ["world", "subject"]


class TestCertify:
    @settings(max_examples=settings().max_examples // 10, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(rule=certifications(), seed=st.integers(0, 2**32))
    def test_gives_the_same_result_and_cuts_on_every_kind(self, kind: Any, rule: Any, seed: int) -> None:
        """Polars eager is the measure; every other kind agrees with it in every cell and gives its own kind back."""
        many = [seeded_world(rule, seed + n) for n in range(4)]
        scores, holders = scores_frame(rule, many), holders_frame(many)
        expected = certify(rule, scores, holders, year=2024, by=("world",))
        given_scores, given_holders = kind.make(scores), kind.make(holders)
        actual = certify(rule, given_scores, given_holders, year=2024, by=("world",))
        assert type(given_scores) is type(actual.frame)
        assert expected.frame.sort(FRAME).rows() == kind.rows(actual.frame, *FRAME)
        assert expected.cuts.rows() == kind.rows(actual.cuts)
        assert expected.holders.sort(FRAME).rows() == kind.rows(actual.holders, *FRAME)
