"""Every problem that the library can name is explained on its page, in both languages, and none that it cannot."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from communitygov.documents import check
from communitygov.grid.findings import FINDINGS
from communitygov.procedure.state import CASE_FAULTS, EVENT_FAULTS
from communitygov.procedure.wording import FAULTS
from communitygov.profile.reading import read_profile
from communitygov.vocabulary.errors import DocumentError

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "communitygov"
PAGE = ROOT / "docs" / "problems.md"

CODE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
ROW = re.compile(r"^\| `(?P<name>[^`|]+)` \| (?P<en>[^|]+) \| (?P<zh>[^|]+) \|$", re.MULTILINE)
TEXT = PAGE.read_text(encoding="utf-8")
ROWS = list(ROW.finditer(TEXT))
FILES = sorted(SOURCE.rglob("*.py"))

FORMATTED = {"bad-{}": {f"bad-{kind}" for kind in check._EXPECTED}}
"""Codes that are put together: what stands for the pattern. Such a code is the exception; add to it with care."""

TABLED = {"finding": frozenset(FINDINGS)}
"""Codes that are read from a row: the column, and all that can stand in it."""

TURNED = {"fault.kind.replace('_', '-')": frozenset(kind.replace("_", "-") for kind in (*EVENT_FAULTS, *CASE_FAULTS))}
"""Codes that a name of another kind is turned into: the expression, and all that it can be."""

OF_UNITS = frozenset({"Branch", "Recode", "_like", "_there", "_whole", "chain", "row"})
"""Functions and classes of the grid whose ``code`` is that of a unit."""

BAD = """\
certification:
  quality_star:
    clause: SJS-17
    tiers:
      five_star:
        share: 30
"""

Takers = dict[str, int]
"""Functions and classes that take a code, by name, and the place of the code among their arguments."""

Bindings = dict[str, list[ast.expr]]
"""What names are set to."""


@cache
def trees() -> dict[Path, ast.Module]:
    """Return the library's modules, read once and where they are asked for: every worker collects this page."""
    return {file: ast.parse(file.read_text(encoding="utf-8")) for file in FILES}


@cache
def nodes(tree: ast.Module) -> tuple[ast.AST, ...]:
    """Return what a module is made of, walked once."""
    return tuple(ast.walk(tree))


@cache
def takers_in(tree: ast.Module) -> Takers:
    """Return what a module defines; -1 stands for what has no argument or field ``code`` that is text."""
    found: Takers = {}
    for node in nodes(tree):
        if isinstance(node, ast.FunctionDef):
            arguments = [one for one in (*node.args.posonlyargs, *node.args.args) if one.arg not in ("self", "cls")]
            kinds = [(one.arg, one.annotation) for one in arguments]
        elif isinstance(node, ast.ClassDef):
            kinds = [(name_of(one.target), one.annotation) for one in node.body if isinstance(one, ast.AnnAssign)]
        else:
            continue
        places = [i for i, (name, kind) in enumerate(kinds) if name == "code" and kind and name_of(kind) == "str"]
        found[node.name] = places[0] if places and node.name not in OF_UNITS else -1
    return found


def name_of(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def shared_takers(trees: dict[Path, ast.Module]) -> Takers:
    """Return what every module can use: public classes with a code, and the errors' own way to be made."""
    found = {name: place for tree in trees.values() for name, place in takers_in(tree).items() if place >= 0}
    return {name: place for name, place in found.items() if name[0].isupper() or name == "because"}


def imported_takers(tree: ast.Module) -> Takers:
    """Return what a module has from other modules, as those define it: two classes may have one name.

    With a class come its methods.
    """
    found: Takers = {}
    for node in nodes(tree):
        if isinstance(node, ast.ImportFrom):
            source = trees().get(SOURCE.parent.joinpath(*(node.module or "").split(".")).with_suffix(".py"))
            defined = {} if source is None else takers_in(source)
            names = {one.name: one.asname or one.name for one in node.names if one.name in defined}
            for kept in () if source is None else nodes(source):
                if isinstance(kept, ast.ClassDef) and kept.name in names:
                    methods = [one.name for one in kept.body if isinstance(one, ast.FunctionDef)]
                    found |= {name: defined[name] for name in methods if defined[name] >= 0}
            found |= {as_: defined[name] for name, as_ in names.items()}
    return found


def heirs(name: str) -> Iterator[str]:
    """Yield the classes of the library that are made from one, be it by way of others."""
    for found, bases in classes():
        if name in bases:
            yield found
            yield from heirs(found)


@cache
def classes() -> list[tuple[str, list[str]]]:
    """Return every class of the library with what it is made from."""
    found = [node for tree in trees().values() for node in nodes(tree) if isinstance(node, ast.ClassDef)]
    return [(one.name, [name_of(base) for base in one.bases]) for one in found]


def given(call: ast.Call, place: int) -> ast.expr | None:
    """Return what a call hands over as its code; None if it hands over none."""
    named = [keyword.value for keyword in call.keywords if keyword.arg == "code"]
    return named[0] if named else call.args[place] if len(call.args) > place else None


def bindings(tree: ast.Module) -> Bindings:
    """Return what each name of a module is set to, be it as one of several or by a loop over what is written out."""
    found: Bindings = {}
    unpacked: list[tuple[ast.Tuple, str]] = []

    def bind(target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Name):
            found.setdefault(target.id, []).append(value)
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for each, part in zip(target.elts, value.elts, strict=False):
                bind(each, part)
        elif isinstance(target, ast.Tuple):
            unpacked.append((target, name_of(value)))

    for node in nodes(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                bind(target, node.value)
        elif isinstance(node, ast.For | ast.comprehension) and isinstance(node.iter, ast.Tuple | ast.List):
            for item in node.iter.elts:
                bind(node.target, item)
    for targets, name in unpacked:
        for value in found.get(name, []):
            if isinstance(value, ast.Tuple):
                bind(targets, value)
    return found


def codes_of(value: ast.expr, known: Bindings, handed: frozenset[str]) -> Iterator[str | None]:
    """Yield the codes that an expression can be; None where that cannot be told, nothing where it is handed on."""
    if isinstance(value, ast.Constant):
        yield str(value.value)
    elif isinstance(value, ast.IfExp):
        yield from codes_of(value.body, known, handed)
        yield from codes_of(value.orelse, known, handed)
    elif isinstance(value, ast.JoinedStr):
        pattern = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in value.values)
        yield from FORMATTED.get(pattern, [None])
    elif isinstance(value, ast.Name) and value.id in handed:
        return
    elif isinstance(value, ast.Name) and value.id in known:
        rest = {name: values for name, values in known.items() if name != value.id}
        for one in known[value.id]:
            yield from codes_of(one, rest, handed)
    elif isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Constant) and value.slice.value in TABLED:
        yield from TABLED[value.slice.value]
    elif (text := ast.unparse(value)) in TURNED:
        yield from TURNED[text]
    elif not (isinstance(value, ast.Attribute) and value.attr == "code"):
        yield None


def calls_in(node: ast.AST, handed: frozenset[str] = frozenset()) -> Iterator[tuple[ast.Call, frozenset[str]]]:
    """Yield every call below a node with the arguments of the functions that it stands in."""
    for child in ast.iter_child_nodes(node):
        inside = handed
        if isinstance(child, ast.FunctionDef):
            inside = handed | {one.arg for one in (*child.args.posonlyargs, *child.args.args, *child.args.kwonlyargs)}
        if isinstance(child, ast.Call):
            yield child, handed
        yield from calls_in(child, inside)


def raised() -> Iterator[tuple[str | None, str]]:
    """Yield every code that the library's source hands over, and where."""
    everywhere = shared_takers(trees())
    for file, tree in trees().items():
        takers, known = {**everywhere, **imported_takers(tree), **takers_in(tree)}, bindings(tree)
        for call, handed in calls_in(tree):
            place = takers.get(name_of(call.func), -1)
            value = given(call, place) if place >= 0 else None
            for code in codes_of(value, known, handed) if value is not None else ():
                yield code, f"{file.relative_to(SOURCE)}:{call.lineno}"


ERRORS = [row["name"] for row in ROWS if row["name"][0].isupper()]
EXPLAINED = [row["name"] for row in ROWS if row["name"][0].islower()]


@pytest.fixture(scope="module")
def codes() -> list[tuple[str | None, str]]:
    return list(raised())


class TestTheSource:
    def test_every_code_can_be_told_from_the_source(self, codes):
        """A code is written out where it is handed over, so that this test and a reader can find it."""
        assert [where for code, where in codes if code is None] == []

    def test_every_code_is_written_alike(self, codes):
        """A code is words of lower-case letters and digits with hyphens between."""
        assert [(code, where) for code, where in codes if code is not None and not CODE.fullmatch(code)] == []

    def test_codes_are_found_at_all(self, codes):
        """The search meets codes of documents, rules, frames, commands, and those that are put together or turned."""
        found = {code for code, _ in codes}
        assert {"unknown-field", "conflict", "duplicate-row", "which-one", "bad-share", "missing-extra"} <= found
        assert {"unknown-activity", "altered-entry", "wrong-order", "not-disclosed"} <= found


class TestThePage:
    def test_every_code_is_explained(self, codes):
        """No problem is raised that the page does not explain; the place shows where to look for what it means."""
        assert {code: where for code, where in codes if code is not None and code not in EXPLAINED} == {}

    def test_every_explanation_is_of_a_code(self, codes):
        """The page explains no problem that is never raised."""
        assert sorted(set(EXPLAINED) - {code for code, _ in codes}) == []

    def test_no_code_is_explained_twice(self):
        """One code, one row: a reader who searches the page finds all that is said."""
        assert len(EXPLAINED) == len(set(EXPLAINED))

    @pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
    def test_every_row_speaks_both_languages(self, row):
        """The second column is English, the third Chinese; only what is quoted may be either."""
        assert not re.search(r"[\u4e00-\u9fff]", re.sub(r"`[^`]*`", "", row["en"]))
        assert re.search(r"[\u4e00-\u9fff]", re.sub(r"`[^`]*`", "", row["zh"]))

    def test_every_row_of_a_table_is_read(self):
        """A row that this test cannot read is a row that it does not test."""
        assert len([line for line in TEXT.splitlines() if line.startswith("| `")]) == len(ROWS)

    def test_every_error_is_named(self):
        """The page names every class of error that a caller can catch, and no other."""
        assert sorted(ERRORS) == sorted(heirs("CommunityGovError"))

    def test_every_fault_is_called_by_its_name(self):
        """The row of a fault begins with the name that an explanation has for it, in both languages."""
        rows = {row["name"]: row for row in ROWS}
        said = {kind: rows[kind.replace("_", "-")] for kind in FAULTS}
        assert {kind: title.en for kind, title in FAULTS.items()} == {
            kind: row["en"][: len(FAULTS[kind].en)].lower() for kind, row in said.items()
        }
        assert {kind: title.zh for kind, title in FAULTS.items()} == {
            kind: row["zh"][: len(FAULTS[kind].zh)] for kind, row in said.items()
        }

    def test_the_printed_line_is_one(self, tmp_path):
        """The example is what the library says."""
        (line,) = re.findall(r"^mycity/.*$", TEXT, re.MULTILINE)
        (tmp_path / "mycity").mkdir()
        (tmp_path / "mycity" / "stars.yaml").write_text(BAD, encoding="utf-8")
        with pytest.raises(DocumentError) as caught:
            read_profile(tmp_path / "mycity")
        assert line in str(caught.value).splitlines()
