# SPDX-License-Identifier: MIT
"""Covey beside the original write-up's procedure, from the same start with the same parameters.

    bench_original.py --build BUILD --original original.py FEATURES.npy [--rows 100] [--k 5]
                      [--losses huber,...]

ORIGINAL is the write-up's program made runnable (its options: FEATURES --rows N -k K --loss NAME
--save DIR). It stops after 3 rounds, Covey when nothing moves. Covey's time is that of the whole process,
from its start to its end, the median of nine; the original's that of its clustering alone. Ratios of
processor time hold on a busy machine.
"""
import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

PARAMETERS = {"huber": "delta", "pseudo_huber": "delta", "correntropy": "sigma",
              "epsilon_insensitive": "epsilon"}


def timed(command):
    """(output, wall, processor seconds) of a command."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True,
                          env=dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1"))
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"bench: {command[0]} failed: {done.stderr}")
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return done.stdout, wall, cpu


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("features")
    parser.add_argument("--original", required=True)
    parser.add_argument("--build", default="build")
    parser.add_argument("--rows", type=int, default=100)
    parser.add_argument("--k", type=int, default=5)
    parser.add_argument("--losses", default="square,absolute," + ",".join(PARAMETERS))
    args = parser.parse_args()
    covey = os.path.join(args.build, "covey")
    print(f"{'loss':22}{'original s':>11} {'cpu s':>8} {'covey ms':>9} {'cpu ms':>7} "
          f"{'x wall':>8} {'x cpu':>8}  {'objective':>14} {'original':>14}")
    with tempfile.TemporaryDirectory() as folder:
        rows, start = os.path.join(folder, "rows.npy"), os.path.join(folder, "start.npy")
        np.save(rows, np.load(args.features)[:args.rows].astype(np.float32))
        for loss in args.losses.split(","):
            out, _, cpu = timed([sys.executable, args.original, rows, "--rows", str(args.rows),
                                 "-k", str(args.k), "--loss", loss, "--save", folder])
            theirs = json.loads(out)
            np.save(start, np.load(os.path.join(folder, loss + ".npz"))["start"])
            command = [covey, "cluster", rows, "-k", str(args.k), "--loss", loss, "--start", start,
                       "--normalize", "none", "--json", "-q"]
            if loss in PARAMETERS:
                command += ["--param", f"{loss}.{PARAMETERS[loss]}={theirs['param']!r}"]
            own = [timed(command) for _ in range(9)]
            wall = statistics.median(row[1] for row in own)
            own_cpu = statistics.median(row[2] for row in own)
            objective = json.loads(own[0][0])["losses"][0]["objective"]
            print(f"{loss:22}{theirs['seconds']:11.3f} {cpu:8.2f} {1e3 * wall:9.1f} "
                  f"{1e3 * own_cpu:7.1f} {theirs['seconds'] / wall:8.0f} {cpu / own_cpu:8.0f}  "
                  f"{objective:14.8g} {theirs['objective']:14.8g}", flush=True)


if __name__ == "__main__":
    main()
