#!/bin/sh
# SPDX-License-Identifier: MIT
# The notebooks, in the virtual environment of scripts/python-env.sh: notebooks.sh SOURCE BUILD [SAVE]
set -eu
env=$2/python-env
[ -x "$env/bin/python" ] || {
    echo "skipped: the Python package is not set up; make test does it, or sh scripts/python-env.sh build"
    exit 77
}
export COVEY_DRAW="$2/covey-draw" PYTHONDONTWRITEBYTECODE=1
exec "$env/bin/python" "$1/tests/checks/notebooks.py" "$@"
