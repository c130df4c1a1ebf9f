"""How shares of leaves become points of every node, column by column.

An exact index is counted in whole numbers over common denominators and rounded once. Another is computed in floats, in
an order that never changes, and snapped to 12 significant digits before it is rounded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from math import gcd, lcm
from operator import add, or_
from typing import TYPE_CHECKING, Any

from attrs import frozen

from communitygov.index.rules import Aggregation, Index, Indicator
from communitygov.index.scales import Leaf, full_value
from communitygov.index.shares import Source, counted, prepared, real_share, rounded, snap

if TYPE_CHECKING:
    import narwhals as nw

__all__ = ["Branch", "points", "tree_of"]


@frozen
class Branch:
    """A node of the tree.

    Args:
        id: Its id; empty for the root.
        share: Its share of the whole index.
        leaf: What holds for it, if it is a leaf.
        below: The nodes below.
        aggregation: How they are put together.
    """

    id: str
    share: Fraction
    leaf: Leaf | None
    below: tuple[Branch, ...] = ()
    aggregation: Aggregation = "arithmetic"

    def walk(self) -> Iterator[Branch]:
        """Yield all nodes, those below before those above."""
        for branch in self.below:
            yield from branch.walk()
        yield self

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """The leaves at and below it."""
        return tuple(branch.leaf for branch in self.walk() if branch.leaf is not None)

    @property
    def reweighed(self) -> bool:
        """Whether the weight of a missing value is spread over the others."""
        return any(leaf.missing == "reweigh" for leaf in self.leaves)


def tree_of(index: Index) -> Branch:
    """Return an index as a tree of shares.

    Args:
        index: The rules.
    """
    leaves = {leaf.id: leaf for leaf in index.leaves}

    def grow(nodes: Mapping[str, Indicator], share: Fraction, depth: int) -> tuple[Branch, ...]:
        whole = sum((node.weight for node in nodes.values()), Fraction(0)) or Fraction(1)
        return tuple(
            Branch(
                key,
                share * node.weight / whole,
                None if node.indicators else leaves[key],
                grow(node.indicators, share * node.weight / whole, depth + 1),
                index.aggregation_of(node, depth),
            )
            for key, node in nodes.items()
        )

    return Branch("", Fraction(1), None, grow(index.indicators, Fraction(1), 1), index.aggregation_of(None, 0))


def points(frame: Any, index: Index, sources: Sequence[Source], *, all_levels: bool) -> tuple[Any, dict[str, nw.Expr]]:
    """Return the points of nodes, in units of the last published place.

    Args:
        frame: A Narwhals frame with the columns of the sources.
        index: The rules.
        sources: Where the leaves stand.
        all_levels: Whether every node is wanted, or the root alone.

    Returns:
        The frame with what the points are computed from, and for each node (the root's id is empty) its points.
    """
    root, by_id = tree_of(index), {source.leaf.id: source for source in sources}
    full = Fraction(index.maximum) * 10**index.decimals
    wanted = list(root.walk()) if all_levels else [root]
    frame = prepared(frame, sources)
    return (_exact if index.exact else _real)(frame, root, by_id, wanted, full)


def _exact(
    frame: Any, root: Branch, sources: Mapping[str, Source], wanted: Sequence[Branch], full: Fraction
) -> tuple[Any, dict[str, nw.Expr]]:
    """Sum whole numbers: each leaf counts value x weight over the common denominator of all."""
    import narwhals as nw

    weights = lcm(*(leaf.share.denominator for leaf in root.leaves))
    values = lcm(*(full_value(leaf) for leaf in root.leaves))
    counts = {leaf.id: int(leaf.share * weights) * (values // full_value(leaf)) for leaf in root.leaves}
    common = gcd(*counts.values()) or 1
    columns: dict[str, nw.Expr] = {}
    for leaf in root.leaves:
        source = sources[leaf.id]
        share = counted(source)
        assert share is not None, "an exact index counts every value"
        share = share * (counts[leaf.id] // common)
        columns[source.name("c")] = share.fill_null(0) if leaf.missing in ("zero", "reweigh") else share
        if root.reweighed:
            columns[source.name("p")] = _present(source, int(leaf.share * weights), nw.Int64)
    frame = frame.with_columns(**columns)
    found = {}
    for node in wanted:
        earned = reduce(add, (nw.col(sources[leaf.id].name("c")) for leaf in node.leaves))
        if not node.reweighed:
            ratio = full * common / (weights * values)
            found[node.id] = rounded(earned, ratio.numerator, ratio.denominator)
        elif not node.share:
            found[node.id] = earned * 0
        else:
            ratio = full * node.share * common / values
            weight = reduce(add, (nw.col(sources[leaf.id].name("p")) for leaf in node.leaves))
            value = rounded(earned, ratio.numerator, weight.clip(1, None) * ratio.denominator)
            found[node.id] = nw.when(weight > 0).then(value)
        found[node.id] = _if_present(node, sources, found[node.id])
    return frame, found


def _present(source: Source, weight: Any, dtype: Any) -> nw.Expr:
    """Return a leaf's weight, or nothing where its value is missing and its weight goes to others."""
    import narwhals as nw

    given = nw.lit(weight, dtype=dtype)
    if source.leaf.missing != "reweigh":
        return given
    return nw.when(nw.col(source.column).is_null()).then(nw.lit(0, dtype=dtype)).otherwise(given)


def _if_present(node: Branch, sources: Mapping[str, Source], value: nw.Expr) -> nw.Expr:
    """Return a value, but none for a leaf whose own is missing and whose weight goes to others."""
    import narwhals as nw

    if node.leaf is None or node.leaf.missing != "reweigh":
        return value
    return nw.when(~nw.col(sources[node.id].column).is_null()).then(value)


def _real(
    frame: Any, root: Branch, sources: Mapping[str, Source], wanted: Sequence[Branch], full: Fraction
) -> tuple[Any, dict[str, nw.Expr]]:
    """Put floats together from the leaves up, a level at a time."""
    import narwhals as nw

    names = {node.id: f"node{i}" for i, node in enumerate(root.walk())}
    columns: dict[str, nw.Expr] = {}
    for leaf in root.leaves:
        share = real_share(sources[leaf.id])
        columns[names[leaf.id]] = share.fill_null(0.0) if leaf.missing in ("zero", "reweigh") else share
        if root.reweighed:
            columns[_weight(names[leaf.id])] = _present(sources[leaf.id], float(leaf.share), nw.Float64)
    frame = frame.with_columns(**columns)
    for node in root.walk():
        if node.leaf is None:
            frame = frame.with_columns(**_together(node, names, reweighed=root.reweighed))
    found = {}
    for node in wanted:
        value = snap(nw.col(names[node.id]) * float(full * node.share), full)
        if node.leaf is None and node.reweighed and node.share:
            value = nw.when(nw.col(_weight(names[node.id])) > 0).then(value)
        found[node.id] = _if_present(node, sources, value)
    return frame, found


def _weight(name: str) -> str:
    return f"{name}p"


def _together(node: Branch, names: Mapping[str, str], *, reweighed: bool) -> dict[str, nw.Expr]:
    """Return a node's share and, where weights move, the weight that is present in it.

    A share is null only where a value is missing that nothing may stand for; a node without any value has share and
    weight 0.
    """
    import narwhals as nw

    name = names[node.id]
    shares = [nw.col(names[child.id]) for child in node.below]
    weights: list[Any] = [float(child.share) for child in node.below]
    whole: Any = float(node.share) or 1.0
    columns = {}
    if reweighed:
        weights = [nw.col(_weight(names[child.id])) for child in node.below]
        columns[_weight(name)] = reduce(add, weights)
        whole = nw.when(columns[_weight(name)] > 0).then(columns[_weight(name)]).otherwise(1.0)
    if node.aggregation == "arithmetic" or not node.share:
        columns[name] = reduce(add, (share * weight for share, weight in zip(shares, weights, strict=True))) / whole
        return columns
    nothing = reduce(add, (share * 0.0 for share in shares))
    # Neither a logarithm nor a division meets a share of 0: one that weighs anything makes the whole 0.
    above = [nw.when(share > 0).then(share).otherwise(1.0) for share in shares]
    if node.aggregation == "geometric":
        terms = [share.log() * weight for share, weight in zip(above, weights, strict=True)]
        mean = (reduce(add, terms) / whole).exp()
    else:
        terms = [weight / share for share, weight in zip(above, weights, strict=True)]
        mean = whole / reduce(add, terms)
    void = [(share <= 0) & _weighs(weight) for share, weight in zip(shares, weights, strict=True)]
    empty = [~_weighs(columns[_weight(name)])] if reweighed else []
    columns[name] = nw.when(reduce(or_, [*void, *empty]).fill_null(False)).then(nothing).otherwise(mean + nothing)
    return columns


def _weighs(weight: Any) -> nw.Expr:
    import narwhals as nw

    return nw.lit(weight > 0) if isinstance(weight, float) else weight > 0
