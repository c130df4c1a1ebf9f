"""Why a measure has the value that it has, and why an expectation is met: slowly, row by row, in exact fractions.

It shares nothing with the verb but the rules and the check of the rows, so that each can be held against the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any, Literal

from communitygov.measures.checks import check_measure
from communitygov.measures.rows import measure_table
from communitygov.measures.rules import Condition, Expectation, Measure, Quantity
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.faults import read_columns
from communitygov.vocabulary.frames import adopt
from communitygov.vocabulary.numbers import decimal_text, half_up, share_text
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.steps import Steps
from communitygov.vocabulary.text import Title

__all__ = ["explain", "explain_expectation"]

Row = Mapping[str, Any]
Verdict = bool | Literal["undetermined"]

_BOUNDS = {
    "at_least": Title(zh="不低于", en="at least"),
    "more_than": Title(zh="高于", en="more than"),
    "at_most": Title(zh="不高于", en="at most"),
}
_VERDICTS: Mapping[Verdict, Title] = {
    True: Title(zh="达到", en="met"),
    False: Title(zh="未达到", en="not met"),
    "undetermined": Title(zh="无法判断", en="undetermined"),
}
_KINDS = {
    "count": Title(zh="计数", en="count"),
    "sum": Title(zh="合计", en="sum"),
    "mean": Title(zh="均值", en="mean"),
    "range": Title(zh="极差", en="range"),
    "variance": Title(zh="方差", en="variance"),
}


def explain(measure: Measure, frame: Any, period: str | Period, *, by: Mapping[str, object] | None = None) -> Steps:
    """Return why a measure has the value that it has in one period, for one group.

    Args:
        measure: The measure.
        frame: The rows that ``measure`` takes.
        period: The period, of the measure's kind.
        by: The value of each column that it is taken for: the measure's own group, and any others.

    Returns:
        Steps with the value (a fraction, or None), and below it the rows left out, the numerator and the base. The
        facts ``numerator``, ``base`` and ``rows`` suffice to compute it again.

    Raises:
        DataError: If the rows are not as declared.
        UsageError: If the period is of another kind, or the measure's own group is not named.

    Source:
        The semantics of measures: a numerator over a base.

    Example:
        >>> import polars as pl
        >>> stars = Measure(
        ...     title=Title(zh="星级社区占比", en="Share of star communities"),
        ...     of="certified",
        ...     period="year",
        ...     unit=Title(zh="占全区社区", en="of all communities"),
        ...     numerator=Quantity(what="count", where={"tier": Condition(known=True)}),
        ...     base=Quantity(what="count"),
        ... )
        >>> rows = {"subject": ["a", "b", "c"], "year": [2025] * 3, "tier": ["five_star", "four_star", None]}
        >>> explain(stars, pl.DataFrame(rows), "2025").text.en
        'Share of star communities, 2025: 2 / 3 = 66.7% of all communities'
    """
    period = Period.parse(period) if isinstance(period, str) else period
    if period.kind != measure.period:
        raise UsageError.because(
            "other-period-kind",
            zh=f"{period} 不是指标的周期（{measure.period}）",
            en=f"{period} is no period of the measure, which is taken each {measure.period}",
        )
    return _value(measure, _rows(measure, frame, by or {}).get(period, []), period)


def explain_expectation(
    expectation: Expectation, measure: Measure, frame: Any, *, by: Mapping[str, object] | None = None
) -> Steps:
    """Return why an expectation is met, is not, or cannot be judged, for one group.

    A target is judged at its end; one without end in every period, and one of them will do. A standard or a
    condition is judged in every period from its start, and must hold in all. A trend is judged by its last value
    against its first.

    Args:
        expectation: The expectation.
        measure: The measure that it bounds.
        frame: The rows that ``measure`` takes.
        by: The value of each column that the measure is taken for.

    Returns:
        Steps whose value is True, False or ``"undetermined"``, and below it the values that were judged.

    Raises:
        DataError: If the rows are not as declared.
        UsageError: If the expectation has no bound, or the measure's own group is not named.

    Example:
        >>> import polars as pl
        >>> from communitygov.vocabulary.numbers import exact
        >>> visited = Measure(
        ...     of="visits",
        ...     period="year",
        ...     unit=Title(zh="入户率", en="of households"),
        ...     numerator=Quantity(what="sum", columns=("visited",)),
        ...     base=Quantity(what="sum", columns=("households",)),
        ... )
        >>> rate = Expectation(kind="standard", measure="visited", at_least=exact("90%"))
        >>> rows = {"year": [2024, 2024], "visited": [50, 38], "households": [50, 50]}
        >>> explain_expectation(rate, visited, pl.DataFrame(rows)).children[0].text.en
        'visits, 2024: 88 / 100 = 88% of households; at least 90% is asked for: not met'
    """
    if not expectation.bounds and expectation.trend is None:
        raise UsageError.because("no-bound", zh="没有可判断的要求", en="the expectation has no bound to judge by")
    rows = _rows(measure, frame, by or {})
    first = expectation.start and Period.containing(expectation.start.first_day, measure.period)
    last = expectation.by and Period.containing(expectation.by.last_day, measure.period)
    periods = sorted(
        one
        for one, mine in rows.items()
        if any(_kept(measure, mine)) and (not first or first <= one) and (not last or one <= last)
    )
    if expectation.kind == "target" and last:
        periods = [last]
    values = [_value(measure, rows.get(one, []), one) for one in periods]
    if expectation.trend is not None:
        return _trend(expectation, measure, values, ended=not last or last in periods)
    judged = tuple(_judge(expectation, measure, value) for value in values)
    verdicts = [step.value for step in judged]
    decisive = expectation.kind == "target"  # one that holds settles a target, one that fails a standard
    verdict: Verdict = "undetermined" if "undetermined" in verdicts or not verdicts else not decisive
    if decisive in verdicts:
        verdict = decisive
    return _verdict(expectation, measure, verdict, judged)


def _rows(measure: Measure, native: Any, by: Mapping[str, object]) -> dict[Period, list[Row]]:
    """Return the rows of one group by period, the excluded among them."""
    import narwhals as nw

    if measure.by is not None and measure.by not in by:
        raise UsageError.because(
            "group-not-named",
            zh=f"指标按 `{measure.by}` 计算，请指明其值",
            en=f"the measure is taken for each `{measure.by}`; say for which",
        )
    frame, _ = adopt(native)
    check_measure(measure, frame, tuple(by))
    for name, value in by.items():
        frame = frame.filter(nw.col(name) == value)
    time, *names = (column.name for column in measure_table(measure, frame.collect_schema(), tuple(by)).columns)
    columns = read_columns(frame.select(*dict.fromkeys([time, *names])))
    periods: dict[Period, list[Row]] = {}
    for values in zip(*columns.values(), strict=True):
        row = dict(zip(columns, values, strict=True))
        day = Period.parse(str(row[time])).first_day
        periods.setdefault(Period.containing(day, measure.period), []).append(row)
    return periods


def _kept(measure: Measure, rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if not any(_holds(row[name], one) for name, one in measure.excluded.items())]


def _holds(value: Any, condition: Condition) -> bool:
    if value is None:
        return condition.known is False
    asked = [condition.known is not False]
    if condition.one_of:
        asked.append(str(value) in condition.one_of)
    if condition.flag is not None:
        asked.append(bool(value) == condition.flag)
    if condition.at_least is not None:
        asked.append(_number(value, condition.decimals) >= condition.at_least)
    if condition.at_most is not None:
        asked.append(_number(value, condition.decimals) <= condition.at_most)
    return all(asked)


def _number(value: Any, decimals: int) -> Fraction:
    """Return a value as it was meant: whole numbers count units of the last place, others are rounded to it."""
    units = value if isinstance(value, int) else half_up(Fraction(value) * 10**decimals)
    return Fraction(units, 10**decimals)


def _value(measure: Measure, rows: Sequence[Row], period: Period) -> Steps:
    kept = _kept(measure, rows)
    top = _quantity("numerator", Title(zh="分子", en="numerator"), measure.numerator, kept)
    steps, ratio, rests_on = [top], _fraction(top), top.facts["rows"]
    if measure.base is not None:
        bottom = _quantity("base", Title(zh="分母", en="base"), measure.base, kept)
        steps, whole, rests_on = [top, bottom], _fraction(bottom), bottom.facts["rows"]
        ratio = ratio / whole if ratio is not None and whole else None
    elif measure.numerator.what in ("count", "sum"):
        rests_on = len(kept)
    assert isinstance(rests_on, int)
    if rests_on < measure.least:
        ratio = None
    if measure.excluded:
        steps.insert(0, _left_out(measure, rows, len(rows) - len(kept)))
    name = measure.name(measure.of)
    zh, en = _formula(measure, steps, ratio, rests_on)
    return Steps(
        "value",
        name,
        ratio,
        Title(zh=f"{name.zh}，{period}：{zh}", en=f"{name.en}, {period}: {en}"),
        clause=measure.clause,
        children=tuple(steps),
        facts={
            "period": str(period),
            "numerator": None if ratio is None else ratio.numerator,
            "base": None if ratio is None else ratio.denominator,
            "rows": rests_on,
            "least": measure.least,
        },
    )


def _formula(measure: Measure, steps: Sequence[Steps], ratio: Fraction | None, rows: int) -> tuple[str, str]:
    if rows < measure.least:
        return f"{rows} 行，少于 {measure.least} 行，无数值", f"{rows} rows, fewer than {measure.least}: no value"
    if ratio is None:
        return "分母为 0，无数值", "the base is 0: no value"
    shown = _shown(measure, ratio)
    if measure.base is not None:
        top, bottom = (decimal_text(_fraction(step) or Fraction(0)) for step in steps[-2:])
        shown = f"{top} / {bottom} = {shown}"
    return f"{shown} {measure.unit.zh}", f"{shown} {measure.unit.en}"


def _shown(measure: Measure, value: Fraction) -> str:
    """Return a value for people: a share as a percentage; rounded where it does not end soon."""
    scale = 100 if measure.base is not None else 1
    text = share_text(value) if scale == 100 else decimal_text(value)
    ends = 10**2 % (value * scale).denominator == 0
    return text if ends else share_text(value, 1) if scale == 100 else decimal_text(value, 4)


def _left_out(measure: Measure, rows: Sequence[Row], count: int) -> Steps:
    found = {name: sum(_holds(row[name], condition) for row in rows) for name, condition in measure.excluded.items()}
    listed = ", ".join(f"{name} {number}" for name, number in found.items())
    text = Title(zh=f"除外 {count} 行（{listed}）", en=f"{count} of {len(rows)} rows are left out ({listed})")
    return Steps("excluded", Title(zh="除外", en="excluded"), count, text, facts=dict(found))


def _quantity(key: str, title: Title, quantity: Quantity, rows: Sequence[Row]) -> Steps:
    mine = [row for row in rows if all(_holds(row[name], one) for name, one in quantity.where.items())]
    columns = [[_number(row[name], quantity.decimals) for row in mine] for name in quantity.columns]
    if quantity.what == "count":
        value: Fraction | None = Fraction(len(mine))
    elif quantity.across is not None:
        means = [_statistic("mean", values) for values in columns]
        value = _statistic(quantity.across, [mean for mean in means if mean is not None])
    else:
        value = _statistic(quantity.what, columns[0])
    kind = _KINDS[quantity.across or quantity.what]
    listed = ", ".join(quantity.columns)
    text = Title(
        zh=f"{len(mine)} 行的{kind.zh}{f'（{listed}）' if listed else ''}",
        en=f"the {kind.en} {f'of {listed} ' if listed else ''}over {len(mine)} rows",
    )
    return Steps(key, title, value, text, clause=quantity.clause, facts={"rows": len(mine), "of_rows": len(rows)})


def _statistic(what: str, values: Sequence[Fraction]) -> Fraction | None:
    if what == "sum":
        return sum(values, Fraction(0))
    if not values:
        return None
    if what == "range":
        return max(values) - min(values)
    mean = sum(values, Fraction(0)) / len(values)
    if what == "mean":
        return mean
    return sum(((value - mean) ** 2 for value in values), Fraction(0)) / len(values)


def _fraction(step: Steps) -> Fraction | None:
    return step.value if isinstance(step.value, Fraction) else None


def _judge(expectation: Expectation, measure: Measure, value: Steps) -> Steps:
    """Return whether one value keeps every bound."""
    number = _fraction(value)
    verdict: Verdict = "undetermined"
    if number is not None:
        kept = {"at_least": number.__ge__, "more_than": number.__gt__, "at_most": number.__le__}
        verdict = all(kept[name](bound) for name, bound in expectation.bounds.items())
    asked = [(_BOUNDS[name], _shown(measure, bound)) for name, bound in expectation.bounds.items()]
    zh = "、".join(f"{word.zh} {bound}" for word, bound in asked)
    en = " and ".join(f"{word.en} {bound}" for word, bound in asked)
    said = value.text or value.title
    outcome = _VERDICTS[verdict]
    sources = [story for name in expectation.bounds if (story := expectation.story(name)) is not None]
    return Steps(
        "met",
        expectation.title or measure.name(measure.of),
        verdict,
        Title(zh=f"{said.zh}；要求{zh}：{outcome.zh}", en=f"{said.en}; {en} is asked for: {outcome.en}"),
        clause=expectation.clause,
        source=sources[0] if sources else None,
        children=(value,),
        facts={"value": number, **dict(expectation.bounds.items())},
    )


def _trend(expectation: Expectation, measure: Measure, values: Sequence[Steps], *, ended: bool) -> Steps:
    """Return whether the last value is beyond the first, with how many of the steps between go the same way."""
    numbers = [_fraction(value) for value in values]
    up = 1 if expectation.trend == "rises" else -1
    pairs = list(pairwise(numbers))
    steps = [up * (after - before) > 0 for before, after in pairs if before is not None and after is not None]
    verdict: Verdict = "undetermined"
    first, last = (numbers[0], numbers[-1]) if len(numbers) > 1 and ended else (None, None)
    if first is not None and last is not None:
        verdict = up * (last - first) > 0
    facts = {"first": first, "last": last, "steps": len(steps), "steps_met": sum(steps)}
    return _verdict(expectation, measure, verdict, tuple(values), facts)


def _verdict(
    expectation: Expectation,
    measure: Measure,
    verdict: Verdict,
    children: tuple[Steps, ...],
    facts: Mapping[str, Any] | None = None,
) -> Steps:
    facts = facts or {}
    outcome = _VERDICTS[verdict]
    zh, en = outcome.zh, outcome.en
    if "steps" in facts:
        zh = f"{zh}；{facts['steps']} 步中有 {facts['steps_met']} 步"
        en = f"{en}; {facts['steps_met']} of {facts['steps']} steps go that way"
    name = expectation.title or measure.name(measure.of)
    return Steps(
        "met",
        name,
        verdict,
        Title(zh=f"{name.zh}：{zh}", en=f"{name.en}: {en}"),
        clause=expectation.clause,
        children=children,
        facts=dict(facts),
    )
