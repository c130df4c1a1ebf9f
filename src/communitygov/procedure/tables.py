"""The columns that procedures take and give: declared once, for data errors, docs, templates and test strategies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, get_args

from communitygov.vocabulary.frames import Column, ColumnKind, Table
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    from communitygov.procedure.rules import Procedure

__all__ = ["FACT", "case_columns", "events_table"]

FACT = "fact."
"""What a column of a fact begins with."""

_KINDS: dict[str, ColumnKind] = {"flag": "flag", "whole": "whole", "time": "any"}


def events_table(procedure: Procedure) -> Table:
    """Return the columns of a log: one row per event.

    ``at`` holds instants with a time zone; ``seq`` is the order of the events within their case.

    Args:
        procedure: The rule.

    Example:
        >>> from communitygov.procedure.rules import CaseFact, Procedure
        >>> visit = Procedure(roles={}, steps={}, facts={"rooms": CaseFact(kind="whole")})
        >>> [column.name for column in events_table(visit).columns][-2:]
        ['reason', 'fact.rooms']
    """
    facts = [
        Column(FACT + name, _KINDS.get(fact.kind, "text"), fact.name(name), required=False, nullable=True)
        for name, fact in procedure.all_facts.items()
    ]
    columns = [
        Column("case", "text", Title(zh="件", en="case")),
        Column("seq", "whole", Title(zh="次序", en="order within the case")),
        Column("step", "text", Title(zh="环节", en="step")),
        Column("at", "any", Title(zh="时间", en="when")),
        Column("actor", "text", Title(zh="经办人", en="who did it"), required=False, nullable=True),
        Column("role", "text", Title(zh="角色", en="role"), required=False, nullable=True),
        Column("unit", "text", Title(zh="单位", en="unit"), required=False, nullable=True),
        Column("reason", "text", Title(zh="理由", en="reason"), required=False, nullable=True),
        *facts,
    ]
    return Table(Title(zh="留痕表", en="events"), tuple(columns), ("case", "seq"))


def case_columns(procedure: Procedure) -> Iterator[Column]:
    """Yield the columns of a judged log's cases, one row per case: what rates are taken of.

    Args:
        procedure: The rule.
    """
    from communitygov.procedure.rules import CountedAs

    yield Column("case", "text", Title(zh="件", en="case"))
    yield Column("opened", "any", Title(zh="开始时间", en="when it was opened"))
    yield Column("closed", "any", Title(zh="办结时间", en="when it was closed"), nullable=True)
    yield Column("is_closed", "flag", Title(zh="已办结", en="whether it is closed"))
    yield Column("outcome", "text", Title(zh="结果", en="outcome"), nullable=True)
    yield Column("owner", "text", Title(zh="承办单位", en="owner"), nullable=True)
    yield Column("events", "whole", Title(zh="留痕数", en="events"))
    yield Column("faults", "whole", Title(zh="差错数", en="faults"))
    for name, fact in procedure.all_facts.items():
        if not fact.personal:
            yield Column(FACT + name, _KINDS.get(fact.kind, "text"), fact.name(name), nullable=True)
        if fact.worth:
            zh, en = f"{fact.name(name).zh}折分", f"worth of {fact.name(name).en}"
            yield Column(f"worth.{name}", "score", Title(zh=zh, en=en), nullable=True, decimals=2)
    for name, deadline in procedure.deadlines.items():
        title = deadline.name(name)
        zh, en = f"{title.zh}按时", f"{title.en} kept"
        yield Column(f"kept.{name}", "flag", Title(zh=zh, en=en), nullable=True)
        zh, en = f"{title.zh}已到期数", f"times that {title.en} has run out or was met"
        yield Column(f"settled.{name}", "whole", Title(zh=zh, en=en))
        zh, en = f"{title.zh}按时数", f"times that {title.en} was kept"
        yield Column(f"kept_count.{name}", "whole", Title(zh=zh, en=en))
        zh, en = f"{title.zh}暂定", f"whether that rests on a year that is not published, of {title.en}"
        yield Column(f"provisional.{name}", "flag", Title(zh=zh, en=en), nullable=True)
    for name, step in procedure.steps.items():
        yield Column(f"done.{name}", "whole", step.name(name))
    for name in get_args(CountedAs):
        if any(step.counts_as == name for step in procedure.steps.values()):
            yield Column(f"count.{name}", "whole", Title(zh=f"{_COUNTED[name]}数", en=f"times of {name}"))


_COUNTED = {
    "return": "退回",
    "refusal": "拒收",
    "redo": "返工",
    "reopening": "重开",
    "whistle": "吹哨",
    "no_show": "缺席",
    "extension": "延期",
    "call_back": "回访",
    "inspection": "检查",
    "posting": "公示",
}
