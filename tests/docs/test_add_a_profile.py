"""The walk-through for authors works as it is printed."""

import re
from pathlib import Path

from communitygov.profile.reading import read_profile

PAGES = Path(__file__).resolve().parents[2] / "docs"


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (PAGES / page).read_text(encoding="utf-8"), re.DOTALL)


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
