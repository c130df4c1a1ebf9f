"""The READMEs' reform does what they say, and their links lead somewhere; test_blocks.py tries their blocks."""

import re
import tomllib
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
    def test_the_reform_does_what_it_says(self, readme: str, tmp_path: Path) -> None:
        """The printed reform cuts the share of four stars and more to the 25% of its title, and misses the target."""
        (reform,) = re.findall(r"^```yaml\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
        file = tmp_path / "stricter.yaml"
        file.write_text(reform, encoding="utf-8")
        rules = communitygov.load_profile("shijingshan").at(2024, reforms=[communitygov.read_reform(file)])
        assert rules.find("certification.quality_star.tiers.four_star.share").text() == "25%"
        call = ["simulate", "shijingshan", "--from", "2022", "--to", "2026", "--draws", "20", "--reform", str(file)]
        said = CliRunner().invoke(app, [*call, "--lang", "en"]).output
        (target,) = [line for line in said.splitlines() if "SJS-26" in line]
        assert target.split()[-2:] == ["100%", "0%"]

    def test_every_link_leads_somewhere(self, readme: str) -> None:
        """A page or a picture that is linked to is there."""
        links = re.findall(r"\]\(([^)#]+)\)", readme)
        assert links
        assert [link for link in links if not (ROOT / link).exists()] == []

    def test_what_is_installed_from_folders_finds_what_it_needs(self, readme: str) -> None:
        """A profile that extends another is installed together with it: neither is on an index."""
        (line,) = re.findall(r"^pip install .*$", readme, re.MULTILINE)
        folders = [ROOT / word.strip("'").partition("[")[0] for word in line.split()[2:]]
        projects = [tomllib.loads((one / "pyproject.toml").read_text(encoding="utf-8"))["project"] for one in folders]
        ours = {project["name"] for project in projects}
        needed = {re.split(r"[><=\[]", one)[0] for project in projects for one in project["dependencies"]}
        assert {one for one in needed if one.startswith("communitygov")} <= ours
