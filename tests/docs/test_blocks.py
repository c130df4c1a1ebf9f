"""Every block of the READMEs, CONTRIBUTING and docs is tried, or says beside it why not."""

import re
from pathlib import Path
from tomllib import TOMLDecodeError

import pytest

from communitygov.vocabulary.errors import CommunityGovError

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    page
    for pattern in ("README*.md", "CONTRIBUTING*.md", "docs/**/*.md")
    for page in sorted(ROOT.glob(pattern))
    if "_build" not in page.parts
]

FAULTS = (AssertionError, CommunityGovError, TOMLDecodeError, FileNotFoundError)

PROFILE = """\
profile:
  id: mycity
  title: {zh: 我的城市, en: My city}
"""


@pytest.mark.unmeasured
class TestPages:
    @pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
    def test_every_block_works_as_it_is_printed(self, page, reader):
        """Files are what they say, commands end as they should and print what is shown, in the order of the page."""
        if page.name.partition(".")[0] == "commands":
            reader.bring()
        reader.follow(page)


class TestTheTest:
    """A reader who lets a wrong page pass is no reader."""

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("```\ncommunitygov profiles\n```", "of kind ''"),
            ("```json\n{}\n```", "of kind 'json'"),
            ("- a list\n\n  ```html\n  <p>\n  ```", "of kind 'html'"),
            ("A paragraph.\n\n    communitygov profiles\n", "of kind 'indented'"),
            ("<!-- not run: -->\n```json\n{}\n```", "of kind 'json'"),
            ("<!-- not run: not this -->\n\nA paragraph.\n\n```json\n{}\n```", "of kind 'json'"),
            ("<!-- not run: sybil has no skip -->\n```python\n1 / 0\n```", "no test runs it"),
            ("```sh\ncommunitygov show nowhere\n```", "nowhere"),
            ("```sh\ncommunitygov schema # exit code 1\n```", "communitygov schema"),
            ("```sh\nmake everything\n```", "everything"),
            ("```sh\npip install '.[everything]'\n```", "everything"),
            ("```sh\npip install communitygov-mycity\n```", "communitygov-mycity"),
            ("```sh\nrm -r room\n```", "nobody tries `rm -r room`"),
            ("```sh\ncommunitygov schema\n```\n\n```text\nnothing.schema.json\n```", "print"),
            ("```text\ncommunitygov show [OPTIONS] CITY\n```", "Usage"),
            ("```yaml\nshare: 5%\n```", "none of our documents"),
            ("```yaml\nindex: {quality: {decimal: 1}}\n```", "decimal"),
            ("```yaml\nreform: wider\n```", "`changes` is missing"),
            ("```toml\n[project\n```", "Expected"),
            ("`mycity/pyproject.toml`:\n\n```toml\n[project]\nname = 'mycity'\n```", "never installs"),
            (f"`mycity/profile.yaml`:\n\n```yaml\n{PROFILE}```", "missing-field"),
            ("```{eval-rst}\nnote\n```", "Sphinx does not build it"),
        ],
    )
    def test_a_wrong_page_fails(self, text, said, reader, tmp_path):
        """A block of an unknown kind, a command, a file or a name that is not there, each is named."""
        page = tmp_path / "page.md"
        page.write_text(text, encoding="utf-8")
        with pytest.raises(FAULTS, match=re.escape(said)):
            reader.follow(page)

    def test_a_reason_lets_a_block_stand(self, reader, tmp_path):
        """What has its reason beside it is not tried."""
        page = tmp_path / "page.md"
        page.write_text("<!-- not run: a picture of the floors -->\n\n```text\na < b\n```\n", encoding="utf-8")
        reader.follow(page)

    def test_every_page_is_walked(self):
        """The READMEs, CONTRIBUTING and the pages that Sphinx builds are there."""
        names = {page.name for page in PAGES}
        assert {"README.md", "README.zh-CN.md", "CONTRIBUTING.md", "add-a-profile.md", "commands.md"} <= names
