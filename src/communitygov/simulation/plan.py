"""Plan: what a change of rules changes, in the rules and in what comes of them, before anybody is affected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import frozen

from communitygov.profile.changes import Change, changes
from communitygov.profile.ruleset import RuleSet
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.frames import adopt
from communitygov.vocabulary.text import Language, Title

__all__ = ["Plan", "plan"]


@frozen
class Plan:
    """The difference of two sets of rules on the same facts.

    Args:
        period: What the facts are of, such as ``2024``.
        changes: What the rules say otherwise.
        moved: One row per subject whose outcome differs: the key columns, ``old`` and ``new`` outcome (text, null
            without one), ``old_reason`` and ``new_reason``.
        counts: One row per pair of outcomes, those that stay included: ``old``, ``new``, ``subjects`` (Int64).
        groups: As ``counts``, for each group; None if there are no groups.
        movers: How many subjects' outcomes differ.
    """

    period: str
    changes: tuple[Change, ...]
    moved: Any
    counts: Any
    groups: Any
    movers: int

    @property
    def verdict(self) -> Title:
        """One sentence: how much changes; plainly so when nothing does."""
        if not self.changes:
            return Title(
                zh=f"{self.period} 年没有任何改变：两套规则当时完全相同",
                en=f"this changes nothing in {self.period}: the two sets of rules are the same then",
            )
        rules = len(self.changes)
        if not self.movers:
            return Title(
                zh=f"{self.period} 年没有任何改变：规则有 {rules} 处不同，但无人结果不同",
                en=f"this changes nothing in {self.period}: "
                f"the rules differ in {rules} value{'s' * (rules > 1)}, nobody's result does",
            )
        return Title(
            zh=f"{self.period} 年：规则有 {rules} 处不同，{self.movers} 个对象结果不同",
            en=f"{self.period}: the rules differ in {rules} value{'s' * (rules > 1)}, "
            f"the results of {self.movers} subject{'s' * (self.movers > 1)} do",
        )

    def say(self, lang: Language) -> str:
        """Return the verdict and the changes of the rules, a line each.

        Args:
            lang: The language.
        """
        lines = [self.verdict.say(lang)]
        for change in self.changes:
            old = "—" if change.old is None else change.old.text()
            new = "—" if change.new is None else change.new.text()
            clause = f" [{', '.join(change.clause)}]" if change.clause else ""
            lines.append(f"  {change.path}: {old} → {new} ({change.place}){clause}")
        return "\n".join(lines)


def plan(old: RuleSet, new: RuleSet, before: Any, after: Any, *, group: str | None = None) -> Plan:
    """Compare two sets of rules, and what came of them on the same facts.

    It knows no verb: a result declares its ``key``, ``outcome`` and ``because`` columns.

    Args:
        old: The rules before.
        new: The rules after.
        before: The result under the old rules, such as what ``certify`` returns.
        after: The result under the new, of the same kind and on the same facts.
        group: The column of the results to count by as well.

    Raises:
        UsageError: If the two results are of different verbs or years.

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
    """
    if (before.key, before.outcome, before.year) != (after.key, after.outcome, after.year):
        raise UsageError.because(
            "unlike-results",
            zh="两个结果来自不同的计算或年度，无法比较",
            en="the two results are of different verbs or years and cannot be compared",
        )
    joined, back = _joined(before, after, group)
    moved, movers = _moved(joined, before.key)
    return Plan(
        period=str(before.year),
        changes=changes(old, new),
        moved=back(moved),
        counts=back(_counted(joined, ())),
        groups=None if group is None else back(_counted(joined, ("group",))),
        movers=movers,
    )


def _joined(before: Any, after: Any, group: str | None) -> tuple[Any, Any]:
    import narwhals as nw

    (outcome,), (reason,) = before.outcome, before.because
    one: Any
    other: Any
    (one, back), (other, _) = adopt(before.frame), adopt(after.frame)
    groups = [] if group is None else [nw.col(group).alias("group")]
    one = one.select(*before.key, nw.col(outcome).alias("old"), nw.col(reason).alias("old_reason"), *groups)
    other = other.select(*after.key, nw.col(outcome).alias("new"), nw.col(reason).alias("new_reason"))
    return one.join(other, on=list(before.key), how="inner"), back


def _moved(joined: Any, key: Sequence[str]) -> tuple[Any, int]:
    import narwhals as nw

    old, new = nw.col("old"), nw.col("new")
    differs = (old.is_null() != new.is_null()) | (old != new).fill_null(False)
    moved = joined.filter(differs).select(*key, "old", "new", "old_reason", "new_reason")
    count = moved.select(nw.len().alias("count"))
    if isinstance(count, nw.LazyFrame):
        count = count.collect()
    return moved, int(count["count"].to_list()[0])


def _counted(joined: Any, by: Sequence[str]) -> Any:
    import narwhals as nw

    # A null is no group of its own on every backend; no outcome is counted as an empty text.
    named = joined.with_columns(nw.col("old").fill_null(""), nw.col("new").fill_null(""))
    counted = named.group_by(*by, "old", "new").agg(nw.len().cast(nw.Int64).alias("subjects"))
    empty = [nw.when(nw.col(name) != "").then(nw.col(name)).alias(name) for name in ("old", "new")]
    return counted.sort(*by, "old", "new").with_columns(*empty)
