"""Problems: one line that says what is wrong, where, and what to do; as text, as JSON and for GitHub."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from communitygov.vocabulary.problem import Place, Problem, did_you_mean, nearest, sort_problems
from communitygov.vocabulary.text import Title

words = st.text(st.characters(codec="utf-8"), max_size=12)
titles = st.builds(Title, zh=words, en=words)
placed = st.builds(Place, words.filter(bool), st.integers(0, 99), st.integers(0, 99))
problems = st.builds(
    Problem,
    st.sampled_from(["bad-share", "conflict"]),
    titles,
    st.none() | placed,
    also=st.lists(placed, max_size=2).map(tuple),
    clause=st.lists(words, max_size=2).map(tuple),
    path=words,
)
SHARE = Problem(
    "bad-share",
    Title(zh="不是份额", en="not a share"),
    Place("x.yaml", 3, 9),
    also=(Place("y.yaml", 4),),
    clause=("SJS-17", "SJS-18"),
    path="tiers.five_star.share",
)
BARE = Problem("missing-column", Title(zh="缺少列", en="no column"))


class TestText:
    def test_a_problem_is_said_with_its_place_its_other_places_and_its_clauses(self):
        """Whoever reads the line can open the file, and the source."""
        assert SHARE.say("en") == "x.yaml:3:9: bad-share: not a share (y.yaml:4) [SJS-17, SJS-18]"
        assert SHARE.say("zh") == "x.yaml:3:9: bad-share: 不是份额 (y.yaml:4) [SJS-17, SJS-18]"

    def test_what_there_is_not_is_not_said(self):
        """A problem of data has no place in a file."""
        assert BARE.say("en") == "missing-column: no column"

    @pytest.mark.parametrize(
        ("place", "text"),
        [(Place("a"), "a"), (Place("a", 3), "a:3"), (Place("a", 3, 9), "a:3:9"), (Place("a", 0, 9), "a:9")],
    )
    def test_a_place_is_said_as_far_as_it_is_known(self, place, text):
        """A file as a whole has no line."""
        assert str(place) == text


class TestJson:
    @given(problems)
    def test_a_problem_survives_json_in_both_languages(self, problem):
        """Nothing that is said is lost to a machine."""
        read = json.loads(json.dumps(problem.as_json()))
        place = problem.place
        assert (read["code"], read["path"], read["message"]) == (
            problem.code,
            problem.path,
            {"zh": problem.message.zh, "en": problem.message.en},
        )
        assert (read["file"], read["line"], read["column"]) == (
            (place.file, place.line, place.column) if place else (None, None, None)
        )
        assert (read["also"], read["clause"]) == ([str(p) for p in problem.also], list(problem.clause))


class TestGitHub:
    def test_an_annotation_stands_at_its_line(self):
        """The workflow command that GitHub reads."""
        assert SHARE.as_github("en") == (
            "::error file=x.yaml,line=3,col=9,title=bad-share::not a share (y.yaml:4) [SJS-17, SJS-18]"
        )

    def test_a_file_as_a_whole_is_annotated_at_its_first_line(self):
        """GitHub knows no line 0."""
        whole = Problem("empty-file", Title(zh="空", en="empty"), Place("x.yaml"))
        assert whole.as_github("zh") == "::error file=x.yaml,line=1,col=1,title=empty-file::空"

    def test_a_problem_without_a_file_is_annotated_without_one(self):
        """It is shown with the run."""
        assert BARE.as_github("en") == "::error title=missing-column::no column"

    @given(problems, st.sampled_from(["zh", "en"]))
    def test_nothing_that_is_said_can_break_out_of_the_annotation(self, problem, lang):
        """Line ends, colons and percent signs are escaped: one problem, one command."""
        line = problem.as_github(lang)
        assert "\n" not in line
        assert "\r" not in line
        settings, _, message = line.removeprefix("::error ").partition("::")
        plain = message.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")
        assert plain.startswith(problem.message.say(lang))
        assert settings.endswith(f"title={problem.code}")


class TestHints:
    @given(st.lists(st.text("abcdefgh_", min_size=4, max_size=9), min_size=1, unique=True), st.data())
    def test_a_name_that_is_known_is_nearest_to_itself(self, names, data):
        """Where the very word is known, it is the hint."""
        word = data.draw(st.sampled_from(names))
        assert nearest(word, names) == word
        assert did_you_mean(word, names).en == f"; did you mean `{word}`?"

    def test_a_misspelt_name_is_led_to_the_nearest_in_both_languages(self):
        """shaer is share."""
        assert did_you_mean("shaer", ["number", "share"]) == Title(
            zh="；是否想写 `share`？", en="; did you mean `share`?"
        )

    def test_where_nothing_is_near_what_is_known_is_listed(self):
        """A dozen names at most."""
        assert did_you_mean("zzz", ["b", "a"]) == Title(zh="；可用的有 `a`, `b`", en="; known here: `a`, `b`")
        many = did_you_mean("zzz", [f"name{i:02}" for i in range(13)])
        assert many.en.endswith("`name11` ...")

    def test_where_nothing_is_known_nothing_is_said(self):
        """There is no hint to give."""
        assert did_you_mean("share", []) == Title(zh="", en="")
        assert nearest("share", []) is None


class TestOrder:
    @given(st.lists(problems, max_size=8), st.randoms(use_true_random=False))
    def test_problems_come_in_reading_order_and_once(self, found, random):
        """By file, line and column, however they were found, and none twice."""
        once = sort_problems(found)
        assert {problem.say("en") for problem in once} <= {problem.say("en") for problem in found}
        assert {(one.code, one.place, one.message) for one in once} == {
            (one.code, one.place, one.message) for one in found
        }
        assert len(once) == len({(one.code, one.place, one.message) for one in found})
        places = [problem.place or Place("") for problem in once]
        assert places == sorted(places)
        random.shuffle(found)
        again = sort_problems(found)
        assert [one.place for one in again] == [one.place for one in once]
