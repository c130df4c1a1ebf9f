"""Why a matter passed or did not: the same rule followed slowly, from rows, in fractions. The oracle of ``decide``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from communitygov.deliberation.rules import Decision, Threshold
from communitygov.deliberation.tables import COUNTS, MEASURE_NAMES
from communitygov.deliberation.tally import (
    Count,
    Outcome,
    Tally,
    Voter,
    flags_of,
    least_of,
    margins_of,
    tally_of,
    voters_of,
)
from communitygov.vocabulary.numbers import share_text
from communitygov.vocabulary.steps import Steps
from communitygov.vocabulary.text import Title

__all__ = ["explain"]


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
    people, homes = voters_of(decision, _rows(register, matter), _rows(ballots, matter))
    return _tree(decision, people, homes)


def _rows(frame: Any, matter: str | None) -> list[dict[str, Any]]:
    import narwhals as nw

    taken = nw.from_native(frame)
    rows = (taken.collect() if isinstance(taken, nw.LazyFrame) else taken).rows(named=True)
    return [row for row in rows if matter is None or row["matter"] == matter]


def _tree(decision: Decision, people: Sequence[Voter], homes: Sequence[Voter]) -> Steps:
    tally = tally_of(decision, people, homes)
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
        title=tree.name(key),
        value=_SAID[holds],
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
    return Steps(
        key=key,
        title=leaf.name(key),
        value=_SAID[tally.reached(name, leaf)],
        text=_sentence(tally, leaf, count, base, tally.reached(name, leaf)),
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
