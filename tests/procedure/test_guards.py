"""Guards: three answers where facts are missing, two where they are known, and choices in which one branch is taken."""

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from communitygov.measures.rules import Condition
from communitygov.procedure.guards import MOST_CASES, Guard, combinations_of
from communitygov.procedure.rules import Branch, CaseFact, Procedure, Role, Step
from communitygov.testing.strategies_procedure import FACTS, guards
from communitygov.vocabulary.text import Title

VALUES = {"kind": ["a", "b", "c"], "urgent": [True, False], "rooms": [*range(-1, 8)]}
KNOWN = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in VALUES.items()})
PARTLY = st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in VALUES.items()})


def truth(guard: Guard, facts) -> bool:
    """Return whether a guard is true of facts that are all known: the definition, word for word."""
    return (
        all(_is(one, facts.get(name)) for name, one in guard.facts.items())
        and all(truth(one, facts) for one in guard.all_of.values())
        and (not guard.any_of or any(truth(one, facts) for one in guard.any_of.values()))
        and not any(truth(one, facts) for one in guard.none_of.values())
    )


def _is(condition: Condition, value) -> bool:
    if condition.known is not None:
        return (value is not None) == condition.known
    if condition.one_of:
        return value in condition.one_of
    if condition.flag is not None:
        return value == condition.flag
    low = condition.at_least if condition.at_least is not None else value
    high = condition.at_most if condition.at_most is not None else value
    return low <= value <= high


def asks_whether_known(guard: Guard) -> bool:
    """Return whether any part of a guard asks whether something is known."""
    return any(one.known is not None for one in guard.facts.values()) or any(
        asks_whether_known(one) for _, part in guard.parts for one in part.values()
    )


class TestHolds:
    @given(guards(), KNOWN)
    def test_where_all_is_known_it_is_true_or_false_as_defined(self, guard, facts):
        """All that is given must hold: facts, all of, any of, none of."""
        assert guard.holds(facts) is truth(guard, facts)

    @given(guards(), PARTLY)
    def test_what_it_says_of_some_facts_it_says_of_all(self, guard, facts):
        """An answer is never taken back by what becomes known later, unless it asked whether it is known."""
        found = guard.holds(facts)
        missing = {name: values for name, values in VALUES.items() if name not in facts}
        if found is not None and not asks_whether_known(guard):
            assert {truth(guard, {**facts, **more}) for more in combinations_of(missing)} == {found}

    @given(guards(), PARTLY)
    def test_it_is_silent_only_for_a_fact_that_it_reads_and_nobody_knows(self, guard, facts):
        """Unknown is never an answer of its own."""
        if guard.holds(facts) is None:
            assert guard.reads - facts.keys()

    def test_an_unknown_fact_is_not_looked_through(self):
        """True or false whatever the fact is, and still unknown: each part is answered on its own (Kleene's logic)."""
        urgent = Guard(facts={"urgent": Condition(flag=True)})
        always = Guard(any_of={"yes": urgent, "no": Guard(none_of={"yes": urgent})})
        assert always.holds({}) is None
        assert always.holds({"urgent": True}) is always.holds({"urgent": False}) is True

    @pytest.mark.parametrize(("one", "other"), [*product([True, False, None], repeat=2)])
    def test_the_tables_of_and_or_not(self, one, other):
        """False wins in and, true in or; not of unknown is unknown."""
        facts = {name: value for name, value in (("p", one), ("q", other)) if value is not None}
        parts = {name: Guard(facts={name: Condition(flag=True)}) for name in ("p", "q")}
        both = False if False in (one, other) else None if None in (one, other) else True
        either = True if True in (one, other) else None if None in (one, other) else False
        assert Guard(all_of=parts).holds(facts) is both
        assert Guard(facts={name: Condition(flag=True) for name in ("p", "q")}).holds(facts) is both
        assert Guard(any_of=parts).holds(facts) is either
        assert Guard(none_of=parts).holds(facts) is (None if either is None else not either)

    @pytest.mark.parametrize(
        ("condition", "absent", "present"),
        [
            (Condition(known=True), False, True),
            (Condition(known=False), True, False),
            (Condition(flag=True), None, False),
            (Condition(known=True, at_least=Fraction(3)), False, True),
        ],
    )
    def test_whether_something_is_known_is_always_known(self, condition, absent, present):
        """``known`` answers where there is no value; with a bound beside it, no value is below the bound."""
        guard = Guard(facts={"rooms": condition})
        assert guard.holds({}) is absent
        assert guard.holds({"rooms": 3}) is present

    @given(guards())
    def test_it_reads_what_stands_in_it(self, guard):
        """Facts that it does not read change nothing."""
        for facts in ({}, {"kind": "a"}, {"kind": "b", "urgent": False, "rooms": 2}):
            only = {name: value for name, value in facts.items() if name in guard.reads}
            assert guard.holds(facts) is guard.holds(only)


def chosen(branches: dict[str, Branch], *needs: str, **facts: CaseFact) -> list[str]:
    """Return what is found of a choice between branches, by code."""
    step = Step(by=("clerk",), starts=True, needs=needs, choose=branches)
    rule = Procedure(
        roles={"clerk": Role()},
        facts=facts or FACTS,
        outcomes={key: Title(zh=key, en=key) for key in ("done", "solved", "refused")},
        steps={"choose": step},
    )
    return [finding.code for finding in rule.check()]


@st.composite
def choices(draw):
    """Draw branches without regard to each other, or a guard and its opposite."""
    found = {f"b{i}": Branch(when=draw(_plain()), closes="done") for i in range(draw(st.integers(1, 3)))}
    match draw(st.integers(0, 2)):
        case 0:
            found["rest"] = Branch(otherwise=True, closes="done")
        case 1:
            found = {"b0": found["b0"], "not": Branch(when=Guard(none_of={"b0": found["b0"].when}), closes="done")}
    return found


def _plain() -> st.SearchStrategy[Guard]:
    """Draw guards that do not ask whether something is known, for their facts are all needed."""
    return guards(depth=1).filter(lambda guard: not asks_whether_known(guard))


class TestChoices:
    @given(choices())
    def test_a_choice_is_sound_if_and_only_if_one_branch_is_taken_whatever_the_facts(self, branches):
        """Nothing is found where every combination has one branch; else the value missed, or the two at once."""
        guards_ = [branch.when for branch in branches.values() if branch.when is not None]
        rest = len(guards_) < len(branches)
        counts = [sum(one.holds(facts) is True for one in guards_) for facts in combinations_of(VALUES)]
        expected = {"missing-choice"} if 0 in counts and not rest else set()
        expected |= {"two-answer"} if any(count > 1 for count in counts) else set()
        held = [any(one.holds(facts) is True for facts in combinations_of(VALUES)) for one in guards_]
        expected |= {"unreachable-step"} if not all(held) or (rest and 0 not in counts) else set()
        assert set(chosen(branches, "kind", "urgent", "rooms")) == expected

    @given(choices(), KNOWN)
    def test_the_branch_that_is_taken_is_the_one_that_holds(self, branches, facts):
        """The order in which they are written decides nothing."""
        if chosen(branches, "kind", "urgent", "rooms"):
            return
        places = set()
        for order in (branches, dict(reversed(branches.items()))):
            step = Step(by=("clerk",), starts=True, needs=("kind", "urgent", "rooms"), choose=order)
            rule = Procedure(
                roles={"clerk": Role()}, facts=FACTS, outcomes={"done": Title(zh="", en="")}, steps={"s": step}
            )
            places.add(rule.machine.ways["s"].taken(facts).way)
        (way,) = places
        assert branches[way].otherwise or branches[way].when.holds(facts)
        assert branches[way].otherwise == (
            not any(one.when is not None and one.when.holds(facts) for one in branches.values())
        )

    def test_what_is_not_needed_can_only_be_asked_for(self):
        """A branch on a fact that need not be known must ask whether it is; then its absence is a case as well."""
        known = {
            "yes": Branch(when=Guard(facts={"rooms": Condition(known=True)}), closes="done"),
            "no": Branch(when=Guard(facts={"rooms": Condition(known=False)}), closes="done"),
        }
        assert chosen(known) == []
        assert chosen({"yes": known["yes"]}) == ["missing-choice"]
        many = {"many": Branch(when=Guard(facts={"rooms": Condition(at_least=Fraction(3))}), closes="done")}
        assert chosen(many | {"few": Branch(otherwise=True, closes="done")}) == ["not-needed"]

    def test_too_many_combinations_are_said_to_be_so(self):
        """They are not gone through, and not passed over."""
        facts = {f"f{i}": CaseFact(kind="flag") for i in range(14)}
        guard = Guard(facts={name: Condition(flag=True) for name in facts})
        branches = {"all": Branch(when=guard, closes="done"), "rest": Branch(otherwise=True, closes="done")}
        assert 2 ** len(facts) > MOST_CASES
        assert chosen(branches, *facts, **facts) == ["too-many-choices"]

    @pytest.mark.parametrize(
        ("name", "condition"),
        [
            ("kind", Condition(at_least=Fraction(3))),
            ("kind", Condition(flag=True)),
            ("rooms", Condition(one_of=("a",))),
            ("rooms", Condition(flag=True)),
            ("urgent", Condition(at_most=Fraction(1))),
            ("urgent", Condition(one_of=("true",))),
            ("seen", Condition(at_least=Fraction(3))),
            ("photo", Condition(flag=False)),
        ],
    )
    def test_a_fact_is_not_asked_for_what_it_cannot_be(self, name, condition):
        """A number of a word, or a word of a number, is a finding and no crash."""
        branches = {"some": Branch(when=Guard(facts={name: condition}), closes="done")}
        assert chosen(branches | {"rest": Branch(otherwise=True, closes="done")}, name) == ["other-kind"]

    def test_a_value_that_a_choice_does_not_have_is_a_finding(self):
        """With the nearest name; such a branch would never be taken."""
        branches = {"some": Branch(when=Guard(facts={"kind": Condition(one_of=("a", "z"))}), closes="done")}
        assert chosen(branches | {"rest": Branch(otherwise=True, closes="done")}, "kind") == ["unknown-reference"]
