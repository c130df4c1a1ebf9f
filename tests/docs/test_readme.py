"""What the READMEs print beside their Python works as well: the reform, its command, the make targets."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

import communitygov
from communitygov.cli.app import app

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=["README.md", "README.zh-CN.md"])
def readme(request: pytest.FixtureRequest) -> str:
    return (ROOT / request.param).read_text(encoding="utf-8")


class TestReadme:
    def test_the_reform_and_its_command_run(self, readme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The printed reform cuts the share of five stars, and the printed command simulates it."""
        (reform,) = re.findall(r"^```yaml\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
        monkeypatch.chdir(tmp_path)
        Path("stricter.yaml").write_text(reform, encoding="utf-8")
        rules = communitygov.load_profile("shijingshan").at(2024, reforms=[communitygov.read_reform("stricter.yaml")])
        assert rules.find("certification.quality_star.tiers.five_star.share").text() == "5%"
        (command,) = re.findall(r"^communitygov .+$", readme, re.MULTILINE)
        result = CliRunner().invoke(app, [*shlex.split(command)[1:], "--draws", "2"])
        assert result.exit_code == 0, result.output

    def test_every_make_target_exists(self, readme: str) -> None:
        """What a reader is told to make, the Makefile makes."""
        targets = re.findall(r"^make (\w+)", readme, re.MULTILINE)
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        assert targets
        assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)

    def test_every_link_leads_somewhere(self, readme: str) -> None:
        """A page or a picture that is linked to is there."""
        links = re.findall(r"\]\(([^)#]+)\)", readme)
        assert links
        assert [link for link in links if not (ROOT / link).exists()] == []
