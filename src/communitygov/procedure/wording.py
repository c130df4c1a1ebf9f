"""What a fault of an act or a case is called, in both languages, and the sentence that says it of this one."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

from communitygov.vocabulary.numbers import decimal_text, half_up
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    from communitygov.documents.rule import Rule
    from communitygov.procedure.acts import Fault
    from communitygov.procedure.rules import Procedure
    from communitygov.vocabulary.deadline import Unit

__all__ = ["FAULTS", "UNITS", "amount_text", "say_fault", "title_of"]

FAULTS: Mapping[str, Title] = {
    "back_in_time": Title(zh="时间倒退", en="back in time"),
    "wrong_order": Title(zh="次序有误", en="wrong order"),
    "wrong_role": Title(zh="角色不符", en="wrong role"),
    "not_named": Title(zh="不是指定的人", en="not the one named"),
    "same_person": Title(zh="同一人经办", en="same person"),
    "unknown_person": Title(zh="经办人不详", en="person not known"),
    "no_owner": Title(zh="没有承办单位", en="no owner"),
    "missing_fact": Title(zh="缺少事实", en="missing fact"),
    "stray_fact": Title(zh="不该填的事实", en="stray fact"),
    "unexplained": Title(zh="未说明理由", en="unexplained"),
    "too_many": Title(zh="次数过多", en="too many times"),
    "awaiting": Title(zh="支线未完", en="line still underway"),
    "out_of_time": Title(zh="已不在期限内", en="no longer in time"),
    "no_outcome": Title(zh="没有结果", en="no outcome"),
    "late": Title(zh="逾期", en="late"),
    "too_early": Title(zh="过早", en="too early"),
    "overdue": Title(zh="到期未办", en="overdue"),
    "no_show": Title(zh="缺席", en="no-show"),
    "misfired": Title(zh="催办不当", en="reminder misfired"),
    "missing_step": Title(zh="缺少环节", en="missing step"),
    "not_disclosed": Title(zh="未公开", en="not disclosed"),
}
"""The name of every fault."""

UNITS: Mapping[Unit, Title] = {
    "elapsed_hours": Title(zh="小时", en="hours"),
    "working_hours": Title(zh="工作小时", en="working hours"),
    "working_days": Title(zh="个工作日", en="working days"),
    "natural_days": Title(zh="个自然日", en="natural days"),
    "same_day": Title(zh="日", en="days"),
}

_PROVISIONAL = Title(zh="（暂定）", en=" (provisional)")
"""What is said of a fault that rests on a year that is not published."""

_SAID: Mapping[str, Title] = {
    "back_in_time": Title(zh="时间早于此件已有的留痕", en="its time lies before what was recorded of the case already"),
    "wrong_order": Title(zh="此时不能做“{what}”{unit}", en="{what}{unit} does not follow here"),
    "wrong_role": Title(zh="{role}不能经办", en="{role} may not do it"),
    "not_named": Title(zh="须由指定的{what}经办", en="only the {what} that is named may do it"),
    "same_person": Title(zh="上次“{what}”由同一人经办", en="the same person did {what} last"),
    "unknown_person": Title(
        zh="不知经办人，无法确定与“{what}”不是同一人", en="who did it, or did {what} last, is not known"
    ),
    "no_owner": Title(
        zh="做“{what}”的单位从此承办，却没有写单位",
        en="the unit that does {what} has the case from then on, and none is given",
    ),
    "missing_fact": Title(zh="缺少“{what}”", en="{what} is not known"),
    "stray_fact": Title(zh="此环节不填“{what}”", en="{what} is not set in this step"),
    "unexplained": Title(zh="须说明理由{reasons}", en="a reason must be given{reasons}"),
    "too_many": Title(zh="“{what}”至多 {most} 次", en="{what} is done at most {most} times"),
    "awaiting": Title(zh="“{what}”{unit}尚未完成", en="{what}{unit} is still underway"),
    "out_of_time": Title(zh="“{what}”未在运行或已到期", en="{what} is not running, or past due"),
    "no_outcome": Title(zh="没有结果“{what}”", en="there is no outcome, {what}"),
    "late": Title(zh="“{what}”{unit}逾期{by}", en="{what}{unit} is late{by}"),
    "too_early": Title(zh="“{what}”{unit}尚未到时", en="the time of {what}{unit} is not up yet"),
    "overdue": Title(zh="“{what}”到期未办{by}", en="{what} is overdue{by}"),
    "no_show": Title(zh="{who}在“{what}”内未到{by}", en="{who} did not come within {what}{by}"),
    "misfired": Title(zh="“{what}”此时不应发出", en="{what} is not to fire here"),
    "missing_step": Title(zh="缺少环节“{what}”", en="the step {what} is missing"),
    "not_disclosed": Title(zh="“{what}”未公开{by}", en="{what} was not made public{by}"),
}


def say_fault(procedure: Procedure, fault: Fault, step: str | None = None) -> Title:
    """Return the sentence that says a fault.

    Args:
        procedure: The rule.
        fault: The fault.
        step: The step of the act; None for a fault of the case as a whole.
    """
    told, what = _SAID[fault.kind], title_of(procedure, fault.what, fault.kind)
    rule = None if step is None else procedure.steps.get(step)
    by = _late(fault)
    # The id is what a caller must pass; the title says what it means.
    reasons = {} if rule is None else rule.reasons
    listed = [f"{reason.zh}（`{key}`）" for key, reason in reasons.items()]
    listed_en = [f"{reason.en} (`{key}`)" for key, reason in reasons.items()]
    mark = _PROVISIONAL if fault.provisional else Title(zh="", en="")
    return Title(
        zh=told.zh.format(
            what=what.zh,
            who=fault.unit,
            role=what.zh or "未写角色的人",
            unit=f"（{fault.unit}）" if fault.unit else "",
            by=by.zh,
            most="" if rule is None else rule.at_most,
            reasons=f"：{'、'.join(listed)}" if listed else "",
        )
        + mark.zh,
        en=told.en.format(
            what=what.en,
            who=fault.unit,
            role=what.en or "somebody without a role",
            unit=f" ({fault.unit})" if fault.unit else "",
            by=by.en,
            most="" if rule is None else rule.at_most,
            reasons=f": {', '.join(listed_en)}" if listed_en else "",
        )
        + mark.en,
    )


def amount_text(amount: Fraction) -> str:
    """Return a number of hours or days for people: exactly if two places can say it, else rounded to them.

    Args:
        amount: The number.

    Example:
        >>> amount_text(Fraction(5, 2)), amount_text(Fraction(1937, 900))
        ('2.5', '2.15')
    """
    return decimal_text(Fraction(half_up(amount * 100), 100))


def _late(fault: Fault) -> Title:
    """Return by how much, as words behind a sentence."""
    if fault.by is None or fault.counted is None:
        return Title(zh="", en="")
    unit = UNITS[fault.counted]
    amount = amount_text(fault.by)
    return Title(zh=f" {amount} {unit.zh}", en=f" by {amount} {unit.en}")


_ABOUT: Mapping[str, tuple[str, ...]] = {
    "wrong_role": ("roles",),
    "not_named": ("roles",),
    "missing_fact": ("all_facts",),
    "stray_fact": ("all_facts",),
    "no_outcome": ("all_facts",),
    "awaiting": ("lines",),
    "out_of_time": ("deadlines",),
    "late": ("deadlines",),
    "too_early": ("deadlines",),
    "overdue": ("deadlines",),
    "no_show": ("deadlines",),
    "misfired": ("reminders",),
    "not_disclosed": ("disclosures", "deadlines"),
}
"""What a fault is about, if not a step or a reminder: ids of one section may be those of another."""


def title_of(procedure: Procedure, key: str, verdict: str = "") -> Title:
    """Return the title of what a fault is about.

    Args:
        procedure: The rule.
        key: Its id.
        verdict: The fault; without one, the id is that of a step or reminder.
    """
    for name in _ABOUT.get(verdict, ("steps", "reminders")):
        section: Mapping[str, Rule] = getattr(procedure, name)
        if key in section:
            return section[key].name(key)
    return Title(zh=key, en=key)
