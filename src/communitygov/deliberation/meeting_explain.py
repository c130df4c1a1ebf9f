"""Why a meeting was in order or not, and what came of its motions: its record, from the body's first meeting on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from fractions import Fraction

from attrs import field, frozen

from communitygov.deliberation.aftermath import STATES, answered_for, is_returned, item_of, verdict
from communitygov.deliberation.casting import LEFT_OUT, Cast, frames_of
from communitygov.deliberation.explain import explain_tally
from communitygov.deliberation.meeting import FAULTS
from communitygov.deliberation.meeting_rules import Deliberation, Voting
from communitygov.deliberation.proceedings import Law, Proceedings, Record, is_changed, read_record
from communitygov.deliberation.proceedings_checks import Row
from communitygov.deliberation.rules import Decision
from communitygov.deliberation.tables import CHOICES
from communitygov.deliberation.tally import tally_of, voters_of
from communitygov.vocabulary.clock import number_of
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.problem import did_you_mean
from communitygov.vocabulary.steps import Steps
from communitygov.vocabulary.text import Title

__all__ = ["OUTCOMES", "explain_meeting"]

OUTCOMES = {
    "passed": Title(zh="通过", en="passed"),
    "rejected": Title(zh="未通过", en="rejected"),
    "undetermined": Title(zh="无法判定", en="undetermined"),
    "invalid": Title(zh="无效", en="no valid outcome"),
}
_ORDER = {
    "true": Title(zh="合规", en="in order"),
    "false": Title(zh="不合规", en="not in order"),
    "undetermined": Title(zh="是否合规无法判定", en="whether it is in order is not known"),
}
_ANSWERED = {
    "true": Title(zh="已通报", en="answered for"),
    "false": Title(zh="未通报或未评议", en="not reported on, or not evaluated"),
    "undetermined": Title(zh="是否评议未知", en="whether it was evaluated is not known"),
}


@frozen
class _Story:
    """The meetings of a body up to one, each asked only once."""

    record: Record
    at: dt.date | None
    order: dict[str, str] = field(factory=dict)
    judged: dict[str, tuple[str, list[str]]] = field(factory=dict)
    votes: dict[str, tuple[str | None, Steps | None]] = field(factory=dict)

    def tell(self, meetings: Sequence[str]) -> None:
        """Go through meetings of a body, from its first."""
        for i, meeting in enumerate(meetings):
            self.order[meeting] = self.in_order(meeting, meetings[:i])
            for motion in self.record.motions[meeting]:
                self.judged[motion["motion"]] = self.judge(motion)

    def owed(self, meeting: str, before: Sequence[str]) -> list[tuple[str, str]]:
        """Return what a meeting owes, with the outcome: each motion is followed from its meeting to this one."""
        if not self.record.rule.reports_previous:
            return []
        found = []
        for i, other in enumerate(before):
            for motion in self.record.motions[other]:
                name, outcome = motion["motion"], self.judged[motion["motion"]][0]
                voted = self.vote(motion)[0]
                if {outcome, voted} <= {"passed", "undetermined"} and self.stays(name, before, i + 1, meeting):
                    found.append((name, outcome))
        return sorted(found)

    def stays(self, name: str, before: Sequence[str], start: int, meeting: str) -> bool:
        """Return whether a motion is still owed at a meeting: whether none since it was put was done with it."""
        record, late = self.record, self.record.rule.owed == "until_reported"
        for i in range(start, len(before)):
            again = verdict(record, name, before[i]) == "again"
            if not again and not (late and answered_for(record, name, before[i]) != "true"):
                return False
        return not is_returned(record, name, record.meetings[meeting]["_on"])

    def in_order(self, meeting: str, before: Sequence[str]) -> str:
        """Return whether a meeting is in order."""
        rule, row = self.record.rule, self.record.meetings[meeting]
        found = [(outcome, answered_for(self.record, name, meeting)) for name, outcome in self.owed(meeting, before)]
        if ("passed", "false") in found or (rule.convener and row["convened_by"] not in (None, rule.convener)):
            return "false"
        return "true" if all(answered == "true" for _, answered in found) else "undetermined"

    def vote(self, motion: Row) -> tuple[str | None, Steps | None]:
        """Return what the vote on a motion came to, with the explanation where votes are given."""
        record, name = self.record, motion["motion"]
        if not record.decisions:
            return motion["outcome"], None
        if name not in self.votes:
            decision, cast = record.decisions[name], _cast(record, motion)
            tree, known = None, not is_changed(decision, motion)
            if cast.register:
                rows = (frame.rows(named=True) for frame in frames_of(decision, {name: cast}))
                tree = explain_tally(tally_of(decision, *voters_of(decision, *rows)))
            self.votes[name] = ("undetermined" if tree is None or not known else str(tree.value), tree)
        return self.votes[name]

    def judge(self, motion: Row) -> tuple[str, list[str]]:
        """Return the outcome of a motion and its faults: those that fail for sure, then those of what is not known."""
        rule, order = self.record.rule, self.order[motion["meeting"]]
        day, posted = self.record.meetings[motion["meeting"]]["_on"], motion.get("_posted")
        supporters, proposer = motion.get("supporters"), motion.get("proposer")
        asked: list[Fraction | None] = [] if rule.support is None else [Fraction(rule.support)]
        if rule.support_share is not None:
            entitled = motion["entitled"]
            asked.append(None if entitled is None else rule.support_share * entitled)
        too_few = supporters is not None and any(supporters < least for least in asked if least is not None)
        voted, tree = self.vote(motion)
        decision = self.record.decisions.get(motion["motion"])
        notice = None if rule.notice_days is None else dt.timedelta(days=rule.notice_days)
        sure = {
            "meeting_not_in_order": order == "false",
            "not_posted": notice is not None and posted is None,
            "posted_late": notice is not None and posted is not None and day - posted < notice,
            "may_not_propose": bool(rule.proposers) and proposer not in (None, *rule.proposers),
            "too_few_supporters": too_few,
        }
        perhaps = {
            "meeting_not_in_order": order == "undetermined",
            "proposer_not_known": bool(rule.proposers) and proposer is None,
            "support_not_known": bool(asked) and not too_few and (supporters is None or None in asked),
            "rule_changed": decision is not None and is_changed(decision, motion),
            "no_register": decision is not None and tree is None and not is_changed(decision, motion),
            "not_decided": voted is None,
        }
        wrong, unknown = ([name for name, there in some.items() if there] for some in (sure, perhaps))
        return "invalid" if wrong else "undetermined" if unknown else str(voted), [*wrong, *unknown]


def explain_meeting(
    rule: Deliberation,
    proceedings: Proceedings,
    law: Law | Decision | None = None,
    *,
    meeting: str,
    at: dt.date | None = None,
) -> Steps:
    """Explain one meeting: its record, from which every outcome can be recomputed by hand.

    Args:
        rule: The rule of the body.
        proceedings: What was recorded.
        law: As for ``hold_meetings``.
        meeting: The meeting.
        at: As for ``hold_meetings``; without it what became of decisions is left out.

    Returns:
        A tree: its root has the key ``meeting`` and says whether it is in order (``true``, ``false``,
        ``undetermined``); below it a step for each item that it owes (key ``item.<motion>``, whether it answered for
        it), and for each motion (key ``motion.<motion>``, the outcome), whose facts have ``faults``. Below a motion is
        the ``decision``, where votes are given, a step ``ballot.<member>`` for each that does not count, and what
        became of it (key ``stands``).

    Raises:
        UsageError: If there is no such meeting.
        DataError: As ``hold_meetings``.
    """
    record = read_record(rule, proceedings, law)
    if at is not None:
        number_of(at)  # refuses what is no day
    if meeting not in record.meetings:
        hint = did_you_mean(meeting, record.meetings)
        zh, en = f"没有会议 `{meeting}`{hint.zh}", f"there is no meeting `{meeting}`{hint.en}"
        raise UsageError.because("unknown-name", zh=zh, en=en)
    row = record.meetings[meeting]
    mine = record.of_body(row["body"])
    before, story = mine[: mine.index(meeting)], _Story(record, at)
    story.tell([*before, meeting])
    owed = [_item(record, meeting, name, outcome) for name, outcome in story.owed(meeting, before)]
    words = _ORDER[story.order[meeting]]
    return Steps(
        "meeting",
        Title(zh=f"{row['body']} {row['on']} 会议 {meeting}", en=f"meeting {meeting} of {row['body']}, {row['on']}"),
        story.order[meeting],
        words,
        rule.clause,
        children=(*owed, *(_motion(story, motion) for motion in record.motions[meeting])),
        facts={"body": row["body"], "on": row["on"], "convened_by": row["convened_by"]},
        words=words,
    )


def _item(record: Record, meeting: str, name: str, outcome: str) -> Steps:
    answered = answered_for(record, name, meeting)
    said = OUTCOMES[outcome]
    title = Title(zh=f"须通报的事项 {name}（{said.zh}）", en=f"item that it owes, {name} ({said.en})")
    text = _ANSWERED[answered]
    found = verdict(record, name, meeting)
    if found is not None:
        again = Title(zh="须再办", en="to be done again") if found == "again" else Title(zh="认可", en="accepted")
        count = len(record.answers[name, meeting])
        text = Title(zh=f"{text.zh}；{count} 人评议：{again.zh}", en=f"{text.en}; {count} evaluated: {again.en}")
    return Steps(f"item.{name}", title, answered, text, words=_ANSWERED[answered])


def _motion(story: _Story, motion: Row) -> Steps:
    record, name = story.record, motion["motion"]
    outcome, faults = story.judged[name]
    words, tree = OUTCOMES[outcome], story.vote(motion)[1]
    said = [words, *(FAULTS[fault] for fault in faults)]
    children, counts = [] if tree is None else [tree], {}
    if record.decisions:
        cast = _cast(record, motion)
        children += [_left_out(row, why) for row, why in cast.ballots if why is not None]
        choices = [row["choice"] for row, why in cast.ballots if why is None]
        counts = {"register": len({row["member"] for row in cast.register})}
        counts |= {choice: choices.count(choice) for choice in CHOICES}
    if outcome == "passed" and story.at is not None:
        children.append(_aftermath(record, motion, story.at))
    return Steps(
        f"motion.{name}",
        Title(zh=f"议题 {name}", en=f"motion {name}"),
        outcome,
        Title(zh="；".join(one.zh for one in said), en="; ".join(one.en for one in said)),
        record.rule.clause,
        children=tuple(children),
        facts={"faults": ",".join(faults), "announced": motion["outcome"], **counts},
        words=words,
    )


def _left_out(row: Row, why: str) -> Steps:
    title = Title(zh=f"{row['member']} 的票不计", en=f"the ballot of {row['member']} does not count")
    return Steps(f"ballot.{row['member']}", title, why, LEFT_OUT[why], words=LEFT_OUT[why])


def _aftermath(record: Record, motion: Row, at: dt.date) -> Steps:
    day = record.meetings[motion["meeting"]]["_on"]
    _, _, owner, due, done, late, stands, back, evaluated = item_of(record, motion, day, at)
    said = [STATES[stands]]
    if due is not None:
        carried = (
            Title(zh="未落实", en="not carried out") if done is None else Title(zh=f"{done} 落实", en=f"done {done}")
        )
        by = Title(zh=f"期限 {due}", en=f"due {due}")
        said += [by, carried]
    if late:
        said.append(Title(zh=f"逾期 {late} 天", en=f"{late} day{'s' * (late > 1)} late"))
    text = Title(zh="；".join(one.zh for one in said), en="; ".join(one.en for one in said))
    facts = {"owner": owner, "due": due, "done": done, "late_days": late, "back_to": back, "evaluated": evaluated}
    return Steps(
        "stands", Title(zh="决定之后", en="after the decision"), stands, text, facts=facts, words=STATES[stands]
    )


def _cast(record: Record, motion: Row) -> Cast:
    """Say of each ballot on its own whether it counts, and of each row of the register whether it stands."""
    meeting = record.meetings[motion["meeting"]]
    rows = [row for row in record.register.get(meeting["body"], ()) if _stood(record, row, meeting["_on"])]
    voting = record.rule.voting or Voting()
    gone = {member for name, member in record.recusals if name == motion["motion"] and voting.recused == "left_out"}
    mute = {row["member"] for row in rows if not _votes(record, row)}
    ballots = record.ballots.get(motion["motion"], ())
    firm = [next(_reasons(record, motion, rows, row), None) for row in ballots]
    fates = []
    for row, why in zip(ballots, firm, strict=True):
        rivals = [one for one, other in zip(ballots, firm, strict=True) if other is None and one is not row]
        beaten = why is None and any(_beats(voting, one, row) for one in rivals if one["member"] == row["member"])
        fates.append((row, "superseded" if beaten else why))
    return Cast([row for row in rows if row["member"] not in gone | mute], fates)


def _stood(record: Record, row: Row, day: dt.date) -> bool:
    taken = day - dt.timedelta(days=record.rule.record_days or 0)
    return (row["_since"] is None or row["_since"] <= taken) and (row["_until"] is None or taken <= row["_until"])


def _votes(record: Record, row: Row) -> bool:
    return row["participant"] is None or record.rule.participants[row["participant"]].part == "votes"


def _beats(voting: Voting, one: Row, other: Row) -> bool:
    """Return whether of two ballots of one member the first counts."""
    if voting.own_first and (one["proxy"] is None) != (other["proxy"] is None):
        return one["proxy"] is None
    return bool(one["_at"] < other["_at"]) == (voting.twice == "first")


def _reasons(record: Record, motion: Row, rows: Sequence[Row], ballot: Row) -> Iterator[str]:
    """Yield why a ballot does not count, were it the only one of its member."""
    member, name, voting = ballot["member"], motion["motion"], record.rule.voting or Voting()
    own = [row for row in rows if row["member"] == member]
    if not own:
        yield "not_on_register"
    if (name, member) in record.recusals:
        yield "recused"
    if not all(_votes(record, row) for row in own):
        yield "no_vote"
    if motion["_closes"] is not None and motion["_closes"] < ballot["_at"]:
        yield "too_late"
    if ballot["proxy"] is None:
        return
    if record.decisions[name].proxy == "refused":
        yield "proxy_refused"
    if record.mandates is None:
        return

    def fits(row: Row, *tests: bool) -> bool:
        return row["holder"] == ballot["proxy"] and row["motion"] in (None, name) and all(tests)

    def early(row: Row) -> bool:
        return row["_given"] is None or ballot["_at"] is None or row["_given"] <= ballot["_at"]

    mine = record.mandates.get(member, ())
    if not any(fits(row) for row in mine):
        yield "no_mandate"
    formed = [row for row in mine if fits(row, not voting.forms or row["form"] in voting.forms)]
    if not formed:
        yield "mandate_form"
    if not any(early(row) for row in formed):
        yield "mandate_later"
    if all(_revoked(row, motion["_closes"]) for row in formed if early(row)):
        yield "mandate_revoked"
    homes = [{row.get("household") for row in rows if row["member"] == who} for who in (member, ballot["proxy"])]
    if voting.same_household and homes[0] != homes[1]:
        yield "other_household"


def _revoked(mandate: Row, closes: dt.datetime | None) -> bool:
    return mandate["_revoked"] is not None and closes is not None and mandate["_revoked"] < closes
