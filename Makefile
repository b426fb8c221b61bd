# The vocabulary of the project. Every target sets up what it needs first; `make` alone explains them.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

PYTHON ?= python3
export PYTHON
BIN := .venv/bin
CARGO := cargo --locked
SETUP := deploy/setup.sh
PYTHON_CODE := orchestrator farm deploy grafana tests bench manage.py
export CARGO_TARGET_DIR ?= $(CURDIR)/rust_services/target

# make demo DATA=<folder>: the user's own scenes instead of the simulated ones.
DATA ?=
# make bench WHAT=<folder of bench/> ARGS=<its options>: one workload instead of all.
WHAT ?= all
ARGS ?=

.PHONY: help up demo test check fmt gen bench bench-scrape setup clean
.PHONY: setup-python setup-release setup-edge test-rust test-python check-python check-proto check-rust

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: setup ## Start the whole stack with a demo farm; one Ctrl-C stops it
	@exec $(BIN)/python deploy/up.py

demo: setup-python setup-release ## Do the main job once and end; DATA=<folder> takes your own scenes
	@exec $(BIN)/python deploy/demo.py $(if $(DATA),--data '$(DATA)')

test: setup-python setup-edge ## Run every test: Rust, Python, contract, stack, ops
	@exec $(SETUP) test

check: check-python check-proto check-rust test ## Formats, lints, types, import rules, then every test

check-python: setup-python
	$(BIN)/ruff format --check $(PYTHON_CODE)
	$(BIN)/ruff check $(PYTHON_CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports

check-proto: setup-python
	$(BIN)/buf lint protos
	$(BIN)/buf format --diff --exit-code protos

check-rust: setup-python
	@$(SETUP) rust-tools
	cd rust_services && cargo fmt --all --check
	cd rust_services && $(CARGO) clippy --workspace --all-targets -- -D warnings

fmt: setup-python ## Format Python, protos and Rust
	@$(SETUP) rust-tools
	$(BIN)/ruff format $(PYTHON_CODE)
	$(BIN)/ruff check --fix $(PYTHON_CODE)
	$(BIN)/buf format --write protos
	cd rust_services && cargo fmt --all

gen: setup-python ## Make farm/rpc anew from protos/, dashboards from grafana/src/
	$(BIN)/python deploy/generate_rpc.py
	$(BIN)/python -m grafana.src

bench: setup-python ## Measure against what else one would take; WHAT=<folder of bench/> takes one workload
	@$(SETUP) bench-tools
	$(BIN)/python bench/run.py $(WHAT) $(ARGS)

bench-scrape: setup-python setup-release ## Measure what scrapes of metrics cost; ARGS=--whole takes most of a day
	@cd rust_services && $(CARGO) build --quiet --release --package furrow-exposition --example warm_scrape
	$(BIN)/python bench/run.py scrape $(ARGS)

setup: setup-python setup-release setup-edge ## Only set up: Python packages, programs, Caddy, Prometheus

setup-python:
	@$(SETUP) python

setup-release:
	@$(SETUP) release

setup-edge:
	@$(SETUP) edge

clean: ## Remove what was built; the data in var/ stays
	rm -rf .venv rust_services/target dist out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
