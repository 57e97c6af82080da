#!/bin/sh
# SPDX-License-Identifier: MIT
# The tarball and the wheels: in a fresh Debian 11 that has nothing of what Covey uses, and here.
# Usage: portable.sh SOURCE BUILD
set -eu
source=$1 build=$2
for tool in debootstrap patchelf; do
    command -v $tool >/dev/null || { echo "$tool is not installed (make deps-slow)"; exit 77; }
done
[ "$(id -u)" -eq 0 ] || { echo "a chroot needs root"; exit 77; }
[ "$(uname -m)" = x86_64 ] || { echo "they are for x86-64"; exit 77; }
fail() { echo "portable: $*" >&2; exit 1; }
sh "$source/scripts/portable.sh" tarball "$build" >/dev/null
sh "$source/scripts/portable.sh" wheels "$build" >/dev/null

box=$(mktemp -d)
trap 'umount "$box/debian/proc" 2>/dev/null || :; rm -rf --one-file-system "$box"' EXIT
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Component: main' | grep -v security | head -1)
debootstrap --variant=minbase --include=python3 bullseye "$box/debian" "$mirror" >"$box/log" 2>&1 || { tail -20 "$box/log"; fail debootstrap; }
mount -t proc proc "$box/debian/proc" 2>/dev/null || :
in_root() { chroot "$box/debian" env -i HOME=/root LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
python3 "$source/tests/tools/make_npy.py" "$box/debian/f.npy" 60 4

# The command, anywhere; and the same groups as those of the command that was built here.
mkdir "$box/debian/anywhere" "$box/here"
tar -C "$box/debian/anywhere" -xzf "$build"/covey-*-linux-x86_64.tar.gz
tar -C "$box/here" -xzf "$build"/covey-*-linux-x86_64.tar.gz
in_root sh -c '/anywhere/covey-*/bin/covey --version' | grep -q '^covey ' || fail "does not start on Debian 11"
in_root sh -c '/anywhere/covey-*/bin/covey losses' | grep -q huber || fail "does not work on Debian 11"
in_root sh -c '/anywhere/covey-*/bin/covey cluster /f.npy -k 3 -o /out -q' >/dev/null || fail "does not cluster on Debian 11"
in_root test -s /out/report.html || fail "makes no page on Debian 11"
"$build/covey" cluster "$box/debian/f.npy" -k 3 -o "$box/own" -q >/dev/null
"$box"/here/covey-*/bin/covey cluster "$box/debian/f.npy" -k 3 -o "$box/out" -q >/dev/null || fail "does not cluster here"
for file in clusters.csv centres/square.npy; do
    cmp "$box/own/$file" "$box/out/$file" || fail "other groups than those of the command built here"
    cmp "$box/own/$file" "$box/debian/out/$file" || fail "other groups on Debian 11"
done
# Photos: here they are read, if this machine's decoder was there; on Debian 11 a sentence says why not.
mkdir "$box/debian/photos" && "$build/tests/make_photo" set "$box/debian/photos" 3
code=0
in_root sh -c '/anywhere/covey-*/bin/covey run /photos -o /r' >/dev/null 2>"$box/said" || code=$?
[ "$code" = 1 ] && [ "$(grep -c '^covey: ' "$box/said")" = 1 ] || fail "photos on Debian 11: $(cat "$box/said")"
if [ -x "$build/covey-decode" ]; then
    "$box"/here/covey-*/bin/covey run "$box/debian/photos" -o "$box/r" -k 2 -q --no-cache >/dev/null || fail "does not read photos here"
fi
# What is shipped says its licence, and nothing of it is GPL alone.
for library in "$box"/here/covey-*/lib/covey/*.so*; do
    [ -e "$library" ] || fail "no library was gathered"
done
[ "$(ls "$box"/here/covey-*/share/doc/covey/licenses | wc -l)" -gt 5 ] || fail "licences are missing"

# The wheel of Debian 11's Python, and the one of this machine's.
python3 -m pip install -q --disable-pip-version-check --target "$box/debian/site" --python-version 3.9 --implementation cp \
    --abi cp39 --platform manylinux_2_31_x86_64 --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64 --only-binary=:all: \
    "$build"/wheels/*cp39*.whl >"$box/log" 2>&1 || { cat "$box/log"; fail "the wheel for Python 3.9 does not install"; }
cat >"$box/debian/fit.py" <<'END'
import numpy as np
import covey
rows = np.load("/f.npy" if __import__("os").path.exists("/f.npy") else __import__("sys").argv[1])
model = covey.LossKMeans(loss="huber", n_clusters=3, random_state=0).fit(rows)
print(model.labels_.tolist(), model.cluster_centers_.shape)
END
in_root env PYTHONPATH=/site python3 /fit.py >"$box/old" || fail "the wheel does not work on Debian 11"
python3 -m venv "$box/env"
"$box/env/bin/pip" install -q --disable-pip-version-check "$build"/wheels/*abi3*.whl >"$box/log" 2>&1 || { cat "$box/log"; fail "the wheel does not install here"; }
"$box/env/bin/python" "$box/debian/fit.py" "$box/debian/f.npy" >"$box/new" || fail "the wheel does not work here"
cmp "$box/old" "$box/new" || fail "other groups by the two wheels: $(cat "$box/old" "$box/new")"
echo "portable: $(cat "$box/new")"
