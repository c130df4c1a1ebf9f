"""simulate, plan and ambiguities: what rules do before anybody is affected."""

import json
import sys
from pathlib import Path

import pytest

from communitygov.cli.progress import progress
from communitygov.cli.simulate import pages_of
from communitygov.report import drawing
from communitygov.vocabulary.text import Title

REFORM, STRICTER = "examples/no-renewal.yaml", "examples/stricter-five-star.yaml"
READINGS = ["--reading", "renewal_reach=original_cut", "--reading", "renewal_reach=moved_cut"]
SHORT = ["--to", "2023", "--draws", "2"]


def variants(done):
    return list(done.json["variants"])


class TestVariants:
    def test_the_demonstration_has_three(self, call):
        """Two readings of one question and a reform are three variants, each with a title in both languages."""
        done = call("simulate", "shijingshan", *SHORT, *READINGS, "--reform", REFORM, "--json")
        assert done.json["variants"] == {
            "renewal_reach=original_cut": {"zh": "原名额线内", "en": "Within the original cut"},
            "renewal_reach=moved_cut": {"zh": "顺延后的线内", "en": "Within the cut as moved down"},
            "no-renewal": {"zh": "取消连年不占名额", "en": "No renewal"},
        }
        assert {row["variant"] for row in done.json["stars"]} == set(done.json["variants"])

    def test_reforms_are_one_variant_or_one_each(self, call):
        """Reforms compose into one variant beside the rules as they stand; with --each, each is one."""
        args = ["simulate", "shijingshan", *SHORT, "--json", "--reform", "two-goals", "--reform", STRICTER]
        assert variants(call(*args)) == ["as_it_stands", "two-goals+stricter-five-star"]
        assert variants(call(*args, "--each")) == ["as_it_stands", "two-goals", "stricter-five-star"]

    def test_a_single_reading_holds_everywhere(self, call):
        """A question with one reading is answered so in every variant; of two questions, combinations are tried."""
        single = ["--reading", "quota_rounding=up"]
        args = ["simulate", "shijingshan", *SHORT, "--json"]
        assert variants(call(*args, *single)) == ["quota_rounding=up"]
        assert variants(call(*args, *single, "--reform", REFORM)) == ["quota_rounding=up", "no-renewal"]
        both = call(*args, *READINGS, *single, "--reading", "ties_at_the_cut=in", "--reading", "ties_at_the_cut=out")
        assert len(variants(both)) == 4

    @pytest.mark.parametrize(
        ("args", "said"),
        [
            (
                ["--reading", "renewal_reach=original_cut", "--reading", "renewal_reach=moved"],
                "did you mean `moved_cut`",
            ),
            (["--reading", "renewal_rech=a"], "did you mean `renewal_reach`"),
            (["--reform", "nowhere.yaml"], "unknown-reform"),
            (["--reform", REFORM, "--reform", REFORM, "--each"], "no-renewal"),
        ],
    )
    def test_what_is_misspelt_is_said(self, call, args, said):
        """A misspelt question, reading or reform is one line."""
        done = call("simulate", "shijingshan", *SHORT, *args)
        assert done.code in (1, 2)
        assert said in done.err
        assert done.out == ""


class TestSimulate:
    def test_the_table_says_shares_and_chances(self, call):
        """Printed are the share by year and variant, and how likely each target is met, in either language."""
        done = call("simulate", "shijingshan", "--from", "2022", *SHORT, "--reform", REFORM)
        assert done.code == 0
        assert "143 communities, 2 draws, seed 1" in done.out
        assert "Half of all communities are stars  SJS-26  2025" in done.out
        zh = call("simulate", "shijingshan", *SHORT, "--undated", "--lang", "zh").out
        assert "星级占比" in zh
        assert "走访全覆盖" in zh

    def test_the_same_seed_gives_the_same_figures(self, call):
        """A call repeated is the same; another seed is another world."""
        args = ["simulate", "shijingshan", *SHORT, "--json"]
        assert call(*args).json == call(*args, "--seed", "1").json
        assert call(*args).json["quantities"] != call(*args, "--seed", "2").json["quantities"]

    def test_parameters_can_be_set(self, call):
        """--set changes a parameter of the model; --help lists them with their defaults."""
        done = call("simulate", "shijingshan", *SHORT, "--set", "communities=40", "--set", "correlation=0.9")
        assert "40 communities" in done.out
        assert "communities " in call("simulate", "--help").out
        assert "社区数" in call("simulate", "--lang", "zh", "--help").out

    def test_real_units_and_real_data_can_be_used(self, call, files, write_csv, tmp_path):
        """--units takes real units; --data takes real data, and --holders who held a tier before."""
        units = write_csv(tmp_path / "u.csv", [["code", "name"], *([f"{i:03}", "社区"] for i in range(30))], "gb18030")
        done = call("simulate", "shijingshan", *SHORT, "--units", units, "--encoding", "gb18030")
        assert "30 communities" in done.out
        assert "nowhere.csv" in call("simulate", "shijingshan", "--units", "nowhere.csv").err

    def test_real_data_are_one_draw(self, call, rows, write_csv, tmp_path):
        """--data takes real data in place of drawn ones, and --holders those who held a tier before."""
        table = [*rows, *([f"A{row[0]}", *row[1:]] for row in rows[1:])]
        data = write_csv(tmp_path / "d.csv", table)
        names = sorted({row[0] for row in table[1:]})
        rows_held = [[name, "2021", "five_star"] for name in names]
        held = write_csv(tmp_path / "h.csv", [["subject", "year", "tier"], *rows_held])
        args = ["simulate", "shijingshan", "--data", data, "--json"]
        done = call(*args)
        assert (done.json["seed"], done.json["draws"], done.json["subjects"]) == (None, 1, 24)
        assert done.json["expectations"]
        assert done.json["stars"] != call(*args, "--from", "2022", "--holders", held).json["stars"]
        assert call(*args, "--draws", "5").code == 2

    def test_the_report_and_the_tables_are_written(self, call, tmp_path):
        """--report writes both languages and their charts, --picture one chart, --tables every frame."""
        report, picture, tables = tmp_path / "r.html", tmp_path / "p.svg", tmp_path / "t"
        out = ["--report", report, "--picture", picture, "--tables", tables]
        done = call("simulate", "shijingshan", *SHORT, "--reform", REFORM, *out)
        assert done.code == 0
        assert '<html lang="en">' in report.read_text("utf-8")
        chinese = (tmp_path / "r.zh-CN.html").read_text("utf-8")
        assert '<html lang="zh-CN">' in chinese
        assert 'href="r.html"' in chinese
        assert picture.read_text("utf-8").startswith("<svg")
        assert len(list(tables.iterdir())) == 6
        assert done.err.count("wrote ") == 8 + 1 + 6

    def test_the_chinese_page_may_be_named(self):
        """Whichever page is named, both are written, and the Chinese one says so in its name."""
        pages = [(lang, page.name, other.name) for lang, page, other in pages_of(Path("demo/r.zh-CN.html"))]
        assert pages == [("en", "r.html", "r.zh-CN.html"), ("zh", "r.zh-CN.html", "r.html")]

    @pytest.mark.parametrize(
        ("args", "code"),
        [
            (["--from", "2024", "--to", "2023"], "empty-range"),
            (["--from", "2019"], "not-in-force"),
            (["--set", "correlation=high"], "bad-setting"),
            (["--set", "corelation=0.9"], "unknown-parameter"),
            (["--certification", "quality"], "unknown-certification"),
            (["--report", "x.pdf"], "unknown-suffix"),
            (["--report", "no/such/x.html"], "no-folder"),
            (["--picture", "x.gif"], "unknown-suffix"),
        ],
    )
    def test_a_wrong_call_is_said_before_anything_is_computed(self, call, args, code):
        """Years, parameters, names and files that do not fit are one line, with 2."""
        done = call("simulate", "shijingshan", *args)
        assert done.code == 2
        assert code in done.err
        assert done.out == ""

    def test_a_png_without_a_font_is_refused(self, call, monkeypatch, tmp_path):
        """Where no font has Chinese, a PNG is refused at once, and the error says what to do."""
        monkeypatch.setattr(drawing, "_FONT_FOLDERS", ())
        done = call("simulate", "shijingshan", "--picture", tmp_path / "x.png", "--lang", "zh")
        assert (done.code, "没有找到中文字体" in done.err) == (2, True)

    def test_without_the_extra_it_is_named(self, call, monkeypatch, tmp_path):
        """Without Altair, a report is refused before the simulation begins."""
        monkeypatch.setitem(sys.modules, "altair", None)
        done = call("simulate", "shijingshan", "--report", tmp_path / "x.html")
        assert (done.code, "communitygov[report]" in done.err) == (2, True)


class TestPlan:
    def test_who_moves_and_why_is_said(self, call, files):
        """A reform's changes stand with their file and clause, then who moves from which tier to which, and why."""
        args = ["plan", "shijingshan", files / "scored.csv", "--year", "2023", "--holders", files / "stars-2022.csv"]
        done = call(*args, "--reform", REFORM)
        assert "certification.quality_star.renewal: removed, reform no-renewal " in done.out
        assert "[SJS-19]" in done.out
        assert "the results of" in done.out
        data = call(*args, "--reform", REFORM, "--json").json
        assert data["changes"][0]["new"] is None
        assert data["moved"]
        assert sum(row["subjects"] for row in data["counts"]) == 12

    def test_nothing_changed_is_said_plainly(self, call, files):
        """A reform that is not yet in force changes nothing, and the plan says so."""
        args = ["plan", "shijingshan", files / "scored.csv", "--year", "2023"]
        assert "changes nothing in 2023" in call(*args, "--reform", STRICTER).out
        assert "不改变任何事" in call(*args, "--reading", "plaque_exit=at_once", "--lang", "zh").out

    def test_data_of_the_index_will_do(self, call, files, tmp_path):
        """Data of the index are scored under both sets of rules first; the moves can be written to a file."""
        args = ["plan", "shijingshan", files / "data.csv", "--year", "2023", "--reading", "quota_rounding=up"]
        assert "rounding: ceiling" in call(*args).out
        done = call(*args, "-o", tmp_path / "moved.csv")
        assert "wrote" in done.err
        assert call(*args, "-o", "-").out.startswith("subject,year,old,new")

    def test_groups_are_counted_apart(self, call, toy, write_csv, tmp_path):
        """Where a certification ranks groups apart, moves are counted by group."""
        file = toy / "profile.yaml"
        text = file.read_text("utf-8").replace("    base: all\n", "    base: all\n    group_by: street\n")
        file.write_text(text, encoding="utf-8")
        rows = [[f"{i}", "东" if i % 2 else "西", f"{i // 2}"] for i in range(20)]
        scores = write_csv(tmp_path / "s.csv", [["subject", "street", "score"], *rows])
        args = ["plan", toy, scores, "--year", "2024", "--reading", "ties=none"]
        assert call(*args, "--json").json["groups"]
        certified = call("certify", toy, scores, "--year", "2024").out
        assert "东" in certified

    def test_any_column_can_be_counted_by(self, call, files, write_csv, tmp_path):
        """--by says of each street how many have each tier, and the difference, in either language and in JSON."""
        heads, *rows = [line.split(",") for line in (files / "scored.csv").read_text("utf-8").splitlines()]
        streets = {f"{number:03}": "老山" if number % 2 else "鲁谷" for number in range(1, 13)}
        table = [[*heads, "street"], *([*row, streets[row[0]]] for row in rows)]
        scored = write_csv(tmp_path / "s.csv", table)
        args = ["plan", "shijingshan", scored, "--year", "2023", "--reading", "quota_rounding=up", "--by", "street"]
        data = call(*args, "--json").json
        for row in data["group_outcomes"]:
            mine = [one for one in data["groups"] if one["group"] == row["group"]]
            sums = [sum(one["subjects"] for one in mine if one[side] == row["outcome"]) for side in ("old", "new")]
            assert [row["before"], row["after"]] == sums
            assert row["difference"] == sums[1] - sums[0]
        moved = {row["subject"]: (row["old"], row["new"]) for row in data["moved"]}
        assert moved
        gained = dict.fromkeys(streets.values(), 0)
        for subject, (old, new) in moved.items():
            gained[streets[subject]] += (new == "five_star") - (old == "five_star")
        said = {row["group"]: row["difference"] for row in data["group_outcomes"] if row["outcome"] == "five_star"}
        assert {street: said.get(street, 0) for street in gained} == gained
        head = [line.split() for line in call(*args).out.splitlines() if line.startswith("street")]
        assert head == [["street", "tier", "as", "it", "stands", "with", "the", "change", "difference"]]
        chinese = call(*args, "--lang", "zh").out
        assert [line.split() for line in chinese.splitlines() if line.startswith("street")] == [
            ["street", "星级", "现行", "改后", "增减"]
        ]
        tiers = [line.split()[1] for line in chinese.splitlines() if line.startswith(("老山", "鲁谷"))]
        assert [tier for tier in tiers if tier not in ("五星级", "四星级", "无")] == []
        assert tiers[-1] == "无"
        assert "street" not in call(*args[:-2]).out

    def test_data_of_the_index_have_streets_too(self, call, rows, write_csv, tmp_path):
        """A column beside the index's own is counted by, not scored; two streets of one community are an error."""
        table = [[*rows[0], "street"], *([*row, "老山" if row[0] < "007" else "鲁谷"] for row in rows[1:])]
        args = ["--year", "2023", "--reading", "quota_rounding=up", "--by", "street"]
        found = call("plan", "shijingshan", write_csv(tmp_path / "d.csv", table), *args, "--json").json
        assert {row["group"] for row in found["groups"]} == {"老山", "鲁谷"}
        table[-1][-1] = "古城"
        faulty = call("plan", "shijingshan", write_csv(tmp_path / "e.csv", table), *args)
        assert faulty.code == 1
        assert "two-groups" in faulty.err
        assert "012 (古城)" in faulty.err
        assert "无从归组" in call("plan", "shijingshan", tmp_path / "e.csv", *args, "--lang", "zh").err
        misspelt = call("plan", "shijingshan", tmp_path / "d.csv", *args[:-1], "stret")
        assert "has no column `stret`, named with --by; did you mean `street`" in misspelt.err
        assert misspelt.code == 2

    def test_a_plan_of_nothing_is_a_wrong_call(self, call, files):
        """Without a reform or a reading there is nothing to compare."""
        done = call("plan", "shijingshan", files / "scored.csv", "--year", "2023")
        assert (done.code, "nothing-to-compare" in done.err) == (2, True)


class TestAmbiguities:
    def test_every_reading_is_listed_with_what_it_changes(self, call):
        """Each reading that was not chosen is tried; the one that changes most comes first."""
        some = [part for name in ("watch_ties", "renewal_reach", "plaque_change") for part in ("--question", name)]
        done = call("ambiguities", "shijingshan", *SHORT, *some)
        assert done.out.splitlines()[4].startswith("renewal_reach")
        assert "plaques hung" in done.out
        assert "挂牌" in call("ambiguities", "shijingshan", *SHORT, "--question", "quota_rounding", "--lang", "zh").out

    def test_pairs_and_errors_are_told(self, call, monkeypatch):
        """Two readings together stand on one line; a reading that cannot be tried says why."""
        two = ["--question", "quota_rounding", "--question", "ties_at_the_cut", "--pairs"]
        assert "quota_rounding + ties_at_the_cut" in call("ambiguities", "shijingshan", *SHORT, *two).out
        data = call("ambiguities", "shijingshan", *SHORT, *two, "--json").json
        assert data["schema"] == "communitygov.ambiguities/1"
        assert isinstance(data["rows"][0]["quantities"], list)

    def test_a_reading_that_breaks_a_rule_says_so(self, call, toy):
        """A reading that the rules do not allow is listed with its error."""
        file = toy / "profile.yaml"
        worse = "{ties: out, tiers: {other: {order: 1, share: 30%}}}"
        file.write_text(file.read_text("utf-8").replace("{ties: out}", worse), encoding="utf-8")
        args = ["ambiguities", toy, "--draws", "2", "--to", "2024", "--set", "communities=30", "--set", "start=2024"]
        assert "repeated-order" in call(*args).out
        assert "次序" in call(*args, "--lang", "zh").out

    def test_an_unknown_question_is_said(self, call):
        """A misspelt question names the nearest."""
        assert "did you mean `quota_rounding`" in call("ambiguities", "shijingshan", "--question", "quota_roundin").err


class TestProgress:
    def test_there_is_no_bar_where_stderr_is_no_terminal(self, capsys):
        """In a file or a pipe, progress leaves no trace."""
        with progress(Title(zh="模拟", en="simulating")) as tell:
            tell(1, 2)
        assert capsys.readouterr().err == ""

    @pytest.mark.parametrize(("patience", "shown"), [(0.0, True), (60.0, False)])
    def test_a_bar_comes_when_it_takes_long(self, monkeypatch, capsys, patience, shown):
        """On a terminal there is a bar on stderr, once more than a second has gone by."""
        monkeypatch.setattr("communitygov.cli.progress.on_terminal", lambda err: err)
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
        with progress(Title(zh="模拟", en="simulating"), patience=patience) as tell:
            tell(1, 2)
            tell(2, 2)
        taken = capsys.readouterr()
        assert ("模拟" in taken.err) is shown
        assert taken.out == ""


def test_problems_are_json_where_json_is_asked_for(call):
    """With --json, what is wrong is JSON too, on stderr."""
    done = call("simulate", "shijingshan", "--from", "2019", "--json")
    assert json.loads(done.err)["problems"][0]["code"] == "not-in-force"
