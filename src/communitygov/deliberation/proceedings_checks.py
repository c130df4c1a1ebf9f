"""Reading what is recorded of meetings, and what can be wrong with it: all of it is gathered, and said at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from attrs import field, frozen

from communitygov.deliberation.meeting_rules import Deliberation
from communitygov.deliberation.tables import CHOICES
from communitygov.vocabulary.errors import DataError
from communitygov.vocabulary.faults import read_rows
from communitygov.vocabulary.frames import Table, adopt, check_table
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.problem import Problem, did_you_mean
from communitygov.vocabulary.text import Title

__all__ = ["Reader", "Row", "check_names", "check_places", "check_votes"]

Row = Mapping[str, Any]
_OUTCOMES = ("passed", "rejected", "undetermined")


@frozen
class Reader:
    """Reads frames, and gathers what is wrong with them."""

    problems: list[Problem] = field(factory=list)

    def say(self, code: str, path: str, zh: str, en: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(code, Title(zh=zh, en=en), path=path))

    def rows(self, table: Table, native: Any) -> list[dict[str, Any]]:
        """Return the rows of a frame, with None for columns that it leaves out."""
        if native is None:
            return []
        frame, _ = adopt(native, table)
        try:
            check_table(table, frame)
        except DataError as error:
            self.problems.extend(error.problems)
            return []
        there = set(frame.collect_schema().names())
        rows = read_rows(frame.select(*(one.name for one in table.columns if one.name in there)))
        empty = {one.name: None for one in table.columns if one.name not in there}
        return [{**empty, **row} for row in rows]

    def settle(self) -> None:
        """Raise what is wrong so far."""
        if self.problems:
            raise DataError(self.problems)

    def days(self, rows: Iterable[dict[str, Any]], who: str, *names: str) -> None:
        """Add the days of rows, as dates."""
        self._read(
            rows, who, names, _day, "not-a-day", Title(zh="不是日期，如 2024-05-06", en="is no day, such as 2024-05-06")
        )

    def instants(self, rows: Iterable[dict[str, Any]], who: str, *names: str) -> None:
        """Add the instants of rows, as moments with a zone."""
        title = Title(
            zh="不是带时区的时间，如 2024-05-06T19:00+08:00",
            en="is no time with a zone, such as 2024-05-06T19:00+08:00",
        )
        self._read(rows, who, names, _instant, "not-an-instant", title)

    def _read(
        self,
        rows: Iterable[dict[str, Any]],
        who: str,
        names: Sequence[str],
        read: Callable[[str], Any],
        code: str,
        title: Title,
    ) -> None:
        for row in rows:
            for name in names:
                text = row.get(name)
                found = None if text is None else read(text)
                if text is not None and found is None:
                    at = f"{name}: {row[who]}: `{text}`"
                    self.say(code, name, f"{at} {title.zh}", f"{at} {title.en}")
                row[f"_{name}"] = found

    def known(self, rows: Iterable[Row], name: str, there: Collection[str], code: str, what: Title) -> None:
        """Hold what rows name to what there is."""
        gone = dict.fromkeys(row[name] for row in rows if row[name] is not None and row[name] not in there)
        for value in gone:
            hint = did_you_mean(value, sorted(there))
            self.say(code, name, f"没有{what.zh} `{value}`{hint.zh}", f"there is no {what.en} `{value}`{hint.en}")


def _day(text: str) -> dt.date | None:
    try:
        period = Period.parse(text)
    except ValueError:
        return None
    return period.first_day if period.kind == "day" else None


def _instant(text: str) -> dt.datetime | None:
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def check_names(reader: Reader, rule: Deliberation, rows: Mapping[str, Sequence[Row]]) -> None:
    """Hold ids to what there is, and outcomes and answers to what they may be.

    Args:
        reader: Where problems go.
        rule: The rule.
        rows: The rows of every frame but the register.
    """
    meetings, motions = rows["meetings"], rows["motions"]
    ids, names = {row["meeting"] for row in meetings}, {row["motion"] for row in motions}
    meeting, motion = Title(zh="会议", en="meeting"), Title(zh="议题", en="motion")
    for frame in ("motions", "reports", "answers"):
        reader.known(rows[frame], "meeting", ids, "unknown-meeting", meeting)
    for frame in ("reports", "answers", "objections"):
        reader.known(rows[frame], "motion", names, "unknown-meeting", motion)
    agenda = Title(zh="列入议程的议题", en="motion on the agenda")
    for frame in ("ballots", "mandates", "recusals"):
        reader.known(rows[frame], "motion", names, "not-on-agenda", agenda)
    outcome = Title(zh="结果", en="outcome")
    reader.known(motions, "outcome", _OUTCOMES, "unknown-outcome", outcome)
    part = Title(zh="参加者", en="participant")
    for frame, name in (("meetings", "convened_by"), ("motions", "proposer"), ("answers", "participant")):
        if rows[frame] and name in rows[frame][0]:
            reader.known(rows[frame], name, rule.participants, "unknown-participant", part)
    if rows["answers"]:
        _check_answers(reader, rule, rows["answers"])
    if rows["recusals"] and (rule.voting is None or rule.voting.recused is None):
        zh, en = "有人回避，而规则未写 voting.recused", "there are recusals, and the rule does not say voting.recused"
        reader.say("rule-silent", "recusals", zh, en)
    if rows["objections"] and rule.objections is None:
        zh, en = "有异议，而规则未写 objections", "there are objections, and the rule does not say objections"
        reader.say("rule-silent", "objections", zh, en)
    days: dict[tuple[str, Any], str] = {}
    for row in meetings:
        other = days.setdefault((row["body"], row["_on"]), row["meeting"])
        if other != row["meeting"] and row["_on"] is not None:
            two = f"{row['body']} {row['on']} ({other}, {row['meeting']})"
            zh, en = f"{two} 一天有两次会议，先后不明", f"{two}: two meetings on one day; which came first is not known"
            reader.say("two-meetings-a-day", "on", zh, en)


def _check_answers(reader: Reader, rule: Deliberation, answers: Sequence[Row]) -> None:
    if rule.evaluation is None:
        zh, en = "有评议，而规则未写 evaluation", "there are evaluations, and the rule does not say evaluation"
        reader.say("rule-silent", "answer", zh, en)
        return
    reader.known(answers, "answer", rule.evaluation.answers, "unknown-answer", Title(zh="意见", en="answer"))
    for row in answers:
        if rule.evaluation.by and row["participant"] not in rule.evaluation.by:
            zh = f"`{row['member']}`（{row['participant']}）不参加评议"
            en = f"`{row['member']}` ({row['participant']}) is none of those who evaluate"
            reader.say("may-not-evaluate", "participant", zh, en)


def check_places(reader: Reader, held: Mapping[str, Row], motions: Mapping[str, Row], later: Sequence[Row]) -> None:
    """Hold reports and evaluations to a later meeting of the body that decided, and to days that can be.

    Args:
        reader: Where problems go.
        held: The meetings by id.
        motions: The motions by id.
        later: The reports and the evaluations.
    """
    for row in {(row["motion"], row["meeting"]): row for row in later}.values():
        put, at = held[motions[row["motion"]]["meeting"]], held[row["meeting"]]
        where = f"`{row['motion']}` → `{row['meeting']}`"
        if put["body"] != at["body"] or at["_on"] <= put["_on"]:
            zh, en = "须在同一主体其后的会议上", "belongs to a later meeting of the same body"
            reader.say("out-of-place", "meeting", f"{where}：{zh}", f"{where}: {en}")
        elif row.get("_done") is not None and row["_done"] > at["_on"]:
            zh, en = "落实日期在会议之后", "it was carried out after the meeting that says so"
            reader.say("out-of-place", "done", f"{where}：{zh}", f"{where}: {en}")


def check_votes(reader: Reader, rule: Deliberation, rows: Mapping[str, Sequence[Row]], *, mandated: bool) -> None:
    """Hold ballots, mandates and the register to what the rule says, and find what it does not say.

    Args:
        reader: Where problems go.
        rule: The rule.
        rows: The rows of every frame.
        mandated: Whether mandates are given.
    """
    register, ballots = rows["register"], rows["ballots"]

    def silent(path: str, zh: str, en: str) -> None:
        reader.say("rule-silent", path, zh, en)

    voting = rule.voting
    choices = Title(zh="意见", en="choice")
    reader.known(ballots, "choice", CHOICES, "unknown-vote", choices)
    if voting is not None and voting.channels:
        reader.known(ballots, "channel", voting.channels, "unknown-channel", Title(zh="渠道", en="channel"))
    if any(row["since"] or row["until"] for row in register) and rule.record_days is None:
        silent("since", "名册有起止日，而规则未写 record_days", "the register has days, and the rule no record_days")
    reader.known(
        register, "participant", rule.participants, "unknown-participant", Title(zh="参加者", en="participant")
    )
    for kind in sorted({row["participant"] for row in register} & set(rule.participants)):
        if rule.participants[kind].part is None:
            zh, en = (
                f"规则未写参加者 `{kind}` 是否投票（part）",
                f"the rule does not say the part of participant `{kind}`",
            )
            silent("participant", zh, en)
    closes = {row["motion"]: row["_closes"] for row in rows["motions"]}
    revoked = {(row["member"], row["holder"]) for row in rows["mandates"] if row["_revoked"] is not None}
    for row in ballots:
        end = closes[row["motion"]]
        if end is not None and row["_at"] is None:
            zh, en = "议题有截止时间，此票没有时间", "the motion has a time at which it closes, and this ballot none"
        elif end is None and (row["member"], row["proxy"]) in revoked:
            zh, en = (
                "委托被撤回，而议题没有截止时间",
                "a mandate was revoked; the motion does not say when it closes",
            )
        else:
            continue
        who = f"{row['motion']} {row['member']}"
        reader.say("no-time", "at" if end else "closes", f"{who}：{zh}", f"{who}: {en}")
    asked = voting is not None and (voting.forms or voting.same_household)
    if asked and not mandated and any(row["proxy"] is not None for row in ballots):
        zh, en = "规则对委托有要求，须给出委托记录", "the rule asks something of mandates; give them"
        reader.say("mandates-not-given", "proxy", zh, en)
