"""The Shijingshan profile: what it takes from its source, what it assumes, and what it leaves open."""

import random
import unicodedata
from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from communitygov.certification.awards import awards, listing
from communitygov.certification.certify import certify
from communitygov.certification.explain_listing import explain_listing
from communitygov.certification.watch import watch
from communitygov.documents.layers import Layer
from communitygov.documents.node import Node
from communitygov.documents.reading import read_text
from communitygov.measures.explain import explain, explain_expectation
from communitygov.measures.measure import measure, meets
from communitygov.plugins.finding import load_profile
from communitygov.profile.coverage import coverage, try_everything
from communitygov.profile.profile import Profile, Reform
from communitygov.profile.reading import read_profile, read_reform
from communitygov.profile.rules import SECTIONS, ReformFile
from communitygov.simulation.run import simulate
from communitygov.simulation.worlds import World
from communitygov.vocabulary.errors import DocumentError

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "profiles" / "shijingshan" / "src" / "communitygov_shijingshan"
MODELLED = ("index", "certification", "grid", "procedure", "calendar", "target", "report", "scheme", "fact")
"""Kinds of clauses that the profile models; the others wait for later primitives."""

INDEX = "index.quality_community"
STAR = "certification.quality_star"
LEAF = f"{INDEX}.indicators.safety.indicators.security.indicators.security_visit"
GOALS = "reforms.two-goals.expectations"
WINDOW = "procedure.single_window.clock"
APPOINTMENT = "reforms.by-appointment.procedure.single_window.clock"
DRIVE = "reforms.environment-drive.procedure.environment_drive"

SILENT = {
    "SJS-02": [f"{INDEX}.levels.2.note"],
    "SJS-07": [f"{LEAF}.assumed.title", f"{INDEX}.assumed.weights", f"{INDEX}.assumed.maximum"],
    "SJS-08": [f"{INDEX}.levels.2.note", "interpretations.amended_year", f"{INDEX}.levels.2.note"],
    "SJS-09": [f"{INDEX}.levels.3.note"],
    "SJS-10": [
        "interpretations.questionnaire_share",
        "interpretations.questionnaire_share.because",
        f"{INDEX}.constraints.questionnaire_half.note",
    ],
    "SJS-12": ["interpretations.certification_year"],
    "SJS-13": ["interpretations.missed_visit"],
    "SJS-14": [
        "procedure.quality_cycle.steps.feed_back.assumed.within",
        "procedure.fed_back_problem.steps.feed_back.assumed.within",
    ],
    "SJS-15": ["interpretations.general_or_professional", "procedure.fed_back_problem.steps.route.assumed.by"],
    "SJS-16": ["interpretations.incomplete_year", "interpretations.amended_year"],
    "SJS-17": ["interpretations.quota_rounding", "interpretations.ties_at_the_cut", "interpretations.quota_base"],
    "SJS-18": ["interpretations.quota_of", f"{STAR}.tiers.four_star.note"],
    "SJS-19": [
        "interpretations.renewal_tier",
        "interpretations.renewal_reach",
        "interpretations.renewal_years",
        f"{STAR}.renewal.note",
    ],
    "SJS-21": ["procedure.quarterly_review.assumed.steps"],
    "SJS-22": ["interpretations.plaque_exit", "interpretations.plaque_change"],
    "SJS-23": [
        "interpretations.watch_ties",
        "interpretations.watch_leaving",
        "interpretations.watch_across_years",
        "interpretations.watch_rank",
    ],
    "SJS-24": [f"{STAR}.awards.tiers.five_star.assumed.amount", "interpretations.progress_measure"],
    "SJS-25": [f"{STAR}.consequences.district_appraisal.note", "interpretations.commendation_effect"],
    "SJS-26": [
        "interpretations.target_counts",
        "expectations.half_are_stars.note",
        "interpretations.target_date",
    ],
    "SJS-27": ["interpretations.first_batch_by", "expectations.first_batch.assumed.at_least"],
    "SJS-29": [
        "interpretations.volunteer_dispatch",
        "procedure.volunteer_order.assumed.deadlines",
        "interpretations.unaccepted_order",
    ],
    "SJS-31": [f"{INDEX}.methods.questionnaire.note", f"{INDEX}.methods.questionnaire.note"],
    "SJS-32": ["procedure.key_field_feedback.assumed.deadlines", "procedure.key_field_feedback.facts.field.note"],
    "SJS-34": ["expectations.demands_concentrated.assumed.at_least"],
    "SJS-37": ["interpretations.spread_measure", "interpretations.fields"],
    "SJS-39": [f"{WINDOW}.assumed.open_on", f"{WINDOW}.assumed.hours", f"{WINDOW}.assumed.hours"],
    "SJS-40": [f"{APPOINTMENT}.note", f"{APPOINTMENT}.note"],
    "SJS-42": ["procedure.whistle.assumed.deadlines"],
    "SJS-43": ["procedure.double_dispatch.assumed.roles", "procedure.double_dispatch.assumed.rates"],
    "SJS-47": ["profile.assumed.in_force", "profile.sources.case_2024.note"],
    "SJS-49": ["expectations.in_front.assumed.by", "expectations.in_front.note"],
    "SJS-53": ["procedure.secretary_review.assumed.steps"],
    "SJS-55": ["interpretations.joint_lead"],
    "SJS-59": [f"{INDEX}.note", f"{INDEX}.note"],
    "SJS-61": ["grid.territory.records.pass_register.note"],
    "SJS-64": [f"{DRIVE}.note", f"{DRIVE}.note"],
    "SJS-66": [f"{GOALS}.sense_of_gain.note", f"{GOALS}.satisfaction_rises.note"],
    "SJS-67": ["facts.flexible_hours_district_pilot.note"],
    "SJS-68": ["interpretations.flexible_hours_area"],
}
"""Where the profile answers each question that a clause leaves open: an interpretation, an assumption or a note."""

Source = dict[str, Any]


@pytest.fixture(scope="module")
def profile() -> Profile:
    return read_profile(FOLDER, find=load_profile)


@pytest.fixture(scope="module")
def source(shared_data: Path) -> Source:
    """What the source says, clause by clause, as it was read by hand."""
    file = shared_data.parent / "clauses" / "shijingshan.yaml"
    if not file.is_file():
        pytest.skip(f"no clause file at {file} (COMMUNITYGOV_DATA)")
    found: Source = yaml.safe_load(file.read_text(encoding="utf-8"))
    return found


def cited(node: Node) -> set[str]:
    """Return every clause that a tree cites."""
    found = set(node.clause())
    for child in (node.children or {}).values():
        found |= cited(child)
    return found


def rules_cite(profile: Profile) -> set[str]:
    """Return every clause that the rules cite: all that stands in the profile but the clauses themselves."""
    root = profile.at(profile.first_day).root
    return {clause for key, section in root.children.items() if key != "clauses" for clause in cited(section)}


def reforms_cite(profile: Profile) -> set[str]:
    """Return every clause that the reforms that ship with the profile cite."""
    return {clause for reform in profile.reforms.values() for clause in cited(reform.layer.file)}


def is_announced(clause: Source) -> bool:
    return str(clause.get("means", "")).startswith("announced")


def questions(clause: Source) -> list[str]:
    """Return the questions of a clause's ``silent:`` line."""
    return [part.strip() for part in str(clause["silent"]).split(";")]


def folded(text: str) -> str:
    """Return a text without spaces, its punctuation of one width."""
    return "".join(unicodedata.normalize("NFKC", text).split())


class TestIndex:
    def test_it_has_five_fifteen_and_thirty_indicators(self, profile: Profile) -> None:
        """SJS-07: the counts of the three levels are those that the source gives."""
        index = profile.at(2023).index["quality_community"]
        depths = [len(path) for path, _ in index.nodes]
        assert [depths.count(depth) for depth in (1, 2, 3, 4)] == [5, 15, 30, 0]
        assert dict(index.counts) == {"1": 5, "2": 15, "3": 30}

    @pytest.mark.parametrize("of", ["weight", "count"])
    def test_questionnaires_make_up_half(self, profile: Profile, of: str) -> None:
        """SJS-10: at least one half, of the weight and of the number alike."""
        index = profile.at(2023).index["quality_community"]
        assert index.share_of("questionnaire", of) >= Fraction(1, 2)
        assert index.constraints["questionnaire_half"].at_least == Fraction(1, 2)

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ("{security_visit: ~, security_satisfaction: {weight: 1}}", "counts-differ"),
            ("{security_satisfaction: {weight: 0.6}}", "weights-do-not-add-up"),
            ("{security_satisfaction: {method: visit}}", "method-share-too-small"),
        ],
    )
    def test_a_reform_that_breaks_the_source_is_refused(
        self, profile: Profile, tmp_path: Path, changes: str, code: str
    ) -> None:
        """Counts, weights and the half of questionnaires hold in every version, or the version is refused."""
        for key in ("indicators", "security", "indicators", "safety", "indicators", "quality_community", "index"):
            changes = f"{{{key}: {changes}}}"
        file = tmp_path / "broken.yaml"
        file.write_text(f"reform: broken\nchanges: {changes}\n", encoding="utf-8")
        with pytest.raises(DocumentError) as refused:
            profile.at(2024, reforms=[read_reform(file)])
        (problem,) = refused.value.problems
        assert problem.code == code
        assert problem.place is not None
        assert problem.place.file == str(file)
        assert problem.clause


class TestClauses:
    def test_each_is_word_for_word_what_was_read(self, profile: Profile, source: Source) -> None:
        """Every clause of the source stands in the profile, its quote to the letter."""
        own = profile.own["clauses"].children or {}
        mine = {key: clause.quote for key, clause in profile.at(2023).rules.clauses.items() if key in own}
        assert mine == {clause["id"]: clause["quote"] for clause in source["clauses"]}

    def test_each_quote_stands_in_its_source(self, profile: Profile, source: Source, shared_data: Path) -> None:
        """Every quote is verbatim in the published text, but for the width of its punctuation."""
        texts: dict[str, str] = {}
        for clause in source["clauses"]:
            name = clause.get("source", source["source"])
            if name not in texts:
                texts[name] = folded((shared_data.parent / "sources" / name).read_text(encoding="utf-8"))
            assert folded(profile.at(2023).rules.clauses[clause["id"]].quote) in texts[name], clause["id"]

    def test_all_that_can_be_modelled_is_cited(self, profile: Profile, source: Source) -> None:
        """Each clause of a kind that is modelled is cited by a rule or a reform."""
        wanted = {clause["id"] for clause in source["clauses"] if clause["primitive"] in MODELLED}
        assert len(wanted) > 30
        assert wanted - rules_cite(profile) - reforms_cite(profile) == set()

    def test_the_others_say_what_they_wait_for(self, profile: Profile) -> None:
        """A clause that nothing cites says why not; `check` finds none that does not."""
        assert coverage(profile).problems == ()
        unmodelled = [one for one in profile.at(2023).rules.clauses.values() if one.primitive not in MODELLED]
        assert unmodelled
        clauses = profile.at(2023).rules.clauses
        both = rules_cite(profile) | reforms_cite(profile)
        assert [key for key, clause in clauses.items() if key not in both and clause.not_modelled is None] == []

    def test_what_is_only_announced_is_no_rule(self, profile: Profile, source: Source) -> None:
        """An announced clause is marked so, and cited by reforms alone."""
        announced = {clause["id"] for clause in source["clauses"] if is_announced(clause)}
        marked = {key for key, clause in profile.at(2023).rules.clauses.items() if clause.status == "announced"}
        assert announced == marked
        assert announced & rules_cite(profile) == set()
        assert "SJS-66" in reforms_cite(profile)

    def test_every_rule_cites_its_clause(self, profile: Profile) -> None:
        """Each rule and figure of each section rests on a clause of its own."""
        root = profile.at(2023).root
        said = {section: node for section in SECTIONS if (node := root.get(section)) is not None}
        entries = [(section, *entry) for section, node in said.items() for entry in (node.children or {}).items()]
        assert len(entries) > 20
        assert [(section, key) for section, key, node in entries if not node.clause()] == []


class TestFacts:
    def test_each_figure_is_that_of_the_source(self, profile: Profile, source: Source) -> None:
        """A fact that was read by hand has the value that was read."""
        facts = profile.at(2023).rules.facts
        both = set(facts) & set(source["facts"])
        assert len(both) > 8
        assert {key: facts[key].value for key in both} == {key: source["facts"][key] for key in both}

    def test_each_figure_stands_in_its_clause(self, profile: Profile) -> None:
        """A fact that is neither assumed nor counted out of dates is a number, or a word for one, of its quote."""
        rules = profile.at(2023).rules
        words = {"九": "9"}
        for key, fact in rules.facts.items():
            if "value" in fact.assumed or fact.note is not None:
                continue
            quotes = "".join(rules.clauses[clause].quote for clause in fact.clause)
            for word, digit in words.items():
                quotes = quotes.replace(word, digit)
            assert str(fact.value) in quotes, key

    def test_the_scheme_counts_what_its_name_says(self, profile: Profile) -> None:
        """SJS-48: five, one, four, three."""
        parts = profile.at(2023).rules.schemes["5143"].parts
        assert "".join(str(part.count) for part in parts.values()) == "5143"


class TestMeasures:
    """SJS-23, SJS-24, SJS-34: lengths of lists and money are measures, so that a reform can bound them."""

    @pytest.mark.parametrize("seed", range(3))
    @pytest.mark.parametrize("most", [6_000_000, 6_100_000, 6_200_000, 7_000_000])
    def test_a_reform_sets_a_budget_and_meets_says_whether_it_holds(
        self, profile: Profile, seed: int, most: int
    ) -> None:
        """A ceiling on the year's awards is one line of data; judged by what `awards` gives, exactly."""
        budget = f"{{measure: award_money, kind: standard, at_most: {most}}}"
        patch = read_text(f"expectations: {{award_budget: {budget}}}")
        reform = Reform(ReformFile(reform="budget", changes=patch), Layer("reform", "budget", patch))
        rules = profile.at(2024, reforms=[reform])
        stars = rules.certification["quality_star"]
        before, after = (certify(stars, yearly_scores(seed + year), year=year).frame for year in (2023, 2024))
        awarded = awards(stars, after, before)
        money, ceiling = rules.rules.measures["award_money"], rules.rules.expectations["award_budget"]
        judged = meets(ceiling, measure(money, awarded)).frame
        yuan = Fraction(awarded["award"].sum(), 100)
        assert judged.select("period", "met").rows() == [("2024", str(yuan <= most).lower())]
        assert explain_expectation(ceiling, money, awarded).value is (yuan <= most)

    @pytest.mark.parametrize("seed", range(5))
    def test_the_length_of_the_watch_list_is_measured(self, profile: Profile, seed: int) -> None:
        """SJS-23: each quarter, of what `watch` gives, as many as are on the list that the next quarter takes."""
        rules = profile.at(2024)
        quarters = [
            yearly_scores(seed + n).with_columns(pl.lit(f"2024Q{n}").alias("period")).head(40) for n in (1, 2, 3)
        ]
        scores = pl.concat(quarters)
        stars, length = rules.certification["quality_star"], rules.rules.measures["watch_list_length"]
        listed = None
        for period in ("2024Q2", "2024Q3"):
            watched = watch(stars, scores, listed, period=period)
            listed = watched.listed
            assert measure(length, watched.frame).frame.select("period", "numerator").rows() == [
                (period, listed.height)
            ]
            assert explain(length, watched.frame, period).value == listed.height

    @pytest.mark.parametrize("seed", range(5))
    def test_the_renovation_list_has_both_and_its_length_is_measured(self, profile: Profile, seed: int) -> None:
        """SJS-34: on it are those of 100 demands or more that did not gain; a reform of either bound moves the list."""
        chance = random.Random(seed)
        rows = [
            (f"c{n}", year, chance.randint(90, 110), chance.choice([None, 30_000, 30_001]), 30_000)
            for n in range(20)
            for year in (2023, 2024)
        ]
        frame = pl.DataFrame(rows, schema=["subject", "year", "demands", "score", "previous_score"], orient="row")
        for least in (100, 105):
            patch = read_text(f"expectations: {{demands_concentrated: {{at_least: {least}}}}}")
            reform = Reform(ReformFile(reform="more", changes=patch), Layer("reform", "more", patch))
            rules = profile.at(2024, reforms=[reform])
            asked: dict[str, Any] = {"measures": rules.rules.measures, "expectations": rules.rules.expectations}
            stars, length = rules.certification["quality_star"], rules.rules.measures["renovation_list_length"]
            listed = listing(stars, frame, **asked)
            wanted = {(name, year) for name, year, demands, score, _ in rows if demands >= least and score == 30_000}
            assert set(listed.filter("listed").select("subject", "year").rows()) == wanted
            for subject, year in ((name, year) for name, year, *_ in rows[:6]):
                why = explain_listing(stars, frame, subject, year=year, **asked)
                assert why.value is ((subject, year) in wanted)
                assert why.clause == ("SJS-34",)
            counts = [(str(year), sum(one == year for _, one in wanted)) for year in (2023, 2024)]
            assert measure(length, listed).frame.select("period", "numerator").rows() == counts

    def test_a_condition_is_nobodys_target(self, profile: Profile) -> None:
        """What a list hangs on is neither judged in a simulation nor told as something that could not be judged."""
        done = simulate(profile, World.drawn(communities=20), first=2022, last=2022, draws=1, undated=True)
        told = {*done.unmeasured, *done.expectations["expectation"]}
        wanted = profile.at(2022).rules.expectations
        assert {key for key in wanted if key not in told} == {"demands_concentrated", "improvement_limited"}


def yearly_scores(seed: int) -> pl.DataFrame:
    """Draw the scores of 143 communities."""
    chance = random.Random(seed)
    return pl.DataFrame(
        {"subject": [f"c{n:03}" for n in range(143)], "score": [chance.randint(30_000, 40_000) for _ in range(143)]}
    )


class TestOpenQuestions:
    def test_every_reading_loads_and_differs_from_its_rivals(self, profile: Profile) -> None:
        """Each reading of each question can be taken, and no two of a question give the same rules."""
        assert try_everything(profile) == ()
        for key, question in profile.at(2023).rules.interpretations.items():
            assert len(question.readings) >= 2
            digests = {}
            for reading in question.readings:
                root = profile.at(2023, readings={key: reading}).root
                rules = {name: node for name, node in root.children.items() if name != "interpretations"}
                digests[reading] = {name: node.digest for name, node in rules.items()}
            for one, other in combinations(digests, 2):
                assert digests[one] != digests[other], (key, one, other)

    def test_every_reading_has_a_name_in_both_languages(self, profile: Profile) -> None:
        """What is shown to a policy designer is a name, not an id."""
        for question in profile.at(2023).rules.interpretations.values():
            assert set(question.names) == set(question.readings)
            assert all(name.zh and name.en for name in question.names.values())
            assert question.clause

    def test_every_assumption_is_given_a_reason_in_both_languages(self, profile: Profile) -> None:
        """A value that the source does not give says why this one, in Chinese and in English."""
        found = coverage(profile).assumptions
        assert len(found) > 60
        for one in found:
            assert any("\u4e00" <= char <= "\u9fff" for char in one.because.zh), one.path
            assert one.because.en.isascii(), one.path

    def test_every_question_of_the_source_is_answered_somewhere(self, profile: Profile, source: Source) -> None:
        """Each question of a ``silent:`` line has its answer in the list above, one for one."""
        asked = {
            clause["id"]: questions(clause)
            for clause in source["clauses"]
            if clause["primitive"] in MODELLED and "silent" in clause
        }
        assert {key: len(parts) for key, parts in asked.items()} == {key: len(paths) for key, paths in SILENT.items()}

    @pytest.mark.parametrize(("clause", "path"), [(clause, path) for clause, paths in SILENT.items() for path in paths])
    def test_each_answer_speaks_of_its_clause(self, profile: Profile, clause: str, path: str) -> None:
        """The answer is there, in both languages, and rests on the clause whose question it answers."""
        root, rest = profile.at(2023).root, path.split(".")
        if rest[0] == "reforms":
            root, rest = profile.reforms[rest[1]].layer.patch, rest[2:]
        node = root.get(*rest)
        assert node is not None
        assert clause in set(_above(root, rest))
        text = node if rest[0] != "interpretations" or len(rest) > 2 else node["question"]
        assert set(text.children) == {"zh", "en"}


def _above(root: Node, path: list[str]) -> Iterator[str]:
    """Yield every clause cited at a path or above it."""
    for length in range(len(path) + 1):
        node = root.get(*path[:length])
        assert node is not None
        yield from node.clause()
