"""Disclosure: what is public in time and long enough, what is wanting, and what cannot be said yet."""

import datetime as dt
import random

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from tests.kinds import KINDS

from communitygov.provisions.disclosure import STATES, check_disclosures
from communitygov.provisions.disclosure_explain import explain_disclosure
from communitygov.provisions.disclosure_rules import DisclosureDuty
from communitygov.testing.strategies_disclosure import BEGIN, disclosure_rules, postings_frame, subjects_frame
from communitygov.vocabulary.errors import DataError, DocumentError, UsageError
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.text import Title

AT = BEGIN + dt.timedelta(days=140)
PROJECT, MONEY = Title(zh="项目", en="project"), {"money": Title(zh="经费", en="money")}
DECIDED = Title(zh="决定", en="decision")
PLACES = {"board": Title(zh="公告栏", en="board"), "site": Title(zh="网站", en="site")}
RULE = DisclosureDuty(
    subject=PROJECT,
    items=MONEY,
    after=DECIDED,
    within=5,
    unit="working_days",
    begins="day_after",
    lasts=7,
    lasts_unit="natural_days",
)
PROJECTS = pl.DataFrame({"subject": ["lift"], "since": ["2024-09-29"]})
"""Decided on a Sunday that is worked, two days before a week of holidays."""


def record(*rows, places=()):
    """Return postings of the lift's money, each given by its first and last day."""
    frame = pl.DataFrame(rows, schema={"first": pl.String, "last": pl.String}, orient="row")
    at = [pl.Series("place", places, dtype=pl.String)] if places else []
    return frame.select(pl.lit("lift").alias("subject"), pl.lit("money").alias("item"), *at, "first", "last")


def state(postings, at="2024-12-01", rule=RULE, subjects=PROJECTS):
    """Return the only item's state, how late it is, and whether its subject is in order."""
    found = check_disclosures(rule, subjects, postings, dt.date.fromisoformat(at))
    (row,), (whole,) = found.frame.rows(named=True), found.subjects.rows(named=True)
    return row["state"], row["late"], whole["in_order"]


@st.composite
def worlds(draw):
    rule = draw(disclosure_rules())
    return rule, draw(subjects_frame(rule)), draw(postings_frame(rule))


class TestAgreement:
    @given(worlds())
    def test_what_is_explained_is_what_was_found(self, world):
        """State, days, due and mark of every item, and of every subject whether it is in order."""
        rule, subjects, postings = world
        found = check_disclosures(rule, subjects, postings, AT)
        names = ("due", "posted", "days", "late", "provisional")
        told, whole = {}, {}
        for subject in subjects["subject"]:
            tree = explain_disclosure(rule, subjects, postings, AT, subject)
            whole[subject] = tree.value
            for step in tree.children:
                if step.key != "due":
                    facts = step.facts
                    key = (subject, facts["item"], facts.get("place"))
                    told[key] = (step.value, *(facts[name] for name in names))
        rows = found.frame.rows(named=True)
        assert told == {
            (row["subject"], row["item"], row["place"]): (row["state"], *(row[name] for name in names)) for row in rows
        }
        assert whole == dict(found.subjects.select("subject", "in_order").rows())

    @given(worlds(), st.integers(0, 2**32))
    def test_the_order_of_rows_changes_nothing(self, world, seed):
        """Of subjects and postings alike."""
        rule, subjects, postings = world
        mixed = [one[random.Random(seed).sample(range(one.height), one.height)] for one in (subjects, postings)]
        before, after = (check_disclosures(rule, *frames, AT) for frames in ((subjects, postings), mixed))
        assert before.frame.equals(after.frame)
        assert before.subjects.equals(after.subjects)

    @given(worlds())
    def test_a_posting_more_takes_nothing_away(self, world):
        """What is met stays met if everything is put up once more for a day."""
        rule, subjects, postings = world
        more = pl.concat([postings, postings.with_columns(last="first")])
        before, after = (check_disclosures(rule, subjects, frame, AT).frame for frame in (postings, more))
        assert before.equals(after)

    @pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
    def test_every_kind_of_frame_gives_the_same(self, kind):
        """Polars, lazy or not, pandas, PyArrow and DuckDB."""
        postings = record(("2024-10-08", "2024-10-20"))
        found = check_disclosures(RULE, kind.make(PROJECTS), kind.make(postings), dt.date(2024, 12, 1))
        told = kind.read(found.frame).select("due", "posted", "days", "state", "provisional").rows()
        assert told == [("2024-10-11", "2024-10-08", 13, "met", False)]
        assert kind.read(found.subjects).rows() == [("lift", "true", 1, 0, 0)]

    @pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
    @pytest.mark.parametrize("first", [None, "2024-10-08"])
    def test_columns_in_which_nothing_stands(self, kind, first):
        """An empty record, one of which nothing has been taken down, and events of which no day is known."""
        postings = record(*([(first, None)] if first else []))
        at = dt.date(2024, 12, 1)
        found = kind.read(check_disclosures(RULE, kind.make(PROJECTS), kind.make(postings), at).frame)
        assert found["state"].to_list() == ["met" if first else "missing"]
        unknown = kind.make(PROJECTS.with_columns(since=pl.lit(None, dtype=pl.String)))
        found = kind.read(check_disclosures(RULE, unknown, kind.make(postings), at).frame)
        assert found["state"].to_list() == ["undetermined"]
        assert explain_disclosure(RULE, unknown, kind.make(postings), at, "lift").value == "undetermined"

    @pytest.mark.parametrize("frame", [pl.DataFrame, pd.DataFrame, pa.table], ids=["polars", "pandas", "pyarrow"])
    def test_columns_without_a_type(self, frame):
        """As they come from a dict of lists, where nothing says that they are texts."""
        at, none = dt.date(2024, 12, 1), {name: [] for name in ("subject", "item", "first", "last")}
        up = {"subject": ["lift"], "item": ["money"], "first": ["2024-10-08"], "last": [None]}
        unknown = frame({"subject": ["lift"], "since": [None]})
        told = [explain_disclosure(RULE, unknown, frame(rows), at, "lift") for rows in (none, up)]
        assert [tree.value for tree in told] == ["undetermined", "undetermined"]
        assert [tree.children[-1].facts["posted"] for tree in told] == [None, "2024-10-08"]
        subjects = frame({"subject": ["lift"], "since": ["2024-09-29"]})
        told = [explain_disclosure(RULE, subjects, frame(rows), at, "lift").value for rows in (none, up)]
        assert told == ["false", "true"]


class TestTime:
    @pytest.mark.parametrize(
        ("rows", "at", "expected"),
        [
            ([], "2024-10-11", ("not_yet", None, "undetermined")),
            ([], "2024-10-12", ("missing", 1, "false")),  # a Saturday that is worked
            ([], "2024-10-13", ("missing", 1, "false")),
            ([("2024-10-11", None)], "2024-10-12", ("not_yet", None, "undetermined")),
            ([("2024-10-11", None)], "2024-10-17", ("met", None, "true")),
            ([("2024-10-11", "2024-10-16")], "2024-12-01", ("too_short", None, "false")),
            ([("2024-10-08", "2024-10-09")], "2024-10-10", ("not_yet", None, "undetermined")),
            ([("2024-10-08", "2024-10-09")], "2024-10-12", ("too_short", None, "false")),
            ([("2024-10-14", "2024-10-30")], "2024-12-01", ("late", 2, "false")),
            ([("2024-10-08", "2024-10-10"), ("2024-10-11", "2024-10-14")], "2024-12-01", ("met", None, "true")),
            ([("2024-10-08", "2024-10-10"), ("2024-10-12", "2024-10-30")], "2024-12-01", ("too_short", None, "false")),
            ([("2024-09-01", "2024-10-02")], "2024-12-01", ("too_short", None, "false")),
            ([("2024-09-01", "2024-10-05")], "2024-12-01", ("met", None, "true")),
            ([("2024-09-01", "2024-09-20")], "2024-12-01", ("missing", 36, "false")),
        ],
    )
    def test_five_working_days_and_a_week_without_a_gap(self, rows, at, expected):
        """From the day after: 30 September, 8 to 11 October. What was up before the event counts from the event on."""
        assert state(record(*rows), at) == expected

    def test_ten_working_days(self):
        """Over the holidays from 1 to 7 October; 29 September and 12 October are worked."""
        rule = evolve(RULE, lasts=10, lasts_unit="working_days")
        assert state(record(("2024-09-29", "2024-10-18")), rule=rule) == ("met", None, "true")
        assert state(record(("2024-09-30", "2024-10-16")), rule=rule) == ("too_short", None, "false")

    def test_days_of_a_year_that_is_not_published_are_marked(self):
        """By the weekday, and provisional."""
        subjects = PROJECTS.with_columns(since=pl.lit("2098-12-30"))
        found = check_disclosures(RULE, subjects, record(("2098-12-31", None)), dt.date(2099, 2, 1))
        assert found.frame.select("due", "provisional").rows() == [("2099-01-06", True)]

    def test_without_the_day_of_the_event_nothing_is_said(self):
        """It is not taken for missing, nor for in time."""
        subjects = PROJECTS.with_columns(since=pl.lit(None, dtype=pl.String))
        assert state(record(("2024-10-08", None)), subjects=subjects) == ("undetermined", None, "undetermined")

    def test_where_the_text_sets_no_time_it_is_wanting_until_it_is_there(self):
        """A project that lacks one is not in order."""
        rule, projects = DisclosureDuty(subject=PROJECT, items=MONEY), PROJECTS.select("subject")
        assert state(record(), "2024-01-01", rule, projects) == ("missing", None, "false")
        assert state(record(("2024-01-01", None)), "2024-01-01", rule, projects) == ("met", None, "true")


class TestPlaces:
    POSTINGS = record(("2024-10-08", "2024-10-10"), ("2024-10-11", "2024-10-14"), places=["board", "site"])

    def test_any_place_will_do(self):
        """Three days here and four there are seven days in a row."""
        assert state(self.POSTINGS, rule=evolve(RULE, places=PLACES)) == ("met", None, "true")

    def test_at_every_place(self):
        """Each for as long as it must: neither is."""
        rule = evolve(RULE, places=PLACES, everywhere=True)
        found = check_disclosures(rule, PROJECTS, self.POSTINGS, dt.date(2024, 12, 1))
        assert found.frame.select("place", "state", "days").rows() == [
            ("board", "too_short", 3),
            ("site", "too_short", 4),
        ]
        assert found.subjects.rows() == [("lift", "false", 0, 2, 0)]


def refused(rule, subjects, postings, at=dt.date(2024, 12, 1)):
    """Return the codes that verb and explanation refuse a record with, which are the same."""
    codes = []
    for ask in (check_disclosures, lambda *given: explain_disclosure(*given, "lift")):
        with pytest.raises((DataError, UsageError)) as error:
            ask(rule, subjects, postings, at)
        codes.append([one.code for one in error.value.problems])
    assert codes[0] == codes[1]
    return codes[0]


class TestBadInput:
    @pytest.mark.parametrize(
        ("columns", "codes"),
        [
            ({"subject": "lfit"}, ["unknown-posting"]),
            ({"item": "mony"}, ["unknown-posting"]),
            ({"place": "bord"}, ["unknown-posting"]),
            ({"first": "2024-10"}, ["posting-without-day"]),
            ({"last": "2024-02-30"}, ["posting-without-day"]),
            ({"last": "soon"}, ["posting-without-day"]),
            ({"first": "2024-12-02", "last": None}, ["posting-to-come"]),
            ({"first": "1969-12-31"}, ["outside-calendar"]),
            ({"last": "2024-10-07"}, ["posting-ends-early"]),
            ({"first": None}, ["missing-value"]),
        ],
    )
    def test_it_is_named(self, columns, codes):
        """A misspelt subject, item or place, a day that is none or to come, and an end before the beginning; once."""
        rows = record(("2024-10-08", None), places=["board"]).with_columns(
            **{name: pl.lit(value, dtype=pl.String) for name, value in columns.items()}
        )
        assert refused(evolve(RULE, places=PLACES), PROJECTS, rows) == codes

    @pytest.mark.parametrize(
        ("subjects", "codes"),
        [
            (pl.concat([PROJECTS, PROJECTS]), ["duplicate-row"]),
            (PROJECTS.drop("since"), ["missing-column"]),
            (PROJECTS.with_columns(pl.col("since").str.to_date()), ["wrong-column-type"]),
            (PROJECTS.with_columns(since=pl.lit("soon")), ["posting-without-day"]),
            (PROJECTS.with_columns(since=pl.lit("1950-01-01")), ["outside-calendar"]),
            (PROJECTS.with_columns(since=pl.lit("2024-12-02")), ["posting-to-come"]),
        ],
    )
    def test_subjects_that_do_not_fit(self, subjects, codes):
        """Listed twice, or without a day that can be counted from."""
        assert refused(RULE, subjects, record()) == codes

    def test_a_rule_that_is_not_in_force(self):
        """On the day of the event; or, if there is none, on the day of the record."""
        later = Period.parse("2025")
        assert refused(evolve(RULE, since=later), PROJECTS, record()) == ["not-in-force"]
        assert refused(evolve(RULE, until=Period.parse("2023")), PROJECTS, record()) == ["not-in-force"]
        always = DisclosureDuty(subject=PROJECT, items=MONEY, since=later)
        assert refused(always, PROJECTS.select("subject"), record()) == ["not-in-force"]
        unknown = PROJECTS.with_columns(since=pl.lit(None, dtype=pl.String))
        assert state(record(), rule=evolve(RULE, since=later), subjects=unknown)[0] == "undetermined"

    @pytest.mark.parametrize(
        ("at", "code"),
        [
            ("2024-12-01", "not-a-day"),
            (dt.datetime(2024, 12, 1, tzinfo=dt.UTC), "not-a-day"),
            (dt.date(2100, 1, 1), "outside-calendar"),
        ],
    )
    def test_a_day_of_the_record_that_is_none(self, at, code):
        """A text, an instant, and a day that cannot be counted."""
        assert refused(RULE, PROJECTS, record(), at) == [code]

    def test_time_that_ends_beyond_the_calendar(self):
        """It is not cut off."""
        last = dt.date(2099, 12, 31)
        for unit in ("working_days", "natural_days"):
            subjects = PROJECTS.with_columns(since=pl.lit(str(last)))
            assert refused(evolve(RULE, unit=unit), subjects, record(), last) == ["outside-calendar"]

    def test_a_subject_that_there_is_not(self):
        """The nearest is offered."""
        with pytest.raises(UsageError, match="did you mean `lift`"):
            explain_disclosure(RULE, PROJECTS, record(), AT, "lfit")

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"items": {}}, "missing-setting"),
            ({"begins": None}, "missing-setting"),
            ({"after": None}, "missing-setting"),
            ({"lasts_unit": None}, "missing-setting"),
            ({"since": Period.parse("2024"), "until": Period.parse("2023")}, "empty-range"),
            ({"everywhere": True}, "unused-setting"),
        ],
    )
    def test_a_rule_that_is_none_is_refused(self, changes, code):
        """Nothing to make public, time that is said in part, and every place of none."""
        with pytest.raises(DocumentError) as error:
            check_disclosures(evolve(RULE, **changes), PROJECTS, record(), AT)
        assert code in {one.code for one in error.value.problems}


def test_each_state_has_its_words():
    """In both languages, and all can be reached."""
    assert set(STATES) == {"met", "late", "too_short", "missing", "not_yet", "undetermined"}
    tree = explain_disclosure(RULE, PROJECTS, record(("2024-10-14", "2024-10-30")), dt.date(2024, 12, 1), "lift")
    assert [step.text.en for step in tree.children] == [
        "decision on 2024-09-29; 5 working days from the day after on, up to 2024-10-11",
        "up from 2024-10-14 to 2024-10-30: 17 days, begun too late; wanted: 7 days in a row; 2 working days late",
    ]
