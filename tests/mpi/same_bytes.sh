#!/bin/sh
# SPDX-License-Identifier: MIT
# 1, 2 and 4 ranks write the bytes of one process: every loss, start, solver and normalisation.
# Usage: same_bytes.sh ROOT BUILD
set -eu
. "$1/tests/mpi/ranks.sh"
rows x.npy 8500 5
rows wide.npy 4200 37 f8

# same RANKS... -- ARGUMENTS...: what is printed, for each number of ranks.
same() {
    counts=
    while [ "$1" != -- ]; do
        counts="$counts $1"
        shift
    done
    shift
    "$covey" "$@" --quiet --threads 1 >alone || wrong "covey $* alone"
    for n in $counts; do
        ranks "$n" "$@" --quiet --threads 1 >several 2>said || {
            wrong "$n ranks: covey $*"
            cat said >&2
        }
        cmp alone several >&2 || wrong "$n ranks print something else: covey $*"
    done
}

# The table of all rows under all losses: labels, distances, weights, margins, to the last digit.
same 2 4 -- compare x.npy -k 2 --loss all --csv --restarts 1 --seeds 1 --max-rounds 6
for start in random loss++ kmeans_parallel; do
    same 2 -- compare x.npy -k 4 --loss square,trimmed --csv --restarts 1 \
        --seeds 1 --max-rounds 4 --start $start
done
for solver in irls lbfgs bfgs newton descent; do
    same 3 -- cluster x.npy -k 2 --loss pseudo_huber --solver $solver --csv --restarts 1 --max-rounds 2
done
for how in l2 standard pca:3; do
    same 2 -- cluster wide.npy -k 3 --loss geometric_median --normalize $how --csv --restarts 1
done
# Other forms of features are shared as .npy is, a folder of files as one.
mkdir parts
python3 "$1/tests/tools/make_features.py" x.npy npz x.npz
python3 "$1/tests/tools/make_features.py" x.npy tensor parts/a.safetensors
cp x.npy parts/b.npy
for form in x.npz parts; do
    same 3 -- cluster $form -k 3 --loss huber --csv --restarts 1 --max-rounds 3
    ranks 3 cluster $form -k 3 --loss huber --restarts 1 --max-rounds 3 >/dev/null 2>said
    calls=$(sed -n 's/.*MB given in \([0-9]*\) calls.*/\1/p' said)
    [ "$calls" -gt 20 ] || wrong "$form was not shared: $calls calls"
done
same 4 -- cluster x.npy -k 30 --loss absolute --csv --restarts 1 --max-rounds 4 --empty drop
same 1 2 -- cluster x.npy -k 2..3 --loss square --csv --restarts 1
same 2 -- cluster x.npy -k 3 --loss huber --classic --csv

# A whole folder: centres and history too. What varies from run to run is left out.
for n in 0 4; do
    set -- cluster x.npy -k 4 --loss cauchy --restarts 1 --quiet --out out$n
    if [ $n = 0 ]; then "$covey" "$@" >/dev/null; else ranks $n "$@" >/dev/null; fi ||
        wrong "$n ranks: covey $*"
    rm -f out$n/run.json out$n/timings.csv out$n/report.html
    [ $n = 0 ] || diff -r out0 out$n >&2 || wrong "$n ranks write another folder"
done
exit $bad
