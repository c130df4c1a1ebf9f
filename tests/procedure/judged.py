"""What the fold says of a log, laid out as the bulk judge lays it out, so that the two can be compared."""

import datetime as dt
from collections import Counter

import polars as pl
from attrs import evolve

from communitygov.procedure.explain import case_row, fold
from communitygov.procedure.state import Act
from communitygov.vocabulary.clock import instant_of
from communitygov.vocabulary.numbers import Number

SECONDS = (0, 0, 0, 1, 60, 3600, 7 * 3600, 86_400, 3 * 86_400)
"""From one event to the next, in a log without rhyme or reason."""


def folded(procedure, log):
    """Return what the fold says of each case: all its verdicts, however often each, and its row."""
    return {
        case: (_verdicts(procedure, acts, log.at), _row(procedure, case, acts, log.at))
        for case, acts in log.cases.items()
    }


def in_bulk(judged):
    """Return the same from what the bulk judge says, of frames of Polars."""
    told = {case: Counter() for case in judged.cases["case"]}
    for case, *verdict in judged.verdicts.iter_rows():
        told[case][tuple(verdict)] += 1
    return {row["case"]: (told[row["case"]], row) for row in judged.cases.iter_rows(named=True)}


def _verdicts(procedure, acts, at):
    found = fold(procedure, acts, at)
    told = Counter()
    for seq, state, faults in zip(
        (*range(1, len(acts) + 1), None), found.states, (*found.faults, found.of_case), strict=True
    ):
        for fault in faults:
            by = counted = None
            if fault.by is not None:
                limit = next(
                    run.limit for run in state.runs if run.open and (run.deadline, run.unit) == (fault.what, fault.unit)
                )
                by, counted = fault.by * limit.budget.scale, limit.unit
            told[(seq, fault.kind, fault.what, fault.unit, by, counted, fault.provisional)] += 1
    return told


def _row(procedure, case, acts, at):
    row = case_row(procedure, case, acts, at)
    for name in ("opened", "closed"):
        if row[name] is not None:
            row[name] = dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(microseconds=row[name])
    return row


def tangled(random, procedure):
    """Return a procedure whose deadlines, pauses and rules of persons hang on any of its steps.

    Such a one would be refused on load; the fold and the bulk judge must agree on what it means all the same.
    """
    per = procedure.machine.per
    free = [name for name in procedure.steps if name not in per]

    def some(names, least=0):
        return tuple(dict.fromkeys(random.choice(names) for _ in range(random.randint(least, 2))))

    deadlines = {}
    for key, deadline in procedure.deadlines.items():
        scope = [name for name in procedure.steps if name in per] if deadline.from_[0] in per else free
        units = {limit.unit for limit in deadline.every.values()}
        more = some(scope) if len(units) == 1 and "same_day" not in units else ()
        deadlines[key] = evolve(
            deadline,
            from_=some(scope, 1),
            to=some(scope, 1),
            again=random.choice(["restart", "run_on"]),
            bound=random.choice(["at_latest", "at_latest", "at_earliest"]),
            extended_by={name: Number(random.randint(1, 3)) for name in more},
        )
    pauses = {
        key: evolve(pause, from_=some(free, 1), to=some(free, 0 if pause.at_most else 1))
        for key, pause in procedure.pauses.items()
    }
    steps = {
        key: evolve(
            step,
            within=some([*deadlines]) if deadlines else (),
            awaits=some([*procedure.lines]) if procedure.lines else (),
            other_than=(*step.other_than, *some([*procedure.steps])[: random.randint(0, 1)]),
        )
        for key, step in procedure.steps.items()
    }
    roles = {key: evolve(role, owner=random.randrange(3) == 0) for key, role in procedure.roles.items()}
    return evolve(procedure, roles=roles, deadlines=deadlines, pauses=pauses, steps=steps)


def any_value(random, fact):
    """Return a value that a fact may have."""
    match fact.kind:
        case "choice":
            return random.choice([*fact.values])
        case "flag":
            return random.choice([True, False])
        case "whole":
            return random.randint(-1, 6)
        case "time":
            return dt.datetime(2024, 9, random.randint(1, 30), 8, tzinfo=dt.UTC)
        case _:
            return random.choice(["p1", "p2", "u1", "u2"])


def senseless(random, procedure, events=40):
    """Return the acts of a case in which anybody does anything at any time; that of one in three goes back."""
    names = [*procedure.steps, *procedure.reminders]
    at = instant_of(
        dt.datetime(2024, random.randint(1, 12), random.randint(1, 28), random.randrange(24), tzinfo=dt.UTC)
    )
    acts = []
    back = -5 * 3600 if random.randrange(3) == 0 else 0
    for _ in range(random.randint(1, events)):
        at += random.choice((*SECONDS, back)) * 1_000_000
        facts = {
            name: any_value(random, fact) for name, fact in procedure.all_facts.items() if random.randrange(3) == 0
        }
        who = (random.choice([None, "p1", "p2"]), random.choice([None, *procedure.roles]))
        unit, reason = random.choice([None, "u1", "u2", "u3"]), random.choice([None, "", "elsewhere"])
        acts.append(Act(random.choice(names), at, *who, unit, reason, facts))
    return acts


def shuffled(frame, seed=1):
    """Return the rows of a frame in another order."""
    return frame.sample(fraction=1, shuffle=True, seed=seed)


def one_case(frame, case):
    """Return the events of one case."""
    return frame.filter(pl.col("case") == case)
