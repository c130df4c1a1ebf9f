"""How long units of a whole country take: to load and check, to look one up, and to route a million orders.

Run it with ``python benchmarks/bench_grid.py``. The units are the 713,034 real ones in the shared data (it says so and
ends where they are absent), and 1.6 million grids drawn below them. Each part runs in a process of its own. It prints
wall and processor time beside the bound, peak memory, the machine's load, and how many times as long the larger data
take for each unit. Nothing is asserted: a machine that is busy is no fault of the code; processor time says more then.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from communitygov.grid.rules import Grid

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("COMMUNITYGOV_DATA", ROOT.parent / "shared" / "data")) / "divisions"
DAY = "2016-07-31"
GRIDS = 1_600_000
ORDERS = 1_000_000
LOOK_UPS = 20_000
BOUNDS = {
    "national": {"load and check": 5.0, "mebibytes": 1024.0},
    "grids": {"load and check": 15.0},
    "routing": {"a million orders": 2.0, "one look-up": 100e-6},
}
"""Seconds, but for memory."""


def country(grids: bool) -> Grid:
    """Return the rule of the national codes; with grids below communities, their workers and the chiefs of streets."""
    from communitygov.grid.rules import CodeForm, Grid, Kind, Level, Matter, Post
    from communitygov.vocabulary.text import Title

    def form(own: int) -> CodeForm:
        return CodeForm(digits=12, significant=own, prefix=own > 2)

    def kinds(**codes: str) -> dict[str, Kind]:
        return {key: Kind(codes=(text,)) for key, text in codes.items()}

    streets = kinds(street="001-099", town="100-199", township="200-399", like="400-599")
    communities = kinds(community="001-199", village="200-399", similar="400-599")
    levels = {
        "country": Level(order=1, code=form(1)),
        "province": Level(order=2, on=("country",), code=form(2)),
        "city": Level(order=3, on=("province",), code=form(4)),
        "county": Level(order=4, on=("city",), code=form(6)),
        "street": Level(order=5, on=("county",), code=form(9), kinds=streets),
        "community": Level(order=6, on=("street",), code=form(12), kinds=communities, unique_names=True),
    }
    if not grids:
        return Grid(levels=levels)
    levels["grid"] = Level(order=7, on=("community",), code=CodeForm(digits=15, prefix=True))
    duties = {"repair": Title(zh="维修", en="repairs")}
    return Grid(
        levels=levels,
        posts={
            "worker": Post(level="grid", per_unit="exactly_one", duties=duties),
            "chief": Post(level="street", per_unit="exactly_one", duties=duties),
        },
        matters={"lamp": Matter(duty="repair")},
    )


def rows(grids: bool) -> pl.DataFrame:
    """Return the country's units, and perhaps grids below its communities, two or three each."""
    import polars as pl

    names = {"1": "province", "2": "city", "3": "county", "4": "street"}
    upper = pl.read_csv(DATA / "national_upper_2016.csv.gz", infer_schema=False)
    upper = upper.with_columns(level=pl.col("level").replace(names))
    lower = pl.read_csv(DATA / "national_villages_2016.csv.gz", infer_schema=False)
    lower = lower.select("code", "name", level=pl.lit("community"))
    top = pl.DataFrame({"code": ["100000000000"], "name": ["中国"], "level": ["country"]})
    parts = [top, upper, lower]
    if grids:
        each = pl.concat([lower.select("code").with_columns(number=pl.lit(i)) for i in (1, 2, 3)]).head(GRIDS)
        number = pl.col("number").cast(pl.String).str.zfill(3)
        drawn = each.select(
            code=pl.col("code") + number, name=pl.lit("网格") + number, level=pl.lit("grid"), parent=pl.col("code")
        )
        parts.append(drawn)
    return pl.concat(parts, how="diagonal")


@contextmanager
def clocked(what: str, found: dict[str, list[float]]) -> Iterator[None]:
    """Note the wall and the processor time of what is done."""
    wall, own = time.perf_counter(), time.process_time()
    yield
    found[what] = [time.perf_counter() - wall, time.process_time() - own]


def checked(grids: bool) -> dict[str, list[float]]:
    """Load and check the units."""
    from communitygov.grid.check import check_grid
    from communitygov.grid.units import load_units

    grid, frame = country(grids), rows(grids)
    found: dict[str, list[float]] = {"units": [frame.height]}
    with clocked("load", found):
        units = load_units(grid, frame)
    with clocked("check", found):
        result = check_grid(grid, units, on=DAY)
    found["load and check"] = [a + b for a, b in zip(found["load"], found["check"], strict=True)]
    found["findings"] = [result.frame.height]
    return found


def routed() -> dict[str, list[float]]:
    """Look units up one by one, and route a million orders; a fifth of the grids have no worker."""
    import polars as pl

    from communitygov.grid.routing import router
    from communitygov.grid.units import load_holders, load_units

    grid, frame = country(True), rows(True)
    units = load_units(grid, frame)
    codes = frame.filter(pl.col("level") == "grid")["code"]
    workers = codes.sample(fraction=0.8, seed=1)
    chiefs = frame.filter(pl.col("level") == "street")["code"]
    held = pl.concat(
        [
            pl.DataFrame({"unit": workers, "seat": "worker"}),
            pl.DataFrame({"unit": chiefs, "seat": "chief"}),
        ]
    )
    holders = load_holders(grid, held.with_columns(holder=pl.lit("p") + pl.col("unit")))
    orders = pl.DataFrame({"unit": codes.sample(ORDERS, with_replacement=True, seed=2), "matter": "lamp"})
    found: dict[str, list[float]] = {}
    with clocked("making ready", found):
        routes = router(grid, units, holders, on=DAY)
        routes.route(orders.head(1))  # what is kept for every later call is worked out here
    with clocked("a million orders", found):
        result = routes.route(orders)
    with clocked("the first look-up", found):
        routes.take(orders["unit"][0], "lamp")
    asked = orders["unit"].head(LOOK_UPS).to_list()
    with clocked("look-ups", found):
        for unit in asked:
            routes.take(unit, "lamp")
    found["one look-up"] = [value / LOOK_UPS for value in found.pop("look-ups")]
    found["taken"] = [result.frame["taken_by"].count()]
    return found


PARTS = {"national": lambda: checked(False), "grids": lambda: checked(True), "routing": routed}


def measured(part: str) -> dict[str, list[float]]:
    """Run a part in a process of its own, and return what it took."""
    done = subprocess.run([sys.executable, __file__, "--part", part], capture_output=True, text=True, check=True)
    found: dict[str, list[float]] = json.loads(done.stdout)
    return found


def said(seconds: float) -> str:
    return f"{seconds * 1e6:,.0f} us" if seconds < 1e-3 else f"{seconds:.2f} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=list(PARTS), help="run this one in this process, and print it as JSON")
    part = parser.parse_args().part
    if not DATA.is_dir():
        print(f"no shared data at {DATA} (COMMUNITYGOV_DATA)")
        return
    if part is not None:
        found = PARTS[part]()
        found["mebibytes"] = [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]
        print(json.dumps(found))
        return
    results = {}
    for name, bounds in BOUNDS.items():
        found = results[name] = measured(name)
        print(f"{name} (load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors)")
        for what, values in found.items():
            bound = bounds.get(what)
            if what in ("units", "findings", "taken", "mebibytes"):
                limit = "" if bound is None else f", bound {bound:,.0f}"
                print(f"  {what}: {values[0]:,.0f}{limit}")
            else:
                limit = "" if bound is None else f", bound {said(bound)}"
                print(f"  {what}: {said(values[0])} wall, {said(values[1])} of processors{limit}")
    each = [found["load and check"][1] / found["units"][0] for found in (results["national"], results["grids"])]
    print(f"a unit takes {each[1] / each[0]:.2f} times as long with the grids as without")


if __name__ == "__main__":
    main()
