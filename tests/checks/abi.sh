#!/bin/sh
# SPDX-License-Identifier: MIT
# The library's binary interface against the baseline of the last change that was meant:
# packaging/libcovey.abi, in libabigail's form. Usage: abi.sh SOURCE BUILD [--update]
# What is only added passes. --update writes the baseline anew; its diff belongs into the review.
set -eu
source=$1 build=$2
command -v abidw >/dev/null || { echo "libabigail is not installed (abigail-tools)"; exit 77; }
baseline=$source/packaging/libcovey.abi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
write() { # LIBRARY OUTPUT: public types and exported symbols alone, without places and paths
    abidw --headers-dir "$source/include" --no-elf-needed --drop-private-types --no-show-locs --no-corpus-path --no-comp-dir-path \
        --short-locs --type-id-style hash --out-file "$2" "$1"
}
write "$(readlink -f "$build/libcovey.so")" "$work/now.abi"
[ "${3:-}" != --update ] || { cp "$work/now.abi" "$baseline"; exit 0; }
code=0
abidiff --no-added-syms --no-unreferenced-symbols "$baseline" "$work/now.abi" >"$work/report" || code=$?
if [ "$code" -ne 0 ]; then
    cat "$work/report"
    [ $((code & 8)) -eq 0 ] && echo "The ABI has changed" || echo "The ABI has changed INCOMPATIBLY: the soname must change with the next release"
    echo "If it is meant: sh tests/checks/abi.sh . $build --update"
    exit 1
fi
# The check sees what it is for: a member more, and a function less.
mkdir "$work/a" "$work/b"
cat >"$work/a/x.c" <<'EOF'
struct covey_x { int a; };
int covey_first(struct covey_x *x) { return x->a; }
int covey_second(void) { return 2; }
EOF
sed -e 's/int a;/int b, a;/' -e '/covey_second/d' "$work/a/x.c" >"$work/b/x.c"
for side in a b; do
    ${CC:-cc} -g -shared -fPIC "$work/$side/x.c" -o "$work/$side/libx.so"
    abidw --out-file "$work/$side.abi" "$work/$side/libx.so"
done
abidiff "$work/a.abi" "$work/b.abi" >"$work/report" && { echo "abi: a broken interface passes"; exit 1; }
grep -q covey_second "$work/report"
