"""Why a score is what it is: the rule followed slowly, indicator by indicator, in exact fractions.

It shares no arithmetic with ``score``, which is tested against it. A float is met only where the rule itself calls
for a logarithm, a root or a deviation; what comes of it is snapped to 12 significant digits of full marks before it
is rounded, as the verb does.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from attrs import frozen

from communitygov.index.checks import check_columns, check_frame
from communitygov.index.measured import Measured, figure, measured, snapped
from communitygov.index.rules import Aggregation, Index, Indicator
from communitygov.index.scales import Leaf
from communitygov.index.versions import Version, leaf_ids, text_periods, versions_of
from communitygov.vocabulary.dated import Dated
from communitygov.vocabulary.errors import DataError, UsageError
from communitygov.vocabulary.faults import read_columns
from communitygov.vocabulary.frames import adopt
from communitygov.vocabulary.numbers import decimal_text, half_up
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.problem import Problem, did_you_mean
from communitygov.vocabulary.steps import Steps
from communitygov.vocabulary.text import Title

__all__ = ["explain", "explain_each"]

Values = Mapping[str, Fraction | None]
Peers = Mapping[str, Sequence[Fraction]]


def explain(
    index: Index | Dated[Index],
    frame: Any,
    subject: str,
    period: str | int | Period,
    *,
    by: Mapping[str, object] | None = None,
) -> Steps:
    """Return why one subject has its score in one period, as a tree of steps.

    Only the rows of that period are read, and checked as ``score`` checks them.

    Args:
        index: The rules, or their dated versions; the one in force on the period's first day is followed.
        frame: What ``score`` takes: one row per subject and period (and further key), one column per leaf.
        subject: Who.
        period: When, such as ``2023Q3``; a year may be a number.
        by: The values of the further key columns, where the frame has any, such as ``{"draw": 7}``.

    Returns:
        One step for each node of the tree, under the step ``score``: what is published (None where there is no
        score), why, its own clause or that of the node above, the document that gives its weight, and the facts to
        compute it again (``raw``, ``share``, ``weight`` as declared, ``full`` marks, unrounded ``points``).

    Raises:
        DataError: If the rows of the period are faulty or the subject is not among them.
        UsageError: If the period is none, or not of the index's kind.
        NotInForce: If no version is in force then.

    Source:
        Weighted sums of normalised indicators: OECD and JRC, Handbook on Constructing Composite Indicators, 2008.

    Example:
        >>> import polars as pl
        >>> from communitygov.index.rules import Index, Indicator, Scale
        >>> parks = Indicator(weight=4, scale=Scale(minimum=0, maximum=100, decimals=1))
        >>> quarterly = {"subject": "community", "period": "quarter", "maximum": 4, "decimals": 2}
        >>> index = Index(**quarterly, weights="points", indicators={"parks": parks})
        >>> data = pl.DataFrame({"subject": ["a"], "period": ["2023Q3"], "parks": [85.5]})
        >>> step = explain(index, data, "a", "2023Q3").find("parks")
        >>> step.text.en
        '85.5 on the scale from 0 to 100 is a share of 0.855; times the weight of 4 it gives 3.42 points'
    """
    versions = versions_of(index)
    rules = _in_force(index, period)
    keys = {"period": str(period), **(by or {})}
    adopted, _ = adopt(frame)
    # Kinds of columns first, of no rows: which rows are meant is told from them.
    check_columns(versions, adopted, tuple(by or ()))
    rows = _rows(text_periods(adopted), keys)
    check_frame(versions, rows, tuple(by or ()))
    ids = [leaf.id for leaf in rules.leaves]
    relative = [leaf.id for leaf in rules.leaves if leaf.normalisation.relative]
    row = read_columns(_rows(rows, {"subject": subject}).select(*ids))
    if not row[ids[0]]:
        raise DataError(_no_such_row(rows, subject, keys))
    peers = _peers(rules, read_columns(rows.select(*relative)) if relative else {})
    return _explained(rules, _values(rules, {name: row[name][0] for name in ids}), peers, {"subject": subject, **keys})


def explain_each(
    index: Index | Dated[Index], frame: Any, *, by: Sequence[str] = ()
) -> Iterator[tuple[dict[str, object], Steps]]:
    """Yield why each row of a frame has its score, row by row.

    Slow, since it follows the rule in fractions; for reports on some hundred subjects and for tests.

    Args:
        index: The rules, or their dated versions.
        frame: What ``score`` takes.
        by: Names of further key columns, as in ``score``.

    Yields:
        A row's keys (subject, period and what ``by`` names) and its steps, as ``explain`` returns them.

    Raises:
        DataError: If the data is faulty.
        UsageError: If a name in ``by`` is taken or is no column.

    Example:
        >>> import polars as pl
        >>> from communitygov.index.rules import Index, Indicator, Scale
        >>> parks = Indicator(weight=4, scale=Scale(minimum=0, maximum=100, decimals=1))
        >>> quarterly = {"subject": "community", "period": "quarter", "maximum": 4, "decimals": 2}
        >>> index = Index(**quarterly, weights="points", indicators={"parks": parks})
        >>> data = pl.DataFrame({"subject": ["a", "b"], "period": ["2023Q3"] * 2, "parks": [85.5, 50.0]})
        >>> [(keys["subject"], float(steps.value)) for keys, steps in explain_each(index, data)]
        [('a', 3.42), ('b', 2.0)]
    """
    versions = versions_of(index)
    adopted, _ = adopt(frame)
    rows = text_periods(adopted)
    check_frame(versions, rows, by)
    present = set(rows.collect_schema())
    columns = read_columns(rows.select("subject", "period", *by, *(n for n in leaf_ids(versions) if n in present)))
    groups: dict[tuple[object, ...], list[int]] = {}
    for row, key in enumerate(zip(columns["period"], *(columns[name] for name in by), strict=True)):
        groups.setdefault(key, []).append(row)
    peers = {}
    for key, members in groups.items():
        rules = _version(versions, str(key[0])).index
        relative = [leaf.id for leaf in rules.leaves if leaf.normalisation.relative]
        peers[key] = rules, _peers(rules, {name: [columns[name][i] for i in members] for name in relative})
    for row, subject in enumerate(columns["subject"]):
        keys = {"subject": subject, "period": columns["period"][row], **{name: columns[name][row] for name in by}}
        rules, others = peers[tuple(list(keys.values())[1:])]
        values = _values(rules, {leaf.id: columns[leaf.id][row] for leaf in rules.leaves})
        yield keys, _explained(rules, values, others, keys)


def _in_force(index: Index | Dated[Index], period: str | int | Period) -> Index:
    try:
        when = Period.parse(str(period))
    except ValueError:
        raise UsageError(
            Problem("bad-period", Title(zh=f"`{period}` 不是时期", en=f"`{period}` is not a period"))
        ) from None
    rules = index.at(when) if isinstance(index, Dated) else index
    if when.kind != rules.period:
        title = Title(
            zh=f"`{period}` 的种类为 {when.kind}，而评价周期为 {rules.period}",
            en=f"`{period}` is a {when.kind}, and the index is scored by the {rules.period}",
        )
        raise UsageError(Problem("wrong-period", title))
    return rules


def _version(versions: Sequence[Version], period: str) -> Version:
    day = Period.parse(period).first_day
    return next(v for v in reversed(versions) if v.first is None or v.first.first_day <= day)


def _rows(frame: Any, keys: Mapping[str, object]) -> Any:
    import narwhals as nw

    for name, value in keys.items():
        frame = frame.filter(nw.col(name) == value)
    return frame


def _no_such_row(rows: Any, subject: str, keys: Mapping[str, object]) -> Problem:
    known = [str(name) for name in read_columns(rows.select("subject").unique())["subject"]]
    hint, when = did_you_mean(subject, known), " ".join(str(value) for value in keys.values())
    title = Title(zh=f"{when} 没有 `{subject}` 的数据{hint.zh}", en=f"`{subject}` has no row in {when}{hint.en}")
    return Problem("no-such-row", title, path="subject")


def _values(rules: Index, raw: Mapping[str, Any]) -> Values:
    return {leaf.id: _exactly(raw[leaf.id], leaf.scale.decimals) for leaf in rules.leaves}


def _peers(rules: Index, columns: Mapping[str, Sequence[Any]]) -> Peers:
    """Return, for each relative leaf, the values of all subjects of the period that have one."""
    return {
        leaf.id: [v for raw in columns[leaf.id] if (v := _exactly(raw, leaf.scale.decimals)) is not None]
        for leaf in rules.leaves
        if leaf.id in columns
    }


def _exactly(raw: Any, decimals: int | None) -> Fraction | None:
    """Return a raw value as a fraction; of a float, the decimal that it stands for."""
    if raw is None:
        return None
    value = Fraction(raw)
    return value if decimals is None else Fraction(half_up(value * 10**decimals), 10**decimals)


@frozen
class _Part:
    """A node of the tree on one subject's way through it.

    Args:
        key: Its id.
        title: Its title.
        full: The points it can earn.
        clause: The clauses it rests on, inherited ones included.
        source: Which document gives its weight.
        facts: What is known of it so far.
    """

    key: str
    title: Title
    full: Fraction
    clause: tuple[str, ...]
    source: Title | None
    facts: Mapping[str, Any]

    def step(self, value: Fraction | None, text: Title, children: tuple[Steps, ...] = (), **facts: Any) -> Steps:
        """Return its step."""
        known = {**self.facts, **facts}
        return Steps(self.key, self.title, value, text, self.clause, self.source, children, facts=known)


@frozen
class _Result:
    """What a node came to.

    Args:
        step: Its step.
        share: Its share of its own full marks; None if it has none.
        weight: The points at and below it whose values are present.
        left_out: Whether it has no share because nothing of its weight is present, not because it is not scored.
        real: Whether a float took part.
    """

    step: Steps
    share: Fraction | None
    weight: Fraction = Fraction(0)
    left_out: bool = False
    real: bool = False


@frozen
class _Walk:
    """One subject's way through the tree."""

    rules: Index
    values: Values
    peers: Peers
    leaves: Mapping[str, Leaf]

    def below(
        self, nodes: Mapping[str, Indicator], full: Fraction, depth: int, clause: tuple[str, ...]
    ) -> tuple[_Result, ...]:
        whole = sum((node.weight for node in nodes.values()), Fraction(0)) or Fraction(1)
        found = []
        for key, node in nodes.items():
            cited, points, weight = node.clause or clause, full * node.weight / whole, Fraction(node.weight)
            part = _Part(key, node.name(key), points, cited, node.story("weight"), {"weight": weight, "full": points})
            if node.indicators:
                children = self.below(node.indicators, points, depth + 1, cited)
                found.append(self.branch(part, children, self.rules.aggregation_of(node, depth)))
            else:
                found.append(self.leaf(part, self.leaves[key]))
        return tuple(found)

    def leaf(self, part: _Part, leaf: Leaf) -> _Result:
        value, full = self.values[leaf.id], part.full
        if value is None and leaf.missing == "zero":
            text = Title(
                zh=f"没有数值，按 0 计：{figure(full)} 分中得 0 分",
                en=f"there is no value; it counts as nothing: 0 of {_points(full)}",
            )
            return self.published(part, Measured(Fraction(0), text, {"raw": None}), full)
        if value is None:
            text = Title(zh="没有数值，本期不评分", en="there is no value, so there is no score this period")
            if leaf.missing == "reweigh":
                text = Title(
                    zh=f"没有数值，其权重 {figure(full)} 分按比例分给有数值的指标",
                    en=f"there is no value; its {_points(full)} are spread over the values present, in proportion",
                )
            return _Result(part.step(None, text, raw=None), None, left_out=leaf.missing == "reweigh")
        found = measured(leaf, value, self.peers.get(leaf.id, ()))
        points = full * found.share
        how = Title(
            zh=f"{found.how.zh}；乘以权重 {figure(full)}，得 {figure(points)} 分",
            en=f"{found.how.en}; times the weight of {figure(full)} it gives {_points(points)}",
        )
        return self.published(part, Measured(found.share, how, {"raw": value, **found.facts}, found.real), full)

    def branch(self, part: _Part, below: Sequence[_Result], aggregation: Aggregation) -> _Result:
        steps = tuple(result.step for result in below)
        present = [result for result in below if not result.left_out]
        weight = sum((result.weight for result in present), Fraction(0))
        facts = {"aggregation": aggregation, "present": weight}
        if any(result.share is None for result in present):
            text = Title(
                zh="下级缺少数值，本期不评分", en="a value below it is missing, so there is no score this period"
            )
            return _Result(part.step(None, text, steps, **facts), None)
        if part.full and not weight:
            text = Title(zh="下级没有任何数值", en="there is no value below it")
            return _Result(part.step(None, text, steps, **facts), None, left_out=True)
        found = _together(aggregation, [(r.weight, r.share) for r in present if r.share is not None], part.full)
        real = found.real or any(result.real for result in present)
        return self.published(part, Measured(found.share, found.how, facts, real), weight, steps)

    def published(self, part: _Part, found: Measured, weight: Fraction, steps: tuple[Steps, ...] = ()) -> _Result:
        """Return a node that has a share: its points, rounded once."""
        points, decimals, text = part.full * found.share, self.rules.decimals, found.how
        value = Fraction(self.units(points), 10**decimals)
        if figure(value) != figure(points):
            shown = decimal_text(value, decimals)
            text = Title(zh=f"{text.zh}，公布为 {shown}", en=f"{text.en}, published as {shown}")
        exact = (found.share, points)
        share, unrounded = map(float, exact) if found.real else exact
        step = part.step(value, text, steps, **found.facts, share=share, points=unrounded)
        return _Result(step, found.share, weight, real=found.real)

    def units(self, points: Fraction) -> int:
        """Return points in units of the last published place, rounded once."""
        scale = Fraction(10**self.rules.decimals)
        if self.rules.exact:
            return half_up(points * scale)
        return snapped(float(points * scale), self.rules.maximum * scale)


def _explained(rules: Index, values: Values, peers: Peers, keys: Mapping[str, object]) -> Steps:
    walk = _Walk(rules, values, peers, {leaf.id: leaf for leaf in rules.leaves})
    full = Fraction(rules.maximum)
    absent = ",".join(leaf.id for leaf in rules.leaves if values[leaf.id] is None)
    facts = {**keys, "full": full, "decimals": rules.decimals, "missing": absent}
    title = rules.title or Title(zh="得分", en="score")
    root = _Part("score", title, full, rules.clause, rules.story("maximum"), facts)
    return walk.branch(root, walk.below(rules.indicators, full, 1, rules.clause), rules.aggregation_of(None, 0)).step


def _together(aggregation: Aggregation, parts: Sequence[tuple[Fraction, Fraction]], full: Fraction) -> Measured:
    """Put the shares of a node's parts together, each with the weight that is present in it."""
    weighty = [(weight, share) for weight, share in parts if weight]
    whole = sum((weight for weight, _ in weighty), Fraction(0)) or Fraction(1)
    earned = sum((weight * share for weight, share in weighty), Fraction(0))
    if aggregation == "arithmetic" or len(weighty) < 2:
        return Measured(earned / whole, _sum_text([w * s for w, s in weighty], earned, whole, full))
    if any(share <= 0 for _, share in weighty):
        share = Fraction(0)
    elif aggregation == "geometric":
        share = Fraction(math.exp(math.fsum(float(weight / whole) * math.log(share) for weight, share in weighty)))
    else:
        share = whole / sum((weight / share for weight, share in weighty), Fraction(0))
    shares = ", ".join(figure(share) for _, share in weighty)
    weights = ", ".join(figure(weight / whole) for weight, _ in weighty)
    zh, en = {"geometric": ("几何", "geometric"), "harmonic": ("调和", "harmonic")}[aggregation]
    how = Title(
        zh=f"{shares} 的{zh}平均（权重 {weights}）为 {figure(share)}；"
        f"乘以 {figure(full)}，得 {figure(full * share)} 分",
        en=f"the {en} mean of {shares} (weights {weights}) is {figure(share)}; "
        f"times {figure(full)} it gives {_points(full * share)}",
    )
    return Measured(share, how, real=True)


def _sum_text(parts: Sequence[Fraction], earned: Fraction, whole: Fraction, full: Fraction) -> Title:
    terms = " + ".join(figure(part) for part in parts) or "0"
    equals = f"{terms} = {figure(earned)}" if len(parts) > 1 else figure(earned)
    if whole == full or not full:
        return Title(zh=f"{equals} 分", en=f"{equals} point{'s' * (earned != 1)}")
    points = earned / whole * full
    return Title(
        zh=f"有数值的 {figure(whole)} 分中得 {equals} 分，按比例为 {figure(full)} 分中的 {figure(points)} 分",
        en=f"{equals} of the {_points(whole)} whose values are present; "
        f"in proportion, {figure(points)} of {figure(full)}",
    )


def _points(points: Fraction) -> str:
    return f"{figure(points)} point{'s' * (points != 1)}"
