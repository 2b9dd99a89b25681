# `make` alone lists what there is.  ARGS goes to the program: make test ARGS='-k timers'
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON_HERE := .venv/bin/python

.PHONY: help install demo test lint format check bench bench-events bench-upgrade bench-timers bench-effects bench-scaling bench-bloat bench-memory plots engine engine-check docs site clean

help:  ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 24

install:  ## Install what is missing: Debian packages, .venv
	@scripts/install.sh

demo: install  ## Start a private PostgreSQL, deploy pgsm, run both examples
	@$(PYTHON_HERE) -m pgsm dev up
	@$(PYTHON_HERE) -m examples.demo $(ARGS)

test: install  ## Run the tests, on a private PostgreSQL of their own
	@$(PYTHON_HERE) -m pytest -n 2 --dist loadfile $(ARGS)

lint:  ## Check format, style and types of Python and SQL
	@scripts/install.sh python
	$(PYTHON_HERE) -m ruff format --check .
	$(PYTHON_HERE) -m ruff check .
	$(PYTHON_HERE) -m mypy
	@scripts/lint_sql.sh

format:  ## Format the Python
	$(PYTHON_HERE) -m ruff format .
	$(PYTHON_HERE) -m ruff check --fix .

check: lint engine-check test  ## All that a change must pass

bench: install  ## Measure send_event and send_events against the floor; memory
	@$(PYTHON_HERE) -m benchmarks.run $(ARGS)
	@$(PYTHON_HERE) -m benchmarks.memory

bench-scaling: install plots  ## Measure send_event beside a million instances, timers …
	@$(PYTHON_HERE) -m benchmarks.scaling $(ARGS)

bench-bloat: install plots  ## Watch tables and indexes under events on few instances
	@$(PYTHON_HERE) -m benchmarks.bloat $(ARGS)

bench-memory: install  ## Measure the first call of a connection, a backend's memory
	@$(PYTHON_HERE) -m benchmarks.memory $(ARGS)

plots:
	@$(PYTHON_HERE) -c 'import matplotlib' 2>/dev/null || \
	  $(PYTHON_HERE) -m pip install --quiet --editable '.[bench]'

bench-events: install  ## Measure send_event beside XState, python-statemachine, PL/pgSQL
	@$(PYTHON_HERE) -m benchmarks.events $(ARGS)

bench-timers: install  ## Measure timers under pg_cron: lateness, a burst, idling
	@$(PYTHON_HERE) -m benchmarks.timers $(ARGS)

bench-effects: install  ## Measure claims and completions beside what waits
	@$(PYTHON_HERE) -m benchmarks.effects $(ARGS)

bench-upgrade: install  ## Measure upgrades: ARGS='--instances 1000000 --sessions 2'
	@$(PYTHON_HERE) -m benchmarks.upgrade $(ARGS)

engine:  ## Write the interpreter's sqitch change from pgsm/engine
	@$(PYTHON_HERE) scripts/build_engine.py

engine-check:  ## Fail when that change is not what pgsm/engine says
	@scripts/install.sh python
	@$(PYTHON_HERE) scripts/build_engine.py --check

docs: install  ## Write the generated reference pages
	@$(PYTHON_HERE) -m pgsm dev up
	@$(PYTHON_HERE) scripts/build_schema.py
	@$(PYTHON_HERE) scripts/build_docs.py --dsn "$$($(PYTHON_HERE) -m pgsm dev dsn)"

site: install  ## Build the documentation's site into site/
	@NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --quiet

clean:  ## Remove the private clusters and .venv
	@if [ -x $(PYTHON_HERE) ]; then for d in .pgsm .pgsm-test; do \
	  $(PYTHON_HERE) -m pgsm dev down --delete --dir $$d; done; fi
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
