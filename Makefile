# Two commands to start with: `make demo` and `make test`. Each sets up .venv by itself.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
export OMP_NUM_THREADS ?= 1
export DAGSTER_DISABLE_TELEMETRY = 1
export MLFLOW_DISABLE_TELEMETRY = true

.PHONY: help setup demo test check dev bench datasheet clean

help: ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

setup: .venv/ready ## build .venv (2.4 GB, two to three minutes); quick when it is up to date

.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "albumen needs Python 3.11 to 3.13, found $$($(PYTHON) --version 2>&1); set PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Setting up .venv with $$($(PYTHON) --version): about 2.4 GB, two to three minutes ..."
	@$(PYTHON) -m venv .venv || { echo "python -m venv failed; on Debian: apt install python3.11-venv"; exit 1; }
	@.venv/bin/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]" 2>&1 | (grep -v "^WARNING: Location" || true)
	@.venv/bin/python -c "import dagster, mlflow, torch, cv2" && touch .venv/ready

demo: setup ## run the main job end to end on real photos, then say where to look (S3=1: against a local S3 server)
	@.venv/bin/albumen demo $(if $(S3),--s3)

test: setup ## the whole test suite
	@.venv/bin/pytest

check: setup ## format, lint, types, import contracts
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports

dev: setup ## Dagster's UI and daemon, MLflow's UI and a local S3 server, all on 127.0.0.1
	@exec .venv/bin/albumen dev

bench: setup ## measure speed: pairs against training steps, in CPU seconds of one thread
	@.venv/bin/python -m benchmarks

datasheet: setup ## make the synthetic pairs and write their datasheet to docs/
	@.venv/bin/dagster asset materialize -m pipelines.definitions --select "clean_photos,textures,degraded_pairs"
	@cp $${ALBUMEN_HOME:-.albumen}/results/datasheet* docs/

clean: ## remove what runs left behind (.albumen), but not people's votes; the environment stays
	[ ! -d .albumen ] || find .albumen -mindepth 1 -maxdepth 1 ! -name ballots.sqlite -exec rm -rf {} +
