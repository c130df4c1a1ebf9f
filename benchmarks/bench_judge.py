"""How long it takes to judge a million events: with few rules and with all, of many cases and of one.

Run it with ``python benchmarks/bench_judge.py``. Cases are drawn over a year, in Shanghai, of a few ways that each may
go, some of them at fault; the rows are shuffled. Each part runs in a process of its own. It prints wall and processor
time beside the bound, the peak of memory above what importing takes, how many times as long an event takes with all
rules as with few, and in one case as in many; and the oracle's time for an event beside. Nothing is asserted: a machine
that is busy is no fault of the code; processor time says more then.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import resource
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from communitygov.measures.rules import Measure
    from communitygov.procedure.rules import Procedure

EVENTS = 1_000_000
AT = dt.datetime(2025, 3, 1, tzinfo=dt.UTC)
FOLDED = 2_000
"""Cases that the fold is timed on."""

BOUNDS: dict[str, float | None] = {"few rules": 2.0, "all rules": 6.0, "one case": None}
"""Seconds of processors."""

MEMORY = 800
"""Mebibytes above what importing takes."""

Way = list[tuple[str, int, dict[str, Any]]]
"""What is done in a case, after how many hours, and what stands in its row."""


def on_time() -> Measure:
    """Return the share of cases that were handled in time, each month."""
    from communitygov.measures.rules import Condition, Measure, Quantity
    from communitygov.vocabulary.text import Title

    kept = Quantity(what="count", where={"kept.handling": Condition(known=True, flag=True)})
    base = Quantity(what="count", where={"kept.handling": Condition(known=True)})
    return Measure(of="cases", numerator=kept, base=base, unit=Title(zh="件", en="cases"), period="month")


def few_rules() -> tuple[Procedure, list[Way]]:
    """Return a procedure with order, roles, one deadline and a rule of two persons, and how its cases go."""
    from communitygov.procedure.rules import Clock, Deadline, Limit, Procedure, Role, Rung, Step
    from communitygov.vocabulary.numbers import exact
    from communitygov.vocabulary.text import Title

    procedure = Procedure(
        clock=Clock(zone="Asia/Shanghai", calendar="cn_statutory"),
        roles={"clerk": Role(), "chief": Role(), "worker": Role()},
        outcomes={"done": Title(zh="办结", en="done")},
        steps={
            "receive": Step(by=("clerk",), starts=True, next=("assign",)),
            "assign": Step(by=("clerk",), next=("handle",)),
            "handle": Step(by=("worker",), next=("check",)),
            "check": Step(by=("chief",), next=("close", "handle"), other_than=("handle",)),
            "close": Step(by=("clerk",), closes="done"),
        },
        deadlines={
            "handling": Deadline(
                from_=("assign",),
                to=("handle",),
                again="restart",
                limit=Limit(amount=exact("5"), unit="working_days", begins="day_after"),
            )
        },
        reminders={"late": Rung(deadline="handling", counted_from="due", act="remind", to="chief")},
        rates={"on_time": on_time()},
    )

    def way(handled: int, checker: str = "p2", last: str = "close") -> Way:
        return [
            ("receive", 0, {"role": "clerk", "actor": "p3"}),
            ("assign", 1, {"role": "clerk", "actor": "p3"}),
            ("handle", handled, {"role": "worker", "actor": "p1"}),
            ("check", handled + 2, {"role": "chief", "actor": checker}),
            (last, handled + 3, {"role": "clerk", "actor": "p3"}),
        ]

    return procedure, [way(20), way(40), way(70), way(90), way(240), way(30, "p1"), way(50, last="handle")]


def all_rules() -> tuple[Procedure, list[Way]]:
    """Return a procedure with branches, lines, pauses, reminders, disclosures and reasons, and how its cases go."""
    from communitygov.measures.rules import Condition
    from communitygov.procedure.rules import (
        Branch,
        CaseFact,
        Clock,
        Deadline,
        Disclosure,
        Guard,
        Limit,
        Line,
        Pause,
        Procedure,
        Role,
        Rung,
        Step,
    )
    from communitygov.vocabulary.numbers import exact
    from communitygov.vocabulary.text import Title

    def choice(*names: str) -> dict[str, Title]:
        return {name: Title(zh=name, en=name) for name in names}

    def limit(amount: str, unit: Any, begins: Any = None) -> Limit:
        return Limit(amount=exact(amount), unit=unit, begins=begins)

    done = ("closed", "refused")
    here = ("assign", "handle")
    procedure = Procedure(
        clock=Clock(zone="Asia/Shanghai", calendar="cn_statutory", hours=("08:30-12:00", "13:30-17:30")),
        roles={"clerk": Role(), "chief": Role(), "worker": Role(unit_in="unit"), "guest": Role()},
        facts={
            "kind": CaseFact(kind="choice", values=choice("illegal", "food", "other")),
            "unit": CaseFact(kind="text"),
            "invited": CaseFact(kind="text"),
            "true": CaseFact(kind="flag"),
            "result": CaseFact(
                kind="choice", values=choice("solved", "unsolved"), worth={"solved": exact("1"), "unsolved": exact("0")}
            ),
        },
        origins=choice("call", "visit"),
        outcomes=choice("solved", "unsolved", *done),
        steps={
            "receive": Step(by=("clerk",), starts=True, needs=("kind", "origin"), next=("assign",)),
            "assign": Step(by=("clerk",), needs=("unit", "kind"), takes=True, next=("handle", "back")),
            "back": Step(
                by=("worker",), reasons=choice("not_ours", "unclear"), at_most=2, counts_as="return", next=("assign",)
            ),
            "handle": Step(
                by=("worker",),
                needs=("true",),
                within=("handling",),
                choose={
                    "true": Branch(when=Guard(facts={"true": Condition(flag=True)}), next=("verify",)),
                    "false": Branch(otherwise=True, closes="refused"),
                },
            ),
            "verify": Step(
                by=("chief",), needs=("result",), other_than=("handle",), awaits=("joining",), closes_as="result"
            ),
            "invite": Step(by=("clerk",), line="joining", during=here, needs=("invited",), next=("arrive",)),
            "arrive": Step(by=("guest",), line="joining"),
            "ask": Step(by=("worker",), line="asking", during=here, needs_reason=True, next=("answer",)),
            "answer": Step(by=("clerk",), line="asking"),
            "post": Step(by=("clerk",), line="posting", during=("verify",), counts_as="posting"),
        },
        lines={"joining": Line(per="invited"), "asking": Line(), "posting": Line()},
        deadlines={
            "handling": Deadline(
                from_=("assign",),
                to=("handle",),
                again="run_on",
                by="kind",
                limits={
                    "illegal": limit("48", "elapsed_hours"),
                    "food": limit("1", "same_day"),
                    "other": limit("5", "working_days", "day_after"),
                },
            ),
            "coming": Deadline(
                from_=("invite",), to=("arrive",), again="restart", limit=limit("8", "working_hours"), no_show=True
            ),
            "posted": Deadline(
                from_=("verify",), to=("post",), again="restart", limit=limit("3", "natural_days", "day_after")
            ),
        },
        pauses={
            "asked": Pause(from_=("ask",), to=("answer",), stops=("handling",), at_most=limit("72", "elapsed_hours"))
        },
        reminders={
            "remind": Rung(deadline="handling", counted_from="due", act="remind", to="chief"),
            "hurry": Rung(
                deadline="coming", counted_from="start", after=limit("4", "working_hours"), act="notify", to="chief"
            ),
        },
        disclosures={"notice": Disclosure(step="post", within="posted", show=("result",))},
        rates={"on_time": on_time()},
    )
    street = {"actor": "p3", "role": "clerk", "unit": "street"}
    office = {"actor": "p1", "role": "worker", "unit": "office"}
    chief = {"actor": "p2", "role": "chief"}
    guest = {"actor": "p9", "role": "guest", "unit": "police"}

    def begun(kind: str) -> Way:
        assigned = {**street, "fact.unit": "office"}
        return [("receive", 0, {**street, "fact.kind": kind, "fact.origin": "call"}), ("assign", 1, assigned)]

    def ended(hours: int, result: str | None, by: dict[str, Any] = chief, *, post: int = 30) -> Way:
        handled = ("handle", hours, {**office, "fact.true": result is not None})
        if result is None:
            return [handled]
        verified = ("verify", hours + 5, {**by, "fact.result": result})
        return [handled, verified, ("post", hours + post, street)]

    invited = ("invite", 3, {**street, "fact.invited": "police"})
    return procedure, [
        [*begun("other"), *ended(50, "solved")],
        [*begun("other"), *ended(200, "unsolved")],
        [*begun("food"), *ended(4, None)],
        [*begun("illegal"), ("ask", 5, {**office, "reason": "地址"}), ("answer", 50, street), *ended(70, "solved")],
        [*begun("illegal"), invited, ("arrive", 9, guest), *ended(40, "solved", post=200)],
        [*begun("illegal"), invited, ("hurry", 30, {"unit": "police"}), *ended(60, "solved", {**chief, "actor": "p1"})],
        [*begun("other"), ("back", 4, {**office, "reason": "not_ours"}), ("assign", 8, street)],
        [*begun("food"), ("remind", 60, {}), ("ask", 2, office), *ended(61, "solved")],
    ]


def drawn(ways: list[Way], cases: int) -> pl.DataFrame:
    """Return the events of so many cases, in no order."""
    import polars as pl

    names = sorted({name for way in ways for _, _, row in way for name in row})
    rows = [
        {"way": i, "seq": seq, "step": step, "hours": hours, **{name: row.get(name) for name in names}}
        for i, way in enumerate(ways)
        for seq, (step, hours, row) in enumerate(sorted(way, key=lambda one: one[1]), 1)
    ]
    of = pl.DataFrame({"n": pl.int_range(cases, eager=True)}).with_columns(way=pl.col("n") % len(ways))
    table = of.join(pl.DataFrame(rows, infer_schema_length=None), on="way").head(EVENTS)
    began = dt.datetime(2024, 2, 1, tzinfo=dt.UTC) + pl.duration(minutes=pl.col("n") * 7919 % 500_000)
    table = table.with_columns(
        case=pl.format("2024-{}", pl.col("n").cast(pl.String).str.zfill(7)),
        at=(began + pl.duration(hours="hours")).dt.convert_time_zone("Asia/Shanghai"),
    )
    return table.drop("n", "way", "hours").sample(fraction=1, shuffle=True, seed=1)


def one_long_case(ways: list[Way]) -> pl.DataFrame:
    """Return a case that is assigned, asked about and sent back until it has so many events, one a second."""
    import polars as pl

    begun, asked = ways[3][:2], ways[3][2:4]
    sent_back = next(row for step, _, row in ways[6] if step == "back")
    turn = [*asked, ("back", 0, sent_back), begun[1]]
    rows = [{"step": step, **row} for step, _, row in (*begun, *turn)]
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = pl.DataFrame([{name: row.get(name) for name in names} for row in rows], infer_schema_length=None)
    events = pl.concat([table.head(2), *[table.tail(4)] * ((EVENTS - 2) // 4)]).with_row_index("seq")
    at = dt.datetime(2024, 2, 1, tzinfo=dt.UTC) + pl.duration(seconds="seq")
    return events.with_columns(at=at, case=pl.lit("the one")).sample(fraction=1, shuffle=True, seed=1)


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measured(part: str) -> dict[str, Any]:
    """Judge once, in this process, and say what it took."""
    from communitygov.procedure.judge import judge
    from communitygov.procedure.rates import rates

    procedure, ways = few_rules() if part == "few rules" else all_rules()
    rates(procedure, judge(procedure, drawn(ways, 100), AT))  # what is laid out but once
    imported, average = peak(), sum(map(len, ways)) / len(ways)
    frame = one_long_case(ways) if part == "one case" else drawn(ways, int(EVENTS / average) + 1)
    found: dict[str, Any] = {"events": frame.height, "cases": frame["case"].n_unique()}
    wall, own = time.perf_counter(), time.process_time()
    judged = judge(procedure, frame, AT)
    found["judged"] = [time.perf_counter() - wall, time.process_time() - own]
    found["mebibytes"] = peak() - imported
    wall, own = time.perf_counter(), time.process_time()
    rates(procedure, judged)
    found["rates"] = [time.perf_counter() - wall, time.process_time() - own]
    found["verdicts"] = judged.verdicts.height
    if part != "one case":  # the fold takes the square of a case's deadlines
        found["fold"] = folded(procedure, frame)
    return found


def folded(procedure: Procedure, frame: pl.DataFrame) -> float:
    """Return how long the oracle takes for an event, in seconds of processors."""
    import polars as pl

    from communitygov.procedure.explain import fold
    from communitygov.procedure.state import Act
    from communitygov.vocabulary.clock import instant_of

    facts = [name for name in frame.columns if name.startswith("fact.")]
    some = frame.filter(pl.col("case").is_in(frame["case"].unique().sort().head(FOLDED).implode())).sort("case", "seq")
    cases = [
        [
            Act(
                row["step"],
                instant_of(row["at"]),
                *(row.get(name) for name in ("actor", "role", "unit", "reason")),
                {name.removeprefix("fact."): row[name] for name in facts if row[name] is not None},
            )
            for row in one.iter_rows(named=True)
        ]
        for one in some.partition_by("case", maintain_order=True)
    ]
    own = time.process_time()
    for acts in cases:
        fold(procedure, acts, AT)
    return (time.process_time() - own) / some.height


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=list(BOUNDS), help="run this one in this process, and print it as JSON")
    part = parser.parse_args().part
    if part is not None:
        print(json.dumps(measured(part)))
        return
    results = {}
    for name, bound in BOUNDS.items():
        done = subprocess.run([sys.executable, __file__, "--part", name], capture_output=True, text=True, check=True)
        found = results[name] = json.loads(done.stdout)
        print(f"{name} (load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors)")
        print(f"  {found['events']:,} events of {found['cases']:,} cases, {found['verdicts']:,} verdicts")
        limit = "" if bound is None else f", bound {bound:.0f} s"
        print(f"  judged: {found['judged'][0]:.2f} s wall, {found['judged'][1]:.2f} s of processors{limit}")
        print(f"  rates: {found['rates'][0]:.2f} s wall, {found['rates'][1]:.2f} s of processors")
        print(f"  peak of memory above what importing takes: {found['mebibytes']:,.0f} mebibytes, bound {MEMORY}")
        if "fold" in found:
            times = found["fold"] * found["events"] / found["judged"][1]
            print(f"  the fold of one event after the other takes {times:.0f} times as long")
    each = {name: found["judged"][1] / found["events"] for name, found in results.items()}
    print(f"an event takes {each['all rules'] / each['few rules']:.1f} times as long with all rules as with few,")
    print(f"and in one case {each['one case'] / each['all rules']:.1f} times as long as in many")


if __name__ == "__main__":
    main()
