# Two commands on a fresh machine: `make run` and `make test`. Both set up what is missing.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.samband

.PHONY: run setup test peers soak check fix clean

run: $(STAMP)-run $(STAMP)-console
	@exec $(BIN)/samband demo $(ARGS)

setup: $(STAMP)-run $(STAMP)-console $(STAMP)-warm

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("Samband needs Python 3.11 or newer; this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)

$(STAMP)-run: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(STAMP)-dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@ $(STAMP)-run

$(STAMP)-console: $(shell find console -type f -not -path 'console/node_modules/*' 2>/dev/null)
	scripts/build-console
	@mkdir -p $(VENV) && touch $@

$(STAMP)-warm: $(STAMP)-run $(shell find codecs -name '*.py' -o -path '*/data/*')
	$(BIN)/samband warm
	@touch $@

# The console, the kernels and the peers have nothing to do with each other.
test: $(STAMP)-dev
	+$(MAKE) --no-print-directory -j3 setup peers
	scripts/check
	scripts/run-tests -n 2 --dist loadfile --no-loadscope-reorder tests/webrtc tests/system

peers:
	scripts/install-test-peers

check: $(STAMP)-dev $(STAMP)-console
	scripts/check

soak: $(STAMP)-dev setup
	scripts/soak

fix: $(STAMP)-dev
	scripts/fix

clean:
	rm -rf $(VENV) console/node_modules dispatch/static build *.egg-info
