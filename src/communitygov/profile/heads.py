"""What a profile says about itself, checked before its rules are: name, versions, days, the profile it extends."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from attrs import evolve

from communitygov.documents.node import Node
from communitygov.profile.rules import API, NAME, bad_name
from communitygov.vocabulary.errors import CommunityGovError, DocumentError, ProfileNotFound
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.problem import Place, Problem
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    from communitygov.profile.profile import Profile

__all__ = ["check_api", "check_head", "handed_down", "outlasting", "parent_of"]

_NEEDED = ("id", "api", "version", "in_force")
_VERSION = r"[0-9]{1,9}(?:\.[0-9]{1,9}){0,3}"  # not \d, which takes digits of every script
_INHERITED = ("sources", "holds_until")
"""What a child's head takes from its parent's: all else a head says of its own profile alone."""
_RANGE = re.compile(rf"(?P<sign>>=|<=|==|!=|>|<)\s*(?P<version>{_VERSION})")


def check_api(documents: Iterable[Node]) -> None:
    """Refuse documents that were written for another API: what else seems wrong in them need not be.

    Args:
        documents: The documents.

    Raises:
        DocumentError: With this one problem.
    """
    for document in documents:
        api = document.get("profile", "api")
        if api is not None and not api.faulty and api.value != API:
            zh = f"此方案使用接口版本 {api.text()}，本库支持 {API}；请升级其中之一"
            en = f"the profile speaks API {api.text()}, this library speaks {API}; upgrade one of them"
            raise DocumentError(Problem("other-api", Title(zh=zh, en=en), api.place))


def check_head(own: Node, file: str, problems: list[Problem]) -> bool:
    """Check what has to be known before rules can be resolved.

    Args:
        own: A profile's own documents, laid together.
        file: The file where its head should be, if there is none.
        problems: Collects what is wrong.

    Returns:
        Whether all of it is there and sound.
    """
    about = own.get("profile")
    found = list(_head_problems(about, Place(file) if about is None else about.begins))
    if not own.faulty and (about is None or not about.faulty):
        problems.extend(found)
    paths: list[tuple[str, ...]] = [(key,) for key in _NEEDED]
    if own.get("profile", "extends") is not None:
        paths += [("extends", "profile"), ("extends", "version")]
    nodes = [own.get("profile", *path) for path in paths]
    return not found and not any(node is None or node.faulty for node in nodes)


def _head_problems(about: Node | None, place: Place) -> Iterator[Problem]:
    def problem(code: str, zh: str, en: str, node: Node | None = None) -> Problem:
        return Problem(code, Title(zh=zh, en=en), place if node is None else node.place, path="profile")

    nodes = {} if about is None else {key: node for key, node in (about.children or {}).items() if not node.is_lost}
    for key in _NEEDED:
        if about is None or about.get(key) is None:
            yield problem("missing-field", f"缺少字段 `profile.{key}`", f"the field `profile.{key}` is missing")
    if "id" in nodes and not NAME.fullmatch(nodes["id"].text()):
        told = bad_name(nodes["id"].text())
        yield problem("bad-name", told.zh, told.en, nodes["id"])
    days = {}
    for key in ("in_force", "holds_until"):
        if key in nodes:
            try:
                days[key] = Period.parse(nodes[key].text())
            except ValueError:
                text = nodes[key].text()
                yield problem("bad-period", f"日历上没有 `{text}`", f"`{text}` is not in the calendar", nodes[key])
    if len(days) == 2 and days["holds_until"].last_day < days["in_force"].first_day:
        zh, en = "holds_until 早于 in_force", "`holds_until` ends before `in_force` begins"
        yield problem("empty-range", zh, en, nodes["holds_until"])
    if "version" in nodes and not re.fullmatch(_VERSION, nodes["version"].text()):
        text = nodes["version"].text()
        zh, en = f"`{text}` 不是版本号，如 0.1.0", f"`{text}` is no version, such as 0.1.0"
        yield problem("bad-version", zh, en, nodes["version"])
    extends = nodes.get("extends")
    for key in ("profile", "version") if extends is not None and not extends.faulty else ():
        if extends is not None and extends.get(key) is None:
            zh, en = f"缺少字段 `extends.{key}`", f"the field `extends.{key}` is missing"
            yield problem("missing-field", zh, en, extends)
    spec = None if extends is None else extends.get("version")
    if spec is not None and not spec.is_lost and not all(_RANGE.fullmatch(one) for one in _parts(spec)):
        zh = f"`{spec.text()}` 不是版本范围，如 >=0.1,<0.2"
        en = f"`{spec.text()}` is no range of versions, such as >=0.1,<0.2"
        yield problem("bad-version", zh, en, spec)


def parent_of(own: Node, find: Callable[[str], Profile] | None) -> Profile | None:
    """Return the profile that another extends.

    Args:
        own: A profile's own documents, laid together, their head checked.
        find: Finds a profile by its name; without it there is none.

    Raises:
        ProfileNotFound: If it is not installed, cannot be loaded, or is not in the version asked for.
    """
    extends = own.get("profile", "extends")
    if extends is None:
        return None
    wanted, spec = extends["profile"], extends["version"]
    if wanted.text() == own["profile"]["id"].text():
        title = Title(zh="方案不能以自己为上级", en="a profile cannot extend itself")
        raise ProfileNotFound(Problem("extends-itself", title, wanted.place))
    try:
        if find is None:
            raise ProfileNotFound.because("unknown-profile", zh="此处只读一个文件夹", en="only one folder is read here")
        parent = find(wanted.text())
    except CommunityGovError as error:
        zh = "；".join(problem.message.zh for problem in error.problems)
        en = "; ".join(problem.message.en for problem in error.problems)
        title = Title(
            zh=f"无法装载上级方案 `{wanted.text()}`：{zh}",
            en=f"the profile `{wanted.text()}` that this one extends cannot be loaded: {en}",
        )
        also = tuple(problem.place for problem in error.problems if problem.place is not None)
        raise ProfileNotFound(Problem("parent-not-found", title, wanted.place, also=also)) from error
    if not _fits(parent.version, spec):
        title = Title(
            zh=f"上级方案 `{parent.name}` 的版本为 {parent.version}，须为 {spec.text()}；请升级其中之一",
            en=f"the profile `{parent.name}` is installed as {parent.version}, this one asks for {spec.text()}; "
            "upgrade one of them",
        )
        raise ProfileNotFound(Problem("parent-version", title, spec.place))
    return parent


def handed_down(root: Node, own: Node) -> Node:
    """Return a parent's rules for a child to lie over, without what the parent's head says of the parent alone.

    So a child has no title and no day of verification but its own. What both heads say stays, to be replaced.

    Args:
        root: The parent's rules.
        own: The child's own documents.
    """
    mine, theirs = own["profile"], root["profile"]
    kept = {
        key: node for key, node in (theirs.children or {}).items() if key in _INHERITED or mine.get(key) is not None
    }
    return evolve(root, children={**(root.children or {}), "profile": evolve(mine, children=kept)})


def outlasting(own: Node, last_day: dt.date | None, end: Node | None) -> Iterator[Problem]:
    """Yield a problem if a child says that it is known to hold for longer than the parent whose rules it lies over.

    Args:
        own: The child's own documents.
        last_day: The last day that the parent is known to hold on, if there is one.
        end: Where that is said.
    """
    until = own.get("profile", "holds_until")
    if until is None or until.faulty or last_day is None or end is None:
        return
    if Period.parse(until.text()).last_day > last_day:
        zh = f"`holds_until` 晚于上级方案；上级的规则只知有效至 {last_day}，见"
        en = f"`holds_until` is later than that of the profile it extends, which is known to hold until {last_day}; see"
        yield Problem(
            "outlasts-parent", Title(zh=zh, en=en), until.place, also=(end.place,), path="profile.holds_until"
        )


def _parts(spec: Node) -> list[str]:
    return [part.strip() for part in spec.text().split(",")]


def _fits(version: str, spec: Node) -> bool:
    """Return whether a version satisfies every comparison of a range; versions are numbers with dots between."""

    def numbers(text: str) -> tuple[int, ...]:
        parts = [int(part) for part in text.split(".")]
        return tuple(parts + [0] * (4 - len(parts)))

    mine = numbers(version)
    for one in _parts(spec):
        match = _RANGE.fullmatch(one)
        assert match is not None, "the head was checked"
        theirs = numbers(match["version"])
        holds = {
            ">=": mine >= theirs,
            "<=": mine <= theirs,
            "==": mine == theirs,
            "!=": mine != theirs,
            ">": mine > theirs,
            "<": mine < theirs,
        }
        if not holds[match["sign"]]:
            return False
    return True
