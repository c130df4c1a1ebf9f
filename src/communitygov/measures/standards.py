"""Standards: every expectation that data can be held to, for each subject, and by how much it is missed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from attrs import frozen

from communitygov.measures.measure import measure, meets
from communitygov.measures.rows import measure_table
from communitygov.measures.rules import Expectation, Measure
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.faults import read_columns
from communitygov.vocabulary.frames import adopt
from communitygov.vocabulary.numbers import decimal_text
from communitygov.vocabulary.problem import did_you_mean
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Standing", "Unmeasured", "check_standards"]


@frozen
class Unmeasured:
    """An expectation that the data given cannot be held to.

    Args:
        expectation: Its id.
        why: Why not.
    """

    expectation: str
    why: Title


@frozen
class Standing:
    """How data stand to the standards of a profile.

    ``frame`` is a Polars frame with one row per expectation, subject and period, in that order:

    - ``expectation``, ``kind``, ``measure`` (text): their ids and the kind of expectation;
    - ``subject`` (text): the group that the measure is taken for; empty where it is taken of all;
    - ``period`` (text);
    - ``numerator``, ``base`` (Int64, nullable): the value is exactly their ratio; null where there is none;
    - ``met`` (text): ``true``, ``false``, or ``undetermined`` where there is no value;
    - ``missed_by`` (text, nullable): by how much the nearest bound is missed, exactly, in the measure's unit.

    Args:
        frame: As above.
        unmeasured: The expectations that could not be judged, and why.
    """

    frame: pl.DataFrame
    unmeasured: tuple[Unmeasured, ...]


def check_standards(
    measures: Mapping[str, Measure], expectations: Mapping[str, Expectation], frames: Mapping[str, Any]
) -> Standing:
    """Hold data to every expectation with a bound.

    Args:
        measures: The measures of a profile by id.
        expectations: Its expectations by id; trends are left to ``meets``.
        frames: Frames of any kind, by the name that a measure's ``of`` calls them, with the columns of
            ``measure_table``. An expectation on a frame, or a column, that is not there is not measured.

    Returns:
        The verdicts, and what could not be measured.

    Raises:
        UsageError: If a frame has a name that no measure knows.
        DataError: If a frame does not fit its measure otherwise.

    Source:
        CY-10, QF-26, SJS-35 and their like; see ``docs/standards.md``.

    Example:
        >>> import polars as pl
        >>> from communitygov.measures.rules import Quantity
        >>> from communitygov.vocabulary.numbers import exact
        >>> area = Quantity(what="sum", columns=("area",))
        >>> rooms = Measure(of="rooms", period="year", by="community", unit=Title(zh="平方米", en="m2"), numerator=area)
        >>> enough = Expectation(measure="rooms", kind="standard", at_least=exact("350"))
        >>> data = pl.DataFrame({"year": [2024, 2024], "community": ["A", "B"], "area": [360, 320]})
        >>> check_standards({"rooms": rooms}, {"enough": enough}, {"rooms": data}).frame.select(
        ...     "subject", "missed_by"
        ... ).rows()
        [('A', None), ('B', '30')]
    """
    import polars as pl

    known = {one.of for one in measures.values()}
    for name in frames:
        if name not in known:
            hint = did_you_mean(name, known)
            zh, en = f"没有指标取自数据 `{name}`{hint.zh}", f"no measure is taken of `{name}`{hint.en}"
            raise UsageError.because("unknown-frame", zh=zh, en=en)
    rows: list[tuple[object, ...]] = []
    unmeasured = []
    for key, one in expectations.items():
        if one.trend is not None:
            continue
        why = _why_not(one, measures, frames)
        if why is not None:
            unmeasured.append(Unmeasured(key, why))
            continue
        rule = measures[str(one.measure)]
        rows += _judged(key, one, rule, frames[rule.of])
    whole, text = pl.Int64, pl.String
    names = dict.fromkeys(("expectation", "kind", "measure", "subject", "period"), text)
    schema = {**names, "numerator": whole, "base": whole, "met": text, "missed_by": text}
    return Standing(pl.DataFrame(rows, schema=schema, orient="row"), tuple(unmeasured))


def _why_not(one: Expectation, measures: Mapping[str, Measure], frames: Mapping[str, Any]) -> Title | None:
    """Return why an expectation cannot be judged by the frames that there are."""
    if one.measure is None:
        return Title(zh="来源未给衡量办法", en="the source names nothing to measure it by")
    rule = measures[one.measure]
    if rule.of not in frames:
        return Title(zh=f"没有数据 `{rule.of}`", en=f"there are no data `{rule.of}`")
    names = list(adopt(frames[rule.of])[0].collect_schema().names())
    asked = dict.fromkeys(column.name for column in measure_table(rule, names).columns)
    lacking = [name for name in asked if name not in names]
    if lacking:
        said = "、".join(lacking), ", ".join(lacking)
        return Title(zh=f"`{rule.of}` 缺少列 {said[0]}", en=f"`{rule.of}` has no column {said[1]}")
    return None


def _judged(key: str, one: Expectation, rule: Measure, frame: Any) -> Iterator[tuple[object, ...]]:
    columns = read_columns(adopt(meets(one, measure(rule, frame)).frame)[0])
    for at in range(len(columns["met"])):
        top, base = columns["numerator"][at], columns["base"][at]
        value = None if top is None or base is None else Fraction(int(top), int(base))
        subject = "" if rule.by is None else str(columns[rule.by][at])
        missed = None if value is None or columns["met"][at] == "true" else decimal_text(_missed_by(one, value))
        yield (key, one.kind, one.measure, subject, columns["period"][at], top, base, columns["met"][at], missed)


def _missed_by(one: Expectation, value: Fraction) -> Fraction:
    """Return the distance to the nearest bound that is missed; of ``more_than``, what must be exceeded."""
    below = [bound - value for name, bound in one.bounds.items() if name != "at_most"]
    above = [value - bound for name, bound in one.bounds.items() if name == "at_most"]
    return max(*below, *above, Fraction(0)) if below or above else Fraction(0)
