"""Plan: what a change of rules changes, in the rules and in what comes of them, before anybody is affected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from attrs import frozen

from communitygov.certification.columns import adopt_beside
from communitygov.profile.changes import Change, changes
from communitygov.profile.ruleset import Reform, RuleSet
from communitygov.vocabulary.errors import DataError, UsageError
from communitygov.vocabulary.frames import Column, Fault, Table, adopt, check_table, column_problems, find_faults
from communitygov.vocabulary.text import Language, Title

__all__ = ["Flow", "Plan", "plan"]

_NONE = Title(zh="无", en="none")


@frozen
class Flow:
    """How many subjects went from one outcome to another, or stayed where they were.

    Args:
        old: The outcome under the old rules; None without one.
        new: The outcome under the new.
        subjects: How many.
    """

    old: str | None
    new: str | None
    subjects: int


@frozen
class Plan:
    """The difference of two sets of rules on the same facts.

    The frames are of the kind of the results; None where only rules were compared.

    Args:
        period: What the facts are of, such as ``2024``.
        changes: What the rules say otherwise.
        moved: One row per subject whose outcome differs: the key columns, ``old`` and ``new`` outcome (text, null
            without one), ``old_reason`` and ``new_reason``.
        counts: The migration matrix, one row per pair of outcomes, those that stay included: ``old``, ``new``,
            ``subjects`` (Int64).
        groups: As ``counts``, for each ``group`` (text); None if there are no groups.
        outcomes: One row per outcome: ``outcome``, ``before`` and ``after``, how many had it and have it (Int64).
        group_outcomes: As ``outcomes``, for each ``group``, with the ``difference``: who gains, who loses; None if
            there are no groups.
        flows: As ``counts``, as plain values; empty where only rules were compared.
        by_reform: Whether it is a reform that makes the difference, or would.
        waiting: Reforms that are not in force then.
    """

    period: str
    changes: tuple[Change, ...]
    moved: Any = None
    counts: Any = None
    groups: Any = None
    outcomes: Any = None
    group_outcomes: Any = None
    flows: tuple[Flow, ...] = ()
    by_reform: bool = False
    waiting: tuple[Reform, ...] = ()

    @property
    def movers(self) -> int:
        """How many subjects' outcomes differ."""
        return sum(flow.subjects for flow in self.flows if flow.old != flow.new)

    @property
    def verdict(self) -> Title:
        """One sentence: how much changes; plainly so, and why, when nothing does."""
        this = Title(zh="此改革方案", en="this reform") if self.by_reform else Title(zh="此改动", en="this")
        nothing = Title(
            zh=f"{this.zh}在 {self.period} 年不改变任何事", en=f"{this.en} changes nothing in {self.period}"
        )
        if not self.changes and self.waiting:
            when = [_when(reform) for reform in self.waiting]
            zh, en = "；".join(one.zh for one in when), "; ".join(one.en for one in when)
            return Title(zh=f"{nothing.zh}：{zh}", en=f"{nothing.en}: {en}")
        if not self.changes:
            return Title(
                zh=f"{nothing.zh}：两套规则当时完全相同", en=f"{nothing.en}: the two sets of rules are the same then"
            )
        rules, values = len(self.changes), f"{len(self.changes)} value{'s' * (len(self.changes) > 1)}"
        if self.moved is None:
            return Title(
                zh=f"{self.period} 年：规则有 {rules} 处不同", en=f"{self.period}: the rules differ in {values}"
            )
        if not self.movers:
            return Title(
                zh=f"{nothing.zh}：规则有 {rules} 处不同，但无人结果不同",
                en=f"{nothing.en}: the rules differ in {values}, nobody's result does",
            )
        return Title(
            zh=f"{self.period} 年：规则有 {rules} 处不同，{self.movers} 个对象结果不同",
            en=f"{self.period}: the rules differ in {values}, "
            f"the results of {self.movers} subject{'s' * (self.movers > 1)} do",
        )

    def say(self, lang: Language) -> str:
        """Return the verdict, the changes of the rules and how many went from where to where, a line each.

        Args:
            lang: The language.

        Example:
            >>> import communitygov
            >>> rules = communitygov.load_profile("shijingshan").at(2024)
            >>> print(plan(rules, rules).say("en"))
            this changes nothing in 2024: the two sets of rules are the same then
        """
        lines = [self.verdict.say(lang), *(f"  {change.say(lang)}" for change in self.changes)]
        for flow in self.flows:
            if flow.old != flow.new:
                old, new = flow.old or _NONE.say(lang), flow.new or _NONE.say(lang)
                lines.append(f"  {old} → {new}{'：' if lang == 'zh' else ': '}{flow.subjects}")
        return "\n".join(lines)


def plan(
    old: RuleSet,
    new: RuleSet,
    before: Any = None,
    after: Any = None,
    *,
    group: str | None = None,
    facts: Any = None,
    reforms: Sequence[Reform] = (),
) -> Plan:
    """Compare two sets of rules, and what came of them on the same facts.

    It knows no verb: a result declares its ``key``, ``outcome`` and ``because`` columns.

    Args:
        old: The rules before.
        new: The rules after.
        before: The result under the old rules, such as what ``certify`` returns; None to compare the rules alone.
        after: The result under the new, of the same kind and on the same facts.
        group: The column to count by as well, such as the street: of ``facts``, or without them of the results.
        facts: The rows that the results come from, such as the scores, of the same kind of frame: the key columns of
            the results, as many as it has, and the column to count by, one value per subject. It may have rows of
            others, and more than one of a subject.
        reforms: The reforms that the new rules were asked for with, so that one that is not in force then is named.

    Raises:
        UsageError: If the two results are of different verbs, years or subjects.
        DataError: If a subject has no value to be counted by, or two; it is named.

    Example:
        >>> import polars as pl
        >>> import communitygov
        >>> profile = communitygov.load_profile("shijingshan")
        >>> old, new = profile.at(2024), profile.at(2024, readings={"quota_rounding": "up"})
        >>> scores = pl.DataFrame({"subject": [f"c{i}" for i in range(143)], "score": [36000 - i for i in range(143)]})
        >>> results = [
        ...     communitygov.certify(rules.certification["quality_star"], scores, year=2024) for rules in (old, new)
        ... ]
        >>> plan(old, new, *results).verdict.en
        '2024: the rules differ in 1 value, the results of 2 subjects do'
        >>> streets = scores.with_columns(street=pl.Series(["east"] * 42 + ["west"] * 101))
        >>> for row in plan(old, new, *results, group="street", facts=streets).group_outcomes.rows():
        ...     print(row)
        ('east', 'five_star', 14, 15, 1)
        ('east', 'four_star', 28, 27, -1)
        ('west', None, 101, 100, -1)
        ('west', 'four_star', 0, 1, 1)
    """
    waiting = tuple(reform for reform in reforms if not reform.layer.in_force(new.day))
    by_reform = bool(waiting) or any(layer.kind == "reform" for layer in new.layers)
    period, changed = str(getattr(before, "year", new.day.year)), changes(old, new)
    if before is None or after is None:
        return Plan(period, changed, by_reform=by_reform, waiting=waiting)
    _check_alike(before, after)
    joined, back = _joined(before, after, group if facts is None else None)
    if group is not None and facts is not None:
        joined = _with_group(joined, facts, before.key, group)
    counts = _counted(joined, ())
    rows = _collected(counts)
    groups = None if group is None else _counted(joined, ("group",))
    return Plan(
        period=period,
        changes=changed,
        moved=back(_moved(joined, before.key)),
        counts=back(counts),
        groups=None if groups is None else back(groups),
        outcomes=back(_outcomes(counts)),
        group_outcomes=None if groups is None else back(_with_difference(_outcomes(groups, ("group",)))),
        flows=tuple(Flow(*row) for row in zip(rows["old"], rows["new"], rows["subjects"], strict=True)),
        by_reform=by_reform,
        waiting=waiting,
    )


def _check_alike(before: Any, after: Any) -> None:
    kinds = [(one.key, one.outcome, one.because, getattr(one, "year", None)) for one in (before, after)]
    if kinds[0] != kinds[1]:
        raise UsageError.because(
            "unlike-results",
            zh="两个结果来自不同的计算或年度，无法比较",
            en="the two results are of different verbs or years and cannot be compared",
        )


def _when(reform: Reform) -> Title:
    """Return when a reform is in force."""
    start, until = reform.layer.start, reform.layer.until
    zh = f"自 {start} 起" * (start is not None) + f"至 {until} 止" * (until is not None)
    en = [f"from {start} on"] * (start is not None) + [f"until {until}"] * (until is not None)
    return Title(zh=f"{reform.name} {zh}生效", en=f"{reform.name} is in force {' '.join(en)}")


def _joined(before: Any, after: Any, group: str | None) -> tuple[Any, Callable[[Any], Any]]:
    """Return both results side by side, one row per subject."""
    import narwhals as nw

    one: Any
    other: Any
    (one, back), (other, _) = adopt(before.frame), adopt(after.frame)
    key = list(before.key)
    groups = [] if group is None else [nw.col(group).cast(nw.String).alias("group")]
    one = one.select(*key, _text(one, before.outcome, "old"), _text(one, before.because, "old_reason"), *groups)
    other = other.select(*key, _text(other, after.outcome, "new"), _text(other, after.because, "new_reason"))
    joined = one.join(other, on=key, how="inner")
    sizes = [
        _collected(frame.select(nw.len().cast(nw.Int64).alias("rows")))["rows"][0] for frame in (one, other, joined)
    ]
    if len(set(sizes)) > 1:
        raise UsageError.because(
            "unlike-subjects",
            zh=f"两个结果须有相同的对象：原有 {sizes[0]} 行，新有 {sizes[1]} 行，相同的 {sizes[2]} 行",
            en="the two results must have the same subjects: "
            f"{sizes[0]} rows before, {sizes[1]} after, {sizes[2]} in common",
        )
    return joined, back


def _with_group(joined: Any, native: Any, key: Sequence[str], group: str) -> Any:
    """Return joined results with the one value that each subject has in a column of the facts."""
    import narwhals as nw

    facts, schema = adopt_beside(joined, native, "facts"), joined.collect_schema()
    on = [name for name in key if name in facts.collect_schema()] or list(key[:1])
    columns = [Column(name, "any", Title(zh="评价对象", en="subject")) for name in on]
    columns.append(Column(group, "any", Title(zh="分组", en="group")))
    table = Table(Title(zh="数据", en="facts"), tuple(columns), tuple(on), open=True, unique=False)
    problems = list(column_problems(table, facts.collect_schema()))
    if problems:
        raise DataError(problems)
    value = nw.col(group).cast(nw.String)
    facts = facts.with_columns(_least=value.min().over(*on), _greatest=value.max().over(*on))
    two = Title(zh="同一对象有两个取值，无从归组", en="a subject has two values, and cannot be counted by it")
    differs = nw.col("_least") != nw.col("_greatest")
    check_table(table, facts, more=[Fault("two-groups", group, differs, two, show=True)])
    keys = [nw.col(name).cast(schema[name]) for name in on]
    joined = joined.join(facts.select(*keys, value.alias("group")).unique(), on=on, how="left")
    none = Title(zh=f"数据中没有它的 {group}，无从归组", en=f"the facts do not say its {group}")
    problems = find_faults(joined, [Fault("no-group", "group", nw.col("group").is_null(), none)], key)
    if problems:
        raise DataError(problems)
    return joined


def _text(frame: Any, columns: Sequence[str], name: str) -> Any:
    """Return the text of one column, or of several with a stroke between; a gap where one is null, null if all are."""
    import narwhals as nw

    schema = frame.collect_schema()
    texts = [nw.col(one) if schema[one] == nw.String else nw.col(one).cast(nw.String) for one in columns]
    if len(texts) == 1:
        return texts[0].alias(name)
    given = nw.any_horizontal(*(~nw.col(one).is_null() for one in columns), ignore_nulls=False)
    return nw.when(given).then(nw.concat_str([text.fill_null("") for text in texts], separator="/")).alias(name)


def _moved(joined: Any, key: Sequence[str]) -> Any:
    import narwhals as nw

    # Whether a null differs from a null is answered otherwise by every backend.
    differs = nw.col("old").fill_null("") != nw.col("new").fill_null("")
    return joined.filter(differs).select(*key, "old", "new", "old_reason", "new_reason")


def _counted(joined: Any, by: Sequence[str]) -> Any:
    import narwhals as nw

    # A null is no group of its own on every backend; no outcome is counted as an empty text.
    named = joined.with_columns(nw.col("old").fill_null(""), nw.col("new").fill_null(""))
    counted = named.group_by(*by, "old", "new").agg(nw.len().alias("subjects")).sort(*by, "old", "new")
    sides = [_null_if_empty(name) for name in ("old", "new")]
    return counted.with_columns(*sides, nw.col("subjects").cast(nw.Int64))


def _outcomes(counts: Any, by: Sequence[str] = ()) -> Any:
    import narwhals as nw

    none = nw.lit(0, dtype=nw.Int64)
    sides = []
    for side, (before, after) in {"old": (nw.col("subjects"), none), "new": (none, nw.col("subjects"))}.items():
        outcome = nw.col(side).fill_null("").alias("outcome")
        sides.append(counts.select(*by, outcome, before.alias("before"), after.alias("after")))
    summed = nw.concat(sides).group_by(*by, "outcome").agg(nw.col("before").sum(), nw.col("after").sum())
    whole = [nw.col(name).cast(nw.Int64) for name in ("before", "after")]
    return summed.sort(*by, "outcome").with_columns(_null_if_empty("outcome"), *whole)


def _with_difference(outcomes: Any) -> Any:
    import narwhals as nw

    return outcomes.with_columns(difference=nw.col("after") - nw.col("before"))


def _null_if_empty(name: str) -> Any:
    import narwhals as nw

    return nw.when(nw.col(name) != "").then(nw.col(name)).alias(name)


def _collected(frame: Any) -> dict[str, list[Any]]:
    import narwhals as nw

    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    return {name: [None if value != value else value for value in frame[name].to_list()] for name in frame.columns}
