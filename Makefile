# Overtrain: two commands do everything, `make demo` and `make test`.

SHELL := /bin/bash
BUILD := swift build -c release --explicit-target-dependency-import-check error
BINARY := .build/release/overtrain
PACKAGES := libopenblas-dev zlib1g-dev
SOURCES := Sources Tests Package.swift

.DEFAULT_GOAL := help
.PHONY: help setup build demo test test-torture test-fuzz test-sanitize check lint layers bench \
  peers clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what is missing (OpenBLAS and zlib headers)
	@command -v swift >/dev/null || { echo "Swift 6.2 or later is needed: see swift.org/install"; exit 1; }
	@missing=$$(for p in $(PACKAGES); do dpkg -s $$p >/dev/null 2>&1 || echo $$p; done); \
	if [ -n "$$missing" ]; then \
	  if [ "$$(id -u)" = 0 ]; then sudo=; \
	  elif sudo -n true 2>/dev/null; then sudo=sudo; \
	  else echo "Run this once, then try again:"; \
	    echo "  sudo apt-get install -y" $$missing; exit 1; fi; \
	  echo "installing" $$missing; \
	  { $$sudo apt-get install -y -qq $$missing || \
	    { $$sudo apt-get update -qq && $$sudo apt-get install -y -qq $$missing; }; } >/dev/null; \
	fi

build: setup ## the release binary, .build/release/overtrain
	@$(BUILD) --product overtrain

demo: build ## real data, a grid of 15 models, laws, held-out predictions, a report
	@$(BINARY) data configs/corpora/demo.yaml
	@$(BINARY) sweep configs/demo.yaml
	@$(BINARY) fit data/runs/demo --name demo
	@$(BINARY) report data/fits/demo

test: setup ## build and run every test
	@$(BUILD) --build-tests
	@swift test -c release --skip-build

# Faults for real: kills before random system calls, and a disk that fails at random writes.
test-torture: setup ## 50 random kills, 60 failing writes, 3,000 changed bytes a file
	@$(BUILD) --build-tests
	@OVERTRAIN_KILLS=50 OVERTRAIN_FAULTS=60 OVERTRAIN_FLIPS=3000 \
	  swift test -c release --skip-build --filter 'TortureTests|CorruptionTests'

INPUTS := 1000000
test-fuzz: setup ## INPUTS=1000000 mutated inputs for every parser of foreign bytes
	@$(BUILD) --build-tests
	@OVERTRAIN_FUZZ_INPUTS=$(INPUTS) swift test -c release --skip-build --filter FuzzTests

# In build folders of their own, for nothing of the product is shared. The address sanitizer's own
# limits: BLAS is not instrumented, and what Foundation keeps for the process's life is no leak.
test-sanitize: setup ## every test under the address and the thread sanitizer
	@for s in address thread; do \
	  ASAN_OPTIONS=detect_leaks=0 swift test -c release --sanitize=$$s \
	    --scratch-path .build/$$s --skip EndToEndTests || exit 1; done

check: setup lint layers ## format lint, and the walls between modules

lint:
	@swift format lint --recursive --strict $(SOURCES)

# Undeclared imports fail the build; unsafe code may stand in Kernels alone, but for two system calls.
layers:
	@$(BUILD)
	@found=$$(grep -rnE '\bunsafe \w|Unsafe|withUnsafe' Sources --include=*.swift \
	  | grep -vE '^Sources/Kernels/|^Sources/Experiment/DurableFile.swift' || true); \
	if [ -n "$$found" ]; then echo "unsafe code outside Kernels:"; echo "$$found"; exit 1; fi

bench: build ## speed of training, as JSON
	@for c in xs c1 c2 c4 c6; do $(BINARY) bench --config $$c --json || exit 1; done

clean: ## remove the build, not the data
	@rm -rf .build

peers: build ## our speed against PyTorch's and plain C's, alternately (installs both in .build-peers)
	@test -x .build-peers/bin/python || python3 -m venv .build-peers
	@.build-peers/bin/python -c "import torch" 2>/dev/null || .build-peers/bin/pip install -q torch numpy
	@cc -O3 -march=native -ffast-math -fopenmp Tests/Peers/llmc_peer.c -o .build-peers/llmc_peer -lm
	@.build-peers/bin/python Tests/Peers/compare.py --overtrain $(BINARY) \
	  --c-peer .build-peers/llmc_peer
