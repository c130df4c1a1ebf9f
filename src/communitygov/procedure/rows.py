"""Rows of a log as acts, and acts as rows: what stands between a frame of events and a single case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from communitygov.procedure.acts import Act
from communitygov.procedure.judge_events import take_events
from communitygov.procedure.tables import FACT
from communitygov.vocabulary.clock import instant_of
from communitygov.vocabulary.frames import adopt

if TYPE_CHECKING:
    import polars as pl

    from communitygov.procedure.case import Case
    from communitygov.procedure.rules import Procedure

__all__ = ["acts_in", "check_events", "events_frame"]


def check_events(procedure: Procedure, events: Any, at: dt.datetime) -> None:
    """Refuse a log that cannot be judged. What the rules forbid is no reason: that is for ``judge`` to find.

    Args:
        procedure: The rule.
        events: The log, as ``judge`` takes it: one row for each event, with the columns of ``events_table(procedure)``.
        at: The instant that it goes up to, with its time zone.

    Raises:
        DataError: With all that is wrong with it; it names column and rows.
        UsageError: If that instant has no time zone.

    Example:
        >>> import polars as pl
        >>> from communitygov.procedure.rules import Procedure, Role, Step
        >>> rule = Procedure(roles={"a": Role()}, steps={"ask": Step(by=("a",), starts=True)})
        >>> noon = dt.datetime(2024, 5, 6, 12, tzinfo=dt.timezone.utc)
        >>> log = pl.DataFrame({"case": ["x"], "seq": [1], "step": ["aks"], "at": [noon]})
        >>> check_events(rule, log, noon)
        Traceback (most recent call last):
        ...
        communitygov.vocabulary.errors.DataError: unknown-step: column `step`: there is no step `aks`...
    """
    take_events(procedure, adopt(events)[0], at)


def acts_in(events: pl.DataFrame, case: str) -> list[Act]:
    """Return the acts of one case in a log, in order; none if it is not there.

    Args:
        events: A log that ``check_events`` lets pass, in any order. Polars.
        case: The case.

    Returns:
        Its acts in the order of ``seq``; of each fact that its row knows, the value.

    Example:
        >>> import polars as pl
        >>> noon = dt.datetime(2024, 5, 6, 12, tzinfo=dt.timezone.utc)
        >>> rows = {"case": ["x", "x"], "seq": [2, 1], "step": ["answer", "ask"], "at": [noon, noon]}
        >>> [act.step for act in acts_in(pl.DataFrame(rows), "x")]
        ['ask', 'answer']
    """
    import polars as pl

    acts = []
    for row in events.filter(pl.col("case") == case).sort("seq").iter_rows(named=True):
        facts = {
            name.removeprefix(FACT): value for name, value in row.items() if name.startswith(FACT) and value is not None
        }
        about = {name: row.get(name) for name in ("actor", "role", "unit", "reason")}
        acts.append(Act(row["step"], instant_of(row["at"]), facts=facts, **about))
    return acts


def events_frame(procedure: Procedure, cases: Iterable[Case]) -> pl.DataFrame:
    """Return the events of live cases as a log, as ``judge`` takes it.

    Args:
        procedure: The rule that they were opened under.
        cases: The cases, with their history; none give the empty table of such a log.

    Returns:
        One row for each event, case by case, with the columns of ``events_table(procedure)``; a personal value that was
        erased is the text ``erased``. Polars.

    Raises:
        UsageError: If a case's history is in a store.

    Example:
        >>> from communitygov.procedure.case import Actor
        >>> from communitygov.procedure.rules import Procedure, Role, Step
        >>> rule = Procedure(roles={"a": Role()}, steps={"ask": Step(by=("a",), starts=True)})
        >>> noon = dt.datetime(2024, 5, 6, 12, tzinfo=dt.timezone.utc)
        >>> case = rule.open("x", "ask", Actor("li", "a"), noon)
        >>> events_frame(rule, [case]).select("case", "seq", "step", "actor", "role").rows()
        [('x', 1, 'ask', 'li', 'a')]
    """
    import polars as pl

    from communitygov.procedure.record import ERASED

    rows: list[dict[str, Any]] = []
    for case in cases:
        for event in case.history:
            act = event.act
            row = {"case": case.id, "seq": event.seq, "step": act.step, "at": act.at, "actor": act.actor}
            row |= {"role": act.role, "unit": act.unit, "reason": act.reason}
            # Of what was erased it is known that it was known: a text says so in its place.
            given = {name: str(value) if value is ERASED else value for name, value in act.facts.items()}
            rows.append(row | {FACT + name: value for name, value in given.items()})
    kinds = {"whole": pl.Int64(), "flag": pl.Boolean(), "time": pl.Datetime("us", "UTC")}
    text = ("case", "step", "actor", "role", "unit", "reason")
    schema: dict[str, Any] = {name: pl.String() for name in text}
    schema = {"case": pl.String(), "seq": pl.Int64(), "step": pl.String(), "at": pl.Int64(), **schema}
    schema |= {FACT + name: kinds.get(fact.kind, pl.String()) for name, fact in procedure.all_facts.items()}
    return pl.DataFrame(rows, schema=schema).with_columns(pl.col("at").cast(pl.Datetime("us", "UTC")))
