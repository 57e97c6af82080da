#!/bin/sh
# SPDX-License-Identifier: MIT
# Covey beside other engines, in one run: its network, folders of photos, its clustering. Installs them from the Python package index the
# machine is set up for, into BUILD/bench-env alone. BENCH_PYTHON=python uses one that has them.
# Usage: bench.sh BUILD [network|pipeline|clustering|errors|scale [ARGUMENTS...]]; without a name, all but errors and scale.
set -eu
build=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
python=${BENCH_PYTHON:-$build/bench-env/bin/python}
if [ -z "${BENCH_PYTHON:-}" ] && ! cmp -s "$here/requirements.txt" "$build/bench-env/installed"; then
    python3 -m venv "$build/bench-env" || {
        echo "bench: Python's venv is needed: apt-get install python3-venv" >&2
        exit 1
    }
    echo "bench: installing the other engines into $build/bench-env" >&2
    "$python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
    cp "$here/requirements.txt" "$build/bench-env/installed"
fi
"$build/covey" weights get oxford --quiet
if [ $# -gt 0 ]; then
    name=$1
    shift
    exec "$python" "$here/bench_$name.py" --build "$build" "$@"
fi
"$python" "$here/bench_network.py" --build "$build"
"$python" "$here/bench_pipeline.py" --build "$build"
"$python" "$here/bench_clustering.py" --build "$build"
