# Every command of the project. `make` alone lists them.
#
# A machine needs Python 3.11 or newer and make. Everything else is brought into this folder: uv into .tools,
# Python packages and Node into .venv, npm packages into frontend/node_modules. Nothing is redone unless its
# input changed, so that the second `make up` starts at once and without a network.

SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory --no-builtin-rules
.DELETE_ON_ERROR:
.NOTPARALLEL:

UV_VERSION := 0.13.8
PYTHON ?= $(shell for python in python3.11 python3 python3.12 python3.13 python3.14; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$python; break; }; done)
UV ?= $(shell uv --version >/dev/null 2>&1 && command -v uv || echo $(CURDIR)/.tools/uv/bin/uv)
VENV_BIN := $(CURDIR)/.venv/bin
MANAGE := $(VENV_BIN)/python manage.py
KEYS := $(MANAGE) make_keys
TEST_PROCESSES ?= 2
PYTEST := $(VENV_BIN)/python -m pytest -n $(TEST_PROCESSES) --durations=15 --durations-min=1

COVERAGE := $(VENV_BIN)/coverage

# npm's own scripts start with `#!/usr/bin/env node`: the Node they find must be the one from the lock.
export PATH := $(VENV_BIN):$(PATH)
export UV_PYTHON_DOWNLOADS := never

BUILD_PACKAGES := .venv/.build-packages
DEV_PACKAGES := .venv/.dev-packages
NPM_PACKAGES := frontend/node_modules/.package-lock.json
FRONTEND := frontend/dist/index.html
# Folders too: theirs is the only time that changes when a file goes.
FRONTEND_SOURCE := $(shell find frontend/src frontend/public 2>/dev/null) \
	$(wildcard frontend/index.html frontend/package.json frontend/package-lock.json frontend/vite.config.* frontend/tsconfig*.json frontend/postcss.config.*)

# The checks look at the code, not at this machine's installation: they have keys and a database of their own.
SCRATCH := $(CURDIR)/.cache/check
APART := CLINIC_ENV_FILE=/dev/null CLINIC_DATA_DIR=$(SCRATCH) CLINIC_KEYS_FILE=$(SCRATCH)/keys.json \
	DATABASE_URL=sqlite:///$(SCRATCH)/check.sqlite3

## Run it

up: $(BUILD_PACKAGES) $(FRONTEND)  ## serve the clinic on $PORT (8000); DEMO=0 starts empty
	@$(KEYS)
	@exec $(MANAGE) up --with-parent $(if $(filter 0,$(DEMO)),--no-demo)

worker: $(BUILD_PACKAGES)  ## the Celery worker and beat, when DATABASE_URL and REDIS_URL are set
	@$(KEYS)
	@exec $(MANAGE) worker --with-parent

## Keep it

backup: $(BUILD_PACKAGES)  ## copy the database, also while serving, to var/backups or TO=folder
	@$(MANAGE) backup $(if $(TO),--to "$(TO)")

backup-keys: $(BUILD_PACKAGES)  ## copy the keys to TO=folder, which must be elsewhere
	@$(MANAGE) backup --keys $(if $(TO),--to "$(TO)")

restore: $(BUILD_PACKAGES)  ## put the backup FROM=folder in place; FORCE=1 replaces what is there
	@$(MANAGE) restore $(if $(FROM),"$(FROM)") $(if $(filter 1,$(FORCE)),--force)

upgrade: $(BUILD_PACKAGES) $(FRONTEND)  ## after a new version came: install, build, back up, migrate, check
	@$(MANAGE) upgrade

simulate: $(BUILD_PACKAGES)  ## play a busy morning in the open demo clinic; MINUTES=5 SPEED=1 BOOKINGS=40 SEED= KEEP=
	@$(KEYS)
	@exec $(MANAGE) simulate $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SPEED),--speed $(SPEED)) \
		$(if $(BOOKINGS),--bookings $(BOOKINGS)) $(if $(SEED),--seed $(SEED)) $(if $(KEEP),--keep)

## Prove it

CHECKS := check-format check-lint check-types check-imports check-migrations check-django check-schema check-diagram check-containers check-frontend
TESTS := test-sqlite test-postgres test-frontend

check: dev  ## format, lint, types, imports, migrations, schema drift, front end
	@$(MAKE) --keep-going $(CHECKS)
	@echo "check: all $(words $(CHECKS)) parts passed"

test: dev $(FRONTEND)  ## the whole suite, on SQLite and on PostgreSQL with Redis
	@$(VENV_BIN)/python -m tests.chromium
	@mkdir -p $(SCRATCH)
	@# Much of a test is waiting: side by side the engines keep the processors busy. What one says is kept until
	@# the other has ended. A shell's background hears no Ctrl-C of its own.
	@$(MAKE) --keep-going test-postgres test-frontend >$(SCRATCH)/beside.log 2>&1 & beside=$$!; \
		trap 'kill $$beside' INT TERM; \
		$(MAKE) test-sqlite; here=$$?; \
		wait $$beside; there=$$?; \
		cat $(SCRATCH)/beside.log; \
		exit $$((here | there))

proof: dev $(FRONTEND)  ## the long tests: faults, races and fuzzing by the hundred thousand
	CLINIC_TEST_ENGINE=sqlite $(VENV_BIN)/python -m pytest -m proof --timeout 3600
	CLINIC_TEST_ENGINE=postgres $(VENV_BIN)/python -m pytest -m proof --timeout 3600

chaos: dev  ## kill everything KILLS=100 times under load and check what everybody saw; SEED=, WITHOUT=control, WITHIN=5
	@$(VENV_BIN)/python -m tests.chaos $(if $(KILLS),--kills $(KILLS)) $(if $(SEED),--seed $(SEED)) \
		$(if $(WITHIN),--within $(WITHIN)) $(if $(WITHOUT),--without $(WITHOUT))

bench: dev $(FRONTEND)  ## measure, side by side with others
	$(VENV_BIN)/python -m tests.bench

coverage: dev $(FRONTEND)  ## what the tests reach on both engines: a table, and pages in htmlcov/
	@rm -f .coverage .coverage.*
	CLINIC_TEST_ENGINE=sqlite $(COVERAGE) run manage.py test -q -n $(TEST_PROCESSES)
	@mv .coverage .coverage.sqlite
	CLINIC_TEST_ENGINE=postgres $(COVERAGE) run manage.py test -q -n $(TEST_PROCESSES)
	$(COVERAGE) report
	$(COVERAGE) html

## Change it

fix: dev  ## format and repair what can be repaired automatically
	$(VENV_BIN)/ruff check --fix --show-fixes .
	$(VENV_BIN)/ruff format .
	cd frontend && npm run --silent format

types: dev $(SCRATCH)/keys.json  ## the schemas of API and socket, the front end's types made from them, the database's diagram
	$(APART) $(MANAGE) spectacular --file frontend/openapi.json --format openapi-json
	$(APART) $(MANAGE) asyncapi --file frontend/asyncapi.json
	cd frontend && npm run --silent types
	$(APART) $(MANAGE) diagram > docs/schema.md

lock: $(UV)  ## pin every Python package again; UPGRADE=1 takes the newest
	@$(call pin,--group dev,dev)
	@$(call pin,--group frontend,build,--constraints requirements/dev.txt)
	@$(call pin,,base,--constraints requirements/dev.txt)
	@! grep -rnE '://|--(extra-)?index-url|--find-links' requirements

clean:  ## remove all that the other commands brought or built; var/, your data and keys, stays
	rm -rf .venv .tools .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache htmlcov .coverage .coverage.* \
		frontend/node_modules frontend/dist

help:
	@awk -F ':.*## ' '/^## /{printf "\n%s\n", substr($$0, 4)} /^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' Makefile

# ------------------------------------------------------------------------------------------------ the pieces

dev: $(DEV_PACKAGES) $(NPM_PACKAGES)

$(CURDIR)/.tools/uv/bin/uv:
	@test -n "$(PYTHON)" || { echo "There is no Python 3.11 or newer on the PATH." >&2; exit 1; }
	@echo "Bringing uv $(UV_VERSION) ..."
	@$(PYTHON) -m venv .tools/uv
	@.tools/uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/bin/python: | $(UV)
	@test -n "$(PYTHON)" || { echo "There is no Python 3.11 or newer on the PATH." >&2; exit 1; }
	@$(UV) venv --quiet --allow-existing --python "$$(command -v $(PYTHON))" .venv

# What `make up` needs is a part of what the tests need: installing it never removes anything.
$(BUILD_PACKAGES): requirements/build.txt | .venv/bin/python
	@echo "Installing Python packages ..."
	@$(UV) pip install --quiet --compile-bytecode --require-hashes --python .venv/bin/python --requirements requirements/build.txt
	@touch $@

$(DEV_PACKAGES): requirements/dev.txt | .venv/bin/python
	@echo "Installing Python packages for development ..."
	@$(UV) pip sync --quiet --compile-bytecode --require-hashes --python .venv/bin/python requirements/dev.txt
	@touch $@ $(BUILD_PACKAGES)

$(NPM_PACKAGES): frontend/package-lock.json | $(BUILD_PACKAGES)
	@echo "Installing npm packages ..."
	@cd frontend && npm ci --silent --no-audit --no-fund
	@touch $@

$(FRONTEND): $(FRONTEND_SOURCE) $(NPM_PACKAGES)
	@echo "Building the front end ..."
	@cd frontend && npm run --silent build -- --logLevel warn
	@touch $@

# $(call pin,<groups>,<name>,<more options>)
pin = echo "requirements/$(2).txt" && $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' \
	$(if $(UPGRADE),--upgrade) $(3) $(1) pyproject.toml --output-file requirements/$(2).txt

$(SCRATCH)/keys.json: | $(DEV_PACKAGES)
	@$(APART) $(KEYS) >/dev/null

check-format:
	@echo "-- format"
	@$(VENV_BIN)/ruff format --check .

check-lint:
	@echo "-- lint"
	@$(VENV_BIN)/ruff check .

check-types: $(SCRATCH)/keys.json
	@echo "-- types"
	@$(APART) $(VENV_BIN)/mypy

check-imports:
	@echo "-- imports"
	@$(VENV_BIN)/lint-imports

check-migrations: $(SCRATCH)/keys.json
	@echo "-- migrations"
	@$(APART) $(MANAGE) makemigrations --check --dry-run

check-django: $(SCRATCH)/keys.json
	@echo "-- system checks"
	@$(APART) $(MANAGE) check

check-schema: $(SCRATCH)/keys.json
	@echo "-- schemas of API and socket, and the types made from them"
	@$(APART) $(MANAGE) spectacular --validate --file $(SCRATCH)/openapi.json --format openapi-json
	@frontend/node_modules/.bin/openapi-typescript $(SCRATCH)/openapi.json --output $(SCRATCH)/schema.d.ts >/dev/null
	@diff -u frontend/openapi.json $(SCRATCH)/openapi.json
	@diff -u frontend/src/api/schema.d.ts $(SCRATCH)/schema.d.ts
	@$(APART) $(MANAGE) asyncapi --file $(SCRATCH)/asyncapi.json
	@node frontend/contract.mjs $(SCRATCH)/asyncapi.json $(SCRATCH)/contract.d.ts
	@diff -u frontend/asyncapi.json $(SCRATCH)/asyncapi.json
	@diff -u frontend/src/realtime/contract.d.ts $(SCRATCH)/contract.d.ts

check-diagram: $(SCRATCH)/keys.json
	@echo "-- the database's diagram"
	@$(APART) $(MANAGE) diagram | diff -u docs/schema.md - || { echo "\`make types\` makes it again" >&2; exit 1; }

check-containers:
	@echo "-- Dockerfile"
	@if test -x $(VENV_BIN)/hadolint; then $(VENV_BIN)/hadolint Dockerfile; \
		else echo "hadolint is packaged for Linux on x86_64 only: not linted here"; fi

check-frontend:
	@echo "-- front end"
	@cd frontend && npm run --silent check

test-sqlite:
	@echo "-- tests on SQLite, one web process, no Redis"
	@CLINIC_TEST_ENGINE=sqlite $(PYTEST)

test-postgres:
	@echo "-- tests on PostgreSQL and Redis"
	@CLINIC_TEST_ENGINE=postgres $(PYTEST)

test-frontend:
	@echo "-- tests of the front end"
	@cd frontend && npm test

.PHONY: up worker backup backup-keys restore upgrade simulate check test proof chaos bench coverage fix types lock clean help dev $(CHECKS) $(TESTS)
