"""`communitygov disclosures`: who is in order, what is wanting, why, and for machines."""

from pathlib import Path

import pytest

HEAD = "subject,item,first,last\n"
ITEMS = ("content", "organisation", "funding", "responsible_member")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("projects.csv").write_text("subject\ngarden\n", encoding="utf-8")
    rows = "".join(f"garden,{item},2024-05-06,\n" for item in ITEMS)
    Path("all.csv").write_text(HEAD + rows, encoding="utf-8")
    Path("some.csv").write_text(HEAD + "garden,content,2024-05-06,2024-05-09\n", encoding="utf-8")
    return tmp_path


def asked(record, *more):
    """Return the command for a record of postings."""
    return ("disclosures", "baoji", "projects.csv", record, "--on", "2024-06-01", *more)


@pytest.mark.usefixtures("here")
class TestDisclosures:
    def test_a_project_in_order(self, call):
        """The exit code is 0, and nothing is listed as wanting."""
        done = call(*asked("all.csv"))
        assert (done.code, done.out.splitlines()[-1].split()) == (0, ["garden", "true"])

    def test_what_is_wanting_is_listed(self, call):
        """In words of the language asked for; the exit code is 1."""
        done = call(*asked("some.csv"))
        assert done.code == 1
        assert [line.rsplit("  ", 2)[0].rstrip() for line in done.out.splitlines()[-3:]] == [
            "garden   Source of its money                      not public",
            "garden   Social organisation that carries it out  not public",
            "garden   Party member responsible                 not public",
        ]
        said = call(*asked("some.csv"), lang="zh_CN.UTF-8").out
        assert "项目经费来源" in said
        assert "未公开" in said

    def test_one_is_explained(self, call):
        """With the clause, and as a page of its own."""
        done = call(*asked("some.csv", "--subject", "garden", "--html", "why.html"))
        assert "[BAO-03]" in done.out
        assert "up from 2024-05-06 to 2024-05-09: 4 days" in done.out
        assert (done.code, call(*asked("all.csv", "--subject", "garden")).code) == (1, 0)
        assert "BAO-03" in Path("why.html").read_text("utf-8")

    def test_for_machines(self, call):
        """Items and subjects; and a table in a file."""
        told = call(*asked("some.csv", "--json")).json
        assert told["subjects"] == [{"subject": "garden", "in_order": "false", "met": 1, "wanting": 3, "open": 0}]
        assert {row["state"] for row in told["rows"]} == {"met", "missing"}
        assert call(*asked("some.csv", "-o", "items.csv")).code == 1
        assert Path("items.csv").read_text("utf-8").count("missing") == 3

    def test_all_that_is_wrong_is_told_at_once(self, call):
        """A subject that there is not, with the nearest, beside a day that is none; and a profile that asks nothing."""
        Path("odd.csv").write_text(HEAD + "garten,content,2024-05-06,\ngarden,content,2024-05-40,\n", encoding="utf-8")
        said = call(*asked("odd.csv")).err
        assert "did you mean `garden`" in said
        assert "posting-without-day" in said
        done = call("disclosures", "shijingshan", "projects.csv", "all.csv", "--on", "2024-06-01")
        assert (done.code, "none-there: shijingshan has no disclosures" in done.err) == (2, True)

    def test_a_day_that_is_none_and_one_to_come(self, call):
        """Each is named."""
        assert "--on must be a day" in call(*asked("some.csv", "--on", "soon")).err
        assert "posting-to-come" in call(*asked("some.csv", "--on", "2024-05-01")).err
