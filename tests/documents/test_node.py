"""Located data: what it says, whatever the order and the place; and who said it."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from communitygov.documents.node import Node
from communitygov.documents.reading import read_text
from communitygov.vocabulary.problem import Place

HERE = Place("x.yaml", 1, 1)


def node_of(value, place=HERE):
    """Plain data as a node; every value stands at one place."""
    if isinstance(value, dict):
        return Node(place, children={key: node_of(below, place) for key, below in value.items()})
    if isinstance(value, list):
        return Node(place, items=tuple(node_of(item, place) for item in value))
    return Node(place, value=value)


scalars = st.booleans() | st.integers(-9, 9) | st.sampled_from(["1", "true", "~", "", "1/2", "number 1"]) | st.none()
trees = st.recursive(
    scalars | st.just(Fraction(1, 2)),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from("abc"), below, max_size=3),
    max_leaves=8,
)


def typed(value):
    """Plain data with the type of every value, since True equals 1."""
    if isinstance(value, dict):
        return {key: typed(below) for key, below in value.items()}
    if isinstance(value, list):
        return [typed(item) for item in value]
    return (type(value), value)


class TestDigest:
    @given(trees, trees)
    def test_two_nodes_have_one_digest_exactly_if_they_say_the_same(self, one, other):
        """Text is no number, true is not 1, a list is in order; nothing else hides in a digest."""
        assert (node_of(one).digest == node_of(other).digest) == (typed(one) == typed(other))

    @given(trees)
    def test_neither_place_nor_order_of_keys_is_part_of_it(self, value):
        """The same rules in another file, or in another order, are the same rules."""

        def turned(value):
            if isinstance(value, dict):
                return {key: turned(below) for key, below in reversed(value.items())}
            return [turned(item) for item in value] if isinstance(value, list) else value

        assert node_of(turned(value), Place("y.yaml", 9, 9)).digest == node_of(value).digest

    @given(trees)
    def test_plain_data_come_back_as_they_were(self, value):
        """A node holds what it was made from."""
        assert typed(node_of(value).plain) == typed(value)


class TestWays:
    @given(trees)
    def test_every_leaf_is_found_under_its_path(self, value):
        """leaves() and get() agree."""
        root = node_of(value)
        for path, leaf in root.leaves():
            assert root.get(*path) is leaf
            assert not leaf.children

    def test_what_is_not_there_is_none_or_a_key_error(self):
        """Looking never fails, indexing does."""
        root = node_of({"a": {"b": 1}, "c": [2]})
        assert root.get() is root
        assert root.get("a", "x") is root.get("a", "b", "x") is root.get("x", "y") is None
        assert root["a"]["b"].value == 1
        for node, key in ((root, "x"), (root["c"], "0")):
            with pytest.raises(KeyError):
                node[key]

    @pytest.mark.parametrize(
        ("value", "kind", "removal", "text"),
        [
            ({}, "mapping", False, "{...}"),
            ([], "list", False, "[]"),
            ([1, "a", True], "list", False, "[1, a, true]"),
            (None, "leaf", True, "~"),
            (False, "leaf", False, "false"),
            (Fraction(3, 10), "leaf", False, "0.3"),
            ("10%", "leaf", False, "10%"),
        ],
    )
    def test_a_node_says_what_it_is_and_how_it_was_written(self, value, kind, removal, text):
        """Only ~ alone removes."""
        node = node_of(value)
        assert (node.kind, node.is_removal, node.text()) == (kind, removal, text)

    @pytest.mark.parametrize(
        ("cited", "clauses"),
        [
            ("clause: SJS-01", ("SJS-01",)),
            ("clause: [SJS-01, 7]", ("SJS-01", "7")),
            ("clause: []", ()),
            ("clause: {a: b}", ()),
            ("other: SJS-01", ()),
        ],
    )
    def test_clauses_are_one_or_a_list(self, cited, clauses):
        """What is no clause is none."""
        assert read_text(cited).clause() == clauses

    def test_a_mapping_begins_at_its_key_and_all_else_at_its_value(self):
        """That is where a reader looks."""
        root = read_text("a:\n  b: 1\n", name="x.yaml")
        assert root.begins == Place("x.yaml", 1, 1)
        assert root["a"].begins == Place("x.yaml", 1, 1)
        assert root["a"].place == Place("x.yaml", 2, 3)
        assert root["a"]["b"].begins == Place("x.yaml", 2, 6)


class TestStory:
    def test_a_value_tells_who_set_it_and_what_it_was_before(self):
        """Layer, file and line, in both languages."""
        old = Node(Place("certification.yaml", 12, 9), "shijingshan", "10%")
        new = Node(Place("stricter.yaml", 4, 50), "reform stricter", "5%", was=old)
        assert old.story().zh == "10%，出自shijingshan，certification.yaml:12"
        assert new.story().en == "5%, from reform stricter, stricter.yaml:4, was 10%, certification.yaml:12"
        assert new.story().zh == "5%，出自改革方案 stricter，stricter.yaml:4，原为 10%, certification.yaml:12"
