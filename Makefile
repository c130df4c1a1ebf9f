# `make demo` and `make test` each set everything up on their own. They need Python 3.11 or later with pip, and git.
# `make help` lists the rest.

PYTHON ?= python3
# More words for pip, for example PIP_ARGS='-c requirements-dev.lock' for exactly the versions of the lock file.
PIP_ARGS ?=
export PYTHON

BIN := .venv/bin
PIP := $(PYTHON) -m pip --python $(BIN)/python --disable-pip-version-check
INSTALLED := .venv/.installed
PROFILES := $(patsubst %/pyproject.toml,%,$(wildcard profiles/*/pyproject.toml))

# Shijingshan, 2022 to 2030, in three variants: the two readings of SJS-19, and a reform that does without renewal.
DEMO := simulate shijingshan --from 2022 --to 2030 --reform examples/no-renewal.yaml \
  --reading renewal_reach=original_cut --reading renewal_reach=moved_cut

.DEFAULT_GOAL := help
.PHONY: help setup demo pictures test lint types contract docs wheels tests format bench lock clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(INSTALLED) ## The virtual environment .venv, with all that development needs

# Made without ensurepip and filled by the pip outside it, so that it works where the system lacks the one or guards the other.
$(INSTALLED): pyproject.toml $(PROFILES:=/pyproject.toml)
	@$(PYTHON) -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' \
	  || { echo '$(PYTHON) is not Python 3.11 or later with pip; name one: make PYTHON=...'; exit 1; }
	$(PYTHON) -m venv --without-pip .venv
	$(PIP) install --quiet $(PIP_ARGS) -e '.[dev]' $(addprefix -e ,$(PROFILES))
	@touch $@

demo: $(INSTALLED) ## Shijingshan, 2022 to 2030: two readings of SJS-19 and a reform, as a table and demo/report.html
	@mkdir -p demo
	$(BIN)/communitygov $(DEMO) --report demo/report.html

pictures: $(INSTALLED) ## The picture of the READMEs and the docs, docs/images/star_share.svg
	@mkdir -p docs/images
	$(BIN)/communitygov $(DEMO) --lang en --picture docs/images/star_share.svg
	$(BIN)/communitygov $(DEMO) --lang zh --picture docs/images/star_share.zh-CN.svg

# What comes before the tests is done two at a time; the tests have two workers of their own.
test: $(INSTALLED) ## All that CI runs; the tests come last
	@$(MAKE) --no-print-directory --jobs=2 types wheels docs lint contract
	@$(MAKE) --no-print-directory tests

lint: $(INSTALLED) ## ruff: rules and format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(INSTALLED) ## mypy, strict
	$(BIN)/mypy

contract: $(INSTALLED) ## The one-way floors
	$(BIN)/lint-imports --no-logo

docs: $(INSTALLED) ## The documentation, into docs/_build
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build

wheels: $(INSTALLED) ## The wheels, used in a clean environment
	.ci/smoke_wheels.sh

# coverage starts before pytest does, because pytest loads our own plugin before any of its plugins could measure it.
tests: $(INSTALLED) ## pytest with doctests and documents, and branch coverage
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n 2
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

format: $(INSTALLED) ## Put the code in order
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(INSTALLED) ## Time what has a promised speed
	@set -e; for file in $(wildcard benchmarks/bench_*.py); do echo "+ $$file"; $(BIN)/python $$file; done

lock: ## requirements-dev.lock, from a fresh environment with the newest versions
	rm -rf .venv
	$(MAKE) setup PIP_ARGS=
	$(PIP) freeze --exclude-editable > requirements-dev.lock
	@! grep -nE '@|://|^-' requirements-dev.lock || { echo 'requirements-dev.lock names a place'; exit 1; }

clean: ## Remove all that is made
	rm -rf .venv .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	rm -rf build demo dist docs/_build htmlcov profiles/*/dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
