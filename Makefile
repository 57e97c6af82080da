# SPDX-License-Identifier: MIT
# A thin front to CMake. `make demo` and `make test` do all their own set-up on a bare Debian 12.
BUILD ?= build
JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
K ?= auto

MAKEFLAGS += --no-print-directory

.PHONY: all deps demo test test-all bench install clean

all:
	@cmake -S . -B $(BUILD) -DCMAKE_INSTALL_PREFIX=$(PREFIX) $(CMAKE_ARGS) >$(BUILD).log 2>&1 || { cat $(BUILD).log; rm -f $(BUILD).log; exit 1; }; rm -f $(BUILD).log
	@cmake --build $(BUILD) -j $(JOBS)

# Debian packages from one list; nothing is done when all are there.
deps:
	@sh scripts/deps.sh

demo: deps all
	@sh scripts/demo.sh $(BUILD) "$(PHOTOS)" "$(K)"

test: deps
	@$(MAKE) --no-print-directory all CMAKE_ARGS="$(CMAKE_ARGS) -DCOVEY_WERROR=$(if $(CI),ON,OFF)"
	@$(BUILD)/covey weights get oxford
	@cd $(BUILD) && ctest -L 'unit|real' -j $(JOBS) --output-on-failure

test-all: test
	@cd $(BUILD) && ctest -L slow --output-on-failure

bench: deps all
	@sh bench/bench.sh $(BUILD)

install: all
	@cmake --install $(BUILD)

clean:
	rm -rf $(BUILD)
