# The two commands: `make run` starts everything on this machine, `make test` runs the whole test suite.
PYTHON ?= $(shell for p in python3.14 python3.13 python3.12 python3.11 python3; do command -v $$p >/dev/null 2>&1 && $$p -c 'import sys,ensurepip,venv; sys.exit(sys.version_info<(3,11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
PYTEST_ARGS ?=

.PHONY: run test check format lint types contracts containers bench lock

run: .venv/.installed
	@exec $(BIN)/taquilla up $(UP_ARGS)

test: .venv/.installed
	$(BIN)/python -m pytest $(PYTEST_ARGS)

check: lint types contracts containers test

format: .venv/.installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: .venv/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: .venv/.installed
	$(BIN)/mypy

contracts: .venv/.installed
	$(BIN)/lint-imports

bench: .venv/.installed
	$(BIN)/taquilla bench

# The stamp, not the folder, is tested: without python3-venv Debian leaves a half-made .venv behind.
.venv/.installed: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo >&2 "Python 3.11+ with venv is needed (Debian: apt install python3-venv; macOS: brew install python)."; exit 1; }
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes --only-binary :all: -r requirements.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@
