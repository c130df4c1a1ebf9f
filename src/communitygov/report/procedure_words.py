"""A procedure's conditions and times in words: its guards, limits, deadlines, pauses and reminders."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from html import escape
from typing import TYPE_CHECKING

from communitygov.procedure.wording import UNITS
from communitygov.report.tables import width
from communitygov.vocabulary.numbers import decimal_text
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    from communitygov.measures.rules import Condition
    from communitygov.procedure.guards import Guard
    from communitygov.procedure.rules import Deadline, Limit, Pause, Procedure, Rung
    from communitygov.vocabulary.deadline import Unit

__all__ = [
    "listed",
    "on_one_line",
    "say_deadline",
    "say_guard",
    "say_limit",
    "say_pause",
    "say_rung",
    "step_titles",
    "wrapped",
]

_ACTS: Mapping[str, Title] = {
    "remind": Title(zh="提醒", en="remind"),
    "notify": Title(zh="通报", en="notify"),
    "escalate": Title(zh="上报", en="escalate to"),
    "criticise": Title(zh="通报批评", en="criticise"),
}
_YES_NO = {True: Title(zh="是", en="yes"), False: Title(zh="否", en="no")}
_AND, _OR = Title(zh="，且", en=" and "), Title(zh="，或", en=" or ")


def listed(titles: Iterable[Title]) -> Title:
    """Return titles one after the other.

    Args:
        titles: The titles.

    Example:
        >>> listed([Title(zh="甲", en="a"), Title(zh="乙", en="b")])
        Title(zh='甲、乙', en='a, b')
    """
    found = list(titles)
    return Title(zh="、".join(one.zh for one in found), en=", ".join(one.en for one in found))


def step_titles(procedure: Procedure, names: Iterable[str]) -> Title:
    """Return what steps are called, one after the other.

    Args:
        procedure: The rule.
        names: Their ids.
    """
    return listed(procedure.steps[name].name(name) for name in names)


def say_guard(procedure: Procedure, guard: Guard) -> Title:
    """Say what must be true of a case's facts, by the titles of facts and values.

    Args:
        procedure: The rule, whose facts it speaks of.
        guard: The guard.

    Returns:
        Words without a full stop. What belongs together stands in brackets, so that they can be read in one way only.

    Example:
        >>> from communitygov.measures.rules import Condition
        >>> from communitygov.procedure.rules import CaseFact, Guard, Procedure
        >>> rule = Procedure(
        ...     roles={}, steps={}, facts={"done": CaseFact(kind="flag", title=Title(zh="办成", en="Done"))}
        ... )
        >>> say_guard(rule, Guard(facts={"done": Condition(flag=True)}))
        Title(zh='办成：是', en='Done: yes')
    """
    return _joined(_parts(procedure, guard), _AND)[0]


def _parts(procedure: Procedure, guard: Guard) -> Iterator[tuple[Title, bool]]:
    """Yield what must all hold, each with whether it has several parts itself."""
    for name, condition in guard.facts.items():
        yield from ((said, False) for said in _conditions(procedure, name, condition))
    for one in guard.all_of.values():
        yield _joined(_parts(procedure, one), _AND)
    if guard.any_of:
        yield _joined([_joined(_parts(procedure, one), _AND) for one in guard.any_of.values()], _OR)
    if guard.none_of:
        none, _ = _joined([_joined(_parts(procedure, one), _AND) for one in guard.none_of.values()], _OR)
        yield Title(zh=f"并非（{none.zh}）", en=f"not ({none.en})"), False


def _joined(parts: Iterable[tuple[Title, bool]], word: Title) -> tuple[Title, bool]:
    found = list(parts)
    if len(found) == 1:
        return found[0]
    zh = [f"（{one.zh}）" if several else one.zh for one, several in found]
    en = [f"({one.en})" if several else one.en for one, several in found]
    return Title(zh=word.zh.join(zh), en=word.en.join(en)), True


def _conditions(procedure: Procedure, name: str, condition: Condition) -> Iterator[Title]:
    """Yield what is asked of one fact."""
    fact = procedure.all_facts[name]
    called = fact.name(name)
    if condition.known is not None:
        zh, en = ("已知", "is known") if condition.known else ("未知", "is not known")
        yield Title(zh=f"{called.zh}{zh}", en=f"{called.en} {en}")
    if condition.one_of:
        values = listed(fact.values.get(value, Title(zh=value, en=value)) for value in condition.one_of)
        several = len(condition.one_of) > 1
        zh, en = ("为以下之一：", "is one of") if several else ("为", "is")
        yield Title(zh=f"{called.zh}{zh}{values.zh}", en=f"{called.en} {en} {values.en}")
    if condition.flag is not None:
        said = _YES_NO[condition.flag]
        yield Title(zh=f"{called.zh}：{said.zh}", en=f"{called.en}: {said.en}")
    if condition.bounded:
        zh, en = _bounds(condition.at_least, condition.at_most)
        yield Title(zh=f"{called.zh}{zh}", en=f"{called.en} {en}")


def _bounds(least: Fraction | None, most: Fraction | None) -> tuple[str, str]:
    if least is None:
        return f"不高于 {decimal_text(most or Fraction(0))}", f"is at most {decimal_text(most or Fraction(0))}"
    low = decimal_text(least)
    if most is None:
        return f"不低于 {low}", f"is at least {low}"
    if least == most:
        return f"为 {low}", f"is {low}"
    return f"为 {low} 至 {decimal_text(most)}", f"is {low} to {decimal_text(most)}"


def say_limit(limit: Limit) -> Title:
    """Say a stretch of time.

    Args:
        limit: The limit.

    Example:
        >>> from communitygov.procedure.rules import Limit
        >>> from communitygov.vocabulary.numbers import Number
        >>> say_limit(Limit(amount=Number(Fraction(5)), unit="working_days", begins="day_after", until="18:00"))
        Title(zh='5 个工作日（次日起算，至 18:00）', en='5 working days (from the day after, until 18:00)')
    """
    said = Title(zh="当日", en="the same day")
    if limit.unit != "same_day":
        said = _amount(limit.amount, limit.unit)
    more = []
    if limit.begins is not None:
        day_of = limit.begins == "day_of"
        more.append(
            Title(zh="当日起算", en="from the day itself") if day_of else Title(zh="次日起算", en="from the day after")
        )
    if limit.until is not None:
        more.append(Title(zh=f"至 {limit.until}", en=f"until {limit.until}"))
    if not more:
        return said
    zh, en = "，".join(one.zh for one in more), ", ".join(one.en for one in more)
    return Title(zh=f"{said.zh}（{zh}）", en=f"{said.en} ({en})")


def _amount(amount: Fraction, unit: Unit) -> Title:
    text, named = decimal_text(amount), UNITS[unit]
    return Title(zh=f"{text} {named.zh}", en=f"{text} {named.en.removesuffix('s') if amount == 1 else named.en}")


def say_deadline(procedure: Procedure, key: str) -> Iterator[Title]:
    """Yield what is to be said of a deadline, a line each: its title, its time by kind, what gives more, what stops it.

    Args:
        procedure: The rule.
        key: The deadline.
    """
    deadline = procedure.deadlines[key]
    yield deadline.name(key)
    yield from _times(procedure, deadline)
    for step, more in deadline.extended_by.items():
        added = _amount(more, next(iter(deadline.every.values())).unit)
        called = procedure.steps[step].name(step)
        yield Title(zh=f"“{called.zh}”延 {added.zh}", en=f"{called.en}: {added.en} more")
    if deadline.no_show:
        yield Title(zh="未到计为缺席", en="a no-show if it is not met")
    for pause in procedure.pauses.values():
        if key in pause.stops:
            yield say_pause(procedure, pause)


def _times(procedure: Procedure, deadline: Deadline) -> Iterator[Title]:
    earliest = deadline.bound == "at_earliest"

    def said(limit: Limit) -> Title:
        told = say_limit(limit)
        return Title(zh=f"不早于 {told.zh}", en=f"not before {told.en}") if earliest else told

    if deadline.limit is not None:
        yield said(deadline.limit)
    fact = None if deadline.by is None else procedure.all_facts[deadline.by]
    for value, limit in deadline.limits.items():
        called = _value(fact, value)
        yield Title(zh=f"{called.zh}：{said(limit).zh}", en=f"{called.en}: {said(limit).en}")
    if deadline.unlimited:
        free = listed(_value(fact, value) for value in deadline.unlimited)
        yield Title(zh=f"{free.zh}：不限时", en=f"{free.en}: no limit")


def _value(fact: object, value: str) -> Title:
    found: Mapping[str, Title] = getattr(fact, "values", {})
    return found.get(value, Title(zh=value, en=value))


def say_pause(procedure: Procedure, pause: Pause) -> Title:
    """Say when deadlines do not run.

    Args:
        procedure: The rule.
        pause: The pause.
    """
    begin = step_titles(procedure, pause.from_)
    zh, en = f"自“{begin.zh}”", f"stopped from {begin.en}"
    if pause.to:
        end = step_titles(procedure, pause.to)
        zh, en = f"{zh}至“{end.zh}”", f"{en} to {end.en}"
    zh = f"{zh}中止"
    if pause.at_most is not None:
        most = say_limit(pause.at_most)
        zh, en = f"{zh}，至多 {most.zh}", f"{en}, for at most {most.en}"
    return Title(zh=zh, en=en)


def say_rung(procedure: Procedure, key: str) -> Title:
    """Say when a reminder fires, what is done and to whom.

    Args:
        procedure: The rule.
        key: The reminder.
    """
    rung: Rung = procedure.reminders[key]
    zh, en = ("到期", "due") if rung.counted_from == "due" else ("起算", "the start")
    if rung.after is None:
        when = Title(zh=f"{zh}时", en=f"when {en}")
    else:
        after = say_limit(rung.after)
        when = Title(zh=f"{zh}后 {after.zh}", en=f"{after.en} after {'it is due' if en == 'due' else en}")
    act, role = _ACTS[rung.act], procedure.roles[rung.to].name(rung.to)
    public = Title(zh="（公开）", en=" (in public)") if rung.publish else Title(zh="", en="")
    named = Title(zh="", en="")
    if rung.title is not None:
        named = Title(zh=f"{rung.title.zh}：", en=f"{rung.title.en}: ")
    return Title(
        zh=f"{named.zh}{when.zh}{act.zh}{role.zh}{public.zh}", en=f"{named.en}{when.en}, {act.en} {role.en}{public.en}"
    )


def on_one_line(text: str) -> str:
    r"""Return a text as a picture can show it.

    Args:
        text: The text; white space counts as one space, and what no picture can show is left out.

    Example:
        >>> on_one_line("five\n days")
        'five days'
    """
    seen = (char for char in text if char.isspace() or unicodedata.category(char) not in _UNSEEN)
    return " ".join("".join(seen).split())


def wrapped(text: str, most: int) -> list[str]:
    """Return a text in lines of a width: broken at spaces, and anywhere between Chinese characters.

    Args:
        text: The text, as `on_one_line` gives it.
        most: How wide a line may be, in columns of a terminal; a longer word stands alone.

    Example:
        >>> wrapped("five  working days", 12), wrapped("自受理之日起五个工作日", 12)
        (['five working', 'days'], ['自受理之日起', '五个工作日'])
    """
    lines = [""]
    for part in _PARTS.findall(on_one_line(text)):
        if lines[-1] and width((lines[-1] + part).rstrip()) > most and part[0] not in _TRAILING:
            lines.append("")
        lines[-1] += part if lines[-1] else part.lstrip()
    return [line.rstrip() for line in lines]


_UNSEEN = ("Cc", "Cs", "Cn", "Co")
"""Control characters, halves of characters and what is none: XML allows few of them, and no font has any."""

_TRAILING = "，。；：、？！）》”’」,.;:)"
"""What does not begin a line."""

_PARTS = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef] ?|[^\s\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]+ ?|\s")


def svg_head(box: str, *, width: float, about: str) -> str:
    """Return the tag that begins a picture, which scales with its surroundings.

    Args:
        box: The part of the plane that it shows: left, top, width and height.
        width: How many pixels wide it is at most.
        about: What it shows, for those who cannot see it.
    """
    said = escape(on_one_line(about))
    look = f"max-width:100%;width:{width:.0f}px;height:auto"
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" role="img" aria-label="{said}" style="{look}">'
