"""Facts as they are given with an act: each of its kind, or refused by name. Nothing is coerced."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from communitygov.procedure.acts import Act
from communitygov.procedure.rules import CaseFact, Procedure
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.problem import Problem, did_you_mean
from communitygov.vocabulary.text import Title

__all__ = ["EMPTY", "SPACES", "check_facts", "check_texts", "is_blank", "is_text"]

SPACES = " \t\r\n\u00a0\u3000"
"""What a text must have more than: the same of one text and of a column."""

EMPTY = Title(
    zh="不能是空文字或只有空格；不知道的留空值", en="must not be an empty text, nor spaces; leave out what is not known"
)
"""What is said of an empty text in a log: it would pass for something known, so a live act may not give one either."""

_KINDS: Mapping[str, tuple[type, Title]] = {
    "flag": (bool, Title(zh="true 或 false", en="true or false")),
    "whole": (int, Title(zh="整数（64 位之内）", en="a whole number within 64 bits")),
    "text": (str, Title(zh="文字（不为空）", en="text that is not empty")),
    "file": (str, Title(zh="附件的标识", en="the id of what is attached")),
    "time": (dt.datetime, Title(zh="带时区的时间", en="an instant with its time zone")),
}


def check_facts(rule: Procedure, facts: Mapping[str, Any]) -> None:
    """Refuse facts that there are not, and values of another kind.

    Args:
        rule: The procedure.
        facts: The values by fact.

    Raises:
        UsageError: It names each of them.
    """
    problems = []
    for name, value in facts.items():
        fact = rule.all_facts.get(name)
        if fact is None:
            hint = did_you_mean(name, rule.all_facts)
            title = Title(zh=f"没有事实 `{name}`{hint.zh}", en=f"there is no fact `{name}`{hint.en}")
            problems.append(Problem("unknown-fact", title, path=name))
        elif not _fits(fact, value):
            problems.append(_bad_value(name, fact, value))
    if problems:
        raise UsageError(problems)


def check_texts(seq: int, act: Act) -> None:
    """Refuse an act of a log in which an empty text stands for who did it, for which unit, or for a fact.

    Args:
        seq: Its place in the case.
        act: The act.

    Raises:
        UsageError: It names each of them.
    """
    values = {"actor": act.actor, "unit": act.unit, **act.facts}
    if not any(map(is_blank, values.values())):
        return
    raise UsageError(
        Problem(
            "bad-value",
            Title(zh=f"第 {seq} 条：`{name}` {EMPTY.zh}", en=f"event {seq}: `{name}` {EMPTY.en}"),
            path=name,
        )
        for name, value in values.items()
        if is_blank(value)
    )


def is_blank(value: object) -> bool:
    """Return whether something is a text without a word, which would pass for something known.

    Args:
        value: Anything.
    """
    return isinstance(value, str) and not value.strip(SPACES)


def is_text(value: object) -> bool:
    """Return whether something is a text, whatever it was declared to be.

    Args:
        value: Anything.
    """
    return isinstance(value, str)


def _fits(fact: CaseFact, value: Any) -> bool:
    if fact.kind == "choice":
        return isinstance(value, str) and value in fact.values
    if fact.kind == "time":
        return isinstance(value, dt.datetime) and value.utcoffset() is not None
    if fact.kind == "whole":
        return type(value) is int and abs(value) < 2**63
    return type(value) is _KINDS[fact.kind][0] and not is_blank(value)


def _bad_value(name: str, fact: CaseFact, value: Any) -> Problem:
    if fact.kind == "choice":
        hint = did_you_mean(str(value), fact.values)
        wanted = Title(zh=f"{'、'.join(fact.values)}之一{hint.zh}", en=f"one of {', '.join(fact.values)}{hint.en}")
    else:
        wanted = _KINDS[fact.kind][1]
    found = Title(zh="别的（个人信息，不显示）", en="something else (about a person, so it is not shown)")
    if not fact.personal:
        found = Title(zh=repr(value), en=repr(value))
    title = Title(zh=f"`{name}` 须为{wanted.zh}，却是 {found.zh}", en=f"`{name}` must be {wanted.en}, found {found.en}")
    return Problem("bad-value", title, path=name)
