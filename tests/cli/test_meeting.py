"""`communitygov meeting`: which meetings are in order, and the record of one."""

from pathlib import Path

import pytest

CALL = ("meeting", "qufu", "meetings.csv", "motions.csv", "--deliberation", "council")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("meetings.csv").write_text("meeting,body,on\n1,A,2022-03-01\n2,A,2022-04-01\n", encoding="utf-8")
    Path("motions.csv").write_text("motion,meeting,outcome\nlamp,1,passed\nlift,2,passed\n", encoding="utf-8")
    Path("reports.csv").write_text("motion,meeting\nlamp,2\n", encoding="utf-8")
    return tmp_path


@pytest.mark.usefixtures("here")
class TestMeeting:
    def test_what_is_unreported_is_told_in_both_languages(self, call):
        """QF-23: the second meeting left the lamp unreported, and decides nothing; the exit code is 1."""
        done = call(*CALL)
        assert done.code == 1
        assert "its meeting is not in order" in done.out
        assert "会议不合规" in call(*CALL, lang="zh_CN.UTF-8").out

    def test_a_report_puts_it_in_order(self, call):
        """And the exit code is 0."""
        done = call(*CALL, "--reports", "reports.csv")
        assert (done.code, "no valid outcome" in done.out) == (0, False)

    def test_the_record_of_one_meeting_is_printed_and_written(self, call, here):
        """With the item of the last one, its clauses, and as HTML."""
        out = call(*CALL, "--meeting", "2", "--html", "record.html").out
        assert "item of the last meeting, lamp (passed)" in out
        assert "QF-23" in out
        assert "not reported on" in (here / "record.html").read_text("utf-8")

    def test_it_is_written_and_printed_for_machines(self, call, here):
        """Motions as CSV, both frames as JSON."""
        call(*CALL, "-o", "out.csv")
        assert (here / "out.csv").read_text("utf-8").splitlines()[2] == "lift,2,invalid,meeting_not_in_order"
        assert [row["in_order"] for row in call(*CALL, "--json").json["meetings"]] == ["true", "false"]
