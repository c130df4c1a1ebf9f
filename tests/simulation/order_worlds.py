"""Worlds of orders, procedures they are drawn under, and logs that come of them."""

import datetime as dt
from fractions import Fraction
from zoneinfo import ZoneInfo

import polars as pl
from attrs import evolve
from tests.conftest import ROOT

import communitygov
from communitygov.procedure.rules import Clock, Line, Procedure, Role, Step
from communitygov.simulation.order_draw import draw_log
from communitygov.simulation.order_model import (
    Arrivals,
    Doing,
    Duration,
    OrderModel,
    read_order_model,
)
from communitygov.vocabulary.numbers import Number, Share

LAMPS = communitygov.read_profile(ROOT / "examples" / "lamps")
RULE = LAMPS.at(2024).procedure["repair"]
WORLD = read_order_model(ROOT / "examples" / "lamps-world.yaml")
SHORTER = communitygov.read_reform(ROOT / "examples" / "lamps-24-hours.yaml")
FIRST, LAST = dt.date(2024, 4, 29), dt.date(2024, 5, 10)  # over Labour Day, with a make-up Saturday
END = dt.datetime(2024, 5, 11, tzinfo=ZoneInfo("Asia/Shanghai"))


def drawn(rule: Procedure = RULE, world=WORLD, draw: int = 0, seed: int = 1) -> pl.DataFrame:
    """Return a log of ten days."""
    return draw_log(world, rule, FIRST, LAST, seed=seed, draw=draw)


def changed(**steps):
    """Return the world with other settings of steps."""
    return evolve(WORLD, steps={key: evolve(one, **steps.get(key, {})) for key, one in WORLD.steps.items()})


def ended(log: pl.DataFrame, *steps: str) -> pl.DataFrame:
    """Return when steps of a log were done."""
    return log.filter(pl.col("step").is_in(steps)).select("case", "step", "unit", "at")


def hours(amount, **how):
    """Return a step that always takes so many hours."""
    how = {name: Share(Fraction(value)) if name == "chance" else value for name, value in how.items()}
    return Doing(takes=Duration(hours=Number(amount), spread=Number(0), counted="elapsed"), **how)


DAY = {"clock": Clock(zone="Asia/Shanghai", calendar="cn_statutory")}
DONE = {"done": communitygov.Title(zh="办结", en="done")}
CHECKED = Procedure(
    **DAY,
    roles={"a": Role()},
    outcomes=DONE,
    steps={
        "take_in": Step(by=("a",), starts=True, next=("check",)),
        "check": Step(by=("a",), next=("take_in", "end")),
        "end": Step(by=("a",), closes="done"),
    },
)
"""What is checked may be taken in once more."""

FORKED = Procedure(
    **DAY,
    roles={"a": Role()},
    outcomes=DONE,
    lines={"aside": Line()},
    steps={
        "start": Step(by=("a",), starts=True, next=("look",)),
        "look": Step(by=("a",), next=("left", "right")),
        "left": Step(by=("a",), closes="done"),
        "right": Step(by=("a",), closes="done"),
        "ask": Step(by=("a",), line="aside", during=("start",)),
    },
)
"""There are two ways to the end, and something may be asked beside."""


def world_of(opens, /, **steps):
    """Return a world of ten orders a day, that a step opens."""
    return OrderModel(arrivals={"orders": Arrivals(step=opens, per_day=Number(10))}, steps=steps)


PLAIN = world_of("take_in", take_in=hours(0), check=hours(1), end=hours(1))
"""Whatever is checked takes an hour."""

CLOCKLESS = """
profile:
  id: tiny
  title: {zh: 试, en: tiny}
  api: 1
  version: 0.1.0
  in_force: 2024
  last_verified: 2026-11-26
  sources: {notice: {title: {zh: 办法, en: notice}}}
clauses: {T-01: {quote: 一, source: notice, primitive: procedure}}
procedure:
  work:
    title: {zh: 办理, en: work}
    clause: T-01
    roles: {a: {title: {zh: 甲, en: a}}}
    outcomes: {done: {zh: 办结, en: done}}
    steps:
      take_in: {title: {zh: 受理, en: take in}, by: [a], starts: true, next: [check]}
      check: {title: {zh: 核查, en: check}, by: [a], next: [end]}
      end: {title: {zh: 办结, en: end}, by: [a], closes: done}
    rates:
      every:
        title: {zh: 全部, en: all}
        of: cases
        numerator: {what: count}
        base: {what: count}
        unit: {zh: 占全部, en: of all}
        period: month
"""
"""A profile whose procedure has no clock."""
