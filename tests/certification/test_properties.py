"""What must be true of ranks and stars, whatever the rule and whatever the world (R1 to R7, R10, R11)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from typing import Any, Literal

import attrs
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from communitygov.certification.certify import certify
from communitygov.certification.decide import Holder, Outcome, Row, decide, places_of
from communitygov.certification.explain import explain
from communitygov.certification.rules import Certification, Renewal, Tier, Year
from communitygov.testing.strategies_certification import (
    World,
    certifications,
    holders_frame,
    scores_frame,
    seeded_world,
    worlds,
)
from communitygov.vocabulary.steps import Steps

Within = Literal["original_cut", "moved_cut"]
# Each of these certifies whole frames for one example; the profile ``long`` still tries them fifty times as hard.
FEWER = settings(max_examples=settings().max_examples // 3)


@st.composite
def ruled_worlds(draw: st.DrawFn, *, plain: bool = False) -> tuple[Certification, World]:
    rule = draw(certifications(plain=plain))
    return rule, draw(worlds(rule))


def decided(rule: Certification, rows: Sequence[Row], world: World) -> dict[str, Outcome]:
    return {o.row.subject: o for o in decide(rule, rows, world.holders, world.year)}


def height(rule: Certification, outcome: Outcome) -> int:
    """How high a subject ends: 0 without a tier, more the higher."""
    return 0 if outcome.tier is None else 1_000 - rule.tiers[outcome.tier].order


def with_score(world: World, number: int, score: int) -> list[Row]:
    rows = list(world.rows)
    rows[number] = attrs.evolve(rows[number], score=score)
    return rows


def one_star(places: int, within: Within | None, **changes: Any) -> Certification:
    return Certification(
        of="quality",
        year=Year(starts=1, periods=4),
        decimals=0,
        tiers={"star": Tier(order=1, number=places)},
        base="all",
        rounding="floor",
        rounded="cumulative",
        ties="in",
        renewal=None if within is None else Renewal(hold="any", years=1, within=within),
        **changes,
    )


def in_order(rule: Certification, names: Sequence[str], holders: Sequence[str] = ()) -> dict[str, Outcome]:
    """Decide subjects with falling scores, some of them holders."""
    rows = [Row(name, 10 * (len(names) - n)) for n, name in enumerate(names)]
    held = [Holder(name, 2023, "star") for name in holders]
    return {o.row.subject: o for o in decide(rule, rows, held, 2024)}


def starred(outcomes: dict[str, Outcome]) -> str:
    return "".join(sorted(name for name, outcome in outcomes.items() if outcome.tier))


class TestR1Anonymity:
    @FEWER
    @given(certifications(), st.integers(0, 2**32))
    def test_other_names_and_another_order_of_rows_change_nothing_else(self, rule: Certification, seed: int) -> None:
        """Permuting community identifiers permutes the result, and the order of rows is irrelevant."""
        many = [seeded_world(rule, seed + n) for n in range(5)]
        scores, holders = scores_frame(rule, many), holders_frame(many)
        names = scores["subject"].unique().sort().to_list()
        other = dict(zip(names, random.Random(seed).sample(names, len(names)), strict=True))
        before = certify(rule, scores, holders, year=2024, by=("world",)).frame
        renamed = certify(
            rule,
            scores.with_columns(pl.col("subject").replace(other)).sample(fraction=1, shuffle=True, seed=seed),
            holders.with_columns(pl.col("subject").replace(other)),
            year=2024,
            by=("world",),
        ).frame
        expected = before.with_columns(pl.col("subject").replace(other)).sort("world", "subject")
        assert expected.rows() == renamed.sort("world", "subject").rows()


class TestR2Rank:
    @FEWER
    @given(certifications(), st.integers(0, 2**32))
    def test_is_one_and_the_number_strictly_better(self, rule: Certification, seed: int) -> None:
        """Equal published scores (and equal tie-breaks) have equal ranks, and unequal ones never."""
        many = [seeded_world(rule, seed + n) for n in range(5)]
        frame = certify(rule, scores_frame(rule, many), holders_frame(many), year=2024, by=("world",)).frame
        rank = {(row["world"], row["subject"]): row["rank"] for row in frame.iter_rows(named=True)}
        for number, world in enumerate(many):
            ranked = [row for row in world.rows if rank[number, row.subject] is not None]
            for row in ranked:
                better = [o for o in world.rows if o.group == row.group and o.score is not None and o.key > row.key]
                assert 1 + len(better) == rank[number, row.subject]


class TestR3Monotone:
    @given(ruled_worlds(), st.data())
    def test_a_community_that_improves_never_loses_its_star(
        self, ruled: tuple[Certification, World], data: st.DataObject
    ) -> None:
        """Raising your own score, others unchanged, never lowers your tier, whatever is set but a tier that is held."""
        rule, world = ruled
        rule = attrs.evolve(rule, hold_until_change=False)
        number = data.draw(st.integers(0, len(world.rows) - 1))
        row = world.rows[number]
        assume(row.score is not None)
        before = decided(rule, world.rows, world)[row.subject]
        better = with_score(world, number, (row.score or 0) + data.draw(st.integers(1, 9)))
        assert height(rule, before) <= height(rule, decided(rule, better, world)[row.subject])

    def test_a_held_tier_can_be_lost_by_improving(self) -> None:
        """Finding: a tier kept until the own score changes is lost by a small improvement. The least case has two."""
        rule = one_star(1, None, hold_until_change=True)
        holders = [Holder("b", 2023, "star")]
        same = {o.row.subject: o for o in decide(rule, [Row("a", 9), Row("b", 5, previous=5)], holders, 2024)}
        better = {o.row.subject: o for o in decide(rule, [Row("a", 9), Row("b", 6, previous=5)], holders, 2024)}
        assert (same["b"].reason, same["b"].tier) == ("held", "star")
        assert (better["b"].reason, better["b"].tier) == ("below", None)


def harm_by_a_fall(rule: Certification, names: str, holders: Sequence[str]) -> tuple[str, str, str] | None:
    """Return who fell to which order and whom it cost the star; None if no fall harms anybody else."""
    before = starred(in_order(rule, names, holders))
    for high in range(len(names)):
        for low in range(high + 1, len(names)):
            fallen = names[high]
            order = names[:high] + names[high + 1 : low + 1] + fallen + names[low + 1 :]
            lost = set(before) - set(starred(in_order(rule, order, holders))) - {fallen}
            if lost:
                return fallen, order, "".join(sorted(lost))
    return None


def small_worlds(most: int) -> list[tuple[str, int, tuple[str, ...]]]:
    """Every world of up to so many subjects in order, with every number of places and every set of holders."""
    found = []
    for count in range(2, most + 1):
        names = "abcdef"[:count]
        for places in range(1, count):
            for mask in product([False, True], repeat=count):
                found.append((names, places, tuple(name for name, held in zip(names, mask, strict=True) if held)))
    return found


class TestR4NoHarmByOthersLoss:
    @given(ruled_worlds(), st.data())
    def test_when_another_falls_nobody_else_falls(
        self, ruled: tuple[Certification, World], data: st.DataObject
    ) -> None:
        """True of plain quotas and of holders judged by the moved cut; ties, vetoes, groups and caps included."""
        rule, world = ruled
        renewal = None if rule.renewal is None else attrs.evolve(rule.renewal, within="moved_cut")
        rule = attrs.evolve(rule, renewal=renewal, hold_until_change=False)
        number = data.draw(st.integers(0, len(world.rows) - 1))
        row = world.rows[number]
        assume(row.score)
        before = decided(rule, world.rows, world)
        after = decided(rule, with_score(world, number, data.draw(st.integers(0, (row.score or 1) - 1))), world)
        for name in before:
            if name != row.subject:
                assert height(rule, before[name]) <= height(rule, after[name])

    @pytest.mark.parametrize("within", [None, "moved_cut"])
    def test_no_world_of_four_breaks_it(self, within: Within | None) -> None:
        """Every world of up to four subjects, tried to the end."""
        assert all(harm_by_a_fall(one_star(q, within), names, held) is None for names, q, held in small_worlds(4))

    def test_the_original_cut_breaks_it_with_four(self) -> None:
        """Finding: under the original cut a holder's fall can cost another its star; no world of three shows it.

        Two places, a and b are holders: both are renewed, c and d move up. When a falls behind c it ranks third, beyond
        the original cut: it now takes a place, and d, whose score nobody touched, loses its star.
        """
        harmed = [
            (names, q, held, harm_by_a_fall(one_star(q, "original_cut"), names, held))
            for names, q, held in small_worlds(4)
        ]
        smallest = next(found for found in harmed if found[3] is not None)
        assert smallest == ("abcd", 2, ("a", "b"), ("a", "bcad", "d"))
        assert starred(in_order(one_star(2, "original_cut"), "abcd", "ab")) == "abcd"
        assert starred(in_order(one_star(2, "original_cut"), "bcad", "ab")) == "abc"


class TestR5Quota:
    @given(st.integers(0, 400), st.sampled_from(["floor", "half_up", "ceiling"]))
    def test_cumulative_places_are_the_share_of_the_base_rounded_once(self, base: int, rounding: Any) -> None:
        """Without ties and holders as many are certified as the rounded shares say, neither more nor fewer."""
        tiers = {"five": Tier(order=1, share=Fraction(1, 10)), "four": Tier(order=2, share=Fraction(3, 10))}
        rule = attrs.evolve(one_star(1, None), tiers=tiers, rounding=rounding)
        scores = pl.DataFrame({"subject": [f"c{n}" for n in range(base)], "score": list(range(base))})
        scores = scores.cast({"subject": pl.String, "score": pl.Int64})
        tier = certify(rule, scores, year=2024).frame["tier"]
        five, four = (tier == "five").sum(), (tier == "four").sum()
        wanted = {
            "floor": (base // 10, 3 * base // 10),
            "half_up": ((base + 5) // 10, (3 * base + 5) // 10),
            "ceiling": (-(-base // 10), -(-3 * base // 10)),
        }[rounding]
        assert wanted == (five, five + four)

    @given(st.lists(st.integers(0, 5), min_size=1, max_size=12), st.integers(0, 12), st.sampled_from(["in", "out"]))
    def test_a_tie_at_the_cut_is_all_in_or_all_out(self, points: list[int], places: int, ties: Any) -> None:
        """At most the size of the tie less one more than the places; all of the tie or none, as declared."""
        rule = attrs.evolve(one_star(places, None), ties=ties)
        outcomes = decide(rule, [Row(f"c{n}", score) for n, score in enumerate(points)], [], 2024)
        inside = [o.row.score for o in outcomes if o.tier]
        assert {o.row.score for o in outcomes if o.tier}.isdisjoint({o.row.score for o in outcomes if not o.tier})
        if ties == "out":
            assert len(inside) <= places
        elif len(inside) > places:
            assert len(inside) - places <= inside.count(min(s for s in inside if s is not None)) - 1
        else:
            assert len(inside) == min(places, len(points))


class TestR6Independence:
    @given(ruled_worlds())
    def test_one_more_below_every_cut_changes_stars_only_through_the_base(
        self, ruled: tuple[Certification, World]
    ) -> None:
        """A newcomer below everybody, of a group whose places stay the same, changes nobody's star."""
        rule, world = ruled
        rule = attrs.evolve(rule, least_group=1)
        last = Row("last", -1, world.rows[0].group, (0,) * len(rule.tie_break))
        before, after = decided(rule, world.rows, world), decided(rule, [*world.rows, last], world)
        assume(after["last"].tier is None)
        assume(all(places_of(rule, b.base) == places_of(rule, after[name].base) for name, b in before.items()))
        assert {n: o.tier for n, o in before.items()} == {n: o.tier for n, o in after.items() if n != "last"}

    @given(st.integers(1, 9), st.integers(1, 9))
    def test_striking_a_certified_community_lets_exactly_one_move_up(self, count: int, places: int) -> None:
        """With the number of places kept, no ties and no holders."""
        names = "abcdefghi"[:count]
        rule = one_star(places, None)
        certified = starred(in_order(rule, names))
        for struck in certified:
            rest = starred(in_order(rule, names.replace(struck, "")))
            assert certified.replace(struck, "") == rest[: len(certified) - 1]
            assert (1 if count > places else 0) == len(rest) - (len(certified) - 1)

    @pytest.mark.parametrize("within", ["original_cut", "moved_cut"])
    def test_with_holders_more_than_one_may_move_up(self, within: Within) -> None:
        """Finding: a holder just below the cut comes in without a place, and the next in rank takes the place."""
        rule = one_star(1, within)
        assert starred(in_order(rule, "abc", "b")) == "a"
        assert starred(in_order(rule, "bc", "b")) == "bc"


class TestR7Exemption:
    @given(ruled_worlds(), st.sampled_from(["original_cut", "moved_cut"]))
    def test_the_others_winners_are_exactly_the_best_of_them(
        self, ruled: tuple[Certification, World], within: Within
    ) -> None:
        """Among those that take a place, at each cut, the best as many as there are places win, or all of a tie."""
        rule, world = ruled
        if rule.renewal is not None:
            rule = attrs.evolve(rule, renewal=attrs.evolve(rule.renewal, within=within))
        outcomes = [o for o in decide(rule, world.rows, world.holders, 2024) if o.standings]
        for group in {o.row.group for o in outcomes}:
            for n in range(len(rule.ladder)):
                at_cut = [(o.row.key, o.standings[n]) for o in outcomes if o.row.group == group]
                takers = sorted((key for key, s in at_cut if s.candidate and not s.renewed), reverse=True)
                won = sorted((key for key, s in at_cut if s.candidate and not s.renewed and s.within), reverse=True)
                assert takers[: len(won)] == won
                places = at_cut[0][1].places
                if places is None or len(takers) <= places:
                    assert len(won) == len(takers)
                elif rule.ties == "in":
                    beyond = won[places:] if places else won
                    assert len(won) >= places
                    assert all(key == takers[places - 1] for key in beyond)
                else:
                    assert len(won) <= places

    @given(ruled_worlds())
    def test_without_holders_the_rule_is_the_plain_one(self, ruled: tuple[Certification, World]) -> None:
        """If nobody is exempt, it is as if the rule had no renewal."""
        rule, world = ruled
        plain = attrs.evolve(rule, renewal=None, hold_until_change=False)
        rule = attrs.evolve(rule, hold_until_change=False)
        nobody = attrs.evolve(world, holders=())
        expected = [(o.tier, o.reason) for o in decided(plain, world.rows, nobody).values()]
        assert expected == [(o.tier, o.reason) for o in decided(rule, world.rows, nobody).values()]

    @given(ruled_worlds())
    def test_the_number_certified_is_bounded_or_said_to_be_unbounded(self, ruled: tuple[Certification, World]) -> None:
        """Without ties no group has more certified than the rule says is the most, where it says so."""
        rule, world = ruled
        keys = [(row.group, row.key) for row in world.rows]
        assume(len(set(keys)) == len(keys))
        outcomes = decide(rule, world.rows, world.holders, 2024)
        for group in {row.group for row in world.rows}:
            mine = [o for o in outcomes if o.row.group == group]
            most = rule.most(places_of(rule, mine[0].base)[-1] or 0)
            if most is not None:
                assert sum(o.tier is not None for o in mine) <= most

    def test_the_moved_cut_bounds_nothing(self) -> None:
        """Finding: with the moved cut one place can certify everybody; with the original cut at most two."""
        names = "abcdef"
        assert names == starred(in_order(one_star(1, "moved_cut"), names, names))
        assert one_star(1, "moved_cut").most(1) is None
        assert starred(in_order(one_star(1, "original_cut"), names, names)) == "ab"
        assert one_star(1, "original_cut").most(1) == 2

    def test_under_the_moved_cut_an_exempt_holder_may_fall(self) -> None:
        """Finding: certified is not places and exempt together; b takes no place and is out all the same."""
        outcomes = in_order(one_star(1, "moved_cut"), "ab", "b")
        assert starred(outcomes) == "a"
        assert (outcomes["b"].standings[0].renewed, outcomes["b"].effective_rank) == (True, 2)


def tier_from(tree: Steps) -> str | None:
    """Recompute a tier by hand from nothing but an explanation's facts."""
    score = tree.facts["score"]
    tier = None
    for cut in (step for step in tree.children if step.key == "cut"):
        f: dict[str, Any] = dict(cut.facts)
        assert f["effective_rank"] == tree.facts["rank"] - f["vetoed_ahead"] - f["renewed_ahead"]  # type: ignore[operator]
        if f["places"] is None:
            within = True
        elif f["ties"] == "in" or f["renewed"]:
            within = f["effective_rank"] <= f["places"]
        else:
            within = f["at_or_ahead"] <= f["places"]
        reached = f["threshold"] is None or score >= f["threshold"]
        if tier is None and f["candidate"] and not f["barred"] and within and reached:
            tier = f["tier"]
    keys = {step.key: step for step in tree.children}
    if "held" in keys:
        f = dict(keys["held"].facts)
        if f["previous_score"] == score and f["of_the_rule"] and not f["vetoed"]:
            tier = f["held"]
    if "cap" in keys and tier is not None:
        f = dict(keys["cap"].facts)
        tier = tier if f["certified_at_or_ahead"] <= f["cap"] else None
    return tier


class TestR10Explanation:
    @FEWER
    @given(certifications(), st.integers(0, 2**32))
    def test_recomputing_from_the_explanation_gives_the_same_star(self, rule: Certification, seed: int) -> None:
        """The facts of the tree suffice; they are those of the result; each step says its words in both languages."""
        many = [seeded_world(rule, seed)]
        scores, holders = scores_frame(rule, many), holders_frame(many)
        frame = certify(rule, scores, holders, year=2024, by=("world",)).frame
        for row in frame.head(5).iter_rows(named=True):
            tree = explain(rule, scores, holders, year=2024, subject=row["subject"], by={"world": 0})
            said = ["group", "score", "rank", "cut", "effective_rank", "tier", "reason", "distance"]
            assert {name: row[name] for name in said} == {name: tree.facts[name] for name in said}
            assert row["tier"] == tree.value
            if row["reason"] not in ("not_scored", "not_ranked"):
                assert row["tier"] == tier_from(tree)
            for step in tree.walk():
                assert step.text is None or (step.text.zh and step.text.en)


class TestR11Hysteresis:
    @given(ruled_worlds())
    def test_equal_scores_and_unequal_stars_differ_in_history_or_veto(self, ruled: tuple[Certification, World]) -> None:
        """And the explanation shows where: what was held before, last year's score, or the vetoes."""
        rule, world = ruled
        outcomes = [o for o in decide(rule, world.rows, world.holders, 2024) if o.standings]
        for a, b in product(outcomes, outcomes):
            if a.row.key == b.row.key and a.row.group == b.row.group and a.tier != b.tier:
                different = [a.held != b.held, a.row.previous != b.row.previous, a.row.flags != b.row.flags]
                assert any(different)
