"""From a folder of documents to a profile: everything is read, checked and reported at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from communitygov.documents.layers import Layer, apply, conflicts, named
from communitygov.documents.model import build
from communitygov.documents.node import Node
from communitygov.documents.reading import read_document
from communitygov.documents.schema import PATCH
from communitygov.profile.profile import Profile, Reform
from communitygov.profile.rules import API, AmendmentFile, ReformFile
from communitygov.profile.schemas import AMENDMENT, REFORM, checker
from communitygov.vocabulary.errors import CommunityGovError, DocumentError, ProfileNotFound
from communitygov.vocabulary.problem import Place, Problem
from communitygov.vocabulary.text import Title

__all__ = ["read_profile", "read_reform"]


def read_profile(folder: str | Path, *, find: Callable[[str], Profile] | None = None) -> Profile:
    """Read a profile from its folder.

    The folder holds any number of ``*.yaml`` documents, each with a part of the rules, and may hold
    ``amendments/*.yaml`` and ``reforms/*.yaml``.

    Args:
        folder: The folder.
        find: Finds the profile that this one extends.

    Returns:
        The profile, with its rules of the first day checked.

    Raises:
        DocumentError: With every problem of every document.
        ProfileNotFound: If the profile that it extends is not installed, or not in the version asked for.

    Example:
        >>> import communitygov
        >>> str(communitygov.load_profile("shijingshan").at("2023Q3").day)
        '2023-07-01'
    """
    folder = Path(folder)
    problems: list[Problem] = []
    name = folder.name
    documents = [doc for file in _files(folder) if (doc := _read(file, folder, name, PATCH, problems)) is not None]
    if not documents and not problems:
        problems.append(
            Problem(
                "no-documents",
                Title(zh="文件夹中没有 .yaml 文件", en="there is no .yaml file in the folder"),
                Place(str(folder)),
            )
        )
    own = _lay_together(documents, problems)
    _check_head(own, folder, problems)
    if problems:
        raise DocumentError(problems)
    name = own["profile"]["id"].text()
    parent = _parent(own, find)
    amendments = list(_layers(folder / "amendments", folder, problems))
    reforms = list(_reforms(folder / "reforms", folder, problems))
    if problems:
        raise DocumentError(problems)
    profile = Profile(
        name=name,
        folder=folder,
        own=named(own, name),
        parent=parent,
        amendments=tuple(amendments),
        reforms={reform.name: reform for reform in reforms},
    )
    profile.verify()
    return profile


def read_reform(file: str | Path) -> Reform:
    """Read a reform from its file.

    It is held against the schema here, once; laying it over a profile is then a matter of a millisecond.

    Args:
        file: The file.

    Raises:
        DocumentError: With every problem of the file.
    """
    problems: list[Problem] = []
    node = _read(Path(file), None, "reform", REFORM, problems)
    if node is None or problems:
        raise DocumentError(problems)
    return _reform(node, problems)


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.yaml")) if folder.is_dir() else []


def _read(file: Path, folder: Path | None, layer: str, schema: str, problems: list[Problem]) -> Node | None:
    shown = str(file) if folder is None else str(file.relative_to(folder.parent))
    try:
        node = read_document(file, layer=layer, name=shown)
    except DocumentError as error:
        problems.extend(error.problems)
        return None
    problems.extend(checker(schema).problems(node))
    return node


def _lay_together(documents: list[Node], problems: list[Problem]) -> Node:
    layers = [Layer("document", doc.place.file, doc) for doc in documents]
    problems.extend(conflicts(layers))
    own = Node(documents[0].place if documents else Place(""), children={})
    for doc in documents:
        if not problems:
            own = apply(own, doc, [])
    return own


def _check_head(own: Node, folder: Path, problems: list[Problem]) -> None:
    if problems:
        return
    for key in ("id", "api", "version", "in_force"):
        if own.get("profile", key) is None:
            place = Place(str(folder / "profile.yaml"))
            problems.append(
                Problem("missing-field", Title(zh=f"缺少 `profile.{key}`", en=f"`profile.{key}` is missing"), place)
            )
    api = own.get("profile", "api")
    if api is not None and api.value != API:
        problems.append(
            Problem(
                "other-api",
                Title(
                    zh=f"此方案使用接口版本 {api.text()}，本库支持 {API}；请升级其中之一",
                    en=f"the profile speaks API {api.text()}, this library speaks {API}; upgrade one of them",
                ),
                api.place,
            )
        )


def _parent(own: Node, find: Callable[[str], Profile] | None) -> Profile | None:
    extends = own.get("profile", "extends")
    if extends is None:
        return None
    wanted, spec = extends["profile"], extends["version"]
    try:
        if find is None:
            raise ProfileNotFound(Problem("unknown-profile", Title(zh="未安装", en="it is not installed")))
        parent = find(wanted.text())
    except CommunityGovError as error:
        zh = "；".join(problem.message.zh for problem in error.problems)
        en = "; ".join(problem.message.en for problem in error.problems)
        raise ProfileNotFound(
            Problem(
                "parent-not-found",
                Title(
                    zh=f"无法装载上级方案 `{wanted.text()}`：{zh}",
                    en=f"the profile `{wanted.text()}` that this one extends cannot be loaded: {en}",
                ),
                wanted.place,
            )
        ) from error
    if not _version_fits(parent.version, spec.text()):
        raise ProfileNotFound(
            Problem(
                "parent-version",
                Title(
                    zh=f"上级方案 `{parent.name}` 的版本为 {parent.version}，须为 {spec.text()}",
                    en=f"the profile `{parent.name}` is installed as {parent.version}, this one asks for {spec.text()}",
                ),
                spec.place,
            )
        )
    return parent


def _version_fits(version: str, spec: str) -> bool:
    """Return whether a version satisfies every comparison of a range; versions are numbers with dots between."""

    def parts(text: str) -> tuple[int, ...]:
        numbers = [int(part) if part.isdigit() else 0 for part in text.strip().split(".")]
        return tuple(numbers + [0] * (4 - len(numbers)))

    compare: dict[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
        ">=": lambda a, b: a >= b,
        "<=": lambda a, b: a <= b,
        "==": lambda a, b: a == b,
        "!=": lambda a, b: a != b,
        ">": lambda a, b: a > b,
        "<": lambda a, b: a < b,
    }
    for one in filter(None, (part.strip() for part in spec.split(","))):
        sign = next((sign for sign in compare if one.startswith(sign)), None)
        if sign is None or not compare[sign](parts(version), parts(one[len(sign) :])):
            return False
    return True


def _layers(folder: Path, root: Path, problems: list[Problem]) -> Iterator[Layer]:
    for file in _files(folder):
        before = len(problems)
        node = _read(file, root, f"amendment {file.stem}", AMENDMENT, problems)
        if node is None or len(problems) > before:
            continue
        head = build(node, AmendmentFile, problems)
        if head is not None:
            patch = named(head.changes, f"amendment {head.amendment}")
            yield Layer("amendment", head.amendment, patch, head.from_, head.until)


def _reforms(folder: Path, root: Path, problems: list[Problem]) -> Iterator[Reform]:
    for file in _files(folder):
        before = len(problems)
        node = _read(file, root, f"reform {file.stem}", REFORM, problems)
        if node is not None and len(problems) == before:
            try:
                yield _reform(node, problems)
            except DocumentError as error:
                problems.extend(error.problems)


def _reform(node: Node, problems: list[Problem]) -> Reform:
    found: list[Problem] = []
    head = build(node, ReformFile, found)
    # A reform's clauses are those of the profile it is laid over; they are looked up there.
    found = [problem for problem in found if problem.code != "unknown-reference"]
    if head is None or found:
        raise DocumentError(found)
    return Reform(
        head, Layer("reform", head.reform, named(head.changes, f"reform {head.reform}"), head.from_, head.until)
    )
