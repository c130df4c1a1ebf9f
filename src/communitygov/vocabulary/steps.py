"""Steps: why a result is what it is, as a tree that can be read, printed and checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from attrs import field, frozen

from communitygov.vocabulary.text import Title

__all__ = ["Steps"]


def _as_tuple(steps: Iterable[Steps]) -> tuple[Steps, ...]:
    return tuple(steps)


@frozen
class Steps:
    """One step of an explanation, with the steps it rests on.

    An explanation is exact: a value is a whole number or a fraction, never a float, except where the rule itself
    calls for a logarithm, a root or a deviation.

    Args:
        key: What the step is, for machines: ``"score"``, ``"cut"``, ``"weight"`` ...
        title: What it is, for people.
        value: What came out.
        text: The sentence that says why.
        clause: The clauses it rests on.
        source: Where the numbers stand: layer, file and line, and what they were before.
        children: The steps below, in order.
        facts: Named values that suffice to compute the step again by hand.
        words: The value for people, where the value itself is an id.

    Example:
        >>> tree = Steps("sum", Title(zh="合计", en="sum"), 3, children=(Steps("a", Title(zh="甲", en="a"), 3),))
        >>> [step.key for step in tree.walk()]
        ['sum', 'a']
    """

    key: str
    title: Title
    value: Fraction | int | float | str | bool | None = None
    text: Title | None = None
    clause: tuple[str, ...] = ()
    source: Title | None = None
    children: tuple[Steps, ...] = field(default=(), converter=_as_tuple)
    facts: dict[str, Fraction | int | float | str | bool | None] = field(factory=dict)
    words: Title | None = None

    def walk(self) -> Iterator[Steps]:
        """Yield this step and all below it, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()

    def find(self, key: str) -> Steps:
        """Return the first step of a key.

        Args:
            key: The key looked for.

        Raises:
            KeyError: If no step has it.
        """
        for step in self.walk():
            if step.key == key:
                return step
        raise KeyError(key)
