# Everything lives in .venv; nothing outside this folder is changed.
#
#   make run      the console on config.toml (simulated third parties, live within seconds)
#   make test     the tests
#   make install  only the environment: .venv/bin/standby
#   make lint     ruff, strict types, import contracts
#   make lock     requirements.txt anew from pyproject.toml
#   make docs     the generated pages of docs/ anew
#   make figures  every benchmark beside its peers: a table, and docs/benchmarks.md (three quarters of an hour)

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TEST_WORKERS ?= 3

.PHONY: run test install lint lock docs figures clean

run: $(READY)
	@$(BIN)/standby --config config.toml

# One worker more than CI has cores, as many tests wait. Neighbours stay together: fixtures of a module are made once.
# Bytecode is kept whatever the environment says: else each of some hundred processes compiles all modules anew.
test: $(READY)
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $(TEST_WORKERS) --dist worksteal tests

install: $(READY)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

docs: $(READY)
	$(BIN)/standby config schema --markdown > docs/configuration.md
	$(BIN)/python -c "from standby.console.keys import cheatsheet; print(cheatsheet(), end='')" > docs/keys.md

# Fails when a target is missed or a figure could not be measured; the page says which, and why.
figures: $(READY)
	$(BIN)/python -m benchmarks --write docs/benchmarks.md

# Hashes pin the files, not the place they come from: no index host is written.
lock:
	$(BIN)/python -m pip --require-virtualenv install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --upgrade \
		--generate-hashes --no-emit-index-url --no-header --no-annotate --output-file requirements.txt

clean:
	rm -rf $(VENV) build dist

$(READY): requirements.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "standby needs Python 3.11 or newer; install python3 (Debian: apt install python3 python3-venv)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "standby needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) -V 2>&1); run: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "python3-venv is missing; install it (Debian: apt install python3-venv)" >&2; exit 1; }
	@test -x $(BIN)/python -a -f $(VENV)/pyvenv.cfg || $(PYTHON) -m venv $(VENV) || { echo "the environment could not be made in $(VENV); is the disk full or the folder read-only?" >&2; rm -rf $(VENV); exit 1; }
	@echo "installing the pinned libraries into $(VENV) (once)"
	@$(BIN)/python -m pip --require-virtualenv install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements.txt
	@$(BIN)/python -m pip --require-virtualenv install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)
