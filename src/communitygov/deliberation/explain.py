"""Why a matter passed or did not: the same rule followed slowly, from rows, in fractions. The oracle of ``decide``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from communitygov.deliberation.count import count_votes
from communitygov.deliberation.decide import decide_all
from communitygov.deliberation.rules import Decision, Threshold
from communitygov.deliberation.tables import COUNTS, MEASURE_NAMES, column_of
from communitygov.deliberation.tally import (
    Count,
    Outcome,
    Tally,
    flags_of,
    least_of,
    margins_of,
    tally_of,
    voters_of,
)
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.faults import read_rows
from communitygov.vocabulary.frames import adopt
from communitygov.vocabulary.numbers import share_text
from communitygov.vocabulary.problem import did_you_mean
from communitygov.vocabulary.steps import Steps
from communitygov.vocabulary.text import Title

__all__ = ["explain", "explain_counts", "explain_tally"]


def explain(decision: Decision, register: Any, ballots: Any, *, matter: str | None = None) -> Steps:
    """Explain one matter, from its register and its ballots.

    Args:
        decision: The rule.
        register: As for ``count_votes``; ``matter`` may be left out if there is one only.
        ballots: Likewise.
        matter: Which matter, if there are several.

    Returns:
        A tree. Its root has the key ``decision``, the outcome as its value, and the flags and margins as its facts.
        Below are ``quorum``, if there is one, and ``passes``; a leaf's facts (count, base, share, bound) suffice to
        decide it again by hand.

    Raises:
        DataError: As ``count_votes``.
        UsageError: If there is no such matter, or there are several and none is named.

    Source:
        ``docs/decisions.md``.

    Example:
        >>> import polars as pl
        >>> from fractions import Fraction
        >>> from communitygov.vocabulary.period import Period
        >>> half = Threshold(measure="heads", more_than=Fraction(1, 2), of="taking_part")
        >>> rule = Decision(passes=half, article="278", since=Period.parse("2021"))
        >>> ballots = pl.DataFrame({"member": ["a", "b"], "choice": ["yes", "no"]})
        >>> print(explain(rule, pl.DataFrame({"member": ["a", "b", "c"]}), ballots).find("passes").text.en)
        1 of 2 heads taking part, more than 50% needed: 2 at least; not reached, 1 short
    """
    register, ballots = (_with_matter(frame) for frame in (register, ballots))
    count_votes(decision, register, ballots)  # refuses what does not fit
    name = _matter(_rows(register), matter)
    of_matter = ([row for row in _rows(frame) if row["matter"] == name] for frame in (register, ballots))
    return explain_tally(tally_of(decision, *voters_of(decision, *of_matter)))


def explain_counts(decision: Decision, counts: Any, *, matter: str | None = None) -> Steps:
    """Explain one matter, from the counts of its votes.

    Args:
        decision: The rule.
        counts: As for ``decide_all``.
        matter: Which matter, if there are several.

    Returns:
        A tree, as ``explain`` gives it.

    Raises:
        DataError: As ``decide_all``.
        UsageError: If there is no such matter, or there are several and none is named.

    Source:
        As ``explain``.

    Example:
        >>> import polars as pl
        >>> from fractions import Fraction
        >>> from communitygov.vocabulary.period import Period
        >>> half = Threshold(measure="heads", more_than=Fraction(1, 2), of="taking_part")
        >>> rule = Decision(passes=half, article="278", since=Period.parse("2021"))
        >>> counts = {"matter": ["lift"], "heads.all": [3], "heads.present": [2], "heads.taking_part": [2]}
        >>> votes = pl.DataFrame({**counts, "heads.yes": [1], "heads.no": [1], "heads.abstain": [0]})
        >>> explain_counts(rule, votes).value
        'rejected'
    """
    decide_all(decision, counts)  # refuses what does not fit
    rows = _rows(counts)
    name = _matter(rows, matter)
    (row,) = [one for one in rows if one["matter"] == name]
    keys = [(measure, stratum, count) for measure, stratum in decision.counted for count in COUNTS]
    return explain_tally(Tally(decision, {key: row[column_of(*key)] for key in keys}))


def _with_matter(native: Any) -> Any:
    """Return a frame of one matter with its column, if it was left out."""
    import narwhals as nw

    frame, _ = adopt(native)
    if "matter" in frame.collect_schema():
        return frame.to_native()
    return frame.with_columns(nw.lit("matter").alias("matter")).to_native()


def _rows(native: Any) -> list[dict[str, Any]]:
    return read_rows(adopt(native)[0])


def _matter(rows: Sequence[Mapping[str, Any]], name: str | None) -> str:
    """Return the matter that is asked for, or the only one."""
    there = sorted({row["matter"] for row in rows})
    if name is None and len(there) == 1:
        return str(there[0])
    if name is None:
        raise UsageError.because(
            "which-matter",
            zh=f"有 {len(there)} 个议题，请以 matter 指明一个",
            en=f"there are {len(there)} matters; name one with `matter`",
        )
    if name not in there:
        hint = did_you_mean(name, there)
        raise UsageError.because("unknown-name", zh=f"没有议题 `{name}`{hint.zh}", en=f"no matter `{name}`{hint.en}")
    return name


def explain_tally(tally: Tally) -> Steps:
    """Explain one matter, from what was counted of it; nothing is checked any more.

    Args:
        tally: The counts.
    """
    decision = tally.decision
    parts = [_part(tally, name, name, tree) for name, tree in decision.trees]
    outcome, flags = tally.outcome, dict(flags_of(tally))
    words = _OUTCOMES[outcome]
    said = [part.text for part in parts if part.text is not None] + [_FLAGS[name] for name in flags if flags[name]]
    cited = Title(zh=f"第{decision.article}条", en=f"article {decision.article}")
    return Steps(
        key="decision",
        title=decision.name("decision"),
        value=outcome,
        words=words,
        text=Title(
            zh=f"{'；'.join(text.zh for text in said)}：{words.zh}（{cited.zh}）",
            en=f"{'; '.join(text.en for text in said)}: {words.en} ({cited.en})",
        ),
        clause=decision.clause,
        source=decision.story(),
        children=tuple(parts),
        facts={
            "article": decision.article,
            "since": str(decision.since),
            "until": None if decision.until is None else str(decision.until),
            **flags,
            **dict(margins_of(tally)),
        },
    )


def _part(tally: Tally, name: str, path: str, tree: Threshold) -> Steps:
    key = path.rpartition(".")[2]
    holds = tally.holds(name, tree)
    if tree.is_leaf:
        return _leaf(tally, name, path, tree)
    children = tuple(_part(tally, name, f"{path}.{below}", part) for below, part in tree.parts)
    joins = Title(zh="均须", en="all of") if tree.all_of else Title(zh="任一", en="one of")
    said = [child.text for child in children if child.text is not None]
    return Steps(
        key=key,
        title=_titled(tree, key),
        value=_SAID[holds],
        words=_REACHED[holds],
        text=Title(
            zh=f"{joins.zh}（{'；'.join(text.zh for text in said)}）",
            en=f"{joins.en} ({'; '.join(text.en for text in said)})",
        ),
        clause=tree.clause or tally.decision.clause,
        source=tree.story(),
        children=children,
        facts={"path": path, "join": "all_of" if tree.all_of else "any_of"},
    )


def _leaf(tally: Tally, name: str, path: str, leaf: Threshold) -> Steps:
    key, base, count = path.rpartition(".")[2], tally.base(leaf, str(leaf.of)), tally.count(name, leaf)
    least = None if base is None else least_of(leaf, base)
    margin = None if count is None or least is None else count - least
    reached = tally.reached(name, leaf)
    return Steps(
        key=key,
        title=_titled(leaf, key),
        value=_SAID[reached],
        words=_REACHED[reached],
        text=_sentence(tally, leaf, count, base, reached),
        clause=leaf.clause or tally.decision.clause,
        source=leaf.story("more_than") or leaf.story("at_least"),
        facts={
            "path": path,
            "measure": leaf.measure,
            "stratum": leaf.stratum,
            "of": leaf.of,
            "bound": "more_than" if leaf.more_than is not None else "at_least",
            "share": leaf.share,
            "count": count,
            "base": base,
            "least": least,
            "margin": margin,
        },
    )


def _sentence(tally: Tally, leaf: Threshold, count: Count, base: Count, reached: bool | None) -> Title:
    measure, share = MEASURE_NAMES[leaf.measure or "heads"], share_text(leaf.share)
    of = {**COUNTS, "cast": Title(zh="有效表态", en="of votes cast")}[str(leaf.of)]
    stratum = "" if leaf.stratum is None else tally.decision.strata[leaf.stratum]
    zh, en = (stratum.zh, f" of {stratum.en}") if isinstance(stratum, Title) else ("", "")
    bound = Title(zh=f"须超过 {share}", en=f"more than {share} needed")
    if leaf.more_than is None:
        bound = Title(zh=f"须达 {share}", en=f"{share} needed")
    seen = [("?" if number is None else str(number)) for number in (count, base)]
    begin = Title(
        zh=f"{zh}{measure.zh} {seen[0]}，{of.zh} {seen[1]}，{bound.zh}",
        en=f"{seen[0]} of {seen[1]} {measure.en}{en} {of.en}, {bound.en}",
    )
    if reached is None or base is None or count is None:
        what = "基数为零" if base == 0 else "缺数"
        return Title(zh=f"{begin.zh}：{what}，无法判断", en=f"{begin.en}: not known")
    least = least_of(leaf, base)
    end = Title(zh=f"达到，多 {count - least}", en=f"reached, {count - least} to spare")
    if not reached:
        end = Title(zh=f"未达到，差 {max(0, least - count)}", en=f"not reached, {max(0, least - count)} short")
    return Title(zh=f"{begin.zh}，即至少 {least}：{end.zh}", en=f"{begin.en}: {least} at least; {end.en}")


def _titled(part: Threshold, key: str) -> Title:
    """Return a part's own title, or what its key stands for."""
    return part.title or _TITLES.get(key) or part.name(key)


_TITLES: Mapping[str, Title] = {
    "quorum": Title(zh="参加", en="quorum"),
    "passes": Title(zh="同意", en="majority"),
    **{str(name): title for name, title in MEASURE_NAMES.items()},
}
_REACHED = {
    True: Title(zh="达到", en="reached"),
    False: Title(zh="未达到", en="not reached"),
    None: Title(zh="无法判断", en="not known"),
}
_SAID = {True: "true", False: "false", None: "undetermined"}
_OUTCOMES: dict[Outcome, Title] = {
    "passed": Title(zh="通过", en="passed"),
    "rejected": Title(zh="未通过", en="rejected"),
    "undetermined": Title(zh="无法判定", en="undetermined"),
}
_FLAGS = {
    "no_show": Title(zh="再来一人投反对票反而会通过", en="one more who comes and votes no would make it pass"),
    "abstentions_decide": Title(zh="弃权者决定结果", en="those who abstained decide"),
}
