"""Watch lists: who enters, who stays, who leaves, and why (R8)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
import polars as pl
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from communitygov.certification.explain import explain_watch
from communitygov.certification.explain_watch import WATCH_REASONS, Seen, decide_watch
from communitygov.certification.rules import Certification, Leaving, Watch, Year
from communitygov.certification.watch import watch, watch_unchecked
from communitygov.report.steps_text import steps_text
from communitygov.testing.strategies_certification import seeded_quarters, watched_certifications
from communitygov.vocabulary.errors import DataError, UsageError

QUARTERS = ("2022Q1", "2022Q2", "2022Q3", "2022Q4", "2023Q1", "2023Q2", "2023Q3", "2023Q4")


def frames(many: Sequence[tuple[Sequence[Seen], Mapping[str, str]]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    rows = [(n, s.subject, s.period, s.score) for n, (seen, _) in enumerate(many) for s in seen]
    on = [(n, subject, since) for n, (_, listed) in enumerate(many) for subject, since in listed.items()]
    scores = pl.DataFrame(
        rows, schema={"world": pl.Int64, "subject": pl.String, "period": pl.String, "score": pl.Int64}, orient="row"
    )
    lists = pl.DataFrame(on, schema={"world": pl.Int64, "subject": pl.String, "since": pl.String}, orient="row")
    return scores, lists


COLUMNS = ["world", "subject", "score", "from_bottom", "listed", "since", "change", "reason"]


class TestColumnsAndRowsAgree:
    @settings(max_examples=settings().max_examples // 2)
    @given(watched_certifications(), st.integers(0, 2**32), st.sampled_from(QUARTERS))
    def test_for_every_subject_of_many_worlds(self, rule: Certification, seed: int, period: str) -> None:
        """Watch lists of every setting, 25 worlds each in one frame: not one cell differs."""
        many = [seeded_quarters(seed + n) for n in range(25)]
        scores, lists = frames(many)
        frame = watch_unchecked(rule, scores, lists, period=period, by=("world",)).frame
        expected = [
            (n, w.subject, w.value, w.from_bottom, w.listed, w.since, w.change, w.reason)
            for n, (seen, listed) in enumerate(many)
            for w in decide_watch(rule, seen, listed, period)
        ]
        assert expected == frame.select(COLUMNS).sort("world", "subject").rows()

    @settings(max_examples=settings().max_examples // 20, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(rule=watched_certifications(), seed=st.integers(0, 2**32), period=st.sampled_from(QUARTERS))
    def test_on_every_kind_of_frame(self, kind: Any, rule: Certification, seed: int, period: str) -> None:
        """Polars eager is the measure; the list handed on agrees as well."""
        scores, lists = frames([seeded_quarters(seed + n) for n in range(4)])
        expected = watch_unchecked(rule, scores, lists, period=period, by=("world",))
        actual = watch_unchecked(rule, kind.make(scores), kind.make(lists), period=period, by=("world",))
        key = ("world", "subject")
        assert (
            expected.frame.select(COLUMNS).sort(key).rows() == kind.read(actual.frame).select(COLUMNS).sort(key).rows()
        )
        assert expected.listed.sort(key).rows() == kind.rows(actual.listed, *key)


def quarters(**scores: Sequence[int | None]) -> pl.DataFrame:
    """Scores of subjects in the quarters from 2022Q1 on."""
    rows = [(name, QUARTERS[n], score) for name, row in scores.items() for n, score in enumerate(row)]
    return pl.DataFrame(rows, schema={"subject": pl.String, "period": pl.String, "score": pl.Int64}, orient="row")


@pytest.fixture
def rule(shijingshan: Callable[..., Certification]) -> Callable[..., Certification]:
    """A watch list of the last one in two quarters, with whatever a test changes in it."""

    def with_changes(**changes: Any) -> Certification:
        plain = Watch(
            last=1,
            periods=2,
            ties="in",
            rank_of="period",
            across_years=True,
            leaving=Leaving(after=2),
            starred="allowed",
        )
        year = changes.pop("year", Year(starts=1, periods=4))
        return shijingshan(year=year, watch=attrs.evolve(plain, **changes))

    return with_changes


def outcome(rule: Certification, scores: pl.DataFrame, period: str, **listed: str) -> dict[str, tuple[str, str]]:
    on = pl.DataFrame(list(listed.items()), schema={"subject": pl.String, "since": pl.String}, orient="row")
    frame = watch(rule, scores, on, period=period).frame
    return {row["subject"]: (row["change"], row["reason"]) for row in frame.iter_rows(named=True)}


class TestEntry:
    def test_two_quarters_in_a_row_among_the_last(self, rule: Any) -> None:
        """Last in this quarter and the one before: it enters, this quarter on."""
        found = watch(rule(), quarters(a=[1, 1], b=[5, 9], c=[6, 9]), period="2022Q2")
        assert found.listed.rows() == [("a", "2022Q2")]
        assert found.key == ("subject", "period")

    def test_once_is_not_enough(self, rule: Any) -> None:
        """Last now, but another was last before: nobody enters."""
        found = outcome(rule(), quarters(a=[5, 1], b=[1, 9], c=[6, 9]), "2022Q2")
        assert found == {"a": ("none", "not_in_a_row"), "b": ("none", "not_last"), "c": ("none", "not_last")}

    def test_without_an_earlier_rank_nobody_enters(self, rule: Any) -> None:
        """The first quarter of all, or a quarter missed, breaks the row."""
        assert outcome(rule(), quarters(a=[1], b=[2]), "2022Q1")["a"] == ("none", "no_earlier_rank")
        missed = quarters(a=[1, None, 1], b=[2, 3, 4], c=[2, 3, 4])
        assert outcome(rule(), missed, "2022Q3")["a"] == ("none", "no_earlier_rank")

    @pytest.mark.parametrize(("across", "expected"), [(True, ("enters", "in_a_row")), (False, ("none", "year_end"))])
    def test_the_years_end_is_no_break_unless_declared(self, rule: Any, across: bool, expected: Any) -> None:
        """The last quarter of a year and the first of the next are consecutive, or not, as declared."""
        scores = quarters(a=[9, 9, 9, 1, 1], b=[2, 3, 4, 5, 6])
        assert expected == outcome(rule(across_years=across), scores, "2023Q1")["a"]

    def test_a_year_may_end_in_june(self, rule: Any) -> None:
        """Where the year begins in July, the break lies between June and July."""
        strict = rule(across_years=False, year=Year(starts=7, periods=4))
        scores = quarters(a=[1, 1, 1, 1, 1], b=[2, 3, 4, 5, 6])
        assert outcome(strict, scores, "2022Q3")["a"] == ("none", "year_end")
        assert outcome(strict, scores, "2023Q1")["a"] == ("enters", "in_a_row")

    @pytest.mark.parametrize(("ties", "entering"), [("in", {"a", "b"}), ("out", set())])
    def test_ties_at_the_last_place_are_all_in_or_all_out(self, rule: Any, ties: str, entering: set[str]) -> None:
        """Two tied for the one last place."""
        found = outcome(rule(ties=ties), quarters(a=[1, 1], b=[1, 1], c=[6, 9]), "2022Q2")
        assert entering == {name for name, (change, _) in found.items() if change == "enters"}

    def test_the_rank_may_be_of_the_year_to_date(self, rule: Any) -> None:
        """Last in the sum of the year's quarters, though not in the quarter itself."""
        scores = quarters(a=[1, 5], b=[9, 4], c=[9, 9])
        assert outcome(rule(), scores, "2022Q2")["a"] == ("none", "not_last")
        assert outcome(rule(rank_of="year_to_date"), scores, "2022Q2")["a"] == ("enters", "in_a_row")

    @given(seed=st.integers(0, 2**32), gain=st.integers(1, 60), rule=watched_certifications())
    def test_an_improvement_never_puts_anybody_on_the_list(self, rule: Any, seed: int, gain: int) -> None:
        """R3 for the watch list: raising your own score of the quarter, others unchanged, never makes you enter."""
        seen, _ = seeded_quarters(seed)
        mine = [n for n, s in enumerate(seen) if s.period == "2023Q2" and s.score is not None]
        assume(mine)
        chosen = mine[seed % len(mine)]
        better = [attrs.evolve(s, score=(s.score or 0) + gain) if n == chosen else s for n, s in enumerate(seen)]
        name = seen[chosen].subject
        before = {w.subject: w for w in decide_watch(rule, seen, {}, "2023Q2")}[name]
        after = {w.subject: w for w in decide_watch(rule, better, {}, "2023Q2")}[name]
        assert before.listed or not after.listed


class TestLeaving:
    def test_after_as_many_quarters_outside_as_declared(self, rule: Any) -> None:
        """Listed in the second quarter; outside in the third it stays, outside in the fourth as well it leaves."""
        scores = quarters(a=[1, 1, 7, 7], b=[5, 9, 2, 2], c=[6, 9, 9, 9])
        assert outcome(rule(), scores, "2022Q3", a="2022Q2")["a"] == ("stays", "not_long_enough")
        assert outcome(rule(), scores, "2022Q4", a="2022Q2")["a"] == ("leaves", "outside_in_a_row")

    def test_quarters_before_the_entry_do_not_count(self, rule: Any) -> None:
        """A subject put on the list in a quarter that it was outside in starts counting in the next."""
        scores = quarters(a=[7, 7, 7], b=[1, 2, 2], c=[9, 9, 9])
        assert outcome(rule(), scores, "2022Q3", a="2022Q2")["a"] == ("stays", "not_long_enough")

    def test_still_among_the_last_it_stays(self, rule: Any) -> None:
        """And keeps the quarter since which it is on the list."""
        scores = quarters(a=[1, 1, 1], b=[5, 9, 2])
        on = pl.DataFrame({"subject": ["a"], "since": ["2022Q2"]})
        assert watch(rule(), scores, on, period="2022Q3").listed.rows() == [("a", "2022Q2")]
        assert outcome(rule(), scores, "2022Q3", a="2022Q2")["a"] == ("stays", "still_last")

    def test_a_quarter_without_a_rank_is_not_outside(self, rule: Any) -> None:
        """Missing, or gone altogether: it stays on the list, by name."""
        scores = quarters(a=[1, 1, None], b=[5, 9, 2], c=[6, 9, 3])
        found = outcome(rule(), scores, "2022Q3", a="2022Q2", gone="2022Q1")
        assert ("stays", "no_rank") == found["a"] == found["gone"]


class TestDataErrors:
    def test_fewer_subjects_than_twice_the_last_places(self, rule: Any) -> None:
        """Every period that counts is named."""
        with pytest.raises(DataError) as caught:
            watch(rule(last=2), quarters(a=[1, 1], b=[2, 2], c=[3, 3]), period="2022Q2")
        assert caught.value.say("en").splitlines() == [
            "too-few-subjects: 2022Q1 has 3 ranked subjects, fewer than twice the last 2 places",
            "too-few-subjects: 2022Q2 has 3 ranked subjects, fewer than twice the last 2 places",
        ]

    def test_a_period_without_rows(self, rule: Any) -> None:
        """Nobody has a rank in a period that is not there."""
        with pytest.raises(DataError, match="2022Q3 has 0 ranked subjects"):
            watch(rule(), quarters(a=[1, 1], b=[2, 2]), period="2022Q3")

    def test_a_period_of_another_kind(self, rule: Any) -> None:
        """The argument is a usage error, a row a data error that names it."""
        for period in ("2022", "2022Q5", "soon"):
            for verb in (watch, watch_unchecked, lambda *args, **kw: explain_watch(*args, **kw, subject="a")):
                with pytest.raises(UsageError, match=f"`{period}` is no quarter"):
                    verb(rule(), quarters(a=[1], b=[2]), period=period)
        months = pl.DataFrame({"subject": ["a"], "period": ["2022-01"], "score": [1]})
        with pytest.raises(DataError, match=r"wrong-period: column `period`: not a quarter.*a 2022-01 \(2022-01\)"):
            watch(rule(), months, period="2022Q1")

    def test_the_list_is_checked_as_well(self, rule: Any) -> None:
        """A subject twice on the list, or since no quarter."""
        on = pl.DataFrame({"subject": ["a", "a"], "since": ["2022Q1", "then"]})
        with pytest.raises(DataError) as caught:
            watch(rule(), quarters(a=[1], b=[2]), on, period="2022Q1")
        assert {"duplicate-row", "wrong-period"} == {problem.code for problem in caught.value.problems}

    def test_without_a_watch_list(self, rule: Any) -> None:
        """The certification has none: a usage error."""
        with pytest.raises(UsageError, match="no watch list"):
            watch(attrs.evolve(rule(), watch=None), quarters(a=[1]), period="2022Q1")

    def test_a_line_end_is_no_part_of_a_period(self, rule: Any, kind: Any) -> None:
        """On any kind of frame."""
        scores = quarters(a=[1], b=[2]).with_columns(pl.col("period") + "\n")
        with pytest.raises(DataError, match="wrong-period: column `period`: not a quarter"):
            watch(rule(), kind.make(scores), period="2022Q1")


class TestGaps:
    def test_are_no_ranks_on_any_kind_of_frame(self, rule: Any, kind: Any) -> None:
        """One quarter whose scores are floats and have a gap: pandas marks it in its own way."""
        scores = quarters(a=[1, 1], b=[2, None], c=[3, 3]).with_columns(score=pl.col("score") / 2)
        found = kind.read(watch(rule(), kind.make(scores), period="2022Q2").frame).sort("subject")
        assert found["reason"].to_list() == ["in_a_row", "no_rank", "not_last"]
        for name, reason in zip("abc", found["reason"], strict=True):
            tree = explain_watch(rule(), kind.make(scores), period="2022Q2", subject=name)
            assert tree.facts["reason"] == reason


class TestExplainWatch:
    @pytest.mark.parametrize(
        ("scores", "listed"),
        [
            (quarters(a=[1, 1]), None),
            (quarters(a=[1], b=[2]).drop("score"), None),
            (pl.concat([quarters(a=[1], b=[2]), quarters(b=[3])]), None),
            (quarters(a=[1], b=[2]).with_columns(score=pl.lit(float("nan"))), None),
            (quarters(a=[1], b=[2]).with_columns(score=pl.lit(0.125)), None),
            (quarters(a=[1], b=[2]).with_columns(period=pl.lit("2022")), None),
            (quarters(a=[1], b=[2]), {"subject": ["a"], "since": ["then"]}),
            (quarters(a=[1], b=[2]), {"subject": ["a", "a"], "since": ["2021Q4", "2021Q3"]}),
            (quarters(a=[1], b=[2]), {"subject": ["a"]}),
        ],
    )
    def test_what_the_list_refuses_is_not_explained(self, rule: Any, scores: Any, listed: Any) -> None:
        """The same faults, word for word."""
        on = None if listed is None else pl.DataFrame(listed)
        with pytest.raises(DataError) as refused:
            watch(rule(), scores, on, period="2022Q1")
        with pytest.raises(DataError) as unexplained:
            explain_watch(rule(), scores, on, period="2022Q1", subject="a")
        assert refused.value.say("en") == unexplained.value.say("en")

    def test_its_chinese_has_no_ids(self, rule: Any) -> None:
        """Neither of settings nor of what was chosen."""
        said = steps_text(explain_watch(rule(), quarters(a=[1], b=[2]), period="2022Q1", subject="a"), "zh")
        assert "并列：同分者全部列入" in said
        assert "名次口径：本期" in said
        assert not {"ties", "rank_of", "across_years", "periods"} & set(re.findall("[a-z_]+", said))

    def test_says_the_rank_the_reason_and_the_periods(self, rule: Any) -> None:
        """In both languages, with what each period was and the settings it rests on."""
        scores = quarters(a=[1, 1], b=[5, 9], c=[6, 9]).with_columns(world=0)
        tree = explain_watch(rule(), scores, period="2022Q2", subject="a", by={"world": 0})
        assert tree.text.en == "rank 1 from the bottom (last 1); among the last often enough in a row, it enters"
        assert tree.text.zh == "倒数第1（末1位）；连续末位，列入"
        assert [(s.title.en, s.value) for s in tree.children[:2]] == [("2022Q2", True), ("2022Q1", True)]
        assert (tree.value, tree.facts["change"], tree.facts["since"]) == (True, "enters", "2022Q2")

    def test_agrees_with_the_list_for_every_subject(self, rule: Any) -> None:
        """The listed too, the missing too; every reason has its words."""
        scores = quarters(a=[1, 1, None], b=[5, 9, 2], c=[6, 9, 3])
        on = pl.DataFrame({"subject": ["a"], "since": ["2022Q2"]})
        year = rule(rank_of="year_to_date")
        for row in watch(year, scores, on, period="2022Q3").frame.iter_rows(named=True):
            tree = explain_watch(year, scores, on, period="2022Q3", subject=row["subject"])
            said = ["score", "from_bottom", "since", "change", "reason"]
            assert {name: row[name] for name in said} == {name: tree.facts[name] for name in said}
            assert tree.text.en.endswith(WATCH_REASONS[row["reason"]].en)

    def test_an_unknown_subject(self, rule: Any) -> None:
        """The nearest name is offered."""
        with pytest.raises(DataError, match="there is no row of `gucheng`; did you mean `gucheng1`"):
            explain_watch(rule(), quarters(gucheng1=[1], b=[2]), period="2022Q1", subject="gucheng")
