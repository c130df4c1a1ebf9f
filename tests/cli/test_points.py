"""`communitygov points`: balances, statements, and a ledger that only appends."""

from pathlib import Path

import pytest

HEAD = "entry,account,holder,on,what\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rows = "1,A,unit,2022-05-06,unit_reports_in\n2,B,member,2022-05-07,unit_reports_in\n"
    Path("entries.csv").write_text(HEAD + rows, encoding="utf-8")
    return tmp_path


@pytest.mark.usefixtures("here")
class TestPoints:
    def test_what_the_text_does_not_give_is_not_known(self, call):
        """QF-18 gives no numbers: the unit's balance is not known, and a member does not earn as a unit."""
        out = call("points", "qufu", "entries.csv").out
        assert [line.split(maxsplit=1) for line in out.splitlines()[2:]] == [["A", "not known"], ["B", "0"]]
        assert "未知" in call("points", "qufu", "entries.csv", lang="zh_CN.UTF-8").out

    def test_a_statement_cites_the_clause(self, call):
        """With what became of each entry."""
        out = call("points", "qufu", "entries.csv", "--account", "B").out
        assert "[QF-18]" in out
        assert "not for this kind of account" in out

    def test_it_is_written_and_printed_for_machines(self, call, here):
        """Each entry with its points and reason."""
        call("points", "qufu", "entries.csv", "-o", "ledger.csv")
        assert (here / "ledger.csv").read_text("utf-8").splitlines()[2].endswith("unit_reports_in,0,not_for_such,0")
        assert [row["reason"] for row in call("points", "qufu", "entries.csv", "--json").json["rows"]] == [
            "not_known",
            "not_for_such",
        ]

    def test_a_changed_past_is_refused(self, call):
        """Entries that were only added are in order."""
        Path("before.csv").write_text(HEAD + "1,A,unit,2022-05-06,unit_reports_in\n", encoding="utf-8")
        assert call("points", "qufu", "entries.csv", "--before", "before.csv").code == 0
        Path("before.csv").write_text(HEAD + "1,C,unit,2022-05-06,unit_reports_in\n", encoding="utf-8")
        done = call("points", "qufu", "entries.csv", "--before", "before.csv")
        assert (done.code, "entry-changed" in done.err) == (1, True)
