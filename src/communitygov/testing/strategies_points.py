"""Hypothesis strategies for points: systems of points, and entries of some accounts.

Needs the extra ``[test]``.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
from hypothesis import strategies as st

from communitygov.provisions.points_rules import Activity, Points, Reward
from communitygov.vocabulary.text import Title

__all__ = ["entries_frame", "points_rules"]

_HOLDERS = {"person": Title(zh="个人", en="person"), "unit": Title(zh="单位", en="unit")}
_PER = st.sampled_from(["day", "month", "quarter", "half", "year"])


@st.composite
def points_rules(draw: st.DrawFn) -> Points:
    """Draw a system of points without faults; some activities earn nobody knows how many.

    Args:
        draw: Hypothesis's.
    """

    def cap() -> dict[str, Any]:
        return {"most": draw(st.integers(0, 12)), "per": draw(_PER)} if draw(st.booleans()) else {}

    activities = {
        f"a{n}": Activity(
            points=draw(st.none() | st.integers(0, 6)) if draw(st.integers(0, 3)) == 0 else draw(st.integers(0, 6)),
            holders=draw(st.sampled_from([(), (), ("person",), ("unit",)])),
            **cap(),
        )
        for n in range(draw(st.integers(1, 3)))
    }
    rewards = {"gift": Reward(costs=draw(st.integers(1, 9)))} if draw(st.booleans()) else {}
    return Points(holders=_HOLDERS, activities=activities, rewards=rewards, real_name=draw(st.booleans()), **cap())


@st.composite
def entries_frame(draw: st.DrawFn, rule: Points) -> pl.DataFrame:
    """Draw entries of up to three accounts over some two years.

    Args:
        draw: Hypothesis's.
        rule: The rule.
    """
    what = st.sampled_from([*rule.activities, *rule.rewards])
    steps = draw(st.lists(st.integers(0, 60), min_size=1, max_size=14))
    day, rows = dt.date(2023, 11, 20), []
    for number, step in enumerate(steps):
        day += dt.timedelta(days=step)
        rows.append(
            {
                "entry": number + 1,
                "account": draw(st.sampled_from(["Ma", "Kong", "Yan"])),
                "holder": draw(st.sampled_from(["person", "unit"])),
                "on": day.isoformat(),
                "what": draw(what),
                "registered": draw(st.booleans()),
            }
        )
    return pl.DataFrame(rows)
