#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs one case of the command: FOLDER/cmd (a shell script; $COVEY is the program, $SOURCE the
# repository, the working directory is empty and thrown away) against FOLDER/{exit, stdout.exact,
# stdout.glob, stderr.glob}. A .glob file is a shell pattern over the whole output.
# COVEY_SET_EXPECTED=1 rewrites exit and stdout.exact. Usage: run_case.sh FOLDER BUILD
set -u
folder=$1
COVEY=${COVEY_UNDER_TEST:-$2/covey} # or a script that runs it
BUILD=$2
SOURCE=$(cd "$(dirname "$0")/../.." && pwd)
export COVEY BUILD SOURCE
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/in"
export XDG_CACHE_HOME="$work/cache" # what one case computes is no other's business
(cd "$work/in" && NO_COLOR=1 sh "$folder/cmd" >"$work/stdout" 2>"$work/stderr" </dev/null)
code=$?
[ "$code" -eq 77 ] && { cat "$work/stderr"; exit 77; }
if [ -n "${COVEY_SET_EXPECTED:-}" ]; then
    echo "$code" >"$folder/exit"
    [ -e "$folder/stdout.exact" ] && cp "$work/stdout" "$folder/stdout.exact"
    exit 0
fi
bad=0
want=$(cat "$folder/exit" 2>/dev/null || echo 0)
[ "$code" -eq "$want" ] || { echo "exit code $code, expected $want"; bad=1; }
if [ -e "$folder/stdout.exact" ]; then
    diff -u "$folder/stdout.exact" "$work/stdout" || bad=1
fi
for stream in stdout stderr; do
    [ -e "$folder/$stream.glob" ] || continue
    pattern=$(cat "$folder/$stream.glob")
    # Plain progress lines come every few seconds: whether one does depends on the machine.
    text=$(grep -vE "^(extract|cluster|compare|maps) [0-9]+/[0-9]+ " "$work/$stream")
    # shellcheck disable=SC2254
    case $text in
    $pattern) ;;
    *) echo "$stream does not match: $pattern"; bad=1 ;;
    esac
done
[ "$bad" -eq 0 ] || { echo "--- stdout"; cat "$work/stdout"; echo "--- stderr"; cat "$work/stderr"; }
exit $bad
