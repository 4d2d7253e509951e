# Workbench. `make help` lists what there is.
# Needs Debian (or alike), make, and Python 3.11 or newer with venv; everything else is installed
# here into .venv, and Chromium from Debian where it is missing and one may install it.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
READY := $(VENV)/.ready
UV_INSTALL := $(RUN)/uv pip install --quiet --python $(RUN)/python --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help setup chromium demo test check lint types layers format soak benchmark incident clean

help: ## This list
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Make .venv with everything in it

$(READY): pyproject.toml constraints.txt
	@test -x $(RUN)/python || $(PYTHON) -m venv $(VENV)
	@$(RUN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt uv
	$(UV_INSTALL) --group dev --editable '.[drift,gpu,images]'
	@touch $@

chromium:
	@command -v chromium >/dev/null || test -n "$$BROWSER_PATH" || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "installing Chromium from Debian …"; \
	    apt-get -qq update && DEBIAN_FRONTEND=noninteractive \
	      apt-get -qq install --no-install-recommends chromium fonts-dejavu-core >/dev/null; \
	  else \
	    echo "Chromium is missing: apt-get install chromium, or set BROWSER_PATH." >&2; exit 1; \
	  fi; }

demo: setup ## Look at an incident: load it, run the post-mortem, open it in JupyterLab
	@$(RUN)/workbench demo

test: setup chromium ## Everything that CI runs
	@$(MAKE) --no-print-directory lint types layers
	$(RUN)/pytest -n 2 --dist worksteal

check: test ## The gate before a commit (the same as make test)

lint: setup ## ruff: lint and format
	$(RUN)/ruff check
	$(RUN)/ruff format --check

types: setup ## pyright, strict
	$(RUN)/pyright --project pyproject.toml

layers: setup ## Imports point down only
	$(RUN)/lint-imports

format: setup ## Let ruff mend what it can
	$(RUN)/ruff check --fix
	$(RUN)/ruff format

soak: setup ## Long runs: 200 kills, fuzzing
	WORKBENCH_SOAK=1 $(RUN)/pytest -m soak -s

benchmark: setup ## Side-by-side timings
	$(RUN)/python -m tests.benchmarks.bench_load

incident: setup ## Make data/incident anew (same seed, same bytes)
	$(RUN)/python -m workbench.sources.simulate data/incident

clean: ## Remove what was built
	rm -rf build $(VENV)
