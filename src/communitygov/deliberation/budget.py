"""Share a budget among projects by the residents' votes: frames in, frames out."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from attrs import frozen

from communitygov.deliberation.budget_greedy import Allotment, Candidates, barred, fund_in_order
from communitygov.deliberation.budget_rules import BudgetRule
from communitygov.deliberation.budget_shares import Electorate, equal_shares
from communitygov.documents.rule import hold_to_itself
from communitygov.vocabulary.errors import DataError
from communitygov.vocabulary.faults import read_columns
from communitygov.vocabulary.frames import Fault, adopt, check_table, in_kind_of
from communitygov.vocabulary.numbers import to_units
from communitygov.vocabulary.problem import Problem, did_you_mean
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["SharedBudget", "check_votes", "share_budget"]


@frozen
class SharedBudget:
    """Who is funded, with how much, and why the others are not.

    ``frame`` has one row per project, in the order given:

    - ``project`` (text), ``cost`` (Int64): as they came, in units of the last place;
    - ``votes`` (Int64): its ballots, or the sum of their points;
    - ``order`` (Int64, nullable): 1 and the number of projects with enough votes that are ahead by votes and
      tie-break; equal for the tied; null with too few votes;
    - ``funded`` (flag), ``amount`` (Int64): its money, in units; 0 if it is not funded;
    - ``source`` (text, nullable): ``budget`` or the other source that pays;
    - ``reason`` (text): ``funded``, ``part_funded``; or ``too_few_votes``, ``conflict`` (one that it excludes is
      funded), ``ceiling`` (over that of its category), ``does_not_fit`` (costs more than was left), ``stopped``
      (sharing had stopped before it), ``tie``, ``supporters_cannot_pay`` (equal shares).

    ``ties`` has one row per tie and project tied: ``tie`` (Int64, in the order met), ``source`` (whose money was
    shared), ``project``, ``settled`` (``tie_break``; ``no_matter``: their order changes nothing; ``none_funded``).
    It lists every tie met, whether it mattered or not; with ``add_one`` those of the run that counts.

    Args:
        frame: As above, of the kind of the projects' frame.
        ties: As above, of the same kind.
        key: The columns that name a row.
        outcome: The columns that are the result, for a comparison of two rules.
        because: The columns that say why.
        spent: What is paid out of the budget, in units; never more than the budget.
        rest: What is left of the budget, in units.
        still_fits: Projects that are not funded though they have enough votes, exclude no funded one, are under their
            ceilings and cost no more than the rest: where there are any, the money is not exhausted.
        raised: By how many units ``add_one`` raised each voter's share; 0 without it.
    """

    frame: Any
    ties: Any
    key: tuple[str, ...]
    outcome: tuple[str, ...]
    because: tuple[str, ...]
    spent: int
    rest: int
    still_fits: tuple[str, ...]
    raised: int


def share_budget(rule: BudgetRule, projects: Any, ballots: Any) -> SharedBudget:
    """Share a budget among projects.

    Args:
        rule: The rule.
        projects: One row per project; columns ``rule.projects_table``: ``project``, ``cost`` (whole numbers of units
            of the last place, or a float or decimal taken at its value, in the currency's unit), ``category`` if the
            rule has ceilings (several parted by commas; the project counts in full in each), the columns that break
            ties. Other columns are let through and left out.
        ballots: One row per voter and project named; columns ``rule.ballots_table``: ``voter``, ``project`` (null on
            a blank ballot), ``points`` (whole, 0 or more) if points are counted.

    Returns:
        The result, its frames of the kind of ``projects``.

    Raises:
        DocumentError: If a rule that was made in Python breaks one of its own promises.
        DataError: If a frame does not fit the rule; if a ballot or a conflict names a project that there is none of; if
            a tie decides who is funded and the rule refuses ties.

    Source:
        The rules by which Polish, Dutch and other cities share their citizens' budgets, as pabulib.org records them;
        equal shares by Peters, Pierczynski and Skowron, 2021.

    Example:
        >>> from fractions import Fraction
        >>> import polars as pl
        >>> rule = BudgetRule(
        ...     budget=Fraction(100),
        ...     decimals=0,
        ...     method="greedy",
        ...     counted="ballots",
        ...     least_votes=1,
        ...     not_fitting="skip",
        ...     ties="refuse",
        ... )
        >>> projects = pl.DataFrame({"project": ["lamp", "lift", "tree"], "cost": [60, 70, 30]})
        >>> ballots = pl.DataFrame(
        ...     {"voter": ["a", "a", "b", "c", "c"], "project": ["lamp", "lift", "lamp", "lift", "lamp"]}
        ... )
        >>> shared = share_budget(rule, projects, ballots)
        >>> shared.frame.select("project", "votes", "funded", "reason").rows()
        [('lamp', 3, True, 'funded'), ('lift', 2, False, 'does_not_fit'), ('tree', 0, False, 'too_few_votes')]
        >>> shared.rest
        40
    """
    frame, back = adopt(projects, rule.projects_table)
    columns, votes, electorate = check_votes(rule, projects, ballots)
    all_ = _candidates(rule, columns, votes)
    eligible = [one for one, count in enumerate(all_.votes) if count >= rule.least_votes]
    budget = rule.units(rule.budget)
    state, raised = Allotment(), 0
    if electorate is not None:
        state, raised = equal_shares(rule, all_, eligible, electorate, budget)
    state.room.update({name: rule.units(one.amount) for name, one in rule.ceilings.items()})
    left = budget - sum(state.amounts.values())
    completed = rule.equal_shares is not None and rule.equal_shares.completion == "greedy"
    if electorate is None or completed:
        waiting = [one for one in eligible if one not in state.amounts]
        left = fund_in_order(rule, all_, waiting, state, left, "budget")
    for name, purse in rule.sources:
        waiting = [one for one in eligible if one not in state.amounts]
        fund_in_order(rule, all_, waiting, state, purse, name)
    result = _table(_rows(all_, eligible, state), _RESULT)
    ties = [
        (number, tie.source, all_.names[one], how)
        for number, tie in enumerate(state.ties, 1)
        for one, how in zip(tie.projects, tie.settled, strict=True)
    ]
    return SharedBudget(
        frame=back(in_kind_of(frame, result)),
        ties=back(in_kind_of(frame, _table(ties, _TIES))),
        key=("project",),
        outcome=("funded", "amount"),
        because=("reason",),
        spent=budget - left,
        rest=left,
        still_fits=_still_fit(rule, all_, eligible, state, left),
        raised=raised,
    )


_RESULT = {
    "project": "text", "cost": "whole", "votes": "whole", "order": "whole", "funded": "flag", "amount": "whole",
    "source": "text", "reason": "text",
}  # fmt: skip
_TIES = {"tie": "whole", "source": "text", "project": "text", "settled": "text"}


def _table(rows: Sequence[tuple[object, ...]], kinds: dict[str, str]) -> pl.DataFrame:
    import polars as pl

    dtypes = {"text": pl.String, "whole": pl.Int64, "flag": pl.Boolean}
    return pl.DataFrame(rows, schema={name: dtypes[kind] for name, kind in kinds.items()}, orient="row")


def check_votes(
    rule: BudgetRule, projects: Any, ballots: Any
) -> tuple[dict[str, list[Any]], dict[str, int], Electorate | None]:
    """Refuse projects and ballots that do not fit the rule.

    Args:
        rule: The rule.
        projects: As for ``share_budget``.
        ballots: As there.

    Returns:
        The columns of the projects, costs in units; the votes of those named; and for equal shares the voters.

    Raises:
        DocumentError: If a rule that was made in Python breaks one of its own promises.
        DataError: If a frame does not fit the rule.
    """
    hold_to_itself(rule)
    columns = _read_projects(rule, adopt(projects, rule.projects_table)[0])
    return columns, *_count(rule, ballots, columns["project"])


def _read_projects(rule: BudgetRule, frame: Any) -> dict[str, list[Any]]:
    """Return the columns of the projects, costs in units; refuse what does not fit the rule."""
    import narwhals as nw

    free = Title(zh="费用须大于 0", en="a cost is above 0")
    check_table(
        rule.projects_table,
        frame,
        more=[Fault("below-scale", "cost", nw.col("cost") <= 0, free, show=True, reads=("cost",))],
    )
    columns = read_columns(frame.select(*(column.name for column in rule.projects_table.columns)))
    columns["cost"] = [
        value if isinstance(value, int) else to_units(Fraction(value), rule.decimals) for value in columns["cost"]
    ]
    named = sorted({name for one in rule.conflicts.values() for name in one.projects})
    _known(named, columns["project"], Title(zh="互斥", en="a conflict"))
    return columns


def _known(named: Sequence[str], projects: Sequence[str], by: Title) -> None:
    known = set(projects)
    problems = []
    for name in named:
        if name not in known:
            hint = did_you_mean(name, known)
            said = Title(
                zh=f"{by.zh}中的项目 `{name}` 不存在{hint.zh}", en=f"{by.en} names `{name}`, no project{hint.en}"
            )
            problems.append(Problem("unknown-project", said, path="project"))
    if problems:
        raise DataError(problems)


def _count(rule: BudgetRule, ballots: Any, projects: Sequence[str]) -> tuple[dict[str, int], Electorate | None]:
    """Return each project's votes, by one aggregate, and for equal shares the voters."""
    import narwhals as nw

    frame, _ = adopt(ballots, rule.ballots_table)
    named, more, tally = ~nw.col("project").is_null(), [], nw.len()
    if rule.counted == "points":
        absent = Title(zh="缺少分值", en="no points")
        mask = named & nw.col("points").is_null()
        more, tally = [Fault("missing-value", "points", mask, absent)], nw.col("points").cast(nw.Int64).sum()
    check_table(rule.ballots_table, frame, more=more)
    counts = read_columns(frame.filter(named).group_by("project").agg(tally.alias("votes")))
    _known(sorted(counts["project"]), projects, Title(zh="选票", en="a ballot"))
    votes = {name: int(count) for name, count in zip(counts["project"], counts["votes"], strict=True)}
    if rule.equal_shares is None:
        return votes, None
    rows, place = read_columns(frame.select("voter", "project")), {name: one for one, name in enumerate(projects)}
    chosen: dict[str, list[int]] = {}
    for voter, name in zip(rows["voter"], rows["project"], strict=True):
        mine = chosen.setdefault(voter, [])
        if name is not None:
            mine.append(place[name])
    alike = (tuple(sorted(mine)) for mine in chosen.values() if mine)
    return votes, Electorate.of(len(chosen), alike, len(projects))


def _candidates(rule: BudgetRule, columns: dict[str, list[Any]], votes: dict[str, int]) -> Candidates:
    names = columns["project"]
    signed = [
        [-Fraction(value) if higher else Fraction(value) for value in columns[name]] for name, higher in rule.chain
    ]
    categories = columns.get("category", [None] * len(names))
    return Candidates(
        names=tuple(names),
        costs=tuple(columns["cost"]),
        votes=tuple(votes.get(name, 0) for name in names),
        keys=tuple(zip(*signed, strict=True)) if signed else ((),) * len(names),
        categories=tuple(tuple(dict.fromkeys(part.strip() for part in (text or "").split(","))) for text in categories),
    )


def _rows(all_: Candidates, eligible: Sequence[int], state: Allotment) -> list[tuple[object, ...]]:
    ranks: dict[int, int] = {}
    ordered = sorted(eligible, key=lambda one: (-all_.votes[one], all_.keys[one]))
    for ahead, one in enumerate(ordered):
        before = ordered[ahead - 1] if ahead else None
        level = before is not None and all_.votes[before] == all_.votes[one] and all_.keys[before] == all_.keys[one]
        ranks[one] = ranks[before] if level and before is not None else ahead + 1
    return [
        (
            all_.names[one],
            all_.costs[one],
            all_.votes[one],
            ranks.get(one),
            one in state.amounts,
            state.amounts.get(one, 0),
            state.sources.get(one),
            state.reasons.get(one, "supporters_cannot_pay") if one in ranks else "too_few_votes",
        )
        for one in range(len(all_.names))
    ]


def _still_fit(
    rule: BudgetRule, all_: Candidates, eligible: Sequence[int], state: Allotment, left: int
) -> tuple[str, ...]:
    waiting = (one for one in eligible if one not in state.amounts and all_.costs[one] <= left)
    return tuple(all_.names[one] for one in waiting if barred(rule, all_, one, state) is None)
