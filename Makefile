# Every task of the project; "make help" prints this list.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# The go command of install-deps is taken where PATH has none.
export PATH := $(PATH):/usr/local/go/bin
# A toolchain that go.mod asks for is fetched where the host's is older.
export GOTOOLCHAIN ?= auto

VERSION ?= $(shell git describe --tags --always --dirty --abbrev=12 2>/dev/null || echo devel)
# The go command would stamp the commit too, but not where the user's go env, or a
# folder without .git, keeps it from looking: the same source has the same bytes.
COMMIT ?= $(shell git rev-parse --short=12 HEAD 2>/dev/null)
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.revision=$(COMMIT)
# A jail's supervisor lives for milliseconds and collects no garbage: without the
# newer collector's mark bits in each span it starts in a tenth less time. A
# toolchain that has dropped the switch refuses its name, and builds without.
QUICKSTART := GOEXPERIMENT=nogreenteagc go version >/dev/null 2>&1 && echo nogreenteagc || true
# Kernels that test-arm64 boots.
ARM64_KERNELS ?= 6.1,6.12
# What test-vm is told: KERNELS=5.10,6.1 of 5.10, 6.1, 6.12, 6.18 and 7.3, and UPDATE=1.
VM = -page docs/kernels.md $(if $(KERNELS),-kernels '$(KERNELS)') $(if $(UPDATE),-update) $(if $(V),-v)
test-vm-full: KERNELS ?= 6.18
# How long fuzz runs each target.
FUZZTIME ?= 1m
# How many jails soak makes, and the seed of what it draws; none: another each time.
RUNS ?= 100000
SEED ?=
# Packages whose tests run a second time under the race detector: all but those
# that only run programs built without it.
RACE := ./audit/... ./cmd/... ./internal/... ./isolate/... ./judge/... ./policy/... ./rootfs/... ./test/adversary ./test/runtests ./test/vm/...

.PHONY: help demo build test test-go test-race test-libseccomp test-vm test-vm-full build-arm64 test-arm64 adversary fuzz check bench vulncheck sbom reproduce third-party deps-build deps-demo deps-test deps-bench deps-vm deps-arm64 faults soak test-container deps-container test-users test-apparmor clean mutate density

help: ## print this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: deps-demo build ## show what becomes of a dozen untrusted programs
	@go run ./examples/demo

# What the linker has written lies in the page cache page by page; a copy lies
# there in large pieces, which are mapped at once: it starts in a tenth less time.
build: deps-build ## build bin/jail and bin/jaild: static, without paths of this machine
	@CGO_ENABLED=0 GOEXPERIMENT=$$($(QUICKSTART)) go build -trimpath -buildvcs=false -ldflags "$(LDFLAGS)" -o bin/link/jail ./cmd/jail
	@CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "$(LDFLAGS)" -o bin/link/jaild ./cmd/jaild
	@for p in jail jaild; do cmp -s bin/link/$$p bin/$$p || install bin/link/$$p bin/$$p; done
	@du -h --apparent-size bin/jail bin/jaild | awk '{print "built " $$2 ", " $$1}'

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

build-arm64: deps-build ## build bin/arm64/jail and bin/arm64/jaild for arm64
	@CGO_ENABLED=0 GOARCH=arm64 go build -trimpath -buildvcs=false -ldflags "$(LDFLAGS)" -o bin/arm64/jaild ./cmd/jaild
	@CGO_ENABLED=0 GOARCH=arm64 GOEXPERIMENT=$$($(QUICKSTART)) go build -trimpath -buildvcs=false -ldflags "$(LDFLAGS)" -o bin/arm64/jail ./cmd/jail

# The emulator of single programs has no filters, starts no other program of
# arm64's, and clones no process that shares memory: what needs these is run in a
# guest, less what needs a compiler or a machine of its own speed there.
test-arm64: deps-arm64 build-arm64 ## run arm64's tests in QEMU: tables emulated, and launches in a guest, as root and not
	@CGO_ENABLED=0 GOARCH=arm64 go test -count=1 -exec qemu-aarch64-static -skip 'Kernel|Listener|ALease|Packets|RealPrograms|PackageRuns' \
		./isolate/tape/... ./isolate/plan/... ./isolate/result ./policy/... ./internal/size
	@CGO_ENABLED=0 GOARCH=arm64 go build -trimpath -o bin/arm64/launch ./test/vm/launch
	@go run ./test/vm/run -arch arm64 -kernels $(ARM64_KERNELS) -timeout 15m -each 300s \
		-packages ./internal/sigfd,./isolate/stage,./isolate/tape,./policy/seccomp,./isolate/notify -skip 'RealPrograms|PackageRuns|Flood' \
		-add /usr/bin/jail=bin/arm64/jail -add /usr/bin/launch=bin/arm64/launch -command 'exec launch'

faults: deps-test build ## kill the supervisor at every step of a launch, and take from it what it needs
	@JAIL_FAULTS=all go run ./test/runtests -count=1 -timeout=40m ./test/faults

soak: deps-test build ## make RUNS=100000 jails that end in every way, and count what they leave; SEED=7 repeats one
	@go run ./test/soak -runs '$(RUNS)' $(if $(SEED),-seed '$(SEED)')

test-container: deps-container build ## run jail inside of podman's containers, without rights, with and without the flags that docs/containers.md recommends
	@go run ./test/runtests -tags=container -count=1 -timeout=10m ./test/container

test-users: deps-vm deps-container build ## exceed each limit as an ordinary user: where systemd delegates (in a guest), where it does not, and in podman's containers; UPDATE=1 writes docs/users.md anew
	@go run ./test/users $(if $(UPDATE),-update) $(if $(V),-v)

test-apparmor: deps-vm build ## boot a kernel in QEMU, and run jail under AppArmor profiles there: the shipped one, and such as lack something
	@go run ./test/vm/run -kernels '$(or $(KERNELS),6.18)' -packages '' -apparmor -add /usr/bin/jail=bin/jail -add /etc/apparmor.d/jail=contrib/apparmor/jail \
		-add /usr/bin/apparmor=test/vm/apparmor.sh -command apparmor

adversary: deps-test build ## attack jail in some 175 ways; DEPTH=1 leaves out each layer in turn, PEER=bwrap attacks that, SIDE=1 both side by side; ONLY=REGEXP of CATEGORY/NAME, V=1 names each
	@$(if $(PEER)$(SIDE),scripts/install-deps peers)
	@go run ./test/adversary $(if $(PEER),-peer '$(PEER)') $(if $(SIDE),-side) $(if $(DEPTH),-depth) $(if $(ADVERSARY_UID),-uid '$(ADVERSARY_UID)') $(if $(ONLY),-only '$(ONLY)') $(if $(V),-v)

mutate: deps-test build ## leave out each step of a launch once, and say what catches it; STEP=REGEXP: only these
	@go run ./test/adversary -steps $(if $(STEP),-step '$(STEP)') $(if $(ADVERSARY_UID),-uid '$(ADVERSARY_UID)')

fuzz: deps-test ## run each fuzz target for FUZZTIME=1m
	@scripts/fuzz '$(FUZZTIME)'

check: deps-test ## format, vet, staticcheck, gosec, arrows, generated files, tidiness, vulnerabilities, licences, reproducible build, bill of materials
	@scripts/check

bench: deps-bench build ## measure launches against bubblewrap, as ratios
	@go run -tags=library ./test/bench

vulncheck: deps-test ## look for known vulnerabilities, offline
	@scripts/vulncheck

sbom: build ## write bin/jail.cdx.json and bin/jaild.cdx.json: what each is made of, as CycloneDX
	@for p in jail jaild; do scripts/tool sbom -version '$(VERSION)' bin/$$p bin/$$p.cdx.json; \
		scripts/tool sbom -check -version '$(VERSION)' bin/$$p bin/$$p.cdx.json; done

reproduce: deps-build ## build bin/jail and bin/jaild twice, in unlike places, and compare
	@scripts/reproduce

third-party: deps-build ## write THIRD-PARTY.md anew
	@scripts/tool thirdparty -update

deps-build: ## install what building needs, if it is missing
	@scripts/install-deps build

deps-demo: ## install what the demo needs, if it is missing
	@scripts/install-deps build demo

deps-test: ## install what the tests need, if it is missing
	@scripts/install-deps build demo test

density: deps-bench deps-vm build ## measure what 500 idle services cost, beside bubblewrap and virtual machines, and write docs/density.md
	@go build -o bin/density ./test/density
	@bin/density -page docs/density.md

deps-bench: ## install what the benchmark needs, if it is missing
	@scripts/install-deps build bench

deps-container: ## install what the tests in containers need, if it is missing
	@scripts/install-deps build container

deps-vm: ## install what the kernel matrix needs, if it is missing
	@scripts/install-deps build vm

deps-arm64: ## install what arm64's tests need, if it is missing
	@scripts/install-deps build arm64

clean: ## remove what was built and downloaded
	@rm -rf bin .cache
