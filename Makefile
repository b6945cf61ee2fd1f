# The front door. `make run` and `make test` need Python 3.11+ and a network for the first install; nothing else.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: run screen demo test browser curl web foreign interop lint bench soak docs data clean

run: screen demo

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "détente needs Python 3.11 or newer; say which with: make PYTHON=python3.13"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { echo "python3 cannot make virtual environments; on Debian: apt-get install python3-venv"; exit 1; }
	@echo "Installing détente and what it needs into $(VENV) (a minute or two, once) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

screen: $(READY) data
	@$(BIN)/python scripts/run_scenario.py

# The channel itself, with five parties, until Ctrl-C. Another port: make demo PORT=9000
PORT   := 8642
demo: $(READY) web
	@$(BIN)/detente demo --data out/demo --anew --port $(PORT)

data: $(READY)
	@$(BIN)/python scripts/fetch_flights.py || true

test: $(READY) browser curl web foreign
	@$(BIN)/python scripts/web.py test
	$(BIN)/python -m pytest -n auto -m "not soak"

# The map is tested in a real browser: Debian's chromium, installed where that is allowed; DETENTE_CHROMIUM names another.
browser:
	@test -n "$$DETENTE_CHROMIUM" || command -v chromium >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; } || \
	  echo "No chromium: the browser tests will say so. On Debian: sudo apt-get install chromium"

# The tour is run as it stands, with curl.
curl:
	@command -v curl >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq curl >/dev/null; } || \
	  echo "No curl: the tour's test will say so. On Debian: sudo apt-get install curl"

# What runs in a browser, built into src/detente/web. Without a Node that will do, one is taken from a wheel.
web: $(READY)
	@$(BIN)/python scripts/web.py build

# Verifiers that others wrote: Go's, from Debian; tlog-scales, from the Python package index; @sigstore/verify, from npm.
foreign:
	@command -v go >/dev/null && test -d /usr/share/gocode/src/golang.org/x/mod/sumdb || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq golang-go golang-golang-x-mod-dev >/dev/null; } || \
	  echo "No Go: its test will say so. On Debian: sudo apt-get install golang-go golang-golang-x-mod-dev"

interop: $(READY) foreign
	$(BIN)/python -m pytest tests/foreign

soak: $(READY)
	$(BIN)/python -m pytest -m soak

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(BIN)/python scripts/web.py lint

bench: $(READY)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@# Its compiled detector is MIT and needs numpy alone; the simulator's own navigation data is GPL, so it comes without.
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps 'bluesky-simulator>=1.1,<2' || true
	$(BIN)/python -m bench.run
	$(BIN)/python -m bench.picture
	$(BIN)/python -m bench.matching

docs: $(READY)
	$(BIN)/python scripts/build_docs.py

clean:
	rm -rf $(VENV) out data web/node_modules src/detente/web .mypy_cache .ruff_cache .pytest_cache .hypothesis
