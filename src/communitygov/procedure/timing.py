"""What a procedure can say about time: its clock, deadlines, pauses, reminders and windows."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Literal, cast

from communitygov.documents.rule import Finding, Rule, rule, term
from communitygov.vocabulary.calendar import Calendar, Hours, Overlay, cn_statutory
from communitygov.vocabulary.deadline import Budget, Unit
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.numbers import Number
from communitygov.vocabulary.period import Period

__all__ = ["Clock", "Deadline", "Limit", "Pause", "Rung"]

_MOST_HOURS = 24 * 36_525
"""The most hours that a limit can have: those of a hundred years."""

_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)


@rule
class Clock(Rule):
    """The calendar that a procedure's deadlines count on.

    Args:
        zone: The time zone of its days and hours, such as ``Asia/Shanghai``.
        calendar: ``cn_statutory``, the statutory days of China with make-up days, or ``monday_to_friday`` and nothing
            else, of which every year is settled.
        hours: The hours of work or service, such as ``08:30-12:00``.
        open_on: The days on which these hours hold.
        on: Days that are worked here beside those.
        off: Days that are free here beside those.
    """

    zone: str = term("时区", "Zone")
    calendar: Literal["cn_statutory", "monday_to_friday"] = term("日历", "Calendar")
    hours: tuple[str, ...] = term("时段", "Hours", default=())
    open_on: Literal["working_days", "every_day"] = term("时段适用日", "Open on", default="working_days")
    on: tuple[Period, ...] = term("另上班日", "On", default=())
    off: tuple[Period, ...] = term("另放假日", "Off", default=())

    @cached_property
    def days(self) -> Calendar:
        """The calendar itself.

        Raises:
            MissingExtra: If it is the statutory one and ``chinesecalendar`` is not installed (extra ``calendar``).
        """
        if self.calendar == "cn_statutory":
            found = cn_statutory(self.zone)
        else:
            found = Calendar(self.zone, published=frozenset(range(1970, 2100)))
        hours = tuple(Hours.parse(text) for text in self.hours) or None
        return found.overlaid(Overlay(_days(self.on), _days(self.off), hours, self.open_on))

    def check(self) -> Iterator[Finding]:
        """Yield a finding for a zone, hours or days that are none."""
        yield from super().check()
        try:
            Calendar(self.zone, hours=tuple(Hours.parse(text) for text in self.hours))
            Overlay(_days(self.on), _days(self.off))
        except UsageError as error:
            yield _finding((), error)
        for name, periods in (("on", self.on), ("off", self.off)):
            for i, period in enumerate(periods):
                if period.first_day != period.last_day:
                    yield Finding((name, str(i)), "bad-period", f"`{period}` 不是一天", f"`{period}` is not a day")


def _days(periods: tuple[Period, ...]) -> frozenset[dt.date]:
    return frozenset(period.first_day for period in periods)


def _finding(path: tuple[str, ...], error: UsageError) -> Finding:
    told = error.problems[0]
    return Finding(path, told.code, told.message.zh, told.message.en)


@rule
class Limit(Rule):
    """A stretch of time, in the unit that it is counted in.

    Args:
        amount: How many hours or days; 1 for the same day.
        unit: What is counted.
        begins: For working and natural days, whether the day of the start can be the first or the day after is.
        until: For days, the hour at which a day ends, such as ``18:00``; midnight if absent.
    """

    amount: Number = term("数量", "Amount")
    unit: Unit = term("单位", "Unit")
    begins: Literal["day_of", "day_after"] | None = term("起算", "Begins", default=None)
    until: str | None = term("截止钟点", "Until", default=None)

    @cached_property
    def budget(self) -> Budget:
        """The same, ready to be counted."""
        until = None if self.until is None else dt.time.fromisoformat(self.until)
        return Budget(self.amount, self.unit, self.begins, until)

    def check(self) -> Iterator[Finding]:
        """Yield a finding if the parts do not fit each other."""
        yield from super().check()
        if self.until is not None and not _TIME.fullmatch(self.until):
            yield Finding(
                ("until",),
                "bad-time",
                f"`{self.until}` 不是钟点，应如 18:00；午夜不写",
                f"`{self.until}` is no time of day such as 18:00; leave it out for midnight",
            )
            return
        most = _MOST_HOURS if self.unit in ("elapsed_hours", "working_hours") else _MOST_HOURS // 24
        if self.amount > most:
            zh, en = f"超过 {most}，无法计算", f"is more than {most}, which cannot be counted"
            yield Finding(("amount",), "bad-budget", zh, en)
            return
        try:
            self.budget  # noqa: B018 - made to see whether it can be
        except UsageError as error:
            yield _finding((), error)


@rule
class Deadline(Rule):
    """Time from one step to another. It begins at a step of ``from`` and ends at the first step of ``to`` after that.

    Args:
        from_: The steps at which it begins.
        to: The steps that end it.
        bound: Whether it is to be done ``at_latest`` when the time is up, or ``at_earliest``.
        again: Where it begins a second time before it has ended: ``restart`` counts from the later step, ``run_on``
            from the first.
        limit: The time.
        by: The fact that the time depends on, as it is known when the deadline begins.
        limits: The time by the fact's value.
        unlimited: The values for which there is no time.
        extended_by: The steps that give more time while it runs, and how much, in its own unit.
        no_show: Whether it is a no-show of the unit that joins if it is not met.
    """

    from_: tuple[str, ...] = term("自环节", "From")
    to: tuple[str, ...] = term("至环节", "To")
    bound: Literal["at_latest", "at_earliest"] = term("界限", "Bound", default="at_latest")
    again: Literal["restart", "run_on"] = term("再次起算", "Again")
    limit: Limit | None = term("时限", "Limit", default=None)
    by: str | None = term("依据事实", "By", default=None)
    limits: Mapping[str, Limit] = term("分类时限", "Limits", default={})
    unlimited: tuple[str, ...] = term("不限时的取值", "Unlimited", default=())
    extended_by: Mapping[str, Number] = term("延期", "Extended by", default={})
    no_show: bool = term("计为缺席", "No-show", default=False)

    @property
    def every(self) -> Mapping[str, Limit]:
        """All its limits, by the value of the fact; one alone stands under an empty name."""
        return self.limits if self.limit is None else {"": self.limit}

    def limit_for(self, value: object) -> Limit | None:
        """Return the limit that holds for a value of the fact that it depends on, or none.

        Args:
            value: The value; it does not matter where the deadline depends on none.
        """
        return self.limit if self.by is None else self.limits.get(cast("str", value))

    def check(self) -> Iterator[Finding]:
        """Yield a finding unless it has one limit, or one for each value of a fact."""
        yield from super().check()
        if (self.limit is None) == (self.by is None):
            yield Finding((), "missing-setting", "limit 与 by 须取其一", "needs limit or by, one of them")
        if (self.by is None) and (self.limits or self.unlimited):
            path = ("limits",) if self.limits else ("unlimited",)
            yield Finding(path, "unused-setting", "分类时限须有 by", "limits by value need `by`")
        for i, value in enumerate(self.unlimited):
            if value in self.limits:
                yield Finding(
                    ("unlimited", str(i)),
                    "two-answer",
                    f"`{value}` 既有时限又不限时",
                    f"`{value}` has a limit and is unlimited",
                    also=(("limits", value),),
                )
        for name in ("from_", "to"):
            if not getattr(self, name):
                yield Finding((name.rstrip("_"),), "missing-setting", "须指明环节", "needs a step")
        units = {limit.unit for limit in self.every.values()}
        if self.extended_by and (len(units) > 1 or "same_day" in units):
            yield Finding(
                ("extended_by",),
                "mixed-units",
                "延期与时限须同一单位，且不用于当日",
                "more time is counted in the limit's own unit, one for all, and the same day has none",
            )
        whole = not units & {"elapsed_hours", "working_hours"}
        for step, more in self.extended_by.items():
            if more <= 0 or (whole and more.denominator != 1) or (more * 3_600_000_000).denominator != 1:
                yield Finding(
                    ("extended_by", step),
                    "bad-budget",
                    "须大于零，天数为整数",
                    "must be more than 0; days are whole, hours have whole microseconds",
                )


@rule
class Pause(Rule):
    """A time in which deadlines do not run. What would begin it once more while it lasts changes nothing.

    Args:
        from_: The steps that begin it.
        to: The steps that end it.
        stops: The deadlines that do not run.
        at_most: How long it lasts at most; then it ends by itself. Until it is ended, deadlines fall due as if it
            lasted so long: at the latest instant that they can.
    """

    from_: tuple[str, ...] = term("自环节", "From")
    to: tuple[str, ...] = term("至环节", "To")
    stops: tuple[str, ...] = term("中止的期限", "Stops")
    at_most: Limit | None = term("最长", "At most", default=None)


@rule
class Rung(Rule):
    """One rung of a ladder of reminders: it fires once each time its deadline runs, and is then itself an event.

    Args:
        deadline: The deadline.
        counted_from: Whether ``after`` is counted from the ``start`` of the deadline or from when it is ``due``.
        after: How long after that; at once if absent. From the start it is counted outside pauses, as the deadline is.
        act: What is done.
        to: The role that is told.
        publish: Whether it is made public.
    """

    deadline: str = term("期限", "Deadline")
    counted_from: Literal["start", "due"] = term("计自", "Counted from")
    after: Limit | None = term("之后", "After", default=None)
    act: Literal["remind", "notify", "escalate", "criticise"] = term("动作", "Act")
    to: str = term("对象", "To")
    publish: bool = term("公开", "Publish", default=False)

    def check(self) -> Iterator[Finding]:
        """Yield a finding if it would fire when the deadline begins."""
        yield from super().check()
        if self.counted_from == "start" and self.after is None:
            yield Finding((), "missing-setting", "计自 start 须有 after", "counted from the start it needs `after`")
