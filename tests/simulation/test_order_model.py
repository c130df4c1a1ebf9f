"""A world of orders that does not fit, or says what cannot be, is refused with its places."""

import pytest
from attrs import evolve
from tests.simulation.order_worlds import CHECKED, FIRST, LAMPS, LAST, PLAIN, RULE, WORLD, changed, drawn, hours

import communitygov
from communitygov.procedure.rules import CaseFact, Procedure, Role, Step
from communitygov.simulation.order_model import (
    FactModel,
    check_model,
    read_order_model,
)
from communitygov.simulation.orders import simulate_orders
from communitygov.vocabulary.errors import DocumentError, UsageError
from communitygov.vocabulary.numbers import Number


class TestRefusals:
    def test_an_order_takes_no_time_or_desk_to_come_in(self):
        """Both would be told by nothing that is drawn."""
        for said in ({"desks": 1}, {"takes": hours(1).takes}):
            with pytest.raises(UsageError, match=r"steps\.report: it is done as an order comes in"):
                check_model(changed(report=said), RULE)

    def test_a_value_is_one_of_any_variant_and_is_drawn_where_it_is_known(self):
        """A variant never has a value of another; one that is left with none is refused, and so is a value of none."""
        named = [communitygov.Title(zh=name, en=name) for name in "ab"]
        steps = {**CHECKED.steps, "check": evolve(CHECKED.steps["check"], needs=("kind",))}
        both, one = (
            evolve(CHECKED, steps=steps, facts={"kind": CaseFact(kind="choice", values=values)})
            for values in ({"a": named[0], "b": named[1]}, {"a": named[0]})
        )

        def world(**weights):
            facts = {"kind": FactModel(weights={name: Number(weight) for name, weight in weights.items()})}
            return evolve(PLAIN, facts=facts)

        check_model(world(a=1, b=1), both, one)
        found = [set(drawn(rule, world(a=1, b=1))["fact.kind"].drop_nulls()) for rule in (both, one)]
        assert found == [{"a", "b"}, {"a"}]
        with pytest.raises(UsageError, match="none of its values has a weight: a"):
            check_model(world(b=1), both, one)
        with pytest.raises(UsageError, match="there is no value `c`"):
            check_model(world(a=1, c=1), both, one)

    def test_a_step_that_takes_the_case_is_done_by_a_unit(self):
        """Without units nobody would have the case, and the live case refuses that: the world says which."""
        steps = {key: evolve(doing, units=()) for key, doing in WORLD.steps.items()}
        with pytest.raises(UsageError) as told:
            check_model(evolve(WORLD, steps=steps), RULE)
        assert [problem.path for problem in told.value.problems] == ["steps.dispatch.units"]

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
            (
                "orders: {arrivals: {a: {step: x, per_day: 1, hours: {07:00-13:00: 1, 12:00-18:00: 1}}}, steps: {}}",
                "bad-hours",
            ),
            ("orders: {arrivals: {a: {step: x, per_day: 1, hours: {'08:00-09:00': -1}}}, steps: {}}", "below-scale"),
            ("orders: {arrivals: {a: {step: x, per_day: 1, hours: {'08:00-09:00': 0}}}, steps: {}}", "empty-range"),
            ("orders: {arrivals: {}, steps: {a: {takes: {hours: 1, counted: elapsed}, weight: -1}}}", "below-scale"),
            ("orders: {arrivals: {}, steps: {}, facts: {a: {weights: {x: 0}}}}", "empty-range"),
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
