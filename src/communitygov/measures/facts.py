"""Promises that facts and schemes make about the rest of a profile: sums that hold, counts that are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction

from communitygov.documents.rule import Finding
from communitygov.measures.rules import Fact, Scheme
from communitygov.vocabulary.numbers import decimal_text

__all__ = ["check_facts", "check_schemes"]


def check_facts(facts: Mapping[str, Fact]) -> Iterator[Finding]:
    """Yield a finding for each fact that is not the sum of the facts it is said to be the sum of.

    A figure that the source itself calls inexact (近, 百余) is a bound, and so is a sum with one in it:
    nothing is found then. A part that is no fact is left to the check of references.

    Args:
        facts: The facts of a profile, by id.

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
    for key, fact in facts.items():
        if key in fact.sum_of:
            yield Finding(("facts", key, "sum_of"), "sum-of-itself", "不能合计自身", "a fact is no part of itself")
            continue
        parts = [facts[name] for name in fact.sum_of if name in facts]
        if not parts or len(parts) < len(fact.sum_of) or any(one.inexact for one in (fact, *parts)):
            continue
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
