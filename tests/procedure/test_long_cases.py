"""Cases of very many events: what is over weighs nothing in them, and is not lost."""

import datetime as dt

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from tests.procedure.samples import HOUR, START, limit, named

from communitygov.procedure.case import Actor, Refused, open_case, replay
from communitygov.procedure.due import due
from communitygov.procedure.explain import fold
from communitygov.procedure.judge import judge
from communitygov.procedure.rows import events_frame
from communitygov.procedure.rules import Clock, Deadline, Line, Pause, Procedure, Role, Rung, Step
from communitygov.procedure.state import Act
from communitygov.vocabulary.clock import instant_of
from communitygov.vocabulary.errors import DataError
from communitygov.vocabulary.period import Period

STEPS = {
    "open": Step(by=("clerk",), starts=True, next=("work",)),
    "work": Step(by=("clerk",), next=("work", "close")),
    "close": Step(by=("clerk",), closes="done"),
    "ask": Step(by=("clerk",), line="asking", during=("open", "work"), next=("answer",)),
    "answer": Step(by=("clerk",), line="asking"),
}
RULE = Procedure(
    clock=Clock(zone="Asia/Shanghai", calendar="cn_statutory"),
    roles={"clerk": Role()},
    outcomes={"done": named("done")},
    steps=STEPS,
    lines={"asking": Line()},
    deadlines={
        "round": Deadline(
            from_=("open", "work"), to=("work", "close"), again="restart", limit=limit(2, "elapsed_hours")
        )
    },
    pauses={"asking": Pause(from_=("ask",), to=("answer",), stops=("round",))},
    reminders={"hurry": Rung(deadline="round", counted_from="due", act="remind", to="clerk")},
)


class TestLongCases:
    """What is over weighs nothing: a case of very many events is as light as one of few."""

    def test_a_case_keeps_only_what_can_still_matter(self):
        """After forty rounds with a question each it holds one deadline, and no line or pause that is over."""
        assert not [*RULE.check()]
        clerk, at = Actor("p", "clerk"), START
        case = open_case(RULE, "c", "open", clerk, at)
        for _ in range(40):
            for step in ("ask", "answer", "work"):
                at += HOUR
                case = case.act(step, clerk, at)
            assert [run.start for run in case.state.runs] == [instant_of(at)]
            assert (case.state.pauses, case.state.past, dict(case.state.lines)) == ((), None, {})
        acts = [event.act for event in case.history]
        folded = fold(RULE, acts, at)
        assert replay(RULE, "c", acts).state == case.state == folded.states[-1]
        assert (len(folded.runs), len(folded.pauses.every)) == (41, 40)
        assert sum(map(len, folded.faults)) == 0  # the hour of each question does not count

    def test_a_pause_is_kept_while_it_can_be_met(self):
        """One that a running deadline has met stays; and in a log that goes back, one that a later event lies in."""
        clerk = Actor("p", "clerk")
        case = open_case(RULE, "c", "open", clerk, START)
        case = case.act("ask", clerk, START + HOUR).act("answer", clerk, START + 9 * HOUR)
        assert [link.one.start for link in case.state.past] == [instant_of(START + HOUR)]
        assert [one.due for one in case.due] == [START + 10 * HOUR]
        hours = {"open": 0, "ask": 1, "answer": 9, "work": 9, "close": 5}
        acts = [Act(step, instant_of(START + n * HOUR), "p", "clerk") for step, n in hours.items()]
        told = fold(RULE, acts, START + 30 * HOUR)
        assert [0 if state.past is None else state.past.size for state in told.states] == [0, 0, 0, 1, 1, 0]
        assert len(told.pauses.every) == 1


class TestPausesThatAreOver:
    """However many there are, one more costs the same; and none is lost that a deadline has met."""

    RULE = evolve(
        RULE,
        deadlines={
            "round": evolve(RULE.deadlines["round"], from_=("open",), to=("close",)),
            "each": evolve(RULE.deadlines["round"], from_=("work",), to=("work",), limit=limit(1, "elapsed_hours")),
        },
    )

    def _acts(self, rounds):
        hours = [("open", 0)]
        for n in range(0, 3 * rounds, 3):
            hours += [("ask", n + 1), ("answer", n + 2), ("work", n + 3)]
        return [Act(step, instant_of(START + n * HOUR), "p", "clerk") for step, n in hours]

    def test_a_deadline_that_runs_meets_all_of_them(self):
        """Live, in the fold and judged: a deadline of two hours that was stopped for an hour of every three."""
        acts, until = self._acts(400), START + 1_200 * HOUR
        case = replay(self.RULE, "c", acts)
        assert (case.state.past.size, case.state.pauses) == (400, ())
        running = {one.deadline: one.due for one in case.due}
        assert running == {"round": START + 3 * HOUR, "each": until + HOUR}
        folded = fold(self.RULE, acts, until)
        assert folded.states[-1] == case.state
        assert len(folded.pauses.every) == 400
        told = judge(self.RULE, events_frame(self.RULE, [case]), until).verdicts
        assert told.group_by("verdict", "what").len().sort("what").rows() == [
            ("late", "each", 399),
            ("overdue", "round", 1),
        ]

    def test_those_that_only_a_deadline_of_before_has_met_are_left_out(self):
        """When the long deadline has ended, what is kept is little again; chains of the same pauses are equal."""
        acts = [*self._acts(100), Act("close", instant_of(START + 301 * HOUR), "p", "clerk")]
        case = replay(self.RULE, "c", acts)
        assert case.state.past is None
        half = replay(self.RULE, "c", acts[:-1]).state.past
        assert half == replay(self.RULE, "c", acts[:-1]).state.past
        assert half not in (replay(self.RULE, "c", acts[:-4]).state.past, None)
        assert len({half, replay(self.RULE, "c", acts[:-1]).state.past}) == 1

    def test_time_that_goes_back_keeps_what_it_can_still_meet(self):
        """The last event lies at the beginning: each pause before it may meet it, and none takes more than its own."""
        acts = [*self._acts(300), Act("work", instant_of(START + HOUR // 2), "p", "clerk")]
        folded = fold(self.RULE, acts, START + 901 * HOUR)
        assert [state.past.size for state in folded.states[3::3]] == [*range(1, 301)]
        log = events_frame(self.RULE, [replay(self.RULE, "c", acts)])
        told = judge(self.RULE, log, START + 901 * HOUR)
        assert told.verdicts.filter(verdict="back_in_time")["seq"].to_list() == [902]


class TestFarAway:
    @pytest.mark.parametrize("day", ["1899-12-31", "2100-01-02"])
    def test_a_day_that_cannot_be_counted_is_named(self, day):
        """A placeholder such as 1900 refuses its own rows by name, and not the whole log without a word."""
        at = dt.datetime.fromisoformat(f"{day}T12:00+08:00")
        log = events_frame(RULE, [replay(RULE, "odd", [Act("open", instant_of(at), "p", "clerk")])])
        with pytest.raises(DataError, match=r"outside-calendar.*1 row: odd 1"):
            judge(RULE, log, max(at, START) + HOUR)


AT_MOST = [
    limit(1, "working_days", begins="day_after"),
    limit(3, "working_days", begins="day_of"),
    limit(5, "elapsed_hours"),
]


class TestMovedHolidays:
    def test_one_in_a_pause_that_ends_by_itself_moves_what_began_in_it(self):
        """P5: the deadline began after the moved day; the pause that it began in did not."""
        pause = Pause(
            from_=("ask",), to=("answer",), stops=("round",), at_most=limit(3, "working_days", begins="day_after")
        )
        rules = [
            evolve(RULE, pauses={"asking": pause}, clock=evolve(RULE.clock, off=off))
            for off in ((), (Period.parse("2024-09-30"),))
        ]
        clerk, agendas = Actor("p", "clerk"), []
        for rule in rules:
            case = open_case(rule, "c", "open", clerk, START).act("ask", clerk, START + HOUR)
            agendas.append(due([case.act("work", clerk, START + 48 * HOUR)], START + 48 * HOUR))
        before, after = (agenda.running["due"][0] for agenda in agendas)
        assert (after - before).days == 1
        days = rules[0].machine.calendar.changed_days(rules[1].machine.calendar)
        assert agendas[0].crossing(days, "Asia/Shanghai").height == 1
        assert agendas[0].crossing([START.date() - dt.timedelta(days=1)], "Asia/Shanghai").is_empty()

    def test_one_in_a_pause_that_was_over_moves_what_began_later(self):
        """P5: it ended by itself the day before; with that day free it lasts into the deadline that began after it."""
        pause = Pause(
            from_=("ask",), to=("answer",), stops=("round",), at_most=limit(1, "working_days", begins="day_after")
        )
        rule, moved = (
            evolve(RULE, pauses={"asking": pause}, clock=evolve(RULE.clock, off=off))
            for off in ((), (Period.parse("2024-10-08"),))
        )
        asked, worked = (dt.datetime(2024, 10, *at, tzinfo=START.tzinfo) for at in ((7, 16), (9, 10)))
        acts = [
            Act(step, instant_of(at), "p", "clerk") for step, at in (("open", asked), ("ask", asked), ("work", worked))
        ]
        before, after = (due([replay(one, "c", acts)], worked) for one in (rule, moved))
        assert (after.running["due"][0] - before.running["due"][0]) == 14 * HOUR
        assert before.crossing([dt.date(2024, 10, 8)], "Asia/Shanghai").height == 1

    @given(st.data())
    def test_p5_where_pauses_end_by_themselves(self, data):
        """Whatever a case was asked and when: what falls due at another time under moved days is listed."""
        pauses = {
            name: Pause(from_=("ask",), to=to, stops=("round",), at_most=data.draw(st.sampled_from(AT_MOST)))
            for name, to in (("asking", ("answer",)), ("waiting", ("work",)))
        }
        again = {"ask": evolve(STEPS["ask"], next=("ask", "answer"))}
        start = dt.datetime(2024, 9, 26, 9, tzinfo=START.tzinfo)
        budget = data.draw(st.sampled_from([limit(2, "elapsed_hours"), limit(2, "working_days", begins="day_of")]))
        rule = evolve(
            RULE,
            steps={**STEPS, **again},
            pauses=pauses,
            deadlines={"round": evolve(RULE.deadlines["round"], limit=budget)},
        )
        days = data.draw(st.lists(st.integers(-3, 20), min_size=1, max_size=3, unique=True))
        moved = [(start + dt.timedelta(days=day)).date() for day in days]
        working = rule.machine.calendar.is_working
        off, on = (tuple(Period.parse(str(day)) for day in moved if working(day) is worked) for worked in (True, False))
        other = evolve(rule, clock=evolve(rule.clock, off=off, on=on))
        assert {*rule.machine.calendar.changed_days(other.machine.calendar)} == {*moved}
        case, at, clerk = open_case(rule, "c", "open", Actor("p", "clerk"), start), start, Actor("p", "clerk")
        for hours in data.draw(st.lists(st.integers(0, 60), max_size=8)):
            at += hours * HOUR
            steps = [may.step for may in case.may(clerk, at) if may.step != "close"]
            case = case.act(data.draw(st.sampled_from(steps)), clerk, at)
        acts = [event.act for event in case.history]
        before, after = (due([one], at) for one in (case, replay(other, "c", acts)))
        if before.running["due"].to_list() != after.running["due"].to_list():
            assert before.crossing(moved, "Asia/Shanghai").height == 1


class TestRemindersFromTheStart:
    def test_they_are_counted_outside_pauses(self):
        """Four hours from the start, eight of twelve paused: live, with others, folded and judged, at twelve."""
        hurry = Rung(deadline="round", counted_from="start", after=limit(4, "elapsed_hours"), act="remind", to="clerk")
        slow = evolve(RULE.deadlines["round"], limit=limit(9, "elapsed_hours"))
        rule = evolve(RULE, deadlines={"round": slow}, reminders={"hurry": hurry})
        clerk = Actor("p", "clerk")
        asked = open_case(rule, "c", "open", clerk, START).act("ask", clerk, START + HOUR)
        assert not asked.to_fire(START + 8 * HOUR)
        assert due([asked], START + 8 * HOUR).fire.is_empty()
        case = asked.act("answer", clerk, START + 9 * HOUR)
        assert [one.since for one in case.to_fire(START + 12 * HOUR)] == [START + 12 * HOUR]
        assert due([case], START + 12 * HOUR).fire["since"].to_list() == [START + 12 * HOUR]
        assert due([case], START + 11 * HOUR).fire.is_empty()
        with pytest.raises(Refused):
            case.fire("hurry", START + 11 * HOUR)
        fired = Act("hurry", instant_of(START + 12 * HOUR))
        for acts, kinds in ((0, []), (-1, ["misfired"])):
            at = fired.at + acts
            log = [*(event.act for event in case.history), evolve(fired, at=at)]
            told = fold(rule, log, START + 12 * HOUR)
            assert [fault.kind for one in told.faults for fault in one] == kinds
            judged = judge(rule, events_frame(rule, [replay(rule, "c", log)]), START + 12 * HOUR)
            assert judged.verdicts["verdict"].to_list() == kinds


class TestPausesThatEndByThemselves:
    def test_what_is_due_is_due_at_the_latest_while_they_last(self):
        """Live, with others and judged alike: as if it lasted so long; once answered, earlier. Asked twice is once."""
        pause = Pause(from_=("ask",), to=("answer",), stops=("round",), at_most=limit(10, "elapsed_hours"))
        again = {"ask": evolve(STEPS["ask"], next=("ask", "answer"))}
        rule = evolve(RULE, steps={**STEPS, **again}, pauses={"asking": pause})
        assert not [*rule.check()]
        clerk = Actor("p", "clerk")
        asked = open_case(rule, "c", "open", clerk, START).act("ask", clerk, START + HOUR)
        twice = asked.act("ask", clerk, START + 2 * HOUR)
        for case in (asked, twice):
            assert [one.due for one in case.due] == [START + 12 * HOUR]
            assert due([case], START + 3 * HOUR).running["due"].to_list() == [START + 12 * HOUR]
        answered = twice.act("answer", clerk, START + 3 * HOUR)
        assert [one.due for one in answered.due] == [START + 4 * HOUR]
        for case, hours in ((twice, 13), (answered, 5)):
            log = events_frame(rule, [case])
            told = judge(rule, log, START + hours * HOUR).verdicts.filter(verdict="overdue")
            assert told["by"].to_list() == [3_600_000_000]
            assert [one.by for one in case.late(START + hours * HOUR)] == [1]
