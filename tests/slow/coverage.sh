#!/bin/sh
# SPDX-License-Identifier: MIT
# How much of the library and of the programs the suite runs, by line and branch, in a build of its
# own. COVEY_COVERAGE_LABELS: the labels to run ("unit|real"). The page is BUILD/coverage/html/index.html.
# Fails below 90 % of the library's lines. Usage: coverage.sh SOURCE BUILD
set -u
source=$1 build=$2/coverage
command -v gcovr >/dev/null || { echo "SKIP: no gcovr here: apt-get install gcovr"; exit 77; }
cmake -S "$source" -B "$build" -DCMAKE_BUILD_TYPE=Debug -DCOVEY_SLOW_SCRIPTS=OFF \
    -DCMAKE_C_FLAGS="-O1 -g --coverage -fprofile-update=atomic -fno-inline" >"$build.log" 2>&1 ||
    { cat "$build.log"; exit 1; }
cmake --build "$build" -j "$(nproc)" >"$build.log" 2>&1 || { tail -n 30 "$build.log"; exit 1; }
find "$build" -name '*.gcda' -delete
# Programs of others cannot be linked with an instrumented library (install). A test that fails is said,
# and what it ran counts.
failed=0
(cd "$build" && ctest -L "${COVEY_COVERAGE_LABELS:-unit|real}" -E '/install$' -j "$(nproc)" >ctest.out 2>&1) ||
    { grep -A 20 'The following tests FAILED' "$build/ctest.out"; failed=1; }
mkdir -p "$build/html"
report() {
    (cd "$build" && gcovr --root "$source" --exclude-throw-branches --exclude-unreachable-branches \
        --gcov-ignore-parse-errors -j 2 "$@" .)
}
report --filter "$source/src/" --filter "$source/cli/" --filter "$source/decode/" \
    --filter "$source/draw/" --html-details "$build/html/index.html" >/dev/null 2>&1
report --filter "$source/src/" --txt "$build/library.txt" --fail-under-line 90 \
    --print-summary 2>/dev/null
code=$?
echo "file by file: $build/library.txt, line by line: $build/html/index.html"
[ "$failed" -eq 0 ] && exit $code
exit 1
