"""Trees of thresholds as columns: 0 does not hold, 1 is not known, 2 holds.

So ``all_of`` is the least of its parts and ``any_of`` the greatest, on every kind of frame, and what is not known stays
so unless a known part decides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from attrs import frozen

from communitygov.deliberation.rules import Decision, Threshold
from communitygov.deliberation.tables import column_of

if TYPE_CHECKING:
    import narwhals as nw

__all__ = ["FAILS", "HOLDS", "NEVER", "UNKNOWN", "Votes", "least", "only_of", "reaches", "value"]

FAILS, UNKNOWN, HOLDS = 0, 1, 2

NEVER = 2**62
"""A count that nobody reaches."""


@frozen
class Votes:
    """The votes of a matter as columns, and what would be if some were others.

    Args:
        decision: The rule.
        changed: What is added to a count, by its name, of whatever is counted without strata: an expression of the
            measure and the stratum.
    """

    decision: Decision
    changed: Callable[[str, str | None, str], nw.Expr | None] | None = None

    def given(self, measure: str, stratum: str | None, count: str) -> nw.Expr:
        """Return a count as it is given, or as it is changed.

        Args:
            measure: The measure.
            stratum: The stratum, or None.
            count: Its name.
        """
        import narwhals as nw

        plain = nw.col(column_of(measure, stratum, count)).cast(nw.Int64)
        more = None if self.changed is None else self.changed(measure, stratum, count)
        return plain if more is None else plain + more

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


def least(leaf: Threshold, base: nw.Expr) -> nw.Expr:
    """Return the least count that reaches a share of a base: whole numbers only.

    Args:
        leaf: The leaf.
        base: Its base.
    """
    top, bottom = leaf.share.numerator, leaf.share.denominator
    if leaf.more_than is not None:
        return base * top // bottom + 1
    return (base * top + (bottom - 1)) // bottom


def value(votes: Votes, name: str, tree: Threshold) -> nw.Expr:
    """Return whether a tree holds, as 0, 1 or 2.

    Nobody at all is no base: whether a share of an empty register is reached is not known; of no votes it is not.

    Args:
        votes: The votes.
        name: ``quorum`` or ``passes``.
        tree: The tree.
    """
    import narwhals as nw

    if not tree.is_leaf:
        return _joined(tree, [value(votes, name, part) for _, part in tree.parts])
    count, base = votes.counted(name, tree), votes.base(tree, str(tree.of))
    reached = nw.when(count >= least(tree, base)).then(nw.lit(HOLDS)).otherwise(nw.lit(FAILS))
    empty = nw.lit(UNKNOWN if tree.of == "all" else FAILS)
    known = nw.when(base == 0).then(empty).otherwise(reached)
    return nw.when(count.is_null() | base.is_null()).then(nw.lit(UNKNOWN)).otherwise(known)


def _joined(tree: Threshold, parts: Sequence[nw.Expr]) -> nw.Expr:
    import narwhals as nw

    return nw.min_horizontal(*parts) if tree.all_of else nw.max_horizontal(*parts)


def reaches(votes: Votes, name: str, tree: Threshold, measure: str) -> nw.Expr:
    """Return from which count of one measure on a tree holds, bases and all other counts staying as they are.

    0 where it holds whatever that count is, ``NEVER`` where no count helps, missing where a base is not known.

    Args:
        votes: The votes.
        name: ``quorum`` or ``passes``.
        tree: The tree.
        measure: The measure; counts of strata do not move with it.
    """
    import narwhals as nw

    if tree.is_leaf:
        found = nw.when(value(votes, name, tree) == HOLDS).then(nw.lit(0)).otherwise(nw.lit(NEVER))
        if tree.measure == measure and tree.stratum is None:
            base = votes.base(tree, str(tree.of))
            found = nw.when(base == 0).then(nw.lit(NEVER)).otherwise(least(tree, base))
        return found.cast(nw.Int64)
    parts = [reaches(votes, name, part, measure) for _, part in tree.parts]
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
