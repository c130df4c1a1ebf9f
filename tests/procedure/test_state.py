"""What each setting of a step, a line, a deadline or a disclosure asks of a case, one by one, on the smallest case."""

import datetime as dt
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.procedure.samples import START

from communitygov.measures.rules import Condition
from communitygov.procedure.case import Actor, Case, Refused
from communitygov.procedure.explain import case_row, explain_case, fold
from communitygov.procedure.judge import judge
from communitygov.procedure.rules import (
    Branch,
    CaseFact,
    Clock,
    Deadline,
    Disclosure,
    Guard,
    Limit,
    Line,
    Onward,
    Pause,
    Procedure,
    Role,
    Step,
)
from communitygov.procedure.state import CASE_FAULTS, EVENT_FAULTS, Act, opened
from communitygov.procedure.wording import FAULTS, say_fault
from communitygov.vocabulary.clock import moment_at
from communitygov.vocabulary.errors import DataError, UsageError
from communitygov.vocabulary.text import Title

HOUR = 3_600_000_000
END = dt.datetime(1970, 3, 1, tzinfo=dt.UTC)


def words(*keys: str) -> dict[str, Title]:
    """Return titles of words."""
    return {key: Title(zh=f"「{key}」", en=key) for key in keys}


def step(**settings) -> Step:
    """Return a step of the clerk."""
    return Step(**{"by": ("clerk",), **settings})


def hours(amount: int, **settings) -> Deadline:
    """Return a deadline of so many hours, from the step ``open`` to ``close``."""
    limit = Limit(amount=Fraction(amount), unit="elapsed_hours")
    return Deadline(**{"from_": ("open",), "to": ("close",), "again": "restart", "limit": limit, **settings})


def rule(steps: dict[str, Step], **sections) -> Procedure:
    """Return a procedure of these steps, with a clerk and a chief, in which a deadline need not be looked at."""
    given_ = {
        "clock": Clock(zone="UTC", calendar="monday_to_friday"),
        "roles": {"clerk": Role(), "chief": Role()},
        "outcomes": words("done", "refused"),
        "steps": steps,
        **sections,
    }
    found = Procedure(**given_)
    assert {one.code for one in found.check()} <= {"unmeasured-deadline"}
    return found


def act(name: str, hour: int = 0, **settings) -> Act:
    """Return an act of the clerk at an hour."""
    return Act(**{"step": name, "at": hour * HOUR, "actor": "p1", "role": "clerk", **settings})


def faults(procedure: Procedure, *acts: Act, at: dt.datetime = END) -> list[list[tuple[str, str]]]:
    """Return what is wrong with each act, then with the case."""
    folded = fold(procedure, acts, at)
    return [[(one.kind, one.what) for one in found] for found in (*folded.faults, folded.of_case)]


OPEN, CLOSE = step(starts=True, next=("close",)), step(closes="done")


class TestOrder:
    def test_only_what_follows_may_be_done(self):
        """A step again, a step too soon, a step after the end: each is out of order, and the case goes on from it."""
        row = rule({"open": step(starts=True, next=("mid",)), "mid": step(next=("close",)), "close": CLOSE})
        assert faults(row, act("open"), act("mid"), act("close")) == [[], [], [], []]
        assert faults(row, act("mid"), act("close")) == [[("wrong_order", "mid")], [], [("missing_step", "open")]]
        assert faults(row, act("open"), act("close")) == [[], [("wrong_order", "close")], [("missing_step", "mid")]]
        assert faults(row, act("open"), act("open")) == [[], [("wrong_order", "open")], []]
        done = act("open"), act("mid"), act("close")
        assert faults(row, *done, act("mid"))[-2:] == [[("wrong_order", "mid")], []]

    def test_a_step_beside_the_only_way_is_not_missing(self):
        """What lies on one way of two need not be done."""
        two = rule({"open": step(starts=True, next=("mid", "close")), "mid": step(next=("close",)), "close": CLOSE})
        assert faults(two, act("open"), act("close")) == [[], [], []]

    def test_a_branch_is_taken_by_what_is_known(self):
        """Before or with the step; where it is not known, any branch may be gone on, and the fact is missing."""
        facts = {"fine": CaseFact(kind="flag")}
        choose = {
            "yes": Branch(when=Guard(facts={"fine": Condition(flag=True)}), next=("close",)),
            "no": Branch(otherwise=True, next=("open",)),
        }
        way = rule(
            {"open": step(starts=True, next=("ask",)), "ask": step(needs=("fine",), choose=choose), "close": CLOSE},
            facts=facts,
        )
        opens, ends = act("open"), act("close")
        assert faults(way, opens, act("ask", facts={"fine": True}), ends) == [[], [], [], []]
        assert faults(way, opens, act("ask", facts={"fine": False}), ends)[2] == [("wrong_order", "close")]
        again = faults(way, opens, act("ask", facts={"fine": False}), act("open"), act("ask", facts={"fine": None}))
        assert again[3] == [("missing_fact", "fine")]  # what only this step finds, and decides by, is said each time
        assert faults(way, opens, act("ask"), ends) == [[], [("missing_fact", "fine")], [], []]
        assert faults(way, opens, act("ask"), opens) == [[], [("missing_fact", "fine")], [], []]

    @given(st.integers(1, 4))
    def test_beyond_its_number_a_step_leads_elsewhere(self, most):
        """So many refusals send it back, the next one closes; without another way one more is too many."""
        back = step(next=("open",), at_most=most, beyond=Onward(closes="refused"))
        ring = rule({"open": step(starts=True, next=("back", "close")), "back": back, "close": CLOSE})
        acts = [act("open"), act("back")] * (most + 1)
        assert faults(ring, *acts) == [[]] * (len(acts) + 1)
        assert fold(ring, acts, END).states[-1].outcome == "refused"
        assert fold(ring, acts[:-2], END).states[-1].outcome is None
        plain = rule({**ring.steps, "back": step(next=("open",), at_most=most)})
        assert faults(plain, *acts)[-2:] == [[("too_many", "back")], []]
        assert faults(plain, *acts)[:-2] == [[]] * (len(acts) - 1)

    def test_a_case_closes_with_the_outcome_that_a_fact_says(self):
        """Of a case that has none it is said, and it is closed all the same."""
        result = CaseFact(kind="choice", values=words("done", "refused"))
        told = rule({"open": OPEN, "close": step(needs=("result",), closes_as="result")}, facts={"result": result})
        acts = act("open"), act("close", facts={"result": "refused"})
        assert fold(told, acts, END).states[-1].outcome == "refused"
        assert faults(told, act("open"), act("close"))[1] == [("missing_fact", "result"), ("no_outcome", "result")]


class TestWhoAndWhat:
    def test_only_a_role_of_the_step(self):
        """Another role, and none."""
        plain = rule({"open": OPEN, "close": CLOSE})
        assert faults(plain, act("open", role="chief"))[0] == [("wrong_role", "chief")]
        assert faults(plain, act("open", role=None))[0] == [("wrong_role", "")]

    @pytest.mark.parametrize(("field", "said"), [("named_in", {"actor": "p2"}), ("unit_in", {"unit": "p2"})])
    def test_only_the_one_that_is_named(self, field, said):
        """Another, nobody, and anybody while none is named."""
        roles = {"clerk": Role(), "liaison": Role(**{field: "who"})}
        steps = {
            "open": step(starts=True, may_set=("who",), next=("close",)),
            "close": step(by=("liaison",), closes="done"),
        }
        named = rule(steps, roles=roles, facts={"who": CaseFact(kind="text")})
        key = "actor" if field == "named_in" else "unit"
        close = act("close", role="liaison", **said)
        assert faults(named, act("open", facts={"who": "p2"}), close)[1] == []
        for other in ("p3", None):
            wrong = act("close", role="liaison", **{key: other})
            assert faults(named, act("open", facts={"who": "p2"}), wrong)[1] == [("not_named", "liaison")]
        assert faults(named, act("open"), close)[1] == [("not_named", "liaison")]

    def test_another_person_than_did_it_last(self):
        """The last time counts; where one of the two is not known, that is said."""
        steps = {
            "open": step(starts=True, next=("check", "open")),
            "check": step(other_than=("open",), next=("close",)),
            "close": CLOSE,
        }
        two = rule(steps)
        first, second = act("open", actor="p1"), act("open", actor="p2")
        assert faults(two, first, act("check", actor="p1"))[1] == [("same_person", "open")]
        assert faults(two, first, second, act("check", actor="p1"))[2] == []
        assert faults(two, first, second, act("check", actor="p2"))[2] == [("same_person", "open")]
        assert faults(two, first, act("check", actor=None))[1] == [("unknown_person", "open")]
        assert faults(two, act("open", actor=None), act("check"))[1] == [("unknown_person", "open")]
        assert faults(two, act("check"))[0] == [("wrong_order", "check")]

    @pytest.mark.parametrize("unit", ["east", None])
    def test_what_takes_a_case_takes_it_for_a_unit(self, unit):
        """Without one nobody would have it: refused live, told in a log by the fold and in bulk alike."""
        told = rule({"open": step(starts=True, takes=True, closes="done")})
        acts = [Act("open", 0, "p", "clerk", unit)]
        wanted = [] if unit else [("no_owner", "open")]
        assert faults(told, *acts) == [wanted, []]
        log = pl.DataFrame({"case": ["c"], "seq": [1], "step": ["open"], "at": [moment_at(0, "UTC")]})
        log = log.with_columns(actor=pl.lit("p"), role=pl.lit("clerk"), unit=pl.lit(unit, dtype=pl.String))
        assert judge(told, log, END).verdicts.select("verdict", "what").rows() == wanted
        if unit:
            assert told.open("c", "open", Actor("p", "clerk", unit), START).owner == unit
            return
        with pytest.raises(Refused, match="no-owner: c: open is refused: the unit that does open has the case"):
            told.open("c", "open", Actor("p", "clerk"), START)
        nobody = Case(told.machine, "c", opened(told.machine))
        assert [one.step for one in nobody.may()] == ["open"]  # by somebody with a unit
        assert nobody.may(Actor("p", "clerk")) == ()

    @pytest.mark.parametrize("where", ["actor", "unit", "note"])
    def test_an_empty_text_is_nothing_that_is_known(self, where):
        """Refused in a live act, in the fold and in bulk: it would pass for somebody, or for what was needed."""
        facts = {"note": CaseFact(kind="text")}
        told = rule({"open": step(starts=True, needs=("note",), closes="done")}, facts=facts)
        said = {"actor": "p", "unit": "u", "note": "n", where: ""}
        with pytest.raises(UsageError, match=r"bad-value: `(actor|id|unit|note)` must "):
            told.open("c", "open", Actor(said["actor"], "clerk", said["unit"]), START, note=said["note"])
        with pytest.raises(UsageError, match=f"bad-value: event 1: `{where}` must not be an empty text"):
            fold(told, [Act("open", 0, said["actor"], "clerk", said["unit"], facts={"note": said["note"]})], END)
        log = {"case": "c", "seq": 1, "step": "open", "at": moment_at(0, "UTC"), "role": "clerk"}
        log = pl.DataFrame([{**log, "actor": said["actor"], "unit": said["unit"], "fact.note": said["note"]}])
        column = "fact.note" if where == "note" else where
        with pytest.raises(DataError, match=f"bad-value: column `{column}`: must not be an empty text"):
            judge(told, log, END)

    def test_facts_that_are_needed_and_that_may_be_set(self):
        """By then or with it; what a step does not set is stray, and a value that is missing takes nothing away."""
        facts = {"a": CaseFact(kind="whole"), "b": CaseFact(kind="whole")}
        steps = {"open": step(starts=True, needs=("a",), next=("close",)), "close": step(needs=("a",), closes="done")}
        known = rule(steps, facts=facts)
        assert faults(known, act("open", facts={"a": 0}), act("close")) == [[], [], []]
        assert faults(known, act("open"), act("close")) == [[("missing_fact", "a")], [("missing_fact", "a")], []]
        assert faults(known, act("open", facts={"a": 1, "b": 2}))[0] == [("stray_fact", "b")]
        lost = [act("open", facts={"a": 1}), act("close", facts={"a": None, "b": None})]
        assert faults(known, *lost) == [[], [], []]
        assert fold(known, lost, END).states[-1].facts == {"a": 1}

    def test_a_reason_of_those_listed_or_any(self):
        """None, an empty one, and one that is not listed do not explain."""
        listed = rule({"open": step(starts=True, reasons=words("far"), next=("close",)), "close": CLOSE})
        free = rule({"open": step(starts=True, needs_reason=True, next=("close",)), "close": CLOSE})
        wrong = [("unexplained", "open")]
        assert [faults(listed, act("open", reason=one))[0] for one in ("far", "near", "", None)] == [
            [],
            wrong,
            wrong,
            wrong,
        ]
        assert [faults(free, act("open", reason=one))[0] for one in ("near", "", None)] == [[], wrong, wrong]


class TestLines:
    RULE = rule(
        {
            "open": step(starts=True, next=("mid",)),
            "mid": step(next=("close",)),
            "close": step(closes="done", awaits=("called",)),
            "call": step(line="called", during=("open", "mid"), needs=("who",), next=("come",)),
            "come": step(line="called"),
        },
        lines={"called": Line(per="who")},
        facts={"who": CaseFact(kind="text")},
        deadlines={"coming": hours(4, from_=("call",), to=("come",), no_show=True)},
    )

    def call(self, unit, hour=0):
        """Return the act that calls a unit in."""
        return act("call", hour, unit="street", facts={"who": unit})

    def test_a_line_goes_on_beside_the_main_one(self):
        """Whatever happens on one, the other stands where it stood, and units do not hinder each other."""
        acts = [act("open"), self.call("a"), self.call("b"), act("mid"), act("come", unit="b"), act("come", unit="a")]
        assert faults(self.RULE, *acts, act("close")) == [[]] * 8
        assert fold(self.RULE, acts[:3], END).states[-1].place.step == "open"

    def test_a_line_begins_only_during_its_steps_and_not_twice_at_once(self):
        """A unit may be called in again once it came."""
        wrong = [("wrong_order", "call")]
        assert faults(self.RULE, self.call("a"))[0] == wrong
        assert faults(self.RULE, act("open"), self.call("a"), self.call("a"))[2] == wrong
        assert faults(self.RULE, act("open"), self.call("a"), act("come", unit="a"), self.call("a"))[3] == []
        assert faults(self.RULE, act("open"), self.call("a"), act("come", unit="b"))[2] == [("wrong_order", "come")]
        assert faults(self.RULE, act("open"), act("come", unit="a"))[1] == [("wrong_order", "come")]

    def test_what_awaits_a_line_waits_for_every_unit(self):
        """One that is still on its way is enough; one that was never called is not."""
        acts = [act("open"), act("mid"), self.call("a"), self.call("b"), act("come", unit="a"), act("close")]
        assert faults(self.RULE, *acts, at=dt.datetime(1970, 1, 1, 4, tzinfo=dt.UTC))[-2:] == [
            [("awaiting", "called")],
            [],
        ]
        assert faults(self.RULE, act("open"), act("mid"), act("close"))[2] == []

    def test_each_unit_has_a_time_of_its_own(self):
        """Who does not come in it is a no-show; who comes after it is late."""
        acts = [act("open"), self.call("a"), self.call("b", 3), act("come", 6, unit="b"), act("come", 6, unit="a")]
        folded = fold(self.RULE, acts, END)
        assert [[(one.kind, one.unit, one.by) for one in found] for found in folded.faults[3:]] == [
            [],
            [("late", "a", 2)],
        ]
        folded = fold(self.RULE, acts[:4], dt.datetime(1970, 1, 1, 9, tzinfo=dt.UTC))
        assert [(one.kind, one.unit, one.by) for one in folded.of_case] == [("no_show", "a", 5)]


class TestDeadlines:
    def test_from_the_later_step_or_from_the_first(self):
        """Where it begins again before it has ended: ``restart`` counts anew, ``run_on`` goes on."""
        steps = {"open": step(starts=True, next=("open", "close")), "close": CLOSE}
        acts = [act("open", 0), act("open", 10), act("close", 15)]
        anew = rule(steps, deadlines={"d": hours(12)})
        on = rule(steps, deadlines={"d": hours(12, again="run_on")})
        assert faults(anew, *acts) == [[], [], [], []]
        assert faults(on, *acts) == [[], [], [("late", "d")], []]
        assert faults(anew, act("open", 0), act("open", 13), act("close", 13)) == [[], [("overdue", "d")], [], []]
        assert faults(on, act("open", 0), act("close", 1)) == [[], [], []]

    def test_more_time_in_its_own_unit_while_it_runs(self):
        """Each extension adds to what there is; what is added after the end adds nothing, and is out of time."""
        steps = {
            "open": OPEN,
            "close": step(closes="done", next=("close",)),
            "more": step(line="more", during=("open", "close"), within=("d",)),
        }
        rules = rule(steps, lines={"more": Line()}, deadlines={"d": hours(10, extended_by={"more": Fraction(5)})})
        for times in range(3):
            acts = [act("open"), *[act("more", 1)] * times]
            for late in (0, 1):
                told = [("late", "d")] if late else []
                assert faults(rules, *acts, act("close", 10 + 5 * times + late))[-2] == told
        acts = [act("open"), act("close", 11), act("more", 11)]
        assert faults(rules, *acts)[2] == [("out_of_time", "d")]
        row = case_row(rules, "c", acts, END)
        assert (row["kept.d"], row["settled.d"], row["kept_count.d"]) == (False, 1, 0)

    def test_by_the_value_of_a_fact_as_known_at_its_beginning(self):
        """Each value has its time or none; what becomes known later changes nothing."""
        grade = CaseFact(kind="choice", values=words("urgent", "plain", "none"))
        limits = {key: Limit(amount=Fraction(n), unit="elapsed_hours") for key, n in (("urgent", 2), ("plain", 20))}
        deadline = hours(1, limit=None, by="grade", limits=limits, unlimited=("none",))
        steps = {
            "open": step(starts=True, needs=("grade",), next=("close",)),
            "close": step(may_set=("grade",), closes="done"),
        }
        graded = rule(steps, facts={"grade": grade}, deadlines={"d": deadline})
        for value, due in (("urgent", 2), ("plain", 20)):
            for late in (0, 1):
                acts = act("open", facts={"grade": value}), act("close", due + late, facts={"grade": "none"})
                assert faults(graded, *acts)[1] == ([("late", "d")] if late else [])
        acts = act("open", facts={"grade": "none"}), act("close", 900)
        assert faults(graded, *acts) == [[], [], []]
        assert case_row(graded, "c", acts, END)["kept.d"] is None

    def test_a_bound_at_the_earliest(self):
        """Before its time it is too early; at the instant it is not, and never late."""
        early = rule({"open": OPEN, "close": CLOSE}, deadlines={"d": hours(12, bound="at_earliest")})
        assert faults(early, act("open"), act("close", 11))[1] == [("too_early", "d")]
        assert [faults(early, act("open"), act("close", hour))[1] for hour in (12, 500)] == [[], []]
        assert faults(early, act("open")) == [[], []]

    def test_only_within_a_deadline_that_runs(self):
        """A closed case is reopened in time, at the due instant at the latest; not after, and not before it begins."""
        steps = {
            "open": OPEN,
            "close": step(closes="done", next=("again",)),
            "again": step(next=("close",), within=("d",)),
        }
        reopened = rule(steps, deadlines={"d": hours(12, from_=("close",), to=("again",))})
        acts = act("open"), act("close", 1)
        assert faults(reopened, *acts, act("again", 13))[2] == []
        assert ("out_of_time", "d") in faults(reopened, *acts, act("again", 14))[2]
        assert ("out_of_time", "d") in faults(reopened, act("open"), act("again"))[1]

    def test_what_is_still_open_is_overdue_when_the_log_ends(self):
        """By what is counted then; at the due instant it is not yet."""
        plain = rule({"open": OPEN, "close": CLOSE}, deadlines={"d": hours(12)})
        for hour, told in ((12, []), (15, [("overdue", 3)])):
            folded = fold(plain, [act("open")], dt.datetime(1970, 1, 1, hour, tzinfo=dt.UTC))
            assert [(one.kind, one.by) for one in folded.of_case] == told

    def two_pauses(self) -> Procedure:
        """Return a procedure with two pauses that stop one of its two deadlines."""
        beside = {f"ask_{key}": step(line=key, during=("open",), next=(f"tell_{key}",)) for key in "ab"}
        beside |= {f"tell_{key}": step(line=key) for key in "ab"}
        return rule(
            {"open": OPEN, "close": CLOSE, **beside},
            lines={"a": Line(), "b": Line()},
            deadlines={"d": hours(12), "e": hours(30)},
            pauses={key: Pause(from_=(f"ask_{key}",), to=(f"tell_{key}",), stops=("d",)) for key in "ab"},
        )

    @pytest.mark.parametrize("order", ["abab", "abba"])
    def test_pauses_that_overlap_are_counted_once(self, order):
        """While one of two lasts, the time stands still, and while it is open nothing is overdue."""
        two, (*asked, first, last) = self.two_pauses(), order
        acts = [act("open"), *(act(f"ask_{key}", 2 * i) for i, key in enumerate(asked, 1))]
        acts += [act(f"tell_{first}", 6), act(f"tell_{last}", 8)]
        assert [faults(two, *acts, act("close", hour))[5] for hour in (18, 19)] == [[], [("late", "d")]]
        assert faults(two, *acts[:4]) == [*[[]] * 4, [("overdue", "e")]]

    def test_two_pauses_are_told_of_one_by_one(self):
        """Each with its beginning and its end, and only of the deadline that they stop."""
        acts = [act(*one) for one in (("open", 0), ("ask_a", 2), ("tell_a", 3), ("ask_b", 5), ("tell_b", 8))]
        tree = explain_case(self.two_pauses(), "c", acts, END)
        stopped, other = [one for one in tree.children if one.key == "deadline"]
        told = [(one.facts["start"][11:13], one.facts["end"][11:13]) for one in stopped.children]
        assert (told, other.children) == ([("02", "03"), ("05", "08")], ())
        assert (stopped.value, other.value) == ("1970-01-01T16:00:00+00:00", "1970-01-02T06:00:00+00:00")


class TestDisclosure:
    def test_what_is_not_made_public(self):
        """In time where there is a time, else by when the case is closed; once made public nothing is said."""
        steps = {"open": OPEN, "close": CLOSE, "post": step(line="posting", during=("open", "close"))}
        sections = {"lines": {"posting": Line()}}
        late = rule(
            steps,
            deadlines={"d": hours(12, to=("post",))},
            disclosures={"notice": Disclosure(step="post", within="d")},
            **sections,
        )
        assert faults(late, act("open"))[-1] == [("not_disclosed", "d")]
        assert faults(late, act("open"), act("post", 3))[-1] == []
        assert faults(late, act("open"), act("post", 13))[-2:] == [[("late", "d")], []]
        never = rule(steps, disclosures={"notice": Disclosure(step="post")}, **sections)
        assert faults(never, act("open"))[-1] == []
        assert faults(never, act("open"), act("close"))[-1] == [("not_disclosed", "notice")]
        assert faults(never, act("open"), act("close"), act("post"))[-1] == []


class TestWords:
    def test_every_fault_has_a_name(self):
        """In both languages, and no two the same."""
        assert FAULTS.keys() >= {*EVENT_FAULTS, *CASE_FAULTS}
        for lang in ("zh", "en"):
            names = [one.say(lang) for one in FAULTS.values()]
            assert len(set(names)) == len(names)

    def test_how_late_is_said_in_the_unit_of_the_limit_that_held(self):
        """Where the limits of a deadline are in several units, each fault is in its own: days, and hours."""
        grade = CaseFact(kind="choice", values=words("urgent", "plain"))
        limits = {
            "urgent": Limit(amount=Fraction(2), unit="elapsed_hours"),
            "plain": Limit(amount=Fraction(2), unit="natural_days", begins="day_after"),
        }
        mixed = hours(1, limit=None, by="grade", limits=limits)
        steps = {"open": step(starts=True, needs=("grade",), next=("close",)), "close": CLOSE}
        both = rule(steps, facts={"grade": grade}, deadlines={"d": mixed})
        said = {"plain": ("“d”逾期 3 个自然日", "d is late by 3 natural days")}
        said["urgent"] = "“d”逾期 119 小时", "d is late by 119 hours"
        for value, words_of in said.items():
            (fault,) = fold(both, [act("open", facts={"grade": value}), act("close", 24 * 5 + 1)], END).faults[1]
            assert (say_fault(both, fault).zh, say_fault(both, fault).en) == words_of
            assert fault.counted == limits[value].unit

    def test_a_reason_is_listed_with_the_id_that_must_be_given(self):
        """Its title says what it means; the id is what a caller passes."""
        asks = step(starts=True, reasons=words("elsewhere"), closes="done")
        (fault,) = fold(rule({"open": asks}), [act("open")], END).faults[0]
        told = say_fault(rule({"open": asks}), fault, "open")
        assert told.en == "a reason must be given: elsewhere (`elsewhere`)"
        assert told.zh == "须说明理由：「elsewhere」（`elsewhere`）"

    def test_how_late_is_said_in_the_unit_that_it_is_counted_in(self):
        """To two places at most."""
        one = rule({"open": OPEN, "close": CLOSE}, deadlines={"d": hours(12)})
        (fault,) = fold(one, [act("open"), act("close", 15)], END).faults[1]
        assert say_fault(one, fault).en == "d is late by 3 hours"
        assert say_fault(one, fault).zh == "“d”逾期 3 小时"
