"""What a profile can say about meetings: who takes part, what is in order, and what the next meeting answers for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from communitygov.documents.rule import Finding, Rule, rule, term
from communitygov.vocabulary.problem import did_you_mean

__all__ = ["Deliberation", "Participant", "check_deliberations"]


@rule
class Participant(Rule):
    """A kind of participant.

    Args:
        part: Whether it ``votes``, has a ``voice`` only, or ``observes``; the text does not say if absent.
    """

    part: Literal["votes", "voice", "observes"] | None = term("方式", "Part", default=None)


@rule
class Deliberation(Rule):
    """How a body deliberates. Its steps, roles and deadlines are those of its procedure.

    Args:
        procedure: The procedure that it is, by id; the text gives none if absent.
        decides_by: The rule of decisions that it decides by, by id; the text gives none if absent.
        participants: The kinds of participants.
        convener: Which of them convenes it.
        support: How many must support a motion for it to be put.
        notice_days: How many days before the meeting a motion must have been posted.
        reports_previous: Whether a meeting must report on every item that the last one of its body decided: it is not
            in order, and decides nothing, while one is unreported.
    """

    procedure: str | None = term("流程", "Procedure", default=None)
    decides_by: str | None = term("表决规则", "Decides by", default=None)
    participants: Mapping[str, Participant] = term("参加者", "Participants", default={})
    convener: str | None = term("召集者", "Convener", default=None)
    support: int | None = term("附议人数", "Support", default=None, at_least=1)
    notice_days: int | None = term("公示天数", "Notice days", default=None, at_least=0)
    reports_previous: bool = term("通报上次事项", "Reports previous", default=False)

    def check(self) -> Iterator[Finding]:
        """Yield a finding for a convener that is no participant."""
        yield from super().check()
        if self.convener is not None and self.convener not in self.participants:
            hint = did_you_mean(self.convener, self.participants)
            zh, en = f"没有参加者 `{self.convener}`{hint.zh}", f"there is no participant `{self.convener}`{hint.en}"
            yield Finding(("convener",), "unknown-reference", zh, en)


def check_deliberations(
    found: Mapping[str, Deliberation], procedures: Mapping[str, object], decisions: Mapping[str, object]
) -> Iterator[Finding]:
    """Yield a finding for a procedure or a rule of decisions that the profile has not.

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
