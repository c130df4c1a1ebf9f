"""Finding profiles and loading them.

pluggy stays silent about a misspelt hook, a forgotten marker, two distributions with one name and a plugin that
takes the rest down with it. Each is a named problem here, and leaves the other profiles loaded.
"""

from __future__ import annotations

import inspect
import reprlib
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import MappingProxyType

import pluggy
from attrs import frozen

from communitygov.plugins.specs import GROUP, PROJECT, ProfileHooks
from communitygov.profile.profile import Profile
from communitygov.profile.reading import read_profile
from communitygov.vocabulary.errors import CommunityGovError, ProfileNotFound
from communitygov.vocabulary.problem import Problem, did_you_mean
from communitygov.vocabulary.text import Title

__all__ = ["Found", "find_profiles", "load_profile"]

_PREFIX = "communitygov_"


@frozen
class Found:
    """What is installed.

    Args:
        folders: The folder of each profile, by name.
        problems: What is wrong with plugins, by the name of their entry point.
    """

    folders: Mapping[str, Path]
    problems: Mapping[str, tuple[Problem, ...]]


def find_profiles(entries: Iterable[EntryPoint] | None = None) -> Found:
    """Find the profiles that are installed.

    Args:
        entries: The entry points to look at; those of the group ``communitygov.profiles``, if None.

    Returns:
        Their folders and, apart from them, what is wrong with plugins that could not be taken in.

    Example:
        >>> "shijingshan" in find_profiles().folders
        True
    """
    by_name: dict[str, list[EntryPoint]] = {}
    for entry in entry_points(group=GROUP) if entries is None else entries:
        by_name.setdefault(entry.name, []).append(entry)
    folders: dict[str, Path] = {}
    problems: dict[str, tuple[Problem, ...]] = {}
    for name, same in sorted(by_name.items()):
        targets = sorted({f"{_distribution(entry)} ({entry.value})" for entry in same})
        if len(targets) > 1:
            listed = ", ".join(targets)
            problems[name] = (
                _problem(
                    "repeated-profile",
                    zh=f"多个安装包都提供方案 `{name}`：{listed}；请卸载其余",
                    en=f"several distributions give a profile `{name}`: {listed}; uninstall all but one",
                ),
            )
            continue
        found = _take_in(name, same[0])
        if isinstance(found, Path):
            folders[name] = found
        else:
            problems[name] = found
    return Found(MappingProxyType(folders), MappingProxyType(problems))


def load_profile(name: str | Path) -> Profile:
    """Load a profile by its name, or from a folder.

    Args:
        name: The name of an installed profile, or the path of a folder with documents.

    Raises:
        ProfileNotFound: If there is none; it names the nearest that is.
        DocumentError: With every problem of its documents.

    Example:
        >>> load_profile("shijingshan").name
        'shijingshan'
    """
    given: object = name
    if not isinstance(given, str | Path):
        shown = reprlib.repr(given)
        raise ProfileNotFound.because(
            "unknown-profile",
            zh=f"方案以名称或文件夹指明，而不是 {shown}",
            en=f"a profile is told by its name or its folder, not by {shown}",
        )
    if isinstance(name, Path) or "/" in name or "\\" in name or name in (".", ".."):
        folder = Path(name)
        if not folder.is_dir():
            raise ProfileNotFound.because(
                "unknown-profile", zh=f"没有文件夹 `{folder}`", en=f"there is no folder `{folder}`"
            )
        return read_profile(_documents(folder), find=load_profile)
    return _load(name, (), _search_path())


def _documents(folder: Path) -> Path:
    """Return the folder with documents at or below a folder: a distribution's root will do as well."""
    if any(folder.glob("*.yaml")):
        return folder
    below = sorted(file.parent for file in folder.glob("src/*/profile.yaml"))
    return below[0] if below else folder


def _search_path() -> tuple[str, ...]:
    return tuple(str(folder) for folder in sys.path)


@cache
def _installed(path: tuple[str, ...]) -> Found:
    """Return what is installed on a search path; it is looked through once."""
    return find_profiles()


@cache
def _load(name: str, below: tuple[str, ...], path: tuple[str, ...]) -> Profile:
    """Load an installed profile, for the sake of those below that extend it."""
    if name in below:
        ring = " < ".join((*below[below.index(name) :], name))
        raise ProfileNotFound.because(
            "extends-itself", zh=f"方案互为上级：{ring}", en=f"profiles extend each other in a ring: {ring}"
        )
    found = _installed(path)
    if name in found.problems:
        raise ProfileNotFound(found.problems[name])
    if name not in found.folders:
        hint = did_you_mean(name, found.folders)
        raise ProfileNotFound.because(
            "unknown-profile",
            zh=f"没有安装方案 `{name}`（可安装其包，或给出其文件夹）{hint.zh}",
            en=f"no profile `{name}` is installed (install its package, or give its folder){hint.en}",
        )
    profile = read_profile(found.folders[name], find=lambda above: _load(above, (*below, name), path))
    if profile.name != name:
        raise ProfileNotFound.because(
            "other-name",
            zh=f"以 `{name}` 安装的方案自称 `{profile.name}`；两者须一致",
            en=f"the profile installed as `{name}` calls itself `{profile.name}`; the two must agree",
        )
    return profile


def _take_in(name: str, entry: EntryPoint) -> Path | tuple[Problem, ...]:
    """Return the folder of a profile, or what is wrong with its plugin; whatever a stranger's code does, others stay.

    Raises:
        KeyboardInterrupt: If the user stops the search.
    """
    failed = Title(zh="方案 {}无法导入：", en="the profile {} cannot be imported: ")
    try:
        module = entry.load()
        failed = Title(zh="方案 {}的钩子出错：", en="a hook of the profile {} failed: ")
        return _folder(name, module)
    except KeyboardInterrupt:
        raise
    except CommunityGovError as error:
        return error.problems
    except BaseException as error:  # a stranger's module may raise anything, and leave by SystemExit
        said = _said(error)
        return (
            _problem(
                "plugin-broken",
                zh=failed.zh.format(f"`{name}`（{entry.value}）") + said,
                en=failed.en.format(f"`{name}` ({entry.value})") + said,
            ),
        )


def _folder(name: str, module: object) -> Path | tuple[Problem, ...]:
    wrong = tuple(_hook_problems(name, module))
    if wrong:
        return wrong
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(ProfileHooks)
    manager.register(module, name=name)
    folder = manager.hook.communitygov_profile()
    if isinstance(folder, Path) and folder.is_dir():
        return folder
    shown = reprlib.repr(folder)
    return (
        _problem(
            "no-folder",
            zh=f"方案 `{name}` 的 communitygov_profile 须返回存在的文件夹（pathlib.Path），而不是 {shown}",
            en=f"communitygov_profile of `{name}` must return a folder that exists (a pathlib.Path), not {shown}",
        ),
    )


def _hook_problems(name: str, module: object) -> Iterator[Problem]:
    known = [hook for hook in dir(ProfileHooks) if hook.startswith(_PREFIX)]
    hooks = dict(_hooks(module))
    for attribute, marked in hooks.items():
        if attribute not in known:
            hint = did_you_mean(attribute, known)
            yield _problem(
                "unknown-hook",
                zh=f"方案 `{name}`：没有钩子 `{attribute}`{hint.zh}",
                en=f"profile `{name}`: there is no hook `{attribute}`{hint.en}",
            )
        elif not marked:
            yield _problem(
                "hook-not-marked",
                zh=f"方案 `{name}`：`{attribute}` 前缺少 @hookimpl（from communitygov.plugins.specs import hookimpl）",
                en=f"profile `{name}`: `{attribute}` lacks @hookimpl (from communitygov.plugins.specs import hookimpl)",
            )
    if not hooks:
        yield _problem(
            "no-hook",
            zh=f"方案 `{name}` 没有给出 `communitygov_profile`",
            en=f"the profile `{name}` gives no `communitygov_profile`",
        )


def _hooks(module: object) -> Iterator[tuple[str, bool]]:
    """Yield the names of what is meant as a hook, and whether it is marked as one.

    Of whatever else stands in a module nothing is asked: an object may answer any question, or fail at it.
    """
    for attribute in dir(module):
        value = inspect.getattr_static(module, attribute, None)
        marked = inspect.isroutine(value) and hasattr(value, f"{PROJECT}_impl")
        if marked or (attribute.startswith(_PREFIX) and callable(value)):
            yield attribute, marked


def _said(error: BaseException) -> str:
    """Return what an error says, on one line; its kind alone where it cannot say anything."""
    try:
        said = str(error)
    except Exception:  # a stranger's error
        said = ""
    return " ".join(f"{type(error).__name__}: {said}".split()).removesuffix(":")


def _distribution(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist is not None else "?"


def _problem(code: str, *, zh: str, en: str) -> Problem:
    return Problem(code, Title(zh=zh, en=en))
