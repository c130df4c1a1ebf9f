"""Wrong calls: said in the language and the form that the call asks for, wherever in it they are asked for."""

import json
import re
from itertools import permutations

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from communitygov.cli.app import COMMANDS, app
from communitygov.cli.wrong_calls import wrong_call
from communitygov.vocabulary.files import reason_of

ENGLISH = re.compile(r"(?<![-`\w./])[A-Za-z]{2,}(?![-\w=./])")
"""A word of prose: not part of a name in code, an option, a file or a metavariable."""

WRONG = [
    ["nope"],
    ["--nope"],
    ["score"],
    ["score", "shijingshan"],
    ["score", "a", "b", "c", "d"],
    ["score", "a", "b", "--yaer", "3"],
    ["score", "a", "b", "--nothing-like-it"],
    ["score", "a", "b", "-x"],
    ["certify", "a", "b"],
    ["certify", "a", "b", "--year", "soon"],
    ["certify", "a", "b", "--year", "99"],
    ["simulate", "shijingshan", "--draws", "0"],
    ["simulate", "shijingshan", "--each=1"],
    ["simulate", "shijingshan", "--draws"],
    ["check", "--format", "pdf"],
    ["explain", "--nope"],
    ["explain", "nope"],
    ["explain", "index", "a", "b", "--period", "2023"],
    ["template", "nowhere"],
    ["schema", "nope"],
]


def prose(text):
    """The English words of a text that are neither code nor names."""
    return ENGLISH.findall(re.sub(r"`[^`]*`", "", text.split(": ", 1)[1]))


class TestLanguageAndForm:
    @pytest.mark.parametrize("args", WRONG, ids=" ".join)
    def test_whatever_is_wrong_is_said_in_chinese(self, call, args):
        """Where Chinese is asked for, a wrong call is one line of Chinese, with 2: click's own sentences included."""
        done = call("--lang", "zh", *args)
        assert (done.code, done.out) == (2, "")
        (line,) = done.err.splitlines()
        assert re.search("[\u4e00-\u9fff]", line)
        assert prose(line) == []

    @pytest.mark.parametrize("args", WRONG, ids=" ".join)
    def test_whatever_is_wrong_is_json_where_that_is_asked_for(self, call, args):
        """With --json, a wrong call is JSON on stderr in both languages, and nothing else."""
        done = call(*args[:1], "--json", *args[1:])
        assert (done.code, done.out) == (2, "")
        (problem,) = json.loads(done.err)["problems"]
        assert re.search("[\u4e00-\u9fff]", problem["message"]["zh"])
        assert not re.search("[\u4e00-\u9fff]", problem["message"]["en"])

    def test_the_order_of_arguments_does_not_matter(self, call):
        """Wherever --lang and --json stand, the same is said."""
        parts = (("--lang", "zh"), ("--draws", "0"), ("shijingshan",), ("--seed=x",))
        said = {call("simulate", *sum(order, ())).err for order in permutations(parts)}
        assert len({line.split("；见")[0] for line in said} - {"wrong-call: `--seed` 的值有误：`x` 不是整数"}) == 1
        assert all("见" in line for line in said)

    def test_help_is_in_the_language_asked_for_behind_it(self, call):
        """`--help --lang zh` is `--lang zh --help`, for the program and for each command."""
        for args in ([], *([name] for name in COMMANDS), ["explain", "index"], ["explain", "certification"]):
            before, behind = call("--lang", "zh", *args, "--help"), call(*args, "--help", "--lang", "zh")
            assert before.out == behind.out
            assert behind.code == 0
            for english in ("Usage:", "Options", "Commands", "Show this", "required", "default:"):
                assert english not in behind.out

    def test_a_language_that_is_none_is_said_in_the_locales(self, call):
        """`--lang fr` is refused in the language of the locale."""
        assert "none of `zh`, `en`" in call("profiles", "--lang", "fr").err
        assert "`fr` 不在 `zh`、`en` 之中" in call("profiles", "--lang=fr", lang="zh_CN.UTF-8").err

    def test_what_stands_behind_a_double_dash_asks_for_nothing(self, call):
        """Behind `--` there are only arguments."""
        done = call("score", "a", "b", "c", "--", "--json", "--lang", "zh")
        assert done.err.startswith("wrong-call: nothing more is expected")

    def test_the_group_of_explanations_speaks_both(self, call):
        """`explain` takes --lang as every command does, and lists its commands in the locale's language."""
        assert "说明一个评价对象" in call("explain", "--lang", "zh", "--help").out
        assert "说明一个评价对象" in call("explain", "--help", lang="zh_CN.UTF-8").out
        assert "Explain one subject's score" in call("explain", "--help").out

    def test_nothing_at_all_shows_the_help(self, call):
        """Without a command the help is shown on stderr, with 2."""
        done = call(lang="zh_CN.UTF-8")
        assert (done.code, "用法：" in done.err + done.out) == (2, True)

    def test_the_version_is_told_in_chinese(self, call):
        """`--version --lang zh` is Chinese."""
        assert call("--version", "--lang", "zh").out.startswith("communitygov，版本 0.")

    def test_an_interruption_is_no_traceback(self, call, monkeypatch):
        """Whoever presses Ctrl-C gets one line, and 1."""

        def stop(*_):
            raise KeyboardInterrupt

        monkeypatch.setattr("communitygov.plugins.finding.find_profiles", stop)
        done = call("profiles", "--lang", "zh")
        assert (done.code, done.err) == (1, "已中止\n")


class TestSentences:
    @given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30))
    def test_what_the_user_wrote_is_shown_as_it_is(self, text):
        """Whatever an option is called, it stands in the message of either language, and no call is too odd for one."""
        (problem,) = wrong_call(click.NoSuchOption(f"--{text}")).problems
        shown = text.strip("'")
        assert shown in problem.message.zh or shown in problem.message.en or "\\" in repr(text)
        assert problem.code == "wrong-call"

    def test_an_unknown_sentence_is_handed_on(self):
        """What click may say one day is said in its own words."""
        (problem,) = wrong_call(click.UsageError("Quite another thing.")).problems
        assert problem.message.en == "Quite another thing."

    def test_a_wrong_value_without_a_name_is_told(self):
        """A value may be wrong where click does not know whose it is."""
        (problem,) = wrong_call(click.BadParameter("3 is not in the range x>=5.")).problems
        assert problem.message.zh == "值有误：`3` 不在范围 `x>=5` 内"

    def test_an_option_of_two_names_shows_both(self, call):
        """`-o / --output` are two names of one option."""
        error = click.MissingParameter(param_hint="'-o' / '--output'", param_type="option")
        assert wrong_call(error).problems[0].message.en == "`-o`, `--output` is missing"

    def test_completion_is_left_alone(self):
        """While a shell completes a line, an unfinished call is no mistake."""
        context = app.make_context("communitygov", ["score", "--nope"], resilient_parsing=True)
        assert context.resilient_parsing

    def test_every_reason_of_the_system_has_words(self):
        """A file that cannot be read is said in Chinese; a reason that is rare in the system's words."""
        assert reason_of(OSError(2, "No such file or directory")).zh == "没有这个文件或文件夹"
        assert reason_of(OSError(5, "Input/output error")).zh == "Input/output error"


class TestJson:
    def test_a_template_tells_its_columns(self, call, tmp_path):
        """`template --json` says each column with its kind and titles; with -o the table is written as well."""
        done = call("template", "shijingshan", "--json", "-o", tmp_path / "t.csv").json
        names = [column["name"] for column in done["columns"]]
        assert names == (tmp_path / "t.csv").read_text("utf-8").strip().split(",")
        assert done["columns"][0]["title"] == {"zh": "评价对象", "en": "subject"}
        assert done == call("template", "shijingshan", "--json").json

    def test_schemas_are_listed_and_written_as_json(self, call, tmp_path):
        """`schema --json` gives the names, with --write the files; a schema itself is JSON already."""
        names = call("schema", "--json").json["names"]
        assert call("schema").out.split() == names
        files = call("schema", "--json", "--write", tmp_path).json["files"]
        assert len(files) == len(names)
        assert call("schema", "reform", "--json").json == call("schema", "reform").json

    def test_json_and_csv_cannot_both_be_on_stdout(self, call, files):
        """`-o -` and --json are two things for one place, whichever stands first."""
        for args in (["-o", "-", "--json"], ["--json", "-o", "-"]):
            done = call("score", "shijingshan", files / "data.csv", *args)
            assert (done.code, done.out) == (2, "")
            assert json.loads(done.err)["problems"][0]["code"] == "two-outputs"

    def test_the_format_json_speaks_json_of_errors_too(self, call):
        """`check --format json` says what is wrong with the call as JSON."""
        assert json.loads(call("check", "nowhere", "--format", "json").err)["problems"][0]["code"]


class TestRefused:
    @pytest.mark.parametrize("encoding", ["base64", "rot13", "undefined", "klingon", "a\x00b", ""])
    def test_an_encoding_of_no_text_is_unknown(self, call, files, tmp_path, encoding):
        """What encodes no text, and what is no name, is no encoding: for reading and for writing."""
        done = call("score", "shijingshan", files / "data.csv", "--encoding", encoding)
        assert (done.code, "unknown-encoding" in done.err) == (2, True)
        done = call("template", "shijingshan", "-o", tmp_path / "x.csv", "--encoding", encoding)
        assert (done.code, "unknown-encoding" in done.err) == (2, True)

    def test_text_that_an_odd_encoding_cannot_read_is_said(self, call, tmp_path):
        """An encoding that fails without saying where fails with the file's name."""
        (tmp_path / "d.csv").write_bytes(b"x" * 70 + b"\xe9,period\n")
        done = call("score", "shijingshan", tmp_path / "d.csv", "--encoding", "idna")
        assert (done.code, "not-in-encoding" in done.err) == (1, True)

    @pytest.mark.parametrize("setting", ["seed=3", "latent=1", "per=1", "units=1", "parameters=1", "self=1", "cls=1"])
    def test_only_parameters_can_be_set(self, call, setting):
        """--set reaches the parameters of the model, and no other argument of the world."""
        done = call("simulate", "shijingshan", "--to", "2022", "--draws", "1", "--set", setting)
        assert (done.code, "unknown-parameter" in done.err) == (2, True)

    def test_a_reform_given_twice_is_refused(self, call, files):
        """The same reform twice is a slip, by its file and by its name alike."""
        reform = "examples/no-renewal.yaml"
        for args in (["simulate", "shijingshan"], ["show", "shijingshan"]):
            done = call(*args, "--reform", reform, "--reform", f"./{reform}")
            assert (done.code, "repeated-reform" in done.err) == (2, True)

    def test_a_folder_that_cannot_be_one_is_refused_at_once(self, call, tmp_path):
        """--tables into a file, or below one, and a report in the place of a folder, are refused before the run."""
        (tmp_path / "file").write_text("")
        (tmp_path / "x.html").mkdir()
        for args in (
            ["--tables", tmp_path / "file"],
            ["--tables", tmp_path / "file" / "below"],
            ["--report", tmp_path / "x.html"],
        ):
            done = call("simulate", "shijingshan", *args)
            assert (done.code, "no-folder" in done.err, done.out) == (2, True, "")

    def test_units_that_cannot_be_read_are_a_wrong_call(self, call, tmp_path, write_csv):
        """--units is a file as every other: 2 if it cannot be read, in Chinese where that is asked for."""
        done = call("simulate", "shijingshan", "--units", "nowhere.csv", "--lang", "zh")
        assert (done.code, done.err) == (2, "unreadable-file: nowhere.csv：无法读取：没有这个文件或文件夹\n")
        units = write_csv(tmp_path / "u.csv", [["name"], ["a"]])
        assert (
            "missing-column: 单元表缺少列 `code`" in call("simulate", "shijingshan", "--units", units, "--lang=zh").err
        )


def test_tables_are_named_in_chinese(call, files, tmp_path, write_csv):
    """A message about a table names it in the language of the call."""
    done = call("score", "shijingshan", write_csv(tmp_path / "d.csv", [["subject"], ["a"]]), "--lang", "zh")
    assert "missing-column: 评价数据缺少列 `period`（时期）" in done.err
