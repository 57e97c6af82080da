#!/bin/sh
# SPDX-License-Identifier: MIT
# What is wrong with the ranks is said by rank 0, once, with the exit code of the command alone.
# Usage: bad_ranks.sh ROOT BUILD
set -eu
. "$1/tests/mpi/ranks.sh"
rows x.npy 8500 6
rows few.npy 3 6

# said CODE SENTENCE COMMAND...: the sentence (a pattern of grep) in one line of stderr, and no other
# line of Covey's beginning with "covey:" than that.
said() {
    code=$1 sentence=$2 got=0
    shift 2
    timeout 60 "$@" >out 2>err || got=$?
    [ "$got" = "$code" ] || wrong "exit code $got, not $code: $*"
    [ "$(grep -c "$sentence" err)" = 1 ] || {
        wrong "not said once: $sentence: $*"
        cat err >&2
    }
    [ "$(grep -c '^covey: ' err)" -le 1 ] || wrong "more than one sentence: $*"
}

said 0 '^1 rank: as without mpirun$' mpirun -n 1 "$covey" cluster x.npy -k 3
said 0 '3 rows are 1 chunk of 4096: 1 of the 4 ranks have rows' mpirun -n 4 "$covey" cluster few.npy -k 2
[ "$(wc -l <out)" -gt 2 ] || wrong "no result from few rows"
said 0 '^2 ranks on 1 host, kernels [a-z0-9_]* on all of them$' mpirun -n 2 "$covey" cluster x.npy -k 3
said 0 'kernels scalar on all of them, as rank 1 on .* has no better' \
    mpirun -n 1 "$covey" cluster x.npy -k 3 : -n 1 env COVEY_ISA=scalar "$covey" cluster x.npy -k 3
said 2 'covey: rank 1 of 2 has another command line than rank 0' \
    mpirun -n 1 "$covey" cluster x.npy -k 3 : -n 1 "$covey" cluster x.npy -k 4
said 1 'covey: none.npy: No such file or directory; all ranks must see it' \
    mpirun -n 3 "$covey" cluster none.npy -k 3
mkdir here there
cp x.npy here
said 1 'covey: x.npy: No such file or directory; all ranks must see it (said rank 1 of 2' \
    mpirun -n 1 -wdir "$folder/here" "$covey" cluster x.npy -k 3 : \
    -n 1 -wdir "$folder/there" "$covey" cluster x.npy -k 3
cp few.npy there/x.npy
said 1 "rank 1 of 2 has another features file than rank 0: '3 rows of 6" \
    mpirun -n 1 -wdir "$folder/here" "$covey" cluster x.npy -k 3 : \
    -n 1 -wdir "$folder/there" "$covey" cluster x.npy -k 3
said 2 'ranks cannot share a stream' mpirun -n 2 "$covey" cluster - -k 3
said 1 'covey: .*8501 is more than there are rows' mpirun -n 2 "$covey" cluster x.npy -k 8501
said 0 'losses does not share its work: one rank does it' mpirun -n 3 "$covey" losses
[ "$(grep -c '^square (' out)" = 1 ] || wrong "losses said more than once"
python3 - <<'PYTHON'
import struct
with open("x.npy", "r+b") as file:
    file.seek(128 + 8400 * 24)
    file.write(struct.pack("<f", float("nan")))
PYTHON
said 1 'x.npy: has NaN or infinity in row 8[34]' mpirun -n 2 "$covey" cluster x.npy -k 3
mkdir alone
cp "$covey" "$build"/libcovey.so* alone
said 1 'built without MPI' env COVEY_MPI_MODULE= mpirun -n 2 "$folder/alone/covey" cluster few.npy -k 2
# Another version: its name changed in the library, as long as it was.
mkdir other
cp "$covey" "$build"/libcovey.so* other
version=$("$covey" --version | sed -n 's/^covey //p')
LC_ALL=C sed -i "s/$version/$(echo "$version" | tr 0-8 9)/g" other/libcovey.so*
[ "$(other/covey --version | head -n 1)" != "covey $version" ] || wrong "no other version was made"
export COVEY_MPI_MODULE="${COVEY_MPI_MODULE:-$build/covey-mpi.so}"
said 1 'covey: rank 1 of 2 has another version of Covey than rank 0' \
    mpirun -n 1 "$covey" cluster few.npy -k 2 : -n 1 "$folder/other/covey" cluster few.npy -k 2
exit $bad
