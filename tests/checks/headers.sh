#!/bin/sh
# SPDX-License-Identifier: MIT
# Every public header compiles alone, as C99 and as C++11. Usage: headers.sh INCLUDE_DIR
set -eu
for header in "$1"/covey/*.h; do
    name=covey/$(basename "$header")
    printf "#include \"%s\"\nextern int covey_check;\n" "$name" | ${CC:-cc} -std=c99 -Wall -Wextra -Wpedantic -Werror -I"$1" \
        -fsyntax-only -x c -
    if command -v "${CXX:-c++}" >/dev/null; then
        printf "#include \"%s\"\nextern int covey_check;\n" "$name" | ${CXX:-c++} -std=c++11 -Wall -Wextra -Werror -I"$1" \
            -fsyntax-only -x c++ -
    fi
done
