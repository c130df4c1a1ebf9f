"""Why a subject is on the watch list, or not: the rule followed slowly, period by period."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import frozen

from communitygov.certification.columns import adopt_beside
from communitygov.certification.facts import exact_units, narrowed, unknown_subject
from communitygov.certification.phrases import CHOICES, clauses_of
from communitygov.certification.rules import Certification, Watch
from communitygov.certification.watch import check_columns, check_watch, period_asked, watch_of
from communitygov.vocabulary.faults import read_rows
from communitygov.vocabulary.frames import adopt
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.steps import Steps
from communitygov.vocabulary.text import Title

__all__ = ["WATCH_REASONS", "Seen", "Watching", "decide_watch", "explain_watch"]

WATCH_REASONS: dict[str, Title] = {
    "in_a_row": Title(zh="连续末位，列入", en="among the last often enough in a row, it enters"),
    "still_last": Title(zh="仍在末位，保留", en="still among the last, it stays"),
    "not_long_enough": Title(zh="出末位尚不够久，保留", en="outside the last, but not for long enough, it stays"),
    "no_rank": Title(zh="本期无名次", en="it has no rank this period"),
    "outside_in_a_row": Title(zh="连续在末位之外，退出", en="outside the last often enough in a row, it leaves"),
    "not_last": Title(zh="不在末位", en="not among the last"),
    "not_in_a_row": Title(zh="在末位但未连续", en="among the last, but not in a row"),
    "no_earlier_rank": Title(zh="在末位，但此前有周期无名次", en="among the last, but without a rank before"),
    "year_end": Title(zh="在末位，但跨年不连续", en="among the last, but the year's end breaks the row"),
}
"""Every reason that a watch list gives, for people."""


_SETTINGS = {
    "last": Title(zh="末位数", en="last places"),
    "periods": Title(zh="连续周期数", en="periods in a row"),
    "ties": Title(zh="并列", en="ties"),
    "rank_of": Title(zh="名次口径", en="rank of"),
    "across_years": Title(zh="跨年连续", en="across years"),
}


@frozen
class Seen:
    """A subject's score in a period.

    Args:
        subject: Its name.
        period: The period.
        score: The score in units, or None.
    """

    subject: str
    period: str
    score: int | None


@frozen
class Watching:
    """What the rule makes of one subject in a period.

    Args:
        subject: Its name.
        value: The score that is ranked; None without one.
        from_bottom: 1 and the ranked that are lower; None without a rank.
        listed: Whether it is on the list now.
        since: The period it came onto the list in; None if it is not on it.
        change: ``enters``, ``stays``, ``leaves`` or ``none``.
        reason: Why.
        among: For each period that counts, latest first, whether it was among the last; None without a rank.
    """

    subject: str
    value: int | None
    from_bottom: int | None
    listed: bool
    since: str | None
    change: str
    reason: str
    among: tuple[tuple[str, bool | None], ...] = ()


def decide_watch(
    certification: Certification, rows: Iterable[Seen], listed: Mapping[str, str], period: str
) -> list[Watching]:
    """Decide every subject that has a row in the period or is on the list, by name.

    Args:
        certification: The rule.
        rows: Scores of the periods.
        listed: Since when each subject on the list is on it.
        period: The period that is decided.
    """
    scores = {(row.subject, row.period): row.score for row in rows}
    subjects = {subject for subject, when in scores if when == period} | set(listed)
    ranks = _Ranks(certification, scores)
    return [_watch_one(certification, ranks, subject, listed.get(subject), period) for subject in sorted(subjects)]


class _Ranks:
    """Ranks from the bottom, period by period."""

    def __init__(self, certification: Certification, scores: Mapping[tuple[str, str], int | None]) -> None:
        self.watch, self.year, self.scores = watch_of(certification), certification.year, scores
        self.names = {subject for subject, _ in scores}

    def year_of(self, period: Period) -> int:
        """Return the year of the rule that a period lies in, named after the calendar year it ends in."""
        day = period.first_day
        return day.year + (1 if self.year.starts > 1 and day.month >= self.year.starts else 0)

    def value(self, subject: str, period: Period) -> int | None:
        """Return the score that is ranked: the period's, or the sum of the year's so far if none is missing."""
        if self.watch.rank_of == "period":
            return self.scores.get((subject, str(period)))
        total, when = 0, period
        while self.year_of(when) == self.year_of(period):
            score = self.scores.get((subject, str(when)))
            if score is None:
                return None
            total, when = total + score, when.next(-1)
        return total

    def from_bottom(self, subject: str, period: Period) -> int | None:
        """Return 1 and the ranked that are lower."""
        mine = self.value(subject, period)
        if mine is None:
            return None
        values = [self.value(name, period) for name in self.names]
        return 1 + sum(value < mine for value in values if value is not None)

    def among(self, subject: str, period: Period) -> bool | None:
        """Say whether a subject is among the last places, ties as declared."""
        mine, rank = self.value(subject, period), self.from_bottom(subject, period)
        if mine is None or rank is None:
            return None
        if self.watch.ties == "in":
            return rank <= self.watch.last
        values = [self.value(name, period) for name in self.names]
        return sum(value <= mine for value in values if value is not None) <= self.watch.last

    def row(self, period: Period, length: int) -> list[Period] | None:
        """Return periods in a row up to one, latest first; None where a year's end breaks it."""
        periods = [period.next(-n) for n in range(length)]
        years = {self.year_of(each) for each in periods}
        return None if len(years) > 1 and not self.watch.across_years else periods


def _watch_one(certification: Certification, ranks: _Ranks, subject: str, since: str | None, name: str) -> Watching:
    watch, period = watch_of(certification), Period.parse(name)
    length = max(watch.periods, watch.leaving.after)
    seen = tuple((str(each), ranks.among(subject, each)) for each in (period.next(-n) for n in range(length)))
    now = ranks.among(subject, period)
    entering, leaving = ranks.row(period, watch.periods), ranks.row(period, watch.leaving.after)
    if since is not None:
        outside = leaving is not None and all(
            str(each) > since and ranks.among(subject, each) is False for each in leaving
        )
        if outside:
            change, reason = "leaves", "outside_in_a_row"
        else:
            change, reason = "stays", "no_rank" if now is None else "still_last" if now else "not_long_enough"
    elif now is None:
        change, reason = "none", "no_rank"
    elif not now:
        change, reason = "none", "not_last"
    elif entering is None:
        change, reason = "none", "year_end"
    elif any(ranks.among(subject, each) is None for each in entering):
        change, reason = "none", "no_earlier_rank"
    elif all(ranks.among(subject, each) for each in entering):
        change, reason = "enters", "in_a_row"
    else:
        change, reason = "none", "not_in_a_row"
    return Watching(
        subject=subject,
        value=ranks.value(subject, period),
        from_bottom=ranks.from_bottom(subject, period),
        listed=change in ("enters", "stays"),
        since={"enters": name, "stays": since}.get(change),
        change=change,
        reason=reason,
        among=seen,
    )


def explain_watch(
    certification: Certification,
    scores: Any,
    listed: Any = None,
    *,
    period: str,
    subject: str,
    by: Mapping[str, object] | None = None,
) -> Steps:
    """Explain why one subject is on the watch list, or not.

    Args:
        certification: The rule, with a watch list.
        scores: The frame that ``watch`` takes; the rows of the periods that count are read, once.
        listed: The list that ``watch`` takes.
        period: The period that is decided.
        subject: The subject.
        by: The value of each ``by`` column.

    Returns:
        A tree. Its root has the key ``watch`` and whether the subject is on the list as its value; below is one
        ``period`` for each that counts, latest first.

    Raises:
        DataError: If ``watch`` would refuse the rows that ``by`` points out, or the subject neither has a row in the
            period nor is on the list.
        UsageError: If the certification has no watch list, or the period is not of its kind.

    Source:
        SJS-23: among the last 10 in two consecutive quarters.

    Example:
        >>> import polars as pl
        >>> from communitygov.certification.rules import Leaving, Tier, Year
        >>> rule = Certification(
        ...     of="quality",
        ...     year=Year(starts=1, periods=4),
        ...     decimals=0,
        ...     tiers={"star": Tier(order=1, number=1)},
        ...     base="all",
        ...     rounding="floor",
        ...     rounded="cumulative",
        ...     ties="in",
        ...     watch=Watch(
        ...         last=1,
        ...         periods=2,
        ...         ties="in",
        ...         rank_of="period",
        ...         across_years=True,
        ...         leaving=Leaving(after=1),
        ...         starred="allowed",
        ...     ),
        ... )
        >>> scores = pl.DataFrame({"subject": ["a", "b"], "period": ["2022Q4"] * 2, "score": [80, 90]})
        >>> print(explain_watch(rule, scores, period="2022Q4", subject="a").text.en)
        rank 1 from the bottom (last 1); among the last, but without a rank before
    """
    import narwhals as nw

    by = by or {}
    watch, when = watch_of(certification), period_asked(certification, period)
    frame, _ = adopt(scores)
    on = None if listed is None else adopt_beside(frame, listed, "listed")
    # Kinds of columns first, of no rows: which rows are meant is told from them.
    check_columns(certification, frame, on, tuple(by))
    frame, on = narrowed(frame, by), None if on is None else narrowed(on, by)
    check_watch(certification, frame, on, when, tuple(by))
    years = 12 if watch.rank_of == "year_to_date" else 0
    periods = [str(when.next(-n)) for n in range(max(watch.periods, watch.leaving.after) + years)]
    rows = frame.select("subject", nw.col("period").cast(nw.String), "score")
    cells = read_rows(rows.filter(nw.col("period").is_in(periods)))
    seen = [
        Seen(str(row["subject"]), str(row["period"]), exact_units(row["score"], certification.decimals))
        for row in cells
    ]
    on_it = [] if on is None else read_rows(on.select("subject", "since"))
    since = {str(row["subject"]): str(row["since"]) for row in on_it}
    found = {outcome.subject: outcome for outcome in decide_watch(certification, seen, since, str(when))}
    if subject not in found:
        raise unknown_subject(subject, list(found))
    return _tree(certification, watch, found[subject], str(when))


def _tree(certification: Certification, watch: Watch, outcome: Watching, period: str) -> Steps:
    cited, reason = clauses_of(certification, watch), WATCH_REASONS[outcome.reason]
    rank = outcome.from_bottom
    place = Title(zh="", en="")
    if rank is not None:
        place = Title(zh=f"倒数第{rank}（末{watch.last}位）；", en=f"rank {rank} from the bottom (last {watch.last}); ")
    says = {None: Title(zh="无名次", en="no rank"), True: Title(zh="末位", en="among the last")}
    children = [
        Steps("period", Title(zh=name, en=name), among, text=says.get(among, Title(zh="末位之外", en="outside")))
        for name, among in outcome.among
    ]
    for name, title in _SETTINGS.items():
        value = getattr(watch, name)
        words = CHOICES[name][value] if name in CHOICES else None
        children.append(Steps(name, title, value, clause=cited, source=watch.story(name), words=words))
    return Steps(
        key="watch",
        title=watch.name("watch"),
        value=outcome.listed,
        text=Title(zh=f"{place.zh}{reason.zh}", en=f"{place.en}{reason.en}"),
        clause=cited,
        source=watch.story("last"),
        children=tuple(children),
        facts={
            "subject": outcome.subject,
            "period": period,
            "score": outcome.value,
            "from_bottom": rank,
            "last": watch.last,
            "since": outcome.since,
            "change": outcome.change,
            "reason": outcome.reason,
        },
    )
