"""What is public of a case: what its disclosures show, as it was known when they were made, and nothing else."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.procedure.samples import HOUR, START, ZONE, limit, named

from communitygov.procedure.case import Actor, open_case
from communitygov.procedure.public import explain_public, public_of
from communitygov.procedure.rules import CaseFact, Clock, Deadline, Disclosure, Procedure, Role, Step
from communitygov.procedure.state import Act
from communitygov.testing.strategies_cases import logs
from communitygov.testing.strategies_procedure import procedures
from communitygov.vocabulary.clock import instant_of

CLERK = Actor("c1", "clerk", "east")
FACTS = {
    "phone": CaseFact(kind="text", personal=True),
    "cost": CaseFact(kind="whole", title=named("cost")),
    "found": CaseFact(kind="choice", values={"yes": named("well founded"), "no": named("unfounded")}),
    "mended": CaseFact(kind="flag"),
    "visited": CaseFact(kind="time"),
    "note": CaseFact(kind="text"),
}
RULE = Procedure(
    clock=Clock(zone="Asia/Shanghai", calendar="cn_statutory"),
    roles={"clerk": Role()},
    facts=FACTS,
    outcomes={"done": named("done")},
    steps={
        "open": Step(by=("clerk",), starts=True, may_set=("phone", "note", "cost"), next=("post",)),
        "post": Step(by=("clerk",), may_set=(*FACTS,), next=("post", "close")),
        "close": Step(by=("clerk",), may_set=("cost",), closes="done"),
    },
    deadlines={
        "posting": Deadline(from_=("open",), to=("post",), again="run_on", limit=limit(3, "working_days", "day_after")),
        "standing": Deadline(
            from_=("post",),
            to=("close",),
            bound="at_earliest",
            again="restart",
            limit=limit(7, "natural_days", "day_after"),
        ),
    },
    disclosures={
        "notice": Disclosure(
            step="post",
            within="posting",
            lasts="standing",
            where=named("board"),
            show=("cost", "found", "mended", "visited"),
            hide=("phone",),
        )
    },
)


@pytest.fixture(scope="class")
def case():
    """A case that was made public a day after it was opened."""
    assert not [*RULE.check()]
    opened = open_case(RULE, "A1", "open", CLERK, START, None, phone="13800000000", note="east gate")
    facts = {"cost": 300, "found": "yes", "visited": START + HOUR}
    return opened.act("post", CLERK, START + 24 * HOUR, **facts)


class TestPublic:
    def test_nothing_is_public_before_it_was_made_so(self, case):
        """It says by when it must be; what lies after the instant does not count."""
        (told,) = case.public(START + HOUR)
        assert (told.since, told.until, dict(told.shown), told.hidden) == (None, None, {}, ())
        assert told.due == dt.datetime(2024, 10, 10, tzinfo=ZONE)  # over National Day
        text = explain_public(RULE, "A1", [event.act for event in case.history], START + HOUR).children[0].text
        assert text.en == "not made public; due 2024-10-10 00:00; where: board"

    def test_what_is_shown_and_hidden_is_what_was_declared(self, case):
        """With since when, and until when at the earliest; a fact that was not known is named as missing."""
        (told,) = case.public(START + 48 * HOUR)
        assert dict(told.shown) == {"cost": 300, "found": "yes", "visited": START + HOUR}
        assert (told.missing, told.hidden) == (("mended",), ("phone", "note"))
        assert (told.since, told.until) == (START + 24 * HOUR, dt.datetime(2024, 10, 8, tzinfo=ZONE))
        assert (told.over, told.due, told.provisional) == (False, None, False)

    def test_what_becomes_known_later_is_public_once_it_is_made_so_again(self, case):
        """Until then the public sees what it was told; a step that ends it is told."""
        later = case.act("post", CLERK, START + 50 * HOUR, mended=True)
        assert dict(later.public(START + 49 * HOUR)[0].shown) == dict(case.public(START + 49 * HOUR)[0].shown)
        assert later.public(START + 50 * HOUR)[0].shown["mended"] is True
        closed = later.act("close", CLERK, START + 300 * HOUR, cost=900)
        (told,) = closed.public(START + 300 * HOUR)
        assert (told.over, told.shown["cost"]) == (True, 300)

    def test_it_is_told_in_the_words_of_its_values(self, case):
        """In both languages, without what is hidden: fit to be put on a board."""
        acts = [event.act for event in case.act("post", CLERK, START + 50 * HOUR, mended=False).history]
        tree = explain_public(RULE, "A1", acts, START + 60 * HOUR)
        (notice,) = tree.children
        assert tree.text.en == "1 of 1 disclosures made"
        assert notice.text.en == (
            "public since 2024-10-01 17:30, until 2024-10-09 00:00 at the earliest; where: board; hidden: phone, note"
        )
        assert [one.text.en for one in notice.children] == [
            "300",
            "well founded",
            "no",
            "2024-09-29T16:30:00+08:00",
        ]
        assert [one.text.zh for one in notice.children][2] == "否"
        over = [*acts, Act("close", instant_of(START + 400 * HOUR), role="clerk")]
        (done,) = explain_public(RULE, "A1", over, START + 400 * HOUR).children
        assert "at the earliest; over; where" in done.text.en

    @settings(max_examples=10)
    @given(procedures(), st.data())
    def test_nobody_is_shown(self, procedure, data):
        """Whatever became of a case, nothing about a person is public, nor what was not declared to be."""
        log = data.draw(logs(procedure, faulty=True))
        for acts in log.cases.values():
            for one in public_of(procedure, acts, log.at):
                rule = procedure.disclosures[one.disclosure]
                assert {*one.shown} | {*one.missing} == {*rule.show}
                assert not any(procedure.all_facts[name].personal for name in one.shown)
                assert not {*one.shown} & {*one.hidden}
