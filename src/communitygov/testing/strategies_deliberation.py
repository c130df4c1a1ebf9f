"""Hypothesis strategies for decisions: rules of every setting, and small bodies that vote on many matters.

Needs the extra ``[test]``.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, cast

from hypothesis import strategies as st

from communitygov.deliberation.rules import Decision, Threshold
from communitygov.deliberation.tables import CHOICES
from communitygov.vocabulary.numbers import Share
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.text import Title

__all__ = ["STRATUM", "Ballot", "Unit", "ballots_frame", "decisions", "matters", "register_frame", "thresholds"]

STRATUM = "women"

Unit = dict[str, Any]
"""A row of a register, without its matter."""

Ballot = dict[str, Any]
"""A ballot, without its matter."""

_SHARES = [Fraction(n, d) for n, d in ((1, 2), (2, 3), (3, 4), (1, 3), (1, 5), (9, 10), (1, 7))]
_WHO: list[tuple[str, str | None]] = [
    ("heads", None),
    ("heads", None),
    ("area", None),
    ("votes", None),
    ("households", None),
    ("heads", STRATUM),
]


@st.composite
def thresholds(draw: st.DrawFn, *, quorum: bool, depth: int = 2) -> Threshold:
    """Draw a tree of thresholds without faults.

    Args:
        draw: Hypothesis's.
        quorum: Whether it is a quorum, whose base is everybody.
        depth: How many levels it may have.
    """
    if depth and draw(st.booleans()):
        parts = draw(st.lists(thresholds(quorum=quorum, depth=depth - 1), min_size=1, max_size=3))
        named = {f"p{n}": part for n, part in enumerate(parts)}
        return Threshold(all_of=named) if draw(st.booleans()) else Threshold(any_of=named)
    measure, stratum = draw(st.sampled_from(_WHO))
    base = "all" if quorum else draw(st.sampled_from(["all", "taking_part", "present", "cast"]))
    bound = draw(st.sampled_from(["at_least", "more_than"]))
    share = Fraction(1) if bound == "at_least" and draw(st.integers(0, 9)) == 0 else draw(st.sampled_from(_SHARES))
    said: dict[str, Any] = {"measure": measure, "of": base, bound: Share(share)}
    return Threshold(**said, stratum=stratum)


@st.composite
def decisions(draw: st.DrawFn) -> Decision:
    """Draw the rule of a decision without faults.

    Args:
        draw: Hypothesis's.
    """
    settings: dict[str, Any] = {
        "quorum": draw(st.none() | thresholds(quorum=True)),
        "passes": draw(thresholds(quorum=False)),
        "quorum_by": draw(st.sampled_from(["taking_part", "present"])),
        "abstention": draw(st.sampled_from(["taking_part", "no", "absent"])),
        "proxy": draw(st.sampled_from(["vote", "vote", "refused"])),
    }
    women = Title(zh="妇女", en="women")
    rule = Decision(**settings, strata={STRATUM: women}, article="1", since=Period.parse("2021"))
    assert not list(rule.check())
    return rule


@st.composite
def matters(draw: st.DrawFn, *, unknown: bool = True, least: int = 0) -> tuple[list[Unit], list[Ballot]]:
    """Draw the register and the ballots of one matter.

    Args:
        draw: Hypothesis's.
        unknown: Whether areas and choices may be unknown.
        least: The fewest members.
    """
    members = [f"m{n}" for n in range(draw(st.integers(max(least, 1), 9)))]
    areas = st.integers(0, 4) if not unknown else st.sampled_from([0, 1, 1, 2, 3, 4, None])
    units = []
    homes = {member: draw(st.sampled_from(["h1", "h2", "h3", member])) for member in members}
    woman = {member: draw(st.booleans()) for member in members}
    for member in members:
        for _ in range(draw(st.sampled_from([1, 1, 1, 2]))):
            own = {"area": draw(areas), "votes": draw(st.integers(0, 3))}
            units.append({"member": member, "household": homes[member], **own, f"in.{STRATUM}": woman[member]})
    choices = [*CHOICES[:3], "yes", "no", "present"] + (["unknown"] if unknown else [])
    ballots = []
    for member in members:
        if draw(st.integers(0, 3)):
            proxy = draw(st.sampled_from([None, None, None, "holder"]))
            ballots.append({"member": member, "choice": draw(st.sampled_from(choices)), "proxy": proxy})
    return units, ballots


def register_frame(many: Sequence[Sequence[Unit]]) -> Any:
    """Return the registers of matters ``0``, ``1`` ... as a Polars frame.

    Args:
        many: The units of each.
    """
    import polars as pl

    rows = [{"matter": str(n), **unit} for n, units in enumerate(many) for unit in units]
    kinds = {"matter": pl.String, "member": pl.String, "household": pl.String, "area": pl.Int64, "votes": pl.Int64}
    return pl.DataFrame(rows, schema=cast("Any", {**kinds, f"in.{STRATUM}": pl.Boolean}))


def ballots_frame(many: Sequence[Sequence[Ballot]]) -> Any:
    """Return the ballots of matters ``0``, ``1`` ... as a Polars frame.

    Args:
        many: The ballots of each.
    """
    import polars as pl

    rows = [{"matter": str(n), **ballot} for n, ballots in enumerate(many) for ballot in ballots]
    kinds = {"matter": pl.String, "member": pl.String, "choice": pl.String, "proxy": pl.String}
    return pl.DataFrame(rows, schema=cast("Any", kinds))
