# Overtrain: two commands do everything, `make demo` and `make test`.

SHELL := /bin/bash
BUILD := swift build -c release --explicit-target-dependency-import-check error
BINARY := .build/release/overtrain
PACKAGES := libopenblas-dev zlib1g-dev
SOURCES := Sources Tests Package.swift

.DEFAULT_GOAL := help
.PHONY: help setup build demo test test-torture test-fuzz test-sanitize test-baseline check lint layers bench \
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

# Faults for real: kills and signals before random system calls, a disk that fails at each of them.
test-torture: setup ## 50 kills, 30 signals, an error at every place that writes, 3,000 flipped bytes a file
	@$(BUILD) --build-tests
	@OVERTRAIN_KILLS=50 OVERTRAIN_SIGNALS=30 OVERTRAIN_FAULTS=1 OVERTRAIN_FLIPS=3000 \
	  swift test -c release --skip-build --filter "TortureTests|SignalTests|WriteFaultTests|CorruptionTests"

# libFuzzer, guided by coverage, under the address and (of C) the undefined-behaviour sanitizer; Swift
# traps by itself. A fatal error, a second of processor time for an input, and memory beyond four times
# the input and 64 MiB end it.
INPUTS := 1000000
TARGETS = $$($(FUZZ) --list)
FUZZ := .build/fuzz/release/fuzz
RUNTIME = $(dir $(realpath $(shell which swift)))../lib/clang/*/lib/linux
COVERAGE := inline-8bit-counters,pc-table,trace-cmp
test-fuzz: setup ## INPUTS=1000000 inputs for each of TARGETS, by default every parser
	@OVERTRAIN_FUZZ=1 swift build -c release --sanitize address --scratch-path .build/fuzz \
	  --product fuzz -Xswiftc -sanitize-coverage=edge,$(COVERAGE) \
	  -Xcc -fsanitize-coverage=$(COVERAGE) -Xcc -fsanitize=undefined \
	  -Xcc -fno-sanitize-recover=undefined -Xlinker -lstdc++ \
	  -Xlinker $$(ls $(RUNTIME)/libclang_rt.fuzzer_no_main-$$(uname -m).a)
	@$(FUZZ) --seeds .build/fuzz/corpus
	@for t in $(TARGETS); do echo $$t; done | xargs -P $$(nproc) -I{} Tests/Fuzz/run {} $(INPUTS)

# In build folders of their own, the program that tests start among them. BLAS is not instrumented, and
# what Foundation keeps for the process's life is no leak. Left out: the memory, allocations and speed
# that are bounds of the plain build, for the sanitizers' own would be measured; the thread sanitizer's
# programs may take OVERTRAIN_SLOWDOWN times as long to leave after a signal.
UNMEASURED := StepTests/(memory|allocatesNothing)|MachineTests/productsAreVectorCode
test-sanitize: setup ## every test under the address and the thread sanitizer
	@mkdir -p .build/sanitizers
	@clang -fsanitize=thread -O1 -c Tests/Sanitizers/mutex.c -o .build/sanitizers/mutex.o
	@ASAN_OPTIONS=detect_leaks=0 swift test -c release --sanitize=address \
	  --scratch-path .build/address --skip '$(UNMEASURED)'
	@TSAN_OPTIONS=suppressions=$(CURDIR)/Tests/Sanitizers/suppressions OVERTRAIN_SLOWDOWN=8 \
	  swift test -c release --sanitize=thread --scratch-path .build/thread \
	  -Xlinker $(CURDIR)/.build/sanitizers/mutex.o --skip '$(UNMEASURED)'

test-baseline: setup ## build for processors without AVX2, and test kernels, model and training
	@OVERTRAIN_BASELINE=1 $(BUILD) --build-tests --scratch-path .build-baseline
	@OVERTRAIN_BASELINE=1 swift test -c release --skip-build --scratch-path .build-baseline \
	  --filter 'KernelsTests|ModelTests|TrainingTests|EvaluationTests|StepTests'

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
