#!/bin/sh
# SPDX-License-Identifier: MIT
# Very many photos: COVEY_LOAD small ones (20000; 200000 for the whole test), made on the spot, described by
# a miniature network, grouped, and put on a page. Memory may grow by what a row takes and no more, the
# catalogue must be sound, the totals must add up, and a second run must compute nothing.
# Usage: load.sh SOURCE BUILD
set -eu
BUILD=$2
n=${COVEY_LOAD:-20000}
COVEY=$BUILD/covey
[ -x "$BUILD/covey-decode" ] || { echo "skipped: built without the photo decoder"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export COVEY_HOME="$work/home" XDG_CACHE_HOME="$work/cache" N="$n"
"$BUILD/tests/make_weights" mini 3
python3 - <<'PYTHON'
import os, random, struct, zlib
n, side = int(os.environ["N"]), 24
draw = random.Random(1)
head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)

def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

for i in range(n):
    if i % 1000 == 0:
        os.makedirs("photos/%04d" % (i // 1000))
    base, rows = draw.randbytes(3), []
    for y in range(side):
        cell = bytes((c + 16 * (y // 8) * (i % 5)) & 255 for c in base)
        rows.append(b"\0" + cell * (side - 8) + draw.randbytes(3) * 8)
    with open("photos/%04d/%06d.png" % (i // 1000, i), "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"".join(rows), 1))
                + chunk(b"IEND", b""))
PYTHON
for i in 1 2 3 4 5 6 7; do echo "no photo $i" >photos/0000/bad-$i.jpg; done

# Runs a stage, notes its memory (MB) every few seconds, and says what it took.
stage() {
    name=$1
    shift
    started=$(date +%s)
    "$@" &
    pid=$!
    : >"rss-$name"
    while kill -0 $pid 2>/dev/null; do
        awk '/^VmRSS/ {print int($2 / 1024)}' /proc/$pid/status >>"rss-$name" 2>/dev/null || true
        sleep 1
    done
    wait $pid
    awk -v name="$name" -v t=$(($(date +%s) - started)) '
        {a[NR] = $1; if ($1 > top) top = $1}
        END {printf "%s: %d s, memory in MB at ninths of it:", name, t
             for (i = 1; i <= 9 && NR; ++i) printf " %d", a[int((NR - 1) * (i - 1) / 8) + 1]
             printf ", at most %d\n", top}' "rss-$name"
}

stage extract "$COVEY" extract photos -o features --weights mini --batch 64 -q
stage run "$COVEY" run photos -o out --weights mini --batch 64 -k 8 --loss square,huber --seeds 0 \
    --restarts 2 -q
stage report "$COVEY" report out -q
"$COVEY" cache verify -q
python3 - <<'PYTHON'
import csv, json, os
n = int(os.environ["N"])
passport = json.load(open("out/run.json"))
counts = passport["counts"]
assert counts["found"] == n + 7 and counts["used"] == n and counts["skipped"] == 7, counts
assert passport["varies"]["recalled"] == n, passport["varies"]
assert os.path.getsize("out/features.npy") == 128 + n * 32 * 4
assert open("out/features.npy", "rb").read() == open("features/features.npy", "rb").read()
assert sum(1 for _ in open("out/images.csv")) == n + 1
sizes = {}
for row in csv.DictReader(open("out/clusters.csv")):
    sizes.setdefault(row["loss"], {}).setdefault(int(row["cluster"]), 0)
    sizes[row["loss"]][int(row["cluster"])] += 1
for loss in json.load(open("out/comparison.json"))["losses"]:
    assert sum(loss["sizes"]) == n and loss["sizes"] == [sizes[loss["name"]][j] for j in sorted(sizes[loss["name"]])]
assert os.path.getsize("out/report.html") > 0
# From the second ninth on, when all that is fixed is there: paths, features, 32 MB of thumbnails.
rss = [int(line) for line in open("rss-extract") if line.strip()]
grown = max(rss) - rss[len(rss) // 9]
allowed = 72 + 0.6 * n / 1000
assert grown <= allowed, "memory grew by %d MB, %d are allowed" % (grown, allowed)
print("%d photos: totals add up, the second run computed none, memory grew by %d MB" % (n, grown))
PYTHON
