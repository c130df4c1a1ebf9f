"""What can never come about is found, and nothing that can."""

import pytest

from communitygov.procedure.rules import Deadline, Limit, Line, Onward, Procedure, Role, Step
from communitygov.vocabulary.numbers import exact
from communitygov.vocabulary.text import Title


def step(*following, **more):
    """Return a step of the clerk that leads to others, or closes the case if it leads nowhere."""
    closes = None if following or more.get("line") else "done"
    return Step(by=("clerk",), next=following, closes=closes, **more)


def codes(steps, **more):
    """Return what is found of a procedure with these steps that is about what can come about."""
    outcomes = {"done": Title(zh="办结", en="done")}
    rule = Procedure(**{"roles": {"clerk": Role()}, "outcomes": outcomes, "steps": steps, **more})
    wanted = ("stuck-case", "endless-deadline", "never-after", "known-later", "mutual-wait")
    return [(finding.path, finding.code) for finding in rule.check() if finding.code in wanted]


def of(begin, end):
    """Return a deadline between two steps."""
    limit = Limit(amount=exact("1"), unit="elapsed_hours")
    return Deadline(from_=(begin,), to=(end,), again="restart", limit=limit)


class TestStuck:
    def test_a_limit_with_another_way_out_leaves_nobody_stuck(self):
        """Something else may follow, or there is a way on beyond it."""
        assert not codes({"a": step("b", "c", starts=True), "b": step("a", at_most=2), "c": step()})
        beyond = step("a", at_most=2, beyond=Onward(closes="done"))
        assert not codes({"a": step("b", starts=True), "b": beyond})

    def test_the_counts_of_several_limits_are_followed_together(self):
        """What ends the case is come to before the other limit is used up, or it is not."""
        loop = {"p": step("n", starts=True), "x": step("p", at_most=2), "y": step()}
        assert not codes({**loop, "n": step("x", "y", at_most=3)})
        assert codes({**loop, "n": step("x", "y", at_most=2)}) == [(("steps", "p"), "stuck-case")]

    def test_a_line_that_is_begun_again_uses_up_its_limits_too(self):
        """They count in the whole case: the second unit that is called may not come."""
        main = {"a": step("b", starts=True), "b": step()}
        call, come = step("come", line="help", during=("a",)), step(line="help", at_most=1)
        line = {"help": Line()}
        assert codes({**main, "call": call, "come": come}, lines=line) == [(("steps", "call"), "stuck-case")]
        once = step("come", line="help", during=("a",), at_most=1)
        assert not codes({**main, "call": once, "come": come}, lines=line)

    def test_where_there_are_too_many_ways_nothing_is_said(self):
        """Nobody waits for ever for what cannot be gone through."""
        ring = {f"s{i}": step("p", at_most=9) for i in range(7)}
        assert not codes({"p": step(*ring, starts=True), **ring})


class TestEnds:
    @pytest.mark.parametrize(
        ("begin", "end", "found"),
        [
            ("a", "b", False),
            ("b", "a", True),
            ("c", "ask", True),
            ("b", "ask", False),
            ("c", "answer", False),
            ("ask", "c", False),
            ("ask", "a", True),
            ("ask", "answer", False),
        ],
    )
    def test_a_deadline_ends_where_its_end_can_come_after_its_beginning(self, begin, end, found):
        """On the main line by its ways; what is underway beside it may end at any time."""
        steps = {
            "a": step("b", starts=True),
            "b": step("c"),
            "c": step(),
            "ask": step("answer", line="asking", during=("b",)),
            "answer": step(line="asking"),
        }
        expected = [(("deadlines", "d", "to"), "endless-deadline")] if found else []
        assert codes(steps, lines={"asking": Line()}, deadlines={"d": of(begin, end)}) == expected


class TestWaits:
    def test_lines_wait_for_each_other_only_if_neither_can_end_without(self):
        """A way round the waiting is enough; so is waiting before the line begins."""
        main = {"a": step("b", starts=True), "b": step()}
        lines = {"one": Line(), "two": Line()}

        def line(name, other, *ends, begins=()):
            begin = step(f"{name}_end", *ends, line=name, during=("a",), awaits=begins)
            return {f"{name}_begin": begin, f"{name}_end": step(line=name, awaits=(other,))}

        both = {**main, **line("one", "two"), **line("two", "one")}
        assert [code for _, code in codes(both, lines=lines)] == ["mutual-wait", "mutual-wait"]
        way_round = {**both, **line("two", "one", "leave"), "leave": step(line="two")}
        assert not codes(way_round, lines=lines)
        before = {**both, "two_end": step(line="two"), "two_begin": step("two_end", line="two", during=("a",))}
        assert not codes(before, lines=lines)
