"""Reading: what a document says, exactly; what is wrong with it, all at once and in its place; nothing executed."""

import contextlib
import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from communitygov.documents.reading import DIGITS, MAX_BYTES, MAX_DEPTH, read_document, read_text
from communitygov.vocabulary.errors import DocumentError
from communitygov.vocabulary.numbers import decimal_text
from communitygov.vocabulary.problem import Place

NAME = "rules.yaml"


def faults(text):
    """The problems of a text as (code, line and column, other places)."""
    with pytest.raises(DocumentError) as caught:
        read_text(text, name=NAME)
    for problem in caught.value.problems:
        assert problem.place is not None
        assert problem.place.file == NAME
        assert problem.message.zh
    return [
        (problem.code, (problem.place.line, problem.place.column), *((p.line, p.column) for p in problem.also))
        for problem in caught.value.problems
    ]


keys = st.text("abcdefgh_", min_size=1, max_size=4)
scalars = st.one_of(
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.builds(
        lambda units, places: Fraction(10 * units + 1, 10**places), st.integers(-(10**9), 10**9), st.integers(1, 9)
    ),
    st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=12),
    st.none(),
)
trees = st.dictionaries(
    keys,
    st.recursive(scalars, lambda below: st.lists(scalars, max_size=3) | st.dictionaries(keys, below, max_size=3)),
    max_size=5,
)


def written(value):
    """A value as a document could write it, on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {written(below)}" for key, below in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    if isinstance(value, Fraction):
        return decimal_text(value)
    return "~" if value is None else json.dumps(value)


class TestScalars:
    @pytest.mark.parametrize(
        ("written", "value"),
        [
            *(("no", "no"), ("on", "on"), ("Yes", "Yes"), ("12:30", "12:30"), ("2023Q3", "2023Q3"), ("10%", "10%")),
            *(("2024-01-01", "2024-01-01"), ("1/3", "1/3"), ("1_000", "1_000"), ("0b1", "0b1"), ("1e", "1e")),
            *(("true", True), ("True", True), ("FALSE", False), ("~", None), ("null", None), ("NULL", None)),
            *(("0", 0), ("-12", -12), ("+7", 7), ("007", 7), ("0x1F", 31), ("0o17", 15), ("1e3", 1000)),
            *(("0.3", Fraction(3, 10)), (".5", Fraction(1, 2)), ("5.", 5), ("-1.50", Fraction(-3, 2)), ("2.0", 2)),
            *(("1E-2", Fraction(1, 100)), ("'5'", "5"), ('"0.3"', "0.3"), ("'~'", "~"), ('""', ""), ("'true'", "true")),
            *(("|\n  no\n", "no\n"), (">-\n  a\n  b\n", "a b")),
        ],
    )
    def test_a_plain_scalar_is_what_yaml_1_2_says_and_a_number_exactly(self, written, value):
        """No is a word, twelve thirty is a time, three tenths are three tenths; quotes make text."""
        found = read_text(f"a: {written}")["a"].value
        assert found == value
        assert type(found) is type(value)

    @given(st.integers(-(10**30) + 1, 10**30 - 1))
    def test_whole_numbers_are_read_exactly(self, number):
        """Thirty digits and not one of them lost."""
        assert read_text(f"a: {number}").plain == {"a": number}

    @given(st.integers(0, 10**29), st.integers(1, DIGITS))
    def test_decimals_are_read_exactly(self, units, places):
        """With no float on the way, down to the thirtieth place."""
        digits = str(units).rjust(places + 1, "0")
        assert read_text(f"a: {digits[:-places]}.{digits[-places:]}").plain == {"a": Fraction(units, 10**places)}

    @pytest.mark.parametrize(
        "written",
        [
            *(".nan", ".NaN", ".inf", "-.INF", "+.Inf", "1" * 31, "0." + "1" * 31, "1e30", "1e400", "1e-31", "9" * 400),
            *("0x" + "f" * 400, "0." + "0" * 400, "1e" + "0" * 100 + "1"),
        ],
    )
    def test_a_number_that_is_not_finite_or_too_long_is_refused_in_its_place(self, written):
        """A line of four hundred digits is no number of a rule, and reading it out costs nothing."""
        assert faults(f"a: 1\nbc: {written}") == [("bad-number", (2, 5))]

    @pytest.mark.parametrize("written", ["-" * 80, "e" * 80, "1" * 80 + "x", "." * 70])
    def test_a_long_word_is_no_number(self, written):
        """A line of dashes is text."""
        assert read_text(f"a: {written}").plain == {"a": written}


class TestTree:
    @given(trees)
    def test_what_is_written_is_read(self, tree):
        """Any tree of plain data is read as it was written."""
        assert read_text(written(tree)).plain == tree

    def test_every_value_says_where_it_stands(self):
        """Line and column of value and key, and the layer."""
        node = read_text("index:\n  quality: {weight: 20, tags: [a, b]}\n", name=NAME, layer="shijingshan")
        weight = node["index"]["quality"]["weight"]
        assert (weight.place, weight.key, weight.layer) == (Place(NAME, 2, 21), Place(NAME, 2, 13), "shijingshan")
        tags = node["index"]["quality"]["tags"]
        assert [item.place.column for item in tags.items] == [32, 35]

    def test_a_number_as_a_key_is_a_word(self):
        """Levels are keyed 1, 2, 3."""
        assert read_text("1: a\n2: b").plain == {"1": "a", "2": "b"}


class TestSyntax:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("a: 1\nb: 2\na: 3\n", [("duplicate-key", (3, 1), (1, 1))]),
            ("x:\n  a: 1\n  'a': 2\n", [("duplicate-key", (3, 3), (2, 3))]),
            ("", [("empty-file", (0, 0))]),
            ("# nothing but words\n\n", [("empty-file", (0, 0))]),
            (b"a: \xff\n", [("not-utf8", (1, 4))]),
            ("a: 1\n中: ".encode() + b"\xe4\xb8", [("not-utf8", (2, 4))]),
            ("景".encode("gb18030"), [("not-utf8", (1, 1))]),
            ("a: \ud800", [("not-utf8", (1, 4))]),
            (b"\xef\xbb\xbfa: 1", [("byte-order-mark", (1, 1))]),
            ("a: 1".encode("utf-16"), [("byte-order-mark", (1, 1))]),
            ("a:\n\tb: 1\n  \tc: 2\n", [("tab", (2, 1)), ("tab", (3, 3))]),
            ("a: !!python/object:os.system x\n", [("tag", (1, 4))]),
            ("a: !!python/object/apply:os.system [ls]\n", [("tag", (1, 4))]),
            ("a: !mine {b: 1}\n", [("tag", (1, 4))]),
            ("a: &x 1\n", [("alias", (1, 4))]),
            ("a: &x {b: 1}\nc: *x\n", [("alias", (1, 4)), ("alias", (2, 4))]),
            ("a: 1\n<<: *x\n", [("alias", (2, 5))]),
            ("&x a: 1\n", [("alias", (1, 1))]),
            ("a:\nb: 1\n", [("empty-value", (1, 3))]),
            ("a: [1, ]\nb: {c: }\n", [("empty-value", (2, 8))]),
            ("---\n", [("empty-value", (2, 1))]),
            ("a: 1\n---\nb: 2\n", [("several-documents", (2, 1))]),
            ("? [a, b]\n: 1\n", [("bad-key", (1, 3))]),
            ("? {a: b}\n: 1\n", [("bad-key", (1, 3))]),
            ('"": 1\n', [("bad-key", (1, 1))]),
            ("[1, 2]\n", [("wrong-type", (1, 1))]),
            ("just words\n", [("wrong-type", (1, 1))]),
            ("a: b\n b: c\n", [("yaml-syntax", (2, 3))]),
            ("a: 'x\n", [("yaml-syntax", (2, 1), (1, 4))]),
            ("a: 1\nb: \x01\n", [("yaml-syntax", (2, 4))]),
            ("a: [1\n", [("yaml-syntax", (2, 1), (1, 4))]),
        ],
    )
    def test_each_mistake_is_named_where_it_stands(self, text, expected):
        """Code, line and column, and the other place where there is one."""
        assert faults(text) == expected

    def test_all_mistakes_of_a_document_are_named_at_once(self):
        """In reading order."""
        text = "a: !!python/name:x 1\nb:\nc: .inf\nb: 2\nd: {e: &f 1}\n"
        assert [code for code, *_ in faults(text)] == ["tag", "empty-value", "bad-number", "duplicate-key", "alias"]

    def test_what_is_nested_too_deep_is_refused_and_the_rest_is_read(self):
        """64 levels are read, the 65th is not, however deep it goes on."""
        deep = {
            depth: "a: " + "[" * (depth - 1) + "1" + "]" * (depth - 1) for depth in (MAX_DEPTH, MAX_DEPTH + 1, 5000)
        }
        assert read_text(deep[MAX_DEPTH]).kind == "mapping"
        assert faults(deep[MAX_DEPTH + 1] + "\nb:\n") == [("too-deep", (1, 67)), ("empty-value", (2, 3))]
        assert faults(deep[5000]) == [("too-deep", (1, 67))]
        maps = "{a: " * MAX_DEPTH + "{b: 1}" + "}" * MAX_DEPTH
        assert [code for code, *_ in faults(maps)] == ["too-deep"]

    def test_a_file_over_two_mebibytes_is_refused_unread(self):
        """One byte more than 2 MiB is too much; exactly so many are read."""
        text = "a: " + "x" * (MAX_BYTES - 3)
        assert read_text(text)["a"].value == "x" * (MAX_BYTES - 3)
        assert faults(text + "x") == [("file-too-large", (0, 0))]

    @given(st.text(max_size=60) | st.binary(max_size=60))
    def test_whatever_is_read_makes_a_document_or_problems(self, data):
        """No text, and no bytes, make anything else of the reader than a mapping or an error with places."""
        with contextlib.suppress(DocumentError):
            assert read_text(data, name=NAME).kind == "mapping"
            return
        assert faults(data)


class TestFiles:
    def test_a_file_is_read_under_the_name_it_is_given(self, tmp_path):
        """Places show the path as the user knows it."""
        file = tmp_path / "x.yaml"
        file.write_text("a: 1", encoding="utf-8")
        assert read_document(file).place == Place(str(file), 1, 1)
        node = read_document(file, name="city/x.yaml", layer="city")
        assert (node["a"].place, node["a"].layer) == (Place("city/x.yaml", 1, 4), "city")

    def test_a_file_that_cannot_be_read_is_a_problem_in_its_name(self, tmp_path):
        """Absent, or a folder."""
        for file in (tmp_path / "absent.yaml", tmp_path):
            with pytest.raises(DocumentError) as caught:
                read_document(file)
            (problem,) = caught.value.problems
            assert (problem.code, problem.place) == ("unreadable-file", Place(str(file)))
