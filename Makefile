# Two commands do everything: `make live` sets up and plays, `make test` sets up and checks.
# Each sets up only what is missing, so that a second run starts at once.
#
#   make live ARGS="--device null --seconds 10"     options go to `tsumami live`
#   make test ARGS="tests/engine -x"                options go to pytest
#   make live PYTHON=python3.12                     the Python that makes the environment
#   make test TORCH=torch==2.13.0                   another build of torch (this one has CUDA, several GB)

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
ifeq ($(shell uname -s),Linux)
TORCH ?= torch==2.13.0+cpu
else
TORCH ?= torch==2.13.0
endif

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install --constraint constraints.txt
RECIPES := pyproject.toml constraints.txt

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help live test lint clean system-live system-test

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-6s %s\n", $$1, $$2 }' Makefile

live: $(VENV)/.live ## set everything up and play
	@$(BIN)/tsumami live $(ARGS)

test: lint ## set everything up, check the code and run every test
	$(BIN)/python -m pytest $(ARGS)

lint: $(VENV)/.test ## set everything up and check the code
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/pyright

clean: ## remove the environment and what tools left behind
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis

system-live system-test: system-%:
	@bash .ci/system.sh $* $(PYTHON)

# Stamps: each step is done again when what it was made from has changed.

$(VENV)/.made: | system-live
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.live: $(VENV)/.made $(RECIPES) | system-live
	$(INSTALL) --editable .
	@touch $@

# On Linux the package index has only the build of torch with CUDA, so the CPU build comes first, from
# wherever pip is told to look (PIP_FIND_LINKS, its configuration) or from PyTorch's own index.
$(VENV)/.torch: $(VENV)/.made $(RECIPES)
	@echo "Installing $(TORCH)"
	@$(INSTALL) --quiet $(TORCH) 2>/dev/null \
	|| $(INSTALL) --timeout 30 --retries 2 --extra-index-url $(TORCH_INDEX) $(TORCH) \
	|| { echo "make: $(TORCH) was not found; set PIP_FIND_LINKS to a folder that holds its wheel," \
	"or choose another build, such as make test TORCH=torch==2.13.0" >&2; exit 1; }
	@touch $@

$(VENV)/.test: $(VENV)/.torch $(RECIPES) | system-test
	$(INSTALL) --editable '.[training,dev]'
	@touch $@
	@touch $(VENV)/.live
