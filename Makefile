# Everything a person does with a checkout; Python 3.11+ and make are all it needs.
#   make demo [SECONDS=120] the main job, live      make test    every test
#   make install            only set up .venv       make check   format, lint, types, imports, dependencies
#   make bench              speed                   make fmt     format the code
#   make fuzz               malformed posts, long  make docs     the site of docs/, into .cache/site
#   make pages              write the pages that come from the code
#   make wheel              dist/: wheel, source archive, their SHA-256
#   make audit              known vulnerabilities of the locked packages; asks PyPI
#   make release-check      a wheel as for PyPI, and make audit
#   make chaos [SEED=7]     faults, long
#   make pictures           those of docs/dashboard.md, a quarter of an hour; asks for Chromium

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	"$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null \
	&& command -v "$$p" && break; done)
FIGURES ?= .cache/bench
UV_VERSION := 0.13.9
PIP_AUDIT_VERSION := 2.10.1
TWINE_VERSION := 7.0.0
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
DASHBOARD := connectors/http/dashboard
DENO := $(abspath $(BIN)/deno)

.PHONY: install demo test check wheel audit release-check fuzz chaos bench pictures docs docs-serve pages fmt clean
.DEFAULT_GOAL := install

install: $(INSTALLED)

$(INSTALLED): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed: install one, or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV) || { rm -rf $(VENV); echo "$(PYTHON) cannot make a virtual environment: install its venv module (Debian, Ubuntu: python3-venv)" >&2; exit 1; }
	@echo "Fetching the packages of requirements.lock (about 5 GB, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"
	@$(BIN)/uv pip sync --require-hashes requirements.lock
	@$(BIN)/uv pip install --quiet --no-deps --editable .
	@touch $@

demo: install
	@$(BIN)/voxpop demo $(if $(SECONDS),--seconds $(SECONDS))

# two at a time: many wait for servers, and no more than two fit two cores
test: install
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd $(DASHBOARD) && $(DENO) fmt --check --quiet *.js && $(DENO) lint --quiet *.js && $(DENO) check --quiet main.js
	$(BIN)/python -m pytest -q tests/unit/test_dependencies.py tests/unit/test_licences.py
	@if why=$$($(BIN)/python -m tests.advisories); then $(MAKE) --no-print-directory audit; \
	else echo "NOT AUDITED for vulnerabilities: $$why; run make audit where they can be asked" >&2; fi

fuzz: install
	$(BIN)/python -m tests.fuzz
	@$(BIN)/uv pip install --quiet --require-hashes --no-deps --target .cache/atheris --requirement tests/fuzz/requirements.txt
	PYTHONPATH=.cache/atheris $(BIN)/python -m tests.fuzz.guided

# the same bytes from the same commit, whatever the machine and the day
wheel: install
	@rm -rf dist
	$(BIN)/python -m hatchling build
	@cp requirements.lock dist/
	@cd dist && sha256sum * > SHA256SUMS && cat SHA256SUMS

release-check: wheel
	@$(BIN)/uv tool run --from "twine==$(TWINE_VERSION)" twine check --strict dist/*.whl dist/*.tar.gz
	@$(MAKE) --no-print-directory audit

# where PyPI's advisories cannot be asked this fails, rather than find nothing wrong; check then says so and goes on
audit: install
	@$(BIN)/uv tool run --from "pip-audit==$(PIP_AUDIT_VERSION)" pip-audit --strict --require-hashes --disable-pip \
	  --progress-spinner off --requirement requirements.lock \
	|| { echo "make audit: a package is vulnerable, or PyPI's advisories could not be asked (see above)" >&2; exit 1; }

# two hours; nothing else should run meanwhile. A part that fails leaves the others, and its place on the page
bench: install
	@mkdir -p $(FIGURES); failed=; \
	measure() { \
		name=$$1; shift; rm -f "$(FIGURES)/$$name.json"; echo "$$(date +%H:%M) voxpop bench $$*"; \
		$(BIN)/voxpop bench "$$@" --json "$(FIGURES)/$$name.json" || failed="$$failed $$name"; \
	}; \
	for figures in engine candidates windows acceleration reading pipeline extraction capacity growth soak api verify peers; do \
		measure $$figures $$figures; \
	done; \
	measure peers-long peers --conversations 200; \
	$(BIN)/python -m benchmarks.page $(FIGURES) docs/performance.md || failed="$$failed page"; \
	test -z "$$failed" || { echo "make bench: failed:$$failed" >&2; exit 1; }

# both parts, though the first finds something
chaos: install
	@good=0; for part in "" --guards; do \
		$(BIN)/python -m tests.chaos $$part $(if $(SEED),--seed $(SEED)) \
			--json docs/chaos.json --page docs/chaos.md || good=1; \
	done; exit $$good

pictures: install
	$(BIN)/python -m tests.browser.pictures

# NO_MKDOCS_2_WARNING: docs/decisions/0034-documentation.md knows of it
docs: install
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "the site is in .cache/site: open .cache/site/index.html"

docs-serve: install
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs serve --livereload

pages: install
	$(BIN)/python -m docs.site
	$(BIN)/python -m stream_app.settings_page
	$(BIN)/python -m connectors.rights_page
	$(BIN)/python -m connectors.schemas.generate

fmt: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	cd $(DASHBOARD) && $(DENO) fmt --quiet *.js

clean:
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
