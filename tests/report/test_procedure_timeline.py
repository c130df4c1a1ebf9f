"""A case as a timeline: every event, fault and deadline is there, at its place, and nothing lies over anything."""

import datetime as dt
import re
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path
from random import Random
from runpy import run_path

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.procedure.samples import HOUR, RESIDENT, SOCIAL, START, accepted, five_orders

from communitygov.procedure.explain import fold
from communitygov.procedure.state import Act
from communitygov.procedure.times import due_of, late_at
from communitygov.procedure.wording import say_fault
from communitygov.report.procedure_rows import Axis, Row, draw_rows
from communitygov.report.procedure_timeline import timeline
from communitygov.report.procedure_words import on_one_line, wrapped
from communitygov.testing.strategies_cases import faulted, walked
from communitygov.testing.strategies_procedure import procedures
from communitygov.vocabulary.clock import instant_of, moment_at
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.text import Title

tried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
ZONES = ["UTC", "Asia/Shanghai", "America/New_York"]
SVG = "{http://www.w3.org/2000/svg}"


@st.composite
def histories(draw):
    """A procedure, the events of one case with faults among them, and the instant that its log goes up to."""
    procedure = draw(procedures())
    random = draw(st.randoms(use_true_random=False))
    acts = walked(random, procedure, random.choice([3, 8, 20]))
    if acts and random.random() < 0.5:
        acts = faulted(random, procedure, acts)
    last = max((act.at for act in acts), default=instant_of(START))
    return procedure, acts, moment_at(last + random.choice([0, 3_600_000_000, 864_000_000_000]), "UTC")


def parts(drawn):
    """The picture read back: its words with their places, its marks and its bars."""
    root = ET.fromstring(drawn)
    texts, marks, bars = (list(root.find(f"{SVG}g").iter(f"{SVG}{name}")) for name in ("text", "circle", "rect"))
    return root, texts, marks, bars


def words(texts, look=None):
    return ["".join(one.itertext()) for one in texts if look is None or one.get("class") == look]


class TestTimeline:
    @tried
    @given(histories(), st.sampled_from(["zh", "en"]))
    def test_every_event_has_a_row_in_order(self, history, lang):
        """Each event stands there once, numbered, with its time in the zone of the clock and its role."""
        procedure, acts, at = history
        _, texts, _, _ = parts(timeline(procedure, acts, at, lang))
        rows = [text for text in words(texts, "b") if re.match(r"\d+\. ", text)]
        assert len(rows) == len(acts)
        times = words(texts, "q")
        for seq, (act, row) in enumerate(zip(acts, rows, strict=True), 1):
            rule = procedure.steps.get(act.step) or procedure.reminders[act.step]
            assert row.startswith(f"{seq}. {rule.name(act.step).say(lang)}")
            if act.role in procedure.roles:
                assert procedure.roles[act.role].name(act.role).say(lang) in row
            assert f"{moment_at(act.at, procedure.clock.zone):%Y-%m-%d %H:%M}" in times

    @tried
    @given(histories(), st.sampled_from(["zh", "en"]))
    def test_every_fault_is_said_in_red(self, history, lang):
        """The sentences in red are those of the fold, each below its event or below the case, and no others."""
        procedure, acts, at = history
        folded = fold(procedure, acts, at)
        pairs = zip(acts, folded.faults, strict=True)
        said = [say_fault(procedure, one, act.step) for act, found in pairs for one in found]
        said += [say_fault(procedure, one) for one in folded.of_case]
        _, texts, _, _ = parts(timeline(procedure, acts, at, lang))
        expected = [line for title in said for line in wrapped(f"! {title.say(lang)}", 58)]
        assert words(texts, "r") == expected

    @tried
    @given(histories())
    def test_a_bar_is_red_where_a_deadline_is_late(self, history):
        """A deadline that was past due when it ended, or is now, has one red stretch; others have none."""
        procedure, acts, at = history
        folded, machine = fold(procedure, acts, at), procedure.machine
        late, strokes = 0, 0
        for run in folded.runs:
            pauses = folded.pauses.met(run)
            end = instant_of(at) if run.ended is None else run.ended
            if procedure.deadlines[run.deadline].bound == "at_latest":
                late += late_at(machine, run, pauses, end) is not None
            strokes += due_of(machine, run, pauses) is not None
        drawn = timeline(procedure, acts, at, "en")
        _, texts, _, bars = parts(drawn)
        red = [bar for bar in bars if bar.get("fill") == "#b3261e"]
        assert len(red) == late + 1  # one below the rows, that says what red means
        assert len(re.findall(r", due \d{4}-", " ".join(words(texts)))) == strokes

    @tried
    @given(histories())
    def test_marks_lie_where_their_instants_do(self, history):
        """What is later lies further to the right, what is at once lies at one place, and all lies on the axis."""
        procedure, acts, at = history
        steps = [act for act in acts if act.step in procedure.steps]
        _, _, marks, bars = parts(timeline(procedure, acts, at, "en"))
        places = [float(mark.get("cx")) for mark in marks[: len(steps)]]
        for (one, x), (other, y) in pairwise(sorted(zip((act.at for act in steps), places, strict=True))):
            assert x <= y if one < other else x == y
        assert all(540 <= x <= 1160 for x in places)
        on_axis = [bar for bar in bars if float(bar.get("x")) >= 540]
        assert all(float(bar.get("x")) + float(bar.get("width")) <= 1162 for bar in on_axis)

    @tried
    @given(histories(), st.sampled_from(["zh", "en"]))
    def test_nothing_lies_over_anything(self, history, lang):
        """Lines of words stand apart, and all within the picture."""
        procedure, acts, at = history
        root, texts, _, _ = parts(timeline(procedure, acts, at, lang))
        _, _, wide, high = map(int, root.get("viewBox").split())
        columns = {}
        for text in texts:
            x, y = float(text.get("x")), float(text.get("y"))
            assert 0 <= x < wide
            assert 0 < y < high
            if text.get("class") != "k" and y < high - 40:
                columns.setdefault(x, []).append(y)
        for places in columns.values():
            assert all(b - a >= 18 for a, b in pairwise(places))
        names = [float(text.get("x")) for text in texts if text.get("class") == "k"]
        assert all(b - a > 60 for a, b in pairwise(names))

    @tried
    @given(histories())
    def test_it_names_nothing_outside_itself_and_runs_nothing(self, history):
        """The picture has no script, no address and no font of its own."""
        drawn = timeline(*history, "zh")
        for one in ET.fromstring(drawn).iter():
            assert not one.tag.endswith(("script", "image", "foreignObject", "use"))
            assert not [name for name in one.attrib if name.endswith(("href", "src")) or name.startswith("on")]
            assert all("url(" not in value or value == "url(#cgt-hatch)" for value in one.attrib.values())
        assert "@import" not in drawn
        assert "@font-face" not in drawn

    def test_persons_and_what_is_known_of_them_are_not_shown(self):
        """Neither who acted nor a phone is in the picture: it goes round further than a log."""
        case = accepted(phone="13800000000")
        drawn = timeline(case.procedure, [event.act for event in case.history], START + 5 * HOUR, "zh")
        assert "13800000000" not in drawn
        assert "p1" not in re.findall(r"\w+", drawn)

    def test_a_pause_is_hatched_and_moves_what_is_due(self):
        """The bar of the deadline and the row of the pause are hatched for as long, and the due time is told."""
        case = accepted().act("ask", SOCIAL, START + 3 * HOUR, "unclear").act("answer", RESIDENT, START + 30 * HOUR)
        drawn = timeline(case.procedure, [event.act for event in case.history], START + 100 * HOUR, "en", case="A<1")
        _, texts, _, bars = parts(drawn)
        hatched = [bar for bar in bars if bar.get("fill") == "url(#cgt-hatch)"]
        assert [bar.get("x") for bar in hatched[:1]] == [bar.get("x") for bar in hatched[1:2]]
        assert hatched[0].get("width") == hatched[1].get("width")
        assert any("48 hours, due 2024-10-02 19:30" in text for text in words(texts))
        assert words(texts, "t") == ["procedure: A<1"]

    def test_an_open_pause_has_no_due_time(self):
        """While a pause is open the deadline is paused, and nothing is due."""
        case = accepted().act("ask", SOCIAL, START + 3 * HOUR, "unclear")
        drawn = timeline(case.procedure, [event.act for event in case.history], START + 100 * HOUR, "zh")
        _, texts, _, _ = parts(drawn)
        assert any(text.endswith("48 小时，中止中") for text in words(texts))

    def test_listed_reasons_are_told_and_others_are_not(self):
        """A reason that the procedure lists is shown by its title; words of somebody's own are not."""
        procedure = five_orders()
        acts = [Act("order", instant_of(START), "r1", "resident", "c1", None, {"origin": "visit"})]
        acts.append(Act("refuse", instant_of(START + HOUR), "s1", "social_org", "o1", "no_means"))
        told = timeline(procedure, acts, START + HOUR, "zh")
        assert "「no means」" in told
        hidden = timeline(procedure, [acts[0], evolve(acts[1], reason="Mr Wang shouts")], START + HOUR, "zh")
        assert "Wang" not in hidden

    def test_a_case_without_events_is_a_picture_too(self):
        """Nothing was done: the axis stands alone."""
        root, _, _, _ = parts(timeline(five_orders(), [], START, "en"))
        assert "0 events" in root.get("aria-label")

    def test_an_event_after_the_log_is_refused(self):
        """A log that goes up to noon has no event of the afternoon."""
        with pytest.raises(UsageError, match="lies after"):
            timeline(five_orders(), [Act("order", instant_of(START))], START - HOUR, "en")


class TestRows:
    @tried
    @given(st.text(max_size=80), st.text(max_size=200))
    def test_no_word_breaks_the_picture(self, title, fault):
        """Whatever is said, the picture is well-formed and says it."""
        drawn = draw_rows([Row(title, faults=(fault,))], Axis(0, 3_600_000_000, "UTC"), title, fault, "en")
        _, texts, _, _ = parts(drawn)
        assert "".join(words(texts, "b")).replace(" ", "") == on_one_line(title).replace(" ", "")
        assert "".join(words(texts, "r")).replace(" ", "") == f"!{on_one_line(fault)}".replace(" ", "")

    @given(
        st.integers(0, 2**51),
        st.integers(60_000_000, 2**50),
        st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York"]),
    )
    def test_an_axis_has_few_ticks_at_full_hours_or_days(self, first, length, zone):
        """However long the time, there are at most eight ticks, in order, of which those of days are midnights."""
        axis = Axis(first, first + length, zone)
        ticks = list(axis.ticks)
        assert len(ticks) <= 8
        assert all(a < b for (a, _), (b, _) in pairwise(ticks))
        assert all(axis.first <= instant <= axis.last for instant, _ in ticks)
        for instant, name in ticks:
            shown = moment_at(instant, zone)
            assert (shown.second, shown.microsecond) == (0, 0)
            assert name in (f"{shown:%m-%d %H:%M}", f"{shown:%Y-%m-%d}")
            assert ":" in name or shown.time() == dt.time()

    def test_days_have_a_tick_each_where_a_week_is_shown(self):
        """A week has its midnights."""
        begin = dt.datetime(2024, 3, 7, tzinfo=dt.UTC)
        axis = Axis(instant_of(begin), instant_of(begin + dt.timedelta(days=6)), "UTC")
        assert [name for _, name in axis.ticks] == [f"2024-03-{day:02}" for day in range(7, 14)]


@pytest.mark.parametrize("file", ["case.svg", "case.zh-CN.svg"])
def test_the_example_of_the_docs_is_drawn_as_it_is_today(file):
    """The pictures of the docs are what `docs/images/draw.py` draws; run it where this fails."""
    images = Path(__file__).resolve().parents[2] / "docs" / "images"
    drawn = dict(run_path(str(images / "draw.py"))["cases"]())
    assert (images / file).read_text(encoding="utf-8") == drawn[file]


def test_a_picture_is_the_same_for_the_same_history():
    """Drawn twice, a case is the same text."""
    procedure = five_orders(roles={**five_orders().roles})
    acts = walked(Random(4), procedure, 12)
    at = moment_at(max(act.at for act in acts), "UTC")
    assert timeline(procedure, acts, at, "zh") == timeline(five_orders(), list(acts), at, "zh")
    assert Title(zh="主线环节", en="main line").zh in timeline(procedure, acts, at, "zh")
