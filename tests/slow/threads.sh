#!/bin/sh
# SPDX-License-Identifier: MIT
# The library's tests under ThreadSanitizer, in a build of its own. Decoder and drawer are those of BUILD: their
# memory limits leave no room for it, and they have no threads of ours. Two tests are left out, since they are
# decoders and drawers themselves. Usage: threads.sh SOURCE BUILD
set -eu
build=$2/threads
cmake -S "$1" -B "$build" -DCMAKE_BUILD_TYPE=Debug \
    -DCMAKE_C_FLAGS="-O1 -g -fsanitize=thread -fno-omit-frame-pointer" -DCOVEY_SLOW_SCRIPTS=OFF >/dev/null
cmake --build "$build" -j "$(nproc)" >/dev/null
cd "$build"
# libvips and GLib synchronise by means that it cannot see; a child may have threads after a fork.
COVEY_DECODE=$2/covey-decode COVEY_DRAW=$2/covey-draw \
    TSAN_OPTIONS=halt_on_error=1:ignore_noninstrumented_modules=1:die_after_fork=0 \
    ctest -L unit -R '^unit/test_' -E 'figure_draw|decode_sandbox' -j "$(nproc)" --output-on-failure
