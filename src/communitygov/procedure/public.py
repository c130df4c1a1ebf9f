"""What is public of a case at an instant: what was shown, what is hidden, since when and until when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from communitygov.procedure.explain import Folded, fold
from communitygov.procedure.times import due_of
from communitygov.vocabulary.clock import instant_of, moment_at
from communitygov.vocabulary.steps import Steps
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    from communitygov.procedure.acts import Act
    from communitygov.procedure.rules import CaseFact, Disclosure, Procedure
    from communitygov.procedure.times import Run

__all__ = ["Published", "explain_public", "public_of"]

_SHOWN = "%Y-%m-%d %H:%M"


@frozen
class Published:
    """What one disclosure says of a case.

    Args:
        disclosure: Which.
        since: When it was made public last; None while it is not.
        until: Until when, at the earliest, it stays public; None where nothing says so, or while that is paused.
        over: Whether a step has ended that.
        due: By when it is to be made public, while that runs and it is not.
        provisional: Whether ``until`` or ``due`` rests on a year that is not published.
        shown: What is public, by fact: as it was known when it was made public.
        missing: What is to be shown and was not known then.
        hidden: What was known then and is not shown, names, phones and addresses always among it.
    """

    disclosure: str
    since: dt.datetime | None
    until: dt.datetime | None
    over: bool
    due: dt.datetime | None
    provisional: bool
    shown: Mapping[str, Any] = field(factory=dict)
    missing: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()


def public_of(procedure: Procedure, acts: Sequence[Act], at: dt.datetime) -> tuple[Published, ...]:
    """Return what is public of a case at an instant: one entry for each disclosure that its rules have.

    Public is what a disclosure shows, as it was known at the step that made it public; what became known later is not,
    until it is made public again. A reason in free words never is, and nothing is while no step has made it so.

    Args:
        procedure: The rule that it was opened under.
        acts: Its events in order; those after the instant do not count.
        at: The instant, with its time zone.

    Raises:
        UsageError: If the instant has no time zone, or a step is none of the procedure's.

    Example:
        >>> from communitygov.procedure.rules import CaseFact, Disclosure, Procedure, Role, Step
        >>> from communitygov.procedure.state import Act
        >>> rule = Procedure(
        ...     roles={"clerk": Role()},
        ...     facts={"cost": CaseFact(kind="whole"), "phone": CaseFact(kind="text", personal=True)},
        ...     steps={"post": Step(by=("clerk",), starts=True, may_set=("cost", "phone"))},
        ...     disclosures={"notice": Disclosure(step="post", show=("cost",), hide=("phone",))},
        ... )
        >>> acts = [Act("post", 0, role="clerk", facts={"cost": 300, "phone": "13800000000"})]
        >>> (notice,) = public_of(rule, acts, dt.datetime(1970, 1, 2, tzinfo=dt.timezone.utc))
        >>> dict(notice.shown), notice.hidden
        ({'cost': 300}, ('phone',))
    """
    instant = instant_of(at)
    done = [act for act in acts if act.at <= instant]
    folded = fold(procedure, done, at)
    return tuple(_published(procedure, key, rule, done, folded) for key, rule in procedure.disclosures.items())


def _published(procedure: Procedure, key: str, rule: Disclosure, acts: list[Act], folded: Folded) -> Published:
    zone = procedure.clock.zone if procedure.clock is not None else "UTC"
    last = next((seq for seq in reversed(range(len(acts))) if acts[seq].step == rule.step), None)
    if last is None:
        due = _due(folded, _run(folded, rule.within))
        when = None if due is None else moment_at(due[0], zone)
        return Published(key, None, None, False, when, due is not None and due[1], missing=rule.show)
    known = {name: value for name, value in folded.states[last + 1].facts.items() if value is not None}
    lasting = _run(folded, rule.lasts)
    until = _due(folded, lasting)
    return Published(
        key,
        moment_at(acts[last].at, zone),
        None if until is None else moment_at(until[0], zone),
        lasting is not None and not lasting.open,
        None,
        until is not None and until[1],
        MappingProxyType({name: known[name] for name in rule.show if name in known}),
        tuple(name for name in rule.show if name not in known),
        tuple(name for name in procedure.all_facts if name in known and name not in rule.show),
    )


def _run(folded: Folded, deadline: str | None) -> Run | None:
    """Return the last time that a deadline began."""
    return next((run for run in reversed(folded.runs) if run.deadline == deadline), None)


def _due(folded: Folded, run: Run | None) -> tuple[int, bool] | None:
    return None if run is None else due_of(folded.pauses.machine, run, folded.pauses.met(run))


def explain_public(procedure: Procedure, case: str, acts: Sequence[Act], at: dt.datetime) -> Steps:
    """Return what is public of a case, as a tree for people: fit to be shown to anybody.

    Args:
        procedure: The rule that it was opened under.
        case: Its id.
        acts: Its events in order.
        at: The instant, with its time zone.

    Returns:
        A step ``public`` with a step ``disclosure`` for each, and in it a step ``fact`` for each fact that is shown.
    """
    children = [_disclosure(procedure, one) for one in public_of(procedure, acts, at)]
    count = sum(one.value is not None for one in children)
    zh, en = f"已公开 {count} 项，共 {len(children)} 项", f"{count} of {len(children)} disclosures made"
    title = Title(zh=f"件 {case} 的公开内容", en=f"what is public of case {case}")
    return Steps("public", title, count, Title(zh=zh, en=en), clause=procedure.clause, children=children)


def _disclosure(procedure: Procedure, one: Published) -> Steps:
    rule = procedure.disclosures[one.disclosure]
    mark = Title(zh="（暂定）", en=" (provisional)") if one.provisional else Title(zh="", en="")
    if one.since is None:
        zh, en = "尚未公开", "not made public"
        if one.due is not None:
            zh, en = f"{zh}，{one.due:{_SHOWN}} 前应公开{mark.zh}", f"{en}; due {one.due:{_SHOWN}}{mark.en}"
    else:
        zh, en = f"自 {one.since:{_SHOWN}} 起公开", f"public since {one.since:{_SHOWN}}"
        if one.until is not None:
            zh += f"，至少至 {one.until:{_SHOWN}}{mark.zh}"
            en += f", until {one.until:{_SHOWN}} at the earliest{mark.en}"
        if one.over:
            zh, en = f"{zh}；已结束", f"{en}; over"
    if rule.where is not None:
        zh, en = f"{zh}；地点：{rule.where.zh}", f"{en}; where: {rule.where.en}"
    names = procedure.all_facts
    for words, listed in ((("未填", "not known"), one.missing), (("不公开", "hidden"), one.hidden)):
        if one.since is not None and listed:
            zh += f"；{words[0]}：{'、'.join(names[name].name(name).zh for name in listed)}"
            en += f"; {words[1]}: {', '.join(names[name].name(name).en for name in listed)}"
    return Steps(
        "disclosure",
        rule.name(one.disclosure),
        None if one.since is None else one.since.isoformat(),
        Title(zh=zh, en=en),
        clause=rule.clause or procedure.clause,
        children=[_fact(name, names[name], value, one) for name, value in one.shown.items()],
        facts={
            "disclosure": one.disclosure,
            "until": None if one.until is None else one.until.isoformat(),
            "over": one.over,
            "due": None if one.due is None else one.due.isoformat(),
            "provisional": one.provisional,
            "missing": ", ".join(one.missing),
            "hidden": ", ".join(one.hidden),
        },
    )


def _fact(name: str, fact: CaseFact, value: Any, one: Published) -> Steps:
    """Return a fact that is shown, in the words of its values."""
    told = Title(zh=str(value), en=str(value))
    if fact.kind == "choice":
        told = fact.values.get(value, told)
    elif fact.kind == "flag":
        told = Title(zh="是", en="yes") if value else Title(zh="否", en="no")
    elif fact.kind == "time" and one.since is not None:
        value = value.astimezone(one.since.tzinfo).isoformat()
        told = Title(zh=value, en=value)
    return Steps("fact", fact.name(name), value, told)
