"""Ranked choice and seats: votelib and our own slow count agree, and nothing is decided without a word."""

import sys
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from communitygov.deliberation.budget_rules import TieBreak
from communitygov.deliberation.ranked import SPOILT, RankedRule, count_ranked
from communitygov.deliberation.ranked_explain import explain_ranked
from communitygov.vocabulary.errors import DataError, DocumentError, MissingExtra

LOT = {"lot": TieBreak(order=1, wins="lower")}


def runoff(**more: Any) -> RankedRule:
    return RankedRule(method="instant_runoff", seats=1, **more)


def transferable(seats: int, **more: Any) -> RankedRule:
    return RankedRule(method="single_transferable_vote", seats=seats, **{"quota": "droop", **more})


def borda(seats: int = 1, **more: Any) -> RankedRule:
    return RankedRule(method="borda", seats=seats, **{"last_place": 0, **more})


def schulze(seats: int = 1, **more: Any) -> RankedRule:
    return RankedRule(method="schulze", seats=seats, **more)


def candidates(names: str, lots: Any = None) -> pl.DataFrame:
    return pl.DataFrame({"candidate": list(names), "lot": list(lots or range(len(names)))})


def ballots(many: Any) -> pl.DataFrame:
    """Ballots from ``{"abc": 3}``: three voters who rank a, b and c in this order; or from a list of them."""
    each = many if isinstance(many, list) else [ballot for ballot, number in many.items() for _ in range(number)]
    rows = [(f"v{n}", rank, name) for n, ballot in enumerate(each) for rank, name in enumerate(ballot, 1)]
    schema = {"voter": pl.String, "rank": pl.Int64, "candidate": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def both(rule: RankedRule, names: pl.DataFrame, cast: pl.DataFrame) -> tuple[str, str]:
    """Who is elected and who is tied, as votelib and as our own count have it."""
    found, told = count_ranked(rule, names, cast), explain_ranked(rule, names, cast)
    assert (found.outcome, found.counted) == (told.value, told.facts["counted"])
    assert (", ".join(found.elected), ", ".join(found.tied)) == (told.facts["elected"], told.facts["tied"])
    assert (found.outcome == "undetermined") == bool(found.tied) == ("open" in set(found.frame["outcome"]))
    return "".join(found.elected), "".join(found.tied)


@st.composite
def elections(draw: st.DrawFn) -> tuple[RankedRule, pl.DataFrame, pl.DataFrame]:
    """Few candidates, ballots that often stop early, and ties in plenty, with lots that are often equal."""
    names = "abcde"[: draw(st.integers(1, 5))]
    each = st.permutations(names).flatmap(lambda order: st.integers(1, len(order)).map(lambda n: "".join(order[:n])))
    cast = draw(st.lists(each, max_size=11))
    lots = draw(st.lists(st.integers(0, 2), min_size=len(names), max_size=len(names)))
    more: dict[str, Any] = {"tie_break": draw(st.sampled_from([{}, LOT]))}
    rule = draw(
        st.one_of(
            st.just(runoff(**more)),
            st.builds(transferable, st.integers(1, 3), quota=st.sampled_from(["droop", "hare"]), **_just(more)),
            st.builds(borda, st.integers(1, 3), last_place=st.integers(0, 1), **_just(more)),
            st.builds(schulze, st.integers(1, 3), **_just(more)),
        )
    )
    return rule, candidates(names, lots), ballots(cast)


def _just(more: dict[str, Any]) -> dict[str, Any]:
    return {name: st.just(value) for name, value in more.items()}


class TestTheCount:
    @settings(max_examples=5 * settings().max_examples)
    @given(elections())
    def test_votelib_agrees_with_the_slow_count(self, election: Any) -> None:
        """By every method and on every ballot, those elected and those tied are the same, counted twice."""
        rule, names, cast = election
        elected, tied = both(rule, names, cast)
        assert len(elected) == min(rule.seats, names.height) or tied

    @given(elections(), st.randoms(use_true_random=False))
    def test_the_order_of_rows_and_names_decide_nothing(self, election: Any, random: Any) -> None:
        """Rows in another order, of candidates too, elect and tie the same."""
        rule, names, cast = election
        mixed = (frame[random.sample(range(frame.height), frame.height)] for frame in (names, cast))
        first, again = count_ranked(rule, names, cast), count_ranked(rule, *mixed)
        assert first.frame.sort("candidate").equals(again.frame.sort("candidate"))
        assert (first.outcome, set(first.tied)) == (again.outcome, set(again.tied))

    @given(elections())
    def test_more_than_half_of_first_preferences_are_enough(self, election: Any) -> None:
        """Whom more than half put first is elected, by any method but points."""
        rule, names, cast = election
        found = count_ranked(rule, names, cast)
        ahead = found.frame.filter(2 * pl.col("first") > found.counted)["candidate"].to_list()
        assert rule.method == "borda" or rule.quota == "hare" or set(ahead) <= set(found.elected)


class TestKnownCounts:
    TENNESSEE = ballots({"mnck": 42, "nckm": 26, "cknm": 15, "kcnm": 17})
    """The capital of Tennessee: Memphis, Nashville, Chattanooga, Knoxville."""

    @pytest.mark.parametrize(("rule", "winner"), [(runoff(), "k"), (schulze(), "n"), (borda(), "n")])
    def test_the_capital_of_tennessee(self, rule: RankedRule, winner: str) -> None:
        """Knoxville by instant run-off, Nashville by paths and by points: the textbook example."""
        assert both(rule, candidates("mnck"), self.TENNESSEE) == (winner, "")

    def test_schulze_of_45_voters(self) -> None:
        """The example of Schulze's own paper: e, by paths though nobody beats everybody."""
        cast = ballots({"acbed": 5, "adecb": 5, "bedac": 8, "cabed": 3, "caebd": 7, "cbade": 2, "dceba": 7, "ebadc": 8})
        assert both(schulze(), candidates("abcde"), cast) == ("e", "")

    def test_seats_by_the_single_transferable_vote(self) -> None:
        """Three seats, 20 ballots, quota 6: c needs half of its ballots, and half of each passes on to s and h."""
        cast = ballots({"o": 4, "po": 2, "cs": 8, "ch": 4, "s": 1, "h": 1})
        assert both(transferable(3), candidates("opcsh"), cast) == ("ocs", "")
        told = explain_ranked(transferable(3), candidates("opcsh"), cast)
        assert [step.text.en for step in told.children if step.text] == [
            "o 4, p 2, c 12, s 1, h 1; elected with the quota of 6: c",
            "o 4, p 2, s 5, h 3; last, and out: p",
            "o 6, s 5, h 3; elected with the quota of 6: o",
            "s 5, h 3; last, and out: h",
            "s 5; elected with as many seats left: s",
        ]
        assert told.find("round 5").facts["exhausted"] == 3
        assert "第 1 轮" in told.children[0].title.zh

    def test_exhausted_ballots_are_no_candidate(self) -> None:
        """Once the pile of exhausted ballots is larger than the last two, one goes out and not both: c, not b, wins.

        votelib 0.4 by itself takes the pile for a candidate who stays, and lets d go out together with c.
        """
        cast = ballots({"a": 10, "b": 9, "c": 8, "dc": 7, "e": 6, "f": 5})
        assert both(runoff(), candidates("abcdef"), cast) == ("c", "")


class TestTies:
    def test_a_tie_that_nothing_settles_leaves_it_open(self) -> None:
        """Three who go round in a ring are equal by every method, whatever the order of the rows, and are named."""
        ring = ballots({"abc": 1, "bca": 1, "cab": 1})
        for rule in (runoff(), schulze(), borda(), transferable(1)):
            assert both(rule, candidates("abc"), ring) == ("", "abc")
            settled = both(RankedRule(**{**_fields(rule), "tie_break": LOT}), candidates("abc", [3, 1, 2]), ring)
            assert settled == ("b", "")

    def test_the_last_whose_order_changes_nothing_are_no_tie(self) -> None:
        """d and e, one ballot each, stay below b together: both go out, and it is decided."""
        cast = ballots({"a": 4, "b": 3, "db": 1, "eb": 1})
        assert both(runoff(), candidates("abde"), cast) == ("b", "")
        assert "order that changes nothing" in str(
            explain_ranked(runoff(), candidates("abde"), cast).find("round 1").text
        )

    def test_who_is_elected_before_the_tie_stays_elected(self) -> None:
        """a has a quota of its own; b and c are equal for the second seat, and d, whom nobody named, is out."""
        cast = ballots({"a": 4, "b": 2, "c": 2})
        assert both(transferable(2), candidates("abcd"), cast) == ("a", "bc")
        found = count_ranked(transferable(2), candidates("abcd"), cast)
        assert found.frame["outcome"].to_list() == ["elected", "open", "open", "not_elected"]

    def test_unbeaten_are_equal_though_one_has_more_wins(self) -> None:
        """a goes before c, and b is level with both: a win over c is no reason, and it is open between a and b."""
        cast = ballots({"acb": 1, "bac": 1})
        assert both(schulze(), candidates("abc"), cast) == ("", "ab")

    @pytest.mark.parametrize("quota", ["droop", "hare"])
    def test_without_a_ballot_all_are_equal(self, quota: Any) -> None:
        """A quota of no ballots is reached by nobody, though a share of nothing is nothing."""
        assert both(transferable(1, quota=quota), candidates("abc"), ballots([])) == ("", "abc")

    def test_seats_that_nobody_has_a_vote_left_for_go_by_the_lot(self) -> None:
        """One ballot of a and b, three seats: a takes it up, and of the four others b and c have the better lots."""
        rule = transferable(3, tie_break=LOT)
        assert both(rule, candidates("abcde", [0, 0, 0, 1, 1]), ballots(["ab"])) == ("abc", "")

    def test_no_more_candidates_than_seats_are_all_elected(self) -> None:
        """Where nobody can lose, nobody needs a vote."""
        for rule in (transferable(3), borda(3), schulze(3)):
            assert both(rule, candidates("ab"), ballots([])) == ("ab", "")


def _fields(rule: RankedRule) -> dict[str, Any]:
    return {name: getattr(rule, name) for name in ("method", "seats", "quota", "last_place")}


class TestSpoilt:
    def test_a_ballot_that_does_not_count_is_listed_with_every_reason(self) -> None:
        """What is wrong with each ballot is told; it counts nowhere, and the others count."""
        rows = [
            ("good", 1, "a"),
            ("stranger", 1, "x"),
            ("same", 1, "a"),
            ("same", 2, "a"),
            ("gap", 1, "a"),
            ("gap", 3, "b"),
        ]
        rows += [("late", 2, "b"), ("two", 1, "a"), ("two", 1, "b"), ("all", 1, "x"), ("all", 1, "b"), ("all", 3, "b")]
        cast = pl.DataFrame(rows, schema=["voter", "rank", "candidate"], orient="row")
        found = count_ranked(runoff(), candidates("ab"), cast)
        assert (found.elected, found.counted) == (("a",), 1)
        assert found.spoilt.rows() == [
            ("all", "unknown_candidate"),
            ("all", "candidate_twice"),
            ("all", "rank_twice"),
            ("all", "rank_skipped"),
            ("gap", "rank_skipped"),
            ("late", "rank_skipped"),
            ("same", "candidate_twice"),
            ("stranger", "unknown_candidate"),
            ("two", "rank_twice"),
        ]
        assert set(found.spoilt["reason"]) == set(SPOILT)

    def test_what_is_missing_is_an_error(self) -> None:
        """A row without a candidate, or with a rank of 0, is no ballot; a candidate stands in the list once."""
        for column, value in (("candidate", None), ("rank", 0), ("rank", 1.5)):
            with pytest.raises(DataError):
                count_ranked(runoff(), candidates("ab"), ballots({"ab": 1}).with_columns(pl.lit(value).alias(column)))
        with pytest.raises(DataError, match="duplicate-row"):
            count_ranked(runoff(), candidates("aa"), ballots({"ab": 1}))


class TestTheRule:
    @pytest.mark.parametrize(
        ("rule", "code"),
        [
            (RankedRule(method="single_transferable_vote", seats=2), "missing-setting"),
            (schulze(quota="droop"), "unused-setting"),
            (RankedRule(method="borda", seats=1), "missing-setting"),
            (runoff(last_place=1), "unused-setting"),
            (RankedRule(method="instant_runoff", seats=2), "one-seat"),
        ],
    )
    def test_a_rule_holds_to_itself(self, rule: RankedRule, code: str) -> None:
        """A setting is there where it is needed, and nowhere else."""
        with pytest.raises(DocumentError, match=code):
            count_ranked(rule, candidates("ab"), ballots({"ab": 1}))

    def test_nobody_wins_by_name_or_by_two_first_orders(self) -> None:
        """Neither the candidate's name nor two columns that both come first say who goes out."""
        first = {name: TieBreak(order=1, wins="lower") for name in ("candidate", "age")}
        assert [one.code for one in runoff(tie_break=first).check()] == ["repeated-order", "tie-break-by-name"]

    def test_without_the_extra_it_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Who lacks votelib is told in both languages what to install; the explanation needs nothing."""
        monkeypatch.setitem(sys.modules, "votelib.evaluate.sequential", None)
        with pytest.raises(MissingExtra, match="ranked") as caught:
            count_ranked(runoff(), candidates("ab"), ballots({"ab": 1}))
        assert "缺少可选组件 votelib" in caught.value.say("zh")
        assert explain_ranked(runoff(), candidates("ab"), ballots({"ab": 1})).facts["elected"] == "a"


def test_every_kind_of_frame_is_given_back(kind: Any) -> None:
    """The result and the list of spoilt ballots are of the kind of the candidates' frame."""
    names, cast = kind.make(candidates("ab")), kind.make(ballots({"ab": 2, "x": 1}))
    found = count_ranked(runoff(), names, cast)
    assert type(found.frame) is type(names)
    assert kind.rows(found.frame, "candidate") == [("a", 2, "elected"), ("b", 0, "not_elected")]
    assert kind.rows(found.spoilt, "voter") == [("v2", "unknown_candidate")]
