"""Judged in bulk, each case is what its own events say of it, one after the other: the fold."""

import datetime as dt
import re
from collections import Counter
from pathlib import Path
from random import Random

import polars as pl
import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.procedure.judged import folded, in_bulk, one_case, senseless, shuffled, tangled
from tests.procedure.samples import START, five_orders, named

from communitygov.procedure.guards import combinations_of
from communitygov.procedure.judge import judge
from communitygov.procedure.rules import Branch, Procedure, Role, Step
from communitygov.procedure.state import CASE_FAULTS, EVENT_FAULTS, Act
from communitygov.procedure.wording import FAULTS
from communitygov.testing.strategies_cases import Log, faulted, frame_of, logs, walked
from communitygov.testing.strategies_procedure import FACTS, guards, made_procedure, procedures
from communitygov.vocabulary.clock import instant_of, moment_at
from communitygov.vocabulary.errors import DataError, UsageError

tried = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
fewer = settings(tried, max_examples=settings().max_examples // 3)
HOUR = dt.timedelta(hours=1)
RULES = five_orders()


def log_of(random, cases):
    """Return cases as a log that ends with the last event, or later."""
    last = max(act.at for acts in cases.values() for act in acts)
    return Log(cases, moment_at(last + random.choice([0, 1, 3600, 20 * 86_400]) * 1_000_000, "UTC"))


def faulty_log(random, procedure, number):
    cases = {f"c{i}": walked(random, procedure) for i in range(number)}
    return log_of(random, {case: faulted(random, procedure, acts) for case, acts in cases.items()})


class TestAgainstTheFold:
    @pytest.mark.unmeasured
    def test_agrees_on_two_thousand_faulty_cases(self):
        """Bulk and fold say the same of every case, of all kinds of faults, with many cases in one frame."""
        kinds, number = Counter(), 0
        for seed in range(27):
            random = Random(seed)
            procedure = made_procedure(random)
            log = faulty_log(random, procedure, 80)
            expected = folded(procedure, log)
            assert in_bulk(judge(procedure, shuffled(frame_of(procedure, log), seed), log.at)) == expected
            number += len(expected)
            for told, _ in expected.values():
                kinds.update(kind for _, kind, *_ in told)
        assert number > 2000
        assert {*kinds} == {*EVENT_FAULTS, *CASE_FAULTS}

    @pytest.mark.unmeasured
    def test_agrees_on_what_no_procedure_would_ask(self):
        """Where deadlines and pauses hang on any step, and anybody does anything, they still agree."""
        kinds = Counter()
        for seed in range(30):
            random = Random(seed)
            procedure = tangled(random, made_procedure(random))
            log = log_of(random, {f"c{i}": senseless(random, procedure) for i in range(8)})
            expected = folded(procedure, log)
            assert in_bulk(judge(procedure, shuffled(frame_of(procedure, log), seed), log.at)) == expected
            for told, _ in expected.values():
                kinds.update(kind for _, kind, *_ in told)
        assert {*kinds} == {*EVENT_FAULTS, *CASE_FAULTS}

    def test_agrees_on_what_rests_on_a_year_that_is_not_published(self):
        """What is marked provisional in bulk is what the fold marks, of every fault that can be: over a year's end."""
        marked, away = Counter(), instant_of(dt.datetime(2026, 12, 31, tzinfo=dt.UTC))
        for seed in (*range(12), 23, 45):
            random = Random(seed)
            procedure = tangled(random, made_procedure(random))
            cases = {f"c{i}": senseless(random, procedure) for i in range(6)}
            cases = {case: [evolve(a, at=a.at - acts[0].at + away) for a in acts] for case, acts in cases.items()}
            log = log_of(random, cases)
            expected = folded(procedure, log)
            assert in_bulk(judge(procedure, shuffled(frame_of(procedure, log), seed), log.at)) == expected
            for told, _ in expected.values():
                marked.update(kind for _, kind, *_, mark in told if mark)
        assert marked.keys() >= {"late", "overdue", "too_early", "out_of_time", "misfired"}

    @tried
    @given(st.data())
    def test_agrees_on_any_log(self, data):
        """The same of whatever log Hypothesis draws, so that a disagreement is shown by the smallest that has it."""
        procedure = data.draw(procedures())
        log = data.draw(logs(procedure, faulty=True))
        assert in_bulk(judge(procedure, frame_of(procedure, log), log.at)) == folded(procedure, log)

    @tried
    @given(guards(), guards())
    def test_branches_are_taken_as_the_fold_takes_them(self, one, other):
        """Whatever is known of a case and whatever is not, it goes on where its own facts lead, or is undecided."""
        ways = {"one": Branch(when=one, next=("a",)), "other": Branch(when=other, next=("b",))}
        steps = {
            "ask": Step(by=("clerk",), starts=True, choose={**ways, "rest": Branch(otherwise=True, next=("c",))}),
            **{name: Step(by=("clerk",), closes="done") for name in "abc"},
        }
        procedure = Procedure(roles={"clerk": Role()}, facts=FACTS, outcomes={"done": named("done")}, steps=steps)
        values = {"kind": ["a", "b", "c", None], "urgent": [True, False, None], "rooms": [*range(-1, 6), None]}
        cases = {}
        for facts in combinations_of(values):
            first = Act("ask", 0, role="clerk", facts=facts)
            cases |= {f"{name} {facts}": [first, Act(name, 1, role="clerk")] for name in "abc"}
        log = Log(cases, moment_at(2, "UTC"))
        assert in_bulk(judge(procedure, frame_of(procedure, log), log.at)) == folded(procedure, log)


class TestProperties:
    @tried
    @given(st.data())
    def test_a_case_that_goes_by_the_rule_is_found_late_at_most(self, data):
        """P2: what the live engine lets pass has no fault but that something came late, or not at all."""
        procedure = data.draw(procedures())
        log = data.draw(logs(procedure))
        found = judge(procedure, frame_of(procedure, log), log.at).verdicts["verdict"]
        assert {*found} <= {"late", "overdue", "no_show", "not_disclosed"}

    @fewer
    @given(st.integers(0, 2**32), st.randoms(use_true_random=False))
    def test_one_by_one_is_together_is_shuffled(self, seed, random):
        """P10: a case is judged alike alone, among others, and with its rows in any order."""
        procedure = made_procedure(Random(seed))
        log = faulty_log(Random(seed), procedure, 5)
        frame = frame_of(procedure, log)
        together = judge(procedure, frame, log.at)
        other = judge(procedure, shuffled(frame, random.randrange(2**32)), log.at)
        assert other.verdicts.equals(together.verdicts)
        assert other.cases.equals(together.cases)
        alone = [judge(procedure, one_case(frame, case), log.at) for case in log.cases]
        assert pl.concat([one.verdicts for one in alone]).equals(together.verdicts)
        assert pl.concat([one.cases for one in alone]).equals(together.cases)

    @fewer
    @given(st.integers(0, 2**32), st.sampled_from(["role", "drop", "swap", "reason", "late"]))
    def test_a_fault_shows_in_its_own_case_only(self, seed, fault):
        """P3: one fault put in shows its own kind in its own case, and changes nothing of any other."""
        random = Random(seed)
        log = Log({case: five(random) for case in ("a", "b", "c")}, START + dt.timedelta(days=90))
        before = in_bulk(judge(RULES, frame_of(RULES, log), log.at))
        acts, kind = injected(log.cases["b"], fault)
        after = in_bulk(judge(RULES, frame_of(RULES, evolve(log, cases={**log.cases, "b": acts})), log.at))
        assert (after["a"], after["c"]) == (before["a"], before["c"])
        new = after["b"][0] - before["b"][0]
        assert kind in {verdict for _, verdict, *_ in new}
        assert fault != "swap" or sum(verdict == "wrong_order" for _, verdict, *_ in new.elements()) <= 3

    def test_late_by_one_unit_is_late_by_one_unit(self):
        """P3: what comes an hour after its 48 hours is late by an hour, what comes with the last is not."""
        for hours, expected in ((48, []), (49, [(4, "late", "handling", 3_600_000_000, "elapsed_hours")])):
            acts = five(Random(1), hours=hours)
            log = Log({"a": acts}, START + dt.timedelta(days=30))
            found = judge(RULES, frame_of(RULES, log), log.at).verdicts
            assert found.select("seq", "verdict", "what", "by", "counted").rows() == expected


def five(random, hours=None):
    """Return the five orders of a case, in order and in time, the handling after so many hours."""
    hours = random.randint(2, 40) if hours is None else hours
    grade = {"grade": "urgent"}
    rows = [
        ("order", 0, "r1", "resident", {"origin": "visit"}),
        ("dispatch", 0, "p1", "party_org", grade),
        ("accept", 1, "s1", "social_org", {}),
        ("handle", hours, "s1", "social_org", {"evidence": "e1"}),
        ("verify", hours + 2, "v1", "supervisor", {"satisfied": True}),
    ]
    start = START + random.randint(0, 1000) * HOUR
    return [
        Act(step, instant_of(start + after * HOUR), who, role, "c1", None, facts)
        for step, after, who, role, facts in rows
    ]


def injected(acts, fault):
    """Return the acts with one fault, and the kind that it is of."""
    acts = list(acts)
    if fault == "role":
        acts[2] = evolve(acts[2], role="street")
        return acts, "wrong_role"
    if fault == "drop":
        del acts[2]
        return acts, "missing_step"
    if fault == "swap":
        acts[2], acts[3] = evolve(acts[3], at=acts[2].at), evolve(acts[2], at=acts[3].at)
        return acts, "wrong_order"
    if fault == "reason":
        back = [evolve(acts[2], step="refuse"), evolve(acts[1], at=acts[2].at)]
        return [*acts[:2], *back, *acts[2:]], "unexplained"
    acts[3:] = [evolve(act, at=act.at + 60 * 3_600_000_000) for act in acts[3:]]
    return acts, "late"


class TestFrames:
    def test_says_of_each_case_what_it_came_to(self):
        """Instants are shown in the clock's zone, and what is not known is missing."""
        start = START.astimezone(dt.UTC)
        acts = five(Random(1), hours=3)
        cases = judge(
            RULES,
            frame_of(RULES, Log({"a": acts}, START + 60 * dt.timedelta(days=1))),
            START + 60 * dt.timedelta(days=1),
        ).cases
        assert cases.schema["opened"] == pl.Datetime("us", "Asia/Shanghai")
        assert cases["opened"][0] >= start
        row = cases.row(0, named=True)
        assert (row["outcome"], row["is_closed"], row["owner"], row["kept.handling"]) == ("solved", True, "c1", True)
        assert (row["fact.grade"], row["fact.department"], row["settled.coming"], row["kept.coming"]) == (
            "urgent",
            None,
            0,
            None,
        )
        assert "fact.phone" not in row

    def test_two_results_can_be_compared(self):
        """What a comparison of two rule sets goes by are the cases, named by their ids."""
        log = Log({"a": five(Random(1))}, START + dt.timedelta(days=60))
        judged = judge(RULES, frame_of(RULES, log), log.at)
        assert judged.frame is judged.cases
        assert {*judged.key, *judged.outcome, *judged.because} <= {*judged.cases.columns}
        assert judged.outcome == ("outcome", "faults", "kept.handling", "kept.coming")

    def test_a_log_without_events_has_no_cases(self):
        """Nothing is judged, in the same columns."""
        frame = frame_of(RULES, Log({"a": five(Random(1))}, START))
        judged, full = (judge(RULES, one, START + 100 * dt.timedelta(days=1)) for one in (frame.clear(), frame))
        assert (judged.cases.schema, judged.verdicts.schema) == (full.cases.schema, full.verdicts.schema)
        assert (judged.cases.height, judged.verdicts.height) == (0, 0)

    def test_what_a_log_does_not_say_is_missing(self):
        """Without the columns that may be absent, nobody has a role and nothing is known."""
        acts = [evolve(act, actor=None, role=None, unit=None, facts={}) for act in five(Random(1))]
        log = Log({"a": acts}, START + dt.timedelta(days=90))
        frame = frame_of(RULES, log)
        least = judge(RULES, frame.select("case", "seq", "step", "at"), log.at)
        assert in_bulk(least) == folded(RULES, log)

    def test_any_whole_numbers_put_events_in_order(self):
        """The order in a case may begin anywhere and leave any gaps; it is given back as it came."""
        log = Log({"a": five(Random(1)), "b": injected(five(Random(2)), "swap")[0]}, START + dt.timedelta(days=90))
        frame, seqs = frame_of(RULES, log), {1: -(2**63) + 1, 2: -7, 3: 0, 4: 2**40, 5: 2**63 - 1}
        expected = judge(RULES, frame, log.at)
        wide = judge(RULES, shuffled(frame.with_columns(pl.col("seq").replace_strict(seqs))), log.at)
        assert wide.cases.equals(expected.cases)
        assert wide.verdicts.equals(expected.verdicts.with_columns(pl.col("seq").replace_strict(seqs)))

    @pytest.mark.parametrize("grade", ["urgent", "ordinary"])
    def test_a_deadline_may_have_very_many_pauses(self, grade):
        """A case in which something is asked again and again is judged as the fold judges it."""
        random, cases = Random(grade), {}
        for number in (1, 15, 16, 17, 18, 60):
            order, dispatch, accept, handle, verify = five(random)
            at, acts = accept.at, [order, dispatch, accept]
            acts[1] = evolve(acts[1], facts={"grade": grade})
            for i in range(2 * number):
                at += random.randint(1, 5) * 3_600_000_000
                step, role = (("ask", "social_org"), ("answer", "resident"))[i % 2]
                acts.append(Act(step, at, "p9", role, "c1", "which door"))
            ended = [evolve(one, at=at + random.randint(0, 9) * 86_400_000_000) for one in (handle, verify)]
            cases |= {f"{number}": [*acts, ended[0], evolve(ended[1], at=ended[0].at)], f"{number} open": acts[:-1]}
        log = log_of(random, cases)
        expected = folded(RULES, log)
        assert in_bulk(judge(RULES, shuffled(frame_of(RULES, log)), log.at)) == expected
        assert "late" in {kind for told, _ in expected.values() for _, kind, *_ in told}

    def test_one_case_may_have_very_many_events(self):
        """A case that is handled and sent back thirty thousand times is judged as the fold of a shorter one is."""
        acts = five(Random(1), hours=2)
        again = [evolve(acts[4], facts={"satisfied": False}), acts[3]]
        short = [*acts[:4], *again * 10, acts[4]]
        long = [*acts[:4], *again * 15_000, acts[4]]
        short, long = ([evolve(act, at=acts[0].at + i) for i, act in enumerate(one)] for one in (short, long))
        log = Log({"a": short}, START + dt.timedelta(days=90))
        expected, found = (
            judge(RULES, frame_of(RULES, evolve(log, cases={"a": one})), log.at) for one in (short, long)
        )
        assert in_bulk(expected) == folded(RULES, log)
        row, many = (one.cases.row(0, named=True) for one in (expected, found))
        assert many == {**row, "closed": many["closed"], "events": 30_005, "done.handle": 15_001, "done.verify": 15_001}


class TestPage:
    def test_tells_every_verdict_by_its_name(self):
        """The page on judging names every verdict in both languages, and says whether an event or a case has it."""
        page = (Path(__file__).parents[2] / "docs" / "judging.md").read_text(encoding="utf-8")
        rows = re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \| (.+) \|$", page, re.MULTILINE)
        sides = {"event": EVENT_FAULTS, "case": CASE_FAULTS}
        told = [", ".join(side for side, kinds in sides.items() if kind in kinds) for kind in FAULTS]
        assert rows == [
            (kind, title.en, title.zh, side) for (kind, title), side in zip(FAULTS.items(), told, strict=True)
        ]


class TestBadLogs:
    def bad(self, frame, at=START + dt.timedelta(days=90)):
        with pytest.raises(DataError) as error:
            judge(RULES, frame, at)
        return error.value

    @pytest.fixture
    def frame(self):
        return frame_of(RULES, Log({"a": five(Random(1)), "b": five(Random(2))}, START))

    def test_tells_all_at_once(self, frame):
        """Every fault of a log is told in one error, each with its column and rows, in both languages."""
        wrong = frame.with_columns(
            step=pl.col("step").replace({"accept": "acept"}),
            at=pl.when(pl.col("seq") == 5).then(pl.col("at") + dt.timedelta(days=900)).otherwise(pl.col("at")),
            role=pl.lit(3),
            **{"fact.grade": pl.when(pl.col("seq") == 2).then(pl.lit("urgnt"))},
        ).rename({"fact.evidence": "fact.evidense"})
        error = self.bad(pl.concat([wrong, wrong.filter(case="b", seq=1)]))
        codes = Counter(problem.code for problem in error.problems)
        assert codes == {
            "unknown-column": 1,
            "wrong-column-type": 1,
            "duplicate-row": 1,
            "unknown-step": 1,
            "unknown-value": 1,
            "after-the-log": 1,
        }
        said = error.say("en")
        assert "did you mean `accept`?; 2 rows: a 3, b 3" in said
        assert "there is no value `urgnt`; did you mean `urgent`?" in said
        assert "the row is repeated; 2 rows: b 1" in said
        assert "fact.evidence" in said
        assert "是否想写 `accept`" in error.say("zh")

    @pytest.mark.parametrize("column", ["case", "seq", "step", "at"])
    def test_an_event_without_name_or_time_is_refused(self, frame, column):
        """A missing case, order, step or time is told with its row."""
        error = self.bad(frame.with_columns(pl.when(pl.col("seq") != 2).then(pl.col(column)).alias(column)))
        missing = [problem for problem in error.problems if problem.code == "missing-value"]
        assert [(problem.path, problem.context["count"]) for problem in missing] == [(column, 2)]

    @pytest.mark.parametrize("column", ["case", "seq", "step", "at"])
    def test_a_log_without_a_needed_column_is_refused(self, frame, column):
        """It is told which column is missing, and which of those there are is like it."""
        error = self.bad(frame.rename({column: f"{column}s"}))
        assert ("missing-column", column) in {(problem.code, problem.path) for problem in error.problems}
        assert f"did you mean `{column}s`?" in error.say("en")

    def test_a_time_needs_its_zone(self, frame):
        """No zone is ever assumed, for when something was done and for times that are facts."""
        naive = frame.with_columns(pl.col("at", "fact.called_back").dt.replace_time_zone(None))
        assert [(problem.code, problem.path) for problem in self.bad(naive).problems] == [
            ("naive-time", "at"),
            ("naive-time", "fact.called_back"),
        ]
        with pytest.raises(UsageError, match="no time zone"):
            judge(RULES, frame, START.replace(tzinfo=None))

    def test_a_time_that_is_no_time_is_refused(self, frame):
        """Text is not read as a time here; that is what mappings are for."""
        error = self.bad(frame.with_columns(pl.col("at").cast(pl.String)))
        assert [(problem.code, problem.path) for problem in error.problems] == [("wrong-column-type", "at")]

    def test_parts_of_a_microsecond_are_refused(self, frame):
        """Nothing is rounded unseen; whole microseconds may be told in nanoseconds."""
        fine = frame.with_columns(pl.col("at").cast(pl.Datetime("ns", "UTC")))
        expected = judge(RULES, frame, START + dt.timedelta(days=90))
        assert judge(RULES, fine, START + dt.timedelta(days=90)).cases.equals(expected.cases)
        finer = fine.with_columns(pl.col("at") + pl.duration(nanoseconds=1))
        assert {problem.code for problem in self.bad(finer).problems} == {"too-many-decimals"}

    def test_many_words_that_are_no_steps_are_told_together(self, frame):
        """The words most often found are told each with the nearest step, all others in one problem."""
        more = pl.concat([frame.with_columns(case=pl.format("{}{}", "case", pl.lit(i))) for i in range(3)])
        more = more.with_columns(step=pl.format("{} {}", "case", "seq"))
        error = self.bad(more)
        assert sum(problem.context["count"] for problem in error.problems) == more.height
        assert len(error.problems) == 21


class TestProgress:
    def test_each_step_of_the_work_is_told_once(self):
        """One after the other up to their number: deadline by deadline, and each case that is judged alone."""
        random, told = Random(3), []
        procedure = tangled(random, made_procedure(random))
        log = log_of(random, {f"c{i}": senseless(random, procedure) for i in range(8)})
        judge(procedure, frame_of(procedure, log), log.at, tell=lambda done, total: told.append((done, total)))
        total = told[0][1]
        assert told == [(done, total) for done in range(1, total + 1)]
        assert total >= 4 + len(procedure.deadlines)
