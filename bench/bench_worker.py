# SPDX-License-Identifier: MIT
"""One engine in a process of its own, driven by bench_network.py.

    bench_worker.py ENGINE BUILD THREADS FILES

Prints one JSON line when ready (version, relative error, seconds to get there), then, for every line
"BATCH" on stdin, runs one batch and prints the milliseconds it took. Idle between lines, so that the
engines can take turns. FILES holds input.npy (uint8 [n][224][224][3]) and reference.npy (float64).
"""
import ctypes
import json
import os
import sys
import time

import numpy as np

CHANNELS = [64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512]


class Params(ctypes.Structure):
    _fields_ = [("threads", ctypes.c_int), ("batch", ctypes.c_size_t), ("height", ctypes.c_size_t),
                ("width", ctypes.c_size_t), ("precision", ctypes.c_int),
                ("pooling", ctypes.c_int)]


def open_library(build):
    lib = ctypes.CDLL(os.path.join(os.path.abspath(build), "libcovey.so"))
    lib.covey_network_params_default.restype = Params
    lib.covey_network_engine_id.restype = ctypes.c_char_p
    lib.covey_network_engine_id.argtypes = [ctypes.c_void_p]
    lib.covey_network_compute_features.argtypes = [ctypes.c_void_p] * 3 + [ctypes.c_size_t]
    return lib


def open_weights(lib):
    weights = ctypes.c_void_p()
    if lib.covey_weights_open(ctypes.byref(weights), b"oxford", None):
        sys.exit("the weights are missing: covey weights get oxford")
    return weights


def read_layers(lib, weights):
    """[(weight [out][in][3][3], bias [out])] and the colour preparation, as Covey has them."""
    layers = []
    for index in range(13):
        weight, bias = (ctypes.POINTER(ctypes.c_float)() for _ in range(2))
        out, inputs = ctypes.c_int(), ctypes.c_int()
        lib.covey_weights_get_layer(weights, index, ctypes.byref(weight), ctypes.byref(bias),
                                    ctypes.byref(out), ctypes.byref(inputs))
        shape = (out.value, inputs.value, 3, 3)
        layers.append((np.ctypeslib.as_array(weight, shape).copy(),
                       np.ctypeslib.as_array(bias, (out.value,)).copy()))
    mean, std = (ctypes.c_float * 3)(), (ctypes.c_float * 3)()
    lib.covey_weights_get_colour(weights, mean, std)
    return layers, np.array(mean), np.array(std)


def prepare(rgb, mean, std):
    """uint8 [n][h][w][3] -> float32 [n][3][h][w]"""
    x = (rgb / 255.0 - mean) / std
    return np.ascontiguousarray(x.transpose(0, 3, 1, 2).astype(np.float32))


def torch_network(layers):
    import torch
    modules, inputs = [], 3
    for index, (weight, bias) in enumerate(layers):
        convolution = torch.nn.Conv2d(inputs, CHANNELS[index], 3, padding=1)
        convolution.weight.data = torch.from_numpy(weight)
        convolution.bias.data = torch.from_numpy(bias)
        modules += [convolution, torch.nn.ReLU(inplace=True)]
        if index in (1, 3, 6, 9, 12):
            modules.append(torch.nn.MaxPool2d(2, 2))
        inputs = CHANNELS[index]
    modules += [torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()]
    # Named, since ncnn's converter cannot take modules called "0", "1", ...
    network = torch.nn.Module()
    network.features = torch.nn.Sequential(*modules)
    network.forward = network.features.forward
    return network.eval()


def export_onnx(layers, path):
    """The same network as an ONNX file; written once per bench run."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper
    nodes, tensors, at = [], [], "x"
    for index, (weight, bias) in enumerate(layers):
        tensors += [numpy_helper.from_array(weight, f"w{index}"),
                    numpy_helper.from_array(bias, f"b{index}")]
        nodes.append(helper.make_node("Conv", [at, f"w{index}", f"b{index}"], [f"c{index}"],
                                      pads=[1, 1, 1, 1], kernel_shape=[3, 3]))
        nodes.append(helper.make_node("Relu", [f"c{index}"], [f"r{index}"]))
        at = f"r{index}"
        if index in (1, 3, 6, 9, 12):
            nodes.append(helper.make_node("MaxPool", [at], [f"p{index}"], kernel_shape=[2, 2],
                                          strides=[2, 2]))
            at = f"p{index}"
    nodes.append(helper.make_node("GlobalAveragePool", [at], ["g"]))
    nodes.append(helper.make_node("Flatten", ["g"], ["y"]))
    graph = helper.make_graph(
        nodes, "vgg16",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 224, 224])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 512])], tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)


# Each engine: (version, run), where run(n) computes the features of the first n photos.

def start_covey(lib, weights, rgb, threads, precision):
    params = lib.covey_network_params_default()
    params.threads, params.precision = threads, precision
    params.batch = len(rgb)
    network = ctypes.c_void_p()
    if lib.covey_network_new(ctypes.byref(network), weights, ctypes.byref(params), None):
        sys.exit("this processor has no such precision")
    features = np.empty((len(rgb), 512), np.float32)

    def run(n):
        lib.covey_network_compute_features(network, features.ctypes.data, rgb.ctypes.data, n)
        return features[:n]
    return lib.covey_network_engine_id(network).decode(), run


def start_torch(layers, x, threads):
    import torch
    torch.set_num_threads(threads)
    network = torch_network(layers).to(memory_format=torch.channels_last)
    tensor = torch.from_numpy(x).to(memory_format=torch.channels_last)

    def run(n):
        with torch.inference_mode():
            return network(tensor[:n]).numpy()
    return torch.__version__, run


def start_onnxruntime(path, x, threads):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return onnxruntime.__version__, lambda n: session.run(None, {"x": x[:n]})[0]


def start_openvino(path, x, threads, precision):
    import openvino
    core = openvino.Core()
    model = core.compile_model(core.read_model(path), "CPU",
                               {"INFERENCE_PRECISION_HINT": precision,
                                "INFERENCE_NUM_THREADS": threads})
    return openvino.__version__.split("-")[0], lambda n: model([x[:n]])[0]


def start_ncnn(files, x, threads, bf16):
    import ncnn
    net = ncnn.Net()
    net.opt.num_threads = threads
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
    net.opt.use_bf16_storage = bf16
    net.load_param(os.path.join(files, "vgg16.ncnn.param"))
    net.load_model(os.path.join(files, "vgg16.ncnn.bin"))

    def run(n):
        rows = []
        for photo in x[:n]:  # it has no batches
            extractor = net.create_extractor()
            extractor.input("in0", ncnn.Mat(photo).clone())
            rows.append(np.array(extractor.extract("out0")[1]).ravel())
        return np.stack(rows)
    return ncnn.__version__, run


def main():
    engine, build, threads, files = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
    lib = open_library(build)
    start = time.perf_counter()
    weights = open_weights(lib)
    rgb = np.load(os.path.join(files, "input.npy"))
    onnx_path = os.path.join(files, "vgg16.onnx")
    if engine.startswith("covey"):
        version, run = start_covey(lib, weights, rgb, threads, int(engine == "covey-bf16"))
        run(1)
        ready = time.perf_counter() - start
    else:
        layers, mean, std = read_layers(lib, weights)
        x = prepare(rgb, mean, std)
        start = time.perf_counter()
        if engine == "torch":
            version, run = start_torch(layers, x, threads)
        elif engine == "onnxruntime":
            version, run = start_onnxruntime(onnx_path, x, threads)
        elif engine.startswith("openvino"):
            version, run = start_openvino(onnx_path, x, threads,
                                          "bf16" if engine.endswith("bf16") else "f32")
        else:
            version, run = start_ncnn(files, x, threads, engine.endswith("bf16"))
        run(1)
        ready = time.perf_counter() - start
    want = np.load(os.path.join(files, "reference.npy"))
    got = np.asarray(run(len(want)), np.float64)
    error = float(np.linalg.norm(got - want) / np.linalg.norm(want))
    cosine = float(min((a @ b) / np.linalg.norm(a) / np.linalg.norm(b) for a, b in zip(got, want)))
    print(json.dumps(dict(version=version, error=error, cosine=cosine, ready_s=ready)), flush=True)
    for line in sys.stdin:
        n = int(line)
        wall, cpu = time.perf_counter(), time.process_time()
        run(n)
        print((time.perf_counter() - wall) * 1e3, (time.process_time() - cpu) * 1e3, flush=True)


if __name__ == "__main__":
    main()
