"""Simulated orders: honest logs, the same orders for every variant, and what a shorter limit does."""

import datetime as dt
from collections import Counter
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import ROOT

import communitygov
from communitygov.procedure.judge import judge
from communitygov.procedure.rules import Procedure, Role, Step
from communitygov.simulation.order_draw import draw_log
from communitygov.simulation.order_model import check_model, read_order_model
from communitygov.simulation.orders import simulate_orders
from communitygov.vocabulary.errors import DocumentError, UsageError

LAMPS = communitygov.read_profile(ROOT / "examples" / "lamps")
RULE = LAMPS.at(2024).procedure["repair"]
WORLD = read_order_model(ROOT / "examples" / "lamps-world.yaml")
SHORTER = communitygov.read_reform(ROOT / "examples" / "lamps-24-hours.yaml")
FIRST, LAST = dt.date(2024, 4, 29), dt.date(2024, 5, 10)  # over Labour Day, with a make-up Saturday
END = dt.datetime(2024, 5, 11, tzinfo=ZoneInfo("Asia/Shanghai"))


def drawn(rule: Procedure = RULE, world=WORLD, draw: int = 0, seed: int = 1) -> pl.DataFrame:
    """Return a log of ten days."""
    return draw_log(world, rule, FIRST, LAST, seed=seed, draw=draw)


def changed(**steps):
    """Return the world with other settings of steps."""
    return evolve(WORLD, steps={key: evolve(one, **steps.get(key, {})) for key, one in WORLD.steps.items()})


class TestLogs:
    @given(st.integers(0, 10_000))
    def test_a_drawn_log_is_honest(self, draw):
        """Nothing is wrong with it but what is late: every act went through the live case."""
        found = judge(RULE, drawn(draw=draw), END)
        assert set(found.verdicts["verdict"]) <= {"late", "overdue", "no_show"}

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


class TestVariants:
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


class TestRefusals:
    def test_a_world_that_does_not_fit_is_told_whole(self):
        """Each step, fact and value that there is none of, and all that is left unsaid, in one error."""
        world = evolve(
            WORLD,
            steps={**WORLD.steps, "repiar": WORLD.steps["repair"]},
            facts={"called": WORLD.facts["called"]},
            arrivals={"reports": evolve(WORLD.arrivals["reports"], step="repair")},
        )
        with pytest.raises(UsageError) as told:
            check_model(world, RULE)
        assert {problem.path for problem in told.value.problems} == {
            "steps.repiar",
            "facts.satisfied",
            "arrivals.reports.step",
        }
        assert "`repair`" in told.value.say("zh")

    def test_hours_of_work_need_hours(self):
        """A procedure without hours cannot be worked at by the hour."""
        rule = Procedure(
            roles={"a": Role()},
            outcomes={"done": communitygov.Title(zh="办结", en="done")},
            steps={"report": Step(by=("a",), starts=True, closes="done")},
        )
        with pytest.raises(UsageError, match="hours of work need a clock"):
            check_model(evolve(WORLD, steps={"report": WORLD.steps["dispatch"]}, facts={}), rule)

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("orders: {arrivals: {}, steps: {a: {takes: {hours: -1, counted: elapsed}}}}", "below-scale"),
            ("orders: {arrivals: {a: {step: x, per_day: 1, hours: {noon: 1}}}, steps: {}}", "bad-hours"),
            ("orders: {arrivals: {}, steps: {}, facts: {a: {least: 2, most: 1}}}", "empty-range"),
            ("orders: {arrivals: {}, steps: {}, facts: {a: {}}}", "missing-setting"),
            ("orders: {arrivals: {}}", "missing-field"),
            ("order: {}", "unknown-field"),
        ],
    )
    def test_a_bad_file_is_told_with_its_place(self, tmp_path, text, said):
        """File, line and column."""
        file = tmp_path / "world.yaml"
        file.write_text(text, encoding="utf-8")
        with pytest.raises(DocumentError, match=rf"world.yaml:1:\d+: {said}"):
            read_order_model(file)

    def test_days_draws_and_names_are_checked(self):
        """Nothing is drawn of nothing, and no two variants are one."""
        with pytest.raises(UsageError, match="empty-span"):
            simulate_orders(LAMPS, "repair", WORLD, first=LAST, last=FIRST)
        twice = [communitygov.as_it_stands()] * 2
        with pytest.raises(UsageError, match="repeated-variant"):
            simulate_orders(LAMPS, "repair", WORLD, first=FIRST, last=LAST, variants=twice)
        with pytest.raises(UsageError, match="did you mean `repair`"):
            simulate_orders(LAMPS, "repairs", WORLD, first=FIRST, last=LAST)
