"""Hypothesis strategies for certification: rules of every setting, and small worlds that try them hard.

Needs the extra ``[test]``.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from attrs import frozen
from hypothesis import strategies as st

from communitygov.certification.decide import Holder, Row
from communitygov.certification.explain_watch import Seen
from communitygov.certification.rules import Certification, Leaving, Renewal, Tier, Veto, Watch, Year

__all__ = [
    "World",
    "certifications",
    "holders_frame",
    "renewals",
    "scores_frame",
    "seeded_quarters",
    "seeded_world",
    "watched_certifications",
    "worlds",
]

_VETOES = ("fire", "fraud")
_GROUPS = ("east", "west")
_FORMER = "platinum"
"""A tier that earlier rules had, and the rule no longer has."""

_SHARES = [Fraction(n, d) for n, d in ((1, 10), (1, 5), (3, 10), (1, 3), (1, 2), (2, 3), (1, 1), (0, 1))]


@frozen
class World:
    """Facts that a certification is applied to: small, and full of ties, gaps, vetoes and holders.

    Args:
        rows: The subjects.
        holders: Tiers held in the three years before.
        year: The year certified.
    """

    rows: tuple[Row, ...]
    holders: tuple[Holder, ...]
    year: int = 2024


@st.composite
def certifications(draw: st.DrawFn, *, plain: bool = False) -> Certification:
    """Draw a certification without faults.

    Args:
        draw: Hypothesis's.
        plain: Only quotas: no renewal, vetoes, groups, caps or kept tiers.
    """
    decimals = draw(st.integers(0, 2))
    tiers = draw(_tiers(decimals))
    rule = Certification(
        of="quality",
        year=Year(starts=1, periods=4),
        decimals=decimals,
        tiers=tiers,
        base=draw(st.sampled_from(["all", "scored", "eligible"])),
        rounding=draw(st.sampled_from(["floor", "half_up", "ceiling"])),
        rounded=draw(st.sampled_from(["cumulative", "each"])),
        ties=draw(st.sampled_from(["in", "out"])),
        tie_break=draw(st.sampled_from([(), (), ("visit",), ("visit", "survey")])),
        **({} if plain else draw(_settings(tuple(tiers)))),
    )
    assert not list(rule.check())
    return rule


@st.composite
def _tiers(draw: st.DrawFn, decimals: int) -> dict[str, Tier]:
    names = ["gold", "silver", "bronze"][: draw(st.integers(1, 3))]
    size = len(names)
    shares = sorted(draw(st.lists(st.sampled_from(_SHARES), min_size=size, max_size=size)))
    numbers = sorted(draw(st.lists(st.integers(0, 6), min_size=size, max_size=size)))
    halves = st.integers(0, 20).map(lambda n: Fraction(n, 2 * 10**decimals))
    thresholds = sorted(draw(st.lists(halves, min_size=size, max_size=size)), reverse=True)
    kinds = ["share", "share", "share", "number", "threshold", "share+threshold", "number+threshold", "bounded"]
    tiers = {}
    for i, name in enumerate(names):
        kind = draw(st.sampled_from(kinds))
        cut: dict[str, Any] = {}
        if "share" in kind or kind == "bounded":
            cut["share"] = shares[i]
        if "number" in kind:
            cut["number"] = numbers[i]
        if "threshold" in kind:
            cut["threshold"] = thresholds[i]
        if kind == "bounded":
            least = draw(st.integers(0, 3))
            cut |= draw(
                st.sampled_from([{"at_least": least}, {"at_most": least}, {"at_least": 1, "at_most": 1 + least}])
            )
        tiers[name] = Tier(order=2 * i + 1, **cut)
    return tiers


@st.composite
def _settings(draw: st.DrawFn, tiers: tuple[str, ...]) -> dict[str, Any]:
    vetoes = {
        name: Veto(
            column=name,
            when=draw(st.sampled_from(["before", "after"])),
            bars=draw(st.sampled_from([None, *tiers])),
        )
        for name in _VETOES[: draw(st.sampled_from([0, 0, 1, 2]))]
    }
    return {
        "vetoes": vetoes,
        "renewal": draw(renewals()) if draw(st.sampled_from([True, True, True, False])) else None,
        "group_by": draw(st.sampled_from([None, "street"])),
        "least_group": draw(st.sampled_from([1, 1, 1, 4])),
        "cap": draw(st.sampled_from([*[None] * 9, 0, 2, 4])),
        "hold_until_change": draw(st.sampled_from([False, False, True])),
    }


def renewals() -> st.SearchStrategy[Renewal]:
    """Draw a renewal."""
    return st.builds(
        Renewal,
        hold=st.sampled_from(["same", "this_or_higher", "any"]),
        years=st.sampled_from([1, 1, 2, 3]),
        within=st.sampled_from(["original_cut", "moved_cut"]),
    )


def worlds(certification: Certification, *, most: int = 10) -> st.SearchStrategy[World]:
    """Draw a world that shrinks: a few subjects, scores from a short range so that ties abound.

    Args:
        certification: The rule it is for.
        most: The greatest number of subjects.
    """
    score = st.integers(0, 8)
    flags = [veto.column for veto in certification.vetoes.values()]
    tiers = [*certification.tiers, _FORMER]
    row = st.tuples(
        st.none() | score,
        st.sampled_from(_GROUPS) if certification.group_by else st.just(""),
        st.tuples(*(st.integers(0, 1) for _ in certification.tie_break)),
        st.frozensets(st.sampled_from(flags)) if flags else st.just(frozenset[str]()),
        st.none() | score if certification.hold_until_change else st.none(),
        st.tuples(*[st.none() | st.sampled_from(tiers)] * 3),
    )
    return st.lists(row, min_size=1, max_size=most).map(_world)


def _world(facts: Sequence[tuple[Any, ...]]) -> World:
    rows, holders = [], []
    for number, (score, group, breaks, flags, previous, held) in enumerate(facts):
        name = f"c{number:02}"
        rows.append(Row(name, score, group, breaks, flags, previous))
        for age, tier in enumerate(held, 1):
            if tier is not None:
                holders.append(Holder(name, 2024 - age, tier))
    return World(tuple(rows), tuple(holders))


def seeded_world(certification: Certification, seed: int) -> World:
    """Return the world of a seed: quick to make in great numbers, larger than those of ``worlds``.

    Args:
        certification: The rule it is for.
        seed: Any whole number.
    """
    chance = random.Random(seed)
    spread = chance.choice([3, 8, 30])
    tiers = [*certification.tiers, _FORMER]
    held, loyal = chance.choice([0.0, 0.3, 0.8]), chance.random() < 0.5
    facts = []
    for _ in range(chance.choice([1, 3, 8, 14, 21])):
        score = None if chance.random() < 0.1 else chance.randrange(spread)
        facts.append(
            (
                score,
                chance.choice(_GROUPS) if certification.group_by else "",
                tuple(chance.randrange(2) for _ in certification.tie_break),
                frozenset(veto.column for veto in certification.vetoes.values() if chance.random() < 0.15),
                None if not certification.hold_until_change else chance.choice([score, score, None, 1]),
                _held_before(chance, tiers, held, loyal),
            )
        )
    return _world(facts)


def _held_before(chance: random.Random, tiers: list[str], held: float, loyal: bool) -> tuple[str | None, ...]:
    """Return the tiers of three years: one tier all along, or each year's own."""
    if loyal:
        return (chance.choice(tiers) if chance.random() < held else None,) * 3
    return tuple(chance.choice(tiers) if chance.random() < held else None for _ in range(3))


def scores_frame(certification: Certification, many: Sequence[World]) -> Any:
    """Return worlds as one Polars frame of scores, the world's number in the column ``world``.

    Args:
        certification: The rule they are for.
        many: The worlds.
    """
    import polars as pl

    schema: dict[str, Any] = {"world": pl.Int64, "subject": pl.String, "score": pl.Int64}
    schema |= dict.fromkeys(certification.tie_break, pl.Int64)
    schema |= {veto.column: pl.Boolean for veto in certification.vetoes.values()}
    schema |= {certification.group_by: pl.String} if certification.group_by else {}
    schema |= {"previous_score": pl.Int64} if certification.hold_until_change else {}
    columns: dict[str, list[Any]] = {name: [] for name in schema}
    for number, world in enumerate(many):
        for row in world.rows:
            values = {"world": number, "subject": row.subject, "score": row.score, "previous_score": row.previous}
            values |= dict(zip(certification.tie_break, row.breaks, strict=True))
            values |= {veto.column: veto.column in row.flags for veto in certification.vetoes.values()}
            values[certification.group_by or ""] = row.group
            for name, cells in columns.items():
                cells.append(values[name])
    return pl.DataFrame(columns, schema=schema)


def holders_frame(many: Sequence[World]) -> Any:
    """Return the holders of worlds as one Polars frame, the world's number in the column ``world``.

    Args:
        many: The worlds.
    """
    import polars as pl

    held = [(number, h.subject, h.year, h.tier) for number, world in enumerate(many) for h in world.holders]
    schema = {"world": pl.Int64, "subject": pl.String, "year": pl.Int64, "tier": pl.String}
    return pl.DataFrame(held, schema=schema, orient="row")


_QUARTERS = tuple(f"{year}Q{quarter}" for year in (2022, 2023) for quarter in (1, 2, 3, 4))


@st.composite
def watched_certifications(draw: st.DrawFn) -> Certification:
    """Draw a certification whose watch list has any setting.

    Args:
        draw: Hypothesis's.
    """
    across = draw(st.booleans())
    rule = Certification(
        of="quality",
        year=Year(starts=draw(st.sampled_from([1, 1, 4, 7])), periods=4),
        decimals=0,
        tiers={"star": Tier(order=1, number=1)},
        base="all",
        rounding="floor",
        rounded="cumulative",
        ties="in",
        watch=Watch(
            last=draw(st.integers(1, 3)),
            periods=draw(st.integers(1, 3)),
            ties=draw(st.sampled_from(["in", "out"])),
            rank_of=draw(st.sampled_from(["period", "year_to_date"])),
            across_years=across,
            leaving=Leaving(after=draw(st.integers(1, 3))),
            starred="allowed",
        ),
    )
    assert not list(rule.check())
    return rule


def seeded_quarters(seed: int) -> tuple[list[Seen], dict[str, str]]:
    """Return two years of quarterly scores, some missing, and a watch list as it stood, from a seed.

    Args:
        seed: Any whole number.
    """
    chance = random.Random(seed)
    gaps, spread = chance.choice([0.0, 0.1, 0.4]), chance.choice([2, 4, 50])
    names = [f"c{n}" for n in range(chance.randrange(2, 9))]
    seen = []
    for name in names:
        for quarter in _QUARTERS:
            if chance.random() >= gaps:
                score = None if chance.random() < gaps / 2 else chance.randrange(spread)
                seen.append(Seen(name, quarter, score))
    listed = {name: chance.choice(_QUARTERS[:6]) for name in [*names, "gone"] if chance.random() < 0.4}
    return seen, listed
