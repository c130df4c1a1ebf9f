"""`communitygov meeting`: which meetings are in order, what came of their votes, and the minutes of one."""

from pathlib import Path

import pytest

CALL = ("meeting", "qufu", "meetings.csv", "motions.csv", "--deliberation", "council")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("meetings.csv").write_text("meeting,body,on\n1,A,2022-03-01\n2,A,2022-04-01\n", encoding="utf-8")
    Path("motions.csv").write_text("motion,meeting,outcome\nlamp,1,passed\nlift,2,passed\n", encoding="utf-8")
    Path("reports.csv").write_text("motion,meeting,evaluated\nlamp,2,true\n", encoding="utf-8")
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
        assert "item that it owes, lamp (passed)" in out
        assert "QF-23" in out
        assert "not reported on" in (here / "record.html").read_text("utf-8")

    def test_it_is_written_and_printed_for_machines(self, call, here):
        """Motions as CSV, all frames as JSON."""
        call(*CALL, "-o", "out.csv")
        assert (here / "out.csv").read_text("utf-8").splitlines()[2] == "lift,2,invalid,meeting_not_in_order,passed,"
        assert [row["in_order"] for row in call(*CALL, "--json").json["meetings"]] == ["true", "false"]

    def test_another_reading_asks_again(self, call):
        """QF-23: what was left out once is owed until it is reported on, or is not: the text does not say."""
        with Path("meetings.csv").open("a", encoding="utf-8") as file:
            file.write("3,A,2022-05-01\n")
        until = call(*CALL, "--reading", "unreported_items=until_reported", "--json").json["meetings"]
        once = call(*CALL, "--json").json["meetings"]
        assert ([row["in_order"] for row in once], [row["in_order"] for row in until]) == (
            ["true", "false", "true"],
            ["true", "false", "false"],
        )


VOTED = ("meeting", "qufu", "meetings.csv", "motions.csv", "--deliberation", "council", "--reports", "reports.csv")
VOTED += ("--register", "register.csv", "--ballots", "ballots.csv", "--law", "cn_law", "--rule", "collective_council")


@pytest.mark.usefixtures("here")
class TestVotes:
    """Outcomes from register and ballots, by a rule of another profile, of the day of each meeting."""

    @pytest.fixture(autouse=True)
    def votes(self, here):
        Path("meetings.csv").write_text("meeting,body,on\n1,A,2025-05-06\n2,A,2025-06-06\n", encoding="utf-8")
        Path("register.csv").write_text("body,member\n" + "".join(f"A,m{n}\n" for n in range(5)), encoding="utf-8")
        rows = [f"lamp,m{n},yes" for n in range(5)] + [f"lift,m{n},{'yes' if n < 2 else 'no'}" for n in range(4)]
        Path("ballots.csv").write_text("motion,member,choice\n" + "\n".join(rows) + "\n", encoding="utf-8")

    def test_what_was_announced_otherwise_is_told(self, call):
        """Two of five are no majority, and `passed` was announced; the exit code is 1."""
        done = call(*VOTED)
        assert (done.code, "rejected" in done.out, "differs" in done.out) == (1, True, True)
        rows = call(*VOTED, "--json").json["rows"]
        assert [(row["motion"], row["outcome"], row["differs"]) for row in rows] == [
            ("lamp", "passed", False),
            ("lift", "rejected", True),
        ]

    @pytest.mark.parametrize(
        ("lang", "words"),
        [
            ("en_US.UTF-8", ["# Minutes: meeting 2 of A, 2025-06-06", "## Motion lift: rejected", "answered for"]),
            ("zh_CN.UTF-8", ["# 会议记录：A 2025-06-06 会议 2", "## 议题 lift：未通过", "已通报"]),
        ],
    )
    def test_minutes_are_written_in_both_languages(self, call, here, lang, words):
        """As Markdown and HTML, with every share and its numbers."""
        for suffix in ("md", "html"):
            done = call(*VOTED, "--meeting", "2", "--minutes", f"minutes.{suffix}", lang=lang)
            assert done.code == 1  # lift was announced otherwise, and was put at that meeting
        text, page = (here / "minutes.md").read_text("utf-8"), (here / "minutes.html").read_text("utf-8")
        for word in words:
            assert word in text
            assert word.lstrip("# ") in page
        assert "| 2 | 5 |" in text
        assert "<td>2</td><td>5</td>" in page
        assert page.startswith(f'<!doctype html>\n<html lang="{"en" if lang == "en_US.UTF-8" else "zh-CN"}">')
        assert '<meta charset="utf-8">' in page
        assert call(*VOTED, "--meeting", "1").code == 0

    def test_minutes_are_a_frame(self, call, here):
        """One row for each step of the record."""
        call(*VOTED, "--meeting", "2", "--minutes", "minutes.csv")
        lines = (here / "minutes.csv").read_text("utf-8").splitlines()
        assert lines[0] == "at,value,title_zh,title_en,text_zh,text_en,clauses"
        places = [line.partition(",")[0] for line in lines[1:]]
        assert places[:3] == ["meeting", "meeting/item.lamp", "meeting/motion.lift"]

    @pytest.mark.parametrize(
        ("more", "code"),
        [(("--minutes", "minutes.md"), "which-meeting"), (("--on", "soon"), "bad-period")],
    )
    def test_a_wrong_call_says_what_is_missing(self, call, more, code):
        """Minutes are of one meeting; a day is a day."""
        done = call(*VOTED, *more)
        assert (done.code, code in done.err) == (2, True)

    def test_ballots_that_do_not_count_are_listed(self, call):
        """With the reason, in either language; and what is due, and how it stands."""
        reform = "reform: more\nchanges:\n  deliberation:\n    council:\n      carry_out_days: 10\n"
        reform += "      voting: {recused: stays}\n"
        Path("more.yaml").write_text(reform, encoding="utf-8")
        Path("recusals.csv").write_text("motion,member\nlamp,m0\n", encoding="utf-8")
        done = call(*VOTED, "--recusals", "recusals.csv", "--reform", "more.yaml", "--on", "2025-06-01")
        assert "recused" in done.out
        assert "2025-05-16" in done.out
