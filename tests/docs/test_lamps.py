"""The procedure that the pages show is the one that lies among the examples."""

from tests.docs.conftest import ROOT, fences


def test_the_page_shows_the_whole_example():
    """Word for word, so that a reader who copies either has the same rules."""
    file = "examples/lamps/profile.yaml"
    (shown,) = (one.text for one in fences(ROOT / "docs" / "procedures.md") if one.file == file)
    assert shown == (ROOT / file).read_text(encoding="utf-8")
