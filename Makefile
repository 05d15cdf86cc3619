# Two commands from a fresh clone: `make demo` and `make test`. Needs python3 (3.11 or later) and make.
PYTHON ?= python3
BIN := .venv/bin
export UV_FIND_LINKS ?= $(PIP_FIND_LINKS)
UV := $(BIN)/uv --quiet
# PyTorch's CPU build is in no registry: a folder of wheels has it, or else PyTorch's own index.
TORCH_FROM := $(if $(UV_FIND_LINKS),,--torch-backend=cpu)

AUDIT := pip-audit==2.10.1

.PHONY: install demo test docs check bench proof lock clean

install: .venv/installed ## a working .venv/bin/em

.venv/installed: requirements/default.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("emsim needs Python 3.11 or later; name one with: make PYTHON=python3.12") if sys.version_info < (3, 11) else 0'
	@test -x $(BIN)/uv || { $(PYTHON) -m venv .venv && $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt; }
	$(UV) pip install --python $(BIN)/python --no-deps -r requirements/default.txt
	$(UV) pip install --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

.venv/testing: .venv/installed requirements/test.txt requirements/torch.in
	$(UV) pip install --python $(BIN)/python --no-deps --compile-bytecode -r requirements/test.txt
	$(UV) pip install --python $(BIN)/python --no-deps --compile-bytecode $(TORCH_FROM) -r requirements/torch.in
	@touch $@

demo: .venv/installed ## three short sessions on the embedded model: played, filtered, exported
	@$(BIN)/em demo

test: .venv/testing ## the whole suite
	$(BIN)/ruff check .
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

docs: .venv/testing ## the documentation as a site, in site/
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo site/index.html

check: .venv/testing ## lint, the locks, and what the advisory databases know of them (needs the network)
	$(BIN)/ruff check .
	$(BIN)/python -m pytest tests/test_supply.py
	$(UV) tool run $(AUDIT) --strict --require-hashes --disable-pip --progress-spinner off -r requirements/default.txt
	$(UV) tool run $(AUDIT) --strict --require-hashes --disable-pip --progress-spinner off -r requirements/test.txt

bench: .venv/testing ## benchmarks, each prints one JSON object
	@for b in tests/bench/bench_*.py; do $(BIN)/python $$b || exit 1; done

proof: .venv/testing ## half an hour: a LoRA on real weights, killed, resumed, and spoken with
	@$(BIN)/python tests/bench/proof.py

lock: ## after a change in pyproject.toml; writes no registry's host
	$(UV) pip compile --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate requirements/uv.in -o requirements/uv.txt
	$(UV) pip compile --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate pyproject.toml requirements/build.in --group model -o requirements/default.txt
	$(UV) pip compile --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate pyproject.toml requirements/build.in --extra parquet --extra train --extra ray --extra review --group model --group test -c requirements/default.txt -c requirements/torch.in --no-emit-package torch -o requirements/test.txt

clean: ## everything that the Makefile made
	rm -rf .venv dist build site
