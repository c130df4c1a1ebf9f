"""Simulated orders: honest logs, the same orders for every variant, and what a shorter limit does."""

import datetime as dt
from collections import Counter
from fractions import Fraction

import polars as pl
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.simulation.order_worlds import (
    CHECKED,
    CLOCKLESS,
    DAY,
    END,
    FIRST,
    FORKED,
    LAMPS,
    LAST,
    PLAIN,
    RULE,
    SHORTER,
    WORLD,
    changed,
    drawn,
    ended,
    hours,
    world_of,
)

import communitygov
from communitygov.procedure.judge import judge
from communitygov.procedure.rules import CaseFact, Clock, Step
from communitygov.simulation.order_draw import draw_log
from communitygov.simulation.order_model import (
    Arrivals,
    Duration,
    FactModel,
    check_model,
)
from communitygov.simulation.orders import simulate_orders
from communitygov.simulation.variants import Variant
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.numbers import Number, Share
from communitygov.vocabulary.text import Title


class TestLogs:
    @settings(max_examples=25)
    @given(st.integers(0, 10_000), st.sampled_from(["0", "1/2", "1"]), st.sampled_from([1, 12, None]))
    def test_a_drawn_log_is_honest(self, draw, chance, desks):
        """Nothing is wrong with it but what is late: every act went through the live case."""
        world = changed(come={"chance": Share(Fraction(chance))}, repair={"desks": desks})
        found = judge(RULE, draw_log(world, RULE, FIRST, dt.date(2024, 5, 2), seed=1, draw=draw), END)
        assert set(found.verdicts["verdict"]) <= {"late", "overdue", "no_show"}

    @pytest.mark.parametrize("own", [None, Clock(zone="Asia/Shanghai", calendar="monday_to_friday")])
    def test_a_variant_with_another_clock_meets_the_same_orders(self, tmp_path, own):
        """When people come does not hang on the rules: a holiday that the office works through is still a holiday."""
        text = "reform: through\ntitle: {zh: 不休假, en: No holidays}\nbecause: {zh: 试, en: A trial.}\n"
        text += "changes: {procedure: {repair: {clock: {calendar: monday_to_friday}}}}\n"
        (tmp_path / "through.yaml").write_text(text, encoding="utf-8")
        variants = [
            Variant("now", Title(zh="现行", en="now")),
            Variant("through", Title(zh="不休", en="through"), (communitygov.read_reform(tmp_path / "through.yaml"),)),
        ]
        first, last, world = dt.date(2024, 9, 30), dt.date(2024, 10, 6), evolve(WORLD, clock=own)
        found = simulate_orders(LAMPS, "repair", world, first=first, last=last, variants=variants, draws=3)
        opened = found.cases.filter(count="opened").select("mean", "low", "high").rows()
        assert opened[0] == opened[1]
        rule = LAMPS.at(2024).procedure["repair"]
        days = {"own": world.clock or rule.clock, "other": Clock(zone="Asia/Shanghai", calendar="monday_to_friday")}
        logs = [draw_log(WORLD, rule, first, last, seed=1, draw=0, coming=clock.days) for clock in days.values()]
        assert (logs[0].height == logs[1].height) is (own is not None)

    def test_the_same_seed_gives_the_same_log_and_another_does_not(self):
        """To the last digit."""
        assert drawn().equals(drawn())
        assert not drawn().equals(drawn(draw=1))
        assert not drawn().equals(drawn(seed=2))

    def test_orders_come_in_when_the_world_says(self):
        """Within the hours, fewer on free days; the make-up Saturday is a working day."""
        opened = pl.concat([drawn(draw=draw) for draw in range(12)]).filter(pl.col("step") == "report")
        at = opened["at"].dt.convert_time_zone("Asia/Shanghai")
        assert at.dt.hour().is_between(7, 22).all()
        by_day = Counter(at.dt.date())
        may_day, made_up, usual = dt.date(2024, 5, 1), dt.date(2024, 5, 11), dt.date(2024, 5, 8)
        assert by_day[may_day] < 0.75 * by_day[usual]
        assert made_up not in by_day
        assert sum(by_day[day] for day in (dt.date(2024, 4, 29), dt.date(2024, 4, 30), usual)) > 12 * 12 * 3 * 0.8

    def test_work_is_done_in_working_hours(self):
        """What takes hours of work ends in them, and nothing is repaired on Labour Day."""
        repaired = drawn().filter(pl.col("step") == "repair")["at"].dt.convert_time_zone("Asia/Shanghai")
        assert repaired.len() > 10
        assert repaired.dt.hour().is_between(8, 17).all()
        assert dt.date(2024, 5, 1) not in set(repaired.dt.date())

    def test_fewer_desks_do_less(self):
        """What finds no desk waits: with one, fewer lamps are mended in the same days than with a hundred."""
        one, many = (drawn(world=changed(repair={"desks": desks})) for desks in (1, 100))
        done = [log.filter(pl.col("step") == "repair").height for log in (one, many)]
        assert 0 < done[0] < done[1]

    def test_who_falls_due_first_is_served_first_where_the_world_says(self):
        """A lamp that is sent back has no limit of its own, so those that have one overtake it."""
        queues = ("first_come", "earliest_due")
        logs = [drawn(world=changed(repair={"desks": 6, "queue": queue})) for queue in queues]
        reported, mended = (
            [log.filter(pl.col("step") == step).select("case", "at") for log in logs] for step in ("report", "repair")
        )
        assert reported[0].equals(reported[1])
        assert not mended[0].equals(mended[1])

    def test_a_unit_that_does_not_come_is_a_no_show(self):
        """With the chance of the world it never comes: none does at 0, all do at 1, and each is missed on its own."""
        logs = [drawn(world=changed(come={"chance": Share(Fraction(chance))})) for chance in ("0", "1/2", "1")]
        came = [set(ended(log, "come")["case"]) for log in logs]
        assert came[0] == set() < came[1] < came[2]
        shows = [judge(RULE, log, END).verdicts.filter(verdict="no_show").height for log in logs]
        assert shows[0] > shows[1] > shows[2]

    def test_a_desk_does_one_thing_at_a_time(self):
        """Whatever is taken in anew at one desk, for ten hours each, ends ten hours apart at least."""
        world = world_of("take_in", take_in=hours(10, desks=1), check=hours(0), end=hours(0))
        again = ended(drawn(CHECKED, world), "take_in").with_columns(nth=pl.int_range(pl.len()).over("case"))
        apart = again.filter(pl.col("nth") > 0)["at"].sort().diff().drop_nulls()
        assert apart.len() > 10
        assert apart.min() >= dt.timedelta(hours=10)

    def test_no_desk_is_held_by_what_awaits_a_line(self):
        """A lamp that waits for the power supplier keeps the only team from no other lamp."""
        mended = []
        for wait in (0, 70):
            works = {"takes": Duration(hours=Number(wait), spread=Number(0), counted="working")}
            log = drawn(world=changed(repair={"takes": hours("0.1").takes, "desks": 1}, come=works))
            alone = log.filter(~pl.col("case").is_in(ended(log, "call")["case"].implode()))
            mended.append(ended(alone, "repair").height)
        assert mended[1] >= 0.95 * mended[0] > 50

    def test_what_awaits_a_line_that_began_meanwhile_is_done_when_that_ends(self):
        """The work has been done by then, and needs neither more time nor a desk."""
        steps = {**FORKED.steps, "look": evolve(FORKED.steps["look"], awaits=("aside",))}
        steps |= {"ask": evolve(FORKED.steps["ask"], next=("answer",)), "answer": Step(by=("a",), line="aside")}
        asked = {"ask": hours(1), "answer": hours(20), "look": hours(5), "left": hours(0), "right": hours(0)}
        log = drawn(evolve(FORKED, steps=steps), world_of("start", start=hours(0), **asked))
        looked, answered = (dict(ended(log, step).select("case", "at").rows()) for step in ("look", "answer"))
        assert len(looked) > 50
        assert looked == answered

    def test_a_fact_of_any_kind_becomes_known(self):
        """A whole number lies within its bounds, each as often; a file is attached, and a time is that of the act."""
        kinds = {kind: CaseFact(kind=kind) for kind in ("whole", "file", "time")}
        steps = {**CHECKED.steps, "check": evolve(CHECKED.steps["check"], needs=tuple(kinds))}
        world = evolve(PLAIN, facts={"whole": FactModel(least=2, most=4)})
        rule = evolve(CHECKED, facts=kinds, steps=steps)
        check_model(world, rule)
        log = drawn(rule, world).filter(pl.col("fact.whole").is_not_null())
        assert set(log["fact.whole"]) == {2, 3, 4}
        assert set(log["fact.file"]) == {"attached"}
        assert (log["fact.time"] == log["at"]).all()

    def test_what_a_step_may_set_is_set_where_the_world_says_it(self):
        """A fact that no step needs, once it is known, stays as it is."""
        world = evolve(WORLD, facts={**WORLD.facts, "phone": evolve(WORLD.facts["called"], weights={"139": Number(1)})})
        told = drawn(world=world).filter(pl.col("fact.phone").is_not_null())
        assert set(told["step"]) == {"report"}
        assert told.height == told["case"].n_unique() == drawn()["case"].n_unique()


class TestClocks:
    RULE = evolve(CHECKED, clock=None)

    def test_a_world_has_one_where_the_procedure_has_none(self):
        """Orders come in, and work is done, in the days and hours of the world's; both come to the same log."""
        clock = Clock(zone="Asia/Shanghai", calendar="cn_statutory", hours=("09:00-17:00",))
        works = evolve(PLAIN.steps["check"], takes=Duration(hours=Number(1), counted="working"))
        world = evolve(PLAIN, steps={**PLAIN.steps, "check": works})
        check_model(evolve(world, clock=clock), self.RULE)
        log = drawn(self.RULE, evolve(world, clock=clock))
        assert log.equals(drawn(evolve(self.RULE, clock=clock), world))
        checked = ended(log, "check")["at"].dt.convert_time_zone("Asia/Shanghai")
        assert checked.dt.hour().is_between(9, 17).all()

    def test_without_any_nothing_is_drawn(self):
        """Nobody knows what a day is."""
        with pytest.raises(UsageError, match="no-clock"):
            drawn(self.RULE, PLAIN)

    def test_rates_are_taken_by_its_days(self, tmp_path):
        """What comes in before eight in the morning in Shanghai is of that day, not of the one that it is in UTC."""
        (tmp_path / "profile.yaml").write_text(CLOCKLESS, encoding="utf-8")
        world = evolve(PLAIN, **DAY, arrivals={"early": evolve(PLAIN.arrivals["orders"], hours={"00:00-08:00": 1})})
        days = {"first": FIRST, "last": dt.date(2024, 4, 30), "draws": 1, "period": "day"}
        found = simulate_orders(communitygov.read_profile(tmp_path), "work", world, **days).rates
        assert set(found["period"]) == {"2024-04-29", "2024-04-30"}


class TestVariants:
    def test_orders_that_a_variant_does_not_open_do_not_come_in_there(self):
        """Those that both open are the same."""
        more = {"calls": Arrivals(step="call_in", per_day=Number(5))}
        world = evolve(PLAIN, arrivals={**PLAIN.arrivals, **more}, steps={**PLAIN.steps, "call_in": hours(0)})
        called = evolve(CHECKED.steps["take_in"])
        both = evolve(CHECKED, steps={**CHECKED.steps, "call_in": called})
        check_model(world, CHECKED, both)
        told = drawn(both, world)
        assert ended(told, "call_in").height > 20
        assert drawn(CHECKED, world).equals(told.filter(~pl.col("case").str.starts_with("calls")))

    def test_another_fact_changes_nothing_else(self, reform):
        """A variant in which one fact more is asked for, with no desks, has the same units and times."""
        asked = reform(
            "{procedure: {repair: {facts: {cause: {title: {zh: 原因, en: Cause}, kind: flag}}, "
            "steps: {repair: {needs: [cause]}}}}}"
        )
        rule = LAMPS.at(FIRST, reforms=[asked]).procedure["repair"]
        world = evolve(
            changed(repair={"desks": None}),
            facts={**WORLD.facts, "cause": evolve(WORLD.facts["satisfied"], weights={"true": Number(1)})},
        )
        check_model(world, RULE, rule)
        told = drawn(rule, world)
        assert told["fact.cause"].drop_nulls().len() > 10
        assert told.drop("fact.cause").equals(drawn(RULE, world))

    def test_what_is_done_beside_changes_no_way(self):
        """Which way a case goes hangs on its own line alone."""
        worlds = [
            world_of(
                "start",
                start=hours(0),
                look=hours(5),
                left=hours(1),
                right=hours(1, weight=Number(weight)),
                ask=hours(0, chance=chance),
            )
            for chance, weight in (("0", 1), ("1", 1), ("1", 3))
        ]
        never, always, often = (drawn(FORKED, world) for world in worlds)
        assert ended(always, "ask").height > 50
        assert ended(never, "left", "right").equals(ended(always, "left", "right"))
        right, more = (set(ended(log, "right")["case"]) for log in (always, often))
        assert right < more  # who went there at even chances goes there at better ones

    def test_a_step_that_one_variant_has_is_none_in_the_other(self, reform):
        """Both are drawn of one world, and a count or fault that only one has is 0 in the other."""
        looked = reform(
            "{procedure: {repair: {steps: {dispatch: {next: [look]}, "
            "look: {title: {zh: 查看, en: look}, by: [team], next: [repair]}}}}}"
        )
        variants = [communitygov.as_it_stands(), communitygov.Variant.of_reform(looked)]
        days = {"first": FIRST, "last": dt.date(2024, 5, 2), "draws": 1, "variants": variants}
        world = evolve(WORLD, steps={**WORLD.steps, "look": hours(60)})
        done = simulate_orders(LAMPS, "repair", world, **days)
        looks = dict(done.cases.filter(count="done:look").select("variant", "mean").rows())
        assert looks["as_it_stands"] == 0 < looks["tried"]
        told = {name: set(done.faults.filter(variant=name)["what"]) for name in looks}
        assert told["as_it_stands"] == told["tried"] > set()
        with pytest.raises(UsageError, match="look"):
            simulate_orders(LAMPS, "repair", WORLD, **days)

    def test_the_same_orders_meet_every_variant(self):
        """Where the queue does not look at deadlines, a shorter one changes no event at all."""
        other = LAMPS.at(2024, reforms=[SHORTER]).procedure["repair"]
        assert drawn().equals(drawn(rule=other))

    def test_a_shorter_limit_is_kept_less_often(self):
        """24 hours in place of 48: fewer in time, more late, and no other no-shows."""
        variants = [communitygov.as_it_stands(), communitygov.Variant.of_reform(SHORTER)]
        told = []
        done = simulate_orders(
            LAMPS,
            "repair",
            WORLD,
            first=FIRST,
            last=LAST,
            draws=3,
            variants=variants,
            progress=lambda *n: told.append(n),
        )
        mean = dict(done.rates.select("variant", "mean").rows())
        assert 0 < mean["24-hours"] < mean["as_it_stands"] <= 1
        faults = {row[:3]: row[3] for row in done.faults.select("variant", "verdict", "what", "mean").rows()}
        assert faults["24-hours", "late", "mending"] > faults["as_it_stands", "late", "mending"]
        shows = {name: faults.get((name, "no_show", "coming"), 0) for name in mean}
        assert len(set(shows.values())) == 1
        assert told == [(n, 6) for n in range(1, 7)]
        assert len(set(done.digests.values())) == 2

    def test_the_counts_add_up(self):
        """Outcomes sum to the closed cases, and those to no more than were opened (P7)."""
        done = simulate_orders(LAMPS, "repair", WORLD, first=FIRST, last=LAST, draws=2)
        mean = dict(done.cases.select("count", "mean").rows())
        assert mean["outcome:repaired"] + mean["outcome:given_up"] == pytest.approx(mean["closed"])
        assert mean["closed"] <= mean["opened"] == mean["done:report"]

    def test_the_same_seed_gives_the_same_figures(self):
        """U1, and another seed others."""
        one, again, other = (
            simulate_orders(LAMPS, "repair", WORLD, first=FIRST, last=LAST, draws=2, seed=seed) for seed in (5, 5, 6)
        )
        assert one.cases.equals(again.cases)
        assert one.rates.equals(again.rates)
        assert not one.cases.equals(other.cases)


class TestCounted:
    def test_orders_of_the_days_that_are_counted(self):
        """What comes in before and after is drawn, and is in no rate, fault or count: with days to run out, all that is
        counted is closed, and no day beyond changes a figure."""
        world = changed(repair={"desks": None}, call={"chance": Share(Fraction(0))})
        days = {"first": dt.date(2024, 3, 1), "count_from": dt.date(2024, 3, 5), "count_to": dt.date(2024, 3, 6)}
        one, more = (
            simulate_orders(LAMPS, "repair", world, **days, last=dt.date(2024, 4, last), draws=1, period="day")
            for last in (1, 4)
        )
        log = draw_log(world, RULE, days["first"], dt.date(2024, 3, 7), seed=1, draw=0)
        opened = ended(log, "report")["at"].dt.convert_time_zone("Asia/Shanghai").dt.date()
        mean = dict(one.cases.select("count", "mean").rows())
        assert mean["opened"] == mean["closed"] == opened.is_between(days["count_from"], days["count_to"]).sum() > 10
        assert set(one.rates["period"]) == {"2024-03-05", "2024-03-06"}
        assert one.rates.equals(more.rates)
        assert one.cases.equals(more.cases)
        assert one.faults.equals(more.faults)

    def test_they_are_all_unless_said(self):
        """And lie within those that are drawn."""
        days = {"first": FIRST, "last": dt.date(2024, 4, 30), "draws": 1}
        done = simulate_orders(LAMPS, "repair", WORLD, **days)
        assert (done.count_from, done.count_to) == (FIRST, dt.date(2024, 4, 30))
        for wrong in ({"count_from": dt.date(2024, 4, 28)}, {"count_to": LAST}, {"count_to": dt.date(2024, 4, 28)}):
            with pytest.raises(UsageError, match="empty-span"):
                simulate_orders(LAMPS, "repair", WORLD, **days, **wrong)
