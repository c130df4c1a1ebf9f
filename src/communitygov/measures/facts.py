"""Promises that facts and schemes make about the rest of a profile: sums that hold, counts that are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction

from attrs import frozen

from communitygov.documents.node import Node
from communitygov.documents.rule import Finding
from communitygov.measures.rules import Fact, Scheme
from communitygov.vocabulary.numbers import decimal_text

__all__ = ["check_facts", "check_schemes"]


_SUMS = "sums"
_MADE = Mapping[str, Fact]
"""Under which a node keeps the facts that it was made into."""


@frozen
class _Sums:
    """What was found of the sums among the facts of a profile.

    Args:
        of: The sums that each fact is named a part of; some of them may no longer name it.
        found: The finding of each sum that does not hold.
    """

    of: dict[str, tuple[str, ...]]
    found: dict[str, Finding]


def check_facts(facts: Mapping[str, Fact], node: Node | None = None) -> Iterator[Finding]:
    """Yield a finding for each fact that is not the sum of the facts it is said to be the sum of.

    A figure that the source itself calls inexact (近, 百余) is a bound, and so is a sum with one in it:
    nothing is found then. A part that is no fact is left to the check of references.

    Args:
        facts: The facts of a profile, by id.
        node: The located data of the profile. What is found is kept on its facts, so that after a patch only the sums
            that it touches are added up again; without it, all are.

    Source:
        SJS-41: of 3,417 questionnaires 2,790 were residents'.

    Example:
        >>> from fractions import Fraction
        >>> from communitygov.vocabulary.text import Title
        >>> unit = Title(zh="份", en="questionnaires")
        >>> facts = {
        ...     "all": Fact(value=Fraction(3417), unit=unit, sum_of=("residents", "others")),
        ...     "residents": Fact(value=Fraction(2790), unit=unit),
        ...     "others": Fact(value=Fraction(600), unit=unit),
        ... }
        >>> [finding.en for finding in check_facts(facts)]
        ['the parts residents, others add up to 3390, 27 less than the 3417 stated']
    """
    yield from _sums(facts, None if node is None else node.get("facts")).found.values()


def _sums(facts: Mapping[str, Fact], node: Node | None) -> _Sums:
    kept = None if node is None else node.memo.get(_SUMS)
    if isinstance(kept, _Sums):
        return kept
    of: dict[str, tuple[str, ...]] = {}
    found: dict[str, Finding] = {}
    touched: Iterable[str] = facts
    if node is not None and node.made_of is not None and isinstance(known := node.made_of[0].memo.get(_MADE), Mapping):
        before, changed = _sums(known, node.made_of[0]), node.made_of[1]
        of = before.of.copy()
        touched = dict.fromkeys((*changed, *(name for key in changed for name in of.get(key, ()))))
        found = {key: finding for key, finding in before.found.items() if key not in touched}
    for key in touched:
        fact = facts.get(key)
        if fact is None or not fact.sum_of:
            continue
        for part in fact.sum_of:
            of[part] = tuple(dict.fromkeys((*of.get(part, ()), key)))
        found.update((key, finding) for finding in _sum(key, fact, facts))
    sums = _Sums(of, found)
    if node is not None:
        node.memo[_SUMS] = sums
    return sums


def _sum(key: str, fact: Fact, facts: Mapping[str, Fact]) -> Iterator[Finding]:
    if key in fact.sum_of:
        yield Finding(("facts", key, "sum_of"), "sum-of-itself", "不能合计自身", "a fact is no part of itself")
        return
    parts = [facts[name] for name in fact.sum_of if name in facts]
    if len(parts) < len(fact.sum_of) or any(one.inexact for one in (fact, *parts)):
        return
    total = sum((part.value for part in parts), Fraction(0))
    if total != fact.value:
        names, gap = ", ".join(fact.sum_of), decimal_text(abs(total - fact.value))
        more = total > fact.value
        yield Finding(
            ("facts", key, "value"),
            "sum-differs",
            f"{names} 合计 {decimal_text(total)}，比所载 {decimal_text(fact.value)} {'多' if more else '少'} {gap}",
            f"the parts {names} add up to {decimal_text(total)}, "
            f"{gap} {'more' if more else 'less'} than the {decimal_text(fact.value)} stated",
            also=tuple(("facts", name, "value") for name in fact.sum_of),
            rests_on=(("facts", key), *(("facts", name) for name in fact.sum_of)),
        )


def check_schemes(schemes: Mapping[str, Scheme], entries: Callable[[str], int | None]) -> Iterator[Finding]:
    """Yield a finding for each part of a scheme that does not have as many members as its name counts.

    Parts that list their own members check themselves; here are those counted elsewhere in the profile.

    Args:
        schemes: The schemes of a profile, by id.
        entries: From a dotted path such as ``index.quality_community.indicators`` to the number of entries
            there, or None if there is no mapping.

    Source:
        SJS-48: the name 5143 counts five qualities, one evaluation system, four steps and three safeguards.

    Example:
        >>> from communitygov.measures.rules import SchemePart
        >>> part = SchemePart(count=5, counted="index.quality_community.indicators")
        >>> [finding.en for finding in check_schemes({"5143": Scheme(parts={"5": part})}, lambda path: 4)]
        ['must have 5 entries in `index.quality_community.indicators`, which has 4']
    """
    for name, scheme in schemes.items():
        for key, part in scheme.parts.items():
            if part.counted is None:
                continue
            path, found = ("schemes", name, "parts", key), entries(part.counted)
            if found is None:
                yield Finding(
                    (*path, "counted"),
                    "unknown-reference",
                    f"`{part.counted}` 处没有可计数的条目",
                    f"there is nothing to count at `{part.counted}`",
                )
            elif found != part.count:
                yield Finding(
                    (*path, "count"),
                    "counts-differ",
                    f"`{part.counted}` 应有 {part.count} 项，实有 {found} 项",
                    f"must have {part.count} entries in `{part.counted}`, which has {found}",
                    also=(tuple(part.counted.split(".")),),
                )
