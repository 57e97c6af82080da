#!/bin/sh
# SPDX-License-Identifier: MIT
# The virtual environment that the Python package is tested in: python-env.sh BUILD. What the lock file
# names is installed by hash once per lock file, the package itself (through pip, as a user does it)
# whenever this is called; its own build folder stays, so that little is compiled again.
set -eu
build=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
env=$build/python-env
lock=python/requirements-test.txt
if ! cmp -s "$lock" "$env/lock.txt"; then
    echo "python: setting up $env" >&2
    rm -rf "$env"
    python3 -m venv "$env"
    "$env/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$lock"
    cp "$lock" "$env/lock.txt"
fi
"$env/bin/pip" install --quiet --disable-pip-version-check --no-build-isolation --no-deps \
    --force-reinstall --config-settings=build-dir="$build/python-build" ./python
