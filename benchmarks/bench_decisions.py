"""How long it takes to decide 1,922 councils and 11,299 projects: from counts, and from registers and ballots.

Run it with ``python benchmarks/bench_decisions.py``. The rule is that of article 278, with area and heads. It prints
seconds of processor time beside the bound, and the machine's load; nothing is asserted, since a busy
machine is no fault of the code.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from fractions import Fraction

import polars as pl

from communitygov.deliberation.count import count_votes
from communitygov.deliberation.decide import decide_all
from communitygov.deliberation.rules import Decision, Threshold
from communitygov.vocabulary.numbers import Share
from communitygov.vocabulary.period import Period

COUNCILS, PROJECTS, OWNERS = 1_922, 11_299, 20
BOUND = 1.0
"""Seconds for both, from counts."""


def rule() -> Decision:
    """Return the rule of article 278 II for special matters."""
    quorum = {m: Threshold(measure=m, at_least=Share(Fraction(2, 3)), of="all") for m in ("area", "heads")}
    passes = {m: Threshold(measure=m, at_least=Share(Fraction(3, 4)), of="taking_part") for m in ("area", "heads")}
    found = Decision(
        quorum=Threshold(all_of=quorum), passes=Threshold(all_of=passes), article="278 II", since=Period.parse("2021")
    )
    assert not list(found.check())
    return found


RULE = rule()


def rows(matters: int, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return registers and ballots of so many matters."""
    draw = random.Random(seed)
    names = [(f"{seed}-{m}", f"o{n}") for m in range(matters) for n in range(OWNERS)]
    register = pl.DataFrame(names, schema=["matter", "member"], orient="row")
    register = register.with_columns(area=pl.Series([draw.randint(3_000, 20_000) for _ in names]))
    choices = draw.choices(["yes", "no", "abstain", None], weights=[14, 2, 1, 3], k=len(names))
    ballots = register.select("matter", "member").with_columns(choice=pl.Series(choices, dtype=pl.String))
    return register, ballots.drop_nulls()


def clocked(what: str, do: Callable[[], object], bound: float | None = None) -> None:
    """Print how many seconds of processor time and of the clock something takes."""
    begin, clock = time.process_time(), time.perf_counter()
    do()
    taken, passed = time.process_time() - begin, time.perf_counter() - clock
    print(f"  {what}: {taken:.2f} s, by the clock {passed:.2f} s" + (f", bound {bound:.0f} s" if bound else ""))


def main() -> None:
    print(f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    bodies = [rows(COUNCILS, 1), rows(PROJECTS, 2)]
    counts = [count_votes(RULE, *body) for body in bodies]
    clocked(
        f"{COUNCILS:,} councils and {PROJECTS:,} projects, from counts",
        lambda: [decide_all(RULE, count).frame for count in counts],
        BOUND,
    )
    clocked("the shares of each", lambda: [decide_all(RULE, count).parts for count in counts])
    clocked(
        f"the same from {sum(body[0].height for body in bodies):,} rows of registers",
        lambda: [decide_all(RULE, count_votes(RULE, *body)).frame for body in bodies],
    )


if __name__ == "__main__":
    main()
