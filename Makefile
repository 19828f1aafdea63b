# OneWindow. `make help` lists the targets; every target installs what it needs first, and a second call is instant.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PACKAGES := shared services/enrollment services/claims services/workinjury-bridge services/gateway deploy/devstack
PROJECTS := $(PACKAGES:%=%/pyproject.toml)
SOURCES  := $(PACKAGES:%=%/src)
BIN      := .venv/bin
PY       := $(BIN)/python
PYTEST   := $(PY) -m pytest
BENCH_SECONDS ?= 30
ON_KAFKA := tests/contract/broker tests/contract/bus tests/e2e/test_conversions_under_fire.py
# A part that this machine lacks and cannot get is left out with one loud line, except where everything is required.
MISSING  := [ -z "$${ONEWINDOW_REQUIRE_ALL:-}" ]

.PHONY: help demo up down load test test-kafka mutants bench lint types imports docs docs-check lock fmt clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# ---- running -------------------------------------------------------------------------------------------------------

demo: .venv/.run ## a county, the whole story and the console, until Ctrl-C (ONEWINDOW_DEMO_EXIT=1: exits with the result)
	$(PY) -m devstack demo

up: .venv/.run ## PostgreSQL, broker and all services on this machine (COUNTY=folder: with its rule books and clock)
	$(PY) -m devstack up $(COUNTY:%=--county %)

down: .venv/.run ## stop what `make up` started; the data stay
	$(PY) -m devstack down

load: .venv/.run ## load a county: make load DIR=path/to/county (docs/test-counties.md)
	$(PY) -m devstack load "$(DIR)"

# ---- proving -------------------------------------------------------------------------------------------------------

test: .venv/.dev ## all tests that need no Docker
	@tools/machine.sh font
	@if tools/machine.sh browser; then $(PYTEST) tests; else $(MISSING) && $(PYTEST) tests --ignore=tests/browser; fi

test-kafka: .venv/.dev ## the bus suite and conversions under fire on Apache Kafka (needs Java and Maven)
	@if tools/machine.sh java; then ONEWINDOW_TEST_KAFKA=1 $(PYTEST) $(ON_KAFKA); else $(MISSING); fi

mutants: .venv/.dev ## mutation tests of the benefit kernel, half an hour; what may survive: tests/oracle/README.md
	tools/mutants.sh

bench: .venv/.dev ## settlements per second through the gateway, with an audit at the end (BENCH_SECONDS=30)
	$(PY) tests/load/bench.py --seconds $(BENCH_SECONDS)

lint: .venv/.dev ## ruff and the house rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(PY) -m tools.linters

types: .venv/.dev ## mypy, strict
	$(BIN)/mypy $(SOURCES) tools tests

imports: .venv/.dev ## who may import whom
	$(BIN)/lint-imports

docs: .venv/.dev ## write docs/contracts (OpenAPI, AsyncAPI, event schemas)
	$(PY) -m shared.docs write

docs-check: .venv/.dev ## fail when docs/contracts is not what the code says
	$(PY) -m shared.docs check

# ---- tending -------------------------------------------------------------------------------------------------------

fmt: .venv/.dev ## format and sort imports
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

COMPILE := CUSTOM_COMPILE_COMMAND='make lock' $(BIN)/pip-compile --quiet $(UPGRADE) --generate-hashes --allow-unsafe --strip-extras \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host
lock: .venv/.dev ## compile requirements/*.in, hashes but no addresses (UPGRADE=--upgrade: newest versions)
	$(COMPILE) --output-file requirements/run.txt requirements/run.in
	$(COMPILE) --output-file requirements/dev.txt requirements/dev.in

clean: ## remove the environment and caches; the data in .data stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .mutants

# ---- the environment -----------------------------------------------------------------------------------------------

$(PY):
	@tools/machine.sh venv .venv

.venv/.run: requirements/run.txt $(PROJECTS) | $(PY)
	@echo "installing what the services need (once)"
	@$(PY) -m pip install --quiet --require-hashes -r requirements/run.txt
	@$(PY) -m pip install --quiet --no-deps --no-build-isolation $(PACKAGES:%=-e %)
	@touch $@

.venv/.dev: requirements/dev.txt .venv/.run
	@echo "installing what checks and tests need (once)"
	@$(PY) -m pip install --quiet --require-hashes -r requirements/dev.txt
	@touch $@
