"""The votes of one matter, counted slowly, from rows: what the explanation of a decision is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from math import ceil, floor
from typing import Any, Literal

from attrs import evolve, frozen

from communitygov.deliberation.rules import Decision, MeasureName, Threshold
from communitygov.deliberation.tables import COUNTS

__all__ = ["Count", "Outcome", "Tally", "Voter", "flags_of", "least_of", "margins_of", "tally_of", "voters_of"]

Count = int | None
Outcome = Literal["passed", "rejected", "undetermined"]


@frozen
class Voter:
    """A member of the register, or a household, and what was done with the ballot.

    Args:
        weight: What it counts in each measure; None if that is not known.
        strata: The strata it belongs to.
        choice: A choice of a ballot, or ``absent``.
    """

    weight: Mapping[str, Count]
    strata: frozenset[str]
    choice: str


def voters_of(
    decision: Decision, register: Sequence[Mapping[str, Any]], ballots: Sequence[Mapping[str, Any]]
) -> tuple[list[Voter], list[Voter]]:
    """Return the members and the households, each with its choice.

    Args:
        decision: The rule.
        register: The rows of one matter.
        ballots: Likewise.
    """
    counted = {row["member"]: row["choice"] for row in ballots if _counts(decision, row)}
    units: dict[str, list[Mapping[str, Any]]] = {}
    for row in register:
        units.setdefault(row["member"], []).append(row)
    people, homes = [], dict[str, list[str]]()
    for member, rows in units.items():
        strata = frozenset(name for name in decision.strata if any(row[f"in.{name}"] for row in rows))
        weight: dict[str, Count] = {"heads": 1}
        for name in ("area", "votes"):
            weight[name] = _total([row.get(name) for row in rows])
        choice = counted.get(member, "absent")
        people.append(Voter(weight, strata, choice))
        if rows[0].get("household") is not None:
            homes.setdefault(rows[0]["household"], []).append(choice)
    return people, [Voter({"households": 1}, frozenset(), _together(choices)) for choices in homes.values()]


def _counts(decision: Decision, ballot: Mapping[str, Any]) -> bool:
    return decision.proxy == "vote" or ballot.get("proxy") is None


def _together(choices: Sequence[str]) -> str:
    """Return the choice of a household."""
    voiced = set(choices) - {"absent", "present"}
    if len(voiced) == 1:
        return voiced.pop()
    if voiced:
        return "unknown"
    return "present" if "present" in choices else "absent"


def _total(weights: Sequence[Count]) -> Count:
    known = [weight for weight in weights if weight is not None]
    return sum(known) if len(known) == len(weights) else None


@frozen
class Tally:
    """The counts of a matter, by measure, stratum and count."""

    decision: Decision
    counts: Mapping[tuple[str, str | None, str], Count]

    def base(self, leaf: Threshold, of: str) -> Count:
        """Return a base, or a count, abstentions counted as the rule says."""

        def given(count: str) -> Count:
            return self.counts[str(leaf.measure), leaf.stratum, count]

        if of == "cast":
            voices = [given("yes"), given("no")]
            return _total([*voices, given("abstain")] if self.decision.abstention == "no" else voices)
        if of == "taking_part" and self.decision.abstention == "absent":
            part, abstain = given("taking_part"), given("abstain")
            return None if part is None or abstain is None else part - abstain
        return given(of)

    def count(self, name: str, leaf: Threshold) -> Count:
        """Return what is held against a leaf."""
        return self.base(leaf, self.decision.quorum_by if name == "quorum" else "yes")

    def reached(self, name: str, leaf: Threshold) -> bool | None:
        """Return whether a leaf is reached; None if that is not known."""
        count, base = self.count(name, leaf), self.base(leaf, str(leaf.of))
        if count is None or base is None or (base == 0 and leaf.of == "all"):
            return None
        if base == 0:
            return False
        found = Fraction(count, base)
        return found > leaf.share if leaf.more_than is not None else found >= leaf.share

    def holds(self, name: str, tree: Threshold | None) -> bool | None:
        """Return whether a tree holds; None if that is not known."""
        if tree is None:
            return True
        if tree.is_leaf:
            return self.reached(name, tree)
        found = [self.holds(name, part) for _, part in tree.parts]
        decisive = not tree.all_of
        return decisive if decisive in found else None if None in found else not decisive

    @property
    def outcome(self) -> Outcome:
        """What came of it."""
        both = [self.holds("quorum", self.decision.quorum), self.holds("passes", self.decision.passes)]
        return "rejected" if False in both else "undetermined" if None in both else "passed"

    def changed(self, change: Callable[[str, str | None, str, int], int]) -> Tally:
        """Return the counts as they would be."""
        return evolve(
            self,
            counts={key: None if value is None else change(*key, value) for key, value in self.counts.items()},
        )


def tally_of(decision: Decision, people: Sequence[Voter], homes: Sequence[Voter]) -> Tally:
    """Return the counts of a matter.

    Args:
        decision: The rule.
        people: The members.
        homes: The households.
    """
    choices = {
        "all": {"absent", "present", "yes", "no", "abstain", "unknown"},
        "present": {"present", "yes", "no", "abstain", "unknown"},
        "taking_part": {"yes", "no", "abstain", "unknown"},
        "yes": {"yes"},
        "no": {"no"},
        "abstain": {"abstain"},
    }
    counts: dict[tuple[str, str | None, str], Count] = {}
    for measure, stratum in decision.counted:
        voters = homes if measure == "households" else people
        voters = [voter for voter in voters if stratum is None or stratum in voter.strata]
        unread = any(voter.choice == "unknown" for voter in voters)
        for count, meant in choices.items():
            counted = _total([voter.weight[measure] for voter in voters if voter.choice in meant])
            counts[measure, stratum, count] = None if unread and count in ("yes", "no", "abstain") else counted
    return Tally(decision, counts)


def flags_of(tally: Tally) -> Iterator[tuple[str, bool]]:
    """Yield what a reader must be told of a matter, by name: each tried on the counts as they would be.

    Args:
        tally: The counts.
    """
    yield "no_show", _no_show(tally)
    sides = []
    for into in ("yes", "no"):

        def turned(measure: str, stratum: str | None, count: str, value: int, into: str = into) -> int:
            if count == "abstain":
                return 0
            more = tally.counts[measure, stratum, "abstain"] if count == into else 0
            return value + (more or 0)

        sides.append(tally.changed(turned).outcome)
    yield "abstentions_decide", sides == ["passed", "rejected"]


def _no_show(tally: Tally) -> bool:
    """Return whether one more who comes and votes no would turn rejected into passed: tried, not derived."""
    decision = tally.decision
    if tally.holds("quorum", decision.quorum) is not False or tally.holds("passes", decision.passes) is not True:
        return False
    brought: dict[str, int] = {}
    for measure, _ in decision.counted:
        lacking = [0]
        for path, leaf in decision.leaves():
            if path.startswith("quorum") and leaf.measure == measure and leaf.stratum is None:
                base, count = tally.base(leaf, "all"), tally.count("quorum", leaf)
                if base is not None and count is not None:
                    lacking.append(least_of(leaf, base) - count)
        brought[measure] = 1 if measure in ("heads", "households") else max(lacking)
    for measure, stratum in decision.counted:
        if stratum is None:
            here, every = tally.counts[measure, None, decision.quorum_by], tally.counts[measure, None, "all"]
            if here is None or every is None or here + brought[measure] > every:
                return False

    def come(measure: str, stratum: str | None, count: str, value: int) -> int:
        more = stratum is None and count in ("taking_part", "present", "no")
        return value + brought[measure] if more else value

    return tally.changed(come).outcome == "passed"


def margins_of(tally: Tally) -> Iterator[tuple[str, Count]]:
    """Yield the smallest changes that would turn a matter, by the names of the columns of ``decide_all``.

    Args:
        tally: The counts.
    """
    decision = tally.decision
    measures = tuple(dict.fromkeys(measure for measure, stratum in decision.counted if stratum is None))
    for measure in measures:
        if any(leaf.measure == measure and leaf.stratum is None for _, leaf in decision.passes.leaves("passes")):
            voices = ["yes", "no", *(["abstain"] if _abstainers(decision, measure) else [])]
            most = _total([tally.counts[measure, None, count] for count in voices])
            quorum = tally.holds("quorum", decision.quorum)
            found = _margin(tally, "passes", decision.passes, measure, "yes", most) if quorum else None
            yield f"margin.{measure}", found
    for measure in measures:
        tree = decision.quorum
        if tree is not None and any(
            leaf.measure == measure and leaf.stratum is None for _, leaf in tree.leaves("quorum")
        ):
            most = tally.counts[measure, None, "all"]
            yield (
                f"quorum_margin.{measure}",
                _margin(tally, "quorum", tree, measure, decision.quorum_by, most),
            )


def _abstainers(decision: Decision, measure: str) -> bool:
    """Return whether an abstention may turn into a yes with every base as it is: tried on counts of one each.

    The base of a stratum moves with its own abstainers, so it is tried as if all were of it.
    """
    counts: dict[tuple[str, str | None, str], Count] = {
        (measure, None, count): 10 if count in ("all", "present", "taking_part") else 1 for count in COUNTS
    }
    before = Tally(decision, counts)
    after = Tally(decision, {**counts, (measure, None, "yes"): 2, (measure, None, "abstain"): 0})
    return all(
        before.base(Threshold(measure=measure), str(leaf.of)) == after.base(Threshold(measure=measure), str(leaf.of))
        for _, leaf in decision.passes.leaves("passes")
        if leaf.measure == measure
    )


def _margin(tally: Tally, name: str, tree: Threshold, measure: MeasureName, moving: str, most: Count) -> Count:
    """Return the smallest change that turns a tree: every count at which a share of it turns is tried."""
    count = tally.base(Threshold(measure=measure), moving)
    own = [leaf for _, leaf in tree.leaves(name) if leaf.measure == measure and leaf.stratum is None]
    bases = [tally.base(leaf, str(leaf.of)) for leaf in own]
    if count is None or most is None or None in bases:
        return None
    turns = [least_of(leaf, base) for leaf, base in zip(own, bases, strict=True) if base]

    def holds(tree: Threshold, moved: int, aside: bool) -> bool | None:
        """Return whether a tree holds at a count of the measure, other measures left aside, or as they are."""
        if tree.is_leaf:
            if tree.measure == measure and tree.stratum is None:
                base = tally.base(tree, str(tree.of))
                return bool(base) and moved >= least_of(tree, base or 0)
            return None if aside else tally.reached(name, tree) is True
        found = [holds(part, moved, aside) for _, part in tree.parts]
        known = [one for one in found if one is not None]
        return None if not known else all(known) if tree.all_of else any(known)

    now = tally.holds(name, tree)
    if now is True:
        return min(
            (count - turn + 1 for turn in turns if turn <= count and not holds(tree, turn - 1, False)), default=None
        )
    if now is False:
        return min((max(0, turn - count) for turn in turns if turn <= most and holds(tree, turn, True)), default=None)
    return None


def least_of(leaf: Threshold, base: int) -> int:
    """Return the least count that reaches a share of a base.

    Args:
        leaf: The share.
        base: Its base.
    """
    exact = leaf.share * base
    return floor(exact) + 1 if leaf.more_than is not None else ceil(exact)
