#!/bin/sh
# SPDX-License-Identifier: MIT
# The tests and the types of the Python package, as installed by scripts/python-env.sh: python.sh SOURCE
# BUILD
set -eu
env=$2/python-env
[ -x "$env/bin/python" ] || {
    echo "skipped: the Python package is not set up; make test does it, or sh scripts/python-env.sh build"
    exit 77
}
# From a folder of its own: what is tested is what was installed.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$1/python/tests" "$work/tests"
cd "$work"
export PYTHONDONTWRITEBYTECODE=1 COVEY_SOURCE="$1" COVEY_BUILD="$2"
export SCIPY_ARRAY_API=1 # scikit-learn leaves a check out without it
"$env/bin/python" -m pytest -q -p no:cacheprovider tests
"$env/bin/python" -m mypy --strict --allow-subclassing-any --implicit-reexport \
    --ignore-missing-imports --cache-dir "$2/mypy-cache" -p covey
# A user's program, and the stubs of the C module against the module itself.
"$env/bin/python" -m mypy --strict --cache-dir "$2/mypy-cache" tests/typed.py
"$env/bin/python" -m mypy.stubtest covey._covey
# The module and the decoder beside it are as hard to misuse as the command.
package=$("$env/bin/python" -c 'import covey, os; print(os.path.dirname(covey.__file__))')
set -- "$1" "$package"/_covey*.so
[ ! -e "$package/covey-decode" ] || set -- "$@" "$package/covey-decode"
source=$1
shift
sh "$source/tests/checks/hardening.sh" "$@"
