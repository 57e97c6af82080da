#!/bin/sh
# SPDX-License-Identifier: MIT
# Rank 0 or another is killed in the middle of every command that shares its work: the job ends within
# seconds and a sentence names the rank, nothing half-written is left, the catalogue is sound and the next
# run goes on from there. All jobs at once: most of their time is waiting. Usage: faults.sh ROOT BUILD
set -eu
. "$1/tests/mpi/ranks.sh"
rows x.npy 9000 8
cases="cluster-0 cluster-1 compare-0 compare-1"
if [ -x "$build/covey-decode" ]; then
    cases="$cases extract-0 extract-1 run-0 run-1 grouping-1"
    export COVEY_HOME=$folder/home XDG_CACHE_HOME=$folder/cache
    "$build/tests/make_weights" mini 3
    mkdir photos set
    "$build/tests/make_photo" set set 60
    for i in 1 2 3 4 5 6; do
        for photo in set/photo_*.jpg; do
            { cat "$photo"; echo "$i"; } >"photos/$i$(basename "$photo")"
        done
    done
    "$covey" extract photos -o whole --weights mini -q --no-cache
fi

# The job of a case, until it is killed: it would go on for minutes, or is watched closely.
start() {
    set -- "$1" --threads 1 --cache ../k.db --weights mini
    case $1 in
    cluster-* | compare-*) set -- "${1%-*}" ../../x.npy -k 20 --loss geometric_median \
        --restarts 1000 --max-rounds 1000 --tolerance 0 --threads 1 ;;
    extract-*) shift; set -- extract ../../photos --batch 1 "$@" ;;
    run-*) shift; set -- run ../../photos --batch 1 -k 3 "$@" ;;
    grouping-*) shift; set -- run ../../set -k 20 --loss geometric_median --restarts 100000 "$@" ;;
    esac
    exec mpirun -n 2 "$covey" "$@" -o out
}

# Photos in the catalogue.
kept() {
    [ -e ../k.db ] && "$covey" cache info --cache ../k.db --json >../info 2>/dev/null || echo '"photos": 0' >../info
    sed -n '/"photos"/{s/[^0-9]//g;p;q;}' ../info
}

# 0 while the job of this folder has not come to where it is to be killed.
too_early() {
    case $1 in
    extract-* | run-*) [ "$(kept)" -gt 4 ] && return 1 ;;
    grouping-*) [ "$(kept)" -ge 60 ] && sleep 0.5 && return 1 ;;
    *) grep -q '^2 ranks' ../said && sleep 0.5 && return 1 ;;
    esac
    return 0
}

# rank_of JOB RANK: its process.
rank_of() {
    for p in $(pgrep -P "$1"); do
        if tr '\0' '\n' <"/proc/$p/environ" 2>/dev/null | grep -q "^OMPI_COMM_WORLD_RANK=$2\$"; then
            echo "$p"
        fi
    done
}

# What a killed rank leaves: in the folder beside it and in its own output.
try() {
    name=$1 rank=${1#*-} tries=0 code=0 victim=
    mkdir -p "$name/here"
    cd "$name/here"
    : >../said
    start "$name" >../printed 2>../said &
    job=$!
    while too_early "$name" && [ $tries -lt 300 ] && kill -0 $job 2>/dev/null; do
        sleep 0.1
        tries=$((tries + 1))
    done
    victim=$(rank_of $job "$rank")
    [ -n "$victim" ] && kill -9 "$victim" || wrong "$name: no rank was there to be killed"
    began=$(date +%s)
    wait $job || code=$?
    [ "$code" != 0 ] || wrong "$name: the job went on without a rank"
    [ $(($(date +%s) - began)) -le 10 ] || wrong "$name: the job took more than 10 s to end"
    [ "$(grep -c "rank $rank .*signal 9" ../said)" = 1 ] || wrong "$name: not said once: $(cat ../said)"
    [ ! -s ../printed ] || wrong "$name: printed something"
    # Asked to stop while it groups, rank 0 may still keep what it has: all of it or nothing.
    [ -z "$(ls -A)" ] || { [ "$name" = grouping-1 ] && [ "$(ls -A)" = out ] && [ -e out/run.json ]; } ||
        wrong "$name: left behind: $(ls -A)"
    for p in $(pgrep covey); do
        [ "$(readlink "/proc/$p/cwd")" != "$PWD" ] || wrong "$name: still runs: $(ps -o args= "$p")"
    done
    case $name in
    extract-* | run-*)
        "$covey" cache verify --cache ../k.db >../verified 2>&1 || wrong "$name: the cache: $(cat ../verified)"
        "$covey" extract ../../photos -o out --weights mini --cache ../k.db 2>../next || wrong "$name: the next run"
        known=$(sed -n 's/.*(\([0-9]*\) of them known already).*/\1/p' ../next)
        [ "${known:-0}" -gt 4 ] && [ "$known" -lt 360 ] || wrong "$name: kept '$known' of 360: $(cat ../next)"
        echo "$name: $known of 360 photos were kept"
        for file in features.npy images.csv skipped.csv; do
            cmp ../../whole/$file out/$file >&2 || wrong "$name: $file differs after the next run"
        done ;;
    esac
    exit $bad
}

# A rank that stands still (rank 2 of 3) is not waited for: the folder is whole while it does.
stands_still() {
    mkdir -p still/here
    cd still/here
    mpirun -n 3 "$covey" extract ../../photos -o out --weights mini --cache ../k.db --threads 1 --batch 1 \
        2>../said &
    job=$! stopped='' tries=0
    while [ "$(kept)" -lt 5 ] && kill -0 $job; do sleep 0.1; done
    stopped=$(rank_of $job 2)
    [ -n "$stopped" ] && kill -STOP "$stopped" || wrong "no rank was there to be stopped"
    while [ ! -e out/run.json ] && [ $tries -lt 300 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    [ -e out/run.json ] && kill -0 $job || wrong "a rank that stands still is waited for"
    kill -CONT "$stopped"
    wait $job || wrong "the job with a slow rank failed: $(cat ../said)"
    for file in features.npy images.csv skipped.csv; do
        cmp ../../whole/$file out/$file >&2 || wrong "$file differs where a rank stood still"
    done
    exit $bad
}

jobs=
if [ -d photos ]; then
    stands_still &
    jobs=$!
fi
for name in $cases; do
    try "$name" &
    jobs="$jobs $!"
done
for job in $jobs; do
    wait "$job" || bad=1
done
exit $bad
