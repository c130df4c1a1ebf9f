"""The command line as a whole: help, languages, exit codes, and what happens on a real terminal or pipe."""

import io
import os
import subprocess
import sys

import pytest
from click.shell_completion import ShellComplete

from communitygov import cli
from communitygov.cli.app import COMMANDS, app
from communitygov.cli.bilingual import default_language
from communitygov.cli.choice import find_profile, only, readings_of
from communitygov.vocabulary.errors import UsageError


def shell(*args, **environment):
    """Call the command line in a process of its own."""
    program = [sys.executable, "-c", "from communitygov.cli import main; main()", *args]
    return subprocess.run(program, capture_output=True, env={**os.environ, **environment}, timeout=120, check=False)


class TestHelp:
    def test_every_command_is_listed_and_explained_with_an_example(self, call):
        """Help lists all commands; each has a text, options and an example, in both languages."""
        for lang in ("en", "zh"):
            listing = call("--lang", lang, "--help").out
            for name, (_, about) in COMMANDS.items():
                assert name in listing
                assert about.say(lang) in listing
                done = call("--lang", lang, name, "--help")
                assert done.code == 0
                usage = "用法：" if lang == "zh" else "Usage:"
                assert f"communitygov {name}" in done.out.split(usage)[1]
                assert ("示例：" if lang == "zh" else "Example:") in done.out

    def test_help_loads_nothing_heavy(self):
        """Neither Polars nor JSON Schema nor Altair is loaded to print the help."""
        code = (
            "import sys\nfrom click.testing import CliRunner\nfrom communitygov.cli.app import app\n"
            "assert CliRunner().invoke(app, ['--help']).exit_code == 0\n"
            "heavy = {'polars', 'narwhals', 'jsonschema', 'numpy', 'altair', 'rich'}\n"
            "print(sorted(heavy & set(sys.modules)))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
        assert done.stdout.strip() == "[]"

    def test_a_misspelt_command_names_the_nearest(self, call):
        """`simualte` is answered with `simulate`, and 2."""
        done = call("simualte")
        assert (done.code, "did you mean `simulate`" in done.err) == (2, True)
        assert "没有命令" in call("--lang", "zh", "simualte").err
        assert call("--no-such-option").code == 2
        assert call().code == 2

    def test_an_option_in_the_place_of_a_command_is_none(self, call):
        """What begins with a dash is no command, behind a double dash either."""
        assert call("--", "-x").code == 2

    def test_a_shell_can_complete_commands(self):
        """Completion offers the commands by their beginnings."""
        found = ShellComplete(app, {}, "communitygov", "_COMMUNITYGOV_COMPLETE").get_completions([], "s")
        assert {item.value for item in found} == {name for name in COMMANDS if name.startswith("s")}

    def test_the_version_is_told(self, call):
        """--version says which it is."""
        assert call("--version").out.startswith("communitygov, version 0.")


class TestLanguage:
    @pytest.mark.parametrize(
        ("environment", "lang"),
        [
            ({}, "en"),
            ({"LANG": "zh_CN.UTF-8"}, "zh"),
            ({"LANG": "ZH_TW"}, "zh"),
            ({"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, "en"),
            ({"LC_ALL": "", "LC_MESSAGES": "zh_CN", "LANG": "en_GB"}, "zh"),
        ],
    )
    def test_it_is_that_of_the_locale(self, environment, lang):
        """LC_ALL goes before LC_MESSAGES, and that before LANG; an empty one is none."""
        assert default_language(environment) == lang

    def test_an_option_goes_before_the_locale(self, call):
        """--lang decides, before the command or behind it."""
        assert "石景山区" in call("--lang", "zh", "profiles").out
        assert "石景山区" in call("profiles", "--lang", "zh").out
        assert "Shijingshan" in call("profiles", "--lang", "en", lang="zh_CN.UTF-8").out
        assert call("profiles", "--lang", "fr").code == 2


class TestProcess:
    def test_a_broken_pipe_is_no_traceback(self):
        """Whoever stops reading is not shouted at."""
        program = [sys.executable, "-c", "from communitygov.cli import main; main()", "show", "shijingshan"]
        with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdout.read(1)
            process.stdout.close()
            assert b"Traceback" not in process.stderr.read()
            process.wait(60)

    def test_a_terminal_that_lacks_characters_still_works(self):
        """Where the encoding has no Chinese, its characters are shown by number; JSON stays JSON."""
        done = shell("profiles", "--lang", "zh", "--json", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
        assert done.returncode == 0
        import json

        (found,) = [one for one in json.loads(done.stdout)["profiles"] if one["name"] == "shijingshan"]
        assert found["title"]["zh"] == "石景山区“品质社区”"

    def test_an_unreadable_file_is_one_line(self, tmp_path):
        """In a process of its own, a mistake is one line on stderr and a code."""
        done = shell("score", "shijingshan", str(tmp_path / "no.csv"), LC_ALL="en_GB.UTF-8")
        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1
        assert done.stdout == b""

    @pytest.mark.parametrize("name", ["click", "rich"])
    def test_without_the_extra_one_line_says_what_to_install(self, monkeypatch, capsys, name):
        """Where click is not installed, the command says how to install it, in both languages."""
        for module in [one for one in sys.modules if one == name or one.startswith("communitygov.cli.")]:
            monkeypatch.delitem(sys.modules, module)
        monkeypatch.setitem(sys.modules, "click", None)
        with pytest.raises(SystemExit) as end:
            cli.main()
        assert end.value.code == 2
        assert "pip install 'communitygov[cli]'" in capsys.readouterr().err

    def test_a_stream_of_another_kind_will_do(self, monkeypatch):
        """Where stdout is no file, as in a notebook, the command still runs."""
        shown = io.StringIO()
        monkeypatch.setattr(sys, "stdout", shown)
        monkeypatch.setattr(sys, "argv", ["communitygov", "--version"])
        with pytest.raises(SystemExit) as end:
            cli.main()
        assert end.value.code == 0
        assert shown.getvalue().startswith("communitygov, version")

    def test_another_missing_module_is_not_hidden(self, monkeypatch):
        """A module of our own that is missing is our fault, and is shown as such."""
        monkeypatch.setitem(sys.modules, "communitygov.cli.app", None)
        with pytest.raises(ModuleNotFoundError):
            cli.main()


class TestChoice:
    def test_an_installed_profile_goes_before_a_folder_of_its_name(self, monkeypatch, tmp_path):
        """A folder that happens to be named like an installed profile is not taken for it."""
        (tmp_path / "shijingshan").mkdir()
        monkeypatch.chdir(tmp_path)
        assert find_profile("shijingshan").folder != tmp_path / "shijingshan"

    def test_a_reading_given_twice_is_one(self):
        """The same reading of the same question counts once."""
        assert readings_of(["a=x", "a = x", "a=y"]) == {"a": ["x", "y"]}

    def test_a_name_is_needed_where_there_are_several(self):
        """One thing needs no name; of several one must be named, and of none there is nothing to name."""
        assert only("index", {"a": 1}, None, profile="p") == ("a", 1)
        for found, code in (({"a": 1, "b": 2}, "which-one"), ({}, "none-there")):
            with pytest.raises(UsageError, match=code):
                only("index", found, None, profile="p")

    def test_what_is_not_there_is_called_by_its_chinese_name(self, call, files):
        """An index and a certification are called so in Chinese too."""
        done = call("score", "shijingshan", files / "data.csv", "--index", "x", "--lang", "zh")
        assert "shijingshan 没有评价体系 `x`" in done.err
