# make check runs every gate; make serve serves the example zones on port 5300.

BIN := .venv/bin

.PHONY: check lint test serve venv

check: lint
	$(BIN)/pytest --cov --cov-report=term-missing

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: venv
	$(BIN)/pytest

serve: venv
	$(BIN)/zoneserver serve

venv: .venv/installed

.venv/installed: pyproject.toml
	python3 -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@
