# SPDX-License-Identifier: MIT
"""Times Covey's clustering beside scikit-learn, faiss, SciPy and NumPy, taking turns in one run.

    bench_clustering.py --build BUILD [--features FILE.npy] [--n 100000] [--k 64] [--rounds 5]
                        [--threads N] [--losses huber,lp,...] [--json FILE] [--no-growth]

The rows are those of --features (photos' descriptions; made up where none are given), drawn again
with scale and noise; every program starts from the same k of them and does the same number of
iterations. `whole fit` is what their fit() does too: rows checked, labels, centres, objective; the
description adds distance, weight, margin and rank of every row, and medoids. Wall time needs a machine that is left alone; the ratios of processor time (of all
threads) stand beside it. Medians over the rounds count. Unless --no-growth is given, the run ends with
the cost of a round for 10^4 to 10^6 rows, drawn to BUILD/bench-growth.svg and .png.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

from bench_network import cpu_name

PEERS = ["sklearn-lloyd", "sklearn-elkan", "faiss", "scipy-cityblock", "numpy-median"]
LIMITS = {"pseudo_huber": 10, "log_cosh": 25, "lp": 25}  # all other losses: 6 square rounds


def make_features(rows=255, columns=512):
    """Like averaged ReLU maps: non-negative, skewed, in groups."""
    rng = np.random.default_rng(1)
    groups = rng.gamma(0.6, 1.0, (18, columns)) * rng.lognormal(0, 0.7, columns)
    base = groups[rng.integers(0, len(groups), rows)]
    return (base * rng.gamma(2.0, 0.5, base.shape)).astype(np.float32)


def write_data(args, folder):
    rng = np.random.default_rng(0)
    base = (np.load(args.features) if args.features else make_features()).astype(np.float32)
    x = base[rng.integers(0, len(base), args.n)] * rng.uniform(0.8, 1.2, (args.n, 1))
    x += rng.normal(0, 0.1 * base.std(), x.shape)
    x = np.ascontiguousarray(x, dtype=np.float32)
    np.save(os.path.join(folder, "rows.npy"), x)
    start = x[rng.choice(args.n, args.k, replace=False)]
    np.save(os.path.join(folder, "start.npy"), start.astype(np.float64))


def peer(args):
    """Runs in a process of its own: one measurement for each line on stdin."""
    import sklearn
    x = np.load(os.path.join(args.files, "rows.npy"))
    start = np.load(os.path.join(args.files, "start.npy")).astype(np.float32)
    version, labels = "", None

    def prepare():
        nonlocal version, labels
        if args.peer.startswith("sklearn"):
            version = sklearn.__version__
        elif args.peer == "faiss":
            import faiss
            faiss.omp_set_num_threads(args.threads)
            version = faiss.__version__
        elif args.peer == "scipy-cityblock":
            import scipy
            version = scipy.__version__
        else:
            version = np.__version__
            norms = (start * start).sum(1)
            labels = np.argmin(norms - 2 * (x @ start.T), axis=1)

    def work():
        if args.peer.startswith("sklearn"):
            from sklearn.cluster import KMeans
            fit = KMeans(len(start), init=start, n_init=1, max_iter=args.iterations, tol=0,
                         algorithm=args.peer.split("-")[1]).fit(x)
            return dict(iterations=fit.n_iter_, objective=float(fit.inertia_))
        if args.peer == "faiss":
            import faiss
            fit = faiss.Kmeans(x.shape[1], len(start), niter=args.iterations,
                               max_points_per_centroid=10 ** 9)
            fit.train(x, init_centroids=start)
            return dict(iterations=args.iterations, objective=float(fit.obj[-1]))
        if args.peer == "scipy-cityblock":
            from scipy.spatial.distance import cdist
            for first in range(0, len(x), 20000):
                cdist(x[first:first + 20000], start, "cityblock").argmin(1)
        else:
            for j in range(len(start)):
                members = x[labels == j]
                if len(members):
                    np.median(members, axis=0)
        return dict(iterations=1)

    prepare()
    print(json.dumps(dict(version=version)), flush=True)
    for _ in sys.stdin:
        wall, cpu = time.perf_counter(), time.process_time()
        answer = work()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print(json.dumps(dict(answer, wall=1e3 * wall, cpu=1e3 * cpu)), flush=True)


class Worker:
    """A process that answers every line with a line of JSON."""

    def __init__(self, command, threads, hello=False):
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads),
                           OPENBLAS_NUM_THREADS=str(threads))
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, env=environment)
        self.hello = json.loads(self.process.stdout.readline()) if hello else None

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"bench: no answer to '{line}'")
        return json.loads(answer)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def median(rows):
    """Of each number over the repeats; words are those of the first."""
    return {key: statistics.median(row[key] for row in rows)
            if isinstance(value, (int, float)) else value for key, value in rows[0].items()}


def measure(args, folder):
    covey = Worker([os.path.join(args.build, "bench_cluster"), os.path.join(folder, "rows.npy"),
                    os.path.join(folder, "start.npy"), str(args.threads)], args.threads)
    peers = {name: Worker([sys.executable, os.path.abspath(__file__), "--peer", name, "--files",
                           folder, "--threads", str(args.threads), "--iterations",
                           str(args.iterations)], args.threads, hello=True) for name in PEERS}
    commands = {"fit": f"fit square {args.iterations}", "all": f"fit square {args.iterations} all",
                "parts": "parts"}
    commands.update({loss: f"fit {loss} {args.iterations}" for loss in args.losses})
    samples = {name: [] for name in list(commands) + PEERS}
    for round_ in range(args.rounds):
        for name in ["fit", "all", "parts"]:
            samples[name].append(covey.ask(commands[name]))
        for name, worker in peers.items():
            samples[name].append(worker.ask("go"))
        print(f"bench: round {round_ + 1} of {args.rounds}", file=sys.stderr)
    for loss in args.losses:
        for _ in range(args.loss_rounds):
            samples[loss].append(covey.ask(commands[loss]))
        print(f"bench: {loss}", file=sys.stderr)
    result = {name: median(rows) for name, rows in samples.items() if rows}
    for name, worker in peers.items():
        result[name]["version"] = worker.hello["version"]
        worker.close()
    result["peak"] = covey.ask("peak")
    covey.close()
    return result


def ratio_rows(r):
    """(what, Covey's wall and cpu, the peer, its wall and cpu, the limit) in ms."""
    fit, whole, parts = r["fit"], r["all"], r["parts"]

    def per_iteration(name):
        return [r[name]["wall"] / r[name]["iterations"], r[name]["cpu"] / r[name]["iterations"]]

    rows = []
    for name in ["sklearn-lloyd", "sklearn-elkan", "faiss"]:
        rows.append(["square, a round without bounds", whole["round_wall"], whole["round_cpu"],
                     name, *per_iteration(name), None])
        rows.append(["square, a round", fit["round_wall"], fit["round_cpu"], name,
                     *per_iteration(name), 0.4 if name == "sklearn-lloyd" else None])
        rows.append(["square, whole fit", fit["fit_wall"], fit["fit_cpu"], name,
                     r[name]["wall"], r[name]["cpu"], 0.25 if name == "sklearn-lloyd" else None])
        rows.append(["square, fit and description", fit["whole_wall"], fit["whole_cpu"], name,
                     r[name]["wall"], r[name]["cpu"], None])
    for name, part, limit in [("scipy-cityblock", "assign", 0.08), ("numpy-median", "median", 0.1)]:
        rows.append([f"absolute, {part}", parts[part + "_wall"], parts[part + "_cpu"], name,
                     *per_iteration(name), limit])
    return rows


def print_tables(args, r, system):
    print(f"{system['cpu']}, {system['threads']} threads, {system['isa']}; {args.n} rows of "
          f"{system['columns']}, k = {args.k}, {args.iterations} iterations, medians of "
          f"{args.rounds}; ms")
    print(f"{'':31}{'wall':>8} {'cpu':>8}  {'beside':16}{'version':9}{'wall':>8} {'cpu':>8} "
          f"{'wall/it':>8} {'cpu/its':>8} {'at most':>8}")
    for what, wall, cpu, name, peer_wall, peer_cpu, limit in ratio_rows(r):
        print(f"{what:31}{wall:8.1f} {cpu:8.1f}  {name:16}{r[name]['version']:9}{peer_wall:8.1f} "
              f"{peer_cpu:8.1f} {wall / peer_wall:8.3f} {cpu / peer_cpu:8.3f} "
              f"{'' if limit is None else limit:>8}")
    own, theirs = r["fit"]["nearest"], r["sklearn-lloyd"]["objective"]
    print(f"compared with {100 * r['fit']['compared']:.1f} % of the centres; squares to the nearest "
          f"centres {own:.9g}, scikit-learn {theirs:.9g}, relative difference "
          f"{(own - theirs) / theirs:.1e}")
    peak, operations = r["peak"]["gflops_per_thread"], 2e-9 * args.n * args.k * system["columns"]
    floor = operations / peak * 1e3 if peak else float("nan")
    print(f"floor of a square round: {operations:.2f} GFLOP at {peak:.0f} GFLOP/s a thread = "
          f"{floor:.1f} ms of processor time, {floor / args.threads:.1f} ms on {args.threads}")
    if not args.losses:
        return
    full, square = r["all"]["round_cpu"], r["fit"]["round_cpu"]
    print(f"\na round, ms of processor time    mean   median    first  / square round "
          f"({square:.1f})  / without bounds ({full:.1f})  at most")
    for loss in args.losses:
        row = r[loss]
        print(f"{loss:28}{row['round_cpu']:9.1f} {row['median_round_cpu']:8.1f} "
              f"{row['first_round_cpu']:8.1f} {row['round_cpu'] / square:16.2f} "
              f"{row['round_cpu'] / full:23.2f} {LIMITS.get(loss, 6):10}")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--features", help="[rows][columns], .npy")
    parser.add_argument("--n", type=int, default=100000)
    parser.add_argument("--k", type=int, default=64)
    parser.add_argument("--iterations", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--loss-rounds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--losses", type=lambda text: [t for t in text.split(",") if t],
                        help="default: all but square")
    parser.add_argument("--json", help="default: BUILD/bench-clustering.json")
    parser.add_argument("--no-growth", action="store_true")
    parser.add_argument("--peer", choices=PEERS, help=argparse.SUPPRESS)
    parser.add_argument("--files", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.peer:
        peer(args)
        return
    subprocess.run(["cmake", "--build", args.build, "--target", "bench_cluster", "bench_growth"],
                   check=True, stdout=subprocess.DEVNULL)
    if args.losses is None:
        listed = subprocess.run([os.path.join(args.build, "covey"), "losses", "--json"],
                                capture_output=True, text=True, check=True)
        args.losses = [loss["name"] for loss in json.loads(listed.stdout)
                       if loss["name"] != "square"]
    with tempfile.TemporaryDirectory(dir=args.build) as folder:
        write_data(args, folder)
        columns = np.load(os.path.join(folder, "rows.npy"), mmap_mode="r").shape[1]
        result = measure(args, folder)
    system = dict(cpu=cpu_name(), threads=args.threads, isa=result["peak"]["isa"],
                  columns=columns)
    print_tables(args, result, system)
    if not args.no_growth:
        grown = subprocess.run([os.path.join(args.build, "bench_growth"), "-t", str(args.threads),
                                "-o", os.path.join(args.build, "bench-growth")],
                               stdout=subprocess.PIPE, text=True, check=True).stdout
        result["growth"] = [json.loads(line) for line in grown.splitlines()]
        print("\nsquare, k = 256: rows, ms of processor time a round, the same per row in "
              "microseconds, MiB in all")
        for row in result["growth"]:
            print(f"{row['n']:10} {row['round_cpu']:10.1f} {1e3 * row['round_cpu'] / row['n']:8.3f} "
                  f"{row['mib']:8.0f}")
    result.update(system, n=args.n, k=args.k, rounds=args.rounds, iterations=args.iterations)
    with open(args.json or os.path.join(args.build, "bench-clustering.json"), "w",
              encoding="utf-8") as file:
        json.dump(result, file, indent=1)


if __name__ == "__main__":
    main()
