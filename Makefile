# The one task runner: people, CI (.ci/run) and the README use the same targets.
#   make run     install, fill an empty data home with a sample province, publish a release
#   make test    every test            make check   lint, types, SQL lint, rules of the repository
#   make fuzz    100,000 damaged CSV files and 10,000 damaged workbooks (`make test` takes a sample of them)
#   make oracle  the second implementation against the pipeline on 200 random provinces; SEEDS=300-349 others
#   make bench   speed and memory against a hand-written script     make docs   the tables' dictionary, one offline file
#   make ui      Dagster's web pages   make lock    re-lock after a change of dependencies
#   make clean   the environment and all caches away; the data home stays

PYTHON ?= python3
DATA ?= home
BIN := .venv/bin
INNOSTAT := $(BIN)/innostat
PACKAGES := ingestion quality publication orchestration

# No library calls home.
export DO_NOT_TRACK := 1
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
# A directory elsewhere on PYTHONPATH must not slip into the locked environment.
unexport PYTHONPATH

.PHONY: run test fuzz oracle check bench docs indicators ui lock clean install
.DEFAULT_GOAL := run

# --- the environment: a stamp file each, so that a second call costs nothing -------------------------------------------

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "InnoStat needs Python 3.11 or newer / 需要 Python 3.11 及以上: make run PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/.uv: requirements-uv.lock | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

# The project itself is installed editable; its build backend stands in the lock, so nothing is fetched for it. Bytecode
# is compiled here, once: it costs some seconds and saves as many in each run where PYTHONDONTWRITEBYTECODE is set.
.venv/.run: requirements.lock pyproject.toml .venv/.uv
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r $<
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q $(PACKAGES)
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.run
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r $<
	@touch $@

install: .venv/.run

# --- what people do ----------------------------------------------------------------------------------------------------

# The sample is written into an inbox without a single file, or where an earlier `make run` was cut short in the middle
# of it (the mark): an inbox with anybody's files in it is never touched.
run: .venv/.run
	@$(INNOSTAT) init --home "$(DATA)"
	@if [ -e "$(DATA)/inbox/.sampling" ] || [ -z "$$(find "$(DATA)/inbox" -type f -print -quit)" ]; then \
	  touch "$(DATA)/inbox/.sampling" && $(INNOSTAT) sample --home "$(DATA)" && rm "$(DATA)/inbox/.sampling"; fi
	@$(INNOSTAT) run --home "$(DATA)"

ui: .venv/.run
	@$(INNOSTAT) ui --home "$(DATA)"

test: .venv/.dev
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

fuzz: .venv/.dev
	INNOSTAT_FUZZ=all $(BIN)/python -m pytest -n 2 tests/fuzz

oracle: .venv/.dev
	INNOSTAT_ORACLE=$(or $(SEEDS),200) $(BIN)/python -m pytest -q tests/oracle/test_oracle.py

check: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --processes 2 dbt_project
	$(BIN)/python -m pytest -q -m "not slow" tests/rules

bench: .venv/.run
	$(BIN)/python -m benchmarks $(BENCH)

# One static file that needs no network: every table, every column in both languages, and the lineage.
docs: .venv/.run
	@mkdir -p build
	cd dbt_project && INNOSTAT_BUILD_DB="$(CURDIR)/build/docs.duckdb" ../$(BIN)/dbt --quiet docs generate --static --empty-catalog \
	  --profiles-dir . --target-path "$(CURDIR)/build/docs"
	@echo "build/docs/static_index.html"

# The pages under docs/indicators, from the catalogue and the models; a test fails where they are stale.
indicators: .venv/.run
	$(BIN)/python -m orchestration.indicator_docs docs/indicators

# --- upkeep ------------------------------------------------------------------------------------------------------------

# --universal: one lock for every Python from 3.11 on and every platform; no download address is ever written.
# `make lock` keeps what is locked where it still fits; `make lock UPGRADE=--upgrade` moves everything.
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate
lock: .venv/.uv
	$(COMPILE) $(UPGRADE) --group bootstrap --output-file requirements-uv.lock
	$(COMPILE) $(UPGRADE) --extra dev --group build --output-file requirements-dev.lock pyproject.toml
	$(COMPILE) --group build --constraint requirements-dev.lock --output-file requirements.lock pyproject.toml

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis dbt_project/target dbt_project/logs
	find $(PACKAGES) benchmarks tests -name __pycache__ -type d -prune -exec rm -rf {} +
