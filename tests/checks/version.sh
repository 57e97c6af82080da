#!/bin/sh
# SPDX-License-Identifier: MIT
# One version everywhere: CMake, the header, Python, the citation, the changelog. Usage: version.sh ROOT
set -eu
cd "$1"
version=$(sed -n 's/^project(covey VERSION \([0-9.]*\) .*/\1/p' CMakeLists.txt)
bad=0
expect() { # FILE PATTERN
    grep -Eq "$2" "$1" || { echo "$1: not version $version"; bad=1; }
}
[ -n "$version" ] || { echo "CMakeLists.txt: no version"; exit 1; }
dots=$(echo "$version" | sed 's/\./\\./g')
expect include/covey/export.h "^#define COVEY_VERSION \"$dots\""
expect include/covey/export.h "^#define COVEY_VERSION_MAJOR ${version%%.*}\$"
expect python/pyproject.toml "^version = \"$dots\"\$"
expect python/src/covey/__init__.py "^__version__ = \"$dots\"\$"
expect CITATION.cff "^version: $dots\$"
expect CHANGELOG.md "^## \\[$dots\\] - [0-9]{4}-[0-9]{2}-[0-9]{2}\$"
expect packaging/libcovey.abi "soname='libcovey\.so\.${version%%.*}'"
exit $bad
