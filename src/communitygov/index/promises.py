"""What must hold of an index as a whole: of its weights and counts, its names, its methods and its leaves."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from communitygov.documents.node import Path
from communitygov.documents.rule import Finding
from communitygov.vocabulary.numbers import decimal_text, share_text
from communitygov.vocabulary.problem import did_you_mean

if TYPE_CHECKING:
    from communitygov.index.rules import Index

__all__ = ["RESERVED", "broken"]

RESERVED = frozenset({"subject", "period", "score", "maximum", "missing"})
"""Names of result columns that no indicator may take."""


def broken(index: Index) -> Iterator[Finding]:
    """Yield every promise of the tree that does not hold.

    Args:
        index: The index; each of its nodes has checked itself.

    Example:
        >>> import communitygov
        >>> list(broken(communitygov.load_profile("shijingshan").at(2024).index["quality_community"]))
        []
    """
    for promise in (_weights, _counts, _ids, _methods, _leaves):
        yield from promise(index)


def _at(path: Path) -> Path:
    """Return where an indicator stands in the document, by its ids from the first level down."""
    return tuple(key for name in path for key in ("indicators", name))


def _tree(index: Index, *fields: str) -> tuple[Path, ...]:
    """Return the path of every mapping of indicators, and of some fields of each."""
    nodes = [_at(path) for path, _ in index.nodes]
    return (("indicators",), *((*where, name) for where in nodes for name in ("indicators", *fields)))


def _weights(index: Index) -> Iterator[Finding]:
    branches = [
        ((), None, index.indicators),
        *((path, node, node.indicators) for path, node in index.nodes),
    ]
    for path, parent, children in branches:
        if not children:
            continue
        total = sum((child.weight for child in children.values()), Fraction(0))
        full = index.maximum if parent is None else parent.weight
        wanted = Fraction(1) if index.weights == "shares" else full
        if total != wanted:
            gap = total - wanted
            zh = f"多 {decimal_text(gap)}" if gap > 0 else f"少 {decimal_text(-gap)}"
            en = f"{decimal_text(abs(gap))} too {'much' if gap > 0 else 'little'}"
            where = (*_at(path), "indicators")
            yield Finding(
                where,
                "weights-do-not-add-up",
                f"下级权重合计 {decimal_text(total)}，应为 {decimal_text(wanted)}，{zh}",
                f"the weights add up to {decimal_text(total)}, not {decimal_text(wanted)}: {en}",
                rests_on=(
                    *((*where, key, "weight") for key in children),
                    ("maximum",) if parent is None else (*_at(path), "weight"),
                    ("weights",),
                ),
            )


def _counts(index: Index) -> Iterator[Finding]:
    seen: list[int] = []
    for child in index.indicators.values():
        for depth, count in enumerate(child.counts):
            if depth == len(seen):
                seen.append(0)
            seen[depth] += count
    for key, wanted in index.counts.items():
        found = seen[int(key) - 1] if key.isdigit() and 0 < int(key) <= len(seen) else 0
        if found != wanted:
            yield Finding(
                ("counts", key),
                "counts-differ",
                f"第 {key} 级应有 {wanted} 项指标，实有 {found} 项；若有意改变，请一并修改 `counts`",
                f"level {key} must have {wanted} indicators and has {found}; change `counts` too if this is meant",
                rests_on=_tree(index),
            )


def _ids(index: Index) -> Iterator[Finding]:
    first: dict[str, tuple[str, ...]] = {}
    for path, _ in index.nodes:
        where = _at(path)
        if path[-1] in RESERVED:
            yield Finding(where, "reserved-id", f"`{path[-1]}` 是保留名", f"`{path[-1]}` is a reserved name")
        if path[-1] in first:
            yield Finding(
                where,
                "repeated-id",
                f"指标 `{path[-1]}` 重名；列名须唯一",
                f"the indicator `{path[-1]}` stands twice; columns need one name each",
                also=(first[path[-1]],),
            )
        first.setdefault(path[-1], where)


def _methods(index: Index) -> Iterator[Finding]:
    for path, node in index.nodes:
        if node.method is not None and node.method not in index.methods:
            hint = did_you_mean(node.method, index.methods)
            yield Finding(
                (*_at(path), "method"),
                "unknown-reference",
                f"没有评价方式 `{node.method}`{hint.zh}",
                f"there is no method `{node.method}`{hint.en}",
                rests_on=(("methods", node.method),),
            )
    for key, constraint in index.constraints.items():
        if constraint.method not in index.methods:
            hint = did_you_mean(constraint.method, index.methods)
            yield Finding(
                ("constraints", key, "method"),
                "unknown-reference",
                f"没有评价方式 `{constraint.method}`{hint.zh}",
                f"there is no method `{constraint.method}`{hint.en}",
                rests_on=(("methods", constraint.method),),
            )
            continue
        share = index.share_of(constraint.method, constraint.of)
        if share < constraint.at_least:
            zh = {"weight": "权重", "count": "数量"}[constraint.of]
            yield Finding(
                ("constraints", key),
                "method-share-too-small",
                f"`{constraint.method}` 占{zh} {share_text(share)}，须不低于 {share_text(constraint.at_least)}",
                f"`{constraint.method}` makes up {share_text(share)} of the {constraint.of}, "
                f"at least {share_text(constraint.at_least)} is required",
                rests_on=(
                    *(("constraints", key, name) for name in ("method", "at_least", "of")),
                    *_tree(index, "method", "weight"),
                ),
            )


def _leaves(index: Index) -> Iterator[Finding]:
    if (index.maximum * 10**index.decimals).denominator != 1:
        yield Finding(
            ("maximum",),
            "maximum-not-publishable",
            f"满分 {decimal_text(index.maximum)} 的小数多于公布的 {index.decimals} 位",
            f"full marks of {decimal_text(index.maximum)} have more than the {index.decimals} published decimals",
            rests_on=(("decimals",),),
        )
    for leaf in index.leaves:
        where = _at(leaf.path)
        scale = leaf.scale
        if leaf.normalisation.kind == "none" and (scale.minimum is None or scale.maximum is None):
            yield Finding(
                where,
                "scale-missing",
                "须有量表的最低值和最高值",
                "needs a scale with minimum and maximum, or a normalisation",
                rests_on=(("scale",), ("normalisation",)),
            )
        if scale.decimals is None and index.exact:
            yield Finding(
                where,
                "decimals-missing",
                "须声明原始值小数位（scale.decimals）才能精确计算",
                "needs scale.decimals, so that its values are exact",
                rests_on=(("scale",), ("normalisation",), ("aggregation",), ("levels",)),
            )
    bits = index.largest.bit_length()
    if bits > 62:
        yield Finding(
            (),
            "index-too-large",
            f"按此权重与小数位计算需要 {bits} 位整数，超过 62 位；请减少小数位或简化权重",
            f"its weights and decimals need {bits} bits, more than 62; use fewer decimals or simpler weights",
        )
