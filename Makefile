# make train, make test and the rest: each makes .venv on first use. `make help` lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Written last, so that an interrupted installation starts again from nothing.
INSTALLED := $(VENV)/.installed
PIP := $(BIN)/python -m pip install --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help train evaluate create test lint lock dist clean

help:
	@echo "make train     train on handwritten digits; flags by ARGS='--seed=1', their list by ARGS=--help"
	@echo "make evaluate  measure that run: a table, and a report in HTML"
	@echo "make create    make works with it; for example ARGS='--count=100 --format=png,svg'"
	@echo "make test      run the tests; one file by ARGS=tests/test_layers.py"
	@echo "make docs      build the documents: docs/_build/html; pictures: draw their screenshots anew"
	@echo "make lint      check style, format, spelling and types"
	@echo "make lock      pin what pyproject.toml needs in requirements.txt; anew by ARGS=--upgrade"
	@echo "make dist      build the package in dist/, to be installed by pip install dist/*.whl"
	@echo "make clean     remove .venv, dist/ and caches; trained runs (runs/) stay"
	@echo
	@echo "The first of them makes $(VENV) with $(PYTHON). For another Python (3.11, 3.12 or 3.13), add"
	@echo "PYTHON=python3.11, after 'make clean' if there is a $(VENV) already."

train: $(INSTALLED)
	@$(BIN)/python -m tf_creative.train --flagfile=pipelines/pixel_art.flags $(ARGS)

evaluate create: $(INSTALLED)
	@$(BIN)/python -m tf_creative.$@ --run_dir=runs/pixel_art $(ARGS)

test: $(INSTALLED)
	$(BIN)/python -m pytest --numprocesses=auto --dist=loadfile $(ARGS)

lint: $(INSTALLED)
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m codespell_lib README.md docs ARCHITECTURE.md CONTRIBUTING.md CHANGELOG.md \
	  pipelines tf_creative tests
	$(BIN)/python -m basedpyright

.PHONY: docs pictures
docs: $(INSTALLED)
	$(BIN)/python -m sphinx -q -W --keep-going -b html docs docs/_build/html $(ARGS)
	@echo "docs/_build/html/index.html"

# Screenshots by Chromium, of a trained run: make train, make evaluate, make pictures.
pictures: $(INSTALLED)
	$(BIN)/python docs/pictures.py --run_dir=runs/pixel_art $(ARGS)

# uv, because pip cannot pin for all platforms at once; in a place of its own, being no requirement.
lock: $(INSTALLED)
	$(PIP) --quiet --upgrade --target $(VENV)/uv uv
	PYTHONPATH=$(VENV)/uv $(BIN)/python -m uv pip compile pyproject.toml --extra dev --quiet \
	  --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
	  --no-emit-index-annotation --output-file requirements.txt $(ARGS)

dist: $(INSTALLED)
	@$(BIN)/python .ci/build.py dist

clean:
	rm -rf $(VENV) dist .pytest_cache .ruff_cache
	find tf_creative tests -name __pycache__ -type d -prune -exec rm -rf {} +

# TF-Agents declares versions that nothing can satisfy beside TensorFlow 2.21 and that its code does
# not need, hence the installation by itself, as a wheel with other metadata.
$(INSTALLED): requirements.txt .ci/companion.py
	@command -v $(PYTHON) > /dev/null || { \
	  echo "error: there is no '$(PYTHON)' here. Name a Python of 3.11 to 3.13, as in:" >&2; \
	  echo "  make train PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
	  echo "error: tf_creative needs Python 3.11, 3.12 or 3.13, and '$(PYTHON)' is" \
	    "$$($(PYTHON) --version 2>&1). Name another, as in:" >&2; \
	  echo "  make train PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || { \
	  echo "error: '$(PYTHON)' comes without its venv module. On Debian and Ubuntu:" >&2; \
	  echo "  sudo apt-get install $$($(PYTHON) -c \
	    'import sys; print("python%d.%d-venv" % sys.version_info[:2])')" >&2; exit 1; }
	@echo "tf_creative: installing what it needs into $(VENV), once; this takes minutes"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(PIP) -r requirements.txt
	@$(BIN)/python .ci/companion.py $(VENV)/companion
	@$(PIP) --no-deps $(VENV)/companion/*.whl
	@touch $@
