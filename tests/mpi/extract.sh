#!/bin/sh
# SPDX-License-Identifier: MIT
# Photos shared between ranks: the bytes of one process, only rank 0 at the catalogue, a slow rank that
# others do not wait for, a rank killed in the middle. Usage: extract.sh ROOT BUILD
set -eu
. "$1/tests/mpi/ranks.sh"
[ -x "$build/covey-decode" ] || skip "built without covey-decode"
export COVEY_HOME=$folder/home XDG_CACHE_HOME=$folder/cache
"$build/tests/make_weights" mini 3
mkdir photos
"$build/tests/make_photo" set photos 60
"$build/tests/make_photo" rgb photos/large.png 1500 1500 3
for i in 07 21 33; do echo "no photo" >photos/bad_$i.jpg; done

same_folder() {
    for file in features.npy images.csv skipped.csv; do
        cmp "$1/$file" "$2/$file" >&2 || wrong "$2/$file differs from that of one process"
    done
}

extract() {
    count=$1 out=$2
    shift 2
    ranks "$count" extract photos -o "$out" --weights mini --threads 1 -q "$@"
}

"$covey" extract photos -o alone --weights mini --threads 1 -q --no-cache
for n in 2 4; do
    extract $n out$n --no-cache --batch 3 2>said || {
        wrong "$n ranks did not extract"
        cat said >&2
    }
    same_folder alone out$n
done

# What is kept is found again, by one process or several.
extract 3 kept --cache c.db 2>/dev/null || wrong "with a cache"
same_folder alone kept
"$covey" extract photos -o again --weights mini --cache c.db 2>said
grep -q '61 of them known already' said || wrong "what ranks found is not kept: $(cat said)"
same_folder alone again
"$covey" cache verify --cache c.db >/dev/null || wrong "the cache is not sound"

# A whole run: photos are shared, the rest is rank 0's.
"$covey" run photos -o run1 -k 3 --loss square --seeds 0 --weights mini --no-cache -q >/dev/null
ranks 2 run photos -o run2 -k 3 --loss square --seeds 0 --weights mini --no-cache -q >/dev/null 2>&1 ||
    wrong "2 ranks did not run"
for file in clusters.csv history.csv comparison.json skipped.csv centres/square.npy; do
    cmp run1/$file run2/$file >&2 || wrong "run: $file differs"
done

# Other weights, a folder that one rank does not see: one sentence.
code=0
mpirun -n 1 "$covey" extract photos -o bad --weights mini -q : -n 1 env COVEY_HOME="$folder/elsewhere" \
    "$covey" extract photos -o bad --weights mini -q 2>said || code=$?
[ "$code" = 1 ] && [ "$(grep -c '^covey:' said)" = 1 ] || wrong "a rank without weights: $(cat said)"
COVEY_HOME=$folder/otherwise "$build/tests/make_weights" mini 4
code=0
mpirun -n 1 "$covey" extract photos -o bad --weights mini -q : -n 1 \
    env COVEY_HOME="$folder/otherwise" "$covey" extract photos -o bad --weights mini -q 2>said ||
    code=$?
[ "$code" = 1 ] && grep -q 'another set of weights than rank 0' said || wrong "other weights: $(cat said)"
[ ! -e bad ] || wrong "a folder was left behind"

# A rank is killed: the job ends within seconds, the catalogue is sound, the next run goes on.
cp -r photos many
for i in 1 2 3 4 5 6 7 8 9; do
    for photo in photos/photo_*.jpg; do
        { cat "$photo"; echo "$i"; } >"many/$i$(basename "$photo")"
    done
done
mpirun -n 3 "$covey" extract many -o killed --weights mini --threads 1 -q --cache k.db --batch 2 2>said &
job=$!
for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
    sleep 0.1
    rank=$(for p in $(pgrep -f "extract many -o killed"); do
        tr '\0' '\n' <"/proc/$p/environ" 2>/dev/null | grep -q '^OMPI_COMM_WORLD_RANK=2$' &&
            [ "$(readlink "/proc/$p/exe")" = "$covey" ] && echo "$p"
    done | head -n 1)
    [ -n "$rank" ] && ls k.db/*-wal >/dev/null 2>&1 && break
done
if [ -n "$rank" ]; then
    sleep 0.3
    kill -9 "$rank"
    began=$(date +%s) code=0
    wait $job || code=$?
    [ "$code" != 0 ] || wrong "the job went on without a rank"
    [ $(($(date +%s) - began)) -le 10 ] || wrong "the job took more than 10 s to end"
    grep -q 'signal 9' said || wrong "nothing was said of the killed rank: $(cat said)"
    "$covey" cache verify --cache k.db >/dev/null || wrong "the cache of the killed job is not sound"
    ranks 2 extract many -o killed --weights mini --threads 1 --cache k.db 2>said || wrong "the next run"
    grep -q '603 photos found\|604 photos found' said || wrong "the next run found others: $(cat said)"
    grep -Eq '\([1-9][0-9]* of them known already\)' said || wrong "nothing was kept: $(cat said)"
else
    wait $job || true
    wrong "no rank was there to be killed"
fi
exit $bad
