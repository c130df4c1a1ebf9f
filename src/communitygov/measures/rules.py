"""What a profile can say about measures and expectations: targets, rates, standards, trends and facts.

They are one idea: a *measure* is a numerator over a base, in a unit, for a period; an *expectation* is a bound
on one, by a date.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from communitygov.documents.rule import Finding, Rule, rule, term
from communitygov.vocabulary.numbers import Number
from communitygov.vocabulary.period import Period, PeriodKind
from communitygov.vocabulary.text import Title

__all__ = [
    "LARGEST",
    "Condition",
    "Contradiction",
    "Expectation",
    "Fact",
    "Measure",
    "Quantity",
    "Report",
    "ReportLevel",
    "Scheme",
    "SchemePart",
]

LARGEST = 2**62 - 1
"""The greatest whole number that a value or a bound may be made of; two products of such are compared exactly."""


@rule
class Condition(Rule):
    """What a column's value must be. It speaks of texts, of truth or of numbers, and all that is given must hold.

    Where there is no value, nothing but ``known: false`` holds. A missing text is none of the texts asked for; a
    missing number or flag is an error of the data, unless ``known: true`` is asked as well.

    Args:
        one_of: One of these texts.
        known: Whether there is a value at all.
        flag: True or false.
        at_least: At least this number.
        at_most: At most this number.
        decimals: Places of the column's numbers; whole numbers count units of the last of them.
    """

    one_of: tuple[str, ...] = term("取值之一", "One of", default=())
    known: bool | None = term("是否有值", "Known", default=None)
    flag: bool | None = term("真假", "Flag", default=None)
    at_least: Number | None = term("不低于", "At least", default=None)
    at_most: Number | None = term("不高于", "At most", default=None)
    decimals: int = term("小数位", "Decimals", default=0, at_least=0, at_most=9)

    @property
    def bounded(self) -> bool:
        """Whether it speaks of numbers."""
        return self.at_least is not None or self.at_most is not None

    def check(self) -> Iterator[Finding]:
        """Yield a finding if nothing is asked, or nothing can satisfy it."""
        yield from super().check()
        asked = [bool(self.one_of), self.flag is not None, self.bounded, self.known is False]
        if not any(asked) and self.known is None:
            yield Finding((), "empty-condition", "没有任何条件", "asks nothing")
        if sum(asked) > 1:
            yield Finding(
                (),
                "mixed-condition",
                "one_of、flag、at_least/at_most、known: false 只能取一类",
                "one_of, flag, at_least with at_most, and known: false exclude each other",
            )
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            yield Finding((), "empty-range", "at_least 大于 at_most", "at_least is above at_most")
        if self.decimals and not self.bounded:
            yield Finding(("decimals",), "unused-setting", "decimals 只用于数值条件", "decimals belong to a bound")


@rule
class Quantity(Rule):
    """Something counted or summed over rows.

    Args:
        what: ``count`` rows, or of a column the ``sum``, the ``mean``, the ``range`` (greatest - least) or the
            ``variance`` (mean squared deviation from the mean).
        columns: The columns; for ``count`` none.
        across: What to make of the ``mean`` of several columns: their ``range`` or ``variance``.
        decimals: Places of the columns' values; whole numbers count units of the last of them.
        where: The rows that count, by column; every condition must hold.
    """

    what: Literal["count", "sum", "mean", "range", "variance"] = term("统计量", "What")
    columns: tuple[str, ...] = term("列", "Columns", default=())
    across: Literal["range", "variance"] | None = term("列间", "Across", default=None)
    decimals: int = term("小数位", "Decimals", default=0, at_least=0, at_most=9)
    where: Mapping[str, Condition] = term("条件", "Where", default={})

    @property
    def rests_on_all(self) -> bool:
        """Whether rows that it does not count bear on it too: a count or a sum of nothing is 0, a mean is none."""
        return self.what in ("count", "sum")

    def check(self) -> Iterator[Finding]:
        """Yield a finding if columns and statistic do not fit each other."""
        yield from super().check()
        if self.what == "count":
            if self.columns or self.across or self.decimals:
                yield Finding(("columns",), "unused-setting", "count 不取列", "a count takes no columns")
        elif not self.columns:
            yield Finding((), "missing-setting", "须指明列", "needs columns")
        elif (len(self.columns) > 1) != (self.across is not None):
            yield Finding(
                (),
                "missing-setting",
                "多列须有 across，单列不用",
                "several columns need `across`, one takes none",
            )
        elif self.across is not None and self.what != "mean":
            yield Finding(("what",), "mean-across", "across 用于各列的 mean", "`across` is taken of each column's mean")


@rule
class Measure(Rule):
    """A numerator over a base.

    It rests on the rows of its base; without one, a mean, a range or a variance rests on the rows it is taken of,
    a count or a sum on all that are not excluded.

    Args:
        of: What the rows are: ``certified``, ``awarded``, ``listed`` (one per subject and year), ``scored``,
            ``watched`` (one per subject and period), ``demands`` (what a list is made from) or another frame by name.
        numerator: What is counted.
        base: What it is a share of: a count or a sum; nothing if absent.
        excluded: Rows left out of both, by column; one condition that holds is enough.
        unit: What it is counted in.
        period: The period that it is taken over.
        by: The column of groups that it is taken for, one value each.
        least: The least number of rows that it may rest on; below it there is no value.
    """

    of: str = term("数据", "Of")
    numerator: Quantity = term("分子", "Numerator")
    base: Quantity | None = term("分母", "Base", default=None)
    excluded: Mapping[str, Condition] = term("除外", "Excluded", default={})
    unit: Title = term("单位", "Unit")
    period: PeriodKind = term("周期", "Period")
    by: str | None = term("分组列", "By", default=None)
    least: int = term("最少行数", "Least", default=1, at_least=1)

    def check(self) -> Iterator[Finding]:
        """Yield a finding if the base is none for the numerator."""
        yield from super().check()
        if self.base is not None and not self.base.rests_on_all:
            yield Finding(("base", "what"), "bad-base", "分母须为 count 或 sum", "a base is a count or a sum")
        elif self.base is not None and not self.numerator.rests_on_all:
            yield Finding(
                ("base",),
                "bad-base",
                f"{self.numerator.what} 已自带行数，不再有分母",
                f"a {self.numerator.what} is over its own rows and takes no base",
            )


@rule
class Expectation(Rule):
    """A bound on a measure, by a date: a target, a standard, a trend, a condition.

    Args:
        measure: The measure; absent where the source names none, and it can only be drawn.
        kind: ``target`` is to be reached, ``standard`` to be kept, ``trend`` a direction; ``condition`` is neither good
            nor bad, but what something else hangs on, such as a list. It is judged as a standard is.
        at_least: The least value.
        at_most: The greatest value.
        more_than: A value to be exceeded.
        trend: Whether it rises or falls from each period to the next, in the mean: the last value against the
            first.
        start: The period from which it holds.
        by: The period at whose end it must hold.
        parties: Who takes part, by role.
    """

    measure: str | None = term("指标", "Measure", default=None, refers="measure")
    kind: Literal["target", "standard", "trend", "condition"] = term("类别", "Kind")
    at_least: Number | None = term("不低于", "At least", default=None)
    at_most: Number | None = term("不高于", "At most", default=None)
    more_than: Number | None = term("高于", "More than", default=None)
    trend: Literal["rises", "falls"] | None = term("趋势", "Trend", default=None)
    start: Period | None = term("自", "Start", default=None)
    by: Period | None = term("至", "By", default=None)
    parties: Mapping[str, Title] = term("参与方", "Parties", default={})

    @property
    def bounds(self) -> Mapping[Literal["at_least", "more_than", "at_most"], Number]:
        """The bounds that it has, by name."""
        given = {"at_least": self.at_least, "more_than": self.more_than, "at_most": self.at_most}
        return {name: bound for name, bound in given.items() if bound is not None}  # type: ignore[misc]

    def check(self) -> Iterator[Finding]:
        """Yield a finding if measure, bound and kind do not fit each other."""
        yield from super().check()
        bounded = bool(self.bounds)
        bound = bounded or self.trend is not None
        if bound and self.measure is None:
            yield Finding((), "bound-without-measure", "有要求而无指标", "has a bound and names no measure")
        if self.measure is not None and not bound:
            yield Finding((), "measure-without-bound", "有指标而无要求", "names a measure and has no bound")
        if bound and (self.kind == "trend") != (self.trend is not None and not bounded):
            yield Finding(
                ("kind",),
                "unlike-bound",
                "kind 为 trend 时只有 trend，否则只有上下限",
                "a trend has `trend` and no other bound; a target, a standard or a condition has no `trend`",
            )
        for name, limit in self.bounds.items():
            if max(abs(limit.numerator), limit.denominator) > LARGEST:
                yield Finding((name,), "too-fine", "数字过长，请减少位数", "has too many digits to be compared by")
        if self.at_most is not None:
            over = self.at_least is not None and self.at_least > self.at_most
            if over or (self.more_than is not None and self.more_than >= self.at_most):
                low = "at_least" if over else "more_than"
                yield Finding(
                    ("at_most",),
                    "empty-range",
                    f"没有数能同时满足 {low} 与 at_most",
                    f"no number satisfies both `{low}` and `at_most`",
                    also=((low,),),
                )
        if self.start is not None and self.by is not None and self.start.first_day > self.by.last_day:
            yield Finding(("by",), "empty-range", "by 早于 start", "`by` ends before `start` begins")


@rule
class Fact(Rule):
    """A figure that the source states.

    Args:
        value: The figure.
        unit: What it counts.
        as_of: The period it is as of.
        inexact: The source's own word where the figure is a bound, such as 近.
        sum_of: Facts that add up to it.
    """

    value: Number = term("数值", "Value")
    unit: Title = term("单位", "Unit")
    as_of: Period | None = term("截至", "As of", default=None)
    inexact: str | None = term("约数用词", "Inexact", default=None)
    sum_of: tuple[str, ...] = term("合计自", "Sum of", default=(), refers="fact")


@rule
class Contradiction(Rule):
    """Two statements of the source that cannot both hold; recorded, not corrected.

    Args:
        says: What the statements are and where they part.
        facts: The figures that take part.
    """

    says: Title = term("矛盾", "Says")
    facts: tuple[str, ...] = term("涉及", "Facts", default=(), refers="fact")


@rule
class SchemePart(Rule):
    """A counted part of a scheme.

    Args:
        count: How many members it has, by its name.
        members: The members, by id.
        counted: The section of the profile whose entries are the members, as a dotted path, in place of
            members.
    """

    count: int = term("数量", "Count", at_least=1)
    members: Mapping[str, Title] = term("成员", "Members", default={})
    counted: str | None = term("计数于", "Counted", default=None)

    def check(self) -> Iterator[Finding]:
        """Yield a finding if the count is not that of the members."""
        yield from super().check()
        if (self.counted is None) != bool(self.members):
            yield Finding((), "missing-setting", "members 与 counted 须取其一", "needs members or counted, one of them")
        elif self.counted is None and len(self.members) != self.count:
            yield Finding(
                ("count",),
                "counts-differ",
                f"应有 {self.count} 项，实有 {len(self.members)} 项",
                f"must have {self.count} members and has {len(self.members)}",
            )


@rule
class Scheme(Rule):
    """A named scheme and the parts that its name counts.

    Args:
        parts: Its parts.
    """

    parts: Mapping[str, SchemePart] = term("组成", "Parts", default={})


@rule
class ReportLevel(Rule):
    """A level that a report is made for.

    Args:
        by: The column of its units; the whole if absent.
    """

    by: str | None = term("分组列", "By", default=None)


@rule
class Report(Rule):
    """A report that is made every period, for each unit of each level.

    Args:
        of: What its rows are, as in a measure.
        period: How often.
        levels: The levels it is made for.
        columns: The columns whose counts, means, least and greatest values it shows.
        decimals: Places of the columns' values; whole numbers count units of the last of them.
    """

    of: str = term("数据", "Of")
    period: PeriodKind = term("周期", "Period")
    levels: Mapping[str, ReportLevel] = term("层级", "Levels")
    columns: tuple[str, ...] = term("列", "Columns")
    decimals: int = term("小数位", "Decimals", default=0, at_least=0, at_most=9)

    def check(self) -> Iterator[Finding]:
        """Yield a finding if it shows nothing, or is made for nobody."""
        yield from super().check()
        if not self.columns or not self.levels:
            yield Finding((), "missing-setting", "须有列和层级", "needs columns and levels")
