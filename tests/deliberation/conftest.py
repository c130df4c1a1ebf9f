"""Each kind of frame in turn."""

from tests.kinds import Kind, kind

__all__ = ["Kind", "kind"]
