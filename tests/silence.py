"""Where the questions that a clause leaves open have their place in a profile, for the tests of each primitive."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from communitygov.documents.node import Node
from communitygov.plugins.finding import load_profile

__all__ = ["clauses_of", "places_of"]


def places_of(name: str, silent: Mapping[str, Sequence[str]]) -> list[Node]:
    """Return the place of each question, after making sure that the clause which leaves it open is cited there."""
    root, found = load_profile(name).at(2022).root, []
    for clause, paths in silent.items():
        for path in paths:
            steps = path.split(".")
            above = [root.get(*steps[:length]) for length in range(1, len(steps) + 1)]
            assert all(node is not None for node in above), path
            assert clause in {cited for node in above if node is not None for cited in node.clause()}, path
            found += [node for node in above[-1:] if node is not None]
    return found


def clauses_of(name: str, shared_data: Path) -> list[dict[str, Any]]:
    """Return the clauses of a profile's file beside the shared data; without it the test skips, and says so."""
    file = shared_data.parent / "clauses" / f"{name}.yaml"
    if not file.is_file():
        pytest.skip(f"no clause file at {file} (COMMUNITYGOV_DATA)")
    clauses: list[dict[str, Any]] = yaml.safe_load(file.read_text(encoding="utf-8"))["clauses"]
    return clauses
