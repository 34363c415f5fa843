# make demo | test | check | bench: each does its own set-up on a bare Debian 12 (apt as root or through sudo, then .venv).
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help setup demo test check bench locale clean

help: ## these lines
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

setup: ## everything the other targets need
	@tools/setup.sh

demo: setup ## a logon with password and face, and the ways to be refused
	@$(BIN)/python -m tools.demo

test: setup ## all tests
	@$(BIN)/python -m pytest -n 2 --dist loadfile

check: setup ## lint, types, architecture
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest -q tests/test_architecture.py

bench: setup ## figures: recognition, landmarks, dummy staff, attempts
	@tools/bench.sh

locale: setup ## collects new messages into the catalogues
	@tools/locale.sh

clean: ## remove what was built
	rm -rf build dist *.egg-info $(VENV)
	$(MAKE) -s -C pam_module clean
