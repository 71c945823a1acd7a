# Two commands on a fresh machine: `make run` and `make test`.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8501
ADDRESS ?= 127.0.0.1
# Where torch comes from; https://download.pytorch.org/whl/cpu holds the small build without CUDA.
TORCH_INDEX ?=

# How many processes test side by side.
WORKERS ?= 4

# A browser window is opened where there is a screen to show it on.
HEADLESS ?= $(if $(DISPLAY)$(WAYLAND_DISPLAY)$(filter Darwin,$(shell uname -s)),false,true)

.PHONY: run install test check tests study pictures mutants browser-packages clean help

help:            ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

run: install     ## the dashboard, on http://127.0.0.1:8501
	SNNVIZ_LOCAL=$${SNNVIZ_LOCAL-1} $(BIN)/python -m streamlit run app.py --server.port $(PORT) --server.address $(ADDRESS) --server.headless $(HEADLESS)

install: $(VENV)/.installed  ## the environment and the pinned requirements

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "snnviz needs Python 3.11 as $(PYTHON); set PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# torch alone and first: a later resolution then keeps this build and does not look for another.
$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) "$$(grep '^torch==' requirements.txt)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

# Debian's Chromium for the browser tests and Fashion-MNIST for the data tests; elsewhere those tests say why they skip.
browser-packages:
	@if [ -x /usr/bin/chromium ] && [ -d /usr/share/datasets/fashion-mnist ]; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	    chromium fonts-dejavu-core dataset-fashion-mnist >/dev/null; \
	else echo "chromium or dataset-fashion-mnist is missing and cannot be installed without root: their tests will skip"; fi

test: $(VENV)/.installed-dev browser-packages check tests  ## everything: style, types, structure, then the whole suite

check: $(VENV)/.installed-dev  ## style, types, structure
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Four processes on two cores: they wait much, for browsers and for one another. What measures time comes at the end, alone.
tests: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -m "not slow and not alone" -n $(WORKERS) --dist loadfile --no-loadscope-reorder
	$(BIN)/python -m pytest -m "alone and not slow" $$(grep -rlE --include='test_*.py' 'mark\.alone' tests)

pictures: $(VENV)/.installed-dev browser-packages  ## docs/images, of today's pages: some minutes
	$(BIN)/python -m benchmarks.pictures

study: $(VENV)/.installed-dev  ## the slow tests: trainings of minutes
	$(BIN)/python -m pytest -m slow

mutants: $(VENV)/.installed-dev  ## are the tests able to fail: 300 changes of the code, hours; goes on where it was
	$(BIN)/python -m benchmarks.mutants

clean:           ## remove the environment; runs in cache/ stay
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
