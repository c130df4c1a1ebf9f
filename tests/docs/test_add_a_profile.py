"""The walk-through for authors works as it is printed."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from communitygov.profile.reading import read_profile

PAGES = Path(__file__).resolve().parents[2] / "docs"

PAGE = PAGES / "add-a-profile.md"


def edit(name: str, old: str, new: str) -> Callable[[Path], None]:
    """Return what writes something else into a file of the installed plugin."""

    def change(site: Path) -> None:
        (file,) = site.rglob(name)
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")

    return change


def install_another(site: Path) -> None:
    """Give the same profile by a second distribution, under the name of another module."""
    info = site / "another-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: another\nVersion: 1\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[communitygov.profiles]\nmycity = another\n", encoding="utf-8")


def remove_documents(site: Path) -> None:
    """Leave the documents out, as a backend does that packs Python files only."""
    documents = list(site.rglob("*.yaml"))
    assert documents
    for file in documents:
        file.unlink()


BROKEN: dict[str, Callable[[Path], None]] = {
    "unknown-hook": edit("__init__.py", "def communitygov_profile", "def communitygov_profil"),
    "hook-not-marked": edit("__init__.py", "@hookimpl\n", ""),
    "no-hook": edit("__init__.py", "@hookimpl\ndef communitygov_profile", "def profile"),
    "no-folder": edit("__init__.py", "Path(__file__).parent", 'Path("/nowhere")'),
    "plugin-broken": edit("__init__.py", "from pathlib import", "from pathlibb import"),
    "no-documents": remove_documents,
    "repeated-profile": install_another,
    "other-api": edit("profile.yaml", "api: 1", "api: 2"),
    "other-name": edit("profile.yaml", "id: mycity", "id: my_city"),
}
"""How a plugin is broken so that a problem of the page's table comes up."""


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (PAGES / page).read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.unmeasured
class TestAddAProfile:
    def test_the_printed_documents_make_a_profile(self, tmp_path):
        """The documents of the page load, and rules of the first day come out."""
        documents, interpretation, *_ = blocks("add-a-profile.md", "yaml")
        (tmp_path / "profile.yaml").write_text(documents, encoding="utf-8")
        rules = read_profile(tmp_path).at("2024H1")
        assert rules.certification["model_community"].ties == "in"
        (tmp_path / "profile.yaml").write_text(documents.replace("    ties: in\n", ""), encoding="utf-8")
        (tmp_path / "interpretations.yaml").write_text(interpretation, encoding="utf-8")
        profile = read_profile(tmp_path)
        assert profile.at(2024).certification["model_community"].ties == "in"
        assert profile.at(2024, readings={"ties": "out"}).certification["model_community"].ties == "out"

    def test_the_printed_plugin_is_one(self):
        """The module of the page gives the hook that it must."""
        (plugin,) = blocks("add-a-profile.md", "python")
        names: dict[str, object] = {"__file__": "plugin.py"}
        exec(compile(plugin, "plugin.py", "exec"), names)  # noqa: S102 - it is our own page
        hook = names["communitygov_profile"]
        assert hook() == Path()
        assert hook.communitygov_impl["specname"] is None

    @pytest.mark.parametrize("code", BROKEN)
    def test_a_broken_plugin_is_named_and_leaves_the_others(self, code, reader):
        """Broken as the page's table says, a plugin is named by that code; the others stay listed."""
        for name in ("pyproject.toml", "src/communitygov_mycity/__init__.py", "src/communitygov_mycity/profile.yaml"):
            reader.write(f"mycity/{name}", reader.given_by(PAGE, f"mycity/{name}"))
        reader.install(Path("mycity"))
        BROKEN[code](reader.site / "mycity")
        printed = reader.communitygov(["profiles"], code=1)
        assert [line for line in printed.splitlines() if re.match(rf"(\S+: )?{code}: ", line) and "mycity" in line]
        assert "My city" not in printed
        assert "shijingshan" in printed

    def test_every_way_of_the_page_is_tried(self):
        """A code of the table that no test brings about, or one that is missing there, fails."""
        table = PAGE.read_text(encoding="utf-8").partition("## When the plugin is broken")[2].partition("\n## ")[0]
        assert re.findall(r"^\| .+ \| `([a-z-]+)` \|$", table, re.MULTILINE) == list(BROKEN)
