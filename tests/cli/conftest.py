"""Calls of the command line, and files for them."""

import csv
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from click.testing import CliRunner

from communitygov.cli.app import app
from communitygov.plugins.finding import load_profile

QUARTERS = [f"{year}Q{quarter}" for year in (2022, 2023) for quarter in (1, 2, 3, 4)]


@frozen
class Call:
    """What a call printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def _call(*args: str, lang: str = "en_GB.UTF-8") -> Call:
    environment = {"LC_ALL": lang, "LC_MESSAGES": "", "LANG": "", "COLUMNS": "100"}
    result = CliRunner().invoke(app, [str(arg) for arg in args], env=environment)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Call(result.exit_code, result.stdout, result.stderr)


@pytest.fixture(scope="session")
def call() -> Callable[..., Call]:
    """Call the command line as a user would; what would be a traceback fails the test."""
    return _call


@pytest.fixture(scope="session")
def rows() -> list[list[str]]:
    """Index data of twelve communities for eight quarters, as rows of text with a head."""
    chance = random.Random(7)
    leaves = [leaf.id for leaf in load_profile("shijingshan").at("2022").index["quality_community"].leaves]
    table = [["subject", "period", *leaves]]
    for number in range(1, 13):
        good = chance.gauss(80, 6)
        for quarter in QUARTERS:
            values = [f"{min(100.0, max(0.0, chance.gauss(good, 5))):.1f}" for _ in leaves]
            table.append([f"{number:03}", quarter, *values])
    return table


def _write_csv(file: Path, table: list[list[str]], encoding: str = "utf-8") -> Path:
    """Write rows as CSV."""
    with file.open("w", encoding=encoding, newline="") as out:
        csv.writer(out).writerows(table)
    return file


@pytest.fixture(scope="session")
def write_csv() -> Callable[..., Path]:
    """Write rows of text as CSV, in an encoding, and return the file."""
    return _write_csv


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> Path:
    """A folder with data.csv, and from it scored.csv and stars-2022.csv."""
    folder = tmp_path_factory.mktemp("files")
    _write_csv(folder / "data.csv", rows)
    scored, stars = folder / "scored.csv", folder / "stars-2022.csv"
    assert _call("score", "shijingshan", folder / "data.csv", "-o", scored).code == 0
    assert _call("certify", "shijingshan", scored, "--year", "2022", "-o", stars).code == 0
    return folder


TOY = """
profile:
  id: toy
  title: {zh: 玩具, en: Toy}
  api: 1
  version: 0.1.0
  in_force: 2024
  last_verified: 2026-11-21
  sources:
    plan: {title: {zh: 某市方案, en: The plan}}
clauses:
  T-01: {quote: 一, source: plan, primitive: index}
  T-02: {quote: 二, source: plan, primitive: certification}
  T-03: {quote: 三, source: plan, primitive: grid, not_modelled: {zh: 以后, en: Later.}}
  T-04: {quote: 四, source: plan, primitive: none, not_modelled: {zh: 背景, en: Context.}}
index:
  marks:
    clause: T-01
    subject: community
    period: half
    maximum: 10
    decimals: 1
    weights: points
    scale: {minimum: 0, maximum: 10, decimals: 1}
    assumed: {decimals: {zh: 原文未说, en: Not said.}}
    indicators:
      services: {weight: 6}
      safety: {weight: 4}
certification:
  model:
    clause: T-02
    of: marks
    decimals: 1
    year: {starts: 1, periods: 2}
    base: all
    rounding: floor
    rounded: cumulative
    tiers: {best: {order: 1, share: 20%}}
interpretations:
  ties:
    clause: T-02
    question: {zh: 同分者都入选吗？, en: Are those with equal marks all in?}
    readings:
      all: {certification: {model: {ties: in}}}
      none: {certification: {model: {ties: out}}}
    chosen: all
    because: {zh: 同分者名次相同。, en: Equal marks are equal ranks.}
"""


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """A folder with a small profile, to be spoilt."""
    folder = tmp_path / "toy"
    folder.mkdir()
    (folder / "profile.yaml").write_text(TOY, encoding="utf-8")
    return folder
