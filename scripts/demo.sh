#!/bin/sh
# SPDX-License-Identifier: MIT
# The tour: weights, example photos (or the user's own), one run, the report's address.
# Usage: demo.sh BUILD [PHOTOS [K]]. The work lies in BUILD/demo.
set -eu
cd "$(dirname "$0")/.."
build=$1
photos=${2:-}
k=${3:-auto}
work=$build/demo

# The example photos: cut-outs from Tux Paint's stamp collection, as Debian ships it (GPL-2 and, file
# by file, other free terms; see its copyright file). Fetched and unpacked here, not installed.
package=tuxpaint-stamps-default
version=2022.06.04-1
digest=6db6c1bfc870a47f1499d6203b083522eacb57c5f9c87d468f2e92eb6d9d5f34

fetch_examples() {
    [ -d "$work/photos" ] && return
    mkdir -p "$work"
    rm -rf "$work/unpack"
    mkdir -p "$work/unpack/photos"
    echo "demo: fetching example photos (Debian package $package, 154 MB, once)" >&2
    (
        cd "$work/unpack"
        if ! apt-get download -q "$package=$version" >/dev/null 2>&1; then
            # Package lists may be missing on a fresh machine.
            if [ "$(id -u)" -eq 0 ]; then apt-get update -qq; else sudo apt-get update -qq; fi
            apt-get download -q "$package=$version" >/dev/null
        fi
        echo "$digest  $(ls ./*.deb)" | sha256sum -c --status || {
            echo "demo: the package of example photos is not the expected one" >&2
            exit 1
        }
        dpkg-deb -x ./*.deb stamps
        cd stamps/usr/share/tuxpaint/stamps
        # Mirrored copies would only be the same photo twice.
        find animals food/fruit plants/flowers -name '*.png' ! -iname '*mirror*' ! -iname '*flip*' |
            while IFS= read -r file; do
                mkdir -p "../../../../../photos/$(dirname "$file")"
                cp "$file" "../../../../../photos/$file"
            done
    )
    mv "$work/unpack/photos" "$work/photos"
    rm -rf "$work/unpack"
}

"$build/covey" weights get oxford
if [ -z "$photos" ]; then
    fetch_examples
    photos=$work/photos
fi
"$build/covey" run "$photos" -o "$work/out" -k "$k"
echo
echo "The report is ready. Open this file in a browser:"
echo "  $(cd "$work/out" && pwd)/report.html"
