"""Profiles to try things on."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from communitygov.plugins.finding import load_profile
from communitygov.profile.profile import Profile, Reform
from communitygov.profile.reading import read_profile, read_reform

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


@pytest.fixture(scope="session")
def toy() -> Profile:
    """A made-up place."""
    return read_profile(HERE / "toy")


@pytest.fixture(scope="session")
def shijingshan() -> Profile:
    """The real one, from its folder."""
    return read_profile(ROOT / "profiles" / "shijingshan" / "src" / "communitygov_shijingshan", find=load_profile)


@pytest.fixture
def toy_with(tmp_path: Path) -> Callable[..., Profile]:
    """Read the toy profile with other files in it: ``toy_with({"amendments/late.yaml": "..."})``."""

    def read(files: dict[str, str], **keywords: object) -> Profile:
        folder = tmp_path / "toy"
        shutil.copytree(HERE / "toy", folder, dirs_exist_ok=True)
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        return read_profile(folder, **keywords)

    return read


@pytest.fixture
def reform(tmp_path: Path) -> Callable[..., Reform]:
    """Read a reform from what it changes: ``reform("{certification: ...}", start="2024")``."""

    def read(changes: str, *, name: str = "tried", start: str = "", until: str = "", head: str = "") -> Reform:
        dates = (f"from: {start}\n" if start else "") + (f"until: {until}\n" if until else "")
        file = tmp_path / f"{name}.yaml"
        file.write_text(f"reform: {name}\n{head}{dates}changes: {changes}\n", encoding="utf-8")
        return read_reform(file)

    return read
