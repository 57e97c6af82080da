#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs what is missing of the Debian packages of deps/apt.txt and of the npm packages of
# package-lock.json; with names ("slow", "cross") those of deps/apt-NAME.txt too. Idempotent, asks
# nothing.
set -eu
cd "$(dirname "$0")/.."
lists=deps/apt.txt
for name in "$@"; do
    lists="$lists deps/apt-$name.txt"
done
# shellcheck disable=SC2086
wanted=$(sed 's/#.*//' $lists)
missing=
for package in $wanted; do
    # Node.js may be there from elsewhere, with an npm of its own that Debian's would collide with.
    case $package in
    nodejs | npm) command -v "$(echo "$package" | sed 's/nodejs/node/')" >/dev/null && continue ;;
    esac
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' ||
        missing="$missing $package"
done

install_debian() {
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
}

# npm leaves its own lock file behind as its last act.
install_npm() {
    echo "deps: installing the npm packages of package-lock.json" >&2
    npm ci --ignore-scripts --loglevel=error >/dev/null
    touch node_modules/.package-lock.json
}

[ -z "$missing" ] || install_debian
[ node_modules/.package-lock.json -nt package-lock.json ] || install_npm
