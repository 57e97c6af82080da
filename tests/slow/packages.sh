#!/bin/sh
# SPDX-License-Identifier: MIT
# The .deb files: lintian finds no error, and in a fresh Debian they install, work, and go without a trace.
# The mirror is the one this machine's apt uses. Usage: packages.sh SOURCE BUILD
set -eu
source=$1 build=$2
for tool in debootstrap lintian dpkg-shlibdeps; do
    command -v $tool >/dev/null || { echo "$tool is not installed (make deps-slow)"; exit 77; }
done
[ "$(id -u)" -eq 0 ] || { echo "a chroot needs root"; exit 77; }
fail() { echo "packages: $*" >&2; exit 1; }

make -C "$source" deb BUILD="$build" >/dev/null
packages=$(ls "$build"/deb/*.deb)
[ "$(echo "$packages" | wc -l)" -eq 3 ] || fail "not three packages: $packages"
# shellcheck disable=SC2086
lintian --allow-root --fail-on error --tag-display-limit 0 $packages || fail "lintian finds errors"

mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' 'Component: main' | grep -v security | head -1)
[ -n "$mirror" ] || { echo "this machine's apt has no Debian 12"; exit 77; }
box=$(mktemp -d)
trap 'umount "$box/debian/proc" 2>/dev/null || :; rm -rf --one-file-system "$box"' EXIT
debootstrap --variant=minbase bookworm "$box/debian" "$mirror" >"$box/log" 2>&1 || { tail -20 "$box/log"; fail debootstrap; }
mount -t proc proc "$box/debian/proc" 2>/dev/null || :
in_root() { chroot "$box/debian" env DEBIAN_FRONTEND=noninteractive HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
# How this machine's apt goes out, where it does so by a proxy.
apt-config dump | grep -i '^Acquire::https\?::Proxy' >"$box/debian/etc/apt/apt.conf.d/90proxy" || :
in_root apt-get update -qq
in_root find / -xdev -iname '*covey*' -not -path '/proc/*' >"$box/before"
in_root dpkg-query -W -f '${Package}\n' >"$box/packages-before"

mkdir "$box/debian/debs" && cp "$build"/deb/*.deb "$box/debian/debs"
in_root sh -c 'apt-get install -y -qq --no-install-recommends /debs/libcovey1_*.deb /debs/covey_*.deb' >"$box/log" 2>&1 ||
    { tail -20 "$box/log"; fail "does not install"; }
in_root covey --version | grep -q '^covey ' || fail "does not start"
in_root covey losses | grep -q huber || fail "does not work"
in_root sh -c 'test -e /usr/share/man/man1/covey-run.1.gz -a -x /usr/libexec/covey-decode' || fail "man page or decoder missing"
in_root ldd /usr/libexec/covey-decode /usr/libexec/covey-draw | grep 'not found' && fail "the decoder or the drawer lacks a library"
in_root covey losses --plot /losses.svg -q || fail "does not draw"
python3 "$source/tests/tools/make_npy.py" "$box/debian/f.npy" 60 4
[ "$(in_root covey cluster /f.npy -k 3 -q | wc -l)" -ge 4 ] || fail "does not cluster"

in_root sh -c 'apt-get install -y -qq --no-install-recommends /debs/libcovey-dev_*.deb gcc libc6-dev pkg-config' >"$box/log" 2>&1 ||
    { tail -20 "$box/log"; fail "libcovey-dev does not install"; }
in_root sh -c 'cc /usr/share/doc/libcovey-dev/examples/first_groups.c -o /tmp/groups $(pkg-config --cflags --libs covey) && /tmp/groups' |
    grep -q '^point 5' || fail "an example does not build"

in_root apt-get purge -y -qq covey libcovey1 libcovey-dev >/dev/null 2>&1 || fail "does not go"
rm -rf "$box/debian/debs"
in_root find / -xdev -iname '*covey*' -not -path '/proc/*' | diff "$box/before" - || fail "something stays"
echo "packages: installed, used and removed"
