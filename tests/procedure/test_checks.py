"""Checks on load: a procedure that loads can be gone through to its end, and what is wrong is told where it stands.

Each file under ``bad/`` is a procedure that is wrong on purpose, with what is said of it beside it, word for word, in
Chinese and in English. After a change of a message, read what comes out, then write it down again:

    COMMUNITYGOV_REWRITE=1 pytest tests/procedure/test_checks.py
"""

import inspect
import os
import re
import shutil
from pathlib import Path
from random import Random

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from tests.procedure.samples import START, limit

from communitygov.documents.check import Checker
from communitygov.documents.model import build
from communitygov.documents.reading import read_document
from communitygov.documents.schema import document_schema
from communitygov.procedure import checks, checks_order, checks_reach, checks_time, guards, rules, timing
from communitygov.procedure.rules import Branch, Onward, Procedure
from communitygov.procedure.state import followed, opened
from communitygov.testing.strategies_cases import TOLD, drawn_act, possible
from communitygov.testing.strategies_procedure import all_findings, procedures
from communitygov.vocabulary.clock import instant_of
from communitygov.vocabulary.problem import Problem, sort_problems
from communitygov.vocabulary.text import Title

BAD = Path(__file__).parent / "bad"
CASES = sorted(path.stem for path in BAD.glob("*.yaml"))
ROOMS = (checks, checks_order, checks_reach, checks_time, guards, rules, timing)
SCHEMA = document_schema(Procedure, identifier="procedure.schema.json", title=Title(zh="流程", en="Procedure"))
CHECKER = Checker(SCHEMA)
CODE = re.compile(r'Finding\((?:[^"]|"[a-z_]+")*?"([a-z]+(?:-[a-z]+)+)"')


def said_of(case: str) -> list[Problem]:
    """Return what is wrong with a document of one procedure: by the schema, else by the rule."""
    sound, problems = CHECKER.sift(read_document(f"{case}.yaml"))
    build(sound, Procedure, problems)
    return sort_problems(problems)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Paths in messages are then short and the same everywhere."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


class TestBadDocuments:
    @pytest.mark.parametrize("case", CASES)
    def test_each_says_what_is_wrong_and_where(self, here: Path, case: str) -> None:
        """Every fault with file, line and column, in both languages, in the words written down."""
        shutil.copy(BAD / f"{case}.yaml", here)
        problems = said_of(case)
        assert problems
        assert all(one.place is not None and one.place.file == f"{case}.yaml" for one in problems)
        text = "".join(f"{lang}\n{''.join(one.say(lang) + chr(10) for one in problems)}" for lang in ("zh", "en"))
        expected = BAD / f"{case}.expected.txt"
        if "COMMUNITYGOV_REWRITE" in os.environ:
            expected.write_text(text, encoding="utf-8")
        assert text == expected.read_text(encoding="utf-8")

    def test_whatever_can_be_found_is_found_in_one_of_them(self, here: Path) -> None:
        """Each code that stands in the checks is told of some bad document, and no text is left of a document gone."""
        told = set()
        for case in CASES:
            shutil.copy(BAD / f"{case}.yaml", here)
            told |= {one.code for one in said_of(case)}
        source = "".join(inspect.getsource(room) for room in ROOMS)
        assert set(CODE.findall(source)) <= told
        assert sorted(path.name.removesuffix(".expected.txt") for path in BAD.glob("*.expected.txt")) == CASES


def closed_by_chance(procedure: Procedure, random: Random, events: int = 400) -> bool:
    """Return whether a case that takes any way that is open gets closed; time is given it as long as it waits."""
    machine = procedure.machine
    state = opened(machine)._replace(at=instant_of(START))
    for _ in range(events):
        if state.place.is_closed:
            return True
        places = [*possible(machine, state)]
        random.shuffle(places)
        for (step, unit), wait in [(place, wait) for place in places for wait in (0, 1, 10, 100)]:
            act = drawn_act(random, machine, state, step, unit, state.at + wait * 6 * 3_600_000_000)
            found, new = followed(machine, state, act)
            if all(fault.kind in TOLD for fault in found):
                state = new
                break
    return state.place.is_closed


def onwards(procedure: Procedure, name: str, new: tuple[str, ...], closes: str | None) -> Procedure:
    """Return a procedure in which each way on to a step leads elsewhere."""

    def turned(way):
        if name not in way.next:
            return way
        left = tuple(dict.fromkeys((*(one for one in way.next if one != name), *new)))
        return evolve(way, next=left, closes=way.closes or (closes if not left and not way.is_closing else None))

    steps = {}
    for key, step in procedure.steps.items():
        changed = turned(step)
        steps[key] = evolve(
            changed,
            choose={branch: turned(way) for branch, way in step.choose.items()},
            beyond=None if step.beyond is None else turned(step.beyond),
        )
    return evolve(procedure, steps=steps)


class TestReachable:
    @given(procedures(), st.randoms(use_true_random=False))
    def test_a_case_of_what_is_accepted_can_close(self, procedure, random):
        """P12: whichever ways are taken, by chance one of them comes to the end."""
        seed = random.randrange(10**6)
        # Ten ways that differ, even where chance draws the same number ten times.
        assert any(closed_by_chance(procedure, Random(seed + way)) for way in range(10))

    @given(procedures(), st.data())
    def test_a_step_that_no_case_gets_to_is_found(self, procedure, data):
        """P12: with every way to it turned elsewhere, it is named, and so is no step that can still be reached."""
        name = data.draw(st.sampled_from([key for key, step in procedure.main.items() if not step.starts]))
        cut = onwards(procedure, name, (), "solved")
        found = {(one.code, one.path) for one in cut.check()}
        assert ("unreachable-step", ("steps", name)) in found
        lost = {path[1] for code, path in found if code == "unreachable-step"}
        assert lost == procedure.main.keys() - _reached(cut)

    @given(procedures(), st.data())
    def test_a_step_from_which_no_case_gets_to_an_end_is_found(self, procedure, data):
        """P12: where a step leads to itself alone, it is named."""
        name = data.draw(st.sampled_from([*procedure.main]))
        step = procedure.steps[name]
        round_ = evolve(step, choose={}, beyond=None, next=(name,), closes=None, closes_as=None)
        stuck = evolve(procedure, steps={**procedure.steps, name: round_})
        found = {(one.code, one.path) for one in stuck.check()}
        assert ("endless-step", ("steps", name)) in found
        for other in procedure.main.keys() - _ending(stuck):
            assert ("endless-step", ("steps", other)) in found

    @given(procedures(), st.data())
    def test_a_way_that_leads_nowhere_is_found(self, procedure, data):
        """A branch, or what is beyond the limit, must go on or close."""
        name = data.draw(st.sampled_from([*procedure.main]))
        step = procedure.steps[name]
        if step.choose:
            key = data.draw(st.sampled_from([*step.choose]))
            dead = evolve(step.choose[key], next=(), closes=None, closes_as=None)
            changed, path = evolve(step, choose={**step.choose, key: dead}), ("choose", key)
        else:
            changed, path = evolve(step, at_most=1, beyond=Onward()), ("beyond",)
        found = evolve(procedure, steps={**procedure.steps, name: changed}).check()
        assert ("dead-end", ("steps", name, *path)) in {(one.code, one.path) for one in found}


def _ways(step) -> set[str]:
    return {name for _, way in step.ways for name in way.next}


def _reached(procedure: Procedure) -> set[str]:
    found = {key for key, step in procedure.main.items() if step.starts}
    for _ in procedure.main:
        found |= {name for key in found for name in _ways(procedure.steps[key])}
    return found


def _ending(procedure: Procedure) -> set[str]:
    found = {key for key, step in procedure.main.items() if any(way.is_closing for _, way in step.ways)}
    for _ in procedure.main:
        found |= {key for key, step in procedure.main.items() if _ways(step) & found}
    return found


class TestNames:
    @given(procedures(), st.data())
    def test_a_name_that_is_gone_is_found_wherever_it_is_used(self, procedure, data):
        """Without a section's entry, whatever speaks of it is a finding, and nothing crashes."""
        section = data.draw(st.sampled_from(["roles", "facts", "steps", "lines", "deadlines"]))
        entries = getattr(procedure, section)
        if not entries:
            return
        name = data.draw(st.sampled_from([*entries]))
        left = evolve(procedure, **{section: {key: one for key, one in entries.items() if key != name}})
        used = f"'{name}'" in repr([getattr(left, field) for field in _SECTIONS if field != section])
        told = [one for one in left.check() if one.code == "unknown-reference"]
        assert not used or any(f"`{name}`" in one.en for one in told)

    @given(procedures())
    def test_a_choice_must_cover_every_value(self, procedure):
        """A value more than the branches know of is found in each choice that hangs on it."""
        kind = procedure.facts["kind"]
        more = evolve(kind, values={**kind.values, "new": Title(zh="新", en="new")})
        grown = evolve(procedure, facts={**procedure.facts, "kind": more})
        found = {finding.path[:2] for finding in all_findings(grown) if finding.code == "missing-choice"}
        by_value = {("deadlines", key) for key, one in procedure.deadlines.items() if one.by == "kind"}
        chosen = {
            ("steps", key)
            for key, step in procedure.steps.items()
            if set(step.choose) == {"go", "away", "other"} and not any(one.otherwise for one in step.choose.values())
        }
        assert found == by_value | chosen

    def test_a_branch_needs_a_condition_or_is_for_all_others(self):
        """One of the two."""
        assert [one.code for one in Branch(next=("a",)).check()] == ["missing-setting"]
        assert [one.code for one in Branch(next=("a",), otherwise=True).check()] == []


_SECTIONS = ("roles", "facts", "steps", "lines", "deadlines", "pauses", "reminders", "disclosures")


@pytest.mark.parametrize(("amount", "unit"), [(876_601, "elapsed_hours"), (36_526, "natural_days")])
def test_a_limit_beyond_a_hundred_years_is_none(amount, unit):
    """It could not be counted, and would be found out only as a case falls due."""
    begins = "day_after" if unit == "natural_days" else None
    assert [finding.code for finding in limit(amount, unit, begins).check()] == ["bad-budget"]
    assert not [*limit(amount - 1, unit, begins).check()]
