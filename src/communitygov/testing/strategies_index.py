"""Hypothesis strategies for indexes and their data: any tree, any measuring, any missing values.

For the library's own properties, and for authors of profiles who want to try their rules on data that nobody would
write by hand: ``data(profile_index)`` draws what the index's own columns allow.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING, Any, Literal, cast

from attrs import evolve
from hypothesis import assume
from hypothesis import strategies as st

from communitygov.index.rules import Aggregation, Index, Indicator, Leaf, Missing, Normalisation, Scale, ends
from communitygov.vocabulary.dated import Dated
from communitygov.vocabulary.numbers import Number
from communitygov.vocabulary.period import Period

if TYPE_CHECKING:
    import polars as pl

__all__ = ["data", "dated_indexes", "drawn_data", "indexes", "normalisations", "scales"]

POLICIES: tuple[Missing, ...] = ("refuse", "not_scored", "zero", "reweigh")


def _number(value: int | Fraction) -> Number:
    return Number(Fraction(value))


def scales() -> st.SearchStrategy[Scale]:
    """Return scales with both ends and declared decimals, some of them off zero or off their own grid."""
    ends_of = [(0, 100), (0, 5), (1, 10), (-10, 10), (0, 1), (50, 350), (Fraction(1, 3), Fraction(22, 3))]
    return st.builds(
        lambda ends, decimals: Scale(minimum=_number(ends[0]), maximum=_number(ends[1]), decimals=decimals),
        st.sampled_from(ends_of),
        st.integers(0, 3),
    )


def normalisations(*, relative: bool = True, real: bool = False) -> st.SearchStrategy[Normalisation]:
    """Return ways of measuring.

    Args:
        relative: Whether to draw those that compare subjects.
        real: Whether to draw those that take floats.
    """

    def goalposts(transform: Literal["none", "log"]) -> st.SearchStrategy[Normalisation]:
        return st.builds(
            lambda low, width, outside: Normalisation(
                kind="goalposts",
                low=_number(Fraction(low, 2)),
                high=_number(Fraction(low, 2) + Fraction(width, 3)),
                outside=outside,
                transform=transform,
            ),
            st.integers(1, 30),
            st.integers(6, 90),
            st.sampled_from(["clamp", "refuse"]),
        )

    choices = [st.just(Normalisation(kind="none")), goalposts("none")]
    if relative:
        choices.append(
            st.builds(Normalisation, kind=st.sampled_from(["min_max", "rank", "percentile"]), places=st.integers(1, 7))
        )
    if real:
        choices.append(goalposts("log"))
    if real and relative:
        choices.append(
            st.builds(
                Normalisation,
                kind=st.just("z_score"),
                places=st.integers(2, 7),
                centre=st.just(Fraction(1, 2)),
                spread=st.just(Fraction(1, 6)),
            )
        )
    return st.one_of(choices)


@st.composite
def _leaves(draw: st.DrawFn, weight: Fraction, policies: Sequence[Missing], relative: bool, real: bool) -> Indicator:
    rule = draw(normalisations(relative=relative, real=real))
    scale = draw(scales())
    if rule.kind == "goalposts":
        scale = Scale(decimals=scale.decimals)
    if real and draw(st.booleans()):
        scale = Scale(minimum=scale.minimum, maximum=scale.maximum)
    return Indicator(
        weight=_number(weight),
        scale=scale,
        normalisation=rule,
        direction=draw(st.sampled_from(["higher", "lower"])),
        missing=draw(st.sampled_from(policies)),
    )


@st.composite
def _branches(
    draw: st.DrawFn, name: str, depth: int, points: bool, leaves: Mapping[str, Any], means: Sequence[Aggregation]
) -> dict[str, Indicator]:
    """Return siblings; in points a parent weighs what its children do, else siblings weigh 1 together."""
    found = {}
    for i in range(draw(st.integers(1, 3))):
        key = f"{name}{'abc'[i]}"
        weight = Fraction(draw(st.integers(0, 12)), draw(st.sampled_from([1, 1, 2, 10])))
        if depth > 1 and draw(st.booleans()):
            below = draw(_branches(key, depth - 1, points, leaves, means))
            weight = sum((child.weight for child in below.values()), Fraction(0)) if points else weight
            found[key] = Indicator(weight=_number(weight), indicators=below, aggregation=draw(st.sampled_from(means)))
        else:
            found[key] = draw(_leaves(weight, **leaves))
    if points:
        return found
    whole = sum((node.weight for node in found.values()), Fraction(0))
    even = Fraction(1, len(found))
    weights = {key: node.weight / whole if whole else even for key, node in found.items()}
    return {key: evolve(cast("Any", node), weight=weights[key]) for key, node in found.items()}


@st.composite
def indexes(
    draw: st.DrawFn,
    *,
    depth: int = 3,
    policies: Sequence[Missing] = POLICIES,
    relative: bool = True,
    real: bool = False,
) -> Index:
    """Return indexes that break none of their own rules.

    Args:
        draw: Given by Hypothesis.
        depth: The greatest depth of the tree.
        policies: What a missing value may count as.
        relative: Whether some indicators compare subjects.
        real: Whether logarithms, z-scores, geometric and harmonic means take part.
    """
    points = draw(st.booleans())
    means: Sequence[Aggregation] = ("arithmetic", "geometric", "harmonic") if real else ("arithmetic",)
    leaves = {"policies": policies, "relative": relative, "real": real}
    tree = draw(_branches("", depth, points, leaves, means))
    total = sum((node.weight for node in tree.values()), Fraction(0))
    assume(total > 0)
    maximum = total if points else Fraction(draw(st.sampled_from([1, 5, 100, 150])))
    decimals = draw(st.sampled_from([d for d in range(4) if (maximum * 10**d).denominator == 1]))
    index = Index(
        subject="community",
        period="quarter",
        maximum=_number(maximum),
        decimals=decimals,
        weights="points" if points else "shares",
        indicators=tree,
        aggregation=draw(st.sampled_from(means)),
    )
    assume(not list(index.check()))
    return index


def dated_indexes(*, versions: int = 2, **settings: Any) -> st.SearchStrategy[Dated[Index]]:
    """Return an index in versions that begin on 1 January of 2022, 2023 and so on.

    Args:
        versions: How many.
        settings: As for ``indexes``.
    """
    days = [dt.date(2022 + i, 1, 1) for i in range(versions)]
    drawn = st.tuples(*(indexes(**settings) for _ in days))

    def dated(rules: Any) -> Dated[Index]:
        versions: Any = zip(days, rules, strict=True)
        return Dated(versions)

    return drawn.map(dated)


def data(
    index: Index | Dated[Index],
    *,
    subjects: int = 5,
    periods: Sequence[str] = ("2022Q1",),
    worlds: int = 1,
) -> st.SearchStrategy[pl.DataFrame]:
    """Return data of an index: what its columns allow, ties and missing values often among it.

    Args:
        index: The rules, or their dated versions.
        subjects: How many subjects at most.
        periods: Their periods.
        worlds: How many worlds, each with data of its own; the column ``world`` if more than one.
    """
    return st.builds(
        lambda random, count: drawn_data(random, index, subjects=count, periods=periods, worlds=worlds),
        st.randoms(use_true_random=False),
        st.integers(1, subjects),
    )


def drawn_data(
    random: Random,
    index: Index | Dated[Index],
    *,
    subjects: int,
    periods: Sequence[str] = ("2022Q1",),
    worlds: int = 1,
) -> pl.DataFrame:
    """Return data of an index, drawn by a source of random numbers.

    Args:
        random: The source.
        index: The rules, or their dated versions.
        subjects: How many subjects.
        periods: Their periods.
        worlds: How many worlds; the column ``world`` if more than one.
    """
    import polars as pl

    keys = [(world, period, f"s{i}") for world in range(worlds) for period in periods for i in range(subjects)]
    columns: dict[str, list[int | float | None]] = {}
    for period in dict.fromkeys(periods):
        rules = index.at(Period.parse(period)) if isinstance(index, Dated) else index
        for leaf in rules.leaves:
            column = columns.setdefault(leaf.id, [None] * len(keys))
            for row, key in enumerate(keys):
                if key[1] == period:
                    column[row] = _value(random, leaf)
    frame = {
        "subject": [key[2] for key in keys],
        "period": [key[1] for key in keys],
        **({"world": [key[0] for key in keys]} if worlds > 1 else {}),
        **{name: [None if v is None else float(v) for v in values] for name, values in columns.items()},
    }
    return pl.DataFrame(frame, schema_overrides=dict.fromkeys(columns, pl.Float64))


def _value(random: Random, leaf: Leaf) -> float | None:
    """Return a value of a leaf: an end, one of a few so that subjects tie, or any other."""
    if leaf.missing != "refuse" and random.random() < 0.15:
        return None
    low, high = _span(leaf)
    unit = int(10 ** (3 if leaf.scale.decimals is None else leaf.scale.decimals))
    least, greatest = math.ceil(low * unit), math.floor(high * unit)
    choice = random.random()
    if choice < 0.2:
        return (least if choice < 0.1 else greatest) / unit
    if choice < 0.5:
        return (least + (greatest - least) * random.randint(0, 4) // 4) / unit
    if leaf.scale.decimals is None:
        return random.uniform(least / unit, greatest / unit)
    return random.randint(least, greatest) / unit


def _span(leaf: Leaf) -> tuple[Fraction, Fraction]:
    if leaf.normalisation.kind == "goalposts":
        low, high = ends(leaf)
        width = (high - low) / 2 if leaf.normalisation.outside == "clamp" else Fraction(0)
        return low - width, high + width
    low = leaf.scale.minimum if leaf.scale.minimum is not None else Fraction(0)
    high = leaf.scale.maximum if leaf.scale.maximum is not None else low + 100
    return low, high
