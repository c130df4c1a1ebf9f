"""Hypothesis strategies for funding: formulas of every kind, and units that they are for.

Needs the extra ``[test]``.
"""

from __future__ import annotations

from typing import Any

import polars as pl
from hypothesis import strategies as st

from communitygov.provisions.funding_rules import Funding, Point
from communitygov.vocabulary.numbers import Number, exact
from communitygov.vocabulary.text import Title

__all__ = ["fundings", "units_frame"]

YUAN = Title(zh="元", en="yuan")

_FORMULAS = ("each", "times", "pool", "by", "points")


@st.composite
def _formula(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    """Draw the settings of one formula; amounts have up to two places."""
    if kind == "ways":
        return {
            "ways": {"purchase": YUAN, "award": YUAN},
            "pool": draw(st.none() | st.builds(Number, st.integers(0, 999))),
        }
    amount = Number(exact(f"{draw(st.integers(0, 5000))}.{draw(st.integers(0, 99)):02}"))
    if kind in ("each", "times"):
        return {"each": amount, "times": "homes" if kind == "times" else None}
    if kind in ("pool", "by"):
        return {"pool": amount, "by": "homes" if kind == "by" else None}
    scores = draw(st.lists(st.integers(0, 1000), min_size=2, max_size=4, unique=True))
    points = {
        f"p{n}": Point(at=Number(exact(f"{score}/10")), pays=Number(exact(f"{draw(st.integers(0, 90000))}/100")))
        for n, score in enumerate(scores)
    }
    rounding = draw(st.sampled_from(["half_up", "down"]))
    return {"points": points, "score": "mark", "score_decimals": 1, "rounding": rounding}


@st.composite
def fundings(draw: st.DrawFn) -> dict[str, Funding]:
    """Draw one to four fundings without faults, for communities and for branches that are part of them.

    Args:
        draw: Hypothesis's.
    """
    found: dict[str, Funding] = {}
    for n in range(draw(st.integers(1, 4))):
        to = draw(st.sampled_from(["community", "branch"]))
        granted = any(one.ways and one.to == to for one in found.values())
        kind = draw(st.sampled_from(_FORMULAS if granted else (*_FORMULAS, "ways")))
        above = [key for key, one in found.items() if one.to == "community"]
        inside = draw(st.none() | st.sampled_from(above)) if above and to == "branch" else None
        only = draw(st.sampled_from([None, None, "listed"]))
        settings = draw(_formula(kind))
        found[f"f{n}"] = Funding(to=to, unit=YUAN, decimals=2, inside=inside, only=only, **settings)
    return found


@st.composite
def units_frame(draw: st.DrawFn, rules: dict[str, Funding]) -> pl.DataFrame:
    """Draw units of the kinds that rules are for, with every column that any rule could name; some values are missing.

    Args:
        draw: Hypothesis's.
        rules: The rules.
    """
    kinds, number = sorted({one.to for one in rules.values()}), draw(st.integers(1, 6))
    some = st.none() if draw(st.integers(0, 3)) == 0 else st.nothing()
    rows = []
    for n in range(number):
        amount = draw(some | st.integers(0, 10**6))
        rows.append(
            {
                "unit": f"u{n}",
                "kind": draw(st.sampled_from(kinds)),
                "part_of": draw(st.sampled_from([None, "u0", "u1"])),
                "homes": draw(some | st.integers(0, 50)),
                "mark": draw(some | st.integers(0, 1000)),
                "listed": draw(some | st.booleans()),
                "amount": amount,
                "way": None if amount is None else draw(st.sampled_from(["purchase", "award"])),
            }
        )
    whole, text = pl.Int64, pl.String
    kinds_of = {"unit": text, "kind": text, "part_of": text, "homes": whole, "mark": whole, "listed": pl.Boolean}
    return pl.DataFrame(rows, schema={**kinds_of, "amount": whole, "way": text})
