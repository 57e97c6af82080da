# SPDX-License-Identifier: MIT
"""What a round costs each of R ranks: processor time, calls and bytes sent; and the model of docs/design/scale.md
held against them.

    bench/bench.sh scale [--rows N] [--columns D] [--ranks 1,2,4,8]       the ranks of one machine
    bench/bench.sh scale --memory 1G --sizes 100000,1000000               rows past memory, --memory against none

A round is a part of the difference of two runs, of 4 and of 12 rounds, so that starting, reading and the last
passes cancel out; the rows have groups that overlap, so that no run is at its end by then. Processor time outside of collective calls is rank 0's own, so that more ranks than cores can be measured:
wall time could not be. The model has three constants per loss, of the runs on 2 and (bytes) 4 ranks, and is tested on the others:

    busy(R) = shared / R,   bytes(R) = fixed + rows / R,   calls(R) = calls
"""
import argparse
import csv
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile

import numpy as np

LINE = re.compile(r"rank 0 of \d+: ([\d.]+) MB given in (\d+) calls, ([\d.]+) s in them; ([\d.]+) s of processor")
KINDS = [("square", "kmeans++", "means"), ("absolute", "kmeans++", "medians"),
         ("huber", "kmeans++", "numeric, per coordinate"), ("geometric_median", "kmeans++", "weighted means"),
         ("trimmed", "kmeans++", "means of what is not trimmed")]
PARAMETERS = {"huber": ["--param", "delta=1.0"]}


def make(path, n, d):
    """Groups with noise, written chunk by chunk, the same on every machine."""
    draw = np.random.default_rng(8)
    centres = draw.normal(0, 0.3, (16, d)).astype("f4")
    out = np.lib.format.open_memmap(path, "w+", "f4", (n, d))
    noise = draw.normal(0, 1, (min(n, 65536) + 1, d)).astype("f4")
    for at in range(0, n, 32768):
        m = min(32768, n - at)
        out[at:at + m] = centres[draw.integers(0, 16, m)] + noise[draw.integers(0, len(noise), m)]
    out.flush()


def run(args, ranks, extra):
    """(processor seconds of rank 0 outside of calls, calls, bytes) of one command."""
    command = [os.path.join(args.build, "covey"), "cluster", *extra, "--threads", "1"]
    if ranks > 1:
        command = ["mpirun", "-n", str(ranks)] + command
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit("%s: %s" % (" ".join(command), done.stderr))
    if ranks == 1:
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 0, 0
    megabytes, calls, _, busy = LINE.search(done.stderr).groups()
    return float(busy), int(calls), 1e6 * float(megabytes)


def rounds_of(args, extra):
    """How many rounds a run makes, from its history."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out")
        subprocess.run([os.path.join(args.build, "covey"), "cluster", *extra, "-q", "-o", out], check=True,
                       stdout=subprocess.DEVNULL)
        with open(os.path.join(out, "history.csv")) as file:
            return len(list(csv.DictReader(file)))


def per_round(args, path, loss, start, ranks, rounds):
    found = []
    for _ in range(args.repeat):
        runs = []
        for most in rounds:
            runs.append(run(args, ranks, [path, "-k", str(args.k), "--loss", loss, "--start", start, "--restarts", "1",
                                          "--tolerance", "0", "--max-rounds", str(most), *PARAMETERS.get(loss, [])]))
        span = rounds[-1] - rounds[0]
        found.append([(b - a) / span for a, b in zip(*runs)])
    return [statistics.median(column) for column in zip(*found)]


def start_cost(args, path, start, ranks):
    """A start by itself: what it costs more than that of random rows."""
    base = [path, "-k", str(args.k), "--loss", "square", "--restarts", "1", "--max-rounds", "1", "--start"]
    a, b = run(args, ranks, base + ["random"]), run(args, ranks, base + [start])
    return [y - x for x, y in zip(a, b)]


def model_bytes(measured, ranks):
    """Of the bytes on two numbers of ranks, fixed + rows / R on each of `ranks`."""
    (r, x), (s, y) = measured
    rows = (x - y) / (1 / r - 1 / s)
    return [x - rows / r + rows / q for q in ranks]


def table(args, path):
    rows, worst = [], 0.0
    for loss, start, what in KINDS:
        rounds = (4, 12)
        if rounds_of(args, [path, "-k", str(args.k), "--loss", loss, "--restarts", "1", "--tolerance", "0", "--max-rounds",
                            "12", *PARAMETERS.get(loss, [])]) < 12:
            sys.exit(loss + ": ends before 12 rounds; take other rows")
        cost = {r: per_round(args, path, loss, start, r, rounds) for r in args.ranks}
        several = [r for r in args.ranks if r > 1]
        said = {r: cost[several[0]][0] * several[0] / r for r in args.ranks}
        sent = dict(zip(several, model_bytes([(r, cost[r][2]) for r in several[:2]], several)))
        for r in args.ranks:
            error = said[r] / cost[r][0] - 1
            worst = max(worst, abs(error))
            rows.append({"loss": loss, "centre": what, "ranks": r, "busy": cost[r][0], "calls": cost[r][1],
                         "bytes": cost[r][2], "model": said[r], "error": error, "model_bytes": sent.get(r, 0)})
            print("| %s | %d | %.1f | %.1f | %+.0f %% | %.0f | %.1f | %.1f |" % (
                loss, r, 1e3 * cost[r][0], 1e3 * said[r], 100 * error, cost[r][1], 1e-3 * cost[r][2],
                1e-3 * sent.get(r, 0)), flush=True)
    for start in ("kmeans++", "kmeans_parallel"):
        for r in args.ranks:
            busy, calls, sent = start_cost(args, path, start, r)
            rows.append({"start": start, "ranks": r, "busy": busy, "calls": calls, "bytes": sent})
            print("| start %s | %d | %.1f | | | %.0f | %.1f | |" % (start, r, 1e3 * busy, calls, 1e-3 * sent), flush=True)
    print("largest error of the model: %.0f %%" % (100 * worst))
    return rows


def drop(path):
    """The system forgets what it keeps of the file."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def past_memory(args, folder):
    """Processor and wall time per row, largest resident size, with the limit and without."""
    rows = []
    for n in args.sizes:
        path = os.path.join(folder, "rows.npy")
        make(path, n, args.columns)
        printed = {}
        for limit in (args.memory, None):
            drop(path)
            command = ["/usr/bin/time", "-f", "%e %U %S %M", os.path.join(args.build, "covey"), "cluster", path, "-k",
                       str(args.k), "--loss", "square", "--restarts", "1", "--max-rounds", "5", "--tolerance", "0", "--csv",
                       "-q"] + (["--memory", limit] if limit else [])
            if not limit and n * args.columns * 4 > args.most:
                continue
            done = subprocess.run(command, capture_output=True, env=dict(os.environ, TMPDIR=folder), check=True)
            wall, user, system, resident = map(float, done.stderr.split()[-4:])
            printed[limit] = hash(done.stdout)
            rows.append({"rows": n, "limit": limit, "wall": wall, "user": user, "system": system, "resident": resident})
            print("| %d | %s | %.1f | %.1f + %.1f | %.1f | %.0f MB |" % (
                n, limit or "none", wall, user, system, 1e6 * (user + system) / n, resident / 1024), flush=True)
        if len(set(printed.values())) > 1:
            sys.exit("other bytes with --memory")
        os.remove(path)
    return rows


def main():
    parse = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    numbers = lambda text: [int(t) for t in text.split(",")]
    parse.add_argument("--build", default="build")
    parse.add_argument("--rows", type=int, default=131072)
    parse.add_argument("--columns", type=int, default=64)
    parse.add_argument("-k", type=int, default=10)
    parse.add_argument("--ranks", type=numbers, default=[1, 2, 4, 8])
    parse.add_argument("--repeat", type=int, default=3)
    parse.add_argument("--memory", help="rows past memory instead of ranks: the limit")
    parse.add_argument("--sizes", type=numbers, default=[100000, 1000000])
    parse.add_argument("--most", type=int, default=4 << 30, help="bytes of rows that are taken into memory for comparison")
    args = parse.parse_args()
    if len([r for r in args.ranks if r > 1]) < 2:
        parse.error("--ranks: two numbers above 1 at least")
    args.build = os.path.abspath(args.build)
    os.environ.update({"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
                       "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_MCA_mpi_yield_when_idle": "1",
                       "OMPI_MCA_btl_vader_single_copy_mechanism": "none"})
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as folder:
        if args.memory:
            rows = past_memory(args, folder)
        else:
            path = os.path.join(folder, "rows.npy")
            make(path, args.rows, args.columns)
            rows = table(args, path)
    with open(os.path.join(args.build, "bench-scale.json"), "w") as file:
        json.dump(rows, file, indent=1)


if __name__ == "__main__":
    main()
