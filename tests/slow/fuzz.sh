#!/bin/sh
# SPDX-License-Identifier: MIT
# Every reader under libFuzzer, each for COVEY_FUZZ_SECONDS (30) of processor time, in a build of its own
# with Clang.
# Seeds are made by tests/fuzz/make_seeds.c, earlier findings lie in tests/fuzz/regressions; what is
# learnt stays in BUILD/fuzz/corpus for the next time, what was spent in BUILD/fuzz/log.csv.
# COVEY_FUZZ_READERS: some of them only ("npy:npy zip:source").
# A finding is left in BUILD/fuzz/found/READER-*: add it to the regressions once it is fixed.
# Usage: fuzz.sh SOURCE BUILD
set -u
source=$1 build=$2/fuzz
seconds=${COVEY_FUZZ_SECONDS:-30}
command -v clang >/dev/null || {
    echo "SKIP: no clang here: apt-get install clang"
    exit 77
}
cmake -S "$source" -B "$build" -DCMAKE_C_COMPILER=clang -DCOVEY_FUZZ=ON \
    -DCOVEY_SLOW_SCRIPTS=OFF >"$build.log" 2>&1 || { cat "$build.log"; exit 1; }
readers=${COVEY_FUZZ_READERS:-npy:npy features:features pickle:pickle torch:source legacy:source safetensors:source
onnx:source zip:source csv:csv run:run catalogue:catalogue undo:undo image:image}
targets=$(for pair in $readers; do echo "fuzz_${pair#*:}"; done | sort -u)
# shellcheck disable=SC2086
cmake --build "$build" -j "$(nproc)" --target $targets >"$build.log" 2>&1 ||
    { tail -n 30 "$build.log"; exit 1; }
mkdir -p "$build/found"
[ -d "$2/fuzz-seeds" ] || "$2/tests/make_seeds" "$2/fuzz-seeds" >/dev/null ||
    { echo "no seeds: build $2 first"; exit 1; }
bad=0
# spent <- processor seconds of the processes that ended so far. A subshell would have none.
look_at_clock() {
    times >"$build/times.$$"
    spent=$(awk 'NR == 2 {gsub(/[ms]/, " "); print int($1 * 60 + $2 + $3 * 60 + $4)}' "$build/times.$$")
}
# GLib and fontconfig keep what they allocate once.
cat >"$build/lsan.supp" <<'S'
leak:libglib-2.0
leak:libvips
leak:libfontconfig
leak:libpango
leak:libcairo
S
export LSAN_OPTIONS="suppressions=$build/lsan.supp:print_suppressions=0"
export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1
for pair in $readers; do
    reader=${pair%:*} target=${pair#*:}
    corpus=$build/corpus/$reader
    mkdir -p "$corpus"
    again=$source/tests/fuzz/regressions/$reader
    [ -d "$again" ] || again=
    words=$source/tests/fuzz/$reader.dict
    [ -e "$words" ] && again="$again -dict=$words"
    look_at_clock
    before=$spent inputs=0 code=0 left=$seconds
    # A machine that does other work too gives less processor time than the clock says: rounds until it is spent.
    while [ "$code" -eq 0 ] && [ "$left" -gt 0 ]; do
        # shellcheck disable=SC2086
        "$build/tests/fuzz_$target" -max_total_time="$left" -timeout=60 -rss_limit_mb=2048 \
            -print_final_stats=1 -artifact_prefix="$build/found/$reader-" \
            "$corpus" "$2/fuzz-seeds/$reader" $again >"$build/$reader.out" 2>&1
        code=$?
        inputs=$((inputs + $(awk '/stat::number_of_executed_units/ {n = $2} END {print n + 0}' "$build/$reader.out")))
        look_at_clock
        left=$((seconds - (spent - before)))
    done
    echo "$reader: $inputs inputs in $((spent - before)) s of processor, exit code $code"
    echo "$reader,$inputs,$((spent - before)),$code" >>"$build/log.csv"
    [ "$code" -eq 0 ] || { tail -n 60 "$build/$reader.out"; bad=1; }
done
rm -f "$build/times.$$"
exit $bad
