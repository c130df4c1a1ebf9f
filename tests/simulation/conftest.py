"""The town, Shijingshan, and one simulation of it that many tests look at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from communitygov.plugins.finding import load_profile
from communitygov.profile.profile import Profile, Reform
from communitygov.profile.reading import read_profile, read_reform
from communitygov.simulation.results import Simulation
from communitygov.simulation.run import simulate
from communitygov.simulation.variants import Variant, as_it_stands
from communitygov.simulation.worlds import World

HERE = Path(__file__).parent
ROOT = HERE.parent.parent

YEARS = {"first": 2022, "last": 2030}


@pytest.fixture(scope="session")
def town() -> Profile:
    """A made-up place, scored once a year."""
    return read_profile(HERE / "town")


@pytest.fixture(scope="session")
def shijingshan() -> Profile:
    """The real one, from its folder."""
    return read_profile(ROOT / "profiles" / "shijingshan" / "src" / "communitygov_shijingshan", find=load_profile)


@pytest.fixture(scope="session")
def no_renewal() -> Reform:
    """The reform that stands under examples/."""
    return read_reform(ROOT / "examples" / "no-renewal.yaml")


@pytest.fixture(scope="session")
def three_ways(shijingshan: Profile, no_renewal: Reform) -> Simulation:
    """Shijingshan over nine years: as it stands, with the moved cut, and without renewal."""
    variants = [
        as_it_stands(),
        Variant.of_reading(shijingshan, "renewal_reach", "moved_cut"),
        Variant.of_reform(no_renewal),
    ]
    return simulate(shijingshan, World.drawn(seed=11), draws=24, variants=variants, **YEARS)


@pytest.fixture
def reform(tmp_path: Path) -> Callable[..., Reform]:
    """Read a reform from what it changes: ``reform("{certification: ...}", start="2024")``."""

    def read(changes: str, *, name: str = "tried", start: str = "") -> Reform:
        file = tmp_path / f"{name}.yaml"
        dated = f"from: {start}\n" if start else ""
        file.write_text(f"reform: {name}\n{dated}changes: {changes}\n", encoding="utf-8")
        return read_reform(file)

    return read
