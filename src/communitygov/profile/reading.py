"""From a folder of documents to a profile: everything is read, checked and reported at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import reduce
from pathlib import Path

from attrs import evolve

from communitygov.documents.check import clause_at, kinds_told_once
from communitygov.documents.layers import Layer, apply, compose, conflicts, named
from communitygov.documents.model import build
from communitygov.documents.node import Node
from communitygov.documents.reading import try_document
from communitygov.documents.schema import PATCH
from communitygov.profile.heads import check_api, check_head, parent_of
from communitygov.profile.profile import Profile
from communitygov.profile.readings import known_readings, sealed
from communitygov.profile.rules import AmendmentFile, ReformFile
from communitygov.profile.ruleset import Reform
from communitygov.profile.schemas import AMENDMENT, REFORM, checker
from communitygov.profile.wording import badly_worded
from communitygov.vocabulary.errors import DocumentError, ProfileNotFound
from communitygov.vocabulary.problem import Place, Problem, nearest
from communitygov.vocabulary.text import Title

__all__ = ["read_profile", "read_reform"]

_FOLDERS = ("amendments", "reforms")


def read_profile(folder: str | Path, *, find: Callable[[str], Profile] | None = None) -> Profile:
    """Read a profile from its folder.

    The folder holds any number of ``*.yaml`` documents, each with a part of the rules, and may hold
    ``amendments/*.yaml`` and ``reforms/*.yaml``.

    Args:
        folder: The folder. Files are shown in messages as they are reached from a relative one, else from the one
            above it.
        find: Finds the profile that this one extends.

    Returns:
        The profile, with its rules checked on every day on which they change.

    Raises:
        DocumentError: With every problem of every document; nothing is half loaded.
        ProfileNotFound: If the profile that it extends is not installed, or not in the version asked for.

    Example:
        >>> import communitygov
        >>> shipped = communitygov.load_profile("beijing").folder
        >>> read_profile(shipped).name
        'beijing'
    """
    folder = Path(folder)
    if not folder.is_dir():
        title = Title(zh="没有这个文件夹", en="there is no such folder")
        raise DocumentError(Problem("no-documents", title, Place(str(folder))))
    problems: list[Problem] = list(_passed_over(folder))
    documents = [_read(file, folder, folder.name, PATCH, problems) for file in sorted(folder.glob("*.yaml"))]
    read = [sealed(document) for document in documents if document is not None]
    check_api(read)
    if not documents and not problems:
        problems.append(_no_documents(folder))
    own = _lay_together(read, problems)
    whole = len(read) == len(documents)
    # In a document that cannot be read the head may well stand.
    if whole or own.get("profile") is not None:
        whole &= check_head(own, _shown(folder / "profile.yaml", folder), problems)
    amendments = list(_layers(folder, problems))
    reforms = list(_reforms(folder, problems))
    if not whole:
        raise DocumentError(problems)
    try:
        parent = parent_of(own, find)
    except ProfileNotFound as error:
        raise DocumentError([*problems, *error.problems]) if problems else error from error.__cause__
    name = own["profile"]["id"].text()
    profile = Profile(
        name=name,
        folder=folder,
        own=named(own, name),
        parent=parent,
        amendments=tuple(amendments),
        reforms={reform.name: reform for reform in reforms},
    )
    try:
        profile.verify()
    except DocumentError as error:
        problems.extend(error.problems)
    if problems:
        raise DocumentError(kinds_told_once([*problems, *_kinds_changed(profile)]))
    return profile


def read_reform(file: str | Path, *, over: Profile | None = None) -> Reform:
    """Read a reform from its file.

    It is held against the schema here, once; laying it over a profile is then a matter of a millisecond.

    Args:
        file: The file.
        over: A profile to try it on, on the day on which it begins, so that its faults against the schema and those
            against the profile's rules are told at once.

    Raises:
        DocumentError: With every problem of the file.

    Example:
        >>> import communitygov
        >>> shipped = communitygov.load_profile("shijingshan").folder
        >>> read_reform(shipped / "reforms" / "two-goals.yaml").name
        'two-goals'
    """
    problems: list[Problem] = []
    node = _read(Path(file), None, "reform", REFORM, problems)
    reform = None if node is None else _reform(node, problems)
    if reform is not None and over is not None:
        problems = kinds_told_once([*_citing(problems, over), *over.problems_of(reform)])
    if reform is None or problems:
        raise DocumentError(problems)
    return reform


def _citing(problems: list[Problem], profile: Profile) -> Iterator[Problem]:
    """Yield problems of a reform with the clauses that the rules it would change cite."""
    for problem in problems:
        changes, *path = problem.path.split(".")
        cited = clause_at(profile.own, path) if changes == "changes" else ()
        yield evolve(problem, clause=problem.clause or cited)


def _kinds_changed(profile: Profile) -> Iterator[Problem]:
    """Yield where a patch changes the kind of what the documents say, whether it was laid down by now or not."""
    documents = reduce(lambda tree, one: apply(tree, one.own, []), profile.lineage, Node(Place(""), children={}))
    readings = [reading for known in known_readings([profile.own]).values() for reading in known.values()]
    layers = [*profile.amendments, *(reform.layer for reform in profile.reforms.values())]
    found: list[Problem] = []
    for patch in (*readings, *(layer.patch for layer in layers)):
        apply(documents, patch, found)
    yield from (problem for problem in found if problem.code == "kind-changed")


def _shown(file: Path, folder: Path) -> str:
    return str(file.relative_to(folder.parent) if folder.is_absolute() else file)


def _no_documents(folder: Path) -> Problem:
    title = Title(zh="文件夹中没有 .yaml 文件", en="there is no .yaml file in the folder")
    return Problem("no-documents", title, Place(str(folder)))


def _passed_over(root: Path) -> Iterator[Problem]:
    """Yield a problem for each thing that looks like a document, or a folder of some, and would not be read."""
    deep = any(root.glob("*.yaml"))  # else it is no profile's folder, and what lies below it is none of ours
    folders = [root]
    while folders:
        folder = folders.pop()
        for path in sorted(folder.iterdir()):
            is_folder = path.is_dir()
            meant = nearest(path.name, _FOLDERS) if folder == root and is_folder and path.name not in _FOLDERS else None
            if meant is not None:
                zh, en = f"不会读取；是否想写 `{meant}`？", f"is not read; did you mean `{meant}`?"
            elif is_folder:
                folders += [path] if deep and not path.is_symlink() and not path.name.startswith(".") else []
                continue
            elif path.suffix.lower() not in (".yml", ".yaml"):
                continue
            elif path.suffix != ".yaml":
                zh, en = "不会读取；请改名，以 .yaml 结尾", "is not read; end its name in .yaml"
            elif folder not in (root, *(root / name for name in _FOLDERS)):
                zh = "不会读取；请放在方案的文件夹、amendments/ 或 reforms/ 中"
                en = "is not read; put it in the profile's folder, in amendments/ or in reforms/"
            else:
                continue
            title = Title(zh=f"`{path.name}` {zh}", en=f"`{path.name}` {en}")
            yield Problem("not-read", title, Place(_shown(path, root)))


def _read(file: Path, root: Path | None, layer: str, schema: str, problems: list[Problem]) -> Node | None:
    node = try_document(file, problems, layer=layer, name=str(file) if root is None else _shown(file, root))
    if node is None:
        return None
    sound, found = checker(schema).sift(node)
    problems.extend(found)
    problems.extend(badly_worded(node))
    return sound


def _lay_together(documents: list[Node], problems: list[Problem]) -> Node:
    """Return documents as one; what they remove, they remove from the profile that they extend."""
    problems.extend(conflicts([Layer("document", doc.place.file, doc) for doc in documents]))
    return reduce(compose, documents, Node(Place(""), children={}))


def _layers(root: Path, problems: list[Problem]) -> Iterator[Layer]:
    names: dict[str, Node] = {}
    for file in sorted((root / "amendments").glob("*.yaml")):
        node = _read(file, root, f"amendment {file.stem}", AMENDMENT, problems)
        head = None if node is None else build(node, AmendmentFile, problems)
        if node is not None and head is not None and _is_new(node["amendment"], names, problems):
            patch = named(head.changes, f"amendment {head.amendment}")
            yield Layer("amendment", head.amendment, patch, head.from_, head.until, file=node)


def _reforms(root: Path, problems: list[Problem]) -> Iterator[Reform]:
    names: dict[str, Node] = {}
    for file in sorted((root / "reforms").glob("*.yaml")):
        node = _read(file, root, f"reform {file.stem}", REFORM, problems)
        reform = None if node is None else _reform(node, problems)
        if node is not None and reform is not None and _is_new(node["reform"], names, problems):
            yield reform


def _is_new(name: Node, names: dict[str, Node], problems: list[Problem]) -> bool:
    """Return whether a name is not yet taken among those of its kind; a second one would hide the first."""
    other = names.setdefault(name.text(), name)
    if other is not name:
        title = Title(zh=f"名称 `{name.text()}` 已用于", en=f"the name `{name.text()}` is taken already, at")
        problems.append(Problem("repeated-name", title, name.place, also=(other.place,)))
    return other is name


def _reform(node: Node, problems: list[Problem]) -> Reform | None:
    head = build(node, ReformFile, problems)
    if head is None:
        return None
    patch = named(head.changes, f"reform {head.reform}")
    return Reform(head, Layer("reform", head.reform, patch, head.from_, head.until, file=node))
