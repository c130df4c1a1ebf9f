"""`communitygov funding`: what each unit gets, why, and what a reform changes for whom."""

from pathlib import Path

import pytest

UNITS = "unit,kind,part_of\nc1,community,\nb1,branch,c1\nb2,branch,c1\n"
REFORM = "reform: more\nchanges:\n  funding:\n    branch: {each: 5000}\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("units.csv").write_text(UNITS, encoding="utf-8")
    Path("more.yaml").write_text(REFORM, encoding="utf-8")
    return tmp_path


@pytest.mark.usefixtures("here")
class TestFunding:
    def test_sums_are_printed_in_both_languages(self, call):
        """Each funding's units, amount and money, and what it takes in all."""
        assert "in all 360000 yuan" in call("funding", "qufu", "units.csv").out
        assert "共需 360000 元" in call("funding", "qufu", "units.csv", lang="zh_CN.UTF-8").out

    def test_a_reform_shows_who_gets_more(self, call, here):
        """As a table, as JSON with exact amounts, as a picture, and written to a file."""
        done = call("funding", "qufu", "units.csv", "--reform", "more.yaml", "--picture", "more.svg", "-o", "out.csv")
        assert done.code == 0
        assert [line.split()[-1] for line in done.out.splitlines() if line.startswith("b")] == ["2000", "2000"]
        assert "who gets more or less" in (here / "more.svg").read_text(encoding="utf-8")
        assert (here / "out.csv").read_text(encoding="utf-8").splitlines()[1] == "b1,branch,c1,branch,5000,true"
        found = call("funding", "qufu", "units.csv", "--reform", "more.yaml", "--json").json
        assert [row["difference"] for row in found["changed"]] == [2000, 2000]
        assert {total["funding"]: total["amount"] for total in found["totals"]}["branch"] == 10000

    def test_a_reading_that_moves_no_amount_says_so(self, call):
        """On top instead of inside: nobody gets more or less, and it takes more in all."""
        out = call("funding", "qufu", "units.csv", "--reading", "branch_money=third_fund").out
        assert "nobody gets more or less" in out
        assert "in all 366000 yuan" in out

    def test_one_unit_is_explained(self, call):
        """With the clause and the line of the document."""
        out = call("funding", "qufu", "units.csv", "--unit", "b1").out
        assert "3000 yuan for each: 3000, paid out of service" in out
        assert "[QF-25]" in out
        assert "funding.yaml:" in out

    def test_what_is_missing_is_said(self, call):
        """A project without an amount has none, and the sum is not known; one over the pool is told."""
        Path("projects.csv").write_text("unit,kind,way,amount\np,project,award,\n", encoding="utf-8")
        assert "in all not known yuan" in call("funding", "baoji", "projects.csv").out
        Path("projects.csv").write_text("unit,kind,way,amount\np,project,award,16000001\n", encoding="utf-8")
        assert "`service_projects` exceeds its pool by 1" in call("funding", "baoji", "projects.csv").out

    def test_wrong_calls_are_answered(self, call):
        """A profile without formulas, a column that a formula needs, and a unit that there is not."""
        assert "no-funding" in call("funding", "beijing", "units.csv").err
        Path("projects.csv").write_text("unit,kind\np,project\n", encoding="utf-8")
        done = call("funding", "baoji", "projects.csv")
        assert (done.code, "has no column `amount`" in done.err) == (1, True)
        assert "did you mean `b1`" in call("funding", "qufu", "units.csv", "--unit", "b11").err
