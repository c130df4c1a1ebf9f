"""Hypothesis strategies for disclosure: what must be public, whose, and a record of postings.

Needs the extra ``[test]``.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
from hypothesis import strategies as st

from communitygov.provisions.disclosure_rules import DisclosureDuty
from communitygov.vocabulary.text import Title

__all__ = ["BEGIN", "disclosure_rules", "postings_frame", "subjects_frame"]

BEGIN = dt.date(2026, 9, 20)
"""The first day that is drawn; the last lie in a year whose holidays may not be published."""

_SUBJECTS = ("garden", "lift", "stairs")
_ITEMS = {"content": Title(zh="内容", en="content"), "money": Title(zh="经费", en="money")}
_PLACES = {"board": Title(zh="公告栏", en="board"), "site": Title(zh="网站", en="site")}


def _day(draw: st.DrawFn) -> str:
    return (BEGIN + dt.timedelta(days=draw(st.integers(0, 30) | st.integers(95, 120)))).isoformat()


def _lasting(unit: dict[str, str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.integers(1, 15).map(lambda days: {**unit, "lasts": days} if unit else unit)


@st.composite
def disclosure_rules(draw: st.DrawFn) -> DisclosureDuty:
    """Draw what must be public, without faults.

    Args:
        draw: Hypothesis's.
    """
    places = draw(st.sampled_from([{}, _PLACES]))
    timed: dict[str, Any] = {
        "within": draw(st.integers(1, 12)),
        "unit": draw(st.sampled_from(["working_days", "natural_days"])),
        "begins": draw(st.sampled_from(["day_of", "day_after"])),
    }
    after = Title(zh="决定", en="decision")
    return DisclosureDuty(
        subject=Title(zh="项目", en="project"),
        items=_ITEMS,
        places=places,
        everywhere=bool(places) and draw(st.booleans()),
        **draw(st.sampled_from([{}, {"lasts_unit": "natural_days"}, {"lasts_unit": "working_days"}]).flatmap(_lasting)),
        **draw(st.sampled_from([{}, {"after": after}, {"after": after, **timed}])),
    )


@st.composite
def subjects_frame(draw: st.DrawFn, rule: DisclosureDuty) -> pl.DataFrame:
    """Draw subjects, of some of which the day of the event is not known.

    Args:
        draw: Hypothesis's.
        rule: The rule.
    """
    frame = pl.DataFrame({"subject": draw(st.permutations(_SUBJECTS))})
    if rule.after is None:
        return frame
    since = [draw(st.none() | st.just(_day(draw))) for _ in _SUBJECTS]
    return frame.with_columns(since=pl.Series(since, dtype=pl.String))


@st.composite
def postings_frame(draw: st.DrawFn, rule: DisclosureDuty) -> pl.DataFrame:
    """Draw a record of postings: one after another, overlapping, taken down or still up.

    Args:
        draw: Hypothesis's.
        rule: The rule.
    """
    rows = []
    for _ in range(draw(st.integers(0, 14))):
        first = _day(draw)
        last = dt.date.fromisoformat(first) + dt.timedelta(days=draw(st.integers(0, 12)))
        rows.append(
            {
                "subject": draw(st.sampled_from(_SUBJECTS)),
                "item": draw(st.sampled_from([*_ITEMS])),
                **({"place": draw(st.sampled_from([*_PLACES]))} if rule.places else {}),
                "first": first,
                "last": draw(st.sampled_from([None, last.isoformat(), last.isoformat()])),
            }
        )
    names = ["subject", "item", *(["place"] if rule.places else []), "first", "last"]
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
