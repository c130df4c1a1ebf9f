"""Steps and titles: explanations as trees, words in both languages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from communitygov.vocabulary.steps import Steps
from communitygov.vocabulary.text import Title

NAME = Title(zh="合计", en="sum")
trees = st.recursive(
    st.builds(Steps, st.sampled_from("abc"), st.just(NAME)),
    lambda below: st.builds(
        lambda key, children: Steps(key, NAME, children=children), st.sampled_from("abc"), st.lists(below, max_size=3)
    ),
    max_leaves=9,
)


def count(steps):
    return 1 + sum(count(child) for child in steps.children)


class TestSteps:
    @given(trees)
    def test_a_walk_passes_every_step_once_parents_first(self, tree):
        """All of the tree, and each step before those it rests on."""
        walked = list(tree.walk())
        assert len(walked) == count(tree)
        assert walked[0] is tree
        places = {id(step): i for i, step in enumerate(walked)}
        for step in walked:
            assert all(places[id(child)] >= places[id(step)] for child in step.children)

    @given(trees, st.sampled_from("abcd"))
    def test_the_first_step_of_a_key_is_found_and_an_absent_one_is_an_error(self, tree, key):
        """What a walk meets first; a key that is nowhere is never None."""
        first = next((step for step in tree.walk() if step.key == key), None)
        if first is not None:
            assert tree.find(key) is first
            return
        with pytest.raises(KeyError, match=key):
            tree.find(key)


class TestTitle:
    @given(st.text(), st.text())
    def test_words_are_said_in_the_language_asked_for(self, zh, en):
        """Both are always there; neither stands in for the other."""
        title = Title(zh=zh, en=en)
        assert (title.say("zh"), title.say("en"), str(title)) == (zh, en, f"{zh} / {en}")
