"""How many acts a second live cases take: refused or not, with guards and log; sealed; kept; and what a case weighs.

Run it with ``python benchmarks/bench_cases.py``. A case goes from a report to its call-back in six acts, with a branch
on facts, a deadline by kind, and a rule of different persons. It prints acts per second of processor time beside the
bounds, and the machine's load. Nothing is asserted: a machine that is busy is no fault of the code; the ratio to a loop
that only looks at a table and keeps a list says more then.
"""

from __future__ import annotations

import datetime as dt
import os
import time
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from statistics import median
from zoneinfo import ZoneInfo

from attrs import evolve

from communitygov.measures.rules import Condition
from communitygov.procedure.case import Actor, Case, open_case
from communitygov.procedure.due import due
from communitygov.procedure.record import save, seal
from communitygov.procedure.refusal import Refused
from communitygov.procedure.rules import Branch, CaseFact, Clock, Deadline, Guard, Limit, Procedure, Role, Rung, Step
from communitygov.procedure.store import MemoryStore
from communitygov.vocabulary.numbers import exact
from communitygov.vocabulary.text import Title

CASES = 10_000
ROUNDS = 10
ACTS = 6
ALIVE = 20_000
BOUNDS = {"acts": 80_000, "sealed": 40_000}
"""Acts a second on one processor."""
BYTES = 1024
"""A live case without its history."""

START = dt.datetime(2024, 9, 2, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
HOUR = dt.timedelta(hours=1)


def word(name: str) -> Title:
    """Return a word as a title."""
    return Title(zh=name, en=name)


def procedure() -> Procedure:
    """Return the rules: a report, dispatch, acceptance, handling, supervision and verification."""
    two_days = Limit(amount=exact("48"), unit="elapsed_hours")
    five_days = Limit(amount=exact("5"), unit="working_days", begins="day_after")
    found = Procedure(
        clock=Clock(zone="Asia/Shanghai", calendar="cn_statutory", hours=("09:00-17:30",)),
        roles={name: Role() for name in ("resident", "party_org", "social_org", "supervisor", "street")},
        facts={
            "grade": CaseFact(kind="choice", values={"urgent": word("urgent"), "ordinary": word("ordinary")}),
            "remit": CaseFact(kind="choice", values={"own": word("own"), "outside": word("outside")}),
            "satisfied": CaseFact(kind="flag"),
            "evidence": CaseFact(kind="file"),
        },
        outcomes={"solved": word("solved"), "referred": word("referred")},
        steps={
            "order": Step(by=("resident",), starts=True, next=("dispatch",)),
            "dispatch": Step(
                by=("party_org",),
                takes=True,
                needs=("grade", "remit"),
                choose={
                    "own": Branch(when=Guard(facts={"remit": Condition(one_of=("own",))}), next=("accept",)),
                    "outside": Branch(otherwise=True, closes="referred"),
                },
            ),
            "accept": Step(by=("social_org",), next=("handle",)),
            "handle": Step(by=("social_org",), next=("supervise",), needs=("evidence",)),
            "supervise": Step(by=("supervisor",), next=("verify",), other_than=("handle",)),
            "verify": Step(
                by=("street",),
                needs=("satisfied",),
                choose={
                    "yes": Branch(when=Guard(facts={"satisfied": Condition(flag=True)}), closes="solved"),
                    "no": Branch(otherwise=True, next=("handle",)),
                },
            ),
        },
        deadlines={
            "handling": Deadline(
                from_=("dispatch",),
                to=("handle",),
                again="restart",
                by="grade",
                limits={"urgent": two_days, "ordinary": five_days},
            )
        },
        reminders={"remind": Rung(deadline="handling", counted_from="due", act="remind", to="social_org")},
    )
    assert not list(found.check())
    return found


RULES = procedure()
PEOPLE = {name: Actor(f"{name}-1", name, "east") for name in RULES.roles}
WAY = (
    ("dispatch", "party_org", {"grade": "urgent", "remit": "own"}),
    ("accept", "social_org", {}),
    ("handle", "social_org", {"evidence": "photo"}),
    ("supervise", "supervisor", {}),
    ("verify", "street", {"satisfied": True}),
)
TIMES = [START + n * HOUR for n in range(ACTS + 1)]


def whole(number: int, acts: int = ACTS - 1) -> Case:
    """Return a case after so many acts."""
    case = open_case(RULES, f"c{number}", "order", PEOPLE["resident"], TIMES[0])
    for n, (step, role, facts) in enumerate(WAY[:acts], 1):
        case = case.act(step, PEOPLE[role], TIMES[n], **facts)
    return case


def refused(number: int) -> None:
    """Try as many acts that are refused, each with its words."""
    case = whole(number, 1)
    for _ in range(ACTS - 2):
        with suppress(Refused):
            case.act("verify", PEOPLE["party_org"], TIMES[3])


def plain(number: int) -> list[tuple[str, str, int]]:
    """Go the same way by a table alone: what nobody could do without."""
    follows = {
        "order": "dispatch",
        "dispatch": "accept",
        "accept": "handle",
        "handle": "supervise",
        "supervise": "verify",
    }
    log, here = [("order", "resident", number)], "order"
    for step, role, _ in WAY:
        if follows[here] != step or role not in PEOPLE:
            raise ValueError(step)
        log.append((step, role, number))
        here = step
    return log


def clocked(what: str, do: Callable[[int], object], bound: int | None = None) -> float:
    """Print how many acts a second something does in its quickest round and in the middle one, and return the first.

    A processor that others share is slow for seconds at a time: the quickest round says most about the code.
    """
    do(CASES)  # what is made once, such as the clock of a time zone, is no part of an act
    rates = []
    for first in range(0, CASES, CASES // ROUNDS):
        begin = time.process_time()
        for number in range(first, first + CASES // ROUNDS):
            do(number)
        rates.append(CASES // ROUNDS * ACTS / (time.process_time() - begin))
    best, middle = max(rates), median(rates)
    print(f"  {what}: {best:,.0f} acts a second, middle {middle:,.0f}" + (f", bound {bound:,}" if bound else ""))
    return best


def weight() -> float:
    """Return the bytes of a live case that is in the middle of its way, without its history."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    alive = [evolve(whole(number, 3), log=None) for number in range(ALIVE)]
    found = (tracemalloc.get_traced_memory()[0] - before) / len(alive)
    tracemalloc.stop()
    return found


def main() -> None:
    load = f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"
    print(f"{load}; {CASES:,} cases of {ACTS} acts, in {ROUNDS} rounds")
    table = clocked("a plain table", plain)
    live = clocked("live, with guards and log", whole, BOUNDS["acts"])
    clocked("two done and four refused", refused)
    print(f"  an act takes {table / live:.0f} times as long as a look at a table")
    clocked("live and sealed", lambda number: seal(whole(number)), BOUNDS["sealed"])
    store = MemoryStore()
    clocked("live, sealed and kept in memory", lambda number: save(store, whole(number)))
    print(f"  a live case: {weight():,.0f} bytes, bound {BYTES:,}")
    alive = [whole(number, 2) for number in range(ALIVE)]
    begin = time.process_time()
    agenda = due(alive, START + 60 * HOUR)
    taken = time.process_time() - begin
    print(f"  due and to be fired of {ALIVE:,} cases: {taken:.2f} s, {agenda.fire.height:,} reminders")


if __name__ == "__main__":
    main()
