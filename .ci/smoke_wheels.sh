#!/usr/bin/env bash
# Build the wheels, install them alone in a clean environment away from the checkout, and use them as a stranger would.
#
# Usage: .ci/smoke_wheels.sh, with PYTHON (has pip) and BUILD_PYTHON (has build and hatchling) in the environment.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python=${PYTHON:-python3}
build_python=${BUILD_PYTHON:-$PWD/.venv/bin/python}
unset PYTHONPATH COMMUNITYGOV_DATA

room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT

for project in . $(dirname profiles/*/pyproject.toml); do
    "$build_python" -m build --wheel --no-isolation --outdir "$room/wheels" "$project" >"$room/build.log" 2>&1 ||
        { cat "$room/build.log"; exit 1; }
done

cd "$room"
"$python" -m venv --without-pip venv
"$python" -m pip --python venv/bin/python --disable-pip-version-check --quiet install \
    "$(echo wheels/communitygov-[0-9]*.whl)[cli]" wheels/communitygov_*.whl
export PATH="$room/venv/bin:$PATH"

step() { echo "+ $*"; "$@" >"$room/step.log" 2>&1 || { cat "$room/step.log"; exit 1; }; }

echo "+ import communitygov"
python - <<'PY'
import sys

before = set(sys.modules)
import communitygov

assert "site-packages" in communitygov.__file__, f"not the wheel: {communitygov.__file__}"
loaded = {name.partition(".")[0] for name in set(sys.modules) - before}
heavy = loaded - set(sys.stdlib_module_names) - {"attr", "attrs", "communitygov"}
assert not heavy, f"import communitygov loads {sorted(heavy)}; only attrs is allowed, the rest comes when used"
PY

echo "+ the shipped schemas and type marker"
python - <<'PY'
import json
from importlib.resources import files

package = files("communitygov")
assert package.joinpath("py.typed").is_file(), "py.typed is not in the wheel"
schemas = [entry for entry in package.joinpath("schemas").iterdir() if entry.name.endswith(".json")]
assert schemas, "no JSON Schema in the wheel"
for entry in schemas:
    dialect = json.loads(entry.read_text(encoding="utf-8"))["$schema"]
    assert dialect == "https://json-schema.org/draft/2020-12/schema", f"{entry.name}: {dialect}"
PY

step communitygov --version
step communitygov profiles
profiles=$(python -c 'from importlib.metadata import entry_points
print(*entry_points(group="communitygov.profiles").names)')
for profile in $profiles; do
    grep -q "$profile" step.log || { cat step.log; echo "communitygov profiles does not list $profile"; exit 1; }
done
for profile in $profiles; do
    step communitygov check "$profile"
done
echo "The wheels work: $(cd wheels && echo *.whl)"
