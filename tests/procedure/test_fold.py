"""The fold of a finished log: it finds no fault in what was done by the rules, and each fault where it was put."""

import datetime as dt
from collections import Counter
from fractions import Fraction

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from communitygov.procedure.case import replay
from communitygov.procedure.explain import case_row, explain_case, fold
from communitygov.procedure.rules import Clock, Deadline, Limit, Line, Pause, Procedure, Role, Rung, Step
from communitygov.procedure.state import Act, followed, opened
from communitygov.procedure.tables import case_columns, events_table
from communitygov.procedure.times import due_of
from communitygov.testing.strategies_cases import TOLD, faulted, frame_of, logs, walked
from communitygov.testing.strategies_procedure import CLOCKS, limits, procedures
from communitygov.vocabulary.clock import instant_of, moment_at
from communitygov.vocabulary.deadline import Budget, due, late_by
from communitygov.vocabulary.deadline import Pause as Stretch
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.text import Title

RANDOMS = st.randoms(use_true_random=False)
END = dt.datetime(2027, 6, 1, tzinfo=dt.UTC)
DONE = {"done": Title(zh="完成", en="done")}
HOUR = 3_600_000_000
STARTS = st.integers(*(instant_of(dt.datetime(*day, tzinfo=dt.UTC)) for day in [(2024, 9, 1), (2027, 2, 1)]))


def kinds(folded) -> Counter:
    """Return how often each kind of fault was found, in events and in the case."""
    return Counter(one.kind for found in (*folded.faults, folded.of_case) for one in found)


class TestSoundLogs:
    @given(procedures(), RANDOMS)
    def test_what_was_done_by_the_rules_has_no_fault_but_lateness(self, procedure, random):
        """P2: of a log that the live case let pass, only what is late, overdue or not shown is told."""
        folded = fold(procedure, walked(random, procedure), END)
        assert kinds(folded).keys() <= {*TOLD, "not_disclosed"}

    @given(procedures(), RANDOMS)
    def test_the_fold_is_the_replay(self, procedure, random):
        """The last state of a log, faulty or not, is that of the case that its acts make."""
        acts = faulted(random, procedure, walked(random, procedure))
        folded = fold(procedure, acts, END)
        assert folded.states[-1] == replay(procedure, "c", acts).state
        assert len(folded.states) == len(acts) + 1 == len(folded.faults) + 1

    @given(procedures(), st.data())
    def test_a_log_is_a_frame_of_the_columns_that_are_declared(self, procedure, data):
        """Row by row, in the order of the acts; and the row of a case has the columns that rates are taken of."""
        log = data.draw(logs(procedure, faulty=True))
        frame = frame_of(procedure, log)
        assert frame.columns == [column.name for column in events_table(procedure).columns]
        assert frame["step"].to_list() == [act.step for acts in log.cases.values() for act in acts]
        for case, acts in log.cases.items():
            row = case_row(procedure, case, acts, log.at)
            assert row.keys() == {column.name for column in case_columns(procedure)}
            assert row["faults"] == kinds(fold(procedure, acts, log.at)).total()

    def test_what_lies_after_the_log_is_refused(self):
        """The instant that it goes up to is that of the last event at the earliest."""
        rule = Procedure(
            roles={"clerk": Role()}, steps={"a": Step(by=("clerk",), starts=True, closes="done")}, outcomes=DONE
        )
        act = Act("a", instant_of(END) + 1, "p", "clerk")
        with pytest.raises(UsageError, match="event 1 lies after"):
            fold(rule, [act], END)
        with pytest.raises(UsageError, match="no step `b`"):
            fold(rule, [evolve(act, step="b", at=0)], END)


def _wrong_role(random, procedure, acts, i):
    rule = procedure.steps[acts[i].step]
    others = [None, "nobody", *(role for role in procedure.roles if role not in rule.by)]
    return [*acts[:i], evolve(acts[i], role=random.choice(others)), *acts[i + 1 :]]


def _unexplained(random, procedure, acts, i):
    rule = procedure.steps[acts[i].step]
    if rule.reasons or rule.needs_reason:
        return [*acts[:i], evolve(acts[i], reason=random.choice([None, ""])), *acts[i + 1 :]]
    return None


def _missing_fact(random, procedure, acts, i):
    before = opened(procedure.machine)
    for act in acts[:i]:
        _, before = followed(procedure.machine, before, act)
    lost = [name for name in procedure.steps[acts[i].step].needs if before.facts.get(name) is None]
    # The unit called in says which line it is: without it, what the unit does later is out of order as well.
    if not lost:
        return None
    kept = {name: value for name, value in acts[i].facts.items() if name != lost[0]}
    return [*acts[:i], evolve(acts[i], facts=kept), *acts[i + 1 :]]


def _stray_fact(random, procedure, acts, i):
    strange = [name for name in ("seen", "photo") if name not in procedure.steps[acts[i].step].facts]
    value = {"seen": END, "photo": "p.jpg"}
    if not strange:
        return None
    return [*acts[:i], evolve(acts[i], facts={**acts[i].facts, strange[0]: value[strange[0]]}), *acts[i + 1 :]]


def _same_person(random, procedure, acts, i):
    for name in procedure.steps[acts[i].step].other_than:
        done = [act for act in acts[:i] if act.step == name]
        if done and done[-1].actor is not None:
            return [*acts[:i], evolve(acts[i], actor=done[-1].actor), *acts[i + 1 :]]
    return None


def _unknown_person(random, procedure, acts, i):
    if any(act.step in procedure.steps[acts[i].step].other_than for act in acts[:i]):
        return [*acts[:i], evolve(acts[i], actor=None), *acts[i + 1 :]]
    return None


def _not_named(random, procedure, acts, i):
    role = procedure.roles[acts[i].role]
    if role.named_in is not None:
        return [*acts[:i], evolve(acts[i], actor=random.choice([None, "p9"])), *acts[i + 1 :]]
    if role.unit_in is not None:
        return [*acts[:i], evolve(acts[i], unit=random.choice([None, "u9"])), *acts[i + 1 :]]
    return None


def _back_in_time(random, procedure, acts, i):
    if i and acts[i - 1].at > acts[0].at - HOUR:
        return [*acts[:i], evolve(acts[i], at=acts[i - 1].at - random.choice([1, HOUR])), *acts[i + 1 :]]
    return None


def _too_many(random, procedure, acts, i):
    rule = procedure.steps[acts[i].step]
    if rule.at_most is None or rule.beyond is not None:
        return None
    return [*acts[: i + 1], *[evolve(acts[i]) for _ in range(rule.at_most)], *acts[i + 1 :]]


def _misfired(random, procedure, acts, i):
    for key, rung in procedure.reminders.items():
        deadline = procedure.deadlines[rung.deadline]  # one that runs on may have begun long before
        if acts[i].step in deadline.from_ and deadline.again == "restart" and rung.counted_from == "start":
            unit = acts[i].facts.get("invited") if procedure.keyed(acts[i].step) else None
            return [*acts[: i + 1], Act(key, acts[i].at, unit=unit), *acts[i + 1 :]]
    return None


def _dropped(random, procedure, acts, i):
    rule = procedure.steps[acts[i].step]
    last = fold(procedure, acts, END).states[-1].place.step
    once = sum(act.step == acts[i].step for act in acts) == 1
    needed = acts[i].step in procedure.machine.dominators.get(last, frozenset())
    return [*acts[:i], *acts[i + 1 :]] if once and needed and rule.line is None else None


FAULTS = {
    "wrong_role": _wrong_role,
    "unexplained": _unexplained,
    "missing_fact": _missing_fact,
    "stray_fact": _stray_fact,
    "same_person": _same_person,
    "unknown_person": _unknown_person,
    "not_named": _not_named,
    "back_in_time": _back_in_time,
    "too_many": _too_many,
    "misfired": _misfired,
    "missing_step": _dropped,
}

LOCAL = {"wrong_role", "unexplained", "stray_fact", "unknown_person", "misfired"}
"""Faults after which a case goes on as it would have: nothing else is told of it."""


class TestInjectedFaults:
    @pytest.mark.parametrize("kind", FAULTS)
    @given(data=st.data())
    def test_a_fault_shows_its_own_kind_in_its_own_case_only(self, kind, data):
        """P3: whatever is put into one case of a log is told there by its name, and the others stay as they were."""
        procedure = data.draw(procedures())
        log = data.draw(logs(procedure, most=2, events=9))
        random = data.draw(RANDOMS)
        case = random.choice([*log.cases])
        acts = log.cases[case]
        places = [i for i, act in enumerate(acts) if act.step in procedure.steps]
        found = [*filter(None, (FAULTS[kind](random, procedure, acts, i) for i in places))]
        if not found:
            return
        wrong = random.choice(found)
        before = {key: kinds(fold(procedure, one, END)) for key, one in log.cases.items()}
        after = {key: kinds(fold(procedure, one, END)) for key, one in {**log.cases, case: wrong}.items()}
        assert after[case][kind] > before[case][kind]
        assert all(after[key] == before[key] for key in log.cases if key != case)
        if kind in LOCAL:
            # Who did it may not be known to a role that is named, and to a later step that another must do.
            beside = {kind, *({"unknown_person", "not_named"} if kind == "unknown_person" else ())}
            assert (after[case] - before[case]).keys() <= beside
            assert before[case] <= after[case]

    @given(st.data())
    def test_a_swap_shows_up_to_three_wrong_orders(self, data):
        """P3: of a row of steps, two that change places are out of order, and so is what follows, and nothing else."""
        size = data.draw(st.integers(2, 7))
        steps = {f"s{i}": Step(by=("clerk",), starts=i == 0, next=(f"s{i + 1}",)) for i in range(size - 1)}
        steps[f"s{size - 1}"] = Step(by=("clerk",), closes="done")
        rule = Procedure(roles={"clerk": Role()}, steps=steps, outcomes=DONE)
        acts = [Act(key, i * HOUR, "p1", "clerk") for i, key in enumerate(steps)]
        i = data.draw(st.integers(0, size - 2))
        swapped = [*acts[:i], evolve(acts[i + 1], at=acts[i].at), evolve(acts[i], at=acts[i + 1].at), *acts[i + 2 :]]
        assert kinds(fold(rule, acts, END)) == {}
        folded = fold(rule, swapped, END)
        wrong = [j for j, found in enumerate(folded.faults) if found]
        assert {one.kind for j in wrong for one in folded.faults[j]} == {"wrong_order"}
        assert wrong == [j for j in range(i, i + 3) if j < size]
        assert not [one for one in folded.of_case if one.kind != "missing_step"]

    @given(st.data(), limits())
    def test_one_microsecond_past_due_is_late(self, data, limit):
        """P3: done at the due instant it is in time, at the next instant it is late, by what is counted beyond."""
        clock = data.draw(st.sampled_from(CLOCKS))
        rule = _timed(clock, limit)
        start = data.draw(STARTS)
        found = due(moment_at(start, clock.zone), limit.budget, clock.days)
        for more in (0, 1):
            acts = [Act("open", start, "p", "clerk"), Act("close", instant_of(found.at) + more, "p", "clerk")]
            (told,) = fold(rule, acts, END).faults[1] or (None,)
            assert (told is not None) == bool(more)
            if told is not None:
                slow = late_by(moment_at(start, "UTC"), limit.budget, clock.days, moment_at(acts[1].at, "UTC"))
                assert (told.kind, told.by, told.provisional) == ("late", slow.by, slow.provisional)


def _timed(clock: Clock, limit: Limit, **changes) -> Procedure:
    """Return a procedure of two steps, with a deadline from one to the other, and a pause between."""
    sections = {
        "clock": clock,
        "roles": {"clerk": Role()},
        "outcomes": DONE,
        "steps": {
            "open": Step(by=("clerk",), starts=True, next=("close",)),
            "close": Step(by=("clerk",), closes="done"),
            "ask": Step(by=("clerk",), line="asking", during=("open",), next=("answer",)),
            "answer": Step(by=("clerk",), line="asking"),
        },
        "lines": {"asking": Line()},
        "deadlines": {"d": Deadline(from_=("open",), to=("close",), again="restart", limit=limit)},
        "pauses": {"waiting": Pause(from_=("ask",), to=("answer",), stops=("d",))},
        "reminders": {"r": Rung(deadline="d", counted_from="due", act="remind", to="clerk")},
    }
    found = Procedure(**sections | changes)
    assert not list(found.check())
    return found


class TestPauses:
    @given(st.data(), limits())
    def test_a_pause_before_due_moves_due_by_itself(self, data, limit):
        """P4: counted in the deadline's own unit, the due instant moves by what was counted in the pause."""
        clock = data.draw(st.sampled_from(CLOCKS))
        rule = _timed(clock, limit)
        machine = rule.machine
        start = data.draw(STARTS)
        counting = machine.counting(limit.budget)
        (run,) = replay(rule, "c", [Act("open", start, "p", "clerk")]).state.runs
        plain, _ = due_of(machine, run, [])
        asked = data.draw(st.integers(start, plain - 1))
        answered = data.draw(st.integers(asked, asked + 40 * 24 * HOUR))
        acts = [Act(step, at, "p", "clerk") for step, at in (("open", start), ("ask", asked), ("answer", answered))]
        state = replay(rule, "c", acts).state
        moved, _ = due_of(machine, state.runs[0], state.stopped(machine, state.runs[0]))
        begun = counting.begin(start)
        stood = counting.count(max(begun, answered)) - counting.count(max(begun, asked))
        assert counting.count(moved) - counting.count(plain) == stood
        assert moved >= plain

    @given(st.data(), limits())
    def test_a_pause_after_due_changes_nothing(self, data, limit):
        """What is late stays late, by as much."""
        clock = data.draw(st.sampled_from(CLOCKS))
        rule = _timed(clock, limit)
        start = instant_of(dt.datetime(2024, 9, 27, 2, tzinfo=dt.UTC))
        plain = instant_of(due(moment_at(start, "UTC"), limit.budget, clock.days).at)
        asked = plain + data.draw(st.integers(0, 10 * 24 * HOUR))
        opens, asks = Act("open", start, "p", "clerk"), Act("ask", asked, "p", "clerk")
        close = Act("close", asked + data.draw(st.integers(0, 10 * 24 * HOUR)), "p", "clerk")
        assert fold(rule, [opens, asks, close], END).faults[-1] == fold(rule, [opens, close], END).faults[-1]

    def test_an_answer_before_its_question_moves_nothing(self):
        """A pause that a faulty log ends before it began is none: the deadline falls due as if it was never asked."""
        rule = _timed(CLOCKS[0], Limit(amount=Fraction(48), unit="elapsed_hours"))
        acts = [
            Act("open", 0, "p", "clerk"),
            Act("ask", 10 * HOUR, "p", "clerk"),
            Act("answer", 5 * HOUR, "p", "clerk"),
        ]
        folded = fold(rule, acts, moment_at(49 * HOUR, "UTC"))
        assert [one.kind for one in folded.faults[2]] == ["back_in_time"]
        assert [(one.kind, one.by) for one in folded.of_case] == [("overdue", 1)]

    def test_a_pause_ends_by_itself(self):
        """At the end of its longest time the deadline runs on, and a late answer is a step like others."""
        most = Limit(amount=Fraction(10), unit="elapsed_hours")
        pause = Pause(from_=("ask",), to=("answer",), stops=("d",), at_most=most)
        rule = _timed(CLOCKS[0], Limit(amount=Fraction(48), unit="elapsed_hours"), pauses={"waiting": pause})
        acts = [Act("open", 0, "p", "clerk"), Act("ask", HOUR, "p", "clerk"), Act("answer", 30 * HOUR, "p", "clerk")]
        for end in (2, 3):
            state = replay(rule, "c", acts[:end]).state
            assert due_of(rule.machine, state.runs[0], state.stopped(rule.machine, state.runs[0])) == (58 * HOUR, False)


class TestHolidays:
    @given(procedures(), st.data(), st.dates(dt.date(2024, 9, 1), dt.date(2024, 10, 31)))
    def test_moving_a_holiday_touches_only_cases_that_cross_it(self, procedure, data, day):
        """P5: with one more free day, a deadline falls due as before unless the day lies between start and due."""
        log = data.draw(logs(procedure))
        plain = Clock(zone="UTC", calendar="monday_to_friday", hours=("09:00-12:00", "13:00-17:30"))
        freed = evolve(plain, off=(Period.parse(day.isoformat()),))
        begins = instant_of(dt.datetime.combine(day, dt.time(), dt.UTC))
        for acts in log.cases.values():
            dues = []
            for clock in (plain, freed):
                machine = evolve(procedure, clock=clock).machine
                state = opened(machine)
                for act in acts:
                    _, state = followed(machine, state, act)
                dues.append([(state.stopped(machine, r), r) for r in state.runs])
            for (before, run), (after, _) in zip(*dues, strict=True):
                # A pause that ends by itself is counted in days too: it counts from when it began.
                since = min([run.start, *(start for start, end in before if end is None or end > run.start)])
                one, other = (
                    due_of(evolve(procedure, clock=clock).machine, run, stops)
                    for clock, stops in ((plain, before), (freed, after))
                )
                if one is not None and not (since < begins + 24 * HOUR and one[0] > begins):
                    assert one == other


class TestExplanation:
    @given(procedures(), st.data())
    def test_what_is_told_of_a_deadline_suffices_to_count_it_again(self, procedure, data):
        """Start, amount, unit, pauses and the clock's days give the due instant; it and the event how late it is."""
        log = data.draw(logs(procedure))
        for case, acts in log.cases.items():
            tree = explain_case(procedure, case, acts, log.at)
            runs = fold(procedure, acts, log.at).runs
            told = [step for step in tree.children if step.key == "deadline"]
            for step, run in zip(told, runs, strict=True):
                facts = step.facts
                until = None if facts["until"] is None else dt.time.fromisoformat(facts["until"])
                budget = Budget(facts["amount"], facts["unit"], facts["begins"], until)
                pauses = [
                    Stretch(
                        dt.datetime.fromisoformat(one.facts["start"]),
                        None if one.facts["end"] is None else dt.datetime.fromisoformat(one.facts["end"]),
                    )
                    for one in step.children
                    if one.key == "pause"
                ]
                days = procedure.clock.days
                again = due(dt.datetime.fromisoformat(facts["start"]), budget, days, pauses)
                assert step.value == (None if again.at is None else again.at.isoformat())
                assert facts["provisional"] == (None if again.at is None else again.provisional)
                if run.ended is not None and again.at is not None:
                    ended = dt.datetime.fromisoformat(facts["ended"])
                    late = late_by(dt.datetime.fromisoformat(facts["start"]), budget, days, ended, pauses)
                    assert facts["late"] == (late.by if late.past_due else None)

    @given(procedures(), st.data())
    def test_every_fault_is_told_once_in_both_languages(self, procedure, data):
        """The tree has as many faults as the fold, and the value of the case is their number."""
        log = data.draw(logs(procedure, faulty=True))
        for case, acts in log.cases.items():
            tree = explain_case(procedure, case, acts, log.at)
            count = kinds(fold(procedure, acts, log.at)).total()
            told = [step for step in tree.walk() if step.key == "fault"]
            assert tree.value == len(told) == count
            assert all("{" not in step.text.say(lang) and step.text.say(lang) for step in told for lang in ("zh", "en"))
