# The two commands: `make run` starts everything on this machine, `make test` runs the whole test suite.
PYTHON ?= $(shell for p in python3.14 python3.13 python3.12 python3.11 python3; do command -v $$p >/dev/null 2>&1 && $$p -c 'import sys,ensurepip,venv; sys.exit(sys.version_info<(3,11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
# Two processes; tests of the running system stay together, so that it is started once.
PYTEST_ARGS ?= --numprocesses 2 --dist loadgroup

.PHONY: run test check format lint types contracts containers bench screenshots words lock

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

# Neither needs a container engine: the Dockerfile is linted, compose is held to its specification.
containers: .venv/.installed
	$(BIN)/hadolint deploy/Dockerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml

# After words of a page were added or changed: both catalogues get them, still without translation.
words: .venv/.installed
	$(BIN)/python -m deploy.words

bench: .venv/.installed
	$(BIN)/taquilla bench

# Every main page, narrow and wide, light and dark, into screenshots/.
screenshots: .venv/.installed
	$(BIN)/python -m tests.browser.screenshots

# Pins every package with its hashes and names no index; each image gets its part of the same pins.
# Add --upgrade to COMPILE_ARGS for newer versions.
COMPILE_ARGS ?=
COMPILE = uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-header
IMAGES := registration payments notifications local

lock:
	@command -v uv >/dev/null 2>&1 || { echo >&2 "uv is needed to resolve the packages: pip install uv"; exit 1; }
	$(COMPILE) $(COMPILE_ARGS) --all-extras -o requirements.lock
	for image in $(IMAGES); do $(COMPILE) --extra $$image -c requirements.lock -o deploy/requirements-$$image.lock || exit 1; done

# The stamp, not the folder, is tested: without python3-venv Debian leaves a half-made .venv behind.
.venv/.installed: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo >&2 "Python 3.11+ with venv is needed (Debian: apt install python3-venv; macOS: brew install python)."; exit 1; }
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes --only-binary :all: -r requirements.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@
