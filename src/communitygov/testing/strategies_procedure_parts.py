"""Hypothesis strategies for the parts of procedures: facts, guards on them, clocks, and limits of every unit.

Needs the extra ``[test]``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from random import Random

from attrs import evolve, fields_dict
from hypothesis import strategies as st

from communitygov.documents.rule import Finding, Rule
from communitygov.measures.rules import Condition
from communitygov.procedure.rules import CaseFact, Clock, Guard, Limit
from communitygov.vocabulary.deadline import Unit
from communitygov.vocabulary.numbers import Number
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.text import Title

__all__ = [
    "CLOCKS",
    "FACTS",
    "OUTCOMES",
    "all_findings",
    "chance",
    "guards",
    "limits",
    "made_guard",
    "made_limit",
    "number",
]


def number(numerator: int, denominator: int = 1) -> Number:
    """Return a number of a document.

    Args:
        numerator: Of a fraction.
        denominator: Of a fraction.
    """
    return Number(Fraction(numerator, denominator))


_UNITS: tuple[Unit, ...] = ("elapsed_hours", "working_hours", "working_days", "natural_days", "same_day")
OUTCOMES = {"solved": Title(zh="已解决", en="solved"), "refused": Title(zh="不予受理", en="refused")}

FACTS: Mapping[str, CaseFact] = {
    "kind": CaseFact(kind="choice", values={key: Title(zh=key, en=key) for key in ("a", "b", "c")}),
    "urgent": CaseFact(kind="flag"),
    "rooms": CaseFact(kind="whole"),
    "person": CaseFact(kind="text", personal=True),
    "unit": CaseFact(kind="text"),
    "invited": CaseFact(kind="text"),
    "seen": CaseFact(kind="time"),
    "photo": CaseFact(kind="file"),
    "result": CaseFact(kind="choice", values=OUTCOMES, worth={"solved": number(1), "refused": number(4, 5)}),
}
"""What may be known of a case. The fact that says the outcome has the outcomes as its values."""

_HALVES, _DAYTIME, _ALWAYS = ("09:00-12:00", "13:00-17:30"), ("09:00-20:00",), ("00:00-24:00",)
_ON, _OFF = (Period.parse("2024-10-05"),), (Period.parse("2024-09-30"), Period.parse("2024-10-09"))

CLOCKS = (
    Clock(zone="Asia/Shanghai", calendar="monday_to_friday", hours=_HALVES),
    Clock(zone="Asia/Shanghai", calendar="cn_statutory", hours=_HALVES),
    Clock(zone="Asia/Shanghai", calendar="cn_statutory", hours=_DAYTIME, open_on="every_day"),
    Clock(zone="Asia/Shanghai", calendar="cn_statutory", hours=_HALVES, on=_ON, off=_OFF),
    Clock(zone="UTC", calendar="cn_statutory", hours=_ALWAYS, off=_OFF),
    Clock(zone="America/New_York", calendar="monday_to_friday", hours=_DAYTIME, on=_ON),
)
"""Either calendar, with days and hours of its own. They are few, since the days of each are laid out but once."""


def chance(random: Random, of: int = 2) -> bool:
    """Return true once in so many times; the least that can be drawn is false.

    Args:
        random: Where chance comes from.
        of: How many times.
    """
    return random.randrange(of) == of - 1


@st.composite
def limits(draw: st.DrawFn, unit: Unit | None = None) -> Limit:
    """Draw a limit.

    Args:
        draw: Hypothesis's.
        unit: What it counts; drawn if None.
    """
    return made_limit(draw(st.randoms(use_true_random=False)), unit)


@st.composite
def guards(draw: st.DrawFn, depth: int = 2) -> Guard:
    """Draw a guard on the facts ``kind``, ``urgent`` and ``rooms``, which need not be known.

    Args:
        draw: Hypothesis's.
        depth: How deep guards stand in guards at most.
    """
    return made_guard(draw(st.randoms(use_true_random=False)), ("kind", "urgent", "rooms"), depth, known=True)


def made_limit(random: Random, unit: Unit | None = None) -> Limit:
    """Return a limit.

    Args:
        random: Where chance comes from.
        unit: What it counts; drawn if None.
    """
    counted: Unit = random.choice(_UNITS) if unit is None else unit
    if counted == "same_day":
        return Limit(amount=number(1), unit=counted, until=random.choice([None, "18:00"]))
    if counted in ("elapsed_hours", "working_hours"):
        return Limit(amount=random.choice([number(2), number(1, 2), number(24), number(48)]), unit=counted)
    return Limit(
        amount=number(random.randint(1, 5)),
        unit=counted,
        begins=random.choice(["day_of", "day_after"]),
        until=random.choice([None, "18:00"]),
    )


def _condition(random: Random, name: str) -> Condition:
    fact = FACTS[name]
    if fact.kind == "choice":
        values = list(fact.values)
        return Condition(one_of=tuple(values[: random.randint(1, len(values) - 1)]))
    if fact.kind == "flag":
        return Condition(flag=random.choice([True, False]))
    low = random.randint(0, 3)
    match random.randrange(3):
        case 0:
            return Condition(at_least=number(low))
        case 1:
            return Condition(at_most=number(low))
        case _:
            return Condition(at_least=number(low), at_most=number(low + random.randint(0, 2)))


def made_guard(random: Random, names: Sequence[str], depth: int = 1, *, known: bool = False) -> Guard:
    """Return a guard.

    Args:
        random: Where chance comes from.
        names: The facts that it is of.
        depth: How deep guards stand in it at most.
        known: Whether it may ask whether a fact is known.
    """

    def below(part: str) -> dict[str, Guard]:
        return {f"{part}{i}": made_guard(random, names, depth - 1, known=known) for i in range(random.randint(1, 2))}

    if depth and chance(random):
        part = random.choice(["all_of", "any_of", "none_of"])
        return Guard(**{part: below(part)}, facts={} if chance(random) else _facts(random, names, known))  # type: ignore[arg-type]
    return Guard(facts=_facts(random, names, known))


def _facts(random: Random, names: Sequence[str], known: bool) -> dict[str, Condition]:
    found = {}
    for name in dict.fromkeys(random.choice(names) for _ in range(random.randint(1, 2))):
        asks = known and chance(random, 3)
        found[name] = Condition(known=random.choice([True, False])) if asks else _condition(random, name)
    return found


def all_findings(rule: Rule) -> list[Finding]:
    """Return what is wrong with a rule and all below it, as loading it from a document would find it.

    Args:
        rule: The rule.
    """
    found = [*rule.check()]
    for name in fields_dict(type(rule)):  # type: ignore[arg-type]  # rules are attrs classes
        value = getattr(rule, name)
        parts = value.items() if isinstance(value, Mapping) else ((None, value),)
        for key, part in parts:
            if isinstance(part, Rule):
                path = (name.rstrip("_"),) if key is None else (name.rstrip("_"), key)
                for finding in all_findings(part):
                    found.append(evolve(finding, path=(*path, *finding.path)))
    return found
