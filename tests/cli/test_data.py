"""template, score, certify and explain: data in, results out."""

import json
import re
from fractions import Fraction

import polars as pl
import pytest

from communitygov.report.steps_json import steps_from_json
from communitygov.vocabulary.errors import DataError
from communitygov.vocabulary.files import read_frame
from communitygov.vocabulary.frames import Column, Table
from communitygov.vocabulary.text import Title


class TestTemplate:
    def test_the_template_has_the_columns_that_score_takes(self, call, rows, tmp_path):
        """An empty table has subject, period and every leaf, as CSV on stdout or as a file of each kind."""
        assert call("template", "shijingshan").out.strip().split(",") == rows[0]
        for name in ("t.csv", "t.xlsx", "t.parquet"):
            assert call("template", "shijingshan", "-o", tmp_path / name).code == 0
            assert (tmp_path / name).stat().st_size > 0

    def test_an_empty_template_scores_nobody(self, call, tmp_path):
        """A template that nobody has filled in is a table without rows, not a failure."""
        call("template", "shijingshan", "-o", tmp_path / "t.csv")
        done = call("score", "shijingshan", tmp_path / "t.csv", "--json")
        assert (done.code, done.json["rows"]) == (0, [])


class TestScore:
    def test_scores_are_printed_written_and_given_as_json(self, call, files):
        """The same scores stand in the table, the file and the JSON, with the published decimals."""
        shown = call("score", "shijingshan", files / "data.csv")
        data = call("score", "shijingshan", files / "data.csv", "--json").json
        written = pl.read_csv(files / "scored.csv", infer_schema=False)
        assert written["score"].to_list() == [row["score"] for row in data["rows"]]
        assert data["rows"][0]["score"] in shown.out
        assert all(Fraction(score) * 100 == int(Fraction(score) * 100) for score in written["score"])

    def test_the_nodes_are_named_in_words(self, call, files):
        """The table for people has the titles of the index's nodes; files and JSON have their ids."""
        shown = call("score", "shijingshan", files / "data.csv", "--lang", "zh").out.splitlines()[0]
        assert "社区党建·满意度问卷" in shown
        assert not re.search("[a-z]", shown)
        assert "party_building" in call("score", "shijingshan", files / "data.csv", "-o", "-").out

    def test_codes_stay_text(self, call, files):
        """A subject `001` is not the number 1."""
        assert pl.read_csv(files / "scored.csv", infer_schema=False)["subject"][0] == "001"

    def test_every_kind_of_file_gives_the_same_scores(self, call, write_csv, files, rows, tmp_path):
        """CSV in UTF-8 with and without a byte-order mark, in GB18030, XLSX and Parquet say the same."""
        write_csv(tmp_path / "bom.csv", rows, "utf-8-sig")
        named = [rows[0], *([f"社区{row[0]}", *row[1:]] for row in rows[1:])]
        write_csv(tmp_path / "gb.csv", named, "gb18030")
        whole = pl.read_csv(files / "data.csv", schema_overrides={"subject": pl.String})
        whole.write_parquet(tmp_path / "data.parquet")
        whole.write_excel(tmp_path / "data.xlsx")
        wanted = [row["score"] for row in call("score", "shijingshan", files / "data.csv", "--json").json["rows"]]
        for name, more in (
            ("bom.csv", []),
            ("gb.csv", ["--encoding", "gb18030"]),
            ("data.parquet", []),
            ("data.xlsx", []),
        ):
            found = call("score", "shijingshan", tmp_path / name, "--json", *more).json["rows"]
            assert [row["score"] for row in found] == wanted
            if name == "gb.csv":
                assert found[0]["subject"] == "社区001"

    def test_results_are_written_in_the_encoding_told(self, call, files, tmp_path):
        """With --encoding gb18030, CSV is read and written in it."""
        out = tmp_path / "out.csv"
        table = "评价对象,x\n甲,1\n"
        (tmp_path / "in.csv").write_bytes(table.encode("gb18030"))
        done = call("score", "shijingshan", tmp_path / "in.csv", "--encoding", "gb18030", "-o", out)
        assert "评价对象" in done.err  # an unknown column, named in words that were read right
        assert call("score", "shijingshan", files / "data.csv", "--encoding", "gb18030", "-o", out).code == 0
        assert call("score", "shijingshan", files / "data.csv", "-o", "-").out.startswith("subject,period,")

    def test_an_xlsx_comes_back_as_it_went(self, call, files, tmp_path):
        """Scores written as XLSX and certified are those written as CSV, codes and decimals alike."""
        scored = tmp_path / "scored.xlsx"
        assert call("score", "shijingshan", files / "data.csv", "-o", scored).code == 0
        one = call("certify", "shijingshan", scored, "--year", "2022", "--json").json
        assert one == call("certify", "shijingshan", files / "scored.csv", "--year", "2022", "--json").json


class TestCertify:
    def test_cuts_and_subjects_are_shown(self, call, files):
        """First the cuts with their places, then every subject with rank, tier and reason, in words."""
        out = call("certify", "shijingshan", files / "scored.csv", "--year", "2022").out
        assert "five stars    12" in out
        assert "in quota" in out
        assert "名额内" in call("certify", "shijingshan", files / "scored.csv", "--year", "2022", lang="zh_CN").out

    def test_last_years_result_is_this_years_holders(self, call, files):
        """What certify wrote for one year can be handed to the next as it is; those without a tier held none."""
        args = ["certify", "shijingshan", files / "scored.csv", "--year", "2023", "--json"]
        with_holders = call(*args, "--holders", files / "stars-2022.csv").json
        assert any(row["reason"] == "renewed" for row in with_holders["rows"])
        assert not any(row["reason"] == "renewed" for row in call(*args).json["rows"])

    def test_yearly_scores_will_do(self, call, write_csv, tmp_path):
        """A file with one row per subject, and perhaps a year, is taken as it is."""
        write_csv(tmp_path / "y.csv", [["subject", "score"], *([f"{i:03}", f"{300 + i}.5"] for i in range(10))])
        done = call("certify", "shijingshan", tmp_path / "y.csv", "--year", "2023", "--json").json
        assert (done["rows"][0]["subject"], done["rows"][0]["score"]) == ("009", "309.50")
        table = [["subject", "year", "score"], ["a", "2022", "1"], ["a", "2023", "2"], ["b", "2023", "3"]]
        write_csv(tmp_path / "years.csv", table)
        done = call("certify", "shijingshan", tmp_path / "years.csv", "--year", "2023", "--json").json
        assert [row["score"] for row in done["rows"]] == ["3.00", "2.00"]

    def test_another_reading_of_the_year_takes_other_quarters(self, call, files):
        """Under the reading that a year runs from the third quarter, 2023 is 2022Q3 to 2023Q2."""
        reading = ["--reading", "certification_year=third_to_second"]
        args = ["certify", "shijingshan", files / "scored.csv", "--year", "2023", "--json"]
        assert call(*args, *reading).json["rows"] != call(*args).json["rows"]
        assert call(*args, *reading).code == 0

    def test_a_part_of_a_year_is_refused(self, call, files):
        """A year of which quarters are missing is an error that names them."""
        done = call(
            "certify",
            "shijingshan",
            files / "scored.csv",
            "--year",
            "2024",
            "--reading",
            "certification_year=third_to_second",
        )
        assert done.code == 1
        assert "2024" in done.err


class TestExplain:
    def test_a_score_is_explained(self, call, files):
        """The tree says every value, weight, clause and source; as JSON it can be read back."""
        args = ["explain", "index", "shijingshan", files / "data.csv", "--subject", "003", "--period", "2023Q2"]
        text = call(*args).out
        assert "[SJS-01, SJS-07, SJS-50, SJS-59]" in text
        assert "communitygov_shijingshan/index.yaml:" in text
        steps = steps_from_json(call(*args, "--json").json)
        (score,) = [
            row["score"]
            for row in call("score", "shijingshan", files / "data.csv", "--json").json["rows"]
            if (row["subject"], row["period"]) == ("003", "2023Q2")
        ]
        assert steps.value == Fraction(score)

    def test_a_tier_is_explained_in_either_language(self, call, files, tmp_path):
        """Certification is said in words, and as a web page where one is asked for."""
        args = ["explain", "certification", "shijingshan", files / "scored.csv", "--year", "2023", "--subject", "003"]
        args += ["--holders", files / "stars-2022.csv"]
        assert "rank " in call(*args, "--html", tmp_path / "why.html").out
        page = (tmp_path / "why.html").read_text("utf-8")
        assert page.startswith('<!doctype html>\n<html lang="en">')
        assert '<div class="cg-steps" lang="en">' in page
        assert "中排第" in call(*args, "--lang", "zh").out

    def test_on_a_terminal_it_is_a_tree(self, call, files, monkeypatch):
        """On a terminal, Rich draws the same steps as a tree."""
        args = ["explain", "index", "shijingshan", files / "data.csv", "--subject", "003", "--period", "2023Q2"]
        monkeypatch.setattr("communitygov.cli.explain.on_terminal", lambda: True)
        assert "├── Operation" in call(*args).out

    def test_who_is_not_there_is_said(self, call, files):
        """A subject or a period without a row names the nearest that has one."""
        args = ["explain", "index", "shijingshan", files / "data.csv"]
        done = call(*args, "--subject", "03", "--period", "2023Q2")
        assert (done.code, "did you mean `003`" in done.err) == (1, True)
        assert call(*args, "--subject", "003", "--period", "2023").code == 2
        assert json.loads(call(*args, "--subject", "003", "--period", "x", "--json").err)["problems"]


def _spoilt(rows, row, column, text):
    table = [list(one) for one in rows]
    table[row][column] = text
    return table


class TestMistakes:
    """No mistake in a file is a traceback; each is said with file, row and column where there is one."""

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("abc", "found `abc`"),
            ("85.123", "at most 1 decimals"),
            ("1,5", "found `1,5`"),
            ("NaN", "found `NaN`"),
            ("1e3", "found `1e3`"),
            ("x" * 100, "found `" + "x" * 40 + "...`"),
        ],
    )
    def test_a_bad_cell_is_located(self, call, write_csv, rows, tmp_path, text, said):
        """A cell that is not of its column's kind is file:row:column."""
        file = write_csv(tmp_path / "d.csv", _spoilt(rows, 3, 4, text))
        done = call("score", "shijingshan", file)
        assert done.code == 1
        assert f"{file}:4:5: bad-cell: " in done.err
        assert said in done.err

    def test_many_bad_cells_are_counted(self, call, write_csv, rows, tmp_path):
        """The first twenty are named, the rest counted."""
        table = [rows[0], *([*row[:2], *(["?"] * (len(row) - 2))] for row in rows[1:3])]
        done = call("score", "shijingshan", write_csv(tmp_path / "d.csv", table))
        assert done.err.count("bad-cell: ") == 20
        assert "40 more cells" in done.err

    def test_a_bad_period_and_a_missing_value_are_named(self, call, write_csv, rows, tmp_path):
        """A period that is none is located; an empty cell is missing, by subject and period."""
        done = call("score", "shijingshan", write_csv(tmp_path / "p.csv", _spoilt(rows, 1, 1, "2022-Q1")))
        assert f"{tmp_path / 'p.csv'}:2:2: bad-cell" in done.err
        done = call("score", "shijingshan", write_csv(tmp_path / "m.csv", _spoilt(rows, 1, 2, "")))
        assert "missing-value" in done.err
        assert "001 2022Q1" in done.err

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"", "empty-table"),
            (b"\n\n", "empty-table"),
            (b"subject,period\n\xff\xfe,2022Q1\n", "not-in-encoding"),
            (b'subject,period\n"open,2022Q1\n', "bad-csv"),
            (b"subject,,x\n1,2,3\n", "column-without-name"),
            (b"subject,subject\n1,2\n", "repeated-column"),
            (b"subject,period\n1\n", "ragged-row"),
            (b"subject,perod\n1,2\n", "unknown-column"),
            (b"subject\x00,period\n", "unknown-column"),
        ],
    )
    def test_a_bad_csv_is_said(self, call, tmp_path, content, code):
        """What is no table is named, with the line where there is one."""
        (tmp_path / "d.csv").write_bytes(content)
        done = call("score", "shijingshan", tmp_path / "d.csv")
        assert done.code == 1
        assert code in done.err

    def test_another_file_than_the_one_meant_names_its_columns_only(self, call, files):
        """Where columns have no place, their names are said, and not every cell in them."""
        done = call("score", "shijingshan", files / "scored.csv")
        assert done.code == 1
        assert "unknown-column" in done.err
        assert "bad-cell" not in done.err

    @pytest.mark.parametrize("name", ["d.parquet", "d.xlsx"])
    def test_a_file_that_is_not_what_it_is_called_is_said(self, call, tmp_path, name):
        """Text under the name of a workbook or of Parquet is an error with the file's name."""
        (tmp_path / name).write_text("subject,period\n")
        done = call("score", "shijingshan", tmp_path / name)
        assert done.code == 1
        assert str(tmp_path / name) in done.err

    def test_parquet_with_another_kind_of_column_is_said(self, call, tmp_path):
        """Parquet keeps its kinds; numbers for subjects are an error of the column."""
        pl.DataFrame({"subject": [1], "period": ["2022Q1"]}).write_parquet(tmp_path / "d.parquet")
        assert "wrong-column-type" in call("score", "shijingshan", tmp_path / "d.parquet").err

    @pytest.mark.parametrize(
        ("args", "code"),
        [
            (["nowhere.csv"], "unreadable-file"),
            (["data.txt"], "unknown-suffix"),
            (["."], "unknown-suffix"),
            (["folder.csv"], "unreadable-file"),
            (["data.csv", "--encoding", "klingon"], "unknown-encoding"),
            (["data.csv", "-o", "out.doc"], "unknown-suffix"),
            (["data.csv", "-o", "no/such/folder.csv"], "no-folder"),
            (["data.csv", "-o", "no/such/folder.parquet"], "no-folder"),
            (["data.csv", "-o", "no/such/folder.xlsx"], "no-folder"),
            (["data.csv", "--index", "quality"], "unknown-name"),
        ],
    )
    def test_a_wrong_call_ends_with_2(self, call, files, monkeypatch, tmp_path, args, code):
        """Files that cannot be read or written, and names that are none, are one line each."""
        monkeypatch.chdir(tmp_path)
        (tmp_path / "data.csv").write_bytes((files / "data.csv").read_bytes())
        (tmp_path / "data.txt").write_text("")
        (tmp_path / "folder.csv").mkdir()
        done = call("score", "shijingshan", *args)
        assert done.code == 2
        assert code in done.err
        assert len(done.err.splitlines()) == 1

    def test_what_an_encoding_cannot_say_is_said(self, call, write_csv, files, tmp_path):
        """Chinese in an encoding without Chinese is an error, not a question mark."""
        rows = [line.split(",") for line in (files / "data.csv").read_text("utf-8").splitlines()]
        file = write_csv(tmp_path / "d.csv", [rows[0], *([f"社区{row[0]}", *row[1:]] for row in rows[1:])])
        scored = tmp_path / "s.parquet"
        assert call("score", "shijingshan", file, "-o", scored).code == 0
        done = call(
            "certify", "shijingshan", scored, "--year", "2022", "-o", tmp_path / "x.csv", "--encoding", "latin-1"
        )
        assert "not-encodable" in done.err
        done = call("certify", "shijingshan", scored, "--year", "2022", "-o", "-", "--encoding", "latin-1")
        assert "not-encodable" in done.err

    def test_a_year_without_scores_and_a_tier_that_is_none_are_said(self, call, write_csv, files, tmp_path):
        """The years that there are, and the tiers that there are, are named."""
        args = ["certify", "shijingshan", files / "scored.csv", "--year"]
        assert "it has 2022, 2023" in call(*args, "2025").err
        holders = write_csv(tmp_path / "h.csv", [["subject", "year", "tier"], ["001", "2021", "six_star"]])
        done = call(*args, "2022", "--holders", holders)
        assert "unknown-tier: holders of tiers that the rule does not have: 1 (six_star)" in done.err
        assert "did you mean `" in done.err
        assert call(*args, "2022", "--holders", holders, "--json").json["former"] == [
            {"subject": "001", "year": 2021, "tier": "six_star"}
        ]
        assert "not-in-force" in call(*args, "2020").err

    def test_an_extra_that_is_not_installed_is_named(self, call, files, monkeypatch, tmp_path):
        """Without the extra for workbooks, the error says what to install."""
        (tmp_path / "d.xlsx").write_bytes(b"")
        monkeypatch.setitem(__import__("sys").modules, "fastexcel", None)
        monkeypatch.setitem(__import__("sys").modules, "xlsxwriter", None)
        assert "communitygov[excel]" in call("score", "shijingshan", tmp_path / "d.xlsx").err
        done = call("template", "shijingshan", "-o", tmp_path / "t.xlsx")
        assert (done.code, "communitygov[excel]" in done.err) == (2, True)


class TestCells:
    """Every kind of column is read from text, exactly."""

    def test_each_kind_is_read_and_refused(self, write_csv, tmp_path):
        """Whole numbers, scores, numbers, flags, periods and text become what they say; nothing is guessed."""
        kinds = ("whole", "score", "number", "flag", "period", "any")
        said = Title(zh="", en="")
        columns = [Column(kind, kind, said, decimals=2 if kind == "score" else None) for kind in kinds]
        table = Table(said, tuple(columns), ())
        good = [["7", "8.50", "1.5e3", "是", "2023Q1", "007"], ["-7", "8", ".5", "No", "2023", ""]]
        frame = read_frame(write_csv(tmp_path / "good.csv", [list(kinds), *good]), table)
        assert frame.rows() == [(7, 850, 1500.0, True, "2023Q1", "007"), (-7, 800, 0.5, False, "2023", None)]
        bad = ["1.0", "8.505", "1e9999", "maybe", "2023Q5", "x"]
        with pytest.raises(DataError) as error:
            read_frame(write_csv(tmp_path / "bad.csv", [list(kinds), bad]), table)
        assert [problem.path for problem in error.value.problems] == ["whole", "score", "number", "flag", "period"]

    def test_a_spreadsheets_noise_is_not_taken_for_digits(self, tmp_path):
        """A workbook keeps fifteen digits; what its floats add behind them is dropped, text and codes are not."""
        import xlsxwriter

        table = Table(Title(zh="", en=""), (Column("x", "number", Title(zh="", en=""), decimals=1),), (), open=True)
        with xlsxwriter.Workbook(tmp_path / "x.xlsx") as book:
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, ["x", "code"])
            sheet.write_number(1, 0, 85.3 + 1e-14)
            sheet.write_string(1, 1, "110107001001.000000000")
            sheet.write_number(2, 0, 70)
            sheet.write_string(2, 1, "v1.2-long-and-no-number")
        frame = read_frame(tmp_path / "x.xlsx", table)
        assert frame.rows() == [(85.3, "110107001001.000000000"), (70.0, "v1.2-long-and-no-number")]


class TestHolders:
    def test_a_workbook_of_stars_is_what_the_next_year_takes(self, call, files, tmp_path):
        """Rows without a tier are empty cells, and are left out when the file is read as holders."""
        stars = tmp_path / "stars.xlsx"
        assert call("certify", "shijingshan", files / "scored.csv", "--year", "2022", "-o", stars).code == 0
        args = ["certify", "shijingshan", files / "scored.csv", "--year", "2023", "--json", "--holders"]
        assert call(*args, stars).json == call(*args, files / "stars-2022.csv").json

    def test_a_period_that_is_none_in_parquet_is_said(self, call, files, tmp_path):
        """Parquet keeps its texts; one that is no period is an error of the data."""
        frame = pl.read_csv(files / "scored.csv", infer_schema=False)
        frame = frame.with_columns(pl.col("score", "maximum").cast(pl.Float64), period=pl.lit("soon"))
        frame.write_parquet(tmp_path / "s.parquet")
        done = call("certify", "shijingshan", tmp_path / "s.parquet", "--year", "2022")
        assert (done.code, "soon" in done.err) == (1, True)
