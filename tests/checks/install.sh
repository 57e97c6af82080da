#!/bin/sh
# SPDX-License-Identifier: MIT
# What `make install` puts somewhere can be built against and run from there: DESTDIR and prefix,
# soname, symbols, pkg-config, find_package, the examples, the completions and manual pages in place.
# Usage: install.sh SOURCE BUILD
set -eu
source=$1 build=$2
if grep -q __asan_init "$build/libcovey.so"; then
    echo "skipped: a program without AddressSanitizer cannot use a library with it"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "install: $*" >&2; exit 1; }

DESTDIR=$work/dest cmake --install "$build" --prefix /opt/covey >/dev/null
[ -x "$work/dest/opt/covey/bin/covey" ] || fail "DESTDIR is not heeded"
# Moved away from where it was installed to: nothing may depend on that place.
mv "$work/dest/opt/covey" "$work/covey"
root=$work/covey
lib=$(dirname "$(find "$root" -name libcovey.so)")

version=$("$root/bin/covey" --version | sed -n 's/^covey //p')
[ -e "$lib/libcovey.so.$version" ] || fail "no libcovey.so.$version in $lib"
readelf -d "$lib/libcovey.so" | grep -q "soname: \[libcovey\.so\.[0-9]*\]" || fail "no versioned soname"
strange=$(nm -D --defined-only "$lib/libcovey.so" | awk '{print $NF}' | grep -v '^covey_[a-z]' || true)
[ -z "$strange" ] || fail "exports more than covey_ symbols: $strange"
[ "$(nm -D --defined-only "$lib/libcovey.so" | wc -l)" -gt 50 ] || fail "exports next to nothing"
strange=$(nm -g --defined-only "$lib/libcovey.a" 2>/dev/null | awk 'NF == 3 {print $NF}' | grep -v '^\(__odr_asan\.\)*covey_' || true)
[ -z "$strange" ] || fail "the static library defines global names of others: $strange"

# Everything declared is there, and everything there is declared.
nm -D --defined-only "$lib/libcovey.so" | awk '{print $NF}' | sort >"$work/exported"
for header in "$root"/include/covey/*.h; do cat "$header"; done |
    ${CC:-cc} -I"$root/include" -E -P - | grep -o 'covey_[a-z0-9_]*(' | tr -d '(' | sort -u >"$work/declared"
comm -23 "$work/exported" "$work/declared" | grep . && fail "exported, and declared in no public header"

for page in covey.1 covey-run.1 covey-cluster.1; do
    [ -s "$root/share/man/man1/$page" ] || fail "no manual page $page"
done
for file in share/bash-completion/completions/covey share/zsh/site-functions/_covey \
    share/fish/vendor_completions.d/covey.fish; do
    [ -s "$root/$file" ] || fail "no $file"
done

# pkg-config: shared and static.
export PKG_CONFIG_PATH="$lib/pkgconfig"
[ "$(pkg-config --modversion covey)" = "$version" ] || fail "pkg-config does not say $version"
# shellcheck disable=SC2046
${CC:-cc} "$source/examples/first_groups.c" -o "$work/shared" $(pkg-config --cflags --libs covey)
LD_LIBRARY_PATH=$lib "$work/shared" >"$work/shared.out"
mkdir "$work/static-only"
cp "$lib/libcovey.a" "$work/static-only"
# shellcheck disable=SC2046
${CC:-cc} "$source/examples/first_groups.c" -o "$work/static" -L"$work/static-only" \
    $(pkg-config --cflags covey) $(pkg-config --static --libs covey | sed "s|-L[^ ]*$root[^ ]*||")
readelf -d "$work/static" | grep -q libcovey && fail "pkg-config --static linked the shared library"
"$work/static" | cmp - "$work/shared.out" || fail "static and shared differ"

# find_package, and the examples.
cmake -S "$source/examples" -B "$work/examples" -DCMAKE_PREFIX_PATH="$root" \
    -DCMAKE_C_FLAGS="-Wall -Wextra -Werror" >"$work/log" 2>&1 || { cat "$work/log"; fail "find_package"; }
cmake --build "$work/examples" >"$work/log" 2>&1 || { cat "$work/log"; fail "examples do not build"; }
cat >"$work/CMakeLists.txt" <<'EOF'
cmake_minimum_required(VERSION 3.18)
project(static_user C)
find_package(covey 1.0 REQUIRED COMPONENTS static)
add_executable(user ${EXAMPLE})
target_link_libraries(user PRIVATE covey::covey_static)
EOF
cmake -S "$work" -B "$work/user" -DCMAKE_PREFIX_PATH="$root" \
    -DEXAMPLE="$source/examples/first_groups.c" >"$work/log" 2>&1 && cmake --build "$work/user" >>"$work/log" 2>&1 ||
    { cat "$work/log"; fail "covey::covey_static"; }
"$work/user/user" | cmp - "$work/shared.out" || fail "covey::covey_static differs"

cd "$work/examples"
run() { "$@" || fail "$1 ended with $?"; }
run ./first_groups | grep -q '^point 5: group [01], weight 0\.' || fail first_groups
run ./losses_side_by_side >out
grep -q '^geometric_median  agreement with square 1.00' out || { cat out; fail losses_side_by_side; }
run ./own_loss | grep -q 'group [01] holds 4 values, centre 0.15' || fail own_loss
run ./one_centre | tail -1 | grep -q 'centre (1\.[0-9]*, 1\.[0-9]*)$' || fail one_centre
python3 "$source/tests/tools/make_npy.py" blobs.npy 60 4 >/dev/null
run ./choose_k blobs.npy >labels.csv 2>reason
[ "$(wc -l <labels.csv)" -gt 10 ] && grep -q '^[0-9]* groups: ' reason || fail choose_k
./choose_k missing.npy 2>/dev/null && fail "choose_k takes a file that is not there"
"$root/bin/covey" cluster blobs.npy -k 3 -q -o groups >/dev/null
run ./read_a_run groups | grep -q '^group 2 (no name): .* represented by row' || fail read_a_run
# Figures are drawn by a program apart: the installed command finds it beside itself, and the library
# links nothing of what it draws with.
"$root/bin/covey" losses --plot losses.svg -q || fail "the installed command does not draw"
COVEY_DRAW=/nonexistent "$root/bin/covey" losses --plot none.svg -q 2>/dev/null && fail "COVEY_DRAW is not heeded"
readelf -d "$lib/libcovey.so" "$root/bin/covey" | grep -Ei 'cairo|pango|glib' && fail "a host program would load GLib"
[ "${3:-}" = real ] || exit 0
mkdir photos
"$build/tests/make_photo" set photos 3
echo "no photo" >photos/broken.jpg
COVEY_DECODE=$root/libexec/covey-decode run ./describe_photos photos features.npy >out 2>/dev/null
grep -q '^3 photos, 512 numbers each' out && grep -q '^skipped broken.jpg: ' out || { cat out; fail describe_photos; }
# The installed command finds the decoder beside it.
"$root/bin/covey" extract photos -o out-photos --no-cache -q || fail "the installed command does not extract"
