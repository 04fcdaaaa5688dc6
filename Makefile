# make run: install, run the baseline, say where the report is. make serve: install, then serve the pages.
# make test: install, then the checks of minutes; make test-all: every check. make docs: the documentation as a site,
# in build/docs. make lint: style, types, imports. make browser: a browser for the tests of pages. make clean.
# Needs only Python 3.11 to 3.14 and make. To choose the Python: make run PYTHON=/path/to/python

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt
CANDIDATES = $(PYTHON) python3.13 python3.12 python3.11 python3.14 python3

BROWSERS := chromium chromium-browser google-chrome google-chrome-stable chrome

.PHONY: run serve test test-all lint docs docs-check findings sensitivity-study browser clean
.DELETE_ON_ERROR:

run: $(VENV)/.installed
	$(BIN)/capflow run baseline

serve: $(VENV)/.installed
	$(BIN)/capflow serve

# Warnings are errors: a link or a name in a docstring that leads nowhere among them. The tests build it, too.
docs: $(VENV)/.installed-dev
	$(BIN)/python -m sphinx -q -W --keep-going -E -c docs . build/docs
	@echo "The documentation is in build/docs/index.html"

# Whether the pages of docs/ say what the studies write now: a sample in seconds; WHOLE=--whole runs histories as well.
docs-check: $(VENV)/.installed-dev
	$(BIN)/python -m studies.check $(WHOLE)

# docs/findings.md with its numbers and figures, from scratch: some ten minutes.
findings: $(VENV)/.installed
	$(BIN)/python -m studies.findings

# Every check but those that take long (wheels, kills, browsers, many histories): minutes. A file is one worker's,
# so that what its tests share is made once; in the order of tests/conftest.py.
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

test: lint docs-check browser
	$(PYTEST) -m "not slow"

# Every check there is: up to an hour.
test-all: lint docs-check browser
	$(PYTEST)

lint: $(VENV)/.installed-dev
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check --quiet .
	$(BIN)/python -m deptry .
	$(BIN)/python -m mypy

# The pages are tested in a real browser. Where none is found and none can be installed, those tests are skipped
# and say why; under CI=true they fail. Debian's package is meant: Ubuntu's has no browser in it.
browser:
	@[ -n "$$CAPFLOW_BROWSER" ] && exit 0; \
	for name in $(BROWSERS); do command -v "$$name" >/dev/null 2>&1 && exit 0; done; \
	as=; [ "$$(id -u)" = 0 ] || as="sudo -n"; \
	if command -v apt-get >/dev/null 2>&1 && $$as true 2>/dev/null; then \
	    echo "Installing Chromium, in which the pages are tested (once)" >&2; \
	    $$as apt-get -qq update >/dev/null 2>&1; \
	    DEBIAN_FRONTEND=noninteractive $$as apt-get -qq install --no-install-recommends chromium fonts-dejavu-core \
	        >/dev/null 2>&1 </dev/null; \
	fi; \
	command -v chromium >/dev/null 2>&1 || \
	    echo "capflow: no browser, and none could be installed; tests of the pages need chromium" >&2

# What the answer hangs on: designs, sweeps, numbers, figures and docs/what-matters.md, all of them anew.
sensitivity-study: $(VENV)/.installed
	$(BIN)/python -m studies.what_matters

# Runs are kept: they are results.
clean:
	rm -rf $(VENV) build dist .coverage *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.installed: $(VENV)/.created pyproject.toml constraints.txt
	@echo "Installing capflow into $(VENV) (once; a few minutes on a slow line)" >&2
	$(PIP) --editable '.[all]'
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(PIP) --editable '.[dev]'
	@touch $@

# A whole .venv is kept, an interrupted one is made again. A name on the path may be a shim that fails, too old,
# or a Python packaged without venv: so each is run.
$(VENV)/.created:
	@if $(BIN)/python -m pip --version >/dev/null 2>&1; then touch $@; exit; fi; \
	found=; without_venv=; \
	for python in $(CANDIDATES); do \
	    "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null || continue; \
	    if "$$python" -c 'import ensurepip, venv' 2>/dev/null; then found=$$python; break; fi; \
	    without_venv=$$python; \
	done; \
	if [ -z "$$found" ] && [ -n "$$without_venv" ]; then \
	    echo "capflow: $$without_venv cannot create environments; install its venv package (Debian, Ubuntu: python3-venv)" >&2; exit 1; \
	elif [ -z "$$found" ]; then \
	    echo "capflow: no Python 3.11 to 3.14 found; install one, or name it: make run PYTHON=/path/to/python" >&2; exit 1; \
	fi; \
	echo "Creating $(VENV) with $$found" >&2; \
	rm -rf $(VENV); \
	"$$found" -m venv $(VENV) || { rm -rf $(VENV); echo "capflow: $$found -m venv $(VENV) failed" >&2; exit 1; }; \
	touch $@
