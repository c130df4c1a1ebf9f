"""The laws of layers, on generated trees and patches: L1 to L4, and what a patch may not do."""

import datetime as dt
from itertools import permutations

import pytest
from attrs import evolve
from hypothesis import assume, given
from hypothesis import strategies as st

from communitygov.documents.layers import Layer, apply, by_day, compose, conflicts, lay, named, touched
from communitygov.documents.node import Node
from communitygov.documents.reading import read_text
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.problem import Place

leaves = st.integers(0, 2) | st.sampled_from(["x", "y"]) | st.lists(st.integers(0, 1), max_size=2)
keys = st.sampled_from("abcd")


def mappings(below):
    return st.dictionaries(keys, below, min_size=1, max_size=3)


trees = mappings(st.recursive(leaves, mappings, max_leaves=8))


def node_of(value, file, path=()):
    """Plain data as a node; the path of each value stands in its place."""
    place = Place(f"{file}:{'.'.join(path)}", 1, 1)
    if isinstance(value, dict):
        return Node(place, file, children={key: node_of(below, file, (*path, key)) for key, below in value.items()})
    if isinstance(value, list):
        return Node(place, file, items=tuple(node_of(item, file, path) for item in value))
    return Node(place, file, value)


@st.composite
def patches(draw, base):
    """A patch that may be laid over a base: it sets leaves, adds nodes, and removes what is there."""
    changes = {}
    for key in draw(st.sets(keys, max_size=3)):
        if key not in base:
            changes[key] = draw(leaves | mappings(leaves))
        elif draw(st.integers(0, 4)) == 0:
            changes[key] = None
        elif isinstance(base[key], dict):
            changes[key] = draw(patches(base[key]))
        else:
            changes[key] = draw(leaves)
    return changes


def laid(base, *changes):
    """The tree with patches laid over it one by one; they may be."""
    problems = []
    for patch in changes:
        base = apply(base, patch, problems)
    assert problems == []
    return base


def merged(base, patch):
    """RFC 7396, on plain data."""
    if not isinstance(patch, dict) or not isinstance(base, dict):
        return patch
    kept = {key: value for key, value in base.items() if patch.get(key, 0) is not None}
    return kept | {key: merged(kept.get(key), value) for key, value in patch.items() if value is not None}


def says(patch, path=()):
    """What a patch sets and removes, by path."""
    if isinstance(patch, dict) and patch:
        return {found: value for key, below in patch.items() for found, value in says(below, (*path, key)).items()}
    return {path: patch}


class TestApplying:
    @given(trees)
    def test_an_empty_patch_changes_nothing(self, base):
        """L1: not even the object."""
        root = node_of(base, "base")
        assert laid(root, node_of({}, "patch")) is root

    @given(trees.flatmap(lambda base: st.tuples(st.just(base), patches(base))))
    def test_a_patch_is_a_merge_patch(self, pair):
        """What comes out is what RFC 7396 says."""
        base, patch = pair
        assert laid(node_of(base, "base"), node_of(patch, "patch")).plain == merged(base, patch)

    @given(trees.flatmap(lambda base: st.tuples(st.just(base), patches(base))))
    def test_the_base_is_never_changed(self, pair):
        """L2: its digest, its data and its places stay."""
        base, patch = pair
        root = node_of(base, "base")
        digest, places = root.digest, [(path, leaf.place) for path, leaf in root.leaves()]
        laid(root, node_of(patch, "patch"))
        assert (root.plain, node_of(base, "base").digest) == (base, digest)
        assert [(path, leaf.place) for path, leaf in root.leaves()] == places

    @given(trees.flatmap(lambda base: st.tuples(st.just(base), patches(base))))
    def test_what_a_patch_does_not_touch_is_the_very_same_object(self, pair):
        """Nothing is copied but the touched path, and every leaf is the base's or the patch's own."""
        base, patch = pair
        root, changed = node_of(base, "base"), node_of(patch, "patch")
        result = laid(root, changed)

        def compare(before, change, after):
            for key, node in after.children.items():
                if key not in change.children:
                    assert node is before.children[key]
                elif node.children is not None and key in before.children:
                    compare(before.children[key], change.children[key], node)

        compare(root, changed, result)
        set_by_patch = {path for path, value in says(patch).items() if value is not None and path}
        for path, leaf in result.leaves():
            assert (leaf.layer == "patch") == (path in set_by_patch)
            if leaf.layer == "patch" and root.get(*path) is not None:
                assert leaf.was is root.get(*path)

    @pytest.mark.parametrize(
        ("base", "patch", "code", "path", "line"),
        [
            ("a: 1", "b: ~", "removes-absent", "b", 1),
            ("a: {b: 1}", "a:\n  c: ~", "removes-absent", "a.c", 2),
            ("a: 1", "b:\n  c: {d: ~}", "removes-absent", "b.c.d", 2),
            ("a: 1", "a: {b: 1}", "kind-changed", "a", 1),
            ("a: [1]", "a: {b: 1}", "kind-changed", "a", 1),
            ("a: {b: 1}", "a: 2", "kind-changed", "a", 1),
            ("a: {b: 1}", "a: [2]", "kind-changed", "a", 1),
        ],
    )
    def test_a_patch_may_not_remove_what_is_absent_nor_change_a_kind(self, base, patch, code, path, line):
        """Both are mistakes, named in their place; and the base is what comes out."""
        problems = []
        root = read_text(base, name="base.yaml")
        result = apply(root, read_text(patch, name="patch.yaml"), problems)
        (problem,) = problems
        assert (problem.code, problem.path, problem.place.file, problem.place.line) == (code, path, "patch.yaml", line)
        assert [place.file for place in problem.also] == (["base.yaml"] if code == "kind-changed" else [])
        assert result.get("a").digest == root["a"].digest

    def test_what_is_added_is_added_without_what_was_to_be_removed_in_it(self):
        """Once it is named, the rest can still be checked."""
        problems = []
        result = apply(read_text("a: 1"), read_text("b: {c: {d: ~, e: 2}}"), problems)
        assert (result.plain, len(problems)) == ({"a": 1, "b": {"c": {"e": 2}}}, 1)

    def test_what_is_faulty_is_not_laid_and_not_complained_of_again(self):
        """A value that could not be read leaves what was there, and no fault follows from it."""
        faulty, sound = Node(Place("x"), value="", faulty=True), node_of(5, "patch")
        problems = []
        base, patch = node_of({"a": {"b": 1}}, "base"), Node(Place("x"), children={"a": faulty})
        assert apply(base, patch, problems).plain == {"a": {"b": 1}}
        broken = Node(Place("x"), children={"a": evolve(base["a"], faulty=True)})
        assert apply(broken, Node(Place("x"), children={"a": sound}), problems).plain == {"a": {"b": 1}}
        assert problems == []
        assert list(conflicts([Layer("reform", "one", patch), layer("other", {"a": 5})])) == []

    def test_a_sealed_patch_is_kept_as_it_is_removals_and_all(self):
        """A reading is a patch that is laid down elsewhere: it is replaced as a whole, never laid open."""
        reading = evolve(node_of({"c": None}, "child"), sealed=True)
        problems = []
        for base in ({}, {"a": {"b": 1}}):
            result = apply(node_of(base, "base"), Node(Place("x"), children={"a": reading}), problems)
            assert result["a"] is reading
        assert problems == []
        other = Node(Place("x"), children={"a": evolve(node_of({"d": 1}, "other"), sealed=True)})
        one = Node(Place("x"), children={"a": reading})
        assert compose(one, other)["a"].plain == {"d": 1}
        assert [problem.path for problem in conflicts([Layer("reform", "x", one), Layer("reform", "y", other)])] == [
            "a"
        ]

    def test_an_absent_name_is_led_to_the_nearest(self):
        """Whoever misspells what he removes is told."""
        problems = []
        apply(read_text("five_star: 1"), read_text("fve_star: ~"), problems)
        assert "did you mean `five_star`?" in problems[0].message.en

    def test_a_leaf_and_a_list_may_replace_each_other(self):
        """A clause may become several."""
        assert laid(read_text("clause: A"), read_text("clause: [A, B]")).plain == {"clause": ["A", "B"]}

    def test_a_mapping_cannot_be_laid_over_a_leaf(self):
        """The caller has seen to that."""
        with pytest.raises(TypeError):
            apply(Node(Place("x"), value=1), read_text("a: 1"), [])

    def test_a_leaf_laid_over_a_leaf_remembers_it(self):
        """The root of a tree may be one."""
        old, new = Node(Place("x"), value=1), Node(Place("y"), value=2)
        assert (apply(old, new, []).value, apply(old, new, []).was) == (2, old)


triples = trees.flatmap(lambda base: st.tuples(st.just(base), patches(base), patches(base)))


class TestComposing:
    @given(triples)
    def test_one_by_one_or_composed_is_the_same(self, triple):
        """L3: for patches that do not conflict, and do not both remove one thing, in either order."""
        base, first, second = triple
        assume(not clash(first, second))
        assume(not {path for path, value in says(first).items() if value is None and path in says(second)})
        root, one, other = node_of(base, "base"), node_of(first, "first"), node_of(second, "second")
        expected = laid(root, one, other)
        assert laid(root, other, one).digest == expected.digest
        assert laid(root, compose(one, other)).digest == expected.digest
        assert laid(root, compose(other, one)).digest == expected.digest

    @given(triples)
    def test_layers_of_one_rank_are_laid_all_at_once(self, triple):
        """Where they agree, their order is irrelevant, even if both remove the same."""
        base, first, second = triple
        assume(not clash(first, second))
        root = node_of(base, "base")
        layers = [layer("first", first), layer("second", second)]
        problems = []
        digests = {lay(root, order, problems).digest for order in permutations(layers)}
        assert problems == []
        assert digests == {node_of(merged(merged(base, first), second), "base").digest}

    def test_a_layer_that_conflicts_is_left_out_and_named(self):
        """What is laid is what came first; the rest can still be checked."""
        problems = []
        layers = [layer("one", {"a": 1}), layer("other", {"a": 2, "b": 2})]
        result = lay(node_of({"a": 0}, "base"), layers, problems)
        assert result.plain == {"a": 1}
        assert [problem.code for problem in problems] == ["conflict"]
        assert lay(result, [], problems) is result

    @given(triples)
    def test_removals_are_kept(self, triple):
        """What either patch removes, the composition removes."""
        _, first, second = triple
        assume(not clash(first, second))
        composed = says(compose(node_of(first, "first"), node_of(second, "second")).plain)
        removed = {path for patch in (first, second) for path, value in says(patch).items() if value is None}
        assert removed == {path for path, value in composed.items() if value is None}


def layer(name, patch):
    return Layer("reform", name, node_of(patch, name))


def clash(first, second):
    """Whether one patch touches a leaf at or under what the other sets or removes, unless both say the same."""
    mine, theirs = says(first), says(second)
    return any(
        differ(path, value, rival, other) or differ(rival, other, path, value)
        for path, value in mine.items()
        for rival, other in theirs.items()
    )


def differ(above, value, path, other):
    """Whether what is set at a path, an empty mapping aside, is at or above what is otherwise set there."""
    return above == path[: len(above)] and ((above == path and value != other) or (above != path and value != {}))


class TestConflicts:
    @given(triples)
    def test_two_layers_conflict_exactly_where_they_say_different_things(self, triple):
        """L4: a leaf at or under what the other sets or removes, unless both say the same."""
        _, first, second = triple
        found = list(conflicts([layer("first", first), layer("second", second)]))
        assert bool(found) == clash(first, second)

    @given(triples)
    def test_a_conflict_shows_both_places_and_is_the_same_from_either_side(self, triple):
        """Whichever of the two is named first."""
        _, first, second = triple
        one, other = layer("first", first), layer("second", second)
        found = {(p.path, p.place, *p.also) for p in conflicts([one, other])}
        assert {(p.path, *p.also, p.place) for p in conflicts([other, one])} == found
        for path, place, also in found:
            assert (place.file, also.file) == (f"second:{path}", f"first:{path}")

    @given(trees.flatmap(patches))
    def test_a_layer_agrees_with_itself(self, patch):
        """Saying the same twice is no conflict."""
        assert list(conflicts([layer("one", patch), layer("other", patch)])) == []

    @pytest.mark.parametrize(
        ("one", "other", "paths"),
        [
            ({"a": {"b": 1}}, {"a": {"c": 2}}, []),
            ({"a": {"b": 1}}, {"a": None}, ["a"]),
            ({"a": None}, {"a": None}, []),
            ({"a": {"b": 1, "c": 1}}, {"a": {"b": 2, "c": 2}}, ["a.b", "a.c"]),
            ({"a": {"b": 1}}, {"a": 1}, ["a"]),
            ({"a": {}}, {"a": {"b": 1}}, []),
            ({"a": {}}, {"a": None}, ["a"]),
            ({"a": [1]}, {"a": [1]}, []),
            ({"a": [1]}, {"a": [2]}, ["a"]),
            ({"a": 1}, {"a": True}, ["a"]),
        ],
    )
    def test_what_is_a_conflict_and_what_is_none(self, one, other, paths):
        """Different leaves of one mapping are none; adding to what the other removes is one."""
        assert [problem.path for problem in conflicts([layer("one", one), layer("other", other)])] == paths

    def test_a_conflict_says_who_says_what(self):
        """Both names, both values, and what to do."""
        (problem,) = conflicts([layer("mild", {"a": {"share": "8%"}}), layer("strict", {"a": {"share": "5%"}})])
        assert problem.code == "conflict"
        assert "reform strict and reform mild conflict on `a.share`: 5% against 8%" in problem.message.en
        assert "改革方案 strict 与 改革方案 mild 在 `a.share` 上冲突" in problem.message.zh

    def test_of_three_layers_each_pair_is_held_against_each_other(self):
        """Three different values make three conflicts."""
        three = [layer(name, {"a": number}) for number, name in enumerate(("one", "two", "three"))]
        assert len(list(conflicts(three))) == 3


class TestLayers:
    def test_a_layer_holds_from_its_first_day_to_its_last(self):
        """Both included; without dates, always."""
        dated = Layer("reform", "x", node_of({}, "x"), Period.parse("2023Q3"), Period.parse("2024"))
        days = [dt.date(2023, 6, 30), dt.date(2023, 7, 1), dt.date(2024, 12, 31), dt.date(2025, 1, 1)]
        assert [dated.in_force(day) for day in days] == [False, True, True, False]
        assert layer("x", {}).in_force(days[0])

    def test_layers_come_in_order_of_the_day_they_begin_on(self):
        """Those of one day together, those without a day first."""
        late, early, same = (
            Layer("amendment", name, node_of({}, name), Period.parse(start))
            for name, start in (("late", "2024"), ("early", "2023Q1"), ("same", "2023-01"))
        )
        always = layer("always", {})
        assert by_day([late, early, always, same]) == [[always], [early, same], [late]]

    def test_a_patch_takes_the_name_of_its_layer_and_is_named_once(self):
        """Every value of it, and the same object if asked again."""
        patch = read_text("a: {b: 1}\nc: [2]", layer="file")
        renamed = named(patch, "reform x")
        assert {leaf.layer for _, leaf in renamed.leaves()} == {"reform x"}
        assert {leaf.layer for _, leaf in patch.leaves()} == {"file"}
        assert named(patch, "reform x") is renamed
        assert named(patch, "reform y") is not renamed

    def test_what_a_patch_touches_are_its_leaves(self):
        """An empty patch touches nothing."""
        assert [(path, leaf.text()) for path, leaf in touched(node_of({"a": {"b": 1, "c": None}}, "x"))] == [
            (("a", "b"), "1"),
            (("a", "c"), "~"),
        ]
        assert list(touched(node_of({}, "x"))) == []
