# make check runs every gate; make serve serves the example zones on port 5300.

BIN := .venv/bin

.PHONY: check lint fastpath test acceptance serve venv

check: lint fastpath
	$(BIN)/pytest --cov --cov-report=term-missing

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The native engine's own gates, where there is a Rust toolchain to run them.
fastpath:
	@if command -v cargo >/dev/null; then \
		cd fastpath && cargo fmt --check && cargo clippy --locked --all-targets -- -D warnings \
		&& cargo test --locked --no-default-features; \
	else echo "no cargo: the native engine is neither built nor tested"; fi

test: venv
	$(BIN)/pytest

# The table of acceptance tests, each with its figure.
acceptance: venv
	$(BIN)/python -m tests.acceptance

serve: venv
	$(BIN)/zoneserver serve

venv: .venv/installed

.venv/installed: pyproject.toml
	python3 -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@
