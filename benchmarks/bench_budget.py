"""How long a budget over 100,000 ballots takes, beside reading its file, and equal shares over as many.

Run it with ``python benchmarks/bench_budget.py``. Ballots name one to ten of 60 projects, the popular ones more often.
It prints wall and processor time, and the ratio of sharing to reading. Nothing is asserted: a busy machine is no
fault of the code; processor time says more then.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import TypeVar

from communitygov.deliberation.budget import share_budget
from communitygov.deliberation.budget_rules import BudgetRule, EqualShares, TieBreak
from communitygov.deliberation.pabulib import read_pb

VOTERS, PROJECTS = 100_000, 60
T = TypeVar("T")


def drawn(file: Path) -> None:
    """Write a vote whose ballots are as uneven as real ones."""
    random = Random(5)
    names = [f"BO.D{n}/24" for n in range(PROJECTS)]
    weights = [1 / (n + 1) for n in range(PROJECTS)]
    lines = ["META", "key;value", f"num_projects;{PROJECTS}", f"num_votes;{VOTERS}", "budget;5000000"]
    lines += ["vote_type;approval", "PROJECTS", "project_id;cost;name"]
    lines += [f"{name};{random.randrange(20, 900)}000;Project {name}" for name in names]
    lines += ["VOTES", "voter_id;vote;age;sex;voting_method"]
    for voter in range(VOTERS):
        ballot = dict.fromkeys(random.choices(names, weights, k=random.randint(1, 10)))
        lines.append(f"{voter};{','.join(ballot)};{random.randint(16, 90)};F;internet")
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def clocked(what: str, work: Callable[[], T]) -> tuple[T, float]:
    """Print the wall and the processor time of what is done; return what came of it, and the processor time."""
    wall, own = time.perf_counter(), time.process_time()
    done = work()
    wall, own = time.perf_counter() - wall, time.process_time() - own
    print(f"  {what}: {wall:.3f} s wall, {own:.3f} s of processors")
    return done, own


def main() -> None:
    print(f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "votes.pb"
        drawn(file)
        read_pb(file)  # the libraries are loaded now
        election, reading = clocked("reading the file", lambda: read_pb(file))
    common = {
        "budget": election.budget,
        "decimals": 0,
        "counted": "ballots",
        "least_votes": 0,
        "ties": "refuse",
        "tie_break": {"cost": TieBreak(order=1, wins="lower")},
    }
    greedy = BudgetRule(method="greedy", not_fitting="skip", **common)
    shared, sharing = clocked("greedy", lambda: share_budget(greedy, election.projects, election.ballots))
    print(f"  {shared.frame['funded'].sum()} funded; greedy takes {sharing / reading:.2f} times as long as reading")
    terms = EqualShares(utility="cost", completion="none")
    equal = BudgetRule(method="equal_shares", equal_shares=terms, **common)
    clocked("equal shares, one run", lambda: share_budget(equal, election.projects, election.ballots))
    terms = EqualShares(utility="cost", completion="add_one", step=Fraction(1), stop="overspent")
    raised = BudgetRule(method="equal_shares", equal_shares=terms, **common)
    done, _ = clocked("equal shares, add_one", lambda: share_budget(raised, election.projects, election.ballots))
    print(f"  shares were raised by {done.raised}, {done.frame['funded'].sum()} funded, {done.rest} left")


if __name__ == "__main__":
    main()
