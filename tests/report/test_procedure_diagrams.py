"""Diagrams of procedures: every step, role, branch and deadline is there, and no title breaks them."""

import re
import shutil
import stat
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from fractions import Fraction
from html import unescape
from itertools import product
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.procedure.samples import five_orders

from communitygov.measures.rules import Condition
from communitygov.plugins.finding import load_profile
from communitygov.procedure.rules import Branch, Guard, Limit, Line, Procedure, Role, Step
from communitygov.report.procedure_graph import graph_of
from communitygov.report.procedure_graphviz import graphviz, svg
from communitygov.report.procedure_mermaid import mermaid
from communitygov.report.procedure_words import say_guard, say_limit, say_rung, wrapped
from communitygov.testing.strategies_procedure import FACTS, guards, procedures
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.numbers import Number
from communitygov.vocabulary.text import Title

tried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="needs Graphviz: the program dot")

LABEL = re.compile(r"(?:[A-Za-z0-9 ,/'-]|[^\x00-\x7f]|#\d+;|<br/>)*")
SHAPES = (r"\(\[", r"\]\)"), (r"\[\[", r"\]\]"), (r"\{\{", r"\}\}"), (r"\[", r"\]")
NODE = re.compile("(?:" + "|".join(rf'(\w+){begin}"([^"]*)"{end}' for begin, end in SHAPES) + ")")
EDGE = re.compile(r'(\w+) (-->|-\.->|==>)(?:\|"([^"]*)"\|)? (\w+)')
FRAME = re.compile(r'subgraph (line\d+) \["([^"]*)"\]')
LOOK = re.compile(r"(?:classDef|class|style|linkStyle) ([\w,]+) [\w:;#,. -]+")


def read(label):
    """What a label of Mermaid shows, a line each; nothing in it may be Mermaid's or Markdown's own."""
    assert LABEL.fullmatch(label), label
    text = re.sub(r"#(\d+);", lambda found: f"&#{found[1]};", label.replace("<br/>", "\n"))
    return tuple(unescape(text).split("\n"))


class Diagram:
    """A Mermaid diagram, read back: each line must be a box, an arrow, a frame or a look."""

    def __init__(self, text):
        head, *lines = text.split("\n")
        assert head == "flowchart TB"
        self.words, self.edges, self.frames, self.frame_of, frame = {}, [], {}, {}, None
        for line in map(str.strip, lines):
            if line == "end":
                assert frame is not None
                frame = None
            elif found := FRAME.fullmatch(line):
                assert frame is None
                frame = found[1]
                self.frames[frame] = read(found[2])
            elif found := NODE.fullmatch(line):
                name, label = (one for one in found.groups() if one is not None)
                assert name not in self.words
                self.words[name], self.frame_of[name] = read(label), frame
            elif found := EDGE.fullmatch(line):
                self.edges.append((found[1], found[2], None if found[3] is None else read(found[3]), found[4]))
            else:
                assert LOOK.fullmatch(line), line
        assert {end for edge in self.edges for end in (edge[0], edge[3])} <= set(self.words)

    def between(self, tail, head):
        """The arrows from one kind of box to another, by what their ids begin with."""
        return [edge for edge in self.edges if edge[0].startswith(tail) and edge[3].startswith(head)]


def ids(procedure):
    return {key: f"step{number}" for number, key in enumerate(procedure.steps, 1)}


def closing(procedure, way):
    """What an end says, in English."""
    if way.closes is not None:
        return f"Closed: {procedure.outcomes[way.closes].en}"
    fact = procedure.all_facts[way.closes_as]
    return f"Closed: {fact.name(way.closes_as).en} ({', '.join(one.en for one in fact.values.values())})"


def ways(procedure):
    """Every way on from a step: its box, what is written at the arrow, and the step or end that it leads to."""
    for key, step in procedure.steps.items():
        for path, way in step.ways:
            if path == ("beyond",):
                said = f"more than {step.at_most} time{'' if step.at_most == 1 else 's'}"
            elif not path:
                said = None
            else:
                said = "otherwise" if way.otherwise else say_guard(procedure, way.when).en
            label = None if said is None else (said,)
            if way.is_closing:
                yield ids(procedure)[key], label, closing(procedure, way)
            elif way.next:
                yield from ((ids(procedure)[key], label, ids(procedure)[name]) for name in way.next)
            elif path:
                yield ids(procedure)[key], label, "The line ends"


class TestMermaid:
    @tried
    @given(procedures())
    def test_every_step_is_a_box_with_its_roles_in_the_frame_of_its_line(self, procedure):
        """Title first, then who may do it; a step of a line beside the main one stands in that line's frame."""
        for lang in ("zh", "en"):
            drawn = Diagram(mermaid(procedure, lang))
            frames = {key: f"line{number}" for number, key in enumerate(procedure.lines, 1)}
            assert set(frames.values()) == set(drawn.frames)
            for key, name in ids(procedure).items():
                step = procedure.steps[key]
                assert drawn.words[name][0] == step.name(key).say(lang)
                for role in step.by:
                    assert procedure.roles[role].name(role).say(lang) in drawn.words[name][1]
                if step.during and (per := procedure.lines[step.line].per):
                    assert any(procedure.facts[per].name(per).say(lang) in words for words in drawn.words[name][2:])
                for other in step.other_than:
                    assert any(procedure.steps[other].name(other).say(lang) in words for words in drawn.words[name][2:])
                assert drawn.frame_of[name] == (None if step.line is None else frames[step.line])
            assert len(drawn.between("start", "step")) == sum(step.starts for step in procedure.main.values())

    @tried
    @given(procedures())
    def test_its_arrows_are_the_ways(self, procedure):
        """An arrow for each step that may follow, with the branch it is on; no more and no less."""
        drawn = Diagram(mermaid(procedure, "en"))
        begins = {
            (i, ids(procedure)[key]) for key, s in procedure.steps.items() for i in map(ids(procedure).get, s.during)
        }
        found = Counter()
        for tail, arrow, label, head in [*drawn.between("step", "step"), *drawn.between("step", "close")]:
            if (tail, head) in begins and label is None and arrow == "-.->":
                begins.discard((tail, head))
            else:
                found[tail, label, head if head.startswith("step") else drawn.words[head][0]] += 1
        assert found == Counter(ways(procedure))
        assert not begins

    @tried
    @given(procedures())
    def test_a_closed_case_is_reopened_from_its_end(self, procedure):
        """What may follow a closed case hangs at the end that says the outcome, dotted; nothing else does."""
        drawn = Diagram(mermaid(procedure, "en"))
        expected = {
            (closing(procedure, way), ids(procedure)[name])
            for step in procedure.steps.values()
            for _, way in step.ways
            if way.is_closing
            for name in way.next
        }
        found = drawn.between("close", "step")
        assert expected == {(drawn.words[tail][0], head) for tail, _, _, head in found}
        assert len(found) == len(expected)
        assert {arrow for _, arrow, _, _ in found} <= {"-.->"}

    @tried
    @given(procedures())
    def test_whatever_goes_round_is_dotted_somewhere(self, procedure):
        """Without dotted and thick arrows no way leads back to where it was."""
        drawn = Diagram(mermaid(procedure, "en"))
        solid = [(tail, head) for tail, arrow, _, head in drawn.edges if arrow == "-->"]
        left = set(drawn.words)
        while ends := {name for name in left if not any(tail == name and head in left for tail, head in solid)}:
            left -= ends
        assert not left

    @tried
    @given(procedures())
    def test_every_deadline_hangs_between_its_steps_with_its_times(self, procedure):
        """Each deadline has a box with its time by kind, arrows from where it begins and to where it ends, a ladder."""
        drawn = Diagram(mermaid(procedure, "en"))
        for number, (key, rule) in enumerate(procedure.deadlines.items(), 1):
            name, named = f"deadline{number}", ids(procedure)
            assert drawn.words[name][0] == key
            assert {edge[0] for edge in drawn.edges if edge[3] == name} == {named[one] for one in rule.from_}
            ends = {edge[3] for edge in drawn.edges if edge[0] == name}
            assert ends - {f"ladder{number}"} == {named[one] for one in rule.to}
            for value, limit in rule.every.items():
                said = say_limit(limit).en
                assert any(said in words and words.startswith(value) for words in drawn.words[name][1:])
            for value in rule.unlimited:
                assert any(value in words and "no limit" in words for words in drawn.words[name])
            for step in rule.extended_by:
                assert any(words.startswith(f"{step}: ") and words.endswith(" more") for words in drawn.words[name])
            stopping = [one for one in procedure.pauses.values() if key in one.stops]
            assert sum(words.startswith("stopped from") for words in drawn.words[name]) == len(stopping)
            rungs = [say_rung(procedure, one).en for one, rung in procedure.reminders.items() if rung.deadline == key]
            assert list(drawn.words.get(f"ladder{number}", ("",))[1:]) == rungs

    @tried
    @given(
        st.text(min_size=1, max_size=30), st.sampled_from(["end", "graph", "click", "class", "社区", "a b", "o", "x"])
    )
    def test_no_title_breaks_it(self, title, key):
        """Quotes, brackets, line ends, marks of Markdown, Mermaid's own words: each comes back as it was."""
        procedure = titled(title, key)
        drawn = Diagram(mermaid(procedure, "en"))
        known = " ".join(title.split())
        if known.isprintable() and known:
            assert drawn.words["step1"][0] == known
            assert drawn.frames["line1"][0] == known
            assert (known,) in [label for _, _, label, _ in drawn.edges]
            assert drawn.words["close1"] == (f"Closed: {known}",)

    @pytest.mark.parametrize("order", ["direction TB", "one direction LR only", "direction  RL"])
    def test_mermaids_order_in_a_title_is_none(self, order):
        """Mermaid takes these words for an order wherever they stand in a line, even in quotes."""
        text = mermaid(titled(order, "a"), "en")
        assert not re.search(r"direction\s+(TB|TD|BT|LR|RL)", text)
        assert Diagram(text).words["step1"][0] == " ".join(order.split())

    def test_a_sample_reads_as_people_say_it(self):
        """Five orders: times by kind, the ladder, what is done the second time, who may not do it."""
        drawn = Diagram(mermaid(five_orders(), "zh"))
        assert drawn.words["deadline1"][1:3] == ("「urgent」：48 小时", "「ordinary」：5 个工作日（次日起算）")
        assert drawn.words["ladder1"] == (
            "催办",
            "到期时提醒「social_org」",
            "到期后 1 个工作日（次日起算）上报「street」",
        )
        assert ("step3", "==>", ("超过 1 次",), "close1") in drawn.edges
        assert drawn.words["step6"][2] == "与“handle”不同人"
        assert drawn.words["step9"][2:] == ("每个“department”一条",)


def titled(title, key):
    """A procedure that says one title everywhere; its first step has a name of its own choice."""
    said = Title(zh=title, en=title)
    on = Branch(when=Guard(facts={"urgent": Condition(flag=True)}), closes="done", title=said)
    off = Branch(otherwise=True, next=(key,))
    steps = {
        key: Step(by=("a",), starts=True, needs=("urgent",), title=said, choose={"on": on, "off": off}),
        "aside": Step(by=("a",), line="l", during=(key,), title=said),
    }
    lines = {"l": Line(title=said)}
    return Procedure(
        roles={"a": Role(title=said)}, outcomes={"done": said}, facts=dict(FACTS), steps=steps, lines=lines, title=said
    )


DOT_EDGE = re.compile(r"(\w+) -> (\w+) \[(.*)\]")
DOT_NODE = re.compile(r'((?:start|step|close|deadline|ladder)\d*) \[label="((?:[^"\\]|\\[ln\\])*)" .*\]')


class TestGraphviz:
    @tried
    @given(procedures())
    def test_it_has_the_boxes_and_arrows_of_the_diagram(self, procedure):
        """One graph is drawn in two ways; an arrow that goes up may be written from its head."""
        graph, lines = graph_of(procedure), [line.strip() for line in graphviz(procedure, "en").split("\n")]
        boxes = [found[1] for line in lines if (found := DOT_NODE.fullmatch(line))]
        assert sorted(boxes) == sorted(node.id for node in graph.nodes)
        arrows = Counter()
        for found in filter(None, map(DOT_EDGE.fullmatch, lines)):
            arrows[(found[2], found[1]) if "dir=back" in found[3] else (found[1], found[2])] += 1
        assert arrows == Counter((edge.tail, edge.head) for edge in graph.edges)
        assert sum(line.startswith("subgraph") for line in lines) == len(procedure.lines)

    @tried
    @given(procedures())
    def test_what_is_above_never_hangs_below(self, procedure):
        """The arrows that set what is above go round nowhere, so that Graphviz turns none of them."""
        rank = []
        for found in filter(None, map(DOT_EDGE.fullmatch, map(str.strip, graphviz(procedure, "en").split("\n")))):
            if "constraint=false" not in found[3]:
                rank.append((found[1], found[2]))
        left = {name for pair in rank for name in pair}
        while ends := {name for name in left if not any(tail == name and head in left for tail, head in rank)}:
            left -= ends
        assert not left

    @needs_dot
    @settings(deadline=None, max_examples=10, suppress_health_check=[HealthCheck.too_slow])
    @given(procedures(), st.sampled_from(["zh", "en"]))
    def test_every_word_is_in_the_picture(self, procedure, lang):
        """The SVG has the words of every box, arrow and frame as text, and nothing else."""
        assert words_of(svg(procedure, lang)) == expected_words(procedure, lang)

    @needs_dot
    @settings(deadline=None, max_examples=25)
    @given(st.text(min_size=1, max_size=30))
    @example("\\")
    @example("\x00 0")
    @example('a\\"b\\n\\N\\l &amp; &#92; <b>')
    def test_no_title_breaks_the_picture(self, title):
        """Whatever a title has in it, the SVG is well-formed and says it."""
        procedure = titled(title, "end")
        drawn = svg(procedure, "en")
        assert words_of(drawn) == expected_words(procedure, "en")
        check_alone(drawn)

    @needs_dot
    def test_it_takes_no_longer_than_it_may(self):
        """Graphviz is stopped after so many seconds, and the Mermaid diagram is named instead."""
        with pytest.raises(UsageError, match=r"Mermaid"):
            svg(five_orders(), "en", seconds=1e-6)

    def test_without_graphviz_it_says_how_to_install_it(self, monkeypatch, tmp_path):
        """Without dot the error says what to install, and that Mermaid needs nothing."""
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(UsageError, match=r"install graphviz.*Mermaid") as raised:
            svg(five_orders(), "en")
        assert "Mermaid" in raised.value.say("zh")

    @pytest.mark.skipif(sys.platform == "win32", reason="a script is no program there")
    def test_what_graphviz_says_when_it_fails_is_handed_on(self, monkeypatch, tmp_path):
        """A dot that fails is an error with its own words."""
        program = tmp_path / "dot"
        program.write_text("#!/bin/sh\necho 'no fonts here' >&2\nexit 3\n", encoding="utf-8")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(UsageError, match=r"dot failed: no fonts here"):
            svg(five_orders(), "en")


def words_of(drawn):
    """The words of a picture, with how often each line stands there."""
    texts = (one for one in ET.fromstring(drawn).iter() if one.tag.endswith("}text"))
    return Counter(words for one in texts if (words := "".join(one.itertext()).strip()))


def expected_words(procedure, lang):
    graph = graph_of(procedure)
    titles = [(title, 36) for node in graph.nodes for title in node.words]
    titles += [(title, 36) for title in graph.lines.values()]
    titles += [(edge.label, 24) for edge in graph.edges if edge.label is not None]
    found = Counter(line.strip() for title, most in titles for line in wrapped(title.say(lang), most))
    return Counter({line: count for line, count in found.items() if line})


def check_alone(drawn):
    """A picture names nothing outside itself, and runs nothing."""
    root = ET.fromstring(drawn)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    for one in root.iter():
        assert not one.tag.endswith(("script", "image", "foreignObject", "use"))
        assert not [name for name in one.attrib if name.endswith(("href", "src")) or name.startswith("on")]
        assert all("url(" not in value or value.startswith("url(#") for value in one.attrib.values())


class TestCommittedPictures:
    @pytest.mark.parametrize(("lang", "file"), [("en", "whistle.svg"), ("zh", "whistle.zh-CN.svg")])
    def test_they_say_what_the_profile_says(self, lang, file):
        """The pictures of the docs have the words of the whistle as it is now; `docs/images/draw.py` draws them."""
        drawn = (Path(__file__).resolve().parents[2] / "docs" / "images" / file).read_text(encoding="utf-8")
        assert words_of(drawn) == expected_words(load_profile("zhanlanlu").at(2018).procedure["whistle"], lang)
        check_alone(drawn)


class TestWords:
    RULE = Procedure(roles={}, steps={}, facts=dict(FACTS))

    @tried
    @given(guards(depth=3))
    def test_a_guard_in_words_asks_what_it_asks(self, guard):
        """Read again as it is written, a guard holds of the same facts, and is unknown where it was."""
        said = Words(say_guard(self.RULE, guard).en)
        asked = said.whole()
        assert said.at == len(said.text)
        bounds = sorted({near for bound in guard.bounds("rooms") for near in (bound - 1, bound, bound + 1)})
        for kind, urgent, rooms in product((None, "a", "b", "c"), (None, True, False), (None, *bounds)):
            facts = {"kind": kind, "urgent": urgent, "rooms": rooms}
            assert asked(facts) == guard.holds(facts), facts

    @tried
    @given(guards(depth=3))
    def test_brackets_are_the_same_in_both_languages(self, guard):
        """What belongs together in English does so in Chinese."""
        title = say_guard(self.RULE, guard)
        marks = re.sub(r"（", "(", re.sub(r"）", ")", re.sub(r"，且", "&", re.sub(r"，或", "|", title.zh))))
        english = title.en.replace(" and ", "&").replace(" or ", "|")
        assert re.sub(r"[^()&|]", "", marks) == re.sub(r"[^()&|]", "", english)

    def test_times_are_said_in_their_units(self):
        """One hour is an hour, fractions stay exact, and the same day has no number."""
        said = [
            say_limit(Limit(amount=Number(exact), unit=unit)).en
            for exact, unit in [(1, "elapsed_hours"), (Fraction(1, 2), "working_hours"), (1, "same_day")]
        ]
        assert said == ["1 hour", "0.5 working hours", "the same day"]

    @given(st.text(max_size=60), st.integers(4, 40))
    def test_wrapping_loses_nothing(self, text, most):
        """Lines together are the text, but for the spaces that they are broken at and what cannot be shown."""
        lines = wrapped(text, most)
        shown = "".join("".join(wrapped(text, 1000)).split())
        assert "".join("".join(lines).split()) == shown
        assert all(line == line.strip() for line in lines)


class Words:
    """Reads a guard in English back, as a function of facts; nothing of it knows how guards are written."""

    ATOM = re.compile(
        r"(kind|urgent|rooms)(: yes|: no| is not known| is known| is one of | is at least | is at most | is )([^()]*)"
    )

    def __init__(self, text):
        self.text, self.at = text, 0

    def skip(self, word):
        if self.text.startswith(word, self.at):
            self.at += len(word)
            return True
        return False

    def whole(self):
        parts = [self.part()]
        words = {word for word in (" and ", " or ") if self.text.startswith(word, self.at)}
        for word in words:
            while self.skip(word):
                parts.append(self.part())
            assert not self.text.startswith((" and ", " or "), self.at), "two words side by side need brackets"
            combine = both if word == " and " else either
            return lambda facts: combine([part(facts) for part in parts])
        return parts[0]

    def part(self):
        negated = self.skip("not (")
        if negated or self.skip("("):
            inner = self.whole()
            assert self.skip(")")
            return (lambda facts: None if inner(facts) is None else not inner(facts)) if negated else inner
        end = min(
            (i for i in (self.text.find(w, self.at) for w in (" and ", " or ", ")")) if i >= 0), default=len(self.text)
        )
        found = self.ATOM.fullmatch(self.text[self.at : end])
        assert found, self.text[self.at :]
        self.at = end
        return lambda facts: atom(facts.get(found[1]), found[2].strip(), found[3])


def both(values):
    return False if False in values else None if None in values else True


def either(values):
    return True if True in values else None if None in values else False


def atom(value, word, rest):
    if word in ("is known", "is not known"):
        return (value is not None) == (word == "is known")
    if value is None:
        return None
    if word in (": yes", ": no"):
        return value is (word == ": yes")
    if word == "is one of" or not rest[:1].isdigit():
        return value in rest.split(", ")
    low, _, high = rest.partition(" to ")
    return {
        "is at least": value >= int(low),
        "is at most": value <= int(low),
        "is": int(low) <= value <= int(high or low),
    }[word]
