"""A refused act: what is wrong with it, and who may do what now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from attrs import frozen

from communitygov.procedure.wording import say_fault
from communitygov.vocabulary.errors import CommunityGovError
from communitygov.vocabulary.problem import Problem
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    from communitygov.procedure.acts import Act, Fault
    from communitygov.procedure.case import Case
    from communitygov.procedure.rules import Procedure

__all__ = ["May", "Refused"]


@frozen
class May:
    """Something that may be done now.

    Args:
        step: The step.
        roles: The roles that may do it.
        needs: The facts that are not known yet and must be given with it.
        reasons: The reasons of which one must be given; empty if none are listed.
        needs_reason: Whether a reason in free words must be given.
        units: Those on whose lines it may be done, where there is a line for each; empty for what begins one.
    """

    step: str
    roles: tuple[str, ...]
    needs: tuple[str, ...]
    reasons: tuple[str, ...]
    needs_reason: bool = False
    units: tuple[str, ...] = ()


class Refused(CommunityGovError):
    """You tried an act that the rules do not allow.

    Attributes:
        faults: What is wrong with it.
        may: Who may do what instead.
    """

    faults: tuple[Fault, ...] = ()
    may: tuple[May, ...] = ()

    @classmethod
    def act(cls, case: Case, act: Act, faults: tuple[Fault, ...]) -> Refused:
        """Return the refusal of an act.

        Args:
            case: The case.
            act: The act.
            faults: What is wrong with it.
        """
        rule, may = case.procedure, case.may_at(max(act.at, case.state.at))
        step = rule.steps[act.step].name(act.step) if act.step in rule.steps else Title(zh=act.step, en=act.step)
        zh = "；".join(_may_say(rule, one, "zh") for one in may) or "无"
        en = "; ".join(_may_say(rule, one, "en") for one in may) or "nothing"
        problems = []
        for fault in faults:
            told = say_fault(rule, fault, act.step)
            title = Title(
                zh=f"{case.id}：“{step.zh}”被拒绝：{told.zh}。现在可以：{zh}",
                en=f"{case.id}: {step.en} is refused: {told.en}. What may be done now: {en}",
            )
            problems.append(Problem(fault.kind.replace("_", "-"), title, clause=_clause(rule, act.step), path=act.step))
        found = cls(problems)
        found.faults, found.may = faults, may
        return found


def _clause(rule: Procedure, step: str) -> tuple[str, ...]:
    return rule.steps[step].clause or rule.clause if step in rule.steps else rule.clause


def _may_say(rule: Procedure, may: May, lang: Literal["zh", "en"]) -> str:
    step = rule.steps[may.step].name(may.step).say(lang)
    roles = [rule.roles[role].name(role).say(lang) for role in may.roles]
    if lang == "zh":
        return f"{'、'.join(roles)}{step}" + (f"（{'、'.join(may.units)}）" if may.units else "")
    return f"{step} by {' or '.join(roles)}" + (f" (for {', '.join(may.units)})" if may.units else "")
