#!/bin/sh
# SPDX-License-Identifier: MIT
# covey run of more photos than a chunk of rows has, so that several ranks have some: the bytes of one
# process. Usage: run_many.sh ROOT BUILD
set -eu
. "$1/tests/mpi/ranks.sh"
[ -x "$build/covey-decode" ] || skip "built without covey-decode"
export COVEY_HOME=$folder/home XDG_CACHE_HOME=$folder/cache
"$build/tests/make_weights" mini 3
mkdir photos many
"$build/tests/make_photo" set photos 60
for i in $(seq 140); do
    for photo in photos/*.jpg; do
        { cat "$photo"; echo "$i"; } >"many/$i$(basename "$photo")"
    done
done
[ "$(ls many | wc -l)" -gt 8192 ] || wrong "$(ls many | wc -l) photos are less than three chunks"
run 1 run1 many -k 5 --seeds 2 --restarts 2 --cache c.db
for n in 2 3; do
    run $n run$n many -k 5 --seeds 2 --restarts 2 --cache c.db
    same_run run1 run$n
done
exit $bad
