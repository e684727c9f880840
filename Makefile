# Every target does all its own set-up: the environment is made in .venv, whatever is active.
MAKEFLAGS += --no-print-directory
HOST ?= 127.0.0.1
PORT ?= 8000
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3.14 python3; do \
	if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	then echo $$name; break; fi; done)
BIN := .venv/bin
unexport VIRTUAL_ENV PYTHONHOME PYTHONPATH

.DEFAULT_GOAL := help
.PHONY: help pictures run bench faults fuzz test lint engines format requirements schema gateway messages clean environment

help: ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Biblioteca needs Python 3.11 or newer (PYTHON=path to choose one)."; exit 1; }
	@rm -rf .venv; $(PYTHON) -m venv .venv || { rm -rf .venv; \
		echo "$(PYTHON) cannot make virtual environments: install its venv module (Debian: apt install python3-venv)."; exit 1; }

# A stamp carries the checksum of what is installed: no change, no work; interrupted, no stamp.
define install
	@sum=$$(cksum < requirements/$(1).txt | tr ' ' '-'); stamp=.venv/$(1)-$$sum; \
	if [ ! -e $$stamp ]; then \
		echo "Installing requirements/$(1).txt (once, about a minute)…"; \
		$(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes \
			-r requirements/$(1).txt && rm -f .venv/$(1)-* && touch $$stamp; \
	fi
endef

environment: .venv/bin/python
	$(call install,development)

run: .venv/bin/python ## Serve the catalogue with demonstration data (HOST=, PORT=)
	$(call install,base)
	@DJANGO_DEBUG=$${DJANGO_DEBUG:-1} exec $(BIN)/python manage.py servir --host $(HOST) --porta $(PORT)

test: lint engines ## Check everything, on every database that can be reached (ARGS= for pytest)

lint: environment ## Style, types, imports, migrations, translations, API document
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	@export DJANGO_SETTINGS_MODULE=biblioteca.tests.settings; set -ex; \
	$(BIN)/python manage.py check; \
	$(BIN)/python manage.py makemigrations --check --dry-run; \
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file /dev/null; \
	$(BIN)/python -m biblioteca.tests.translations

engines: environment ## The test suite on SQLite, MariaDB, PostgreSQL and Redis
	$(BIN)/python -m biblioteca.tests.engines $(ARGS)

format: environment ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

requirements: environment ## Pin and hash the requirements again (UPGRADE=1 for newer ones)
	@for name in base production development; do \
		$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
			--no-emit-index-url --custom-compile-command "make requirements" \
			$(if $(UPGRADE),--upgrade) requirements/$$name.in -o requirements/$$name.txt || exit 1; \
	done

schema: environment ## Write biblioteca/api/openapi.yaml
	DJANGO_SETTINGS_MODULE=biblioteca.settings DJANGO_SECRET_KEY=x TRUST=closed DJANGO_DEBUG=0 PUBLIC_URL= \
		$(BIN)/python manage.py spectacular --validate --fail-on-warn --file biblioteca/api/openapi.yaml

gateway: environment ## Write the examples in deploy/gateway
	DJANGO_SETTINGS_MODULE=biblioteca.tests.settings $(BIN)/python -m biblioteca.gateway.tests.kong_examples

messages: environment ## Collect and compile the translations
	$(BIN)/python -m biblioteca.tests.translations --write

pictures: environment ## Take the pictures of the help again (Chromium)
	$(BIN)/python -m biblioteca.backoffice.tests.pictures

clean: ## Remove caches (not the data in var/)
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

bench: environment ## Measure reads, loads, lists, searches and the back office at a million works
	@missed=0; for table in bench.serving bench.loading bench bench.backoffice; do \
		$(BIN)/python -m $$table || missed=1; done; exit $$missed

faults: environment ## Everything that can happen to Redis and to writers, at length (ARGS="--seconds 10")
	$(BIN)/python -m biblioteca.tests.faults.run $(ARGS)

fuzz: environment ## Generated requests on SQLite and MariaDB, every answer checked (ARGS="--requests 5000")
	$(BIN)/python -m biblioteca.tests.fuzzing.run $(ARGS)
