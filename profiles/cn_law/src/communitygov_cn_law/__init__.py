"""Chinese statutes on how owners, villagers and residents decide, as a profile for communitygov."""

from __future__ import annotations

from pathlib import Path

from communitygov.plugins.specs import hookimpl


@hookimpl
def communitygov_profile() -> Path:
    """Return the folder of the profile's documents."""
    return Path(__file__).parent
