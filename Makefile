# make demo | test | check | bench: each does its own set-up on a bare Debian 12 (apt as root or through sudo, then .venv).
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
# A private /etc and /run, slapd's and the daemons' own users, a container: tests and demonstration are root's work.
AS_ROOT := $(shell [ "$$(id -u)" -eq 0 ] || echo sudo --preserve-env=PATH env PYTHONDONTWRITEBYTECODE=1)

.PHONY: help setup demo test check bench locale clean

help: ## these lines
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

setup: ## everything the other targets need
	@tools/setup.sh

demo: setup ## a logon with password and face, and the ways to be refused
	@$(AS_ROOT) $(BIN)/python -m tools.demo

test: setup ## all tests
	@$(AS_ROOT) $(BIN)/python -m pytest -n 2 --dist loadfile

check: setup ## lint, types, architecture
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest -q tests/test_architecture.py

bench: setup ## figures: recognition, landmarks, dummy staff, attempts, rotation, synchronisation
	@$(AS_ROOT) tools/bench.sh

locale: setup ## collects new messages into the catalogues
	@tools/locale.sh

clean: ## remove what was built
	rm -rf build dist *.egg-info $(VENV)
	$(MAKE) -s -C pam_module clean
