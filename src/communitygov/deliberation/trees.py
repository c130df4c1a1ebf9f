"""Trees of thresholds as columns: 0 does not hold, 1 is not known, 2 holds.

So ``all_of`` is the least of its parts and ``any_of`` the greatest, on every kind of frame, and what is not known stays
so unless a known part decides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from attrs import frozen

from communitygov.deliberation.rules import Decision, Threshold
from communitygov.deliberation.tables import column_of

if TYPE_CHECKING:
    import narwhals as nw

__all__ = ["FAILS", "HOLDS", "NEVER", "UNKNOWN", "Votes", "lay_out", "only_of", "reaches", "value"]

FAILS, UNKNOWN, HOLDS = 0, 1, 2

NEVER = 2**62
"""A count that nobody reaches."""


@frozen
class Votes:
    """The votes of a matter as columns of a frame that is laid out, or what they would be if some were others.

    Args:
        decision: The rule.
        before: What stands before the names of the columns; something where some votes are others.
    """

    decision: Decision
    before: str = ""

    def given(self, measure: str, stratum: str | None, count: str) -> nw.Expr:
        """Return a count.

        Args:
            measure: The measure.
            stratum: The stratum, or None.
            count: Its name.
        """
        import narwhals as nw

        return nw.col(self.before + column_of(measure, stratum, count))

    def of_leaf(self, path: str, what: str) -> nw.Expr:
        """Return what ``lay_out`` found of a leaf.

        Args:
            path: Its dotted path.
            what: ``count``, ``base``, ``least`` or ``value``.
        """
        import narwhals as nw

        return nw.col(f"{self.before}{path}:{what}")

    def counted(self, name: str, leaf: Threshold) -> nw.Expr:
        """Return the count that is held against a leaf: who came, or who voted yes.

        Args:
            name: ``quorum`` or ``passes``.
            leaf: The leaf.
        """
        return self.base(leaf, self.decision.quorum_by) if name == "quorum" else self.base(leaf, "yes")

    def base(self, leaf: Threshold, of: str) -> nw.Expr:
        """Return a count of a leaf's measure and stratum, abstentions counted as the rule says.

        Args:
            leaf: The leaf.
            of: A base, or ``yes``.
        """

        def given(count: str) -> nw.Expr:
            return self.given(str(leaf.measure), leaf.stratum, count)

        if of == "cast":
            cast = given("yes") + given("no")
            return cast + given("abstain") if self.decision.abstention == "no" else cast
        if of == "taking_part" and self.decision.abstention == "absent":
            return given("taking_part") - given("abstain")
        return given(of)


def lay_out(votes: Votes, frame: Any) -> Any:
    """Return the counts with four more columns for each leaf: its count, its base, the least that is enough, its value.

    In steps, so that no expression is written out twice. Nobody at all is no base: whether a share of an empty register
    is reached is not known; of no votes it is not.

    Args:
        votes: The votes.
        frame: The counts, as whole numbers of 64 bits.
    """
    leaves = list(votes.decision.leaves())
    steps: list[tuple[str, Callable[[str, Threshold], nw.Expr]]] = [
        ("count", lambda path, leaf: votes.counted(path.partition(".")[0], leaf)),
        ("base", lambda path, leaf: votes.base(leaf, str(leaf.of))),
        ("least", lambda path, leaf: _least(leaf, votes.of_leaf(path, "base"))),
        ("value", lambda path, leaf: _value(votes, path, leaf)),
    ]
    for what, expression in steps:
        frame = frame.with_columns(
            *(expression(path, leaf).alias(f"{votes.before}{path}:{what}") for path, leaf in leaves)
        )
    return frame


def _least(leaf: Threshold, base: nw.Expr) -> nw.Expr:
    """Return the least count that reaches a share of a base: whole numbers only."""
    top, bottom = leaf.share.numerator, leaf.share.denominator
    if leaf.more_than is not None:
        return base * top // bottom + 1
    return (base * top + (bottom - 1)) // bottom


def _value(votes: Votes, path: str, leaf: Threshold) -> nw.Expr:
    import narwhals as nw

    count, base = votes.of_leaf(path, "count"), votes.of_leaf(path, "base")
    reached = nw.when(count >= votes.of_leaf(path, "least")).then(nw.lit(HOLDS)).otherwise(nw.lit(FAILS))
    empty = nw.lit(UNKNOWN if leaf.of == "all" else FAILS)
    known = nw.when(base == 0).then(empty).otherwise(reached)
    return nw.when(count.is_null() | base.is_null()).then(nw.lit(UNKNOWN)).otherwise(known)


def value(votes: Votes, path: str, tree: Threshold) -> nw.Expr:
    """Return whether a tree holds, as 0, 1 or 2.

    Args:
        votes: The votes.
        path: Its dotted path, such as ``quorum``.
        tree: The tree.
    """
    if tree.is_leaf:
        return votes.of_leaf(path, "value")
    return _joined(tree, [value(votes, f"{path}.{key}", part) for key, part in tree.parts])


def _joined(tree: Threshold, parts: Sequence[nw.Expr]) -> nw.Expr:
    import narwhals as nw

    return nw.min_horizontal(*parts) if tree.all_of else nw.max_horizontal(*parts)


def reaches(votes: Votes, path: str, tree: Threshold, measure: str) -> nw.Expr:
    """Return from which count of one measure on a tree holds, bases and all other counts staying as they are.

    0 where it holds whatever that count is, ``NEVER`` where no count helps, missing where a base is not known.

    Args:
        votes: The votes.
        path: Its dotted path.
        tree: The tree.
        measure: The measure; counts of strata do not move with it.
    """
    import narwhals as nw

    if tree.is_leaf:
        found = nw.when(votes.of_leaf(path, "value") == HOLDS).then(nw.lit(0)).otherwise(nw.lit(NEVER))
        if tree.measure == measure and tree.stratum is None:
            empty = votes.of_leaf(path, "base") == 0
            found = nw.when(empty).then(nw.lit(NEVER)).otherwise(votes.of_leaf(path, "least"))
        return found.cast(nw.Int64)
    parts = [reaches(votes, f"{path}.{key}", part, measure) for key, part in tree.parts]
    known = nw.max_horizontal(*parts) if tree.all_of else nw.min_horizontal(*parts)
    unknown = nw.any_horizontal(*(part.is_null() for part in parts), ignore_nulls=False)
    return nw.when(~unknown).then(known)


def only_of(tree: Threshold, measure: str) -> Threshold | None:
    """Return what of a tree speaks of one measure without strata; None if nothing does.

    Args:
        tree: The tree.
        measure: The measure.
    """
    if tree.is_leaf:
        return tree if tree.measure == measure and tree.stratum is None else None
    kept = {key: only_of(part, measure) for key, part in tree.parts}
    parts = {key: part for key, part in kept.items() if part is not None}
    if not parts:
        return None
    return Threshold(all_of=parts) if tree.all_of else Threshold(any_of=parts)
