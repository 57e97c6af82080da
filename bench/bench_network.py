# SPDX-License-Identifier: MIT
"""Times Covey's network and other engines, taking turns in one run, and prints a table with ratios.

    bench_network.py --build BUILD [--threads N] [--rounds 9] [--engines covey,torch,...]
                     [--isa avx2] [--json FILE] [--svg FILE]

The input is made up (seeded, smoothed noise); the weights are Covey's own, handed to every engine, and
the relative error is against a float64 pass. Every engine has its own process; in each round each
runs one batch of 8 and one of 1, and the medians over the rounds count. Beside the wall clock stands
the processor time (of all threads), whose least value suffers less from other load.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

import numpy as np

import bench_worker

HERE = os.path.dirname(os.path.abspath(__file__))
ENGINES = ["covey", "covey-bf16", "torch", "onnxruntime", "openvino", "openvino-bf16", "ncnn",
           "ncnn-bf16"]
# Variables that keep the engines which know them to AVX2.
AVX2 = {"COVEY_ISA": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}


def make_input(n):
    """uint8 [n][224][224][3]: noise at several scales, the values a photo has."""
    rng = np.random.default_rng(0)
    image = np.zeros((n, 224, 224, 3))
    for size in (7, 28, 112, 224):
        part = rng.normal(size=(n, size, size, 3)) * 18
        image += part.repeat(224 // size, 1).repeat(224 // size, 2)
    return np.clip(image + 118, 0, 255).astype(np.uint8)


def prepare_files(build, files, engines):
    import torch
    lib = bench_worker.open_library(build)
    layers, mean, std = bench_worker.read_layers(lib, bench_worker.open_weights(lib))
    rgb = make_input(8)
    np.save(os.path.join(files, "input.npy"), rgb)
    network = bench_worker.torch_network(layers)
    if any(e.startswith("ncnn") for e in engines):
        import pnnx
        home = os.getcwd()
        os.chdir(files)
        pnnx.export(network, "vgg16.pt", torch.zeros(1, 3, 224, 224), fp16=False)
        os.chdir(home)
    bench_worker.export_onnx(layers, os.path.join(files, "vgg16.onnx"))
    with torch.no_grad():
        x = torch.from_numpy((rgb[:2] / 255.0 - mean) / std).permute(0, 3, 1, 2)
        want = network.double()(x.double()).numpy()
    np.save(os.path.join(files, "reference.npy"), want)


def start(engine, args, files):
    environment = dict(os.environ, OMP_WAIT_POLICY="passive")
    if args.isa == "avx2":
        environment.update(AVX2)
    return subprocess.Popen(
        [sys.executable, os.path.join(HERE, "bench_worker.py"), engine, args.build,
         str(args.threads), files],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env=environment)


def read_ready(worker):
    """The worker's first JSON line; engines may talk before it."""
    for line in worker.stdout:
        if line.startswith("{"):
            return json.loads(line)
    return None


def run_once(worker, batch):
    worker.stdin.write(f"{batch}\n")
    worker.stdin.flush()
    return [float(word) / batch for word in worker.stdout.readline().split()]


def measure(args, files):
    workers, rows = {}, {}
    for engine in args.engines:
        worker = start(engine, args, files)
        ready = read_ready(worker)
        if ready is None:
            print(f"bench: {engine} does not run here and is left out", file=sys.stderr)
            continue
        workers[engine], rows[engine] = worker, dict(ready, engine=engine)
    times = {(e, b): [] for e in workers for b in args.batches}
    for engine, worker in workers.items():  # warm
        run_once(worker, 1)
    for round_ in range(args.rounds):
        for engine, worker in workers.items():
            for batch in args.batches:
                times[engine, batch].append(run_once(worker, batch))
        print(f"bench: round {round_ + 1} of {args.rounds}", file=sys.stderr)
    for engine, worker in workers.items():
        worker.stdin.close()
        worker.wait()
        for batch in args.batches:
            walls, cpus = zip(*times[engine, batch])
            rows[engine][f"ms_batch{batch}"] = statistics.median(walls)
            rows[engine][f"best_ms_batch{batch}"] = min(walls)
            rows[engine][f"cpu_ms_batch{batch}"] = min(cpus)
    return list(rows.values())


def cpu_name():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return "unknown"


def print_table(result, batches):
    last = batches[-1]
    print(f"{result['cpu']}, {result['threads']} threads, {result['isa']}, medians of "
          f"{result['rounds']}; ms per photo")
    head = "".join(f" batch {b:<3} cpu, least " for b in batches)
    print(f"{'engine':14} {'version':22}{head} {'covey/it':>8} {'error':>8} {'cosine':>10}")
    own = {row["engine"]: row for row in result["engines"]}
    for row in result["engines"]:
        cells = "".join(f" {row[f'ms_batch{b}']:8.2f} {row[f'cpu_ms_batch{b}']:10.2f} "
                        for b in batches)
        mine = own.get("covey-bf16" if row["engine"].endswith("bf16") else "covey")
        ratio = mine[f"ms_batch{last}"] / row[f"ms_batch{last}"] if mine else float("nan")
        print(f"{row['engine']:14} {row['version']:22}{cells} {ratio:8.2f} {row['error']:8.1e} "
              f"{row['cosine']:10.7f}")


def write_svg(result, batch, path):
    """A bar per engine, shortest first."""
    rows = sorted(result["engines"], key=lambda row: row[f"ms_batch{batch}"])
    longest = max(row[f"ms_batch{batch}"] for row in rows)
    height = 30 * len(rows) + 46
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 {height}" '
             'font-family="sans-serif" font-size="14">',
             f'<rect width="720" height="{height}" fill="#fff"/>',
             f'<text x="8" y="22" font-weight="bold">VGG16 features, ms per photo, batch {batch}: '
             f'{result["cpu"]}, {result["threads"]} threads</text>']
    for index, row in enumerate(rows):
        y, ms = 36 + 30 * index, row[f"ms_batch{batch}"]
        colour = "#0072b2" if row["engine"].startswith("covey") else "#b8b8b8"
        parts.append(f'<text x="150" y="{y + 17}" text-anchor="end">{row["engine"]}</text>'
                     f'<rect x="158" y="{y}" width="{480 * ms / longest:.1f}" height="24" '
                     f'fill="{colour}"/><text x="{164 + 480 * ms / longest:.1f}" y="{y + 17}">'
                     f'{ms:.1f}</text>')
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(parts) + "\n</svg>\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--engines", type=lambda text: text.split(","), default=ENGINES)
    parser.add_argument("--isa", choices=["best", "avx2"], default="best",
                        help="avx2: keep Covey, PyTorch and OpenVINO to AVX2")
    parser.add_argument("--json", help="default: BUILD/bench-network.json")
    parser.add_argument("--svg", help="default: BUILD/bench-network.svg")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as files:
        prepare_files(args.build, files, args.engines)
        rows = measure(args, files)
    result = dict(cpu=cpu_name(), threads=args.threads, rounds=args.rounds, isa=args.isa,
                  engines=rows)
    print_table(result, args.batches)
    with open(args.json or os.path.join(args.build, "bench-network.json"), "w",
              encoding="utf-8") as file:
        json.dump(result, file, indent=1)
    write_svg(result, args.batches[-1],
              args.svg or os.path.join(args.build, "bench-network.svg"))


if __name__ == "__main__":
    main()
