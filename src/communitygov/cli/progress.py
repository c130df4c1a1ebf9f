"""A progress bar on stderr, for what takes longer than a second."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from communitygov.cli.bilingual import language
from communitygov.cli.output import on_terminal
from communitygov.vocabulary.text import Title

__all__ = ["progress"]

_PATIENCE = 1.0
"""Seconds that may go by before there is a bar."""


@contextmanager
def progress(title: Title, *, patience: float = _PATIENCE) -> Iterator[Callable[[int, int], None]]:
    """Show how far something is, on stderr, if that is a terminal and it takes long.

    Args:
        title: What is going on.
        patience: Seconds that may go by before there is a bar.

    Yields:
        A function to tell how many steps are done, and how many there are.
    """
    if not on_terminal(err=True):
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task(title.say(language()), total=None)
    begin = time.monotonic()

    def tell(done: int, total: int) -> None:
        if not bar.live.is_started and time.monotonic() - begin >= patience:
            bar.start()
        bar.update(task, completed=done, total=total)

    try:
        yield tell
    finally:
        if bar.live.is_started:
            bar.stop()
