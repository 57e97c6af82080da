# SPDX-License-Identifier: MIT
"""Pooling x normalisation x loss on labelled photos: how well the groups agree with the labels.

    better_groups.py --build BUILD --work FOLDER NAME=PHOTOS [NAME=PHOTOS...] > tables.md

A photo's label is its first folder in PHOTOS; k is the number of labels. WORK keeps what is slow:
NAME-POOL.npy and NAME.csv (row,label), made with `covey extract` where they are missing. Every cell
of the tables is the mean over the seeds of the adjusted Rand index and of NMI, of the best of two
restarts; all combinations on all sets are shown, nothing is tuned.
"""
import argparse
import csv
import json
import os
import shutil
import statistics
import subprocess
import sys

POOLINGS = ["mean", "gem", "max"]
NORMALIZATIONS = ["none", "l2", "standard", "pca:32"]
LOSSES = ["square", "absolute", "huber", "pseudo_huber", "correntropy", "epsilon_insensitive",
          "geometric_median", "tukey"]


def covey(args, *words):
    done = subprocess.run([os.path.join(args.build, "covey"), *words, "-q"], capture_output=True,
                          text=True)
    if done.returncode:
        sys.exit(f"covey {' '.join(words)}: {done.stderr}")
    return done.stdout


def describe(args, name, photos):
    labels = os.path.join(args.work, name + ".csv")
    for pool in POOLINGS:
        features = os.path.join(args.work, f"{name}-{pool}.npy")
        if os.path.exists(features) and os.path.exists(labels):
            continue
        out = os.path.join(args.work, "extracted")
        covey(args, "extract", photos, "-o", out, "--pool", pool, "--cache",
              os.path.join(args.work, "cache"))
        shutil.copy(os.path.join(out, "features.npy"), features)
        with open(os.path.join(out, "images.csv"), newline="", encoding="utf-8") as file, \
                open(labels, "w", encoding="utf-8") as to:
            to.write("row,label\n")
            for row in csv.DictReader(file):
                to.write(f"{row['row']},{row['path'].split('/')[0]}\n")
    with open(labels, encoding="utf-8") as file:
        found = [row["label"] for row in csv.DictReader(file)]
    return labels, len(found), len(set(found))


def score(args, name, labels, k):
    """{(pool, normalisation, loss): [(ari, nmi) of each seed]}"""
    cells = {}
    for pool in POOLINGS:
        for how in args.normalize:
            for seed in range(1, args.seeds + 1):
                out = json.loads(covey(
                    args, "compare", os.path.join(args.work, f"{name}-{pool}.npy"), "-k", str(k),
                    "--normalize", how, "--loss", ",".join(LOSSES), "--labels", labels,
                    "--restarts", "2", "--seeds", "0", "--seed", str(seed), "--json"))
                for row in out["labels"]["losses"]:
                    cells.setdefault((pool, how, row["name"]), []).append((row["ari"], row["nmi"]))
            print(f"{name} {pool} {how}", file=sys.stderr)
    return cells


def mean(rows, part):
    return statistics.mean(row[part] for row in rows)


def print_set(args, name, n, k, cells):
    print(f"\n## {name}: {n} photos, k = {k}, ARI / NMI, means of {args.seeds} seeds\n")
    print("| pooling | normalisation | " + " | ".join(LOSSES) + " | mean of the losses |")
    print("|" + "---|" * (len(LOSSES) + 3))
    for pool in POOLINGS:
        for how in args.normalize:
            rows = [cells[pool, how, loss] for loss in LOSSES]
            shown = [f"{mean(r, 0):.3f} / {mean(r, 1):.3f}" for r in rows]
            every = [value for r in rows for value in r]
            print(f"| {pool} | {how} | " + " | ".join(shown) +
                  f" | **{mean(every, 0):.3f} / {mean(every, 1):.3f}** |")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", metavar="NAME=PHOTOS")
    parser.add_argument("--build", default="build")
    parser.add_argument("--work", required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--normalize", type=lambda text: text.split(","), default=NORMALIZATIONS)
    args = parser.parse_args()
    os.makedirs(args.work, exist_ok=True)
    for item in args.sets:
        name, photos = item.split("=", 1)
        labels, n, k = describe(args, name, photos)
        print_set(args, name, n, k, score(args, name, labels, k))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
