"""The hooks that a profile's plugin may give. A plugin is a module, named by an entry point."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pluggy

__all__ = ["GROUP", "PROJECT", "ProfileHooks", "hookimpl"]

PROJECT = "communitygov"
GROUP = "communitygov.profiles"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a function of a plugin as one of the hooks below."""


class ProfileHooks(Protocol):
    """What a profile's plugin says to the library."""

    @hookspec(firstresult=True)
    def communitygov_profile(self) -> Path:
        """Return the folder that holds the profile's documents.

        Returns:
            A folder on disk with ``*.yaml`` documents, and perhaps ``amendments/`` and ``reforms/``.
        """
