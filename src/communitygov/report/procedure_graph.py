"""A procedure as boxes and arrows, of which all drawings of it are made: who does what, by when, and what follows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from attrs import field, frozen

from communitygov.report.procedure_words import listed, say_deadline, say_guard, say_rung, step_titles
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    from communitygov.procedure.rules import Onward, Procedure, Step

__all__ = ["Edge", "Graph", "Node", "graph_of"]

Kind = Literal["start", "step", "back", "close", "over", "deadline", "ladder"]
Arrow = Literal["on", "back", "beyond", "begins", "clock"]

_BACK = frozenset({"return", "refusal", "redo", "reopening"})
"""What a step is counted as that leads a case back."""

_START, _OVER = Title(zh="开始", en="Start"), Title(zh="支线结束", en="The line ends")
_OTHERWISE = Title(zh="其余", en="otherwise")


@frozen
class Node:
    """A box.

    Args:
        id: Its id in the drawing: letters and a number, never a name of the profile.
        kind: ``start``; ``step``; ``back``, a step that leads a case back; ``close``, an end with its outcome;
            ``over``, the end of a line; ``deadline``; ``ladder``, the reminders of a deadline.
        key: The step or deadline that it is; empty for what has no key.
        words: What is written in it, a line each; the first is its title.
        line: The line beside the main one that it belongs to.
    """

    id: str
    kind: Kind
    key: str
    words: tuple[Title, ...]
    line: str | None = None


@frozen
class Edge:
    """An arrow.

    Args:
        tail: The id of the node that it leaves.
        head: The id of the node that it goes to.
        kind: ``on``; ``back``, a loop, a return or a reopening; ``beyond``, taken once a step was done as often as it
            may; ``begins``, from a step of the main line to a line that begins meanwhile; ``clock``, from the steps
            that begin a deadline over it to those that end it, and to its reminders.
        label: What is written at it.
        up: Whether it goes against the order in which steps follow each other.
    """

    tail: str
    head: str
    kind: Arrow
    label: Title | None = None
    up: bool = False


@frozen
class Graph:
    """Boxes and arrows.

    Args:
        nodes: The boxes: start, steps, ends, deadlines, reminders.
        edges: The arrows.
        lines: The title of each line, by id.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    lines: Mapping[str, Title]


def graph_of(procedure: Procedure) -> Graph:
    """Return a procedure as boxes and arrows.

    Args:
        procedure: The rule.

    Returns:
        A box for each step, each deadline, the reminders of each deadline and each way to close; an arrow for each step
        that may follow another, for each line that may begin meanwhile, and two for each deadline.

    Example:
        >>> from communitygov.procedure.rules import Procedure, Role, Step
        >>> steps = {"ask": Step(by=("clerk",), starts=True, closes="answered")}
        >>> outcomes = {"answered": Title(zh="已答复", en="answered")}
        >>> [edge.tail for edge in graph_of(Procedure(roles={"clerk": Role()}, outcomes=outcomes, steps=steps)).edges]
        ['start', 'step1']
    """
    drawn = _Drawn(procedure)
    nodes = [Node("start", "start", "", tuple(_start(procedure))), *drawn.steps()]
    edges = [Edge("start", drawn.ids[key], "on") for key, step in procedure.main.items() if step.starts]
    edges += [edge for key in procedure.steps for edge in drawn.ways(key)]
    edges += drawn.beginnings()
    clocks, ticks = drawn.clocks()
    lines = {key: line.name(key) for key, line in procedure.lines.items()}
    return Graph((*nodes, *drawn.ends, *clocks), (*edges, *ticks), lines)


@frozen
class _Drawn:
    """A drawing in the making.

    Args:
        rule: The procedure.
        ids: The id of each step's box.
        loops: The pairs of steps by which a case gets back to where it was.
        ends: The ends so far; those that say the same are one.
    """

    rule: Procedure
    ids: Mapping[str, str] = field(init=False)
    loops: frozenset[tuple[str, str]] = field(init=False)
    ends: list[Node] = field(init=False, factory=list)

    @ids.default
    def _make_ids(self) -> Mapping[str, str]:
        return {key: f"step{number}" for number, key in enumerate(self.rule.steps, 1)}

    @loops.default
    def _make_loops(self) -> frozenset[tuple[str, str]]:
        return frozenset(_loops(self.rule))

    def steps(self) -> Iterator[Node]:
        """Yield a box for each step."""
        for key, step in self.rule.steps.items():
            kind: Kind = "back" if step.counts_as in _BACK else "step"
            yield Node(self.ids[key], kind, key, tuple(_said(self.rule, key, step)), step.line)

    def ways(self, key: str) -> Iterator[Edge]:
        """Yield the arrows that leave a step, and those from its ends to what reopens the case."""
        step, here = self.rule.steps[key], self.ids[key]
        for path, way in step.ways:
            label, kind = self._labelled(step, path, way)
            if way.is_closing:
                known = len(self.ends)
                end = self._end("close", _closing(self.rule, way), way.next)
                yield Edge(here, end.id, kind, label)
                if len(self.ends) > known:
                    yield from (Edge(end.id, self.ids[name], "back", up=(key, name) in self.loops) for name in way.next)
            elif not way.next and path:
                yield Edge(here, self._end("over", _OVER, (), step.line).id, kind, label)
            else:
                for name in way.next:
                    loop = (key, name) in self.loops
                    back = kind == "on" and (loop or self.rule.steps[name].counts_as in _BACK)
                    yield Edge(here, self.ids[name], "back" if back else kind, label, up=loop)

    def _labelled(self, step: Step, path: tuple[str, ...], way: Onward) -> tuple[Title | None, Arrow]:
        if path == ("beyond",):
            times = step.at_most or 0
            title = Title(zh=f"超过 {times} 次", en=f"more than {times} time{'' if times == 1 else 's'}")
            return way.title or title, "beyond"
        if not path:
            return None, "on"
        branch = step.choose[path[1]]
        if branch.title is not None:
            return branch.title, "on"
        return (_OTHERWISE if branch.when is None else say_guard(self.rule, branch.when)), "on"

    def _end(self, kind: Kind, title: Title, onward: Sequence[str], line: str | None = None) -> Node:
        """Return an end; those that say the same and can be reopened alike are one."""
        key = ",".join(onward)
        for end in self.ends:
            if (end.kind, end.key, end.words, end.line) == (kind, key, (title,), line):
                return end
        self.ends.append(Node(f"close{len(self.ends) + 1}", kind, key, (title,), line))
        return self.ends[-1]

    def beginnings(self) -> Iterator[Edge]:
        """Yield an arrow from each step during which a line may begin."""
        for key, step in self.rule.steps.items():
            for name in step.during:
                yield Edge(self.ids[name], self.ids[key], "begins")

    def clocks(self) -> tuple[list[Node], list[Edge]]:
        """Return a box for each deadline and for its reminders, and the arrows over them."""
        nodes, edges, depths = [], [], self._depths()
        for number, (key, deadline) in enumerate(self.rule.deadlines.items(), 1):
            clock = f"deadline{number}"
            nodes.append(Node(clock, "deadline", key, tuple(say_deadline(self.rule, key))))
            edges += [Edge(self.ids[name], clock, "clock") for name in deadline.from_]
            lowest = max(depths[name] for name in deadline.from_)
            edges += [Edge(clock, self.ids[name], "clock", up=depths[name] <= lowest) for name in deadline.to]
            rungs = tuple(say_rung(self.rule, name) for name, one in self.rule.reminders.items() if one.deadline == key)
            if rungs:
                nodes.append(Node(f"ladder{number}", "ladder", key, (Title(zh="催办", en="Reminders"), *rungs)))
                edges.append(Edge(clock, f"ladder{number}", "clock"))
        return nodes, edges

    def _depths(self) -> Mapping[str, int]:
        """Return how many steps lie before each one at most, loops left out."""
        steps = self.rule.steps
        before: dict[str, set[str]] = {key: set(step.during) for key, step in steps.items()}
        for key, step in steps.items():
            for name in (name for _, way in step.ways for name in way.next if (key, name) not in self.loops):
                before[name].add(key)
        depths: dict[str, int] = {}
        while len(depths) < len(steps):
            for key in [key for key in steps if key not in depths and before[key] <= depths.keys()]:
                depths[key] = 1 + max((depths[name] for name in before[key]), default=0)
        return depths


def _loops(procedure: Procedure) -> Iterator[tuple[str, str]]:
    """Yield each pair of steps of which the second lies on the way to the first, gone through in their order."""
    steps = procedure.steps
    after = {key: list(dict.fromkeys(name for _, way in step.ways for name in way.next)) for key, step in steps.items()}
    roots = [key for key, step in steps.items() if step.starts or step.during]
    seen: set[str] = set()
    for root in (*roots, *steps):
        if root in seen:
            continue
        seen.add(root)
        path, open_ = [root], [iter(after[root])]
        while open_:
            name = next(open_[-1], None)
            if name is None:
                path.pop(), open_.pop()
            elif name in path:
                yield path[-1], name
            elif name not in seen:
                seen.add(name)
                path.append(name)
                open_.append(iter(after[name]))


def _start(procedure: Procedure) -> Iterator[Title]:
    yield _START
    if procedure.origins:
        yield listed(procedure.origins.values())


def _said(procedure: Procedure, key: str, step: Step) -> Iterator[Title]:
    """Yield what is written in a step's box."""
    yield step.name(key)
    roles = listed(procedure.roles[role].name(role) for role in step.by)
    yield Title(zh=f"由 {roles.zh}", en=f"by {roles.en}")
    if step.during and step.line is not None and (per := procedure.lines[step.line].per) is not None:
        fact = procedure.all_facts[per].name(per)
        yield Title(zh=f"每个“{fact.zh}”一条", en=f"one line for each: {fact.en}")
    if step.other_than:
        others = step_titles(procedure, step.other_than)
        yield Title(zh=f"与“{others.zh}”不同人", en=f"not who did {others.en}")
    if step.at_most is not None and step.beyond is None:
        times = "" if step.at_most == 1 else "s"
        yield Title(zh=f"至多 {step.at_most} 次", en=f"at most {step.at_most} time{times}")
    if step.awaits:
        lines = listed(procedure.lines[line].name(line) for line in step.awaits)
        yield Title(zh=f"须待：{lines.zh}", en=f"waits for {lines.en}")
    if step.within:
        times_ = listed(procedure.deadlines[name].name(name) for name in step.within)
        yield Title(zh=f"限于期内：{times_.zh}", en=f"only within {times_.en}")
    for name, shown in procedure.disclosures.items():
        if shown.step == key:
            title = shown.name(name)
            yield Title(zh=f"公开：{title.zh}", en=f"makes public: {title.en}")


def _closing(procedure: Procedure, way: Onward) -> Title:
    if way.closes is not None:
        outcome = procedure.outcomes[way.closes]
    else:
        fact = procedure.all_facts[way.closes_as or ""]
        named, values = fact.name(way.closes_as or ""), listed(fact.values.values())
        outcome = Title(zh=f"{named.zh}（{values.zh}）", en=f"{named.en} ({values.en})")
    return Title(zh=f"办结：{outcome.zh}", en=f"Closed: {outcome.en}")
