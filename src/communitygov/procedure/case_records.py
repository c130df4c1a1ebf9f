"""What a live case says of itself: who acts, what was recorded, what runs and what is to be fired."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

from attrs import Attribute, field, frozen

from communitygov.procedure.acts import Act
from communitygov.procedure.given import EMPTY, is_blank
from communitygov.procedure.machine import Machine
from communitygov.procedure.state import State, key_of
from communitygov.vocabulary.errors import UsageError

__all__ = ["Actor", "Event", "Fire", "Moved", "Running", "moved"]


def _said(_actor: object, attribute: Attribute[str | None], value: str | None) -> None:
    """Refuse an empty text: it would pass for somebody."""
    if is_blank(value):
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
class Moved:
    """Where an act of a line beside the main one left that line.

    Args:
        line: Which line.
        unit: Of which unit, where there is one for each.
        before: Where it stood: the step done last, and the way; None if it was not underway.
        after: Where it stood then; None if it was over.
    """

    line: str
    unit: str | None
    before: tuple[str, str] | None
    after: tuple[str, str] | None


@frozen
class Event:
    """One recorded act.

    Args:
        seq: Its place in the case, from 1.
        act: What was done.
        before: Where the case stood, on its main line: the step done last, and the way.
        after: Where it stood then.
        rules: The digest of the rules that it was done under.
        line: Where it left the line beside the main one that it belongs to; None for an act of the main line.
    """

    seq: int
    act: Act
    before: tuple[str, str]
    after: tuple[str, str]
    rules: str = ""
    line: Moved | None = None


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


def moved(machine: Machine, act: Act, before: State, after: State) -> Moved | None:
    """Return where an act left the line that it belongs to; None for one of the main line.

    Args:
        machine: The procedure.
        act: The act.
        before: The case before it.
        after: The case after it.
    """
    line = machine.beside.get(act.step)
    if line is None:
        return None
    key = line, key_of(machine, act)
    here, there = before.lines.get(key), after.lines.get(key)
    return Moved(
        *key,
        None if here is None else (here.step, here.way),
        None if there is None else (there.step, there.way),
    )
