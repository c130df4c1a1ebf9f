"""Plaques: hung, taken down, and who holds which on any day (R9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from communitygov.certification.register import PLAQUE_REASONS, plaque_events, register_on, watch_events
from communitygov.certification.rules import Certification, Plaques
from communitygov.vocabulary.errors import DataError, UsageError

EVENTS = {"subject": pl.String, "day": pl.String, "event": pl.String, "tier": pl.String, "reason": pl.String}


def tiers(**held: str | None) -> pl.DataFrame:
    return pl.DataFrame(list(held.items()), schema={"subject": pl.String, "tier": pl.String}, orient="row")


def log(*events: tuple[str | None, ...]) -> pl.DataFrame:
    return pl.DataFrame(list(events), schema=EVENTS, orient="row")


@pytest.fixture
def rule(shijingshan: Callable[..., Certification]) -> Callable[..., Certification]:
    """Shijingshan's rule with plaques."""

    def with_plaques(on_change: Any = "replace", on_watch: Any = "at_once") -> Certification:
        return shijingshan(plaques=Plaques(on_change=on_change, on_watch=on_watch))

    return with_plaques


LIST = pl.DataFrame({"subject": ["a"], "since": ["2022Q1"]})
BEFORE = tiers(same="five_star", up="four_star", out=None, gone="four_star", fell="five_star")
AFTER = tiers(same="five_star", up="five_star", out=None, new="four_star", fell=None)


class TestEvents:
    def test_of_a_years_results(self, rule: Any, kind: Any) -> None:
        """Hung on certification, taken down on exit, replaced on a change; nothing for those that stay."""
        found = plaque_events(rule(), kind.make(BEFORE), kind.make(AFTER), day="2023-01-15")
        expected = [
            ("fell", "2023-01-15", "taken_down", "five_star", "not_certified"),
            ("gone", "2023-01-15", "taken_down", "four_star", "no_result"),
            ("new", "2023-01-15", "hung", "four_star", "certified"),
            ("up", "2023-01-15", "hung", "five_star", "tier_changed"),
            ("up", "2023-01-15", "taken_down", "four_star", "tier_changed"),
        ]
        assert expected == sorted(kind.rows(found))

    def test_the_first_year_only_hangs(self, rule: Any) -> None:
        """With nothing before; a day may be a date."""
        found = plaque_events(rule(), None, AFTER, day=dt.date(2022, 10, 11))
        assert {("hung", "certified", "2022-10-11")} == set(found.select("event", "reason", "day").rows())

    def test_an_old_plaque_may_be_kept_for_the_year_of_the_change(self, rule: Any) -> None:
        """In the year of the change it stays; a year later, the tier being the same, the plaque follows it."""
        keep = rule(on_change="keep")
        held = tiers(up="four_star")
        first = plaque_events(keep, tiers(up="four_star"), tiers(up="five_star"), held, day="2023-01-15")
        assert first.rows() == []
        second = plaque_events(keep, tiers(up="five_star"), tiers(up="five_star"), held, day="2024-01-15")
        assert second.select("event", "tier").rows() == [("taken_down", "four_star"), ("hung", "five_star")]
        left = plaque_events(keep, tiers(up="five_star"), tiers(up=None), held, day="2024-01-15")
        assert left.select("event", "tier", "reason").rows() == [("taken_down", "four_star", "not_certified")]

    def test_a_plaque_lost_in_the_year_is_hung_again(self, rule: Any) -> None:
        """What hangs counts, not what last year's results were."""
        found = plaque_events(rule(), BEFORE, tiers(same="five_star"), tiers(other="four_star"), day="2023-01-15")
        assert found.filter(pl.col("tier").is_not_null()).filter(pl.col("subject").is_in(["other", "same"])).select(
            "subject", "event"
        ).sort("subject").rows() == [("other", "taken_down"), ("same", "hung")]

    @pytest.mark.parametrize(("on_watch", "taken"), [("at_once", ["a"]), ("year_end", [])])
    def test_coming_onto_the_watch_list(self, rule: Any, kind: Any, on_watch: str, taken: list[str]) -> None:
        """Takes the plaque at once, or leaves it to the year's end; staying on the list takes nothing more."""
        watched = pl.DataFrame({"subject": ["a", "b", "c"], "change": ["enters", "enters", "stays"]})
        held = tiers(a="five_star", c="four_star")
        found = watch_events(rule(on_watch=on_watch), kind.make(watched), kind.make(held), day="2023-06-30")
        rows = kind.rows(found)
        assert taken == [row[0] for row in rows]
        assert all(row[1:] == ("2023-06-30", "taken_down", "five_star", "watch_list") for row in rows)

    def test_errors(self, rule: Any, shijingshan: Any) -> None:
        """No plaques in the rule, no day, no such tier."""
        with pytest.raises(UsageError, match="no plaques"):
            plaque_events(shijingshan(), BEFORE, AFTER, day="2023-01-15")
        for day in ("2023", "soon"):
            with pytest.raises(UsageError, match=f"`{day}` is no day"):
                plaque_events(rule(), BEFORE, AFTER, day=day)
        with pytest.raises(DataError, match=r"unknown-tier: .*a \(six\)"):
            plaque_events(rule(), BEFORE, tiers(a="six"), day="2023-01-15")
        with pytest.raises(DataError, match=r"unknown-tier: .*a \(Five_Star\)"):
            plaque_events(rule(), tiers(a="Five_Star"), AFTER, day="2023-01-15")
        with pytest.raises(DataError, match="changes of the watch list has no column `change`"):
            watch_events(rule(), BEFORE, BEFORE.drop_nulls(), day="2023-01-15")
        with pytest.raises(DataError, match="plaques has no column `tier`"):
            watch_events(rule(), pl.DataFrame({"subject": ["a"], "change": ["enters"]}), LIST, day="2023-01-15")

    def test_a_plaque_of_a_tier_that_is_gone_comes_down(self, rule: Any, kind: Any) -> None:
        """For another, or for none; on the watch list as any other."""
        before = kind.make(tiers(a="platinum", b="platinum"))
        found = plaque_events(rule(), before, kind.make(tiers(a="five_star", b=None)), day="2023-01-15")
        assert sorted(kind.rows(found)) == [
            ("a", "2023-01-15", "hung", "five_star", "tier_changed"),
            ("a", "2023-01-15", "taken_down", "platinum", "tier_changed"),
            ("b", "2023-01-15", "taken_down", "platinum", "not_certified"),
        ]
        watched = kind.make(pl.DataFrame({"subject": ["b"], "change": ["enters"]}))
        assert [row[0] for row in kind.rows(watch_events(rule(), watched, before, day="2023-06-30"))] == ["b"]

    def test_the_rows_of_pandas_are_numbered_once(self, rule: Any) -> None:
        """What is put together of two frames has no row number twice."""
        found = plaque_events(rule(), BEFORE.to_pandas(), AFTER.to_pandas(), day="2023-01-15")
        assert list(found.index) == list(range(5))


class TestRegister:
    @settings(max_examples=settings().max_examples // 5)
    @given(
        st.lists(
            st.dictionaries(
                st.sampled_from("abc"), st.sampled_from(["five_star", "four_star", None]), min_size=1, max_size=3
            ),
            min_size=1,
            max_size=5,
        ),
        st.sampled_from(["replace", "keep"]),
    )
    def test_at_any_date_a_community_holds_at_most_one_plaque(
        self, years: list[dict[str, Any]], on_change: Any
    ) -> None:
        """Ten years of results, event by event: the register is recomputed for any day from the events up to it.

        Every plaque that hangs was hung for a certificate of that year or is kept for one; every one taken down has a
        reason; intervals do not overlap, since a broken log would be refused.
        """
        rule = _with_plaques(on_change)
        events, before = log(), None
        for n, results in enumerate(years):
            day, after = f"{2020 + n}-01-15", tiers(**results)
            held = register_on(events, day).select("subject", "tier")
            events = pl.concat([events, plaque_events(rule, before, after, held, day=day)])
            now = dict(register_on(events, day).select("subject", "tier").rows())
            certified = {name: tier for name, tier in results.items() if tier is not None}
            assert set(certified) == set(now)
            if on_change == "replace":
                assert certified == now
            before = after
        assert set(events["reason"].to_list()) <= set(PLAQUE_REASONS)
        for n in range(len(years)):
            day = f"{2020 + n}-07-01"
            upto = events.filter(pl.col("day") <= day)
            assert sorted(register_on(events, day).rows()) == sorted(register_on(upto, day).rows())
            assert register_on(events, day)["subject"].is_unique().all()

    @settings(max_examples=settings().max_examples // 20, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(shuffle=st.randoms())
    def test_the_order_of_rows_is_irrelevant(self, kind: Any, shuffle: Any) -> None:
        """On every kind of frame; of one day's events the taking down comes first."""
        rows = [
            ("a", "2023-01-15", "hung", "four_star", "certified"),
            ("a", "2024-01-15", "taken_down", "four_star", "tier_changed"),
            ("a", "2024-01-15", "hung", "five_star", "tier_changed"),
            ("b", "2023-01-15", "hung", "four_star", "certified"),
        ]
        shuffle.shuffle(rows)
        events = kind.make(log(*rows))
        two = [("a", "four_star", "2023-01-15"), ("b", "four_star", "2023-01-15")]
        assert kind.rows(register_on(events, "2023-01-14"), "subject") == []
        assert two == kind.rows(register_on(events, "2023-01-15"), "subject")
        assert two == kind.rows(register_on(events, dt.date(2024, 1, 14)), "subject")
        assert kind.rows(register_on(events, "2024-01-15"), "subject")[0] == ("a", "five_star", "2024-01-15")

    def test_in_each_draw_apart(self) -> None:
        """Two draws of a simulation may hang the same plaque."""
        events = pl.concat(
            [log(("a", "2023-01-15", "hung", "star", "certified")).with_columns(draw=pl.lit(n)) for n in (0, 1)]
        )
        assert register_on(events, "2023-02-01", by=("draw",)).select("subject", "draw").rows() == [("a", 0), ("a", 1)]

    @pytest.mark.parametrize(
        ("events", "message"),
        [
            (
                [("a", "2023-01-15", "hung", "x", "r"), ("a", "2024-01-15", "hung", "y", "r")],
                r"plaque-overlaps: column `tier`: another plaque hangs already; 1 row: a 2024-01-15 hung \(y\)",
            ),
            ([("a", "2023-01-15", "taken_down", "x", "r")], r"no-plaque: .* 1 row: a 2023-01-15 taken_down \(x\)"),
            (
                [("a", "2023-01-15", "hung", "x", "r"), ("a", "2024-01-15", "taken_down", "y", "r")],
                r"other-plaque: .*a 2024-01-15 taken_down \(y\)",
            ),
            ([("a", "2023-01-15", "hung", "x", None)], r"missing-value: column `reason`"),
            ([("a", "2023-01-15", "stolen", "x", "r")], r"unknown-event: .*neither hung nor taken_down.*\(stolen\)"),
            ([("a", "2023", "hung", "x", "r")], r"wrong-period: column `day`: not a day, such as 2023-08-01"),
            ([("a", "2023-02-30", "hung", "x", "r")], r"wrong-period: column `day`: .* 1 row: a 2023-02-30 hung"),
        ],
    )
    def test_a_broken_log_is_a_data_error(self, events: list[tuple[Any, ...]], message: str) -> None:
        """Overlaps, plaques from nowhere, no reason: each is named, and nothing is computed from it."""
        with pytest.raises(DataError, match=message):
            register_on(log(*events), "2025-01-01")


def _with_plaques(on_change: Any) -> Certification:
    from communitygov.certification.rules import Tier, Year

    return Certification(
        of="quality",
        year=Year(starts=1, periods=4),
        decimals=0,
        tiers={"five_star": Tier(order=1, number=1), "four_star": Tier(order=2, number=2)},
        base="all",
        rounding="floor",
        rounded="cumulative",
        ties="in",
        plaques=Plaques(on_change=on_change, on_watch="year_end"),
    )
