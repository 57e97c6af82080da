#!/bin/sh
# SPDX-License-Identifier: MIT
# Reads the ELF files that are installed for the defences that CMakeLists.txt asks for.
# Usage: hardening.sh FILE...
set -u
bad=0
miss() {
    echo "$file: $1"
    bad=1
}
command -v readelf >/dev/null || { echo "SKIP: no readelf here"; exit 77; }
for file; do
    header=$(LC_ALL=C readelf -hW "$file") || exit 1
    parts=$(LC_ALL=C readelf -lW "$file")
    dynamic=$(LC_ALL=C readelf -dW "$file")
    symbols=$(LC_ALL=C readelf --dyn-syms -W "$file")
    echo "$header" | grep -q 'Type: *DYN' || miss "not position-independent"
    echo "$parts" | grep -q GNU_RELRO || miss "no RELRO"
    echo "$dynamic" | grep -Eq 'BIND_NOW|FLAGS.*NOW' || miss "symbols are bound lazily"
    echo "$dynamic" | grep -q TEXTREL && miss "relocations in code"
    echo "$parts" | grep -Eq 'GNU_STACK .* RW ' || miss "a stack that may be run"
    echo "$parts" | grep -Eq 'LOAD .* (RWE|WE) ' && miss "memory that is both written and run"
    echo "$symbols" | grep -q '__stack_chk_fail' || miss "no stack protector"
    echo "$symbols" | grep -Eq '__(mem|str|v?s?n?printf|v?f?printf|read|fread|fdelt)[a-z]*_chk' ||
        miss "no _FORTIFY_SOURCE"
    echo "$dynamic" | grep -E 'R(UN)?PATH' | grep -v 'ORIGIN' && miss "a library path of one machine"
    # The note of it needs every object's, and the C library's start files may lack theirs.
    case $(uname -m) in
    x86_64) [ "$(objdump -d "$file" | grep -c endbr64)" -gt 20 ] || miss "no control-flow protection" ;;
    esac
done
[ $bad -eq 0 ] && echo "$# files, as they should be"
exit $bad
