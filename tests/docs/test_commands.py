"""The page of commands shows every command with every option, and none that does not exist."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from communitygov.cli.app import app

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
SECTIONS = {
    part.partition("\n")[0]: part for part in re.split(r"^##+ ", PAGE, flags=re.MULTILINE)[1:] if "Options:" in part
}
TABLE = dict(re.findall(r"^\| `(-[^`|]+)` \| ([^|]+ \| [^|]+) \|$", PAGE, re.MULTILINE))
FORM = re.compile(r"communitygov\.[a-z_]+/[0-9]+")


def context(command: click.Command) -> click.Context:
    """Return a call's context, with the command's own names for help."""
    return click.Context(command, **command.context_settings)


def commands(group: click.Group = app, above: str = "") -> Iterator[tuple[str, click.Command]]:
    """Yield every command with its name as it is called, groups before what is in them."""
    for name in group.list_commands(context(group)):
        command = group.get_command(context(group), name)
        assert command is not None
        yield f"{above}{name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{above}{name} ")


def options(command: click.Command) -> set[str]:
    """Return every way to write an option of a command."""
    found = command.get_params(context(command))
    return {name for one in found if isinstance(one, click.Option) for name in (*one.opts, *one.secondary_opts)}


def blocks(section: str) -> list[str]:
    return re.findall(r"^```(?:text|sh)\n(.*?)```$", section, re.MULTILINE | re.DOTALL)


COMMANDS = dict(commands())
each_command = pytest.mark.parametrize("name", COMMANDS)


class TestCommands:
    def test_every_command_has_a_section(self):
        """No command is without a section and no section without a command; they stand in the same order of groups."""
        assert sorted(SECTIONS) == sorted(COMMANDS)

    @each_command
    def test_a_section_begins_with_how_the_command_is_called(self, name):
        """The first block is the usage line that help prints."""
        command = COMMANDS[name]
        pieces = " ".join(command.collect_usage_pieces(context(command)))
        assert blocks(SECTIONS[name])[0] == f"communitygov {name} {pieces}\n"

    @each_command
    def test_a_section_has_the_commands_own_example(self, name):
        """The second block is the example that help prints."""
        assert blocks(SECTIONS[name])[1] == f"{COMMANDS[name].example}\n"

    @each_command
    def test_a_section_names_every_option(self, name):
        """All options of the command, however written, and no other."""
        (listed,) = re.findall(r"^Options: ((?:`[^`]+`\s)+)", SECTIONS[name], re.MULTILINE)
        assert sorted(re.findall(r"`([^`]+)`", listed)) == sorted(options(COMMANDS[name]))

    @each_command
    def test_a_section_speaks_both_languages(self, name):
        """What a command is for stands there in Chinese as well."""
        assert re.search(r"[\u4e00-\u9fff]{4}", "".join(re.split(r"```.*?```", SECTIONS[name], flags=re.DOTALL)))


class TestOptions:
    def test_every_option_is_explained_once(self):
        """The table holds the options of all commands together, and those of the program itself."""
        known = options(app).union(*(options(command) for command in COMMANDS.values()))
        assert sorted(TABLE) == sorted(known)

    def test_the_table_is_in_order(self):
        """A reader finds an option by its name."""
        assert list(TABLE) == sorted(TABLE)


class TestForms:
    def test_every_form_of_json_is_named(self):
        """A program that reads JSON finds on the page every form that there is, and none that is not."""
        written = {
            form for file in (ROOT / "src").rglob("*.py") for form in FORM.findall(file.read_text(encoding="utf-8"))
        }
        assert set(FORM.findall(PAGE)) == written


class TestExitCodes:
    @pytest.mark.parametrize(
        ("code", "line"),
        [
            (0, ["show", "shijingshan", "profile"]),
            (0, ["schema"]),
            (2, ["show", "shijngshan"]),
            (2, ["show", "shijingshan", "--at", "2020"]),
            (2, ["show", "shijingshan", "--reading", "nothing"]),
            (2, ["schema", "profil"]),
            (2, ["shw"]),
        ],
    )
    def test_a_call_ends_as_the_page_says(self, code, line):
        """0 when all is well, 2 when the command was called wrongly."""
        assert CliRunner().invoke(app, line).exit_code == code

    def test_a_problem_of_a_document_ends_with_1(self, tmp_path):
        """1 when documents have problems."""
        (tmp_path / "profile.yaml").write_text("profile: {}\n", encoding="utf-8")
        assert CliRunner().invoke(app, ["check", str(tmp_path)]).exit_code == 1
