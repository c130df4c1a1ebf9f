"""An act, and what can be wrong with one or with a case as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Literal

from attrs import field, frozen

from communitygov.vocabulary.deadline import Unit

__all__ = ["CASE_FAULTS", "EVENT_FAULTS", "Act", "CaseFault", "EventFault", "Fault"]

EventFault = Literal[
    "back_in_time",
    "wrong_order",
    "wrong_role",
    "not_named",
    "same_person",
    "unknown_person",
    "no_owner",
    "missing_fact",
    "stray_fact",
    "unexplained",
    "too_many",
    "awaiting",
    "out_of_time",
    "no_outcome",
    "late",
    "too_early",
    "overdue",
    "no_show",
    "misfired",
]
"""What can be wrong with one event."""

CaseFault = Literal["missing_step", "overdue", "no_show", "not_disclosed"]
"""What can be wrong with a case as a whole at the instant that its log goes up to."""

EVENT_FAULTS: tuple[EventFault, ...] = EventFault.__args__  # type: ignore[attr-defined]
CASE_FAULTS: tuple[CaseFault, ...] = CaseFault.__args__  # type: ignore[attr-defined]


@frozen
class Act:
    """Something that is done: one row of a log.

    Args:
        step: The step, or the reminder that fires.
        at: When, in microseconds since 1970 in UTC.
        actor: Who did it.
        role: In which role.
        unit: For which unit.
        reason: Why.
        facts: What became known with it.
    """

    step: str
    at: int
    actor: str | None = None
    role: str | None = None
    unit: str | None = None
    reason: str | None = field(default=None, repr=False)
    facts: Mapping[str, Any] = field(factory=dict, repr=False)  # some are about persons


@frozen
class Fault:
    """One thing that is wrong with an act or a case.

    Args:
        kind: What is wrong.
        what: The step, fact, role, line, deadline or reminder that it is about.
        unit: The unit whose line it is, on a line per unit.
        by: How late, in the deadline's unit.
        provisional: Whether that rests on a year that is not published.
        counted: That unit, as of the limit that held: a deadline's limits by kind may have several.
    """

    kind: EventFault | CaseFault
    what: str
    unit: str | None = None
    by: Fraction | None = None
    provisional: bool = False
    counted: Unit | None = None
