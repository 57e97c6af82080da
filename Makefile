# SPDX-License-Identifier: MIT
# A thin front to CMake. `make demo` and `make test` do all their own set-up on a bare Debian 12.
BUILD ?= build
JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
K ?= auto

MAKEFLAGS += --no-print-directory

.PHONY: all deps deps-slow demo test test-all test-arm test-big-endian coverage bench install reference docs deb tarball wheels clean

all:
	@cmake -S . -B $(BUILD) -DCMAKE_INSTALL_PREFIX=$(PREFIX) $(CMAKE_ARGS) >$(BUILD).log 2>&1 || { cat $(BUILD).log; rm -f $(BUILD).log; exit 1; }; rm -f $(BUILD).log
	@cmake --build $(BUILD) -j $(JOBS)

# Debian packages from one list; nothing is done when all are there.
deps:
	@sh scripts/deps.sh

# And what only test-all and docs need.
deps-slow:
	@sh scripts/deps.sh slow

demo: deps all
	@sh scripts/demo.sh $(BUILD) "$(PHOTOS)" "$(K)"

test: deps
	@$(MAKE) --no-print-directory all CMAKE_ARGS="$(CMAKE_ARGS) -DCOVEY_WERROR=$(if $(CI),ON,OFF)"
	@$(BUILD)/covey weights get oxford
	@sh scripts/python-env.sh $(BUILD)
	@cd $(BUILD) && ctest -L 'unit|real' -j $(JOBS) --output-on-failure

test-all: deps-slow test test-arm test-big-endian
	@cd $(BUILD) && ctest -L slow --output-on-failure

# For another processor, under emulation: NEON kernels; formats and numbers where the most
# significant byte comes first.
test-arm: deps
	@sh scripts/test-emulated.sh arm64 $(BUILD) $(JOBS)

test-big-endian: deps
	@sh scripts/test-emulated.sh s390x $(BUILD) $(JOBS)

# Lines and branches of the library that the suite runs; fails below 90 % of lines.
coverage: deps-slow
	@mkdir -p $(BUILD)
	@sh tests/slow/coverage.sh $(CURDIR) $(abspath $(BUILD))

bench: deps all
	@sh bench/bench.sh $(BUILD)

# Into PREFIX, below DESTDIR if that is given.
install: all
	@cmake --install $(BUILD)

# libcoveyN, libcovey-dev and covey as .deb, in build/deb.
deb: deps
	@cmake -S . -B $(BUILD)/deb -DCMAKE_INSTALL_PREFIX=/usr -DCOVEY_TESTS=OFF -DCOVEY_DEB=ON >/dev/null
	@cmake --build $(BUILD)/deb -j $(JOBS) >/dev/null
	@cd $(BUILD)/deb && rm -f ./*.deb && cpack -G DEB >/dev/null && ls ./*.deb

# For any Linux from Debian 11 on (x86-64): a folder that may lie anywhere, and wheels for Python. Both are
# built in a Debian 11 below build/portable, as root.
tarball: deps all
	@sh scripts/deps.sh portable
	@sh scripts/portable.sh tarball $(BUILD)

wheels: deps
	@sh scripts/deps.sh portable
	@sh scripts/portable.sh wheels $(BUILD)

# The library's interface as pages: build/reference/html/index.html.
reference:
	@sh tests/checks/reference.sh $(CURDIR) $(CURDIR)/$(BUILD)/reference

# The guide as a site: build/site/index.html, the library's reference in build/site/api.
docs: deps-slow
	@mkdocs build --quiet --strict --site-dir $(CURDIR)/$(BUILD)/site
	@sh tests/checks/reference.sh $(CURDIR) $(CURDIR)/$(BUILD)/site/api

clean:
	rm -rf $(BUILD)
