# Two commands on a fresh machine: `make run` and `make test`.
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8501
ADDRESS ?= 127.0.0.1
# scripts/install.py also reads TORCH_INDEX, where torch comes from, and scripts/python.sh PYTHON, which one .venv is made with.

# How many processes test side by side.
WORKERS ?= 3

# A browser window is opened where there is a screen to show it on.
HEADLESS ?= $(if $(DISPLAY)$(WAYLAND_DISPLAY)$(filter Darwin,$(shell uname -s)),false,true)

# Whatever the environment says, what is compiled is kept: every process of the tests imports hundreds of the same files.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run install ask test check style types tests gallery atlas study pictures mutants browser-packages clean help

help:            ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

run: install     ## the dashboard, on http://127.0.0.1:8501
	SNNVIZ_LOCAL=$${SNNVIZ_LOCAL-1} $(BIN)/python -m streamlit run app.py --server.port $(PORT) --server.address $(ADDRESS) --server.headless $(HEADLESS)

install: $(VENV)/.installed  ## the environment and the pinned requirements

INSTALL = python=$$(sh scripts/python.sh) && "$$python" scripts/install.py
# A PYTHON that is named is looked at each time: .venv may be of another.
$(VENV)/.installed: requirements.txt $(if $(PYTHON),ask)
	@$(INSTALL)

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	@$(INSTALL) --dev

ask:

# Debian's Chromium for the browser tests and Fashion-MNIST for the data tests; elsewhere those tests say why they skip.
browser-packages:
	@if [ -x /usr/bin/chromium ] && [ -x /usr/bin/chromium-headless-shell ] && [ -d /usr/share/datasets/fashion-mnist ]; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	    chromium fonts-dejavu-core dataset-fashion-mnist >/dev/null; \
	  apt-get install -y -qq --no-install-recommends chromium-headless-shell >/dev/null \
	    || echo "chromium-headless-shell cannot be installed: the browser tests use chromium, which is slower"; \
	else echo "chromium or dataset-fashion-mnist is missing and cannot be installed without root: their tests will skip"; fi

test: $(VENV)/.installed-dev browser-packages style  ## everything: style, types and structure, the whole suite
	+@$(MAKE) --no-print-directory -j2 types tests

check: style types  ## style, types, structure

style: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev
	$(BIN)/mypy
	$(BIN)/lint-imports

# More processes than two cores: they wait for browsers and for one another. What measures time comes at the end, alone.
tests: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -m "not slow and not alone" -n $(WORKERS) --dist loadfile --no-loadscope-reorder
	$(BIN)/python -m pytest -m "alone and not slow" $$(grep -rlE --include='test_*.py' 'mark\.alone' tests)

pictures: $(VENV)/.installed-dev browser-packages  ## docs/images, of today's pages: some minutes
	$(BIN)/python -m benchmarks.pictures

gallery: $(VENV)/.installed-dev  ## what comes with snnviz, trained anew: six minutes of two idle cores; goes on where it was
	$(BIN)/python -m snnviz gallery make

atlas: $(VENV)/.installed-dev  ## every matrix of a small block: an hour of two idle cores; goes on where it was
	$(BIN)/python -m benchmarks.atlas

study: $(VENV)/.installed-dev  ## the slow tests: trainings of minutes
	$(BIN)/python -m pytest -m slow

mutants: $(VENV)/.installed-dev  ## are the tests able to fail: 300 changes of the code, hours; goes on where it was
	$(BIN)/python -m benchmarks.mutants

clean:           ## remove the environment; runs in cache/ stay
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
