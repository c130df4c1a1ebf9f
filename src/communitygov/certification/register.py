"""Plaques: hung and taken down, each with a day and a reason; who holds which on any day follows from the events."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from communitygov.certification.columns import adopt_beside, check, misspelt_tier, unknown_tier
from communitygov.certification.rules import Certification, Plaques
from communitygov.certification.tables import CHANGES, EVENTS, HELD, RESERVED, RESULTS
from communitygov.certification.year import wrong_period
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.frames import Fault, adopt
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.text import Title

__all__ = ["PLAQUE_REASONS", "plaque_events", "register_on", "watch_events"]

PLAQUE_REASONS: dict[str, Title] = {
    "certified": Title(zh="获评", en="certified"),
    "tier_changed": Title(zh="星级变化", en="the tier changed"),
    "not_certified": Title(zh="未再获评", en="not certified again"),
    "no_result": Title(zh="无当年结果", en="no result this year"),
    "watch_list": Title(zh="列入治理类", en="came onto the watch list"),
}
"""Every reason that a plaque event gives, for people."""

_OWN = RESERVED - {"year", "group"}


def plaque_events(
    certification: Certification,
    before: Any,
    after: Any,
    held: Any = None,
    *,
    day: str | dt.date,
    by: Sequence[str] = (),
) -> Any:
    """Return the plaques hung and taken down when a year's results come out.

    Args:
        certification: The rule, with plaques.
        before: The results of the year before (``subject``, ``tier``), as ``certify`` gives them; None if none are. Its
            tiers, and those of ``held``, may be those of earlier rules.
        after: The results of this year, of the same kind of frame.
        held: The plaques that hang that day (``subject``, ``tier``), as ``register_on`` gives them; None if they are
            those of ``before``.
        day: The day, such as ``2023-01-15``.
        by: Further key columns, the same in all.

    Returns:
        A frame of the kind given, one row per event: ``subject``, the ``by`` columns, ``day`` (text), ``event``
        (``hung`` or ``taken_down``), ``tier``, ``reason``: ``certified``, ``tier_changed``, ``not_certified``,
        ``no_result`` (the subject has no row in ``after``).

    Raises:
        DataError: If a frame does not fit.
        UsageError: If the certification has no plaques, or ``day`` is no day.

    Source:
        SJS-22: hung on certification, taken down on exit.

    Example:
        >>> import polars as pl
        >>> from communitygov.certification.rules import Tier, Year
        >>> rule = Certification(
        ...     of="quality",
        ...     year=Year(starts=1, periods=4),
        ...     decimals=0,
        ...     tiers={"star": Tier(order=1, number=1)},
        ...     base="all",
        ...     rounding="floor",
        ...     rounded="cumulative",
        ...     ties="in",
        ...     plaques=Plaques(on_change="replace", on_watch="year_end"),
        ... )
        >>> before = pl.DataFrame({"subject": ["a", "b"], "tier": ["star", None]})
        >>> after = pl.DataFrame({"subject": ["a", "b"], "tier": [None, "star"]})
        >>> for row in plaque_events(rule, before, after, day="2023-01-15").rows():
        ...     print(*row)
        a 2023-01-15 taken_down star not_certified
        b 2023-01-15 hung star certified
    """
    import narwhals as nw

    rule, when = _plaques(certification), _day(day)
    frame, back = adopt(after)
    earlier = None if before is None else adopt_beside(frame, before, "before")
    hanging = None if held is None else adopt_beside(frame, held, "held")
    frames = ((RESULTS, frame, unknown_tier), (RESULTS, earlier, misspelt_tier), (HELD, hanging, misspelt_tier))
    for table, one, wrong in frames:
        if one is not None:
            check(table, one, by=by, reserved=_OWN, more=[wrong(certification)])
    whole = _side_by_side(frame, earlier, hanging if hanging is not None else earlier, by)
    was, now, hangs = nw.col("_before"), nw.col("_after"), nw.col("_held")
    wanted: Any = now
    if rule.on_change == "keep":
        wanted = nw.when((was != now).fill_null(False) & ~hangs.is_null()).then(hangs).otherwise(now)
    whole = whole.with_columns(_wanted=wanted)
    changed = hangs.is_null() | nw.col("_wanted").is_null() | (hangs != nw.col("_wanted")).fill_null(False)
    down = nw.when(nw.col("_wanted").is_null()).then(nw.lit("not_certified")).otherwise(nw.lit("tier_changed"))
    down = nw.when(nw.col("_seen") == 0).then(nw.lit("no_result")).otherwise(down)
    up = nw.when(hangs.is_null()).then(nw.lit("certified")).otherwise(nw.lit("tier_changed"))
    taken = _events(whole.filter(changed & ~hangs.is_null()), by, when, "taken_down", "_held", down)
    hung = _events(whole.filter(changed & ~nw.col("_wanted").is_null()), by, when, "hung", "_wanted", up)
    return back(nw.concat([taken, hung]).sort("subject", *by, "event", descending=[False] * (1 + len(by)) + [True]))


def watch_events(
    certification: Certification, watched: Any, held: Any, *, day: str | dt.date, by: Sequence[str] = ()
) -> Any:
    """Return the plaques taken down because their subjects came onto the watch list.

    Args:
        certification: The rule, with plaques.
        watched: The watch list's result: ``subject``, ``change``.
        held: The plaques that hang that day, as ``register_on`` gives them.
        day: The day.
        by: Further key columns, the same in both.

    Returns:
        Events as ``plaque_events`` gives them, with the reason ``watch_list``; none where the rule lets plaques hang
        until the year's end.

    Raises:
        DataError: If a frame does not fit.
        UsageError: If the certification has no plaques, or ``day`` is no day.

    Source:
        SJS-22 and SJS-23: whether an exit is at once is an interpretation.

    Example:
        >>> import polars as pl
        >>> from communitygov.certification.rules import Tier, Year
        >>> rule = Certification(
        ...     of="quality",
        ...     year=Year(starts=1, periods=4),
        ...     decimals=0,
        ...     tiers={"star": Tier(order=1, number=1)},
        ...     base="all",
        ...     rounding="floor",
        ...     rounded="cumulative",
        ...     ties="in",
        ...     plaques=Plaques(on_change="replace", on_watch="at_once"),
        ... )
        >>> watched = pl.DataFrame({"subject": ["a", "b"], "change": ["enters", "none"]})
        >>> held = pl.DataFrame({"subject": ["a", "b"], "tier": ["star", "star"]})
        >>> watch_events(rule, watched, held, day="2023-06-30").rows()
        [('a', '2023-06-30', 'taken_down', 'star', 'watch_list')]
    """
    import narwhals as nw

    rule, when = _plaques(certification), _day(day)
    frame, back = adopt(held)
    changes = adopt_beside(frame, watched, "watched")
    check(HELD, frame, by=by, reserved=_OWN, more=[misspelt_tier(certification)])
    check(CHANGES, changes, by=by, reserved=_OWN)
    entering = changes.filter(nw.col("change") == "enters").select("subject", *by)
    struck = frame.join(entering, on=["subject", *by], how="inner")
    struck = struck if rule.on_watch == "at_once" else struck.head(0)
    return back(_events(struck, by, when, "taken_down", "tier", nw.lit("watch_list")))


def register_on(events: Any, day: str | dt.date, *, by: Sequence[str] = ()) -> Any:
    """Return who holds which plaque on a day, from the events up to it.

    Of one day's events of a subject, the taking down comes first; a plaque hung on a day hangs that day, one taken down
    on it does not.

    Args:
        events: All events: ``subject``, ``day``, ``event``, ``tier``, ``reason``.
        day: The day.
        by: Further key columns.

    Returns:
        A frame of the kind given: ``subject``, the ``by`` columns, ``tier``, ``since`` (the day it was hung).

    Raises:
        DataError: If the events contradict each other: a plaque hung where one hangs, taken down where none or another
            hangs, or without a reason.

    Source:
        SJS-22.

    Example:
        >>> import polars as pl
        >>> events = pl.DataFrame(
        ...     [
        ...         ("a", "2023-01-15", "hung", "star", "certified"),
        ...         ("a", "2024-01-15", "taken_down", "star", "not_certified"),
        ...     ],
        ...     schema=["subject", "day", "event", "tier", "reason"],
        ...     orient="row",
        ... )
        >>> register_on(events, "2024-01-14").rows(), register_on(events, "2024-01-15").rows()
        ([('a', 'star', '2023-01-15')], [])
    """
    import narwhals as nw

    when = _day(day)
    frame, back = adopt(events)
    check(EVENTS, frame.head(0), by=by, reserved=_OWN)
    keys, order = ["subject", *by], ["day", "_order"]
    frame = frame.with_columns(_order=nw.when(nw.col("event") == "hung").then(nw.lit(1)).otherwise(nw.lit(0)))
    before = frame.with_columns(
        _event=nw.col("event").shift(1).over(*keys, order_by=order),
        _tier=nw.col("tier").shift(1).over(*keys, order_by=order),
    )
    check(EVENTS, before, by=by, reserved=_OWN, more=[wrong_period("day", "day"), *_breaks()])
    until = frame.filter(nw.col("day") <= when)
    last = until.with_columns(_next=nw.col("event").shift(-1).over(*keys, order_by=order))
    holding = last.filter(nw.col("_next").is_null() & (nw.col("event") == "hung"))
    return back(holding.select("subject", *by, "tier", nw.col("day").alias("since")))


def _breaks() -> list[Fault]:
    import narwhals as nw

    event, before = nw.col("event"), nw.col("_event")
    hangs = (before == "hung").fill_null(False)
    known = Title(zh="须为 hung 或 taken_down", en="neither hung nor taken_down")
    overlap = Title(zh="已有牌在挂", en="another plaque hangs already")
    nothing = Title(zh="没有可摘的牌", en="no plaque hangs that could be taken down")
    other = Title(zh="摘的不是所挂的牌", en="not the plaque that hangs")
    return [
        Fault("unknown-event", "event", ~event.is_in(["hung", "taken_down"]), known, show=True),
        Fault("plaque-overlaps", "tier", (event == "hung") & hangs, overlap, show=True),
        Fault("no-plaque", "tier", (event == "taken_down") & ~hangs, nothing, show=True),
        Fault(
            "other-plaque", "tier", (event == "taken_down") & hangs & (nw.col("tier") != nw.col("_tier")), other, True
        ),
    ]


def _plaques(certification: Certification) -> Plaques:
    if certification.plaques is None:
        raise UsageError.because("no-plaques", zh="此认定没有挂牌规则", en="this certification has no plaques")
    return certification.plaques


def _day(day: str | dt.date) -> str:
    text = str(day)
    try:
        kind = Period.parse(text).kind
    except ValueError:
        kind = None
    if kind != "day":
        raise UsageError.because(
            "wrong-period", zh=f"`{text}` 不是日期（如 2023-01-15）", en=f"`{text}` is no day, such as 2023-01-15"
        )
    return text


def _side_by_side(after: Any, before: Any, held: Any, by: Sequence[str]) -> Any:
    """Return one row per subject of any of the three: its tier before and after, its plaque, whether it is in after."""
    import narwhals as nw

    keys = ["subject", *by]
    schema = after.collect_schema()
    sides = []
    for name, frame in (("_before", before), ("_after", after), ("_held", held)):
        if frame is None:
            continue
        columns = {each: nw.lit(None, dtype=nw.String) for each in ("_before", "_after", "_held")}
        columns[name] = nw.col("tier").cast(nw.String)
        seen = nw.lit(int(name == "_after"), dtype=nw.Int64)
        keyed = [nw.col(key).cast(schema[key]) for key in keys]
        sides.append(frame.select(*keyed, **columns, _seen=seen))
    every = nw.concat(sides)
    return every.group_by(*keys).agg(*(nw.col(name).max() for name in ("_before", "_after", "_held", "_seen")))


def _events(frame: Any, by: Sequence[str], day: str, event: str, tier: str, reason: Any) -> Any:
    import narwhals as nw

    return frame.select(
        "subject",
        *by,
        nw.lit(day).alias("day"),
        nw.lit(event).alias("event"),
        nw.col(tier).alias("tier"),
        reason.alias("reason"),
    )
