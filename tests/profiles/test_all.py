"""What holds of every profile that ships here: clauses are quotes, rules rest on them, its check is clean."""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from communitygov.documents.node import Node
from communitygov.plugins.finding import find_profiles, load_profile
from communitygov.profile.coverage import coverage, try_everything
from communitygov.profile.profile import Profile
from communitygov.profile.rules import SECTIONS
from communitygov.vocabulary.period import Period

ROOT = Path(__file__).resolve().parents[2]
NAMES = sorted(file.parent.name for file in (ROOT / "profiles").glob("*/pyproject.toml"))
STATUTES = {"cn_law"}
"""Packs of law, whose rules name source and article in place of a clause read by hand: see test_cn_law.py."""
PLACES = [name for name in NAMES if name not in STATUTES]

Read = Mapping[str, dict[str, Any]]
"""Each clause as it was read by hand, by its id: with the file it was read into and the source it stands in."""


@pytest.fixture(scope="module")
def read(shared_data: Path) -> Read:
    """Every clause of every source that was read by hand."""
    folder = shared_data.parent / "clauses"
    if not folder.is_dir():
        pytest.skip(f"no clause files at {folder} (COMMUNITYGOV_DATA)")
    found: dict[str, dict[str, Any]] = {}
    for file in sorted(folder.glob("*.yaml")):
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
        for clause in document["clauses"]:
            text = shared_data.parent / "sources" / clause.get("source", document["source"])
            found[clause["id"]] = {**clause, "file": file.name, "text": text}
    return found


@pytest.fixture(params=PLACES)
def profile(request: pytest.FixtureRequest) -> Profile:
    return load_profile(request.param)


def own_clauses(profile: Profile) -> dict[str, Node]:
    """Return the clauses that stand in a profile's own documents, and not in those of one it extends."""
    return dict(profile.own["clauses"].children or {})


def cited(node: Node) -> Iterator[str]:
    """Yield every clause that a tree cites."""
    yield from node.clause()
    for child in (node.children or {}).values():
        yield from cited(child)


def folded(text: str) -> str:
    """Return a text without spaces, its punctuation of one width."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def test_every_profile_of_this_repository_is_installed() -> None:
    """Each folder of profiles/ is found by its name, and gives no trouble to the others."""
    found = find_profiles()
    assert set(NAMES) <= set(found.folders)
    assert not set(NAMES) & set(found.problems)


class TestClauses:
    def test_each_quote_stands_in_its_source(self, profile: Profile, read: Read) -> None:
        """Every quote is verbatim in the published text, but for the width of its punctuation."""
        texts: dict[Path, str] = {}
        for key, clause in own_clauses(profile).items():
            file = read[key]["text"]
            if file not in texts:
                texts[file] = folded(file.read_text(encoding="utf-8"))
            assert folded(clause["quote"].text()) in texts[file], key

    def test_each_clause_of_a_source_stands_in_one_profile(self, profile: Profile, read: Read) -> None:
        """What was read of a profile's source is in that profile or in another, never in two and never in none."""
        files = {read[key]["file"] for key in own_clauses(profile)}
        wanted = {key for key, clause in read.items() if clause["file"] in files}
        assert wanted
        found = Counter(key for name in PLACES for key in own_clauses(load_profile(name)) if key in wanted)
        assert found == Counter(wanted)

    def test_each_is_of_the_kind_that_was_read(self, profile: Profile, read: Read) -> None:
        """A clause makes the kind of rule that the reading of its source says."""
        mine = {key: clause["primitive"].text() for key, clause in own_clauses(profile).items()}
        assert mine == {key: read[key]["primitive"] for key in mine}

    def test_each_is_cited_or_says_why_not(self, profile: Profile) -> None:
        """A clause that nothing cites says what it waits for, or that it is context."""
        rules = profile.at(profile.first_day)
        ruled = {clause for section in SECTIONS if (node := rules.root.get(section)) for clause in cited(node)}
        layers = [*profile.amendments, *(reform.layer for reform in profile.reforms.values())]
        ruled |= {clause for layer in layers if layer.file is not None for clause in cited(layer.file)}
        clauses = {key: rules.rules.clauses[key] for key in own_clauses(profile)}
        ruled |= {clause for clause in cited(profile.own["profile"]) if clause in clauses}
        assert [key for key, clause in clauses.items() if key not in ruled and clause.not_modelled is None] == []

    def test_what_is_only_announced_is_no_rule(self, profile: Profile) -> None:
        """A clause that the source only announces or proposes is cited by no rule in force."""
        rules = profile.at(profile.first_day)
        ahead = {key for key, clause in rules.rules.clauses.items() if clause.status != "in_force"}
        ruled = {clause for section in SECTIONS if (node := rules.root.get(section)) for clause in cited(node)}
        assert ahead & ruled == set()


class TestRules:
    def test_its_check_is_clean(self, profile: Profile) -> None:
        """Every day's rules hold together, every clause is accounted for, every reading and reform can be taken."""
        profile.verify()
        assert coverage(profile).problems == ()
        assert try_everything(profile) == ()

    def test_every_rule_cites_its_clause(self, profile: Profile) -> None:
        """Each rule, figure and question rests on a clause of its own."""
        root = profile.at(profile.first_day).root
        said = {section: node for section in (*SECTIONS, "interpretations") if (node := root.get(section)) is not None}
        entries = [(section, *entry) for section, node in said.items() for entry in (node.children or {}).items()]
        assert entries
        assert [(section, key) for section, key, node in entries if not node.clause()] == []

    def test_every_assumption_is_given_a_reason_in_both_languages(self, profile: Profile) -> None:
        """A value that no source gives says why this one, in Chinese and in English."""
        found = coverage(profile).assumptions
        assert found
        for one in found:
            assert any("\u4e00" <= char <= "\u9fff" for char in one.because.zh), one.path
            assert one.because.en.isascii(), one.path

    def test_every_reading_has_a_name(self, profile: Profile) -> None:
        """What is shown to a policy designer is a name, not an id."""
        for key, question in profile.at(profile.first_day).rules.interpretations.items():
            assert len(question.readings) >= 2, key
            assert set(question.names) == set(question.readings), key

    def test_what_it_extends_is_in_force_when_it_is(self, profile: Profile) -> None:
        """No rule of a profile waits for the profile that it extends."""
        assert profile.first_day == Period.parse(profile.own["profile"]["in_force"].text()).first_day
