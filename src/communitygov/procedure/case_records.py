"""What a live case says of itself: who acts, what was recorded, what runs and what is to be fired."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

from attrs import Attribute, field, frozen

from communitygov.procedure.acts import Act
from communitygov.procedure.given import EMPTY
from communitygov.vocabulary.errors import UsageError

__all__ = ["Actor", "Event", "Fire", "Running"]


def _said(_actor: object, attribute: Attribute[str | None], value: str | None) -> None:
    """Refuse an empty text: it would pass for somebody."""
    if value == "":
        raise UsageError.because("bad-value", zh=f"`{attribute.name}` {EMPTY.zh}", en=f"`{attribute.name}` {EMPTY.en}")


@frozen
class Actor:
    """Who acts.

    Args:
        id: The person's id; never a name. None if it is not known.
        role: The role.
        unit: The unit acted for.

    Raises:
        UsageError: If the id or the unit is an empty text.
    """

    id: str | None = field(validator=_said)
    role: str
    unit: str | None = field(default=None, validator=_said)


@frozen
class Event:
    """One recorded act.

    Args:
        seq: Its place in the case, from 1.
        act: What was done.
        before: Where the case stood: the step done last, and the way.
        after: Where it stood then.
        rules: The digest of the rules that it was done under.
    """

    seq: int
    act: Act
    before: tuple[str, str]
    after: tuple[str, str]
    rules: str = ""


@frozen
class Running:
    """A deadline of a case.

    Args:
        deadline: Which.
        unit: Of which unit, on a line per unit.
        start: When it began.
        due: When it falls due; None while a pause is open.
        remainder: What is left while a pause is open, in its unit.
        provisional: Whether that rests on a year that is not published.
    """

    deadline: str
    unit: str | None
    start: dt.datetime
    due: dt.datetime | None
    remainder: Fraction | None
    provisional: bool


@frozen
class Fire:
    """A reminder that is to be fired.

    Args:
        rung: Which.
        deadline: Of which deadline.
        unit: Of which unit, on a line per unit.
        since: Since when.
        provisional: Whether that rests on a year that is not published.
    """

    rung: str
    deadline: str
    unit: str | None
    since: dt.datetime
    provisional: bool = False
