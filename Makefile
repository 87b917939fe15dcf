PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := 0.13.8
PORT ?= 8000
RESET ?=
# The environment of commands that need no database; never the operator's.
NOWHERE := DATABASE_URL=postgresql://placet_app@127.0.0.1:1/placet DATABASE_OWNER_URL=postgresql://placet_owner@127.0.0.1:1/placet
PRODUCTION := PLACET_MODE=production PLACET_HOSTS=console.example REDIS_URL=redis://127.0.0.1:1/0 $(NOWHERE)
RANDOM_KEY = $(PYTHON) -c 'import secrets; print(secrets.token_urlsafe($(1)))'
COMPILE := pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --no-header --quiet

.DEFAULT_GOAL := help
.PHONY: help demo up shell test lint messages screenshots bench prove lock lock-check audit mirror clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(VENV)/.ready: requirements.lock
	@echo "Installing the locked dependencies into $(VENV) (once, about a minute)."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Placet needs Python 3.11 or newer; name one with PYTHON=")'
	@$(PYTHON) -m venv $(VENV) || { echo "No virtual environment could be made; on Debian install python3-venv."; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV) \
		&& $(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock \
		|| $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

demo: $(VENV)/.ready ## the whole console with a scenario (PORT=8000, RESET=1 starts afresh)
	@PORT=$(PORT) RESET=$(RESET) $(BIN)/python -m config.services demo

up: $(VENV)/.ready ## PostgreSQL and Valkey alone, migrated, in the foreground
	@RESET=$(RESET) $(BIN)/python -m config.services up

shell: $(VENV)/.ready ## a Django shell on the running demo
	@$(BIN)/python manage.py shell

# Many tests start processes, and each would compile every library anew where nobody may write what is compiled. One
# worker more than the two cores of the smallest machine: tests that race and browse wait a part of their time. Whoever
# is done first takes what others have left: no worker waits at the end for one with all the long ones.
test: $(VENV)/.ready ## every test, with a real browser
	@$(BIN)/python -m tests.support.browser || test -z "$$CI"
	@PYTHONDONTWRITEBYTECODE= PLACET_LINGER=0 $(BIN)/python -m pytest -n 3 --dist worksteal $(ARGS)

lint: $(VENV)/.ready ## style, types, imports, templates, migrations, deployment, security
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	find templates -name '*.html' -exec $(BIN)/djade --check --target-version 5.2 {} +
	PLACET_MODE=local $(NOWHERE) $(BIN)/python -W ignore manage.py makemigrations --check --dry-run
	$(PRODUCTION) PLACET_SECRET_KEY=$$($(call RANDOM_KEY,48)) PLACET_SIGNING_KEY=$$($(call RANDOM_KEY,32)) \
		$(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive --severity-level medium config governance reviews manage.py
	@$(BIN)/python -m tests.house.mirror

messages: $(VENV)/.ready ## bring locale/ to the texts there are now
	@PLACET_MODE=local $(NOWHERE) $(BIN)/python -m config.messages

mirror: $(VENV)/.ready ## the sizes of modules, functions and tests
	@$(BIN)/python -m tests.house.mirror

bench: $(VENV)/.ready ## the figures of docs/scale.md, as ratios in one run
	@$(BIN)/python -m tests.bench $(ARGS)

prove: $(VENV)/.ready ## the full size of every proof (long), written to docs/proof.md
	@PLACET_LINGER=0 PLACET_PROVE=1 $(BIN)/python -m pytest -p tests.support.proved -m full --timeout 0 $(ARGS)

screenshots: $(VENV)/.ready ## the pictures of the documents, taken anew
	@$(BIN)/python -m tests.support.browser
	@PLACET_LINGER=0 $(BIN)/python -m pytest -q -n 0 tests/browser/screenshots.py $(ARGS)

lock: $(VENV)/.ready ## resolve pyproject.toml anew into requirements.lock
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV)
	$(BIN)/uv $(COMPILE) --upgrade --output-file requirements.lock

lock-check: $(VENV)/.ready ## requirements.lock fits pyproject.toml and names no host
	@! grep -n '://' requirements.lock
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV)
	@mkdir -p var && cp requirements.lock var/requirements.check
	@$(BIN)/uv $(COMPILE) --no-upgrade --output-file var/requirements.check > /dev/null
	@diff requirements.lock var/requirements.check && echo "requirements.lock is current."

audit: $(VENV)/.ready ## known vulnerabilities among the locked dependencies
	@$(BIN)/pip-audit --require-hashes --disable-pip -r requirements.lock

clean: ## remove the virtual environment and all local data
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m config.services clean; fi
	@rm -rf $(VENV) var staticfiles
