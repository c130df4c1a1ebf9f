"""A reader who follows a page: writes the files that it gives and types the commands that it shows, in a new folder."""

import csv
import random
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, OutputChecker
from importlib.metadata import distributions, version
from pathlib import Path

import pytest
from attrs import frozen
from click.testing import CliRunner
from markdown_it import MarkdownIt
from packaging.requirements import Requirement

from communitygov.cli.app import app
from communitygov.documents.node import Node
from communitygov.documents.reading import read_text
from communitygov.profile.coverage import try_everything
from communitygov.profile.reading import read_profile, read_reform
from communitygov.profile.schemas import AMENDMENT, PROFILE, REFORM, checker, schemas

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")

NOT_RUN = re.compile(r"<!-- not run: (.*\S) -->\s*", re.DOTALL)
FILE_BEFORE = re.compile(r"`([\w./-]+\.[a-z]+)`[^`]*[:：]$")
FILE_INSIDE = re.compile(r"# ([\w./-]+\.[a-z]+)$", re.MULTILINE)
EXIT_CODE = re.compile(r"# .*exit code (\d)")


@frozen
class Fence:
    """A block of a page.

    Args:
        where: Page and line, for messages.
        line: The line that it begins on, from 1.
        kind: The first word behind the fence; `indented` for a block without one.
        text: What stands in it.
        file: The file that it gives: its first line is `# name`, or the words before it end in `` `name`: ``.
        reason: Why it is not tried, from the comment `<!-- not run: reason -->` before it.
    """

    where: str
    line: int
    kind: str
    text: str
    file: str | None
    reason: str | None


def fences(page: Path) -> Iterator[Fence]:
    """Yield every block of a page, as a parser of Markdown finds them, in lists and quotations as well."""
    said, reason = "", None
    for token in MarkdownIt().parse(page.read_text(encoding="utf-8")):
        if token.type in ("fence", "code_block"):
            assert token.map is not None
            line = token.map[0] + 1
            kind = (token.info.split() or [""])[0] if token.type == "fence" else "indented"
            named = FILE_INSIDE.match(token.content) or FILE_BEFORE.search(said)
            yield Fence(f"{page.name}:{line}", line, kind, token.content, named and named[1], reason)
            said, reason = "", None
        elif token.type == "inline":
            said, reason = token.content, None
        elif token.type == "html_block" and (found := NOT_RUN.fullmatch(token.content)):
            reason = found[1]


def schema_of(node: Node) -> str | None:
    """Return which of our documents this is, or a part of; None if it is none."""
    keys = set(node.children or ())
    for key, name in (("reform", REFORM), ("amendment", AMENDMENT)):
        if key in keys:
            return name
    return PROFILE if keys <= set(schemas()[PROFILE]["properties"]) else None


class Reader:
    """Follows pages in a folder of the reader's own, with the library's clone beside it as `../communitygov`."""

    def __init__(self, desk: Path, monkeypatch: pytest.MonkeyPatch, in_sybil: Callable[[Path, Fence], bool]) -> None:
        self.room, self.site = desk / "room", desk / "site"
        self.monkeypatch, self.in_sybil = monkeypatch, in_sybil
        self.language, self.printed = "en_GB.UTF-8", ""
        self.modules: set[str] = set()
        self.given: set[Path] = set()
        self.made: set[Path] = set()
        (desk / "communitygov").symlink_to(ROOT)
        self.room.mkdir()
        for name in ("examples", "profiles"):
            shutil.copytree(ROOT / name, self.room / name)
        shutil.copy(ROOT / "pyproject.toml", self.room)
        monkeypatch.chdir(self.room)
        # A plugin that is mended within the second must not be taken from the byte code of the broken one.
        monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def follow(self, page: Path) -> None:
        """Try every block of a page in turn; what nobody knows how to try fails."""
        self.language = "zh_CN.UTF-8" if page.stem.endswith(".zh-CN") else "en_GB.UTF-8"
        self.given.clear()
        for fence in fences(page):
            if fence.kind == "python":
                assert self.in_sybil(page, fence), f"{fence.where}: no test runs it; see conftest.py and testpaths"
            elif fence.reason is None:
                known = ", ".join(KINDS)
                assert fence.kind in KINDS, (
                    f"{fence.where}: a block of kind {fence.kind!r} is tried by nobody; known are python, {known}; "
                    "or say why in a comment before it: <!-- not run: ... -->"
                )
                KINDS[fence.kind](self, fence)
            if fence.file is not None and fence.reason is None:
                self.write(fence.file, fence.text)
        for file in self.given:
            if file.name == "profile.yaml":
                assert try_everything(read_profile(file.parent)) == ()
            assert file.name != "pyproject.toml" or file.parent in self.made, f"{page.name} never installs {file}"

    def write(self, name: str, text: str) -> Path:
        """Write a file of the page."""
        file = (self.room / name).resolve()
        assert file.is_relative_to(self.room.resolve())
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        self.given.add(file)
        return file

    def yaml(self, fence: Fence) -> None:
        """YAML is one of our documents, or a part of one: parsed, held against its schema; a reform is loaded."""
        node = read_text(fence.text, name=fence.where)
        schema = schema_of(node)
        assert schema is not None, f"{fence.where}: none of our documents"
        assert checker(schema).problems(node) == []
        if schema == REFORM:
            assert read_reform(self.write(fence.file or "unnamed.yaml", fence.text)).name == node["reform"].text()

    def toml(self, fence: Fence) -> None:
        """TOML is parsed; a `pyproject.toml` must be installed further down the page."""
        assert tomllib.loads(fence.text)

    def text(self, fence: Fence) -> None:
        """Text is a file, the usage of a command, or what the commands before it print."""
        if fence.text.startswith("communitygov "):
            name, _, _ = fence.text.partition(" [OPTIONS]")
            printed = " ".join(self.communitygov([*name.split()[1:], "--help"]).split())
            assert f"Usage: {' '.join(fence.text.split())} " in printed, fence.where
        elif fence.file is None:
            # Columns may be wider than on the page; an empty line is one, though.
            wanted, printed = (
                re.sub(r"^[ ]*$", "<EMPTY>", text.strip("\n"), flags=re.MULTILINE)
                for text in (fence.text, self.printed)
            )
            same = OutputChecker().check_output(wanted, printed, ELLIPSIS | NORMALIZE_WHITESPACE)
            assert same, f"{fence.where}: the commands before it print\n{self.printed}"

    def sphinx(self, fence: Fence) -> None:
        """A directive is carried out where the page is built, which `make docs` does."""
        assert (ROOT / "docs" / fence.where.partition(":")[0]).is_file(), f"{fence.where}: Sphinx does not build it"

    def shell(self, fence: Fence) -> None:
        """Every line is typed, or held against what it names; `# exit code 1` says that it must fail so."""
        printed = []
        for line in fence.text.replace("\\\n", " ").splitlines():
            program, *words = shlex.split(line, comments=True) or [""]
            if program:
                known = program.removeprefix(".venv/bin/")
                assert known in PROGRAMS, f"{fence.where}: nobody tries `{line}`"
                code = EXIT_CODE.search(line)
                printed.append(PROGRAMS[known](self, words, int(code[1]) if code else 0))
        self.printed = "".join(printed)

    def communitygov(self, words: list[str], code: int = 0) -> str:
        """Call the command line and return what it prints."""
        # Two draws show that the command is right; more would show the same in more time.
        more = ["--draws", "2"] if words[0] in ("simulate", "ambiguities") and "--help" not in words else []
        if more and words[:2] == ["ambiguities", "shijingshan"]:
            more += ["--to", "2023"]  # nor would later years show more
        environment = {"LC_ALL": self.language, "LC_MESSAGES": "", "LANG": "", "COLUMNS": "100"}
        result = CliRunner().invoke(app, [*words, *more], env=environment, prog_name="communitygov")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, f"communitygov {shlex.join(words)}\n{result.output}"
        return result.output

    def make(self, words: list[str], code: int) -> str:
        """What a reader is told to make, the Makefile makes."""
        targets = [word for word in words if "=" not in word]
        assert targets
        assert [one for one in targets if not re.search(rf"^{one}:", MAKEFILE, re.MULTILINE)] == []
        return ""

    def pip(self, words: list[str], code: int) -> str:
        """A project and its extras exist; one that the page itself gives is built and taken in."""
        assert words[0] == "install"
        for word in words[1:]:
            if word == "-e":
                continue
            found = re.fullmatch(r"([\w./-]+)(?:\[([\w,]+)\])?", word)
            assert found is not None, f"pip install {word}"
            folder = ROOT if found[1] == "communitygov" else self.room / found[1]
            project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
            assert set((found[2] or "").split(",")) - {""} <= set(project.get("optional-dependencies", {}))
            if (folder / "pyproject.toml").resolve() in self.given:
                self.install(folder)
        return ""

    def install(self, folder: Path) -> None:
        """Build a plugin with the backend that it names, and unpack the wheel where Python looks, as pip does."""
        wheels = self.room.parent / "wheels" / folder.name
        command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(wheels), str(folder)]
        built = subprocess.run(command, capture_output=True, text=True, check=False)
        assert built.returncode == 0, built.stdout + built.stderr
        (wheel,) = wheels.glob("*.whl")
        site = self.site / folder.name
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(site)
        self.monkeypatch.syspath_prepend(site)
        (plugin,) = distributions(path=[str(site)])
        needs = [Requirement(text) for text in plugin.requires or ()]
        assert [str(one) for one in needs if version(one.name) not in one.specifier] == []
        self.made.add(folder.resolve())
        self.modules.update(entry.module for entry in plugin.entry_points)

    def forget(self) -> None:
        """Let the modules of the plugins be imported afresh."""
        for module in self.modules:
            sys.modules.pop(module, None)

    def given_by(self, page: Path, file: str) -> str:
        """Return what a page says is in a file."""
        (text,) = (fence.text for fence in fences(page) if fence.file == file)
        return text

    def bring(self) -> None:
        """Bring what the page of commands presumes: city and town of other pages, and files of made-up scores."""
        for name in ("profile.yaml", "interpretations.yaml"):
            file = f"mycity/src/communitygov_mycity/{name}"
            self.write(file, self.given_by(ROOT / "docs" / "add-a-profile.md", file))
        for name in ("town/profile.yaml", "units.csv", "holders.csv", "orders.csv", "changes.csv"):
            self.write(name, self.given_by(ROOT / "docs" / "grid.md", name))
        for name in ("rewards/profile.yaml", "entries.csv"):
            self.write(name, self.given_by(ROOT / "docs" / "points.md", name))
        for name in ("projects.csv", "postings.csv"):
            self.write(name, self.given_by(ROOT / "docs" / "disclosure.md", name))
        for name in ("resources.csv", "demands.csv", "pairs.csv"):
            self.write(name, self.given_by(ROOT / "docs" / "matching.md", name))
        for name in ("meetings.csv", "motions.csv"):
            self.write(name, self.given_by(ROOT / "docs" / "meetings.md", name))
        for name in ("vote.pb", "greedy.yaml"):
            self.write(name, self.given_by(ROOT / "docs" / "budgets.md", name))
        self.write("counts.csv", self.given_by(ROOT / "docs" / "decisions.md", "counts.csv"))
        self.write("workers.csv", self.given_by(ROOT / "docs" / "standards.md", "workers.csv"))
        self.write("communities.csv", self.given_by(ROOT / "docs" / "funding.md", "communities.csv"))
        self.communitygov(["template", "shijingshan", "-o", "empty.csv"])
        (head,) = csv.reader((self.room / "empty.csv").read_text(encoding="utf-8").splitlines())
        chance = random.Random(7)
        rows = [
            [subject, f"{year}Q{quarter}", *(f"{chance.uniform(60, 100):.1f}" for _ in head[2:])]
            for subject in ("古城", *(f"{number:03}" for number in range(1, 20)))
            for year in (2022, 2023, 2024)
            for quarter in (1, 2, 3, 4)
        ]
        with (self.room / "scores.csv").open("w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows([head, *rows])
        self.communitygov(["score", "shijingshan", "scores.csv", "-o", "before.csv"])
        self.communitygov(["certify", "shijingshan", "before.csv", "--year", "2022", "-o", "stars-2022.csv"])


KINDS: dict[str, Callable[[Reader, Fence], None]] = {
    "yaml": Reader.yaml,
    "toml": Reader.toml,
    "sh": Reader.shell,
    "text": Reader.text,
    "{eval-rst}": Reader.sphinx,
    "{toctree}": Reader.sphinx,
}
"""What is done with a block, by its kind. Python is run by sybil, which the conftest.py at the root sets up."""

PROGRAMS: dict[str, Callable[[Reader, list[str], int], str]] = {
    "communitygov": Reader.communitygov,
    "make": Reader.make,
    "pip": Reader.pip,
}
"""What is done with a line of a shell, by its program."""


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Reader]:
    """A reader at an empty desk."""
    setup = request.config.pluginmanager.get_plugin(str(ROOT / "conftest.py"))
    collected = [ROOT / name for name in request.config.getini("testpaths")]

    def in_sybil(page: Path, fence: Fence) -> bool:
        lines = range(fence.line, fence.line + fence.text.count("\n") + 2)
        return any(page.is_relative_to(path) for path in collected) and any(
            example.line in lines
            for sybil in setup.sybils
            if sybil.should_parse(page)
            for example in sybil.parse(page).examples()
        )

    reader = Reader(tmp_path, monkeypatch, in_sybil)
    yield reader
    reader.forget()
