#!/bin/sh
# SPDX-License-Identifier: MIT
# The API reference builds without a warning: no public function, type, macro or constant is without a
# comment. Members of structs and enumerators may speak for themselves. Usage: reference.sh SOURCE [OUTPUT]
set -eu
cd "$1"
command -v doxygen >/dev/null || { echo "doxygen is not installed"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
out=${2:-$work/out}
mkdir -p "$out"
{ cat Doxyfile; echo "OUTPUT_DIRECTORY = $out"; } >"$work/Doxyfile"
doxygen "$work/Doxyfile" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
if grep -v '(variable) of \|(enumvalue) of ' "$work/log" | grep -i 'warning\|error'; then
    echo "reference: see above" >&2
    exit 1
fi
# The check sees what it is for.
[ "$(grep -c 'covey_cluster_compute' "$out/html/cluster_8h.html")" -gt 0 ] || { echo "reference: covey_cluster_compute is not in it"; exit 1; }
mkdir -p "$work/bad/include/covey" "$work/bad/docs"
cp "docs/reference.md" "$work/bad/docs"
cp -r packaging examples "$work/bad"
printf '/* SPDX */\n/* A header. */\nint covey_secret(int x);\n' >"$work/bad/include/covey/bad.h"
cd "$work/bad"
{ cat "$1/Doxyfile"; echo "OUTPUT_DIRECTORY = $work/bad-out"; } >Doxyfile
mkdir "$work/bad-out"
doxygen Doxyfile 2>&1 | grep -q 'covey_secret.*is not documented' || { echo "reference: an undocumented function passes"; exit 1; }
