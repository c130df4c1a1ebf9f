"""The page of data shows every frame with the columns that it is declared with, or has."""

import re
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest

from communitygov.certification import tables
from communitygov.certification.awards import awards, listing
from communitygov.certification.certify import certify
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
from communitygov.index.rules import Index, Indicator, Scale
from communitygov.index.score import score, template
from communitygov.measures.measure import measure, meets
from communitygov.measures.report import report
from communitygov.measures.rules import Expectation, Measure, Quantity, Report, ReportLevel
from communitygov.vocabulary.text import Title

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "data.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([^`|]+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
REASON = re.compile(r"^\| `([^`|]+)` \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
FRAMES = {part.partition("\n")[0]: part for part in re.split(r"^### ", PAGE, flags=re.MULTILINE)[1:]}
NOUNS = {pl.String: "text", pl.Int64: "whole", pl.Boolean: "flag"}

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
    listing=Listing(demands_at_least=1, improvement_at_most=Fraction(0)),
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

DATA = pl.DataFrame({"subject": ["a", "b"] * 2, "period": ["2023H1"] * 2 + ["2023H2"] * 2, "<leaf>": [80, 90, 81, 92]})
SCORES = score(INDEX, DATA)
YEARS = yearly(RULE, SCORES)
CERTIFIED = certify(
    RULE,
    YEARS.with_columns(pl.lit(0).alias("<tie-break>"), pl.lit(False).alias("<veto>"), pl.lit("x").alias("<group>"))
    .with_columns(on_watch=pl.lit(False), previous_score=pl.lit(0))
    .drop("year"),
    year=2023,
)
EVENTS = plaque_events(RULE, None, CERTIFIED.frame, day="2024-01-15")
WATCHED = watch(RULE, SCORES, period="2023H2")
DEMANDS = pl.DataFrame({"subject": ["a"], "demands": [1], "score": [1], "previous_score": [1]})
VALUES = measure(MEASURE, SCORES.with_columns(pl.lit("x").alias("<group>")))
STANDARD = Expectation(kind="standard", measure="m", at_least=Fraction(1))
REPORT = Report(of="scored", period="half", columns=("score",), levels={"district": ReportLevel()})

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
}
GIVEN = {
    "Scores": SCORES.drop("<leaf>"),
    "Scores of years": YEARS,
    "Certified": CERTIFIED.frame,
    "Cuts": CERTIFIED.cuts,
    "Holders": CERTIFIED.holders,
    "Watched": WATCHED.frame,
    "Watch list": WATCHED.listed,
    "Renovation list": listing(RULE, DEMANDS),
    "Awards": awards(RULE, CERTIFIED.frame),
    "Plaque events": EVENTS,
    "Register": register_on(EVENTS, "2024-01-15"),
    "Measured": VALUES.frame,
    "Judged": meets(STANDARD, VALUES).frame,
    "Reported": report(REPORT, SCORES).frame,
}


def shown(frame: str) -> dict[str, tuple[str, str, str]]:
    """Return the columns that the page gives a frame, in order: kind, English, Chinese."""
    return {name: (kind, en, zh) for name, kind, en, zh in ROW.findall(FRAMES[frame])}


class TestColumns:
    @pytest.mark.parametrize("frame", DECLARED)
    def test_a_frame_that_is_taken_has_the_declared_columns(self, frame):
        """Names, kinds, and whether a value may be missing are those of the declaration."""
        assert {name: kind for name, (kind, _, _) in shown(frame).items()} == {
            column.name: column.kind + ", or none" * column.nullable for column in DECLARED[frame].columns
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
        assert list(kinds.items()) == [(name, NOUNS[kind]) for name, kind in GIVEN[frame].schema.items()]

    @pytest.mark.parametrize("frame", GIVEN)
    def test_a_value_is_missing_only_where_the_page_says_so(self, frame):
        """Where a verb gave no value, the page says *or none*."""
        gaps = {name for name in GIVEN[frame].columns if GIVEN[frame][name].null_count()}
        assert gaps <= {name for name, (kind, _, _) in shown(frame).items() if kind.endswith(", or none")}

    def test_every_frame_of_the_page_is_tested(self):
        """A frame that this test does not know is one whose columns nobody checks."""
        assert set(FRAMES) == {*DECLARED, *GIVEN}

    def test_an_empty_table_has_the_columns_shown(self):
        """The template is made from the declaration too."""
        assert template(INDEX).columns == list(shown("Index data"))


class TestReasons:
    @pytest.mark.parametrize(
        ("frame", "reasons"),
        [("Certified", REASONS), ("Watched", WATCH_REASONS), ("Plaque events", PLAQUE_REASONS)],
    )
    def test_every_reason_is_explained(self, frame, reasons):
        """The page explains each reason that a frame can give, in the library's own words."""
        explained = {name: (en, zh) for name, en, zh in REASON.findall(FRAMES[frame])}
        assert set(explained) == set(reasons)
        for name, title in reasons.items():
            assert explained[name][0].startswith(title.en)
            assert explained[name][1] == title.zh
