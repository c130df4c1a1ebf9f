"""Every fault of a document is said so that its author can mend it.

Each case under ``bad/`` is a document that is wrong on purpose, with what the library says about it beside it, word
for word: ``*.expected.txt`` in Chinese and English, and for some ``*.expected.json`` and ``*.expected.github.txt``.
After a change of a message, read what comes out, then write it down again:

    COMMUNITYGOV_REWRITE=1 pytest tests/profile/test_bad.py
"""

import json
import os
import shutil
from pathlib import Path

import pytest

from communitygov.cli.choice import find_reforms
from communitygov.documents.reading import MAX_BYTES
from communitygov.profile.coverage import coverage, try_everything
from communitygov.profile.reading import read_profile, read_reform
from communitygov.vocabulary.errors import CommunityGovError, DocumentError
from communitygov.vocabulary.problem import Problem

HERE = Path(__file__).parent
BAD = HERE / "bad"
REWRITE = "COMMUNITYGOV_REWRITE" in os.environ


def laid_over_toy(path: Path) -> None:
    """Lay a reform, or those of a folder, over the toy profile: each on its own, then all of them in 2024."""
    toy = read_profile(HERE / "toy")
    files = sorted(path.glob("*.yaml")) or [path]
    toy.at(2024, reforms=[read_reform(file, over=toy) for file in files])


def laid_into_toy(folder: Path) -> None:
    """Read the toy profile with files of another folder in it, and try all it offers."""
    shutil.copytree(HERE / "toy", "toy")
    shutil.copytree(folder, "toy", dirs_exist_ok=True)
    profile = read_profile(Path("toy").absolute())
    problems = [*coverage(profile).problems, *try_everything(profile)]
    if problems:
        raise DocumentError(problems)


def laid_over_toy_as_its_child(folder: Path) -> None:
    """Read a profile that extends the toy profile."""
    read_profile(folder.absolute(), find=lambda _: read_profile(HERE / "toy"))


TRIED = {"reforms": laid_over_toy, "profiles": laid_into_toy, "children": laid_over_toy_as_its_child}


def said_of(case: str) -> tuple[Problem, ...]:
    """Return what is said of a case; it must be refused."""
    path = BAD / case
    here = Path(path.name)
    (shutil.copytree if path.is_dir() else shutil.copy)(path, here)
    with pytest.raises(CommunityGovError) as refused:
        TRIED[case.partition("/")[0]](here)
    return refused.value.problems


def compare(file: Path, text: str) -> None:
    """Hold a text against the one written down."""
    if REWRITE:
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


CASES = sorted(
    str(path.relative_to(BAD))
    for kind in TRIED
    for path in (BAD / kind).iterdir()
    if path.is_dir() or path.suffix == ".yaml"
)
IN_JSON = ("profiles/several-faults", "reforms/conflict", "reforms/unknown-field.yaml")


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths in messages are then short and the same everywhere."""
    monkeypatch.chdir(tmp_path)


class TestBadDocuments:
    @pytest.mark.parametrize("case", CASES)
    def test_each_says_what_is_wrong_and_where_and_what_to_do(self, case: str) -> None:
        """Every fault is said, in both languages, in the words written down, and stands in a file that came with it."""
        problems = said_of(case)
        for problem in problems:
            assert problem.place is not None
            assert problem.place.file == Path(case).name or (BAD / case).is_dir()
            assert not Path(problem.place.file).is_absolute()
        text = "".join(f"{lang}\n{''.join(one.say(lang) + chr(10) for one in problems)}" for lang in ("zh", "en"))
        compare(BAD / f"{case.removesuffix('.yaml')}.expected.txt", text)

    @pytest.mark.parametrize("case", IN_JSON)
    def test_machines_are_told_the_same(self, case: str) -> None:
        """The same problems come as JSON and as GitHub annotations."""
        problems = said_of(case)
        shown = json.dumps([one.as_json() for one in problems], ensure_ascii=False, indent=2)
        compare(BAD / f"{case.removesuffix('.yaml')}.expected.json", shown + "\n")
        lines = [one.as_github(lang) for lang in ("zh", "en") for one in problems]
        compare(BAD / f"{case.removesuffix('.yaml')}.expected.github.txt", "\n".join(lines) + "\n")

    @pytest.mark.parametrize("case", ["kind-changed.yaml", "several-faults.yaml", "wrong-type.yaml"])
    def test_the_command_line_says_the_same(self, case: str) -> None:
        """A reform that breaks its schema is tried on the rules as well, so that all is said at once."""
        problems = said_of(f"reforms/{case}")
        with pytest.raises(DocumentError) as refused:
            find_reforms(read_profile(HERE / "toy"), [case])
        assert refused.value.problems == problems

    def test_nothing_that_a_document_says_is_executed(self, tmp_path: Path) -> None:
        """A tag that would run a command leaves no trace but its problem."""
        assert {problem.code for problem in said_of("reforms/tag.yaml")} == {"tag"}
        assert [path.name for path in tmp_path.iterdir()] == ["tag.yaml"]

    def test_a_file_over_two_mebibytes_is_not_even_parsed(self, tmp_path: Path) -> None:
        """The size is said and the limit, and what stands in the file is not looked at."""
        (tmp_path / "large.yaml").write_bytes(b"reform: [" + b" " * MAX_BYTES)
        with pytest.raises(DocumentError) as refused:
            read_reform("large.yaml")
        assert refused.value.say("en") == (
            "large.yaml: file-too-large: the file has 2097161 bytes, at most 2097152 (2 MiB) are read; split it"
        )

    def test_nothing_is_half_loaded(self) -> None:
        """After every bad reform the toy profile says what it said before."""
        toy = read_profile(HERE / "toy")
        before = {day: toy.at(day).digest for day in (2023, 2024, 2025)}
        for case in CASES:
            if case.startswith("reforms/"):
                path = BAD / case
                with pytest.raises(DocumentError):
                    toy.at(2024, reforms=[read_reform(file) for file in ([path] if path.is_file() else path.glob("*"))])
        assert before == {day: toy.at(day).digest for day in (2023, 2024, 2025)}

    def test_nothing_is_written_down_that_no_case_says(self) -> None:
        """Every expected text belongs to a case."""
        told = {path.relative_to(BAD).as_posix().partition(".expected.")[0] for path in BAD.rglob("*.expected.*")}
        assert told == {case.removesuffix(".yaml") for case in CASES}
