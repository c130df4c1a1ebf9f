"""A chain shows what was changed in it, and only that."""

import json
from enum import IntEnum, StrEnum
from fractions import Fraction
from hashlib import sha256

import pytest
from attrs import evolve
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from communitygov.procedure.chain import Personal, canonical, digest_of, erase, sealed, verify, verify_all
from communitygov.vocabulary.errors import UsageError

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12)
SALTS = st.binary(min_size=16, max_size=20).map(bytes.hex)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
EVENTS = st.dictionaries(TEXT, PLAIN, max_size=4)
PERSONS = st.dictionaries(NAMES, st.builds(Personal, SALTS, NAMES), max_size=2)
SOMEBODY = st.dictionaries(NAMES, st.builds(Personal, SALTS, NAMES), min_size=1, max_size=2)


class Step(StrEnum):
    VERIFY = "verify"


class Level(IntEnum):
    STREET = 2


def codes(findings):
    return [finding.code for finding in findings]


@st.composite
def chains(draw, least=1, most=5, persons=PERSONS):
    """A sealed chain of one case."""
    case, chain = draw(NAMES), []
    for seq in range(1, draw(st.integers(least, most)) + 1):
        personal = draw(persons)
        event = {
            **draw(st.dictionaries(TEXT, TEXT, max_size=2)),
            **{fact: digest_of(one.salt, one.value) for fact, one in personal.items()},
        }
        chain.append(sealed(case, seq, canonical(event), chain[-1].hash if chain else "", personal))
    return chain


class TestCanonical:
    @given(EVENTS)
    def test_a_text_is_read_back_as_what_it_was_made_of(self, event):
        """Nothing is lost, and true is not 1."""
        assert json.dumps(json.loads(canonical(event)), sort_keys=True) == json.dumps(event, sort_keys=True)

    @given(EVENTS, st.randoms())
    def test_equal_mappings_have_one_text(self, event, random):
        """The order in which keys were set does not matter, and reading and writing changes nothing."""
        keys = random.sample(list(event), len(event))
        assert canonical({key: event[key] for key in keys}) == canonical(event)
        assert canonical(json.loads(canonical(event))) == canonical(event)

    @pytest.mark.parametrize(
        "wrong", [0.1, float("nan"), Fraction(1, 3), (1, 2), {1}, b"x", {1: "x"}, {True: "x"}], ids=repr
    )
    def test_what_has_no_one_text_is_refused_at_any_depth(self, wrong):
        """A float, a fraction or a key that is not text is named, not rounded or rewritten."""
        for where in (wrong, [wrong], {"a": [1, {"b": wrong}]}):
            with pytest.raises(UsageError, match="bad-entry"):
                canonical({"step": "verify", "x": where})

    def test_a_named_constant_is_written_as_its_value(self):
        """A text or a number with a name is a text or a number."""
        assert canonical({"step": Step.VERIFY, "level": Level.STREET}) == '{"level":2,"step":"verify"}'


class TestSealed:
    @given(chains())
    def test_the_hash_can_be_made_again_by_anybody(self, chain):
        """It is SHA-256 of a JSON list of four, which needs nothing of ours."""
        for one in chain:
            text = json.dumps(
                [one.case, one.seq, one.previous, json.loads(one.body)],
                ensure_ascii=False,
                sort_keys=True,
                separators=(",", ":"),
            )
            assert one.hash == sha256(text.encode("utf-8")).hexdigest()

    @given(st.lists(st.tuples(NAMES, st.integers(2, 99), NAMES, NAMES), min_size=2, max_size=2, unique=True))
    def test_two_entries_have_two_hashes(self, parts):
        """No part can be moved over the border to the next, whatever stands in it."""
        one, other = (sealed(case, seq, body, previous) for case, seq, previous, body in parts)
        assert one.hash != other.hash

    def test_borders_are_kept(self):
        """The nearest that two entries come: the same characters, divided elsewhere."""
        assert sealed("a", 2, '1],2,"b",[]', "b").hash != sealed('a",2,"b",1]', 2, "[]", "b").hash
        assert sealed("a", 12, "{}", "b").hash != sealed("a1", 2, "{}", "b").hash
        assert digest_of("ab", "c") != digest_of("a", "bc")

    @pytest.mark.parametrize(
        ("case", "seq", "body", "previous"),
        [
            ("", 1, "{}", ""),
            ("a\0", 1, "{}", ""),
            ("a", 1, '{"x":"\0"}', ""),
            ("a", 0, "{}", ""),
            ("a", -1, "{}", "ab"),
            ("a", 1, "{}", "ab"),
            ("a", 2, "{}", ""),
            ("\ud800", 1, "{}", ""),
            ("a", 1, '{"x":"\udfff"}', ""),
        ],
    )
    def test_what_no_store_could_keep_is_refused(self, case, seq, body, previous):
        """No id, no place, a link that cannot be, or a text that a database would refuse or cut."""
        with pytest.raises(UsageError, match="bad-entry"):
            sealed(case, seq, body, previous)

    @pytest.mark.parametrize(
        ("fact", "one", "code"),
        [
            ("phone", Personal("00" * 15, "13800000000"), "bad-entry"),
            ("phone", Personal("00" * 16, "138\0"), "bad-entry"),
            ("phone", Personal("00" * 16, "\ud800"), "altered-personal"),
            ("phone", Personal("00" * 16, "13800000001"), "altered-personal"),
            ("phone", Personal("01" * 16, "13800000000"), "altered-personal"),
            ("mobile", Personal("00" * 16, "13800000000"), "altered-personal"),
        ],
    )
    def test_a_personal_value_is_the_one_in_the_body(self, fact, one, code):
        """A salt too short to protect, a value that no database takes, and one that the body does not name."""
        body = canonical({"phone": digest_of("00" * 16, "13800000000")})
        with pytest.raises(UsageError, match=code):
            sealed("a", 1, body, personal={fact: one})

    def test_an_entry_can_be_sealed_again_after_a_value_was_erased(self):
        """Who copies a log needs no value that is gone."""
        one = Personal("00" * 16, "13800000000")
        body = canonical({"phone": digest_of(one.salt, one.value)})
        entry = sealed("a", 1, body, personal={"phone": one})
        assert sealed("a", 1, body, personal={"phone": None}) == erase(entry, "phone")

    def test_a_digest_in_a_text_is_no_digest(self):
        """Somebody who writes the digest into a comment does not give it to the entry."""
        one = Personal("00" * 16, "13800000000")
        body = canonical({"comment": f'"phone":"{digest_of(one.salt, one.value)}"'})
        with pytest.raises(UsageError, match="altered-personal"):
            sealed("a", 1, body, personal={"phone": one})

    def test_a_value_is_not_printed(self):
        """An entry in a traceback or a log tells nobody's number."""
        one = Personal("00" * 16, "13800000000")
        entry = sealed("a", 1, canonical({"phone": digest_of(one.salt, one.value)}), personal={"phone": one})
        assert "138" not in repr(entry)


class TestVerify:
    @given(chains())
    def test_a_chain_verifies(self, chain):
        """As it was sealed there is nothing to find, from the start or from any later place."""
        assert verify(chain) == ()
        for place in range(1, len(chain)):
            assert verify(chain[place:], after=place, previous=chain[place - 1].hash) == ()

    @given(chains(), st.data())
    def test_any_change_is_found(self, chain, data):
        """Whatever is changed in an entry, it or the one after it is named."""
        place = data.draw(st.integers(0, len(chain) - 1))
        name = data.draw(st.sampled_from(["case", "seq", "body", "previous", "hash"]))
        old = getattr(chain[place], name)
        new = data.draw((st.integers(-3, 10) if name == "seq" else st.text(max_size=9)).filter(lambda new: new != old))
        found = verify([*chain[:place], evolve(chain[place], **{name: new}), *chain[place + 1 :]])
        assert found
        assert {finding.seq for finding in found} & {chain[place].seq, chain[place].seq + 1, new}

    @given(chains(least=2), st.data())
    def test_an_entry_taken_out_or_moved_is_found(self, chain, data):
        """Except at the end: a chain does not know how long it was."""
        place = data.draw(st.integers(0, len(chain) - 2))
        assert codes(verify(chain[:place] + chain[place + 1 :])) == ["missing-entry"]
        swapped = [*chain[:place], chain[place + 1], chain[place], *chain[place + 2 :]]
        assert set(codes(verify(swapped))) == {"missing-entry"}
        assert verify(chain[:-1]) == ()

    @given(chains(least=2), st.data())
    def test_an_entry_written_anew_is_found_by_the_next(self, chain, data):
        """Who changes a body and its hash breaks the link of the entry after it."""
        place = data.draw(st.integers(0, len(chain) - 2))
        one = chain[place]
        forged = sealed(one.case, one.seq, canonical({"forged": one.body}), one.previous)
        found = verify([*chain[:place], forged, *chain[place + 1 :]])
        assert [(finding.code, finding.seq) for finding in found] == [("broken-link", one.seq + 1)]

    @given(chains(persons=SOMEBODY), st.data())
    def test_a_changed_personal_value_is_found(self, chain, data):
        """Though it stands outside the hash."""
        place = data.draw(st.integers(0, len(chain) - 1))
        fact = data.draw(st.sampled_from(sorted(chain[place].personal)))
        old = chain[place].personal[fact]
        new = data.draw(st.builds(Personal, SALTS | st.just(old.salt), NAMES | st.just(old.value)))
        assume(new != old)
        chain[place] = evolve(chain[place], personal={**chain[place].personal, fact: new})
        assert [(finding.code, finding.seq) for finding in verify(chain)] == [("altered-personal", place + 1)]

    @given(chains(persons=SOMEBODY), st.data())
    def test_erasing_changes_no_hash(self, chain, data):
        """A value erased is gone with its salt; the others stay, and there is nothing to find."""
        place = data.draw(st.integers(0, len(chain) - 1))
        fact = data.draw(st.sampled_from(sorted(chain[place].personal)))
        without = erase(chain[place], fact)
        assert without.personal == {**chain[place].personal, fact: None}
        assert evolve(without, personal=chain[place].personal) == chain[place]
        assert verify([*chain[:place], without, *chain[place + 1 :]]) == ()
        assert erase(without, fact) is without
        assert erase(without, "no such fact") is without

    @settings(max_examples=settings().max_examples // 3)
    @given(st.lists(chains(most=3), min_size=2, max_size=4, unique_by=lambda chain: chain[0].case))
    def test_many_cases_are_each_followed(self, many):
        """A log of several cases is read as several chains; read as one, it is said to be mixed."""
        log = [entry for chain in many for entry in chain]
        assert list(verify_all(log)) == []
        assert set(codes(verify(log))) == {"mixed-cases"}
        assert verify(many[0]) == ()

    def test_a_text_that_is_none_was_never_sealed(self):
        """Half a surrogate pair, which no file and no database holds, is found like any other change."""
        one = Personal("00" * 16, "13800000000")
        entry = sealed("a", 1, canonical({"phone": digest_of(one.salt, one.value)}), personal={"phone": one})
        assert codes(verify([evolve(entry, case="\ud800")])) == ["altered-entry"]
        assert codes(verify([evolve(entry, personal={"phone": evolve(one, value="\ud800")})])) == ["altered-personal"]

    def test_a_finding_is_said_in_both_languages(self):
        """With the case, the place and what was found."""
        entry = evolve(sealed("order-1", 1, "{}"), body='{"x":1}')
        (problem,) = [finding.problem() for finding in verify([entry])]
        assert problem.say("en") == "altered-entry: entry 1 of order-1 does not match its hash"
        assert problem.say("zh") == "altered-entry: 件 order-1 第 1 条的内容与其哈希不符"
        assert problem.path == "order-1.1"
