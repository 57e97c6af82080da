# SPDX-License-Identifier: MIT
"""The relative error of every convolution's output, per instruction set, against a float64 pass.

    bench_errors.py --build BUILD [--photo FILE.npy] [--isas scalar,avx2,avx512]

FILE.npy is uint8 [224][224][3]; without it the made-up photo of bench_network.py. Each row
is what has gathered up to there through the network (convolution and ReLU, torchvision's layer
numbers), L2 over the whole output; a processor that lacks an instruction set is left out.
"""
import argparse
import ctypes
import json
import os
import subprocess
import sys

import numpy as np

import bench_network
import bench_worker

LAYERS = [1, 3, 6, 8, 11, 13, 15, 18, 20, 22, 25, 27, 29]
NAMES = ["conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1", "conv3_2", "conv3_3",
         "conv4_1", "conv4_2", "conv4_3", "conv5_1", "conv5_2", "conv5_3"]


def float64_outputs(layers, x):
    import torch
    network = bench_worker.torch_network(layers).double()
    outputs, x = [], torch.from_numpy(x).double()
    with torch.no_grad():
        for number, module in enumerate(network.features):
            x = module(x)
            if number in LAYERS:
                outputs.append(x.numpy()[0].copy())  # the next pool is not in place, the ReLUs are
    return outputs


def measure(args, rgb):
    """One instruction set, in a process of its own."""
    lib = bench_worker.open_library(args.build)
    weights = bench_worker.open_weights(lib)
    layers, mean, std = bench_worker.read_layers(lib, weights)
    exact = float64_outputs(layers, ((rgb[None] / 255.0 - mean) / std).transpose(0, 3, 1, 2))
    params = lib.covey_network_params_default()
    params.batch, params.precision = 1, int(args.one == "bf16")
    network = ctypes.c_void_p()
    if lib.covey_network_new(ctypes.byref(network), weights, ctypes.byref(params), None):
        sys.exit(1)
    lib.covey_network_compute_layer.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int,
                                                ctypes.c_void_p]
    errors = []
    for number, want in zip(LAYERS, exact):
        got = np.empty(want.shape, np.float32)
        if lib.covey_network_compute_layer(network, got.ctypes.data, number, rgb.ctypes.data):
            sys.exit(1)
        errors.append(float(np.linalg.norm(got - want) / np.linalg.norm(want)))
    print(json.dumps(dict(engine=lib.covey_network_engine_id(network).decode(), errors=errors)))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--photo")
    parser.add_argument("--isas", type=lambda text: text.split(","),
                        default=["scalar", "avx2", "avx512", "amx", "bf16"])
    parser.add_argument("--one", help=argparse.SUPPRESS)
    args = parser.parse_args()
    rgb = np.load(args.photo) if args.photo else bench_network.make_input(1)[0]
    rgb = np.ascontiguousarray(rgb)
    if args.one:
        measure(args, rgb)
        return
    columns = []
    for isa in args.isas:
        environment = dict(os.environ, **({} if isa == "bf16" else {"COVEY_ISA": isa}))
        done = subprocess.run(
            [sys.executable, os.path.abspath(__file__), "--one", isa, "--build", args.build]
            + (["--photo", args.photo] if args.photo else []),
            env=environment, stdout=subprocess.PIPE, text=True)
        if done.returncode or not done.stdout:
            continue
        column = json.loads(done.stdout.splitlines()[-1])
        if column["engine"] not in [c["engine"] for c in columns]:
            columns.append(column)
    print(f"{'convolution':12}{'layer':>6}" + "".join(f"{c['engine']:>18}" for c in columns))
    for index, name in enumerate(NAMES):
        cells = "".join(f"{c['errors'][index]:18.1e}" for c in columns)
        print(f"{name:12}{LAYERS[index]:>6}{cells}")


if __name__ == "__main__":
    main()
