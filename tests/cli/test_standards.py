"""`communitygov standards check`: who misses what by how much, and what was not measured."""

from pathlib import Path

import pytest


@pytest.fixture
def workers(tmp_path: Path) -> str:
    file = tmp_path / "workers.csv"
    file.write_text("year,trained\n2022,true\n2022,true\n2022,false\n", encoding="utf-8")
    return f"workers={file}"


def test_a_file_twice_and_numbers_of_a_csv(call, tmp_path, monkeypatch):
    """Neither of two files of one name is dropped in silence; what a CSV says in numbers is measured."""
    monkeypatch.chdir(tmp_path)
    Path("c.csv").write_text("year,community,office_area\n2020,A,360.0\n2020,B,339.5\n", encoding="utf-8")
    asked = ("standards", "check", "chaoyang", "communities=c.csv", "--at", "2021")
    done = call(*asked)
    assert (done.code, "met 1, missed 1" in done.out, "10.5" in done.out) == (1, True, True)
    assert "two files are given for communities" in call(*asked[:4], "communities=c.csv", "--at", "2021").err


class TestCheck:
    def test_what_is_missed_is_told_in_both_languages(self, call, workers):
        """With its distance, unit and clause, and exit code 1; what lacks data is listed as not measured."""
        done = call("standards", "check", "qufu", workers)
        assert done.code == 1
        assert "missed 1" in done.out
        assert "1/3" in done.out
        assert "The four haves: there are no data `compound_haves`" in done.out
        assert (
            "“四有”：没有数据 `compound_haves`" in call("standards", "check", "qufu", workers, lang="zh_CN.UTF-8").out
        )

    def test_what_is_met_is_counted_and_listed_on_request(self, call, tmp_path):
        """Exit code 0 if nothing is missed."""
        file = tmp_path / "s.csv"
        file.write_text("year,topic\n2022,grass_roots\n", encoding="utf-8")
        done = call("standards", "check", "qufu", f"sessions={file}")
        assert (done.code, "met 1, missed 0" in done.out, "QF-26" in done.out) == (0, True, False)
        assert "QF-26" in call("standards", "check", "qufu", f"sessions={file}", "--all").out

    def test_it_is_written_and_printed_for_machines(self, call, workers, tmp_path):
        """As CSV and as JSON, with what was not measured."""
        call("standards", "check", "qufu", workers, "-o", str(tmp_path / "out.csv"))
        assert 'all_trained,standard,workers_trained,"",2022,2,3,false,1/3' in (tmp_path / "out.csv").read_text("utf-8")
        found = call("standards", "check", "qufu", workers, "--json").json
        assert [row["missed_by"] for row in found["rows"]] == ["1/3"]
        assert "four_haves" in {one["expectation"] for one in found["unmeasured"]}

    def test_wrong_calls_are_answered(self, call, workers):
        """A file without the name of its data, and a name that no measure has."""
        assert "unnamed-data" in call("standards", "check", "qufu", workers.partition("=")[2]).err
        done = call("standards", "check", "qufu", workers.replace("workers=", "worker="))
        assert "did you mean `workers`" in done.err
