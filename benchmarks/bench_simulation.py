"""How long a simulation takes, and how much memory: 1,000 draws x 143 communities x 9 years x 3 variants.

Run it with ``python benchmarks/bench_simulation.py``. It prints seconds and peak memory of the whole, each in a process
of its own, and what a second and a third variant cost beside the first. The bounds are 15 s and 1 GiB.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BOUNDS = {"seconds": 15.0, "mebibytes": 1024.0}


def run(draws: int, variants: int, last: int) -> dict[str, float]:
    """Simulate once, in this process, and return what it took; reading the profile is not counted."""
    from communitygov.plugins.finding import load_profile
    from communitygov.profile.reading import read_reform
    from communitygov.simulation.run import simulate
    from communitygov.simulation.variants import Variant, as_it_stands
    from communitygov.simulation.worlds import World

    profile = load_profile(ROOT / "profiles" / "shijingshan")
    chosen = [
        as_it_stands(),
        Variant.of_reading(profile, "renewal_reach", "moved_cut"),
        Variant.of_reform(read_reform(ROOT / "examples" / "no-renewal.yaml")),
    ]
    began, used = time.perf_counter(), time.process_time()
    simulate(profile, World.drawn(seed=1), first=2022, last=last, draws=draws, variants=chosen[:variants])
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "cpu": time.process_time() - used, "mebibytes": peak}


def apart(draws: int, variants: int, last: int) -> dict[str, float]:
    """Simulate once, in a process of its own."""
    command = [
        sys.executable,
        __file__,
        "--once",
        "--draws",
        str(draws),
        "--variants",
        str(variants),
        "--last",
        str(last),
    ]
    path = os.pathsep.join(filter(None, [str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]))
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": path}, check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--variants", type=int, default=3)
    parser.add_argument("--last", type=int, default=2030)
    parser.add_argument("--once", action="store_true", help="only one run, in this process, as JSON")
    asked = parser.parse_args()
    if asked.once:
        print(json.dumps(run(asked.draws, asked.variants, asked.last)))
        return 0
    years = asked.last - 2022 + 1
    print(f"{asked.draws} draws x 143 communities x {years} years; load average {os.getloadavg()[0]:.1f}")
    found = [apart(asked.draws, count, asked.last) for count in range(1, asked.variants + 1)]
    for count, took in enumerate(found, 1):
        ratio = took["seconds"] / found[0]["seconds"]
        print(
            f"{count} variant{'s' * (count > 1)}: {took['seconds']:6.2f} s ({took['cpu']:6.2f} s of processor), "
            f"{took['mebibytes']:5.0f} MiB, {ratio:.2f} x the first alone"
        )
    worst = [name for name, bound in BOUNDS.items() if found[-1][name] > bound]
    print("within the bounds" if not worst else f"over the bounds in {', '.join(worst)}", f"({BOUNDS})")
    return 1 if worst else 0


if __name__ == "__main__":
    sys.exit(main())
