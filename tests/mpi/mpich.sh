#!/bin/sh
# SPDX-License-Identifier: MIT
# The module built with MPICH, configured as a user would, and started by MPICH's mpirun: the
# same bytes and the same sentences. Usage: mpich.sh ROOT BUILD
set -eu
root=$1 build=$2
for program in mpicc.mpich mpirun.mpich; do
    command -v $program >/dev/null || {
        echo "skipped: $program is not there (Debian: mpich, libmpich-dev)"
        exit 77
    }
done
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
cmake -S "$root" -B "$made" -DCOVEY_TESTS=OFF -DCOVEY_WERROR=ON -DMPI_C_COMPILER=mpicc.mpich >"$made/log" 2>&1 &&
    cmake --build "$made" --target covey_mpi >>"$made/log" 2>&1 || {
    cat "$made/log" >&2
    exit 1
}
ldd "$made/covey-mpi.so" | grep -q libmpich || {
    echo "wrong: covey-mpi.so is not MPICH's" >&2
    exit 1
}
mkdir "$made/bin"
printf '#!/bin/sh\nexec mpirun.mpich "$@"\n' >"$made/bin/mpirun" # a link would look for its helpers beside itself
chmod +x "$made/bin/mpirun"
export PATH="$made/bin:$PATH" COVEY_MPI_MODULE="$made/covey-mpi.so"
bad=0
for name in same_bytes bad_ranks extract; do
    sh "$root/tests/mpi/$name.sh" "$root" "$build" || {
        echo "wrong: $name with MPICH" >&2
        bad=1
    }
done
exit $bad
