# `make` lists the targets. Needs Python 3.11 or later with venv; everything else goes into $(VENV).

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --no-build-isolation
DEMO := build/demo
CENTRE_FLAGS ?=
MUTATION_SEED ?= 1
EXAMPLES ?= 2000
SEEDS ?= 0..999
WORKERS ?= 2
FUZZ_SECONDS ?= 60
FUZZ_SEED ?= 1
FUZZ_TARGETS ?=
SUDO := $(shell test "$$(id -u)" = 0 || echo sudo)

# Stamps. They live in the venv, so that clearing it clears them too.
RUN := $(VENV)/.run
PROJECT := $(VENV)/.project
DEV := $(VENV)/.dev
FUZZ := $(VENV)/.fuzz
SITE := $(VENV)/.site
PCSC := $(VENV)/.pcsc
DEB := $(VENV)/.deb
DEB_ARCH ?= $(shell dpkg --print-architecture)

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Targets share one venv.
.NOTPARALLEL:
.PHONY: help demo centre test test-long sim-faults test-data test-pcsc test-served test-postgres test-browser screens deb test-deb lint format lock bench docs site rules mutation mutation-sample fuzz system-deps pcsc-deps deb-deps postgres-deps browser-deps vpcd clean data-dir

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: $(PROJECT) ## Replay one day of the sample feed into build/demo
	rm -rf $(DEMO)
	$(BIN)/farebox sim replay --feed sample --date 2026-11-20 --seed 41 --out $(DEMO)

# The demo goes on where it was; CENTRE_FLAGS=--anew begins another one.
centre: $(PROJECT) $(DEV) ## Start the centre with people, cards, a payment sandbox and two buses (模擬); Ctrl-C ends it
	$(BIN)/farebox centre demo start $(CENTRE_FLAGS)

# Journals flush thousands of times here: their folders lie in memory, where it has 2 GB for that.
TEST_FOLDERS = $(shell [ -w /dev/shm ] && [ "$$(df -k --output=avail /dev/shm | tail -1)" -gt 2000000 ] \
	&& echo /dev/shm || echo "$${TMPDIR:-/tmp}")

test: $(PROJECT) $(DEV) ## Run the tests that need no third-party data
	TMPDIR=$(TEST_FOLDERS) $(BIN)/python -m pytest -q -n auto --dist worksteal -m "not data"

# Some two hundred examples a minute.
test-long: $(PROJECT) $(DEV) ## Drive the whole terminal in any order of anything; EXAMPLES times
	FAREBOX_EXAMPLES=$(EXAMPLES) TMPDIR=$(TEST_FOLDERS) $(BIN)/python -m pytest -q --hypothesis-show-statistics \
		tests/farebox/whole/test_whole_terminal.py

# Some four hundred taps a day, and as many a second on each of the workers at least.
sim-faults: $(PROJECT) ## Run days on which anything goes wrong, one for each seed; SEEDS=A..B
	$(BIN)/farebox sim faults --seeds $(SEEDS) --workers $(WORKERS)

test-data: data-dir $(PROJECT) $(DEV) ## Run the tests on the third-party data in FAREBOX_DATA
	$(BIN)/python -m pytest -q -m data

test-served: $(PROJECT) $(DEV) ## Run the tests that start the centre as the processes it is
	TMPDIR=$(TEST_FOLDERS) $(BIN)/python -m pytest -q -n auto --dist worksteal -m served tests/centre

# The server lies in a temporary folder and ends with the tests. As root, it runs as Debian's user postgres.
test-postgres: postgres-deps $(PROJECT) $(DEV) ## Run the centre's tests on a PostgreSQL server of their own
	TMPDIR=$(TEST_FOLDERS) $(BIN)/python -m tools.postgres \
		$(BIN)/python -m pytest -q -n auto --dist worksteal -m "not browser" tests/centre

test-browser: browser-deps $(PROJECT) $(DEV) ## Run the tests in a real browser, Debian's chromium
	TMPDIR=$(TEST_FOLDERS) $(BIN)/python -m pytest -q -m browser tests/centre/browser

screens: browser-deps $(PROJECT) $(DEV) ## Take the pictures of docs/centre/a_members_day.md anew
	CENTRE_SCREENS=docs/screens/centre TMPDIR=$(TEST_FOLDERS) $(BIN)/python -m pytest -q -m browser \
		tests/centre/browser/test_a_members_day.py

# As root: it starts a pcscd of its own, which needs that no other one runs.
test-pcsc: pcsc-deps vpcd $(PROJECT) $(DEV) $(PCSC) ## Run the tests through a real pcscd and a virtual reader
	$(BIN)/python -m pytest -q -m pcsc tests/pcsc

# For another machine than this one, DEB_ARCH=arm64 (a Pi) or amd64. Made with the Python of the Debian it is for.
deb: $(RUN) $(DEB) ## Build the Debian package: build/farebox_VERSION_ARCH.deb
	$(BIN)/python -m tools.pi.deb --arch $(DEB_ARCH) build

# As root: it installs the package in a Debian of its own, made by debootstrap and kept in ~/.cache/farebox-test-deb.
test-deb: deb-deps deb $(PROJECT) $(DEV) ## Install the package on a Debian in a folder, start, upgrade, remove it
	$(BIN)/python -m pytest -q -m deb tests/deb

lint: $(PROJECT) $(DEV) ## Check style, types, import rules and that the locks satisfy pyproject.toml
	$(BIN)/python -m pip check
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEV) ## Format the code and mend what ruff can
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

# Pins that still fit are kept; `make lock LOCK_FLAGS=--upgrade` renews them all.
COMPILE = UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --no-config --universal \
	--python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links $(LOCK_FLAGS)

# What a terminal on a bus needs besides; the Debian package holds it.
PI_EXTRAS := console exchange printer vehicle pi metrics

lock: $(DEV) ## Renew requirements/*.txt from pyproject.toml and requirements/build.in
	$(COMPILE) requirements/build.in -o requirements/build.txt
	$(COMPILE) requirements/fuzz.in -o requirements/fuzz.txt
	$(COMPILE) requirements/pcsc.in -o requirements/pcsc.txt
	$(COMPILE) requirements/deb.in -o requirements/deb.txt
	$(COMPILE) pyproject.toml -o requirements/run.txt
	$(COMPILE) pyproject.toml --extra dev -c requirements/run.txt -o requirements/dev.txt
	$(COMPILE) requirements/docs.in -c requirements/dev.txt -o requirements/docs.txt
	$(COMPILE) pyproject.toml $(PI_EXTRAS:%=--extra %) -c requirements/dev.txt -o requirements/pi.txt

bench: $(PROJECT) ## Measure speed; BENCH_FLAGS="--growth FILE.svg" draws how cost grows
	$(BIN)/python -m tools.bench $(BENCH_FLAGS)

docs: $(PROJECT) $(DEV) ## Write the generated documents
	$(BIN)/python -m tools.make_docs
	$(BIN)/python -m tools.console_screens

site: $(RUN) $(SITE) ## Make the documentation a site in build/site; fails on a link that leads nowhere
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

rules: $(PROJECT) ## Print each rule with the code, values and tests that hold it; fails on a gap
	$(BIN)/python -m tools.rule_table

# Hours: every mutant of tariff/, and every value of the operator files.
mutation: $(PROJECT) $(DEV) ## Change the tariff's code and values bit by bit; fails if its tests don't notice
	$(BIN)/python -m tools.mutation --jobs 2
	$(BIN)/python -m tools.mutation.values

mutation-sample: $(PROJECT) $(DEV) ## The same for a sample, in minutes; MUTATION_SEED chooses it
	$(BIN)/python -m tools.mutation --jobs 2 --sample 150 --seed $(MUTATION_SEED)
	$(BIN)/python -m tools.mutation.values --sample 30 --seed $(MUTATION_SEED)

# x86-64 only, as atheris is. Every target in turn, or those of FUZZ_TARGETS.
fuzz: $(PROJECT) $(DEV) $(FUZZ) ## Look for bytes that break a parser; FUZZ_SECONDS for each
	$(BIN)/python -m tests.fuzz --seconds $(FUZZ_SECONDS) --seed $(FUZZ_SEED) $(FUZZ_TARGETS)

system-deps: ## Install what readers, slips and tests need: libusb, a font, systemd-analyze (apt-get; asks sudo unless root)
	$(call INSTALL,libusb-1.0-0 fonts-ipafont-gothic systemd,which USB card readers and slips in Japanese and the tests need)

pcsc-deps: ## Install what PC/SC readers (RC-S300) need: pcscd, and what pyscard is built with (apt-get)
	$(call INSTALL,pcscd libccid swig gcc libc6-dev libpcsclite-dev python3-dev,which PC/SC card readers need)

postgres-deps: ## Install what test-postgres needs: PostgreSQL (apt-get)
	$(call INSTALL,postgresql,which the centre is tried on)

browser-deps: ## Install what test-browser needs: chromium and Japanese letters (apt-get)
	$(call INSTALL,chromium fonts-ipafont-gothic,in which the pages are tried)

deb-deps: ## Install what test-deb needs: debootstrap (apt-get)
	$(call INSTALL,debootstrap,which the Debian package is tried with)

# Not among pcsc-deps: with it installed, every pcscd of the machine has a virtual reader.
vpcd:
	$(call INSTALL,vsmartcard-vpcd,the virtual PC/SC reader)

# $(1) Debian packages, of which those that are missing are installed; $(2) why
define INSTALL
@missing=$$(for package in $(1); do \
	[ "$$(dpkg-query -W -f='$${db:Status-Status}' $$package 2>/dev/null)" = installed ] || printf ' %s' $$package; \
done); \
if [ -z "$$missing" ]; then \
	echo "$(1): installed already."; \
else \
	echo "Installing$$missing, $(2)."; \
	$(SUDO) apt-get update -qq && \
	$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; \
fi
endef

clean: ## Remove the venv, build output and caches
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -type d -name __pycache__ -prune -exec rm -rf {} +

# Before the venv is set up, so that the answer comes at once.
data-dir:
	@if [ ! -d "$$FAREBOX_DATA" ]; then \
		echo "test-data: set FAREBOX_DATA to the folder of third-party data (now: '$$FAREBOX_DATA')." >&2; exit 2; \
	fi

# A new run lock starts a new venv, so that dropped packages are gone.
$(RUN): requirements/build.txt requirements/run.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "farebox needs Python 3.11 or later, but '$(PYTHON)' is $$($(PYTHON) --version 2>&1);" \
			"name another one with PYTHON=..." >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' || { \
		echo "'$(PYTHON)' has no venv module; on Debian, install python3-venv." >&2; exit 2; }
	$(PYTHON) -m venv --clear $(VENV)
	$(PIP) --require-hashes -r requirements/build.txt
	$(PIP) --use-pep517 --require-hashes -r requirements/run.txt
	@touch $@

$(PROJECT): pyproject.toml $(RUN)
	$(PIP) --no-deps -e .
	@touch $@

$(DEV): requirements/dev.txt $(RUN)
	$(PIP) --use-pep517 --require-hashes -r requirements/dev.txt
	@touch $@

$(SITE): requirements/docs.txt $(RUN)
	$(PIP) --require-hashes -r requirements/docs.txt
	@touch $@

$(FUZZ): requirements/fuzz.txt $(RUN)
	$(PIP) --require-hashes -r requirements/fuzz.txt
	@touch $@

$(PCSC): requirements/pcsc.txt $(RUN)
	$(PIP) --use-pep517 --require-hashes -r requirements/pcsc.txt
	@touch $@

$(DEB): requirements/deb.txt $(RUN)
	$(PIP) --require-hashes -r requirements/deb.txt
	@touch $@
