"""The page of data shows every frame with the columns that it is declared with, or has."""

import datetime as dt
import re
from fractions import Fraction
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from communitygov.certification import tables
from communitygov.certification.awards import awards, listing
from communitygov.certification.certify import certify
from communitygov.certification.explain_listing import LISTING_REASONS
from communitygov.certification.explain_watch import WATCH_REASONS
from communitygov.certification.phrases import REASONS
from communitygov.certification.register import PLAQUE_REASONS, plaque_events, register_on
from communitygov.certification.rules import (
    Award,
    Awards,
    Certification,
    Leaving,
    Listing,
    Plaques,
    Progress,
    Tier,
    Veto,
    Watch,
    Year,
)
from communitygov.certification.watch import watch
from communitygov.certification.year import yearly
from communitygov.deliberation import meeting_tables, ranked
from communitygov.deliberation.audit import ANNOUNCED, audit
from communitygov.deliberation.budget_rules import TieBreak
from communitygov.deliberation.count import count_votes
from communitygov.deliberation.decide import decide_all
from communitygov.deliberation.meeting import hold_meetings
from communitygov.deliberation.meeting_explain import explain_meeting
from communitygov.deliberation.meeting_rules import Deliberation, Evaluation, Objections, Participant, Voting
from communitygov.deliberation.proceedings import Proceedings
from communitygov.deliberation.rules import Decision, Threshold
from communitygov.deliberation.tables import BALLOTS, counts_table, register_table
from communitygov.grid.adjust import adjust
from communitygov.grid.changes import Merge, changes_table
from communitygov.grid.check import check_grid
from communitygov.grid.routing import route
from communitygov.grid.rules import Bound, Grid, Level, Matter, Post, Tally
from communitygov.grid.tables import HOLDERS, ORDERS, units_table
from communitygov.grid.units import load_holders, load_units
from communitygov.index.rules import Index, Indicator, Scale
from communitygov.index.score import score, template
from communitygov.measures.measure import measure, meets
from communitygov.measures.report import report
from communitygov.measures.rules import Condition, Expectation, Measure, Quantity, Report, ReportLevel
from communitygov.measures.standards import check_standards
from communitygov.plugins.finding import load_profile
from communitygov.procedure.case import Actor, open_case
from communitygov.procedure.due import due
from communitygov.procedure.judge import judge
from communitygov.procedure.rates import rates
from communitygov.procedure.rules import CaseFact, Clock, Deadline, Limit, Procedure, Role, Rung, Step
from communitygov.procedure.tables import case_columns, events_table
from communitygov.profile.reading import read_profile
from communitygov.provisions import disclosure, disclosure_record, funding, matching, points
from communitygov.provisions.disclosure_rules import DisclosureDuty
from communitygov.provisions.funding_rules import Funding, Point
from communitygov.provisions.points_rules import Activity, Points
from communitygov.report.minutes import minutes_frame
from communitygov.simulation.order_model import read_order_model
from communitygov.simulation.orders import simulate_orders
from communitygov.simulation.plan import plan
from communitygov.simulation.results import QUANTITIES
from communitygov.simulation.run import simulate
from communitygov.simulation.variants import Variant, as_it_stands
from communitygov.simulation.worlds import World
from communitygov.vocabulary.numbers import Number, Share
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.text import Title

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([^`|]+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
REASON = re.compile(r"^\| `([^`|]+)` \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
FRAMES = {part.partition("\n")[0]: part for part in re.split(r"^### ", PAGE, flags=re.MULTILINE)[1:]}
NOUNS = {pl.String: "text", pl.Int64: "whole", pl.Boolean: "flag", pl.Float64: "float"}

# Names that a rule gives are, on the page, what they are names of.
INDEX = Index(
    subject="community",
    period="half",
    maximum=10,
    decimals=1,
    weights="points",
    scale=Scale(minimum=0, maximum=100, decimals=0),
    indicators={"<node>": Indicator(weight=10, indicators={"<leaf>": Indicator(weight=10)})},
)
RULE = Certification(
    of="quality",
    year=Year(starts=1, periods=2),
    decimals=1,
    tiers={"star": Tier(order=1, share=Fraction(1, 2))},
    base="all",
    rounding="floor",
    rounded="cumulative",
    ties="in",
    tie_break=("<tie-break>",),
    vetoes={"fire": Veto(column="<veto>", when="before")},
    group_by="<group>",
    hold_until_change=True,
    watch=Watch(
        last=1,
        periods=2,
        ties="in",
        rank_of="period",
        across_years=True,
        leaving=Leaving(after=1),
        starred="barred",
    ),
    listing=Listing(expectations=("many",)),
    awards=Awards(
        tiers={"star": Award(amount=Fraction(1))},
        progress=Progress(amount=Fraction(1), by="score", at_least=Fraction(1)),
    ),
    plaques=Plaques(on_change="replace", on_watch="year_end"),
)
MEASURE = Measure(
    of="scored",
    period="half",
    by="<group>",
    unit=Title(zh="个", en="communities"),
    numerator=Quantity(what="count"),
)
DEMANDS = Measure(
    of="demands",
    period="year",
    by="subject",
    unit=Title(zh="件", en="demands"),
    numerator=Quantity(what="sum", columns=("demands",)),
)

GRID = Grid(
    levels={
        "street": Level(order=1, sizes={"<size>": Bound(at_most=9)}, tallies={"<tally>": Tally(level="community")}),
        "community": Level(order=2, on=("street",)),
    },
    posts={
        "head": Post(level="community", per_unit="exactly_one", duties={"repair": Title(zh="维修", en="repairs")}),
    },
    matters={"lamp": Matter(duty="repair")},
)

REPAIR = Procedure(
    clock=Clock(zone="Asia/Shanghai", calendar="monday_to_friday"),
    roles={"team": Role()},
    facts={
        "<choice>": CaseFact(
            kind="choice",
            title=Title(zh="选项", en="a choice"),
            values={"good": Title(zh="好", en="good")},
            worth={"good": Number(Fraction(4, 5))},
        ),
        "<flag>": CaseFact(kind="flag", title=Title(zh="是否", en="yes or no")),
        "<whole>": CaseFact(kind="whole", title=Title(zh="整数", en="a whole number")),
        "<time>": CaseFact(kind="time", title=Title(zh="时刻", en="an instant")),
    },
    steps={
        "<step>": Step(
            title=Title(zh="环节", en="step"), by=("team",), starts=True, next=("<step>",), counts_as="redo", at_most=1
        )
    },
    deadlines={
        "<deadline>": Deadline(
            title=Title(zh="期限", en="deadline"),
            from_=("<step>",),
            to=("<step>",),
            again="restart",
            limit=Limit(amount=Number(Fraction(2)), unit="elapsed_hours"),
        )
    },
    reminders={"<rung>": Rung(deadline="<deadline>", counted_from="due", act="remind", to="team")},
    rates={
        "in_time": Measure(
            of="cases",
            period="month",
            unit=Title(zh="占到期", en="of those due"),
            numerator=Quantity(what="sum", columns=("kept_count.<deadline>",)),
            base=Quantity(what="sum", columns=("settled.<deadline>",)),
        )
    },
)

DECISION = Decision(
    quorum=Threshold(
        all_of={
            "heads": Threshold(measure="heads", at_least=Fraction(2, 3), of="all"),
            "area": Threshold(measure="area", at_least=Fraction(2, 3), of="all"),
            "homes": Threshold(measure="households", at_least=Fraction(2, 3), of="all"),
        }
    ),
    passes=Threshold(measure="heads", more_than=Fraction(1, 2), of="taking_part"),
    strata={"<stratum>": Title(zh="类别", en="a stratum")},
    article="1",
    since=Period.parse("2021"),
)
COUNTED = Decision(
    passes=Threshold(measure="heads", more_than=Fraction(1, 2), of="taking_part"), article="1", since=DECISION.since
)

YUAN = Title(zh="元", en="yuan")
ENDS = {"floor": Point(at=Number(Fraction(60)), pays=Number(Fraction(0)))}
FUNDING = {
    "homes": Funding(to="community", unit=YUAN, each=Number(Fraction(5)), times="households"),
    "score": Funding(
        to="community",
        unit=YUAN,
        score="score",
        points={**ENDS, "cap": Point(at=Number(Fraction(90)), pays=Number(Fraction(9)))},
        rounding="down",
    ),
    "grants": Funding(to="community", unit=YUAN, ways={"award": YUAN}, only="listed"),
    "branch": Funding(to="branch", unit=YUAN, each=Number(Fraction(1)), inside="homes"),
}

RANKED = ranked.RankedRule(method="schulze", seats=1, tie_break={"<tie-break>": TieBreak(order=1, wins="lower")})

MATCHING = matching.Matching(
    left=Title(zh="部门", en="departments"), right=Title(zh="社区", en="communities"), right_most=1, worth="fit"
)
POINTS = Points(
    holders={"person": Title(zh="个人", en="person")}, activities={"visit": Activity(points=1)}, real_name=True
)

DUTY = DisclosureDuty(
    subject=Title(zh="对象，如项目", en="whose, such as a project"),
    items={"money": YUAN},
    places={"board": YUAN},
    after=Title(zh="起算事件之日，如决定", en="day of the event, such as when it was decided"),
)

WORD = Title(zh="词", en="word")
KINDS = {"residents": Participant(part="votes")}
LOOP = Deliberation(reports_previous=True, evaluates_previous=True)
BODY = Deliberation(
    participants=KINDS,
    proposers=("residents",),
    support=1,
    support_share=Share(Fraction(1, 5)),
    notice_days=1,
    voting=Voting(same_household=True),
    objections=Objections(days=7),
    evaluation=Evaluation(answers={"good": WORD}, failing=(), at_least=Share(Fraction(1)), by=("residents",)),
)
HEADS = Decision(
    passes=Threshold(measure="heads", more_than=Share(Fraction(1, 2)), of="all"),
    article="1",
    since=Period.parse("2021"),
)

DECLARED = {
    "Index data": INDEX.table,
    "Scores of periods": tables.periods_table(RULE),
    "Yearly scores": RULE.scores_table,
    "Holders": RULE.holders_table,
    "Ranked scores": tables.watch_table(RULE),
    "Watch list": tables.LISTED,
    "Demands": tables.demands_table(RULE),
    "Results": tables.results_table(RULE),
    "Plaque events": tables.EVENTS,
    "Units of a grid": units_table(GRID),
    "Holders of a grid": HOLDERS,
    "Orders to be routed": ORDERS,
    "Changes of a grid": changes_table(GRID),
    "Events": events_table(REPAIR),
    "Registers": register_table(DECISION),
    "Ballots": BALLOTS,
    "Counts of votes": counts_table(COUNTED),
    "Announced outcomes": ANNOUNCED,
    "Meetings": meeting_tables.MEETINGS,
    "Motions": meeting_tables.motions_table(BODY),
    "Reports of meetings": meeting_tables.reports_table(LOOP),
    "Evaluations": meeting_tables.evaluations_table(BODY),
    "Objections": meeting_tables.OBJECTIONS,
    "Register of bodies": meeting_tables.members_table(BODY, HEADS),
    "Ballots of a meeting": meeting_tables.BALLOTS,
    "Mandates": meeting_tables.MANDATES,
    "Recusals": meeting_tables.RECUSALS,
    "Candidates": RANKED.candidates_table,
    "Ranked ballots": ranked.BALLOTS,
    "Units to be funded": funding.units_table(FUNDING),
    "Subjects of a disclosure": disclosure_record.subjects_table(DUTY),
    "Record of postings": disclosure_record.postings_table(DUTY),
    "Entries of points": points.entries_table(POINTS),
    "Units of a side": matching.side_table(),
    "Possible pairs": matching.pairs_table(MATCHING),
}
TAKEN_AND_GIVEN = {"Holders", "Watch list", "Plaque events"}
GIVEN = [name for name in FRAMES if name not in DECLARED or name in TAKEN_AND_GIVEN]


@cache
def given() -> dict[str, pl.DataFrame]:
    """Return every frame that a verb gives, by the name that the page has for it."""
    data = {"subject": ["a", "b"] * 2, "period": ["2023H1"] * 2 + ["2023H2"] * 2, "<leaf>": [80, 90, 81, 92]}
    scores = score(INDEX, pl.DataFrame(data))
    years = yearly(RULE, scores)
    certified = certify(RULE, _completed(years).drop("year"), year=2023)
    watched = watch(RULE, scores, period="2023H2")
    events = plaque_events(RULE, None, certified.frame, day="2024-01-15")
    demands = pl.DataFrame({"subject": ["a", "b"], "year": [2023] * 2, "demands": [1, 0], "score": [1, None]})
    demands = demands.with_columns(previous_score=pl.lit(1))
    asked = {"many": Expectation(kind="condition", measure="demands", at_least=Fraction(1))}
    values = measure(MEASURE, _completed(scores))
    standard = Expectation(kind="standard", measure="m", at_least=Fraction(1))
    made = Report(of="scored", period="half", columns=("score",), levels={"district": ReportLevel()})
    profile = load_profile("shijingshan")
    streets = pl.DataFrame({"subject": ["a", "b"], "street": ["east", "west"]})
    planned = plan(profile.at("2023"), profile.at("2023"), certified, certified, group="street", facts=streets)
    variants = [as_it_stands(), Variant.of_reading(profile, "renewal_reach", "moved_cut")]
    simulated = simulate(profile, World.drawn(communities=20), first=2022, last=2023, draws=1, variants=variants)
    rows = {"code": ["s", "a", "b"], "name": ["S", "A", "B"], "level": ["street", "community", "community"]}
    units = load_units(GRID, pl.DataFrame(rows).with_columns(parent=pl.Series([None, "s", "s"])))
    held = load_holders(GRID, pl.DataFrame({"unit": ["a"], "seat": ["head"], "holder": ["p"]}))
    orders = pl.DataFrame({"unit": ["a", "b"], "matter": ["lamp"] * 2})
    routed = route(GRID, units, held, orders, on="2024")
    pair = pl.DataFrame({"left": ["x"], "right": ["A"], "fit": [1]})
    matched = matching.match(MATCHING, pl.DataFrame({"unit": ["x", "y"]}), pl.DataFrame({"unit": ["A"]}), pair)
    merge = Merge(units=("a", "b"), into="c", name="C", parent="s")
    return {
        **_of_procedures(),
        **_of_decisions(),
        **_of_meetings(),
        **_of_funding(),
        **_of_disclosure(),
        **_of_elections(),
        "Ledger of points": _ledger(),
        "Matched": matched.frame,
        "Unmatched": matched.unmatched,
        "Routed orders": routed.frame,
        "Empty posts passed": routed.passed,
        "Findings": check_grid(GRID, units, held, on="2024").frame,
        "Code map": adjust(GRID, units, [merge], on="2024").codes,
        "Scores": scores.drop("<leaf>"),
        "Scores of years": years,
        "Certified": certified.frame,
        "Cuts": certified.cuts,
        "Holders": certified.holders,
        "Watched": watched.frame,
        "Watch list": watched.listed,
        "Renovation list": listing(RULE, demands, measures={"demands": DEMANDS}, expectations=asked),
        "Awards": awards(RULE, certified.frame),
        "Plaque events": events,
        "Register": register_on(events, "2024-01-15"),
        "Measured": values.frame,
        "Judged": meets(standard, values).frame,
        "Reported": report(made, scores).frame,
        "Standing": _standing(),
        "Moved": planned.moved,
        "Counts of moves": planned.counts,
        "Tiers of groups": planned.group_outcomes,
        "Stars": simulated.stars,
        "Tiers": simulated.tiers,
        "Quantities": simulated.quantities,
        "Truly top": simulated.truly_top,
        "Expectations": simulated.expectations,
        "Moves": simulated.moves,
    }


def _of_procedures() -> dict[str, pl.DataFrame]:
    """Return what is given of cases that were late, of some that are, and of drawn ones."""
    begun, later = (dt.datetime(2024, 5, 6, hour, tzinfo=dt.UTC) for hour in (9, 18))
    log = pl.DataFrame({"case": ["a", "a", "b"], "seq": [1, 2, 1], "at": [begun, later, begun]})
    judged = judge(REPAIR, log.with_columns(step=pl.lit("<step>"), role=pl.lit("team")), later)
    world, lamps = read_order_model(ROOT / "examples" / "lamps-world.yaml"), read_profile(ROOT / "examples" / "lamps")
    days = {"first": dt.date(2024, 3, 1), "last": dt.date(2024, 3, 14)}
    simulated = simulate_orders(lamps, "repair", world, draws=1, **days)
    agenda = due([open_case(REPAIR, "a", "<step>", Actor("p", "team"), begun)], later)
    return {
        "Verdicts": judged.verdicts,
        "Judged cases": judged.cases,
        "Rates": rates(REPAIR, judged.cases.with_columns(pl.lit("x").alias("<group>")), by=["<group>"]).frame,
        "Running deadlines": agenda.running,
        "Reminders to fire": agenda.fire,
        "Rates of orders": simulated.rates,
        "Counts of orders": simulated.cases,
        "Faults of orders": simulated.faults,
    }


def _of_decisions() -> dict[str, pl.DataFrame]:
    """Return what is given of a matter that passes, and of one whose area is not known."""
    register = pl.DataFrame({"matter": ["a", "b"], "member": ["m", "m"], "household": ["h", "h"], "area": [1, None]})
    register = register.with_columns(pl.lit(value=True).alias("in.<stratum>"))
    ballots = pl.DataFrame({"matter": ["a", "b"], "member": ["m", "m"], "choice": ["yes", "no"]})
    decided = decide_all(DECISION, count_votes(DECISION, register, ballots))
    differ = audit(decided, pl.DataFrame({"matter": ["a"], "outcome": ["rejected"]}))
    return {
        "Decided": decided.frame,
        "Shares of decisions": decided.parts,
        "Differences from what was announced": differ,
    }


def _of_disclosure() -> dict[str, pl.DataFrame]:
    """Return what came of one posting."""
    rows = {"subject": ["a"], "item": ["money"], "place": ["board"], "first": ["2024-05-07"], "last": ["2024-05-09"]}
    subjects = pl.DataFrame({"subject": ["a"], "since": ["2024-05-06"]})
    found = disclosure.check_disclosures(DUTY, subjects, pl.DataFrame(rows), dt.date(2024, 6, 1))
    return {"Disclosed items": found.frame, "Subjects in order": found.subjects}


def _of_elections() -> dict[str, pl.DataFrame]:
    """Return who is elected by two ballots, of which one does not count."""
    ballots = pl.DataFrame({"voter": ["v", "w"], "rank": [1, 2], "candidate": ["a", "a"]})
    choice = ranked.count_ranked(RANKED, pl.DataFrame({"candidate": ["a", "b"], "<tie-break>": [1, 2]}), ballots)
    return {"Elected": choice.frame, "Spoilt ballots": choice.spoilt}


def _ledger() -> pl.DataFrame:
    """Return what an entry came to."""
    rows = {"entry": [1], "account": "a", "holder": "person", "on": "2024-05-06", "what": "visit", "registered": True}
    return points.award(POINTS, pl.DataFrame(rows)).frame


def _of_meetings() -> dict[str, pl.DataFrame]:
    """Return what came of two meetings, the second of which owes what the first decided; and its minutes."""
    days = pl.DataFrame({"meeting": ["1", "2"], "body": ["a"] * 2, "on": ["2024-05-06", "2024-06-06"]})
    motions = pl.DataFrame({"motion": ["m"], "meeting": ["1"]})
    register = pl.DataFrame({"body": ["a"], "member": ["x"]})
    ballots = pl.DataFrame({"motion": ["m"], "member": ["x"], "choice": ["yes"]})
    record = Proceedings(days, motions, register=register, ballots=ballots)
    held = hold_meetings(LOOP, record, HEADS)
    return {
        "Meetings held": held.meetings,
        "Items owed": held.owed,
        "Motions put": held.motions,
        "Items decided": held.items,
        "Ballots told": held.ballots,
        "Minutes": minutes_frame(explain_meeting(LOOP, record, HEADS, meeting="2")),
    }


def _standing() -> pl.DataFrame:
    """Return how a community without a value, and one with, stand to a standard."""
    area = Quantity(what="mean", columns=("area",), where={"area": Condition(known=True)})
    rooms = Measure(of="rooms", period="year", by="place", unit=Title(zh="平方米", en="m2"), numerator=area)
    enough = Expectation(measure="rooms", kind="standard", at_least=Number(Fraction(3)))
    frame = pl.DataFrame({"year": [2024] * 2, "place": ["a", "b"], "area": [None, 1]})
    return check_standards({"rooms": rooms}, {"enough": enough}, {"rooms": frame}).frame


def _of_funding() -> dict[str, pl.DataFrame]:
    """Return what is given of a community and its branch."""
    units = pl.DataFrame({"unit": ["c", "b"], "kind": ["community", "branch"], "part_of": [None, "c"]})
    more = {"households": [2, None], "score": [80, None], "way": ["award", None], "amount": [1, None]}
    units = units.with_columns(pl.Series(name, values) for name, values in more.items())
    found = funding.fund(FUNDING, units.with_columns(pl.Series("listed", [True, None])))
    none = funding.fund({"branch": FUNDING["branch"]}, units.tail(1))
    return {
        "Funded": found.frame,
        "Left of funding": found.left,
        "Differences of funding": funding.differences(none, found),
    }


def noun(kind: pl.DataType) -> str:
    """Return what the page calls a kind of column that was given."""
    return "instant" if isinstance(kind, pl.Datetime) and kind.time_zone is not None else NOUNS[kind]


def _completed(scores: pl.DataFrame) -> pl.DataFrame:
    """Return scores with the columns that the rule gives names to."""
    names = {"<tie-break>": 0, "<veto>": False, "on_watch": False, "<group>": "x", "previous_score": 0}
    return scores.with_columns(pl.lit(value).alias(name) for name, value in names.items())


def shown(frame: str) -> dict[str, tuple[str, str, str]]:
    """Return the columns that the page gives a frame, in order: kind, English, Chinese."""
    return {name: (kind, en, zh) for name, kind, en, zh in ROW.findall(FRAMES[frame])}


class TestColumns:
    @pytest.mark.parametrize("frame", DECLARED)
    def test_a_frame_that_is_taken_has_the_declared_columns(self, frame):
        """Names, kinds, and whether a value may be missing are those of the declaration."""
        assert {name: kind for name, (kind, _, _) in shown(frame).items()} == {
            column.name: column.kind.replace("any", "instant") + ", or none" * column.nullable
            for column in DECLARED[frame].columns
        }

    @pytest.mark.parametrize("frame", DECLARED)
    def test_a_column_that_is_taken_is_called_what_it_is_declared_to_be(self, frame):
        """What the page says of a column has the words of its title, in both languages."""
        for column in DECLARED[frame].columns:
            if not column.name.startswith("<"):
                _, en, zh = shown(frame)[column.name]
                assert column.title.en in en or column.name in en
                assert column.title.zh in zh or column.name == "on_watch"

    @pytest.mark.parametrize("frame", GIVEN)
    def test_a_frame_that_is_given_has_the_columns_shown(self, frame):
        """Names, their order and their kinds are those of what a verb gave."""
        kinds = {
            name: kind.removesuffix(", or none").replace("period", "text")
            for name, (kind, _, _) in shown(frame).items()
        }
        assert list(kinds.items()) == [(name, noun(kind)) for name, kind in given()[frame].schema.items()]

    @pytest.mark.parametrize("frame", GIVEN)
    def test_a_value_is_missing_only_where_the_page_says_so(self, frame):
        """Where a verb gave no value, the page says *or none*."""
        gaps = {name for name in given()[frame].columns if given()[frame][name].null_count()}
        assert gaps <= {name for name, (kind, _, _) in shown(frame).items() if kind.endswith(", or none")}

    def test_what_rates_are_taken_of_is_called_what_it_is_declared_to_be(self):
        """The columns of judged cases are those declared, in their order, with the words of their titles."""
        found, columns = shown("Judged cases"), list(case_columns(REPAIR))
        assert list(found) == [column.name for column in columns]
        for column in columns:
            kind, en, zh = found[column.name]
            assert kind.endswith(", or none") == column.nullable
            assert column.title.en in en
            assert column.title.zh in zh

    def test_every_frame_of_the_page_is_tested(self):
        """A frame that this test does not know is one whose columns nobody checks."""
        assert set(FRAMES) == {*DECLARED, *given()}
        assert set(GIVEN) == set(given())

    def test_an_empty_table_has_the_columns_shown(self):
        """The template is made from the declaration too."""
        assert template(INDEX).columns == list(shown("Index data"))


class TestReasons:
    @pytest.mark.parametrize(
        ("frame", "reasons"),
        [
            ("Certified", REASONS),
            ("Watched", WATCH_REASONS),
            ("Plaque events", PLAQUE_REASONS),
            ("Renovation list", LISTING_REASONS),
            ("Quantities", QUANTITIES),
        ],
    )
    def test_every_reason_is_explained(self, frame, reasons):
        """The page explains each reason, or quantity, that a frame can give, in the library's own words."""
        explained = {name: (en, zh) for name, en, zh in REASON.findall(FRAMES[frame])}
        assert set(explained) == set(reasons)
        for name, title in reasons.items():
            assert explained[name][0].startswith(title.en)
            assert explained[name][1] == title.zh
