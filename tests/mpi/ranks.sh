# SPDX-License-Identifier: MIT
# What the tests of several ranks share: sourced as `. ranks.sh ROOT BUILD`. Leaves the shell in a folder
# of its own, removed at the end. Ranks outnumber the cores here, and may run as root.
root=$1 build=$2
covey=$build/covey
bad=0

skip() {
    echo "skipped: $*"
    exit 77
}

command -v mpirun >/dev/null || skip "mpirun is not there"
[ -e "$build/covey-mpi.so" ] || skip "built with -DCOVEY_MPI=OFF"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_btl_vader_single_copy_mechanism=none
export OMPI_MCA_mpi_yield_when_idle=1
# Under AddressSanitizer: Open MPI keeps what its unloaded parts allocated.
[ -z "${ASAN_OPTIONS:-}" ] || export ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0"
export COVEY_DRAW=$build/covey-draw
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

wrong() {
    echo "wrong: $*" >&2
    bad=1
}

# ranks N ARGUMENTS...: covey with N ranks, its exit code ours.
ranks() {
    count=$1
    shift
    timeout 300 mpirun -n "$count" "$covey" "$@"
}

rows() {
    python3 "$root/tests/mpi/make_rows.py" "$@"
}

# same_run ALONE RANKS: the byte contract of a run of photos.
same_run() {
    for file in features.npy images.csv skipped.csv clusters.csv history.csv comparison.json dial.json \
        centres/square.npy centres/huber.npy; do
        cmp "$1/$file" "$2/$file" >&2 || wrong "run: $2/$file differs"
    done
}

# run N OUT ...: covey run with one process or N ranks; what it said in printed and said.
run() {
    count=$1 out=$2
    shift 2
    set -- run "$@" -o "$out" --loss square,huber --weights mini --threads 1 -q
    if [ "$count" = 1 ]; then "$covey" "$@" >printed 2>said; else ranks "$count" "$@" >printed 2>said; fi || {
        wrong "$count ranks did not run"
        cat said >&2
    }
}
