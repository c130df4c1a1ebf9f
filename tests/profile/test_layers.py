"""The laws of layers, on the real profile: L1 to L6."""

import gc
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest
import yaml
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from communitygov.documents.fields import terms
from communitygov.documents.layers import Layer, apply, compose, conflicts
from communitygov.documents.model import plain
from communitygov.documents.node import Node
from communitygov.documents.reading import read_text
from communitygov.plugins.finding import find_profiles, load_profile
from communitygov.profile.profile import Profile, Reform
from communitygov.profile.reading import read_profile
from communitygov.profile.rules import ReformFile, Rules
from communitygov.vocabulary.errors import DocumentError, UsageError

STAR = "certification.quality_star"

# Leaves of the real profile, with values that keep its promises, alone and together.
LEAVES = {
    f"{STAR}.tiers.five_star.share": ["5%", "8%", "1/10"],
    f"{STAR}.tiers.four_star.share": ["25%", "30%", "2/5"],
    f"{STAR}.cap": ["40", "70"],
    f"{STAR}.ties": ["in", "out"],
    f"{STAR}.renewal": ["~"],
    f"{STAR}.awards.progress": ["~"],
    f"{STAR}.awards.tiers.five_star.amount": ["1", "300000.5"],
    f"{STAR}.watch.last": ["5", "10"],
    "index.quality_community.missing": ["zero", "reweigh"],
    "index.quality_community.indicators.safety.indicators.security.title.en": ["Safe", "Secure"],
    "expectations.half_are_stars.at_least": ["40%", "0.5"],
    "facts.rounds.note": ["{zh: 九轮, en: Nine}"],
}

edits = st.dictionaries(st.sampled_from(sorted(LEAVES)), st.integers(0, 2), max_size=6).map(
    lambda chosen: {path: LEAVES[path][number % len(LEAVES[path])] for path, number in chosen.items()}
)


def proposed(name: str, changes: dict[str, str]) -> Reform:
    """Return a reform that sets each path to a text."""
    tree: dict[str, object] = {}
    for path, value in changes.items():
        *above, last = path.split(".")
        node = tree
        for key in above:
            node = node.setdefault(key, {})  # type: ignore[assignment]
        node[last] = value

    def text(node: object) -> str:
        return (
            "{" + ", ".join(f"{k}: {text(v)}" for k, v in node.items()) + "}" if isinstance(node, dict) else str(node)
        )

    patch = read_text(text(tree), name=f"{name}.yaml", layer=f"reform {name}")
    return Reform(ReformFile(reform=name, changes=patch), Layer("reform", name, patch))


def places(node: Node) -> list[tuple[str, str, int]]:
    """Return the path, the layer and the line of every leaf."""
    return [(".".join(path), leaf.layer, leaf.place.line) for path, leaf in node.leaves()]


class TestLaws:
    def test_an_empty_patch_changes_nothing(self, shijingshan: Profile) -> None:
        """L1: not even the digest, nor the very tree."""
        base = shijingshan.at(2024)
        again = shijingshan.at(2024, reforms=[proposed("empty", {})])
        assert again.digest == base.digest
        assert again.root is base.root
        assert again.rules is base.rules

    @pytest.mark.parametrize(
        "changes",
        [
            "{facts: {}}",
            "{facts: {}, clauses: {}, grid: {}}",
            "{index: {care: {}}}",
            "{index: {care: {methods: {}, indicators: {safety: {assumed: {}}}}}}",
            "{certification: {star: {vetoes: {}, tiers: {gold: {assumed: {}}}}}}",
        ],
    )
    def test_an_empty_mapping_changes_nothing(self, toy: Profile, reform: Callable[..., Reform], changes: str) -> None:
        """L1: a collection without anything in it is an empty patch, whether there is one already or not."""
        base = toy.at(2024)
        again = toy.at(2024, reforms=[reform(changes)])
        assert again.digest == base.digest
        assert again.root is base.root

    def test_an_empty_rule_is_a_rule(self, shijingshan: Profile, reform: Callable[..., Reform]) -> None:
        """An id with nothing said of it is there: as a method, which needs no more, or as a fact that lacks all."""
        method = reform("{index: {quality_community: {methods: {by_phone: {}}}}}")
        assert "by_phone" in shijingshan.at(2024, reforms=[method]).index["quality_community"].methods
        with pytest.raises(DocumentError, match="missing-field"):
            shijingshan.at(2024, reforms=[reform("{facts: {new: {}}}")])

    @given(changes=edits)
    def test_a_reform_never_changes_what_it_is_laid_over(self, shijingshan: Profile, changes: dict[str, str]) -> None:
        """L2: the rules without it say, and name as their places, what they did before."""
        base = shijingshan.at(2024)
        before = base.digest, places(base.root)
        shijingshan.at(2024, reforms=[proposed("tried", changes)])
        again = shijingshan.at(2024)
        assert (again.digest, places(again.root)) == before
        assert (again.root, again.rules) == (base.root, base.rules)

    @given(first=edits, second=edits)
    def test_reforms_one_by_one_are_their_composition(
        self, shijingshan: Profile, first: dict[str, str], second: dict[str, str]
    ) -> None:
        """L3: where two compose, laying one and then the other is laying both, in either order."""
        one, other = proposed("one", first), proposed("other", second)
        if list(conflicts([one.layer, other.layer])):
            with pytest.raises(DocumentError) as refused:
                shijingshan.at(2024, reforms=[one, other])
            assert {problem.code for problem in refused.value.problems} == {"conflict"}
            return
        both = shijingshan.at(2024, reforms=[one, other])
        base = shijingshan.at(2024).root
        assert shijingshan.at(2024, reforms=[other, one]).digest == both.digest
        assert apply(base, compose(one.layer.patch, other.layer.patch), []).digest == both.digest
        alone = shijingshan.at(2024, reforms=[one]).root
        rest = {path: value for path, value in second.items() if path not in first}
        assert apply(alone, proposed("rest", rest).layer.patch, []).digest == both.digest

    @given(path=st.sampled_from(sorted(path for path, values in LEAVES.items() if len(values) > 1)), more=edits)
    def test_two_values_for_one_leaf_are_a_named_conflict(
        self, shijingshan: Profile, path: str, more: dict[str, str]
    ) -> None:
        """L4: reforms that set one leaf to different values do not compose, and both places are shown."""
        one = proposed("one", {**more, path: LEAVES[path][0]})
        other = proposed("other", {path: LEAVES[path][1]})
        with pytest.raises(DocumentError) as refused:
            shijingshan.at(2024, reforms=[one, other])
        (problem,) = refused.value.problems
        assert (problem.code, problem.path) == ("conflict", path)
        assert problem.place is not None
        assert {problem.place.file, *(place.file for place in problem.also)} == {"one.yaml", "other.yaml"}

    @given(changes=edits)
    def test_every_leaf_says_who_set_it_and_where(self, shijingshan: Profile, changes: dict[str, str]) -> None:
        """L5: file, line and layer; a leaf that a reform set names the reform, and what it replaced."""
        rules = shijingshan.at(2024, reforms=[proposed("tried", changes)])
        base = shijingshan.at(2024).root
        for path, leaf in rules.root.leaves():
            assert leaf.place.file.endswith(".yaml")
            assert leaf.place.line > 0
            assert leaf.layer in ("beijing", "shijingshan") or leaf.layer.startswith(("reading ", "reform tried"))
            assert (leaf.layer == "reform tried") == any(".".join(path).startswith(one) for one in changes)
            assert leaf.layer != "reform tried" or leaf.was is base.get(*path)

    @pytest.mark.parametrize("dump", [json.dumps, yaml.safe_dump])
    @pytest.mark.parametrize("which", ["toy", *sorted(find_profiles().folders)])
    def test_written_down_and_read_again_rules_are_the_same(
        self, which: str, dump: Callable[[object], str], tmp_path: Path, toy: Profile
    ) -> None:
        """L6: load, unstructure, dump, load is the identity, for every installed profile on every day of its own.

        JSON and YAML are the plain ones: no value needs to be told how to write it.
        """
        profile = toy if which == "toy" else load_profile(which)
        days = {layer.start.first_day for layer in profile.amendments if layer.start is not None}
        for day in sorted({profile.first_day, *days}):
            rules = profile.at(day).rules
            rules = evolve(rules, profile=evolve(rules.profile, extends=None))  # what it extends is laid down by now
            folder = tmp_path / str(day)
            folder.mkdir()
            (folder / "profile.yaml").write_text(dump(plain(rules)), encoding="utf-8")
            again = read_profile(folder).at(day).rules
            assert plain(again) == plain(rules)
            sections = set(terms(Rules)) - {"interpretations"}  # readings are located data, each its own
            assert [name for name in sections if getattr(again, name) != getattr(rules, name)] == []

    @pytest.mark.parametrize(
        "changes",
        [
            "{certification: {star: {cap: 3}}}",
            "{interpretations: {rounding: {chosen: up}}}",
            "{clauses: {T-99: {quote: x, source: plan, primitive: none}}}",
            "{clauses: {T-05: ~}}",
            "{facts: {f_1: {value: 1.0}}}",
            "{facts: {more: {value: 2, unit: {zh: 个, en: each}, sum_of: [f_0, f_1]}}}",
            "{facts: {f_8: ~}}",
        ],
    )
    def test_a_reform_asks_for_as_many_steps_however_large_the_profile(
        self, toy_with: Callable[..., Profile], reform: Callable[..., Reform], changes: str
    ) -> None:
        """Only what it touches is copied, made and checked again: no step of Python is done for any other entry."""

        def steps(number: int) -> int:
            unit = "unit: {zh: 个, en: each}, clause: T-06"
            facts = [f"  f_{i}: {{value: {1 + (i % 10 == 9)}, {unit}" for i in range(number)]
            facts = [f"{f}, sum_of: [f_{i - 9}, f_{i - 2}]}}" if i % 10 == 9 else f"{f}}}" for i, f in enumerate(facts)]
            clauses = [f"  X-{i}: {{quote: x, source: plan, primitive: none}}" for i in range(number)]
            text = "\n".join(("facts:", *facts, "clauses:", *clauses))
            profile, tried = toy_with({"many.yaml": text}), reform(changes)
            for _ in range(2):
                profile.at(2023, reforms=[tried])
            return opcodes(lambda: profile.at(2023, reforms=[tried]))

        assert 0 < steps(20) == steps(200)


def opcodes(call: Callable[[], object]) -> int:
    """Return how many single instructions of Python a call takes, those inside C code aside."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> object:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    gc.disable()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
        gc.enable()
    return count


class TestInterpretations:
    def test_the_choice_is_settled_before_any_reading_is_laid_down(
        self, toy: Profile, reform: Callable[..., Reform]
    ) -> None:
        """A reform's choice takes the other reading's values, and nothing is left of the first."""
        moved = reform("{interpretations: {reach: {chosen: moved_cut}}}")
        rules = toy.at(2024, reforms=[moved])
        within = rules.find("certification.star.renewal.within")
        assert (within.text(), within.layer) == ("moved_cut", "reading reach: moved_cut")
        assert within.was is None
        chosen = rules.find("interpretations.reach.chosen")
        assert (chosen.text(), chosen.layer) == ("moved_cut", "reform tried")
        assert chosen.was is not None
        assert chosen.was.text() == "original_cut"

    def test_the_caller_chooses_last(self, toy: Profile, reform: Callable[..., Reform]) -> None:
        """Of a document, a reform and the caller the caller is heard."""
        moved = reform("{interpretations: {reach: {chosen: moved_cut}, rounding: {chosen: up}}}")
        rules = toy.at(2024, reforms=[moved], readings={"reach": "original_cut"})
        star = rules.certification["star"]
        assert (star.renewal.within, star.rounding) == ("original_cut", "ceiling")
        assert rules.find("interpretations.reach.chosen").layer == "caller"

    def test_a_dated_choice_holds_from_its_day_on(self, toy: Profile, reform: Callable[..., Reform]) -> None:
        """A reform that chooses another reading does so in its time only."""
        up = reform("{interpretations: {rounding: {chosen: up}}}", start="2025", until="2025")
        found = [toy.at(year, reforms=[up]).certification["star"].rounding for year in (2024, 2025, 2026)]
        assert found == ["floor", "ceiling", "floor"]

    def test_an_amendment_may_settle_a_question(self, toy_with: Callable[..., Profile]) -> None:
        """A dated choice that is in force holds until another amendment chooses again, by their days."""
        later, sooner = (
            f"amendment: of {year}\nfrom: {year}\nchanges: {{interpretations: {{rounding: {{chosen: {reading}}}}}}}\n"
            for year, reading in ((2026, "down"), (2025, "up"))
        )
        profile = toy_with({"amendments/a.yaml": later, "amendments/b.yaml": sooner})
        found = [profile.at(year).certification["star"].rounding for year in (2024, 2025, 2026)]
        assert found == ["floor", "ceiling", "floor"]

    def test_a_reform_lies_over_the_reading(self, toy: Profile, reform: Callable[..., Reform]) -> None:
        """What a reform sets itself stands, whichever reading is taken."""
        half_up = reform("{certification: {star: {rounding: half_up}}}")
        for reading in ("down", "up"):
            rules = toy.at(2024, reforms=[half_up], readings={"rounding": reading})
            assert rules.certification["star"].rounding == "half_up"

    def test_the_caller_may_only_choose_what_there_is(self, toy: Profile) -> None:
        """An unknown question or reading is the caller's mistake; it has no place in any file."""
        for readings, said in (
            (
                {"raech": "moved_cut"},
                "unknown-interpretation: there is no interpretation `raech`; did you mean `reach`?",
            ),
            (
                {"reach": "moved"},
                "unknown-reading: the interpretation `reach` has no reading `moved`; did you mean `moved_cut`?",
            ),
        ):
            with pytest.raises(UsageError) as refused:
                toy.at(2024, readings=readings)
            assert refused.value.say("en") == said
