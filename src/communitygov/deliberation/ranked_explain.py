"""Why somebody is elected by ranked ballots, or not: the count done slowly, ballot by ballot. The oracle of votelib."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from attrs import define, field

from communitygov.deliberation.ranked import RankedRule, RankedVotes, read_ranked
from communitygov.vocabulary.steps import Steps
from communitygov.vocabulary.text import Title

__all__ = ["explain_ranked"]

Facts = dict[str, Fraction | int | float | str | bool | None]


@define
class _Count:
    """The count so far."""

    rule: RankedRule
    votes: RankedVotes
    standing: list[int]
    elected: list[int] = field(factory=list)
    tied: list[int] = field(factory=list)
    steps: list[Steps] = field(factory=list)

    @property
    def room(self) -> int:
        return self.rule.seats - len(self.elected)

    def named(self, some: list[int]) -> str:
        return ", ".join(self.votes.names[one] for one in some)

    def elect(self, some: list[int]) -> None:
        self.elected += some
        self.drop(some)

    def drop(self, some: list[int]) -> None:
        self.standing = [one for one in self.standing if one not in some]


def explain_ranked(rule: RankedRule, candidates: Any, ballots: Any) -> Steps:
    """Explain who is elected by ranked ballots; needs no extra.

    Args:
        rule: The rule.
        candidates: As for ``count_ranked``.
        ballots: Likewise.

    Returns:
        A tree whose value is ``decided`` or ``undetermined``, with the elected and the tied among its facts, by comma.
        Below, one step per round (``round 1`` ...), its facts the votes of each candidate still in the count
        (``votes.<candidate>``), the ``exhausted`` and the ``quota``; or, by points and paths, one per candidate, its
        value the points, or its facts the strength of the strongest path to each other (``path.<candidate>``), and
        ``tie`` where the declared order settled one.

    Raises:
        DocumentError: If a rule that was made in Python breaks one of its own promises.
        DataError: If a frame does not fit the rule.

    Source:
        As ``count_ranked``.

    Example:
        >>> import polars as pl
        >>> votes = {"ann": "abc", "bob": "abc", "cyd": "bca", "dan": "cba", "eve": "cba"}
        >>> rows = [(voter, n, name) for voter, ballot in votes.items() for n, name in enumerate(ballot, 1)]
        >>> ballots = pl.DataFrame(rows, schema=["voter", "rank", "candidate"], orient="row")
        >>> rule = RankedRule(method="instant_runoff", seats=1)
        >>> for step in explain_ranked(rule, pl.DataFrame({"candidate": ["a", "b", "c"]}), ballots).children:
        ...     print(step.text.en)
        a 2, b 1, c 2; last, and out: b
        a 2, c 3; elected with more than half: c
    """
    votes, _ = read_ranked(rule, candidates, ballots)
    count = _Count(rule, votes, list(range(len(votes.names))))
    if len(votes.names) <= rule.seats:
        count.elect(list(count.standing))
    elif rule.method == "borda":
        _by_points(count)
    elif rule.method == "schulze":
        _by_paths(count)
    else:
        _in_rounds(count)
    elected, tied = count.named(sorted(count.elected)), count.named(sorted(count.tied))
    zh, en = f"当选：{elected or '无'}", f"elected: {elected or 'nobody'}"
    if tied:
        zh, en = (
            f"{zh}；{tied} 同票，规则未定次序：无法判定",
            f"{en}; {tied} are tied, and no order is declared: undetermined",
        )
    return Steps(
        "ranked",
        rule.name("ranked"),
        "undetermined" if tied else "decided",
        text=Title(zh=zh, en=en),
        clause=rule.clause,
        children=count.steps,
        facts={"elected": elected, "tied": tied, "counted": len(votes.ballots)},
    )


def _in_rounds(count: _Count) -> None:
    alone, seats, names = count.rule.method == "instant_runoff", count.rule.seats, count.votes.names
    purses = [Fraction(1) for _ in count.votes.ballots]
    quota = Fraction(len(purses), seats) if count.rule.quota == "hare" else Fraction(len(purses) // (seats + 1) + 1)
    while count.room and not count.tied:
        held: dict[int, list[int]] = {one: [] for one in count.standing}
        for number, ballot in enumerate(count.votes.ballots):
            for head in [one for one in ballot if one in held][:1]:
                held[head].append(number)
        totals = {one: sum((purses[n] for n in mine), Fraction(0)) for one, mine in held.items()}
        all_ = sum(totals.values(), Fraction(0))
        facts: Facts = {f"votes.{names[one]}": total for one, total in totals.items()}
        facts |= {"exhausted": sum(purses, Fraction(0)) - all_, "quota": None if alone else quota}
        reached = [one for one, total in totals.items() if (2 * total > all_ if alone else total >= quota > 0)]
        if len(count.standing) == count.room:
            reached, why = list(count.standing), Title(zh="余下者与席位同数", en="with as many seats left")
        elif alone:
            why = Title(zh="过半数", en="with more than half")
        else:
            why = Title(zh=f"达到当选基数 {quota}", en=f"with the quota of {quota}")
            for one in reached:
                for number in held[one]:
                    purses[number] *= (totals[one] - quota) / totals[one]
        said = Title(zh=f"{why.zh}，当选：{count.named(reached)}", en=f"elected {why.en}: {count.named(reached)}")
        if reached:
            count.elect(reached)
        else:
            said = _go_out(count, totals)
        number, stood = len(count.steps) + 1, [f"{names[one]} {total}" for one, total in totals.items()]
        text = Title(zh=f"{'，'.join(stood)}；{said.zh}", en=f"{', '.join(stood)}; {said.en}")
        title, elected = Title(zh=f"第 {number} 轮", en=f"round {number}"), count.named(reached)
        count.steps.append(Steps(f"round {number}", title, elected or None, text=text, facts=facts))


def _go_out(count: _Count, totals: Mapping[int, Fraction]) -> Title:
    """Take the last out of the count, or find that they are tied."""
    lowest = min(totals.values())
    level = [one for one, total in totals.items() if total == lowest]
    worst = max(count.votes.keys[one] for one in level)
    out = [one for one in level if count.votes.keys[one] == worst]
    others = [total for one, total in totals.items() if one not in out]
    # Nothing passes on; or together they stay below all others, so that each goes out whoever is first.
    alone, together = count.rule.method == "instant_runoff", len(out) * lowest
    same = lowest == 0 or (alone and together < min(others, default=Fraction(0)))
    zh, en = "居末，出局", "last, and out"
    if len(out) < len(level):
        by = ", ".join(count.rule.tie_break)
        zh, en = f"居末而同票，依 {by} 出局", f"last and tied, out by {by}"
    if len(out) > 1 and same and len(others) >= count.room:
        zh, en = "居末，先后不影响结果，同时出局", "last, in an order that changes nothing, and out"
    elif len(out) > 1:
        zh, en = "居末而同票，谁出局未定", "last and tied, and nothing says who goes out"
        count.tied = out
    if not count.tied:
        count.drop(out)
    return Title(zh=f"{zh}：{count.named(out)}", en=f"{en}: {count.named(out)}")


def _by_points(count: _Count) -> None:
    names = count.votes.names
    points = dict.fromkeys(count.standing, 0)
    for ballot in count.votes.ballots:
        for place, one in enumerate(ballot):
            points[one] += len(names) - 1 - place + (count.rule.last_place or 0)
    for one, total in points.items():
        text = Title(zh=f"{names[one]}：{total} 分", en=f"{names[one]}: {total} points")
        count.steps.append(Steps(names[one], Title(zh=names[one], en=names[one]), total, text=text))
    _seat_by_seat(count, lambda one, other: points[one] > points[other])


def _by_paths(count: _Count) -> None:
    names, everybody = count.votes.names, list(count.standing)
    over: dict[tuple[int, int], int] = {}
    for ballot in count.votes.ballots:
        for place, one in enumerate(ballot):
            for other in everybody:
                if other not in ballot[: place + 1]:
                    over[one, other] = over.get((one, other), 0) + 1
    wins = {pair: many for pair, many in over.items() if many > over.get(pair[::-1], 0)}
    paths: dict[tuple[int, int], int] = {}
    for least in sorted(set(wins.values()), reverse=True):
        for one in everybody:
            for other in _reached(one, [pair for pair, many in wins.items() if many >= least]):
                paths.setdefault((one, other), least)
    for one in everybody:
        strength = {
            other: (paths.get((one, other), 0), paths.get((other, one), 0)) for other in everybody if other != one
        }
        parts = [f"{names[other]} {there}:{back}" for other, (there, back) in strength.items()]
        text = Title(
            zh=f"{names[one]} 对他人最强路径（去:来）：{'，'.join(parts)}",
            en=f"{names[one]}, strongest paths to and from others: {', '.join(parts)}",
        )
        facts: Facts = {f"path.{names[other]}": there for other, (there, _) in strength.items()}
        count.steps.append(Steps(names[one], Title(zh=names[one], en=names[one]), None, text=text, facts=facts))
    _seat_by_seat(count, lambda one, other: paths.get((one, other), 0) > paths.get((other, one), 0))


def _reached(start: int, wins: list[tuple[int, int]]) -> Iterator[int]:
    """Yield whom a candidate reaches by majorities, step by step."""
    seen, new = {start}, {start}
    while new:
        new = {to for by, to in wins if by in new} - seen
        seen |= new
        yield from new


def _seat_by_seat(count: _Count, ahead: Callable[[int, int], bool]) -> None:
    """Give the seats to whom nobody left goes before; the declared order settles who of several, or it stays open."""
    while count.room and not count.tied:
        best = [one for one in count.standing if not any(ahead(other, one) for other in count.standing)]
        if len(best) > count.room:
            level, first = count.named(best), min(count.votes.keys[one] for one in best)
            best = [one for one in best if count.votes.keys[one] == first]
            count.tied = best if len(best) > count.room else []
            if not count.tied:
                by, who = ", ".join(count.rule.tie_break), count.named(best)
                text = Title(zh=f"{level} 同等，依 {by} 取 {who}", en=f"{level} are level; by {by}, {who}")
                count.steps.append(Steps("tie", Title(zh="同票", en="tie"), who, text=text))
        if not count.tied:
            count.elect(best)
