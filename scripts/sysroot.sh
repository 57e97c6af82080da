#!/bin/sh
# SPDX-License-Identifier: MIT
# Unpacks Debian's libraries of another architecture below FOLDER, for tests under emulation: the
# -dev packages of deps/apt.txt with all that they depend on. What the machine has installed is not
# touched, and dpkg needs no foreign architecture. Usage: sysroot.sh ARCHITECTURE FOLDER
set -eu
architecture=$1
mkdir -p "$2"
folder=$(cd "$2" && pwd)
cd "$(dirname "$0")/.."
# Photos are not decoded under emulation: its system calls are not those that the decoder's sandbox knows.
wanted="libc6-dev $(sed 's/#.*//' deps/apt.txt | grep -E '^lib.*-dev *$' | grep -vE '^lib(vips|seccomp|openmpi)-dev')"
stamp=$folder/sysroot.txt
[ ! -e "$stamp" ] || [ "$(cat "$stamp")" != "$wanted" ] || exit 0

echo "deps: unpacking Debian's $architecture libraries into $folder" >&2
rm -rf "$folder"
mkdir -p "$folder/apt/lists/partial" "$folder/apt/archives/partial"
: >"$folder/apt/status"
APT_CONFIG=$folder/apt/apt.conf
export APT_CONFIG
cat >"$APT_CONFIG" <<END
APT::Architecture "$architecture";
APT::Architectures { "$architecture"; };
APT::Install-Recommends "false";
APT::Sandbox::User "";
Dir::State "$folder/apt";
Dir::State::Lists "$folder/apt/lists";
Dir::State::Status "$folder/apt/status";
Dir::Cache "$folder/apt";
Dir::Cache::Archives "$folder/apt/archives";
END
# Sources that have nothing for this architecture are no matter.
apt-get update -qq >"$folder/apt/log" 2>&1 || true
# shellcheck disable=SC2086
apt-get install -qq -y --download-only $wanted >>"$folder/apt/log" 2>&1 || {
    cat "$folder/apt/log" >&2
    exit 1
}
for package in "$folder"/apt/archives/*.deb; do
    dpkg-deb -x "$package" "$folder"
done
rm -rf "$folder/apt/archives" "$folder/apt/lists"
# Absolute links would lead out of the folder.
find "$folder" -type l -lname '/*' | while read -r link; do
    ln -sfnr "$folder$(readlink "$link")" "$link"
done
echo "$wanted" >"$stamp"
