"""`communitygov decisions`: outcomes, why, and what another rule would have turned."""

from pathlib import Path

import polars as pl
import pytest

LAW = ("decisions", "cn_law", "owners_ordinary", "--at", "2024-05-06")
REFORM = """\
reform: half
changes:
  decisions:
    owners_ordinary:
      quorum: {all_of: {heads: {at_least: 1/2}, area: {at_least: 1/2}}}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ninety owners of one unit each; 59 come to the lift and say yes, 80 to the paint."""
    monkeypatch.chdir(tmp_path)
    owners = [f"o{n:02}" for n in range(90)]
    register = pl.DataFrame({"matter": ["lift"] * 90 + ["paint"] * 90, "member": owners * 2, "area": [10000] * 180})
    register.write_csv("register.csv")
    choices = ["yes"] * 41 + ["no"] * 30 + ["abstain"] * 9
    ballots = {
        "matter": ["lift"] * 59 + ["paint"] * 80,
        "member": owners[:59] + owners[:80],
        "choice": ["yes"] * 59 + choices,
    }
    pl.DataFrame(ballots).write_csv("ballots.csv")
    Path("half.yaml").write_text(REFORM, encoding="utf-8")
    return tmp_path


VOTES = ("--register", "register.csv", "--ballots", "ballots.csv")


@pytest.mark.usefixtures("here")
class TestDecisions:
    def test_outcomes_and_flags_are_told_in_both_languages(self, call):
        """The lift fails for want of one who comes, and that is flagged; the paint passes."""
        out = call(*LAW, *VOTES).out
        assert "article 278 II: passed 1, rejected 1, undetermined 0" in out
        assert "no_show" in out
        assert "未通过 1" in call(*LAW, *VOTES, lang="zh_CN.UTF-8").out

    def test_a_changed_quorum_shows_what_it_would_have_turned(self, call):
        """A half of the heads in place of two thirds: the lift passes. What turns is in JSON too."""
        out = call(*LAW, *VOTES, "--reform", "half.yaml").out
        assert out.splitlines()[-1].split() == ["lift", "rejected", "passed"]
        found = call(*LAW, *VOTES, "--reform", "half.yaml", "--json").json
        assert [(row["matter"], row["failed"]) for row in found["turned"]] == [("lift", "quorum.area,quorum.heads")]

    def test_a_reform_that_turns_nothing_says_so(self, call):
        """With a quorum of the same two thirds."""
        same = Path("half.yaml").read_text("utf-8").replace("1/2", "60/90")
        Path("half.yaml").write_text(same, encoding="utf-8")
        assert "no outcome turns" in call(*LAW, *VOTES, "--reform", "half.yaml").out

    def test_one_matter_is_explained_and_drawn(self, call, here):
        """With its shares, and a picture of them that says the margins."""
        out = call(*LAW, *VOTES, "--matter", "lift", "--picture", "lift.svg").out
        assert "59 of 90 heads in all" in out
        assert "59 of 90, 60 needed: 1 short" in (here / "lift.svg").read_text("utf-8")

    def test_counts_will_do(self, call, here):
        """What counting the ballots gives is judged the same; and is written."""
        call(*LAW, *VOTES, "-o", "from-ballots.csv")
        counts = {"matter": ["lift"]}
        said = {"all": 90, "present": 59, "taking_part": 59, "yes": 59, "no": 0, "abstain": 0}
        counts |= {
            f"{name}.{key}": [value * by] for name, by in (("heads", 1), ("area", 10000)) for key, value in said.items()
        }
        pl.DataFrame(counts).write_csv("counts.csv")
        call(*LAW, "--counts", "counts.csv", "-o", "from-counts.csv")
        first, second = (Path(f"from-{name}.csv").read_text("utf-8").splitlines()[1] for name in ("ballots", "counts"))
        assert first == second
        assert "59 of 90 heads in all" in call(*LAW, "--counts", "counts.csv", "--matter", "lift").out

    def test_what_was_announced_is_audited(self, call):
        """The lift was announced as passed and is not; the exit code is 1, and 0 where all is as announced."""
        Path("announced.csv").write_text("matter,outcome\nlift,passed\npaint,passed\n", encoding="utf-8")
        done = call(*LAW, *VOTES, "--announced", "announced.csv")
        assert (done.code, done.out.splitlines()[-1].split()) == (1, ["lift", "passed", "rejected", "other_outcome"])
        assert len(call(*LAW, *VOTES, "--announced", "announced.csv", "--json").json["differences"]) == 1
        Path("announced.csv").write_text("matter,outcome\nlift,rejected\npaint,passed\n", encoding="utf-8")
        done = call(*LAW, *VOTES, "--announced", "announced.csv")
        assert (done.code, "all is as it was announced" in done.out) == (0, True)

    def test_wrong_calls_are_answered(self, call):
        """No votes, a matter that there is not, several to draw, a law that was revised."""
        assert "votes-not-given" in call(*LAW).err
        assert "did you mean `lift`" in call(*LAW, *VOTES, "--matter", "lit").err
        assert "which-matter" in call(*LAW, *VOTES, "--picture", "x.svg").err
        assert "name what is to be explained" in call(*LAW, *VOTES, "--html", "x.html").err
        assert "-o writes the table" in call(*LAW, *VOTES, "--matter", "lift", "-o", "x.csv").err
        done = call("decisions", "cn_law", "village_representatives", "--at", "2026-05-06", *VOTES)
        assert "decision-revised" in done.err
