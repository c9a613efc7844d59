# Every task of the project; "make help" prints this list.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# The go command of install-deps is taken where PATH has none.
export PATH := $(PATH):/usr/local/go/bin
# A toolchain that go.mod asks for is fetched where the host's is older.
export GOTOOLCHAIN ?= auto

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
# The go command stamps the commit too, but not where it is told not to look.
COMMIT ?= $(shell git rev-parse --short=12 HEAD 2>/dev/null)
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.revision=$(COMMIT)
# A jail's supervisor lives for milliseconds and collects no garbage: without the
# newer collector's mark bits in each span it starts in a tenth less time. A
# toolchain that has dropped the switch refuses its name, and builds without.
QUICKSTART := GOEXPERIMENT=nogreenteagc go version >/dev/null 2>&1 && echo nogreenteagc || true
# What test-vm is told: KERNELS=5.10,6.1 of 5.10, 6.1, 6.12, 6.18 and 7.3, and UPDATE=1.
VM = -page docs/kernels.md $(if $(KERNELS),-kernels '$(KERNELS)') $(if $(UPDATE),-update) $(if $(V),-v)
test-vm-full: KERNELS ?= 6.18
# How long fuzz runs each target.
FUZZTIME ?= 1m
# Packages whose tests run a second time under the race detector.
RACE := ./cmd/... ./internal/... ./isolate/... ./policy/... ./rootfs/...

.PHONY: help demo build test test-go test-race test-libseccomp test-vm test-vm-full adversary fuzz check bench vulncheck deps-build deps-demo deps-test deps-bench deps-vm clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: deps-demo build ## show what becomes of a dozen untrusted programs
	@go run ./examples/demo

# What the linker has written lies in the page cache page by page; a copy lies
# there in large pieces, which are mapped at once: it starts in a tenth less time.
build: deps-build ## build bin/jail: static, without paths of this machine
	@CGO_ENABLED=0 GOEXPERIMENT=$$($(QUICKSTART)) go build -trimpath -ldflags "$(LDFLAGS)" -o bin/link/jail ./cmd/jail
	@cmp -s bin/link/jail bin/jail || install bin/link/jail bin/jail
	@du -h --apparent-size bin/jail | awk '{print "built " $$2 ", " $$1}'

test: test-go test-race test-libseccomp ## run all tests, as root; fails on a skip that test/skips.txt does not name

test-go: deps-test build ## run all tests once
	@go run ./test/runtests -count=1 -timeout=10m ./...

test-race: deps-test build ## run the library's and jail's own tests under the race detector
	@CGO_ENABLED=1 go run ./test/runtests -race -count=1 -timeout=10m $(RACE)

test-libseccomp: deps-test ## hold the filter compiler to libseccomp
	@CGO_ENABLED=1 go run ./test/runtests -tags=libseccomp -count=1 -timeout=10m ./policy/seccomp

test-vm: deps-vm build ## boot five kernels in QEMU with cgroup v2 and v1, and test jail there as root and not; UPDATE=1 writes docs/kernels.md anew
	@go run ./test/vm/run -suite short -cgroups v2,hybrid $(VM)

test-vm-full: deps-vm build ## the same with every test that a guest can run, on KERNELS=6.18
	@go run ./test/vm/run -suite long -each 15m -timeout 60m -cgroups v2 $(VM)

adversary: deps-test build ## attack jail in some 150 ways; DEPTH=1 leaves out each layer in turn, PEER=bwrap attacks that, SIDE=1 both side by side
	@$(if $(PEER)$(SIDE),scripts/install-deps peers)
	@go run ./test/adversary $(if $(PEER),-peer '$(PEER)') $(if $(SIDE),-side) $(if $(DEPTH),-depth) $(if $(ADVERSARY_UID),-uid '$(ADVERSARY_UID)') $(if $(ONLY),-only '$(ONLY)') $(if $(V),-v)

fuzz: deps-test ## run each fuzz target for FUZZTIME=1m
	@scripts/fuzz '$(FUZZTIME)'

check: deps-test ## format, vet, staticcheck, arrows, generated files, tidiness, vulnerabilities
	@scripts/check

bench: deps-bench build ## measure launches against bubblewrap, as ratios
	@go run -tags=library ./test/bench

vulncheck: deps-build ## look for known vulnerabilities, offline
	@scripts/vulncheck

deps-build: ## install what building needs, if it is missing
	@scripts/install-deps build

deps-demo: ## install what the demo needs, if it is missing
	@scripts/install-deps build demo

deps-test: ## install what the tests need, if it is missing
	@scripts/install-deps build demo test

deps-bench: ## install what the benchmark needs, if it is missing
	@scripts/install-deps build bench

deps-vm: ## install what the kernel matrix needs, if it is missing
	@scripts/install-deps build vm

clean: ## remove what was built and downloaded
	@rm -rf bin .cache
