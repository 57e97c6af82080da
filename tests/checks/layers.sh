#!/bin/sh
# SPDX-License-Identifier: MIT
# Includes follow the arrows of docs/design/layout.md: a folder may include its own headers, those
# of the folders it is allowed, and include/covey. cli and examples include public headers only.
# Usage: layers.sh ROOT
set -eu
root=$1
bad=0
cd "$root"

allowed() {
    case $1 in
    base) echo "base" ;;
    kernels) echo "base kernels" ;;
    photo) echo "base photo" ;;
    vgg) echo "base kernels vgg" ;;
    loss) echo "base loss" ;;
    centre) echo "base kernels loss centre" ;;
    cluster) echo "base kernels loss centre cluster" ;;
    catalogue) echo "base catalogue" ;;
    run) echo "base photo vgg kernels loss centre cluster catalogue run" ;;
    report) echo "base loss run report" ;;
    decode) echo "base photo decode" ;;
    draw) echo "base report draw" ;;
    mpi) echo "base mpi" ;;
    *) echo "" ;;
    esac
}

# header name -> folder, names being unique in the tree
check_folder() {
    folder=$1 name=$2
    [ -d "$folder" ] || return 0
    for header in $(grep -hoE '^ *# *include *"[^"]+"' "$folder"/*.[ch] 2>/dev/null |
        sed 's/.*"\(.*\)"/\1/' | grep -v '^covey/' | sort -u); do
        owner=$(ls src/*/"$(basename "$header")" decode/"$(basename "$header")" \
            draw/"$(basename "$header")" \
            cli/"$(basename "$header")" 2>/dev/null | head -n 1)
        owner=$(basename "$(dirname "${owner:-unknown/unknown}")")
        case " $(allowed "$name") " in
        *" $owner "*) ;;
        *)
            echo "$folder includes $header of $owner: not one of its arrows" >&2
            bad=1
            ;;
        esac
    done
}

for folder in src/*/; do
    check_folder "${folder%/}" "$(basename "$folder")"
done
check_folder decode decode
check_folder draw draw
check_folder mpi mpi

for folder in cli examples; do
    [ -d "$folder" ] || continue
    for header in $(grep -hoE '^ *# *include *"[^"]+"' "$folder"/*.[ch] 2>/dev/null |
        sed 's/.*"\(.*\)"/\1/' | sort -u); do
        case $header in
        covey/*) ;;
        *) [ -e "$folder/$header" ] || {
            echo "$folder includes $header: public headers only" >&2
            bad=1
        } ;;
        esac
    done
done

repeated=$(find src cli decode draw mpi -name '*.[ch]' | sed 's|.*/||' | sort | uniq -d)
[ -z "$repeated" ] || {
    echo "file names must be unique in the tree: $repeated" >&2
    bad=1
}
exit $bad
