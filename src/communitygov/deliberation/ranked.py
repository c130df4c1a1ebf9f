"""Ranked choice and seats: who is elected by ballots that put candidates in an order; needs the extra ``ranked``.

The counting is votelib's, in whole numbers and fractions. What it leaves to whoever calls it, or decides without a
word, is done here: who goes out last is asked of the rule, and of the pile of exhausted ballots never; a tie that the
rule does not settle leaves the outcome open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal

from attrs import frozen

from communitygov.deliberation.budget_rules import TieBreak, asked_for, chain_of, check_orders
from communitygov.documents.rule import Finding, Rule, hold_to_itself, rule, term
from communitygov.vocabulary.errors import MissingExtra
from communitygov.vocabulary.faults import read_columns
from communitygov.vocabulary.frames import Column, Table, adopt, check_table, in_kind_of
from communitygov.vocabulary.text import Title

__all__ = ["SPOILT", "RankedChoice", "RankedRule", "count_ranked", "read_ranked"]

SPOILT: dict[str, Title] = {
    "unknown_candidate": Title(zh="所列候选人不存在", en="names a candidate that there is none of"),
    "candidate_twice": Title(zh="同一候选人列出两次", en="names a candidate twice"),
    "rank_twice": Title(
        zh="同一名次有两行：投了两票，或两人并列", en="has a rank twice: two ballots, or two at one rank"
    ),
    "rank_skipped": Title(zh="名次不从 1 起连续", en="has ranks that do not run from 1 without a gap"),
}
"""Why a ballot does not count, for people."""

Ballot = tuple[int, ...]
"""Candidates by their place in the frame, the first preference first."""


@rule
class RankedRule(Rule):
    """How candidates are elected by ranked ballots.

    A ballot may rank some candidates only. Under ``instant_runoff`` and ``single_transferable_vote`` it leaves the
    count once all that it ranks are elected or out; ``schulze`` and ``borda`` put whom it does not rank below those
    that it does.

    Args:
        method: ``instant_runoff``: until one candidate has more than half of the ballots that still count, the last
            goes out, and those ballots pass to whom they rank next. ``single_transferable_vote``: who reaches the quota
            is elected, and of every ballot of theirs the share that was not needed passes on; where nobody reaches it
            the last goes out; when as many are left as there are seats, they are elected. ``schulze``: of each two, who
            has the stronger path of majorities goes first, a path being as strong as the fewest votes on its way.
            ``borda``: by points.
        seats: How many are elected.
        quota: Of ``single_transferable_vote``, out of all ballots that count at first: ``droop``, the least whole
            number that no more than the seats can reach, or ``hare``, the ballots divided by the seats.
        last_place: Of ``borda``: the points of the last of all candidates; each place above has one more, and who is
            not ranked has none.
        tie_break: Columns of the candidates that order those who are equal. Never identifiers. Where they do not settle
            it, the outcome is undetermined.
    """

    method: Literal["instant_runoff", "single_transferable_vote", "schulze", "borda"] = term("方法", "Method")
    seats: int = term("席位", "Seats", at_least=1)
    quota: Literal["droop", "hare"] | None = term("当选基数", "Quota", default=None)
    last_place: int | None = term("末位分值", "Points of the last place", default=None, at_least=0)
    tie_break: Mapping[str, TieBreak] = term("同票次序", "Tie-break", default={})

    @cached_property
    def candidates_table(self) -> Table:
        """The columns of the candidates: one row for each."""
        columns = [Column("candidate", "text", Title(zh="候选人", en="candidate"))]
        columns += [Column(name, "number", one.name(name)) for name, one in self.tie_break.items()]
        return Table(Title(zh="候选人", en="candidates"), tuple(columns), ("candidate",), open=True)

    def check(self) -> Iterator[Finding]:
        """Yield every promise of the rule that does not hold."""
        yield from super().check()
        many = self.method == "single_transferable_vote"
        yield from asked_for(("quota",), self.quota is not None, many, "method: single_transferable_vote")
        yield from asked_for(("last_place",), self.last_place is not None, self.method == "borda", "method: borda")
        yield from check_orders("tie_break", self.tie_break)
        if self.method == "instant_runoff" and self.seats > 1:
            zh, en = "多席请用 single_transferable_vote", "several seats need `single_transferable_vote`"
            yield Finding(("seats",), "one-seat", zh, en, also=(("method",),))
        if "candidate" in self.tie_break:
            zh, en = "不得按 `candidate` 排定同票次序", "`candidate` never breaks a tie"
            yield Finding(("tie_break", "candidate"), "tie-break-by-name", zh, en)


BALLOTS = Table(
    Title(zh="排序选票", en="ranked ballots"),
    (
        Column("voter", "text", Title(zh="投票人", en="voter")),
        Column("rank", "whole", Title(zh="名次", en="rank"), minimum=Fraction(1)),
        Column("candidate", "text", Title(zh="候选人", en="candidate")),
    ),
    ("voter", "rank"),
    open=True,
    unique=False,
)
"""The columns of the ballots: one row per voter and candidate ranked."""


@frozen
class RankedChoice:
    """Who is elected.

    ``frame`` has one row per candidate, in the order given: ``candidate``, ``first`` (Int64: the ballots that rank it
    first) and ``outcome`` (text): ``elected``, ``not_elected``, or ``open`` where a tie that is not settled decides.

    Args:
        frame: As above, of the kind of the candidates' frame.
        spoilt: One row per ballot that does not count and reason, of the same kind: ``voter``, ``reason`` (``SPOILT``).
        outcome: ``decided`` or ``undetermined``.
        elected: Who is elected whatever the tie comes to, in the order of the frame.
        tied: Between whom the tie is that would have to be settled next, likewise; nobody if it is decided.
        counted: How many ballots count.
    """

    frame: Any
    spoilt: Any
    outcome: Literal["decided", "undetermined"]
    elected: tuple[str, ...]
    tied: tuple[str, ...]
    counted: int


@frozen
class RankedVotes:
    """What was voted, checked.

    Args:
        names: The candidates.
        keys: What breaks their ties: the lower goes first.
        ballots: The ballots that count.
        spoilt: Voters whose ballot does not, each with every reason.
    """

    names: tuple[str, ...]
    keys: tuple[tuple[Fraction, ...], ...]
    ballots: tuple[Ballot, ...]
    spoilt: tuple[tuple[str, str], ...]


def read_ranked(rule: RankedRule, candidates: Any, ballots: Any) -> tuple[RankedVotes, Callable[[Any], Any]]:
    """Return what was voted, and the way from a Polars frame to one of the candidates' kind.

    Args:
        rule: The rule.
        candidates: As ``count_ranked`` takes them.
        ballots: Likewise.

    Raises:
        DocumentError: If a rule that was made in Python breaks one of its own promises.
        DataError: If a frame does not fit the rule.
    """
    hold_to_itself(rule)
    frame, back = adopt(candidates, rule.candidates_table)
    cast, _ = adopt(ballots, BALLOTS)
    check_table(rule.candidates_table, frame)
    check_table(BALLOTS, cast)
    columns = read_columns(frame.select(*(column.name for column in rule.candidates_table.columns)))
    places = {name: place for place, name in enumerate(columns["candidate"])}
    chain = [
        [-Fraction(v) if higher else Fraction(v) for v in columns[name]] for name, higher in chain_of(rule.tie_break)
    ]
    rows: dict[str, list[tuple[int, str]]] = {}
    given = read_columns(cast.select("voter", "rank", "candidate"))
    for voter, rank, name in zip(given["voter"], given["rank"], given["candidate"], strict=True):
        rows.setdefault(voter, []).append((rank, name))
    why = {voter: tuple(_spoilt(ranked, places)) for voter, ranked in rows.items()}
    votes = RankedVotes(
        tuple(places),
        tuple(zip(*chain, strict=True)) if chain else ((),) * len(places),
        tuple(tuple(places[name] for _, name in sorted(ranked)) for voter, ranked in rows.items() if not why[voter]),
        tuple((voter, reason) for voter, reasons in sorted(why.items()) for reason in reasons),
    )
    return votes, lambda table: back(in_kind_of(frame, table))


def _spoilt(ranked: Sequence[tuple[int, str]], places: Mapping[str, int]) -> Iterator[str]:
    ranks, named = {rank for rank, _ in ranked}, [name for _, name in ranked]
    if not set(named) <= set(places):
        yield "unknown_candidate"
    if len(set(named)) < len(named):
        yield "candidate_twice"
    if len(ranks) < len(ranked):
        yield "rank_twice"
    if max(ranks) > len(ranks):
        yield "rank_skipped"


def count_ranked(rule: RankedRule, candidates: Any, ballots: Any) -> RankedChoice:
    """Count ranked ballots.

    Args:
        rule: The rule.
        candidates: One row per candidate: ``candidate``, and the columns that break ties. If there are no more of them
            than seats, all are elected.
        ballots: One row per voter and candidate ranked: ``voter``, ``rank`` (whole, from 1) and ``candidate``. A ballot
            with a fault is set aside and listed; it counts nowhere, not for a quota either.

    Raises:
        DocumentError: If a rule that was made in Python breaks one of its own promises.
        DataError: If a frame does not fit the rule.
        MissingExtra: If votelib is not installed.

    Source:
        votelib by Jan Simbera; surpluses by the weighted inclusive Gregory method; Schulze, 2011.

    Example:
        >>> import polars as pl
        >>> votes = {"ann": "abc", "bob": "abc", "cyd": "bca", "dan": "cba", "eve": "cba"}
        >>> rows = [(voter, n, name) for voter, ballot in votes.items() for n, name in enumerate(ballot, 1)]
        >>> ballots = pl.DataFrame(rows, schema=["voter", "rank", "candidate"], orient="row")
        >>> rule = RankedRule(method="instant_runoff", seats=1)
        >>> count_ranked(rule, pl.DataFrame({"candidate": ["a", "b", "c"]}), ballots).elected
        ('c',)
    """
    votes, back = read_ranked(rule, candidates, ballots)
    many = len(votes.names)
    if many <= rule.seats:
        elected, open_, tied = set(range(many)), set[int](), set[int]()
    elif rule.method in ("instant_runoff", "single_transferable_vote"):
        elected, open_, tied = _in_rounds(rule, votes)
    else:
        elected, open_, tied = _by_pairs(
            rule, votes, _schulze(votes) if rule.method == "schulze" else _borda(rule, votes)
        )
    import polars as pl

    firsts = [ballot[0] for ballot in votes.ballots]
    said = ["elected" if one in elected else "open" if one in open_ else "not_elected" for one in range(many)]
    frame = pl.DataFrame(
        {"candidate": votes.names, "first": [firsts.count(one) for one in range(many)], "outcome": said},
        schema={"candidate": pl.String, "first": pl.Int64, "outcome": pl.String},
    )
    spoilt = pl.DataFrame(votes.spoilt, schema={"voter": pl.String, "reason": pl.String}, orient="row")
    return RankedChoice(
        frame=back(frame),
        spoilt=back(spoilt),
        outcome="undetermined" if tied else "decided",
        elected=tuple(votes.names[one] for one in sorted(elected)),
        tied=tuple(votes.names[one] for one in sorted(tied)),
        counted=len(votes.ballots),
    )


Result = tuple[set[int], set[int], set[int]]
"""Who is elected, of whom it is open, and who of those is tied."""


def _votelib(module: str) -> Any:
    from importlib import import_module

    try:
        return import_module(f"votelib.{module}")
    except ImportError:
        raise MissingExtra.named("ranked", "votelib") from None


def _together(votes: RankedVotes) -> dict[Ballot, int]:
    """Return how many ballots say the same. One that ranks all is there even if nobody cast it: so all are known."""
    found = {tuple(range(len(votes.names))): 0}
    for ballot in votes.ballots:
        found[ballot] = found.get(ballot, 0) + 1
    return found


class _Tied(Exception):
    """The last are tied, and the rule does not say who goes out."""


class _Last:
    """Keeps all but who goes out next. votelib's own choice takes the pile of exhausted ballots for a candidate.

    Args:
        alone: Whether one candidate is elected, by more than half.
        keys: What breaks ties.
    """

    def __init__(self, alone: bool, keys: Sequence[tuple[Fraction, ...]]) -> None:
        self.alone, self.keys, self.room = alone, keys, 1

    def evaluate(self, votes: Mapping[int, Fraction]) -> list[int]:
        """Return who stays."""
        best = max(votes, key=lambda one: votes[one])
        if self.alone and 2 * votes[best] > sum(votes.values()):
            return [best]
        least = min(votes.values())
        level = [one for one in votes if votes[one] == least]
        out = [one for one in level if self.keys[one] == max(self.keys[other] for other in level)]
        stay = [one for one in votes if one not in out]
        # Several go out at once where the order of their going changes nothing.
        passed_on = least * len(out)
        idle = len(stay) >= self.room and (least == 0 or (self.alone and all(passed_on < votes[one] for one in stay)))
        if len(out) > 1 and not idle:
            raise _Tied(*out)
        return stay


def _in_rounds(rule: RankedRule, votes: RankedVotes) -> Result:
    sequential, transfer = _votelib("evaluate.sequential"), _votelib("component.transfer")
    last = _Last(rule.method == "instant_runoff", votes.keys)
    passing = transfer.Gregory()
    counting = sequential.TransferableVoteDistributor(passing, retainer=last, quota_function=rule.quota)
    piles = sequential.initial_allocation(_together(votes), passing)
    seats: dict[int, int] = {}
    once = dict.fromkeys(range(len(votes.names)), 1)
    while len(seats) < rule.seats:
        last.room = rule.seats - len(seats)
        try:
            piles, gained = counting.next_count(piles, rule.seats, len(votes.ballots), seats, once)
        except _Tied as tied:
            return set(seats), {one for one in piles if one is not None}, set(tied.args)
        seats |= gained
    return set(seats), set(), set()


Ahead = Callable[[int, int], bool]
"""Whether one candidate goes before another."""


def _schulze(votes: RankedVotes) -> Ahead:
    over = _votelib("convert").RankedToCondorcetVotes().convert(_together(votes))
    paths = _votelib("evaluate.condorcet").Schulze.widest_paths(over)
    return lambda one, other: bool(paths.get((one, other), 0) > paths.get((other, one), 0))


def _borda(rule: RankedRule, votes: RankedVotes) -> Ahead:
    points = _votelib("component.rankscore").Borda(rule.last_place)
    sums = _votelib("convert").RankedToPositionalVotes(points).convert(_together(votes))
    return lambda one, other: bool(sums[one] > sums[other])


def _by_pairs(rule: RankedRule, votes: RankedVotes, ahead: Ahead) -> Result:
    """Elect whom nobody goes before, as long as there are seats. votelib counts wins, and so hides ties of paths."""
    left, elected = set(range(len(votes.names))), set[int]()
    while len(elected) < rule.seats:
        room = rule.seats - len(elected)
        best = {one for one in left if not any(ahead(other, one) for other in left)}
        if len(best) > room:
            first = min(votes.keys[one] for one in best)
            best = {one for one in best if votes.keys[one] == first}
        if len(best) > room:
            return elected, best, best
        elected |= best
        left -= best
    return elected, set(), set()
