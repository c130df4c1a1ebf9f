"""What a profile can say about meetings: who takes part and how, what is in order, and what follows a decision."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from fractions import Fraction
from typing import Any, Literal

from communitygov.documents.rule import Finding, Rule, rule, term
from communitygov.vocabulary.numbers import Share
from communitygov.vocabulary.period import Period, within_days
from communitygov.vocabulary.problem import did_you_mean
from communitygov.vocabulary.text import Title

__all__ = ["Deliberation", "Evaluation", "Objections", "Participant", "Voting", "check_deliberations"]


@rule
class Participant(Rule):
    """A kind of participant.

    Args:
        part: Whether it ``votes``, has a ``voice`` only, or ``observes``; the text does not say if absent.
    """

    part: Literal["votes", "voice", "observes"] | None = term("方式", "Part", default=None)


@rule
class Voting(Rule):
    """Which ballots count. The quorum, the majority and the cap on proxies are those of the rule of decisions.

    Args:
        channels: The ways in which a ballot may be given; any, and none is named, if absent.
        twice: Which ballot counts of a member who gave several, over all channels: the ``first`` or the ``last``. If
            the text does not say, a record in which somebody did is refused.
        own_first: Whether a member's own ballot goes before one that a proxy gave for him.
        recused: What a member who is recused from a motion counts as: his head ``stays`` in the register, or is
            ``left_out`` of it. His ballot never counts. If the text does not say, a record with recusals is refused.
        forms: The forms that a mandate may have; any if absent.
        same_household: Whether a mandate may be held only by somebody of the same household.
    """

    channels: Mapping[str, Title] = term("渠道", "Channels", default={})
    twice: Literal["first", "last"] | None = term("重复投票", "Twice", default=None)
    own_first: bool = term("本人优先", "Own first", default=False)
    recused: Literal["stays", "left_out"] | None = term("回避者计为", "Recused", default=None)
    forms: Mapping[str, Title] = term("委托形式", "Forms", default={})
    same_household: bool = term("同户受托", "Same household", default=False)


@rule
class Objections(Rule):
    """How a decision that was announced can be objected to.

    Args:
        days: Until how many days after the announcement; the day of the announcement is not counted.
        answer_days: Within how many days an objection must be answered.
        back_to: The step of its procedure that a matter goes back to if an objection is sustained.
    """

    days: int = term("异议期", "Days", at_least=0)
    answer_days: int | None = term("答复天数", "Answer days", default=None, at_least=0)
    back_to: str | None = term("退回环节", "Back to", default=None)


@rule
class Evaluation(Rule):
    """How it is evaluated what became of a decision, and when it must be done again.

    Args:
        by: Which participants evaluate; anybody if absent.
        answers: What they may answer.
        failing: The answers that count against it.
        at_least: The share of failing answers that is enough for it to be done again.
        more_than: The share that is not enough by itself.
        least: With fewer answers it is not evaluated.
    """

    by: tuple[str, ...] = term("评议者", "By", default=())
    answers: Mapping[str, Title] = term("意见", "Answers")
    failing: tuple[str, ...] = term("不认可", "Failing")
    at_least: Share | None = term("以上", "At least", default=None)
    more_than: Share | None = term("超过", "More than", default=None)
    least: int = term("最少人数", "Least", default=1, at_least=1)

    def again(self, failing: int, answers: int) -> bool:
        """Return whether it must be done again.

        Args:
            failing: How many answers count against it.
            answers: How many there are, at least one.
        """
        share = Fraction(failing, answers)
        return share > self.more_than if self.more_than is not None else share >= (self.at_least or 0)

    def check(self) -> Iterator[Finding]:
        """Yield a finding for a failing answer that is none, and for a share with no bound, or two."""
        yield from super().check()
        if (self.at_least is None) == (self.more_than is None):
            zh, en = "at_least 与 more_than 须取且只取一", "needs either at_least or more_than, and not both"
            yield Finding((), "not-one-bound", zh, en)
        for i, name in enumerate(self.failing):
            if name not in self.answers:
                yield _unknown(("failing", str(i)), "意见", "answer", name, self.answers)
        for field in ("at_least", "more_than"):
            share = getattr(self, field)
            if share is not None and not 0 <= share <= 1:
                yield Finding((field,), "bad-share", "不是 0 到 1 之间的份额", "is not a share from 0 to 1")


@rule
class Deliberation(Rule):
    """How a body deliberates. Its steps, roles and deadlines are those of its procedure.

    Args:
        procedure: The procedure that it is, by id; the text gives none if absent.
        decides_by: The rule of decisions that it decides by, by id; the text gives none if absent. A motion may name
            another.
        participants: The kinds of participants.
        convener: Which of them convenes it.
        proposers: Which of them may put a motion; anybody if absent.
        support: How many must support a motion for it to be put.
        support_share: What share of those who are entitled to support it must at least.
        notice_days: How many days before the meeting a motion must have been posted.
        record_days: How many days before the meeting the register is taken.
        voting: Which ballots count.
        objections: How a decision can be objected to.
        carry_out_days: Within how many days of the meeting a decision must be carried out, where it sets no day itself.
        reports_previous: Whether a meeting must report on every item that it owes: it is not in order, and decides
            nothing, while one is unreported.
        evaluates_previous: Whether it must also evaluate it.
        owed: What a meeting owes: what the ``last_meeting`` of its body decided; or what any before it did, ``until``
            it is ``reported`` on.
        evaluation: How it is evaluated what became of a decision; one that must be done again is owed again.
        source: The text that it stands in, where a profile has several.
        article: Its article.
        since: The first period that it is in force in; as long as the profile if absent.
        until: The last; no end is known if absent.
    """

    procedure: str | None = term("流程", "Procedure", default=None)
    decides_by: str | None = term("表决规则", "Decides by", default=None)
    participants: Mapping[str, Participant] = term("参加者", "Participants", default={})
    convener: str | None = term("召集者", "Convener", default=None)
    proposers: tuple[str, ...] = term("提案者", "Proposers", default=())
    support: int | None = term("附议人数", "Support", default=None, at_least=1)
    support_share: Share | None = term("附议份额", "Support share", default=None)
    notice_days: int | None = term("公示天数", "Notice days", default=None, at_least=0)
    record_days: int | None = term("名册日", "Record days", default=None, at_least=0)
    voting: Voting | None = term("投票", "Voting", default=None)
    objections: Objections | None = term("异议", "Objections", default=None)
    carry_out_days: int | None = term("落实天数", "Carry out days", default=None, at_least=1)
    reports_previous: bool = term("通报上次事项", "Reports previous", default=False)
    evaluates_previous: bool = term("评议上次事项", "Evaluates previous", default=False)
    owed: Literal["last_meeting", "until_reported"] = term("通报范围", "Owed", default="last_meeting")
    evaluation: Evaluation | None = term("评议", "Evaluation", default=None)
    source: str | None = term("来源", "Source", default=None, refers="source")
    article: str | None = term("条", "Article", default=None)
    since: Period | None = term("自", "Since", default=None)
    until: Period | None = term("至", "Until", default=None)

    def in_force(self, day: dt.date) -> bool:
        """Return whether it holds on a day.

        Args:
            day: The day.
        """
        return within_days(day, self.since, self.until)

    def check(self) -> Iterator[Finding]:
        """Yield a finding for a convener, proposer or evaluator that is no participant, and for what has no use."""
        yield from super().check()
        named: list[tuple[tuple[str, ...], str | None]] = [(("convener",), self.convener)]
        named += [(("proposers", str(i)), name) for i, name in enumerate(self.proposers)]
        by = () if self.evaluation is None else self.evaluation.by
        named += [(("evaluation", "by", str(i)), name) for i, name in enumerate(by)]
        for path, name in named:
            if name is not None and name not in self.participants:
                yield _unknown(path, "参加者", "participant", name, self.participants)
        if self.support_share is not None and not 0 < self.support_share <= 1:
            zh, en = "不是大于 0、不超过 1 的份额", "is not a share above 0 and up to 1"
            yield Finding(("support_share",), "bad-share", zh, en)
        if self.since is not None and self.until is not None and self.until.last_day < self.since.first_day:
            yield Finding(("until",), "empty-range", "until 早于 since", "`until` ends before `since` begins")
        for field, idle in (("evaluates_previous", self.evaluates_previous), ("owed", self.owed != "last_meeting")):
            if idle and not self.reports_previous:
                zh, en = "须先要求通报（reports_previous）", "is of no use without reports_previous"
                yield Finding((field,), "unused-setting", zh, en)


def _unknown(path: tuple[str, ...], zh: str, en: str, name: str, there: Collection[str]) -> Finding:
    hint = did_you_mean(name, there)
    return Finding(path, "unknown-reference", f"没有{zh} `{name}`{hint.zh}", f"there is no {en} `{name}`{hint.en}")


def check_deliberations(
    found: Mapping[str, Deliberation], procedures: Mapping[str, Any], decisions: Mapping[str, object]
) -> Iterator[Finding]:
    """Yield a finding for a procedure, a step of it, or a rule of decisions that the profile has not.

    Args:
        found: The deliberations of a profile by id.
        procedures: Its procedures.
        decisions: Its rules of decisions.
    """
    for key, one in found.items():
        for name, there in (("procedure", procedures), ("decides_by", decisions)):
            wanted = getattr(one, name)
            if wanted is not None and wanted not in there:
                hint = did_you_mean(wanted, there)
                zh, en = f"方案中没有 `{wanted}`{hint.zh}", f"the profile has no `{wanted}`{hint.en}"
                yield Finding(("deliberation", key, name), "unknown-reference", zh, en)
        back = None if one.objections is None else one.objections.back_to
        steps = getattr(procedures.get(one.procedure or ""), "steps", {})
        if back is not None and back not in steps:
            yield _unknown(("deliberation", key, "objections", "back_to"), "环节", "step", back, steps)
