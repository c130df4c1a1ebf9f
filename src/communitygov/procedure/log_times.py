"""Times of a log, from text to instants: with the zone they are written with, or with that of the whole log."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from attrs import frozen

from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Unread", "fits_form", "instants"]

_HOUR = "([01][0-9]|2[0-3])"
_FORM = (
    rf"^(?<day>[12][0-9]{{3}}-[0-9]{{2}}-[0-9]{{2}})[T ](?<clock>{_HOUR}:[0-5][0-9])"
    r"(:(?<second>[0-5][0-9])([.,](?<part>[0-9]{1,9}))?)?"
    rf" ?((?<utc>[Zz])|(?<sign>[-+])(?<hours>{_HOUR}):?(?<minutes>[0-5][0-9])?)?$"
)
_DAY_ALONE = r"^([0-9]{8}|[0-9]{1,4}[-/.年 ][0-9]{1,2}[-/.月 ][0-9]{1,4}日?)$"
"""However a day is written: no `time_form` can say what is not there, so that none is asked for."""
_MINUTE, _DIGITS = 60_000_000, 9
_TOKEN = re.compile("(YYYY|MM|DD|hh|mm|ss|AM)")
_NEEDED = ("YYYY", "MM", "DD", "hh", "mm")
_READS = {"YYYY": "[0-9]{4}", "AM": "[AaPp][Mm]"}


@frozen
class Unread:
    """Why some texts are no instants.

    Args:
        code: The problem's stable name.
        where: True where it is so.
        message: What is wrong, and what to do.
        once: Whether it is the same for all of them, so that one is enough to be shown.
    """

    code: str
    where: pl.Series
    message: Title
    once: bool = False


def instants(
    texts: pl.Series, zone: str | None, twice: Literal["first", "second"] | None, form: str | None = None
) -> tuple[pl.Series, list[Unread]]:
    """Return times as instants, and why some are none.

    Args:
        texts: Times such as ``2024-10-08T09:00:00+08:00``: day and time in the form of ISO 8601, to the microsecond,
            between them ``T`` or a space, an offset from UTC or none; an empty text where there is no time. A day alone
            is no instant.
        zone: The time zone of times without an offset; none may have one then.
        twice: Which of two instants is meant where the clock of the zone showed a time twice.
        form: How times are written, if not so; see ``fits_form``.

    Returns:
        The instants in UTC, null where there is no time or it cannot be read.

    Source:
        ISO 8601-1:2019, 5.4 (date and time of day).

    Example:
        >>> import polars as pl
        >>> instants(pl.Series(["2024-10-08 09:00"]), "Asia/Shanghai", None)[0].dt.to_string("%F %R").to_list()
        ['2024-10-08 01:00']
    """
    import polars as pl

    texts = texts.str.strip_chars() if form is None else _rewritten(texts.str.strip_chars(), form)
    parts = texts.str.extract_groups(_FORM).struct.unnest()
    second, part = parts["second"].fill_null("00"), parts["part"].fill_null("").str.pad_end(_DIGITS, "0")
    shown = (parts["day"] + "T" + parts["clock"] + ":" + second).str.to_datetime(
        "%Y-%m-%dT%H:%M:%S", time_unit="us", strict=False
    )
    shown = shown + part.str.slice(0, 6).cast(pl.Int64()).cast(pl.Duration("us"))
    given, bad = texts != "", shown.is_null()
    fine = ~bad & (part.str.slice(6) != "000")
    aware = ~bad & (parts["utc"].is_not_null() | parts["sign"].is_not_null())
    minutes = 60 * parts["hours"].cast(pl.Int64()).fill_null(0) + parts["minutes"].cast(pl.Int64()).fill_null(0)
    sign = (parts["sign"] == "-").fill_null(False).cast(pl.Int64()) * 2 - 1
    found = (shown + (sign * minutes * _MINUTE).cast(pl.Duration("us"))).dt.replace_time_zone("UTC")
    alone = pl.repeat(False, len(texts), eager=True) if form is not None else texts.str.contains(_DAY_ALONE)
    unread = [
        Unread("bad-cell", given & bad & alone, _DAY),
        Unread("bad-cell", given & bad & ~alone, _NO_TIME if form is None else _of_form(form)),
        Unread("too-many-decimals", fine, _TOO_FINE),
    ]
    if zone is None:
        unread.append(Unread("naive-time", ~bad & ~aware, _NAIVE, once=True))
    else:
        unread.append(Unread("zone-twice", aware, _TWO_ZONES, once=True))
        first, second_time = (
            shown.dt.replace_time_zone(zone, ambiguous=which, non_existent="null").dt.convert_time_zone("UTC")
            for which in ("earliest", "latest")
        )
        unread.append(Unread("no-such-time", ~bad & first.is_null(), _NEVER_SHOWN))
        if twice is None:
            unread.append(Unread("shown-twice", (first != second_time).fill_null(False), _SHOWN_TWICE))
        found = second_time if twice == "second" else first
    return found, [one for one in unread if one.where.any()]


def fits_form(form: str) -> bool:
    """Return whether a form says all that a time needs, and nothing twice.

    Args:
        form: How times are written: ``YYYY``, ``MM``, ``DD``, ``hh`` and ``mm`` once each, perhaps ``ss`` and ``AM``
            (of a clock of twelve hours), and whatever stands between them. ``MM`` to ``ss`` have one digit or two.

    Example:
        >>> fits_form("MM/DD/YYYY hh:mm:ss AM"), fits_form("YYYY年MM月DD日")
        (True, False)
    """
    found = _TOKEN.findall(form)
    return len(found) == len(set(found)) and set(_NEEDED) <= set(found)


def _rewritten(texts: pl.Series, form: str) -> pl.Series:
    """Return times of a form as ISO 8601 has them; what is not of the form as something that is no time."""
    import polars as pl

    parts = [
        f"(?<{part}>{_READS.get(part, '[0-9]{1,2}')})" if _TOKEN.fullmatch(part) else re.escape(part)
        for part in _TOKEN.split(form)
    ]
    found = texts.str.extract_groups(f"^{''.join(parts)}$").struct.unnest()
    hour = found["hh"]
    if "AM" in found.columns:
        number, after_noon = hour.cast(pl.Int64()), found["AM"].str.to_uppercase() == "PM"
        shown = (number % 12 + 12 * after_noon.cast(pl.Int64())).cast(pl.String())
        hour = pl.select(pl.when(number.is_between(1, 12)).then(shown)).to_series()
    second = found["ss"] if "ss" in found.columns else pl.repeat("00", len(texts), dtype=pl.String(), eager=True)
    two = [one.str.zfill(2) for one in (found["MM"], found["DD"], hour, found["mm"], second)]
    whole = found["YYYY"] + "-" + two[0] + "-" + two[1] + "T" + two[2] + ":" + two[3] + ":" + two[4]
    return pl.select(pl.when(texts == "").then(texts).otherwise(whole.fill_null("none"))).to_series()


def _of_form(form: str) -> Title:
    return Title(zh=f"须为时间，形如 `{form}`", en=f"must be a time of the form `{form}`")


_NO_TIME = Title(
    zh="须为时间，如 2024-10-08T09:00:00+08:00（ISO 8601）；若写法不同，请以 `time_form` 写明",
    en="must be a time such as 2024-10-08T09:00:00+08:00 (ISO 8601); if written otherwise, say how as `time_form`",
)
_DAY = Title(
    zh="只是一天，不是时刻；请在日志中补上几点几分（如 2024-10-08T09:00:00+08:00），钟点不会代为推定",
    en="is a day alone and no instant; give it the time of day in the log, such as 2024-10-08T09:00:00+08:00, for none "
    "is made up",
)
_TOO_FINE = Title(zh="时间细于微秒，请先取舍", en="has parts of a microsecond; round it")
_NAIVE = Title(
    zh="时间没有时区；请在对应文件写明 `zone`，如 `zone: Asia/Shanghai`",
    en="has no time zone; name it in the mapping, such as `zone: Asia/Shanghai`",
)
_TWO_ZONES = Title(
    zh="时间自带时区，对应文件又写了 `zone`；请删去 `zone`",
    en="has a time zone of its own, and the mapping names one; remove `zone`",
)
_NEVER_SHOWN = Title(
    zh="此时区的时钟当时拨快，没有出现过这个时间", en="was never shown by the clocks of the zone, which leapt over it"
)
_SHOWN_TWICE = Title(
    zh="此时区的时钟当时拨慢，这个时间出现过两次；请以 `twice: first` 或 `twice: second` 写明是哪一次",
    en="was shown twice when the clocks of the zone were put back; say which with `twice: first` or `twice: second`",
)
