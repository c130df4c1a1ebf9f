"""What a profile can say about disclosure: what must be public of whom, by when, where and for how long."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Literal

from communitygov.documents.rule import Finding, Rule, rule, term
from communitygov.vocabulary.calendar import Calendar, cn_statutory
from communitygov.vocabulary.counting import StartRule
from communitygov.vocabulary.deadline import Budget
from communitygov.vocabulary.period import Period, within_days
from communitygov.vocabulary.text import Title

__all__ = ["LONGEST", "DisclosureDuty"]

DayKind = Literal["working_days", "natural_days"]

LONGEST = 36_500
"""The most days that a disclosure can take or last."""


@rule
class DisclosureDuty(Rule):
    """What must be made public of each subject of a kind.

    Args:
        subject: Whose, such as a project's.
        items: What must be public, each on its own.
        places: Where it can be made public; anywhere, if no place is named.
        everywhere: Whether it must be at every place; else any of them will do.
        after: The event from which time counts; none if the text names none, and then what was never posted is missing.
        within: How many days there are after the event; the text does not say if absent.
        unit: What days are counted: statutory working days, or all days.
        begins: Whether the day of the event can be the first day, or the day after is.
        lasts: How many days in a row it stays public at least, the first and the last among them.
        lasts_unit: What days these are.
        source: The text that it stands in, where a profile has several.
        article: Its article.
        since: The first period that it is in force in; as long as the profile if absent.
        until: The last; no end is known if absent.
    """

    subject: Title = term("对象", "Subject")
    items: Mapping[str, Title] = term("公开事项", "Items")
    places: Mapping[str, Title] = term("公开地点", "Places", default={})
    everywhere: bool = term("各处均须", "Everywhere", default=False)
    after: Title | None = term("起算事件", "After", default=None)
    within: int | None = term("期限", "Within", default=None, at_least=1, at_most=LONGEST)
    unit: DayKind | None = term("单位", "Unit", default=None)
    begins: StartRule | None = term("起算", "Begins", default=None)
    lasts: int | None = term("公开天数", "Lasts", default=None, at_least=1, at_most=LONGEST)
    lasts_unit: DayKind | None = term("公开天数单位", "Lasts unit", default=None)
    source: str | None = term("来源", "Source", default=None, refers="source")
    article: str | None = term("条", "Article", default=None)
    since: Period | None = term("自", "Since", default=None)
    until: Period | None = term("至", "Until", default=None)

    @cached_property
    def budget(self) -> Budget | None:
        """The time there is, ready to be counted; None if the text sets none."""
        return None if self.within is None or self.unit is None else Budget(self.within, self.unit, self.begins)

    @cached_property
    def calendar(self) -> Calendar:
        """The calendar that its days are counted on; a day is a day everywhere, so its zone does not matter.

        Raises:
            MissingExtra: If working days are counted and ``chinesecalendar`` is not installed (extra ``calendar``).
        """
        return cn_statutory("UTC") if "working_days" in (self.unit, self.lasts_unit) else Calendar("UTC")

    def in_force(self, day: dt.date) -> bool:
        """Return whether it holds on a day.

        Args:
            day: The day.
        """
        return within_days(day, self.since, self.until)

    def check(self) -> Iterator[Finding]:
        """Yield a finding for nothing to make public, time that is said in part, and places that are none."""
        yield from super().check()
        if not self.items:
            yield Finding(("items",), "missing-setting", "不能为空", "must not be empty")
        timed = {"within": self.within, "unit": self.unit, "begins": self.begins}
        if any(one is not None for one in timed.values()):
            for name, value in {**timed, "after": self.after}.items():
                if value is None:
                    zh, en = (
                        "within、unit、begins 与 after 须同时给出",
                        "needs `within`, `unit`, `begins` and `after` together",
                    )
                    yield Finding((name,), "missing-setting", zh, en)
        if (self.lasts is None) != (self.lasts_unit is None):
            name = "lasts" if self.lasts is None else "lasts_unit"
            zh, en = "lasts 与 lasts_unit 须同时给出", "needs `lasts` and `lasts_unit` together"
            yield Finding((name,), "missing-setting", zh, en)
        if self.since is not None and self.until is not None and self.until.last_day < self.since.first_day:
            yield Finding(("until",), "empty-range", "until 早于 since", "`until` ends before `since` begins")
        if self.everywhere and not self.places:
            zh, en = "everywhere 须有 places", "`everywhere` needs `places`"
            yield Finding(("everywhere",), "unused-setting", zh, en)
