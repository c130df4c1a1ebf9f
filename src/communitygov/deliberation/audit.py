"""Audit: outcomes as they were announced, held against what register, ballots and rule come to."""

from __future__ import annotations

from typing import Any

from communitygov.deliberation.decide import Decided
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.faults import read_columns
from communitygov.vocabulary.frames import Column, Fault, Table, adopt, check_table, in_kind_of
from communitygov.vocabulary.text import Title

__all__ = ["ANNOUNCED", "audit"]

ANNOUNCED = Table(
    Title(zh="公布的结果", en="announced outcomes"),
    (
        Column("matter", "text", Title(zh="议题", en="matter")),
        Column("outcome", "text", Title(zh="结果", en="outcome that was announced")),
        Column("digest", "text", Title(zh="规则摘要", en="digest of the rule"), required=False, nullable=True),
    ),
    ("matter",),
    open=True,
)
"""One row per matter: ``matter``, ``outcome``, and perhaps the digest of the rule in force at the first vote."""

_OUTCOMES = ("passed", "rejected", "undetermined")


def audit(decided: Decided, announced: Any) -> Any:
    """List every matter whose announced outcome is not what its votes come to.

    Args:
        decided: What ``decide_all`` gives: the outcomes computed anew.
        announced: The outcomes as they were announced, as ``ANNOUNCED`` declares them. Where ``digest`` is given, it is
            that of the rule by which people began to vote: a rule may not change after the first vote.

    Returns:
        One row per difference, of the kind of ``announced``, in the order of matters: ``matter``, ``announced`` and
        ``computed`` (text, null where there is none) and ``why`` (``other_outcome``, ``not_announced``, ``no_votes`` or
        ``other_rule``). Nothing, if all is as it was announced.

    Raises:
        DataError: If the frame does not fit, or an outcome is none.
        UsageError: If there are digests, and the rule was made in Python and has none to compare.

    Example:
        >>> from fractions import Fraction
        >>> import polars as pl
        >>> from communitygov.deliberation.decide import decide_all
        >>> from communitygov.deliberation.rules import Decision, Threshold
        >>> from communitygov.vocabulary.period import Period
        >>> half = Threshold(measure="heads", more_than=Fraction(1, 2), of="all")
        >>> rule = Decision(passes=half, article="1", since=Period.parse("2021"))
        >>> votes = {"all": 3, "present": 2, "taking_part": 2, "yes": 1, "no": 1, "abstain": 0}
        >>> counts = pl.DataFrame({"matter": ["lift"], **{f"heads.{name}": [n] for name, n in votes.items()}})
        >>> audit(decide_all(rule, counts), pl.DataFrame({"matter": ["lift"], "outcome": ["passed"]})).rows()
        [('lift', 'passed', 'rejected', 'other_outcome')]
    """
    import narwhals as nw
    import polars as pl

    frame, back = adopt(announced, ANNOUNCED)
    title = Title(
        zh="不是结果；须为 passed、rejected、undetermined", en="is no outcome: passed, rejected or undetermined"
    )
    check_table(
        ANNOUNCED, frame, more=[Fault("unknown-outcome", "outcome", ~nw.col("outcome").is_in(_OUTCOMES), title, True)]
    )
    said = read_columns(frame)
    digests = said.get("digest", [None] * len(said["matter"]))
    told = dict(zip(said["matter"], zip(said["outcome"], digests, strict=True), strict=True))
    columns = read_columns(adopt(decided.frame)[0].select("matter", "outcome"))
    found = dict(zip(columns["matter"], columns["outcome"], strict=True))
    now = None if decided.decision.node is None else decided.decision.node.digest
    if now is None and any(digest is not None for digest in digests):
        zh = "公布的结果有规则摘要，而规则不是由文件读入，无从比较"
        en = "outcomes have the digest of a rule that was made in Python, and has none; read it from a document"
        raise UsageError.because("no-digest", zh=zh, en=en)
    rows = []
    for matter in sorted({*told, *found}):
        outcome, digest = told.get(matter, (None, None))
        computed = found.get(matter)
        if digest is not None and digest != now:
            rows.append((matter, outcome, computed, "other_rule"))
        if outcome != computed:
            why = "not_announced" if outcome is None else "no_votes" if computed is None else "other_outcome"
            rows.append((matter, outcome, computed, why))
    kinds = dict.fromkeys(["matter", "announced", "computed", "why"], pl.String)
    return back(in_kind_of(frame, pl.DataFrame(rows, schema=kinds, orient="row")))
