"""How thoroughly properties are tried, and where the shared data lies."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# A shared machine is slow at times: no deadline. A failure prints what repeats it.
settings.register_profile("ci", max_examples=60, deadline=None, print_blob=True)
settings.register_profile("long", settings.get_profile("ci"), max_examples=1_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data, beside the repository or where COMMUNITYGOV_DATA says; skips where absent."""
    folder = Path(os.environ.get("COMMUNITYGOV_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no shared data at {folder} (COMMUNITYGOV_DATA)")
    return folder
