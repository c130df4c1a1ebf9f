"""What a profile can say about a procedure: who may do what, in which order, with what, and by when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from communitygov.documents.rule import Finding, Rule, rule, term
from communitygov.measures.rules import Measure
from communitygov.procedure.guards import Guard
from communitygov.procedure.timing import Clock, Deadline, Limit, Pause, Rung
from communitygov.vocabulary.numbers import Number
from communitygov.vocabulary.problem import did_you_mean
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import datetime as dt

    from communitygov.procedure.case import Actor, Case

__all__ = [
    "ORIGIN",
    "Branch",
    "CaseFact",
    "Clock",
    "CountedAs",
    "Deadline",
    "Disclosure",
    "Guard",
    "Limit",
    "Line",
    "Migration",
    "Onward",
    "Pause",
    "Procedure",
    "Role",
    "Rung",
    "Step",
]

ORIGIN = "origin"
"""The fact that says where a case comes from; its values are the origins of the procedure."""

CountedAs = Literal[
    "return", "refusal", "redo", "reopening", "whistle", "no_show", "extension", "call_back", "inspection", "posting"
]
"""What a step is counted as beside being itself."""


@rule
class Role(Rule):
    """Somebody who may act.

    Args:
        named_in: The fact that names the one person who may act in this role, such as the liaison of a department.
        unit_in: The fact that names the one unit whose people may act in this role, such as the one that was assigned.
        owner: Whether only the people of the unit that has the case may act in this role.
    """

    named_in: str | None = term("指名于", "Named in", default=None)
    unit_in: str | None = term("单位见于", "Unit in", default=None)
    owner: bool = term("限承办单位", "Owner", default=False)


@rule
class CaseFact(Rule):
    """Something that is known of a case, or attached to it.

    Args:
        kind: ``choice`` is one of its values; ``flag`` true or false; ``whole`` a whole number; ``text`` words or an
            id; ``time`` an instant; ``file`` what is attached, by its id or place.
        values: The values of a choice.
        worth: What a value counts in a mean, such as *basically satisfied* 0.8.
        personal: Whether it is about a person (name, phone, address): it can be erased and stays out of reports.
    """

    kind: Literal["choice", "flag", "whole", "text", "time", "file"] = term("种类", "Kind")
    values: Mapping[str, Title] = term("取值", "Values", default={})
    worth: Mapping[str, Number] = term("折分", "Worth", default={})
    personal: bool = term("个人信息", "Personal", default=False)

    def check(self) -> Iterator[Finding]:
        """Yield a finding if values and kind do not fit each other."""
        yield from super().check()
        if self.personal and self.kind not in ("text", "file"):
            zh, en = "个人信息须为文字或附件", "what is about a person is text or a file"
            yield Finding(("personal",), "bad-personal", zh, en)
        if (self.kind == "choice") != bool(self.values):
            yield Finding(
                (), "missing-setting", "choice 须有 values，其他种类没有", "a choice has values, no other kind"
            )
        for value in self.worth:
            if value not in self.values:
                hint = did_you_mean(value, self.values)
                zh, en = f"没有取值 `{value}`{hint.zh}", f"there is no value `{value}`{hint.en}"
                yield Finding(("worth", value), "unknown-reference", zh, en)
            elif (self.worth[value] * 100).denominator != 1:
                zh, en = "折分至多两位小数", "a worth has at most 2 decimals"
                yield Finding(("worth", value), "too-many-decimals", zh, en)
        if self.worth and self.worth.keys() != self.values.keys():
            missing = [value for value in self.values if value not in self.worth]
            yield Finding(
                ("worth",),
                "missing-choice",
                f"折分缺少 {', '.join(missing)}",
                f"the worth of {', '.join(missing)} is missing",
            )


@rule
class Onward(Rule):
    """Where a case goes from a step.

    Args:
        next: The steps that may follow; none if it ends here.
        closes: The outcome that the case is closed with.
        closes_as: The fact whose value is the outcome that the case is closed with.
    """

    next: tuple[str, ...] = term("其后", "Next", default=())
    closes: str | None = term("办结结果", "Closes", default=None)
    closes_as: str | None = term("办结结果见于", "Closes as", default=None)

    @property
    def is_closing(self) -> bool:
        """Whether the case is closed."""
        return self.closes is not None or self.closes_as is not None

    def check(self) -> Iterator[Finding]:
        """Yield a finding if it closes in two ways."""
        yield from super().check()
        if self.closes is not None and self.closes_as is not None:
            yield Finding((), "two-answer", "closes 与 closes_as 只取其一", "has closes and closes_as; keep one")


@rule
class Branch(Onward):
    """One way on from a step, and when it is taken.

    Args:
        when: What must be true of the case's facts.
        otherwise: Whether it is taken where no other branch is.
    """

    when: Guard | None = term("条件", "When", default=None)
    otherwise: bool = term("其余", "Otherwise", default=False)

    def check(self) -> Iterator[Finding]:
        """Yield a finding unless it has a condition or is for all others."""
        yield from super().check()
        if (self.when is None) != self.otherwise:
            yield Finding((), "missing-setting", "when 与 otherwise 须取其一", "needs when or otherwise, one of them")


@rule
class Step(Onward):
    """One stage of the procedure. What is done in it is one event.

    Args:
        by: The roles that may act.
        starts: Whether a case may begin with it.
        line: The line beside the main one that it belongs to.
        during: For a step that begins a line, the steps of the main line of which one was the last when it is done.
        choose: The ways on, where that hangs on facts; in place of ``next`` and ``closes``.
        needs: The facts that must be known when it is done, by then or with it.
        may_set: Further facts that it may set.
        reasons: The reasons for it, of which one must be given.
        needs_reason: Whether a reason must be given where none are listed.
        at_most: How often it may be done in a case.
        beyond: The way on from then on; without it, doing it more often is a fault.
        other_than: Steps; who did any of them last may not do this one.
        awaits: Lines of which none may be underway.
        within: Deadlines that must have begun and not be past due.
        takes: Whether the unit that does it is the owner of the case from then on.
        counts_as: What it is counted as.
    """

    by: tuple[str, ...] = term("由", "By")
    starts: bool = term("可起始", "Starts", default=False)
    line: str | None = term("支线", "Line", default=None)
    during: tuple[str, ...] = term("在此期间", "During", default=())
    choose: Mapping[str, Branch] = term("分支", "Choose", default={})
    needs: tuple[str, ...] = term("须知", "Needs", default=())
    may_set: tuple[str, ...] = term("可填", "May set", default=())
    reasons: Mapping[str, Title] = term("理由", "Reasons", default={})
    needs_reason: bool = term("须说明理由", "Needs a reason", default=False)
    at_most: int | None = term("最多次数", "At most", default=None, at_least=1)
    beyond: Onward | None = term("超过之后", "Beyond", default=None)
    other_than: tuple[str, ...] = term("不得同人", "Other than", default=())
    awaits: tuple[str, ...] = term("等待支线", "Awaits", default=())
    within: tuple[str, ...] = term("期限之内", "Within", default=())
    takes: bool = term("承办", "Takes", default=False)
    counts_as: CountedAs | None = term("计为", "Counts as", default=None)

    @property
    def ways(self) -> Iterator[tuple[tuple[str, ...], Onward]]:
        """Every way on from it, and where it stands in the document."""
        if self.choose:
            yield from ((("choose", key), branch) for key, branch in self.choose.items())
        else:
            yield (), self
        if self.beyond is not None:
            yield ("beyond",), self.beyond

    @cached_property
    def facts(self) -> frozenset[str]:
        """The facts that it may set."""
        return frozenset((*self.needs, *self.may_set))

    def check(self) -> Iterator[Finding]:
        """Yield a finding for settings that do not fit each other."""
        yield from super().check()
        if self.choose and (self.next or self.is_closing):
            yield Finding(
                ("choose",), "two-answer", "有分支时不写 next 与 closes", "with branches it has no next and no closes"
            )
        if self.beyond is not None and self.at_most is None:
            yield Finding(("beyond",), "unused-setting", "beyond 须有 at_most", "beyond needs at_most")
        if self.reasons and self.needs_reason:
            yield Finding(
                ("needs_reason",), "unused-setting", "已列出 reasons，不必再写", "reasons are listed; leave it out"
            )
        if self.line is None and self.during:
            yield Finding(("during",), "unused-setting", "during 只用于支线", "during belongs to a line")
        if self.line is not None and (self.starts or self.takes or any(way.is_closing for _, way in self.ways)):
            yield Finding(
                ("line",),
                "bad-line",
                "支线的环节不能起始、承办或办结一件",
                "a step of a line does not start, take or close a case",
            )


@rule
class Line(Rule):
    """Steps that go on beside the main line, which stays where it is: a hand-over, a pause, a posting.

    Args:
        per: The fact that names the unit invited, where there is one line for each: the step that begins it sets the
            fact. The others are done by the unit itself, unless they set the fact too: so another can record of a unit
            that it did not come. One line for the whole case if absent.
    """

    per: str | None = term("每单位", "Per", default=None)


@rule
class Disclosure(Rule):
    """What is made public of a case.

    Args:
        step: The step that makes it public.
        within: The deadline by which.
        lasts: The deadline, at the earliest, until which it stays public.
        where: Where.
        show: The facts that are shown.
        hide: The facts that are not.
    """

    step: str = term("环节", "Step")
    within: str | None = term("期限", "Within", default=None)
    lasts: str | None = term("公示期", "Lasts", default=None)
    where: Title | None = term("地点", "Where", default=None)
    show: tuple[str, ...] = term("公开", "Show", default=())
    hide: tuple[str, ...] = term("隐去", "Hide", default=())


@rule
class Migration(Rule):
    """How running cases come over from other rules: those whose steps it names stand at another step from then on.

    Args:
        digest: The digest of the rules that they were opened under.
        steps: The step of these rules for each step of those that a case may stand at.
    """

    digest: str = term("原规则摘要", "Digest")
    steps: Mapping[str, str] = term("环节对应", "Steps")


@rule
class Procedure(Rule):
    """A declared way of handling: steps in order, who may do them, by when, and what is counted.

    Args:
        clock: The calendar of its deadlines; none where it has no deadlines.
        roles: Who may act.
        facts: What is known of a case.
        origins: Where a case comes from; if there are any, each case says which.
        outcomes: What a case is closed with.
        steps: Its steps by id.
        lines: Lines beside the main one.
        deadlines: Its deadlines.
        pauses: Times in which they do not run.
        reminders: The ladder of reminders.
        disclosures: What is made public.
        rates: Measures over its cases.
        migrations: How running cases come over from other rules.
    """

    clock: Clock | None = term("时钟", "Clock", default=None)
    roles: Mapping[str, Role] = term("角色", "Roles")
    facts: Mapping[str, CaseFact] = term("事实", "Facts", default={})
    origins: Mapping[str, Title] = term("来源", "Origins", default={})
    outcomes: Mapping[str, Title] = term("结果", "Outcomes", default={})
    steps: Mapping[str, Step] = term("环节", "Steps")
    lines: Mapping[str, Line] = term("支线", "Lines", default={})
    deadlines: Mapping[str, Deadline] = term("期限", "Deadlines", default={})
    pauses: Mapping[str, Pause] = term("中止", "Pauses", default={})
    reminders: Mapping[str, Rung] = term("催办", "Reminders", default={})
    disclosures: Mapping[str, Disclosure] = term("公开", "Disclosures", default={})
    rates: Mapping[str, Measure] = term("比率", "Rates", default={})
    migrations: Mapping[str, Migration] = term("过渡", "Migrations", default={})

    @cached_property
    def all_facts(self) -> Mapping[str, CaseFact]:
        """The facts, with the origin where there are origins."""
        if not self.origins:
            return self.facts
        return {**self.facts, ORIGIN: CaseFact(kind="choice", values=self.origins, title=Title(zh="来源", en="Origin"))}

    @cached_property
    def main(self) -> Mapping[str, Step]:
        """The steps of the main line."""
        return {key: step for key, step in self.steps.items() if step.line is None}

    @cached_property
    def machine(self) -> Any:  # a Machine; its name here would be read as that of a field's type
        """The same, made ready to run."""
        from communitygov.procedure.machine import Machine, digest_of

        return Machine(self, digest_of(self))

    def open(
        self, case: str, step: str, by: Actor, at: dt.datetime, reason: str | None = None, /, **facts: Any
    ) -> Case:
        """Return a new case under this procedure: ``open_case``, where all is said.

        Args:
            case: The case's id.
            step: A step that starts a case.
            by: Who does it.
            at: When, with its time zone.
            reason: Why, where the step needs a reason.
            facts: What is known from the start, by fact.
        """
        from communitygov.procedure.case import open_case

        return open_case(self, case, step, by, at, reason, **facts)

    def keyed(self, step: str) -> bool:
        """Return whether a step belongs to a line of which there is one for each unit.

        Args:
            step: Its id.
        """
        line = self.steps[step].line
        return line is not None and self.lines[line].per is not None

    def check(self) -> Iterator[Finding]:
        """Yield every promise between the parts of the procedure that does not hold."""
        from communitygov.procedure.checks import problems_of

        yield from super().check()
        yield from problems_of(self)
