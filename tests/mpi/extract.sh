#!/bin/sh
# SPDX-License-Identifier: MIT
# Photos shared between ranks: the bytes of one process, only rank 0 at the catalogue, ranks with
# other weights. What befalls ranks in the middle: faults.sh. Usage: extract.sh ROOT BUILD
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

# A whole run: photos are shared, then rows. Cluster numbers and a name of a run before, known to rank 0
# alone, are kept; so are labels.
mkdir photos/a photos/b
for i in 1 2 3 4 5 6; do
    mv photos/photo_$i*.jpg photos/a/ 2>/dev/null || :
done
"$build/tests/make_photo" set photos/b 20
run 1 run1 photos -k 3 --seeds 3 --no-cache --labels folders --partial-labels
cp printed printed1
for n in 2 4; do
    run $n run$n photos -k 3 --seeds 3 --no-cache --labels folders --partial-labels
    same_run run1 run$n
    sed "s/run$n/run1/" printed | cmp printed1 - >&2 || wrong "$n ranks said something else"
done
for n in 1 2; do
    "$covey" label run$n 1 "one of them" >/dev/null
    run $n run$n photos -k 3 --seeds 2 --seed 9 --cache c.db --normalize pca:3
    grep -q 'one of them' run$n/clusters.csv run$n/run.json || wrong "a name was lost with $n ranks"
done
same_run run1 run2

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

exit $bad
