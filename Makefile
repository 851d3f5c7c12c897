# make quickstart   train and evaluate three anchor rules on synthetic people, on any machine
# make test         the whole test suite
# make lint         ruff
#
# PYTHON=python3.12        interpreter that makes the virtual environment
# VENV=.venv               environment to use; one that has Detectron2 keeps it: VENV=$CONDA_PREFIX
# ARGS="--seed 1"          for the quick start or pytest
# DETECTRON2=/path/to/it   a checkout of genuine Detectron2 (no compilation needed)

PYTHON ?= python3
VENV ?= .venv
DETECTRON2 ?=

BIN = $(VENV)/bin
STAMP = $(VENV)/.adaanchor_d2_installed
export OMP_NUM_THREADS ?= 1
ifneq ($(DETECTRON2),)
ifeq ($(wildcard $(DETECTRON2)/detectron2/config/__init__.py),)
$(error DETECTRON2=$(DETECTRON2) is no checkout of Detectron2: it has no detectron2/config)
endif
export PYTHONPATH := $(abspath $(DETECTRON2))$(if $(PYTHONPATH),:$(PYTHONPATH))
# What genuine Detectron2 imports beyond our own requirements.
GENUINE_NEEDS = omegaconf hydra-core black termcolor cloudpickle "setuptools<81"
endif

.PHONY: setup quickstart test lint

setup: $(STAMP)
	@$(if $(DETECTRON2),$(BIN)/pip install --quiet $(GENUINE_NEEDS))
	@$(BIN)/python tools/ensure_detectron2.py

$(STAMP): pyproject.toml detectron2_lite/pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -e ".[dev]"
	@touch $@

quickstart: setup
	$(BIN)/python tools/quickstart.py $(ARGS)

test: setup
	$(BIN)/python -m pytest $(ARGS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
