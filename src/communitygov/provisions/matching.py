"""Matching: who is brought together with whom, at the greatest total, with every tie broken in a declared order."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from attrs import field, frozen

from communitygov.documents.rule import Finding, Rule, hold_to_itself, rule, term
from communitygov.vocabulary.errors import DataError, MissingExtra, UsageError
from communitygov.vocabulary.faults import read_columns
from communitygov.vocabulary.frames import Column, Table, adopt, check_table, in_kind_of
from communitygov.vocabulary.problem import Problem, did_you_mean
from communitygov.vocabulary.steps import Steps
from communitygov.vocabulary.text import Title

__all__ = ["WORTH", "Matched", "Matching", "explain_match", "match", "pairs_table", "side_table"]

WORTH = 10**6
"""The most that one pair may be worth."""

Pair = tuple[str, str]


@rule
class Matching(Rule):
    """Who may be brought together with whom, and with how many.

    Args:
        left: What stands on one side, such as departments.
        right: What stands on the other, such as communities.
        left_most: With how many a unit of the left side is matched at most; no limit if absent.
        right_most: Likewise, of the right side.
        right_least: With how many a unit of the right side should be matched; that goes before what pairs are worth.
        worth: The column that says what a pair is worth, in whole numbers; every pair is worth 1 if absent.
    """

    left: Title = term("左方", "Left")
    right: Title = term("右方", "Right")
    left_most: int | None = term("左方至多", "Left most", default=None, at_least=1)
    right_most: int | None = term("右方至多", "Right most", default=None, at_least=1)
    right_least: int = term("右方至少", "Right least", default=0, at_least=0)
    worth: str | None = term("价值列", "Worth", default=None)

    def check(self) -> Iterator[Finding]:
        """Yield a finding if more is asked for than is allowed."""
        yield from super().check()
        if self.right_most is not None and self.right_least > self.right_most:
            zh, en = "right_least 大于 right_most", "`right_least` is above `right_most`"
            yield Finding(("right_least",), "empty-range", zh, en, also=(("right_most",),))


def side_table() -> Table:
    """Return the columns of either side: one row per unit."""
    return Table(Title(zh="单位表", en="units of a side"), (_text("unit", "单位", "unit"),), ("unit",), open=True)


def pairs_table(rule: Matching) -> Table:
    """Return the columns of the pairs that are possible: one row for each.

    Args:
        rule: The rule.
    """
    columns = [_text("left", rule.left.zh, rule.left.en), _text("right", rule.right.zh, rule.right.en)]
    if rule.worth is not None:
        low, high, title = Fraction(0), Fraction(WORTH), Title(zh=rule.worth, en=rule.worth)
        columns.append(Column(rule.worth, "whole", title, minimum=low, maximum=high))
    return Table(Title(zh="可结之对", en="possible pairs"), tuple(columns), ("left", "right"), open=True)


def _text(name: str, zh: str, en: str) -> Column:
    return Column(name, "text", Title(zh=zh, en=en))


@frozen
class Matched:
    """Who was brought together with whom.

    ``frame`` has one row per pair, in the order of ids: ``left``, ``right`` (text) and ``worth`` (Int64). ``unmatched``
    has one row per unit with nobody, or with fewer than it should have: ``side`` (``left`` or ``right``), ``unit``,
    ``has`` (Int64) and ``why`` (``no_pair``: no possible pair names it; ``too_few``: fewer than ``right_least``;
    ``outbid``: its pairs would make the total smaller).

    Args:
        frame: As above, of the kind of the pairs that were given.
        unmatched: As above.
        total: What the pairs are worth together.
    """

    frame: Any
    unmatched: Any
    total: int
    _pairs: tuple[Pair, ...] = field(repr=False)


@frozen
class _Problem:
    """What is to be matched: units and pairs in the order of their ids.

    Args:
        rule: The rule.
        lefts: The units of the left side.
        rights: Those of the right.
        worth: What each possible pair is worth.
    """

    rule: Matching
    lefts: tuple[str, ...]
    rights: tuple[str, ...]
    worth: Mapping[Pair, int]

    def solved(self, *, without: Collection[Pair] = (), given: Collection[Pair] = ()) -> tuple[Pair, ...]:
        """Return the pairs of the best matching.

        The best fills most of the places that units of the right side should have; of those it is worth most; and of
        those it has the first pair, in the order of ids, that any of them has, then the second, and so on.

        Args:
            without: Pairs that it may not have.
            given: Pairs that it must have; that it can is known.
        """
        network = _networkx()
        pairs = [pair for pair in self.worth if pair not in without]
        # Whole numbers of any size: first the places to be filled, then the worth, then one digit for each pair.
        digits = len(pairs)
        place = (sum(self.worth.values()) + 1) << digits
        must = (len(self.rights) * max(1, self.rule.right_least) + 1) * place
        graph = network.DiGraph()
        graph.add_edge("sink", "source", capacity=len(pairs), weight=0)
        for left in self.lefts:
            graph.add_edge("source", ("left", left), capacity=self.rule.left_most or len(pairs), weight=0)
        for at, pair in enumerate(pairs):
            bonus = (self.worth[pair] << digits) + (1 << (digits - 1 - at)) + (must if pair in given else 0)
            graph.add_edge(("left", pair[0]), ("right", pair[1]), capacity=1, weight=-bonus)
        for right in self.rights:
            least = self.rule.right_least
            most = self.rule.right_most or max(least, len(pairs))
            if least:
                graph.add_edge(("right", right), ("place", right), capacity=least, weight=-place)
                graph.add_edge(("place", right), "sink", capacity=least, weight=0)
            graph.add_edge(("right", right), "sink", capacity=most - least, weight=0)
        _, flow = network.network_simplex(graph)
        return tuple(pair for pair in pairs if flow["left", pair[0]]["right", pair[1]])

    def total(self, pairs: Collection[Pair]) -> int:
        """Return what pairs are worth together."""
        return sum(self.worth[pair] for pair in pairs)


def _networkx() -> Any:
    try:
        import networkx
    except ModuleNotFoundError:
        raise MissingExtra.named("graph", "networkx") from None
    return networkx


def _problem(rule: Matching, lefts: Any, rights: Any, pairs: Any) -> _Problem:
    """Read and check the frames."""
    hold_to_itself(rule)
    sides = []
    for side in (lefts, rights):
        frame, _ = adopt(side, side_table())
        check_table(side_table(), frame)
        sides.append(tuple(sorted(read_columns(frame.select("unit"))["unit"])))
    frame, _ = adopt(pairs, pairs_table(rule))
    check_table(pairs_table(rule), frame)
    columns = read_columns(frame.select("left", "right", *([rule.worth] if rule.worth is not None else [])))
    worth = [1] * len(columns["left"]) if rule.worth is None else [int(one) for one in columns[rule.worth]]
    problems = []
    for name, there in (("left", sides[0]), ("right", sides[1])):
        for unit in sorted(set(columns[name]) - set(there)):
            hint = did_you_mean(unit, there)
            zh, en = f"名单中没有 `{unit}`{hint.zh}", f"`{unit}` is not on its side's list{hint.en}"
            problems.append(Problem("not-on-the-list", Title(zh=zh, en=en), path=name))
    if problems:
        raise DataError(problems)
    found = dict(sorted(zip(zip(columns["left"], columns["right"], strict=True), worth, strict=True)))
    return _Problem(rule, sides[0], sides[1], found)


def match(rule: Matching, lefts: Any, rights: Any, pairs: Any) -> Matched:
    """Bring units of two sides together.

    Args:
        rule: The rule.
        lefts: One row per unit of the left side: ``unit``.
        rights: Likewise, of the right.
        pairs: One row per possible pair: ``left``, ``right``, and what it is worth if the rule names a column. A pair
            that is not listed is not possible.

    Returns:
        The pairs, in a frame of the kind of ``pairs``. First as many as possible of the places of ``right_least`` are
        filled; then the total is greatest; and of several such matchings it is the one that has the first pair in the
        order of ids that any has, then the second, and so on, whatever the order of rows.

    Raises:
        DocumentError: If a rule that was made in Python breaks one of its own promises.
        DataError: If a frame does not fit, or a pair names a unit that is on no list.
        MissingExtra: If NetworkX is not installed.

    Source:
        Maximum-weight matching under capacities, as a flow of least cost by the network simplex method; BAO-12, CY-32,
        QF-16.

    Example:
        >>> import polars as pl
        >>> departments, communities = pl.DataFrame({"unit": ["x", "y"]}), pl.DataFrame({"unit": ["A", "B", "C"]})
        >>> pairs = {"left": ["x", "x", "y"], "right": ["A", "B", "B"], "fit": [3, 2, 2]}
        >>> sides = Title(zh="部门", en="departments"), Title(zh="社区", en="communities")
        >>> rule = Matching(left=sides[0], right=sides[1], left_most=2, right_most=1, worth="fit")
        >>> found = match(rule, departments, communities, pl.DataFrame(pairs))
        >>> found.frame.rows(), found.unmatched.rows()
        ([('x', 'A', 3), ('x', 'B', 2)], [('left', 'y', 0, 'outbid'), ('right', 'C', 0, 'no_pair')])
    """
    import polars as pl

    problem = _problem(rule, lefts, rights, pairs)
    chosen = problem.solved()
    frame, back = adopt(pairs)
    text, whole = pl.String, pl.Int64
    rows = [(*pair, problem.worth[pair]) for pair in chosen]
    table = pl.DataFrame(rows, schema={"left": text, "right": text, "worth": whole}, orient="row")
    kinds = {"side": text, "unit": text, "has": whole, "why": text}
    lacking = pl.DataFrame(list(_unmatched(problem, chosen)), schema=kinds, orient="row")
    return Matched(back(in_kind_of(frame, table)), back(in_kind_of(frame, lacking)), problem.total(chosen), chosen)


def _unmatched(problem: _Problem, chosen: Sequence[Pair]) -> Iterator[tuple[str, str, int, str]]:
    for at, (side, units) in enumerate((("left", problem.lefts), ("right", problem.rights))):
        least = problem.rule.right_least if side == "right" else 0
        for unit in units:
            has = sum(pair[at] == unit for pair in chosen)
            if has and has >= least:
                continue
            possible = any(pair[at] == unit for pair in problem.worth)
            yield side, unit, has, "too_few" if has else "outbid" if possible else "no_pair"


def explain_match(rule: Matching, lefts: Any, rights: Any, pairs: Any, left: str, right: str) -> Steps:
    """Explain why two units were brought together, or were not: what the total would be if it were otherwise.

    Args:
        rule: The rule.
        lefts: As for ``match``.
        rights: As for ``match``.
        pairs: As for ``match``.
        left: A unit of the left side.
        right: A unit of the right side.

    Returns:
        A step whose value says whether they are a pair; its facts are ``total``, ``other`` (the greatest total if it
        were otherwise) and ``worth``; all three are None where the pair is not possible.

    Raises:
        UsageError: If a unit is on no list.
    """
    problem = _problem(rule, lefts, rights, pairs)
    for unit, there in ((left, problem.lefts), (right, problem.rights)):
        if unit not in there:
            hint = did_you_mean(unit, there)
            zh, en = f"名单中没有 `{unit}`{hint.zh}", f"`{unit}` is on no list{hint.en}"
            raise UsageError.because("unknown-name", zh=zh, en=en)
    pair, title = (left, right), Title(zh=f"{left} 与 {right}", en=f"{left} with {right}")
    if pair not in problem.worth:
        text = Title(zh="不在可结之对中", en="they are no possible pair")
        return Steps("pair", title, False, text, rule.clause, facts={"total": None, "other": None, "worth": None})
    chosen = problem.solved()
    is_pair = pair in chosen
    otherwise = problem.solved(without=[pair]) if is_pair else problem.solved(given=[pair])
    total, other = problem.total(chosen), problem.total(otherwise)
    text = Title(
        zh=f"成对：总值 {total}；若不成对，至多 {other}" if is_pair else f"未成对：总值 {total}；若成对，至多 {other}",
        en=f"a pair: the total is {total}, and {other} without it"
        if is_pair
        else f"no pair: the total is {total}, and would be {other} with it",
    )
    return Steps(
        "pair",
        title,
        is_pair,
        text,
        rule.clause,
        facts={"total": total, "other": other, "worth": problem.worth[pair]},
    )
