"""What a profile can say about an index: a weighted tree of indicators that scores subjects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cached_property
from math import lcm
from typing import Literal

from communitygov.documents.rule import Finding, Rule, rule, term
from communitygov.index.promises import broken
from communitygov.index.scales import Leaf, Missing, Normalisation, Scale, ends, full_value, largest_value
from communitygov.vocabulary.frames import Column, Table
from communitygov.vocabulary.numbers import Number, Share
from communitygov.vocabulary.period import PeriodKind
from communitygov.vocabulary.text import Title

__all__ = [
    "Constraint",
    "Index",
    "Indicator",
    "Leaf",
    "Level",
    "Method",
    "Missing",
    "Normalisation",
    "Scale",
    "ends",
]

Aggregation = Literal["arithmetic", "geometric", "harmonic"]
SIGNIFICANT = 12
"""Digits of full marks that a score computed in floats is snapped to before it is rounded."""


@rule
class Method(Rule):
    """A way of measuring: questionnaire, visit, documents."""


@rule
class Constraint(Rule):
    """A least share of the index that one method must make up.

    Args:
        method: The method.
        at_least: Its least share; exactly this much satisfies it.
        of: Whether the share is of the weight or of the number of leaf indicators.
    """

    method: str = term("方法", "Method")
    at_least: Share = term("至少", "At least")
    of: Literal["weight", "count"] = term("占比口径", "Share of")


@rule
class Level(Rule):
    """A level of the tree, counted from 1 below the root.

    Args:
        count: How many indicators it has.
        aggregation: How scores of the level below are put together into one of this level; the index's way if absent.
        dynamic: Whether amendments may add or remove its indicators.
    """

    count: int | None = term("数量", "Count", default=None, at_least=1)
    aggregation: Aggregation | None = term("合成方法", "Aggregation", default=None)
    dynamic: bool = term("动态管理", "Dynamic", default=True)


@rule
class Indicator(Rule):
    """A node of the tree. One without indicators below it is a leaf: a column of data.

    Args:
        weight: Its points, or its share among its siblings, as the index declares.
        indicators: The indicators below.
        method: How a leaf is measured.
        aim: The state it aims at.
        scale: What a leaf's raw values can be; the index's, if absent.
        normalisation: How a leaf's value becomes a share; the index's, if absent.
        direction: Whether more is better.
        aggregation: How the indicators below are put together; its level's way, if absent.
        missing: What a missing value of a leaf counts as; the index's policy, if absent.
    """

    weight: Number = term("权重", "Weight")
    indicators: Mapping[str, Indicator] = term("下级指标", "Indicators", default={})
    method: str | None = term("评价方式", "Method", default=None)
    aim: Title | None = term("目标", "Aim", default=None)
    scale: Scale | None = term("量表", "Scale", default=None)
    normalisation: Normalisation | None = term("标准化", "Normalisation", default=None)
    direction: Literal["higher", "lower"] = term("方向", "Direction", default="higher")
    aggregation: Aggregation | None = term("合成方法", "Aggregation", default=None)
    missing: Missing | None = term("缺失处理", "Missing", default=None)

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """How many indicators stand at this node's level and at each below, along this branch."""
        below: list[int] = []
        for child in self.indicators.values():
            for depth, count in enumerate(child.counts):
                if depth == len(below):
                    below.append(0)
                below[depth] += count
        return (1, *below)

    def check(self) -> Iterator[Finding]:
        """Yield findings of this node alone."""
        yield from super().check()
        if self.weight < 0:
            yield Finding(("weight",), "negative-weight", "权重不能为负", "a weight cannot be negative")
        if self.indicators:
            for name in ("method", "scale", "normalisation", "missing"):
                if getattr(self, name) is not None:
                    yield Finding(
                        (name,),
                        "leaf-only",
                        f"`{name}` 只用于末级指标",
                        f"`{name}` belongs to indicators without others below",
                    )
        elif self.aggregation is not None:
            yield Finding(
                ("aggregation",),
                "branch-only",
                "末级指标没有可合成的下级",
                "there is nothing below to put together",
            )


@rule
class Index(Rule):
    """A weighted tree of indicators that scores subjects, once a period.

    Args:
        subject: Who is scored.
        period: How often.
        maximum: Full marks.
        decimals: Places a score is published with; it is rounded once, half up.
        weights: ``points``: children's weights add up to their parent's, those of the first level to full marks.
            ``shares``: siblings' weights add up to 1.
        indicators: The first level of the tree.
        methods: Ways of measuring.
        constraints: Least shares of a method.
        levels: The levels of the tree, keyed ``1``, ``2``, ``3`` ...
        counts: How many indicators each level has, keyed alike.
        scale: What raw values can be, unless an indicator says otherwise.
        normalisation: How values become shares, unless an indicator says otherwise.
        aggregation: How scores are put together, unless a level or an indicator says otherwise.
        missing: What a missing value counts as. ``refuse``: an error that names who is missing what. ``not_scored``:
            the subject has no score that period. ``zero``: nothing of its weight. ``reweigh``: in each node above it,
            its weight is spread over the values present, in proportion; a node with none has no score.
        coverage: ``full`` makes a subject without a row in one of the frame's periods an error, by name.
    """

    subject: str = term("评价对象", "Subject")
    period: PeriodKind = term("评价周期", "Period")
    maximum: Number = term("满分", "Maximum")
    decimals: int = term("公布小数位", "Published decimals", at_least=0, at_most=6)
    weights: Literal["points", "shares"] = term("权重写法", "Weights")
    indicators: Mapping[str, Indicator] = term("指标", "Indicators")
    methods: Mapping[str, Method] = term("评价方式", "Methods", default={})
    constraints: Mapping[str, Constraint] = term("占比要求", "Constraints", default={})
    levels: Mapping[str, Level] = term("层级", "Levels", default={})
    counts: Mapping[str, int] = term("各级数量", "Counts", default={})
    scale: Scale = term("量表", "Scale", default=Scale())
    normalisation: Normalisation = term("标准化", "Normalisation", default=Normalisation(kind="none"))
    aggregation: Aggregation = term("合成方法", "Aggregation", default="arithmetic")
    missing: Missing = term("缺失处理", "Missing", default="refuse")
    coverage: Literal["full", "any"] = term("覆盖", "Coverage", default="any")

    def aggregation_of(self, indicator: Indicator | None, depth: int) -> Aggregation:
        """Return how the indicators below a node are put together.

        Args:
            indicator: The node; None for the root.
            depth: Its level; 0 for the root.
        """
        level = self.levels.get(str(depth))
        return (indicator and indicator.aggregation) or (level and level.aggregation) or self.aggregation

    @cached_property
    def leaves(self) -> tuple[Leaf, ...]:
        """The leaves of the tree, in its order, with what holds for each."""
        found: list[Leaf] = []

        def visit(
            nodes: Mapping[str, Indicator], path: tuple[str, ...], share: Fraction, clause: tuple[str, ...]
        ) -> None:
            whole = sum((node.weight for node in nodes.values()), Fraction(0))
            for key, node in nodes.items():
                part = share * node.weight / whole if whole else Fraction(0)
                cited = node.clause or clause
                if node.indicators:
                    visit(node.indicators, (*path, key), part, cited)
                    continue
                found.append(
                    Leaf(
                        id=key,
                        path=(*path, key),
                        share=part,
                        title=node.name(key),
                        method=node.method,
                        scale=node.scale or self.scale,
                        normalisation=node.normalisation or self.normalisation,
                        direction=node.direction,
                        missing=node.missing or self.missing,
                        clause=cited,
                    )
                )

        visit(self.indicators, (), Fraction(1), self.clause)
        return tuple(found)

    @cached_property
    def nodes(self) -> tuple[tuple[tuple[str, ...], Indicator], ...]:
        """Every node of the tree with its path, parents first."""

        def visit(nodes: Mapping[str, Indicator], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Indicator]]:
            for key, node in nodes.items():
                yield (*path, key), node
                yield from visit(node.indicators, (*path, key))

        return tuple(visit(self.indicators, ()))

    @cached_property
    def table(self) -> Table:
        """The columns that data of this index has: one row per subject and period, one column per leaf."""
        columns = [
            Column("subject", "text", Title(zh="评价对象", en="subject")),
            Column("period", "period", Title(zh="时期", en="period")),
            *(
                Column(
                    leaf.id,
                    "number",
                    leaf.title,
                    nullable=leaf.missing != "refuse",
                    minimum=leaf.scale.minimum,
                    maximum=leaf.scale.maximum,
                    decimals=leaf.scale.decimals,
                    clause=leaf.clause,
                )
                for leaf in self.leaves
            ),
        ]
        return Table(Title(zh="评价数据", en="index data"), tuple(columns), ("subject", "period"))

    def check(self) -> Iterator[Finding]:
        """Yield every promise of the tree that does not hold."""
        yield from super().check()
        yield from broken(self)

    def share_of(self, method: str, of: Literal["weight", "count"]) -> Fraction:
        """Return the share of the index that one method makes up.

        Args:
            method: The method.
            of: Whether the share is of the weight or of the number of leaves.
        """
        mine = [leaf for leaf in self.leaves if leaf.method == method]
        if of == "count":
            return Fraction(len(mine), max(len(self.leaves), 1))
        return sum((leaf.share for leaf in mine), Fraction(0))

    @cached_property
    def exact(self) -> bool:
        """Whether every score is computed in whole numbers; else in floats snapped to 12 significant digits."""
        if any(leaf.normalisation.real for leaf in self.leaves):
            return False
        depths = [(0, None), *((len(path), node) for path, node in self.nodes if node.indicators)]
        return all(self.aggregation_of(node, depth) == "arithmetic" for depth, node in depths)

    @cached_property
    def largest(self) -> int:
        """A bound on every whole number met on the way to a score, roundings and reweighing included."""
        bounds = [largest_value(leaf) for leaf in self.leaves]
        full = self.maximum * 10**self.decimals
        if not self.exact:
            finer = int(10 ** max(0, SIGNIFICANT - len(str(int(full)))))
            return max([4 * (int(full) + 1) * finer, *bounds])
        bottom = lcm(*((full * leaf.share / full_value(leaf)).denominator for leaf in self.leaves))
        bounds.append(4 * bottom * (int(full) + 1))
        if any(leaf.missing == "reweigh" for leaf in self.leaves):
            values = lcm(*(full_value(leaf) for leaf in self.leaves))
            weights = lcm(*(leaf.share.denominator for leaf in self.leaves))
            for path in ((), *(path for path, _ in self.nodes)):
                share = sum((leaf.share for leaf in self.leaves if leaf.path[: len(path)] == path), Fraction(0))
                step = (full * share / values).denominator
                bounds.append(4 * step * weights * (int(full * share) + 1))
        return max(bounds)
