#!/bin/sh
# SPDX-License-Identifier: MIT
# layers.sh must fail on a tree with a wrong arrow: a check that cannot fail checks nothing.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/src/base" "$work/src/vgg" "$work/cli"
: >"$work/src/vgg/vgg_internal.h"
echo 'int main(void) { return 0; }' >"$work/cli/main.c"
sh "$1/tests/checks/layers.sh" "$work"
echo '#include "vgg_internal.h"' >"$work/src/base/a.c"
if sh "$1/tests/checks/layers.sh" "$work" 2>/dev/null; then
    echo "base including vgg went unnoticed" >&2
    exit 1
fi
rm "$work/src/base/a.c"
echo '#include "vgg_internal.h"' >"$work/cli/b.c"
if sh "$1/tests/checks/layers.sh" "$work" 2>/dev/null; then
    echo "cli including an internal header went unnoticed" >&2
    exit 1
fi
