# SPDX-License-Identifier: MIT
"""Times whole folders of large photos: covey extract beside Pillow + torchvision + PyTorch, in turns.

    bench_pipeline.py --build BUILD [--photos DIR] [--rounds 3] [--threads N] [--json FILE]

Without --photos, 16 JPEGs of 20 megapixels are made (seeded texture at several scales, quality 92,
4:2:0, as cameras write them) in BUILD/bench-photos, each copied twice: 48 files, all of them
decoded and described. Covey's time is that of the whole command, its start-up counted (without
the catalogue of what is known already); the others' is the loop over the photos alone, their
start-up and imports left out: `torch` decodes between batches of 8, `torch-workers` in a DataLoader
of as many worker processes as threads.
"""
import argparse
import glob
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

import bench_worker

HERE = os.path.dirname(os.path.abspath(__file__))


def make_photos(folder, count=16, copies=3, width=5472, height=3648):
    from PIL import Image
    os.makedirs(folder, exist_ok=True)
    for index in range(count):
        paths = [os.path.join(folder, f"photo_{index:02d}_{copy}.jpg") for copy in range(copies)]
        if all(os.path.exists(path) for path in paths):
            continue
        rng = np.random.default_rng(index)
        total = np.full((height, width, 3), 118.0, dtype=np.float32)
        for cells, size in ((6, 40), (24, 25), (96, 14), (600, 8), (2400, 5)):
            rows = cells * height // width + 1
            small = (rng.normal(size=(rows, cells, 3)) * size + 128).clip(0, 255).astype(np.uint8)
            total += np.asarray(Image.fromarray(small).resize((width, height), Image.BICUBIC),
                                dtype=np.float32) - 128
        total += rng.normal(size=(height, width, 1)).astype(np.float32) * 3
        part = paths[0] + ".part"
        Image.fromarray(total.clip(0, 255).astype(np.uint8)).save(part, "JPEG", quality=92)
        for path in paths[1:]:
            shutil.copyfile(part, path)
        os.rename(part, paths[0])


class Photos:
    """A torch data set of prepared photos."""

    def __init__(self, paths, mean, std):
        from torchvision import transforms
        self.paths = paths
        self.prepare = transforms.Compose([
            transforms.Resize((224, 224)), transforms.ToTensor(),
            transforms.Normalize(mean.tolist(), std.tolist())])

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, index):
        from PIL import Image
        return self.prepare(Image.open(self.paths[index]).convert("RGB"))


def peer(args):
    """Runs in a process of its own: the loop's seconds for each line on stdin."""
    import torch
    lib = bench_worker.open_library(args.build)
    layers, mean, std = bench_worker.read_layers(lib, bench_worker.open_weights(lib))
    torch.set_num_threads(args.threads)
    network = bench_worker.torch_network(layers).to(memory_format=torch.channels_last)
    paths = sorted(glob.glob(os.path.join(args.photos, "**", "*.jpg"), recursive=True))
    workers = args.threads if args.peer == "torch-workers" else 0
    loader = torch.utils.data.DataLoader(Photos(paths, mean, std), batch_size=8,
                                         num_workers=workers)
    with torch.inference_mode():
        network(torch.zeros(8, 3, 224, 224).to(memory_format=torch.channels_last))
        print("ready", flush=True)
        for _ in sys.stdin:
            start = time.perf_counter()
            rows = [network(x.to(memory_format=torch.channels_last)) for x in loader]
            print(time.perf_counter() - start, len(torch.cat(rows)), flush=True)


def run_covey(args):
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        subprocess.run([os.path.join(args.build, "covey"), "extract", args.photos, "-o",
                        os.path.join(folder, "out"), "--threads", str(args.threads), "--quiet"]
                       + (["--no-cache"] if args.no_cache else []), check=True)
        return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--photos")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--json", help="default: BUILD/bench-pipeline.json")
    parser.add_argument("--peer", choices=["torch", "torch-workers"], help=argparse.SUPPRESS)
    args = parser.parse_args()
    if not args.photos:
        args.photos = os.path.join(args.build, "bench-photos")
        make_photos(args.photos)
    if args.peer:
        peer(args)
        return
    usage = subprocess.run([os.path.join(args.build, "covey"), "help", "extract"],
                           capture_output=True, text=True, check=True)
    args.no_cache = "--no-cache" in usage.stdout + usage.stderr
    names = ["torch", "torch-workers"]
    peers = {name: subprocess.Popen(
        [sys.executable, os.path.abspath(__file__), "--peer", name, "--build", args.build,
         "--photos", args.photos, "--threads", str(args.threads)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for name in names}
    for process in peers.values():
        process.stdout.readline()
    count = len(glob.glob(os.path.join(args.photos, "**", "*.jpg"), recursive=True))
    seconds = {name: [] for name in ["covey"] + names}
    for round_ in range(args.rounds):
        seconds["covey"].append(run_covey(args))
        for name, process in peers.items():
            process.stdin.write("go\n")
            process.stdin.flush()
            taken, rows = process.stdout.readline().split()
            assert int(rows) == count
            seconds[name].append(float(taken))
        print(f"bench: round {round_ + 1} of {args.rounds}", file=sys.stderr)
    for process in peers.values():
        process.stdin.close()
        process.wait()
    own = statistics.median(seconds["covey"])
    print(f"{count} large photos, {args.threads} threads, medians of {args.rounds}")
    print(f"{'':16}{'photos/s':>10}{'covey is':>12}")
    for name, values in seconds.items():
        median = statistics.median(values)
        print(f"{name:16}{count / median:10.2f}{median / own:11.2f}x")
    with open(args.json or os.path.join(args.build, "bench-pipeline.json"), "w",
              encoding="utf-8") as file:
        json.dump(dict(photos=count, threads=args.threads, seconds=seconds), file, indent=1)


if __name__ == "__main__":
    main()
