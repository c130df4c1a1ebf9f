"""How thoroughly properties are tried and measured, and where the shared data lies."""

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import is_hypothesis_test, settings

# A worker has a processor of its own and no more: a pool of threads in each would only take turns.
os.environ.setdefault("POLARS_MAX_THREADS", "1")

# A shared machine is slow at times: no deadline. A failure prints what repeats it.
settings.register_profile("ci", max_examples=40, deadline=None, print_blob=True)
settings.register_profile("long", settings.get_profile("ci"), max_examples=1_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

ROOT = Path(__file__).resolve().parent.parent

MEASURED = int(os.environ.get("COMMUNITYGOV_MEASURED", "5"))
"""How many examples of a property, and how many parameters of a test, coverage watches.

Being watched takes as long again as being tried, and what the sixth runs through, the first have run through already,
or it is better held by a test that says so. Nothing is tried less, and what is tried cannot tell. A line that coverage
misses may be met by a later one: a larger number tells.
"""


@contextmanager
def looking(watched: bool) -> Iterator[None]:
    """Let coverage look on, or away."""
    tracer = sys.gettrace()
    # Not a debugger's tracer, nor Hypothesis' own. Coverage's allows itself to be put away and taken up again, in one
    # and the same frame; from Python 3.14 on there is none, because coverage uses what costs little.
    if watched or type(tracer).__module__.partition(".")[0] != "coverage":
        yield
        return
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(tracer)


class FirstMeasured:
    """Carries out the examples of one property, the first of them watched."""

    def __init__(self) -> None:
        self.tried = 0

    def __call__(self, example: Callable[[], object]) -> object:
        """Hypothesis gives us each example here: the drawing and the test together."""
        self.tried += 1
        with looking(self.tried <= MEASURED):
            return example()


met: Counter[str] = Counter()
"""How often each test that has parameters was tried in this worker."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Watch the first parameters of a test, and nothing of one that is marked ``unmeasured``."""
    name = item.nodeid.partition("[")[0]
    met[name] += 1
    with looking(met[name] <= MEASURED and item.get_closest_marker("unmeasured") is None):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Measure the first examples of a property by what Hypothesis calls custom function execution."""
    if is_hypothesis_test(getattr(item, "obj", None)) and getattr(item, "instance", None) is not None:
        item.instance.execute_example = FirstMeasured()
    return (yield)


def pytest_sessionfinish() -> None:
    """Save what was measured while we are waited for.

    A worker that has said that it is done has ten seconds to go away. On a busy machine that may be too short; then it
    is killed, and what coverage saves at the very end is missing without a word.
    """
    coverage = sys.modules.get("coverage")
    running = coverage and coverage.Coverage.current()
    if running:
        running.save()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data, beside the repository or where COMMUNITYGOV_DATA says; skips where absent."""
    folder = Path(os.environ.get("COMMUNITYGOV_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no shared data at {folder} (COMMUNITYGOV_DATA)")
    return folder
