"""Cases of drawn procedures, acted on in any order: what must be true of each is true after every act."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule
from tests.procedure.samples import HOUR, START

from communitygov.procedure.case import Actor, Case, replay
from communitygov.procedure.explain import fold
from communitygov.procedure.refusal import Refused
from communitygov.procedure.state import followed, opened
from communitygov.testing.strategies_cases import TOLD, drawn_act, possible
from communitygov.testing.strategies_procedure import procedures
from communitygov.vocabulary.clock import instant_of, moment_at

RANDOMS = st.randoms(use_true_random=False)
WAITS = st.sampled_from([0, 1, 3, 24, 70, 300])


class Office(RuleBasedStateMachine):
    """An office that handles several cases by one procedure."""

    taken = Bundle("taken")

    @initialize(procedure=procedures())
    def opens(self, procedure):
        self.procedure = procedure
        self.now = START
        self.cases: dict[str, Case] = {}
        self.owners: dict[str, str | None] = {}

    def _passes(self, hours):
        self.now += hours * HOUR

    def _does(self, case: Case, act) -> Case:
        return case.act(act.step, Actor(act.actor, act.role, act.unit), self.now, act.reason, **act.facts)

    def _keeps(self, case: Case) -> None:
        self.cases[case.id] = case
        step = self.procedure.steps.get(case.history[-1].act.step)
        if step is not None and step.takes:
            self.owners[case.id] = case.history[-1].act.unit

    @rule(target=taken, random=RANDOMS, hours=WAITS)
    def comes(self, random, hours):
        """A new case is opened; those that are there stay as they are."""
        self._passes(hours)
        case = Case(self.procedure.machine, f"c{len(self.cases)}", opened(self.procedure.machine))
        step, unit = random.choice([*possible(case.machine, case.state)])
        act = drawn_act(random, case.machine, case.state, step, unit, instant_of(self.now))
        self.owners[case.id] = None
        self._keeps(self._does(case, act))
        return case.id

    @rule(target=taken, name=taken, random=RANDOMS, hours=WAITS)
    def is_acted_on(self, name, random, hours):
        """Something that follows is tried: it is done if nothing but lateness is wrong with it, else refused."""
        self._passes(hours)
        case = self.cases[name]
        places = [*possible(case.machine, case.state)]
        if not places:
            return multiple()
        step, unit = random.choice(places)
        act = drawn_act(random, case.machine, case.state, step, unit, instant_of(self.now))
        if all(one.kind in TOLD for one in followed(case.machine, case.state, act)[0]):
            self._keeps(self._does(case, act))
            return name
        with pytest.raises(Refused):
            self._does(case, act)
        return multiple()

    @rule(name=taken, random=RANDOMS)
    def is_acted_on_out_of_order(self, name, random):
        """A step that does not follow is refused, whoever does it and whatever is said with it."""
        case = self.cases[name]
        follows = {step for step, _ in possible(case.machine, case.state)}
        others = [step for step in self.procedure.steps if step not in follows and not self.procedure.keyed(step)]
        if not others:
            return
        act = drawn_act(random, case.machine, case.state, random.choice(others), None, instant_of(self.now))
        with pytest.raises(Refused) as refused:
            self._does(case, act)
        assert "wrong_order" in {one.kind for one in refused.value.faults}

    @rule(name=taken, random=RANDOMS)
    def is_acted_on_in_the_past(self, name, random):
        """What is recorded is later than what was recorded before."""
        case = self.cases[name]
        places = [*possible(case.machine, case.state)]
        if not places:
            return
        step, unit = random.choice(places)
        act = drawn_act(random, case.machine, case.state, step, unit, case.state.at - 1)
        with pytest.raises(Refused) as refused:
            case.act(step, Actor(act.actor, act.role, act.unit), moment_at(act.at, "UTC"), act.reason, **act.facts)
        assert "back_in_time" in {one.kind for one in refused.value.faults}

    @rule(name=taken, hours=WAITS)
    def is_reminded(self, name, hours):
        """All that is to be fired is fired, in the order in which it is due, and then nothing is to be fired."""
        self._passes(hours)
        case = self.cases[name]
        fires = case.to_fire(self.now)
        assert [one.since for one in fires] == sorted(one.since for one in fires)
        for fire in fires:
            case = case.fire(fire.rung, self.now, fire.unit)
        if fires:
            self._keeps(case)
        assert not case.to_fire(self.now)

    @invariant()
    def each_case_is_the_fold_of_its_events(self):
        """P1 and P2: replayed it stands where it stands, and judged it has no fault but lateness."""
        for case in getattr(self, "cases", {}).values():
            acts = [event.act for event in case.history]
            assert replay(self.procedure, case.id, acts).state == case.state
            folded = fold(self.procedure, acts, self.now)
            assert {one.kind for found in folded.faults for one in found} <= TOLD
            assert {one.kind for one in folded.of_case} <= {*TOLD, "not_disclosed"}
            late = Counter((one.what, one.unit, one.by) for one in case.late(self.now))
            told = [one for one in folded.of_case if one.by is not None]
            assert late == Counter((one.what, one.unit, one.by) for one in told)

    @invariant()
    def each_case_has_the_owner_that_took_it(self):
        """P9: a unit that was called in, asked or reminded takes nothing over."""
        for case in getattr(self, "cases", {}).values():
            assert case.owner == self.owners[case.id]

    @invariant()
    def no_reminder_fires_twice_in_a_run(self):
        """P6: of each run of a deadline, each rung of its ladder is at most one event."""
        for case in getattr(self, "cases", {}).values():
            fired = Counter(e.act.step for e in case.history if e.act.step in self.procedure.reminders)
            begun = fold(self.procedure, [event.act for event in case.history], self.now).runs
            runs = Counter(run.deadline for run in begun)
            for key, times in fired.items():
                assert times <= runs[self.procedure.reminders[key].deadline]
                assert times == sum(key in run.fired for run in begun)

    @invariant()
    def events_hang_together(self):
        """Each begins where the one before it ended, no earlier, and numbers have no gap."""
        for case in getattr(self, "cases", {}).values():
            history = case.history
            assert [event.seq for event in history] == [*range(1, case.seq + 1)]
            assert all(one.after == other.before and one.act.at <= other.act.at for one, other in pairwise(history))

    @invariant()
    def a_closed_case_runs_no_further_than_it_says(self):
        """Status, outcome and what may be done agree on whether a case is closed."""
        for case in getattr(self, "cases", {}).values():
            closed = case.state.place.is_closed
            assert (case.status(self.now) == "closed") == closed
            assert (case.outcome is not None) == closed
            if closed:
                assert case.outcome in self.procedure.outcomes
            may = {one.step for one in case.may(at=self.now)} & self.procedure.main.keys()
            assert may <= case.state.place.next


Office.TestCase.settings = settings(stateful_step_count=15)
TestOffice = Office.TestCase
