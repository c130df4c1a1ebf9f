"""A small simulation of Shijingshan, in the three variants of the demonstration."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from communitygov.plugins.finding import load_profile
from communitygov.profile.profile import Profile
from communitygov.profile.reading import read_reform
from communitygov.profile.ruleset import Reform
from communitygov.simulation.results import Simulation
from communitygov.simulation.run import simulate
from communitygov.simulation.variants import Variant
from communitygov.simulation.worlds import World
from communitygov.vocabulary.text import Title

REFORM = Path(__file__).resolve().parents[2] / "examples" / "no-renewal.yaml"


@pytest.fixture(scope="session")
def shijingshan() -> Profile:
    return load_profile("shijingshan")


@pytest.fixture(scope="session")
def simulated(shijingshan: Profile) -> Simulation:
    """Four draws of 2022 to 2025, under the two readings of SJS-19 and without renewal."""
    variants = [
        Variant("original", Title(zh="原名额线内", en="Original <cut>"), readings={"renewal_reach": "original_cut"}),
        Variant("moved", Title(zh="顺延后的线内", en="Moved cut"), readings={"renewal_reach": "moved_cut"}),
        Variant.of_reform(read_reform(REFORM)),
    ]
    return simulate(shijingshan, World.drawn(seed=3), last=2025, draws=4, variants=variants)


@pytest.fixture(scope="session")
def rounds(shijingshan: Profile) -> pl.DataFrame:
    """Real data: twenty-four communities, all of 2022, the same value on every leaf."""
    leaves = [leaf.id for leaf in shijingshan.at("2022").index["quality_community"].leaves]
    rows = [
        {"subject": f"{number:03}", "period": f"2022Q{quarter}", **dict.fromkeys(leaves, 60.0 + number)}
        for number in range(24)
        for quarter in (1, 2, 3, 4)
    ]
    return pl.DataFrame(rows)


@pytest.fixture
def trial(tmp_path: Path) -> Callable[[str], Reform]:
    """Read a reform from the text of its changes."""

    def read(changes: str) -> Reform:
        file = tmp_path / "trial.yaml"
        file.write_text(f"reform: trial\ntitle: {{zh: 试, en: Trial}}\n{changes}\n", encoding="utf-8")
        return read_reform(file)

    return read
