"""profiles, show, check and schema: what a place's documents say, and what is wrong with them."""

import json

import pytest

PLUGIN = """
from pathlib import Path
from communitygov.plugins.specs import hookimpl

@hookimpl
def communitygov_profile():
    return Path("{folder}")
"""


class TestProfiles:
    def test_installed_profiles_are_listed(self, call):
        """Each profile stands with its title in the language of the locale."""
        assert "Quality communities of Shijingshan" in call("profiles").out
        assert "石景山区“品质社区”" in call("profiles", lang="zh_CN.UTF-8").out
        (found,) = [one for one in call("profiles", "--json").json["profiles"] if one["name"] == "shijingshan"]
        assert found["in_force"] == "2021-07-01"
        assert found["holds_until"] is None

    @pytest.mark.unmeasured
    def test_a_broken_plugin_is_named_and_leaves_the_others(self, call, monkeypatch, tmp_path, toy):
        """A plugin that cannot be imported and documents with faults are problems; the rest is listed."""
        (toy / "profile.yaml").write_text("profile: {id: toy}", encoding="utf-8")
        (tmp_path / "faulty.py").write_text(PLUGIN.format(folder=toy), encoding="utf-8")
        information = tmp_path / "faulty-1.dist-info"
        information.mkdir()
        (information / "METADATA").write_text("Name: faulty\nVersion: 1\n")
        points = "[communitygov.profiles]\nbroken = there_is_no_such_module\ntoy = faulty\n"
        (information / "entry_points.txt").write_text(points)
        monkeypatch.syspath_prepend(tmp_path)
        done = call("profiles")
        assert done.code == 1
        assert "shijingshan" in done.out
        assert "plugin-broken" in done.err
        assert "missing-field" in done.err
        codes = {problem["code"] for problem in call("profiles", "--json").json["problems"]}
        assert {"plugin-broken", "missing-field"} <= codes
        everything = call("check")
        assert everything.code == 1
        assert "plugin-broken" in everything.out
        assert call("check", "broken").code == 1


class TestShow:
    def test_a_value_has_its_clause_file_and_line(self, call):
        """Rules are shown with the clause they rest on and the place they are written in."""
        out = call("show", "shijingshan", "certification.quality_star.tiers").out
        assert "five_star: five stars [SJS-17]" in out
        assert "share: 10% (communitygov_shijingshan/certification.yaml:" in out

    def test_what_a_reform_changed_is_said(self, call):
        """A value set by a reform names the reform, its file and line, and what it was before."""
        path = "certification.quality_star.tiers.five_star.share"
        out = call("show", "shijingshan", path, "--at", "2024", "--reform", "examples/stricter-five-star.yaml").out
        assert out.startswith("share: 5% (from reform stricter-five-star, examples/stricter-five-star.yaml:")
        assert "was 10%" in out
        assert "10%" in call("show", "shijingshan", path, "--at", "2023").out

    def test_a_reading_can_be_taken(self, call):
        """--reading shows the rules under another reading of an open question."""
        path = "certification.quality_star.renewal.within"
        out = call("show", "shijingshan", path, "--reading", "renewal_reach=moved_cut").out
        assert out.startswith("within: moved_cut (from reading renewal_reach: moved_cut")

    def test_everything_is_shown_with_the_open_questions(self, call):
        """Without a path: head, digest, all rules with assumptions, and every question with its readings."""
        done = call("show", "shijingshan", "--reform", "two-goals", "--lang", "zh")
        for part in (
            "摘要 ",
            "来源 case_2024",
            "叠加 改革方案 two-goals",
            "假定: ",
            "待解问题 (",
            "* original_cut",
            "注: ",
        ):
            assert part in done.out

    def test_json_gives_every_value_with_its_place(self, call):
        """JSON has path, value, clause, layer, file, line, what it was and why it is assumed."""
        data = call("show", "shijingshan", "--json").json
        values = {value["path"]: value for value in data["values"]}
        share = values["certification.quality_star.tiers.five_star.share"]
        assert (share["value"], share["clause"], share["was"]) == ("10%", ["SJS-17"], None)
        assert values["certification.quality_star.decimals"]["assumed"]["en"]
        assert data["questions"]["renewal_reach"]["chosen"] == "original_cut"
        leaf = call("show", "shijingshan", "certification.quality_star.decimals", "--json").json
        assert [value["value"] for value in leaf["values"]] == ["2"]
        tiers = call("show", "shijingshan", "certification.quality_star.tiers", "--json").json
        assert len(tiers["values"]) == 4
        assert tiers["questions"] == {}

    @pytest.mark.parametrize(
        ("args", "said"),
        [
            (["shijingshn"], "did you mean `shijingshan`"),
            (["shijingshan", "certification.quality_sta"], "did you mean `quality_star`"),
            (["shijingshan", "--at", "2020"], "not-in-force"),
            (["shijingshan", "--at", "soon"], "bad-period"),
            (["shijingshan", "--reform", "no-such.yaml"], "unknown-reform"),
            (["shijingshan", "--reform", "examples"], "cannot be read"),
            (["shijingshan", "--reading", "renewal_reach"], "bad-reading"),
            (["shijingshan", "--reading", "renewal_reach=a", "--reading", "renewal_reach=b"], "two-readings"),
            (["shijingshan", "--reading", "renewal_rech=a"], "did you mean `renewal_reach`"),
            (["shijingshan", "--reading", "renewal_reach=moved"], "did you mean `moved_cut`"),
            (["./no-such-folder"], "there is no folder"),
        ],
    )
    def test_a_mistake_is_a_line_on_stderr(self, call, args, said):
        """Whatever is mistyped, one line says what, and the nearest that is right; nothing is printed on stdout."""
        done = call("show", *args)
        assert done.code in (1, 2)
        assert said in done.err
        assert done.out == ""
        assert "Traceback" not in done.err


class TestCheck:
    def test_a_good_profile_says_how_much_it_models(self, call):
        """Without problems: clauses modelled, not modelled and context, values assumed, questions, contradictions."""
        done = call("check", "shijingshan")
        assert done.code == 0
        assert "no problems" in done.out
        assert "open questions" in done.out
        found = call("check", "shijingshan", "--json").json
        assert found["problems"] == []
        assert found["coverage"]["shijingshan"]["sources"]["case_2024"]["uncited"] == []
        assert "SJS-66" in found["coverage"]["shijingshan"]["sources"]["case_2024"]["proposed"]

    def test_all_installed_profiles_are_checked_if_none_is_named(self, call):
        """`check` alone checks everything that is installed."""
        assert "shijingshan：没有问题" in call("check", "--lang", "zh").out

    def test_a_folder_can_be_checked(self, call, toy, monkeypatch):
        """A folder is named by its path, or by its name where it stands."""
        assert call("check", toy).code == 0
        monkeypatch.chdir(toy.parent)
        assert "toy: no problems" in call("check", "toy").out

    def test_every_problem_is_one_line_with_its_place(self, call, toy):
        """A fault is printed as file:line:column: code: message, and ends the call with 1."""
        file = toy / "profile.yaml"
        file.write_text(file.read_text("utf-8").replace("weight: 4", "wieght: 4"), encoding="utf-8")
        done = call("check", toy)
        assert done.code == 1
        assert "toy/profile.yaml:28:16: unknown-field: unknown field `wieght`; did you mean `weight`?" in done.out
        github = call("check", toy, "--format", "github", "--lang", "zh").out
        assert github.startswith("::error file=toy/profile.yaml,line=28,col=16,title=unknown-field::没有字段")
        assert {problem["code"] for problem in call("check", toy, "--format", "json").json["problems"]} >= {
            "unknown-field"
        }

    def test_a_clause_that_nothing_cites_or_explains_is_a_problem(self, call, toy):
        """Every clause is cited by a rule, or says why it is not."""
        file = toy / "profile.yaml"
        file.write_text(file.read_text("utf-8").replace(", not_modelled: {zh: 以后, en: Later.}", ""), encoding="utf-8")
        done = call("check", toy)
        assert done.code == 1
        assert "toy/profile.yaml:14:3: uncited-clause" in done.out

    def test_readings_that_do_not_differ_are_a_problem(self, call, toy):
        """Two readings of one question that give the same rules are no two readings."""
        file = toy / "profile.yaml"
        file.write_text(file.read_text("utf-8").replace("ties: out", "ties: in"), encoding="utf-8")
        done = call("check", toy)
        assert done.code == 1
        assert "readings-do-not-differ" in done.out

    def test_every_reading_is_tried(self, call, toy):
        """A reading that breaks a rule is found, though nobody has chosen it."""
        file = toy / "profile.yaml"
        worse = "{ties: out, tiers: {other: {order: 1, share: 30%}}}"
        file.write_text(file.read_text("utf-8").replace("{ties: out}", worse), encoding="utf-8")
        done = call("check", toy)
        assert done.code == 1
        assert "repeated-order" in done.out

    def test_every_reform_that_ships_is_tried(self, call, toy):
        """A shipped reform that breaks a rule is found, though nobody has laid it over the rules."""
        (toy / "reforms").mkdir()
        reform = "reform: heavier\nfrom: 2025\nchanges: {index: {marks: {indicators: {safety: {weight: 5}}}}}\n"
        (toy / "reforms" / "heavier.yaml").write_text(reform, encoding="utf-8")
        done = call("check", toy)
        assert done.code == 1
        assert "toy/reforms/heavier.yaml:3:" in done.out
        assert "weights-do-not-add-up" in done.out

    def test_what_is_not_there_is_a_wrong_call(self, call):
        """A name that is neither a profile nor a folder ends with 2."""
        assert call("check", "nowhere").code == 2
        assert call("check", "nowhere", "--json").code == 2


class TestSchema:
    def test_schemas_are_listed_printed_and_written(self, call, tmp_path):
        """Without a name they are listed, with one it is printed, with --write all of them become files."""
        names = call("schema").out.split()
        assert {"profile", "patch", "reform", "amendment", "steps"} <= set(names)
        assert json.loads(call("schema", "reform").out)["$id"] == "reform.schema.json"
        assert call("schema", "--write", tmp_path / "schemas").code == 0
        written = {file.name for file in (tmp_path / "schemas").iterdir()}
        assert written == {f"{name}.schema.json" for name in names}

    def test_a_wrong_name_or_folder_is_said(self, call, tmp_path):
        """A misspelt schema names the nearest, a file in the place of a folder is an error."""
        assert "did you mean `reform`" in call("schema", "refrom").err
        (tmp_path / "file").write_text("")
        done = call("schema", "--write", tmp_path / "file")
        assert done.code == 2
        assert "unreadable-file" in done.err
