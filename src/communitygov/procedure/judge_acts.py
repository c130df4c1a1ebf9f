"""What is wrong with single events in bulk: who did them, what they say, how often they were done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from communitygov.procedure.given import SPACES
from communitygov.procedure.judge_log import Log, last_before
from communitygov.procedure.judge_order import Places
from communitygov.procedure.tables import FACT

if TYPE_CHECKING:
    import polars as pl

__all__ = ["act_verdicts"]


def act_verdicts(log: Log, places: Places) -> Iterator[pl.DataFrame]:
    """Yield what is wrong with who did an event, with its facts and reason, and with how often it was done.

    Args:
        log: The events.
        places: Where each leads to.
    """
    yield from _roles(log)
    yield from _other_persons(log)
    yield from _facts(log)
    yield from _reasons(log)
    yield from _outcomes(log, places)


def _roles(log: Log) -> Iterator[pl.DataFrame]:
    """Yield roles that may not do the step, and persons or units that are not the ones named."""
    import polars as pl

    rule = log.machine.rule
    roles = [*rule.roles]
    number = log["role"].cast(pl.Enum(roles), strict=False).to_physical().cast(pl.Int64).fill_null(len(roles))
    may = [role in step.by for step in rule.steps.values() for role in (*roles, None)]
    # A reminder may be fired by anybody: there is no row for it in the table.
    allowed = pl.Series(may + [True] * len(rule.reminders) * (len(roles) + 1), dtype=pl.Boolean)
    fits = allowed.gather(log["step"] * (len(roles) + 1) + number)
    rows = (~fits).arg_true()
    yield log.told("wrong_role", rows, log["role"].gather(rows).fill_null(""))
    for i, (name, role) in enumerate(rule.roles.items()):
        asked = [(column, fact) for column, fact in (("actor", role.named_in), ("unit", role.unit_in)) if fact]
        if not asked and not role.owner:
            continue
        rows = (fits & log.is_step & (number == i)).arg_true()
        named = pl.repeat(True, len(rows), eager=True)
        if role.owner:
            owner = log["unit"].gather(log.taken_before.gather(rows))
            named &= (log["unit"].gather(rows) == owner).fill_null(False)
        for column, fact in asked:
            named &= (log[column].gather(rows) == log.value(fact, rows)).fill_null(False)
        yield log.told("not_named", rows.filter(~named), name)


def _other_persons(log: Log) -> Iterator[pl.DataFrame]:
    """Yield steps done by whoever did another last, and those of which that is not known; and what no unit takes."""
    before = {name: last_before(log.is_one_of([name]), log.first) for name in sorted(log.machine.watched)}
    for name, step in log.machine.rule.steps.items():
        rows = log.rows(name)
        if step.takes:
            yield log.told("no_owner", rows.filter(log["unit"].gather(rows).is_null()), name)
        for other in step.other_than:
            last = before[other].gather(rows)
            done, mine, theirs = last.is_not_null(), log["actor"].gather(rows), log["actor"].gather(last)
            yield log.told("unknown_person", rows.filter(done & (mine.is_null() | theirs.is_null())), other)
            yield log.told("same_person", rows.filter(done & (mine == theirs).fill_null(False)), other)


def _facts(log: Log) -> Iterator[pl.DataFrame]:
    """Yield facts that should be known with an event and are not, and those that it should not say."""
    rule = log.machine.rule
    for name, step in rule.steps.items():
        for fact in step.needs:
            rows = log.rows(name)
            known = log[FACT + fact] if fact in log.machine.anew[name] else log.known(fact)
            yield log.told("missing_fact", rows.filter(known.gather(rows).is_null()), fact)
    for fact in rule.all_facts:
        given = log[FACT + fact].is_not_null()
        if given.any():
            setting = [name for name, step in rule.steps.items() if fact in step.facts]
            # A reminder says nothing, whatever stands in its row.
            yield log.told("stray_fact", (given & ~log.is_one_of([*setting, *rule.reminders])).arg_true(), fact)


def _reasons(log: Log) -> Iterator[pl.DataFrame]:
    """Yield events without the reason that they need, and those done more often than they may be."""
    for name, step in log.machine.rule.steps.items():
        rows = log.rows(name)
        if step.reasons or step.needs_reason:
            reason = log["reason"].gather(rows)
            given = reason.is_in([*step.reasons]) if step.reasons else reason.str.strip_chars(SPACES) != ""
            yield log.told("unexplained", rows.filter(~given.fill_null(False)), name)
        if step.at_most is not None and step.beyond is None:
            yield log.told("too_many", rows.filter(log.nth(name) >= step.at_most), name)


def _outcomes(log: Log, places: Places) -> Iterator[pl.DataFrame]:
    """Yield events that close their case with an outcome that is not known."""
    saying = {one.closes_as for one in places.every if one.closes_as is not None}
    for fact in sorted(saying):
        closing = places.say([one.closes_as == fact for one in places.every], places.at) & log.is_step
        rows = closing.arg_true()
        yield log.told("no_outcome", rows.filter(log.known(fact).gather(rows).is_null()), fact)
