"""Matching: the greatest total under capacities, against every matching that there is; ties in the order of ids."""

import random
from itertools import combinations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kinds import KINDS

from communitygov.provisions.matching import Matching, explain_match, match
from communitygov.vocabulary.errors import DataError, DocumentError, UsageError
from communitygov.vocabulary.text import Title

SIDES = {"left": Title(zh="部门", en="departments"), "right": Title(zh="社区", en="communities")}


def side(units: str) -> pl.DataFrame:
    return pl.DataFrame({"unit": list(units)}, schema={"unit": pl.String})


def table(worth: dict[tuple[str, str], int]) -> pl.DataFrame:
    rows = [(left, right, value) for (left, right), value in worth.items()]
    return pl.DataFrame(rows, schema={"left": pl.String, "right": pl.String, "fit": pl.Int64}, orient="row")


def best(rule: Matching, rights: str, worth: dict[tuple[str, str], int], given=()) -> list[tuple[str, str]]:
    """Return the best of all matchings, each of which is tried: places filled, total, then the first pairs in order."""
    order = sorted(worth)

    def allowed(some) -> bool:
        lefts, all_rights = [pair[0] for pair in some], [pair[1] for pair in some]
        return all(lefts.count(one) <= (rule.left_most or 99) for one in lefts) and all(
            all_rights.count(one) <= (rule.right_most or 99) for one in all_rights
        )

    def rank(some) -> tuple[int, int, list[bool]]:
        has = [sum(pair[1] == one for pair in some) for one in rights]
        filled = sum(min(number, rule.right_least) for number in has)
        return filled, sum(worth[pair] for pair in some), [pair in some for pair in order]

    every = [some for size in range(len(order) + 1) for some in combinations(order, size) if allowed(some)]
    return sorted(max((some for some in every if {*given} <= {*some}), key=rank))


@st.composite
def worlds(draw: st.DrawFn):
    least = draw(st.integers(0, 2))
    rule = Matching(
        **SIDES,
        left_most=draw(st.none() | st.integers(1, 2)),
        right_most=draw(st.none() | st.integers(max(1, least), 2)),
        right_least=least,
        worth="fit",
    )
    keys = st.tuples(st.sampled_from("xyz"), st.sampled_from("ABC"))
    return rule, draw(st.dictionaries(keys, st.integers(0, 4), max_size=7))


class TestAgainstAll:
    @given(worlds(), st.integers(0, 2**32))
    def test_it_is_the_best_of_all_whatever_the_order_of_rows(self, world, seed) -> None:
        """Places filled first, then the total, then the pairs that come first by id."""
        rule, worth = world
        frame = table(worth)
        mixed = frame[random.Random(seed).sample(range(frame.height), frame.height)]
        found = match(rule, side("zyx"), side("CBA"), mixed)
        wanted = best(rule, "ABC", worth)
        assert found.frame.select("left", "right").rows() == wanted
        assert found.total == sum(worth[pair] for pair in wanted)

    @given(worlds())
    def test_why_says_what_the_total_would_be_otherwise(self, world) -> None:
        """Without a pair that was chosen, or with one that was not, by trying all matchings."""
        rule, worth = world
        chosen = best(rule, "ABC", worth)
        for pair in worth:
            step = explain_match(rule, side("xyz"), side("ABC"), table(worth), *pair)
            assert step.value == (pair in chosen)
            assert step.facts["total"] == sum(worth[one] for one in chosen)
            others = {one: value for one, value in worth.items() if one != pair}
            otherwise = best(rule, "ABC", others) if pair in chosen else best(rule, "ABC", worth, given=[pair])
            assert step.facts["other"] == sum(worth[one] for one in otherwise)

    @pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
    def test_every_kind_of_frame_gives_the_same(self, kind) -> None:
        """Two departments, three communities, one of which nobody offers for."""
        rule = Matching(**SIDES, left_most=2, right_most=1, worth="fit")
        pairs = table({("x", "A"): 3, ("x", "B"): 2, ("y", "B"): 2})
        found = match(rule, kind.make(side("xy")), kind.make(side("ABC")), kind.make(pairs))
        assert sorted(kind.read(found.frame).rows()) == [("x", "A", 3), ("x", "B", 2)]
        assert sorted(kind.read(found.unmatched).rows()) == [("left", "y", 0, "outbid"), ("right", "C", 0, "no_pair")]


class TestWhatIsSaid:
    def test_fewer_than_there_should_be(self) -> None:
        """Two samples are asked for and one can be had."""
        rule = Matching(**SIDES, right_least=2)
        found = match(rule, side("x"), side("A"), table({("x", "A"): 1}))
        assert found.unmatched.rows() == [("right", "A", 1, "too_few")]

    def test_a_pair_that_is_not_possible(self) -> None:
        """Its explanation says so."""
        step = explain_match(Matching(**SIDES), side("x"), side("AB"), table({("x", "A"): 1}), "x", "B")
        assert (step.value, step.facts["total"]) == (False, None)
        assert step.text is not None
        assert step.text.en == "they are no possible pair"

    def test_a_pair_that_is_outbid(self) -> None:
        """What it would cost is said."""
        rule = Matching(**SIDES, right_most=1, worth="fit")
        step = explain_match(rule, side("xy"), side("A"), table({("x", "A"): 3, ("y", "A"): 1}), "y", "A")
        assert step.text is not None
        assert step.text.en == "no pair: the total is 3, and would be 1 with it"


class TestBadInput:
    def test_a_unit_on_no_list_is_named(self) -> None:
        """In pairs, and where it is asked for; with the nearest."""
        with pytest.raises(DataError, match="`z` is not on its side's list"):
            match(Matching(**SIDES), side("x"), side("A"), table({("z", "A"): 1}))
        with pytest.raises(UsageError, match="`q` is on no list"):
            explain_match(Matching(**SIDES), side("x"), side("A"), table({("x", "A"): 1}), "q", "A")

    def test_more_than_is_allowed_cannot_be_asked_for(self) -> None:
        """Three at least and two at most."""
        with pytest.raises(DocumentError, match="above"):
            match(Matching(**SIDES, right_least=3, right_most=2), side("x"), side("A"), table({}))
