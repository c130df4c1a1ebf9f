"""`communitygov match`: who is brought together with whom, who is not, and why."""

from pathlib import Path

import pytest

FILES = ("lefts.csv", "rights.csv", "pairs.csv")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in zip(
        FILES, ("unit\nhall\nvan\n", "unit\na\nb\nc\n", "left,right\nhall,a\nhall,b\nvan,b\n"), strict=True
    ):
        Path(name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.usefixtures("here")
class TestMatch:
    def test_pairs_and_those_without_one_are_told(self, call):
        """In both languages, with the total."""
        out = call("match", "qufu", *FILES).out
        assert "2 pairs, total 2" in out
        assert out.splitlines()[-1].split() == ["right", "c", "0", "no_pair"]
        assert "2 对，总值 2" in call("match", "qufu", *FILES, lang="zh_CN.UTF-8").out

    def test_one_pair_is_explained(self, call):
        """What the total would be without it; and how a pair is written."""
        assert "a pair: the total is 2, and 1 without it" in call("match", "qufu", *FILES, "--why", "hall=a").out
        assert "no-pair" in call("match", "qufu", *FILES, "--why", "hall").err

    def test_it_is_written_and_printed_for_machines(self, call, here):
        """Pairs as CSV, all of it as JSON."""
        call("match", "qufu", *FILES, "-o", "out.csv")
        assert (here / "out.csv").read_text("utf-8").splitlines() == ["left,right,worth", "hall,a,1", "van,b,1"]
        assert call("match", "qufu", *FILES, "--json").json["unmatched"][0]["unit"] == "c"

    def test_which_of_several_must_be_said(self, call):
        """Chaoyang has two."""
        assert "--matching" in call("match", "chaoyang", *FILES).err
        assert call("match", "chaoyang", *FILES, "--matching", "open_facilities").code == 0
