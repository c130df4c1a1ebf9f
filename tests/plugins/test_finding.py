"""Profiles as plugins: what a stranger can get wrong is named, and leaves the others loaded.

Every distribution here is a real one: a package and a ``dist-info`` folder on the search path.
"""

import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from itertools import count
from pathlib import Path

import pytest

import communitygov
from communitygov.plugins.finding import Found, find_profiles, load_profile
from communitygov.plugins.specs import GROUP, ProfileHooks
from communitygov.vocabulary.errors import CommunityGovError, DocumentError, ProfileNotFound

ROOT = Path(__file__).parent.parent.parent
PLUGIN = """\
from pathlib import Path
from communitygov.plugins.specs import hookimpl

@hookimpl
def communitygov_profile():
    return Path(__file__).parent
"""
HEAD = """\
profile:
  id: {name}
  api: 1
  version: 0.1.0
  in_force: 2024
  last_verified: 2024-01-01
  sources: {{plan: {{title: {{zh: 办法, en: Plan}}}}}}
"""

Install = Callable[..., str]
_numbers = count()


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a distribution: ``install("town", code, rules, value=..., distribution=...)``; returns its module."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)

    def put(name: str, code: str = PLUGIN, rules: str | None = None, *, value: str = "", distribution: str = "") -> str:
        module = f"a_profile_{next(_numbers)}"
        package = site / module
        package.mkdir()
        (package / "__init__.py").write_text(code, encoding="utf-8")
        (package / "profile.yaml").write_text(HEAD.format(name=name) if rules is None else rules, encoding="utf-8")
        info = site / f"{(distribution or module).replace('-', '_')}-0.1.0.dist-info"
        info.mkdir(exist_ok=True)
        metadata = f"Metadata-Version: 2.1\nName: {distribution or module}\nVersion: 0.1.0\n"
        (info / "METADATA").write_text(metadata, encoding="utf-8")
        points = info / "entry_points.txt"
        known = points.read_text(encoding="utf-8") if points.exists() else f"[{GROUP}]\n"
        points.write_text(f"{known}{name} = {value or module}\n", encoding="utf-8")
        return module

    return put


def said(found: Found, name: str, lang: str = "en") -> list[str]:
    """Return what is said of a plugin."""
    return [problem.say(lang) for problem in found.problems[name]]


class TestFinding:
    def test_a_profile_is_found_and_loaded_by_its_name(self, install: Install) -> None:
        """A distribution with an entry point and a hook is all it takes."""
        module = install("town")
        assert find_profiles().folders["town"].name == module
        town = load_profile("town")
        assert (town.name, str(town.at(2024).day)) == ("town", "2024-01-01")
        assert load_profile("town") is town

    def test_what_is_installed_later_is_found_later(self, install: Install) -> None:
        """A profile that was not there is there once its distribution is on the path."""
        with pytest.raises(ProfileNotFound):
            load_profile("hamlet")
        install("hamlet")
        with pytest.raises(ProfileNotFound):  # the path is as it was, and is looked through once
            load_profile("hamlet")
        sys.path.insert(0, "somewhere-else")
        try:
            assert load_profile("hamlet").name == "hamlet"
        finally:
            sys.path.remove("somewhere-else")

    def test_an_unknown_name_is_told_the_nearest(self, install: Install) -> None:
        """A misspelt profile is a mistake with a hint."""
        install("mytown")
        with pytest.raises(ProfileNotFound) as refused:
            load_profile("mytwon")
        assert refused.value.say("en") == (
            "unknown-profile: no profile `mytwon` is installed (install its package, or give its folder); did you mean "
            "`mytown`?"
        )
        assert refused.value.say("zh").endswith(
            "没有安装方案 `mytwon`（可安装其包，或给出其文件夹）；是否想写 `mytown`？"
        )

    @pytest.mark.parametrize("name", [None, 7, ["shijingshan"]])
    def test_what_names_no_profile_is_refused(self, name: object) -> None:
        """A profile is told by its name or its folder; all else is said to be neither."""
        with pytest.raises(ProfileNotFound, match="by its name or its folder, not by"):
            load_profile(name)  # type: ignore[arg-type]

    def test_a_profile_can_be_loaded_from_its_folder(self, install: Install, tmp_path: Path) -> None:
        """By the folder of its documents, by that of its distribution, and not at all by one that is not there."""
        module = install("town")
        assert load_profile(tmp_path / "site" / module).name == "town"
        root = tmp_path / "distribution"
        (root / "src").mkdir(parents=True)
        (root / "src" / "town").symlink_to(tmp_path / "site" / module)
        assert load_profile(f"{root}/").name == "town"
        with pytest.raises(DocumentError, match=r"there is no \.yaml file"):
            load_profile(tmp_path)
        with pytest.raises(ProfileNotFound, match="there is no folder"):
            load_profile("./nowhere")

    def test_a_profile_extends_another_that_is_installed(self, install: Install) -> None:
        """The parent is found as any profile is."""
        install("city")
        install(
            "town",
            rules=HEAD.format(name="town").replace(
                "  in_force", "  extends: {profile: city, version: '>=0'}\n  in_force"
            ),
        )
        assert load_profile("town").parent.name == "city"


BAD = {
    "misspelt": (
        PLUGIN.replace("def communitygov_profile", "def communitygov_profil"),
        "unknown-hook: profile `bad`: there is no hook `communitygov_profil`; did you mean `communitygov_profile`?",
    ),
    "misspelt and not marked": (
        "def communitygov_prfile():\n    return 1\n",
        "unknown-hook: profile `bad`: there is no hook `communitygov_prfile`; did you mean `communitygov_profile`?",
    ),
    "not marked": (
        PLUGIN.replace("@hookimpl\n", ""),
        "hook-not-marked: profile `bad`: `communitygov_profile` lacks @hookimpl "
        "(from communitygov.plugins.specs import hookimpl)",
    ),
    "nothing in it": (
        "from communitygov.plugins.specs import hookimpl\n",
        "no-hook: the profile `bad` gives no `communitygov_profile`",
    ),
    "import fails": (
        "import a_module_that_nobody_has\n",
        "plugin-broken: the profile `bad` (MODULE) cannot be imported: "
        "ModuleNotFoundError: No module named 'a_module_that_nobody_has'",
    ),
    "no Python": (
        "def (:\n",
        "plugin-broken: the profile `bad` (MODULE) cannot be imported: "
        "SyntaxError: invalid syntax (__init__.py, line 1)",
    ),
    "leaves at once": (
        "raise SystemExit(3)\n",
        "plugin-broken: the profile `bad` (MODULE) cannot be imported: SystemExit: 3",
    ),
    "leaves in its own way": (
        "class Leave(BaseException): ...\nraise Leave('for good')\n",
        "plugin-broken: the profile `bad` (MODULE) cannot be imported: Leave: for good",
    ),
    "cannot say why": (
        "class Dumb(Exception):\n    def __str__(self): raise RuntimeError\nraise Dumb\n",
        "plugin-broken: the profile `bad` (MODULE) cannot be imported: Dumb",
    ),
    "cannot be looked into": (
        PLUGIN + "def __dir__(): raise RuntimeError('closed')\n",
        "plugin-broken: a hook of the profile `bad` (MODULE) failed: RuntimeError: closed",
    ),
    "hook leaves": (
        PLUGIN.replace("return Path(__file__).parent", "raise GeneratorExit('early')"),
        "plugin-broken: a hook of the profile `bad` (MODULE) failed: GeneratorExit: early",
    ),
    "hook fails": (
        PLUGIN.replace("return Path(__file__).parent", "raise OSError('the disk\\nis gone')"),
        "plugin-broken: a hook of the profile `bad` (MODULE) failed: OSError: the disk is gone",
    ),
    "hook refuses": (
        "from communitygov import UsageError\n"
        + PLUGIN.replace("return Path(__file__).parent", "raise UsageError.because('own', zh='自', en='of its own')"),
        "own: of its own",
    ),
    "returns text": (
        PLUGIN.replace("return Path(__file__).parent", "return 'here'"),
        "no-folder: communitygov_profile of `bad` must return a folder that exists (a pathlib.Path), not 'here'",
    ),
    "returns nothing": (
        PLUGIN.replace("return Path(__file__).parent", "pass"),
        "no-folder: communitygov_profile of `bad` must return a folder that exists (a pathlib.Path), not None",
    ),
    "returns rubbish": (
        PLUGIN.replace("return Path(__file__).parent", "return ['x' * 1000] * 1000"),
        "no-folder: communitygov_profile of `bad` must return a folder that exists (a pathlib.Path), not "
        "['xxxxxxxxxxxx...xxxxxxxxxxxxx', 'xxxxxxxxxxxx...xxxxxxxxxxxxx', 'xxxxxxxxxxxx...xxxxxxxxxxxxx', "
        "'xxxxxxxxxxxx...xxxxxxxxxxxxx', 'xxxxxxxxxxxx...xxxxxxxxxxxxx', 'xxxxxxxxxxxx...xxxxxxxxxxxxx', ...]",
    ),
}  # fmt: skip


class TestStrangers:
    @pytest.mark.parametrize("fault", BAD)
    def test_a_faulty_plugin_is_named_and_leaves_the_others_loaded(self, install: Install, fault: str) -> None:
        """One sentence says what is wrong with it; the profile before it and the one after it load."""
        code, sentence = BAD[fault]
        install("a-good-one")
        module = install("bad", code)
        install("last")
        found = find_profiles()
        assert said(found, "bad") == [sentence.replace("MODULE", module)]
        assert all("\n" not in line for line in said(found, "bad", "zh"))
        assert {"a-good-one", "last"} <= set(found.folders)
        for name in ("a-good-one", "last"):
            assert load_profile(name).name == name
        with pytest.raises(ProfileNotFound) as refused:
            load_profile("bad")
        assert refused.value.problems == found.problems["bad"]

    @pytest.mark.parametrize(
        "more",
        [
            "from unittest.mock import MagicMock, call\nanything = MagicMock()\n",
            "class Lazy:\n    def __call__(self): ...\n    def __getattr__(self, _): raise OSError\nlazy = Lazy()\n",
        ],
    )
    def test_what_else_stands_in_a_plugin_is_left_alone(self, install: Install, more: str) -> None:
        """An object that answers every question, or fails at any, is no hook and no fault."""
        module = install("town", PLUGIN + more)
        assert find_profiles().folders["town"].name == module

    def test_the_user_may_stop_the_search(self, install: Install) -> None:
        """An interruption is the user's, whatever is being imported."""
        install("bad", "raise KeyboardInterrupt\n")
        with pytest.raises(KeyboardInterrupt):
            find_profiles()

    def test_every_fault_of_a_plugin_is_told(self, install: Install) -> None:
        """Two faults are two problems."""
        install("bad", "def communitygov_profile(): ...\ndef communitygov_profiles(): ...\n")
        assert {problem.code for problem in find_profiles().problems["bad"]} == {"hook-not-marked", "unknown-hook"}

    def test_a_hook_with_arguments_of_its_own_is_named(self, install: Install) -> None:
        """A hook that asks for what there is not is refused in one line."""
        install("bad", PLUGIN.replace("communitygov_profile()", "communitygov_profile(city)"))
        (line,) = said(find_profiles(), "bad")
        assert line.startswith("plugin-broken: a hook of the profile `bad`")
        assert "'city'" in line

    def test_an_entry_point_that_leads_nowhere_is_named(self, install: Install) -> None:
        """An entry point that names no module, or nothing in one, is a plugin that cannot be imported."""
        install("bad", value="no module: at all!")
        install("worse", value="communitygov:no_such_thing")
        found = find_profiles()
        for name in ("bad", "worse"):
            assert [problem.code for problem in found.problems[name]] == ["plugin-broken"]

    def test_two_distributions_of_one_name_are_both_named(self, install: Install) -> None:
        """Neither is taken: which one was meant is for the user to say."""
        one = install("town", distribution="town-of-ours")
        other = install("town", distribution="town-of-others")
        install("last")
        found = find_profiles()
        assert said(found, "town") == [
            f"repeated-profile: several distributions give a profile `town`: town-of-others ({other}), "
            f"town-of-ours ({one}); uninstall all but one"
        ]
        assert "town" not in found.folders
        assert load_profile("last").name == "last"

    def test_one_distribution_seen_twice_is_one(self, install: Install) -> None:
        """A distribution that stands on the path twice, as an editable install may, is no rival of itself."""
        install("town")
        entries = [entry for entry in entry_points(group=GROUP) if entry.name == "town"]
        found = find_profiles([*entries, *entries])
        assert list(found.folders) == ["town"]

    def test_an_entry_without_a_distribution_still_has_a_name(self, install: Install) -> None:
        """Entry points made by hand are told apart by what they point at."""
        from importlib.metadata import EntryPoint

        found = find_profiles([EntryPoint("town", one, GROUP) for one in ("a", "b")])
        assert "? (a), ? (b)" in said(found, "town")[0]

    def test_a_profile_of_another_api_is_refused_in_one_sentence(self, install: Install) -> None:
        """What it says in words we do not know is not held against it."""
        install("newer", rules="profile: {id: newer, api: 7, scope: city}\nnovelties: {}\n")
        install("last")
        with pytest.raises(CommunityGovError) as refused:
            load_profile("newer")
        (problem,) = refused.value.problems
        assert problem.code == "other-api"
        assert problem.message.en == "the profile speaks API 7, this library speaks 1; upgrade one of them"
        assert load_profile("last").name == "last"

    def test_a_profile_that_calls_itself_otherwise_is_refused(self, install: Install) -> None:
        """The name it is installed by and the name in its documents must agree."""
        install("town", rules=HEAD.format(name="city"))
        with pytest.raises(ProfileNotFound) as refused:
            load_profile("town")
        assert refused.value.say("en") == (
            "other-name: the profile installed as `town` calls itself `city`; the two must agree"
        )

    def test_profiles_that_extend_each_other_are_told_the_ring(self, install: Install) -> None:
        """A ring of parents is a problem with the names in it, not an endless search."""
        for name, parent in (("a-town", "b-town"), ("b-town", "c-town"), ("c-town", "b-town")):
            head = HEAD.format(name=name)
            install(
                name, rules=head.replace("  in_force", f"  extends: {{profile: {parent}, version: '>=0'}}\n  in_force")
            )
        with pytest.raises(ProfileNotFound) as refused:
            load_profile("a-town")
        assert "profiles extend each other in a ring: b-town < c-town < b-town" in refused.value.say("en")


class TestSpecification:
    def test_every_hook_says_what_it_is_given_and_returns(self) -> None:
        """The specification is what an author reads: each hook has a docstring with what it returns."""
        hooks = [name for name in vars(ProfileHooks) if name.startswith("communitygov_")]
        assert hooks == ["communitygov_profile"]
        for name in hooks:
            assert "Returns:" in (getattr(ProfileHooks, name).__doc__ or "")


class TestImport:
    def test_importing_the_library_loads_attrs_at_most(self) -> None:
        """Everything heavier comes when it is used: a command that prints help does not wait for it."""
        code = """
import sys
before = set(sys.modules)
import communitygov
loaded = {name.partition(".")[0] for name in set(sys.modules) - before}
print(*sorted(loaded - set(sys.stdlib_module_names)))
"""
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT / "src"
        )
        assert set(done.stdout.split()) <= {"attr", "attrs", "communitygov"}

    def test_what_it_promises_is_there(self) -> None:
        """Every public name can be had, and a name that is none is refused as by any module."""
        for name in communitygov.__all__:
            assert getattr(communitygov, name) is not None
        assert set(communitygov.__all__) <= set(dir(communitygov))
        with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
            _ = communitygov.nothing
