"""From text to rules and back: what the schema refuses, what a rule refuses, and what a patch makes anew."""

import json
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Literal

import pytest
import yaml
from attrs import evolve
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from communitygov.certification.rules import Certification
from communitygov.documents.check import Checker, clause_at, kinds_told_once, place_of
from communitygov.documents.fields import terms, without_none
from communitygov.documents.layers import Layer, apply, conflicts
from communitygov.documents.model import build, plain
from communitygov.documents.reading import read_text
from communitygov.documents.rule import Clauses, Finding, Patch, Rule, rule, term
from communitygov.documents.schema import PATCH, document_schema, patch_schema
from communitygov.index.rules import Index
from communitygov.vocabulary.errors import DocumentError
from communitygov.vocabulary.numbers import Number, Share, decimal_text
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.problem import Place, sort_problems
from communitygov.vocabulary.text import Title

NAME = Title(zh="城市", en="City")


@rule
class Level(Rule):
    """A level.

    Args:
        share: How much of all.
        places: How many.
        fact: What it rests on.
    """

    share: Share = term("份额", "Share")
    places: int | None = term("名额", "Places", default=None, at_least=1, at_most=9)
    fact: tuple[str, ...] = term("所据事实", "Fact", default=(), refers="fact")

    def check(self) -> Iterator[Finding]:
        """Yield a finding if it is named in vain, with the places as a second party."""
        yield from super().check()
        if self.places == 7:
            yield Finding(("share",), "unlucky", "不吉", "seven places", also=(("places",),))


@rule
class City(Rule):
    """A city, with every kind of field that a rule may have.

    Args:
        levels: Its levels.
        mode: How it goes.
        open: Whether it is open.
        factor: Any number.
        since: Since when.
        words: Words.
        modes: Ways that it may go.
        periods: Periods.
        bar: A level that is barred.
        readings: Patches.
        from_: A word that Python keeps for itself.
    """

    levels: Mapping[str, Level] = term("层级", "Levels")
    mode: Literal["fast", "slow"] = term("方式", "Mode", default="slow", about="How fast it goes.")
    open: bool = term("开放", "Open", default=False)
    factor: Number | None = term("系数", "Factor", default=None, at_least=-5)
    since: Period | None = term("自", "Since", default=None)
    words: tuple[str, ...] = term("词", "Words", default=())
    modes: tuple[Literal["fast", "slow"], ...] = term("各种方式", "Modes", default=())
    periods: tuple[Period, ...] = term("时期", "Periods", default=())
    best: Level | None = term("最高", "Best", default=None)
    readings: Mapping[str, Patch] = term("理解", "Readings", default={})
    from_: str | None = term("来自", "From", default=None)
    facts: Mapping[str, Title] = term("事实", "Facts", default={})
    fact: tuple[str, ...] = term("所用事实", "Fact", default=(), refers="fact")


SCHEMA = document_schema(City, identifier="city.schema.json", title=NAME)
PATCHES = patch_schema(City, identifier=PATCH, title=NAME)
CHECKER = Checker(SCHEMA, {PATCH: PATCHES})


def checked(text, checker=CHECKER):
    """What the schema finds: code, path and place."""
    node = read_text(text, name="city.yaml")
    return [(p.code, p.path, (p.place.line, p.place.column)) for p in sort_problems(checker.problems(node))]


def built(text, cls=City):
    """What a rule finds in itself, and the rule."""
    problems = []
    model = build(read_text(text, name="city.yaml"), cls, problems)
    return model, [(p.code, p.path, (p.place.line, p.place.column)) for p in problems]


class TestSchema:
    def test_schemas_are_schemas_with_titles_in_both_languages(self):
        """Draft 2020-12, as editors read it."""
        for schema in (SCHEMA, PATCHES):
            Draft202012Validator.check_schema(schema)
            assert schema["title"] == "城市 / City"
        assert SCHEMA["properties"]["mode"]["title"] == "方式 / Mode"
        assert SCHEMA["properties"]["mode"]["description"] == "How fast it goes."
        assert SCHEMA["description"] == "A city, with every kind of field that a rule may have."
        assert SCHEMA["required"] == ["levels"]
        assert (
            SCHEMA["$defs"]["Level"]["properties"]["places"] | {"minimum": 1, "maximum": 9}
            == (SCHEMA["$defs"]["Level"]["properties"]["places"])
        )
        assert "from" in SCHEMA["properties"]

    def test_a_document_in_parts_requires_nothing(self):
        """Each file of a folder holds a part."""
        parts = Checker(document_schema(City, identifier="x.json", title=NAME, parts=True), {PATCH: PATCHES})
        assert checked("mode: fast", parts) == []

    @pytest.mark.parametrize(
        "text",
        [
            "levels: {}",
            "levels: {a: {share: 5%}, b: {share: 1/3, places: 9}, c: {share: 0.5}, d: {share: '0.5'}, e: {share: 1}}",
            "levels: {}\nfactor: -1/3\nsince: 2023\nopen: true\nwords: [a, b]\nperiods: [2023, 2023Q3]\nfrom: here",
            "levels: {}\nreadings: {x: {mode: fast, levels: {a: ~}}}\nclause: A\nbest: {share: 0.1, clause: [A, B]}",
        ],
    )
    def test_what_a_rule_can_say_passes(self, text):
        """Numbers plain or quoted, one clause or several."""
        assert checked(text) == []

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("mode: fast", [("missing-field", "", (1, 1))]),
            ("levels: {a: {}}", [("missing-field", "levels.a", (1, 10))]),
            ("levels: {}\nlevles: {}", [("unknown-field", "levles", (2, 1))]),
            ("levels: {a: {share: 5%, plaecs: 2}}", [("unknown-field", "levels.a.plaecs", (1, 25))]),
            ("levels: [a]", [("wrong-type", "levels", (1, 9))]),
            ("levels: {a: 5}", [("wrong-type", "levels.a", (1, 13))]),
            ("levels: ~", [("wrong-type", "levels", (1, 9))]),
            ("levels: {}\nopen: 1", [("wrong-type", "open", (2, 7))]),
            ("levels: {}\nopen: 'true'", [("wrong-type", "open", (2, 7))]),
            ("levels: {}\nwords: a", [("wrong-type", "words", (2, 8))]),
            ("levels: {}\nwords: [a, 1]", [("wrong-type", "words.1", (2, 12))]),
            ("levels: {}\nclause: {a: b}", [("wrong-type", "clause", (2, 9))]),
            ("levels: {}\nmode: true", [("wrong-type", "mode", (2, 7))]),
            ("levels: {}\nmode: fats", [("unknown-choice", "mode", (2, 7))]),
            ("levels: {a: {share: 30}}", [("bad-share", "levels.a.share", (1, 21))]),
            ("levels: {a: {share: true}}", [("bad-share", "levels.a.share", (1, 21))]),
            ("levels: {a: {share: -1%}}", [("bad-share", "levels.a.share", (1, 21))]),
            ("levels: {a: {share: 1/0}}", [("bad-share", "levels.a.share", (1, 21))]),
            ("levels: {a: {share: ３０%}}", [("bad-share", "levels.a.share", (1, 21))]),
            ("levels: {a: {share: 5%, places: 1.5}}", [("wrong-type", "levels.a.places", (1, 33))]),
            ("levels: {a: {share: 5%, places: true}}", [("wrong-type", "levels.a.places", (1, 33))]),
            ("levels: {a: {share: 5%, places: 0}}", [("out-of-range", "levels.a.places", (1, 33))]),
            ("levels: {a: {share: 5%, places: 10}}", [("out-of-range", "levels.a.places", (1, 33))]),
            ("levels: {}\nfactor: ten", [("bad-number", "factor", (2, 9))]),
            ("levels: {}\nfactor: true", [("bad-number", "factor", (2, 9))]),
            ("levels: {}\nfactor: -5.5", [("out-of-range", "factor", (2, 9))]),
            ("levels: {}\nsince: 2023Q5", [("bad-period", "since", (2, 8))]),
            ("levels: {}\nsince: 20.5", [("bad-period", "since", (2, 8))]),
            ("levels: {}\nsince: 30000", [("bad-period", "since", (2, 8))]),
            ("levels: {}\ntitle: {zh: 城}", [("missing-field", "title", (2, 1))]),
            ("levels: {}\ntitle: {zh: 城, en: 5}", [("wrong-type", "title.en", (2, 20))]),
            ("levels: {}\nreadings: {x: {mode: fats}}", [("unknown-choice", "readings.x.mode", (2, 22))]),
        ],
    )
    def test_what_a_rule_cannot_say_is_refused_in_its_place(self, text, expected):
        """true is no number, 30 is no share, and 2023Q5 is in no calendar."""
        assert checked(text) == expected

    def test_every_fault_is_named_at_once_with_a_hint_and_the_clause(self):
        """The nearest name, and the clause that speaks for the place."""
        text = "clause: A\nlevels:\n  a: {clause: B, shaer: 5%}\n  b: {share: 2}\nmode: fats\n"
        problems = CHECKER.problems(read_text(text))
        said = {problem.code: problem for problem in problems}
        assert said["unknown-field"].message.en == "unknown field `shaer`; did you mean `share`?"
        assert said["unknown-choice"].message.zh == "不能取 `fats`；是否想写 `fast`？"
        assert {code: problem.clause for code, problem in said.items()} == {
            "unknown-field": ("B",),
            "bad-share": ("A",),
            "unknown-choice": ("A",),
        }

    def test_a_patch_requires_nothing_and_may_remove_anything_below_the_whole(self):
        """Only the parts of a title, and the items of a list, are never removed."""
        patches = Checker(PATCHES)
        for text in ("levels: ~", "levels: {a: ~, b: {share: ~}}", "mode: ~\nwords: ~\ntitle: {en: x}", "{}"):
            assert checked(text, patches) == []
        for text in ("title: {en: ~}", "words: [~]", "modes: [~]", "levels: {a: {share: 2}}"):
            assert len(checked(text, patches)) == 1

    def test_a_fault_of_another_kind_is_said_as_the_schema_says_it(self):
        """Schemas written by others may ask for more."""
        checker = Checker({"$id": "x", "properties": {"a": {"minLength": 3}}})
        assert checked("a: ab", checker) == [("bad-value", "a", (1, 4))]

    @given(st.fractions(0, 1, max_denominator=10**4), st.data())
    def test_two_spellings_of_one_number_say_the_same(self, number, data):
        """As a share and as any number, in a patch and in a reading in it; each is shown as it was written."""
        spellings = [f"{number.numerator}/{number.denominator}", f"{number.numerator * 3}/{number.denominator * 3}"]
        if 10**20 % number.denominator == 0:
            spellings += [decimal_text(number), f"{decimal_text(number)}0" if number.denominator != 1 else "0.0"]
            spellings += [f"{decimal_text(number * 100)}%", f"'{decimal_text(number)}'"]
            spellings = spellings if number != 1 else spellings[:3]
        one, other = (data.draw(st.sampled_from(spellings)) for _ in range(2))
        for text in ("levels: {{a: {{share: {}}}}}", "factor: {}", "readings: {{x: {{best: {{share: {}}}}}}}"):
            (said, _), (again, found) = (Checker(PATCHES).sift(read_text(text.format(each))) for each in (one, other))
            assert found == []
            assert said.digest == again.digest
            assert [leaf.value for _, leaf in again.leaves()] == [
                leaf.value for _, leaf in read_text(text.format(other)).leaves()
            ]
            assert list(conflicts([Layer("reform", "one", said), Layer("reform", "other", again)])) == []

    @pytest.mark.parametrize(
        ("one", "other", "same"),
        [
            ("since: 2023", "since: '2023'", True),
            ("since: 2023", "since: 2023-01", False),
            ("factor: 0.5", "factor: 0.51", False),
            ("from: 5%", "from: '5%'", True),
            ("from: 5%", "from: '0.05'", False),
            ("words: [5%]", "words: ['0.05']", False),
            ("title: {en: 5%}", "title: {en: '0.05'}", False),
        ],
    )
    def test_only_what_is_a_number_is_compared_as_one(self, one, other, same):
        """A text is what is written; a period is one whether it is quoted or not."""
        said, again = (Checker(PATCHES).sift(read_text(each))[0] for each in (one, other))
        assert (said.digest == again.digest) == same

    def test_a_mapping_by_id_is_known_from_a_rule(self):
        """The one says nothing while it is empty, the other says that there is one."""
        node, _ = Checker(PATCHES).sift(read_text("levels: {}\nassumed: {}\nbest: {}\ntitle: {}\nreadings: {x: {}}"))
        known = {path for path in ("levels", "assumed", "best", "title", "readings") if node[path].collection}
        assert (known, node["readings"]["x"].collection) == ({"levels", "assumed", "readings"}, False)

    def test_what_is_faulty_is_taken_out_so_that_the_rest_can_be_checked(self):
        """One typing error does not hide what else is wrong."""
        node, problems = CHECKER.sift(read_text("levels: {a: {share: 2, x: 1}, b: {share: 5%}}\nmode: slow"))
        assert sorted(problem.code for problem in problems) == ["bad-share", "unknown-field"]
        assert node.plain == {"levels": {"a": {"share": ""}, "b": {"share": "5%"}}, "mode": "slow"}
        assert node["levels"]["a"]["share"].is_lost
        found = []
        assert build(node, City, found) is None
        assert found == []
        assert CHECKER.problems(node) == []

    def test_a_type_that_no_document_can_hold_has_no_schema(self):
        """A mistake of a developer, not of an author."""

        @rule
        class Odd(Rule):
            """Odd."""

            when: complex = term("何时", "When", default=1j)

        @rule
        class Listed(Rule):
            """Listed."""

            levels: tuple[Level, ...] = term("层级", "Levels", default=())

        with pytest.raises(TypeError, match="no schema"):
            document_schema(Odd, identifier="x", title=NAME)
        with pytest.raises(TypeError, match="never listed"):
            document_schema(Listed, identifier="x", title=NAME)

    def test_rules_of_one_name_from_different_rooms_have_a_schema_each(self):
        """A level of an index says other things than a level of a grid; two of one room are a developer's mistake."""

        def named(name, room, field):
            said = {field: term("甲", "A")}
            return rule(type(name, (Rule,), {"__module__": f"x.{room}.rules", "__annotations__": {field: str}} | said))

        def whole(*parts):
            names = [f"part{i}" for i in range(len(parts))]
            fields = {name: term("部分", "Part", default=None) for name in names}
            hints = {name: part | None for name, part in zip(names, parts, strict=True)}
            return rule(type("Whole", (Rule,), {"__module__": "x.room.rules", "__annotations__": hints} | fields))

        both = whole(named("Same", "index", "weight"), named("Same", "grid", "order"))
        checker = Checker(document_schema(both, identifier="x", title=NAME))
        assert checked("part0: {weight: a}\npart1: {order: a}", checker) == []
        assert [one[:2] for one in checked("part0: {order: a}", checker)] == [
            ("missing-field", "part0"),
            ("unknown-field", "part0.order"),
        ]
        with pytest.raises(TypeError, match="two rules are called GridSame"):
            document_schema(
                whole(*(named("Same", "grid", field) for field in ("a", "b", "c"))), identifier="x", title=NAME
            )

    def test_a_default_mapping_is_empty(self):
        """A rule's default is shared by all of its kind."""
        with pytest.raises(ValueError, match="empty"):
            term("甲", "A", default={"a": 1})


class TestPlaces:
    NODE = read_text("a:\n  clause: A\n  b: [1, {c: 2}]\n", name="x.yaml")

    @pytest.mark.parametrize(
        ("path", "line"),
        [((), 1), (("a",), 2), (("a", "b", 1), 3), (("a", "b", "1", "c"), 3), (("a", "x"), 2), (("a", "b", 7), 3)],
    )
    def test_the_place_of_a_path_is_that_of_the_nearest_node(self, path, line):
        """Keys, and positions in lists as numbers or as text."""
        assert place_of(self.NODE, path).place.line == line

    @pytest.mark.parametrize(
        ("path", "clause"), [((), ()), (("a",), ("A",)), (("a", "b", "1"), ("A",)), (("x", "y"), ())]
    )
    def test_the_nearest_clause_above_speaks_for_a_path(self, path, clause):
        """As far down as there is anything."""
        assert clause_at(self.NODE, path) == clause


class TestFields:
    def test_a_key_is_the_field_without_the_underscore_that_python_needs(self):
        """Documents write from, Python cannot."""
        assert (terms(City)["from"].attribute, terms(City)["from"].name) == ("from_", "from")
        assert "node" not in terms(City)

    @pytest.mark.parametrize(
        ("hint", "expected"),
        [(int | None, int), (int | str, int | str), (int, int), (int | str | None, int | str | None)],
    )
    def test_a_type_without_none_is_the_type(self, hint, expected):
        """Where only one is left."""
        assert without_none(hint) == expected


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co"]), max_size=8)
titles = st.builds(Title, zh=words, en=words)
numbers = st.fractions(-5, 10**6, max_denominator=10**6)
periods = (
    st.dates()
    .filter(lambda day: 1000 <= day.year < 3000)
    .flatmap(
        lambda day: st.sampled_from(["year", "half", "quarter", "month", "day"]).map(
            lambda kind: Period.containing(day, kind)
        )
    )
)
about = {"title": st.none() | titles, "note": st.none() | titles, "clause": st.lists(words, max_size=2).map(tuple)}
levels = st.builds(
    Level,
    share=st.fractions(0, 1, max_denominator=10**6),
    places=st.none() | st.sampled_from([1, 5, 9]),
    assumed=st.dictionaries(st.sampled_from(["share", "places"]), titles, max_size=1),
    **about,
)
cities = st.builds(
    City,
    levels=st.dictionaries(words.filter(bool), levels, max_size=3),
    mode=st.sampled_from(["fast", "slow"]),
    open=st.booleans(),
    factor=st.none() | numbers,
    since=st.none() | periods,
    words=st.lists(words, max_size=3).map(tuple),
    modes=st.lists(st.sampled_from(["fast", "slow"]), max_size=2).map(tuple),
    periods=st.lists(periods, max_size=2).map(tuple),
    best=st.none() | levels,
    from_=st.none() | words,
    **about,
)


class _Dumper(yaml.SafeDumper):
    """Writes in quotes every text that the library would read as anything else; PyYAML knows YAML 1.1 only."""

    def ignore_aliases(self, data: object) -> bool:
        """Write out what stands twice: the library follows no alias."""
        return True


def _quoted(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    try:
        is_text = read_text(f"a: {text}")["a"].value == text
    except DocumentError:
        is_text = False
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if is_text else "'")


_Dumper.add_representer(str, _quoted)


def dumped(data: object) -> str:
    """Plain data as a document."""
    return yaml.dump(data, Dumper=_Dumper, allow_unicode=True)


NO_PLAIN_TEXTS = (
    "0E0",
    "0E100",
    "1e3",
    "0x1F",
    "0o17",
    ".inf",
    "12:30",
    "no",
    "on",
    "true",
    "~",
    "null",
    "",
    "- ",
    "# x",
)


def saying(*texts: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Try a property on a city that says each text wherever a text may stand, too."""

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        for text in texts:
            both = Title(zh=text, en=text)
            test = example(City(levels={}, words=(text, text), from_=text, title=both, clause=(text,)))(test)
        return test

    return decorate


class TestModel:
    @given(cities)
    @saying(*NO_PLAIN_TEXTS)
    def test_a_rule_written_and_read_is_the_same_rule(self, city):
        """L6: rule to plain data to text to rule is the identity, and passes the schema on the way."""
        node = read_text(dumped(plain(city)))
        assert CHECKER.problems(node) == []
        problems = []
        model = build(node, City, problems)
        assert problems == []
        assert model == city
        assert plain(model) == plain(city)

    @given(cities)
    def test_defaults_are_left_out(self, city):
        """What a document need not say, it does not."""
        written = plain(city)
        assert "readings" not in written
        assert ("mode" in written) == (city.mode == "fast")
        assert ("open" in written) == city.open

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("levels: {a: {share: 5%, places: 7}}", [("unlucky", "levels.a.share", (1, 21))]),
            ("levels: {a: {share: '5'}}", [("bad-share", "levels.a.share", (1, 21))]),
            ("levels: {}\nsince: 2023-02-30", [("bad-period", "since", (2, 8))]),
            ("levels: {}\nperiods: [2023, 2023-02-30]", [("bad-period", "periods.1", (2, 17))]),
            ("mode: fast", [("missing-field", "", (1, 1))]),
            ("levels: {}\ntitle: {en: x}", [("missing-field", "title", (2, 1))]),
            ("levels: {}\nassumed: {shaer: {zh: 甲, en: a}}", [("unknown-assumed", "assumed.shaer", (2, 11))]),
            ("levels: {}\nfacts: {a: {zh: 甲, en: a}}\nfact: [a, b]", [("unknown-reference", "fact", (3, 11))]),
            ("levels: {}\nfact: [a]", [("unknown-reference", "fact", (2, 8))]),
        ],
    )
    def test_a_promise_that_is_broken_is_named_in_its_place(self, text, expected):
        """What no schema can see: sums, dates of the calendar, references."""
        assert built(text)[1] == expected

    def test_a_rule_that_lacks_something_is_none_and_one_that_breaks_a_promise_is_there(self):
        """So that more can be said of the latter."""
        assert built("mode: fast")[0] is None
        assert built("levels: {}\nsince: 2023-02-30")[0] is None
        assert built("levels: {a: {share: 5%, places: 7}}")[0].levels["a"].places == 7

    def test_the_other_party_to_a_broken_promise_is_shown(self):
        """Both places."""
        problems = []
        build(read_text("levels:\n  a:\n    share: 5%\n    places: 7\n", name="x.yaml"), City, problems)
        assert problems[0].also == (Place("x.yaml", 4, 13),)

    def test_a_clause_that_no_section_can_have_is_not_looked_for(self):
        """A part on its own refers to what it is laid over."""
        assert built("levels: {}\nclause: NO-1")[1] == []

    def test_a_rule_tells_where_its_values_come_from(self):
        """And nothing, if it was made in Python."""
        city, _ = built("levels: {a: {share: 5%}}\ntitle: {zh: 城, en: Town}")
        assert city.levels["a"].story("share").en == "5%, from , city.yaml:1"
        assert city.story("mode") is None
        assert City(levels={}).story() is None
        assert (city.name().en, City(levels={}).name("city").zh) == ("Town", "city")

    def test_what_the_schema_passes_wrongly_is_our_mistake(self):
        """An assertion, never a value of another type."""
        for text in (
            "levels: {a: 5}",
            "levels: [1]",
            "levels: {}\nopen: 1",
            "levels: {}\nwords: a",
            "levels: {}\nx: 1",
        ):
            with pytest.raises(AssertionError, match="the schema passed"):
                built(text)
        with pytest.raises(AssertionError, match="the schema passed no number"):
            built("levels: {}\nfactor: [1]")

    def test_patches_are_kept_as_located_data(self):
        """They are rules of no class of their own."""
        city, _ = built("levels: {}\nreadings: {x: {mode: ~}}")
        assert city.readings["x"]["mode"].is_removal
        assert plain(city)["readings"] == {"x": {"mode": None}}

    def test_plain_data_of_a_patch_hold_no_fractions(self):
        """A number that is not whole is a text, in a patch as in a rule, and reads as the same number."""
        text = "levels: {a: {share: 0.05}}\nreadings: {x: {factor: 1.5, levels: {a: {share: 0.25}}, fact: [b]}}"
        (city, _), node = built(text), CHECKER.sift(read_text(text))[0]
        written = plain(city)
        assert json.loads(json.dumps(written)) == yaml.safe_load(yaml.safe_dump(written)) == written
        assert written["readings"]["x"] == {"factor": "1.5", "levels": {"a": {"share": "0.25"}}, "fact": ["b"]}
        assert CHECKER.sift(read_text(json.dumps(written)))[0].digest == node.digest


CITY = "levels: {a: {share: 5%, fact: [c, d]}, b: {share: 10%}}\n"
CITY += "facts: {c: {zh: 丙, en: c}, d: {zh: 丁, en: d}}\nfact: [c]\n"
_some_facts = st.lists(st.sampled_from("cdef"), max_size=2)
_some_level = st.fixed_dictionaries(
    {"share": st.sampled_from(["5%", "1/3", 0])}, optional={"places": st.sampled_from([1, 7]), "fact": _some_facts}
)
_some_change = st.fixed_dictionaries({}, optional={"share": st.sampled_from(["6%", "1"]), "fact": _some_facts})
city_patches = st.fixed_dictionaries(
    {},
    optional={
        "levels": st.dictionaries(st.sampled_from("abxyz"), st.none() | _some_level | _some_change, max_size=3),
        "facts": st.dictionaries(
            st.sampled_from("cdefg"), st.none() | st.just({"zh": "甲", "en": "a"}) | st.just({"en": "b"}), max_size=3
        ),
        "fact": _some_facts,
        "best": _some_level | st.none(),
    },
)


def patch_of(data):
    """A patch as the schema passes it."""
    sound, problems = Checker(PATCHES).sift(read_text(dumped(data)))
    assert problems == []
    return sound


def fresh(node):
    """The same located data with nothing kept on it."""
    children = {key: fresh(child) for key, child in node.children.items()} if node.children is not None else None
    items = tuple(fresh(item) for item in node.items) if node.items is not None else None
    return evolve(node, children=children, items=items)


class TestPatchedTrees:
    BASE = "levels: {a: {share: 5%}, b: {share: 10%}}\nbest: {share: 1%}\nfacts: {c: {zh: 丙, en: c}}\n"

    def test_only_what_is_touched_is_made_anew(self):
        """The models of all other branches are the very same objects."""
        root = read_text(self.BASE)
        before = build(root, City, [])
        after = build(apply(root, read_text("levels: {a: {share: 6%}}"), []), City, [])
        assert (before.levels["a"].share, after.levels["a"].share) == (Fraction(5, 100), Fraction(6, 100))
        assert after.levels["b"] is before.levels["b"]
        assert after.best is before.best
        assert after.facts is before.facts
        assert build(root, City, []) is before

    @given(st.lists(city_patches, min_size=1, max_size=4))
    def test_made_from_what_was_there_rules_are_those_made_anew(self, patches):
        """After every patch: the same rules, in the same order, and the same faults, references among them."""
        root = read_text(CITY)
        for patch in patches:
            root = apply(root, patch_of(patch), [])
            problems, expected = [], []
            made, anew = build(root, City, problems), build(fresh(root), City, expected)
            assert made == anew
            assert sort_problems(problems) == sort_problems(expected)
            assert made is None or [*made.levels] == [*anew.levels] == [*root["levels"].children]

    def test_an_id_that_is_named_elsewhere_cannot_go(self):
        """However long ago the reference was looked at, and whatever stands in between."""
        first = read_text("levels: {a: {share: 5%, fact: [c]}}\nfacts: {c: {zh: 丙, en: c}, d: {zh: 丁, en: d}}")
        assert build(first, City, []) is not None
        patches = (
            ("facts: {d: ~}", 0),
            ("mode: slow", 0),
            ("facts: {c: ~}", 1),
            ("facts: {e: {zh: 戊, en: e}}", 1),
            ("facts: {c: {zh: 丙, en: c}}", 0),
            ("facts: ~", 1),
            ("levels: {a: {fact: []}}", 0),
        )
        root = first
        for patch, lost in patches:
            root = apply(root, read_text(patch), [])
            problems = []
            build(root, City, problems)
            assert [problem.code for problem in problems] == ["unknown-reference"] * lost
        other = fresh(read_text("levels: {}\nfacts: {d: {zh: 丁, en: d}}"))
        mixed = evolve(first, children={"levels": first["levels"], "facts": other["facts"]})
        problems = []
        build(mixed, City, problems)
        assert [problem.path for problem in problems] == ["levels.a.fact"]

    def test_a_part_that_was_made_on_its_own_is_looked_at_once_it_is_one(self):
        """What could not be looked for then is looked for now."""
        whole, problems = read_text("levels: {a: {share: 5%, fact: [c]}}"), []
        assert build(whole["levels"]["a"], Level, problems) is not None
        assert problems == []
        build(whole, City, problems)
        assert [problem.path for problem in problems] == ["levels.a.fact"]

    def test_a_promise_that_a_patch_breaks_is_shown_in_the_patch(self):
        """With the place of the value that it concerns beside it."""
        root = read_text("levels:\n  a:\n    share: 5%\n", name="base.yaml")
        patch = read_text("levels: {a: {places: 7}}", name="patch.yaml")
        problems = []
        build(apply(root, patch, []), City, problems, blame=[patch])
        (problem,) = problems
        assert (problem.code, str(problem.place)) == ("unlucky", "patch.yaml:1:22")
        assert [str(place) for place in problem.also] == ["base.yaml:3:12"]

    def test_a_reference_that_a_patch_leaves_dangling_is_shown_in_the_patch(self):
        """Whoever takes a fact away is told who needs it."""
        root = read_text(self.BASE + "fact: [c]\n", name="base.yaml")
        patch = read_text("facts: {c: ~}", name="patch.yaml")
        problems = []
        build(apply(root, patch, []), City, problems, blame=[patch])
        (problem,) = problems
        assert (problem.code, problem.place.file, problem.also[0].file) == (
            "unknown-reference",
            "patch.yaml",
            "base.yaml",
        )

    def test_a_promise_broken_before_is_found_again_after(self):
        """What is kept of untouched branches is their faults too."""
        root = read_text("levels: {a: {share: 5%, places: 7}, b: {share: 5%}}")
        for changed in (root, apply(root, read_text("levels: {b: {share: 6%}}"), [])):
            problems = []
            build(changed, City, problems)
            assert [problem.path for problem in problems] == ["levels.a.share"]


class TestKinds:
    BASE = TestPatchedTrees.BASE + "words: [a, b]\nfactor: 1/3\nmode: fast\nsince: 2023\nclause: A\n"
    NODES = (
        "levels", "levels.a", "levels.a.share", "best", "best.share", "facts", "facts.c", "facts.c.zh",
        "words", "factor", "mode", "since", "clause",
    )  # fmt: skip

    @given(st.sets(st.sampled_from(NODES), min_size=1), st.sampled_from(["x", 5, True, "5%", [], ["a"]]))
    def test_a_node_of_another_kind_is_told_once_and_as_that(self, chosen, value):
        """Whatever the schema says of it: the place in the patch and that in the rules; and nothing is changed."""
        root = read_text(self.BASE, name="base.yaml")
        apart = {path for path in chosen if not any(path.startswith(f"{other}.") for other in chosen)}
        tree = {}
        for path in apart:
            *above, last = path.split(".")
            node = tree
            for key in above:
                node = node.setdefault(key, {})
            node[last] = value if root.get(*path.split(".")).kind == "mapping" else {"x": value}
        patch = read_text(dumped(tree), name="patch.yaml")
        sound, problems = Checker(PATCHES).sift(patch)
        assert apply(root, sound, problems) is root
        told = kinds_told_once(problems)
        assert {problem.code for problem in told} == {"kind-changed"}
        assert sorted((problem.path, problem.place, problem.also) for problem in told) == sorted(
            (path, patch.get(*path.split(".")).place, (root.get(*path.split(".")).place,)) for path in apart
        )

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("open: {x: 1}", [("wrong-type", "open")]),
            ("levels: {c: 5}", [("wrong-type", "levels.c")]),
            ("words: a", [("wrong-type", "words")]),
            ("factor: [1]", [("bad-number", "factor")]),
            ("mode: 5", [("wrong-type", "mode")]),
            ("best: ~", []),
            ("facts: {c: {zh: ~}}", [("wrong-type", "facts.c.zh")]),
            (
                "levels: {a: {share: 2, places: {x: 1}}}",
                [("bad-share", "levels.a.share"), ("wrong-type", "levels.a.places")],
            ),
            (
                "levels: {a: {shaer: 5, share: {x: 1}}}",
                [("unknown-field", "levels.a.shaer"), ("kind-changed", "levels.a.share")],
            ),
        ],
    )
    def test_a_value_of_the_wrong_type_is_so_where_nothing_stood_or_its_kind_stays(self, text, expected):
        """A single value and a list are of one kind to a patch; a removal is of none."""
        sound, problems = Checker(PATCHES).sift(read_text(text))
        apply(read_text(self.BASE), sound, problems)
        assert [(problem.code, problem.path) for problem in kinds_told_once(sort_problems(problems))] == expected

    def test_the_clause_of_what_the_schema_said_is_kept(self):
        """The text that speaks for the node is what its author looks up."""
        sound, problems = CHECKER.sift(read_text("clause: B\nlevels: {}\nbest: none\n"))
        apply(read_text(self.BASE), sound, problems)
        (problem,) = kinds_told_once(problems)
        assert (problem.code, problem.clause) == ("kind-changed", ("B",))


INDEX = """
subject: community
period: quarter
maximum: 100
decimals: 2
weights: points
scale: {minimum: 0, maximum: 100, decimals: 1}
methods: {survey: {}, visit: {}}
constraints: {residents_first: {method: survey, at_least: 50%, of: weight}}
counts: {"1": 2}
indicators:
  order: {title: {zh: 秩序, en: order}, weight: 60, method: survey}
  green: {weight: 40, indicators: {parks: {weight: 33.5, method: visit}, trees: {weight: 13/2, method: visit}}}
"""
STARS = """
of: quality
year: {starts: 7, periods: 4, incomplete: skip}
decimals: 2
tiers: {five_star: {order: 1, share: 10%}, four_star: {order: 2, share: 3/10, at_least: 3}}
base: all
rounding: floor
rounded: cumulative
ties: in
renewal: {hold: this_or_higher, years: 1, within: original_cut}
vetoes: {fire: {column: fire, when: before, bars: four_star}}
awards: {tiers: {five_star: {amount: 100000.5}}, progress: {amount: 1, by: score, first: 5, at_least: 0.01}}
plaques: {on_change: replace, on_watch: year_end}
"""


class TestRealRules:
    @pytest.mark.parametrize(("text", "cls"), [(INDEX, Index), (STARS, Certification)])
    def test_an_index_and_a_certification_written_and_read_are_the_same(self, text, cls):
        """L6, on the rules that cities make."""
        checker = Checker(document_schema(cls, identifier="x", title=NAME))
        first, found = built(text, cls)
        assert (checked(text, checker), found) == ([], [])
        again = dumped(plain(first))
        assert checked(again, checker) == []
        assert built(again, cls) == (first, [])

    @pytest.mark.parametrize(
        ("text", "cls", "change", "code", "path"),
        [
            (INDEX, Index, ("weight: 60", "weight: true"), "bad-number", "indicators.order.weight"),
            (INDEX, Index, ("weight: 60", "weigth: 60"), "unknown-field", "indicators.order.weigth"),
            (INDEX, Index, ("period: quarter", "period: quater"), "unknown-choice", "period"),
            (INDEX, Index, ("at_least: 50%", "at_least: 50"), "bad-share", "constraints.residents_first.at_least"),
            (INDEX, Index, ("decimals: 2", "decimals: 7"), "out-of-range", "decimals"),
            (INDEX, Index, (", en: order", ""), "missing-field", "indicators.order.title"),
            (STARS, Certification, ("share: 10%", "share: 110%"), None, None),
            (STARS, Certification, ("ties: in\n", ""), "missing-field", ""),
            (STARS, Certification, ("starts: 7", "starts: 13"), "out-of-range", "year.starts"),
            (STARS, Certification, ("years: 1", "years: '1'"), "wrong-type", "renewal.years"),
        ],
    )
    def test_a_slip_in_either_is_named_where_it_stands(self, text, cls, change, code, path):
        """One word is wrong, one problem is found; a share over all is found by the rule itself."""
        changed = text.replace(*change, 1)
        found = checked(changed, Checker(document_schema(cls, identifier="x", title=NAME)))
        if code is None:
            assert found == []
            assert [found[:2] for found in built(changed, cls)[1]] == [("bad-share", "tiers.five_star.share")]
            return
        assert [(one, where) for one, where, _ in found] == [(code, path)]

    def test_a_clause_is_one_or_several(self):
        """In the model, always several."""
        assert built("levels: {}\nclause: A")[0].clause == Clauses(("A",))
        assert built("levels: {}\nclause: [A, B]")[0].clause == Clauses(("A", "B"))
