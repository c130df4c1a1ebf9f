"""Casting: which ballots count, and who stands on the register of a motion."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import frozen

from communitygov.deliberation.count import count_votes
from communitygov.deliberation.decide import Decided, decide_all
from communitygov.deliberation.meeting_rules import Voting
from communitygov.deliberation.proceedings import Record
from communitygov.deliberation.proceedings_checks import Row
from communitygov.deliberation.rules import Decision
from communitygov.vocabulary.errors import DataError
from communitygov.vocabulary.problem import Problem
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["LEFT_OUT", "Cast", "cast_motion", "decide_motions"]

LEFT_OUT = {
    "not_on_register": Title(zh="名册日不在名册上", en="not on the register on its day"),
    "recused": Title(zh="回避", en="recused"),
    "no_vote": Title(zh="无表决权的参加者", en="a participant without a vote"),
    "too_late": Title(zh="截止后投票", en="given after voting had closed"),
    "proxy_refused": Title(zh="不许委托", en="no proxies are allowed"),
    "no_mandate": Title(zh="没有委托", en="there is no mandate"),
    "mandate_form": Title(zh="委托形式不符", en="the mandate is not in a form that is allowed"),
    "mandate_later": Title(zh="投票在委托之前", en="given before the mandate was"),
    "mandate_revoked": Title(zh="委托已撤回", en="the mandate was revoked before voting closed"),
    "other_household": Title(zh="受托人不同户", en="the proxy is of another household"),
    "superseded": Title(zh="另有一票计入", en="another ballot of the member counts"),
}
"""Why a ballot does not count."""


@frozen
class Cast:
    """What counts of the votes on a motion.

    Args:
        register: The rows of the register that stand.
        ballots: Each ballot, with the reason why it does not count, or None.
    """

    register: Sequence[Row]
    ballots: Sequence[tuple[Row, str | None]]


def cast_motion(record: Record, motion: Row) -> Cast:
    """Say who stands on the register of a motion, and which of its ballots count.

    Args:
        record: The record, with ballots.
        motion: The motion.

    Raises:
        DataError: If a member gave several ballots, and the rule or their times do not say which counts; or a ballot is
            of nobody whom the body's register ever had.
    """
    rule = record.rule
    meeting = record.meetings[motion["meeting"]]
    rows = record.register.get(meeting["body"], ())
    day = meeting["_on"] - dt.timedelta(days=rule.record_days or 0)
    there = [row for row in rows if (row["_since"] or day) <= day <= (row["_until"] or day)]
    voices = {row["member"] for row in there if _part(record, row) != "votes"}
    stand = [row for row in there if row["member"] not in voices]
    on, ever = {row["member"] for row in stand}, {row["member"] for row in rows}
    homes = {row["member"]: row.get("household") for row in there}
    ballots, name = record.ballots.get(motion["motion"], ()), motion["motion"]
    strangers = sorted({row["member"] for row in ballots} - ever)
    if strangers:
        listed = ", ".join(strangers[:20])
        title = Title(zh=f"议题 `{name}`：不在名册上：{listed}", en=f"motion `{name}`: not on the register: {listed}")
        raise DataError(Problem("not-on-register", title, path="member"))
    fates: list[str | None] = []
    for row in ballots:
        member = row["member"]
        if member not in on and member not in voices:
            fates.append("not_on_register")
        elif (name, member) in record.recusals:
            fates.append("recused")
        elif member in voices:
            fates.append("no_vote")
        elif motion["_closes"] is not None and row["_at"] > motion["_closes"]:
            fates.append("too_late")
        else:
            fates.append(_mandate(record, motion, row, homes) if row["proxy"] is not None else None)
    _settle_doubles(rule.voting or Voting(), name, ballots, fates)
    if rule.voting is not None and rule.voting.recused == "left_out":
        stand = [row for row in stand if (name, row["member"]) not in record.recusals]
    return Cast(stand, list(zip(ballots, fates, strict=True)))


def _part(record: Record, row: Row) -> str | None:
    kind = row["participant"]
    return "votes" if kind is None else record.rule.participants[kind].part


def _mandate(record: Record, motion: Row, ballot: Row, homes: Mapping[str, str | None]) -> str | None:
    """Return why a ballot by proxy does not count, if it does not."""
    if record.decisions[motion["motion"]].proxy == "refused":
        return "proxy_refused"
    if record.mandates is None:
        return None
    voting = record.rule.voting or Voting()
    found = [row for row in record.mandates.get(ballot["member"], ()) if row["holder"] == ballot["proxy"]]
    found = [row for row in found if row["motion"] in (None, motion["motion"])]
    if not found:
        return "no_mandate"
    found = [row for row in found if not voting.forms or row["form"] in voting.forms]
    if not found:
        return "mandate_form"
    at, closes = ballot["_at"], motion["_closes"]
    found = [row for row in found if row["_given"] is None or at is None or row["_given"] <= at]
    if not found:
        return "mandate_later"
    if all(row["_revoked"] is not None and row["_revoked"] < closes for row in found):
        return "mandate_revoked"
    if voting.same_household and homes.get(ballot["member"]) != homes.get(ballot["proxy"]):
        return "other_household"
    return None


def _settle_doubles(voting: Voting, name: str, ballots: Sequence[Row], fates: list[str | None]) -> None:
    """Leave one ballot of each member who gave several."""
    mine: dict[str, list[int]] = {}
    for i, fate in enumerate(fates):
        if fate is None:
            mine.setdefault(ballots[i]["member"], []).append(i)
    problems = []
    for member, those in mine.items():
        left = those
        if voting.own_first and any(ballots[i]["proxy"] is None for i in those):
            left = [i for i in those if ballots[i]["proxy"] is None]
        times = [ballots[i]["_at"] for i in left]
        if len(left) > 1 and (voting.twice is None or None in times or len(set(times)) < len(times)):
            what = f"`{name}` `{member}`"
            zh, en = (
                "投了不止一次，规则未写哪一次计入（voting.twice）",
                "voted more than once, and the rule says no voting.twice",
            )
            if voting.twice is not None:
                zh, en = "投了不止一次，先后不明", "voted more than once, and which came first is not known"
            problems.append(Problem("votes-twice", Title(zh=f"{what} {zh}", en=f"{what} {en}"), path="member"))
            continue
        kept = (
            left[0]
            if len(left) == 1
            else (min if voting.twice == "first" else max)(left, key=lambda i: ballots[i]["_at"])
        )
        for i in those:
            fates[i] = None if i == kept else "superseded"
    if problems:
        raise DataError(problems)


def decide_motions(record: Record) -> tuple[dict[str, Cast], tuple[Decided, ...]]:
    """Decide every motion by its register and its ballots.

    Args:
        record: The record, with ballots.

    Returns:
        What counts of the votes on each motion; and the outcomes, one for each rule of decisions.

    Raises:
        DataError: As ``cast_motion``, of all motions at once; or as ``count_votes``.
    """
    cast: dict[str, Cast] = {}
    problems: list[Problem] = []
    for motion in (motion for motions in record.motions.values() for motion in motions):
        try:
            cast[motion["motion"]] = cast_motion(record, motion)
        except DataError as error:
            problems.extend(error.problems)
    if problems:
        raise DataError(problems)
    by_rule: dict[int, list[str]] = {}
    rules = {id(rule): rule for rule in record.decisions.values()}
    for name, rule in record.decisions.items():
        by_rule.setdefault(id(rule), []).append(name)
    return cast, tuple(_decided(rules[key], names, cast) for key, names in by_rule.items())


def _decided(decision: Decision, names: Sequence[str], cast: Mapping[str, Cast]) -> Decided:
    return decide_all(decision, count_votes(decision, *frames_of(decision, {name: cast[name] for name in names})))


def frames_of(decision: Decision, cast: Mapping[str, Cast]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return register and ballots of motions as ``count_votes`` takes them.

    Args:
        decision: The rule of decisions of all of them.
        cast: What counts of each.
    """
    import polars as pl

    from communitygov.deliberation.tables import register_table

    kinds = {"text": pl.String, "whole": pl.Int64, "flag": pl.Boolean}
    columns = {column.name: kinds[column.kind] for column in register_table(decision).columns}
    register = [{**row, "matter": name} for name, one in cast.items() for row in one.register]
    ballots = [
        (name, row["member"], row["choice"], row["proxy"])
        for name, one in cast.items()
        for row, fate in one.ballots
        if fate is None
    ]
    rows: Iterator[Any] = (tuple(row[name] for name in columns) for row in register)
    names = ("matter", "member", "choice", "proxy")
    return (
        pl.DataFrame(list(rows), schema=columns, orient="row"),
        pl.DataFrame(ballots, schema=dict.fromkeys(names, pl.String), orient="row"),
    )
