"""How orders come in and are handled in a drawn world: arrivals, handling times, desks, and what people decide.

Nothing here is a rule of a procedure: these are the facts that are made up, and the procedure is then carried out on
them exactly. A model is a document of its own, with a reason for each number in its notes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from communitygov.documents.check import Checker
from communitygov.documents.model import build
from communitygov.documents.reading import try_document
from communitygov.documents.rule import Finding, Rule, rule, term
from communitygov.documents.schema import document_schema
from communitygov.procedure.timing import Clock
from communitygov.vocabulary.calendar import Calendar, Hours
from communitygov.vocabulary.errors import DocumentError, UsageError
from communitygov.vocabulary.numbers import Number, Share
from communitygov.vocabulary.problem import Problem, did_you_mean
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    from communitygov.procedure.rules import CaseFact, Procedure

__all__ = [
    "Arrivals",
    "Doing",
    "Duration",
    "FactModel",
    "OrderModel",
    "OrderModelFile",
    "calendar_of",
    "check_model",
    "read_order_model",
    "values_of",
]


@rule
class Duration(Rule):
    """How long something takes.

    Args:
        hours: The mean, in hours.
        spread: The deviation as a part of the mean: 0 for always the mean, 1 as of waiting for chance. In between and
            beyond, a gamma distribution.
        counted: Whether the hours are those that pass, or hours of work on the clock of the procedure.
    """

    hours: Number = term("小时", "Hours")
    spread: Number = term("离散", "Spread", default=Number(Fraction(1)))
    counted: Literal["elapsed", "working"] = term("计法", "Counted")

    def check(self) -> Iterator[Finding]:
        """Yield a finding for less than no time."""
        yield from super().check()
        for name in ("hours", "spread"):
            if getattr(self, name) < 0:
                yield Finding((name,), "below-scale", "不能小于零", "cannot be below 0")


@rule
class Doing(Rule):
    """How a step is done.

    Args:
        takes: How long it takes, once it is taken up.
        weight: How often it is the one that follows, beside the others that may: in proportion to the weights.
        chance: How often it is done when its turn has come: a line that it begins, a unit that comes when it is called
            in, a closed case that goes on. Otherwise it never is, and nothing follows there.
        units: The units that do it, each as often as another; one without a name if none are named.
        desks: How many a unit can do at a time; any number if absent. What finds no desk waits; what awaits a line of
            its case has no desk.
        queue: Which of those that wait is taken up first: who came first, or who falls due first.
        people: How many people do it in each unit.
    """

    takes: Duration = term("耗时", "Takes")
    weight: Number = term("权重", "Weight", default=Number(Fraction(1)))
    chance: Share = term("发生率", "Chance", default=Share(Fraction(1)))
    units: tuple[str, ...] = term("单位", "Units", default=())
    desks: int | None = term("同时办理数", "Desks", default=None, at_least=1)
    queue: Literal["first_come", "earliest_due"] = term("排队", "Queue", default="first_come")
    people: int = term("人数", "People", default=2, at_least=1)

    def check(self) -> Iterator[Finding]:
        """Yield a finding for a weight below 0."""
        yield from super().check()
        if self.weight < 0:
            yield Finding(("weight",), "below-scale", "不能小于零", "cannot be below 0")


@rule
class FactModel(Rule):
    """What a fact is, wherever a step sets it: one that needs it, or may set it, and finds it unknown.

    Args:
        weights: For a choice or a text, how often each value is it; for a flag, of ``true`` and ``false``. A value that
            a variant does not have never is it there.
        least: For a whole number, the least; all up to the greatest are as likely.
        most: The greatest.
    """

    weights: Mapping[str, Number] = term("权重", "Weights", default={})
    least: int | None = term("最小", "Least", default=None)
    most: int | None = term("最大", "Most", default=None)

    def check(self) -> Iterator[Finding]:
        """Yield a finding unless it has weights or bounds, and for those that give nothing."""
        yield from super().check()
        if bool(self.weights) == (self.least is not None) or (self.least is None) != (self.most is None):
            yield Finding((), "missing-setting", "须有 weights，或 least 与 most", "needs weights, or least and most")
        if self.weights and (min(self.weights.values()) < 0 or not any(self.weights.values())):
            yield Finding(
                ("weights",), "empty-range", "权重不能小于零，也不能全为零", "weights are not below 0, nor all 0"
            )
        if self.least is not None and self.most is not None and self.least > self.most:
            yield Finding(("most",), "empty-range", "most 小于 least", "`most` is below `least`")


@rule
class Arrivals(Rule):
    """How orders come in.

    Args:
        step: The step that opens them, the moment they come in; under rules without it none come.
        per_day: How many on a working day, in the mean.
        free_days: How many on a free day, as a part of that.
        hours: How often in each part of the day, by stretches such as ``08:00-12:00``; all day alike if absent.
    """

    step: str = term("环节", "Step")
    per_day: Number = term("每日件数", "Per day")
    free_days: Number = term("休息日比例", "Free days", default=Number(Fraction(1)))
    hours: Mapping[str, Number] = term("时段权重", "Hours", default={})

    def check(self) -> Iterator[Finding]:
        """Yield a finding for numbers below 0 and for hours that are none."""
        yield from super().check()
        for name in ("per_day", "free_days"):
            if getattr(self, name) < 0:
                yield Finding((name,), "below-scale", "不能小于零", "cannot be below 0")
        parsed = []
        for text, weight in self.hours.items():
            try:
                parsed.append(Hours.parse(text))
            except UsageError as error:
                told = error.problems[0].message
                yield Finding(("hours", text), "bad-hours", told.zh, told.en)
            if weight < 0:
                yield Finding(("hours", text), "below-scale", "不能小于零", "cannot be below 0")
        try:
            Calendar("UTC", hours=tuple(parsed))
        except UsageError as error:
            told = error.problems[0].message
            yield Finding(("hours",), "bad-hours", told.zh, told.en)
        if self.hours and not any(self.hours.values()):
            yield Finding(("hours",), "empty-range", "权重不能全为零", "weights are not all 0")


@rule
class OrderModel(Rule):
    """A world of orders.

    Args:
        arrivals: How orders come in, by kind.
        steps: How each step is done that is ever done.
        facts: What the facts are that steps set.
        clock: The days on which orders come in, in each variant alike; and the hours of work, where the procedure has
            no clock of its own.
    """

    arrivals: Mapping[str, Arrivals] = term("到件", "Arrivals")
    steps: Mapping[str, Doing] = term("环节", "Steps")
    facts: Mapping[str, FactModel] = term("事实", "Facts", default={})
    clock: Clock | None = term("时钟", "Clock", default=None)


@rule
class OrderModelFile(Rule):
    """A file that holds a world of orders.

    Args:
        orders: The world.
    """

    orders: OrderModel = term("工单情境", "Orders")


@cache
def _checker() -> Checker:
    schema = document_schema(
        OrderModelFile, identifier="orders.schema.json", title=Title(zh="工单情境", en="World of orders")
    )
    return Checker(schema, {})


def read_order_model(file: str | Path) -> OrderModel:
    """Read a world of orders from its file.

    Args:
        file: A YAML document whose one section is ``orders``.

    Raises:
        DocumentError: With every problem of the file.
    """
    problems: list[Problem] = []
    node = try_document(file, problems, layer="document")
    found = None
    if node is not None:
        sound, faults = _checker().sift(node)
        problems.extend(faults)
        found = build(sound, OrderModelFile, problems)
    if found is None or problems:
        raise DocumentError(problems)
    return found.orders


def calendar_of(model: OrderModel, procedure: Procedure) -> Calendar:
    """Return the days on which orders come in: the procedure's, or else the world's.

    Args:
        model: The world.
        procedure: The procedure.

    Raises:
        UsageError: If neither has a clock.
    """
    clock = procedure.clock or model.clock
    found: Calendar = procedure.machine.calendar if clock is None else clock.days
    return found


def check_model(model: OrderModel, *procedures: Procedure) -> None:
    """Refuse a world that does not fit a procedure, or the variants of one.

    Args:
        model: The world.
        procedures: The procedure, in each of its variants.

    Raises:
        UsageError: It names each step, fact or value that no variant has, each fact that a step of one needs and the
            world does not say, each step that the world would have to do there and does not say how, and each that is
            to take time or a desk though an order is opened by it.
    """
    found = list(_unknown(model, procedures))
    for procedure in procedures:
        found.extend((*_unfit(model, procedure), *_unsaid(model, procedure)))
    problems = list({(problem.path, problem.message): problem for problem in found}.values())
    if problems:
        raise UsageError(problems)


def _unknown(model: OrderModel, procedures: Sequence[Procedure]) -> Iterator[Problem]:
    """Yield each name that no variant has."""
    steps = {key: step for one in procedures for key, step in one.steps.items()}
    starts = list(dict.fromkeys(key for one in procedures for key, step in one.steps.items() if step.starts))
    facts = list(dict.fromkeys(key for one in procedures for key in one.all_facts))
    for key, arrivals in model.arrivals.items():
        if arrivals.step not in starts:
            yield _none(f"arrivals.{key}.step", "起始环节", "step that starts a case", arrivals.step, starts)
    for key in model.steps:
        if key not in steps:
            yield _none(f"steps.{key}", "环节", "step", key, [*steps])
    for key, fact in model.facts.items():
        if key not in facts:
            yield _none(f"facts.{key}", "事实", "fact", key, facts)
            continue
        known = [values_of(one.all_facts[key]) for one in procedures if key in one.all_facts]
        listed = list(dict.fromkeys(value for values in known for value in values or ()))
        for value in fact.weights if None not in known else ():
            if value not in listed:
                yield _none(f"facts.{key}.weights.{value}", "取值", "value", value, listed)


def values_of(rule: CaseFact) -> list[str] | None:
    """Return the values that a fact can have, as weights name them; None if any text is one.

    Args:
        rule: The fact.
    """
    return {"choice": [*rule.values], "flag": ["true", "false"]}.get(rule.kind)


def _unfit(model: OrderModel, procedure: Procedure) -> Iterator[Problem]:
    """Yield what the world says and a variant cannot be drawn with."""
    for key, fact in model.facts.items():
        rule = procedure.all_facts.get(key)
        if rule is None:
            continue
        if (rule.kind == "whole") == bool(fact.weights):
            zh, en = "整数用 least 与 most，其他用 weights", "a whole number has least and most, others have weights"
            yield _problem(f"facts.{key}", zh, en)
        known = values_of(rule)
        if fact.weights and known is not None and not any(fact.weights.get(value) for value in known):
            listed = ", ".join(known)
            yield _problem(f"facts.{key}.weights", f"{listed} 都没有权重", f"none of its values has a weight: {listed}")
    clock = procedure.clock or model.clock
    works = any(doing.takes.counted == "working" for key, doing in model.steps.items() if key in procedure.steps)
    if works and (clock is None or not clock.hours):
        yield _problem("steps", "以工作时间计须时钟有时段", "hours of work need a clock with hours")


def _unsaid(model: OrderModel, procedure: Procedure) -> Iterator[Problem]:
    """Yield what the world would come to and does not say."""
    for key, step in procedure.steps.items():
        if key not in model.steps:
            continue
        for name in step.needs:
            if name not in model.facts and procedure.all_facts[name].kind not in ("time", "file"):
                zh, en = f"环节 `{key}` 须知，情境没有写", f"the step `{key}` needs it, and the world does not say it"
                yield _problem(f"facts.{name}", zh, en)
        if step.takes and not model.steps[key].units and all(procedure.roles[role].unit_in is None for role in step.by):
            zh, en = f"`{key}` 由办理单位承办，须写 units", f"the unit that does `{key}` has the case: name `units`"
            yield _problem(f"steps.{key}.units", zh, en)
        for _, way in step.ways:
            if way.next and not way.is_closing and not any(name in model.steps for name in way.next):
                nexts = ", ".join(way.next)
                zh, en = f"其后的 {nexts} 都没有写", f"how any of what follows it is done is not said: {nexts}"
                yield _problem(f"steps.{key}", zh, en)
    for key, arrivals in model.arrivals.items():
        if arrivals.step not in procedure.machine.start.next:
            continue
        doing = model.steps.get(arrivals.step)
        if doing is None:
            zh, en = f"没有写 `{arrivals.step}` 如何办理", f"how `{arrivals.step}` is done is not said"
            yield _problem(f"arrivals.{key}.step", zh, en)
        elif doing.takes.hours or doing.desks is not None:
            zh, en = "到件即受理：耗时须为零，不写 desks", "it is done as an order comes in: no hours and no `desks`"
            yield _problem(f"steps.{arrivals.step}", zh, en)


def _none(path: str, zh: str, en: str, name: str, known: list[str]) -> Problem:
    hint = did_you_mean(name, known)
    title = Title(zh=f"{path}：没有{zh} `{name}`{hint.zh}", en=f"{path}: there is no {en} `{name}`{hint.en}")
    return Problem("unknown-reference", title, path=path)


def _problem(path: str, zh: str, en: str) -> Problem:
    return Problem("unfit-world", Title(zh=f"{path}：{zh}", en=f"{path}: {en}"), path=path)
