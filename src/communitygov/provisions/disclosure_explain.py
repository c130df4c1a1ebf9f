"""Why a subject is in order or not: the same rule followed day by day. The oracle of ``check_disclosures``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from attrs import frozen

from communitygov.provisions.disclosure import STATES, WANTING
from communitygov.provisions.disclosure_record import read_record
from communitygov.provisions.disclosure_rules import DisclosureDuty
from communitygov.vocabulary.clock import day_of, number_of
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.problem import did_you_mean
from communitygov.vocabulary.steps import Steps
from communitygov.vocabulary.text import Title

__all__ = ["explain_disclosure"]

Row = Mapping[str, Any]
Run = tuple[dt.date, dt.date, int]
_ONE_DAY = dt.timedelta(days=1)
_ORDER = {
    "true": Title(zh="齐备", en="in order"),
    "false": Title(zh="不齐备", en="not in order"),
    "undetermined": Title(zh="尚无法判定", en="not decided yet"),
}


@frozen
class _Limit:
    """The last day that is in time.

    Args:
        due: The day; None if there is none, or the day of the event is not known.
        known: Whether the day of the event is known, if there is one.
        provisional: Whether it rests on a year that is not published.
    """

    due: dt.date | None
    known: bool
    provisional: bool = False


def explain_disclosure(rule: DisclosureDuty, subjects: Any, postings: Any, at: dt.date, subject: str) -> Steps:
    """Explain what is public of one subject.

    Args:
        rule: What must be public.
        subjects: As for ``check_disclosures``.
        postings: As there.
        at: The day that the record goes up to.
        subject: Which.

    Returns:
        A tree: its root has the key ``disclosure`` and as its value whether the subject is in order (``true``,
        ``false`` or ``undetermined``); below it a step for each item, and for each place if all are wanted, whose
        value is its state; ``due``, ``posted``, ``days``, ``late`` and ``provisional`` are among its facts.

    Raises:
        DocumentError: As ``check_disclosures``.
        DataError: As there.
        UsageError: As there, and if there is no such subject.

    Source:
        As ``check_disclosures``.

    Example:
        >>> import polars as pl
        >>> rule = DisclosureDuty(subject=Title(zh="项目", en="project"), items={"money": Title(zh="经费", en="money")})
        >>> none = pl.DataFrame(schema=dict.fromkeys(["subject", "item", "first", "last"], pl.String))
        >>> told = explain_disclosure(rule, pl.DataFrame({"subject": ["lift"]}), none, dt.date(2024, 5, 31), "lift")
        >>> print(told.children[0].text.en)
        not public by 2024-05-31
    """
    owed, record, _ = read_record(rule, subjects, postings, at)
    mine = owed.filter(subject=subject)
    if mine.is_empty():
        hint = did_you_mean(subject, sorted({*owed["subject"]}))
        zh, en = f"对象表中没有 `{subject}`{hint.zh}", f"`{subject}` is no subject on the list{hint.en}"
        raise UsageError.because("unknown-name", zh=zh, en=en)
    since = _day(mine["_since"][0])
    limit = _limit(rule, since)
    steps = tuple(_items(rule, record.filter(subject=subject).rows(named=True), since, limit, at))
    states = {step.value for step in steps}
    in_order = "false" if states & {*WANTING} else "true" if states <= {"met"} else "undetermined"
    name, words = rule.subject, _ORDER[in_order]
    return Steps(
        "disclosure",
        Title(zh=f"{name.zh} {subject} 的公开", en=f"what is public of {subject} ({name.en})"),
        in_order,
        clause=rule.clause,
        text=Title(zh=f"截至 {at}：{words.zh}", en=f"by {at}: {words.en}"),
        words=words,
        children=(*_counted(rule, since, limit), *steps),
    )


def _day(number: int | None) -> dt.date | None:
    return None if number is None else day_of(number)


def _limit(rule: DisclosureDuty, since: dt.date | None) -> _Limit:
    """Count the days one by one."""
    if rule.after is not None and since is None:
        return _Limit(None, known=False)
    if rule.within is None or since is None:
        return _Limit(None, known=True)
    day, left, provisional = since if rule.begins == "day_of" else since + _ONE_DAY, rule.within, False
    while True:
        counts, unsettled = _counts(rule, day, rule.unit)
        provisional |= unsettled
        left -= counts
        if not left:
            return _Limit(day, known=True, provisional=provisional)
        day = day_of(number_of(day) + 1)


def _counts(rule: DisclosureDuty, day: dt.date, unit: str | None) -> tuple[bool, bool]:
    """Return whether a day counts in a unit, and whether that is not settled."""
    if unit != "working_days":
        return True, False
    return rule.calendar.is_working(day), not rule.calendar.is_settled(day)


def _counted(rule: DisclosureDuty, since: dt.date | None, limit: _Limit) -> Iterator[Steps]:
    """Yield how the time was counted, if there is any."""
    if rule.after is None or rule.within is None:
        return
    first = Title(zh="当日", en="the day itself") if rule.begins == "day_of" else Title(zh="次日", en="the day after")
    if since is None or limit.due is None:
        text = Title(zh=f"“{rule.after.zh}”之日未知", en=f"the day of `{rule.after.en}` is not known")
    else:
        days = _days_of(rule.within, rule.unit)
        text = Title(
            zh=f"{rule.after.zh} {since}，自{first.zh}起 {days.zh}，至 {limit.due} 止",
            en=f"{rule.after.en} on {since}; {days.en} from {first.en} on, up to {limit.due}",
        )
    title = Title(zh="期限", en="time")
    yield Steps("due", title, None if limit.due is None else str(limit.due), text=text, clause=rule.clause)


def _items(
    rule: DisclosureDuty, record: Sequence[Row], since: dt.date | None, limit: _Limit, at: dt.date
) -> Iterator[Steps]:
    places: list[str | None] = [*rule.places] if rule.everywhere else [None]
    for item in sorted(rule.items):
        for place in sorted(places, key=str):
            mine = [row for row in record if row["item"] == item and place in (None, row.get("place"))]
            days = {
                day
                for row in mine
                for day in _days(day_of(row["first"]), _day(row["last"]) or at)
                if since is None or day >= since
            }
            yield _item(rule, item, place, days, limit, at)


def _days(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    while first <= last:
        yield first
        first += _ONE_DAY


def _item(
    rule: DisclosureDuty, item: str, place: str | None, days: Collection[dt.date], limit: _Limit, at: dt.date
) -> Steps:
    """Say how one item stands: on which days it was up, and whether that is in time and long enough."""
    whole = [[*_run(days, day)] for day in sorted(days) if day - _ONE_DAY not in days]
    counted = [[_counts(rule, day, rule.lasts_unit) for day in run] for run in whole]
    runs = [(run[0], run[-1], sum(counts for counts, _ in marks)) for run, marks in zip(whole, counted, strict=True)]
    in_time = [one for one in runs if limit.due is None or one[0] <= limit.due]
    posted, longest = (runs[0][0] if runs else None), max((length for *_, length in runs), default=0)
    if not limit.known:
        state = "undetermined"
    elif any(length >= (rule.lasts or 1) for *_, length in in_time):
        state = "met"
    elif in_time:
        open_ = any(last == at for _, last, _ in in_time) or (limit.due is not None and at <= limit.due)
        state = "not_yet" if open_ else "too_short"
    elif runs:
        state = "late"
    else:
        state = "missing" if limit.due is None or at > limit.due else "not_yet"
    late, provisional = None, limit.provisional or any(mark for marks in counted for _, mark in marks)
    if state in ("late", "missing") and limit.due is not None:
        until = posted if state == "late" and posted is not None else at
        beyond = [_counts(rule, day, rule.unit) for day in _days(limit.due + _ONE_DAY, until)]
        late, provisional = sum(counts for counts, _ in beyond), provisional or any(mark for _, mark in beyond)
    name = rule.items[item]
    at_place = (
        "" if place is None else f"（{rule.places[place].zh}）",
        "" if place is None else f" ({rule.places[place].en})",
    )
    facts: dict[str, Fraction | int | float | str | bool | None] = {
        "item": item,
        **({} if place is None else {"place": place}),
        "due": None if limit.due is None else str(limit.due),
        "posted": None if posted is None else str(posted),
        "days": longest,
        "late": late,
        "provisional": provisional,
    }
    title = Title(zh=f"{name.zh}{at_place[0]}", en=f"{name.en}{at_place[1]}")
    return Steps(
        f"{item}.{place}" if place else item,
        title,
        state,
        facts=facts,
        text=_told(rule, runs, facts, limit, at),
        words=STATES[state],
    )


def _run(days: Collection[dt.date], first: dt.date) -> Iterator[dt.date]:
    """Yield the days in a row on which something was up, from one on."""
    while first in days:
        yield first
        first += _ONE_DAY


def _told(rule: DisclosureDuty, runs: Sequence[Run], facts: Mapping[str, Any], limit: _Limit, at: dt.date) -> Title:
    """Say it in words: each stretch of days, what is wanted of one, and by how much it is late."""
    said = [_stretch(rule, run, limit, at) for run in runs] or [Title(zh=f"截至 {at} 未公开", en=f"not public by {at}")]
    if rule.lasts is not None:
        days = _days_of(rule.lasts, rule.lasts_unit)
        said.append(Title(zh=f"须连续 {days.zh}", en=f"wanted: {days.en} in a row"))
    if facts["late"] is not None:
        days = _days_of(facts["late"], rule.unit)
        said.append(Title(zh=f"迟 {days.zh}", en=f"{days.en} late"))
    if not limit.known:
        said.append(STATES["undetermined"])
    if facts["provisional"]:
        said.append(Title(zh="暂定（放假安排未公布）", en="provisional: a year's holidays are not published"))
    return Title(zh="；".join(one.zh for one in said), en="; ".join(one.en for one in said))


def _stretch(rule: DisclosureDuty, run: Run, limit: _Limit, at: dt.date) -> Title:
    """Say from when to when it was up, how many days that are, and whether it began in time."""
    first, last, length = run
    days = _days_of(length, rule.lasts_unit)
    zh, en = f"{first} 起公开，至 {last}，计 {days.zh}", f"up from {first} to {last}: {days.en}"
    if last == at:
        zh, en = f"{first} 起公开至今，计 {days.zh}", f"up since {first}: {days.en} so far"
    if limit.due is not None and first > limit.due:
        zh, en = f"{zh}，始于期限之后", f"{en}, begun too late"
    return Title(zh=zh, en=en)


def _days_of(count: int, unit: str | None) -> Title:
    """Return a count of days in words."""
    zh, en = ("个工作日", "working day") if unit == "working_days" else ("日", "day")
    return Title(zh=f"{count} {zh}", en=f"{count} {en}{'s' * (count != 1)}")
