"""The command line. What a command needs is imported when it runs, so that help is quick."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line, or say in one line how to install it."""
    try:
        from communitygov.cli.app import app
    except ModuleNotFoundError as error:
        if error.name not in ("click", "rich"):
            raise
        sys.stderr.write(
            f"missing-extra: {error.name} is not installed; run pip install 'communitygov[cli]'\n"
            f"missing-extra: 缺少可选组件 {error.name}，请运行 pip install 'communitygov[cli]'\n"
        )
        sys.exit(2)
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character shows its number, which in JSON is the same character.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    app()
