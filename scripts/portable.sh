#!/bin/sh
# SPDX-License-Identifier: MIT
# Covey for any Linux from Debian 11 on, x86-64: built in a Debian 11 below BUILD/portable, which is
# kept for the next time (root is needed, for chroot). The mirror is the one this machine's apt uses.
#   tarball: BUILD/covey-VERSION-linux-x86_64.tar.gz, a prefix that may lie anywhere, with the libraries that
#            differ between systems. Photos are read where libvips 8.13 or later is: covey-decode is this
#            machine's, if it was built here, and needs Debian 12's C library.
#   wheels:  BUILD/wheels/*.whl, one for Debian 11's Python 3.9, one for 3.11 and later. They read arrays, not photos.
# Usage: portable.sh tarball|wheels BUILD
set -eu
what=$1
mkdir -p "$2/portable"
build=$(cd "$2" && pwd)
cd "$(dirname "$0")/.."
source=$(pwd)
root=$build/portable/bullseye
log=$build/portable/log
fail() {
    echo "portable: $*" >&2
    [ ! -s "$log" ] || tail -30 "$log" >&2
    exit 1
}
: >"$log"
[ "$(id -u)" -eq 0 ] || fail "a chroot needs root"
[ "$(uname -m)" = x86_64 ] || fail "the libraries are gathered for x86-64 alone"
in_root() { chroot "$root" env -i DEBIAN_FRONTEND=noninteractive HOME=/root LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
# Whatever happens, nothing stays mounted.
trap 'umount "$root/proc" 2>/dev/null || :' EXIT

wanted=$(sed 's/#.*//' deps/apt-bullseye.txt)
stamp=$build/portable/packages.txt
if [ ! -e "$stamp" ] || [ "$(cat "$stamp")" != "$wanted" ]; then
    command -v debootstrap >/dev/null || fail "debootstrap is not installed"
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Component: main' | grep -v security | head -1)
    [ -n "$mirror" ] || fail "this machine's apt has no mirror of Debian"
    echo "portable: Debian 11 into $root" >&2
    rm -rf --one-file-system "$root"
    debootstrap --variant=minbase bullseye "$root" "$mirror" >"$log" 2>&1 || fail "debootstrap"
    mount -t proc proc "$root/proc"
    apt-config dump | grep -i '^Acquire::https\?::Proxy' >"$root/etc/apt/apt.conf.d/90proxy" || :
    # shellcheck disable=SC2086
    { in_root apt-get update -qq && in_root apt-get install -y -qq --no-install-recommends $wanted; } >"$log" 2>&1 ||
        fail "the packages of deps/apt-bullseye.txt do not install"
    umount "$root/proc"
    echo "$wanted" >"$stamp"
fi
mount -t proc proc "$root/proc"

rm -rf --one-file-system "$root/src"
mkdir -p "$root/src"
tar -c --exclude=./.git --exclude="./$(basename "$build")" --exclude='./build*' --exclude=./node_modules . | tar -x -C "$root/src"
# The bundler is a program that asks for nothing, behind a script that asks for Node.js.
mkdir -p "$root/src/node_modules/.bin"
cp -r node_modules/@esbuild node_modules/d3* node_modules/internmap "$root/src/node_modules/" 2>/dev/null || cp -r node_modules/. "$root/src/node_modules/"
ln -sf ../@esbuild/linux-x64/bin/esbuild "$root/src/node_modules/.bin/esbuild"

# needed FILE...: the libraries that these files of the root load, but for those of every system.
needed() {
    in_root ldd "$@" | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p' | sort -u |
        grep -vE '/(ld-linux.*|lib(c|m|dl|pthread|rt|gcc_s|stdc\+\+|z|covey)\.so.*)$'
}

tarball() {
    version=$(sed -n 's/^project(covey VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
    name=covey-$version-linux-x86_64
    echo "portable: $name.tar.gz" >&2
    rm -rf --one-file-system "$root/build" "$root/out"
    { in_root cmake -S /src -B /build -DCOVEY_PHOTO=OFF -DCOVEY_TESTS=OFF "-DCMAKE_INSTALL_PREFIX=/out/$name" \
        -DCMAKE_INSTALL_LIBDIR=lib && in_root cmake --build /build -j "$(nproc)" && in_root cmake --install /build --strip; } >"$log" 2>&1 ||
        fail "does not build"
    out=$root/out/$name
    mkdir -p "$out/lib/covey" "$out/share/doc/covey/licenses"
    needed "/out/$name/lib/libcovey.so" "/out/$name/bin/covey" |
        while read -r library; do
            cp -L "$root$library" "$out/lib/covey/"
            patchelf --set-rpath '$ORIGIN' "$out/lib/covey/$(basename "$library")"
            package=$(in_root sh -c "dpkg -S '*/$(basename "$library")'" 2>/dev/null | head -1 | cut -d: -f1)
            cp "$root/usr/share/doc/$package/copyright" "$out/share/doc/covey/licenses/$package.txt" ||
                fail "$library comes from no package that says its licence"
        done
    patchelf --set-rpath '$ORIGIN/covey' "$(realpath "$out/lib/libcovey.so")"
    for program in "$out"/bin/covey "$out"/libexec/*; do
        patchelf --set-rpath '$ORIGIN/../lib:$ORIGIN/../lib/covey' "$program"
    done
    cp -r licenses/. "$out/share/doc/covey/licenses/"
    cp LICENSE README.md README.fa.md CHANGELOG.md "$out/share/doc/covey/"
    if [ -x "$build/covey-decode" ]; then
        cp "$build/covey-decode" "$out/libexec/"
        strip "$out/libexec/covey-decode"
    fi
    tar -C "$root/out" --owner=0 --group=0 --sort=name -czf "$build/$name.tar.gz.partial" "$name"
    mv "$build/$name.tar.gz.partial" "$build/$name.tar.gz"
    rm -rf --one-file-system "$root/out" "$root/build"
    ls -l "$build/$name.tar.gz"
}

# module FOLDER FLAGS TAG: one module, and the wheel around it; TAG where it is for one Python alone.
module() {
    # shellcheck disable=SC2086
    { in_root cmake -S /src/python -B "/build/$1" -DCMAKE_BUILD_TYPE=Release $2 &&
        in_root cmake --build "/build/$1" -j "$(nproc)" --target _covey; } >"$log" 2>&1 || fail "the module ($1) does not build"
    "$build/portable/env/bin/pip" wheel -q --no-deps -w "$build/portable/wheels" \
        --config-settings=build-dir="$build/portable/wheel-$1" \
        --config-settings=cmake.define.COVEY_PYTHON_MODULE="$(ls "$root/build/$1"/_covey.*.so)" "$source/python" >"$log" 2>&1 ||
        fail "the wheel ($1) is not made"
    [ -z "$3" ] || "$build/portable/env/bin/wheel" tags --remove --python-tag "$3" --abi-tag "$3" \
        "$build"/portable/wheels/*abi3*.whl >"$log" 2>&1 || fail "the wheel ($1) is not named"
}

wheels() {
    echo "portable: wheels" >&2
    rm -rf --one-file-system "$root/out" "$root/build" "$build/portable/wheels"
    mkdir -p "$build/portable/wheels" "$build/wheels"
    include=$(python3 -c 'import sysconfig; print(sysconfig.get_path("include"))')
    rm -rf "$root/headers"
    mkdir -p "$root/headers/x86_64-linux-gnu"
    cp -rL "$include" "$root/headers/python"
    cp -rL /usr/include/x86_64-linux-gnu/python3.* "$root/headers/x86_64-linux-gnu/" 2>/dev/null || : # where Debian keeps a part
    rm -rf "$build/portable/env"
    { python3 -m venv "$build/portable/env" && "$build/portable/env/bin/pip" install -q -r deps/pip-portable.txt; } >"$log" 2>&1 ||
        fail "deps/pip-portable.txt does not install"
    # Both modules are compiled there: for Debian 11's own Python, and by the stable ABI for 3.11 and later
    # against the headers of this machine's. The wheels around them are made here.
    module own "" cp39
    module stable "-DCOVEY_PYTHON_HEADERS=/headers/python -DCMAKE_C_FLAGS=-I/headers" ""
    # The libraries of Debian 11 go into the wheels.
    rm -rf "$build"/wheels/*.whl "$build/portable/libraries"
    mkdir -p "$build/portable/libraries"
    needed /build/stable/_covey.abi3.so | while read -r library; do cp -L "$root$library" "$build/portable/libraries/"; done
    for wheel in "$build"/portable/wheels/*.whl; do
        PATH="$build/portable/env/bin:$PATH" LD_LIBRARY_PATH="$build/portable/libraries" \
            "$build/portable/env/bin/auditwheel" repair -w "$build/wheels" "$wheel" >"$log" 2>&1 || fail "$wheel cannot be made portable"
    done
    rm -rf --one-file-system "$root/out" "$root/build"
    ls -l "$build"/wheels/*.whl
}

case $what in
tarball) tarball ;;
wheels) wheels ;;
*) fail "tarball or wheels?" ;;
esac
