"""Guards: a closed language of facts, comparisons, and, or, not. Nothing of it is ever evaluated as code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import product
from typing import Any

from communitygov.documents.rule import Finding, Rule, rule, term
from communitygov.measures.rules import Condition

__all__ = ["MOST_CASES", "Guard", "combinations_of"]

MOST_CASES = 10_000
"""How many combinations of values a choice may have, so that all of them can be gone through."""


@rule
class Guard(Rule):
    """What must be true of a case's facts. All that is given must hold.

    Args:
        facts: What single facts must be.
        all_of: Guards that must all hold.
        any_of: Guards of which one must hold.
        none_of: Guards of which none may hold.
    """

    facts: Mapping[str, Condition] = term("事实", "Facts", default={})
    all_of: Mapping[str, Guard] = term("均须", "All of", default={})
    any_of: Mapping[str, Guard] = term("任一", "Any of", default={})
    none_of: Mapping[str, Guard] = term("均不", "None of", default={})

    @property
    def parts(self) -> Iterator[tuple[str, Mapping[str, Guard]]]:
        """The guards below, by field."""
        for name in ("all_of", "any_of", "none_of"):
            yield name, getattr(self, name)

    @cached_property
    def reads(self) -> frozenset[str]:
        """The facts that it speaks of, here and below."""
        below = (guard.reads for _, part in self.parts for guard in part.values())
        return frozenset(self.facts).union(*below)

    @cached_property
    def _plain(self) -> bool:
        """Whether it asks for one fact and nothing else."""
        return len(self.facts) == 1 and not (self.all_of or self.any_of or self.none_of)

    def bounds(self, fact: str) -> Iterator[int]:
        """Yield the numbers that a fact is held against, here and below.

        Args:
            fact: The fact.
        """
        if fact in self.facts:
            for bound in (self.facts[fact].at_least, self.facts[fact].at_most):
                if bound is not None:
                    yield from (bound.numerator // bound.denominator, -(-bound.numerator // bound.denominator))
        for _, part in self.parts:
            for guard in part.values():
                yield from guard.bounds(fact)

    def holds(self, facts: Mapping[str, Any]) -> bool | None:
        """Return whether it holds; None if that hangs on a fact that is not known.

        Args:
            facts: What is known, by fact.
        """
        if self._plain:
            # Nearly every guard is of one fact; this is asked at each act that comes to a branch.
            ((name, condition),) = self.facts.items()
            return _meets(condition, facts.get(name))
        found = [_meets(condition, facts.get(name)) for name, condition in self.facts.items()]
        found += [guard.holds(facts) for guard in self.all_of.values()]
        if self.any_of:
            found.append(_any(guard.holds(facts) for guard in self.any_of.values()))
        if self.none_of:
            found.append(_not(_any(guard.holds(facts) for guard in self.none_of.values())))
        return False if False in found else None if None in found else True

    def check(self) -> Iterator[Finding]:
        """Yield a finding if it asks nothing, or speaks of decimals, which facts do not have."""
        yield from super().check()
        if not self.facts and not any(part for _, part in self.parts):
            yield Finding((), "empty-condition", "没有任何条件", "asks nothing")
        for name, condition in self.facts.items():
            if condition.decimals:
                yield Finding(
                    ("facts", name, "decimals"), "unused-setting", "事实为整数，没有小数位", "a fact is a whole number"
                )


def _any(found: Iterator[bool | None]) -> bool | None:
    values = list(found)
    return True if True in values else None if None in values else False


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value


def _meets(condition: Condition, value: Any) -> bool | None:
    """Return whether a value is what a condition asks for; None if there is none and that matters."""
    if condition.known is False:
        return value is None
    if value is None:
        return None if condition.known is None else False
    if condition.one_of:
        return value in condition.one_of
    if condition.flag is not None:
        return bool(value is condition.flag)
    above = condition.at_least is None or value >= condition.at_least
    return above and (condition.at_most is None or value <= condition.at_most)


def combinations_of(values: Mapping[str, list[Any]]) -> Iterator[dict[str, Any]]:
    """Yield every combination of values of facts.

    Args:
        values: The values of each fact.
    """
    for row in product(*values.values()):
        yield dict(zip(values, row, strict=True))
