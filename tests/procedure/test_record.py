"""Cases in a store: what is saved is what is loaded, and what was changed behind its back is found."""

import itertools
import json

import pytest
from attrs import evolve
from tests.procedure.samples import (
    HOUR,
    PARTY,
    RESIDENT,
    SOCIAL,
    START,
    SUPERVISOR,
    accepted,
    five_orders,
    named,
    opened,
    over,
)

from communitygov.procedure.case import Actor, Refused, replay
from communitygov.procedure.case_records import Moved
from communitygov.procedure.chain import canonical, verify
from communitygov.procedure.fold import fold
from communitygov.procedure.judge import judge
from communitygov.procedure.migrate import MIGRATED, migrate
from communitygov.procedure.record import ERASED, REASON, acts_of, explain_stored, load, save, seal
from communitygov.procedure.rows import events_frame
from communitygov.procedure.store import Conflict, MemoryStore
from communitygov.procedure.store_sql import SqlStore
from communitygov.vocabulary.errors import DataError, UsageError

OTHER = {key: evolve(one, act="notify") for key, one in five_orders().reminders.items()}
"""Reminders by which rules differ from the sample's."""


@pytest.fixture(params=["memory", "sqlite"])
def store(request, tmp_path):
    """A store that holds nothing."""
    if request.param == "memory":
        yield MemoryStore()
    else:
        found = SqlStore.open(f"sqlite:///{tmp_path / 'cases.db'}")
        yield found
        found.close()


def closed(case):
    """Return an accepted case, handled and verified."""
    handled = case.act("handle", SOCIAL, START + 5 * HOUR, evidence="photo-1")
    return handled.act("verify", SUPERVISOR, START + 6 * HOUR, satisfied=True, called_back=START + 6 * HOUR)


class TestBody:
    def test_what_is_sealed_is_canonical(self):
        """Whatever stands in a case, its body is the one text of what it says: quotes, facts, ids that are no text."""
        odd = Actor('p"1\\', "party_org", "社区\n一")
        case = opened(phone="13800000000").act("dispatch", odd, START + HOUR, grade="urgent")
        case = case.act("refuse", Actor(7, "social_org"), START + HOUR, "no_means")
        for entry in seal(case):
            assert canonical(json.loads(entry.body)) == entry.body
        said = json.loads(seal(case)[1].body)
        assert (said["actor"], said["unit"], said["facts"]) == (odd.id, odd.unit, {"grade": "urgent"})
        with pytest.raises(UsageError, match="cannot be recorded"):
            seal(opened().act("dispatch", Actor(1.5, "party_org", "x"), START + HOUR, grade="urgent"))


class TestSaveAndLoad:
    def test_what_is_saved_is_what_is_loaded(self, store):
        """However often a case is saved on the way, it is loaded as it stands, facts of every kind included."""
        procedure = five_orders()
        case = save(store, opened(procedure, phone="13800000000"))
        case = save(store, case.act("dispatch", PARTY, START + HOUR, grade="urgent"))
        case = save(store, closed(case.act("accept", SOCIAL, START + 2 * HOUR)))
        found = load(store, procedure, "A1")
        assert (found.state, found.seq, found.tip, found.outcome) == (case.state, 6 - 1, case.tip, "solved")
        assert found.facts["phone"] == "13800000000"
        assert found.facts["called_back"] == START + 6 * HOUR
        assert found.opened == case.opened == START  # the day of its rules, though its history is in the store

    def test_saving_twice_writes_once(self, store):
        """A case without new events writes nothing."""
        case = save(store, accepted())
        assert save(store, case) is case
        assert len(store.read("A1")) == 3

    def test_its_history_is_what_the_store_holds(self, store):
        """The acts in the store are those that were done; the saved case says where they are."""
        case = accepted()
        acts = [event.act for event in case.history]
        saved = save(store, case)
        assert acts_of(case.procedure, store.read("A1")) == acts
        with pytest.raises(UsageError, match="history-in-store"):
            saved.history  # noqa: B018 - it is asked for

    def test_of_two_writers_the_second_is_told(self, store):
        """Two that loaded the same case cannot both append to it; nothing of the second is written."""
        procedure = five_orders()
        save(store, accepted(procedure))
        one, other = (load(store, procedure, "A1") for _ in range(2))
        save(store, one.act("ask", SOCIAL, START + 3 * HOUR, "which door"))
        with pytest.raises(Conflict):
            save(store, other.act("ask", SOCIAL, START + 4 * HOUR, "which floor"))
        assert load(store, procedure, "A1").seq == 4

    def test_no_such_case(self, store):
        """A case that is not there is named."""
        with pytest.raises(UsageError, match="no case `A9`"):
            load(store, five_orders(), "A9")


class TestLines:
    def test_where_a_line_stood_and_stands_is_recorded(self, store):
        """A question goes on beside the main line, which stays; so does each unit that is called, in its own line."""
        case = accepted().act("ask", SOCIAL, START + 3 * HOUR, "which door").act("answer", RESIDENT, START + 4 * HOUR)
        assert [(event.before, event.after) for event in case.history[3:]] == [(("accept", ""), ("accept", ""))] * 2
        assert [event.line for event in case.history] == [
            *(None, None, None),
            Moved("waiting", None, None, ("ask", "")),
            Moved("waiting", None, ("ask", ""), None),
        ]
        assert replay(case.procedure, "A1", [event.act for event in case.history]).history == case.history
        body = json.loads(save(store, case) and store.read("A1")[3].body)
        assert body["line"] == {"after": ["ask", ""], "before": None, "name": "waiting", "unit": None}
        assert load(store, case.procedure, "A1").state == case.state

    def test_a_line_that_was_changed_is_found(self):
        """Sealed with another place of its line, an entry is not what its act leads to."""
        case, store = accepted().act("ask", SOCIAL, START + 3 * HOUR, "which door"), MemoryStore()
        (act, here, there, line), rest = case.log
        wrong = act, here, there, evolve(line, after=("answer", ""))
        save(store, evolve(case, log=(wrong, rest)))
        with pytest.raises(DataError, match="replayed-otherwise"):
            load(store, case.procedure, "A1")


class TestPersonal:
    def test_a_phone_is_no_part_of_what_is_hashed(self):
        """Its digest stands in the body, and two cases with one phone do not share it."""
        one, other = (seal(opened(case=name, phone="13800000000"))[0] for name in ("A1", "A2"))
        assert "13800000000" not in one.body
        assert one.personal["phone"].value == "13800000000"
        assert one.personal["phone"].salt != other.personal["phone"].salt

    def test_what_is_erased_is_gone_and_the_chain_still_verifies(self, store):
        """The case goes on; that there was a phone is still known."""
        procedure = five_orders()
        save(store, accepted(procedure, phone="13800000000"))
        assert store.erase("A1", "phone") == 1
        assert verify(store.read("A1")) == ()
        found = load(store, procedure, "A1")
        assert found.facts["phone"] is ERASED
        assert closed(found).outcome == "solved"
        frame = events_frame(procedure, [replay(procedure, "A1", acts_of(procedure, store.read("A1")))])
        assert frame["fact.phone"].to_list() == ["erased", None, None]
        assert judge(procedure, frame, START + 90 * HOUR).verdicts.filter(verdict="missing_fact").is_empty()

    def test_a_reason_in_free_words_can_be_erased_too(self, store):
        """It may name somebody; a reason from the list is no secret."""
        procedure = five_orders()
        save(store, accepted(procedure).act("ask", SOCIAL, START + 3 * HOUR, "Mr Wang is away"))
        entry = store.read("A1")[-1]
        assert "Wang" not in entry.body
        assert acts_of(procedure, (entry,))[0].reason == "Mr Wang is away"
        assert store.erase("A1", REASON) == 1
        assert verify(store.read("A1")) == ()
        assert load(store, procedure, "A1").step == "accept"
        refused = opened(procedure).act("dispatch", PARTY, START + HOUR, grade="urgent")
        assert '"reason":"no_means"' in seal(refused.act("refuse", SOCIAL, START + HOUR, "no_means"))[-1].body

    def test_nobody_sees_a_value_by_printing(self):
        """Neither an event nor a refusal shows what is about a person."""
        case = opened(phone="13800000000")
        assert "138" not in repr(case)
        assert "138" not in repr(case.history)
        with pytest.raises(UsageError) as told:
            opened(phone=13800000000)
        assert "138" not in told.value.say("en") + told.value.say("zh")


class TestChangedPast:
    def test_it_is_found_and_the_case_is_not_loaded(self):
        """Another reason, another actor, another order: each is named."""
        store, procedure = MemoryStore(), five_orders()
        save(store, accepted(procedure))
        entries = store.read("A1")
        for i, (what, instead) in itertools.product(range(3), (("r1", "r2"), ("1727", "1728"))):
            changed = list(entries)
            changed[i] = evolve(changed[i], body=changed[i].body.replace(what, instead))
            if changed[i] == entries[i]:
                continue
            store._chains["A1"] = tuple(changed)
            with pytest.raises(DataError, match="altered-entry"):
                load(store, procedure, "A1")

    def test_the_salt_is_the_callers_where_it_must_be_repeated(self):
        """With given salts the same case gives the same entries, hash for hash."""
        salts = itertools.cycle(["ab" * 16])
        one, other = (seal(opened(phone="1"), lambda: next(salts)) for _ in range(2))
        assert one == other


class TestRules:
    def test_a_case_stays_on_the_rules_it_was_opened_under(self, store):
        """It is not loaded under others, and each event says which it was done under."""
        old, new = five_orders(), five_orders(reminders=OTHER)
        save(store, accepted(old))
        with pytest.raises(UsageError, match="other-rules"):
            load(store, new, "A1")
        assert old.machine.digest in store.read("A1")[0].body

    def test_what_something_is_called_decides_nothing(self, store):
        """With another title, another clause, a note, the rules are the same, and the case is loaded."""
        old = five_orders()
        new = five_orders(title=named("five"), roles={key: evolve(one, title=None) for key, one in old.roles.items()})
        save(store, accepted(old))
        assert load(store, new, "A1").step == "accept"

    def test_it_comes_over_by_a_map_and_is_loaded_again(self, store):
        """Facts, deadlines and counts go on; the step is the one that the map names."""
        old = five_orders()
        steps = dict(old.steps)
        steps["dispatch"] = evolve(steps["dispatch"], next=("take_up", "refuse"))
        steps["take_up"] = evolve(steps.pop("accept"), title=named("take up"))
        for key in ("ask", "call"):
            steps[key] = evolve(steps[key], during=("take_up",))
        new = five_orders(steps=steps, migrations=over(old, {"accept": "take_up"}))
        case = save(store, migrate(save(store, accepted(old)), new, START + 3 * HOUR))
        assert (case.step, case.digest, case.due[0].deadline) == ("take_up", new.machine.digest, "handling")
        found = load(store, new, "A1", old)
        assert found.state == case.state
        assert closed(found).outcome == "solved"
        acts = acts_of(new, store.read("A1"), old)
        assert [act.step for act in acts] == ["order", "dispatch", "accept", MIGRATED]
        with pytest.raises(UsageError, match="other-rules"):
            acts_of(new, store.read("A1"))
        with pytest.raises(UsageError, match="other-rules"):
            load(store, new, "A1")
        with pytest.raises(UsageError, match=r"unknown-step.*event 3.*load"):
            replay(new, "A1", acts)

    def test_what_came_over_is_told_from_beginning_to_end(self, store):
        """What it did before is told by the rules of then, what it did since by those of now, each with its times."""
        old = five_orders()
        steps = {**old.steps, "accept": evolve(old.steps["accept"], title=named("take up"))}
        new = five_orders(steps=steps, reminders=OTHER, migrations=over(old, {}))
        asked = (
            accepted(old).act("ask", SOCIAL, START + 3 * HOUR, "which door").act("answer", RESIDENT, START + 4 * HOUR)
        )
        case = save(store, migrate(save(store, asked), new, START + 4 * HOUR))
        case = save(store, closed(case))
        with pytest.raises(UsageError, match=r"history-in-store.*explain_stored"):
            case.explain()
        at = START + 6 * HOUR
        told = explain_stored(store, new, "A1", at, old)
        events = told.children[:8]
        assert [one.facts["step"] for one in events][2:7] == ["accept", "ask", "answer", MIGRATED, "handle"]
        assert "accept" in events[2].title.en
        assert new.machine.digest[:12] in events[5].title.en
        assert told.value == 0
        acts = acts_of(new, store.read("A1"), old)
        folded = fold(new, acts, at, [old])
        assert folded.states[-1] == case.state == load(store, new, "A1", old).state
        assert [(stage.machine.digest, stage.events) for stage in folded.stages] == [
            (old.machine.digest, 5),
            (new.machine.digest, 3),
        ]
        assert [run.deadline for run in folded.runs] == ["handling"]
        assert len(folded.pauses.every) == 1  # it was met before the case came over, and counts since
        for rules in ([], [old, old]):
            with pytest.raises(UsageError, match="other-rules"):
                fold(new, acts, at, rules)
        with pytest.raises(UsageError, match="no-migration"):
            fold(new, acts, at, [evolve(old, outcomes={**old.outcomes, "moved": named("moved")})])

    def test_what_was_done_before_is_not_missing_since(self, store):
        """Under another name too; and what came over before its last event is told as gone back in time."""
        old = five_orders()
        steps = dict(old.steps)
        steps["dispatch"] = evolve(steps["dispatch"], next=("take_up", "refuse"))
        steps["take_up"] = steps.pop("accept")
        for key in ("ask", "call"):
            steps[key] = evolve(steps[key], during=("take_up",))
        new = five_orders(steps=steps, migrations=over(old, {"accept": "take_up"}))
        case = closed(migrate(save(store, accepted(old)), new, START + 3 * HOUR))
        acts = [*(event.act for event in accepted(old).history), *(event.act for event in case.unsaved)]
        assert fold(new, acts, START + 6 * HOUR, [old]).of_case == ()
        acts[3] = evolve(acts[3], at=acts[0].at)
        told = fold(new, acts, START + 6 * HOUR, [old]).faults
        assert [[fault.kind for fault in one] for one in told[3:]] == [["back_in_time"], [], []]

    def test_what_came_over_is_not_judged_in_bulk(self, store):
        """Its log says so, with what to do instead."""
        old = five_orders()
        new = five_orders(reminders=OTHER, migrations=over(old, {}))
        case = migrate(save(store, accepted(old)), new, START + 3 * HOUR)
        log = events_frame(new, [evolve(case, seq=1)])
        with pytest.raises(DataError, match=r"other-rules.*explain_stored"):
            judge(new, log, START + 4 * HOUR)

    def test_without_a_map_it_does_not_come_over(self):
        """It says which rules it is on."""
        case = save(MemoryStore(), accepted())
        with pytest.raises(UsageError, match=f"no-migration.*{case.digest[:12]}"):
            migrate(case, five_orders(reminders=OTHER), START + 3 * HOUR)

    def test_what_is_underway_and_would_be_lost_is_named(self):
        """All of it: the step, the line, the deadline."""
        old = five_orders()
        case = save(MemoryStore(), accepted(old).act("ask", SOCIAL, START + 3 * HOUR, "which door"))
        steps = {key: step for key, step in old.steps.items() if key in ("order", "refuse", "dispatch")}
        steps["dispatch"] = evolve(steps["dispatch"], next=("refuse",))
        new = five_orders(
            steps=steps, lines={}, deadlines={}, pauses={}, reminders={}, migrations=over(old, {}), clock=None
        )
        with pytest.raises(UsageError) as told:
            migrate(case, new, START + 4 * HOUR)
        assert {problem.path for problem in told.value.problems} == {"accept", "waiting", "handling"}

    def test_what_is_not_saved_under_its_own_rules_does_not_come_over(self):
        """Else a phone would be sealed by rules that do not know it for a person's."""
        old = five_orders()
        with pytest.raises(UsageError, match="unsaved-events"):
            migrate(accepted(old), five_orders(reminders=OTHER, migrations=over(old, {})), START + 3 * HOUR)

    def test_what_was_decided_stays_decided(self):
        """A case that went beyond a limit is where it was, and what was counted under two names adds up."""
        old = five_orders()
        refused = opened(old).act("dispatch", PARTY, START + HOUR, grade="urgent")
        for hours in (2, 4):
            refused = refused.act("refuse", SOCIAL, START + hours * HOUR, "no_means")
            if hours == 2:
                refused = refused.act("dispatch", PARTY, START + 3 * HOUR, grade="urgent")
        assert refused.outcome == "given_up"
        new = five_orders(reminders=OTHER, migrations=over(old, {}))
        moved = migrate(save(MemoryStore(), refused), new, START + 5 * HOUR)
        assert (moved.outcome, moved.state.place.way, moved.state.counts) == ("given_up", "*beyond", {"refuse": 2})

    def test_who_was_not_watched_cannot_be_told_apart_now(self):
        """Rules that ask for another person than one nobody kept do not take the case."""
        old = five_orders()
        steps = {**old.steps, "verify": evolve(old.steps["verify"], other_than=("handle", "accept"))}
        new = five_orders(steps=steps, migrations=over(old, {}))
        with pytest.raises(UsageError, match="record of who did `accept`"):
            migrate(save(MemoryStore(), accepted(old)), new, START + 3 * HOUR)

    def test_it_does_not_come_over_in_the_past(self):
        """A migration is an event like others: not before the last one."""
        case = save(MemoryStore(), accepted())
        with pytest.raises(UsageError, match="back-in-time"):
            migrate(case, case.procedure, START)


def test_what_is_known_cannot_be_changed_from_outside():
    """Only an act changes a case."""
    case = accepted()
    with pytest.raises(TypeError):
        case.facts["grade"] = "ordinary"
    with pytest.raises(TypeError):
        case.history[1].act.facts["grade"] = "ordinary"


def test_a_loaded_case_refuses_as_the_live_one():
    """What may be done does not depend on whether a case was loaded."""
    store, procedure = MemoryStore(), five_orders()
    case = accepted(procedure)
    found = load(store, procedure, save(store, case).id)
    assert found.may() == case.may()
    for one in (case, found):
        with pytest.raises(Refused, match="wrong-role"):
            one.act("handle", RESIDENT, START + 3 * HOUR, evidence="x")
