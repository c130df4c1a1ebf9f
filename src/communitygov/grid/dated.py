"""What holds on a day: rows that say since and until when they do."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from communitygov.vocabulary.errors import DataError, UsageError
from communitygov.vocabulary.faults import Fault, find_problems
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["day_of", "in_force", "with_days"]


def day_of(on: str | Period | dt.date) -> dt.date:
    """Return the day that is meant: a period stands for its first day, a time for the day that it is in.

    Args:
        on: A day, a period, or a period's text such as ``2023Q3``.

    Raises:
        UsageError: If the text is no period.

    Example:
        >>> day_of("2023Q3")
        datetime.date(2023, 7, 1)
    """
    if isinstance(on, dt.datetime):
        return on.date()
    if isinstance(on, dt.date):
        return on
    if isinstance(on, Period):
        return on.first_day
    try:
        return Period.parse(on).first_day
    except ValueError:
        raise UsageError.because(
            "bad-period",
            zh=f"`{on}` 不是日期或时期，如 2023-08-01、2023Q3",
            en=f"`{on}` is no day or period such as 2023-08-01 or 2023Q3",
        ) from None


def with_days(frame: pl.DataFrame, key: tuple[str, ...]) -> pl.DataFrame:
    """Return a frame whose ``since`` and ``until`` are days: the first of one period, the last of the other.

    Args:
        frame: The frame; a column that it lacks holds for all time.
        key: The columns that name a row.

    Raises:
        DataError: If a text is no period, or a row ends before it begins.
    """
    import narwhals as nw
    import polars as pl

    columns = {"since": _days(frame, "since", last=False), "until": _days(frame, "until", last=True)}
    dated = frame.with_columns(**columns)
    faults = [
        Fault("bad-period", name, nw.col(f"_{name}") & nw.col(name).is_null(), _BAD, show=False)
        for name in columns
        if name in frame.columns
    ]
    ends = Title(zh="until 早于 since", en="`until` is before `since`")
    faults.append(Fault("empty-range", "until", nw.col("until") < nw.col("since"), ends))
    given: dict[str, Any] = {f"_{name}": frame[name].is_not_null() for name in columns if name in frame.columns}
    problems = find_problems(nw.from_native(dated.with_columns(**given)), faults, key)
    if problems:
        raise DataError(problems)
    return dated.with_columns(pl.col("since", "until").cast(pl.Date))


_BAD = Title(zh="不是时期，如 2023、2023-08、2023-08-01", en="no period such as 2023, 2023-08 or 2023-08-01")


def _days(frame: pl.DataFrame, name: str, *, last: bool) -> pl.Series:
    import polars as pl

    if name not in frame.columns:
        return pl.Series(name, [None], dtype=pl.Date).new_from_index(0, frame.height)
    texts = frame[name].cast(pl.String)
    days: dict[str, dt.date | None] = {}
    for text in texts.drop_nulls().unique():
        try:
            period = Period.parse(text)
            days[text] = period.last_day if last else period.first_day
        except ValueError:
            days[text] = None
    if not days:
        return texts.cast(pl.Date)
    return texts.replace_strict(list(days), pl.Series(list(days.values()), dtype=pl.Date), default=None)


def in_force(frame: pl.DataFrame, day: dt.date) -> pl.DataFrame:
    """Return the rows that hold on a day.

    Args:
        frame: As ``with_days`` gives it.
        day: The day.
    """
    import polars as pl

    begun = pl.col("since").is_null() | (pl.col("since") <= day)
    return frame.filter(begun & (pl.col("until").is_null() | (pl.col("until") >= day)))
