#!/bin/sh
# SPDX-License-Identifier: MIT
# The unit tests again under AddressSanitizer and UndefinedBehaviorSanitizer, in a build of their
# own. Usage: sanitizers.sh SOURCE BUILD
set -eu
build=$2/sanitizers
cmake -S "$1" -B "$build" -DCMAKE_BUILD_TYPE=Debug \
    -DCMAKE_C_FLAGS="-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer" \
    -DCOVEY_SLOW_SCRIPTS=OFF >/dev/null
cmake --build "$build" -j "$(nproc)" >/dev/null
# Leaks are looked for in our own tests; GLib keeps what it allocates once in the programs that link it.
cat >"$build/lsan.supp" <<'S'
leak:libglib-2.0
leak:libvips
leak:libpango
leak:libcairo
leak:libfontconfig
leak:libx265
leak:libgomp
S
cd "$build"
ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 \
    LSAN_OPTIONS=suppressions="$build/lsan.supp":print_suppressions=0 \
    UBSAN_OPTIONS=print_stacktrace=1 ctest -L unit -j "$(nproc)" --output-on-failure
