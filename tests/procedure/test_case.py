"""A live case: what may be done is done, all else is refused and changes nothing, and no case changes another."""

import datetime as dt
from itertools import pairwise

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from tests.procedure.samples import HOUR, PARTY, RESIDENT, SOCIAL, START, accepted, department, five_orders

from communitygov.procedure.acts import Act
from communitygov.procedure.case import Actor, Case, open_case, replay
from communitygov.procedure.judge import judge
from communitygov.procedure.refusal import Refused
from communitygov.procedure.rows import events_frame
from communitygov.procedure.rules import CaseFact, Line, Procedure, Role, Step
from communitygov.procedure.state import followed, opened
from communitygov.testing.strategies_cases import PEOPLE, TOLD, drawn_act, faulted, possible, walked
from communitygov.testing.strategies_procedure import procedures
from communitygov.vocabulary.clock import instant_of, moment_at
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.text import Title

RANDOMS = st.randoms(use_true_random=False)


def begun(procedure: Procedure) -> Case:
    """Return a case before its first step."""
    return Case(procedure.machine, "c", opened(procedure.machine))


def done(case: Case, act) -> Case:
    """Return the case after a recorded act."""
    at = moment_at(act.at, "UTC")
    if act.step in case.procedure.reminders:
        return case.fire(act.step, at, act.unit)
    return case.act(act.step, Actor(act.actor, act.role, act.unit), at, act.reason, **act.facts)


def carried_out(procedure: Procedure, acts) -> Case:
    """Return the case that comes of acts, done one by one."""
    case = begun(procedure)
    for act in acts:
        case = done(case, act)
    return case


class TestActs:
    @given(procedures(), RANDOMS)
    def test_a_live_case_goes_as_its_replay(self, procedure, random):
        """P1: the acts that a case has recorded, told again to nobody's clock, leave it in the same state."""
        case = carried_out(procedure, walked(random, procedure))
        again = replay(procedure, case.id, [event.act for event in case.history])
        assert again.state == case.state
        assert [(e.before, e.after) for e in again.history] == [(e.before, e.after) for e in case.history]
        assert [event.seq for event in case.history] == [*range(1, case.seq + 1)]

    @given(procedures(), RANDOMS)
    def test_each_event_begins_where_the_one_before_it_ended(self, procedure, random):
        """States before and after hang together, from nowhere to where the case stands."""
        history = carried_out(procedure, walked(random, procedure)).history
        assert history[0].before == ("", "")
        assert all(one.after == other.before for one, other in pairwise(history))

    @given(procedures(), RANDOMS)
    def test_only_a_step_that_takes_changes_the_owner(self, procedure, random):
        """P9: the owner is the unit of the last step that takes, whoever was called in, asked or reminded since."""
        case, owner = begun(procedure), None
        for act in walked(random, procedure):
            case = done(case, act)
            if act.step in procedure.steps and procedure.steps[act.step].takes:
                owner = act.unit
            assert case.owner == owner

    @given(procedures(), RANDOMS, st.data())
    def test_acts_on_one_case_give_cases_that_know_nothing_of_each_other(self, procedure, random, data):
        """From any point two ways may be gone; neither changes the case they came from, nor the other."""
        acts = walked(random, procedure)
        cut = data.draw(st.integers(0, len(acts) - 1))
        case = carried_out(procedure, acts[:cut])
        state, history = case.state, case.history
        one = done(case, acts[cut])
        seen = one.state, one.history
        machine = procedure.machine
        for step, unit in possible(machine, state):
            act = drawn_act(random, machine, state, step, unit, max(state.at, acts[cut].at))
            if not followed(machine, state, act)[0]:
                other = done(case, act)
                assert other.history[:-1] == history
        assert (case.state, case.history) == (state, history)
        assert (one.state, one.history) == seen
        assert done(case, acts[cut]).state == one.state


class TestWrongTexts:
    @pytest.mark.parametrize("case", ["", "  ", 5])
    def test_a_case_has_an_id(self, case):
        """A text with a word in it, or a store would refuse it later."""
        with pytest.raises(UsageError, match="bad-value"):
            open_case(five_orders(), case, "order", RESIDENT, START, None, origin="complaint")

    def test_a_reason_is_text_and_spaces_are_none(self):
        """A number is refused; spaces say nothing: live as judged."""
        case, at = accepted(), START + 3 * HOUR
        with pytest.raises(UsageError, match="a reason must be text"):
            case.act("ask", SOCIAL, at, 5)
        with pytest.raises(Refused, match="unexplained"):
            case.act("ask", SOCIAL, at, "  ")
        told = replay(
            case.procedure,
            "A1",
            [*(one.act for one in case.history), Act("ask", instant_of(at), "s1", "social_org", "o1", " ")],
        )
        log = events_frame(case.procedure, [told])
        assert judge(case.procedure, log, at).verdicts["verdict"].to_list() == ["unexplained"]


class TestRefusal:
    def test_without_an_instant_it_is_explained_up_to_its_last_event(self):
        """What is overdue by then is told, and nothing of later; before its first event it was not opened."""
        case = accepted(grade="urgent")
        late = case.act("call", SOCIAL, START + 80 * HOUR, department="water")
        assert late.explain() == late.explain(START + 80 * HOUR) != late.explain(START + 81 * HOUR)
        assert (case.opened, late.opened) == (START, START)
        assert Case(case.machine, "A2", opened(case.machine)).opened is None

    def test_what_may_be_done_says_for_which_units_and_whether_with_a_reason(self):
        """Whoever asks need not know the rules by heart: units that were called in and have not come, reasons."""
        case = accepted()
        for name in ("police", "water"):
            case = case.act("call", SOCIAL, START + 3 * HOUR, department=name)
        case = case.act("come", department("water"), START + 4 * HOUR)
        may = {one.step: one for one in case.may()}
        assert may["come"].units == may["let_go"].units == ("police",)
        assert may["call"].units == may["ask"].units == ()
        assert (may["ask"].needs_reason, may["call"].needs_reason) == (True, False)
        with pytest.raises(Refused, match=r"come by department \(for police\)"):
            case.act("handle", SOCIAL, START + 5 * HOUR, evidence="photo")

    @given(procedures(), RANDOMS)
    def test_a_refusal_changes_nothing_and_names_who_may_do_what(self, procedure, random):
        """The case is as it was, every fault is told in both languages, and so is each step that may be done."""
        case = begun(procedure)
        for told in faulted(random, procedure, walked(random, procedure)):
            act = evolve(told, facts={name: value for name, value in told.facts.items() if value is not None})
            state, history = case.state, case.history
            wrong = [one for one in followed(procedure.machine, state, act)[0] if one.kind not in TOLD]
            if not wrong:
                case = done(case, act)
                continue
            with pytest.raises(Refused) as refused:
                done(case, act)
            assert (case.state, case.history) == (state, history)
            assert list(refused.value.faults) == wrong
            assert refused.value.may == case.may_at(max(act.at, state.at))
            for may in refused.value.may:
                for lang in ("zh", "en"):
                    assert procedure.steps[may.step].name(may.step).say(lang) in refused.value.say(lang)
                    assert all(procedure.roles[one].name(one).say(lang) in refused.value.say(lang) for one in may.roles)
            codes = sorted(one.kind.replace("_", "-") for one in wrong)
            assert sorted(problem.code for problem in refused.value.problems) == codes

    @given(procedures(), RANDOMS, st.data())
    def test_what_may_be_done_is_not_refused(self, procedure, random, data):
        """With the facts and a reason that it asks for, each step that an actor may do now is done."""
        case = carried_out(procedure, walked(random, procedure)[: data.draw(st.integers(0, 8))])
        actor, at = data.draw(_actors(procedure)), _soon(case, data)
        for may in case.may(actor, at):
            rule = procedure.steps[may.step]
            assert actor.role in may.roles
            reason = may.reasons[0] if may.reasons else "r" if rule.needs_reason else None
            tried = []
            for unit in (*("u1", "u2", "u3"), "fresh"):
                act = drawn_act(random, procedure.machine, case.state, may.step, unit, instant_of(at))
                facts = {name: act.facts[name] for name in may.needs}
                if procedure.keyed(may.step) and "invited" in rule.facts:
                    facts["invited"] = unit
                tried.append(_refused(case, may.step, actor, at, reason, facts))
            assert () in tried, tried

    @given(procedures(), RANDOMS, st.data())
    def test_what_may_not_be_done_is_refused(self, procedure, random, data):
        """Whatever is said with it, a step that is not among what an actor may do now is refused."""
        case = carried_out(procedure, walked(random, procedure)[: data.draw(st.integers(0, 8))])
        actor, at = data.draw(_actors(procedure)), _soon(case, data)
        may = {one.step for one in case.may(actor, at)}
        for step in procedure.steps.keys() - may:
            unit = random.choice(["u1", "u2", "u3"])
            act = drawn_act(random, procedure.machine, case.state, step, unit, instant_of(at))
            assert _refused(case, step, actor, at, act.reason, act.facts)

    @given(procedures(), RANDOMS, st.data())
    def test_what_anybody_may_do_holds_what_each_may(self, procedure, random, data):
        """Without an actor, the steps are those that some actor may do."""
        case = carried_out(procedure, walked(random, procedure)[: data.draw(st.integers(0, 8))])
        at = _soon(case, data)
        anybody = {may.step for may in case.may(at=at)}
        for _ in range(5):
            assert {may.step for may in case.may(data.draw(_actors(procedure)), at)} <= anybody

    def test_who_has_no_role_is_told_so(self):
        """The sentence has one negation, not two."""
        with pytest.raises(Refused, match="somebody without a role may not do it"):
            open_case(five_orders(), "c", "order", Actor(None, ""), START)

    def test_one_more_unit_may_be_called_in_while_another_is_on_its_way(self):
        """A line that is underway bars its own unit only."""
        rule = Procedure(
            roles={"clerk": Role()},
            facts={"invited": CaseFact(kind="text")},
            outcomes={"done": Title(zh="完成", en="done")},
            steps={
                "open": Step(by=("clerk",), starts=True, next=("close",)),
                "close": Step(by=("clerk",), closes="done"),
                "call": Step(by=("clerk",), line="called", during=("open",), needs=("invited",), next=("come",)),
                "come": Step(by=("clerk",), line="called"),
            },
            lines={"called": Line(per="invited")},
        )
        clerk = Actor("p1", "clerk", "u1")
        case = open_case(rule, "c", "open", clerk, START).act("call", clerk, START, None, invited="u1")
        assert {may.step for may in case.may(clerk)} == {"close", "call", "come"}
        assert {may.step for may in case.may()} == {"close", "call", "come"}
        with pytest.raises(Refused, match="call \\(u1\\) does not follow here"):
            case.act("call", clerk, START, None, invited="u1")
        assert case.act("call", clerk, START, None, invited="u2").seq == 3


class TestValues:
    @pytest.mark.parametrize(
        ("facts", "code"),
        [({"grad": "a"}, "unknown-fact"), ({"grade": "z"}, "bad-value"), ({"grade": 1}, "bad-value")],
    )
    def test_a_fact_that_is_none_or_of_another_kind_is_told(self, facts, code):
        """By its name and with what it must be; it is a mistake of the caller and no refusal."""
        with pytest.raises(UsageError) as error:
            open_case(five_orders(), "c", "order", RESIDENT, START, None, **facts)
        assert [problem.code for problem in error.value.problems] == [code]

    def test_a_step_and_a_reminder_that_are_none_are_told(self):
        """With the nearest name."""
        case = Case(five_orders().machine, "c", opened(five_orders().machine))
        with pytest.raises(UsageError, match="there is no step `ordr`"):
            case.act("ordr", RESIDENT, START)
        with pytest.raises(UsageError, match="there is no reminder `remid`"):
            case.fire("remid", START)

    def test_a_time_without_a_zone_is_told(self):
        """It stands for no instant."""
        with pytest.raises(UsageError, match="no time zone"):
            open_case(five_orders(), "c", "order", PARTY, START.replace(tzinfo=None))


class TestReminders:
    @given(procedures(), RANDOMS)
    def test_each_fires_once_in_each_run_of_its_deadline(self, procedure, random):
        """P6: what is to be fired can be fired, then no more; what is not to be fired is refused."""
        case = begun(procedure)
        for act in walked(random, procedure):
            case = done(case, act)
            at = moment_at(case.state.at, "UTC") + random.choice([0, 5, 90]) * HOUR
            for fire in case.to_fire(at):
                assert fire.since <= at
                fired = case.fire(fire.rung, at, fire.unit)
                assert fired.state.place == case.state.place
                with pytest.raises(Refused):
                    fired.fire(fire.rung, at, fire.unit)
                assert (fire.rung, fire.unit) not in {(one.rung, one.unit) for one in fired.to_fire(at)}
            due = {(one.rung, one.unit) for one in case.to_fire(at)}
            running = {(run.deadline, run.unit) for run in case.state.runs if run.open}
            for key, rung in procedure.reminders.items():
                for unit in (None, "u1", "u2", "u3"):
                    if (key, unit) not in due and ((rung.deadline, unit) in running or unit is None):
                        if unit is None and any(one[1] for one in running if one[0] == rung.deadline):
                            continue
                        with pytest.raises(Refused):
                            case.fire(key, at, unit)


def _actors(procedure: Procedure) -> st.SearchStrategy[Actor]:
    units = st.sampled_from([None, "u1", "u2", "u3"])
    return st.builds(Actor, st.sampled_from(PEOPLE), st.sampled_from([*procedure.roles]), units)


def _soon(case: Case, data) -> dt.datetime:
    hours = data.draw(st.sampled_from([0, 1, 30, 400]))
    base = START if not case.seq else moment_at(case.state.at, "UTC")
    return base + hours * HOUR


def _refused(case: Case, step: str, actor: Actor, at: dt.datetime, reason, facts) -> tuple[str, ...]:
    """Return what an act is refused for; nothing if it is done."""
    try:
        case.act(step, actor, at, reason, **{name: value for name, value in facts.items() if value is not None})
    except Refused as refused:
        return tuple(fault.kind for fault in refused.faults)
    return ()
