"""One draw of a world of orders under a procedure: cases open, wait for a desk, and are handled by the rule.

Every act goes through the live case, so that the log that comes out is an honest one. What is made up hangs on the
seed, the draw, the case, the step and what is asked of it alone: under another rule the same orders come in at the same
time, and the same work takes as long, whatever else is asked or done there.
"""

from __future__ import annotations

import datetime as dt
from bisect import insort
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from heapq import heappop, heappush
from random import Random
from typing import TYPE_CHECKING, Any

from attrs import define, field

from communitygov.procedure.case import Actor, Case
from communitygov.procedure.machine import Machine
from communitygov.procedure.refusal import Refused
from communitygov.procedure.rows import events_frame
from communitygov.procedure.rules import Procedure, Step
from communitygov.procedure.state import opened
from communitygov.procedure.times import due_of
from communitygov.simulation.order_model import Doing, Duration, OrderModel, calendar_of, values_of
from communitygov.vocabulary.calendar import Calendar, Hours
from communitygov.vocabulary.clock import moment_at, wall_clock
from communitygov.vocabulary.counting import OpenHours

if TYPE_CHECKING:
    import polars as pl

__all__ = ["draw_log"]

_HOUR = 3_600_000_000


@define
class _Job:
    """A step of a case that is to be done by a unit.

    Args:
        case: The case.
        step: The step.
        along: The unit along whose line it is done, if that is known before.
        nth: How often the step was taken up there before.
        unit: The unit that does it.
        facts: What becomes known with it.
        length: How long it takes, in microseconds.
        counted: Of what time.
        at_desk: Whether it has a desk.
        worked: Whether the time that it takes has passed.
    """

    case: int
    step: str
    along: str | None
    nth: int
    unit: str | None
    facts: dict[str, Any]
    length: int
    counted: str
    at_desk: bool = False
    worked: bool = False


@define
class _Desks:
    """The desks of a unit for a step, and the jobs that wait for one."""

    free: int | None
    waiting: list[tuple[int, int, _Job]] = field(factory=list)


class _Draw:
    """The orders of one draw on their way."""

    def __init__(
        self,
        model: OrderModel,
        procedure: Procedure,
        first: dt.date,
        last: dt.date,
        seed: str,
        coming: Calendar | None = None,
    ) -> None:
        self.model, self.procedure, self.seed = model, procedure, seed
        self.machine: Machine = procedure.machine
        self.calendar: Calendar = calendar_of(model, procedure)
        self.coming = coming or self.calendar
        self.clock = wall_clock(self.calendar.zone)
        self.open_hours = OpenHours(self.calendar, self.clock) if self.calendar.hours else None
        self.end = self.clock.midnight((last - dt.date(1970, 1, 1)).days + 1)
        self.first, self.last = first, last
        self.cases: dict[int, Case] = {}
        self.names: dict[int, str] = {}
        self.taken_up: dict[int, Counter[tuple[str, str | None]]] = defaultdict(Counter)
        self.stuck: dict[int, list[_Job]] = defaultdict(list)
        self.desks: dict[tuple[str, str | None], _Desks] = {}
        self.agenda: list[tuple[int, int, _Job]] = []
        self.count = 0

    def run(self) -> Iterator[Case]:
        """Carry everything out up to the last day, and yield the cases as they stand then."""
        for number, (at, name, step) in enumerate(self._arrivals()):
            self.names[number] = name
            self._push(at, self._job(number, step, None))
        while self.agenda:
            at, _, job = heappop(self.agenda)
            if at >= self.end:
                break
            self._finish(at, job)
        yield from (self.cases[number] for number in sorted(self.cases))

    def _push(self, at: int, job: _Job) -> None:
        self.count += 1
        heappush(self.agenda, (at, self.count, job))

    def _random(self, *about: object) -> Random:
        return Random("/".join(map(str, (self.seed, *about))))

    def _choice(self, weights: Mapping[str, float], *about: object) -> str:
        """Return one name, by weights: the first to come of all that are waited for, each with numbers of its own.

        So a name that a variant adds takes its share from each of the others, and none of those changes for another.
        """
        names = [name for name, weight in weights.items() if weight]
        return min(names, key=lambda name: self._random(*about, name).expovariate(weights[name]))

    def _happens(self, step: str, *about: object) -> bool:
        return self._random(*about, "chance", step).random() < self.model.steps[step].chance

    def _arrivals(self) -> list[tuple[int, str, str]]:
        found, clock = [], wall_clock(self.coming.zone)
        for key, arrivals in self.model.arrivals.items():
            if arrivals.step not in self.machine.start.next:
                continue
            parts = [(Hours.parse(text), float(weight)) for text, weight in arrivals.hours.items()]
            parts = parts or [(Hours(0, 1440), 1.0)]
            day = self.first
            while day <= self.last:
                random = self._random("arrivals", key, day)
                free = not self.coming.is_working(day)
                mean = float(arrivals.per_day) * (float(arrivals.free_days) if free else 1)
                midnight = clock.midnight((day - dt.date(1970, 1, 1)).days)
                for n in range(_poisson(random, mean)):
                    (part,) = random.choices([part for part, _ in parts], [weight for _, weight in parts])
                    minute = part.opens + random.random() * (part.closes - part.opens)
                    found.append((midnight + int(minute * 60_000_000), f"{key}-{day}-{n + 1}", arrivals.step))
                day += dt.timedelta(days=1)
        return sorted(found)

    def _job(self, number: int, step: str, along: str | None) -> _Job:
        """Return a step of a case, with all that is made up about it."""
        doing, rule = self.model.steps[step], self.procedure.steps[step]
        nth = self.taken_up[number][step, along]
        self.taken_up[number][step, along] += 1
        about = (self.names[number], step, along, nth)
        facts = {
            name: self._fact(name, *about) for name in (*rule.needs, *rule.may_set) if self._sets(name, number, rule)
        }
        per = None if rule.line is None or rule.during else self.procedure.lines[rule.line].per
        if per in rule.facts:
            facts[per] = along  # said by another of the unit, such as that it did not come
        unit = along
        if unit is None and doing.units:
            unit = self._choice(dict.fromkeys(doing.units, 1.0), *about, "unit")
        length = _length(self._random(*about, "takes"), doing.takes)
        return _Job(number, step, along, nth, unit, facts, length, doing.takes.counted)

    def _sets(self, name: str, number: int, rule: Step) -> bool:
        """Return whether a step sets a fact: what is not known yet, or is judged or named each time."""
        known = number in self.cases and self.cases[number].facts.get(name) is not None
        judged = any(branch.when is not None and name in branch.when.reads for branch in rule.choose.values())
        named = rule.line is not None and name == self.procedure.lines[rule.line].per
        if known and not (judged or named):
            return False
        needed = name in rule.needs and self.procedure.all_facts[name].kind in ("time", "file")
        return needed or name in self.model.facts

    def _fact(self, name: str, *about: object) -> Any:
        rule, model = self.procedure.all_facts[name], self.model.facts.get(name)
        if model is None:
            return "attached" if rule.kind == "file" else None  # a time is that of the act
        if model.least is not None and model.most is not None:
            return self._random(*about, "fact", name).randint(model.least, model.most)
        known = values_of(rule)
        weights = {value: float(weight) for value, weight in model.weights.items() if known is None or value in known}
        value = self._choice(weights, *about, "fact", name)
        return value == "true" if rule.kind == "flag" else value

    def _begin(self, at: int, job: _Job) -> None:
        """Take a job up, if no line that it awaits is underway and a desk is free; else it waits."""
        if self._awaits(job):
            self.stuck[job.case].append(job)
            return
        doing = self.model.steps[job.step]
        desks = self.desks.setdefault((job.step, job.unit), _Desks(doing.desks))
        if desks.free == 0:
            self.count += 1
            insort(desks.waiting, (self._urgency(at, job, doing), self.count, job), key=lambda one: one[:2])
            return
        if desks.free is not None:
            desks.free -= 1
            job.at_desk = True
        self._push(self._after(at, job), job)

    def _awaits(self, job: _Job) -> bool:
        lines, awaited = self.cases[job.case].state.lines, self.procedure.steps[job.step].awaits
        return any(line in awaited for line, _ in lines)

    def _urgency(self, at: int, job: _Job, doing: Doing) -> int:
        if doing.queue == "first_come":
            return at
        state = self.cases[job.case].state
        found = [
            due_of(self.machine, run, state.stopped(self.machine, run))
            for run in state.runs
            if job.step in self.procedure.deadlines[run.deadline].to
        ]
        return min((due[0] for due in found if due is not None), default=2**62)

    def _after(self, at: int, job: _Job) -> int:
        if job.counted == "elapsed" or self.open_hours is None:
            return at + job.length
        return self.open_hours.reach(self.open_hours.count(at) + max(job.length, 1))

    def _finish(self, at: int, job: _Job) -> None:
        """Do a step whose time has passed; its desk is free then, and it is seen what follows.

        If a line has begun meanwhile that the step awaits, it is done when that has ended, with no more work.
        """
        job.worked = True
        done = self._do(at, job)
        self._free(at, job)
        if done:
            self._follow(at, job)

    def _free(self, at: int, job: _Job) -> None:
        if not job.at_desk:
            return
        job.at_desk = False
        desks = self.desks[job.step, job.unit]
        desks.free = (desks.free or 0) + 1
        while desks.free and desks.waiting:
            self._begin(at, desks.waiting.pop(0)[2])

    def _do(self, at: int, job: _Job) -> bool:
        """Do a step, and return whether it is done; what may no longer be done is not, as when its time is over."""
        rule = self.procedure.steps[job.step]
        case = self.cases.get(job.case, Case(self.machine, self.names[job.case], opened(self.machine)))
        moment = moment_at(at, self.calendar.zone)
        facts = {name: moment if value is None else value for name, value in job.facts.items()}
        reason = next(iter(rule.reasons), None) or ("-" if rule.needs_reason else None)
        faults: set[str] = set()
        for actor in self._actors(case, job, rule, facts):
            try:
                self.cases[job.case] = case.act(job.step, actor, moment, reason, **facts)
            except Refused as error:
                faults = {fault.kind for fault in error.faults}
                continue
            return True
        if faults == {"awaiting"}:
            self.stuck[job.case].append(job)
        return False

    def _actors(self, case: Case, job: _Job, rule: Step, facts: dict[str, Any]) -> Iterator[Actor]:
        """Yield who may do a step: the one that is named, or one of the unit's people after the other."""
        role = rule.by[0]
        said, known = self.procedure.roles[role], {**case.facts, **facts}
        unit = job.unit if said.unit_in is None else known.get(said.unit_in)
        if said.named_in is not None:
            yield Actor(known.get(said.named_in), role, unit)
            return
        people = self.model.steps[job.step].people
        start = self._random(self.names[job.case], job.step, "person").randrange(people)
        # One more, for a rule of different persons where two steps share their people.
        for n in range(people + 1):
            yield Actor(f"{unit or role}-{(start + n) % (people + 1) + 1}", role, unit)

    def _follow(self, at: int, job: _Job) -> None:
        rule, case = self.procedure.steps[job.step], self.cases[job.case]
        about = (self.names[job.case], job.step, job.along, job.nth)
        if rule.line is not None:
            unit = self._line_unit(job, rule)
            place = case.state.lines.get((rule.line, unit))
            if place is not None:
                self._next(at, job.case, place.next, unit, *about)
            else:  # the line is done
                for waiting in self.stuck.pop(job.case, ()):
                    (self._finish if waiting.worked else self._begin)(at, waiting)
            return
        self._next(at, job.case, case.state.place.next, None, *about)
        for key, step in self.procedure.steps.items():
            if job.step in step.during and key in self.model.steps and self._happens(key, *about):
                self._begin(at, self._job(job.case, key, None))

    def _line_unit(self, job: _Job, rule: Step) -> str | None:
        per = None if rule.line is None else self.procedure.lines[rule.line].per
        return None if per is None else job.facts[per] if rule.during else job.unit

    def _next(self, at: int, number: int, steps: Collection[str], unit: str | None, *about: object) -> None:
        """Take up one of the steps that may follow, by their weights, if it happens at all."""
        known = {key: float(self.model.steps[key].weight) for key in steps if key in self.model.steps}
        if any(known.values()):
            step = self._choice(known, *about, "next")
            if self._happens(step, *about):
                self._begin(at, self._job(number, step, unit))


def _length(random: Random, takes: Duration) -> int:
    mean, spread = float(takes.hours), float(takes.spread)
    if not mean or not spread:
        return int(mean * _HOUR)
    shape = 1 / spread**2
    return int(random.gammavariate(shape, mean / shape) * _HOUR)


def _poisson(random: Random, mean: float) -> int:
    """Return how many come, one waiting time after the other."""
    count, passed = 0, random.expovariate(1.0)
    while passed < mean:
        count += 1
        passed += random.expovariate(1.0)
    return count


def draw_log(
    model: OrderModel,
    procedure: Procedure,
    first: dt.date,
    last: dt.date,
    *,
    seed: int,
    draw: int,
    coming: Calendar | None = None,
) -> pl.DataFrame:
    """Return the log of one draw: what came in from one day to another and what became of it by the end of the last.

    Args:
        model: The world.
        procedure: The procedure; without a clock of its own, the world has one.
        first: The first day.
        last: The last day.
        seed: The seed.
        draw: Which draw.
        coming: The days on which orders come in; those of the procedure's clock, or else of the world's, if None.

    Returns:
        The events, as ``events_table(procedure)`` has them. Polars.
    """
    return events_frame(procedure, _Draw(model, procedure, first, last, f"{seed}/{draw}", coming).run())
