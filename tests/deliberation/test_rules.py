"""A decision's rule says all that it needs, and nothing that contradicts itself."""

from fractions import Fraction
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given

from communitygov.deliberation.rules import Decision, Threshold
from communitygov.testing.strategies_deliberation import decisions
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.text import Title

HALF = Threshold(measure="heads", more_than=Fraction(1, 2), of="present")
RULE = Decision(passes=HALF, article="26", since=Period.parse("2010-10-28"), until=Period.parse("2025"))


def codes(rule: Any) -> list[tuple[str, str]]:
    return [(finding.code, ".".join(finding.path)) for finding in rule.check()]


class TestThreshold:
    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({}, []),
            ({"at_least": Fraction(1, 3)}, [("not-one-bound", "")]),
            ({"more_than": None}, [("not-one-bound", "")]),
            ({"of": None}, [("unnamed-base", "of")]),
            ({"measure": None}, [("unnamed-base", "measure")]),
            ({"more_than": Fraction(3, 2)}, [("bad-share", "more_than")]),
            ({"more_than": Fraction(-1, 2)}, [("bad-share", "more_than")]),
            ({"more_than": Fraction(1)}, [("empty-range", "more_than")]),
            ({"more_than": None, "at_least": Fraction(0)}, [("empty-range", "at_least")]),
            ({"more_than": Fraction(1, 10**6 + 3)}, [("share-too-fine", "more_than")]),
            ({"measure": "households", "stratum": "women"}, [("unknown-stratum", "stratum")]),
            ({"all_of": {"a": HALF}}, [("mixed-threshold", "")]),
        ],
    )
    def test_a_share_has_one_bound_and_a_named_base(self, changes: Any, expected: Any) -> None:
        """A leaf has exactly one bound, from 0 to 1, that some counts reach and others do not, and names its base."""
        assert codes(evolve(HALF, **changes)) == expected

    def test_an_empty_tree_asks_nothing(self) -> None:
        """A threshold without a share and without parts is refused."""
        assert codes(Threshold()) == [("empty-threshold", "")]

    def test_a_tree_is_all_of_or_any_of(self) -> None:
        """Both at once leave open how they are joined."""
        assert codes(Threshold(all_of={"a": HALF}, any_of={"b": HALF})) == [("mixed-threshold", "")]


class TestDecision:
    def test_a_whole_rule_has_no_faults(self) -> None:
        """What is said once and fits is accepted."""
        assert codes(RULE) == []

    def test_a_span_that_ends_before_it_begins_holds_nothing(self) -> None:
        """No day lies in it."""
        assert codes(evolve(RULE, until=Period.parse("2009"))) == [("empty-range", "until")]

    @pytest.mark.parametrize("until", [None, "2026", "2026-01-01"])
    def test_no_rule_claims_a_revision_that_was_not_seen(self, until: str | None) -> None:
        """A rule whose law was revised ends before the revision is in force, or is refused."""
        claims = evolve(RULE, until=until and Period.parse(until), revised=Period.parse("2026-01-01"))
        assert codes(claims) == [("unseen-revision", "revised")]
        assert codes(evolve(claims, until=Period.parse("2025"))) == []

    def test_strata_are_named(self) -> None:
        """A stratum that a share speaks of, deep in a tree, stands among the rule's strata."""
        women = evolve(HALF, of="all", stratum="women")
        rule = evolve(RULE, quorum=Threshold(all_of={"a": Threshold(any_of={"b": women})}))
        assert codes(rule) == [("unknown-stratum", "quorum.all_of.a.any_of.b.stratum")]
        assert codes(evolve(rule, strata={"women": Title(zh="妇女", en="women")})) == []

    def test_a_quorum_is_a_share_of_all(self) -> None:
        """Of those who came, all came: a quorum of them says nothing."""
        assert codes(evolve(RULE, quorum=HALF)) == [("quorum-base", "quorum.of")]

    def test_a_cap_on_proxies_needs_proxies(self) -> None:
        """Where proxies are refused there is nothing to cap."""
        assert codes(evolve(RULE, proxy="refused", proxies_each=1)) == [("unused-setting", "proxies_each")]

    @given(rule=decisions())
    def test_the_paths_of_its_shares_are_one_each(self, rule: Any) -> None:
        """A path names one share, so that a result can be traced to the rule."""
        paths = [path for path, _ in rule.leaves()]
        assert len(paths) == len(set(paths)) >= 1
