"""Meetings: posted in time, supported, and answering for what the last one decided."""

import datetime as dt
import random
from fractions import Fraction

import polars as pl
import pytest
from attrs import evolve, fields
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.kinds import KINDS

from communitygov.deliberation.meeting import hold_meetings
from communitygov.deliberation.meeting_explain import explain_meeting
from communitygov.deliberation.meeting_rules import (
    Deliberation,
    Evaluation,
    Objections,
    Participant,
    Voting,
    check_deliberations,
)
from communitygov.deliberation.proceedings import Proceedings
from communitygov.deliberation.rules import Decision, Threshold
from communitygov.plugins.finding import load_profile
from communitygov.testing.strategies_meeting import meetings_of_bodies
from communitygov.vocabulary.errors import DataError, DocumentError, UsageError
from communitygov.vocabulary.numbers import Share
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.text import Title

LOOP = Deliberation(reports_previous=True)
TEXT = pl.String
WORD = Title(zh="词", en="word")


def meetings(*days: str, body: str = "A") -> pl.DataFrame:
    return pl.DataFrame({"meeting": [str(n + 1) for n in range(len(days))], "body": body, "on": list(days)})


def motions(rows: list[tuple[str, str, str | None]], **columns: list[object]) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema={"motion": TEXT, "meeting": TEXT, "outcome": TEXT}, orient="row")
    return frame.with_columns(pl.Series(name, values) for name, values in columns.items())


def reports(*rows: tuple[str, str], **columns: list[object]) -> pl.DataFrame:
    frame = pl.DataFrame(list(rows), schema={"motion": TEXT, "meeting": TEXT}, orient="row")
    return frame.with_columns(pl.Series(name, values) for name, values in columns.items())


def outcomes(held) -> list[tuple[str, str]]:
    return held.motions.select("outcome", "faults").rows()


class TestAgreement:
    @given(meetings_of_bodies())
    def test_every_record_says_what_the_verb_gives(self, met) -> None:
        """Order, items, motions and ballots of every meeting: followed one by one as in one go."""
        held = hold_meetings(met.rule, met.proceedings, met.decision, at=met.at)
        told, gone, owed = {}, [], []
        for row in held.meetings.rows(named=True):
            name = row["meeting"]
            record = explain_meeting(met.rule, met.proceedings, met.decision, meeting=name, at=met.at)
            assert record.value == row["in_order"]
            items = [(name, one.key[5:], one.value) for one in record.children if one.key.startswith("item.")]
            assert (row["owes"], row["lacks"]) == (len(items), sum(value != "true" for *_, value in items))
            owed += items
            for one in record.children:
                if one.key.startswith("motion."):
                    told[one.key[7:]] = (one.value, one.facts["faults"])
                    gone += [
                        (one.key[7:], below.key[7:], below.value)
                        for below in one.children
                        if below.key[:7] == "ballot."
                    ]
        assert owed == held.owed.select("meeting", "motion", "answered").rows()
        assert told == {row["motion"]: (row["outcome"], row["faults"]) for row in held.motions.rows(named=True)}
        assert sorted(gone) == sorted(held.ballots.filter(~pl.col("counts")).select("motion", "member", "why").rows())

    @settings(max_examples=20)
    @given(meetings_of_bodies(), st.integers(0, 2**32))
    def test_the_order_of_rows_changes_nothing(self, met, seed) -> None:
        """Days make the order of meetings, and times that of ballots."""

        def mixed(frame):
            return None if frame is None else frame[random.Random(seed).sample(range(frame.height), frame.height)]

        given_, names = met.proceedings, [field.name for field in fields(Proceedings)]
        other = Proceedings(**{name: mixed(getattr(given_, name)) for name in names})
        first, second = (hold_meetings(met.rule, one, met.decision, at=met.at) for one in (given_, other))
        for name in ("meetings", "owed", "motions", "items"):
            assert getattr(first, name).rows() == getattr(second, name).rows()
        assert sorted(map(str, first.ballots.rows())) == sorted(map(str, second.ballots.rows()))

    @pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
    def test_every_kind_of_frame_gives_the_same(self, kind) -> None:
        """Polars, lazy or not, pandas, PyArrow and DuckDB."""
        put = motions([("lamp", "1", None), ("lift", "2", None)]).drop("outcome")
        register = pl.DataFrame({"body": "A", "member": ["x", "y", "z"]})
        ballots = pl.DataFrame({"motion": ["lamp", "lamp", "lift"], "member": ["x", "y", "x"], "choice": "yes"})
        frames = (meetings("2024-03-01", "2024-04-01"), put, None, None, None, register, ballots)
        made = Proceedings(*(None if frame is None else kind.make(frame) for frame in frames))
        held = hold_meetings(LOOP, made, HALF)
        assert kind.read(held.meetings).sort("meeting")["in_order"].to_list() == ["true", "false"]
        found = kind.read(held.motions).sort("motion").select("outcome", "faults").rows()
        assert found == [("passed", ""), ("invalid", "meeting_not_in_order")]

    def test_a_long_chain_is_told(self) -> None:
        """Of a council that met every day for three years."""
        days = [(dt.date(2021, 1, 1) + dt.timedelta(days=n)).isoformat() for n in range(1_100)]
        put = motions([(f"m{n:04}", str(n + 1), "passed") for n in range(1_100)])
        told = reports(*((f"m{n:04}", str(n + 2)) for n in range(1_099)))
        record = explain_meeting(LOOP, Proceedings(meetings(*days), put, told), meeting="1100")
        assert (record.value, [step.value for step in record.children]) == ("true", ["true", "passed"])


class TestTheLoop:
    """QF-23: the next meeting answers for the last."""

    PUT = motions([("lamp", "1", "passed"), ("path", "1", "rejected"), ("lift", "2", "passed")])
    HELD = meetings("2024-03-01", "2024-04-01")
    THREE = meetings("2024-03-01", "2024-04-01", "2024-05-01")

    def test_a_report_puts_the_next_meeting_in_order(self) -> None:
        """On each item that passed; what was rejected asks for none."""
        held = hold_meetings(LOOP, Proceedings(self.HELD, self.PUT, reports(("lamp", "2"))))
        assert held.motions["outcome"].to_list() == ["passed", "rejected", "passed"]

    @pytest.mark.parametrize(("owed", "third"), [("last_meeting", "true"), ("until_reported", "false")])
    def test_a_meeting_that_is_not_in_order_decides_nothing(self, owed, third) -> None:
        """So the one after it owes nothing of it, but perhaps still what the first decided: the text does not say."""
        rule = Deliberation(reports_previous=True, owed=owed)
        held = hold_meetings(rule, Proceedings(self.THREE, self.PUT))
        assert held.meetings["in_order"].to_list() == ["true", "false", third]
        assert held.motions.row(2)[:4] == ("lift", "2", "invalid", "meeting_not_in_order")

    def test_an_item_that_perhaps_passed_leaves_it_open(self) -> None:
        """Where the vote could not be decided, neither can whether it had to be reported on."""
        put = motions([("lamp", "1", "undetermined"), ("lift", "2", "passed")])
        held = hold_meetings(LOOP, Proceedings(self.HELD, put))
        assert held.meetings["in_order"].to_list() == ["true", "undetermined"]
        assert held.motions["outcome"].to_list() == ["undetermined", "undetermined"]

    def test_without_the_rule_nothing_is_asked(self) -> None:
        """Other bodies have no such loop."""
        held = hold_meetings(Deliberation(), Proceedings(self.HELD, self.PUT))
        assert held.meetings["in_order"].to_list() == ["true", "true"]

    @pytest.mark.parametrize(("evaluated", "expected"), [(True, "true"), (False, "false"), (None, "undetermined")])
    def test_a_report_that_was_not_evaluated_is_not_enough(self, evaluated, expected) -> None:
        """Where the rule asks for both."""
        rule = Deliberation(reports_previous=True, evaluates_previous=True)
        told = reports(("lamp", "2")).with_columns(pl.Series("evaluated", [evaluated], dtype=pl.Boolean))
        held = hold_meetings(rule, Proceedings(self.HELD, self.PUT, told))
        assert held.meetings["in_order"].to_list() == ["true", expected]

    @pytest.mark.parametrize(
        ("answers", "second", "third"),
        [("ggb", "true", "true"), ("gbb", "true", "false"), ("g", "false", "true"), ("", "false", "true")],
    )
    def test_what_must_be_done_again_is_owed_again(self, answers, second, third) -> None:
        """One of three against it is no more than a third; fewer than two answers are no evaluation."""
        words = {"g": "good", "b": "bad"}
        evaluation = Evaluation(
            answers=dict.fromkeys(words.values(), WORD), failing=("bad",), more_than=Share(Fraction(1, 3)), least=2
        )
        rule = Deliberation(reports_previous=True, evaluates_previous=True, evaluation=evaluation)
        rows = [("lamp", "2", f"m{n}", words[one]) for n, one in enumerate(answers)]
        kinds = dict.fromkeys(["motion", "meeting", "member", "answer"], TEXT)
        told = pl.DataFrame(rows, schema=kinds, orient="row")
        held = hold_meetings(rule, Proceedings(self.THREE, self.PUT[:2], reports(("lamp", "2")), told))
        assert held.meetings["in_order"].to_list() == ["true", second, third]


class TestWhatIsPut:
    def test_a_motion_not_posted_in_time_has_no_valid_outcome(self) -> None:
        """D17: ten days before are enough and nine are not; nor is not at all."""
        rows = [("a", "1", "passed"), ("b", "1", "passed"), ("c", "1", "passed")]
        put = motions(rows, posted=["2024-03-01", "2024-03-02", None])
        held = hold_meetings(Deliberation(notice_days=10), Proceedings(meetings("2024-03-11"), put))
        assert outcomes(held) == [("passed", ""), ("invalid", "posted_late"), ("invalid", "not_posted")]

    def test_support_by_a_share_is_exact(self) -> None:
        """A fifth of 16 is 3.2: three are too few and four enough; of how many must be known."""
        rows = [(name, "1", "passed") for name in "abcd"]
        put = motions(rows, supporters=[3, 4, 4, None], entitled=[16, 16, None, 16])
        rule = Deliberation(support_share=Share(Fraction(1, 5)))
        assert outcomes(hold_meetings(rule, Proceedings(meetings("2024-03-11"), put))) == [
            ("invalid", "too_few_supporters"),
            ("passed", ""),
            ("undetermined", "support_not_known"),
            ("undetermined", "support_not_known"),
        ]

    def test_support_that_is_not_known_leaves_it_open(self) -> None:
        """Three are asked for."""
        rows = [("a", "1", "passed"), ("b", "1", "passed"), ("c", "1", "passed"), ("d", "1", None)]
        put = motions(rows, supporters=[3, 2, None, 3])
        assert outcomes(hold_meetings(Deliberation(support=3), Proceedings(meetings("2024-03-11"), put))) == [
            ("passed", ""),
            ("invalid", "too_few_supporters"),
            ("undetermined", "support_not_known"),
            ("undetermined", "not_decided"),
        ]

    def test_only_those_named_may_convene_and_propose(self) -> None:
        """Whoever else does makes it invalid; who it was must be known."""
        kinds = {"party": Participant(), "residents": Participant(part="votes")}
        rule = Deliberation(participants=kinds, convener="party", proposers=("residents",))
        held = meetings("2024-03-01", "2024-04-01").with_columns(convened_by=pl.Series(["party", "residents"]))
        rows = [("a", "1", "passed"), ("b", "1", "passed"), ("c", "1", "passed"), ("d", "2", "passed")]
        put = motions(rows, proposer=["residents", "party", None, "residents"])
        assert outcomes(hold_meetings(rule, Proceedings(held, put))) == [
            ("passed", ""),
            ("invalid", "may_not_propose"),
            ("undetermined", "proposer_not_known"),
            ("invalid", "meeting_not_in_order"),
        ]


HALF = Decision(
    passes=Threshold(measure="heads", more_than=Share(Fraction(1, 2)), of="all"),
    article="9",
    since=Period.parse("2020"),
)
FORMS = {"written": WORD}
PARTS = {"residents": Participant(part="votes"), "company": Participant(part="voice")}


def voted(rule, ballots, *, decision=HALF, register=None, on="2024-05-06", put=None, **frames):
    """Hold one meeting with one motion, `lift`, and a register of five."""
    kinds = dict.fromkeys(["motion", "member", "choice", "channel", "proxy", "at"], TEXT)
    rows = [("lift", *row, *[None] * (5 - len(row))) for row in ballots]
    given_ = pl.DataFrame(rows, schema=kinds, orient="row")
    who = pl.DataFrame({"body": "A", "member": list("vwxyz")}) if register is None else register
    closes = pl.DataFrame({"motion": ["lift"], "meeting": ["1"], "closes": [f"{on}T20:00+08:00"]})
    record = Proceedings(meetings(on), closes if put is None else put, register=who, ballots=given_, **frames)
    return hold_meetings(rule, record, decision, at=dt.date(2024, 12, 31))


def at(hour: int) -> str:
    return f"2024-05-06T{hour:02}:00+08:00"


def left_out(held) -> list[tuple[str, str]]:
    return held.ballots.filter(~pl.col("counts")).select("member", "why").rows()


class TestVotes:
    def test_outcomes_are_computed_and_held_to_what_was_announced(self) -> None:
        """Three of five are more than half."""
        put = pl.DataFrame({"motion": ["lift"], "meeting": ["1"], "outcome": ["rejected"]})
        held = voted(Deliberation(), [(who, "yes") for who in "vwx"], put=put)
        assert held.motions.row(0) == ("lift", "1", "passed", "", "rejected", True)
        assert held.decided[0].frame["margin.heads"].to_list() == [1]

    @pytest.mark.parametrize(("recused", "expected"), [("stays", "rejected"), ("left_out", "passed")])
    def test_whoever_is_recused_does_not_vote(self, recused, expected) -> None:
        """Whether he is of the five, of whom more than half are needed, is the rule's to say."""
        gone = pl.DataFrame({"motion": "lift", "member": ["z", "y"]})
        rule = Deliberation(voting=Voting(recused=recused))
        held = voted(rule, [(who, "yes", None, None, at(19)) for who in "wxz"], recusals=gone)
        assert (held.motions["outcome"][0], left_out(held)) == (expected, [("z", "recused")])

    def test_presence_is_by_motion(self) -> None:
        """D5: who left before the second motion is not present at it, and it has no quorum."""
        quorum = Threshold(measure="heads", more_than=Share(Fraction(1, 2)), of="all")
        rule = evolve(HALF, quorum=quorum, quorum_by="present", passes=evolve(quorum, of="present"))
        rows = [("lift", who, "yes") for who in "vwx"] + [("lamp", who, "yes") for who in "vw"]
        ballots = pl.DataFrame(rows, schema=["motion", "member", "choice"], orient="row")
        put = pl.DataFrame({"motion": ["lift", "lamp"], "meeting": "1"})
        who = pl.DataFrame({"body": "A", "member": list("vwxyz")})
        held = hold_meetings(
            Deliberation(), Proceedings(meetings("2024-05-06"), put, register=who, ballots=ballots), rule
        )
        assert sorted(held.motions.select("motion", "outcome").rows()) == [("lamp", "rejected"), ("lift", "passed")]

    def test_the_register_is_that_of_its_day(self) -> None:
        """D8: one title that was split among four friends after the record date is one head still."""
        rows = [("v", None), ("w", None), ("x", None), *((f"friend{n}", "2024-04-20") for n in range(4))]
        register = pl.DataFrame(
            [("A", who, since, None) for who, since in rows],
            schema=dict.fromkeys(["body", "member", "since", "until"], TEXT),
            orient="row",
        )
        ballots = [(who, "yes", None, None, at(19)) for who, _ in rows[2:]]
        held = voted(Deliberation(record_days=30), ballots, register=register)
        assert held.motions["outcome"].to_list() == ["rejected"]
        assert left_out(held) == [(f"friend{n}", "not_on_register") for n in range(4)]
        assert voted(Deliberation(record_days=0), ballots, register=register).motions["outcome"].to_list() == ["passed"]

    def test_a_voice_is_no_vote(self) -> None:
        """The property company is heard, and stands on no register."""
        register = pl.DataFrame(
            {"body": "A", "member": list("vwxyz"), "participant": ["residents"] * 3 + ["company"] * 2}
        )
        rule = Deliberation(participants=PARTS)
        held = voted(rule, [(who, "yes", None, None, at(19)) for who in "vwz"], register=register)
        assert (held.motions["outcome"].to_list(), left_out(held)) == (["passed"], [("z", "no_vote")])

    @pytest.mark.parametrize(("twice", "choice", "expected"), [("first", "yes", "passed"), ("last", "no", "rejected")])
    def test_over_all_channels_one_ballot_counts(self, twice, choice, expected) -> None:
        """D19: on paper at six and on the telephone at seven; after eight, neither would."""
        rule = Deliberation(voting=Voting(twice=twice, channels={"paper": WORD, "online": WORD}))
        ballots = [(who, "yes", "paper", None, at(18)) for who in "vwx"] + [("x", "no", "online", None, at(19))]
        held = voted(rule, [*ballots, ("x", "no", "online", None, at(21))])
        kept = held.ballots.filter((pl.col("member") == "x") & pl.col("counts"))["choice"].to_list()
        assert (held.motions["outcome"][0], kept) == (expected, [choice])
        assert sorted(left_out(held)) == [("x", "superseded"), ("x", "too_late")]

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({}, None),
            ({"holder": "w"}, "no_mandate"),
            ({"motion": "other"}, "no_mandate"),
            ({"form": "oral"}, "mandate_form"),
            ({"given": at(19)}, "mandate_later"),
            ({"revoked": at(19)}, "mandate_revoked"),
            ({"revoked": at(20)}, None),
        ],
    )
    def test_a_proxy_needs_a_mandate(self, changes, why) -> None:
        """D19: written, given before, and not revoked before voting closed, though after the ballot."""
        rule = Deliberation(voting=Voting(forms=FORMS))
        one = {"member": "z", "holder": "v", "motion": "lift", "form": "written", "given": at(9), "revoked": None}
        mandates = pl.DataFrame({**one, **changes}, schema=dict.fromkeys(one, TEXT))
        put = pl.DataFrame({"motion": ["lift", "other"], "meeting": "1", "closes": at(20)})
        ballots = [("v", "yes", None, None, at(18)), ("z", "yes", None, "v", at(18))]
        held = voted(rule, ballots, mandates=mandates, put=put)
        assert left_out(held) == ([] if why is None else [("z", why)])

    def test_a_proxy_is_of_the_household_or_none(self) -> None:
        """If the rule says so."""
        rule = Deliberation(voting=Voting(same_household=True))
        register = pl.DataFrame({"body": "A", "member": list("vxz"), "household": ["1", "1", "2"]})
        mandates = pl.DataFrame({"member": ["x", "z"], "holder": "v"})
        ballots = [(who, "yes", None, "v", at(18)) for who in "xz"]
        held = voted(rule, ballots, register=register, mandates=mandates)
        assert left_out(held) == [("z", "other_household")]
        none = voted(Deliberation(), ballots, register=register, decision=evolve(HALF, proxy="refused"))
        assert left_out(none) == [("x", "proxy_refused"), ("z", "proxy_refused")]

    def test_who_comes_himself_needs_no_proxy(self) -> None:
        """If the rule says so; the proxy may have voted later."""
        ballots = [("z", "no", None, None, at(18)), ("z", "yes", None, "v", at(19))]
        held = voted(Deliberation(voting=Voting(own_first=True)), ballots)
        assert held.ballots.select("choice", "why").rows() == [("no", None), ("yes", "superseded")]

    def test_a_rule_that_changed_after_the_first_vote_decides_nothing(self) -> None:
        """D17: the digest of the rule by which people began to vote is another one."""
        law = load_profile("cn_law")
        digest = law.at("2024-05-06").decision("village_assembly").node.digest
        register = pl.DataFrame({"body": "A", "member": list("vwx"), "household": list("vwx")})
        put = pl.DataFrame({"motion": ["a", "b"], "meeting": "1", "digest": [digest, "older"]})
        ballots = pl.DataFrame({"motion": ["a", "a", "b", "b"], "member": ["v", "w"] * 2, "choice": "yes"})
        record = Proceedings(meetings("2024-05-06"), put, register=register, ballots=ballots)
        held = hold_meetings(Deliberation(decides_by="village_assembly"), record, law)
        assert outcomes(held) == [("passed", ""), ("undetermined", "rule_changed")]
        with pytest.raises(UsageError, match="made in Python"):
            hold_meetings(Deliberation(), record, HALF)

    def test_the_law_is_that_of_the_day(self) -> None:
        """D18: owners by the old rule in 2020, and by the Civil Code since."""
        law = load_profile("cn_law")
        held = meetings("2020-12-31", "2021-01-01")
        rules = ["owners_ordinary_before_2021", "owners_ordinary"]
        put = pl.DataFrame({"motion": ["old", "new"], "meeting": ["1", "2"], "rule": rules})
        who = [f"m{n}" for n in range(9)]
        register = pl.DataFrame({"body": "A", "member": who, "area": [100] * 9})
        six = pl.DataFrame({"member": who[:6], "choice": ["yes"] * 4 + ["no"] * 2})
        ballots = pl.concat([six.with_columns(motion=pl.lit(name)) for name in ("old", "new")])
        found = hold_meetings(Deliberation(), Proceedings(held, put, register=register, ballots=ballots), law)
        assert found.motions.select("motion", "outcome").rows() == [("old", "rejected"), ("new", "passed")]

    def test_nobody_on_the_register_decides_nothing(self) -> None:
        """Of a body that has none, or none on that day."""
        register = pl.DataFrame({"body": "A", "member": ["v"], "since": ["2025-01-01"]})
        held = voted(Deliberation(record_days=0), [("v", "yes", None, None, at(19))], register=register)
        assert outcomes(held) == [("undetermined", "no_register")]


class TestAfterwards:
    RULE = Deliberation(reports_previous=True, objections=Objections(days=7), carry_out_days=30)
    HELD = meetings("2024-03-01", "2024-04-01")

    def held(self, at_, objections=None, told=None, rule=RULE):
        put = motions([("lamp", "1", "passed"), ("lift", "2", "passed")], announced=["2024-03-02", None])
        return hold_meetings(rule, Proceedings(self.HELD, put, told, objections=objections), at=at_)

    @staticmethod
    def objection(on, answered, sustained):
        row = {"objection": "o", "motion": "lamp", "on": on, "answered": answered, "sustained": sustained}
        return pl.DataFrame(row, schema={**dict.fromkeys(row, TEXT), "sustained": pl.Boolean})

    @pytest.mark.parametrize(
        ("day", "objection", "expected"),
        [
            ((3, 1), None, "not_announced"),
            ((3, 9), None, "open"),
            ((3, 10), None, "final"),
            ((3, 10), ("2024-03-09", None, None), "open"),
            ((3, 10), ("2024-03-09", "2024-03-12", False), "open"),
            ((3, 12), ("2024-03-09", "2024-03-12", False), "final"),
            ((3, 12), ("2024-03-09", "2024-03-12", True), "returned"),
            ((3, 12), ("2024-03-10", "2024-03-12", True), "final"),
        ],
    )
    def test_an_objection_in_time_holds_a_decision_up(self, day, objection, expected) -> None:
        """Seven days after the announcement are in time, eight are not."""
        made = None if objection is None else self.objection(*objection)
        assert self.held(dt.date(2024, *day), made).items["stands"].to_list()[0] == expected

    def test_what_was_returned_is_owed_no_more_and_keeps_its_tally(self) -> None:
        """D20: the outcome of the vote stays in the record; nothing is left to carry out."""
        held = self.held(dt.date(2024, 5, 1), self.objection("2024-03-05", "2024-03-08", True))
        assert held.motions["outcome"].to_list() == ["passed", "passed"]
        assert held.meetings["in_order"].to_list() == ["true", "true"]
        late = self.held(dt.date(2024, 5, 1), self.objection("2024-03-05", "2024-04-02", True))
        assert late.meetings["in_order"].to_list() == ["true", "false"]

    @pytest.mark.parametrize(
        ("done", "day", "late"),
        [(None, (3, 31), 0), (None, (4, 1), 1), ("2024-03-31", (9, 1), 0), ("2024-04-01", (9, 1), 1)],
    )
    def test_late_is_counted_from_the_day_it_was_due(self, done, day, late) -> None:
        """Thirty days after the first of March are the thirty-first."""
        told = reports(("lamp", "2")).with_columns(pl.Series("done", [done], dtype=TEXT))
        item = self.held(dt.date(2024, *day), told=told).items.row(0, named=True)
        assert (item["due"], item["done"], item["late_days"]) == ("2024-03-31", done, late)

    def test_the_day_is_asked_for(self) -> None:
        """The library keeps no clock."""
        with pytest.raises(UsageError, match="the day on which one looks"):
            self.held(None)

    def test_the_record_tells_what_became_of_it(self) -> None:
        """How it stands, by when it was due, and how late it is."""
        put = motions([("lamp", "1", "passed")], announced=["2024-03-02"])
        made = Proceedings(meetings("2024-03-01"), put)
        step = explain_meeting(self.RULE, made, meeting="1", at=dt.date(2024, 4, 1)).find("stands")
        assert step.text.en == "final; due 2024-03-31; not carried out; 1 day late"


def one(frame: str, **columns: object) -> dict[str, pl.DataFrame]:
    return {frame: pl.DataFrame({name: [value] for name, value in columns.items()})}


BALLOT = {"motion": "a", "member": "x", "choice": "yes"}
REPORT = {"motion": "a", "meeting": "2"}
PARTY = {"party": Participant(), "residents": Participant(part="votes")}


class TestBadInput:
    @pytest.mark.parametrize(
        ("frames", "code"),
        [
            ({"meetings": meetings("2024-03", "2024-04-01")}, "not-a-day"),
            ({"meetings": meetings("2024-03-01", "2024-03-01")}, "two-meetings-a-day"),
            ({"motions": motions([("a", "3", "passed")])}, "unknown-meeting"),
            ({"motions": motions([("a", "1", "yes")])}, "unknown-outcome"),
            (one("reports", motion="b", meeting="2"), "unknown-meeting"),
            (one("reports", motion="a", meeting="1"), "out-of-place"),
            (one("reports", **REPORT, done="2024-04-02"), "out-of-place"),
            (one("mandates", motion="b", member="x", holder="y"), "not-on-agenda"),
            (one("ballots", **{**BALLOT, "motion": "aa"}), "not-on-agenda"),
            (one("ballots", **{**BALLOT, "choice": "jes"}), "unknown-vote"),
            (one("ballots", **{**BALLOT, "member": "u"}), "not-on-register"),
            (one("ballots", **BALLOT, channel="phone"), "unknown-channel"),
            (one("ballots", **BALLOT, at="2024-03-01T19:00"), "not-an-instant"),
            ({"ballots": pl.DataFrame([BALLOT, BALLOT])}, "votes-twice"),
            (one("ballots", **BALLOT) | one("recusals", motion="a", member="x"), "rule-silent"),
            (one("ballots", **BALLOT) | one("register", body="A", member="x", since="2024-01-01"), "rule-silent"),
            (one("ballots", **BALLOT) | one("register", body="A", member="x", participant="party"), "rule-silent"),
            (
                one("ballots", **BALLOT) | one("register", body="A", member="x", participant="part"),
                "unknown-participant",
            ),
            (one("evaluations", **REPORT, member="x", answer="good"), "rule-silent"),
            (one("ballots", **BALLOT, proxy="y"), "mandates-not-given"),
            (
                one("ballots", **BALLOT, proxy="y")
                | one("mandates", member="x", holder="y", form="written", revoked="2024-03-01T09:00+08:00"),
                "no-time",
            ),
            (
                one("ballots", **BALLOT) | {"motions": motions([("a", "1", None)], closes=["2024-03-01T19:00+08:00"])},
                "no-time",
            ),
        ],
    )
    def test_it_is_named(self, frames, code) -> None:
        """What is no day, what names nothing that there is, and what the rule does not say how to take."""
        rule = Deliberation(participants=PARTY, voting=Voting(channels={"paper": WORD}, forms=FORMS))
        there = {"meetings": meetings("2024-03-01", "2024-04-01"), "motions": motions([("a", "1", "passed")])}
        register = pl.DataFrame({"body": "A", "member": ["x", "y"]})
        with pytest.raises(DataError) as error:
            hold_meetings(rule, Proceedings(**{**there, "register": register, **frames}), HALF)
        assert {problem.code for problem in error.value.problems} == {code}

    def test_evaluations_are_of_those_who_may(self) -> None:
        """And are answers that there are; all that is wrong is said at once."""
        evaluation = Evaluation(answers={"good": WORD}, failing=(), at_least=Share(Fraction(1, 2)), by=("residents",))
        rule = Deliberation(participants=PARTY, evaluation=evaluation)
        answers = pl.DataFrame({**REPORT, "member": "x", "answer": "god", "participant": "party"})
        held, put = meetings("2024-03-01", "2024-04-01"), motions([("a", "1", "passed")])
        with pytest.raises(DataError) as error:
            hold_meetings(rule, Proceedings(held, put, evaluations=answers))
        assert [problem.code for problem in error.value.problems] == ["may-not-evaluate", "unknown-answer"]

    def test_ballots_need_a_register_and_a_rule(self) -> None:
        """By id, if the profile is to give it."""
        held, put, ballots = meetings("2024-03-01"), motions([("a", "1", None)]), pl.DataFrame(BALLOT)
        with pytest.raises(UsageError, match="register"):
            hold_meetings(Deliberation(), Proceedings(held, put, ballots=ballots), HALF)
        register = pl.DataFrame({"body": "A", "member": ["x"]})
        with pytest.raises(UsageError, match="decides_by"):
            hold_meetings(Deliberation(), Proceedings(held, put, register=register, ballots=ballots), object())

    def test_a_meeting_that_there_is_not(self) -> None:
        """Its name is asked for again."""
        with pytest.raises(UsageError, match="no meeting `9`"):
            explain_meeting(LOOP, Proceedings(meetings("2024-03-01"), motions([])), meeting="9")

    @pytest.mark.parametrize(
        ("rule", "code"),
        [
            (Deliberation(participants=PARTY, convener="pary"), "unknown-reference"),
            (Deliberation(participants=PARTY, proposers=("pary",)), "unknown-reference"),
            (Deliberation(evaluates_previous=True), "unused-setting"),
            (Deliberation(owed="until_reported"), "unused-setting"),
            (Deliberation(support_share=Share(Fraction(0))), "bad-share"),
            (Deliberation(since=Period.parse("2024"), until=Period.parse("2023")), "empty-range"),
        ],
    )
    def test_a_rule_holds_to_itself(self, rule, code) -> None:
        """Who convenes and proposes takes part; what is asked of a report needs one."""
        assert [finding.code for finding in rule.check()] == [code]
        with pytest.raises(DocumentError):
            hold_meetings(rule, Proceedings(meetings("2024-03-01"), motions([])))

    def test_an_evaluation_holds_to_itself(self) -> None:
        """Its failing answers are answers, and it has one bound."""
        wrong = Evaluation(answers={"good": WORD}, failing=("bad",), at_least=Share(Fraction(3, 2)))
        assert [finding.code for finding in wrong.check()] == ["unknown-reference", "bad-share"]
        assert [one.code for one in Evaluation(answers={}, failing=()).check()] == ["not-one-bound"]

    def test_a_rule_fits_its_profile(self) -> None:
        """Procedures, their steps and rules of decisions are there."""
        found = {"talk": Deliberation(procedure="talks", decides_by="half", objections=Objections(days=1, back_to="x"))}
        paths = [one.path for one in check_deliberations(found, {"talk": 1}, {})]
        assert paths == [
            ("deliberation", "talk", "procedure"),
            ("deliberation", "talk", "decides_by"),
            ("deliberation", "talk", "objections", "back_to"),
        ]


class TestObjectionsBeforeTheirTime:
    """What somebody objects is not dropped because it came early, or because the rule forgot it."""

    MEETINGS = pl.DataFrame({"meeting": ["1"], "body": ["A"], "on": ["2024-05-06"]})
    MOTIONS = pl.DataFrame({"motion": ["lamp"], "meeting": ["1"], "outcome": ["passed"], "announced": ["2024-05-07"]})
    EARLY = pl.DataFrame(
        {"objection": ["x"], "motion": ["lamp"], "on": ["2024-05-06"], "answered": ["2024-05-06"], "sustained": [True]}
    )
    AT = dt.date(2024, 6, 1)

    def test_one_that_was_sustained_before_the_posting_returns_the_motion(self) -> None:
        """The verb and the record say so alike."""
        rule = Deliberation(objections=Objections(days=5))
        given = Proceedings(self.MEETINGS, self.MOTIONS, objections=self.EARLY)
        assert hold_meetings(rule, given, at=self.AT).items["stands"].to_list() == ["returned"]
        assert (
            explain_meeting(rule, given, meeting="1", at=self.AT).find("motion.lamp").find("stands").value == "returned"
        )

    def test_objections_of_which_the_rule_says_nothing_are_refused(self) -> None:
        """As recusals and evaluations are."""
        given = Proceedings(self.MEETINGS, self.MOTIONS, objections=self.EARLY)
        with pytest.raises(DataError, match="the rule does not say objections"):
            hold_meetings(Deliberation(), given, at=self.AT)

    @pytest.mark.parametrize("at", ["2024-06-01", dt.datetime(2024, 6, 1, tzinfo=dt.UTC)])
    def test_a_day_to_look_that_is_none(self, at: object) -> None:
        """A text and an instant are named."""
        with pytest.raises(UsageError, match="must be a day"):
            hold_meetings(Deliberation(), Proceedings(self.MEETINGS, self.MOTIONS), at=at)
