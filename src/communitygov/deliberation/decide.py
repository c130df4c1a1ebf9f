"""Decide: which matters passed, for any number of them at once, on any kind of frame, in whole numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from communitygov.deliberation.rules import Decision, Threshold
from communitygov.deliberation.tables import COUNTS, column_of, counts_table
from communitygov.deliberation.trees import FAILS, HOLDS, UNKNOWN, Votes, lay_out, only_of, reaches, value
from communitygov.vocabulary.frames import Fault, adopt, check_table
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import narwhals as nw

__all__ = ["Decided", "decide_all"]


@frozen
class Decided:
    """What came of matters: one row for each, and the shares that made it.

    ``frame`` has, in no promised order of rows:

    - ``matter`` (text);
    - ``outcome`` (text): ``passed``, ``rejected``, or ``undetermined`` where what is not known could decide;
    - ``quorum`` and ``passes`` (text): ``true``, ``false`` or ``undetermined``; without a quorum it is ``true``;
    - ``failed`` and ``missing`` (text): the shares that are not reached, and those of which a number is missing (or
      whose register is empty), by comma;
    - ``margin.<measure>`` (Int64, nullable): the smallest change of votes that would turn it. Of a matter that fails:
      how many of this measure would have to turn into yes, where the other measures, if they are needed too, are
      reached as well; 0 where it lacks none of this one. Of one that passes: how many would have to turn into no, all
      else as it is, for it to pass no longer. Null where no such change would do, the quorum is not reached, or a
      number is missing. Abstentions may turn into yes only where no base moves with them;
    - ``quorum_margin.<measure>`` (Int64, nullable): likewise, how many more would have to come for the quorum to be
      reached, or stay away for it not to be;
    - ``no_show`` (flag): rejected only for want of a quorum, and one more who comes and votes *no* would make it pass:
      one head and household, with as much area and as many votes as the quorum lacks of them;
    - ``abstentions_decide`` (flag): it would pass if all who abstained had voted yes, and fail had they voted no.

    Args:
        frame: As above, of the kind that was given.
        key: The columns that name a row.
        outcome: The columns that are the result, for a comparison of two rules.
        because: The columns that say why.
        decision: The rule.
    """

    frame: Any
    key: tuple[str, ...]
    outcome: tuple[str, ...]
    because: tuple[str, ...]
    decision: Decision
    _counts: Any = field(repr=False, eq=False)
    _back: Callable[[Any], Any] = field(repr=False, eq=False)

    @property
    def article(self) -> str:
        """The article that it was judged by."""
        return self.decision.article

    @cached_property
    def parts(self) -> Any:
        """The shares: one row per matter and share; computed when first asked for.

        Columns: ``matter``, ``part`` (its dotted path), ``measure``, ``stratum`` (empty for everybody), ``of`` (what
        the base is), and as Int64, nullable: ``count``, ``base``, ``least`` (the least count that reaches the share)
        and ``margin`` (the count less that; below 0 where it is not reached); ``reached`` (text) like ``quorum``.
        """
        import narwhals as nw

        votes = Votes(self.decision)
        frame = lay_out(votes, _whole_numbers(self.decision, self._counts))
        return self._back(nw.concat([self._part(frame, votes, path, leaf) for path, leaf in self.decision.leaves()]))

    def _part(self, frame: Any, votes: Votes, path: str, leaf: Threshold) -> Any:
        import narwhals as nw

        return frame.select(
            "matter",
            nw.lit(path).alias("part"),
            nw.lit(leaf.measure).alias("measure"),
            nw.lit(leaf.stratum or "").alias("stratum"),
            nw.lit(leaf.of).alias("of"),
            *(votes.of_leaf(path, what).alias(what) for what in ("count", "base", "least")),
            (votes.of_leaf(path, "count") - votes.of_leaf(path, "least")).alias("margin"),
            _said(value(votes, path, leaf)).alias("reached"),
        )


def decide_all(decision: Decision, frame: Any) -> Decided:
    """Decide matters by the counts of their votes.

    Args:
        decision: The rule of all of them.
        frame: One row per matter; the columns of ``counts_table``, such as ``heads.all``, ``area.yes`` or
            ``heads.women.present``, as whole numbers: heads, households, votes, and units of area such as hundredths of
            a square metre. A number that is not known is null. Other columns are let through and left out.

    Returns:
        The outcomes, of the kind of frame given.

    Raises:
        DataError: If the frame does not fit, or its counts cannot all be true, such as more votes than voters.

    Source:
        Civil Code 278 and its like; see ``docs/decisions.md``.

    Example:
        >>> from fractions import Fraction
        >>> import polars as pl
        >>> from communitygov.vocabulary.period import Period
        >>> two_thirds = Threshold(measure="heads", at_least=Fraction(2, 3), of="all")
        >>> half = Threshold(measure="heads", more_than=Fraction(1, 2), of="taking_part")
        >>> rule = Decision(quorum=two_thirds, passes=half, article="278", since=Period.parse("2021"))
        >>> counts = {"matter": ["lift"], "heads.all": [90], "heads.present": [59], "heads.taking_part": [59]}
        >>> votes = pl.DataFrame({**counts, "heads.yes": [59], "heads.no": [0], "heads.abstain": [0]})
        >>> decide_all(rule, votes).frame.select("outcome", "failed", "quorum_margin.heads", "no_show").rows()
        [('rejected', 'quorum', 1, True)]
    """
    counts, back = adopt(frame, counts_table(decision))
    check_table(counts_table(decision), counts, more=list(_disagreements(decision)))
    return Decided(
        frame=back(_outcomes(decision, counts)),
        key=("matter",),
        outcome=("outcome",),
        because=("failed", "missing"),
        decision=decision,
        counts=counts,
        back=back,
    )


def _disagreements(decision: Decision) -> Iterator[Fault]:
    """Yield the fault of counts that cannot all be true; what is missing disagrees with nothing."""
    import narwhals as nw

    for measure, stratum in decision.counted:

        def col(count: str, measure: str = measure, stratum: str | None = stratum) -> nw.Expr:
            return nw.col(column_of(measure, stratum, count))

        given = col("yes").fill_null(0) + col("no").fill_null(0) + col("abstain").fill_null(0)
        wrong = [
            ("taking_part", col("taking_part") > col("all"), "参加表决多于全体", "more take part than there are"),
            ("present", col("present") > col("all"), "到会多于全体", "more are present than there are"),
            ("yes", given > col("taking_part"), "票数多于参加表决", "more votes than there are taking part"),
            ("yes", given > col("all"), "票数多于全体", "more votes than there are"),
        ]
        if stratum is not None and (measure, None) in decision.counted:
            whole = {count: nw.col(column_of(measure, None, count)) for count in COUNTS}
            wrong += [(count, col(count) > whole[count], "多于整体", "more than of everybody") for count in COUNTS]
        for count, mask, zh, en in wrong:
            yield Fault("counts-disagree", column_of(measure, stratum, count), mask, Title(zh=zh, en=en), show=True)


def _whole_numbers(decision: Decision, counts: Any) -> Any:
    import narwhals as nw

    columns = [column.name for column in counts_table(decision).columns[1:]]
    return counts.select("matter", *(nw.col(name).cast(nw.Int64) for name in columns))


def _outcomes(decision: Decision, counts: Any) -> Any:
    import narwhals as nw

    votes = Votes(decision)
    frame = lay_out(votes, _whole_numbers(decision, counts))
    frame = frame.with_columns(
        _quorum(votes).alias("_quorum"), value(votes, "passes", decision.passes).alias("_passes")
    )
    frame = _with_no_show(votes, frame)
    frame = _with_abstentions(votes, frame)
    return frame.select(
        "matter",
        _outcome(nw.min_horizontal("_quorum", "_passes")).alias("outcome"),
        _said(nw.col("_quorum")).alias("quorum"),
        _said(nw.col("_passes")).alias("passes"),
        _listed(votes, FAILS).alias("failed"),
        _listed(votes, UNKNOWN).alias("missing"),
        *_margins(votes),
        "no_show",
        "abstentions_decide",
    )


def _quorum(votes: Votes) -> nw.Expr:
    import narwhals as nw

    quorum = votes.decision.quorum
    return nw.lit(HOLDS) if quorum is None else value(votes, "quorum", quorum)


def _whole(votes: Votes) -> nw.Expr:
    import narwhals as nw

    return nw.min_horizontal(_quorum(votes), value(votes, "passes", votes.decision.passes))


def _outcome(found: nw.Expr) -> nw.Expr:
    return _worded(found, "passed", "rejected")


def _said(found: nw.Expr) -> nw.Expr:
    return _worded(found, "true", "false")


def _worded(found: nw.Expr, holds: str, fails: str) -> nw.Expr:
    import narwhals as nw

    other = nw.when(found == FAILS).then(nw.lit(fails)).otherwise(nw.lit("undetermined"))
    return nw.when(found == HOLDS).then(nw.lit(holds)).otherwise(other)


def _listed(votes: Votes, wanted: int) -> nw.Expr:
    """Return the paths of the leaves that have a value, by comma."""
    import narwhals as nw

    parts = []
    for path, leaf in votes.decision.leaves():
        found = value(votes, path, leaf) == wanted
        parts.append(nw.when(found).then(nw.lit(f"{path},")).otherwise(nw.lit("")))
    return nw.concat_str(parts).str.replace_all(",$", "")


def _margins(votes: Votes) -> Iterator[nw.Expr]:
    import narwhals as nw

    decision = votes.decision
    measures = tuple(dict.fromkeys(measure for measure, _ in decision.counted))
    for measure in measures:
        if only_of(decision.passes, measure) is None:
            continue
        yes = votes.given(measure, None, "yes")
        most = yes + votes.given(measure, None, "no")
        if abstainers_may_turn(decision, measure):
            most = most + votes.given(measure, None, "abstain")
        found = _turned(votes, "passes", measure, yes, most)
        yield nw.when(nw.col("_quorum") == HOLDS).then(found).alias(f"margin.{measure}")
    for measure in measures:
        if decision.quorum is not None and only_of(decision.quorum, measure) is not None:
            came = votes.base(Threshold(measure=measure), decision.quorum_by)
            found = _turned(votes, "quorum", measure, came, votes.given(measure, None, "all"))
            yield found.alias(f"quorum_margin.{measure}")


def abstainers_may_turn(decision: Decision, measure: str) -> bool:
    """Return whether an abstention that turns into a yes leaves every base of a measure as it is.

    Args:
        decision: The rule.
        measure: The measure.
    """
    moves = {"taking_part": ("cast",), "no": (), "absent": ("cast", "taking_part")}[decision.abstention]
    return not any(leaf.measure == measure and leaf.of in moves for _, leaf in decision.passes.leaves("passes"))


def _turned(votes: Votes, name: str, measure: str, count: nw.Expr, most: nw.Expr) -> nw.Expr:
    """Return by how much a count must move for a tree to hold, or to hold no longer; null where it cannot.

    Args:
        votes: The votes.
        name: ``quorum`` or ``passes``.
        measure: The measure.
        count: The count.
        most: How far the count can go up.
    """
    import narwhals as nw

    tree = dict(votes.decision.trees)[name]
    alone = only_of(tree, measure)
    assert alone is not None, "the caller asked whether the tree speaks of the measure"
    found, start, wanted = nw.col(f"_{name}"), reaches(votes, name, tree, measure), reaches(votes, name, alone, measure)
    # Where the count is not known, neither condition is true, and the result is missing.
    lacking = nw.when(wanted > count).then(wanted - count).otherwise(nw.when(wanted <= count).then(nw.lit(0)))
    up = nw.when((found == FAILS) & (wanted <= most)).then(lacking)
    return nw.when((found == HOLDS) & (start > 0)).then(count - start + 1).otherwise(up)


def _with_no_show(votes: Votes, frame: Any) -> Any:
    import narwhals as nw

    decision = votes.decision
    if decision.quorum is None:
        return frame.with_columns(nw.lit(False).alias("no_show"))
    measures = tuple(dict.fromkeys(measure for measure, stratum in decision.counted if stratum is None))
    one = nw.lit(1).cast(nw.Int64)
    steps = {
        measure: one if measure in ("heads", "households") else _lacks(votes, decision.quorum, measure)
        for measure in measures
    }
    frame = frame.with_columns(*(step.alias(f"_{measure}") for measure, step in steps.items()))
    room = [
        votes.given(measure, None, decision.quorum_by) + nw.col(f"_{measure}") <= votes.given(measure, None, "all")
        for measure in measures
    ]

    def come(measure: str, stratum: str | None, count: str) -> nw.Expr:
        plain = votes.given(measure, stratum, count)
        more = stratum is None and count in ("taking_part", "present", "no")
        return plain + nw.col(f"_{measure}") if more else plain

    other, frame = _changed(decision, frame, "come:", come)
    turned = (nw.col("_quorum") == FAILS) & (nw.col("_passes") == HOLDS) & (_whole(other) == HOLDS)
    shows = nw.all_horizontal(turned, *room, ignore_nulls=False)
    return frame.with_columns(nw.when(shows).then(nw.lit(True)).otherwise(nw.lit(False)).alias("no_show"))


def _changed(
    decision: Decision, frame: Any, before: str, change: Callable[[str, str | None, str], nw.Expr]
) -> tuple[Votes, Any]:
    """Return the votes as they would be, and the frame with their columns."""
    counts = [(measure, stratum, count) for measure, stratum in decision.counted for count in COUNTS]
    other = Votes(decision, before)
    frame = frame.with_columns(*(change(*count).alias(before + column_of(*count)) for count in counts))
    return other, lay_out(other, frame)


def _lacks(votes: Votes, quorum: Threshold, measure: str) -> nw.Expr:
    """Return how much the worst share of a measure lacks of the quorum; 0 if it lacks nothing."""
    import narwhals as nw

    lacking = [
        votes.of_leaf(path, "least") - votes.of_leaf(path, "count")
        for path, leaf in quorum.leaves("quorum")
        if leaf.measure == measure and leaf.stratum is None
    ]
    return nw.max_horizontal(nw.lit(0).cast(nw.Int64), *lacking)


def _with_abstentions(votes: Votes, frame: Any) -> Any:
    """Add whether the abstentions, had they all been yes or all no, would decide."""
    import narwhals as nw

    sides = {}
    for into in ("yes", "no"):

        def turned(measure: str, stratum: str | None, count: str, into: str = into) -> nw.Expr:
            plain, abstain = votes.given(measure, stratum, count), votes.given(measure, stratum, "abstain")
            return plain + abstain if count == into else plain - abstain if count == "abstain" else plain

        sides[into], frame = _changed(votes.decision, frame, f"{into}:", turned)
    decides = (_whole(sides["yes"]) == HOLDS) & (_whole(sides["no"]) == FAILS)
    return frame.with_columns(nw.when(decides).then(nw.lit(True)).otherwise(nw.lit(False)).alias("abstentions_decide"))
