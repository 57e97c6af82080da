#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs the Debian packages of deps/apt.txt that are missing. Idempotent, asks nothing.
set -eu
cd "$(dirname "$0")/.."
wanted=$(sed 's/#.*//' deps/apt.txt)
missing=
for package in $wanted; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' ||
        missing="$missing $package"
done
[ -n "$missing" ] || exit 0
command -v apt-get >/dev/null || {
    echo "deps: these Debian packages are missing and there is no apt-get to install them:$missing" >&2
    exit 1
}
as_root=
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "deps: run as root or install sudo, to install:$missing" >&2
        exit 1
    }
    as_root=sudo
fi
echo "deps: installing$missing" >&2
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
# shellcheck disable=SC2086
$as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
