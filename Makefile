# Everything starts here: `make run` on a fresh machine needs Python 3.11+, make and bash only.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

PYTHON ?= python3
SEEDS ?= 1 2 3
FAULTS_S ?= 120
BIN := .venv/bin
PIP := $(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt
NPM := deploy/with-node.sh npm --prefix web
MANAGE := $(BIN)/python manage.py
TEST_MANAGE := DJANGO_SETTINGS_MODULE=tests.settings $(MANAGE)
PACKAGES := chatproject common accounts apikeys conversations agents gemini emulator
# What depends on the database is marked so and runs on both; everything else on SQLite or on servers
# of its own.
ON_POSTGRESQL := -m "postgresql and not server" tests/conversations tests/accounts tests/apikeys tests/usage
WEB_SOURCES := $(shell find web -name node_modules -prune -o -name dist -prune -o -type f -print)

# Two at a time: most tests wait for a server more than they compute. Those that kill processes and
# measure who notices when have the machine to themselves.
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder

# Whatever the shell says, compiled modules are kept: tests start a hundred processes of ours.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run dev demo emulator install web test quick coverage bench faults check format services env clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: install web env ## install what is missing, then serve with a demo account (PORT=8000 HOST=127.0.0.1)
	@$(MANAGE) migrate -v 0
	@exec $(MANAGE) demo --serve

dev: install env web/node_modules/.installed ## serve like run, and load anew what changes, in server and page
	@$(MANAGE) migrate -v 0
	@exec $(MANAGE) demo --serve --reload

demo: install env ## make the demo account and its key; the emulator has to be running
	@$(MANAGE) migrate -v 0
	@$(MANAGE) demo

emulator: install env ## serve the stand-in for the Gemini API on its own
	@exec $(MANAGE) emulator

install: .venv/.installed ## make .venv and install what runs

web: install web/dist/index.html var/.static ## build the page, if its sources changed

test: .venv/.installed-dev web services ## run every test: the page's, then Python's
	@mkdir -p var; $(NPM) test >var/page-tests.log 2>&1 & page=$$!; \
	$(BIN)/python -m tests.services run $(PYTEST) $(ON_POSTGRESQL) && failed=0 || failed=1; \
	wait $$page || failed=1; cat var/page-tests.log; exit $$failed
	$(PYTEST) -m "not chaos"
	$(BIN)/python -m pytest tests/cluster tests/faults

quick: .venv/.installed-dev ## run the tests that start no servers and no browser, two minutes
	$(PYTEST) -m "not server"

coverage: .venv/.installed-dev ## run the quick tests, and fail where they reach less of the product than they did
	$(PYTEST) -m "not server" --cov --cov-report=term

faults: .venv/.installed-dev services ## break three processes, their database and network for minutes (SEEDS, FAULTS_S)
	@for seed in $(SEEDS); do $(BIN)/python -m tests.faults --seed $$seed --seconds $(FAULTS_S); done

check: .venv/.installed-dev web/node_modules/.installed ## formatting, lint, types, imports, marks, migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(PACKAGES) tests benchmarks
	$(BIN)/lint-imports
	$(BIN)/python -m tests.marks
	$(TEST_MANAGE) makemigrations --check --dry-run
	$(NPM) run check

format: .venv/.installed-dev web/node_modules/.installed ## format and sort imports
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(NPM) run format

bench: .venv/.installed-dev ## measure speed and memory against their bars, a few minutes
	$(BIN)/python -m benchmarks

clean: ## remove what was built; the database and .env stay
	rm -rf .venv web/node_modules web/dist var/static var/.static .mypy_cache .ruff_cache .import_linter_cache

env: install
	@$(BIN)/python -m chatproject.secrets_file .env

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed. Name one: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv .venv

.venv/.installed: requirements.txt constraints.txt | .venv/bin/python
	$(PIP) -r requirements.txt
	@touch $@

.venv/.installed-dev: requirements-dev.txt .venv/.installed
	$(PIP) -r requirements-dev.txt
	@touch $@

web/node_modules/.installed: web/package.json web/package-lock.json | .venv/.installed
	$(NPM) ci --no-audit --no-fund
	@touch $@

web/dist/index.html: $(WEB_SOURCES) web/node_modules/.installed
	$(NPM) run build
	@touch $@

var/.static: web/dist/index.html .venv/.installed
	@mkdir -p var
	$(TEST_MANAGE) collectstatic --noinput --clear -v 0
	@touch $@

# What some tests talk to, from Debian's packages; without them those tests are skipped.
services: .venv/.installed-dev
	@$(BIN)/python -m tests.services install
	@if command -v chromium chromium-browser google-chrome >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends chromium >/dev/null; } \
		|| echo "Chromium could not be had: tests in a browser are skipped."; \
	else echo "Chromium is missing: tests in a browser are skipped."; fi
