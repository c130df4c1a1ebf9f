"""An explanation says in words why a subject has its tier, and with facts enough to check it."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import polars as pl
import pytest

from communitygov.certification.certify import certify
from communitygov.certification.explain import explain
from communitygov.certification.rules import Certification, Tier, Veto
from communitygov.documents.node import Node
from communitygov.report.steps_text import steps_text
from communitygov.vocabulary.errors import DataError
from communitygov.vocabulary.numbers import Share
from communitygov.vocabulary.problem import Place
from communitygov.vocabulary.text import Title

Rule = Callable[..., Certification]


def held(*names: str, tier: str = "five_star") -> pl.DataFrame:
    return pl.DataFrame({"subject": list(names), "year": [2023] * len(names), "tier": [tier] * len(names)})


class TestSentence:
    def test_of_a_community_that_moved_up(self, shijingshan: Rule, best_first: Any, kind: Any) -> None:
        """The sentence of the design, word for word, on every kind of frame."""
        scores, holders = kind.make(best_first(143)), kind.make(held("c001", "c002", "c003"))
        tree = explain(shijingshan(), scores, holders, year=2024, subject="c017")
        assert tree.text.en == (
            "rank 17 of 143; 3 holders ahead of it take no place (SJS-19); effective rank 14, the last of 14 five-star "
            "places (10% of 143, rounded down, SJS-17): five stars, moved up"
        )
        assert tree.text.zh == (
            "143个中排第17；其前有3个连年获评者不占名额（SJS-19）；顺延后名次14，为14个五星级名额的末位"
            "（143的10%，向下取整，SJS-17）：五星级，顺延递补"
        )
        assert tree.value == "five_star"

    def said(self, rule: Certification, scores: Any, subject: str, holders: Any = None) -> str:
        return explain(rule, scores, holders, year=2024, subject=subject).text.en

    def test_of_the_others(self, shijingshan: Rule, best_first: Any) -> None:
        """Within, beyond, renewed, without a score."""
        rule, scores = (
            shijingshan(),
            best_first(10).with_columns(score=pl.when(pl.col("subject") != "c010").then("score")),
        )
        assert self.said(rule, scores, "c002") == (
            "rank 2 of 9; effective rank 2, within 3 places down to four stars (30% of 10, rounded down, SJS-18): "
            "four stars, in quota"
        )
        assert self.said(rule, scores, "c005").endswith(
            "effective rank 5, beyond 3 places down to four stars (30% of 10, rounded down, SJS-18): "
            "no tier, below the cut"
        )
        assert self.said(rule, scores, "c001", held("c001")).endswith(
            "within 1 five-star place (10% of 10, rounded down, SJS-17): five stars, renewed, takes no place"
        )
        assert self.said(rule, scores, "c010") == "it has no score this year: not scored"
        small = shijingshan(least_group=11)
        assert self.said(small, scores, "c001") == "the base, all subjects, counts 10, fewer than 11: not ranked"

    def test_of_vetoes_thresholds_and_ties(self, shijingshan: Rule, best_first: Any) -> None:
        """Who is passed over, what bars, what is not reached."""
        veto = Veto(column="fire", when="before", title=Title(zh="重大火灾", en="a great fire"))
        tiers = {
            "gold": Tier(order=1, number=1, threshold=Fraction(399)),
            "silver": Tier(order=2, threshold=Fraction(398)),
        }
        rule = shijingshan(tiers=tiers, vetoes={"fire": veto}, clause=())
        scores = best_first(4).with_columns(fire=pl.col("subject") == "c001")
        assert self.said(rule, scores, "c001") == (
            "rank 1 of 4; its score reaches the least for silver, 398.00; barred by a great fire: no tier, veto"
        )
        assert self.said(rule, scores, "c002") == (
            "rank 2 of 4; 1 ahead of it is vetoed; effective rank 1, the last of 1 gold place (a fixed number); "
            "its score reaches the least for gold, 399.00: gold, in quota"
        )
        assert self.said(rule, scores, "c004").endswith(
            "its score is below the least for silver, 398.00: no tier, below the cut"
        )
        barred = shijingshan(vetoes={"fire": Veto(column="fire", when="before", bars="five_star")})
        more = best_first(10).with_columns(fire=pl.col("subject") == "c001")
        assert self.said(barred, more, "c001") == (
            "rank 1 of 10; effective rank 1, within 3 places down to four stars (30% of 10, rounded down, SJS-18); "
            "barred by fire (SJS-16, SJS-20): four stars, a veto bars a higher one"
        )
        after = shijingshan(vetoes={"fire": Veto(column="fire", when="before")})
        assert self.said(after, more, "c001") == (
            "rank 1 of 10; no candidate, takes none of 3 places down to four stars (30% of 10, rounded down, SJS-18); "
            "barred by fire (SJS-16, SJS-20): no tier, veto"
        )
        out = shijingshan(tiers={"star": Tier(order=1, number=1)}, ties="out")
        tied = best_first(2).with_columns(score=pl.lit(5))
        assert self.said(out, tied, "c001").endswith("no tier, tied, and not all of the tie fit")

    def test_suffices_where_a_kept_tier_is_over_the_cap(self, shijingshan: Rule) -> None:
        """It names the tier that would be kept, how many are certified at or ahead, and the cap."""
        scores = pl.DataFrame({"subject": ["a", "b", "c"], "score": [9, 7, 5], "previous_score": [1, 1, 5]})
        tiers = {"gold": Tier(order=1, number=0), "silver": Tier(order=2, number=2)}
        rule = shijingshan(tiers=tiers, hold_until_change=True, cap=2, clause=(), renewal=None)
        tree = explain(rule, scores, held("c", tier="gold"), year=2024, subject="c")
        assert tree.text.en == (
            "rank 3 of 3; effective rank 3, beyond 0 gold places (a fixed number); "
            "its score is that of last year, so that it would keep gold; "
            "3 certified at or ahead of it, the cap is 2: no tier, over the cap"
        )
        assert "得分与上年相同，本可保留2023年的gold；同分及以上者中获评的有3个，上限2" in tree.text.zh
        assert tree.find("held").value is True

    def test_says_that_a_tier_would_be_kept_though_the_rank_gives_the_same(self, shijingshan: Rule) -> None:
        """Kept and by rank alike silver, and over the cap: it was the kept tier that the cap took."""
        scores = pl.DataFrame({"subject": ["a", "b"], "score": [9, 5], "previous_score": [9, 5]})
        rule = shijingshan(tiers={"star": Tier(order=1, number=2)}, hold_until_change=True, cap=1, renewal=None)
        tree = explain(rule, scores, held("a", "b", tier="star"), year=2024, subject="b")
        assert (tree.facts["reason"], tree.find("held").value) == ("capped", True)

    def test_suffices_where_a_tie_decides(self, shijingshan: Rule, best_first: Any) -> None:
        """It says how many are equal, be they out or in for it."""
        tied = best_first(8).with_columns(score=pl.lit(5))
        for ties, words in (
            ("out", "8 that take a place are equal, all are in only if all fit: no tier, tied, and not all of the tie"),
            ("in", "8 that take a place are equal, all are in: star, tie"),
        ):
            rule = shijingshan(tiers={"star": Tier(order=1, number=3)}, ties=ties)
            assert words in self.said(rule, tied, "c001")

    def test_says_what_the_base_is_that_is_too_small(self, shijingshan: Rule, best_first: Any) -> None:
        """All vetoed, nobody is in the base; of a group it is the group's."""
        veto = {"fire": Veto(column="fire", when="before")}
        scores = best_first(3).with_columns(fire=pl.lit(True), street=pl.lit("x"))
        eligible = "those with a score and not vetoed before every tier, counts 0, fewer than 1: not ranked"
        assert self.said(shijingshan(base="eligible", vetoes=veto), scores, "c001") == f"the base, {eligible}"
        grouped = shijingshan(base="eligible", vetoes=veto, group_by="street")
        assert self.said(grouped, scores, "c001") == f"the base of its group, {eligible}"

    def test_names_bounds_and_parts_of_a_quota(self, shijingshan: Rule, best_first: Any) -> None:
        """At least, at most, each tier's own part."""
        tiers = {
            "gold": Tier(order=1, share=Fraction(1, 50), at_least=2),
            "silver": Tier(order=2, share=Fraction(1, 3), at_most=4),
        }
        rule = shijingshan(tiers=tiers, rounded="each", rounding="ceiling", clause=())
        assert "2 gold places (2% of 20, rounded up, at least 2)" in self.said(rule, best_first(20), "c001")
        assert "4 places down to silver (1/3 of 20, its own part rounded up, at most 4)" in self.said(
            rule, best_first(20), "c004"
        )


class TestTree:
    def test_every_number_tells_the_layer_file_and_line_that_set_it(self, shijingshan: Rule, best_first: Any) -> None:
        """And what it was before; the clause is the tier's own, or the certification's."""
        old = Node(Place("certification.yaml", 12, 9), "shijingshan", "10%")
        new = Node(Place("stricter.yaml", 4, 50), "reform stricter-five-star", "5%", was=old)
        tier = Tier(
            order=1, share=Share(Fraction(1, 20)), node=Node(Place("stricter.yaml", 4, 1), children={"share": new})
        )
        tree = explain(shijingshan(tiers={"five_star": tier}), best_first(143), year=2024, subject="c007")
        cut = tree.find("cut")
        story = "5%, from reform stricter-five-star, stricter.yaml:4, was 10%, certification.yaml:12"
        assert (story, story) == (cut.source.en, cut.find("share").source.en)
        assert (("SJS-16", "SJS-20"), Fraction(1, 20), 7) == (cut.clause, cut.find("share").value, cut.facts["places"])

    def test_shows_history_where_two_of_one_score_part(self, shijingshan: Rule) -> None:
        """R11: equal scores, unequal stars; the explanation of each says what it held."""
        scores = pl.DataFrame({"subject": ["a", "b", "c", "d"], "score": [9, 5, 5, 1]})
        rule = shijingshan(tiers={"star": Tier(order=1, number=2)}, ties="out")
        old, new = (explain(rule, scores, held("b", tier="star"), year=2024, subject=name) for name in "bc")
        assert (old.value, new.value) == ("star", "star")
        more = pl.DataFrame({"subject": ["a", "b", "c", "e"], "score": [9, 5, 5, 5]})
        old, new = (explain(rule, more, held("b", tier="star"), year=2024, subject=name) for name in "bc")
        assert (old.value, new.value) == ("star", None)
        assert (old.find("history").text.en, new.find("history").text.en) == ("2023: star", "2023: nothing")
        assert old.find("history").facts == {"2023": "star"}

    def test_shows_the_cap_and_the_tier_kept(self, shijingshan: Rule) -> None:
        """Where the rule has them."""
        scores = pl.DataFrame({"subject": ["a", "b"], "score": [9, 5], "previous_score": [9, 5]})
        rule = shijingshan(tiers={"star": Tier(order=1, number=1)}, hold_until_change=True, cap=1)
        tree = explain(rule, scores, held("b", tier="star"), year=2024, subject="b")
        assert tree.find("cap").text.en == "2 certified at or ahead of it, the cap is 1"
        assert (tree.find("held").value, tree.find("held").text.en) == (True, "its score is that of last year")
        assert tree.text.en.endswith("no tier, over the cap")

    def test_says_how_many_are_equal(self, shijingshan: Rule) -> None:
        """All in, or in only if all fit."""
        scores = pl.DataFrame({"subject": ["a", "b"], "score": [5, 5]})
        for ties, words in (("in", "all are in"), ("out", "all are in only if all fit")):
            rule = shijingshan(tiers={"star": Tier(order=1, number=1)}, ties=ties)
            cut = explain(rule, scores, year=2024, subject="a").find("cut")
            assert cut.text.en.endswith(f"2 that take a place are equal, {words}")

    def test_reads_only_the_group(self, shijingshan: Rule) -> None:
        """Other streets and other draws are not looked at."""
        rule = shijingshan(tiers={"star": Tier(order=1, number=1)}, group_by="street", tie_break=("visit",))
        scores = pl.DataFrame(
            {
                "subject": ["a", "b", "a", "b", "c"],
                "score": [5, 6, 6, 5, 9],
                "visit": [1.5, 1.0, 1.0, 1.0, 1.0],
                "street": ["x", "x", "x", "x", "y"],
                "draw": [0, 0, 1, 1, 1],
            }
        )
        tree = explain(rule, scores, held("a", tier="star"), year=2024, subject="a", by={"draw": 0})
        assert (
            tree.facts["rank"],
            tree.facts["scored"],
            tree.facts["group"],
            tree.find("score").facts["tie_break_1"],
        ) == (2, 2, "x", 150)


class TestChinese:
    def test_names_tiers_and_choices_and_never_their_ids(self, shijingshan: Rule, best_first: Any) -> None:
        """In the printed tree, of the result and of every setting that it rests on."""
        rule = shijingshan(vetoes={"fire": Veto(column="fire", when="after", title=Title(zh="重大火灾", en="a fire"))})
        scores = best_first(20).with_columns(fire=pl.col("subject") == "c001")
        found = {name: explain(rule, scores, held("c002"), year=2024, subject=name) for name in ("c001", "c002")}
        said = "\n".join(steps_text(tree, "zh") for tree in found.values())
        for words in (
            "：五星级",
            "取整：向下取整",
            "并列：同分者全部列入",
            "须持有：本级或更高星级",
            "重大火灾：评定后否决",
        ):
            assert words in said
        for one in ("five_star", "floor", "cumulative", "：in", "this_or_higher", "original_cut", "after"):
            assert one not in said
        assert found["c002"].value == "five_star"
        assert found["c002"].find("hold").value == "this_or_higher"


FAULTS: list[tuple[str, dict[str, Any], dict[str, Any] | None]] = [
    ("missing-column", {"score": None}, None),
    ("wrong-column-type", {"score": ["9", "8"]}, None),
    ("not-finite", {"score": [float("inf"), 1.0]}, None),
    ("too-large", {"score": [1e30, 1.0]}, None),
    ("too-many-decimals", {"score": [90.123, 80.0]}, None),
    ("duplicate-row", {"subject": ["a", "b", "b"], "score": [3, 2, 1], "street": ["x"] * 3}, None),
    ("missing-value", {"street": ["x", None]}, None),
    ("unknown-tier", {}, {"tier": ["Star"]}),
    ("unknown-tier", {}, {"tier": ["明星"]}),
    ("wrong-column-type", {}, {"year": ["2023"]}),
    ("missing-column", {}, {"year": None}),
    ("duplicate-row", {}, {"subject": ["b", "b"], "year": [2023, 2023], "tier": ["star", "star"]}),
]


class TestErrors:
    @pytest.mark.parametrize(("code", "scores", "holders"), FAULTS)
    def test_what_certify_refuses_is_not_explained(
        self, shijingshan: Rule, code: str, scores: dict[str, Any], holders: dict[str, Any] | None
    ) -> None:
        """The same faults, word for word."""
        star = Tier(order=1, number=1, title=Title(zh="明星", en="a star"))
        rule = shijingshan(tiers={"star": star}, group_by="street")
        facts = {"subject": ["a", "b"], "score": [9, 8], "street": ["x", "x"]} | scores
        earlier = {"subject": ["b"], "year": [2023], "tier": ["star"]} | (holders or {})
        frame, before = (
            pl.DataFrame({name: cells for name, cells in one.items() if cells is not None}) for one in (facts, earlier)
        )
        with pytest.raises(DataError) as refused:
            certify(rule, frame, before, year=2024)
        with pytest.raises(DataError) as unexplained:
            explain(rule, frame, before, year=2024, subject="a")
        assert code in {problem.code for problem in refused.value.problems}
        assert refused.value.say("zh") == unexplained.value.say("zh")

    def test_faults_of_another_draw_do_not_matter(self, shijingshan: Rule, best_first: Any) -> None:
        """Only the rows that `by` points out are read, and a `by` that is no column is named."""
        scores = pl.concat([best_first(3), best_first(3).with_columns(score=None)])
        scores = pl.concat([scores, scores[:1]]).with_columns(draw=pl.Series([0, 0, 0, 1, 1, 1, 1]))
        assert explain(shijingshan(), scores, year=2024, subject="c001", by={"draw": 0}).facts["rank"] == 1
        with pytest.raises(DataError, match="duplicate-row"):
            explain(shijingshan(), scores, year=2024, subject="c002", by={"draw": 1})
        with pytest.raises(DataError, match="has no column `drawn`, named in `by`"):
            explain(shijingshan(), scores, year=2024, subject="c001", by={"drawn": 0})

    def test_a_subject_may_be_called_like_a_missing_value(self, shijingshan: Rule, kind: Any) -> None:
        """A name is a name, and a gap is a gap, on every kind of frame."""
        scores = kind.make(pl.DataFrame({"subject": ["<NA>", "nan", "c"], "score": [90.0, None, 80.5]}))
        rule = shijingshan(tiers={"star": Tier(order=1, number=1)})
        told = {name: explain(rule, scores, year=2024, subject=name) for name in ("<NA>", "nan", "c")}
        assert [tree.facts["reason"] for tree in told.values()] == ["in_quota", "not_scored", "below"]
        assert [tree.facts["score"] for tree in told.values()] == [9000, None, 8050]

    def test_an_unknown_subject_is_offered_the_nearest_name(self, shijingshan: Rule, best_first: Any) -> None:
        """Or, in groups, told that it has no row."""
        with pytest.raises(DataError, match="there is no row of `c01`; did you mean `c001`"):
            explain(shijingshan(), best_first(3), year=2024, subject="c01")

    def test_several_rows_need_a_by(self, shijingshan: Rule, best_first: Any) -> None:
        """Two draws in the frame: which one?"""
        scores = pl.concat([best_first(3), best_first(3)])
        with pytest.raises(DataError, match="`c001` has 2 rows; say which with by"):
            explain(shijingshan(), scores, year=2024, subject="c001")
